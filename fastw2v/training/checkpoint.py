"""Checkpoints of a call of `train`: when one is written, what it holds, and how training goes on from it.

A checkpoint is taken between two jobs, when no worker trains. To go on, the text is read anew up to that job.
With one worker that gives what would have come without the stop, bit for bit: the generator is set to what it
was, and all else follows from the text.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Self

import numpy as np

from fastw2v.checks import finite, nodes_of
from fastw2v.formats import assembly, model_file
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.parts import OUTPUTS, Checkpoint, RandomState, state_of
from fastw2v.text.ids import Block
from fastw2v.text.once import kind_of_once
from fastw2v.training._kernels import NotFinite
from fastw2v.training.course import Course
from fastw2v.training.jobs import EpochResult, Job, Schedule, jobs_of, words_of_job
from fastw2v.training.objective import UNBOUNDED, Matrices
from fastw2v.training.report import Length
from fastw2v.training.run import ReadingStopped
from fastw2v.training.weights import Rows
from fastw2v.warn import warn_user

logger = logging.getLogger("fastw2v.word2vec")

DECISIVE = (
    *("vector_size", "alpha", "min_alpha", "window", "sample", "sg", "hs", "negative", "cbow_mean"),
    *("batch_words", "shrink_windows", "step", "baskets", "deterministic", "compute_loss"),
)
"""Settings without which training would go on differently; `workers` may change, if they train one model."""

NEWER = {"deterministic": False, "nodes": 0}
"""Such settings that checkpoints of before lack, and what they were."""

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Before these end a program, a last checkpoint is written; Windows has no SIGHUP.

Ctrl-C is first: once it is held back, nothing leaves the handlers of the others half set.
"""


def check_how(checkpoint: Any, checkpoint_every: Any) -> float:
    """Return the seconds between two checkpoints; TypeError or ValueError if they or the file will not do."""
    if checkpoint is not None:
        if not isinstance(checkpoint, str | os.PathLike):
            raise TypeError(f"checkpoint is of type {type(checkpoint).__name__}: give the path of a file")
        if kind := kind_of_once(checkpoint):  # to open a pipe may wait for ever
            raise ValueError(
                f"checkpoint={os.fspath(checkpoint)!r} is {kind}: a checkpoint must be a file, to go on from"
            )
    seconds = finite("checkpoint_every", checkpoint_every)
    if seconds <= 0:
        raise ValueError(f"checkpoint_every={checkpoint_every}: give seconds, above 0; 300 is usual")
    return seconds


