"""Contacts, their import, segments and the block list.

What a file says is read in `files/contacts/contacts`.
"""
