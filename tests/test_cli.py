"""cli/: what `fastw2v` takes, prints, writes and returns."""

from __future__ import annotations

import gzip
import inspect
import io
import json
import logging
import os
import random
import re
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from children import PYTHON, environment
from factories import NEEDS_IR_MEASURES, NO_GENSIM, write

from fastw2v import KeyedVectors, Word2Vec, __version__, cli, utils
from fastw2v.cli import demo, main

Capture = pytest.CaptureFixture[str]

NEEDS_FIFO = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")

QUICK = ["--workers", "1", "--vector-size", "12", "--min-count", "1", "--epochs", "3", "--seed", "3", "-q"]
GROUPS = {
    "fruit": ["apple", "pear", "plum", "cherry", "grape", "melon", "peach", "quince"],
    "tools": ["hammer", "saw", "drill", "chisel", "plane", "wrench", "file", "clamp"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def corpus(folder: Path) -> str:
    """A text of 300 lines, each of words of one group."""
    chance = random.Random(5)
    lines = [" ".join(chance.choices(GROUPS[chance.choice(list(GROUPS))], k=8)) for _ in range(300)]
    path = folder / "corpus.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def model_file(folder: Path, corpus: str) -> str:
    """A model with all three matrices."""
    path = str(folder / "model.fw2v")
    assert main(["train", corpus, "-o", path, "--sg", "--hs", *QUICK]) == 0
    return path


@pytest.fixture(scope="module")
def tree_file(folder: Path, corpus: str) -> str:
    """A model of hierarchical softmax only: no OUT vectors."""
    path = str(folder / "tree.fw2v")
    assert main(["train", corpus, "-o", path, "--hs", "--negative", "0", *QUICK]) == 0
    return path


def assert_one_line(text: str, *parts: str, kind: str = "error") -> None:
    assert text.startswith(f"fastw2v: {kind}: ") and text.count("\n") == 1, text
    for part in parts:
        assert part in text


# --- train ---


def test_every_parameter_has_an_option_or_a_reason() -> None:
    no_spelling = {"sentences", "corpus_file", "hashfxn", "trim_rule", "callbacks", "progress"}
    no_spelling |= {"checkpoint", "checkpoint_every"}  # of the command itself
    no_spelling.add("cluster")  # an object
    parameters = inspect.signature(Word2Vec).parameters
    assert cli.TRAINING_OPTIONS.keys() == parameters.keys() - no_spelling


def test_options_not_given_are_left_to_the_constructor() -> None:
    assert cli.build_parser().parse_args(["train", "text", "-o", "model"]).settings == {}


OPTIONS: dict[str, tuple[list[str], Any]] = {
    "vector_size": (["7"], 7),
    "alpha": (["0.5"], 0.5),
    "min_alpha": (["1e-5"], 1e-5),
    "window": (["2"], 2),
    "min_count": (["3"], 3),
    "max_vocab_size": (["1000"], 1000),
    "max_final_vocab": (["9"], 9),
    "sample": (["0"], 0.0),
    "seed": (["99"], 99),
    "workers": (["2"], 2),
    "sg": (["1"], 1),
    "hs": ([], 1),
    "negative": (["4"], 4),
    "ns_exponent": (["-0.5"], -0.5),
    "cbow_mean": (["0"], 0),
    "epochs": (["2"], 2),
    "null_word": ([], 1),
    "sorted_vocab": (["0"], 0),
    "batch_words": (["500"], 500),
    "compute_loss": ([], True),
    "comment": (["with spaces"], "with spaces"),
    "shrink_windows": ([], True),
    "step": (["pair"], "pair"),
    "baskets": ([], True),
    "deterministic": ([], True),
}


@pytest.mark.parametrize("name", cli.TRAINING_OPTIONS)
def test_an_option_reaches_the_constructor(name: str) -> None:
    given, value = OPTIONS[name]
    arguments = ["train", "text", "-o", "model", "--" + name.replace("_", "-"), *given]
    settings = cli.build_parser().parse_args(arguments).settings
    assert settings == {name: value}
    assert type(settings[name]) is type(value)
    assert getattr(Word2Vec(**settings, progress=False), name) == value


@pytest.mark.parametrize("name", ["compute_loss", "shrink_windows"])
def test_yes_and_no(name: str) -> None:
    flag = name.replace("_", "-")
    assert cli.build_parser().parse_args(["train", "x", f"--no-{flag}"]).settings == {name: False}
    both = ["train", "x", f"--no-{flag}", f"--{flag}"]
    assert cli.build_parser().parse_args(both).settings == {name: True}


def test_the_model_is_the_librarys(model_file: str, corpus: str) -> None:
    settings = {"sg": 1, "hs": 1, "workers": 1, "vector_size": 12, "min_count": 1, "epochs": 3, "seed": 3}
    expected = Word2Vec(corpus_file=corpus, **settings, progress=False)
    model = Word2Vec.load(model_file)
    assert model.wv.index_to_key == expected.wv.index_to_key
    for name in ("syn0", "syn1", "syn1neg"):
        np.testing.assert_array_equal(getattr(model, name), getattr(expected, name))


@pytest.mark.parametrize("source", ["stdin", pytest.param("pipe", marks=NEEDS_FIFO), "gzip", "folder"])
def test_other_sources_give_the_same(
    source: str, model_file: str, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(corpus).read_bytes()
    given = "-"
    if source == "stdin":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    elif source == "pipe":
        given = str(tmp_path / "pipe")
        os.mkfifo(given)
        threading.Thread(target=Path(given).write_bytes, args=(text,)).start()
    elif source == "gzip":
        given = str(tmp_path / "corpus.gz")
        Path(given).write_bytes(gzip.compress(text))
    else:
        given = str(tmp_path / "parts")
        lines = text.splitlines(keepends=True)
        Path(given).mkdir()
        Path(given, "1.txt").write_bytes(b"".join(lines[:100]))
        Path(given, "2.txt").write_bytes(b"".join(lines[100:]))
    output = str(tmp_path / "other.fw2v")
    assert main(["train", given, "-o", output, "--sg", "--hs", *QUICK]) == 0
    np.testing.assert_array_equal(Word2Vec.load(output).syn0, Word2Vec.load(model_file).syn0)


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_vectors_are_written(corpus: str, tmp_path: Path, binary: bool) -> None:
    paths = {name: str(tmp_path / name) for name in ("model", "in", "out")}
    form = ["--binary"] if binary else []
    outputs = ["-o", paths["model"], "--vectors", paths["in"], "--out-vectors", paths["out"]]
    assert main(["train", corpus, *outputs, *form, *QUICK]) == 0
    model = Word2Vec.load(paths["model"])
    for name, expected in (("in", model.syn0), ("out", model.syn1neg)):
        read = KeyedVectors.load_word2vec_format(paths[name], binary=binary)
        assert read.index_to_key == model.wv.index_to_key
        np.testing.assert_array_equal(read.vectors, expected)


def test_vectors_to_standard_output(corpus: str, tmp_path: Path) -> None:
    command = [*PYTHON, "-m", "fastw2v", "train", "-", "--vectors", "-", *QUICK]
    run = subprocess.run(
        command, input=Path(corpus).read_bytes(), capture_output=True, check=True, env=environment()
    )
    assert run.stderr == b""
    (tmp_path / "vectors").write_bytes(run.stdout)
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors"))
    assert set(read.index_to_key) == {word for group in GROUPS.values() for word in group}


def test_a_summary_is_printed(corpus: str, tmp_path: Path, capsys: Capture) -> None:
    output = str(tmp_path / "m.fw2v")
    assert main(["train", corpus, "-o", output, "--compute-loss", *QUICK[:-1]]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "7,200 words trained" in err and "16 words in the vocabulary" in err and "loss" in err
    assert f"written: {output}" in err


def test_quiet_and_verbose(corpus: str, tmp_path: Path, capsys: Capture) -> None:
    output = str(tmp_path / "m.fw2v")
    both = ["train", corpus, "-o", output, "--hs", *QUICK[:-1]]
    handlers = list(logging.getLogger("fastw2v").handlers)
    assert main(both) == 0
    assert "fastw2v: warning: " in capsys.readouterr().err  # both objectives
    assert main([*both, "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*both, "-v"]) == 0
    assert "collected 16 word types" in capsys.readouterr().err
    assert logging.getLogger("fastw2v").handlers == handlers


BAD_USAGE = {
    "no-command": ([], "COMMAND"),
    "no-output": (["train", "{corpus}"], "nothing to write"),
    "model-to-stdout": (["train", "{corpus}", "-o", "-"], "standard output"),
    "both-to-stdout": (["train", "{corpus}", "--vectors", "-", "--out-vectors", "-"], "same name"),
    "same-name": (["train", "{corpus}", "-o", "{folder}/a", "--vectors", "{folder}/./a"], "same name"),
    "over-corpus": (["train", "{corpus}", "-o", "{corpus}"], "corpus itself"),
    "over-documents": (
        ["desm", "index", "{corpus}", "-m", "{model}", "-o", "{folder}/./corpus.txt"],
        "file of documents itself",
    ),
    "over-model": (["desm", "index", "{corpus}", "-m", "{model}", "-o", "{model}"], "model itself"),
    "unknown-option": (["train", "{corpus}", "--size", "5"], "--size"),
    "no-abbreviations": (["train", "{corpus}", "--vec", "x"], "--vec"),
    "not-a-number": (["train", "{corpus}", "--epochs", "many"], "many"),
    "switch-eats-corpus": (["train", "--sg", "{corpus}"], "neither 0 nor 1"),
    "workers": (["train", "{corpus}", "-o", "{folder}/a", "--workers", "0"], "workers"),
    "window": (["train", "{corpus}", "-o", "{folder}/a", "--window", "0"], "window"),
    "epochs": (["train", "{corpus}", "-o", "{folder}/a", "--epochs", "0"], "--epochs 0"),
    "nothing-to-train": (["train", "{corpus}", "-o", "{folder}/a", "--negative", "0"], "--hs"),
    "demo-settings": (["demo", "--window", "0", "--output", "{folder}/a"], "window"),
    "out-vectors-of-a-tree": (
        ["train", "{corpus}", "--out-vectors", "{folder}/a", "--hs", "--negative", "0"],
        "no OUT vector",
    ),
    "idle-binary": (["train", "{corpus}", "-o", "{folder}/a", "--binary"], "--vectors"),
    "no-words": (["neighbors", "{model}"], "WORD"),
    "topn": (["neighbors", "{model}", "apple", "--topn", "0"], "expected a whole number, at least 1"),
    "space": (["neighbors", "{model}", "apple", "--space", "in-with"], "in-with"),
}


@pytest.mark.parametrize("case", BAD_USAGE)
def test_bad_usage_is_2(case: str, corpus: str, folder: Path, model_file: str, capsys: Capture) -> None:
    arguments, part = BAD_USAGE[case]
    before = Path(corpus).read_bytes()
    filled = [word.format(corpus=corpus, folder=folder, model=model_file) for word in arguments]
    assert main(filled) == 2
    out, err = capsys.readouterr()
    assert_one_line(err, part)
    assert out == "" and not (folder / "a").exists() and Path(corpus).read_bytes() == before


FAILURES = {
    "no-corpus": (["train", "{folder}/none.txt", "-o", "{folder}/a"], "no such file or folder"),
    "no-folder": (["train", "{corpus}", "-o", "{folder}/none/a"], "no folder"),
    "output-is-folder": (["train", "{corpus}", "-o", "{folder}"], "it is a folder"),
    "nothing-left": (["train", "{corpus}", "-o", "{folder}/a", "--min-count", "100000"], "min_count"),
    "no-model": (["info", "{folder}/none.fw2v"], "none.fw2v"),
    "not-a-model": (["info", "{corpus}"], "corpus.txt"),
    "unknown-word": (["neighbors", "{model}", "apple", "aple"], "'aple'"),
    "no-out": (["neighbors", "{tree}", "apple", "--space", "out"], "negative"),
    "no-in-out": (["neighbors", "{tree}", "apple", "--space", "in-out"], "negative"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failure_is_1(
    case: str, corpus: str, folder: Path, model_file: str, tree_file: str, capsys: Capture
) -> None:
    arguments, part = FAILURES[case]
    filled = [
        word.format(corpus=corpus, folder=folder, model=model_file, tree=tree_file) for word in arguments
    ]
    assert main(filled) == 1
    out, err = capsys.readouterr()
    *warnings, error = err.splitlines(keepends=True)
    assert_one_line(error, part)
    assert all(line.startswith("fastw2v: warning: ") for line in warnings)
    assert out == "" and not (folder / "a").exists()


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["", "quiet"])
def test_warnings_are_said_once_and_are_no_errors(quiet: list[str], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text").write_text("the cat\n" * 20)
    rising = ["--alpha", "0.01", "--min-alpha", "0.5", *quiet]
    assert main(["train", str(tmp_path / "text"), "-o", str(tmp_path / "a"), *QUICK[:-1], *rising]) == 0
    err = capsys.readouterr().err
    assert err.count("the learning rate rises") == err.count("fastw2v: warning: ") == (not quiet)
    assert "FastW2VWarning" not in err


def test_bad_text_is_told_in_a_line(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "latin").write_bytes(b"good line\nbad \xff\xfe line\n")
    assert main(["train", str(tmp_path / "latin"), "-o", str(tmp_path / "a"), *QUICK]) == 1
    assert_one_line(capsys.readouterr().err)
    assert not (tmp_path / "a").exists()


def test_ctrl_c_is_130(corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Word2Vec, "train", interrupted)
    assert main(["train", corpus, "-o", str(tmp_path / "a")]) == 130
    assert capsys.readouterr().err == "fastw2v: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_standard_input_leaves_no_file(corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff not utf-8\n")))
    assert main(["train", "-", "-o", str(tmp_path / "a"), *QUICK]) == 1
    assert list(spool.iterdir()) == []


def test_verbose_adds_the_traceback(tmp_path: Path, capsys: Capture) -> None:
    assert main(["info", str(tmp_path / "none"), "-v"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == f"fastw2v: error: No such file or directory: {tmp_path / 'none'}"


# --- neighbors, info ---


@pytest.mark.parametrize("space", cli.PAIRS_OF_SPACES)
def test_neighbors_are_the_librarys(space: str, model_file: str, capsys: Capture) -> None:
    model = Word2Vec.load(model_file)
    queries = model.in_vector if space.startswith("in") else model.out_vector
    answers = model.wv if space.endswith("in") else model.wv_out
    arguments = ["neighbors", model_file, "apple", "saw", "--space", space, "--topn", "4", "--json"]
    assert main(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["space"] == space
    for word in ("apple", "saw"):
        expected = answers.similar_by_vector(queries(word), topn=len(answers))
        expected = [(other, similarity) for other, similarity in expected if other != word][:4]
        rows = [(row["word"], row["similarity"]) for row in printed["neighbors"][word]]
        names, cosines = zip(*rows, strict=True)
        assert names == tuple(other for other, _ in expected)
        assert cosines == pytest.approx([similarity for _, similarity in expected])


def test_the_likes_of_an_apple(folder: Path, corpus: str, capsys: Capture) -> None:
    """The whole way from text to an answer that makes sense."""
    path = str(folder / "sense.fw2v")
    flags = "--sg --epochs 30 --workers 1 --sample 0 --vector-size 12 --alpha 0.1 -q"
    assert main(["train", corpus, "-o", path, *flags.split()]) == 0
    assert main(["neighbors", path, "apple", "--topn", "7"]) == 0
    words = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert set(words) == set(GROUPS["fruit"]) - {"apple"}


def test_neighbors_as_a_table(model_file: str, capsys: Capture) -> None:
    assert main(["neighbors", model_file, "apple", "--topn", "3"]) == 0
    one = capsys.readouterr().out.splitlines()
    assert len(one) == 3 and len({line.index("  ") < len(line) - 7 for line in one}) == 1
    assert len({len(line) for line in one}) == 1  # columns are aligned
    assert main(["neighbors", model_file, "apple", "saw", "--topn", "3"]) == 0
    two = capsys.readouterr().out.splitlines()
    assert two[0] == "apple" and two[4:6] == ["", "saw"]
    assert [line.split() for line in two[1:4]] == [line.split() for line in one]


def test_neighbors_in_all_spaces(model_file: str, capsys: Capture) -> None:
    arguments = ["neighbors", model_file, "apple", "saw", "--space", "all", "--topn", "3"]
    table = Word2Vec.load(model_file).compare_spaces(["apple", "saw"], 3)
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{table}\n"
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    for word, columns in table.to_dict().items():
        for spaces, ranked in columns.items():
            rows = printed["neighbors"][word][spaces]
            assert [(row["word"], row["similarity"]) for row in rows] == ranked


def test_info(model_file: str, corpus: str, capsys: Capture) -> None:
    assert main(["info", model_file, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["vocabulary"] == 16 and facts["vector_size"] == 12 and facts["corpus_words"] == 2400
    assert facts["model"] == "skip-gram"
    assert facts["objectives"] == ["negative sampling", "hierarchical softmax"]
    assert facts["matrices"] == {"syn0": [16, 12], "syn1neg": [16, 12], "syn1": [16, 12]}
    assert facts["settings"]["seed"] == 3 and len(facts["history"]) == 3
    assert main(["info", model_file]) == 0
    text = capsys.readouterr().out
    assert "skip-gram" in text and "negative sampling, hierarchical softmax" in text and "2,400" in text


def test_info_names_only_matrices_that_are_there(tree_file: str, capsys: Capture) -> None:
    assert main(["info", tree_file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["matrices"].keys() == {"syn0", "syn1"}


def test_a_reader_that_leaves_early(model_file: str) -> None:
    """As in `fastw2v info MODEL | head -0`: no traceback."""
    command = [*PYTHON, "-m", "fastw2v", "info", model_file]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment()) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


# --- demo ---


@pytest.fixture
def quick_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo on a small text, run in a folder of its own."""
    chance = random.Random(2)
    words = [*demo.WORDS, *["open", "read", "raise", "catch", "day", "week", "server", "request"]]
    text = [chance.choices(words, k=10) for _ in range(200)]
    monkeypatch.setattr(demo, "standard_library_text", lambda: text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_demo(quick_demo: Path, capsys: Capture) -> None:
    assert main(["demo", "--workers", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for word in demo.WORDS:
        assert f"\n{word} " in out
    assert "words/s" in out and "Saved to fastw2v-demo.fw2v" in out
    lines = out.splitlines()
    head = next(number for number, line in enumerate(lines) if "IN-IN" in line)
    assert lines[head].split() == ["IN-IN", "OUT-OUT", "IN-OUT"]
    table = lines[head + 1 : head + 7]
    assert [len(line.split()) for line in table] == [7, 6, 6, 6, 6, 6]  # the word itself, then pairs
    assert len({len(line) for line in table}) == 1  # columns are aligned
    model = Word2Vec.load("fastw2v-demo.fw2v")
    path = model.huffman_path(demo.WORDS[0])
    start = next(number for number, line in enumerate(lines) if line.startswith("Huffman path of file"))
    assert lines[start + 1].split() == ["node", *map(str, path.point)]
    assert lines[start + 2].split() == ["code", *map(str, path.code)]
    assert model.wv.get_vecattr(demo.WORDS[0], "count") >= demo.SETTINGS["min_count"]


def test_demo_replaces_only_its_own_file(quick_demo: Path, capsys: Capture) -> None:
    assert main(["demo", "-q", "--epochs", "1"]) == 0
    assert main(["demo", "-q", "--epochs", "2"]) == 0
    assert Word2Vec.load("fastw2v-demo.fw2v").epochs == 2
    capsys.readouterr()
    (quick_demo / "fastw2v-demo.fw2v").write_text("precious")
    assert main(["demo", "-q"]) == 2
    assert_one_line(capsys.readouterr().err, "--output")
    assert (quick_demo / "fastw2v-demo.fw2v").read_text() == "precious"
    assert main(["demo", "-q", "--epochs", "1", "--output", "other.fw2v"]) == 0
    assert Word2Vec.load("other.fw2v").comment == demo.COMMENT


@pytest.mark.parametrize(
    ("flags", "there", "missing"),
    [(["--hs", "0"], "OUT-OUT", "Huffman path"), (["--negative", "0"], "Huffman path", "OUT-OUT")],
    ids=["negative-sampling", "hierarchical-softmax"],
)
def test_demo_shows_what_there_is(
    quick_demo: Path, capsys: Capture, flags: list[str], there: str, missing: str
) -> None:
    assert main(["demo", "-q", "--epochs", "1", *flags]) == 0
    out = capsys.readouterr().out
    assert "IN-IN" in out and there in out and missing not in out


# --- the program ---


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["train"],
        ["neighbors"],
        ["desm", "index"],
        ["desm", "search"],
        ["desm", "eval"],
        ["info"],
        ["demo"],
    ],
    ids=" ".join,
)
def test_help(command: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    assert "usage: fastw2v" in capsys.readouterr().out


def test_help_tells_the_defaults(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "dimensions of the vectors (default: 100)" in text
    assert "rather than always --window (default: yes)" in text
    assert "None" not in text and "==SUPPRESS==" not in text


def test_as_a_module() -> None:
    command = [*PYTHON, "-m", "fastw2v", "--version"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    assert run.stdout == f"fastw2v {__version__}\n"


def test_words_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("слово дело\n" * 50, encoding="utf-8")
    model = str(tmp_path / "m.fw2v")
    assert main(["train", str(tmp_path / "text"), "-o", model, *QUICK]) == 0
    code = f"import sys; from fastw2v.cli import main; sys.exit(main(['neighbors', {model!r}, 'слово']))"
    command = [*PYTHON, "-X", "utf8=0", "-c", code]
    run = subprocess.run(command, env=environment(PYTHONIOENCODING="ascii"), capture_output=True)
    assert run.returncode == 0 and run.stdout.startswith(b"\\u0434\\u0435\\u043b\\u043e"), run


# --- desm ---


@pytest.fixture(scope="module")
def collection(folder: Path) -> dict[str, str]:
    """Documents of one group each; queries of words of a group, whose documents are relevant."""
    chance = random.Random(6)
    docs, queries, qrels = [], [], []
    for group, words in GROUPS.items():
        queries.append({"id": group, "text": " ".join(words[:2])})
        for number in range(10):
            docs.append({"id": f"{group}{number}", "title": "", "text": " ".join(chance.choices(words, k=5))})
            qrels.append(f"{group}\t{group}{number}\t1")
    docs.append({"id": "none", "text": "nothing known"})
    files = {}
    for name, lines in (("docs", docs), ("queries", queries), ("qrels", qrels)):
        files[name] = str(folder / name)
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    files["index"] = str(folder / "index.fw2v")
    return files


@pytest.fixture(scope="module")
def index_file(collection: dict[str, str], model_file: str) -> str:
    index = collection["index"]
    command = ["desm", "index", collection["docs"], "-m", model_file, "-o", index, "--spaces", "in-in", "-q"]
    assert main([*command, "--bm25"]) == 0
    return index


def test_desm_search(index_file: str, collection: dict[str, str], capsys: Capture) -> None:
    assert main(["desm", "search", index_file, "Apple", "pear", "-k", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and all(line.split()[2].startswith("fruit") for line in lines)
    assert main(["desm", "search", index_file, "apple", "--json", "--mix", "rrf", "--alpha", "0.5"]) == 0
    found = json.loads(capsys.readouterr().out)["documents"]
    assert len(found) == 10 and found[0].keys() == {"id", "score"}
    assert main(["desm", "search", index_file, "unheard"]) == 0
    assert capsys.readouterr().out == ""


def test_desm_run_of_trec(index_file: str, collection: dict[str, str], capsys: Capture) -> None:
    command = ["desm", "search", index_file, "--queries", collection["queries"], "-k", "2"]
    assert main(command) == 0
    fields = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(f[0], f[1], f[3], f[5]) for f in fields] == [
        (group, "Q0", place, "fastw2v") for group in GROUPS for place in "12"
    ]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["queries"]["fruit"][0]["id"] == fields[0][2]


@NEEDS_IR_MEASURES
def test_desm_eval(index_file: str, collection: dict[str, str], folder: Path, capsys: Capture) -> None:
    command = ["desm", "eval", index_file, "--queries", collection["queries"], "--qrels"]
    assert main([*command, collection["qrels"]]) == 0
    scores = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert scores.keys() == {"nDCG@1", "nDCG@3", "nDCG@10", "AP", "R@100"} and scores["R@100"] == "1.0000"
    as_in_trec = folder / "trec.qrels"
    judged = re.sub(r"\t(?=\D)", " 0 ", Path(collection["qrels"]).read_text(encoding="utf-8"))
    as_in_trec.write_text(judged, encoding="utf-8")
    assert main([*command, str(as_in_trec), "--json", "--mix", "zscore", "--tune"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 <= found["alpha"] <= 1 and found["scores"]["nDCG@1"] == 1


@NEEDS_IR_MEASURES
def test_desm_shows_progress(
    index_file: str, collection: dict[str, str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastw2v.cli.options.is_watched", lambda: True)
    command = ["desm", "eval", index_file, "--queries", collection["queries"], "--qrels", collection["qrels"]]
    assert main([*command, "--mix", "raw", "--tune"]) == 0
    shown = capsys.readouterr().err
    assert "tuning: 100%" in shown and "ranking: 100%" in shown and "queries" in shown
    assert main([*command, "--quiet"]) == 0
    assert not capsys.readouterr().err


def test_desm_ids_with_spaces(
    collection: dict[str, str], model_file: str, folder: Path, capsys: Capture
) -> None:
    docs, index = folder / "spaced.jsonl", str(folder / "spaced.fw2v")
    docs.write_text('{"id": "a document", "text": "apple pear"}\n', encoding="utf-8")
    assert main(["desm", "index", str(docs), "-m", model_file, "-o", index, "-q"]) == 0
    command = ["desm", "search", index, "--queries", collection["queries"]]
    assert main(command) == 1
    found = capsys.readouterr()
    assert not found.out
    assert_one_line(found.err, "'a document' has white space")
    assert main([*command, "--json"]) == 0
    assert main(["desm", "search", index, "apple"]) == 0
    assert "a document" in capsys.readouterr().out
    assert main(["desm", "search", index, "apple", "--mix", "raw"]) == 1
    assert_one_line(capsys.readouterr().err, "has no BM25", "`fastw2v desm index --bm25`")


def test_desm_titles(model_file: str, folder: Path, capsys: Capture) -> None:
    docs, index = folder / "titles.jsonl", str(folder / "titles.fw2v")
    command = ["desm", "index", str(docs), "-m", model_file, "-o", index, "-q"]
    docs.write_text('{"id": 1, "text": "nothing", "title": "apple"}\n{"id": 2, "text": "", "title": null}\n')
    assert main(command) == 0
    assert main(["desm", "search", index, "pear"]) == 0
    assert [line.split()[2] for line in capsys.readouterr().out.splitlines()] == ["1"]
    docs.write_text('{"id": 1, "text": "nothing", "title": 7}\n')
    assert main(command) == 1
    assert_one_line(capsys.readouterr().err, "line 1: the title is 7")


@pytest.mark.parametrize(
    "arguments, code, part",
    [
        (["search", "INDEX"], 2, "give a query"),
        (["search", "INDEX", "apple", "--queries", "QUERIES"], 2, "give a query"),
        (["search", "INDEX", "apple", "--alpha", "0.5"], 2, "--mix"),
        (["search", "INDEX", "apple", "--mix", "raw", "--alpha", "5"], 2, "0 to 1"),
        (["search", "MODEL", "apple"], 1, "not a DESMIndex"),
        (["search", "INDEX", "--queries", "QRELS"], 1, "line 1"),
        (["search", "INDEX", "--queries", "TWICE"], 1, "duplicate query id 'q'"),
        (["eval", "INDEX", "--queries", "QUERIES", "--qrels", "DOCS"], 1, "line 1"),
        (["eval", "INDEX", "--queries", "QUERIES", "--qrels", "QRELS", "--tune"], 2, "--mix"),
        (["index", "DOCS", "-m", "TREE", "-o", "OUT"], 1, "hierarchical softmax"),
        (["index", "DOCS", "-m", "MODEL", "-o", "no/such/folder"], 1, "no folder"),
        (["index", "TWICE", "-m", "MODEL", "-o", "OUT", "-q"], 1, "line 2: duplicate document id 'q'"),
        (["index", "QRELS", "-m", "MODEL", "-o", "OUT", "-q"], 1, "line 1"),
    ],
)
def test_desm_asked_wrongly(
    arguments: list[str],
    code: int,
    part: str,
    index_file: str,
    model_file: str,
    tree_file: str,
    collection: dict[str, str],
    folder: Path,
    capsys: Capture,
) -> None:
    files = {name.upper(): path for name, path in collection.items()}
    twice = folder / "twice.jsonl"
    twice.write_text('{"id": "q", "text": "apple"}\n' * 2, encoding="utf-8")
    files |= {"MODEL": model_file, "TREE": tree_file, "OUT": str(folder / "out.fw2v"), "TWICE": str(twice)}
    assert main(["desm", *(files.get(argument, argument) for argument in arguments), "-q"]) == code
    assert_one_line(capsys.readouterr().err, part)
    assert not (folder / "out.fw2v").exists()


# --- files of all kinds ---


class Files(NamedTuple):
    """Files with the same vectors, and one index; by kind."""

    paths: dict[str, str]
    model: Word2Vec


@pytest.fixture(scope="module")
def files(folder: Path, model_file: str, index_file: str) -> Files:
    model = Word2Vec.load(model_file)
    made = {
        kind: str(folder / name)
        for kind, name in {
            "vectors": "some.kv",
            "vectors, word2vec text": "words.txt",
            "vectors, word2vec binary": "words.bin.gz",
            "vectors, text without header": "glove.txt",
        }.items()
    }
    words = iter(made.values())
    model.wv.save(next(words))
    model.wv.save_word2vec_format(next(words))
    model.wv.save_word2vec_format(next(words), binary=True)
    model.wv.save_word2vec_format(next(words), write_header=False)
    return Files({"model": model_file, "DESM index": index_file, **made}, model)


KINDS = [
    "model",
    "vectors",
    "DESM index",
    "vectors, word2vec text",
    "vectors, word2vec binary",
    "vectors, text without header",
]


@pytest.mark.parametrize("kind", KINDS)
def test_info_says_what_a_file_is(kind: str, files: Files, capsys: Capture) -> None:
    assert main(["info", files.paths[kind], "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["kind"] == kind and facts["file"] == files.paths[kind]
    assert facts["bytes"] == os.path.getsize(files.paths[kind])
    assert facts["vocabulary"] == 16 and facts["vector_size"] == 12
    assert facts["first_words"] == files.model.wv.index_to_key[:10]
    assert main(["info", files.paths[kind]]) == 0
    shown = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert shown["kind"].strip() == kind
    assert {name.replace("_", " ") for name in facts} == {name.strip() for name in shown}


def test_what_a_file_is_is_told_by_its_content(tmp_path: Path, capsys: Capture) -> None:
    raw = b"2 2\nthe 1 2\nof 3 4\n"
    for name, content in {"a.gz": raw, "b.txt": gzip.compress(raw), "c": raw[4:]}.items():
        (tmp_path / name).write_bytes(content)
        assert main(["info", "--json", str(tmp_path / name)]) == 0
        assert json.loads(capsys.readouterr().out)["first_words"] == ["the", "of"]
        assert main(["neighbors", str(tmp_path / name), "the"]) == 0
        assert capsys.readouterr().out.startswith("of")
    for content, says in {
        b"PAR1\x15\x04": "this one is a Parquet file",
        b"": "this one is empty",
        b"version https://git-lfs": "git lfs pull",
    }.items():
        (tmp_path / "d").write_bytes(content)
        assert main(["info", str(tmp_path / "d")]) == 1
        assert_one_line(capsys.readouterr().err, str(tmp_path / "d"), says)


def test_rows_without_a_direction_are_left_out_with_a_warning(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "v").write_text("3 2\nthe 1 2\na nan 1\nof 3 4\n")
    assert main(["neighbors", str(tmp_path / "v"), "the"]) == 0
    captured = capsys.readouterr()
    assert captured.out.split()[0] == "of"
    assert_one_line(captured.err, "dropped 1 rows", kind="warning")


def test_info_of_an_index(files: Files, capsys: Capture) -> None:
    assert main(["info", files.paths["DESM index"], "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["documents"] == 10 * len(GROUPS) + 1 and facts["spaces"] == "in-in"
    assert facts["bm25"].keys() == {"k1", "b"} and facts["weights"] is None and facts["centered"] is True
    assert main(["info", files.paths["DESM index"]]) == 0
    assert "k1=" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "DESM index"])
def test_neighbors_of_files_of_all_kinds(kind: str, files: Files, capsys: Capture) -> None:
    assert main(["neighbors", files.paths[kind], "apple", "--topn", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["neighbors"]["apple"]
    expected = files.model.wv.most_similar("apple", topn=3)
    assert [one["word"] for one in found] == [word for word, _ in expected]
    assert [one["similarity"] for one in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)
    if kind != "model":
        for space in ("out", "in-out", "all"):
            assert main(["neighbors", files.paths[kind], "apple", "--space", space]) == 1
            assert_one_line(capsys.readouterr().err, files.paths[kind], f"--space {space} needs two")


def test_an_index_of_documents_from_vectors(files: Files, collection: dict[str, str], folder: Path) -> None:
    index = str(folder / "of-vectors.fw2v")
    command = ["desm", "index", collection["docs"], "-o", index, "--spaces", "in-in", "-q", "-m"]
    assert main([*command, files.paths["vectors, word2vec text"]]) == 0


def test_info_of_a_model_without_outputs(files: Files, folder: Path, capsys: Capture) -> None:
    path = str(folder / "inputs.fw2v")
    files.model.save(path, ignore=["syn1neg", "syn1"])
    assert main(["info", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["matrices"] == {"syn0": [16, 12]}
    Word2Vec().save(path)
    assert main(["info", path]) == 0
    assert main(["neighbors", path, "apple"]) == 1
    assert_one_line(capsys.readouterr().err, path)


@pytest.mark.parametrize("name", ["a.model", "a.model.gz", "a.model.bz2"])
def test_gensims_files(name: str, corpus: str, tmp_path: Path, capsys: Capture) -> None:
    gensim = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    theirs = gensim.Word2Vec(corpus_file=corpus, vector_size=6, min_count=1, workers=1)
    for kind, saved in (("gensim model", theirs), ("gensim vectors", theirs.wv)):
        path = str(tmp_path / kind[-5:]) + name
        saved.save(path, sep_limit=1, separately=["vectors"])
        assert main(["info", path, "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["kind"] == kind and facts["vector_size"] == 6
        assert main(["neighbors", path, "apple", "--topn", "1"]) == 0
        assert capsys.readouterr().out.split()[0] == theirs.wv.most_similar("apple")[0][0]


@pytest.mark.parametrize(
    "content, part",
    [
        (b"", "this one is empty"),
        (b"no vectors in here\n", "holds no model, vectors or index"),
        (b"\x00" * 100, "holds no model, vectors or index"),
        (b"2 3\na 1 2 3\nb 1 2\n", "line 3"),
        (b"5 3\na 1 2 3\n", "FILE"),
    ],
)
@pytest.mark.parametrize("command", [["info"], ["neighbors", "a"]])
def test_what_is_no_model_is_told(
    content: bytes, part: str, command: list[str], tmp_path: Path, capsys: Capture
) -> None:
    path = write(tmp_path / "FILE", content)
    assert main([command[0], path, *command[1:]]) == 1
    assert_one_line(capsys.readouterr().err, path, part)


@pytest.mark.parametrize("suffix", [".fw2v", ".gz", ".bz2", ".xz"])
def test_damaged_files_are_told_in_a_line(suffix: str, files: Files, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / f"damaged{suffix}"
    if suffix == ".fw2v":
        path.write_bytes(Path(files.paths["model"]).read_bytes()[:-9])
    else:
        files.model.wv.save_word2vec_format(str(path))
        path.write_bytes(path.read_bytes()[:40])
    for command in (["info", str(path)], ["neighbors", str(path), "apple"]):
        assert main(command) == 1
        assert_one_line(capsys.readouterr().err, str(path))


# --- paths ---


def test_home_is_found_where_no_shell_expands_it(
    corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "c.txt").write_bytes(Path(corpus).read_bytes())
    assert main(["train", "~/c.txt", "-o", "~/m.fw2v", "--vectors=~/v.txt", *QUICK]) == 0
    assert (tmp_path / "m.fw2v").is_file() and (tmp_path / "v.txt").is_file()
    assert main(["train", "~/c.txt", "-o", str(tmp_path / "c.txt"), *QUICK]) == 2
    assert main(["neighbors", "~/v.txt", "apple"]) == main(["info", (tmp_path / "m.fw2v").as_uri()]) == 0
    assert main(["demo", "--output", "~/none/x"]) == 1
    assert "~" not in capsys.readouterr().err


def test_remote_files(corpus: str, capsys: Capture) -> None:
    pytest.importorskip("fsspec")
    place = "memory://cli"
    with utils.open(f"{place}/c.txt.gz", "wb") as file:
        file.write(Path(corpus).read_bytes())
    assert main(["train", f"{place}/c.txt.gz", "-o", f"{place}/m.fw2v", *QUICK]) == 0
    capsys.readouterr()
    assert main(["info", f"{place}/m.fw2v", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["vocabulary"] == 16 and "bytes" not in facts
    assert main(["neighbors", f"{place}/m.fw2v", "apple"]) == 0
    assert main(["train", f"{place}/c.txt.gz", "-o", f"{place}/c.txt.gz", *QUICK]) == 2


def test_what_cannot_be_sent_is_told_before_training(corpus: str, capsys: Capture) -> None:
    assert main(["train", corpus, "-o", "https://example.org/m.fw2v", *QUICK]) == 1
    assert_one_line(capsys.readouterr().err, "web pages can only be read")
    assert main(["train", corpus, "-o", "nosuchscheme://m.fw2v", *QUICK]) == 1
    assert_one_line(capsys.readouterr().err, "fastw2v[remote]")


def test_words_and_notes_of_any_type_are_printed(tmp_path: Path, capsys: Capture) -> None:
    words = [("a", 1), b"bytes", 2.5, frozenset({"x"}), date(2026, 1, 2), 10**30]
    model = Word2Vec([words], vector_size=2, min_count=1, sample=0, workers=1, epochs=1, progress=False)
    model.comment = {(1, 2): date(2026, 1, 2)}  # type: ignore[assignment]
    model.history += [{"loss": {1, 2}, "words": "x"}, "a note", {"words": None}]  # type: ignore[list-item]
    model.save(tmp_path / "odd")
    assert main(["info", str(tmp_path / "odd"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert all(word in facts["first_words"] for word in (["a", 1], 2.5, 10**30, "2026-01-02", "b'bytes'"))
    assert facts["settings"]["comment"] == {"(1, 2)": "2026-01-02"}
    assert main(["info", str(tmp_path / "odd")]) == 0
    assert "6 words trained in" in capsys.readouterr().out


# --- documents and queries ---

RIGHT = '{"id": 1, "text": "apple pear"}\n'


@pytest.mark.parametrize(
    "line",
    [
        *(
            brackets[0] * 3000 + brackets[1] * 3000
            for brackets in (("[", "]"), ('{"id":', "}"), ('{"text":[', "]}"))
        ),
        *(
            '{"id": "x", "text": "a", "title": ' + "[" * depth + "]" * depth + "}"
            for depth in (400, 900, 3000)
        ),
        *(
            f'{{"id": {number}, "text": "a"}}'
            for number in ("9" * 5000, "NaN", "Infinity", "1.5", "true", "null")
        ),
        *('"a"', "1", "[]", "{}", "null", '{"id": "x"}', '{"text": "x"}', '{"id": "x", "text": ["a"]}', "{"),
        *('{"id": 1, "text": "twice"}', '{"id": "x", "text": "a"}\0', "\0"),
    ],
    ids=lambda line: line[:30],
)
def test_a_line_that_is_no_document(
    line: str, model_file: str, index_file: str, tmp_path: Path, capsys: Capture
) -> None:
    """The file and the line are named, whatever the line holds, and the index that was there stays."""
    given = write(tmp_path / "lines.jsonl", RIGHT + "\n" + line + "\n")
    index = tmp_path / "index"
    index.write_text("before")
    assert main(["desm", "index", given, "-m", model_file, "-o", str(index), "-q"]) == 1
    assert_one_line(capsys.readouterr().err, "lines.jsonl, line 3")
    assert index.read_text() == "before"
    assert main(["desm", "search", index_file, "--queries", given, "-q"]) == 1
    assert_one_line(capsys.readouterr().err, "lines.jsonl, line 3")


@pytest.mark.parametrize(
    "line",
    [
        *(f'{{"id": "x", "text": {text}}}' for text in ('"\\ud800 apple"', '"a\\u0000b apple"', '""')),
        *(f'{{"id": {number}, "text": "apple"}}' for number in ("9" * 4000, '"\\udcff"', '""')),
        '{"id": "y", "id": "x", "text": "a", "text": "apple"}',
        '{"id": "x", "text": "' + "apple pear " * 1_000_000 + '"}',
    ],
    ids=lambda line: line[:30],
)
def test_a_strange_document_is_one(line: str, model_file: str, tmp_path: Path, capsys: Capture) -> None:
    given = write(tmp_path / "lines.jsonl", RIGHT + line + "\n")
    index = str(tmp_path / "index")
    assert main(["desm", "index", given, "-m", model_file, "-o", index, "-q", "--idf"]) == 0
    assert main(["desm", "search", index, "apple", "-q", "--json"]) == 0
    assert {found["id"] for found in json.loads(capsys.readouterr().out)["documents"]} >= {"1"}


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_no_documents_and_no_queries(
    content: str, model_file: str, index_file: str, tmp_path: Path, capsys: Capture
) -> None:
    given = write(tmp_path / "lines.jsonl", content)
    index = tmp_path / "index"
    assert main(["desm", "index", given, "-m", model_file, "-o", str(index), "-q"]) == 1
    assert_one_line(capsys.readouterr().err, "lines.jsonl has no documents", '{"id"')
    assert not index.exists()
    assert main(["desm", "search", index_file, "--queries", given]) == 1
    assert_one_line(capsys.readouterr().err, "lines.jsonl has no queries", '{"id"')


# --- judgements ---


@NEEDS_IR_MEASURES
def test_beirs_files_are_read(model_file: str, tmp_path: Path, capsys: Capture) -> None:
    def put(name: str, *lines: Any) -> str:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return write(tmp_path / name, "\ufeff" + text + "\n")

    docs = put(
        "corpus.jsonl",
        {"_id": "1", "title": "apple", "text": "pear plum", "metadata": {}},
        {"_id": "2", "title": "", "text": "red blue"},
    )
    queries = put("queries.jsonl", {"_id": "7", "text": "plum", "metadata": {"url": ""}})
    qrels = put("test.tsv", "query-id\tcorpus-id\tscore", "7\t1\t1")
    index = str(tmp_path / "index")
    assert main(["desm", "index", docs, "-m", model_file, "-o", index, "--spaces", "in-in", "-q"]) == 0
    assert main(["desm", "eval", index, "--queries", queries, "--qrels", qrels, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["scores"]["AP"] == 1 and not err


@pytest.mark.parametrize(
    "text, code, parts",
    [
        ("1 0 fruit0 1\n", 1, ["none of the 1 judged queries, such as '1', is in", "names are like 'fruit'"]),
        ("fruit 0 d1 1\n", 1, ["none of the 1 judged documents, such as 'd1', is in", "like 'fruit0'"]),
        ("fruit 0 fruit0 1\n1 0 fruit1 1\n", 0, ["1 of the 2 judged queries are not in", "'1'"]),
        ("fruit 0 fruit0 1\nfruit 0 d1 1\n", 0, ["1 of the 2 judged documents are not in", "'d1'"]),
    ],
)
@pytest.mark.parametrize("tune", [[], ["--mix", "raw", "--tune"]])
@NEEDS_IR_MEASURES
def test_names_that_do_not_meet_are_told(
    text: str,
    code: int,
    parts: list[str],
    tune: list[str],
    index_file: str,
    collection: dict[str, str],
    tmp_path: Path,
    capsys: Capture,
) -> None:
    qrels = write(tmp_path / "qrels", text)
    command = ["desm", "eval", index_file, "--queries", collection["queries"], "--qrels", qrels, *tune]
    assert main(command) == code
    out, err = capsys.readouterr()
    assert_one_line(err, *parts, kind="error" if code else "warning")
    assert bool(out) == (code == 0)
    assert main([*command, "-q"]) == code
    assert bool(capsys.readouterr().err) == (code != 0)


@NEEDS_IR_MEASURES
def test_warnings_are_one_line_and_said_once(index_file: str, corpus: str, tmp_path: Path) -> None:
    """In a program of its own, where nothing else looks at warnings."""
    queries = write(tmp_path / "queries", '{"id": "fruit", "text": "apple"}\n')
    qrels = write(tmp_path / "qrels", "fruit 0 fruit0 1\nx 0 fruit1 1\n")
    command = ["desm", "eval", index_file, "--queries", queries, "--qrels", qrels]
    done = subprocess.run(
        [*PYTHON, "-m", "fastw2v", *command], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert_one_line(done.stderr, "1 of the 2 judged queries", kind="warning")


@pytest.mark.parametrize("content", ["2 2\na 1 2\nb 3 4", "3 2\na 1 2\nb 3 4\n"])
def test_vectors_that_may_be_cut_are_refused_with_a_way_out(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vectors"
    path.write_text(content)
    assert main(["neighbors", str(path), "a"]) == 1
    assert "in Python: KeyedVectors.load_word2vec_format" in capsys.readouterr().err
