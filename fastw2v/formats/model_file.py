"""Models and vectors ↔ `.fw2v` files: which array and which metadata holds which part.

    metadata   kind: "Word2Vec" or "KeyedVectors"; model: SETTINGS and the generator's position, as JSON
    words      vocab_* (the keys), syn0, vectors_lockf, counts, codes, points, path_starts, attr*
    the rest   syn1, syn1neg, cum_table, raw_vocab_*, raw_counts, random_state, logs (JSON)

`native` is the container; logs are an array because they grow beyond what its header may hold. No file is
trusted: sizes, types and everything that the kernels use as an index are checked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v.formats import native
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.columns import pack_columns, unpack_columns
from fastw2v.formats.errors import FormatError
from fastw2v.formats.parts import (
    NOT_GENSIMS,
    OUTPUTS,
    SETTINGS,
    TWISTER_WORDS,
    Model,
    RandomState,
    Vectors,
    generator_in,
)

Array = npt.NDArray[Any]
Verify = Literal["structure", "full"]

# What `save(ignore=)` may not name, because the file could not be loaded without it.
VECTORS_NEED = frozenset({"vectors", "vector_size", "index_to_key", "key_to_index"})
MODELS_NEED = frozenset({"wv", "random", *SETTINGS})

_LOGS = ("history", "lifecycle_events")


def check_ignore(ignore: Iterable[str], needed: frozenset[str]) -> frozenset[str]:
    """Return the names in `save(ignore=)`.

    Args:
        ignore (iterable of str): names of attributes.
        needed (frozenset of str): what the file must hold to be loaded.

    Returns:
        frozenset of str: the names.

    Raises:
        TypeError: `ignore` is a str.
        ValueError: a name is needed.
    """
    if isinstance(ignore, str):
        raise TypeError(f"ignore={ignore!r}: give a list of names of attributes")
    names = frozenset(ignore)
    if clash := sorted(names & needed):
        raise ValueError(f"ignore={clash}: a file without these could not be loaded")
    return names


# --- vectors ---


def write_vectors(
    target: StrPath | IO[bytes], words: Vectors, left_out: frozenset[str] = frozenset()
) -> None:
    """Write vectors without a model.

    Args:
        target (path or binary file): where to write.
        words (Vectors): what to write.
        left_out (frozenset of str): "expandos" leaves out the columns, "vectors_lockf" the factors.

    Raises:
        TypeError: a key or an attribute has a value that cannot be saved.
        OSError: the file cannot be written.
    """
    kept = Vectors(
        words.keys,
        words.vectors,
        columns={} if "expandos" in left_out else words.columns,
        lockf=None if "vectors_lockf" in left_out else words.lockf,
    )
    native.write(target, pack_vectors(kept), {"kind": "KeyedVectors"})


def read_vectors(
    source: StrPath | IO[bytes], mmap: native.Mmap = None, *, verify: Verify = "structure"
) -> Vectors:
    """Read the words and vectors of a file; it may hold a whole model.

    Args:
        source (path or binary file): what to read.
        mmap (str or None): as in `native.read`.
        verify (str): as in `native.read`, "structure" or "full".

    Returns:
        Vectors: the words.

    Raises:
        FormatError: the file is damaged or of another kind; the error names it.
        OSError: the file cannot be read.
    """
    tensors, _ = native.read(source, mmap, verify=verify, wanted=lambda name: name not in OUTPUTS)
    try:
        return unpack_vectors(tensors)
    except FormatError as error:
        raise FormatError(f"{source}: {error}") from None


def pack_vectors(words: Vectors) -> dict[str, Array]:
    """Return words as arrays, by their names in a file.

    Args:
        words (Vectors): what to pack; arrays are not copied.

    Returns:
        dict of str to array: the matrix is `syn0`.

    Raises:
        TypeError: a key or an attribute has a value that cannot be saved.
    """
    tensors = {"syn0": words.vectors, **native.pack_strings(words.keys)}
    if words.lockf is not None:
        tensors["vectors_lockf"] = words.lockf
    return tensors | pack_columns(words.columns)


def unpack_vectors(tensors: Mapping[str, Array]) -> Vectors:
    """Return the words that `pack_vectors` packed.

    Args:
        tensors (mapping of str to array): the arrays of a file.

    Returns:
        Vectors: the words; every size and index is checked.

    Raises:
        FormatError: an array is missing, damaged or of another size.
    """
    keys = native.unpack_strings(tensors)
    matrix = tensors.get("syn0")
    dtype = matrix.dtype if matrix is not None and matrix.dtype.kind == "f" else np.float32
    words = Vectors(keys, native.expect(tensors, "syn0", dtype, (len(keys), None)), columns={})
    words.check()  # first, because the rest must have one value per key
    if "vectors_lockf" in tensors:
        words.lockf = np.array(native.expect(tensors, "vectors_lockf", np.float32, (None,)))
    words.columns = unpack_columns(tensors, len(keys))
    return words


# --- models ---


def write_model(target: StrPath | IO[bytes], model: Model, left_out: frozenset[str] = frozenset()) -> None:
    """Write a whole model.

    Args:
        target (path or binary file): where to write.
        model (Model): what to write; its `random` must not be None.
        left_out (frozenset of str): which outputs and logs, and whether `raw_vocab`, to leave out.

    Raises:
        TypeError: a key, an attribute or a setting has a value that cannot be saved.
        OSError: the file cannot be written.
    """
    tensors = pack_vectors(model.wv)
    tensors |= {name: matrix for name, matrix in model.outputs.items() if name not in left_out}
    if model.cum_table is not None:
        tensors["cum_table"] = model.cum_table
    if model.raw_vocab and "raw_vocab" not in left_out:
        tensors |= native.pack_strings(model.raw_vocab, "raw_vocab")
        tensors["raw_counts"] = np.array(list(model.raw_vocab.values()), dtype=np.int64)
    assert model.random is not None  # only gensim's models may have another generator
    kind, keys, position, has_gauss, gauss = model.random
    tensors["random_state"] = np.asarray(keys, dtype=np.uint32)
    logs = {name: [] if name in left_out else getattr(model, name) for name in _LOGS}
    tensors["logs"] = np.frombuffer(_as_json(logs).encode(), dtype=np.uint8)
    state = {name: model.settings[name] for name in SETTINGS}
    state["random"] = [kind, int(position), int(has_gauss), float(gauss)]
    native.write(target, tensors, {"kind": "Word2Vec", "model": _as_json(state)})


def read_model(
    source: StrPath | IO[bytes], mmap: native.Mmap = None, *, verify: Verify = "structure"
) -> Model:
    """Read what `write_model` wrote.

    Every size and index is checked, but not whether settings make sense.

    Args:
        source (path or binary file): what to read.
        mmap (str or None): as in `native.read`.
        verify (str): as in `native.read`, "structure" or "full".

    Returns:
        Model: the model.

    Raises:
        FormatError: the file is damaged or of another kind.
        AttributeError: the file holds something else, such as vectors; as gensim raises.
        OSError: the file cannot be read.
    """
    tensors, metadata = native.read(source, mmap, verify=verify)
    kind = metadata.get("kind", "foreign")
    if kind != "Word2Vec":
        raise AttributeError(not_a_model(source, kind))
    settings, random, logs = _read_state(source, tensors, metadata)
    wv = unpack_vectors(tensors)
    shape = len(wv.keys), settings["vector_size"]
    native.expect(tensors, "syn0", np.float32, shape)
    model = Model(
        wv,
        settings,
        outputs={
            name: native.expect(tensors, name, np.float32, shape) for name in OUTPUTS if name in tensors
        },
        random=random,
        **logs,
    )
    if "raw_counts" in tensors:
        words = native.unpack_strings(tensors, "raw_vocab")
        counts = native.expect(tensors, "raw_counts", np.int64, (len(words),))
        model.raw_vocab = dict(zip(words, counts.tolist(), strict=True))
    if settings["negative"]:
        model.cum_table = np.array(native.expect(tensors, "cum_table", np.uint32, (None,)))
    return model


def not_a_model(source: Any, kind: str) -> str:
    """Return the message for a file that holds something other than a model.

    Args:
        source (path or binary file): the file.
        kind (str): what it holds.

    Returns:
        str: what the file holds, and how to load it.
    """
    return f"{source} holds a {kind} object, not a Word2Vec model: load it with KeyedVectors.load"


def _read_state(
    source: Any, tensors: Mapping[str, Array], metadata: Mapping[str, str]
) -> tuple[dict[str, Any], RandomState, dict[str, Any]]:
    """Return the settings, the state of the generator and the logs; FormatError if one is incomplete."""
    try:
        state = json.loads(metadata["model"])
        logs = json.loads(native.expect(tensors, "logs", np.uint8, (None,)).tobytes())
        settings = {name: (NOT_GENSIMS | state)[name] for name in SETTINGS}
        logs = {name: logs[name] for name in _LOGS}
        kind, position, has_gauss, gauss = state["random"]
        keys = native.expect(tensors, "random_state", np.uint32, (TWISTER_WORDS,))
        random = kind, keys, position, has_gauss, gauss
        generator_in(random)  # raises if the state is impossible
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{source}: the model's settings are damaged: {error!r}") from None
    return settings, random, logs


def _as_json(value: Any) -> str:
    return json.dumps(value, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be saved: settings and the comment must be values that JSON has")
