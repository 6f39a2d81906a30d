"""Hooks that `Word2Vec.train` calls: the base class to derive your own from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastw2v.word2vec import Word2Vec


class CallbackAny2Vec:
    """Called in the thread of `train()`, between epochs, when no worker runs; overwrite what you need.

    Any object with these four methods will do. An exception raised in a hook ends the training and reaches
    the caller of `train()`; the model stays usable, which makes it a way to stop early.
    """

    def on_train_begin(self, model: Word2Vec) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """Before each epoch."""

    def on_epoch_end(self, model: Word2Vec) -> None:
        """After each epoch; `model.history[-1]` tells how it went."""

    def on_train_end(self, model: Word2Vec) -> None:
        """After the last epoch."""
