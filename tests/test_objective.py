"""training/objective.py: a model's settings and tables become what its workers read, once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.training import objective as in_training
from fastw2v.training._kernels import StopFlag
from fastw2v.training.objective import UNBOUNDED, Noise, Objective
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.sampling import noise_table

COUNTS = np.array([9, 5, 3, 2])
TREE = HuffmanTree.from_counts(COUNTS)
TABLE = noise_table(COUNTS, 0.75)
NOISE = Noise.of(TABLE, 4)
LOCKF = np.ones(4, dtype=np.float32)
SETTINGS: dict[str, Any] = {
    "sg": True,
    "window": 5,
    "shrink_windows": True,
    "cbow_mean": True,
    "step": "pair",
    "baskets": False,
    "compute_loss": False,
    "lockf": LOCKF,
    "keep": None,
    "negative": 5,
    "noise": NOISE,
    "tree": None,
    "freeze": None,
}


def to_train(**settings: Any) -> Objective:
    return Objective.to_train(**SETTINGS | settings)


# --- settings ---


@pytest.mark.parametrize("name", ["sg", "shrink_windows", "cbow_mean", "compute_loss"])
@pytest.mark.parametrize("value", [True, False])
def test_switches_are_as_they_were_set(name: str, value: bool) -> None:
    assert getattr(to_train(**{name: value}), name) is value


def test_what_is_not_asked_for_is_left_out() -> None:
    plain = to_train()
    assert (plain.window, plain.negative, plain.lockf is LOCKF) == (5, 5, True)
    assert plain.keep is None and plain.tree is None
    assert not plain.last_only and not plain.frozen_outputs
    assert to_train(noise=None).noise is None and to_train(tree=TREE).tree is TREE


@pytest.mark.parametrize(("step", "by_window"), [("pair", False), ("window", True)])
def test_step(step: str, by_window: bool) -> None:
    assert to_train(step=step).by_window is by_window


@pytest.mark.parametrize("shrink_windows", [True, False])
def test_baskets_have_one_window_for_all(shrink_windows: bool) -> None:
    objective = to_train(baskets=True, window=3, shrink_windows=shrink_windows)
    assert (objective.window, objective.shrink_windows) == (UNBOUNDED, False)


@pytest.mark.parametrize("freeze", [None, "in", "out"])
def test_freeze(freeze: Any) -> None:
    objective = to_train(freeze=freeze)
    assert objective.frozen_outputs == (freeze == "out")
    assert objective.lockf.tolist() == ([0] if freeze == "in" else [1] * 4)
    assert LOCKF.tolist() == [1] * 4


def test_tables_are_as_the_kernels_want_them() -> None:
    keep = np.arange(8, dtype=np.uint64)[::2]
    objective = to_train(keep=keep, noise=Noise.of(TABLE.astype(np.uint64), 4))
    assert objective.keep is not None and objective.keep.tolist() == [0, 2, 4, 6]
    assert objective.noise is not None
    for table in (objective.keep, objective.noise.table):
        assert table.dtype == np.uint32 and table.flags.c_contiguous
    assert objective.noise.table.tolist() == TABLE.tolist()


def test_noise_finds_the_word_of_every_draw() -> None:
    noise = NOISE
    for draw in np.random.default_rng(1).integers(0, noise.table[-1], 1000).tolist():
        row = int(noise.starts[draw >> noise.shift])
        while noise.table[row] < draw:
            row += 1
        assert row == np.searchsorted(noise.table, draw)


def test_a_noise_table_is_indexed_once_and_anew_when_it_changes() -> None:
    table = TABLE.copy()
    first = Noise.of(table, 4)
    assert Noise.of(table, 4) is first and Noise.of(table.copy(), 4) is not first
    table[1] = table[2]
    changed = Noise.of(table, 4)
    assert changed.table.tolist() == table.tolist() != first.table.tolist()
    assert not np.shares_memory(changed.table, table)  # later writes lead no worker astray
    table[0] = table[1] + 1
    with pytest.raises(ValueError, match="does not rise"):
        Noise.of(table, 4)
    with pytest.raises(ValueError, match="4 entries for 5 words"):
        Noise.of(TABLE, 5)
    with pytest.raises(ValueError, match="does not rise"):
        Noise.of(np.concatenate([[-5], TABLE[1:].astype(np.int64)]), 4)
    key = id(table)
    del table
    assert key not in in_training._indexed


def test_pairs_train_one_direction_whatever_the_windows() -> None:
    for settings in ({"sg": False, "window": 9}, {"baskets": True}, {"step": "window", "freeze": "out"}):
        objective = to_train(**settings)
        pairs = objective.of_pairs()
        assert (pairs.sg, pairs.window, pairs.shrink_windows, pairs.last_only) == (True, 1, False, True)
        changed = {"sg", "window", "shrink_windows", "last_only"}
        rest = {field.name for field in fields(objective)} - changed
        assert all(getattr(pairs, name) is getattr(objective, name) for name in rest)


@pytest.mark.parametrize("sg", [True, False])
@pytest.mark.parametrize("baskets", [True, False])
def test_scores_are_losses_of_the_tree_over_full_windows(sg: bool, baskets: bool) -> None:
    objective = Objective.to_score(sg=sg, window=4, baskets=baskets, cbow_mean=False, tree=TREE)
    assert (objective.sg, objective.cbow_mean, objective.tree) == (sg, False, TREE)
    assert objective.window == (UNBOUNDED if baskets else 4)
    assert objective.compute_loss and not objective.shrink_windows
    assert (objective.negative, objective.noise, objective.keep) == (0, None, None)


def test_an_objective_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        to_train().window = 3  # type: ignore[misc]


# --- workers ---


def some_matrices() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: rng.random((4, 6), dtype=np.float32) for name in ("syn0", "syn1neg", "syn1")}


def test_workers_share_the_matrices() -> None:
    matrices = some_matrices()
    workers = to_train(tree=TREE, compute_loss=True).workers(matrices, StopFlag(), 3, alone=False)
    assert len(workers) == len(set(map(id, workers))) == 3
    ids, ends = np.array([0, 1, 2, 3], np.int32), np.array([4])
    for worker in workers:
        before = {name: matrix.copy() for name, matrix in matrices.items()}
        assert worker.train(ids, ends, 0.1, 1, lambda count: np.zeros(count, np.int64)) == 4
        assert worker.examples > 0 and worker.loss > 0
        assert all((matrix != before[name]).any() for name, matrix in matrices.items())


@pytest.mark.parametrize(
    ("settings", "trained"),
    [
        ({}, {"syn0", "syn1neg"}),
        ({"negative": 0, "tree": TREE}, {"syn0", "syn1"}),
        ({"tree": TREE, "freeze": "in"}, {"syn1neg", "syn1"}),
        ({"tree": TREE, "freeze": "out"}, {"syn0"}),
    ],
)
def test_only_what_is_trained_is_written(settings: Any, trained: set[str]) -> None:
    matrices = some_matrices()
    before = {name: matrix.copy() for name, matrix in matrices.items()}
    (worker,) = to_train(**settings).workers(matrices, StopFlag(), 1, alone=True)
    worker.train(np.array([0, 1, 2, 3], np.int32), np.array([4]), 0.1, 1, lambda n: np.zeros(n, np.int64))
    assert {name for name, matrix in matrices.items() if (matrix != before[name]).any()} == trained


# --- random numbers ---


def test_by_pairs_seeds_and_windows_come_from_the_models_generator() -> None:
    """In gensim's order: two halves of a seed as a job begins, then its windows."""
    random, twin = np.random.RandomState(5), np.random.RandomState(5)
    seed_job = to_train().job_seeds(random)
    for number in range(3):
        seed, draw = seed_job(number)
        assert seed == (twin.randint(0, 2**24) << 24) + twin.randint(0, 2**24)
        assert draw is not None and draw(7).tolist() == twin.randint(0, 5, 7).tolist()


