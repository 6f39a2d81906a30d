"""Threads that ask, save and copy while others train: what `sanitize.py thread` looks at."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import MODES, STEPS, text, unsampled

from fastw2v import KeyedVectors, Word2Vec

TEXT = text(1000, 300, seed=8)


def askers(model: Word2Vec) -> list[Callable[[], object]]:
    words = model.wv.index_to_key
    return [
        lambda: model.wv.most_similar(words[0], topn=5),
        lambda: model.wv.most_similar_many(words[:50], topn=5),
        lambda: model.wv.similarity(words[1], words[2]),
        lambda: model.wv.get_normed_vectors(),
        lambda: model.save(io.BytesIO()),
        lambda: model.wv.save_word2vec_format(io.BytesIO(), binary=True),
    ]


def repeat(ask: Callable[[], object], stop: threading.Event, errors: list[BaseException]) -> None:
    while not stop.is_set():
        try:
            ask()
        except BaseException as error:
            errors.append(error)
            return


@pytest.mark.trains_again
@pytest.mark.parametrize("mode, step", list(zip(MODES, STEPS * 3, strict=True)))
def test_asking_while_it_trains(mode: str, step: str) -> None:
    settings: dict[str, Any] = {"workers": 3, "step": step, **MODES[mode]}
    model = unsampled(TEXT, epochs=1, **settings)
    stop, errors = threading.Event(), []  # type: ignore[var-annotated]
    threads = [threading.Thread(target=repeat, args=(ask, stop, errors)) for ask in askers(model)]
    for thread in threads:
        thread.start()
    try:
        model.train(TEXT, total_examples=len(TEXT), epochs=4)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not errors
    assert np.isfinite(model.syn0).all()


def test_many_ask_at_once() -> None:
    """And get the answers that one gets."""
    kv = KeyedVectors(50)
    kv.add_vectors(list(range(3000)), np.random.default_rng(0).standard_normal((3000, 50)).astype(np.float32))
    expected = [kv.most_similar(key, topn=5) for key in range(60)]
    found: list[Any] = [None] * 8

    def ask(place: int) -> None:
        found[place] = [kv.most_similar(key, topn=5) for key in range(60)]

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers == expected for answers in found)
