"""text/readers.py: the readers give the sentences that gensim's give."""

from __future__ import annotations

import codecs
import io
import os
import threading
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from factories import write

from fastw2v import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus, Word2Vec
from fastw2v.text.blocks import BLOCK_BYTES, decoded_blocks
from fastw2v.text.readers import is_static

LINES = (
    "to be  or\tnot\n\n \nto be\r\nthat\xa0is\u3000the\u2028question\x1cor\x85not\n\ufeffhm \0 ok\nlast one"
)
SENTENCES = [line.split() for line in LINES.split("\n") if line.split()]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return write(tmp_path / "text.txt", LINES)


# --- LineSentence ---


def test_line_sentence(path: str, gensims: Any) -> None:
    source = LineSentence(path)
    assert list(source) == SENTENCES == list(source) == list(gensims.LineSentence(path))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_compressed(tmp_path: Path, suffix: str) -> None:
    assert list(LineSentence(write(tmp_path / f"text{suffix}", LINES))) == SENTENCES


@pytest.mark.parametrize("text", ["", "\n", "  \n\n", "\n\na", "a\n", "a b"], ids=repr)
def test_line_sentence_of_little(tmp_path: Path, text: str) -> None:
    assert list(LineSentence(write(tmp_path / "text", text))) == ([text.split()] if text.strip() else [])


@pytest.mark.parametrize("handle", [io.BytesIO(LINES.encode()), io.StringIO(LINES, newline="\n")])
def test_open_files(handle: Any, gensims: Any) -> None:
    handle.read(5)
    source = LineSentence(handle, limit=5)
    assert list(source) == list(source) == list(gensims.LineSentence(handle, limit=5))


@pytest.mark.parametrize("length", [1, 2, 3, 100])
@pytest.mark.parametrize("limit", [None, 0, 1, 2, 4, 100])
def test_cutting_and_limit(path: str, length: int, limit: int | None, gensims: Any) -> None:
    expected = list(gensims.LineSentence(path, max_sentence_length=length, limit=limit))
    assert list(LineSentence(path, length, limit)) == expected


def test_long_lines_stay_whole(tmp_path: Path) -> None:
    words = ["w"] * 25_000
    assert list(LineSentence(write(tmp_path / "text", " ".join(words)))) == [words]


@pytest.mark.parametrize(("number", "line"), [(1, b"a\xff"), (3, b"x \xed\xa0\x80 y"), (3, b"cut \xe2\x80")])
def test_bad_utf8_names_the_line(tmp_path: Path, number: int, line: bytes) -> None:
    path = write(tmp_path / "text", b"good\n" * (number - 1) + line + b"\ngood\n")
    with pytest.raises(UnicodeDecodeError, match=f"line {number} of .*text: text must be UTF-8"):
        list(LineSentence(path))
    with pytest.raises(UnicodeDecodeError, match=f"line {number} of"):
        list(LineSentence(io.BytesIO(Path(path).read_bytes())))


@pytest.mark.parametrize("settings", [{"max_sentence_length": 0}, {"limit": -1}], ids=str)
def test_impossible_settings(path: str, settings: dict[str, int]) -> None:
    for reader in (LineSentence, PathLineSentences):
        with pytest.raises(ValueError, match="must be at least"):
            reader(path, **settings)
        with pytest.raises(TypeError, match="it must be a whole number"):
            reader(path, **dict.fromkeys(settings, "10"))


@pytest.mark.parametrize("reader", [LineSentence, PathLineSentences, Text8Corpus])
@pytest.mark.parametrize("content", ["the cat\na \ufeffcat\n", "a", "", "\nthe cat"], ids=repr)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_byte_order_mark_is_no_part_of_the_first_word(
    tmp_path: Path, reader: Any, content: str, suffix: str
) -> None:
    plain, marked = (
        write(tmp_path / name, mark + content.encode())
        for name, mark in (("plain" + suffix, b""), ("marked" + suffix, codecs.BOM_UTF8))
    )
    assert list(reader(marked)) == list(reader(plain))
    for model in (models := [Word2Vec(min_count=1) for _ in range(3)]):
        model.raw_vocab = {}
    models[0].scan_vocab(reader(plain))
    models[1].scan_vocab(reader(marked))
    models[2].scan_vocab(corpus_file=marked)
    assert models[0].raw_vocab == models[1].raw_vocab == models[2].raw_vocab


@pytest.mark.parametrize(
    "handle",
    [
        io.BytesIO(codecs.BOM_UTF8 + b"the cat\n"),
        io.StringIO("\ufeffthe cat\n"),
    ],
)
def test_a_byte_order_mark_of_an_open_file(handle: Any) -> None:
    source = LineSentence(handle)
    assert list(source) == list(source) == [["the", "cat"]]


def test_a_byte_order_mark_in_small_blocks(tmp_path: Path) -> None:
    path = write(tmp_path / "text", codecs.BOM_UTF8 + b"the cat sat\non the mat")
    for size in range(4, 20):
        assert "".join(decoded_blocks(path, block_bytes=size)) == "the cat sat\non the mat"
    assert "".join(decoded_blocks(path, limit=1)) == "the cat sat\n"


