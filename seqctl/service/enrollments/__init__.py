"""The verbs over enrollments: enroll, re-enroll, pause, resume, mark, edit, end.

What the clock does to them stands in `tick`.
"""
