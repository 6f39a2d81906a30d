"""deterministic=True: replicas in threads that are merged at fixed places give the same bits on every run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import MODES, assert_same, matrices, threads

from fastw2v import CallbackAny2Vec, Word2Vec
from fastw2v.distributed import LocalCluster
from fastw2v.merging import rule
from fastw2v.merging._merge import eigen
from fastw2v.merging.rule import Meetings, merge, rate_of
from fastw2v.tile.dispatch import floats
from fastw2v.training import replicas

RANDOM = np.random.RandomState(1)
TEXT = [[f"w{int(n)}" for n in RANDOM.zipf(1.4, 12) % 300] for _ in range(1200)]
SETTINGS: dict[str, Any] = {
    "vector_size": 12,
    "min_count": 1,
    "epochs": 2,
    "seed": 3,
    "progress": False,
    "batch_words": 1000,
}


def train(workers: int = 2, **settings: Any) -> Word2Vec:
    return Word2Vec(TEXT, workers=workers, deterministic=True, **(SETTINGS | settings))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merges after a few hundred words, so that a short text has many."""
    monkeypatch.setattr(replicas, "FIRST", 500)


def load() -> Callable[[], None]:
    """Keep the interpreter and the processor busy; returns what ends it."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            sum(range(2000))

    busy = threading.Thread(target=work)
    busy.start()

    def end() -> None:
        done.set()
        busy.join()

    return end


@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("step", ["window", "pair"])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_run_gives_the_same(mode: Any, step: str, workers: int) -> None:
    settings = {**MODES[mode], "step": step, "compute_loss": True}
    first = train(workers, **settings)
    end = load()
    try:
        again = train(workers, **settings)
    finally:
        end()
    assert_same(matrices(again), matrices(first))
    assert [epoch["loss"] for epoch in again.history] == [epoch["loss"] for epoch in first.history]
    assert not threads()
    assert np.isfinite(first.wv.vectors).all()
    assert not np.array_equal(train(workers, **settings, seed=4).wv.vectors, first.wv.vectors)


def test_one_worker_is_as_without() -> None:
    assert_same(matrices(train(1)), matrices(Word2Vec(TEXT, workers=1, **SETTINGS)))


def test_the_number_of_workers_matters_and_all_learn() -> None:
    two, three, one = train(2), train(3), train(1)
    assert not np.array_equal(two.wv.vectors, three.wv.vectors)
    for model in (two, three):
        assert [epoch["words"] for epoch in model.history] == [epoch["words"] for epoch in one.history]
        assert model.min_alpha_yet_reached == pytest.approx(one.min_alpha_yet_reached, rel=0.2)


@pytest.mark.parametrize("kind", ["file", "stream", "baskets", "pairs"])
def test_other_texts(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("\n".join(map(" ".join, TEXT)))

    class Stream:
        def __iter__(self) -> Any:
            return iter(TEXT)

    def run() -> Word2Vec:
        settings = SETTINGS | {"workers": 2, "deterministic": True, "sg": 1}
        if kind == "file":
            return Word2Vec(corpus_file=path, **settings)
        if kind == "pairs":
            model = Word2Vec(**settings)
            model.build_vocab(TEXT)
            model.train_pairs([line[0] for line in TEXT], [line[1] for line in TEXT], epochs=1)
            return model
        return Word2Vec(Stream() if kind == "stream" else TEXT, **settings, baskets=kind == "baskets")

    assert_same(matrices(run()), matrices(run()))


@pytest.mark.parametrize("freeze", ["in", "out"])
def test_what_is_frozen_stays(freeze: Any) -> None:
    model = train(2, sg=1)
    held = matrices(model)
    before = {name: matrix.copy() for name, matrix in held.items()}
    model.train(TEXT, total_examples=len(TEXT), epochs=1, freeze=freeze, start_alpha=0.0001)
    stays, moves = ("syn0", "syn1neg") if freeze == "in" else ("syn1neg", "syn0")
    now = matrices(model)
    np.testing.assert_array_equal(now[stays], before[stays])
    assert not np.array_equal(now[moves], before[moves])


def test_the_threads_of_blas_change_nothing() -> None:
    program = """
