"""Gensim 3's `vocab`: a dict of words and their records, which reads and writes a `KeyedVectors`.

Programs of that time cut, move and add words by hand: they set `record.index`, assign `vocab`, `index2word`
and `vectors`, in any order, and until the last of these the parts do not fit together. Attributes belong to
the word there, and to the row here. So a word that is moved takes its attributes along in `_moved`, beside
the columns, until someone asks for these: `settle` then writes them to the rows that words have by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import chain
from operator import index
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged, check_column_type, column_dtype, resized
from fastw2v.sharing.states import guard_of

Array = npt.NDArray[Any]
Key = Any  # a str as a rule; an int or any other hashable
Attributes = dict[str, Any]

PATHS: dict[str, np.dtype[Any]] = {"code": np.dtype(np.uint8), "point": np.dtype(np.uint32)}
_NEVER_DROPPED = 2**32 - 1  # a `sample_int`; gensim 3 has 2**32 for it, one more than fits
_WITH_ALL_OR_NONE = {"sample_int", *PATHS}  # training would take a missing value for a true one


class Keyed(Protocol):
    """What is used here of a `KeyedVectors`, whose room is above this one."""

    index_to_key: list[Key]
    key_to_index: dict[Key, int]

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set an attribute of a key."""


class CompatVocab:
    """A record by itself, as gensim 3's programs make them: `Vocab(count=3, index=0)`. Compares by count.

    Args:
        **attributes: what the record says of its word.
    """

    __module__ = "fastw2v.keyedvectors"  # where pickles have it
    count: int = 0

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __lt__(self, other: Any) -> bool:
        return bool(self.count < other.count)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompatVocab):
            return NotImplemented
        mine, theirs = vars(self), vars(other)
        return mine.keys() == theirs.keys() and all(
            np.array_equal(value, theirs[name]) for name, value in mine.items()
        )

    def __hash__(self) -> int:
        return hash((getattr(self, "index", None), self.count))

    def __repr__(self) -> str:
        return f"Vocab({', '.join(f'{name}:{value!r}' for name, value in sorted(vars(self).items()))})"


Vocab = CompatVocab


