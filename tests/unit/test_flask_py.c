/*
 * flask_py: which lines of a Python file are entries, which are refused, and what leaves with a
 * version. Random files are compared with Flask itself in tests/e2e/flask_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define CASE_SYNTAX keyring_flask_py
#define CASE_PATH   "c.py"
#include "tests/unit/syntax_case.h"

#define HEAD "ACTIVE_ENCRYPTION_VERSION = 'v2'\n"
#define V1   "'v1': {'key': 'one', 'salt': '00'}"
#define V2   "'v2': {'key': 'two', 'salt': '11'}"

static void test_reads_the_dictionary(void **state)
{
    (void)state;
    load("import os\n" HEAD "ENCRYPTION_KEYS = {\n  " V1 ",\n  'V2': {\"salt\": '1' '1', 'key': "
         "r'''t\\wo''', 'note': None},\n}\n");
    assert_int_equal(kr.version_count, 2);
    assert_int_equal(kr.active, 1);
    assert_str(kr.versions[0].key->value, "one");
    assert_str(kr.versions[1].key->value, "t\\wo");
    assert_str(kr.versions[1].salt->value, "11");
    assert_int_equal(kr.versions[1].key->line, 5);
}

static void test_reads_names_one_by_one(void **state)
{
    (void)state;
    load("ENCRYPTION_KEYS__v1 = 'a\\x41\\n'  # note\nENCRYPTION_SALT__v1 = u'00'\n");
    assert_int_equal(kr.version_count, 1);
    assert_str(kr.versions[0].key->value, "aA\n");
}

static void test_a_version_leaves_with_its_lines_and_its_comment(void **state)
{
    (void)state;
    assert_left(HEAD "ENCRYPTION_KEYS = {\n    # one\n    " V1 ",  # old\n\n    " V2 "\n}\nA = 1\n",
                HEAD "ENCRYPTION_KEYS = {\n    # one\n\n    " V2 "\n}\nA = 1\n");
    assert_left(HEAD "ENCRYPTION_KEYS = {" V1 ", " V2 "}", HEAD "ENCRYPTION_KEYS = {" V2 "}");
    assert_left(HEAD "ENCRYPTION_KEYS = {" V2 ", " V1 "}", HEAD "ENCRYPTION_KEYS = {" V2 ", }");
    assert_left(HEAD "ENCRYPTION_KEYS = {\r\n" V1 ",\r\n" V2 ",\r\n}\r\n",
                HEAD "ENCRYPTION_KEYS = {\r\n" V2 ",\r\n}\r\n");
    assert_left(HEAD "ENCRYPTION_KEYS__v1 = 'a' \\\n  'b' # x\nENCRYPTION_SALT__v1 = '00'\nX = 1\n"
                     "ENCRYPTION_KEYS__v2 = 'c'\nENCRYPTION_SALT__v2 = '11'\n",
                HEAD "X = 1\nENCRYPTION_KEYS__v2 = 'c'\nENCRYPTION_SALT__v2 = '11'\n");
}

static void test_text_that_only_looks_like_an_entry_stays(void **state)
{
    (void)state;
    assert_left("'''\nENCRYPTION_KEYS = {\n'v1'\n'''\n" HEAD "# ENCRYPTION_KEYS['v1'] = 2\n"
                "MY_ENCRYPTION_KEYS = {'v1': 3}\nENCRYPTION_KEYS = {" V1 ",\n" V2 ",\n}\n",
                "'''\nENCRYPTION_KEYS = {\n'v1'\n'''\n" HEAD "# ENCRYPTION_KEYS['v1'] = 2\n"
                "MY_ENCRYPTION_KEYS = {'v1': 3}\nENCRYPTION_KEYS = {\n" V2 ",\n}\n");
}

static void test_no_literal_is_refused_with_its_line(void **state)
{
    static const char *const values[] = {"{'v2': {'key': os.environ['K'], 'salt': '11'}}",
                                         "{'v2': {'key': b'two', 'salt': '11'}}",
                                         "{'v2': {'key': 'two' + 'x', 'salt': '11'}}",
                                         "{'v2': {'key': f'{x}', 'salt': '11'}}",
                                         "{**OLD}",
                                         "dict(v2=1)",
                                         "{" V2 "} | OTHER",
                                         "{" V2 "}; X = 1",
                                         "{'v2': 'two'}",
                                         "{'v2': {'key': None, 'salt': '11'}}",
                                         "{'v2': KEY}",
                                         "{v2: {'key': 'a', 'salt': '11'}}",
                                         "{" V2 " for x in y}",
                                         "({" V2 "})",
                                         "{'v2': {}}",
                                         "{'v2': {'key': '\\N{BULLET}'}}"};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, HEAD "\nENCRYPTION_KEYS = %s\n", values[i]);
        assert_refused(text, ERR_REFUSED, 516, 3);
    }
}

static void test_what_reaches_for_the_names_is_refused(void **state)
{
    static const struct {
        const char *line;
        int id;
    } lines[] = {{"ENCRYPTION_KEYS['v1'] = {}", 516},
                 {"if x: ENCRYPTION_KEYS = {}", 516},
                 {"X = ENCRYPTION_KEYS", 516},
                 {"ENCRYPTION_KEYS: dict = {}", 516},
                 {"ENCRYPTION_KEYS += 1", 516},
                 {"  ENCRYPTION_KEYS = {}", 516},
                 {"from x import ENCRYPTION_KEYS", 516},
                 {"X = 'ENCRYPTION_KEYS'", 516},
                 {"ENCRYPTION_ENV_CHECKSUM = 'x'", 516},
                 {"FLASK_ENCRYPTION_KEYS = 'x'", 516},
                 {"ENCRYPTION_KEYS__v7 = 'x'", 516},
                 {"ENCRYPTION_KEYS = {}", 507},
                 {"from x import *", 517},
                 {"exec('x')", 517},
                 {"X = globals()", 517},
                 {"setattr(a, b, c)", 517},
                 {"X = f'{exec(1)}'", 517},
                 {"X = f'{a['b']}'", 517},
                 {"\xEF\xBC\xA5NCRYPTION_KEYS = {}", 517}};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, HEAD "ENCRYPTION_KEYS = {" V2 "}\n%s\n", lines[i].line);
        assert_refused(text, ERR_REFUSED, lines[i].id, 3);
    }
}

static void test_a_file_that_does_not_parse_is_corrupt(void **state)
{
    (void)state;
    assert_refused(HEAD "X = (1,\n", ERR_CORRUPT, 518, 2);
    assert_refused(HEAD "X = '\n", ERR_CORRUPT, 518, 2);
    assert_refused("# -*- coding: latin-1 -*-\n" HEAD, ERR_CORRUPT, 518, 1);
    assert_refused("#!/bin/x\n# no encoding but coding=latin-1\n" HEAD, ERR_CORRUPT, 518, 2);
    assert_refused(HEAD "ENCRYPTION_KEYS = {" V2 ",\n", ERR_CORRUPT, 518, 2);
}

static void test_a_version_that_stands_twice_is_refused(void **state)
{
    (void)state;
    assert_refused(HEAD "ENCRYPTION_KEYS = {" V2 ",\n" V1 ",\n'V2': {'key': 'x', 'salt': '11'}}\n",
                   ERR_REFUSED, 507, 4);
    assert_refused(HEAD "ENCRYPTION_KEYS = {\n'v2': {'key': 'x',\n'key': 'y', 'salt': '11'}}\n",
                   ERR_REFUSED, 507, 4);
}

static void test_versions_come_back(void **state)
{
    struct str gone = STR("v1");
    (void)state;
    const char *whole = HEAD "ENCRYPTION_KEYS = {\n    " V2 ",\n    " V1 "\n}\n";
    const char *edited = HEAD "ENCRYPTION_KEYS = {\n    " V2 "  # two\n}\nLATER = 1\n";
    load(edited);
    if (!keyring_insert(&arena, &kr, str_from(whole), &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after,
               HEAD "ENCRYPTION_KEYS = {\n    " V1 ",\n    " V2 "  # two\n}\nLATER = 1\n");
    load(HEAD "ENCRYPTION_KEYS__v2 = 'two'\nENCRYPTION_SALT__v2 = '11'\n");
    assert_false(keyring_insert(&arena, &kr, str_from(whole), &gone, 1, &edit, &err));
    assert_int_equal(err.id, 519);
    assert_int_equal(err.kind, ERR_REFUSED);
}

static void test_a_version_that_is_back_with_another_key_is_refused(void **state)
{
    struct str gone = STR("v1");
    (void)state;
    load(HEAD "ENCRYPTION_KEYS = {" V2 ", 'v1': {'key': 'other', 'salt': '00'}}\n");
    assert_false(keyring_insert(&arena, &kr, STR(HEAD "ENCRYPTION_KEYS = {" V2 ", " V1 "}\n"),
                                &gone, 1, &edit, &err));
    assert_int_equal(err.id, 525);
}

static void test_the_masked_diff_names_entries_and_shows_no_value(void **state)
{
    struct str gone = STR("v1");
    struct buf shown = {.arena = &arena};
    (void)state;
    load("S = 'hidden'\n" HEAD "ENCRYPTION_KEYS = {" V1 ",\n" V2 "}\n");
    assert_true(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    keyring_edit_show(&shown, &edit);
    assert_str(buf_str(&shown), "  line 1  <code, masked, 12 chars>\n"
                                "  line 2  ACTIVE_ENCRYPTION_VERSION=<masked, 2 chars>\n"
                                "  line 3  <code, masked, 19 chars>\n"
                                "- line 3  ENCRYPTION_KEYS__v1=<masked, 3 chars>\n"
                                "- line 3  ENCRYPTION_SALT__v1=<masked, 2 chars>\n"
                                "  line 4  ENCRYPTION_KEYS__v2=<masked, 3 chars>\n"
                                "  line 4  ENCRYPTION_SALT__v2=<masked, 2 chars>\n"
                                "  line 4  <code, masked, 1 chars>\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_the_dictionary),
        TEST(test_reads_names_one_by_one),
        TEST(test_a_version_leaves_with_its_lines_and_its_comment),
        TEST(test_text_that_only_looks_like_an_entry_stays),
        TEST(test_no_literal_is_refused_with_its_line),
        TEST(test_what_reaches_for_the_names_is_refused),
        TEST(test_a_file_that_does_not_parse_is_corrupt),
        TEST(test_a_version_that_stands_twice_is_refused),
        TEST(test_versions_come_back),
        TEST(test_a_version_that_is_back_with_another_key_is_refused),
        TEST(test_the_masked_diff_names_entries_and_shows_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
