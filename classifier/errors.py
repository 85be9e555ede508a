"""Errors of this package; each message is a sentence for the analyst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


class ModelError(StoreError):
    """Base class of the errors of this package."""


class NoModelInUse(ModelError):
    """No model was promoted yet."""

    def __init__(self) -> None:
        super().__init__(
            "No model is in use yet; train and promote the first with `precursor-watch retrain`."
        )


class ModelFolderWrong(ModelError):
    """The files of a model are missing, damaged or of another release."""

    def __init__(self, folder: Path, found: str) -> None:
        super().__init__(
            f"The model in {folder} cannot be used: {found}. "
            "Retrain with --force, or go back with `precursor-watch models rollback`."
        )


class EmbedderUnusable(ModelError):
    """The files of the embedder are missing or have the wrong contents."""

    def __init__(self, name: str, found: str) -> None:
        super().__init__(f"The embedder {name} cannot be used: {found}.")


class EmbedderMismatch(ModelError):
    """A model was fitted on the vectors of another embedder."""

    def __init__(self, fitted_on: str, given: str) -> None:
        super().__init__(
            f"The model was fitted on vectors of the embedder {fitted_on}, not of {given}; "
            "set that embedder again, or retrain with this one."
        )


class TooFewLabels(ModelError):
    """The labels are too few to train on."""

    def __init__(self, offers: int, others: int) -> None:
        super().__init__(
            f"The labels hold {offers} offers and {others} others; training needs at least 10 of each, "
            "without the fifth that is kept back for comparisons. "
            "Add the starter set with --starter, or give more verdicts."
        )


class TooFewSellers(ModelError):
    """All offers, or all others, come from one seller: a model would learn the seller, not the offer."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Every {what} among the labels comes from one seller or template; training needs at least two, "
            "without the fifth that is kept back for comparisons. "
            "Add the starter set with --starter, or give verdicts on other sellers."
        )


class DataFileWrong(ModelError):
    """A file of labelled or unlabelled listings cannot be used."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(f"{path} cannot be used: {found}.")
        self.path, self.found = path, found

    def of_one_line(self) -> str:
        """Return the message for one skipped line of a file."""
        return f"Left out of {self.path}: {self.found}."


class LinesLeftOut(ModelError):
    """Some lines of a pipe or file could not be read; the other lines were scored."""

    def __init__(self, number: int) -> None:
        lines = "1 line was" if number == 1 else f"{number:,} lines were"
        super().__init__(
            f"{lines} left out because no listing could be read in them; all other lines were scored."
        )
