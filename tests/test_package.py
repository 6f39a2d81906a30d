"""What is installed and what is shipped: read off the installed package and an sdist built here."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from pathlib import Path

import pytest
from children import run_python

import fastw2v

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "fastw2v").rglob("*.py"))
DECLARATIONS = sorted(path for kind in ("*.pyi", "*.pxd") for path in (ROOT / "fastw2v").rglob(kind))
EXTENSIONS = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix() for path in (ROOT / "fastw2v").rglob("*.pyx")
)


def headers_to_cimport() -> set[str]:
    """The headers that a .pxd names, and those that these include: C code that cimports it needs them."""
    found: set[Path] = set()
    places = {path.name: path for path in (ROOT / "fastw2v").rglob("*.h")}
    open_files = [path for path in DECLARATIONS if path.suffix == ".pxd"]
    while open_files:
        text = open_files.pop().read_text(encoding="utf-8")
        names = re.findall(r'(?:#include|cdef extern from) "([^"]+)"', text)
        new = {places[Path(name).name] for name in names} - found
        found |= new
        open_files += new
    return {path.relative_to(ROOT).as_posix() for path in found}


@pytest.fixture(scope="module")
def installed() -> set[str]:
    """Files of the installed wheel, extension modules without what their names say of the platform."""
    try:
        distribution = importlib.metadata.distribution("fastw2v")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("fastw2v is not installed, only importable from its sources")
    files = {re.sub(r"\.[\w-]+\.(so|pyd)$", r".\1", path.as_posix()) for path in distribution.files or []}
    if not any(name.startswith("fastw2v/") for name in files):
        pytest.skip("fastw2v is installed as editable, not from a wheel")
    return files


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Files of an sdist built from a copy of this source tree."""
    pytest.importorskip("Cython", reason="an sdist is built with Cython")
    setuptools = pytest.importorskip("setuptools", reason="an sdist is built with setuptools")
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("an sdist is built with setuptools from 77 on")
    copy = tmp_path_factory.mktemp("sdist") / "source"
    caches = shutil.ignore_patterns(".git", "build", "dist", "*.so", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=caches)
    (copy / "fastw2v" / "left_over.c").touch()
    (copy / "fastw2v" / "left_over.so").touch()
    code = "import sys; sys.path.insert(0, 'building'); import backend; print(backend.build_sdist('made'))"
    run = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    with tarfile.open(copy / "made" / run.stdout.split()[-1]) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_one_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", fastw2v.__version__)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert f"## {fastw2v.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("installed")
def test_the_metadata() -> None:
    metadata = importlib.metadata.metadata("fastw2v")
    assert metadata["Version"] == fastw2v.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    required = importlib.metadata.requires("fastw2v") or []
    always = {re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line}
    assert always == {"numpy", "scipy"}
    assert not any("<" in line.partition(";")[0] or "==" in line.partition(";")[0] for line in required)
    extras = set(metadata.get_all("Provides-Extra") or [])
    optional = {"progress", "wmd", "desm", "zstd", "remote", "sklearn", "torch", "keras"}
    assert extras == optional | {"test", "dev"}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_compiled_modules_have_types(name: str) -> None:
    assert (ROOT / f"{name}.pyi").is_file(), f"write {name}.pyi"


def test_lines_of_cython_are_not_too_long() -> None:
    """Ruff reads the others."""
    paths = [path for kind in ("*.pyx", "*.pxd") for path in (ROOT / "fastw2v").rglob(kind)]
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120
    ]
    assert paths and not long


def test_the_wheel_has_what_is_needed(installed: set[str]) -> None:
    expected = {path.relative_to(ROOT).as_posix() for path in SOURCES}
    expected |= {path.relative_to(ROOT).as_posix() for path in DECLARATIONS}
    suffix = ".pyd" if sys.platform == "win32" else ".so"
    expected |= {f"{name}{suffix}" for name in EXTENSIONS}
    assert headers_to_cimport() == {"fastw2v/compiler.h", "fastw2v/tile/tile_api.h"}
    expected |= {"fastw2v/py.typed", *headers_to_cimport()}
    assert expected <= installed
    assert any(re.fullmatch(r"fastw2v-[^/]+\.dist-info/licenses/LICENSE", name) for name in installed)


