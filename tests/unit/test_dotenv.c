/*
 * dotenv: the cases measured with python-dotenv 0.21, and what its grammar says where they are
 * silent. Random files are compared with the library itself in tests/e2e/dotenv_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/keyring/dotenv.h"

#include <stdio.h>
#include <unistd.h>

static struct arena arena;
static struct bindings all;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena = (struct arena){.wipe = true};
    all = (struct bindings){0};
    err = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void parse(const char *text)
{
    assert_true(dotenv_parse(&arena, str_from(text), &all, &err));
}

static void assert_str(struct str s, const char *wanted)
{
    assert_int_equal(s.len, strlen(wanted));
    assert_memory_equal(s.at, wanted, s.len);
}

/* The value that counts: of the last entry with this name. */
static const struct binding *entry(const char *key)
{
    for (size_t i = all.count; i > 0; i--)
        if (all.items[i - 1].kind == BINDING_ENTRY && str_eq(all.items[i - 1].key, str_from(key)))
            return &all.items[i - 1];
    fail_msg("no entry %s", key);
    return NULL;
}

static void assert_value(const char *key, const char *wanted)
{
    assert_true(entry(key)->has_value);
    assert_str(entry(key)->value, wanted);
}

static void assert_span(struct span s, size_t start, size_t end)
{
    assert_int_equal(s.start, start);
    assert_int_equal(s.end, end);
}

/* The 45 inputs and the dictionaries that python-dotenv made of them. */
static const struct {
    const char *name;
    const char *text;
    struct {
        const char *key;
        const char *value; /* NULL: without a value */
    } read[3];
} cases[] = {
    {"01_plain", "A=1\n", {{"A", "1"}}},
    {"02_dq", "A=\"x y\"\n", {{"A", "x y"}}},
    {"03_sq", "A='x y'\n", {{"A", "x y"}}},
    {"04_unq_space", "A=x y\n", {{"A", "x y"}}},
    {"05_spaces_eq", "A = 1\n", {{"A", "1"}}},
    {"06_lead_space", "   A=1\n", {{"A", "1"}}},
    {"07_export", "export A=1\n", {{"A", "1"}}},
    {"08_inline_comment", "A=1 # c\n", {{"A", "1"}}},
    {"09_hash_nospace", "A=1#c\n", {{"A", "1#c"}}},
    {"10_dq_hash", "A=\"1 # c\"\n", {{"A", "1 # c"}}},
    {"11_dq_then_comment", "A=\"1\" # c\n", {{"A", "1"}}},
    {"12_val_is_hash", "A=#x\n", {{"A", "#x"}}},
    {"13_multiline_dq", "A=\"l1\nl2\"\nB=2\n", {{"A", "l1\nl2"}, {"B", "2"}}},
    {"14_multiline_sq", "A='l1\nl2'\nB=2\n", {{"A", "l1\nl2"}, {"B", "2"}}},
    {"15_escape_n_dq", "A=\"a\\nb\"\n", {{"A", "a\nb"}}},
    {"16_escape_n_sq", "A='a\\nb'\n", {{"A", "a\\nb"}}},
    {"17_escape_n_unq", "A=a\\nb\n", {{"A", "a\\nb"}}},
    {"18_dq_escq", "A=\"a\\\"b\"\n", {{"A", "a\"b"}}},
    {"19_backslash_cont", "A=a\\\nB=2\n", {{"A", "a\\"}, {"B", "2"}}},
    {"20_interp", "X=1\nA=${X}y\n", {{"X", "1"}, {"A", "1y"}}},
    {"21_interp_dq", "X=1\nA=\"${X}y\"\n", {{"X", "1"}, {"A", "1y"}}},
    {"22_interp_sq", "X=1\nA='${X}y'\n", {{"X", "1"}, {"A", "1y"}}},
    {"23_interp_bare", "X=1\nA=$X\n", {{"X", "1"}, {"A", "$X"}}},
    {"24_default", "A=${NOPE:-d}\n", {{"A", "d"}}},
    {"25_cmdsub", "A=$(echo hi)\n", {{"A", "$(echo hi)"}}},
    {"26_dup", "A=1\nA=2\n", {{"A", "2"}}},
    {"27_empty", "A=\n", {{"A", ""}}},
    {"28_noeq", "A\nB=2\n", {{"A", NULL}, {"B", "2"}}},
    {"29_colon", "A: 1\n", {{0}}},
    {"30_crlf", "A=1\r\nB=2\r\n", {{"A", "1"}, {"B", "2"}}},
    {"31_bom", "\357\273\277A=1\n", {{"\357\273\277A", "1"}}},
    {"32_no_final_nl", "A=1", {{"A", "1"}}},
    {"33_semicolon_comment", "; A=1\nB=2\n", {{"B", "2"}}},
    {"34_commented_cont", "# c \\\nA=1\n", {{"A", "1"}}},
    {"35_unterminated_dq", "A=\"x\nB=2\n", {{"B", "2"}}},
    {"36_backtick", "A=`x y`\n", {{"A", "`x y`"}}},
    {"37_dash_key", "A-B=1\n", {{"A-B", "1"}}},
    {"38_dot_key", "A.B=1\n", {{"A.B", "1"}}},
    {"39_quoted_key", "'A'=1\n", {{"A", "1"}}},
    {"40_concat", "A=\"x\"y\n", {{0}}},
    {"41_trailing_space", "A=1   \n", {{"A", "1"}}},
    {"42_dollar_in_sqkey", "A=\"pa$$word\"\n", {{"A", "pa$$word"}}},
    {"43_utf8", "A=\"\303\247\303\243o\"\n", {{"A", "\303\247\303\243o"}}},
    {"44_keys_inside_multiline",
     "NOTE=\"first\nENCRYPTION_KEYS__v1=fake\nlast\"\nENCRYPTION_KEYS__v1=\"k1\"\n",
     {{"NOTE", "first\nENCRYPTION_KEYS__v1=fake\nlast"}, {"ENCRYPTION_KEYS__v1", "k1"}}},
    {"45_base64_pad", "A=abc==\n", {{"A", "abc=="}}},
};

