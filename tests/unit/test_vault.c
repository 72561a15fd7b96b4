/* vault: the blob's vectors, the original's sample, fields kept, hostile text. */
#include "applier/vault/vault.h"
#include "applier/vault/vault_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena a = {.wipe = true};
static struct err err;

static int fresh(void **unused)
{
    (void)unused;
    err = (struct err){0};
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    arena_free(&a);
    return 0;
}

/* ---- blobs (formats.md 5) ---- */

static const char hello[] =
    "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSkstLehgFEX4n9LcMAqBe+kqBKDZLrIaumkM9n"
    "g=";

static struct master_key counting_master(void)
{
    struct master_key m;
    for (size_t i = 0; i < MASTER_KEY_BYTES; i++)
        m.bytes[i] = (unsigned char)i;
    return m;
}

static void the_vector_opens(void **unused)
{
    (void)unused;
    const struct master_key m = counting_master();
    struct str plain;
    assert_true(blob_open(&a, &m, str_from(hello), &plain, &err));
    assert_true(str_eq(plain, STR("hello world")));
}

static void sealing_with_the_vectors_salt_and_nonce_gives_the_vector(void **unused)
{
    (void)unused;
    const struct master_key m = counting_master();
    unsigned char head[BLOB_HEAD];
    for (size_t i = 0; i < BLOB_HEAD; i++)
        head[i] = (unsigned char)(0x20 + i); /* salt 20..3f, nonce 40..4b */
    struct str text;
    assert_true(blob_seal_with(&a, &m, head, STR("hello world"), &text, &err));
    assert_true(str_eq(text, str_from(hello)));
}

static void a_changed_byte_or_key_opens_nothing(void **unused)
{
    (void)unused;
    struct master_key m = counting_master();
    char text[sizeof hello];
    struct str plain;
    static const size_t places[] = {0, 50, 70, 90}; /* salt, nonce, text, tag */
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        memcpy(text, hello, sizeof hello);
        text[places[i]] = text[places[i]] == 'A' ? 'B' : 'A';
        err = (struct err){0};
        assert_false(blob_open(&a, &m, str_from(text), &plain, &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_int_equal(err.id, 1002);
    }
    m.bytes[31] ^= 1;
    err = (struct err){0};
    assert_false(blob_open(&a, &m, str_from(hello), &plain, &err));
    assert_int_equal(err.id, 1002);
}

static void what_is_no_blob_is_said(void **unused)
{
    (void)unused;
    const struct master_key m = counting_master();
    static const char *const texts[] = {"", "AAAA", "not base64 at all!", "ICEi\nIyQl"};
    struct str plain;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        err = (struct err){0};
        assert_false(blob_open(&a, &m, str_from(texts[i]), &plain, &err));
        assert_int_equal(err.id, 1001);
    }
}

static void two_seals_of_one_text_differ_and_both_open(void **unused)
{
    (void)unused;
    const struct master_key m = counting_master();
    struct str one, two, plain;
    assert_true(blob_seal(&a, &m, STR(""), &one, &err));
    assert_true(blob_seal(&a, &m, STR(""), &two, &err));
    assert_false(str_eq(one, two));
    assert_true(blob_open(&a, &m, two, &plain, &err));
    assert_int_equal(plain.len, 0);
}

/* ---- the text ---- */

#define KEY32                                                                                      \
    "        key:\n"                                                                               \
    "            - 0\n            - 1\n            - 2\n            - 3\n            - 4\n"        \
    "            - 5\n            - 6\n            - 7\n            - 8\n            - 9\n"        \
    "            - 10\n            - 11\n            - 12\n            - 13\n            - 14\n"   \
    "            - 15\n            - 16\n            - 17\n            - 18\n            - 19\n"   \
    "            - 20\n            - 21\n            - 22\n            - 23\n            - 24\n"   \
    "            - 25\n            - 26\n            - 27\n            - 28\n            - 29\n"   \
    "            - 30\n            - 31\n"

/* As Go's yaml.v3 writes it: the fields of formats.md 5, the layout of the sample in data. */
static const char original[] =
    "secrets:\n"
    "    _MAIN_OPENROUTER_PROVISIONING_KEY_:\n"
    "        value: AQEBAQEB\n"
    "    my-key:\n"
    "        value: AwMDAwMD\n"
    "        id: f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943\n"
    "currentkeyid: 00000000-0000-4000-8000-000000000001\n"
    "keyversions:\n"
    "    00000000-0000-4000-8000-000000000001:\n"
    "        id: 00000000-0000-4000-8000-000000000001\n" KEY32
    "        createdat: 2025-04-09T10:28:54.123456789-04:00\n";

static struct vault parsed(const char *text)
{
    struct vault v;
    bool done = vault_parse(&a, str_from(text), &v, &err);
    if (!done)
        print_message("%s\n", err.text);
    assert_true(done);
    return v;
}

static const char *written(const struct vault *v)
{
    struct str yaml;
    vault_write(v, &a, &yaml);
    return arena_text(&a, yaml);
}

