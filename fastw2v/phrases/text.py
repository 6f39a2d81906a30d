"""A text with its phrases joined, as sentences that can be read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastw2v.phrases._trie import sentences_of
from fastw2v.phrases.counts import Counts, Divided, plain_strings
from fastw2v.text._encoder import SentenceCounter
from fastw2v.text.ids import EncodedCorpus, ProvisionalCorpus
from fastw2v.text.readers import is_static
from fastw2v.text.scan import Scan, SelfEncoded, Words
from fastw2v.text.source import Source

if TYPE_CHECKING:
    from fastw2v.phrases.model import _Joins

WORDS_AT_ONCE = 1 << 16
FEW_SENTENCES = 1 << 12


class Joiner:
    """Joins the phrases of a text of ids whose words become known piece by piece.

    Args:
        counts (Counts): the trie.
        stored (array): float64, the scores of its nodes, for scorer 0.
        scorer (int): 0: `stored`; 1 or 2: by counts, see `Trie.apply`.
        limits (tuple): threshold, min_count, and the words of the text that was counted.
        connectors (frozenset): connector words.
    """

    def __init__(
        self,
        counts: Counts,
        stored: npt.NDArray[np.float64],
        scorer: int,
        limits: tuple[float, float, float],
        connectors: frozenset[str],
    ) -> None:
        self._counts, self._stored, self._scorer, self._limits = counts, stored, scorer, limits
        self._divided = Divided(counts.numbers, counts.delimiter, connectors, learn=False)
        self._nodes = np.empty(0, np.int32)
        self._strings: dict[int, str] = {}  # of phrases that were found

    def join(self, words: list[str], text: EncodedCorpus) -> tuple[EncodedCorpus, list[int]]:
        """Return a text of ids with phrases joined.

        Args:
            words (list of str): the words of the text, by id; those of the call before, and new ones.
            text (EncodedCorpus): the text.

        Returns:
            (EncodedCorpus, list of int): the text, in which -1 - p is phrase p; and the phrases' nodes.
        """
        counts, divided = self._counts, self._divided
        if len(divided) < len(words):
            before = len(divided)
            divided.extend(words[before:])
            new = counts.trie.nodes_of(divided.parts, divided.starts[before:])
            self._nodes = np.concatenate([self._nodes, new])
        tokens, ends = counts.trie.apply(
            text.ids,
            text.ends,
            divided.parts,
            divided.starts,
            divided.connects,
            divided.empty,
            self._nodes,
            self._scorer,
            self._stored,
            *self._limits,
        )
        joined = np.flatnonzero(tokens < 0)
        found, places = np.unique(-1 - tokens[joined], return_inverse=True)
        tokens[joined] = -1 - places
        return EncodedCorpus(tokens, ends, np.diff(ends, prepend=0)), found.tolist()

    def strings(self, nodes: list[int]) -> list[str]:
        """Return the strings of phrases, by their nodes."""
        new = [node for node in nodes if node not in self._strings]
        self._strings.update(zip(new, self._counts.strings(np.array(new, dtype=np.int32)), strict=True))
        return [self._strings[node] for node in nodes]

    def compound_words(self) -> dict[int, int]:
        """Return node → id of the words of the text that are phrases themselves, as "new_york" may be."""
        compound = self._divided.compound
        return dict(zip(self._nodes[compound].tolist(), compound.tolist(), strict=True))


class PhrasedText(SelfEncoded):
    """Sentences of a text with phrases joined: what `phrases[sentences]` gives.

    It can be read as often as the text. `Word2Vec` trains on it without making a string for every word.

    Args:
        phrases (Phrases or FrozenPhrases): what joins.
        sentences (iterable of lists of str): the text.
    """

    def __init__(self, phrases: _Joins, sentences: Iterable[Any]) -> None:
        self.obj, self.corpus = phrases, sentences  # gensim's names of them

    @property
    def fixed(self) -> bool:  # type: ignore[override]
        """Whether each pass over the text gives the same sentences."""
        inner = self.corpus
        return inner.fixed if isinstance(inner, PhrasedText) else is_static(inner)

    def __iter__(self) -> Iterator[list[str]]:
        joiner = self.obj._joiner()
        if joiner is None:
            for sentence in self.corpus:
                yield [token for token, _ in self.obj.analyze_sentence(sentence)]
            return
        counter = SentenceCounter(sentence for sentence in self.corpus)
        done = known = 0
        while counter.read(WORDS_AT_ONCE, FEW_SENTENCES):
            words, _ = counter.vocabulary()
            lengths = counter.lengths()[done:]
            done += len(lengths)
            text = EncodedCorpus(counter.take(), np.cumsum(lengths), lengths)
            plain_strings(words[known:])
            known = len(words)
            joined, nodes = joiner.join(words, text)
            yield from sentences_of(joined.ids, joined.ends, words, joiner.strings(nodes))

    def scan_as_ids(self, threads: int) -> Scan | None:
        """Read the text, and return it as ids of words and phrases; None if it must be read as strings.

        Args:
            threads (int): how many read files.

        Returns:
            Scan or None: words and phrases in the order first seen, their counts, and the text.
        """
        joiner = self.obj._joiner()
        if joiner is None:
            return None
        words, text = read_as_ids(self.corpus, threads)
        joined, nodes = joiner.join(words, text)
        # A phrase may be a word of the text, too: "new_york" in one that was joined before.
        known = joiner.compound_words()
        number = np.fromiter((known.get(node, -1) for node in nodes), np.int32, len(nodes))
        new = np.flatnonzero(number < 0)
        number[new] = np.arange(len(words), len(words) + len(new))
        tokens = [*words, *joiner.strings([nodes[n] for n in new.tolist()])]
        ids, places = joined.ids, np.flatnonzero(joined.ids < 0)
        ids[places] = number[-1 - ids[places]]
        counts = np.bincount(ids, minlength=len(tokens))
        first = np.empty(len(tokens), dtype=np.int64)
        first[ids[::-1]] = np.arange(len(ids))[::-1]  # the last that is written stays
        order = np.flatnonzero(counts)
        order = order[np.argsort(first[order])]
        every = np.arange(len(order), dtype=np.int32)
        numbers = np.empty(len(tokens), dtype=np.int32)
        numbers[order] = every
        provisional = ProvisionalCorpus(numbers[ids], joined.lengths, [(every, len(ids))])
        scanned = Words([tokens[n] for n in order.tolist()])
        return Scan(scanned, counts[order].astype(np.int64), len(ids), len(joined.ends), provisional)


def read_as_ids(sentences: Any, threads: int = 1) -> tuple[list[str], EncodedCorpus]:
    """Read a text once; return its words in the order first seen, and the text as numbers of them."""
    if isinstance(sentences, PhrasedText) and (found := sentences.scan_as_ids(threads)) is not None:
        scanned = found
    else:
        source = Source.of(sentences, None, passes=1)
        scanned = source.scan(
            max_vocab_size=None, trim_rule=None, progress_per=10_000_000, encode=True, threads=threads
        )
    words = plain_strings(scanned.words.at(np.arange(len(scanned.words))))
    assert scanned.encoded is not None
    return words, scanned.encoded.renumbered(np.arange(len(words), dtype=np.int32))
