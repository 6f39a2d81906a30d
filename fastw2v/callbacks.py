"""Hooks that `Word2Vec.train` calls: the base class to derive your own from, and one that stops in time."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v.checks import finite, flag, one_of, whole
from fastw2v.text.source import Source

if TYPE_CHECKING:
    from fastw2v.word2vec import Word2Vec

__all__ = ["CallbackAny2Vec", "EarlyStopping"]

logger = logging.getLogger(__name__)


class CallbackAny2Vec:
    """Hooks that do nothing; override those you need and give objects of your class to `train(callbacks=…)`.

    Hooks run in the thread that called `train()`, while no worker runs. Any object with these four methods
    will do.

    A hook ends training early by `model.stop_training = True`: no further epoch begins, and `train()` returns
    as it does after its last epoch, with what was trained until then. Set by `on_epoch_begin`, that epoch is
    not trained; by `on_train_begin`, none is. The learning rate falls as if all epochs came. `EarlyStopping`
    stops when epochs no longer help. An exception raised in a hook ends training too, leaves the model
    usable, and is raised by `train()`.

    Two more methods are for checkpoints, and may be missing. `get_state()` returns what a new object with the
    same arguments needs to go on, a dict of str to plain values and numpy arrays, which the caller does not
    change; it is asked for whenever a checkpoint is written. `set_state(state)` takes over such a dict when
    training is resumed, after `on_train_begin` and before any other hook; its arrays may be read-only.

    Example:
        >>> from fastw2v import CallbackAny2Vec
        >>> class StopAtLoss(CallbackAny2Vec):
        ...     def __init__(self, least):
        ...         self.least = least
        ...     def on_epoch_end(self, model):
        ...         if model.history[-1]["loss"] < self.least:
        ...             model.stop_training = True
        >>> stopped = Word2Vec(sentences, min_count=1, workers=1, epochs=100, compute_loss=True,
        ...                    callbacks=[StopAtLoss(10.0)], progress=False)
        >>> len(stopped.history)
        1
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


