/*
 * csv: dialects, record ends and fields. What fields say is compared with PostgreSQL's CSV (values
 * read back by COPY FROM) and, on random tables, with Python's csv module:
 * tests/e2e/csv_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "common/buf.h"
#include "formats/dump/csv.h"
#include "tests/unit/arena_case.h"

static struct csv_dialect plain(void)
{
    return (struct csv_dialect){
        .delimiter = ',', .quote = '"', .escape = '"', .header = CSV_HEADER_YES};
}

/* ---- sniffing ---- */

/* "DELIMITER QUOTE ESCAPE NEWLINE HEADER NULL", '0' for none; or "copy ...". */
static const char *sniffed(struct str head, const struct csv_options *options)
{
    static const char *const ends[] = {"lf", "crlf", "cr"};
    struct csv_dialect d;
    err = (struct err){0};
    if (!csv_sniff(head, options, &d, &err))
        return arena_printf(&arena, "!%d %d", err.kind, err.id);
    const char *header = d.header == CSV_HEADER_YES ? "names" : "data";
    if (d.syntax == CSV_COPY_TEXT)
        return arena_printf(&arena, "copy %s %s", ends[d.newline], header);
    struct buf out = {.arena = &arena};
    const unsigned char bytes[] = {d.delimiter, d.quote, d.escape};
    for (size_t i = 0; i < 3; i++) {
        if (bytes[i] == '\t')
            buf_text(&out, "tab");
        else
            buf_byte(&out, bytes[i] ? bytes[i] : '0');
        buf_byte(&out, ' ');
    }
    buf_printf(&out, "%s %s [%.*s]", ends[d.newline], header, STR_ARG(d.null_text));
    return arena_text(&arena, buf_str(&out));
}

static void sniffs_as(const char *head, const char *wanted)
{
    struct csv_options none = {0};
    assert_string_equal(sniffed(str_from(head), &none), wanted);
}

static void delimiter_is_the_one_that_makes_an_even_table(void **state)
{
    (void)state;
    sniffs_as("id,email,note\n1,a@b,\"x;y;z\"\n2,c,d\n", ", \" \" lf names []");
    sniffs_as("id;amount;when\n1;2,5;x\n2;3,75;y\n", "; \" \" lf names []");
    sniffs_as("id\tname\n1\ta b, c\n", "tab \" \" lf names []");
    sniffs_as("a|b|c\r\n1|2|3\r\n", "| \" \" crlf names []");
    sniffs_as("a,b\r1,2\r", ", \" \" cr names []");
    sniffs_as("\"a\",\"b\nc\"\n\"1,2\",\"3\"\n", ", \" \" lf data []");
    sniffs_as("\xef\xbb\xbfid,b\n1,2\n", ", \" \" lf names []");
}

static void colon_never_parts_a_version_from_its_value(void **state)
{
    (void)state;
    sniffs_as("v2:Z0FBQUFB\nv1:Z0FBQUFC\n", ", \" \" lf data []");
    sniffs_as("secret\nv2:Z0FBQUFB\n", ", \" \" lf names []");
}

static void nearly_even_table_is_taken_and_an_uneven_one_is_not_guessed(void **state)
{
    (void)state;
    sniffs_as("a,b\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2,3\n", ", \" \" lf names []");
    sniffs_as("a,b\n1;2;3\nx\n1,2,3,4\n", "!12 351");
    struct csv_options said = {0};
    assert_true(csv_option(&said, CSV_OPTION_DELIMITER, STR("comma"), &err));
    assert_string_equal(sniffed(STR("a,b\n1;2;3\nx\n1,2,3,4\n"), &said), ", \" \" lf names []");
}

static void record_that_is_cut_short_says_nothing_about_the_dialect(void **state)
{
    (void)state;
    sniffs_as("a,b\n1,2\n\"3,4\n", ", \" \" lf names []");
    sniffs_as("a;b\n1;2\n3", "; \" \" lf names []");
    sniffs_as("a;b", "; \" \" lf names []");
}

