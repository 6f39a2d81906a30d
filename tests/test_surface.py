"""The surface of gensim 4.4's Word2Vec and KeyedVectors, member by member, found by introspection.

Every public member is the *same* (it is there and takes gensim's parameters with gensim's defaults), *mended*
(it differs, for the better, as said here) or *missing* (for the reason given here). Run with `-s` for the
table.
"""

from __future__ import annotations

import inspect
import pickle
import re
from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from factories import NO_GENSIM

import fastw2v
from fastw2v import KeyedVectors, Word2Vec

# What differs from gensim, in parameters or in what it does, and how.
MENDED = {
    "KeyedVectors.add_vector": "later queries see it",
    "KeyedVectors.add_vectors": "extras work; a key given twice gets one row; later queries see them",
    "KeyedVectors.evaluate_word_analogies": "similarity_function is honoured",
    "KeyedVectors.fill_norms": "nothing to fill: norms are computed with each query",
    "KeyedVectors.index2entity": "works, with a warning",
    "KeyedVectors.index2word": "works, with a warning",
    "KeyedVectors.init_sims": "changes vectors with replace=True only: there are no norms to prepare",
    "KeyedVectors.intersect_word2vec_format": "works: vectors_lockf grows to one factor per word",
    "KeyedVectors.load": "reads both formats, and runs no code that is in a file",
    "KeyedVectors.load_word2vec_format": "a word given twice leaves no nameless rows; bad lines are errors",
    "KeyedVectors.most_similar": "rows without a direction have cosine 0; equal cosines in the order of rows",
    "KeyedVectors.most_similar_cosmul": "restrict_vocab is honoured; row numbers and vectors work",
    "KeyedVectors.norms": "computed now, never stale",
    "KeyedVectors.save": "one file, at once or not at all, without pickle",
    "KeyedVectors.save_word2vec_format": "NaN and words that could not be read back are refused, if you like",
    "KeyedVectors.vectors_norm": "works, with a warning",
    "KeyedVectors.vocab": "works, with a warning: a live view",
    "KeyedVectors.word_vec": "the older keyword use_norm works too",
    "Word2Vec.build_vocab": "a second vocabulary begins with fresh vectors; a refused one changes nothing",
    "Word2Vec.build_vocab_from_freq": "sets corpus_total_words; leaves the caller's dict alone",
    "Word2Vec.get_latest_training_loss": "a float64 sum over all workers; per epoch in `history`",
    "Word2Vec.init_sims": "changes vectors with replace=True only: there are no norms to prepare",
    "Word2Vec.init_weights": "draws new vectors, as its name says",
    "Word2Vec.load": "reads both formats, and runs no code that is in a file",
    "Word2Vec.predict_output_word": "answers under hierarchical softmax too; large scores do not overflow",
    "Word2Vec.reset_from": "what comes out can be trained",
    "Word2Vec.running_training_loss": "a float64 sum over all workers",
    "Word2Vec.save": "one file, at once or not at all, without pickle",
    "Word2Vec.score": "of no sentences is empty; no limit of words per sentence",
    "Word2Vec.train": "raises instead of hanging; a refused call changes nothing",
}
MISSING: dict[str, str] = {}

# The names that people import, by module; gensim's modules hold more, which are their own imports.
NAMES = {
    "models": ["Word2Vec", "KeyedVectors", "FAST_VERSION"],
    "models.word2vec": [
        *("Word2Vec", "LineSentence", "PathLineSentences", "Text8Corpus", "BrownCorpus", "KeyedVectors"),
        *("FAST_VERSION", "CORPUSFILE_VERSION", "MAX_WORDS_IN_BATCH", "REAL", "pseudorandom_weak_vector"),
        *(
            "keep_vocab_item",
            "train_batch_sg",
            "train_batch_cbow",
            "score_sentence_sg",
            "score_sentence_cbow",
        ),
        *("train_epoch_sg", "train_epoch_cbow", "Heapitem", "Vocab", "Word2VecVocab", "Word2VecTrainables"),
    ],
    "models.keyedvectors": [
        *("KeyedVectors", "Word2VecKeyedVectors", "Doc2VecKeyedVectors", "EuclideanKeyedVectors"),
        *("CompatVocab", "Vocab", "load_word2vec_format", "pseudorandom_weak_vector", "prep_vectors", "REAL"),
    ],
    "models.callbacks": ["CallbackAny2Vec"],
    "utils": [
        *("RULE_DEFAULT", "RULE_DISCARD", "RULE_KEEP", "keep_vocab_item", "prune_vocab", "simple_preprocess"),
        *("to_unicode", "any2unicode", "to_utf8", "any2utf8", "open", "save_as_line_sentence"),
        *("RepeatCorpus", "SaveLoad", "call_on_class_only"),
    ],
}
MISSING_NAMES = {
    "models.word2vec.train_epoch_cbow": "works on a private object of gensim's, in byte ranges of a file",
    "models.word2vec.train_epoch_sg": "works on a private object of gensim's, in byte ranges of a file",
}


@pytest.fixture(scope="module")
def gensim() -> Any:
    return pytest.importorskip("gensim", reason=NO_GENSIM)


def trained_by(cls: Any) -> Any:
    return cls([["potato", "soup"] * 3], min_count=1, vector_size=4, hs=1, workers=1)


