"""float16 to float32, which numpy does slowly."""

from libc.stdint cimport uint16_t


cdef extern from "_half.h" nogil:
    void half_choose()
    void half_widen(const uint16_t *half, Py_ssize_t count, float *out)
    void half_plain(const uint16_t *half, Py_ssize_t count, float *out)


half_choose()


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
