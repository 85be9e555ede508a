"""Settings of reading and scoring; only the command line reads them from options and the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from classifier.gazetteer.law import Law

if TYPE_CHECKING:
    from classifier.features.embedding import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringSettings:
    """How texts are read and scored, also in training."""

    law: Law = field(default_factory=Law)
    systematic_names: bool = False
    """Recognise systematic names by structure, in titles that name nothing else."""
    backend: Backend | None = None
    """Number type of the embedder; None uses the fastest on this machine."""
    cascade: bool = True
    """Train and use the first stage; without it, every text goes to the transformer."""


DEFAULT_SETTINGS = ScoringSettings()
