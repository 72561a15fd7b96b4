/*
 * simd: the few steps over bytes that are worth vector instructions.
 *
 * Each step exists in plain C, for AVX2 and for AVX-512 (VBMI), with equal results on any bytes;
 * which one runs is chosen by what the processor can do.
 *
 *     const struct simd_ops *simd = simd_best();
 *     simd->copy_masks(at, end, blocks, &carry, masks);
 *
 * Nothing reads outside the bytes it is given. Threads: pure.
 */
#ifndef COMMON_SIMD_H
#define COMMON_SIMD_H

#include "common/str.h"

enum { SIMD_BLOCK = 64 };

/* Where things are in 64 bytes; bit i stands for byte i. */
struct simd_masks {
    uint64_t tab;
    uint64_t newline;
    /* Worth a look: a backslash, a tab or newline behind another (an empty field), the Z of "Z0"
     * and the 5 of "5a" (what an envelope's constant starts with, as text and in hexadecimal). */
    uint64_t mark;
};

/* What csv_masks looks for. */
struct simd_csv {
    unsigned char delimiter;
    unsigned char quote; /* 0: none */
    unsigned char null;  /* first byte of the NULL text; the delimiter when that is empty */
};

/* Before a block. */
struct simd_csv_state {
    uint64_t separator; /* 1: the byte before it was a separator, or nothing */
    uint64_t quote;     /* 1: it was a quote */
    uint64_t inside;    /* all ones: in quotes */
};

struct simd_ops {
    const char *name;
    /*
     * Masks of `blocks` blocks from `at`; bytes from `end` on count as zero. *carry is 1 when the
     * byte before `at` was a tab, a newline or nothing, and is that for the next call afterwards.
     */
    void (*copy_masks)(const unsigned char *at, const unsigned char *end, size_t blocks,
                       uint64_t *carry, struct simd_masks *into);
    /*
     * The same for CSV whose quotes are escaped by doubling: .tab is the delimiter, and separators
     * in quotes are left out. Marks: a separator behind another, `null` at a field's begin, two
     * quotes at a field's begin, and what begins a constant. False: somewhere a quote opens that is
     * not the first byte of its field; the masks are worth nothing then.
     */
    bool (*csv_masks)(const unsigned char *at, const unsigned char *end, size_t blocks,
                      const struct simd_csv *how, struct simd_csv_state *state,
                      struct simd_masks *into);
    /* Index of the first a or b; s.len when there is none. */
    size_t (*find_either)(struct str s, unsigned char a, unsigned char b);
    /* Index of the first a that is followed by b; s.len when there is none. Adds to *newlines those
     * before it. */
    size_t (*find_pair)(struct str s, unsigned char a, unsigned char b, uint64_t *newlines);
    size_t (*count)(struct str s, unsigned char byte);
    /*
     * Is `s` base64url of base64url, its end padded with `outer` bytes '=' and what it decodes to
     * with `inner`, both 0 to 2? s.len is a multiple of 4 and at least 72. When it is, head gets
     * the first 9 bytes of the innermost data. Unused bits before a padding are not looked at.
     */
    bool (*base64_twice)(struct str s, unsigned outer, unsigned inner, unsigned char head[9]);
};

extern const struct simd_ops simd_scalar;
const struct simd_ops *simd_best(void);
/* All that this machine can run, the scalar one first, the best last. */
enum { SIMD_KINDS = 3 };
size_t simd_all(const struct simd_ops *into[SIMD_KINDS]);

/*
 * For a loop over masks: where the vector forms run, counting bits is one instruction. Such a loop
 * is an always-inlined function, called from one with this and one without it.
 */
#if defined(__x86_64__)
#define SIMD_FAST_BITS __attribute__((target("popcnt,bmi,bmi2,lzcnt")))
#else
#define SIMD_FAST_BITS
#endif
#define SIMD_INLINE static inline __attribute__((always_inline))

/* The value of a base64url byte, or 0xff. */
extern const unsigned char base64url_value[256];

#endif
