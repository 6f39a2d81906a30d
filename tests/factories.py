"""What several test files begin with: texts, models of every mode, files, and comparisons to the last bit."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec, utils
from fastw2v.columns import Ragged
from fastw2v.vocabulary.huffman import HuffmanTree

# It stands on a compiled package that has wheels for some machines only.
NEEDS_IR_MEASURES = pytest.mark.skipif(
    importlib.util.find_spec("ir_measures") is None, reason="measures of rankings need ir_measures"
)

NO_GENSIM = "gensim has no wheel for this Python, or is not installed"
IGNORE_OLDER = pytest.mark.filterwarnings("ignore:.*is an older spelling:DeprecationWarning")

# --- settings ---

NEG, HS, BOTH = {"hs": 0, "negative": 5}, {"hs": 1, "negative": 0}, {"hs": 1, "negative": 5}
MODES = {
    "sg-neg": {"sg": 1, **NEG},
    "sg-hs": {"sg": 1, **HS},
    "sg-both": {"sg": 1, **BOTH},
    "cbow-neg": {"sg": 0, **NEG},
    "cbow-hs": {"sg": 0, **HS},
    "cbow-both": {"sg": 0, **BOTH},
}
STEPS = ["pair", "window"]
SMALL: dict[str, Any] = {"vector_size": 12, "min_count": 1, "workers": 1, "progress": False}
UNSAMPLED = SMALL | {"sample": 0}

# Models that files and copies must hold whole.
KINDS: dict[str, dict[str, Any]] = {
    "neg": {},
    "hs": {"hs": 1, "negative": 0},
    "both": {"hs": 1, "sg": 1, "compute_loss": True, "comment": "naïve"},
    "window": {"sg": 1, "step": "window"},
    "baskets": {"baskets": True},
}

# --- texts ---


def text(sentences: int = 200, words: int = 60, seed: int = 0) -> list[list[str]]:
    """Sentences of 1 to 20 words, w0 the most frequent."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 21, sentences)
    return [[f"w{min(rng.zipf(1.5), words) - 1}" for _ in range(length)] for length in lengths]


TEXT = text()
RAW = sum(map(len, TEXT))
LONGER = text(4000, 300, seed=3)  # some 42,000 words: several blocks of a stream
TOPICS = [["human", "interface", "computer"], ["graph", "trees", "user", "system"], ["graph", "minors"]] * 20


def topics(sentences: int, seed: int = 3) -> list[list[str]]:
    """Words of ten topics, each with its own Zipfian vocabulary, and words that all share."""
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, 13)
    made = []
    for topic in rng.integers(0, 10, sentences):
        words = rng.choice(12, 8, p=p / p.sum())
        common = rng.random(8) < 0.3
        made.append([f"c{w}" if shared else f"t{topic}.{w}" for w, shared in zip(words, common, strict=True)])
    return made


class Restartable:
    """An iterable that is none of the library's own; `start()` gives each pass, and `passes` counts them."""

    def __init__(self, start: Callable[[], Iterable[Any]]) -> None:
        self.start = start
        self.passes = 0

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        return iter(self.start())


class ReturnsItself:
    """An iterator whose `__iter__` begins anew: bad style, but restartable."""

    def __init__(self, sentences: list[Any]) -> None:
        self.sentences = sentences

    def __iter__(self) -> ReturnsItself:
        self.left = iter(self.sentences)
        return self

    def __next__(self) -> Any:
        return next(self.left)


# --- files ---


def write(path: Path, content: str | bytes) -> str:
    """Write a file, compressed as its name says, and return its path as people give it."""
    with utils.open(path, "wb") as out:
        out.write(content if isinstance(content, bytes) else content.encode())
    return str(path)


def written(folder: Path, name: str, sentences: list[list[str]]) -> Path:
    """Write a text, one sentence per line, compressed as its name says."""
    return Path(write(folder / name, "".join(" ".join(sentence) + "\n" for sentence in sentences)))


def saved(model: Word2Vec | KeyedVectors, **options: Any) -> io.BytesIO:
    """The file that a model or vectors save, in memory."""
    file = io.BytesIO()
    model.save(file, **options)
    file.seek(0)
    return file


# --- models ---


def small(corpus: Any = TEXT, **settings: Any) -> Word2Vec:
    return Word2Vec(corpus, **(SMALL | settings))


def unsampled(corpus: Any = TEXT, **settings: Any) -> Word2Vec:
    return Word2Vec(corpus, **(UNSAMPLED | settings))


