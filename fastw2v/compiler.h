/* Differences between compilers, and the size of a cache line; for all C and Cython of this package. */
#ifndef FASTW2V_COMPILER_H
#define FASTW2V_COMPILER_H

#if defined(__GNUC__)
#define FASTW2V_INLINE static inline __attribute__((always_inline))
#else
#define FASTW2V_INLINE static __inline
#endif

#define FASTW2V_CACHE_LINE 16 /* floats */

/* Prefetches the cache line at an address for reading: other cores may keep a copy of it. */
FASTW2V_INLINE void fastw2v_prefetch(const void *address) {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

#endif
