"""What stays in gensim, under the names that a program has after its import of gensim was swapped.

`from fastw2v import Word2Vec, FastText` gives gensim's own FastText where gensim is installed, and an
error that says so where it is not. `import fastw2v.models.ldamodel` likewise. gensim is imported when such
a name is asked for, not before; its classes keep its names, so its pickles stay what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importing the true base takes a millisecond, and its methods are written here

# Modules of gensim 3.8 and 4.4. Those that a version does not have are missing there too, and gensim says so.
MODELS = frozenset(
    [
        "atmodel",
        "basemodel",
        "bm25model",
        "coherencemodel",
        "deprecated",
        "doc2vec",
        "doc2vec_corpusfile",
        "doc2vec_inner",
        "ensemblelda",
        "fasttext",
        "fasttext_corpusfile",
        "fasttext_inner",
        "hdpmodel",
        "lda_dispatcher",
        "lda_worker",
        "ldamodel",
        "ldamulticore",
        "ldaseqmodel",
        "logentropy_model",
        "lsi_dispatcher",
        "lsi_worker",
        "lsimodel",
        "nmf",
        "nmf_pgd",
        "normmodel",
        "poincare",
        "rpmodel",
        "tfidfmodel",
        "translation_matrix",
        "word2vec_corpusfile",
        "wrappers",
    ]
)
OTHERS = frozenset(
    [
        "corpora",
        "downloader",
        "interfaces",
        "matutils",
        "parsing",
        "scripts",
        "similarities",
        "sklearn_api",
        "summarization",
        "test",
        "topic_coherence",
        "viz",
    ]
)
CLASSES = frozenset(
    [
        "AtireBM25Model",
        "AuthorTopicModel",
        "BackMappingTranslationMatrix",
        "CoherenceModel",
        "Doc2Vec",
        "EnsembleLda",
        "FastText",
        "HdpModel",
        "LdaModel",
        "LdaMulticore",
        "LdaSeqModel",
        "LogEntropyModel",
        "LsiModel",
        "LuceneBM25Model",
        "Nmf",
        "NormModel",
        "OkapiBM25Model",
        "RpModel",
        "TfidfModel",
        "TranslationMatrix",
        "VocabTransform",
        "WordEmbeddingSimilarityIndex",
    ]
)
# Names of modules that both have, which only gensim has: module of ours → module of gensim's → names.
_ONLY_GENSIMS = {
    "utils": {
        "gensim.utils": """
    ClippedCorpus FakeDict InputQueue RepeatCorpusNTimes SaveLoad SlicedCorpus call_on_class_only check_output
    chunkize chunkize_serial copytree_hardlink deaccent decode_htmlentities deprecated dict_from_corpus
    effective_n_jobs file_or_filename flatten getNS get_max_id get_my_ip get_random_state grouper has_pattern
    identity ignore_deprecation_warning is_corpus is_empty iter_windows lazy_flatten lemmatize merge_counts
    mock_data mock_data_row open_file pickle pyro_daemon qsize randfname revdict safe_unichr sample_dict
    simple_tokenize smart_extension strided_windows synchronous tokenize toptexts trim_vocab_by_freq unpickle
    upload_chunked
    """
    },
    "callbacks": {
        "gensim.models.callbacks": """
    Callback CoherenceMetric ConvergenceMetric DiffMetric Metric PerplexityMetric
    """
    },
    "keyedvectors": {
        "gensim.models.fasttext": "FastTextKeyedVectors",
        "gensim.similarities": "WordEmbeddingSimilarityIndex",
    },
}
BESIDE = {
    ours: {theirs: frozenset(names.split()) for theirs, names in lists.items()}
    for ours, lists in _ONLY_GENSIMS.items()
}
# Modules of gensim whose few names that concern us stand here, below `models`.
OURS = frozenset(("base_any2vec", "utils_any2vec", "word2vec_inner"))
# What is ours, under the same name, and imported when it is asked for.
LATE_MODULES = frozenset(("phrases",))
LATE_CLASSES = dict.fromkeys(("Phrases", "FrozenPhrases", "Phraser"), "fastw2v.phrases")


def origin(name: str) -> str | None:
    """Return the module that a dotted name, without `fastw2v`, leads to; None if there is no such name.

    Args:
        name (str): "phrases", "models.phrases" or "corpora.dictionary".

    Returns:
        str or None: "gensim.models.phrases", "gensim.corpora.dictionary", or a module of ours.
    """
    name = name.removeprefix("models.")
    head = name.partition(".")[0]
    if head in LATE_MODULES:
        return f"fastw2v.{name}"
    if head in OURS:
        return f"fastw2v.models.{name}"
    if head in MODELS:
        return f"gensim.models.{name}"
    return f"gensim.{name}" if head in OTHERS else None


def found(name: str, asked: str) -> Any:
    """Return what a module of gensim's, or one of its classes, is under this name; for a `__getattr__`.

    Args:
        name (str): what is asked for.
        asked (str): the module of ours that is asked.

    Returns:
        any: the class or module.

    Raises:
        AttributeError: there is no such name, or gensim is not installed.
    """
    if name in LATE_CLASSES:
        return getattr(import_module(LATE_CLASSES[name]), name)
    module = "gensim.models" if name in CLASSES else origin(name)
    if module is None:
        raise AttributeError(f"module {asked!r} has no attribute {name!r}")
    try:
        loaded = import_module(module)
    except ImportError as error:
        raise AttributeError(_stays(name, asked, error)) from error
    return getattr(loaded, name) if name in CLASSES else loaded


def found_beside(module: str, name: str) -> Any:
    """Return what gensim's module of the same name has besides, as `found` does.

    Args:
        module (str): the module of ours, "utils".
        name (str): what is asked for.

    Returns:
        any: the class or function.

    Raises:
        AttributeError: there is no such name, or gensim is not installed or does not have it any more.
    """
    for origin_of, names in BESIDE[module].items():
        if name in names:
            try:
                return getattr(import_module(origin_of), name)
            except ImportError as error:
                raise AttributeError(_stays(name, f"fastw2v.{module}", error)) from error
    raise AttributeError(f"module 'fastw2v.{module}' has no attribute {name!r}")


def _stays(name: str, asked: str, error: ImportError) -> str:
    """Return what to say of a name that gensim has, if gensim cannot be imported."""
    place = "gensim" if name.partition(".")[0] in OTHERS else "gensim.models"
    return (
        f"{asked}.{name} stays in gensim, and cannot be imported from there ({error}): fastw2v replaces "
        f"gensim's Word2Vec and KeyedVectors. Where gensim is installed and has it, "
        f"`from {place} import {name}` works, and this too"
    )


class Finder:
    """Finds the modules of gensim's below `fastw2v`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module, None if it is not one of gensim's.

        Args:
            fullname (str): its dotted name.
            path (sequence of str, or None): ignored; it is Python's.
            target (module or None): ignored; it is Python's.

        Returns:
            ModuleSpec or None: for `import`.

        Raises:
            ModuleNotFoundError: it is one of gensim's modules or classes, and gensim cannot be imported.
        """
        package, _, name = fullname.partition(".")
        if package != "fastw2v" or not name:
            return None
        bare = name.removeprefix("models.")
        module = "gensim.models" if bare in CLASSES else origin(name)
        if module is None or module == fullname:
            return None
        try:
            loaded = import_module(module)
        except ImportError as error:
            asked = "fastw2v.models" if name.startswith("models.") else "fastw2v"
            # Named after gensim: Python takes one named `fullname` for its own, and replaces the words.
            raise ModuleNotFoundError(_stays(bare, asked, error), name="gensim") from error
        return None if bare in CLASSES else ModuleSpec(fullname, _Loader(loaded), origin=module)


class _Loader(Loader):
    """Gives a module that is imported already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return it."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give it back the description that Python has replaced by one of the name that was asked for."""
        module.__spec__ = self._spec
