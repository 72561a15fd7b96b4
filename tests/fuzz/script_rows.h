/* What a script tells, events and rows of INSERT, as one text: for the fuzz targets of scripts. */
#ifndef TESTS_FUZZ_SCRIPT_ROWS_H
#define TESTS_FUZZ_SCRIPT_ROWS_H

#include "common/buf.h"
#include "formats/dump/copy.h"
#include "formats/dump/sql.h"

#include <stdlib.h>

/* sql_open and its like: which script it is. */
typedef void (*script_open)(struct sql_reader *, struct window *);

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

/* COPY text has whole records, and no escape but those that COPY TO writes. */
static inline void check_rows(struct str rows, bool whole)
{
    must(!whole || rows.len == 0 || rows.at[rows.len - 1] == '\n');
    for (size_t i = 0; i < rows.len; i++) {
        must(rows.at[i] != '\r' && rows.at[i] != '\b' && rows.at[i] != '\f' && rows.at[i] != '\v');
        if (rows.at[i] == '\\' && ++i < rows.len)
            must(strchr("\\Nbfnrtv", rows.at[i]) != NULL);
    }
}

static inline bool put_bytes(struct buf *out, struct source *text, size_t room, struct err *err)
{
    unsigned char into[256];
    enum pull p = PULL_OK;
    while (p == PULL_OK) {
        size_t got = 0;
        p = source_read(text, into, room, &got, err);
        must(got <= room && (p == PULL_OK) == (got > 0));
        buf_add(out, str_make(into, got));
    }
    return p == PULL_END;
}

static inline bool put_rows(struct buf *out, struct source *text, size_t room, struct err *err)
{
    size_t begin = out->len;
    bool whole = put_bytes(out, text, room, err);
    struct str all = buf_str(out);
    check_rows(str_slice(all, begin, all.len), whole);
    return whole;
}

static inline struct str script_rows(struct arena *a, struct str text, script_open open,
                                     size_t piece, size_t room)
{
    struct buf out = {.arena = a};
    struct err err = {0};
    struct window w;
    struct sql_reader *r = ARENA_NEW(a, struct sql_reader);
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    static const bool left_out[] = {false, true};
    struct source *src = source_memory(text, piece, &err);
    must(src && window_open(&w, src, 1, &err));
    w.piece = piece;
    open(r, &w);
    bool ok = true;
    while (ok && (ok = sql_next(r, &e, &err))) {
        buf_printf(&out, "%d %d %llu %llu %llu ", e.kind, e.fact, (unsigned long long)e.offset,
                   (unsigned long long)e.line, (unsigned long long)e.count);
        buf_add(&out, e.name);
        buf_add(&out, e.what);
        buf_byte(&out, '\n');
        if (e.kind == SQL_EVENT_END)
            break;
        if (e.kind == SQL_EVENT_INSERT)
            ok = put_rows(&out, sql_insert_rows(r, left_out, 2), room, &err);
        if (e.kind == SQL_EVENT_OBJECT)
            ok = put_bytes(&out, sql_object_bytes(r), room, &err);
    }
    must(ok == !err_is(&err) && w.offset <= text.len);
    buf_printf(&out, "!%d %d %s %s\n", err.kind, err.id, err.text, err.place);
    sql_close(r);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

/* The first byte chooses the pieces in which the bytes come, and the room for rows. */
static inline void same_in_pieces(const uint8_t *data, size_t size, script_open open)
{
    if (size < 1)
        return;
    struct arena a = {0};
    struct str text = str_make(data + 1, size - 1);
    struct str whole = script_rows(&a, text, open, size, 256);
    must(str_eq(whole, script_rows(&a, text, open, (data[0] & 15) + 1u, (data[0] >> 4) * 7 + 1u)));
    must(str_eq(whole, script_rows(&a, text, open, 1, 1)));
    arena_free(&a);
}

#endif
