"""The command `build_ext`: modules are translated and compiled side by side, and once.

A module that was compiled of the same content before is taken from `build/compiled`, whatever the times of
files are: pip runs each command in an environment of its own, with newer files. Nothing else in `build/` is
trusted, so a build may end anywhere.
"""

import filecmp
import hashlib
import json
import logging
import os
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import Cython
import needs
import sources
from setuptools import Extension
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

BUILD = sources.ROOT / "build"
STORE = BUILD / "compiled"  # NAME-KEY-DIGEST, where KEY stands for what it was made of, DIGEST for what it is
KEPT = 8  # of one module: some Pythons, with and without debugging, and as they were before a change
# What compilers and linkers read beside their arguments.
VARIABLES = (
    *("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "SDKROOT", "ARCHFLAGS"),
    *("MACOSX_DEPLOYMENT_TARGET", "INCLUDE", "LIB", "LIBPATH", "CL", "_CL_", "LINK", "_LINK_"),
)


def cores() -> int:
    """Return how many modules are compiled at a time: MAX_JOBS, or the cores that this process may use."""
    if jobs := os.environ.get("MAX_JOBS"):
        return max(1, int(jobs))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def wait_for_others() -> None:
    """Wait until no other process builds in this tree; the lock is this process's until its end."""
    BUILD.mkdir(exist_ok=True)
    file = os.open(BUILD / "lock", os.O_RDWR | os.O_CREAT)
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
        return
    import msvcrt

    while True:
        try:
            return msvcrt.locking(file, msvcrt.LK_LOCK, 1)
        except OSError:  # it gives up after ten seconds
            continue


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put(source: Path, path: Path) -> None:
    """Copy a file at once or not at all: one that a running Python has loaded is not written into."""
    if path.is_file() and filecmp.cmp(source, path, shallow=False):
        return  # Windows would not replace it
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


def kept(name: str, key: str) -> Path | None:
    """Return the module that was compiled of this before, if it is whole."""
    for path in STORE.glob(f"{name}-{key}-*"):
        if path.name.endswith(digest(path)):
            path.touch()
            return path
        path.unlink()
    return None


def keep(name: str, key: str, module: Path) -> Path:
    """Keep a module, and forget those that were not asked for longest."""
    path = STORE / f"{name}-{key}-{digest(module)}"
    put(module, path)
    for old in sorted(STORE.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink()
    return path


class Build(build):
    """Compiles before it copies: what fails is not preceded by a list of all files."""

    sub_commands = sorted(build.sub_commands, key=lambda command: command[0] != "build_ext")

    def run(self) -> None:
        # What an earlier build put there, and no longer is in the sources, would be installed too.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class BuildExt(build_ext):
    """Compiles what has changed, on all cores."""

    directives: ClassVar[
        dict[str, object]
    ]  # Cython's; an option of the command is lost in an editable install

    def run(self) -> None:
        needs.check_folders()
        needs.check_compiler()
        wait_for_others()
        super().run()

    def copy_extensions_to_source(self) -> None:
        build_py = self.get_finalized_command("build_py")
        compiled = {}
        for extension in self.extensions:
            here, built = map(Path, self._get_inplace_equivalent(build_py, extension))
            put(built, here)
            while (other := sources.compiled_here(self.source(extension))) and other.name != here.name:
                other.unlink()  # Python would load it first
            compiled[here.resolve()] = self.source(extension)
        sources.record(compiled)

    def choose_compiler(self) -> None:
        """Let setuptools' class for MSVC, which ignores CC, call clang-cl: it takes the same options."""
        if self.compiler.compiler_type != "msvc" or os.environ.get("CC") != "clang-cl":
            return
        if not self.compiler.initialized:
            self.compiler.initialize(self.plat_name)
        self.compiler.cc = "clang-cl"
        self.compiler.compile_options.remove("/GL")  # whole programs, in a format that is MSVC's own
        # A machine with an Arm processor may have the clang-cl of x86-64, which compiles for that.
        processor = {"win-amd64": "x86_64", "win-arm64": "aarch64"}[self.plat_name]
        self.compiler.compile_options.append(f"--target={processor}-pc-windows-msvc")

    def build_extensions(self) -> None:
        self.choose_compiler()
        # The longest first, as far as sources tell: a module takes 2 to 14 s of a core, all of them 92 s.
        longest_first = sorted(self.extensions, key=lambda extension: -sources.size(self.source(extension)))
        assert self.surroundings  # asked once, before there are threads
        with ThreadPoolExecutor(self.parallel or cores()) as pool:
            try:
                for done in as_completed([pool.submit(self.build_extension, one) for one in longest_first]):
                    done.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def build_extension(self, extension: Extension) -> None:
        key = self.key(extension)
        module = None if self.force else kept(extension.name, key)
        if module is None:
            started = time.monotonic()
            module = self.compiled(extension)
            if self.key(extension) != key:
                needs.refuse(f"the sources of {extension.name} changed while it was compiled: build again")
            module = keep(extension.name, key, module)
            self.announce(
                f"compiled {extension.name} in {time.monotonic() - started:.0f} s", level=logging.INFO
            )
        put(module, Path(self.get_ext_fullpath(extension.name)))

    def compiled(self, extension: Extension) -> Path:
        """Translate and compile a module."""
        try:
            return self.link(extension, self.translate(extension))
        except (CompileError, LinkError, subprocess.CalledProcessError) as error:
            needs.check_folders()  # a full disk is the likelier reason
            needs.refuse(f"{extension.name} does not compile ({error}); the reasons stand above")

    def translate(self, extension: Extension) -> Path:
        """Write the C of a `.pyx`; in a process, for in threads Cython would hold the lock of Python."""
        c_file = Path("build", "c", f"{extension.name}.c")
        c_file.parent.mkdir(parents=True, exist_ok=True)
        directives = [f"-X{name}={value}" for name, value in self.directives.items()]
        command = [sys.executable, "-m", "cython", *directives, *extension.sources, "-o", str(c_file)]
        subprocess.run(command, check=True)
        return c_file

    def link(self, extension: Extension, c_file: Path) -> Path:
        """Make a module of its C."""
        module = Path(self.build_temp, extension.name, Path(self.get_ext_fullpath(extension.name)).name)
        objects = self.compiler.compile(
            [str(c_file)],
            output_dir=self.build_temp,
            macros=[*extension.define_macros, *((name,) for name in extension.undef_macros)],
            # The C file does not stand beside the headers that its .pyx has beside it.
            include_dirs=[os.path.dirname(extension.sources[0]), *extension.include_dirs],
            debug=self.debug,
            extra_postargs=extension.extra_compile_args,
        )
        self.compiler.link_shared_object(
            objects,
            str(module),
            libraries=self.get_libraries(extension),
            library_dirs=extension.library_dirs,
            runtime_library_dirs=extension.runtime_library_dirs,
            extra_postargs=extension.extra_link_args,
            export_symbols=self.get_export_symbols(extension),
            debug=self.debug,
            build_temp=self.build_temp,
            target_lang="c",
        )
        return module

    def source(self, extension: Extension) -> Path:
        return sources.ROOT / extension.sources[0]

    def key(self, extension: Extension) -> str:
        """Return a digest of all that makes a module what it is."""
        recipe = [sources.ROOT / "setup.py", sources.ROOT / "building" / "compiling.py"]
        content = sources.digest([*recipe, *sources.sources(self.source(extension))])
        told = {
            name: value for name, value in vars(extension).items() if name != "export_symbols"
        }  # made by linking
        facts = [content, self.surroundings, sorted(told.items())]
        return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:16]

    @cached_property
    def surroundings(self) -> list[object]:
        """What all modules are made with: Cython, Python, the compiler, and what that is told."""
        from distutils.sysconfig import get_config_h_filename, get_python_inc

        python: list[object] = [self.get_ext_filename("module")]
        if not all(extension.py_limited_api for extension in self.extensions):
            python += [sys.version, digest(Path(get_config_h_filename()))]
        # Where Python's headers are is no matter: each virtual environment has a folder for them.
        headers = {get_python_inc(), get_python_inc(plat_specific=True), f"{sys.exec_prefix}{os.sep}include"}

        def told(attributes: dict[str, object]) -> list[object]:
            return [
                (name, [one for one in value if one not in headers] if isinstance(value, list) else value)
                for name, value in sorted(attributes.items())
                if isinstance(value, str | list)  # not `force` and `verbose`
            ]

        options = (
            "define",
            "undef",
            "include_dirs",
            "libraries",
            "library_dirs",
            "rpath",
            "plat_name",
        )
        version = None
        if self.compiler.compiler_type == "unix":
            version = subprocess.check_output([*self.compiler.compiler_so, "--version"], text=True)
        return [
            *(Cython.__version__, self.directives, python, platform.machine(), version, bool(self.debug)),
            *(told(vars(self.compiler)), told({name: getattr(self, name) for name in options})),
            {name: os.environ.get(name) for name in VARIABLES},
        ]
