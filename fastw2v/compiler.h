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

/* A flag that one thread raises while others look at it; nothing else is ordered by it. */
FASTW2V_INLINE void fastw2v_raise(int *flag) {
#if defined(__GNUC__)
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
#else
    *(volatile int *)flag = 1;
#endif
}

FASTW2V_INLINE int fastw2v_is_raised(const int *flag) {
#if defined(__GNUC__)
    return __atomic_load_n(flag, __ATOMIC_RELAXED);
#else
    return *(const volatile int *)flag;
#endif
}

#endif
