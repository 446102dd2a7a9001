"""Templates, what they may name and how they become mails and tasks; sentences with moments in them.

Sequence files are read in `files/sequences/sequences`.
"""
