"""What is trained on what: a model's settings and tables, resolved into what its workers read."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from fastw2v.training._kernels import StopFlag, Worker
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.sampling import check_noise_table, noise_index

Step = Literal["window", "pair"]
Freeze = Literal["in", "out"]
Matrices = Mapping[str, npt.NDArray[np.float32]]  # "syn0", "syn1neg", "syn1": (V, D or more)
SeedJob = Callable[[int], tuple[int, Callable[[int], Any] | None]]

UNBOUNDED = 2**31 - 1  # a C int: the window of a basket, where all words are near each other
SEED_BITS = 48  # bits of a job's seed; the model's generator gives half as many at a time
HALF_SEED = 2 ** (SEED_BITS // 2)


class Noise(NamedTuple):
    """The noise distribution: `table` uint32 (V,), with the index that finds a draw's word in it.

    `starts` int32 (entries,) and `shift` are as `sampling.noise_index` returns them.
    """

    table: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int32]
    shift: int

    @classmethod
    def of(
        cls,
        cum_table: npt.NDArray[Any],
        words: int,
        error: Callable[[str], Exception] = ValueError,
        *,
        compare: bool = True,
    ) -> Noise:
        """Return a copy of a cumulative table with its index; raise `error(message)` unless it is sound.

        What was made of an array is kept as long as that array lives, and serves while it is not changed. To
        `compare` them takes 0.2 ms for 500,000 words.
        """
        source, held = _indexed.get(id(cum_table), (None, NO_NOISE))
        known = source is not None and source() is cum_table and len(held.table) == len(cum_table) == words
        if known and not (compare and not np.array_equal(held.table, cum_table)):
            return held
        copy = np.array(cum_table)  # first, and then checked: no write to the other can lead astray
        check_noise_table(copy, words, error)
        table = copy.astype(np.uint32, copy=False)
        made = cls(table, *noise_index(table))
        if isinstance(cum_table, np.ndarray):
            key = id(cum_table)
            _indexed[key] = weakref.ref(cum_table, lambda _: _indexed.pop(key, None)), made
        return made


NO_NOISE = Noise(np.empty(0, np.uint32), np.empty(0, np.int32), 0)
_indexed: dict[int, tuple[weakref.ref[Any], Noise]] = {}
"""Noise tables with their index, by the `id` of their array: an index takes longer than a sentence."""


@dataclass(frozen=True, eq=False)  # arrays are not compared
class Objective:
    """Everything that workers read and do not write; becomes the struct of that name in `_kernels.pxd`.

    Attributes:
        sg (bool): skip-gram, not CBOW.
        window (int): largest distance of a context word.
        shrink_windows (bool): every position draws its window from 1 to `window`.
        cbow_mean (bool): CBOW takes the mean of the context vectors, not the sum.
        by_window (bool): a window at a time, not a word pair at a time.
        compute_loss (bool): add up the loss.
        lockf (float32 array): factors (1,) or (V,) on the updates of IN vectors.
        keep (uint32 array or None): thresholds (V,) of downsampling. None: keep all words.
        negative (int): noise words per example.
        noise (Noise or None): None without negative sampling.
        tree (HuffmanTree or None): None without hierarchical softmax.
        last_only (bool): only the last word of a sentence is an output.
        frozen_outputs (bool): OUT and node vectors stay as they are.
    """

    sg: bool
    window: int
    shrink_windows: bool
    cbow_mean: bool
    by_window: bool
    compute_loss: bool
    lockf: npt.NDArray[np.float32]
    keep: npt.NDArray[np.uint32] | None = None
    negative: int = 0
    noise: Noise | None = None
    tree: HuffmanTree | None = None
    last_only: bool = False
    frozen_outputs: bool = False

    @classmethod
    def to_train(
        cls,
        *,
        sg: bool,
        window: int,
        shrink_windows: bool,
        cbow_mean: bool,
        step: Step,
        baskets: bool,
        compute_loss: bool,
        lockf: npt.NDArray[np.float32],
        keep: npt.NDArray[np.uint32] | None,
        negative: int,
        noise: Noise | None,
        tree: HuffmanTree | None,
        freeze: Freeze | None,
    ) -> Self:
        """Return what a model's settings and tables train; `freeze` is as for `Word2Vec.train`."""
        return cls(
            sg=sg,
            window=UNBOUNDED if baskets else window,
            shrink_windows=shrink_windows and not baskets,
            cbow_mean=cbow_mean,
            by_window=step == "window",
            compute_loss=compute_loss,
            lockf=np.zeros(1, dtype=np.float32) if freeze == "in" else lockf,
            keep=None if keep is None else np.ascontiguousarray(keep, dtype=np.uint32),
            negative=negative,
            noise=noise,
            tree=tree,
            frozen_outputs=freeze == "out",
        )

    @classmethod
    def to_score(cls, *, sg: bool, window: int, baskets: bool, cbow_mean: bool, tree: HuffmanTree) -> Self:
        """Return the objective for scores: passes with alpha 0 add up its loss, over full windows."""
        return cls(
            sg=sg,
            window=UNBOUNDED if baskets else window,
            shrink_windows=False,
            cbow_mean=cbow_mean,
            by_window=True,  # with alpha 0 the order of updates changes nothing
            compute_loss=True,
            lockf=np.ones(1, dtype=np.float32),
            tree=tree,
        )

    def of_pairs(self) -> Self:
        """Return the same for sentences of two words: trains IN of the first with OUT of the last."""
        return replace(self, sg=True, window=1, shrink_windows=False, last_only=True)

    def workers(
        self, matrices: Matrices, stop: StopFlag, count: int, *, alone: bool, undo: Any = None
    ) -> list[Worker]:
        """Make `count` workers, one per thread, which share the matrices.

        Unless `alone`, each keeps private copies of the rows that every worker would write all the time.
        `undo` is a `weights.Undo`, to which they save rows.
        """
        table, starts, shift = self.noise or (None, None, 0)
        tree = self.tree
        return [
            Worker(
                matrices["syn0"],
                matrices.get("syn1neg") if self.negative else None,
                matrices.get("syn1") if tree is not None else None,
                self.lockf,
                stop,
                sg=self.sg,
                negative=self.negative,
                window=self.window,
                shrink_windows=self.shrink_windows,
                last_only=self.last_only,
                frozen_outputs=self.frozen_outputs,
                cbow_mean=self.cbow_mean,
                by_window=self.by_window,
                compute_loss=self.compute_loss,
                alone=alone,
                keep=self.keep,
                noise_table=table,
                noise_index=starts,
                noise_shift=shift,
                codes=None if tree is None else tree.codes,
                points=None if tree is None else tree.points,
                path_starts=None if tree is None else tree.starts,
                undo=undo,
            )
            for _ in range(count)
        ]

    def job_seeds(self, random: np.random.RandomState, *, by_number: bool = False) -> SeedJob:
        """Return a function from a job's number to its seed and the function that draws its windows.

        In gensim's order both use the model's generator `random`, when the job begins. By windows, or if it
        is to be `by_number`, the seed depends on the number alone, so that threads need not wait for each
        other, and there is no function: the worker draws the windows itself.
        """
        lock, window = threading.Lock(), self.window
        seeded = bool(self.negative) or self.keep is not None
        if self.by_window or by_number:
            base = random.randint(0, HALF_SEED) * HALF_SEED
            return lambda number: (_scramble(base + number), None)

        def from_model(_number: int) -> tuple[int, Callable[[int], Any]]:
            seed = 0
            if seeded:
                with lock:
                    seed = random.randint(0, HALF_SEED) * HALF_SEED + random.randint(0, HALF_SEED)
            return seed, lambda count: random.randint(0, window, count)

        return from_model


def _scramble(number: int) -> int:
    """Return 48 well-mixed bits of a number, so that neighbours get unlike random numbers."""
    # splitmix64: Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators"
    z = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return (z ^ z >> 31) >> (64 - SEED_BITS)
