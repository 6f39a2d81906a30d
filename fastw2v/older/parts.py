"""`model.vocabulary` and `model.trainables`: gensim 3 had parts for what the model itself holds now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fastw2v.formats.atomic import StrPath
from fastw2v.legacy import Spelling
from fastw2v.utils import TrimRule

_DOMAIN = 2**31 - 1


class _Part:
    """A part of a model: its attributes are the model's. One made by itself holds what it was given."""

    def _model(self) -> Any:
        """Return the model; RuntimeError if there is none."""
        model = self.__dict__.get("_of")
        if model is None:
            raise RuntimeError(
                f"this {type(self).__name__} belongs to no model: a model makes its vocabulary and weights "
                "itself, with Word2Vec.build_vocab()"
            )
        return model

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_of" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self.__dict__["_of"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_of"], name, value) if "_of" in self.__dict__ else super().__setattr__(
            name, value
        )

    def __delattr__(self, name: str) -> None:
        delattr(self.__dict__["_of"], name) if "_of" in self.__dict__ else super().__delattr__(name)


class part(Spelling):
    """An older part of a model: `trainables = part(Word2VecTrainables)`.

    Args:
        kind (type): the class of the part.
    """

    def __init__(self, kind: type[_Part]) -> None:
        def read(model: Any) -> _Part:
            made = kind.__new__(kind)
            made.__dict__["_of"] = model
            return made

        super().__init__(read, "the attributes of Word2Vec itself")


class Word2VecVocab(_Part):
    """`model.vocabulary` of gensim 3: settings and steps of the vocabulary, which are the model's.

    Args:
        max_vocab_size (int or None): as for `Word2Vec`; likewise all others.
        min_count (int): see there.
        sample (float): see there.
        sorted_vocab (bool): see there.
        null_word (int): see there.
        max_final_vocab (int or None): see there.
        ns_exponent (float): see there.
    """

    def __init__(
        self,
        max_vocab_size: int | None = None,
        min_count: int = 5,
        sample: float = 1e-3,
        sorted_vocab: bool = True,
        null_word: int = 0,
        max_final_vocab: int | None = None,
        ns_exponent: float = 0.75,
    ) -> None:
        self.max_vocab_size = max_vocab_size
        self.min_count = min_count
        self.sample = sample
        self.sorted_vocab = sorted_vocab
        self.null_word = null_word
        self.max_final_vocab = max_final_vocab
        self.ns_exponent = ns_exponent
        self.cum_table = None
        self.raw_vocab = None

    def scan_vocab(
        self,
        sentences: Iterable[Iterable[Any]] | None = None,
        corpus_file: StrPath | None = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus, as `Word2Vec.scan_vocab` does.

        Args:
            sentences (iterable of lists of words, or None): the text.
            corpus_file (path or None): the text as a file instead.
            progress_per (int): sentences between two log lines.
            workers (int or None): threads that read files.
            trim_rule (callable or None): as for `Word2Vec`.

        Returns:
            tuple of int: words and sentences of the corpus.
        """
        counted: tuple[int, int] = self._model().scan_vocab(
            sentences, corpus_file, progress_per, workers, trim_rule
        )
        return counted

    def prepare_vocab(
        self,
        hs: int,
        negative: int,
        wv: Any,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> Any:
        """Decide which words to keep, as `Word2Vec.prepare_vocab` does.

        Args:
            hs (int): ignored: the model's own setting counts.
            negative (int): ignored: the model's own setting counts.
            wv (KeyedVectors): ignored: the words become those of `model.wv`.
            update (bool): add the words to those that are there.
            keep_raw_vocab (bool): do not empty `raw_vocab`.
            trim_rule (callable or None): as for `Word2Vec`.
            min_count (int or None): replaces the model's.
            sample (float or None): replaces the model's.
            dry_run (bool): only report.

        Returns:
            Report: how many words and occurrences stay and go.
        """
        return self._model().prepare_vocab(update, keep_raw_vocab, trim_rule, min_count, sample, dry_run)

    def make_cum_table(self, wv: Any = None, domain: int = _DOMAIN) -> None:
        """Build the noise distribution, as `Word2Vec.make_cum_table` does.

        Args:
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
            domain (int): the last entry of the table.
        """
        self._model().make_cum_table(domain)

    def create_binary_tree(self, wv: Any = None) -> None:
        """Build the Huffman tree, as `Word2Vec.create_binary_tree` does.

        Args:
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
        """
        self._model().create_binary_tree()

    def add_null_word(self, wv: Any = None) -> None:
        """Add the null word, as `Word2Vec.add_null_word` does.

        Args:
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
        """
        self._model().add_null_word()

    def sort_vocab(self, wv: Any = None) -> None:
        """Sort the words by falling count, as `KeyedVectors.sort_by_descending_frequency` does.

        Args:
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
        """
        self._model().wv.sort_by_descending_frequency()


class Word2VecTrainables(_Part):
    """`model.trainables` of gensim 3: the output matrices and what makes them, which are the model's.

    Args:
        vector_size (int): dimensions, which become `layer1_size`.
        seed (int): as for `Word2Vec`.
        hashfxn (callable): as for `Word2Vec`.
    """

    def __init__(self, vector_size: int = 100, seed: int = 1, hashfxn: Callable[[str], int] = hash) -> None:
        self.layer1_size = vector_size
        self.seed = seed
        self.hashfxn = hashfxn

    def prepare_weights(
        self, hs: int, negative: int, wv: Any, update: bool = False, vocabulary: Any = None
    ) -> None:
        """Make or grow the matrices, as `Word2Vec.prepare_weights` does.

        Args:
            hs (int): ignored: the model's own setting counts.
            negative (int): ignored: the model's own setting counts.
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
            update (bool): grow those that are there.
            vocabulary (any): ignored; accepted as gensim had it.
        """
        self._model().prepare_weights(update)

    def reset_weights(self, hs: int = 0, negative: int = 0, wv: Any = None) -> None:
        """Draw new vectors, as `Word2Vec.init_weights` does.

        Args:
            hs (int): ignored: the model's own setting counts.
            negative (int): ignored: the model's own setting counts.
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
        """
        self._model().init_weights()

    def update_weights(self, hs: int = 0, negative: int = 0, wv: Any = None) -> None:
        """Give new words their first vectors, as `Word2Vec.update_weights` does.

        Args:
            hs (int): ignored: the model's own setting counts.
            negative (int): ignored: the model's own setting counts.
            wv (KeyedVectors): ignored: the words are those of `model.wv`.
        """
        self._model().update_weights()
