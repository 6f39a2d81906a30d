"""Slices of a compass share its OUT vectors to the last bit; moved words are found; rotations keep angles."""

from __future__ import annotations

import importlib.util
import random
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ortho_group

import fastw2v
from fastw2v import Compass, FormatError, KeyedVectors, LineSentence, Word2Vec, align
from fastw2v.shift import most_shifted, shifts

SETTINGS: dict[str, Any] = {"vector_size": 20, "min_count": 1, "workers": 1, "seed": 1, "negative": 5}


def text_of(seed: int, swap: dict[str, str], sentences: int = 1500) -> list[list[str]]:
    """Sentences of four topics of 12 words each; words of `swap` stand for others."""
    draw = random.Random(seed)
    topics = [[f"{topic}{n}" for n in range(12)] for topic in "abcd"]
    text = [draw.sample(draw.choice(topics), 8) for _ in range(sentences)]
    return [[swap.get(word, word) for word in sentence] for sentence in text]


SWAP = {"a0": "b0", "b0": "a0", "c1": "d1", "d1": "c1"}
TEXTS = {"old": text_of(1, {}), "new": text_of(2, SWAP)}


@pytest.fixture(scope="module", params=[{"sg": 1}, {"sg": 0}], ids=["sg", "cbow"])
def compass(request: pytest.FixtureRequest) -> Compass:
    return Compass(TEXTS, epochs=10, sample=0, **SETTINGS, **request.param)


def test_out_vectors_are_those_of_the_compass(compass: Compass) -> None:
    for model in compass.slices.values():
        rows = [compass.model.wv.key_to_index[word] for word in model.wv.index_to_key]
        np.testing.assert_array_equal(model.syn1neg, compass.model.syn1neg[rows])
        assert np.abs(model.wv.vectors - compass.model.wv.vectors[rows]).max() > 0.01


@pytest.mark.parametrize("measure", ["cosine", "neighbors"])
def test_words_that_moved_are_found(compass: Compass, measure: Any) -> None:
    found = compass.most_shifted("old", "new", 4, measure=measure, neighbors=8)
    assert len(SWAP.keys() & {word for word, _ in found}) >= (4 if measure == "cosine" else 3)
    moved = compass.shifts("old", "new", measure=measure, neighbors=8)
    assert np.mean([moved[word] for word in SWAP]) > 2 * np.mean([moved[w] for w in moved if w not in SWAP])
    assert [moved[word] for word, _ in found] == [shift for _, shift in found]


def test_who_plays_the_part_of_a_word(compass: Compass) -> None:
    near = [word for word, _ in compass.most_similar("a0", of="old", within="new", topn=12)]
    assert "b0" in near and "a0" not in near


def test_frequent_words_alone_are_ranked(compass: Compass) -> None:
    least = max(
        min(compass[name].wv.get_vecattr(word, "count") for name in compass) for word in SWAP
    )  # the rarest of the others are left out
    words = {word for word, _ in compass.most_shifted("old", "new", 100, min_count=least)}
    assert words & SWAP.keys() and not words >= SWAP.keys()


def test_side_by_side_is_one_after_the_other() -> None:
    made = [
        Compass(TEXTS, epochs=2, start=start, **SETTINGS | {"workers": workers})
        for start, workers in (("out", 1), ("out", 1))
    ]
    for name in TEXTS:
        np.testing.assert_array_equal(made[0][name].wv.vectors, made[1][name].wv.vectors)
    alone = Compass(epochs=2, **SETTINGS)
    alone.train_compass(TEXTS.values())
    for name, text in TEXTS.items():
        alone.train_slice(name, text)
        np.testing.assert_array_equal(alone[name].wv.vectors, made[0][name].wv.vectors)


