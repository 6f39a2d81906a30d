"""Models, vectors and indices that are cut short anywhere, or have one wrong bit: none of them loads.

Arrays alone, word2vec's formats, compressed files and pickles are cut in test_native_format.py,
test_word2vec_format.py, test_streams.py and test_gensim_files.py.
"""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import few_vectors, saved, trained

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import DESM, DESMIndex
from fastw2v.formats.errors import FormatError

LOADERS: dict[str, Callable[..., Any]] = {
    "model": Word2Vec.load,
    "vectors": KeyedVectors.load,
    "index": DESMIndex.load,
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    index = DESM(trained()).index([["graph", "trees"], ["human"]], progress=False)
    return {
        "model": saved(trained(hs=1)).read(),
        "vectors": saved(few_vectors()).read(),
        "index": saved(index).read(),
    }


def header_end(raw: bytes) -> int:
    return 8 + int(struct.unpack("<Q", raw[:8])[0])


def flipped(raw: bytes, bit: int) -> bytes:
    place = bit // 8
    return raw[:place] + bytes([raw[place] ^ 1 << bit % 8]) + raw[place + 1 :]


def assert_noticed(load: Callable[..., Any], raw: bytes, bits: list[int]) -> None:
    unnoticed = []
    for bit in bits:
        try:
            load(io.BytesIO(flipped(raw, bit)), verify="full")
        except FormatError:
            continue
        unnoticed.append(bit)
    print(f"{len(bits):,} bits, {len(unnoticed)} unnoticed")
    assert not unnoticed


@pytest.mark.parametrize("kind", LOADERS)
def test_no_prefix_is_loaded(kind: str, files: dict[str, bytes], tmp_path: Path) -> None:
    for length in range(len(files[kind])):
        with pytest.raises(FormatError):
            LOADERS[kind](io.BytesIO(files[kind][:length]))


@pytest.mark.parametrize("kind", LOADERS)
def test_no_prefix_is_mapped(kind: str, files: dict[str, bytes], tmp_path: Path) -> None:
    """Nor is it a SIGBUS."""
    for length in range(0, len(files[kind]), 37):
        (tmp_path / "cut").write_bytes(files[kind][:length])
        with pytest.raises(FormatError, match="cut"):  # the file's name
            LOADERS[kind](tmp_path / "cut", mmap="r")


@pytest.mark.parametrize("kind", LOADERS)
def test_wrong_bits_are_noticed(kind: str, files: dict[str, bytes]) -> None:
    raw, rng = files[kind], random.Random(2)
    end = header_end(raw)
    assert_noticed(LOADERS[kind], raw, [8 * place + rng.randrange(8) for place in range(end)])
    assert_noticed(LOADERS[kind], raw, rng.sample(range(8 * end, 8 * len(raw)), 500))


@pytest.mark.long
@pytest.mark.parametrize("kind", LOADERS)
def test_any_wrong_bit_of_the_header_is_noticed(kind: str, files: dict[str, bytes]) -> None:
    assert_noticed(LOADERS[kind], files[kind], list(range(8 * header_end(files[kind]))))


@pytest.mark.long
@pytest.mark.parametrize("kind", LOADERS)
def test_10_000_wrong_bits_of_arrays_are_noticed(kind: str, files: dict[str, bytes]) -> None:
    raw, rng = files[kind], random.Random(4)
    assert_noticed(LOADERS[kind], raw, rng.choices(range(8 * header_end(raw), 8 * len(raw)), k=10_000))
