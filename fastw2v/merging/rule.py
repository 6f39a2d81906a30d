"""How much of what replicas learnt apart is taken over, by row and direction: the curvature merge.

N replicas that start from one base and train apart learn partly the same. To add up what they learnt goes too
far where a replica alone has come near its goal; to average wastes what each alone has barely begun. Which of
both it is depends on the direction: a row moves against the gradient of a loss whose curvature is the second
moment C of the rows that it meets, so along an eigenvector of C with the eigenvalue c the way that is left
shrinks like exp(-alpha * c * updates). With X the sum of that exponent over all replicas, and x_i its part of
replica i, which trained at m times the rate,

    share = (1 - exp(-X)) / sum_i (1 - exp(-m x_i))

of the sum of what they learnt is what one model would have learnt from all of the text: 1 / m for small X, a
mean for large X. Only the sum of differences is needed, and counts of words; one replica stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.merging._merge import add_moment, eigen, merge_rows
from fastw2v.tile.dispatch import floats

Matrix = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
DoAll = Callable[[Iterable[Callable[[], object]]], None]

# Chosen on 5 million words of Wikipedia, and confirmed on other texts and word sets: benchmarks/README.md.
KAPPA = 0.1  # of the exponent: updates are smaller than the gradient where a pair is already well told apart
RATE = 2  # times the learning rate, in replicas
TREE_RATE = 4  # at most in many replicas, where a Huffman tree is all that is trained
LARGEST_RATE = 0.1  # to which it may come by that
SLICES = 16  # of rows, that threads work on; the number is fixed, as sums of slices depend on it
LEAST = 1e-9  # of an exponent
BINS = 32  # an octave: rows whose exponents are so close have the same shares
EVEN = 1e-3  # shares that differ by less, relatively, are one


@dataclass(frozen=True, eq=False)
class Meetings:
    """Which rows of one matrix meet those of another, and how often they are updated.

    Attributes:
        updates (array): float64 (V,), expected updates of each row for a word of text.
        others (dict of str to array): name of the other matrix → float64 (V,), how often an update meets each
            of its rows. All together sum up to 1.
        hidden (float): how many rows are summed up in a hidden layer; 1 in skip-gram.
        scale (float): by what the sum is multiplied.
    """

    updates: Weights
    others: dict[str, Weights]
    hidden: float = 1.0
    scale: float = 1.0


def meetings(
    occurrences: Weights,
    *,
    sg: bool,
    mean: bool,
    context: float,
    negative: int,
    noise: Weights | None,
    visits: Weights | None,
) -> dict[str, Meetings]:
    """Return what meets what in training, by the name of the matrix that is updated.

    Args:
        occurrences (array): float64 (V,), of each word that training keeps, for a word of text.
        sg (bool): skip-gram, not CBOW.
        mean (bool): CBOW takes the mean of the words around, not the sum.
        context (float): words around a word.
        negative (int): noise words per example; 0: no negative sampling.
        noise (array or None): float64 (V,), shares of words among noise words.
        visits (array or None): float64 (V,), how often each node of the Huffman tree is met, for a word of
            text; None: no hierarchical softmax.

    Returns:
        dict of str to Meetings: for "syn0", and "syn1neg" or "syn1" or both.
    """
    kept = max(float(occurrences.sum()), LEAST)
    words = occurrences / kept
    per_output = context if sg else 1.0
    others: dict[str, Weights] = {}
    made: dict[str, Meetings] = {}
    path = 0.0 if visits is None else float(visits.sum()) / kept
    examples = (1 + negative if noise is not None else 0) + path
    hidden = 1.0 if sg else max(context, 1.0)
    scale = 1 / hidden if mean else 1.0
    if noise is not None:
        others["syn1neg"] = (negative * noise + words) / examples
        made["syn1neg"] = Meetings(
            (occurrences + kept * negative * noise) * per_output, {"syn0": words}, hidden, scale
        )
    if visits is not None:
        others["syn1"] = visits / kept / examples
        made["syn1"] = Meetings(visits * per_output, {"syn0": words}, hidden, scale)
    return {"syn0": Meetings(occurrences * context * examples, others), **made}


def rate_of(alpha: float, replicas: int, *, tree: bool = False) -> float:
    """Return by what replicas multiply the learning rate.

    Under hierarchical softmax many replicas need more. In percent of one node's mean score, with 2 and 4
    times the rate, on 5 million words: skip-gram 100 and 96 with 4 replicas, 92 and 95 with 16, CBOW 97 and
    93, 83 and 93; but with negative sampling and 16 replicas 99.3 and 99.5, CBOW 99 and 97.

    Args:
        alpha (float): the learning rate.
        replicas (int): how many train.
        tree (bool): only a Huffman tree is trained.

    Returns:
        float: the factor.
    """
    most = min(TREE_RATE, max(RATE, replicas**0.5)) if tree else RATE
    return float(min(most, replicas, max(1.0, LARGEST_RATE / max(alpha, LEAST))))


def merge(
    base: dict[str, Matrix],
    replicas: list[dict[str, Matrix]],
    words: list[int],
    *,
    dim: int,
    alpha: float,
    rate: float,
    met: dict[str, Meetings],
    frozen: Iterable[str] = (),
    do_all: DoAll,
) -> dict[str, tuple[int, int]]:
    """Let a base take up what replicas of it learnt; these become it again.

    Args:
        base (dict of str to array): float32 (V, D or more) by name, from `floats`.
        replicas (list of such dicts): what was trained, one or more.
        words (list of int): the words of text that each has trained; 0: it has not.
        dim (int): D.
        alpha (float): the learning rate meanwhile, before it was multiplied by `rate`.
        rate (float): of `rate_of`.
        met (dict of str to Meetings): by name.
        frozen (iterable of str): matrices that nobody has trained.
        do_all (callable): does pieces of work in any order, in threads or not, and returns when all are done.

    Returns:
        dict of str to (int, int): how many rows changed in all replicas together, and in any, by name.

    Raises:
        FloatingPointError: what was learnt is not finite; the base is as it was.
    """
    trained = [name for name in base if name not in frozen]
    active = [place for place, count in enumerate(words) if count]
    if len(active) < 2:
        return {name: _take(base[name], [r[name] for r in replicas], active) for name in trained}
    total = sum(words)
    share = partial(_share, parts=[words[place] / total for place in active], rate=rate)
    met = {name: met[name] for name in trained}
    exponents = {name: np.maximum(KAPPA * alpha * total * met[name].updates, LEAST) for name in trained}
    turns = {name: _no_turn(base[name].shape[1]) for name in trained}
    if not _is_even(share(np.exp2(np.arange(-20.0, 13.0)))):
        with np.errstate(over="ignore", invalid="ignore"):
            moments = _moments(replicas[active[0]], met, dim, do_all)
        if not all(np.isfinite(moment).all() for moment in moments.values()):
            raise FloatingPointError("what replicas learnt is not finite")

        def turn(name: str) -> None:
            turns[name] = _turn(moments[name], base[name].shape[1])

        do_all([partial(turn, name) for name in trained])
    work = []
    counted: dict[str, list[tuple[int, int]]] = {name: [] for name in trained}

    def merge_slice(name: str, bounds: tuple[int, int], binned: tuple[Any, Matrix, Matrix]) -> None:
        rows = [replica[name] for replica in replicas]
        (start, stop), (_, basis, turned) = bounds, turns[name]
        counted[name].append(merge_rows(base[name], rows, start, stop, *binned, basis, turned))

    for name in trained:
        binned = _binned(exponents[name], turns[name][0], share)
        work += [partial(merge_slice, name, bounds, binned) for bounds in _slices(len(base[name]))]
    do_all(work)
    return {
        name: (sum(of_all for of_all, _ in parts), sum(of_any for _, of_any in parts))
        for name, parts in counted.items()
    }


def _slices(rows: int) -> list[tuple[int, int]]:
    bounds = [rows * part // SLICES for part in range(SLICES + 1)]
    return list(zip(bounds[:-1], bounds[1:], strict=True))


def _take(base: Matrix, replicas: list[Matrix], active: list[int]) -> tuple[int, int]:
    """Let all be what the only one that was trained is, to the last bit."""
    changed = 0
    for place in active:
        changed = int((replicas[place] != base).any(axis=1).sum())
        base[...] = replicas[place]
    for replica in replicas:
        replica[...] = base
    return changed, changed


def _share(exponent: Weights, parts: list[float], rate: float) -> Weights:
    """Return what is taken of a sum, by X; `parts` are those of the words."""
    apart = sum(-np.expm1(-rate * part * exponent) for part in parts)
    return -np.expm1(-exponent) / apart


def _is_even(shares: Weights) -> Any:
    """Whether shares are the same, by the last axis: so are those of two replicas with as many words each."""
    return np.ptp(shares, axis=-1) <= EVEN * shares.max(axis=-1)


def _binned(
    exponents: Weights, values: Weights, share: Callable[[Weights], Weights]
) -> tuple[npt.NDArray[np.int32], Matrix, Matrix]:
    """Return the bin of each row, and for each bin the share of all directions, or 0 and those of each."""
    octaves = np.floor(BINS * np.log2(exponents)).astype(np.int64)
    first = octaves.min()
    middle = 2.0 ** ((np.arange(first, octaves.max() + 1) + 0.5) / BINS)
    shares = share(middle[:, None] * values)
    even = np.where(_is_even(shares), shares.mean(axis=1), 0)
    return (octaves - first).astype(np.int32), even.astype(np.float32), shares.astype(np.float32)


def _moments(
    rows: dict[str, Matrix], met: dict[str, Meetings], dim: int, do_all: DoAll
) -> dict[str, Weights]:
    """Return the second moment (dim, dim) that each matrix meets."""
    wanted = {(name, id(weights)): weights for m in met.values() for name, weights in m.others.items()}
    parts: dict[tuple[str, int], list[Matrix]] = {}
    work = []
    for (name, key), weights in wanted.items():
        matrix, single = rows[name], weights.astype(np.float32)
        parts[name, key] = [floats(matrix.shape[1], matrix.shape[1]) for _ in range(SLICES)]
        work += [
            partial(add_moment, matrix, single, *bounds, part)
            for bounds, part in zip(_slices(len(single)), parts[name, key], strict=True)
        ]
    do_all(work)
    found = {}
    for name, meeting in met.items():
        moment = np.zeros((dim, dim))
        for other, weights in meeting.others.items():
            whole = np.zeros((dim, dim))
            for part in parts[other, id(weights)]:  # one after another
                whole += part[:dim, :dim]
            if meeting.hidden > 1:  # of a sum of so many rows
                mean = np.add.reduce(rows[other][:, :dim] * weights[:, None], axis=0)
                alike = np.outer(mean, mean)
                whole = meeting.hidden * (whole + (meeting.hidden - 1) * alike) * meeting.scale**2
            moment += whole
        found[name] = moment
    return found


def _turn(moment: Weights, columns: int) -> tuple[Weights, Matrix, Matrix]:
    """Return the eigenvalues (columns,), the eigenvectors (columns, columns), and their transpose."""
    dim = len(moment)
    values, vectors = eigen(np.ascontiguousarray((moment + moment.T) / 2))
    basis, turned = floats(columns, columns), floats(columns, columns)
    basis[:dim, :dim] = vectors
    turned[:dim, :dim] = vectors.T
    every = np.full(columns, max(values.max(), LEAST))  # beyond D there is nothing to be multiplied
    every[:dim] = np.maximum(values, LEAST)
    return every, basis, turned


def _no_turn(columns: int) -> tuple[Weights, Matrix, Matrix]:
    """Return what stands for it where all directions have the same share."""
    return np.ones(columns), floats(1, columns), floats(1, columns)
