"""Packages that import gensim, unedited: seconds of their examples with gensim, and under `fastw2v.accel`.

    python benchmarks/unedited.py [--rounds N] [--only NAME]...

Runs those that are installed beside fastw2v, turn by turn, as processes of their own. "Word2Vec" is what the
processor spent to make and train gensim's or fastw2v's model; "whole" the time of the program on the wall,
with imports and walks.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from common import row

# Put before each program: what Word2Vec takes to be made and trained, whoever calls it.
STOPWATCH = """
import atexit, json, sys, time, gensim.models
_took, _inside = [0.0], []
def _time(cls, name):
    method = getattr(cls, name)
    def call(self, *args, **kwargs):
        begun = time.process_time()
        _inside.append(name)
        try:
            return method(self, *args, **kwargs)
        finally:
            _inside.pop()
            if not _inside:
                _took[0] += time.process_time() - begun
    setattr(cls, name, call)
_time(gensim.models.Word2Vec, "__init__")
_owners = [gensim.models, *(sys.modules[name] for name in ["fastw2v"] if name in sys.modules)]
for _cls in [owner.Word2Vec for owner in _owners]:
    _time(_cls, "build_vocab")
    _time(_cls, "train")
atexit.register(lambda: print("\\n" + json.dumps({"word2vec": _took[0]})))
"""


class Program(NamedTuple):
    """An example of a package: what it is, and its code, to be run in an empty folder."""

    package: str
    what: str
    code: str


PROGRAMS = {
    "node2vec": Program(
        "node2vec",
        "its README: 100 nodes, 200 walks of 30",
        """
import networkx as nx
from node2vec import Node2Vec
from node2vec.edges import HadamardEmbedder
graph = nx.fast_gnp_random_graph(n=100, p=0.5, seed=1)
node2vec = Node2Vec(graph, dimensions=64, walk_length=30, num_walks=200, workers=1, quiet=True)
model = node2vec.fit(window=10, min_count=1, batch_words=4)
model.wv.most_similar("2")
model.wv.save_word2vec_format("vectors.txt")
model.save("model")
HadamardEmbedder(keyed_vectors=model.wv)[("1", "2")]
""",
    ),
    "node2vec-2000": Program(
        "node2vec",
        "2,000 nodes, 20 walks of 40, 3 epochs",
        """
import networkx as nx
from node2vec import Node2Vec
graph = nx.barabasi_albert_graph(2000, 4, seed=1)
Node2Vec(graph, dimensions=64, walk_length=40, num_walks=20, workers=1, quiet=True).fit(window=10, epochs=3)
""",
    ),
    "pecanpy": Program(
        "pecanpy",
        "its command, on a graph of 1,000 nodes",
        """
import sys
import networkx as nx
graph = nx.barabasi_albert_graph(1000, 4, seed=1)
with open("graph.edg", "w") as file:
    file.writelines(f"{a}\\t{b}\\n" for a, b in graph.edges)
sys.argv = ["pecanpy", "--input", "graph.edg", "--output", "out.emb", "--mode", "SparseOTF", "--workers", "1"]
from pecanpy.cli import main
main()
""",
    ),
    "karateclub-deepwalk": Program(
        "karateclub",
        "DeepWalk(): CBOW, hierarchical softmax",
        """
import networkx as nx
from karateclub import DeepWalk
graph = nx.newman_watts_strogatz_graph(500, 20, 0.05, seed=1)
model = DeepWalk(workers=1)
model.fit(graph)
assert model.get_embedding().shape == (500, 128)
""",
    ),
    "karateclub-walklets": Program(
        "karateclub",
        "Walklets(): CBOW, negative sampling, window 1",
        """
import networkx as nx
from karateclub import Walklets
graph = nx.newman_watts_strogatz_graph(500, 20, 0.05, seed=1)
model = Walklets(workers=1)
model.fit(graph)
assert model.get_embedding().shape[0] == 500
""",
    ),
    "pyrdf2vec": Program(
        "pyrdf2vec",
        "its README, on 4,000 made triples: CBOW",
        """
