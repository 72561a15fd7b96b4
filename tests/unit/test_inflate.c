/* The gzip and zlib decoders, every test with both backends. Samples are made by zlib and by gzip
 * itself. */
#include "formats/stream/inflate.h"
#include "formats/stream/stream.h"
#include "tests/unit/pulled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <zlib.h>

static const struct inflate_backend *const backends[] = {&inflate_isal, &inflate_zlib};
enum { BACKENDS = 2, SAMPLE_MOST = 1 << 16, LARGE = 3 * 1024 * 1024 };

struct sample {
    unsigned char packed[SAMPLE_MOST];
    size_t packed_len;
    unsigned char plain[SAMPLE_MOST];
    size_t plain_len;
};

/* Rows as in a dump: repetitive enough for matches, varied enough for dynamic codes. */
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

static void add_member(struct sample *s, size_t rows_len, int level, int strategy,
                       gz_header *header)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, strategy), Z_OK);
    if (header)
        assert_int_equal(deflateSetHeader(&z, header), Z_OK);
    unsigned char *plain = s->plain + s->plain_len;
    size_t len = write_rows(plain, rows_len, (unsigned)(s->plain_len + 1));
    z.next_in = plain;
    z.avail_in = (uInt)len;
    z.next_out = s->packed + s->packed_len;
    z.avail_out = (uInt)(SAMPLE_MOST - s->packed_len);
    uInt room = z.avail_out;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    s->plain_len += len;
    s->packed_len += room - z.avail_out;
    assert_int_equal(deflateEnd(&z), Z_OK);
}

/* Stored, fixed and dynamic blocks, one member each, the last one with every optional field. */
static struct sample *three_members(void)
{
    struct sample *s = calloc(1, sizeof *s);
    assert_non_null(s);
    add_member(s, 200, 0, Z_DEFAULT_STRATEGY, NULL);
    add_member(s, 300, 9, Z_FIXED, NULL);
    unsigned char extra[] = {'A', 'B', 2, 0, 7, 7};
    unsigned char name[] = "dump.sql";
    unsigned char comment[] = "a comment";
    gz_header header = {.extra = extra,
                        .extra_len = sizeof extra,
                        .name = name,
                        .comment = comment,
                        .hcrc = 1,
                        .os = 3,
                        .time = 1700000000};
    add_member(s, 900, 9, Z_DEFAULT_STRATEGY, &header);
    return s;
}

static struct pulled unpack(const struct inflate_backend *backend, struct str packed, size_t piece,
                            size_t room)
{
    struct err err = {0};
    struct source *src = inflate_source_by(backend, source_memory(packed, piece, &err), &err);
    return pull_all(src, room, &err);
}

static void assert_plain(const struct pulled *p, const struct sample *s)
{
    assert_int_equal(p->verdict, PULL_END);
    assert_int_equal(p->len, s->plain_len);
    assert_memory_equal(p->bytes, s->plain, s->plain_len);
}

static void members_of_every_block_type_are_joined(void **state)
{
    (void)state;
    struct sample *s = three_members();
    for (size_t b = 0; b < BACKENDS; b++) {
        struct pulled p = unpack(backends[b], str_make(s->packed, s->packed_len), 0, SAMPLE_MOST);
        assert_plain(&p, s);
        pulled_free(&p);
    }
    free(s);
}

static void sizes_of_pieces_and_of_room_change_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 64, 1000, 0};
    struct sample *s = three_members();
    for (size_t b = 0; b < BACKENDS; b++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
                struct pulled p = unpack(backends[b], str_make(s->packed, s->packed_len), sizes[i],
                                         sizes[j] ? sizes[j] : SAMPLE_MOST);
                assert_plain(&p, s);
                pulled_free(&p);
            }
    free(s);
}

/* Cut between two members, a stream cannot be told from a shorter one. */
static bool is_member_end(const struct sample *s, size_t cut)
{
    return cut + 3 < s->packed_len && cut > 8 && s->packed[cut] == 0x1f &&
           s->packed[cut + 1] == 0x8b && s->packed[cut + 2] == 8;
}

static void truncated_member_is_never_the_end(void **state)
{
    (void)state;
    struct sample *s = three_members();
    size_t ends = 0;
    for (size_t cut = 0; cut < s->packed_len; cut++)
        for (size_t piece = 0; piece < 2; piece++) {
            struct str packed = str_make(s->packed, cut);
            struct pulled a = unpack(&inflate_isal, packed, piece, SAMPLE_MOST);
            struct pulled b = unpack(&inflate_zlib, packed, piece, SAMPLE_MOST);
            ends += a.verdict == PULL_END;
            assert_int_equal(a.verdict, is_member_end(s, cut) ? PULL_END : PULL_FAILED);
            assert_int_equal(a.err.kind, is_member_end(s, cut) ? ERR_NONE : ERR_INCOMPLETE);
            assert_int_equal(b.verdict, a.verdict);
            assert_int_equal(b.err.kind, a.err.kind);
            assert_int_equal(a.len, b.len);
            assert_memory_equal(a.bytes, s->plain, a.len);
            assert_memory_equal(b.bytes, s->plain, b.len);
            pulled_free(&a);
            pulled_free(&b);
        }
    assert_int_equal(ends, 4); /* two inner ends, two piece sizes */
    free(s);
}