def test_files_readers_and_lists_give_the_same(tmp_path: Path) -> None:
    paths = {}
    for name, text in TEXTS.items():
        paths[name] = tmp_path / f"{name}.txt"
        paths[name].write_text("".join(" ".join(words) + "\n" for words in text))
    readers = {name: LineSentence(str(path)) for name, path in paths.items()}
    mixed = {"old": paths["old"], "new": TEXTS["new"]}
    made = [Compass(texts, epochs=1, **SETTINGS) for texts in (TEXTS, paths, readers, mixed)]
    for other in made[1:]:
        np.testing.assert_array_equal(other.model.wv.vectors, made[0].model.wv.vectors)
        np.testing.assert_array_equal(other["new"].wv.vectors, made[0]["new"].wv.vectors)


@pytest.mark.parametrize("start", ["out", "both", "copy"])
def test_where_a_slice_begins(start: Any) -> None:
    few = {"all": TEXTS["old"], "few": [["a1", "a2", "never"], ["a1", "a3"]] * 3}
    made = Compass(few, epochs=1, start=start, alpha=1e-9, min_alpha=1e-9, **SETTINGS | {"min_count": 5})
    words = made["few"].wv.index_to_key
    assert set(words) == (set(made.model.wv.index_to_key) if start == "copy" else {"a1", "a2", "a3"})
    rows = [made.model.wv.key_to_index[word] for word in words]
    same = np.allclose(made["few"].wv.vectors, made.model.wv.vectors[rows], atol=1e-6)
    assert same == (start != "out")
    np.testing.assert_array_equal(made["few"].syn1neg, made.model.syn1neg[rows])


def test_a_compass_is_saved_and_loaded(compass: Compass, tmp_path: Path) -> None:
    compass.save(tmp_path / "here")
    for mmap in (None, "r"):
        loaded = Compass.load(tmp_path / "here", mmap=mmap)
        assert list(loaded) == list(compass) and len(loaded) == 2
        assert loaded.shifts("old", "new") == compass.shifts("old", "new")
    loaded.train_slice("newer", TEXTS["new"])
    assert repr(loaded) == "Compass<48 words, slices: old, new, newer>"
    loaded.save(tmp_path / "here")
    assert list(Compass.load(tmp_path / "here")) == ["old", "new", "newer"]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Compass.load(tmp_path)
    for content in ("[]", "{}", '{"slices": {}, "start": "no", "slice_epochs": 1}', "\0"):
        (tmp_path / "compass.json").write_text(content)
        with pytest.raises(FormatError, match="compass.json is not what Compass.save writes"):
            Compass.load(tmp_path)


def refusals() -> list[Any]:
    once = (words for words in TEXTS["old"])
    return [
        (TypeError, "give a dict", {"texts": list(TEXTS.values())}),
        (TypeError, "'old' is a generator, which can be read only once", {"texts": {"old": once}}),
        (TypeError, "'old' is of type int: give a path", {"texts": {"old": 3}}),
        (TypeError, "corpus_file is not for a Compass", {"corpus_file": "x"}),
        (ValueError, "hs=1, negative=0: a compass holds OUT vectors still", {"hs": 1, "negative": 0}),
        (ValueError, "start='in'", {"start": "in"}),
        (ValueError, "slice_epochs=0", {"slice_epochs": 0}),
    ]


@pytest.mark.parametrize(("error", "message", "given"), refusals())
def test_what_makes_no_compass_is_refused(error: Any, message: str, given: dict[str, Any]) -> None:
    with pytest.raises(error, match=message):
        Compass(**{"epochs": 1, **SETTINGS, **given})


def test_refusals_leave_a_compass_as_it_is(compass: Compass) -> None:
    before = dict(compass.slices)
    with pytest.raises(ValueError, match="no word of the text 'other' is among the 48 of the compass"):
        compass.train_slice("other", [["quite", "other", "words"]])
    with pytest.raises(ValueError, match="no word of the text 'other'"):
        compass.train_slices({"good": TEXTS["old"], "other": [["quite", "other", "words"]]})
    with pytest.raises(KeyError, match="no slice 'older': there are 'old', 'new'"):
        compass["older"]
    with pytest.raises(RuntimeError, match="train_compass"):
        Compass(**SETTINGS).train_slice("old", TEXTS["old"])
    assert compass.slices == before