class VocabRecord(CompatVocab):
    """One word of `vocab`: its `.index`, and its attributes (`.count`, `.code`, `.point`, …).

    They are read from and written to the `KeyedVectors`. A copy or a pickle is a `Vocab` of its own. The
    record of a word that was deleted goes on reading the row that it had.

    Args:
        kv (KeyedVectors): whose word it is.
        word (key): the word.

    Raises:
        KeyError: the word is missing.
    """

    __slots__ = ("_at",)
    _at: tuple[Keyed, Key, int]

    def __init__(self, kv: Keyed, word: Key) -> None:
        object.__setattr__(self, "_at", (kv, word, kv.key_to_index[word]))

    @property
    def index(self) -> int:
        """The word's row."""
        kv, word, row = self._at
        return kv.key_to_index.get(word, row)

    @property
    def count(self) -> Any:  # type: ignore[override]  # a plain attribute of records by themselves
        """How often the word occurred; there may be no such attribute."""
        return self.__getattr__("count")

    def __getattr__(self, name: str) -> Any:
        if name == "_at" or name.startswith("__"):
            raise AttributeError(name)
        kv, word, row = self._at
        state = kv.__dict__  # read as it is, because this is what programs do for each word of 100,000
        known = _moved_attributes(kv, word) if "_moved" in state else None
        if known is not None:
            if name in known:
                return known[name]
        elif (column := state["expandos"].get(name)) is not None:
            row = kv.key_to_index.get(word, row)
            if row < len(column):
                return _plain(column[row])
        raise AttributeError(
            f"no attribute {name!r}: these words have {sorted(vars(self).keys() - {'index'})}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        kv, word, _ = self._at
        if word not in kv.key_to_index:
            raise AttributeError(f"{word!r} was deleted: its record can be read, but not changed")
        if name == "index":
            row = _row(word, value)
            if row != self.index:
                _place(kv, word, row, _attributes(kv, word, self.index))
        elif (known := _moved_attributes(kv, word)) is not None:
            known[name] = _fitted(name, value)
            kv.__dict__["_moved"].settled = False
        else:
            kv.set_vecattr(word, name, _fitted(name, value))

    @property
    def __dict__(self) -> Attributes:  # type: ignore[override]
        kv, word, _ = self._at
        return {"index": self.index} | _attributes(kv, word, self.index)

    def __reduce__(self) -> Any:
        return CompatVocab, (), vars(self)


if TYPE_CHECKING:  # to type checkers the methods of the two bases do not agree
    _LiveDict = MutableMapping[Key, Any]
else:

    class _LiveDict(MutableMapping, dict):
        """A dict to `isinstance`, whose methods all go through the few that a derived class writes."""

        __slots__ = ()


class VocabView(_LiveDict):
    """Gensim 3's `vocab` of a `KeyedVectors`: word → record, in the order of rows; it follows all changes.

    It is a dict to whoever asks, but holds nothing itself. A copy is a dict of live records, and a pickle a
    dict of records by themselves.

    Args:
        kv (KeyedVectors): whose words they are.
    """

    __module__ = "fastw2v.keyedvectors"  # where pickles have it
    __slots__ = ("_kv",)

    def __init__(self, kv: Keyed) -> None:
        self._kv = kv

    def __getitem__(self, word: Key) -> CompatVocab:
        return VocabRecord(self._kv, word)

    def __setitem__(self, word: Key, record: Any) -> None:
        _place(self._kv, word, *_read(word, record))

    def __delitem__(self, word: Key) -> None:
        del self._kv.key_to_index[word]
        if (moved := self._kv.__dict__.get("_moved")) is not None:
            moved.attributes.pop(word, None)

    def __len__(self) -> int:
        return len(self._kv.key_to_index)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._kv.key_to_index)

    def __reversed__(self) -> Iterator[Key]:
        return reversed(self._kv.key_to_index)

    def __contains__(self, word: object) -> bool:
        return word in self._kv.key_to_index

    def pop(self, word: Key, *default: Any) -> Any:
        """Delete a word and return its record, by itself.

        Args:
            word (key): what to delete.
            *default: what to return if the word is missing.

        Returns:
            Vocab: the record, or the default.

        Raises:
            KeyError: the word is missing, and no default is given.
        """
        if word not in self and default:
            return default[0]
        record = CompatVocab(**vars(self[word]))
        del self[word]
        return record

    def popitem(self) -> tuple[Key, CompatVocab]:
        """Delete the last word.

        Returns:
            tuple of (key, Vocab): the word and its record, by itself.

        Raises:
            KeyError: there are no words.
        """
        if not self:
            raise KeyError("there are no words")
        word = next(reversed(self))
        return word, self.pop(word)

    def clear(self) -> None:
        """Delete all words; their rows stay."""
        for word in list(self):
            del self[word]

    def copy(self) -> dict[Key, CompatVocab]:
        """Return a dict of these words and their live records."""
        return dict(self.items())

    __copy__ = copy

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __or__(self, other: Any) -> dict[Key, Any]:
        return self.copy() | dict(other)

    def __ror__(self, other: Any) -> dict[Key, Any]:
        return dict(other) | self.copy()

    def __ior__(self, other: Any) -> VocabView:
        self.update(other)
        return self

    def __reduce__(self) -> Any:
        return dict, (list(self.items()),)

    def __repr__(self) -> str:
        return f"<vocab of {self._kv}>"


def take_vocab(kv: Keyed, records: Any) -> None:
    """Give vectors the words of another `vocab`: their rows, and all their attributes."""
    if not isinstance(records, Mapping):
        raise TypeError(
            f"vocab is of type {type(records).__name__}: give a dict of word -> Vocab(index=..., count=...)"
        )
    read = {word: _read(word, record) for word, record in records.items()}
    kv.key_to_index = {word: row for word, (row, _) in read.items()}
    kv.__dict__["expandos"] = {}
    kv.__dict__["_moved"] = _Moved({word: attributes for word, (_, attributes) in read.items()})


# --- words on their way to other rows ---


class _Moved:
    """Attributes of words whose columns do not have them yet, and whether `settle` has seen them all."""

    def __init__(self, attributes: dict[Key, Attributes], *, settled: bool = False) -> None:
        self.attributes = attributes
        self.settled = settled


def _columns(kv: Keyed) -> dict[str, Array | Ragged]:
    """Return the columns as they are, without settling."""
    columns: dict[str, Array | Ragged] = kv.__dict__["expandos"]
    return columns


def _moved_attributes(kv: Keyed, word: Key) -> Attributes | None:
    """Return the attributes of a word that has moved; None if the columns have them."""
    moved: _Moved | None = kv.__dict__.get("_moved")
    return None if moved is None else moved.attributes.get(word)


def _attributes(kv: Keyed, word: Key, row: int) -> Attributes:
    """Return copies of all attributes of a word."""
    known = _moved_attributes(kv, word)
    if known is None:
        columns = _columns(kv).items()
        known = {name: _plain(column[row]) for name, column in columns if row < len(column)}
    return _copied(known)


def _copied(attributes: Attributes) -> Attributes:
    """Return attributes with arrays of their own."""
    return {
        name: value.copy() if isinstance(value, np.ndarray) else _fitted(name, value)
        for name, value in attributes.items()
    }