class EarlyStopping(CallbackAny2Vec):
    """Ends training when epochs no longer improve a number; can bring back the best epoch.

    Each call of `train` is watched from anew. The number is measured after each epoch; NaN is never an
    improvement. Training ends as by `model.stop_training = True`. While the learning rate is high, the loss
    of `held_out` may rise and still fall again at the end of the same run: give `patience` for that. Nor is
    it the quality of the vectors: scores on word pairs may gain while it rises, so rather watch such a score,
    by a function, if that is what the vectors are for; figures are in benchmarks/README.md.

    With `restore_best` the matrices of the best epoch are kept meanwhile, which takes as much memory again as
    the model's matrices take: V * D * 4 bytes for IN, and for OUT and nodes each if the model has them. They
    are copied before the first epoch, so that too little memory is found then. At the end of training, early
    or not, they are written back into the model. If training ends by an error or Ctrl-C they are not:
    `restore(model)` does it, in the model that the exception has as `error.model`.

    Args:
        monitor ("loss" or callable): "loss" is the mean loss per example: of `held_out`, else of training as
            in `model.history`, which needs `compute_loss=True`. A function is called with the model and
            returns a number.
        patience (int): so many epochs in a row without an improvement end training; at least 1.
        min_delta (float): only a change by more than this is an improvement; at least 0.
        mode (str): "min", lower is better, or "max". "auto" is "min" for the loss; a function needs one of
            the two.
        restore_best (bool): write the matrices of the best epoch back at the end.
        held_out (iterable of lists of words, path or None): sentences that are not trained on; see
            `Word2Vec.evaluate_loss`. Read once before training and after each epoch.

    Raises:
        ValueError: an argument is out of range, `mode` is missing, or `held_out` is given with a function.
        TypeError: an argument has the wrong type, or `held_out` cannot be read again and again.

    Attributes:
        values (list of float): the number after each epoch of the last call of `train`.
        best (float or None): the best of them; None before there is one.
        best_epoch (int or None): the epoch that it is of, from 0, as in `model.history`.
        stopped_epoch (int or None): the epoch after which training was ended; None if it was not.

        The parameters are attributes too.

    Example:
        >>> from fastw2v import EarlyStopping
        >>> stopping = EarlyStopping(held_out=sentences[:30], patience=2, restore_best=True)
        >>> model = Word2Vec(sentences[30:], min_count=1, sg=1, sample=0, workers=1, epochs=100, alpha=0.3,
        ...                  callbacks=[stopping], progress=False)
        >>> len(model.history) == stopping.stopped_epoch + 1 == stopping.best_epoch + 3
        True
        >>> model.evaluate_loss(sentences[:30]) == stopping.best == min(stopping.values)
        True

    Prechelt 1998, "Early Stopping - But When?".
    """

    def __init__(
        self,
        monitor: Literal["loss"] | Callable[[Word2Vec], float] = "loss",
        *,
        patience: int = 1,
        min_delta: float = 0.0,
        mode: Literal["auto", "min", "max"] = "auto",
        restore_best: bool = False,
        held_out: Iterable[Iterable[Any]] | str | os.PathLike[str] | None = None,
    ) -> None:
        if not callable(monitor):
            advice = "give 'loss', with held_out=sentences for theirs, or a function of the model"
            one_of("monitor", monitor, ("loss",), advice)
        elif held_out is not None:
            raise ValueError("held_out is given with a function: leave it out, or give monitor='loss'")
        elif mode == "auto":
            raise ValueError(
                "mode='auto' with a function, which does not tell what is better: "
                "give mode='max' if higher numbers are, 'min' if lower ones are"
            )
        self.monitor = monitor
        self.patience = whole("patience", patience, 1)
        self.min_delta = finite("min_delta", min_delta, 0)
        self.mode = one_of("mode", mode, ("auto", "min", "max"))
        self.restore_best = bool(flag("restore_best", restore_best))
        self.held_out = held_out
        if held_out is not None:
            try:
                Source.of(*self._corpus(), passes=2)
            except TypeError as error:
                raise TypeError(f"held_out: {error}") from None
        self._begin()

    def _begin(self) -> None:
        """Forget what was measured and kept."""
        self.values: list[float] = []
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.stopped_epoch: int | None = None
        self._kept: dict[str, npt.NDArray[np.float32]] = {}
        self._owners: tuple[dict[Any, int], int] | None = None

    def _corpus(self) -> tuple[Any, Any]:
        """Return the sentences held out, and the path of the file that they are in; one is None."""
        is_path = isinstance(self.held_out, str | os.PathLike)
        return (None, self.held_out) if is_path else (self.held_out, None)

    # --- hooks ---

    def on_train_begin(self, model: Word2Vec) -> None:
        """Begin anew; find out now whether the number can be measured and the matrices kept.

        Args:
            model (Word2Vec): the model that is trained.

        Raises:
            ValueError: training does not add up the loss that is watched, or no sentence held out has an
                example.
            TypeError: a sentence held out is not a list of words.
            MemoryError: the best matrices cannot be kept.
        """
        self._begin()
        if self.held_out is not None:
            model.evaluate_loss(*self._corpus())
        elif self.monitor == "loss" and not model.compute_loss:
            raise ValueError(
                "EarlyStopping watches the loss of training, which is not added up: give compute_loss=True "
                "to train() or Word2Vec(), or EarlyStopping(held_out=sentences)"
            )
        if self.restore_best:
            self._keep_those_of(model)

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """End training that was resumed after its end.

        Args:
            model (Word2Vec): the model that is trained.
        """
        if self.stopped_epoch is not None:
            model.stop_training = True

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Measure the number, keep the matrices if it is the best, and end training if it is time.

        Args:
            model (Word2Vec): the model that is trained.

        Raises:
            TypeError: the function that is watched returned no number.
        """
        if self._take(self._measure(model)) and self.restore_best:
            self._keep_those_of(model)
        if self.stopped_epoch is not None:
            model.stop_training = True
            logger.info(
                "early stopping after epoch %i: %.6g; the best of %i epochs before was %s, of epoch %s",
                self.stopped_epoch,
                self.values[-1],
                self.stopped_epoch,
                self.best,
                self.best_epoch,
            )

    def on_train_end(self, model: Word2Vec) -> None:
        """Write the best matrices back into the model, and free their copies.

        Args:
            model (Word2Vec): the model that is trained.

        Raises:
            RuntimeError: another vocabulary was made since then.
        """
        if self.restore_best and self.best_epoch is not None:
            self.restore(model)
        self._kept, self._owners = {}, None

    def restore(self, model: Word2Vec) -> None:
        """Write the matrices of the best epoch back into the model, after training that ended by an error.

        Args:
            model (Word2Vec): the model that was trained.

        Raises:
            RuntimeError: no matrices are kept, or they are of another vocabulary.
        """
        if not self._kept or self.best_epoch is None:
            raise RuntimeError(
                "no matrices of a best epoch are kept: give restore_best=True; after training that ended "
                "as it should they are in the model"
            )
        matrices, (rows, count) = model._trained_matrices(), self._owners or ({}, 0)
        words = model.wv.key_to_index
        same = (
            matrices.keys() == self._kept.keys() and count == len(words) and (rows is words or rows == words)
        )
        if not same or any(matrices[name].shape != kept.shape for name, kept in self._kept.items()):
            raise RuntimeError(
                f"the matrices of epoch {self.best_epoch} cannot be brought back: the model has another "
                "vocabulary or other settings since then"
            )
        for name, kept in self._kept.items():
            matrices[name][...] = kept
        logger.info("the matrices are those of epoch %i again", self.best_epoch)

    # --- for checkpoints ---

    def get_state(self) -> dict[str, Any]:
        """Return what was measured and kept, for a checkpoint; see `CallbackAny2Vec`.

        Returns:
            dict of str to array: "values", and the best matrices by name, shared and not copied.
        """
        kept = self._kept if self.best_epoch is not None else {}
        return {"values": np.array(self.values, dtype=np.float64), **kept}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over what an object with the same arguments had measured and kept.

        Args:
            state (dict): as `get_state` returned it; copied.

        Raises:
            ValueError: it is the state of something else, or the best matrices are missing.
        """
        kept = {name: matrix for name, matrix in state.items() if name != "values"}
        values = state.get("values")
        if values is None:
            raise ValueError(f"no state of EarlyStopping: it holds {sorted(state)}, but not 'values'")
        self.values, self.best, self.best_epoch, self.stopped_epoch = [], None, None, None
        for value in np.asarray(values, dtype=np.float64).tolist():
            self._take(value)
        if self.restore_best and self.best_epoch is not None:
            if not kept:
                raise ValueError(
                    "the state has no best matrices: it is of EarlyStopping(restore_best=False); "
                    "go on with restore_best=False too"
                )
            self._keep(kept)

    # --- how it is decided ---

    def _measure(self, model: Word2Vec) -> float:
        """Return the number that is watched; NaN if no example was trained."""
        if self.held_out is not None:
            return model.evaluate_loss(*self._corpus())
        if not callable(self.monitor):
            loss = model.history[-1]["loss"]
            return math.nan if loss is None else loss
        value: Any = self.monitor(model)
        try:
            return float(value.__float__())
        except (AttributeError, TypeError):
            raise TypeError(
                f"the function that EarlyStopping watches returned {value!r:.60}: it must return a number"
            ) from None

    def _take(self, value: float) -> bool:
        """Add the number of an epoch, decide whether it is the last, and return whether it is the best."""
        epoch = len(self.values)
        self.values.append(value)
        if self._is_better(value):
            self.best, self.best_epoch = value, epoch
            return True
        if epoch - (-1 if self.best_epoch is None else self.best_epoch) >= self.patience:
            self.stopped_epoch = epoch
        return False

    def _is_better(self, value: float) -> bool:
        """Return whether a number improves on the best so far."""
        if self.best is None:
            return not math.isnan(value)
        gain = value - self.best if self.mode == "max" else self.best - value
        return gain > self.min_delta

    def _keep(self, matrices: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Copy matrices, into the memory of the copies before."""
        before, self._kept = self._kept, {}  # nothing is kept if this is interrupted: half of it is no model
        kept = {}
        for name, matrix in matrices.items():
            room = before.get(name)
            if room is None or room.shape != matrix.shape:
                room = np.empty(matrix.shape, dtype=np.float32)
            room[...] = matrix
            kept[name] = room
        self._kept = kept

    def _keep_those_of(self, model: Word2Vec) -> None:
        """Copy the matrices of a model, and remember whose they are."""
        self._keep(model._trained_matrices())
        words = model.wv.key_to_index
        self._owners = words, len(words)
