/*
 * scan_csv_fields: CSV field by field, in any dialect, where the bytes at hand hold whole fields.
 *
 * The way between the loop of scan_csv.c, which needs quotes that can be counted, and the state
 * machine of scan_csv_piece.c, which needs nothing: from a field's start its end is looked for with
 * SIMD, and most fields are counted without looking at them again. Everything that is not plain is
 * left to the state machine: a field that does not end here, bytes behind a closing quote, escapes
 * without quotes.
 */
#include "analyzer/scan_parts.h"
#include "formats/envelope/versioned_fernet.h"

struct view {
    struct scan_piece *piece;
    const struct csv_dialect *dialect;
    const struct simd_ops *simd;
    struct str bytes;
    unsigned char record_end;
};

/* A field with its separator at `stop`. */
struct whole_field {
    size_t stop;
    struct str raw;   /* without the line end's CR */
    struct str value; /* of raw; decoded unless `escaped` */
    bool quoted;
    bool escaped; /* quotes or escapes stand in it */
};

/* ---- constants ---- */

/* Does one begin in the field? Looked for in all that is in view, so that nothing is read twice. */
static bool holds_constant(const struct view *v, struct str field)
{
    const struct constants *c = v->piece->layout->reading.constants;
    const unsigned char *end = v->bytes.at + v->bytes.len;
    const unsigned char *at = v->piece->constant;
    if (!at || at < field.at)
        at = field.at;
    else if (at >= field.at + field.len)
        return false;
    for (; at < end; at++) {
        at += v->simd->find_needle(str_make(at, (size_t)(end - at)), &c->needles);
        if (at == end || constants_begin(c, str_make(at, (size_t)(end - at))))
            break;
    }
    v->piece->constant = at;
    return at < field.at + field.len;
}

/* ---- where a field ends ---- */

/* Behind the closing quote of the field whose opening one is at `at`; 0: it is not in view. */
static size_t closing_quote(const struct view *v, size_t at, bool *escaped)
{
    const struct csv_dialect *d = v->dialect;
    unsigned char other = d->escape ? d->escape : d->quote;
    for (at++;; at += 2, *escaped = true) {
        at += v->simd->find_either(str_slice(v->bytes, at, v->bytes.len), d->quote, other);
        if (at + 1 >= v->bytes.len)
            return 0;
        unsigned char next = v->bytes.at[at + 1];
        if (v->bytes.at[at] == d->quote && (d->escape != d->quote || next != d->quote))
            return at + 1;
        if (next != d->quote && next != d->escape)
            at--; /* an escape byte that escapes nothing */
    }
}

static bool find_field(const struct view *v, size_t at, struct whole_field *f)
{
    const struct csv_dialect *d = v->dialect;
    size_t from = at;
    *f = (struct whole_field){.quoted = d->quote && v->bytes.at[at] == d->quote};
    if (f->quoted) {
        from = closing_quote(v, at, &f->escaped);
        if (from == 0)
            return false;
    }
    f->stop = from + v->simd->find_either(str_slice(v->bytes, from, v->bytes.len), d->delimiter,
                                          v->record_end);
    if (f->stop == v->bytes.len)
        return false;
    size_t end = f->stop;
    if (v->bytes.at[end] == '\n' && v->record_end == '\n' && end > at &&
        v->bytes.at[end - 1] == '\r')
        end--;
    f->raw = str_slice(v->bytes, at, end);
    f->value = f->quoted ? str_slice(v->bytes, at + 1, from - 1) : f->raw;
    if (f->quoted)
        return end <= from; /* no bytes behind the quote */
    return d->quote || !d->escape || !memchr(f->raw.at, d->escape, f->raw.len);
}

/* ---- counting ---- */

static void count_general(struct scan_piece *p, const struct whole_field *f)
{
    if (!f->escaped) {
        cell_feed(&p->field->cell, f->value);
    } else {
        for (size_t i = 0; i < f->raw.len; i++)
            csv_piece_byte(p, f->raw.at[i]);
    }
    field_close(p->field, p->tally, (size_t)p->column, FIELD_VALUE);
    field_open(p->field, p->layout);
    p->quoted = false;
    p->null_seen = 0;
}

static void count_value(struct scan_piece *p, const struct whole_field *f)
{
    struct fernet_value value;
    if (!f->escaped && p->column < p->layout->columns &&
        fernet_value(&p->layout->reading, f->value, &value) == f->value.len)
        tally_value(p->tally, (size_t)p->column, &value);
    else
        count_general(p, f);
}

/* As in scan_csv.c: short, without ':', backslash or constant a declared cell is plaintext. */
static bool is_short_plaintext(struct str raw)
{
    return raw.len < FERNET_OUTER_LEAST && !memchr(raw.at, ':', raw.len) &&
           !memchr(raw.at, '\\', raw.len);
}

static void count_field(const struct view *v, const struct whole_field *f)
{
    struct scan_piece *p = v->piece;
    bool inside = p->column < p->layout->columns;
    if (!f->quoted && str_eq(f->raw, v->dialect->null_text)) {
        if (inside)
            p->tally->columns[p->column].nulls++;
    } else if (f->value.len == 0) {
        if (inside)
            p->tally->columns[p->column].empties++;
    } else if (holds_constant(v, f->raw) || scan_named(p->layout, p->column) ||
               (scan_is_declared(p->layout, (size_t)p->column) && !is_short_plaintext(f->raw))) {
        count_value(p, f);
    }
}

/* The separator behind a field that was counted, or behind nothing in a blank line. */
static void end_field(const struct view *v, const struct whole_field *f)
{
    struct scan_piece *p = v->piece;
    bool record_ends = v->bytes.at[f->stop] == v->record_end;
    bool blank = record_ends && p->state == CSV_AT_RECORD && csv_is_blank(f->raw);
    if (!blank || p->layout->columns == 1) {
        count_field(v, f);
        p->column++;
        p->inside = true;
    }
    p->state = CSV_AT_FIELD;
    if (!record_ends)
        return;
    if (p->inside)
        piece_record(p);
    p->column = 0;
    p->inside = false;
    p->state = CSV_AT_RECORD;
}

size_t csv_piece_fields(struct scan_piece *p, struct str bytes, size_t at)
{
    const struct csv_dialect *d = p->layout->dialect;
    struct view v = {.piece = p,
                     .dialect = d,
                     .simd = p->layout->reading.simd,
                     .bytes = bytes,
                     .record_end = d->newline == CSV_NEWLINE_CR ? '\r' : '\n'};
    struct whole_field f;
    for (;;) {
        while (at < bytes.len && v.record_end == '\r' && p->state == CSV_AT_RECORD &&
               bytes.at[at] == '\n')
            at++; /* it belongs to the line before */
        if (at == bytes.len || !find_field(&v, at, &f))
            return at;
        end_field(&v, &f);
        at = f.stop + 1;
    }
}