import hashlib, numpy as np
from fastw2v import Word2Vec
random = np.random.RandomState(1)
text = [[f"w{n}" for n in random.zipf(1.4, 12) % 300] for _ in range(4000)]
model = Word2Vec(text, workers=2, deterministic=True, vector_size=40, min_count=1, sg=1, seed=1)
print(hashlib.md5(model.wv.vectors.tobytes() + model.syn1neg.tobytes()).hexdigest())
"""
    found = {run_python(program, OPENBLAS_NUM_THREADS=str(count)).stdout for count in (1, 2)}
    assert len(found) == 1


def test_it_is_saved_with_the_model(tmp_path: Path) -> None:
    train(2).save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").deterministic is True


@pytest.mark.parametrize("every", [1, 3])
def test_a_resumed_run_is_the_whole_one(every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped between two merges, by a callback of the test in place of a kill."""
    from fastw2v.training.checkpoint import Checkpoints

    whole = train(2, sg=1)
    asked = Checkpoints.is_due
    jobs = 0

    class Killed(Exception):
        pass

    def is_due(self: Checkpoints) -> bool:
        nonlocal jobs
        asked(self)
        jobs += 1
        return jobs == 8 * every

    rest = Checkpoints.rest

    def stop(self: Checkpoints, *given: Any) -> None:
        rest(self, *given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "is_due", is_due)
        patch.setattr(Checkpoints, "rest", stop)
        with pytest.raises(Killed):
            train(2, sg=1, checkpoint=tmp_path / "run")
    model = Word2Vec.load(tmp_path / "run")
    model.workers = 3
    with pytest.raises(ValueError, match="workers is 3, was 2"):
        model.train(TEXT, resume=True)
    model.workers = 2
    model.train(TEXT, resume=True, checkpoint=tmp_path / "run")
    assert_same(matrices(model), matrices(whole))


def test_replicas_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Word2Vec(workers=2, deterministic=True, **SETTINGS)
    model.build_vocab(TEXT)
    before = model.wv.vectors.copy()
    monkeypatch.setattr(replicas, "available_memory", lambda: 10_000)
    with pytest.raises(
        MemoryError, match=r"2 replicas of \d+ rows .* and 10,000 are free: give fewer workers"
    ):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    np.testing.assert_array_equal(model.wv.vectors, before)
    assert not threads()


def test_ctrl_c_leaves_the_last_merge() -> None:
    class Endless:
        def __iter__(self) -> Any:
            for n in range(10**9):
                if n == 30_000:
                    signal.raise_signal(signal.SIGINT)
                yield TEXT[n % len(TEXT)]

    model = Word2Vec(workers=2, deterministic=True, **SETTINGS)
    model.build_vocab(TEXT)
    before = model.wv.vectors.copy()
    with pytest.raises(KeyboardInterrupt):
        model.train(Endless(), total_examples=10**9, epochs=1)
    assert not threads()
    assert np.isfinite(model.wv.vectors).all() and not np.array_equal(model.wv.vectors, before)


def test_ctrl_c_in_threads_that_train() -> None:
    program = """
import os, signal, threading, time
from fastw2v import Word2Vec
text = [["a", "b", "c", "d"]] * 200_000
model = Word2Vec(workers=2, deterministic=True, vector_size=100, min_count=1, progress=False)
model.build_vocab(text)
threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    model.train(text, total_examples=len(text), epochs=1000)
except KeyboardInterrupt:
    assert not [t for t in threading.enumerate() if t.name.startswith("fastw2v")]
    print("stopped")
"""
    assert run_python(program).stdout == "stopped\n"


@pytest.mark.filterwarnings("ignore:alpha=1e")
def test_what_is_not_finite_is_taken_back() -> None:
    model = Word2Vec(workers=2, deterministic=True, **SETTINGS)
    model.build_vocab(TEXT)
    before = model.wv.vectors.copy()
    with pytest.raises(FloatingPointError, match="no longer finite"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1, start_alpha=1e38)
    np.testing.assert_array_equal(model.wv.vectors, before)


