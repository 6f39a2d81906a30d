"""models/: the package under gensim's names, and what stays in gensim under ours."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import IGNORE_OLDER, NO_GENSIM, ROWS, few_vectors, small

import fastw2v
from fastw2v import KeyedVectors, Word2Vec, models
from fastw2v.keyedvectors import Vocab
from fastw2v.models import gensims

GENSIM_3 = {
    "keyedvectors": ["BaseKeyedVectors", "WordEmbeddingsKeyedVectors", "Word2VecKeyedVectors", "Vocab"],
    "word2vec": ["Word2VecVocab", "Word2VecTrainables", "Heapitem", "Vocab"],
    "base_any2vec": ["BaseAny2VecModel", "BaseWordEmbeddingsModel"],
    "utils_any2vec": ["_save_word2vec_format", "_load_word2vec_format"],
    "word2vec_inner": ["MAX_WORDS_IN_BATCH", "FAST_VERSION", "train_batch_sg", "score_sentence_cbow"],
}


@pytest.mark.parametrize("package", ["fastw2v", "fastw2v.models"])
@pytest.mark.parametrize("module", GENSIM_3)
def test_modules_have_the_names_of_gensim_3(module: str, package: str) -> None:
    found = import_module(f"{package}.{module}")
    assert found is import_module(f"fastw2v.models.{module}")
    assert all(hasattr(found, name) for name in GENSIM_3[module])


def test_base_classes_are_for_isinstance_and_for_subclasses() -> None:
    from fastw2v.keyedvectors import BaseKeyedVectors
    from fastw2v.models.base_any2vec import BaseWordEmbeddingsModel

    class Mine(BaseWordEmbeddingsModel):
        pass

    model = Mine([["a", "b"]] * 9, min_count=1, vector_size=4, workers=1)
    assert isinstance(model, Word2Vec) and isinstance(small(), BaseWordEmbeddingsModel)
    assert isinstance(model.wv, BaseKeyedVectors)


def test_nodes_of_a_tree_compare_by_count() -> None:
    import heapq

    heap = [fastw2v.word2vec.Heapitem(count, index, None, None) for index, count in enumerate((5, 2, 9))]
    heapq.heapify(heap)
    assert [heapq.heappop(heap).index for _ in range(3)] == [1, 0, 2]


@IGNORE_OLDER
@pytest.mark.parametrize("binary", [False, True])
def test_vectors_in_files_by_gensim_3s_functions(tmp_path: Path, binary: bool) -> None:
    from fastw2v.utils_any2vec import _load_word2vec_format, _save_word2vec_format

    vocab = {"b": Vocab(index=1, count=5), "a": Vocab(index=0, count=7)}
    _save_word2vec_format(tmp_path / "vectors", vocab, ROWS[:2], tmp_path / "counts", binary=binary)
    read = _load_word2vec_format(KeyedVectors, tmp_path / "vectors", tmp_path / "counts", binary)
    assert read.index_to_key == ["a", "b"] and read.get_vecattr("a", "count") == 7
    np.testing.assert_array_equal(read.vectors, ROWS[:2])


# --- what stays in gensim ---


def test_a_program_that_swaps_one_import_gets_the_rest_from_gensim() -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    names: dict[str, Any] = {}
    exec(
        "import fastw2v as gensim, fastw2v.models.ldamodel, fastw2v.fasttext\n"
        "import fastw2v.downloader as api\n"
        "from fastw2v import Word2Vec, FastText, CoherenceModel\n"
        "from fastw2v.models import Doc2Vec, LdaModel\n"
        "from fastw2v.models.tfidfmodel import TfidfModel\n"
        "from fastw2v.corpora.dictionary import Dictionary\n"
        "from fastw2v.test.utils import common_texts",
        names,
    )
    assert names["Word2Vec"] is Word2Vec is names["gensim"].models.Word2Vec
    assert names["FastText"] is gensim.models.FastText and names["Doc2Vec"] is gensim.models.Doc2Vec
    assert names["CoherenceModel"] is gensim.models.CoherenceModel
    assert names["TfidfModel"] is gensim.models.TfidfModel
    assert names["api"] is sys.modules["gensim.downloader"] is names["gensim"].downloader
    # One module under two names, which knows only its own: no second copy of a class.
    assert names["Dictionary"] is gensim.corpora.Dictionary is fastw2v.corpora.Dictionary
    lda = sys.modules["gensim.models.ldamodel"]
    assert fastw2v.models.ldamodel is lda is import_module("fastw2v.ldamodel")
    assert fastw2v.models.ldamodel.__spec__.name == "gensim.models.ldamodel"
    words = names["Dictionary"](names["common_texts"])
    model = names["LdaModel"](list(map(words.doc2bow, names["common_texts"])), num_topics=2)
    assert type(model).__module__ == "gensim.models.ldamodel"  # the name in its pickles


def test_phrases_are_ours_under_all_names() -> None:
    names: dict[str, Any] = {}
    exec(
        "import fastw2v as gensim, fastw2v.models.phrases, fastw2v.phrases\n"
        "from fastw2v import Phrases\n"
        "from fastw2v.models import Phraser\n"
        "from fastw2v.models.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases\n",
        names,
    )
    module = import_module("fastw2v.phrases")
    assert fastw2v.models.phrases is module is names["gensim"].phrases
    assert names["Phrases"] is module.Phrases is fastw2v.models.Phrases
    assert names["Phraser"] is names["FrozenPhrases"] is module.FrozenPhrases


def test_every_name_of_gensims_is_ours_or_leads_there() -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    missing = [name for name in dir(gensim.models) if name[0] != "_" and not hasattr(models, name)]
    files = [module.name for module in pkgutil.iter_modules(gensim.models.__path__) if module.name[0] != "_"]
    missing += [name for name in files if name not in gensims.MODELS and not hasattr(models, name)]
    missing += [
        module.name
        for module in pkgutil.iter_modules(gensim.__path__)
        if module.name[0] != "_"
        and module.name != "nosy"
        and gensims.origin(module.name) is None
        and not hasattr(fastw2v, module.name)
    ]
    assert not missing


@pytest.mark.parametrize("module", gensims.BESIDE)
def test_modules_that_both_have_hold_gensims_other_names(module: str) -> None:
    pytest.importorskip("gensim", reason=NO_GENSIM)
    ours = import_module(f"fastw2v.{module}")
    theirs = import_module(f"gensim.{module}" if module == "utils" else f"gensim.models.{module}")
    defined = [name for name, value in vars(theirs).items() if name[0] != "_" and of(value, theirs)]
    assert defined and not [name for name in defined if not hasattr(ours, name)]
    for origin, names in gensims.BESIDE[module].items():
        found = [name for name in names if hasattr(import_module(origin), name)]
        assert all(getattr(ours, name) is getattr(import_module(origin), name) for name in found)
        assert not names & set(vars(ours))
    with pytest.raises(AttributeError, match=f"module 'fastw2v.{module}' has no attribute 'nonsense'"):
        ours.nonsense  # noqa: B018


def of(value: Any, module: Any) -> bool:
    return getattr(value, "__module__", None) == module.__name__


WITHOUT_GENSIM = """
import sys
sys.modules["gensim"] = None
import fastw2v, fastw2v.models
statement, named = sys.argv[1:]
try:
    exec(statement)
