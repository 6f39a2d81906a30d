"""text/blocks.py: bytes of files in blocks that end between words."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from factories import write
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import LineSentence
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
    blocks = [bytes(block) for block in text_blocks(path, limit, block_bytes=size)]
    spare: list[bytearray] = []
    again = []
    for block in text_blocks(path, limit, spare, size):
        again.append(bytes(block))
        if isinstance(block.obj, bytearray):
            spare.append(block.obj)
    assert b"".join(again) == b"".join(blocks)
    lines = text.split(b"\n")
    if limit is not None and limit < len(lines):
        text = b"".join(line + b"\n" for line in lines[:limit])
    assert b"".join(blocks) == text
    assert all(block[-1:].isspace() for block in blocks[:-1])
    assert all(blocks)


def test_blocks_do_not_grow_with_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "text", "word " * 1000)
    assert max(map(len, text_blocks(path, block_bytes=100))) <= 105
