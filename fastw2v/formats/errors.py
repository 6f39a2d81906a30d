"""Errors about files.

Only a file's *content* has errors of its own; a missing file or a full disk is an `OSError`, and a wrong
argument a `ValueError` or `TypeError`.
"""

from __future__ import annotations

import pickle


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
