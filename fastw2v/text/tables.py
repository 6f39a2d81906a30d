"""Corpora and sentences that are no plain lists: columns of tables, arrays, and what is taken for sentences.

No package of tables is imported here: an object is known by the module of its class and by its attributes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from fastw2v.warn import warn_user

# gensim logs as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")

ROWS_AT_A_TIME = 10_000

_TABLES = {
    "DataFrame",
    "LazyFrame",
    "Table",
    "RecordBatch",
    "RecordBatchReader",
    "Dataset",
    "IterableDataset",
}
_PACKAGES = {"pandas", "polars", "pyarrow", "datasets", "dask", "modin", "cudf"}
_TO_SPLIT = {
    "pandas": "column.str.split()",
    "polars": 'column.str.split(" ")',
    "pyarrow": "pyarrow.compute.utf8_split_whitespace(column)",
}
_TO_DROP = {
    "pandas": "column.dropna()",
    "polars": "column.drop_nulls()",
    "pyarrow": "column.drop_null()",
}


# --- a corpus ---


class Rows:
    """A column that is no Python list: in each pass its rows become Python objects, some at a time.

    Args:
        column (column): of polars, pyarrow or `datasets`.
        read (function or None): returns the rows of a slice of the column; None if the column is a stream.
        fixed (bool): whether it cannot change.
    """

    def __init__(self, column: Any, read: Callable[[Any], Iterable[Any]] | None, *, fixed: bool) -> None:
        self._column = column
        self._read = read
        self.fixed = fixed

    def __iter__(self) -> Iterator[Any]:
        for number, row in enumerate(chain.from_iterable(self._parts())):
            _check_row(row, number, self._column)
            yield row

    def _parts(self) -> Iterator[Iterable[Any]]:
        if self._read is None:
            yield self._column
            return
        for start in range(0, len(self._column), ROWS_AT_A_TIME):
            yield self._read(self._column[start : start + ROWS_AT_A_TIME])


def sentences_of(corpus: Any) -> Any:
    """Return what gives the sentences of a corpus; TypeError, with the fix, if that would be something else.

    Columns and arrays that hold lists of words are taken; tables, dicts and columns of texts are refused.
    """
    if isinstance(corpus, Mapping):
        raise TypeError(
            f"the corpus is a {type(corpus).__name__}, which would be read as its keys: "
            "give its values, or one of them, if these are lists of words"
        )
    if is_table(corpus):
        raise TypeError("the corpus is " + _explain_table(corpus))
    if isinstance(corpus, list | tuple):
        if corpus and isinstance(corpus[0], Mapping):
            raise TypeError(_explain_fields(corpus[0], 0))
        return corpus
    if isinstance(corpus, np.ndarray):
        return _rows_of_array(corpus)
    return _rows_of_column(corpus)


def is_table(value: Any) -> bool:
    """Return whether this is a table with several columns, or groups of its rows."""
    kind = type(value)
    if hasattr(kind, "__dataframe__"):
        return True
    if _package(value) not in _PACKAGES:
        return False
    # Not by its name alone: a program may have a module `datasets` of its own.
    has_columns = any(hasattr(kind, name) for name in ("columns", "column_names", "schema"))
    return (kind.__name__ in _TABLES and has_columns) or kind.__name__.endswith("GroupBy")


def _rows_of_column(corpus: Any) -> Any:
    """Return the checked rows of a column of pandas, polars, pyarrow or `datasets`; other things as is."""
    package, name = _package(corpus), type(corpus).__name__
    if package == "pandas" and hasattr(corpus, "dtype"):
        return _checked(list(corpus), corpus)
    if package == "polars" and name == "Series":
        return _looked_at(Rows(corpus, lambda part: part.to_list(), fixed=True), corpus.null_count())
    if package == "pyarrow" and hasattr(corpus, "to_pylist"):
        return _looked_at(Rows(corpus, lambda part: part.to_pylist(), fixed=True), corpus.null_count)
    if package == "pyarrow" and hasattr(corpus, "as_py"):
        return sentences_of(corpus.as_py())
    if package == "datasets" and not hasattr(corpus, "column_name"):
        return corpus  # of a module of the user's own
    if package == "datasets" and name == "Column":
        return _looked_at(Rows(corpus, list, fixed=False), 0)
    if package == "datasets" and name == "IterableColumn":
        return Rows(corpus, None, fixed=False)
    return corpus


def _looked_at(rows: Rows, missing: int) -> Rows:
    """Return the rows, of which the first is checked now, and all if some are missing."""
    for _ in rows:
        if not missing:
            break
    return rows


def _rows_of_array(array: Any) -> Any:
    """Return an array of lists of words, or with two dimensions of words, as sentences."""
    if array.dtype.names:
        raise TypeError(
            f"the corpus is an array with the fields {list(array.dtype.names)}: "
            "give the one that holds lists of words, as in array[field]"
        )
    if array.ndim == 0:
        raise TypeError("the corpus is an array without dimensions: give a list of lists of words")
    if array.ndim == 1:
        return _checked(array.tolist(), array)
    if array.shape[1:] == (1,):
        for number, text in enumerate(array[:, 0].tolist()):
            if isinstance(text, str | bytes) and len(text.split()) > 1:
                _check_row(text, number, array)
    return array


def _checked(rows: list[Any], column: Any) -> list[Any]:
    """Return the rows of a column in memory; TypeError unless each is a list of words."""
    if not set(map(type, rows)) <= {list, tuple}:
        for number, row in enumerate(rows):
            _check_row(row, number, column)
    return rows


def _check_row(row: Any, number: int, column: Any) -> None:
    """Raise TypeError, with the fix, for a row of a column that is not a list of words."""
    if type(row) is list:
        return
    where = f"row {number} of the corpus, a {_package(column)} {type(column).__name__}, is "
    row = _unboxed(row)
    if isinstance(row, str | bytes):
        advice = f"split the texts, as in {_how_to_split(column)}"
        if row.lstrip()[:1] in ("[", b"["):
            advice = "if it was a list once, read it with ast.literal_eval or json.loads; else " + advice
        raise TypeError(f"{where}the text {row[:40]!r}, but a sentence is a list of words: {advice}")
    if isinstance(row, Mapping):
        raise TypeError(_explain_fields(row, number))
    if is_missing(row):
        drop = _TO_DROP.get(_package(column), "[row for row in column if row is not None]")
        raise TypeError(f"{where}missing ({row!r}): drop such rows first, as in {drop}")
    if not isinstance(row, Iterable):
        raise TypeError(f"{where}{row!r:.40} of type {type(row).__name__}: a sentence is a list of words")


def _explain_table(table: Any) -> str:
    """Return what to say of a table that was given as a corpus."""
    what = f"a {_package(table)} {type(table).__name__}"
    if type(table).__name__.endswith("GroupBy"):
        return what + ", which is read as pairs: make lists of its groups, as in groups.agg(list)"
    if type(table).__name__ == "LazyFrame":
        return what + ", which holds nothing yet: give a column of words, as in table.collect()[name]"
    names = getattr(table, "column_names", None)
    if names is None:
        names = list(getattr(table, "columns", ()))
    lists = [name for name in names if _holds_lists(table, name)]
    if lists:
        return f"{what}, which is not read as sentences: give its column of words, as in table[{lists[0]!r}]"
    split = _how_to_split(table).replace("column", "table[name]")
    return (
        f"{what} with the columns {names!r:.200}, which is not read as sentences: give the column that holds "
        f"lists of words, as in table[name]; one of texts must be split first, as in {split}"
    )


def _how_to_split(column: Any) -> str:
    """Return how a column of texts becomes one of lists of words."""
    return _TO_SPLIT.get(_package(column), "[text.split() for text in column]")


def _holds_lists(table: Any, name: Any) -> bool:
    """Return whether the first row of a column is a list; False where looking would read a stream."""
    if not hasattr(type(table), "__getitem__") or not hasattr(type(table), "__len__"):
        return False
    first = _unboxed(next(iter(table[name]), None))
    return isinstance(first, list | tuple | np.ndarray) or type(first).__name__ == "Series"


def _explain_fields(row: Mapping[Any, Any], number: int) -> str:
    """Return what to say of a sentence that is a dict."""
    return (
        f"sentence #{number} is a {type(row).__name__} with the keys {list(row)[:5]!r:.100}, which would be "
        "read as its words: give the field that holds the words, as in [row[field] for row in rows]"
    )


# --- a sentence ---


class Taker:
    """Takes sentences of any kind as lists or tuples of words, and warns once of each probable mistake.

    Args:
        learns (bool): whether new words become part of a vocabulary.
    """

    def __init__(self, *, learns: bool = True) -> None:
        self._learns = learns
        self._told: set[str] = set()

    def words_of(self, sentence: Any, number: int) -> list[Any] | tuple[Any, ...]:
        """Return the words of a sentence; TypeError, with its number, if it cannot be one."""
        if type(sentence) is not list:
            sentence = _unboxed(sentence)
        if type(sentence) is list or type(sentence) is tuple:
            return sentence
        if isinstance(sentence, str | bytes):
            self._warn_of_text(sentence, number)
        elif isinstance(sentence, Mapping):
            raise TypeError(_explain_fields(sentence, number))
        elif isinstance(sentence, tuple) and isinstance(getattr(sentence, "words", None), list):
            raise TypeError(
                f"sentence #{number} is a {type(sentence).__name__}: give its words, as in "
                "[document.words for document in corpus]"
            )
        elif is_table(sentence):
            raise TypeError(f"sentence #{number} is " + _explain_table(sentence))
        elif not isinstance(sentence, Iterable) and not hasattr(type(sentence), "__getitem__"):
            raise TypeError(
                f"sentence #{number} is {sentence!r:.60} of type {type(sentence).__name__}: "
                "each sentence must be an iterable of words, for instance a list of str"
            )
        return tuple(sentence)

    def warn_of_missing(self, word: Any, number: int | None = None) -> None:
        """Warn, once, of a new word in this sentence that stands for a missing value, as None and NaN do."""
        if not self._learns or "missing" in self._told or not is_missing(word):
            return
        self._told.add("missing")
        where = "the corpus" if number is None else f"sentence #{number}"
        warn_user(
            f"{where} contains {word!r} among its words, which is trained as a word: "
            "leave missing values out of sentences",
            log=logger,
        )

    def _warn_of_text(self, text: str | bytes, number: int) -> None:
        if "text" in self._told:
            return
        self._told.add("text")
        gensims = (
            "Each 'sentences' item should be a list of words (usually unicode strings). "
            f"First item here is instead plain {type(text)}."
        )
        warn_user(
            f"sentence #{number} is the {type(text).__name__} {text[:40]!r}, whose letters are taken for "
            "words: each sentence must be a list of words, for instance text.split()",
            log=logger,
            logged=None if number else gensims,
        )


def _unboxed(value: Any) -> Any:
    """Return arrays, tensors and what is Arrow's as Python objects, so that words are str and int."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return value.tolist()
    if _package(value) == "pyarrow":
        if hasattr(value, "to_pylist"):
            return value.to_pylist()
        return plain_word(value)
    return value


