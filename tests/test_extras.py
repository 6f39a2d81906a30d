"""Attributes that users set on models, vectors and derived classes: kept by files, or named in a warning."""

from __future__ import annotations

import copy
import pickle
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import KINDS, TOPICS, assert_same, saved, small, trained

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.formats import extras, native
from fastw2v.formats.extras import taken_names, users_attributes
from fastw2v.formats.parts import MODELS_HOLD, VECTORS_HOLD
from fastw2v.warn import FastW2VWarning


class Walks(Word2Vec):
    """As packages for graphs derive it."""

    kind = "plain"
    shape: tuple[int, int]

    def __init__(self, graph: dict[str, list[str]], **settings: Any) -> None:
        super().__init__(min_count=1, workers=1, vector_size=4, **settings)
        self.graph = graph
        self._seen = set(graph)
        self.build_vocab([[node] for node in graph])

    @property
    def nodes(self) -> list[str]:
        return list(self.graph)

    def fit(self, epochs: int) -> Any:
        paths = [[node, *self.graph[node]] for node in self.graph]
        return self.train(paths, total_examples=len(paths), epochs=epochs)


GRAPH = {"a": ["b", "c"], "b": ["a"], "c": ["a", "b"]}
VALUES: dict[str, Any] = {
    "idf": {"a": 1.5, "b": 0.3},
    "counts": Counter("abca"),
    "weights": np.arange(6, dtype=np.float16).reshape(2, 3),
    "names": np.array(["a", "bé"]),
    "nested": {"list": [1, (2, {3})], "array": np.ones(2), "date": date(2026, 1, 1)},
    "scalar": np.float32(0.1),
    "path": Path("a/b"),
    "nothing": None,
    "_private": b"\0",
    "ä b": "a name that no source could spell",
    "~tuple": [1],
    "no numbers": np.empty((0, 3)),
}


@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_what_users_set_comes_back(mmap: Any, tmp_path: Path) -> None:
    model = trained()
    vars(model).update(copy.deepcopy(VALUES))
    vars(model.wv).update(copy.deepcopy(VALUES))
    model.save(tmp_path / "model")
    model.wv.save(tmp_path / "kv")
    loaded = Word2Vec.load(tmp_path / "model", mmap=mmap)
    vectors = [KeyedVectors.load(tmp_path / name, mmap=mmap) for name in ("model", "kv")]
    for obj in (loaded, loaded.wv, *vectors):
        for name, value in VALUES.items():
            found = vars(obj)[name]
            assert type(np.asarray(found) if isinstance(value, np.ndarray) else found) is type(value)
            np.testing.assert_equal(found, value)
    assert_same(
        users_attributes(Word2Vec.load(saved(loaded)), MODELS_HOLD), users_attributes(model, MODELS_HOLD)
    )


@pytest.mark.trains_again
def test_a_derived_class_has_its_own(tmp_path: Path) -> None:
    model = Walks(GRAPH)
    model.kind, model.shape = "odd", (2, 3)
    model.fit(2)
    model.save(tmp_path / "walks")
    loaded = Walks.load(tmp_path / "walks")
    assert type(loaded) is Walks
    assert (loaded.graph, loaded._seen, loaded.kind, loaded.shape) == (GRAPH, set(GRAPH), "odd", (2, 3))
    for each in (model, loaded):
        each.fit(1)
    assert_same(loaded.syn0, model.syn0)
    assert vars(Word2Vec.load(tmp_path / "walks"))["graph"] == GRAPH


CANNOT: dict[str, Callable[[Word2Vec], Any]] = {
    "tokenizer": lambda model: print,
    "other": lambda model: KeyedVectors(2),
    "matrix": lambda model: model.wv.vectors,
    "words": lambda model: model.wv.index_to_key,
    "outputs": lambda model: model.syn1neg,
    "same": lambda model: model.first,  # type: ignore[attr-defined]
    "loop": lambda model: vars(model).setdefault("loop", []).append(model) or model.loop,  # type: ignore
    "score": lambda model: 0.9,
    "most_similar": lambda model: "a method",
    "\ud800": lambda model: 1,
    "records": lambda model: np.zeros(2, "f4,i4"),
}


@pytest.mark.parametrize("name", CANNOT, ids=ascii)
def test_what_cannot_be_kept_is_named(name: str, tmp_path: Path) -> None:
    model = trained()
    model.first = [1, 2]  # type: ignore[attr-defined]
    vars(model)[name] = CANNOT[name](model)
    printed = re.escape(name.encode("utf-8", "backslashreplace").decode())
    with pytest.warns(FastW2VWarning, match=f"leaves them out: {printed}: .*pickle.dump") as heard:
        model.save(tmp_path / "model")
    assert heard[0].filename == __file__ and len(heard) == 1
    loaded = Word2Vec.load(tmp_path / "model")
    assert vars(loaded)["first"] == [1, 2] and name not in vars(loaded)
    model.save(tmp_path / "model", ignore=[name])  # without a warning
    assert vars(Word2Vec.load(tmp_path / "model", verify="full"))["first"] == [1, 2]


