/*
 * flask_json: which members of a JSON file are entries, which are refused, and what leaves with a
 * version. Random files are compared with Flask itself in tests/e2e/flask_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/keyring/config_form.h"

#define CASE_SYNTAX keyring_flask_json
#define CASE_PATH   "c.json"
#include "tests/unit/syntax_case.h"

#define ACTIVE "\"ACTIVE_ENCRYPTION_VERSION\": \"v2\""
#define V1     "\"v1\": {\"key\": \"one\", \"salt\": \"00\"}"
#define V2     "\"v2\": {\"key\": \"two\", \"salt\": \"11\"}"
#define KEYS   "\"ENCRYPTION_KEYS\": "

static void test_reads_the_object(void **state)
{
    (void)state;
    load("{" ACTIVE ",\n" KEYS "{" V1
         ",\n\"\\u0056\\u0032\":{\"salt\":\"11\",\"note\":[{}],\"key\":"
         "\"t\\u00e7\\ud83d\\udd11\\n\"}}}\n");
    assert_int_equal(kr.version_count, 2);
    assert_int_equal(kr.active, 1);
    assert_str(kr.versions[1].name, "v2");
    assert_str(kr.versions[1].key->value, "t\xC3\xA7\xF0\x9F\x94\x91\n");
    assert_int_equal(kr.versions[1].key->line, 3);
}

static void test_a_version_leaves_with_one_comma(void **state)
{
    (void)state;
    assert_left("{" ACTIVE ", " KEYS "{" V1 ", " V2 "}}", "{" ACTIVE ", " KEYS "{" V2 "}}");
    assert_left("{" ACTIVE ", " KEYS "{" V2 ", " V1 "}}", "{" ACTIVE ", " KEYS "{" V2 " }}");
    assert_left("{\n  " KEYS "{\n    " V2 ",\n    " V1 "\n  },\n  " ACTIVE "\n}\n",
                "{\n  " KEYS "{\n    " V2 "\n  },\n  " ACTIVE "\n}\n");
    assert_left("{\n  " KEYS "{\n    " V1 ",\n    " V2 "\n  },\n  " ACTIVE "\n}\n",
                "{\n  " KEYS "{\n    " V2 "\n  },\n  " ACTIVE "\n}\n");
}

static void test_several_versions_leave_the_end_together(void **state)
{
    static const char v0[] = "\"v0\": {\"key\": \"zero\", \"salt\": \"22\"}";
    struct str gone[] = {STR("v1"), STR("v0")};
    char text[512], left[512];
    (void)state;
    (void)snprintf(text, sizeof text, "{" ACTIVE "," KEYS "{" V2 " ,\r\n" V1 ",\r\n%s\r\n}}", v0);
    (void)snprintf(left, sizeof left, "{" ACTIVE "," KEYS "{" V2 " \r\n}}");
    load(text);
    assert_true(keyring_remove(&arena, &kr, gone, 2, &edit, &err));
    assert_str(edit.after, left);
}

static void test_names_at_the_top_leave_one_by_one(void **state)
{
    (void)state;
    assert_left("{\"ENCRYPTION_KEYS__v2\": \"b\", \"ENCRYPTION_SALT__v2\": \"11\", " ACTIVE
                ", \"D\": [1, 2], \"ENCRYPTION_SALT__v1\": \"00\", \"ENCRYPTION_KEYS__v1\": \"a\"}",
                "{\"ENCRYPTION_KEYS__v2\": \"b\", \"ENCRYPTION_SALT__v2\": \"11\", " ACTIVE
                ", \"D\": [1, 2] }");
}

static void test_what_is_no_string_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *member;
        int id;
    } members[] = {{KEYS "{\"v1\": null}", 507},
                   {"\"ENCRYPTION_SALT__v1\": 12", 516},
                   {"\"X\": {\"ENCRYPTION_KEYS\": 1}", 516},
                   {"\"ENCRYPTION_ENV_CHECKSUM\": \"a\"", 516},
                   {"\"FLASK_ENCRYPTION_KEYS\": \"a\"", 516},
                   {"\"ENCRYPTION_KEYS__v7\": \"\\ud800\"", 516},
                   {ACTIVE, 507}};
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "{" ACTIVE ",\n" KEYS "{" V2 "},\n%s}",
                       members[i].member);
        assert_refused(text, ERR_REFUSED, members[i].id, 3);
    }
    assert_refused("{" ACTIVE ",\n" KEYS "{\n\"v2\": \"two\"}}", ERR_REFUSED, 516, 3);
    assert_refused("{" ACTIVE ",\n" KEYS "{\n\"v2\": {}}}", ERR_REFUSED, 516, 3);
    assert_refused("{" ACTIVE ",\n" KEYS "{\n" V2 ",\n" V2 "}}", ERR_REFUSED, 507, 4);
}

static void test_what_is_no_json_is_corrupt(void **state)
{
    static const char *const bad[] = {
        "\"X\": 01",        "\"X\": [1,]", "\"X\": 'a'", "\"X\": \"\t\"", "\"X\": tru",
        "\"X\": {\"a\" 1}", "\"X\": [1}",  "// c",       "\"X\": 1,",     "\"X\": \"\\x\"",
        "\"X\": -",         "\"X\": 1.",   "\"X\": \"a"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "{" KEYS "{" V2 "},\n%s}", bad[i]);
        assert_refused(text, ERR_CORRUPT, 518, 2);
    }
    assert_refused("{" KEYS "{" V2 "}}\n{}", ERR_CORRUPT, 518, 2);
    assert_refused("\xEF\xBB\xBF{" KEYS "{" V2 "}}", ERR_CORRUPT, 518, 1);
    char deep[256] = "{\n\"X\": ";
    memset(deep + 7, '[', 70);
    assert_refused(deep, ERR_CORRUPT, 518, 2);
}

static void test_versions_come_back(void **state)
{
    struct str gone = STR("v1");
    (void)state;
    load("{\n  " ACTIVE ",\n  " KEYS "{\n    " V2 "\n  },\n  \"LATER\": 1\n}\n");
    if (!keyring_insert(&arena, &kr, STR("{" ACTIVE ", " KEYS "{\n    " V2 ",\n    " V1 "\n}}"),
                        &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after,
               "{\n  " ACTIVE ",\n  " KEYS "{\n    " V1 ",\n    " V2 "\n  },\n  \"LATER\": 1\n}\n");
}

static void test_the_first_bytes_tell_the_form(void **state)
{
    (void)state;
    assert_ptr_equal(config_form(&arena, STR("c"), STR(" \n{\"a\": 1}")), &keyring_flask_json);
    assert_ptr_equal(config_form(&arena, STR("c"), STR("\xEF\xBB\xBF{}")), &keyring_flask_json);
    assert_ptr_equal(config_form(&arena, STR("c"), STR("A = {}")), &keyring_flask_py);
    assert_ptr_equal(keyring_syntax_find(STR("flask-json")), &keyring_flask_json);
    assert_null(keyring_syntax_find(STR("toml")));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_the_object),
        TEST(test_a_version_leaves_with_one_comma),
        TEST(test_several_versions_leave_the_end_together),
        TEST(test_names_at_the_top_leave_one_by_one),
        TEST(test_what_is_no_string_is_refused_with_its_line),
        TEST(test_what_is_no_json_is_corrupt),
        TEST(test_versions_come_back),
        TEST(test_the_first_bytes_tell_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
