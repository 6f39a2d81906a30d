"""What is added up over the words of documents: rows of a matrix, and in how many documents a word is."""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memset

import numpy as np


cdef extern from "compiler.h" nogil:
    enum:
        CACHE_LINE "FASTW2V_CACHE_LINE"  # floats
    void prefetch "fastw2v_prefetch"(const void *address)


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
    add_up(rows, weights, ids, ends, None, out, known)


def means(
    const float[:, ::1] rows not None,    # IN (V, D)
    const float[::1] weights not None,    # IN (V,)
    const int32_t[::1] ids not None,      # IN (words,), all within V
    const int64_t[::1] ends not None,     # IN (N,), rising to `words`
    const int64_t[::1] zeros not None,    # IN (N,), words beside these that count as zero vectors
    float[:, ::1] out not None,           # OUT (N, D)
    uint8_t[::1] known not None,          # OUT (N,)
):
    """out[i] := Σ weights[id] rows[id] / (n + zeros[i]), n ids of document i that weigh anything; known[i] := n > 0.

    Without such an id the row is 0. Raises ValueError as `unit_sums` does.
    """
    add_up(rows, weights, ids, ends, zeros, out, known)


cdef int add_up(
    const float[:, ::1] rows, const float[::1] weights, const int32_t[::1] ids, const int64_t[::1] ends,
    const int64_t[::1] zeros, float[:, ::1] out, uint8_t[::1] known,
) except -1:
    """Do what `means` says, or without `zeros` what `unit_sums` says."""
    cdef Py_ssize_t dim = rows.shape[1], count = rows.shape[0], document, j, place = 0, stop, run, word
    cdef int64_t weighed
    cdef bint wrong = False, unit = zeros is None
    if (weights.shape[0] != count or out.shape[1] != dim or ends.shape[0] != out.shape[0]
            or known.shape[0] != out.shape[0] or not (unit or zeros.shape[0] == out.shape[0])):
        raise ValueError(f"rows are {count} x {dim}; got {weights.shape[0]} weights, {ends.shape[0]} documents, "
                         f"sums {out.shape[0]} x {out.shape[1]}, {known.shape[0]} flags")
    cdef double[::1] total = np.empty(dim)
    cdef float[::1] partial = np.empty(dim, np.float32)
    cdef double scale
    if not dim or not out.shape[0]:
        return 0
    with nogil:
        for document in range(out.shape[0]):
            stop = ends[document]
            if not place <= stop <= ids.shape[0]:
                wrong = True
                break
            memset(&total[0], 0, dim * sizeof(double))
            weighed = 0
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
                    weighed += weights[word] != 0
                    place += 1
                if wrong:
                    break
                for j in range(dim):
                    total[j] += partial[j]
            if wrong:
                break
            scale = 0
            if unit:
                for j in range(dim):
                    scale += total[j] * total[j]
                known[document] = scale > 0
                scale = 1 / sqrt(scale) if scale > 0 else 0
            else:
                known[document] = weighed > 0
                scale = 1 / <double>(weighed + zeros[document]) if weighed else 0
            for j in range(dim):
                out[document, j] = <float>(total[j] * scale)
    if wrong:
        raise ValueError(f"the ids of document {document} are not all within {count} rows")
    return 0


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


def count_documents(
    const int32_t[::1] ids not None,      # IN (words,), all within V
    const int64_t[::1] ends not None,     # IN (N,), rising to `words`
    int64_t before,                       # documents of earlier calls
    int64_t[::1] frequency not None,      # INOUT (V,), in how many documents each word is
    int64_t[::1] last not None,           # INOUT (V,), the number of the last of these, from 1; 0 at first
):
    """Add the documents to `frequency`, in which a word counts once for each.

    Raises ValueError if shapes do not fit together, `ends` does not rise, or an id is no row.
    """
    cdef Py_ssize_t document, place = 0, word, count = frequency.shape[0]
    cdef bint wrong = last.shape[0] != count
    with nogil:
        for document in range(ends.shape[0]):
            if wrong or not place <= ends[document] <= ids.shape[0]:
                wrong = True
                break
            while place < ends[document]:
                word = ids[place]
                if not 0 <= word < count:
                    wrong = True
                    break
                if last[word] != before + document + 1:
                    last[word] = before + document + 1
                    frequency[word] += 1
                place += 1
    if wrong:
        raise ValueError(f"the ids of {ends.shape[0]} documents are not all within {count} rows")