except (AttributeError, ImportError) as error:
    assert named in str(error) and "stays in gensim" in str(error), error
else:
    raise AssertionError(statement)
assert not hasattr(fastw2v, named) and not hasattr(fastw2v.models, named)
"""


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("from fastw2v import Word2Vec, Doc2Vec", "Doc2Vec"),
        ("from fastw2v.models import LdaModel", "LdaModel"),
        ("from fastw2v.models import ldamodel", "ldamodel"),
        ("from fastw2v.ldamodel import LdaModel", "ldamodel"),
        ("import fastw2v.models.ldamodel", "ldamodel"),
        ("import fastw2v.corpora.dictionary", "corpora"),
        ("fastw2v.downloader", "downloader"),
        ("fastw2v.models.TfidfModel", "TfidfModel"),
        ("fastw2v.utils.tokenize", "tokenize"),
        ("fastw2v.callbacks.PerplexityMetric", "PerplexityMetric"),
    ],
)
def test_without_gensim_the_error_says_that_it_stays_there(statement: str, named: str) -> None:
    run_python(WITHOUT_GENSIM, statement, named)


def test_gensim_is_not_imported_before_it_is_asked_for() -> None:
    run_python(
        "import sys, fastw2v, fastw2v.base_any2vec\n"
        "assert not hasattr(fastw2v, 'nonsense') and not hasattr(fastw2v.models, 'Nonsense')\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'gensim']"
    )


@pytest.mark.parametrize("package", ["fastw2v", "fastw2v.models"])
def test_nonsense_is_not_there(package: str) -> None:
    with pytest.raises(ImportError, match=f"cannot import name 'nonsense' from '{package}'"):
        exec(f"from {package} import nonsense")
    with pytest.raises(ModuleNotFoundError, match="nonsense"):
        import_module(f"{package}.nonsense")
    assert find_spec(f"{package}.nonsense") is None
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nonsense'"):
        import_module(package).nonsense  # noqa: B018


@IGNORE_OLDER
def test_soft_cosines_come_from_gensim() -> None:
    corpora = pytest.importorskip("gensim.corpora", reason=NO_GENSIM)
    kv = few_vectors()
    matrix = kv.similarity_matrix(corpora.Dictionary([["w1", "w2"], ["w3"]]), exponent=1.0).toarray()
    assert matrix.shape == (3, 3) and matrix[0, 0] == 1
    assert matrix[0, 1] == pytest.approx(max(0, kv.similarity("w1", "w2")), abs=1e-6)


@IGNORE_OLDER
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras with PyTorch
def test_a_keras_layer() -> None:
    try:
        import_module("keras")
    except ImportError:  # or what it computes with is missing
        with pytest.raises(ImportError, match="needs Keras"):
            few_vectors().get_keras_embedding()
        pytest.skip("Keras is not installed")
    kv = few_vectors()
    layer = kv.get_keras_embedding()
    np.testing.assert_array_equal(layer.get_weights()[0], kv.vectors)
    assert not layer.trainable
    layer = kv.get_keras_embedding(train_embeddings=True, word_index={"w5": 1, "unknown": 2})
    np.testing.assert_array_equal(layer.get_weights()[0], [0 * kv["w5"], kv["w5"], 0 * kv["w5"]])
    assert layer.trainable


def test_the_finder_leaves_other_names_alone() -> None:
    finder = gensims.Finder()
    for name in ("numpy", "fastw2v", "fastw2v.word2vec", "fastw2v.models.word2vec_inner", "phrases"):
        assert finder.find_spec(name) is None
    assert gensims.origin("models.nonsense") is None
