"""What other modules cimport of the tile: its table of functions, and the table in use."""

from libc.stdint cimport int16_t, int32_t, uint16_t


cdef extern from "tile_api.h" nogil:
    ctypedef void TileSift(const int16_t *rows, Py_ssize_t count, Py_ssize_t pairs, const int16_t *panel,
                           const int32_t *border, uint16_t *above, int32_t *scores) noexcept nogil
    ctypedef struct Tile:  # tile_api.h says what each function does
        const char *name
        int (*gradients)(const float **x, const float *times_x, Py_ssize_t m, float **y, const float *label,
                         const float *times_y, Py_ssize_t n, Py_ssize_t dim, float alpha, float *g,
                         double *loss) noexcept nogil
        void (*update)(const float **x, float **to, const float *lock, Py_ssize_t m, float **y, Py_ssize_t n,
                       Py_ssize_t dim, const float *g, float *partial, const float **ahead,
                       Py_ssize_t ahead_count) noexcept nogil
        void (*update_one)(const float *x, float **to, const float *lock, Py_ssize_t targets, float **y, Py_ssize_t n,
                           Py_ssize_t dim, const float *g, const float **ahead, Py_ssize_t ahead_count) noexcept nogil
        void (*sum_rows)(const float **rows, Py_ssize_t m, Py_ssize_t dim, float scale, float *out) noexcept nogil
        void (*add_rows)(float **rows, const float *lock, Py_ssize_t m, Py_ssize_t dim,
                         const float *delta) noexcept nogil
        void (*multiply)(const float *a, Py_ssize_t m, Py_ssize_t depth, const float *b, Py_ssize_t dim,
                         float *out) noexcept nogil
        void (*scan)(const float *rows, Py_ssize_t count, Py_ssize_t dim, const float *query, float *dots,
                     float *squares) noexcept nogil
        TileSift *sift
        TileSift *sift_bytes

    enum:
        TILE_STRIDE
        TILE_SLACK
        TILE_PANEL
    int tile_lowest_bit(unsigned int bits)
    Py_ssize_t tile_block(Py_ssize_t left, Py_ssize_t most)
    void tile_prefetch(const float *row, Py_ssize_t dim)


cdef const Tile *selected_tile() noexcept nogil
cdef const Tile *compiled_tile(const char *isa) noexcept nogil
