/* Keys in a row: their names, what is refused, and rows without and with some of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/keyring/key_list.h"
#include "tests/unit/keyring_case.h"

/* Bytes 0 to 31, 32 to 63 and so on; names from Python's hashlib. */
#define KEY_A  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B  "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
#define KEY_C  "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="
#define KEY_D  "YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8="
#define NAME_A "key-cc02017d"
#define NAME_B "key-323754ce"
#define NAME_C "key-15ab4ae2"
#define NAME_D "key-345a50a4"
#define L(key) "base64:" key
#define P(key) "k1.aesgcm256." key

static bool load(const char *spec, const char *text)
{
    const struct keyring_syntax *syntax =
        key_list_syntax(&arena, &keyring_dotenv, str_from(spec), &err);
    return syntax && keyring_load(&arena, syntax, ".env", str_from(text), &kr, &err);
}

static void assert_loads(const char *spec, const char *text)
{
    if (!load(spec, text))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
}

static void assert_refused(const char *spec, const char *text, int kind, int id)
{
    err = (struct err){0};
    assert_false(load(spec, text));
    if (err.kind != kind || err.id != id)
        fail_msg("%s\n%d/%d %s: %s", text, err.kind, err.id, err.place, err.text);
    assert_true(err.hint[0] && err.text[0]);
    assert_null(strstr(err.text, "AAEC"));
    assert_non_null(err_lookup(id));
}

