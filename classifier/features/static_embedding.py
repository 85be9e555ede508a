"""Make a static copy of an embedding model from its weights alone: one vector for each token.

The token vectors are those with which the transformer begins, reduced to principal components and weighted by
the rarity of the token, as in SIF; the vocabulary is ordered roughly by frequency. The vector of a text is
the mean of its token vectors. Without attention, the copy embeds tens of thousands of texts per second. It
captures the subject of a text but not its wording, which is enough to recognise texts that are clearly no
offers. To encode each token by itself takes minutes and gives worse vectors.

The vocabulary of a multilingual model has 250,000 tokens, of which the copy keeps those of its training texts
and all single characters. It divides other words into these.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from classifier.features.embedding import token_vectors
from classifier.reading import as_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

DIMENSIONS = 128
RARITY = 1e-4
"""The constant of SIF: tokens much more frequent than this share of all tokens have little weight."""

MAX_CHARS = 600
"""Most characters embedded: the beginning of a listing states its subject."""

PIECE = re.compile(r"\w+|[^\w\s]+")
LARGE = 100_000
"""Tokens from which on a vocabulary is cut; a larger one is of SentencePiece's unigram model."""
WORD_BEGINS = "▁"
"""The mark of SentencePiece."""
TOGETHER = 256
"""Pieces tokenised as one text."""
KEPT_PIECES = 65_536
"""Most words and marks whose tokens are remembered, to bound memory in an endless crawl."""


@dataclass(slots=True)
class StaticEmbedder:
    """Token vectors with their tokenizer."""

    tokenizer: str
    """The tokenizer as JSON of the package `tokenizers`."""
    weights: NDArray[np.float16]
    """Shape (tokens, dimensions)."""
    _tokenizer: Tokenizer | None = field(default=None, repr=False)
    _vectors: NDArray[np.float32] | None = field(default=None, repr=False)
    _tokens: dict[str, list[int]] = field(default_factory=dict, repr=False)
    """Tokens of earlier words and marks: tokenising takes most of the time."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 of shape (len(texts), dimensions), each row of length 1, or 0 without tokens."""
        if not texts:
            return np.zeros((0, self.weights.shape[1]), dtype=np.float32)
        if self._vectors is None:
            self._vectors = self.weights.astype(np.float32)
        tokens = self._tokens_of([PIECE.findall(as_shown(text[:MAX_CHARS])) for text in texts])
        ends = np.cumsum([0, *(sum(map(len, each)) for each in tokens)])
        flat = np.fromiter(chain.from_iterable(chain.from_iterable(tokens)), dtype=np.int64, count=ends[-1])
        ones = np.ones(len(flat), dtype=np.float32)
        sums = csr_matrix((ones, flat, ends), shape=(len(texts), len(self._vectors))) @ self._vectors
        found = sums / np.maximum(np.diff(ends), 1, dtype=np.float32)[:, None]
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.where(lengths > 0, lengths, 1), dtype=np.float32)

    def _tokens_of(self, texts: Sequence[Sequence[str]]) -> list[list[list[int]]]:
        """Return the tokens of each piece of each text."""
        if self._tokenizer is None:
            self._tokenizer = self._load()
        if len(self._tokens) > KEPT_PIECES:
            self._tokens.clear()
        new = list({*chain.from_iterable(texts)} - self._tokens.keys())
        # The tokenizer rejects lone surrogates, e.g. of a clipped emoji.
        clean = [piece.encode("utf-8", "replace").decode() for piece in new]
        self._tokens.update(zip(new, _tokenised(clean, self._tokenizer), strict=True))
        return [list(map(self._tokens.__getitem__, pieces)) for pieces in texts]

    def _load(self) -> Tokenizer:
        from tokenizers import Tokenizer

        return Tokenizer.from_str(self.tokenizer)


def _tokenised(pieces: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Return the tokens of each piece; one call for many pieces is faster."""
    groups = [pieces[start : start + TOGETHER] for start in range(0, len(pieces), TOGETHER)]
    found: list[list[int]] = [[] for _ in pieces]
    encoded = tokenizer.encode_batch(groups, is_pretokenized=True, add_special_tokens=False)
    for group, each in enumerate(encoded):
        for piece, token in zip(each.word_ids, each.ids, strict=True):
            if piece is not None:  # None: a token that stands for no text
                found[group * TOGETHER + piece].append(token)
    return found


def distil(model: SentenceTransformer, texts: Sequence[str]) -> StaticEmbedder | None:
    """Return the static copy of a model; None for a model without transformer or fast tokenizer.

    All backends of the model give nearly the same copy. Of a large vocabulary, only the tokens of the
    training texts are kept.
    """
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        return None
    special = set(model.tokenizer.all_special_ids)
    backend.no_truncation()  # sentence-transformers leaves on it the truncation of the texts embedded before
    kept = _kept_tokens(backend, texts, special)
    vectors = token_vectors(model, kept)
    if vectors is None:
        return None
    weights = _reduced(vectors) * _rarity(backend.get_vocab_size())[kept, None]
    weights[np.isin(kept, list(special))] = 0
    return StaticEmbedder(tokenizer=_with_tokens(backend, kept), weights=weights.astype(np.float16))


def _kept_tokens(backend: Tokenizer, texts: Sequence[str], special: set[int]) -> NDArray[np.int64]:
    """Return the ids of the tokens of the copy, in order; all of a small vocabulary."""
    vocabulary = backend.get_vocab()
    if len(vocabulary) <= LARGE:
        return np.arange(len(vocabulary))
    pieces = {piece for text in texts for piece in PIECE.findall(as_shown(text[:MAX_CHARS]))}
    seen = chain.from_iterable(_tokenised(sorted(pieces), backend))
    single = (token for piece, token in vocabulary.items() if len(piece.removeprefix(WORD_BEGINS)) <= 1)
    return np.array(sorted({*special, *seen, *single}))


def _with_tokens(backend: Tokenizer, kept: NDArray[np.int64]) -> str:
    """Return the tokenizer with these tokens alone, as JSON; they are numbered anew."""
    document = json.loads(backend.to_str()) | {"truncation": None, "padding": None}
    if len(kept) < backend.get_vocab_size():
        new = {old: number for number, old in enumerate(kept.tolist())}
        model = document["model"]
        model["vocab"] = [model["vocab"][old] for old in new]
        model["unk_id"] = new[model["unk_id"]]
        document["post_processor"] = None  # it adds tokens that stand for no text
        document["added_tokens"] = [
            {**token, "id": new[token["id"]]} for token in document["added_tokens"] if token["id"] in new
        ]
    return json.dumps(document, ensure_ascii=False)


def _reduced(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the first principal components, with signs such that the largest weight of each is positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _values, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1][:, :DIMENSIONS]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    return np.asarray(centred @ directions, dtype=np.float64)


def _rarity(tokens: int) -> NDArray[np.float64]:
    """Return the weight of each token; Zipf's law gives its frequency from its rank."""
    frequency = 1 / np.arange(2, tokens + 2)
    frequency /= frequency.sum()
    return np.asarray(RARITY / (RARITY + frequency), dtype=np.float64)
