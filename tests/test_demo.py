"""cli/demo.py: the text that is in every Python."""

from __future__ import annotations

import sys
import zlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from children import run_python

from fastw2v.cli import demo


@pytest.fixture(scope="module")
def text() -> list[list[str]]:
    return demo.standard_library_text()


def test_there_is_enough_of_it(text: list[list[str]]) -> None:
    assert 200_000 < sum(map(len, text)) < 1_000_000
    assert min(map(len, text)) > 1


def test_words_are_plain(text: list[list[str]]) -> None:
    counts = Counter(word for words in text for word in words)
    assert all(word == word.lower() and " " not in word for word in counts)
    assert {"file", "__init__", "doesn't"} <= counts.keys()
    assert all(counts[word] >= demo.SETTINGS["min_count"] for word in demo.WORDS)


def test_another_process_reads_the_same_and_runs_nothing_of_it(text: list[list[str]]) -> None:
    """Importing what is read would print a poem, open a browser, need a display."""
    code = (
        "import sys, zlib; from fastw2v.cli import demo;"
        "print(zlib.crc32(repr(demo.standard_library_text()).encode()), *sys.modules)"
    )
    checksum, *loaded = run_python(code, PYTHONHASHSEED="7").stdout.split()
    assert int(checksum) == zlib.crc32(repr(text).encode())
    assert "fastw2v.cli.demo" in loaded
    assert {"this", "antigravity", "turtle", "tkinter", "idlelib"}.isdisjoint(loaded)


def write_library(root: Path, files: dict[str, str]) -> None:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(demo.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(demo.sys, "stdlib_module_names", frozenset({"alpha", "beta", "_compiled"}))
    say_in_help(monkeypatch, "Shared text here", "Only in help")
    return tmp_path


def say_in_help(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    topics = SimpleNamespace(topics={str(number): text for number, text in enumerate(texts)})
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", topics)  # type: ignore[arg-type]


def test_what_is_read(library: Path) -> None:
    alpha = '''
        """Of the Module.

        Its second paragraph, don't split_it."""
        import sys
        class A:
            """Of the class."""
            x = """not a docstring at all"""
            def method(self):
                """Of the method."""
        async def f():
            """Shared text here"""
            def inner():
                """Of the inner function."""
        if sys:
            def g():
                """Of a conditional function."""
    '''.replace("\n        ", "\n")
    write_library(
        library,
        {
            "alpha.py": alpha.lstrip(),
            "beta/__init__.py": "'''Of a package.'''",
            "beta/part.py": '"""One\\d."""',
            "beta/tests/test_x.py": '"""Of a test."""',
            "beta/broken.py": '"""Of a template.""" {{ this is not python }}',
            "gamma.py": '"""Of no standard module."""',
        },
    )
    assert [" ".join(words) for words in demo.standard_library_text()] == [
        "of the module",
        "its second paragraph don't split_it",
        "of the class",
        "of the method",
        "shared text here",
        "of the inner function",
        "of a conditional function",
        "of a package",
        "one d",
        "only in help",
    ]


def test_a_python_without_sources_is_told(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say_in_help(monkeypatch)
    with pytest.raises(RuntimeError, match="no documentation to train on"):
        demo.standard_library_text()


def test_help_texts_may_be_missing(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_library(library, {"alpha.py": '"""Of the module."""'})
    assert len(demo.standard_library_text()) == 3
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    assert demo.standard_library_text() == [["of", "the", "module"]]
