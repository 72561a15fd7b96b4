/* Sniffing, the decoders of zstd, lz4, xz and bzip2, the bound on the output and the look ahead. */
#include "formats/stream/stream.h"
#include "tests/unit/pulled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

enum { SAMPLE_MOST = 1 << 16, LARGE = 2 * 1024 * 1024, PACKED_LARGE = LARGE + 65536 };

/* Rows as in a dump, and enough of them to fill several blocks where that is asked for. */
static size_t write_rows(unsigned char *into, size_t most, unsigned seed)
{
    size_t len = 0;
    for (unsigned i = 0;; i++) {
        seed = seed * 1103515245U + 12345U;
        char row[128];
        int n = snprintf(row, sizeof row, "%u\tuser%u@example.org\tv%u:Z0FBQUFB%08x%08x\t\\N\n", i,
                         seed >> 20, seed % 7, seed, seed * 2654435761U);
        if (n < 0 || len + (size_t)n > most)
            return len;
        memcpy(into + len, row, (size_t)n);
        len += (size_t)n;
    }
}

/* The formats' own libraries, with every checksum that they have. */
static size_t pack_gzip(struct str plain, unsigned char *into, size_t room)
{
    z_stream z = {.next_in = (unsigned char *)plain.at,
                  .avail_in = (uInt)plain.len,
                  .next_out = into,
                  .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return room - z.avail_out;
}

static size_t pack_zstd(struct str plain, unsigned char *into, size_t room)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_non_null(c);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)));
    size_t n = ZSTD_compress2(c, into, room, plain.at, plain.len);
    assert_false(ZSTD_isError(n));
    (void)ZSTD_freeCCtx(c);
    return n;
}

static size_t pack_lz4(struct str plain, unsigned char *into, size_t room)
{
    LZ4F_preferences_t how = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled,
                                            .blockChecksumFlag = LZ4F_blockChecksumEnabled,
                                            .contentSize = plain.len}};
    size_t n = LZ4F_compressFrame(into, room, plain.at, plain.len, &how);
    assert_false(LZ4F_isError(n));
    return n;
}

static size_t pack_xz(struct str plain, unsigned char *into, size_t room)
{
    size_t n = 0;
    assert_int_equal(
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, plain.at, plain.len, into, &n, room),
        LZMA_OK);
    return n;
}

static size_t pack_bzip2(struct str plain, unsigned char *into, size_t room)
{
    unsigned n = (unsigned)room;
    assert_int_equal(
        BZ2_bzBuffToBuffCompress((char *)into, &n, (char *)plain.at, (unsigned)plain.len, 1, 0, 0),
        BZ_OK);
    return n;
}

static const struct format {
    enum stream_kind kind;
    size_t (*pack)(struct str plain, unsigned char *into, size_t room);
    const char *file; /* made by the format's own program */
    const char *line;
} formats[] = {{STREAM_GZIP, pack_gzip, NULL, NULL},
               {STREAM_ZSTD, pack_zstd, "hello.zst", "hello, zstd\n"},
               {STREAM_LZ4, pack_lz4, "hello.lz4", "hello, lz4\n"},
               {STREAM_XZ, pack_xz, "hello.xz", "hello, xz\n"},
               {STREAM_BZIP2, pack_bzip2, "hello.bz2", "hello, bzip2\n"}};
enum { FORMATS = sizeof formats / sizeof formats[0] };

struct sample {
    unsigned char plain[SAMPLE_MOST];
    size_t plain_len;
    unsigned char packed[SAMPLE_MOST];
    size_t packed_len;
    size_t inner_end; /* of the first of two streams */
};

static struct sample *sample_of(const struct format *f, size_t first, size_t second)
{
    struct sample *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->plain_len = write_rows(s->plain, first, 1);
    s->packed_len = f->pack(str_make(s->plain, s->plain_len), s->packed, SAMPLE_MOST / 2);
    s->inner_end = s->packed_len;
    if (second) {
        size_t n = write_rows(s->plain + s->plain_len, second, 2);
        s->packed_len += f->pack(str_make(s->plain + s->plain_len, n), s->packed + s->packed_len,
                                 SAMPLE_MOST / 2);
        s->plain_len += n;
    }
    return s;
}

