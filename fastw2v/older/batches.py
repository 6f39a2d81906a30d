"""One batch or one sentence by itself, as gensim's compiled modules do it; and a node of a Huffman tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol


class _Model(Protocol):
    """What is used here of a `Word2Vec`, whose room is above this one."""

    def _train_batch(self, sentences: Iterable[Any], alpha: float, sg: bool, compute_loss: bool) -> int: ...

    def _score_sentence(self, sentence: Iterable[Any], sg: bool) -> float: ...


class Heapitem(NamedTuple):
    """A node of a Huffman tree that is being built: nodes compare by count.

    Attributes:
        count (int): of the words below it.
        index (int): its number.
        left (Heapitem or None): the node on the left.
        right (Heapitem or None): the node on the right.
    """

    count: int  # type: ignore[assignment]  # not the method of tuples
    index: int  # type: ignore[assignment]
    left: Any
    right: Any

    def __lt__(self, other: Any) -> bool:
        return bool(self.count < other.count)


def train_batch_sg(
    model: _Model, sentences: Iterable[Any], alpha: float, work: Any = None, compute_loss: bool = False
) -> int:
    """Train skip-gram on one batch of sentences in this thread.

    Args:
        model (Word2Vec): the model to train, which has a vocabulary.
        sentences (iterable of lists of words): the batch.
        alpha (float): learning rate.
        work (any): ignored; accepted as gensim has it.
        compute_loss (bool): add the loss to `model.running_training_loss`.

    Returns:
        int: number of words trained on, those that downsampling left.

    Raises:
        RuntimeError: a matrix or table that the model's settings need is missing.
        ValueError: a matrix does not fit the vocabulary or is read-only, or `alpha` is not finite.
        TypeError: `alpha` is not a number.
    """
    return model._train_batch(sentences, alpha, sg=True, compute_loss=compute_loss)


def train_batch_cbow(
    model: _Model,
    sentences: Iterable[Any],
    alpha: float,
    work: Any = None,
    neu1: Any = None,
    compute_loss: bool = False,
) -> int:
    """Train CBOW on one batch of sentences in this thread.

    Args:
        model (Word2Vec): the model to train, which has a vocabulary.
        sentences (iterable of lists of words): the batch.
        alpha (float): learning rate.
        work (any): ignored; accepted as gensim has it.
        neu1 (any): ignored; accepted as gensim has it.
        compute_loss (bool): add the loss to `model.running_training_loss`.

    Returns:
        int: number of words trained on, those that downsampling left.

    Raises:
        RuntimeError: a matrix or table that the model's settings need is missing.
        ValueError: a matrix does not fit the vocabulary or is read-only, or `alpha` is not finite.
        TypeError: `alpha` is not a number.
    """
    return model._train_batch(sentences, alpha, sg=False, compute_loss=compute_loss)


def score_sentence_sg(model: _Model, sentence: Iterable[Any], work: Any = None) -> float:
    """Return the log likelihood of one sentence under skip-gram; see `Word2Vec.score`.

    Args:
        model (Word2Vec): a model trained with `hs=1`.
        sentence (list of words): the sentence; unknown words are left out.
        work (any): ignored; accepted as gensim has it.

    Returns:
        float: the log likelihood; 0 if no word is known.

    Raises:
        RuntimeError: the model was not trained with `hs=1`.
        ValueError: a matrix or the Huffman tree does not fit the vocabulary.
    """
    return model._score_sentence(sentence, sg=True)


def score_sentence_cbow(model: _Model, sentence: Iterable[Any], work: Any = None, neu1: Any = None) -> float:
    """Return the log likelihood of one sentence under CBOW; see `Word2Vec.score`.

    Args:
        model (Word2Vec): a model trained with `hs=1`.
        sentence (list of words): the sentence; unknown words are left out.
        work (any): ignored; accepted as gensim has it.
        neu1 (any): ignored; accepted as gensim has it.

    Returns:
        float: the log likelihood; 0 if no word is known.

    Raises:
        RuntimeError: the model was not trained with `hs=1`.
        ValueError: a matrix or the Huffman tree does not fit the vocabulary.
    """
    return model._score_sentence(sentence, sg=False)
