"""Files that a sequence file attaches to its mails: found, checked, written and edited."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from seqctl.domain.model import Attachment, Email, SequenceDraft, Version
from seqctl.files.sequences.sequence_edits import Edited, edit_text, read_edit
from seqctl.files.sequences.sequences import (
    Mistake,
    SequenceFileErrors,
    read_sequence_text,
    sequence_json_schema,
    write_sequence,
)

MB = 1_000_000


def attached(name: str, content: bytes) -> Attachment:
    return Attachment(name, sha256(content).hexdigest(), len(content))


BROCHURE = attached("brochure.pdf", b"%PDF one")
PRICES = attached("files/price list.pdf", b"%PDF two")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the sequence file, with two files in it and one outside."""
    made = tmp_path / "sequences"
    (made / "files").mkdir(parents=True)
    (made / "brochure.pdf").write_bytes(b"%PDF one")
    (made / "files" / "price list.pdf").write_bytes(b"%PDF two")
    (tmp_path / "outside.pdf").write_bytes(b"%PDF out")
    return made


def text_with(attachments: str) -> str:
    return (
        "name: a\nwindow: 08:00-18:00\nsteps:\n"
        f"  - email: {{subject: x, body: y, attachments: {attachments}}}\n"
    )


def read(text: str, folder: Path | None) -> SequenceDraft:
    return read_sequence_text(text, name="a.yaml", folder=folder)


def mistakes_of(text: str, folder: Path | None) -> list[Mistake]:
    with pytest.raises(SequenceFileErrors) as caught:
        read(text, folder)
    return list(caught.value.mistakes)


# --- what is right -------------------------------------------------------------------------------


def test_files_are_named_and_read(folder: Path) -> None:
    draft = read(text_with('[brochure.pdf, "files/price list.pdf"]'), folder)
    assert draft.steps[0].email == Email("x", "y", attachments=(BROCHURE, PRICES))
    assert draft.contents == {BROCHURE.digest: b"%PDF one", PRICES.digest: b"%PDF two"}
    assert draft.notes == ()


def test_the_ready_mail_of_a_task_has_files_too(folder: Path) -> None:
    mail = "{subject: x, body: y, attachments: [brochure.pdf]}"
    draft = read(f"name: a\nsteps:\n  - task: {{title: x, email: {mail}}}\n", folder)
    assert draft.steps[0].task is not None
    assert draft.steps[0].task.email == Email("x", "y", attachments=(BROCHURE,))


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "link.pdf").symlink_to(folder / "brochure.pdf")
    (email,) = (step.email for step in read(text_with("[link.pdf]"), folder).steps)
    assert email is not None
    assert email.attachments == (BROCHURE._replace(name="link.pdf"),)


def test_no_files_are_the_default(folder: Path) -> None:
    draft = read(text_with("[]"), folder)
    assert draft.steps[0].email == Email("x", "y")
    assert draft.contents == {}


def test_a_mail_takes_ten_megabytes_and_the_next_ten_again(folder: Path) -> None:
    (folder / "a").write_bytes(b"a" * 6 * MB)
    (folder / "b").write_bytes(b"b" * 4 * MB)
    text = text_with("[a, b]") + "  - {after: 1 day, email: {body: y, attachments: [b, a]}}\n"
    assert len(read(text, folder).contents) == 2


def test_the_schema_knows_them(folder: Path) -> None:
    schema = sequence_json_schema()
    jsonschema.validate(plain(text_with("[brochure.pdf]")), schema)
    for wrong in ("brochure.pdf", "[a, a]", "[1]", "['']", f"[{', '.join('abcdefghijk')}]"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(plain(text_with(wrong)), schema)
        assert mistakes_of(text_with(wrong), folder)


def plain(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


# --- what is wrong -------------------------------------------------------------------------------


def large(folder: Path) -> None:
    (folder / "b.pdf").write_bytes(b"x" * (10 * MB + 1))


def directory(folder: Path) -> None:
    (folder / "b.pdf").mkdir()


def pipe(folder: Path) -> None:
    import os

    os.mkfifo(folder / "b.pdf")


def link_outside(folder: Path) -> None:
    (folder / "b.pdf").symlink_to(folder.parent / "outside.pdf")


def link_to_itself(folder: Path) -> None:
    (folder / "b.pdf").symlink_to(folder / "b.pdf")


def nothing(folder: Path) -> None:
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (large, "is larger than 10 MB"),
        (directory, "is a folder or a device"),
        (pipe, "is a folder or a device"),
        (link_outside, "lies outside the sequence's folder; move it there"),
        (link_to_itself, "the attachment b.pdf"),
        (nothing, "does not exist"),
    ],
)
def test_files_that_cannot_be_attached(
    folder: Path, make: Callable[[Path], None], said: str
) -> None:
    make(folder)
    (mistake,) = mistakes_of(text_with("[brochure.pdf, b.pdf]"), folder)
    assert said in mistake.message
    assert (mistake.line, mistake.column) == (4, 62)