static void single_quotes_and_backslashes_are_seen(void **state)
{
    (void)state;
    sniffs_as("a,b\n'1,2','x'\n'3','y'\n", ", ' ' lf names []");
    sniffs_as("name,b\nO'Brien,1\nD'Arcy,2\n", ", \" \" lf names []");
    sniffs_as("a,b\n\"x \\\"y\\\", z\",1\n\"k\",2\n", ", \" \\ lf names []");
    sniffs_as("a,b\n\"x \"\"y\"\"\",1\n\"C:\\\",2\n", ", \" \" lf names []");
}

static void quotes_that_would_join_records_are_no_quotes(void **state)
{
    (void)state;
    sniffs_as("1\t\"say\tx\n2\t\"no\ty\n", "!12 349");
    sniffs_as("a,b\n1,\"x\n2,\"y\n", "!12 349");
    sniffs_as("a,b\r1,\"x\r2,\"y\r", "!12 349");
    sniffs_as("a,b\n1,\"x\ny\"\n2,\"z\" w\n", ", \" \" lf names []"); /* none of them alone */
    sniffs_as("a,b\n1,\"x\ny\"\r\n2,z\r\n", ", \" \" lf names []");
    sniffs_as("1,\"a field that goes on\nbehind the head", ", \" \" lf data []");
    struct csv_options said = {0};
    assert_true(csv_option(&said, CSV_OPTION_QUOTE, STR("none"), &err));
    assert_string_equal(sniffed(STR("1\t\"a\tx\n2\t\"b\ty\n"), &said), "tab 0 0 lf data []");
    assert_true(csv_option(&said, CSV_OPTION_QUOTE, STR("double"), &err));
    assert_string_equal(sniffed(STR("1\t\"a\tx\n2\t\"b\ty\n"), &said), "tab \" \" lf data []");
}

static void copy_text_without_a_script_is_told_by_its_null(void **state)
{
    (void)state;
    sniffs_as("1\ta\t\\N\n2\t\"b\\tc\tx\n", "copy lf data"); /* a value that begins with a quote */
    sniffs_as("1\t\"a\tb\"\t\\N\n2\tb\tx\n", "tab \" \" lf data [\\N]");
    sniffs_as("1\ta\t\\N\n2\tb\\tc\tx\n", "copy lf data");
    sniffs_as("\\N\nv1:x\n", "copy lf data");
    sniffs_as("1\ta\n2\tb\n", "tab \" \" lf data []");
    struct csv_options said = {0};
    assert_true(csv_option(&said, CSV_OPTION_QUOTE, STR("none"), &err));
    assert_true(csv_option(&said, CSV_OPTION_ESCAPE, STR("backslash"), &err));
    assert_string_equal(sniffed(STR("1\ta\n2\tb\n"), &said), "copy lf data");
    struct csv_options quotes = {0};
    assert_true(csv_option(&quotes, CSV_OPTION_QUOTE, STR("double"), &err));
    assert_string_equal(sniffed(STR("1\t\\N\n"), &quotes), "tab \" \" lf data [\\N]");
}

static void null_text_is_seen_or_said(void **state)
{
    (void)state;
    sniffs_as("a,b\n1,\\N\n", ", \" \" lf names [\\N]");
    struct csv_options said = {0};
    assert_true(csv_option(&said, CSV_OPTION_NULL, STR("NULL"), &err));
    assert_string_equal(sniffed(STR("a,b\n1,NULL\n"), &said), ", \" \" lf names [NULL]");
}

