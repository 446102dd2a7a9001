"""The real servers are there for the tests of mail."""

from tests.mail.servers import mail_world

__all__ = ["mail_world"]
