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
    void half_widen(const uint16_t *half, Py_ssize_t count, float *out)
    void half_plain(const uint16_t *half, Py_ssize_t count, float *out)


cdef enum:
    AHEAD = 3   # rows are prefetched so many words before they are added
    RUN = 64    # words added up in float32 before their sum is added to that in float64: this bounds the rounding error


def unit_sums(
    const float[:, ::1] rows,    # IN (V, D)
    const float[::1] weights,    # IN (V,)
    const int32_t[::1] ids,      # IN (words,), all within V
    const int64_t[::1] ends,     # IN (N,), rising to `words`
    float[:, ::1] out,           # OUT (N, D)
    uint8_t[::1] known,          # OUT (N,)
):
    """out[i] := s / |s| for s = Σ weights[id] rows[id] over the ids of document i, 0 if s = 0; known[i] := s != 0."""
    cdef Py_ssize_t dim = rows.shape[1], document, j, place = 0, stop, run
    cdef double[::1] total = np.empty(dim)
    cdef float[::1] partial = np.empty(dim, np.float32)
    cdef double square
    if not dim or not out.shape[0]:
        return
    with nogil:
        for document in range(out.shape[0]):
            stop = ends[document]
            memset(&total[0], 0, dim * sizeof(double))
            while place < stop:
                run = min(stop, place + RUN)
                memset(&partial[0], 0, dim * sizeof(float))
                while place < run:
                    if place + AHEAD < ids.shape[0]:
                        prefetch_row(&rows[ids[place + AHEAD], 0], dim)
                    add(&partial[0], &rows[ids[place], 0], weights[ids[place]], dim)
                    place += 1
                for j in range(dim):
                    total[j] += partial[j]
            square = 0
            for j in range(dim):
                square += total[j] * total[j]
            known[document] = square > 0
            square = 1 / sqrt(square) if square > 0 else 0
            for j in range(dim):
                out[document, j] = <float>(total[j] * square)


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
    if not halves.size:
        return
    with nogil:
        if plain:
            half_plain(&halves[0, 0], halves.shape[0] * halves.shape[1], &out[0, 0])
        else:
            half_widen(&halves[0, 0], halves.shape[0] * halves.shape[1], &out[0, 0])
