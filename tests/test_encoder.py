"""text/_encoder.pyx: tokens of any kind and bytes of text become ids."""

from __future__ import annotations

import pickle
import random
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from itertools import count, pairwise, repeat
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v.text._encoder import SentenceCounter, SentenceEncoder, WordTable, read_in_place, renumber
from fastw2v.warn import FastW2VWarning

SENTENCES: list[Any] = [
    ["to", "be", "or", "not", "to", "be"],
    [],
    ("that", "is"),
    (word for word in ("the", "question")),
    np.array(["to", "die"]),
    {"to": 1, "sleep": 2}.keys(),
    deque(["t", "o"]),
]


@pytest.fixture(scope="module", autouse=True, params=["in-place", "encoded"])
def way_to_read(request: pytest.FixtureRequest) -> Iterator[None]:
    """A Python newer than this package has its tokens encoded first; all tests here are of both ways."""
    wanted = request.param == "in-place"
    assert read_in_place(wanted) is (wanted and sys.version_info < (3, 16))
    yield
    read_in_place(True)


class Word:
    """A token of the user's own making."""

    def __init__(self, name: str, equal: Exception | None = None) -> None:
        self.name, self.equal = name, equal

    def __hash__(self) -> int:
        return len(self.name)

    def __eq__(self, other: object) -> bool:
        if self.equal:
            raise self.equal
        return isinstance(other, Word) and self.name == other.name


def sentences() -> list[Any]:
    """SENTENCES with its generator fresh."""
    return [s if not isinstance(s, Iterator) else (w for w in ("the", "question")) for s in SENTENCES]


def plain(sentence: Any) -> list[Any]:
    return sentence.tolist() if isinstance(sentence, np.ndarray) else list(sentence)


def vocabulary_of(counter: SentenceCounter) -> dict[Any, int]:
    tokens, counts = counter.vocabulary()
    return dict(zip(tokens, counts.tolist(), strict=True))


def count_all(source: Any, encode: bool = True) -> SentenceCounter:
    counter = SentenceCounter(source, encode=encode)
    while counter.read(10**9, 3):
        pass
    return counter


# --- counting tokens ---


def test_counting() -> None:
    texts = [plain(s) for s in sentences()]
    expected = Counter(word for text in texts for word in text)
    counter = count_all(sentences())
    assert list(vocabulary_of(counter).items()) == list(expected.items()), "in the order first seen"
    assert len(counter) == len(expected)
    assert (counter.sentence_count, counter.total_words) == (len(texts), sum(map(len, texts)))
    ids, lengths = counter.take(), counter.lengths()
    assert (ids.dtype, lengths.dtype) == (np.int32, np.int64)
    words = list(expected)
    assert [words[i] for i in ids] == [word for text in texts for word in text]
    assert lengths.tolist() == [len(text) for text in texts]
    assert counter.take().size == 0


def test_counting_without_ids() -> None:
    counter = count_all(sentences(), encode=False)
    assert vocabulary_of(counter) == vocabulary_of(count_all(sentences()))
    assert counter.total_words == 16
    assert counter.take().size == counter.lengths().size == 0


