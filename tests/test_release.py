"""What is said in several places, of versions and of Pythons, is the same in all: metadata, CI, recipe."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fastw2v import __version__

ROOT = Path(__file__).resolve().parent.parent


def page(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads(page("pyproject.toml"))["project"]


@pytest.fixture(scope="module")
def floors(project: dict[str, Any]) -> dict[str, str]:
    """The oldest versions that the package allows, by name of what it needs."""
    return dict(requirement.split(">=") for requirement in project["dependencies"])


def test_ci_tests_the_oldest_that_is_allowed(floors: dict[str, str]) -> None:
    pinned = dict(re.findall(r"^(\w+)==([\d.]+)$", page(".ci/oldest.txt"), re.MULTILINE))
    assert {name: pinned.get(name) for name in floors} == {
        name: f"{version}.0" for name, version in floors.items()
    }


@pytest.mark.parametrize("name", ["numpy", "scipy"])
def test_the_recipe_needs_what_the_package_needs(name: str, floors: dict[str, str]) -> None:
    assert set(re.findall(rf"^ +- {name} >=(\S+)$", page("recipe/recipe.yaml"), re.MULTILINE)) == {
        floors[name]
    }


def test_the_recipe_is_of_this_version(project: dict[str, Any]) -> None:
    recipe = page("recipe/recipe.yaml")
    assert f'  version: "{__version__}"\n' in recipe
    assert f'  python_min: "{project["requires-python"].removeprefix(">=")}"\n' in recipe


def test_ci_tests_every_python_that_is_promised(project: dict[str, Any]) -> None:
    promised = {
        line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r"Python :: 3\.\d+$", line)
    }
    assert promised <= set(re.findall(r'"(3\.\d+)"', page(".github/workflows/test.yml")))
    built = tomllib.loads(page("pyproject.toml"))["tool"]["cibuildwheel"]["build"]
    assert {f"cp{version.replace('.', '')}-*" for version in promised} <= set(built)


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    uses = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    assert not [name for name in uses if not re.fullmatch(r"\$/\S+|[\w./-]+@[0-9a-f]{40}", name)]


def test_extras_turn_something_on(project: dict[str, Any]) -> None:
    """Each package of an extra for users is imported somewhere, and each extra that an error names exists."""
    sources = "\n".join(page(path.relative_to(ROOT)) for path in (ROOT / "fastw2v").rglob("*.py"))
    extras = project["optional-dependencies"]
    assert set(re.findall(r"fastw2v\[(\w+)\]", sources)) <= set(extras)
    for name in set(extras) - {"test", "dev"}:
        for requirement in extras[name]:
            package = re.split(r"[^\w.-]", requirement)[0]
            module = {"POT": "ot", "scikit-learn": "sklearn"}.get(package, package)
            assert re.search(rf'\b(import|from) {module}\b|"{module}"', sources), (
                f"{name}: who imports {module}?"
            )
