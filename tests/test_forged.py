"""Files of ours whose settings, counters, logs or columns were forged: refused by name when loaded, or used.

The container is sound, as who forges a file can make it: `native.write` adds right checksums.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import small

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import DESM, DESMIndex
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.formats.parts import SETTINGS
from fastw2v.formats.typed import MAX_DEPTH

Held = tuple[dict[str, np.ndarray], dict[str, str]]

TEXT = [["a", "b", "c", "d"], ["b", "c", "e"], ["a", "e", "f", "g", "h"]] * 4
WORDS = 8

# What may stand for any value, as JSON.
VALUES = (
    *("null", "true", "false", "0", "2", "-1", "0.5", "1e308", "-1e308", "NaN", "Infinity"),
    *('"x"', "[]", "{}", "[[]]", '[null, "x"]', str(2**70), str(-(2**70)), str(10**400)),
)
TYPED = (
    *('{"~set": [1]}', '{"~bytes": "AA=="}', '{"~array": ["<f4", [2], "AAAAAAAAAAA="]}'),
    *('{"~scalar": ["<f8", [], "AAAAAAAAAAA="]}', '{"~int": "0x' + "f" * 8000 + '"}'),
)

# What the settings of a sound file may still lead to: rates and exponents too large, nothing to train.
SAID = (ValueError, RuntimeError, FloatingPointError)
pytestmark = pytest.mark.filterwarnings("ignore::fastw2v.warn.FastW2VWarning", "ignore::RuntimeWarning")


def held_in(obj: Any) -> Held:
    file = io.BytesIO()
    obj.save(file)
    file.seek(0)
    return native.read(file)


@pytest.fixture(scope="module")
def model() -> Word2Vec:
    made = small(TEXT, vector_size=4, hs=1, negative=3, sg=1, epochs=1, seed=2)
    made.build_vocab(TEXT, keep_raw_vocab=True)
    made.train(TEXT, total_examples=len(TEXT), epochs=1)
    made.wv.set_vecattr("a", "weight", 1.5)
    return made


@pytest.fixture(scope="module")
def held(model: Word2Vec) -> Held:
    return held_in(model)


@pytest.fixture(scope="module")
def indexed(model: Word2Vec) -> Held:
    return held_in(
        DESM(model, "in-in", weights="idf").index(["a b", "c d e", "zz a"], ["x", 5, "y"], bm25=True)
    )


def replaced(values: dict[str, Any], name: str, text: str) -> str:
    return json.dumps({**values, name: "@@"}).replace('"@@"', text)


def file_of(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> io.BytesIO:
    file = io.BytesIO()
    native.write(file, tensors, metadata, version=2)
    file.seek(0)
    return file


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def load_or_refuse(cls: Any, file: io.BytesIO, *names: str) -> Any:
    """Return what is loaded, None if it is refused with these names."""
    try:
        return cls.load(file)
    except FormatError as error:
        assert len(str(error)) < 400
        assert str(error).startswith("the open file: ")
        assert all(name in str(error) for name in names) or "array" in str(error)
        return None


def use(steps: Iterator[Callable[[], Any]]) -> None:
    """Do all of it; what a setting may lead to is said by its own errors, not by those of Python."""
    for step in steps:
        with contextlib.suppress(*SAID):
            step()


def steps_with(model: Word2Vec) -> Iterator[Callable[[], Any]]:
    model.workers = 1
    yield lambda: model.save(io.BytesIO())
    yield lambda: (model.wv.most_similar(0), str(model), model.predict_output_word(["a"]))
    yield lambda: model.train(TEXT, total_examples=len(TEXT), epochs=1, start_alpha=0.01)
    yield lambda: model.train(TEXT, total_words=48, epochs=1, compute_loss=True)
    yield lambda: model.build_vocab([["z", "a"]], update=True)
    yield lambda: model.train(TEXT, total_examples=len(TEXT), epochs=1)
    yield lambda: DESM(model, "in-in")
    yield lambda: model.save(io.BytesIO())
    yield lambda: model.build_vocab(TEXT)


def steps_with_index(index: DESMIndex) -> Iterator[Callable[[], Any]]:
    yield lambda: (index.search("a b", 2), index.search_many({"q": "a zz"}), index.ids, repr(index))
    yield lambda: index.explain("a b", index.ids[0])
    for mix in ("raw", "zscore", "rrf"):
        yield lambda mix=mix: index.search("a zz", mix=mix)  # type: ignore[misc]
    yield lambda: index.save(io.BytesIO())
    if index.desm.document_rows is not None:
        yield lambda: index.add(["a b c"])
        yield lambda: index.update(["d e"], [index.ids[-1]])
    yield lambda: index.remove(index.ids[:1])
    yield lambda: index.search("a zz", mix="raw")
    yield lambda: index.save(io.BytesIO())


# --- models ---


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting(held: Held, name: str) -> None:
    tensors, metadata = held
    state = json.loads(metadata["model"])
    for value in VALUES + TYPED:
        for typed in (False, True):
            forged = (
                metadata | {"model": replaced(state, name, value)} | ({"values": "typed"} if typed else {})
            )
            loaded = load_or_refuse(Word2Vec, file_of(tensors, forged), name)
            if loaded is not None:
                use(steps_with(loaded))


@pytest.mark.parametrize("place", range(4))
def test_the_generator(held: Held, place: int) -> None:
    tensors, metadata = held
    state = json.loads(metadata["model"])
    for value in VALUES:
        parts = [json.dumps(part) for part in state["random"]]
        parts[place] = value
        forged = metadata | {"model": replaced(state, "random", f"[{', '.join(parts)}]")}
        loaded = load_or_refuse(Word2Vec, file_of(tensors, forged))
        if loaded is not None:
            use(steps_with(loaded))


@pytest.mark.parametrize("value", [*VALUES, "[]", "[[1, 2], 3, 4, 5]"])
def test_a_generator_that_is_none(held: Held, value: str) -> None:
    tensors, metadata = held
    forged = metadata | {"model": replaced(json.loads(metadata["model"]), "random", value)}
    assert load_or_refuse(Word2Vec, file_of(tensors, forged), "settings") is None


RECORDS = ('[{"words": "x"}]', '[{"words": null, "loss": "x"}]', '[{"a": 1}]', '[5, null, "x", []]', "[[[]]]")


@pytest.mark.parametrize("name", ["history", "lifecycle_events"])
def test_a_log(held: Held, name: str) -> None:
    tensors, metadata = held
    logs = json.loads(tensors["logs"].tobytes())
    for value in VALUES + RECORDS:
        forged = tensors | {"logs": as_bytes(replaced(logs, name, value))}
        loaded = load_or_refuse(Word2Vec, file_of(forged, metadata), "logs")
        if loaded is not None:
            assert isinstance(loaded.history, list)
            use(steps_with(loaded))


def test_a_log_that_is_null(held: Held) -> None:
    """Events can be turned off; a history cannot, and begins anew."""
    tensors, metadata = held
    forged = tensors | {"logs": as_bytes('{"history": null, "lifecycle_events": null}')}
    loaded = Word2Vec.load(file_of(forged, metadata))
    assert loaded.history == [] and loaded.lifecycle_events is None


@pytest.mark.parametrize("name", ["count", "sample_int", "code", "point", "weight", "vectors_lockf"])
def test_a_column(held: Held, name: str) -> None:
    tensors, metadata = held
    of_tree = {"codes", "points", "path_starts"} if name in ("code", "point") else set()
    rest = {key: value for key, value in tensors.items() if key not in {f"attr.{name}", f"{name}s", *of_tree}}
    for value in VALUES:
        for kind in ("json", "typed"):
            column = as_bytes("[" + ", ".join([value] * WORDS) + "]")
            forged = file_of(rest | {f"attr_{kind}.{name}": column}, metadata | {"values": "typed"})
            if (loaded := load_or_refuse(Word2Vec, forged)) is not None:
                use(steps_with(loaded))
    starts = np.array([0, 1, 2, *[3] * 6])
    for arrays in (
        *({f"attr.{name}": column} for column in (np.zeros(WORDS, bool), np.full(WORDS, np.nan))),
        *(
            {f"attr.{name}": column}
            for column in (np.full(WORDS, -1), np.zeros((WORDS, 2)), np.full(WORDS, 2**62))
        ),
        {f"attr.{name}": np.zeros(3), f"attr_starts.{name}": starts},
    ):
        if (loaded := load_or_refuse(Word2Vec, file_of(rest | arrays, metadata))) is not None:
            use(steps_with(loaded))


def test_an_array_of_another_type_or_shape(held: Held) -> None:
    tensors, metadata = held
    for name, array in tensors.items():
        largest = np.iinfo(array.dtype).max if array.dtype.kind in "iu" else np.inf
        for other in (
            *(np.zeros_like(array), np.full_like(array, largest), array[::-1].copy(), array[:-1], array[:0]),
            *(
                array.astype("f8"),
                array.astype("i1"),
                array.astype(bool),
                array.reshape(1, -1),
                array.reshape(-1)[0],
            ),
        ):
            forged = file_of(tensors | {name: np.array(other)}, metadata)
            if (loaded := load_or_refuse(Word2Vec, forged)) is not None and "a" in loaded.wv:
                use(steps_with(loaded))


def test_attributes_under_our_own_names(held: Held, model: Word2Vec) -> None:
    tensors, metadata = held
    for prefix in ("", "wv."):
        for name in (
            "wv",
            "random",
            "_raw",
            "_syn1neg",
            "vectors",
            "train",
            "history",
            "__class__",
            "expandos",
        ):
            loaded = Word2Vec.load(file_of(tensors | {f"{prefix}extra.{name}": np.zeros(3)}, metadata))
            values = as_bytes(json.dumps([[name, 5]]))
            again = Word2Vec.load(file_of(tensors | {f"{prefix}extras": values}, metadata))
            for one in (loaded, again):
                np.testing.assert_array_equal(one.syn0, model.syn0)
                use(steps_with(one))


def test_what_load_refuses_is_not_saved(model: Word2Vec, tmp_path: Path) -> None:
    """A file that is there stays."""
    path = tmp_path / "model"
    model.save(path)
    before = path.read_bytes()
    for name, value in (("train_count", "x"), ("min_alpha_yet_reached", None), ("corpus_count", -1)):
        edited = Word2Vec.load(path)
        setattr(edited, name, value)
        with pytest.raises((TypeError, ValueError), match=name):
            edited.save(path)
    edited = Word2Vec.load(path)
    edited.wv.expandos["count"] = np.array(["many"] * WORDS, dtype=object)
    with pytest.raises(ValueError, match="'count'"):
        edited.save(path)
    assert path.read_bytes() == before


def test_counters_that_training_leaves_are_saved(model: Word2Vec) -> None:
    """A loss may be no number, older models have no counts of text, and numpy's numbers are numbers."""
    edited = Word2Vec.load(file_of(*held_in(model)))
    edited.running_training_loss = float("nan")
    edited.corpus_count = None  # type: ignore[assignment]
    edited.min_alpha_yet_reached = np.float32(0.5)  # type: ignore[assignment]
    edited.train_count = np.int64(3)  # type: ignore[assignment]
    edited.history.append("my note")  # type: ignore[arg-type]
    loaded = Word2Vec.load(file_of(*held_in(edited)))
    assert np.isnan(loaded.running_training_loss) and loaded.corpus_count is None
    assert (loaded.min_alpha_yet_reached, loaded.train_count, loaded.history[-1]) == (0.5, 3, "my note")


