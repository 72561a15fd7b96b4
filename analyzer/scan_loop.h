/*
 * scan_loop: from masks of 64 bytes to visits, for both formats. Private to scan_copy.c,
 * scan_csv.c.
 *
 * The loop steps only on the bytes that a mask calls worth a look; the column such a byte stands in
 * is the number of separators since the record began, a population count. In a table with a
 * declared column every field is visited at its end.
 *
 * Each format instantiates it with its own visit, once plainly and once with SIMD_FAST_BITS.
 * struct simd_masks .tab is the separator of fields, whatever byte that is.
 */
#ifndef ANALYZER_SCAN_LOOP_H
#define ANALYZER_SCAN_LOOP_H

#include "analyzer/scan_parts.h"

/* What a block must know of those before it. */
struct block_start {
    const unsigned char *field; /* begin of the field that the block begins in */
    uint64_t separators;        /* of fields in the record, before the block */
};

/* Where the loop stands. */
struct scan_loop {
    struct scanner *scanner;
    const struct scan_layout *layout;
    struct tally *tally;
    const unsigned char *rows, *end; /* rows end with a newline that ends a record */
    const unsigned char *done;       /* nothing before it is worth a look any more */
    struct block_start start;        /* of the chunk */
    const unsigned char *chunk;      /* the blocks that are masked */
    size_t blocks;
    uint64_t every_columns; /* bits 0, columns, 2 x columns ... */
    bool skips_blank;       /* a blank line is no record */
    uint64_t inside;        /* CSV: all ones when the chunk ends in quotes */
};

/* Looks at the byte at `at`, in a column, in a field that begins at `start`. */
typedef void scan_visit(struct scan_loop *l, size_t column, const unsigned char *start,
                        const unsigned char *at);

/* `layout` has columns. */
static inline struct scan_loop scan_loop_make(struct scanner *s, const struct scan_layout *layout,
                                              struct str rows, struct tally *t)
{
    struct scan_loop l = {.scanner = s,
                          .layout = layout,
                          .tally = t,
                          .rows = rows.at,
                          .end = rows.at + rows.len,
                          .done = rows.at,
                          .start.field = rows.at};
    for (size_t bit = 0; bit < 64; bit += layout->columns)
        l.every_columns |= (uint64_t)1 << bit;
    return l;
}

/* How far ahead bytes are fetched, and how many: a value is some of this long, and read at once. */
enum { FETCH_FROM = 512, FETCH_BYTES = 320, FETCH_LINE = 64 };

/* Begins a chunk; gives back how many blocks it may have. */
static inline size_t begin_chunk(struct scan_loop *l, const unsigned char *from)
{
    size_t left = (size_t)(l->end - from);
    size_t blocks = (left + SIMD_BLOCK - 1) / SIMD_BLOCK;
    l->chunk = from;
    for (size_t at = FETCH_FROM; at < FETCH_FROM + FETCH_BYTES && at < left; at += FETCH_LINE)
        __builtin_prefetch(from + at);
    return blocks < SCAN_CHUNK_BLOCKS ? blocks : SCAN_CHUNK_BLOCKS;
}

/* Behind the chunk; never behind the rows. */
static inline const unsigned char *chunk_end(const struct scan_loop *l)
{
    size_t left = (size_t)(l->end - l->chunk);
    return left < l->blocks * SIMD_BLOCK ? l->end : l->chunk + l->blocks * SIMD_BLOCK;
}

/* The first separator at or behind `from` that the chunk holds; the end of the rows: none. */
static inline const unsigned char *separator_in_chunk(const struct scan_loop *l,
                                                      const unsigned char *from)
{
    size_t at = (size_t)(from - l->chunk);
    uint64_t ahead = UINT64_MAX << at % SIMD_BLOCK;
    for (size_t b = at / SIMD_BLOCK; b < l->blocks; b++, ahead = UINT64_MAX) {
        const struct simd_masks *m = &l->scanner->masks[b];
        uint64_t separators = (m->tab | m->newline) & ahead;
        if (separators)
            return l->chunk + b * SIMD_BLOCK + (size_t)__builtin_ctzll(separators);
    }
    return l->end;
}

static inline struct str without_cr(struct str field, unsigned char separator)
{
    if (separator == '\n' && field.len > 0 && field.at[field.len - 1] == '\r')
        field.len--;
    return field;
}

/* Does a constant begin at the byte? A mark says no more than that one may. */
static inline bool is_constant(const struct scan_loop *l, const unsigned char *at)
{
    return constants_begin(l->layout->reading.constants, str_make(at, (size_t)(l->end - at)));
}

/* The bits behind the highest one of a mask that is not 0. */
SIMD_INLINE uint64_t behind_last(uint64_t mask)
{
    return ~(UINT64_MAX >> __builtin_clzll(mask));
}