def plain_word(word: Any) -> Any:
    """Return a scalar of Arrow as the Python object that it stands for; anything else as it is."""
    return word.as_py() if _package(word) == "pyarrow" and hasattr(word, "as_py") else word


def words_in(name: str, words: Any) -> list[Any]:
    """Return words, of a list or a column, as a list; TypeError, with the `name`, if they are a text."""
    words = _unboxed(words)
    if isinstance(words, str | bytes):
        raise TypeError(f"{name} is {words!r:.60}, which would be read as letters: give a list of words")
    if is_table(words):
        raise TypeError(f"{name} is " + _explain_table(words))
    return list(map(plain_word, words))


def is_missing(word: Any) -> bool:
    """Return whether this is None, NaN, or what pandas has for missing values."""
    if isinstance(word, float | np.floating):
        return bool(word != word)
    return word is None or type(word).__name__ in ("NAType", "NaTType")


def refuse_unhashable(words: Iterable[Any], number: int, error: TypeError) -> None:
    """Raise what is wrong with the first of these words that cannot be a key; nothing if all can.

    Args:
        words (iterable): some words of a sentence, which a dict has refused.
        number (int): of the sentence.
        error (TypeError): what the dict said.

    Raises:
        TypeError: a word has no hash.
    """
    for word in words:
        kind = type(word)
        if kind.__hash__ is None:
            advice = "a sentence is a list of words, and a word must be hashable (usually a str)"
            if isinstance(word, list):
                advice += (
                    "; if the corpus is a list of documents, which are lists of sentences, "
                    "give [sentence for document in corpus for sentence in document]"
                )
            shown = " ".join(repr(word).split())[:60]
            raise TypeError(
                f"sentence #{number} contains {shown} of type {kind.__name__}: {advice}"
            ) from error
        hash(word)  # its own error passes: since Python 3.14 a dict puts one without it in its place


def _package(value: Any) -> str:
    """Return the name of the package that an object's class comes from."""
    return str(type(value).__module__).partition(".")[0]