static void measured_cases_read_as_python_dotenv_reads_them(void **state)
{
    (void)state;
    enum { CASES = sizeof cases / sizeof cases[0] };
    assert_int_equal(CASES, 45);
    for (size_t c = 0; c < CASES; c++) {
        size_t wanted = 0;
        all = (struct bindings){0};
        print_message("# %s\n", cases[c].name);
        parse(cases[c].text);
        for (; wanted < 3 && cases[c].read[wanted].key; wanted++) {
            if (cases[c].read[wanted].value)
                assert_value(cases[c].read[wanted].key, cases[c].read[wanted].value);
            else
                assert_false(entry(cases[c].read[wanted].key)->has_value);
        }
        for (size_t i = 0; i < all.count; i++) {
            bool known = all.items[i].kind != BINDING_ENTRY;
            for (size_t w = 0; w < wanted; w++)
                known |= str_eq(all.items[i].key, str_from(cases[c].read[w].key));
            assert_true(known);
        }
    }
}

static void an_entry_spans_its_lines_and_no_blank_line_before(void **state)
{
    (void)state;
    parse("\n\n  A=1\n# c\nB=\"x\ny\"\nC=3");
    assert_int_equal(all.count, 4);
    assert_span(all.items[0].entry, 2, 8);
    assert_span(all.items[0].value_raw, 6, 7);
    assert_int_equal(all.items[0].line, 3);
    assert_int_equal(all.items[1].kind, BINDING_COMMENT);
    assert_span(all.items[1].entry, 8, 12);
    assert_span(all.items[2].entry, 12, 20);
    assert_span(all.items[2].value_raw, 15, 18);
    assert_int_equal(all.items[2].line, 5);
    assert_int_equal(all.items[2].lines, 2);
    assert_span(all.items[3].entry, 20, 23);
    assert_int_equal(all.items[3].line, 7);
}

