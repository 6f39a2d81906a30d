"""What is in a file that a command is given: a model, vectors, or an index, of this program or of others."""

from __future__ import annotations

import os
import re
from typing import Any, Literal, TypeVar

from fastw2v import paths
from fastw2v.cli.options import TRAINING_OPTIONS
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError, TruncatedError
from fastw2v.formats.streams import name_kind, open_stream
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.text.once import kind_of_once
from fastw2v.word2vec import Word2Vec

Held = TypeVar("Held", Word2Vec, KeyedVectors)
Kind = Literal["Word2Vec", "KeyedVectors", "DESMIndex", "gensim", "text", "text without header", "binary"]

_OWN: tuple[Kind, ...] = ("Word2Vec", "KeyedVectors", "DESMIndex")
_HEADER = re.compile(rb"\s*(\d{1,18})\s+(\d{1,9})\s*\n")
_LINE = 1 << 20  # bytes: no line of a text with vectors is longer
_FIRST = 10  # words that are shown


def kind_of(path: str) -> Kind:
    """Return what a file is; FormatError if it is nothing that fastw2v reads."""
    from fastw2v.formats import gensim_pickle

    if (once := kind_of_once(path)) is not None:
        raise ValueError(f"{path} is {once}, and is read more than once: write it to a file and give that")
    if gensim_pickle.is_pickle(path):
        return "gensim"
    head, first, second = _beginning(path)
    if head[4:9] == b"\0\0\0\0{":  # the length of a header, and its first byte
        kind = native.read(path, wanted=lambda _: False)[1].get("kind")
        for known in _OWN:
            if kind == known:
                return known
        raise FormatError(f"{path} holds a {kind} object, which this version of fastw2v does not know")
    header = _HEADER.fullmatch(first)
    if header is None:
        fields = first.split()
        if len(fields) > 2 and _are_numbers(fields[1:]):
            return "text without header"
        found = name_kind(head) if head else "empty"
        raise FormatError(
            f"{path} holds no model, vectors or index: give a file that fastw2v, gensim or word2vec wrote"
            + (f"; this one is {found}" if found else "")
        )
    width = int(header[2])
    fields = second.split()
    is_text = not fields or (len(fields) > width and _are_numbers(fields[-width:]))
    return "text" if is_text else "binary"


def _beginning(path: str) -> tuple[bytes, bytes, bytes]:
    """Return the first bytes of a file, its first line and its second, decompressed."""
    with open_stream(path) as stream:
        return stream.head, stream.file.readline(_LINE), stream.file.readline(_LINE)


def _are_numbers(fields: list[bytes]) -> bool:
    try:
        return all(float(field) is not None for field in fields)
    except ValueError:
        return False


def load_words(path: str) -> Word2Vec | KeyedVectors:
    """Load a model, or vectors without one; matrices are mapped where that can be done."""
    kind = kind_of(path)
    if kind == "DESMIndex":
        raise FormatError(
            f"{path} holds a DESM index: give a model or vectors; `fastw2v desm search` asks it"
        )
    if kind in ("text", "text without header", "binary"):
        return load_vectors(path, kind)
    if kind != "KeyedVectors":
        try:
            return _load(Word2Vec, path)
        except AttributeError:  # vectors of gensim
            pass
    return _load(KeyedVectors, path)


def load_vectors(path: str, kind: Kind, limit: int | None = None) -> KeyedVectors:
    """Load vectors in one of word2vec's formats."""
    try:
        return KeyedVectors.load_word2vec_format(
            path,
            binary=kind == "binary",
            no_header=kind == "text without header",
            limit=limit,
            on_bad_values="drop",  # with a warning: no option of a command says otherwise
        )
    except TruncatedError as error:  # whose advice is an argument of Python
        raise TruncatedError(
            f"{error} (in Python: KeyedVectors.load_word2vec_format, then save, and give the new file)"
        ) from None


def _load(of: type[Held], path: str) -> Held:
    """Load a file, mapped if it is a local one that is neither compressed nor badly aligned."""
    if not paths.is_remote(path):
        try:
            return of.load(path, mmap="r")
        except (OSError, FormatError):
            pass  # what else is wrong with it will be said again
    return of.load(path)


# --- facts ---


def facts_of(path: str) -> dict[str, Any]:
    """Return what a file is and holds, as an object for JSON."""
    kind = kind_of(path)
    about: dict[str, Any] = {"file": path}
    if not paths.is_remote(path):
        about["bytes"] = os.path.getsize(path)
    if kind == "DESMIndex":
        return about | _facts_of_index(path)
    if kind in ("text", "binary"):
        # Only the first rows are read: it may be large, and the header says the rest.
        words = load_vectors(path, kind, limit=_FIRST)
        size = next(int(header[1]) for header in [_HEADER.match(_beginning(path)[1])] if header)
        return about | _facts_of_vectors(f"vectors, word2vec {kind}", words, size)
    held = load_words(path)
    of = "gensim " if kind == "gensim" else ""
    if isinstance(held, Word2Vec):
        return about | _facts_of_model(f"{of}model", held)
    if kind == "text without header":
        return about | _facts_of_vectors(f"vectors, {kind}", held, len(held))
    attributes = {"dtype": str(held.vectors.dtype), "attributes": sorted(held.expandos)}
    return about | _facts_of_vectors(f"{of}vectors", held, len(held)) | attributes


def _facts_of_model(kind: str, model: Word2Vec) -> dict[str, Any]:
    """Return what a model is and how it was trained."""
    matrices = {name: getattr(model, name, None) for name in ("syn0", "syn1neg", "syn1")}
    on = {"negative sampling": model.negative, "hierarchical softmax": model.hs}
    return {
        "kind": kind,
        "vocabulary": len(model.wv),
        "vector_size": model.vector_size,
        "model": "skip-gram" if model.sg else "CBOW",
        "objectives": [name for name, value in on.items() if value],
        "matrices": {name: list(found.shape) for name, found in matrices.items() if found is not None},
        "settings": {name: getattr(model, name) for name in TRAINING_OPTIONS},
        "corpus_words": model.corpus_total_words,
        "corpus_sentences": model.corpus_count,
        "history": model.history,
        "first_words": list(model.wv.index_to_key[:_FIRST]),
    }


def _facts_of_vectors(kind: str, words: KeyedVectors, size: int) -> dict[str, Any]:
    """Return what vectors are."""
    return {
        "kind": kind,
        "vocabulary": size,
        "vector_size": words.vector_size,
        "first_words": list(words.index_to_key[:_FIRST]),
    }


def _facts_of_index(path: str) -> dict[str, Any]:
    """Return what an index of documents is."""
    from fastw2v.desm import files

    index = files.read(path, None if paths.is_remote(path) else "r", "structure")
    weights = index.weights if index.weights is None or isinstance(index.weights, str) else "given"
    documents = index.documents
    return {
        "kind": "DESM index",
        "documents": len(documents.by_row),
        "spaces": index.spaces,
        "centered": index.center,
        "weights": weights,
        "precision": documents.centroids.precision,
        "bm25": None if documents.bm25 is None else {"k1": documents.bm25.k1, "b": documents.bm25.b},
        "tokenizer": "custom" if index.own_tokenizer else "tokenize",
        "vocabulary": len(index.words),
        "vector_size": index.query_rows.shape[1],
        "first_documents": documents.by_row[:_FIRST],
        "first_words": index.words[:_FIRST],
    }
