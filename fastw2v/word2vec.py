"""`Word2Vec`: owns the matrices and calls the other modules in the order of the data path.

Three matrices of one model, kept for its whole life: IN vectors `syn0` (V, D), OUT vectors `syn1neg` (V, D) of negative
sampling, and inner-node vectors `syn1` (V, D) of hierarchical softmax, of which a word owns those on its Huffman path.

Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space" and "Distributed Representations of
Words and Phrases and their Compositionality"; names, defaults and behaviour are gensim's unless the README says otherwise.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import GeneratorType
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v import _kernels, vocabulary
from fastw2v._encoder import SentenceEncoder
from fastw2v._version import __version__
from fastw2v.corpus import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus, is_static
from fastw2v.formats import native
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.huffman import HuffmanPath, HuffmanTree, Ragged
from fastw2v.keyedvectors import KeyedVectors, prep_vectors
from fastw2v.progress import Mode, NoProgress, make_progress
from fastw2v.sampling import DOMAIN, downsampling, noise_index, noise_table
from fastw2v.training import Block, EpochResult, Run, Schedule, jobs_of
from fastw2v.utils import TrimRule

__all__ = ["BrownCorpus", "KeyedVectors", "LineSentence", "PathLineSentences", "Text8Corpus", "Word2Vec"]

logger = logging.getLogger(__name__)

Step = Literal["window", "pair"]
DEFAULT_STEP: Step = "pair"

MAX_WORDS_IN_BATCH = 10000
STREAM_WORDS = 100_000  # raw words of a stream that are encoded at a time

# What a saved model's metadata holds, by attribute.
_SAVED = (
    "vector_size", "layer1_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers", "min_alpha",
    "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "null_word", "sorted_vocab", "batch_words",
    "compute_loss", "comment", "max_final_vocab", "shrink_windows", "step", "progress", "corpus_count",
    "corpus_total_words", "effective_min_count", "min_alpha_yet_reached", "running_training_loss", "train_count",
    "total_train_time", "history", "lifecycle_events",
)  # fmt: skip


class Word2Vec:
    """Trains, holds and saves word vectors.

    Parameters, in gensim's order and with its defaults:

    sentences, corpus_file: the text, as a restartable iterable of lists of words or as a path; without it, call
        `build_vocab` and `train` yourself.
    vector_size: D. alpha, min_alpha: learning rate, falling in a line over all epochs.
    window: largest distance of a context word; with `shrink_windows` each position draws its own from 1..window.
    min_count: rarer words are dropped. max_vocab_size: prune while counting, to save memory. max_final_vocab: raise
        min_count until no more words than that remain. trim_rule(word, count, min_count): RULE_KEEP, RULE_DISCARD or
        RULE_DEFAULT of `fastw2v.utils`.
    sample: frequent words are dropped at random from this share of all words on. seed: of all random streams.
    workers: threads. epochs: passes over the text.
    sg: 1 skip-gram, 0 CBOW. hs: 1 hierarchical softmax. negative: noise words per example, 0 for no negative sampling;
        drawn in proportion to count ** ns_exponent. cbow_mean: 1 mean of the context vectors, 0 sum.
    hashfxn: accepted and kept; as in gensim 4 nothing depends on it. null_word: adds the word "\\0".
    sorted_vocab: order words by descending count. batch_words: raw words in a worker's job.
    compute_loss: sum up the loss, see `history`. callbacks: objects with the hooks of `CallbackAny2Vec`.
    comment: a label. step: "pair" updates one example after the other in gensim's order; "window" lets all words of a
        skip-gram window meet one list of outputs, several times faster. progress: "auto" shows a bar in a terminal or
        notebook, True always, False never.
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float | None = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[str], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        step: Step | None = None,
        progress: Mode = "auto",
    ) -> None:
        self.vector_size = self.layer1_size = int(vector_size)
        self.alpha = self.min_alpha_yet_reached = float(alpha)
        self.min_alpha = float(min_alpha)
        self.window = int(window)
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.max_final_vocab = max_final_vocab
        self.sample = sample
        self.seed = seed
        self.random = np.random.RandomState(seed)
        self.workers = int(workers)
        self.sg = int(sg)
        self.hs = int(hs)
        self.negative = int(negative)
        self.ns_exponent = ns_exponent
        self.cbow_mean = int(cbow_mean)
        self.hashfxn = hashfxn
        self.epochs = epochs
        self.null_word = null_word
        self.sorted_vocab = sorted_vocab
        self.batch_words = batch_words
        self.compute_loss = bool(compute_loss)
        self.comment = comment
        self.shrink_windows = bool(shrink_windows)
        self.step = DEFAULT_STEP if step is None else step
        self.progress = progress
        self._check_settings()

        self.wv = KeyedVectors(self.vector_size)
        self.wv.vectors_lockf = np.ones(1, dtype=np.float32)
        self.raw_vocab: dict[Any, int] = {}
        self.cum_table = np.empty(0, dtype=np.uint32)
        self.effective_min_count = min_count
        self.corpus_count = self.corpus_total_words = 0
        self.running_training_loss = 0.0
        self.train_count = 0
        self.total_train_time = 0.0
        self.history: list[dict[str, Any]] = []
        self.lifecycle_events: list[dict[str, Any]] | None = []
        self._scan: vocabulary.Scan | None = None  # the text that `build_vocab` has just read, while __init__ runs

        if sentences is not None or corpus_file is not None:
            self._check_corpus(sentences, corpus_file, passes=epochs + 1)
            self._check_training(epochs)
            self._scan_and_prepare(sentences, corpus_file, trim_rule=trim_rule, keep_encoded=True)
            self.train(
                sentences,
                corpus_file,
                total_examples=self.corpus_count,
                total_words=self.corpus_total_words,
                epochs=epochs,
                start_alpha=self.alpha,
                end_alpha=self.min_alpha,
                compute_loss=self.compute_loss,
                callbacks=callbacks,
            )
        else:
            for name, given in (("trim_rule", trim_rule), ("callbacks", callbacks)):
                if given:
                    logger.warning(
                        "%s given without a corpus is not used: pass it to %s",
                        name,
                        "build_vocab()" if name == "trim_rule" else "train()",
                    )
        self.add_lifecycle_event("created", params=str(self))

    # --- checks ---

    def _check_settings(self) -> None:
        """Raise ValueError for settings that no text could be trained with."""
        for name, least in (("vector_size", 1), ("window", 1), ("workers", 1), ("batch_words", 1), ("negative", 0)):
            value = getattr(self, name)
            if value < least:
                raise ValueError(f"{name}={value}: it must be at least {least}")
        if self.step not in ("pair", "window"):
            raise ValueError(f"step={self.step!r}: give 'pair' (gensim's order) or 'window' (faster)")
        for name in ("alpha", "min_alpha", "ns_exponent"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name}={getattr(self, name)}: it must be a finite number")

    def _check_training(self, epochs: int | None) -> None:
        if not self.hs and not self.negative:
            raise ValueError(
                "You must set either 'hs' or 'negative' to be positive for proper training. "
                "When both 'hs=0' and 'negative=0', there will be no training."
            )
        if epochs is None or epochs <= 0:
            raise ValueError(f"epochs={epochs}: give how often to go through the text, at least 1, for instance model.epochs")

    @staticmethod
    def _check_corpus(sentences: Any, corpus_file: StrPath | None, passes: int) -> None:
        """Raise TypeError unless there is exactly one corpus and it can be read `passes` times."""
        if sentences is None and corpus_file is None:
            raise TypeError("Either one of corpus_file or corpus_iterable value must be provided")
        if sentences is not None and corpus_file is not None:
            raise TypeError("Both corpus_file and corpus_iterable must not be provided at the same time")
        if corpus_file is not None:
            if not isinstance(corpus_file, str | os.PathLike):
                raise TypeError(
                    f"corpus_file must be a path, not {type(corpus_file).__name__}; a size goes into vector_size="
                )
            if not os.path.isfile(corpus_file):
                raise TypeError(f"corpus_file {os.fspath(corpus_file)!r} is not a file that exists")
        elif not isinstance(sentences, Iterable):
            raise TypeError(
                f"the corpus must be a restartable iterable of lists of words, not {type(sentences).__name__}"
            )
        elif isinstance(sentences, GeneratorType) or (passes > 1 and iter(sentences) is sentences):
            if passes > 1:
                raise TypeError(
                    f"a {type(sentences).__name__} can be read only once, and training reads the corpus {passes} times "
                    "(once for the vocabulary, then once per epoch): give a list, or an object whose __iter__ begins anew"
                )

    # --- vocabulary ---

    def build_vocab(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        update: bool = False,
        progress_per: int = 10000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Count the words of a corpus, decide which to keep, and make their vectors.

        With `update`, words of a further corpus are added to those that are there. `kwargs` are `prepare_vocab`'s.
        """
        self._check_corpus(corpus_iterable, corpus_file, passes=1)
        self._scan_and_prepare(
            corpus_iterable,
            corpus_file,
            update=update,
            progress_per=progress_per,
            keep_raw_vocab=keep_raw_vocab,
            trim_rule=trim_rule,
            **kwargs,
        )

    def _scan_and_prepare(
        self,
        corpus_iterable: Iterable[Any] | None,
        corpus_file: StrPath | None,
        *,
        update: bool = False,
        progress_per: int = 10000,
        trim_rule: TrimRule | None = None,
        keep_encoded: bool = False,
        **prepare: Any,
    ) -> None:
        self._refuse_unready_update(update)
        scan = vocabulary.scan(
            corpus_iterable,
            files=corpus_file,
            max_vocab_size=self.max_vocab_size,
            trim_rule=trim_rule,
            progress_per=progress_per,
            encode=keep_encoded and (corpus_file is not None or is_static(corpus_iterable)),
            threads=self.workers,
        )
        self.raw_vocab = scan.raw_vocab
        self.corpus_count, self.corpus_total_words = scan.sentences, scan.total_words
        if scan.encoded is not None:
            self._scan = scan
        report = self.prepare_vocab(update=update, trim_rule=trim_rule, **prepare)
        report["memory"] = self.estimate_memory(vocab_size=report["num_retained_words"])
        self.prepare_weights(update=update)
        self.add_lifecycle_event("build_vocab", update=update, trim_rule=str(trim_rule))

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Like `build_vocab` from counts that are known already: word -> count."""
        self._refuse_unready_update(update)
        for word, count in word_freq.items():
            if isinstance(count, bool) or not isinstance(count, int | np.integer):
                raise TypeError(f"the count of {word!r} is {count!r}: counts must be whole numbers")
        self.raw_vocab = {word: int(count) for word, count in word_freq.items()}
        self.corpus_count = corpus_count or 0
        self.corpus_total_words = sum(self.raw_vocab.values())
        self.prepare_vocab(update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule)
        self.prepare_weights(update=update)

    def _refuse_unready_update(self, update: bool) -> None:
        if update and not len(self.wv):
            raise RuntimeError(
                "there is no vocabulary to update: call build_vocab() without update=True before, "
                "or load a model that has one"
            )

    def scan_vocab(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus into `raw_vocab`; return (words, sentences)."""
        scan = vocabulary.scan(
            corpus_iterable,
            files=corpus_file,
            max_vocab_size=self.max_vocab_size,
            trim_rule=trim_rule,
            progress_per=progress_per,
            encode=False,
            threads=workers or self.workers,
        )
        self.raw_vocab = scan.raw_vocab
        return scan.total_words, scan.sentences

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Decide from `raw_vocab` which words to keep, in which order, and how often to drop or draw each.

        Returns `drop_unique`, `retain_total`, `downsample_unique`, `downsample_total` and `num_retained_words`. With
        `dry_run` nothing else happens. Raises RuntimeError if no word is left.
        """
        min_count = min_count or self.min_count
        sample = sample or self.sample
        effective = vocabulary.effective_min_count(self.raw_vocab, min_count, self.max_final_vocab)
        kept = vocabulary.keep(self.raw_vocab, effective, trim_rule)
        counts = np.array([count for _, count in kept], dtype=np.int64)
        # Of an update's new words and old ones alike only the new corpus decides here, as in gensim.
        thresholds, downsample_unique, downsample_total = downsampling(counts, sample)
        retain_total = int(counts.sum())
        logger.info(
            "effective_min_count=%d retains %i unique words of %i; sample=%g downsamples %i most-common words, "
            "leaving an estimated %.0f of %i words",
            effective, len(kept), len(self.raw_vocab), sample or 0, downsample_unique, downsample_total, retain_total,
        )  # fmt: skip
        report: dict[str, Any] = {
            "drop_unique": len(self.raw_vocab) - len(kept),
            "retain_total": retain_total,
            "downsample_unique": downsample_unique,
            "downsample_total": int(downsample_total),
            "num_retained_words": len(kept),
        }
        if dry_run:
            self.effective_min_count = effective
            return report
        if not kept and not update:
            raise RuntimeError(
                f"no word is left to train: {len(self.raw_vocab)} distinct words in the corpus, none of them seen at least "
                f"{effective} times (min_count={min_count}); give a lower min_count or more text"
                if self.raw_vocab
                else "you must first build a vocabulary from a corpus with words in it: this one is empty"
            )
        self.effective_min_count = effective
        words = [word for word, _ in kept]
        if update:
            self._add_words(words, counts, thresholds)
        else:
            self.min_count, self.sample = min_count, sample
            if self.sorted_vocab:
                order = vocabulary.sort_by_descending_frequency(counts)
                words, counts, thresholds = [words[i] for i in order.tolist()], counts[order], thresholds[order]
            self.wv.index_to_key = words
            self.wv.key_to_index = {word: i for i, word in enumerate(words)}
            self.wv.next_index = len(words)
            self.wv.expandos = {"count": counts, "sample_int": thresholds}
        if not keep_raw_vocab:
            self.raw_vocab = {}
        if self.null_word:
            self.add_null_word()
        if self.hs:
            self.create_binary_tree()
        if self.negative:
            self.make_cum_table()
        self.add_lifecycle_event("prepare_vocab", **report)
        return report

    def _add_words(self, words: list[Any], counts: npt.NDArray[np.int64], thresholds: npt.NDArray[np.uint32]) -> None:
        """Old words gain their new counts, new words go to the end; all of them get thresholds of the new corpus."""
        for word in words:
            if word not in self.wv.key_to_index:
                self.wv.key_to_index[word] = len(self.wv.index_to_key)
                self.wv.index_to_key.append(word)
        self.wv.allocate_vecattrs(["count", "sample_int"], [np.int64, np.uint32])
        # Not seen in the new corpus, an old word's own occurrences still count: gensim adds them up here too, but only
        # for words that the new corpus retains.
        rows = np.array([self.wv.key_to_index[word] for word in words], dtype=np.intp)
        self._column("count")[rows] += counts
        self._column("sample_int")[rows] = thresholds

    def _column(self, name: str) -> npt.NDArray[Any]:
        column = self.wv.expandos[name]
        assert isinstance(column, np.ndarray)
        return column

    def add_null_word(self) -> None:
        """Add the word "\\0", seen once; subsampling, if there is any, always drops it."""
        if "\0" in self.wv.key_to_index:
            return
        self.wv.key_to_index["\0"] = len(self.wv.index_to_key)
        self.wv.index_to_key.append("\0")
        self.wv.allocate_vecattrs(["count", "sample_int"], [np.int64, np.uint32])
        self.wv.set_vecattr("\0", "count", 1)

    def create_binary_tree(self) -> None:
        """Build the Huffman tree of the counts: every word's `point` and `code`."""
        logger.info("constructing a huffman tree from %i words", len(self.wv))
        tree = HuffmanTree.from_counts(self._column("count"))
        self.wv.expandos["point"] = Ragged(tree.points, tree.starts)
        self.wv.expandos["code"] = Ragged(tree.codes, tree.starts)
        logger.info("built huffman tree with maximum node depth %i", tree.depth)

    def make_cum_table(self, domain: int = DOMAIN) -> None:
        """Build the cumulative noise distribution, proportional to count ** ns_exponent."""
        self.cum_table = noise_table(self._column("count"), self.ns_exponent, domain)

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
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
            "estimated required memory for %i words and %i dimensions: %i bytes", words, self.vector_size, report["total"]
        )
        return report

    # --- weights ---

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
        self.wv.vectors = prep_vectors(shape, seed=self.seed)
        self.__dict__.pop("_syn1", None)
        self.__dict__.pop("_syn1neg", None)
        if self.hs:
            self.syn1 = np.zeros(shape, dtype=np.float32)
        if self.negative:
            self.syn1neg = np.zeros(shape, dtype=np.float32)

    def update_weights(self) -> None:
        """Give new words of the vocabulary their first vectors; the others keep theirs."""
        if not len(self.wv.vectors):
            raise RuntimeError("there are no vectors to update: call build_vocab() without update=True before")
        logger.info("updating layer weights")
        self.wv.vectors = prep_vectors((len(self.wv), self.vector_size), self.wv.vectors, seed=self.seed)
        for name, wanted in (("syn1", self.hs), ("syn1neg", self.negative)):
            if wanted:
                grown = np.zeros((len(self.wv), self.vector_size), dtype=np.float32)
                before = getattr(self, name)
                grown[: len(before)] = before
                setattr(self, name, grown)

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
        if matrix is None:
            raise AttributeError(
                f"this model has no {name}: it belongs to {objective}, which this model was not trained with "
                f"(hs={self.hs}, negative={self.negative}); train with {setting}"
                if len(self.wv)
                else f"this model has no {name} yet: build a vocabulary and train first"
            )
        return matrix

    # --- words ---

    def in_vector(self, word: Any) -> npt.NDArray[np.float32]:
        """IN vector of a word (D,), a view: row of `syn0`."""
        return self.syn0[self.wv.get_index(word)]

    def out_vector(self, word: Any) -> npt.NDArray[np.float32]:
        """OUT vector of a word (D,), a view: row of `syn1neg`.

        AttributeError under pure hierarchical softmax, which has no OUT vector per word but the nodes of its path.
        """
        if "_syn1neg" not in self.__dict__ and "_syn1" in self.__dict__:
            raise AttributeError(
                "hierarchical softmax has no OUT vector per word: its outputs are inner nodes, shared by many words. "
                f"node_vectors({word!r}) gives those on the word's path; train with negative=5 for OUT vectors"
            )
        return self.syn1neg[self.wv.get_index(word)]

    def huffman_path(self, word: Any) -> HuffmanPath:
        """The word's way through the Huffman tree, from the root: `point` uint32 (L,) and `code` uint8 (L,)."""
        if "point" not in self.wv.expandos:
            raise AttributeError(
                f"this model has no Huffman tree: it was trained with hs={self.hs}; train with hs=1, negative=0"
            )
        row = self.wv.get_index(word)
        return HuffmanPath(point=self.wv.expandos["point"][row], code=self.wv.expandos["code"][row])

    def node_vectors(self, word: Any) -> npt.NDArray[np.float32]:
        """Vectors of the inner nodes on the word's path (L, D), root first, a copy: `syn1` at its `point`."""
        return self.syn1[self.huffman_path(word).point]

    @property
    def wv_out(self) -> KeyedVectors:
        """All OUT vectors as a `KeyedVectors`, sharing words and memory with the model."""
        return self.wv.with_vectors(self.syn1neg)

    def __getitem__(self, word: Any) -> npt.NDArray[np.float32]:
        return self.wv[word]

    def __contains__(self, word: Any) -> bool:
        return word in self.wv

    # --- training ---

    def train(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
    ) -> tuple[int, int]:
        """Train on a corpus; return (words trained, raw words) over all epochs.

        `total_examples` (sentences) or `total_words` is the length of the corpus, for the learning rate; `corpus_file`
        needs `total_words`. `start_alpha` and `end_alpha` replace the model's `alpha` and `min_alpha`. `word_count` is
        accepted for gensim's sake and changes nothing. `report_delay`: seconds between log lines.

        Whatever is raised, in the corpus, a callback or by Ctrl-C, comes out here after all threads have ended, and
        leaves a model that can be used and trained further.
        """
        self._check_settings()
        self._check_training_state(total_examples, total_words, epochs, corpus_file)
        assert epochs is not None
        self._check_corpus(corpus_iterable, corpus_file, passes=epochs)
        self.alpha = start_alpha or self.alpha
        self.min_alpha = end_alpha or self.min_alpha
        self.epochs = epochs
        if self.alpha > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        self.compute_loss = bool(compute_loss)
        self.running_training_loss = 0.0
        callbacks = list(callbacks)
        schedule = Schedule(self.alpha, self.min_alpha, epochs, total_examples, total_words)
        self.add_lifecycle_event(
            "train",
            msg=f"training model with {self.workers} workers on {len(self.wv)} vocabulary and {self.vector_size} features, "
            f"using sg={self.sg} hs={self.hs} sample={self.sample} negative={self.negative} window={self.window} "
            f"shrink_windows={self.shrink_windows} step={self.step}",
        )
        begin = time.perf_counter()
        trained = raw = 0
        for callback in callbacks:
            callback.on_train_begin(self)
        blocks = self._blocks(corpus_iterable, corpus_file)
        stop = _kernels.StopFlag()
        workers = [self._worker(stop) for _ in range(self.workers)]
        expected = total_words * epochs if total_words else None
        with (
            make_progress(self.progress, expected, "training") as progress,
            Run(workers, stop, self._job_seeds(), queue_factor, progress) as run,
        ):
            for epoch in range(epochs):
                for callback in callbacks:
                    callback.on_epoch_begin(self)
                result = EpochResult()
                jobs = jobs_of(blocks(), self.batch_words, self.window, schedule, epoch, result)
                report = self._reporter(schedule, epoch, result, report_delay, isinstance(progress, NoProgress))
                run.epoch(jobs, result, report)
                self._finish_epoch(epoch, result, schedule, corpus_file is not None)
                trained += result.effective_words
                raw += result.raw_words
                for callback in callbacks:
                    callback.on_epoch_end(self)
        seconds = time.perf_counter() - begin
        self.total_train_time += seconds
        self.add_lifecycle_event(
            "train",
            msg=f"training on {raw} raw words ({trained} effective words) took {seconds:.1f}s, "
            f"{trained / max(seconds, 1e-9):.0f} effective words/s",
        )
        self.train_count += 1
        for callback in callbacks:
            callback.on_train_end(self)
        return trained, raw

    def _check_training_state(
        self, total_examples: int | None, total_words: int | None, epochs: int | None, corpus_file: StrPath | None
    ) -> None:
        """Everything that `train` needs besides the corpus, in gensim's order of complaints."""
        if not self.hs and not self.negative:
            self._check_training(1)
        if self.hs and self.negative:
            logger.warning("Both hierarchical softmax and negative sampling are activated. " + _BOTH_ADVICE)
        if not len(self.wv):
            raise RuntimeError("you must first build vocabulary before training the model")
        if not len(self.wv.vectors):
            raise RuntimeError("you must initialize vectors before training the model")
        if corpus_file is not None and not total_words:
            raise ValueError(
                "total_words must be given with corpus_file, for the learning rate: "
                "after build_vocab on the same file it is model.corpus_total_words"
            )
        if not total_examples and not total_words:
            raise ValueError(
                "total_examples (sentences) or total_words must be given, for the learning rate: "
                "after build_vocab on the same corpus they are model.corpus_count and model.corpus_total_words"
            )
        self._check_training(epochs)
        names = ["syn0", *(name for name, on in (("syn1", self.hs), ("syn1neg", self.negative)) if on)]
        shape = len(self.wv), self.vector_size
        for name in names:
            matrix = getattr(self, name, None)
            if matrix is None:
                raise RuntimeError(f"this model has no {name}, so it cannot be trained further with hs={self.hs}, "
                                   f"negative={self.negative}: build its vocabulary anew, or load a full model")  # fmt: skip
            if matrix.shape != shape or matrix.dtype != np.float32:
                raise ValueError(f"{name} is {matrix.dtype} {matrix.shape}; training needs float32 {shape}")
            if not matrix.flags.writeable:
                raise ValueError(
                    f"{name} is read-only, as after load(mmap='r'): such a model answers queries but cannot be trained. "
                    "Load it without mmap, or with mmap='c' to keep changes in memory"
                )
            if not matrix.flags.c_contiguous:
                setattr(self, name, np.ascontiguousarray(matrix))
        lockf = np.asarray(getattr(self.wv, "vectors_lockf", 1.0), dtype=np.float32)
        if not lockf.size:
            raise ValueError("wv.vectors_lockf is empty: give one factor per word, or np.ones(1, dtype=np.float32)")
        self.wv.vectors_lockf = np.ascontiguousarray(np.atleast_1d(lockf))

    def _blocks(
        self, corpus_iterable: Iterable[Any] | None, corpus_file: StrPath | None
    ) -> Callable[[], Iterable[Block]]:
        """How to go through the corpus once as ids: from memory if it cannot change, else by reading it again."""
        if corpus_file is None and not is_static(corpus_iterable):
            assert corpus_iterable is not None
            return lambda: _encoded_stream(corpus_iterable, self.wv.key_to_index)
        if self._scan is not None and self._scan.encoded is not None:
            rows = (self.wv.key_to_index.get(word, -1) for word in self._scan.words)
            encoded = self._scan.encoded.renumbered(np.fromiter(rows, np.int32))
            self._scan = None
        else:
            encoded = vocabulary.encode(
                corpus_iterable, self.wv.key_to_index, files=corpus_file, threads=self.workers
            )
        return lambda: [(encoded.ids, encoded.ends, encoded.lengths)]

    def _worker(self, stop: _kernels.StopFlag) -> _kernels.Worker:
        points, codes = self.wv.expandos.get("point"), self.wv.expandos.get("code")
        table = self.cum_table if self.negative else None
        index, shift = noise_index(table) if table is not None else (None, 0)
        on_path = self.hs and isinstance(points, Ragged) and isinstance(codes, Ragged)
        return _kernels.Worker(
            self.syn0,
            self.syn1neg if self.negative else None,
            self.syn1 if self.hs else None,
            self.wv.vectors_lockf,
            stop,
            sg=bool(self.sg),
            negative=self.negative,
            window=self.window,
            shrink_windows=self.shrink_windows,
            cbow_mean=bool(self.cbow_mean),
            by_window=self.step == "window",
            compute_loss=self.compute_loss,
            keep=None if self.sample == 0 else np.ascontiguousarray(self._column("sample_int"), dtype=np.uint32),
            noise_table=table,
            noise_index=index,
            noise_shift=shift,
            codes=codes.values if on_path else None,
            points=points.values if on_path else None,
            path_starts=points.starts if on_path else None,
        )

    def _job_seeds(self) -> Callable[[int], tuple[int, Callable[[int], Any] | None]]:
        """How a job gets its random numbers.

        In gensim's order all of them come from the model's one generator, as each job is begun. By windows a job's seed
        depends on its number only, so that threads need not wait for each other.
        """
        random, window, lock = self.random, self.window, threading.Lock()
        seeded = bool(self.negative) or self.sample != 0

        def from_model(_number: int) -> tuple[int, Callable[[int], Any]]:
            with lock:
                seed = (random.randint(0, 2**24) << 24) + random.randint(0, 2**24) if seeded else 0
            return seed, lambda count: random.randint(0, window, count)

        run = random.randint(0, 2**24) << 24 if self.step == "window" else 0
        if self.step == "pair":
            return from_model
        return lambda number: (_scrambled(run + number), None)

    def _reporter(
        self, schedule: Schedule, epoch: int, result: EpochResult, delay: float, log: bool
    ) -> Callable[[float, int], None]:
        """gensim's progress line every `delay` seconds, where no bar is shown."""
        due = max(delay, 1.0)

        def report(seconds: float, effective: int) -> None:
            nonlocal due
            if log and seconds >= due:
                logger.info(
                    "EPOCH %i - PROGRESS: at %.2f%% %s, %.0f words/s",
                    epoch,
                    100 * schedule.share(result.sentences, result.raw_words),
                    "examples" if schedule.total_examples else "words",
                    effective / seconds,
                )
                due = seconds + delay

        return report

    def _finish_epoch(self, epoch: int, result: EpochResult, schedule: Schedule, from_file: bool) -> None:
        self.min_alpha_yet_reached = result.alpha or self.min_alpha_yet_reached
        self.running_training_loss += result.loss
        self.history.append(
            {
                "epoch": epoch,
                "loss": result.loss / result.examples if self.compute_loss and result.examples else None,
                "words": result.raw_words,
                "effective_words": result.effective_words,
                "examples": result.examples,
                "seconds": result.seconds,
                "alpha": result.alpha,
            }
        )
        logger.info(
            "EPOCH %i: training on %i raw words (%i effective words) took %.1fs, %.0f effective words/s",
            epoch,
            result.raw_words,
            result.effective_words,
            result.seconds,
            result.effective_words / max(result.seconds, 1e-9),
        )
        if not result.sentences and self.train_count == 0:
            logger.warning(
                "train() called with an empty iterator (if not intended, be sure to provide a corpus that offers "
                "restartable iteration = an iterable)."
            )
        for what, expected, seen in (
            ("examples", schedule.total_examples, result.sentences),
            ("words", schedule.total_words, result.raw_words),
        ):
            if expected and expected != seen and not from_file:
                logger.warning(
                    "EPOCH %i: supplied %s count (%i) did not equal expected count (%i)", epoch, what, seen, expected
                )
        squares = np.empty((2, len(self.wv)), dtype=np.float32)
        _kernels.scan(self.syn0, np.zeros(self.vector_size, dtype=np.float32), *squares)
        if not np.isfinite(squares[1]).all():
            raise FloatingPointError(
                f"the vectors are no longer finite after epoch {epoch}: the learning rate (alpha={self.alpha}) is too high; "
                "build the vocabulary anew and train with a lower alpha"
            )

    def get_latest_training_loss(self) -> float:
        """Loss summed over all epochs of the last `train(compute_loss=True)`; `history` has the mean per example."""
        return self.running_training_loss

    # --- files ---

    def save(self, fname_or_handle: StrPath | IO[bytes]) -> None:
        """Save everything to one `.fw2v` file (safetensors layout, no pickle), atomically if a path is given.

        A run resumed after `load` goes on as if it had not been saved. Words must be str or int.
        """
        self.add_lifecycle_event("saving", fname_or_handle=str(fname_or_handle))
        tensors = self.wv.to_tensors()
        for name in ("syn1", "syn1neg"):
            if f"_{name}" in self.__dict__:
                tensors[name] = getattr(self, name)
        if self.negative:
            tensors["cum_table"] = self.cum_table
        kind, keys, position, has_gauss, gauss = self.random.get_state(legacy=True)
        tensors["random_state"] = np.asarray(keys, dtype=np.uint32)
        state = {name: getattr(self, name) for name in _SAVED}
        state["random"] = [kind, int(position), int(has_gauss), float(gauss)]
        state["raw_vocab"] = list(self.raw_vocab.items())
        native.write(fname_or_handle, tensors, {"kind": "Word2Vec", "model": json.dumps(state, default=_plain)})

    @classmethod
    def load(
        cls,
        fname: StrPath | IO[bytes],
        mmap: Literal["r", "c"] | None = None,
        *,
        verify: Literal["structure", "full"] = "structure",
    ) -> Word2Vec:
        """Load what `save` wrote.

        `mmap="r"` leaves the matrices in the file, read-only and shared between processes; `"c"` lets them be changed in
        memory. `verify="full"` compares checksums. Raises `FormatError` for anything but such a file, and
        AttributeError for a file that holds a `KeyedVectors`.
        """
        tensors, metadata = native.read(fname, mmap, verify=verify)
        if metadata.get("kind") != "Word2Vec":
            raise AttributeError(
                f"{fname} holds a {metadata.get('kind', 'foreign')} object, not a Word2Vec model: "
                "load it with KeyedVectors.load"
            )
        model = cls.__new__(cls)
        try:
            state = json.loads(metadata["model"])
            model.__dict__.update({name: state[name] for name in _SAVED})
            kind, position, has_gauss, gauss = state["random"]
            model.raw_vocab = {word: int(count) for word, count in state["raw_vocab"]}
            model.random = np.random.RandomState()
            model.random.set_state(
                (kind, native.expect(tensors, "random_state", np.uint32, (624,)), position, has_gauss, gauss)
            )
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"{fname}: the model's settings are damaged: {error!r}") from None
        model.hashfxn = hash
        model._scan = None
        model.wv = KeyedVectors.from_tensors(tensors)
        shape = len(model.wv), model.vector_size
        for name in ("syn1", "syn1neg"):
            if name in tensors:
                setattr(model, name, native.expect(tensors, name, np.float32, shape))
        model.cum_table = np.empty(0, dtype=np.uint32)
        if model.negative:
            model.cum_table = np.array(native.expect(tensors, "cum_table", np.uint32, (len(model.wv),)))
        model._check_loaded(str(fname))
        model.add_lifecycle_event("loaded", fname=str(fname))
        return model

    def _check_loaded(self, fname: str) -> None:
        """What the kernels trust: settings in range, every objective with its tables."""
        try:
            self._check_settings()
        except (TypeError, ValueError) as error:
            raise FormatError(f"{fname}: {error}") from None
        table = self.cum_table.astype(np.int64)
        if len(table) and (table[-1] != DOMAIN or (np.diff(table) < 0).any()):
            raise FormatError(f"{fname}: the noise table does not rise to {DOMAIN}")
        if self.hs and len(self.wv) and "point" not in self.wv.expandos:
            raise FormatError(f"{fname}: hs=1, but the file has no Huffman tree")

    # --- bookkeeping ---

    def add_lifecycle_event(self, event_name: str, log_level: int | Literal[False] = logging.INFO, **event: Any) -> None:
        """Remember (and log) what happened to the model; `lifecycle_events = None` turns this off."""
        event |= {
            "datetime": datetime.now().isoformat(),
            "fastw2v": __version__,
            "python": sys.version,
            "platform": platform.platform(),
            "event": event_name,
        }
        if self.lifecycle_events is not None:
            self.lifecycle_events.append(event)
        if log_level:
            logger.log(log_level, "%s lifecycle event %s", type(self).__name__, event)

    def __str__(self) -> str:
        return f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"

    __repr__ = __str__


_BOTH_ADVICE = "This is likely a mistake: set either 'hs' or 'negative' to zero, unless you want both objectives."


def _encoded_stream(sentences: Iterable[Any], key_to_index: dict[Any, int]) -> Iterator[Block]:
    """One pass over any iterable, encoded a portion at a time in this thread."""
    encoder = SentenceEncoder(sentences, key_to_index)
    while (block := encoder.read(STREAM_WORDS)) is not None:
        yield block


def _scrambled(number: int) -> int:
    """48 well-mixed bits of a number (splitmix64, Steele et al. 2014): neighbours get unlike random streams."""
    z = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return (z ^ z >> 31) >> 16


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be saved: settings and the comment must be numbers, strings, lists or dicts")
