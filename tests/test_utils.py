from __future__ import annotations

import importlib
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import KeyedVectors, LineSentence, utils
from fastw2v.warn import FastW2VWarning

KEEP_SHORT = {1: utils.RULE_KEEP, 2: utils.RULE_DISCARD}


def by_length(word: str, count: int, min_count: int) -> int:
    return KEEP_SHORT.get(len(word), utils.RULE_DEFAULT)


@pytest.fixture(scope="module")
def gensim_utils() -> Any:
    return pytest.importorskip("gensim.utils", reason="compares with gensim")


def test_rules_are_gensims(gensim_utils: Any) -> None:
    names = ("RULE_DEFAULT", "RULE_DISCARD", "RULE_KEEP")
    assert [getattr(utils, name) for name in names] == [getattr(gensim_utils, name) for name in names]


@pytest.mark.parametrize("rule", [None, by_length, lambda *_: 7], ids=["no rule", "by length", "nonsense"])
@pytest.mark.parametrize("word", ["a", "ab", "abc"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_keep_vocab_item(gensim_utils: Any, word: str, count: int, rule: utils.TrimRule | None) -> None:
    expected = gensim_utils.keep_vocab_item(word, count, 2, rule)
    assert utils.keep_vocab_item(word, count, 2, rule) == expected


@pytest.mark.parametrize("rule", [None, by_length], ids=["no rule", "by length"])
def test_prune_vocab(gensim_utils: Any, rule: utils.TrimRule | None) -> None:
    ours = {"a": 1, "b": 5, "ab": 9, "abc": 2, "abcd": 3, "x": 3}
    theirs = dict(ours)
    assert utils.prune_vocab(ours, 3, rule) == gensim_utils.prune_vocab(theirs, 3, rule)
    assert list(ours.items()) == list(theirs.items())


@pytest.mark.parametrize("text", ["Žluťoučký", "Žluťoučký".encode(), b""])
def test_unicode_and_utf8(gensim_utils: Any, text: str | bytes) -> None:
    assert utils.to_unicode(text) == gensim_utils.to_unicode(text)
    assert utils.to_utf8(text) == gensim_utils.to_utf8(text)


def test_other_encodings() -> None:
    assert utils.any2unicode(b"\xe9", encoding="latin1") == "é"
    assert utils.any2utf8(b"\xe9", encoding="latin1") == "é".encode()
    assert utils.any2unicode(b"a\xff", errors="ignore") == "a"
    with pytest.raises(UnicodeDecodeError):
        utils.any2unicode(b"\xff")


@given(st.text(alphabet=st.characters(codec="utf8") | st.sampled_from("abcÄé _-'1²\n")), st.booleans())
def test_simple_preprocess(gensim_utils: Any, text: str, deacc: bool) -> None:
    assert utils.simple_preprocess(text, deacc) == gensim_utils.simple_preprocess(text, deacc)


def test_simple_preprocess_limits() -> None:
    assert utils.simple_preprocess("I have seen _it unbelievably", min_len=3, max_len=4) == ["have", "seen"]


@pytest.mark.parametrize("suffix", ["", ".txt", ".gz", ".bz2", ".xz", ".GZ"])
def test_open(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    with utils.open(path, "w", newline="\n") as out:
        out.write("né\n")
    with utils.open(path) as text, utils.open(str(path), "rb") as data:
        assert text.read() == "né\n"
        assert data.read() == "né\n".encode()
    assert (path.read_bytes() == "né\n".encode()) == (suffix in ("", ".txt"))


def test_open_zst(tmp_path: Path) -> None:
    names = ("compression.zstd", "backports.zstd")
    if all(importlib.util.find_spec(name.split(".")[0]) is None for name in names):
        pytest.skip("this Python has no zstd")
    with utils.open(tmp_path / "file.zst", "wb") as out:
        out.write(b"a b\n")
    with utils.open(tmp_path / "file.zst") as text:
        assert text.read() == "a b\n"


def test_open_zst_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("compression", "compression.zstd", "backports", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    has_its_own = sys.version_info >= (3, 14)
    with pytest.raises(ImportError, match="built without" if has_its_own else r"pip install backports\.zstd"):
        utils.open(tmp_path / "file.zst")


def test_save_as_line_sentence(gensim_utils: Any, tmp_path: Path) -> None:
    corpus = [["a", "née"], [], ["b"]]
    utils.save_as_line_sentence(corpus, tmp_path / "ours")
    gensim_utils.save_as_line_sentence(corpus, str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    utils.save_as_line_sentence(corpus, tmp_path / "ours.gz")
    with utils.open(tmp_path / "ours.gz", "rb") as packed:
        assert packed.read() == (tmp_path / "ours").read_bytes()


def test_sentences_that_are_strings_are_said_to_become_letters(tmp_path: Path) -> None:
    with pytest.warns(FastW2VWarning, match="'the cat' is a string: its letters are written as words"):
        utils.save_as_line_sentence(["the cat", "sat"], tmp_path / "text")


@pytest.mark.parametrize("corpus", [[], ["a"], ["a", "b", "c"]], ids=len)
@pytest.mark.parametrize("reps", [0, 1, 3, 7])
def test_repeat_corpus(gensim_utils: Any, corpus: list[str], reps: int) -> None:
    ours = utils.RepeatCorpus(corpus, reps)
    assert list(ours) == list(gensim_utils.RepeatCorpus(corpus, reps))
    assert list(ours) == list(ours), "it is restartable"


def test_repeat_corpus_holds_nothing() -> None:
    class Endless:
        def __iter__(self) -> Iterator[int]:
            while True:
                yield 1

    assert list(utils.RepeatCorpus(Endless(), 3)) == [1, 1, 1]


@pytest.mark.parametrize("read", ["open", "vectors", "text"])
def test_a_dictionary_of_xz_is_bounded(read: str, tmp_path: Path) -> None:
    """A header of a few bytes may ask for 4 GB, which are taken as the content comes."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    path = tmp_path / "text.xz"
    path.write_bytes(lzma.compress(b"2 2\na 1 2\nb 3 4\n", filters=filters))
    with pytest.raises((ValueError, lzma.LZMAError), match=r"Memory usage|larger dictionary"):
        if read == "open":
            with utils.open(path, "rb") as file:
                file.read()
        elif read == "vectors":
            KeyedVectors.load_word2vec_format(path)
        else:
            list(LineSentence(path))
    path.write_bytes(lzma.compress(b"2 2\na 1 2\n", preset=9) + lzma.compress(b"b 3 4\n") + bytes(8))
    assert len(list(LineSentence(path))) == 3
    with utils.open(path, "rt", encoding="utf8") as lines:
        assert lines.readline() == "2 2\n" and lines.read() == "a 1 2\nb 3 4\n"
        lines.seek(0)
        assert lines.read(3) == "2 2"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="not compressed, although its name says so"):
        list(LineSentence(path))
