"""text/source.py: what a caller gives to read is looked at once."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import Restartable, ReturnsItself, write, written

from fastw2v import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.text.source import Source

SENTENCES = [["to", "be", "or", "not", "to", "be"], ["that", "is"], ["to", "die"]]
SCAN: dict[str, Any] = {
    "max_vocab_size": None,
    "trim_rule": None,
    "progress_per": 10_000,
    "encode": True,
    "threads": 2,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path, "text", SENTENCES)


# --- what it is ---


def test_something_in_memory() -> None:
    for sentences in (SENTENCES, tuple(SENTENCES), []):
        source = Source.of(sentences, None, passes=6)
        assert source.sentences is sentences
        assert (source.files, source.states, source.fixed) == (None, (), True)


@pytest.mark.parametrize("sentences", [Restartable(lambda: SENTENCES), ReturnsItself(SENTENCES), {("ab",)}])
def test_a_stream(sentences: Any) -> None:
    source = Source.of(sentences, None, passes=6)
    assert source.sentences is sentences
    assert (source.files, source.states, source.fixed) == (None, (), False)


def test_nothing_is_read_to_find_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Restartable(lambda: SENTENCES)
    Source.of(corpus, None, passes=6)
    assert corpus.passes == 0
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("the file was opened"))
    for arguments in ((None, path), (LineSentence(path), None), (Text8Corpus(path), None)):
        assert Source.of(*arguments, passes=6).fixed
    with pytest.raises(pytest.fail.Exception, match="opened"):
        list(LineSentence(path))


@pytest.mark.parametrize("as_given", [str, Path])
def test_a_file_is_its_lines(path: Path, as_given: Any) -> None:
    source = Source.of(None, as_given(path), passes=6)
    assert list(source.sentences) == SENTENCES and source.fixed
    assert source.files is not None and source.files.paths == (str(path),)
    found = os.stat(path)
    assert source.states == ((found.st_ino, found.st_size, found.st_mtime_ns),)


def test_our_readers_are_their_files(path: Path) -> None:
    written(path.parent, "more", SENTENCES)
    for reader, files, by_line in (
        (LineSentence(path, max_sentence_length=2, limit=3), 1, True),
        (PathLineSentences(path.parent, max_sentence_length=2, limit=3), 2, True),
        (Text8Corpus(path, 2), 1, False),
    ):
        source = Source.of(reader, None, passes=6)
        assert source.sentences is reader and source.fixed
        assert source.files is not None
        assert len(source.files.paths) == len(source.states) == files
        assert (source.files.max_sentence_length, source.files.by_line) == (2, by_line)
        assert source.files.limit == (3 if by_line else None)


def test_readers_that_are_not_read_as_bytes(path: Path) -> None:
    class Mine(LineSentence):
        pass

    for reader, fixed in (
        (Mine(path), False),
        (LineSentence(io.StringIO("a b")), False),
        (BrownCorpus(path.parent), True),
    ):
        source = Source.of(reader, None, passes=6)
        assert (source.files, source.fixed) == (None, fixed)


# --- what it is not ---


@pytest.mark.parametrize(
    ("sentences", "corpus_file"),
    [
        (None, None),
        (SENTENCES, __file__),
        (None, 100),
        (None, "/no/such/file"),
        (None, os.path.dirname(__file__)),
        ("text.txt", None),
        (b"text", None),
        (5, None),
    ],
)
def test_what_is_no_corpus(sentences: Any, corpus_file: Any) -> None:
    with pytest.raises(TypeError):
        Source.of(sentences, corpus_file, passes=1)


def test_what_can_be_read_only_once() -> None:
    def generator() -> Iterator[list[str]]:
        yield from SENTENCES

    for sentences in (iter(SENTENCES), map(list, SENTENCES), generator(), io.StringIO("a b\n")):
        assert Source.of(sentences, None, passes=1).sentences is sentences
        with pytest.raises(TypeError, match=type(sentences).__name__):
            Source.of(sentences, None, passes=2)


def test_a_missing_file_is_missed_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Source.of(LineSentence(tmp_path / "nothing"), None, passes=1)


# --- whether it is the same ---


def test_the_same_object_is_the_same_text() -> None:
    stream = Restartable(lambda: SENTENCES)
    for sentences in (SENTENCES, stream):
        source = Source.of(sentences, None, passes=2)
        assert source.is_same_text(Source.of(sentences, None, passes=5))
        assert not source.is_same_text(Source.of(list(SENTENCES), None, passes=2))
    assert not Source.of(SENTENCES, None, passes=2).is_same_text(Source.of(stream, None, passes=2))


def test_the_same_unchanged_files_are_the_same_text(path: Path) -> None:
    first = Source.of(None, path, passes=2)
    for reader in (LineSentence(str(path)), PathLineSentences(path)):
        again = Source.of(reader, None, passes=2)
        assert first.is_same_text(again) and again.is_same_text(first)
    for reader in (LineSentence(str(path), limit=2), LineSentence(str(path), 5), Text8Corpus(str(path))):
        assert not first.is_same_text(Source.of(reader, None, passes=2))
    assert not first.is_same_text(Source.of(SENTENCES, None, passes=2))


@pytest.mark.parametrize("change", ["size", "time", "file"])
def test_a_file_that_changed_is_another_text(path: Path, change: str) -> None:
    before = Source.of(None, path, passes=2)
    state = os.stat(path)
    if change == "size":
        write(path, path.read_bytes() + b"more\n")
    elif change == "file":
        os.replace(written(path.parent, "another", SENTENCES), path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + (change == "time")))
    after = Source.of(None, path, passes=2)
    assert not before.is_same_text(after) and not after.is_same_text(before)
    assert after.is_same_text(Source.of(None, path, passes=2))


# --- reading it ---


@pytest.mark.parametrize("kind", ["list", "stream", "file", "reader"])
def test_every_source_is_counted_and_encoded_alike(kind: str, path: Path) -> None:
    arguments: dict[str, Any] = {
        "list": (SENTENCES, None),
        "stream": (Restartable(lambda: SENTENCES), None),
        "file": (None, path),
        "reader": (LineSentence(path), None),
    }
    source = Source.of(*arguments[kind], passes=2)
    found = source.scan(**SCAN)
    assert found.raw_vocab == {"to": 3, "be": 2, "or": 1, "not": 1, "that": 1, "is": 1, "die": 1}
    assert (found.total_words, found.sentences) == (10, 3) and found.encoded is not None
    encoded = source.encode({"be": 0, "is": 1, "to": 2}, threads=2)
    assert encoded.ids.tolist() == [2, 0, 2, 0, 1, 2]
    assert encoded.ends.tolist() == [4, 5, 6] and encoded.lengths.tolist() == [6, 2, 2]


def test_what_a_scan_is_asked_for_reaches_it(path: Path) -> None:
    source = Source.of(None, path, passes=2)
    assert source.scan(**SCAN | {"encode": False}).encoded is None
    asked: list[str] = []
    pruned = source.scan(
        **SCAN | {"max_vocab_size": 2, "trim_rule": lambda word, *_: asked.append(word) or 2, "threads": 1}
    )
    assert asked and pruned.encoded is None
