/*
 * Any bytes as a script: tokens and events are the same in whatever pieces the bytes come, names
 * are within their limits, and the reader always ends. The first byte chooses the pieces.
 */
#include "common/buf.h"
#include "formats/dump/sql.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void put_str(struct buf *out, struct str s)
{
    buf_printf(out, " %zu:", s.len);
    buf_add(out, s);
}

static void put_event(struct buf *out, const struct sql_event *e)
{
    must(e->name.len <= SQL_NAME_MAX && e->schema.len <= SQL_NAME_MAX);
    must(e->column_count <= SQL_COLUMNS_MAX + 1);
    buf_printf(out, "%d %d %d %d %d %llu %llu %llu", e->kind, e->relation, e->reference, e->fact,
               e->columns_known, (unsigned long long)e->offset, (unsigned long long)e->line,
               (unsigned long long)e->count);
    put_str(out, e->database);
    put_str(out, e->schema);
    put_str(out, e->name);
    put_str(out, e->to_schema);
    put_str(out, e->to_name);
    put_str(out, e->what);
    put_str(out, e->text);
    for (size_t i = 0; i < e->column_count; i++)
        put_str(out, e->columns[i].name);
    buf_printf(out, " %d\n", e->end.truncated);
}

static void put_error(struct buf *out, const struct err *err)
{
    buf_printf(out, "!%d %d %s %s\n", err->kind, err->id, err->text, err->place);
}

static struct str events(struct arena *a, struct str text, size_t piece)
{
    struct buf out = {.arena = a};
    struct err err = {0};
    struct window w;
    struct sql_reader r;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    struct source *src = source_memory(text, piece, &err);
    must(src && window_open(&w, src, 1, &err));
    w.piece = piece;
    sql_open(&r, &w);
    size_t left = 4 * text.len + 16; /* no byte tells more than a few events */
    while (sql_next(&r, &e, &err)) {
        put_event(&out, &e);
        must(left-- > 0);
        if (e.kind == SQL_EVENT_END)
            break;
    }
    if (err_is(&err))
        put_error(&out, &err);
    must(err_is(&err) == (e.kind != SQL_EVENT_END) && w.offset <= text.len);
    sql_close(&r);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static struct str tokens(struct arena *a, struct str text, size_t piece, bool backslashes)
{
    struct buf out = {.arena = a};
    struct err err = {0};
    struct window w;
    struct sql_lexer *l = ARENA_NEW(a, struct sql_lexer);
    struct sql_token t;
    struct source *src = source_memory(text, piece, &err);
    must(src && window_open(&w, src, 1, &err));
    w.piece = piece;
    sql_lex_open(l, &w);
    l->backslashes = backslashes;
    uint64_t end = 0;
    while (sql_lex_next(l, &t, &err) && t.kind != SQL_TOKEN_END) {
        must(t.offset >= end && w.offset > t.offset && l->end == w.offset);
        end = w.offset;
        buf_printf(&out, "%d %d %d %llu %llu", t.kind, t.cut, t.joined,
                   (unsigned long long)t.offset, (unsigned long long)t.line);
        put_str(&out, t.text);
    }
    put_error(&out, &err);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena a = {0};
    struct str text = str_make(data + 1, size - 1);
    size_t piece = (data[0] & 0x7f) + 1u;
    bool backslashes = data[0] & 0x80;
    must(str_eq(events(&a, text, size), events(&a, text, piece)));
    must(str_eq(tokens(&a, text, size, backslashes), tokens(&a, text, piece, backslashes)));
    arena_free(&a);
    return 0;
}