def test_read_says_how_much_it_read() -> None:
    counter = SentenceCounter(iter([["a"]] * 5))
    assert [counter.read(10, 2) for _ in range(4)] == [2, 2, 1, 0]
    counter = SentenceCounter(iter([["a", "b"]] * 5))
    assert [counter.read(3, 10) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.filterwarnings("ignore:sentence .* contains None")
@given(st.lists(st.lists(st.integers(-3, 3) | st.text("ab", max_size=2) | st.none() | st.booleans())))
def test_any_hashable_tokens(corpus: list[list[Any]]) -> None:
    expected: dict[Any, int] = {}
    for token in (token for sentence in corpus for token in sentence):
        expected[token] = expected.get(token, 0) + 1
    assert list(vocabulary_of(count_all(corpus)).items()) == list(expected.items())


def test_tokens_are_equal_as_in_a_dict() -> None:
    nan = float("nan")
    corpus = [[1, True, 1.0, "1"], [nan, nan, float("nan")], [Word("ab"), Word("cd"), Word("ab")]]
    with pytest.warns(FastW2VWarning, match=r"^sentence #1 contains nan among its words") as heard:
        assert list(vocabulary_of(count_all(corpus)).values()) == [3, 1, 2, 1, 2, 1]
    assert len(heard) == 1


def test_numbers_of_arrays_become_python_numbers() -> None:
    vocab = vocabulary_of(count_all([np.array([3, 1, 3], np.uint16), np.array(["a"])]))
    assert vocab == {3: 2, 1: 1, "a": 1}
    assert [type(word) for word in vocab] == [int, int, str]


def test_tokens_of_equal_bytes_differ() -> None:
    """A str is stored in 1, 2 or 4 bytes a character; an int has 8."""
    tokens: list[Any] = ["ab", "\u6261", "abcd", "\u6261\u6463", "\U00016261", "", "\0", "\0\0", "é"]
    tokens += ["\ud800", "abcdefgh", int.from_bytes(b"abcdefgh", "little"), "a" * 63, "a" * 64, "a" * 65]
    tokens += [0, 97, 2**63 - 1, -(2**63), 2**63, 2**64, -(2**63) - 1, 2**200]
    assert vocabulary_of(count_all([tokens, pickle.loads(pickle.dumps(tokens))])) == dict.fromkeys(tokens, 2)


class Text(str):
    """Equal to the str of the same characters, or hashing or comparing it does something."""

    def __hash__(self) -> int:
        meddle()
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        meddle()
        return super().__eq__(other)


def meddle() -> None:
    """What `Text` does when it is looked up; a test sets it."""


@pytest.mark.parametrize("order", [["a", Text("a"), "b"], [Text("a"), "a", "b"], ["b", "a", Text("a")]])
def test_subclasses_are_equal_to_str(order: list[str]) -> None:
    counter = count_all([order, ["a", "b"]])
    words = list(vocabulary_of(counter))
    assert vocabulary_of(counter) == {"a": 3, "b": 2}
    assert [words[i] for i in counter.take()] == [*order, "a", "b"]
    encoder = SentenceEncoder([order, [Text("b"), "c"]], {"a": 5, Text("b"): 7})
    block = encoder.read(100)
    assert block is not None
    assert block[0].tolist() == [{"a": 5, "b": 7}[str(word)] for word in order] + [7]


def test_a_sentence_may_be_changed_by_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence: list[Any] = [f"w{i}" for i in range(200)]
    sentence[100] = Text("strange")
    expected = dict.fromkeys(sentence, 1)
    monkeypatch.setitem(globals(), "meddle", sentence.clear)
    counter = SentenceCounter([sentence])
    counter.read(1000, 1)
    monkeypatch.setitem(globals(), "meddle", lambda: None)
    assert vocabulary_of(counter) == expected and not sentence


def test_many_distinct_tokens() -> None:
    tokens = [f"w{i}" for i in range(50_000)] + list(range(0, 50_000 << 20, 1 << 20))
    vocab = vocabulary_of(count_all([tokens, tokens[::-1]]))
    assert vocab == dict.fromkeys(tokens, 2) and list(vocab) == tokens


def test_tokens_survive_their_sentences() -> None:
    counter = count_all([f"{i % 7}{j}" for j in range(5)] for i in range(1000))
    assert sum(vocabulary_of(counter).values()) == 5000


@pytest.mark.parametrize("encoding", [False, True], ids=["counting", "encoding"])
@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (None, r"sentence #1 is None of type NoneType: each sentence must be an iterable of words"),
        (5, r"sentence #1 is 5 of type int"),
        (np.array(5), r"sentence #1 is 5 of type int"),
        (["a", ["b"]], r"sentence #1 contains \['b'\] of type list: .* a word must be hashable"),
        (np.array([["a", "b"]]), r"sentence #1 contains \['a', 'b'\] of type list"),
    ],
)
def test_what_is_no_sentence(sentence: Any, message: str, encoding: bool) -> None:
    source = [["x"], sentence]
    with pytest.raises(TypeError, match=message):
        if encoding:
            SentenceEncoder(source, {}).read(100)
        else:
            SentenceCounter(source).read(100, 100)


def test_the_users_errors_pass_unchanged() -> None:
    class Unhashable(Word):
        def __hash__(self) -> int:
            raise error

    def breaking() -> Iterator[tuple[str]]:
        yield ("a",)
        raise error

    for error in (TypeError("mine"), KeyError("mine"), StopAsyncIteration("mine")):
        sources = [
            breaking(),
            [breaking()],
            [["a", Unhashable("b")]],
            [[Word("ab", equal=error), Word("cd", equal=error)]],
        ]
        for source in sources:
            with pytest.raises(type(error)) as caught:
                count_all(source)
            assert caught.value is error


