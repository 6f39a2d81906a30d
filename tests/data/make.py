"""How the files in this folder were made; they are never written again.

`python tests/data/make.py` adds what is missing. `model.fw2v` and `vectors.fw2v` are the first, of format 1,
and `tests/test_saving.py` knows what is in them. All others are in `golden.json`: which version wrote each,
and what it held and answered then; `tests/test_golden.py` reads them. To keep a file of another kind, write a
function in `KINDS` and run this once.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v import KeyedVectors, Word2Vec, __version__
from fastw2v.desm import DESM, DESMIndex
from fastw2v.formats import native

FOLDER = Path(__file__).resolve().parent
FACTS = FOLDER / "golden.json"

TEXT = [
    ["the", "cat", "says", "meow"],
    ["the", "dog", "says", "woof"],
    ["a", "cow", "says", "moo", "and", "the", "cat", "says", "meow"],
    ["größer", "ist", "der", "Hund"],
] * 5
DOCUMENTS = {
    "cats": "the cat says meow",
    7: "the dog says woof",
    "cows": "a cow says moo moo",
    "none": "unheard of",
}
QUERIES = ["cat meow", "woof unheard", "nothing"]
SMALL: dict[str, Any] = {
    "vector_size": 5,
    "min_count": 1,
    "workers": 1,
    "epochs": 2,
    "seed": 7,
    "progress": False,
}


def sg_neg() -> Word2Vec:
    return Word2Vec(TEXT, sg=1, **SMALL)


def cbow_hs() -> Word2Vec:
    return Word2Vec(TEXT, sg=0, hs=1, negative=0, **SMALL)


def both() -> Word2Vec:
    """With all that a model may hold in format 1."""
    model = Word2Vec(comment="größer", sg=1, hs=1, negative=3, compute_loss=True, **SMALL)
    model.build_vocab(TEXT, keep_raw_vocab=True)
    model.train(TEXT, total_examples=model.corpus_count, epochs=2, compute_loss=True)
    model.wv.set_vecattr("cat", "weight", 1.5)
    model.wv.set_vecattr("dog", "tag", ["animal", 5, None])
    return model


def baskets() -> Word2Vec:
    return Word2Vec(TEXT, baskets=True, sample=0, **SMALL)


def keys() -> Word2Vec:
    """Words that are no text, which came with format 2."""
    words = [("a", 1), b"bytes", 3, 2.5, datetime.date(2026, 1, 2), 10**30, "\ud800", frozenset({"x"})]
    return Word2Vec([words] * 5, **SMALL)


def edited() -> Word2Vec:
    """Words cut and named by hand, which the outputs do not follow; attributes of a user. Format 2."""
    model: Any = Word2Vec(TEXT, sg=1, **SMALL)
    wv = model.wv
    wv.vectors, wv.index_to_key = wv.vectors[:6].copy(), wv.index_to_key[:6]
    wv.expandos = {name: column[:6] for name, column in wv.expandos.items()}
    wv.key_to_index = {key: row for row, key in enumerate(wv.index_to_key)}
    wv.key_to_index["alias"] = 2
    model.mine = {"when": datetime.datetime(2026, 1, 2, 3, 4), "set": {1, 2}}
    wv.more = np.arange(3, dtype=np.float32)
    return model


class Keep(logging.Handler):
    """Keeps a copy of the n-th checkpoint that is written."""

    def __init__(self, path: str, number: int) -> None:
        super().__init__()
        self.path = path
        self.left = number

    def emit(self, record: logging.LogRecord) -> None:
        self.left -= "checkpoint written" in record.getMessage()
        if not self.left and not os.path.exists(f"{self.path}-kept"):
            shutil.copy(self.path, f"{self.path}-kept")


def checkpoint() -> Word2Vec:
    """A run that stands within its second epoch."""
    logger = logging.getLogger("fastw2v.word2vec")
    logger.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/run"
        logger.addHandler(keep := Keep(path, 20))
        run = {"checkpoint": path, "checkpoint_every": 1e-9, "batch_words": 10, "compute_loss": True}
        Word2Vec(TEXT, sg=1, step="pair", **SMALL, **run)
        logger.removeHandler(keep)
        return Word2Vec.load(f"{path}-kept")


def vectors() -> KeyedVectors:
    kv = KeyedVectors(3)
    kv.add_vectors(
        ["a", 5, "\ud800"], np.arange(9, dtype=np.float32).reshape(3, 3), extras={"count": [3, 2, 1]}
    )
    return kv


def vectors_float16() -> KeyedVectors:
    """Keys that are no text, and an attribute of a user. Format 2."""
    kv: Any = KeyedVectors(2, dtype=np.float16)
    kv.add_vectors([("x", 1), "y"], np.array([[1, 0.5], [0.25, 1]], dtype=np.float16))
    kv.source = Path("somewhere")
    return kv


def index_bm25() -> DESMIndex:
    return DESM(sg_neg(), weights="idf").index(DOCUMENTS.values(), DOCUMENTS, bm25=True)


def index_float16() -> DESMIndex:
    index = DESM(sg_neg(), "in-in", center=False).index(DOCUMENTS.values(), DOCUMENTS, precision="float16")
    index.remove(["none"])
    return index


def index_int8() -> DESMIndex:
    model = DESM(sg_neg(), weights={"cat": 2.0, "meow": 1.0, "dog": 0.5, "woof": 1}, preset="paper")
    return model.index(DOCUMENTS.values(), bm25=(1.5, 0.5), precision="int8")


KINDS: dict[str, Callable[[], Any]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(sg_neg, cbow_hs, both, baskets, keys, edited, checkpoint, vectors, vectors_float16),
        *(index_bm25, index_float16, index_int8),
    )
}


def digest(array: Any) -> str:
    """Return the SHA-256 of an array's shape, type and numbers, the same on every machine."""
    plain = np.ascontiguousarray(array)
    plain = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode() + plain.tobytes()).hexdigest()