def test_callbacks_see_what_was_merged() -> None:
    seen: list[bytes] = []

    class Look(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            seen.append(model.wv.vectors.tobytes())

    model = train(2, callbacks=[Look()])
    assert len(set(seen)) == 2 and seen[-1] == model.wv.vectors.tobytes()


# --- the rule ---


def here(work: Iterable[Callable[[], object]]) -> None:
    for piece in work:
        piece()


def matrix(rows: int, dim: int, seed: int) -> Any:
    made = floats(rows, -(-dim // 16) * 16)
    made[:, :dim] = np.random.RandomState(seed).normal(size=(rows, dim))
    return made


@pytest.mark.parametrize("dim", [1, 2, 3, 16, 40, 101])
def test_the_eigensolver_is_lapacks(dim: int) -> None:
    rows = np.random.RandomState(dim).normal(size=(dim + 3, dim))
    for symmetric in (rows.T @ rows, np.eye(dim), np.zeros((dim, dim)), np.outer(rows[0], rows[0])):
        values, vectors = eigen(np.ascontiguousarray(symmetric))
        np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(symmetric), atol=1e-10 * dim)
        np.testing.assert_allclose((vectors * values) @ vectors.T, symmetric, atol=1e-10 * dim)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(dim), atol=1e-12 * dim)


def test_what_has_no_eigenvalues_is_refused() -> None:
    with pytest.raises(ValueError, match="do not converge"):
        eigen(np.full((4, 4), np.nan))


def merged(words: list[int], updates: float, dim: int = 20, rate: float = 2.0) -> tuple[Any, Any, Any]:
    """What replicas learnt, the sum of what is taken over, and the base."""
    rows = 130
    base = {"syn0": matrix(rows, dim, 1), "syn1neg": matrix(rows, dim, 2)}
    learnt = [{name: 0.01 * matrix(rows, dim, 3 + n) for name in base} for n in range(len(words))]
    trained = []
    for n, count in enumerate(words):
        replica = {name: floats(*base[name].shape) for name in base}
        for name in base:
            replica[name][...] = base[name] + (learnt[n][name] if count else 0)
        trained.append(replica)
    even = np.full(rows, 1 / rows)
    met = {
        "syn0": Meetings(np.full(rows, updates), {"syn1neg": even}),
        "syn1neg": Meetings(np.full(rows, updates), {"syn0": even}),
    }
    before = {name: base[name].copy() for name in base}
    merge(base, trained, words, dim=dim, alpha=0.025, rate=rate, met=met, do_all=here)
    for replica in trained:
        assert_same(replica, base)
    sums = {name: sum(one[name] for one, count in zip(learnt, words, strict=True) if count) for name in base}
    return sums, {name: base[name] - before[name] for name in base}, base


def test_one_replica_is_taken_as_it_is() -> None:
    sums, taken, _ = merged([0, 700, 0], 10.0)
    np.testing.assert_allclose(taken["syn0"], sums["syn0"], atol=1e-6)


@pytest.mark.parametrize(("updates", "share"), [(1e-9, 1 / 2.0), (1e9, 1 / 3)], ids=["free", "settled"])
def test_it_adds_up_at_first_and_averages_in_the_end(updates: float, share: float) -> None:
    """Replicas trained at twice the rate, so half of a sum is what one would have learnt."""
    sums, taken, _ = merged([500, 500, 500], updates)
    for name in sums:
        np.testing.assert_allclose(taken[name], share * sums[name], atol=3e-6)


@pytest.mark.parametrize("words", [[400] * 4, [100, 700, 50], [300, 0, 500, 200]], ids=str)
def test_each_direction_has_its_share(words: list[int]) -> None:
    """The formula, by numpy in float64."""
    dim, updates, rate = 20, 0.5, 2.0
    sums, taken, base = merged(words, updates, dim, rate)  # exponents from 0.4 to 2
    total = sum(words)
    first = next(n for n, count in enumerate(words) if count)
    # The moment is of the first replica that trained, of which the base and what it learnt are known.
    for name, other in (("syn0", "syn1neg"), ("syn1neg", "syn0")):
        rows = (base[other] - taken[other])[:, :dim].astype(np.float64)
        rows += 0.01 * matrix(len(rows), dim, 3 + first)[:, :dim]
        values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
        exponent = rule.KAPPA * 0.025 * total * updates * values
        apart = sum(-np.expm1(-rate * count / total * exponent) for count in words if count)
        share = -np.expm1(-exponent) / apart
        expected = (sums[name][:, :dim] @ vectors * share) @ vectors.T
        # Shares come from a table of 32 entries an octave.
        np.testing.assert_allclose(taken[name][:, :dim], expected, atol=0.01 * np.abs(expected).max())
        assert 1.05 * share.min() < share.max()


def test_rates() -> None:
    assert [rate_of(0.025, n) for n in (1, 2, 16)] == [1, 2, 2]
    assert [rate_of(0.025, n, tree=True) for n in (1, 2, 4, 9, 16, 100)] == [1, 2, 2, 3, 4, 4]
    assert rate_of(0.08, 4) == pytest.approx(1.25) and rate_of(0.5, 4) == 1


def test_merges_come_sooner_at_first() -> None:
    merging = replicas.Merging(4, 4, {}, (), 100, 0.025, 5_000_000, 0)
    done, rounds = 0, []
    while done < 5_000_000:
        rounds.append(merging.words_of_round(done))
        done += 4 * rounds[-1]
    assert rounds[0] == replicas.FIRST and rounds[-1] == 5_000_000 // 40
    assert rounds == sorted(rounds) and 10 < len(rounds) < 40


# --- a cluster within the process ---


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_cluster_of_as_many_nodes_is_the_same(mode: Any) -> None:
    """However many workers emulate it."""
    replicas_of_three = train(3, **MODES[mode])
    for workers in (1, 2):
        model = Word2Vec(TEXT, workers=workers, cluster=LocalCluster(nodes=3), **(SETTINGS | MODES[mode]))
        assert_same(matrices(model), matrices(replicas_of_three))


def test_one_node_changes_nothing() -> None:
    plain = Word2Vec(TEXT, workers=1, **SETTINGS)
    assert_same(matrices(Word2Vec(TEXT, workers=1, cluster=LocalCluster(1), **SETTINGS)), matrices(plain))


def test_a_cluster_trains_a_model_of_before() -> None:
    model = Word2Vec(workers=1, **SETTINGS)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=len(TEXT), epochs=2, cluster=LocalCluster(3))
    assert_same(matrices(model), matrices(train(3)))


