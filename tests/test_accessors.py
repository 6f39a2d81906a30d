"""Another Cython package can cimport the typed accessors of an installed fastw2v."""

from __future__ import annotations

import gc
import importlib.util
import subprocess
import sys
import sysconfig
import textwrap
import weakref

import numpy as np
import pytest
from children import CAN_COMPILE, environment

from fastw2v import Word2Vec
from fastw2v.accessors import ModelView

CLIENT = """
from libc.stdint cimport uint8_t, uint32_t
from fastw2v.accessors cimport ModelView


def sums(model, Py_ssize_t word):
    cdef ModelView view = ModelView(model)
    cdef const uint32_t *point = NULL
    cdef const uint8_t *code = NULL
    cdef const float *row
    cdef Py_ssize_t length, i, d
    cdef double inside = 0, outside = 0, nodes = 0
    cdef int ones = 0
    with nogil:
        for d in range(view.dim):
            inside += view.in_vector(word)[d]
            outside += view.out_vector(word)[d]
        length = view.path(word, &point, &code)
        for i in range(length):
            row = view.node_vector(point[i])
            ones += code[i]
            for d in range(view.dim):
                nodes += row[d]
    return inside, outside, nodes, ones, length


def missing(model):
    cdef ModelView view = ModelView(model)
    cdef const uint32_t *point
    cdef const uint8_t *code
    return (view.in_vector(-1) == NULL, view.in_vector(view.words) == NULL, view.out_vector(0) == NULL,
            view.node_vector(0) == NULL, view.path(0, &point, &code))


def has_output(ModelView view, Py_ssize_t word):
    return view.out_vector(word) != NULL


def rows(ModelView view, Py_ssize_t word):
    cdef const uint32_t *point = NULL
    cdef const uint8_t *code = NULL
    cdef Py_ssize_t length = view.path(word, &point, &code)
    return ([view.in_vector(word)[d] for d in range(view.dim)],
            [view.out_vector(word)[d] for d in range(view.dim)],
            [[view.node_vector(point[i])[d] for d in range(view.dim)] for i in range(length)],
            [code[i] for i in range(length)])
"""


def model(**settings) -> Word2Vec:
    text = [["potato", "soup", "potato", "salad", "soup", "fish"]] * 20
    return Word2Vec(text, vector_size=7, min_count=1, workers=1, progress=False, **settings)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    pytest.importorskip("Cython", reason="Cython compiles the client package")
    pytest.importorskip("setuptools", reason="setuptools builds the client package")
    if not CAN_COMPILE and sys.platform != "win32":
        pytest.skip("needs a C compiler and Python's headers")
    folder = tmp_path_factory.mktemp("client")
    (folder / "client.pyx").write_text(CLIENT)
    (folder / "setup.py").write_text(
        textwrap.dedent(
            """
            from Cython.Build import cythonize
            from setuptools import setup
            setup(name="client", ext_modules=cythonize("client.pyx", language_level=3))
            """
        )
    )
    build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    # With its folder on the path, for Cython does not find the .pxd of an editable install.
    subprocess.run(build, cwd=folder, check=True, env=environment())
    path = next(folder.glob(f"client*{sysconfig.get_config_var('EXT_SUFFIX')}"))
    spec = importlib.util.spec_from_file_location("client", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_client_package_reads_all_three_spaces(client):
    both = model(hs=1, negative=5)
    for word in both.wv.index_to_key:
        inside, outside, nodes, ones, length = client.sums(both, both.wv.get_index(word))
        path = both.huffman_path(word)
        assert inside == pytest.approx(float(both.in_vector(word).sum(dtype=float)), abs=1e-6)
        assert outside == pytest.approx(float(both.out_vector(word).sum(dtype=float)), abs=1e-6)
        assert nodes == pytest.approx(float(both.node_vectors(word).sum(dtype=float)), abs=1e-6)
        assert (ones, length) == (int(path.code.sum()), len(path.point))


def test_what_a_model_lacks_is_null(client):
    assert client.missing(model(hs=0, negative=5)) == (True, True, False, True, -1)
    assert client.missing(model(hs=1, negative=0))[2:4] == (True, False)


def test_an_added_word_has_an_output_and_that_of_another_word_is_refused(client):
    grown = model(hs=1, negative=5)
    words = len(grown.wv)
    grown.wv.add_vectors(["new"], np.ones((1, 7)))
    view = ModelView(grown)
    assert view.words == words + 1 and client.has_output(view, words - 1)
    assert client.has_output(view, words) and not client.has_output(view, words + 1)
    grown.remove_words(["potato", "new"])
    assert not client.has_output(ModelView(grown), words - 1)
    grown.wv = grown.wv.vectors_for_all(["soup"])
    with pytest.raises(ValueError, match="changed by hand"):
        ModelView(grown)


def test_view_keeps_its_matrices_alive(client):
    both = model(hs=1, negative=5)
    view = ModelView(both)
    assert (view.words, view.dim) == (4, 7)
    expected = []
    for word in both.wv.index_to_key:
        vectors = both.in_vector(word), both.out_vector(word), both.node_vectors(word)
        expected.append((*(vector.tolist() for vector in vectors), both.huffman_path(word).code.tolist()))
    point, code = both.wv.expandos["point"], both.wv.expandos["code"]
    lent = both.syn0, both.syn1neg, both.syn1, point.values, point.starts, code.values
    alive = [weakref.ref(array) for array in lent]
    del both, vectors, point, code, lent
    gc.collect()
    assert all(array() is not None for array in alive)
    assert [client.rows(view, row) for row in range(view.words)] == expected
    del view
    gc.collect()
    assert not any(array() is not None for array in alive)  # nothing else held them


@pytest.mark.filterwarnings("ignore:.*is an older spelling:DeprecationWarning")
def test_node_vectors_are_syn1_at_point():
    m = model(hs=1, negative=0)
    np.testing.assert_array_equal(m.node_vectors("potato"), m.syn1[m.wv.get_vecattr("potato", "point")])


@pytest.mark.parametrize(
    "edit",
    [
        lambda model: setattr(model, "syn1neg", model.syn1neg[:-1]),
        lambda model: setattr(model, "syn1", model.syn1[:, :2]),
        lambda model: setattr(model.wv, "vectors", model.wv.vectors[:1]),
        lambda model: model.wv.expandos.update(point=model.wv.expandos["point"].take(np.array([0]))),
        lambda model: model.wv.expandos.pop("code"),
    ],
)
def test_no_view_of_matrices_that_do_not_fit(edit):
    """C code would follow them beyond their end."""
    model = Word2Vec([["a", "b", "c"]] * 5, vector_size=4, min_count=1, hs=1, negative=3, workers=1)
    ModelView(model)
    edit(model)
    with pytest.raises((ValueError, RuntimeError)):
        ModelView(model)
