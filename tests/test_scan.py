"""text/scan.py: one reading counts and encodes, alike on all ways in."""

from __future__ import annotations

import logging
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import LineSentence, PathLineSentences, Text8Corpus, utils
from fastw2v.text import scan as scanning
from fastw2v.text.ids import EncodedCorpus
from fastw2v.text.readers import text_files
from fastw2v.text.scan import Scan, encode
from fastw2v.vocabulary.plan import choose_words, effective_min_count, sort_by_descending_frequency
from fastw2v.warn import FastW2VWarning

SENTENCES = [["to", "be", "or", "not", "to", "be"], [], ["that", "is"], ["to", "die"]]
COLLECTED = "collected %i word types from a corpus of %i raw words and %i sentences"


def scan(source: Any = None, *, files: Any = None, **options: Any) -> Scan:
    sentences = source if files is None else PathLineSentences(files)
    return scanning.scan(sentences, text_files(sentences), **options)


def random_sentences(seed: int, sentences: int, words: int = 200) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{i}" for i in rng.zipf(1.3, rng.integers(0, 30)) if i < words] for _ in range(sentences)]


def as_places(found: Scan) -> EncodedCorpus:
    assert found.encoded is not None
    places = np.arange(len(found.words), dtype=np.int32)
    encoded = found.encoded.renumbered(places)
    found.encoded.parts[:] = [(places, len(encoded.ids))]  # which the ids now are
    return encoded


def told(found: Scan) -> dict[str, Any]:
    """All of a scan in a form that can be compared."""
    encoded = as_places(found)
    text = {name: getattr(encoded, name).tolist() for name in ("ids", "ends", "lengths")}
    vocab = list(found.raw_vocab.items())
    return {"vocab": vocab, "words": found.total_words, "sentences": found.sentences, **text}


def decoded(found: Scan) -> list[list[Any]]:
    encoded = as_places(found)
    rows = np.split(encoded.ids, encoded.ends)[:-1]
    return [found.words.at(row) for row in rows]


# --- scanning sentences ---


def test_scan() -> None:
    found = scan(SENTENCES)
    assert list(found.raw_vocab.items()) == list(Counter(w for s in SENTENCES for w in s).items())
    assert (found.total_words, found.sentences) == (10, 4)
    assert found.words.at(np.arange(7)) == ["to", "be", "or", "not", "that", "is", "die"]
    assert found.counts.tolist() == [3, 2, 1, 1, 1, 1, 1] and found.counts.dtype == np.int64
    assert decoded(found) == SENTENCES
    assert found.encoded is not None and found.encoded.lengths.tolist() == [6, 0, 2, 2]


def test_scan_of_any_iterable_without_encoding() -> None:
    found = scan((tuple(s) for s in SENTENCES), encode=False)
    assert found.encoded is None
    assert found.raw_vocab == scan(SENTENCES).raw_vocab


@pytest.mark.parametrize("sentences", [[], [[]], [[], []]], ids=repr)
def test_scan_of_nothing(sentences: list[list[str]]) -> None:
    found = scan(sentences)
    assert (found.raw_vocab, found.total_words, found.sentences) == ({}, 0, len(sentences))
    assert decoded(found) == sentences


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("max_vocab_size", [None, 1, 5, 50])
def test_scan_is_gensims(seed: int, max_vocab_size: int | None, gensims: Any, tmp_path: Path) -> None:
    sentences = random_sentences(seed, 400)
    model = gensims.Word2Vec(max_vocab_size=max_vocab_size)
    totals = model.scan_vocab(sentences)
    found = scan(sentences, max_vocab_size=max_vocab_size)
    assert list(found.raw_vocab.items()) == list(model.raw_vocab.items())
    assert (found.total_words, found.sentences) == totals
    assert (found.encoded is None) == bool(max_vocab_size)

    utils.save_as_line_sentence(sentences, tmp_path / "text")
    model.scan_vocab(corpus_file=str(tmp_path / "text"))
    from_file = scan(files=tmp_path / "text", max_vocab_size=max_vocab_size)
    assert list(from_file.raw_vocab.items()) == list(model.raw_vocab.items())


