"""Makes `tests/` importable; each test hears of older spellings anew; tests of Ctrl-C work anywhere."""

from __future__ import annotations

import importlib.util
import signal
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent


def find_what_to_test() -> None:
    """Test what is installed if the sources here are not compiled; refuse what was compiled of other sources.

    `python -m pytest` puts this folder first on the path, `pytest` does not.
    """
    if not (ROOT / "building").is_dir():
        return  # only the tests are here
    spec = importlib.util.spec_from_file_location("sources", ROOT / "building" / "sources.py")
    assert spec and spec.loader
    sources = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sources)
    if not any(map(sources.compiled_here, sources.modules())):
        sys.path[:] = [path for path in sys.path if Path(path).resolve() != ROOT]
    try:
        import fastw2v
    except ModuleNotFoundError:
        pytest.exit(f"fastw2v is not installed: `pip install -e '.[test]'` in {ROOT} does it", returncode=4)
    except ImportError as error:
        pytest.exit(str(error), returncode=4)
    if Path(fastw2v.__file__).resolve().parent.parent == ROOT and (stale := sources.stale()):
        command = "python setup.py build_ext --inplace"
        pytest.exit(f"`{command}`: the sources of {', '.join(stale)} have changed", returncode=4)


find_what_to_test()

from fastw2v import Word2Vec, legacy  # noqa: E402

# No test depends on the clock: on a busy machine an example takes ten times as long as usual.
hypothesis.settings.register_profile("fastw2v", deadline=None)
hypothesis.settings.load_profile("fastw2v")

sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("children", "factories")

from factories import HS, few_vectors, gensim_twin, unsampled  # noqa: E402

# A shell makes what it starts in the background deaf to Ctrl-C, and that is inherited by children under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "trains_again: trains at the first rate again, which is warned of; the test is of other things",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("trains_again"):
            item.add_marker(pytest.mark.filterwarnings("ignore:the learning rate starts at"))


def pytest_runtest_setup() -> None:
    legacy.told.clear()


@pytest.fixture(scope="session")
def gensims() -> Any:
    """gensim's `models.word2vec`, to compare with."""
    return pytest.importorskip("gensim.models.word2vec", reason="compares with gensim")


@pytest.fixture(scope="session")
def model() -> Word2Vec:
    """Skip-gram with negative sampling; not to be changed."""
    return unsampled(sg=1, alpha=0.1)


@pytest.fixture(scope="session")
def tree() -> Word2Vec:
    """Skip-gram with hierarchical softmax; not to be changed."""
    return unsampled(sg=1, alpha=0.1, **HS)


@pytest.fixture(scope="session")
def twin() -> Any:
    """gensim's `few_vectors()`; not to be changed."""
    return gensim_twin(few_vectors())
