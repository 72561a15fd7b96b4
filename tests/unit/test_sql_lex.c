/*
 * sql_lex: tokens in every shape, whole and in pieces of one byte. Expected values follow
 * PostgreSQL's manual, chapter 4.1, and psql's, "Meta-Commands".
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "common/buf.h"
#include "formats/dump/sql_lex.h"
#include "tests/unit/arena_case.h"

enum strings { CONFORMING, WITH_BACKSLASHES };

/* All tokens as "kind:text|kind:text|", an error as "!id". */
static struct str lexed(struct str text, size_t piece, enum strings strings)
{
    static const char *const letters[] = {"end", "w", "n", "s", "d", "m", "c", "x"};
    struct buf out = {.arena = &arena};
    struct window w;
    struct sql_lexer *l = ARENA_NEW(&arena, struct sql_lexer);
    struct sql_token t;
    struct source *src = source_memory(text, piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1, &err));
    if (piece)
        w.piece = piece;
    sql_lex_open(l, &w);
    l->backslashes = strings == WITH_BACKSLASHES;
    bool ok;
    while ((ok = sql_lex_next(l, &t, &err)) && t.kind != SQL_TOKEN_END) {
        assert_int_equal(w.offset, l->end);
        buf_printf(&out, "%s:", letters[t.kind]);
        buf_add(&out, t.text);
        buf_text(&out, t.cut ? "...|" : "|");
    }
    if (!ok)
        buf_printf(&out, "!%d", err.id);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static void gives(struct str text, const char *wanted)
{
    const size_t pieces[] = {0, 1, 2, 3, 7};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        err = (struct err){0};
        struct str got = lexed(text, pieces[i], CONFORMING);
        assert_string_equal(arena_text(&arena, got), wanted);
    }
}

static void words_are_folded_and_quoted_names_are_not(void **state)
{
    (void)state;
    gives(STR("Select _A$1 \"Ta\"\"B c\" é"), "w:select|w:_a$1|n:Ta\"B c|w:é|");
    gives(STR("U&\"d\\0061t\\+000061 \\\\ \\D83D\\DE00\""), "n:data \\ \xf0\x9f\x98\x80|");
    gives(STR("u&'x\\00e9' u & 'y'"), "s:xé|w:u|m:&|s:y|");
}

static void every_kind_of_string_is_decoded(void **state)
{
    (void)state;
    gives(STR("'a''b' '' 'back\\slash' e'\\'\\n\\x41\\101\\u00e9\\q' E'\\\\' b'01' X'1F' n'z'"),
          "s:a'b|s:|s:back\\slash|s:'\nAA\xc3\xa9q|s:\\|s:01|s:1F|s:z|");
    gives(STR("'a\nb;--c'"), "s:a\nb;--c|");
}

static void backslashes_escape_in_plain_strings_only_when_told(void **state)
{
    (void)state;
    struct str text = STR("'a\\'b' \"c\\\"");
    struct str got = lexed(text, 0, WITH_BACKSLASHES);
    assert_string_equal(arena_text(&arena, got), "s:a'b|n:c\\|");
    err = (struct err){0};
    got = lexed(STR("'a\\' b"), 1, CONFORMING);
    assert_string_equal(arena_text(&arena, got), "s:a\\|w:b|");
}

static void dollar_quotes_end_only_with_their_own_tag(void **state)
{
    (void)state;
    gives(STR("$$a'b$c$$ $x$ $$ $y$ $x $x$;"), "s:a'b$c|s: $$ $y$ $x |m:;|");
    gives(STR("$1 a$$b $_é1$ '$_é1$"), "m:$|d:1|w:a$$b|s: '|");
}

static void comments_nest_and_operators_stop_before_them(void **state)
{
    (void)state;
    gives(STR("a--b /*\n/* x /* y */ ' */b<--c\n+/*d*/-"),
          "w:a|c:--b /*|c:/* x /* y */ ' */|w:b|m:<|c:--c|m:+|c:/*d*/|m:-|");
    gives(STR("/**/ /*/**/*/ --"), "c:/**/|c:/*/**/*/|c:--|");
}

static void numbers_and_marks(void **state)
{
    (void)state;
    gives(STR("1.5e3 .5 0x1F x.y a::int[] b:=1"),
          "d:1.5e3|d:.5|d:0x1F|w:x|m:.|w:y|w:a|m:::|w:int|m:[|m:]|w:b|m::=|d:1|");
}

static void backslash_commands_end_with_the_line_or_the_next_backslash(void **state)
{
    (void)state;
    gives(STR("\\connect \"a\\b\" 'c\\'d'\nselect"), "x:\\connect \"a\\b\" 'c\\'d'|w:select|");
    gives(STR("\\echo a \\\\ select 1;\\.\n"), "x:\\echo a \\\\|w:select|d:1|m:;|x:\\.|");
    gives(STR("\\set x 1 \\i f\n\\copy t from 'a\\b' \\x\nz"),
          "x:\\set x 1 |x:\\i f|x:\\copy t from 'a\\b' \\x|w:z|");
    gives(STR("select 1 \\gexec\n\\! ls 'x\na\\;b"),
          "w:select|d:1|x:\\gexec|x:\\! ls 'x|w:a|x:\\;|w:b|");
}

