"""The compiled part of a merge: second moments, an eigensolver, and rows that take up what replicas learnt.

Nothing here goes through BLAS or LAPACK, whose sums have no fixed order: the same input gives the same bits, whatever
number of threads works on it. Rows are float32 (V, D rounded up to 16), as `floats` of the tile makes them.
"""

from libc.math cimport fabs, hypot
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

import numpy as np

from fastw2v.tile.dispatch cimport Tile, selected_tile


cdef enum:
    BLOCK = 64             # rows that go through a product together
    SWEEPS = 60            # of the eigensolver, for one eigenvalue; 3 are usual

# --- second moments ---

def add_moment(
    const float[:, ::1] rows not None,
    const float[::1] weights not None,
    Py_ssize_t start,
    Py_ssize_t stop,
    float[:, ::1] moment not None,
):
    """Add the sum of `weights[r] * outer(rows[r], rows[r])` for rows from `start` to `stop` to `moment` (D, D)."""
    cdef Py_ssize_t dim = rows.shape[1], r, d, count
    cdef const Tile *tile = selected_tile()
    cdef float *turned = <float *>malloc(BLOCK * dim * sizeof(float))  # (D, rows of the block), weighted
    if turned is NULL:
        raise MemoryError("no memory to merge replicas")
    with nogil:
        while start < stop:
            count = min(<Py_ssize_t>BLOCK, stop - start)
            for r in range(count):
                for d in range(dim):
                    turned[d * count + r] = weights[start + r] * rows[start + r, d]
            tile.multiply(turned, dim, count, &rows[start, 0], dim, &moment[0, 0])
            start += count
    free(turned)


# --- eigenvalues ---

def eigen(const double[:, ::1] symmetric not None):
    """Return `(values (D,), vectors (D, D))` of a symmetric matrix, float64; column j of vectors belongs to value j.

    Householder's reduction to a tridiagonal matrix and its QL iteration with implicit shifts: Martin, Reinsch and
    Wilkinson 1968, and Bowdler, Martin, Reinsch and Wilkinson 1968, in "Handbook for Automatic Computation II". The
    vectors are kept as rows here, which are next to each other in memory. ValueError if it does not converge (NaN).
    """
    cdef Py_ssize_t dim = symmetric.shape[0]
    vectors_array = np.array(symmetric)
    values_array, off_array, spare_array = np.zeros(dim), np.zeros(dim), np.zeros(dim)
    cdef double[:, ::1] vectors = vectors_array
    cdef double[::1] values = values_array, off = off_array, spare = spare_array
    cdef bint converged = True
    if dim:
        with nogil:
            make_tridiagonal(&vectors[0, 0], &values[0], &off[0], &spare[0], dim)
        vectors_array = np.ascontiguousarray(vectors_array.T)
        vectors = vectors_array
        with nogil:
            converged = iterate(&vectors[0, 0], &values[0], &off[0], dim)
    if not converged:
        raise ValueError("the eigenvalues of a moment do not converge")
    return values_array, np.ascontiguousarray(vectors_array.T)


cdef void make_tridiagonal(double *a, double *diagonal, double *off, double *spare, Py_ssize_t dim) noexcept nogil:
    """Reduce `a`, which becomes the product of the reflections, to its diagonal and what is beside it."""
    cdef Py_ssize_t i, j, k, last
    cdef double scale, h, f, g, factor
    for i in range(dim - 1, 0, -1):
        last = i - 1
        h = scale = 0
        if last > 0:
            for k in range(i):
                scale += fabs(a[i * dim + k])
        if scale == 0:
            off[i] = a[i * dim + last]
        else:
            for k in range(i):
                a[i * dim + k] /= scale
                h += a[i * dim + k] * a[i * dim + k]
            f = a[i * dim + last]
            g = -h ** 0.5 if f >= 0 else h ** 0.5
            off[i] = scale * g
            h -= f * g
            a[i * dim + last] = f - g
            for j in range(i):  # p = A u / h, in `off`; A is read by rows, of which the lower half counts
                off[j] = 0
            for j in range(i):
                g = 0
                f = a[i * dim + j]
                for k in range(j):
                    g += a[j * dim + k] * a[i * dim + k]
                    off[k] += a[j * dim + k] * f
                off[j] += g + a[j * dim + j] * f
            factor = 0
            for j in range(i):
                off[j] /= h
                factor += off[j] * a[i * dim + j]
            factor /= 2 * h
            for j in range(i):
                off[j] -= factor * a[i * dim + j]
            for j in range(i):
                f = a[i * dim + j]
                g = off[j]
                for k in range(j + 1):
                    a[j * dim + k] -= f * off[k] + g * a[i * dim + k]
            for j in range(i):
                a[j * dim + i] = a[i * dim + j] / h
        diagonal[i] = h
    off[0] = 0
    for i in range(dim):  # the reflections one after another
        if i and diagonal[i] != 0:
            for k in range(i):
                spare[k] = 0
            for j in range(i):  # u' A, of the part that is done
                f = a[i * dim + j]
                for k in range(i):
                    spare[k] += f * a[j * dim + k]
            for j in range(i):
                f = a[j * dim + i]
                for k in range(i):
                    a[j * dim + k] -= f * spare[k]
        diagonal[i] = a[i * dim + i]
        a[i * dim + i] = 1
        for k in range(i):
            a[i * dim + k] = a[k * dim + i] = 0


