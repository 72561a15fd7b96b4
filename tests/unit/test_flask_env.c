/*
 * flask_env: variables with FLASK_ in their shapes, and what leaves with a version. Random files
 * are compared with Flask itself in tests/e2e/flask_env_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define CASE_SYNTAX keyring_dotenv
#define CASE_PATH   ".env"
#include "tests/unit/syntax_case.h"

#define ACTIVE  "FLASK_ACTIVE_ENCRYPTION_VERSION=v2\n"
#define F1      "{\"key\": \"one\", \"salt\": \"0a\"}"
#define F2      "{\"key\": \"two\", \"salt\": \"1f\"}"
#define SINGLE1 "FLASK_ENCRYPTION_KEYS__v1__key=one\nFLASK_ENCRYPTION_KEYS__v1__salt=0a\n"
#define SINGLE2 "FLASK_ENCRYPTION_KEYS__v2__key=two\nFLASK_ENCRYPTION_KEYS__v2__salt=1f\n"
#define GROUP1  "FLASK_ENCRYPTION_KEYS__v1='" F1 "'\n"
#define GROUP2  "FLASK_ENCRYPTION_KEYS__v2='" F2 "'\n"
#define PLAIN1  "ENCRYPTION_KEYS__v1=one\nENCRYPTION_SALT__v1=0a\n"
#define PLAIN2  "ENCRYPTION_KEYS__v2=two\nENCRYPTION_SALT__v2=1f\n"

/* And with v1 put back, the text has to be `text` again. */
static void assert_comes_back(const char *left, const char *text)
{
    struct str gone = STR("v1");
    load(left);
    if (!keyring_insert(&arena, &kr, str_from(text), &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after, text);
}

static void reads_every_shape(void **state)
{
    (void)state;
    load(ACTIVE GROUP1 SINGLE2 "FLASK_ENCRYPTION_KEYS='{\"V3\": {\"salt\": \"s\", \"key\": "
                               "\"\\u00e7\"}}'\n");
    assert_int_equal(kr.version_count, 3);
    assert_int_equal(kr.active, 1);
    assert_str(kr.versions[0].key->value, "one");
    assert_str(kr.versions[1].key->value, "two");
    assert_str(kr.versions[2].name, "v3");
    assert_str(kr.versions[2].key->value, "\xC3\xA7");
    assert_int_equal(kr.versions[2].key->line, 5);
}

static void a_version_leaves_in_its_shape(void **state)
{
    (void)state;
    assert_left(ACTIVE SINGLE1 "A=1\n" SINGLE2, ACTIVE "A=1\n" SINGLE2);
    assert_left(ACTIVE GROUP1 "# c\n" GROUP2, ACTIVE "# c\n" GROUP2);
    assert_left(ACTIVE "FLASK_ENCRYPTION_KEYS='{\"v1\": " F1 ", \"v2\": " F2 "}' # c\nA=1\n",
                ACTIVE "FLASK_ENCRYPTION_KEYS='{\"v2\": " F2 "}' # c\nA=1\n");
    assert_left(ACTIVE "FLASK_ENCRYPTION_KEYS={\"v2\":" F2 ",\"v1\":" F1 "}\n",
                ACTIVE "FLASK_ENCRYPTION_KEYS={\"v2\":" F2 "}\n");
    assert_left(ACTIVE "FLASK_ENCRYPTION_KEYS='{\n  \"v2\": " F2 ",\n  \"v1\": " F1 "\n}'\nA=1\n",
                ACTIVE "FLASK_ENCRYPTION_KEYS='{\n  \"v2\": " F2 "\n}'\nA=1\n");
}

static void a_version_comes_back_in_its_shape(void **state)
{
    (void)state;
    /* Each behind the last of its kind. */
    assert_comes_back(ACTIVE SINGLE2, ACTIVE "FLASK_ENCRYPTION_KEYS__v2__key=two\n"
                                             "FLASK_ENCRYPTION_KEYS__v1__key=one\n"
                                             "FLASK_ENCRYPTION_KEYS__v2__salt=1f\n"
                                             "FLASK_ENCRYPTION_KEYS__v1__salt=0a\n");
    assert_comes_back(ACTIVE GROUP2, ACTIVE GROUP1 GROUP2);
    assert_comes_back(ACTIVE "FLASK_ENCRYPTION_KEYS='{\"v2\": " F2 "}'\n",
                      ACTIVE "FLASK_ENCRYPTION_KEYS='{\"v1\": " F1 ", \"v2\": " F2 "}'\n");
}

static void a_version_leaves_both_places_of_a_file(void **state)
{
    (void)state;
    assert_left("ACTIVE_ENCRYPTION_VERSION=v2\n" PLAIN1 PLAIN2 SINGLE1 GROUP2,
                "ACTIVE_ENCRYPTION_VERSION=v2\n" PLAIN2 GROUP2);
    assert_left(ACTIVE PLAIN2 GROUP1 GROUP2, ACTIVE PLAIN2 GROUP2);
    load(ACTIVE PLAIN1 PLAIN2 GROUP1 GROUP2);
    assert_int_equal(kr.version_count, 2);
    assert_int_equal(kr.versions[0].place_count, 2);
}

static void places_that_disagree_are_refused(void **state)
{
    (void)state;
    assert_refused(ACTIVE PLAIN1 PLAIN2 GROUP2
                   "FLASK_ENCRYPTION_KEYS__v1__key=other\nFLASK_ENCRYPTION_KEYS__v1__salt=0a\n",
                   ERR_REFUSED, 526, 7);
    assert_refused(ACTIVE PLAIN1 PLAIN2 GROUP1, ERR_REFUSED, 509, 1);
    assert_refused(ACTIVE PLAIN1 PLAIN2 "ACTIVE_ENCRYPTION_VERSION=v1\n" GROUP1 GROUP2, ERR_REFUSED,
                   526, 1);
    assert_refused(ACTIVE GROUP2 SINGLE2, ERR_REFUSED, 507, 3);
    assert_refused(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS__v1__key=a\n", ERR_REFUSED, 506, 3);
}

static void what_flask_would_not_use_is_refused(void **state)
{
    static const char *const bad[] = {"12",     "'\"one\"'", "true",        "NaN", "'[1]'",
                                      "-1.5e3", "null",      "'{\"a\":1}'", "{",   "'\" a\"'"};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text,
                       ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS__v1__key=%s\n"
                                     "FLASK_ENCRYPTION_KEYS__v1__salt=ab\n",
                       bad[i]);
        assert_refused(text, ERR_REFUSED, 511, 3);
    }
    load(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS__v1__key=01\nFLASK_ENCRYPTION_KEYS__v1__salt=1a\n");
    assert_refused(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS=\"{\\\"v1\\\": {}}\"\n", ERR_REFUSED, 511,
                   3);
    assert_refused(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS='{\"v1\": 1}'\n", ERR_REFUSED, 516, 3);
    assert_refused(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS='{\"v1\": {'\n", ERR_CORRUPT, 518, 3);
    assert_refused(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS__v1='{}'\n", ERR_REFUSED, 511, 3);
    assert_refused(ACTIVE GROUP2 "FLASK_ENCRYPTION_KEYS__v1=x\n", ERR_REFUSED, 511, 3);
}

/* By hand: sha256 of the lines that follow, as `printf ... | sha256sum` gives them. */
static void a_checksum_covers_the_variable_and_not_its_parts(void **state)
{
    (void)state;
    char hex[SHA256_HEX + 1];
    load(ACTIVE "FLASK_ENCRYPTION_KEYS='{\"v2\": " F2 "}'\n");
    assert_true(keyring_checksum(&arena, &kr.bindings, 0, hex, &err));
    /* FLASK_ACTIVE_ENCRYPTION_VERSION=v2\nFLASK_ENCRYPTION_KEYS={"v2": {...}} */
    assert_string_equal(hex, "387cc77dd1d1c11f51b839ce1f7750a961e31e3ddcce790ad58f1d382117ed4d");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_every_shape),
        TEST(a_version_leaves_in_its_shape),
        TEST(a_version_comes_back_in_its_shape),
        TEST(a_version_leaves_both_places_of_a_file),
        TEST(places_that_disagree_are_refused),
        TEST(what_flask_would_not_use_is_refused),
        TEST(a_checksum_covers_the_variable_and_not_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
