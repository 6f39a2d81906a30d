"""Models and vectors in `.fw2v` files: every part comes back, and damage is named."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import KINDS, assert_same, saved, trained

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.columns import Ragged, object_column
from fastw2v.formats import model_file, native
from fastw2v.formats.errors import FormatError
from fastw2v.formats.parts import OUTPUTS, SETTINGS, Model, Vectors, generator_in, state_of


def parts_of(model: Word2Vec) -> Model:
    """What is in the file that the model saves."""
    return model_file.read_model(saved(model))


def file_of(model: Model, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    model_file.write_model(file, model, **options)
    file.seek(0)
    return file


# --- what goes in comes out ---


@pytest.mark.parametrize("kind", KINDS)
def test_parts_come_back(kind: str) -> None:
    model = trained(**KINDS[kind])
    model.raw_vocab = {"graph": 3, 7: 2}
    parts = parts_of(model)
    assert_same(parts_of(model).wv, parts.wv)
    again = model_file.read_model(file_of(parts))
    assert_same(again, parts)
    assert [*again.settings] == [*parts.settings] and [*again.wv.columns] == [*parts.wv.columns]
    assert tuple(parts.settings) == SETTINGS
    assert {name: getattr(model, name) for name in SETTINGS} == parts.settings
    assert [*parts.outputs] == [name for name in OUTPUTS if hasattr(model, name)]
    assert (parts.cum_table is not None) == bool(model.negative)
    assert parts.raw_vocab == model.raw_vocab and parts.history == model.history


@pytest.mark.parametrize("kind", KINDS)
def test_every_attribute_of_a_model_is_saved_or_begins_anew(kind: str) -> None:
    """Who adds an attribute to `Word2Vec.__init__` decides here whether files hold it."""
    model = trained(**KINDS[kind])
    loaded = Word2Vec.load(saved(model))
    assert vars(loaded).keys() == vars(model).keys()
    apart = {"wv", "random", "cum_table", "history", "lifecycle_events", "raw", "syn1", "syn1neg"}
    held = {name.removeprefix("_") for name in vars(model)}
    assert held - {*SETTINGS} - apart == {"hashfxn", "progress", "encoded", "checkpoint"}
    assert vars(loaded.wv).keys() - {"lifecycle_events"} == vars(model.wv).keys() - {"lifecycle_events"}


def test_a_file_without_settings_that_came_later() -> None:
    parts = parts_of(trained())
    tensors, metadata = native.read(file_of(parts))
    state = json.loads(metadata["model"])
    del state["step"], state["baskets"]
    file = io.BytesIO()
    native.write(file, tensors, metadata | {"model": json.dumps(state)})
    file.seek(0)
    older = model_file.read_model(file)
    assert (older.settings["step"], older.settings["baskets"]) == ("pair", False)


@pytest.mark.parametrize(
    "name, left",
    [
        ("syn1", lambda parts: "syn1" not in parts.outputs and "syn1neg" in parts.outputs),
        ("syn1neg", lambda parts: "syn1neg" not in parts.outputs and "syn1" in parts.outputs),
        ("raw_vocab", lambda parts: not parts.raw_vocab),
        ("history", lambda parts: parts.history == []),
        ("lifecycle_events", lambda parts: parts.lifecycle_events == []),
    ],
)
def test_what_can_be_left_out(name: str, left: Callable[[Model], bool]) -> None:
    model = trained(hs=1)
    model.raw_vocab = {"graph": 3}
    parts = parts_of(model)
    assert not left(parts)
    assert left(model_file.read_model(file_of(parts, left_out=frozenset({name}))))


def test_vectors_come_back() -> None:
    words = trained(hs=1).wv.to_words()
    words.columns["tag"] = object_column([["a", 1]] * len(words.keys), len(words.keys))
    for left_out, columns, lockf in (
        (frozenset(), words.columns, words.lockf),
        (frozenset({"expandos", "vectors_lockf"}), {}, None),
    ):
        file = io.BytesIO()
        model_file.write_vectors(file, words, left_out)
        file.seek(0)
        found = model_file.read_vectors(file)
        assert found.keys == words.keys
        np.testing.assert_array_equal(found.vectors, words.vectors, strict=True)
        assert found.columns.keys() == columns.keys() and (found.lockf is None) == (lockf is None)


def test_the_vectors_of_a_whole_model() -> None:
    model = trained(hs=1)
    assert_same(model_file.read_vectors(saved(model)).vectors, model.wv.vectors)


def test_nothing_is_copied_on_the_way_to_a_file() -> None:
    kv = trained(hs=1).wv
    words = kv.to_words()
    assert words.keys is kv.index_to_key and words.vectors is kv.vectors and words.columns is kv.expandos
    back = KeyedVectors.from_words(words)
    assert back.vectors is kv.vectors and back.key_to_index == kv.key_to_index
    assert back.expandos == kv.expandos and back.expandos is not kv.expandos


# --- what cannot be ---


def words_with(**change: Any) -> Vectors:
    tree = {"point": Ragged(np.array([0, 0], np.uint32), np.array([0, 1, 2]))}
    tree["code"] = Ragged(np.array([0, 1], np.uint8), np.array([0, 1, 2]))
    return Vectors(**{"keys": ["a", "b"], "vectors": np.ones((2, 3), np.float32), "columns": tree} | change)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"keys": ["a", "b", "c"]}, "3 keys, but 2 vectors"),
        ({"keys": ["a", "a"]}, "duplicate keys: only 1 of 2 keys are different"),
        (
            {"columns": words_with().columns | {"code": Ragged(np.zeros(2, np.uint8), np.array([0, 2, 2]))}},
            "the Huffman codes and paths of a word differ in length",
        ),
        (
            {"columns": words_with().columns | {"point": Ragged(np.ones(2, np.uint32), np.array([0, 1, 2]))}},
            "a path leads to inner node 1, but there are only 1",
        ),
    ],
)
def test_vectors_that_do_not_belong_together(change: dict[str, Any], reason: str) -> None:
    words_with().check()
    words_with(keys=["a", None]).check()
    with pytest.raises(FormatError, match=f"^{reason}$"):
        words_with(**change).check()


def test_outputs_that_are_no_matrices() -> None:
    parts = parts_of(trained(hs=1))
    parts.check()
    for name, matrix in parts.outputs.items():
        # As after edits by hand.
        for odd in (matrix[:-1], matrix[:, 1:], matrix.astype(np.float64), matrix.astype(np.int8)):
            replace(parts, outputs=parts.outputs | {name: odd}).check()
        for wrong in (matrix[0], matrix.astype(np.complex64)):
            with pytest.raises(FormatError, match=f"array '{name}' is {wrong.dtype}"):
                replace(parts, outputs=parts.outputs | {name: wrong}).check()


@pytest.mark.parametrize("name", ["history", "lifecycle_events"])
def test_logs_that_are_no_lists(name: str) -> None:
    tensors, metadata = native.read(saved(trained()))
    tensors["logs"] = np.frombuffer(
        json.dumps({"history": [], "lifecycle_events": None, name: "x"}).encode(), np.uint8
    )
    file = io.BytesIO()
    native.write(file, tensors, metadata)
    file.seek(0)
    with pytest.raises(FormatError, match="logs are no lists"):
        Word2Vec.load(file)


@pytest.mark.parametrize("change", [{"keys": np.zeros(623, np.uint32)}, {"position": 625}, {"position": -1}])
def test_generators_that_cannot_be(change: dict[str, Any]) -> None:
    kind, keys, position, has_gauss, gauss = state_of(np.random.RandomState(3))
    assert generator_in((kind, keys, position, has_gauss, gauss)).rand() == np.random.RandomState(3).rand()
    state = kind, change.get("keys", keys), change.get("position", position), has_gauss, gauss
    with pytest.raises(ValueError, match="the generator has"):
        generator_in(state)


DAMAGES: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], Any], str]] = {
    "a setting": (lambda state, _: state.pop("window"), "settings are damaged: 'window' is missing"),
    "generator": (lambda state, _: state.update(random=["MT19937", 700, 0, 0.0]), "settings are damaged"),
    "another": (lambda state, _: state.update(random=["PCG64", 0, 0, 0.0]), "settings are damaged"),
    "logs": (lambda _, tensors: tensors.update(logs=np.frombuffer(b"[]", np.uint8)), "settings are damaged"),
    "no logs": (lambda _, tensors: tensors.pop("logs"), "array 'logs' is missing"),
    "size": (lambda state, _: state.update(vector_size=5), "'syn0' is float32 8x4, expected float32 8x5"),
    "rows": (lambda _, tensors: tensors.update(syn1neg=tensors["syn1neg"][1:]), "array 'syn1neg' is float32"),
    "table": (lambda _, tensors: tensors.pop("cum_table"), "array 'cum_table' is missing"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_models(name: str) -> None:
    damage, reason = DAMAGES[name]
    tensors, metadata = native.read(file_of(parts_of(trained())))
    state = json.loads(metadata["model"])
    damage(state, tensors)
    file = io.BytesIO()
    native.write(file, tensors, metadata | {"model": json.dumps(state)})
    file.seek(0)
    with pytest.raises(FormatError, match=reason):
        model_file.read_model(file)
