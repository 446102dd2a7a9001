"""Mailboxes are read, and what comes in takes effect; what it was taken for is mended.

What a mail is, is decided in `domain/reading`.
"""