@pytest.mark.parametrize(
    ("listed", "column", "said"),
    [
        ("brochure.pdf", 47, "`attachments` must be a list, each item after a `-`"),
        ("{a: b}", 47, "`attachments` must be a list"),
        ("[12]", 48, 'must be text; put it in quotes: "12"'),
        ("[[a]]", 48, "must be text"),
        ('[" "]', 48, "is empty"),
        ('["a\\0.pdf"]', 48, "holds the control character U+0000"),
        ('["a\\n.pdf"]', 48, "holds the control character U+000A; rename the file"),
        ('["a\\u202efdp.exe"]', 48, "holds the control character U+202E"),
        (
            "[../outside.pdf]",
            48,
            "the attachment ../outside.pdf lies outside the sequence's folder",
        ),
        ("[/etc/passwd]", 48, "lies outside the sequence's folder"),
        ("[brochure.pdf, brochure.pdf]", 62, "name brochure.pdf twice; keep one"),
    ],
)
def test_mistakes(folder: Path, listed: str, column: int, said: str) -> None:
    (mistake,) = mistakes_of(text_with(listed), folder)
    assert said in mistake.message
    assert (mistake.file, mistake.line, mistake.column) == ("a.yaml", 4, column)
    assert mistake.message.isprintable()


def test_eleven_files_are_too_many(folder: Path) -> None:
    names = [f"{number}.txt" for number in range(11)]
    for name in names:
        (folder / name).write_text(name)
    (mistake,) = mistakes_of(text_with(f"[{', '.join(names)}]"), folder)
    assert str(mistake) == "a.yaml:4:47: `attachments` has 11 items; 10 are the most"
    assert read(text_with(f"[{', '.join(names[:10])}]"), folder).contents


def test_files_that_are_too_large_together(folder: Path) -> None:
    for name in "abc":
        (folder / name).write_bytes(name.encode() * 4 * MB)
    (mistake,) = mistakes_of(text_with("[a, b, c]"), folder)
    assert str(mistake) == (
        "a.yaml:4:34: `attachments` have 12.0 MB together; a mail takes at most 10 MB, "
        "so leave some out"
    )


def test_files_need_a_folder() -> None:
    (mistake,) = mistakes_of(text_with("[brochure.pdf]"), None)
    assert "the attachment brochure.pdf can't be found without a sequence file" in mistake.message


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    text = text_with("[no.pdf, ../outside.pdf, 3]").replace("name: a", "name: A")
    assert [(each.line, each.column) for each in mistakes_of(text, folder)] == [
        (1, 7),
        (4, 48),
        (4, 56),
        (4, 72),
    ]


# --- written and edited --------------------------------------------------------------------------


def test_a_written_file_names_them(folder: Path) -> None:
    draft = read(text_with('[brochure.pdf, "files/price list.pdf"]'), folder)
    written = write_sequence(draft)
    assert (
        "      attachments:\n"
        f"        - brochure.pdf  # 8 bytes, sha256 {BROCHURE.digest[:12]}\n"
        f"        - files/price list.pdf  # 8 bytes, sha256 {PRICES.digest[:12]}\n"
    ) in written
    assert read(written, folder) == draft


@pytest.mark.parametrize("name", ["å.pdf", "2026", "true", "a#b, c.pdf", "x 'y' \"z\".pdf", "- a"])
def test_any_name_survives_writing(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    quoted = name.replace('"', '\\"')
    draft = read(text_with(f'["{quoted}"]'), folder)
    assert read(write_sequence(draft), folder) == draft


def edited(version: Version, text: str, folder: Path | None) -> Edited:
    return read_edit(text, name="e.yaml", folder=folder, sequence="a", version=version, first=2)


@pytest.fixture
def version(folder: Path) -> Version:
    """A version whose two mails have files; the folder has them no longer."""
    text = text_with("[brochure.pdf]")
    text += '  - {after: 1 day, email: {body: z, attachments: ["files/price list.pdf"]}}\n'
    draft = read(text, folder)
    (folder / "brochure.pdf").write_bytes(b"another")
    (folder / "files" / "price list.pdf").unlink()
    return Version(7, 1, 3, draft.settings, draft.steps)


def test_what_is_kept_in_an_edit_stays_the_file_it_was(version: Version) -> None:
    text = edit_text(version, 2, sequence="a", contact="eve@x.test")
    assert "#       attachments:\n#         - brochure.pdf  # 8 bytes" in text
    assert "      attachments:\n        - files/price list.pdf  # 8 bytes" in text
    assert edited(version, text, None) == (version.steps, {})
    changed = edited(version, text.replace("body: z", "body: zz"), None)
    assert changed.steps[1].email == Email(None, "zz", attachments=(PRICES,))
    assert changed.contents == {}
    done = edited(version, text.replace("files/price list.pdf", "brochure.pdf"), None)
    assert done.steps[1].email == Email(None, "z", attachments=(BROCHURE,))


def test_an_edit_may_leave_files_out_and_take_new_ones(version: Version, folder: Path) -> None:
    text = "steps:\n  - after: 1 day\n    email: {body: z}\n"
    assert edited(version, text, None).steps[1].email == Email(None, "z")
    (folder / "new.pdf").write_bytes(b"new")
    new = attached("new.pdf", b"new")
    text = text.replace("body: z", "body: z, attachments: [new.pdf, brochure.pdf]")
    found = edited(version, text, folder)
    assert found.steps[1].email == Email(None, "z", attachments=(new, BROCHURE))
    assert found.contents == {new.digest: b"new"}
    with pytest.raises(SequenceFileErrors) as caught:
        edited(version, text, None)
    assert caught.value.message.startswith("e.yaml:3:36: the attachment new.pdf can't be found")
