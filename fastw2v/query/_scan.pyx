"""What a single question takes: vectors of length 1, cosines, and the largest of many scores.

Squares are summed in float64 here, where those of float32 neither overflow nor lose digits. Those that the tile sums
are in float32, and are looked at.
"""

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS,
    PyBUF_FORMAT,
    PyBUF_WRITABLE,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cython cimport final, floating, freelist
from libc.math cimport INFINITY, fabs, sqrt, sqrtf
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

import numpy as np

from fastw2v.tile.dispatch cimport Tile, selected_tile


cdef extern from "_team.h" nogil:
    void team_run(void (*work)(void *, Py_ssize_t) noexcept nogil, void *context, Py_ssize_t pieces, int threads)


cdef enum:
    ROWS = 256   # whose squares are kept at a time
    BLOCK = 16   # scores that are compared at a time

# Squares outside this range have lost digits or overflowed in float32.
cdef float SMALLEST_SINGLE = 1e-30, LARGEST_SINGLE = 1e37
# The same in float64, for a product of two squares, too.
cdef double SMALLEST = 1e-140, LARGEST = 1e140


# --- the arithmetic of one vector ---

cdef double dot(const floating *a, double times_a, const floating *b, double times_b, Py_ssize_t dim) noexcept nogil:
    """Return (times_a a) . (times_b b)."""
    cdef double[8] sums
    cdef double total = 0
    cdef Py_ssize_t d = 0, lane
    for lane in range(8):
        sums[lane] = 0
    while d + 8 <= dim:
        for lane in range(8):
            sums[lane] += (times_a * a[d + lane]) * (times_b * b[d + lane])
        d += 8
    while d < dim:
        total += (times_a * a[d]) * (times_b * b[d])
        d += 1
    for lane in range(8):
        total += sums[lane]
    return total


cdef double squared(const floating *x, double times, Py_ssize_t dim) noexcept nogil:
    """Return |times x|^2, summed in the order of `dot`: the cosine of a vector with itself is 1."""
    cdef double[8] sums
    cdef double total = 0, entry
    cdef Py_ssize_t d = 0, lane
    for lane in range(8):
        sums[lane] = 0
    while d + 8 <= dim:
        for lane in range(8):
            entry = times * x[d + lane]
            sums[lane] += entry * entry
        d += 8
    while d < dim:
        entry = times * x[d]
        total += entry * entry
        d += 1
    for lane in range(8):
        total += sums[lane]
    return total


cdef double factor(const floating *x, Py_ssize_t dim) noexcept nogil:
    """Return what brings the largest entry of x near to 1; 0 if x has no direction (zeros, NaN, infinity)."""
    cdef double largest = 0
    cdef Py_ssize_t d
    for d in range(dim):
        if not fabs(x[d]) < INFINITY:  # NaN, too
            return 0
        largest = max(largest, fabs(x[d]))
    if largest < 1e-300:  # its inverse might overflow
        return 1e308 if largest else 0
    return 1 / largest


cdef double square_of(const floating *x, Py_ssize_t dim, double *times) noexcept nogil:
    """Return |times x|^2, and write `times`: 1, or what keeps the square in range, or 0 if x has no direction."""
    cdef double square
    times[0] = 1
    square = squared(x, 1, dim)
    if not SMALLEST < square < LARGEST:  # NaN, too
        times[0] = factor(x, dim)
        square = squared(x, times[0], dim) if times[0] else 0
    return square


cdef void to_unit(const floating *x, Py_ssize_t dim, floating *out) noexcept nogil:
    cdef double times, inverse
    cdef double square = square_of(x, dim, &times)
    cdef Py_ssize_t d
    if times == 0:
        for d in range(dim):
            out[d] = 0
        return
    inverse = 1 / sqrt(square)
    for d in range(dim):
        out[d] = <floating>(times * x[d] * inverse)


cdef double length_of(const floating *x, Py_ssize_t dim) noexcept nogil:
    cdef double times, total = 0
    cdef double square = square_of(x, dim, &times)
    cdef Py_ssize_t d
    if times:
        return sqrt(square) / times
    for d in range(dim):  # zeros, infinity or NaN
        total += fabs(x[d])
    return total


cdef double cosine_of(const floating *a, const floating *b, Py_ssize_t dim) noexcept nogil:
    cdef double times_a, times_b
    cdef double square_a = square_of(a, dim, &times_a), square_b = square_of(b, dim, &times_b)
    if times_a == 0 or times_b == 0:
        return 0
    return dot(a, times_a, b, times_b, dim) / sqrt(square_a * square_b)


