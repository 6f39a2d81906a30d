"""`pickle`, `copy` and `joblib` on models and vectors: copies are whole, and nobody else's."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import KINDS, TOPICS, assert_same, trained

from fastw2v import KeyedVectors, LineSentence, Word2Vec

CLONES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    **{f"protocol-{i}": lambda obj, i=i: pickle.loads(pickle.dumps(obj, i)) for i in range(6)},
}


@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.trains_again
def test_models(kind: str, clone: Callable[[Any], Any]) -> None:
    model = trained(**KINDS[kind])
    twin = clone(model)
    assert_same(twin, model)
    for each in (model, twin):
        each.train(TOPICS, total_examples=len(TOPICS), epochs=2)
    assert_same(twin.syn0, model.syn0)
    assert twin.min_alpha_yet_reached == model.min_alpha_yet_reached
    before = model.syn0.copy()
    twin.syn0[:] = 0
    twin.wv.index_to_key.append("x")
    np.testing.assert_array_equal(model.syn0, before)
    assert "x" not in model.wv.index_to_key


@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
def test_vectors(clone: Callable[[Any], Any]) -> None:
    kv = trained(hs=1).wv
    kv.set_vecattr("graph", "tag", ["any", "thing"])
    twin = clone(kv)
    assert_same(twin, kv)
    assert twin.most_similar("graph") == kv.most_similar("graph")
    twin.vectors[:] = 0
    assert kv.vectors.any()


@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
def test_a_model_between_vocabulary_and_training(clone: Callable[[Any], Any], tmp_path: Path) -> None:
    """The text that was read for the vocabulary stays behind, and is read again."""
    (tmp_path / "text").write_text("\n".join(map(" ".join, TOPICS)), encoding="utf8")
    text = LineSentence(tmp_path / "text")
    model = Word2Vec(vector_size=8, min_count=1, workers=1)
    model.build_vocab(text)
    twin = clone(model)
    for each in (model, twin):
        each.train(text, total_examples=len(TOPICS), epochs=2)
    assert_same(twin.syn0, model.syn0)


def test_the_text_is_not_pickled() -> None:
    model = Word2Vec(vector_size=2, min_count=1)
    model.build_vocab([["a", "b"] * 5000])
    assert len(pickle.dumps(model)) < 20_000


def test_an_empty_model() -> None:
    for clone in CLONES.values():
        model = Word2Vec(workers=1)
        twin = clone(model)
        assert_same(twin, model)
        for each in (model, twin):
            each.build_vocab(TOPICS, min_count=1)
            each.train(TOPICS, total_examples=len(TOPICS), epochs=1)
        assert_same(twin.syn0, model.syn0)
        assert_same(twin.wv.index_to_key, model.wv.index_to_key)


@pytest.mark.parametrize("mmap", ["r", "c"])
@pytest.mark.trains_again
def test_mapped_models_become_whole(mmap: Any, tmp_path: Path) -> None:
    model = trained(hs=1)
    model.save(tmp_path / "model")
    for name, clone in CLONES.items():
        twin = clone(Word2Vec.load(tmp_path / "model", mmap=mmap))
        assert_same(twin.syn1, model.syn1)
        if name != "protocol-5" or mmap == "c":  # there numpy keeps read-only what was
            twin.train(TOPICS, total_examples=len(TOPICS), epochs=1)


def test_subclasses_keep_their_own() -> None:
    model = Mine(TOPICS, vector_size=4, min_count=1)
    model.mine = {"a": 1}
    twin = pickle.loads(pickle.dumps(model))
    assert type(twin) is Mine and twin.mine == {"a": 1}


class Mine(Word2Vec):
    mine: dict[str, int]


def test_another_process_can_ask(tmp_path: Path) -> None:
    model = trained()
    (tmp_path / "pickle").write_bytes(pickle.dumps((model, model.wv)))
    code = (
        "import pickle, sys\n"
        f"model, kv = pickle.load(open({str(tmp_path / 'pickle')!r}, 'rb'))\n"
        "assert model.wv is kv\n"
        "print(kv.most_similar('graph')[0][0], 'gensim' in sys.modules)"
    )
    run = run_python(code)
    assert run.stdout.split() == [model.wv.most_similar("graph")[0][0], "False"], run.stderr


# --- joblib ---


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
@pytest.mark.trains_again
def test_joblib_files(mmap_mode: Any, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="the test extra is not installed")
    model = trained(hs=1)
    joblib.dump(model, tmp_path / "model")
    twin = joblib.load(tmp_path / "model", mmap_mode=mmap_mode)
    np.testing.assert_array_equal(twin.syn1neg, model.syn1neg)
    assert twin.wv.most_similar("graph") == model.wv.most_similar("graph")
    np.testing.assert_array_equal(twin.node_vectors("graph"), model.node_vectors("graph"))
    if mmap_mode == "r":
        with pytest.raises(ValueError, match="read-only"):
            twin.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    else:
        twin.train(TOPICS, total_examples=len(TOPICS), epochs=1)


def test_joblib_tells_models_apart() -> None:
    joblib = pytest.importorskip("joblib", reason="the test extra is not installed")
    model = trained()
    assert joblib.hash(model.wv) == joblib.hash(copy.deepcopy(model.wv))
    other = copy.deepcopy(model.wv)
    other.vectors[0, 0] += 1
    assert joblib.hash(model.wv) != joblib.hash(other)


def test_joblib_workers() -> None:
    joblib = pytest.importorskip("joblib", reason="the test extra is not installed")
    kv = trained().wv
    tasks = (joblib.delayed(nearest)(kv, word) for word in kv.index_to_key)
    # max_nbytes=1: every array reaches the workers mapped and read-only
    answers = joblib.Parallel(n_jobs=2, max_nbytes=1)(tasks)
    assert answers == [nearest(kv, word) for word in kv.index_to_key]


def nearest(kv: KeyedVectors, word: str) -> Any:
    return kv.most_similar(word, topn=3)
