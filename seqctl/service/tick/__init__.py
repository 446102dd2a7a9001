"""The tick: decide, hand over, copy, and what is left where it was interrupted.

Mailboxes are read in `reading`, which the tick begins with.
"""
