"""Mailboxes are read, and mails taken apart, into what `domain/reading` decides about.

How a server is reached stands in `account`.
"""
