"""The epochs of one call of `train`: callbacks, settings as they are then, an epoch, its report.

A model is known here by what it has, not by its class, which lies above this folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.progress import Progress, make_progress
from fastw2v.sharing.states import guard_of
from fastw2v.text.ids import Block
from fastw2v.text.texts import Baskets, EncodedText
from fastw2v.training.checkpoint import Checkpoints
from fastw2v.training.course import Course, check_rates, warn_of_high_rate
from fastw2v.training.jobs import EpochResult, Schedule, words_of_job
from fastw2v.training.objective import Objective
from fastw2v.training.replicas import Merging, meetings_of
from fastw2v.training.report import Length, log_epoch, record_of, warn_of_odd_corpus
from fastw2v.training.run import Options, run_epoch


class Training:
    """One call of `train`, all arguments checked.

    Args:
        model (Word2Vec): what is trained.
        text (iterable of blocks): the text as ids, read once per epoch.
        length (Length): sentences and raw words that it is said to have.
        course (Course): epochs, callbacks and the like.
        begin (float): when the call began, by `time.perf_counter`.
        pairs (bool): its sentences are pairs.
        checkpoints (Checkpoints or None): where it goes on from, and what it writes.
    """

    def __init__(
        self,
        model: Any,
        text: Iterable[Block],
        length: Length,
        course: Course,
        begin: float,
        *,
        pairs: bool = False,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._model = model
        self._text = Baskets(text) if model.baskets and not pairs else text
        self._in_memory = isinstance(text, EncodedText)
        self._length = length
        self._course = course
        self._begin = begin
        self._pairs = pairs
        self._checkpoints = checkpoints
        self._raw = self._effective = 0  # words of all epochs so far

    def take_up(self) -> None:
        """Take over what was done before; ValueError or OSError if the text or a file will not do."""
        if self._checkpoints is not None:
            state = self._checkpoints.state
            self._begin -= state.seconds
            self._effective, self._raw = state.trained_words, state.raw_words
            self._checkpoints.begin(self._text, self._in_memory, self._begin)

    def run(self) -> tuple[int, int]:
        """Train all epochs; return the words trained here, and all words read here."""
        checkpoints = self._checkpoints
        if checkpoints is None:
            return self._train(0)
        trained, raw = self._effective + checkpoints.state.job_words, self._raw
        self._train(checkpoints.state.epoch)
        return self._effective - trained, self._raw - raw - checkpoints.raw_words_before

    def _train(self, first: int) -> tuple[int, int]:
        """Train from the epoch `first` on; return the words trained, and all words read."""
        model, course, length, checkpoints = self._model, self._course, self._length, self._checkpoints
        words = length.words and length.words * course.epochs
        with make_progress(model.progress, words, "training") as progress:
            if self._raw:
                progress.update(self._raw)
            for epoch in range(first, course.epochs):
                if model.stop_training:
                    break
                for callback in course.callbacks:
                    callback.on_epoch_begin(model)
                if model.stop_training:
                    break
                result = self._train_epoch(epoch, progress)
                self._take(epoch, result)
                for callback in course.callbacks:
                    callback.on_epoch_end(model)
                if checkpoints is not None:
                    checkpoints.end_epoch(result)
        self._finish()
        for callback in course.callbacks:
            callback.on_train_end(model)
        if checkpoints is not None:
            checkpoints.end()
        return self._effective, self._raw

    def _train_epoch(self, epoch: int, progress: Progress) -> EpochResult:
        # Settings and arrays are looked up in each epoch: a callback may have changed them.
        model, course = self._model, self._course
        done = EpochResult() if self._checkpoints is None else self._checkpoints.begin_epoch()
        check_rates(alpha=model.alpha, min_alpha=model.min_alpha)
        warn_of_high_rate(alpha=model.alpha, min_alpha=model.min_alpha)
        objective = model._objective(model.compute_loss, course.freeze, written=bool(course.callbacks))
        matrices, guard = model._trained_matrices(), guard_of(model)
        with guard.hold("epoch", "an epoch"):
            result = run_epoch(
                self._text,
                objective.of_pairs() if self._pairs else objective,
                matrices,
                Schedule(model.alpha, model.min_alpha, course.epochs, *self._length),
                epoch,
                random=model.random,
                options=Options(
                    model.workers,
                    words_of_job(model.step, model.batch_words),
                    course.queue_factor,
                    course.report_delay,
                    self._merging(objective),
                ),
                progress=progress,
                guard=guard,
                result=done,
                rests=self._checkpoints,
            )
        self._check_kept(matrices)
        return result

    def _merging(self, objective: Objective) -> Merging | None:
        """Return how replicas train and are merged; None if all threads train one model."""
        model, course = self._model, self._course
        replicas = course.nodes or (model.workers if model.deterministic else 1)
        if replicas == 1:
            return None
        counts = model.wv.expandos["count"]
        counted = max(model.corpus_total_words, int(counts.sum()), 1)  # of the text that the counts are of
        frozen = {None: (), "in": ("syn0",), "out": ("syn1neg", "syn1")}[course.freeze]
        return Merging(
            replicas=replicas,
            threads=min(replicas, model.workers),
            met=meetings_of(objective, counts, counted, model.corpus_count),
            frozen=frozen,
            dim=model.vector_size,
            alpha=model.alpha,
            epoch_words=self._length.words or counted,
            words_before=self._raw,
        )

    def _check_kept(self, trained: dict[str, npt.NDArray[np.float32]]) -> None:
        """Raise RuntimeError if the model has other matrices by now than those that were trained."""
        now = self._model._trained_matrices()
        if lost := [name for name, matrix in trained.items() if now[name] is not matrix]:
            raise RuntimeError(
                f"{' and '.join(lost)} became another array while an epoch was trained, as by wv.vectors = "
                "...: what the epoch learnt is in the arrays of before. Edit matrices between epochs, in a "
                "callback, or when train() has returned"
            )

    def _take(self, epoch: int, result: EpochResult) -> None:
        """Take over what an epoch did, and report it."""
        model = self._model
        if result.alpha is not None:
            model.min_alpha_yet_reached = result.alpha
        model.running_training_loss += result.loss
        model.history.append(record_of(epoch, result, model.compute_loss))
        log_epoch(epoch, result)
        warn_of_odd_corpus(epoch, result, self._length)
        self._effective += result.effective_words
        self._raw += result.raw_words

    def _finish(self) -> None:
        """Count the call, and its time."""
        model = self._model
        seconds = time.perf_counter() - self._begin
        model.total_train_time += seconds
        model.add_lifecycle_event(
            "train",
            msg=f"training on {self._raw} raw words ({self._effective} effective words) took {seconds:.1f}s, "
            f"{self._effective / max(seconds, 1e-9):.0f} effective words/s",
        )
        model.train_count += 1
