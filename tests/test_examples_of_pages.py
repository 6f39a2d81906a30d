"""docs/: the Python of these pages runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
NEEDS = {"scikit-learn": "sklearn", "documents": None}  # pages whose blocks are one program, and the package


def blocks_of(page: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", NEEDS)
def test_the_program_of_a_page_runs(page: str) -> None:
    if (package := NEEDS[page]) is not None:
        pytest.importorskip(package)
    blocks = blocks_of(page)
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), names)
    assert blocks
    if page == "scikit-learn":
        assert names["search"].score(names["texts_test"], names["labels_test"]) > 0.9
    else:
        assert names["made"].shape == (50, 20) and names["matrix"].shape == (3, 20)


def test_a_word_that_changes_its_sense_is_found() -> None:
    (program,) = (block for block in blocks_of("compass") if "assert" in block)
    exec(compile(program, "compass.md", "exec"), {"__name__": "page"})