# --- arrays ---

@final
@freelist(8)
cdef class Floats:
    """A C-contiguous array of float32 or float64, opened in a tenth of the time that a memoryview takes."""

    cdef Py_buffer view
    cdef bint single            # float32
    cdef Py_ssize_t count, dim  # a vector is one row

    def __dealloc__(self):
        PyBuffer_Release(&self.view)

    cdef const float *singles(self, Py_ssize_t row) noexcept nogil:
        return <const float *>self.view.buf + row * self.dim

    cdef const double *doubles(self, Py_ssize_t row) noexcept nogil:
        return <const double *>self.view.buf + row * self.dim


cdef Floats floats(array, int flags=0):
    # No arguments to __cinit__, which by the stable ABI are packed and parsed: `similarity` takes 1.48 us, else 1.52.
    cdef Floats made = Floats.__new__(Floats)
    PyObject_GetBuffer(array, &made.view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags)
    if made.view.format[0] not in b"fd" or made.view.format[1] or made.view.ndim < 1:
        raise BufferError("neither float32 nor float64")
    made.single = made.view.format[0] == b"f"
    made.count = made.view.shape[0] if made.view.ndim > 1 else 1
    made.dim = made.view.shape[made.view.ndim - 1]
    return made


def plain(array):
    """Return the array if it is aligned, C-contiguous float32 or float64; else a copy that is: float64 if no float."""
    kind = array.dtype
    made = np.ascontiguousarray(array, dtype=np.float32 if kind.kind == "f" and kind.itemsize < 8 else np.float64)
    return np.require(made, requirements="A")


cdef Floats opened(array):
    try:
        return floats(array)
    except (BufferError, ValueError):
        return floats(plain(array))


def unit_row(matrix, Py_ssize_t row):
    """Return a row of a matrix (V, D) with length 1, of its dtype; zeros if the row has no direction."""
    cdef Floats rows, unit
    try:
        rows = floats(matrix)
    except (BufferError, ValueError):
        part = matrix[row:row + 1]
        return unit_row(plain(part), 0).astype(part.dtype if part.dtype.kind == "f" else np.float64, copy=False)
    if not 0 <= row < rows.count:
        raise IndexError(f"row {row} of {rows.count}")
    out = np.empty(rows.dim, np.float32 if rows.single else np.float64)
    unit = floats(out, PyBUF_WRITABLE)
    if rows.single:
        to_unit(rows.singles(row), rows.dim, <float *>unit.view.buf)
    else:
        to_unit(rows.doubles(row), rows.dim, <double *>unit.view.buf)
    return out


def weighted_sum(matrix, list rows, list weights, bint unit):
    """Return the sum (D,) in float64 of rows of a plain matrix (V, D), each times its weight.

    With `unit` the rows are those that `unit_row` returns.
    """
    cdef Floats given = floats(matrix), total
    cdef Py_ssize_t row, d
    cdef double weight, times, inverse = 1
    cdef double *sums
    out = np.zeros(given.dim)
    total = floats(out, PyBUF_WRITABLE)
    sums = <double *>total.view.buf
    for row, weight in zip(rows, weights, strict=True):
        if not 0 <= row < given.count:
            raise IndexError(f"row {row} of {given.count}")
        times = 1
        if unit:
            inverse = (square_of(given.singles(row), given.dim, &times) if given.single
                       else square_of(given.doubles(row), given.dim, &times))
            if times == 0:
                continue
            inverse = 1 / sqrt(inverse)
        if given.single:
            for d in range(given.dim):
                sums[d] += weight * <float>(times * given.singles(row)[d] * inverse)
        else:
            for d in range(given.dim):
                sums[d] += weight * (times * given.doubles(row)[d] * inverse)
    return out


def cosine(a, b):
    """Return the cosine of two vectors, in float64; exactly 1 for a vector with itself, as x / sqrt(x x) is."""
    cdef Floats first = opened(a), second = opened(b)
    if first.single != second.single:
        first, second = floats(np.array(a, dtype=np.float64)), floats(np.array(b, dtype=np.float64))
    if first.dim != second.dim or first.count * second.count != 1:
        raise ValueError(f"a vector of shape {np.shape(a)} and one of {np.shape(b)}: expected the same dimension")
    if first.single:
        return cosine_of(first.singles(0), second.singles(0), first.dim)
    return cosine_of(first.doubles(0), second.doubles(0), first.dim)


cdef bint fit(Floats rows, Floats out):
    return rows.single == out.single and rows.count == out.count and rows.dim == out.dim