static struct pulled unpack_with(enum stream_kind kind, struct str packed, size_t piece,
                                 size_t room, const struct stream_limits *limits)
{
    struct err err = {0};
    return pull_all(stream_source(kind, source_memory(packed, piece, &err), limits, &err), room,
                    &err);
}

static struct pulled unpack(enum stream_kind kind, struct str packed, size_t piece, size_t room)
{
    struct stream_limits limits = stream_limits_default();
    return unpack_with(kind, packed, piece, room, &limits);
}

static void assert_plain(const struct pulled *p, const struct sample *s)
{
    assert_int_equal(p->verdict, PULL_END);
    assert_int_equal(p->len, s->plain_len);
    assert_memory_equal(p->bytes, s->plain, s->plain_len);
}

static void sizes_of_pieces_and_of_room_change_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 5, 17, 1000, SAMPLE_MOST};
    for (size_t f = 0; f < FORMATS; f++) {
        struct sample *s = sample_of(&formats[f], 9000, 3000);
        for (size_t i = 0; i < 6; i++)
            for (size_t j = 0; j < 6; j++) {
                struct pulled p =
                    unpack(formats[f].kind, str_make(s->packed, s->packed_len), sizes[i], sizes[j]);
                assert_plain(&p, s);
                pulled_free(&p);
            }
        free(s);
    }
}

static void truncated_stream_is_never_the_end(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        struct sample *s = sample_of(&formats[f], 1500, 800);
        for (size_t cut = 0; cut < s->packed_len; cut++)
            for (size_t piece = 0; piece < 2; piece++) {
                struct pulled p = unpack(formats[f].kind, str_make(s->packed, cut), piece, 4096);
                bool whole = cut == s->inner_end; /* it cannot be told from a shorter file */
                if (p.verdict != (whole ? PULL_END : PULL_FAILED) ||
                    p.err.kind != (whole ? ERR_NONE : ERR_INCOMPLETE))
                    fail_msg("%s cut at %zu: verdict %d, kind %d: %s", stream_name(formats[f].kind),
                             cut, (int)p.verdict, p.err.kind, p.err.text);
                assert_true(p.len <= s->plain_len);
                assert_memory_equal(p.bytes, s->plain, p.len);
                pulled_free(&p);
            }
        free(s);
    }
}

static void flipped_bit_never_ends_with_other_bytes(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        struct sample *s = sample_of(&formats[f], 600, 300);
        struct str packed = str_make(s->packed, s->packed_len);
        for (size_t bit = 0; bit < s->packed_len * 8; bit++) {
            s->packed[bit / 8] ^= (unsigned char)(1U << bit % 8);
            struct pulled p = unpack(formats[f].kind, packed, 0, 4096);
            assert_int_not_equal(p.verdict, PULL_OK);
            if (p.verdict == PULL_END && !str_eq(pulled_str(&p), str_make(s->plain, s->plain_len)))
                fail_msg("%s, bit %zu of byte %zu: %zu bytes, not %zu",
                         stream_name(formats[f].kind), bit % 8, bit / 8, p.len, s->plain_len);
            pulled_free(&p);
            s->packed[bit / 8] ^= (unsigned char)(1U << bit % 8);
        }
        free(s);
    }
}

