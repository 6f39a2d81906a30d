"""Models in files and copies: nothing is lost, training goes on, impossible files are refused."""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from factories import BOTH, MODES, TEXT, assert_same, matrices, small, text

from fastw2v import FormatError, KeyedVectors, LineSentence, Word2Vec
from fastw2v.formats import native


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_save_and_load(mode: str, mmap: Any, tmp_path: Any) -> None:
    model = small(**MODES[mode], compute_loss=True, comment="größer", max_final_vocab=30)
    model.save(tmp_path / "model.fw2v")
    loaded = Word2Vec.load(tmp_path / "model.fw2v", mmap=mmap)
    assert_same(matrices(loaded), matrices(model))
    assert loaded.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(loaded.cum_table, model.cum_table)
    plain = {
        name: value
        for name, value in model.__dict__.items()
        if name not in ("wv", "random", "lifecycle_events") and not isinstance(value, np.ndarray)
    }
    plain["progress"] = "auto"  # whoever loads it decides anew
    assert {name: loaded.__dict__[name] for name in plain} == plain
    assert loaded.__dict__.keys() == model.__dict__.keys()
    assert loaded.lifecycle_events[: len(model.lifecycle_events)] == model.lifecycle_events
    for column in model.wv.expandos:
        for row in range(len(model.wv)):
            np.testing.assert_array_equal(loaded.wv.expandos[column][row], model.wv.expandos[column][row])
    assert loaded.wv.most_similar("w0") == model.wv.most_similar("w0")
    if model.negative:
        assert loaded.wv_out.vectors is loaded.syn1neg


@pytest.mark.parametrize("step", ["pair", "window"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.trains_again
def test_a_resumed_run_is_identical(mode: str, step: str, tmp_path: Any) -> None:
    once = small(**MODES[mode], step=step, epochs=2)
    once.save(tmp_path / "model")
    resumed, mapped = Word2Vec.load(tmp_path / "model"), Word2Vec.load(tmp_path / "model", mmap="c")
    for model in (once, resumed, mapped):
        model.train(TEXT, total_examples=model.corpus_count, epochs=2, start_alpha=0.01)
        model.build_vocab(text(seed=9), update=True)
        model.train(text(seed=9), total_words=model.corpus_total_words, epochs=1)
    assert_same(matrices(resumed), matrices(once))
    assert_same(matrices(mapped), matrices(once))
    assert resumed.history[-1]["alpha"] == once.history[-1]["alpha"]


@pytest.mark.trains_again
def test_a_read_only_model_refuses_to_train(tmp_path: Any) -> None:
    model = small()
    model.save(tmp_path / "model")
    mapped = Word2Vec.load(tmp_path / "model", mmap="r")
    with pytest.raises(ValueError, match=r"read-only.*mmap='r'.*mmap='c'"):
        mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)
    assert_same(matrices(mapped), matrices(model))
    assert mapped.wv.most_similar("w0") == model.wv.most_similar("w0")
    mapped.syn0 = mapped.syn0.copy()
    with pytest.raises(ValueError, match="syn1neg is read-only"):
        mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)
    mapped.syn1neg = mapped.syn1neg.copy()
    mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)


@pytest.mark.trains_again
def test_changes_to_a_model_mapped_c_stay_in_memory(tmp_path: Any) -> None:
    model = small()
    model.save(tmp_path / "model")
    mapped = Word2Vec.load(tmp_path / "model", mmap="c")
    mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)
    assert not np.array_equal(mapped.syn0, model.syn0)
    assert_same(matrices(Word2Vec.load(tmp_path / "model", verify="full")), matrices(model))


@pytest.mark.parametrize("mmap", ["r", "c"])
def test_save_over_ones_own_mapping(mmap: Any, tmp_path: Any) -> None:
    path = tmp_path / "model"
    model = small()
    model.save(path)
    mapped = Word2Vec.load(path, mmap=mmap)
    mapped.comment = "again"
    mapped.save(path)
    assert_same(matrices(mapped), matrices(model))
    again = Word2Vec.load(path, verify="full")
    assert again.comment == "again"
    assert_same(matrices(again), matrices(model))


def test_save_takes_gensims_arguments_and_handles(tmp_path: Any) -> None:
    model = small()
    model.save(str(tmp_path / "model"), sep_limit=0, separately=["syn1neg"], pickle_protocol=4)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    with open(tmp_path / "handle", "wb") as file:
        model.save(file)
    with open(tmp_path / "handle", "rb") as file:
        assert_same(matrices(Word2Vec.load(file)), matrices(model))


