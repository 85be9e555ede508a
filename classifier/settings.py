"""The settings of reading and scoring; the command line alone reads them from options and the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from classifier.gazetteer.law import Law

if TYPE_CHECKING:
    from classifier.features.embedding import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringSettings:
    """How texts are read and scored, in training as well."""

    law: Law = field(default_factory=Law)
    systematic_names: bool = False
    """Read systematic names that the gazetteer lacks by structure, in titles that name nothing else."""
    backend: Backend | None = None
    """The number type in which the embedder runs; None takes the fastest of this machine."""
    cascade: bool = True
    """Make and use the first stage; without it every text goes to the transformer."""


DEFAULT_SETTINGS = ScoringSettings()
