"""Numbers to text and back: numpy's shortest float32 and Python's float() are the judges."""

from __future__ import annotations

import itertools
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastw2v.formats import _decimals


def printed(values: np.ndarray) -> list[str]:
    name, *numbers = _decimals.print_rows([b"w"], values[np.newaxis]).decode().split(" ")
    assert name == "w" and numbers[-1].endswith("\n")
    return [*numbers[:-1], numbers[-1].rstrip("\n")]


def shortest(value: np.float32) -> str:
    """What numpy 2.4 says; earlier ones begin later with exponents."""
    if np.isfinite(value) and abs(value) >= 1e6:
        return np.format_float_scientific(value, trim="-", exp_digits=2)
    return str(value)


def parsed(text: bytes, narrow: bool = False) -> float | None:
    values = np.empty((1, 1))
    words, position = _decimals.parse_rows(b"w %s\n" % text, 0, values, narrow)
    assert position == (len(text) + 3 if words else 0)
    return float(values[0, 0]) if words else None


def same(value: float | None, text: bytes) -> bool:
    """To the bit; -0.0 is not 0.0."""
    return value is not None and value.hex() == float(text).hex()


# --- printing ---


def test_known_numbers() -> None:
    values = [0, -0.0, 1, -2.5, 1e-4, 1.0001e-4, 0.1, 100, 999999.94, 1e6, 16777216, 1e-45, 3.4028235e38]
    texts = "0.0 -0.0 1.0 -2.5 1e-04 0.00010001 0.1 100.0 999999.94 1e+06 1.6777216e+07 1e-45 3.4028235e+38"
    assert printed(np.array(values, np.float32)) == texts.split()
    assert printed(np.array([np.nan, -np.nan, np.inf, -np.inf], np.float32)) == ["nan", "nan", "inf", "-inf"]


def every_exponent(fractions: int, seed: int) -> np.ndarray:
    """Positive finite float32 of each of the 255 exponents: the ends of its range and random ones between."""
    rng = np.random.default_rng(seed)
    ends = np.array([0, 1, 2, 3, (1 << 22) - 1, 1 << 22, (1 << 23) - 2, (1 << 23) - 1])
    middle = rng.integers(0, 1 << 23, (255, fractions))
    fields = np.concatenate([np.tile(ends, (255, 1)), middle], axis=1) | np.arange(255)[:, np.newaxis] << 23
    return fields.astype(np.uint32).view(np.float32).ravel()


def test_the_shortest_and_nearest_in_every_binade() -> None:
    values = every_exponent(100, seed=1)
    assert printed(values) == list(map(shortest, values))


def test_the_shortest_of_round_numbers() -> None:
    powers = [10.0**k for k in range(-45, 39)]
    values = np.array([d * p for d, p in itertools.product((1, 1.5, 2, 9.5, 9.999999), powers)], np.float64)
    values = values[values < np.finfo(np.float32).max].astype(np.float32)
    values = np.concatenate([values, np.nextafter(values, np.float32(np.inf)), np.nextafter(values, 0)])
    assert printed(values) == list(map(shortest, values))


def test_integers() -> None:
    values = np.concatenate([np.arange(20_000), 2 ** np.arange(31), 2 ** np.arange(31) - 1]).astype(
        np.float32
    )
    assert printed(values) == list(map(shortest, values))


def test_float32_survives_text() -> None:
    """All 2**31 positive ones were tried once; here some are."""
    values = every_exponent(2000, seed=2)
    values = np.concatenate([values, -values])
    text = _decimals.print_rows([b"w"], values[np.newaxis])
    got = np.empty((1, len(values)))
    _decimals.parse_rows(text, 0, got, True)
    np.testing.assert_array_equal(got[0].astype(np.float32).view(np.uint32), values.view(np.uint32))


def test_rows() -> None:
    vectors = np.array([[1, 2], [3, 4.5]], np.float32)
    assert _decimals.print_rows([b"a", b"b c"], vectors) == b"a 1.0 2.0\nb c 3.0 4.5\n"
    assert _decimals.print_rows([], vectors[:0]) == b""
    with pytest.raises(ValueError, match="1 names for 2 rows"):
        _decimals.print_rows([b"a"], vectors)


# --- reading ---


@given(st.floats(allow_nan=False))
def test_doubles(value: float) -> None:
    for text in (repr(value), f"{value:.18e}", f"{value:.20e}", f"{value:.6f}", f"{value:+.9E}"):
        assert same(parsed(text.encode()), text.encode())


@given(st.integers(0, 10**21), st.integers(-50, 50), st.sampled_from(["", "+", "-"]))
@example(2**53 + 1, 0, "")  # the middle of two doubles
@example((1 << 64) - 1, -25, "")  # large digits, and the largest that scaling rounds up to a power of two
@example(0, 99, "-")
def test_digits_and_a_power(digits: int, power: int, sign: str) -> None:
    for text in (f"{sign}{digits}e{power}", f"{sign}.{digits:030}E+{abs(power):03}", f"{sign}{digits}."):
        assert same(parsed(text.encode()), text.encode())


