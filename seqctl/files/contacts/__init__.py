"""Contact files: CSV, vCard, JSON, and who said no in them.

What an import does with them stands in `service/contacts`.
"""