static void bytes_behind_the_end_are_an_error(void **state)
{
    (void)state;
    static const char *const tails[] = {"x", "\n\n\n\n", "-- PostgreSQL database dump\n"};
    for (size_t f = 0; f < FORMATS; f++)
        for (size_t t = 0; t < 3; t++) {
            struct sample *s = sample_of(&formats[f], 500, 0);
            size_t n = strlen(tails[t]);
            memcpy(s->packed + s->packed_len, tails[t], n);
            struct pulled p =
                unpack(formats[f].kind, str_make(s->packed, s->packed_len + n), 0, 4096);
            assert_int_equal(p.verdict, PULL_FAILED);
            assert_int_equal(p.err.kind, ERR_CORRUPT);
            assert_int_equal(p.err.id, 202);
            assert_int_equal(p.len, s->plain_len);
            pulled_free(&p);
            free(s);
        }
}

static void empty_and_foreign_inputs_are_failures(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        struct pulled p = unpack(formats[f].kind, STR(""), 0, 10);
        assert_int_equal(p.err.kind, ERR_INCOMPLETE);
        pulled_free(&p);
        p = unpack(formats[f].kind, STR("COPY public.t (a) FROM stdin;\n1\n\\.\n"), 0, 10);
        assert_int_equal(p.err.kind, ERR_CORRUPT);
        assert_int_equal(p.err.id, 201);
        pulled_free(&p);
    }
}

static struct str load(const char *name, unsigned char *into, size_t room)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tests/data/stream/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is missing; run the test in the folder of the Makefile", path);
    size_t n = fread(into, 1, room, f);
    assert_int_equal(fclose(f), 0);
    return str_make(into, n);
}

static void file_of_the_formats_own_program_is_sniffed_and_read(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        unsigned char bytes[256];
        if (!formats[f].file)
            continue;
        struct str packed = load(formats[f].file, bytes, sizeof bytes);
        assert_int_equal(stream_sniff(packed), formats[f].kind);
        struct pulled p = unpack(formats[f].kind, packed, 1, 1);
        assert_int_equal(p.verdict, PULL_END);
        assert_true(str_eq(pulled_str(&p), str_from(formats[f].line)));
        pulled_free(&p);
    }
}

static void large_stream_is_whole_at_any_room(void **state)
{
    (void)state;
    unsigned char *plain = malloc(LARGE);
    unsigned char *packed = malloc(PACKED_LARGE);
    assert_non_null(plain);
    assert_non_null(packed);
    size_t len = write_rows(plain, LARGE, 5);
    static const size_t rooms[] = {LARGE, 65536, 4097};
    for (size_t f = 0; f < FORMATS; f++) {
        size_t n = formats[f].pack(str_make(plain, len), packed, PACKED_LARGE);
        for (size_t r = 0; r < 3; r++) {
            struct pulled p = unpack(formats[f].kind, str_make(packed, n), 10007, rooms[r]);
            assert_int_equal(p.verdict, PULL_END);
            assert_int_equal(p.len, len);
            assert_memory_equal(p.bytes, plain, len);
            pulled_free(&p);
        }
    }
    free(plain);
    free(packed);
}

static void empty_plain_text_is_a_whole_stream(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        unsigned char packed[256];
        size_t n = formats[f].pack(STR(""), packed, sizeof packed);
        assert_int_equal(stream_sniff(str_make(packed, n)), formats[f].kind);
        struct pulled p = unpack(formats[f].kind, str_make(packed, n), 0, 10);
        assert_int_equal(p.verdict, PULL_END);
        assert_int_equal(p.len, 0);
        pulled_free(&p);
    }
}

/* RFC 8878, 3.1.2: 184D2A5?, length, anything. */
#define SKIPPABLE "\x57\x2a\x4d\x18\x05\0\0\0hello"

