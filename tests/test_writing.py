"""Every call that takes a path: errors say which file it was, and a good file stays."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from children import run_python
from factories import few_vectors, largest_file, small

from fastw2v import BrownCorpus, KeyedVectors, LineSentence, PathLineSentences, Text8Corpus, Word2Vec
from fastw2v.cli import main
from fastw2v.desm import DESM, DESMIndex
from fastw2v.evaluation import read_judgements
from fastw2v.utils import open as open_file
from fastw2v.utils import save_as_line_sentence

Call = Callable[[Any], Any]

MODEL = small([["user", "graph", "trees"], ["system", "user"]] * 400, vector_size=100)
KV = MODEL.wv
INDEX = DESM(MODEL)
SENTENCES = [["graph", "trees"]] * 9000


def also_counts(path: Any) -> None:
    KV.save_word2vec_format(os.devnull, fvocab=path)


WRITERS: dict[str, Call] = {
    "model": MODEL.save,
    "vectors": KV.save,
    "text": KV.save_word2vec_format,
    "binary": lambda path: KV.save_word2vec_format(path, binary=True),
    "added": lambda path: KV.save_word2vec_format(path, append=True),
    "out": lambda path: MODEL.save_word2vec_format(path, space="out"),
    "index": lambda path: INDEX.index(["user graph", "trees"]).save(path),
    "sentences": lambda path: save_as_line_sentence(SENTENCES, path),
}
ALL_WRITERS = WRITERS | {"counts": also_counts}
READERS: dict[str, Call] = {
    "model": Word2Vec.load,
    "vectors": KeyedVectors.load,
    "mapped": lambda path: KeyedVectors.load(path, mmap="r"),
    "text": KeyedVectors.load_word2vec_format,
    "binary": lambda path: KeyedVectors.load_word2vec_format(path, binary=True),
    "counts": lambda path: KeyedVectors.load_word2vec_format(os.devnull, fvocab=path),
    "intersect": few_vectors().intersect_word2vec_format,
    "both sides": lambda path: Word2Vec.from_vectors(path, KV),
    "index": DESMIndex.load,
    "lines": lambda path: list(LineSentence(path)),
    "text8": lambda path: list(Text8Corpus(path)),
    "folder": lambda path: list(PathLineSentences(path)),
    "brown": lambda path: list(BrownCorpus(path)),
    "corpus": lambda path: Word2Vec(corpus_file=path),
    "analogies": KV.evaluate_word_analogies,
    "pairs": KV.evaluate_word_pairs,
    "judgements": read_judgements,
    "open": lambda path: open_file(path).close(),
}


# --- a full disk ---


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_names_the_file_and_leaves_the_old(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(b"good\n")
    with largest_file(12), pytest.raises(OSError) as caught:
        WRITERS[name](path)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"good\n" and os.listdir(tmp_path) == [path.name]


class Partial(io.RawIOBase):
    """A file without a buffer, which takes some bytes of each write, as on a disk that is nearly full."""

    def __init__(self, takes: int | None) -> None:
        self.takes, self.content = takes, bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int | None:
        self.content += bytes(data[: self.takes or 0])
        return self.takes and min(len(data), self.takes)


@pytest.mark.parametrize("name", ["vectors", "text", "binary", "index"])
def test_a_file_without_a_buffer_gets_all(name: str) -> None:
    whole, parts = io.BytesIO(), Partial(100)
    for file in (whole, parts):
        WRITERS[name](file)
    assert parts.content == whole.getvalue()
    with pytest.raises(BlockingIOError, match="takes nothing now"):
        WRITERS[name](Partial(None))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("name", ALL_WRITERS)
def test_a_full_device_is_named(name: str) -> None:
    with pytest.raises(OSError) as caught:
        ALL_WRITERS[name]("/dev/full")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "/dev/full")
    with pytest.raises(OSError, match="/dev/full"), open("/dev/full", "wb", buffering=0) as file:
        MODEL.save(file)


def test_a_corpus_that_fails_leaves_the_good_file(tmp_path: Path) -> None:
    def failing() -> Any:
        yield ["new"]
        raise ConnectionResetError("the other end has gone")

    path = tmp_path / "text"
    save_as_line_sentence([["old"]], path)
    with pytest.raises(ConnectionResetError, match="other end") as caught:
        save_as_line_sentence(failing(), path)
    assert caught.value.filename is None, "it is not of this file"
    assert path.read_text() == "old\n" and os.listdir(tmp_path) == ["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such limit")
def test_ids_that_do_not_fit_name_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text"
    save_as_line_sentence(SENTENCES, path)
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "0")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with largest_file(5000), pytest.raises(OSError, match="Set TMPDIR to a folder with room") as caught:
        Word2Vec(corpus_file=path, min_count=1, progress=False)
    assert caught.value.filename == str(tmp_path)


def test_what_is_added_is_cut_back_wherever_the_program_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/vectors").write_bytes(b"another\n")
    monkeypatch.chdir(tmp_path)
    KV.save_word2vec_format("vectors")
    before = Path("vectors").read_bytes()

    class Wandering(KeyedVectors):
        pass

    kv = Wandering(2)
    kv.add_vectors(["a"], [[1.0, 2.0]])
    monkeypatch.setattr("fastw2v.formats.word2vec_format._text_block", lambda *_: os.chdir("elsewhere"))
    with pytest.raises(TypeError):
        kv.save_word2vec_format("vectors", append=True)
    assert (tmp_path / "vectors").read_bytes() == before
    assert (tmp_path / "elsewhere/vectors").read_bytes() == b"another\n"


# --- names ---


@pytest.mark.parametrize("name", ALL_WRITERS)
def test_names_that_no_file_can_have_are_told(name: str, tmp_path: Path) -> None:
    write, missing = ALL_WRITERS[name], str(tmp_path / "none/file")
    for path, kind in (
        ("", FileNotFoundError),
        ("file://", FileNotFoundError),
        (missing, FileNotFoundError),
        ("a\0b", ValueError),
        ("half\ud800", ValueError),
        (str(tmp_path), IsADirectoryError),
        (str(tmp_path / ("x" * 300)), OSError),
    ):
        with pytest.raises(kind) as caught:
            write(path)
        assert repr(path)[1:-1] in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", READERS)
def test_names_that_no_file_has_are_told(name: str, tmp_path: Path) -> None:
    read = READERS[name]
    for path, kinds in (
        ("", (FileNotFoundError, ValueError, TypeError)),
        ("file://", (FileNotFoundError,)),
        (str(tmp_path / "none"), (FileNotFoundError, ValueError, TypeError)),
        ("a\0b", (ValueError,)),
        ("half\ud800", (ValueError,)),
        (str(tmp_path / ("x" * 300)), (OSError, ValueError, TypeError)),
    ):
        with pytest.raises(kinds) as caught:
            read(path)
        assert repr(path)[1:-1] in str(caught.value)
    if name not in ("folder", "brown"):
        with pytest.raises((IsADirectoryError, TypeError), match=str(tmp_path)):
            read(tmp_path)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/caf\xe9")
    MODEL.save(path)
    assert Word2Vec.load(path).wv.index_to_key == KV.index_to_key
    KV.save(path)
    assert KeyedVectors.load(path).index_to_key == KV.index_to_key
    KV.save_word2vec_format(path)
    assert len(KeyedVectors.load_word2vec_format(path)) == len(KV)
    save_as_line_sentence([["a"]], path)
    assert list(LineSentence(path)) == [["a"]]
    assert os.listdir(bytes(tmp_path)) == [b"caf\xe9"]


def test_commands_refuse_an_empty_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text"
    save_as_line_sentence(SENTENCES, text)
    for option in ("-o", "--vectors", "--out-vectors"):
        assert main(["train", str(text), option, ""]) == 2
        assert "an output has no name" in capsys.readouterr().err
    assert main(["info", ""]) == 1
    assert "No such file or directory: ''" in capsys.readouterr().err


# --- closed standard streams ---

CLOSED = """
import os, sys
from fastw2v import Word2Vec
from fastw2v.utils import save_as_line_sentence
folder = sys.argv[1]
for number in (0, 1, 2):
    os.close(number)

def write_there():
    for number in (0, 1, 2):
        try:
            os.write(number, b"text that a library prints")
        except OSError:
            pass  # nobody is there

def sentences():
    write_there()
    for _ in range(9000):
        yield ["graph", "trees"]
    write_there()

class Value(str):
    def __str__(self):
        write_there()
        return "x"

save_as_line_sentence(sentences(), folder + "/text")
os.environ["FASTW2V_SPILL_BYTES"] = "0"
class Loud:
    def __iter__(self):
        for sentence in [["graph", "trees"]] * 9000:
            yield sentence
        write_there()
model = Word2Vec(Loud(), min_count=1, vector_size=5, workers=1, progress=True)
model.save(folder + "/model")
sys.stderr = None  # Python 3.14 would end with 120, as what was printed there is lost
"""


def test_no_file_becomes_a_standard_stream(tmp_path: Path) -> None:
    """What is printed where no one listens would else be in a model, or in the text."""
    run_python(CLOSED, tmp_path)
    assert (tmp_path / "text").read_text() == "graph trees\n" * 9000
    assert Word2Vec.load(tmp_path / "model", verify="full").corpus_total_words == 18000
