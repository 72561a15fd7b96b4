/* scan_field: unescape, gather, classify, count one field. */
#include "analyzer/scan_parts.h"
#include "formats/dump/copy.h"

enum { ESCAPE_LONGEST = 4 }; /* \123 and \x41 */

void field_open(struct scan_field *f, const struct scan_layout *layout)
{
    f->raw_len = 0;
    f->work_len = 0;
    cell_open(&f->cell, &layout->reading);
}

void field_flush(struct scan_field *f)
{
    cell_feed(&f->cell, str_make(f->work, f->work_len));
    f->work_len = 0;
}

void field_run(struct scan_field *f, struct str run)
{
    if (run.len > SCAN_WORK - f->work_len)
        field_flush(f);
    if (run.len > SCAN_WORK) {
        cell_feed(&f->cell, run);
        return;
    }
    memcpy(f->work + f->work_len, run.at, run.len);
    f->work_len += run.len;
}

/* How much of raw may be unescaped now: an escape that may go on behind its end is left out. */
static size_t whole_escapes(struct str raw)
{
    size_t at = 0;
    for (;;) {
        at += str_find(str_slice(raw, at, raw.len), '\\');
        if (at + ESCAPE_LONGEST > raw.len)
            return at;
        at += 2; /* what may follow in this escape is digits, never a backslash */
    }
}

static void feed_unescaped(struct scan_field *f, size_t n)
{
    struct str raw = str_make(f->work, n);
    size_t len;
    if (copy_is_null(raw)) /* as a part of a field it is the letter N */
        cell_feed(&f->cell, STR("N"));
    else if (copy_unescape(raw, f->work, &len))
        cell_feed(&f->cell, str_make(f->work, len));
}

void field_copy_bytes(struct scan_field *f, struct str raw)
{
    for (size_t i = 0; i < raw.len && f->raw_len + i < sizeof f->first; i++)
        f->first[f->raw_len + i] = raw.at[i];
    f->raw_len += raw.len;
    while (raw.len > 0) {
        size_t n = raw.len < SCAN_WORK - f->work_len ? raw.len : SCAN_WORK - f->work_len;
        memcpy(f->work + f->work_len, raw.at, n);
        raw = str_slice(raw, n, raw.len);
        size_t have = f->work_len + n;
        size_t ready = whole_escapes(str_make(f->work, have));
        unsigned char rest[ESCAPE_LONGEST];
        f->work_len = have - ready;
        memcpy(rest, f->work + ready, f->work_len);
        feed_unescaped(f, ready);
        memcpy(f->work, rest, f->work_len);
    }
}

void field_close(struct scan_field *f, struct tally *t, size_t column, enum field_null null)
{
    if (null == FIELD_NULL) {
        if (column < t->layout->columns)
            t->columns[column].nulls++;
        return;
    }
    field_flush(f);
    cell_close(&f->cell, scan_named(t->layout, column));
    tally_verdict(t, column, &f->cell.verdict);
}

void field_copy_close(struct scan_field *f, struct tally *t, size_t column)
{
    bool null = f->raw_len == 2 && copy_is_null(str_make(f->first, 2));
    if (!null) {
        size_t n = f->work_len;
        f->work_len = 0;
        feed_unescaped(f, n);
    }
    field_close(f, t, column, null ? FIELD_NULL : FIELD_VALUE);
}

void field_copy_whole(struct scan_field *f, struct tally *t, size_t column, struct str raw)
{
    field_open(f, t->layout);
    field_copy_bytes(f, raw);
    field_copy_close(f, t, column);
}
