/*
 * scan_copy: COPY text through the loop of scan_loop.h, and in pieces.
 *
 * Most fields are never visited: they hold no backslash, are not empty, and cannot hold an
 * envelope's constant.
 */
#include "analyzer/scan_loop.h"
#include "formats/dump/copy.h"

/* The field from `start` that goes on at `from`, up to its separator. */
static struct str whole_field(const struct scan_loop *l, const unsigned char *start,
                              const unsigned char *from)
{
    const unsigned char *stop = separator_in_chunk(l, from);
    if (stop == l->end) {
        from = chunk_end(l);
        struct str rest = str_make(from, (size_t)(l->end - from));
        stop = from + l->layout->reading.simd->find_either(rest, '\t', '\n');
    }
    return str_make(start, (size_t)(stop - start));
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

/* Counts the field that begins at `start` if it is a whole valid value. */
static bool count_value(struct scan_loop *l, size_t column, const unsigned char *start)
{
    struct fernet_value value;
    struct str rest = str_make(start, (size_t)(l->end - start));
    size_t len = fernet_value(&l->layout->reading, rest, &value);
    if (len == 0 || !ends_field(start + len) || column >= l->layout->columns)
        return false;
    tally_value(l->tally, column, &value);
    l->done = past_field(start + len);
    return true;
}

/* Counts a field in which something stood out, or that is in a declared column. */
static void count_field(struct scan_loop *l, size_t column, struct str field)
{
    l->done = field.at + field.len + 1;
    field_copy_whole(&l->scanner->field, l->tally, column, without_cr(field, field.at[field.len]));
}

/*
 * A field of a declared column that was passed over so far: it holds no constant. Short and without
 * ':' or backslash it is plaintext, which is what tally_report takes for whatever is not counted.
 */
static void count_declared(struct scan_loop *l, size_t column, struct str field)
{
    bool plain = !scan_named(l->layout, column) && field.len < FERNET_OUTER_LEAST &&
                 !memchr(field.at, ':', field.len) && !memchr(field.at, '\\', field.len);
    if (plain)
        l->done = field.at + field.len + 1;
    else
        count_field(l, column, field);
}

/*
 * A backslash. \N alone is NULL. The usual escapes stand for control characters or a backslash and
 * so for no byte of a constant: the field is only looked at if something else in it stands out. Any
 * other escape could hide one.
 */
static void visit_backslash(struct scan_loop *l, size_t column, const unsigned char *start,
                            const unsigned char *at)
{
    struct column_tally *counts = column < l->layout->columns ? &l->tally->columns[column] : NULL;
    switch (at[1]) {
    case 'N':
        if (at == start && ends_field(at + 2)) {
            if (counts)
                counts->nulls++;
            l->done = past_field(at + 2);
            return;
        }
        break;
    case '\\':
        if (at == start && at[2] == 'x' && ends_field(at + 3)) { /* bytea without bytes */
            if (counts)
                counts->empties++;
            l->done = past_field(at + 3);
            return;
        }
        l->done = at + 2;
        return;
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
        l->done = at + 2;
        return;
    default:
        break;
    }
    count_field(l, column, whole_field(l, start, at));
}

/* A tab or newline behind an empty field, or behind any in a table with declared columns. */
static void visit_separator(struct scan_loop *l, size_t column, const unsigned char *start,
                            const unsigned char *at)
{
    struct str field = without_cr(str_make(start, (size_t)(at - start)), *at);
    if (field.len > 0) {
        if (scan_is_declared(l->layout, column))
            count_declared(l, column, str_make(start, (size_t)(at - start)));
    } else if (column < l->layout->columns) {
        l->tally->columns[column].empties++;
    }
}

/* A CR where a field begins: an empty one if the line ends here. */
static void visit_cr(struct scan_loop *l, size_t column, const unsigned char *start,
                     const unsigned char *at)
{
    if (at[1] != '\n')
        return;
    visit_separator(l, column, start, at + 1);
    l->done = at + 2;
}

static void visit_copy(struct scan_loop *l, size_t column, const unsigned char *start,
                       const unsigned char *at)
{
    switch (*at) {
    case '\t':
    case '\n':
        visit_separator(l, column, start, at);
        break;
    case '\r':
        visit_cr(l, column, start, at);
        break;
    case '\\':
        visit_backslash(l, column, start, at);
        break;
    default:
        if (is_constant(l, at) && !count_value(l, column, start))
            count_field(l, column, whole_field(l, start, at));
        break;
    }
}

static const unsigned char *copy_blocks_plain(struct scan_loop *l)
{
    return scan_blocks(l, visit_copy, regular_plain);
}

SIMD_FAST_BITS static const unsigned char *copy_blocks_fast(struct scan_loop *l)
{
    return scan_blocks(l, visit_copy, regular_fast);
}

static void copy_loop(struct scan_loop *l)
{
    const struct simd_ops *simd = l->layout->reading.simd;
    const struct simd_needles *needles = &l->layout->reading.constants->needles;
    uint64_t carry = 1;
    const unsigned char *at = l->rows;
    while (at < l->end) {
        size_t most = begin_chunk(l, at);
        l->blocks = simd->copy_masks(at, l->end, most, needles, &carry, l->scanner->masks);
        at = simd != &simd_scalar ? copy_blocks_fast(l) : copy_blocks_plain(l);
        if (at != chunk_end(l))
            carry = 0; /* in a field, or at the separator that ends one */
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
        struct scan_loop loop = scan_loop_make(s, layout, str_slice(rows, 0, whole), t);
        copy_loop(&loop);
    }
    if (whole < rows.len)
        scan_in_pieces(s, layout, str_slice(rows, whole, rows.len), t);
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