static void header_is_taken_only_when_all_cells_look_like_names(void **state)
{
    (void)state;
    sniffs_as("id,e-mail,Amount (USD),_secret\n1,2,3,4\n", ", \" \" lf names []");
    sniffs_as("id,email,email\n1,2,3\n", ", \" \" lf data []");
    sniffs_as("id,,x\n1,2,3\n", ", \" \" lf data []");
    sniffs_as("alice,v2:Z0FBQUFB\nbob,v1:x\n", ", \" \" lf data []");
    sniffs_as("alice,Z0FBQUFBQmxV\nbob,x\n", ", \" \" lf data []");
    sniffs_as("alice,42\nbob,43\n", ", \" \" lf data []");
    sniffs_as("alice,true\nbob,x\n", ", \" \" lf data []");
    struct csv_options said = {0};
    assert_true(csv_option(&said, CSV_OPTION_HEADER, STR("no"), &err));
    assert_string_equal(sniffed(STR("id,b\n1,2\n"), &said), ", \" \" lf data []");
    assert_true(csv_option(&said, CSV_OPTION_HEADER, STR("yes"), &err));
    assert_string_equal(sniffed(STR("1,2\n1,2\n"), &said), ", \" \" lf names []");
    assert_true(csv_option(&said, CSV_OPTION_HEADER, STR("auto"), &err));
    assert_string_equal(sniffed(STR("1,2\n1,2\n"), &said), ", \" \" lf data []");
}

static void records_that_all_begin_with_i_u_or_d_are_changes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool changes;
    } cases[] = {
        {"I,1,x\nU,1,y\nD,1,\n", true}, {"I,alice,bob\n", true}, {"\"I\",a\n\"D\",b\n", true},
        {"\nI,a\n\nU,b\n", true},       {"I,a\nU,b", true},      {"I,a\nX,b\n", false},
        {"Op,id\nI,1\n", false},        {"I\nU\nD\n", false},    {"i,a\nu,b\n", false},
        {"IU,a\nD,b\n", false},         {"I,a\n,b\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv_dialect d;
        struct csv_options none = {0};
        assert_true(csv_sniff(str_from(cases[i].text), &none, &d, &err));
        assert_int_equal(d.changes, cases[i].changes);
        assert_true(!d.changes || d.header == CSV_HEADER_NO);
    }
    struct csv_options said = {0};
    struct csv_dialect d;
    assert_true(csv_option(&said, CSV_OPTION_HEADER, STR("yes"), &err));
    assert_true(csv_sniff(STR("I,U\nD,x\n"), &said, &d, &err));
    assert_true(!d.changes && d.header == CSV_HEADER_YES);
    assert_true(csv_option(&said, CSV_OPTION_HEADER, STR("no"), &err));
    assert_true(csv_sniff(STR("I,U\nD,x\n"), &said, &d, &err));
    assert_true(d.changes);
}