def test_an_untrained_model_can_be_saved(tmp_path: Any) -> None:
    for model in (Word2Vec(), Word2Vec(hs=1, negative=0)):
        model.save(tmp_path / "empty")
        loaded = Word2Vec.load(tmp_path / "empty")
        loaded.build_vocab(TEXT, min_count=1)
        loaded.train(TEXT, total_examples=len(TEXT), epochs=1)
    model.scan_vocab(TEXT)
    model.save(tmp_path / "scanned")
    loaded = Word2Vec.load(tmp_path / "scanned")
    assert loaded.raw_vocab == model.raw_vocab == Counter(word for sentence in TEXT for word in sentence)
    loaded.prepare_vocab(min_count=1)


def test_a_large_raw_vocabulary_and_a_long_life_can_be_saved(tmp_path: Any) -> None:
    model = small()
    model.raw_vocab = {f"word{i}" * 10: i for i in range(200_000)}
    model.history *= 20_000
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.raw_vocab == model.raw_vocab and len(loaded.history) == len(model.history)


def test_words_that_cannot_be_saved_are_said_before_anything_is_written(tmp_path: Any) -> None:
    for name, value in (
        ("raw_vocab", {print: 3}),
        ("comment", object()),
        ("comment", [print]),
        ("random", np.random.default_rng(3)),
    ):
        model = small()
        setattr(model, name, value)
        with pytest.raises(TypeError, match=name if name != "raw_vocab" else "print.*pickle"):
            model.save(tmp_path / "model")
        assert not list(tmp_path.iterdir())


def test_odd_words_survive(tmp_path: Any) -> None:
    words = ["", " ", "\n", "\0", "ä", "日本", "\ud800", 0, -7, 2**70, "7"]
    model = small([words, words[:3]])
    model.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").wv.index_to_key == model.wv.index_to_key


def test_a_file_of_keyed_vectors_is_an_attribute_error(tmp_path: Any) -> None:
    small().wv.save(tmp_path / "kv")
    with pytest.raises(AttributeError, match=r"KeyedVectors\.load"):
        Word2Vec.load(tmp_path / "kv")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x04\x95junk", b"2 3\na 1 2 3\n", b"\0" * 100])
def test_files_of_other_kinds(content: bytes, tmp_path: Any) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FormatError, match="file"):
        Word2Vec.load(tmp_path / "file")


def test_missing_file(tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError):
        Word2Vec.load(tmp_path / "nothing")
    with pytest.raises(OSError, match="nowhere"):
        small().save(tmp_path / "nowhere" / "model")


def change_settings(**changes: Any) -> Any:
    def change(tensors: dict[str, Any], metadata: dict[str, str]) -> None:
        metadata["model"] = json.dumps(json.loads(metadata["model"]) | changes)

    return change


def change_array(name: str, array: Any) -> Any:
    return lambda tensors, metadata: tensors.update({name: array(tensors[name])})


@pytest.mark.parametrize(
    "damage",
    [
        change_settings(window=0),
        change_settings(negative="5"),
        change_settings(vector_size=13),
        change_settings(step="other"),
        change_settings(random=["MT19937", 625, 0, 0.0]),
        change_settings(random=["MT19937", -1, 0, 0.0]),
        change_settings(random=None),
        lambda tensors, metadata: metadata.update(model="{}"),
        lambda tensors, metadata: metadata.update(model="["),
        lambda tensors, metadata: metadata.update(model="[1]"),
        lambda tensors, metadata: tensors.pop("logs"),
        lambda tensors, metadata: tensors.pop("cum_table"),
        lambda tensors, metadata: tensors.pop("random_state"),
        lambda tensors, metadata: tensors.pop("codes"),
        lambda tensors, metadata: [tensors.pop(name) for name in ("codes", "points", "path_starts")],
        change_array("logs", lambda logs: np.frombuffer(b"[]", np.uint8)),
        change_array("cum_table", lambda table: table // 2),
        change_array("cum_table", lambda table: table[::-1].copy()),
        change_array("syn1neg", lambda matrix: matrix[:-1]),
        change_array("syn1", lambda matrix: matrix.astype(np.float64)),
        change_array("syn0", lambda matrix: matrix.ravel()),
        change_array("points", lambda points: points + 1),
    ],
)
def test_files_that_say_impossible_things(damage: Any, tmp_path: Any) -> None:
    """A file with valid checksums whose contents would lead the kernels astray."""
    small(**BOTH).save(tmp_path / "model")
    tensors, metadata = native.read(tmp_path / "model")
    damage(tensors, metadata)
    native.write(tmp_path / "damaged", tensors, metadata)
    with pytest.raises(FormatError):
        Word2Vec.load(tmp_path / "damaged")


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.trains_again
def test_copies_train_on_alike(clone: Any) -> None:
    model = small(**BOTH)
    twin = clone(model)
    for each in (model, twin):
        each.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), matrices(twin))
    assert not np.shares_memory(model.syn0, twin.syn0)