static void skippable_frames_are_skipped_and_do_not_hide_the_format(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        if (formats[f].kind != STREAM_ZSTD && formats[f].kind != STREAM_LZ4)
            continue;
        struct sample *s = calloc(1, sizeof *s);
        assert_non_null(s);
        size_t frame = sizeof SKIPPABLE - 1;
        s->plain_len = write_rows(s->plain, 500, 1);
        memcpy(s->packed, SKIPPABLE, frame);
        memcpy(s->packed + frame, SKIPPABLE, frame);
        size_t n = formats[f].pack(str_make(s->plain, s->plain_len), s->packed + 2 * frame,
                                   SAMPLE_MOST / 2);
        memcpy(s->packed + 2 * frame + n, SKIPPABLE, frame);
        struct str packed = str_make(s->packed, 3 * frame + n);
        assert_int_equal(stream_sniff(packed), formats[f].kind);
        struct pulled p = unpack(formats[f].kind, packed, 1, 7);
        assert_plain(&p, s);
        pulled_free(&p);
        p = unpack(formats[f].kind, str_slice(packed, 0, packed.len - 1), 0, 4096);
        assert_int_equal(p.err.kind, ERR_INCOMPLETE);
        pulled_free(&p);
        free(s);
    }
    assert_int_equal(stream_sniff(STR(SKIPPABLE)), STREAM_ZSTD);
    assert_int_equal(stream_sniff(STR(SKIPPABLE "text")), STREAM_NONE);
}

static void xz_padding_is_allowed_in_fours_only(void **state)
{
    (void)state;
    struct sample *s = sample_of(&formats[3], 500, 0);
    for (size_t zeros = 1; zeros <= 8; zeros++) {
        struct pulled p = unpack(STREAM_XZ, str_make(s->packed, s->packed_len + zeros), 0, 4096);
        assert_int_equal(p.verdict, zeros % 4 == 0 ? PULL_END : PULL_FAILED);
        assert_int_equal(p.len, s->plain_len);
        pulled_free(&p);
    }
    free(s);
}

/* A frame header by hand, RFC 8878 3.1.1.1: window byte 0x90 is 2^(10+18) = 256 MiB. */
static void zstd_window_above_the_limit_is_refused_with_its_size(void **state)
{
    (void)state;
    struct str frame = STR("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00");
    struct pulled p = unpack(STREAM_ZSTD, frame, 1, 100);
    assert_int_equal(p.err.kind, ERR_CORRUPT);
    assert_int_equal(p.err.id, 203);
    assert_non_null(strstr(p.err.text, "268435456"));
    assert_non_null(strstr(p.err.hint, "--max-window 268435456"));
    pulled_free(&p);
    struct stream_limits limits = {.max_window = 268435456};
    p = unpack_with(STREAM_ZSTD, frame, 1, 100, &limits);
    assert_int_equal(p.verdict, PULL_END);
    pulled_free(&p);
    /* 0x91 is an eighth more; one byte less than that is not enough, that much is */
    frame = STR("\x28\xb5\x2f\xfd\x00\x91\x01\x00\x00");
    limits.max_window = 268435456 + 268435456 / 8 - 1;
    p = unpack_with(STREAM_ZSTD, frame, 0, 100, &limits);
    assert_int_equal(p.err.id, 203);
    pulled_free(&p);
    limits.max_window++;
    p = unpack_with(STREAM_ZSTD, frame, 0, 100, &limits);
    assert_int_equal(p.verdict, PULL_END);
    pulled_free(&p);
}

/* RFC 8878 3.1.1.1.4: a content size of two bytes counts from 256. One RLE block of 600 bytes. */
static void zstd_segment_of_two_size_bytes_needs_256_more(void **state)
{
    (void)state;
    struct str frame = STR("\x28\xb5\x2f\xfd\x60\x58\x01\xc3\x12\x00x");
    struct stream_limits limits = {.max_window = 599};
    struct pulled p = unpack_with(STREAM_ZSTD, frame, 0, 100, &limits);
    assert_int_equal(p.err.id, 203);
    assert_non_null(strstr(p.err.hint, "--max-window 600"));
    pulled_free(&p);
    limits.max_window = 600;
    p = unpack_with(STREAM_ZSTD, frame, 0, 100, &limits);
    assert_int_equal(p.verdict, PULL_END);
    assert_int_equal(p.len, 600);
    pulled_free(&p);
}