def test_a_job_without_chance_draws_no_seed() -> None:
    random = np.random.RandomState(5)
    before = random.get_state()[1:3]
    for settings in ({"negative": 0, "tree": TREE}, {"negative": 0, "tree": TREE, "keep": None}):
        assert to_train(**settings).job_seeds(random)(0)[0] == 0
    np.testing.assert_equal(random.get_state()[1:3], before)
    assert to_train(negative=0, tree=TREE, keep=np.ones(4, np.uint32)).job_seeds(random)(0)[0] > 0


def test_by_windows_a_seed_is_that_of_its_number() -> None:
    seed_job = to_train(step="window").job_seeds(np.random.RandomState(5))
    again = to_train(step="window").job_seeds(np.random.RandomState(5))
    forwards = [seed_job(number) for number in range(50)]
    assert forwards == [again(number) for number in reversed(range(50))][::-1]
    assert len({seed for seed, _ in forwards}) == 50


def test_by_windows_each_epoch_and_each_seed_draws_anew() -> None:
    settings = {"sg": True, "window": 5, "shrink_windows": True, "cbow_mean": True, "compute_loss": False}
    objective = Objective(**settings, by_window=True, lockf=np.ones(1, np.float32), negative=5)
    seeds = [
        seed_job(number)
        for seed in (1, 2)
        for model in [Word2Vec(seed=seed, step="window")]
        for seed_job in (objective.job_seeds(model.random), objective.job_seeds(model.random))
        for number in range(5)
    ]
    assert len(set(seeds)) == 20
    assert all(0 <= seed < 2**48 and draw is None for seed, draw in seeds)


@pytest.mark.parametrize(
    ("array", "place", "value"),
    [
        ("points", 0, 4),
        ("points", 0, 3),  # a row that is not in the tree
        ("points", -1, 2**32 - 1),
        ("starts", 1, -1),
        ("starts", 4, 10**9),
        ("starts", 2, 10**9),
    ],
)
def test_a_damaged_path_is_refused_before_a_worker_follows_it(array: str, place: int, value: int) -> None:
    tree = HuffmanTree(TREE.points.copy(), TREE.codes, TREE.starts.copy())
    getattr(tree, array)[place] = value
    matrices = some_matrices()
    before = {name: matrix.copy() for name, matrix in matrices.items()}
    (worker,) = to_train(noise=None, negative=0, tree=tree).workers(matrices, StopFlag(), 1, alone=True)
    with pytest.raises(ValueError, match="paths are damaged"):
        worker.train(np.arange(4, dtype=np.int32), np.array([4]), 0.1, 1)
    assert all(np.array_equal(matrices[name], before[name]) for name in matrices)
