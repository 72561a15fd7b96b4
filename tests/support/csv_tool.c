/*
 * csv_tool: the CSV reader on standard input and output, so that Python's csv module can be asked
 * the same (tests/e2e/csv_property.t).
 *
 *     PIECE sniff N LF, N bytes                        dialect sniffed, no header taken
 *     PIECE DELIMITER QUOTE ESCAPE NEWLINE N LF, ...   bytes as two hex digits, 00: none; lf or cr
 *
 * The bytes are cut in pieces of PIECE bytes, each run of whole records is then read field by
 * field. One line of JSON for each request: {"records":[["hex",null,...],...],"finish":ID}.
 */
#include "common/text.h"
#include "formats/dump/csv.h"
#include "formats/dump/sniff.h"

#include <stdio.h>

enum { REQUEST_MAX = 8 * 1024 * 1024 };

static void put_record(struct buf *out, const struct csv_dialect *d, struct str record,
                       unsigned char *scratch)
{
    struct csv_fields f = csv_fields(d, record);
    struct csv_field field;
    bool first = true;
    buf_text(out, out->at[out->len - 1] == '[' ? "[" : ",[");
    for (; csv_next(&f, scratch, &field); first = false) {
        buf_text(out, first ? "" : ",");
        if (field.null) {
            buf_text(out, "null");
            continue;
        }
        buf_byte(out, '"');
        for (size_t i = 0; i < field.value.len; i++)
            buf_printf(out, "%02x", field.value.at[i]);
        buf_byte(out, '"');
    }
    buf_byte(out, ']');
}

static void put_records(struct buf *out, const struct csv_dialect *d, struct str batch,
                        unsigned char *scratch)
{
    while (batch.len) {
        struct str record = csv_first_record(d, batch);
        put_record(out, d, record, scratch);
        batch = str_slice(batch, record.len, batch.len);
    }
}

/* The serial side: pieces in, whole records out, the tail carried over. */
static void answer(struct buf *out, const struct csv_dialect *d, struct str all, size_t piece)
{
    struct csv_cut cut = {0};
    struct err err = {0};
    unsigned char *scratch = arena_alloc(out->arena, all.len + 1);
    size_t begun = 0;
    buf_text(out, "{\"records\":[");
    for (size_t at = 0; at < all.len; at += piece) {
        size_t whole = csv_cut(&cut, d, str_slice(all, at, at + piece));
        if (!whole)
            continue;
        put_records(out, d, str_slice(all, begun, at + whole), scratch);
        begun = at + whole;
    }
    if (csv_cut_finish(&cut, &err))
        put_records(out, d, str_slice(all, begun, all.len), scratch);
    buf_printf(out, "],\"finish\":%d}", err.id);
}

static unsigned char hex_byte(const char *word)
{
    unsigned value = 0;
    (void)sscanf(word, "%2x", &value);
    return (unsigned char)value;
}

static bool request(struct arena *a, struct buf *out)
{
    char line[256];
    char words[5][16] = {{0}};
    unsigned long piece = 0;
    unsigned long size = 0;
    struct csv_dialect d = {0};
    struct csv_options none = {0};
    struct err err = {0};
    if (!fgets(line, sizeof line, stdin))
        return false;
    bool sniff = sscanf(line, "%lu sniff %lu", &piece, &size) == 2;
    if (!sniff && sscanf(line, "%lu %15s %15s %15s %15s %lu", &piece, words[0], words[1], words[2],
                         words[3], &size) != 6)
        return false;
    if (size > REQUEST_MAX || piece == 0)
        return false;
    unsigned char *bytes = arena_alloc(a, size + 1);
    if (fread(bytes, 1, size, stdin) != size)
        return false;
    struct str all = str_make(bytes, size);
    if (sniff) {
        if (!csv_sniff(str_slice(all, 0, SNIFF_HEAD), &none, &d, &err)) {
            buf_printf(out, "{\"records\":[],\"finish\":%d}", err.id);
            return true;
        }
    } else {
        d.delimiter = hex_byte(words[0]);
        d.quote = hex_byte(words[1]);
        d.escape = hex_byte(words[2]);
        d.newline = words[3][0] == 'c' ? CSV_NEWLINE_CR : CSV_NEWLINE_LF;
    }
    answer(out, &d, all, piece);
    return true;
}

int main(void)
{
    for (;;) {
        struct arena arena = {0};
        struct buf out = {.arena = &arena};
        bool more = request(&arena, &out);
        if (more)
            (void)printf("%.*s\n", STR_ARG(buf_str(&out)));
        (void)fflush(stdout);
        arena_free(&arena);
        if (!more)
            return 0;
    }
}