static void put_crc32(unsigned char *into, const unsigned char *at, size_t len)
{
    uint32_t crc = lzma_crc32(at, len, 0);
    for (size_t i = 0; i < 4; i++)
        into[i] = (unsigned char)(crc >> 8 * i & 0xff);
}

/* xz-file-format.txt 2.1.1.2: check 2 is as long as CRC32 and nobody knows what it is. */
static void xz_check_that_cannot_be_verified_is_refused(void **state)
{
    (void)state;
    unsigned char packed[256];
    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL,
                                             (const unsigned char *)"abc", 3, packed, &n,
                                             sizeof packed),
                     LZMA_OK);
    packed[7] = packed[n - 3] = 2; /* the flags, in header and footer */
    put_crc32(packed + 8, packed + 6, 2);
    put_crc32(packed + n - 12, packed + n - 8, 6);
    struct pulled p = unpack(STREAM_XZ, str_make(packed, n), 0, 10);
    assert_int_equal(p.err.kind, ERR_CORRUPT);
    assert_non_null(strstr(p.err.text, "cannot be verified"));
    pulled_free(&p);
}

static void xz_dictionary_above_the_limit_is_refused_with_its_size(void **state)
{
    (void)state;
    struct sample *s = sample_of(&formats[3], 500, 0); /* preset 6: 8 MiB */
    struct stream_limits limits = {.max_window = 4 << 20};
    struct pulled p = unpack_with(STREAM_XZ, str_make(s->packed, s->packed_len), 0, 4096, &limits);
    assert_int_equal(p.err.kind, ERR_CORRUPT);
    assert_int_equal(p.err.id, 203);
    const char *hint = strstr(p.err.hint, "--max-window ");
    assert_non_null(hint);
    limits.max_window = strtoull(hint + strlen("--max-window "), NULL, 10);
    pulled_free(&p);
    p = unpack_with(STREAM_XZ, str_make(s->packed, s->packed_len), 0, 4096, &limits);
    assert_plain(&p, s);
    pulled_free(&p);
    free(s);
}

/* xz -9 and zstd's usual long mode must pass without an option. */
static void default_window_is_enough_for_xz_9_and_zstd_27(void **state)
{
    (void)state;
    unsigned char packed[512];
    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(9 | LZMA_PRESET_EXTREME, LZMA_CHECK_SHA256, NULL,
                                             (const unsigned char *)"x", 1, packed, &n,
                                             sizeof packed),
                     LZMA_OK);
    struct pulled p = unpack(STREAM_XZ, str_make(packed, n), 0, 10);
    assert_int_equal(p.verdict, PULL_END);
    assert_int_equal(p.len, 1);
    pulled_free(&p);
    p = unpack(STREAM_ZSTD, STR("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00"), 0, 10); /* 128 MiB */
    assert_int_equal(p.verdict, PULL_END);
    pulled_free(&p);
}

static void output_beyond_the_bound_is_an_error_that_names_the_option(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        struct sample *s = sample_of(&formats[f], 2000, 0);
        struct str packed = str_make(s->packed, s->packed_len);
        struct stream_limits limits = stream_limits_default();
        struct stream_budget budget = {s->plain_len, s->plain_len};
        limits.budget = &budget;
        struct pulled p = unpack_with(formats[f].kind, packed, 0, 333, &limits);
        assert_plain(&p, s); /* exactly that much is allowed */
        pulled_free(&p);
        budget = (struct stream_budget){s->plain_len - 1, s->plain_len - 1};
        p = unpack_with(formats[f].kind, packed, 0, 333, &limits);
        assert_int_equal(p.verdict, PULL_FAILED);
        assert_int_equal(p.err.kind, ERR_CORRUPT);
        assert_int_equal(p.err.id, 204);
        assert_non_null(strstr(p.err.hint, "--max-decoded-bytes"));
        assert_int_equal(p.len, s->plain_len - 1);
        pulled_free(&p);
        /* a truncation where the bound is reached is still a truncation */
        budget = (struct stream_budget){s->plain_len, s->plain_len};
        p = unpack_with(formats[f].kind, str_slice(packed, 0, packed.len - 1), 0, 333, &limits);
        assert_int_equal(p.err.kind, ERR_INCOMPLETE);
        pulled_free(&p);
        free(s);
    }
}

