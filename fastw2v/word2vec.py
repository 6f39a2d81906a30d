"""`Word2Vec`: how a model is made, trained and saved.

    build_vocab     text.Source.scan → vocabulary.plan → tables → first vectors
    train           text.Source → blocks of ids → training.run_epoch → the matrices

A method checks its arguments, calls one of the folders, and takes over the result. What a model holds and
answers is in `matrices`. Names, defaults and behaviour are gensim's unless the README says otherwise.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from typing import IO, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from fastw2v.checks import (
    above_zero,
    callbacks_of,
    epochs_of,
    finite,
    is_gensims,
    rounded,
    trim_rule_of,
    whole,
)
from fastw2v.columns import Ragged, plain_column
from fastw2v.distributed import LocalCluster
from fastw2v.first_vectors import REAL, pseudorandom_weak_vector
from fastw2v.formats import assembly, model_file
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.parts import Checkpoint, Model
from fastw2v.formats.streams import seekable
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.legacy import renamed_keywords
from fastw2v.lifecycle import class_only
from fastw2v.matrices import Matrices, read_both_sides
from fastw2v.older import (
    Heapitem,
    OlderWord2Vec,
    Vocab,
    Word2VecTrainables,
    Word2VecVocab,
    score_sentence_cbow,
    score_sentence_sg,
    train_batch_cbow,
    train_batch_sg,
)
from fastw2v.progress import Mode
from fastw2v.sharing.states import aside, guard_of, holds, restore
from fastw2v.text.ids import Block
from fastw2v.text.readers import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.text.scan import RawVocab
from fastw2v.text.source import Source
from fastw2v.text.tables import words_in
from fastw2v.text.texts import STREAM_WORDS, Encoded, EncodedText, Pairs, StreamedText
from fastw2v.training._kernels import StopFlag
from fastw2v.training.checkpoint import Checkpoints, check_how, course_of, passes_left
from fastw2v.training.course import NO_LENGTH, Course, frozen_side, usable_workers
from fastw2v.training.loop import Training
from fastw2v.training.objective import Freeze, Step
from fastw2v.training.report import EpochRecord, Length, warn_of_call
from fastw2v.training.weights import rows_to_train
from fastw2v.utils import TrimRule, keep_vocab_item
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.plan import NULL_WORD, Report, Table, counts_of, log_plan, plan, table_of
from fastw2v.vocabulary.sampling import DOMAIN, downsampling, noise_table
from fastw2v.warn import once_per_call, warn_user

__all__ = [
    "BrownCorpus",
    "CORPUSFILE_VERSION",
    "FAST_VERSION",
    "Heapitem",
    "KeyedVectors",
    "LineSentence",
    "MAX_WORDS_IN_BATCH",
    "PathLineSentences",
    "REAL",
    "Text8Corpus",
    "Vocab",
    "Word2Vec",
    "Word2VecTrainables",
    "Word2VecVocab",
    "keep_vocab_item",
    "pseudorandom_weak_vector",
    "score_sentence_cbow",
    "score_sentence_sg",
    "train_batch_cbow",
    "train_batch_sg",
]

logger = logging.getLogger(__name__)

FAST_VERSION = CORPUSFILE_VERSION = 1  # how gensim says that its training is compiled
MAX_WORDS_IN_BATCH = 10000


class Word2Vec(Matrices, OlderWord2Vec):
    """A word2vec model: learns vectors of words from text, answers questions about them, is saved and loaded.

    With a corpus the constructor builds the vocabulary and trains. Without one, call `build_vocab` and
    `train`. With one worker, the same text, settings and seed give the same vectors on one machine. V is the
    number of words, D the number of dimensions.

    Args:
        sentences (iterable of lists of words, or None): the text, which can be iterated over again and again,
            also a column of lists of pandas, polars, pyarrow or datasets. Words are str or other hashable
            values; see `save` for which files hold. None: a model without words.
        corpus_file (path or None): the text as a file, one sentence per line; .gz, .bz2, .xz and .zst are
            decompressed. Give this or `sentences`.
        vector_size (int): D, dimensions of all vectors.
        alpha (float): learning rate at the start.
        window (int): largest distance between a word and its context, in words.
        min_count (int): words that occur less often are dropped.
        max_vocab_size (int or None): drop rare words during counting, whenever there are more distinct words
            than this. Saves memory, but makes the counts approximate. None or 0: no limit.
        sample (float or None): share of all words above which occurrences of a frequent word are dropped at
            random; 1 or more is a number of occurrences. 0 or None drops nothing.
        seed (int): seed of all random numbers.
        workers (int): threads that count and train.
        min_alpha (float): learning rate at the end; in between it falls linearly.
        sg (int): 1 is skip-gram, 0 is CBOW.
        hs (int): 1 trains by hierarchical softmax, 0 does not.
        negative (int): noise words per example of negative sampling; 0 turns it off.
        ns_exponent (float): noise words are drawn in proportion to count ** ns_exponent.
        cbow_mean (int): CBOW takes the mean of the context vectors (1) or their sum (0).
        hashfxn (callable): kept as an attribute; training does not use it, as in gensim 4.
        epochs (int): passes over the text to train. One more pass before them counts the words.
        null_word (int): 1 adds the null word, see `add_null_word`.
        trim_rule (callable or None): `trim_rule(word, count, min_count)` returns RULE_KEEP, RULE_DISCARD or
            RULE_DEFAULT of `fastw2v.utils`. None: only `min_count` decides.
        sorted_vocab (int): 1 orders words by falling count, 0 by first occurrence.
        batch_words (int): words of text that a worker takes at a time.
        compute_loss (bool): add up the loss, for `history`.
        callbacks (iterable of CallbackAny2Vec): objects with hooks for the edges of training and epochs.
        comment (any plain value, or None): a label, saved with the model.
        max_final_vocab (int or None): raise `min_count` until at most this many words remain. None: no limit.
        shrink_windows (bool): every position draws its window from 1 to `window`. False: always `window`.
        step (str or None): "pair" updates one word pair after the other, in gensim's order. "window" trains
            all context words of a skip-gram window with the same noise words, several times as fast; in CBOW
            only the random numbers differ. None: "window" for skip-gram with negative sampling alone and
            without `baskets`, else "pair".
        baskets (bool): sentences are sets: all other words are context, whatever `window` says, and a
            repeated word counts once.
        deterministic (bool): with several workers, too, the same text, settings and seed give the same
            vectors, to the last bit, on the same kind of processor. Each worker trains a model of its own,
            and these are merged at fixed numbers of words. It takes `workers` + 1 copies of the matrices.
        cluster (LocalCluster or None): the nodes that train, see `train`.
        progress ("auto" or bool): True shows a bar, False none, "auto" one in terminals and notebooks if tqdm
            is installed.
        checkpoint (path or None): a model file to write while training, see `train`.
        checkpoint_every (float): seconds between two checkpoints.

    Raises:
        TypeError: not one corpus that can be read `epochs` + 1 times, a table or column of texts instead of
            lists of words, or an argument has the wrong type.
        ValueError: a setting is out of range, `hs` and `negative` are both 0, or a file is no text in UTF-8.
        RuntimeError: no word of the corpus is left to train.
        FloatingPointError: the vectors are no longer finite, because the learning rate is too high.
        OSError: a text file cannot be read, or a checkpoint cannot be written.

    An error in training, and Ctrl-C, carry what was learnt: their attribute `model` is the model.

    Attributes:
        wv (KeyedVectors): the words, with counts and IN vectors; answers queries.
        syn0 (float32 array): IN vectors (V, D); the memory of `wv.vectors`.
        syn1neg (float32 array): OUT vectors (V, D) of negative sampling.
        syn1 (float32 array): vectors (V, D) of the inner nodes of the Huffman tree, with `hs`.
        wv_out (KeyedVectors): the OUT vectors with the same words.
        cum_table (uint32 array): cumulative noise distribution (V,), rising to 2**31 - 1.
        history (list of EpochRecord): loss, words, seconds and learning rate of every epoch trained.
        raw_vocab (dict): counts of all words of a scanned text, until the vocabulary is decided.
        corpus_count (int): sentences of the text that was counted last.
        corpus_total_words (int): words of that text, before any are dropped.
        effective_min_count (int): `min_count` as raised by `max_final_vocab`.
        random (numpy.random.RandomState): the generator that training draws from.
        running_training_loss (float): loss of the last call of `train`, summed over its epochs.
        min_alpha_yet_reached (float): learning rate where training stopped.
        train_count (int): finished calls of `train`.
        total_train_time (float): their time, in seconds.
        lifecycle_events (list of dict, or None): what happened to the model; set None to record nothing.
        stop_training (bool): a callback sets it True, and `train` ends before another epoch begins. False
            again in the next call.

        The parameters are attributes too, except `sentences`, `corpus_file`, `trim_rule` and `callbacks`.

    Example:
        >>> model = Word2Vec(sentences, vector_size=10, min_count=1, sg=1, workers=1)
        >>> model.wv["cat"].shape, model.syn1neg.shape
        ((10,), (9, 10))
        >>> len(model.wv.most_similar("cat", topn=3))
        3
        >>> model.history[-1]["words"]
        720

    Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space", arXiv 1301.3781, and
    "Distributed Representations of Words and Phrases and their Compositionality", arXiv 1310.4546.
    """

    @renamed_keywords(size="vector_size", iter="epochs")
    @once_per_call
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
        deterministic: bool = False,
        cluster: LocalCluster | None = None,
        progress: Mode = "auto",
        checkpoint: StrPath | None = None,
        checkpoint_every: float = 300.0,
    ) -> None:
        self.vector_size = vector_size
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.window = window
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.max_final_vocab = max_final_vocab
        self.sample = sample
        self.seed = seed
        self.workers = workers
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.hashfxn = hashfxn
        self.epochs = epochs
        self.null_word = null_word
        self.sorted_vocab = sorted_vocab
        self.batch_words = batch_words
        self.compute_loss = compute_loss
        self.comment = comment
        self.shrink_windows = shrink_windows
        self.baskets = baskets
        self.deterministic = deterministic
        if step is None:  # the fast order where it has passed the quality gate of benchmarks/README.md
            step = "window" if self.sg and self.negative and not (self.hs or self.baskets) else "pair"
        self.step = step
        self.progress = progress
        self._check_settings()
        trim_rule_of(trim_rule)

        self.layer1_size = self.vector_size
        self.min_alpha_yet_reached = self.alpha
        self.random = np.random.RandomState(self.seed)
        self.wv = KeyedVectors(self.vector_size)
        self.wv.vectors_lockf = np.ones(1, dtype=np.float32)
        self._raw = RawVocab({})
        self.cum_table = np.empty(0, dtype=np.uint32)
        self.effective_min_count = min_count
        self.corpus_count = self.corpus_total_words = 0
        self.running_training_loss = 0.0
        self.train_count = 0
        self.total_train_time = 0.0
        self.history: list[EpochRecord] = []
        self.lifecycle_events: list[dict[str, Any]] | None = []
        self._encoded: Encoded | None = None  # read last, not trained on yet
        self._checkpoint: Checkpoint | None = None  # where the call stands that a loaded file is from
        self.stop_training = False

        if sentences is None and corpus_file is None:
            for name, given, method in (
                ("trim_rule", trim_rule, "build_vocab()"),
                ("callbacks", callbacks, "train()"),
                ("checkpoint", checkpoint, "train()"),
                ("cluster", cluster, "train()"),
            ):
                if given:
                    warn_user(f"{name} given without a corpus is not used: pass it to {method}", log=logger)
        else:
            self._check_objectives()
            above_zero("alpha", self.alpha)
            epochs = epochs_of(epochs)
            callbacks = callbacks_of(callbacks)
            source = Source.of(sentences, corpus_file, passes=epochs + 1)
            kept = {"checkpoint": checkpoint, "checkpoint_every": check_how(checkpoint, checkpoint_every)}
            try:
                self._build_and_train(
                    source,
                    trim_rule,
                    sentences,
                    corpus_file,
                    epochs=epochs,
                    callbacks=callbacks,
                    **({} if cluster is None else {"cluster": cluster}),
                    **({} if checkpoint is None else kept),
                )
            except BaseException as error:
                self._go_with(error)
                raise
        self.add_lifecycle_event("created", params=str(self))

    def _build_and_train(
        self,
        source: Source,
        trim_rule: TrimRule | None,
        sentences: Iterable[Iterable[Any]] | None,
        corpus_file: StrPath | None,
        **course: Any,
    ) -> None:
        """Build the vocabulary of a corpus and train on it, as the constructor does."""
        if type(self).build_vocab is Word2Vec.build_vocab:
            report = self._make_vocab(source, trim_rule=trim_rule, keep_encoded=True)
            if not len(self.wv):
                raise RuntimeError(self._explain_no_words(self.effective_min_count, report["drop_unique"]))
        else:  # a derived class has its own, which gensim calls here too
            self.build_vocab(sentences, corpus_file, trim_rule=trim_rule)
        self.train(
            sentences,
            corpus_file,
            total_examples=self.corpus_count,
            total_words=self.corpus_total_words,
            start_alpha=self.alpha,
            end_alpha=self.min_alpha,
            compute_loss=self.compute_loss,
            **course,
        )

    def _go_with(self, error: BaseException) -> None:
        """Give the model to an error of the constructor, whose caller would otherwise never get it."""
        if len(self.wv):
            with suppress(AttributeError, TypeError):  # an error whose class allows no attribute
                error.model = self  # type: ignore[attr-defined]
                error.add_note(
                    "What was learnt is not lost: the attribute `model` of this error is the model"
                )

    # --- vocabulary ---

    @renamed_keywords(sentences="corpus_iterable")
    @holds("vocabulary")
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

        All vectors start anew, unless `update`. A call that fails leaves the model as it was.

        Args:
            corpus_iterable (iterable of lists of words, or None): the text; read once.
            corpus_file (path or None): the text as a file, one sentence per line, instead.
            update (bool): add the words and their counts to the vocabulary. Vectors of known words stay; new
                words get rows at the end.
            progress_per (int): sentences between two log lines.
            keep_raw_vocab (bool): keep the counts of all words in `raw_vocab`, also of those dropped.
            trim_rule (callable or None): as for the constructor.
            min_count (int or None): replaces the model's setting, with `update` only for this call. None or
                0: the model's.
            sample (float or None): replaces the model's in the same way.
            dry_run (bool): only count. Sets `raw_vocab`, `corpus_count`, `corpus_total_words` and
                `effective_min_count`, and logs which words would be kept.

        Raises:
            TypeError: not one corpus, a sentence is not a list of words, or an argument has the wrong type.
            ValueError: a number is out of range, or a text file is not UTF-8.
            RuntimeError: no word is left to replace the vocabulary, there is nothing to `update`, or the
                model is being trained.
            OSError: a text file cannot be read.

        Example:
            >>> model = Word2Vec(vector_size=10, min_count=1)
            >>> model.build_vocab(sentences)
            >>> model.syn0.shape
            (9, 10)
            >>> model.build_vocab([["the", "fox", "barks"]], update=True)
            >>> model.syn0.shape, model.wv.index_to_key[-2:]
            ((11, 10), ['fox', 'barks'])
        """
        finite("min_count", min_count or 0)
        finite("sample", sample or 0, 0)
        report = self._make_vocab(
            Source.of(corpus_iterable, corpus_file, passes=1),
            update=update,
            progress_per=progress_per,
            trim_rule=trim_rule,
            dry_run=dry_run,
            keep_raw_vocab=keep_raw_vocab,
            min_count=min_count,
            sample=sample,
        )
        if not len(self.wv) and not dry_run:
            warn_user(self._explain_no_words(self.effective_min_count, report["drop_unique"]))

    @holds("vocabulary")
    def _make_vocab(
        self,
        source: Source,
        *,
        update: bool = False,
        progress_per: int = 10000,
        trim_rule: TrimRule | None = None,
        dry_run: bool = False,
        keep_encoded: bool = False,
        **prepare: Any,
    ) -> Report:
        """Count the words of a source, and make vocabulary and weights of them."""
        self._check_settings()
        self._check_update(update)
        scan = None
        if type(self).scan_vocab is Word2Vec.scan_vocab:
            # Training probably reads the same files next, or with keep_encoded any fixed text: keep its ids.
            with guard_of(self).hold("counting", "build_vocab()"):
                scan = source.scan(
                    max_vocab_size=self.max_vocab_size,
                    trim_rule=trim_rule,
                    progress_per=whole("progress_per", progress_per, 1),
                    encode=source.files is not None or (keep_encoded and source.fixed),
                    threads=self.workers,
                )
            raw, words, sentences = RawVocab.of(scan), scan.total_words, scan.sentences
        else:  # a derived class has its own, which gensim calls here too
            with self._restore_on_error():
                words, sentences = self.scan_vocab(
                    source.sentences, progress_per=progress_per, trim_rule=trim_rule
                )
            raw = self._raw
        report = self._prepare(
            raw,
            corpus_count=sentences,
            corpus_total_words=words,
            update=update,
            trim_rule=trim_rule,
            dry_run=dry_run,
            **prepare,
        )
        if scan is not None and scan.encoded is not None and not dry_run:
            rows = self.wv.key_to_index
            corpus = scan.encoded.renumbered(scan.words.rows_in(rows))
            self._encoded = Encoded.of(source, corpus, rows)
        self.add_lifecycle_event("build_vocab", update=update, trim_rule=str(trim_rule))
        return report

    def _prepare(
        self,
        raw: RawVocab,
        *,
        corpus_count: int,
        corpus_total_words: int,
        update: bool = False,
        dry_run: bool = False,
        **prepare: Any,
    ) -> Report:
        """Make vocabulary and weights of counted words."""
        with aside(self) as made:
            made._checkpoint = self._checkpoint if dry_run else None
            made._raw = raw
            made.corpus_count, made.corpus_total_words = corpus_count, corpus_total_words
            report = made.prepare_vocab(update=update, dry_run=dry_run, **prepare)
            report["memory"] = made.estimate_memory(vocab_size=report["num_retained_words"])
            if not dry_run:
                made.prepare_weights(update=update)
        return report

    @contextmanager
    def _restore_on_error(self) -> Iterator[None]:
        """Restore the model as it was before if the block raises."""
        model, words = self.__dict__.copy(), self.wv.__dict__ | {"expandos": dict(self.wv.expandos)}
        wv, events = self.wv, getattr(self, "lifecycle_events", None)
        before = len(events or ())
        try:
            yield
        except BaseException:
            restore(self, model)
            if events:
                del events[before:]
            restore(wv, words)
            raise

    @holds("vocabulary")
    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, float],
        keep_raw_vocab: bool = False,
        corpus_count: float | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Build the vocabulary from word counts that are known already, without a corpus.

        `corpus_total_words` becomes the sum of the counts. A call that fails leaves the model as it was.

        Args:
            word_freq (dict or pandas.Series): word -> count. Other counts than whole numbers are rounded, and
                are at least 1 if they are above 0.
            keep_raw_vocab (bool): keep these counts in `raw_vocab`.
            corpus_count (number or None): sentences that were counted. None: unknown, 0.
            trim_rule (callable or None): as for the constructor.
            update (bool): add words and counts to the vocabulary that is there, as for `build_vocab`.

        Raises:
            TypeError: `word_freq` is not a dict, or a count is not a number.
            ValueError: a count is negative or not finite.
            RuntimeError: no word is left to replace the vocabulary, or there is nothing to `update`.
        """
        self._check_settings()
        self._check_update(update)
        counts = counts_of(word_freq)
        self._prepare(
            RawVocab(counts),
            corpus_count=rounded("corpus_count", corpus_count or 0),
            corpus_total_words=sum(counts.values()),
            update=update,
            keep_raw_vocab=keep_raw_vocab,
            trim_rule=trim_rule,
        )

    def _check_update(self, update: bool) -> None:
        """Raise RuntimeError unless there is something to update."""
        if not update:
            return
        if not len(self.wv):
            raise RuntimeError(
                "there is no vocabulary to update: call build_vocab() without update=True first, "
                "or load a model that has one"
            )
        self._check_growable()

    @renamed_keywords(sentences="corpus_iterable")
    @holds("counting")
    def scan_vocab(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus into `raw_vocab`, which `prepare_vocab` decides on.

        Args:
            corpus_iterable (iterable of lists of words, or None): the text; read once.
            corpus_file (path or None): the text as a file, one sentence per line, instead.
            progress_per (int): sentences between two log lines.
            workers (int or None): threads that read files. None or 0: the model's.
            trim_rule (callable or None): as for the constructor; asked here if `max_vocab_size` is set.

        Returns:
            tuple of int: words and sentences of the corpus.

        Raises:
            TypeError: not one corpus, or a sentence is not a list of words.
            ValueError: `progress_per` is below 1, or a text file is not UTF-8.
            OSError: a text file cannot be read.
        """
        self._check_settings()
        scan = Source.of(corpus_iterable, corpus_file, passes=1).scan(
            max_vocab_size=self.max_vocab_size,
            trim_rule=trim_rule,
            progress_per=whole("progress_per", progress_per, 1),
            encode=False,
            threads=usable_workers(whole("workers", workers or self.workers, 1)),
        )
        self._raw = RawVocab(scan.raw_vocab)
        return scan.total_words, scan.sentences

    @property
    def raw_vocab(self) -> dict[Any, int]:
        """Counts of all words that were read, dict: emptied by `prepare_vocab` unless `keep_raw_vocab`."""
        return self._raw.by_word

    @raw_vocab.setter
    def raw_vocab(self, counts: dict[Any, int]) -> None:
        self._raw = RawVocab(counts)

    @holds("vocabulary")
    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> Report:
        """Decide from `raw_vocab` which words to keep, in which order, and how often to drop or draw each.

        `build_vocab` calls this. Weights are not made: see `prepare_weights`.

        Args:
            update (bool): add the words and their counts to the vocabulary that is there.
            keep_raw_vocab (bool): do not empty `raw_vocab`.
            trim_rule (callable or None): as for the constructor.
            min_count (int or None): replaces the model's setting, with `update` only for this call. None or
                0: the model's.
            sample (float or None): replaces the model's in the same way.
            dry_run (bool): change nothing but `effective_min_count`; only report.

        Returns:
            Report: how many words and occurrences stay and go.

        Raises:
            TypeError: `min_count` or `sample` is not a number.
            ValueError: one is not finite, `sample` is negative, or the counts do not suit `ns_exponent`.
            RuntimeError: no word is left to replace those that are there.
        """
        self._check_settings()
        trim_rule_of(trim_rule)
        min_count = min_count or self.min_count
        sample = sample or self.sample
        finite("min_count", min_count)
        finite("sample", sample or 0, 0)
        raw_words, raw_counts = self._raw.columns()
        made = plan(
            raw_words,
            raw_counts,
            min_count=min_count,
            max_final_vocab=self.max_final_vocab,
            trim_rule=trim_rule,
            sample=sample,
        )
        report = made.report
        log_plan(made, sample)
        if dry_run:
            self.effective_min_count = made.min_count
            return report
        if not made.retained.words and not update:
            reason = self._explain_no_words(made.min_count, len(raw_words))
            if len(self.wv):
                raise RuntimeError(reason)
            logger.warning(reason)  # as in gensim, an error only when it comes to training
        wv = self.wv
        table, known = (
            made.added_to(wv.index_to_key, wv.key_to_index, wv.expandos) if update else (made.retained, None)
        )
        if self.null_word:
            table = table.with_null_word()
        if self.sorted_vocab and not update:
            table = table.by_descending_frequency()
        # Not in this model: derived classes may override the steps in between, and raise.
        with aside(self) as model:
            model.effective_min_count = made.min_count
            if not update:
                model.min_count, model.sample = min_count, sample
            model._set_words(table, known)
            model._raw = RawVocab(self.raw_vocab if keep_raw_vocab else {})
            if self.hs:
                model.create_binary_tree()
                if update:
                    logger.warning(
                        "the Huffman tree is built anew from the new counts: words get other paths, "
                        "while syn1 keeps what was learnt for the old ones"
                    )
            if self.negative:
                model.make_cum_table()
        self.add_lifecycle_event("prepare_vocab", **report)
        return report

    def _explain_no_words(self, min_count: int, distinct: int) -> str:
        """Return what to say if no word of a text is kept."""
        if self.max_vocab_size and not distinct and self.corpus_total_words:
            return (
                f"no word is left to train: max_vocab_size={self.max_vocab_size} dropped all words while "
                "they were counted. It only saves memory, and wants room for most words of the corpus; "
                "to keep a small vocabulary give max_final_vocab"
            )
        if not distinct:
            return "no word is left to train: the corpus has none; is it empty, or an iterator read before?"
        source, advice = "", "give a lower min_count or more text"
        if self.max_final_vocab is not None:
            source = f" (from max_final_vocab={self.max_final_vocab})"
            if min_count > self.min_count:
                advice = "words of equal count stay or go together, so give a higher max_final_vocab"
        if self.max_vocab_size:
            source += f", and max_vocab_size={self.max_vocab_size} may have dropped some while counting"
        kept = f"none of {distinct} is kept with min_count={min_count}{source}"
        return f"no word is left to train: {kept}; {advice}"

    def _set_words(self, table: Table, known: dict[Any, int] | None = None) -> None:
        """Take over a vocabulary; with `known` rows it is the one that is there and words after its last."""
        # Lists, dicts and columns are replaced, not changed: other objects may share them.
        wv, words = self.wv, table.words
        columns: dict[str, npt.NDArray[Any] | Ragged] = {
            "count": table.counts,
            "sample_int": table.thresholds,
        }
        if known is None:
            wv._name_rows(words, {word: row for row, word in enumerate(words)})
            wv.expandos = columns
        else:
            first = len(wv)
            new = {word: row for row, word in enumerate(words[first:], first)}
            wv._name_rows(words, known | new)
            wv.expandos = wv.expandos | columns
            wv.allocate_vecattrs()  # columns of the user's own grow too

    @holds("vocabulary")
    def add_null_word(self) -> None:
        """Add the null word, a single zero character, with count 1, as the last word, unless it is there.

        If words are dropped by `sample`, it always is. Matrices and tables are not grown.
        """
        if NULL_WORD not in self.wv.key_to_index:
            table = table_of(self.wv.index_to_key, self.wv.expandos)
            with aside(self) as model:
                model._set_words(table.with_null_word(), self.wv.key_to_index)

    @holds("vocabulary")
    def create_binary_tree(self) -> None:
        """Build the Huffman tree of the word counts: the attributes `point` and `code` of every word.

        Raises:
            KeyError: the words have no counts.
        """
        logger.info("constructing a huffman tree from %i words", len(self.wv))
        tree = HuffmanTree.from_counts(plain_column(self.wv.expandos, "count"))
        self.wv.expandos = {**self.wv.expandos, **tree.columns()}
        logger.info("built huffman tree with maximum node depth %i", tree.depth)

    @holds("vocabulary")
    def make_cum_table(self, domain: int = DOMAIN) -> None:
        """Build `cum_table`, the cumulative noise distribution, in proportion to count ** ns_exponent.

        Args:
            domain (int): its last entry. Training needs the default, 2**31 - 1.

        Raises:
            KeyError: the words have no counts.
            ValueError: the powers of the counts do not fit a float.
        """
        self.cum_table = noise_table(plain_column(self.wv.expandos, "count"), self.ns_exponent, domain)

    @holds("vocabulary")
    def reset_from(self, other_model: Word2Vec) -> None:
        """Take over the vocabulary of another model, and begin with fresh weights.

        Words, their attributes and the noise table are shared, not copied. A Huffman tree or noise table that
        only this model needs is computed. A call that fails leaves the model as it was.

        Args:
            other_model (Word2Vec): the model with the vocabulary; one of gensim's is copied.

        Raises:
            TypeError: this is no model, or one of gensim's that holds more, such as FastText.
            KeyError: a tree or table is missing, and the words have no counts to make it from.
        """
        if is_gensims(other_model):
            other_model = Word2Vec.from_gensim(other_model)
        if not isinstance(other_model, Word2Vec):
            raise TypeError(f"other_model is of type {type(other_model).__name__}: give a Word2Vec")
        other = other_model._as_it_is()
        with aside(self) as model:
            words = len(other.wv)
            model._checkpoint = None
            wv = other.wv.with_vectors(np.zeros((words, self.vector_size), dtype=np.float32))
            wv.expandos = dict(wv.expandos)
            wv.vectors_lockf = np.ones(1, dtype=np.float32)
            model.wv, model.cum_table = wv, other.cum_table
            model.corpus_count = other.corpus_count
            model.corpus_total_words = other.corpus_total_words
            if self.hs and "point" not in wv.expandos:
                model.create_binary_tree()
            if self.negative and len(model.cum_table) != words:
                model.make_cum_table()
            model.init_weights()

    # --- training ---

    @renamed_keywords(sentences="corpus_iterable")
    @once_per_call
    @holds("training")
    def train(
        self,
        corpus_iterable: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        total_examples: float | None = None,
        total_words: float | None = None,
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
        cluster: LocalCluster | None = None,
        checkpoint: StrPath | None = None,
        checkpoint_every: float = 300.0,
        resume: bool = False,
    ) -> tuple[int, int]:
        """Train on a corpus, going through it `epochs` times.

        Errors in the corpus or a callback, and Ctrl-C, are raised here after all threads have ended; the
        model can then be used and trained further. A refused call changes nothing. Callbacks run between
        epochs, when the vectors are complete, and may set `stop_training`: then no further epoch begins.
        During an epoch the matrices may be trained in copies.

        Args:
            corpus_iterable (iterable of lists of words, or None): the text; read once per epoch unless it is
                a list, a tuple or one of the readers of text files.
            corpus_file (path or None): the text as a file, one sentence per line, instead; needs
                `total_words`.
            total_examples (number or None): sentences of the corpus, for the falling learning rate; after
                `build_vocab` it is `corpus_count`. Rounded. None: by `total_words`. 0 is right for a corpus
                without sentences: nothing is trained.
            total_words (number or None): words of the corpus, for the same; after `build_vocab` it is
                `corpus_total_words`.
            epochs (int): passes over the corpus, for instance `model.epochs`; must be given.
            start_alpha (float or None): learning rate at the start, from now on `alpha`. None or 0: `alpha`.
            end_alpha (float or None): learning rate at the end, from now on `min_alpha`. None or 0:
                `min_alpha`.
            word_count (int): ignored; accepted as gensim has it.
            queue_factor (int): portions of text per worker that may wait.
            report_delay (float): seconds between two log lines, if no bar is shown.
            compute_loss (bool): add up the loss, for `history`.
            callbacks (iterable of CallbackAny2Vec): objects whose hooks are called.
            cluster (LocalCluster or None): nodes that each train a model of their own on a part of the text,
                to be merged now and then, see `fastw2v.distributed`. None: all threads train one model,
                unless it is `deterministic`.
            freeze (str or None): "out" leaves OUT and node vectors as they are, so that models of different
                texts can be compared; "in" leaves the IN vectors. None trains both, unless the model has
                been given `learn_hidden = False` or `learn_vectors = False`, as the compass packages do.
            checkpoint (path or None): a model file to write at the beginning, every `checkpoint_every`
                seconds, at the end of each epoch, and before SIGTERM, SIGHUP or Ctrl-C ends the program (if
                this is the main thread). It replaces the one before, at once or not at all.
            checkpoint_every (float): seconds.
            resume (bool): go on where the checkpoint stopped that this model was loaded from. Epochs,
                totals, rates and `freeze` are those of then, and need not be given. With one worker the
                result is the one that would have come without the stop, bit for bit; with several each word
                is trained once. A run that was complete trains nothing.

        Returns:
            tuple of int: over all epochs, the words trained (known and not dropped by `sample`), and all
            words read; with `resume` those of this call.

        Raises:
            ValueError: a number is missing or out of range, `hs` and `negative` are both 0, a matrix is
                read-only or has another shape, or with `resume` the text or a setting is another.
            TypeError: not one corpus that can be read `epochs` times, a sentence is not a list of words, or
                an argument has the wrong type.
            RuntimeError: vocabulary, vectors or tables are missing, a callback changed the vocabulary, or
                another thread, or the call that reads this text, trains the model or changes its words; or
                there is no checkpoint to `resume`.
            FloatingPointError: the vectors are no longer finite, because the learning rate is too high.
            OSError: a text file cannot be read, or the first checkpoint cannot be written.

        Warns:
            FastW2VWarning: a later checkpoint could not be written; training goes on.

        Example:
            >>> model = Word2Vec(vector_size=10, min_count=1, sample=0, workers=1)
            >>> model.build_vocab(sentences)
            >>> model.train(sentences, total_examples=model.corpus_count, epochs=2)
            (1440, 1440)

            A run that may be killed at any moment, and the line that goes on with it:

            >>> file = f"{tmp}/run.fw2v"
            >>> run = Word2Vec(sentences, vector_size=10, min_count=1, workers=1, checkpoint=file)
            >>> Word2Vec.load(file).train(sentences, resume=True)  # it was complete: nothing is left to do
            (0, 0)

        `freeze`: Di Carlo, Bianchi and Palmonari 2019, "Training Temporal Word Embeddings with a Compass".
        """
        self._check_settings()
        interval = check_how(checkpoint, checkpoint_every)
        reports = {"queue_factor": queue_factor, "report_delay": report_delay, "cluster": cluster}
        if resume:
            state = self._checked_checkpoint()
            if state.complete:
                return 0, 0
            given: dict[str, Any] = {
                "epochs": epochs,
                "total_examples": total_examples,
                "total_words": total_words,
            }
            given |= {"start_alpha": start_alpha, "end_alpha": end_alpha, "freeze": freeze}
            course, length = course_of(state, self, given, callbacks=callbacks, **reports)
            passes = passes_left(state)
        else:
            length = self._check_call(corpus_file, total_examples, total_words)
            course = Course.of(
                epochs=epochs,
                start_alpha=start_alpha or self.alpha,
                end_alpha=end_alpha or self.min_alpha,
                compute_loss=compute_loss,
                callbacks=callbacks,
                freeze=frozen_side(self, freeze),
                **reports,
            )
            passes = course.epochs
        self._ready_to_train()
        source = Source.of(corpus_iterable, corpus_file, passes=passes)
        if checkpoint is not None:
            source.check_not(checkpoint)
        if not resume and not any(length) and next(iter(source.sentences), None) is not None:
            raise ValueError(NO_LENGTH)
        checkpoints = None
        if resume:
            checkpoints = Checkpoints(self, state, course.callbacks, checkpoint, interval, nodes=course.nodes)
        elif checkpoint is not None:
            checkpoints = Checkpoints.of_new(self, course, length, checkpoint, interval)
        return self._train_text(lambda: self._text_of(source), length, course, checkpoints=checkpoints)

    @holds("vocabulary")
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
        """Train IN of each input with OUT of its output, and not the other way.

        `sg`, `window` and `baskets` do not matter here. Pairs with an unknown word are left out, and come in
        a new order in every epoch. A model without a vocabulary gets that of the pairs.

        Args:
            inputs (iterable of words): the first words of the pairs.
            outputs (iterable of words): the second words, as many.
            weights (array-like or None): how often each pair counts in an epoch, (pairs,); of 2.3, the 0.3 is
                the probability of a third time. None: once.
            epochs (int or None): passes over the pairs. None: the model's.
            start_alpha (float or None): learning rate at the start, from now on `alpha`. None or 0: `alpha`.
            end_alpha (float or None): learning rate at the end, from now on `min_alpha`. None or 0:
                `min_alpha`.
            compute_loss (bool): add up the loss, for `history`.
            callbacks (iterable of CallbackAny2Vec): objects whose hooks are called.
            freeze (str or None): "out" or "in" leaves these vectors as they are. None trains both.

        Returns:
            tuple of int: over all epochs, the words trained (not dropped by `sample`), and all words of the
            pairs.

        Raises:
            ValueError: inputs, outputs and weights do not match, no pair is left, a number is out of range,
                `hs` and `negative` are both 0, or a matrix is read-only or has another shape.
            TypeError: an argument has the wrong type.
            RuntimeError: the vocabulary has no vectors or tables.
            FloatingPointError: the vectors are no longer finite, because the learning rate is too high.

        Example:
            >>> model = Word2Vec(vector_size=10, min_count=1, sample=0, workers=1)
            >>> model.train_pairs(["bread", "bread"], ["butter", "cheese"], weights=[3, 1], epochs=2)
            (16, 16)

        Levy and Goldberg 2014, "Dependency-Based Word Embeddings".
        """
        self._check_settings()
        pairs = words_in("inputs", inputs), words_in("outputs", outputs)
        if len(pairs[0]) != len(pairs[1]):
            raise ValueError(
                f"{len(pairs[0])} inputs and {len(pairs[1])} outputs: give one output for each input"
            )
        counts = np.ones(len(pairs[0])) if weights is None else np.asarray(weights, dtype=np.float64)
        if counts.shape != (len(pairs[0]),) or not (np.isfinite(counts).all() and (counts >= 0).all()):
            raise ValueError(
                f"weights of shape {counts.shape} for {len(pairs[0])} pairs: "
                "give one finite number, at least 0, for each pair"
            )
        course = Course.of(
            epochs=self.epochs if epochs is None else epochs,
            start_alpha=start_alpha or self.alpha,
            end_alpha=end_alpha or self.min_alpha,
            compute_loss=compute_loss,
            callbacks=callbacks,
            freeze=frozen_side(self, freeze),
        )
        with self._restore_on_error():
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
                    "no pair is left to train: none has both words in the vocabulary and a weight above 0"
                )
            length = self._check_call(None, total, 2 * total)
            self._ready_to_train()
        with guard_of(self).hold("training", "train_pairs()"):
            text = Pairs(ids, counts, total, self.random)
            return self._train_text(lambda: text, length, course, pairs=True)

    def _train_text(
        self,
        read: Callable[[], Iterable[Block]],
        length: Length,
        course: Course,
        *,
        pairs: bool = False,
        checkpoints: Checkpoints | None = None,
    ) -> tuple[int, int]:
        """Train on a text, all arguments checked; with `pairs` its sentences are pairs."""
        new = checkpoints is None or not checkpoints.goes_on
        if new:
            course.warn_of_rising_rate()
            warn_of_call(self, course.alpha, length)
        begin = time.perf_counter()
        with self._restore_on_error():  # a text in memory may be refused
            if new:
                self.alpha, self.min_alpha, self.epochs = course.alpha, course.min_alpha, course.epochs
                self.compute_loss = course.compute_loss
                self.running_training_loss = 0.0
            self.stop_training = False
            self.add_lifecycle_event(
                "train",
                msg=f"{'training' if new else 'going on to train'} model with {self.workers} workers on "
                f"{len(self.wv)} vocabulary and "
                f"{self.vector_size} features, using sg={self.sg} hs={self.hs} sample={self.sample} "
                f"negative={self.negative} window={self.window} shrink_windows={self.shrink_windows} "
                f"step={self.step}",
            )
            for callback in course.callbacks:
                callback.on_train_begin(self)
            text = read()  # only now, because the time to encode a text is reported too
        training = Training(self, text, length, course, begin, pairs=pairs, checkpoints=checkpoints)
        with checkpoints or nullcontext():
            with self._restore_on_error():
                training.take_up()
            self._checkpoint = None
            return training.run()

    def _checked_checkpoint(self) -> Checkpoint:
        """Return where the call stands that is to go on; RuntimeError if there is none."""
        if self._checkpoint is None:
            raise RuntimeError(
                "resume=True, but this model is not from a checkpoint, or was trained or changed since: load "
                "the file that train(checkpoint=...) wrote, and call train(corpus, resume=True) first"
            )
        return self._checkpoint

    def _text_of(self, source: Source) -> Iterable[Block]:
        """Return the source as ids, once per epoch: from memory if it cannot change, else read each time."""
        # The ids kept from counting serve if they are of this text; after this training they are not needed.
        held, self._encoded = self._encoded, None

        def current() -> dict[Any, int]:
            return self.wv.key_to_index

        if not source.fixed:
            return StreamedText(source.sentences, current, max(STREAM_WORDS, self.batch_words))
        rows = current()
        if held is None or not held.is_of(source, rows):
            held = Encoded.of(source, source.encode(rows, threads=self.workers), rows)
        return EncodedText(held, current)

    @holds("training")
    def _train_batch(self, sentences: Iterable[Any], alpha: float, sg: bool, compute_loss: bool) -> int:
        """Train on sentences as one job in this thread; return how many words were left to train."""
        objective = self._objective(compute_loss, sg=sg)
        effective = 0
        with rows_to_train(self._trained_matrices(), words=0) as held:
            (worker,) = objective.workers(held.rows, StopFlag(), 1, alone=True, undo=held.undo)
            for ids, ends, _ in self._batch(sentences):
                seed, draw_windows = objective.job_seeds(self.random)(0)
                effective += worker.train(ids, ends, finite("alpha", alpha), seed, draw_windows)
        self.running_training_loss += worker.loss
        return effective

    def get_latest_training_loss(self) -> float:
        """Return the loss of the last call of `train`, summed over its epochs; 0 without `compute_loss`."""
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
        """Save the model to one `.fw2v` file: safetensors layout, no pickle.

        Training goes on after `load` as if the model had not been saved. A file at a path is replaced at
        once, or not at all. Words and the values of attributes may be of any plain type: None, bool, numbers,
        str, bytes, dates, paths, numpy scalars and arrays, and tuples, lists, sets and dicts of such.

        While another thread trains, the state between two epochs is saved; or a copy of the matrices as they
        are now, if they are trained in place, as those larger than 1 GB.

        Attributes that you or a derived class set on the model or on `wv` are saved if they are such values;
        what is not is named in a warning. Attributes of words that do not fit the words after an edit by hand
        are saved cut, or grown with zeros, as `allocate_vecattrs` does. Outputs that do not fit are kept as
        they are: such a model answers queries, and refuses to train.

        Args:
            fname_or_handle (path or binary file): where to write.
            separately (iterable of str, or None): ignored; gensim's names of arrays to put beside the file.
            sep_limit (int): ignored; gensim's size in bytes of such arrays.
            ignore (iterable of str): what to leave out, of "syn1", "syn1neg", "raw_vocab", "history" and
                "lifecycle_events", attributes that you set, attributes of words by name, and "expandos", all
                of these. Without its output matrix a model answers queries, but cannot be trained.
            pickle_protocol (int): ignored; accepted as gensim has it.

        Raises:
            TypeError: a word, an attribute of words, a setting or `comment` is no plain value, or `ignore` is
                a str. `pickle.dump(model, file)` keeps any value.
            ValueError: `ignore` names something that a file needs, a setting is out of range, there is not
                one vector per word, or `key_to_index` leads to a row that is not there.
            OSError: the file cannot be written.

        Warns:
            FastW2VWarning: an attribute that you set is not saved, or one of words was cut or grown.

        Example:
            >>> model.save(f"{tmp}/model.fw2v")
            >>> loaded = Word2Vec.load(f"{tmp}/model.fw2v")
            >>> np.array_equal(loaded.syn1neg, model.syn1neg)
            True
        """
        left_out = model_file.check_ignore(ignore, needed=model_file.MODELS_NEED)
        self._as_it_is()._check_settings()  # load does, too
        self.add_lifecycle_event("saving", fname_or_handle=str(fname_or_handle))
        classes = type(self), type(self.wv)
        with self._steady() as model:
            model._check_settings()
            model_file.write_model(fname_or_handle, assembly.take_apart(model), left_out, classes)

    @class_only
    def load(
        cls,
        fname: StrPath | IO[bytes],
        mmap: Literal["r", "c"] | None = None,
        rethrow: bool = False,
        *,
        verify: Literal["structure", "full"] = "structure",
    ) -> Self:
        """Load a model that `save` wrote, or that gensim 0.12 to 4.4 saved; nothing in the file is run.

        gensim need not be installed.

        Args:
            fname (path or binary file): what to read.
            mmap (str or None): "r" leaves the matrices in the file, read-only and shared between processes.
                "c" does too, but they can be changed in memory. None reads them. Of gensim's files, only
                arrays that were saved separately can be left there. While a file is mapped, replace it by
                `save` or by `mv`, never in place as `cp` does: the system ends a process whose mapped file
                becomes shorter (SIGBUS), and other content becomes other vectors.
            rethrow (bool): ignored, errors are always raised; accepted as gensim has it.
            verify (str): "structure" checks sizes, types and indices. "full" compares checksums too and looks
                for NaN and infinity, but not in gensim's files.

        Returns:
            Word2Vec: the model.

        Raises:
            FormatError: not such a file, or a damaged one; a ValueError. It is a `pickle.UnpicklingError`
                too if the file is a pickle of something else.
            AttributeError: the file holds a `KeyedVectors`.
            ValueError: `mmap` or `verify` is not one of these, or `mmap` is given for an open file.
            TypeError: `fname` is neither a path nor a file.
            OSError: the file cannot be read.

        Example:
            >>> model.save(f"{tmp}/model.fw2v")
            >>> shared = Word2Vec.load(f"{tmp}/model.fw2v", mmap="r")
            >>> shared.wv.vectors.flags.writeable
            False
        """
        # Imported here, as below: it takes time that programs without gensim's files need not wait.
        from fastw2v.formats import gensim_parts, gensim_pickle

        fname = seekable(fname)
        if gensim_pickle.is_pickle(fname):
            parts = gensim_parts.read(fname, mmap)
            if not isinstance(parts, Model):
                raise AttributeError(model_file.not_a_model(fname, "KeyedVectors"))
            model = assembly.of_gensim(cls, parts, fname, base=Word2Vec)
        else:
            model = assembly.of_file(cls, model_file.read_model(fname, mmap, verify=verify), fname)
        model.add_lifecycle_event("loaded", fname=str(fname))
        return model

    @class_only
    def from_vectors(
        cls,
        in_: KeyedVectors | StrPath | IO[bytes],
        out: KeyedVectors | StrPath | IO[bytes],
        *,
        binary: bool = False,
        fvocab: StrPath | None = None,
        allow_truncated: bool = False,
        **settings: Any,
    ) -> Self:
        """Make a model of given IN and OUT vectors, to ask both or to go on training.

        Training needs the counts of the words. Without any, Zipf's law is assumed, V / n for the n-th word;
        `build_vocab(corpus, update=True)` then adds those of a corpus.

        Args:
            in_ (KeyedVectors, path or binary file): IN vectors; a file is in word2vec format. Copied.
            out (KeyedVectors, path or binary file): OUT vectors of the same words, in any order. Copied.
            binary (bool): files are in the binary format.
            fvocab (path or None): the file of counts that `save_word2vec_format` writes, if `in_` is a file.
                A `KeyedVectors` has counts as its attribute `count`.
            allow_truncated (bool): read files that may have been cut short, as `load_word2vec_format` does.
            **settings: as for the constructor, except the corpus and `vector_size`.

        Returns:
            Word2Vec: the model.

        Raises:
            ValueError: words or dimensions differ, rows have no word, a setting is out of range, or the
                settings have no OUT vectors.
            TypeError: a setting does not exist, has the wrong type, or is decided by the vectors.
            FormatError: a file is not in word2vec format; a ValueError.
            OSError: a file cannot be read.

        Example:
            >>> again = Word2Vec.from_vectors(model.wv, model.wv_out, sg=1)
            >>> np.array_equal(again.syn1neg, model.syn1neg)
            True
        """
        if taken := sorted(settings.keys() & {"sentences", "corpus_file", "vector_size"}):
            raise TypeError(
                f"from_vectors() does not take {taken}: words and dimensions come from in_ and out; "
                "call train() on a corpus afterwards"
            )
        model = cls(**settings)
        if model.hs or not model.negative:
            raise ValueError(
                f"hs={model.hs}, negative={model.negative}: OUT vectors belong to negative sampling alone; "
                "give hs=0 and negative=5"
            )
        words, vectors, out_vectors, counts = read_both_sides(
            in_, out, fvocab=fvocab, binary=binary, allow_truncated=allow_truncated
        )
        if counts is None:
            counts = np.maximum(1, len(words) // np.arange(1, len(words) + 1))
            logger.warning("the words have no counts: taken as Zipf's law has them, in the order of in_")
        model.vector_size = model.layer1_size = vectors.shape[1]
        model.wv.vector_size = model.vector_size
        model._set_words(Table(words, counts, downsampling(counts, model.sample)[0]))
        model.corpus_total_words = int(counts.sum())
        model.syn0 = vectors
        model.syn1neg = out_vectors
        model.make_cum_table()
        model.add_lifecycle_event("from_vectors", msg=f"{len(words)} words of {in_} and {out}")
        return model

    def to_gensim(self) -> Any:
        """Return a real `gensim.models.Word2Vec`, which goes on training where this model is.

        Everything is copied, except `history`, `step` and `baskets`, which gensim does not have. Of the
        attributes that you set those that cannot be copied are shared.

        Returns:
            gensim.models.Word2Vec: the model.

        Raises:
            ImportError: gensim is not installed.
            ValueError: there is not one vector per word, or `key_to_index` leads to a row that is not there.
            TypeError: a part is no matrix, or has no rows.
        """
        from fastw2v.formats import gensim_parts

        with self._steady() as model:
            return gensim_parts.build(assembly.take_apart(model))

    @class_only
    def from_gensim(cls, model: Any) -> Self:
        """Copy a model of an installed gensim, 3.8 or 4, to go on training where it is.

        Args:
            model (gensim.models.Word2Vec): the model.

        Returns:
            Word2Vec: the copy.

        Raises:
            TypeError: not a gensim Word2Vec; FastText and Doc2Vec models hold more and are refused.
            FormatError: the parts do not make a model; a ValueError.
        """
        from fastw2v.formats import gensim_parts

        parts = gensim_parts.describe_live(model)
        if not isinstance(parts, Model):
            raise TypeError("a gensim KeyedVectors is not a model: use KeyedVectors.from_gensim")
        return assembly.of_gensim(cls, parts, str(model), base=Word2Vec)

    def __getstate__(self) -> dict[str, Any]:
        # The corpus read last may be large, or hold a lock or a file. Training reads it again.
        if not guard_of(self).shared:
            return self.__dict__ | {"_encoded": None}
        with self._steady() as model:  # another thread may change `wv` before it is pickled
            return vars(model) | {"_encoded": None}

    # --- older spellings: see OlderWord2Vec ---

    _keyed_vectors = KeyedVectors  # its load_word2vec_format reads with this class

    # --- bookkeeping ---

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"
        )

    __repr__ = __str__