@pytest.mark.parametrize("reader", [LineSentence, PathLineSentences, Text8Corpus, BrownCorpus])
@pytest.mark.parametrize("given", [["the cat", "a cat"], [["the", "cat"]], None, 5, b"text"], ids=repr)
def test_what_is_no_path(reader: Any, given: Any) -> None:
    with pytest.raises(TypeError, match=f"^{reader.__name__} expects the path of a .* not .* of type"):
        reader(given)


def test_a_folder_is_for_another_reader(tmp_path: Path) -> None:
    for reader in (LineSentence(tmp_path), Text8Corpus(tmp_path), LineSentence(tmp_path.as_uri())):
        with pytest.raises(IsADirectoryError, match=r"is a folder: give PathLineSentences\(folder\)"):
            list(reader)
    with pytest.raises(TypeError, match=r"not a file that exists: for all .* PathLineSentences\(folder\)"):
        Word2Vec(corpus_file=tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LINES,), kwargs={"encoding": "utf8"}, daemon=True)
    writer.start()
    assert list(LineSentence(pipe)) == SENTENCES
    writer.join()


def test_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError):
        list(LineSentence("/no/such/file"))


# --- the other readers ---


def test_path_line_sentences(tmp_path: Path, gensims: Any) -> None:
    write(tmp_path / "b.txt.bz2", "third\nfourth one\n")
    write(tmp_path / "a.txt", "first one\nsecond")
    write(tmp_path / "c", "")
    expected = [["first", "one"], ["second"], ["third"], ["fourth", "one"]]
    source = PathLineSentences(tmp_path)
    assert list(source) == expected == list(gensims.PathLineSentences(str(tmp_path)))
    assert list(PathLineSentences(str(tmp_path), limit=1)) == expected[::2]
    assert list(PathLineSentences(tmp_path, max_sentence_length=1))[:2] == [["first"], ["one"]]
    (tmp_path / "d").mkdir()
    assert list(PathLineSentences(tmp_path)) == expected, "not of subdirectories"


def test_path_line_sentences_of_one_file(path: str) -> None:
    assert list(PathLineSentences(path)) == SENTENCES


def test_path_line_sentences_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a file nor a directory"):
        PathLineSentences(tmp_path / "missing")


@pytest.mark.parametrize("words", [0, 1, 9, 10, 11, 40_003])
def test_text8(tmp_path: Path, words: int, gensims: Any) -> None:
    text = " ".join(f"w{i % 13}" for i in range(words))
    path = write(tmp_path / "text8", text)
    assert list(Text8Corpus(path, 10)) == list(gensims.Text8Corpus(path, max_sentence_length=10))
    assert list(Text8Corpus(path)) == [text.split()[i : i + 10_000] for i in range(0, words, 10_000)]
    # gensim does not cut what follows the last space.
    lines = write(tmp_path / "lines", text.replace(" ", "\n"))
    assert list(Text8Corpus(lines, 10)) == list(Text8Corpus(path, 10))


def test_text8_in_blocks(tmp_path: Path) -> None:
    """More than a block of text before and after a word that is longer than one."""
    words = [f"wörter{i}" for i in range(100_000)]
    words.insert(90_000, "ü" * BLOCK_BYTES)
    spaces = cycle(" \n\u3000\t ")
    path = write(tmp_path / "text8", "".join(word + next(spaces) for word in words))
    assert Path(path).stat().st_size > 3 * BLOCK_BYTES
    assert list(Text8Corpus(path, 999)) == [words[i : i + 999] for i in range(0, len(words), 999)]


def test_text8_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(UnicodeDecodeError, match="line 2 of .*text8"):
        list(Text8Corpus(write(tmp_path / "text8", b"a b\nc \xff\n")))


def test_text8_needs_a_length() -> None:
    with pytest.raises(ValueError, match="max_sentence_length=0"):
        Text8Corpus("text8", 0)


def test_brown(tmp_path: Path, gensims: Any) -> None:
    write(tmp_path / "ca01", "The/at Fulton/np-tl ./. ,/, A/b/c plain x/1a 'S/nn$\n\n``/`` ./.\nÉTÉ/nn")
    (tmp_path / "sub").mkdir()
    expected = [["the/at", "fulton/np", "'s/nn"], ["été/nn"]]
    assert list(BrownCorpus(tmp_path)) == expected == list(gensims.BrownCorpus(str(tmp_path)))
    write(tmp_path / "a", "first/nn\n")
    assert list(BrownCorpus(tmp_path)) == [["first/nn"], *expected], "by name"


class OwnReader(LineSentence):
    pass


@pytest.mark.parametrize(
    ("source", "static"),
    [
        ([["a"]], True),
        ((), True),
        (LineSentence("a"), True),
        (LineSentence(Path("a")), True),
        (Text8Corpus("a"), True),
        (BrownCorpus("a"), True),
        (PathLineSentences(os.curdir), True),
        (LineSentence(io.StringIO()), False),
        (OwnReader("a"), False),
        (iter([]), False),
        ({}, False),
        ("text", False),
    ],
    ids=lambda case: type(case).__name__,
)
def test_is_static(source: Iterable[Any], static: bool) -> None:
    assert is_static(source) == static
