"""Accounts, their limits and whose turn it is; what a server answered; Message-IDs.

Nothing is sent here: that is `mail`. What comes in is read in `reading`.
"""
