/* Bytes, memory, errors, time, text, sources, files and digests: what everything stands on. */
#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/secret.h"
#include "common/source.h"
#include "common/sys.h"
#include "common/text.h"
#include "common/utc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka needs the four above first */
#include <cmocka.h>

static void assert_str(struct str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.at, expected, s.len);
}

/* ---- str ---- */

static void slices_are_clipped_to_their_string(void **state)
{
    (void)state;
    struct str s = STR("abcdef");
    assert_str(str_slice(s, 1, 3), "bc");
    assert_str(str_slice(s, 4, 99), "ef");
    assert_str(str_slice(s, 9, 12), "");
    assert_str(str_slice(s, 3, 2), "");
}

static void order_is_by_bytes_and_then_by_length(void **state)
{
    (void)state;
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR(""), STR("")), 0);
    assert_int_equal(str_cmp(STR("v10"), STR("v10")), 0);
}

static void cutting_without_the_byte_leaves_all_in_front(void **state)
{
    (void)state;
    struct str before;
    struct str after;
    assert_true(str_cut(STR("k=v=w"), '=', &before, &after));
    assert_str(before, "k");
    assert_str(after, "v=w");
    assert_false(str_cut(STR("kv"), '=', &before, &after));
    assert_str(before, "kv");
    assert_str(after, "");
    assert_true(str_cut(STR("kv="), '=', &before, &after));
    assert_str(after, "");
}

static void searching_finds_the_first_and_only_whole_needles(void **state)
{
    (void)state;
    assert_int_equal(str_search(STR("aab"), STR("ab")), 1);
    assert_int_equal(str_search(STR("aaab"), STR("aab")), 1);
    assert_int_equal(str_search(STR("abab"), STR("abc")), 4);
    assert_int_equal(str_search(STR("ab"), STR("abc")), 2);
    assert_int_equal(str_search(STR("ab"), STR("")), 0);
}

static void lines_lose_either_line_end(void **state)
{
    (void)state;
    struct str rest = STR("one\r\ntwo\n\nlast");
    struct str line;
    assert_true(str_line(&rest, &line));
    assert_str(line, "one");
    assert_true(str_line(&rest, &line));
    assert_str(line, "two");
    assert_true(str_line(&rest, &line));
    assert_str(line, "");
    assert_true(str_line(&rest, &line));
    assert_str(line, "last");
    assert_false(str_line(&rest, &line));
}

