/* openrouter: what is retried, what is not, and what is known afterwards; over a scripted
 * transport. */
#include "applier/vault/backoff.h"
#include "applier/vault/openrouter.h"
#include "common/buf.h"
#include "common/sys.h"
#include "common/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HASH "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943"

/* ---- a transport that answers by a script, and a clock that only counts ---- */

struct line {
    enum transport_result result;
    unsigned status;
    uint64_t retry_after;
    const char *body;
};

struct script {
    struct transport base;
    const struct line *lines;
    size_t count, at;
    char sent[8192]; /* "METHOD PATH BODY" a line */
};

static uint64_t slept;
static volatile sig_atomic_t stop;
static unsigned stop_at_sleep;

static void count_sleep(unsigned ms)
{
    slept += ms;
    if (stop_at_sleep && --stop_at_sleep == 0)
        stop = 15;
}

static int most_chance(void *into, size_t n)
{
    memset(into, 0, n);
    return 0;
}

static enum transport_result script_send(struct transport *t, struct arena *a,
                                         const struct transport_request *q,
                                         struct transport_answer *answer, struct err *err)
{
    struct script *s = (struct script *)t;
    size_t used = strlen(s->sent);
    assert_true(s->at < s->count);
    const struct line *l = &s->lines[s->at++];
    snprintf(s->sent + used, sizeof s->sent - used, "%s %s %.*s\n", q->method, q->path,
             STR_ARG(q->body));
    switch (l->result) {
    case TRANSPORT_ANSWERED:
        answer->status = l->status;
        answer->retry_after = l->retry_after;
        answer->body = arena_copy(a, str_from(l->body ? l->body : "{}"));
        break;
    case TRANSPORT_NOT_SENT:
        err_set(err, ERR_REMOTE, 1052, "unreachable");
        break;
    case TRANSPORT_LOST:
        err_set(err, ERR_REMOTE, 1053, "lost");
        break;
    case TRANSPORT_REFUSED:
        err_set(err, ERR_REMOTE_REFUSED, (int)l->status, "refused");
        break;
    }
    return l->result;
}

static const struct transport_ops script_ops = {.send = script_send};
static const struct sys_ops *real;
static struct sys_ops fake;
static struct arena arena;
static struct script script;
static struct openrouter api;

#define PLAY(...)                                                                                  \
    static const struct line lines[] = {__VA_ARGS__};                                              \
    play(lines, sizeof lines / sizeof *lines)
#define THERE                                                                                      \
    {                                                                                              \
        TRANSPORT_ANSWERED, 200, 0, "{\"data\":{\"hash\":\"" HASH "\"}}"                           \
    }
#define STATUS(n)                                                                                  \
    {                                                                                              \
        TRANSPORT_ANSWERED, n, 0, "{\"error\":{\"code\":1,\"message\":\"said so\"}}"               \
    }
#define LOST                                                                                       \
    {                                                                                              \
        TRANSPORT_LOST, 0, 0, NULL                                                                 \
    }
#define NOT_SENT                                                                                   \
    {                                                                                              \
        TRANSPORT_NOT_SENT, 0, 0, NULL                                                             \
    }

static void play(const struct line *lines, size_t count)
{
    script = (struct script){.base = {&script_ops, &stop}, .lines = lines, .count = count};
    api = (struct openrouter){.transport = &script.base, .retries = 3};
    slept = 0;
    stop = 0;
    stop_at_sleep = 0;
}

static int set_up(void **unused)
{
    (void)unused;
    real = sys;
    fake = *sys;
    fake.sleep_ms = count_sleep;
    fake.random = most_chance;
    sys = &fake;
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    sys = real;
    arena_free(&arena);
    return 0;
}

static enum remote_outcome get(struct err *err)
{
    struct remote_key key;
    return openrouter_get(&api, &arena, STR(HASH), &key, err);
}

static enum remote_outcome create(struct str *value, struct err *err)
{
    struct remote_key key;
    const struct remote_change change = {.name = STR("my-key"), .expires = UTC_NONE};
    return openrouter_create(&api, &arena, &arena, &change, &key, value, err);
}

/* ---- GET, PATCH, DELETE ---- */

