"""Compiles the extension modules; everything else about the package is in pyproject.toml.

FASTW2V_DEBUG=1 turns Cython's run-time checks back on; FASTW2V_SANITIZE=address,undefined compiles for these.
CC=clang-cl compiles by clang on Windows, whose vector types the kernels need; MSVC has none.
FASTW2V_ABI3=0 compiles for this version of Python alone, to measure what the stable ABI costs.
"""

import os
import sys
import sysconfig
from glob import glob

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "building"))
import needs  # before all else: it says what is missing

needs.check_tools()
from compiling import Build, BuildExt  # noqa: E402
from setuptools import Extension, setup  # noqa: E402

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

BuildExt.directives = {
    "language_level": 3,
    "boundscheck": debug,
    "wraparound": False,
    "initializedcheck": debug,
    "cdivision": True,
    "embedsignature": True,
    "freethreading_compatible": True,
}
extensions = [
    Extension(
        source.replace(os.sep, ".").removesuffix(".pyx"),
        [source],
        include_dirs=["fastw2v", "fastw2v/tile"],  # of the headers that other folders use
        extra_compile_args=compile_args,
        extra_link_args=link_args,
        py_limited_api=abi3,
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if abi3 else [],
    )
    for source in sorted(glob("fastw2v/**/*.pyx", recursive=True))
]

setup(
    ext_modules=extensions,
    cmdclass={"build": Build, "build_ext": BuildExt},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if abi3 else {},
)