static void options_are_one_byte_or_a_word(void **state)
{
    (void)state;
    const struct {
        enum csv_option_name name;
        const char *value;
        bool ok;
    } cases[] = {
        {CSV_OPTION_DELIMITER, "\\t", true}, {CSV_OPTION_DELIMITER, "TAB", true},
        {CSV_OPTION_DELIMITER, "^", true},   {CSV_OPTION_DELIMITER, "", false},
        {CSV_OPTION_DELIMITER, "::", false}, {CSV_OPTION_DELIMITER, "\n", false},
        {CSV_OPTION_QUOTE, "none", true},    {CSV_OPTION_QUOTE, "ab", false},
        {CSV_OPTION_ESCAPE, "\\", true},     {CSV_OPTION_ESCAPE, "ab", false},
        {CSV_OPTION_NULL, "", true},         {CSV_OPTION_HEADER, "maybe", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv_options o = {0};
        err = (struct err){0};
        assert_int_equal(csv_option(&o, cases[i].name, str_from(cases[i].value), &err),
                         cases[i].ok);
        assert_int_equal(err.kind, cases[i].ok ? ERR_NONE : ERR_USAGE);
    }
    struct csv_options same = {0};
    err = (struct err){0};
    assert_true(csv_option(&same, CSV_OPTION_DELIMITER, STR("\""), &err));
    assert_string_equal(sniffed(STR("a\n"), &same), "!2 353");
}

/* ---- record ends ---- */

/* Ends of records, as csv_cut finds them when the text comes in two pieces split at `split`. */
static size_t cut_in_two(const struct csv_dialect *d, struct str text, size_t split,
                         enum csv_state *state)
{
    struct csv_cut cut = {0};
    size_t first = csv_cut(&cut, d, str_slice(text, 0, split));
    size_t second = csv_cut(&cut, d, str_slice(text, split, text.len));
    *state = cut.state;
    return second ? split + second : first;
}

static void last_end_is(const struct csv_dialect *d, const char *text, size_t wanted,
                        enum csv_state wanted_state)
{
    struct str s = str_from(text);
    for (size_t split = 0; split <= s.len; split++) {
        enum csv_state state;
        assert_int_equal(cut_in_two(d, s, split, &state), wanted);
        assert_int_equal(state, wanted_state);
    }
    struct csv_cut cut = {0};
    size_t last = 0;
    for (size_t i = 0; i < s.len; i++)
        if (csv_cut(&cut, d, str_slice(s, i, i + 1)))
            last = i + 1;
    assert_int_equal(last, wanted);
    assert_int_equal(cut.state, wanted_state);
}

static void records_end_outside_quotes_only(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    last_end_is(&d, "a,b\nc", 4, CSV_PLAIN);
    last_end_is(&d, "a,\"b\nc\"\nd,", 8, CSV_AT_FIELD);
    last_end_is(&d, "a,\"b\nc", 0, CSV_IN_QUOTES);
    last_end_is(&d, "a\n\"b\n\"\"c\n\"", 2, CSV_QUOTE_SEEN);
    last_end_is(&d, "\"a\"\r\n\"b\"\r\n", 10, CSV_AT_RECORD);
    last_end_is(&d, "", 0, CSV_AT_RECORD);
    last_end_is(&d, "\n\n", 2, CSV_AT_RECORD);
}

static void quote_opens_only_at_the_start_of_a_field(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    last_end_is(&d, "5\" pipe,6\nx", 10, CSV_PLAIN);
    last_end_is(&d, "a, \"b\nc", 6, CSV_PLAIN);
    last_end_is(&d, "\"a\"b\"c\nd", 7, CSV_PLAIN);
    last_end_is(&d, "a\"\"b\nc", 5, CSV_PLAIN);
    last_end_is(&d, "\"\"\nx", 3, CSV_PLAIN);
}

static void escape_byte_of_its_own_is_followed(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    d.escape = '\\';
    last_end_is(&d, "\"a\\\"\n\",b\nc", 9, CSV_PLAIN);
    last_end_is(&d, "\"a\\\\\"\nb", 6, CSV_PLAIN);
    last_end_is(&d, "\"a\\n\"\nb", 6, CSV_PLAIN);
    last_end_is(&d, "a\\\nb", 3, CSV_PLAIN);
    last_end_is(&d, "\"a\"\"b\nc", 6, CSV_PLAIN); /* doubling escapes nothing here */
    d.quote = 0;
    last_end_is(&d, "a\\\nb\nc\\", 5, CSV_PLAIN_ESCAPE);
    d.escape = 0;
    last_end_is(&d, "\"a\n\\\nb", 5, CSV_PLAIN);
}

static void cr_files_are_cut_at_cr(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    d.newline = CSV_NEWLINE_CR;
    last_end_is(&d, "a,\"b\rc\"\rd", 8, CSV_PLAIN);
    last_end_is(&d, "a\r\n\"b\r\"\r", 8, CSV_AT_RECORD);
    last_end_is(&d, "a\nb\n\"c\r", 7, CSV_AT_RECORD);
    last_end_is(&d, "a,\n\"b\rc", 6, CSV_PLAIN); /* the LF is the field's first byte */
}

static void end_inside_quotes_is_incomplete(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    struct csv_cut cut = {0};
    (void)csv_cut(&cut, &d, STR("a\n\"b\n"));
    assert_false(csv_cut_finish(&cut, &err));
    assert_int_equal(err.kind, ERR_INCOMPLETE);
    assert_int_equal(err.id, 350);
    err = (struct err){0};
    (void)csv_cut(&cut, &d, STR("\""));
    assert_true(csv_cut_finish(&cut, &err));
}

/* ---- fields ---- */

/* Fields as "<value>", NULL as "-", quoted ones with a q before. */
static const char *fields_of(const struct csv_dialect *d, const char *record)
{
    struct buf out = {.arena = &arena};
    struct str r = str_from(record);
    unsigned char *into = arena_alloc(&arena, r.len + 1);
    struct csv_fields f = csv_fields(d, r);
    struct csv_field field;
    while (csv_next(&f, into, &field)) {
        if (field.null) {
            assert_int_equal(field.value.len, 0);
            buf_byte(&out, '-');
            continue;
        }
        buf_text(&out, field.quoted ? "q<" : "<");
        buf_add(&out, field.value);
        buf_byte(&out, '>');
    }
    return arena_text(&arena, buf_str(&out));
}

static void fields_read_as_postgresql_wrote_them(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    assert_string_equal(fields_of(&d, "1,,\"\",\"a\"\"b\",\"c,d\ne\"\n"),
                        "<1>-q<>q<a\"b>q<c,d\ne>");
    assert_string_equal(fields_of(&d, ",\r\n"), "--");
    assert_string_equal(fields_of(&d, ""), "-");
    assert_string_equal(fields_of(&d, "\\.,x\r"), "<\\.><x\r>");
    d.null_text = STR("NULL");
    assert_string_equal(fields_of(&d, "NULL,\"NULL\",,null\n"), "-q<NULL><><null>");
    d.newline = CSV_NEWLINE_CRLF;
    assert_string_equal(fields_of(&d, "x\r"), "<x>");
}

static void bytes_around_quotes_are_plain(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    assert_string_equal(fields_of(&d, "5\" pipe, \"x\",\"a\"b\"c,\"\"\"\"\n"),
                        "<5\" pipe>< \"x\">q<ab\"c>q<\">");
    assert_string_equal(fields_of(&d, "\"open,x"), "q<open,x>");
}

static void escapes_read_by_the_dialect(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    d.escape = '\\';
    assert_string_equal(fields_of(&d, "\"a\\\"b\\\\c\\n\",d\\e\n"), "q<a\"b\\c\\n><d\\e>");
    d.quote = 0;
    assert_string_equal(fields_of(&d, "a\\,b,\\\\,\"c\n"), "<a,b><\\><\"c>");
    d.escape = 0;
    assert_string_equal(fields_of(&d, "a\\,\"b\"\n"), "<a\\><\"b\">");
    d = (struct csv_dialect){.syntax = CSV_COPY_TEXT, .delimiter = '\t'};
    assert_string_equal(fields_of(&d, "a\\tb\t\\N\t\t\"x\"\r\n"), "<a\tb>-<><\"x\">");
}

static void cr_files_leave_the_line_feed_before_a_record_out(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    d.newline = CSV_NEWLINE_CR;
    assert_string_equal(fields_of(&d, "\na,b\r"), "<a><b>");
    assert_true(csv_is_blank(STR("\r")));
    assert_true(csv_is_blank(STR("\r\n")));
    assert_false(csv_is_blank(STR(",\n")));
}

/* ---- the header ---- */

static struct csv_columns columns;
static struct str rest_after_header;

static bool header_of(const struct csv_dialect *d, const char *text, size_t piece)
{
    struct window w;
    struct source *src = source_memory(str_from(text), piece, &err);
    err = (struct err){0};
    assert_true(window_open(&w, src, CSV_HEADER_MAX, &err));
    if (piece)
        w.piece = piece;
    bool ok = csv_header(&w, d, &arena, &columns, &err);
    while (ok && window_more(&w, &err))
        ;
    rest_after_header = arena_copy(&arena, window_rest(&w));
    window_close(&w);
    source_close(src);
    return ok;
}

static void names_are(const struct csv_dialect *d, const char *text, const char *wanted,
                      const char *rest)
{
    for (size_t piece = 0; piece < 4; piece++) {
        assert_true(header_of(d, text, piece));
        struct buf out = {.arena = &arena};
        for (size_t i = 0; i < columns.count; i++) {
            buf_text(&out, i ? "|" : "");
            buf_add(&out, columns.names[i]);
        }
        assert_string_equal(arena_text(&arena, buf_str(&out)), wanted);
        assert_string_equal(arena_text(&arena, rest_after_header), rest);
    }
}

static void header_names_may_span_lines(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    names_are(&d, "id,\"two\nlines\",\"a\"\"b\"\n1,2,3\n", "id|two\nlines|a\"b", "1,2,3\n");
    names_are(&d, "\n\nid,b\r\n1,2", "id|b", "1,2");
    names_are(&d, "id,b", "id|b", "");
    d.preamble = 3;
    names_are(&d, "\xef\xbb\xbfid,b\n", "id|b", "");
    d = plain();
    d.newline = CSV_NEWLINE_CR;
    names_are(&d, "id,b\r1,2\r", "id|b", "1,2\r");
}

static void a_line_sep_of_excel_names_the_delimiter_and_is_no_record(void **state)
{
    (void)state;
    struct csv_dialect d;
    struct csv_options none = {0};
    struct csv_options said = {0};
    sniffs_as("sep=;\nid;name\n1;a,b\n", "; \" \" lf names []");
    sniffs_as("\xef\xbb\xbfSEP=|\r\nid|b\r\n1|2\r\n", "| \" \" crlf names []");
    sniffs_as("sep=\t\n1\t2\n", "tab \" \" lf data []");
    sniffs_as("sep=ab,c\n1,2\n", ", \" \" lf data []"); /* a record */
    assert_true(csv_sniff(STR("sep=;\nid;b\n"), &none, &d, &err));
    names_are(&d, "sep=;\nid;b\n1;2\n", "id|b", "1;2\n");
    assert_true(csv_sniff(STR("\xef\xbb\xbfsep=;\r\nid;b\r\n"), &none, &d, &err));
    names_are(&d, "\xef\xbb\xbfsep=;\r\nid;b\r\n", "id|b", "");
    assert_true(csv_option(&said, CSV_OPTION_DELIMITER, STR("comma"), &err));
    assert_string_equal(sniffed(STR("sep=;\nid,b\n1,2\n"), &said), ", \" \" lf names []");
}

static void repeated_and_empty_names_are_numbered(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    names_are(&d, "a,a,,a_2,a,column_3,\"\"\n", "a|a_3|column_4|a_2|a_4|column_3|column_7", "");
    assert_int_equal(columns.renamed, 2);
    assert_int_equal(columns.unnamed, 2);
}

static void without_a_header_columns_are_counted_and_the_record_stays(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    d.header = CSV_HEADER_NO;
    names_are(&d, "x,\"y,z\",\n", "column_1|column_2|column_3", "x,\"y,z\",\n");
    assert_int_equal(columns.unnamed, 0);
    assert_int_equal(columns.header, CSV_HEADER_NO);
}

static void change_data_counts_its_columns_behind_op(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    d.header = CSV_HEADER_NO;
    d.changes = true;
    names_are(&d, "I,1,x\n", "Op|column_1|column_2", "I,1,x\n");
}

static void input_without_a_record_is_an_error(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    for (size_t piece = 0; piece < 2; piece++) {
        assert_false(header_of(&d, "\n\r\n", piece));
        assert_int_equal(err.id, 354);
        assert_false(header_of(&d, "", piece));
        assert_int_equal(err.id, 354);
        assert_false(header_of(&d, "\"id,b\n1,2\n", piece));
        assert_int_equal(err.kind, ERR_INCOMPLETE);
        assert_string_equal(err.place, "byte 0 of the decoded stream (line 1)");
    }
}

static void header_beyond_the_limits_is_refused(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    char *text = arena_alloc(&arena, CSV_HEADER_MAX + 64);
    memset(text, ',', CSV_COLUMNS_MAX);
    text[CSV_COLUMNS_MAX] = '\n';
    assert_false(header_of(&d, text, 0));
    assert_int_equal(err.id, 352);
    memset(text, 'x', CSV_HEADER_MAX + 63);
    assert_false(header_of(&d, text, 0));
    assert_int_equal(err.id, 352);
}

/* 65536 columns of one name, or of none beside names that are in the way: no number twice. */
static void numbering_hostile_names_takes_no_time(void **state)
{
    (void)state;
    struct csv_dialect d = plain();
    struct buf same = {.arena = &arena};
    struct buf unnamed = {.arena = &arena};
    for (size_t i = 0; i < CSV_COLUMNS_MAX; i++)
        buf_text(&same, i ? ",a" : "a");
    for (size_t i = 0; i < CSV_COLUMNS_MAX / 2; i++)
        buf_byte(&unnamed, ',');
    for (size_t i = 1; i < CSV_COLUMNS_MAX / 2; i++)
        buf_printf(&unnamed, "%scolumn_%zu", i > 1 ? "," : "", i);
    assert_true(header_of(&d, arena_text(&arena, buf_str(&same)), 0));
    assert_int_equal(columns.renamed, CSV_COLUMNS_MAX - 1);
    assert_string_equal(arena_text(&arena, columns.names[CSV_COLUMNS_MAX - 1]), "a_65536");
    assert_true(header_of(&d, arena_text(&arena, buf_str(&unnamed)), 0));
    assert_string_equal(arena_text(&arena, columns.names[0]), "column_32768");
    assert_string_equal(arena_text(&arena, columns.names[32767]), "column_65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delimiter_is_the_one_that_makes_an_even_table),
        cmocka_unit_test(colon_never_parts_a_version_from_its_value),
        cmocka_unit_test(nearly_even_table_is_taken_and_an_uneven_one_is_not_guessed),
        cmocka_unit_test(record_that_is_cut_short_says_nothing_about_the_dialect),
        cmocka_unit_test(single_quotes_and_backslashes_are_seen),
        cmocka_unit_test(quotes_that_would_join_records_are_no_quotes),
        cmocka_unit_test(a_line_sep_of_excel_names_the_delimiter_and_is_no_record),
        cmocka_unit_test(copy_text_without_a_script_is_told_by_its_null),
        cmocka_unit_test(null_text_is_seen_or_said),
        cmocka_unit_test(header_is_taken_only_when_all_cells_look_like_names),
        cmocka_unit_test(records_that_all_begin_with_i_u_or_d_are_changes),
        cmocka_unit_test(options_are_one_byte_or_a_word),
        cmocka_unit_test(records_end_outside_quotes_only),
        cmocka_unit_test(quote_opens_only_at_the_start_of_a_field),
        cmocka_unit_test(escape_byte_of_its_own_is_followed),
        cmocka_unit_test(cr_files_are_cut_at_cr),
        cmocka_unit_test(end_inside_quotes_is_incomplete),
        cmocka_unit_test(fields_read_as_postgresql_wrote_them),
        cmocka_unit_test(bytes_around_quotes_are_plain),
        cmocka_unit_test(escapes_read_by_the_dialect),
        cmocka_unit_test(cr_files_leave_the_line_feed_before_a_record_out),
        cmocka_unit_test(header_names_may_span_lines),
        cmocka_unit_test(repeated_and_empty_names_are_numbered),
        cmocka_unit_test(without_a_header_columns_are_counted_and_the_record_stays),
        cmocka_unit_test(change_data_counts_its_columns_behind_op),
        cmocka_unit_test(input_without_a_record_is_an_error),
        cmocka_unit_test(header_beyond_the_limits_is_refused),
        cmocka_unit_test(numbering_hostile_names_takes_no_time),
    };
    struct CMUnitTest with[sizeof tests / sizeof tests[0]];
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        with[i] = tests[i];
        with[i].setup_func = setup;
        with[i].teardown_func = teardown;
    }
    return cmocka_run_group_tests(with, NULL, NULL);
}
