"""`Phrases` learns which words belong together, `FrozenPhrases` keeps only that; both join them in a text."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, ClassVar, Self

import numpy as np

from fastw2v.checks import finite, whole
from fastw2v.formats.atomic import StrPath, atomic_writer
from fastw2v.formats.errors import FormatError
from fastw2v.lifecycle import class_only
from fastw2v.paths import expand
from fastw2v.phrases.counts import Counts, numbered
from fastw2v.phrases.scoring import KNOWN, Scorer, npmi_scorer, original_scorer, scorer_of
from fastw2v.phrases.text import PhrasedText, Rules, read_as_ids
from fastw2v.utils import prune_vocab

logger = logging.getLogger("fastw2v.phrases")

FORMAT = "fastw2v phrases 1"
NO_SCORES = np.empty(0)
COMPILED = {original_scorer: 1, npmi_scorer: 2}  # scorers that the trie knows


class _Joins:
    """What `Phrases` and `FrozenPhrases` have in common: they join the phrases of sentences."""

    delimiter: str
    threshold: float
    min_count: float
    connector_words: frozenset[str]
    scoring: Scorer

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str, float] | tuple[None, None]:
        raise NotImplementedError

    def _rules(self) -> Rules | None:
        raise NotImplementedError

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Go through a sentence from left to right, joining what makes a phrase.

        Args:
            sentence (iterable of str): its words.

        Yields:
            (str, float or None): a phrase and its score, or a word that is in none and None.
        """
        held: list[str] = []  # a word that may begin a phrase, and the connectors that followed
        for word in sentence:
            if word in self.connector_words:
                if held:
                    held.append(word)
                else:
                    yield word, None
                continue
            if held:
                phrase, score = self.score_candidate(held[0], word, held[1:])
                if phrase is not None:
                    held = []
                    yield phrase, score
                    continue
                yield from ((token, None) for token in held)
            held = [word] if word else []  # as in gensim an empty word that could begin a phrase is lost
        yield from ((token, None) for token in held)

    def __getitem__(self, sentence: Iterable[Any]) -> Any:
        """Join the phrases of a sentence, or of a text.

        Args:
            sentence (iterable of str, or iterable of sentences): one sentence, or a text.

        Returns:
            list of str, PhrasedText or iterator: the sentence; or all sentences, read as often as the text
                can be.
        """
        if isinstance(sentence, PhrasedText):
            return PhrasedText(self, sentence)
        words = iter(sentence)
        once = words is sentence
        for first in words:
            given = chain([first], words) if once else sentence
            if isinstance(first, str):
                return [token for token, _ in self.analyze_sentence(given)]
            return iter(PhrasedText(self, given)) if once else PhrasedText(self, given)
        return []

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Return the phrases that a text has.

        Args:
            sentences (iterable of lists of str): the text.

        Returns:
            dict: phrase → score.
        """
        found = {}
        for sentence in sentences:
            found.update(
                {token: score for token, score in self.analyze_sentence(sentence) if score is not None}
            )
        return found

    # --- files ---

    def _settings(self) -> dict[str, Any]:
        names = {function: name for name, function in KNOWN.items()}
        if self.scoring not in names:
            raise TypeError(
                f"the scoring function {self.scoring!r:.60} cannot be saved, only the names 'default' and "
                "'npmi' can: use pickle, which finds functions by their names"
            )
        return {
            "format": FORMAT,
            "class": type(self).__name__,
            "scoring": names[self.scoring],
            "delimiter": self.delimiter,
            "threshold": self.threshold,
            "min_count": self.min_count,
            "connector_words": sorted(self.connector_words),
        }

    def _save(self, path: StrPath, more: dict[str, Any]) -> None:
        content = json.dumps(self._settings() | more, ensure_ascii=True).encode()
        with atomic_writer(path, expected_bytes=len(content)) as file:
            file.write(content)

    @staticmethod
    def _read(path: StrPath, kind: str) -> dict[str, Any]:
        name = os.fspath(path)
        with open(expand(path), "rb") as file:
            raw = file.read()
        try:
            held = json.loads(raw)
            if held["format"] != FORMAT or held["class"] != kind:
                raise ValueError(f"it holds {held['class']!r:.40} of {held['format']!r:.40}")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            advice = " It may be gensim's: load it there, and give it to FrozenPhrases(…)." * raw.startswith(
                b"\x80"
            )
            raise FormatError(f"{name} is not what {kind}.save writes ({error}).{advice}") from error
        return held  # type: ignore[no-any-return]


class Phrases(_Joins):
    """Learns from a text which words belong together, and joins them: "new york" → "new_york".

    gensim's class of that name, with its arguments and its results, counted by compiled code.

    Attributes:
        vocab (dict): words and joined pairs → counts; a copy.
        corpus_word_count (int): words of all texts so far.
        min_reduce (int): how rare the words are that the next pruning drops.

    Example:
        >>> text = [["in", "new", "york"], ["new", "york", "is", "new"], ["old", "york"]] * 10
        >>> phrases = Phrases(text, min_count=1, threshold=0.1)
        >>> phrases[["to", "new", "york"]]
        ['to', 'new_york']

    Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality".
    """

    _learnt: Counts | None  # None: strings are counted in `_plain`, as the delimiter does not divide them
    _plain: dict[str, int]

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        """Learn from a text, if one is given.

        Args:
            sentences (iterable of lists of str, or None): the text: lists, a reader of files, a column.
            min_count (float): pairs that occur less often are no phrases; taken off by scoring="default".
            threshold (float): pairs with a higher score are phrases.
            max_vocab_size (int): if there are more distinct words and pairs after a sentence, the rarest are
                dropped, and counts are approximate from then on.
            delimiter (str): what joins words.
            progress_per (int): ignored; accepted as gensim has it.
            scoring (str or callable): "default", "npmi", or a function of `worda_count`, `wordb_count`,
                `bigram_count`, `len_vocab`, `min_count` and `corpus_word_count`.
            connector_words (iterable of str): words that may stand inside of a phrase and are not counted:
                `ENGLISH_CONNECTOR_WORDS`, for "bank_of_america".

        Raises:
            ValueError: a number is out of range, or there is no such scoring.
            TypeError: a word is not a str, or an argument has the wrong type.
        """
        if finite("min_count", min_count) <= 0:
            raise ValueError(f"min_count={min_count}: it must be above 0")
        if not isinstance(delimiter, str) or not delimiter:
            raise ValueError(f"delimiter is {delimiter!r:.40}: give a str that is not empty")
        if isinstance(connector_words, str):
            raise TypeError(f"connector_words is the str {connector_words!r:.40}: give a set of words")
        self.threshold = finite("threshold", threshold)
        self.scoring = scorer_of(scoring, self.threshold)
        self.min_count, self.delimiter = min_count, delimiter
        self.max_vocab_size = whole("max_vocab_size", max_vocab_size, 1)
        self.progress_per = progress_per
        self.connector_words = frozenset(connector_words)
        self.corpus_word_count, self.min_reduce = 0, 1
        self._take({})
        if sentences is not None:
            self.add_vocab(sentences)

    def _take(self, counts: dict[str, int]) -> None:
        """Take counts, by string."""
        # Of a longer delimiter "a_" + "__" + "b" and "a" + "__" + "_b" are the same string.
        fast = len(self.delimiter) == 1
        self._learnt = Counts.of(counts, self.delimiter) if fast else None
        self._plain = {} if fast else counts

    def add_vocab(self, sentences: Iterable[Any]) -> None:
        """Learn from one more text.

        Args:
            sentences (iterable of lists of str): the text.

        Raises:
            TypeError: a word is not a str.
        """
        words, text = read_as_ids(sentences)
        learnt = None
        if self._learnt is not None:
            learnt = Counts(self.delimiter)
            learnt.learn(words, text, self.connector_words)
        min_reduce = 1
        if learnt is not None and len(learnt) <= self.max_vocab_size:
            if not len(self._learnt or ()):
                self._learnt = learnt
                self.corpus_word_count += len(text.ids)
                return
            counts = learnt.as_dict()
        else:
            counts, min_reduce = self._count_and_prune(words, text)
        self.corpus_word_count += len(text.ids)
        known = self.vocab
        if known:
            self.min_reduce = max(self.min_reduce, min_reduce)
            for word, count in counts.items():
                known[word] = known.get(word, 0) + count
            if len(known) > self.max_vocab_size:
                prune_vocab(known, self.min_reduce)
                self.min_reduce += 1
            counts = known
        self._take(counts)

    def _count_and_prune(self, words: list[str], text: Any) -> tuple[dict[str, int], int]:
        """Count a text string by string, dropping the rarest whenever there are too many."""
        counts: dict[str, int] = {}
        min_reduce, begin = 1, 0
        for end in text.ends.tolist():
            held: list[str] = []
            for word in map(words.__getitem__, text.ids[begin:end].tolist()):
                if word in self.connector_words:
                    if held:
                        held.append(word)
                    continue
                counts[word] = counts.get(word, 0) + 1
                if held:
                    joined = self.delimiter.join([*held, word])
                    counts[joined] = counts.get(joined, 0) + 1
                held = [word]
            begin = end
            if len(counts) > self.max_vocab_size:
                prune_vocab(counts, min_reduce)
                min_reduce += 1
        return counts, min_reduce

    @property
    def vocab(self) -> dict[str, int]:
        """Words and joined pairs → counts, in the order first seen; a new dict, to be read."""
        return dict(self._plain) if self._learnt is None else self._learnt.as_dict()

    def _size(self) -> int:
        return len(self._plain) if self._learnt is None else len(self._learnt)

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that words make, and its score; None and None if they make none.

        Args:
            word_a (str): the first.
            word_b (str): the last.
            in_between (list of str): connector words between them.

        Returns:
            (str, float) or (None, None): the phrase.
        """
        get = self._plain.get if self._learnt is None else self._learnt.get
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        a, b, both = get(word_a) or 0, get(word_b) or 0, get(phrase) or 0
        if min(a, b, both) <= 0:
            return None, None
        score = self.scoring(
            worda_count=a,
            wordb_count=b,
            bigram_count=both,
            len_vocab=self._size(),
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return (None, None) if score <= self.threshold else (phrase, score)

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases.

        Returns:
            dict: phrase → score, above `threshold`.
        """
        scorer = COMPILED.get(self.scoring)
        if self._learnt is not None and scorer is not None:
            return self._learnt.scores(scorer, self.min_count, self.corpus_word_count, self.threshold)
        found = {}
        for key in self.vocab:
            parts = key.split(self.delimiter)
            if len(parts) > 1:
                phrase, score = self.score_candidate(parts[0], parts[-1], parts[1:-1])
                if phrase is not None and score is not None:
                    found[phrase] = score
        return found

    def freeze(self) -> FrozenPhrases:
        """Return the phrases alone, which take less memory and learn no more.

        Returns:
            FrozenPhrases: them.
        """
        return FrozenPhrases(self)

    def _rules(self) -> Rules | None:
        scorer = COMPILED.get(self.scoring)
        if self._learnt is None or scorer is None:
            return None
        limits = (self.threshold, self.min_count, self.corpus_word_count)
        return Rules(self._learnt, NO_SCORES, scorer, limits, self.connector_words)

    def save(self, path: StrPath) -> None:
        """Write a file, at once or not at all.

        Args:
            path (path): the file; JSON.

        Raises:
            TypeError: `scoring` is a function of yours.
            OSError: it cannot be written.
        """
        more = ("max_vocab_size", "corpus_word_count", "min_reduce", "vocab")
        self._save(path, {name: getattr(self, name) for name in more})

    @class_only
    def load(cls, path: StrPath) -> Self:
        """Read what `save` wrote.

        Args:
            path (path): the file.

        Returns:
            Phrases: the same.

        Raises:
            FormatError: it is another file.
            OSError: it cannot be read.
        """
        held = cls._read(path, "Phrases")
        try:
            names = ("min_count", "threshold", "max_vocab_size", "delimiter", "scoring", "connector_words")
            made = cls(**{name: held[name] for name in names})
            made.corpus_word_count = whole("corpus_word_count", held["corpus_word_count"], 0)
            made.min_reduce = whole("min_reduce", held["min_reduce"], 1)
            made._take({str(word): whole("count", count, 1) for word, count in held["vocab"].items()})
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise FormatError(f"{os.fspath(path)} is not what Phrases.save writes ({error})") from error
        return made

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_learnt": None, "_plain": self.vocab}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._take(state["_plain"])

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{self._size()} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    __repr__ = __str__


class FrozenPhrases(_Joins):
    """Phrases and their scores, without the counts that they were learnt from; gensim's `Phraser`.

    Attributes:
        phrasegrams (dict): phrase → score. It may be changed: `del frozen.phrasegrams["of_the"]`.

    Example:
        >>> text = [["in", "new", "york"], ["new", "york", "is", "new"], ["old", "york"]] * 10
        >>> FrozenPhrases(Phrases(text, min_count=1, threshold=0.1))[["to", "new", "york"]]
        ['to', 'new_york']
    """

    _kept: ClassVar[tuple[str, ...]] = ("threshold", "min_count", "delimiter", "scoring", "connector_words")

    def __init__(self, phrases_model: Any) -> None:
        """Take the phrases of a model.

        Args:
            phrases_model (Phrases): the model; gensim's will do.
        """
        for name in self._kept:
            setattr(self, name, getattr(phrases_model, name))
        self.connector_words = frozenset(self.connector_words)
        self.phrasegrams: dict[str, float] = dict(phrases_model.export_phrases())

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that words make, and its score; None and None if they make none.

        Args:
            word_a (str): the first.
            word_b (str): the last.
            in_between (list of str): connector words between them.

        Returns:
            (str, float) or (None, None): the phrase.
        """
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase)
        return (None, None) if score is None or score <= self.threshold else (phrase, score)

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases.

        Returns:
            dict: phrase → score.
        """
        return dict(self.phrasegrams)

    def _rules(self) -> Rules | None:
        if len(self.delimiter) != 1:
            return None
        counts, stored = numbered(self.phrasegrams, self.delimiter)
        return Rules(counts, stored, 0, (self.threshold, 0, 0), self.connector_words)

    def save(self, path: StrPath) -> None:
        """Write a file, at once or not at all.

        Args:
            path (path): the file; JSON.

        Raises:
            TypeError: `scoring` is a function of yours.
            OSError: it cannot be written.
        """
        self._save(path, {"phrasegrams": self.phrasegrams})

    @class_only
    def load(cls, path: StrPath) -> Self:
        """Read what `save` wrote.

        Args:
            path (path): the file.

        Returns:
            FrozenPhrases: the same.

        Raises:
            FormatError: it is another file.
            OSError: it cannot be read.
        """
        held = cls._read(path, "FrozenPhrases")
        made = cls.__new__(cls)
        try:
            made.scoring = KNOWN[held["scoring"]]
            made.threshold = finite("threshold", held["threshold"])
            made.min_count = finite("min_count", held["min_count"])
            made.delimiter = str(held["delimiter"])
            made.connector_words = frozenset(map(str, held["connector_words"]))
            made.phrasegrams = {str(word): float(score) for word, score in held["phrasegrams"].items()}
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise FormatError(f"{os.fspath(path)} is not what FrozenPhrases.save writes ({error})") from error
        return made

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    __repr__ = __str__
