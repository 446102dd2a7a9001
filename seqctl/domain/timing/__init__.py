"""Durations, moments, and when a step is due: delays, day rules, windows, holidays.

What an enrollment does with them stands in `enrollments`.
"""