def unit_rows(matrix, units):
    """units := rows (R, D) of length 1; those without a direction (zeros, NaN, infinity) are zeros. May be the same."""
    cdef Floats rows = floats(matrix), out = floats(units, PyBUF_WRITABLE)
    cdef Py_ssize_t i
    if not fit(rows, out):
        raise ValueError(f"{rows.count} x {rows.dim} numbers do not go into {out.count} x {out.dim} of their kind")
    with nogil:
        for i in range(rows.count):
            if rows.single:
                to_unit(rows.singles(i), rows.dim, <float *>out.singles(i))
            else:
                to_unit(rows.doubles(i), rows.dim, <double *>out.doubles(i))


def row_lengths(matrix, lengths):
    """lengths := the L2 norms of rows (R, D)."""
    cdef Floats rows = floats(matrix), out = floats(lengths, PyBUF_WRITABLE)
    cdef Py_ssize_t i
    if rows.single != out.single or out.count != 1 or out.dim != rows.count:
        raise ValueError(f"{rows.count} lengths do not go into {out.dim} numbers of their kind")
    with nogil:
        for i in range(rows.count):
            if rows.single:
                (<float *>out.view.buf)[i] = <float>length_of(rows.singles(i), rows.dim)
            else:
                (<double *>out.view.buf)[i] = length_of(rows.doubles(i), rows.dim)


# --- cosines ---

cdef void scan(const Tile *tile, const float *rows, Py_ssize_t count, Py_ssize_t dim, const float *unit,
               float *cosines) noexcept nogil:
    """cosines := those of rows (count, D) with a vector of length 1 or 0; squares are summed in the same reading."""
    cdef float[ROWS] squares
    cdef Py_ssize_t start = 0, left, i
    cdef int odd
    while start < count:
        left = min(<Py_ssize_t>ROWS, count - start)
        tile.scan(rows + start * dim, left, dim, unit, cosines + start, squares)
        odd = 0
        for i in range(left):
            odd |= not (SMALLEST_SINGLE < squares[i] < LARGEST_SINGLE)  # NaN, too
        if odd:
            for i in range(left):
                if SMALLEST_SINGLE < squares[i] < LARGEST_SINGLE:
                    cosines[start + i] = cosines[start + i] / sqrtf(squares[i])
                else:
                    cosines[start + i] = <float>cosine_of(rows + (start + i) * dim, unit, dim)
        else:
            for i in range(left):
                cosines[start + i] = cosines[start + i] / sqrtf(squares[i])
        start += left


cdef struct Scan:
    const Tile *tile
    const float *rows
    const float *unit
    float *cosines
    Py_ssize_t count, dim, pieces


cdef void scan_piece(void *context, Py_ssize_t piece) noexcept nogil:
    cdef Scan *all = <Scan *>context
    cdef Py_ssize_t start = all.count * piece // all.pieces, end = all.count * (piece + 1) // all.pieces
    scan(all.tile, all.rows + start * all.dim, end - start, all.dim, all.unit, all.cosines + start)


def cosines(matrix, units, scores, Py_ssize_t pieces=1, int threads=1):
    """scores (V,) := the cosines of the rows of a matrix (V, D) with a vector (D,), all float32.

    The vector has length 1 or 0. The matrix is read once, in `pieces` that threads take one after another.
    """
    cdef Floats rows = floats(matrix), unit = floats(units), out = floats(scores, PyBUF_WRITABLE)
    cdef Scan all
    if not (rows.single and unit.single and out.single and unit.dim == rows.dim and unit.count == 1
            and out.count == 1 and out.dim == rows.count and pieces > 0):
        raise ValueError(f"{rows.count} rows of {rows.dim}: got a vector of {unit.dim}, {out.dim} scores, all of them "
                         f"to be float32, and {pieces} pieces")
    all = Scan(selected_tile(), rows.singles(0), unit.singles(0), <float *>out.view.buf, rows.count, rows.dim, pieces)
    with nogil:
        team_run(scan_piece, &all, pieces, threads)


