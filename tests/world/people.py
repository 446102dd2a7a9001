"""Recipients: what each does with a mail that came, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from heapq import heappop, heappush

from seqctl.ports.mail import Folder
from tests.world.outside import Delivered, Outside

REPORT = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"'
    "\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.test\r\n\r\n"
    "Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {id}\r\n\r\nHi\r\n--b--\r\n"
)
HABITS = (
    *(("silent", 60), ("answers", 14), ("is away", 8), ("bounces", 5), ("bounces softly", 8)),
    *(("says no", 4), ("writes anew", 1)),
)


class Recipients:
    """Everybody who gets mail. What they write back comes to lie in the inbox when its time comes."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._coming: list[tuple[datetime, int, str, bytes]] = []
        self._count = 0
        self.answered: list[tuple[datetime, str, str]] = []
        """When an answer came to lie in an inbox, whose it is, and its Message-ID."""

    def get(self, mail: Delivered, raw: bytes) -> None:
        """A mail came: perhaps something is written back, after a while."""
        chance = self._outside.chance
        if self._outside.healed:
            return
        habits, weights = zip(*HABITS, strict=True)
        (habit,) = chance.choices(habits, weights)
        if habit == "silent":
            return
        after = timedelta(minutes=chance.choice((0, 1, 90, 1440, 4 * 1440)))
        subject = str(message_from_bytes(raw)["Subject"])
        self._write(habit, mail, subject, mail.at + after)

    def come(self) -> None:
        """What has arrived by now lies in the inboxes."""
        now = self._outside.clock.time
        while self._coming and self._coming[0][0] <= now:
            at, _, inbox, raw = heappop(self._coming)
            self._outside.account(inbox).put(Folder.INBOX, raw, at)
            mail = message_from_bytes(raw)
            if mail["X-Habit"] == "answers":
                self.answered.append((at, str(mail["From"]), str(mail["Message-ID"])))

    def _write(self, habit: str, mail: Delivered, subject: str, at: datetime) -> None:
        self._count += 1
        heads = {
            "From": mail.recipient,
            "To": mail.inbox,
            "Subject": f"Re: {subject}",
            "Date": format_datetime(at),
            "Message-ID": f"<{self._count}@x.test>",
            "In-Reply-To": mail.message_id,
            "X-Habit": habit,
        }
        text = "\r\nWith pleasure, ring me.\r\n"
        if habit == "is away":
            back = at.date() + timedelta(days=self._outside.chance.randrange(1, 9))
            heads["Auto-Submitted"] = "auto-replied"
            text = f"\r\nI am out of the office and will be back on {back:%d %B %Y}.\r\n"
        elif habit.startswith("bounces"):
            heads |= {"From": "MAILER-DAEMON@x.test", "Subject": "Undelivered", "In-Reply-To": ""}
            status = "5.1.1" if habit == "bounces" else "4.2.2"
            text = REPORT.format(to=mail.recipient, status=status, id=mail.message_id)
        elif habit == "says no":
            text = "\r\nPlease unsubscribe me.\r\n"
        elif habit == "writes anew":
            heads |= {"In-Reply-To": "", "Subject": "A question"}
        head = "".join(f"{name}: {value}\r\n" for name, value in heads.items() if value)
        heappush(self._coming, (at, self._count, mail.inbox, (head + text).encode()))
