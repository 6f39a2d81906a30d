"""The choice of an instruction set for the arithmetic, and aligned memory for it.

Only this module compiles `_tile.h`: the others call through the table that `selected_tile` returns.
"""

from libc.stdint cimport int64_t, uint8_t

import math
import os

import numpy as np


cdef extern from "_tile.h" nogil:
    enum:
        TILE_HAS_VECTORS
    void tile_fill_tables()
    const Tile *tile_named(const char *name, unsigned int features)


cdef extern from "processor.h" nogil:
    ctypedef struct ProcessorWords:
        unsigned int last_leaf, leaf1_ecx, leaf7_ebx, leaf7_ecx, xcr0
    enum:
        PROCESSOR_AVX2
        PROCESSOR_AVX512
        PROCESSOR_AVX512VNNI
        PROCESSOR_DOTPROD
    unsigned int processor_of_words(const ProcessorWords *words)
    unsigned int processor_features()


cdef extern from "compiler.h":
    enum:
        FLOATS_OF_CACHE_LINE "FASTW2V_CACHE_LINE"
    const char *COMPILER_NAME "FASTW2V_COMPILER"
    bint is_finite "fastw2v_is_finite"(const float *row, Py_ssize_t dim) nogil


tile_fill_tables()

CACHE_LINE = FLOATS_OF_CACHE_LINE


# --- the instruction set ---

# Best first. A compiler without vector types, as MSVC is, leaves `generic` scalar: by gcc -O2 with its own
# vectorisation off, at d = 100, it trained 198,000 words a second of the processor in skip-gram windows, `blas`
# 553,000; 422,000 and 813,000 in CBOW, 101,000 and 382,000 in hierarchical softmax; at d = 300 `blas` was 2 to 5
# times as fast.
ISAS = (
    *("avx512vnni", "avx512", "avx2", "neondot", "neon"),
    *(("generic", "blas") if TILE_HAS_VECTORS else ("blas", "generic")),
)
COMPILER = COMPILER_NAME.decode()
FEATURES = {
    "avx2": PROCESSOR_AVX2,
    "avx512": PROCESSOR_AVX512,
    "avx512vnni": PROCESSOR_AVX512VNNI,
    "dotprod": PROCESSOR_DOTPROD,
}
cdef const Tile *selected = NULL
cdef unsigned int features = processor_features()


cdef const Tile *selected_tile() noexcept nogil:
    """Return the table of functions in use."""
    return selected


cdef const Tile *compiled_tile(const char *isa) noexcept nogil:
    """Return the table of an instruction set; NULL if this machine or this build does not have it."""
    return tile_named(isa, features)


cdef const Tile *find_tile(str name) except? NULL:
    if name == "blas":
        from fastw2v.tile import _blas
        return <const Tile *><size_t>_blas.tile_address()
    return tile_named(name.encode(), features)


def available_isas():
    """Return the names of the instruction sets (and `blas`) that this machine can run, best first."""
    return [name for name in ISAS if name == "blas" or tile_named(name.encode(), features) != NULL]


def compiled_isas():
    """Return the names of the instruction sets (and `blas`) that this build has, whatever the machine, best first."""
    return [name for name in ISAS if name == "blas" or tile_named(name.encode(), 0xFFFFFFFF) != NULL]


def processor_has(words=None):
    """Return what the processor has and the operating system keeps, by name, of what this package asks for.

    Args:
        words: The fields of `ProcessorWords`, integers, of another processor of x86.
    """
    cdef ProcessorWords others
    cdef unsigned int has = features
    if words is not None:
        others.last_leaf, others.leaf1_ecx, others.leaf7_ebx, others.leaf7_ecx, others.xcr0 = words
        has = processor_of_words(&others)
    return [name for name, bit in FEATURES.items() if has & bit]


def select_isa(str name):
    """Select an instruction set, one of `available_isas()`, for workers that are created from now on.

    Raises ValueError for an unknown name, RuntimeError if the processor or this build does not have it.
    """
    global selected
    if name not in ISAS:
        raise ValueError(f"FASTW2V_ISA={name!r}: choose one of {', '.join(ISAS)}")
    cdef const Tile *tile = find_tile(name)
    if tile == NULL:
        lacks = "this processor" if name in compiled_isas() else f"this build (compiled by {COMPILER})"
        raise RuntimeError(f"FASTW2V_ISA={name}: {lacks} does not have it; choose one of {', '.join(available_isas())}")
    selected = tile


def selected_isa():
    """Return the name of the instruction set in use."""
    return (<bytes>selected.name).decode()


select_isa(os.environ.get("FASTW2V_ISA") or available_isas()[0])


# --- aligned memory ---

def lines(dtype, *shape):
    """Return zeros that share no cache line with other data, which other threads may write to."""
    dtype, line = np.dtype(dtype), CACHE_LINE * sizeof(float)
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(-(-size // line) * line + line, dtype=np.uint8)
    cdef const uint8_t[::1] memory = room
    start = -<object><size_t>&memory[0] % line
    return room[start:start + size].view(dtype).reshape(shape)


def floats(*shape):
    """Return zeros as `lines` does, float32."""
    return lines(np.float32, *shape)


# --- numbers that are not finite ---

def count_not_finite(const float[:, ::1] matrix not None, const int64_t[::1] places=None, Py_ssize_t first=0):
    """Return how many rows hold NaN or infinity: of all, or of those with these `places`, of which row 0 has `first`.

    Places of other matrices are passed over.
    """
    cdef Py_ssize_t rows = matrix.shape[0], dim = matrix.shape[1], i, row, count = 0
    if not rows or not dim:
        return 0
    with nogil:
        if places is None:
            for i in range(rows):
                count += not is_finite(&matrix[0, 0] + i * dim, dim)
        else:
            for i in range(places.shape[0]):
                row = places[i] - first
                if 0 <= row < rows:
                    count += not is_finite(&matrix[0, 0] + row * dim, dim)
    return count
