"""gensim's pickles, 0.12 to 4.4: read without gensim, and without running anything that they name.

A pickle names functions to call. Each of the few names in gensim's files is replaced by something inert that
keeps its arguments, or makes a plain value of them; any other name is refused. What a pickle may take, in
depth, size and time, is set by its size (`_unpickler`). Large arrays are in files beside it,
`model.wv.vectors.npy`, and can be mapped.

The result has the attribute names of the version that wrote it; `gensim_parts` knows them.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import io
import mmap as _mmap
import os
import pickle
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import IO, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from fastw2v import magic, paths
from fastw2v.columns import object_column
from fastw2v.formats import inflate
from fastw2v.formats._unpickler import Budget, Unpickler
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import OddKey, RefusedPickle
from fastw2v.formats.native import Mmap, check_mmap, in_machine_order
from fastw2v.formats.typed import shown

Array = npt.NDArray[Any]
Kind = Literal["Word2Vec", "KeyedVectors", "record"]
Described = TypeVar("Described")


# --- files ---

_PICKLES = re.compile(rb"\x80[\x02-\x05]|ccopy_?reg\n_reconstructor\n")  # protocols 2 to 5; 0 and 1
_HEAD = 32  # bytes that distinguish a pickle from other files
_REMOTE_HEAD = 1 << 20  # bytes of a file, perhaps compressed, in which these are: as long as a block of .bz2
_LONGEST_ERROR = 2000  # characters


def is_pickle(source: StrPath | IO[bytes]) -> bool:
    """Return whether a file is a pickle.

    Args:
        source (path or binary file): what to look at; an open file keeps its position.

    Returns:
        bool: True if it is a pickle, perhaps compressed, and not a native file; False if an open file is not
            seekable.

    Raises:
        OSError: the file cannot be opened.
    """
    if not isinstance(source, str | os.PathLike):
        return hasattr(source, "seek") and _starts_as_pickle(source)
    if paths.is_remote(source):
        with paths.open_stream(source) as stream:
            return _starts_as_pickle(io.BytesIO(stream.read(_REMOTE_HEAD)))
    with open(paths.expand(source), "rb") as file:
        return _starts_as_pickle(file)


def _starts_as_pickle(file: IO[bytes]) -> bool:
    if kind := inflate.compression_of(file):
        try:
            head = inflate.read_head(file, kind, _HEAD)
        except RefusedPickle:
            return True  # `read` says what is wrong
    else:
        start = file.tell()
        head = file.read(_HEAD)
        file.seek(start)
    # A native file begins with the length of its header, whose bytes can equal a pickle's first two.
    is_native = head[4:9] == b"\0\0\0\0{"
    return _PICKLES.match(head) is not None and not is_native


def read(source: StrPath | IO[bytes], mmap: Mmap, describe: Callable[[Any, Budget], Described]) -> Described:
    """Read the inert object in a file and return what `describe` makes of it.

    Args:
        source (path or binary file): the pickle.
        mmap (str or None): how to map the arrays that are in files beside it, as in `native.read`.
        describe (callable): gets the inert object, and what is left of the budget of the file.

    Returns:
        any: what `describe` returns.

    Raises:
        RefusedPickle: the pickle is damaged or not gensim's, or `describe` raised one of the usual errors.
        ValueError: `mmap` is not a mode.
        OSError: a file cannot be read, or a compressed one is to be mapped.
    """
    check_mmap(mmap)
    if not isinstance(source, str | os.PathLike):
        return _read_open(source, None, paths.name_of(source), mmap, describe)
    path = paths.expand(source)
    with paths.fetched(path, mmap) as local, open(local, "rb") as file:
        return _read_open(file, path, path, mmap, describe)


def _read_open(
    file: IO[bytes], path: str | None, name: str, mmap: Mmap, describe: Callable[[Any, Budget], Described]
) -> Described:
    kind = inflate.compression_of(file)
    if kind is not None and mmap is not None:
        raise OSError(f"{name} is compressed and cannot be mapped: load it with mmap=None")
    try:
        loaded, budget = _unpickle(file, kind)
        if not isinstance(loaded, _Object):
            raise RefusedPickle("it is a pickle, but not of gensim's Word2Vec or KeyedVectors")
        _fetch_arrays(loaded, path, "npz" if kind else "npy", mmap)
        return describe(loaded, budget)
    except RefusedPickle as error:
        raise RefusedPickle(f"{name}: {_cut(error)}") from None
    # What code here that meets forged values can raise.
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        LookupError,
        RecursionError,
    ):
        raise RefusedPickle(f"{name}: the pickle is damaged, or not gensim's") from None


def _cut(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}…"


def _unpickle(file: IO[bytes], compression: str | None) -> tuple[Any, Budget]:
    """Return the object in a file, and what is left of the steps that its size allows."""
    begin = file.tell()
    data: Any = None
    if compression is None:
        try:
            data = _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_READ)
        except (AttributeError, OSError, ValueError):  # not a file of the system
            data = file.read()
        else:
            with data, memoryview(data) as whole, whole[begin:] as view:
                return _load(file, view, begin)
    else:
        data = inflate.inflate(file, compression)
    with memoryview(data) as view:
        return _load(file if compression is None else None, view, begin)


def _load(file: IO[bytes] | None, data: memoryview, begin: int) -> tuple[Any, Budget]:
    budget = Budget(len(data))
    unpickler = Unpickler(data, _Names().find, (_Call,), _Object, _STATEFUL, budget)
    try:
        loaded = unpickler.load()
        if file is not None:
            file.seek(begin + unpickler.at)  # more may follow
    finally:
        del unpickler  # it holds the data, which may be a file that is to be closed
    return loaded, budget


# --- what replaces the names ---


class _Name:
    """A name that may be mentioned but not called, such as the class of an array."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class _Call(_Name):
    """A name that the pickle may call, with the function that is called instead; it gets the budget first."""

    __slots__ = ("_result",)

    def __init__(self, name: str, result: Callable[..., Any]) -> None:
        super().__init__(name)
        self._result = result

    def __call__(self, budget: Budget, *args: Any) -> Any:
        return self._result(budget, *args)


