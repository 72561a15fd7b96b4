/* scan_csv_piece: CSV by the rules of csv.h, one byte at a time. */
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

static void csv_byte(struct scan_piece *p, unsigned char c)
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

void csv_piece_feed(struct scan_piece *p, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        csv_byte(p, bytes.at[i]);
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
