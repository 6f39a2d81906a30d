"""The build: modules are compiled once, never too seldom; what a machine lacks is said in one sentence.

A package of two small modules is built by our `setup.py` and `building/`, as ours is.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from children import CAN_COMPILE

ROOT = Path(__file__).resolve().parent.parent
Build = Callable[..., subprocess.CompletedProcess[str]]
BACKEND = "import sys; sys.path.insert(0, 'building'); import backend"
SAYS = 'cdef extern from "number.h":\n    int number()\n\ndef says():\n    return number()\n'


def has(package: str, least: int) -> bool:
    try:
        return int(importlib.metadata.version(package).split(".")[0]) >= least
    except importlib.metadata.PackageNotFoundError:
        return False


pytestmark = [
    pytest.mark.skipif(not (ROOT / "building").is_dir(), reason="the sources are not here"),
    pytest.mark.skipif(not has("setuptools", 77) or not has("Cython", 3), reason="builds with both"),
]
compiles = pytest.mark.skipif(not CAN_COMPILE, reason="needs a C compiler and Python's headers")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package of two modules, one with a header, and our build."""
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "building", tree / "building", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    for name, content in {
        "__init__.py": "",
        "_version.py": '__version__ = "1.0"\n',
        "says.pyx": SAYS,
        "number.h": "static int number(void) { return 1; }\n",
        "other.pyx": "def one():\n    return 1\n",
    }.items():
        (tree / "fastw2v").mkdir(exist_ok=True)
        (tree / "fastw2v" / name).write_text(content, encoding="utf-8")
    return tree


def python(*arguments: str, at: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=at, capture_output=True, text=True, env={**os.environ, **variables}
    )


def built(tree: Path, *options: str, **variables: str) -> list[str]:
    """Build in place; return the modules that were compiled for it."""
    run = python("setup.py", "build_ext", "--inplace", *options, at=tree, **variables)
    assert run.returncode == 0, run.stdout + run.stderr
    return sorted(re.findall(r"^compiled fastw2v\.(\w+) in", run.stdout, flags=re.MULTILINE))


def says(tree: Path) -> int:
    run = python("-c", "from fastw2v.says import says; print(says())", at=tree)
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def newer(tree: Path) -> None:
    """Make all sources newer than all that was built."""
    for path in [*(tree / "fastw2v").iterdir(), *(tree / "building").iterdir(), tree / "setup.py"]:
        os.utime(path, (2**31, 2**31))


def change_the_header(tree: Path) -> None:
    (tree / "fastw2v/number.h").write_text("static int number(void) { return 2; }\n")
    os.utime(tree / "fastw2v/number.h", (0, 0))  # older than what was built of the other


def change_setup(tree: Path) -> None:
    (tree / "setup.py").write_text((tree / "setup.py").read_text() + "\n# changed\n")


