"""A toy embedder and a small world around it: no download, no torch, the same numbers every time."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifier.features.evidence import FEATURES
from classifier.features.matrix import EvidenceReader, join_columns
from classifier.gazetteer import default_gazetteer
from classifier.training.compare import plain_offers
from classifier.training.examples import Example, row_text
from classifier.training.fit import Dataset, build_dataset, train
from store.crawl.identity import text_hash
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel

DIMENSIONS = 16
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STARTER = Path(__file__).parents[2] / "fixtures" / "training" / "listings.jsonl"
SUBSTANCES = (
    "Phenylacetone", "4-Piperidone", "4-Anilinopiperidine", "N-Phenethyl-4-piperidone", "Piperonal",
    "Safrole", "Ephedrine", "Pseudoephedrine", "Norephedrine", "Ergotamine", "Acetic anhydride",
    "Phenylacetic acid", "Potassium permanganate", "Anthranilic acid", "Isosafrole", "Piperidine",
)  # fmt: skip
GOODS = (
    "Citric acid", "Sodium bicarbonate", "Glycerine", "Kettle", "Mountain bike", "Office chair",
    "Winter coat", "Garden hose", "Guitar", "Bookshelf", "Desk lamp", "Phone case", "Coffee beans",
    "Tent", "Camera", "Carpet", "Baking powder", "Table salt", "Paraffin wax", "Rain boots", "Violin",
    "Frying pan", "Bath towel", "Wall clock", "Toy train", "Running shoes", "Sewing machine",
    "Dog basket", "Olive oil", "Paint brush", "Road map", "Umbrella",
)  # fmt: skip
MANNERS = (
    ("en", "{} 1 kg, wholesale"),
    ("en", "{}, 5 kg in stock, ask for a price"),
    ("en", "We sell {}, 25 kg, discreet packaging"),
    ("es", "Vendo {}, tengo 5 kilos"),
    ("es", "{} 25 kg, envío a todo el país"),
    ("es", "Se vende {}, 1 kg en mi casa"),
    ("zh", "{} 现货 25公斤"),
    ("zh", "出售 {}，1 公斤起订"),
    ("zh", "{} 5 kg 包邮"),
)
"""The language and the wording of listings of both kinds, so that only what is on offer tells the label."""


class EmbedderBroken(Exception):
    """What a toy embedder raises when it was told to break."""


@dataclass(slots=True)
class ToyEmbedder:
    """Counts the three-letter pieces of a text in 16 buckets; remembers what it was asked."""

    name: str = "toy"
    embedder_id: str = "toy@1"
    before_call: Callable[[int], None] | None = None
    """Called with the number of the call, from 1, before it is answered."""
    asked: list[list[str]] = field(default_factory=list)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 of shape (len(texts), 16), each row of length 1."""
        self.asked.append(list(texts))
        if self.before_call:
            self.before_call(len(self.asked))
        return np.array([vector(text) for text in texts], dtype=np.float32).reshape(-1, DIMENSIONS)

    @property
    def texts_asked(self) -> int:
        """How many texts it has embedded, or was told to embed when it broke."""
        return sum(len(texts) for texts in self.asked)


def breaking_at(call: int) -> ToyEmbedder:
    """Return an embedder that raises at its n-th call and at none before or after."""

    def raise_at(number: int) -> None:
        if number == call:
            raise EmbedderBroken(f"The toy broke at call {number}.")

    return ToyEmbedder(before_call=raise_at)


def vector(text: str) -> NDArray[np.float32]:
    """Return the 16 numbers of a text, of length 1."""
    counts = np.zeros(DIMENSIONS)
    for start in range(max(1, len(text) - 2)):
        counts[zlib.crc32(text[start : start + 3].lower().encode("utf-8", "replace")) % DIMENSIONS] += 1
    return np.asarray(counts / np.linalg.norm(counts), dtype=np.float32)


def dataset_of(examples: Sequence[Example], gazetteer: Gazetteer) -> Dataset:
    """Return examples as arrays, embedded by the toy."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        return build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer)


def train_toy(data: Dataset, *, seed: int = 0, embedder: ToyEmbedder | None = None) -> TrainedModel:
    """Train a model on toy vectors."""
    return train(data, embedder=embedder or ToyEmbedder(), gazetteer_edition="test", seed=seed, now=NOW)


def numbers(
    labels: Sequence[int], groups: Sequence[str] | None = None
) -> tuple[csr_matrix, NDArray[np.int64], list[str]]:
    """Return rows in which column 0 tells the label, the labels, and a group for each row."""
    evidence = np.zeros((len(labels), len(FEATURES)), dtype=np.float32)
    evidence[:, 0] = labels
    vectors = np.zeros((len(labels), DIMENSIONS), dtype=np.float32)
    vectors[:, 0] = 1.0
    return (
        join_columns(evidence, vectors, [""] * len(labels)),
        np.array(labels, dtype=np.int64),
        list(groups or map(str, range(len(labels)))),
    )


def read_beforehand(database: Path) -> None:
    """Keep beside a store the evidence of what every retraining reads: half of what it would take."""
    with open_vectors(database, EvidenceReader(gazetteer=default_gazetteer()).embedder_id) as cache:
        cache.put(_evidence())


@once
def _evidence() -> dict[str, bytes]:
    """Return by text hash the evidence of the starter set for toys and of the plain offers."""
    reader = EvidenceReader(gazetteer=default_gazetteer())
    texts = [row_text(row) for row in starter_rows()]
    texts += plain_offers(reader.gazetteer).values()
    return {text_hash(text): row.tobytes() for text, row in zip(texts, reader(texts), strict=True)}


def starter_rows() -> list[dict[str, object]]:
    """Return a starter set for toys: 432 listings, a third of them plain offers."""
    return [
        {
            "title": manner.format(thing),
            "label": int(things is SUBSTANCES),
            "kind": "named" if things is SUBSTANCES else "ordinary",
            "language": language,
            "group": f"{thing} {place}",
        }
        for things in (SUBSTANCES, GOODS)
        for thing in things
        for place, (language, manner) in enumerate(MANNERS)
    ]


def write_starter(path: Path) -> Path:
    """Write the toy's starter set and return its path."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in starter_rows()), encoding="utf-8")
    return path


def example(text: str, label: int, group: str = "a") -> Example:
    """Return a labelled text."""
    return Example(text=text, label=label, group=group)
