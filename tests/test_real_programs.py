"""Published programs that import gensim, with nothing but the import swapped.

Where node2vec, pecanpy, deepwalk or karateclub (PyPI) is installed, a copy of it runs on the karate club's
graph with fastw2v, and for comparison with gensim where it still can. They pin old versions of numpy, so the
tests' own environment has none of them; what they ask of us stands below by itself as well.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import environment, run_python
from factories import NO_GENSIM

import fastw2v

# The club of Zachary (1977), who broke apart around members 1 and 34: "member: friends with higher numbers".
CLUB = """
1: 2 3 4 5 6 7 8 9 11 12 13 14 18 20 22 32; 2: 3 4 8 14 18 20 22 31; 3: 4 8 9 10 14 28 29 33; 4: 8 13 14;
5: 7 11; 6: 7 11 17; 7: 17; 9: 31 33 34; 10: 34; 14: 34; 15: 33 34; 16: 33 34; 19: 33 34; 20: 34; 21: 33 34;
23: 33 34; 24: 26 28 30 33 34; 25: 26 28 32; 26: 32; 27: 30 34; 28: 34; 29: 32 34; 30: 33 34; 31: 33 34;
32: 33 34; 33: 34
"""
EDGES = [
    (member.strip(), friend)
    for member, friends in (row.split(":") for row in CLUB.split(";"))
    for friend in friends.split()
]
MEMBERS = [str(member) for member in range(1, 35)]


def walks(count: int = 10, length: int = 20) -> list[list[str]]:
    """Random ones over the edges, `count` from each member."""
    rng = np.random.default_rng(1)
    friends = {member: [a if b == member else b for a, b in EDGES if member in (a, b)] for member in MEMBERS}
    found = [[start] for start in MEMBERS * count]
    for walk in found:
        while len(walk) < length:
            walk.append(str(rng.choice(friends[walk[-1]])))
    return found


# --- the programs ---

PROGRAMS = {
    "node2vec": """
import networkx
from node2vec import Node2Vec
from node2vec.edges import HadamardEmbedder
graph = networkx.read_edgelist(edges)
model = Node2Vec(graph, dimensions=16, walk_length=20, num_walks=10, workers=1, quiet=True, seed=1).fit(
    window=5, min_count=1, batch_words=4
)
assert len(model.wv.most_similar("2")) == 10
model.save("model")
edges_of = HadamardEmbedder(keyed_vectors=model.wv, quiet=True).as_keyed_vectors()
assert len(edges_of.most_similar(str(("1", "2")))) == 10
edges_of.save_word2vec_format("edges")
model.wv.save_word2vec_format("vectors")
""",
    "pecanpy": """
import sys
import numpy
from pecanpy import cli, pecanpy
for make in (pecanpy.SparseOTF, pecanpy.DenseOTF):
    graph = make(p=0.5, q=1, workers=1, verbose=False, random_state=1)
    graph.read_edg(edges, weighted=False, directed=False, delimiter=" ")
    assert graph.embed(dim=16, num_walks=5, walk_length=20, window_size=5, epochs=2).shape == (34, 16)
for output in ("vectors", "vectors.npz"):
    sys.argv = f"pecanpy --input {edges} --output {output} --delimiter".split() + [" "]
    sys.argv += "--mode FirstOrderUnweighted --dimensions 8 --num-walks 5 --walk-length 20".split()
    sys.argv += "--workers 1 --random_state 1".split()
    cli.main()
saved = numpy.load("vectors.npz")
assert len(saved["IDs"]) == 34 and saved["data"].shape == (34, 8)
""",
    "deepwalk": """
import collections
import collections.abc
import sys
# Where deepwalk looks for them, and Python had them before 3.10.
collections.Iterable = collections.abc.Iterable
collections.Mapping = collections.abc.Mapping
from deepwalk.__main__ import main
usual = f"deepwalk --format edgelist --input {edges} --output vectors --representation-size 16".split()
for more in ([], ["--max-memory-data-size", "0"]):  # from memory, then from files through a class of its own
    sys.argv = usual + more
    main()
""",
    "karateclub": """
import networkx
import karateclub
graph = networkx.convert_node_labels_to_integers(networkx.read_edgelist(edges))
for name in ("DeepWalk", "Walklets"):
    model = getattr(karateclub, name)(dimensions=16, workers=1, walk_number=5, walk_length=20)
    model.fit(graph)
    assert len(model.get_embedding()) == 34
""",
}
SPEAK_GENSIM_3 = {"deepwalk", "karateclub"}


def only_the_import(text: str) -> str:
    text = re.sub(r"^import gensim$", "import fastw2v as gensim", text, flags=re.MULTILINE)
    return re.sub(r"^from gensim\.models(?!\.doc2vec)", "from fastw2v", text, flags=re.MULTILINE)


def every_mention(text: str) -> str:
    """Also where it asks for gensim's version: ours is below 4, so that it speaks as gensim 3."""
    return re.sub(r"\bgensim\b(?!\.models\.doc2vec)", "fastw2v", text)


