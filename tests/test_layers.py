"""The house of ARCHITECTURE.md: imports go down, a folder is one layer, and no room is too large."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "fastw2v"

# From the ground up. A name is a module, or a folder with all that is in it.
LAYERS = (
    {"_version", "legacy", "checks", "progress", "threads", "columns", "warn", "paths", "magic", "memory"}
    | {"_uncompiled"},
    {"utils", "lifecycle", "first_vectors", "tile", "sharing"},
    {"text", "query", "accessors", "merging"},
    {"vocabulary"},
    {"formats"},
    {"documents", "evaluation", "training", "distributed"},
    {"older"},
    {"keyedvectors"},
    {"matrices"},
    {"word2vec"},
    {"desm", "callbacks", "phrases"},
    {"models", "cli", "accel", "shift", "sklearn"},
    {"__init__", "__main__"},
)
LAYER = {name: height for height, names in enumerate(LAYERS) for name in names}

# Fetched by a function: when someone asks for it by name; for one of gensim's helpers that writes a file.
PLUG_INS = {("tile.dispatch", "tile._blas"), ("utils", "formats.atomic")}

# How large a room may become before it is worth two: see `code_lines`.
LINES_OF_A_MODULE = 850
LINES_OF_A_CLASS = 800
FLAT_FILES = 22

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py*")
    if path.suffix in {".py", ".pyx"}
)


def source_of(module: str) -> Path:
    base = PACKAGE.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base.with_suffix(".pyx"), base / "__init__.py")
    return next(path for path in candidates if path.is_file())


def imports(module: str) -> Iterator[str]:
    """Modules of fastw2v that `module` imports, anywhere in it, but for type checkers only."""
    path = source_of(module)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".pyx":  # no Python to parse: the import lines are
        text = re.sub(r'"{3}.*?"{3}', "", text, flags=re.DOTALL)
        lines = re.findall(r"^\s*((?:from\s+[\w.]+\s+c?import|c?import)\s.*)$", text, re.MULTILINE)
        text = "\n".join(line.strip().replace("cimport ", "import ").rstrip("( ,\\") for line in lines)
        text = re.sub(r"import$", "import _", text, flags=re.MULTILINE)
    package = ["fastw2v", *module.split(".")[: -1 if path.name != "__init__.py" else None]]
    if module == "__init__":
        package = ["fastw2v"]
    tree = ast.parse(text)
    for_checkers = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in for_checkers:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "fastw2v":
                yield module_of(parts[1:])


def module_of(parts: list[str]) -> str:
    """The module that a dotted name leads to: `formats.native.read` is in `formats.native`."""
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in MODULES:
            return ".".join(parts[:length])
    return "__init__"


def room_of(module: str) -> str:
    return module.partition(".")[0]


def test_the_architecture_says_the_same() -> None:
    page = PACKAGE.parent / "ARCHITECTURE.md"
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(height): set(re.findall(r"`(\w+)`", names)) for height, names in rows} == dict(
        enumerate(LAYERS)
    )


def test_every_room_has_its_layer() -> None:
    assert {room_of(module) for module in MODULES} == LAYER.keys()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    """To another room only if it lies lower."""
    room = room_of(module)
    wrong = sorted(
        name
        for name in set(imports(module))
        if (module, name) not in PLUG_INS and room_of(name) != room and LAYER[room_of(name)] >= LAYER[room]
    )
    assert not wrong, f"{module} (layer {LAYER[room]}) imports " + ", ".join(
        f"{name} (layer {LAYER[room_of(name)]})" for name in wrong
    )


def test_no_circles() -> None:
    graph = {
        module: {name for name in imports(module) if (module, name) not in PLUG_INS} for module in MODULES
    }
    list(TopologicalSorter(graph).static_order())  # raises CycleError


def is_docstring(node: ast.AST) -> bool:
    """Whether it is a string by itself, as attributes have them too."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def is_list_of_names(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def code_lines(source: str) -> dict[str, int]:
    """Lines of code of a module, under "", and of each class in it, by name.

    Docstrings, comments and blank lines are not counted, nor what a module only imports and passes on.
    """
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in skipped and token.string
        for line in range(token.start[0], token.end[0] + 1)
    }
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring(node) or is_list_of_names(node):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {"": len(lines)} | {
        node.name: len(lines.intersection(range(node.lineno, node.end_lineno + 1))) for node in classes
    }


PYTHON_MODULES = [module for module in MODULES if source_of(module).suffix == ".py"]


@pytest.mark.parametrize("module", PYTHON_MODULES)
def test_no_room_is_too_large(module: str) -> None:
    sizes = code_lines(source_of(module).read_text(encoding="utf-8"))
    assert sizes.pop("") <= LINES_OF_A_MODULE
    assert all(size <= LINES_OF_A_CLASS for size in sizes.values()), sizes


def test_few_files_are_in_no_folder() -> None:
    flat = sorted(path.name for path in PACKAGE.iterdir() if path.suffix in {".py", ".pyx"})
    assert len(flat) <= FLAT_FILES, flat


def test_lines_of_code_are_counted() -> None:
    source = '''"""What it is for.

More on it.
"""

import io
from itertools import (
    chain,
)

__all__ = [
    "A",
]

# a comment


class A(  # 1
    io.BytesIO  # 2
):  # 3
    """Of a class."""

    x = 1  # 4
    """Of an attribute,
    too."""

    def f(self) -> str:  # 5
        """Of a function."""
        # why
        return """text  # 6
        that is no docstring"""


def f(): ...  # 8
'''
    assert code_lines(source) == {"": 8, "A": 7}


def test_the_reader_of_imports_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above is worth as much as this."""
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats/native.py").write_text(
        "import numpy\nfrom .errors import FormatError\nfrom .. import utils\nimport fastw2v.corpus as c\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from fastw2v.word2vec import Word2Vec\n"
        "def f():\n    from fastw2v import __version__, huffman\n"
    )
    (tmp_path / "_kernels.pyx").write_text(
        '"""As in:\n\n    from fastw2v import word2vec\n"""\n'
        "cimport fastw2v._blas\nfrom libc.math cimport log\nfrom fastw2v._huffman cimport (\n    x, y)\n"
        "cdef class A:\n    cdef int x\ndef f():\n    from fastw2v import sampling, utils\n"
    )
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    known = ["utils", "corpus", "huffman", "sampling", "_blas", "_huffman", "formats.errors"]
    monkeypatch.setitem(globals(), "MODULES", known)
    assert set(imports("formats.native")) == {"formats.errors", "utils", "corpus", "huffman", "__init__"}
    assert set(imports("_kernels")) == {"_blas", "_huffman", "sampling", "utils"}