static void look_ahead_gives_every_byte_again(void **state)
{
    (void)state;
    static const size_t wants[] = {0, 1, 5, 26, 27, 100};
    struct str text = STR("abcdefghijklmnopqrstuvwxyz");
    for (size_t w = 0; w < sizeof wants / sizeof wants[0]; w++)
        for (size_t room = 1; room < 30; room += 7) {
            struct err err = {0};
            struct str head;
            struct source *src = source_peeked(source_memory(text, 3, &err), wants[w], &head, &err);
            assert_non_null(src);
            assert_true(str_eq(head, str_slice(text, 0, wants[w])));
            struct pulled p = pull_all(src, room, &err);
            assert_int_equal(p.verdict, PULL_END);
            assert_true(str_eq(pulled_str(&p), text));
            pulled_free(&p);
        }
}

static void look_ahead_into_a_cut_stream_keeps_what_is_readable(void **state)
{
    (void)state;
    struct sample *s = sample_of(&formats[0], 300, 0);
    struct stream_limits limits = stream_limits_default();
    struct err err = {0};
    struct str head;
    struct source *src = source_memory(str_make(s->packed, s->packed_len - 4), 0, &err);
    src = source_peeked(inflate_source(src, &limits, &err), STREAM_SNIFF, &head, &err);
    assert_non_null(src);
    assert_false(err_is(&err));
    assert_int_equal(head.len, s->plain_len);
    struct pulled p = pull_all(src, 100, &err);
    assert_int_equal(p.verdict, PULL_FAILED);
    assert_int_equal(p.err.kind, ERR_INCOMPLETE);
    assert_int_equal(p.len, s->plain_len);
    pulled_free(&p);

    src = source_memory(str_make(s->packed, 5), 0, &err);
    src = source_peeked(inflate_source(src, &limits, &err), STREAM_SNIFF, &head, &err);
    assert_null(src);
    assert_int_equal(err.kind, ERR_INCOMPLETE);
    free(s);
}

static void layers_stand_on_each_other(void **state)
{
    (void)state;
    struct sample *inner = sample_of(&formats[1], 2000, 0);
    unsigned char outer[SAMPLE_MOST];
    size_t n = pack_gzip(str_make(inner->packed, inner->packed_len), outer, sizeof outer);
    struct stream_limits limits = stream_limits_default();
    struct err err = {0};
    struct source *src = source_memory(str_make(outer, n), 1, &err);
    for (int layer = 0; layer < 2; layer++) {
        struct str head;
        src = source_peeked(src, STREAM_SNIFF, &head, &err);
        assert_non_null(src);
        src = stream_source(stream_sniff(head), src, &limits, &err);
    }
    struct pulled p = pull_all(src, 100, &err);
    assert_plain(&p, inner);
    pulled_free(&p);
    /* an outer layer that is cut off is told by the inner one as it is */
    src = source_memory(str_make(outer, n - 9), 0, &err);
    src = zstd_source(inflate_source(src, &limits, &err), &limits, &err);
    p = pull_all(src, 100, &err);
    assert_int_equal(p.err.kind, ERR_INCOMPLETE);
    assert_non_null(strstr(p.err.text, "gzip"));
    pulled_free(&p);
    free(inner);
}