def test_a_sentence_may_change_while_it_is_read() -> None:
    class Treacherous(Word):
        def __hash__(self) -> int:
            sentence.clear()
            return super().__hash__()

    sentence = ["a", Treacherous("t"), "b", "c"]
    assert list(vocabulary_of(count_all([sentence])).values()) == [1, 1, 1, 1]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
@pytest.mark.parametrize("words", [3, 10**7], ids=["short sentences", "a long sentence"])
def test_signals_are_heard_while_counting(words: int) -> None:
    """It would take minutes to the end."""

    class Stop(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stop

    source = repeat(["a"] * words, 10**10 // words)
    counter = SentenceCounter(source, encode=False)
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Stop):
            counter.read(10**12, 10**10)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- encoding tokens ---


INDEX = {"to": 4, "be": 0, "question": 2, 7: 1}


@pytest.mark.parametrize("max_words", [1, 2, 6, 7, 100])
def test_encoding(max_words: int) -> None:
    encoder = SentenceEncoder(iter(sentences()), INDEX)
    seen = 0
    texts = [plain(s) for s in sentences()]
    while (piece := encoder.read(max_words)) is not None:
        ids, ends, lengths = piece
        assert (ids.dtype, ends.dtype, lengths.dtype) == (np.int32, np.int64, np.int64)
        piece_texts, seen = texts[seen : seen + len(ends)], seen + len(ends)
        assert lengths.tolist() == [len(text) for text in piece_texts]
        rows = np.split(ids, ends[:-1])
        assert [row.tolist() for row in rows] == [[INDEX[w] for w in t if w in INDEX] for t in piece_texts]
        assert ends[-1] == len(ids)
        assert lengths[:-1].sum() < max_words, "whole sentences until there are enough"
        assert lengths.sum() >= max_words or seen == len(texts)
    assert seen == len(texts)
    assert encoder.read(max_words) is None
    assert (encoder.sentence_count, encoder.total_words) == (7, 16)


@pytest.mark.parametrize("max_words", [1, 3, 40, 41, 1000, sys.maxsize])
@pytest.mark.parametrize("more", [{}, {Text("strange"): 999, None: 998}], ids=["words", "odd-keys"])
def test_a_text_is_encoded_the_same_before_and_after_the_vocabulary_is_taken_over(
    max_words: int, more: dict[Any, int]
) -> None:
    """Its first words are looked up one by one, until they are a quarter of the vocabulary."""
    rows = {f"w{i}": i for i in range(160)} | more
    text: list[Any] = [[f"w{i * 7 % 200}" for i in range(j, j + j % 5)] for j in range(60)]
    text[3:3], text[50:50] = [["strange", None, "w7"]], [[None, "w8", "strange"]]
    encoder = SentenceEncoder(iter(text), rows)
    pieces = list(iter(lambda: encoder.read(max_words), None))
    ids = np.concatenate([piece[0] for piece in pieces]).tolist()
    assert ids == [rows[word] for sentence in text for word in sentence if word in rows]
    assert sum(len(piece[1]) for piece in pieces) == len(text) and encoder.read(max_words) is None


@pytest.mark.parametrize("row", [-1, -7])
@pytest.mark.parametrize("words", [1, 100])
def test_a_word_of_an_impossible_row_is_refused(row: int, words: int) -> None:
    encoder = SentenceEncoder([["bad"] * 50], {f"w{i}": i for i in range(words)} | {"bad": row})
    with pytest.raises(ValueError, match=f"leads to row {row}"):
        encoder.read(sys.maxsize)


def test_encoding_of_integer_keys() -> None:
    piece = SentenceEncoder([np.array([7, 8, 7])], INDEX).read(1)
    assert piece is not None and piece[0].tolist() == [1, 1]


def test_encoding_nothing() -> None:
    assert SentenceEncoder([], INDEX).read(1) is None
    piece = SentenceEncoder([[]], {}).read(1)
    assert piece is not None and [array.tolist() for array in piece] == [[], [0], [0]]


# --- bytes of text ---


# All there is to trip over: white space of every kind, NUL, BOM, what looks like white space but is not.
ODD = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
ODD += "\0\ufeff\u200b\u180e"
texts = st.text(alphabet=st.sampled_from(ODD + "  \n\nabcdeé漢😀") | st.characters(codec="utf8"))


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut after ASCII white space only, near the places given."""
    places = [0]
    for place in sorted(cuts):
        while place < len(data) and data[place - 1 : place] not in (b" ", b"\n"):
            place += 1
        places.append(max(place, places[-1]))
    return [data[a:b] for a, b in zip(places, [*places[1:], len(data)], strict=True)]


def words_of(table: WordTable) -> list[str]:
    return table.words_of(np.arange(len(table), dtype=np.int32))


@given(texts, st.lists(st.integers(1, 60), max_size=4))
def test_words_of_text(text: str, cuts: list[int]) -> None:
    table = WordTable()
    offset, open_words, lengths = 0, 0, []
    ids: list[int] = []
    for block in cut(text.encode(), cuts):
        block_ids, lines = table.encode(block, offset)
        assert (block_ids.dtype, lines.dtype) == (np.int32, np.int64)
        assert lines.sum() == len(block_ids)
        offset += len(block)
        ids += block_ids.tolist()
        lines[0] += open_words
        open_words = lines[-1]
        lengths += lines[:-1].tolist()
    lengths.append(open_words)

    words = text.split()
    assert [n for n in lengths if n] == [len(line.split()) for line in text.split("\n") if line.split()]
    found = words_of(table)
    counts, first = table.totals()
    assert [found[i] for i in ids] == words
    assert list(zip(found, counts.tolist(), strict=True)) == list(Counter(words).items())
    encoded = text.encode()
    for word, start in zip(found, first.tolist(), strict=True):
        assert encoded[start:].startswith(word.encode())
    assert first.tolist() == sorted(first.tolist())


def test_every_character_splits_as_python_splits() -> None:
    points = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000 and chr(i) != "\n"]
    text = "\n".join(f"a{c}b" for c in points)
    _, lines = WordTable().encode(text.encode(), 0)
    expected = [1 + c.isspace() for c in points]
    assert lines.tolist() == expected


PIECES = [b"\xe2\x80", b"\xf0\x9f\x98", b"\xed", b"\xf4", b"\x80", b"\xbf", b"a", b" "]


@given(st.binary() | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_only_utf8_is_text(data: bytes) -> None:
    check_utf8(data)


@pytest.mark.parametrize("tail", [b"", b"\x80", b"\xbf\x80", b"\x80\xbf\xbf", b" "], ids=repr)
def test_every_two_bytes(tail: bytes) -> None:
    for first in range(0x80, 256):
        for second in range(256):
            check_utf8(bytes([first, second]) + tail)


def check_utf8(data: bytes) -> None:
    try:
        words = data.decode().split()
    except UnicodeDecodeError as error:
        with pytest.raises(UnicodeDecodeError) as caught:
            WordTable().encode(data, 0)
        assert str(caught.value) == str(error)
    else:
        table = WordTable()
        ids, _ = table.encode(data, 0)
        assert [words_of(table)[i] for i in ids] == words


def test_a_table_survives_a_bad_block() -> None:
    table = WordTable()
    table.encode(b"a b", 0)
    with pytest.raises(UnicodeDecodeError):
        table.encode(b"b\nc " * 100 + b"\xff", 3)
    ids, lines = table.encode(b"b a", 6)
    assert (ids.tolist(), lines.tolist()) == ([1, 0], [2])


LONG = ["x" * n + end for n in (6, 7, 8, 254, 255, 256, 100_000) for end in ("", "y", "\0", "é")]


def test_long_words_are_told_apart() -> None:
    random.Random(1).shuffle(LONG)
    table = WordTable()
    ids, _ = table.encode(" ".join(LONG + LONG[::-1]).encode(), 0)
    assert ids.tolist() == [*range(len(LONG)), *reversed(range(len(LONG)))]
    assert words_of(table) == LONG


def test_nul_and_length_tell_short_words_apart() -> None:
    words = ["a", "\0a", "a\0", "\0", "\0\0", "\0" * 7, "\0" * 8, "\0" * 9]
    ids, _ = WordTable().encode(" ".join(words).encode(), 0)
    assert ids.tolist() == list(range(len(words)))


def test_many_distinct_words() -> None:
    words = [f"{i * 7919 % 1_000_003}" for i in range(100_000)]
    table = WordTable()
    ids, _ = table.encode("\n".join(words).encode(), 0)
    assert len(table) == 100_000
    np.testing.assert_array_equal(ids, np.arange(100_000))
    assert words_of(table) == words


@pytest.mark.parametrize("length", range(1, 50))
def test_every_byte_counts(length: int) -> None:
    words = ["a" * i + "b" + "a" * (length - i - 1) for i in range(length)] + ["a" * (length + 1)]
    ids, _ = WordTable().encode(" ".join(words).encode(), 0)
    assert ids.tolist() == list(range(length + 1))


def test_words_with_the_same_hash() -> None:
    """Of so many words some have; as they begin alike, only their last bytes tell them apart."""
    words = [f"alike..{i:08d}" for i in range(300_000)]
    table = WordTable()
    table.encode(" ".join(words).encode(), 0)
    assert words_of(table) == words


def test_absorbing() -> None:
    first, second = WordTable(), WordTable()
    first.encode(b"c d ", 10)
    second.encode(b"a b c a ", 0)
    second.encode(b"e d", 14)
    assert first.absorb(second).tolist() == [2, 3, 0, 4, 1]
    assert words_of(first) == ["c", "d", "a", "b", "e"]
    counts, seen = first.totals()
    assert counts.tolist() == [2, 2, 2, 1, 1]
    assert seen.tolist() == [4, 12, 0, 2, 14]


def test_absorbing_many_words() -> None:
    """More than are looked up at a time, some of them already there."""
    words = [f"word number {i}".replace(" ", "_" * (i % 12)) for i in range(1000)]
    first, second = WordTable(), WordTable()
    first.encode(" ".join(words[::3]).encode(), 0)
    second.encode(" ".join(words).encode(), 0)
    joined = words_of(first) + [word for i, word in enumerate(words) if i % 3]
    assert [joined[i] for i in first.absorb(second)] == words
    assert words_of(first) == joined and first.totals()[0].tolist() == [2] * 334 + [1] * 666


@given(st.lists(st.text().filter(lambda s: s.split() == [s])), st.lists(st.text() | st.integers()))
def test_rows_in_a_vocabulary(words: list[str], keys: list[Any]) -> None:
    table = WordTable()
    table.encode(" ".join(words).encode(), 0)
    key_to_index = {key: row for row, key in enumerate([*words[::2], *keys])}
    expected = [key_to_index.get(word, -1) for word in words_of(table)]
    assert table.rows_in(key_to_index).tolist() == expected


def test_rows_of_many_and_of_odd_keys() -> None:
    words = [f"w{i}" * (i % 9 + 1) for i in range(1000)]
    table = WordTable()
    table.encode(" ".join([*words, "é", "zoë", "np"]).encode(), 0)
    keys: list[Any] = [*reversed(words), "\ud800", "zoë", ("np",), np.str_("np"), 5, None]
    rows = table.rows_in({key: row for row, key in enumerate(keys)})
    assert rows.tolist() == [*reversed(range(1000)), -1, 1001, 1003]


def test_tables_work_side_by_side() -> None:
    block = " ".join(f"w{i % 5000}" for i in range(200_000)).encode()
    tables = [WordTable() for _ in range(4)]
    threads = [threading.Thread(target=table.encode, args=(block, 0)) for table in tables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(table.totals()[0].tolist() == [40] * 5000 for table in tables)


# --- encoded text ---


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=4)),
    st.lists(st.lists(st.integers(-1, 9), min_size=6, max_size=6), min_size=1, max_size=3),
    st.lists(st.integers(0, 4)),
)
def test_renumber(corpus: list[list[int]], maps: list[list[int]], sizes: list[int]) -> None:
    """Parts end anywhere, within sentences too, and some are empty."""
    ids = np.array([i for sentence in corpus for i in sentence], np.int32)
    ends = np.cumsum([0, *map(len, corpus)])[1:]
    bounds = [min(end, len(ids)) for end in np.cumsum([0, *sizes]).tolist()] + [len(ids)]
    parts = [(maps[p % len(maps)], b - a) for p, (a, b) in enumerate(pairwise(bounds))]
    new_of = [new for new, size in parts for _ in range(size)]  # by place in the text
    kept = renumber(ids, ends, [(np.array(new, np.int32), size) for new, size in parts])
    place = count()
    expected = [[n for i in sentence if (n := new_of[next(place)][i]) >= 0] for sentence in corpus]
    assert [row.tolist() for row in np.split(ids[:kept], ends[:-1])] == (expected or [[]])
    assert kept == sum(map(len, expected))
