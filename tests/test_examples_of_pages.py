"""docs/: the Python of these pages runs, each page from its top to its end in one namespace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
NEEDS = {"scikit-learn": "sklearn", "documents": None}  # pages whose blocks are one program, and the package


@pytest.mark.parametrize("page", NEEDS)
def test_the_program_of_a_page_runs(page: str) -> None:
    if (package := NEEDS[page]) is not None:
        pytest.importorskip(package)
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), names)
    assert blocks
    if page == "scikit-learn":
        assert names["search"].score(names["texts_test"], names["labels_test"]) > 0.9
    else:
        assert names["made"].shape == (50, 20) and names["matrix"].shape == (3, 20)
