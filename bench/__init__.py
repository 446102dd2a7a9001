"""How fast seqctl is, against what else does the same work (`python -m bench`)."""
