"""What building needs of a machine, asked first: what is missing is said in one sentence, and what to do.

`import needs` refuses an old Python; the functions refuse the rest.
"""

import sys

ROOM = 100  # MB for `build/`, an installation, and the compilers' files between

if sys.version_info < (3, 11):
    # pip asks what `requires-python` says only after it has asked us what we build with.
    raise SystemExit(
        "error: fastw2v needs Python 3.11 or newer; %s is %s" % (sys.executable, sys.version.split()[0])
    )

if sys.maxsize < 2**32:
    raise SystemExit("error: fastw2v needs a 64-bit Python; %s has 32 bits" % sys.executable)

import importlib.metadata
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# What installs a compiler, and the headers of Python: by the first of these programs that is there.
INSTALLERS = {
    "apt-get": ("apt-get install build-essential", f"apt-get install python{PYTHON}-dev"),
    "dnf": ("dnf install gcc", f"dnf install python{PYTHON}-devel"),
    "apk": ("apk add build-base", "apk add python3-dev"),
    "zypper": ("zypper install gcc", f"zypper install python{PYTHON.replace('.', '')}-devel"),
    "pacman": ("pacman -S base-devel", "pacman -S python"),
}
VISUAL = (
    'install the Build Tools for Visual Studio with "Desktop development with C++" '
    "(https://visualstudio.microsoft.com/visual-cpp-build-tools/)"
)
WHEEL = "or install a wheel of fastw2v, which needs no compiler"


def refuse(message: str) -> NoReturn:
    raise SystemExit(f"error: {message}")


def installs() -> tuple[str, str]:
    """Return what installs a C compiler here, and what installs Python's headers."""
    if sys.platform == "win32":
        return VISUAL, "repair the installation of Python"
    if sys.platform == "darwin":
        return "`xcode-select --install`", "use a Python from python.org or Homebrew"
    name = next(filter(shutil.which, INSTALLERS), "apt-get")
    compiler, headers = INSTALLERS[name]
    return f"`{compiler}`", f"`{headers}`"


def check_tools() -> None:
    """Refuse a setuptools or Cython that is too old: without build isolation nobody has looked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for line in project["build-system"]["requires"]:
        name, least = line.split(">=")
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "none"
        if [int(part) for part in re.findall(r"\d+", found)] < [int(part) for part in least.split(".")]:
            refuse(f"building fastw2v needs {name} {least} or newer, and found {found}: pip install '{line}'")


def check_folders() -> None:
    """Refuse a tree that cannot be written to, or a disk that is full: builds put their files in `build/`."""
    for folder in (ROOT, Path(tempfile.gettempdir())):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            refuse(f"fastw2v is built in its folder, and {folder} cannot be written to ({error.strerror})")
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < ROOM:
            refuse(f"building fastw2v needs {ROOM} MB, and on the disk of {folder} {free} MB are free")


def check_compiler() -> None:
    """Refuse a machine where the smallest module for Python does not compile, and say why."""
    from setuptools.errors import PlatformError  # isort: skip: it makes distutils importable
    from distutils.ccompiler import new_compiler
    from distutils.sysconfig import customize_compiler, get_python_inc

    to_compile, for_headers = installs()
    headers = Path(get_python_inc())
    no_headers = f"Python's header files are missing ({headers / 'Python.h'}): {for_headers}, {WHEEL}"
    compiler = new_compiler()
    customize_compiler(compiler)
    if compiler.compiler_type != "unix":
        try:
            compiler.initialize()
        except PlatformError as error:
            refuse(f"fastw2v needs a C compiler, and there is none ({error}): {VISUAL}, {WHEEL}")
        if not (headers / "Python.h").is_file():
            refuse(no_headers)
        return
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe.c")
        probe.write_text("#include <Python.h>\n", encoding="utf-8")
        command = [*compiler.compiler_so, f"-I{headers}", "-c", str(probe), "-o", f"{probe}.o"]
        try:
            run = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            chosen = "CC" if "CC" in os.environ else "PATH"
            refuse(
                f"fastw2v needs a C compiler, and {command[0]!r} cannot be run ({error.strerror}; "
                f"see {chosen}): {to_compile}, {WHEEL}"
            )
    if run.returncode == 0:
        return
    if not (headers / "Python.h").is_file():
        refuse(no_headers)
    said = [line for line in run.stderr.splitlines() if "error" in line] or run.stderr.splitlines()[-1:]
    refuse(
        f"the C compiler cannot compile a module for Python: {to_compile}, {WHEEL}. "
        f"`{' '.join(command[:-4])}` said: {(said or [f'exit code {run.returncode}'])[0]}"
    )
