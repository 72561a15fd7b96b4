/*
 * scan_loop: from masks of 64 bytes to visits, for both formats. Private to scan_copy.c,
 * scan_csv.c.
 *
 * The loop steps only on newlines, to check the number of fields, and on the bytes that a mask
 * calls worth a look; the column a byte stands in is the number of separators since the record
 * began, a population count. In a table with a declared column every field is visited at its end.
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
    bool skips_blank; /* a blank line is no record */
    uint64_t inside;  /* CSV: all ones when the chunk ends in quotes */
};

/* Looks at the byte at `at`, in a column, in a field that begins at `start`. */
typedef void scan_visit(struct scan_loop *l, size_t column, const unsigned char *start,
                        const unsigned char *at);

static inline struct scan_loop scan_loop_make(struct scanner *s, const struct scan_layout *layout,
                                              struct str rows, struct tally *t)
{
    return (struct scan_loop){.scanner = s,
                              .layout = layout,
                              .tally = t,
                              .rows = rows.at,
                              .end = rows.at + rows.len,
                              .done = rows.at,
                              .start.field = rows.at};
}

/* How many blocks the next chunk has; 0 at the end. */
static inline size_t next_chunk(struct scan_loop *l, const unsigned char *from)
{
    size_t left = (size_t)(l->end - from);
    size_t blocks = (left + SIMD_BLOCK - 1) / SIMD_BLOCK;
    l->chunk = from;
    l->blocks = blocks < SCAN_CHUNK_BLOCKS ? blocks : SCAN_CHUNK_BLOCKS;
    return l->blocks;
}

/* Behind the chunk; never behind the rows. */
static inline const unsigned char *chunk_end(const struct scan_loop *l)
{
    size_t left = (size_t)(l->end - l->chunk);
    return left < l->blocks * SIMD_BLOCK ? l->end : l->chunk + l->blocks * SIMD_BLOCK;
}

/* The first separator at or behind `from` that the chunk holds; NULL: none. */
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
    return NULL;
}

static inline struct str without_cr(struct str field, unsigned char separator)
{
    if (separator == '\n' && field.len > 0 && field.at[field.len - 1] == '\r')
        field.len--;
    return field;
}

/* Does a constant begin at the byte, a 'Z' or a '5'? */
static inline bool is_constant(const struct scan_loop *l, const unsigned char *at)
{
    size_t left = (size_t)(l->end - at);
    if (*at == 'Z')
        return left >= FERNET_CONSTANT_LEN && memcmp(at, FERNET_CONSTANT, FERNET_CONSTANT_LEN) == 0;
    return left >= FERNET_CONSTANT_MOST &&
           str_eq_nocase(str_make(at, FERNET_CONSTANT_MOST), STR(FERNET_CONSTANT_HEX));
}

/* The bits behind the highest one of a mask that is not 0. */
SIMD_INLINE uint64_t behind_last(uint64_t mask)
{
    return ~(UINT64_MAX >> __builtin_clzll(mask));
}

/* Byte i of a block: works out its column and the begin of its field. */
SIMD_INLINE void visit_byte(struct scan_loop *l, const struct block_start *before,
                            const unsigned char *base, const struct simd_masks *m, unsigned i,
                            scan_visit *visit)
{
    const unsigned char *at = base + i;
    if (at < l->done)
        return;
    uint64_t below = ((uint64_t)1 << i) - 1;
    uint64_t newlines = m->newline & below;
    uint64_t tabs = m->tab & below;
    uint64_t separators = newlines | tabs;
    const unsigned char *start =
        separators ? base + (SIMD_BLOCK - __builtin_clzll(separators)) : before->field;
    uint64_t column = newlines ? (uint64_t)__builtin_popcountll(tabs & behind_last(newlines))
                               : before->separators + (uint64_t)__builtin_popcountll(tabs);
    visit(l, (size_t)column, start, at);
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

/*
 * Checks the number of fields of every record that ends in the block, and counts the records. Gives
 * back the newlines behind a CR: the field before them may be empty.
 */
SIMD_INLINE uint64_t end_records(struct scan_loop *l, const struct block_start *before,
                                 const unsigned char *base, const struct simd_masks *m)
{
    uint64_t behind_cr = 0;
    uint64_t wrong = 0;
    uint64_t wanted = l->layout->columns - 1;
    uint64_t seen = before->separators;
    uint64_t tabs = m->tab;
    for (uint64_t rest = m->newline; rest; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctzll(rest);
        uint64_t below = (rest & -rest) - 1;
        wrong |= (seen + (uint64_t)__builtin_popcountll(tabs & below)) ^ wanted;
        if (base + i > l->rows && base[(ptrdiff_t)i - 1] == '\r')
            behind_cr |= rest & -rest;
        tabs &= ~below;
        seen = 0;
    }
    uint64_t records = (uint64_t)__builtin_popcountll(m->newline);
    if (__builtin_expect(wrong != 0, 0))
        records -= judge_records(l, before, base, m);
    l->tally->records += records;
    return behind_cr;
}

SIMD_INLINE void scan_blocks(struct scan_loop *l, scan_visit *visit)
{
    uint64_t every = l->layout->any_declared ? UINT64_MAX : 0;
    const unsigned char *base = l->chunk;
    const struct simd_masks *m = l->scanner->masks;
    struct block_start before = l->start;
    for (size_t b = 0; b < l->blocks; b++, m++, base += SIMD_BLOCK) {
        uint64_t separators = m->tab | m->newline;
        uint64_t worth = m->mark | (separators & every);
        if (m->newline)
            worth |= end_records(l, &before, base, m);
        for (; worth; worth &= worth - 1)
            visit_byte(l, &before, base, m, (unsigned)__builtin_ctzll(worth), visit);
        if (separators)
            before.field = base + (SIMD_BLOCK - __builtin_clzll(separators));
        if (m->newline)
            before.separators = (uint64_t)__builtin_popcountll(m->tab & behind_last(m->newline));
        else
            before.separators += (uint64_t)__builtin_popcountll(m->tab);
    }
    l->start = before;
}

#endif
