"""Connections, log-ins, secrets and what providers ask for.

No mail is made, sent or read here.
"""
