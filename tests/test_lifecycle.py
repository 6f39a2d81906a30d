"""lifecycle.py: what makes a new object is called on the class, not on an object."""

from __future__ import annotations

import re
from typing import Any

import pytest
from factories import IGNORE_OLDER, few_vectors, small

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import DESM, DESMIndex

MAKERS = {
    Word2Vec: ["load", "load_word2vec_format", "from_vectors", "from_gensim"],
    KeyedVectors: ["load", "load_word2vec_format", "from_gensim", "from_words", "from_tensors"],
    DESMIndex: ["load", "from_vectors"],
}


def made(kind: type) -> Any:
    if kind is DESMIndex:
        return DESM(few_vectors(), "in-in").index([["w1"]])
    return small() if kind is Word2Vec else few_vectors()


@IGNORE_OLDER
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in MAKERS.items() for name in names])
def test_an_object_does_not_make_another(kind: type, name: str) -> None:
    advice = f"{name} makes a new {kind.__name__} .* on the class: new = {kind.__name__}.{re.escape(name)}("
    with pytest.raises(AttributeError, match=advice.replace("(", r"\(")):
        getattr(made(kind), name)
    assert callable(getattr(kind, name)) and not hasattr(made(kind), name)


def test_a_derived_class_makes_its_own(tmp_path: Any) -> None:
    class Mine(KeyedVectors):
        @classmethod
        def load(cls, *args: Any, **options: Any) -> Any:
            return super().load(*args, **options)

    few_vectors().save(tmp_path / "vectors")
    assert type(Mine.load(tmp_path / "vectors")) is Mine
    with pytest.raises(AttributeError, match=r"new = Mine\.from_words\("):
        Mine(3).from_words  # noqa: B018
