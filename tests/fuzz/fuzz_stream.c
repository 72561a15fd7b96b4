/*
 * Decoders on hostile bytes. The first byte picks one; the rest is its input, once in one piece
 * with wide reads and once byte by byte. Both must come to the same verdict and the same bytes, and
 * for gzip both backends must as well, but for the kind of the failure. Output is bounded, so that
 * a bomb does not look like a hang.
 */
#include "formats/stream/container.h"
#include "formats/stream/inflate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MOST = 1 << 18, MEMBERS_MOST = 200, FUZZ_WINDOW = 1 << 20 };

enum choice { GZIP_ISAL, GZIP_ZLIB, ZSTD, LZ4, XZ, BZIP2, TAR, ZIP, CHOICES };

struct outcome {
    enum pull verdict;
    struct err err;
    size_t len;
    unsigned char bytes[OUTPUT_MOST];
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void keep(struct outcome *o, const void *at, size_t len)
{
    size_t n = len < OUTPUT_MOST - o->len ? len : OUTPUT_MOST - o->len;
    memcpy(o->bytes + o->len, at, n);
    o->len += n;
}

static enum pull drain(struct source *src, size_t room, struct outcome *o)
{
    unsigned char into[4096];
    enum pull p;
    do {
        size_t got = 0;
        p = source_read(src, into, room, &got, &o->err);
        check(p != PULL_OK || (got > 0 && got <= room));
        if (p == PULL_OK)
            keep(o, into, got);
    } while (p == PULL_OK && o->len < OUTPUT_MOST);
    return p;
}

static struct source *decoder(enum choice which, struct source *below, struct err *err)
{
    struct stream_limits limits = {.max_window = FUZZ_WINDOW};
    if (which == GZIP_ISAL)
        return inflate_source_by(&inflate_isal, below, err);
    if (which == GZIP_ZLIB)
        return inflate_source_by(&inflate_zlib, below, err);
    static const enum stream_kind kinds[CHOICES] = {
        [ZSTD] = STREAM_ZSTD, [LZ4] = STREAM_LZ4, [XZ] = STREAM_XZ, [BZIP2] = STREAM_BZIP2};
    return stream_source(kinds[which], below, &limits, err);
}

static void run_container(enum choice which, struct str input, size_t piece, size_t room,
                          struct outcome *o)
{
    struct container *c = container_open(source_memory(input, piece, &o->err),
                                         which == TAR ? STREAM_TAR : STREAM_ZIP, &o->err);
    o->verdict = c ? PULL_OK : PULL_FAILED;
    for (unsigned n = 0; o->verdict == PULL_OK && n < MEMBERS_MOST && o->len < OUTPUT_MOST; n++) {
        struct container_entry e;
        o->verdict = container_next(c, &e, &o->err);
        if (o->verdict != PULL_OK)
            break;
        keep(o, e.path.at, e.path.len);
        if (e.unreadable || n % 3 == 2) /* some are skipped */
            continue;
        struct source *member = container_entry_source(c, &o->err);
        check(member != NULL);
        if (drain(member, room, o) == PULL_FAILED)
            o->verdict = PULL_FAILED;
        source_close(member);
    }
    container_close(c);
}

static void run(enum choice which, struct str input, size_t piece, size_t room, struct outcome *o)
{
    *o = (struct outcome){0};
    if (which == TAR || which == ZIP) {
        run_container(which, input, piece, room, o);
    } else {
        struct source *src = decoder(which, source_memory(input, piece, &o->err), &o->err);
        check(src != NULL);
        o->verdict = drain(src, room, o);
        source_close(src);
    }
    check((o->verdict == PULL_FAILED) == err_is(&o->err));
    check(!err_is(&o->err) || o->err.kind == ERR_INCOMPLETE || o->err.kind == ERR_CORRUPT);
}

/* After a failure one may have got further than the other, but over the same bytes. */
static void must_agree(const struct outcome *a, const struct outcome *b)
{
    check(a->verdict == b->verdict);
    check(a->verdict != PULL_END || a->len == b->len);
    check(memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    static struct outcome pieces;
    if (size == 0 || size > 1 << 16)
        return 0;
    enum choice which = data[0] % CHOICES;
    struct str input = str_make(data + 1, size - 1);
    (void)stream_sniff(input);
    run(which, input, 0, 4096, &whole);
    run(which, input, 1, 3, &pieces);
    must_agree(&whole, &pieces);
    check(whole.err.kind == pieces.err.kind);
    if (which == GZIP_ISAL) { /* zlib sees some damage earlier, where ISA-L runs into the end */
        run(GZIP_ZLIB, input, 0, 4096, &pieces);
        must_agree(&whole, &pieces);
    }
    return 0;
}
