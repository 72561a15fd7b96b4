/*
 * Any bytes with psql's last line or without: what comes through and what is taken off is all there
 * was, whatever the pieces, and however much was in view before.
 */
#include "formats/dump/psql_footer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MOST = 4096 };

struct outcome {
    size_t len, cut;
    uint64_t rows;
    unsigned char bytes[INPUT_MOST];
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void run(struct str text, size_t seen, size_t piece, struct outcome *o)
{
    struct err err = {0};
    struct window w;
    struct psql_footer f;
    struct source *src = source_memory(text, 0, &err);
    must(src && window_open(&w, src, INPUT_MOST, &err));
    w.piece = piece;
    while (window_rest(&w).len < seen && window_more(&w, &err))
        ;
    psql_footer_open(&f, &w);
    o->len = 0;
    do {
        struct str rest = window_rest(&w);
        memcpy(o->bytes + o->len, rest.at, rest.len);
        o->len += rest.len;
        window_skip(&w, rest.len);
    } while (window_more(&w, &err));
    must(w.state == PULL_END && !err_is(&err));
    psql_footer_close(&f, &w);
    o->cut = f.cut;
    o->rows = f.found ? f.rows : 0;
    must(f.found == (f.cut > 0) && f.cut <= PSQL_FOOTER_MOST);
    must(w.offset == text.len && o->len + o->cut == text.len);
    must(memcmp(o->bytes, text.at, o->len) == 0);
    window_close(&w);
    source_close(src);
}

/* The last line of the text, with its line ends, is what was taken off. */
static void check_footer(struct str text, const struct outcome *o)
{
    struct str footer = str_slice(text, o->len, text.len);
    uint64_t rows = 0;
    if (footer.len == 0)
        return;
    must(o->len == 0 || text.at[o->len - 1] == '\n' || text.at[o->len - 1] == '\r');
    must(psql_footer_line(str_trim(footer), &rows) && rows == o->rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    static struct outcome pieces;
    if (size < 2 || size > INPUT_MOST)
        return 0;
    struct str text = str_make(data + 2, size - 2);
    run(text, INPUT_MOST, INPUT_MOST, &whole);
    check_footer(text, &whole);
    for (size_t i = 0; i < 2; i++) {
        run(text, data[0], i ? data[1] + 1u : 1, &pieces);
        must(pieces.len == whole.len && pieces.cut == whole.cut && pieces.rows == whole.rows);
    }
    return 0;
}
