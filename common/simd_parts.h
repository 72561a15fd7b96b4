/*
 * simd_parts: what the forms of the steps share; private to simd.c, simd_avx2.c and simd_avx512.c.
 *
 * Each of those files holds all steps for one kind of processor. simd.c is the plain one, and says
 * which of them runs; the vector forms leave to it what is too short for a vector.
 */
#ifndef COMMON_SIMD_PARTS_H
#define COMMON_SIMD_PARTS_H

#include "common/simd.h"

enum {
    SIMD_PAD_MOST = 2, /* '=' behind base64 */
    SIMD_HEAD = 9      /* bytes of struct simd_base64 .head that mean something */
};

/* The plain way to read base64 of base64, however short. */
bool simd_base64_rest(struct str s, struct simd_base64 *found);
/*
 * The last of the blocks that hold base64 of base64: `there` has the bits of the bytes that its
 * first n digits stand for, and those that are no digits must be the padding, and the end. `before`
 * digits stand in full blocks before it.
 */
static inline bool simd_base64_end(struct simd_base64 *found, size_t before, unsigned n,
                                   uint64_t there, uint64_t alien, uint64_t equals)
{
    unsigned bytes = n * 3 / 4;
    uint64_t padding = equals & there;
    found->outer = before + n;
    found->inner_pad = (unsigned)__builtin_popcountll(padding);
    found->inner = before / 4 * 3 + bytes - found->inner_pad;
    return bytes % 4 == 0 && (alien & there) == padding && found->inner_pad <= SIMD_PAD_MOST &&
           padding == (there & ~(there >> found->inner_pad));
}

#if defined(__x86_64__)
extern const struct simd_ops simd_avx2;
extern const struct simd_ops simd_avx512;
#endif

/* Where the bytes of a block are; bits beyond its end are 0. */
struct csv_bytes {
    uint64_t delimiter, newline, quote;
    uint64_t parity; /* bit i: is the number of quotes from 0 to i odd? */
    uint64_t start;  /* worth a look at a field's begin: two quotes, a CR, the NULL text's first */
    uint64_t constant; /* worth one anywhere */
};

/* The masks of a block from where its bytes are. */
static inline struct simd_masks csv_block(const struct csv_bytes *b, struct simd_csv_state *state)
{
    uint64_t inside = b->parity ^ state->inside;
    uint64_t tab = b->delimiter & ~inside;
    uint64_t newline = b->newline & ~inside;
    uint64_t starts = (tab | newline) << 1 | state->separator;
    uint64_t mark = b->constant | (starts & (tab | newline | b->start));
    *state = (struct simd_csv_state){
        .separator = (tab | newline) >> 63, .quote = b->quote >> 63, .inside = 0 - (inside >> 63)};
    return (struct simd_masks){tab, newline, mark};
}

/*
 * The cut of a block of n bytes at s.at[at]. Gives back the quotes that open and do not begin their
 * field, and the bytes behind a closing one that belong to the field: a CR is looked at only there.
 */
static inline uint64_t csv_block_cut(const struct csv_bytes *b, struct str s, size_t n, size_t at,
                                     struct simd_csv_state *state, struct simd_csv_cut *found)
{
    uint64_t inside = b->parity ^ state->inside;
    uint64_t newlines = b->newline & ~inside;
    uint64_t separators = newlines | (b->delimiter & ~inside);
    uint64_t may_open = separators << 1 | state->separator | b->quote << 1 | state->quote;
    uint64_t closed = (b->quote & ~inside) << 1 | (state->quote & ~state->inside);
    uint64_t loose = closed & ~(b->delimiter | b->newline | b->quote) & (UINT64_MAX >> (64 - n));
    for (uint64_t rest = loose; rest; rest &= rest - 1)
        if (s.at[at + (size_t)__builtin_ctzll(rest)] == '\r')
            loose &= ~(rest & -rest);
    size_t end = at + SIMD_BLOCK - (size_t)__builtin_clzll(newlines | 1);
    found->end = newlines ? end : found->end;
    found->newlines += (uint64_t)__builtin_popcountll(b->newline);
    *state = (struct simd_csv_state){.separator = separators >> (n - 1) & 1,
                                     .quote = b->quote >> (n - 1) & 1,
                                     .inside = 0 - (inside >> (n - 1) & 1)};
    return (b->quote & inside & ~may_open) | loose;
}

#endif
