"""Save and load a trained model as a folder of checked files.

    model.skops        the pipeline in use: no pickle, no type that skops does not know
    evaluation.skops   its cross-fitted model, trained without the held-out groups, for fair comparisons
    first_stage.skops  the first stage, if the model has a cascade
    static.npz, .json  its token vectors and their tokenizer
    neighbours.npz     vectors and labels of the training examples
    neighbours.jsonl   their texts, line by line
    card.json, card.md how it was made, and how good it is
    comparison.json    its comparison with the model then in use; scoring does not need it
    manifest.json      the SHA-256 of every file above, written last
    signature.json     the signature of the manifest by the key of the store that the model was trained for

To change this layout, or the columns of words (`classifier.features.words`): raise `FORMAT` below. Folders of
other formats are refused.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED

import numpy as np

from classifier.errors import ModelFolderWrong
from classifier.features.evidence import EVIDENCE_RULE, FEATURES
from classifier.features.static_embedding import StaticEmbedder
from classifier.model.cascade import FirstStage
from classifier.model.estimator import LinearWeights, deciding_numbers
from store.private import private_folder
from store.rows import clean
from store.signing import SIGNATURE, SignatureFalse, sign, signer_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

FORMAT = 6

COMPARISON = "comparison.json"
"""The comparison with the model in use at training, beside the other files; scoring does not need it."""

MANIFEST = "manifest.json"
"""A folder without this file is incomplete, and none of its files is read."""

DAMAGED = (
    OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, RecursionError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""Errors in reading a damaged file or a file of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The training examples of a model, for showing the nearest ones beside a score."""

    vectors: NDArray[np.float32]
    """Shape (n, dimensions), rows of length 1."""
    labels: NDArray[np.int64]
    texts: tuple[str, ...]
    floors: Mapping[str, float]
    """Similarity from which examples are shown, by script; see `classifier.explain.nearest`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """A model with all data for scoring."""

    model_id: str
    pipeline: Pipeline
    evaluation_pipeline: Pipeline
    threshold: float
    embedder_id: str
    neighbours: Neighbours
    card: Mapping[str, Any]
    first_stage: FirstStage | None = None
    """The stage that settles clear cases; None without a cascade."""
    linear: LinearWeights = field(init=False, repr=False)
    """The pipeline in the form that scoring uses."""

    def __post_init__(self) -> None:
        """Extract the weights from the pipeline."""
        object.__setattr__(self, "linear", LinearWeights.of(self.pipeline, self.neighbours.vectors))


def fingerprint(
    pipeline: Pipeline,
    *,
    threshold: float,
    embedder_id: str,
    edition: str,
    first_stage: FirstStage | None = None,
) -> str:
    """Return the model's id: 12 hexadecimal digits of a hash of all numbers that affect its scores."""
    digest = hashlib.sha256(json.dumps([list(FEATURES), threshold, embedder_id, edition]).encode())
    digest.update(deciding_numbers(pipeline).astype("<f8").tobytes())
    if first_stage:
        numbers = deciding_numbers(first_stage.pipeline)
        digest.update(np.append(numbers, first_stage.threshold).astype("<f8").tobytes())
        digest.update(first_stage.static.weights.astype("<f2").tobytes())
    return digest.hexdigest()[:12]


def save_model(model: TrainedModel, models_folder: Path) -> Path:
    """Write the model under `models_folder` and return its folder; an intact equal model is kept."""
    folder = models_folder / model.model_id
    if _is_usable(folder):
        return folder
    private_folder(folder)
    _write_pipeline(model.pipeline, folder / "model.skops")
    _write_pipeline(model.evaluation_pipeline, folder / "evaluation.skops")
    np.savez_compressed(
        folder / "neighbours.npz",
        vectors=model.neighbours.vectors.astype(np.float16),
        labels=model.neighbours.labels.astype(np.int8),
    )
    if model.first_stage:
        _write_pipeline(model.first_stage.pipeline, folder / "first_stage.skops")
        np.savez_compressed(folder / "static.npz", weights=model.first_stage.static.weights)
        (folder / "static.json").write_text(model.first_stage.static.tokenizer, encoding="utf-8")
    lines = "".join(json.dumps(clean(text), ensure_ascii=False) + "\n" for text in model.neighbours.texts)
    (folder / "neighbours.jsonl").write_text(lines, encoding="utf-8")
    (folder / "card.md").write_text(card_text(model.card), encoding="utf-8")
    (folder / "card.json").write_text(json.dumps(model.card, indent=2, ensure_ascii=False), encoding="utf-8")
    (folder / COMPARISON).unlink(missing_ok=True)  # left by an unusable model with the same id
    write_manifest(folder)
    return folder


