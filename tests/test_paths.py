"""Paths as people write them: `~`, `file://`, and remote addresses, in every call that takes a path."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import NO_GENSIM, few_vectors, largest_file, trained, written

from fastw2v import (
    BrownCorpus,
    KeyedVectors,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    Word2Vec,
    paths,
    utils,
)
from fastw2v.desm import DESM, DESMIndex

SENTENCES = [["human", "graph", "trees"], ["user", "system"], ["graph", "minors", "trees"]] * 9
PAIRS = "graph\ttrees\t3\nhuman\tuser\t2\ngraph\tuser\t1\n"
ANALOGIES = ": some\ngraph trees user system\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "at home"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of fsspec's file system in memory."""
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    files.makedirs("/folder")
    yield "memory://folder"
    files.rm("/folder", recursive=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server of this machine, and the folder that it shows."""
    pytest.importorskip("smart_open")
    pytest.importorskip("requests")  # what smart_open reads the web with
    folder = tmp_path / "web"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", folder
        finally:
            server.shutdown()
            thread.join()


# --- a path, expanded ---


@pytest.mark.parametrize(
    "given, expected",
    [
        ("~", "{home}"),
        ("~/a b", "{home}/a b"),
        (Path("~/a"), "{home}/a"),
        ("file:///a/b", "/a/b"),
        ("FILE://localhost/a%20b%C3%A9%25", "/a bé%"),
        ("file://~/a", "{home}/a"),
        ("file://a/b", "a/b"),  # as smart_open has it
        ("~nobody-of-this-name/x", "~nobody-of-this-name/x"),
        ("a/~/b", "a/~/b"),
        ("s3://bucket/~key", "s3://bucket/~key"),
        ("C:\\~\\x", "C:\\~\\x"),
        (b"~/x", b"~/x"),
    ],
)
def test_expanded(given: Any, expected: Any, home: Path) -> None:
    if isinstance(expected, str):
        expected = expected.replace("{home}", str(home))
    assert paths.expand(given) == expected


@pytest.mark.parametrize("address", ["s3://bucket/key", "https://host/x", "file:///a/b"])
def test_an_address_that_pathlib_has_cut_is_refused(address: str) -> None:
    for call in (
        paths.expand,
        few_vectors().save,
        Word2Vec.load,
        LineSentence(Path(address)).__iter__().__next__,
    ):
        with pytest.raises(ValueError, match="has lost a slash in pathlib: give the address as a str"):
            call(*(() if call.__name__ == "__next__" else (Path(address),)))


def test_a_path_as_uri_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a # b?%20é.txt"
    assert paths.expand(path.as_uri()) == str(path)


@pytest.mark.parametrize(
    "path", ["s3://bucket/key", "https://host/x", "gs://b/k", "memory://x", "abc+d.e-f://x"]
)
def test_remote(path: str) -> None:
    assert paths.is_remote(path)


@pytest.mark.parametrize(
    "path", ["C:\\x", "c://x", "a/b", "file:///x", "File://x", "://x", b"s3://x", 3, None]
)
def test_not_remote(path: Any) -> None:
    assert not paths.is_remote(path)


@pytest.mark.parametrize(
    "path, suffix",
    [
        ("https://host/a.TXT.GZ?download=1.zip", ".gz"),
        ("https://host/a.bz2#x", ".bz2"),
        ("s3://bucket/what?.xz", ".xz"),
        ("a/b.c/d", ""),
    ],
)
def test_suffix(path: str, suffix: str) -> None:
    assert paths.suffix(path) == suffix


# --- every call ---


class Calls:
    """Calls that write to files at a place and read from them; asserts tell what is right."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.model, self.kv = trained(), few_vectors()

    def put(self, name: str, content: str) -> str:
        with utils.open(f"{self.place}/{name}", "w") as file:
            file.write(content)
        with utils.open(f"{self.place}/{name}") as file:
            assert file.read() == content
        return f"{self.place}/{name}"

    def models(self) -> None:
        path = f"{self.place}/model.fw2v"
        self.model.save(path)
        assert np.array_equal(Word2Vec.load(path, verify="full").wv.vectors, self.model.wv.vectors)

    def vectors(self) -> None:
        path = f"{self.place}/kv"
        self.kv.save(path)
        assert np.array_equal(KeyedVectors.load(path).vectors, self.kv.vectors)

    def maps(self) -> None:
        for saved in (self.model, self.kv):
            path, kind = f"{self.place}/{type(saved).__name__}", type(saved)
            saved.save(path)
            if paths.is_remote(path):
                with pytest.raises(ValueError, match="cannot be mapped: load it with mmap=None"):
                    kind.load(path, mmap="r")
            else:
                kind.load(path, mmap="r")

    def words_as_text(self) -> None:
        self._words("t.txt")

    def words_compressed(self) -> None:
        self._words("t.bin.gz", binary=True)

    def _words(self, name: str, **options: Any) -> None:
        path, kv = f"{self.place}/{name}", self.kv
        kv.save_word2vec_format(path, **options)
        again = KeyedVectors.load_word2vec_format(path, **options)
        assert np.array_equal(again.vectors, kv.vectors)
        again.vectors[:] = 0
        again.intersect_word2vec_format(path, **options)
        assert np.array_equal(again.vectors, kv.vectors)

    def counts(self) -> None:
        words, out, vocab = (f"{self.place}/{name}" for name in ("wv.txt", "out.txt", "vocab.txt"))
        self.model.wv.save_word2vec_format(words, vocab)
        self.model.wv_out.save_word2vec_format(out)
        again = KeyedVectors.load_word2vec_format(words, vocab)
        assert again.get_vecattr("graph", "count") == self.model.wv.get_vecattr("graph", "count")
        assert len(Word2Vec.from_vectors(words, out, fvocab=vocab).wv) == len(self.model.wv)

    def text(self) -> None:
        self._text("text.txt")

    def compressed_text(self) -> None:
        self._text("text.xz")

    def _text(self, name: str) -> None:
        path = f"{self.place}/{name}"
        utils.save_as_line_sentence(SENTENCES, path)
        assert list(LineSentence(path)) == list(PathLineSentences(path)) == SENTENCES
        assert sum(Text8Corpus(path, 4), []) == sum(SENTENCES, [])
        settings: dict[str, Any] = {"min_count": 1, "vector_size": 4, "workers": 1}
        expected = Word2Vec(SENTENCES, **settings).wv.vectors
        for made in (Word2Vec(corpus_file=path, **settings), Word2Vec(LineSentence(path), **settings)):
            assert np.array_equal(made.wv.vectors, expected)
        step = Word2Vec(**settings)
        step.build_vocab(corpus_file=path)
        step.train(corpus_file=path, total_words=step.corpus_total_words, epochs=5)
        assert np.array_equal(step.wv.vectors, expected)

    def folders(self) -> None:
        self.put("sub/a.txt", "one/nn two/vb\n")
        self.put("sub/b.txt.gz", "three/nn\n")
        for reader in (PathLineSentences, BrownCorpus):
            assert list(reader(f"{self.place}/sub")) == [["one/nn", "two/vb"], ["three/nn"]]

    def evaluation(self) -> None:
        assert self.model.wv.evaluate_word_pairs(self.put("pairs.tsv.bz2", PAIRS))[2] == 0
        assert len(self.model.wv.evaluate_word_analogies(self.put("analogies.txt", ANALOGIES))[1]) == 2

    def indexes(self) -> None:
        path = f"{self.place}/index.fw2v"
        index = DESM(self.model, center=False).index([["graph", "trees"], ["user"]])
        index.save(path)
        assert DESMIndex.load(path).search(["graph"]) == index.search(["graph"])


def assert_all_work(place: str) -> None:
    calls, wrong = Calls(place), {}
    for name in vars(Calls):
        if name != "put" and not name.startswith("_"):
            try:
                getattr(calls, name)()
            except Exception as error:
                wrong[name] = repr(error)
    assert not wrong


def test_home_in_every_call(home: Path) -> None:
    (home / "sub").mkdir()
    assert_all_work("~")
    assert (home / "model.fw2v").is_file()


def test_file_addresses_in_every_call(home: Path) -> None:
    (home / "sub").mkdir()
    assert_all_work(home.as_uri())
    assert (home / "model.fw2v").is_file()


def test_remote_files_in_every_call(memory: str) -> None:
    assert_all_work(memory)


def test_reading_from_the_web_in_every_call(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "sub").mkdir()
    assert_all_work(str(folder))
    kv = KeyedVectors.load(f"{address}/model.fw2v")
    assert np.array_equal(Word2Vec.load(f"{address}/model.fw2v").wv.vectors, kv.vectors)
    few = KeyedVectors.load_word2vec_format(f"{address}/t.bin.gz?download=1", binary=True, limit=3)
    assert np.array_equal(few.vectors, few_vectors().vectors[:3])
    assert list(LineSentence(f"{address}/text.xz")) == SENTENCES
    assert Word2Vec(corpus_file=f"{address}/text.txt", min_count=1, workers=1).corpus_count == len(SENTENCES)
    assert kv.evaluate_word_pairs(f"{address}/pairs.tsv.bz2")[2] == 0
    with pytest.raises(OSError, match="404"):
        Word2Vec.load(f"{address}/missing")
    with pytest.raises(OSError, match="web pages can only be read"):
        kv.save(f"{address}/kv")


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2"])
def test_gensims_pickles_with_arrays_beside(memory: str, tmp_path: Path, suffix: str) -> None:
    gensim = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    fsspec = pytest.importorskip("fsspec")
    theirs = gensim.Word2Vec(SENTENCES, min_count=1, vector_size=4, workers=1)
    theirs.save(str(tmp_path / f"model{suffix}"), separately=["syn1neg"], sep_limit=1)
    for path in tmp_path.iterdir():
        with fsspec.open(f"{memory}/there/{path.name}", "wb") as file:  # bytes as they are
            file.write(path.read_bytes())
    ours = Word2Vec.load(f"{memory}/there/model{suffix}")
    assert np.array_equal(ours.syn1neg, theirs.syn1neg)
    assert np.array_equal(ours.wv.vectors, theirs.wv.vectors)


def test_errors_name_the_address(memory: str) -> None:
    with utils.open(f"{memory}/bad.fw2v", "w") as file:
        file.write("what is no model")
    with pytest.raises(ValueError, match=f"^{memory}/bad.fw2v: "):
        Word2Vec.load(f"{memory}/bad.fw2v")


def test_no_room_for_a_copy_is_told(memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and the folder for temporary files, in which the copy is made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kv = few_vectors()
    kv.save(f"{memory}/kv")
    calls: list[Callable[[], object]] = [
        lambda: KeyedVectors.load(f"{memory}/kv"),
        lambda: kv.save(f"{memory}/kv"),
        lambda: kv.save_word2vec_format(f"{memory}/kv"),
        lambda: kv.save_word2vec_format(f"{memory}/kv", binary=True),
        lambda: utils.save_as_line_sentence(SENTENCES * 1000, f"{memory}/kv"),
    ]
    for call in calls:
        with largest_file(50), pytest.raises(OSError, match=f"{tmp_path}/.*TMPDIR.*{memory}/kv") as told:
            call()
        assert (told.value.errno, told.value.filename) == (errno.EFBIG, f"{memory}/kv")
    assert not list(tmp_path.iterdir())
    assert KeyedVectors.load(f"{memory}/kv", verify="full").index_to_key == kv.index_to_key


# --- what must not be lost ---


def test_a_failed_save_leaves_the_good_file(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kv = few_vectors()
    kv.save(f"{memory}/kv")
    bad = few_vectors()
    bad.index_to_key[0] = object()
    with pytest.raises(TypeError):
        bad.save(f"{memory}/kv")
    assert len(KeyedVectors.load(f"{memory}/kv")) == len(kv)
    assert not list(tmp_path.iterdir()), "temporary files are removed"


def test_a_connection_that_breaks_leaves_the_good_file(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(source: Any, target: Any, _: int) -> None:
        target.write(source.read(9))
        raise ConnectionError("gone")

    few_vectors().save(f"{memory}/kv")
    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfileobj", breaks)
        for name in ("kv", "new"):
            with pytest.raises(ConnectionError):
                few_vectors().save(f"{memory}/{name}")
    assert len(KeyedVectors.load(f"{memory}/kv")) == len(few_vectors())
    with pytest.raises(FileNotFoundError):
        KeyedVectors.load(f"{memory}/new")


@pytest.mark.parametrize("name", ["file.txt", "file.gz"])
def test_a_block_that_fails_sends_nothing(memory: str, name: str) -> None:
    path = f"{memory}/{name}"
    with utils.open(path, "w") as file:
        file.write("good")
    with contextlib.suppress(ZeroDivisionError), utils.open(path, "w") as file:
        file.write("half of what was m")
        raise ZeroDivisionError
    with utils.open(path, "rb") as file:
        assert file.read() == b"good"


def test_a_file_closed_by_hand_is_sent(memory: str) -> None:
    file = utils.open(f"{memory}/by-hand", "wb")
    file.write(b"all")
    file.close()
    file.close()
    with utils.open(f"{memory}/by-hand", "rb") as again:
        assert list(again) == [b"all"]


@pytest.mark.parametrize("mode", ["a", "r+", "x", "wb+"])
def test_remote_files_are_read_or_replaced(memory: str, mode: str) -> None:
    with pytest.raises(ValueError, match=r"can be read \('r'\) or replaced \('w'\)"):
        utils.open(f"{memory}/x", mode)


def test_nothing_is_added_to_remote_vectors(memory: str) -> None:
    with pytest.raises(ValueError, match="append=True cannot add to memory://"):
        few_vectors().save_word2vec_format(f"{memory}/x", append=True)


def test_a_folder_that_cannot_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ValueError, match="folder that cannot be listed"):
        PathLineSentences("s3://bucket/folder/")


@pytest.mark.parametrize("scheme", ["s3", "gs", "https", "memory", "what"])
def test_without_an_opener_the_extra_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("smart_open", "fsspec"):
        monkeypatch.setitem(sys.modules, package, None)
    path = f"{scheme}://bucket/x.txt"
    kv = few_vectors()
    tries: list[Callable[[], Any]] = [
        lambda: Word2Vec.load(path),
        lambda: KeyedVectors.load(path),
        lambda: DESMIndex.load(path),
        lambda: KeyedVectors.load_word2vec_format(path),
        lambda: list(LineSentence(path)),
        lambda: list(Text8Corpus(path)),
        lambda: Word2Vec(corpus_file=path),
        lambda: utils.open(path),
        lambda: kv.evaluate_word_pairs(path),
    ]
    if scheme != "https":
        tries += [lambda: kv.save(path), lambda: kv.save_word2vec_format(path), lambda: utils.open(path, "w")]
    for attempt in tries:
        with pytest.raises(ImportError, match=r"pip install 'fastw2v\[remote\]'"):
            attempt()


def test_a_file_whose_name_begins_as_a_home_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "~x.txt", SENTENCES)
    assert list(LineSentence("~x.txt")) == SENTENCES
    few_vectors().save("~x.kv")
    assert os.path.isfile("~x.kv")


def test_what_is_not_there_is_named_by_its_whole_address() -> None:
    pytest.importorskip("fsspec")
    for read in (Word2Vec.load, KeyedVectors.load_word2vec_format):
        with pytest.raises(FileNotFoundError, match="No such file.*'memory://nowhere/vectors'"):
            read("memory://nowhere/vectors")