# --- checkpoints ---

CHECKPOINT = Path(__file__).parent / "data/0.1.0-checkpoint.fw2v"
OF_A_RUN = 20 * [["the", "cat", "says", "meow"]]


def stand() -> list[list[Any]]:
    """The fields of a checkpoint, with their values."""
    fields: list[list[Any]] = json.loads(native.read(CHECKPOINT)[0]["checkpoint.extras"].tobytes())
    return fields


@pytest.mark.parametrize("name", [name for name, _ in stand()])
def test_a_field_of_a_checkpoint(name: str) -> None:
    """Also of its settings, each of which was taken from the model."""
    tensors, metadata = native.read(CHECKPOINT)
    settings = dict(stand())["settings"]
    forged = [(name, value) for value in (*VALUES, *TYPED)]
    if name == "settings":
        forged = [(name, replaced(settings, one, value)) for one in settings for value in VALUES]
    for which, value in forged:
        fields = [
            f'["{other}", {value if other == which else json.dumps(given)}]' for other, given in stand()
        ]
        arrays = tensors | {"checkpoint.extras": as_bytes(f"[{', '.join(fields)}]")}
        loaded = load_or_refuse(Word2Vec, file_of(arrays, metadata), "checkpoint")
        if loaded is not None and loaded._checkpoint.epochs < 10:
            use(
                iter(
                    [
                        lambda of=loaded: of.save(io.BytesIO()),
                        lambda of=loaded: of.train(OF_A_RUN, resume=True),
                    ]
                )
            )  # type: ignore[misc]


