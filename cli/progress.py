"""Progress bars on standard error; nothing when nobody watches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import TaskID


@contextmanager
def progress_bar(what: str, *, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar while inside; call what is yielded with (done so far, total if it is known by now)."""
    with _bars() as bars:
        task = bars.add_task(what, total=total)

        def show(done: int, of: int | None = None) -> None:
            bars.update(task, completed=done, total=of if of is not None else total)

        yield show


@contextmanager
def step_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each step while inside; call what is yielded with (step, done so far, total)."""
    with _bars() as bars:
        tasks: dict[str, TaskID] = {}

        def show(step: str, done: int, of: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step)
            bars.update(tasks[step], completed=done, total=of)

        yield show


def _bars() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def summing(show: Callable[[int, int | None], None]) -> Callable[[int], None]:
    """Turn a bar's *done so far* into *done since the last call*."""
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        show(done, None)

    return step
