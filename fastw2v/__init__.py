"""fastw2v: word2vec that trains fast and keeps both halves of the model.

text → tokens            corpus
tokens → counts          vocabulary; from them sampling, huffman
tokens → ids → jobs      _encoder, training
jobs → weights           _kernels, _tile.h
weights by word          word2vec (IN, OUT, nodes), keyedvectors (queries)
files                    formats
"""

from __future__ import annotations

import logging

try:
    import fastw2v.tile.dispatch as _dispatch
except ImportError as error:
    raise ImportError(
        f"fastw2v's compiled modules cannot be imported ({error}). In a clone of the sources: install with "
        "`pip install .` and start Python in another folder, or compile here with "
        "`python setup.py build_ext --inplace`"
    ) from error

from fastw2v import models, utils
from fastw2v._version import __version__
from fastw2v.callbacks import CallbackAny2Vec
from fastw2v.formats.errors import FastW2VError, FormatError
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.text.readers import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.word2vec import FAST_VERSION, Word2Vec

__all__ = [
    "BrownCorpus",
    "CallbackAny2Vec",
    "FAST_VERSION",
    "FastW2VError",
    "FormatError",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Word2Vec",
    "__version__",
    "models",
    "show_config",
    "utils",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())


def show_config() -> None:
    """Print versions, the instruction sets that this machine can run, and the one in use."""
    import platform

    import numpy

    print(f"fastw2v {__version__}, Python {platform.python_version()}, numpy {numpy.__version__}")
    print(f"machine: {platform.machine()}, instruction sets: {', '.join(_dispatch.available_isas())}")
    print(f"in use: {_dispatch.selected_isa()} (FASTW2V_ISA selects)")
