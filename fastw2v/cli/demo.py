"""The command `demo`, and its text: the documentation of the standard library, which every Python has.

Docstrings are read from the source files with `ast`. Only the texts of `help()` are imported. There are about
330,000 words, and about 2,500 different ones are frequent enough to learn.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import platform
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastw2v import paths
from fastw2v.cli.contents import load_words
from fastw2v.cli.options import UsageError, add_command, add_training_options, check_writable
from fastw2v.cli.words import check_settings, describe_speed, train_model
from fastw2v.threads import usable_cpus
from fastw2v.word2vec import Word2Vec

DEMO_OUTPUT = "fastw2v-demo.fw2v"

# Both objectives, so that one model has all three matrices: IN, OUT and the nodes of the Huffman tree.
SETTINGS = {"sg": 1, "hs": 1, "negative": 5, "vector_size": 100, "window": 5, "min_count": 10, "epochs": 10}

# Words whose neighbours in IN-OUT (same topic) clearly differ from those in IN-IN (same kind).
WORDS = ("file", "http", "month", "exception")

COMMENT = "fastw2v demo: documentation of the standard library"

_WORD = re.compile(r"[a-z][a-z0-9_]*(?:'[a-z]+)?|__[a-z0-9_]+__")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


# --- the command ---


def add_demo(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `demo`."""
    summary = "train on the documentation inside Python and show neighbours"
    shown = add_command(commands, common, "demo", run_demo, summary)
    shown.add_argument(
        "--output",
        type=paths.expand,
        metavar="MODEL",
        help=f"file to write the model to; a file there is replaced (default: {DEMO_OUTPUT},"
        " which is replaced only if the demo wrote it)",
        default=argparse.SUPPRESS,
    )
    shown.set_defaults(warnings=False)  # the warning that both objectives are on: they are meant to be
    workers = min(4, usable_cpus())
    add_training_options(shown, {**SETTINGS, "comment": COMMENT, "workers": workers})


def run_demo(options: argparse.Namespace) -> None:
    """Train on the documentation inside this Python; print neighbours in all spaces and a Huffman path."""
    output = getattr(options, "output", None)
    if output is None:
        output = DEMO_OUTPUT
        if os.path.exists(output) and not _is_demo_model(output):
            raise UsageError(f"{output} was not written by the demo: give another file with --output")
    check_writable(output)
    settings = check_settings(options.settings)

    print(f"Reading the documentation of Python {platform.python_version()} ...", flush=True)
    sentences = standard_library_text()
    print(
        f"{sum(map(len, sentences)):,} words in {len(sentences):,} paragraphs; training"
        f" {settings.epochs} epochs with {settings.workers} threads ...",
        flush=True,
    )
    model = train_model(sentences, options)
    print(f"{len(model.wv):,} words seen at least {model.min_count} times; {describe_speed(model.history)}\n")

    words = [word for word in WORDS if word in model.wv]
    if words:
        spaces = ["in-in", "out-out", "in-out"] if model.negative else ["in-in"]
        print(model.compare_spaces(words, spaces=spaces), end="\n\n")
    if model.hs and words:
        _print_path(model, words[0])
    model.save(output)
    print(f"Saved to {output}. Try: fastw2v neighbors {output} {' '.join(words[:2])}")


def _print_path(model: Word2Vec, word: str) -> None:
    """Print the Huffman code of `word` and the nodes on its path from the root."""
    path = model.huffman_path(word)
    print(f"Huffman path of {word}, from the root: {len(path.code)} rows of syn1, and the turn at each")
    width = max(len(str(node)) for node in path.point) if len(path.point) else 0
    print("  node  " + " ".join(f"{node:>{width}}" for node in path.point))
    print("  code  " + " ".join(f"{bit:>{width}}" for bit in path.code) + "\n")


def _is_demo_model(path: str) -> bool:
    try:
        return getattr(load_words(path), "comment", None) == COMMENT
    except (OSError, ValueError):
        return False


# --- the text ---


def standard_library_text() -> list[list[str]]:
    """Return the paragraphs of the standard library's docstrings and of `help()`, in lower-case words.

    A text that occurs in several places is taken once. RuntimeError if this Python has no sources.
    """
    texts = dict.fromkeys(text for path in _source_files() for text in _docstrings(path))
    texts.update(dict.fromkeys(_help_topics()))
    paragraphs = (_WORD.findall(part) for text in texts for part in _PARAGRAPH_END.split(text.lower()))
    sentences = [words for words in paragraphs if len(words) > 1]
    if not sentences:
        raise RuntimeError(
            f"this Python has no documentation to train on: no .py files below {sysconfig.get_path('stdlib')}"
            " and no pydoc_data.topics: give a text of your own to `fastw2v train`"
        )
    return sentences


def _source_files() -> Iterator[Path]:
    """Yield the .py files of the standard library in a fixed order, without its tests."""
    root = Path(sysconfig.get_path("stdlib"))
    for name in sorted(sys.stdlib_module_names):
        if (root / name).is_dir():
            for path in sorted((root / name).rglob("*.py")):
                if not {"test", "tests", "idle_test"}.intersection(path.relative_to(root).parts):
                    yield path
        elif (root / f"{name}.py").is_file():
            yield root / f"{name}.py"


def _docstrings(path: Path) -> Iterator[str]:
    """Yield the docstrings of a module and of the classes, functions and methods in it."""
    source = path.read_bytes()
    if b'"""' not in source and b"'''" not in source:
        return  # nearly all the time goes into parsing, a third of it into tables of character codes
    with warnings.catch_warnings(action="ignore"):  # backslashes in strings
        try:
            pending: list[ast.stmt | ast.Module] = [ast.parse(source)]
        except (SyntaxError, ValueError):  # a few files are templates, or wrong on purpose
            return
    while pending:
        node = pending.pop()
        if isinstance(node, _DOCUMENTED):
            text = ast.get_docstring(node)
            if text:
                yield text
            pending.extend(reversed(node.body))
        elif isinstance(node, (ast.If, ast.Try)):
            pending.extend(reversed(node.body + node.orelse))


def _help_topics() -> list[str]:
    """Return what `help()` says on keywords and other topics; nothing if this Python lacks it."""
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        return []
    return list(topics.values())
