"""`Compass`: one model of all texts, whose OUT vectors stand still while each text gets its own IN."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Literal, Self

import numpy as np

from fastw2v.callbacks import CallbackAny2Vec
from fastw2v.checks import one_of, whole
from fastw2v.formats.atomic import StrPath, atomic_writer
from fastw2v.formats.errors import FormatError
from fastw2v.lifecycle import class_only
from fastw2v.progress import Mode, make_progress
from fastw2v.shift import measures
from fastw2v.text.readers import LineSentence, PathLineSentences
from fastw2v.threads import Pool
from fastw2v.utils import RULE_DISCARD, RULE_KEEP
from fastw2v.word2vec import Word2Vec

Start = Literal["out", "both", "copy"]
STARTS: tuple[Start, ...] = ("out", "both", "copy")
CONTENTS, COMPASS = "compass.json", "compass.fw2v"


class Compass:
    """Vectors of words in several texts, such as decades or newspapers, in one space from the start.

    A model is trained on all texts together: the compass. Then each text, a slice, is trained with the
    compass's OUT vectors, which stay as they are to the last bit. So its IN vectors mean the same in all
    slices, and nothing has to be turned afterwards.

    Attributes:
        model (Word2Vec): the compass.
        slices (dict): name → the Word2Vec of that text.

    Example:
        >>> texts = {"old": [["cell", "of", "monks"]] * 20, "new": [["cell", "of", "phones"]] * 20}
        >>> compass = Compass(texts, vector_size=10, min_count=1, workers=1, seed=1, sg=1)
        >>> sorted(compass.slices), round(compass.shifts("old", "new", ["cell"])["cell"]) in (0, 1)
        (['new', 'old'], True)
        >>> bool((compass["old"].out_vector("cell") == compass.model.out_vector("cell")).all())
        True

    Di Carlo, Bianchi and Palmonari 2019, "Training Temporal Word Embeddings with a Compass"; Bianchi, Di
    Carlo, Nicoli and Palmonari 2020, "Compass-aligned Distributional Embeddings for Studying Semantic
    Differences across Corpora". As there a slice has those words of the compass that occur in it, however
    seldom, and draws noise by its own counts; the order of updates is that of `Word2Vec`.
    """

    model: Word2Vec
    slices: dict[str, Word2Vec]

    def __init__(
        self,
        texts: Mapping[str, Any] | None = None,
        *,
        epochs: int = 5,
        slice_epochs: int | None = None,
        start: Start = "out",
        progress: Mode = False,
        **settings: Any,
    ) -> None:
        """Train the compass and all slices; without texts nothing yet: see `train_compass`, `train_slice`.

        Args:
            texts (mapping or None): name → text: a path, a reader of files, or a list of token lists.
            epochs (int): passes of the compass over all texts.
            slice_epochs (int or None): passes of a slice over its text. None: as many.
            start (str): where a slice's IN vectors begin. "out": at random, so only OUT is the compass's;
                "both": at the compass's; "copy": so too, with all words of the compass and its noise.
            progress (bool or str): a bar over the slices, as for `Word2Vec`.
            **settings (any): of `Word2Vec`: `vector_size`, `window`, `sg`, `negative`, `min_count`, `seed`, …
                `workers` threads train the compass, and then as many slices at a time, each by one thread:
                their vectors are the same in each run.

        Raises:
            ValueError: a setting is out of range, `hs` is on or `negative` 0: then there are no OUT vectors.
            TypeError: `texts` is no mapping, or a text can be read only once.
        """
        for name in ("sentences", "corpus_file", "corpus_iterable"):
            if name in settings:
                raise TypeError(f"{name} is not for a Compass: give texts, a mapping of names to texts")
        self._start = one_of("start", start, STARTS)
        self._slice_epochs = whole("slice_epochs", epochs if slice_epochs is None else slice_epochs, 1)
        self._progress: Mode = progress
        self.model = Word2Vec(epochs=epochs, **settings)
        if self.model.hs or not self.model.negative:
            raise ValueError(
                f"hs={self.model.hs}, negative={self.model.negative}: a compass holds OUT vectors still, "
                "which negative sampling alone has: give hs=0 and negative=5"
            )
        self.slices = {}
        if texts is not None:
            if not isinstance(texts, Mapping):
                raise TypeError(
                    f"texts is of type {type(texts).__name__}: give a dict, the name of each text → the text"
                )
            for name, text in texts.items():
                _check_text(name, text)
            self.train_compass(texts.values())
            self.train_slices(texts)

    def train_compass(self, texts: Iterable[Any]) -> None:
        """Train the compass on all texts together; slices trained before are forgotten.

        Args:
            texts (iterable of texts): paths, readers or lists of token lists.

        Raises:
            TypeError: a text can be read only once.
        """
        together = [_check_text(n, text) for n, text in enumerate(texts)]
        whole_text = _joined(together)
        model = Word2Vec(**_settings(self.model))
        model.build_vocab(whole_text)
        model.train(
            whole_text,
            total_examples=model.corpus_count,
            total_words=model.corpus_total_words,
            epochs=model.epochs,
        )
        self.model, self.slices = model, {}

    def train_slice(self, name: str, text: Any) -> Word2Vec:
        """Train one more slice, or one again.

        Args:
            name (str): its name.
            text (path, reader or list of token lists): its text.

        Returns:
            Word2Vec: its model, also `compass[name]`.

        Raises:
            RuntimeError: the compass has not been trained.
            ValueError: no word of the text is known to the compass.
            TypeError: the text can be read only once.
        """
        _check_text(name, text)
        self._check_trained()
        made = self._slice_of(name, text, self.model.workers, None)
        self.slices[name] = made
        return made

    def train_slices(self, texts: Mapping[str, Any]) -> None:
        """Train slices side by side, as many as there are workers; all are kept, or none.

        Args:
            texts (mapping): name → text.

        Raises:
            RuntimeError: the compass has not been trained.
            ValueError: no word of a text is known to the compass.
            TypeError: a text can be read only once.
        """
        self._check_trained()
        for name, text in texts.items():
            _check_text(name, text)
        stop = _Stop()
        made: dict[str, Word2Vec] = {}
        display = make_progress(self._progress, len(texts), "slices", unit="slices")
        with display as bar, Pool(max(1, min(self.model.workers, len(texts)))) as pool:
            try:
                work = {
                    name: pool.submit(self._slice_of, name, text, 1, stop) for name, text in texts.items()
                }
                for name, result in work.items():
                    made[name] = result.result()
                    bar.update(1)
            except BaseException:
                stop.asked.set()  # those that have begun end with their epoch
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        self.slices.update(made)

    def _check_trained(self) -> None:
        if not len(self.model.wv):
            raise RuntimeError("the compass has not been trained: train_compass(texts) comes first")

    def _slice_of(self, name: str, text: Any, workers: int, stop: _Stop | None) -> Word2Vec:
        """Return a new model of a text, with the compass's OUT vectors."""
        compass, words = self.model, self.model.wv.key_to_index
        sentences = _sentences(text)
        if not any(word in words for sentence in sentences for word in sentence):
            raise ValueError(f"no word of the text {name!r} is among the {len(words):,} of the compass")
        made = Word2Vec(**_settings(compass) | {"epochs": self._slice_epochs, "workers": workers})
        if self._start == "copy":
            total, count = made.scan_vocab(sentences)
            counts = {word: compass.wv.get_vecattr(word, "count") for word in compass.wv.index_to_key}
            made.build_vocab_from_freq(counts, keep_raw_vocab=False)
        else:
            made.build_vocab(sentences, trim_rule=_OnlyThese(words))
            total, count = made.corpus_total_words, made.corpus_count
        rows = [words[word] for word in made.wv.index_to_key]
        made.syn1neg = compass.syn1neg[rows]
        if self._start != "out":
            made.wv.vectors[:] = compass.wv.vectors[rows]
        made.train(
            sentences,
            total_examples=count,
            total_words=total,
            epochs=made.epochs,
            callbacks=[] if stop is None else [stop],
            freeze="out",
        )
        return made

    # --- questions ---

    def __getitem__(self, name: str) -> Word2Vec:
        """Return the model of a slice; KeyError, with the names there are, for another name."""
        if name not in self.slices:
            raise KeyError(
                f"there is no slice {name!r}: there are {', '.join(map(repr, self.slices)) or 'none'}"
            )
        return self.slices[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.slices)

    def __len__(self) -> int:
        return len(self.slices)

    def __repr__(self) -> str:
        return f"Compass<{len(self.model.wv)} words, slices: {', '.join(self.slices) or 'none'}>"

    def shifts(
        self, before: str, after: str, words: Iterable[Any] | None = None, **options: Any
    ) -> dict[Any, float]:
        """Return how far words moved from one slice to another.

        Args:
            before (str): a slice.
            after (str): another.
            words (iterable of words, or None): which; all that both have.
            **options (any): `measure` and `neighbors`, as for `fastw2v.shift.shifts`.

        Returns:
            dict: word → shift, 0 to 2.

        Raises:
            KeyError: there is no such slice, or a word is missing in one.
        """
        return measures.shifts(self[before], self[after], words, **options)

    def most_shifted(
        self, before: str, after: str, topn: int = 20, **options: Any
    ) -> list[tuple[Any, float]]:
        """Return the words that moved most from one slice to another.

        Args:
            before (str): a slice.
            after (str): another.
            topn (int): how many words.
            **options (any): `min_count`, `measure` and `neighbors`, as for `fastw2v.shift.most_shifted`.

        Returns:
            list of (word, float): the farthest first.

        Raises:
            KeyError: there is no such slice.
        """
        return measures.most_shifted(self[before], self[after], topn, **options)

    def most_similar(
        self, word: Any, *, of: str, within: str, topn: int = 10, **options: Any
    ) -> list[tuple[Any, float]]:
        """Return who stands in one slice where a word stood in another: whose part it is there.

        Args:
            word (key): the word.
            of (str): the slice in which it is looked up.
            within (str): the slice whose words are returned, the word itself among them.
            topn (int): how many.
            **options (any): as for `KeyedVectors.most_similar`.

        Returns:
            list of (word, float): the nearest first, with their cosines.

        Raises:
            KeyError: there is no such slice, or no such word in it.
        """
        return self[within].wv.similar_by_vector(np.array(self[of].wv[word]), topn=topn, **options)

    # --- files ---

    def save(self, folder: StrPath) -> None:
        """Write a folder: the compass, each slice, and a list of them, which is written last.

        Args:
            folder (path): made if it is not there; files of an earlier `save` are replaced.

        Raises:
            OSError: it cannot be written.
        """
        where = os.fspath(folder)
        os.makedirs(where, exist_ok=True)
        names = {name: f"slice-{n}.fw2v" for n, name in enumerate(self.slices)}
        self.model.save(os.path.join(where, COMPASS))
        for name, file in names.items():
            self.slices[name].save(os.path.join(where, file))
        contents = {"slices": names, "slice_epochs": self._slice_epochs, "start": self._start}
        with atomic_writer(os.path.join(where, CONTENTS)) as out:
            out.write(json.dumps(contents, indent=1, ensure_ascii=False).encode())

    @class_only
    def load(cls, folder: StrPath, mmap: Any = None) -> Self:
        """Read what `save` wrote.

        Args:
            folder (path): the folder.
            mmap (str or None): "r" maps the matrices read-only, as for `Word2Vec.load`.

        Returns:
            Compass: the same.

        Raises:
            FormatError: it is not such a folder.
            OSError: a file is missing or cannot be read.
        """
        where = os.fspath(folder)
        try:
            with open(os.path.join(where, CONTENTS), "rb") as file:
                contents = json.load(file)
            names = {str(name): os.path.basename(file) for name, file in contents["slices"].items()}
            start = one_of("start", contents["start"], STARTS)
            slice_epochs = whole("slice_epochs", contents["slice_epochs"], 1)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(
                f"{os.path.join(where, CONTENTS)} is not what Compass.save writes ({error})"
            ) from error
        made = cls.__new__(cls)
        made._start, made._slice_epochs, made._progress = start, slice_epochs, False
        made.model = Word2Vec.load(os.path.join(where, COMPASS), mmap=mmap)
        made.slices = {
            name: Word2Vec.load(os.path.join(where, file), mmap=mmap) for name, file in names.items()
        }
        return made