static void a_key_is_there_or_gone(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY(THERE, STATUS(404));
    assert_int_equal(get(&err), REMOTE_THERE);
    assert_int_equal(get(&err), REMOTE_GONE);
    assert_false(err_is(&err));
    assert_string_equal(script.sent, "GET /keys/" HASH " \nGET /keys/" HASH " \n");
    assert_int_equal(slept, 0);
}

static void another_key_in_the_answer_is_refused(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY({TRANSPORT_ANSWERED, 200, 0, "{\"data\":{\"hash\":\"aaaaaaaa\"}}"});
    assert_int_equal(get(&err), REMOTE_FAILED);
    assert_int_equal(err.id, 1058);
}

static void an_empty_or_crooked_hash_is_never_sent(void **unused)
{
    (void)unused;
    static const char *const bad[] = {"", "..", "abcdefgh/../../x", "abcdefgh?a", "a b c d e f"};
    PLAY(THERE);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct remote_key key;
        struct str hash = str_from(bad[i]);
        const struct remote_change change = {.disabled = REMOTE_YES, .expires = UTC_NONE};
        assert_int_equal(openrouter_delete(&api, hash, &err), REMOTE_FAILED);
        assert_int_equal(err.id, 1059);
        assert_int_equal(openrouter_get(&api, &arena, hash, &key, &err), REMOTE_FAILED);
        assert_int_equal(openrouter_patch(&api, &arena, hash, &change, NULL, &err), REMOTE_FAILED);
    }
    assert_string_equal(script.sent, "");
}

static void deleting_what_is_gone_has_what_it_wanted(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY(STATUS(404), {TRANSPORT_ANSWERED, 200, 0, "{\"deleted\":true}"}, LOST, STATUS(404));
    assert_int_equal(openrouter_delete(&api, STR(HASH), &err), REMOTE_GONE);
    assert_int_equal(openrouter_delete(&api, STR(HASH), &err), REMOTE_GONE);
    assert_int_equal(openrouter_delete(&api, STR(HASH), &err), REMOTE_GONE);
    assert_false(err_is(&err));
}

static void faults_are_retried_with_growing_waits(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY(NOT_SENT, LOST, STATUS(503), THERE);
    assert_int_equal(get(&err), REMOTE_THERE);
    assert_false(err_is(&err));
    /* with no chance, half of 250, 500 and 1000 ms */
    assert_int_equal(slept, 125 + 250 + 500);
}

static void each_status_has_its_kind_and_says_whether_a_retry_helps(void **unused)
{
    static const struct {
        unsigned status;
        int kind, id;
        size_t attempts; /* with 3 retries */
    } cases[] = {
        {400, ERR_REMOTE_REFUSED, 1062, 1}, {401, ERR_REMOTE_REFUSED, 1060, 1},
        {402, ERR_REMOTE_REFUSED, 1061, 1}, {403, ERR_REMOTE_REFUSED, 1061, 1},
        {302, ERR_REMOTE_REFUSED, 1062, 1}, {408, ERR_REMOTE, 1063, 4},
        {429, ERR_REMOTE_LIMIT, 1065, 4},   {500, ERR_REMOTE, 1063, 4},
        {502, ERR_REMOTE, 1063, 4},         {503, ERR_REMOTE, 1063, 4},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct line lines[4];
        for (size_t k = 0; k < 4; k++)
            lines[k] = (struct line)STATUS(cases[i].status);
        play(lines, 4);
        assert_int_equal(get(&err), REMOTE_FAILED);
        assert_int_equal(err.kind, cases[i].kind);
        assert_int_equal(err.id, cases[i].id);
        assert_int_equal(script.at, cases[i].attempts);
        assert_non_null(strstr(err.text, "said so"));
        assert_non_null(strstr(err.hint, "retry"));
    }
}

static void retry_after_is_honoured_and_too_long_a_one_is_not_waited_for(void **unused)
{
    (void)unused;
    struct err err = {0};
    static const struct line patient[] = {{TRANSPORT_ANSWERED, 429, 7, NULL}, THERE};
    play(patient, 2);
    assert_int_equal(get(&err), REMOTE_THERE);
    assert_int_equal(slept, 7000);
    static const struct line hour[] = {{TRANSPORT_ANSWERED, 429, 3600, NULL}, THERE};
    play(hour, 2);
    assert_int_equal(get(&err), REMOTE_FAILED);
    assert_int_equal(err.kind, ERR_REMOTE_LIMIT);
    assert_non_null(strstr(err.hint, "3600 s"));
    assert_int_equal(slept, 0);
}

