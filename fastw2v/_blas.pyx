"""The tile of `_tile.h` on the BLAS that SciPy carries: the portable backend, and a judge of the others.

A call of BLAS on rows this short costs several times its arithmetic, so this is for machines that the vector code does
not know, and for tests. Imported only when it is asked for: SciPy's linear algebra takes a tenth of a second to import.
"""

from libc.string cimport memcpy

from scipy.linalg.cython_blas cimport saxpy, sdot, sgemv, sscal

from fastw2v._kernels cimport Tile


cdef extern from "_tile.h" nogil:
    Py_ssize_t tile_columns(Py_ssize_t left)
    void tile_prefetch(const float *row, Py_ssize_t dim)


cdef void scores(const float **x, Py_ssize_t m, float **y, Py_ssize_t n, Py_ssize_t dim, float *g) noexcept nogil:
    cdef Py_ssize_t i, j, done = 0, columns
    cdef int length = <int>dim, one = 1
    while done < n:
        columns = tile_columns(n - done)
        for i in range(m):
            for j in range(done, done + columns):
                g[0] = sdot(&length, <float *>x[i], &one, y[j], &one)
                g += 1
        done += columns


cdef void update(const float **x, float **to, const float *lock, Py_ssize_t m, float **y, Py_ssize_t n,
                 Py_ssize_t dim, const float *g, float *partial, const float **ahead,
                 Py_ssize_t ahead_count) noexcept nogil:
    """Both sides are copied first, because both change from the values before."""
    cdef float *inputs = partial
    cdef float *outputs = partial + m * dim
    cdef Py_ssize_t i, j, done = 0, columns
    cdef int length = <int>dim, one = 1, rows = <int>m, width
    cdef float unit = 1
    for i in range(ahead_count):
        tile_prefetch(ahead[i], dim)
    for i in range(m):
        memcpy(inputs + i * dim, x[i], dim * sizeof(float))
    for j in range(n):
        memcpy(outputs + j * dim, y[j], dim * sizeof(float))
    while done < n:
        columns = tile_columns(n - done)
        width = <int>columns
        for i in range(m):
            sgemv("N", &length, &width, <float *>&lock[i], outputs + done * dim, &length, <float *>g + i * columns,
                  &one, &unit, to[i], &one)
        for j in range(columns):
            sgemv("N", &length, &rows, &unit, inputs, &length, <float *>g + j, &width, &unit, y[done + j], &one)
        g += m * columns
        done += columns


cdef void sum_rows(const float **rows, Py_ssize_t m, Py_ssize_t dim, float scale, float *out) noexcept nogil:
    """`out` may be the only row."""
    cdef int length = <int>dim, one = 1
    cdef float unit = 1
    cdef Py_ssize_t i, d
    if m == 0:
        for d in range(dim):
            out[d] = 0
    elif rows[0] != out:
        memcpy(out, rows[0], dim * sizeof(float))
    for i in range(1, m):
        saxpy(&length, &unit, <float *>rows[i], &one, out, &one)
    sscal(&length, &scale, out, &one)


cdef void add_rows(float **rows, const float *lock, Py_ssize_t m, Py_ssize_t dim, const float *delta) noexcept nogil:
    cdef int length = <int>dim, one = 1
    cdef Py_ssize_t i
    for i in range(m):
        saxpy(&length, <float *>&lock[i], <float *>delta, &one, rows[i], &one)


cdef void scan(const float *rows, Py_ssize_t count, Py_ssize_t dim, const float *query, float *dots,
               float *squares) noexcept nogil:
    cdef int length = <int>dim, one = 1
    cdef float *row
    cdef Py_ssize_t i
    for i in range(count):
        row = <float *>rows + i * dim
        dots[i] = sdot(&length, row, &one, <float *>query, &one)
        squares[i] = sdot(&length, row, &one, row, &one)


cdef Tile tile
tile.name = b"blas"
tile.scores = scores
tile.update = update
tile.sum_rows = sum_rows
tile.add_rows = add_rows
tile.scan = scan


def tile_address():
    """Address of the table of functions, for `_kernels`."""
    return <size_t>&tile
