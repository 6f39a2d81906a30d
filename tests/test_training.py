"""Every way into training gives the same vectors; a refused call changes nothing.

Errors during training are in `test_run`, the arithmetic is in `test_kernels`.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import (
    BOTH,
    HS,
    LONGER,
    MODES,
    NEG,
    NO_GENSIM,
    RAW,
    SMALL,
    STEPS,
    TEXT,
    Restartable,
    ReturnsItself,
    assert_same,
    assert_usable,
    matrices,
    small,
    text,
    threads,
    topics,
    unaligned,
    unsampled,
    written,
)

from fastw2v import (
    CallbackAny2Vec,
    FastW2VWarning,
    KeyedVectors,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    Word2Vec,
)
from fastw2v.text.source import Source
from fastw2v.training import run as running
from fastw2v.training.hooks import TRAINING_HOOKS
from fastw2v.training.jobs import Job, jobs_of
from fastw2v.vocabulary.sampling import noise_table

# --- roads into training ---


ROADS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "list": lambda folder: {"sentences": LONGER},
    "tuple": lambda folder: {"sentences": tuple(map(tuple, LONGER))},
    "iterable": lambda folder: {"sentences": Restartable(lambda: iter(LONGER))},
    "returns-itself": lambda folder: {"sentences": ReturnsItself(LONGER)},
    "generators-inside": lambda folder: {"sentences": Restartable(lambda: map(iter, LONGER))},
    "numpy-sentences": lambda folder: {"sentences": [np.array(sentence) for sentence in LONGER]},
    "numpy-stream": lambda folder: {"sentences": Restartable(lambda: map(np.array, LONGER))},
    "object-arrays": lambda folder: {"sentences": [np.array(sentence, dtype=object) for sentence in LONGER]},
    "corpus-file": lambda folder: {"corpus_file": written(folder, "text", LONGER)},
    "corpus-file-str": lambda folder: {"corpus_file": str(written(folder, "text", LONGER))},
    "compressed": lambda folder: {"corpus_file": written(folder, "text.gz", LONGER)},
    "line-sentence": lambda folder: {"sentences": LineSentence(written(folder, "text", LONGER))},
    "line-sentence-gz": lambda folder: {"sentences": LineSentence(written(folder, "text.gz", LONGER))},
    "path-lines": lambda folder: {
        "sentences": PathLineSentences(
            (written(folder, "1.txt", LONGER[:1500]), written(folder, "2.gz", LONGER[1500:]))[0].parent
        )
    },
}


@pytest.fixture(scope="module")
def by_list() -> dict[str, Word2Vec]:
    return {
        step: Word2Vec(LONGER, **SMALL, **MODES["sg-neg"], epochs=2, batch_words=999, step=step)
        for step in STEPS
    }


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("road", ROADS)
def test_every_road_leads_to_the_same_vectors(
    road: str, step: str, by_list: dict[str, Word2Vec], tmp_path: Path
) -> None:
    corpus = ROADS[road](tmp_path)
    model = Word2Vec(**corpus, **SMALL, **MODES["sg-neg"], epochs=2, batch_words=999, step=step)
    assert model.wv.index_to_key == by_list[step].wv.index_to_key
    assert all(type(word) is str for word in model.wv.index_to_key)
    assert (model.corpus_count, model.corpus_total_words) == (len(LONGER), sum(map(len, LONGER)))
    assert_same(matrices(model), matrices(by_list[step]))
    # Vocabulary and training by two calls instead of one.
    names = {"sentences": "corpus_iterable"}
    corpus = {names.get(name, name): value for name, value in corpus.items()}
    model = Word2Vec(**SMALL, **MODES["sg-neg"], batch_words=999, step=step)
    model.build_vocab(**corpus)
    totals = {"total_examples": model.corpus_count, "total_words": model.corpus_total_words}
    model.train(**corpus, **totals, epochs=2)
    assert_same(matrices(model), matrices(by_list[step]))


def test_text8_is_slices(tmp_path: Path) -> None:
    words = [word for sentence in LONGER for word in sentence]
    (tmp_path / "text8").write_text(" ".join(words))
    slices = [words[start : start + 700] for start in range(0, len(words), 700)]
    model = Word2Vec(Text8Corpus(tmp_path / "text8", 700), **SMALL)
    assert_same(matrices(model), matrices(Word2Vec(slices, **SMALL)))


def test_ids_that_do_not_fit_into_memory_train_alike(
    tmp_path: Path, by_list: dict[str, Word2Vec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "1000")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    model = Word2Vec(LONGER, **SMALL, **MODES["sg-neg"], epochs=2, batch_words=999, step="pair")
    assert_same(matrices(model), matrices(by_list["pair"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", STEPS)
def test_no_sentence_is_cut(step: str) -> None:
    long = [word for sentence in LONGER for word in sentence][:25_000]
    model = Word2Vec([long], **SMALL, sg=1, sample=0, step=step, shrink_windows=False, window=2, epochs=1)
    assert model.corpus_count == 1
    assert model.history[0]["effective_words"] == 25_000
    assert model.history[0]["examples"] == 4 * 25_000 - 6  # 4 neighbours each, but for the ends


@pytest.mark.parametrize("sg", [0, 1], ids=["cbow", "sg"])
@pytest.mark.parametrize("static", [True, False], ids=["list", "stream"])
def test_several_workers_share_a_very_long_sentence(
    sg: int, static: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = list(islice(cycle(word for sentence in LONGER for word in sentence), 150_000))
    corpus = [long, TEXT[0]]
    jobs = []

    def spied(*arguments: Any) -> Iterator[Job]:
        for job in jobs_of(*arguments):
            jobs.append(job)
            yield job

    monkeypatch.setattr(running, "jobs_of", spied)
    source = corpus if static else Restartable(lambda: iter(corpus))
    few = {"vector_size": 2, "workers": 3, "epochs": 1, "negative": 1}
    model = Word2Vec(source, **(SMALL | few), sg=sg, sample=0, shrink_windows=False, window=2, step="window")
    words, last = 150_000 + len(TEXT[0]), len(TEXT[0])
    assert model.history[0]["effective_words"] == model.history[0]["words"] == words
    assert model.history[0]["examples"] == (4 * 150_000 - 6 + 4 * last - 6 if sg else words)
    assert len(jobs) > 15
    assert len({job.alpha for job in jobs}) > 10


def test_a_file_is_read_once_for_vocabulary_and_training(tmp_path: Path, monkeypatch) -> None:
    """…and again if it has changed since, or once it has been trained on."""
    path = written(tmp_path, "text", TEXT)
    read = []
    encode = Source.encode
    monkeypatch.setattr(Source, "encode", lambda *a, **k: read.append(1) or encode(*a, **k))

    def trained(change: bool) -> Word2Vec:
        model = Word2Vec(**SMALL)
        model.build_vocab(corpus_file=path)
        if change:
            written(tmp_path, "text", TEXT[::-1])
        model.train(corpus_file=path, total_words=model.corpus_total_words, epochs=1)
        return model

    model = trained(change=False)
    assert not read
    expected = Word2Vec(**SMALL)
    expected.build_vocab(TEXT)
    expected.train(TEXT, total_words=expected.corpus_total_words, epochs=1)
    assert len(read) == 1
    assert np.array_equal(model.syn0, expected.syn0)
    model.train(corpus_file=path, total_words=model.corpus_total_words, epochs=1)
    assert len(read) == 2
    assert not np.array_equal(trained(change=True).syn0, expected.syn0)
    assert len(read) == 3


# --- totals ---


@pytest.mark.parametrize(
    "totals",
    [
        {"total_examples": 200.0},
        {"total_examples": np.float64(199.6)},
        {"total_examples": np.float32(200.4)},
        {"total_examples": np.int16(200)},
        {"total_examples": 0.8 * 250},
    ],
    ids=repr,
)
def test_totals_are_rounded(totals: dict[str, Any]) -> None:
    ours, whole = (unsampled(None) for _ in range(2))
    for model, given in ((ours, totals), (whole, {"total_examples": 200})):
        model.build_vocab(TEXT)
        model.train(TEXT, **given, epochs=2)
    assert_same(matrices(ours), matrices(whole))


@pytest.mark.parametrize("totals", [{"total_words": float(RAW)}, {"total_words": np.float64(RAW + 0.2)}])
def test_totals_of_words_are_rounded(totals: dict[str, Any], tmp_path: Path) -> None:
    model = unsampled(None)
    model.build_vocab(TEXT)
    assert model.train(corpus_file=written(tmp_path, "text", TEXT), **totals, epochs=2) == (2 * RAW, 2 * RAW)


@pytest.mark.parametrize("totals", [{"total_examples": 0}, {"total_words": 0.0}, {"total_examples": 0.0}])
@pytest.mark.parametrize("nothing", [[], (), "file", "generator"])
def test_a_day_without_text_trains_nothing(
    totals: dict[str, Any], nothing: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = unsampled()
    model.build_vocab([], update=True)
    before, reached = matrices(model), model.min_alpha_yet_reached
    corpus: dict[str, Any] = {"corpus_iterable": nothing}
    if nothing == "generator":
        corpus = {"corpus_iterable": Restartable(lambda: iter(()))}
    elif nothing == "file":
        corpus = {"corpus_file": written(tmp_path, "text", [])}
        totals = totals | {"total_words": 0}
    assert model.train(**corpus, **totals, epochs=3) == (0, 0)
    assert_same(matrices(model), before)
    assert "train() called with an empty iterator" in caplog.text
    assert model.min_alpha_yet_reached == reached and model.train_count == 2
    with pytest.raises(ValueError, match="above 0 if there is text"):
        model.train(TEXT, total_examples=model.corpus_count, epochs=1)


# --- the learning rate in a loop, and gensim's hooks ---


def test_the_tutorials_loop_ends_with_what_to_do() -> None:
    model = small(None)
    model.build_vocab(TEXT)
    with pytest.raises(
        ValueError, match=r"lowers model.alpha each time: call train\(epochs=N\) once"
    ) as said:
        for _ in range(20):
            model.train(TEXT, total_examples=200, epochs=1)
            model.alpha -= 0.002
            model.min_alpha = model.alpha
    assert "start_alpha=-0.001" in str(said.value) and model.train_count == 13
    model.alpha = model.min_alpha = 0.001
    assert_usable(model)


def test_a_rate_that_rises_is_told_to_the_user_if_something_was_learnt() -> None:
    model = small(None)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=200, epochs=2, start_alpha=0.05)  # nothing was learnt before
    with pytest.warns(FastW2VWarning, match=r"starts at 0\.05, above") as said:
        model.train(TEXT, total_examples=200, epochs=1)
    assert said[0].filename == __file__
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=200, epochs=1)  # neither is now
    model.train(TEXT, total_examples=200, epochs=1, start_alpha=model.min_alpha_yet_reached)


@pytest.mark.parametrize("name", TRAINING_HOOKS)
def test_a_hook_of_gensims_that_a_class_defines_is_named(name: str) -> None:
    called: list[str] = []
    derived = type("Derived", (Word2Vec,), {name: lambda self, *_, **__: called.append(name)})
    with pytest.warns(FastW2VWarning, match=rf"^Derived defines {name}: .*CallbackAny2Vec") as said:
        derived(TEXT, **SMALL)
    assert len(said) == 1 and said[0].filename == __file__ and not called


def test_hooks_are_found_wherever_they_are_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(None)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=200, epochs=1)  # without a hook there is nothing to say
    model._get_next_alpha = lambda *_: 0.01
    monkeypatch.setattr(Word2Vec, "_do_train_job", lambda *_: (0, 0), raising=False)
    with pytest.warns(FastW2VWarning, match="defines _do_train_job, _get_next_alpha: private to gensim's"):
        model.train(TEXT, total_examples=200, epochs=1, start_alpha=0.0001)
    with pytest.warns(FastW2VWarning, match="_do_train_job"):
        model.train_pairs(["w1"], ["w2"], start_alpha=0.0001)


def test_the_hooks_are_all_of_gensims_training(gensims: Any) -> None:
    theirs = {
        name for cls in gensims.Word2Vec.__mro__[:-2] for name in vars(cls) if re.match(r"_[a-z]", name)
    }
    of_files = {"_adapt_by_suffix", "_load_specials", "_save_specials", "_smart_save"}
    assert theirs - of_files <= set(TRAINING_HOOKS) and not any(hasattr(Word2Vec, n) for n in TRAINING_HOOKS)


# --- refusals ---


@pytest.mark.parametrize(
    ("arguments", "error", "part"),
    [
        ({"epochs": None}, ValueError, "epochs=None"),
        ({"epochs": 0}, ValueError, "epochs=0"),
        ({"epochs": -3}, ValueError, "epochs=-3"),
        ({"epochs": 1.5}, TypeError, "epochs is 1.5"),
        ({"epochs": "2"}, TypeError, "epochs is '2'"),
        ({"total_examples": None}, ValueError, "total_examples"),
        ({"total_examples": 0}, ValueError, "total_words"),
        ({"total_examples": -5}, ValueError, "total_examples=-5"),
        ({"total_examples": "all"}, TypeError, "total_examples is 'all'"),
        ({"total_words": float("nan")}, ValueError, "total_words=nan"),
        ({"total_words": float("inf"), "total_examples": None}, ValueError, "total_words=inf"),
        ({"total_examples": -0.5}, ValueError, "total_examples=-0.5"),
        ({"total_examples": 0.0, "total_words": 0}, ValueError, "above 0 if there is text"),
        ({"start_alpha": -0.001}, ValueError, r"start_alpha=-0.001: .*train\(epochs=N\)"),
        ({"end_alpha": -1e-9}, ValueError, "end_alpha=-1e-09: .*cannot be negative"),
        ({"start_alpha": float("nan")}, ValueError, "start_alpha=nan"),
        ({"end_alpha": "low"}, TypeError, "end_alpha is 'low'"),
        ({"queue_factor": 0}, ValueError, "queue_factor=0"),
        ({"report_delay": None}, TypeError, "report_delay is None"),
        ({"callbacks": 3}, TypeError, "callbacks must be a list"),
        ({"callbacks": [print]}, TypeError, "on_train_begin"),
        ({"unknown": 1}, TypeError, "unknown"),
        ({"corpus_file": "/no/such/file", "total_words": 9}, TypeError, "two corpora"),
        ({"corpus_iterable": None}, TypeError, "no corpus"),
        ({"corpus_iterable": None, "corpus_file": "/no/such/file"}, ValueError, "total_words"),
        ({"corpus_iterable": None, "corpus_file": "/no/file", "total_words": 9}, TypeError, "is not a file"),
        ({"corpus_iterable": (s for s in TEXT)}, TypeError, "a generator can be read only once"),
        ({"corpus_iterable": iter(TEXT)}, TypeError, "a list_iterator can be read only once"),
        ({"corpus_iterable": map(list, TEXT)}, TypeError, "a map can be read only once"),
        ({"corpus_iterable": zip(TEXT, TEXT, strict=True)}, TypeError, "a zip can be read only once"),
        ({"corpus_iterable": islice(TEXT, 9)}, TypeError, "a islice can be read only once"),
        ({"corpus_iterable": 5}, TypeError, "not int"),
        ({"corpus_iterable": "text.txt"}, TypeError, "corpus_file=path"),
    ],
)
@pytest.mark.trains_again
def test_a_refused_call_changes_nothing(arguments: dict[str, Any], error: type, part: str) -> None:
    model = Word2Vec(TEXT, **SMALL, compute_loss=True)
    before = matrices(model)
    state = {
        name: copy.deepcopy(value) for name, value in model.__dict__.items() if name not in ("wv", "random")
    }
    random = model.random.get_state()[1:3]
    call = {
        "corpus_iterable": TEXT,
        "total_examples": 200,
        "epochs": 2,
        "start_alpha": 0.01,
        "end_alpha": 0.005,
    }
    with pytest.raises(error, match=part):
        model.train(**(call | arguments))
    assert_same(matrices(model), before)
    for name, value in state.items():
        np.testing.assert_equal(getattr(model, name), value, err_msg=name)
    np.testing.assert_equal(model.random.get_state()[1:3], random)
    assert_usable(model)


@pytest.mark.parametrize(
    ("spoil", "error", "part"),
    [
        (lambda model: setattr(model, "workers", 0), ValueError, "workers=0"),
        (lambda model: setattr(model, "window", 0), ValueError, "window=0"),
        (lambda model: setattr(model, "negative", 0), ValueError, "nothing would be trained"),
        (lambda model: setattr(model, "hs", 1), RuntimeError, "no syn1"),
        (lambda model: delattr(model, "syn1neg"), RuntimeError, "no syn1neg"),
        (
            lambda model: setattr(model, "syn1neg", model.syn1neg[:5]),
            ValueError,
            r"syn1neg is float32 \(5, 12\)",
        ),
        (lambda model: setattr(model, "syn0", model.syn0.astype(np.float64)), ValueError, "syn0 is float64"),
        (lambda model: setattr(model.syn0.flags, "writeable", False), ValueError, "syn0 is read-only"),
        (lambda model: setattr(model, "cum_table", np.empty(0, np.uint32)), RuntimeError, "cum_table"),
        (lambda model: model.make_cum_table(domain=1000), RuntimeError, "cum_table"),
        (lambda model: model.wv.expandos.pop("sample_int"), RuntimeError, "sample_int"),
        (lambda model: model.wv.key_to_index.update(new=10**6), ValueError, "row 1000000"),
        (lambda model: model.wv.key_to_index.update(w0=-1), ValueError, "row .*-1"),
        (lambda model: setattr(model, "wv", KeyedVectors(12)), RuntimeError, "no vocabulary to train"),
    ],
)
@pytest.mark.trains_again
def test_a_spoilt_model_is_refused(spoil: Any, error: type, part: str) -> None:
    """What would have the kernels read or write outside their arrays is found before."""
    model = Word2Vec(TEXT, **SMALL)
    spoil(model)
    with pytest.raises(error, match=part):
        model.train(TEXT, total_examples=200, epochs=1)
    assert not threads()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("name", "value"), [("workers", 0), ("window", 0), ("window", -3), ("negative", -1)])
@pytest.mark.trains_again
def test_settings_that_a_callback_spoils_are_refused(name: str, value: int, step: Any) -> None:
    """Without workers the epoch would never end, and a window of 0 is divided by."""

    class Spoil(CallbackAny2Vec):
        def on_epoch_end(self, trained: Word2Vec) -> None:
            setattr(trained, name, value)

    model = Word2Vec(TEXT, **SMALL, **BOTH, step=step)
    with pytest.raises(ValueError, match=f"{name}={value}"):
        model.train(TEXT, total_examples=200, epochs=2, callbacks=[Spoil()])
    for call in (
        lambda: model.score(TEXT[:2]),
        lambda: model._score_sentence(TEXT[0], True),
        lambda: model._train_batch(TEXT[:2], 0.01, True, False),
    ):
        with pytest.raises(ValueError, match=f"{name}={value}"):
            call()
    assert not threads()


@pytest.mark.parametrize("drawn", [-1, 3, 10**6])
@pytest.mark.trains_again
def test_a_generator_that_draws_impossible_windows_is_refused(drawn: int) -> None:
    class Odd(np.random.RandomState):
        def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
            return super().randint(low, high) if size is None else np.full(size, drawn)

    model = small(window=3, step="pair")
    model.random = Odd(1)
    before = matrices(model)
    with pytest.raises(ValueError, match=rf"randint\(0, 3\) gave {drawn}: .*RandomState"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), before)


@pytest.mark.trains_again
def test_a_tree_that_another_thread_writes_to_leads_nowhere_else() -> None:
    """A path may change after it was checked: what is trained then is wrong, but nothing else is touched."""
    model = Word2Vec(text(2000, 300), **SMALL | {"workers": 2}, **HS)
    points, starts = model.wv.expandos["point"].values, model.wv.expandos["point"].starts
    good, ended = (points.copy(), starts.copy()), threading.Event()

    def write() -> None:
        while not ended.is_set():
            points[:], starts[3:-3] = 4 * 10**9, 10**12
            points[:], starts[:] = good

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            with suppress(ValueError):
                model.train(text(2000, 300), total_examples=2000, epochs=1)
    finally:
        ended.set()
        writer.join()
    model.create_binary_tree()
    assert_usable(model)


@pytest.mark.parametrize("name", ["point", "code"])
@pytest.mark.trains_again
def test_a_spoilt_tree_is_refused(name: str) -> None:
    for spoil, error in (
        (lambda wv: wv.expandos.pop(name), RuntimeError),
        (lambda wv: wv.expandos["point"].values.__setitem__(0, 10**6), ValueError),
        (
            lambda wv: wv.expandos["point"].values.fill(len(wv) - 1),
            ValueError,
        ),  # a row that is not in the tree
        (lambda wv: wv.expandos[name].starts.__setitem__(1, 10**6), ValueError),
        (lambda wv: wv.expandos[name].starts.__setitem__(1, -5), ValueError),
        (lambda wv: setattr(wv.expandos[name], "starts", wv.expandos[name].starts + 1), ValueError),
        (lambda wv: setattr(wv.expandos[name], "values", wv.expandos[name].values[:-1]), ValueError),
    ):
        model = Word2Vec(TEXT, **SMALL, **HS)
        assert model.wv.expandos["point"].starts is model.wv.expandos["code"].starts
        spoil(model.wv)
        with pytest.raises(error, match="tree|paths"):
            model.train(TEXT, total_examples=200, epochs=1)
        model.create_binary_tree()
        assert_usable(model)


@pytest.mark.trains_again
def test_other_vectors_have_no_totals_and_no_outputs(tmp_path: Path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.wv.save_word2vec_format(tmp_path / "vectors", binary=True)
    model.wv = KeyedVectors.load_word2vec_format(tmp_path / "vectors", binary=True)
    with pytest.raises(ValueError, match="total_examples"):
        model.train(TEXT)
    with pytest.raises(RuntimeError, match="sample_int"):
        model.train(TEXT, total_examples=200, epochs=1)
    model.sample = 0
    assert model.train(TEXT, total_examples=200, epochs=1) == (RAW, RAW)


@pytest.mark.trains_again
def test_a_matrix_of_another_layout_is_taken() -> None:
    model, twin = Word2Vec(TEXT, **SMALL), Word2Vec(TEXT, **SMALL)
    model.syn0, model.syn1neg = np.asfortranarray(model.syn0), np.repeat(model.syn1neg, 2, axis=0)[::2]
    for each in (model, twin):
        each.train(TEXT, total_examples=200, epochs=1)
    model.syn0, model.syn1neg = unaligned(model.syn0), unaligned(model.syn1neg)
    for each in (model, twin):
        each.train(TEXT[:1], total_examples=1, epochs=1)
    assert_same(matrices(model), matrices(twin))
    assert model.syn0.flags.aligned and model.syn1neg.flags.aligned
    assert model.syn0 is model.wv.vectors


# --- odd sizes ---


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("corpus", [[["a"]], [["a"] * 9, [], ["a", "a"]]], ids=["once", "often"])
def test_a_vocabulary_of_one_word(mode: str, step: str, corpus: Any) -> None:
    model = Word2Vec(corpus, **SMALL, **MODES[mode], step=step, sample=0, compute_loss=True)
    assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())
    assert np.isfinite(model.get_latest_training_loss())
    assert model.history[0]["effective_words"] == sum(map(len, corpus))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sg", [0, 1], ids=["cbow", "sg"])
@pytest.mark.parametrize("words", [2, 5])
def test_more_noise_words_than_words(sg: int, step: str, words: int) -> None:
    corpus = text(100, words)
    model = Word2Vec(corpus, **SMALL, sg=sg, negative=3 * words, step=step, sample=0)
    assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_a_learning_rate_far_too_high(mode: str, step: str) -> None:
    """Either the vectors stay finite, or the first epoch ends with advice, and never was."""
    for alpha in (10.0, 1e30, 3e38):
        model = Word2Vec(**SMALL, **MODES[mode], step=step, alpha=alpha, min_alpha=alpha)
        model.build_vocab(TEXT)
        before = matrices(model)
        with pytest.warns(FastW2VWarning, match=r"alpha=.*learn nothing.*0.025"):
            try:
                model.train(TEXT, total_examples=200, epochs=3)
            except FloatingPointError as error:
                assert "lower alpha" in str(error) and len(model.history) in (0, 1, 2)
                if not model.history:
                    assert_same(matrices(model), before)
        assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())
        assert not threads()
    model.build_vocab(TEXT)
    model.alpha = model.min_alpha = 0.01
    assert_usable(model)


@pytest.mark.trains_again
def test_vectors_that_are_not_finite_are_said() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.syn0[3, 2] = np.nan
    with pytest.raises(FloatingPointError, match=r"epoch 0.*alpha=0.025.*lower alpha"):
        model.train(TEXT, total_examples=200, epochs=2)
    assert not threads()


@pytest.mark.parametrize("batch_words", [1, 7, 10**6, 2**40])
@pytest.mark.parametrize("mode", ["sg-neg", "cbow-hs"])
def test_jobs_tiny_and_huge(batch_words: int, mode: str) -> None:
    for corpus in (TEXT, Restartable(lambda: iter(TEXT))):
        model = Word2Vec(corpus, **(SMALL | {"workers": 3}), **MODES[mode], batch_words=batch_words, sample=0)
        assert [(epoch["words"], epoch["effective_words"]) for epoch in model.history] == [(RAW, RAW)] * 5


@pytest.mark.parametrize("vector_size", [1, 2, 17, 300])
@pytest.mark.parametrize("step", STEPS)
def test_dimensions(vector_size: int, step: str) -> None:
    model = Word2Vec(TEXT, **(SMALL | {"vector_size": vector_size}), sg=1, step=step)
    assert model.syn0.shape[1] == vector_size and np.isfinite(model.syn0).all()


def test_unsorted_vocabulary_learns_alike() -> None:
    """Order decides the random streams, so not the vectors, but the loss must agree."""
    sizes = {"compute_loss": True, "sample": 0, "epochs": 10, "sg": 1, "vector_size": 20, "alpha": 0.1}
    losses = [
        Word2Vec(LONGER[:1000], **(SMALL | sizes), sorted_vocab=sort).history[-1]["loss"] for sort in (0, 1)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_more_workers_than_work() -> None:
    model = Word2Vec(TEXT[:2], **(SMALL | {"workers": 40}))
    assert model.train_count == 1 and not threads()


@pytest.mark.trains_again
def test_all_words_unknown() -> None:
    model = Word2Vec(TEXT, **SMALL)
    before = matrices(model)
    assert model.train([["un", "known"]] * 3, total_examples=3, epochs=2) == (0, 12)
    assert_same(matrices(model), before)


# --- the same again ---


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_one_worker_and_one_seed_give_one_model(mode: str, step: str) -> None:
    first, second = (Word2Vec(TEXT, **SMALL, **MODES[mode], step=step, seed=5) for _ in range(2))
    assert_same(matrices(first), matrices(second))
    other = Word2Vec(TEXT, **SMALL, **MODES[mode], step=step, seed=6)
    assert not np.array_equal(first.syn0, other.syn0)


@pytest.mark.parametrize("step", STEPS)
def test_one_job_is_deterministic_with_any_number_of_workers(step: str) -> None:
    one = Word2Vec(TEXT[:50], **SMALL, step=step)
    three = Word2Vec(TEXT[:50], **(SMALL | {"workers": 3}), step=step)
    assert_same(matrices(one), matrices(three))


def test_hash_seeds_change_nothing() -> None:
    """Two processes that hash strings differently."""
    script = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); from factories import *\n"
        "for step in STEPS:\n"
        "    for corpus in (TEXT, Restartable(lambda: iter(TEXT))):\n"
        "        model = Word2Vec(corpus, **SMALL, **BOTH, step=step)\n"
        "        print(hashlib.sha256(model.syn0.tobytes() + model.syn1neg.tobytes()).hexdigest())\n"
        "        print(model.wv.index_to_key)"
    )
    here = Path(__file__).parent
    answers = {run_python(script, here, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")}
    assert len(answers) == 1 and len(answers.pop().splitlines()) == 8


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_the_loss_is_the_same_for_any_number_of_workers(mode: str, step: str) -> None:
    sizes = {"compute_loss": True, "epochs": 3, "batch_words": 500, "step": step}
    losses = [
        Word2Vec(LONGER[:1500], **(SMALL | sizes | {"workers": workers}), **MODES[mode]).history[-1]["loss"]
        for workers in (1, 4)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_the_loss_does_not_stick() -> None:
    """A float32 sum of this size would have lost its digits: every epoch must still add its share."""
    model = Word2Vec(TEXT, **SMALL, compute_loss=True, epochs=1, sample=0)
    share = model.get_latest_training_loss()
    losses = []

    class Watch(CallbackAny2Vec):
        def on_train_begin(self, model: Word2Vec) -> None:
            model.running_training_loss = 2.0**27 * 1e6

        def on_epoch_end(self, model: Word2Vec) -> None:
            losses.append(model.get_latest_training_loss())

    model.train(TEXT, total_examples=200, epochs=4, compute_loss=True, callbacks=[Watch()])
    assert len(set(losses)) == 4
    assert np.diff(losses) == pytest.approx(share, rel=0.2)
    assert np.float32(losses[1]) == np.float32(losses[0])


@pytest.mark.trains_again
def test_queries_during_training_and_training_in_another_thread() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.workers = 2
    raised: list[BaseException] = []

    def train() -> None:
        try:
            model.train(LONGER, total_examples=len(LONGER), epochs=8)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    answers = 0
    while thread.is_alive() or not answers:
        assert len(model.wv.most_similar("w0", topn=5)) == 5
        answers += 1
    thread.join()
    assert not raised and answers
    assert_usable(model)


# --- what training answers ---


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [0, 1e-2])
def test_trained_and_raw_words_are_gensims(mode: str, sample: float) -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    settings = {"vector_size": 4, "workers": 1, "min_count": 2, "sample": sample, **MODES[mode]}
    answers = []
    for model in (gensim.models.Word2Vec(**settings), Word2Vec(**settings, progress=False, step="pair")):
        model.build_vocab(TEXT)
        answers.append(model.train(TEXT, total_examples=model.corpus_count, epochs=3))
    assert answers[0] == answers[1]
    assert answers[1][1] == 3 * sum(map(len, TEXT))


@pytest.mark.parametrize("step", ["pair", "window"])
@pytest.mark.parametrize("mode", MODES)
def test_lockf(mode: str, step: str) -> None:
    model = Word2Vec(**SMALL, **MODES[mode], step=step)
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.ones(len(model.wv))  # float64 is taken too
    model.wv.vectors_lockf[[0, 3]] = 0
    before = matrices(model)
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    still = (model.syn0 == before["syn0"]).all(axis=1)
    assert still[[0, 3]].all() and not still[[1, 2, 4]].any()


@pytest.mark.parametrize("lockf", [np.empty(0), np.ones((2, 2)), None])
def test_lockf_that_is_none(lockf: Any) -> None:
    model = small()
    model.wv.vectors_lockf = lockf
    with pytest.raises(ValueError, match="vectors_lockf"):
        model.train(TEXT, total_examples=1, epochs=1)


# --- one side frozen ---


@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize("step", ["pair", "window"])
@pytest.mark.parametrize("objective", [NEG, HS, BOTH], ids=["neg", "hs", "both"])
@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.trains_again
def test_freeze(sg: int, objective: dict[str, int], step: Any, side: Any) -> None:
    model = unsampled(sg=sg, step=step, workers=2, **objective)
    before = matrices(model)
    lockf = model.wv.vectors_lockf.copy()
    model.train(TEXT, total_examples=len(TEXT), epochs=2, start_alpha=0.05, freeze=side)
    np.testing.assert_array_equal(model.wv.vectors_lockf, lockf)
    for name, matrix in matrices(model).items():
        assert (matrix == before[name]).all() == ((name == "syn0") == (side == "in"))
    model.train(TEXT, total_examples=len(TEXT), epochs=1, start_alpha=0.05)
    for name, matrix in matrices(model).items():
        assert (matrix != before[name]).any()


@pytest.mark.trains_again
def test_a_compass_keeps_slices_comparable() -> None:
    """Two slices of time swap two words: their IN vectors swap too, and others stay where they were."""
    slices = [topics(1500, seed=seed) for seed in (1, 2)]
    swap = {"t0.4": "t5.4", "t5.4": "t0.4"}
    slices[1] = [[swap.get(word, word) for word in words] for words in slices[1]]
    settings = {"sg": 1, "vector_size": 16, "epochs": 10, "alpha": 0.05}
    compass = unsampled(slices[0] + slices[1], **settings)
    models = []
    for words in slices:
        model = copy.deepcopy(compass)
        model.train(words, total_examples=len(words), epochs=10, start_alpha=0.1, freeze="out")
        np.testing.assert_array_equal(model.syn1neg, compass.syn1neg)
        models.append(model)

    def across(a: str, b: str) -> float:
        return float(models[0].wv.similarity(a, b, target=models[1].wv))

    for word, other in swap.items():
        assert across(word, other) > across(word, word) + 0.15
    assert np.mean([across(f"t{n}.1", f"t{n}.1") for n in range(10)]) > 0.85


def test_freeze_nothing_of_that_name(model: Word2Vec) -> None:
    before = model.epochs
    with pytest.raises(ValueError, match="'both'.*'in', 'out'"):
        model.train(TEXT, total_examples=len(TEXT), epochs=7, freeze="both")  # type: ignore[arg-type]
    assert model.epochs == before


# --- a sentence costs what the sentence costs ---


SENTENCE = [["w1", "w2", "w3", "w1", "unknown"]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "train",
    [
        lambda model: model.train(SENTENCE, total_examples=1, epochs=3),
        lambda model: model.train(Restartable(lambda: SENTENCE), total_examples=1, epochs=3),
        lambda model: model.train_pairs(["w1", "w2"], ["w3", "w1"], epochs=3),
        lambda model: model._train_batch(SENTENCE, 0.02, bool(model.sg), False),
    ],
    ids=["list", "stream", "pairs", "batch"],
)
@pytest.mark.trains_again
def test_only_what_a_text_leads_to_is_looked_at(mode: str, train: Any) -> None:
    """Whatever is wrong elsewhere: to look for it would cost time in proportion to the vocabulary."""
    model = Word2Vec(text(500, 300), **SMALL, sample=0, **MODES[mode])
    others = [row for word, row in model.wv.key_to_index.items() if word not in ("w1", "w2", "w3")]
    last = others[-1]
    model.syn0[others] = np.nan
    model.wv.key_to_index[model.wv.index_to_key[last]] = 10**6
    if model.hs:
        starts, points = model.wv.expandos["point"].starts, model.wv.expandos["point"].values
        points[starts[last] : starts[last + 1]] = 10**6
    before = model.syn0.copy()
    train(model)
    changed = ~np.isclose(before, model.syn0, rtol=0, atol=0, equal_nan=True).all(axis=1)
    assert changed.any() and not changed[others].any()
    assert np.isfinite(model.wv[["w1", "w2", "w3"]]).all()
    with pytest.raises(ValueError, match="leads to row 1000000"):
        model.train([[model.wv.index_to_key[last]]], total_examples=1, epochs=1)


@pytest.mark.parametrize("through", ["callback", "calls"])
@pytest.mark.trains_again
def test_a_noise_table_that_is_written_to_counts(through: str) -> None:
    """Its index is kept, and made anew when the table is another, or has other numbers."""
    model, twin = (Word2Vec(TEXT, **SMALL, seed=7) for _ in range(2))
    other = noise_table(np.arange(len(model.wv), 0, -1) ** 3, 0.75)

    class Write(CallbackAny2Vec):
        def on_epoch_end(self, trained: Word2Vec) -> None:
            if trained is model:
                trained.cum_table[:] = other
            else:
                trained.cum_table = other.copy()

    for each in (model, twin):
        if through == "callback":
            each.train(TEXT, total_examples=len(TEXT), epochs=2, callbacks=[Write()])
        else:
            each.train(TEXT, total_examples=len(TEXT), epochs=1)
            Write().on_epoch_end(each)
            each.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), matrices(twin))