/* Time, operating system and such may change; the bytes must not. */
static void flipped_bit_never_ends_with_other_bytes(void **state)
{
    (void)state;
    struct sample *s = three_members();
    size_t harmless = 0;
    for (size_t bit = 0; bit < s->packed_len * 8; bit++) {
        s->packed[bit / 8] ^= (unsigned char)(1U << bit % 8);
        struct str packed = str_make(s->packed, s->packed_len);
        struct pulled a = unpack(&inflate_isal, packed, 0, SAMPLE_MOST);
        struct pulled b = unpack(&inflate_zlib, packed, 0, SAMPLE_MOST);
        struct pulled c = unpack(&inflate_isal, packed, 1, 5);
        assert_int_not_equal(a.verdict, PULL_OK);
        assert_int_equal(b.verdict, a.verdict);
        assert_int_equal(b.err.kind, a.err.kind);
        assert_int_equal(c.verdict, a.verdict);
        assert_int_equal(c.err.kind, a.err.kind);
        if (a.verdict == PULL_END) {
            assert_plain(&a, s);
            assert_plain(&b, s);
            assert_plain(&c, s);
            harmless++;
        }
        pulled_free(&a);
        pulled_free(&b);
        pulled_free(&c);
        s->packed[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    /* MTIME, XFL, OS and FTEXT of the two members without FHCRC; the bits behind the header of the
     * stored block and behind the last code of the two others. */
    assert_true(harmless >= 2 * 49 + 5);
    assert_true(harmless <= 2 * 49 + 5 + 2 * 7);
    free(s);
}

static void zero_bytes_after_the_last_member_are_padding(void **state)
{
    (void)state;
    struct sample *s = three_members();
    for (size_t b = 0; b < BACKENDS; b++)
        for (size_t zeros = 1; zeros < 2000; zeros += 333) {
            struct pulled p = unpack(backends[b], str_make(s->packed, s->packed_len + zeros),
                                     zeros % 2, SAMPLE_MOST);
            assert_plain(&p, s);
            pulled_free(&p);
        }
    free(s);
}

static void other_bytes_after_the_last_member_are_an_error(void **state)
{
    (void)state;
    static const char *const tails[] = {"x", "\n", "garbage", "\x1f\x8c", "PK\3\4"};
    struct sample *s = three_members();
    for (size_t b = 0; b < BACKENDS; b++)
        for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++)
            for (size_t zeros = 0; zeros < 3; zeros++) {
                size_t at = s->packed_len + zeros;
                memcpy(s->packed + at, tails[t], strlen(tails[t]));
                struct pulled p =
                    unpack(backends[b], str_make(s->packed, at + strlen(tails[t])), 0, SAMPLE_MOST);
                assert_int_equal(p.verdict, PULL_FAILED);
                assert_int_equal(p.err.kind, ERR_CORRUPT);
                assert_int_equal(p.err.id, 202);
                assert_int_equal(p.len, s->plain_len); /* what came before was given out */
                pulled_free(&p);
                memset(s->packed + s->packed_len, 0, 16);
            }
    free(s);
}

/* printf 'hello, gzip\n' >hello; gzip -9 hello (gzip 1.12): with the name and the time. */
static const unsigned char made_by_gzip[] = {
    0x1f, 0x8b, 0x08, 0x08, 0x31, 0xc6, 0x01, 0x6b, 0x02, 0x03, 0x68, 0x65, 0x6c,
    0x6c, 0x6f, 0x00, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0x48, 0xaf, 0xca,
    0x2c, 0xe0, 0x02, 0x00, 0x86, 0x1f, 0x82, 0xa4, 0x0c, 0x00, 0x00, 0x00,
};

static void file_of_the_gzip_program_is_read(void **state)
{
    (void)state;
    for (size_t b = 0; b < BACKENDS; b++) {
        struct pulled p =
            unpack(backends[b], str_make(made_by_gzip, sizeof made_by_gzip), 1, SAMPLE_MOST);
        assert_int_equal(p.verdict, PULL_END);
        assert_true(str_eq(pulled_str(&p), STR("hello, gzip\n")));
        pulled_free(&p);
    }
}

static void wrong_method_and_reserved_flags_are_refused(void **state)
{
    (void)state;
    for (size_t b = 0; b < BACKENDS; b++) {
        unsigned char bad[sizeof made_by_gzip];
        memcpy(bad, made_by_gzip, sizeof bad);
        bad[2] = 7;
        struct pulled p = unpack(backends[b], str_make(bad, sizeof bad), 0, SAMPLE_MOST);
        assert_int_equal(p.err.kind, ERR_CORRUPT);
        pulled_free(&p);
        bad[2] = 8;
        bad[3] |= 0x20;
        p = unpack(backends[b], str_make(bad, sizeof bad), 0, SAMPLE_MOST);
        assert_int_equal(p.err.kind, ERR_CORRUPT);
        pulled_free(&p);
    }
}

static void empty_input_is_cut_off_and_other_input_is_no_gzip(void **state)
{
    (void)state;
    for (size_t b = 0; b < BACKENDS; b++) {
        struct pulled p = unpack(backends[b], STR(""), 0, 10);
        assert_int_equal(p.err.kind, ERR_INCOMPLETE);
        pulled_free(&p);
        p = unpack(backends[b], STR("-- PostgreSQL database dump"), 0, 10);
        assert_int_equal(p.err.kind, ERR_CORRUPT);
        assert_int_equal(p.err.id, 201);
        pulled_free(&p);
        p = unpack(backends[b], STR("\0\0\0"), 0, 10);
        assert_int_equal(p.err.kind, ERR_CORRUPT);
        pulled_free(&p);
    }
}

/* A megabyte window of matches, larger than every buffer: history is carried between calls. */
static void large_member_is_the_same_through_both(void **state)
{
    (void)state;
    unsigned char *plain = malloc(LARGE);
    unsigned char *packed = malloc(LARGE);
    assert_non_null(plain);
    assert_non_null(packed);
    size_t len = write_rows(plain, LARGE, 99);
    z_stream z = {.next_in = plain, .avail_in = (uInt)len, .next_out = packed, .avail_out = LARGE};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct str whole = str_make(packed, z.total_out);
    assert_int_equal(deflateEnd(&z), Z_OK);
    static const size_t pieces[] = {0, 65537, 4093};
    static const size_t rooms[] = {LARGE, 1 << 20, 65536, 32767, 999};
    for (size_t b = 0; b < BACKENDS; b++)
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 5; j++) {
                struct pulled p = unpack(backends[b], whole, pieces[i], rooms[j]);
                assert_int_equal(p.verdict, PULL_END);
                assert_int_equal(p.len, len);
                assert_memory_equal(p.bytes, plain, len);
                pulled_free(&p);
            }
    free(plain);
    free(packed);
}

