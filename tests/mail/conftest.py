"""The real servers are there for every test of mail."""

from tests.mail.servers import mail_world

__all__ = ["mail_world"]
