"""Addresses, filters, and what is compared in folded form.

Contact files are read in `files/contacts/contacts`.
"""
