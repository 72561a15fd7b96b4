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

/* Of four bytes, in any case of their letters. */
static inline unsigned simd_text_hash(const unsigned char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return (unsigned)((word | 0x20202020u) * 0x9e3779b1u >> (32 - 13));
}

/* Those of the hits from `at` on, of which all SIMD_NEEDLE bytes are there, that may be texts. */
static inline uint64_t simd_needle_filter(const struct simd_needles *n, const unsigned char *at,
                                          uint64_t hits)
{
    for (uint64_t rest = hits; rest; rest &= rest - 1) {
        unsigned hash = simd_text_hash(at + __builtin_ctzll(rest));
        if (!(n->texts[hash / 64] >> hash % 64 & 1))
            hits &= ~(rest & -rest);
    }
    return hits;
}

/* May one begin at `at`? What is not there counts as zero. */
static inline bool simd_needle_at(const struct simd_needles *n, const unsigned char *at,
                                  size_t left)
{
    unsigned groups = n->byte[0][at[0]];
    for (size_t k = 1; k < SIMD_NEEDLE && groups; k++)
        groups &= k < left ? n->byte[k][at[k]] : 0;
    return groups && simd_needle_filter(n, at, 1);
}

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
    uint64_t needle; /* worth one anywhere */
};

/* The masks of a block from where its bytes are. */
static inline struct simd_masks csv_block(const struct csv_bytes *b, struct simd_csv_state *state)
{
    uint64_t inside = b->parity ^ state->inside;
    uint64_t tab = b->delimiter & ~inside;
    uint64_t newline = b->newline & ~inside;
    uint64_t starts = (tab | newline) << 1 | state->separator;
    uint64_t mark = b->needle | (starts & (tab | newline | b->start));
    *state = (struct simd_csv_state){
        .separator = (tab | newline) >> 63, .quote = b->quote >> 63, .inside = 0 - (inside >> 63)};
    return (struct simd_masks){tab, newline, mark};
}

/* A cut on its way: what it found, and what is known of the byte before the next block. */
struct csv_cutting {
    uint64_t told;   /* 1: it was a separator, a quote, or nothing: a quote may open behind it */
    uint64_t closed; /* 1: it was a quote that closed */
    uint64_t inside; /* all ones: it is in quotes */
    uint64_t quote;  /* 1: it was a quote */
    uint64_t newlines;
    uint64_t ends; /* the newlines outside quotes of the last block that had any, */
    size_t at;     /* and where that begins */
};

static inline struct csv_cutting csv_cut_begin(const struct simd_csv_state *state)
{
    return (struct csv_cutting){.told = state->separator | state->quote,
                                .closed = state->quote & ~state->inside,
                                .inside = state->inside,
                                .quote = state->quote};
}

/*
 * The cut of a block of n bytes at s.at[at]. Gives back the quotes that open and do not begin their
 * field, and the bytes behind a closing one that belong to the field: a CR is looked at only there.
 * A quote that opens stands behind a byte outside quotes, so that no separator is asked where it
 * is.
 */
static inline uint64_t csv_block_cut(const struct csv_bytes *b, struct str s, size_t n, size_t at,
                                     struct csv_cutting *c)
{
    uint64_t inside = b->parity ^ c->inside;
    uint64_t told = b->delimiter | b->newline | b->quote;
    uint64_t closing = b->quote & ~inside;
    uint64_t odd = b->quote & inside & ~(told << 1 | c->told);
    uint64_t loose = (closing << 1 | c->closed) & ~told & (UINT64_MAX >> (64 - n));
    uint64_t ends = b->newline & ~inside;
    for (uint64_t rest = loose; rest; rest &= rest - 1)
        if (s.at[at + (size_t)__builtin_ctzll(rest)] == '\r')
            loose &= ~(rest & -rest);
    c->newlines += (uint64_t)__builtin_popcountll(b->newline);
    c->at = ends ? at : c->at;
    c->ends = ends ? ends : c->ends;
    c->told = told >> (n - 1) & 1;
    c->closed = closing >> (n - 1) & 1;
    c->quote = b->quote >> (n - 1) & 1;
    c->inside = 0 - (inside >> (n - 1) & 1);
    return odd | loose;
}

static inline void csv_cut_end(const struct csv_cutting *c, struct simd_csv_state *state,
                               struct simd_csv_cut *found)
{
    *state = (struct simd_csv_state){
        .separator = c->told & ~c->quote & ~c->inside, .quote = c->quote, .inside = c->inside};
    found->newlines += c->newlines;
    if (c->ends)
        found->end = c->at + SIMD_BLOCK - (size_t)__builtin_clzll(c->ends);
}

/* Index of the first `\.` that begins a line, none before s.at[from]: the plain way. */
static inline size_t simd_end_line_rest(struct str s, size_t from, uint64_t *newlines)
{
    size_t i = from;
    for (; i + 1 < s.len; i++) {
        if (s.at[i] == '\\' && s.at[i + 1] == '.' && (i == 0 || s.at[i - 1] == '\n'))
            return i;
        *newlines += s.at[i] == '\n';
    }
    if (i < s.len)
        *newlines += s.at[i] == '\n';
    return s.len;
}

#endif
