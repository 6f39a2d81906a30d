"""sharing/: one model, several threads. One changes it, all others see it before or after, never between."""

from __future__ import annotations

import copy
import os
import pickle
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import SMALL, TEXT, Restartable, assert_same, matrices, text, threads, write

from fastw2v import CallbackAny2Vec, KeyedVectors, Word2Vec
from fastw2v.desm import DESM
from fastw2v.keyedvectors import Word2VecKeyedVectors
from fastw2v.older import train_batch_cbow, train_batch_sg
from fastw2v.sharing.states import aside, guard_of, shallow
from fastw2v.training import weights

pytestmark = pytest.mark.trains_again
BOTH = SMALL | {"hs": 1, "negative": 5}


@pytest.fixture
def model() -> Word2Vec:
    return Word2Vec(TEXT, **BOTH)


# --- who may change ---

# What would undo what an epoch learns, or be undone by it.
CHANGES: dict[str, Callable[[Word2Vec], Any]] = {
    "train": lambda model: model.train(TEXT, total_examples=len(TEXT), epochs=1),
    "train_pairs": lambda model: model.train_pairs(["w1"], ["w2"]),
    "train_batch_sg": lambda model: train_batch_sg(model, TEXT[:2], 0.01),
    "train_batch_cbow": lambda model: train_batch_cbow(model, TEXT[:2], 0.01),
    "build_vocab": lambda model: model.build_vocab(TEXT, update=True),
    "build_vocab_from_freq": lambda model: model.build_vocab_from_freq({"new": 9}),
    "scan_vocab": lambda model: model.scan_vocab(TEXT),
    "prepare_vocab": lambda model: model.prepare_vocab(),
    "prepare_weights": lambda model: model.prepare_weights(),
    "init_weights": lambda model: model.init_weights(),
    "update_weights": lambda model: model.update_weights(),
    "reset_from": lambda model: model.reset_from(Word2Vec(TEXT, **SMALL)),
    "add_null_word": lambda model: model.add_null_word(),
    "create_binary_tree": lambda model: model.create_binary_tree(),
    "make_cum_table": lambda model: model.make_cum_table(),
    "remove_words": lambda model: model.remove_words([model.wv.index_to_key[1]]),
    "restrict_vocab": lambda model: model.restrict_vocab(3),
    "syn0 =": lambda model: setattr(model, "syn0", model.syn0 * 2),
    "syn1 =": lambda model: setattr(model, "syn1", model.syn1 * 2),
    "syn1neg =": lambda model: setattr(model, "syn1neg", model.syn1neg * 2),
    "wv =": lambda model: setattr(model, "wv", KeyedVectors(12)),
    "del syn1": lambda model: delattr(model, "syn1"),
    "wv.add_vector": lambda model: model.wv.add_vector("new", np.ones(12)),
    "wv.add_vectors": lambda model: model.wv.add_vectors(["new"], np.ones((1, 12))),
    "wv[...] =": lambda model: model.wv.__setitem__("new", np.ones(12)),
    "wv.unit_normalize_all": lambda model: model.wv.unit_normalize_all(),
    "wv.resize_vectors": lambda model: model.wv.resize_vectors(),
    "wv.sort": lambda model: model.wv.sort_by_descending_frequency(),
    "wv.intersect": lambda model: model.wv.intersect_word2vec_format(os.devnull),
}


def state_of(model: Word2Vec) -> Any:
    parts = {name: value for name, value in vars(model).items() if name not in ("wv", "random")}
    return copy.deepcopy((parts, vars(model.wv), model.random.get_state()))


