"""Sequence files: read with the place of each mistake, written back as they were.

What a template may hold stands in `domain/texts`.
"""
