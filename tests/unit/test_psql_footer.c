/* psql_footer: the last line of psql's output, in every language and in any pieces. */
#include "formats/dump/psql_footer.h"
#include "formats/dump/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* All that comes through, the window's bytes first. */
struct through {
    size_t len;
    bool found;
    uint64_t rows;
    uint64_t offset; /* of the window, behind everything */
    struct err err;
    unsigned char bytes[300 * 1024];
};

static struct through through; /* large */

/* `seen` bytes stand in the window when the footer is put behind it. */
static void pass(struct source *src, size_t seen, size_t piece)
{
    struct window w;
    struct psql_footer f;
    through = (struct through){0};
    assert_non_null(src);
    assert_true(window_open(&w, src, 4 * 1024 * 1024, &through.err));
    w.piece = piece;
    while (window_rest(&w).len < seen && window_more(&w, &through.err))
        ;
    through.err = (struct err){0};
    psql_footer_open(&f, &w);
    do {
        struct str rest = window_rest(&w);
        memcpy(through.bytes + through.len, rest.at, rest.len);
        through.len += rest.len;
        window_skip(&w, rest.len);
    } while (window_more(&w, &through.err));
    psql_footer_close(&f, &w);
    through.found = f.found;
    through.rows = f.rows;
    through.offset = w.offset;
    window_close(&w);
    source_close(src);
}

static void gives(struct str text, struct str rows, bool found, uint64_t count)
{
    static const size_t pieces[] = {1, 2, 100, 383, 384, 385, SIZE_MAX};
    static const size_t seen[] = {0, 1, 95, 96, 97, SNIFF_HEAD, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t k = 0; k < sizeof seen / sizeof seen[0]; k++) {
            struct err err = {0};
            pass(source_memory(text, 0, &err), seen[k], pieces[i]);
            assert_false(err_is(&through.err));
            assert_int_equal(through.found, found);
            assert_int_equal(through.len, rows.len);
            assert_memory_equal(through.bytes, rows.at, rows.len);
            assert_int_equal(through.offset, text.len);
            if (found)
                assert_int_equal(through.rows, count);
        }
}

static void the_last_line_is_taken_off(void **state)
{
    (void)state;
    gives(STR("id|a\n1|x\n(1 row)\n"), STR("id|a\n1|x\n"), true, 1);
    gives(STR("id|a\n1|x\n2|y\n(2 rows)"), STR("id|a\n1|x\n2|y\n"), true, 2);
    gives(STR("id|a\r\n(0 rows)\r\n"), STR("id|a\r\n"), true, 0);
    gives(STR("id|a\n1|x\n(1 row)\n\n"), STR("id|a\n1|x\n"), true, 1);
}

static void what_is_no_last_line_of_psql_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "id|a\n1|x\n",
        "id,a\n1,(1 row)\n",
        "id\n(1 row)\n2\n",
        "a\n()\n",
        "a\n(rows)\n",
        "a\n(12)\n",
        "a\n(1 row)x\n",
        "a\nx(1 row)\n",
        "a\n(1,2)\n",
        "a\n(1 a2)\n",
        "a\n(-1 rows)\n",
        "\n\n",
        "a",
        "(",
        ")",
        "a\n(99999999999999999999999 rows)\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        gives(str_from(texts[i]), str_from(texts[i]), false, 0);
}

/* psql's catalogues: msgid "(%lu row)" in de, pt_BR, fr, es, ru, ja, ko, zh_CN. */
static void every_language_of_psql_is_known(void **state)
{
    (void)state;
    static const char *const lines[] = {"(3 rows)",   "(3 Zeilen)", "(3 linhas)", "(3 lignes)",
                                        "(3 filas)",  "(3 строки)", "(3 行)",     "(3개 행)",
                                        "(3 行记录)", "(3 righe)",  "(3 rader)"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        uint64_t rows = 0;
        assert_true(psql_footer_line(str_from(lines[i]), &rows));
        assert_int_equal(rows, 3);
    }
}

static void long_streams_pass_whole(void **state)
{
    (void)state;
    static unsigned char text[200 * 1024];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 50 == 49 ? '\n' : (unsigned char)('a' + i % 26);
    struct str all = str_make(text, sizeof text);
    gives(all, all, false, 0);
    struct str footer = STR("(4095 rows)\n");
    memcpy(text + sizeof text - 62, "\n", 1);
    size_t begin = sizeof text - footer.len;
    text[begin - 1] = '\n';
    memcpy(text + begin, footer.at, footer.len);
    gives(all, str_slice(all, 0, begin), true, 4095);
}

/* Gives its bytes, then fails, again and again. */
struct failing {
    struct source base;
    struct str rest;
};

static enum pull failing_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct failing *f = (struct failing *)base;
    *got = f->rest.len < room ? f->rest.len : room;
    if (*got == 0) {
        err_set(err, ERR_INCOMPLETE, 200, "cut");
        return PULL_FAILED;
    }
    memcpy(into, f->rest.at, *got);
    f->rest = str_slice(f->rest, *got, f->rest.len);
    return PULL_OK;
}

static void failing_close(struct source *base)
{
    free(base);
}

static void a_failure_comes_behind_every_byte_and_leaves_no_footer(void **state)
{
    (void)state;
    static const struct source_ops ops = {.read = failing_read, .close = failing_close};
    struct str text = STR("id|a\n1|x\n(1 row)\n");
    for (size_t seen = 0; seen < 30; seen += 5) {
        struct failing *f = calloc(1, sizeof *f);
        assert_non_null(f);
        *f = (struct failing){{&ops}, text};
        pass(&f->base, seen, 3);
        assert_int_equal(through.err.kind, ERR_INCOMPLETE);
        assert_false(through.found);
        assert_int_equal(through.len, text.len);
        assert_memory_equal(through.bytes, text.at, text.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_is_taken_off),
        cmocka_unit_test(what_is_no_last_line_of_psql_stays),
        cmocka_unit_test(every_language_of_psql_is_known),
        cmocka_unit_test(long_streams_pass_whole),
        cmocka_unit_test(a_failure_comes_behind_every_byte_and_leaves_no_footer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