def test_the_wheel_has_nothing_else(installed: set[str]) -> None:
    package = {name for name in installed if name.startswith("fastw2v") and "__pycache__" not in name}
    assert not {name for name in package if re.search(r"\.(pyx|c|txt)$", name) and ".dist-info/" not in name}
    assert {name for name in package if name.endswith(".h")} == headers_to_cimport()
    elsewhere = {name for name in installed if not re.match(r"fastw2v(-[^/]+\.dist-info)?/|\.\./", name)}
    assert not elsewhere, "tests or benchmarks would be importable by everyone"


def test_one_wheel_serves_all_later_pythons() -> None:
    """Without a GIL there is no stable ABI. What the limited API lacks does not compile: see setup.py."""
    try:
        distribution = importlib.metadata.distribution("fastw2v")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("fastw2v is not installed, only importable from its sources")
    tags = re.findall(r"^Tag: (.*)$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    modules = [path.name for path in distribution.files or [] if path.suffix in {".so", ".pyd"}]
    if not modules:
        pytest.skip("fastw2v is installed as editable, not from a wheel")
    stable = not sysconfig.get_config_var("Py_GIL_DISABLED") and os.environ.get("FASTW2V_ABI3") != "0"
    assert {tag.startswith("cp311-abi3-") for tag in tags} == {stable}
    if sys.platform != "win32":  # where such modules have no name of their own
        assert {name.endswith(".abi3.so") for name in modules} == {stable}
    elif stable:
        assert not [name for name in modules if ".cp3" in name]


FILES_OF_OLDER_VERSIONS = {f"tests/data/{path.name}" for path in (ROOT / "tests/data").glob("*.fw2v")}


def test_the_sdist_has_what_is_needed(sdist: set[str]) -> None:
    wanted = [
        *ROOT.glob("*.md"),
        *(ROOT / name for name in ("LICENSE", "MANIFEST.in", "pyproject.toml", "setup.py", ".ci/run")),
        *(*SOURCES, *DECLARATIONS, ROOT / "fastw2v/py.typed"),
        *(path for kind in ("*.pyx", "*.h") for path in (ROOT / "fastw2v").rglob(kind)),
        *(path for kind in ("*.py", "*.md", "*.c", "*.supp") for path in (ROOT / "tests").rglob(kind)),
        *(path for path in (ROOT / "tests/data").iterdir() if path.is_file()),
        *(ROOT / "benchmarks").rglob("*.py"),
        *(ROOT / "building").glob("*.py"),
    ]
    assert {path.relative_to(ROOT).as_posix() for path in wanted} <= sdist


def test_the_sdist_has_nothing_generated(sdist: set[str]) -> None:
    made = r"\.(c|so|pyd|pyc|fw2v|html)$|__pycache__|^build/"
    found = {name for name in sdist if re.search(made, name)}
    assert found == FILES_OF_OLDER_VERSIONS | {"tests/proof/faults.c"}


def test_another_cython_package_can_cimport(tmp_path: Path) -> None:
    """Translation to C is enough to show that the .pxd files are found and whole."""
    pytest.importorskip("Cython", reason="needs Cython")
    found = (path.relative_to(ROOT).with_suffix("") for path in (ROOT / "fastw2v").rglob("*.pxd"))
    names = sorted(".".join(path.parts) for path in found)
    assert "fastw2v.accessors" in names
    lines = [f"cimport {name}" for name in names]
    use = "from fastw2v.training._kernels cimport Weights, Worker\ncdef Weights weights\ncdef Worker worker"
    (tmp_path / "theirs.pyx").write_text("\n".join([*lines, use, ""]))
    where = Path(fastw2v.__file__).parent.parent
    command = [sys.executable, "-m", "cython", "-3", f"-I{where}", "theirs.pyx"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "theirs.c").is_file()


def test_importing_leaves_scipy_alone() -> None:
    """Its statistics alone take a second to import, ten times as long as all of ours."""
    code = "import sys, fastw2v.cli, fastw2v.desm; print([name for name in sys.modules if 'scipy' in name])"
    isa = next(name for name in fastw2v.tile.dispatch.available_isas() if name != "blas")  # that is scipy's
    run = run_python(code, FASTW2V_ISA=isa)
    assert run.stdout == "[]\n", run.stderr


def test_ci_runs_the_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)[:2]
    assert [command.strip() for command in commands] == [
        "pip install . && fastw2v demo",
        "pip install '.[test]' && pytest",
    ]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert all(f'step "{command.strip()}"' in script for command in commands)