import random
from pyrdf2vec import RDF2VecTransformer
from pyrdf2vec.embedders import Word2Vec
from pyrdf2vec.graphs import KG, Vertex
from pyrdf2vec.walkers import RandomWalker
random.seed(1)
graph = KG()
for _ in range(4000):
    a, b = (Vertex(f"http://x#{random.randrange(400)}") for _ in range(2))
    p = Vertex(f"http://p#{random.randrange(9)}", predicate=True, vprev=a, vnext=b)
    graph.add_walk(a, p, b)
names = [f"http://x#{n}" for n in range(400)]
walker = RandomWalker(4, 50, random_state=1)
transformer = RDF2VecTransformer(Word2Vec(epochs=10, workers=1), walkers=[walker])
found, _ = transformer.fit_transform(graph, [name for name in names if graph.is_exist([name])])
""",
    ),
    "spec2vec": Program(
        "spec2vec",
        "its README, on 400 made spectra: CBOW, 300 dimensions, window 500",
        """
import numpy as np
from matchms import Spectrum
from spec2vec import SpectrumDocument
from spec2vec.model_building import train_new_word2vec_model
rng = np.random.default_rng(1)
documents = []
for n in range(400):
    mz = np.sort(rng.choice(np.arange(50, 900), 60, replace=False) + 0.1)
    spectrum = Spectrum(mz=mz, intensities=rng.random(60), metadata={"precursor_mz": 900.0})
    documents.append(SpectrumDocument(spectrum, n_decimals=2))
train_new_word2vec_model(documents, iterations=[5, 10], filename="spec", workers=1, progress_logger=False)
""",
    ),
    "word2vec_standalone": Program(
        "gensim",
        "gensim.scripts.word2vec_standalone, skip-gram",
        """
import random, runpy, sys
random.seed(1)
words = [f"w{int(random.paretovariate(0.2)) % 20_000}" for _ in range(500_000)]
with open("text.txt", "w") as file:
    file.writelines(" ".join(words[n:n + 20]) + "\\n" for n in range(0, len(words), 20))
sys.argv = "word2vec -train text.txt -output out.txt -size 100 -cbow 0 -threads 1 -iter 3".split()
runpy.run_module("gensim.scripts.word2vec_standalone", run_name="__main__")
""",
    ),
}


def run(program: Program, options: list[str]) -> tuple[float, float]:
    """Return the seconds of Word2Vec and of the whole program."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "program.py").write_text(STOPWATCH + program.code)
        begun = time.perf_counter()
        ended = subprocess.run(
            [sys.executable, *options, "program.py"], cwd=folder, capture_output=True, text=True, check=False
        )
        whole = time.perf_counter() - begun
    if ended.returncode:
        raise RuntimeError(f"it ended with {ended.returncode}: {ended.stderr.strip().splitlines()[-1:]}")
    return json.loads(ended.stdout.splitlines()[-1])["word2vec"], whole


def installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=PROGRAMS, metavar="NAME")
    options = parser.parse_args()
    print(row(("program", "what", "gensim s", "fastw2v s", "Word2Vec, times as fast", "whole program")))
    print(row(("---", "---", "---:", "---:", "---:", "---:")))
    for name in options.only or PROGRAMS:
        program = PROGRAMS[name]
        if (version := installed(program.package)) is None:
            continue
        best: list[Any] = [(float("inf"),) * 2] * 2
        try:
            for _ in range(options.rounds):
                for place, how in enumerate(([], ["-m", "fastw2v.accel"])):
                    best[place] = tuple(map(min, best[place], run(program, how)))
        except RuntimeError as error:
            print(row((f"{name} {version}", f"{error}", "", "", "", "")), flush=True)
            continue
        (theirs, theirs_whole), (ours, ours_whole) = best
        cells = (f"{theirs:.2f}", f"{ours:.2f}", f"{theirs / ours:.1f}", f"{theirs_whole / ours_whole:.1f}")
        print(row((f"{name} {version}", program.what, *cells)), flush=True)


if __name__ == "__main__":
    main()