def test_vectors_saved_by_word_are_those_of_the_model(tmp_path: Any) -> None:
    (tmp_path / "text").write_text("\n".join(" ".join(sentence) for sentence in TEXT), encoding="utf8")
    model = small(LineSentence(tmp_path / "text"))
    model.wv.save_word2vec_format(tmp_path / "vectors")
    model.wv_out.save_word2vec_format(tmp_path / "out", binary=True)
    np.testing.assert_array_equal(KeyedVectors.load_word2vec_format(tmp_path / "vectors")["w3"], model["w3"])
    out = KeyedVectors.load_word2vec_format(tmp_path / "out", binary=True)
    np.testing.assert_array_equal(out["w3"], model.out_vector("w3"))


# --- words, settings and logs of other types ---

WORDS: dict[str, list[Any]] = {
    "tuple": [(0, 1), (1, 1), ("run", ("verb", None))],
    "bytes": [b"a", b"\0\xff", b""],
    "float": [0.5, -0.0, float("inf")],
    "date": [date(2026, 1, 1), datetime(2026, 1, 1), timedelta(1), time(3)],
    "numpy": [np.str_("a"), np.float32(0.1), np.int64(5), np.bool_(False), np.datetime64("2026-01-01")],
    "None": [None, "a", "b"],
    "bool": [True, 0, 2.0],
    "huge": [2**20000, -(2**20000), 10**4200],
    "numbers": [Decimal("1.50"), Fraction(1, 3), 2 + 1j],
    "others": [UUID(int=3), frozenset({1, "a"}), Path("a/b")],
}


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.trains_again
@pytest.mark.filterwarnings("ignore:sentence #0 contains (None|nan)")
def test_words_of_any_plain_type_are_saved(kind: str, tmp_path: Path) -> None:
    model = small([WORDS[kind]] * 20, vector_size=4)
    model.raw_vocab = dict.fromkeys(WORDS[kind], 3)
    model.save(tmp_path / "model")
    model.wv.save(tmp_path / "kv")
    loaded = Word2Vec.load(tmp_path / "model", verify="full")
    assert loaded.raw_vocab == model.raw_vocab
    for kv in (loaded.wv, KeyedVectors.load(tmp_path / "model"), KeyedVectors.load(tmp_path / "kv")):
        assert kv.index_to_key == model.wv.index_to_key and kv.key_to_index == model.wv.key_to_index
        assert [hash(key) for key in kv.index_to_key] == [hash(key) for key in model.wv.index_to_key]
        plain = (np.str_, np.int64)  # these come back as str and int
        kinds = [type(key.item() if isinstance(key, plain) else key) for key in model.wv.index_to_key]
        assert list(map(type, kv.index_to_key)) == kinds
        for word in WORDS[kind]:
            np.testing.assert_array_equal(kv.get_vector(word), model.wv.get_vector(word))
    loaded.train([WORDS[kind]] * 20, total_examples=20, epochs=1)


@pytest.mark.filterwarnings("ignore:sentence #0 contains (None|nan)")
def test_not_a_number_is_a_word_only_where_it_stands(tmp_path: Path) -> None:
    nan = float("nan")
    model = small([[nan, "a"]] * 20)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    (word,) = (key for key in loaded.wv.index_to_key if key != "a")
    np.testing.assert_array_equal(loaded.wv.get_vector(word), model.wv.get_vector(nan))


@pytest.mark.parametrize("word", [print, object()], ids=["function", "object"])
def test_a_word_that_no_file_holds_offers_pickle(word: Any, tmp_path: Path) -> None:
    model = small([[word, "a"]] * 20)
    for obj in (model, model.wv):
        with pytest.raises(TypeError, match=rf"{type(word).__name__}.*pickle\.dump"):
            obj.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    twin = pickle.loads(pickle.dumps(model))
    assert_same(matrices(twin), matrices(model))