/* ---- the zlib stream ---- */

static struct pulled unpack_zlib(const struct inflate_backend *backend, struct str packed,
                                 size_t piece, size_t room)
{
    struct err err = {0};
    return pull_all(zlib_source_by(backend, source_memory(packed, piece, &err), &err), room, &err);
}

static size_t zlib_sample(unsigned char *packed, size_t packed_room, unsigned char *plain,
                          size_t plain_len, int level)
{
    uLongf len = packed_room;
    assert_int_equal(compress2(packed, &len, plain, plain_len, level), Z_OK);
    return len;
}

static void zlib_stream_is_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    static unsigned char plain[SAMPLE_MOST];
    static unsigned char packed[2 * SAMPLE_MOST];
    static const size_t sizes[] = {1, 2, 3, 7, 64, SAMPLE_MOST};
    for (int level = 0; level <= 9; level += 3)
        for (size_t b = 0; b < BACKENDS; b++)
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                size_t len = i == 0 ? 0 : write_rows(plain, 20000, 3);
                size_t n = zlib_sample(packed, sizeof packed, plain, len, level);
                struct pulled p = unpack_zlib(backends[b], str_make(packed, n), sizes[i], sizes[i]);
                assert_int_equal(p.verdict, PULL_END);
                assert_int_equal(p.len, len);
                assert_memory_equal(p.bytes ? p.bytes : plain, plain, len);
                pulled_free(&p);
            }
}

