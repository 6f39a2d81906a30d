"""All that writes files, each with a content that is a number, and how the number is read back.

`write(folder, number)` replaces files of that folder; `read(folder)` returns what each of them holds, and
raises if one is not whole.
"""

from __future__ import annotations

import contextlib
import functools
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from factories import small  # noqa: E402

from fastw2v import KeyedVectors, Word2Vec, utils  # noqa: E402
from fastw2v.cli import main  # noqa: E402
from fastw2v.desm import DESM, DESMIndex  # noqa: E402
from fastw2v.text import spill  # noqa: E402

WORDS = [f"word{i}" for i in range(120)]
LINES = 3000
SCRATCH = "scratch"  # a folder beside, for what a command reads


class Writer(NamedTuple):
    """What writes some files."""

    files: tuple[str, ...]  # an error names one of them; none are temporary files, and it names their folder
    write: Callable[[Path, int], None]
    read: Callable[[Path], list[int]]
    appends: bool = False  # adds to the file instead of replacing it: not safe from kill -9
    is_command: bool = False


class CommandFailed(OSError):
    """What a command printed before it ended with an error."""


def number_of(*arrays: Any) -> int:
    """The one number that arrays are full of."""
    numbers = {float(number) for array in arrays for number in np.unique(np.asarray(array))}
    assert len(numbers) == 1, f"a mixture of {sorted(numbers)[:9]}"
    return int(numbers.pop())


def filled(number: int) -> KeyedVectors:
    kv = KeyedVectors(30)
    kv.add_vectors(WORDS, np.full((len(WORDS), 30), number, dtype=np.float32))
    for word in WORDS:
        kv.set_vecattr(word, "count", number)
    return kv


# --- the library ---


@functools.cache
def trained() -> Word2Vec:
    return small([WORDS] * 3, vector_size=30, epochs=1)


def write_model(folder: Path, number: int) -> None:
    model = trained()
    model.wv.vectors[:] = model.syn1neg[:] = number
    model.save(folder / "model.fw2v")


def read_model(folder: Path) -> list[int]:
    model = Word2Vec.load(folder / "model.fw2v", verify="full")
    assert len(model.wv) == len(WORDS)
    return [number_of(model.wv.vectors, model.syn1neg)]


@functools.cache
def running() -> Word2Vec:
    return trained.__wrapped__()


def write_checkpoints(folder: Path, number: int) -> None:
    model = running()
    model.comment = number
    model.train([WORDS] * 3, total_examples=3, epochs=2, checkpoint=folder / "run.fw2v")


def read_checkpoint(folder: Path) -> list[int]:
    model = Word2Vec.load(folder / "run.fw2v", verify="full")
    assert len(model.wv) == len(WORDS) and isinstance(model.comment, int)
    return [model.comment]


def write_vectors(folder: Path, number: int) -> None:
    filled(number).save(folder / "vectors.fw2v")


def read_vectors(folder: Path) -> list[int]:
    kv = KeyedVectors.load(folder / "vectors.fw2v", verify="full")
    assert kv.index_to_key == WORDS
    return [number_of(kv.vectors, kv.expandos["count"])]


def write_index(folder: Path, number: int) -> None:
    documents = [[WORDS[i], WORDS[i + 1]] for i in range(100)]
    index = DESM(trained()).index(documents, [f"{number}.{i}" for i in range(100)], progress=False)
    index.save(folder / "index.desm")


def read_index(folder: Path) -> list[int]:
    index = DESMIndex.load(folder / "index.desm", trained(), verify="full")
    assert len(index) == 100
    return [number_of([int(name.partition(".")[0]) for name in index.ids])]


def word2vec(name: str, **options: Any) -> Writer:
    """Vectors in word2vec's formats."""

    def write(folder: Path, number: int) -> None:
        filled(number).save_word2vec_format(folder / name, **options)

    def read(folder: Path) -> list[int]:
        kv = KeyedVectors.load_word2vec_format(folder / name, binary=options.get("binary", False))
        assert kv.index_to_key == WORDS
        return [number_of(kv.vectors)]

    return Writer((name,), write, read)


def write_both(folder: Path, number: int) -> None:
    filled(number).save_word2vec_format(folder / "vectors.txt", fvocab=folder / "counts")