@given(st.floats(1e-25, 1e25), st.integers(-1, 1))
def test_close_to_the_middle_of_two_doubles(value: float, nudge: int) -> None:
    """Where 64 bits do not say which of the two is nearer."""
    middle = Fraction(value) + Fraction(np.spacing(value)) / 2
    power = 18 - len(str(int(middle))) if middle >= 1 else 18 + len(str(int(1 / middle)))
    digits = int(middle * Fraction(10) ** power) + nudge
    text = f"{digits}e{-power}".encode()
    assert same(parsed(text), text)


@given(st.integers(0, 0x7F7FFFFE), st.integers(-1, 1), st.integers(0, 60))
def test_rounds_once_to_float32(bits: int, nudge: int, zeros: int) -> None:
    """At the middle of two float32 the even one is due, a little beside it the nearer one."""
    low, high = np.array([bits, bits + 1], np.uint32).view(np.float32)
    middle = (Fraction(float(low)) + Fraction(float(high))) / 2
    digits = middle * 10**200  # an integer: the middle has at most 150 bits after the point
    text = b"%de-%d" % (digits.numerator * 10**zeros + nudge, 200 + zeros)
    due = high if nudge > 0 or nudge == 0 and bits % 2 else low
    assert np.float32(parsed(text, narrow=True)) == due
    assert same(parsed(text), text)


@pytest.mark.parametrize(
    "text", ["7.038531e-26", "7.0385310000e-26", "70.38531000000000000000e-27", "-7.038531e-26"]
)
def test_a_number_that_rounding_twice_spoils(text: str) -> None:
    value = np.float32(parsed(text.encode(), narrow=True))
    assert printed(np.array([value])) == [text[0] * (text[0] == "-") + "7.038531e-26"]
    assert np.float32(float(text)) != value


def test_reading_agrees_with_float_at_random() -> None:
    rng = np.random.default_rng(3)
    texts = [
        b"%de%d" % (d, p)
        for d, p in zip(rng.integers(1, 2**63, 20_000), rng.integers(-40, 50, 20_000), strict=True)
    ]
    got = np.empty((1, len(texts)))
    _decimals.parse_rows(b"w " + b" ".join(texts) + b"\n", 0, got, False)
    np.testing.assert_array_equal(got[0], np.array(list(map(float, texts))))


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1.",
        ".5",
        "+1",
        "-.5e1",
        "007",
        "1e5",
        "1E-05",
        "0" * 400 + "1",
        "1e-400",
        "1e9999",
        "1e99999",
        "inf",
        "-Infinity",
        "1\t",
        "0." + "0" * 30 + "1" * 30,
        "1" * 400,
        "123456789012345678901",
        "0e-999",
    ],
)
def test_what_float_takes(text: str) -> None:
    assert same(parsed(text.encode()), text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+",
        ".",
        "-.",
        "e5",
        "1e",
        "1e+",
        "1e5.0",
        "1.2.3",
        "--1",
        "+-1",
        "1_0",
        "0x1",
        "1,5",
        "1f",
        "\0",
        "1\0",
        "nan_",
        "é",
        "1 2",
        " 1",
        "1e 5",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert parsed(text.encode()) is None


def test_stops_where_a_line_is_no_row() -> None:
    block = b"a 1 2\nb 3\nc 4 5\n"
    values = np.zeros((9, 2))
    assert _decimals.parse_rows(block, 0, values, False) == ([b"a"], 6)
    assert _decimals.parse_rows(block, 6, values, False) == ([], 6)
    assert _decimals.parse_rows(block, 10, values, False) == ([b"c"], len(block))
    assert values[0].tolist() == [4, 5]
    assert _decimals.parse_rows(block, 0, values[:0], False) == ([], 0)
    for line in (b"b 3 4 5\n", b"\n", b" \n", b"b\n", b"b c 3 4\n", b"b 3  4\n", b"b 3 4\0\n"):
        assert _decimals.parse_rows(block[:6] + line, 0, values, False) == ([b"a"], 6)


@pytest.mark.parametrize("block, position", [(b"a 1", 0), (b"", 0), (b"a 1\n", 5), (b"a 1\n", -1)])
def test_blocks_must_be_of_lines(block: bytes, position: int) -> None:
    with pytest.raises(ValueError, match="whole lines"):
        _decimals.parse_rows(block, position, np.empty((1, 1)), False)


def test_split_rows() -> None:
    block = b"ab 1234\n\nc 5678 9 \n\n\n\nd \x00"
    vectors = np.zeros((5, 4), np.uint8)
    assert _decimals.split_rows(block, 0, vectors, 99) == ([b"ab", b"c", b""], 20)
    assert vectors[:3].tobytes() == b"123456789 \n\n"
    assert _decimals.split_rows(block, 0, vectors[:1], 99) == ([b"ab"], 7)
    assert _decimals.split_rows(block, 0, vectors, 1) == ([], 0)  # no space within the longest word
    assert _decimals.split_rows(block, len(block), vectors, 99) == ([], len(block))
    with pytest.raises(ValueError, match="no position"):
        _decimals.split_rows(block, len(block) + 1, vectors, 99)


def test_references_are_given_back() -> None:
    name, block = b"name of no other object", b"w 1\n" * 100
    before = sys.getrefcount(name), sys.getrefcount(block)
    for _ in range(10):
        _decimals.print_rows([name] * 9, np.ones((9, 3), np.float32))
        _decimals.parse_rows(block, 0, np.empty((100, 1)), False)
    assert (sys.getrefcount(name), sys.getrefcount(block)) == before
