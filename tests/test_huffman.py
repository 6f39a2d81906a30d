from __future__ import annotations

import heapq
from fractions import Fraction
from itertools import count
from typing import Any

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


# --- a tree and its columns ---


def test_a_tree_becomes_columns_and_is_joined_again() -> None:
    tree = HuffmanTree.from_counts([5, 3, 2, 1])
    joined = HuffmanTree.of(tree.columns())
    assert joined is not None
    for name in ("points", "codes", "starts"):
        assert getattr(joined, name) is getattr(tree, name)


COLUMNS = HuffmanTree.from_counts([5, 3, 2, 1]).columns()
CUT_OTHERWISE = Ragged(COLUMNS["code"].values, np.array([0, 2, 3, 6, 9]))


@pytest.mark.parametrize(
    "change", [{"point": None}, {"code": None}, {"code": np.zeros(4)}, {"point": CUT_OTHERWISE}], ids=repr
)
def test_columns_that_are_no_tree(change: dict[str, Any]) -> None:
    columns = {name: column for name, column in (COLUMNS | change).items() if column is not None}
    assert HuffmanTree.of(columns) is None


def test_columns_that_disagree() -> None:
    with pytest.raises(LookupError, match="codes and paths of a word differ in length"):
        HuffmanTree.of(COLUMNS | {"code": CUT_OTHERWISE}, error=LookupError)
    assert HuffmanTree.of({}, error=LookupError) is None


def tree_with(**change: Any) -> HuffmanTree:
    """Of three words: word 0 under the root (node 1), words 1 and 2 under node 0."""
    good: dict[str, Any] = {"points": [1, 1, 0, 1, 0], "codes": [0, 1, 0, 1, 1], "starts": [0, 1, 3, 5]}
    kinds = {"points": np.uint32, "codes": np.uint8, "starts": np.int64}
    return HuffmanTree(**{name: np.array(values, kinds[name]) for name, values in (good | change).items()})


DAMAGED: dict[str, tuple[dict[str, Any], str]] = {
    "rises late": ({"starts": [1, 1, 3, 5]}, "array 'path_starts' does not rise from 0 to 5"),
    "falls": ({"starts": [0, 3, 1, 5]}, "array 'path_starts' does not rise from 0 to 5"),
    "ends early": ({"starts": [0, 1, 3, 4]}, "array 'path_starts' does not rise from 0 to 5"),
    "ends late": ({"starts": [0, 1, 3, 6]}, "array 'path_starts' does not rise from 0 to 5"),
    "codes": ({"codes": [0, 1, 0, 1]}, "5 points, but 4 code bits"),
    "node": ({"points": [1, 1, 0, 3, 0]}, "a path leads to inner node 3, but there are only 2"),
}
DAMAGED_IN_FILES: dict[str, tuple[dict[str, Any], str]] = {
    "unused row": ({"points": [1, 1, 0, 2, 0]}, "a path leads to inner node 2, but there are only 2"),
    "bit": ({"codes": [0, 1, 0, 2, 1]}, "a code bit is 2, expected 0 or 1"),
    "long": (
        {"points": [0] * 65, "codes": [0] * 65, "starts": [0, 65, 65, 65]},
        "a Huffman code is longer than 64 bits",
    ),
}


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("name", DAMAGED)
def test_paths_that_lead_astray(name: str, saved: bool) -> None:
    change, reason = DAMAGED[name]
    with pytest.raises(LookupError, match=f"^.?{reason}.?$"):
        tree_with(**change).check(3, error=LookupError, saved=saved)


@pytest.mark.parametrize("name", DAMAGED_IN_FILES)
def test_of_files_more_is_asked(name: str) -> None:
    """Training works with these: trees of counts beyond 10**13 are that deep."""
    change, reason = DAMAGED_IN_FILES[name]
    tree_with(**change).check(3)
    with pytest.raises(ValueError, match=reason):
        tree_with(**change).check(3, saved=True)


@pytest.mark.parametrize("counts", [[], [5], [3, 2, 1], FIBONACCI], ids=len)
def test_trees_that_are_built_are_sound(counts: list[int]) -> None:
    for saved in (False, True):
        HuffmanTree.from_counts(counts).check(len(counts), saved=saved)
