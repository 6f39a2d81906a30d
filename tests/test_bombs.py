"""What is compressed may hold far more than its size: whoever reads it takes little memory, and ends."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest
from children import run_python

if sys.platform != "linux":
    pytest.skip("measures memory as Linux counts it", allow_module_level=True)

MOST = 64  # MB
CONTENT = 100  # MB in a file of a few hundred kB

READ = """
import resource, sys, warnings
import scipy.stats  # imported with the first correlation
from fastw2v import KeyedVectors, LineSentence, Text8Corpus, Word2Vec, evaluation
from fastw2v.cli import contents, documents
from fastw2v.desm import DESMIndex

warnings.simplefilter("ignore")
folder = sys.argv[1]
kv = KeyedVectors(3)
kv.add_vectors(["a", "b"], [[1, 2, 3], [4, 5, 6]])
kv.save_word2vec_format(folder + "/good")
of_vectors = KeyedVectors.load_word2vec_format
readers = {
    "model": Word2Vec.load,
    "vectors": KeyedVectors.load,
    "index": DESMIndex.load,
    "text": of_vectors,
    "some": lambda path: of_vectors(path, limit=1),
    "truncated": lambda path: of_vectors(path, allow_truncated=True),
    "binary": lambda path: of_vectors(path, binary=True),
    "no header": lambda path: of_vectors(path, no_header=True),
    "utf-16": lambda path: of_vectors(path, encoding="utf-16"),
    "fvocab": lambda path: of_vectors(folder + "/good", fvocab=path),
    "intersect": kv.intersect_word2vec_format,
    "both sides": lambda path: Word2Vec.from_vectors(path, kv),
    "analogies": kv.evaluate_word_analogies,
    "pairs": kv.evaluate_word_pairs,
    "judgements": evaluation.read_judgements,
    "queries": documents._queries,
    "info": contents.facts_of,
}
if "corpus" in sys.argv:
    readers = {
        "lines": lambda path: [None for _ in LineSentence(path, max_sentence_length=1000)],
        "text8": lambda path: [None for _ in Text8Corpus(path)],
        "pruned": lambda path: Word2Vec(min_count=1, max_vocab_size=9).build_vocab(corpus_file=path),
    }
usage = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before = usage()
for path in sys.argv[2:]:
    for name, read in readers.items() if path != "corpus" else ():
        try:
            read(path)
        except ValueError as error:
            assert path.rpartition("/")[2] in str(error), error
        print(name, usage() - before)
"""


def bomb(path: Path, head: bytes, unit: bytes, size: int = CONTENT) -> Path:
    """A file of `head` and so many MB of `unit`."""
    block = gzip.compress(unit * ((1 << 20) // len(unit)), 6)
    path.write_bytes(gzip.compress(head) + block * size)
    return path


@pytest.mark.parametrize("head", [b"", b"2 3\n", b"1 300000\na ", b"\x80\x04"])
def test_no_reader_takes_more_than_it_needs(tmp_path: Path, head: bytes) -> None:
    units = [bytes(1 << 20), b" ", b"x", b"a ", b"1"]
    files = [bomb(tmp_path / f"bomb{number}", head, unit) for number, unit in enumerate(units)]
    grown = [line.rsplit(" ", 1) for line in run_python(READ, tmp_path, *files).stdout.splitlines()]
    assert len(grown) == len(units) * 17
    assert max(int(size) for _, size in grown) <= MOST, grown


def test_a_corpus_of_one_line_is_read_in_parts(tmp_path: Path) -> None:
    line = bomb(tmp_path / "line.gz", b"a ", b"b c ", 60)
    grown = [line.rsplit(" ", 1) for line in run_python(READ, tmp_path, line, "corpus").stdout.splitlines()]
    assert [name for name, _ in grown] == ["lines", "text8", "pruned"]
    assert max(int(size) for _, size in grown) <= MOST, grown
