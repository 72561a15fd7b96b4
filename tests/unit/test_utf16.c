/* utf16: what iconv says of the same bytes, in any pieces, and damage that is never dropped. */
#include "formats/stream/stream.h"
#include "tests/unit/pulled.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct pulled decoded(struct str bytes, enum stream_kind kind, size_t piece, size_t room)
{
    struct err err = {0};
    return pull_all(utf16_source(source_memory(bytes, piece, &err), kind, &err), room, &err);
}

/* The same verdict and the same bytes in every kind of pieces. */
static void gives(struct str bytes, enum stream_kind kind, enum pull verdict, struct str wanted)
{
    static const size_t sizes[] = {1, 2, 3, 7, 4096};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++) {
            struct pulled p = decoded(bytes, kind, sizes[i], sizes[k]);
            assert_int_equal(p.verdict, verdict);
            assert_int_equal(p.len, wanted.len);
            assert_true(wanted.len == 0 || memcmp(p.bytes, wanted.at, wanted.len) == 0);
            pulled_free(&p);
        }
}

/* printf 'aé€😀z' | iconv -t UTF-16LE */
#define SAMPLE_LE                                                                                  \
    STR("a\0\xe9\0\xac\x20\x3d\xd8\x00\xde"                                                        \
        "z\0")
#define SAMPLE_BE STR("\0a\0\xe9\x20\xac\xd8\x3d\xde\x00\0z")
#define SAMPLE_8                                                                                   \
    STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"                                                    \
        "z")

