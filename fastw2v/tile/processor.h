/* What the processor can run and the operating system keeps: asked here, since __builtin_cpu_supports answers 0 to
 * everything where a compiler's runtime leaves its model of the processor empty (zig), and MSVC has no such function.
 */
#ifndef FASTW2V_PROCESSOR_H
#define FASTW2V_PROCESSOR_H

#include <stdint.h>

#include "../compiler.h"

#if defined(__x86_64__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#define PROCESSOR_X86 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define PROCESSOR_ARM 1
#endif

enum {
    PROCESSOR_AVX2 = 1,       /* with FMA */
    PROCESSOR_AVX512 = 2,     /* F, VL, DQ and BW, which come together but in the Xeon Phi */
    PROCESSOR_AVX512VNNI = 4, /* with these four */
    PROCESSOR_DOTPROD = 8     /* Arm's sdot and udot */
};

/* The words of x86 that tell: the last leaf of CPUID, two of its leaves, and the registers that the system keeps. */
typedef struct {
    uint32_t last_leaf, leaf1_ecx, leaf7_ebx, leaf7_ecx, xcr0;
} ProcessorWords;

FASTW2V_INLINE unsigned processor_of_words(const ProcessorWords *words) {
    const uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;                       /* leaf 1, ECX */
    const uint32_t avx2 = 1u << 5, f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;   /* leaf 7, EBX */
    const uint32_t vnni = 1u << 11;                                                          /* leaf 7, ECX */
    const uint32_t xmm_ymm = 0x06, opmask_zmm = 0xE0;
    const uint32_t leaf1 = fma | osxsave | avx;
    if (words->last_leaf < 7 || (words->leaf1_ecx & leaf1) != leaf1) return 0;
    if ((words->xcr0 & xmm_ymm) != xmm_ymm || !(words->leaf7_ebx & avx2)) return 0;
    if ((words->xcr0 & opmask_zmm) != opmask_zmm) return PROCESSOR_AVX2;
    if ((words->leaf7_ebx & f_dq_bw_vl) != f_dq_bw_vl) return PROCESSOR_AVX2;
    return PROCESSOR_AVX2 | PROCESSOR_AVX512 | (words->leaf7_ecx & vnni ? PROCESSOR_AVX512VNNI : 0);
}

#if defined(PROCESSOR_X86)

#if defined(FASTW2V_GNU)
FASTW2V_INLINE void processor_leaf(uint32_t leaf, uint32_t out[4]) {
    __asm__("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "0"(leaf), "2"(0));
}
FASTW2V_INLINE uint32_t processor_xcr0(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}
#else
#include <intrin.h>
FASTW2V_INLINE void processor_leaf(uint32_t leaf, uint32_t out[4]) { __cpuidex((int *)out, (int)leaf, 0); }
FASTW2V_INLINE uint32_t processor_xcr0(void) { return (uint32_t)_xgetbv(0); }
#endif

FASTW2V_INLINE ProcessorWords processor_words(void) {
    ProcessorWords words = {0, 0, 0, 0, 0};
    uint32_t out[4];
    processor_leaf(0, out);
    words.last_leaf = out[0];
    processor_leaf(1, out);
    words.leaf1_ecx = out[2];
    if (words.leaf1_ecx >> 27 & 1) words.xcr0 = processor_xcr0(); /* else the instruction is a fault */
    if (words.last_leaf >= 7) {
        processor_leaf(7, out);
        words.leaf7_ebx = out[1];
        words.leaf7_ecx = out[2];
    }
#if defined(__APPLE__)
    words.xcr0 |= 0xE0; /* macOS begins to keep these registers when a thread first uses them */
#endif
    return words;
}

#elif defined(PROCESSOR_ARM)

#if defined(__linux__)
#include <sys/auxv.h>
FASTW2V_INLINE int processor_has_dotprod(void) { return (int)(getauxval(AT_HWCAP) >> 20 & 1); } /* HWCAP_ASIMDDP */
#elif defined(__APPLE__)
#include <sys/sysctl.h>
FASTW2V_INLINE int processor_has_dotprod(void) {
    int has = 0;
    size_t size = sizeof has;
    return !sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, NULL, 0) && has;
}
#elif defined(_WIN32)
__declspec(dllimport) int __stdcall IsProcessorFeaturePresent(unsigned long feature); /* <windows.h> brings too much */
FASTW2V_INLINE int processor_has_dotprod(void) { return IsProcessorFeaturePresent(43); } /* PF_ARM_V82_DP_… */
#else
FASTW2V_INLINE int processor_has_dotprod(void) { return 0; }
#endif

#endif

/* The sum of what this processor has. */
FASTW2V_INLINE unsigned processor_features(void) {
#if defined(PROCESSOR_X86)
    ProcessorWords words = processor_words();
    return processor_of_words(&words);
#elif defined(PROCESSOR_ARM)
    return processor_has_dotprod() ? PROCESSOR_DOTPROD : 0;
#else
    return 0;
#endif
}

#endif