@pytest.mark.parametrize("nodes", [0, -1, 2.5, "4", True])
def test_what_is_no_number_of_nodes_is_refused(nodes: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="nodes"):
        LocalCluster(nodes)


def test_what_is_no_cluster_is_refused() -> None:
    with pytest.raises(
        TypeError, match=r"cluster is 4, of type int: give fastw2v\.distributed\.LocalCluster"
    ):
        Word2Vec(TEXT, cluster=4, **SETTINGS)  # type: ignore[arg-type]


def test_a_cluster_goes_on_with_as_many_nodes(tmp_path: Path) -> None:
    class Stop(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            raise KeyboardInterrupt

    whole = Word2Vec(TEXT, workers=2, cluster=LocalCluster(3), **SETTINGS)
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(
            TEXT,
            workers=2,
            cluster=LocalCluster(3),
            checkpoint=tmp_path / "run",
            callbacks=[Stop()],
            **SETTINGS,
        )
    model = Word2Vec.load(tmp_path / "run")
    for cluster, given in ((None, 0), (LocalCluster(2), 2)):
        with pytest.raises(ValueError, match=f"nodes is {given}, was 3"):
            model.train(TEXT, resume=True, cluster=cluster)
    model.train(TEXT, resume=True, cluster=LocalCluster(3))
    assert_same(matrices(model), matrices(whole))


def test_a_model_that_has_counts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rows meet is by the counts, not by the text that is trained; a text may be shorter or longer."""
    seen: list[Any] = []

    def spy(*given: Any, met: Any, **more: Any) -> Any:
        seen.append(met["syn0"].updates.sum())
        return merge(*given, met=met, **more)

    monkeypatch.setattr(replicas, "merge", spy)
    counts = {f"w{n}": 1000 // (n + 1) for n in range(300)}
    for _ in range(2):
        model = Word2Vec(workers=2, deterministic=True, sg=1, **SETTINGS)
        model.build_vocab_from_freq(counts)
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
        seen.append(matrices(model))
    merges = len(seen) // 2
    assert_same(seen[merges - 1], seen[-1])
    assert merges > 3 and 1 < seen[0] < 6 * 6 * 1.01  # for a word: contexts times examples