static void every_line_end_counts_once(void **state)
{
    (void)state;
    parse("A=1\r\n\r\nB=2\rC=3\n\rD=4");
    assert_int_equal(entry("B")->line, 3);
    assert_span(entry("A")->entry, 0, 5);
    assert_span(entry("B")->entry, 7, 11);
    assert_int_equal(entry("C")->line, 4);
    assert_int_equal(entry("D")->line, 6);
}

static void line_ends_inside_quotes_become_lf(void **state)
{
    (void)state;
    parse("A=\"a\r\nb\rc\nd\"\n'K\r\nL'=1\n");
    assert_value("A", "a\nb\nc\nd");
    assert_value("K\nL", "1");
}

static void an_escaped_quote_closes_when_no_other_quote_follows(void **state)
{
    (void)state;
    parse("A='x\\'\nB=2\n");
    assert_value("A", "x\\");
    assert_value("B", "2");
    all = (struct bindings){0};
    parse("A='x\\'\nB='2'\n"); /* now the quote before 2 closes, and "2'" fits nothing */
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].kind, BINDING_SKIPPED);
    assert_int_equal(all.items[0].lines, 2);
    assert_str(all.items[0].key, "A");
}

static void the_last_of_several_escaped_quotes_closes(void **state)
{
    (void)state;
    parse("A=\"x\\\"y\\\"\nB=2\n");
    assert_value("A", "x\"y\\");
    assert_value("B", "2");
}

static void escapes_depend_on_the_quotes(void **state)
{
    (void)state;
    parse("A=\"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\\x\"\nB='\\n\\\\\\'\\\"'\nC=\\n\\\\\n");
    assert_value("A", "\a\b\f\n\r\t\v\\'\"\\x");
    assert_value("B", "\\n\\'\\\"");
    assert_value("C", "\\n\\\\");
}

static void white_space_is_pythons(void **state)
{
    (void)state;
    /* NO-BREAK SPACE, EM SPACE, NEL, FILE SEPARATOR; ZERO WIDTH SPACE is none. */
    parse("\302\240A\342\200\203=\302\205 1\034\n");
    assert_value("A", "1");
    parse("B=x\342\200\203# c\nC=x\342\200\213# c\n");
    assert_value("B", "x");
    assert_value("C", "x\342\200\213# c");
}

/* Every character for which str.isspace holds, but LF and CR; then their neighbours. */
static const char *const spaces[] = {
    "\011",         "\013",         "\014",         "\034",         "\035",         "\036",
    "\037",         "\040",         "\302\205",     "\302\240",     "\341\232\200", "\342\200\200",
    "\342\200\201", "\342\200\202", "\342\200\203", "\342\200\204", "\342\200\205", "\342\200\206",
    "\342\200\207", "\342\200\210", "\342\200\211", "\342\200\212", "\342\200\250", "\342\200\251",
    "\342\200\257", "\342\201\237", "\343\200\200"};
static const char *const others[] = {
    "\033",         "\041",         "\302\204",     "\302\206",     "\302\237",
    "\302\241",     "\341\231\277", "\341\232\201", "\341\240\216", "\341\277\277",
    "\342\200\213", "\342\200\247", "\342\200\252", "\342\200\256", "\342\200\260",
    "\342\201\236", "\342\201\240", "\342\277\277", "\343\200\201", "\357\273\277"};

static void every_white_space_of_unicode_opens_a_comment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        all = (struct bindings){0};
        parse(arena_printf(&arena, "A=x%s#c", spaces[i]));
        assert_value("A", "x");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const char *value = arena_printf(&arena, "x%s#c", others[i]);
        all = (struct bindings){0};
        parse(arena_printf(&arena, "A=%s", value));
        assert_value("A", value);
    }
}

static void a_hash_needs_white_space_before_it(void **state)
{
    (void)state;
    parse("A= # c\nB=x#y #z\nC=\"x\"#c\nD #c\nE#c=1\n");
    assert_value("A", "# c"); /* the white space went with the equals sign */
    assert_value("B", "x#y");
    assert_value("C", "x");
    assert_false(entry("D")->has_value);
    assert_false(entry("E")->has_value);
}

