"""Stores that tests write to, and the rule that only a test marked for it starts other processes."""

from __future__ import annotations

import gc
import importlib
import multiprocessing.process
import sys
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from store import database as store_database
from store.database import Database, open_database, open_in_memory
from store.private import private_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTS_PROCESSES = frozenset({"process", "browser", "model"})
"""Marks under which a test may start processes. Those without run in seconds: `make test-unit`."""
STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.system"})
"""What Python reports to audit hooks before a process is started."""

LONG_BYTES = 80
LONGEST = "test_demo.py"
LONG = (
    "test_schemathesis.py",
    "test_loop.py",
    "test_injection.py",
    "test_training_set.py",
    "test_hostile.py",
)
"""Files without a mark that take longer than the others: five seconds and more."""
HEAVIEST_FIRST = (LONGEST, "model", "browser", "process", *LONG)


class ProcessStarted(BaseException):
    """A test without the mark `process` started one. No `except Exception` hides it."""


class Alone:
    """Knows whether the test that runs now may start processes, its fixtures included."""

    is_kept = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Hold to the rule while a test without any of the marks is set up, run and torn down."""
        self.is_kept = not any(item.get_closest_marker(mark) for mark in STARTS_PROCESSES)
        try:
            return (yield)
        finally:
            self.is_kept = False

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raise when a process is about to be started by a test that may not; an audit hook."""
        if self.is_kept and event in STARTS:
            raise ProcessStarted(f"{event} {arguments[:2]!r}: mark the test with pytest.mark.process")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `--fuzz N` try more bad files."""
    parser.addoption("--fuzz", default=1, help="rounds of bad files for the command line (default: 1)")


def pytest_configure(config: pytest.Config) -> None:
    """Watch for processes from now on, those of multiprocessing too, which no audit hook sees."""
    if hasattr(config, "workerinput"):
        # Scrapy looks through every loaded module when it is imported: before torch is there, 1.5 s less.
        importlib.import_module("crawler.live.connection")
        # skops imports all that is in scikit-learn to know its estimators: but for this, torch too, 1 s.
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "sklearn.externals.array_api_compat.torch", None)
            importlib.import_module("skops.io")
    hypothesis.settings.register_profile("busy machine", deadline=None)
    hypothesis.settings.load_profile("busy machine")
    alone = Alone()
    config.pluginmanager.register(alone)
    sys.addaudithook(alone.watch)
    start = multiprocessing.process.BaseProcess.start

    def watched_start(process: multiprocessing.process.BaseProcess) -> None:
        alone.watch("os.fork", (process.name,))
        start(process)

    multiprocessing.process.BaseProcess.start = watched_start  # type: ignore[method-assign, assignment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left with one of them at the end."""
    ranks: dict[Path, int] = {}
    for item in items:
        marks = {item.path.name, *(mark.name for mark in item.iter_markers())}
        rank = next((at for at, name in enumerate(HEAVIEST_FIRST) if name in marks), len(HEAVIEST_FIRST))
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    items.sort(key=lambda item: ranks[item.path])


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what was imported and collected, which stays: a twelfth of all time."""
    gc.freeze()
    gc.set_threshold(10_000, 50, 20)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name long or binary content by its length: archives hold their time, and workers must agree."""
    if isinstance(val, bytes) and (len(val) > LONG_BYTES or not val.isascii()):
        return f"{len(val)}-bytes"
    return None


@pytest.fixture(scope="session")
def blank_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a store without a row, migrated once: a copy is ready at once, a migration takes 0.1 s."""
    path = tmp_path_factory.mktemp("blank") / "precursor-watch.db"
    open_database(path).conn.close()
    return path.read_bytes()


@pytest.fixture(scope="session", autouse=True)
def copied_stores(blank_store: bytes) -> Iterator[None]:
    """Let `open_database` create a store as a copy of the blank one; `migrated_stores` undoes this."""

    def create(path: Path) -> None:
        private_file(path)
        path.write_bytes(blank_store)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_database, "private_file", create)
        yield


@pytest.fixture
def migrated_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `open_database` create a store by its migrations, as it does for a user."""
    monkeypatch.setattr(store_database, "private_file", private_file)


@pytest.fixture
def db() -> Iterator[Database]:
    """An empty store in memory."""
    database = open_in_memory()
    yield database
    database.conn.close()


@pytest.fixture
def store_path(tmp_path: Path, blank_store: bytes) -> Path:
    """An empty store in a file, closed, for work by other processes."""
    path = tmp_path / "precursor-watch.db"
    path.write_bytes(blank_store)
    return path