def members(cls: Any, instance: Any) -> set[str]:
    """Public methods, properties and attributes."""
    return {name for name in {*dir(cls), *vars(instance)} if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any]]:
    """Names and defaults; those that only keywords reach are additions."""
    kinds = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD
    return [
        (p.name, p.default) for p in inspect.signature(function).parameters.values() if p.kind not in kinds
    ]


def differs(name: str, theirs: Any, ours: Any) -> bool:
    """Whether a method takes other parameters than gensim's."""
    if isinstance(inspect.getattr_static(theirs, name), property) or not callable(getattr(theirs, name)):
        return False
    try:
        expected = parameters(getattr(theirs, name))
        return ("args", inspect.Parameter.empty) not in expected and expected != parameters(
            getattr(ours, name)
        )
    except ValueError:  # what is written in C, as `hash` is, has no signature
        return False


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_member_of_gensims_classes(gensim: Any) -> None:
    found: dict[str, str] = {}
    unlike = set()
    theirs, ours = trained_by(gensim.models.Word2Vec), trained_by(Word2Vec)
    for their, our in ((theirs, ours), (theirs.wv, ours.wv)):
        for name in sorted(members(type(their), their)):
            member = f"{type(their).__name__}.{name}"
            found[member] = "mended" if member in MENDED else "same" if hasattr(our, name) else "missing"
            holders = (type(their), type(our)) if hasattr(type(their), name) else (their, our)
            if hasattr(our, name) and differs(name, *holders):
                unlike.add(member)
    for member, how in found.items():
        print(f"{member:45} {how:8} {(MENDED | MISSING).get(member, '')}")
    print(dict(Counter(found.values())))
    assert {member for member, how in found.items() if how == "missing"} == MISSING.keys()
    assert unlike <= MENDED.keys() <= found.keys()


@pytest.mark.parametrize("module", NAMES)
def test_names_to_import(module: str, gensim: Any) -> None:
    theirs, ours = import_module(f"gensim.{module}"), import_module(f"fastw2v.{module}")
    assert all(hasattr(theirs, name) for name in NAMES[module])
    missing = {f"{module}.{name}" for name in NAMES[module] if not hasattr(ours, name)}
    assert missing == {name for name in MISSING_NAMES if name.rpartition(".")[0] == module}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("keyedvectors", ["CompatVocab", "Vocab", "VocabRecord", "VocabView", "prep_vectors", "REAL"]),
        ("word2vec", ["Vocab", "train_batch_sg", "score_sentence_cbow", "pseudorandom_weak_vector", "REAL"]),
    ],
)
def test_what_moved_is_still_there(module: str, names: list[str]) -> None:
    public = import_module(f"fastw2v.{module}")
    for name in names:
        thing = getattr(public, name)
        assert pickle.loads(pickle.dumps(thing)) is thing
    record = pickle.dumps(import_module("fastw2v.keyedvectors").Vocab(count=3))
    assert b"fastw2v.keyedvectors" in record and pickle.loads(record).count == 3


@pytest.mark.parametrize("cls", [KeyedVectors, Word2Vec])
def test_older_spellings_are_told_by_the_class_that_users_know(cls: Any) -> None:
    kv, model = KeyedVectors(2), Word2Vec()
    kv.add_vectors(["a"], [[1, 2]])
    ours = kv if cls is KeyedVectors else model
    with pytest.warns(DeprecationWarning) as heard:
        ours.init_sims()
        assert (kv.wv is kv) if ours is kv else (model.trainables.layer1_size == model.layer1_size)
    assert [str(warning.message).partition(" is ")[0] for warning in heard] == [
        f"{cls.__name__}.init_sims()",
        f"{cls.__name__}.{'wv' if ours is kv else 'trainables'}",
    ]
    assert str(heard[1].message).endswith(f"use the attributes of {cls.__name__} itself")
    assert {warning.filename for warning in heard} == {__file__}


def test_models_is_the_package_under_gensims_name() -> None:
    namespace: dict[str, Any] = {}
    exec(
        "import fastw2v as gensim\nimport fastw2v.models.word2vec\n"
        "from fastw2v.models.word2vec import LineSentence, Word2Vec\n"
        "from fastw2v.models import KeyedVectors, callbacks, keyedvectors, word2vec",
        namespace,
    )
    assert namespace["Word2Vec"] is Word2Vec is namespace["gensim"].models.Word2Vec
    assert namespace["KeyedVectors"] is KeyedVectors is namespace["keyedvectors"].KeyedVectors
    assert namespace["word2vec"] is import_module("fastw2v.word2vec")
    assert (
        namespace["gensim"].models.word2vec.LineSentence is namespace["LineSentence"] is fastw2v.LineSentence
    )


@pytest.mark.parametrize(
    ("module", "name", "ours"),
    [("word2vec", "Word2Vec", Word2Vec), ("keyedvectors", "KeyedVectors", KeyedVectors)],
)
def test_no_private_method_has_the_name_of_one_of_gensims(module: str, name: str, ours: type) -> None:
    """A class written for gensim that overrides one of its hooks would replace another method of ours."""
    theirs = getattr(pytest.importorskip(f"gensim.models.{module}", reason="compares with gensim"), name)
    hooks = {hook for cls in theirs.__mro__[:-1] for hook in vars(cls) if re.match(r"_[a-z]", hook)}
    assert len(hooks) > 3 and not hooks & set(dir(ours))
