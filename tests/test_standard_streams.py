"""Standard streams may be closed, full or unread: no crash, no model lost, honest exit codes."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from children import HANGS, PYTHON, environment
from factories import SMALL, small

from fastw2v import Word2Vec, utils
from fastw2v.progress import PlainProgress, TqdmProgress, is_watched, make_progress

TEXT = [["user", "graph", "trees"], ["system", "user"]] * 50

if sys.platform == "win32":
    pytest.skip("descriptors are closed as a shell of POSIX does", allow_module_level=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text, documents, queries, judgements, a model and an index."""
    made = tmp_path_factory.mktemp("streams")
    utils.save_as_line_sentence(TEXT, made / "text")
    small(TEXT).save(made / "model")
    lines = [json.dumps({"id": name, "text": "user graph trees"}) + "\n" for name in "ab"]
    (made / "docs").write_text("".join(lines))
    (made / "queries").write_text(lines[0])
    (made / "qrels").write_text("a a 1\n")
    assert run("desm index docs -m model -o index -q", "", made).returncode == 0
    return made


def run(command: str, redirected: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of fastw2v in a shell, which closes or redirects streams."""
    line = f"{shlex.join([*PYTHON, '-m', 'fastw2v'])} {command} {redirected}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANGS,
        stdin=subprocess.DEVNULL,
    )


TRAIN = "train text --min-count 1 --vector-size 4 --epochs 1"
SILENT = [f"{TRAIN} -v -o made", "desm index docs -m model -o made"]
ANSWERS = [f"{TRAIN} --vectors -", "info model --json", "desm search index user", "--version"]


@pytest.mark.parametrize("redirected", [">&-", ">&- 2>&- <&-", "2>/dev/full"])
@pytest.mark.parametrize("command", SILENT)
def test_what_is_made_is_kept(command: str, redirected: str, folder: Path) -> None:
    """Nobody reads the messages, which is no reason not to write the file."""
    made = folder / "made"
    made.unlink(missing_ok=True)
    done = run(command, redirected, folder)
    assert done.returncode == 0, done.stderr
    assert made.stat().st_size > 100 and not done.stdout
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr


@pytest.mark.parametrize("command", ANSWERS)
def test_an_answer_that_nobody_gets_is_a_failure(command: str, folder: Path) -> None:
    done = run(command, ">&-", folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "fastw2v: error: Bad file descriptor: <stdout>"


@pytest.mark.parametrize("command", ANSWERS)
def test_messages_that_nobody_gets_are_not_among_the_answers(command: str, folder: Path) -> None:
    wanted = run(command, "", folder)
    done = run(command, "2>&-", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == wanted.stdout.count("\n") > 0
    assert "fastw2v: " not in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ANSWERS[:2])
def test_a_full_disk_under_the_output_is_told(command: str, folder: Path) -> None:
    done = run(command, ">/dev/full", folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "fastw2v: error: No space left on device: <stdout>"


def test_a_disk_that_becomes_full_is_told_without_a_buffer(folder: Path) -> None:
    """It takes a part of the last write, which is no error of the system's."""
    whole = "fastw2v train text --min-count 1 --vector-size 400 --vectors - -q > made".replace(
        "fastw2v", shlex.join([*PYTHON, "-m", "fastw2v"]), 1
    )
    done = subprocess.run(
        ["bash", "-c", f"export PYTHONUNBUFFERED=1; ulimit -f 4; {whole}"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert (done.returncode, done.stderr) == (1, "fastw2v: error: File too large: <stdout>\n")


@pytest.mark.parametrize("redirected", [">&-", ">/dev/full"])
def test_help_that_nobody_gets_is_a_failure(redirected: str, folder: Path) -> None:
    lines = f"PYTHONUNBUFFERED=1 {shlex.join([*PYTHON, '-m', 'fastw2v'])} --help {redirected}"
    done = subprocess.run(
        ["bash", "-c", lines], cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 1 and done.stderr.endswith(": <stdout>\n")


def test_closed_streams_have_their_names(folder: Path) -> None:
    done = run(f"{TRAIN} --vectors - -q", ">&-", folder)
    assert (done.returncode, done.stderr) == (1, "fastw2v: error: Bad file descriptor: <stdout>\n")
    done = run("train - -o made", "<&-", folder)
    assert done.returncode == 2 and "standard input is closed; give a file" in done.stderr


def test_errors_have_their_codes_though_nobody_hears_them(folder: Path) -> None:
    for command, code in (("neighbors model none", 1), ("train text", 2)):
        done = run(command, "2>&-", folder)
        assert (done.returncode, done.stdout) == (code, "")


def test_a_reader_that_leaves_loses_nothing_else(folder: Path) -> None:
    command = f"{TRAIN} --vectors - --out-vectors outs -o made -q"
    for name in ("outs", "made"):
        (folder / name).unlink(missing_ok=True)
    done = run(command, "| true; exit ${PIPESTATUS[0]}", folder)
    assert done.returncode in (0, 1) and not done.stderr
    assert (folder / "outs").exists() and Word2Vec.load(folder / "made")


# --- the library ---


class Broken(io.StringIO):
    """A terminal that has gone away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def isatty(self) -> bool:
        return True


def closed() -> io.StringIO:
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize("progress", [True, "auto"])
@pytest.mark.parametrize("with_tqdm", [True, False])
@pytest.mark.parametrize("stream", [None, closed(), Broken()], ids=["none", "closed", "broken"])
def test_training_needs_no_standard_streams(
    stream: Any, with_tqdm: bool, progress: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if with_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, stream)
    model = Word2Vec(TEXT, **SMALL | {"progress": progress})
    bar = make_progress(progress, 10, "test")
    with bar:
        bar.update(5, epoch=1)
    watched = is_watched()
    monkeypatch.undo()
    assert len(model.wv) == 4 and watched == isinstance(stream, Broken)
    shown = {True: TqdmProgress, False: PlainProgress}[with_tqdm]
    assert isinstance(bar, shown) == (stream is not None and (progress is True or (watched and with_tqdm)))


WARNED = """
import sys
from fastw2v import Word2Vec
setattr(sys, "stderr", {})
if sys.stderr:
    sys.stderr.close()
model = Word2Vec([["a", "b"]] * 9, min_count=1, workers=1)
model.train(["a b", "b"], total_examples=2, epochs=1)
model.save(sys.argv[1])
"""


@pytest.mark.parametrize("stream", ["None", "sys.stderr", "open('/dev/full', 'w')"])
def test_warnings_need_no_standard_error(tmp_path: Path, stream: str) -> None:
    command = [*PYTHON, "-W", "always", "-c", WARNED.format(stream), str(tmp_path / "model")]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=HANGS, check=False)
    assert not done.stdout
    assert len(Word2Vec.load(tmp_path / "model").wv) == 2
