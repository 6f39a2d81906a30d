"""The compiled kernels against plain numpy: every mode, order, instruction set and dimension; gradients."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from reference import Reference

from fastw2v.query import _scan
from fastw2v.query._sieve import BLOCK, Sieve, quantise, quantise_bytes
from fastw2v.tile import dispatch
from fastw2v.training import _kernels
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.sampling import downsampling, noise_index, noise_table

V = 23
OBJECTIVES = {"neg": (5, False), "hs": (0, True), "both": (3, True)}
CASES = [
    pytest.param(sg, objective, step, id=f"{'sg' if sg else 'cbow'}-{objective}-{step}")
    for sg in (True, False)
    for objective in OBJECTIVES
    for step in ("pair", "window")
    if sg or step == "pair"
]


@pytest.fixture(params=dispatch.available_isas())
def isa(request):
    before = dispatch.selected_isa()
    dispatch.select_isa(request.param)
    yield request.param
    dispatch.select_isa(before)


def corpus(seed: int = 0, words: int = V, sentences: int = 12, longest: int = 30) -> list[list[int]]:
    """Zipfian ids, so that windows and negatives repeat words; empty and one-word sentences among them."""
    random = np.random.default_rng(seed)
    p = 1 / np.arange(1, words + 1)
    lengths = [0, 1, 2, *random.integers(3, longest, sentences - 3)]
    return [random.choice(words, size, p=p / p.sum()).tolist() for size in lengths]


def flat(sentences: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int32)
    return ids, np.cumsum([len(sentence) for sentence in sentences], dtype=np.int64)


def pair(dim=16, **settings):
    """The reference and a worker over equal weights; returns both and the worker's arrays."""
    reference, (worker,), arrays = team(1, dim, **settings)
    return reference, worker, arrays


def team(
    size, dim, sg=True, objective="neg", step="pair", sample=0.05, words=V, scale=0.5, lockf=None, **settings
):
    """The reference, so many workers that share weights equal to its, and the arrays of these."""
    negative, hs = OBJECTIVES[objective]
    negative = settings.pop("negative", negative)
    random = np.random.default_rng(dim)
    weights = [random.normal(0, scale / np.sqrt(dim), (words, dim)).astype(np.float32) for _ in range(3)]
    IN, OUT, NODES = weights[0], weights[1] if negative else None, weights[2] if hs else None
    counts = np.sort(np.bincount(flat(corpus(words=words))[0], minlength=words) + 1)[::-1].copy()
    keep = downsampling(counts, sample)[0] if sample else None
    table = noise_table(counts, 0.75)
    index, shift = noise_index(table)
    tree = HuffmanTree.from_counts(counts)
    lockf = np.ones(1, dtype=np.float32) if lockf is None else lockf
    common = {"window": 4, "shrink_windows": True, "cbow_mean": True} | settings
    reference = Reference(
        IN.astype(float),
        None if OUT is None else OUT.astype(float),
        None if NODES is None else NODES.astype(float),
        list(zip(*(tree.columns()[name] for name in ("point", "code")), strict=True)),
        table,
        keep,
        sg=sg,
        negative=negative,
        by_window=step == "window",
        lockf=lockf,
        **common,
    )
    workers = [
        _kernels.Worker(
            IN,
            OUT,
            NODES,
            lockf,
            _kernels.StopFlag(),
            sg=sg,
            negative=negative,
            by_window=step == "window",
            compute_loss=True,
            alone=size == 1,
            keep=keep,
            noise_table=table,
            noise_index=index,
            noise_shift=shift,
            codes=tree.codes,
            points=tree.points,
            path_starts=tree.starts,
            **common,
        )
        for _ in range(size)
    ]
    return reference, workers, (IN, OUT, NODES)


def assert_equals_reference(reference: Reference, worker, arrays) -> None:
    # One update moves a weight by about 1e-3. In float32 a score may fall on the other side of an edge in the
    # table of the sigmoid, which moves a weight by 0.02 * 0.003 * |x|.
    for name, ours in zip(("IN", "OUT", "NODES"), arrays, strict=True):
        theirs = getattr(reference, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0, err_msg=name)
    assert worker.examples == reference.examples
    assert worker.loss == pytest.approx(reference.loss, rel=1e-4)


def train_both(reference, worker, jobs=3, alpha=0.02, draw_windows=False) -> None:
    def drawing(job):
        random = np.random.RandomState(job)
        return (lambda count: random.randint(0, reference.window, count)) if draw_windows else None

    for job in range(jobs):
        sentences = corpus(seed=job, words=len(reference.IN))
        theirs = reference.train(sentences, alpha, 1234567 + job, drawing(job))
        assert worker.train(*flat(sentences), alpha, 1234567 + job, drawing(job)) == theirs


