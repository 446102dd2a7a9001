"""Mails are made and handed over: by SMTP, by a command, into a Maildir.

How a server is reached stands in `account`.
"""
