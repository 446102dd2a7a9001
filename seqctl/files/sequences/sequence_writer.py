"""Sequence files as text: the canonical form of a draft, and the starter file of a new one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from seqctl.domain.model import Attachment, Email, SequenceDraft, Settings, Sharing, Step, TaskPlan
from seqctl.domain.timing.measures import Days

# Whole lines of printable text, the first not indented and the last ended by exactly one newline.
BLOCK_TEXT = re.compile(r"(?!\n*[ \t])(?:[^\n]*[^\s\n]\n|\n(?!\Z))+\Z")
PLAIN_TEXT = re.compile(r"""[A-Za-z](?:[A-Za-z0-9 _.,()/{}|'"&+?!%@=*-]*[A-Za-z0-9_.)}?!"])?""")
UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
RESERVED = re.compile(r"(?i:true|false|null|yes|no|on|off|y|n)\Z")


def write_sequence(draft: SequenceDraft) -> str:
    """The draft as YAML that reads back to an equal draft.

    Bodies stand in the file itself; attachments are named, and have to lie beside it.
    """
    lines = [f"name: {_scalar(draft.name)}", *settings_lines(draft.settings)]
    if draft.sharing is not None:
        lines.insert(2, f"share: {_share(draft.sharing)}")
    lines += ["steps:", *steps_lines(draft.steps)]
    return "".join(f"{line}\n" if line.strip() else "\n" for line in lines)


def steps_lines(steps: Iterable[Step]) -> Iterator[str]:
    """The steps as items of a YAML list."""
    for step in steps:
        for index, line in enumerate(_step_lines(step)):
            yield f"{'  - ' if index == 0 else '    '}{line}"


def settings_lines(settings: Settings) -> Iterator[str]:
    """The settings as keys of a YAML block, without those that are as by default."""
    yield f"title: {_scalar(settings.title)}"
    if settings.timezone:
        yield f"timezone: {_scalar(settings.timezone)}"
    if settings.days != Days.EVERY:
        yield f"days: {settings.days.value}"
    if settings.window:
        yield f"window: {settings.window}"
    if settings.holidays:
        yield f"holidays: [{', '.join(day.isoformat() for day in sorted(settings.holidays))}]"
    flags = {
        "company_reply": settings.company_reply,
        "company_meeting": settings.company_meeting,
    }
    if any(flags.values()):
        asked = ", ".join(f"{key}: true" for key, flag in flags.items() if flag)
        yield f"unenroll_on: {{{asked}}}"


def _share(sharing: Sharing) -> str:
    if sharing.everyone:
        return "everyone"
    kinds = {"users": sharing.users, "teams": sharing.teams}
    named = [f"{kind}: [{_listed(names)}]" for kind, names in kinds.items() if names]
    return f"{{{', '.join(named)}}}" if named else "private"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_quoted(name) for name in sorted(names))


def _step_lines(step: Step) -> Iterator[str]:
    if step.after is not None:
        yield f"after: {step.after}"
    if step.at is not None:
        yield f'at: "{step.at:%H:%M}"'
    if step.email is not None:
        yield "email:"
        yield from _indented(_email_lines(step.email))
    if step.task is not None:
        yield "task:"
        yield from _indented(_task_lines(step.task))


def _task_lines(task: TaskPlan) -> Iterator[str]:
    yield f"type: {task.type}"
    yield from _text_lines("title", task.title)
    yield f"priority: {task.priority}"
    if task.notes:
        yield from _text_lines("notes", task.notes)
    yield f"wait: {str(task.wait).lower()}"
    if task.email is not None:
        yield "email:"
        yield from _indented(_email_lines(task.email))


def _email_lines(email: Email) -> Iterator[str]:
    if email.subject is not None:
        yield from _text_lines("subject", email.subject)
    yield from _text_lines("body", email.body)
    if email.markdown:
        yield "markdown: true"
    if email.attachments:
        yield "attachments:"
        yield from _indented(map(_attachment_line, email.attachments))


def _attachment_line(file: Attachment) -> str:
    """A file's name, and what tells it from another file of that name."""
    return f"- {_scalar(file.name)}  # {file.size} bytes, sha256 {file.digest[:12]}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)


def _text_lines(key: str, text: str) -> Iterator[str]:
    """A text as a `|` block where YAML can hold it so, else in double quotes."""
    if "\n" not in text:
        yield f"{key}: {_scalar(text)}"
        return
    if UNSAFE.search(text) or not text.replace("\n", "").replace("\t", "").isprintable():
        yield f"{key}: {_quoted(text)}"
        return
    if BLOCK_TEXT.match(text):
        yield f"{key}: |"
        yield from _indented(text[:-1].split("\n"))
        return
    if not text.endswith("\n") and BLOCK_TEXT.match(f"{text}\n"):
        yield f"{key}: |-"
        yield from _indented(text.split("\n"))
        return
    yield f"{key}: {_quoted(text)}"


def _scalar(text: str) -> str:
    """A one-line text, in quotes where YAML could take it for something else."""
    plain = PLAIN_TEXT.fullmatch(text) and not RESERVED.match(text)
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)


STARTER = """\
# A sales sequence. Check it with `seqctl sequence check FILE`, see it with
# `seqctl sequence preview NAME CONTACT`, put it to work with `seqctl sequence apply FILE`.
name: {name}
title: {title}
share: private                  # private | everyone | {{users: [bo], teams: [nordics]}}
# timezone: Europe/Stockholm    # default: yours; `contact`: the contact's own
days: business                  # every | weekdays | business (Monday to Friday, no holidays)
window: 08:00-18:00             # the local hours in which e-mails may go out
# holidays: [2026-12-24, 2026-12-25]
# unenroll_on: {{company_reply: true, company_meeting: true}}

steps:
  - email:                      # the first step is due at once
      subject: A question for {{{{ contact.company | default("you") }}}}
      body: |
        Hi {{{{ contact.first_name | default("there") }}}},

        I have a short question about {{{{ contact.company | default("your work") }}}}.
        Who is the right person to talk to?

        {{{{ sender.name }}}}

  - after: 3 days               # whole minutes, hours, days or weeks
    at: "09:30"
    email:                      # no subject: it answers in the same thread
      body: |
        Hi {{{{ contact.first_name | default("there") }}}},

        did my question reach you? A line is enough.

        {{{{ sender.name }}}}

  - after: 2 days
    task:
      type: call                # todo | call | email | linkedin
      title: Ring {{{{ contact.first_name | default(contact.email) }}}}
      priority: normal          # low | normal | high
      wait: true                # the next step waits until it is done; `5 days`; false
"""


def new_sequence_text(name: str) -> str:
    """A commented starter file: valid as it is, with business days and a window."""
    return STARTER.format(name=_scalar(name), title=_scalar(name.replace("-", " ").capitalize()))
