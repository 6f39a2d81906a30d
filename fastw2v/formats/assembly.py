"""A model ↔ its parts: what every format reads and writes becomes a `Word2Vec`, and is taken from one.

A model is known here by what it has, not by its class, which lies above this folder.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from fastw2v.checks import not_vectors
from fastw2v.formats.errors import FormatError
from fastw2v.formats.extras import set_attributes, users_attributes
from fastw2v.formats.parts import MODELS_HOLD, SETTINGS, Model, generator_in, state_of
from fastw2v.formats.typed import shown

M = TypeVar("M")


def take_apart(model: Any) -> Model:
    """Return what a model is made of, shared and not copied.

    Args:
        model (Word2Vec): the model.

    Returns:
        Model: the parts.

    Raises:
        TypeError: the generator is none whose state can be kept.
    """
    if not isinstance(model.random, np.random.RandomState) or not isinstance(model.random.get_state(), tuple):
        raise TypeError(
            f"random is {shown(model.random)}: a model is saved with a numpy.random.RandomState(seed)"
        )
    if not hasattr(model.wv, "to_words"):
        raise TypeError(not_vectors("wv", model.wv))
    outputs = model._matrices()  # first: it brings outputs and noise table to the number of words
    table = np.empty(0, dtype=np.uint32) if model.cum_table is None else model.cum_table
    return Model(
        model.wv.to_words(),
        settings={name: getattr(model, name) for name in (*SETTINGS, "hashfxn")},
        outputs=outputs,
        random=state_of(model.random),
        raw_vocab=model.raw_vocab,
        history=model.history,
        lifecycle_events=model.lifecycle_events,
        cum_table=table if model.negative else None,
        extras=users_attributes(model, MODELS_HOLD),
        checkpoint=model._checkpoint,
    )


def of_file(cls: type[M], parts: Model, source: str) -> M:
    """Return a model of the parts that a file of ours held.

    Args:
        cls (type): the class of the model, `Word2Vec` or one derived from it.
        parts (Model): the parts; they are not copied.
        source (str): where they come from, for the error.

    Returns:
        Word2Vec: the model.

    Raises:
        FormatError: a setting is out of range.
    """
    model = _assemble(cls, parts)
    _check(model, source)
    return model


def of_gensim(cls: type[M], parts: Model, source: str, base: type[Any]) -> M:
    """Return a model of gensim's parts.

    Args:
        cls (type): the class of the model.
        parts (Model): the parts; they are not copied.
        source (str): where they come from, for the error.
        base (type): `Word2Vec` itself, whose constructor says what gensim's version did not have.

    Returns:
        Word2Vec: the model.

    Raises:
        FormatError: the parts make no model.
    """
    try:
        parts = _complete(cls, parts, base)
        parts.check()
        model: Any = _assemble(cls, parts)
        if len(model.wv) and "count" in model.wv.expandos:
            if model.hs and "point" not in model.wv.expandos:
                model.create_binary_tree()
            if model.negative:
                model.make_cum_table()
    except (TypeError, ValueError) as error:
        raise FormatError(f"{source}: {error}") from None
    _check(model, source)
    made: M = model
    return made


def _assemble(cls: type[M], parts: Model) -> M:
    """Return a model made of sound and complete parts, without `__init__`; they are not copied."""
    made = cls.__new__(cls)
    model: Any = made
    model.__dict__.update({name: parts.settings[name] for name in SETTINGS})
    model.hashfxn = parts.settings.get("hashfxn", hash)
    model.progress = "auto"  # not saved: whether to show a bar is up to the process that loads
    assert parts.random is not None
    model.random = generator_in(parts.random)
    model.history, model.lifecycle_events = parts.history, parts.lifecycle_events
    model.raw_vocab = parts.raw_vocab
    model._encoded, model._checkpoint = None, parts.checkpoint
    model.wv = model._keyed_vectors._of_parts(parts.wv)
    for name, matrix in parts.outputs.items():
        setattr(model, name, matrix)
    model.cum_table = np.empty(0, dtype=np.uint32) if parts.cum_table is None else parts.cum_table
    set_attributes(model, parts.extras, MODELS_HOLD)
    return made


def _complete(cls: Any, parts: Model, base: type[Any]) -> Model:
    """Return gensim's parts with what its version did not have or save, as the constructor leaves it."""
    given = parts.settings
    names = inspect.signature(base).parameters.keys() & given.keys()
    arguments = {name: given[name] for name in names}
    arguments["workers"] = max(1, int(given.get("workers", 1)))  # gensim allows 0: no thread trains
    new: Any = cls.__new__(cls)
    base.__init__(new, **arguments, step="pair")  # training goes on as it was
    settings = {name: getattr(new, name) for name in SETTINGS} | {"hashfxn": new.hashfxn}
    # Older versions did not count these.
    counted = {"corpus_count": None, "corpus_total_words": None} | given
    settings |= {name: value for name, value in counted.items() if name in SETTINGS and name not in names}
    settings["vector_size"] = settings["layer1_size"] = parts.wv.vectors.shape[1]
    wv = parts.wv if parts.wv.lockf is not None else replace(parts.wv, lockf=new.wv.vectors_lockf)
    if parts.random is not None:
        new.random = generator_in(parts.random)
    return replace(parts, wv=wv, settings=settings, random=state_of(new.random))


def _check(model: Any, source: str) -> None:
    """Raise `FormatError` unless the settings are in range."""
    try:
        model._check_settings()
    except (TypeError, ValueError) as error:
        raise FormatError(f"{source}: {error}") from None
