"""progress.py: what is shown to whom."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from typing import Any

import pytest

from fastw2v import progress
from fastw2v.progress import NoProgress, PlainProgress, TqdmProgress, make_progress

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        progress.importlib.util, "find_spec", lambda name: None if name == "tqdm" else find_spec(name)
    )


def test_auto_is_a_tqdm_bar_in_a_terminal(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm", reason="tqdm is an extra")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with make_progress("auto", 1000, "training") as bar:
        assert isinstance(bar, TqdmProgress)
        bar.update(400, epoch=1)
        bar.update(600, epoch=2)
    shown = capsys.readouterr().err
    assert "training" in shown and "100%" in shown and "epoch=2" in shown


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["file", "no-stderr"])
def test_auto_is_silent_when_nobody_watches(monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    assert isinstance(make_progress("auto", 10, "x"), NoProgress)


@pytest.mark.usefixtures("without_tqdm")
def test_auto_without_tqdm_leaves_it_to_the_log(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(make_progress("auto", 10, "x"), NoProgress)


def test_auto_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    class ZMQInteractiveShell:
        pass

    class IPython:
        get_ipython = ZMQInteractiveShell

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not progress.is_watched()
    monkeypatch.setitem(sys.modules, "IPython", IPython)
    assert progress.is_watched()


@pytest.mark.parametrize(
    ("classes", "watched"),
    [
        (["InteractiveShell", "ZMQInteractiveShell", "Shell"], True),  # Colab
        (["InteractiveShell", "ZMQInteractiveShell", "PythonShell", "DatabricksShell"], True),
        (["InteractiveShell", "TerminalInteractiveShell"], False),
        (["InteractiveShell", "Shell"], False),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_a_shell_derived_from_jupyters_is_a_notebook(
    monkeypatch: pytest.MonkeyPatch, classes: list[str], watched: bool
) -> None:
    shell: type = object
    for name in classes:
        shell = type(name, (shell,), {})
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setitem(sys.modules, "IPython", type("IPython", (), {"get_ipython": shell}))
    assert progress.is_watched() is watched


@pytest.mark.usefixtures("without_tqdm")
def test_a_bar_asked_for_comes_without_tqdm(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainProgress, "INTERVAL", 0)
    with make_progress(True, 1000, "training") as bar:
        assert isinstance(bar, PlainProgress)
        bar.update(500, epoch=1, alpha="0.025")
        bar.update(500, epoch=2)
    lines = capsys.readouterr().err.split("\r")
    assert "training:   0% |" + "." * 30 in lines[1]
    assert " 50% |" + "#" * 15 + "." * 15 + "| 500 words" in lines[2]
    assert "epoch=1, alpha=0.025" in lines[2]
    assert "100% |" + "#" * 30 + "| 1,000 words" in lines[-1]
    assert lines[-1].endswith("\n")


def test_plain_bar_overwrites_what_it_drew(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainProgress, "INTERVAL", 0)
    with PlainProgress(10, "x") as bar:
        bar.update(1, note="a long one that must vanish")
        bar.update(1, note="short")
    long, short = capsys.readouterr().err.split("\r")[2:4]
    assert len(short) >= len(long)
    assert "vanish" not in short


def test_plain_bar_draws_seldom(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainProgress, "INTERVAL", 1e9)
    with PlainProgress(10_000, "x") as bar:
        for _ in range(10_000):
            bar.update(1)
    assert capsys.readouterr().err.count("\r") == 2  # at the start and at the end


@pytest.mark.parametrize("total", [None, 0])
def test_plain_bar_without_a_total_counts(capsys: Capture, total: int | None) -> None:
    with PlainProgress(total, "x") as bar:
        bar.update(1234)
    shown = capsys.readouterr().err
    assert "x: 1,234 words" in shown
    assert "%" not in shown


def test_plain_bar_stops_at_100(capsys: Capture) -> None:
    with PlainProgress(10, "x") as bar:
        bar.update(25)
    shown = capsys.readouterr().err
    assert "100%" in shown and "250%" not in shown


@pytest.mark.parametrize("columns", [40, 0])
@pytest.mark.parametrize("kind", [TqdmProgress, PlainProgress])
def test_the_bar_fits_the_terminal(
    kind: Any, columns: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 is what terminals without a size report."""
    if kind is TqdmProgress:
        pytest.importorskip("tqdm", reason="tqdm is an extra")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "fileno", lambda: 2)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    with kind(1000, "training") as bar:
        bar.update(1000, note="x" * 100)
    *_, last = capsys.readouterr().err.split("\r")
    assert last.startswith("training: 100%") and len(last.strip()) <= (columns or 80)


@pytest.mark.usefixtures("without_tqdm")
def test_the_bar_is_closed_and_the_error_passes(capsys: Capture) -> None:
    with pytest.raises(KeyError, match="mine"), make_progress(True, 10, "x"):
        raise KeyError("mine")
    assert capsys.readouterr().err.endswith("\n")


@pytest.mark.usefixtures("without_tqdm")
def test_other_things_than_words_can_be_counted(capsys: Capture) -> None:
    with make_progress(True, 4, "ranking", "queries") as bar:
        bar.update(4)
    assert "4 queries" in capsys.readouterr().err


def test_false_is_silent(capsys: Capture) -> None:
    with make_progress(False, 10, "x") as bar:
        bar.update(10, epoch=1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("mode", ["on", None, 1])
def test_other_modes_are_refused(mode: Any) -> None:
    with pytest.raises(ValueError, match="give 'auto', True or False"):
        make_progress(mode, 10, "x")
