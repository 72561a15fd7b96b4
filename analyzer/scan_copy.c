/*
 * scan_copy: COPY text, 64 bytes at a time.
 *
 * simd.h turns each block into masks: tabs, newlines, and bytes worth a look. The loop steps only
 * on newlines, to check the number of fields, and on those bytes; the column a byte stands in is
 * the number of tabs since the record began, a population count. Most fields are never visited:
 * they hold no backslash, are not empty, and cannot hold an envelope's constant. In a table with a
 * declared column every field is visited at its end.
 */
#include "analyzer/scan_parts.h"
#include "formats/dump/copy.h"

/* What a block must know of those before it. */
struct block_start {
    const unsigned char *field; /* begin of the field that the block begins in */
    uint64_t tabs;              /* of the record, before the block */
};

/* Where the loop stands. */
struct copy_loop {
    struct scanner *scanner;
    const struct scan_layout *layout;
    struct tally *tally;
    const unsigned char *rows, *end; /* rows end with a newline */
    const unsigned char *done;       /* nothing before it is worth a look any more */
    struct block_start start;        /* of the chunk */
    /* the blocks that are masked */
    const unsigned char *chunk;
    size_t blocks;
};

static struct str without_cr(struct str field, unsigned char separator)
{
    if (separator == '\n' && field.len > 0 && field.at[field.len - 1] == '\r')
        field.len--;
    return field;
}

/* The field from `start` that goes on at `from`, up to its separator. */
SIMD_INLINE struct str whole_field(const struct copy_loop *c, const unsigned char *start,
                                   const unsigned char *from)
{
    size_t at = (size_t)(from - c->chunk);
    uint64_t ahead = UINT64_MAX << at % SIMD_BLOCK;
    for (size_t b = at / SIMD_BLOCK; b < c->blocks; b++, ahead = UINT64_MAX) {
        const struct simd_masks *m = &c->scanner->masks[b];
        uint64_t separators = (m->tab | m->newline) & ahead;
        if (separators) {
            at = b * SIMD_BLOCK + (size_t)__builtin_ctzll(separators);
            return str_make(start, (size_t)(c->chunk + at - start));
        }
    }
    from = c->chunk + c->blocks * SIMD_BLOCK;
    struct str rest = str_make(from, (size_t)(c->end - from));
    from += c->layout->reading.simd->find_either(rest, '\t', '\n');
    return str_make(start, (size_t)(from - start));
}

/* Counts a field in which something stood out, or that is in a declared column. */
static void count_field(struct copy_loop *c, size_t column, struct str field)
{
    struct fernet_value value;
    const struct reading *r = &c->layout->reading;
    c->done = field.at + field.len + 1;
    field = without_cr(field, field.at[field.len]);
    if (column < c->layout->columns && fernet_value(r, field, &value))
        tally_value(c->tally, column, &value);
    else
        field_copy_whole(&c->scanner->field, c->tally, column, field);
}

/*
 * A field of a declared column that was passed over so far: it holds no constant. Short and without
 * ':' or backslash it is plaintext, which is what tally_report takes for whatever is not counted.
 */
static void count_declared(struct copy_loop *c, size_t column, struct str field)
{
    bool plain = field.len < FERNET_OUTER_LEAST && !memchr(field.at, ':', field.len) &&
                 !memchr(field.at, '\\', field.len);
    if (plain)
        c->done = field.at + field.len + 1;
    else
        count_field(c, column, field);
}

static bool is_separator(unsigned char c)
{
    return c == '\t' || c == '\n';
}

static bool ends_field(const unsigned char *at)
{
    return is_separator(at[0]) || (at[0] == '\r' && at[1] == '\n');
}

/* `at` ends a field: where the next begins. */
static const unsigned char *past_field(const unsigned char *at)
{
    return at + (at[0] == '\r' ? 2 : 1);
}

/*
 * A backslash. \N alone is NULL. The usual escapes stand for control characters or a backslash and
 * so for no byte of a constant: the field is only looked at if something else in it stands out. Any
 * other escape could hide one.
 */
static void visit_backslash(struct copy_loop *c, size_t column, const unsigned char *start,
                            const unsigned char *at)
{
    struct column_tally *counts = column < c->layout->columns ? &c->tally->columns[column] : NULL;
    switch (at[1]) {
    case 'N':
        if (at == start && ends_field(at + 2)) {
            if (counts)
                counts->nulls++;
            c->done = past_field(at + 2);
            return;
        }
        break;
    case '\\': /* bytea: \\x and digits; none at all is an empty value */
        if (at == start && at[2] == 'x' && ends_field(at + 3)) {
            if (counts)
                counts->empties++;
            c->done = past_field(at + 3);
            return;
        }
        c->done = at + 2;
        return;
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
        c->done = at + 2;
        return;
    default:
        break;
    }
    count_field(c, column, whole_field(c, start, at));
}

