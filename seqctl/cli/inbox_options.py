"""The options of `inbox connect`, and what is understood by them.

A way to send (`--capture`, `--smtp`, `--sendmail`, `--provider`) describes an inbox afresh; without
one, what is typed changes what the inbox had before.
"""

from __future__ import annotations

import os
import shlex
import stat
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from seqctl.cli.paths import making, typed_path
from seqctl.domain.errors import BadFile, WrongUsage
from seqctl.domain.sending.accounts import (
    NO_LIMITS,
    USUAL_LIMITS,
    Account,
    Limits,
    Secret,
    SecretKind,
    Server,
)
from seqctl.places import look_at, look_beside

if TYPE_CHECKING:
    from seqctl.domain.model import Inbox
    from seqctl.ports import Store
    from seqctl.service.inboxes.inboxes import Wiring

_MAILDIR = ("cur", "new", "tmp")
_LARGEST = 1_000_000  # bytes of a certificate, or of a password
_READING = "--imap URL, --read-maildir DIR or --no-replies"
_SECRETS = "--password-cmd CMD, --password-env NAME, --password-file FILE or --oauth-cmd CMD"


class Provider(StrEnum):
    """The providers whose servers are known."""

    GMAIL = "gmail"
    OUTLOOK = "outlook"
    FASTMAIL = "fastmail"
    ICLOUD = "icloud"


class Asked(NamedTuple):
    """What was typed behind `inbox connect ADDR`; what was not is None or False."""

    capture: bool = False
    capture_to: str | None = None
    smtp: str | None = None
    sendmail: str | None = None
    provider: Provider | None = None
    imap: str | None = None
    read_maildir: str | None = None
    no_replies: bool = False
    password_cmd: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    oauth_cmd: str | None = None
    no_password: bool = False
    ca_file: str | None = None
    per_day: str | None = None
    per_minute: str | None = None
    gap: str | None = None
    new_per_day: str | None = None
    hand_written: bool | None = None

    @property
    def captures(self) -> bool:
        """Whether its mail is to stay in the workspace."""
        return self.capture or self.capture_to is not None

    @property
    def has_way(self) -> bool:
        """Whether it says how mail leaves the inbox."""
        return self.captures or any((self.smtp, self.sendmail, self.provider))

    @property
    def names_server(self) -> bool:
        """Whether it names a server that may ask for a password."""
        return any((self.smtp, self.provider, self.imap))


def edited(asked: Asked, inbox: Inbox) -> tuple[Limits, Account]:
    """The limits and the account of an inbox with what was typed behind `inbox edit ADDR`."""
    account = inbox.account
    if asked.hand_written is not None:
        account = account._replace(hand_written=asked.hand_written)
    return _limits(asked, inbox.limits), account


def wiring_of(asked: Asked, store: Store, address: str) -> Wiring | None:
    """How an inbox is to be connected; None where nothing was said of it.

    Raises WrongUsage for what contradicts itself or is not enough, BadFile for a file or a folder that
    can't be used.
    """
    from seqctl.service.inboxes.inboxes import Wiring, inbox_at, usual_wiring

    if asked == Asked():
        return None
    _refuse_pairs(asked, address)
    known = inbox_at(store, address)
    before = Wiring() if asked.has_way else usual_wiring(store, known, address)
    account = _account(asked, before.account, address)
    _refuse_incomplete(asked, account, address)
    capture_to = before.capture_to if asked.capture_to is None else make_maildir(asked.capture_to)
    if capture_to is not None and capture_to == account.maildir:
        raise WrongUsage(
            "The copies of what was sent can't lie where the answers are read.",
            "name two folders: --capture-to DIR --read-maildir ANOTHER-DIR",
        )
    return Wiring(
        _with_known_habits(account, known), capture_to, _limits(asked, _base(account, known))
    )


# --- contradictions ------------------------------------------------------------------------------