def test_pruning() -> None:
    """More than two words: m = 1 drops none, then m = 2 those seen once, then m = 3 those seen twice."""
    sentences = [["a", "a", "b"], ["a", "c", "b", "b"], ["d"], ["e", "b"]]
    assert scan(sentences[:2], max_vocab_size=2).raw_vocab == {"a": 3, "b": 3, "c": 1}
    assert scan(sentences[:3], max_vocab_size=2).raw_vocab == {"a": 3, "b": 3}
    assert scan(sentences, max_vocab_size=2).raw_vocab == {"a": 3, "b": 4}
    assert scan(sentences[:3], max_vocab_size=3).raw_vocab == {"a": 3, "b": 3, "c": 1, "d": 1}


@pytest.mark.parametrize("max_vocab_size", [None, 5])
@pytest.mark.parametrize("error", [TypeError("mine"), KeyError("mine")], ids=["TypeError", "KeyError"])
def test_an_error_of_a_words_own_hash_passes_unchanged(max_vocab_size: int | None, error: Exception) -> None:
    """The dicts of Python 3.14 put a TypeError of their own in its place."""

    class Unhashable:
        def __hash__(self) -> int:
            raise error

    with pytest.raises(type(error)) as caught:
        scan([["a"], ["b", Unhashable()]], max_vocab_size=max_vocab_size)
    assert caught.value is error


def test_pruning_asks_the_rule(gensims: Any) -> None:
    def rule(word: str, count: int, min_count: int) -> int:
        return utils.RULE_KEEP if word.endswith("7") else utils.RULE_DEFAULT

    sentences = random_sentences(4, 300)
    model = gensims.Word2Vec(max_vocab_size=20)
    model.scan_vocab(sentences, trim_rule=rule)
    found = scan(sentences, max_vocab_size=20, trim_rule=rule)
    assert list(found.raw_vocab.items()) == list(model.raw_vocab.items())


def test_log_lines(caplog: pytest.LogCaptureFixture, gensims: Any) -> None:
    caplog.set_level(logging.INFO)
    sentences = random_sentences(1, 25)
    gensims.Word2Vec().scan_vocab(sentences, progress_per=10)
    theirs = [record.getMessage() for record in caplog.records if record.name.startswith("gensim.models")]
    caplog.clear()
    scan(sentences, progress_per=10)
    ours = [record.getMessage() for record in caplog.records if record.name == "fastw2v.word2vec"]
    scan(sentences, progress_per=10, max_vocab_size=10**6)
    # gensim reports before a sentence, we after one: only its first report, of nothing, has no counterpart.
    first = "PROGRESS: at sentence #0, processed 0 words, keeping 0 word types"
    ours_of_theirs = [line for line in theirs if line not in (first,) and "created" not in line]
    assert ours == ours_of_theirs
    assert [record.getMessage() for record in caplog.records[len(ours) :]] == ours


def test_log_lines_of_files(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.INFO, "fastw2v")
    utils.save_as_line_sentence([["a", "b"]] * 25, tmp_path / "text")
    scan(files=tmp_path / "text", progress_per=10)
    assert [record.getMessage() for record in caplog.records] == [
        "collecting all words and their counts",
        "PROGRESS: at sentence #25, processed 50 words, keeping 2 word types",
        COLLECTED % (2, 50, 25),
    ]


