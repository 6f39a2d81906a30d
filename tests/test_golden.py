"""Files that were kept when they were written: they open for ever, and answer what they answered then."""

from __future__ import annotations

import importlib.util
import json
import math
import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import DESMIndex
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError

DATA = Path(__file__).parent / "data"
GOLDEN: dict[str, dict[str, Any]] = json.loads((DATA / "golden.json").read_text("utf8"))
CLASSES: dict[str, Any] = {cls.__name__: cls for cls in (Word2Vec, KeyedVectors, DESMIndex)}

spec = importlib.util.spec_from_file_location("golden_make", DATA / "make.py")
assert spec is not None and spec.loader is not None
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

EVERY = pytest.mark.parametrize("name", GOLDEN)


def kept(name: str) -> tuple[Any, dict[str, Any]]:
    """Return the class of a file, and what is recorded of it."""
    facts = dict(GOLDEN[name])
    for about in ("kind", "version", "format"):
        del facts[about]
    return CLASSES[facts.pop("class")], facts


def assert_equal(found: Any, recorded: Any) -> None:
    """The same, with floats within 1e-5: they are those of another machine's arithmetic."""
    if isinstance(recorded, float) and isinstance(found, int | float):
        assert math.isclose(found, recorded, rel_tol=1e-5, abs_tol=1e-5)
    elif isinstance(recorded, dict):
        assert found.keys() == recorded.keys()
        for key, value in recorded.items():
            assert_equal(found[key], value)
    elif isinstance(recorded, list):
        assert len(found) == len(recorded)
        for one, other in zip(found, recorded, strict=True):
            assert_equal(one, other)
    else:
        assert found == recorded


def test_each_file_is_recorded_and_small() -> None:
    files = {path.name for path in DATA.glob("*.fw2v")}
    assert files == {"model.fw2v", "vectors.fw2v", *GOLDEN}
    assert set(make.KINDS) <= {facts["kind"] for facts in GOLDEN.values()}, "run tests/data/make.py"
    assert sum(path.stat().st_size for path in DATA.iterdir() if path.is_file()) < 150_000
    assert {facts["format"] for facts in GOLDEN.values()} == set(
        map(str, range(1, native.FORMAT_VERSION + 1))
    )


@EVERY
@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_it_answers_what_it_answered(name: str, mmap: Any) -> None:
    cls, facts = kept(name)
    before = (DATA / name).read_bytes()
    assert_equal(make.facts_of(cls.load(DATA / name, mmap=mmap, verify="full")), facts)
    assert (DATA / name).read_bytes() == before


@EVERY
def test_what_is_saved_of_it_is_the_same(name: str, tmp_path: Path) -> None:
    """In the same format, so that the version that wrote the file reads it, too."""
    cls, facts = kept(name)
    cls.load(DATA / name).save(tmp_path / "again")
    assert make.version_in(tmp_path / "again") == GOLDEN[name]["format"]
    assert_equal(make.facts_of(cls.load(tmp_path / "again", verify="full")), facts)
    raw, again = (native.read(path)[0] for path in (DATA / name, tmp_path / "again"))
    logs = {"logs"}  # that it was loaded and saved is in them
    assert raw.keys() - logs == again.keys() - logs
    assert all((raw[key] == again[key]).all() for key in raw.keys() - logs)


@EVERY
def test_it_goes_on(name: str) -> None:
    cls, _ = kept(name)
    loaded = cls.load(DATA / name)
    if cls is Word2Vec and GOLDEN[name]["kind"] == "edited":
        with pytest.raises(ValueError, match="syn1neg"):
            loaded.train(make.TEXT, total_examples=len(make.TEXT), epochs=1)
    elif GOLDEN[name]["kind"] == "checkpoint":
        assert loaded.train(make.TEXT, resume=True)[1] and len(loaded.history) == loaded.epochs == 2
    elif cls is Word2Vec:
        text = make.TEXT if "cat" in loaded.wv else [loaded.wv.index_to_key] * 5
        low = {"start_alpha": 1e-5, "end_alpha": 1e-5}  # not above where it stopped
        trained, words = loaded.train(text, total_examples=len(text), epochs=3, **low)
        assert trained and words and loaded.train_count == 2
        loaded.build_vocab([["new", "words"]], update=True)
        assert loaded.train(text, total_examples=len(text), epochs=1, **low)[1]
    elif cls is KeyedVectors:
        loaded.add_vectors(["new"], np.zeros((1, loaded.vector_size)))
        assert loaded.most_similar("new", topn=1)
    else:
        loaded.remove(loaded.ids[:1])
        loaded.compact()
        assert loaded.search("woof", 1)
        other = make.both()
        with pytest.raises(ValueError, match="another model"):
            DESMIndex.load(DATA / name, other)


@pytest.mark.parametrize("kind", ["index-bm25", "index-float16", "index-int8"])
def test_an_index_grows_with_its_model(kind: str) -> None:
    """The model that the indices are of was kept, too."""
    (name,) = (name for name, facts in GOLDEN.items() if facts["kind"] == kind)
    (of,) = (name for name, facts in GOLDEN.items() if facts["kind"] == "sg-neg")
    index = DESMIndex.load(DATA / name, Word2Vec.load(DATA / of))
    index.add(["cat cat meow"], ["new"])
    assert "new" in [found for found, _ in index.search("meow cat", 2)]


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_a_pickle_of_something_else_is_not_read(cls: Any) -> None:
    with pytest.raises(FormatError, match="not-ours.pickle: ") as said:
        cls.load(DATA / "not-ours.pickle")
    assert cls is DESMIndex or isinstance(said.value, pickle.UnpicklingError)


@EVERY
def test_of_a_newer_format_the_version_that_reads_it_is_told(name: str, tmp_path: Path) -> None:
    cls, _ = kept(name)
    path = tmp_path / "newer"
    shutil.copy(DATA / name, path)
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    newest = native.FORMAT_VERSION
    header["__metadata__"].update(format_version=str(newest + 1), writer="fastw2v 3.4.5")
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + size :])
    with pytest.raises(FormatError) as said:
        cls.load(path)
    for part in (
        str(path),
        "needs fastw2v ≥ 3.4.5",
        f"format {newest + 1}",
        f"up to {newest}",
        "pip install -U fastw2v",
    ):
        assert part in str(said.value)
