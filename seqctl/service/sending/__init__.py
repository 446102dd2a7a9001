"""What a decision needs to know, whose turn comes when, and what became of a mail.

The tick that hands mails over stands in `tick`.
"""