/*
 * Where a byte of a block stands: the begin of its field, and the separators before that in its
 * record. `below` has the bits of the bytes before it.
 */
SIMD_INLINE struct block_start place_behind(const struct block_start *before,
                                            const unsigned char *base, const struct simd_masks *m,
                                            uint64_t below)
{
    uint64_t newlines = m->newline & below;
    uint64_t tabs = m->tab & below;
    uint64_t separators = newlines | tabs;
    struct block_start here = *before;
    if (separators)
        here.field = base + (SIMD_BLOCK - __builtin_clzll(separators));
    if (newlines)
        here.separators = (uint64_t)__builtin_popcountll(tabs & behind_last(newlines));
    else
        here.separators += (uint64_t)__builtin_popcountll(tabs);
    return here;
}

/*
 * The slow look at the records that end in a block: notes those with another number of fields than
 * the table, and gives back how many are no records at all, but blank lines.
 */
static uint64_t judge_records(struct scan_loop *l, const struct block_start *before,
                              const unsigned char *base, const struct simd_masks *m)
{
    const unsigned char *record = before->field; /* begin of it, where `seen` is 0 */
    uint64_t index = l->tally->records;
    uint64_t seen = before->separators;
    uint64_t tabs = m->tab;
    uint64_t blank = 0;
    for (uint64_t rest = m->newline; rest; rest &= rest - 1) {
        const unsigned char *at = base + __builtin_ctzll(rest);
        uint64_t below = (rest & -rest) - 1;
        seen += (uint64_t)__builtin_popcountll(tabs & below);
        bool is_blank =
            l->skips_blank && seen == 0 && csv_is_blank(str_make(record, (size_t)(at - record)));
        if (is_blank)
            blank++;
        else if (seen + 1 != l->layout->columns)
            tally_ragged(l->tally, index);
        index += !is_blank;
        seen = 0;
        tabs &= ~below;
        record = at + 1;
    }
    return blank;
}

/* Does every newline of the block end a record with the table's number of fields? */
typedef bool scan_regular(const struct scan_loop *l, uint64_t seen, const struct simd_masks *m);

SIMD_INLINE bool regular_plain(const struct scan_loop *l, uint64_t seen, const struct simd_masks *m)
{
    uint64_t tabs = m->tab;
    uint64_t wrong = 0;
    for (uint64_t rest = m->newline; rest; rest &= rest - 1) {
        uint64_t below = (rest & -rest) - 1;
        wrong |= (seen + (uint64_t)__builtin_popcountll(tabs & below)) ^ (l->layout->columns - 1);
        tabs &= ~below;
        seen = 0;
    }
    return wrong == 0;
}

/* The same without a step for each: the newlines are every columns-th separator. */
SIMD_FAST_BITS static inline bool regular_fast(const struct scan_loop *l, uint64_t seen,
                                               const struct simd_masks *m)
{
    uint64_t first = l->layout->columns - 1 - seen; /* huge when there were too many */
    uint64_t turns = first < SIMD_BLOCK ? l->every_columns << first : 0;
    return simd_deposit(turns, m->tab | m->newline) == m->newline;
}

/*
 * Visits what is worth it in the chunk. Gives back where to go on: behind the chunk, or where a
 * value ends that was read beyond its block; nobody looks at the blocks between.
 */
SIMD_INLINE const unsigned char *scan_blocks(struct scan_loop *l, scan_visit *visit,
                                             scan_regular *regular)
{
    uint64_t every = l->layout->any_declared ? UINT64_MAX : 0;
    const unsigned char *base = l->chunk;
    const struct simd_masks *m = l->scanner->masks;
    struct block_start before = l->start;
    for (size_t b = 0; b < l->blocks; b++, m++, base += SIMD_BLOCK) {
        uint64_t records = (uint64_t)__builtin_popcountll(m->newline);
        if (__builtin_expect(!regular(l, before.separators, m), 0))
            records -= judge_records(l, &before, base, m);
        l->tally->records += records;
        for (uint64_t worth = m->mark | ((m->tab | m->newline) & every); worth;
             worth &= worth - 1) {
            unsigned i = (unsigned)__builtin_ctzll(worth);
            if (base + i < l->done)
                continue;
            struct block_start here = place_behind(&before, base, m, ((uint64_t)1 << i) - 1);
            visit(l, (size_t)here.separators, here.field, base + i);
            if (l->done > base + SIMD_BLOCK) {
                l->start = here;
                return l->done - 1;
            }
        }
        before = place_behind(&before, base, m, UINT64_MAX);
    }
    l->start = before;
    return chunk_end(l);
}

#endif