static void numbers_are_whole_unsigned_and_never_wrap(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(str_to_u64(STR("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_false(str_to_u64(STR("18446744073709551616"), &n));
    assert_false(str_to_u64(STR(""), &n));
    assert_false(str_to_u64(STR("-1"), &n));
    assert_false(str_to_u64(STR("1 "), &n));
    assert_false(str_to_u64(STR("0x1"), &n));
}

/* ---- arena, buf ---- */

static void memory_comes_zeroed_even_after_a_reset(void **state)
{
    (void)state;
    struct arena a = {0};
    struct arena_mark start = arena_mark(&a);
    unsigned char *first = arena_alloc(&a, 1000);
    memset(first, 0xAA, 1000);
    arena_reset(&a, start);
    unsigned char *again = arena_alloc(&a, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(again[i], 0);
    arena_free(&a);
}

static void a_reset_keeps_what_was_there_at_the_mark(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str kept = arena_copy(&a, STR("kept"));
    struct arena_mark mark = arena_mark(&a);
    for (int i = 0; i < 100; i++)
        (void)arena_alloc(&a, 10000);
    arena_reset(&a, mark);
    assert_str(kept, "kept");
    assert_ptr_equal(mark.top, arena_mark(&a).top);
    arena_free(&a);
}

static void allocations_are_aligned_for_any_type(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t n = 0; n < 70; n++)
        assert_int_equal((uintptr_t)arena_alloc(&a, n) % 16, 0);
    arena_free(&a);
}

static jmp_buf out_of_memory;
static void jump_out(size_t wanted)
{
    (void)wanted;
    longjmp(out_of_memory, 1);
}

static void an_impossible_size_is_out_of_memory_and_not_a_small_block(void **state)
{
    (void)state;
    struct arena a = {0};
    void (*before)(size_t) = arena_out_of_memory;
    arena_out_of_memory = jump_out;
    volatile int caught = 0;
    if (setjmp(out_of_memory) == 0)
        (void)arena_array(&a, SIZE_MAX / 4, 16);
    else
        caught++;
    if (setjmp(out_of_memory) == 0)
        (void)arena_alloc(&a, SIZE_MAX - 3);
    else
        caught++;
    arena_out_of_memory = before;
    assert_int_equal(caught, 2);
    arena_free(&a);
}

static void a_growing_array_keeps_its_items(void **state)
{
    (void)state;
    struct arena a = {0};
    size_t *items = NULL;
    size_t room = 0;
    for (size_t i = 0; i < 1000; i++) {
        items = arena_grow(&a, items, i, &room, sizeof *items);
        items[i] = i * 3;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i * 3);
    arena_free(&a);
}

static void text_grows_without_losing_a_byte(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf b = {.arena = &a};
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i);
    struct str text = buf_str(&b);
    for (uint64_t i = 0; i < 1000; i++) {
        struct str number;
        uint64_t n;
        assert_true(str_cut(text, ',', &number, &text));
        assert_true(str_to_u64(number, &n));
        assert_int_equal(n, i);
    }
    assert_int_equal(text.len, 0);
    arena_free(&a);
}

/* ---- err ---- */

/* RFC 3629, section 3: the first and the last character of each length. */
static void code_points_are_written_in_utf8_and_read_again(void **state)
{
    (void)state;
    static const struct {
        uint32_t point;
        const char *utf8;
    } cases[] = {{1, "\x01"},
                 {0x7f, "\x7f"},
                 {0x80, "\xc2\x80"},
                 {0x7ff, "\xdf\xbf"},
                 {0x800, "\xe0\xa0\x80"},
                 {0x20ac, "\xe2\x82\xac"},
                 {0xffff, "\xef\xbf\xbf"},
                 {0x10000, "\xf0\x90\x80\x80"},
                 {0x1f511, "\xf0\x9f\x94\x91"},
                 {0x10ffff, "\xf4\x8f\xbf\xbf"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char utf8[TEXT_UTF8_MOST];
        struct str wanted = str_from(cases[i].utf8);
        struct str got = str_make(utf8, text_utf8_put(cases[i].point, utf8));
        uint32_t point = 0;
        assert_true(str_eq(got, wanted));
        assert_int_equal(text_utf8(got, 0, &point), wanted.len);
        assert_int_equal(point, cases[i].point);
    }
}

static void the_first_error_wins_and_context_goes_in_front(void **state)
{
    (void)state;
    struct err e = {0};
    err_context(&e, "nothing yet");
    assert_false(err_is(&e));
    err_set(&e, ERR_STALE, 924, "first %d", 1);
    err_set(&e, ERR_SYSTEM, 101, "second");
    err_context(&e, "inner");
    err_context(&e, "outer");
    err_hint(&e, "hint one");
    err_hint(&e, "hint two");
    assert_int_equal(e.kind, ERR_STALE);
    assert_int_equal(e.id, 924);
    assert_string_equal(e.text, "outer: inner: first 1");
    assert_string_equal(e.hint, "hint one");
}

static void a_long_context_cuts_the_text_and_never_overruns(void **state)
{
    (void)state;
    struct err e = {0};
    char wide[900];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = 0;
    err_set(&e, ERR_SYSTEM, 101, "cause %s", wide);
    for (int i = 0; i < 20; i++)
        err_context(&e, "context %s", wide);
    assert_true(strlen(e.text) < sizeof e.text);
    assert_memory_equal(e.text, "context ", 8);
}

static void every_number_is_explained_once(void **state)
{
    (void)state;
    size_t count;
    const struct err_entry *all = err_entries(&count);
    assert_true(count > 50);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(err_lookup(all[i].id), &all[i]);
        assert_true(strlen(all[i].title) > 5 && strlen(all[i].meaning) > 20);
    }
}

/* ---- utc ---- */

static void known_instants_print_and_parse(void **state)
{
    (void)state;
    /* `date -u -d @N +%FT%TZ` */
    static const struct {
        int64_t t;
        const char *text;
    } known[] = {{0, "1970-01-01T00:00:00Z"},
                 {951782400, "2000-02-29T00:00:00Z"},
                 {1700000000, "2023-11-14T22:13:20Z"},
                 {4102444799, "2099-12-31T23:59:59Z"},
                 {-1, "1969-12-31T23:59:59Z"}};
    char text[UTC_TEXT];
    int64_t t;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_string_equal(utc_text(known[i].t, text), known[i].text);
        assert_true(utc_parse(str_from(known[i].text), &t));
        assert_true(t == known[i].t);
    }
    assert_string_equal(utc_compact(1700000000, text), "20231114T221320Z");
    assert_string_equal(utc_text(UTC_NONE, text), "");
}

/* A damaged report or a forged token may say any of them. */
static void years_beyond_four_digits_are_clipped(void **state)
{
    (void)state;
    char text[UTC_TEXT];
    assert_string_equal(utc_text(253402300799, text), "9999-12-31T23:59:59Z");
    assert_string_equal(utc_text(253402300800, text), "9999-01-01T00:00:00Z");
    assert_memory_equal(utc_text(135536078473960248, text), "9999-", 5); /* 2^32 years and 53 */
    assert_memory_equal(utc_text(INT64_MAX, text), "9999-", 5);
    assert_memory_equal(utc_text(INT64_MAX / 4, text), "9999-", 5);
    assert_memory_equal(utc_text(INT64_MIN + 1, text), "0000-", 5);
    assert_memory_equal(utc_text(INT64_MIN / 4, text), "0000-", 5);
}

static void times_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"2023-02-29T00:00:00Z",
                                        "2023-13-01T00:00:00Z",
                                        "2023-00-01T00:00:00Z",
                                        "2023-01-01T24:00:00Z",
                                        "2023-01-01T00:60:00Z",
                                        "2023-01-01T00:00:60Z",
                                        "2023-01-01 00:00:00Z",
                                        "2023-01-01T00:00:00",
                                        "2023-1-01T00:00:00Z",
                                        "2023-01-01T00:00:00+",
                                        ""};
    int64_t t;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(utc_parse(str_from(wrong[i]), &t));
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -146097; day < 146097; day++) {
        struct utc_parts p = utc_to_parts(day * 86400 + 3661);
        int64_t t;
        assert_true(utc_from_parts(&p, &t));
        assert_true(t == day * 86400 + 3661);
    }
}

