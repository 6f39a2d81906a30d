"""Typed access to a model's vectors by row, without the GIL, for other Cython packages to cimport."""

from libc.stdint cimport uint8_t, uint32_t, int64_t


cdef class ModelView:
    cdef readonly Py_ssize_t words                 # V
    cdef readonly Py_ssize_t dim                   # D
    cdef const float[:, ::1] syn0                  # (V, D)
    cdef const float[:, ::1] syn1neg               # (V, D), or None
    cdef const float[:, ::1] syn1                  # (V, D), or None
    cdef const uint32_t[::1] points                # all Huffman paths, one after another, or None
    cdef const uint8_t[::1] codes                  # the codes on them
    cdef const int64_t[::1] starts                 # (V + 1,) where each word's path begins

    cdef const float *in_vector(self, Py_ssize_t word) noexcept nogil
    cdef const float *out_vector(self, Py_ssize_t word) noexcept nogil
    cdef const float *node_vector(self, Py_ssize_t node) noexcept nogil
    cdef Py_ssize_t path(self, Py_ssize_t word, const uint32_t **point, const uint8_t **code) noexcept nogil