def answers_of(kv: KeyedVectors) -> list[Any]:
    """Return the nearest neighbours of the first words; keys by their `repr`."""
    return [
        [[repr(key), round(float(score), 6)] for key, score in kv.similar_by_vector(kv.vectors[row], topn=3)]
        for row in range(2)
    ]


def facts_of(obj: Any) -> dict[str, Any]:
    """Return what an object holds and answers, as JSON has it."""
    if isinstance(obj, DESMIndex):
        return facts_of_index(obj)
    kv = obj if isinstance(obj, KeyedVectors) else obj.wv
    facts = {
        "keys": list(map(repr, kv.index_to_key)),
        "rows": {repr(key): row for key, row in kv.key_to_index.items()},
        "vectors": digest(kv.vectors),
        "columns": {
            name: repr([np.asarray(one).tolist() for one in column]) for name, column in kv.expandos.items()
        },
        "nearest": answers_of(kv),
        "extras": {name: repr(getattr(kv, name)) for name in ("more", "source") if hasattr(kv, name)},
    }
    if kv is obj:
        return facts
    matrices = ("syn1", "syn1neg", "cum_table")
    settings = (
        "sg",
        "hs",
        "negative",
        "window",
        "epochs",
        "seed",
        "step",
        "baskets",
        "comment",
        "train_count",
    )
    return facts | {
        "matrices": {
            name: digest(getattr(obj, name)) for name in matrices if getattr(obj, name, None) is not None
        },
        "settings": {name: repr(getattr(obj, name)) for name in settings},
        "history": [[one["words"], one["examples"], one["loss"], one["alpha"]] for one in obj.history],
        "random": digest(obj.random.get_state()[1]),
        "raw_vocab": {repr(word): count for word, count in obj.raw_vocab.items()},
        "mine": repr(getattr(obj, "mine", None)),
        "checkpoint": stand_of(obj._checkpoint),
    }


def stand_of(checkpoint: Any) -> dict[str, Any] | None:
    """Return where a run stands."""
    if checkpoint is None:
        return None
    floats = {"job_loss", "job_seconds", "seconds"}
    return {name: repr(value) for name, value in vars(checkpoint).items() if name not in floats | {"random"}}


def facts_of_index(index: DESMIndex) -> dict[str, Any]:
    mixes = (None, "raw", "zscore", "rrf") if index.bm25 is not None else (None,)
    return {
        "ids": list(map(repr, index.ids)),
        "spaces": index.desm.spaces,
        "center": index.desm.center,
        "bm25": list(index.desm.bm25),
        "fingerprint": index.desm.fingerprint,
        "query_rows": digest(index.desm.query_rows),
        "answers": {
            f"{mix} {query}": [
                [repr(name), round(score, 6)] for name, score in index.search(query, 4, mix=mix)
            ]
            for mix in mixes
            for query in QUERIES
        },
    }


def version_in(path: Path) -> str:
    """Return the format that a file says."""
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return str(header["__metadata__"]["format_version"])


def main() -> None:
    """Write the files that are not there."""
    known = json.loads(FACTS.read_text("utf8")) if FACTS.exists() else {}
    for name, make in KINDS.items():
        path = FOLDER / f"{__version__}-{name}.fw2v"
        if any(other["kind"] == name for other in known.values()):
            continue
        if path.exists():
            sys.exit(f"{path} is there, but not in {FACTS}")
        made = make()
        made.save(path)
        kind = type(made).__name__
        facts = facts_of(type(made).load(path))
        known[path.name] = {
            "kind": name,
            "class": kind,
            "version": __version__,
            "format": version_in(path),
        } | facts
    if not (FOLDER / "not-ours.pickle").exists():
        (FOLDER / "not-ours.pickle").write_bytes(pickle.dumps({"vectors": [1.0], "words": ["a"]}, protocol=4))
    FACTS.write_text(json.dumps(known, indent=1, ensure_ascii=True) + "\n", "utf8")
    assert native.FORMAT_VERSION == 2, "keep files of the new format, too"


if __name__ == "__main__":
    main()
