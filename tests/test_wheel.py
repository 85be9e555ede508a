"""The built wheel, installed outside the checkout, does the product's main job by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARCHIVE = ROOT / "fixtures" / "marketplaces" / "labware-shop" / "saved" / "site.wacz"
SOURCES = """
[sources.given]
name = "An archive that somebody handed over"
archive = "given.wacz"
supplied_by = "the evidence room"
supplied_on = 2026-11-02
start = ["https://labwareshop.example/"]
"""

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it into an empty environment, where only the dependencies are shared."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT])
    (wheel,) = folder.glob("*.whl")
    environment = folder / "env"
    run([sys.executable, "-m", "venv", "--without-pip", environment])
    paths = {"base": str(environment), "platbase": str(environment)}
    site_packages = Path(sysconfig.get_path("purelib", vars=paths))
    # A .pth file adds the folder of the dependencies, and does not follow the .pth files in it: the editable
    # installation of the checkout stays out.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check"]
    run([*pip, "install", "--no-deps", "--no-index", "--ignore-installed", wheel])
    return environment / "bin" / "precursor-watch"


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a tiny sentence-transformers model: the wheel is the point here, not the quality of a vector."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[UNK]", *"abcdefghijklmnopqrstuvwxyz0123456789"]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", behavior="isolated")
    folder = tmp_path_factory.mktemp("embedder") / "tiny"
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu").save(
        str(folder)
    )
    return folder


def test_wheel_crawls_trains_scores_and_queues(program: Path, embedder: Path, tmp_path: Path) -> None:
    """A given archive, the starter model and the queue, far from the checkout."""
    shutil.copyfile(ARCHIVE, tmp_path / "given.wacz")
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")

    def call(*arguments: str) -> str:
        return run([program, *arguments, "--db", "watch.db"], cwd=tmp_path)

    assert "46 new" in call("crawl", "--sources", "sources.toml")
    # One text in forty of the starter set that the wheel ships: the whole set takes a minute to train on.
    ask = "from classifier.training.examples import starter_set; print(starter_set())"
    starter = run([program.with_name("python"), "-c", ask], cwd=tmp_path)
    assert str(ROOT) not in starter
    lines = Path(starter.strip()).read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "starter.jsonl").write_text("".join(lines[::40]), encoding="utf-8")
    call("retrain", "--starter", "starter.jsonl", "--embedder", str(embedder), "--no-rescore")
    call("score")
    assert json.loads(call("queue", "--json"))["waiting"] > 0


def run(command: list[object], *, cwd: Path | None = None) -> str:
    """Run a command to its end, without the checkout on its path, and return its standard output."""
    names = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environ = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