def in_a_thread(work: Callable[[], Any]) -> Any:
    """What work() returns or raises in another thread."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def while_reading(work: Callable[[], Any]) -> Restartable:
    """A corpus that does work() in the middle of each reading."""

    def start() -> Iterator[list[str]]:
        for number, sentence in enumerate(TEXT):
            if number == 50:
                work()
            yield sentence

    return Restartable(start)


@pytest.mark.filterwarnings("ignore:(Adding vectors one by one|rows move)")
@pytest.mark.parametrize("where", ["the text itself", "another thread"])
@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_a_model_while_it_is_trained(change: str, where: str, model: Word2Vec) -> None:
    said: list[Any] = []

    def work() -> None:
        before = state_of(model)
        try:
            said.append(CHANGES[change](model) if where == "the text itself" else in_a_thread(other))
        except RuntimeError as error:
            said.append(error)
        assert_same(state_of(model), before)

    def other() -> Any:
        return CHANGES[change](model)

    before = matrices(model)
    assert model.train(while_reading(work), total_examples=len(TEXT), epochs=1)[0] > 0
    assert isinstance(said[0], RuntimeError), said
    by = "the very call" if where == "the text itself" else "another thread"
    assert f"is being trained by {by}" in str(said[0])
    assert not np.array_equal(model.syn0, before["syn0"])  # what was learnt is there
    if change not in ("wv.intersect", "prepare_vocab"):  # of nothing
        CHANGES[change](model)  # now it may


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_else_changes_a_model_while_its_words_are_counted(change: str, model: Word2Vec) -> None:
    said: list[Any] = []
    corpus = while_reading(lambda: said.append(in_a_thread(lambda: CHANGES[change](model))))
    model.build_vocab(corpus, update=True)
    assert isinstance(said[0], RuntimeError) and "gets another vocabulary by another thread" in str(said[0])


@pytest.mark.parametrize("change", ["train", "train_pairs", "build_vocab", "init_weights"])
def test_a_text_does_not_change_the_model_that_counts_its_words(change: str, model: Word2Vec) -> None:
    before = matrices(model)
    with pytest.raises(RuntimeError, match="the very call that reads this text"):
        model.build_vocab(while_reading(lambda: CHANGES[change](model)), update=True)
    assert_same(matrices(model), before)
    model.build_vocab(TEXT, update=True)


def test_of_two_threads_one_trains(model: Word2Vec) -> None:
    """Both began at once, on words of their own: whoever is not refused has learnt."""
    mine = {name: [[f"{name}{(i * 7 + j) % 20}" for j in range(9)] for i in range(300)] for name in "ab"}
    model = Word2Vec(**SMALL)
    model.build_vocab(mine["a"] + mine["b"])
    before, together, said = model.syn0.copy(), threading.Barrier(2), {}

    def train(name: str) -> None:
        together.wait()
        try:
            said[name] = model.train(mine[name], total_examples=300, epochs=3)
        except RuntimeError as error:
            said[name] = error

    both = [threading.Thread(target=train, args=(name,)) for name in mine]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert any(isinstance(what, tuple) for what in said.values())
    for name, what in said.items():
        rows = [model.wv.key_to_index[f"{name}{i}"] for i in range(20)]
        assert np.array_equal(model.syn0[rows], before[rows]) == isinstance(what, RuntimeError)


class Edits(CallbackAny2Vec):
    """What programs do between epochs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.epochs = folder, 0

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.epochs += 1
        model.save(self.folder / "model.fw2v")
        Word2Vec.load(self.folder / "model.fw2v", verify="full")
        assert_same(matrices(pickle.loads(pickle.dumps(model))), matrices(model))
        assert_same(matrices(copy.deepcopy(model)), matrices(model))
        model.wv.most_similar("w1")
        model.score(TEXT[:2])
        model.alpha, model.window = 0.01, 3
        model.syn0 = model.syn0 * np.float32(0.5)
        model.wv.add_vector(f"new{self.epochs}", np.ones(12))
        assert len(model.syn1neg) == len(model.syn1) == len(model.wv)


