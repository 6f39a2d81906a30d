"""The package under the name that gensim has for it: `from fastw2v.models import Word2Vec`.

`fastw2v.models.word2vec`, `.keyedvectors` and `.callbacks` are the modules of those names in `fastw2v`.
"""

from __future__ import annotations

import sys

from fastw2v import callbacks, keyedvectors, word2vec
from fastw2v.callbacks import CallbackAny2Vec
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.word2vec import FAST_VERSION, Word2Vec

__all__ = [
    "FAST_VERSION",
    "CallbackAny2Vec",
    "KeyedVectors",
    "Word2Vec",
    "callbacks",
    "keyedvectors",
    "word2vec",
]

# So that `import fastw2v.models.word2vec` finds these very modules.
sys.modules.update(
    {f"{__name__}.{name}": globals()[name] for name in ("callbacks", "keyedvectors", "word2vec")}
)