static void export_is_a_word_only_before_white_space(void **state)
{
    (void)state;
    parse("export\tA=1\nexportB=2\nexport=3\nexport 'C D'=4\nexport # c\nexport =5\n");
    assert_value("A", "1");
    assert_value("exportB", "2");
    assert_value("export", "3");
    assert_value("C D", "4");
    assert_int_equal(all.items[4].kind, BINDING_COMMENT);
    assert_int_equal(all.items[5].kind, BINDING_SKIPPED);
}

static void a_line_that_fits_nothing_is_skipped_with_its_name(void **state)
{
    (void)state;
    parse("A=1\nB=\"x\"y\n=2\nC=3\n");
    assert_int_equal(all.count, 4);
    assert_int_equal(all.items[1].kind, BINDING_SKIPPED);
    assert_str(all.items[1].key, "B");
    assert_false(all.items[1].has_value);
    assert_int_equal(all.items[2].kind, BINDING_SKIPPED);
    assert_int_equal(all.items[2].key.len, 0);
    assert_true(all.broken);
    assert_value("C", "3");
}

static void a_file_of_proper_lines_is_not_broken(void **state)
{
    (void)state;
    parse("# c\nA=1\n\nB=\n");
    assert_false(all.broken);
    parse("LONE\n");
    assert_true(all.broken);
}

static void references_see_only_what_stands_above(void **state)
{
    (void)state;
    parse("A=${B}|${B:-d}|${C:-}\nB=1\nC=${A}${B}\nB=2\nD='${B}'\n");
    assert_value("A", "|d|");
    assert_true(entry("A")->from_environment);
    assert_value("C", "|d|1");
    assert_value("D", "2");
    assert_int_equal(entry("A")->ref_count, 3);
    assert_str(entry("A")->refs[2], "C");
    assert_int_equal(entry("C")->ref_count, 2);
    assert_false(entry("D")->from_environment);
}

static void dependence_on_the_environment_is_inherited(void **state)
{
    (void)state;
    parse("A=${HOME}\nB=x${A}\nC=plain\nD=${C}\n");
    assert_true(entry("B")->from_environment);
    assert_false(entry("C")->from_environment);
    assert_false(entry("D")->from_environment);
}

static void a_name_without_value_is_defined_as_empty(void **state)
{
    (void)state;
    parse("A\nB=[${A:-d}]\n");
    assert_value("B", "[]");
    assert_false(entry("B")->from_environment);
}

static void text_that_only_resembles_a_reference_stays(void **state)
{
    (void)state;
    parse("X=1\nA=$X ${X $}\nB=${X:y}${X}\nC=${a${X}\nD=${X:-\nE=${}\n");
    assert_value("A", "$X "); /* "X $" is a name */
    assert_str(entry("A")->refs[0], "X $");
    assert_value("B", "${X:y}1");
    assert_value("C", "");
    assert_str(entry("C")->refs[0], "a${X");
    assert_value("D", "${X:-");
    assert_int_equal(entry("D")->ref_count, 0);
    assert_value("E", "");
}

static void references_that_multiply_are_stopped(void **state)
{
    (void)state;
    char text[4096] = "A=0123456789\n";
    size_t used = strlen(text);
    for (char c = 'B'; c <= 'Z'; c++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%c=${%c}${%c}\n", c, c - 1, c - 1);
    assert_false(dotenv_parse(&arena, str_from(text), &all, &err));
    assert_int_equal(err.id, 500);
    assert_int_equal(err.kind, ERR_CORRUPT);
}

static void too_many_entries_are_refused(void **state)
{
    (void)state;
    enum { LINES = DOTENV_BINDINGS_MAX + 1 };
    unsigned char *text = arena_alloc(&arena, LINES * 2);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + i * 2, "#\n", 2);
    assert_false(dotenv_parse(&arena, str_make(text, LINES * 2), &all, &err));
    assert_int_equal(err.id, 500);
    all = (struct bindings){0};
    err = (struct err){0};
    assert_true(dotenv_parse(&arena, str_make(text, (LINES - 1) * 2), &all, &err));
}

