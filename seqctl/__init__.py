"""seqctl: sales sequences on a local SQLite workspace."""

__version__ = "0.1.0"
