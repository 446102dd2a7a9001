"""Inboxes connected, edited, tested; the people who own them.

What goes out from one stands in `sending` and `tick`.
"""
