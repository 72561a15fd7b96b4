/* answer: the API's JSON as values; expected amounts were worked out by hand. */
#include "applier/vault/answer.h"
#include "applier/vault/http.h"
#include "common/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HASH "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943"

static int close_arena(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

static int open_arena(void **state)
{
    *state = calloc(1, sizeof(struct arena));
    return *state ? 0 : -1;
}

static struct remote_key key_of(struct arena *a, const char *fields)
{
    struct remote_key key;
    struct err err = {0};
    const char *body = arena_printf(a, "{\"data\":{\"hash\":\"" HASH "\"%s}}", fields);
    assert_true(answer_key(a, str_from(body), &key, &err));
    return key;
}

/* The error of a body that is no key. */
static int refusal(struct arena *a, const char *body)
{
    struct remote_key key;
    struct err err = {0};
    assert_false(answer_key(a, str_from(body), &key, &err));
    return err.id;
}

static void a_key_is_read_with_all_its_fields(void **state)
{
    struct arena *a = *state;
    struct remote_key k = key_of(
        a, ",\"name\":\"my-key\",\"label\":\"sk-or-v1-f01...943\",\"disabled\":true,"
           "\"limit\":100,\"limit_remaining\":74.5,\"limit_reset\":\"monthly\","
           "\"usage\":125.75,\"usage_daily\":5.30,\"usage_weekly\":12,\"usage_monthly\":25.5,"
           "\"created_at\":\"2025-08-24T10:30:00Z\",\"updated_at\":null,"
           "\"expires_at\":\"2027-12-31T23:59:59.250Z\",\"brand_new_field\":[{}]");
    int64_t created, expires;
    assert_true(utc_parse(STR("2025-08-24T10:30:00Z"), &created));
    assert_true(utc_parse(STR("2027-12-31T23:59:59Z"), &expires));
    assert_true(str_eq(k.hash, STR(HASH)));
    assert_true(str_eq(k.name, STR("my-key")));
    assert_true(str_eq(k.label, STR("sk-or-v1-f01...943")));
    assert_int_equal(k.disabled, REMOTE_YES);
    assert_int_equal(k.limit, 100000000);
    assert_int_equal(k.limit_remaining, 74500000);
    assert_int_equal(k.reset, RESET_MONTHLY);
    assert_int_equal(k.usage, 125750000);
    assert_int_equal(k.usage_daily, 5300000);
    assert_int_equal(k.usage_weekly, 12000000);
    assert_int_equal(k.usage_monthly, 25500000);
    assert_int_equal(k.created, created);
    assert_int_equal(k.updated, UTC_NONE);
    assert_int_equal(k.expires, expires);
}

static void all_but_the_hash_may_be_absent_or_null(void **state)
{
    struct arena *a = *state;
    struct remote_key absent = key_of(a, "");
    struct remote_key nulls = key_of(a, ",\"name\":null,\"limit\":null,\"limit_reset\":null,"
                                        "\"usage_daily\":null,\"disabled\":null");
    const struct remote_key *both[] = {&absent, &nulls};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->name.len, 0);
        assert_int_equal(both[i]->disabled, REMOTE_UNSAID);
        assert_int_equal(both[i]->limit, MONEY_NONE);
        assert_int_equal(both[i]->usage_daily, MONEY_NONE);
        assert_int_equal(both[i]->reset, RESET_NEVER);
        assert_int_equal(both[i]->created, UTC_NONE);
    }
}

/* 450359962737.497001 is no double: the nearest ones are 0.00006 apart. */
static void money_is_exact_in_every_digit(void **state)
{
    struct arena *a = *state;
    assert_int_equal(key_of(a, ",\"usage\":450359962737.497001").usage, 450359962737497001);
    assert_int_equal(key_of(a, ",\"usage\":0.1").usage, 100000);
    assert_int_equal(key_of(a, ",\"usage\":1e-05").usage, 10);
    assert_int_equal(key_of(a, ",\"usage\":1.5E+2").usage, 150000000);
}

static void spend_is_rounded_up_and_what_is_left_down(void **state)
{
    struct arena *a = *state;
    struct remote_key k = key_of(a, ",\"usage_daily\":0.00000001,\"limit_remaining\":0.00000199");
    assert_int_equal(k.usage_daily, 1);
    assert_int_equal(k.limit_remaining, 1);
    assert_int_equal(key_of(a, ",\"limit_remaining\":-0.00000001").limit_remaining, -1);
}

static void digits_in_texts_stay_as_they_are(void **state)
{
    struct arena *a = *state;
    struct remote_key k = key_of(a, ",\"name\":\"a-1 \\\" 2.5 \\\\\",\"usage\":3");
    assert_true(str_eq(k.name, STR("a-1 \" 2.5 \\")));
    assert_int_equal(k.usage, 3000000);
}

