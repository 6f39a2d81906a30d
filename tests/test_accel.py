"""`fastw2v.accelerate()`: gensim's Word2Vec is ours for all who import gensim; FastText and Doc2Vec stay."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import PYTHON, environment, run_python

import fastw2v
from fastw2v.accel.ledger import Ledger

gensim = pytest.importorskip("gensim", reason="accelerates gensim")

from gensim.models import Doc2Vec, FastText, KeyedVectors, Word2Vec  # noqa: E402
from gensim.models.doc2vec import TaggedDocument  # noqa: E402

TEXT = [["cat", "says", "meow"], ["dog", "says", "woof"]] * 20
SETTINGS: dict[str, Any] = {"vector_size": 8, "min_count": 1, "workers": 1, "seed": 1, "epochs": 2}


class Derived(Word2Vec):  # type: ignore[misc, unused-ignore]
    """A program's class, of before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mine = 1


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    try:
        yield fastw2v.accelerate()
    finally:
        fastw2v.deaccelerate()


def test_every_name_of_the_class_makes_ours(ledger: Ledger) -> None:
    for cls in (Word2Vec, gensim.models.Word2Vec, gensim.models.word2vec.Word2Vec):
        model = cls(TEXT, **SETTINGS)
        assert type(model) is fastw2v.Word2Vec and type(model.wv) is fastw2v.KeyedVectors
        assert isinstance(model, Word2Vec) and isinstance(model.wv, KeyedVectors)
    vectors = gensim.models.keyedvectors.KeyedVectors(3)
    vectors.add_vectors(["a", "b"], np.eye(2, 3, dtype=np.float32))
    assert type(vectors) is fastw2v.KeyedVectors and isinstance(vectors, gensim.models.KeyedVectors)
    assert ledger.made == {("Word2Vec", __name__): 3, ("KeyedVectors", __name__): 1}


def test_the_model_is_that_of_fastw2v(ledger: Ledger) -> None:
    theirs, ours = Word2Vec(TEXT, **SETTINGS), fastw2v.Word2Vec(TEXT, **SETTINGS)
    np.testing.assert_array_equal(theirs.wv.vectors, ours.wv.vectors)
    np.testing.assert_array_equal(theirs.syn1neg, ours.syn1neg)
    assert theirs.wv.most_similar("cat") == ours.wv.most_similar("cat")
    theirs.train(TEXT, total_examples=len(TEXT), epochs=1, start_alpha=0.01)
    assert len(theirs.history) == SETTINGS["epochs"] + 1


def test_in_the_order_of_gensims_updates_the_vectors_are_gensims(ledger: Ledger) -> None:
    accelerated = Word2Vec(TEXT, **SETTINGS)  # CBOW, whose default order is gensim's
    fastw2v.deaccelerate()
    own = Word2Vec(TEXT, **SETTINGS)
    assert type(own) is Word2Vec
    assert own.wv.index_to_key == accelerated.wv.index_to_key
    np.testing.assert_allclose(accelerated.wv.vectors, own.wv.vectors, atol=2e-5)


class ChangesTraining(Word2Vec):  # type: ignore[misc, unused-ignore]
    """As fastnode2vec's: the sentences that are trained are made in a job of gensim's."""

    def _do_train_job(self, sentences: Any, alpha: Any, inits: Any) -> Any:
        self.jobs = getattr(self, "jobs", 0) + 1
        return super()._do_train_job(sentences, alpha, inits)


def test_a_class_that_changes_the_inside_of_gensims_training_stays_gensims(ledger: Ledger) -> None:
    class After(Word2Vec):  # type: ignore[misc, unused-ignore]
        _do_train_job = ChangesTraining._do_train_job

    class Further(ChangesTraining):
        pass

    for cls in (ChangesTraining, Further):
        model = cls(TEXT, **SETTINGS)
        assert model.jobs == SETTINGS["epochs"] and not isinstance(model, fastw2v.Word2Vec)
    assert not issubclass(After, fastw2v.Word2Vec)
    assert "1 ChangesTraining, 1 Further" in str(ledger)


