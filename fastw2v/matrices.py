"""What a model holds and answers: its three matrices by word, and every question over IN, OUT and nodes.

IN vectors `syn0` (V, D), OUT vectors `syn1neg` (V, D) of negative sampling, and inner-node vectors `syn1`
(V, D) of hierarchical softmax, of which a word owns those on its Huffman path. `word2vec` makes them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastw2v.first_vectors import prep_vectors
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.parts import OUTPUTS
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.lifecycle import Lifecycle
from fastw2v.query.cosines import squares, top_places
from fastw2v.query.spaces import Space, SpaceComparison, checked_space, pair_of_spaces
from fastw2v.vocabulary.huffman import HuffmanPath, HuffmanTree

logger = logging.getLogger("fastw2v.word2vec")  # people filter by that name


class Matrices(Lifecycle):
    """The matrices of a model and the questions that they answer; `Word2Vec` makes and trains them."""

    wv: KeyedVectors
    vector_size: int
    hs: int
    negative: int
    cbow_mean: int
    sample: float | None
    seed: int
    workers: int
    cum_table: npt.NDArray[np.uint32]

    # --- the three matrices ---

    @property
    def syn0(self) -> npt.NDArray[np.float32]:
        """IN vectors (V, D): the memory of `wv.vectors`."""
        return self.wv.vectors

    @syn0.setter
    def syn0(self, vectors: npt.NDArray[np.float32]) -> None:
        self.wv.vectors = vectors

    @property
    def syn1(self) -> npt.NDArray[np.float32]:
        """Vectors of the inner nodes of the Huffman tree (V, D); row V - 1 is never used."""
        return self._matrix("syn1", "hierarchical softmax", "hs=1")

    @syn1.setter
    def syn1(self, vectors: npt.NDArray[np.float32]) -> None:
        self._syn1 = vectors

    @syn1.deleter
    def syn1(self) -> None:
        del self._syn1

    @property
    def syn1neg(self) -> npt.NDArray[np.float32]:
        """OUT vectors (V, D) of negative sampling."""
        return self._matrix("syn1neg", "negative sampling", "negative=5")

    @syn1neg.setter
    def syn1neg(self, vectors: npt.NDArray[np.float32]) -> None:
        self._syn1neg = vectors

    @syn1neg.deleter
    def syn1neg(self) -> None:
        del self._syn1neg

    def _matrix(self, name: str, objective: str, setting: str) -> npt.NDArray[np.float32]:
        matrix: npt.NDArray[np.float32] | None = self.__dict__.get(f"_{name}")
        if matrix is not None:
            return matrix
        if not len(self.wv):
            reason = f"this model has no {name} yet: build a vocabulary and train first"
        elif name in self._outputs():
            reason = (
                f"this model has no {name}, though {objective} needs it (hs={self.hs}, "
                f"negative={self.negative}): it was made of IN vectors alone, or its outputs were left out. "
                "Word2Vec.from_vectors(in_=..., out=...) makes a model of two word2vec files"
            )
        elif name == "syn1neg" and "_syn1" in self.__dict__:
            reason = (
                "hierarchical softmax has no OUT vector per word: its outputs are inner nodes, shared by "
                "many words. node_vectors(word) gives those on a word's path, hs_path_vector(word) one "
                f"vector made of them; for OUT vectors (syn1neg) train with {setting}"
            )
        else:
            reason = (
                f"this model has no {name}: it belongs to {objective}, which this model was not trained with "
                f"(hs={self.hs}, negative={self.negative}); train with {setting}"
            )
        raise AttributeError(reason)

    def _outputs(self) -> list[str]:
        """Names of the matrices besides `syn0` that the settings train."""
        return [name for name, on in (("syn1", self.hs), ("syn1neg", self.negative)) if on]

    def _require_matrix(self, name: str) -> npt.NDArray[np.float32]:
        matrix: npt.NDArray[np.float32] | None = getattr(self, name, None)
        if matrix is None:
            raise RuntimeError(
                f"this model has no {name}, which hs={self.hs}, negative={self.negative} need: "
                "build its vocabulary anew, or load a full model"
            )
        return matrix

    # --- make and grow ---

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Bytes that the model will take, by part, by gensim's formula."""
        words = vocab_size or len(self.wv)
        report = {} if report is None else report
        matrix = words * self.vector_size * np.dtype(np.float32).itemsize
        report["vocab"] = words * (700 if self.hs else 500)
        report["vectors"] = matrix
        if self.hs:
            report["syn1"] = matrix
        if self.negative:
            report["syn1neg"] = matrix
        report["total"] = sum(report.values())
        logger.info(
            "estimated required memory for %i words and %i dimensions: %i bytes",
            words,
            self.vector_size,
            report["total"],
        )
        return report

    def prepare_weights(self, update: bool = False) -> None:
        """Make the matrices for the vocabulary, or grow them with `update`."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Random IN vectors, zero OUT and node vectors; what was learnt is gone."""
        logger.info("resetting layer weights")
        shape = len(self.wv), self.vector_size
        fresh = {f"_{name}": np.zeros(shape, dtype=np.float32) for name in self._outputs()}
        self.wv.vectors = prep_vectors(shape, seed=self.seed, threads=self.workers)
        for name in ("_syn1", "_syn1neg"):
            self.__dict__.pop(name, None)
        self.__dict__.update(fresh)

    def update_weights(self) -> None:
        """Give new words of the vocabulary their first vectors; the others keep theirs.

        So do the factors of `wv.vectors_lockf`, if there is one per word: new words get 1.
        """
        if not len(self.wv.vectors):
            raise RuntimeError(
                "there are no vectors to update: call build_vocab() without update=True before"
            )
        logger.info("updating layer weights")
        grown = {}
        for name in self._outputs():
            before = self._require_matrix(name)
            grown[f"_{name}"] = np.zeros((len(self.wv), self.vector_size), dtype=np.float32)
            grown[f"_{name}"][: len(before)] = before
        words_before, lockf = len(self.wv.vectors), getattr(self.wv, "vectors_lockf", np.ones(1))
        shape = len(self.wv), self.vector_size
        self.wv.vectors = prep_vectors(shape, self.wv.vectors, seed=self.seed, threads=self.workers)
        if np.shape(lockf) == (words_before,) and words_before > 1:
            new = np.ones(len(self.wv) - words_before, dtype=np.float32)
            self.wv.vectors_lockf = np.concatenate([lockf, new])
        self.__dict__.update(grown)

    # --- what training trusts ---

    def _ready_matrices(self) -> None:
        """Bring matrices and lock factors into the form that kernels trust; raise if that cannot be."""
        words = len(self.wv)
        for name in ("syn0", *self._outputs()):
            matrix = self._checked_matrix(name)
            if not matrix.flags.writeable:
                raise ValueError(
                    f"{name} is read-only, as after load(mmap='r'): such a model answers queries but cannot "
                    "be trained. Load it without mmap, or with mmap='c' to keep changes in memory"
                )
            if not matrix.flags.c_contiguous:
                setattr(self, name, np.ascontiguousarray(matrix))
        self._check_rows(words)
        lockf = np.asarray(getattr(self.wv, "vectors_lockf", 1.0), dtype=np.float32)
        if not lockf.size or lockf.ndim > 1:
            raise ValueError(
                f"wv.vectors_lockf has shape {lockf.shape}: give one factor per word, "
                "or np.ones(1, dtype=np.float32)"
            )
        self.wv.vectors_lockf = np.ascontiguousarray(np.atleast_1d(lockf))

    def _is_finite(self) -> bool:
        """Whether no IN vector holds NaN or infinity."""
        return bool(np.isfinite(squares(self.syn0)).all())

    def _checked_matrix(self, name: str) -> npt.NDArray[np.float32]:
        matrix, shape = self._require_matrix(name), (len(self.wv), self.vector_size)
        if matrix.shape != shape or matrix.dtype != np.float32:
            raise ValueError(
                f"{name} is {matrix.dtype} {matrix.shape}; training needs float32 {shape}. "
                "Words and vectors are added by build_vocab(update=True)"
            )
        return matrix

    def _check_rows(self, words: int) -> None:
        rows = np.fromiter(self.wv.key_to_index.values(), np.int64, len(self.wv.key_to_index))
        if rows.size and not (rows.min() >= 0 and rows.max() < words):
            raise ValueError(f"wv.key_to_index leads to row {rows.max()} or {rows.min()}; there are {words}")

    def _trained_matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """The matrices that the settings train, by name."""
        return {name: getattr(self, name) for name in ("syn0", *self._outputs())}

    def _matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """The output matrices that the model has."""
        return {name: getattr(self, name) for name in OUTPUTS if f"_{name}" in self.__dict__}

    def _tree(self) -> HuffmanTree:
        """The Huffman tree as workers take it, checked."""
        tree = self._check_tree(len(self.wv))
        return HuffmanTree(
            np.ascontiguousarray(tree.points, dtype=np.uint32),
            np.ascontiguousarray(tree.codes, dtype=np.uint8),
            np.ascontiguousarray(tree.starts, dtype=np.int64),
        )

    def _check_tree(self, words: int) -> HuffmanTree:
        """The Huffman tree. RuntimeError if there is none of `words` words, ValueError if it is damaged."""

        def damaged(_: str) -> ValueError:
            return ValueError("the Huffman paths are damaged: call create_binary_tree() to build them anew")

        columns = self.wv.expandos
        tree = HuffmanTree.of(columns, damaged) if len(columns.get("point", ())) == words else None
        if tree is None:
            raise RuntimeError(f"no Huffman tree of {words} words: call create_binary_tree() before")
        tree.check(words, damaged)
        return tree

    # --- by word ---

    def __getitem__(self, word: Any) -> npt.NDArray[np.float32]:
        return self.wv[word]

    def __contains__(self, word: Any) -> bool:
        return word in self.wv

    def in_vector(self, word: Any) -> npt.NDArray[np.float32]:
        """IN vector of a word (D,), a view: row of `syn0`."""
        row: npt.NDArray[np.float32] = self.syn0[self.wv.get_index(word)]
        return row

    def out_vector(self, word: Any) -> npt.NDArray[np.float32]:
        """OUT vector of a word (D,), a view: row of `syn1neg`.

        AttributeError under pure hierarchical softmax, which has no OUT vector per word but the nodes of its
        path.
        """
        row: npt.NDArray[np.float32] = self.syn1neg[self.wv.get_index(word)]
        return row

    def huffman_path(self, word: Any) -> HuffmanPath:
        """The word's way through the Huffman tree, root first: `point` uint32 (L,) and `code` uint8 (L,)."""
        if "point" not in self.wv.expandos:
            raise AttributeError(
                f"this model has no Huffman tree: it was trained with hs={self.hs}; train with hs=1"
            )
        row = self.wv.get_index(word)
        return HuffmanPath(point=self.wv.expandos["point"][row], code=self.wv.expandos["code"][row])

    def node_vectors(self, word: Any) -> npt.NDArray[np.float32]:
        """Vectors of the inner nodes on the word's path (L, D), root first, a copy: `syn1` at its `point`."""
        return self.syn1[self.huffman_path(word).point]

    def hs_path_vector(self, word: Any) -> npt.NDArray[np.float32]:
        """½ Σ ±θ over the nodes θ on the word's path (D,), + where it turns left: the nearest thing to an OUT
        vector that hierarchical softmax has.

        For scores near 0 log P(word | h) is this vector · h, and a constant per word (the first order of
        log σ(x) ≈ x / 2 − log 2). It is not what was trained, so nothing here takes it for an OUT vector.
        """
        signs = np.where(self.huffman_path(word).code, np.float32(-0.5), np.float32(0.5))
        return np.asarray(signs @ self.node_vectors(word))

    @property
    def wv_out(self) -> KeyedVectors:
        """All OUT vectors as a `KeyedVectors`, sharing words and memory with the model."""
        return self.wv.with_vectors(self.syn1neg)

    # --- both spaces ---

    def vectors(self, space: Space = "in") -> npt.NDArray[np.float32]:
        """All vectors of a space, a row per word: "in" and "out" (V, D) are the model's own memory.

        "in+out" (V, D) is their sum, which GloVe takes for its vectors (see Levy, Goldberg and Dagan 2015,
        "Improving Distributional Similarity with Lessons Learned from Word Embeddings"); "concat" (V, 2·D)
        has them side by side.
        """
        if checked_space(space) == "in":
            return self.syn0
        if space == "out":
            return self.syn1neg
        return self.syn0 + self.syn1neg if space == "in+out" else np.hstack([self.syn0, self.syn1neg])

    def _words_in(self, space: Space) -> KeyedVectors:
        return self.wv if space == "in" else self.wv.with_vectors(self.vectors(space))

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        source: Space = "in",
        target: Space = "in",
    ) -> Any:
        """`KeyedVectors.most_similar` of words in the space `source`, among those in the space `target`.

        From "in" to "in": words used alike; from "in" to "out": words that stand together with it.
        """
        asked, answering = (self._words_in(checked_space(space)) for space in (source, target))
        return asked.most_similar(
            positive, negative, topn, clip_start, clip_end, restrict_vocab, indexer, target=answering
        )

    def most_similar_many(
        self,
        queries: Iterable[Any],
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        source: Space = "in",
        target: Space = "in",
    ) -> list[list[tuple[Any, float]]]:
        """`KeyedVectors.most_similar_many` of words in the space `source`, among those in `target`."""
        asked, answering = (self._words_in(checked_space(space)) for space in (source, target))
        return asked.most_similar_many(queries, topn, clip_start, clip_end, restrict_vocab, target=answering)

    def similarity(self, w1: Any, w2: Any, spaces: str = "in-in") -> np.float32:
        """Cosine of two words, each in its space: "in-out" compares IN of `w1` with OUT of `w2`.

        Between two spaces that has a direction: bread calls for butter more than butter for bread.
        """
        first, second = map(self._words_in, pair_of_spaces(spaces))
        return first.similarity(w1, w2, target=second)

    def association(self, a: Any, b: Any) -> Any:
        """IN(a) · OUT(b) + log `negative`: how much more often `b` stands beside `a` than chance has it, in
        nats; 0 for no more.

        Where skip-gram with negative sampling has converged that is log P(a, b) / (P(a)·Q(b)), Q the
        distribution of noise words: pointwise mutual information, but that `ns_exponent` and `sample` flatten
        what is frequent. Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization".
        `a` and `b` are words, or lists of words for many pairs at once: float, or float64 (pairs,).
        """
        rows = [
            [self.wv.get_index(word) for word in words]
            if isinstance(words, list | tuple | np.ndarray)
            else self.wv.get_index(words)
            for words in (a, b)
        ]
        dots = np.einsum("...d,...d->...", self.syn0[rows[0]], self.syn1neg[rows[1]], dtype=np.float64)
        shifted = np.asarray(dots + math.log(self.negative))
        return shifted if shifted.ndim else float(shifted)

    def compare_spaces(
        self, words: Any, topn: int = 6, spaces: Iterable[str] = ("in-in", "out-out", "in-out")
    ) -> SpaceComparison:
        """The `topn` nearest words of each of `words` in several pairs of spaces, the word itself left out.

        The result prints as a table like table 1 of Mitra et al. 2016; `.to_dict()` has it as data.
        """
        words = [words] if isinstance(words, str | int | np.integer) else list(words)
        pairs = {name: pair_of_spaces(name) for name in spaces}
        held = {space: self._words_in(space) for pair in pairs.values() for space in pair}
        return SpaceComparison(
            tuple(pairs),
            {
                word: {
                    name: held[source].most_similar(word, topn=topn, target=held[target])
                    for name, (source, target) in pairs.items()
                }
                for word in words
            },
        )

    def evaluate_word_pairs(
        self,
        pairs: StrPath,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        spaces: str = "in-in",
    ) -> tuple[Any, Any, float]:
        """`KeyedVectors.evaluate_word_pairs`, the two words of a pair each in its space.

        Asr, Zinkov and Jones 2018 ("Querying Word Embeddings for Similarity and Relatedness") found "in-in"
        best for similarity and "in-out" for relatedness.
        """
        first, second = map(self._words_in, pair_of_spaces(spaces))
        return first.evaluate_word_pairs(
            pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown, target=second
        )

    def save_word2vec_format(
        self,
        fname: StrPath | IO[bytes],
        fvocab: StrPath | IO[bytes] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
        *,
        space: Space = "in",
    ) -> None:
        """`KeyedVectors.save_word2vec_format` of the vectors of one space; `from_vectors` is the way back."""
        self._words_in(checked_space(space)).save_word2vec_format(
            fname, fvocab, binary, total_vec, write_header, prefix, append, sort_attr
        )

    # --- what the outputs tell ---

    def predict_output_word(
        self, context_words_list: Iterable[Any], topn: int | None = 10
    ) -> list[tuple[Any, np.float32]] | None:
        """The words that most probably stand in this context: `[(word, probability), …]`, best first.

        The hidden layer is the mean of the known words' IN vectors, or their sum without `cbow_mean`. With
        negative sampling the probability is a softmax over all OUT vectors, which training does not make a
        true one; with hierarchical softmax alone it is the one that the model was trained for, the product
        of the turns on the word's path. `topn=None` returns all words. None if no context word is known;
        RuntimeError if the model has no outputs.
        """
        output = self._checked_matrix("syn1neg" if self.negative else "syn1")
        hidden = self._hidden(context_words_list)
        if hidden is None:
            logger.warning("predict_output_word: none of the context words is in the vocabulary")
            return None
        scores = np.asarray(output @ hidden, dtype=np.float64)
        logs = scores if self.negative else self._path_scores(scores)
        chances = np.exp(logs - logs.max())
        chances /= chances.sum()
        best = top_places(chances, len(chances) if topn is None else max(0, topn))
        return [(self.wv.index_to_key[row], np.float32(chances[row])) for row in best.tolist()]

    def hs_probability(self, context: Any, word: Any = None) -> Any:
        """Probability of `word` in a context, a word or a list of words, under hierarchical softmax: a float.

        P(word | h) = Π σ(± θ·h) over the nodes θ on its path (Morin and Bengio 2005), h as for
        `predict_output_word`. Without `word`, those of all words, float64 (V,): they sum to 1. Unknown
        context words are left out; KeyError if that leaves none, or if `word` is unknown. AttributeError
        without `hs`.
        """
        context = [context] if isinstance(context, str | int | np.integer) else list(context)
        nodes, hidden = self.syn1, self._hidden(context)
        if hidden is None:
            raise KeyError(f"none of the context words {context!r} is in the vocabulary")
        if word is None:
            return np.exp(self._path_scores(np.asarray(nodes @ hidden, dtype=np.float64)))
        path = self.huffman_path(word)
        scores = np.asarray(nodes[path.point] @ hidden, dtype=np.float64)
        return math.exp(-np.logaddexp(0, np.where(path.code, scores, -scores)).sum())

    def _hidden(self, context: Iterable[Any]) -> npt.NDArray[np.float32] | None:
        """Mean or sum (D,) of the IN vectors of those context words that are known; None if none is."""
        rows = [self.wv.get_index(word) for word in context if word in self.wv]
        hidden: npt.NDArray[np.float32] = self.syn0[rows].sum(axis=0)
        return hidden / np.float32(len(rows) if self.cbow_mean else 1) if rows else None

    def _path_scores(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Log probability of each word (V,): Σ log σ(± score) of the nodes on its path; scores (V,)."""
        tree = self._tree()
        left, right = -np.logaddexp(0, -scores), -np.logaddexp(0, scores)  # of each node, not each path
        words = np.repeat(np.arange(len(self.wv)), np.diff(tree.starts))
        logs = np.where(tree.codes, right[tree.points], left[tree.points])
        sums = np.bincount(words, logs, minlength=len(self.wv))
        return sums.astype(np.float64, copy=False)
