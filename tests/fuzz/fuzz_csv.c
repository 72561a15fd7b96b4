/*
 * Any bytes as a CSV file, in a dialect that is sniffed or comes from the first bytes: records and
 * fields are the same in whatever pieces the bytes come, raw fields add up to their record, and the
 * header reads the same byte by byte.
 */
#include "common/buf.h"
#include "formats/dump/csv.h"
#include "formats/dump/sniff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void put_record(struct buf *out, const struct csv_dialect *d, struct str record,
                       unsigned char *scratch)
{
    struct csv_fields f = csv_fields(d, record);
    size_t whole = f.rest.len;
    struct csv_field field;
    size_t count = 0;
    size_t sum = 0;
    for (; csv_next(&f, scratch, &field); count++) {
        must(field.value.len <= field.raw.len);
        sum += field.raw.len;
        buf_printf(out, "%d%d%zu:", field.null, field.quoted, field.value.len);
        buf_add(out, field.value);
    }
    must(count >= 1 && sum + count - 1 == whole);
    buf_byte(out, '\n');
}

static struct str records(struct arena *a, const struct csv_dialect *d, struct str all,
                          size_t piece)
{
    struct buf out = {.arena = a};
    struct csv_cut cut = {0};
    struct err err = {0};
    unsigned char *scratch = arena_alloc(a, all.len + 1);
    size_t begun = 0;
    for (size_t at = 0; at < all.len; at += piece) {
        struct str one = str_slice(all, at, at + piece);
        size_t whole = csv_cut(&cut, d, one);
        must(whole <= one.len);
        while (whole && begun < at + whole) {
            struct str record = csv_first_record(d, str_slice(all, begun, at + whole));
            put_record(&out, d, record, scratch);
            begun += record.len;
        }
    }
    bool finished = csv_cut_finish(&cut, &err);
    buf_printf(&out, "%d %zu\n", finished, begun);
    if (begun < all.len)
        put_record(&out, d, str_slice(all, begun, all.len), scratch);
    return buf_str(&out);
}

static struct str header(struct arena *a, const struct csv_dialect *d, struct str all, size_t piece)
{
    struct buf out = {.arena = a};
    struct err err = {0};
    struct csv_columns c;
    struct window w;
    struct source *src = source_memory(all, piece, &err);
    must(src && window_open(&w, src, CSV_HEADER_MAX, &err));
    w.piece = piece;
    if (csv_header(&w, d, a, &c, &err))
        for (size_t i = 0; i < c.count; i++) {
            must(c.names[i].len > 0);
            buf_printf(&out, "%zu:", c.names[i].len);
            buf_add(&out, c.names[i]);
        }
    buf_printf(&out, "%d %s %llu\n", err.id, err.place, (unsigned long long)w.offset);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static void check(const struct csv_dialect *d, struct str all, size_t piece)
{
    struct arena a = {0};
    must(str_eq(records(&a, d, all, all.len + 1), records(&a, d, all, piece)));
    must(str_eq(header(&a, d, all, all.len + 1), header(&a, d, all, piece)));
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    struct str all = str_make(data + 4, size - 4);
    struct csv_options none = {0};
    struct err err = {0};
    struct csv_dialect d;
    (void)dump_sniff(all);
    if (csv_sniff(all, &none, &d, &err))
        check(&d, str_slice(all, d.preamble, all.len), (data[0] & 0x3f) + 1u);
    static const unsigned char bytes[] = {0, ',', '"', '\\', '\'', '\t', ';', 'x'};
    d = (struct csv_dialect){.delimiter = bytes[data[1] % 7 + 1],
                             .quote = bytes[data[2] % 8],
                             .escape = bytes[data[3] % 8],
                             .newline = (enum csv_newline)((data[0] >> 6) % 3),
                             .header = data[3] & 0x80 ? CSV_HEADER_YES : CSV_HEADER_NO};
    if (d.delimiter != d.quote && d.delimiter != d.escape)
        check(&d, all, (data[0] & 0x3f) + 1u);
    return 0;
}