@pytest.mark.parametrize("sg, objective, step", CASES)
def test_equals_reference(isa, sg, objective, step):
    both = pair(sg=sg, objective=objective, step=step)
    train_both(*both[:2])
    assert_equals_reference(*both)


@pytest.mark.parametrize("how", ["last_only", "frozen_outputs"])
@pytest.mark.parametrize("sg, objective, step", CASES)
def test_equals_reference_in_part(isa, sg, objective, step, how):
    """Only last words are centres; only IN learns."""
    reference, worker, arrays = pair(sg=sg, objective=objective, step=step, **{how: True})
    before = [None if array is None else array.copy() for array in arrays]
    train_both(reference, worker)
    assert_equals_reference(reference, worker, arrays)
    for array, old in list(zip(arrays, before, strict=True))[1:]:
        assert array is None or (array == old).all() == (how == "frozen_outputs")


@pytest.mark.parametrize("sg, objective, step", [m for m in CASES if m.values[1] != "neg"])
@pytest.mark.parametrize("words", [2, V, 300])
def test_workers_share_what_they_learn_near_the_root(sg, objective, step, words):
    """Taking turns, three workers with private hot nodes train as one: every job ends merged."""
    reference, workers, arrays = team(3, 16, sg=sg, objective=objective, step=step, words=words)
    for job in range(6):
        sentences = corpus(seed=job, words=words)
        theirs = reference.train(sentences, 0.02, 1234567 + job)
        assert workers[job % 3].train(*flat(sentences), 0.02, 1234567 + job) == theirs
    for name, ours in zip(("IN", "OUT", "NODES"), arrays, strict=True):
        if ours is not None:
            np.testing.assert_allclose(ours, getattr(reference, name), atol=2e-4, rtol=0, err_msg=name)


@pytest.mark.parametrize("sg, objective, step", CASES)
@pytest.mark.parametrize(
    "settings",
    [
        {"sample": 0},
        {"shrink_windows": False},
        {"cbow_mean": False},
        {"window": 1},
        {"window": 9, "shrink_windows": False},
        {"lockf": np.linspace(0, 1, V, dtype=np.float32)},
        {"lockf": np.array([0.5, 0.0], dtype=np.float32)},
    ],
    ids=lambda s: "-".join(s),
)
def test_settings_equal_reference(sg, objective, step, settings):
    both = pair(sg=sg, objective=objective, step=step, **settings)
    train_both(*both[:2], draw_windows=step == "pair")
    assert_equals_reference(*both)


@pytest.mark.parametrize(
    "dim", [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 300, 1024, 1025]
)
@pytest.mark.parametrize("step", ["pair", "window"])
def test_any_dimension(isa, dim, step):
    for sg in (True, False):
        both = pair(dim=dim, sg=sg, objective="both", step=step)
        train_both(*both[:2], jobs=1)
        assert_equals_reference(*both)


@pytest.mark.parametrize("negative", [1, 2, 4, 6, 7, 11, 12, 13, 20, 40])
@pytest.mark.parametrize("step", ["pair", "window"])
def test_any_number_of_negatives(isa, negative, step):
    both = pair(negative=negative, step=step, window=7)
    train_both(*both[:2], jobs=1)
    assert_equals_reference(*both)


@pytest.mark.parametrize("sg, objective, step", CASES)
@pytest.mark.parametrize("words", [1, 2, 3])
def test_few_words_repeat_everywhere(isa, sg, objective, step, words):
    both = pair(sg=sg, objective=objective, step=step, words=words, sample=0)
    train_both(*both[:2])
    assert_equals_reference(*both)


@pytest.mark.parametrize("step", ["pair", "window"])
def test_large_scores_are_skipped(isa, step):
    both = pair(step=step, scale=8, sample=0)
    before = both[2][0].copy()
    train_both(*both[:2], jobs=1, alpha=0.01)
    assert_equals_reference(*both)
    assert np.isfinite(both[2][0]).all()
    assert (both[2][0] != before).any()


def test_no_alpha_no_change():
    for sg, objective, step in ((m.values) for m in CASES):
        _, worker, arrays = pair(sg=sg, objective=objective, step=step)
        before = [None if a is None else a.copy() for a in arrays]
        worker.train(*flat(corpus()), 0.0, 1)
        for now, then in zip(arrays, before, strict=True):
            assert now is None or np.array_equal(now, then)
        assert worker.loss > 0