static void the_originals_text_is_read_and_written_to_the_byte(void **unused)
{
    (void)unused;
    struct vault v = parsed(original);
    const struct vault_entry *e = vault_find(&v, STR("my-key"));
    assert_int_equal(v.count, 2);
    assert_int_equal(v.schema, 1);
    assert_non_null(e);
    assert_true(str_eq(e->value, STR("AwMDAwMD")));
    assert_int_equal(e->limits.monthly, MONEY_NONE);
    assert_int_equal(e->usage.as_of, UTC_NONE);
    const struct vault_key_version *k = vault_current_key(&v);
    assert_non_null(k);
    assert_int_equal(k->key.bytes[31], 31);
    assert_string_equal(written(&v), original);
}

static void limits_and_usage_of_the_plan_are_read(void **unused)
{
    (void)unused;
    /* seeds/002: the schema */
    struct vault v = parsed("secrets:\n"
                            "  my-key:\n"
                            "    value: \"AwMD\"\n"
                            "    id: \"f01d\"\n"
                            "    limits:\n"
                            "      monthly_spend: 100.00\n"
                            "      daily_spend: 10.00\n"
                            "      alert_threshold: 0.80  # 80% of limit\n"
                            "    usage:\n"
                            "      current_month: 45.20\n"
                            "      current_day: 5.30\n"
                            "      last_updated: \"2024-03-20T15:04:05Z\"\n");
    const struct vault_entry *e = vault_find(&v, STR("my-key"));
    assert_int_equal(e->limits.monthly, 100000000);
    assert_int_equal(e->limits.daily, 10000000);
    assert_int_equal(e->limits.threshold_count, 1);
    assert_int_equal(e->limits.thresholds[0], 800000);
    assert_int_equal(e->usage.month, 45200000);
    assert_int_equal(e->usage.day, 5300000);
    assert_int_equal(e->usage.earlier, 39900000); /* 45.20 - 5.30 */
    assert_int_equal(e->usage.as_of, 1710947045); /* date -u -d 2024-03-20T15:04:05Z +%s */
    assert_string_equal(written(&v), "secrets:\n"
                                     "    my-key:\n"
                                     "        value: AwMD\n"
                                     "        id: f01d\n"
                                     "        limits:\n"
                                     "            monthly_spend: 100.00\n"
                                     "            daily_spend: 10.00\n"
                                     "            alert_threshold: 0.80\n"
                                     "        usage:\n"
                                     "            current_month: 45.20\n"
                                     "            current_day: 5.30\n"
                                     "            earlier_days: 39.90\n"
                                     "            last_updated: \"2024-03-20T15:04:05Z\"\n"
                                     "currentkeyid: \"\"\n"
                                     "keyversions: {}\n");
}

static void fields_that_nobody_knows_are_kept(void **unused)
{
    (void)unused;
    static const char text[] = "secrets:\n"
                               "    my-key:\n"
                               "        value: AwMD\n"
                               "        id: f01d\n"
                               "        note: \"kept: as it is\"\n"
                               "        tags:\n"
                               "            - one\n"
                               "            - {two: 2}\n"
                               "currentkeyid: \"\"\n"
                               "keyversions: {}\n"
                               "theme: |\n"
                               "    dark\n"
                               "      and deep\n"
                               "last: 1e3\n";
    struct vault v = parsed(text);
    assert_string_equal(written(&v), text);
}

static void an_unknown_field_moves_with_the_indent(void **unused)
{
    (void)unused;
    struct vault v = parsed("secrets:\n"
                            "  k:\n"
                            "    value: AwMD\n"
                            "    more:\n"
                            "      deep: [1,\n"
                            "        2]\n");
    assert_string_equal(written(&v), "secrets:\n"
                                     "    k:\n"
                                     "        value: AwMD\n"
                                     "        more:\n"
                                     "          deep: [1,\n"
                                     "            2]\n"
                                     "currentkeyid: \"\"\n"
                                     "keyversions: {}\n");
}

static void names_that_look_like_something_else_are_quoted(void **unused)
{
    (void)unused;
    static const char *const names[] = {"true", "123", "null", "1e5", "2024-01-01", "a b: c",
                                        "~",    "-x",  "é",    "#",   "yes",        "0x1F"};
    struct vault v = {.arena = &a};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        vault_add(&v, str_from(names[i]))->value = STR("AwMD");
    vault_add(&v, STR("a\0b"))->value = STR("AwMD");
    struct vault back = parsed(written(&v));
    assert_int_equal(back.count, v.count);
    for (size_t i = 0; i < v.count; i++)
        assert_true(str_eq(back.entries[i].name, v.entries[i].name));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(strstr(written(&v), arena_printf(&a, "\"%s\":", names[i])));
}