static void durations_have_one_unit(void **state)
{
    (void)state;
    int64_t s;
    assert_true(utc_parse_date(STR("2027-01-15"), &s) && s == 1799971200);
    assert_true(utc_parse_date(STR("2027-01-15T08:00:00Z"), &s) && s == 1800000000);
    assert_false(utc_parse_date(STR("2027-02-29"), &s));
    assert_false(utc_parse_date(STR("2027-1-15"), &s));
    assert_false(utc_parse_date(STR("tomorrow.."), &s));
    assert_true(utc_parse_duration(STR("7d"), &s) && s == 604800);
    assert_true(utc_parse_duration(STR("90s"), &s) && s == 90);
    assert_true(utc_parse_duration(STR("2w"), &s) && s == 1209600);
    assert_false(utc_parse_duration(STR("7"), &s));
    assert_false(utc_parse_duration(STR("d"), &s));
    assert_false(utc_parse_duration(STR("-7d"), &s));
    assert_false(utc_parse_duration(STR("1d2h"), &s));
}

/* ---- text ---- */

static void names_cannot_move_the_cursor_or_turn_a_line_around(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_string_equal(text_shown(&a, STR("a\033[2Jb")), "a\\x1b[2Jb");
    assert_string_equal(text_shown(&a, STR("x\nfake: ok")), "x\\x0afake: ok");
    assert_string_equal(text_shown(&a, STR("\xe2\x80\xae"
                                           "abc")),
                        "\\u{202e}abc");
    assert_string_equal(text_shown(&a, STR("\xff\xc3")), "\\xff\\xc3");
    assert_string_equal(text_shown(&a, STR("\xc0\xaf")), "\\xc0\\xaf");
    assert_string_equal(text_shown(&a, STR("usu\xc3\xa1rios")), "usu\xc3\xa1rios");
    arena_free(&a);
}

static void json_strings_are_json(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf b = {.arena = &a};
    text_json(&b, STR("a\"b\\c\nd\x01\xff"));
    buf_byte(&b, 0);
    assert_string_equal((char *)b.at, "\"a\\\"b\\\\c\\nd\\u0001\\ufffd\"");
    arena_free(&a);
}

