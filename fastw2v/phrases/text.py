"""A text with its phrases joined, as sentences that can be read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.phrases._trie import ListJoiner
from fastw2v.phrases.counts import Counts
from fastw2v.text.ids import EncodedCorpus, ProvisionalCorpus
from fastw2v.text.readers import is_static
from fastw2v.text.scan import Scan, SelfEncoded, Words
from fastw2v.text.source import Source

if TYPE_CHECKING:
    from fastw2v.phrases.model import _Joins
LINES_AT_ONCE = 1 << 14


class Rules(NamedTuple):
    """What is a phrase.

    Attributes:
        counts (Counts): the trie of phrases, or of the words and pairs that were counted.
        stored (array): float64, the scores of its nodes, for scorer 0.
        scorer (int): 0: `stored`; 1 or 2: by counts, see `Trie.apply`.
        limits (tuple): threshold, min_count, and the words of the text that was counted.
        connectors (frozenset): connector words.
    """

    counts: Counts
    stored: npt.NDArray[np.float64]
    scorer: int
    limits: tuple[float, float, float]
    connectors: frozenset[str]

    def for_lists(self) -> ListJoiner:
        """Return what joins the phrases of sentences that are lists of str."""
        counts = self.counts
        return ListJoiner(
            counts.trie,
            counts.numbers,
            counts.delimiter,
            self.connectors,
            self.stored,
            self.scorer,
            self.limits,
        )


def _join_ids(
    rules: Rules, words: list[str], text: EncodedCorpus
) -> tuple[EncodedCorpus, list[int], dict[int, int]]:
    """Return a text of ids with phrases joined, in which -1 - p is phrase p; the phrases' nodes; node → id.

    The ids are of those that are words of the text, too: "new_york" in one that was joined before.
    """
    counts = rules.counts
    divided = counts.divide(words, rules.connectors)
    nodes = counts.trie.nodes_of(divided.parts, divided.starts)
    tokens, ends = counts.trie.apply(
        text.ids,
        text.ends,
        divided.parts,
        divided.starts,
        divided.connects,
        divided.empty,
        nodes,
        rules.scorer,
        rules.stored,
        *rules.limits,
    )
    joined = np.flatnonzero(tokens < 0)
    found, places = np.unique(-1 - tokens[joined], return_inverse=True)
    tokens[joined] = -1 - places
    compound = divided.compound
    known = dict(zip(nodes[compound].tolist(), compound.tolist(), strict=True))
    return EncodedCorpus(tokens, ends, np.diff(ends, prepend=0)), found.tolist(), known


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
        rules = self.obj._rules()
        if rules is None:
            for sentence in self.corpus:
                yield [token for token, _ in self.obj.analyze_sentence(sentence)]
        else:
            yield from map(rules.for_lists().join, self.corpus)

    def lines(self) -> Iterator[str]:
        """Go through the text as lines of words between blanks, several at a time, with newlines between."""
        if (scan := self.scan_as_ids(1)) is None:
            yield from map(" ".join, self)
            return
        assert scan.encoded is not None
        words = scan.words.all()
        text = scan.encoded.renumbered(np.arange(len(words), dtype=np.int32))
        pieces = [*words, *(f" {word}" for word in words), "\n"]
        for begin in range(0, len(text.ends), LINES_AT_ONCE):
            ends = text.ends[begin : begin + LINES_AT_ONCE]
            lengths = text.lengths[begin : begin + LINES_AT_ONCE]
            ids = text.ids[ends[0] - lengths[0] : ends[-1]] + len(words)
            starts = ends - lengths - (ends[0] - lengths[0])
            ids[starts[lengths > 0]] -= len(words)  # no blank before the first
            ids = np.insert(ids, starts[1:], len(pieces) - 1)
            yield "".join(map(pieces.__getitem__, ids.tolist()))

    def scan_as_ids(self, threads: int) -> Scan | None:
        """Read the text, and return it as ids of words and phrases; None if it must be read as strings.

        Args:
            threads (int): how many read files.

        Returns:
            Scan or None: words and phrases in the order first seen, their counts, and the text.
        """
        rules = self.obj._rules()
        if rules is None:
            return None
        words, text = read_as_ids(self.corpus, threads)
        joined, nodes, known = _join_ids(rules, words, text)
        number = np.fromiter((known.get(node, -1) for node in nodes), np.int32, len(nodes))
        new = np.flatnonzero(number < 0)
        number[new] = np.arange(len(words), len(words) + len(new))
        tokens = [*words, *rules.counts.strings(np.array(nodes, np.int32)[new])]
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
    words = scanned.words.all()
    assert scanned.encoded is not None
    return words, scanned.encoded.renumbered(np.arange(len(words), dtype=np.int32))
