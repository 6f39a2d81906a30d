"""What a model holds and answers: its three matrices by word, and every question over IN, OUT and nodes.

Shapes: V words, D dimensions, L nodes on a word's Huffman path. IN vectors are `syn0` (V, D), the OUT vectors
of negative sampling `syn1neg` (V, D), and the inner nodes of hierarchical softmax `syn1` (V, D). A word has
one IN and one OUT vector; inner nodes are shared by all words whose path leads over them.
"""

from __future__ import annotations

import copy
import logging
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Self, overload

import numpy as np
import numpy.typing as npt

from fastw2v.checks import is_gensims, not_vectors, rounded, settings_of, whole
from fastw2v.columns import plain_column, resized, row_of_each
from fastw2v.documents.vectors import DocumentVectors, Unknown, Weights
from fastw2v.first_vectors import prep_vectors
from fastw2v.formats import word2vec_format
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.parts import OUTPUTS
from fastw2v.keyedvectors import Key, KeyedVectors
from fastw2v.lifecycle import Lifecycle
from fastw2v.memory import require_memory
from fastw2v.query.cosines import top_places
from fastw2v.query.inputs import is_one_key
from fastw2v.query.spaces import Neighbors, Space, SpaceComparison, checked_space, pair_of_spaces
from fastw2v.sharing.states import aside, guard_of, holds, join, of_one_state, shallow
from fastw2v.text.ids import Block
from fastw2v.text.source import Source
from fastw2v.text.texts import Baskets, StreamedText
from fastw2v.training._kernels import Worker
from fastw2v.training.course import NO_LENGTH, usable_workers
from fastw2v.training.objective import Freeze, Noise, Objective, Step
from fastw2v.training.report import Length
from fastw2v.training.scoring import mean_loss, score_text, scoring_workers
from fastw2v.vocabulary.huffman import HuffmanPath, HuffmanTree
from fastw2v.vocabulary.rows import fitted_thresholds, pruned, rows_of, without_other_rows
from fastw2v.vocabulary.sampling import DOMAIN
from fastw2v.warn import warn_user

logger = logging.getLogger("fastw2v.word2vec")  # people filter by that name

Array = npt.NDArray[Any]
Words = list[Key] | tuple[Key, ...] | Array

# gensim's figures for what a word takes besides its vectors, so that both libraries estimate the same.
BYTES_PER_WORD = 500
BYTES_PER_WORD_WITH_PATH = 700  # under hierarchical softmax

