"""What docs/sequences.md shows is true of the reader."""

import re
from pathlib import Path

from seqctl.domain.template_sandbox import FILTERS
from seqctl.files.sequence_schema import PARTS
from seqctl.files.sequences import read_sequence_text

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "sequences.md").read_text()


def test_the_example_is_right() -> None:
    example = re.findall(r"```yaml\n(name: .*?)```", DOCS, re.DOTALL)[0]
    draft = read_sequence_text(example, name="docs", folder=ROOT / "examples")
    assert len(draft.steps) == 3
    assert draft.notes == ()


def test_the_example_of_attachments_is_right(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for name in ("brochure.pdf", "files/price list.pdf"):
        (tmp_path / name).write_bytes(b"%PDF")
    (example,) = re.findall(r"```yaml\n(name: price-list.*?)```", DOCS, re.DOTALL)
    draft = read_sequence_text(example, name="docs", folder=tmp_path)
    assert draft.steps[0].email is not None
    assert len(draft.steps[0].email.attachments) == 2
    assert draft.notes == ()


def test_every_key_and_filter_is_described() -> None:
    keys = {key for part in PARTS.values() for key in part.model_fields}
    undescribed = {key for key in keys if not re.search(rf"`{key}`|[{{ ,]{key}:", DOCS)}
    assert undescribed == set()
    assert {name for name in FILTERS if f"`{name}`" not in DOCS} == {"d", "count"}