static void tombstones_are_kept_with_their_hashes(void **unused)
{
    (void)unused;
    struct vault v = {.arena = &a, .schema = 2};
    vault_bury(&v, STR("old-key"), STR("77aa"), 1710947045);
    struct vault back = parsed(written(&v));
    assert_int_equal(back.tombstone_count, 1);
    assert_true(str_eq(back.tombstones[0].id, STR("77aa")));
    assert_int_equal(back.tombstones[0].removed, 1710947045);
    assert_int_equal(back.schema, 2);
    vault_exhume(&back, &back.tombstones[0]);
    assert_int_equal(back.tombstone_count, 0);
}

static void what_is_not_understood_is_refused_with_its_line(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *line;
        int id;
    } cases[] = {
        {"secrets:\n  k: {value: a}\n  k: {value: b}\n", "line 3", 1004},
        {"secrets:\n  k: {value: &x a}\n", "line 2", 1004},
        {"secrets:\n  k: {value: [a]}\n", "line 2", 1004},
        {"secrets: 7\n", "line 1", 1004},
        {"- a\n", "line 1", 1004},
        {"secrets:\n  k:\n    limits: {monthly_spend: -1}\n", "line 3", 1004},
        {"secrets:\n  k:\n    limits: {monthly_spend: 1.0000001}\n", "line 3", 1004},
        {"secrets:\n  k:\n    limits: {alert_threshold: [0.9, 0.8]}\n", "line 3", 1004},
        {"secrets:\n  k:\n    usage: {last_updated: soon}\n", "line 3", 1004},
        {"keyversions:\n  a: {key: [1, 2]}\n", "line 2", 1004},
        {"keyversions:\n  a: {key: [256]}\n", "line 2", 1004},
        {"secrets:\n  k: {value: a, more:\"b\"}\n", "line 2", 1004}, /* a name without value */
        {"? a\n: b\n", "line 1", 1004},
        {"schemaversion: 3\n", "schema 3", 1015},
        {"a: 1\n---\nb: 2\n", "one document", 1004},
        {"secrets: {\n", "line", 518},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vault v;
        err = (struct err){0};
        assert_false(vault_parse(&a, str_from(cases[i].text), &v, &err));
        assert_int_equal(err.id, cases[i].id);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_non_null(strstr(err.text, cases[i].line));
    }
}

static void an_empty_vault_is_a_vault(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"", "null\n", "{}\n", "secrets: {}\nkeyversions: null\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(parsed(texts[i]).count, 0);
}

static void an_image_is_read_again_before_it_is_used(void **unused)
{
    (void)unused;
    const struct master_key m = counting_master();
    struct vault v = parsed(original);
    struct str image, plain;
    assert_true(vault_image(&v, &m, &a, &image, &err));
    assert_true(blob_open(&a, &m, image, &plain, &err));
    assert_true(str_eq(plain, str_from(original)));
    vault_add(&v, STR("my-key")); /* a second one of the name: it would not read */
    assert_false(vault_image(&v, &m, &a, &image, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

/* ---- names and entries ---- */

static void names_and_hashes_are_checked(void **unused)
{
    (void)unused;
    static const char *const good[] = {"my-key", "prod/eu.1", "clé"};
    static const char *const wrong[] = {
        "", "a b", "a\nb", "\x1b[2J", "\xff", "a\u202eb", VAULT_MANAGEMENT_KEY};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(vault_name_check(str_from(good[i]), &err));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct err){0};
        assert_false(vault_name_check(str_from(wrong[i]), &err));
        assert_int_equal(err.id, 1005);
    }
    assert_true(vault_id_is(STR("f01d52606dc8f0a8")));
    assert_false(vault_id_is(STR("")));
    assert_false(vault_id_is(STR("a/b")));
    assert_false(vault_id_is(STR("..")));
}

static void a_dropped_entry_is_gone_and_the_others_stay(void **unused)
{
    (void)unused;
    struct vault v = parsed(original);
    vault_drop(&v, vault_find(&v, STR(VAULT_MANAGEMENT_KEY)));
    assert_int_equal(v.count, 1);
    assert_null(vault_find(&v, STR(VAULT_MANAGEMENT_KEY)));
    assert_non_null(vault_find(&v, STR("my-key")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_vector_opens),
        TEST(sealing_with_the_vectors_salt_and_nonce_gives_the_vector),
        TEST(a_changed_byte_or_key_opens_nothing),
        TEST(what_is_no_blob_is_said),
        TEST(two_seals_of_one_text_differ_and_both_open),
        TEST(the_originals_text_is_read_and_written_to_the_byte),
        TEST(limits_and_usage_of_the_plan_are_read),
        TEST(fields_that_nobody_knows_are_kept),
        TEST(an_unknown_field_moves_with_the_indent),
        TEST(names_that_look_like_something_else_are_quoted),
        TEST(tombstones_are_kept_with_their_hashes),
        TEST(what_is_not_understood_is_refused_with_its_line),
        TEST(an_empty_vault_is_a_vault),
        TEST(an_image_is_read_again_before_it_is_used),
        TEST(names_and_hashes_are_checked),
        TEST(a_dropped_entry_is_gone_and_the_others_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