@pytest.mark.parametrize("sg, objective, step", [m for m in CASES if m.values[1] != "both"])
def test_numerical_gradient(sg, objective, step):
    """One step moves the weights down the loss: a finite difference of the loss equals the step over alpha.

    One window of one objective, so that no later step sees an earlier one; the same seed, so the same noise.
    """
    settings = dict(
        dim=5, sg=sg, objective=objective, step=step, sample=0, shrink_windows=False, words=9, window=2
    )
    alpha = 1e-3

    def loss(shift: np.ndarray | None) -> float:
        """Exact loss of the middle word's window; the other two positions are outside of it."""
        reference, _, _ = pair(**settings)
        if shift is not None:
            reference.IN[3] += shift
        reference.rng = 77
        total = 0.0
        outputs = [
            o
            for o, on in (
                (reference.path, reference.NODES is not None),
                (reference.noisy, objective == "neg"),
            )
            if on
        ]
        context = [3, 0]
        lists = 1 if not sg or step == "window" else len(context)
        drawn = [outputs[0](1) for _ in range(lists)]
        inputs = [reference.IN[context].mean(axis=0)] if not sg else [reference.IN[c] for c in context]
        for k, x in enumerate(inputs):
            rows, labels, matrix = drawn[k % lists]
            for row, label in zip(rows, labels, strict=True):
                total += np.log1p(np.exp(-(1 if label else -1) * float(x @ matrix[row])))
        return total

    reference, _, _ = pair(**settings)
    reference.rng, reference.alpha = 77, alpha
    before = reference.IN[3].copy()
    reference.train_window(1, [3, 0])
    moved = (reference.IN[3] - before) / alpha
    if not sg:
        moved = moved / 2  # word2vec adds the undivided gradient of the mean to each context word
    h = 1e-5
    numerical = np.array([(loss(h * e) - loss(-h * e)) / (2 * h) for e in np.eye(5)])
    # The table is read at 83 steps a unit, not 83.3, and in steps: its sigmoid is off by up to 0.01.
    np.testing.assert_allclose(moved, -numerical, atol=0.03)


def test_pieces_of_a_sentence_train_every_position_once():
    """lead and trail give context only: pieces cover the sentence, and windows reach across their edges."""
    _, worker, (IN, _, _) = pair(sample=0, shrink_windows=False, window=2)
    ids = np.arange(12, dtype=np.int32)
    ends = np.array([12], dtype=np.int64)
    worker.train(ids, ends, 0.0, 1)
    whole = worker.examples
    for start, stop in ((0, 5), (5, 9), (9, 12)):
        low, high = max(0, start - 2), min(12, stop + 2)
        trained = worker.train(
            ids[low:high], np.array([high - low], dtype=np.int64), 0.0, 1, None, start - low, high - stop
        )
        assert trained == stop - start
    assert worker.examples == 2 * whole


def exact_cosines(rows, units):
    rows, units = rows.astype(np.float64), units.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(units, axis=1)
    return np.divide((rows * units).sum(axis=1), lengths, out=np.zeros(len(rows)), where=lengths > 0)


@pytest.mark.parametrize("dim", [1, 5, 16, 100])
def test_cosines_of_rows(isa, dim):
    random = np.random.default_rng(0)
    rows = random.normal(size=(307, dim)).astype(np.float32)
    rows[3:9] *= np.float32([0, 1e-40, 1e-30, 1e25, 1e37, 1])[
        :, np.newaxis
    ]  # squares that float32 cannot hold
    rows[9, 0], rows[10, -1] = np.nan, np.inf
    units = _scan.unit_row(random.normal(size=(1, dim)).astype(np.float32), 0)[np.newaxis].repeat(3, axis=0)
    units[1:] *= -1
    finite = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, 0)
    expected = exact_cosines(finite, units[:1].repeat(307, axis=0))
    for pieces, threads in ((1, 1), (1, 2), (2, 2), (7, 3), (400, 2), (5, 1)):
        scores = np.full(307, 7, dtype=np.float32)
        _scan.cosines(rows, units[0], scores, pieces, threads)
        np.testing.assert_allclose(scores, expected, atol=1e-6)
    _scan.cosines_by_query(rows, units, np.array([0, 20, 20, 307], dtype=np.int64), scores)
    np.testing.assert_allclose(scores, np.where(np.arange(307) < 20, expected, -expected), atol=1e-6)


