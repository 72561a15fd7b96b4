/*
 * Any bytes as text in UTF-16, its order by the first byte: in whatever pieces they come the
 * verdict and the bytes are the same, what comes out is UTF-8, and as many characters come out as
 * were read: none is dropped.
 */
#include "common/text.h"
#include "formats/stream/stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MOST = 1 << 14, OUTPUT_MOST = 2 * INPUT_MOST };

struct outcome {
    enum pull verdict;
    struct err err;
    size_t len;
    unsigned char bytes[OUTPUT_MOST];
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void run(enum stream_kind kind, struct str input, size_t piece, size_t room,
                struct outcome *o)
{
    o->err = (struct err){0};
    o->len = 0;
    struct source *src = utf16_source(source_memory(input, piece, &o->err), kind, &o->err);
    must(src != NULL);
    for (;;) {
        size_t got = 0;
        size_t left = OUTPUT_MOST - o->len;
        o->verdict = source_read(src, o->bytes + o->len, room < left ? room : left, &got, &o->err);
        if (o->verdict != PULL_OK)
            break;
        must(got > 0);
        o->len += got;
    }
    source_close(src);
    must((o->verdict == PULL_FAILED) == err_is(&o->err));
}

/* Units of UTF-16 that the UTF-8 stands for. */
static size_t units(struct str utf8)
{
    size_t n = 0;
    for (size_t i = 0; i < utf8.len; i++)
        n += (utf8.at[i] & 0xc0) == 0x80 ? 0U : utf8.at[i] >= 0xf0 ? 2U : 1U;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    static struct outcome pieces;
    if (size == 0 || size > INPUT_MOST)
        return 0;
    enum stream_kind kind = data[0] & 1 ? STREAM_UTF16BE : STREAM_UTF16LE;
    struct str input = str_make(data + 1, size - 1);
    (void)stream_sniff(input);
    run(kind, input, 0, 4096, &whole);
    run(kind, input, 1 + (data[0] >> 1 & 7), 1 + (data[0] >> 4 & 7), &pieces);
    must(whole.verdict == pieces.verdict && whole.err.kind == pieces.err.kind);
    must(whole.len == pieces.len && memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
    struct str out = str_make(whole.bytes, whole.len);
    must(text_is_utf8(out));
    bool mark = str_starts(input, kind == STREAM_UTF16LE ? STR("\xff\xfe") : STR("\xfe\xff"));
    must(whole.verdict != PULL_END || 2 * (units(out) + mark) == input.len);
    return 0;
}