def cosines_by_query(
    const float[:, ::1] rows not None,      # IN (R, D)
    const float[:, ::1] units not None,     # IN (Q, D), each of length 1 or 0
    const int64_t[::1] bounds not None,     # IN (Q + 1,), rising from 0 to R
    float[::1] scores not None,             # OUT (R,)
):
    """scores[i] := the cosine of rows[i] and units[q] where bounds[q] <= i < bounds[q + 1].

    Raises ValueError if shapes do not fit together, or the bounds do not cover the rows.
    """
    cdef Py_ssize_t count = rows.shape[0], dim = rows.shape[1], q
    cdef int64_t start, end = 0
    if bounds.shape[0] != units.shape[0] + 1 or units.shape[1] != dim or scores.shape[0] != count:
        raise ValueError(f"rows are {count} x {dim}; got queries {units.shape[0]} x {units.shape[1]}, "
                         f"bounds {bounds.shape[0]}, scores {scores.shape[0]}")
    for q in range(bounds.shape[0]):
        start, end = end, bounds[q]
        if end < start or (q == 0 and end) or end > count:
            raise ValueError(f"bounds must rise from 0 to {count}, got {end} after {start}")
    if end != count:
        raise ValueError(f"bounds end at {end}, but there are {count} rows")
    if count:
        with nogil:
            for q in range(units.shape[0]):
                start, end = bounds[q], bounds[q + 1]
                if start < end:
                    scan(selected_tile(), &rows[start, 0], end - start, dim, &units[q, 0], &scores[start])


# --- the largest ---

cdef bint worse(const floating *scores, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    """Whether place a comes after place b: its score is smaller, or equal and further on. NaN is the smallest."""
    if scores[a] < scores[b] or scores[a] > scores[b]:
        return scores[a] < scores[b]
    if scores[a] != scores[b] and (scores[a] == scores[a] or scores[b] == scores[b]):  # one of them is NaN
        return scores[a] != scores[a]
    return a > b


cdef void sift_down(const floating *scores, Py_ssize_t *heap, Py_ssize_t count, Py_ssize_t root) noexcept nogil:
    """Bring heap[root] to its level; the worst of a heap comes first."""
    cdef Py_ssize_t moved = heap[root], child = 2 * root + 1
    while child < count:
        if child + 1 < count and worse(scores, heap[child + 1], heap[child]):
            child += 1
        if not worse(scores, heap[child], moved):
            break
        heap[root] = heap[child]
        root = child
        child = 2 * root + 1
    heap[root] = moved


cdef void find_largest(const floating *scores, Py_ssize_t total, Py_ssize_t *heap, Py_ssize_t count) noexcept nogil:
    """heap := the places of the `count` largest of `total` scores, largest first; of equal ones the earlier first."""
    cdef Py_ssize_t i, end, last, place
    cdef floating least
    cdef int raised
    for i in range(count):
        heap[i] = i
    for i in range(count // 2 - 1, -1, -1):
        sift_down(scores, heap, count, i)
    i = count
    while i < total:
        end = min(i + BLOCK, total)
        least = scores[heap[0]]
        raised = least != least
        for place in range(i, end):  # one flag for all, so that the compiler can vectorise the loop
            raised |= scores[place] > least
        if raised:
            for place in range(i, end):
                if worse(scores, heap[0], place):
                    heap[0] = place
                    sift_down(scores, heap, count, 0)
        i = end
    for last in range(count - 1, 0, -1):  # the worst goes last, and so on
        place = heap[0]
        heap[0] = heap[last]
        heap[last] = place
        sift_down(scores, heap, last, 0)


def largest(scores, Py_ssize_t count):
    """Return the places of the largest of scores (V,), float32 or float64, and these scores, as two lists.

    They are `count`, or V if that is less, the largest first; of equal ones the earlier first. NaN is the smallest.
    """
    cdef Floats given = floats(scores)
    cdef Py_ssize_t i
    cdef Py_ssize_t *heap
    count = max(0, min(count, given.dim))
    heap = <Py_ssize_t *>malloc(max(count, 1) * sizeof(Py_ssize_t))
    if heap is NULL:
        raise MemoryError
    try:
        with nogil:
            if count == 0:
                pass
            elif given.single:
                find_largest(given.singles(0), given.dim, heap, count)
            else:
                find_largest(given.doubles(0), given.dim, heap, count)
        if given.single:
            return [heap[i] for i in range(count)], [<double>given.singles(0)[heap[i]] for i in range(count)]
        return [heap[i] for i in range(count)], [given.doubles(0)[heap[i]] for i in range(count)]
    finally:
        free(heap)


def name_best(names, row_of, list rows, list scores, Py_ssize_t count, left_out):
    """Return the first `count` of (names[row], score), without rows that are left out, or that have no key.

    `row_of` has the row of each key. Words that were deleted are no keys, and None is that of one row at most.
    """
    cdef list found = []
    cdef Py_ssize_t i
    if count > 0:
        for i in range(len(rows)):
            row = rows[i]
            name = names[row]
            if row not in left_out and name in row_of and (name is not None or row_of.get(None) == row):
                found.append((name, scores[i]))
                if len(found) == count:
                    break
    return found