static void byte_order_mark_is_passed_at_the_start_only(void **state)
{
    (void)state;
    gives(STR("\xef\xbb\xbfselect"), "w:select|");
    gives(STR("a \xef\xbb\xbf"), "w:a|w:\xef\xbb\xbf|");
}

static void end_inside_a_token_is_incomplete(void **state)
{
    (void)state;
    gives(STR("a 'b"), "w:a|!311");
    gives(STR("'b''"), "!311");
    gives(STR("e'b\\'"), "!311");
    gives(STR("e'b\\"), "!311");
    gives(STR("\"b"), "!311");
    gives(STR("$x$ b $x"), "!311");
    gives(STR("/* b /* */"), "!311");
    assert_int_equal(err.kind, ERR_INCOMPLETE);
}

static void place_of_an_error_is_where_the_token_began(void **state)
{
    (void)state;
    (void)lexed(STR("a\nb\n 'c\nd"), 1, CONFORMING);
    assert_string_equal(err.place, "byte 5 of the decoded stream (line 3)");
}

static void what_could_be_misread_is_refused(void **state)
{
    (void)state;
    gives(STR("U&'d!0061' uescape '!'"), "s:d!0061|!314");
    gives(STR("uescape"), "w:uescape|");
    assert_int_equal(err.kind, ERR_NONE);
    struct buf tag = {.arena = &arena};
    buf_byte(&tag, '$');
    for (int i = 0; i < SQL_DOLLAR_TAG_MAX + 10; i++)
        buf_byte(&tag, 't');
    gives(buf_str(&tag), "!314");
    assert_int_equal(err.kind, ERR_CORRUPT);
}

static void long_token_keeps_its_first_bytes_and_says_so(void **state)
{
    (void)state;
    const size_t size = 300 * 1024;
    char *text = arena_alloc(&arena, size);
    memset(text, 'x', size);
    text[0] = '\'';
    memcpy(text + size - 8, "\n' after", 8);
    const size_t pieces[] = {0, 1, 4096};
    for (size_t i = 0; i < 3; i++) {
        err = (struct err){0};
        struct str got = lexed(str_make(text, size), pieces[i], CONFORMING);
        assert_int_equal(got.len, 2 + SQL_TOKEN_KEPT + 4 + 8);
        assert_true(str_ends(got, STR("xxx...|w:after|")));
    }
}

static void lines_and_offsets_are_those_of_the_first_byte(void **state)
{
    (void)state;
    struct window w;
    struct sql_lexer *l = ARENA_NEW(&arena, struct sql_lexer);
    struct sql_token t;
    struct source *src = source_memory(STR("a\n  'x\ny'\n\"b\"c"), 1, &err);
    assert_true(window_open(&w, src, 1, &err));
    sql_lex_open(l, &w);
    const struct {
        uint64_t offset, line;
        bool joined;
    } wanted[] = {{0, 1, true}, {4, 2, false}, {10, 4, false}, {13, 4, true}};
    for (size_t i = 0; i < 4; i++) {
        assert_true(sql_lex_next(l, &t, &err));
        assert_int_equal(t.offset, wanted[i].offset);
        assert_int_equal(t.line, wanted[i].line);
        assert_int_equal(t.joined, wanted[i].joined);
    }
    window_close(&w);
    source_close(src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded_and_quoted_names_are_not),
        cmocka_unit_test(every_kind_of_string_is_decoded),
        cmocka_unit_test(backslashes_escape_in_plain_strings_only_when_told),
        cmocka_unit_test(dollar_quotes_end_only_with_their_own_tag),
        cmocka_unit_test(comments_nest_and_operators_stop_before_them),
        cmocka_unit_test(numbers_and_marks),
        cmocka_unit_test(backslash_commands_end_with_the_line_or_the_next_backslash),
        cmocka_unit_test(byte_order_mark_is_passed_at_the_start_only),
        cmocka_unit_test(end_inside_a_token_is_incomplete),
        cmocka_unit_test(place_of_an_error_is_where_the_token_began),
        cmocka_unit_test(what_could_be_misread_is_refused),
        cmocka_unit_test(long_token_keeps_its_first_bytes_and_says_so),
        cmocka_unit_test(lines_and_offsets_are_those_of_the_first_byte),
    };
    struct CMUnitTest with[sizeof tests / sizeof tests[0]];
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        with[i] = tests[i];
        with[i].setup_func = setup;
        with[i].teardown_func = teardown;
    }
    return cmocka_run_group_tests(with, NULL, NULL);
}
