/* Magento's env.php: which files are one array of literals, its keys, and tombstones in their
 * places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/keyring/config_form.h"
#include "formats/keyring/key_list.h"
#include "formats/keyring/php_array.h"
#include "tests/unit/keyring_case.h"

#define KEY_0 "0123456789abcdef0123456789abcdef"
#define KEY_1 "fedcba9876543210fedcba9876543210"
#define KEY_2 "base64AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
/* "retired-" and 24 digits of Python's sha256(b"keyretire-tombstone-v1" + key). */
#define TOMB_0 "retired-4948efd5cabbb7c0ac048780"
#define TOMB_1 "retired-f77f1c5e718b3f2285391d62"

#define HEAD                                                                                       \
    "<?php\nreturn [\n    'backend' => ['frontName' => 'admin'],\n    'crypt' => [\n        "      \
    "'key' => '"
#define TAIL     "'\n    ],\n    'db' => array('x' => -1.5, 'y' => NULL, true),\n];\n"
#define FILE_(k) HEAD k TAIL

static bool load(const char *text)
{
    return keyring_load(&arena, &keyring_php, "env.php", str_from(text), &kr, &err);
}

static void assert_loads(const char *text)
{
    err = (struct err){0};
    if (!load(text))
        fail_msg("%s\n%d/%d %s: %s", text, err.kind, err.id, err.place, err.text);
}

static void assert_refused(const char *text, int kind, int id)
{
    err = (struct err){0};
    assert_false(load(text));
    if (err.kind != kind || err.id != id)
        fail_msg("%s\n%d/%d %s: %s", text, err.kind, err.id, err.place, err.text);
    assert_true(err.hint[0] && err.place[0]);
    assert_null(strstr(err.text, "0123"));
    assert_non_null(err_lookup(id));
}

static void keys_are_named_by_their_places_and_the_last_is_active(void **state)
{
    (void)state;
    assert_loads(FILE_(KEY_0 "\n" KEY_1 "\n" KEY_2));
    assert_int_equal(kr.version_count, 3);
    assert_str(kr.versions[kr.active].name, "2");
    assert_str(keyring_find(&kr, STR("0"))->key->value, KEY_0);
    assert_int_equal(keyring_find(&kr, STR("1"))->key->line, 6);
    assert_true(keyring_fingerprints(&kr, 1, &err));
    /* Words cost a guess a PBKDF2; random bytes in base64 do not need it. */
    assert_string_equal(keyring_find(&kr, STR("0"))->fingerprint.hex, "5242872452813162");
    assert_string_equal(keyring_find(&kr, STR("2"))->fingerprint.hex, "cc02017dcf530f76");
}

static void white_space_of_any_kind_parts_keys(void **state)
{
    (void)state;
    assert_loads(FILE_(" " KEY_0 "  \r\n" KEY_1 "\n"));
    assert_int_equal(kr.version_count, 2);
    assert_str(kr.versions[kr.active].name, "1");
}

static void both_notations_and_comments_are_read(void **state)
{
    static const char *const files[] = {
        "<?php return ['crypt'=>['key'=>'" KEY_0 "']];",
        "<?php\n// a\n# b\n/* c ] */ return array(\"crypt\" => array(\"key\" => \"" KEY_0
        "\",),);\n?>\n",
        "<?php\nRETURN [1 => [[]], 'crypt' => ['x' => 'it\\'s', 'key' => '" KEY_0
        "'], 'n' => 1e5] ;",
        "<?php return ['a' => ['crypt' => ['key' => 'other']], 'crypt' => ['key' => '" KEY_0 "']];",
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_loads(files[i]);
        assert_str(keyring_find(&kr, STR("0"))->key->value, KEY_0);
    }
}

