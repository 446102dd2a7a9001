"""Sequence files applied, shown, previewed.

Who is enrolled in one stands in `enrollments` and `status`.
"""
