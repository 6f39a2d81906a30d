"""What `help()` says of the public surface: every parameter and error is named, and the examples run."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from fastw2v import Compass, FrozenPhrases, KeyedVectors, Phrases, Word2Vec, align
from fastw2v.desm import DESM
from fastw2v.shift import most_shifted, shifts

PUBLIC = (
    "fastw2v",
    "fastw2v.word2vec",
    "fastw2v.keyedvectors",
    "fastw2v.callbacks",
    "fastw2v.utils",
    "fastw2v.desm",
    "fastw2v.documents",
    "fastw2v.evaluation",
    "fastw2v.formats.native",
    "fastw2v.formats.streams",
    "fastw2v.formats.word2vec_format",
    "fastw2v.formats.atomic",
    "fastw2v.progress",
)

# What people look up most has an example.
WITH_EXAMPLE = {
    "Word2Vec",
    "Word2Vec.build_vocab",
    "Word2Vec.train",
    "Word2Vec.train_pairs",
    "Word2Vec.save",
    "Word2Vec.load",
    "Word2Vec.from_vectors",
    "Word2Vec.predict_output_word",
    "Word2Vec.score",
    "Word2Vec.evaluate_loss",
    "Word2Vec.in_vector",
    "Word2Vec.out_vector",
    "Word2Vec.huffman_path",
    "Word2Vec.node_vectors",
    "Word2Vec.vectors",
    "Word2Vec.document_vectors",
    "Word2Vec.most_similar",
    "Word2Vec.most_similar_many",
    "Word2Vec.similarity",
    "Word2Vec.association",
    "Word2Vec.compare_spaces",
    "Word2Vec.hs_probability",
    "Word2Vec.save_word2vec_format",
    "KeyedVectors",
    "KeyedVectors.most_similar",
    "KeyedVectors.most_similar_many",
    "KeyedVectors.get_vector",
    "KeyedVectors.get_mean_vector",
    "KeyedVectors.similarity",
    "KeyedVectors.doesnt_match",
    "KeyedVectors.document_vectors",
    "KeyedVectors.embedding_matrix",
    "KeyedVectors.add_vectors",
    "KeyedVectors.load_word2vec_format",
    "KeyedVectors.save_word2vec_format",
    "KeyedVectors.evaluate_word_pairs",
    "LineSentence",
    "CallbackAny2Vec",
    "EarlyStopping",
    "DocumentVectors",
    "DocumentVectors.fit",
    "DESM",
    "DESM.index",
    "DESMIndex.search",
    "DESMIndex.search_many",
    "DESMIndex.explain",
    "evaluate_ranking",
    "simple_preprocess",
}


def public_objects() -> Iterator[tuple[str, Any]]:
    """Yield (name, object) of the classes, functions and methods of ours that the public modules show."""
    seen: set[str] = set()
    for module in map(import_module, PUBLIC):
        for name in getattr(module, "__all__", None) or vars(module):
            found = getattr(module, name)
            if name.startswith("_") or not is_ours(found):
                continue
            if not (inspect.isclass(found) or inspect.isfunction(found)) or f"{found.__name__}" in seen:
                continue
            seen.add(found.__name__)
            yield found.__name__, found
            if inspect.isclass(found):
                yield from methods_of(found)


def is_ours(found: Any) -> bool:
    """Whether it is defined in the package, and not in a room whose functions only other rooms call."""
    module = getattr(found, "__module__", "")
    return module.startswith("fastw2v") and module != "fastw2v.checks"


def methods_of(cls: type) -> Iterator[tuple[str, Any]]:
    for name, _ in inspect.getmembers(cls):
        raw = inspect.getattr_static(cls, name)
        if name.startswith("_"):
            continue
        if isinstance(raw, classmethod | staticmethod):
            raw = raw.__func__
        if inspect.isfunction(raw) and raw.__module__.startswith("fastw2v"):
            yield f"{cls.__name__}.{name}", raw


OBJECTS = dict(public_objects())
FUNCTIONS = {name: found for name, found in OBJECTS.items() if not inspect.isclass(found)}


def doc_of(found: Any) -> str:
    return inspect.cleandoc(found.__doc__ or "")


def entries(doc: str, section: str) -> list[str]:
    """Names listed in a section: `name (type): …` or `Error: …`."""
    match = re.search(rf"^{section}:\n((?:[ ]+.*\n?|\n)*)", doc, re.MULTILINE)
    if match is None:
        return []
    return [
        name.strip("*` ")
        for line in re.findall(r"^    (\S[^:(]*?)(?: \([^)]*\))?:", match[1], re.MULTILINE)
        for name in line.split(",")
    ]


def parameters_of(found: Any) -> set[str]:
    return {name for name in inspect.signature(found).parameters if name not in ("self", "cls")}


@pytest.mark.parametrize("name", OBJECTS)
def test_it_is_documented(name: str) -> None:
    doc = doc_of(OBJECTS[name])
    assert doc, f"{name} has no docstring"
    assert re.search(r"[.:]$", doc.split("\n\n")[0].strip()), f"{name}: the first sentence has no end"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_listed(name: str) -> None:
    found = FUNCTIONS[name]
    listed = entries(doc_of(found), "Args")
    assert len(set(listed)) == len(listed), f"{name} lists a parameter twice"
    assert set(listed) == parameters_of(found)


@pytest.mark.parametrize("name", [name for name, found in OBJECTS.items() if inspect.isclass(found)])
def test_a_constructor_lists_its_parameters(name: str) -> None:
    cls = OBJECTS[name]
    if "__init__" not in vars(cls) or issubclass(cls, BaseException) or getattr(cls, "_is_protocol", False):
        return
    fields = entries(doc_of(cls), "Attributes") if is_dataclass(cls) else []
    listed = fields + entries(doc_of(cls), "Args") + entries(doc_of(vars(cls)["__init__"]), "Args")
    assert set(listed) == parameters_of(cls)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_error_that_is_raised_is_named(name: str) -> None:
    """Those of `raise` statements in the function's own body; what its checks raise is for the reviewer."""
    found = inspect.unwrap(FUNCTIONS[name])
    tree = ast.parse(textwrap.dedent(inspect.getsource(found)))
    raised = {
        node.exc.func.id if isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name) else ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and node.exc is not None
    } - {""}
    assert raised <= set(entries(doc_of(found), "Raises")), f"{name} raises more than it says"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_returned_is_told(name: str) -> None:
    found = FUNCTIONS[name]
    returns = inspect.signature(found).return_annotation
    if returns in ("None", None, inspect.Signature.empty) or not parameters_of(found):
        return  # a first line "Return …" says it of what takes nothing
    doc = doc_of(found)
    assert re.search(r"^(Returns|Yields):", doc, re.MULTILINE), f"{name} does not say what it returns"