static void damaged_zlib_stream_never_ends_with_other_bytes(void **state)
{
    (void)state;
    unsigned char plain[900];
    unsigned char packed[2000];
    unsigned char bad[2001];
    size_t len = write_rows(plain, sizeof plain, 5);
    size_t n = zlib_sample(packed, sizeof packed, plain, len, 6);
    for (size_t b = 0; b < BACKENDS; b++) {
        for (size_t cut = 0; cut < n; cut++) {
            struct pulled p = unpack_zlib(backends[b], str_make(packed, cut), 0, 100);
            assert_int_equal(p.verdict, PULL_FAILED);
            assert_int_equal(p.err.kind, ERR_INCOMPLETE);
            pulled_free(&p);
        }
        for (size_t bit = 0; bit < n * 8; bit++) {
            memcpy(bad, packed, n);
            bad[bit / 8] ^= (unsigned char)(1 << bit % 8);
            struct pulled p = unpack_zlib(backends[b], str_make(bad, n), 0, 100);
            assert_true(p.verdict == PULL_FAILED ||
                        (p.len == len && memcmp(p.bytes, plain, len) == 0));
            pulled_free(&p);
        }
        memcpy(bad, packed, n);
        bad[n] = 0;
        struct pulled p = unpack_zlib(backends[b], str_make(bad, n + 1), 0, 100);
        assert_int_equal(p.verdict, PULL_FAILED);
        assert_int_equal(p.err.id, 202);
        pulled_free(&p);
    }
}

/*
 * What can be decoded before the damage is counted, so it must not depend on how it was read.
 * ISA-L's vector code tells a distance that is too far only behind the copy.
 */
static void assert_same_damage(const struct pulled *p, const struct pulled *whole)
{
    enum { MATCH_MOST = 258 };
    bool late = strstr(whole->err.text, "too far back") != NULL;
    size_t most = p->len > whole->len ? p->len : whole->len;
    size_t least = p->len < whole->len ? p->len : whole->len;
    size_t same = late ? most < MATCH_MOST ? 0 : most - MATCH_MOST : most;
    assert_int_equal(p->verdict, whole->verdict);
    assert_int_equal(p->err.id, whole->err.id);
    assert_in_range(least, same, most);
    if (same > 0)
        assert_memory_equal(p->bytes, whole->bytes, same);
    if (!late)
        assert_string_equal(p->err.text, whole->err.text);
}

static void damage_is_told_behind_the_same_bytes_whatever_the_pieces(void **state)
{
    (void)state;
    enum { ROWS = 150000, ROOM = 200000, STEP = 2011 };
    static const size_t pieces[] = {65536, 4093, 40};
    static const size_t rooms[] = {LARGE, 40000, 301};
    unsigned char *plain = malloc(ROWS);
    unsigned char *packed = malloc(ROOM);
    assert_non_null(plain);
    assert_non_null(packed);
    size_t len = write_rows(plain, ROWS, 7);
    for (int level = 0; level <= 6; level += 3) {
        size_t n = zlib_sample(packed, ROOM, plain, len, level);
        for (size_t at = 2; at < n; at += STEP)
            for (size_t b = 0; b < BACKENDS; b++) {
                unsigned char bit = (unsigned char)(1 << at % 8);
                packed[at] ^= bit;
                struct pulled whole = unpack_zlib(backends[b], str_make(packed, n), 0, LARGE);
                for (size_t i = 0; i < 9; i++) {
                    struct pulled p =
                        unpack_zlib(backends[b], str_make(packed, n), pieces[i / 3], rooms[i % 3]);
                    assert_same_damage(&p, &whole);
                    pulled_free(&p);
                }
                pulled_free(&whole);
                packed[at] ^= bit;
            }
    }
    free(plain);
    free(packed);
}

static void zlib_header_with_a_dictionary_or_another_method_is_refused(void **state)
{
    (void)state;
    static const unsigned char heads[][2] = {
        {0x78, 0xbb}, {0x77, 0x85}, {0x88, 0x1c}, {0x78, 0x9d}};
    for (size_t b = 0; b < BACKENDS; b++)
        for (size_t i = 0; i < 4; i++) {
            struct pulled p = unpack_zlib(backends[b], str_make(heads[i], 2), 0, 10);
            assert_int_equal(p.verdict, PULL_FAILED);
            assert_int_equal(p.err.id, 201);
            pulled_free(&p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_told_behind_the_same_bytes_whatever_the_pieces),
        cmocka_unit_test(members_of_every_block_type_are_joined),
        cmocka_unit_test(sizes_of_pieces_and_of_room_change_nothing),
        cmocka_unit_test(truncated_member_is_never_the_end),
        cmocka_unit_test(flipped_bit_never_ends_with_other_bytes),
        cmocka_unit_test(zero_bytes_after_the_last_member_are_padding),
        cmocka_unit_test(other_bytes_after_the_last_member_are_an_error),
        cmocka_unit_test(file_of_the_gzip_program_is_read),
        cmocka_unit_test(wrong_method_and_reserved_flags_are_refused),
        cmocka_unit_test(empty_input_is_cut_off_and_other_input_is_no_gzip),
        cmocka_unit_test(large_member_is_the_same_through_both),
        cmocka_unit_test(zlib_stream_is_read_in_pieces_of_any_size),
        cmocka_unit_test(damaged_zlib_stream_never_ends_with_other_bytes),
        cmocka_unit_test(zlib_header_with_a_dictionary_or_another_method_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