static void a_signal_ends_the_waiting(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY(STATUS(503), STATUS(503), THERE);
    stop_at_sleep = 2;
    assert_int_equal(get(&err), REMOTE_FAILED);
    assert_int_equal(err.kind, ERR_SIGNAL + 15);
    assert_int_equal(script.at, 2);
    stop = 0;
}

static void what_is_not_trusted_is_not_tried_again(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY({TRANSPORT_REFUSED, 1054, 0, NULL}, THERE);
    assert_int_equal(get(&err), REMOTE_FAILED);
    assert_int_equal(err.id, 1054);
    assert_int_equal(script.at, 1);
}

static void disabling_sends_one_field(void **unused)
{
    (void)unused;
    struct err err = {0};
    PLAY(THERE, THERE, STATUS(404));
    assert_int_equal(openrouter_disable(&api, STR(HASH), &err), REMOTE_THERE);
    assert_int_equal(openrouter_enable(&api, STR(HASH), &err), REMOTE_THERE);
    assert_int_equal(openrouter_disable(&api, STR(HASH), &err), REMOTE_GONE);
    assert_string_equal(script.sent, "PATCH /keys/" HASH " {\"disabled\":true}\n"
                                     "PATCH /keys/" HASH " {\"disabled\":false}\n"
                                     "PATCH /keys/" HASH " {\"disabled\":true}\n");
}

/* ---- POST ---- */

static void a_creation_is_sent_again_only_when_nobody_acted_on_it(void **unused)
{
    (void)unused;
    struct err err = {0};
    struct str value = {0};
    PLAY(NOT_SENT, STATUS(429),
         {TRANSPORT_ANSWERED, 201, 0, "{\"data\":{\"hash\":\"" HASH "\"},\"key\":\"sk-or-1\"}"});
    assert_int_equal(create(&value, &err), REMOTE_THERE);
    assert_true(str_eq(value, STR("sk-or-1")));
    assert_int_equal(script.at, 3);
}

static void a_creation_whose_answer_is_lost_or_odd_is_unknown_and_never_repeated(void **unused)
{
    static const struct line outcomes[] = {
        LOST,
        STATUS(408),
        STATUS(500),
        STATUS(502),
        STATUS(503),
        {TRANSPORT_REFUSED, 1055, 0, NULL},
        {TRANSPORT_ANSWERED, 201, 0, "{\"data\":{\"hash\":\"f01d5"},
        {TRANSPORT_ANSWERED, 201, 0, "{\"data\":{\"hash\":\"" HASH "\"}}"},
        {TRANSPORT_ANSWERED, 200, 0, "{}"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct err err = {0};
        struct str value = {0};
        play(&outcomes[i], 1);
        assert_int_equal(create(&value, &err), REMOTE_UNKNOWN);
        assert_true(err_is(&err));
        assert_int_equal(script.at, 1);
    }
}

static void a_creation_that_is_refused_made_nothing(void **unused)
{
    static const unsigned statuses[] = {400, 401, 402, 403, 404};
    (void)unused;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct err err = {0};
        struct str value = {0};
        const struct line l = STATUS(statuses[i]);
        play(&l, 1);
        assert_int_equal(create(&value, &err), REMOTE_FAILED);
        assert_int_equal(err.kind, ERR_REMOTE_REFUSED);
    }
}

/* ---- lists ---- */

/* `count` keys from number `first` on. */
static const char *page(unsigned first, unsigned count)
{
    struct buf b = {.arena = &arena};
    buf_text(&b, "{\"data\":[");
    for (unsigned i = 0; i < count; i++)
        buf_printf(&b, "%s{\"hash\":\"key-%08u\"}", i ? "," : "", first + i);
    buf_text(&b, "]}");
    return arena_text(&arena, buf_str(&b));
}

