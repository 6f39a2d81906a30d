"""What goes wrong with files.

Only what a file's *content* causes has a type of its own; missing files, full disks and the like stay
`OSError`, and wrong arguments stay `ValueError`/`TypeError`.
"""

from __future__ import annotations

import pickle


class FastW2VError(ValueError):
    """Base of the errors about files. A `ValueError`, as gensim raises for malformed files."""


class FormatError(FastW2VError):
    """The file is not what its format says: truncated, damaged, forged, or of another kind."""


class TruncatedError(FormatError, EOFError):
    """The file ends before what it announced. An `EOFError`, as gensim raises."""


class WordEncodingError(FormatError, UnicodeDecodeError):
    """A word is not text in the encoding asked for. A `UnicodeDecodeError` whose reason says where."""


class RefusedPickle(FormatError, pickle.UnpicklingError):
    """A pickle is not what gensim writes. A `pickle.UnpicklingError`, and nothing of it was run."""
