/*
 * scan_copy: COPY text, 64 bytes at a time.
 *
 * simd.h turns each block into masks: tabs, newlines, and bytes worth a look. The loop steps only
 * on newlines and on those; the column a byte stands in is the number of tabs since the record
 * began, a population count. Most fields are never visited: they hold no backslash, are not empty,
 * and cannot hold an envelope's constant.
 */
#include "analyzer/scan_parts.h"
#include "formats/dump/copy.h"

/* Where the loop stands. */
struct copy_loop {
    struct scanner *scanner;
    const struct scan_layout *layout;
    struct tally *tally;
    const unsigned char *rows, *end; /* rows end with a newline */
    const unsigned char *field;      /* begin of the field at the block's begin */
    const unsigned char *done;       /* nothing before it is worth a look any more */
    int64_t tabs; /* of the record, before the block; less than 0 inside the loop over a block */
};

/* The field from `start`, without the CR of a line end. */
static struct str whole_field(const struct copy_loop *c, const unsigned char *start,
                              const unsigned char *from)
{
    struct str rest = str_make(from, (size_t)(c->end - from));
    const unsigned char *stop = from + c->layout->reading.simd->find_either(rest, '\t', '\n');
    return str_make(start, (size_t)(stop - start));
}

static struct str without_cr(struct str field, unsigned char separator)
{
    if (separator == '\n' && field.len > 0 && field.at[field.len - 1] == '\r')
        field.len--;
    return field;
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
    struct str rest = str_make(at, (size_t)(c->end - at));
    if (*at == 'Z')
        return str_starts(rest, STR(FERNET_CONSTANT));
    return rest.len >= 2 * FERNET_CONSTANT_LEN &&
           str_eq_nocase(str_slice(rest, 0, 2 * FERNET_CONSTANT_LEN), STR(FERNET_CONSTANT_HEX));
}

static void visit_tab(struct copy_loop *c, size_t column, const unsigned char *start,
                      const unsigned char *at)
{
    if (at == start) {
        if (column < c->layout->columns)
            c->tally->columns[column].empties++;
    } else if (scan_is_declared(c->layout, column)) {
        count_field(c, column, str_make(start, (size_t)(at - start)));
    }
}

/* A newline; `column` is that of the record's last field. */
static void visit_newline(struct copy_loop *c, size_t column, const unsigned char *start,
                          const unsigned char *at)
{
    tally_record(c->tally, column + 1 == c->layout->columns ? RECORD_EVEN : RECORD_RAGGED);
    if (at < c->done)
        return;
    if (at == start || (at == start + 1 && *start == '\r')) {
        if (column < c->layout->columns)
            c->tally->columns[column].empties++;
    } else if (scan_is_declared(c->layout, column)) {
        count_field(c, column, str_make(start, (size_t)(at - start)));
    }
}

static void visit(struct copy_loop *c, const unsigned char *base, const struct simd_masks *m,
                  unsigned i)
{
    uint64_t below = ((uint64_t)1 << i) - 1;
    uint64_t before = (m->tab | m->newline) & below;
    const unsigned char *at = base + i;
    const unsigned char *start = before ? base + (64 - __builtin_clzll(before)) : c->field;
    size_t column = (size_t)(c->tabs + __builtin_popcountll(m->tab & below));
    if (*at == '\n') {
        visit_newline(c, column, start, at);
        c->tabs = -(int64_t)__builtin_popcountll(m->tab & below);
    } else if (at < c->done) {
        return;
    } else if (*at == '\t') {
        visit_tab(c, column, start, at);
    } else if (*at == '\\') {
        visit_backslash(c, column, start, at);
    } else if (is_constant(c, at)) {
        count_field(c, column, whole_field(c, start, at));
    }
}

static void copy_loop(struct copy_loop *c)
{
    uint64_t every_tab = c->layout->any_declared ? UINT64_MAX : 0;
    uint64_t carry = 1;
    struct simd_masks *masks = c->scanner->masks;
    for (const unsigned char *base = c->rows; base < c->end;) {
        size_t blocks = ((size_t)(c->end - base) + SIMD_BLOCK - 1) / SIMD_BLOCK;
        if (blocks > SCAN_CHUNK_BLOCKS)
            blocks = SCAN_CHUNK_BLOCKS;
        c->layout->reading.simd->copy_masks(base, c->end, blocks, &carry, masks);
        for (size_t b = 0; b < blocks; b++, base += SIMD_BLOCK) {
            const struct simd_masks *m = &masks[b];
            uint64_t worth = m->newline | m->mark | (m->tab & every_tab);
            for (; worth; worth &= worth - 1)
                visit(c, base, m, (unsigned)__builtin_ctzll(worth));
            c->tabs += __builtin_popcountll(m->tab);
            uint64_t separators = m->tab | m->newline;
            if (separators)
                c->field = base + (64 - __builtin_clzll(separators));
        }
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
                              .field = rows.at,
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
