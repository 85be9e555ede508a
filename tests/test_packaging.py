"""What holds for the repository as a whole: its names, the direction of its imports, its words."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
PACKAGES = ("text", "store", "crawler", "classifier", "suppliers", "review", "scheduler", "bulk", "cli")
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("golang", "org"),
    )
)
"""Hosts of package registries, in pieces, so that this file does not name one."""


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_the_one_of_this_checkout(name: str) -> None:
    """Our package names are common words, and no other package hides ours."""
    spec = find_spec(name)
    assert spec
    assert spec.origin == str(ROOT / name / "__init__.py")


@pytest.mark.parametrize("name", PACKAGES)
def test_no_installed_distribution_claims_our_name(name: str) -> None:
    """A dependency that ships a package of the same name would shadow ours somewhere else."""
    assert set(_distributions().get(name, ())) <= {"precursor-watch"}


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Return who ships each installed package; it takes a tenth of a second to find out."""
    return packages_distributions()


@pytest.mark.process
def test_imports_go_one_way() -> None:
    """The contracts in pyproject.toml hold: who may import whom, and which framework is known where."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("import-linter is not installed beside this Python; the development group has it.")
    checked = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_everything_public_says_what_it_is(name: str) -> None:
    """Each module, class and function that others may use has a docstring."""
    silent = [
        f"{path.relative_to(ROOT)}: {where}"
        for path in (ROOT / name).rglob("*.py")
        if path.name != "__main__.py"
        for where, node in public_parts(ast.parse(path.read_text(encoding="utf-8")))
        if not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.process
def test_no_tracked_file_names_a_package_registry() -> None:
    """The package registry is a setting of the installer."""
    searched = subprocess.run(
        ["git", "grep", "-lIiF", *(f"-e{host}" for host in HOSTS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if searched.returncode > 1:
        pytest.skip(f"The tracked files cannot be listed here: {searched.stderr.strip()}")
    assert searched.stdout.splitlines() == []


def test_every_page_of_the_documentation_is_in_its_navigation() -> None:
    """A page that mkdocs.yml does not list cannot be found on the site."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    docs = ROOT / "docs"
    pages = [path.relative_to(docs).as_posix() for path in docs.rglob("*.md")]
    assert [page for page in pages if page not in navigation] == []


def test_every_path_that_the_documentation_names_is_there() -> None:
    """A page that names a file or folder of the repository is renamed with it."""
    named = re.compile(
        r"`((?:text|store|crawler|classifier|suppliers|review|scheduler|bulk|cli|tests|benchmarks|fixtures|docs)/[\w./-]*)`"
    )
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    missing = [
        f"{page.relative_to(ROOT)}: {path}"
        for page in pages
        if page.name != "CHANGELOG.md"
        for path in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_tests_and_benchmarks_share_fixtures_alone() -> None:
    """Tests and benchmarks import fixtures/, not each other, except for tests of benchmarks."""
    barred = re.compile(r"^\s*(?:from|import) (tests|benchmarks)\b", re.MULTILINE)
    crossing = [
        str(path.relative_to(ROOT))
        for folder in ("tests", "benchmarks", "fixtures")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not path.is_relative_to(ROOT / "tests" / "benchmarks")
        and set(barred.findall(path.read_text(encoding="utf-8"))) - {folder}
    ]
    assert crossing == []


def public_parts(
    node: ast.Module | ast.ClassDef, inside: str = ""
) -> Iterator[tuple[str, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the dotted name and node of everything public in a module; of the module, `module`."""
    yield inside or "module", node
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("_"):
                continue
            name = f"{inside}.{child.name}".lstrip(".")
            if isinstance(child, ast.ClassDef):
                yield from public_parts(child, name)
            else:
                yield name, child