static bool is_constant(const struct copy_loop *c, const unsigned char *at)
{
    size_t left = (size_t)(c->end - at);
    if (*at == 'Z')
        return left >= FERNET_CONSTANT_LEN && memcmp(at, FERNET_CONSTANT, FERNET_CONSTANT_LEN) == 0;
    return left >= 2 * FERNET_CONSTANT_LEN &&
           str_eq_nocase(str_make(at, 2 * FERNET_CONSTANT_LEN), STR(FERNET_CONSTANT_HEX));
}

/* A tab or newline behind an empty field, or behind any in a table with declared columns. */
static void visit_separator(struct copy_loop *c, size_t column, const unsigned char *start,
                            const unsigned char *at)
{
    struct str field = without_cr(str_make(start, (size_t)(at - start)), *at);
    if (field.len > 0) {
        if (scan_is_declared(c->layout, column))
            count_declared(c, column, str_make(start, (size_t)(at - start)));
    } else if (column < c->layout->columns) {
        c->tally->columns[column].empties++;
    }
}

/* The bits behind the highest one of a mask that is not 0. */
SIMD_INLINE uint64_t behind_last(uint64_t mask)
{
    return ~(UINT64_MAX >> __builtin_clzll(mask));
}

/* Byte i of a block: works out its column and the begin of its field. */
SIMD_INLINE void visit(struct copy_loop *c, const struct block_start *before,
                       const unsigned char *base, const struct simd_masks *m, unsigned i)
{
    const unsigned char *at = base + i;
    if (at < c->done)
        return;
    uint64_t below = ((uint64_t)1 << i) - 1;
    uint64_t newlines = m->newline & below;
    uint64_t tabs = m->tab & below;
    uint64_t separators = newlines | tabs;
    const unsigned char *start =
        separators ? base + (SIMD_BLOCK - __builtin_clzll(separators)) : before->field;
    uint64_t column = newlines ? (uint64_t)__builtin_popcountll(tabs & behind_last(newlines))
                               : before->tabs + (uint64_t)__builtin_popcountll(tabs);
    switch (*at) {
    case '\t':
    case '\n':
        visit_separator(c, (size_t)column, start, at);
        break;
    case '\\':
        visit_backslash(c, (size_t)column, start, at);
        break;
    default:
        if (is_constant(c, at))
            count_field(c, (size_t)column, whole_field(c, start, at));
        break;
    }
}

/* Records of the block that have another number of fields than the table. */
static void note_ragged(struct copy_loop *c, const struct block_start *before,
                        const struct simd_masks *m)
{
    uint64_t index = c->tally->records;
    uint64_t seen = before->tabs;
    uint64_t tabs = m->tab;
    for (uint64_t rest = m->newline; rest; rest &= rest - 1, index++) {
        uint64_t below = (rest & -rest) - 1;
        seen += (uint64_t)__builtin_popcountll(tabs & below);
        if (seen + 1 != c->layout->columns)
            tally_ragged(c->tally, index);
        seen = 0;
        tabs &= ~below;
    }
}

/*
 * Checks the number of fields of every record that ends in the block, and counts the records. Gives
 * back the newlines behind a CR: the field before them may be empty.
 */
SIMD_INLINE uint64_t end_records(struct copy_loop *c, const struct block_start *before,
                                 const unsigned char *base, const struct simd_masks *m)
{
    uint64_t behind_cr = 0;
    uint64_t wrong = 0;
    uint64_t wanted = c->layout->columns - 1;
    uint64_t seen = before->tabs;
    uint64_t tabs = m->tab;
    for (uint64_t rest = m->newline; rest; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctzll(rest);
        uint64_t below = (rest & -rest) - 1;
        wrong |= (seen + (uint64_t)__builtin_popcountll(tabs & below)) ^ wanted;
        if (base + i > c->rows && base[(ptrdiff_t)i - 1] == '\r')
            behind_cr |= rest & -rest;
        tabs &= ~below;
        seen = 0;
    }
    if (__builtin_expect(wrong != 0, 0))
        note_ragged(c, before, m);
    c->tally->records += (uint64_t)__builtin_popcountll(m->newline);
    return behind_cr;
}

