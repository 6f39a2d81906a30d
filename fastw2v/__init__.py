"""fastw2v: word2vec that trains fast and keeps both halves of the model.

A map of the package, in the order in which data goes through it:

text/              text → sentences → counts of words, and ids
phrases/           words that stand together more often than by chance, joined
vocabulary/        counts → the words that are kept, the noise table, the Huffman tree
training/          ids → jobs → threads, which train the weights
tile/              the arithmetic of training and scanning, compiled for each instruction set
word2vec.py        `Word2Vec`: how a model is made, trained, saved and loaded
matrices.py        what a model holds and answers: IN, OUT and node vectors by word
keyedvectors.py    `KeyedVectors`: one matrix by word, its queries and its files
query/             questions → cosines and nearest rows
documents/         vectors of documents; scikit-learn's step is in sklearn.py
evaluation/        how good vectors and rankings are
desm/              documents ranked by the dual embedding space model
formats/           models ↔ files
cli/               the command `fastw2v`
shift/             texts of several times or places compared
accel/             gensim's classes taken over, in programs that import gensim
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

try:
    import fastw2v.tile.dispatch as _dispatch
except ImportError as error:
    if error.name and error.name.partition(".")[0] != "fastw2v":
        raise  # numpy, or SciPy for its BLAS
    from fastw2v._uncompiled import what_to_do

    raise ImportError(what_to_do(error)) from error

from fastw2v import models, utils
from fastw2v._version import __version__
from fastw2v.callbacks import CallbackAny2Vec, EarlyStopping
from fastw2v.formats.errors import FastW2VError, FormatError
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.text.readers import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.warn import FastW2VWarning
from fastw2v.word2vec import FAST_VERSION, Word2Vec

__all__ = [
    "BrownCorpus",
    "CallbackAny2Vec",
    "Compass",
    "EarlyStopping",
    "FAST_VERSION",
    "FastW2VError",
    "FastW2VWarning",
    "FormatError",
    "FrozenPhrases",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "Text8Corpus",
    "Word2Vec",
    "__version__",
    "accelerate",
    "align",
    "deaccelerate",
    "models",
    "show_config",
    "utils",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())

_LATE = {
    "Compass": "fastw2v.shift",
    "FrozenPhrases": "fastw2v.phrases",
    "Phraser": "fastw2v.phrases",
    "Phrases": "fastw2v.phrases",
    "accelerate": "fastw2v.accel",
    "align": "fastw2v.shift",
    "deaccelerate": "fastw2v.accel",
}

if TYPE_CHECKING:
    from fastw2v.accel import accelerate, deaccelerate
    from fastw2v.phrases import FrozenPhrases, Phraser, Phrases
    from fastw2v.shift import Compass, align
else:  # a type checker should go on to say which names there are

    def __getattr__(name: str) -> Any:
        """Return what is imported when asked for: ours, or what stays in gensim, see `models.gensims`."""
        if name in _LATE:
            return getattr(import_module(_LATE[name]), name)
        return models.gensims.found(name, __name__)


def show_config() -> None:
    """Print versions, what the processor has, which instruction sets this build has, and the one in use.

    The environment variable FASTW2V_ISA selects another one; it is read when fastw2v is imported.
    """
    import os
    import platform

    import numpy

    print(f"fastw2v {__version__}, Python {platform.python_version()}, numpy {numpy.__version__}")
    known = ", ".join(_dispatch.processor_has()) or "none of those it asks for"
    print(f"processor: {platform.machine()} on {platform.system()}, has {known}")
    print(f"build: by {_dispatch.COMPILER.strip()}, instruction sets: {', '.join(_dispatch.compiled_isas())}")
    available, used = _dispatch.available_isas(), _dispatch.selected_isa()
    if used == os.environ.get("FASTW2V_ISA"):
        why = f"FASTW2V_ISA={used}"
    else:
        why = "the best of both; FASTW2V_ISA selects" if used == available[0] else "selected by the program"
    print(f"in use: {used} ({why}); can be selected: {', '.join(available)}")
