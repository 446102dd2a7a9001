"""One attempt to hand one mail over in one session, in steps that many attempts take side by side."""

from __future__ import annotations

import re

from seqctl.domain.errors import Refused
from seqctl.domain.sending.smtp_replies import Reply, Stage, Verdict, verdict
from seqctl.mail.account.smtp_session import Session
from seqctl.mail.account.wire import Broken
from seqctl.mail.sending.headers import wire_address
from seqctl.ports.mail import Envelope, Handover

_LINE_END = re.compile(rb"\r\n|\r|\n")
_GOING_AWAY = 421

Command = tuple[Stage, str]


class Attempt:
    """`say` and `hear` each step, `send_body`, then `end` and `outcome`; or `drop`.

    `answer` is there as soon as the server, or the connection, has decided. `misled` tells that it
    fell silent after the first of several commands: it may not be as good at pipelining as it says.
    """

    def __init__(self, session: Session, envelope: Envelope) -> None:
        self.session = session
        self.id = envelope.id
        self.answer: Handover | None = None
        self.misled = False
        self._body = dot_stuffed(envelope.content)
        self.steps = self._steps(envelope)

    def _steps(self, envelope: Envelope) -> list[list[Command]]:
        """The commands of each step; one step for all of them where the server pipelines."""
        addressed = _addressed(self.session, envelope, len(self._body))
        if isinstance(addressed, Handover):
            self.answer = addressed
            return []
        begin: list[Command] = [(Stage.SENDER, "RSET")] if self.session.stale else []
        commands = [*begin, *addressed, (Stage.DATA, "DATA")]
        return [commands] if self.session.pipelines else [[command] for command in commands]

    def say(self, step: int) -> None:
        """Write the commands of a step."""
        if self.answer is None and step < len(self.steps):
            self._write("".join(f"{words}\r\n" for _, words in self.steps[step]).encode())

    def hear(self, step: int) -> None:
        """Read the answer to each command of a step; the first refusal is the answer."""
        if self.answer is not None or step >= len(self.steps):
            return
        wants_body = False
        for number, (stage, _) in enumerate(self.steps[step]):
            try:
                reply = self.session.wire.reply()
            except Broken as error:
                self.misled = number > 0
                self._break_off(str(error))
                return
            wants_body = stage is Stage.DATA and reply.code == 354
            if not (wants_body if stage is Stage.DATA else 200 <= reply.code < 300):
                self._refused(stage, reply)
        self.session.stale = self.answer is not None
        if wants_body and self.answer is not None:
            # RFC 2920, 3.1: DATA was taken although a command before it was not. A dot now could
            # deliver an empty mail.
            self.session.wire.hang_up()

    def send_body(self) -> None:
        """Write the body without its final dot."""
        if self.answer is None:
            self._write(self._body)

    def end(self) -> None:
        """Write the final dot, unless the server has gone or said something before it.

        A dot that could not be written was not read either: TLS makes one record of it, and half a
        record is nothing.
        """
        if self.answer is None and self.session.wire.spoke_unasked():
            self._cut_short("The server hung up before the end of the mail.")
        if self.answer is None:
            self._write(b".\r\n")

    def outcome(self) -> Handover:
        """What the server says to the final dot."""
        if self.answer is not None:
            return self.answer
        try:
            reply = self.session.wire.reply()
        except Broken as error:
            self.session.wire.hang_up()
            return Handover(self.id, Verdict.UNKNOWN, str(error))
        self._refused(Stage.DOT, reply)
        assert self.answer is not None
        return self.answer

    def drop(self) -> None:
        """Hang up: without its final dot the server never takes the mail."""
        self.session.wire.hang_up()

    def _write(self, data: bytes) -> None:
        try:
            self.session.wire.write(data)
        except Broken as error:
            self._cut_short(str(error))

    def _cut_short(self, words: str) -> None:
        """The server reads no more; it may have said why."""
        self.answer = self._last_words()
        self._break_off(words)

    def _break_off(self, words: str) -> None:
        """The connection is over before the final dot."""
        self.answer = self.answer or Handover(self.id, Verdict.TRY_LATER, words)
        self.session.wire.hang_up()

    def _last_words(self) -> Handover | None:
        if not self.session.wire.spoke_unasked():
            return None
        try:
            reply = self.session.wire.reply()
        except Broken:
            return None  # it hung up without a word, which the caller says
        meant = verdict(Stage.DATA, *reply)
        # Nothing is accepted before its final dot.
        meant = Verdict.TRY_LATER if meant is Verdict.ACCEPTED else meant
        return Handover(self.id, meant, reply.words)

    def _refused(self, stage: Stage, reply: Reply) -> None:
        """Take this reply for the answer, if there is none yet."""
        if self.answer is None:
            meant = verdict(stage, *reply)
            if stage is not Stage.DOT and meant is Verdict.ACCEPTED:
                meant = Verdict.TRY_LATER  # a 2xx to DATA, which no server should give
            self.answer = Handover(self.id, meant, reply.words)
        if reply.code == _GOING_AWAY:
            self.session.wire.hang_up()


def dot_stuffed(content: bytes) -> bytes:
    """The body as it goes on the wire (RFC 5321, 4.5.2), every line ended by CRLF and by that only.

    A bare CR or LF would let a text smuggle a final dot past one server of two.
    """
    lines = _LINE_END.sub(b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    stuffed = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


# --- MAIL FROM and RCPT TO ----------------------------------------------------------------------


def _addressed(session: Session, envelope: Envelope, size: int) -> list[Command] | Handover:
    """MAIL FROM and RCPT TO with what the server needs to know, or why it would not take the mail."""
    try:
        sender, recipient = wire_address(envelope.sender), wire_address(envelope.recipient)
    except Refused as error:
        return Handover(envelope.id, Verdict.REFUSED, error.message)
    words, offers = [f"MAIL FROM:<{sender}>"], session.offers
    refused = None
    if "SIZE" in offers:
        words.append(f"SIZE={size}")
    if session.largest is not None and size > session.largest:
        refused = f"The mail has {size} bytes, and the server takes no more than {session.largest}."
    if not envelope.content.isascii():
        words.append("BODY=8BITMIME")
        if "8BITMIME" not in offers:
            refused = "The mail needs 8BITMIME, which the server does not offer."
    if not (sender + recipient).isascii():
        words.append("SMTPUTF8")
        if "SMTPUTF8" not in offers:
            refused = "The address needs SMTPUTF8, which the server does not offer."
    if refused is not None:
        return Handover(envelope.id, Verdict.REFUSED, refused)
    return [(Stage.SENDER, " ".join(words)), (Stage.RECIPIENT, f"RCPT TO:<{recipient}>")]