def read_both(folder: Path) -> list[int]:
    kv = KeyedVectors.load_word2vec_format(folder / "vectors.txt", fvocab=folder / "counts")
    assert kv.index_to_key == WORDS
    return [number_of(kv.vectors), number_of(kv.expandos["count"])]


def appended(name: str) -> Writer:
    """A file to which rows are added: it holds `number` when the last are full of that."""

    def write(folder: Path, number: int) -> None:
        filled(number).save_word2vec_format(
            folder / name, prefix=f"{number}.", append=True, write_header=False
        )

    def read(folder: Path) -> list[int]:
        kv = KeyedVectors.load_word2vec_format(folder / name, no_header=True)
        assert len(kv) % len(WORDS) == 0
        return [number_of(kv.vectors[-len(WORDS) :])]

    return Writer((name,), write, read, appends=True)


def write_sentences(folder: Path, number: int) -> None:
    utils.save_as_line_sentence(([f"{number}"] * 5 for _ in range(LINES)), folder / "text")


def read_sentences(folder: Path) -> list[int]:
    words = (folder / "text").read_text().split()
    assert len(words) == 5 * LINES
    return [number_of([int(word) for word in words])]


def write_ids(folder: Path, number: int) -> None:
    """Train on a text whose ids go to a temporary file in the folder; there is nothing to read afterwards."""
    text = scratch(folder, "text", f"{' '.join(WORDS)}\n" * 3)
    model = small(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTW2V_SPILL_BYTES", "0")
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setattr(spill, "_folders", lambda: [str(folder)])
        model.build_vocab(corpus_file=text)
        model.train(corpus_file=text, total_examples=3, total_words=3 * len(WORDS), epochs=1)


# --- the command line ---


def run(*arguments: object) -> None:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = main([*map(str, arguments), "--quiet"])
    if code:
        raise CommandFailed(said.getvalue())


def scratch(folder: Path, name: str, content: str) -> Path:
    """A file beside the folder, made once."""
    path = folder.parent / SCRATCH / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return path


def train_command(folder: Path, number: int) -> None:
    text = scratch(folder, "text", f"{' '.join(WORDS)}\n" * 3)
    settings = ("--min-count", 1, "--workers", 1, "--epochs", 1, "--vector-size", number)
    written = ("-o", folder / "model", "--vectors", folder / "in.txt", "--out-vectors", folder / "out.txt")
    run("train", text, *written, *settings)


def read_trained(folder: Path) -> list[int]:
    vectors = [KeyedVectors.load_word2vec_format(folder / name) for name in ("in.txt", "out.txt")]
    held = [Word2Vec.load(folder / "model", verify="full").wv, *vectors]
    assert all(len(kv) == len(WORDS) for kv in held)
    return [kv.vector_size for kv in held]


def index_command(folder: Path, number: int) -> None:
    documents = "".join(f'{{"id": {i}, "text": "{WORDS[i % 100]}"}}\n' for i in range(number))
    model = folder.parent / SCRATCH / "model.fw2v"
    docs = scratch(folder, f"{number}.jsonl", documents)
    if not model.exists():
        trained().save(model)
    run("desm", "index", docs, "-m", model, "-o", folder / "index")


def read_command_index(folder: Path) -> list[int]:
    return [len(DESMIndex.load(folder / "index", trained(), verify="full"))]


WRITERS = {
    "model": Writer(("model.fw2v",), write_model, read_model),
    "checkpoints": Writer(("run.fw2v",), write_checkpoints, read_checkpoint),
    "vectors": Writer(("vectors.fw2v",), write_vectors, read_vectors),
    "index": Writer(("index.desm",), write_index, read_index),
    "text": word2vec("vectors.txt"),
    "binary": word2vec("vectors.bin", binary=True),
    "text.gz": word2vec("vectors.txt.gz"),
    "binary.xz": word2vec("vectors.bin.xz", binary=True),
    "text and counts": Writer(("vectors.txt", "counts"), write_both, read_both),
    "appended": appended("vectors.txt"),
    "appended.gz": appended("vectors.txt.gz"),
    "sentences": Writer(("text",), write_sentences, read_sentences),
    "temporary ids": Writer((), write_ids, lambda folder: [], is_command=True),
    "train": Writer(("model", "in.txt", "out.txt"), train_command, read_trained, is_command=True),
    "desm index": Writer(("index",), index_command, read_command_index, is_command=True),
}
