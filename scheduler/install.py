"""systemd units for the service and the review app, filled in for this machine."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

TEMPLATES = Path(__file__).with_name("units")
UNITS = ("precursor-watch.service", "precursor-watch-web.service")


class UnitsWrong(StoreError):
    """systemd refuses the units."""

    def __init__(self, found: str) -> None:
        super().__init__(f"systemd-analyze refuses the units: {found.strip()}")


class PathUnfit(StoreError):
    """A path cannot be written into a unit."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} contains a space, % or a quote, which a systemd unit cannot hold; give another path."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The paths and the user for the units; all paths are absolute."""

    program: Path
    """The console script."""
    user: str
    """The system user of both services, who owns only the data."""
    database: Path
    sources: Path
    settings: Path
    """The settings file; it must exist, but may be empty."""


def units_for(place: Place) -> dict[str, str]:
    """Return the text of each unit by its file name.

    Raises:
        PathUnfit: If a path cannot be written into a unit.
    """
    data = place.database.parent
    for path in (place.program, place.database, place.sources, place.settings):
        if set(" %\"'\n\\") & set(str(path)):
            raise PathUnfit(path)
    hardening = (TEMPLATES / "hardening.conf").read_text(encoding="utf-8").format(data=data)
    values = {
        "program": place.program,
        "user": place.user,
        "folder": data,
        "database": place.database,
        "sources": place.sources,
        "settings": place.settings,
        "hardening": hardening,
    }
    return {name: (TEMPLATES / name).read_text(encoding="utf-8").format(**values) for name in UNITS}


def write_units(place: Place, folder: Path) -> list[Path]:
    """Write both units into a folder, e.g. /etc/systemd/system, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in units_for(place).items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


def check_units(paths: Iterable[Path]) -> bool:
    """Verify the units with systemd-analyze; return False if it is not installed.

    Raises:
        UnitsWrong: If systemd-analyze reports a fault.
    """
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return False
    done = subprocess.run(  # noqa: S603 (systemd's own program, paths of ours)
        [analyze, "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, check=False
    )
    if done.returncode or done.stderr.strip():
        raise UnitsWrong(done.stderr or f"exit code {done.returncode}")
    return True
