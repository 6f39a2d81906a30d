"""word2vec's text and binary: the same bytes as gensim, and no silent mistakes with damaged files."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import NO_GENSIM, few_vectors, gensim_twin
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v.formats import word2vec_format
from fastw2v.formats.errors import FastW2VError, FormatError, TruncatedError, WordEncodingError
from fastw2v.formats.parts import Vectors
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.warn import FastW2VWarning
from fastw2v.word2vec import Word2Vec

TEXT_FILE = b"3 2\nthe 0.5 -1.25\nof 1e-05 3.0\nna\xc3\xafve 0.0 7.0\n"
WORDS = ["the", "of", "naïve"]
VECTORS = np.array([[0.5, -1.25], [1e-5, 3], [0, 7]], dtype=np.float32)
BINARY = b"3 2\n" + b"".join(
    word.encode() + b" " + row.tobytes() for word, row in zip(WORDS, VECTORS, strict=True)
)
FORMATS = pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])


def read(source: Any, **options: Any) -> tuple[list[str], np.ndarray, Any]:
    """Words, vectors and counts, or None."""
    found = word2vec_format.read(source, **options)
    assert found.columns.keys() <= {"count"} and found.lockf is None
    return found.keys, found.vectors, found.columns.get("count")


def load(raw: bytes, **options: Any) -> tuple[list[str], np.ndarray, Any]:
    return read(io.BytesIO(raw), **options)


def load_file(tmp_path: Path, raw: bytes, **options: Any) -> tuple[list[str], np.ndarray, Any]:
    path = tmp_path / "vectors"
    path.write_bytes(raw)
    return read(path, **options)


def write_vectors(target: Any, words: list[Any], vectors: np.ndarray, **options: Any) -> None:
    word2vec_format.write(target, Vectors(words, vectors, {}), **options)


def dump(words: list[Any], vectors: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    write_vectors(buffer, words, vectors, **options)
    return buffer.getvalue()


def counted_vectors(rows: int = 40, dimension: int = 7) -> KeyedVectors:
    rng = np.random.default_rng(11)
    kv = KeyedVectors(dimension)
    scale = 10.0 ** rng.integers(-12, 5, (rows, dimension))  # numpy's versions print 1e6 differently
    words = [f"w{i}" if i % 5 else f"wört{i}" for i in range(rows)]
    kv.add_vectors(words, (rng.standard_normal((rows, dimension)) * scale).astype(np.float32))
    for word in words:
        kv.set_vecattr(word, "count", int(rng.integers(1, 6)))  # many equal ones
    return kv


# --- what goes in comes out ---


@FORMATS
def test_known_bytes(binary: bool) -> None:
    raw = BINARY if binary else TEXT_FILE
    assert dump(WORDS, VECTORS, binary=binary) == raw
    words, vectors, counts = load(raw, binary=binary)
    assert words == WORDS and counts is None
    np.testing.assert_array_equal(vectors, VECTORS, strict=True)


ANY_FLOAT = hnp.from_dtype(np.dtype(np.float32), allow_nan=False, allow_infinity=False)
TOKENS = st.text(st.characters(codec="utf8", exclude_characters=" \n"), max_size=6)


@FORMATS
@given(data=st.data())
def test_round_trip_to_the_bit(binary: bool, data: st.DataObject) -> None:
    words = data.draw(st.lists(TOKENS, unique=True, max_size=6))
    dimension = data.draw(st.integers(1, 4))
    vectors = data.draw(hnp.arrays(np.float32, (len(words), dimension), elements=ANY_FLOAT))
    got_words, got, _ = load(dump(words, vectors, binary=binary), binary=binary)
    assert got_words == words
    np.testing.assert_array_equal(got.view(np.uint32), vectors.view(np.uint32))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@FORMATS
def test_dtypes(binary: bool, dtype: Any) -> None:
    vectors = (np.random.default_rng(1).standard_normal((50, 3)) / 3).astype(dtype)
    words = [f"w{i}" for i in range(50)]
    _, got, _ = load(dump(words, vectors, binary=binary), binary=binary, datatype=dtype)
    expected = vectors.astype(np.float32).astype(dtype) if binary else vectors
    np.testing.assert_array_equal(got, expected, strict=True)


def test_decimals_are_rounded_once() -> None:
    """gensim rounds to float64 first, and this one then to its neighbour in float32."""
    vector = np.array([[float.fromhex("0x1.5c87fap-84")]], np.float32)
    raw = dump(["a"], vector)
    assert raw == b"1 1\na 7.038531e-26\n"
    assert load(raw)[1] == vector
    assert load(raw, datatype=np.float64)[1] == 7.038531e-26


@pytest.mark.parametrize("suffix, module", [("", None), (".gz", gzip), (".bz2", bz2), (".xz", lzma)])
@FORMATS
def test_compressed_by_suffix(tmp_path: Path, suffix: str, module: Any, binary: bool) -> None:
    path = tmp_path / f"vectors{suffix}"
    kv = counted_vectors(3000)
    kv.save_word2vec_format(path, binary=binary)
    raw = path.read_bytes()
    plain = tmp_path / "plain"
    kv.save_word2vec_format(plain, binary=binary)
    assert (module.decompress(raw) if module else raw) == plain.read_bytes()
    back = KeyedVectors.load_word2vec_format(path, binary=binary)
    order = [kv.key_to_index[word] for word in back.index_to_key]
    np.testing.assert_array_equal(back.vectors, kv.vectors[order])


@FORMATS
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1000])
def test_wherever_the_reading_is_cut(binary: bool, chunk: int) -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, chunk))

    kv = counted_vectors()
    raw = dump(kv.index_to_key, kv.vectors, binary=binary)
    words, vectors, _ = read(Trickle(raw), binary=binary)
    assert words == kv.index_to_key
    np.testing.assert_array_equal(vectors, kv.vectors)


def test_words_too_long_for_binary() -> None:
    longest = b"x" * word2vec_format.MAX_WORD
    assert load(b"1 1\n" + longest + b" 1234", binary=True)[0] == [longest.decode()]
    with pytest.raises(FormatError, match="row 1: no word ends within 2,097,152 bytes"):
        load(b"1 1\nx" + longest + b" 1234", binary=True)


def test_large_numbers_are_finite() -> None:
    """Their squares are not."""
    vectors = np.full((3, 2), 3e38, np.float32)
    np.testing.assert_array_equal(load(dump(WORDS, vectors, binary=True), binary=True)[1], vectors)


@FORMATS
def test_written_in_blocks(binary: bool) -> None:
    """Numbers enough for several blocks, and the same a few rows at a time."""
    vectors = np.random.default_rng(1).standard_normal((2000, 90)).astype(np.float32)
    words = [f"w{i}" for i in range(2000)]
    whole = dump(words, vectors, binary=binary)
    header, rest = whole.split(b"\n", 1)
    assert header == b"2000 90"
    parts = (
        dump(words[i : i + 300], vectors[i : i + 300], binary=binary, write_header=False)
        for i in range(0, 2000, 300)
    )
    assert rest == b"".join(parts)


# --- as gensim does ---

SAVING: list[dict[str, Any]] = [
    {},
    {"binary": True},
    {"write_header": False},
    {"prefix": "*dt_"},
    {"total_vec": 123},
    {"sort_attr": "nothing"},
    {"binary": True, "prefix": "p"},
    {"fvocab": "vocabulary"},
    {"fvocab": "vocabulary", "prefix": "*"},
]


@pytest.mark.parametrize("options", SAVING, ids=repr)
def test_same_files_as_gensim(tmp_path: Path, options: dict[str, Any]) -> None:
    kv = counted_vectors()
    files = []
    for who, vectors in (("ours", kv), ("gensims", gensim_twin(kv))):
        folder = tmp_path / who
        folder.mkdir()
        here = {**options, **({"fvocab": str(folder / options["fvocab"])} if "fvocab" in options else {})}
        vectors.save_word2vec_format(str(folder / "vectors"), **here)
        files.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert files[0] == files[1]


@FORMATS
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_same_files_as_gensim_in_other_dtypes(tmp_path: Path, dtype: Any, binary: bool) -> None:
    kv = counted_vectors()
    kv.vectors = np.clip(kv.vectors, -60000, 60000).astype(dtype) / 3
    gensim_twin(kv).save_word2vec_format(str(tmp_path / "gensims"), binary=binary)
    kv.save_word2vec_format(tmp_path / "ours", binary=binary)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "gensims").read_bytes()


READING: list[dict[str, Any]] = [
    {},
    {"limit": 1},
    {"limit": 0},
    {"limit": 99},
    {"limit": 1e6},
    {"datatype": np.float64},
    {"datatype": np.float16},
    {"encoding": "latin-1"},
    {"fvocab": b"of 7\nthe 5\nna\xc3\xafve 2\n"},
]


@pytest.mark.parametrize("options", READING, ids=repr)
@pytest.mark.parametrize("tail", [b"", b"\n"], ids=["", "newlines"])
@FORMATS
def test_reads_as_gensim_does(tmp_path: Path, options: dict[str, Any], tail: bytes, binary: bool) -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    path = tmp_path / "vectors"
    rows = [b"the", b"of", b"na\xc3\xafve"]
    if binary:
        raw = b"3 2\n" + b"".join(w + b" " + v.tobytes() + tail for w, v in zip(rows, VECTORS, strict=True))
    else:
        raw = TEXT_FILE + tail * 2
    path.write_bytes(raw)
    if "fvocab" in options:
        (tmp_path / "vocabulary").write_bytes(options["fvocab"])
        options = {**options, "fvocab": str(tmp_path / "vocabulary")}
    ours = KeyedVectors.load_word2vec_format(path, binary=binary, **options)
    theirs = gensim.models.KeyedVectors.load_word2vec_format(str(path), binary=binary, **options)
    assert ours.index_to_key == theirs.index_to_key and ours.key_to_index == theirs.key_to_index
    np.testing.assert_array_equal(ours.vectors, theirs.vectors, strict=True)
    np.testing.assert_array_equal(ours.expandos["count"], theirs.expandos["count"], strict=True)
    assert ours.next_index == theirs.next_index


def test_sorts_by_unsigned_attributes() -> None:
    """gensim negates the values, which turns unsigned ones around."""
    kv = KeyedVectors(1)
    kv.add_vectors(["a", "b", "c"], np.ones((3, 1)))
    kv.allocate_vecattrs(["sample_int"], [np.uint32])
    for word, value in zip("abc", (0, 2**32 - 1, 5), strict=True):
        kv.set_vecattr(word, "sample_int", value)
    buffer = io.BytesIO()
    kv.save_word2vec_format(buffer, sort_attr="sample_int")
    assert buffer.getvalue() == b"3 1\nb 1.0\nc 1.0\na 1.0\n"


def test_rows_without_a_key_are_not_written() -> None:
    kv = KeyedVectors(1, count=3)
    kv.add_vector("a", [1])
    buffer = io.BytesIO()
    kv.save_word2vec_format(buffer)
    assert buffer.getvalue() == b"1 1\na 1.0\n"


def test_vectors_and_counts_need_two_files_however_these_are_spelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    kv = few_vectors()
    for key in kv.key_to_index:
        kv.set_vecattr(key, "count", 1)
    for other in (tmp_path / "v", "~/v", (tmp_path / "v").as_uri()):
        with pytest.raises(ValueError, match="the one would replace the other"):
            kv.save_word2vec_format(tmp_path / "v", fvocab=other)
    assert not list(tmp_path.iterdir())


def test_fvocab_needs_the_attribute(tmp_path: Path) -> None:
    kv = KeyedVectors(1)
    kv.add_vectors(["a"], [[1]])
    with pytest.raises(ValueError, match="'count'"):
        kv.save_word2vec_format(tmp_path / "v", fvocab=tmp_path / "f")
    assert not list(tmp_path.iterdir())


# --- reading, further ---


def test_without_a_header(tmp_path: Path) -> None:
    lines = TEXT_FILE.split(b"\n", 1)[1]
    for raw in (lines, lines + b"\n\n", lines.replace(b"\nof", b"\n\nof")):
        for words, vectors, _ in (load(raw, no_header=True), load_file(tmp_path, raw, no_header=True)):
            assert words == WORDS
            np.testing.assert_array_equal(vectors, VECTORS)
    assert load(lines, no_header=True, limit=2)[0] == WORDS[:2]
    assert load_file(tmp_path, lines, no_header=True, limit=10**15)[0] == WORDS


def test_without_a_header_many(tmp_path: Path) -> None:
    kv = counted_vectors(5000, 3)
    raw = dump(kv.index_to_key, kv.vectors, write_header=False)
    words, vectors, _ = load_file(tmp_path, raw, no_header=True)
    assert words == kv.index_to_key
    np.testing.assert_array_equal(vectors, kv.vectors)


def test_line_ends_and_spaces_at_the_end() -> None:
    words, vectors, _ = load(TEXT_FILE.replace(b"\n", b" \r\n"))
    assert words == WORDS
    np.testing.assert_array_equal(vectors, VECTORS)


def test_words_of_any_kind() -> None:
    words = ["\u00a0", "a\u2028b", "\u3000", "\ufeff", "1", "1.5", "nan", "\x00", "a_b", "", "\r", "\t", "_"]
    got, vectors, _ = load(dump(words, np.arange(26, dtype=np.float32).reshape(13, 2)))
    assert got == words
    np.testing.assert_array_equal(vectors, np.arange(26).reshape(13, 2))


def test_words_with_spaces(caplog: pytest.LogCaptureFixture) -> None:
    """Text can hold them, though not every program reads them: gensim writes but does not read."""
    words = ["new york", ". . .", "name@domain com", "a 1 b"]
    raw = dump(words, np.ones((4, 2), dtype=np.float32))
    assert "4 words hold spaces" in caplog.text
    assert load(raw)[0] == words


@pytest.mark.parametrize("word", ["room 101", "a ", " a", "a  b", " ", "a\nb", "\n", "1 nan", "x 1e5"])
def test_words_that_text_cannot_hold(tmp_path: Path, word: str) -> None:
    with pytest.raises(ValueError, match="could not be read back"):
        write_vectors(tmp_path / "v", ["good", word], np.ones((2, 2), dtype=np.float32))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", ["new york", " ", "a\nb"])
def test_words_that_binary_cannot_hold(word: str) -> None:
    with pytest.raises(ValueError, match="could not be read back"):
        dump(["good", word], np.ones((2, 2), dtype=np.float32), binary=True)


def test_integer_keys() -> None:
    assert dump([7, np.int64(8)], np.ones((2, 1), dtype=np.float32)) == b"2 1\n7 1.0\n8 1.0\n"


@FORMATS
def test_duplicates_keep_the_first(caplog: pytest.LogCaptureFixture, binary: bool) -> None:
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    raw = dump(["a", "b"], rows[:2], total_vec=5, binary=binary)
    for words, some in ((["a", "c"], rows[2:4]), (["a"], rows[4:])):
        raw += dump(words, some, write_header=False, binary=binary)
    kv = KeyedVectors.load_word2vec_format(io.BytesIO(raw), binary=binary)
    assert kv.index_to_key == ["a", "b", "c"] and kv.key_to_index == {"a": 0, "b": 1, "c": 2}
    np.testing.assert_array_equal(kv.vectors, [[0, 1], [2, 3], [6, 7]])
    assert kv.expandos["count"].tolist() == [3, 2, 1]  # type: ignore[union-attr]
    assert "ignored 2 rows of duplicate words" in caplog.text


def test_words_that_become_duplicates() -> None:
    raw = b"2 1\na\xff 1\na 2\n"
    assert load(raw, unicode_errors="ignore")[0] == ["a"]


@FORMATS
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bad_values(caplog: pytest.LogCaptureFixture, binary: bool, value: float) -> None:
    vectors = np.arange(10, dtype=np.float32).reshape(5, 2)
    vectors[3, 1] = value
    raw = dump(list("abcde"), vectors, binary=binary, on_bad_values="keep")
    with pytest.raises(FormatError, match="row 4: NaN" if binary else "line 5: NaN"):
        load(raw, binary=binary)
    words, got, _ = load(raw, binary=binary, on_bad_values="drop")
    assert words == list("abce")
    np.testing.assert_array_equal(got, vectors[[0, 1, 2, 4]])
    assert "dropped 1 rows" in caplog.text
    words, got, _ = load(raw, binary=binary, on_bad_values="keep")
    assert words == list("abcde")
    np.testing.assert_array_equal(got, vectors)


@pytest.mark.parametrize("raw, dtype", [(b"1 1\na 1e39\n", np.float32), (b"1 1\na 70000\n", np.float16)])
def test_numbers_too_large_for_the_dtype(raw: bytes, dtype: Any) -> None:
    with pytest.raises(FormatError, match="too large for float"):
        load(raw, datatype=dtype)
    assert load(raw, datatype=np.float64)[1][0, 0] > 1e4


def test_line_numbers_after_dropped_rows() -> None:
    raw = b"4 1\na nan\nb 1\nc inf\n\xff 2\n"
    with pytest.raises(WordEncodingError, match="line 5"):
        load(raw, on_bad_values="drop")


@FORMATS
@pytest.mark.parametrize("errors", ["strict", "ignore", "replace", "surrogateescape"])
def test_words_that_are_not_utf8(binary: bool, errors: str) -> None:
    raw_word = b"caf\xe9"
    vectors = np.ones((2, 1), dtype=np.float32)
    raw = dump(["a", raw_word.decode("latin-1")], vectors, binary=binary).replace("é".encode(), b"\xe9")
    if errors == "strict":
        with pytest.raises(UnicodeDecodeError, match="row 2" if binary else "line 3") as caught:
            load(raw, binary=binary)
        assert isinstance(caught.value, FastW2VError)
        assert caught.value.object == raw_word and caught.value.start == 3
    else:
        words, _, _ = load(raw, binary=binary, unicode_errors=errors)
        assert words == ["a", raw_word.decode("utf8", errors)]
    if errors == "surrogateescape":
        assert dump(words, vectors, binary=binary) == raw


def test_a_vocabulary_with_gaps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "f").write_bytes(b"the 5\nother 1\n")
    counts = load(TEXT_FILE, fvocab=tmp_path / "f")[2]
    assert counts.tolist() == [5, 0, 0]
    assert "no count for 2 words" in caplog.text


@pytest.mark.parametrize("line", [b"the", b"the x", b"5", b"", b"the 1.5", b"the -1", b"the " + b"9" * 50])
def test_a_damaged_vocabulary(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "f").write_bytes(b"of 1\n" + line + b"\n")
    with pytest.raises(FormatError, match="line 2"):
        load(TEXT_FILE, fvocab=tmp_path / "f")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_any_width_that_is_written_is_read(tmp_path: Path, binary: bool, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    for rows, size, word in (
        (2, 70_000, "a"),
        (0, 70_000, "a"),
        (2, 3, "x" * 70_000),
        (2, 70_000, "é" * 70_000),
    ):
        kv = KeyedVectors(size)
        kv.add_vectors([word, "b"][:rows], np.arange(rows * size, dtype=np.float32).reshape(rows, size))
        kv.save_word2vec_format(path, binary=binary)
        for source in (path, io.BytesIO(path.read_bytes())):
            read = KeyedVectors.load_word2vec_format(source, binary=binary)
            assert read.index_to_key == kv.index_to_key
            np.testing.assert_array_equal(read.vectors, kv.vectors, strict=True)


def test_tabs_instead_of_spaces(tmp_path: Path) -> None:
    raw = TEXT_FILE.replace(b" ", b"\t").replace(b"the", b"the cat")
    for tabbed, options in ((raw, {}), (raw.split(b"\n", 1)[1], {"no_header": True})):
        words, vectors, _ = load_file(tmp_path, tabbed, **options)
        assert words == ["the cat", *WORDS[1:]]
        np.testing.assert_array_equal(vectors, VECTORS)


def test_without_a_header_the_first_word_may_have_spaces() -> None:
    vectors = np.arange(4, dtype=np.float32).reshape(2, 2)
    assert load(dump(["new york", "1"], vectors, write_header=False), no_header=True)[0] == ["new york", "1"]


@pytest.mark.parametrize("binary", [False, True])
def test_a_byte_order_mark(tmp_path: Path, binary: bool) -> None:
    raw = b"\xef\xbb\xbf" + (BINARY if binary else TEXT_FILE)
    for encoding in ("utf8", "utf-8-sig"):
        for words, vectors, _ in (
            load(raw, binary=binary, encoding=encoding),
            load_file(tmp_path, raw, binary=binary, encoding=encoding),
        ):
            assert words == WORDS
            np.testing.assert_array_equal(vectors, VECTORS)


def test_utf16() -> None:
    assert load(TEXT_FILE.decode().encode("utf-16"), encoding="utf-16")[0] == WORDS


def test_a_vocabulary_is_read_as_the_vectors_are(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbfthe\t5\r\n\xe3\x80\x80 4\nna\xc3\xafve 2\n"
    words = ["the", "\u3000", "naïve"]
    vectors = dump(words, VECTORS)
    (tmp_path / "f").write_bytes(gzip.compress(raw))
    for source in (tmp_path / "f", io.BytesIO(raw)):
        assert load(vectors, fvocab=source)[2].tolist() == [5, 4, 2]
    (tmp_path / "f").write_bytes(b"caf\xe9 5\n")
    with pytest.raises(WordEncodingError, match=f"line 1 of {tmp_path / 'f'}"):
        load(vectors, fvocab=tmp_path / "f")
    (tmp_path / "f").write_bytes(gzip.compress(raw)[:-2])
    with pytest.raises(TruncatedError, match=str(tmp_path / "f")):
        load(vectors, fvocab=tmp_path / "f")


# --- some words of a file ---


@FORMATS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("in_file", [True, False], ids=["file", "stream"])
def test_some_words(tmp_path: Path, binary: bool, dtype: Any, in_file: bool) -> None:
    kv = counted_vectors(5000)
    raw = dump(kv.index_to_key, kv.vectors, binary=binary)
    (tmp_path / "v").write_bytes(raw)
    source: Any = tmp_path / "v" if in_file else io.BytesIO(raw)
    wanted = {"w1", "wört4995", "missing", *(f"w{i}" for i in range(1001, 3000, 3))}
    found, rows = word2vec_format.read_wanted(source, wanted, 7, binary=binary, datatype=dtype)
    assert rows == 5000 and found.keys == [word for word in kv.index_to_key if word in wanted]
    expected = kv.vectors[[kv.key_to_index[word] for word in found.keys]]
    np.testing.assert_array_equal(found.vectors.astype(np.float32), expected)
    assert found.vectors.dtype == dtype


@FORMATS
def test_only_the_rows_of_some_words_must_be_finite(binary: bool) -> None:
    raw = dump(["a", "b", "a"][:2], np.array([[1, 2], [3, np.nan]]), binary=binary, on_bad_values="keep")
    assert word2vec_format.read_wanted(io.BytesIO(raw), {"a"}, 2, binary=binary)[0].vectors.tolist() == [
        [1, 2]
    ]
    with pytest.raises(FormatError, match="row 2: NaN" if binary else "line 3: NaN"):
        word2vec_format.read_wanted(io.BytesIO(raw), {"a", "b"}, 2, binary=binary)


@FORMATS
def test_some_words_take_memory_for_these_only(tmp_path: Path, binary: bool) -> None:
    vectors = np.ones((60_000, 100), dtype=np.float32)
    path = tmp_path / "v"
    write_vectors(path, [f"w{i}" for i in range(60_000)], vectors, binary=binary)
    tracemalloc.start()
    try:
        word2vec_format.read_wanted(path, {"w3", "w59999"}, 100, binary=binary)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < vectors.nbytes / 8


def test_another_dimension_is_refused_at_the_header(tmp_path: Path) -> None:
    class Counted(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    source = Counted(dump([f"w{i}" for i in range(50_000)], np.ones((50_000, 8), dtype=np.float32)))
    with pytest.raises(FormatError, match="vectors of dimension 8, expected 9"):
        word2vec_format.read_wanted(source, {"w1"}, 9)
    assert source.taken < len(source.getvalue()) / 2


# --- damage ---

ROWS: dict[str, tuple[bytes, str]] = {
    "one number": (b"foo 0.5", "line 3: .* a word and 2 numbers, found a word and 1"),  # gensim repeats it
    "no number": (b"foo", "line 3: expected a word and 2 numbers, found a word and 0"),
    "one more": (b"foo 1 2 3", "line 3: expected a word and 2 numbers, found a word and 3"),
    "blank": (b"", "line 3: expected a word and 2 numbers, found an empty line"),
    "word": (b"foo 1 bar", "line 3: b'bar' is not a number"),
    "hexadecimal": (b"foo 1 0x1p3", "line 3: b'0x1p3' is not a number, in column 7"),
    "comma": (b"foo 1,5 2", "line 3: b'1,5' is not a number, in column 5: .*decimal point"),
    "commas": (b"foo,1,5", "line 3: .* commas"),
    "underscore": (b"foo 1_0 2", "line 3: b'1_0'"),
    "arabic digits": ("foo 1 ٣".encode(), "line 3"),
    "two spaces": (b"foo  1 2", "line 3: .*several spaces"),
    "two spaces inside": (b"foo 1  2", "line 3: .*several spaces"),
    "tabs": (b"foo\t1\t2", "line 3: .*tabs and spaces"),
    "a tab": (b"foo\t1 2", "line 3: .*tabs and spaces"),
    "leading space": (b" foo 1 2", "line 3: .*one at the start"),
    "nul": (b"foo 1 2\0", "line 3: .*binary=True"),
    "no UTF-8": (b"foo 1 \xff\xfe", "line 3: .*binary=True"),
    "empty number": (b"foo 1 -", "line 3: b'-'"),
    "nan": (b"foo nan 2", "line 3: NaN.* as number 1 of 2: give on_bad_values"),
    "infinity": (b"foo 1 Infinity", "line 3: NaN"),
    "minus infinity": (b"foo -inf 1", "line 3: NaN"),
}


@pytest.mark.parametrize("row, message", ROWS.values(), ids=ROWS.keys())
def test_wrong_rows(row: bytes, message: str) -> None:
    for raw in (b"3 2\nthe 0.5 1\n%s\nof 1 2\n" % row, b"2 2\nthe 0.5 1\n%s\n" % row):
        with pytest.raises(FormatError, match=message):
            load(raw)


HEADERS: dict[str, bytes] = {
    "rows": b"2000000000 300\n",
    "dimension": b"3 2000000000\n",
    "dimension, just": b"3 65537\n",
    "both": b"2000000000 2000000000\n",
    "10**17": b"100000000000000000 2\n",
    "10**20": b"100000000000000000000 2\n",
    "thousand digits": b"9" * 1000 + b" 2\n",
    "negative": b"-3 2\n",
    "negative dimension": b"3 -2\n",
    "zero dimension": b"3 0\n",
    "float": b"3.0 2\n",
    "one number": b"3\n",
    "three numbers": b"3 2 1\n",
    "words": b"the 0.5\n",
    "plus": b"+3 2\n",
    "underscore": b"3_0 2\n",
    "arabic": "٣ 2\n".encode(),
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf3 2\n",
    "blank": b"\n",
    "no line end": b"3 2",
}


@FORMATS
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
@pytest.mark.parametrize("wrap", [None, gzip.compress], ids=["plain", "gz"])
def test_forged_headers(
    tmp_path: Path, header: bytes, binary: bool, wrap: Callable[[bytes], bytes] | None
) -> None:
    body = (BINARY if binary else TEXT_FILE).split(b"\n", 1)[1] if header.endswith(b"\n") else b""
    path = tmp_path / ("vectors" if wrap is None else "vectors.gz")
    path.write_bytes((wrap or bytes)(header + body))
    with pytest.raises(FormatError):
        word2vec_format.read(path, binary=binary)  # imports what it will
    tracemalloc.start()
    try:
        with pytest.raises(FormatError) as caught:
            word2vec_format.read(path, binary=binary)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20  # the read buffer and a first block, for whatever the header claims
    assert str(path) in str(caught.value)


def test_says_what_the_file_can_hold(tmp_path: Path) -> None:
    raw = b"2000000000 300\nfoo" + b" 0.5" * 300 + b"\n"
    with pytest.raises(TruncatedError, match="claims 2,000,000,000 rows of 300 .* at most 2") as caught:
        load_file(tmp_path, raw)
    assert isinstance(caught.value, EOFError) and isinstance(caught.value, ValueError)


@FORMATS
@pytest.mark.parametrize("in_file", [True, False], ids=["file", "stream"])
def test_no_prefix_is_read(tmp_path: Path, binary: bool, in_file: bool) -> None:
    raw = BINARY if binary else TEXT_FILE
    for length in range(len(raw)):
        cut = raw[:length]
        with pytest.raises(FormatError):
            load_file(tmp_path, cut, binary=binary) if in_file else load(cut, binary=binary)


UNENDED = TEXT_FILE[:-1]  # "7.0": of "7.03125", for all that can be known
PACKED = pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])


@PACKED
@pytest.mark.parametrize("no_header", [False, True])
def test_a_last_line_without_line_end_may_be_cut(tmp_path: Path, pack: Any, no_header: bool) -> None:
    """It is refused with file, line and what accepts it; what stops before it is read."""
    raw = UNENDED.partition(b"\n")[2] if no_header else UNENDED
    options: dict[str, Any] = {"no_header": no_header}
    path, line = tmp_path / "vectors", 3 if no_header else 4
    path.write_bytes(pack(raw))
    for source in (path, io.BytesIO(pack(raw))):
        with pytest.raises(TruncatedError, match=rf"line {line}: .*without a line end.*allow_truncated=True"):
            read(source, **options)
        if source is path:
            with pytest.raises(TruncatedError, match=f"^{path}, line {line}: "):
                read(path, limit=3, **options)
        source = source if source is path else io.BytesIO(pack(raw))
        with pytest.warns(FastW2VWarning, match=f"line {line} has no line end"):
            words, vectors, _ = read(source, allow_truncated=True, **options)
        assert words == WORDS
        np.testing.assert_array_equal(vectors, VECTORS)
    assert read(path, limit=2, **options)[0] == WORDS[:2]
    assert read(io.BytesIO(pack(raw + b"\n")), **options)[0] == WORDS


def test_more_than_the_header_says_need_not_end() -> None:
    assert load(b"2" + UNENDED[1:])[0] == WORDS[:2]
    assert load(UNENDED + b"\n  ")[0] == WORDS


@FORMATS
@PACKED
def test_what_there_is_of_a_cut_file(tmp_path: Path, binary: bool, pack: Any) -> None:
    """Whole rows are read if that is allowed, with a warning; none of them differs."""
    raw = BINARY if binary else TEXT_FILE
    first = len(b"3 2\nthe \x00\x00\x00\x00\x00\x00\x00\x00") if binary else raw.index(b"of")
    for length in range(first, len(raw)):
        path = tmp_path / "vectors"
        path.write_bytes(pack(raw[:length]))
        with pytest.warns(FastW2VWarning, match=re.escape(f"{path}: ")):
            words, vectors, _ = read(path, binary=binary, allow_truncated=True)
        assert words == WORDS[: len(words)] and len(words) >= 1
        whole = len(words) if binary or raw[:length].endswith(b"\n") else len(words) - 1
        np.testing.assert_array_equal(vectors[:whole], VECTORS[:whole])


def test_a_header_that_claims_too_much_takes_no_memory() -> None:
    with pytest.warns(FastW2VWarning, match="it has 3 rows, where its header says 2,000,000,000"):
        words, vectors, _ = load(b"2000000000" + TEXT_FILE[1:], allow_truncated=True)
    assert words == WORDS and len(vectors) == 3


def test_counts_without_line_end_may_be_cut() -> None:
    counts = b"the 120\nof 33\nna\xc3\xafve 1"
    with pytest.raises(TruncatedError, match=r"line 3: .*last count.*allow_truncated=True"):
        load(TEXT_FILE, fvocab=io.BytesIO(counts))
    with pytest.warns(FastW2VWarning, match="last count may have been cut"):
        found = load(TEXT_FILE, fvocab=io.BytesIO(counts), allow_truncated=True)[2]
    assert list(found) == [120, 33, 1]


def test_every_reader_of_vectors_accepts_a_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(UNENDED)
    kv = KeyedVectors.load_word2vec_format(io.BytesIO(TEXT_FILE))
    calls: list[Callable[..., Any]] = [
        partial(KeyedVectors.load_word2vec_format, path),
        partial(kv.intersect_word2vec_format, path),
        partial(Word2Vec.from_vectors, path, kv),
        partial(Word2Vec.from_vectors, kv, path),
    ]
    for call in calls:
        with pytest.raises(TruncatedError, match="allow_truncated=True"):
            call()
        with pytest.warns(FastW2VWarning, match="no line end"):
            call(allow_truncated=True)


@FORMATS
@pytest.mark.parametrize(
    "suffix, compress", [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_no_prefix_of_a_compressed_file_is_read(
    tmp_path: Path, binary: bool, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"vectors{suffix}"
    whole = compress(BINARY if binary else TEXT_FILE)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError):
            word2vec_format.read(path, binary=binary)


@FORMATS
def test_short_files_say_where(binary: bool) -> None:
    raw = (BINARY if binary else TEXT_FILE).replace(b"3 2", b"4 2", 1)
    with pytest.raises(EOFError, match="expected 4 rows, but the file ends in row 4"):
        load(raw, binary=binary)


def test_short_binary_files_say_at_which_byte() -> None:
    with pytest.raises(EOFError, match="row 3, 23 bytes after the header"):
        load(BINARY[:-3], binary=True)


@FORMATS
def test_more_than_the_header_says(caplog: pytest.LogCaptureFixture, binary: bool) -> None:
    raw = (BINARY if binary else TEXT_FILE).replace(b"3 2", b"2 2", 1)
    assert load(raw, binary=binary)[0] == WORDS[:2]
    assert "the header says 2 rows, but more follows" in caplog.text
    caplog.clear()
    load(raw, binary=binary, limit=1)
    load(raw.replace(b"2 2", b"3 2", 1), binary=binary)
    assert not caplog.text


def test_garbage_after_binary_rows(caplog: pytest.LogCaptureFixture) -> None:
    assert load(BINARY + b"x" * 700, binary=True)[0] == WORDS
    assert "more follows" in caplog.text


@pytest.mark.parametrize("binary, says", [(True, "really binary"), (False, "really text")])
def test_endless_words(binary: bool, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        load(b"3 2\nthe " + VECTORS[0].tobytes() + b"x" * 3_000_000, binary=binary)


@pytest.mark.parametrize("dimension", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("rows", [1, 3, 40])
def test_text_read_as_binary_and_binary_as_text(tmp_path: Path, dimension: int, rows: int) -> None:
    kv = counted_vectors(rows, dimension)
    text, raw = (dump(kv.index_to_key, kv.vectors, binary=binary) for binary in (False, True))
    for read in (load, lambda data, **options: load_file(tmp_path, data, **options)):
        if dimension > 1:  # of one number one cannot know
            for data in (text, text.replace(b"\n", b"\r\n"), text.replace(b" ", b"\t")):
                with pytest.raises(FormatError, match="looks like text: read it with binary=False"):
                    read(data, binary=True)
        with pytest.raises(FormatError, match="looks like binary: read it with binary=True"):
            read(raw)


@pytest.mark.parametrize(
    "raw, binary, says",
    [
        (b"the 0.5 1\nof 1 2\n", False, "give no_header=True"),
        (b"the" + b" 0.123456" * 99 + b"\n", False, "give no_header=True"),
        (b"the 0.5 1\nof 1 2\n", True, "binary=False and no_header=True"),
        (BINARY.split(b"\n", 1)[1], True, "a binary file cannot be read without it"),
        (b"word,x,y\nthe,0.5,1\n", False, "CSV"),
        (b"PAR1 0.5 1\n", False, "give no_header=True"),
        (b'[" 0.5 1\n', False, "give no_header=True"),
    ],
)
def test_a_missing_header(raw: bytes, binary: bool, says: str) -> None:
    with pytest.raises(FormatError, match=f"line 1: expected 'rows dimension', found .*{says}"):
        load(raw, binary=binary)


@pytest.mark.parametrize(
    "raw",
    [
        *(b"The cat sat on the mat.\n", b"\x00\x01\x02\n", b"", b"the cat", b"3.0 x\n", b"V 5.0 file"),
        *(header + b"\nthe 0.5 1 2\n" for header in (b"-2 3", b"2.0 3", b"99999999999999999999 3")),
    ],
)
def test_no_header_is_not_advised_for_what_is_no_row(raw: bytes) -> None:
    for binary in (False, True):
        with pytest.raises(FormatError, match="found") as caught:
            load(raw, binary=binary)
        assert "no_header" not in str(caught.value)


def test_a_file_of_another_kind_is_named_as_a_file_of_counts_too(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"PAR1\x15\x04")
    with pytest.raises(FormatError, match=r"f, line 1: expected 'word count', the file is a Parquet"):
        load(TEXT_FILE, fvocab=tmp_path / "f")


def test_text_is_not_guessed_where_a_binary_file_is_cut() -> None:
    with pytest.raises(TruncatedError, match="the file ends in row") as caught:
        load(BINARY[:-3], binary=True)
    assert "binary=False" not in str(caught.value)


def test_no_header_though_there_is_one() -> None:
    with pytest.raises(FormatError, match="the first line is a header, so leave no_header=True out"):
        load(TEXT_FILE, no_header=True)


@FORMATS
def test_bombs(tmp_path: Path, binary: bool) -> None:
    """Small files that unpack to much, and end no word and no row."""
    path = tmp_path / "v.gz"
    for header in (b"3 2\n", b"9999999999 9999999\n", b"1 99999999999\n"):
        for filling in (b"x", b"\0"):
            with gzip.open(path, "wb") as file:
                file.write(header)
                for _ in range(64):
                    file.write(filling * (1 << 20))
            tracemalloc.start()
            try:
                with pytest.raises(FormatError):
                    word2vec_format.read(path, binary=binary)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert peak < 24 << 20


@FORMATS
@given(noise=st.binary(max_size=30), place=st.integers(0, len(TEXT_FILE)))
def test_random_bytes(binary: bool, noise: bytes, place: int) -> None:
    good = BINARY if binary else TEXT_FILE
    for raw in (noise, good[:place] + noise, good[:place] + noise + good[place + len(noise) :]):
        try:
            words, vectors, _ = load(raw, binary=binary)
        except FastW2VError:
            continue
        assert len(words) == len(vectors) == len(set(words))
        assert np.isfinite(vectors).all()


@pytest.mark.parametrize(
    "options, error",
    [
        ({"limit": -1}, ValueError),
        ({"limit": 1.5}, TypeError),
        ({"datatype": np.int64}, ValueError),
        ({"encoding": "none"}, LookupError),
        ({"on_bad_values": "ignore"}, ValueError),
        ({"no_header": True, "binary": True}, NotImplementedError),
    ],
)
def test_wrong_arguments(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        load(TEXT_FILE, **options)


def test_wrong_sources(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a path or an open binary file"):
        word2vec_format.read(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a path or an open binary file"):
        write_vectors(5, WORDS, VECTORS)
    with pytest.raises(FileNotFoundError):
        word2vec_format.read(tmp_path / "none")


# --- writing ---


@FORMATS
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_without_a_number_are_not_written(
    caplog: pytest.LogCaptureFixture, binary: bool, dtype: Any
) -> None:
    vectors = np.array([[1, 2], [np.nan, 1], [3, -np.inf], [5, 6]], dtype=dtype)
    for matrix in (vectors, np.asfortranarray(vectors), np.repeat(vectors, 2, axis=1)[:, ::2]):
        with pytest.raises(
            ValueError, match="2 of 4 vectors hold NaN.* first that of 'b': give on_bad_values='drop'"
        ):
            dump(list("abcd"), matrix, binary=binary)
        words, got, _ = load(dump(list("abcd"), matrix, binary=binary, on_bad_values="drop"), binary=binary)
        assert words == ["a", "d"] and got.tolist() == [[1, 2], [5, 6]]
        kept = dump(list("abcd"), matrix, binary=binary, on_bad_values="keep")
        np.testing.assert_array_equal(load(kept, binary=binary, on_bad_values="keep")[1], vectors)
    assert "dropped 2 rows" in caplog.text
    assert dump(["a"], vectors, binary=binary, order=[0])  # of rows that are not written nothing is asked


def test_numbers_too_large_for_binary() -> None:
    vectors = np.array([[1e300], [2]])
    assert dump(["a", "b"], vectors) == b"2 1\na 1e+300\nb 2.0\n"
    with pytest.raises(ValueError, match="too large for float32"):
        dump(["a", "b"], vectors, binary=True)
    assert load(dump(["a", "b"], vectors, binary=True, on_bad_values="drop"), binary=True)[0] == ["b"]


# Keys, what is kept of them by "skip", and what they become by "replace", in text.
BAD_WORDS: dict[str, tuple[list[Any], list[str], list[str]]] = {
    "line end": (["a\nb", "c"], ["c"], ["a_b", "c"]),
    "spaces at the borders": ([" a", "b "], [], ["_a", "b_"]),
    "a number last": (["room 101", "c"], ["c"], ["room_101", "c"]),
    "surrogates": (["\ud800", "c"], ["c"], ["?", "c"]),
    "None": ([None, "c"], ["c"], ["None", "c"]),
    "the same as another": ([1, "1", "c"], ["1", "c"], ["1", "1_2", "c"]),
    "new names that are taken": (
        ["a\nb", "a_b", "a\tb\n", "a_b_2"],
        ["a_b", "a_b_2"],
        ["a_b_3", "a_b", "a_b_", "a_b_2"],
    ),
    "too long": (
        ["x" * (word2vec_format.MAX_WORD + 1), "c"],
        ["c"],
        ["x" * (word2vec_format.MAX_WORD // 8), "c"],
    ),
}


@pytest.mark.parametrize("keys, skipped, replaced", BAD_WORDS.values(), ids=BAD_WORDS.keys())
def test_words_that_cannot_be_held(
    caplog: pytest.LogCaptureFixture, keys: list[Any], skipped: list[str], replaced: list[str]
) -> None:
    vectors = np.arange(len(keys), dtype=np.float32)[:, None]
    for binary in (False, True):
        with pytest.raises(ValueError, match="on_bad_words='skip' .* or 'replace'"):
            dump(keys, vectors, binary=binary)
        assert load(dump(keys, vectors, binary=binary, on_bad_words="skip"), binary=binary)[0] == skipped
        words, got, _ = load(dump(keys, vectors, binary=binary, on_bad_words="replace"), binary=binary)
        assert words == replaced
        np.testing.assert_array_equal(got, vectors)
    assert "cannot be held" in caplog.text


@given(
    keys=st.lists(
        st.one_of(st.text(max_size=3), st.integers(-3, 3), st.none(), st.tuples(st.text())), max_size=9
    ),
    binary=st.booleans(),
    prefix=st.sampled_from(["", "p", " ", "p 1"]),
)
def test_what_is_written_is_read(keys: list[Any], binary: bool, prefix: str) -> None:
    """Whatever the keys are: as they are, without some, or with other names."""
    keys = list(dict.fromkeys(keys))
    vectors = np.arange(len(keys), dtype=np.float32)[:, None]
    as_they_are = [f"{prefix}{key}" for key in keys]
    for mode in ("raise", "skip", "replace"):
        try:
            raw = dump(keys, vectors, binary=binary, prefix=prefix, on_bad_words=mode)
        except ValueError:
            assert mode == "raise"
            continue
        words, got, _ = load(raw, binary=binary, unicode_errors="surrogateescape")
        if mode == "skip":
            assert words == [as_they_are[int(row)] for row in got[:, 0]]
        else:
            np.testing.assert_array_equal(got, vectors)
            assert mode == "replace" or words == as_they_are


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("key, row", [("a b", [1, 2]), ("c", [np.nan, 2])])
@pytest.mark.parametrize("append", [False, True])
def test_a_refusal_leaves_both_files(
    tmp_path: Path, suffix: str, key: str, row: list[float], append: bool
) -> None:
    paths = tmp_path / f"vectors{suffix}", tmp_path / "counts"
    kv = KeyedVectors(2)
    kv.add_vectors(["a"], [[1, 2]])
    kv.set_vecattr("a", "count", 7)
    kv.save_word2vec_format(*paths, binary=True)
    old = [path.read_bytes() for path in paths]
    kv.add_vectors([key], [row])
    with pytest.raises(ValueError, match="on_bad_"):
        kv.save_word2vec_format(*paths, binary=True, append=append)
    buffer = io.BytesIO()
    with pytest.raises(ValueError, match="on_bad_"):
        kv.save_word2vec_format(buffer, binary=True)
    assert [path.read_bytes() for path in paths] == old and not buffer.getvalue()
    kv.save_word2vec_format(*paths, binary=True, on_bad_values="drop", on_bad_words="skip")
    assert [path.read_bytes() for path in paths][1] == old[1]
    assert KeyedVectors.load_word2vec_format(*paths, binary=True).index_to_key == ["a"]


def test_counts_follow_the_words_that_are_written() -> None:
    kv = KeyedVectors(1)
    kv.add_vectors(["a", "b\n", "c", "d"], [[1], [2], [np.nan], [4]])
    for word, count in zip(kv.index_to_key, (1, 2, 3, 4), strict=True):
        kv.set_vecattr(word, "count", count)
    vectors, counts = io.BytesIO(), io.BytesIO()
    kv.save_word2vec_format(vectors, counts, prefix="*", on_bad_values="drop", on_bad_words="replace")
    assert vectors.getvalue() == b"3 1\n*d 4.0\n*b_ 2.0\n*a 1.0\n"
    assert counts.getvalue() == b"*d 4\n*b_ 2\n*a 1\n"


def test_none_that_is_a_word_is_refused_and_rows_without_a_key_are_not_asked() -> None:
    kv = KeyedVectors(1, count=2)
    kv.add_vector("a", [1])
    buffer = io.BytesIO()
    kv.save_word2vec_format(buffer)
    assert buffer.getvalue() == b"1 1\na 1.0\n"
    kv.key_to_index[None] = 1
    with pytest.raises(ValueError, match="it is None, not a word"):
        kv.save_word2vec_format(io.BytesIO())


def test_a_column_that_is_too_short_counts_as_0() -> None:
    kv = KeyedVectors(1)
    kv.add_vectors(["a", "b", "c"], [[1], [2], [3]])
    kv.expandos["count"] = np.array([1, 5])
    vectors, counts = io.BytesIO(), io.BytesIO()
    kv.save_word2vec_format(vectors, counts)
    assert counts.getvalue() == b"b 5\na 1\nc 0\n" and vectors.getvalue().startswith(b"3 1\nb ")


def test_fewer_vectors_than_words() -> None:
    kv = counted_vectors()
    kv.vectors = kv.vectors[:-3]
    with pytest.raises(ValueError, match=r"shape \(37, 7\) has not a vector for each of 40 words"):
        kv.save_word2vec_format(io.BytesIO())
    wide = Vectors(["a"], np.zeros((1, word2vec_format.MAX_DIMENSION + 1), dtype=np.float32), {})
    with pytest.raises(ValueError, match="1,048,577 numbers: .* hold 1 to 1,048,576"):
        word2vec_format.write(io.BytesIO(), wide)
    with pytest.raises(ValueError, match="0 numbers"):
        KeyedVectors(0).save_word2vec_format(io.BytesIO())


def test_targets_that_are_not_open_for_bytes(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"old")
    with open(tmp_path / "t", "w") as text, open(tmp_path / "v", "rb") as unwritable:
        for target in (text, io.StringIO(), unwritable):
            for save in (counted_vectors().save_word2vec_format, counted_vectors().save):
                with pytest.raises(TypeError, match="binary: open it with mode 'wb'"):
                    save(target)
    assert (tmp_path / "v").read_bytes() == b"old"


def test_two_files_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the one would replace the other"):
        counted_vectors().save_word2vec_format(tmp_path / "v", str(tmp_path / "v"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("total_vec, error", [(2.5, TypeError), ("2", TypeError), (-1, ValueError)])
def test_a_header_that_could_not_be_read(tmp_path: Path, total_vec: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="total_vec"):
        counted_vectors().save_word2vec_format(tmp_path / "v", total_vec=total_vec)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["on_bad_values", "on_bad_words"])
def test_options_that_do_not_exist(tmp_path: Path, option: str) -> None:
    with pytest.raises(ValueError, match=f"{option}='ignore': give one of 'raise'"):
        counted_vectors().save_word2vec_format(tmp_path / "v", **{option: "ignore"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_failed_save_leaves_the_old_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    kv = counted_vectors()
    kv.save_word2vec_format(path)
    old = path.read_bytes()
    kv.index_to_key[-1] = "\ud800"  # no UTF-8
    with pytest.raises(UnicodeEncodeError):
        kv.save_word2vec_format(path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [path.name]


def test_append(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    write_vectors(path, ["a"], np.ones((1, 2), dtype=np.float32), total_vec=2, append=True)
    write_vectors(path, ["b"], np.ones((1, 2), dtype=np.float32), write_header=False, append=True)
    assert path.read_bytes() == b"2 2\na 1.0 1.0\nb 1.0 1.0\n"


def test_a_failed_append_takes_back_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(TEXT_FILE)
    resource = pytest.importorskip("resource", reason="a limit on file sizes needs POSIX")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError) as caught:
            write_vectors(path, list(range(9999)), np.ones((9999, 5), dtype=np.float32), append=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == TEXT_FILE