class _Object:
    """The attributes of an object of gensim; the subclass tells which class it had."""

    __slots__ = ("attributes",)
    attributes: dict[str, Any]
    kind: Kind

    def __init__(self) -> None:
        self.attributes = {}

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict or not _TEXT.issuperset(map(type, state)):
            raise RefusedPickle(f"the state of an object is {shown(state)}, expected attributes by name")
        if self.attributes:
            raise RefusedPickle("it sets the state of an object twice")
        self.attributes = state


_TEXT = frozenset({str})


class _Word2Vec(_Object):
    kind = "Word2Vec"


class _KeyedVectors(_Object):
    kind = "KeyedVectors"


class _Record(_Object):
    """A word's `Vocab`, or a part of a model: `Word2VecVocab`, `Word2VecTrainables`."""

    kind = "record"


class _Dtype:
    """A numpy dtype: of numbers or text, or of objects, which are checked one by one."""

    __slots__ = ("dtype",)

    def __init__(self, _: Budget, code: Any, *__: Any) -> None:
        if not isinstance(code, str) or not re.fullmatch(
            r"f[248]|[iu][1248]|b1|c8|c16|[mM]8|O[48]?|[SU]\d{1,9}", code
        ):
            raise RefusedPickle(f"it holds an array of dtype {shown(code)}")
        self.dtype = np.dtype("O" if code[0] == "O" else code)

    def __setstate__(self, state: Any) -> None:
        version, order, *fields = _expect_tuple(state, "dtype")
        if order not in ("<", ">", "|", "=") or fields[:3] != [None, None, None]:
            raise RefusedPickle("it holds an array of records")
        if self.dtype.kind in "mM":
            self.dtype = _dtype_of_times(self.dtype, fields[-1])
        if order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(order)

    def array(self, data: Any, shape: tuple[int, ...], order: Any) -> Array:
        """Return the array of this dtype and shape, in C or Fortran `order`, of the bytes or list `data`."""
        if self.dtype.kind == "O":
            if type(data) is not list:
                raise RefusedPickle(f"it holds an array of objects whose content is {shown(data)}")
            array = object_column(data, len(data))
        elif not self.dtype.itemsize:  # an empty text
            array = np.zeros(1, dtype=self.dtype)
        else:
            if isinstance(data, str):  # Python 2 pickled bytes as str
                data = data.encode("latin1")
            if not isinstance(data, bytes | bytearray):
                raise RefusedPickle(f"it holds an array whose content is {shown(data)}")
            array = np.frombuffer(data, dtype=self.dtype)
            _check_text(array)
            native = self.dtype.newbyteorder("=")
            if array.dtype != native or not array.flags.writeable:
                array = array.astype(native)
        return array.reshape(shape, order=order)


