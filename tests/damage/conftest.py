"""One sound workspace for a whole module of damages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.damage.world import Wreck, workshop


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wreck]:
    with workshop(tmp_path_factory.mktemp("damage")) as made:
        yield made