def test_ctrl_c_ends_the_slices_too() -> None:
    class Interrupts(list[Any]):
        reads = 0

        def __iter__(self) -> Any:
            self.reads += 1
            if self.reads > 3:
                signal.raise_signal(signal.SIGINT)
            return super().__iter__()

    compass = Compass(epochs=1, **SETTINGS)
    compass.train_compass(TEXTS.values())
    with pytest.raises((KeyboardInterrupt, ValueError)):
        compass.train_slices({"old": Interrupts(TEXTS["old"]), "new": [["unknown"]]})
    assert not compass.slices


# --- rotations ---


def turned(vectors: KeyedVectors, seed: int = 0) -> tuple[KeyedVectors, Any]:
    rotation = ortho_group.rvs(vectors.vector_size, random_state=seed)
    return vectors.with_vectors((vectors.vectors @ rotation).astype(np.float32)), rotation


@pytest.fixture(scope="module")
def plain() -> KeyedVectors:
    made = KeyedVectors(10)
    made.add_vectors([f"w{n}" for n in range(200)], np.random.default_rng(1).normal(size=(200, 10)))
    return made


@pytest.mark.parametrize("options", [{}, {"top": 50}, {"center": True}, {"normalize": False}], ids=str)
def test_a_turn_is_found_and_undone(plain: KeyedVectors, options: dict[str, Any]) -> None:
    other, _ = turned(plain)
    before = other.vectors.copy()
    back = align(other, plain, **options)
    np.testing.assert_allclose(back.vectors, plain.vectors, atol=1e-5)
    np.testing.assert_array_equal(other.vectors, before)
    assert max(shifts(back, plain).values()) < 1e-6 < 0.1 < max(shifts(other, plain).values())


def test_some_words_decide(plain: KeyedVectors) -> None:
    other, _ = turned(plain)
    other.vectors[:100] = np.random.default_rng(2).normal(size=(100, 10))
    back = align(other, plain, words=[f"w{n}" for n in range(100, 200)] + ["unknown"])
    np.testing.assert_allclose(back.vectors[100:], plain.vectors[100:], atol=1e-5)
    assert {word for word, _ in most_shifted(back, plain, 100)} == {f"w{n}" for n in range(100)}


def test_models_of_different_words_are_aligned() -> None:
    old = Word2Vec(TEXTS["old"], epochs=10, sample=0, **SETTINGS)
    new = Word2Vec([*TEXTS["new"], ["extra", "a1"]], epochs=10, sample=0, **SETTINGS | {"seed": 2})
    back = align(old, new)
    assert back.index_to_key == old.wv.index_to_key
    assert {word for word, _ in most_shifted(back, new, 4)} == SWAP.keys()
    assert "extra" not in shifts(back, new)


def test_what_cannot_be_turned_is_refused(plain: KeyedVectors) -> None:
    with pytest.raises(ValueError, match="10 dimensions cannot be turned into a space of 3"):
        align(plain, KeyedVectors(3))
    with pytest.raises(ValueError, match="0 words are in both"):
        align(plain, KeyedVectors(10))
    with pytest.raises(TypeError, match="to is of type list"):
        align(plain, [])
    with pytest.raises(ValueError, match="not in one space"):
        shifts(plain, KeyedVectors(3), [])
    with pytest.raises(KeyError, match="unknown"):
        shifts(plain, plain, ["unknown"])
    with pytest.raises(ValueError, match="measure='far'"):
        shifts(plain, plain, measure="far")  # type: ignore[arg-type]


def test_neighbors_need_no_common_space(plain: KeyedVectors) -> None:
    other, _ = turned(plain)
    assert max(shifts(plain, other, measure="neighbors").values()) < 1e-5


def test_neighbors_are_as_the_paper_has_them(plain: KeyedVectors) -> None:
    other = KeyedVectors(10)
    other.add_vectors(plain.index_to_key, np.random.default_rng(3).normal(size=(200, 10)))
    got = shifts(plain, other, ["w7"], measure="neighbors", neighbors=5)["w7"]
    near = {word for of in (plain, other) for word, _ in of.most_similar("w7", topn=5)}
    a, b = ([float(of.similarity("w7", word)) for word in sorted(near)] for of in (plain, other))
    assert got == pytest.approx(1 - np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-6)


