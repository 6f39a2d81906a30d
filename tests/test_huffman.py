from __future__ import annotations

import heapq
from fractions import Fraction
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v.columns import Ragged
from fastw2v.vocabulary.huffman import HuffmanTree

FIBONACCI = [1, 1]
while len(FIBONACCI) < 60:
    FIBONACCI.append(sum(FIBONACCI[-2:]))

rng = np.random.default_rng(3)
COUNTS = {
    "two": [5, 3],
    "two equal": [4, 4],
    "all equal, 7": [1] * 7,
    "all equal, 1000": [9] * 1000,
    "ascending": list(range(1, 100)),
    "skewed": FIBONACCI,
    "skewed, frequent first": FIBONACCI[::-1],
    "zipf": [10_000 // rank for rank in range(1, 4000)],  # above 2500 heapq heapifies in another order
    "ties": rng.integers(1, 4, 3000).tolist(),
}


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_tree_is_gensims(counts: list[int]) -> None:
    word2vec = pytest.importorskip("gensim.models.word2vec", reason="compares with gensim")
    model = word2vec.Word2Vec(vector_size=1, min_count=1, sorted_vocab=0, hs=1, negative=0)
    model.build_vocab_from_freq({f"w{i}": n for i, n in enumerate(counts)})
    tree = HuffmanTree.from_counts(counts)
    points, codes = tree.columns()["point"], tree.columns()["code"]
    assert len(points) == len(codes) == len(counts)
    for i in range(len(counts)):
        np.testing.assert_array_equal(points[i], model.wv.get_vecattr(i, "point"))
        np.testing.assert_array_equal(codes[i], model.wv.get_vecattr(i, "code"))


@given(st.lists(st.integers(0, 12) | st.integers(1, 10**15), min_size=2, max_size=200))
def test_codes_are_prefix_free_complete_and_as_short_as_can_be(counts: list[int]) -> None:
    tree = HuffmanTree.from_counts(counts)
    codes = list(map(tuple, tree.columns()["code"]))
    ordered = sorted(codes)
    assert all(b[: len(a)] != a for a, b in zip(ordered, ordered[1:], strict=False))
    assert sum(Fraction(1, 2 ** len(code)) for code in codes) == 1

    heap = list(counts)
    heapq.heapify(heap)
    shortest = 0
    while len(heap) > 1:
        joint = heapq.heappop(heap) + heapq.heappop(heap)
        shortest += joint
        heapq.heappush(heap, joint)
    assert sum(n * len(code) for n, code in zip(counts, codes, strict=True)) == shortest
    assert tree.depth == max(map(len, codes))


@given(st.lists(st.integers(1, 6), min_size=2, max_size=60))
def test_ties_are_broken_as_heapq_breaks_them(counts: list[int]) -> None:
    class Node:
        def __init__(self, weight: int, number: int, *children: Node) -> None:
            self.weight, self.number, self.children = weight, number, children

        def __lt__(self, other: Node) -> bool:
            return self.weight < other.weight

    numbers = count()
    heap = [Node(weight, next(numbers)) for weight in counts]
    heapq.heapify(heap)
    while len(heap) > 1:
        left, right = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, Node(left.weight + right.weight, next(numbers), left, right))

    tree = HuffmanTree.from_counts(counts)
    above: list[tuple[Node, list[int], list[int]]] = [(heap[0], [], [])]
    while above:
        node, point, code = above.pop()
        if node.children:
            point = [*point, node.number - len(counts)]
            above += [(child, point, [*code, bit]) for bit, child in enumerate(node.children)]
        else:
            path = {name: column[node.number].tolist() for name, column in tree.columns().items()}
            assert path == {"point": point, "code": code}


def test_types() -> None:
    tree = HuffmanTree.from_counts([3, 2, 1])
    assert (tree.points.dtype, tree.codes.dtype, tree.starts.dtype) == (np.uint32, np.uint8, np.int64)
    point, code = (column[0] for column in tree.columns().values())
    assert np.shares_memory(point, tree.points) and np.shares_memory(code, tree.codes)
    assert point[0] == 1, "the root comes first"


@pytest.mark.parametrize("counts", [[], [5]], ids=["no words", "one word"])
def test_without_inner_nodes(counts: list[int]) -> None:
    tree = HuffmanTree.from_counts(counts)
    assert (len(tree.starts), tree.depth, tree.points.size, tree.codes.size) == (len(counts) + 1, 0, 0, 0)
    assert [path.size for path in tree.columns()["point"]] == [0] * len(counts)


def test_ragged() -> None:
    rows = Ragged(np.arange(5, dtype=np.uint8), np.array([0, 2, 2, 5]))
    assert len(rows) == 3
    assert [row.tolist() for row in rows] == [[0, 1], [], [2, 3, 4]]
    assert rows[np.int32(-1)].tolist() == [2, 3, 4]
    assert np.shares_memory(rows[0], rows.values)
    assert repr(rows) == "Ragged(3 rows, 5 uint8 values)"
    for row in (3, -4):
        with pytest.raises(IndexError, match=f"row {row} of 3"):
            rows[row]
    with pytest.raises(TypeError):
        rows["a"]  # type: ignore[index]


@given(st.lists(st.lists(st.integers(0, 255), max_size=4), min_size=1, max_size=8), st.data())
def test_taking_rows_of_different_lengths(rows: list[list[int]], data: st.DataObject) -> None:
    starts = np.cumsum([0, *map(len, rows)])
    ragged = Ragged(np.array([value for row in rows for value in row], dtype=np.uint8), starts)
    order = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=12))
    taken = ragged.take(np.array(order, dtype=np.intp))
    assert [row.tolist() for row in taken] == [rows[place] for place in order]
    assert taken.values.dtype == np.uint8 and not np.shares_memory(taken.values, ragged.values)
