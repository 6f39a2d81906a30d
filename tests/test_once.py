"""text/once.py: what can be read only once is refused, never waited for; a copy leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import HANGS, PYTHON, environment
from factories import small, text, write, written

from fastw2v import LineSentence, PathLineSentences, Text8Corpus, Word2Vec
from fastw2v.cli import main
from fastw2v.desm import DESM
from fastw2v.formats.errors import FormatError
from fastw2v.text import once
from fastw2v.text.once import kind_of_once, readable_again

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")

SENTENCES = text(300)
LINES = "".join(" ".join(sentence) + "\n" for sentence in SENTENCES).encode()
OPEN_FILES = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def fill(pipe: Path, content: bytes = LINES) -> threading.Thread:
    """Write to a pipe once somebody reads it."""
    writer = threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True)
    writer.start()
    return writer


def test_what_a_path_is(tmp_path: Path, pipe: Path) -> None:
    assert kind_of_once(pipe) == kind_of_once(pipe.as_uri()) == "a pipe"
    assert kind_of_once(os.devnull) == "a device"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert kind_of_once(tmp_path / "s") == "a socket"
    link = tmp_path / "link"
    link.symlink_to(pipe)
    assert kind_of_once(link) == "a pipe"
    for path in (__file__, tmp_path, tmp_path / "missing", "s3://bucket/pipe", "\0"):
        assert kind_of_once(path) is None


@pytest.mark.parametrize("reader", [LineSentence, Text8Corpus])
def test_more_passes_than_one_are_refused(pipe: Path, reader: Any) -> None:
    """Nobody writes to the pipe: whoever opens it waits for ever."""
    says = f"^{pipe} is a pipe, which can be read only once, and the corpus is read 6 times"
    with pytest.raises(TypeError, match=says):
        Word2Vec(reader(pipe))
    with pytest.raises(TypeError, match=says):
        Word2Vec(corpus_file=pipe)
    with pytest.raises(TypeError, match="is a device, which can be read only once"):
        Word2Vec(corpus_file=os.devnull, epochs=1)
    model = small(SENTENCES)
    for corpus in ({"corpus_iterable": reader(pipe)}, {"corpus_file": str(pipe)}):
        with pytest.raises(TypeError, match="read 2 times"):
            model.train(**corpus, total_words=9, epochs=2)


@pytest.mark.parametrize("given", [LineSentence, Text8Corpus, None], ids=["lines", "text8", "file"])
@pytest.mark.parametrize("prune", [None, 1000])
def test_one_pass_is_right(pipe: Path, tmp_path: Path, given: Any, prune: int | None) -> None:
    def corpus(path: Path) -> dict[str, Any]:
        return {"corpus_file": path} if given is None else {"corpus_iterable": given(path)}

    def trained(path: Path) -> Word2Vec:
        model = Word2Vec(min_count=1, vector_size=4, workers=1, max_vocab_size=prune)
        for step in (
            model.build_vocab,
            lambda **it: model.train(**it, total_words=len(LINES.split()), epochs=1),
        ):
            writer = fill(path) if path == pipe else None
            step(**corpus(path))
            if writer is not None:
                writer.join()
        return model

    expected = trained(Path(write(tmp_path / "file", LINES)))
    np.testing.assert_array_equal(trained(pipe).syn0, expected.syn0)


@pytest.mark.parametrize("reader", [LineSentence, Text8Corpus, type("Mine", (LineSentence,), {})])
def test_a_reader_is_not_read_again(pipe: Path, reader: Any) -> None:
    sentences = reader(pipe)
    writer = fill(pipe)
    assert list(sentences)
    writer.join()
    with pytest.raises(ValueError, match="pipe is a pipe, and was read before"):
        list(sentences)
    model = Word2Vec(min_count=1)
    with pytest.raises(ValueError, match="read before"):
        model.build_vocab(sentences)
    sentences = reader(pipe)
    writer = fill(pipe)
    model.build_vocab(sentences)
    writer.join()
    with pytest.raises(ValueError, match="read before"):
        model.train(sentences, total_examples=model.corpus_count, epochs=1)


def test_damage_is_said_without_a_second_reading(pipe: Path) -> None:
    for content, says in (
        (b"a b\nc \xff\n", "text must be UTF-8"),
        (LINES[:-2] + b"\xff\xff", "text must be UTF-8"),
    ):
        for read in (
            lambda: Word2Vec(min_count=1).build_vocab(corpus_file=pipe),
            lambda: list(LineSentence(pipe)),
        ):
            writer = fill(pipe, content)
            with pytest.raises(UnicodeDecodeError, match=f"pipe: {says}"):
                read()
            writer.join()
    packed = pipe.with_suffix(".gz")
    os.mkfifo(packed)
    for content, says in ((LINES, "damaged"), (gzip.compress(LINES)[:-20], "cut short")):
        writer = fill(packed, content)
        with pytest.raises(ValueError, match=f"pipe.gz is compressed, and {says}"):
            list(LineSentence(packed))
        writer.join()


# --- copies ---


def copies(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(("fastw2v-", "tmp"))]


@pytest.mark.parametrize("named", [False, pytest.param(True, id="where files need names")])
def test_a_copy_is_read_again_and_again(named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    if named:
        monkeypatch.setattr(once, "_OPEN_FILES", str(tmp_path / "none"))
    with readable_again(io.BytesIO(LINES), "my text") as path:
        assert bool(copies(tmp_path)) == (named or not os.path.isdir("/proc/self/fd"))
        for reader in (LineSentence(path), PathLineSentences(path)):
            assert list(reader) == list(reader) == SENTENCES
        model, expected = small(LineSentence(path)), small(LineSentence(written(tmp_path, "t", SENTENCES)))
        np.testing.assert_array_equal(model.syn0, expected.syn0)
        assert repr(path) == "my text"
    assert not copies(tmp_path)
    with readable_again(io.BytesIO(b"a b\nc \xff\n"), "my text") as path:
        for read in (lambda: list(LineSentence(path)), lambda: small(LineSentence(path))):
            with pytest.raises(UnicodeDecodeError, match="line 2 of my text"):
                read()
    with (
        readable_again(io.BytesIO(b"\0" * 99), "my text") as path,
        pytest.raises(ValueError, match="^my text is no"),
    ):
        small(LineSentence(path))


@OPEN_FILES
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", ["stdin", "pipe"])
def test_a_killed_command_leaves_nothing(packed: bool, kind: str, tmp_path: Path, pipe: Path) -> None:
    """It is killed in its training, which has no end; the text may be compressed, whatever it is called."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    given = "-" if kind == "stdin" else str(pipe)
    options = ["--epochs", "1000000", "--min-count", "1", "--workers", "1", "-v"]
    command = [*PYTHON, "-m", "fastw2v", "train", given, "-o", str(tmp_path / "model"), *options]
    run = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(TMPDIR=str(temporary))
    )
    content = gzip.compress(LINES) if packed else LINES
    assert run.stdin is not None and run.stderr is not None
    if kind == "stdin":
        run.stdin.write(content)
    else:
        fill(pipe, content)
    run.stdin.close()
    assert any(b"EPOCH 2:" in line for line in run.stderr), "it trains, and has read the text more than once"
    run.kill()
    run.stderr.close()
    assert run.wait(HANGS) == -signal.SIGKILL
    assert not list(temporary.iterdir()) and not (tmp_path / "model").exists()


