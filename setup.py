"""Compiles the extension modules; everything else about the package is in pyproject.toml.

FASTW2V_DEBUG=1 turns Cython's run-time checks back on; FASTW2V_SANITIZE=address,undefined compiles for these.
CC=clang-cl compiles by clang on Windows, whose vector types the kernels need; MSVC has none.
FASTW2V_ABI3=0 compiles for this version of Python alone, to measure what the stable ABI costs.
"""

import os
import sys
import sysconfig
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

debug = bool(os.environ.get("FASTW2V_DEBUG"))
sanitize = os.environ.get("FASTW2V_SANITIZE")
# One build serves Python 3.11 and all later ones, but those without a GIL, which have no stable ABI.
abi3 = os.environ.get("FASTW2V_ABI3") != "0" and not sysconfig.get_config_var("Py_GIL_DISABLED")

compile_args, link_args = [], []
if sys.platform != "win32":
    # Contraction lets a*b + c become one fused multiply-add; it is the only floating-point licence we take.
    # Without -g0 a Python that was built with -g makes wheels twice as large.
    compile_args += ["-O3", "-ffp-contract=fast", "-fno-math-errno", "-Wno-psabi", "-g0"]
    # What the limited API does not have is an undeclared function to C: an error when it is loaded.
    compile_args += ["-Werror=implicit-function-declaration"]
if sanitize:
    compile_args += ["-O1", "-g", f"-fsanitize={sanitize}"]
    link_args += [f"-fsanitize={sanitize}"]

headers = glob("fastw2v/**/*.h", recursive=True)
extensions = [
    Extension(
        source.replace(os.sep, ".").removesuffix(".pyx"),
        [source],
        include_dirs=["fastw2v", "fastw2v/tile"],  # of the headers that other folders use
        depends=headers,
        extra_compile_args=compile_args,
        extra_link_args=link_args,
        py_limited_api=abi3,
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if abi3 else [],
    )
    for source in sorted(glob("fastw2v/**/*.pyx", recursive=True))
]


class BuildExt(build_ext):
    """As setuptools compiles, and by clang-cl where that is asked for."""

    def build_extensions(self):
        """Let setuptools' class for MSVC, which ignores CC, call clang-cl: it takes the same options."""
        if self.compiler.compiler_type == "msvc" and os.environ.get("CC") == "clang-cl":
            if not self.compiler.initialized:
                self.compiler.initialize(self.plat_name)
            self.compiler.cc = "clang-cl"
            self.compiler.compile_options.remove("/GL")  # whole programs, in a format that is MSVC's own
            # A machine with an Arm processor may have the clang-cl of x86-64, which compiles for that.
            processor = {"win-amd64": "x86_64", "win-arm64": "aarch64"}[self.plat_name]
            self.compiler.compile_options.append(f"--target={processor}-pc-windows-msvc")
        super().build_extensions()


setup(
    cmdclass={"build_ext": BuildExt},
    ext_modules=cythonize(
        extensions,
        compiler_directives={
            "language_level": 3,
            "boundscheck": debug,
            "wraparound": False,
            "initializedcheck": debug,
            "cdivision": True,
            "embedsignature": True,
            "freethreading_compatible": True,
        },
    ),
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if abi3 else {},
)
