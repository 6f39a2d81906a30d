"""Errors about files.

Only a file's *content* has errors of its own; a missing file or a full disk is an `OSError`, and a wrong
argument a `ValueError` or `TypeError`.
"""

from __future__ import annotations

import contextlib
import lzma
import pickle
import zlib
from collections.abc import Iterator


class FastW2VError(ValueError):
    """Base of the errors about the content of files. Also a `ValueError`, as gensim raises."""


class FormatError(FastW2VError):
    """The file does not follow its format: it is truncated, damaged, forged, or of another kind."""


class TruncatedError(FormatError, EOFError):
    """The file ends too early. Also an `EOFError`, as gensim raises."""


class WordEncodingError(FormatError, UnicodeDecodeError):
    """A word cannot be decoded. Also a `UnicodeDecodeError`; its reason says where in the file."""


class RefusedPickle(FormatError, pickle.UnpicklingError):
    """A pickle is not what gensim writes, and was not run. Also a `pickle.UnpicklingError`."""


class OddKey(RefusedPickle):
    """A key, of a dict or of words, is of a class that no safe file holds."""


@contextlib.contextmanager
def naming_damage(name: str) -> Iterator[None]:
    """Turn the errors of a decompressor into a TruncatedError that names the file."""
    try:
        yield
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, TruncatedError) or getattr(error, "errno", None) is not None:
            raise  # the system's, not a decompressor's
        raise TruncatedError(f"{name}: the compressed data is cut short or damaged: get it again") from error