def test_what_people_look_up_has_an_example() -> None:
    assert {name for name in WITH_EXAMPLE if ">>>" not in doc_of(OBJECTS[name])} == set()


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What examples may use without making it."""
    lines = ("the cat says meow", "the dog says woof", "a cow says moo")
    sentences = [line.split() for line in lines] * 60
    settings = {
        "vector_size": 10,
        "min_count": 1,
        "workers": 1,
        "seed": 1,
        "progress": False,
        "epochs": 20,
        "sample": 0,
    }
    model = Word2Vec(sentences, sg=1, window=3, **settings)
    texts = {"cats": "the cat says meow", "dogs": "the dog says woof", "cows": "a cow says moo"}
    folder = tmp_path_factory.mktemp("examples")
    return {
        "sentences": sentences,
        "model": model,
        "hs_model": Word2Vec(sentences, sg=1, hs=1, negative=0, **settings),
        "index": DESM(model).index(texts.values(), ids=texts, bm25=True),
        "tmp": str(folder),
        "Word2Vec": Word2Vec,
        "KeyedVectors": KeyedVectors,
        "Compass": Compass,
        "phrases": Phrases(
            [["in", "new", "york"], ["new", "york", "is", "new"]] * 9, min_count=1, threshold=0.5
        ),
        **{found.__name__: found for found in (align, most_shifted, shifts, Phrases, FrozenPhrases)},
        "np": np,
    }


@pytest.mark.parametrize("name", [name for name, found in OBJECTS.items() if ">>>" in doc_of(found)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_examples_run(name: str, names: dict[str, Any]) -> None:
    if name == "accelerate":
        pytest.importorskip("gensim", reason="accelerates gensim")
    if name == "evaluate_ranking":
        pytest.importorskip("ir_measures", reason="measures of rankings need ir_measures")
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    test = doctest.DocTestParser().get_doctest(doc_of(OBJECTS[name]), dict(names), name, None, None)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=options).run(test, out=said.append)
    assert test.examples
    assert not said, "".join(said)
