"""text/blocks.py: bytes of files in blocks that end between words."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import write
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import LineSentence, Text8Corpus, Word2Vec
from fastw2v.text import blocks
from fastw2v.text.blocks import cut_lengths, text_blocks


@given(st.lists(st.integers(0, 9)), st.none() | st.integers(1, 5))
def test_cut_lengths(lengths: list[int], length: int | None) -> None:
    lines = io.StringIO("".join("w " * n + "\n" for n in lengths))
    expected = [len(sentence) for sentence in LineSentence(lines, length)]
    assert cut_lengths(np.array(lengths, np.int64), length).tolist() == expected


# --- blocks ---


@given(
    st.text(alphabet=st.sampled_from(" \n\t\ra\u3000é\x1c")).map(str.encode),
    st.integers(1, 9),
    st.none() | st.integers(0, 5),
)
def test_text_blocks(tmp_path_factory: Any, text: bytes, size: int, limit: int | None) -> None:
    path = tmp_path_factory.mktemp("blocks") / "text"
    path.write_bytes(text)
    whole = [bytes(block) for block in text_blocks(path, limit, block_bytes=size)]
    spare: list[bytearray] = []
    again = []
    for block in text_blocks(path, limit, spare, size):
        again.append(bytes(block))
        if isinstance(block.obj, bytearray):
            spare.append(block.obj)
    assert b"".join(again) == b"".join(whole)
    lines = text.split(b"\n")
    if limit is not None and limit < len(lines):
        text = b"".join(line + b"\n" for line in lines[:limit])
    assert b"".join(whole) == text
    assert all(block[-1:].isspace() for block in whole[:-1])
    assert all(whole)


def test_blocks_do_not_grow_with_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "text", "word " * 1000)
    assert max(map(len, text_blocks(path, block_bytes=100))) <= 105


# --- words without an end ---


SPACES = [chr(point) for point in range(0x3001) if chr(point).isspace()]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> int:
    """Words may have 1000 bytes."""
    monkeypatch.setattr(blocks, "MOST_WORD", 1000)
    return 1000


READERS: dict[str, Callable[[str], Any]] = {
    "LineSentence": lambda path: list(LineSentence(path)),
    "open file": lambda path: list(LineSentence(io.BytesIO(Path(path).read_bytes()))),
    "open text": lambda path: list(LineSentence(io.StringIO(Path(path).read_text("utf8")))),
    "Text8Corpus": lambda path: list(Text8Corpus(path)),
    "vocabulary": lambda path: Word2Vec(min_count=1).build_vocab(corpus_file=path),
    "pruned vocabulary": lambda path: Word2Vec(min_count=1, max_vocab_size=9).build_vocab(corpus_file=path),
    "blocks": lambda path: list(text_blocks(path, block_bytes=64)),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_word_that_is_too_long(short: int, tmp_path: Path, read: Callable[[str], Any]) -> None:
    """It is told where it begins, before it is read to its end."""
    for before, line in ((b"", 1), (b"a b\nc ", 2), ("ö\n\n\u3000".encode(), 3), (b"\xef\xbb\xbfa ", 1)):
        path = write(tmp_path / "text", before + b"x" * 4_000_000 + b" y\n")
        with pytest.raises(ValueError, match=f", line {line}, byte .*1,000 bytes without white space"):
            read(path)


def test_where_a_long_word_begins(short: int, tmp_path: Path) -> None:
    for before in (b"", b"a b\nc ", "ö\n\u3000".encode(), b"\xef\xbb\xbfa ", b"word " * 50_000):
        path = write(tmp_path / "text", before + b"x" * 70_000)
        for read in (READERS["blocks"], READERS["LineSentence"]):
            with pytest.raises(ValueError, match=f"^{path}, line [12], byte {len(before):,}: "):
                read(path)


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_all_white_space_ends_a_word(short: int, tmp_path: Path, space: str) -> None:
    """A text without a space of ASCII, such as one in Chinese, is no word."""
    words = ["ü" * 300, "中" * 300, "a" * 900, *map(str, range(3000))]
    path = write(tmp_path / "text", space.join(words))
    read = [word for sentence in LineSentence(path) for word in sentence]
    assert read == words == [word for part in Text8Corpus(path) for word in part]
    whole = b"".join(bytes(block) for block in text_blocks(path, block_bytes=64))
    assert whole == space.join(words).encode()
    model = Word2Vec(min_count=1, sorted_vocab=0)
    model.build_vocab(corpus_file=path)
    assert model.wv.index_to_key == words


def test_an_endless_word_takes_little_memory(tmp_path: Path) -> None:
    """200 kB of gzip hold 200 MB, in one line."""
    path = tmp_path / "text.gz"
    with gzip.open(path, "wb", 1) as out:
        for _ in range(200):
            out.write(b"x" * 1_000_000)
    code = """
import resource, sys
from fastw2v import LineSentence, Word2Vec
path = sys.argv[1]
begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for read in (lambda: list(LineSentence(path)), lambda: Word2Vec(corpus_file=path)):
    try:
        read()
    except ValueError as error:
        print(error)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begin
assert grown < 64 << 10, grown
"""
    if sys.platform != "linux":
        pytest.skip("measures memory in Linux's unit")
    said = run_python(code, path).stdout
    assert said.count("text.gz, line 1, byte 0: more than 2,097,152 bytes without white space") == 2