def _dtype_of_times(dtype: np.dtype[Any], metadata: Any) -> np.dtype[Any]:
    """Return the dtype of dates or durations in the unit that numpy pickles as ({}, (b"s", 1, 1, 1))."""
    match metadata:
        case (_, (b"generic", 1, 1, 1)):
            return dtype
        case (_, (bytes(unit), int(number), 1, 1)) if re.fullmatch(rb"[A-Za-z]{1,2}", unit):
            return np.dtype(f"{dtype.kind}8[{number}{unit.decode()}]")
    raise RefusedPickle(f"it holds dates in a unit that is {shown(metadata)}")


def _check_text(array: Array) -> None:
    """Raise RefusedPickle if an array of text has characters that do not exist; numpy does not look."""
    if array.dtype.kind == "U" and array.size:
        characters = np.ascontiguousarray(array).view(np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if characters.max() > sys.maxunicode:
            raise RefusedPickle("it holds an array of text with characters that do not exist")


_MOST_FIELDS = 32  # of the states that numpy pickles, and axes of an array


def _expect_tuple(state: Any, what: str) -> tuple[Any, ...]:
    if type(state) is not tuple or len(state) > _MOST_FIELDS:
        raise RefusedPickle(f"the state of its {what} is {shown(state)}, expected a short tuple")
    return state


class _Array:
    """A numpy array that has not been made yet."""

    __slots__ = ("_budget", "_data", "_dtype", "_made", "_order", "_shape")
    _made: Array | None

    def __init__(self, budget: Budget, *_: Any) -> None:
        self._budget, self._made = budget, None

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, by_columns, data = _expect_tuple(state, "array")
        self._fill(data, dtype, shape, "F" if by_columns is True else "C")

    def _fill(self, data: Any, dtype: Any, shape: Any, order: str) -> None:
        if not isinstance(dtype, _Dtype):
            raise RefusedPickle("it holds an array without a dtype")
        if not all(
            type(size) is int and 0 <= size < 1 << 62 for size in _expect_tuple(shape, "array's shape")
        ):
            raise RefusedPickle("it holds an array of an impossible shape")
        if type(data) not in (bytes, bytearray, str, list):
            raise RefusedPickle(f"it holds an array whose content is {shown(data)}")
        self._budget.spend(len(data))
        self._data, self._dtype, self._shape, self._order, self._made = data, dtype, shape, order, None

    @classmethod
    def of_buffer(cls, budget: Budget, data: Any, dtype: Any, shape: Any, order: Any, *_: Any) -> _Array:
        self = cls(budget)
        self._fill(data, dtype, shape, "F" if order == "F" else "C")
        return self

    @property
    def array(self) -> Array:
        if self._made is None:
            self._made = self._dtype.array(self._data, self._shape, self._order)
            self._data = None  # it may be large
        return self._made

    def bytes_as(self, dtype: np.dtype[Any]) -> bytes:
        """Return its bytes in `dtype`; if possible without making the array, as there are many small ones."""
        data = self._data
        if (
            type(data) is bytes
            and self._dtype.dtype == dtype
            and self._shape == (len(data) / dtype.itemsize,)
        ):
            return data
        return numbers_of(self.array, dtype).tobytes()


class _Random:
    """The state of a generator of random numbers, or of a part of one."""

    __slots__ = ("state",)
    state: Any

    def __init__(self, *_: Any) -> None:
        self.state = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


_STATEFUL = (_Object, _Array, _Dtype, _Random)


def _encode(budget: Budget, text: str, encoding: Any) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise RefusedPickle(f"it encodes text as {shown(encoding)}, expected 'latin1'")
    budget.spend(len(text))
    return text.encode("latin1")


def _make_no_bytes(_: Budget) -> bytes:
    return b""  # protocol 2 writes b"" as bytes(); bytes(10**12) must not work


def _make_bytearray(budget: Budget, content: Any = b"", encoding: Any = None) -> bytearray:
    if type(content) is str and encoding is not None:  # protocol 2
        content = _encode(budget, content, encoding)
    if type(content) is not bytes:  # bytearray(10**12) must not work
        raise RefusedPickle(f"it makes a bytearray of {shown(content)}")
    budget.spend(len(content))
    return bytearray(content)


def _reconstruct(_: Budget, cls: Any, *__: Any) -> _Object:
    """Make an object as protocols 0 and 1 do."""
    if not (isinstance(cls, type) and issubclass(cls, _Object)):
        raise RefusedPickle("it makes an object that is not gensim's")
    return cls()


def _make_scalar(budget: Budget, dtype: Any, data: Any = b"") -> Any:
    """Return the plain value of one of numpy's: a float of a float32, a str of a numpy.str_; dates stay."""
    if not isinstance(dtype, _Dtype) or dtype.dtype.kind == "O":
        raise RefusedPickle("it holds a number without a dtype")
    budget.spend(len(data))
    value = dtype.array(data, (1,), "C")[0]
    return value if dtype.dtype.kind in "mM" else value.item()


_SLOT = 64  # bytes that a member of a set or dict takes at least


def _make_collection(cls: type[Any], budget: Budget, members: Any = ()) -> Any:
    """Return a set, frozenset or dict of a list of members; lifecycle events have sets."""
    if type(members) not in (list, tuple, set, frozenset, dict):
        raise RefusedPickle(f"it makes a {cls.__name__} of {shown(members)}")
    if cls is dict and type(members) is list and members:  # of pairs
        if {type(pair) for pair in members} - {list, tuple} or {len(pair) for pair in members} != {2}:
            raise RefusedPickle("it makes a dict of what are no pairs")
        budget.check_keys([key for key, _ in members])
    else:
        budget.check_keys(members)
    budget.spend(256 + _SLOT * len(members))
    return cls(members)


def _make_empty_dict(_: Budget, *__: Any) -> dict[Any, Any]:
    return {}


def _make_path(budget: Budget, *parts: Any) -> str:
    """Return a path as text: the classes of paths are those of the system that wrote it."""
    if not _TEXT.issuperset(map(type, parts)):
        raise RefusedPickle("it holds a path whose parts are no text")
    budget.spend(sum(map(len, parts)))
    return os.path.join(*parts) if parts else "."


_PLAIN_ARGUMENTS = (bytes, str, int, bool, float, datetime.timedelta, datetime.timezone, type(None))
_LONGEST_ARGUMENT = 1000  # characters


def _make_plain(cls: type[Any], _: Budget, *args: Any) -> Any:
    """Return a date, a decimal or the like."""
    for arg in args:
        if type(arg) not in _PLAIN_ARGUMENTS or (
            isinstance(arg, str | bytes) and len(arg) > _LONGEST_ARGUMENT
        ):
            raise RefusedPickle(f"it makes a {cls.__name__} of {shown(arg)}")
    return cls(*args)


def _make_fraction(_: Budget, *parts: Any) -> fractions.Fraction:
    """Return a fraction of two numbers, or of text such as "1/3"; that of "1e999999999" would have no end."""
    if len(parts) == 1 and type(parts[0]) is str and re.fullmatch(r"-?\d{1,1000}(/\d{1,1000})?", parts[0]):
        return fractions.Fraction(parts[0])
    if len(parts) != 2 or not {int}.issuperset(map(type, parts)):
        raise RefusedPickle(f"it makes a Fraction of {shown(parts)}")
    return fractions.Fraction(*parts)


_BUILT_IN = ("int", "long", "float", "bool", "str", "list", "tuple", "dict", "hash", "object")


def _list_names() -> dict[str, Any]:
    """Return all names that a pickle may use; `numpy._core` of numpy 2 is listed as `numpy.core`."""
    classes = {
        "gensim.models.word2vec.Word2Vec": _Word2Vec,
        "gensim.models.keyedvectors.KeyedVectors": _KeyedVectors,
        "gensim.models.keyedvectors.EuclideanKeyedVectors": _KeyedVectors,
        "gensim.models.keyedvectors.Word2VecKeyedVectors": _KeyedVectors,
        "gensim.models.word2vec.Vocab": _Record,
        "gensim.models.keyedvectors.Vocab": _Record,
        "gensim.models.word2vec.Word2VecVocab": _Record,
        "gensim.models.word2vec.Word2VecTrainables": _Record,
    }
    builtins = ("builtins", "__builtin__")  # of Python 3 and 2
    mentioned = (
        *(f"{module}.{name}" for module in builtins for name in _BUILT_IN),
        "gensim.utils.call_on_class_only",
        *("numpy.ndarray", "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64"),
        *("numpy.memmap", "numpy.core.memmap.memmap", "numpy.matrix", "numpy.matrixlib.defmatrix.matrix"),
        "numpy.random.bit_generator.SeedSequence",
    )
    of_builtins: dict[str, Callable[..., Any]] = {
        "frozenset": partial(_make_collection, frozenset),
        "set": partial(_make_collection, set),
        "bytes": _make_no_bytes,
        "bytearray": _make_bytearray,
        "complex": partial(_make_plain, complex),
    }
    plain = (datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone)
    calls: dict[str, Callable[..., Any]] = {
        "collections.defaultdict": _make_empty_dict,
        "UserString.defaultdict": _make_empty_dict,  # as some versions of Python 3 wrote it in protocol 2
        "collections.OrderedDict": partial(_make_collection, dict),
        "collections.Counter": partial(_make_collection, dict),
        **{f"{module}.{name}": result for module in builtins for name, result in of_builtins.items()},
        **{f"datetime.{cls.__name__}": partial(_make_plain, cls) for cls in plain},
        "decimal.Decimal": partial(_make_plain, decimal.Decimal),
        "fractions.Fraction": _make_fraction,
        **{
            f"pathlib.{local}{cls}": _make_path
            for local in ("", "_local.")
            for cls in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
        },
        "_codecs.encode": _encode,
        "copyreg._reconstructor": _reconstruct,
        "copy_reg._reconstructor": _reconstruct,
        "numpy.dtype": _Dtype,
        "numpy.core.multiarray._reconstruct": _Array,
        "numpy.core.numeric._frombuffer": _Array.of_buffer,
        "numpy.core.multiarray.scalar": _make_scalar,
        "numpy.random.__RandomState_ctor": _Random,
        "numpy.random._pickle.__randomstate_ctor": _Random,
        "numpy.random._pickle.__generator_ctor": _Random,
        "numpy.random._pickle.__bit_generator_ctor": _Random,
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": _Random,
    }
    return (
        classes
        | {name: _Name(name) for name in mentioned}
        | {name: _Call(name, result) for name, result in calls.items()}
    )


_NAMES = _list_names()

# numpy 2 says _core; numpy 1.16.0, and only that, named the module in which the functions are written in C.
_MOVED = (
    (r"^numpy\._core\.", "numpy.core."),
    (r"^numpy\.core\._multiarray_umath\.", "numpy.core.multiarray."),
)

_FROM_GENSIM = "Word2Vec.from_gensim(model) or KeyedVectors.from_gensim(model.wv)"
_PACKAGES = {"joblib": f"joblib.load, then {_FROM_GENSIM}", "torch": "torch.load"}
_OTHER_CLASSES = re.compile(r"gensim\.(?:[a-z_0-9]+\.)*(?:(FastText|Doc2Vec)|(\w*KeyedVectors)|([A-Z]\w*))$")


class _Names:
    """The names that one pickle asks for."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Any] = {}

    def find(self, module: str, name: str) -> Any:
        """Return what stands for a name; raise RefusedPickle if none does."""
        found = self._found.get((module, name))
        if found is None:
            full = f"{module}.{name}"
            for old, new in _MOVED:
                full = re.sub(old, new, full)
            if full not in _NAMES:
                holds_more = any(isinstance(one, type) for one in self._found.values())
                raise RefusedPickle(_say_refused(f"{module}.{name}", in_model=holds_more))
            found = self._found[module, name] = _NAMES[full]
        return found


def _say_refused(name: str, *, in_model: bool) -> str:
    """Return why a name is refused, and what to do; `in_model` if it is not the object itself."""
    package = name.partition(".")[0]
    if package in _PACKAGES:
        return f"it was written by {package}, not by gensim: if you trust it, use {_PACKAGES[package]}"
    if package == "fastw2v" and not in_model:
        return (
            f"it is a pickle of {name[:_LONGEST_NAME]}, as pickle.dump writes: if you trust it, use "
            "pickle.load, then save() what it returns"
        )
    known = _OTHER_CLASSES.match(name)
    if known is not None and not in_model:
        return _say_known(*known.groups())
    return (
        f"it asks for {name[:_LONGEST_NAME]}, which gensim's files of Word2Vec and KeyedVectors do not need; "
        "pickles can run code, so it is not loaded. If you trust it"
        + ("" if in_model else ", and that class is derived from gensim's Word2Vec or KeyedVectors")
        + f", load it in gensim and use {_FROM_GENSIM}"
    )


def _say_known(model: str | None, vectors: str | None, other: str | None) -> str:
    if model:
        return (
            f"it is a {model} model: load it in gensim and use KeyedVectors.from_gensim(model.wv). "
            f"fastw2v has no {model}; it takes the vectors of its words"
        )
    if vectors:
        return f"it holds {vectors}: load it in gensim and use KeyedVectors.from_gensim(vectors)"
    return f"it is a {other} of gensim: fastw2v reads Word2Vec and KeyedVectors"


# --- arrays in files beside the pickle ---


def _fetch_arrays(saved: _Object, path: str | None, suffix: str, mmap: Mmap, depth: int = 2) -> None:
    """Read the arrays that are in files of their own, `path.name.npy`, into the attributes of `saved`."""
    attributes = saved.attributes
    for name in _names_in(attributes, "__recursive_saveloads"):
        if isinstance(part := attributes.get(name), _Object):
            if not depth:
                raise RefusedPickle("it is a model in a model in a model")
            _fetch_arrays(part, path and f"{path}.{name}", suffix, mmap, depth - 1)
    for name in _names_in(attributes, "__numpys"):
        if path is None:
            raise RefusedPickle(f"the array {name!r} is in a file beside it: give the path, not an open file")
        if name != "neg_labels":  # always 1, 0, 0, …; versions before 0.13.3 saved it
            beside = f"{path}.{name}.{suffix}"
            array = inflate.read_npz(beside) if suffix == "npz" else _read_npy(beside, mmap)
            attributes[name] = in_machine_order(array)
    if scipys := _names_in(attributes, "__scipys"):
        raise RefusedPickle(f"it has sparse matrices in files beside it, which are not read: {scipys[:9]}")
    attributes.pop("__ignoreds", None)


_LONGEST_NAME = 200  # characters; it becomes part of a path


def _names_in(attributes: dict[str, Any], listed: str) -> list[str]:
    """Return the names of attributes that one attribute lists, each once, and take the list away."""
    names = attributes.pop(listed, [])
    if not isinstance(names, list | tuple | set):
        raise RefusedPickle(f"its list {listed} is {shown(names)}")
    for name in names:
        if type(name) is not str or len(name) > _LONGEST_NAME or not name.isidentifier():
            raise RefusedPickle(f"{shown(name)} is not the name of an attribute")
    return list(dict.fromkeys(names))


def _read_npy(path: str, mmap: Mmap) -> Array:
    # Always mapped: numpy then compares the shape with the size of the file before it allocates.
    try:
        with paths.fetched(path) as local:
            with open(local, "rb") as file:
                kind = magic.kind_of(file.read(magic.HEAD))
            if kind is None or kind.name != "npy":
                found = "something else" if kind is None else kind.what
                raise RefusedPickle(
                    f"expected an array as numpy.save writes it beside a model, found {found}"
                )
            mapped = np.load(local, mmap_mode=mmap or "r", allow_pickle=False)
            _check_text(mapped)
            if mmap and not mapped.dtype.isnative:
                raise RefusedPickle("it is of a machine with another byte order: load it with mmap=None")
            return np.asarray(mapped) if mmap else np.array(mapped)
    except RefusedPickle as error:
        raise RefusedPickle(f"{path}: {error}") from None
    except (ValueError, EOFError, TypeError, OverflowError):  # numpy's words are of its own parameters
        raise RefusedPickle(
            f"{path}: it is damaged, cut short, or holds Python objects: copy or download it again"
        ) from None


# --- what was saved, inert or alive ---


def kind_of(saved: Any) -> Kind | None:
    """Return what an inert object was.

    Args:
        saved (any): an inert object, or a live one of an installed gensim.

    Returns:
        str or None: "Word2Vec", "KeyedVectors" or "record"; None for a live object.
    """
    return saved.kind if isinstance(saved, _Object) else None


def attributes_of(saved: Any) -> dict[str, Any]:
    """Return the attributes of an object.

    Args:
        saved (any): an inert object, or a live one of an installed gensim.

    Returns:
        dict of str to any: arrays among them may be inert.
    """
    return saved.attributes if isinstance(saved, _Object) else vars(saved)


def as_array(value: Any) -> Any:
    """Return a value, made an array if it is an inert one.

    Args:
        value (any): the value of an attribute.

    Returns:
        any: a numpy array for an inert one, whose objects may be inert; anything else as it is.
    """
    return value.array if isinstance(value, _Array) else value


def numbers_of(values: Any, dtype: npt.DTypeLike) -> Array:
    """Return numbers as an array; numpy itself would unfold lists of lists, however often they share members.

    Args:
        values (any): an array, inert or not, or a flat list of numbers.
        dtype (dtype): of the result.

    Returns:
        array: of this dtype.

    Raises:
        RefusedPickle: it is something else.
    """
    values = as_array(values)
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "fiub":
            return np.asarray(values, dtype=dtype)
        values = values.tolist() if values.dtype == object and values.ndim == 1 else None
    if type(values) not in (list, tuple) or set(map(type, values)) - {int, float, bool}:
        raise RefusedPickle(f"it has {shown(values)} where numbers are expected")
    return np.asarray(values, dtype=dtype)


def bytes_as(array: Any, dtype: np.dtype[Any], budget: Budget) -> bytes:
    """Return the bytes of an array.

    Args:
        array (any): an inert array, or anything that `numbers_of` takes.
        dtype (dtype): of the numbers that the bytes are.
        budget (Budget): pays for them.

    Returns:
        bytes: in C order.
    """
    found = array.bytes_as(dtype) if isinstance(array, _Array) else numbers_of(array, dtype).tobytes()
    budget.spend(len(found))
    return found


class NotPlain(ValueError):
    """A value is an object that no safe file holds, or is nested without end."""


_ATOMS = frozenset({bool, int, float, complex, type(None), decimal.Decimal, fractions.Fraction}) | {
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone)
}
_MEMBER = 24  # steps for a place in a copy; it takes 8 bytes, and copies may not fill the memory
_COLLECTIONS = (list, tuple, set, frozenset)
_DEEPEST = 64


def plain(value: Any, budget: Budget, depth: int = _DEEPEST) -> Any:
    """Return a copy of a value of plain types and numpy arrays, in which no two places share a container.

    Args:
        value (any): of a file, or of a live object.
        budget (Budget): pays for every member.
        depth (int): how deep it may be nested.

    Returns:
        any: the copy; numpy's numbers and texts are Python's, and special kinds of dict are dicts.

    Raises:
        NotPlain: it holds an object of another kind, or is nested deeper.
    """
    if type(value) in _ATOMS:
        return value
    if type(value) in (str, bytes, bytearray):
        budget.spend(len(value))
        return value
    if depth == 0:
        raise NotPlain(f"it is nested more than {_DEEPEST} deep")
    if isinstance(value, np.datetime64 | np.timedelta64):  # of nanoseconds Python has no date
        return value
    if isinstance(value, np.generic):
        return plain(value.item(), budget, depth - 1)
    if type(value) in _COLLECTIONS:
        return _plain_collection(value, budget, depth)
    if isinstance(value, dict):
        _check_keys(list(value), budget)
        return {key: plain(member, budget, depth - 1) for key, member in value.items()}
    array = as_array(value)
    if not isinstance(array, np.ndarray):
        raise NotPlain(f"it holds an object of class {getattr(value, 'name', type(value).__qualname__)}")
    if array.dtype != object:
        return np.asarray(array)
    budget.spend(_MEMBER * array.size)
    members = (plain(member, budget, depth - 1) for member in array.ravel())
    return object_column(members, array.size).reshape(array.shape)


def _check_keys(keys: list[Any], budget: Budget) -> None:
    try:
        budget.check_keys(keys)
    except OddKey as error:  # of a live object, keys may be of any class
        raise NotPlain(str(error)) from None
    budget.spend(_SLOT * len(keys))


def _plain_collection(values: Any, budget: Budget, depth: int) -> Any:
    budget.spend(_SLOT + _MEMBER * len(values))
    if isinstance(values, set | frozenset):
        _check_keys(list(values), budget)
        return type(values)(values)
    if _ATOMS.issuperset(map(type, values)):
        return type(values)(values)
    return type(values)([plain(member, budget, depth - 1) for member in values])


def state_of_generator(generator: Any) -> Any:
    """Return the state of an inert generator of random numbers.

    Args:
        generator (any): the value of an attribute.

    Returns:
        any: its state as it was pickled; None for anything but an inert generator.
    """
    return generator.state if isinstance(generator, _Random) else None
