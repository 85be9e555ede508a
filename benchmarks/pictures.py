"""Measure what is read in pictures: characters by script, CAS numbers, seconds, and listings flagged by it.

    python -m benchmarks.pictures                      # 12 pictures of each script, some 10 minutes
    python -m benchmarks.pictures --quick              # 2 of each
    python -m benchmarks.pictures --db var/demo.db     # the model that judges listings by their pictures

The pictures are drawn here: substances and trade words of the gazetteer and the lexicon, on a label that is
turned by up to eight degrees, blurred, compressed and covered with noise. The listings have a text that
offers nothing; half of them offer a listed substance in their picture, and half show ordinary goods or name
listed substances that they do not offer.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.rounds import Limit, Rate, report
from classifier.scoring import open_scorer, picture_notices
from crawler.pictures import PictureSettings, missing_packs
from crawler.pictures.worker import PictureWorker
from fixtures.builders.pictures import FONTS, drawn, packed
from store.crawl.pictures import Pictured
from store.database import open_database
from store.scores.scores import model_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ARABIC = "truetype/noto/NotoSansArabic-Regular.ttf"
DEVANAGARI = "truetype/noto/NotoSansDevanagari-Regular.ttf"
THAI = "truetype/noto/NotoLoopedThai-Regular.ttf"
CJK = "opentype/noto/NotoSansCJK-Regular.ttc"
DEJAVU = "truetype/dejavu/DejaVuSans.ttf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script with fonts and lines to draw."""

    font: str
    lines: tuple[str, ...]


SCRIPTS = {
    "Latin": Script(
        font=DEJAVU,
        lines=("Acetone, technical grade", "Potassium permanganate", "25 kg fibre drum", "Phenylacetic acid"),
    ),
    "Han": Script(font=CJK, lines=("苯乙酸 高纯度", "高锰酸钾 现货供应", "丙酮 工业级", "欢迎来电咨询")),
    "Kana": Script(font=CJK, lines=("アセトンの販売", "フェニル酢酸です", "サンプルあります")),
    "Cyrillic": Script(font=DEJAVU, lines=("Перманганат калия", "Ацетон технический", "Доставка по стране")),
    "Greek": Script(font=DEJAVU, lines=("Υπερμαγγανικό κάλιο", "Ακετόνη τεχνική", "Άμεση παράδοση")),
    "Arabic": Script(font=ARABIC, lines=("حمض فينيل الخل", "للبيع بالجملة", "برمنغنات البوتاسيوم")),
    "Devanagari": Script(font=DEVANAGARI, lines=("पोटैशियम परमैंगनेट", "थोक में उपलब्ध", "एसीटोन तकनीकी ग्रेड")),
    "Hangul": Script(font=CJK, lines=("과망간산칼륨 판매", "대량 구매 환영", "아세톤 공업용")),
    "Thai": Script(font=THAI, lines=("กรดฟีนิลอะซิติก", "จำหน่ายปลีกและส่ง", "อะซิโตน")),
}
NUMBERS = (
    "67-64-1",
    "103-82-2",
    "7722-64-7",
    "28578-16-7",
    "79099-07-3",
    "5413-05-8",
    "108-24-7",
    "103-79-7",
)
OFFERS = (
    ("PMK ethyl glycidate", "CAS 28578-16-7", "25 kg in stock"),
    ("1-boc-4-piperidone", "CAS 79099-07-3", "1 kg, door to door"),
    ("BMK oil", "CAS 20320-59-6", "drums, fast delivery"),
    ("Phenylacetone", "CAS 103-79-7", "99 %, 10 L can"),
    ("4-AP (powder)", "CAS 39742-60-4 / 40064-34-4", "any quantity"),
    ("Ephedrine hydrochloride", "CAS 50-98-6", "bulk, 25 kg drum"),
    ("Phenylacetic acid", "CAS 103-82-2", "99 %, 25 kg bag"),
    ("Acetic anhydride", "CAS 108-24-7", "200 L drums"),
)
NO_OFFERS = (
    ("Walnut dining table", "seats six", "EUR 450"),
    ("Know your solvents", "Acetone: flammable", "wear gloves"),
    ("Nail polish remover", "acetone free", "100 ml"),
    ("Citric acid", "CAS 77-92-9", "food grade, 25 kg"),
    ("Test strips for drugs", "amphetamine, ephedrine", "50 pieces"),
    ("Safety data sheet", "section 2: hazards", "toluene"),
    ("Running shoes", "size 42", "new in box"),
    ("Glycerol 99.5 %", "CAS 56-81-5", "25 kg can"),
)
TEXTS = (
    "Household goods in good order, as shown in the picture",
    "Used article, to be collected, see the picture",
    "Leftovers of a shop, sold as shown",
)
WITH_LATIN = {DEJAVU, CJK}
"""Fonts that have Latin letters, in which a CAS number is drawn too."""


