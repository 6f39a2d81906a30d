"""The native container: what it keeps, and that nothing but a whole, unaltered file is read."""

from __future__ import annotations

import io
import json
import mmap
import os
import pickle
import random
import struct
import textwrap
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from children import run_python
from factories import assert_same
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v.formats import native
from fastw2v.formats.errors import FastW2VError, FormatError
from fastw2v.vocabulary.huffman import HuffmanTree

DTYPES = ["<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1"]
WORDS = ["the", "of", "naïve", "日本", "", "\ud83d", "a b"]


def example() -> dict[str, native.Array]:
    rng = np.random.default_rng(7)
    return {
        "syn0": rng.standard_normal((7, 3)).astype(np.float32),
        "counts": np.arange(7, 0, -1),
        **native.pack_strings(WORDS),
    }


def as_bytes(tensors: dict[str, native.Array], metadata: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    native.write(buffer, tensors, metadata or {})
    return buffer.getvalue()


def from_bytes(raw: bytes, **options: Any) -> tuple[dict[str, native.Array], dict[str, str]]:
    return native.read(io.BytesIO(raw), **options)


def header_of(raw: bytes) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(raw[8 : 8 + struct.unpack("<Q", raw[:8])[0]])
    return header


def with_header(raw: bytes, header: bytes | dict[str, Any]) -> bytes:
    """The same arrays under another header."""
    if isinstance(header, dict):
        header = json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + raw[8 + struct.unpack("<Q", raw[:8])[0] :]


# --- what goes in comes out ---


@given(
    st.dictionaries(
        st.text(max_size=8).filter(lambda name: name != "__metadata__"),
        st.sampled_from(DTYPES).flatmap(
            lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
        ),
        max_size=5,
    ),
    st.dictionaries(
        st.text(max_size=8).filter(lambda name: name not in native.RESERVED), st.text(max_size=20)
    ),
)
def test_round_trip(tensors: dict[str, native.Array], metadata: dict[str, str]) -> None:
    got, got_metadata = from_bytes(as_bytes(tensors, metadata))
    assert_same(got, tensors)
    assert got_metadata == metadata


@pytest.mark.parametrize("mode", [None, "r", "c"])
def test_every_way_of_reading(tmp_path: Path, mode: Any) -> None:
    path = tmp_path / "model.fw2v"
    native.write(path, example(), {"kind": "test"})
    before = path.read_bytes()
    tensors, metadata = native.read(path, mode, verify="full")
    assert_same(tensors, example())
    assert metadata == {"kind": "test"}
    assert all(array.flags.aligned for array in tensors.values())
    if mode is not None:
        assert tensors["syn0"].ctypes.data % 64 == 0  # the largest array starts a cache line
    if mode == "r":
        with pytest.raises(ValueError, match="read-only"):
            tensors["syn0"][0, 0] = 1
    else:
        tensors["syn0"][0, 0] = 1
    assert path.read_bytes() == before


def test_any_layout_of_memory() -> None:
    matrix = np.arange(24, dtype=np.float32).reshape(4, 6)
    for array in (matrix.T, matrix[::2, ::-1], np.asfortranarray(matrix), matrix.astype(">f4")):
        got = from_bytes(as_bytes({"a": array}))[0]["a"]
        np.testing.assert_array_equal(got, array)


def test_only_the_wanted(tmp_path: Path) -> None:
    path = tmp_path / "model.fw2v"
    native.write(path, example(), {})
    assert native.read(path, wanted=lambda name: name == "counts")[0].keys() == {"counts"}


def test_reads_from_where_a_handle_stands() -> None:
    raw = as_bytes(example())
    handle = io.BytesIO(b"something before" + raw)
    handle.seek(16)
    assert_same(native.read(handle)[0], example())


def test_safetensors_opens_it(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors", reason="the package is not installed")
    path = tmp_path / "model.fw2v"
    native.write(path, example(), {"kind": "test"})
    with safetensors.safe_open(path, "np") as file:
        assert file.metadata()["kind"] == "test"
        assert_same({name: file.get_tensor(name) for name in file.keys()}, example())  # noqa: SIM118


@pytest.mark.parametrize(
    "tensors, error",
    [
        ({"a": np.zeros(2, dtype=object)}, TypeError),
        ({"a": np.zeros(2, dtype=np.complex64)}, TypeError),
        ({"a": np.array(["x"])}, TypeError),
        ({"__metadata__": np.zeros(2)}, ValueError),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, tensors: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        native.write(tmp_path / "x", tensors, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", native.RESERVED)
def test_reserved_metadata(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        as_bytes(example(), {name: "mine"})


def test_too_much_metadata() -> None:
    with pytest.raises(ValueError, match="too much metadata"):
        as_bytes({}, {"x": "y" * native.MAX_HEADER})


# --- strings ---

KEYS = st.text(st.characters(), max_size=5) | st.integers(-(10**20), 10**20) | st.none()


@given(st.lists(KEYS))
def test_strings_round_trip(keys: list[Any]) -> None:
    assert native.unpack_strings(native.pack_strings(keys)) == keys
    assert [type(key) for key in native.unpack_strings(native.pack_strings(keys))] == [type(k) for k in keys]


def test_plain_words_need_no_types() -> None:
    assert native.pack_strings(["a", "ü"]).keys() == {"vocab_bytes", "vocab_offsets"}
    assert native.pack_strings(np.array(["a", "ü"])).keys() == {"vocab_bytes", "vocab_offsets"}


@pytest.mark.parametrize("key", [1.5, ("a", "b"), b"a", frozenset()])
def test_other_keys_need_types(key: Any) -> None:
    with pytest.raises(TypeError, match="only str and int keys"):
        native.pack_strings(["a", key])
    packed = native.pack_strings(["a", key, 7, None], typed=True)
    assert native.has_typed(packed) and not native.has_typed(native.pack_strings(["a", 7], typed=True))
    assert native.unpack_strings(packed) == ["a", key, 7, None]


@pytest.mark.parametrize(
    "key",
    [object(), print, np.zeros(2), [1], (1, [2]), {1: 2}],
    ids=["object", "function", "array", "list", "list in a tuple", "dict"],
)
def test_keys_that_cannot_be_packed(key: Any) -> None:
    with pytest.raises(TypeError, match="the key .* cannot be saved in a .fw2v file.*pickle.dump"):
        native.pack_strings(["a", key], typed=True)


@pytest.mark.parametrize("text", ["[1]", '{"~set":[1]}', '{"~tuple":[[1]]}', "", "{", '{"~x":1}', '{"a":1}'])
def test_typed_keys_that_could_not_have_been_packed(text: str) -> None:
    tensors = native.pack_strings([text])
    tensors["vocab_types"] = np.array([3], dtype=np.uint8)
    with pytest.raises(FormatError, match="the key"):
        native.unpack_strings(tensors)


def test_keys_made_to_collide_are_refused() -> None:
    for keys in ([i * (2**61 - 1) for i in range(6000)], [(i * (2**61 - 1),) for i in range(6000)]):
        with pytest.raises(FormatError, match="same hash"):
            native.unpack_strings(native.pack_strings(keys, typed=True))
    native.unpack_strings(native.pack_strings([*range(6000), *[None] * 6000]))


@pytest.mark.parametrize(
    "change",
    [
        {"vocab_offsets": [0, 2, 4]},  # ü cut in two
        {"vocab_offsets": [0, 4, 3, 4]},
        {"vocab_offsets": [1, 3, 4]},
        {"vocab_offsets": [0, 3]},
        {"vocab_offsets": [0, 3, 5]},
        {"vocab_offsets": [0, -1, 4]},
        {"vocab_offsets": []},
        {"vocab_bytes": [255, 254, 97, 98]},
        {"vocab_types": [0]},
        {"vocab_types": [3, 0]},
        {"vocab_types": [2, 0]},  # no key at all, but with letters
        {"vocab_types": [0, 1]},  # a number, but of letters
    ],
    ids=repr,
)
def test_strings_that_could_not_have_been_packed(change: dict[str, list[int]]) -> None:
    tensors = native.pack_strings(["aü", "b"])
    for name, values in change.items():
        dtype = np.int64 if name == "vocab_offsets" else np.uint8
        tensors[name] = np.array(values, dtype=dtype)
    with pytest.raises(FormatError):
        native.unpack_strings(tensors)


@pytest.mark.parametrize("text", ["1_0", "٣", " 1", "+1", "0x1", "", "-", "1.0", "9" * 5000])
def test_integers_are_plain_digits(text: str) -> None:
    tensors = native.pack_strings([text])
    tensors["vocab_types"] = np.array([1], dtype=np.uint8)
    with pytest.raises(FormatError):
        native.unpack_strings(tensors)


# --- what the kernels will index with ---


def check_paths(points: Any, codes: Any, starts: Any, words: int) -> None:
    """What is asked of a tree in a file."""
    HuffmanTree(points, codes, starts).check(words, error=FormatError, saved=True)


def paths(**change: Any) -> dict[str, Any]:
    """Of the tree over 3 words: word 0 under the root (node 1), words 1 and 2 under node 0."""
    good: dict[str, Any] = {
        "points": np.array([1, 1, 0, 1, 0], dtype=np.uint32),
        "codes": np.array([0, 1, 0, 1, 1], dtype=np.uint8),
        "starts": np.array([0, 1, 3, 5]),
        "words": 3,
    }
    return good | change


def test_paths_that_are_right() -> None:
    check_paths(**paths())
    empty: dict[str, Any] = {"points": np.empty(0, np.uint32), "codes": np.empty(0, np.uint8)}
    check_paths(**empty, starts=np.array([0]), words=0)
    check_paths(**empty, starts=np.array([0, 0]), words=1)


@pytest.mark.parametrize(
    "change",
    [
        {"points": np.array([1, 1, 0, 2, 0], dtype=np.uint32)},
        {"points": np.array([2**32 - 1, 1, 0, 1, 0], dtype=np.uint32)},
        {"codes": np.array([0, 1, 0, 2, 1], dtype=np.uint8)},
        {"codes": np.array([0, 1, 0, 1], dtype=np.uint8)},
        {"starts": np.array([0, 1, 3, 4])},
        {"starts": np.array([0, 3, 1, 5])},
        {"starts": np.array([0, 1, 3, 6])},
        {"words": 2},
        {
            "points": np.zeros(65, dtype=np.uint32),
            "codes": np.zeros(65, dtype=np.uint8),
            "starts": np.array([0, 65, 65, 65]),
        },
    ],
)
def test_paths_that_are_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        check_paths(**paths(**change))


@pytest.mark.parametrize(
    "name, dtype, shape",
    [
        ("b", np.float32, (2, 3)),
        ("a", np.float64, (2, 3)),
        ("a", np.float32, (3, 2)),
        ("a", np.float32, (6,)),
    ],
)
def test_expect(name: str, dtype: Any, shape: tuple[int, ...]) -> None:
    tensors = {"a": np.zeros((2, 3), dtype=np.float32)}
    assert native.expect(tensors, "a", np.float32, (2, None)) is tensors["a"]
    with pytest.raises(FormatError, match=repr(name)):
        native.expect(tensors, name, dtype, shape)


# --- damage ---


@pytest.mark.parametrize("mode", [None, "r"])
def test_no_prefix_is_read(tmp_path: Path, mode: Any) -> None:
    raw = as_bytes(example())
    path = tmp_path / "cut"
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        with pytest.raises(FormatError, match="cut"):  # the file's name
            native.read(path, mode)


@pytest.mark.parametrize("tail", [b"\0", b"\n", b"more", b"\0" * 64])
def test_foreign_bytes_at_the_end(tail: bytes) -> None:
    with pytest.raises(FormatError, match="foreign bytes"):
        from_bytes(as_bytes(example()) + tail)


def test_every_flipped_bit_is_noticed() -> None:
    raw = as_bytes(example(), {"kind": "test", "ü": "\N{SNOWMAN}"})
    for bit in range(8 * len(raw)):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            from_bytes(bytes(damaged), verify="full")


def test_the_header_is_always_verified() -> None:
    raw = as_bytes(example(), {"model": '{"window": 5}'})
    with pytest.raises(FormatError, match="header is damaged"):
        from_bytes(raw.replace(b'\\"window\\": 5', b'\\"window\\": 6'))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_full_verification_refuses_what_is_no_number(value: float) -> None:
    tensors = example()
    tensors["syn0"][6, 2] = value
    raw = as_bytes(tensors)
    assert_same(from_bytes(raw)[0], tensors)
    with pytest.raises(FormatError, match="'syn0' holds NaN or infinity"):
        from_bytes(raw, verify="full")


# --- forgery ---


def forged(change: Callable[[dict[str, Any]], Any]) -> bytes:
    raw = as_bytes(example())
    header = header_of(raw)
    return with_header(raw, change(header) or header)


def entry(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda header: header["syn0"].update(change)


BYTES = as_bytes(example())
FORGERIES: dict[str, bytes] = {
    "header longer than the file": struct.pack("<Q", 2**63) + BYTES[8:],
    "header one byte longer": struct.pack("<Q", len(BYTES) - 7) + BYTES[8:],
    "header of 16 MB": struct.pack("<Q", native.MAX_HEADER + 1) + BYTES[8:],
    "no header": struct.pack("<Q", 0) + BYTES[8:],
    "rows": forged(entry(shape=[2 * 10**9, 3])),
    "dimensions": forged(entry(shape=[7, 2 * 10**9])),
    "rows and end": forged(entry(shape=[2 * 10**9, 3], data_offsets=[0, 24 * 10**9])),
    "overflow": forged(entry(shape=[2**62, 2**62])),
    "overflow to the right size": forged(entry(shape=[2**62 + 7, 12])),
    "empty but huge": forged(entry(shape=[0, 2**62, 2**62], data_offsets=[0, 0])),
    "10**20": forged(entry(shape=[10**20, 3])),
    "negative": forged(entry(shape=[-7, -3])),
    "float": forged(entry(shape=[7.0, 3])),
    "true": forged(entry(shape=[True, 3])),
    "shape is text": forged(entry(shape="73")),
    "many dimensions": forged(entry(shape=[7, 3] + [1] * 100)),
    "offsets negative": forged(entry(data_offsets=[-84, 0])),
    "offsets reversed": forged(entry(data_offsets=[84, 0])),
    "three offsets": forged(entry(data_offsets=[0, 84, 0])),
    "offsets beyond": forged(entry(data_offsets=[10**9, 10**9 + 84])),
    "unknown dtype": forged(entry(dtype="F31")),
    "dtype is a list": forged(entry(dtype=["F32"])),
    "no dtype": forged(lambda header: header["syn0"].pop("dtype") and None),
    "one field more": forged(entry(also=1)),
    "no entry": forged(lambda header: header.update(syn0=5)),
    "overlap": forged(lambda header: header["counts"].update(data_offsets=[8, 64])),
    "polyglot": forged(lambda header: header.pop("counts") and None),
    "no metadata": forged(lambda header: header.pop("__metadata__") and None),
    "metadata of numbers": forged(lambda header: header["__metadata__"].update(x=1)),
    "metadata is a list": forged(lambda header: header.update(__metadata__=[])),
    "no checksums": forged(lambda header: header["__metadata__"].pop("sha256") and None),
    "list": with_header(BYTES, b"[1, 2, 3]"),
    "nested": with_header(BYTES, b'{"a":' * 100_000),
    "nested lists": with_header(BYTES, b'{"a":' + b"[" * 100_000),
    "duplicate": with_header(BYTES, b'{"syn0":{},"syn0":{}}'),
    "nan": with_header(BYTES, b'{"syn0":NaN}'),
    "digits": with_header(BYTES, b'{"syn0":' + b"9" * 1_000_000 + b"}"),
    "not utf-8": with_header(BYTES, b'{"\xff":{}}'),
    "not json": with_header(BYTES, b"{syn0: 1}"),
    "two documents": with_header(BYTES, b"{}{}"),
    "spaces first": with_header(BYTES, b" {}"),
    "empty": with_header(BYTES, b"{}"),
}


@pytest.mark.parametrize("raw", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_headers(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "forged"
    path.write_bytes(raw)
    for mode in (None, "r"):
        tracemalloc.start()
        try:
            with pytest.raises(FormatError):
                native.read(path, mode)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        # The buffer of a file, and what JSON makes of the header; nothing it promises. Since Python 3.14
        # lists nest as deep as the stack allows.
        assert peak < io.DEFAULT_BUFFER_SIZE + 56_000 + max(20 * len(raw), 100 * raw.count(b"["))


def header_ends(raw: bytes) -> int:
    return 8 + int(struct.unpack("<Q", raw[:8])[0])


def says_the_same(raw: bytes, original: bytes) -> bool:
    """Whether bytes differ in nothing but the header's padding: to JSON a tab there is as good as a space."""
    end = header_ends(original)

    def read(data: bytes) -> tuple[int, bytes, bytes, bytes]:
        return len(data), data[:8], data[8:end].rstrip(b" \t\n\r"), data[end:]

    return read(raw) == read(original)


@given(st.binary(max_size=200), st.integers(0, len(BYTES)))
@hypothesis.example(b"\t", header_ends(BYTES) - 1)
@hypothesis.example(b"\0", header_ends(BYTES) - 1)
@hypothesis.example(b"\n\r", header_ends(BYTES) - 2)
def test_random_bytes(noise: bytes, place: int) -> None:
    for raw in (noise, BYTES[:place] + noise, BYTES[:place] + noise + BYTES[place + len(noise) :]):
        if says_the_same(raw, BYTES):
            assert_same(from_bytes(raw, verify="full"), from_bytes(BYTES))
        else:
            with pytest.raises(FastW2VError):
                from_bytes(raw, verify="full")


def test_only_padding_says_the_same() -> None:
    end = header_ends(BYTES)
    assert BYTES[end - 2 : end] == b"  " and says_the_same(BYTES, BYTES)
    assert says_the_same(BYTES[: end - 1] + b"\t" + BYTES[end:], BYTES)
    for other in (
        BYTES[: end - 1] + b"\0" + BYTES[end:],
        BYTES[: end - 1] + BYTES[end:],
        BYTES + b" ",
        BYTES[:-1],
        BYTES.replace(b'"syn0"', b'"syn1"'),
        BYTES.replace(b'"syn0":', b'"syn0"\t'),
        b"",
    ):
        assert not says_the_same(other, BYTES)


# --- files of other kinds ---


class Bomb:
    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.touch, (self.canary,)


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    path, canary = tmp_path / "model", tmp_path / "canary"
    path.write_bytes(pickle.dumps([Bomb(canary), b"x" * 1000]))
    with pytest.raises(FormatError, match="it is a pickle"):
        native.read(path)
    assert not canary.exists()


@pytest.mark.parametrize(
    "raw, says",
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "gzip"),
        (b"PK\x03\x04" + b"\0" * 30, "zip"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", ".npy"),
        (b"3 5\nthe 1 2 3 4 5\n", "load_word2vec_format"),
        (b"{}", "it is JSON"),
        (b"<!DOCTYPE html>", "a page that came instead of a download"),
        (b"version https://git-lfs", "git lfs pull"),
        (b"abc", "cut short"),
        (b"\x7fELF" + b"\0" * 100, "not a fastw2v file"),
    ],
)
def test_says_what_it_is_instead(raw: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        from_bytes(raw)


def test_another_programs_safetensors() -> None:
    header = {"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    with pytest.raises(FormatError, match="not one written by fastw2v"):
        from_bytes(struct.pack("<Q", len(text)) + text + b"\0\0\0\0")


def test_a_newer_format() -> None:
    def newer(header: dict[str, Any]) -> None:
        header["__metadata__"].update(format_version="3", writer="fastw2v 9.1")

    with pytest.raises(FormatError, match=r"of format 3 and needs fastw2v ≥ 9\.1; this is .*update it"):
        from_bytes(forged(newer))


@pytest.mark.parametrize("writer", ["", "x" * 1000, "fastw2v \n9", "fastw2v " + "9" * 100])
def test_a_newer_format_of_who_knows_what(writer: str) -> None:
    def newer(header: dict[str, Any]) -> None:
        header["__metadata__"].update(format_version="3", writer=writer)

    with pytest.raises(FormatError, match=r"of format 3 and needs a newer fastw2v; this is .*update it"):
        from_bytes(forged(newer))


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "٣", "9" * 100])
def test_an_unreadable_version(version: str) -> None:
    with pytest.raises(FormatError, match="version"):
        from_bytes(forged(lambda header: header["__metadata__"].update(format_version=version)))


def test_a_file_laid_out_by_others() -> None:
    """Order and spacing are free in safetensors, as long as no byte is left over."""
    header = {name: value for name, value in reversed(header_of(BYTES).items())}
    raw = with_header(BYTES, json.dumps(header, indent=1).encode())
    assert_same(from_bytes(raw, verify="full")[0], example())


def test_arrays_that_are_not_aligned(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(with_header(BYTES, json.dumps(header_of(BYTES)).encode().ljust(8 * 200 + 1)))
    assert_same(native.read(path)[0], example())
    with pytest.raises(FormatError, match="mmap=None"):
        native.read(path, "r")


@pytest.mark.parametrize("mode", ["r+", "w+", True, ""])
def test_mmap_modes_that_would_change_the_file(tmp_path: Path, mode: Any) -> None:
    with pytest.raises(ValueError, match="mmap"):
        native.read(tmp_path / "x", mode)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="verify"):
        from_bytes(BYTES, verify="yes")
    with pytest.raises(ValueError, match="needs a path"):
        native.read(io.BytesIO(BYTES), "r")
    with pytest.raises(TypeError, match="a path or an open binary file"):
        native.read(7)  # type: ignore[arg-type]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        native.read(tmp_path / "none")


# --- while others read and write ---


def test_saving_over_what_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "model.fw2v"
    native.write(path, example(), {})
    mapped = native.read(path, "r")[0]
    readers = [native.read(path, "r")[0] for _ in range(4)]
    for i in range(1, 4):
        native.write(path, {**mapped, "counts": mapped["counts"] + i}, {})
        np.testing.assert_array_equal(native.read(path, verify="full")[0]["counts"], example()["counts"] + i)
    for reader in readers:
        assert_same(reader, example())


def test_a_file_cut_between_header_and_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.fw2v"
    native.write(path, example(), {})
    real = mmap.mmap

    def cut(descriptor: int, length: int, access: int) -> mmap.mmap:
        os.truncate(path, 700)
        return real(descriptor, length, access=access)

    monkeypatch.setattr(mmap, "mmap", cut)
    with pytest.raises(FormatError, match="became shorter"):
        native.read(path, "r")


def run_script(script: str, *arguments: object) -> str:
    return run_python(textwrap.dedent(script), *arguments).stdout


def test_killed_while_saving(tmp_path: Path) -> None:
    """kill -9 at a random step in a loop of saves, 100 times: the file always loads, whole."""
    out = run_script(
        """
        import os, random, signal, sys
        import numpy as np
        from fastw2v.formats import native

        path = sys.argv[1]
        left_behind = 0

        def save(number):
            native.write(path, {"a": np.full(200_000, number), "b": np.full(10, number)}, {})

        def load():
            tensors, _ = native.read(path, verify="full")
            numbers = {int(x) for array in tensors.values() for x in np.unique(array)}
            assert len(numbers) == 1, numbers
            return numbers.pop()

        save(0)
        rng = random.Random(1)
        for trial in range(100):
            reader, writer = os.pipe()
            child = os.fork()
            if not child:
                number = load()
                sys.addaudithook(lambda *_: os.write(writer, b"."))  # when files are opened, renamed, removed
                while True:
                    number += 1
                    save(number)
            os.close(writer)
            for _ in range(rng.randint(1, 30)):
                assert os.read(reader, 1)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reader)
            last = load()
            left_behind += len(os.listdir(os.path.dirname(path))) > 1
        save(last + 1)
        assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
        print(last, left_behind)
        """,
        tmp_path / "model.fw2v",
    )
    saves, left_behind = map(int, out.split())
    assert saves > 0 and left_behind > 0  # else nothing was tested


def test_two_processes_save_to_one_path(tmp_path: Path) -> None:
    out = run_script(
        """
        import os, sys
        import numpy as np
        from fastw2v.formats import native

        path = sys.argv[1]

        def save(number):
            native.write(path, {"a": np.full(5_000, number), "b": np.full(10, number)}, {})

        save(0)
        children = []
        for writer in (1, 2):
            child = os.fork()
            if not child:
                for _ in range(100):
                    save(writer)
                os._exit(0)
            children.append(child)
        seen = set()
        while children:
            tensors, _ = native.read(path, verify="full")
            numbers = {int(x) for array in tensors.values() for x in np.unique(array)}
            assert len(numbers) == 1, numbers
            seen |= numbers
            done, status = os.waitpid(-1, os.WNOHANG)
            assert status == 0
            if done:
                children.remove(done)
        assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
        print(*seen)
        """,
        tmp_path / "model.fw2v",
    )
    assert {"1", "2"} & set(out.split())


def test_random_damage_of_a_larger_file() -> None:
    rng = random.Random(3)
    tensors = {"syn0": np.random.default_rng(3).standard_normal((500, 20)).astype(np.float32)}
    raw = as_bytes(tensors)
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(raw))] = rng.randrange(256)
        if not says_the_same(bytes(damaged), raw):
            with pytest.raises(FormatError):
                from_bytes(bytes(damaged), verify="full")


def test_a_big_endian_machine_reads_and_does_not_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native.write(tmp_path / "f", {"a": np.arange(3, dtype=">f4")}, {})
    (array,) = native.read(tmp_path / "f")[0].values()
    assert array.dtype.isnative and array.tolist() == [0, 1, 2]
    monkeypatch.setattr("sys.byteorder", "big")
    with pytest.raises(OSError, match="f is little-endian .* load it with mmap=None"):
        native.read(tmp_path / "f", "r")
