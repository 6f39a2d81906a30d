"""Models and vectors ↔ `.fw2v` files: which array and which metadata holds which part.

    metadata   kind: "Word2Vec" or "KeyedVectors"; model: SETTINGS and the generator's position, as JSON
    words      vocab_* (the keys), syn0, vectors_lockf, counts, codes, points, path_starts, attr*
    the rest   syn1, syn1neg, cum_table, raw_vocab_*, raw_counts, random_state, logs (JSON)

Format 2, written only where it is needed, adds

    words      lookup and alias_*: key_to_index, where it does not follow from the keys; wv.extra*
    the rest   odd.*: outputs and tables that do not fit the words, after edits by hand; extra*, see `extras`;
               checkpoint.*, see `checkpoint`
    metadata   values "typed": the JSON of settings and logs is that of `typed`

`native` is the container; logs are an array because they grow beyond what its header may hold. No file is
trusted: sizes, types and everything that the kernels use as an index are checked here, but for what is odd:
that is checked before each training.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v.formats import columns, extras, native
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.checkpoint import pack_checkpoint, unpack_checkpoint
from fastw2v.formats.errors import FormatError
from fastw2v.formats.fitting import fit_vectors
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
from fastw2v.formats.typed import Packer, dumps, loads, shown
from fastw2v.vocabulary.sampling import check_noise_table
from fastw2v.warn import warn_user

Array = npt.NDArray[Any]
Verify = Literal["structure", "full"]

# What `save(ignore=)` may not name, because the file could not be loaded without it.
VECTORS_NEED = frozenset({"vectors", "vector_size", "index_to_key", "key_to_index"})
MODELS_NEED = frozenset({"wv", "random", *SETTINGS})

_LOGS = ("history", "lifecycle_events")
_ODD = "odd."  # begins the names of arrays that do not fit the words

logger = logging.getLogger(__name__)


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
    target: StrPath | IO[bytes],
    words: Vectors,
    left_out: frozenset[str] = frozenset(),
    cls: type = object,
) -> None:
    """Write vectors without a model.

    Args:
        target (path or binary file): where to write.
        words (Vectors): what to write.
        left_out (frozenset of str): "expandos" leaves out the columns, "vectors_lockf" the factors, and any
            other name one column or an attribute of a user.
        cls (type): the class of the vectors; attributes of users that its members hide are left out.

    Raises:
        TypeError: a key or an attribute has a value that cannot be saved.
        ValueError: the parts contradict each other, see `fit_vectors`.
        OSError: the file cannot be written.

    Warns:
        FastW2VWarning: the file lacks an attribute that a user set, or has one cut or grown.
    """
    words = _kept(words, left_out)
    tensors = pack_vectors(words)
    more, refused = extras.pack_extras(words.extras, _held_by(words), cls, "wv.")
    _write(target, tensors | more, {"kind": "KeyedVectors"}, refused)


def _write(
    target: StrPath | IO[bytes], tensors: dict[str, Array], metadata: dict[str, str], refused: list[str]
) -> None:
    """Write a file of the oldest format that has all of it; first warn of what is not in it."""
    if refused:
        warn_user(extras.why_left_out(refused), log=logger)
    new = "values" in metadata or any(
        name.startswith((_ODD, "lookup", "alias_", "wv.extra", "extra", "checkpoint")) or columns.is_new(name)
        for name in tensors
    )
    typed = native.has_typed(tensors) or native.has_typed(tensors, "raw_vocab")
    native.write(target, tensors, metadata, version=2 if new or typed else 1)


def _kept(words: Vectors, left_out: frozenset[str]) -> Vectors:
    """Return vectors without what `save(ignore=)` names."""
    return replace(
        words,
        columns={} if "expandos" in left_out else _without(words.columns, left_out),
        lockf=None if "vectors_lockf" in left_out else words.lockf,
        extras=_without(words.extras, left_out),
    )


def _without(values: Mapping[str, Any], left_out: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in left_out}


def _held_by(words: Vectors) -> set[int]:
    """Return the identities of what makes up vectors."""
    own = (words.keys, words.vectors, words.columns, words.lockf, words.rows, *words.columns.values())
    return set(map(id, own)) - {id(None)}


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
    tensors, _ = native.read(source, mmap, verify=verify, wanted=_is_of_words)
    try:
        return unpack_vectors(tensors)
    except FormatError as error:
        raise FormatError(f"{source}: {error}") from None


def _is_of_words(name: str) -> bool:
    return name not in OUTPUTS and not name.startswith((_ODD, "extra.", "checkpoint."))


def pack_vectors(words: Vectors) -> dict[str, Array]:
    """Return words as arrays, by their names in a file.

    Args:
        words (Vectors): what to pack; arrays are not copied.

    Returns:
        dict of str to array: the matrix is `syn0`.

    Raises:
        TypeError: a key or an attribute has a value that cannot be saved.
        ValueError: the parts contradict each other, see `fit_vectors`.
    """
    words = fit_vectors(words)
    tensors = {"syn0": words.vectors, **native.pack_strings(words.keys, typed=True)}
    if words.rows is not None:
        tensors |= _pack_rows(words.keys, words.rows)
    if words.lockf is not None:
        tensors["vectors_lockf"] = words.lockf
    return tensors | columns.pack_columns(words.columns, len(words.keys))


def _pack_rows(keys: list[Any], rows: dict[Any, int]) -> dict[str, Array]:
    """Return the row of each key: `lookup` has those to which their own key leads, `alias_*` all others."""
    own: list[int] = []
    others: dict[Any, int] = {}
    for key, row in rows.items():
        if keys[row] is key or keys[row] == key:
            own.append(row)
        else:
            others[key] = row
    return {
        "lookup": np.array(own, dtype=np.int64),
        "alias_rows": np.array(list(others.values()), dtype=np.int64),
        **native.pack_strings(others, "alias", typed=True),
    }


def _unpack_rows(tensors: Mapping[str, Array], keys: list[Any]) -> dict[Any, int] | None:
    """Return the row of each key that `_pack_rows` packed; None if it follows from the keys."""
    if "lookup" not in tensors:
        return None
    own = native.expect(tensors, "lookup", np.int64, (None,))
    others = native.unpack_strings(tensors, "alias")
    led = native.expect(tensors, "alias_rows", np.int64, (len(others),))
    for name, found in (("lookup", own), ("alias_rows", led)):
        if found.size and not (found.min() >= 0 and found.max() < len(keys)):
            raise FormatError(f"array {name!r} leads to a row that is none of {len(keys)}")
    return {keys[row]: row for row in own.tolist()} | dict(zip(others, led.tolist(), strict=True))


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
    dtype = np.float32 if matrix is None else matrix.dtype
    words = Vectors(keys, native.expect(tensors, "syn0", dtype, (len(keys), None)), columns={})
    if "vectors_lockf" in tensors:
        words.lockf = np.array(native.expect(tensors, "vectors_lockf", np.float32, (None,)))
    words.columns = columns.unpack_columns(tensors, len(keys))
    words.rows = _unpack_rows(tensors, keys)
    words.extras = extras.unpack_extras(tensors, "wv.")
    return words


# --- models ---


def write_model(
    target: StrPath | IO[bytes],
    model: Model,
    left_out: frozenset[str] = frozenset(),
    classes: tuple[type, type] = (object, object),
) -> None:
    """Write a whole model.

    Args:
        target (path or binary file): where to write.
        model (Model): what to write; its `random` must not be None.
        left_out (frozenset of str): which outputs, logs, columns and attributes of users, and whether
            `raw_vocab`, to leave out.
        classes (tuple of type): of the model and of its vectors; attributes of users that their members hide
            are left out.

    Raises:
        TypeError: a key, an attribute or a setting has a value that cannot be saved.
        ValueError: the parts contradict each other, see `fit_vectors`.
        OSError: the file cannot be written.

    Warns:
        FastW2VWarning: the file lacks an attribute that a user set, or has one cut or grown.
    """
    wv = _kept(model.wv, left_out)
    tensors = pack_vectors(wv)
    settings = dict(model.settings)
    if not tensors["syn0"].shape[1]:
        raise ValueError("the vectors have no dimensions: a model needs at least one")
    if len(tensors["syn0"]):
        settings["vector_size"] = settings["layer1_size"] = tensors["syn0"].shape[1]
    else:
        tensors["syn0"] = np.zeros((0, settings["vector_size"]), dtype=np.float32)
    tensors |= _pack_outputs(tensors["syn0"], model, left_out)
    if model.raw_vocab and "raw_vocab" not in left_out:
        tensors["raw_counts"] = _pack_counts(model.raw_vocab)
        tensors |= native.pack_strings(model.raw_vocab, "raw_vocab", typed=True)
    metadata = {"kind": "Word2Vec"} | _pack_state(tensors, model, settings, left_out)
    held = _held_by(wv) | set(map(id, model.outputs.values()))
    held |= set(map(id, (model.cum_table, model.raw_vocab, model.history, model.lifecycle_events)))
    held.add(id(model.wv.columns))
    held.discard(id(None))
    in_wv, refused_of_wv = extras.pack_extras(wv.extras, held, classes[1], "wv.")
    own, refused = extras.pack_extras(_without(model.extras, left_out), held, classes[0])
    stand = {} if model.checkpoint is None else pack_checkpoint(model.checkpoint, held)
    _write(target, tensors | in_wv | own | stand, metadata, refused + refused_of_wv)


def _pack_counts(raw_vocab: Any) -> Array:
    """Return the counts of all words that were scanned, int64."""
    try:
        return np.array(list(raw_vocab.values()), dtype=np.int64)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise TypeError(
            f"raw_vocab is {shown(raw_vocab)}: give a dict of word -> count, or leave it out with "
            "ignore=['raw_vocab']"
        ) from None


def _pack_outputs(syn0: Array, model: Model, left_out: frozenset[str]) -> dict[str, Array]:
    """Return output matrices and noise table; `odd.` begins the names of those that do not fit the words."""
    tensors = {}
    for name, given in model.outputs.items():
        if name not in left_out:
            matrix = np.asarray(given)
            fits = matrix.shape == syn0.shape and matrix.dtype == np.float32
            tensors[name if fits else _ODD + name] = matrix
    if model.cum_table is not None:
        table = np.asarray(model.cum_table)
        fits = table.dtype == np.uint32 and table.ndim == 1
        if fits and table.size:
            try:
                check_noise_table(table, len(syn0))
            except ValueError:
                fits = False
        tensors["cum_table" if fits else _ODD + "cum_table"] = table
    return tensors


def _pack_state(
    tensors: dict[str, Array], model: Model, settings: dict[str, Any], left_out: frozenset[str]
) -> dict[str, str]:
    """Add generator and logs to `tensors`; return settings, and what reads all of it, as metadata."""
    assert model.random is not None  # only gensim's models may have another generator
    kind, keys, position, has_gauss, gauss = model.random
    tensors["random_state"] = np.asarray(keys, dtype=np.uint32)
    packer = Packer()
    state = {name: _pack_setting(packer, name, settings[name]) for name in SETTINGS}
    state["random"] = [kind, int(position), int(has_gauss), float(gauss)]
    if settings["hs"] and len(tensors["syn0"]) and not _has_paths(tensors):
        state["tree"] = False  # none is missing: there was none
    logs = {name: [] if name in left_out else _pack_log(packer, name, getattr(model, name)) for name in _LOGS}
    tensors["logs"] = np.frombuffer(dumps(logs), dtype=np.uint8)
    metadata = {"model": json.dumps(state)}
    return metadata | ({"values": "typed"} if packer.typed else {})


def _has_paths(tensors: Mapping[str, Array]) -> bool:
    return "path_starts" in tensors or any(name.endswith(".point") for name in tensors)


def _pack_setting(packer: Packer, name: str, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    try:
        return packer.pack(value)
    except TypeError as error:
        raise TypeError(f"{name} cannot be saved: {error}; give a plain value, such as a str") from None


def _pack_log(packer: Packer, name: str, log: Any) -> list[Any] | None:
    """Return a log; of a detail that cannot be kept what it says of itself."""
    if log is None:
        return None
    if not isinstance(log, list):
        raise TypeError(f"{name} is {shown(log)}: give a list, or leave it out with ignore=[{name!r}]")
    return [
        {str(label): _pack_detail(packer, value) for label, value in event.items()}
        if isinstance(event, dict)
        else _pack_detail(packer, event)
        for event in log
    ]


def _pack_detail(packer: Packer, value: Any) -> Any:
    try:
        return packer.pack(value.item() if isinstance(value, np.generic) else value)
    except TypeError:
        return shown(value)


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
    try:
        return _unpack_model(tensors, metadata)
    except FormatError as error:
        raise FormatError(f"{source}: {error}") from None


def _unpack_model(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> Model:
    """Return the model that `write_model` packed."""
    settings, random, logs = _read_state(tensors, metadata)
    wv = unpack_vectors(tensors)
    native.expect(tensors, "syn0", wv.vectors.dtype, (len(wv.keys), settings["vector_size"]))
    has_tree = settings.pop("tree", True)  # unless the file says that there was none
    if settings["hs"] and len(wv.keys) and has_tree and "point" not in wv.columns:
        raise FormatError("hs=1, but the file has no Huffman tree")
    odd = {name: array for name in OUTPUTS if (array := tensors.get(_ODD + name)) is not None}
    model = Model(
        wv,
        settings,
        outputs=odd
        | {
            name: native.expect(tensors, name, np.float32, wv.vectors.shape)
            for name in OUTPUTS
            if name in tensors
        },
        random=random,
        extras=extras.unpack_extras(tensors),
        checkpoint=unpack_checkpoint(tensors),
        **logs,
    )
    if "raw_counts" in tensors:
        words = native.unpack_strings(tensors, "raw_vocab")
        counts = native.expect(tensors, "raw_counts", np.int64, (len(words),))
        model.raw_vocab = dict(zip(words, counts.tolist(), strict=True))
    if settings["negative"]:
        model.cum_table = _read_noise_table(tensors, len(wv.keys))
    return model


def _read_noise_table(tensors: Mapping[str, Array], words: int) -> Array:
    odd = tensors.get(_ODD + "cum_table")
    if odd is not None:
        return np.array(odd)
    table = np.array(native.expect(tensors, "cum_table", np.uint32, (None,)))
    if len(table):  # a model that was given its vectors has none
        check_noise_table(table, words, FormatError)
    return table


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
    tensors: Mapping[str, Array], metadata: Mapping[str, str]
) -> tuple[dict[str, Any], RandomState, dict[str, Any]]:
    """Return the settings, the state of the generator and the logs; FormatError if one is incomplete."""
    try:
        read = loads if metadata.get("values") == "typed" else _plain
        state = read(metadata["model"], "settings")
        logs = read(native.expect(tensors, "logs", np.uint8, (None,)).tobytes(), "logs")
        settings = {name: (NOT_GENSIMS | state)[name] for name in SETTINGS}
        if "tree" in state:
            settings["tree"] = state["tree"]
        logs = {name: logs[name] for name in _LOGS}
        if not all(log is None or isinstance(log, list) for log in logs.values()):
            raise FormatError("the model's logs are no lists")
        kind, position, has_gauss, gauss = state["random"]
        keys = native.expect(tensors, "random_state", np.uint32, (TWISTER_WORDS,))
        random = kind, keys, position, has_gauss, gauss
        generator_in(random)  # raises if the state is impossible
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        missing = f": {error} is missing" if isinstance(error, KeyError) else ""
        raise FormatError(f"the model's settings are damaged{missing}") from None
    return settings, random, logs


def _plain(raw: bytes | str, what: str) -> Any:
    """Return JSON as format 1 has it, where no type is marked; ValueError if it is none."""
    del what
    return json.loads(raw)
