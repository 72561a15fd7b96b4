/*
 * Any bytes as JSON Lines: rows and cells are the same in whatever pieces the bytes come and into
 * whatever room they go, and a record that is given as a row and cell by cell has the same fields.
 */
#include "common/buf.h"
#include "formats/dump/json_lines.h"
#include "formats/dump/sniff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static size_t drained(struct buf *out, struct source *text, size_t room)
{
    unsigned char into[512];
    struct err err = {0};
    size_t got = 0;
    size_t all = 0;
    while (source_read(text, into, room, &got, &err) == PULL_OK) {
        must(got > 0 && got <= room);
        buf_add(out, str_make(into, got));
        all += got;
    }
    return all;
}

/* Every field with its column, but those that no record has; how many records there are. */
static struct str fields(struct arena *a, struct str all, size_t piece, size_t room,
                         size_t line_max)
{
    struct buf out = {.arena = a};
    struct buf text = {.arena = a};
    struct err err = {0};
    struct window w;
    struct json_lines *l = ARENA_NEW(a, struct json_lines);
    struct source *src = source_memory(all, piece, &err);
    must(src && window_open(&w, src, 1, &err));
    w.piece = piece;
    json_lines_open(l, &w, a);
    l->line_max = line_max;
    enum json_lines_next next;
    while ((next = json_lines_next(l, &err)) < JSON_LINES_END) {
        struct str rows = buf_str(&text);
        size_t before = rows.len;
        if (next == JSON_LINES_APART)
            continue;
        (void)drained(&text, &l->source, room);
        rows = str_slice(buf_str(&text), before, buf_str(&text).len);
        if (next == JSON_LINES_CELL) {
            buf_printf(&out, "%zu=", l->cell);
            buf_add(&out, rows);
            continue;
        }
        struct str row;
        struct str rest = rows;
        while (rest.len && str_cut(rest, '\n', &row, &rest)) {
            struct str field;
            bool more = l->columns > 0;
            for (size_t i = 0; more; i++) {
                more = str_cut(row, '\t', &field, &row);
                must(i < l->columns && (more || i + 1 == l->columns));
                buf_printf(&out, "%zu=", i);
                buf_add(&out, field);
                buf_byte(&out, '\n');
            }
        }
    }
    buf_printf(&out, "%d %d %zu %s\n", err.kind, err.id, l->key_count, err.place);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct arena a = {0};
    struct str all = str_make(data + 2, size - 2);
    size_t piece = data[0] % 64 + 1u;
    size_t room = data[1] % 128 + 1u;
    (void)dump_sniff(all);
    struct str apart = fields(&a, all, SIZE_MAX, 512, 0);
    must(str_eq(apart, fields(&a, all, piece, room, 0)));
    struct str rows = fields(&a, all, 1, 512, SIZE_MAX);
    must(str_eq(rows, fields(&a, all, 1, room, SIZE_MAX)));
    (void)fields(&a, all, piece, room, SIZE_MAX);
    arena_free(&a);
    return 0;
}
