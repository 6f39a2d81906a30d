"""Plain values in JSON: each comes back equal and of its type; nothing else is made of what is read."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, OrderedDict, defaultdict, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from factories import chained_keys
from hypothesis import given
from hypothesis import strategies as st

from fastw2v.formats.errors import FormatError
from fastw2v.formats.typed import MAX_DEPTH, Packer, check_hashes, dumps, loads, shown


def back(value: Any, **options: Any) -> Any:
    return loads(dumps(Packer(**options).pack(value)), "it")


def is_same(one: Any, other: Any) -> bool:
    """Equal and of the same type, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and is_same(one.tolist(), other.tolist())
    if isinstance(one, dict):
        return is_same(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


def named(value: Any) -> str:
    """The same in each run: Python 3.14 shows where a large int stands in memory."""
    return re.sub(" at 0x[0-9a-f]+", "", shown(value))


JSON_HAS = [
    None,
    True,
    False,
    0,
    -7,
    2**70,
    1.5,
    -0.0,
    math.inf,
    "",
    "ü",
    "\0",
    "\ud83d",
    "\ud83d" + "\ude00",
]
JSON_LACKS = [
    *((), (1,), (1, (2, "x", None)), b"", b"\0\xff", bytearray(b"x"), 1 + 2j, complex("nan")),
    *(2**90000, -(2**90000), Decimal("1.50"), Decimal("-Infinity"), Decimal("sNaN"), Fraction(-3, 7)),
    *(date(2026, 1, 31), time(3, 4, 5, 6, fold=1), timedelta(-1, 3, 5), UUID(int=5), Path("a/b")),
    *(datetime(2026, 1, 31, 3, fold=1), datetime(2026, 1, 1, tzinfo=UTC)),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    *({1, 2}, set(), frozenset({1, (2,)}), {1: 2, None: 3, (4,): 5}, {"~a": 1}, {"~tuple": [1]}),
    *(Counter("abca"), OrderedDict(b=1, a=2), defaultdict(list, {1: [2]}), defaultdict(None, {"a": 1})),
    *(
        np.float32(0.1),
        np.float64(0.1),
        np.int8(3),
        np.bool_(True),
        np.datetime64("2026-01-01"),
        np.complex64(1),
    ),
    *(np.arange(6).reshape(2, 3)[:, ::2], np.empty((0, 3)), np.array(3.0), np.array(["a", "bé"])),
    *(np.array([b"ab"]), np.array([True]), np.array([1, "a", (2,)], dtype=object)),
    np.arange(3, dtype=">i4"),
]


@pytest.mark.parametrize("value", JSON_HAS, ids=named)
def test_what_json_has_is_written_as_json(value: Any) -> None:
    packer = Packer()
    nested = [value, {"a": [value]}]
    raw = dumps(packer.pack(nested))
    assert not packer.typed
    assert is_same(json.loads(raw), nested)  # older versions read it so
    assert is_same(back(nested), nested)


@pytest.mark.parametrize("value", JSON_LACKS, ids=named)
def test_what_json_lacks_keeps_its_type(value: Any) -> None:
    packer = Packer()
    packer.pack(value)
    assert packer.typed
    for whole in (value, [value], {"a": (value,)}, [[{"b": value}]]):
        if isinstance(value, Decimal) and value.is_snan():
            assert str(back(value)) == "sNaN"
        elif isinstance(value, complex) and math.isnan(value.real):
            assert math.isnan(back(value).real)
        else:
            assert is_same(back(whole), whole)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | st.timedeltas()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.binary(), inner)
    ),
)


@given(PLAIN)
def test_any_nest_of_values(value: Any) -> None:
    assert is_same(back(value), value)


def test_subclasses_become_what_they_are_equal_to() -> None:
    class Word(str):
        pass

    pair = namedtuple("pair", "word tag")("run", "verb")
    for value, plain in ((Word("a"), "a"), (np.str_("a"), "a"), (np.bytes_(b"a\0"), b"a\0")):
        assert is_same(back(value), plain)
    assert is_same(back(pair, as_key=True), ("run", "verb"))  # equal, and with the same hash
    with pytest.raises(TypeError, match="pair"):
        Packer().pack(pair)  # as a value it would lose its names


def looped() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def deep() -> Any:
    value: Any = ()
    for _ in range(100_000):
        value = (value,)
    return value


