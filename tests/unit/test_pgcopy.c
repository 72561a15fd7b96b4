/*
 * pgcopy: binary COPY as COPY text. The samples are built by hand from PostgreSQL's documentation
 * of the format; tests/e2e/census_csv_forms.bats has a server's own.
 */
#include "formats/dump/copy.h"
#include "formats/dump/pgcopy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define END  "\377\377"

/* What came out, and how it ended. */
static struct {
    bool opened;
    size_t columns;
    enum pull verdict;
    struct err err;
    size_t len;
    unsigned char text[1 << 16];
} seen;

static void read_all(struct str file, size_t piece, size_t room)
{
    struct window w;
    struct pgcopy c;
    memset(&seen, 0, sizeof seen);
    struct source *src = source_memory(file, piece, &seen.err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1 << 20, &seen.err));
    w.piece = piece;
    seen.verdict = PULL_FAILED;
    seen.opened = pgcopy_open(&c, &w, &seen.err);
    if (seen.opened) {
        seen.columns = c.columns;
        size_t got = 0;
        while ((seen.verdict = source_read(&c.source, seen.text + seen.len, room, &got,
                                           &seen.err)) == PULL_OK) {
            assert_true(got > 0 && got <= room);
            seen.len += got;
            assert_true(seen.len + room <= sizeof seen.text);
        }
        assert_int_equal(source_read(&c.source, seen.text, 1, &got, &seen.err), seen.verdict);
    }
    window_close(&w);
    source_close(src);
    assert_int_equal(seen.verdict == PULL_FAILED, err_is(&seen.err));
}

/* The same from pieces of every size into room of every size. */
static void gives(struct str file, size_t columns, const char *text)
{
    static const size_t sizes[] = {1, 2, 5, 63, 64, 1000};
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 6; k++) {
            read_all(file, sizes[i], sizes[k]);
            assert_int_equal(seen.verdict, PULL_END);
            assert_int_equal(seen.columns, columns);
            assert_int_equal(seen.len, strlen(text));
            assert_memory_equal(seen.text, text, seen.len);
        }
}

static void fails(struct str file, int kind, int id)
{
    for (size_t piece = 1; piece < 200; piece += 99) {
        read_all(file, piece, 100);
        assert_int_equal(seen.verdict, PULL_FAILED);
        assert_int_equal(seen.err.kind, kind);
        assert_int_equal(seen.err.id, id);
        assert_true(seen.err.hint[0] != 0 && seen.err.place[0] != 0);
    }
}

static void tuples_become_lines_of_copy_text(void **state)
{
    (void)state;
    gives(STR(HEAD "\0\2\0\0\0\1a\377\377\377\377"
                   "\0\2\0\0\0\0\0\0\0\3x\ty" END),
          2, "a\t\\N\n\tx\\ty\n");
}

static void bytes_that_copy_text_escapes_are_escaped(void **state)
{
    (void)state;
    gives(STR(HEAD "\0\1\0\0\0\10\\.\\N\n\r\t\v" END), 1, "\\\\.\\\\N\\n\\r\\t\\v\n");
    gives(STR(HEAD "\0\1\0\0\0\2\\N" END), 1, "\\\\N\n");
}

static void a_file_without_tuples_has_no_columns(void **state)
{
    (void)state;
    gives(STR(HEAD END), 0, "");
    gives(STR(HEAD "\0\0\0\0" END), 0, "\n\n"); /* two rows of a table without columns */
}

static void oids_and_extensions_of_the_header(void **state)
{
    (void)state;
    gives(STR("PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0\0\1\0\0\0\4oid!\0\0\0\1a" END), 2, "oid!\ta\n");
    gives(STR("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\5extra\0\1\0\0\0\1a" END), 1, "a\n");
    gives(STR("PGCOPY\n\377\r\n\0\0\0\377\377\0\0\0\0\0\1\0\0\0\1a" END), 1, "a\n");
    fails(STR("PGCOPY\n\377\r\n\0\0\2\0\0\0\0\0\0\0\1\0\0\0\1a" END), ERR_CORRUPT, 359);
    fails(STR("PGCOPY\n\377\r\n\0\200\0\0\0\0\0\0\0\0\1\0\0\0\1a" END), ERR_CORRUPT, 359);
    fails(STR("PGCOPY\n\377\r\n\0\0\0\0\0\377\0\0\0\0\1\0\0\0\1a" END), ERR_CORRUPT, 357);
}

