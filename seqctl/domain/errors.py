"""One class per kind of user mistake: code, sentence, next command, exit code
(rules, "Errors and exit codes")."""

from __future__ import annotations


class SeqctlError(Exception):
    """A mistake that a person can mend.

    `code` is stable and stands in JSON; `message` is one sentence; `hint` is what to type next.
    """

    exit_code = 4
    code = "REFUSED"

    def __init__(self, message: str, hint: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class WrongUsage(SeqctlError):
    """The words typed can't mean anything (exit 2)."""

    exit_code = 2
    code = "USAGE"


class NotFound(SeqctlError):
    """The named thing does not exist, or is not visible to the acting user (exit 3)."""

    exit_code = 3
    code = "NOT_FOUND"


class Refused(SeqctlError):
    """A rule forbids it (exit 4)."""

    exit_code = 4


class BadFile(SeqctlError):
    """A file or a setting can't be used (exit 5)."""

    exit_code = 5
    code = "BAD_FILE"


class Damaged(BadFile):
    """A stored row that can't be read (exit 5): `table` and `row` name it, `why` says what is wrong."""

    code = "DAMAGED"

    def __init__(self, table: str, row: object, why: str) -> None:
        super().__init__(f"The row {row} of the table {table} is damaged: {why}.", "seqctl doctor")
        self.table = table
        self.row = row
        self.why = why


class NoWorkspace(BadFile):
    """There is no workspace where one was looked for (exit 5)."""

    code = "NO_WORKSPACE"


class Interrupted(SeqctlError):
    """It was stopped before it was done (exit 130 after Ctrl-C, 128 and the number of a signal)."""

    exit_code = 130
    code = "INTERRUPTED"


class Busy(SeqctlError):
    """The workspace is busy, halted, or made by a newer seqctl (exit 7)."""

    exit_code = 7
    code = "BUSY"