static void an_answer_that_is_cut_off_or_no_json_may_be_asked_for_again(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>502</html>",
        "{\"data\":{\"hash\":\"f01d52",
        "{\"data\":1.2 3}",
        "{\"data\":{}} trailing",
        "{\"data\":{\"hash\":\"aaaaaaaa\",\"hash\":\"bbbbbbbb\"}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(refusal(*state, bodies[i]), 1057);
}

static void json_of_another_shape_is_refused(void **state)
{
    static const char *const bodies[] = {
        "[]",
        "{}",
        "{\"data\":[]}",
        "{\"data\":{}}",
        "{\"data\":{\"hash\":\"\"}}",
        "{\"data\":{\"hash\":\"../../credits\"}}",
        "{\"data\":{\"hash\":12345678.5}}",
        "{\"data\":{\"hash\":\"" HASH "\",\"usage\":{}}}",
        "{\"data\":{\"hash\":\"" HASH "\",\"usage\":true}}",
        "{\"data\":{\"hash\":\"" HASH "\",\"usage\":1.2.3}}",
        "{\"data\":{\"hash\":\"" HASH "\",\"usage\":\"many\"}}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(refusal(*state, bodies[i]), 1058);
}

static void nesting_has_a_limit(void **state)
{
    char body[2 * ANSWER_DEPTH + 8];
    memset(body, '[', ANSWER_DEPTH + 1);
    memset(body + ANSWER_DEPTH + 1, ']', ANSWER_DEPTH + 1);
    body[2 * ANSWER_DEPTH + 2] = '\0';
    assert_int_equal(refusal(*state, body), 1057);
    /* one less is JSON, and says something else */
    body[2 * ANSWER_DEPTH + 1] = '\0';
    assert_int_equal(refusal(*state, body + 1), 1058);
}

static void a_hash_is_letters_digits_and_dashes(void **unused)
{
    (void)unused;
    assert_true(remote_hash_is(STR(HASH)));
    assert_true(remote_hash_is(STR("abc_DEF-12")));
    assert_false(remote_hash_is(STR("")));
    assert_false(remote_hash_is(STR("abc")));
    assert_false(remote_hash_is(STR("abcdefgh/..")));
    assert_false(remote_hash_is(STR("abcdefgh?x=1")));
    assert_false(remote_hash_is(STR("abcdefgh%2f")));
    assert_false(remote_hash_is(STR("abcdefg\n")));
    unsigned char longer[REMOTE_HASH_MAX + 1];
    memset(longer, 'a', sizeof longer);
    assert_false(remote_hash_is(str_make(longer, sizeof longer)));
    assert_true(remote_hash_is(str_make(longer, REMOTE_HASH_MAX)));
}

static void a_new_key_has_its_value_beside_or_inside_the_data(void **state)
{
    struct arena *a = *state;
    struct remote_key key;
    struct str value = {0};
    struct err err = {0};
    assert_true(answer_made(a, a, STR("{\"data\":{\"hash\":\"" HASH "\"},\"key\":\"sk-1\"}"), &key,
                            &value, &err));
    assert_true(str_eq(value, STR("sk-1")));
    assert_true(answer_made(a, a, STR("{\"data\":{\"hash\":\"" HASH "\",\"key\":\"sk-2\"}}"), &key,
                            &value, &err));
    assert_true(str_eq(value, STR("sk-2")));
    assert_false(answer_made(a, a, STR("{\"data\":{\"hash\":\"" HASH "\"}}"), &key, &value, &err));
    assert_int_equal(err.id, 1058);
}

static void a_list_is_read_and_one_odd_key_spoils_it(void **state)
{
    struct arena *a = *state;
    struct remote_key *keys;
    size_t count;
    struct err err = {0};
    assert_true(answer_keys(a, STR("{\"data\":[{\"hash\":\"aaaaaaaa\"},{\"hash\":\"bbbbbbbb\"}]}"),
                            &keys, &count, &err));
    assert_int_equal(count, 2);
    assert_true(str_eq(keys[1].hash, STR("bbbbbbbb")));
    assert_true(answer_keys(a, STR("{\"data\":[]}"), &keys, &count, &err));
    assert_int_equal(count, 0);
    assert_false(
        answer_keys(a, STR("{\"data\":[{\"hash\":\"aaaaaaaa\"},7]}"), &keys, &count, &err));
    assert_int_equal(err.id, 1058);
}

static void credits_activity_and_deletion_are_read(void **state)
{
    struct arena *a = *state;
    struct remote_credits credits = {0};
    struct remote_activity *rows;
    size_t count;
    struct err err = {0};
    assert_true(answer_credits(
        STR("{\"data\":{\"total_credits\":110.5,\"total_usage\":0.0000001}}"), &credits, &err));
    assert_int_equal(credits.total, 110500000);
    assert_int_equal(credits.used, 1);
    assert_true(answer_activity(
        a, STR("{\"data\":[{\"date\":\"2026-11-21\",\"model\":\"x/y\",\"usage\":0.25}]}"), &rows,
        &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].usage, 250000);
    assert_true(str_eq(rows[0].date, STR("2026-11-21")));
    assert_true(answer_deleted(STR("{\"deleted\":true}"), &err));
    assert_false(answer_deleted(STR("{\"deleted\":false}"), &err));
    assert_int_equal(err.kind, ERR_REMOTE_REFUSED);
}

static void what_a_server_says_is_made_safe(void **state)
{
    struct arena *a = *state;
    assert_string_equal(answer_says(a, STR("{\"error\":{\"code\":404,\"message\":\"gone\"}}")),
                        "gone");
    assert_string_equal(answer_says(a, STR("<html>")), "");
    const char *hostile = answer_says(a, STR("{\"error\":{\"message\":\"a\\u001b[2Jb\\nc\"}}"));
    assert_null(strchr(hostile, '\x1b'));
    assert_null(strchr(hostile, '\n'));
}

static void a_request_says_only_what_is_set(void **state)
{
    struct arena *a = *state;
    const struct remote_change all = {.name = STR("my \"key\""),
                                      .disabled = REMOTE_NO,
                                      .has_limit = true,
                                      .limit = 12500000,
                                      .reset = RESET_DAILY,
                                      .expires = 0};
    const struct remote_change off = {.disabled = REMOTE_YES, .expires = UTC_NONE};
    const struct remote_change unlimited = {
        .has_limit = true, .limit = MONEY_NONE, .expires = UTC_NONE};
    assert_true(str_eq(change_json(a, &all),
                       STR("{\"name\":\"my \\\"key\\\"\",\"disabled\":false,\"limit\":12.50,"
                           "\"limit_reset\":\"daily\",\"expires_at\":\"1970-01-01T00:00:00Z\"}")));
    assert_true(str_eq(change_json(a, &off), STR("{\"disabled\":true}")));
    assert_true(str_eq(change_json(a, &unlimited), STR("{\"limit\":null,\"limit_reset\":null}")));
}

static void an_endpoint_is_https_or_loopback(void **unused)
{
    static const char *const good[] = {"https://openrouter.ai/api/v1",
                                       "https://openrouter.ai/api/v1/",
                                       "https://gateway.example:8443/or/api/v1",
                                       "http://127.0.0.1:8080/api/v1",
                                       "http://127.1.2.3/w/api/v1",
                                       "http://[::1]:9/api/v1"};
    static const char *const bad[] = {"",
                                      "openrouter.ai",
                                      "http://openrouter.ai/api/v1",
                                      "http://localhost/api/v1",
                                      "http://127.0.0.1.evil.example/api/v1",
                                      "http://127.0.0.1@evil.example/api/v1",
                                      "ftp://127.0.0.1/api/v1",
                                      "file:///api/v1",
                                      "https://user:word@openrouter.ai/api/v1",
                                      "https://openrouter.ai/api/v1?x=1",
                                      "https://openrouter.ai/api/v1#x",
                                      "https://openrouter.ai/",
                                      "https://openrouter.ai/api/v1/keys"};
    (void)unused;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err err = {0};
        if (!http_endpoint_check(good[i], &err))
            fail_msg("%s: %s", good[i], err.text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        if (http_endpoint_check(bad[i], &err))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.id, 1050);
        assert_null(strstr(err.text, "word"));
    }
}