def _refuse_pairs(asked: Asked, address: str) -> None:
    """Of some options only one can be meant."""
    command = f"seqctl inbox connect {address}"
    real = asked.smtp or asked.sendmail or asked.provider
    if asked.captures and real:
        raise WrongUsage(
            "Mail is either captured or really sent.",
            f"{command} --capture, or the same without it",
        )
    if asked.smtp and asked.sendmail:
        raise WrongUsage(
            "Mail leaves by a server or by a command, not by both.",
            f"{command} with one of --smtp and --sendmail",
        )
    if (asked.imap is not None) + (asked.read_maildir is not None) + asked.no_replies > 1:
        raise WrongUsage("Answers are read in one place.", f"{command} with one of {_READING}")
    if len(_secrets(asked)) + asked.no_password > 1:
        raise WrongUsage("A password comes from one place.", f"{command} with one of {_SECRETS}")


def _refuse_incomplete(asked: Asked, account: Account, address: str) -> None:
    """What an account needs, and what it has no use for."""
    command = f"seqctl inbox connect {address}"
    if not account.sends:
        _refuse_servers(asked, account, command)
        return
    if not account.reads and not asked.no_replies and asked.has_way:
        raise WrongUsage(
            "Say where its answers are read: without reading, answered people get follow-ups.",
            f"{command} … with {_READING}",
            code="READING_NEEDED",
        )
    talks = account.smtp is not None or account.imap is not None
    if talks and account.secret is None and not asked.no_password and asked.names_server:
        raise WrongUsage(
            f"Say where its password is found{_kind_of_password(asked)}; seqctl keeps none itself.",
            f"{command} … with {_SECRETS} (--no-password for a server that asks for none)",
            code="PASSWORD_NEEDED",
        )
    if not talks and (_secrets(asked) or asked.ca_file):
        raise WrongUsage(
            "A password and a certificate are for servers, and this inbox talks to none.",
            f"{command} with --smtp URL or --imap URL, or without them",
        )


def _refuse_servers(asked: Asked, account: Account, command: str) -> None:
    if account.imap is not None or account.secret is not None or asked.ca_file is not None:
        raise WrongUsage(
            "An inbox that captures its mail talks to no server.",
            f"{command} --capture --read-maildir DIR to rehearse answers",
        )


# --- the account ---------------------------------------------------------------------------------


def _account(asked: Asked, before: Account, address: str) -> Account:
    """The account as it is to be, out of what it was `before`."""
    account = before
    if asked.provider is not None:
        account = _of_provider(asked.provider, address)
    if asked.sendmail is not None:
        account = account._replace(smtp=None, sendmail=_command("--sendmail", asked.sendmail))
    elif asked.smtp is not None:
        account = account._replace(smtp=_server("--smtp", asked.smtp, address))
    if asked.imap or asked.read_maildir or asked.no_replies:
        account = account._replace(imap=None, maildir=None)
    if asked.imap is not None:
        account = account._replace(imap=_server("--imap", asked.imap, address))
    if asked.read_maildir is not None:
        account = account._replace(maildir=_read_maildir(asked.read_maildir, account.sends))
    if asked.ca_file is not None:
        account = account._replace(ca_file=_existing("--ca-file", asked.ca_file))
    if asked.hand_written is not None:
        account = account._replace(hand_written=asked.hand_written)
    secret = next(iter(_secrets(asked)), None if asked.no_password else account.secret)
    return account._replace(secret=secret)


def _of_provider(provider: Provider, address: str) -> Account:
    from seqctl.mail.account.presets import PRESETS

    preset = PRESETS[provider.value]
    return Account(
        smtp=preset.smtp(address), imap=preset.imap(address), fills_sent=preset.fills_sent
    )


def _kind_of_password(asked: Asked) -> str:
    from seqctl.mail.account.presets import PRESETS

    provider = asked.provider
    return f" ({provider.value} takes {PRESETS[provider.value].secret})" if provider else ""


def _server(option: str, url: str, address: str) -> Server:
    from seqctl.mail.account.urls import server_of

    scheme = option.removeprefix("--")
    if url.partition("://")[0].strip().lower() not in {scheme, f"{scheme}s"}:
        raise WrongUsage(
            f"{option} is a URL that begins with {scheme}s:// (TLS) or {scheme}:// (STARTTLS).",
            f"{option} {scheme}s://{address}@HOST",
        )
    return server_of(url, address)


