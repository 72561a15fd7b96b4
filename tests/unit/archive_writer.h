/*
 * archive_writer: custom archives by hand, for tests, from the description of the format.
 *
 *     struct archive_writer w = {.out = {.arena = &arena}, .minor = 14, .int_size = 4,
 *                                .offset_size = 8};
 *     writer_header(&w, 1);
 *     writer_entry(&w, 7, true, "users", "TABLE DATA", NULL, "COPY ...;\n");
 *     writer_block(&w, 1, 7, STR("1\n\\.\n\n\n"), 4096);
 */
#ifndef TESTS_UNIT_ARCHIVE_WRITER_H
#define TESTS_UNIT_ARCHIVE_WRITER_H

#include "common/buf.h"
#include "formats/dump/archive_toc.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

struct archive_writer {
    struct buf out;
    unsigned minor, int_size, offset_size;
    enum archive_format format; /* 0: custom */
    enum archive_compression compression;
};

static inline void writer_int(struct archive_writer *w, int64_t n)
{
    uint64_t rest = (uint64_t)(n < 0 ? -n : n);
    buf_byte(&w->out, n < 0);
    for (unsigned i = 0; i < w->int_size; i++, rest >>= 8)
        buf_byte(&w->out, (unsigned char)rest);
}

static inline void writer_str(struct archive_writer *w, const char *text)
{
    writer_int(w, text ? (int64_t)strlen(text) : -1);
    if (text)
        buf_text(&w->out, text);
}

/* 2026-05-04 03:02:01, by a local clock. */
static inline void writer_header(struct archive_writer *w, int64_t entries)
{
    static const int local[] = {1, 2, 3, 4, 4, 126, 0};
    buf_text(&w->out, "PGDMP\1");
    buf_byte(&w->out, (unsigned char)w->minor);
    buf_byte(&w->out, 0);
    buf_byte(&w->out, (unsigned char)w->int_size);
    buf_byte(&w->out, (unsigned char)w->offset_size);
    buf_byte(&w->out, w->format ? (unsigned char)w->format : 1);
    if (w->minor >= 15)
        buf_byte(&w->out, (unsigned char)w->compression);
    else
        writer_int(w, w->compression == ARCHIVE_NONE ? 0 : 6);
    for (size_t i = 0; i < 7; i++)
        writer_int(w, local[i]);
    writer_str(w, "app");
    writer_str(w, "15.3 (Debian)");
    writer_str(w, "16.1");
    writer_int(w, entries);
}

static inline void writer_entry(struct archive_writer *w, int64_t id, bool data, const char *tag,
                                const char *desc, const char *defn, const char *copy)
{
    writer_int(w, id);
    writer_int(w, data);
    writer_str(w, "1259");
    writer_str(w, "16384");
    writer_str(w, tag);
    writer_str(w, desc);
    if (w->minor >= 11)
        writer_int(w, 2);
    writer_str(w, defn);
    writer_str(w, "DROP it;");
    writer_str(w, copy);
    writer_str(w, "public");
    writer_str(w, "");
    if (w->minor >= 14)
        writer_str(w, NULL);
    if (w->minor >= 16)
        writer_int(w, 'r');
    writer_str(w, "owner");
    writer_str(w, "false");
    writer_str(w, "3");
    writer_str(w, "12");
    writer_str(w, NULL);
    if (w->format == ARCHIVE_FILES) {
        writer_str(w, data ? arena_printf(w->out.arena, "%lld.dat", (long long)id) : "");
        return;
    }
    buf_byte(&w->out, data ? 2 : 3);
    for (unsigned i = 0; i < w->offset_size; i++)
        buf_byte(&w->out, (unsigned char)(i == 0));
}

static inline struct str writer_packed(struct archive_writer *w, struct str text)
{
    size_t room = 4096 + 2 * text.len;
    unsigned char *into = arena_alloc(w->out.arena, room);
    uLongf len = room;
    switch (w->compression) {
    case ARCHIVE_ZLIB:
        (void)compress(into, &len, text.at, text.len);
        return str_make(into, len);
    case ARCHIVE_LZ4:
        return str_make(into, LZ4F_compressFrame(into, room, text.at, text.len, NULL));
    case ARCHIVE_ZSTD:
        return str_make(into, ZSTD_compress(into, room, text.at, text.len, 3));
    case ARCHIVE_NONE:
        break;
    }
    return text;
}

static inline void writer_chunks(struct archive_writer *w, struct str text, size_t chunk)
{
    struct str rest = writer_packed(w, text);
    while (rest.len) {
        struct str one = str_slice(rest, 0, chunk);
        writer_int(w, (int64_t)one.len);
        buf_add(&w->out, one);
        rest = str_slice(rest, one.len, rest.len);
    }
    writer_int(w, 0);
}

static inline void writer_block(struct archive_writer *w, int kind, int64_t id, struct str text,
                                size_t chunk)
{
    buf_byte(&w->out, (unsigned char)kind);
    writer_int(w, id);
    writer_chunks(w, text, chunk);
}

#endif