def test_ours_are_told_from_gensims(ledger: Ledger) -> None:
    """Being derived from gensim's class meanwhile confuses nobody who looks for gensim's objects."""
    model = Word2Vec(TEXT, **SETTINGS)
    again = fastw2v.Word2Vec.from_gensim(model)
    np.testing.assert_array_equal(again.wv.vectors, model.wv.vectors)
    real = model.to_gensim()
    assert type(real) is Word2Vec and type(real.wv) is KeyedVectors
    assert type(fastw2v.Word2Vec.from_gensim(real)) is fastw2v.Word2Vec
    model.wv = again.wv
    assert model.wv is again.wv


def test_fasttext_and_doc2vec_stay_gensims(ledger: Ledger, tmp_path: Path) -> None:
    fast = FastText(TEXT, bucket=50, **SETTINGS)
    documents = Doc2Vec([TaggedDocument(words, [n]) for n, words in enumerate(TEXT)], **SETTINGS)
    assert type(fast) is FastText and isinstance(fast, Word2Vec)
    assert type(documents.wv) is KeyedVectors and type(documents.dv) is KeyedVectors
    for model in (fast, documents):
        model.save(str(tmp_path / "model"))
        loaded = type(model).load(str(tmp_path / "model"))
        assert type(loaded) is type(model)
        np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    fast.wv.save(str(tmp_path / "vectors"))
    assert type(KeyedVectors.load(str(tmp_path / "vectors"))) is type(fast.wv)
    assert not ledger.made and ledger.stayed == {"FastText": 1, "Doc2Vec": 1}


def test_files_of_both_are_loaded(ledger: Ledger, tmp_path: Path) -> None:
    model = Word2Vec(TEXT, **SETTINGS)
    model.save(str(tmp_path / "ours"))
    model.to_gensim().save(str(tmp_path / "gensims"))
    model.wv.save_word2vec_format(str(tmp_path / "text"))
    for name in ("ours", "gensims"):
        loaded = Word2Vec.load(str(tmp_path / name))
        assert type(loaded) is fastw2v.Word2Vec
        np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "text"))
    assert type(vectors) is fastw2v.KeyedVectors and vectors.index_to_key == model.wv.index_to_key