static void kinds_are_told_by_bytes(void **state)
{
    (void)state;
    assert_int_equal(stream_sniff(STR("\x1f\x8b\x08\x00")), STREAM_GZIP);
    assert_int_equal(stream_sniff(STR("\x1f\x8b")), STREAM_GZIP); /* cut off */
    assert_int_equal(stream_sniff(STR("\x1f\x8b\x07\x00")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("\xfd"
                                      "7zXZ\0")),
                     STREAM_XZ);
    assert_int_equal(stream_sniff(STR("BZh91AY&SY")), STREAM_BZIP2);
    assert_int_equal(stream_sniff(STR("BZh0"
                                      "1AY&SY")),
                     STREAM_NONE);
    assert_int_equal(stream_sniff(STR("BZh9 is how a text may begin")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("PK\3\4....")), STREAM_ZIP);
    assert_int_equal(stream_sniff(STR("PK\5\6....")), STREAM_ZIP);
    assert_int_equal(stream_sniff(STR("PK\7\10PK\3\4")), STREAM_ZIP);
    assert_int_equal(stream_sniff(STR("PKG")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("PGDMP\1\16\0")), STREAM_NONE);
    static const char *const tars[] = {"gnu.tar", "ustar.tar", "v7.tar", "pax.tar", "longname.tar"};
    unsigned char bytes[8192];
    for (size_t i = 0; i < sizeof tars / sizeof tars[0]; i++) {
        struct str tar = load(tars[i], bytes, sizeof bytes);
        assert_int_equal(stream_sniff(tar), STREAM_TAR);
        assert_int_equal(stream_sniff(str_slice(tar, 0, 512)), STREAM_TAR);
        assert_int_equal(stream_sniff(str_slice(tar, 0, 511)), STREAM_NONE);
        bytes[0] ^= 1; /* the checksum decides */
        assert_int_equal(stream_sniff(tar), STREAM_NONE);
    }
    memset(bytes, 0, 512);
    assert_int_equal(stream_sniff(str_make(bytes, 512)), STREAM_NONE);
}

static void decoder_of_no_compression_is_refused(void **state)
{
    (void)state;
    static const enum stream_kind kinds[] = {STREAM_NONE, STREAM_TAR, STREAM_ZIP};
    for (size_t i = 0; i < 3; i++) {
        assert_false(stream_is_compression(kinds[i]));
        struct pulled p = unpack(kinds[i], STR("x"), 0, 1);
        assert_int_equal(p.err.id, 205);
        pulled_free(&p);
    }
    for (size_t f = 0; f < FORMATS; f++)
        assert_true(stream_is_compression(formats[f].kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_by_bytes),
        cmocka_unit_test(decoder_of_no_compression_is_refused),
        cmocka_unit_test(file_of_the_formats_own_program_is_sniffed_and_read),
        cmocka_unit_test(sizes_of_pieces_and_of_room_change_nothing),
        cmocka_unit_test(truncated_stream_is_never_the_end),
        cmocka_unit_test(flipped_bit_never_ends_with_other_bytes),
        cmocka_unit_test(bytes_behind_the_end_are_an_error),
        cmocka_unit_test(empty_and_foreign_inputs_are_failures),
        cmocka_unit_test(large_stream_is_whole_at_any_room),
        cmocka_unit_test(empty_plain_text_is_a_whole_stream),
        cmocka_unit_test(skippable_frames_are_skipped_and_do_not_hide_the_format),
        cmocka_unit_test(xz_padding_is_allowed_in_fours_only),
        cmocka_unit_test(zstd_window_above_the_limit_is_refused_with_its_size),
        cmocka_unit_test(zstd_segment_of_two_size_bytes_needs_256_more),
        cmocka_unit_test(xz_check_that_cannot_be_verified_is_refused),
        cmocka_unit_test(xz_dictionary_above_the_limit_is_refused_with_its_size),
        cmocka_unit_test(default_window_is_enough_for_xz_9_and_zstd_27),
        cmocka_unit_test(output_beyond_the_bound_is_an_error_that_names_the_option),
        cmocka_unit_test(look_ahead_gives_every_byte_again),
        cmocka_unit_test(look_ahead_into_a_cut_stream_keeps_what_is_readable),
        cmocka_unit_test(layers_stand_on_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
