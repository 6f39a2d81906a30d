"""Training that goes wrong: rates beyond sense, weights that leave the finite, settings out of range."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import (
    BOTH,
    HS,
    LONGER,
    MODES,
    SMALL,
    STEPS,
    TEXT,
    UNSAMPLED,
    Restartable,
    assert_same,
    assert_usable,
    matrices,
    small,
    text,
    threads,
)

from fastw2v import CallbackAny2Vec, FastW2VWarning, KeyedVectors, Word2Vec
from fastw2v.desm._centroids import widen
from fastw2v.documents._sums import count_documents, means, unit_sums
from fastw2v.formats.errors import FormatError
from fastw2v.query._sieve import raise_best
from fastw2v.tile import dispatch
from fastw2v.training import _kernels
from fastw2v.training import weights as in_training
from fastw2v.training.course import MOST_WORKERS
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.sampling import noise_index, noise_table
from fastw2v.word2vec import train_batch_cbow, train_batch_sg

HIGH = pytest.mark.filterwarnings("ignore:(min_)?alpha=.*learn nothing")

# Where an epoch trains: in copies, or in place with what it saves in memory or in a file.
PLACES: dict[str, dict[str, int]] = {
    "copies": {},
    "in place": {"ALIGNED_BYTES": 0},
    "in place, saved in a file": {
        "ALIGNED_BYTES": 0,
        "UNDO_BYTES": 0,
        "FIRST_CHUNK": 1000,
        "LARGEST_CHUNK": 1000,
    },
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in PLACES[request.param].items():
        monkeypatch.setattr(in_training, name, value)
    return str(request.param)


class Blows(CallbackAny2Vec):
    """Remembers what each epoch begins with, and gives one of them a rate that no weight survives."""

    def __init__(self, epoch: int = 2, alpha: float = 1e38) -> None:
        self.epoch, self.alpha, self.ended = epoch, alpha, 0

    def on_epoch_begin(self, model: Any) -> None:
        self.before = matrices(model)
        if len(model.history) == self.epoch:
            model.alpha = model.min_alpha = self.alpha

    def on_epoch_end(self, model: Any) -> None:
        self.ended += 1


# --- the last good epoch ---


@HIGH
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_the_last_good_epoch_is_kept(mode: str, step: str, workers: int, place: str) -> None:
    model = Word2Vec(**SMALL | {"workers": workers}, **MODES[mode], step=step, compute_loss=True)
    corpus = LONGER[:1500]
    model.build_vocab(corpus)
    watch = Blows()
    with pytest.raises(FloatingPointError, match=r"epoch 2 .*as they were before.*lower alpha"):
        model.train(
            corpus,
            total_examples=len(corpus),
            epochs=5,
            compute_loss=True,
            callbacks=[watch],
            start_alpha=0.05,
        )
    assert_same(matrices(model), watch.before)
    assert [epoch["epoch"] for epoch in model.history] == [0, 1] and watch.ended == 2
    assert np.isfinite(model.running_training_loss) and model.train_count == 0
    assert not threads()
    model.alpha, model.min_alpha = 0.02, 0.01
    assert_usable(model)


@HIGH
@pytest.mark.parametrize("mode", MODES)
def test_a_small_update_goes_back_too(mode: str) -> None:
    model = Word2Vec(**UNSAMPLED, **MODES[mode])
    model.build_vocab_from_freq({f"w{i}": 5000 - i for i in range(5000)})
    few = text(3, 60)
    model.train(few, total_examples=3, epochs=2)
    watch = Blows(epoch=2)
    with pytest.raises(FloatingPointError, match="as they were before"):
        model.train(few, total_examples=3, epochs=2, callbacks=[watch], start_alpha=1e-4)
    assert_same(matrices(model), watch.before)


@pytest.mark.parametrize("freeze", ["in", "out"])
@pytest.mark.parametrize("words", [60, 5000])
def test_frozen_matrices_are_as_they_were(words: int, freeze: Any) -> None:
    model = Word2Vec(**UNSAMPLED, **BOTH)
    model.build_vocab_from_freq({f"w{i}": words - i for i in range(words)})
    model.syn0[model.wv.get_index(TEXT[0][0])] = np.inf
    before = matrices(model)
    with pytest.raises(FloatingPointError, match="as they were before"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1, freeze=freeze)
    assert_same(matrices(model), before)


@pytest.mark.parametrize("name", ["syn0", "syn1neg", "syn1"])
def test_every_matrix_is_looked_at(name: str, place: str) -> None:
    """Even where no later score says that the last update went too far."""
    model = Word2Vec(**UNSAMPLED, **BOTH, sg=1)
    model.build_vocab(TEXT)
    before = matrices(model)
    row = 0 if name != "syn1" else len(model.wv) - 2
    before[name][row, 3] = getattr(model, name)[row, 3] = np.float32(np.inf)
    with pytest.raises(FloatingPointError, match=r"came from elsewhere.*np.isfinite"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), before)


@HIGH
@pytest.mark.parametrize("workers", [1, 3])
def test_it_is_said_during_the_epoch(workers: int) -> None:
    read = 0

    def sentences() -> Any:
        nonlocal read
        for sentence in LONGER * 20:
            read += 1
            yield sentence

    model = Word2Vec(**UNSAMPLED | {"workers": workers}, sg=1, batch_words=100)
    model.build_vocab(LONGER)
    with pytest.raises(FloatingPointError, match="epoch 0"):
        model.train(Restartable(sentences), total_examples=20 * len(LONGER), epochs=1, start_alpha=1e38)
    assert read < 10 * len(LONGER)


@pytest.mark.trains_again
def test_what_was_learnt_before_an_error_is_kept(place: str) -> None:
    """Also if that error is of the same type as ours."""

    def broken() -> Any:
        yield from LONGER
        raise FloatingPointError("the user's own")

    model = small(LONGER)
    before = matrices(model)
    with pytest.raises(FloatingPointError, match="the user's own"):
        model.train(Restartable(broken), total_examples=len(LONGER), epochs=1)
    assert all((matrix != before[name]).any() for name, matrix in matrices(model).items())


@HIGH
@pytest.mark.trains_again
def test_an_error_on_the_way_keeps_nothing_that_is_not_finite(place: str) -> None:
    model = small(LONGER)

    def broken() -> Any:
        yield from LONGER
        raise ValueError("the text is broken")

    before = matrices(model)
    with pytest.raises((ValueError, FloatingPointError)):
        model.train(Restartable(broken), total_examples=len(LONGER), epochs=1, start_alpha=3e38)
    assert_same(matrices(model), before)


@pytest.mark.parametrize("train_batch", [train_batch_sg, train_batch_cbow])
def test_one_batch_goes_back_too(train_batch: Callable[..., int]) -> None:
    model = small(**BOTH, sample=0)
    before = matrices(model)
    with pytest.raises(FloatingPointError, match="lower alpha"):
        train_batch(model, TEXT, 1e38)
    assert_same(matrices(model), before)
    assert train_batch(model, TEXT, 0.01) > 0


@pytest.mark.parametrize("isa", dispatch.available_isas())
def test_to_score_spreads_no_nan(isa: str) -> None:
    """Scoring runs the updates of training with a rate of 0, and 0 times NaN is NaN."""
    before_isa = dispatch.selected_isa()
    dispatch.select_isa(isa)
    try:
        for sg in (0, 1):
            model = small(**HS, sg=sg)
            model.syn0[3, 5] = np.nan
            model.syn1[2, 1] = np.inf
            before = matrices(model)
            model.score(TEXT)
            assert_same(matrices(model), before)
    finally:
        dispatch.select_isa(before_isa)


# --- rates beyond sense ---


@pytest.mark.parametrize(
    "settings", [{"alpha": 10}, {"alpha": 1e10}, {"alpha": 1.0}, {"min_alpha": 5, "alpha": 5.5}]
)
def test_a_useless_rate_is_said_once(settings: dict[str, float]) -> None:
    with pytest.warns(FastW2VWarning, match=r"alpha=.*alpha=0.025 is usual") as said:
        Word2Vec(TEXT, **SMALL, sg=1, epochs=3, **settings)
    assert sum("learn nothing" in str(warning.message) for warning in said) == 1


def test_a_rate_that_a_callback_sets_is_said() -> None:
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    with pytest.warns(FastW2VWarning, match=r"alpha=2: .*0.025"):
        model.train(TEXT, total_examples=len(TEXT), epochs=3, callbacks=[Blows(1, 2.0)])


@pytest.mark.trains_again
def test_usual_rates_are_not_remarked_on() -> None:
    for alpha in (0.025, 0.1, 0.5):
        Word2Vec(TEXT, **SMALL, alpha=alpha)


# --- files ---


@pytest.mark.parametrize("name", ["syn0", "syn1neg", "syn1"])
def test_to_save_what_is_not_finite_warns(name: str) -> None:
    model = small(**BOTH)
    getattr(model, name)[[2, 5, 5], [1, 0, 3]] = np.nan, np.inf, -np.inf
    file = io.BytesIO()
    with pytest.warns(FastW2VWarning, match=rf"^2 of {len(model.wv)} rows of {name} hold NaN.*lower alpha"):
        model.save(file)
    file.seek(0)
    with pytest.raises(FormatError, match="NaN or infinity"):
        Word2Vec.load(file, verify="full")
    file.seek(0)
    assert_same(matrices(Word2Vec.load(file)), matrices(model))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_to_save_vectors_that_are_not_finite_warns(dtype: Any) -> None:
    kv = KeyedVectors(3, dtype=dtype)
    kv.add_vectors(["a", "b"], np.ones((2, 3), dtype))
    kv.save(io.BytesIO())
    kv.vectors[1, 2] = np.nan
    with pytest.warns(FastW2VWarning, match="^1 of 2 rows"):
        kv.save(io.BytesIO())


# --- settings ---


def test_threads_beyond_all_systems_are_not_started() -> None:
    with pytest.warns(FastW2VWarning, match=f"workers=1000000000: taken as {MOST_WORKERS}"):
        model = Word2Vec(TEXT, **SMALL | {"workers": 10**9})
    assert model.workers == MOST_WORKERS and len(model.history) == 5
    with pytest.warns(FastW2VWarning, match="workers=10000000"):
        model.scan_vocab(TEXT, workers=10**7)
    assert Word2Vec().workers == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("negative", 10_001), ("negative", 2**31), ("vector_size", 2**30 + 1), ("window", 2**31), ("window", 0)],
)
def test_settings_that_no_memory_holds_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name}={value}"):
        Word2Vec(**{name: value})


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("window", [1, 1000, 2**31 - 1])
def test_any_window_is_as_wide_as_the_sentences(window: int, step: str) -> None:
    model = small(text(40), sg=1, window=window, step=step, shrink_windows=False, epochs=1)
    assert np.isfinite(model.syn0).all()


@pytest.mark.trains_again
def test_scratch_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(size: int, what: str, advice: str) -> None:
        if size > 100_000:
            raise MemoryError(f"{what}: {advice}")

    monkeypatch.setattr(_kernels, "require_memory", refuse)
    model = small(sg=1, epochs=1)
    before = matrices(model)
    model.window, model.negative = 50, 5000
    with pytest.raises(MemoryError, match=r"negative=5000: give a smaller window"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), before)
    model.window, model.negative = 5, 5
    assert_usable(model)


class Spoils(CallbackAny2Vec):
    """Changes something between two epochs."""

    def __init__(self, spoil: Callable[[Any], Any]) -> None:
        self.spoil = spoil

    def on_epoch_begin(self, model: Any) -> None:
        if len(model.history) == 1:
            self.spoil(model)


def set_to(name: str, value: Any) -> Callable[[Any], Any]:
    def spoil(model: Any) -> None:
        holder = model
        *path, last = name.split(".")
        for part in path:
            holder = getattr(holder, part)
        setattr(holder, last, value)

    return spoil


def column(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda model: model.wv.expandos.update({name: value})


def nothing(_low: int, _high: int, _count: int | None = None) -> Any:
    return None


SPOILS: dict[str, Callable[[Any], Any]] = {
    "window=0": set_to("window", 0),
    "window=-1": set_to("window", -1),
    "window of text": set_to("window", "5"),
    "negative=-5": set_to("negative", -5),
    "negative=1e9": set_to("negative", 10**9),
    "workers=0": set_to("workers", 0),
    "batch_words=0": set_to("batch_words", 0),
    "vector_size": set_to("vector_size", 7),
    "sg=2": set_to("sg", 2),
    "step": set_to("step", "backwards"),
    "alpha=nan": set_to("alpha", float("nan")),
    "no generator": set_to("random", None),
    "another generator": set_to("random", type("Random", (), {"randint": staticmethod(nothing)})()),
    "lock factors: none": set_to("wv.vectors_lockf", np.empty(0, np.float32)),
    "lock factors: 2-D": set_to("wv.vectors_lockf", np.ones((2, 2), np.float32)),
    "lock factors: None": set_to("wv.vectors_lockf", None),
    "cum_table short": set_to("cum_table", np.array([2**31 - 1], np.uint32)),
    "cum_table low": set_to("cum_table", np.zeros(60, np.uint32)),
    "cum_table of text": set_to("cum_table", np.array(["a"] * 60)),
    "sample_int short": column("sample_int", np.ones(3, np.uint32)),
    "sample_int of text": column("sample_int", np.array(["a"] * 60)),
    "syn0 wide": set_to("syn0", np.ones((60, 99), np.float32)),
    "syn0 float64": set_to("syn0", np.ones((60, 12))),
    "syn1neg short": set_to("syn1neg", np.ones((3, 12), np.float32)),
    "syn1neg None": set_to("syn1neg", None),
    "syn1 flat": set_to("syn1", np.ones(12, np.float32)),
    "points": lambda model: model.wv.expandos["point"].values.fill(2**32 - 1),
    "starts far": lambda model: model.wv.expandos["point"].starts.fill(2**62),
    "starts below": lambda model: model.wv.expandos["point"].starts.fill(-(2**62)),
    "codes short": lambda model: setattr(model.wv.expandos["code"], "values", np.zeros(1, np.uint8)),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("spoil", SPOILS)
def test_what_a_callback_spoils_is_refused_and_not_run(spoil: str, workers: int) -> None:
    """With an error of Python's types: no kernel divides by zero or leaves its arrays."""
    model = Word2Vec(**SMALL | {"workers": workers}, **BOTH, sg=1, sample=0.01)
    corpus = text(400)
    model.build_vocab(corpus)
    assert len(model.wv) == 60
    with pytest.raises((ValueError, TypeError, RuntimeError, AttributeError)):
        model.train(corpus, total_examples=400, epochs=3, callbacks=[Spoils(SPOILS[spoil])])
    assert len(model.history) == 1 and not threads()


