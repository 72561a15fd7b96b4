/*
 * dialect: which files are taken for which reader. The expectations are the measured readings of
 * the readers themselves: a line is taken only where they agree with python-dotenv. Random files
 * are compared with bash and node in tests/e2e/dialect_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/keyring/keyring.h"

#define SALT  "ENCRYPTION_SALT__v1=00\n"
#define PLAIN "ENCRYPTION_KEYS__v1=key\n" SALT

enum { NODE = 1, SYSTEMD = 2, BASH = 4, DOCKER = 8, ALL = 15 };

/* The file is taken by exactly these readers; the others name the line and the reason. */
static void assert_taken(const char *text, unsigned by, size_t line)
{
    static const char *const names[] = {"node", "systemd", "bash", "docker"};
    for (unsigned i = 0; i < 4; i++) {
        struct arena a = {.wipe = true};
        struct keyring kr;
        struct err err = {0};
        const struct keyring_syntax *syntax = keyring_syntax_find(str_from(names[i]));
        assert_non_null(syntax);
        bool taken = keyring_load(&a, syntax, ".env", str_from(text), &kr, &err);
        if (taken != ((by & 1u << i) != 0))
            fail_msg("%s, %s: %s %s", names[i], taken ? "taken" : "refused", text, err.text);
        if (!taken) {
            assert_int_equal(err.kind, ERR_REFUSED);
            assert_int_equal(err.id, 527);
            assert_int_equal(kr.bindings.bad_line, line);
            assert_true(err.hint[0] && strstr(err.text, names[i]));
        }
        arena_free(&a);
    }
}

static void test_plain_lines_are_taken_by_all(void **state)
{
    (void)state;
    assert_taken(PLAIN "# a comment\n\nA=1\nB=x:/y@z\n", ALL, 0);
    assert_taken("ENCRYPTION_KEYS__v1=abc==\n" SALT, ALL, 0);
    assert_taken("ENCRYPTION_KEYS__v1=key\nENCRYPTION_SALT__v1=00", ALL, 0);
}

static void test_what_each_reader_reads_alike(void **state)
{
    static const struct {
        const char *line;
        unsigned by;
    } lines[] = {{"ENCRYPTION_KEYS__v1=\"x y\"", NODE | SYSTEMD | BASH},
                 {"ENCRYPTION_KEYS__v1='x y'", NODE | SYSTEMD | BASH},
                 {"ENCRYPTION_KEYS__v1=x y", NODE | SYSTEMD | DOCKER},
                 {"ENCRYPTION_KEYS__v1 = 1", NODE | SYSTEMD},
                 {"   ENCRYPTION_KEYS__v1=1", SYSTEMD | BASH | DOCKER},
                 {"export ENCRYPTION_KEYS__v1=1", NODE | BASH},
                 {"ENCRYPTION_KEYS__v1=1 # c", NODE | BASH},
                 {"ENCRYPTION_KEYS__v1=1#c", SYSTEMD | DOCKER},
                 {"ENCRYPTION_KEYS__v1=\"1 # c\"", NODE | SYSTEMD | BASH},
                 {"ENCRYPTION_KEYS__v1=\"1\" # c", NODE | BASH},
                 {"ENCRYPTION_KEYS__v1=#x", SYSTEMD | DOCKER},
                 {"ENCRYPTION_KEYS__v1=\"a\\nb\"", 0},
                 {"ENCRYPTION_KEYS__v1=a\\nb", NODE | DOCKER},
                 {"ENCRYPTION_KEYS__v1=\"a\\\"b\"", 0},
                 {"ENCRYPTION_KEYS__v1=$X", 0},
                 {"ENCRYPTION_KEYS__v1='pa$word'", NODE | BASH},
                 {"ENCRYPTION_KEYS__v1='pa${X}'", 0},
                 {"ENCRYPTION_KEYS__v1=\"pa$$word\"", 0},
                 {"ENCRYPTION_KEYS__v1=`x y`", 0},
                 {"ENCRYPTION_KEYS__v1=~x", NODE | SYSTEMD | DOCKER},
                 {"ENCRYPTION_KEYS__v1=1   ", NODE | SYSTEMD | BASH},
                 {"ENCRYPTION_KEYS__v1=1\r", NODE},
                 {"ENCRYPTION_KEYS__v1=x'y", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[256] = "# c\n";
        strcat(strcat(strcat(text, lines[i].line), "\n"), SALT);
        assert_taken(text, lines[i].by, 2);
    }
}

static void test_lines_that_another_reader_joins_or_splits_are_refused(void **state)
{
    (void)state;
    assert_taken(PLAIN "A=a\\\nB=2\n", NODE | DOCKER, 3);
    assert_taken(PLAIN "# c \\\nB=2\n", NODE | BASH | DOCKER, 3);
    assert_taken(PLAIN "A=\"l1\nENCRYPTION_KEYS__v1=x\"\n", NODE | SYSTEMD | BASH, 3);
    assert_taken(PLAIN "A=\"x\n", 0, 3);
    assert_taken(PLAIN "A\n", 0, 3);
    assert_taken(PLAIN "A-B=1\n", 0, 3);
    assert_taken(PLAIN "'A'=1\n", 0, 3);
    assert_taken(PLAIN "; A=1\n", 0, 3);
    assert_taken(PLAIN "# \xE2\x80\xA8"
                       "ENCRYPTION_KEYS__v2=x\n",
                 0, 3);
    assert_taken(PLAIN "  # c\n", SYSTEMD | BASH | DOCKER, 3);
    assert_taken(PLAIN "  \nA=1\n", SYSTEMD | BASH | DOCKER, 3);
    assert_taken(PLAIN "A=\n", NODE | BASH | DOCKER, 3);
}

static void test_values_of_others_may_differ_where_no_line_does(void **state)
{
    (void)state;
    assert_taken(PLAIN "A=a#b\n", NODE | SYSTEMD | DOCKER, 3);
    assert_taken(PLAIN "A=$B/x\n", NODE | SYSTEMD | DOCKER, 3);
    assert_taken(PLAIN "A=\"$B\"\n", NODE | SYSTEMD, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_lines_are_taken_by_all),
        cmocka_unit_test(test_what_each_reader_reads_alike),
        cmocka_unit_test(test_lines_that_another_reader_joins_or_splits_are_refused),
        cmocka_unit_test(test_values_of_others_may_differ_where_no_line_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