@pytest.mark.filterwarnings("ignore:Adding vectors one by one")
def test_callbacks_save_ask_and_edit_between_epochs(model: Word2Vec, tmp_path: Path) -> None:
    edits, words = Edits(tmp_path), len(model.wv)
    model.train(Restartable(lambda: iter(TEXT)), total_examples=len(TEXT), epochs=3, callbacks=[edits])
    assert edits.epochs == 3 and len(model.wv) == len(model.syn1neg) == words + 3
    assert (model.alpha, model.window) == (0.01, 3)


@pytest.mark.parametrize("in_place", [False, True])
def test_an_epoch_whose_matrix_is_gone_is_told_of(
    model: Word2Vec, in_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_place:
        monkeypatch.setattr(weights, "ALIGNED_BYTES", 0)
    corpus = while_reading(lambda: setattr(model.wv, "vectors", model.wv.vectors * 2))
    with pytest.raises(RuntimeError, match="syn0 became another array while an epoch was trained"):
        model.train(corpus, total_examples=len(TEXT), epochs=1)
    model.train(TEXT, total_examples=len(TEXT), epochs=1)


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
@pytest.mark.parametrize("kind", ["train", "build_vocab", "scan_vocab", "constructor"])
def test_after_any_error_a_model_may_be_changed(kind: str, error: BaseException) -> None:
    class Kept(Word2Vec):
        def __init__(self, *args: Any, **settings: Any) -> None:
            made.append(self)
            super().__init__(*args, **settings)

    def fail() -> None:
        raise error

    made: list[Word2Vec] = []
    bad = while_reading(fail)
    calls: dict[str, Callable[[], Any]] = {
        "train": lambda: made[0].train(bad, total_examples=1, epochs=1),
        "build_vocab": lambda: made[0].build_vocab(bad, update=True),
        "scan_vocab": lambda: made[0].scan_vocab(bad),
        "constructor": lambda: Kept(bad, **SMALL),
    }
    if kind != "constructor":
        Kept(TEXT, **SMALL)
    with pytest.raises(type(error)) as caught:  # kept, with all of its frames
        calls[kind]()
    made[0].build_vocab(TEXT)
    assert made[0].train(TEXT, total_examples=len(TEXT), epochs=1)[0] > 0
    assert in_a_thread(lambda: made[0].train(TEXT, total_examples=len(TEXT), epochs=1))[0] > 0
    assert caught.value is error


def test_a_copy_has_no_part_in_it(model: Word2Vec, tmp_path: Path) -> None:
    """While a model is trained, its copies are changed, trained and given away."""
    model.save(tmp_path / "model.fw2v")
    copies: list[Callable[[], Word2Vec]] = [
        lambda: copy.deepcopy(model),
        lambda: pickle.loads(pickle.dumps(model)),
        lambda: Word2Vec.load(tmp_path / "model.fw2v"),
    ]

    def work() -> None:
        for make in copies:
            other = make()
            other.build_vocab([["w1", "new"]], update=True)
            assert other.train(TEXT, total_examples=len(TEXT), epochs=1)[0] > 0

    model.train(while_reading(work), total_examples=len(TEXT), epochs=1)
    assert "new" not in model.wv
    assert b"Guard" not in pickle.dumps(model) and not vars(model).keys() & {"guard", "_guard"}


FORKED = """
import os, sys, warnings
from fastw2v import CallbackAny2Vec, Word2Vec
warnings.simplefilter("ignore")
text = [["a", "b", "c"]] * 50
model = Word2Vec(text, min_count=1, vector_size=4, workers=1)

class Fork(CallbackAny2Vec):
    def on_epoch_end(self, model):
        if pid := os.fork():
            assert os.waitpid(pid, 0)[1] == 0
        else:
            model.build_vocab([["a", "new"]], update=True)
            trained = model.train(text, total_examples=50, epochs=1)
            os._exit(not trained[1])

model.train(text, total_examples=50, epochs=2, callbacks=[Fork()])
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_may_change_what_its_parent_trains() -> None:
    assert run_python(FORKED).stdout == "done\n"


def test_vectors_that_change_hands_have_the_guard_of_their_model(model: Word2Vec) -> None:
    vectors = KeyedVectors(12)
    model.wv = vectors
    assert guard_of(model) is guard_of(vectors)
    other = pickle.loads(pickle.dumps(model))
    assert guard_of(other) is guard_of(other.wv) is not guard_of(model)


# --- before or after ---


class Slotted(KeyedVectors):
    __slots__ = ("plain", "__own")

    def own(self, value: int) -> int:
        self.__own = value
        return self.__own


def test_a_state_has_all_attributes() -> None:
    vectors = Slotted(2)
    vectors.plain, vectors.label = 3, "x"
    vectors.own(5)
    made = shallow(vectors)
    assert type(made) is Slotted and vars(made) == vars(vectors)
    assert made.plain == 3 and made._Slotted__own == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [None, ValueError()])
def test_what_is_changed_aside_is_taken_over_or_forgotten(model: Word2Vec, error: Exception | None) -> None:
    before, words, columns = state_of(model), model.wv, model.wv.expandos
    model.label = 1
    try:
        with aside(model) as made:
            made.alpha, made.new, made.wv.new = 0.5, [1], [2]
            del made.label
            made.wv.expandos["count"] = made.wv.expandos["count"] * 2
            assert not hasattr(model, "new") and not hasattr(model.wv, "new")
            model.window = 9  # by another thread
            if error:
                raise error
    except ValueError:
        assert model.label == 1
        del model.label
        model.window = before[0]["window"]
        assert_same(state_of(model), before)
        return
    assert model.wv is words and model.wv.expandos is not columns
    assert (model.alpha, model.new, model.wv.new, model.window) == (0.5, [1], [2], 9)
    assert not hasattr(model, "label")
    assert np.array_equal(model.wv.expandos["count"], 2 * columns["count"])


def number(word: str) -> float:
    return float(word[1:]) + 1


def marked() -> Word2Vec:
    """A model whose vectors begin with the number of their word, in all matrices."""
    model = Word2Vec([[f"w{i}" for i in range(60)]] * 5, **SMALL, window=2)
    for matrix in (model.syn0, model.syn1neg):
        matrix[:, 0] = [number(word) for word in model.wv.index_to_key]
    return model


KEPT = [f"w{i}" for i in range(5)]


def check_words(model: Any) -> None:
    words = list(model.wv.index_to_key)
    assert len(words) == len(model.wv.vectors) == len(model.wv.key_to_index) == len(model.syn1neg)
    for word in KEPT:
        row = model.wv.key_to_index[word]
        assert words[row] == word and model.wv.vectors[row, 0] == model.syn1neg[row, 0] == number(word)


def look(model: Word2Vec) -> None:
    word, other = random.sample(KEPT, 2)
    assert model.wv[word][0] == number(word)
    assert model.wv[[word, other]][:, 0].tolist() == [number(word), number(other)]
    assert model.wv.similarity(word, word) == 1
    assert model.out_vector(word)[0] == number(word)


def ask_both_spaces(model: Word2Vec) -> None:
    asked = KEPT[0]
    for source in ("in", "out", "in+out"):
        assert model.most_similar(asked, topn=80, source=source, target="in")
        answers = model.most_similar(asked, topn=80, source=source, target="out")
        assert len(answers) == len({word for word, _ in answers}) and asked not in dict(answers)
    assert model.wv.most_similar(asked, topn=80)
    assert model.vectors("in+out").shape[1] == 12 and model.association(asked, KEPT)[1] != 0
    out = model.wv_out
    assert len(out) == len(out.vectors) and out[asked][0] == number(asked)
    assert model.predict_output_word(KEPT)
    assert DESM(model).spaces == "in-out"


def file_of(folder: Path) -> Path:
    return folder / f"{threading.get_ident()}.fw2v"


READERS: dict[str, Callable[[Word2Vec, Path], Any]] = {
    "word": lambda model, folder: look(model),
    "spaces": lambda model, folder: ask_both_spaces(model),
    "save": lambda model, folder: (
        model.save(file_of(folder)),
        check_words(Word2Vec.load(file_of(folder), verify="full")),
    ),
    "vectors": lambda model, folder: (
        model.wv.save(file_of(folder)),
        KeyedVectors.load(file_of(folder), verify="full"),
    ),
    "pickle": lambda model, folder: check_words(pickle.loads(pickle.dumps(model))),
    "deepcopy": lambda model, folder: check_words(copy.deepcopy(model)),
}


def watched(model: Word2Vec, reader: str, folder: Path, change: Callable[[], Any]) -> None:
    """Change a model again and again, while a thread looks at it."""
    stop, errors, looks = threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                READERS[reader](model, folder)
                looks.append(1)
            except BaseException as error:
                errors.append(error)
                return

    thread, interval = threading.Thread(target=read), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        thread.start()
        end = time.monotonic() + 0.25
        while not errors and (time.monotonic() < end or len(looks) < 2):
            change()
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("reader", READERS)
def test_words_come_and_go_while_others_look(reader: str, tmp_path: Path) -> None:
    model = marked()

    def change() -> None:
        model.remove_words(random.sample([w for w in model.wv.index_to_key if w not in KEPT], 4))
        model.build_vocab([[f"w{i}" for i in range(60)]], update=True)

    watched(model, reader, tmp_path, change)
    check_words(model)


class Sudden(str):
    """A word that does something the first time that it is looked up, as another thread might."""

    action: Callable[[], Any] | None = None

    def __hash__(self) -> int:
        action, self.action = self.action, None
        if action is not None:
            action()
        return super().__hash__()


QUESTIONS: dict[str, Callable[[Word2Vec, str], Any]] = {
    "wv[word]": lambda model, word: model.wv[word],
    "wv[words]": lambda model, word: model.wv[[word, "w33"]],
    "get_vector": lambda model, word: model.wv.get_vector(word, norm=True),
    "similarity": lambda model, word: model.wv.similarity(word, "w33"),
    "distances": lambda model, word: model.wv.distances(word),
    "distances of two": lambda model, word: model.wv.distances(word, ["w33", "w34"]),
    "n_similarity": lambda model, word: model.wv.n_similarity([word], ["w33"]),
    "get_mean_vector": lambda model, word: model.wv.get_mean_vector([word, "w33"]),
    "get_vecattr": lambda model, word: model.wv.get_vecattr(word, "mine"),
    "rank": lambda model, word: model.wv.rank(word, "w33"),
    "most_similar": lambda model, word: model.wv.most_similar(word),
    "most_similar_many": lambda model, word: model.wv.most_similar_many([word, "w33"]),
    "most_similar_cosmul": lambda model, word: model.wv.most_similar_cosmul([word], ["w33"]),
    "vectors_for_all": lambda model, word: model.wv.vectors_for_all([word, "w33"]).vectors,
    "in-in": lambda model, word: model.most_similar(word, topn=99),
    "many in-in": lambda model, word: model.most_similar_many([word], topn=99),
    "a target": lambda model, word: model.wv.most_similar(word, topn=99, target=model.wv),
    "in-out": lambda model, word: model.most_similar(word, target="out"),
    "similarity in-out": lambda model, word: model.similarity(word, "w33", "in-out"),
    "association": lambda model, word: model.association(word, "w33"),
    "predict_output_word": lambda model, word: model.predict_output_word([word, "w33"]),
    "hs_probability": lambda model, word: model.hs_probability([word, "w33"]),
    "node_vectors": lambda model, word: model.node_vectors(word),
    "score": lambda model, word: model.score([["w33", word, "w34"]]),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_of_before_or_after(question: str, model: Word2Vec) -> None:
    """Rows move, and words go and come, between the steps of an answer."""
    ask, gone = QUESTIONS[question], [model.wv.index_to_key[row] for row in (0, 1, 4)]
    assert not {"w33", "w34", "w35"} & set(gone)
    model.wv.expandos["mine"] = np.arange(len(model.wv))
    model.syn1neg[:] = np.random.default_rng(1).standard_normal(model.syn1neg.shape)
    before = ask(model, "w35")

    def change() -> None:
        model.remove_words(gone)
        model.build_vocab([["new"] * 9], update=True)

    word = Sudden("w35")
    word.action = change
    answer, after = ask(model, word), ask(model, "w35")
    assert word.action is None and "new" in model.wv
    one, other = (
        np.array_equal(np.asarray(answer, object), np.asarray(known, object)) for known in (before, after)
    )
    assert one or other


def starts(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


CHANGING: dict[str, Callable[[Word2Vec], Any]] = {
    "an epoch": lambda model: model.train(TEXT, total_examples=len(TEXT), epochs=1),
    "a sentence": lambda model: model.train(TEXT[:1], total_examples=1, epochs=1),
    "more words": lambda model: model.build_vocab([["new"]], update=True),
    "fewer words": lambda model: model.restrict_vocab(9),
    "first vectors": lambda model: model.init_weights(),
}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("change", CHANGING)
def test_who_writes_a_model_to_a_file_is_waited_for(
    change: str, in_place: bool, model: Word2Vec, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_place:
        monkeypatch.setattr(weights, "ALIGNED_BYTES", 0)
    before, arrays, words = matrices(model), vars(model).copy(), len(model.wv)
    with guard_of(model).steady:
        thread = starts(lambda: CHANGING[change](model))
        thread.join(0.2)
        assert thread.is_alive() and len(model.wv) == len(model.wv.vectors) == words
        assert all(vars(model)[name] is arrays[name] for name in ("_syn1", "_syn1neg"))
        assert_same(matrices(model), before)
    thread.join()
    assert not np.array_equal(model.syn0, before["syn0"])


@pytest.mark.parametrize("change", ["more words", "fewer words", "first vectors"])
def test_what_belongs_together_is_taken_over_together(change: str, model: Word2Vec) -> None:
    arrays, vectors = vars(model).copy(), vars(model.wv).copy()
    with guard_of(model).commits:
        thread = starts(lambda: CHANGING[change](model))
        thread.join(0.2)
        assert thread.is_alive()
        assert all(vars(model.wv)[name] is vectors[name] for name in vectors)
        assert all(vars(model)[name] is arrays[name] for name in ("_syn1", "_syn1neg", "cum_table"))
    thread.join()
    assert vars(model)["_syn1neg"] is not arrays["_syn1neg"]


@pytest.mark.parametrize("reader", ["save", "vectors", "pickle"])
@pytest.mark.parametrize("size", ["copies", "in place", "a sentence"])
def test_what_is_saved_during_an_epoch_is_whole(
    reader: str, size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = text(300 if size != "a sentence" else 1)
    model = Word2Vec(text(300), **SMALL | {"workers": 2, "vector_size": 40}, batch_words=100)
    monkeypatch.setitem(globals(), "check_words", lambda loaded: len(loaded.wv) == len(loaded.syn1neg))
    if size == "in place":
        monkeypatch.setattr(weights, "ALIGNED_BYTES", 0)
    watched(
        model,
        reader,
        tmp_path,
        lambda: model.train(sentences, total_examples=len(sentences), epochs=1, start_alpha=0.01),
    )


def test_who_looks_does_not_write(model: Word2Vec) -> None:
    """Rows that were added to `wv` have no outputs yet; nobody makes them while another thread is at work."""
    model.wv.add_vectors(["new"], np.ones((1, 12)))
    before, words = vars(model)["_syn1neg"], len(model.wv)
    with guard_of(model).hold("training", "train()"):
        answers = in_a_thread(lambda: model.most_similar("w1", topn=None, target="out").shape)
        assert vars(model)["_syn1neg"] is before
        assert answers == (words,) or isinstance(answers, ValueError | KeyError)
    assert model.most_similar("w1", topn=None, target="out").shape == (words,)
    assert len(vars(model)["_syn1neg"]) == words


def test_vectors_alone_grow_while_others_look() -> None:
    vectors = Word2VecKeyedVectors(4)
    vectors.add_vectors(KEPT, np.eye(5, 4))
    names, rows = vectors.index_to_key, vectors.key_to_index
    vectors.add_vectors(["new"], np.ones((1, 4)))
    assert names == list(rows) == KEPT  # others may hold them
    assert vectors["new"].tolist() == [1] * 4 and vectors.index_to_key[-1] == "new"


def test_a_text_may_wait_for_a_thread_that_saves(model: Word2Vec, tmp_path: Path) -> None:
    """Neither waits for the other."""
    path = write(tmp_path / "model.fw2v", "")

    def work() -> None:
        assert in_a_thread(lambda: (model.save(path), model.wv.most_similar("w1"), model.wv_out)[1])

    model.train(while_reading(work), total_examples=len(TEXT), epochs=1)
    Word2Vec.load(path, verify="full")
    assert not threads()


# --- derived classes, shared vectors, children ---


class Counting(Word2Vec):
    """Sets attributes in a step that runs on a copy: one in a slot, and two that refer to the model."""

    __slots__ = ("calls",)

    def prepare_vocab(self, *args: Any, **kwargs: Any) -> Any:
        self.calls = getattr(self, "calls", 0) + 1
        self.itself, self.words = self, self.wv
        return super().prepare_vocab(*args, **kwargs)


def test_what_a_step_of_a_derived_class_sets_is_kept() -> None:
    model = Counting(TEXT, **BOTH)
    assert model.calls == 1
    model.build_vocab([["new"]], update=True)
    assert model.calls == 2
    assert model.itself is model
    assert model.words is model.wv


class Closing(Word2Vec):
    """Closes its file when it is gone."""

    def prepare_vocab(self, *args: Any, **kwargs: Any) -> Any:
        self.file = open(os.devnull)  # noqa: SIM115
        return super().prepare_vocab(*args, **kwargs)

    def __del__(self) -> None:
        self.file.close()


def test_a_state_does_not_close_the_files_of_its_model() -> None:
    model = Closing(TEXT, **BOTH)
    model.huffman_path(model.wv.index_to_key[0])
    assert not model.file.closed


def test_models_with_the_same_vectors_are_changed_one_at_a_time(model: Word2Vec) -> None:
    other = Word2Vec(TEXT, **BOTH)
    other.wv = model.wv
    assert guard_of(other) is guard_of(model) is guard_of(model.wv)
    with guard_of(model).hold("training", "train()"), pytest.raises(RuntimeError, match="is refused"):
        other.train(TEXT, total_examples=len(TEXT), epochs=1)


FORKED_WHILE_DRAWING = """
import os, sys, threading
from fastw2v import Word2Vec

model = Word2Vec([["a", "b"]] * 9, vector_size=4, min_count=1, workers=1)
drawing, forked = threading.Event(), threading.Event()

def draw():
    with model.random._bit_generator.lock:
        drawing.set()
        forked.wait()

thread = threading.Thread(target=draw)
thread.start()
drawing.wait()
child = os.fork()
if not child:
    model.save(sys.argv[1])
    model.train([["a", "b"]], total_examples=1, epochs=1)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
forked.set()
thread.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_draws_though_its_parent_drew_when_it_was_forked(tmp_path: Path) -> None:
    run_python(FORKED_WHILE_DRAWING, tmp_path / "model.fw2v")
