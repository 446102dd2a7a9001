"""The verbs: each reads, lets the domain decide, and writes."""