def test_what_neither_can_load_says_so(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a model")
    with pytest.raises(fastw2v.FormatError, match="text"):
        Word2Vec.load(str(tmp_path / "text"))
    with pytest.raises(FileNotFoundError):
        Word2Vec.load(str(tmp_path / "nothing"))


def test_gensims_files_can_be_written(tmp_path: Path) -> None:
    try:
        fastw2v.accelerate(save_as="gensim")
        model = Word2Vec(TEXT, **SETTINGS)
        model.save(str(tmp_path / "model"))
        model.wv.save(str(tmp_path / "vectors"))
    finally:
        fastw2v.deaccelerate()
    loaded, vectors = Word2Vec.load(str(tmp_path / "model")), KeyedVectors.load(str(tmp_path / "vectors"))
    assert type(loaded) is Word2Vec and type(vectors) is KeyedVectors
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    np.testing.assert_array_equal(loaded.syn1neg, model.syn1neg)
    np.testing.assert_array_equal(vectors.vectors, model.wv.vectors)


def test_an_unknown_kind_of_file_is_refused() -> None:
    with pytest.raises(ValueError, match="'pickle': give 'fastw2v' or 'gensim'"):
        fastw2v.accelerate(save_as="pickle")
    assert type(Word2Vec(**SETTINGS)) is Word2Vec


def test_pickles_go_both_ways(ledger: Ledger) -> None:
    ours = Word2Vec(TEXT, **SETTINGS)
    theirs = ours.to_gensim()
    raw = pickle.dumps([ours, theirs, ours.wv, theirs.wv])
    kinds = [fastw2v.Word2Vec, Word2Vec, fastw2v.KeyedVectors, KeyedVectors]
    assert [type(loaded) for loaded in pickle.loads(raw)] == kinds
    assert type(copy.deepcopy(ours)) is fastw2v.Word2Vec and type(copy.deepcopy(theirs)) is Word2Vec
    fastw2v.deaccelerate()
    again = pickle.loads(raw)
    assert [type(loaded) for loaded in again] == kinds
    np.testing.assert_array_equal(again[0].wv.vectors, again[1].wv.vectors)


def test_classes_that_programs_derive_are_derived_from_ours(ledger: Ledger) -> None:
    class Later(Word2Vec):  # type: ignore[misc, unused-ignore]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            Word2Vec.__init__(self, *args, **kwargs)  # by name, as programs of Python 2 do

    for cls in (Derived, Later):
        model = cls(TEXT, **SETTINGS)
        assert type(model) is cls and isinstance(model, Word2Vec) and isinstance(model, fastw2v.Word2Vec)
        assert model.wv.most_similar("cat")[0][0] in model.wv
    assert pickle.loads(pickle.dumps(Derived(TEXT, **SETTINGS))).mine == 1


def test_objects_that_gensim_made_before_go_on_as_they_are() -> None:
    before = Derived(TEXT, **SETTINGS)
    plain = Word2Vec(TEXT, **SETTINGS)
    try:
        fastw2v.accelerate()
        for model in (before, plain):
            model.train(TEXT, total_examples=len(TEXT), epochs=1)
            assert not isinstance(model, fastw2v.Word2Vec) and "cat" in model.wv
        assert type(Derived(TEXT, **SETTINGS)) is Derived
    finally:
        fastw2v.deaccelerate()


def test_undone_everything_is_as_it_was() -> None:
    held = (Word2Vec, KeyedVectors, fastw2v.Word2Vec, fastw2v.KeyedVectors)
    before = [(cls.__bases__, {**vars(cls)}) for cls in held]
    fastw2v.accelerate()
    assert fastw2v.accelerate() is fastw2v.accelerate()
    model = Word2Vec(TEXT, **SETTINGS)
    fastw2v.deaccelerate()
    fastw2v.deaccelerate()
    assert [(cls.__bases__, {**vars(cls)}) for cls in held] == before
    assert not isinstance(model, Word2Vec) and model.wv.most_similar("cat")
    assert type(Word2Vec(TEXT, **SETTINGS)) is Word2Vec


def test_what_libraries_do_with_models_goes_on(ledger: Ledger) -> None:
    from gensim.models import TranslationMatrix
    from gensim.models.phrases import Phrases
    from gensim.similarities import SparseTermSimilarityMatrix, WordEmbeddingSimilarityIndex

    model = Word2Vec(Phrases(TEXT, min_count=1, threshold=0.1)[TEXT], **SETTINGS)
    words = gensim.corpora.Dictionary(TEXT)
    assert WordEmbeddingSimilarityIndex(model.wv).most_similar(model.wv.index_to_key[0])
    assert SparseTermSimilarityMatrix(WordEmbeddingSimilarityIndex(model.wv), words).matrix.shape
    pairs = [(word, word) for word in model.wv.index_to_key[:4]]
    translation = TranslationMatrix(model.wv, model.wv, pairs)
    vectors = {"source_lang_vec": model.wv, "target_lang_vec": model.wv}
    assert list(translation.translate([pairs[0][0]], topn=1, **vectors)) == [pairs[0][0]]


@pytest.mark.parametrize("wanted", ["model", "vectors"])
def test_the_annoy_indexer_takes_ours(ledger: Ledger, wanted: str) -> None:
    pytest.importorskip("annoy")
    from gensim.similarities.annoy import AnnoyIndexer

    model = Word2Vec(TEXT, **SETTINGS)
    indexer = AnnoyIndexer(model if wanted == "model" else model.wv, 2)
    assert model.wv.most_similar("cat", topn=1, indexer=indexer)[0][0] == "cat"


# --- whole programs ---


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [*PYTHON, "-m", "fastw2v.accel", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True)


PROGRAM = """
import sys
from gensim.models import Word2Vec
import beside
def fail():
    raise ValueError("of the program")
print(sys.argv, __name__, __file__, type(Word2Vec([["a", "b"]] * 9, min_count=1)).__module__, beside.NAME)
if "fail" in sys.argv:
    fail()
sys.exit(7 if "exit" in sys.argv else None)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "beside.py").write_text("NAME = 'beside'\n")
    return tmp_path


def test_a_script_runs_as_it_stands(folder: Path) -> None:
    done = run("program.py", "-v", "--save-as", "3", cwd=folder)
    said = "['program.py', '-v', '--save-as', '3'] __main__ program.py fastw2v.word2vec beside\n"
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)


def test_a_module_and_a_line_run_too(folder: Path) -> None:
    (folder / "package").mkdir()
    (folder / "package" / "__main__.py").write_text("import sys; print(sys.argv[1:], __package__)\n")
    assert run("-m", "package", "x", cwd=folder).stdout == "['x'] package\n"
    code = "import sys, gensim; print(sys.argv, type(gensim.models.Word2Vec()).__module__)"
    assert run("-c", code, "-v", cwd=folder).stdout == "['-c', '-v'] fastw2v.word2vec\n"
    assert run("package", "y", cwd=folder).stdout.startswith("['y']")


def test_errors_and_exit_codes_are_those_of_the_program(folder: Path) -> None:
    failed = run("program.py", "fail", cwd=folder)
    plain = subprocess.run(
        [sys.executable, "program.py", "fail"], cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert failed.returncode == plain.returncode == 1
    assert failed.stderr == plain.stderr.replace(str(folder) + os.sep, "")
    assert run("program.py", "exit", cwd=folder).returncode == 7
    missing = run("nothing.py", cwd=folder)
    assert missing.returncode == 2 and "can't open file 'nothing.py'" in missing.stderr
    usage = run("-v", cwd=folder)
    assert usage.returncode == 2 and "give a SCRIPT, -m MODULE or -c CODE" in usage.stderr


def test_verbose_says_what_was_taken_over(folder: Path) -> None:
    done = run("-v", "program.py", "exit", cwd=folder)
    assert done.returncode == 7
    lines = done.stderr.splitlines()
    assert lines[0] == "fastw2v took over from gensim:" and lines[1] == "       1 Word2Vec made by __main__"
    assert lines[2].endswith(" s in 1 call of Word2Vec()")
    nothing = run("-v", "-c", "pass", cwd=folder)
    assert nothing.stderr == "fastw2v took nothing over from gensim\n"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_ends_the_program(folder: Path) -> None:
    (folder / "waits.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(600)\n")
    command = [*PYTHON, "-m", "fastw2v.accel", "waits.py"]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in child.stderr.read()
    assert child.returncode == 130


def test_objects_of_the_main_module_can_be_pickled(folder: Path) -> None:
    (folder / "pickles.py").write_text(
        textwrap.dedent("""
        import pickle, gensim
        class Mine:
            def __init__(self):
                self.model = gensim.models.Word2Vec([["a", "b"]] * 9, min_count=1)
        print(type(pickle.loads(pickle.dumps(Mine())).model).__module__)
        """)
    )
    assert run("pickles.py", cwd=folder).stdout == "fastw2v.word2vec\n"


ORDERS = {
    "gensim first": "import gensim; from gensim.models import Word2Vec; import fastw2v; fastw2v.accelerate()",
    "fastw2v first": "import fastw2v; fastw2v.accelerate(); from gensim.models import Word2Vec",
    "a library first": "import library; import fastw2v; fastw2v.accelerate(); Word2Vec = library.Word2Vec",
    "from the module": "import fastw2v; fastw2v.accelerate(); from gensim.models.word2vec import Word2Vec",
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_imports_does_not_matter(tmp_path: Path, order: str) -> None:
    (tmp_path / "library.py").write_text("from gensim.models.word2vec import Word2Vec\n")
    code = f"import sys; sys.path.insert(0, sys.argv[1]); {ORDERS[order]}; print(type(Word2Vec()).__module__)"
    assert run_python(code, tmp_path).stdout == "fastw2v.word2vec\n"


def test_without_gensim_there_is_nothing_to_take_over(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["gensim"] = None
import fastw2v
try:
    fastw2v.accelerate()
except ImportError as error:
    print(error)
"""
    assert run_python(code).stdout.startswith("there is nothing to take over, as gensim cannot be imported")


def test_a_notebook_loads_it_as_an_extension() -> None:
    import fastw2v.accel as extension

    extension.load_ipython_extension(None)
    try:
        assert type(Word2Vec(**SETTINGS)) is fastw2v.Word2Vec
    finally:
        extension.unload_ipython_extension(None)
    assert type(Word2Vec(**SETTINGS)) is Word2Vec
