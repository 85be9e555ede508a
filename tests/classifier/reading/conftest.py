"""The gazetteer that every test of reading shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import load_gazetteer

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The gazetteer under the default profile."""
    return load_gazetteer()