@pytest.mark.parametrize(
    "comment",
    ["größer", None, 5, Path("a/b"), date(2026, 1, 1), {"by": ("me", {1})}, ["a", None], b"\0", np.arange(3)],
    ids=repr,
)
def test_a_comment_may_be_any_plain_value(comment: Any, tmp_path: Path) -> None:
    model = small(comment=comment)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model").comment
    assert type(loaded) is type(comment)
    np.testing.assert_equal(loaded, comment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("raw_vocab", {"a": "many"}),
        ("raw_vocab", {"a": 2**64}),
        ("raw_vocab", ["a"]),
        ("history", "trained"),
    ],
)
def test_counts_and_logs_that_are_none_are_refused_before_anything_is_written(
    name: str, value: Any, tmp_path: Path
) -> None:
    model, path = small(), tmp_path / "model"
    model.save(path)
    before = path.read_bytes()
    setattr(model, name, value)
    with pytest.raises(TypeError, match=rf"{name} is .*ignore=\['{name}'\]"):
        model.save(path)
    assert path.read_bytes() == before


def test_settings_of_numpy(tmp_path: Path) -> None:
    model = small(seed=np.int64(3), min_count=np.int32(1), sample=np.float32(0.5), comment=np.float64(2.5))
    model.corpus_count = np.int64(model.corpus_count)  # type: ignore[assignment]
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert (loaded.seed, loaded.min_count, loaded.sample, loaded.comment) == (3, 1, 0.5, 2.5)
    assert type(loaded.corpus_count) is int


def test_events_of_any_kind_are_saved(tmp_path: Path) -> None:
    model = small()
    model.add_lifecycle_event("read", source=Path("a/b"), by=print, sizes=np.int64(3), odd={1: (2,)})
    model.history.append({"epoch": 7, "loss": np.float32(0.5)})  # type: ignore[typeddict-item]
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.lifecycle_events is not None
    (event,) = (event for event in loaded.lifecycle_events if event["event"] == "read")
    assert (event["source"], event["sizes"], event["odd"]) == (Path("a/b"), 3, {1: (2,)})
    assert "print" in event["by"] and loaded.history[-1] == {"epoch": 7, "loss": 0.5}


# --- versions ---


def version_of(path: Path) -> str:
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return str(header["__metadata__"]["format_version"])


def test_files_say_the_oldest_version_that_reads_them(tmp_path: Path) -> None:
    model = small([["a", 7]] * 20, **BOTH)
    model.wv.set_vecattr("a", "label", ["x", {"y": None}])
    changes: list[Any] = [
        lambda: model.wv.add_vectors(["<unk>"], np.ones((1, 12))),
        lambda: setattr(model, "idf", {"a": 1}),
        lambda: delattr(model, "idf"),
        lambda: model.wv.set_vecattr("a", "label", (1,)),
        lambda: model.wv.expandos.pop("label"),
        lambda: setattr(model, "comment", Path()),
        lambda: setattr(model, "comment", None),
        lambda: model.wv.key_to_index.update(b=1),
        lambda: model.wv.key_to_index.pop("b"),
        lambda: setattr(model, "syn1neg", model.syn1neg[:-1]),
    ]
    versions = []
    for change in [lambda: None, *changes]:
        change()
        model.save(tmp_path / "model")
        versions.append(version_of(tmp_path / "model"))
    assert "".join(versions) == "11212121212"


@pytest.mark.trains_again
def test_files_of_version_0_1_are_read(tmp_path: Path) -> None:
    """They were written by fastw2v 0.1.0, before format 2."""
    data = Path(__file__).parent / "data"
    model = Word2Vec.load(data / "model.fw2v", verify="full")
    assert model.wv.index_to_key == ["sun", "moon", "ü", "sky", 7]
    np.testing.assert_allclose(model.wv[7], [0.47952366, -0.4460693])
    np.testing.assert_allclose(model.out_vector("moon"), [8.0560585e-03, 5.5801829e-05])
    assert model.wv.expandos["tag"].tolist() == [["star", 5, None], 0, 0, 0, 0]  # type: ignore[union-attr]
    assert (model.comment, model.raw_vocab, model.hs, model.negative) == (
        "größer",
        {"sun": 9, "rare": 1},
        1,
        3,
    )
    assert len(model.history) == 1 and model.history[0]["effective_words"] == 5
    model.train([["sun", "moon", 7]], total_examples=1, epochs=1)
    kv = KeyedVectors.load(data / "vectors.fw2v", verify="full")
    assert kv.index_to_key == ["a", 5, "\ud800", None] and kv.next_index == 3
    np.testing.assert_array_equal(kv.vectors[:3], np.arange(9).reshape(3, 3))
    assert {name: column.tolist() for name, column in kv.expandos.items()} == {  # type: ignore[union-attr]
        "count": [3, 0, 0, 0],
        "weight": [0.5, 0, 0, 0],
    }
    for obj, name in ((model, "model"), (kv, "vectors")):  # and what is written today is read by it
        obj.save(tmp_path / name)
        assert version_of(tmp_path / name) == "1" == version_of(data / f"{name}.fw2v")
