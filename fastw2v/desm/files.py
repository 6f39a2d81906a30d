"""An index in one file: its documents, and the words with their vectors for queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v import paths
from fastw2v.desm.bm25 import BM25, DEFAULT_BM25, are_constants
from fastw2v.desm.centroids import Centroids
from fastw2v.desm.store import DocumentStore
from fastw2v.formats import native
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.formats.typed import shown
from fastw2v.query.choices import PRECISIONS, SPACE_PAIRS, SpacePair

Array = npt.NDArray[Any]

KIND = "DESMIndex"


@dataclass(frozen=True)
class SavedIndex:
    """What is in a file."""

    spaces: SpacePair
    center: bool
    bm25: tuple[float, float]  # k1 and b
    fingerprint: str
    own_tokenizer: bool  # another one than `tokenize`; the file has no tokenizer
    words: list[Any]  # of the model, by row
    query_rows: npt.NDArray[np.float32]  # (V, D)
    weights: npt.NDArray[np.float32] | Literal["idf"] | None  # (V,); "idf": of the first documents to come
    documents: DocumentStore


def write(target: StrPath | IO[bytes], index: SavedIndex) -> None:
    """Write an index to one file.

    Args:
        target (path or binary file): where to write.
        index (SavedIndex): the index; its store must have been compacted.
    """
    documents = index.documents
    tensors = {
        **documents.centroids.to_tensors(),
        **native.pack_strings(documents.by_row, "ids"),
        **native.pack_strings(index.words, "vocab"),
        "query_rows": index.query_rows,
    }
    if isinstance(index.weights, np.ndarray):
        tensors["weights"] = index.weights
    if documents.bm25 is not None:
        tensors |= documents.bm25.to_tensors()
    settings = {
        "spaces": index.spaces,
        "center": index.center,
        "weights": "given" if isinstance(index.weights, np.ndarray) else index.weights,
        "tokenizer": "custom" if index.own_tokenizer else "tokenize",
        "precision": documents.centroids.precision,
        "bm25": None if documents.bm25 is None else [documents.bm25.k1, documents.bm25.b],
        "next_id": documents.next_id,
        "fingerprint": index.fingerprint,
    }
    native.write(target, tensors, {"kind": KIND, "desm": json.dumps(settings)})


def read(
    source: StrPath | IO[bytes],
    mmap: Literal["r", "c"] | None,
    verify: Literal["structure", "full"],
) -> SavedIndex:
    """Return what `write` wrote.

    Args:
        source (path or binary file): what to read.
        mmap ("r", "c" or None): whether to leave the arrays in the file, read-only or copied on write.
        verify ("structure" or "full"): whether to compare checksums too.

    Returns:
        SavedIndex: the index.

    Raises:
        FormatError: the file holds something else, or is damaged.
    """
    tensors, metadata = native.read(source, mmap, verify=verify)
    if metadata.get("kind") != KIND:
        held = metadata.get("kind", "foreign")
        raise FormatError(
            f"{paths.name_of(source)} holds a {held} object, not a DESMIndex: give a file that "
            "DESMIndex.save or `fastw2v desm index` wrote"
        )
    try:
        return _unpack(tensors, _check_settings(metadata.get("desm", "")))
    except FormatError as error:
        raise FormatError(f"{paths.name_of(source)}: {error}") from None


def _unpack(tensors: Mapping[str, Array], settings: Mapping[str, Any]) -> SavedIndex:
    words = _plain_names(tensors, "vocab", or_none=True)
    query_rows = native.expect(tensors, "query_rows", np.float32, (len(words), None))
    weights: npt.NDArray[np.float32] | Literal["idf"] | None = None
    if settings["weights"] == "given":
        weights = native.expect(tensors, "weights", np.float32, (len(words),))
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise FormatError("array 'weights' holds what is no weight of a word")
    elif settings["weights"] == "idf":
        weights = "idf"
    ids = _plain_names(tensors, "ids")
    size, dim, constants = len(ids), query_rows.shape[1], settings["bm25"]
    centroids = Centroids.from_tensors(tensors, size, dim, settings["precision"])
    bm25 = BM25.from_tensors(tensors, size, *constants) if constants else None
    documents = DocumentStore(centroids, bm25, ids, settings["next_id"])
    if len(documents.row_of) != size:
        raise FormatError("duplicate id")
    return SavedIndex(
        spaces=settings["spaces"],
        center=settings["center"],
        bm25=tuple(constants or DEFAULT_BM25),
        fingerprint=settings["fingerprint"],
        own_tokenizer=settings["tokenizer"] == "custom",
        words=words,
        query_rows=query_rows,
        weights=weights,
        documents=documents,
    )


def _plain_names(tensors: Mapping[str, Array], name: str, *, or_none: bool = False) -> list[Any]:
    """Return packed str and int, or None; FormatError for all else, which an index could not save again."""
    names = native.unpack_strings(tensors, name)
    odd = next((one for one in names if type(one) not in (str, int) and not (or_none and one is None)), _NONE)
    if odd is not _NONE:
        raise FormatError(f"array '{name}_bytes' holds {shown(odd)}, expected str or int")
    return names


_NONE = object()

# What each setting of an index must be.
_SETTINGS: dict[str, Callable[[Any], bool]] = {
    "spaces": lambda given: given in SPACE_PAIRS,
    "center": lambda given: type(given) is bool,
    "weights": lambda given: given in (None, "idf", "given"),
    "tokenizer": lambda given: given in ("tokenize", "custom"),
    "precision": lambda given: given in PRECISIONS,
    "bm25": lambda given: given is None or _are_floats(given) and are_constants(*given),
    "next_id": lambda given: type(given) is int and given >= 0,
    "fingerprint": lambda given: type(given) is str,
}


def _are_floats(given: Any) -> bool:
    return isinstance(given, list) and len(given) == 2 and all(type(one) is float for one in given)


def _check_settings(text: str) -> dict[str, Any]:
    """Return the settings in a file's metadata, checked."""
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict) or settings.keys() != _SETTINGS.keys():
        raise FormatError("the settings of the index are missing or incomplete")
    wrong = [name for name, is_right in _SETTINGS.items() if not is_right(settings[name])]
    if wrong:
        told = ", ".join(f"{name} is {shown(settings[name])}" for name in wrong)
        raise FormatError(f"invalid settings of the index: {told}")
    return settings