def test_what_vectors_cannot_keep_is_named(tmp_path: Path) -> None:
    model = trained()
    model.wv.index = model.wv.rank = print  # type: ignore[assignment, method-assign, attr-defined]
    with pytest.warns(FastW2VWarning, match=r"them out: wv\.index: .*; wv\.rank: KeyedVectors has"):
        model.save(tmp_path / "model")
    with pytest.warns(FastW2VWarning, match="leaves them out"):
        model.wv.save(tmp_path / "kv")
    model.wv.save(tmp_path / "kv", ignore=["index", "rank"])


def test_a_warning_made_an_error_leaves_the_file(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "model")
    before = (tmp_path / "model").read_bytes()
    model.tokenizer = print  # type: ignore[attr-defined]
    with pytest.raises(FastW2VWarning):  # as pytest here is told
        model.save(tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == before


def test_a_file_cannot_replace_what_a_class_has(tmp_path: Path) -> None:
    """Whoever forges a file may set what is nobody's, and no more."""
    Walks(GRAPH).save(tmp_path / "model")
    tensors, metadata = native.read(tmp_path / "model")
    taken = ["wv", "window", "fit", "nodes", "train", "__class__", "__dict__", "_syn1neg", "_check_settings"]
    forged = {name: np.ones(2) for name in taken}
    tensors |= {f"extra.{name}": array for name, array in forged.items()}
    tensors |= {f"wv.extra.{name}": array for name, array in forged.items()}
    tensors["wv.extra.vectors"] = np.ones(2)
    native.write(tmp_path / "forged", tensors, metadata, version=2)
    loaded = Walks.load(tmp_path / "forged")
    assert not any(isinstance(getattr(loaded, name), np.ndarray) for name in taken if name != "_syn1neg")
    assert loaded.syn1neg.shape == loaded.wv.vectors.shape == (3, 4)
    assert loaded.nodes == ["a", "b", "c"]
    loaded.fit(1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.trains_again
def test_no_attribute_of_ours_is_taken_for_a_users(kind: str) -> None:
    """Who adds an attribute says so in `parts`, or declares it in the body of its class."""
    models = [Word2Vec(), trained(**KINDS[kind])]
    models += [Word2Vec.load(saved(models[1])), pickle.loads(pickle.dumps(models[1]))]
    model = models[1]
    model.build_vocab(TOPICS, update=True)
    model.train(TOPICS, total_examples=len(TOPICS), epochs=1, compute_loss=True)
    model.wv.most_similar("graph")
    model.wv.add_vectors(["new"], np.ones((1, 4)))
    model.predict_output_word(["graph"])
    model.wv.fill_norms()
    model.wv.unit_normalize_all()
    for each in models:
        assert users_attributes(each, MODELS_HOLD) == {} == users_attributes(each.wv, VECTORS_HOLD)
    assert set(vars(model)) | {"_syn1", "_syn1neg"} >= MODELS_HOLD  # and none is listed that is gone
    assert {"syn1", "wv", "__dict__"} <= taken_names(Word2Vec)


def test_a_file_with_many_names_is_read_without_looking_at_the_class_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = small(TOPICS)
    vars(model).update({f"n{i}": i for i in range(1000)})
    file, asked = saved(model), []
    looked_at = extras.inspect.get_annotations
    monkeypatch.setattr(extras.inspect, "get_annotations", lambda cls: (asked.append(cls), looked_at(cls))[1])
    assert vars(Word2Vec.load(file))["n999"] == 999
    assert len(asked) < 20


class Named(KeyedVectors):
    """As programs derive it, with a constructor of their own."""

    def __init__(self, name: str) -> None:
        super().__init__(2)
        self.name = name


def test_vectors_of_a_class_with_another_constructor(tmp_path: Path) -> None:
    kv = Named("mine")
    kv.add_vectors(["a", "b"], np.eye(2))
    kv.save(tmp_path / "kv")
    kv.save_word2vec_format(tmp_path / "kv.txt")
    back = Named.load(tmp_path / "kv")
    assert type(back) is Named and back.name == "mine" and back.index_to_key == ["a", "b"]
    assert Named.load_word2vec_format(tmp_path / "kv.txt").index_to_key == ["a", "b"]


def test_texts_of_numpy_2_are_named(tmp_path: Path) -> None:
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("numpy 1 has no such texts")
    kv = trained().wv
    kv.texts = np.array(["a"], dtype=np.dtypes.StringDType())  # type: ignore[attr-defined]
    with pytest.warns(FastW2VWarning, match=r"wv\.texts: array\(\['a'\], dtype=StringDType"):
        kv.save(tmp_path / "kv")
    kv.expandos["texts"] = np.array(["a"] * len(kv), dtype=np.dtypes.StringDType())
    with pytest.raises(TypeError, match="'texts' holds a value that cannot be saved: .*ignore="):
        kv.save(tmp_path / "kv")


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_keep_all(clone: Callable[[Any], Any]) -> None:
    model = small(TOPICS)
    model.tokenizer, model.wv.same = print, model.wv.index_to_key  # type: ignore[attr-defined]
    twin = clone(model)
    assert twin.tokenizer is print and twin.wv.same is twin.wv.index_to_key
