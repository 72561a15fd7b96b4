/*
 * scan_csv_piece: CSV by the rules of csv.h, one byte at a time.
 *
 * Whole fields are counted without it where they can be (scan_csv_fields.c), and runs of bytes that
 * change nothing are taken at once; given one byte at a time it is the plain state machine that
 * the tests hold against the rest.
 */
#include "analyzer/scan_parts.h"

static void csv_field_end(struct scan_piece *p)
{
    bool null = !p->quoted && p->null_seen == p->layout->dialect->null_text.len;
    field_close(p->field, p->tally, (size_t)p->column, null ? FIELD_NULL : FIELD_VALUE);
    field_open(p->field, p->layout);
    p->column++;
    p->quoted = false;
    p->null_seen = 0;
    p->state = CSV_AT_FIELD;
}

/* A raw byte of an unquoted field against the NULL text. */
static void csv_null_byte(struct scan_piece *p, unsigned char c)
{
    struct str null = p->layout->dialect->null_text;
    if (p->null_seen < null.len && null.at[p->null_seen] == c)
        p->null_seen++;
    else
        p->null_seen = SIZE_MAX;
}

static void csv_plain_byte(struct scan_piece *p, unsigned char c)
{
    csv_null_byte(p, c);
    field_byte(p->field, c);
    p->state = CSV_PLAIN;
}

/* A CR that was held back turns out to be data. */
static void csv_release_cr(struct scan_piece *p)
{
    if (p->cr)
        csv_plain_byte(p, '\r');
    p->cr = false;
}

/* A blank line is a record only where there is one column. */
static void csv_record_end(struct scan_piece *p)
{
    bool record = p->inside || p->layout->columns == 1;
    p->cr = false;
    if (record) {
        csv_field_end(p);
        piece_record(p);
    } else {
        field_open(p->field, p->layout);
        p->null_seen = 0;
    }
    p->column = 0;
    p->inside = false;
    p->state = CSV_AT_RECORD;
}

/* Outside quotes. */
static void csv_outside(struct scan_piece *p, unsigned char c)
{
    const struct csv_dialect *d = p->layout->dialect;
    if (c == (d->newline == CSV_NEWLINE_CR ? '\r' : '\n')) {
        csv_record_end(p);
        return;
    }
    csv_release_cr(p);
    if (c == '\r') {
        p->cr = true;
        return;
    }
    if (c == '\n' && p->state == CSV_AT_RECORD)
        return; /* CR files: it belongs to the line before */
    p->inside = true;
    bool begins = p->state == CSV_AT_RECORD || p->state == CSV_AT_FIELD;
    if (c == d->delimiter) {
        csv_field_end(p);
    } else if (d->quote && c == d->quote && begins) {
        p->quoted = true;
        p->state = CSV_IN_QUOTES;
    } else if (!d->quote && d->escape && c == d->escape) {
        csv_null_byte(p, c);
        p->state = CSV_PLAIN_ESCAPE;
    } else {
        csv_plain_byte(p, c);
    }
}

static void csv_in_quotes(struct scan_piece *p, unsigned char c)
{
    const struct csv_dialect *d = p->layout->dialect;
    if (c == d->quote)
        p->state = d->escape == d->quote ? CSV_QUOTE_SEEN : CSV_PLAIN;
    else if (d->escape && c == d->escape)
        p->state = CSV_IN_ESCAPE;
    else
        field_byte(p->field, c);
}

void csv_piece_byte(struct scan_piece *p, unsigned char c)
{
    const struct csv_dialect *d = p->layout->dialect;
    switch (p->state) {
    case CSV_IN_QUOTES:
        csv_in_quotes(p, c);
        return;
    case CSV_QUOTE_SEEN:
        if (c == d->quote) {
            field_byte(p->field, c);
            p->state = CSV_IN_QUOTES;
            return;
        }
        p->state = CSV_PLAIN;
        break;
    case CSV_IN_ESCAPE:
        if (c != d->quote && c != d->escape)
            field_byte(p->field, d->escape);
        field_byte(p->field, c);
        p->state = CSV_IN_QUOTES;
        return;
    case CSV_PLAIN_ESCAPE:
        csv_plain_byte(p, c);
        return;
    case CSV_AT_RECORD:
    case CSV_AT_FIELD:
    case CSV_PLAIN:
        break;
    }
    csv_outside(p, c);
}

enum { RUN_LOOK = 256 }; /* bytes: what is looked at for a run of one must not be the whole field */

/* How many bytes at the start of `bytes` are text of the field and change no state. */
static size_t csv_run(const struct scan_piece *p, struct str bytes)
{
    const struct csv_dialect *d = p->layout->dialect;
    const struct simd_ops *simd = p->layout->reading.simd;
    if (p->state == CSV_IN_QUOTES)
        return simd->find_either(bytes, d->quote, d->escape ? d->escape : d->quote);
    if (p->state != CSV_PLAIN || p->cr)
        return 0;
    unsigned char end = d->newline == CSV_NEWLINE_CR ? '\r' : '\n';
    bytes = str_slice(bytes, 0, RUN_LOOK);
    size_t n = simd->find_either(bytes, d->delimiter, end);
    if (!d->quote && d->escape)
        n = str_find(str_slice(bytes, 0, n), d->escape);
    return str_find(str_slice(bytes, 0, n), '\r'); /* that may belong to a line end */
}

static void csv_take_run(struct scan_piece *p, struct str run)
{
    for (size_t i = 0; p->state == CSV_PLAIN && i < run.len && p->null_seen != SIZE_MAX; i++)
        csv_null_byte(p, run.at[i]);
    field_run(p->field, run);
}

/* Before the first byte of a field, with nothing held back. */
static bool at_field_start(const struct scan_piece *p)
{
    return (p->state == CSV_AT_RECORD || p->state == CSV_AT_FIELD) && !p->cr;
}

void csv_piece_feed(struct scan_piece *p, struct str bytes)
{
    size_t at = 0;
    p->constant = NULL;
    while (at < bytes.len) {
        if (at_field_start(p))
            at = csv_piece_fields(p, bytes, at);
        if (at == bytes.len)
            return;
        do {
            struct str rest = str_slice(bytes, at, bytes.len);
            size_t n = csv_run(p, rest);
            if (n > 0)
                csv_take_run(p, str_slice(rest, 0, n));
            else
                csv_piece_byte(p, rest.at[0]);
            at += n > 0 ? n : 1;
        } while (at < bytes.len && !at_field_start(p));
    }
}

void csv_piece_close(struct scan_piece *p)
{
    const struct csv_dialect *d = p->layout->dialect;
    if (p->state == CSV_PLAIN_ESCAPE)
        field_byte(p->field, d->escape);
    if (d->newline == CSV_NEWLINE_LF)
        csv_release_cr(p);
    if (p->inside)
        csv_record_end(p);
}

void csv_field_whole(struct scanner *s, struct tally *t, size_t column, struct str raw)
{
    struct scan_piece *p = scan_piece_open(s, t->layout, t);
    p->column = column;
    p->state = CSV_AT_FIELD;
    csv_piece_feed(p, raw);
    csv_release_cr(p);
    csv_field_end(p);
}
