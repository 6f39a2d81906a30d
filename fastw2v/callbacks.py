"""Hooks that `Word2Vec.train` calls: the base class to derive your own from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastw2v.word2vec import Word2Vec


class CallbackAny2Vec:
    """Hooks that do nothing; override those you need and give objects of your class to `train(callbacks=…)`.

    Hooks run in the thread that called `train()`, while no worker runs. Any object with these four methods
    will do. An exception raised in a hook ends training, leaves the model usable, and is raised by `train()`:
    this is how to stop early.

    Example:
        >>> from fastw2v import CallbackAny2Vec
        >>> class Stop(Exception):
        ...     pass
        >>> class StopAtLoss(CallbackAny2Vec):
        ...     def __init__(self, least):
        ...         self.least = least
        ...     def on_epoch_end(self, model):
        ...         if model.history[-1]["loss"] < self.least:
        ...             raise Stop
        >>> stopped = Word2Vec(min_count=1, workers=1, progress=False)
        >>> stopped.build_vocab(sentences)
        >>> try:
        ...     stopped.train(sentences, total_examples=stopped.corpus_count, epochs=100, compute_loss=True,
        ...                   callbacks=[StopAtLoss(10.0)])
        ... except Stop:
        ...     print(len(stopped.history), "epoch")
        1 epoch
    """

    def on_train_begin(self, model: Word2Vec) -> None:
        """Do what is to be done before the first epoch.

        Args:
            model (Word2Vec): the model that is trained.
        """

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """Do what is to be done before each epoch.

        Args:
            model (Word2Vec): the model that is trained.
        """

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Do what is to be done after each epoch.

        Args:
            model (Word2Vec): the model that is trained; `model.history[-1]` describes the epoch.
        """

    def on_train_end(self, model: Word2Vec) -> None:
        """Do what is to be done after the last epoch.

        Args:
            model (Word2Vec): the model that is trained.
        """