def write_comparison(folder: Path, comparison: str) -> None:
    """Write the comparison of a model with the model in use, as JSON, into its folder."""
    (folder / COMPARISON).write_text(comparison, encoding="utf-8")
    write_manifest(folder)


def check_files(folder: Path) -> None:
    """Check every byte of a saved model.

    Raises:
        ModelFolderWrong: If a file is missing, was changed or was added, or the signature is false.
    """
    signer_of_model(folder)
    with _refusing(folder):
        named = _read_manifest(folder)
        there = {path.name for path in folder.iterdir() if not _is_apart(path)}
        for name in sorted(there ^ named.keys()):
            found = "is missing" if name in named else f"is not in its {MANIFEST}"
            raise ModelFolderWrong(folder, f"{name} {found}")
        for name, digest in named.items():
            if _sha256(folder / name) != digest:
                raise ModelFolderWrong(folder, f"{name} is not as it was saved")


def sign_manifest(folder: Path, database: Path) -> None:
    """Sign the manifest of a saved model with the key of the store.

    Raises:
        SigningKeyUnusable: If that key cannot be used.
    """
    part = folder.parent / f"{folder.name}.signature.part"
    part.write_bytes(sign((folder / MANIFEST).read_bytes(), database))
    part.replace(folder / SIGNATURE)