SIMD_INLINE void scan_blocks(struct copy_loop *c)
{
    uint64_t every = c->layout->any_declared ? UINT64_MAX : 0;
    const unsigned char *base = c->chunk;
    const struct simd_masks *m = c->scanner->masks;
    struct block_start before = c->start;
    for (size_t b = 0; b < c->blocks; b++, m++, base += SIMD_BLOCK) {
        uint64_t separators = m->tab | m->newline;
        uint64_t worth = m->mark | (separators & every);
        if (m->newline)
            worth |= end_records(c, &before, base, m);
        for (; worth; worth &= worth - 1)
            visit(c, &before, base, m, (unsigned)__builtin_ctzll(worth));
        if (separators)
            before.field = base + (SIMD_BLOCK - __builtin_clzll(separators));
        if (m->newline)
            before.tabs = (uint64_t)__builtin_popcountll(m->tab & behind_last(m->newline));
        else
            before.tabs += (uint64_t)__builtin_popcountll(m->tab);
    }
    c->start = before;
}

static void scan_blocks_plain(struct copy_loop *c)
{
    scan_blocks(c);
}

SIMD_FAST_BITS static void scan_blocks_fast(struct copy_loop *c)
{
    scan_blocks(c);
}

static void copy_loop(struct copy_loop *c)
{
    const struct simd_ops *simd = c->layout->reading.simd;
    bool fast = simd != &simd_scalar;
    uint64_t carry = 1;
    for (c->chunk = c->rows; c->chunk < c->end; c->chunk += c->blocks * SIMD_BLOCK) {
        size_t left = (size_t)(c->end - c->chunk);
        c->blocks = (left + SIMD_BLOCK - 1) / SIMD_BLOCK;
        if (c->blocks > SCAN_CHUNK_BLOCKS)
            c->blocks = SCAN_CHUNK_BLOCKS;
        simd->copy_masks(c->chunk, c->end, c->blocks, &carry, c->scanner->masks);
        if (fast)
            scan_blocks_fast(c);
        else
            scan_blocks_plain(c);
        if (left <= c->blocks * SIMD_BLOCK)
            break;
    }
}

void copy_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                struct tally *t)
{
    size_t whole = rows.len;
    while (whole > 0 && rows.at[whole - 1] != '\n')
        whole--;
    if (layout->columns == 0)
        whole = 0;
    if (whole > 0) {
        struct copy_loop c = {.scanner = s,
                              .layout = layout,
                              .tally = t,
                              .rows = rows.at,
                              .end = rows.at + whole,
                              .start.field = rows.at,
                              .done = rows.at};
        copy_loop(&c);
    }
    if (whole == rows.len)
        return;
    struct scan_piece *p = scan_piece_open(s, layout, t);
    scan_piece_feed(p, str_slice(rows, whole, rows.len));
    scan_piece_close(p);
}

static void piece_field_end(struct scan_piece *p)
{
    field_copy_close(p->field, p->tally, (size_t)p->column);
    field_open(p->field, p->layout);
    p->column++;
}

/* The record ends; an empty line of a table without columns is a record without fields. */
static void piece_record_end(struct scan_piece *p)
{
    bool empty = p->column == 0 && p->field->raw_len == 0;
    p->cr = false;
    if (p->layout->columns > 0 || !empty)
        piece_field_end(p);
    piece_record(p);
    p->column = 0;
    p->inside = false;
}

/* Bytes of one field; a CR at their end is held back until it is known what follows. */
static void piece_field_bytes(struct scan_piece *p, struct str bytes)
{
    if (bytes.len == 0)
        return;
    if (p->cr)
        field_copy_bytes(p->field, STR("\r"));
    p->cr = bytes.at[bytes.len - 1] == '\r';
    if (p->cr)
        bytes.len--;
    field_copy_bytes(p->field, bytes);
    p->inside = true;
}

void copy_piece_feed(struct scan_piece *p, struct str bytes)
{
    const struct simd_ops *simd = p->layout->reading.simd;
    while (bytes.len > 0) {
        size_t stop = simd->find_either(bytes, '\t', '\n');
        piece_field_bytes(p, str_slice(bytes, 0, stop));
        if (stop == bytes.len)
            return;
        if (bytes.at[stop] == '\n') {
            piece_record_end(p);
        } else {
            if (p->cr)
                field_copy_bytes(p->field, STR("\r"));
            p->cr = false;
            piece_field_end(p);
            p->inside = true;
        }
        bytes = str_slice(bytes, stop + 1, bytes.len);
    }
}

void copy_piece_close(struct scan_piece *p)
{
    if (p->inside)
        piece_record_end(p);
}