def test_a_cosine_does_not_depend_on_the_rows_around_it(isa):
    rows = np.random.default_rng(0).normal(size=(600, 37)).astype(np.float32)
    scores, alone = np.empty(600, dtype=np.float32), np.empty(1, dtype=np.float32)
    _scan.cosines(rows, rows[0], scores)
    for row in range(0, 600, 7):
        _scan.cosines(rows[row : row + 1], rows[0], alone)
        assert alone[0] == scores[row]


def test_threads_that_come_at_once():
    """Many teams, some of whose threads come late."""
    rows = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    expected = np.empty(64, dtype=np.float32)
    _scan.cosines(rows, rows[0], expected)

    def ask(_):
        for threads in (2, 3, 9) * 20:
            scores = np.empty(64, dtype=np.float32)
            _scan.cosines(rows, rows[0], scores, 16, threads)
            np.testing.assert_array_equal(scores, expected)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(8)))


@pytest.mark.parametrize(
    "bounds", [[0, 3, 5], [1, 3, 4], [0, 5, 4], [0, 3, 3], [0, 4], [0, 2, 3, 4], [0, -1, 4]]
)
def test_cosines_want_bounds_that_cover_the_rows(bounds):
    rows, units = np.ones((4, 3), np.float32), np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match="bounds"):
        _scan.cosines_by_query(rows, units, np.array(bounds, dtype=np.int64), np.empty(4, dtype=np.float32))


def test_cosines_want_arrays_that_fit():
    rows, unit, scores = np.ones((4, 3), np.float32), np.ones(3, np.float32), np.empty(4, np.float32)
    for matrix, vector, out in (
        (rows, unit[:2], scores),
        (rows, unit, scores[:3]),
        (rows.astype(np.float64), unit, scores),
        (rows, unit.astype(np.float64), scores),
        (rows, unit, scores.astype(np.float64)),
        (rows[:, ::2], unit[:2].copy(), scores),
        (rows.astype(np.float16), unit, scores),
    ):
        with pytest.raises((ValueError, BufferError)):
            _scan.cosines(matrix, vector, out)
    with pytest.raises(ValueError, match="pieces"):
        _scan.cosines(rows, unit, scores, 0)
    with pytest.raises(IndexError):
        _scan.unit_row(rows, 4)
    with pytest.raises(IndexError):
        _scan.weighted_sum(rows, [-1], [1.0], True)


def directions(random, shape, kind):
    rows = random.normal(size=shape)
    if kind == "rising":  # every row is nearer to all queries than those before it
        rows = np.ones(shape) + rows * np.linspace(1, 0, shape[0])[:, np.newaxis]
    elif kind == "alike":
        rows = np.ones(shape) + 1e-6 * rows
    elif kind == "axes":  # entries of 1 and -1
        axes = np.eye(shape[1])[random.integers(shape[1], size=shape[0])]
        rows = axes * random.choice([-1, 0, 1], (shape[0], 1))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths, lengths, 1)).astype(np.float32)


