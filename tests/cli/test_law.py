"""The law and the settings of scoring come from options, the environment and the settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifier.gazetteer import Law
from classifier.settings import ScoringSettings
from cli.law import chosen_law, scoring_settings

if TYPE_CHECKING:
    import pytest


def test_the_environment_names_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was started for a piece of work so reads the law of the one that started it."""
    monkeypatch.setenv("PRECURSOR_WATCH_LAW_PROFILE", "un eu")
    monkeypatch.setenv("PRECURSOR_WATCH_LAW_AS_OF", "2020-12-31")
    assert str(chosen_law()) == "un, eu as of 2020-12-31"
    assert str(chosen_law("us")) == "us as of 2020-12-31"
    assert str(chosen_law(as_of="2024-01-01")) == "un, eu as of 2024-01-01"


def test_the_environment_says_how_texts_are_scored() -> None:
    """Each variable of the manual reaches its setting, and without any the defaults hold."""
    law = Law(instruments=("un",))
    assert scoring_settings(law, {}) == ScoringSettings(law=law)
    environ = {
        "PRECURSOR_WATCH_BACKEND": "float32",
        "PRECURSOR_WATCH_CASCADE": "off",
        "PRECURSOR_WATCH_IUPAC": "on",
    }
    assert scoring_settings(law, environ) == ScoringSettings(
        law=law, backend="float32", cascade=False, systematic_names=True
    )
    assert scoring_settings(law, {"PRECURSOR_WATCH_BACKEND": "auto"}).backend is None
