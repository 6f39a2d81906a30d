"""Compiles the extension modules; everything else about the package is in pyproject.toml.

FASTW2V_DEBUG=1 turns Cython's run-time checks back on; FASTW2V_SANITIZE=address,undefined compiles for these.
"""

import os
import sys
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

debug = bool(os.environ.get("FASTW2V_DEBUG"))
sanitize = os.environ.get("FASTW2V_SANITIZE")

compile_args, link_args = [], []
if sys.platform != "win32":
    # Contraction lets a*b + c become one fused multiply-add; it is the only floating-point licence we take.
    # Without -g0 a Python that was built with -g makes wheels twice as large.
    compile_args += ["-O3", "-ffp-contract=fast", "-fno-math-errno", "-Wno-psabi", "-g0"]
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
    )
    for source in sorted(glob("fastw2v/**/*.pyx", recursive=True))
]

setup(
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
    )
)
