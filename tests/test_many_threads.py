"""Many threads at once get what each gets alone, and break nothing: a model needs no GIL."""

from __future__ import annotations

import contextlib
import pkgutil
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import (
    MODES,
    NEG,
    SMALL,
    STEPS,
    TEXT,
    assert_same,
    few_vectors,
    matrices,
    saved,
    small,
    text,
    written,
)

import fastw2v
from fastw2v import KeyedVectors, LineSentence, Word2Vec, evaluation
from fastw2v.desm import DESM
from fastw2v.older.records import VocabView
from fastw2v.sharing._guard import Guard
from fastw2v.text._encoder import SentenceEncoder
from fastw2v.text.blocks import TextFiles
from fastw2v.text.scan import encode
from fastw2v.training.objective import Noise

THREADS = 4
ROUNDS = 30  # how often two threads meet at one place

pytestmark = pytest.mark.trains_again


def has_gil() -> bool:
    return getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.fixture(autouse=True)
def switches() -> Any:
    """Where there is a GIL it changes hands as often as it can; and it stays on or off."""
    before, interval = has_gil(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    assert has_gil() == before


def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What works return, all begun at once, each in a thread of its own; what one raised is raised."""
    gate, found, errors = threading.Barrier(len(works)), [None] * len(works), []

    def run(place: int) -> None:
        try:
            gate.wait()
            found[place] = works[place]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found


def until_done(main: Callable[[], Any], others: Sequence[Callable[[], Any]]) -> None:
    """Do `main` once, and the others again and again meanwhile."""
    done = threading.Event()

    def work() -> None:
        try:
            main()
        finally:
            done.set()

    def repeat(other: Callable[[], Any]) -> None:
        other()
        while not done.is_set():
            other()

    together([work, *(partial(repeat, other) for other in others)])


# --- the GIL ---

IMPORTS = """
import importlib, pkgutil, sys
import numpy, scipy.linalg
before = sys._is_gil_enabled()
import fastw2v
for module in pkgutil.walk_packages(fastw2v.__path__, "fastw2v."):
    if not module.name.endswith(("__main__", ".sklearn")):  # scikit-learn is no dependency
        importlib.import_module(module.name)
print(before, sys._is_gil_enabled())
"""


@pytest.mark.skipif(not hasattr(sys, "_is_gil_enabled"), reason="this Python always has a GIL")
def test_no_module_turns_the_gil_on() -> None:
    before, after = run_python(IMPORTS).stdout.split()
    assert before == after


def test_all_modules_are_looked_at() -> None:
    names = {module.name.rpartition(".")[2] for module in pkgutil.walk_packages(fastw2v.__path__, "fastw2v.")}
    files = (path.name for path in Path(fastw2v.__file__).parent.rglob("*"))
    compiled = {name.partition(".")[0] for name in files if name.endswith(tuple(EXTENSION_SUFFIXES))}
    assert "_blas" in compiled and compiled <= names


# --- models of their own ---


@pytest.mark.parametrize("source", ["lists", "a stream", "a file"])
def test_each_trains_its_own_model(source: str, tmp_path: Path) -> None:
    """With one worker each, so that the result is exact; all modes at once, on one text that they share."""
    sentences = text(400, 90, seed=5)
    path = written(tmp_path, "text.txt", sentences)
    corpora: dict[str, Callable[[], Any]] = {
        "lists": lambda: sentences,
        "a stream": lambda: (list(sentence) for sentence in sentences),
        "a file": lambda: LineSentence(path),
    }
    kinds = [MODES[mode] | {"step": step} for mode, step in zip(MODES, STEPS * 3, strict=True)]

    def train(kind: dict[str, Any]) -> Word2Vec:
        if source != "a stream":
            return small(corpora[source](), **kind)
        model = Word2Vec(**SMALL, **kind)
        model.build_vocab(corpora[source]())
        model.train(corpora[source](), total_examples=len(sentences), epochs=1)
        return model

    alone = [train(kind) for kind in kinds]
    for one, other in zip(alone, together([partial(train, kind) for kind in kinds]), strict=True):
        assert one.wv.index_to_key == other.wv.index_to_key
        assert_same(matrices(one), matrices(other))


def test_each_saves_and_loads_files_of_its_own(tmp_path: Path) -> None:
    models = [small(**NEG, seed=seed) for seed in range(THREADS)]

    def there_and_back(model: Word2Vec) -> Word2Vec:
        path = tmp_path / f"{model.seed}.fw2v"
        model.save(path)
        model.wv.save_word2vec_format(path.with_suffix(".txt"))
        vectors = KeyedVectors.load_word2vec_format(path.with_suffix(".txt"))
        assert vectors.index_to_key == model.wv.index_to_key
        assert vectors.most_similar("w1") and DESM(model).index([["w1", "w2"]]).search("w1")
        return Word2Vec.load(path, verify="full")

    for one, other in zip(
        models, together([partial(there_and_back, model) for model in models]), strict=True
    ):
        assert_same(matrices(one), matrices(other))


def test_all_save_to_one_file(tmp_path: Path) -> None:
    """Each save is whole; the last one stays."""
    path, models = tmp_path / "model.fw2v", [small(**NEG, seed=seed) for seed in range(THREADS)]
    models[0].save(path)

    def save_and_load(model: Word2Vec) -> Word2Vec:
        for _ in range(5):
            model.save(path)
            found = Word2Vec.load(path, verify="full")
        return found

    known = [model.syn0.tobytes() for model in models]
    for found in together([partial(save_and_load, model) for model in models]):
        assert found.syn0.tobytes() in known
    assert [file.name for file in tmp_path.iterdir()] == ["model.fw2v"]


# --- one model ---

QUESTIONS: dict[str, Callable[[Word2Vec, str], Any]] = {
    "vector": lambda model, word: model.wv[word].tolist(),
    "most_similar": lambda model, word: model.wv.most_similar(word, topn=5),
    "most_similar_many": lambda model, word: model.wv.most_similar_many([word, "w1"], topn=5),
    "in-out": lambda model, word: model.most_similar(word, topn=5, target="out"),
    "similarity": lambda model, word: model.similarity(word, "w1", "in-out"),
    "association": lambda model, word: model.association(word, ["w1", "w2"]).tolist(),
    "predict": lambda model, word: model.predict_output_word([word, "w1"], topn=5),
    "nodes": lambda model, word: model.node_vectors(word).tolist(),
    "path": lambda model, word: model.huffman_path(word).point.tolist(),
    "score": lambda model, word: model.score([[word, "w1", "w2"]]).tolist(),
    "wv_out": lambda model, word: model.wv_out.similar_by_word(word, topn=5),
    "count": lambda model, word: int(model.wv.get_vecattr(word, "count")),
    "file": lambda model, word: Word2Vec.load(saved(model)).wv.index_to_key,
}


def ask_all(model: Word2Vec) -> list[Any]:
    words = model.wv.index_to_key[:12]
    return [ask(model, word) for word in words for ask in QUESTIONS.values()]


@pytest.fixture
def model() -> Word2Vec:
    return small(hs=1, negative=5)


def test_all_ask_one_model(model: Word2Vec) -> None:
    alone = ask_all(model)
    for answers in together([lambda: ask_all(model)] * THREADS):
        assert answers == alone


def test_all_ask_while_it_is_trained(model: Word2Vec) -> None:
    """Answers are of a matrix that changes; they are answers, and what is learnt is finite."""

    def ask() -> None:
        for answer in ask_all(model):
            numbers = [n for n in np.ravel(np.asarray(answer, object)) if isinstance(n, float)]
            assert np.isfinite(numbers).all()

    before = matrices(model)
    model.workers = 2
    until_done(
        lambda: model.train(TEXT * 10, total_examples=10 * len(TEXT), epochs=2, start_alpha=0.01), [ask] * 2
    )
    assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())
    assert not np.array_equal(model.syn0, before["syn0"])


def test_one_of_all_trains_it(model: Word2Vec) -> None:
    """The others are told, and may then; nothing of a refused call is there."""
    said = []

    def train() -> None:
        try:
            model.train(TEXT, total_examples=len(TEXT), epochs=1)
            said.append("trained")
        except RuntimeError as error:
            said.append(str(error))

    for _ in range(ROUNDS // 5):
        together([train] * THREADS)
    trained = said.count("trained")
    assert trained and model.train_count == 1 + trained
    assert all("by another thread" in what for what in said if what != "trained")


# --- what is edited ---


@pytest.mark.filterwarnings("ignore:Adding vectors one by one")
@pytest.mark.parametrize("how", ["add_vectors", "add_vector", "prepared rows"])
def test_words_of_all_threads_are_added(how: str) -> None:
    """A row belongs to one word, and has its vector, whoever added words at the same time."""
    count = 40
    kv = KeyedVectors(3, count=THREADS * count if how == "prepared rows" else 0)

    def add(thread: int) -> None:
        for i in range(count):
            vector = [thread, i, 1]
            if how == "add_vectors":
                kv.add_vectors([f"{thread}.{i}"], [vector], extras={"mine": [i]})
            else:
                kv.add_vector(f"{thread}.{i}", vector)

    together([partial(add, thread) for thread in range(THREADS)])
    assert len(kv) == len(kv.key_to_index) == len(kv.vectors) == THREADS * count
    for thread in range(THREADS):
        for i in range(count):
            assert kv[f"{thread}.{i}"].tolist() == [thread, i, 1]
            assert how != "add_vectors" or kv.get_vecattr(f"{thread}.{i}", "mine") == i


def set_all(kv: KeyedVectors, keys: list[str]) -> None:
    for key in keys:
        kv.set_vecattr(key, "mine", 7)


def test_a_new_attribute_has_the_values_of_all_threads() -> None:
    for _ in range(ROUNDS):
        kv = few_vectors()
        parts = [kv.index_to_key[thread::THREADS] for thread in range(THREADS)]
        together([partial(set_all, kv, part) for part in parts])
        assert kv.expandos["mine"].tolist() == [7] * len(kv)


def test_words_that_moved_are_settled_once() -> None:
    """Their attributes go to the columns when someone asks for these, however many ask."""
    for _ in range(ROUNDS):
        kv = few_vectors()
        records = VocabView(kv)
        for word in kv.index_to_key[:5]:
            records[word] = records[word]
            records[word].count = 9
        for columns in together([partial(getattr, kv, "expandos")] * THREADS):
            assert columns["count"].tolist() == [9] * 5 + [0] * (len(kv) - 5)


# --- what users hold ---


def look_up_a_few(rows: dict[Any, int], path: Path) -> None:
    """A short text, whose words are looked up one by one; w2600 comes and goes."""
    ids, ends, _ = SentenceEncoder([["w5", "w2600", "w7"]] * 200, rows).read(1 << 20)
    assert len(ends) == 200 and set(ids.tolist()) <= {5, 7, 2600, 102_600}
    assert ids.tolist().count(5) == ids.tolist().count(7) == 200


def look_up_lists(rows: dict[Any, int], path: Path) -> None:
    """A longer text, for which the whole vocabulary is taken over."""
    ids, _, _ = SentenceEncoder([STAY] * 2, rows).read(1 << 20)
    assert ids.tolist() == [int(word[1:]) for word in STAY] * 2


def look_up_a_file(rows: dict[Any, int], path: Path) -> None:
    """A file, whose words are found by the bytes of the keys."""
    ids = encode((), TextFiles((path,)), rows, threads=2).ids
    assert ids.tolist() == [int(word[1:]) for word in STAY]


STAY = [f"w{i}" for i in range(2000)]


@pytest.mark.parametrize("read", [look_up_a_few, look_up_lists, look_up_a_file])
def test_a_vocabulary_may_change_while_a_text_is_read(
    read: Callable[[dict[Any, int], Path], None], tmp_path: Path
) -> None:
    """A dict of the user's: words come and go, and the others are found where they are."""
    rows, path = {f"w{i}": i for i in range(3000)}, written(tmp_path, "text.txt", [STAY])

    def change() -> None:
        for i in range(2500, 3000):
            rows.pop(f"w{i}", None)
            rows[f"ë{i}"] = i + 100_000
        for i in range(2500, 3000):
            rows.pop(f"ë{i}", None)
            rows[f"w{i}"] = i + 100_000

    until_done(lambda: [read(rows, path) for _ in range(ROUNDS)], [change])


def test_sentences_may_change_while_they_are_read() -> None:
    """Lists of the user's: each is read as it is at one moment."""
    sentences = [[f"w{j}" for j in range(i % 7 + 1)] for i in range(300)]
    done = []

    def change() -> None:
        for sentence in sentences:
            sentence.append("more")
        for sentence in sentences:
            sentence.pop()

    def read() -> None:
        for _ in range(5):
            model = Word2Vec(vector_size=2, min_count=1, progress=False)
            model.build_vocab(sentences)
            assert model.corpus_count == model.wv.get_vecattr("w0", "count") == 300
            done.append(len(model.wv))

    until_done(read, [change, change])
    assert set(done) <= {7, 8}


def test_a_noise_table_is_indexed_for_all() -> None:
    for size in range(2, 2 + ROUNDS):
        table = np.linspace(1, 2**31 - 1, size).astype(np.uint32)
        table[-1] = 2**31 - 1
        for noise in together([partial(Noise.of, table, size)] * THREADS):
            assert np.array_equal(noise.table, table)


def test_all_have_the_same_locks_of_a_model() -> None:
    for _ in range(10 * ROUNDS):
        found = together([partial(attrgetter("edits", "steady", "commits"), Guard())] * THREADS)
        assert all(one is other for locks in found for one, other in zip(locks, found[0], strict=True))


# --- documents, judgements ---


def test_all_search_one_index(model: Word2Vec) -> None:
    """Also for BM25, which the first search computes."""
    pytest.importorskip("bm25s", reason="BM25 needs bm25s")
    index, mixes = DESM(model).index(TEXT, bm25=True), (None, "raw")

    def search() -> list[Any]:
        return [index.search([f"w{i}", "w1"], k=5, mix=mix) for i in range(9) for mix in mixes]

    first, *others = together([search] * THREADS)
    assert all(other == first for other in others) and first == search()


def test_an_index_that_grows_meanwhile_answers(model: Word2Vec) -> None:
    """What is found is a document, or an error of Python's; nothing else is promised."""
    index = DESM(model).index(TEXT[:20])

    def search() -> None:
        with contextlib.suppress(IndexError, ValueError, KeyError, RuntimeError):
            assert all(name in range(200) for name, _ in index.search("w1 w2", k=5))

    until_done(lambda: [index.add([sentence]) for sentence in TEXT[20:120]], [search] * 2)
    assert len(index) == 120 and index.search("w1 w2", k=120)


def test_filters_of_warnings_stay_as_they_are() -> None:
    """To parse the name of a measure they are changed for a moment, and they are the whole program's."""
    pytest.importorskip("ir_measures", reason="measures need ir_measures")
    before = list(warnings.filters)
    for _ in range(ROUNDS):
        together([lambda: evaluation.cutoff_of("nDCG@10")] * THREADS)
    assert list(warnings.filters) == before