# --- values in values ---


def nested(depth: int, brackets: str = "[]") -> str:
    return brackets[0] * depth + brackets[1] * depth


def key_of(text: str) -> dict[str, np.ndarray]:
    """Eight words, the last of which is of a type that JSON tells."""
    offsets = np.array([*range(WORDS), WORDS - 1 + len(text)])
    packed = native.pack_strings([*"abcdefg", 1.5], typed=True)
    return packed | {"vocab_bytes": as_bytes("abcdefg" + text), "vocab_offsets": offsets}


DEEP = (nested(MAX_DEPTH + 2), nested(900), nested(3000), nested(100_000), '{"a":' * 3000 + "1" + "}" * 3000)


@pytest.mark.parametrize("deep", DEEP, ids=["52", "900", "3000", "100000", "objects"])
@pytest.mark.parametrize("typed", [False, True])
def test_brackets_in_brackets(held: Held, deep: str, typed: bool) -> None:
    tensors, metadata = held
    state, logs = json.loads(metadata["model"]), json.loads(tensors["logs"].tobytes())
    values = {"values": "typed"} if typed else {}
    kind = "typed" if typed else "json"
    forged: list[tuple[dict[str, np.ndarray], dict[str, str]]] = [
        (tensors, metadata | {"model": replaced(state, "comment", deep)}),
        (tensors, metadata | {"model": deep}),
        (tensors | {"logs": as_bytes(deep)}, metadata),
        (tensors | {"logs": as_bytes(replaced(logs, "history", f"[{{\"a\": [{deep}]}}]"))}, metadata),
        (tensors | {f"attr_{kind}.x": as_bytes("[" + ", ".join([deep] * WORDS) + "]")}, metadata),
        (tensors | {"extras": as_bytes(f'[["mine", {deep}]]')}, metadata),
        (tensors | key_of(deep), metadata),
    ]  # fmt: skip
    for arrays, about in forged:
        assert load_or_refuse(Word2Vec, file_of(arrays, about | values)) is None