static void hostile_input_takes_linear_time(void **state)
{
    (void)state;
    enum { SIZE = DOTENV_CONTENT_MAX, SECONDS = 60 /* a quadratic reader needs hours */ };
    static const char *const patterns[] = {"A=\"\\\"\n", "${", "A='", "# \t", "${x:y", " \n"};
    alarm(SECONDS);
    for (size_t p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
        struct arena big = {0};
        struct bindings many = {0};
        struct err limit = {0};
        size_t len = strlen(patterns[p]);
        unsigned char *text = arena_alloc(&big, SIZE);
        for (size_t i = 0; i < SIZE; i++)
            text[i] = (unsigned char)(i < 2 ? "A="[i] : patterns[p][i % len]);
        assert_true(dotenv_parse(&big, str_make(text, SIZE), &many, &limit) || limit.id == 500);
        arena_free(&big);
    }
    alarm(0);
}

static struct str edited(const char *text, const struct change *changes, size_t count)
{
    struct patches patches = {0};
    all = (struct bindings){0};
    parse(text);
    assert_true(bindings_edit(&arena, str_from(text), &all, changes, count, &patches, &err));
    return patches_apply(&arena, str_from(text), &patches);
}

static void dropping_takes_whole_lines_and_leaves_every_other_byte(void **state)
{
    (void)state;
    struct change drop = {.kind = CHANGE_DROP, .at = 1};
    assert_str(edited("A=1\n\n  export B = 'x\ny' # c\n\nC=3", &drop, 1), "A=1\n\n\nC=3");
    assert_str(edited("A=1\r\nB=2", &drop, 1), "A=1\r\n");
}

static void setting_keeps_the_quotes(void **state)
{
    (void)state;
    struct change set = {.kind = CHANGE_SET, .at = 0, .text = STR("new")};
    assert_str(edited("A='old' # c\n", &set, 1), "A='new' # c\n");
    assert_str(edited("A=old # c\n", &set, 1), "A=new # c\n");
    assert_str(edited("A=\n", &set, 1), "A=new\n");
}

static void adding_finishes_an_unfinished_last_line_once(void **state)
{
    (void)state;
    struct change add[] = {{CHANGE_ADD, 0, STR("X=1\n")}, {CHANGE_ADD, 1, STR("Y=2")}};
    assert_str(edited("A=1", add, 2), "A=1\nX=1\nY=2\n");
    assert_str(edited("A=1\r\n", add, 2), "A=1\r\nX=1\nY=2\r\n");
    assert_str(edited("A=1\n\t", add + 1, 1), "A=1\n\t\nY=2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measured_cases_read_as_python_dotenv_reads_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_entry_spans_its_lines_and_no_blank_line_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_line_end_counts_once, setup, teardown),
        cmocka_unit_test_setup_teardown(line_ends_inside_quotes_become_lf, setup, teardown),
        cmocka_unit_test_setup_teardown(an_escaped_quote_closes_when_no_other_quote_follows, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_last_of_several_escaped_quotes_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes_depend_on_the_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(white_space_is_pythons, setup, teardown),
        cmocka_unit_test_setup_teardown(every_white_space_of_unicode_opens_a_comment, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_hash_needs_white_space_before_it, setup, teardown),
        cmocka_unit_test_setup_teardown(export_is_a_word_only_before_white_space, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_fits_nothing_is_skipped_with_its_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_of_proper_lines_is_not_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(references_see_only_what_stands_above, setup, teardown),
        cmocka_unit_test_setup_teardown(dependence_on_the_environment_is_inherited, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_name_without_value_is_defined_as_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(text_that_only_resembles_a_reference_stays, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(references_that_multiply_are_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_entries_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_input_takes_linear_time, setup, teardown),
        cmocka_unit_test_setup_teardown(dropping_takes_whole_lines_and_leaves_every_other_byte,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(setting_keeps_the_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(adding_finishes_an_unfinished_last_line_once, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