# --- the attributes that the compass packages set ---


@pytest.mark.parametrize(
    ("attribute", "frozen", "moved"), [("learn_hidden", "out", "in"), ("learn_vectors", "in", "out")]
)
@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.trains_again
def test_what_is_not_to_be_learnt_stands_still(attribute: str, frozen: Any, moved: Any, sg: int) -> None:
    model = Word2Vec(TEXTS["old"], epochs=1, sg=sg, sample=0, **SETTINGS)
    before = {space: model.vectors(space).copy() for space in ("in", "out")}
    setattr(model, attribute, False)
    model.train(TEXTS["old"], total_examples=model.corpus_count, epochs=1)
    np.testing.assert_array_equal(model.vectors(frozen), before[frozen])
    assert np.abs(model.vectors(moved) - before[moved]).max() > 1e-3
    before = {space: model.vectors(space).copy() for space in ("in", "out")}
    model.train_pairs(["a1"], ["a2"], epochs=1)
    np.testing.assert_array_equal(model.vectors(frozen), before[frozen])
    model.train_pairs(["a1"], ["a2"], epochs=1, freeze=moved)  # what is given goes before
    assert np.abs(model.vectors(frozen) - before[frozen]).max() > 0


def test_the_attributes_are_saved(tmp_path: Path) -> None:
    model = Word2Vec(TEXTS["old"], epochs=1, **SETTINGS)
    model.learn_hidden = False  # type: ignore[attr-defined]
    model.save(tmp_path / "model")
    assert fastw2v.Word2Vec.load(tmp_path / "model").learn_hidden is False  # type: ignore[attr-defined]


def test_nothing_to_learn_is_an_error() -> None:
    model = Word2Vec(TEXTS["old"], epochs=1, **SETTINGS)
    model.learn_hidden = model.learn_vectors = False  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="both False, so nothing would be trained"):
        model.train(TEXTS["old"], total_examples=model.corpus_count, epochs=1)
    model.learn_hidden = "no"  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="learn_hidden is 'no'"):
        model.train(TEXTS["old"], total_examples=model.corpus_count, epochs=1)


@pytest.mark.parametrize("mode", ["hidden", "both", "copy"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:the learning rate starts")  # of mode "copy"
def test_cade_runs_with_its_import_swapped(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed package CADE, which brings a gensim of its own to be installed: that is not needed."""
    source = importlib.util.find_spec("cade")
    if source is None or source.submodule_search_locations is None:
        pytest.skip("runs the package cade")
    program = (Path(source.submodule_search_locations[0]) / "cade.py").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "cade.cade"}
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    exec(compile(program.replace("import gensim", "import fastw2v as gensim"), "cade.py", "exec"), names)
    (tmp_path / "all").mkdir()
    for name, text in TEXTS.items():
        lines = "\n".join(map(" ".join, text))
        (tmp_path / f"{name}.txt").write_text(lines)
        (tmp_path / "all" / name).write_text(lines)
    aligner = names["CADE"](size=20, min_count=1, workers=1, opath=str(tmp_path / "out"), init_mode=mode)
    aligner.train_compass(str(tmp_path / "all"), overwrite=True)
    common = aligner.compass
    slices = {name: aligner.train_slice(str(tmp_path / f"{name}.txt")) for name in TEXTS}
    for model in slices.values():
        rows = [common.wv.key_to_index[word] for word in model.wv.index_to_key]
        np.testing.assert_array_equal(model.syn1neg, common.syn1neg[rows])
        assert not np.array_equal(model.wv.vectors, common.wv.vectors[rows])
    old, new = (slices[name].wv for name in TEXTS)
    moved = {word: old.cosine_similarities(old[word], [new[word]])[0] for word in old.index_to_key}
    assert set(sorted(moved, key=moved.__getitem__)[:4]) == set(SWAP)