def trained(**settings: Any) -> Word2Vec:
    """With the settings that users leave alone."""
    return Word2Vec(TOPICS, **{"vector_size": 4, "min_count": 1, "workers": 1, **settings})


KEYS = [f"w{i}" for i in range(60)]
ROWS = np.random.default_rng(0).standard_normal((60, 9)).astype(np.float32)


def few_vectors(dtype: Any = np.float32) -> KeyedVectors:
    kv = KeyedVectors(9, dtype=dtype)
    kv.add_vectors(KEYS, ROWS)
    return kv


def trained_vectors() -> KeyedVectors:
    """With all the attributes that training gives."""
    kv = few_vectors()
    counts = np.arange(60, 0, -1) ** 2
    tree = HuffmanTree.from_counts(counts)
    kv.expandos = {
        "count": counts,
        "sample_int": np.arange(60, dtype=np.uint32) + 2**31,
        "code": Ragged(tree.codes, tree.starts),
        "point": Ragged(tree.points, tree.starts),
    }
    kv.vectors_lockf = np.ones(1, dtype=np.float32)
    return kv


def gensim_twin(kv: KeyedVectors) -> Any:
    """gensim's KeyedVectors with the same keys, vectors and counts."""
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    twin = gensim.models.KeyedVectors(kv.vector_size, dtype=kv.vectors.dtype)
    twin.add_vectors(kv.index_to_key, kv.vectors)
    if "count" in kv.expandos:
        for word in kv.index_to_key:
            twin.set_vecattr(word, "count", int(kv.get_vecattr(word, "count")))
    return twin


# --- comparisons ---


def matrices(model: Word2Vec) -> dict[str, np.ndarray]:
    """Copies of all matrices that a model has."""
    return {name: getattr(model, name).copy() for name in ("syn0", "syn1", "syn1neg") if hasattr(model, name)}


def assert_same(one: Any, other: Any, at: str = "") -> None:
    """Both hold the same, bit for bit, down to the last attribute. `at`: where in the whole they are."""
    assert type(one) is type(other), at
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, err_msg=at, strict=True)
    elif isinstance(one, np.random.RandomState):
        assert_same(one.get_state(), other.get_state(), at)
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), at
        for key in one:
            assert_same(one[key], other[key], f"{at}[{key!r}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), at
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{at}[{place}]")
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{at}.{field.name}")
    elif hasattr(one, "__dict__") and not callable(one):
        assert_same(vars(one), vars(other), at)
    else:
        assert one == other, at


def assert_close(ours: Any, theirs: Any) -> None:
    """Same types all the way down; the same keys; numbers within 1e-6."""
    assert type(ours) is type(theirs), (ours, theirs)
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_close(one, other)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    elif isinstance(theirs, float | np.floating):
        assert ours == pytest.approx(theirs, abs=1e-6)
    else:
        assert ours == theirs


def threads() -> list[str]:
    """Names of the library's threads that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


def assert_usable(model: Word2Vec) -> None:
    """Nobody is left, everything is finite, and it learns."""
    assert not threads()
    before = matrices(model)
    assert all(np.isfinite(matrix).all() for matrix in before.values())
    trained, raw = model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert raw == RAW and trained > 0
    assert not np.array_equal(model.syn0, before["syn0"])
    assert not threads()


def unaligned(array: np.ndarray) -> np.ndarray:
    """Return a copy whose numbers begin at odd addresses."""
    room = bytearray(b"x" + array.tobytes())
    return np.frombuffer(room, np.uint8)[1:].view(array.dtype).reshape(array.shape)


def chained_keys() -> list[int]:
    """Return numbers that a dict can hardly hold: many are found at the end of one long chain of places."""
    size, chain = 2**15, [0]
    while len(chain) < 20_000:
        chain.append((5 * chain[-1] + 1) % size)
    taken = np.zeros(size, dtype=bool)
    taken[chain] = True
    tried = np.random.default_rng(0).integers(2**60, size=2_000_000, dtype=np.uint64)
    place, rest, into = tried % size, tried.copy(), np.ones(len(tried), dtype=bool)
    for _ in range(13):  # as many as 60 bits have groups of 5
        into &= taken[place]
        rest >>= np.uint64(5)
        place = (5 * place + rest + np.uint64(1)) % size
    return [*chain, *tried[into & taken[place]][:1800].tolist()]


# --- the system ---


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may become larger, as if the disk were full."""
    resource = pytest.importorskip("resource", reason="the limit is one of POSIX")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