static void counts_and_bytes_read_well(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(text_count(0, text), "0");
    assert_string_equal(text_count(999, text), "999");
    assert_string_equal(text_count(1000, text), "1,000");
    assert_string_equal(text_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
    assert_string_equal(text_bytes(999, text), "999 B");
    assert_string_equal(text_bytes(930200000, text), "930.2 MB");
}

static void the_nearest_name_is_the_one_that_was_meant(void **state)
{
    (void)state;
    const struct str names[] = {STR("id"), STR("email"), STR("_otp_secret"), STR("otp_hash")};
    struct str best[2];
    assert_int_equal(text_nearest(STR("otp_secret"), names, 4, best, 1), 1);
    assert_str(best[0], "_otp_secret");
    assert_int_equal(text_nearest(STR("EMAIL"), names, 4, best, 2), 1);
    assert_str(best[0], "email");
    assert_int_equal(text_nearest(STR("completely_else"), names, 4, best, 2), 0);
}

/* ---- digests ---- */

static void digests_are_the_published_ones(void **state)
{
    (void)state;
    struct err e = {0};
    struct sha256 d;
    char hex[SHA256_HEX + 1];
    /* FIPS 180-4, "abc" */
    assert_true(crypto_sha256(STR("abc"), &d, &e));
    sha256_hex(&d, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct sha256 back;
    assert_true(sha256_from_hex(str_from(hex), &back) && sha256_eq(&d, &back));
    hex[3] = 'G';
    assert_false(sha256_from_hex(str_from(hex), &back));
    struct sha256_stream *s = sha256_open(&e);
    assert_non_null(s);
    assert_true(sha256_add(s, STR("a"), &e) && sha256_add(s, STR("bc"), &e));
    assert_true(sha256_close(s, &back, &e) && sha256_eq(&d, &back));
}

static void a_version_derives_to_the_vector_of_the_application(void **state)
{
    (void)state;
    struct err e = {0};
    struct secret s;
    unsigned char salt[16];
    for (unsigned i = 0; i < 16; i++)
        salt[i] = (unsigned char)(0xa0 + i);
    /* formats.md section 1, v1 */
    static const unsigned char derived[] = {0xaf, 0xb5, 0x71, 0xe4, 0x60, 0x98, 0x8d, 0xea,
                                            0x50, 0xa9, 0x77, 0x62, 0xb5, 0x51, 0xd0, 0x03,
                                            0x96, 0xc5, 0xb3, 0x89, 0x74, 0x6d, 0x74, 0x07,
                                            0xf2, 0xcd, 0xa3, 0x5c, 0x05, 0xd2, 0xec, 0x70};
    assert_true(secret_derive(&s, STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
                              str_make(salt, 16), 100000, &e));
    assert_memory_equal(s.derived, derived, sizeof derived);
    /* S11: printf 'keyretire-fp-v1<derived>' | sha256sum */
    struct fingerprint fp;
    assert_true(secret_fingerprint(&s, &fp, &e));
    assert_int_equal(strlen(fp.hex), FINGERPRINT_HEX);
    unsigned char joined[15 + 32];
    memcpy(joined, "keyretire-fp-v1", 15);
    memcpy(joined + 15, derived, 32);
    struct sha256 d;
    char hex[SHA256_HEX + 1];
    assert_true(crypto_sha256(str_make(joined, sizeof joined), &d, &e));
    sha256_hex(&d, hex);
    assert_memory_equal(fp.hex, hex, FINGERPRINT_HEX);
    secret_free(&s);
    for (size_t i = 0; i < sizeof derived; i++)
        assert_int_equal(s.derived[i], 0);
}

/* ---- source, file ---- */

static void a_metered_source_counts_and_digests_what_passed(void **state)
{
    (void)state;
    struct err e = {0};
    struct meter m = {0};
    unsigned char into[64];
    size_t got;
    struct source *s = source_metered(source_memory(STR("hello world"), 3, &e), &m, &e);
    assert_non_null(s);
    assert_int_equal(source_read_full(s, into, sizeof into, &got, &e), PULL_END);
    assert_int_equal(got, 11);
    assert_int_equal(m.bytes, 11);
    /* printf 'hello world' | xxhsum -H2 */
    assert_string_equal(m.digest, "df8d09e93f874900a99b8775cc15b6c7");
    assert_int_equal(source_read(s, into, 1, &got, &e), PULL_END);
    source_close(s);
}

static void a_metered_source_digests_with_sha256_when_told_to(void **state)
{
    (void)state;
    struct err e = {0};
    struct meter m = {.kind = METER_SHA256};
    unsigned char into[64];
    size_t got;
    struct source *s = source_metered(source_memory(STR("hello world"), 3, &e), &m, &e);
    assert_non_null(s);
    assert_int_equal(source_read(s, into, 5, &got, &e), PULL_OK);
    assert_string_equal(m.digest, ""); /* not of a part */
    assert_int_equal(source_read_full(s, into, sizeof into, &got, &e), PULL_END);
    /* printf 'hello world' | sha256sum */
    assert_string_equal(m.digest,
                        "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
    assert_int_equal(m.bytes, 11);
    assert_int_equal(source_read(s, into, 1, &got, &e), PULL_END);
    source_close(s);
    assert_int_equal(strlen(m.digest), 64);
    /* One that is closed before its end has none. */
    s = source_metered(source_memory(STR("hello world"), 3, &e), &m, &e);
    assert_int_equal(source_read(s, into, 5, &got, &e), PULL_OK);
    source_close(s);
    assert_string_equal(m.digest, "");
}

/* A file that grows while it is read, a terminal that goes on after its end. */
static void a_descriptor_that_has_ended_stays_at_its_end(void **state)
{
    (void)state;
    struct err e = {0};
    struct meter m = {0};
    unsigned char into[8];
    size_t got = 0;
    char path[] = "/tmp/test_common.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(pwrite(fd, "abc", 3, 0), 3);
    struct source *s = source_metered(source_fd(fd, path, &e), &m, &e);
    assert_int_equal(source_read_full(s, into, sizeof into, &got, &e), PULL_END);
    assert_int_equal(got, 3);
    assert_int_equal(pwrite(fd, "def", 3, 3), 3);
    assert_int_equal(source_read(s, into, sizeof into, &got, &e), PULL_END);
    assert_int_equal(m.bytes, 3);
    source_close(s);
    assert_int_equal(unlink(path), 0);
}

static void sources_from_one_descriptor_do_not_move_each_other(void **state)
{
    (void)state;
    struct err e = {0};
    unsigned char into[8];
    size_t got = 0;
    char path[] = "/tmp/test_common.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(pwrite(fd, "abcdef", 6, 0), 6);
    struct source *late = source_from(fd, 4, path, &e);
    struct source *early = source_from(fd, 1, path, &e);
    assert_int_equal(source_read(early, into, 2, &got, &e), PULL_OK);
    assert_true(str_eq(str_make(into, got), STR("bc")));
    assert_int_equal(source_read_full(late, into, sizeof into, &got, &e), PULL_END);
    assert_true(str_eq(str_make(into, got), STR("ef")));
    assert_int_equal(source_read(late, into, 2, &got, &e), PULL_END);
    assert_int_equal(source_read_full(early, into, sizeof into, &got, &e), PULL_END);
    assert_true(str_eq(str_make(into, got), STR("def")));
    source_close(late);
    source_close(early);
    assert_int_equal(close(fd), 0); /* it was borrowed */
    assert_int_equal(unlink(path), 0);
}

static bool never(void *context, struct err *err)
{
    (void)context;
    err_set(err, ERR_SIGNAL + 2, 437, "stopped");
    return false;
}

static void a_watched_source_can_be_stopped(void **state)
{
    (void)state;
    struct err e = {0};
    unsigned char into[8];
    size_t got;
    struct source *s = source_watched(source_memory(STR("x"), 0, &e), never, NULL, &e);
    assert_int_equal(source_read(s, into, sizeof into, &got, &e), PULL_FAILED);
    assert_int_equal(e.kind, ERR_SIGNAL + 2);
    source_close(s);
}

static char *scratch_folder(void)
{
    static char folder[64];
    (void)snprintf(folder, sizeof folder, "/tmp/test_common.XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void a_file_is_replaced_whole_or_not_at_all(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct str content;
    char *folder = scratch_folder();
    char *path = arena_printf(&a, "%s/file", folder);
    assert_true(file_replace(path, STR("one"), 0600, FILE_KEEP, &e));
    assert_false(file_replace(path, STR("two"), 0600, FILE_KEEP, &e));
    assert_int_equal(e.kind, ERR_USAGE);
    e = (struct err){0};
    assert_true(file_read(&a, path, &content, &e));
    assert_str(content, "one");
    assert_true(file_replace(path, STR("three"), 0600, FILE_OVERWRITE, &e));
    assert_true(file_read(&a, path, &content, &e));
    assert_str(content, "three");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left in it */
    arena_free(&a);
}

static int fail_fsync(int fd)
{
    (void)fd;
    errno = EIO;
    return -1;
}

static void a_failed_fsync_leaves_the_old_file_and_nothing_else(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct str content;
    char *folder = scratch_folder();
    char *path = arena_printf(&a, "%s/file", folder);
    assert_true(file_replace(path, STR("old"), 0600, FILE_KEEP, &e));
    struct sys_ops broken = sys_linux;
    broken.fsync = fail_fsync;
    sys = &broken;
    assert_false(file_replace(path, STR("new"), 0600, FILE_OVERWRITE, &e));
    sys = &sys_linux;
    assert_int_equal(e.kind, ERR_SYSTEM);
    e = (struct err){0};
    assert_true(file_read(&a, path, &content, &e));
    assert_str(content, "old");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    arena_free(&a);
}

static void a_folder_or_a_missing_file_is_no_small_file(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct str content;
    assert_false(file_read(&a, "/tmp", &content, &e));
    assert_int_equal(e.kind, ERR_CORRUPT);
    e = (struct err){0};
    assert_false(file_read(&a, "/tmp/no such file here", &content, &e));
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    arena_free(&a);
}

static void paths_split_into_folder_and_name(void **state)
{
    (void)state;
    struct arena a = {0};
    char *folder;
    char *name;
    file_split(&a, "a/b/c", &folder, &name);
    assert_string_equal(folder, "a/b");
    assert_string_equal(name, "c");
    file_split(&a, "c", &folder, &name);
    assert_string_equal(folder, ".");
    file_split(&a, "/c", &folder, &name);
    assert_string_equal(folder, "/");
    assert_string_equal(name, "c");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_clipped_to_their_string),
        cmocka_unit_test(order_is_by_bytes_and_then_by_length),
        cmocka_unit_test(cutting_without_the_byte_leaves_all_in_front),
        cmocka_unit_test(searching_finds_the_first_and_only_whole_needles),
        cmocka_unit_test(lines_lose_either_line_end),
        cmocka_unit_test(numbers_are_whole_unsigned_and_never_wrap),
        cmocka_unit_test(memory_comes_zeroed_even_after_a_reset),
        cmocka_unit_test(a_reset_keeps_what_was_there_at_the_mark),
        cmocka_unit_test(allocations_are_aligned_for_any_type),
        cmocka_unit_test(an_impossible_size_is_out_of_memory_and_not_a_small_block),
        cmocka_unit_test(a_growing_array_keeps_its_items),
        cmocka_unit_test(text_grows_without_losing_a_byte),
        cmocka_unit_test(code_points_are_written_in_utf8_and_read_again),
        cmocka_unit_test(the_first_error_wins_and_context_goes_in_front),
        cmocka_unit_test(a_long_context_cuts_the_text_and_never_overruns),
        cmocka_unit_test(every_number_is_explained_once),
        cmocka_unit_test(known_instants_print_and_parse),
        cmocka_unit_test(years_beyond_four_digits_are_clipped),
        cmocka_unit_test(times_that_do_not_exist_are_refused),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(durations_have_one_unit),
        cmocka_unit_test(names_cannot_move_the_cursor_or_turn_a_line_around),
        cmocka_unit_test(json_strings_are_json),
        cmocka_unit_test(counts_and_bytes_read_well),
        cmocka_unit_test(the_nearest_name_is_the_one_that_was_meant),
        cmocka_unit_test(digests_are_the_published_ones),
        cmocka_unit_test(a_version_derives_to_the_vector_of_the_application),
        cmocka_unit_test(a_metered_source_counts_and_digests_what_passed),
        cmocka_unit_test(a_metered_source_digests_with_sha256_when_told_to),
        cmocka_unit_test(a_descriptor_that_has_ended_stays_at_its_end),
        cmocka_unit_test(sources_from_one_descriptor_do_not_move_each_other),
        cmocka_unit_test(a_watched_source_can_be_stopped),
        cmocka_unit_test(a_file_is_replaced_whole_or_not_at_all),
        cmocka_unit_test(a_failed_fsync_leaves_the_old_file_and_nothing_else),
        cmocka_unit_test(a_folder_or_a_missing_file_is_no_small_file),
        cmocka_unit_test(paths_split_into_folder_and_name),
    };
    return cmocka_run_group_tests_name("common", tests, NULL, NULL);
}