def signer_of_model(folder: Path) -> str:
    """Return the fingerprint of the key that signed the manifest of a model; empty if it is unsigned.

    Raises:
        ModelFolderWrong: If the signature is false.
    """
    if not (folder / SIGNATURE).exists():
        return ""
    with _refusing(folder):
        try:
            return signer_of((folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes())
        except SignatureFalse as error:
            raise ModelFolderWrong(folder, str(error)) from error


def load_model(folder: Path) -> TrainedModel:
    """Read a model back.

    Raises:
        ModelFolderWrong: If a file is missing or changed, the format or the features are not those of this
            release, or the weights do not match the card.
    """
    check_release(folder)  # first, for a clearer message about a folder of another format
    check_files(folder)
    with _refusing(folder):
        card = _read_card(folder)
        pipeline, evaluation = (_load_pipeline(folder / name) for name in ("model.skops", "evaluation.skops"))
        neighbours = _load_neighbours(folder, card["nearest_shown_from"])
        first_stage = _load_first_stage(folder, card)
        return _checked(folder, card, (pipeline, evaluation), neighbours, first_stage)


def check_release(folder: Path) -> None:
    """Check from its card that this release can use a model.

    Raises:
        ModelFolderWrong: If it cannot.
    """
    with _refusing(folder):
        _read_card(folder)


def is_of_earlier_release(folder: Path) -> bool:
    """Return whether the card of a model names an earlier format."""
    with suppress(*DAMAGED):
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        return bool(card["format"] < FORMAT)
    return False


def read_comparison(folder: Path) -> dict[str, Any]:
    """Return the comparison made at training; empty if there is none."""
    try:
        found = json.loads((folder / COMPARISON).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


CARD_NAMES = {("cascade", "threshold"): "threshold below which the first stage settles a text"}
"""Names shown on a card that differ from its file, because there are two thresholds."""


def card_text(card: Mapping[str, Any]) -> str:
    """Return the model card as Markdown."""
    lines = [f"# Model {card['model_id']}", "", str(card["summary"])]
    lines += [f"Flagged from the threshold upwards: {_short(card['threshold'])}.", ""]
    for title in ("data", "training", "cascade", "nearest_shown_from", "held_out", "versions"):
        lines += [f"## {title.replace('_', ' ').capitalize()}", ""]
        lines += [
            f"- {CARD_NAMES.get((title, name), name.replace('_', ' '))}: {_short(value)}"
            for name, value in card.get(title, {}).items()
        ]
        lines.append("")
    return "\n".join(lines)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _is_usable(folder: Path) -> bool:
    try:
        check_release(folder)
        check_files(folder)
    except ModelFolderWrong:
        return False
    return True


def write_manifest(folder: Path) -> None:
    """Write the SHA-256 of every file atomically, so that an incomplete folder has no manifest.

    A signature of an earlier manifest is removed.
    """
    (folder / SIGNATURE).unlink(missing_ok=True)
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not _is_apart(path))
    document = {"format": FORMAT, "files": {name: _sha256(folder / name) for name in names}}
    part = folder.parent / f"{folder.name}.manifest.part"
    part.write_text(json.dumps(document, indent=1), encoding="utf-8")
    part.replace(folder / MANIFEST)


def _is_apart(path: Path) -> bool:
    """Return whether the manifest omits a file: the manifest, its signature, and hidden temporary files."""
    return path.name in {MANIFEST, SIGNATURE} or path.name.startswith(".")


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelFolderWrong(folder, f"it has no {MANIFEST}, so it was not saved to the end") from error
    return dict(document["files"])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    """Raise `ModelFolderWrong` for an error in reading a folder."""
    try:
        yield
    except KeyError as error:
        raise ModelFolderWrong(folder, f"{error} is missing") from error
    except DAMAGED as error:
        raise ModelFolderWrong(folder, str(error) or type(error).__name__) from error


def _read_card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    if card.get("format") != FORMAT:
        raise ModelFolderWrong(folder, f"its format is {card.get('format')!r}, not {FORMAT}")
    if card["features"] != list(FEATURES):
        raise ModelFolderWrong(folder, "its evidence features are not those of this release")
    return card


def _write_pipeline(pipeline: Pipeline, path: Path) -> None:
    from skops.io import dump

    dump(pipeline, path, compression=ZIP_DEFLATED)  # most columns of words are empty


def _load_pipeline(path: Path) -> Pipeline:
    from skops.io import load

    return load(path, trusted=[])  # refuses any type that skops does not know to be safe


def _load_first_stage(folder: Path, card: Mapping[str, Any]) -> FirstStage | None:
    settled = card.get("cascade")
    if not settled:
        return None
    with (folder / "static.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        weights = arrays["weights"].astype(np.float16)
    tokenizer = (folder / "static.json").read_text(encoding="utf-8")
    return FirstStage(
        pipeline=_load_pipeline(folder / "first_stage.skops"),
        static=StaticEmbedder(tokenizer=tokenizer, weights=weights),
        threshold=float(settled["threshold"] if "threshold" in settled else settled["line"]),
    )


def _load_neighbours(folder: Path, floors: Mapping[str, float]) -> Neighbours:
    # Open the file here, because numpy does not close a damaged archive.
    with (folder / "neighbours.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        vectors, labels = arrays["vectors"].astype(np.float32), arrays["labels"].astype(np.int64)
    # Split only at "\n", because texts may contain U+2028 and other line separators.
    lines = (folder / "neighbours.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    texts = tuple(json.loads(line) for line in lines)
    return Neighbours(vectors=vectors, labels=labels, texts=texts, floors=floors)


def _checked(
    folder: Path,
    card: Mapping[str, Any],
    pipelines: tuple[Pipeline, Pipeline],
    neighbours: Neighbours,
    first_stage: FirstStage | None,
) -> TrainedModel:
    pipeline, evaluation = pipelines
    found = fingerprint(
        pipeline,
        threshold=card["threshold"],
        embedder_id=card["embedder_id"],
        edition=card["training"]["gazetteer_edition"],
        first_stage=first_stage,
    )
    if found != card["model_id"]:
        raise ModelFolderWrong(folder, f"its weights give the id {found}, its card says {card['model_id']}")
    return TrainedModel(
        model_id=found,
        pipeline=pipeline,
        evaluation_pipeline=evaluation,
        threshold=card["threshold"],
        embedder_id=card["embedder_id"],
        neighbours=neighbours,
        card=card,
        # The recall of a first stage fitted with another rule is unknown, so it is not used.
        first_stage=first_stage if card.get("cascade", {}).get("goes_on") == EVIDENCE_RULE else None,
    )