static void a_file_that_ends_early_is_incomplete_at_every_byte(void **state)
{
    (void)state;
    struct str file = STR(HEAD "\0\2\0\0\0\3abc\377\377\377\377\0\2\0\0\0\0\0\0\0\1x" END);
    gives(file, 2, "abc\t\\N\n\tx\n");
    for (size_t n = 0; n < file.len; n++)
        fails(str_slice(file, 0, n), ERR_INCOMPLETE, 358);
}

static void impossible_counts_and_lengths_are_damage(void **state)
{
    (void)state;
    fails(STR(HEAD "\377\376"), ERR_CORRUPT, 357);
    fails(STR(HEAD "\200\0"), ERR_CORRUPT, 357);
    fails(STR(HEAD "\0\1\377\377\377\376" END), ERR_CORRUPT, 357);
    fails(STR(HEAD "\0\1\100\0\0\0" END), ERR_CORRUPT, 357);
    fails(STR(HEAD END "x"), ERR_CORRUPT, 357);
    fails(STR("PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0" END), ERR_CORRUPT, 357);
    fails(STR(HEAD "\0\1\77\377\377\377" END), ERR_INCOMPLETE, 358); /* as long as can be */
}

/* A flipped bit gives other values, or an error; never a hang. The format has no checksum. */
static void every_flipped_bit_ends_in_text_or_in_an_error(void **state)
{
    (void)state;
    unsigned char bytes[64];
    struct str file = STR(HEAD "\0\2\0\0\0\3abc\377\377\377\377\0\2\0\0\0\0\0\0\0\1x" END);
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        memcpy(bytes, file.at, file.len);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        read_all(str_make(bytes, file.len), 3, 20);
        assert_true(seen.verdict != PULL_OK);
        assert_true(seen.verdict == PULL_END || seen.err.kind == ERR_CORRUPT ||
                    seen.err.kind == ERR_INCOMPLETE);
    }
}

/* A value of every byte, longer than any buffer: read back with copy.h it is what it was. */
static void a_long_value_comes_back_byte_for_byte(void **state)
{
    (void)state;
    enum { LONG = 20000 };
    static unsigned char file[LONG + 64];
    static unsigned char value[LONG * 2];
    memcpy(file, HEAD "\0\1\0\0\116\40", 25);
    for (size_t i = 0; i < LONG; i++)
        file[25 + i] = (unsigned char)(i * 7 + i / 256);
    memcpy(file + 25 + LONG, END, 2);
    for (size_t room = 1; room < 5000; room = room * 3 + 7) {
        read_all(str_make(file, 25 + LONG + 2), 777, room);
        assert_int_equal(seen.verdict, PULL_END);
        size_t len = 0;
        assert_true(copy_unescape(str_make(seen.text, seen.len - 1), value, &len));
        assert_int_equal(len, LONG);
        assert_memory_equal(value, file + 25, LONG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tuples_become_lines_of_copy_text),
        cmocka_unit_test(bytes_that_copy_text_escapes_are_escaped),
        cmocka_unit_test(a_file_without_tuples_has_no_columns),
        cmocka_unit_test(oids_and_extensions_of_the_header),
        cmocka_unit_test(a_file_that_ends_early_is_incomplete_at_every_byte),
        cmocka_unit_test(impossible_counts_and_lengths_are_damage),
        cmocka_unit_test(every_flipped_bit_ends_in_text_or_in_an_error),
        cmocka_unit_test(a_long_value_comes_back_byte_for_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
