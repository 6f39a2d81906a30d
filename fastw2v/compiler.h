/* Differences between compilers, and the size of a cache line; for all C and Cython of this package. */
#ifndef FASTW2V_COMPILER_H
#define FASTW2V_COMPILER_H

/* GNU C: attributes, vector types, inline assembly, atomic built-ins. clang-cl has them, and does not define __GNUC__.
 * FASTW2V_PLAIN_C is for tests: other compilers, given an <intrin.h>, then compile what MSVC does. */
#if (defined(__GNUC__) || defined(__clang__)) && !defined(FASTW2V_PLAIN_C)
#define FASTW2V_GNU 1
#endif

#if defined(FASTW2V_GNU)
#define FASTW2V_INLINE static inline __attribute__((always_inline))
#else
#define FASTW2V_INLINE static __forceinline
#endif

#define FASTW2V_TEXT_(a) #a
#define FASTW2V_TEXT(a) FASTW2V_TEXT_(a)
#if defined(__clang__)
#define FASTW2V_COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define FASTW2V_COMPILER "gcc " __VERSION__
#elif defined(_MSC_VER)
#define FASTW2V_COMPILER "MSVC " FASTW2V_TEXT(_MSC_VER)
#else
#define FASTW2V_COMPILER "a compiler without a name"
#endif

#if defined(__APPLE__) && defined(__aarch64__)
#define FASTW2V_CACHE_LINE 32 /* floats */
#else
#define FASTW2V_CACHE_LINE 16
#endif

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if UINTPTR_MAX < UINT64_MAX
#error "fastw2v needs a 64-bit Python: its sizes and numbers of rows have 64 bits"
#endif

#if !defined(FASTW2V_GNU)
#include <intrin.h>
#endif

/* Whether a bit is set; what its setter wrote before is seen after this. */
FASTW2V_INLINE int fastw2v_is_set(const uint64_t *bits, int64_t place) {
#if defined(FASTW2V_GNU)
    uint64_t word = __atomic_load_n(bits + (place >> 6), __ATOMIC_ACQUIRE);
#else
    uint64_t word = (uint64_t)_InterlockedOr64((volatile __int64 *)(bits + (place >> 6)), 0);
#endif
    return (int)(word >> (place & 63) & 1);
}

/* Sets a bit; returns whether it was set already. */
FASTW2V_INLINE int fastw2v_set(uint64_t *bits, int64_t place) {
    uint64_t bit = (uint64_t)1 << (place & 63);
#if defined(FASTW2V_GNU)
    return (__atomic_fetch_or(bits + (place >> 6), bit, __ATOMIC_ACQ_REL) & bit) != 0;
#else
    return ((uint64_t)_InterlockedOr64((volatile __int64 *)(bits + (place >> 6)), (__int64)bit) & bit) != 0;
#endif
}

/* Whether all floats of a row are finite: none has all bits of its exponent set. */
FASTW2V_INLINE int fastw2v_is_finite(const float *row, ptrdiff_t dim) {
    const uint32_t exponent = 0x7F800000;
    uint32_t odd = 0, bits;
    for (ptrdiff_t d = 0; d < dim; d++) {
        memcpy(&bits, row + d, sizeof bits);
        odd |= (uint32_t)((bits & exponent) == exponent);
    }
    return !odd;
}

/* Prefetches the cache line at an address for reading: other cores may keep a copy of it. */
FASTW2V_INLINE void fastw2v_prefetch(const void *address) {
#if defined(FASTW2V_GNU)
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

/* A flag that one thread raises while others look at it; nothing else is ordered by it. */
FASTW2V_INLINE void fastw2v_raise(int *flag) {
#if defined(FASTW2V_GNU)
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
#else
    *(volatile int *)flag = 1;
#endif
}

FASTW2V_INLINE int fastw2v_is_raised(const int *flag) {
#if defined(FASTW2V_GNU)
    return __atomic_load_n(flag, __ATOMIC_RELAXED);
#else
    return *(const volatile int *)flag;
#endif
}

#endif