@pytest.mark.parametrize("deep", [nested(3000), nested(100_000)], ids=["3000", "100000"])
def test_brackets_in_a_header_or_an_index(indexed: Held, deep: str) -> None:
    raw = deep.encode()
    file = io.BytesIO(len(raw).to_bytes(8, "little") + raw)
    for cls in (Word2Vec, KeyedVectors, DESMIndex):
        with pytest.raises(FormatError, match="the open file"):
            cls.load(file)
        file.seek(0)
    tensors, metadata = indexed
    for text in (deep, replaced(json.loads(metadata["desm"]), "bm25", deep)):
        assert load_or_refuse(DESMIndex, file_of(tensors, metadata | {"desm": text}), "settings") is None


def test_values_as_deep_as_they_may_be(model: Word2Vec) -> None:
    """What is saved is loaded, and saved again, wherever it stands."""
    edited = Word2Vec.load(file_of(*held_in(model)))
    for deep in (json.loads(nested(MAX_DEPTH + 1)), (json.loads(nested(MAX_DEPTH)),)):
        edited.comment = deep  # type: ignore[assignment]
        edited.history.append({"deep": deep})  # type: ignore[typeddict-item]
        edited.mine = [deep][0]  # type: ignore[attr-defined]
        edited.wv.set_vecattr("a", "deep", deep)
        again = held_in(Word2Vec.load(file_of(*held_in(edited))))
        loaded: Any = Word2Vec.load(file_of(*again))
        assert (
            loaded.comment == loaded.history[-1]["deep"] == loaded.mine == loaded.wv.get_vecattr("a", "deep")
        )
        assert loaded.comment == deep