def integers_of(sieve, rows):
    """Rows as integers of 16 and of 8 bits, and the grades of these."""
    integers = np.full((len(rows), sieve.width), 99, dtype=np.int16)
    small = np.full((len(rows), sieve.byte_width), 99, dtype=np.int8)
    grades = np.empty((-(-len(rows) // BLOCK), 2), dtype=np.float32)
    quantise(rows, integers)
    quantise_bytes(rows, small, grades)
    return integers, small, grades


@pytest.mark.parametrize("kind", ["random", "rising", "alike", "axes"])
@pytest.mark.parametrize("dim", [1, 2, 5, 33, 100])
@pytest.mark.parametrize("count", [1, 10, 300])
def test_a_sieve_keeps_what_may_be_among_the_best(isa, kind, dim, count):
    random = np.random.default_rng(dim)
    rows, queries = directions(random, (500, dim), kind), directions(random, (37, dim), kind)
    sieve = Sieve(queries, count)
    integers, small, grades = integers_of(sieve, rows)
    np.testing.assert_allclose(integers[:, :dim], 32767.0 * rows, atol=0.502)
    assert not integers[:, dim:].any()
    for start, end in ((0, 2), (2, 3), (3, 6)):
        part = slice(start * BLOCK, end * BLOCK)
        for panel in range(len(sieve)):
            sieve.sift(integers[part], small[part], grades[start:end], start * BLOCK, panel, panel + 1)
    ends, places = sieve.candidates()
    found = [part.tolist() for part in np.split(places, ends[:-1])]

    slack = int(2 * (32767 * dim**0.5 + dim + 128 * (dim + 8)))
    asked = np.empty((37, sieve.width), dtype=np.int16)
    quantise(queries, asked)
    scores = asked.astype(np.int64) @ integers.astype(np.int64).T
    borders = np.sort(scores, axis=1)[:, -count] - slack
    assert found == [np.flatnonzero(s > border).tolist() for s, border in zip(scores, borders, strict=True)]
    exact = queries.astype(np.float64) @ rows.T.astype(np.float64)
    for query, best in enumerate(np.argsort(-exact, axis=1)[:, :count].tolist()):
        assert set(best) <= set(found[query])


def test_a_sieve_gives_up_a_query_with_too_many_candidates(isa):
    rows = np.zeros((3000, 4), dtype=np.float32)
    rows[:, 0] = 1
    rows[::3] = 0, 0, 1, 0
    sieve = Sieve(np.eye(4, dtype=np.float32)[:3], 2)
    sieve.sift(*integers_of(sieve, rows), 0, 0, 1)
    ends, places = sieve.candidates()
    assert ends.tolist() == [0, 0, 1000] and places.tolist() == list(range(0, 3000, 3))


def test_a_sieve_of_nothing():
    sieve = Sieve(np.empty((0, 3), np.float32), 5)
    sieve.sift(*integers_of(sieve, np.zeros((2, 3), np.float32)), 0, 0, 0)
    assert [array.tolist() for array in sieve.candidates()] == [[], []]
    sieve = Sieve(np.ones((2, 1), np.float32), 5)
    assert [array.tolist() for array in sieve.candidates()] == [[0, 0], []]
    for rows, first, end in ((np.zeros((2, 3), np.int16), 0, 1), (np.zeros((2, 2), np.int16), 0, 2)):
        with pytest.raises(ValueError, match="of width 2"):
            sieve.sift(rows, np.zeros((2, 4), np.int8), np.ones((1, 2), np.float32), 0, first, end)
    with pytest.raises(ValueError, match="do not go into"):
        quantise(np.ones((2, 3), np.float32), np.zeros((2, 2), np.int16))


@pytest.mark.parametrize("kind", ["random", "axes"])
@pytest.mark.parametrize("dim", [1, 5, 33, 100])
def test_bytes_tell_what_they_lose(kind, dim):
    rows = directions(np.random.default_rng(dim), (200, dim), kind)
    small, grades = np.full((200, dim + 3), 99, np.int8), np.empty((3, 2), np.float32)
    quantise_bytes(rows, small, grades)
    scale, lost = np.repeat(grades, BLOCK, axis=0)[:200].T
    entries = small[:, :dim] / scale[:, np.newaxis].astype(np.float64)
    assert not small[:, dim:].any() and abs(small).max() == 127
    np.testing.assert_allclose(entries, rows, atol=0.501 / scale.min())
    assert np.all(np.linalg.norm(entries - rows, axis=1) <= lost) and np.all(
        lost < 0.6 * dim**0.5 / scale + 1e-5
    )
    quantise_bytes(np.zeros((1, dim), np.float32), small[:1], grades[:1])
    assert not small[0].any()
    with pytest.raises(ValueError, match="do not go into"):
        quantise_bytes(rows, small, grades[:2])


def test_unknown_isa_is_refused():
    with pytest.raises(ValueError, match="choose one of"):
        dispatch.select_isa("avx1024")


def test_stop_flag_ends_a_job_early():
    stop = _kernels.StopFlag()
    stop.stop()
    _, _, (IN, OUT, _) = pair()
    stopped = _kernels.Worker(
        IN,
        OUT,
        None,
        np.ones(1, np.float32),
        stop,
        sg=True,
        negative=5,
        window=2,
        shrink_windows=False,
        cbow_mean=True,
        by_window=False,
        compute_loss=True,
        alone=True,
        keep=None,
        noise_table=np.full(V, 2**31 - 1, np.uint32),
        noise_index=np.zeros(1, np.int32),
        noise_shift=31,
        codes=None,
        points=None,
        path_starts=None,
    )
    before = IN.copy()
    stopped.train(*flat(corpus()), 0.1, 1)
    assert stopped.examples == 0
    assert np.array_equal(before, IN)


@pytest.mark.parametrize("objective", ["neg", "hs"])
@pytest.mark.parametrize("row", [-1, V, 2**31 - 1])
def test_an_id_outside_the_matrices_is_refused_before_anything_is_trained(objective: str, row: int) -> None:
    _, worker, (IN, *_) = pair(objective=objective)
    before = IN.copy()
    ids = np.array([1, 2, row, 3], np.int32)
    with pytest.raises(ValueError, match=f"leads to row {row}, expected 0 to"):
        worker.train(ids, np.array([4]), 0.1, 1)
    assert np.array_equal(before, IN)