def damage_what_is_kept(tree: Path) -> None:
    for path in (tree / "build/compiled").glob("fastw2v.says-*"):
        path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit_of_what_is_kept(tree: Path) -> None:
    for path in (tree / "build/compiled").glob("fastw2v.says-*"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def lose_what_is_kept(tree: Path) -> None:
    shutil.rmtree(tree / "build")


@compiles
def test_what_did_not_change_is_not_compiled_again(tree: Path, tmp_path: Path) -> None:
    assert built(tree) == ["other", "says"]
    newer(tree)
    assert built(tree) == []
    for path in (tree / "fastw2v").glob("*.so"):
        path.write_bytes(b"half written")
    for path in (tree / "build/c").iterdir():
        path.write_bytes(b"half written")
    assert built(tree) == []
    assert says(tree) == 1
    shutil.copytree(tree, tmp_path / "copy")
    newer(tmp_path / "copy")
    assert built(tmp_path / "copy") == []


@compiles
@pytest.mark.parametrize(
    "change, compiled, said",
    [
        (change_the_header, ["says"], 2),
        (change_setup, ["other", "says"], 1),
        (damage_what_is_kept, ["says"], 1),
        (flip_a_bit_of_what_is_kept, ["says"], 1),
        (lose_what_is_kept, ["other", "says"], 1),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_changed_is_compiled(
    tree: Path, change: Callable[[Path], None], compiled: list[str], said: int
) -> None:
    built(tree)
    change(tree)
    assert built(tree) == compiled
    assert says(tree) == said
    assert built(tree) == []


@compiles
@pytest.mark.parametrize(
    "variables",
    [{"FASTW2V_DEBUG": "1"}, {"FASTW2V_ABI3": "0"}, {"CFLAGS": "-DOTHER"}, {"CPATH": "elsewhere"}],
    ids=lambda variables: next(iter(variables)),
)
def test_other_flags_are_another_module(tree: Path, variables: dict[str, str]) -> None:
    built(tree)
    if "FASTW2V_ABI3" in variables and sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("has no stable ABI to do without")
    assert built(tree, **variables) == ["other", "says"]
    assert built(tree) == []
    assert built(tree, **variables) == []
    assert says(tree) == 1


@compiles
def test_a_module_of_another_name_is_not_loaded_instead(tree: Path) -> None:
    """Python takes `says.cpython-311-….so` before `says.abi3.so`."""
    built(tree, FASTW2V_ABI3="0")
    change_the_header(tree)
    built(tree)
    assert says(tree) == 2


@compiles
def test_a_build_that_was_killed_is_done_again(tree: Path) -> None:
    """The compiler kills the build when it has written half of its file."""
    compiler = tree / "cc"
    real = shutil.which(os.environ.get("CC", "cc").split()[0])
    compiler.write_text(
        f'#!/bin/sh\nfor last; do :; done\ncase "$*" in *says.c*) echo half > "$last"; kill -9 $PPID;; esac\n'
        f'exec {real} "$@"\n'
    )
    compiler.chmod(0o755)
    run = python("setup.py", "build_ext", "--inplace", at=tree, CC=str(compiler))
    assert run.returncode != 0
    compiler.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    assert "says" in built(tree, CC=str(compiler))
    assert says(tree) == 1


@compiles
def test_an_editable_install_takes_the_same_modules(tree: Path) -> None:
    """Whichever is first: the flags and Cython's directives are the same."""
    assert python("-c", f"{BACKEND}; backend.build_wheel('made')", at=tree).returncode == 0
    run = python("-c", f"{BACKEND}; backend.build_editable('made')", at=tree)
    assert run.returncode == 0, run.stderr
    assert "compiled fastw2v." not in run.stdout
    assert says(tree) == 1
    assert built(tree) == []


@compiles
def test_two_builds_at_once(tree: Path) -> None:
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    runs = [subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert "".join(said).count("compiled fastw2v.says") == 1
    assert says(tree) == 1


@compiles
def test_what_left_the_sources_leaves_the_wheel(tree: Path) -> None:
    code = f"{BACKEND}; backend.build_wheel('made')"
    (tree / "fastw2v/removed.py").touch()
    assert python("-c", code, at=tree).returncode == 0
    (tree / "fastw2v/removed.py").unlink()
    (tree / "fastw2v/other.pyx").unlink()
    assert python("-c", code, at=tree).returncode == 0
    names = subprocess.check_output(
        [sys.executable, "-m", "zipfile", "-l", *(tree / "made").iterdir()], text=True
    )
    assert "fastw2v/says." in names
    assert "removed" not in names and "fastw2v/other." not in names


@compiles
def test_stale_modules_are_named(tree: Path) -> None:
    code = "import sys; sys.path.insert(0, 'building'); import sources; print(*sources.stale())"
    built(tree)
    assert python("-c", code, at=tree).stdout.split() == []
    change_the_header(tree)
    (name,) = python("-c", code, at=tree).stdout.split()
    assert name.startswith("fastw2v/says.")
    (tree / name).write_bytes(b"put here by somebody else")
    assert python("-c", code, at=tree).stdout.split() == []


def refusal(run: subprocess.CompletedProcess[str]) -> str:
    """Return the only line that a refused build prints."""
    assert run.returncode == 1, run.stdout + run.stderr
    said = [
        line
        for line in (run.stdout + run.stderr).splitlines()
        if line.strip() and not line.startswith("running ")
    ]
    assert len(said) == 1, said
    assert said[0].startswith("error: ")
    return said[0]


BUILDS = {
    "pip": ("-c", f"{BACKEND}; backend.get_requires_for_build_wheel()"),
    "setup.py": ("setup.py", "bdist_wheel"),
}


@pytest.fixture(params=BUILDS)
def build(request: pytest.FixtureRequest, tree: Path) -> Build:
    """Asks for a build as pip does, or by hand."""
    return lambda **variables: python(*BUILDS[request.param], at=tree, **variables)


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows finds its compiler by the registry")


@posix
def test_without_a_compiler(build: Build) -> None:
    said = refusal(build(CC="no-such-compiler -O2"))
    assert "needs a C compiler, and 'no-such-compiler' cannot be run" in said
    assert "xcode-select" in said if sys.platform == "darwin" else "install" in said


@posix
def test_a_compiler_that_fails(build: Build, tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho 'cc: warning: old' >&2\necho 'cc: error: no licence' >&2\nexit 1\n")
    compiler.chmod(0o755)
    assert refusal(build(CC=str(compiler))).endswith("said: cc: error: no licence")


@posix
def test_without_headers(build: Build, tree: Path, tmp_path: Path) -> None:
    patch_needs(tree, "get_python_inc()", repr(str(tmp_path)))
    assert f"header files are missing ({tmp_path}/Python.h)" in refusal(build())


def patch_needs(tree: Path, old: str, new: str) -> None:
    path = tree / "building/needs.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("what", ["Cython", "setuptools"])
def test_an_old_cython(build: Build, tree: Path, what: str) -> None:
    text = (tree / "pyproject.toml").read_text(encoding="utf-8")
    newer = re.sub(rf'"{what}>=[\d.]+"(?=.*\]\n)', f'"{what}>=999.1"', text, count=1)
    assert newer != text
    (tree / "pyproject.toml").write_text(newer, encoding="utf-8")
    assert f"needs {what} 999.1 or newer, and found " in refusal(build())


def test_a_full_disk(build: Build, tree: Path) -> None:
    patch_needs(tree, "ROOM = 100", "ROOM = 10**12")
    assert re.search(r"needs 1000000000000 MB, and on the disk of .* \d+ MB are free", refusal(build()))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="only Linux and macOS keep all but root from writing",
)
def test_a_tree_that_is_read_only(build: Build, tree: Path) -> None:
    tree.chmod(0o555)
    try:
        assert "cannot be written to" in refusal(build())
    finally:
        tree.chmod(0o755)


def test_an_old_python(build: Build, tree: Path) -> None:
    patch_needs(tree, "sys.version_info < (3, 11)", "sys.version_info < (4, 0)")
    assert re.search(r"needs Python 3\.11 or newer; .* is 3\.\d+\.\d+", refusal(build()))


def test_needs_can_be_read_by_an_old_python() -> None:
    """Its first lines are all that an old Python comes to, but it reads the whole file."""
    import ast

    for path in ("building/needs.py", "setup.py", "building/backend.py"):
        ast.parse((ROOT / path).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.fixture
def uncompiled(tree: Path) -> Path:
    """A clone in which nothing is compiled, with the real first lines of `fastw2v`."""
    shutil.copy(ROOT / "fastw2v/_uncompiled.py", tree / "fastw2v")
    text = (ROOT / "fastw2v/__init__.py").read_text(encoding="utf-8")
    (tree / "fastw2v/__init__.py").write_text(text, encoding="utf-8")
    (tree / "fastw2v/tile").mkdir()
    (tree / "fastw2v/tile/__init__.py").touch()
    (tree / "fastw2v/tile/dispatch.pyx").touch()
    return tree


def test_sources_that_are_not_compiled_say_what_to_do(uncompiled: Path, tmp_path: Path) -> None:
    alone = python("-Sc", "import fastw2v", at=uncompiled).stderr.splitlines()[-1]
    assert f"imported from its sources in {uncompiled}, which are not compiled" in alone
    assert "`pip install -e .` there compiles them (No module named 'fastw2v.tile.dispatch')" in alone
    (uncompiled / "fastw2v.egg-info").mkdir()  # pip leaves it in the sources
    (uncompiled / "fastw2v.egg-info/PKG-INFO").write_text("Metadata-Version: 2.1\nName: fastw2v\n")
    installed = tmp_path / "site"
    (installed / "fastw2v/tile").mkdir(parents=True)
    (installed / "fastw2v-1.0.dist-info").mkdir()
    (installed / "fastw2v-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: fastw2v\n")
    beside = python("-Sc", "import fastw2v", at=uncompiled, PYTHONPATH=str(installed)).stderr.splitlines()[-1]
    assert f"and not from {installed / 'fastw2v'}, where it is installed: start Python in another" in beside
    (uncompiled / "fastw2v/tile/dispatch.pyx").unlink()
    broken = python("-Sc", "import fastw2v", at=uncompiled).stderr.splitlines()[-1]
    assert "cannot be imported; install it anew" in broken


def test_pytest_in_a_clone_says_what_to_do(uncompiled: Path) -> None:
    (uncompiled / "tests").mkdir()
    shutil.copy(ROOT / "tests/conftest.py", uncompiled / "tests")
    block = "import sys; sys.modules['fastw2v'] = None; import pytest; sys.exit(pytest.main(['tests']))"
    run = python("-c", block, at=uncompiled, PYTEST_ADDOPTS="-p no:cacheprovider")
    assert run.returncode == 4
    assert (
        f"fastw2v is not installed: `pip install -e '.[test]'` in {uncompiled} does it"
        in run.stdout + run.stderr
    )
