"""The functions of `_tile.h` on SciPy's BLAS: the portable backend, and a reference for the others.

A BLAS call on rows this short costs several times its arithmetic, so this is for machines that the vector code does not
support, and for tests. It is imported on demand, because SciPy's linear algebra takes a tenth of a second to import.
"""

from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer
from libc.string cimport memcpy, memset

from fastw2v.tile.dispatch cimport TILE_STRIDE, Tile, compiled_tile, tile_block, tile_prefetch


cdef extern from "logistic.h" nogil:
    void tile_fill_tables()
    int tile_logistic(float *g, Py_ssize_t columns, const float *label, const float *times_y, float rate)
    double tile_loss(const float *g, Py_ssize_t m, Py_ssize_t columns, const float *label, const float *times_x,
                     const float *times_y)


from scipy.linalg import cython_blas

tile_fill_tables()

ctypedef void (*Axpy)(int *n, float *a, float *x, int *step_x, float *y, int *step_y) noexcept nogil
ctypedef float (*Dot)(int *n, float *x, int *step_x, float *y, int *step_y) noexcept nogil
ctypedef void (*Gemv)(char *transposed, int *m, int *n, float *alpha, float *a, int *lda, float *x, int *step_x,
                      float *beta, float *y, int *step_y) noexcept nogil
ctypedef void (*Scal)(int *n, float *a, float *x, int *step_x) noexcept nogil


cdef void *of_scipy(str name, bytes expected) except NULL:
    """Look a function up as `cimport` would, which needs 110 MB of SciPy and numpy where fastw2v is built."""
    capsule = cython_blas.__pyx_capi__[name]
    cdef const char *signature = PyCapsule_GetName(capsule)
    found = (<bytes>signature).replace(b"__pyx_t_5scipy_6linalg_11cython_blas_s", b"float")
    if found != expected:
        raise ImportError(f"this SciPy's {name} is `{found.decode()}`, and was `{expected.decode()}`")
    return PyCapsule_GetPointer(capsule, signature)


cdef Axpy saxpy = <Axpy>of_scipy("saxpy", b"void (int *, float *, float *, int *, float *, int *)")
cdef Dot sdot = <Dot>of_scipy("sdot", b"float (int *, float *, int *, float *, int *)")
cdef Gemv sgemv = <Gemv>of_scipy(
    "sgemv", b"void (char *, int *, int *, float *, float *, int *, float *, int *, float *, float *, int *)"
)
cdef Scal sscal = <Scal>of_scipy("sscal", b"void (int *, float *, float *, int *)")

cdef enum:
    PIECE = 256  # floats


cdef int gradients(const float **x, const float *times_x, Py_ssize_t m, float **y, const float *label,
                   const float *times_y, Py_ssize_t n, Py_ssize_t dim, float alpha, float *g,
                   double *loss) noexcept nogil:
    cdef Py_ssize_t i, j, done = 0, columns
    cdef int length = <int>dim, one = 1, odd = 0
    while done < n:
        columns = tile_block(n - done, TILE_STRIDE)
        for i in range(m):
            for j in range(columns):
                g[i * TILE_STRIDE + j] = sdot(&length, <float *>x[i], &one, y[done + j], &one)
        if loss != NULL:
            loss[0] += tile_loss(g, m, columns, label + done, times_x, times_y + done)
        for i in range(m):
            odd |= tile_logistic(g, columns, label + done, times_y + done, alpha * times_x[i])
            g += TILE_STRIDE
        done += columns
    return odd


cdef void update(const float **x, float **to, const float *lock, Py_ssize_t m, float **y, Py_ssize_t n,
                 Py_ssize_t dim, const float *g, float *partial, const float **ahead,
                 Py_ssize_t ahead_count) noexcept nogil:
    """Copy both sides first: each is updated from the old values of the other."""
    cdef float *inputs = partial
    cdef float *outputs = partial + m * dim
    cdef Py_ssize_t i, j, done = 0, columns
    cdef int length = <int>dim, one = 1, rows = <int>m, width, stride = TILE_STRIDE
    cdef float unit = 1
    for i in range(ahead_count):
        tile_prefetch(ahead[i], dim)
    for i in range(m):
        memcpy(inputs + i * dim, x[i], dim * sizeof(float))
    for j in range(n):
        memcpy(outputs + j * dim, y[j], dim * sizeof(float))
    while done < n:
        columns = tile_block(n - done, TILE_STRIDE)
        width = <int>columns
        for i in range(m):
            sgemv("N", &length, &width, <float *>&lock[i], outputs + done * dim, &length, <float *>g + i * TILE_STRIDE,
                  &one, &unit, to[i], &one)
        for j in range(columns):
            sgemv("N", &length, &rows, &unit, inputs, &length, <float *>g + j, &stride, &unit, y[done + j], &one)
        g += m * TILE_STRIDE
        done += columns


cdef void update_one(const float *x, float **to, const float *lock, Py_ssize_t targets, float **y, Py_ssize_t n,
                     Py_ssize_t dim, const float *g, const float **ahead, Py_ssize_t ahead_count) noexcept nogil:
    """Work in pieces that fit on the stack."""
    cdef float[PIECE] delta
    cdef const float *block
    cdef Py_ssize_t i, j, start = 0, done, columns
    cdef int length, one = 1
    for i in range(ahead_count):
        tile_prefetch(ahead[i], dim)
    while start < dim:
        length = <int>min(<Py_ssize_t>PIECE, dim - start)
        memset(delta, 0, length * sizeof(float))
        block = g
        done = 0
        while done < n:
            columns = tile_block(n - done, TILE_STRIDE)
            for j in range(columns):
                saxpy(&length, <float *>block + j, y[done + j] + start, &one, delta, &one)
                saxpy(&length, <float *>block + j, <float *>x + start, &one, y[done + j] + start, &one)
            block += TILE_STRIDE
            done += columns
        for i in range(targets):
            saxpy(&length, <float *>lock + i, delta, &one, to[i] + start, &one)
        start += PIECE


cdef void sum_rows(const float **rows, Py_ssize_t m, Py_ssize_t dim, float scale, float *out) noexcept nogil:
    """out := scale * sum of the rows; `out` may be the only row."""
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
tile.gradients = gradients
tile.update = update
tile.update_one = update_one
tile.sum_rows = sum_rows
tile.add_rows = add_rows
tile.scan = scan
tile.multiply = compiled_tile(b"generic").multiply  # its sums are to have an order, which those of BLAS have not
tile.sift = compiled_tile(b"generic").sift  # BLAS has no integers


def tile_address():
    """Return the address of the table of functions, for `dispatch`."""
    return <size_t>&tile
