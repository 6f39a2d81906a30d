"""The parts of document ranking that numpy lacks or does slowly: sums of many rows, and float16 to float32."""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t
from libc.string cimport memset

import numpy as np


cdef extern from "compiler.h" nogil:
    enum:
        CACHE_LINE "FASTW2V_CACHE_LINE"  # floats
    void prefetch "fastw2v_prefetch"(const void *address)


cdef extern from "_half.h" nogil:
    void half_choose()
    void half_widen(const uint16_t *half, Py_ssize_t count, float *out)
    void half_plain(const uint16_t *half, Py_ssize_t count, float *out)


half_choose()

cdef enum:
    AHEAD = 3   # rows are prefetched so many words before they are added
    RUN = 64    # words added up in float32 before their sum is added to that in float64: this bounds the rounding error


def unit_sums(
    const float[:, ::1] rows not None,    # IN (V, D)
    const float[::1] weights not None,    # IN (V,)
    const int32_t[::1] ids not None,      # IN (words,), all within V
    const int64_t[::1] ends not None,     # IN (N,), rising to `words`
    float[:, ::1] out not None,           # OUT (N, D)
    uint8_t[::1] known not None,          # OUT (N,)
):
    """out[i] := s / |s| for s = Σ weights[id] rows[id] over the ids of document i, 0 if s = 0; known[i] := s != 0.

    Raises ValueError if shapes do not fit together, `ends` does not rise, or an id is no row.
    """
    cdef Py_ssize_t dim = rows.shape[1], count = rows.shape[0], document, j, place = 0, stop, run, word
    cdef bint wrong = False
    if (weights.shape[0] != count or out.shape[1] != dim or ends.shape[0] != out.shape[0]
            or known.shape[0] != out.shape[0]):
        raise ValueError(f"rows are {count} x {dim}; got {weights.shape[0]} weights, {ends.shape[0]} documents, "
                         f"sums {out.shape[0]} x {out.shape[1]}, {known.shape[0]} flags")
    cdef double[::1] total = np.empty(dim)
    cdef float[::1] partial = np.empty(dim, np.float32)
    cdef double square
    if not dim or not out.shape[0]:
        return
    with nogil:
        for document in range(out.shape[0]):
            stop = ends[document]
            if not place <= stop <= ids.shape[0]:
                wrong = True
                break
            memset(&total[0], 0, dim * sizeof(double))
            while place < stop:
                run = min(stop, place + RUN)
                memset(&partial[0], 0, dim * sizeof(float))
                while place < run:
                    if place + AHEAD < ids.shape[0]:
                        prefetch_row(&rows[0, 0] + ids[place + AHEAD] * dim, dim)
                    word = ids[place]  # the array may be the caller's own, who may have changed it meanwhile
                    if not 0 <= word < count:
                        wrong = True
                        break
                    add(&partial[0], &rows[word, 0], weights[word], dim)
                    place += 1
                if wrong:
                    break
                for j in range(dim):
                    total[j] += partial[j]
            if wrong:
                break
            square = 0
            for j in range(dim):
                square += total[j] * total[j]
            known[document] = square > 0
            square = 1 / sqrt(square) if square > 0 else 0
            for j in range(dim):
                out[document, j] = <float>(total[j] * square)
    if wrong:
        raise ValueError(f"the ids of document {document} are not all within {count} rows")


cdef inline void prefetch_row(const float *row, Py_ssize_t dim) noexcept nogil:
    cdef Py_ssize_t j = 0
    while j < dim:
        prefetch(row + j)
        j += CACHE_LINE


cdef inline void add(float *total, const float *row, float weight, Py_ssize_t dim) noexcept nogil:
    """total := total + weight row"""
    cdef Py_ssize_t j
    for j in range(dim):
        total[j] += weight * row[j]


def widen(const uint16_t[:, ::1] halves, float[:, ::1] out, bint plain=False):
    """out := halves as float32; both (N, D), `halves` the bits of float16. `plain` uses the portable code."""
    if halves.shape[0] != out.shape[0] or halves.shape[1] != out.shape[1]:
        raise ValueError(f"{halves.shape[0]} x {halves.shape[1]} numbers for {out.shape[0]} x {out.shape[1]}")
    if not halves.size:
        return
    with nogil:
        if plain:
            half_plain(&halves[0, 0], halves.shape[0] * halves.shape[1], &out[0, 0])
        else:
            half_widen(&halves[0, 0], halves.shape[0] * halves.shape[1], &out[0, 0])