static void characters_of_every_length_come_out_as_utf8(void **state)
{
    (void)state;
    gives(SAMPLE_LE, STREAM_UTF16LE, PULL_END, SAMPLE_8);
    gives(SAMPLE_BE, STREAM_UTF16BE, PULL_END, SAMPLE_8);
    /* the first and the last of each length: U+0000 7F 80 7FF 800 D7FF E000 FFFF 10000 10FFFF */
    gives(STR("\0\0\x7f\0\x80\0\xff\x07\0\x08\xff\xd7\0\xe0\xff\xff\0\xd8\0\xdc\xff\xdb\xff\xdf"),
          STREAM_UTF16LE, PULL_END,
          STR("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"
              "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

static void long_ascii_runs_with_others_between_lose_nothing(void **state)
{
    (void)state;
    static unsigned char le[6000];
    static unsigned char utf8[9000];
    size_t out = 0;
    for (size_t i = 0; i < sizeof le / 2; i++) {
        bool other = i % 37 == 36;
        le[2 * i] = (unsigned char)(other ? 0xe9 : 'a' + i % 26);
        le[2 * i + 1] = 0;
        if (other)
            utf8[out++] = 0xc3;
        utf8[out++] = (unsigned char)(other ? 0xa9 : 'a' + i % 26);
    }
    gives(str_make(le, sizeof le), STREAM_UTF16LE, PULL_END, str_make(utf8, out));
}

static void a_mark_is_left_out_at_the_start_only(void **state)
{
    (void)state;
    gives(STR("\xff\xfe"
              "a\0\xff\xfe"),
          STREAM_UTF16LE, PULL_END, STR("a\xef\xbb\xbf"));
    gives(STR("\xfe\xff\0a"), STREAM_UTF16BE, PULL_END, STR("a"));
    gives(STR("\xff\xfe"), STREAM_UTF16LE, PULL_END, STR(""));
    gives(STR(""), STREAM_UTF16LE, PULL_END, STR(""));
}

static void half_a_character_is_never_dropped(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        int kind;
    } cases[] = {
        {{(const unsigned char *)"a\0b", 3}, ERR_INCOMPLETE},            /* an odd byte */
        {{(const unsigned char *)"a\0\x3d\xd8", 4}, ERR_INCOMPLETE},     /* half a pair */
        {{(const unsigned char *)"a\0\x3d\xd8\x00", 5}, ERR_INCOMPLETE}, /* and a byte */
        {{(const unsigned char *)"a\0\x3d\xd8z\0", 6}, ERR_CORRUPT},     /* first without second */
        {{(const unsigned char *)"a\0\x3d\xd8\x3d\xd8", 6}, ERR_CORRUPT},
        {{(const unsigned char *)"a\0\x00\xdez\0", 6}, ERR_CORRUPT}, /* second without first */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gives(cases[i].bytes, STREAM_UTF16LE, PULL_FAILED, STR("a"));
        struct pulled p = decoded(cases[i].bytes, STREAM_UTF16LE, 0, 100);
        assert_int_equal(p.err.kind, cases[i].kind);
        assert_true(p.err.hint[0] != 0);
        pulled_free(&p);
    }
}

/* ASCII, as `>>` of a shell adds it: 31 pairs may be text, the 32nd pair is not given out. */
static void a_run_of_ascii_bytes_is_another_encoding(void **state)
{
    (void)state;
    static const char row[] = "17\tv2:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9E\r\nanother row,";
    for (size_t n = 62; n <= 64; n += 2) {
        unsigned char bytes[2 + 64 + 2] = {'a', 0};
        memcpy(bytes + 2, row, n);
        bytes[2 + n] = 'z';
        struct pulled p = decoded(str_make(bytes, n + 4), STREAM_UTF16LE, 0, 4096);
        assert_int_equal(p.verdict, n == 62 ? PULL_END : PULL_FAILED);
        gives(str_make(bytes, n + 4), STREAM_UTF16LE, p.verdict, pulled_str(&p));
        if (n == 64) {
            assert_int_equal(p.err.kind, ERR_CORRUPT);
            assert_int_equal(p.err.id, 206);
            assert_non_null(strstr(p.err.text, "from byte 2"));
            assert_true(p.err.hint[0] != 0);
        }
        pulled_free(&p);
        p = decoded(str_make((unsigned char *)memmove(bytes, bytes + 2, n), n), STREAM_UTF16BE, 1,
                    7);
        assert_int_equal(p.verdict, n == 62 ? PULL_END : PULL_FAILED);
        pulled_free(&p);
    }
}

/* U+2550, a double line, reads "P%"; so does each of many bullets that hide a password. */
static void a_line_that_is_drawn_is_text(void **state)
{
    (void)state;
    unsigned char line[2 * 1000];
    unsigned char utf8[3 * 1000];
    for (size_t i = 0; i < 1000; i++) {
        memcpy(line + 2 * i, "\x50\x25", 2);
        memcpy(utf8 + 3 * i, "\xe2\x95\x90", 3);
    }
    gives(str_make(line, sizeof line), STREAM_UTF16LE, PULL_END, str_make(utf8, sizeof utf8));
}

static void truncation_at_every_byte_is_whole_characters_or_incomplete(void **state)
{
    (void)state;
    static const size_t whole[] = {0, 2, 4, 6, 10, 12}; /* ends of the sample's characters */
    for (size_t n = 0, next = 0; n <= SAMPLE_LE.len; n++) {
        struct pulled p = decoded(str_slice(SAMPLE_LE, 0, n), STREAM_UTF16LE, 3, 2);
        bool at_end = whole[next] == n;
        next += at_end;
        assert_int_equal(p.verdict, at_end ? PULL_END : PULL_FAILED);
        assert_true(at_end || p.err.kind == ERR_INCOMPLETE);
        assert_true(str_starts(SAMPLE_8, pulled_str(&p)));
        pulled_free(&p);
    }
}

static void utf16_is_told_by_its_mark_or_by_its_zeros(void **state)
{
    (void)state;
    assert_int_equal(stream_sniff(STR("\xff\xfe-\0-\0\n\0")), STREAM_UTF16LE);
    assert_int_equal(stream_sniff(STR("\xff\xfe")), STREAM_UTF16LE);
    assert_int_equal(stream_sniff(STR("\xff\xfeP\0r\0o\0d\0u\0c\0t\0")), STREAM_UTF16LE);
    assert_int_equal(stream_sniff(STR("\xff\xfe\x2e\x76\x2c\0")), STREAM_UTF16LE);
    assert_int_equal(stream_sniff(STR("\xfe\xff\0i\0d")), STREAM_UTF16BE);
    assert_int_equal(stream_sniff(STR("i\0d\0,\0n\0a\0m\0e\0\n\0")), STREAM_UTF16LE);
    assert_int_equal(stream_sniff(STR("i\0d\0\n\0")), STREAM_UTF16LE);
    assert_int_equal(stream_sniff(STR("\0i\0d\0\n")), STREAM_UTF16BE);
}

static void what_is_no_text_in_utf16_is_not_taken_for_it(void **state)
{
    (void)state;
    assert_int_equal(stream_sniff(STR("\xff\xfeP\0G\0D\0M\0P\0\x01\0")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("\xfe\xff\0P\0G\0D\0M\0P\0\x01")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("\xff\xfe\0\0i\0\0\0")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("PGDMP\x01\x0e\x00\x04\x08\x01\x01\x01")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("id,a\n1,\0\n2,b\n")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("\x01\0\x02\0\x03\0\x04\0")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("\0\0\0\0\0\0\0\0")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("a")), STREAM_NONE);
    assert_int_equal(stream_sniff(STR("a\0")), STREAM_NONE);
}

static void names_say_which_order(void **state)
{
    (void)state;
    assert_string_equal(stream_name(STREAM_UTF16LE), "utf16le");
    assert_string_equal(stream_name(STREAM_UTF16BE), "utf16be");
    assert_true(stream_is_compression(STREAM_UTF16LE));
    assert_false(stream_is_compression(STREAM_TAR));
}

static void the_bound_holds_for_what_comes_out(void **state)
{
    (void)state;
    struct err err = {0};
    struct stream_limits limits = stream_limits_default();
    struct stream_budget budget = {SAMPLE_8.len - 1, SAMPLE_8.len - 1};
    limits.budget = &budget;
    struct source *below = source_memory(SAMPLE_LE, 0, &err);
    struct pulled p = pull_all(stream_source(STREAM_UTF16LE, below, &limits, &err), 64, &err);
    assert_int_equal(p.verdict, PULL_FAILED);
    assert_int_equal(p.err.id, 204);
    pulled_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_every_length_come_out_as_utf8),
        cmocka_unit_test(long_ascii_runs_with_others_between_lose_nothing),
        cmocka_unit_test(a_mark_is_left_out_at_the_start_only),
        cmocka_unit_test(half_a_character_is_never_dropped),
        cmocka_unit_test(a_run_of_ascii_bytes_is_another_encoding),
        cmocka_unit_test(a_line_that_is_drawn_is_text),
        cmocka_unit_test(truncation_at_every_byte_is_whole_characters_or_incomplete),
        cmocka_unit_test(utf16_is_told_by_its_mark_or_by_its_zeros),
        cmocka_unit_test(what_is_no_text_in_utf16_is_not_taken_for_it),
        cmocka_unit_test(names_say_which_order),
        cmocka_unit_test(the_bound_holds_for_what_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