@pytest.mark.parametrize("plain", ["word", b"word"], ids=repr)
def test_strings_are_no_sentences(plain: str | bytes, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.warns(
        FastW2VWarning, match=r"^sentence #0 is the (str|bytes) b?'word', whose letters"
    ) as heard:
        found = scan([plain, plain])
    assert len(heard) == 1
    (warning,) = caplog.records
    assert warning.getMessage() == (
        "Each 'sentences' item should be a list of words (usually unicode strings). "
        f"First item here is instead plain {type(plain)}."
    )
    assert warning.name == "fastw2v.word2vec"
    assert found.raw_vocab == dict.fromkeys(plain, 2)


def test_errors_of_the_source_pass() -> None:
    def breaking() -> Iterator[list[str]]:
        yield ["a"]
        raise error

    error = OSError("gone")
    for settings in ({}, {"max_vocab_size": 5}):
        with pytest.raises(OSError) as caught:
            scan(breaking(), **settings)  # type: ignore[arg-type]
        assert caught.value is error


# --- scanning files ---


TEXTS = {
    "empty": "",
    "line ends only": "\n\n\r\n",
    "no final line end": "a b\nc",
    "final line end": "a b\nc\n",
    "blank lines": "\n\na  b\n \t \n\nc\n\n",
    "windows": "a b\r\nc d\r\n\r\ne",
    "old mac": "a b\rc d\r",
    "next line U+0085": "a\x85b c\nd",
    "no-break space U+00A0": "a\xa0b\n\xa0\nc\xa0",
    "ideographic space U+3000": "\u3000漢字\u3000かな\n\u3000",
    "line separator U+2028": "a\u2028b\u2029c\nd",
    "every other space": "a\u1680b\u2000c\u200ad\u202fe\u205ff\x0bg\x0ch",
    "separators U+001C to U+001F": "a\x1cb\x1dc\x1ed\x1fe\n\x1c\nf",
    "not white space": "a\u200bb c\u180ed\u2060e",
    "NUL": "a\0b \0 \0\0\n\0",
    "byte order mark": "\ufeffa b\na \ufeff",
    "long words": " ".join(f"{'x' * n}{n % 2} {'é' * n}" for n in range(1, 300)),
    "a line of 1 MB": " ".join(f"w{i % 997}" for i in range(200_000)) + "\na b",
    "a word of 1 MB": "a " + "x" * 10**6 + " b\n" + "x" * 10**6,
    "many lines": "\n".join(" ".join(s) for s in random_sentences(0, 3000)),
}


@pytest.fixture(params=TEXTS.values(), ids=list(TEXTS))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "text").write_bytes(request.param.encode())
    return tmp_path / "text"


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("block", [3, 1000, 1 << 22])
def test_all_ways_in_are_one(path: Path, threads: int, block: int) -> None:
    size = max(block, path.stat().st_size // 3000)
    expected = told(scan(list(LineSentence(path))))
    for files in (path, str(path), path.parent):
        assert told(scan(files=files, threads=threads, block_bytes=size)) == expected
    for source in (LineSentence(path), PathLineSentences(path.parent), iter(LineSentence(str(path)))):
        assert told(scan(source, threads=threads, block_bytes=size)) == expected
    assert decoded(scan(files=path, block_bytes=size)) == list(LineSentence(path))


@pytest.mark.parametrize("length", [None, 1, 3, 1000])
@pytest.mark.parametrize("limit", [None, 0, 1, 3])
def test_settings_of_the_readers(path: Path, length: int | None, limit: int | None, threads: int = 2) -> None:
    for source in (
        LineSentence(path, length, limit),
        PathLineSentences(path, length, limit),
        Text8Corpus(path, length or 10000),
    ):
        assert told(scan(source, threads=threads)) == told(scan(list(source)))


@given(
    st.text(st.sampled_from(" \n\u3000ab")),
    st.integers(1, 8),
    st.integers(1, 3),
    st.none() | st.integers(1, 3),
)
def test_joints_between_blocks(
    tmp_path_factory: Any, text: str, block: int, threads: int, length: int | None
) -> None:
    path = tmp_path_factory.mktemp("joints") / "text"
    path.write_text(text, encoding="utf8", newline="")
    for source in (LineSentence(path, length), Text8Corpus(path, length or 2)):
        assert told(scan(source, threads=threads, block_bytes=block)) == told(scan(list(source)))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_compressed_files(tmp_path: Path, suffix: str) -> None:
    sentences = [s for s in random_sentences(6, 500) if s]
    utils.save_as_line_sentence(sentences, tmp_path / f"text{suffix}")
    assert told(scan(files=tmp_path / f"text{suffix}", threads=2, block_bytes=500)) == told(scan(sentences))


def test_several_files(tmp_path: Path) -> None:
    """A file's last line ends with the file."""
    for name, text in (("a", "x y"), ("b", ""), ("c", "z x\n"), ("d", "\n"), ("e", "y")):
        (tmp_path / name).write_text(text)
    source = PathLineSentences(tmp_path)
    assert decoded(scan(source, threads=2)) == [["x", "y"], ["z", "x"], ["y"]]
    assert told(scan(files=tmp_path)) == told(scan(list(source)))
    assert scan(files=tmp_path, max_vocab_size=9).raw_vocab == {"x": 2, "y": 2, "z": 1}


def test_own_readers_are_asked_themselves(path: Path) -> None:
    class Upper(LineSentence):
        def __iter__(self) -> Iterator[list[str]]:
            for words in super().__iter__():
                yield [word.upper() for word in words]

    assert scan(Upper(path)).raw_vocab == scan(list(Upper(path))).raw_vocab


def test_files_without_encoding(path: Path) -> None:
    assert scan(files=path, encode=False).encoded is None
    assert scan(files=path, encode=False, threads=3).raw_vocab == scan(files=path).raw_vocab


@pytest.mark.parametrize("threads", [1, 3])
def test_ids_on_disk(tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [s for s in random_sentences(8, 2000) if s]
    utils.save_as_line_sentence(sentences, tmp_path / "text")
    expected = told(scan(sentences))
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "5000")
    monkeypatch.setattr(scanning, "WORDS_PER_PART", 100)
    from_file = scan(files=tmp_path / "text", threads=threads, block_bytes=1000)
    for found in (from_file, scan(sentences, progress_per=10)):
        assert found.encoded is not None and isinstance(found.encoded.ids, np.memmap)
        assert told(found) == expected
        drop_rare = np.where(found.counts > 3, np.arange(len(found.counts)), -1).astype(np.int32)
        kept = found.encoded.renumbered(drop_rare)
        assert len(kept.ids) == found.counts[found.counts > 3].sum()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("block", [2, 1 << 22])
@pytest.mark.parametrize("reader", [LineSentence, Text8Corpus])
def test_bad_utf8_in_files(tmp_path: Path, threads: int, block: int, reader: Any) -> None:
    before = threading.active_count()
    (tmp_path / "text").write_bytes(b"good\n\ngood \xe2\x82\xac\nbad \xe2\x82\nworse \xff\n")
    with pytest.raises(UnicodeDecodeError, match="line 4 of .*text: text must be UTF-8"):
        scan(reader(tmp_path / "text"), threads=threads, block_bytes=block)
    assert threading.active_count() == before


def test_missing_files() -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match="'/no/such/file' is neither a file nor"):
        scan(files="/no/such/file")
    with pytest.raises(FileNotFoundError, match="/no/such/file"):
        scan(LineSentence("/no/such/file"))
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 3])
def test_interruption_leaves_no_threads(
    tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blocks(*_: Any) -> Iterator[memoryview]:
        for _ in range(5):
            yield memoryview(b"a b\n" * 1000)
        signal.raise_signal(signal.SIGINT)
        yield from iter(lambda: memoryview(b"endless "), b"")

    monkeypatch.setattr(scanning, "text_blocks", blocks)
    (tmp_path / "text").touch()
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        scan(LineSentence(tmp_path / "text"), threads=threads)
    assert threading.active_count() == before


# --- encoding with a vocabulary ---


def test_encode(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    index = {"be": 0, "to": 1, "is": 2, "unseen": 3}
    expected = EncodedCorpus(
        np.array([1, 0, 1, 0, 2, 1], np.int32), np.array([4, 4, 5, 6]), np.array([6, 0, 2, 2])
    )
    utils.save_as_line_sentence(SENTENCES, tmp_path / "text")
    for encoded in (encode(SENTENCES, None, index), encode(iter(SENTENCES), None, index)):
        for name in ("ids", "ends", "lengths"):
            np.testing.assert_array_equal(getattr(encoded, name), getattr(expected, name))
    reader = LineSentence(tmp_path / "text")
    from_file = encode(reader, text_files(reader), index, threads=2)
    assert from_file.ids.tolist() == expected.ids.tolist()
    assert from_file.lengths.tolist() == [6, 2, 2]
    assert not caplog.records, "no new vocabulary is announced"


# --- the words that are kept of it ---


@pytest.mark.parametrize("min_count", [0, 1, 3, 8])
@pytest.mark.parametrize("max_final_vocab", [None, 1, 10, 40, 10**6])
@pytest.mark.parametrize("trim_rule", [None, lambda word, *_: int(word[-1]) % 3], ids=["no rule", "rule"])
@pytest.mark.parametrize("sorted_vocab", [0, 1])
def test_the_vocabulary_is_gensims(
    min_count: int, max_final_vocab: int | None, trim_rule: Any, sorted_vocab: int, gensims: Any
) -> None:
    sentences = random_sentences(2, 300)
    model = gensims.Word2Vec(
        min_count=min_count, max_final_vocab=max_final_vocab, sorted_vocab=sorted_vocab, vector_size=1
    )
    model.build_vocab(sentences, trim_rule=trim_rule)
    found = scan(sentences)
    least = effective_min_count(found.counts, min_count, max_final_vocab)
    places = choose_words(found.words, found.counts, least, trim_rule)
    words, counts = found.words.at(places), found.counts[places]
    order = sort_by_descending_frequency(counts) if sorted_vocab else range(len(words))
    assert [words[i] for i in order] == model.wv.index_to_key
    assert [counts[i] for i in order] == model.wv.expandos["count"].tolist()