def unchanged(text: str) -> str:
    return text


def run(program: str, swap: Callable[[str], str], folder: Path) -> Path:
    """Run a copy of the program in `folder`; the word vectors it wrote are in the file that is returned."""
    found = importlib.util.find_spec(program)
    if found is None or found.origin is None:
        pytest.skip(f"{program} is not installed")
    copy = folder / "copy"
    shutil.copytree(Path(found.origin).parent, copy / program, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.rglob("*.py"):
        path.write_text(swap(path.read_text(encoding="utf8")), encoding="utf8")
    (folder / "edges").write_text("".join(f"{a} {b}\n" for a, b in EDGES))
    script = f"edges = 'edges'{PROGRAMS[program]}"
    where = os.pathsep.join([str(copy), environment()["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment(PYTHONPATH=where),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "vectors"


@pytest.mark.parametrize("swap", [only_the_import, every_mention])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program(tmp_path: Path, program: str, swap: Callable[[str], str]) -> None:
    if swap is every_mention:
        try:
            version("fastw2v")
        except PackageNotFoundError:
            pytest.skip("fastw2v is importable but not installed: it has no version to be asked for")
    (tmp_path / "ours").mkdir()
    vectors = run(program, swap, tmp_path / "ours")
    if program == "karateclub":
        return  # it keeps the vectors to itself
    ours = fastw2v.KeyedVectors.load_word2vec_format(vectors)
    assert set(ours.index_to_key) == set(MEMBERS)
    assert np.mean([ours.rank(*edge) for edge in EDGES]) < 17  # of 33
    if program not in SPEAK_GENSIM_3:
        (tmp_path / "theirs").mkdir()
        theirs = fastw2v.KeyedVectors.load_word2vec_format(run(program, unchanged, tmp_path / "theirs"))
        assert theirs.index_to_key == ours.index_to_key
        np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1e-4)


# --- the command of the README ---

FORMS = {
    "import gensim": """
import gensim
model = gensim.models.Word2Vec([["a", "b", "c"]] * 20, min_count=1, vector_size=5, workers=1)
gensim.models.word2vec.LineSentence
gensim.models.KeyedVectors, gensim.utils.simple_preprocess
""",
    "from gensim.models": """
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.word2vec import LineSentence
from gensim.models.callbacks import CallbackAny2Vec
from gensim.utils import simple_preprocess
model = Word2Vec([["a", "b", "c"]] * 20, min_count=1, vector_size=5, workers=1)
""",
    "import gensim.models": """
import gensim.models.keyedvectors as kv, gensim.models.word2vec as w2v
from gensim import models, utils
model = models.Word2Vec([["a", "b", "c"]] * 20, min_count=1, vector_size=5, workers=1)
assert isinstance(model, w2v.Word2Vec) and isinstance(model.wv, kv.KeyedVectors)
""",
    "gensim beside": """
import gensim
import gensim.downloader as api
from gensim.corpora import Dictionary
from gensim.models import FastText, Word2Vec
from gensim.models.phrases import Phrases, Phraser
from gensim.test.utils import common_texts
phrases = Phraser(Phrases(common_texts, min_count=1, threshold=1))
model = Word2Vec(list(phrases[common_texts]), min_count=1, vector_size=5, workers=1)
FastText(common_texts, min_count=1, vector_size=5, epochs=1), Dictionary(common_texts), api.load
gensim.models.TfidfModel, gensim.similarities.Similarity, gensim.matutils.unitvec
""",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_command_of_the_readme_swaps_whole_programs(form: str) -> None:
    if shutil.which("sed") is None:
        pytest.skip("sed is not installed")
    if form == "gensim beside":
        pytest.importorskip("gensim", reason=NO_GENSIM)
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf8")
    command = re.search(r"`(s/gensim[^`]*)`", readme)
    assert command is not None
    swapped = subprocess.run(
        ["sed", command[1]], input=FORMS[form], capture_output=True, text=True, check=True
    ).stdout
    run_python(f"{swapped}\nassert type(model).__module__ == 'fastw2v.word2vec'")


# Of 103 public programs that use Word2Vec: every form in which they import what is gensim's.
IMPORTS = [
    "import gensim; gensim.models.Word2Vec; gensim.models.word2vec.LineSentence",
    "from gensim.models import Word2Vec, KeyedVectors",
    "from gensim.models import Word2Vec, FastText",
    "from gensim.models import Phrases, Word2Vec",
    "from gensim.models.phrases import Phrases, Phraser, ENGLISH_CONNECTOR_WORDS",
    "from gensim.models.word2vec import Word2Vec, LineSentence, Text8Corpus, PathLineSentences",
    "from gensim.models.doc2vec import Doc2Vec, TaggedDocument",
    "from gensim.models.callbacks import CallbackAny2Vec",
    "from gensim.models.keyedvectors import KeyedVectors, Word2VecKeyedVectors",
    "from gensim import corpora, models, similarities, utils",
    "from gensim.corpora import Dictionary",
    "from gensim.utils import simple_preprocess, tokenize, deaccent",
    "from gensim.test.utils import common_texts, datapath, get_tmpfile",
    "from gensim.scripts.glove2word2vec import glove2word2vec",
    "import gensim.downloader as api",
    "from gensim.parsing.preprocessing import STOPWORDS, remove_stopwords",
    "from gensim.models import CoherenceModel, TfidfModel, LdaModel",
]


def test_whatever_programs_import_is_found() -> None:
    """After the README's command, and unedited in a process that is accelerated; all lines in one process."""
    pytest.importorskip("gensim", reason=NO_GENSIM)
    ours = ["Word2Vec", "KeyedVectors", "Phrases", "LineSentence", "simple_preprocess"]
    program = "\n".join(IMPORTS)
    swapped = program.replace("gensim", "fastw2v")  # as the README's command does
    run_python(
        f"{swapped}\nfor found in ({', '.join(ours)}):\n    assert 'fastw2v' in found.__module__, found"
    )
    run_python(
        f"import fastw2v\nfastw2v.accelerate()\n{program}\n"
        "assert type(Word2Vec([['a']], min_count=1)) is fastw2v.Word2Vec\n"
        "assert type(KeyedVectors(2)) is fastw2v.KeyedVectors"
    )


# --- what they ask for ---


def test_as_node2vec_asks(tmp_path: Path) -> None:
    import fastw2v as gensim

    model = gensim.models.Word2Vec(walks(), vector_size=16, window=5, min_count=1, workers=1, batch_words=4)
    assert isinstance(model.wv, gensim.models.KeyedVectors)
    with pytest.deprecated_call(match="index_to_key"):
        keys = model.wv.index2word
    products = [model.wv[a] * model.wv[b] for a in keys for b in keys]
    names = [str((a, b)) for a in keys for b in keys]
    pairs = gensim.models.KeyedVectors(vector_size=model.wv.vector_size)
    with pytest.deprecated_call(match="add_vectors"):
        pairs.add(entities=names, weights=products)
    np.testing.assert_array_equal(pairs[names[7]], products[7])
    assert len(pairs) == 34 * 34 and pairs.most_similar(str(("1", "2")))[0][0] == str(("2", "1"))
    pairs.save_word2vec_format(tmp_path / "pairs")  # words with spaces, which gensim writes but cannot read
    back = gensim.models.KeyedVectors.load_word2vec_format(tmp_path / "pairs")
    assert back.index_to_key == names
    np.testing.assert_array_equal(back.vectors, pairs.vectors)


def test_as_pecanpy_asks(tmp_path: Path) -> None:
    model = fastw2v.Word2Vec(
        walks(), vector_size=8, window=10, sg=1, min_count=0, workers=1, epochs=1, seed=None
    )
    assert model.wv[MEMBERS].shape == (34, 8)
    np.savez(tmp_path / "vectors.npz", IDs=model.wv.index_to_key, data=model.wv.vectors)
    assert np.load(tmp_path / "vectors.npz")["IDs"].tolist() == model.wv.index_to_key


def test_as_deepwalk_asks(tmp_path: Path) -> None:
    from fastw2v.word2vec import Vocab, Word2Vec

    class Skipgram(Word2Vec):
        def __init__(self, vocabulary_counts: Any = None, **settings: Any) -> None:
            self.vocabulary_counts = vocabulary_counts
            super().__init__(**settings, sg=1, hs=1)

    class Corpus:
        def __iter__(self) -> Any:
            return iter(walks())

    assert isinstance(Vocab, type)
    with pytest.deprecated_call(match="vector_size"):
        model = Skipgram(
            {"1": 5}, sentences=Corpus(), size=16, window=5, min_count=0, trim_rule=None, workers=1
        )
    assert model.vocabulary_counts == {"1": 5} and len(model.wv) == 34
    model.wv.save_word2vec_format(str(tmp_path / "vectors"))


def test_as_karateclub_asks() -> None:
    with pytest.deprecated_call():
        model = fastw2v.Word2Vec(
            walks(), hs=1, alpha=0.05, iter=2, size=16, window=5, min_count=1, workers=1, seed=42
        )
        embedding = [model[member] for member in MEMBERS]
    assert model.epochs == 2 and np.shape(embedding) == (34, 16)
