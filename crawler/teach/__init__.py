"""Declared readers: a marketplace taught by pointing at a few of its pages, kept as one TOML file a source.

The general rules read a page first; the declared reader replaces the fields that it was taught. No code runs
from its file. The package imports `crawler.extract`, `crawler.archives`, `crawler.workers`, `store` and
`text`. Whoever teaches calls `ask`, so that hostile pages are read in a confined process only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crawler.errors import CrawlError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 60
"""Most time on the clock for an answer."""


class CannotTeach(CrawlError):
    """A source cannot be taught; the message says why."""


def ask(question: Mapping[str, object]) -> dict[str, Any]:
    """Answer a question about teaching a source in a confined process; write a reader to save.

    Args:
        question: The fields of `crawler.teach.desk.Question`.

    Returns:
        The answer, plain data (`crawler.teach.desk`).

    Raises:
        CannotTeach: If the source cannot be taught so, or there is no answer in a minute.
        ReaderWrong: If what was learned is no valid reader.
    """
    command = [sys.executable, "-P", "-c", "from crawler.teach.desk import main; main()"]
    try:
        done = subprocess.run(  # noqa: S603 (our own)
            command, input=json.dumps(question).encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CannotTeach(f"Its pages were not read within {SECONDS} s.") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").split("\n")
        why = next((line for line in reversed(lines) if line.strip()), f"exit code {done.returncode}")
        raise CannotTeach(
            f"The process that reads its pages ended before it answered ({why[-200:]}); choose other pages, "
            "and please report these."
        )
    said: dict[str, Any] = json.loads(done.stdout)
    if "error" in said:
        raise CannotTeach(said["error"])
    if question["action"] == "keep":
        from crawler.sources.sources import reader_file
        from crawler.teach.reader import DeclaredReader, save_reader

        path = reader_file(Path(str(question["sources"])), str(question["source_id"]))
        save_reader(path, msgspec.convert(said["reader"], DeclaredReader))
    return said
