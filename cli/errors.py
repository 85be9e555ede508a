"""The run's edge: expected errors become one sentence on standard error."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.errors import Interrupted, StoreError
from store.messages import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator


class CommandFailed(StoreError):
    """A command cannot do what it was asked; its message says why and what to do."""


@contextmanager
def exit_with_sentence() -> Iterator[None]:
    """Print an expected error as a sentence and exit with 1, or with 130 for work that was asked to stop.

    What the system refuses, such as a path or a full disk, is expected too. Any other error shows itself.

    A closed pipe (`precursor-watch queue | head`) ends the command quietly.
    """
    try:
        yield
    except StoreError as error:
        print(f"precursor-watch: {harmless(str(error))}", file=sys.stderr)  # noqa: T201
        sys.exit(error.EXIT_CODE if isinstance(error, Interrupted) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        print(f"precursor-watch: {harmless(_refusal(error))}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _refusal(error: OSError) -> str:
    """Say what the system refused, and of which path, as far as it said so."""
    paths = [str(path) for path in (error.filename, error.filename2) if path is not None]
    said = error.strerror or str(error) or type(error).__name__
    if not paths:
        return f"The system refused: {said}."
    return (
        f"{' or '.join(paths)} cannot be used: {said}; see that the path is right, that this user may read "
        "or write there, and that the disk has room."
    )