def _secrets(asked: Asked) -> list[Secret]:
    found: list[Secret] = []
    if asked.password_cmd is not None:
        found.append(Secret(SecretKind.COMMAND, _command("--password-cmd", asked.password_cmd)))
    if asked.password_env is not None:
        found.append(Secret(SecretKind.VARIABLE, _variable(asked.password_env)))
    if asked.password_file is not None:
        found.append(Secret(SecretKind.FILE, _password_file(asked.password_file)))
    if asked.oauth_cmd is not None:
        found.append(Secret(SecretKind.TOKEN_COMMAND, _command("--oauth-cmd", asked.oauth_cmd)))
    return found


def _command(option: str, text: str) -> str:
    """A command line that can be split into words."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words:
        raise WrongUsage(
            f"The command of {option} is empty, or a quote in it is open.",
            f"{option} 'sh -c …' for pipes and the like: it is run without a shell",
        )
    if "/" in words[0]:
        # Cron works in another folder.
        return shlex.join([str(typed_path(words[0]).absolute()), *words[1:]])
    return text.strip()


def _variable(name: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise WrongUsage(
            "--password-env is the name of a variable, never the password itself.",
            "--password-env MAIL_PASSWORD",
        )
    return name


def _password_file(typed: str) -> str:
    path = _existing("--password-file", typed)
    if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        raise BadFile(
            f"Others than its owner may read the password file {path}.",
            f"chmod 600 {shlex.quote(path)}",
        )
    return path


def _existing(option: str, typed: str) -> str:
    """The whole path of a file that is there."""
    path = typed_path(typed).absolute()
    if not path.is_file():
        raise BadFile(f"{option}: there is no file {path}.", look_beside(path))
    if path.stat().st_size > _LARGEST:
        raise BadFile(f"{option}: {path} is larger than 1 MB.", look_at(path))
    return str(path)


def _read_maildir(typed: str, sends: bool) -> str:
    """The whole path of a Maildir to read. One that is to be rehearsed with is made; a real one has
    to be there: from a misspelt one no answer would ever come."""
    if not sends:
        return make_maildir(typed)
    folder = typed_path(typed).absolute()
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise BadFile(
            f"{folder} is no Maildir: it has no folders `new` and `cur`.",
            "let your mail program fetch into it once (mbsync), then connect",
        )
    return str(folder)


def make_maildir(typed: str) -> str:
    """Make a Maildir, give its absolute path; raises BadFile where something else stands there."""
    folder = os.path.abspath(typed_path(typed))
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise BadFile(f"{folder} is not a folder.", "name a new folder")
    if os.path.isdir(folder) and os.listdir(folder) and not os.path.isdir(f"{folder}/new"):
        raise BadFile(f"{folder} holds something else than a Maildir.", "name a new folder")
    with making(folder):
        for part in _MAILDIR:
            os.makedirs(os.path.join(folder, part), mode=0o700, exist_ok=True)
    return folder


def _with_known_habits(account: Account, known: Inbox | None) -> Account:
    """What was found out of the same servers before stays true of them."""
    if known is None or account.fills_sent is not None:
        return account
    same = (known.account.smtp, known.account.imap) == (account.smtp, account.imap)
    return account._replace(fills_sent=known.account.fills_sent) if same else account


# --- limits --------------------------------------------------------------------------------------


def _base(account: Account, known: Inbox | None) -> Limits:
    """The limits of an inbox of which nothing else is said: those it had, else the usual ones."""
    if known is not None and known.account.sends == account.sends:
        return known.limits
    return USUAL_LIMITS if account.sends else NO_LIMITS


def _limits(asked: Asked, limits: Limits) -> Limits:
    from seqctl.domain.sending.limit_words import parse_count, parse_gap

    if asked.per_day is not None:
        limits = limits._replace(per_day=parse_count("--per-day", asked.per_day))
    if asked.per_minute is not None:
        limits = limits._replace(per_minute=parse_count("--per-minute", asked.per_minute))
    if asked.new_per_day is not None:
        limits = limits._replace(new_per_day=parse_count("--new-per-day", asked.new_per_day))
    return limits if asked.gap is None else limits._replace(gap=parse_gap(asked.gap))
