"""What programs of gensim 3 import from its module of this name: base classes, to ask `isinstance` with."""

from __future__ import annotations

from fastw2v.word2vec import Word2Vec

__all__ = ["BaseAny2VecModel", "BaseWordEmbeddingsModel"]

BaseAny2VecModel = BaseWordEmbeddingsModel = Word2Vec