def _fitted(name: str, value: Any) -> Any:
    """Return a value that a program gives to a word as columns can hold it."""
    if name == "sample_int" and isinstance(value, int | np.integer):
        return min(int(value), _NEVER_DROPPED)
    return value


def _plain(value: Any) -> Any:
    """Return a value of a column as gensim 3's records have it: numbers are Python's, which json takes."""
    return value.item() if isinstance(value, np.generic) else value


def _row(word: Key, value: Any) -> int:
    """Return a row number that a program gives to a word."""
    try:
        row = index(value)
    except TypeError:
        raise TypeError(
            f"the record of {word!r} has the index {value!r}: give the number of its row, "
            "as in Vocab(index=3, count=5)"
        ) from None
    if row < 0:
        raise ValueError(f"the record of {word!r} has the index {row}: rows are numbered from 0")
    return row


def _read(word: Key, record: Any) -> tuple[int, Attributes]:
    """Return row and attributes that a record of any class gives to a word."""
    attributes = dict(getattr(record, "__dict__", {}))
    row = _row(word, attributes.pop("index", getattr(record, "index", None)))
    return row, _copied({name: value for name, value in attributes.items() if not name.startswith("_")})


def _place(kv: Keyed, word: Key, row: int, attributes: Attributes) -> None:
    """Put a word into a row, and its attributes aside until the columns are asked for."""
    moved: _Moved = kv.__dict__.setdefault("_moved", _Moved({}))
    moved.attributes[word] = attributes
    moved.settled = False
    kv.key_to_index[word] = row


def settle(kv: Keyed) -> None:
    """Write the attributes of moved words to the columns.

    While two words have one row, it is that of the word that `index_to_key` has there, or else of the word
    that was there first; the other word's attributes stay aside.
    """
    with guard_of(kv).edits:  # several threads may ask for the columns at once
        moved: _Moved | None = kv.__dict__.get("_moved")
        if moved is not None and not moved.settled:
            _settle(kv, moved)


def _settle(kv: Keyed, moved: _Moved) -> None:
    """Do so, while no other thread does."""
    rows, keys = kv.key_to_index, kv.index_to_key
    limit = len(keys) + len(rows)  # a row beyond it is a slip, and would take memory
    owners: dict[int, Key] = {}
    waiting: dict[Key, Attributes] = {}
    # Words that have not moved come first, because they were there first.
    for word in chain((w for w in rows if w not in moved.attributes), moved.attributes):
        row, loser = rows[word], word
        if row < limit and (row not in owners or (row < len(keys) and keys[row] == word)):
            loser, owners[row] = owners.get(row, loser), word
        if owners.get(row) != loser:
            waiting[loser] = _attributes(kv, loser, row)
    arrived = {row: moved.attributes[word] for row, word in owners.items() if word in moved.attributes}
    columns, size = _columns(kv), max(len(keys), 1 + max(owners, default=-1))
    names = dict.fromkeys(chain(columns, *arrived.values()))
    kv.__dict__["expandos"] = {
        name: _column(name, columns.get(name), arrived, size)
        for name in names
        if name in columns or name not in _WITH_ALL_OR_NONE or all(name in a for a in arrived.values())
    }
    if waiting:  # another object: a copy of these vectors may hold this one, and has other columns
        kv.__dict__["_moved"] = _Moved(waiting, settled=True)
    else:
        del kv.__dict__["_moved"]


def _column(
    name: str, before: Array | Ragged | None, arrived: dict[int, Attributes], size: int
) -> Array | Ragged:
    """Return a column of so many rows with the values that have arrived; without one a row has 0."""
    if isinstance(before, Ragged) or (before is None and name in PATHS):
        paths: list[Any] = [()] * size if before is None else list(resized(before, size))
        for row, attributes in arrived.items():
            paths[row] = attributes.get(name, ())
        dtype: np.dtype[Any] = PATHS[name] if before is None else before.values.dtype
        return _ragged(paths, dtype)
    values = {row: attributes.get(name, 0) for row, attributes in arrived.items()}
    if before is None:
        kinds = {column_dtype(type(value)) for value in values.values()}
        if name == "sample_int":
            kinds = {np.dtype(np.uint32)}
        before = np.zeros(size, dtype=kinds.pop() if len(kinds) == 1 else object)
    column = resized(before, size)
    assert isinstance(column, np.ndarray)
    for row, value in values.items():
        try:
            check_column_type(name, column, type(value))
            column[row] = value
        except (TypeError, ValueError, OverflowError):
            column = column.astype(object)
            column[row] = value
    return column


def _ragged(paths: Iterable[Any], dtype: np.dtype[Any]) -> Ragged:
    """Return rows of different lengths as a column."""
    rows = [np.asarray(path, dtype=dtype) for path in paths]
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    return Ragged(np.concatenate([np.empty(0, dtype=dtype), *rows]), starts)