_HELD = frozenset(("wv", "syn0", "syn1", "syn1neg"))  # not to be assigned while others train them


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
    alpha: float
    min_alpha_yet_reached: float
    sg: int
    window: int
    shrink_windows: bool
    step: Step
    baskets: bool
    deterministic: bool
    cum_table: npt.NDArray[np.uint32]

    if TYPE_CHECKING:  # of Word2Vec
        _encoded: Any
        _restore_on_error: Callable[[], AbstractContextManager[None]]
        make_cum_table: Any

    # --- the three matrices ---

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; gensim's `KeyedVectors` are copied when they become `wv`."""
        if name in _HELD:
            guard_of(self).check_edit(f"model.{name} = ...")
            if name == "wv":
                value = KeyedVectors.from_gensim(value) if is_gensims(value) else value
                join(self, value)
        super().__setattr__(name, value)

    @property
    def syn0(self) -> npt.NDArray[np.float32]:
        """IN vectors, float32 (V, D): the memory of `wv.vectors`."""
        return self.wv.vectors

    @syn0.setter
    def syn0(self, vectors: npt.NDArray[np.float32]) -> None:
        self.wv.vectors = vectors

    @property
    def syn1(self) -> npt.NDArray[np.float32]:
        """Vectors of the inner nodes of the Huffman tree, float32 (V, D); row V - 1 is never used."""
        return self._matrix("syn1", "hierarchical softmax", "hs=1")

    @syn1.setter
    def syn1(self, vectors: npt.NDArray[np.float32]) -> None:
        self._syn1 = vectors

    @syn1.deleter
    def syn1(self) -> None:
        guard_of(self).check_edit("del model.syn1")
        del self._syn1

    @property
    def syn1neg(self) -> npt.NDArray[np.float32]:
        """OUT vectors of negative sampling, float32 (V, D)."""
        return self._matrix("syn1neg", "negative sampling", "negative=5")

    @syn1neg.setter
    def syn1neg(self, vectors: npt.NDArray[np.float32]) -> None:
        self._syn1neg = vectors

    @syn1neg.deleter
    def syn1neg(self) -> None:
        guard_of(self).check_edit("del model.syn1neg")
        del self._syn1neg

    def _matrix(self, name: str, objective: str, setting: str) -> npt.NDArray[np.float32]:
        """Return an output matrix; the AttributeError says why there is none and what to do."""
        self._grow_outputs()
        matrix: npt.NDArray[np.float32] | None = getattr(self, f"_{name}", None)
        if matrix is not None:
            return matrix
        if not len(self.wv):
            reason = f"this model has no {name} yet: build a vocabulary and train first"
        elif name in self._outputs():
            reason = (
                f"this model has no {name}, though {objective} needs it (hs={self.hs}, "
                f"negative={self.negative}): it was made from IN vectors alone, or saved without outputs. "
                "Word2Vec.from_vectors(in_=..., out=...) makes a model from two word2vec files"
            )
        elif name == "syn1neg" and "_syn1" in self.__dict__:
            reason = (
                "hierarchical softmax has no OUT vector per word: its outputs are inner nodes, shared by "
                "many words. node_vectors(word) gives those on a word's path, hs_path_vector(word) one "
                f"vector computed from them; for OUT vectors (syn1neg) train with {setting}"
            )
        else:
            reason = (
                f"this model has no {name}: it belongs to {objective}, which this model was not trained with "
                f"(hs={self.hs}, negative={self.negative}); train with {setting}"
            )
        raise AttributeError(reason)

    def _outputs(self) -> list[str]:
        """Return the names of the matrices besides `syn0` that the settings train."""
        return [name for name, on in (("syn1", self.hs), ("syn1neg", self.negative)) if on]

    def _require_matrix(self, name: str) -> npt.NDArray[np.float32]:
        """Return the matrix of this name; RuntimeError if the model has none."""
        matrix: npt.NDArray[np.float32] | None = getattr(self, name, None)
        if matrix is None:
            raise RuntimeError(
                f"this model has no {name}, which it needs with hs={self.hs}, negative={self.negative}: "
                "build its vocabulary again, or load a model that was saved with it"
            )
        return matrix

    # --- make and grow ---

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Return how many bytes the model will take, estimated by gensim's formula; log the sum.

        Args:
            vocab_size (int or None): number of words; None or 0 takes those of the model.
            report (dict or None): bytes of other parts, by name; it is filled in place and counted in the
                sum. None starts from an empty one.

        Returns:
            dict of str to int: bytes of "vocab", "vectors" and, as far as the settings need them, "syn1" and
            "syn1neg"; "total" is the sum of all.
        """
        words = vocab_size or len(self.wv)
        report = {} if report is None else report
        matrix = words * self.vector_size * np.dtype(np.float32).itemsize
        report["vocab"] = words * (BYTES_PER_WORD_WITH_PATH if self.hs else BYTES_PER_WORD)
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

    @holds("vocabulary")
    def prepare_weights(self, update: bool = False) -> None:
        """Make the matrices for the vocabulary, or grow those that are there.

        Args:
            update (bool): False calls `init_weights`, True `update_weights`.

        Raises:
            RuntimeError: there are no matrices to grow.
        """
        if update:
            self.update_weights()
        else:
            self.init_weights()

    @holds("vocabulary")
    def init_weights(self) -> None:
        """Draw random IN vectors and set OUT and node vectors to zero; what was learnt is lost."""
        logger.info("resetting layer weights")
        shape = len(self.wv), self.vector_size
        self._require_memory(len(self.wv))
        fresh = {f"_{name}": np.zeros(shape, dtype=np.float32) for name in self._outputs()}
        vectors = prep_vectors(shape, seed=self.seed, threads=self.workers)
        with aside(self) as model:
            model.wv.vectors = vectors
            model.min_alpha_yet_reached = self.alpha
            for name in ("_syn1", "_syn1neg"):
                model.__dict__.pop(name, None)
            model.__dict__.update(fresh)

    @holds("vocabulary")
    def update_weights(self) -> None:
        """Give new words of the vocabulary their first vectors; the other words keep theirs.

        If `wv.vectors_lockf` has one factor per word, new words get the factor 1.

        Raises:
            RuntimeError: there are no vectors to update, or an output matrix is missing.
        """
        if not len(self.wv.vectors):
            raise RuntimeError("there are no vectors to update: call build_vocab() without update=True first")
        logger.info("updating layer weights")
        self._require_memory(len(self.wv))
        grown = {}
        for name in self._outputs():
            before = self._require_matrix(name)
            grown[f"_{name}"] = np.zeros((len(self.wv), self.vector_size), dtype=np.float32)
            grown[f"_{name}"][: len(before)] = before
        lockf = np.atleast_1d(getattr(self.wv, "vectors_lockf", 1.0))
        shape = len(self.wv), self.vector_size
        vectors = prep_vectors(shape, self.wv.vectors, seed=self.seed, threads=self.workers)
        with aside(self) as model:
            model.wv.vectors = vectors
            if 1 < len(lockf) < len(self.wv):  # one factor per word, of those with a row before
                new = np.ones(len(self.wv) - len(lockf), dtype=np.float32)
                model.wv.vectors_lockf = np.concatenate([lockf, new])
            model.__dict__.update(grown)

    def _require_memory(self, words: int) -> None:
        """Raise MemoryError if there cannot be memory for all matrices of so many words."""
        count = 1 + len(self._outputs())
        require_memory(
            count * words * self.vector_size * np.dtype(np.float32).itemsize,
            f"{count} matrices of {words:,} words x {self.vector_size:,} dimensions",
            "give a smaller vector_size or max_final_vocab, or a higher min_count",
        )

    def _grow_outputs(self) -> None:
        """Give words that `wv.add_vectors` appended outputs of zeros and no share of the noise."""
        if not self.wv._added_rows:
            return
        guard = guard_of(self)
        with guard.steady, guard.commits:
            if guard.free:  # if not, whoever is at work does it
                self._grow_outputs_now()

    def _grow_outputs_now(self) -> None:
        """Do so, while nobody else takes over anything."""
        added, words = self.wv._added_rows, len(self.wv)
        before = words - added
        names = [name for name in OUTPUTS if self.__dict__.get(f"_{name}") is not None]
        if not added or any(len(self.__dict__[f"_{name}"]) != before for name in names):
            return  # other rows were changed by hand: who needs the outputs finds that they do not fit
        for name in names:
            self.__dict__[f"_{name}"] = resized(self.__dict__[f"_{name}"], words)
        if np.shape(self.cum_table) == (before,) and before:
            self.cum_table = np.pad(self.cum_table, (0, added), mode="edge")
        lockf = getattr(self.wv, "vectors_lockf", np.ones(1, dtype=np.float32))
        if np.shape(lockf) == (before,) and before > 1:
            self.wv.vectors_lockf = np.append(lockf, np.ones(added, dtype=np.float32))
        self.wv._added_rows = 0

    def _check_growable(self) -> None:
        """Raise unless rows can be added to all matrices: RuntimeError if one is missing, else ValueError."""
        words = len(self.wv)
        width = self.wv.vectors.shape[1]
        if width != self.vector_size:
            raise ValueError(
                f"vector_size={self.vector_size}, but the vectors that are there have {width} dimensions: "
                f"set vector_size={width}, or build the vocabulary without update=True"
            )
        self._check_all_owners()
        trained = np.asarray(self.wv.expandos.get("sample_int", np.ones(words)))
        for name in self._outputs():
            rows = len(self._require_matrix(name))
            # Rows that `add_vectors` has added have no outputs yet; of them `sample_int` is 0.
            if rows > words or np.any(trained[rows:words]):
                raise _changed_by_hand(name, rows, words)

    @holds("vocabulary")
    def remove_words(self, words: Any) -> None:
        """Remove words from the model; all others keep what they have learnt, and training can go on.

        IN, OUT and node vectors, counts and other attributes, the noise distribution and the Huffman tree are
        cut alike. Rows keep their order. How often words are dropped by `sample` follows from the counts that
        remain. Of the tree, inner nodes stay that still have words on both sides. `raw_vocab` and
        `corpus_count` stay as they are, and a `wv_out` taken before keeps the words of before. A call that
        fails leaves the model as it was.

        Args:
            words (key or iterable of keys): what to remove; repetitions do not matter.

        Raises:
            KeyError: a word is missing.
            ValueError: no word would be left, or the vocabulary was changed by hand.

        Example:
            >>> model = Word2Vec(sentences, vector_size=10, min_count=1, workers=1)
            >>> model.remove_words(["the", "says"])
            >>> model.syn0.shape, model.syn1neg.shape, "the" in model
            ((7, 10), (7, 10), False)
        """
        gone = rows_of(words, self.wv.key_to_index)
        self._keep_rows(np.delete(np.arange(len(self.wv)), gone), "remove_words")

    @holds("vocabulary")
    def restrict_vocab(self, words: Any) -> None:
        """Keep these words alone, or so many of the first; see `remove_words` for what is done.

        Args:
            words (int, key, or iterable of keys): an int is the number of rows that stay, of the most
                frequent words if the vocabulary is sorted. Else the words that stay, in the order of their
                rows; a list of one int is a word.

        Raises:
            KeyError: a word is missing.
            ValueError: no word would be left, or the vocabulary was changed by hand.

        Example:
            >>> model = Word2Vec(sentences, vector_size=10, min_count=1, workers=1)
            >>> model.restrict_vocab(["cat", "dog", "meow", "woof"])
            >>> len(model.wv), model.syn1neg.shape
            (4, (4, 10))
            >>> model.restrict_vocab(2)
            >>> len(model.wv)
            2
        """
        if isinstance(words, int | np.integer):
            stay = np.arange(min(whole("words", words, 1), len(self.wv)))
        else:
            stay = rows_of(words, self.wv.key_to_index)
        self._keep_rows(stay, "restrict_vocab")

    def _keep_rows(self, rows: npt.NDArray[np.intp], event: str) -> None:
        """Cut the vocabulary and all that belongs to it down to these rows, which rise."""
        wv, words = self.wv, len(self.wv)
        if not len(rows):
            raise ValueError(f"{event}: no word would be left; at least one must stay")
        self._check_all_owners()
        if len(wv.vectors) < words:
            raise _changed_by_hand("vectors", len(wv.vectors), words)
        columns = {name: resized(column, words).take(rows) for name, column in wv.expandos.items()}
        outputs = {f"_{name}": matrix[rows[rows < len(matrix)]] for name, matrix in self._matrices().items()}
        tree = HuffmanTree.of(wv.expandos, _damaged_tree)
        if tree is not None:
            tree.check(words, _damaged_tree, saved=True)
            shorter, nodes = pruned(tree, rows)
            columns |= shorter.columns()
            if "_syn1" in outputs:
                outputs["_syn1"] = np.zeros((len(rows), self.vector_size), dtype=np.float32)
                outputs["_syn1"][: len(nodes)] = self.syn1[nodes]
        counts, thresholds = columns.get("count"), columns.get("sample_int")
        if isinstance(counts, np.ndarray) and isinstance(thresholds, np.ndarray):
            columns["sample_int"] = fitted_thresholds(counts, thresholds, self.sample)
        vectors = wv.vectors[rows]
        keys = [wv.index_to_key[row] for row in rows.tolist()]
        with aside(self) as model:
            wv = model.wv
            wv._name_rows(keys, without_other_rows(wv.key_to_index, rows, words))
            lockf = getattr(wv, "vectors_lockf", np.ones(1, dtype=np.float32))
            if 1 < len(np.atleast_1d(lockf)) <= words:
                factors = np.ones(words, dtype=np.float32)
                factors[: len(lockf)] = lockf
                wv.vectors_lockf = factors[rows]
            wv.vectors, wv.expandos, model._encoded = vectors, columns, None
            model.__dict__.update(outputs)
            model.cum_table = np.empty(0, dtype=np.uint32)
            if self.negative and counts is not None:
                model.make_cum_table()
        self.add_lifecycle_event(event, msg=f"{len(rows)} of {words} words are left")

    # --- what training trusts ---

    def _check_settings(self) -> None:
        """Take the settings as Python's numbers; ValueError or TypeError for those that no model can have."""
        settings = settings_of(self)
        self.__dict__.update(settings | {"workers": usable_workers(settings["workers"])})

    def _check_objectives(self) -> None:
        """Raise ValueError if neither hierarchical softmax nor negative sampling is on."""
        if not self.hs and not self.negative:
            raise ValueError(
                f"hs={self.hs}, negative={self.negative}: nothing would be trained; give hs=1 or negative=5"
            )

    def _check_call(
        self, corpus_file: StrPath | None, total_examples: float | None, total_words: float | None
    ) -> Length:
        """Return the length of the corpus; raise for what `train` needs besides it, in gensim's order."""
        self._check_objectives()
        if not len(self.wv):
            raise RuntimeError("there is no vocabulary to train: call build_vocab() before train()")
        if not len(self.wv.vectors):
            raise RuntimeError("the vocabulary has no vectors: call init_weights() before train()")
        if corpus_file is not None and total_words is None:
            raise ValueError(
                "total_words must be given with corpus_file, for the learning rate: "
                "after build_vocab on the same file it is model.corpus_total_words"
            )
        if total_examples is None and total_words is None:
            raise ValueError(NO_LENGTH)
        examples = None if total_examples is None else rounded("total_examples", total_examples)
        words = None if total_words is None else rounded("total_words", total_words)
        return Length(examples or None, words or None)

    def _ready_to_train(
        self, written: bool = True, trains: bool = True
    ) -> tuple[Noise | None, HuffmanTree | None]:
        """Return the tables of the settings; raise unless they and the matrices are what kernels trust."""
        # Unless someone may have `written` to tables, nothing takes time in proportion to the vocabulary.
        if trains:
            self._ready_matrices()
        words = len(self.wv)
        if self.sample != 0 and len(self.wv.expandos.get("sample_int", ())) != words:
            raise RuntimeError(
                f"sample={self.sample} needs the attribute 'sample_int' of all words: "
                "call build_vocab() first, or set model.sample = 0"
            )
        return self._noise(written) if self.negative else None, self._tree() if self.hs else None

    def _objective(
        self,
        compute_loss: bool,
        freeze: Freeze | None = None,
        *,
        sg: bool | None = None,
        written: bool = True,
        trains: bool = True,
    ) -> Objective:
        """Return the objective of settings and tables as they are now, checked; `sg` replaces the model's."""
        self._check_settings()  # callbacks, and the text itself, may have changed them
        noise, tree = self._ready_to_train(written, trains)
        return Objective.to_train(
            sg=bool(self.sg) if sg is None else sg,
            window=self.window,
            shrink_windows=self.shrink_windows,
            cbow_mean=bool(self.cbow_mean),
            step=self.step,
            baskets=self.baskets,
            compute_loss=compute_loss,
            lockf=self.wv.vectors_lockf if trains else np.ones(1, dtype=np.float32),
            keep=None if self.sample == 0 else plain_column(self.wv.expandos, "sample_int"),
            negative=self.negative,
            noise=noise,
            tree=tree,
            freeze=freeze,
        )

    def _ready_matrices(self) -> None:
        """Bring matrices and lock factors into the form that kernels trust; raise if that is impossible."""
        words = len(self.wv)
        for name in ("syn0", *self._outputs()):
            matrix = self._check_matrix(name)
            if not matrix.flags.writeable:
                raise ValueError(
                    f"{name} is read-only, as after load(mmap='r'): such a model answers queries but cannot "
                    "be trained. Load it without mmap, or with mmap='c', which keeps changes in memory"
                )
            if not matrix.flags.carray:
                setattr(self, name, np.require(matrix, requirements=["C", "A"]))
        if len(self.wv.key_to_index) > words:  # if not, a wrong row is found where a text leads to it
            self._check_rows(words)
        given = getattr(self.wv, "vectors_lockf", 1.0)
        lockf = np.asarray(given, dtype=np.float32)
        if given is None or not lockf.size or lockf.ndim > 1:
            raise ValueError(
                f"wv.vectors_lockf has shape {lockf.shape}: give one factor per word, "
                "or np.ones(1, dtype=np.float32)"
            )
        self.wv.vectors_lockf = np.ascontiguousarray(np.atleast_1d(lockf))

    def _check_matrix(self, name: str) -> npt.NDArray[np.float32]:
        """Return the matrix of this name; ValueError unless it is float32 (V, D)."""
        matrix, shape = self._require_matrix(name), (len(self.wv), self.vector_size)
        self._check_owners(name, len(matrix))
        if matrix.dtype != np.float32:
            raise ValueError(
                f"{name} is {matrix.dtype}, but training needs this dtype to be float32: convert it, as in "
                "model.wv.vectors = model.wv.vectors.astype(np.float32)"
            )
        if matrix.shape != shape:
            raise ValueError(
                f"{name} is {matrix.dtype} {matrix.shape}, expected float32 {shape}: "
                "add words and their vectors with build_vocab(update=True)"
            )
        return matrix

    def _check_owners(self, name: str, rows: int) -> None:
        """Raise ValueError if there are more rows than words: some may belong to words that are gone."""
        if rows > len(self.wv):
            raise _changed_by_hand(name, rows, len(self.wv))

    def _check_all_owners(self) -> None:
        """Raise ValueError if a matrix or an attribute of words has values of words that are gone."""
        for name, matrix in {"vectors": self.wv.vectors, **self._matrices()}.items():
            self._check_owners(name, len(matrix))
        for name, column in self.wv.expandos.items():
            self._check_owners(f"the attribute {name!r}", len(column))

    def _check_rows(self, words: int) -> None:
        """Raise ValueError if a word leads to a row that no matrix of so many `words` has."""
        rows = np.fromiter(self.wv.key_to_index.values(), np.int64, len(self.wv.key_to_index))
        if rows.size and not (rows.min() >= 0 and rows.max() < words):
            wrong = rows.min() if rows.min() < 0 else rows.max()
            raise ValueError(
                f"wv.key_to_index leads to row {wrong}, expected 0 to {words - 1}: "
                "add words with build_vocab(update=True)"
            )

    def _trained_matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the matrices that the settings train, by name."""
        return {name: getattr(self, name) for name in ("syn0", *self._outputs())}

    def _matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the output matrices that the model has, by name."""
        return {name: getattr(self, name) for name in OUTPUTS if self.__dict__.get(f"_{name}") is not None}

    def _tree(self) -> HuffmanTree:
        """Return the Huffman tree as workers take it; they check the paths that they follow."""
        columns, words = self.wv.expandos, len(self.wv)
        tree = HuffmanTree.of(columns, _damaged_tree) if len(columns.get("point", ())) == words else None
        if tree is None:
            raise RuntimeError(f"no Huffman tree of {words} words: call create_binary_tree() first")
        if len(tree.codes) != len(tree.points):
            raise _damaged_tree()
        ready = HuffmanTree(
            np.ascontiguousarray(tree.points, dtype=np.uint32),
            np.ascontiguousarray(tree.codes, dtype=np.uint8),
            np.ascontiguousarray(tree.starts, dtype=np.int64),
        )
        self.wv.expandos.update(ready.columns())  # next time nothing is converted, nor `starts` compared
        return ready

    def _noise(self, compare: bool = True) -> Noise:
        """Return the noise distribution as workers take it; RuntimeError unless it is one of all words."""
        words = len(self.wv)
        advice = f"cum_table does not rise to {DOMAIN} over {words} words: call make_cum_table() first"
        return Noise.of(self.cum_table, words, lambda _: RuntimeError(advice), compare=compare)

    # --- by word ---

    def __getitem__(self, word: Key) -> Array:
        return self.wv[word]

    def __contains__(self, word: Key) -> bool:
        return word in self.wv

    def in_vector(self, word: Key) -> npt.NDArray[np.float32]:
        """Return the IN vector of a word: a row of `syn0`, as a view that may be written to.

        Args:
            word (key): a word, or an int that is a row number.

        Returns:
            array: float32 (D,).

        Raises:
            KeyError: the word is missing.

        Example:
            >>> model.in_vector("cat").shape
            (10,)
        """
        row: npt.NDArray[np.float32] = self.syn0[self.wv.get_index(word)]
        return row

    def out_vector(self, word: Key) -> npt.NDArray[np.float32]:
        """Return the OUT vector of a word: a row of `syn1neg`, as a view that may be written to.

        Args:
            word (key): a word, or an int that is a row number.

        Returns:
            array: float32 (D,).

        Raises:
            KeyError: the word is missing, or was added to `wv` and has no OUT vector yet.
            ValueError: words were taken out of `wv` by hand, so the rows belong to other words.
            AttributeError: the model has no OUT vectors. Hierarchical softmax has `node_vectors` instead.

        Example:
            >>> model.out_vector("cat").shape
            (10,)
        """
        with guard_of(self).commits:
            index, output = self.wv.get_index(word), self._out_vectors()
        if index >= len(output):
            raise KeyError(f"{word!r:.60} has no OUT vector: it was added to wv, and not trained")
        row: npt.NDArray[np.float32] = output[index]
        return row

    def _out_vectors(self) -> npt.NDArray[np.float32]:
        """Return `syn1neg` to look a word up in; ValueError if its rows belong to other words."""
        self._check_owners("syn1neg", len(self.syn1neg))
        return self.syn1neg

    @of_one_state
    def huffman_path(self, word: Key) -> HuffmanPath:
        """Return the word's path through the Huffman tree, from the root down.

        Args:
            word (key): a word, or an int that is a row number.

        Returns:
            HuffmanPath: `point` uint32 (L,), the inner nodes, which are rows of `syn1`; `code` uint8 (L,),
            the turn at each: 0 left, 1 right.

        Raises:
            KeyError: the word is missing.
            ValueError: words were taken out of `wv` by hand, so the paths belong to other words.
            AttributeError: the model has no Huffman tree, because it was not trained with `hs=1`.

        Example:
            >>> path = hs_model.huffman_path("cat")
            >>> len(path.point) == len(path.code)
            True
            >>> int(path.point[0]) == len(hs_model.wv) - 2      # the root
            True
        """
        if "point" not in self.wv.expandos:
            raise AttributeError(
                f"this model has no Huffman tree: it was trained with hs={self.hs}; train with hs=1"
            )
        row = self.wv.get_index(word)
        self._check_owners("the Huffman tree", len(self.wv.expandos["point"]))
        return HuffmanPath(point=self.wv.expandos["point"][row], code=self.wv.expandos["code"][row])

    @of_one_state
    def node_vectors(self, word: Key) -> npt.NDArray[np.float32]:
        """Return the vectors of the inner nodes on the word's path, from the root down, as a copy.

        Args:
            word (key): a word, or an int that is a row number.

        Returns:
            array: float32 (L, D), the rows of `syn1` that `huffman_path(word).point` names.

        Raises:
            KeyError: the word is missing.
            AttributeError: the model was not trained with `hs=1`.

        Example:
            >>> path = hs_model.huffman_path("cat")
            >>> hs_model.node_vectors("cat").shape == (len(path.point), 10)
            True
        """
        return self.syn1[self.huffman_path(word).point]

    @of_one_state
    def hs_path_vector(self, word: Key) -> npt.NDArray[np.float32]:
        """Return ½ Σ ±θ over the nodes θ on the word's path, + where the path turns left.

        Of all that hierarchical softmax has, this is nearest to an OUT vector: for scores near 0,
        log P(word | h) is this vector · h plus a constant per word (the first order of
        log σ(x) ≈ x / 2 − log 2). It is not what was trained, so no other method takes it for an OUT vector.

        Args:
            word (key): a word, or an int that is a row number.

        Returns:
            array: float32 (D,).

        Raises:
            KeyError: the word is missing.
            AttributeError: the model was not trained with `hs=1`.
        """
        signs = np.where(self.huffman_path(word).code, np.float32(-0.5), np.float32(0.5))
        return np.asarray(signs @ self.node_vectors(word))

    @property
    def wv_out(self) -> KeyedVectors:
        """All OUT vectors, float32 (V, D), as a `KeyedVectors` that shares words and memory with this."""
        (words,) = self._spaces("out")
        join(self, words)
        return words

    # --- both spaces ---

    def vectors(self, space: Space = "in") -> npt.NDArray[np.float32]:
        """Return all vectors of a space, a row per word.

        Args:
            space (str): "in" and "out" are the model's own memory. "in+out" is a new matrix, their sum, which
                GloVe uses as its vectors; "concat" is a new one with both side by side.

        Returns:
            array: float32 (V, D), of "concat" (V, 2·D).

        Raises:
            ValueError: there is no space of that name.
            AttributeError: the space needs OUT vectors, which the model does not have.

        Example:
            >>> model.vectors("in+out").shape, model.vectors("concat").shape
            ((9, 10), (9, 20))

        Levy, Goldberg and Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word
        Embeddings".
        """
        if checked_space(space) == "in":
            return self.syn0
        with guard_of(self).commits:
            both = self.syn0, self._out_vectors()
        return _vectors_of(space, *both)

    def _spaces(self, *names: Space) -> list[KeyedVectors]:
        """Return these spaces as vectors with keys, all of one state of the model."""
        if names.count("in") == len(names):
            return [self.wv._as_it_is()] * len(names)
        self._grow_outputs()
        with guard_of(self).commits:
            words, output = self.wv._as_it_is(), self._out_vectors()
        return [
            words if name == "in" else words.with_vectors(_vectors_of(name, words.vectors, output))
            for name in names
        ]

    def _as_it_is(self) -> Self:
        """Return a model that stays as this one is now, and shares all of it."""
        if isinstance(self.wv, KeyedVectors):
            self._grow_outputs()
        with guard_of(self).commits:
            made = shallow(self)
            if isinstance(self.wv, KeyedVectors):
                made.__dict__["wv"] = self.wv._as_it_is()
        return made

    @contextmanager
    def _steady(self) -> Iterator[Self]:
        """Give the model as it is, to be written; nothing new is taken over meanwhile.

        Yields:
            Matrices: the model.
        """
        guard = guard_of(self)
        with guard.steady:
            made = self._as_it_is()
            if guard.in_place:  # workers write to the matrices: only a copy does not change
                for parts, names in ((vars(made.wv), ("vectors",)), (vars(made), ("_syn1", "_syn1neg"))):
                    parts.update({name: parts[name].copy() for name in names if name in parts})
            yield made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        with guard_of(self).steady:
            make, values, state = (*self.__reduce_ex__(4), None)[:3]
            made: Self = make(*copy.deepcopy(values, memo))
            memo[id(self)] = made
            state = copy.deepcopy(state, memo)
        if hasattr(made, "__setstate__"):
            made.__setstate__(state)
        else:
            made.__dict__.update(state)
        return made

    @overload
    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        source: Space = "in",
        target: Space = "in",
    ) -> Neighbors: ...

    @overload
    def most_similar(
        self,
        positive: Any,
        negative: Any,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        source: Space = "in",
        target: Space = "in",
    ) -> Array: ...

    @overload
    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        *,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        source: Space = "in",
        target: Space = "in",
    ) -> Array: ...

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
    ) -> Neighbors | Array:
        """Return the `topn` words of the space `target` nearest to Σ positive − Σ negative in `source`.

        From "in" to "in" these are words that are used alike; from "in" to "out" words that occur together
        with the given ones. Words count with length 1, vectors as they are. Given words are left out of the
        answer.

        Args:
            positive (key, vector, matrix, or list): what to be near to; a list may hold keys, vectors (D,),
                and `(key or vector, weight)` pairs, whose weight is used as it is, with its sign.
            negative (key, vector, matrix, or list): what to be far from; given as `positive` is.
            topn (int or None): how many words; below 1 none, None returns all cosines.
            clip_start (int): first row that is looked at.
            clip_end (int or None): first row that is not looked at; None or 0 looks at all.
            restrict_vocab (int or None): how many of the first rows are looked at, instead of
                `clip_start:clip_end`; None or 0 leaves it to these.
            indexer (object or None): its `most_similar(vector, topn)` answers instead of the scan of all
                rows, unless `topn` is None.
            source (str): where given words are looked up: "in", "out", "in+out" or "concat".
            target (str): where the answer is looked for, named likewise.

        Returns:
            list of (key, float): words and their cosines, best first; of equal cosines the earlier row first.
            With `topn=None` an array: the cosines of the rows looked at, float32 (V,) if these are all.

        Raises:
            KeyError: a word is missing.
            ValueError: nothing was given to be near to, a vector has another dimension, there is no space of
                that name, or `source` and `target` differ in their dimension.
            TypeError: `positive` or `negative` is none of the above, or `topn` is not an integer.
            AttributeError: a space needs OUT vectors, which the model does not have.

        Example:
            >>> neighbors = model.most_similar("cat", topn=2, target="out")  # [(word, cosine), …]
            >>> len(neighbors)
            2
            >>> model.most_similar("cat", topn=None).shape
            (9,)
        """
        asked, answering = self._spaces(checked_space(source), checked_space(target))
        found: Neighbors | Array = asked.most_similar(
            positive, negative, topn, clip_start, clip_end, restrict_vocab, indexer, target=answering
        )
        return found

    def most_similar_many(
        self,
        queries: Iterable[Key | Array],
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        source: Space = "in",
        target: Space = "in",
    ) -> list[Neighbors]:
        """Return the answers of `most_similar` to many queries at once, in their order: many times as fast.

        The search uses as many threads as numpy's BLAS does.

        Args:
            queries (iterable of keys and vectors): each is one query; vectors are (D,).
            topn (int): how many words for each query; below 1 none.
            clip_start (int): first row that is looked at.
            clip_end (int or None): first row that is not looked at; None or 0 looks at all.
            restrict_vocab (int or None): how many of the first rows are looked at, instead of
                `clip_start:clip_end`; None or 0 leaves it to these.
            source (str): where given words are looked up: "in", "out", "in+out" or "concat".
            target (str): where the answers are looked for, named likewise.

        Returns:
            list of lists of (key, float): for each query the words and their cosines, best first.

        Raises:
            KeyError: a word is missing.
            ValueError: a vector has another dimension, there is no space of that name, or `source` and
                `target` differ in their dimension.
            TypeError: `topn` is not an integer.
            AttributeError: a space needs OUT vectors, which the model does not have.

        Example:
            >>> [len(answer) for answer in model.most_similar_many(["cat", "dog"], topn=3)]
            [3, 3]
        """
        asked, answering = self._spaces(checked_space(source), checked_space(target))
        return asked.most_similar_many(queries, topn, clip_start, clip_end, restrict_vocab, target=answering)

    def similarity(self, w1: Key, w2: Key, spaces: str = "in-in") -> np.float32:
        """Return the cosine of two words, each looked up in its space.

        "in-out" compares IN of `w1` with OUT of `w2`. Between two spaces the order of words matters: bread
        calls for butter more than butter for bread. A vector of zeros has cosine 0 with all others.

        Args:
            w1 (key): a word, or an int that is a row number.
            w2 (key): another.
            spaces (str): the spaces of `w1` and `w2`, each "in", "out", "in+out" or "concat", joined by "-";
                a single name is the space of both.

        Returns:
            numpy.float32: the cosine.

        Raises:
            KeyError: a word is missing.
            ValueError: these are not two spaces, or they differ in their dimension.
            AttributeError: a space needs OUT vectors, which the model does not have.

        Example:
            >>> bool(model.similarity("cat", "meow", "in-out") > model.similarity("cat", "moo", "in-out"))
            True
        """
        names = pair_of_spaces(spaces)
        if names == ("in", "in"):  # needs no copy: it heeds other threads itself
            return self.wv.similarity(w1, w2)
        first, second = self._spaces(*names)
        return first.similarity(w1, w2, target=second)

    @overload
    def association(self, a: Words, b: Any) -> npt.NDArray[np.float64]: ...

    @overload
    def association(self, a: Any, b: Words) -> npt.NDArray[np.float64]: ...

    @overload
    def association(self, a: Any, b: Any) -> float: ...

    def association(self, a: Any, b: Any) -> float | npt.NDArray[np.float64]:
        """Return IN(a) · OUT(b) + log `negative`: how strongly `a` calls for `b` beside it, in nats.

        0 means that `b` is beside `a` as often as by chance. Where skip-gram with negative sampling has
        converged, this is log P(a, b) / (P(a)·Q(b)), with Q the distribution of noise words: pointwise mutual
        information, except that `ns_exponent` and `sample` make frequent words count less.

        Args:
            a (key, or list of keys): whose IN vectors are used.
            b (key, or list of keys): whose OUT vectors are used; of two lists the words are paired in order.

        Returns:
            float for two words; an array, float64 (pairs,), if one of the two is a list.

        Raises:
            KeyError: a word is missing.
            ValueError: two lists differ in length.
            AttributeError: the model has no OUT vectors.

        Example:
            >>> model.association("cat", "meow") > model.association("cat", "moo")
            True
            >>> model.association(["cat", "dog"], ["meow", "woof"]).shape
            (2,)

        Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization".
        """
        self._grow_outputs()
        with guard_of(self).commits:
            kv, output = self.wv._as_it_is(), self._out_vectors()
        first, second = (
            matrix[
                kv.get_index(words)
                if is_one_key(words, kv.key_to_index)
                else [kv.get_index(word) for word in words]
            ]
            for matrix, words in ((kv.vectors, a), (output, b))
        )
        dots = np.einsum("...d,...d->...", first, second, dtype=np.float64)
        shifted = np.asarray(dots + math.log(self.negative))
        return shifted if shifted.ndim else float(shifted)

    def compare_spaces(
        self, words: Any, topn: int = 6, spaces: Iterable[str] = ("in-in", "out-out", "in-out")
    ) -> SpaceComparison:
        """Return the words nearest to each of `words` in several pairs of spaces, side by side.

        Args:
            words (key, or iterable of keys): the words to compare; each is left out of its own answer.
            topn (int): how many neighbours each has in each pair of spaces.
            spaces (iterable of str): pairs such as "in-out": the word is looked up in the first space, its
                neighbours in the second. A single name is the space of both.

        Returns:
            SpaceComparison: prints as a table like table 1 of the paper; `.to_dict()` gives it as data.

        Raises:
            KeyError: a word is missing.
            ValueError: these are not two spaces, or they differ in their dimension.
            TypeError: `topn` is not an integer.
            AttributeError: a space needs OUT vectors, which the model does not have.

        Example:
            >>> table = model.compare_spaces(["cat", "dog"], topn=2)
            >>> list(table.to_dict()["cat"])
            ['in-in', 'out-out', 'in-out']

        Mitra et al. 2016, "A Dual Embedding Space Model for Document Ranking", arXiv 1602.01137.
        """
        words = [words] if is_one_key(words, self.wv.key_to_index) else list(words)
        pairs = {name: pair_of_spaces(name) for name in spaces}
        names = list(dict.fromkeys(space for pair in pairs.values() for space in pair))
        held = dict(zip(names, self._spaces(*names), strict=True))
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
        """Correlate cosines with the human judgements in a file, the two words of a pair each in its space.

        Lines are word, word, number; those that begin with "#" are comments. "in-in" is best for judgements
        of similarity, "in-out" for those of relatedness.

        Args:
            pairs (path): the file, which may be compressed.
            delimiter (str): what separates the three fields of a line.
            encoding (str): of the file.
            restrict_vocab (int or None): how many of the first words are known; None knows all.
            case_insensitive (bool): compare words in upper case; of equal words the first counts.
            dummy4unknown (bool): give pairs with an unknown word cosine 0, instead of leaving them out.
            spaces (str): the spaces of first and second words, as for `similarity`.

        Returns:
            tuple of Pearson result, Spearman result and float: scipy's two correlations, and the percentage
            of pairs with an unknown word.

        Raises:
            ValueError: fewer than two pairs can be used, these are not two spaces, or they differ in their
                dimension.
            AttributeError: a space needs OUT vectors, which the model does not have.

        Asr, Zinkov and Jones 2018, "Querying Word Embeddings for Similarity and Relatedness".
        """
        first, second = self._spaces(*pair_of_spaces(spaces))
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
        on_bad_values: word2vec_format.BadValues = "raise",
        on_bad_words: word2vec_format.BadWords = "raise",
    ) -> None:
        """Write the vectors of one space as the original word2vec program does.

        `Word2Vec.from_vectors` makes a model from one such file of IN and one of OUT vectors.

        Args:
            fname (path or open binary file): where to write; a path is replaced when all is written.
            fvocab (path, open binary file, or None): second file, of lines "word value-of-sort_attr".
            binary (bool): write the program's binary format instead of text.
            total_vec (int or None): number of vectors that the header names; None names those written.
            write_header (bool): write the first line, "number-of-vectors dimension".
            prefix (str): precedes every word.
            append (bool): add to the file instead of replacing it; it is cut back if writing fails.
            sort_attr (str): attribute that orders the words, largest value first; without such an attribute
                they are written in the order of their rows.
            space (str): "in", "out", "in+out" or "concat".
            on_bad_values (str): "raise", "drop" or "keep": what to do with rows that hold NaN or infinity.
            on_bad_words (str): "raise", "skip" or "replace": what to do with words that the format cannot
                hold; see `KeyedVectors.save_word2vec_format`.

        Raises:
            ValueError: the format cannot hold a word or row, which the message names; `fvocab` is given and
                there is no attribute `sort_attr`; or there is no space of that name.
            TypeError: `fname` or `fvocab` is neither a path nor an open file.
            OSError: the file cannot be written.
            AttributeError: the space needs OUT vectors, which the model does not have.

        Example:
            >>> model.save_word2vec_format(f"{tmp}/out.txt", space="out")
            >>> KeyedVectors.load_word2vec_format(f"{tmp}/out.txt").vectors.shape
            (9, 10)
        """
        self._spaces(checked_space(space))[0].save_word2vec_format(
            fname,
            fvocab,
            binary,
            total_vec,
            write_header,
            prefix,
            append,
            sort_attr,
            on_bad_values=on_bad_values,
            on_bad_words=on_bad_words,
        )

    def document_vectors(
        self,
        docs: Iterable[Any],
        weights: Weights = None,
        space: Space = "in",
        unknown: Unknown = "skip",
        **how: Any,
    ) -> npt.NDArray[np.float32]:
        """Return the vectors of documents in a space: weighted means of the vectors of their words.

        See `KeyedVectors.document_vectors`, and `documents.DocumentVectors` for weights that are fitted on
        some documents and applied to others.

        Args:
            docs (iterable of lists of words): N documents, in any form that sentences have; read once.
            weights ("idf", "sif", mapping of word to float, or None): what words weigh; None: all the same.
            space (str): "in", "out", "in+out" or "concat", see `vectors`.
            unknown (str): words without a vector are left out ("skip"), counted as zeros ("zero"), or a
                KeyError ("error").
            **how (any): `pre_normalize`, `post_normalize`, `a`, `workers` and `progress`, as there.

        Returns:
            array: float32 (N, D), of "concat" (N, 2·D); zeros for a document without a word that counts.

        Raises:
            AttributeError: the space needs OUT vectors, which the model does not have.
            KeyError: a word has no vector, and `unknown` is "error".
            TypeError: these are not lists of words.
            ValueError: an argument is out of range, or there is no space of that name.

        Example:
            >>> model.document_vectors(sentences, "sif", space="concat").shape
            (180, 20)
        """
        return DocumentVectors(self, weights, space=space, unknown=unknown, **how).fit_transform(docs)

    # --- scores of texts ---

    def _batch(self, sentences: Iterable[Any]) -> Iterable[Block]:
        """Return sentences as ids, all in one block; no block if there is no sentence."""
        text = StreamedText(sentences, lambda: self.wv.key_to_index, sys.maxsize)
        return Baskets(text) if self.baskets else text

    @of_one_state
    def evaluate_loss(
        self, sentences: Iterable[Iterable[Any]] | None = None, corpus_file: StrPath | None = None
    ) -> float:
        """Return the mean loss per example of sentences, without training on them: lower is better.

        It is what `history` has of an epoch, with all settings as in training, `sample` included, but at the
        vectors as they are now. Of sentences held out from training it tells when more epochs no longer help:
        see `callbacks.EarlyStopping`. Unknown words are left out. What is random is drawn by a seed of its
        own, so that the same sentences have the same loss each time; the model is not changed, though a
        matrix that is read-only is copied meanwhile. Losses can be compared if settings and vocabulary are
        the same.

        Args:
            sentences (iterable of lists of words, or None): the sentences; read once.
            corpus_file (path or None): the sentences as a file, one per line, instead.

        Returns:
            float: the loss, -log likelihood, over the number of examples: word pairs in skip-gram, words in
            CBOW.

        Raises:
            ValueError: there is no example, `hs` and `negative` are both 0, a number is out of range, or a
                matrix has another shape.
            TypeError: not one corpus, or a sentence is not a list of words.
            RuntimeError: vocabulary, vectors or tables are missing.
            OSError: a text file cannot be read.

        Example:
            >>> model = Word2Vec(vector_size=10, min_count=1, sample=0, sg=1, workers=1)
            >>> held_out, rest = sentences[:30], sentences[30:]
            >>> model.build_vocab(rest)
            >>> before = model.evaluate_loss(held_out)
            >>> model.train(rest, total_examples=len(rest), epochs=9)
            (5400, 5400)
            >>> model.evaluate_loss(held_out) < before
            True
        """
        source = Source.of(sentences, corpus_file, passes=1)
        self._check_call(None, 1, None)
        objective = self._objective(True, trains=False)
        matrices = {name: self._check_matrix(name) for name in ("syn0", *self._outputs())}
        text = StreamedText(source.sentences, lambda: self.wv.key_to_index)
        return mean_loss(Baskets(text) if self.baskets else text, objective, matrices, threads=self.workers)

    @of_one_state
    def score(
        self,
        sentences: Iterable[Iterable[Any]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> npt.NDArray[np.float32]:
        """Return the log likelihood of each sentence under hierarchical softmax.

        It is the sum over all windows, of full width, not divided by anything. Unknown words are left out; a
        sentence without known words scores 0.

        Args:
            sentences (iterable of lists of words): the sentences; read once.
            total_sentences (int): score no more than this many.
            chunksize (int): ignored; accepted as gensim has it.
            queue_factor (int): portions of text per worker that may wait.
            report_delay (float): seconds between two log lines.

        Returns:
            float32 array: scores (sentences,).

        Raises:
            RuntimeError: the model has no hierarchical softmax, or no `syn1`.
            TypeError: not an iterable of sentences, or a sentence is not a list of words.
            ValueError: a number is out of range, or a matrix has another shape.

        Example:
            >>> scores = hs_model.score([["the", "cat", "says", "meow"], ["unknown"]])
            >>> scores.shape, bool(scores[0] < 0), float(scores[1])
            ((2,), True, 0.0)

        Taddy 2015, "Document Classification by Inversion of Distributed Language Representations".
        """
        source = Source.of(sentences, None, passes=1)
        total_sentences = whole("total_sentences", total_sentences, 0)
        most_waiting = self.workers * whole("queue_factor", queue_factor, 1)
        workers = self._scoring_workers(self.workers, bool(self.sg))
        first = islice(source.sentences, total_sentences)
        text = StreamedText(first, lambda: self.wv.key_to_index)
        scores = score_text(
            Baskets(text) if self.baskets else text,
            workers,
            most_waiting=most_waiting,
            report_delay=report_delay,
        )
        return np.array(scores, dtype=np.float32)

    @of_one_state
    def _score_sentence(self, sentence: Iterable[Any], sg: bool) -> float:
        """Return the log likelihood of one sentence."""
        (worker,) = self._scoring_workers(1, sg)
        for ids, ends, _ in self._batch([sentence]):
            worker.train(ids, ends, alpha=0.0, seed=0)
        return -worker.loss

    def _scoring_workers(self, count: int, sg: bool) -> list[Worker]:
        """Return workers whose passes with alpha 0 add up the loss of hierarchical softmax."""
        if not self.hs:
            raise RuntimeError(
                f"scoring needs hierarchical softmax, but this model has hs={self.hs}: train with hs=1"
            )
        self._check_settings()
        matrices = {name: self._check_matrix(name) for name in ("syn0", "syn1")}
        objective = Objective.to_score(
            sg=sg,
            window=self.window,
            baskets=self.baskets,
            cbow_mean=bool(self.cbow_mean),
            tree=self._tree(),
        )
        return scoring_workers(objective, matrices, count)

    # --- what the outputs tell ---

    @of_one_state
    def predict_output_word(
        self, context_words_list: Iterable[Key], topn: int | None = 10
    ) -> list[tuple[Key, np.float32]] | None:
        """Return the words that are most probable in a context.

        The hidden layer is the mean of the IN vectors of known context words, or their sum without
        `cbow_mean`. With negative sampling the probabilities are a softmax over all OUT vectors, which is not
        what training aims at: only their order has a meaning. With hierarchical softmax alone they are those
        that the model was trained for; see `hs_probability`.

        Args:
            context_words_list (iterable of keys): the context; unknown words are left out.
            topn (int or None): how many words; below 1 none, None returns all.

        Returns:
            list of (key, numpy.float32), or None: words and their probabilities, best first; None if no
            context word is known.

        Raises:
            RuntimeError: the model has no outputs.
            ValueError: a matrix or the Huffman tree does not fit the vocabulary.

        Example:
            >>> [word for word, _ in model.predict_output_word(["the", "cat", "says"], topn=1)]
            ['meow']
        """
        output = self._check_matrix("syn1neg" if self.negative else "syn1")
        hidden = self._hidden(context_words_list)
        if hidden is None:
            logger.warning("predict_output_word: none of the context words is in the vocabulary")
            return None
        scores = np.asarray(output @ hidden, dtype=np.float64)
        logs = scores if self.negative else self._path_scores(scores)
        if self.negative:
            logs[self._never_output()] = -np.inf
        chances = np.exp(logs - logs.max())
        chances /= chances.sum()
        best = top_places(chances, len(chances) if topn is None else max(0, topn))
        return [
            (self.wv.index_to_key[row], np.float32(chances[row]))
            for row in best.tolist()
            if logs[row] > -np.inf
        ]

    @overload
    def hs_probability(self, context: Any, word: None = None) -> npt.NDArray[np.float64]: ...

    @overload
    def hs_probability(self, context: Any, word: Key) -> float: ...

    @of_one_state
    def hs_probability(self, context: Any, word: Key = None) -> float | npt.NDArray[np.float64]:
        """Return the probability of a word in a context under hierarchical softmax.

        P(word | h) = Π σ(± θ·h) over the nodes θ on the word's path, + where the path turns left. The hidden
        layer h is the mean of the IN vectors of known context words, or their sum without `cbow_mean`.

        Args:
            context (key, or iterable of keys): the context; unknown words are left out.
            word (key or None): the word; None asks for all words.

        Returns:
            float, or with `word=None` an array: float64 (V,), the probabilities of all words; their sum is 1.

        Raises:
            KeyError: no context word is known, or `word` is missing.
            AttributeError: the model was not trained with `hs=1`.
            RuntimeError: there is no Huffman tree of this vocabulary.
            ValueError: the Huffman tree is damaged.

        Example:
            >>> chances = hs_model.hs_probability("cat")
            >>> chances.shape, round(float(chances.sum()), 6)
            ((9,), 1.0)
            >>> 0 < hs_model.hs_probability(["the", "cat"], "says") < 1
            True

        Morin and Bengio 2005, "Hierarchical Probabilistic Neural Network Language Model".
        """
        context = [context] if is_one_key(context, self.wv.key_to_index) else list(context)
        nodes, hidden = self.syn1, self._hidden(context)
        if hidden is None:
            raise KeyError(f"none of the context words {context!r} is in the vocabulary")
        if word is None:
            return np.exp(self._path_scores(np.asarray(nodes @ hidden, dtype=np.float64)))
        path = self.huffman_path(word)
        if not len(path.point) and len(self.wv) > 1:  # added by add_vectors, and in no text yet
            return 0.0
        scores = np.asarray(nodes[path.point] @ hidden, dtype=np.float64)
        return math.exp(-np.logaddexp(0, np.where(path.code, scores, -scores)).sum())

    def _hidden(self, context: Iterable[Key]) -> npt.NDArray[np.float32] | None:
        """Return mean or sum (D,) of the IN vectors of known context words; None if no word is known."""
        if isinstance(context, str | bytes):
            warn_user(
                f"the context is the {type(context).__name__} {context[:40]!r}, whose letters are taken for "
                "words: give a list of words, for instance text.split()",
                log=logger,
            )
        rows = [self.wv.get_index(word) for word in context if word in self.wv]
        hidden: npt.NDArray[np.float32] = self.syn0[rows].sum(axis=0)
        return hidden / np.float32(len(rows) if self.cbow_mean else 1) if rows else None

    def _path_scores(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return log P(word) (V,), Σ log σ(± score) over the nodes on its path, from all node scores (V,)."""
        tree = self._tree()
        tree.check(len(self.wv), _damaged_tree)
        left, right = -np.logaddexp(0, -scores), -np.logaddexp(0, scores)  # once per node, not once per path
        words = row_of_each(np.diff(tree.starts))
        logs = np.where(tree.codes, right[tree.points], left[tree.points])
        sums = np.bincount(words, logs, minlength=len(self.wv)).astype(np.float64, copy=False)
        if len(sums) > 1:  # a word without a path was added by add_vectors, and is in no text yet
            sums[np.diff(tree.starts) == 0] = -np.inf
        return sums

    def _never_output(self) -> npt.NDArray[np.intp]:
        """Return the rows of words that add_vectors added, and that no training has had as an output."""
        counts, out = self.wv.expandos.get("count"), self.syn1neg
        if not isinstance(counts, np.ndarray) or len(counts) != len(out):
            return np.empty(0, dtype=np.intp)
        rows = np.flatnonzero(counts == 0)
        rows = rows[~out[rows].any(axis=1)]
        return rows if len(rows) < len(out) else rows[:0]


def _vectors_of(space: Space, in_: Array, out: Array) -> npt.NDArray[np.float32]:
    """Return the vectors of a space, made of those of the two that are trained."""
    if space in ("in", "out"):
        return in_ if space == "in" else out
    return np.add(in_, out) if space == "in+out" else np.hstack((in_, out))


def _changed_by_hand(name: str, rows: int, words: int) -> ValueError:
    return ValueError(
        f"the vocabulary was changed by hand: there are {words} words in wv, but {name} has {rows} rows, of "
        "which no one knows whose they are. Load or keep the model as it was, and cut it with "
        "model.restrict_vocab(words) or model.remove_words(words), which keep all of it in step"
    )


def _damaged_tree(_: str = "") -> ValueError:
    return ValueError("the Huffman paths are damaged: call create_binary_tree() to rebuild them")


def read_both_sides(
    in_: KeyedVectors | StrPath | IO[bytes],
    out: KeyedVectors | StrPath | IO[bytes],
    *,
    fvocab: StrPath | None,
    **how: Any,
) -> tuple[list[Any], npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64] | None]:
    """Return words, IN and OUT vectors (V, D) row by row, and counts (V,) or None; see `from_vectors`."""
    words, vectors, counts = _read_side(in_, fvocab, **how)
    out_words, out_vectors, _ = _read_side(out, None, **how)
    rows = {word: row for row, word in enumerate(out_words)}
    if alone := list(rows.keys() ^ set(words)):
        raise ValueError(
            f"in_ has {len(words)} words and out {len(rows)}; they must be the same, but only one has "
            + ", ".join(map(repr, sorted(alone, key=str)[:5]))
        )
    if vectors.shape[1] != out_vectors.shape[1]:
        raise ValueError(
            f"in_ has {vectors.shape[1]} dimensions and out {out_vectors.shape[1]}: they must be equal"
        )
    return words, vectors, out_vectors[[rows[word] for word in words]], counts


def _read_side(
    source: KeyedVectors | StrPath | IO[bytes], fvocab: StrPath | None, **how: Any
) -> tuple[list[Any], npt.NDArray[np.float32], npt.NDArray[np.int64] | None]:
    """Return words, float32 vectors (V, D), and counts (V,) or None if unknown; all of it copied."""
    if is_gensims(source):
        source = KeyedVectors.from_gensim(source)
    if not isinstance(source, KeyedVectors):
        if hasattr(source, "wv"):
            raise TypeError(not_vectors("in_ or out", source))
        read = word2vec_format.read(source, fvocab=fvocab, **how)
        listed = read.columns.get("count")
        return read.keys, read.vectors, listed if isinstance(listed, np.ndarray) else None
    if len(source) != len(source.key_to_index):
        nameless = len(source) - len(source.key_to_index)
        raise ValueError(
            f"the vectors have {nameless} rows without a word: "
            "give each a key with add_vector, or leave them out"
        )
    counts = source.expandos.get("count")
    if isinstance(counts, np.ndarray) and not np.array_equal(counts, np.arange(len(source), 0, -1)):
        known = counts.astype(np.int64)
    else:
        known = None  # V, V - 1, … 1 are invented by readers of files without counts
    return list(source.index_to_key), np.array(source.vectors, dtype=np.float32, order="C"), known