cdef bint iterate(double *z, double *diagonal, double *off, Py_ssize_t dim) noexcept nogil:
    """Make a tridiagonal matrix diagonal, and turn the rows of `z` likewise; return whether that succeeded."""
    cdef Py_ssize_t i, k, first, last
    cdef int sweep
    cdef double shift, sine, cosine, p, f, g, b, r, size
    cdef double *upper
    cdef double *lower
    for i in range(1, dim):
        off[i - 1] = off[i]
    off[dim - 1] = 0
    for first in range(dim):
        sweep = 0
        while True:
            last = first
            while last < dim - 1:
                size = fabs(diagonal[last]) + fabs(diagonal[last + 1])
                if fabs(off[last]) + size == size:
                    break
                last += 1
            if last == first:
                break
            sweep += 1
            if sweep > SWEEPS:
                return False
            shift = (diagonal[first + 1] - diagonal[first]) / (2 * off[first])
            r = hypot(shift, 1)
            g = diagonal[last] - diagonal[first] + off[first] / (shift + (r if shift >= 0 else -r))
            sine = cosine = 1
            p = 0
            i = last - 1
            while i >= first:
                f, b = sine * off[i], cosine * off[i]
                r = hypot(f, g)
                off[i + 1] = r
                if r == 0:  # it falls apart here
                    diagonal[i + 1] -= p
                    off[last] = 0
                    break
                sine, cosine = f / r, g / r
                g = diagonal[i + 1] - p
                r = (diagonal[i] - g) * sine + 2 * cosine * b
                p = sine * r
                diagonal[i + 1] = g + p
                g = cosine * r - b
                upper, lower = z + i * dim, z + (i + 1) * dim
                for k in range(dim):
                    f = lower[k]
                    lower[k] = sine * upper[k] + cosine * f
                    upper[k] = cosine * upper[k] - sine * f
                i -= 1
            if i >= first:
                continue
            diagonal[first] -= p
            off[first] = g
            off[last] = 0
    return True


# --- rows ---

def merge_rows(
    float[:, ::1] base not None,
    list replicas not None,
    Py_ssize_t start,
    Py_ssize_t stop,
    const int32_t[::1] bins not None,
    const float[::1] even not None,
    const float[:, ::1] shares not None,
    const float[:, ::1] basis not None,
    const float[:, ::1] turned not None,
):
    """Let rows from `start` to `stop` of `base` take up what the same rows of `replicas` learnt, which become them.

    What they learnt is the sum of their differences to the base, in the order of the replicas. Row r of it is
    multiplied by `even[bins[r]]`; where that is 0, each of its coordinates in the `basis` (D, D), of columns, whose
    transpose is `turned`, by its own of `shares[bins[r]]`. Returns how many rows of all replicas, and of any, had
    changed.
    """
    cdef Py_ssize_t dim = base.shape[1], count, i, r, d, n = len(replicas)
    cdef size_t size = dim * sizeof(float)
    cdef int64_t changed = 0, of_any = 0
    cdef bint any_changed, all_even
    cdef const Tile *tile = selected_tile()
    cdef float *learnt = <float *>malloc(2 * BLOCK * size)
    cdef float **rows = <float **>malloc(n * sizeof(float *))
    cdef float *inside
    cdef float *at
    cdef float[:, ::1] replica
    if learnt is NULL or rows is NULL:
        free(learnt)
        free(rows)
        raise MemoryError("no memory to merge replicas")
    for i in range(n):
        replica = replicas[i]
        rows[i] = &replica[0, 0]
    inside = learnt + BLOCK * dim
    with nogil:
        while start < stop:
            count = min(<Py_ssize_t>BLOCK, stop - start)
            memset(learnt, 0, count * size)
            all_even = True
            for r in range(count):
                any_changed = False
                at = &base[start + r, 0]
                for i in range(n):
                    if memcmp(rows[i] + (start + r) * dim, at, size):
                        add_difference(rows[i] + (start + r) * dim, at, learnt + r * dim, dim)
                        changed += 1
                        any_changed = True
                of_any += any_changed
                all_even &= even[bins[start + r]] != 0
            if all_even:
                for r in range(count):
                    scale(learnt + r * dim, even[bins[start + r]], dim)
            else:
                memset(inside, 0, count * size)
                tile.multiply(learnt, count, dim, &basis[0, 0], dim, inside)
                for r in range(count):
                    multiply_by(inside + r * dim, &shares[bins[start + r], 0], dim)
                memset(learnt, 0, count * size)
                tile.multiply(inside, count, dim, &turned[0, 0], dim, learnt)
            for r in range(count):
                at = &base[start + r, 0]
                add(at, learnt + r * dim, dim)
                for i in range(n):
                    memcpy(rows[i] + (start + r) * dim, at, size)
            start += count
    free(learnt)
    free(rows)
    return changed, of_any


cdef inline void add_difference(const float *row, const float *base, float *total, Py_ssize_t dim) noexcept nogil:
    cdef Py_ssize_t d
    for d in range(dim):
        total[d] += row[d] - base[d]


cdef inline void scale(float *row, float by, Py_ssize_t dim) noexcept nogil:
    cdef Py_ssize_t d
    for d in range(dim):
        row[d] *= by


cdef inline void multiply_by(float *row, const float *by, Py_ssize_t dim) noexcept nogil:
    cdef Py_ssize_t d
    for d in range(dim):
        row[d] *= by[d]


cdef inline void add(float *row, const float *other, Py_ssize_t dim) noexcept nogil:
    cdef Py_ssize_t d
    for d in range(dim):
        row[d] += other[d]