# --- what a worker is given ---

V, D = 9, 4
COUNTS = np.arange(V, 0, -1)
TABLE = noise_table(COUNTS, 0.75)
INDEX, SHIFT = noise_index(TABLE)
TREE = HuffmanTree.from_counts(COUNTS)


def rows(count: int = V, dim: int = D) -> Any:
    return np.zeros((count, dim), np.float32)


def worker(**given: Any) -> _kernels.Worker:
    arrays = {"input": rows(), "output": rows(), "nodes": rows(), "lockf": np.ones(1, np.float32)}
    settings: dict[str, Any] = {
        "stop": _kernels.StopFlag(),
        "sg": True,
        "negative": 5,
        "window": 5,
        "shrink_windows": False,
        "cbow_mean": True,
        "by_window": False,
        "compute_loss": False,
        "alone": True,
        "keep": np.full(V, 2**32 - 1, np.uint32),
        "noise_table": TABLE,
        "noise_index": INDEX,
        "noise_shift": SHIFT,
        "codes": TREE.codes,
        "points": TREE.points,
        "path_starts": TREE.starts,
    }
    return _kernels.Worker(**arrays | settings | given)


class Bits:
    claimed = saved = np.zeros(0, np.uint64)


BORDERS: dict[str, dict[str, Any]] = {
    "no words": {"input": rows(0)},
    "no dimensions": {"input": rows(V, 0)},
    "window 0": {"window": 0},
    "negative below 0": {"negative": -1},
    "no lock factors": {"lockf": np.empty(0, np.float32)},
    "short outputs": {"output": rows(V - 1)},
    "wide outputs": {"output": rows(V, D + 1)},
    "short nodes": {"nodes": rows(V - 1)},
    "narrow nodes": {"nodes": rows(V, D - 1)},
    "short thresholds": {"keep": np.ones(V - 1, np.uint32)},
    "no outputs": {"output": None},
    "no noise": {"noise_table": None},
    "no index": {"noise_index": None},
    "short noise": {"noise_table": TABLE[:-1].copy()},
    "noise that ends early": {"noise_table": TABLE // 2},
    "short index": {"noise_index": INDEX[:-1].copy()},
    "shift 32": {"noise_shift": 32},
    "shift below 0": {"noise_shift": -1},
    "no codes": {"codes": None},
    "no points": {"points": None},
    "no paths": {"path_starts": None},
    "short paths": {"path_starts": TREE.starts[:-1].copy()},
    "short codes": {"codes": TREE.codes[:-1].copy()},
    "no bits": {"undo": Bits},
}


@pytest.mark.parametrize("border", BORDERS)
def test_a_worker_refuses_what_does_not_fit(border: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        worker(**BORDERS[border])


@pytest.mark.parametrize("room", [(0, D), (5, D + 1), (5, D - 1)])
def test_a_worker_saves_no_rows_where_they_do_not_fit(room: tuple[int, int]) -> None:
    class Narrow:
        claimed = saved = np.zeros(1, np.uint64)

        def room(self, _full: Any) -> Any:
            return np.full(5, -1), rows(*room)

    with pytest.raises(ValueError, match="undo gave room"):
        worker(undo=Narrow()).train(np.array([0, 8, 3], np.int32), np.array([3]), 0.1, 1)


def test_a_worker_takes_what_fits() -> None:
    ids, ends = np.array([0, 8, 3], np.int32), np.array([2, 3])
    assert worker().train(ids, ends, 0.1, 1) == 3
    assert worker(output=None, negative=0, noise_table=None, noise_index=None).train(ids, ends, 0.1, 1) == 3
    assert worker(nodes=None, codes=None, points=None, path_starts=None).train(ids, ends, 0.1, 2**64 - 1) == 3


@pytest.mark.parametrize(
    ("ids", "ends", "more"),
    [
        ([0, 1], [3], {}),
        ([0, 1], [-1], {}),
        ([0, 1], [2, 1], {}),
        ([0, 1], [2**62], {}),
        ([0, 9], [2], {}),
        ([0, -1], [2], {}),
        ([0, 1], [2], {"lead": -1}),
        ([0, 1], [2], {"lead": 3}),
        ([0, 1], [2], {"trail": 3}),
        ([0, 1], [2], {"lead": 1, "trail": 2}),
        ([0, 1], [2], {"trail": -1}),
    ],
)
def test_a_worker_refuses_jobs_that_do_not_fit(ids: list[int], ends: list[int], more: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        worker().train(np.array(ids, np.int32), np.array(ends), 0.1, 1, **more)


@pytest.mark.filterwarnings("ignore:NumPy will stop allowing conversion")  # of 2**31, by NumPy 1
@pytest.mark.parametrize("drawn", [[5, 0, 0], [-1, 0, 0], [0, 0], [2**31], "abc", None])
def test_a_worker_refuses_windows_that_do_not_fit(drawn: Any) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        worker(shrink_windows=True).train(
            np.array([0, 1, 2], np.int32), np.array([3]), 0.1, 1, lambda count: drawn
        )


# --- what the other kernels are given ---


def summed(**given: Any) -> None:
    arrays = {
        "rows": rows() + 1,
        "weights": np.ones(V, np.float32),
        "ids": np.array([0, 8, 3], np.int32),
        "ends": np.array([1, 3]),
        "out": rows(2),
        "known": np.zeros(2, np.uint8),
    }
    unit_sums(*(arrays | given).values())


@pytest.mark.parametrize(
    "given",
    [
        {"ids": np.array([0, 9, 3], np.int32)},
        {"ids": np.array([0, -1, 3], np.int32)},
        {"ends": np.array([1, 4])},
        {"ends": np.array([2, 1])},
        {"ends": np.array([-1, 3])},
        {"ends": np.array([3])},
        {"weights": np.ones(V - 1, np.float32)},
        {"out": rows(2, D - 1)},
        {"known": np.zeros(1, np.uint8)},
        {"rows": rows(0), "weights": np.ones(0, np.float32)},
    ],
)
def test_documents_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    summed()
    with pytest.raises(ValueError, match=r"\w+"):
        summed(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"ids": np.array([0, 9, 3], np.int32)},
        {"ids": np.array([0, -1, 3], np.int32)},
        {"ends": np.array([1, 4])},
        {"ends": np.array([2, 1])},
        {"ends": np.array([-1, 3])},
        {"last": np.zeros(V - 1, np.int64)},
    ],
)
def test_documents_that_cannot_be_counted_are_refused(given: dict[str, Any]) -> None:
    arrays = {
        "ids": np.array([0, 8, 3], np.int32),
        "ends": np.array([1, 3]),
        "before": 0,
        "frequency": np.zeros(V, np.int64),
        "last": np.zeros(V, np.int64),
    }
    count_documents(*arrays.values())
    with pytest.raises(ValueError, match=r"\w+"):
        count_documents(*(arrays | given).values())


def test_as_many_zeros_as_documents() -> None:
    arrays = rows() + 1, np.ones(V, np.float32), np.array([0, 8], np.int32), np.array([2])
    means(*arrays, np.zeros(1, np.int64), rows(1), np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="documents"):
        means(*arrays, np.zeros(2, np.int64), rows(1), np.zeros(1, np.uint8))


@pytest.mark.parametrize(
    "given",
    [
        {"terms": np.array([[0, 1, 9]])},
        {"terms": np.array([[-1, 1, 2]])},
        {"terms": np.array([[0, 1]])},
        {"starts": np.array([0, 3])},
        {"starts": np.array([-1, 1])},
        {"starts": np.array([0])},
        {"hidden_scores": np.ones(1, np.float32)},
        {"best": np.zeros(0, np.int64)},
        {"end": 2},
        {"start": -1},
        {"losses": rows(V - 1)},
    ],
)
def test_questions_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    arrays: dict[str, Any] = {
        "gains": rows(),
        "losses": rows(),
        "terms": np.array([[0, 1, 2]]),
        "first": 0,
        "starts": np.array([0, 2]),
        "hidden": np.array([0, 1]),
        "hidden_scores": np.ones(2, np.float32),
        "best": np.zeros(1, np.int64),
        "best_scores": np.zeros(1, np.float32),
        "start": 0,
        "end": 1,
    }
    raise_best(*arrays.values())
    with pytest.raises(ValueError, match=r"\w+"):
        raise_best(*(arrays | given).values())


def test_halves_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 x 4 numbers for 2 x 4"):
        widen(np.zeros((3, 4), np.uint16), rows(2))
