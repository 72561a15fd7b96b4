/*
 * Any bytes as a binary COPY file: in whatever pieces they come and go, the verdict and the COPY
 * text are the same, and a whole file's lines have as many fields as its tuples.
 */
#include "formats/dump/pgcopy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MOST = 1 << 14, OUTPUT_MOST = 4 * INPUT_MOST };

struct outcome {
    enum pull verdict;
    struct err err;
    size_t columns;
    size_t len;
    unsigned char bytes[OUTPUT_MOST];
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void run(struct str input, size_t piece, size_t room, struct outcome *o)
{
    struct window w;
    struct pgcopy c;
    o->err = (struct err){0};
    o->len = o->columns = 0;
    o->verdict = PULL_FAILED;
    struct source *src = source_memory(input, piece, &o->err);
    must(src && window_open(&w, src, 1 << 20, &o->err));
    w.piece = piece;
    if (pgcopy_open(&c, &w, &o->err)) {
        o->columns = c.columns;
        for (;;) {
            size_t got = 0;
            size_t left = OUTPUT_MOST - o->len;
            must(left > 0);
            o->verdict =
                source_read(&c.source, o->bytes + o->len, room < left ? room : left, &got, &o->err);
            if (o->verdict != PULL_OK)
                break;
            must(got > 0);
            o->len += got;
        }
    }
    window_close(&w);
    source_close(src);
    must((o->verdict == PULL_FAILED) == err_is(&o->err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    static struct outcome pieces;
    if (size == 0 || size > INPUT_MOST)
        return 0;
    struct str input = str_make(data + 1, size - 1);
    run(input, SIZE_MAX, 4096, &whole);
    run(input, 1 + (data[0] & 15), 1 + (data[0] >> 4) * 9u, &pieces);
    must(whole.verdict == pieces.verdict && whole.err.id == pieces.err.id);
    must(whole.columns == pieces.columns && whole.len == pieces.len);
    must(memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
    must(strcmp(whole.err.place, pieces.err.place) == 0);
    struct str out = str_make(whole.bytes, whole.len);
    must(whole.verdict != PULL_END || out.len == 0 || str_ends(out, STR("\n")));
    return 0;
}