def main() -> None:
    """Draw, read, compare, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="2 pictures of each script, listings once")
    parser.add_argument("--db", type=Path, help="a store whose model in use judges the listings")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    arguments = parser.parse_args()
    more: dict[str, object] = {"languages of Tesseract not installed": ", ".join(missing_packs()) or "none"}
    with PictureWorker(PictureSettings()) as worker:
        worker.read(b"")  # loads the readers
        rows = list(measure_scripts(worker, 2 if arguments.quick else 12, more))
        if arguments.db:
            rows += measure_listings(worker, arguments.db, 1 if arguments.quick else 3, more)
    report(rows, ("rapidocr", "onnxruntime", "tesserocr", "zxing-cpp"), as_json=arguments.json, more=more)


def measure_scripts(worker: PictureWorker, count: int, more: dict[str, object]) -> Iterator[Rate]:
    """Yield the share of right characters of each script, the share of exact CAS numbers, and the time."""
    chosen = random.Random(1)
    spent: list[float] = []
    exact: list[float] = []
    for name, script in SCRIPTS.items():
        if not (FONTS / script.font).exists():
            more[f"no font for {name}"] = script.font
            continue
        shares: list[float] = []
        for _ in range(count):
            number, lines = chosen.choice(NUMBERS), chosen.sample(script.lines, 3)
            said = [*lines, f"CAS {number}"] if script.font in WITH_LATIN else lines
            label = worn(said, script.font, chosen)
            began = time.perf_counter()
            reading = worker.read(label)
            spent.append(time.perf_counter() - began)
            wanted, found = _letters("".join(lines)), _letters(reading.text.replace(f"CAS {number}", ""))
            blocks = SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks()
            shares.append(sum(block.size for block in blocks) / len(wanted))
            if len(said) > len(lines):
                exact.append(float(number in reading.text))
        yield Rate(name=f"characters, {name}", unit="mean share", target=None, ours=(mean(shares),))
    yield Rate(name="CAS numbers exact", unit=f"of {len(exact)}", target=0.95, ours=(mean(exact),))
    yield Limit(name="time of a picture, one thread", unit="s", target=None, ours=tuple(spent))


def measure_listings(
    worker: PictureWorker, database: Path, rounds: int, more: dict[str, object]
) -> Iterator[Rate]:
    """Yield precision and recall of listings that their picture alone puts before a person."""
    chosen = random.Random(2)
    labels = [(lines, lines in OFFERS) for _ in range(rounds) for lines in (*OFFERS, *NO_OFFERS)]
    batch = [
        Pictured(
            sighting_id=number,
            newest_picture=number,
            text=chosen.choice(TEXTS),
            said=worker.read(worn(lines, DEJAVU, chosen)).text,
        )
        for number, (lines, _) in enumerate(labels)
    ]
    with closing(open_database(database, must_exist=True)) as db:
        model = model_in_use(db)
    if model is None:
        raise SystemExit(f"{database} has no model in use. Train one with `precursor-watch retrain` first.")
    with open_scorer(model, database=database, keep_vectors=False) as scorer:
        by_text = [each.p_offer >= model.threshold for each in scorer.score([each.text for each in batch])]
        flagged = [any(not each.is_weak for each in found) for found in picture_notices(batch, scorer)]
    pairs = list(zip(labels, flagged, strict=True))
    right = sum(is_flagged and is_offer for (_, is_offer), is_flagged in pairs)
    precision, recall = right / max(1, sum(flagged)), right / sum(is_offer for _, is_offer in labels)
    unit = f"of {len(labels)}"
    yield Rate(name="flagged by picture alone, precision", unit=unit, target=None, ours=(precision,))
    yield Rate(name="flagged by picture alone, recall", unit=unit, target=None, ours=(recall,))
    more["flagged by their text alone"] = sum(by_text)
    wrong = {" / ".join(lines) for (lines, is_offer), is_flagged in pairs if is_flagged > is_offer}
    missed = {" / ".join(lines) for (lines, is_offer), is_flagged in pairs if is_flagged < is_offer}
    more |= {"wrongly flagged": "; ".join(sorted(wrong)), "missed": "; ".join(sorted(missed))}


def worn(lines: Sequence[str], font: str, chosen: random.Random) -> bytes:
    """Return a label as a hand would photograph it."""
    picture = drawn(
        lines,
        font=font,
        size=chosen.randint(24, 44),
        turned=chosen.uniform(-8, 8),
        noise=chosen.uniform(4, 16),
        blur=chosen.uniform(0, 0.8),
        seed=chosen.randrange(10**6),
    )
    return packed(picture, quality=chosen.randint(60, 90))


def _letters(text: str) -> str:
    return re.sub(r"[\s.,%]", "", text).lower()


if __name__ == "__main__":
    main()