@pytest.mark.parametrize(
    "value",
    [
        *(object(), print, type, ..., range(3), np.zeros(2, "f4,i4"), np.longdouble(1), np.ma.zeros(3)),
        *(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")), defaultdict(lambda: 0), looped(), deep()),
        *(Decimal("1" * 9000), Fraction(2**9000, 3), type("Own", (dict,), {})()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_kept(value: Any) -> None:
    for whole in (value, [value], {"a": value}):
        with pytest.raises(TypeError, match="kept|deep"):
            Packer().pack(whole)


def test_one_value_in_two_places() -> None:
    shared, array = [1], np.ones(2)
    assert back([shared, shared]) == [[1], [1]]
    for one in (shared, array, {1}, {"a": 1}):
        with pytest.raises(TypeError, match="held in two places"):
            Packer(held=set()).pack([one, (one,)])
        with pytest.raises(TypeError, match="held in two places"):
            Packer(held={id(one)}).pack(one)
    words = ("a", "b")
    assert back([words, words], held=set()) == [words, words]


@pytest.mark.parametrize(
    "text",
    [
        *('{"~tuple":1}', '{"~tuple":{}}', '{"~set":[[]]}', '{"~dict":[1]}', '{"~dict":[{"~tuple":[1]}]}'),
        *('{"~dict":[{"~tuple":[[],1]}]}', '{"~bytes":"?"}', '{"~bytes":"YQ=b"}', '{"~int":"12"}'),
        *('{"~int":"0x_1"}', '{"~int":5}', '{"~date":"x"}', '{"~date":["2026-01-01"]}', '{"~datetime":[]}'),
        *('{"~datetime":["2026-01-01T00:00:00",7]}', '{"~timedelta":[1e400,0,0]}', '{"~timedelta":["a"]}'),
        *('{"~UUID":"x"}', '{"~UUID":[]}', '{"~Decimal":"1_0"}', '{"~Fraction":[1,0]}', '{"~Fraction":[]}'),
        *('{"~complex":["1","2"]}', '{"~defaultdict":["open"]}', '{"~defaultdict":[]}', '{"~Path":[]}'),
        *('{"~array":["<f4",[3],""]}', '{"~array":["<f4",[-1],""]}', '{"~array":["|O",[1],"AAAAAAAAAAA="]}'),
        *(
            '{"~array":["<U1",[1],"/////w=="]}',
            '{"~array":["<f4",[9999999999999,0],"AA=="]}',
            '{"~array":[]}',
        ),
        *('{"~array":["<f4","12",""]}', '{"~scalar":["|V4",[],"AAAAAA=="]}', '{"~objects":[[2],[1]]}'),
        *(
            '{"~objects":[[1],5]}',
            '{"~eval":"1"}',
            '{"~":1}',
            '{"a":1,"~b":2}',
            "[" * 100_000,
            "",
            "{",
            "nil",
        ),
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
        '{"~tuple":[' * (MAX_DEPTH + 2) + "]}" * (MAX_DEPTH + 2),
        '{"~Fraction":[' + "1" * 4000 + "," + "3" * 4000 + "]}",
        "9" * 5000,
    ],
    ids=lambda text: text[:40],
)
def test_text_that_was_not_written_here(text: str) -> None:
    with pytest.raises(FormatError, match="^it cannot be read"):
        loads(text, "it")


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)), st.data()
)
def test_no_text_does_anything_but_fail(parts: Any, data: st.DataObject) -> None:
    from fastw2v.formats.typed import kinds

    kind = data.draw(st.sampled_from([*kinds(), "array", "scalar", "objects", "int"]))
    raw = json.dumps({f"~{kind}": parts})
    try:
        value = loads(raw, "it")
    except FormatError:
        return
    shown(value)


def test_keys_that_collide() -> None:
    check_hashes([*range(20_000), *map(str, range(20_000))])
    with pytest.raises(FormatError, match="same hash"):
        loads(json.dumps({"~set": [i * (2**61 - 1) for i in range(600)]}), "it")
    with pytest.raises(FormatError, match="same hash"):
        pairs = [{"~tuple": [i * (2**61 - 1), 0]} for i in range(600)]
        loads(json.dumps({"~Counter": pairs}), "it")
    with pytest.raises(FormatError, match="keys collide"):
        check_hashes(chained_keys())
    check_hashes([*(n << 40 for n in range(30_000)), *(n / 7 for n in range(30_000))])


def test_what_is_shown_is_short() -> None:
    assert shown("a") == "'a' (str)"
    for value in (2**90000, "x" * 10**6, [[0] * 10**5] * 5, deep(), looped()):
        assert len(shown(value)) < 300

    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shown(Odd()).endswith("(Odd)")