static void what_is_no_array_of_literals_is_refused(void **state)
{
    static const char *const files[] = {
        "<?php return ['crypt' => ['key' => 'a' . 'b']];",
        "<?php return ['crypt' => ['key' => getenv('K')]];",
        "<?php return ['crypt' => ['key' => K]];",
        "<?php return ['crypt' => ['key' => \"$k\"]];",
        "<?php return ['crypt' => $c];",
        "<?php return ['crypt' => 1];",
        "<?php return ['crypt' => ['key' => ['a']]];",
        "<?php return [...$x, 'crypt' => ['key' => 'a']];",
        "<?php return ['crypt' => ['key' => 'a'], 'd' => \"{$x}\"];",
        "<?php return ['crypt' => ['key' => 'a']] + $x;",
        "<?php return ['crypt' => ['key' => 'a']]; unlink('x');",
        "<?php $x = 1; return ['crypt' => ['key' => 'a']];",
        "<?php return ['crypt' => ['key' => <<<X\na\nX]];",
        "<?php return ['crypt' => ['key' => 'a']]; ?> text",
        "<?php return [\"\\x63rypt\" => ['key' => 'a']];",
        "<?php return ['crypt' => ['ke\\y' => 'a']];",
        "<?php return [[] => 1, 'crypt' => ['key' => 'a']];",
        "<?php return 'crypt';",
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_refused(files[i], ERR_REFUSED, 535);
    assert_refused("<?php return ['crypt' => ['key' => 'a', 'key' => 'b']];", ERR_REFUSED, 507);
    assert_refused("<?php return ['crypt' => ['key' => 'a'], 'crypt' => []];", ERR_REFUSED, 507);
}

static void a_file_that_php_cannot_read_is_corrupt(void **state)
{
    static const char *const files[] = {
        "<?php return ['crypt' => ['key' => 'a",       "<?php return ['crypt' => ['key' => 'a'",
        "<?php return ['crypt' /* => ['key'];",        "<?php",
        "<?phpreturn ['crypt' => ['key' => 'a']];",    "<?php return [ // ?> \n 'crypt' => []];",
        "<?php return ['crypt' => ['key' => 'a\\']];",
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_refused(files[i], ERR_CORRUPT, 536);
}

static void arrays_may_not_be_nested_without_end(void **state)
{
    struct buf text = {.arena = &arena};
    (void)state;
    buf_text(&text, "<?php return ");
    for (int i = 0; i < 5000; i++)
        buf_byte(&text, '[');
    assert_refused(arena_text(&arena, buf_str(&text)), ERR_REFUSED, 535);
}

static void a_file_without_keys_or_with_escapes_in_them_is_refused(void **state)
{
    (void)state;
    assert_refused("<?php return ['crypt' => []];", ERR_CORRUPT, 531);
    assert_refused("<?php return ['crypt' => ['key' => '']];", ERR_CORRUPT, 531);
    assert_refused("<?php return ['crypt' => ['key' => \"" KEY_0 "\\n" KEY_1 "\"]];", ERR_REFUSED,
                   533);
    assert_refused("<?php return ['crypt' => ['key' => 'a\\\\b']];", ERR_REFUSED, 533);
    assert_refused(FILE_(KEY_0 "\n" TOMB_0), ERR_REFUSED, 532); /* nothing would be active */
}

static void a_tombstone_takes_the_place_of_a_key_and_gives_it_back(void **state)
{
    struct str gone[] = {STR("0"), STR("1")};
    struct str one = STR("1");
    const char *whole = FILE_(KEY_0 "\n" KEY_1 "\n" KEY_2);
    (void)state;
    assert_loads(whole);
    assert_true(keyring_remove(&arena, &kr, gone, 2, &edit, &err));
    assert_str(edit.after, FILE_(TOMB_0 "\n" TOMB_1 "\n" KEY_2));
    const char *after = arena_text(&arena, edit.after);
    assert_loads(after);
    assert_int_equal(kr.version_count, 1);
    assert_str(kr.versions[kr.active].name, "2"); /* as before: no value changes its key */
    assert_true(keyring_insert(&arena, &kr, str_from(whole), gone, 2, &edit, &err));
    assert_str(edit.after, whole);
    assert_true(keyring_insert(&arena, &kr, str_from(whole), &one, 1, &edit, &err));
    assert_str(edit.after, FILE_(TOMB_0 "\n" KEY_1 "\n" KEY_2));
}

static void a_place_with_another_key_gets_none_back(void **state)
{
    struct str zero = STR("0");
    (void)state;
    assert_loads(FILE_(TOMB_1 "\n" KEY_1));
    assert_false(keyring_insert(&arena, &kr, STR(FILE_(KEY_0 "\n" KEY_1)), &zero, 1, &edit, &err));
    assert_int_equal(err.id, 525);
}

static void the_masked_diff_shows_lines_and_no_text(void **state)
{
    struct str gone = STR("0");
    struct buf out = {.arena = &arena};
    (void)state;
    assert_loads("<?php\nreturn ['crypt' => ['key' => '" KEY_0 "\n" KEY_1 "']];\n");
    assert_true(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    keyring_edit_show(&out, &edit);
    assert_str(buf_str(&out), "  line 1  <code, masked, 5 chars>\n"
                              "  line 2  <code, masked, 20 chars>\n"
                              "~ line 2  crypt/key=<masked, 65 chars>\n"
                              "- line 2  crypt/key[0]=<masked, 32 chars>\n"
                              "  line 3  <code, masked, 3 chars>\n");
}

static void a_php_file_is_told_by_its_first_bytes(void **state)
{
    (void)state;
    assert_ptr_equal(config_form(&arena, STR("env.php"), STR("<?php\nreturn [];\n")), &keyring_php);
    assert_ptr_equal(keyring_form(&arena, STR("magento")), &keyring_php);
    assert_ptr_equal(key_list_syntax(&arena, &keyring_dotenv, STR("magento"), &err), &keyring_php);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_are_named_by_their_places_and_the_last_is_active),
        TEST(white_space_of_any_kind_parts_keys),
        TEST(both_notations_and_comments_are_read),
        TEST(what_is_no_array_of_literals_is_refused),
        TEST(a_file_that_php_cannot_read_is_corrupt),
        TEST(arrays_may_not_be_nested_without_end),
        TEST(a_file_without_keys_or_with_escapes_in_them_is_refused),
        TEST(a_tombstone_takes_the_place_of_a_key_and_gives_it_back),
        TEST(a_place_with_another_key_gets_none_back),
        TEST(the_masked_diff_shows_lines_and_no_text),
        TEST(a_php_file_is_told_by_its_first_bytes),
    };
    return cmocka_run_group_tests_name("php_array", tests, NULL, NULL);
}
