"""`Word2Vec`: owns the matrices and calls the other modules in the order of the data path.

Three matrices of one model, kept for its whole life: IN vectors `syn0` (V, D), OUT vectors `syn1neg` (V, D)
of negative sampling, and inner-node vectors `syn1` (V, D) of hierarchical softmax, of which a word owns those
on its Huffman path.

Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space" and "Distributed
Representations of Words and Phrases and their Compositionality"; names, defaults and behaviour are gensim's
unless the README says otherwise.
"""

from __future__ import annotations

import copy
import inspect
import logging
import math
import os
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain, islice
from numbers import Real
from operator import index
from types import FunctionType
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

import fastw2v.text.scan as vocabulary
import fastw2v.training._kernels as _kernels
from fastw2v.first_vectors import REAL, prep_vectors, pseudorandom_weak_vector
from fastw2v.formats import gensim_parts, gensim_pickle, model_file, word2vec_format
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.formats.parts import OUTPUTS, SETTINGS, Model, generator_in, state_of
from fastw2v.keyedvectors import KeyedVectors, Vocab, VocabView
from fastw2v.legacy import deprecated, renamed, renamed_keywords, tell
from fastw2v.lifecycle import Lifecycle
from fastw2v.progress import Mode, NoProgress, Progress, make_progress
from fastw2v.query.cosines import squares, top_places
from fastw2v.query.spaces import Space, SpaceComparison, checked_space, pair_of_spaces
from fastw2v.text._encoder import SentenceEncoder
from fastw2v.text.blocks import TextFiles
from fastw2v.text.ids import Block, EncodedCorpus
from fastw2v.text.readers import (
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    is_static,
    text_files,
)
from fastw2v.training.jobs import EpochResult, Schedule, jobs_of
from fastw2v.training.run import Run
from fastw2v.training.weights import aligned_rows
from fastw2v.utils import TrimRule, keep_vocab_item
from fastw2v.vocabulary.huffman import HuffmanPath, HuffmanTree
from fastw2v.vocabulary.plan import effective_min_count, keep, sort_by_descending_frequency
from fastw2v.vocabulary.sampling import DOMAIN, check_noise_table, downsampling, noise_index, noise_table

__all__ = [
    "BrownCorpus",
    "CORPUSFILE_VERSION",
    "FAST_VERSION",
    "KeyedVectors",
    "LineSentence",
    "MAX_WORDS_IN_BATCH",
    "PathLineSentences",
    "REAL",
    "Text8Corpus",
    "Vocab",
    "Word2Vec",
    "keep_vocab_item",
    "pseudorandom_weak_vector",
    "score_sentence_cbow",
    "score_sentence_sg",
    "train_batch_cbow",
    "train_batch_sg",
]

logger = logging.getLogger(__name__)

Step = Literal["window", "pair"]
Freeze = Literal["in", "out"]

FAST_VERSION = CORPUSFILE_VERSION = 1  # as gensim says that its training is compiled
MAX_WORDS_IN_BATCH = 10000
USUAL_SENTENCE = 8  # words that a sentence has at least, where only sentences were counted
FREEZE = (None, "in", "out")
STREAM_WORDS = 20_000  # raw words of a stream that are encoded at a time, or a job's if that is more
BASKET_WORDS = 500_000  # words whose baskets are made sets at a time: few enough to stay in the cache
C_INT_MAX = 2**31 - 1
NULL_WORD = "\0"

_HOOKS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


if TYPE_CHECKING:
    _on_class = classmethod
else:

    class _on_class(classmethod):
        """A classmethod that an instance does not have: `model.load(path)` would leave `model` as it was."""

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is not None:
                raise AttributeError(
                    "load makes a new model, so it is called on the class: Word2Vec.load(path)"
                )
            return super().__get__(None, owner)


class ReadFiles(NamedTuple):
    """Text files and what they were like (inode, bytes, time of change) when they were read."""

    files: TextFiles
    states: tuple[tuple[int, int, int], ...]


class Encoded(NamedTuple):
    """A source that was read for the vocabulary, as rows of it."""

    source: Any
    corpus: EncodedCorpus
    key_to_index: dict[Any, int]
    words: int

    def is_of(self, source: Any, wv: KeyedVectors) -> bool:
        """Whether it is this source in this vocabulary, which must not have changed since."""
        same = self.source is source or (isinstance(self.source, ReadFiles) and self.source == source)
        return same and self.key_to_index is wv.key_to_index and self.words == len(wv)


class Length(NamedTuple):
    """What the caller of `train` says about the length of the corpus."""

    examples: int | None
    words: int | None