@OPEN_FILES
@pytest.mark.parametrize(
    "content, says",
    [
        (b"a b\nc \xff\n", "line 2 of standard input: text must be UTF-8"),
        (gzip.compress(LINES)[:-9], "<stdin>: the compressed data is cut short"),
        (gzip.compress(gzip.compress(LINES)), "<stdin>: it is compressed twice"),
        (b"x" * 5_000_000, "standard input, line 1, byte 0: more than"),
        (b"", "no word is left to train"),
    ],
    ids=["encoding", "cut", "twice", "word", "empty"],
)
def test_what_is_wrong_with_standard_input(content: bytes, says: str, tmp_path: Path) -> None:
    command = [*PYTHON, "-m", "fastw2v", "train", "-", "-o", str(tmp_path / "model"), "-q"]
    run = subprocess.run(command, input=content, capture_output=True, env=environment(), timeout=HANGS)
    assert run.returncode == 1 and says in run.stderr.decode() and run.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


# --- models, vectors and indices ---


def test_what_is_loaded_may_come_from_a_pipe(
    tmp_path: Path, pipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = small(SENTENCES)
    index = DESM(model).index(["w1 w2"], ["x"])
    for obj in (model, model.wv, index):
        obj.save(tmp_path / "file")
        cls: Any = type(obj)
        writer = fill(pipe, (tmp_path / "file").read_bytes())
        assert str(cls.load(pipe)) == str(obj)
        writer.join()
        writer = fill(pipe, b"nonsense")
        with pytest.raises(FormatError, match=f"^{pipe}: "):
            cls.load(pipe)
        writer.join()
        writer = fill(pipe, b"nonsense")
        with pytest.raises(ValueError, match="an open file cannot be mapped"):
            cls.load(pipe, mmap="r")
        writer.join()
    index.save(tmp_path / "file")
    writer = fill(pipe, (tmp_path / "file").read_bytes())
    assert main(["desm", "search", str(pipe), "w1"]) == 0
    writer.join()
    assert capsys.readouterr().out.endswith("  x\n")
    for command in (["info", str(pipe)], ["neighbors", str(pipe), "w1"]):
        assert main(command) == 1
        assert "pipe is a pipe, and is read more than once" in capsys.readouterr().err
