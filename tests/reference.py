"""word2vec in plain numpy, written to be read: the judge of the compiled kernels.

One `Reference` trains jobs as `_kernels.Worker` does, in gensim's order of updates ("pair") or window
by window ("window"), from the same random stream. All is float64 but the table of the logistic function.

V words, D dimensions. IN (V, D), OUT (V, D) or None, NODES (V, D) or None; keep (V,), noise (V,) cumulative.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

import numpy as np

TABLE = np.exp(((np.arange(1000, dtype=np.float32) / np.float32(1000)).astype(float) * 2 - 1) * 6).astype(
    np.float32
)
SIGMOID = (TABLE / (TABLE + 1.0)).astype(np.float32).astype(float)
LOG_SIGMOID = np.log(SIGMOID)


def bucket(score: float) -> int:
    return int((score + 6) * 83)


@dataclass
class Reference:
    IN: np.ndarray
    OUT: np.ndarray | None
    NODES: np.ndarray | None
    paths: list[tuple[np.ndarray, np.ndarray]] | None  # per word: inner nodes, code
    noise: np.ndarray | None
    keep: np.ndarray | None
    sg: bool = True
    negative: int = 5
    window: int = 5
    shrink_windows: bool = True
    cbow_mean: bool = True
    by_window: bool = False
    last_only: bool = False  # of each sentence only the last word is a centre
    frozen_outputs: bool = False
    lockf: np.ndarray = field(default_factory=lambda: np.ones(1))
    loss: float = 0.0
    examples: int = 0
    rng: int = 0
    alpha: float = 0.0

    def draw(self) -> int:
        top = self.rng >> 16
        self.rng = (self.rng * 25214903917 + 11) % 2**48
        return top

    def train(self, sentences: list[list[int]], alpha: float, seed: int, draw_windows=None) -> int:
        self.rng, self.alpha = seed, float(np.float32(alpha))
        kept = [
            [word for word in sentence if self.keep is None or self.keep[word] >= self.draw()]
            for sentence in sentences
        ]
        total = sum(map(len, kept))
        if not self.shrink_windows:
            reduced = [0] * total
        elif draw_windows is not None:
            reduced = list(draw_windows(total))
        else:
            reduced = [self.draw() % self.window for _ in range(total)]
        for sentence in kept:
            for i, centre in enumerate(sentence):
                reach = self.window - int(reduced.pop(0))
                if self.last_only and i < len(sentence) - 1:
                    continue
                self.train_window(centre, sentence[max(0, i - reach) : i] + sentence[i + 1 : i + reach + 1])
        return total

    def train_window(self, centre: int, context: list[int]) -> None:
        objectives = [o for o, on in ((self.path, self.NODES is not None), (self.noisy, self.negative)) if on]
        if not self.sg:
            for outputs in objectives:
                n = len(context)
                hidden = self.IN[context].sum(axis=0) / (n if self.cbow_mean and n else 1)
                gradient = self.against(hidden, *outputs(centre))
                for word in context:  # a word that stands twice learns twice
                    self.IN[word] += self.lock(word) * gradient / (1 if self.cbow_mean else n)
                self.examples += 1
        elif self.by_window:
            for outputs in objectives if context else ():
                rows, labels, matrix = outputs(centre)
                before, inputs, gradients = matrix.copy(), self.IN[context], []
                for x in inputs:  # every input meets the outputs as they were before the window
                    trial = before.copy()
                    gradients.append(self.against(x, rows, labels, trial, in_order=False))
                    matrix += trial - before
                for word, gradient in zip(context, gradients, strict=True):
                    self.IN[word] += self.lock(word) * gradient
                self.examples += len(context)
        else:
            for word in context:
                for outputs in objectives:
                    self.IN[word] += self.lock(word) * self.against(self.IN[word].copy(), *outputs(centre))
                    self.examples += 1

    def lock(self, word: int) -> float:
        return float(self.lockf[word % len(self.lockf)])

    def path(self, word: int) -> tuple[list[int], list[int], np.ndarray]:
        points, code = self.paths[word]
        return list(points), [1 - int(bit) for bit in code], self.NODES

    def noisy(self, word: int) -> tuple[list[int], list[int], np.ndarray]:
        drawn = [
            bisect.bisect_left(self.noise, self.draw() % int(self.noise[-1])) for _ in range(self.negative)
        ]
        others = [other for other in drawn if other != word]
        return [word, *others], [1] + [0] * len(others), self.OUT

    def against(self, x, rows, labels, matrix, in_order=True) -> np.ndarray:
        """One input against labelled rows of `matrix`, which learn; returns what the input is to learn.

        In order, a row that comes again has changed already; otherwise all use the values before.
        """
        gradient, before = np.zeros_like(x), matrix.copy()
        for row, label in zip(rows, labels, strict=True):
            y = (matrix if in_order else before)[row].copy()
            score = float(x @ y)
            if abs(score) >= 6:
                continue
            g = (label - SIGMOID[bucket(score)]) * self.alpha
            self.loss -= LOG_SIGMOID[bucket(score if label else -score)]
            gradient += g * y
            if not self.frozen_outputs:
                matrix[row] += g * x
        return gradient