static void assert_left(const char *spec, const char *text, const char *version, const char *left)
{
    struct str gone = str_from(version);
    assert_loads(spec, text);
    if (!keyring_remove(&arena, &kr, &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after, left);
}

static void assert_back(const char *spec, const char *now, const char *archived,
                        const char *version, const char *wanted)
{
    struct str back = str_from(version);
    assert_loads(spec, now);
    if (!keyring_insert(&arena, &kr, str_from(archived), &back, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after, wanted);
}

static const char *active(void)
{
    return (const char *)kr.versions[kr.active].name.at;
}

/* ---- reading ---- */

static void a_key_of_laravel_is_named_by_its_fingerprint(void **state)
{
    (void)state;
    assert_loads("laravel",
                 "APP_PREVIOUS_KEYS=" L(KEY_B) "," L(KEY_C) "\nAPP_KEY=\"" L(KEY_A) "\"\n");
    assert_int_equal(kr.version_count, 3);
    assert_string_equal(active(), NAME_A);
    assert_non_null(keyring_find(&kr, STR(NAME_B)));
    assert_non_null(keyring_find(&kr, STR(NAME_C)));
    assert_true(keyring_fingerprints(&kr, 1, &err));
    assert_string_equal(keyring_find(&kr, STR(NAME_A))->fingerprint.hex, "cc02017dcf530f76");
    assert_string_equal(keyring_find(&kr, STR(NAME_B))->fingerprint.hex, "323754ce0efa59d7");
}

static void a_short_key_and_one_in_words_are_keys_of_laravel(void **state)
{
    (void)state;
    assert_loads("laravel", "APP_KEY=base64:AAECAwQFBgcICQoLDA0ODw==\n"
                            "APP_PREVIOUS_KEYS=0123456789abcdef0123456789abcdef\n");
    assert_string_equal(active(), "key-8b8d04a0");
    /* PBKDF2 of the words, so that a guess costs as much as in a named set. */
    assert_non_null(keyring_find(&kr, STR("key-52428724")));
}

static void a_key_of_prisma_is_named_as_in_the_stored_values(void **state)
{
    (void)state;
    assert_loads("prisma", "PRISMA_FIELD_ENCRYPTION_KEY=" P(
                               KEY_A) "\n"
                                      "PRISMA_FIELD_DECRYPTION_KEYS=" P(KEY_A) "," P(KEY_B) "\n");
    assert_int_equal(kr.version_count, 2);
    assert_string_equal(active(), "3bab9a53");
    assert_non_null(keyring_find(&kr, STR("57994005")));
}

static void the_first_of_fernet_keys_is_active_and_the_variable_has_any_name(void **state)
{
    (void)state;
    struct str *order;
    assert_loads("multifernet:AIRFLOW__CORE__FERNET_KEY",
                 "AIRFLOW__CORE__FERNET_KEY='" KEY_C ", " KEY_A "," KEY_B "'\n");
    assert_string_equal(active(), NAME_C);
    assert_int_equal(key_list_order(&kr, &arena, &order), 3);
    assert_str(order[0], NAME_B);
    assert_str(order[1], NAME_A);
    assert_str(order[2], NAME_C);
    assert_string_equal(kr.syntax->name, "python-dotenv+multifernet:AIRFLOW__CORE__FERNET_KEY");
    assert_string_equal(keyring_form(&arena, str_from(kr.syntax->name))->name, kr.syntax->name);
}

static void two_variables_hold_the_active_fernet_key_and_the_others(void **state)
{
    (void)state;
    assert_loads("multifernet:NOW,OLD", "OLD=" KEY_B "\nNOW=" KEY_A "\n");
    assert_string_equal(active(), NAME_A);
    assert_refused("multifernet:NOW,OLD", "OLD=" KEY_B "\nNOW=" KEY_A "," KEY_C "\n", ERR_REFUSED,
                   532);
}

static void a_list_may_be_absent_or_empty_where_the_active_key_stands_alone(void **state)
{
    (void)state;
    assert_loads("laravel", "APP_KEY=" L(KEY_A) "\n");
    assert_int_equal(kr.version_count, 1);
    assert_loads("laravel", "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=\n");
    assert_loads("laravel", "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=," L(KEY_B) ",\n");
    assert_int_equal(kr.version_count, 2);
    assert_refused("multifernet", "FERNET_KEYS=" KEY_A ",," KEY_B "\n", ERR_REFUSED, 532);
}

static void what_is_no_list_of_keys_is_refused(void **state)
{
    (void)state;
    assert_refused("laravel", "OTHER=1\n", ERR_CORRUPT, 531);
    assert_refused("laravel", "APP_KEY=\n", ERR_CORRUPT, 531);
    assert_refused("laravel", "APP_KEY=base64:AAEC\n", ERR_REFUSED, 532);
    assert_refused("laravel", "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" KEY_B "\n", ERR_REFUSED,
                   532);
    assert_refused("laravel", "APP_KEY=" L(KEY_A) "," L(KEY_B) "\n", ERR_REFUSED, 532);
    assert_refused("prisma", "PRISMA_FIELD_ENCRYPTION_KEY=" L(KEY_A) "\n", ERR_REFUSED, 532);
    assert_refused("laravel",
                   "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) ", " L(KEY_C) "\n",
                   ERR_REFUSED, 533);
    assert_refused("laravel", "X=1\nAPP_KEY=${X}\n", ERR_REFUSED, 533);
    assert_refused("laravel", "APP_KEY=${X}\n", ERR_REFUSED, 510);
    assert_refused("laravel", "APP_KEY=\"\\x41\"\n", ERR_REFUSED, 533);
    assert_refused("laravel", "APP_KEY\n", ERR_REFUSED, 533);
    assert_refused("laravel", "APP_KEY=" L(KEY_A) "\nAPP_KEY=" L(KEY_B) "\n", ERR_REFUSED, 507);
    assert_refused("laravel", "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=\"" L(KEY_B) "\n",
                   ERR_REFUSED, 512);
    assert_refused("laravel",
                   "\xEF\xBB\xBF"
                   "APP_KEY=" L(KEY_A) "\n",
                   ERR_REFUSED, 514);
    assert_refused("laravel", "APP_KEY=" L(KEY_A) "\nENCRYPTION_ENV_CHECKSUM=00\n", ERR_REFUSED,
                   537);
}

static void an_unknown_kind_is_a_mistake_of_use(void **state)
{
    static const char *const specs[] = {"",
                                        "django",
                                        "laravel:",
                                        "laravel:A",
                                        "laravel:A,B,C",
                                        "laravel:A,A",
                                        "multifernet:1A",
                                        "multifernet:A B",
                                        "magento:A"};
    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        assert_refused(specs[i], "", ERR_USAGE, 530);
    assert_null(keyring_form(&arena, STR("python-dotenv+django")));
    assert_null(keyring_form(&arena, STR("toml+laravel")));
    assert_ptr_equal(keyring_form(&arena, STR("node")), &keyring_node);
}

static void a_file_with_such_keys_is_recognised_when_nothing_was_said(void **state)
{
    (void)state;
    assert_false(
        keyring_load(&arena, &keyring_dotenv, ".env", STR("APP_KEY=" L(KEY_A) "\n"), &kr, &err));
    assert_int_equal(err.id, 502);
    assert_non_null(strstr(err.hint, "--keyring laravel"));
}

/* ---- edits ---- */

static void a_key_leaves_a_row_with_one_comma(void **state)
{
    (void)state;
#define ROW                                                                                        \
    "A=1\nAPP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "," L(KEY_C) "," L(KEY_D) " # x\nZ"
    assert_left("laravel", ROW, NAME_B,
                "A=1\nAPP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_C) "," L(KEY_D) " # x\nZ");
    assert_left("laravel", ROW, NAME_C,
                "A=1\nAPP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "," L(KEY_D) " # x\nZ");
    assert_left("laravel", ROW, NAME_D,
                "A=1\nAPP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "," L(KEY_C) " # x\nZ");
}

static void the_last_key_leaves_an_empty_row(void **state)
{
    (void)state;
    assert_left("laravel", "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=\"" L(KEY_B) "\"\n", NAME_B,
                "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=\"\"\n");
}

static void the_last_fernet_key_of_a_variable_stays(void **state)
{
    struct str gone[] = {STR(NAME_B), STR(NAME_C)};
    (void)state;
    assert_loads("multifernet:A,B", "A=" KEY_A "\nB=" KEY_B "," KEY_C "\n");
    assert_false(keyring_remove(&arena, &kr, gone, 2, &edit, &err));
    assert_int_equal(err.id, 538);
    assert_string_equal(err.place, ".env, line 2");
    assert_true(err.hint[0]);
}

static void blanks_leave_with_their_key(void **state)
{
    (void)state;
    assert_left("multifernet", "FERNET_KEYS='" KEY_A ", " KEY_B ", " KEY_C "'\n", NAME_B,
                "FERNET_KEYS='" KEY_A ", " KEY_C "'\n");
    assert_left("multifernet", "FERNET_KEYS='" KEY_A " , " KEY_B "'\n", NAME_B,
                "FERNET_KEYS='" KEY_A "'\n");
    assert_left("multifernet:A,B", "B='" KEY_B ", " KEY_C "'\nA=" KEY_A "\n", NAME_B,
                "B='" KEY_C "'\nA=" KEY_A "\n");
}

static void a_key_that_stands_twice_leaves_twice(void **state)
{
    (void)state;
    assert_left("multifernet", "FERNET_KEYS=" KEY_A "," KEY_B "," KEY_C "," KEY_B "\n", NAME_B,
                "FERNET_KEYS=" KEY_A "," KEY_C "\n");
}

static void the_active_key_and_an_unknown_one_do_not_leave(void **state)
{
    struct str gone = STR(NAME_A);
    (void)state;
    assert_loads("multifernet", "FERNET_KEYS=" KEY_A "," KEY_B "," KEY_A "\n");
    assert_false(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    assert_int_equal(err.id, 520);
    err = (struct err){0};
    gone = STR(NAME_D);
    assert_false(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    assert_int_equal(err.id, 521);
}

static void a_value_that_refers_to_a_row_keeps_it(void **state)
{
    struct str gone = STR(NAME_B);
    (void)state;
    assert_loads("multifernet", "FERNET_KEYS=" KEY_A "," KEY_B "\nCOPY=${FERNET_KEYS}\n");
    assert_false(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    assert_int_equal(err.id, 522);
}

static void a_key_comes_back_behind_the_one_it_stood_behind(void **state)
{
    (void)state;
#define WHOLE "FERNET_KEYS=" KEY_A "," KEY_B "," KEY_C "\n"
    assert_back("multifernet", "FERNET_KEYS=" KEY_A "," KEY_C "\n", WHOLE, NAME_B, WHOLE);
    assert_back("multifernet", "FERNET_KEYS=" KEY_A "," KEY_B "\n", WHOLE, NAME_C, WHOLE);
    assert_back("multifernet", "FERNET_KEYS=" KEY_D "," KEY_A "\n", WHOLE, NAME_B,
                "FERNET_KEYS=" KEY_D "," KEY_A "," KEY_B "\n");
    /* Nothing that stood before it is left: never before the active key. */
    assert_back("multifernet", "FERNET_KEYS=" KEY_D "," KEY_C "\n", WHOLE, NAME_B,
                "FERNET_KEYS=" KEY_D "," KEY_B "," KEY_C "\n");
    assert_back("laravel", "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=\n",
                "APP_PREVIOUS_KEYS=" L(KEY_B) "\nAPP_KEY=" L(KEY_A) "\n", NAME_B,
                "APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "\n");
}

static void a_key_that_is_there_again_stays_as_it_is(void **state)
{
    (void)state;
    assert_back("multifernet", "FERNET_KEYS=" KEY_A "," KEY_C "," KEY_B "\n", WHOLE, NAME_B,
                "FERNET_KEYS=" KEY_A "," KEY_C "," KEY_B "\n");
}

static void a_row_that_is_gone_takes_nothing_back(void **state)
{
    struct str back = STR(NAME_B);
    (void)state;
    assert_loads("laravel", "APP_KEY=" L(KEY_A) "\n");
    assert_false(keyring_insert(&arena, &kr,
                                STR("APP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "\n"),
                                &back, 1, &edit, &err));
    assert_int_equal(err.id, 519);
}

static void an_edit_that_does_more_is_noticed(void **state)
{
    struct str gone = STR(NAME_B);
    const struct keyring_syntax *syntax =
        key_list_syntax(&arena, &keyring_dotenv, STR("multifernet"), &err);
    static const char *const after[] = {
        "FERNET_KEYS=" KEY_A "," KEY_C "\nX=2\n",           /* another entry */
        "FERNET_KEYS=" KEY_A "\nX=1\n",                     /* another key */
        "FERNET_KEYS=" KEY_C "," KEY_A "\nX=1\n",           /* another order */
        "FERNET_KEYS=" KEY_A "," KEY_B "," KEY_C "\nX=1\n", /* nothing */
        "FERNET_KEYS=" KEY_A "," KEY_C "\nX=1\nY=1\n",      /* one more */
        "FERNET_KEYS='" KEY_A "," KEY_C "'\nX=1\n",         /* quotes */
    };
    (void)state;
    struct str before = STR("FERNET_KEYS=" KEY_A "," KEY_B "," KEY_C "\nX=1\n");
    assert_true(keyring_verify_removal(&arena, syntax, ".env", before,
                                       STR("FERNET_KEYS=" KEY_A "," KEY_C "\nX=1\n"), &gone, 1,
                                       &err));
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        err = (struct err){0};
        assert_false(keyring_verify_removal(&arena, syntax, ".env", before, str_from(after[i]),
                                            &gone, 1, &err));
        assert_int_equal(err.id, 523);
    }
}

static void the_masked_diff_names_places_and_shows_no_key(void **state)
{
    struct buf out = {.arena = &arena};
    (void)state;
    assert_left("laravel",
                "A=1\nAPP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "," L(KEY_C) "\n", NAME_C,
                "A=1\nAPP_KEY=" L(KEY_A) "\nAPP_PREVIOUS_KEYS=" L(KEY_B) "\n");
    keyring_edit_show(&out, &edit);
    assert_str(buf_str(&out), "  line 1  A=<masked, 1 chars>\n"
                              "  line 2  APP_KEY=<masked, 51 chars>\n"
                              "~ line 3  APP_PREVIOUS_KEYS=<masked, 103 chars>\n"
                              "- line 3  APP_PREVIOUS_KEYS[1]=<masked, 51 chars>\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_of_laravel_is_named_by_its_fingerprint),
        TEST(a_short_key_and_one_in_words_are_keys_of_laravel),
        TEST(a_key_of_prisma_is_named_as_in_the_stored_values),
        TEST(the_first_of_fernet_keys_is_active_and_the_variable_has_any_name),
        TEST(two_variables_hold_the_active_fernet_key_and_the_others),
        TEST(a_list_may_be_absent_or_empty_where_the_active_key_stands_alone),
        TEST(what_is_no_list_of_keys_is_refused),
        TEST(an_unknown_kind_is_a_mistake_of_use),
        TEST(a_file_with_such_keys_is_recognised_when_nothing_was_said),
        TEST(a_key_leaves_a_row_with_one_comma),
        TEST(the_last_key_leaves_an_empty_row),
        TEST(the_last_fernet_key_of_a_variable_stays),
        TEST(blanks_leave_with_their_key),
        TEST(a_key_that_stands_twice_leaves_twice),
        TEST(the_active_key_and_an_unknown_one_do_not_leave),
        TEST(a_value_that_refers_to_a_row_keeps_it),
        TEST(a_key_comes_back_behind_the_one_it_stood_behind),
        TEST(a_key_that_is_there_again_stays_as_it_is),
        TEST(a_row_that_is_gone_takes_nothing_back),
        TEST(an_edit_that_does_more_is_noticed),
        TEST(the_masked_diff_names_places_and_shows_no_key),
    };
    return cmocka_run_group_tests_name("key_list", tests, NULL, NULL);
}