class Fingerprint:
    """Tells a text by its content: the rows of its words, job by job, and the lengths of its sentences."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self.sentences = 0

    def add(self, job: Job) -> None:
        """Add the text of a job."""
        for part in (job.ids, job.ends, np.array([job.raw_words])):
            self._digest.update(np.ascontiguousarray(part).view(np.uint8).data)
        self.sentences += len(job.ends)

    def hex(self) -> str:
        """Return the digest of what was added so far."""
        return self._digest.hexdigest()

    def differ_from(self, sentences: int) -> str:
        """Return in what this text differs from one of so many sentences."""
        if self.sentences != sentences:
            return f"it has {self.sentences:,} sentences, and had {sentences:,}"
        return f"it has {sentences:,} sentences as before, but other words"


def passes_left(checkpoint: Checkpoint) -> int:
    """Return how often the text of a call that goes on is read at most: once more, to compare it."""
    return checkpoint.epochs - checkpoint.epoch + (checkpoint.text is not None)


def course_of(
    checkpoint: Checkpoint, model: Any, given: dict[str, Any], **reports: Any
) -> tuple[Course, Length]:
    """Return course and length of a call that goes on; ValueError if the model or what is `given` differs."""
    there = {
        "the number of words": checkpoint.rows,
        **NEWER,
        **checkpoint.settings,
        "epochs": checkpoint.epochs,
        "total_examples": checkpoint.examples,
        "total_words": checkpoint.words,
        "start_alpha": checkpoint.settings.get("alpha"),
        "end_alpha": checkpoint.settings.get("min_alpha"),
        "freeze": checkpoint.freeze,
    }
    nodes = nodes_of(reports.get("cluster"))
    here = {"the number of words": len(model.wv), **_decisive(model, nodes)}
    here |= {name: value for name, value in given.items() if value}
    changed = [
        f"{name} is {value}, was {there.get(name)}"
        for name, value in here.items()
        if value != there.get(name)
    ]
    if changed:
        raise ValueError(
            f"this run cannot go on with other settings: {'; '.join(changed)}. Leave them as the checkpoint "
            "has them; without resume=True train() begins a new run with these vectors"
        )
    course = Course.of(
        epochs=checkpoint.epochs,
        start_alpha=model.alpha,
        end_alpha=model.min_alpha,
        compute_loss=model.compute_loss,
        freeze=checkpoint.freeze,
        **reports,
    )
    return course, Length(checkpoint.examples, checkpoint.words)


def _decisive(model: Any, nodes: int) -> dict[str, Any]:
    names = (*DECISIVE, "workers") if model.deterministic and not nodes else DECISIVE
    return {**{name: getattr(model, name) for name in names}, "nodes": nodes}


def _other_text(what: str) -> ValueError:
    return ValueError(
        f"this run cannot go on with another text: {what}. Give the text that the run began with; its path "
        "and time do not matter. Without resume=True train() begins a new run with these vectors"
    )


class Checkpoints:
    """The checkpoints of one call of `train`: goes on from one, and writes others to a file.

    As a context manager it holds back the signals that would end the program, if there is a file and this is
    the main thread: each is delivered again once a last checkpoint is written.

    Args:
        model (Word2Vec): what is trained.
        state (Checkpoint): where the call stands, or stood in the process that wrote it; it is changed.
        callbacks (list): the callbacks of the call.
        path (path or None): the file to write; None writes none.
        every (float): seconds between two checkpoints, besides those at the end of epochs.
        nodes (int): of the cluster that trains; 0: none.
    """

    def __init__(
        self,
        model: Any,
        state: Checkpoint,
        callbacks: list[Any],
        path: StrPath | None,
        every: float,
        *,
        nodes: int = 0,
    ) -> None:
        self.state = state
        self._model = model
        self._callbacks = callbacks
        self._path = path
        self._every = every
        self._nodes = nodes
        self._due = time.monotonic() + every
        self._began = 0.0  # by `time.perf_counter`, less the time of other processes
        self._before = replace(state), state.random  # the state and the generator when the epoch began here
        self._generator: RandomState | None = None  # as it was where the other process stopped in an epoch
        self._text = Fingerprint()  # of what was read of an epoch
        self._ahead: deque[tuple[str, int]] = deque()  # digests up to jobs that are read, not handed out
        self._is_known = False  # whether the text is in memory, and was compared as a whole
        self._is_reading = False
        self._signal: int | None = None
        self._error: BaseException | None = None  # of a handler
        self._handlers: dict[int, Any] = {}  # of the user's
        self.raw_words_before = 0  # of an epoch that was begun in another process

    @classmethod
    def of_new(cls, model: Any, course: Course, length: Length, path: StrPath, every: float) -> Checkpoints:
        """Return the checkpoints of a call that begins."""
        state = Checkpoint(
            epochs=course.epochs,
            examples=length.examples,
            words=length.words,
            freeze=course.freeze,
            settings={},
            rows=len(model.wv),
            random=state_of(model.random),
        )
        return cls(model, state, course.callbacks, path, every, nodes=course.nodes)

    @property
    def goes_on(self) -> bool:
        """Whether the call was begun in another process."""
        return bool(self.state.settings)

    # --- signals ---

    def __enter__(self) -> Self:
        if self._path is not None and threading.current_thread() is threading.main_thread():
            for number in filter(None, (getattr(signal, name, None) for name in SIGNALS)):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._handlers[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in reversed(self._handlers.items()):
            if signal.getsignal(number) == self._note:  # else a callback has set another
                signal.signal(number, handler)
        self._handlers.clear()
        self._raise_error()
        if self._signal is not None:
            signal.raise_signal(self._signal)

    def _note(self, number: int, _: Any) -> None:
        """Hold a signal back until there is a checkpoint; Ctrl-C for a second time does not wait.

        While the text is waited for, which may be for ever, a handler of the user's is called at once.
        """
        again = number == signal.SIGINT and self._signal is not None
        self._signal = None if again else number
        if again:
            raise KeyboardInterrupt
        if self._is_reading:
            if self._handlers[number] not in (signal.SIG_DFL, signal.default_int_handler):
                try:
                    self._deliver()
                except BaseException as error:  # of any kind: it is raised once there is a checkpoint
                    self._error = error
                else:
                    return
            self._is_reading = False
            raise ReadingStopped

    def _deliver(self) -> None:
        """Let a signal that was held back have its usual effect; return if that is not the end."""
        self._raise_error()
        number, self._signal = self._signal, None
        if number is not None:
            signal.signal(number, self._handlers[number])
            try:
                signal.raise_signal(number)
            finally:  # it may have set another handler for the next time
                self._handlers[number] = signal.signal(number, self._note)

    def _raise_error(self) -> None:
        """Raise what a handler raised while the text was waited for."""
        error, self._error = self._error, None
        if error is not None:
            raise error from None

    # --- the course of a call ---

    def begin(self, text: Iterable[Block], in_memory: bool, began: float) -> None:
        """Compare the text, set callbacks to their states, and write the first checkpoint."""
        state, self._began = self.state, began
        if in_memory or (state.text is not None and not state.varies):
            whole = self._read_whole(text)
            if state.text not in (None, whole.hex()):
                raise _other_text(whole.differ_from(state.text_sentences))
            state.text, state.text_sentences = whole.hex(), whole.sentences
        self._is_known = in_memory
        self._put_back_callbacks()
        self._put_back_settings()
        if state.stopping:
            self._model.stop_training = True
        if self._path is not None:  # now, because to learn hours later that it cannot be written is too late
            self._save(self._path)

    def _read_whole(self, text: Iterable[Block]) -> Fingerprint:
        """Return the fingerprint of a whole text."""
        model = self._model
        window = UNBOUNDED if model.baskets else model.window
        schedule = Schedule(0.0, 0.0, 1, None, None)
        for _ in self.read(
            jobs_of(text, words_of_job(model.step, model.batch_words), window, schedule, 0, EpochResult())
        ):
            self._ahead.clear()
        return self._text

    def _put_back_callbacks(self) -> None:
        """Set callbacks to their states of another process; warn of a state that none takes over."""
        given = {number: type(callback).__name__ for number, callback in enumerate(self._callbacks)}
        for number, (name, kept) in enumerate(self.state.callbacks):
            if kept and given.get(number) == name:
                self._callbacks[number].set_state(kept)
            elif kept:
                warn_user(
                    f"{name} does not go on: it was callback {number} of the run, which now is "
                    f"{given.get(number, 'none')}. Give the same callbacks in the same order",
                    log=logger,
                )

    def _put_back_settings(self) -> None:
        """Set those of another process; what a hook has set now it had set then."""
        kept = self.state.settings
        self._model.__dict__.update({name: kept[name] for name in DECISIVE if name in kept})

    def begin_epoch(self) -> EpochResult:
        """Return what was done of the epoch before; model and generator are set to its beginning."""
        state, random = self.state, self._model.random
        generator = state_of(random)
        if not state.jobs:
            state.random = generator
        self._before = replace(state), generator
        if not state.jobs:
            return EpochResult()
        self._put_back_settings()
        self._generator = generator
        random.set_state(state.random)
        return EpochResult(
            jobs=state.jobs,
            effective_words=state.job_words,
            examples=state.job_examples,
            loss=state.job_loss,
            seconds=state.job_seconds,
        )

    def end_epoch(self, result: EpochResult) -> None:
        """Write a checkpoint at the end of an epoch."""
        state = self.state
        if state.text is None:
            state.text, state.text_sentences = self._text.hex(), self._text.sentences
        state.varies |= not self._is_known and state.text != self._text.hex()
        state.epoch += 1
        state.trained_words += result.effective_words
        state.raw_words += result.raw_words
        self._stand_at(EpochResult())
        self._keep()

    def end(self) -> None:
        """Write the last checkpoint, of a call that is complete."""
        self.state.complete = True
        self._keep()

    # --- what an epoch asks: see `run.Rests` ---

    def read(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Yield the same jobs; a signal may end the reading of their text."""
        left = iter(jobs)
        self._text = Fingerprint()
        self._ahead.clear()
        while True:
            self._is_reading = self._signal is None
            try:
                job = next(left, None)
            finally:
                self._is_reading = False
            if job is None:
                return
            self._text.add(job)
            self._ahead.append((self._text.hex(), self._text.sentences))
            yield job

    def take_up(self, jobs: Iterable[Job]) -> int:
        """Read the jobs that were done before, return their raw words; ValueError if the text is another."""
        state, count, words, digest, sentences = self.state, 0, 0, "", 0
        for job in jobs:
            count += 1
            words += job.raw_words
            digest, sentences = self._ahead.popleft()
        if count < state.jobs:
            raise self._refused(f"it ends before the {state.sentences:,} sentences that were trained already")
        if state.jobs and not self._is_known and not state.varies and digest != state.begun:
            raise self._refused(f"its first {sentences:,} sentences are not those that were trained already")
        self.raw_words_before += words
        return words

    def _refused(self, what: str) -> ValueError:
        """Return the error for another text; the model can go on with the right one."""
        self.set_generator(self._model.random)
        self._model._checkpoint = self.state
        return _other_text(what)

    def set_generator(self, random: np.random.RandomState) -> None:
        """Set the generator to what it was after these jobs."""
        if self._generator is not None:
            random.set_state(self._generator)
            self._generator = None

    def is_due(self) -> bool:
        """Return whether it is time for a checkpoint, or a signal came."""
        self.state.begun, self.state.sentences = self._ahead.popleft()
        return self._path is not None and (self._signal is not None or time.monotonic() >= self._due)

    def take_back(self) -> None:
        """Write what there was before an epoch that went wrong over what was written within it."""
        before, generator = self._before
        if self.state.jobs != before.jobs:
            vars(self.state).update(vars(before))
            self._model.random.set_state(generator)
            self._keep()

    def rest(self, result: EpochResult, held: Rows) -> None:
        """Write a checkpoint within an epoch; then a signal that was held back has its usual effect.

        NotFinite, and the checkpoint before stays, if the epoch has gone wrong.
        """
        if not held.is_finite():
            raise NotFinite
        self._stand_at(result)
        self._keep(held.rows)

    # --- writing ---

    def _stand_at(self, result: EpochResult) -> None:
        """Say where in the epoch the call stands."""
        state = self.state
        state.jobs, state.job_words, state.job_examples = result.jobs, result.effective_words, result.examples
        state.job_loss, state.job_seconds = result.loss, result.seconds

    def _keep(self, matrices: Matrices | None = None) -> None:
        """Write a checkpoint if there is a file for it; what cannot be written now is tried again later."""
        if self._path is not None:
            try:
                self._save(self._path, matrices)
            except OSError as error:
                warn_user(
                    f"no checkpoint could be written: {error}. Training goes on, and it is tried again in "
                    f"{self._every:g} seconds; the last checkpoint is as it was",
                    log=logger,
                )
        self._due = time.monotonic() + self._every
        self._deliver()

    def _save(self, path: StrPath, matrices: Matrices | None = None) -> None:
        """Write a checkpoint; `matrices` are those of an epoch that runs, if it trains in copies."""
        model, state = self._model, self.state
        state.settings = _decisive(model, self._nodes)
        state.seconds = time.perf_counter() - self._began
        state.stopping = bool(model.stop_training)  # a callback may have set one of numpy's
        state.callbacks = [
            (type(callback).__name__, callback.get_state() if hasattr(callback, "get_state") else {})
            for callback in self._callbacks
        ]
        parts = replace(assembly.take_apart(model), checkpoint=state)
        if matrices is not None:
            now = {name: matrix[:, : model.vector_size] for name, matrix in matrices.items()}
            parts.outputs |= {name: matrix for name, matrix in now.items() if name in OUTPUTS}
            parts.wv = replace(parts.wv, vectors=now["syn0"])
        begin = time.perf_counter()
        model_file.write_model(path, parts, classes=(type(model), type(model.wv)))
        logger.info("checkpoint written to %s in %.1fs", path, time.perf_counter() - begin)
