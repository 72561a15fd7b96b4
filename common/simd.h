/*
 * simd: the few steps over bytes that are worth vector instructions.
 *
 * Each step exists in plain C (simd.c), for AVX2 and for AVX-512 with VBMI (simd_avx2.c,
 * simd_avx512.c), with equal results on any bytes; what the processor can do decides which one
 * runs.
 *
 *     const struct simd_ops *simd = simd_best();
 *     simd->copy_masks(at, end, blocks, &needles, &carry, masks);
 *
 * Nothing reads outside the bytes it is given. Threads: pure.
 */
#ifndef COMMON_SIMD_H
#define COMMON_SIMD_H

#include "common/str.h"

enum { SIMD_BLOCK = 64, SIMD_SHORT = 128, SIMD_NEEDLE = 4, SIMD_GROUPS = 8, SIMD_TEXT_BITS = 8192 };

/*
 * What one of many texts may begin with: in each of SIMD_GROUPS groups, a set of ASCII bytes for
 * each of the first SIMD_NEEDLE places, by the two nibbles of the byte. What comes through there is
 * looked up among the texts' first bytes, in any case of their letters, by a hash. So too much is
 * told, but seldom, and never too little.
 *
 *     struct simd_needles n = {0};
 *     simd_needle_add(&n, group, place, byte) ...                      for each text, 4 places
 *     simd_needle_text(&n, bytes) ...                                  and its 4 bytes
 *     simd_needles_seal(&n);
 */
struct simd_needles {
    unsigned char low[SIMD_NEEDLE][16], high[SIMD_NEEDLE][16]; /* bits: the groups */
    unsigned char byte[SIMD_NEEDLE][256]; /* both of it; 0 for bytes that are not ASCII */
    uint64_t texts[SIMD_TEXT_BITS / 64];  /* by hash: may be one's */
};

/* Where things are in 64 bytes; bit i stands for byte i. */
struct simd_masks {
    uint64_t tab;
    uint64_t newline;
    /* Worth a look: a backslash, a tab, newline or CR behind a tab or newline (an empty field), and
     * where a needle may begin. */
    uint64_t mark;
};

/* What csv_masks looks for. */
struct simd_csv {
    unsigned char delimiter;
    unsigned char quote; /* 0: none */
    unsigned char null;  /* first byte of the NULL text; the delimiter when that is empty */
    const struct simd_needles *needles; /* csv_masks only */
};

/* Before a block. */
struct simd_csv_state {
    uint64_t separator; /* 1: the byte before it was a separator, or nothing */
    uint64_t quote;     /* 1: it was a quote */
    uint64_t inside;    /* all ones: in quotes */
};

struct simd_csv_cut {
    size_t end;        /* behind the last newline outside quotes; unset when there is none */
    uint64_t newlines; /* added to, those in quotes as well */
};

/* Base64url of base64url, at the begin of some bytes. */
struct simd_base64 {
    size_t outer;       /* digits that the bytes begin with */
    size_t inner;       /* digits that those stand for */
    unsigned inner_pad; /* the '=' behind these: 0 to 2 */
    /* What the first twelve inner digits stand for, nine bytes; unset with fewer. */
    unsigned char head[16];
};

struct simd_ops {
    const char *name;
    /*
     * Masks of at most `most` blocks from `at`, up to the first that holds a mark: what it stands
     * for may reach beyond many blocks. Gives back how many they are. Bytes from `end` on count as
     * zero; `most` blocks have at least one byte each before it. *carry is 1 when the byte before
     * `at` was a tab, a newline or nothing, and is that for the next call afterwards.
     */
    size_t (*copy_masks)(const unsigned char *at, const unsigned char *end, size_t most,
                         const struct simd_needles *needles, uint64_t *carry,
                         struct simd_masks *into);
    /*
     * The same for CSV whose quotes are escaped by doubling: .tab is the delimiter, and separators
     * in quotes are left out. Marks: a separator behind another; a CR, `null` or two quotes at a
     * field's begin; and where a needle may begin. The rows must be such that csv_cut says true.
     */
    size_t (*csv_masks)(const unsigned char *at, const unsigned char *end, size_t most,
                        const struct simd_csv *how, struct simd_csv_state *state,
                        struct simd_masks *into);
    /*
     * Where records end in such CSV. False: somewhere a quote opens that is not the first byte of
     * its field, and quotes cannot be told by counting; or bytes of the field stand behind a
     * closing one, which may part a constant. Nothing found is worth anything then.
     */
    bool (*csv_cut)(struct str s, const struct simd_csv *how, struct simd_csv_state *state,
                    struct simd_csv_cut *found);
    /* Index of the first a or b; s.len when there is none. */
    size_t (*find_either)(struct str s, unsigned char a, unsigned char b);
    /* Index of the first byte at which a needle may begin; s.len when there is none. */
    size_t (*find_needle)(struct str s, const struct simd_needles *needles);
    /*
     * Index of the first backslash that is followed by a full stop and begins a line, or `s`; s.len
     * when there is none. Adds to *newlines those before it.
     */
    size_t (*find_end_line)(struct str s, uint64_t *newlines);
    size_t (*count)(struct str s, unsigned char byte);
    /*
     * Decodes the base64url digits that `s` begins with, and the digits that this begins with. True
     * when the latter and the '=' behind them, two at most, are groups of four, and that is all.
     * False for SIMD_SHORT digits or fewer, which no value has. Unused bits at the ends are not
     * looked at.
     */
    bool (*base64_twice)(struct str s, struct simd_base64 *found);
};

void simd_needle_add(struct simd_needles *n, unsigned group, size_t place, unsigned char byte);
void simd_needle_text(struct simd_needles *n, const unsigned char *bytes);
void simd_needles_seal(struct simd_needles *n);

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

/* The lowest bits of `from`, put where `to` has bits (Intel's PDEP). For such loops. */
#if defined(__x86_64__)
SIMD_FAST_BITS static inline uint64_t simd_deposit(uint64_t from, uint64_t to)
{
    return __builtin_ia32_pdep_di(from, to);
}
#else
static inline uint64_t simd_deposit(uint64_t from, uint64_t to)
{
    uint64_t into = 0;
    for (; to; to &= to - 1, from >>= 1)
        into |= from & 1 ? to & -to : 0;
    return into;
}
#endif

/* The value of a base64url byte, or 0xff. */
extern const unsigned char base64url_value[256];

#endif