class Word2Vec(Lifecycle):
    """Trains, holds and saves word vectors.

    Parameters, in gensim's order and with its defaults:

    sentences, corpus_file: the text, as a restartable iterable of lists of words or as a path; without it,
        call `build_vocab` and `train` yourself.
    vector_size: D. alpha, min_alpha: learning rate, falling in a line over all epochs.
    window: largest distance of a context word; with `shrink_windows` each position draws its own from
        1..window.
    min_count: rarer words are dropped. max_vocab_size: prune while counting, to save memory. max_final_vocab:
        raise min_count until no more words than that remain. trim_rule(word, count, min_count): RULE_KEEP,
        RULE_DISCARD or RULE_DEFAULT of `fastw2v.utils`.
    sample: frequent words are dropped at random from this share of all words on. seed: of all random streams.
    workers: threads. epochs: passes over the text.
    sg: 1 skip-gram, 0 CBOW. hs: 1 hierarchical softmax. negative: noise words per example, 0 for no negative
        sampling; drawn in proportion to count ** ns_exponent. cbow_mean: 1 mean of the context vectors,
        0 sum.
    hashfxn: accepted and kept; as in gensim 4 training does not depend on it. null_word: adds the word "\\0".
    sorted_vocab: order words by descending count. batch_words: raw words in a worker's job.
    compute_loss: sum up the loss, see `history`. callbacks: objects with the hooks of `CallbackAny2Vec`.
    comment: a label. step: "pair" updates one example after the other in gensim's order; "window" lets all
        words of a skip-gram window meet one list of outputs, several times faster; None is "window" for
        skip-gram with negative sampling, else "pair". baskets: sentences are
        sets, whose order means nothing: every word has all the others for context, whatever `window` says,
        and a word that is repeated counts once. progress: "auto" shows a bar in a terminal or notebook, True
        always, False never.
    """

    @renamed_keywords(size="vector_size", iter="epochs")
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
        baskets: bool = False,
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
        self.batch_words = int(batch_words)
        self.compute_loss = bool(compute_loss)
        self.comment = comment
        self.shrink_windows = bool(shrink_windows)
        self.baskets = bool(baskets)
        if step is None:  # the fast order where it has passed the quality gate of benchmarks/README.md
            step = "window" if self.sg and self.negative and not (self.hs or self.baskets) else "pair"
        self.step = step
        self.progress = progress
        self._check_settings()

        self.wv = KeyedVectors(self.vector_size)
        self.wv.vectors_lockf = np.ones(1, dtype=np.float32)
        self._raw: dict[Any, int] | vocabulary.Scan = {}
        self.cum_table = np.empty(0, dtype=np.uint32)
        self.effective_min_count = min_count
        self.corpus_count = self.corpus_total_words = 0
        self.running_training_loss = 0.0
        self.train_count = 0
        self.total_train_time = 0.0
        self.history: list[dict[str, Any]] = []
        self.lifecycle_events: list[dict[str, Any]] | None = []
        self._encoded: Encoded | None = None  # read last, not trained on yet

        if sentences is not None or corpus_file is not None:
            self._check_objectives()
            epochs = _epochs(epochs)
            callbacks = _hooked(callbacks)
            self._check_corpus(sentences, corpus_file, passes=epochs + 1)
            report = self._scan_and_prepare(sentences, corpus_file, trim_rule=trim_rule, keep_encoded=True)
            if not len(self.wv):
                raise RuntimeError(self._no_words(self.effective_min_count, report["drop_unique"]))
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
        """Raise ValueError or TypeError for settings that no text could be trained with."""
        for name in ("vector_size", "workers", "batch_words"):
            _whole(name, getattr(self, name), 1)
        for name, least in (("window", 1), ("negative", 0)):
            _whole(name, getattr(self, name), least, C_INT_MAX)
        for name in ("max_vocab_size", "max_final_vocab"):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name), 0)
        for name in ("alpha", "min_alpha", "ns_exponent", "min_count"):
            _finite(name, getattr(self, name))
        if self.sample is not None:
            _finite("sample", self.sample, 0)
        if self.step not in ("pair", "window"):
            raise ValueError(f"step={self.step!r}: give 'pair' (gensim's order) or 'window' (faster)")
        if self.progress not in (True, False, "auto"):
            raise ValueError(f"progress={self.progress!r}: give 'auto', True or False")

    def _check_objectives(self) -> None:
        if not self.hs and not self.negative:
            raise ValueError(
                f"hs={self.hs}, negative={self.negative}: nothing would be trained; give hs=1 or negative=5"
            )

    @staticmethod
    def _check_corpus(sentences: Any, corpus_file: StrPath | None, passes: int) -> None:
        """Raise TypeError unless there is exactly one corpus and it can be read `passes` times."""
        if sentences is None and corpus_file is None:
            raise TypeError("no corpus: give either an iterable of lists of words or corpus_file, a path")
        if sentences is not None and corpus_file is not None:
            raise TypeError(
                "two corpora: give either an iterable of lists of words or corpus_file, not both"
                if isinstance(corpus_file, str | os.PathLike)
                else _no_path(corpus_file)
            )
        if corpus_file is not None:
            if not isinstance(corpus_file, str | os.PathLike):
                raise TypeError(_no_path(corpus_file))
            if not os.path.isfile(corpus_file):
                raise TypeError(f"corpus_file {os.fspath(corpus_file)!r} is not a file that exists")
        elif isinstance(sentences, str | bytes):
            raise TypeError(
                f"the corpus is the string {sentences[:40]!r}, which would be read as letters: "
                "give corpus_file=path for a file, or a list of lists of words"
            )
        elif not isinstance(sentences, Iterable):
            raise TypeError(
                f"the corpus must be a restartable iterable of lists of words, not {type(sentences).__name__}"
            )
        elif passes > 1 and _is_one_shot(sentences):
            raise TypeError(
                f"a {type(sentences).__name__} can be read only once, and the corpus is read {passes} times "
                "(each epoch, and before them for the vocabulary): "
                "give a list, or an object whose __iter__ begins anew"
            )

    # --- vocabulary ---

    @renamed_keywords(sentences="corpus_iterable")
    def build_vocab(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        update: bool = False,
        progress_per: int = 10000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        *,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> None:
        """Count the words of a corpus, decide which to keep, and make their vectors.

        With `update`, words of a further corpus are added to those that are there. The rest is as for
        `prepare_vocab`; after a `dry_run` only `raw_vocab` and the corpus' length are new. Whatever goes
        wrong, the model is as before.
        """
        self._check_corpus(corpus_iterable, corpus_file, passes=1)
        self._scan_and_prepare(
            corpus_iterable,
            corpus_file,
            update=update,
            progress_per=progress_per,
            trim_rule=trim_rule,
            dry_run=dry_run,
            keep_raw_vocab=keep_raw_vocab,
            min_count=min_count,
            sample=sample,
        )

    def _scan_and_prepare(
        self,
        corpus_iterable: Iterable[Any] | None,
        corpus_file: StrPath | None,
        *,
        update: bool = False,
        progress_per: int = 10000,
        trim_rule: TrimRule | None = None,
        dry_run: bool = False,
        keep_raw_vocab: bool = False,
        keep_encoded: bool = False,
        **prepare: Any,
    ) -> dict[str, Any]:
        self._check_update(update)
        source = _source(corpus_iterable, corpus_file)
        scan = vocabulary.scan(
            corpus_iterable,
            files=corpus_file,
            max_vocab_size=self.max_vocab_size,
            trim_rule=trim_rule,
            progress_per=_whole("progress_per", progress_per, 1),
            encode=isinstance(source, ReadFiles) or (keep_encoded and is_static(corpus_iterable)),
            threads=self.workers,
        )
        with self._kept_on_error():
            self._raw = replace(scan, encoded=None)
            self.corpus_count, self.corpus_total_words = scan.sentences, scan.total_words
            report = self.prepare_vocab(
                update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule, dry_run=dry_run, **prepare
            )
            self._raw = self.raw_vocab  # if it is kept: plain Python can be saved and copied
            report["memory"] = self.estimate_memory(vocab_size=report["num_retained_words"])
            if not dry_run:
                self.prepare_weights(update=update)
        if scan.encoded is not None and not dry_run:
            rows = scan.words.rows_in(self.wv.key_to_index)
            self._encoded = Encoded(source, scan.encoded.renumbered(rows), self.wv.key_to_index, len(self.wv))
        self.add_lifecycle_event("build_vocab", update=update, trim_rule=str(trim_rule))
        return report

    @contextmanager
    def _kept_on_error(self) -> Iterator[None]:
        """If what is done inside fails, the model is as it was before."""
        model, words = self.__dict__.copy(), self.wv.__dict__ | {"expandos": dict(self.wv.expandos)}
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(model)
            self.wv.__dict__.clear()
            self.wv.__dict__.update(words)
            raise

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Like `build_vocab` from counts that are known already: word -> count."""
        self._check_update(update)
        if not isinstance(word_freq, Mapping):
            raise TypeError(f"word_freq must be a dict of word -> count, not {type(word_freq).__name__}")
        counts = {word: _whole(f"the count of {word!r}", count, 0) for word, count in word_freq.items()}
        with self._kept_on_error():
            self.raw_vocab = counts
            self.corpus_count = corpus_count or 0
            self.corpus_total_words = sum(counts.values())
            report = self.prepare_vocab(update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule)
            report["memory"] = self.estimate_memory(vocab_size=report["num_retained_words"])
            self.prepare_weights(update=update)

    def _check_update(self, update: bool) -> None:
        """Raise RuntimeError unless there is something to update."""
        if not update:
            return
        if not len(self.wv):
            raise RuntimeError(
                "there is no vocabulary to update: call build_vocab() without update=True before, "
                "or load a model that has one"
            )
        for name in self._outputs():
            self._require_matrix(name)

    @renamed_keywords(sentences="corpus_iterable")
    def scan_vocab(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus into `raw_vocab`; return (words, sentences)."""
        self._check_corpus(corpus_iterable, corpus_file, passes=1)
        scan = vocabulary.scan(
            corpus_iterable,
            files=corpus_file,
            max_vocab_size=self.max_vocab_size,
            trim_rule=trim_rule,
            progress_per=_whole("progress_per", progress_per, 1),
            encode=False,
            threads=workers or self.workers,
        )
        self.raw_vocab = scan.raw_vocab
        return scan.total_words, scan.sentences

    @property
    def raw_vocab(self) -> dict[Any, int]:
        """Counts of all words that were read, until `prepare_vocab` has decided which of them to keep."""
        if isinstance(self._raw, vocabulary.Scan):
            self._raw = self._raw.raw_vocab  # made when somebody asks: to hash all words takes long
        return self._raw

    @raw_vocab.setter
    def raw_vocab(self, counts: dict[Any, int]) -> None:
        self._raw = counts

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

        `min_count` and `sample` replace the model's, unless they are 0. Returns `drop_unique`,
        `retain_total`, `downsample_unique`, `downsample_total` and `num_retained_words`. With `dry_run`
        nothing else happens. Raises RuntimeError if no word is left to replace those that are there.
        """
        min_count = min_count or self.min_count
        sample = sample or self.sample
        _finite("min_count", min_count)
        _finite("sample", sample or 0, 0)
        if isinstance(self._raw, vocabulary.Scan):
            raw_words, raw_counts = self._raw.words, self._raw.counts
        else:
            raw_words = vocabulary.Words(list(self._raw))
            raw_counts = np.fromiter(self._raw.values(), np.int64)
        effective = effective_min_count(raw_counts, min_count, self.max_final_vocab)
        places = keep(raw_words, raw_counts, effective, trim_rule)
        words, counts = raw_words.at(places), raw_counts[places]
        # Of an update's new words and old ones alike only the new corpus decides here, as in gensim.
        thresholds, downsample_unique, downsample_total = downsampling(counts, sample)
        retain_total = int(counts.sum())
        logger.info(
            "effective_min_count=%d retains %i unique words of %i", effective, len(words), len(raw_words)
        )
        logger.info("sample=%g downsamples %i most-common words", sample or 0, downsample_unique)
        logger.info("downsampling leaves about %.0f of %i words", downsample_total, retain_total)
        report: dict[str, Any] = {
            "drop_unique": len(raw_words) - len(words),
            "retain_total": retain_total,
            "downsample_unique": downsample_unique,
            "downsample_total": int(downsample_total),
            "num_retained_words": len(words),
        }
        if dry_run:
            self.effective_min_count = effective
            return report
        if not words and not update:
            reason = self._no_words(effective, len(raw_words))
            if len(self.wv):
                raise RuntimeError(reason)
            logger.warning(reason)  # as in gensim an error only for those who want to train
        with self._kept_on_error():
            self.effective_min_count = effective
            if update:
                self._add_words(words, thresholds, raw_words, raw_counts)
                if self.null_word:
                    self.add_null_word()
            else:
                self.min_count, self.sample = min_count, sample
                if self.null_word and NULL_WORD not in words:
                    words.append(NULL_WORD)
                    counts, thresholds = np.append(counts, 1), np.append(thresholds, np.uint32(0))
                if self.sorted_vocab:
                    order = sort_by_descending_frequency(counts)
                    words = list(map(words.__getitem__, order.tolist()))
                    counts, thresholds = counts[order], thresholds[order]
                self._set_words(words, counts, thresholds)
            if not keep_raw_vocab:
                self._raw = {}
            if self.hs:
                self.create_binary_tree()
                if update:
                    logger.warning(
                        "the Huffman tree is built anew from the new counts: words get other paths, "
                        "while syn1 keeps what was learnt for the old ones"
                    )
            if self.negative:
                self.make_cum_table()
        self.add_lifecycle_event("prepare_vocab", **report)
        return report

    def _no_words(self, min_count: int, distinct: int) -> str:
        if not distinct:
            return "no word is left to train: the corpus has none; is it empty, or an iterator read before?"
        source = "" if self.max_final_vocab is None else f" (from max_final_vocab={self.max_final_vocab})"
        return (
            f"no word is left to train: none of {distinct} is kept with min_count={min_count}{source}; "
            "give a lower min_count or more text"
        )

    def _set_words(
        self, words: list[Any], counts: npt.NDArray[np.int64], thresholds: npt.NDArray[np.uint32]
    ) -> None:
        self.wv.index_to_key = words
        self.wv.key_to_index = {word: row for row, word in enumerate(words)}
        self.wv.next_index = len(words)
        self.wv.expandos = {"count": counts, "sample_int": thresholds}

    def _add_words(
        self,
        retained: list[Any],
        thresholds: npt.NDArray[np.uint32],
        raw_words: vocabulary.Words,
        raw_counts: npt.NDArray[np.int64],
    ) -> None:
        """Add retained words that are new; all words gain their counts in the new corpus.

        Retained words get thresholds of the new corpus. Lists, dicts and columns are replaced, not changed:
        others may share them.
        """
        wv, rows = self.wv, self.wv.key_to_index
        wv.index_to_key = wv.index_to_key + [word for word in retained if word not in rows]
        wv.key_to_index = rows = {word: row for row, word in enumerate(wv.index_to_key)}
        wv.next_index = len(rows)
        wv.expandos = dict(wv.expandos)
        wv.allocate_vecattrs(["count", "sample_int"], [np.int64, np.uint32])
        wv.expandos |= {name: self._column(name).copy() for name in ("count", "sample_int")}
        self._column("sample_int")[np.array([rows[word] for word in retained], dtype=np.intp)] = thresholds
        at = raw_words.rows_in(rows)
        self._column("count")[at[at >= 0]] += raw_counts[at >= 0]

    def _column(self, name: str) -> npt.NDArray[Any]:
        column = self.wv.expandos[name]
        assert isinstance(column, np.ndarray)
        return column

    def add_null_word(self) -> None:
        """Add the word "\\0", seen once; subsampling, if there is any, always drops it."""
        if NULL_WORD in self.wv.key_to_index:
            return
        self.wv.key_to_index = self.wv.key_to_index | {NULL_WORD: len(self.wv)}
        self.wv.index_to_key = [*self.wv.index_to_key, NULL_WORD]
        self.wv.next_index = len(self.wv)
        self.wv.allocate_vecattrs(["count", "sample_int"], [np.int64, np.uint32])
        self.wv.set_vecattr(NULL_WORD, "count", 1)

    def create_binary_tree(self) -> None:
        """Build the Huffman tree of the counts: every word's `point` and `code`."""
        logger.info("constructing a huffman tree from %i words", len(self.wv))
        tree = HuffmanTree.from_counts(self._column("count"))
        self.wv.expandos.update(tree.columns())
        logger.info("built huffman tree with maximum node depth %i", tree.depth)

    def make_cum_table(self, domain: int = DOMAIN) -> None:
        """Build the cumulative noise distribution, proportional to count ** ns_exponent."""
        self.cum_table = noise_table(self._column("count"), self.ns_exponent, domain)

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
        fresh = {f"_{name}": np.zeros(shape, dtype=np.float32) for name in self._outputs()}
        self.wv.vectors = prep_vectors(shape, seed=self.seed, threads=self.workers)
        for name in ("_syn1", "_syn1neg"):
            self.__dict__.pop(name, None)
        self.__dict__.update(fresh)

    def reset_from(self, other_model: Word2Vec) -> None:
        """Take over the vocabulary of another model, and begin with fresh weights.

        Words, their attributes and the noise table are shared, not copied. What this model's settings need
        and the other's did not is computed: the Huffman tree, the noise table.
        """
        with self._kept_on_error():
            words = len(other_model.wv)
            wv = other_model.wv.with_vectors(np.zeros((words, self.vector_size), dtype=np.float32))
            wv.expandos = dict(wv.expandos)
            wv.vectors_lockf = np.ones(1, dtype=np.float32)
            self.wv, self.cum_table = wv, other_model.cum_table
            self.corpus_count = other_model.corpus_count
            self.corpus_total_words = other_model.corpus_total_words
            if self.hs and "point" not in wv.expandos:
                self.create_binary_tree()
            if self.negative and len(self.cum_table) != words:
                self.make_cum_table()
            self.init_weights()

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

    # --- words ---

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
        return asked.most_similar_many(
            queries, topn, clip_start, clip_end, restrict_vocab, target=answering
        )

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

    def __getitem__(self, word: Any) -> npt.NDArray[np.float32]:
        return self.wv[word]

    def __contains__(self, word: Any) -> bool:
        return word in self.wv

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
        codes, points, starts = self._tree().values()
        left, right = -np.logaddexp(0, -scores), -np.logaddexp(0, scores)  # of each node, not each path
        words = np.repeat(np.arange(len(self.wv)), np.diff(starts))
        sums = np.bincount(words, np.where(codes, right[points], left[points]), minlength=len(self.wv))
        return sums.astype(np.float64, copy=False)

    def score(
        self,
        sentences: Iterable[Iterable[Any]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> npt.NDArray[np.float32]:
        """Log likelihood of each sentence under hierarchical softmax (sentences,): a pass with alpha 0.

        The sum over all windows of full width, not divided by anything; unknown words are left out, and a
        sentence of no known words has 0. Sentences beyond `total_sentences` are not looked at.
        `queue_factor`: portions of text per worker that may wait. `report_delay`: seconds between log lines.
        `chunksize` is accepted for gensim's sake and changes nothing. Taddy 2015, "Document Classification
        by Inversion of Distributed Language Representations". RuntimeError without `hs`.
        """
        self._check_corpus(sentences, None, passes=1)
        total_sentences = _whole("total_sentences", total_sentences, 0)
        waiting = self.workers * _whole("queue_factor", queue_factor, 1)
        free = self._scorers(self.workers, bool(self.sg))

        def score_block(block: Block) -> list[float]:
            ids, ends, _ = block
            worker, start = free.pop(), 0
            losses = [worker.loss]
            for end in ends.tolist():
                worker.train(ids[start:end], np.array([end - start]), alpha=0.0, seed=0)
                losses.append(worker.loss)
                start = end
            free.append(worker)
            return [before - after for before, after in zip(losses, losses[1:], strict=False)]

        begin = due = time.perf_counter()
        scores: list[float] = []
        jobs: deque[Future[list[float]]] = deque()
        text = islice(sentences, total_sentences)
        blocks = self._distinct(_encoded_stream(text, self.wv.key_to_index, STREAM_WORDS))
        with ThreadPoolExecutor(self.workers, "fastw2v-score") as pool:
            while (block := next(blocks, None)) or jobs:
                if block is not None:
                    jobs.append(pool.submit(score_block, block))
                if block is None or len(jobs) > waiting:
                    scores += jobs.popleft().result()
                if (now := time.perf_counter()) >= due + report_delay:
                    due = now
                    logger.info(
                        "PROGRESS: scored %i sentences, %.0f/s", len(scores), len(scores) / (now - begin)
                    )
        logger.info("scoring %i sentences took %.1fs", len(scores), time.perf_counter() - begin)
        return np.array(scores, dtype=np.float32)

    def _score_sentence(self, sentence: Iterable[Any], sg: bool) -> float:
        block = SentenceEncoder([sentence], self.wv.key_to_index).read(1)
        assert block is not None
        (worker,) = self._scorers(1, sg)
        for ids, ends, _ in self._distinct([block]):
            worker.train(ids, ends, alpha=0.0, seed=0)
        return -worker.loss

    def _scorers(self, count: int, sg: bool) -> list[_kernels.Worker]:
        """Workers whose passes with alpha 0 add up the loss of hierarchical softmax."""
        if not self.hs:
            raise RuntimeError(
                f"scores follow the paths of hierarchical softmax, and this model has hs={self.hs}: "
                "train with hs=1"
            )
        self._check_rows(len(self.wv))
        # Workers want matrices that can be written to, though with alpha 0 they write what is there already.
        syn0, syn1 = (
            np.require(self._checked_matrix(name), requirements=["C", "W"]) for name in ("syn0", "syn1")
        )
        return [
            _kernels.Worker(
                syn0,
                None,
                syn1,
                np.ones(1, dtype=np.float32),
                _kernels.StopFlag(),
                **self._tree(),
                sg=sg,
                negative=0,
                window=self._reach,
                shrink_windows=False,
                cbow_mean=bool(self.cbow_mean),
                by_window=True,  # with alpha 0 the order of updates changes nothing
                compute_loss=True,
                alone=True,
                keep=None,
                noise_table=None,
                noise_index=None,
                noise_shift=0,
            )
            for _ in range(count)
        ]

    # --- training ---

    @renamed_keywords(sentences="corpus_iterable")
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
        *,
        freeze: Freeze | None = None,
    ) -> tuple[int, int]:
        """Train on a corpus; return (words trained, raw words) over all epochs.

        `total_examples` (sentences) or `total_words` is the length of the corpus, for the learning rate;
        `corpus_file` needs `total_words`. `start_alpha` and `end_alpha` replace the model's `alpha` and
        `min_alpha`. `word_count` is accepted for gensim's sake and changes nothing. `queue_factor`: jobs per
        worker that may wait. `report_delay`: seconds between log lines. `freeze="out"` leaves OUT and node
        vectors as they are, so that models trained on different texts from one start can be compared (Di
        Carlo, Bianchi and Palmonari 2019, "Training Temporal Word Embeddings with a Compass"); "in" those
        of IN.

        Whatever is raised, in the corpus, a callback or by Ctrl-C, comes out here after all threads have
        ended, and leaves a model that can be used and trained further. A call that is refused changes
        nothing. Callbacks see the vectors as they are at the edges of an epoch; within one, the matrices may
        be trained in copies.
        """
        self._check_settings()
        length = self._check_call(corpus_file, total_examples, total_words)
        epochs = _epochs(epochs)
        self._check_weights()
        self._check_corpus(corpus_iterable, corpus_file, passes=epochs)
        alpha = _finite("start_alpha", start_alpha or self.alpha)
        min_alpha = _finite("end_alpha", end_alpha or self.min_alpha)
        queue_factor = _whole("queue_factor", queue_factor, 1)
        _finite("report_delay", report_delay)
        callbacks = _hooked(callbacks)
        _check_freeze(freeze)
        return self._train_passes(
            lambda: self._blocks(corpus_iterable, corpus_file),
            length,
            epochs,
            alpha,
            min_alpha,
            queue_factor=queue_factor,
            report_delay=report_delay,
            compute_loss=compute_loss,
            callbacks=callbacks,
            freeze=freeze,
        )

    def train_pairs(
        self,
        inputs: Iterable[Any],
        outputs: Iterable[Any],
        weights: npt.ArrayLike | None = None,
        *,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        freeze: Freeze | None = None,
    ) -> tuple[int, int]:
        """Train IN of each input with OUT of its output, and not the other way; return (words trained, words
        given) over all epochs.

        `inputs` and `outputs` are as many words each; pairs with an unknown one are left out. `weights`
        (pairs,) say how often each pair is to count, in every epoch: a share of an occurrence is one by
        chance. Pairs come in a new order in every epoch. A model without a vocabulary gets that of the pairs.
        The rest is as for `train`, but `epochs` are the model's unless given; `sg`, `window` and `baskets`
        have no say. Levy and Goldberg 2014, "Dependency-Based Word Embeddings".
        """
        self._check_settings()
        pairs = list(inputs), list(outputs)
        if len(pairs[0]) != len(pairs[1]):
            raise ValueError(f"{len(pairs[0])} inputs and {len(pairs[1])} outputs do not make pairs")
        counts = np.ones(len(pairs[0])) if weights is None else np.asarray(weights, dtype=np.float64)
        if counts.shape != (len(pairs[0]),) or not (np.isfinite(counts).all() and (counts >= 0).all()):
            raise ValueError(f"{len(pairs[0])} pairs need as many weights, finite and at least 0")
        epochs = _epochs(self.epochs if epochs is None else epochs)
        alpha = _finite("start_alpha", start_alpha or self.alpha)
        min_alpha = _finite("end_alpha", end_alpha or self.min_alpha)
        callbacks = _hooked(callbacks)
        _check_freeze(freeze)
        with self._kept_on_error():
            if not len(self.wv):
                self.build_vocab_from_freq(Counter(chain(*pairs)))
            ids = np.empty((len(counts), 2), dtype=np.int32)
            for side, words in enumerate(pairs):
                ids[:, side] = np.fromiter((self.wv.key_to_index.get(word, -1) for word in words), np.int32)
            known = (ids >= 0).all(axis=1) & (counts > 0)
            ids, counts = ids[known], counts[known]
            total = round(counts.sum())
            if not total:
                raise ValueError(
                    "no pair is left to train: none has both words in the vocabulary and a weight"
                )
            length = self._check_call(None, total, 2 * total)
            self._check_weights()
        return self._train_passes(
            lambda: lambda: self._pairs(ids, counts, total),
            length,
            epochs,
            alpha,
            min_alpha,
            compute_loss=compute_loss,
            callbacks=callbacks,
            freeze=freeze,
            pairs=True,
        )

    def _pairs(
        self, ids: npt.NDArray[np.int32], weights: npt.NDArray[np.float64], total: int
    ) -> Iterator[Block]:
        """One pass over pairs (n, 2): `total` of them, each about as often as its weight says."""
        rng = np.random.default_rng(self.random.randint(0, 2**31))
        bounds = np.cumsum(weights)
        bounds *= total / bounds[-1]
        bounds[-1] = total
        until: npt.NDArray[np.int64] = np.floor(bounds + rng.random()).astype(np.int64)
        order = np.repeat(np.arange(len(ids)), np.diff(until, prepend=0))
        rng.shuffle(order)
        for start in range(0, total, BASKET_WORDS):
            drawn = ids[order[start : start + BASKET_WORDS]]
            lengths = np.full(len(drawn), 2, dtype=np.int64)
            yield drawn.reshape(-1), np.cumsum(lengths), lengths

    def _train_passes(
        self,
        read: Callable[[], Callable[[], Iterable[Block]]],
        length: Length,
        epochs: int,
        alpha: float,
        min_alpha: float,
        *,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool,
        callbacks: list[Any],
        freeze: Freeze | None,
        pairs: bool = False,
    ) -> tuple[int, int]:
        """All epochs over what `read()()` gives, whose sentences are pairs or not; all else is checked."""
        self.alpha, self.min_alpha, self.epochs = alpha, min_alpha, epochs
        self.compute_loss = bool(compute_loss)
        self.running_training_loss = 0.0
        if self.hs and self.negative:
            logger.warning("Both hierarchical softmax and negative sampling are activated. %s", _BOTH_ADVICE)
        if alpha > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        self.add_lifecycle_event(
            "train",
            msg=f"training model with {self.workers} workers on {len(self.wv)} vocabulary and "
            f"{self.vector_size} features, using sg={self.sg} hs={self.hs} sample={self.sample} "
            f"negative={self.negative} window={self.window} shrink_windows={self.shrink_windows} "
            f"step={self.step}",
        )
        begin = time.perf_counter()
        trained = raw = 0
        for callback in callbacks:
            callback.on_train_begin(self)
        blocks = read()
        with make_progress(self.progress, length.words and length.words * epochs, "training") as progress:
            for epoch in range(epochs):
                for callback in callbacks:
                    callback.on_epoch_begin(self)
                result = self._train_epoch(
                    epoch, epochs, blocks, length, queue_factor, report_delay, progress, freeze, pairs
                )
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

    def _train_epoch(
        self,
        epoch: int,
        epochs: int,
        blocks: Callable[[], Iterable[Block]],
        length: Length,
        queue_factor: int,
        report_delay: float,
        progress: Progress,
        freeze: Freeze | None,
        pairs: bool,
    ) -> EpochResult:
        """One pass over the corpus. Settings and arrays are looked up now: a callback may change them."""
        self._check_weights()
        schedule = Schedule(self.alpha, self.min_alpha, epochs, *length)
        result = EpochResult()
        jobs = jobs_of(blocks(), self.batch_words, self._reach, schedule, epoch, result)
        report = self._reporter(schedule, epoch, result, report_delay, isinstance(progress, NoProgress))
        stop = _kernels.StopFlag()
        matrices = self._trained_matrices()
        words = length.words or (length.examples or 0) * USUAL_SENTENCE
        with aligned_rows(list(matrices.values()), words) as rows:
            matrices = dict(zip(matrices, rows, strict=True))
            workers = self._workers(
                stop,
                matrices,
                self.workers,
                sg=pairs or bool(self.sg),
                compute_loss=self.compute_loss,
                freeze=freeze,
                pairs=pairs,
            )
            run = Run(workers, stop, self._job_seeds(), queue_factor, progress)
            with closing(run), run:
                run.epoch(jobs, result, report)
        self._finish_epoch(epoch, result, length)
        return result

    def _check_call(
        self, corpus_file: StrPath | None, total_examples: int | None, total_words: int | None
    ) -> Length:
        """What `train` needs to know besides the corpus, in gensim's order of complaints."""
        self._check_objectives()
        if not len(self.wv):
            raise RuntimeError("there is no vocabulary to train: call build_vocab() before train()")
        if not len(self.wv.vectors):
            raise RuntimeError("the vocabulary has no vectors: call init_weights() before train()")
        if corpus_file is not None and not total_words:
            raise ValueError(
                "total_words must be given with corpus_file, for the learning rate: "
                "after build_vocab on the same file it is model.corpus_total_words"
            )
        if not total_examples and not total_words:
            raise ValueError(
                "total_examples (sentences) or total_words must be given, for the learning rate: after "
                "build_vocab on the same corpus they are model.corpus_count and model.corpus_total_words"
            )
        return Length(
            *(
                _whole(name, total, 0) if total else None
                for name, total in (("total_examples", total_examples), ("total_words", total_words))
            )
        )

    def _check_weights(self) -> None:
        """Raise unless matrices and tables are what the kernels trust: of one size, every index inside."""
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
        if self.sample != 0 and len(self.wv.expandos.get("sample_int", ())) != words:
            raise RuntimeError(
                f"sample={self.sample} needs the attribute 'sample_int' of all words: "
                "call build_vocab() before, or set model.sample = 0"
            )
        if self.negative:
            advice = f"cum_table does not rise to {DOMAIN} over {words} words: call make_cum_table() before"
            check_noise_table(self.cum_table, words, lambda _: RuntimeError(advice))
        if self.hs:
            self._check_tree(words)

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

    def _blocks(
        self, corpus_iterable: Iterable[Any] | None, corpus_file: StrPath | None
    ) -> Callable[[], Iterable[Block]]:
        """How to go through the corpus once as ids: from memory if it cannot change, else by reading it."""
        held, self._encoded = self._encoded, None
        if corpus_file is None and not is_static(corpus_iterable):
            assert corpus_iterable is not None
            words = max(STREAM_WORDS, self.batch_words)
            return lambda: self._distinct(_encoded_stream(corpus_iterable, self.wv.key_to_index, words))
        source = _source(corpus_iterable, corpus_file)
        if held is not None and held.is_of(source, self.wv):
            encoded = held.corpus
        else:
            encoded = vocabulary.encode(
                corpus_iterable, self.wv.key_to_index, files=corpus_file, threads=self.workers
            )
        key_to_index, size = self.wv.key_to_index, len(self.wv)

        def blocks() -> Iterable[Block]:
            if self.wv.key_to_index is not key_to_index or len(self.wv) != size:
                raise RuntimeError(
                    "the vocabulary changed while it was trained: a callback must not build another one"
                )
            return self._distinct([(encoded.ids, encoded.ends, encoded.lengths)])

        return blocks

    def _train_batch(self, sentences: Iterable[Any], alpha: float, sg: bool, compute_loss: bool) -> int:
        """Train on sentences as one job in this thread; return how many words were left to train."""
        self._check_weights()
        block = SentenceEncoder(sentences, self.wv.key_to_index).read(sys.maxsize)
        if block is None:
            return 0
        (worker,) = self._workers(
            _kernels.StopFlag(), self._trained_matrices(), 1, sg=sg, compute_loss=compute_loss
        )
        effective = 0
        for ids, ends, _ in self._distinct([block]):
            seed, draw_windows = self._job_seeds()(0)
            effective += worker.train(ids, ends, _finite("alpha", alpha), seed, draw_windows)
        self.running_training_loss += worker.loss
        return effective

    @property
    def _reach(self) -> int:
        """Largest distance of a context word."""
        return C_INT_MAX if self.baskets else self.window

    def _distinct(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The blocks themselves, or of `baskets` in portions, every word of a basket but once."""
        for ids, ends, lengths in blocks:
            if not self.baskets:
                yield ids, ends, lengths
                continue
            first = start = 0
            while first < len(ends):
                last = max(first + 1, int(np.searchsorted(ends, start + BASKET_WORDS, side="right")))
                stop = int(ends[last - 1])
                sets = _as_sets(ids[start:stop], ends[first:last] - start, len(self.wv))
                yield *sets, lengths[first:last]
                first, start = last, stop

    def _trained_matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """The matrices that the settings train, by name."""
        return {name: getattr(self, name) for name in ("syn0", *self._outputs())}

    def _workers(
        self,
        stop: _kernels.StopFlag,
        matrices: Mapping[str, npt.NDArray[np.float32]],
        count: int,
        *,
        sg: bool,
        compute_loss: bool,
        freeze: Freeze | None = None,
        pairs: bool = False,
    ) -> list[_kernels.Worker]:
        """`count` workers, one per thread; they share the matrices, each (V, D or more)."""
        lockf = np.zeros(1, dtype=np.float32) if freeze == "in" else self.wv.vectors_lockf
        table = np.ascontiguousarray(self.cum_table, dtype=np.uint32) if self.negative else None
        noise, shift = noise_index(table) if table is not None else (None, 0)
        tree = self._tree() if self.hs else dict.fromkeys(("codes", "points", "path_starts"))
        keep = np.ascontiguousarray(self._column("sample_int"), dtype=np.uint32) if self.sample != 0 else None
        return [
            _kernels.Worker(
                matrices["syn0"],
                matrices.get("syn1neg"),
                matrices.get("syn1"),
                lockf,
                stop,
                sg=sg,
                negative=self.negative,
                window=1 if pairs else self._reach,
                shrink_windows=self.shrink_windows and not self.baskets and not pairs,
                last_only=pairs,
                frozen_outputs=freeze == "out",
                cbow_mean=bool(self.cbow_mean),
                by_window=self.step == "window",
                compute_loss=compute_loss,
                alone=count == 1,
                keep=keep,
                noise_table=table,
                noise_index=noise,
                noise_shift=shift,
                **tree,
            )
            for _ in range(count)
        ]

    def _tree(self) -> dict[str, Any]:
        """The Huffman tree as workers take it: `codes` and `points` (total,), `path_starts` (V + 1,)."""
        tree = self._check_tree(len(self.wv))
        return {
            "codes": np.ascontiguousarray(tree.codes, dtype=np.uint8),
            "points": np.ascontiguousarray(tree.points, dtype=np.uint32),
            "path_starts": np.ascontiguousarray(tree.starts, dtype=np.int64),
        }

    def _job_seeds(self) -> Callable[[int], tuple[int, Callable[[int], Any] | None]]:
        """How a job of the epoch gets its random numbers.

        In gensim's order all of them come from the model's one generator, as each job is begun. By windows a
        job's seed depends on its number only, so that threads need not wait for each other.
        """
        random, window, lock = self.random, self.window, threading.Lock()
        seeded = bool(self.negative) or self.sample != 0
        if self.step == "window":
            base = random.randint(0, 2**24) << 24
            return lambda number: (_scrambled(base + number), None)

        def from_model(_number: int) -> tuple[int, Callable[[int], Any]]:
            with lock:
                seed = (random.randint(0, 2**24) << 24) + random.randint(0, 2**24) if seeded else 0
            return seed, lambda count: random.randint(0, window, count)

        return from_model

    def _reporter(
        self, schedule: Schedule, epoch: int, result: EpochResult, delay: float, log: bool
    ) -> Callable[[float, int, int], None]:
        """gensim's progress line every `delay` seconds, where no bar is shown."""
        due = max(delay, 1.0)

        def report(seconds: float, effective: int, waiting: int) -> None:
            nonlocal due
            if log and seconds >= due:
                logger.info(
                    "EPOCH %i - PROGRESS: at %.2f%% %s, %.0f words/s, in_qsize %i, out_qsize %i",
                    epoch,
                    100 * schedule.share(result.sentences, result.raw_words),
                    "examples" if schedule.total_examples else "words",
                    effective / seconds,
                    waiting,
                    0,
                )
                due = seconds + delay

        return report

    def _finish_epoch(self, epoch: int, result: EpochResult, length: Length) -> None:
        if result.alpha is not None:
            self.min_alpha_yet_reached = result.alpha
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
        if not result.sentences:
            logger.warning(
                "train() called with an empty iterator: the corpus must have its sentences each time that it "
                "is iterated over"
            )
        elif not result.raw_words:
            logger.warning(
                "EPOCH %i: %i sentences, but no words: sentences must be lists, not used up iterators",
                epoch,
                result.sentences,
            )
        for what, expected, seen in (
            ("example", length.examples, result.sentences),
            ("raw word", length.words, result.raw_words),
        ):
            if expected and expected != seen:
                logger.warning(
                    "EPOCH %i: supplied %s count (%i) did not equal expected count (%i)",
                    epoch, what, seen, expected,
                )  # fmt: skip
        if not np.isfinite(squares(self.syn0)).all():
            raise FloatingPointError(
                f"the vectors are no longer finite after epoch {epoch}: the learning rate "
                f"(alpha={self.alpha}) is too high; build the vocabulary anew and train with a lower alpha"
            )

    def get_latest_training_loss(self) -> float:
        """Loss summed over all epochs of the last `train(compute_loss=True)`.

        `history` has the mean per example of each epoch.
        """
        return self.running_training_loss

    # --- files ---

    def save(
        self,
        fname_or_handle: StrPath | IO[bytes],
        separately: Iterable[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Save to one `.fw2v` file (safetensors layout, no pickle), atomically if a path is given.

        A run resumed after `load` goes on as if it had not been saved. Words must be str or int. `ignore` may
        name "syn1", "syn1neg", "raw_vocab", "history" and "lifecycle_events": they are left out, and a model
        without its output matrix answers queries but trains no further. `separately`, `sep_limit` and
        `pickle_protocol` are gensim's and have nothing to decide: there is one file, no pickle, and what is
        in it can be mapped without lying apart.
        """
        left_out = model_file.check_ignore(ignore, needed=model_file.MODELS_NEED)
        self.add_lifecycle_event("saving", fname_or_handle=str(fname_or_handle))
        model_file.write_model(fname_or_handle, self._to_parts(), left_out)

    @_on_class
    def load(
        cls,
        fname: StrPath | IO[bytes],
        mmap: Literal["r", "c"] | None = None,
        rethrow: bool = False,
        *,
        verify: Literal["structure", "full"] = "structure",
    ) -> Word2Vec:
        """Load what `save` wrote, or gensim's `save` did (0.12 to 4.4, without gensim, running nothing).

        `mmap="r"` leaves the matrices in the file, read-only and shared between processes; `"c"` lets them be
        changed in memory; of gensim's files those arrays that lie apart. `verify="full"` compares checksums,
        which gensim's files have not. `rethrow` is gensim's: errors are raised in any case.

        Raises `FormatError` for anything but such files; for a pickle that holds anything but a gensim
        Word2Vec it is a `pickle.UnpicklingError` too. AttributeError for a file that holds a `KeyedVectors`.
        """
        if gensim_pickle.is_pickle(fname):
            parts = gensim_parts.read(fname, mmap)
            if not isinstance(parts, Model):
                raise AttributeError(model_file.not_a_model(fname, "KeyedVectors"))
            model = cls._of_gensim(parts, str(fname))
        else:
            model = cls._of_parts(model_file.read_model(fname, mmap, verify=verify))
            model._check_loaded(str(fname))
        model.add_lifecycle_event("loaded", fname=str(fname))
        return model

    @classmethod
    def from_vectors(
        cls,
        in_: KeyedVectors | StrPath | IO[bytes],
        out: KeyedVectors | StrPath | IO[bytes],
        *,
        binary: bool = False,
        fvocab: StrPath | None = None,
        **settings: Any,
    ) -> Self:
        """A model of given IN and OUT vectors, to query both or to go on training.

        `in_` and `out` are word2vec files (`binary` or text) or `KeyedVectors`, which are copied: the same
        words, in any order. `settings` are the constructor's. Training needs the words' counts, from the file
        `fvocab` or the attribute `count` of `in_`. Vectors that were saved without have none: then Zipf's law
        is taken for granted, the n-th word V / n times, and `build_vocab(corpus, update=True)` adds what a
        corpus says. ValueError if the two do not belong together, or for settings that have no OUT vectors.
        """
        if taken := sorted(settings.keys() & {"sentences", "corpus_file", "vector_size"}):
            raise TypeError(f"{taken}: words and their vectors are those given; train on a corpus afterwards")
        model = cls(**settings)
        if model.hs or not model.negative:
            raise ValueError(
                f"hs={model.hs}, negative={model.negative}: OUT vectors belong to negative sampling alone"
            )
        words, vectors, counts = _given_vectors(in_, binary, fvocab)
        out_words, out_vectors, _ = _given_vectors(out, binary, None)
        rows = {word: row for row, word in enumerate(out_words)}
        if alone := list(rows.keys() ^ set(words)):
            raise ValueError(
                f"in_ has {len(words)} words and out {len(rows)}; they must be the same, but only one has "
                + ", ".join(map(repr, sorted(alone, key=str)[:5]))
            )
        if vectors.shape[1] != out_vectors.shape[1]:
            raise ValueError(f"in_ has {vectors.shape[1]} dimensions and out {out_vectors.shape[1]}")
        if counts is None:
            counts = np.maximum(1, len(words) // np.arange(1, len(words) + 1))
            logger.warning("the words have no counts: taken as Zipf's law has them, in the order of in_")
        model.vector_size = model.layer1_size = vectors.shape[1]
        model.wv.vector_size = model.vector_size
        model._set_words(words, counts, downsampling(counts, model.sample)[0])
        model.corpus_total_words = int(counts.sum())
        model.syn0 = vectors
        model.syn1neg = out_vectors[[rows[word] for word in words]]
        model.make_cum_table()
        model.add_lifecycle_event("from_vectors", msg=f"{len(words)} words of {in_} and {out}")
        return model

    @classmethod
    def _of_parts(cls, parts: Model) -> Self:
        """Build a model without `__init__`, of parts that are sound and complete; they are not copied.

        What belongs to a run and not to the model, such as `progress`, is as in a new one.
        """
        model = cls.__new__(cls)
        model.__dict__.update({name: parts.settings[name] for name in SETTINGS})
        model.hashfxn = parts.settings.get("hashfxn", hash)
        model.progress = "auto"  # whether someone watched is no business of those who load it
        assert parts.random is not None
        model.random = generator_in(parts.random)
        model.history, model.lifecycle_events = parts.history, parts.lifecycle_events
        model.raw_vocab = parts.raw_vocab
        model._encoded = None
        model.wv = KeyedVectors._of_parts(parts.wv)
        for name, matrix in parts.outputs.items():
            setattr(model, name, matrix)
        model.cum_table = np.empty(0, dtype=np.uint32) if parts.cum_table is None else parts.cum_table
        return model

    @classmethod
    def _of_gensim(cls, parts: Model, source: str) -> Self:
        """Build from what `gensim_parts` found; what gensim does not have, or not save, is as in a new model.

        Raises `FormatError`, which names the `source`, if the parts do not make a model.
        """
        try:
            parts = cls._completed(parts)
            parts.check()
            model = cls._of_parts(parts)
            if len(model.wv) and "count" in model.wv.expandos:
                if model.hs and "point" not in model.wv.expandos:
                    model.create_binary_tree()
                if model.negative:
                    model.make_cum_table()
        except (TypeError, ValueError) as error:
            raise FormatError(f"{source}: {error}") from None
        model._check_loaded(source)
        return model

    @classmethod
    def _completed(cls, parts: Model) -> Model:
        """The parts of a gensim model; what its version did not know is as the constructor leaves it."""
        given = parts.settings
        names = inspect.signature(Word2Vec).parameters.keys() & given.keys()
        arguments = {name: given[name] for name in names}
        arguments["workers"] = max(1, int(given.get("workers", 1)))  # gensim allows 0: nobody trains
        new = cls.__new__(cls)
        Word2Vec.__init__(new, **arguments, step="pair")  # training goes on as it was
        settings = {name: getattr(new, name) for name in SETTINGS} | {"hashfxn": new.hashfxn}
        # What versions before did not count is not known.
        counted = {"corpus_count": None, "corpus_total_words": None} | given
        settings |= {
            name: value for name, value in counted.items() if name in SETTINGS and name not in names
        }
        settings["vector_size"] = settings["layer1_size"] = parts.wv.vectors.shape[1]
        wv = parts.wv if parts.wv.lockf is not None else replace(parts.wv, lockf=new.wv.vectors_lockf)
        if parts.random is not None:
            new.random = generator_in(parts.random)
        return replace(parts, wv=wv, settings=settings, random=state_of(new.random))

    def _to_parts(self) -> Model:
        """What this model is made of, shared and not copied."""
        return Model(
            self.wv.to_words(),
            settings={name: getattr(self, name) for name in (*SETTINGS, "hashfxn")},
            outputs=self._matrices(),
            random=state_of(self.random),
            raw_vocab=self.raw_vocab,
            history=self.history,
            lifecycle_events=self.lifecycle_events,
            cum_table=self.cum_table if self.negative else None,
        )

    def to_gensim(self) -> Any:
        """Return a real `gensim.models.Word2Vec` with copies of everything but `history`, `step`, `baskets`.

        It goes on training where this model is. ImportError without gensim.
        """
        return gensim_parts.build(copy.deepcopy(self._to_parts()))

    @classmethod
    def from_gensim(cls, model: Any) -> Self:
        """Copy a model of an installed gensim, to go on training where it is.

        TypeError for anything else, and for FastText and Doc2Vec, whose models are more than that.
        """
        parts = gensim_parts.describe_live(model)
        if not isinstance(parts, Model):
            raise TypeError("these are vectors without a model: use KeyedVectors.from_gensim")
        return cls._of_gensim(parts, str(model))

    def _matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """The output matrices that the model has."""
        return {name: getattr(self, name) for name in OUTPUTS if f"_{name}" in self.__dict__}

    def __getstate__(self) -> dict[str, Any]:
        # The corpus read last may be large, or a lock or a file; whoever trains reads it again.
        return self.__dict__ | {"_encoded": None}

    def _check_loaded(self, fname: str) -> None:
        """What the kernels trust: settings in range, every objective with its tables."""
        try:
            self._check_settings()
        except (TypeError, ValueError) as error:
            raise FormatError(f"{fname}: {error}") from None
        if len(self.cum_table):  # a model that was given its vectors has none
            check_noise_table(self.cum_table, len(self.wv), lambda what: FormatError(f"{fname}: {what}"))
        if self.hs and len(self.wv) and "point" not in self.wv.expandos:
            raise FormatError(f"{fname}: hs=1, but the file has no Huffman tree")

    # --- older spellings ---

    iter = renamed("epochs")
    trainables = renamed("")
    vocabulary = renamed("")
    reset_weights = renamed("init_weights")

    index2word = renamed("wv.index_to_key")
    syn0_lockf = renamed("wv.vectors_lockf")
    syn0norm = renamed("wv.get_normed_vectors()")
    vectors_lockf = renamed("wv.vectors_lockf")

    @property
    def vocab(self) -> VocabView:
        """Older spelling of `wv.vocab`, itself one."""
        tell("Word2Vec.vocab", "wv.key_to_index, wv.get_vecattr() and wv.set_vecattr()")
        return VocabView(self.wv)

    accuracy = renamed("wv.accuracy")
    doesnt_match = renamed("wv.doesnt_match")
    intersect_word2vec_format = renamed("wv.intersect_word2vec_format")
    log_accuracy = renamed("wv.log_accuracy")
    log_evaluate_word_pairs = renamed("wv.log_evaluate_word_pairs")
    most_similar_cosmul = renamed("wv.most_similar_cosmul")
    n_similarity = renamed("wv.n_similarity")
    similar_by_vector = renamed("wv.similar_by_vector")
    similar_by_word = renamed("wv.similar_by_word")
    wmdistance = renamed("wv.wmdistance")

    @classmethod
    @deprecated("KeyedVectors.load_word2vec_format()")
    def load_word2vec_format(cls, *args: Any, **kwargs: Any) -> Self:
        """A model whose IN vectors are those of a word2vec file: it answers queries and cannot be trained."""
        wv = KeyedVectors.load_word2vec_format(*args, **kwargs)
        model = cls(vector_size=wv.vector_size)
        model.wv = wv
        return model

    @deprecated("wv.unit_normalize_all(), if replace=True was meant")
    def init_sims(self, replace: bool = False) -> None:
        """Bring all IN vectors to length 1 in place if `replace`; there are no norms to prepare."""
        if replace:
            self.wv.unit_normalize_all()

    @deprecated("nothing: no norms are kept")
    def clear_sims(self) -> None:
        """Do nothing: norms are computed with each query."""

    @deprecated("del model.syn1neg, del model.syn1")
    def delete_temporary_training_data(self, replace_word_vectors_with_normalized: bool = False) -> None:
        """Give up the outputs, and with them further training, for the sake of memory."""
        for name in ("_syn1", "_syn1neg"):
            self.__dict__.pop(name, None)
        if replace_word_vectors_with_normalized:
            self.wv.unit_normalize_all()

    @deprecated("pseudorandom_weak_vector()")
    def seeded_vector(self, seed_string: str, vector_size: int) -> npt.NDArray[np.float32]:
        """A random vector (vector_size,) that depends on `hashfxn(seed_string)` alone; training uses none."""
        return pseudorandom_weak_vector(vector_size, seed_string=seed_string, hashfxn=self.hashfxn)

    # --- bookkeeping ---

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"
        )

    __repr__ = __str__


def train_batch_sg(
    model: Word2Vec, sentences: Iterable[Any], alpha: float, work: Any = None, compute_loss: bool = False
) -> int:
    """Train skip-gram on one batch of sentences in this thread; return how many words were left to train.

    `work`, gensim's scratch memory, is not needed. The loss is added to `running_training_loss`.
    """
    return model._train_batch(sentences, alpha, sg=True, compute_loss=compute_loss)


def train_batch_cbow(
    model: Word2Vec,
    sentences: Iterable[Any],
    alpha: float,
    work: Any = None,
    neu1: Any = None,
    compute_loss: bool = False,
) -> int:
    """Train CBOW on one batch, as `train_batch_sg` does skip-gram."""
    return model._train_batch(sentences, alpha, sg=False, compute_loss=compute_loss)


def score_sentence_sg(model: Word2Vec, sentence: Iterable[Any], work: Any = None) -> float:
    """Log likelihood of one sentence in skip-gram, see `Word2Vec.score`; `work` is not needed."""
    return model._score_sentence(sentence, sg=True)


def score_sentence_cbow(
    model: Word2Vec, sentence: Iterable[Any], work: Any = None, neu1: Any = None
) -> float:
    """Log likelihood of one sentence in CBOW, see `Word2Vec.score`; the rest is not needed."""
    return model._score_sentence(sentence, sg=False)


_BOTH_ADVICE = "This is likely a mistake: set either 'hs' or 'negative' to zero, unless you want both."


def _source(corpus_iterable: Iterable[Any] | None, corpus_file: StrPath | None) -> Any:
    """What tells one text from another: files and their state, or else the very object."""
    files = text_files(corpus_iterable if corpus_file is None else PathLineSentences(corpus_file))
    if files is None:
        return corpus_iterable
    states = map(os.stat, files.paths)
    return ReadFiles(files, tuple((state.st_ino, state.st_size, state.st_mtime_ns) for state in states))


def _given_vectors(
    source: KeyedVectors | StrPath | IO[bytes], binary: bool, fvocab: StrPath | None
) -> tuple[list[Any], npt.NDArray[np.float32], npt.NDArray[np.int64] | None]:
    """Words, vectors float32 (V, D), and counts (V,) if they are known; nothing of them is shared."""
    if not isinstance(source, KeyedVectors):
        read = word2vec_format.read(source, binary=binary, fvocab=fvocab)
        listed = read.columns.get("count")
        return read.keys, read.vectors, listed if isinstance(listed, np.ndarray) else None
    if len(source) != len(source.key_to_index):
        raise ValueError("the vectors have rows without a word: fill them, or leave them out")
    counts = source.expandos.get("count")
    if isinstance(counts, np.ndarray) and not np.array_equal(counts, np.arange(len(source), 0, -1)):
        known = counts.astype(np.int64)
    else:
        known = None  # V, V - 1, … 1 are what readers of files without counts make up
    return list(source.index_to_key), np.array(source.vectors, dtype=np.float32, order="C"), known


def _encoded_stream(sentences: Iterable[Any], key_to_index: dict[Any, int], words: int) -> Iterator[Block]:
    """One pass over any iterable, encoded a portion of so many raw words at a time in this thread."""
    # A generator, because some iterators begin anew when asked for an iterator, as each read does.
    encoder = SentenceEncoder((sentence for sentence in sentences), key_to_index)
    while (block := encoder.read(words)) is not None:
        yield block


def _as_sets(
    ids: npt.NDArray[np.int32], ends: npt.NDArray[np.int64], words: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Ids, all below `words`, and ends of the same sentences without repetitions: the first one stays."""
    sentence = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    _, first = np.unique(sentence * words + ids, return_index=True)
    if len(first) == len(ids):
        return ids, ends
    first.sort()
    return ids[first], np.cumsum(np.bincount(sentence[first], minlength=len(ends)))


def _is_one_shot(sentences: Iterable[Any]) -> bool:
    """Whether this is an iterator of Python's own: a generator, a map, an open file, iter(a list), …

    A class written in Python may well return itself from an `__iter__` that begins anew.
    """
    if not isinstance(sentences, Iterator):
        return False
    iterate = getattr(type(sentences), "__iter__", None)
    return not isinstance(iterate, FunctionType) or iterate is Iterator.__iter__


def _hooked(callbacks: Iterable[Any]) -> list[Any]:
    """The callbacks as a list; TypeError unless each has all hooks."""
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list of callbacks, not one {type(callbacks).__name__}")
    callbacks = list(callbacks)
    for callback in callbacks:
        for hook in _HOOKS:
            if isinstance(callback, type) or not callable(getattr(callback, hook, None)):
                raise TypeError(
                    f"callback {callback!r} has no method {hook}(model): "
                    "give objects of a class derived from fastw2v.CallbackAny2Vec"
                )
    return callbacks


def _whole(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """The value as an int; TypeError or ValueError unless it is a whole number from `least` to `most`."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}: it must be a whole number") from None
    if not least <= number <= most:
        border = f"at least {least}" if number < least else f"at most {most}"
        raise ValueError(f"{name}={number}: it must be {border}")
    return number


def _finite(name: str, value: Any, least: float = -math.inf) -> float:
    """The value as a float; TypeError or ValueError unless it is a finite number, at least `least`."""
    if not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}: it must be a number")
    if not math.isfinite(value) or value < least:
        raise ValueError(
            f"{name}={value}: it must be a finite number"
            + (f", at least {least}" if least > -math.inf else "")
        )
    return float(value)


def _epochs(epochs: Any) -> int:
    if epochs is None or (isinstance(epochs, Real) and epochs <= 0):
        raise ValueError(
            f"epochs={epochs}: give how often to go through the text, at least 1, for instance model.epochs"
        )
    return _whole("epochs", epochs, 1)


def _check_freeze(freeze: Any) -> None:
    if freeze not in FREEZE:
        raise ValueError(f"freeze={freeze!r}: give 'in', 'out', or None to train both sides")


def _no_path(corpus_file: Any) -> str:
    return f"corpus_file must be a path, not {type(corpus_file).__name__}; a size goes into vector_size="


def _scrambled(number: int) -> int:
    """48 well-mixed bits of a number (splitmix64, Steele et al. 2014): neighbours get unlike streams."""
    z = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return (z ^ z >> 31) >> 16