static void a_list_is_read_page_by_page_and_each_key_once(void **unused)
{
    (void)unused;
    struct err err = {0};
    struct remote_key *keys;
    size_t count;
    /* A key that was made meanwhile shifts the second page: number 99 comes twice. */
    const struct line lines[] = {{TRANSPORT_ANSWERED, 200, 0, page(0, 100)},
                                 {TRANSPORT_ANSWERED, 200, 0, page(99, 100)},
                                 {TRANSPORT_ANSWERED, 200, 0, page(199, 3)}};
    play(lines, 3);
    assert_true(openrouter_list(&api, &arena, &keys, &count, &err));
    assert_int_equal(count, 202);
    assert_string_equal(script.sent, "GET /keys?offset=0&include_disabled=true \n"
                                     "GET /keys?offset=100&include_disabled=true \n"
                                     "GET /keys?offset=200&include_disabled=true \n");
}

static void a_list_that_repeats_itself_ends(void **unused)
{
    (void)unused;
    struct err err = {0};
    struct remote_key *keys;
    size_t count;
    const struct line lines[] = {{TRANSPORT_ANSWERED, 200, 0, page(0, 100)},
                                 {TRANSPORT_ANSWERED, 200, 0, page(0, 100)}};
    play(lines, 2);
    assert_true(openrouter_list(&api, &arena, &keys, &count, &err));
    assert_int_equal(count, 100);
}

static void activity_is_asked_for_by_hash_and_date(void **unused)
{
    (void)unused;
    struct err err = {0};
    struct remote_activity *rows;
    size_t count;
    PLAY({TRANSPORT_ANSWERED, 200, 0, "{\"data\":[]}"},
         {TRANSPORT_ANSWERED, 200, 0, "{\"data\":[]}"});
    assert_true(
        openrouter_activity(&api, &arena, STR(HASH), STR("2026-11-21"), &rows, &count, &err));
    assert_true(
        openrouter_activity(&api, &arena, STR(HASH), STR("2026-1&x=1"), &rows, &count, &err));
    assert_string_equal(script.sent, "GET /activity?api_key_hash=" HASH "&date=2026-11-21 \n"
                                     "GET /activity?api_key_hash=" HASH " \n");
}

/* ---- waits ---- */

static void waits_double_up_to_a_most_and_vary_by_half(void **unused)
{
    (void)unused;
    uint64_t ms;
    assert_true(backoff_wait(1, 0, 0, &ms));
    assert_int_equal(ms, 125);
    assert_true(backoff_wait(1, 0, 125, &ms));
    assert_int_equal(ms, 250);
    assert_true(backoff_wait(3, 0, 0, &ms));
    assert_int_equal(ms, 500);
    assert_true(backoff_wait(60, 0, 0, &ms));
    assert_int_equal(ms, 10000);
    for (uint32_t chance = 0; chance < 100000; chance += 997) {
        assert_true(backoff_wait(60, 0, chance, &ms));
        assert_in_range(ms, 10000, 20000);
    }
    assert_true(backoff_wait(1, 120, 0, &ms));
    assert_int_equal(ms, 120000);
    assert_false(backoff_wait(1, 121, 0, &ms));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_key_is_there_or_gone),
        T(another_key_in_the_answer_is_refused),
        T(an_empty_or_crooked_hash_is_never_sent),
        T(deleting_what_is_gone_has_what_it_wanted),
        T(faults_are_retried_with_growing_waits),
        T(each_status_has_its_kind_and_says_whether_a_retry_helps),
        T(retry_after_is_honoured_and_too_long_a_one_is_not_waited_for),
        T(a_signal_ends_the_waiting),
        T(what_is_not_trusted_is_not_tried_again),
        T(disabling_sends_one_field),
        T(a_creation_is_sent_again_only_when_nobody_acted_on_it),
        T(a_creation_whose_answer_is_lost_or_odd_is_unknown_and_never_repeated),
        T(a_creation_that_is_refused_made_nothing),
        T(a_list_is_read_page_by_page_and_each_key_once),
        T(a_list_that_repeats_itself_ends),
        T(activity_is_asked_for_by_hash_and_date),
        T(waits_double_up_to_a_most_and_vary_by_half),
    };
    return cmocka_run_group_tests_name("openrouter", tests, NULL, NULL);
}