class _Stop(CallbackAny2Vec):
    """Ends the training of slices whose neighbour failed, or that nobody waits for any more."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def on_epoch_end(self, model: Any) -> None:
        model.stop_training = self.asked.is_set()


class _OnlyThese:
    """A trim rule: the words of the compass are kept, however rare."""

    def __init__(self, words: Mapping[Any, int]) -> None:
        self._words = words

    def __call__(self, word: Any, count: int, min_count: int) -> int:
        return RULE_KEEP if word in self._words else RULE_DISCARD


def _settings(model: Word2Vec) -> dict[str, Any]:
    """Return the arguments that made a model."""
    names = (
        *(
            "vector_size",
            "window",
            "min_count",
            "sg",
            "negative",
            "ns_exponent",
            "alpha",
            "min_alpha",
            "sample",
        ),
        *("seed", "workers", "epochs", "cbow_mean", "hashfxn", "sorted_vocab", "batch_words", "compute_loss"),
        *(
            "max_vocab_size",
            "max_final_vocab",
            "shrink_windows",
            "step",
            "baskets",
            "deterministic",
            "null_word",
        ),
    )
    return {name: getattr(model, name) for name in names}


def _check_text(name: Any, text: Any) -> Any:
    """Return a text; TypeError if it can be read only once, or is none."""
    if isinstance(text, str | os.PathLike):
        return text
    if not isinstance(text, Iterable):
        raise TypeError(
            f"the text {name!r} is of type {type(text).__name__}: give a path, a reader or token lists"
        )
    if iter(text) is text:
        raise TypeError(
            f"the text {name!r} is a {type(text).__name__}, which can be read only once, and is read by the "
            "compass and by its slice: give a list, a path, or an object whose __iter__ begins anew"
        )
    return text


def _sentences(text: Any) -> Any:
    return LineSentence(text) if isinstance(text, str | os.PathLike) else text


def _joined(texts: list[Any]) -> Any:
    """Return all texts as one: of files a reader of files, which is fast, of lists a list."""
    if len(texts) == 1:
        return _sentences(texts[0])
    if all(isinstance(text, str | os.PathLike) for text in texts):
        reader = PathLineSentences(texts[0])
        reader.input_files = [os.fspath(text) for text in texts]
        return reader
    if all(isinstance(text, list | tuple) for text in texts):
        return list(chain.from_iterable(texts))
    return _Together([_sentences(text) for text in texts])


class _Together:
    """The sentences of several texts, one text after the other."""

    def __init__(self, texts: list[Any]) -> None:
        self._texts = texts

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._texts)