static void a_key_that_would_break_the_header_is_not_sent(void **state)
{
    static const char *const keys[] = {"", "sk-or\r\nX: y", "sk or", "sk-\x80"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct err err = {0};
        const struct http_options o = {
            .endpoint = "http://127.0.0.1:1/api/v1", .key = str_from(keys[i]), .timeout_s = 1};
        assert_null(http_open(&o, *state, &err));
        assert_int_equal(err.id, 1051);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)
    const struct CMUnitTest tests[] = {
        T(a_key_is_read_with_all_its_fields),
        T(all_but_the_hash_may_be_absent_or_null),
        T(money_is_exact_in_every_digit),
        T(spend_is_rounded_up_and_what_is_left_down),
        T(digits_in_texts_stay_as_they_are),
        T(an_answer_that_is_cut_off_or_no_json_may_be_asked_for_again),
        T(json_of_another_shape_is_refused),
        T(nesting_has_a_limit),
        T(a_hash_is_letters_digits_and_dashes),
        T(a_new_key_has_its_value_beside_or_inside_the_data),
        T(a_list_is_read_and_one_odd_key_spoils_it),
        T(credits_activity_and_deletion_are_read),
        T(what_a_server_says_is_made_safe),
        T(a_request_says_only_what_is_set),
        T(an_endpoint_is_https_or_loopback),
        T(a_key_that_would_break_the_header_is_not_sent),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
