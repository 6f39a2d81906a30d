"""The package under the name that gensim has for it: `from fastw2v.models import Word2Vec`.

`fastw2v.models.word2vec`, `.keyedvectors` and `.callbacks` are the modules of those names in `fastw2v`.
`base_any2vec`, `utils_any2vec` and `word2vec_inner` hold names that programs import from there. Everything
else that gensim has, such as `fastw2v.models.FastText`, is gensim's, see `gensims`.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from fastw2v import callbacks, keyedvectors, utils, word2vec
from fastw2v.callbacks import CallbackAny2Vec
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.models import gensims
from fastw2v.word2vec import FAST_VERSION, Word2Vec

__all__ = [
    "FAST_VERSION",
    "CallbackAny2Vec",
    "KeyedVectors",
    "Word2Vec",
    "callbacks",
    "keyedvectors",
    "utils",
    "word2vec",
]

# So that `import fastw2v.models.word2vec` finds these very modules.
sys.modules.update(
    {f"{__name__}.{name}": globals()[name] for name in ("callbacks", "keyedvectors", "utils", "word2vec")}
)
sys.meta_path.insert(0, gensims.Finder())  # before Python would load a second copy of gensim's files

for _module in gensims.BESIDE:
    setattr(globals()[_module], "__getattr__", partial(gensims.found_beside, _module))  # noqa: B010

if not TYPE_CHECKING:  # a type checker should go on to say which names there are

    def __getattr__(name: str) -> Any:
        """Return what stays in gensim."""
        return gensims.found(name, __name__)