# --- vectors without a model ---


def test_vectors(model: Word2Vec) -> None:
    tensors, metadata = held_in(model.wv)
    for name, array in tensors.items():
        for other in (np.zeros_like(array), array[:-1], array[:0], array.astype("f8"), array.astype(bool)):
            file = file_of(tensors | {name: np.array(other)}, metadata)
            if (loaded := load_or_refuse(KeyedVectors, file)) is not None and "a" in loaded:
                use(iter([lambda kv=loaded: kv.most_similar(0), lambda kv=loaded: kv.save(io.BytesIO())]))  # type: ignore[misc]


# --- indices of documents ---

OF_INDEX = ("spaces", "center", "weights", "tokenizer", "precision", "bm25", "next_id", "fingerprint")
CONSTANTS = (
    "[1.2, 0.75]",
    "[1, 0.75]",
    "[1e308, 0.5]",
    "[NaN, 0.5]",
    "[Infinity, 0]",
    "[1.2, -1.0]",
    '["a", "b"]',
    "[1.5]",
)


@pytest.mark.parametrize("name", OF_INDEX)
def test_a_setting_of_an_index(indexed: Held, model: Word2Vec, name: str) -> None:
    tensors, metadata = indexed
    settings = json.loads(metadata["desm"])
    assert settings.keys() == set(OF_INDEX)
    for value in (*VALUES, *CONSTANTS, '"given"', '"custom"', '"int8"', '"in-out"'):
        forged = file_of(tensors, metadata | {"desm": replaced(settings, name, value)})
        for of in (None, model):
            forged.seek(0)
            try:
                loaded = DESMIndex.load(forged, of, tokenizer=str.split)
            except FormatError as error:
                assert "the open file" in str(error) and (name in str(error) or "array" in str(error))
            except (
                ValueError
            ) as error:  # the model does not belong to the index, as spaces or fingerprint say
                assert of is model and "another model" in str(error)
            else:
                use(steps_with_index(loaded))


def test_arrays_of_an_index(indexed: Held) -> None:
    tensors, metadata = indexed
    for name, array in tensors.items():
        rest = {other: values for other, values in tensors.items() if other != name}
        load_or_refuse(DESMIndex, file_of(rest, metadata))
        largest = (
            np.iinfo(array.dtype).max if array.dtype.kind in "iu" else True if array.dtype == bool else np.nan
        )
        for other in (
            *(np.zeros_like(array), np.full_like(array, largest), array[:-1], array[:0], array.astype("f8")),
            *(array.astype("i1"), array.astype(bool), array.reshape(1, -1)),
        ):
            if (loaded := load_or_refuse(DESMIndex, file_of(tensors | {name: other}, metadata))) is not None:
                use(steps_with_index(loaded))


@pytest.mark.parametrize("name", ["ids", "vocab", "bm25_terms"])
def test_names_that_an_index_could_not_save_again(indexed: Held, name: str) -> None:
    tensors, metadata = indexed
    names = native.unpack_strings(tensors, name)
    for odd in ((1, 2), 1.5, True, b"x", float("nan")):
        packed = native.pack_strings([odd, *names[1:]], name, typed=True)
        assert load_or_refuse(DESMIndex, file_of(tensors | packed, metadata)) is None
    for right in (10**3000, -5, "\ud800", *([None] if name == "vocab" else [])):
        packed = native.pack_strings([right, *names[1:]], name)
        types = {f"{name}_types": np.zeros(len(names), np.uint8)} | packed
        loaded = DESMIndex.load(file_of(tensors | types, metadata))
        use(steps_with_index(loaded))
