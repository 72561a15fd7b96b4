/* alerts: each threshold once, told or kept; and the places where they are told. */
#include "applier/vault/alerts.h"
#include "applier/vault/deliver.h"
#include "common/file.h"
#include "common/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* 2026-11-22T02:00:00Z */
enum { NOW = 1795312800, DAY = 86400 };

#define USD(dollars) ((int64_t)((dollars)*MONEY_DOLLAR))

struct fixture {
    struct arena arena;
    struct err err;
    struct alerts list;
    struct limits limits;
    struct usage usage;
    char folder[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->list.arena = &f->arena;
    f->limits = LIMITS_NONE;
    f->limits.daily = USD(10);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/alerts.XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int status = system(command);
    arena_free(&f->arena);
    free(f);
    return status;
}

static size_t judged_key(struct fixture *f, const char *hash, int64_t month, int64_t day,
                         int64_t now)
{
    struct usage u = usage_of(month, day, now);
    struct alert_subject s = {str_from("my-key"), str_from(hash), &f->limits, &u};
    size_t added = 99;
    assert_true(alerts_judge(&f->list, &s, now, &added, &f->err));
    return added;
}

static size_t judged(struct fixture *f, int64_t day, int64_t now)
{
    return judged_key(f, "h1", day, day, now);
}

static size_t due(struct fixture *f)
{
    const struct alert **list;
    return alerts_due(&f->list, &f->arena, &list);
}

static const struct alert *only_due(struct fixture *f)
{
    const struct alert **list;
    assert_int_equal(alerts_due(&f->list, &f->arena, &list), 1);
    return list[0];
}

/* ---- crossing ---- */

static void a_threshold_is_reached_at_its_very_amount(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged(f, USD(8) - 1, NOW), 0);
    assert_int_equal(judged(f, USD(8), NOW), 1);
    const struct alert *a = only_due(f);
    assert_int_equal(a->spent, USD(8));
    assert_int_equal(a->cap, USD(10));
    assert_int_equal(a->threshold, 800000);
    assert_int_equal(a->window, WINDOW_DAY);
    assert_string_equal(alert_state(a), "pending");
}

static void the_amount_of_a_threshold_is_rounded_up(void **unused)
{
    (void)unused;
    assert_int_equal(threshold_amount(USD(10), 800000), USD(8));
    assert_int_equal(threshold_amount(1, 500000), 1);
    assert_int_equal(threshold_amount(3, 500000), 2);
    assert_int_equal(threshold_amount(1000001, 999999), 1000000);
    assert_int_equal(threshold_amount(MONEY_MAX, THRESHOLD_WHOLE), MONEY_MAX);
    assert_int_equal(threshold_amount(MONEY_MAX - 1, 1), 1000000000000);
    assert_int_equal(threshold_amount(0, 800000), 0);
}

static void a_crossing_is_noticed_once_in_its_window(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged(f, USD(8), NOW), 1);
    assert_int_equal(judged(f, USD(9), NOW + 60), 0);
    alerts_delivered(&f->list, NOW + 61);
    assert_int_equal(judged(f, USD(12), NOW + 120), 0);
    assert_int_equal(judged(f, USD(8), NOW + DAY), 1);
    assert_int_equal(f->list.count, 2);
}

static void day_and_month_are_told_apart(void **state)
{
    struct fixture *f = *state;
    f->limits.monthly = USD(100);
    assert_int_equal(judged_key(f, "h1", USD(80), USD(1), NOW), 1);
    assert_int_equal(only_due(f)->window, WINDOW_MONTH);
    assert_int_equal(judged_key(f, "h1", USD(87), USD(8), NOW), 1);
    assert_int_equal(due(f), 2);
    /* tomorrow the day is new and the month is not */
    assert_int_equal(judged_key(f, "h1", USD(96), USD(9), NOW + DAY), 1);
}

static void another_key_is_another_alert_even_by_the_same_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged_key(f, "h1", USD(8), USD(8), NOW), 1);
    assert_int_equal(judged_key(f, "h2", USD(8), USD(8), NOW), 1);
    assert_string_not_equal(f->list.at[0].id, f->list.at[1].id);
}

static void without_a_cap_a_hash_or_figures_there_is_nothing_to_alert(void **state)
{
    struct fixture *f = *state;
    size_t added = 9;
    struct alert_subject s = {STR("my-key"), STR("h1"), &f->limits, &USAGE_NONE};
    assert_true(alerts_judge(&f->list, &s, NOW, &added, &f->err));
    assert_int_equal(added, 0);
    assert_int_equal(judged_key(f, "", USD(9), USD(9), NOW), 0);
    assert_int_equal(judged_key(f, "two words", USD(9), USD(9), NOW), 0);
    f->limits = LIMITS_NONE;
    assert_int_equal(judged(f, USD(9), NOW), 0);
}

static void yesterdays_figures_alert_nothing_today(void **state)
{
    struct fixture *f = *state;
    struct usage u = usage_of(USD(9), USD(9), NOW - DAY);
    struct alert_subject s = {STR("my-key"), STR("h1"), &f->limits, &u};
    size_t added = 9;
    assert_true(alerts_judge(&f->list, &s, NOW, &added, &f->err));
    assert_int_equal(added, 0);
}

static void the_highest_of_several_thresholds_is_told_and_all_are_done(void **state)
{
    struct fixture *f = *state;
    assert_true(limits_parse_thresholds(STR("0.5,0.8,1"), &f->limits, &f->err));
    assert_int_equal(judged(f, USD(5), NOW), 1);
    alerts_delivered(&f->list, NOW);
    assert_int_equal(judged(f, USD(11), NOW + 60), 2);
    assert_int_equal(only_due(f)->threshold, THRESHOLD_WHOLE);
    alerts_delivered(&f->list, NOW + 61);
    assert_int_equal(due(f), 0);
    assert_int_equal(judged(f, USD(12), NOW + 120), 0);
}

static void what_was_not_delivered_stays_due_when_its_window_is_over(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged(f, USD(8), NOW), 1);
    alerts_prune(&f->list, NOW + 400 * (int64_t)DAY);
    assert_int_equal(due(f), 1);
}

static void what_was_told_is_forgotten_long_after_its_window(void **state)
{
    struct fixture *f = *state;
    int64_t end = window_end(WINDOW_DAY, NOW);
    assert_int_equal(judged(f, USD(8), NOW), 1);
    alerts_delivered(&f->list, NOW);
    alerts_prune(&f->list, end + 40 * (int64_t)DAY - 1);
    assert_int_equal(f->list.count, 1);
    alerts_prune(&f->list, end + 40 * (int64_t)DAY);
    assert_int_equal(f->list.count, 0);
}

static void acknowledging_by_name_by_id_or_all(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged(f, USD(8), NOW), 1);
    assert_int_equal(alerts_acknowledge(&f->list, STR("other"), NOW), 0);
    assert_int_equal(alerts_acknowledge(&f->list, str_from(f->list.at[0].id), NOW), 1);
    assert_int_equal(alerts_acknowledge(&f->list, STR("my-key"), NOW), 0);
    assert_string_equal(alert_state(&f->list.at[0]), "acknowledged");
    assert_int_equal(due(f), 0);
    assert_int_equal(judged(f, USD(9), NOW + 1), 0);
    assert_int_equal(judged(f, USD(9), NOW + DAY), 1);
    assert_int_equal(alerts_acknowledge(&f->list, STR("my-key"), NOW), 1);
    assert_int_equal(judged(f, USD(9), NOW + 2 * DAY), 1);
    assert_int_equal(alerts_acknowledge(&f->list, STR(""), NOW), 1);
}

/* ---- the state file ---- */

static void what_is_written_is_read_again(void **state)
{
    struct fixture *f = *state;
    struct buf text = {.arena = &f->arena};
    struct buf again = {.arena = &f->arena};
    struct alerts read = {.arena = &f->arena};
    f->limits.monthly = USD(20);
    assert_int_equal(judged_key(f, "h1", USD(17), USD(8), NOW), 2);
    f->list.at[0].delivered = NOW + 5;
    f->list.at[1].acknowledged = NOW + 6;
    alerts_write(&f->list, &text);
    assert_true(str_eq(buf_str(&text),
                       STR("lean_vault alerts 1\n"
                           "h1 day 2026-11-22T00:00:00Z 0.80 8.00 10.00 2026-11-22T02:00:00Z "
                           "2026-11-22T02:00:00Z 2026-11-22T02:00:05Z - my-key\n"
                           "h1 month 2026-11-01T00:00:00Z 0.80 17.00 20.00 2026-11-22T02:00:00Z "
                           "2026-11-22T02:00:00Z - 2026-11-22T02:00:06Z my-key\n")));
    assert_true(alerts_read(&read, buf_str(&text), &f->err));
    alerts_write(&read, &again);
    assert_true(str_eq(buf_str(&text), buf_str(&again)));
    assert_string_equal(read.at[1].id, f->list.at[1].id);
}

static void a_name_cannot_break_the_file(void **state)
{
    struct fixture *f = *state;
    struct buf text = {.arena = &f->arena};
    struct alerts read = {.arena = &f->arena};
    struct usage u = usage_of(USD(9), USD(9), NOW);
    struct alert_subject s = {STR("a\nb c\x1b"), STR("h1"), &f->limits, &u};
    size_t added;
    assert_true(alerts_judge(&f->list, &s, NOW, &added, &f->err));
    alerts_write(&f->list, &text);
    assert_true(alerts_read(&read, buf_str(&text), &f->err));
    assert_int_equal(read.count, 1);
    assert_true(str_eq(read.at[0].name, STR("a\\x0Ab c\\x1B")) ||
                str_eq(read.at[0].name, STR("a\\x0ab c\\x1b")));
}

static void a_damaged_file_is_refused_by_its_line(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {
        "",
        "\n",
        "lean_vault alerts 1",
        "lean_vault alerts 2\n",
        "lean_vault alerts 1\n\n",
        "lean_vault alerts 1\nh1 day\n",
        "lean_vault alerts 1\nh1 week 2026-11-22T00:00:00Z 0.80 8.00 10.00 2026-11-22T02:00:00Z "
        "2026-11-22T02:00:00Z - - k\n",
        "lean_vault alerts 1\nh1 day 2026-11-22T00:00:01Z 0.80 8.00 10.00 2026-11-22T02:00:00Z "
        "2026-11-22T02:00:00Z - - k\n",
        "lean_vault alerts 1\nh1 day 2026-11-22T00:00:00Z 1.80 8.00 10.00 2026-11-22T02:00:00Z "
        "2026-11-22T02:00:00Z - - k\n",
        "lean_vault alerts 1\nh1 day 2026-11-22T00:00:00Z 0.80 8.00 -1.00 2026-11-22T02:00:00Z "
        "2026-11-22T02:00:00Z - - k\n",
        "lean_vault alerts 1\nh1 day 2026-11-22T00:00:00Z 0.80 8.00 10.00 2026-11-22T02:00:00Z "
        "2026-11-22T02:00:00Z - - \n",
        "lean_vault alerts 1\nh1 day 2026-11-22T00:00:00Z 0.80 8.00 10.00 - "
        "2026-11-22T02:00:00Z - - k\n",
        "lean_vault alerts 1\nh1 day 2026-11-22T00:00:00Z 0.80 8.00 10.00 2026-11-22T02:00:00Z "
        "2026-11-22T02:00:00Z - - k",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct alerts read = {.arena = &f->arena};
        struct err err = {0};
        if (alerts_read(&read, str_from(wrong[i]), &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_int_equal(err.id, 1110);
    }
}

static void an_alert_says_all_that_a_reader_needs(void **state)
{
    struct fixture *f = *state;
    struct buf text = {.arena = &f->arena};
    struct buf json = {.arena = &f->arena};
    assert_int_equal(judged(f, 8123456, NOW), 1);
    alert_text(only_due(f), &text);
    assert_true(str_eq(buf_str(&text),
                       STR("my-key: 8.123456 of 10.00 dollars in the day 2026-11-22 (81 %), at or "
                           "above 0.80; as of 2026-11-22T02:00:00Z")));
    memcpy(f->list.at[0].id, "00c0ffee", ALERT_ID_HEX);
    alert_json(only_due(f), &json);
    assert_true(str_eq(
        buf_str(&json),
        STR("{\"alert\":\"00c0ffee\",\"key\":\"my-key\",\"window\":\"day\",\"start\":\"2026-11-"
            "22\","
            "\"threshold\":0.80,\"spent\":8.123456,\"limit\":10.00,"
            "\"as_of\":\"2026-11-22T02:00:00Z\",\"raised\":\"2026-11-22T02:00:00Z\","
            "\"delivered\":null,\"acknowledged\":null,\"state\":\"pending\",\"text\":\"my-key: "
            "8.123456 of 10.00 dollars in the day 2026-11-22 (81 %), at or above 0.80; as of "
            "2026-11-22T02:00:00Z\"}")));
}

/* ---- places ---- */

static void places_are_read_from_their_lines(void **state)
{
    struct fixture *f = *state;
    struct places p;
    assert_true(deliver_read(&f->arena,
                             STR("# ours\n\n  command /bin/notify  --channel ops\n"
                                 "file /var/log/a\nsyslog\n"),
                             &p, &f->err));
    assert_int_equal(p.count, 3);
    assert_int_equal(p.at[0].kind, PLACE_COMMAND);
    assert_int_equal(p.at[0].word_count, 3);
    assert_string_equal(p.at[0].words[2], "ops");
    assert_string_equal(place_name(&f->arena, &p.at[0]), "the command /bin/notify");
    assert_int_equal(p.at[1].kind, PLACE_FILE);
    assert_string_equal(place_name(&f->arena, &p.at[1]), "the file /var/log/a");
    assert_int_equal(p.at[2].kind, PLACE_SYSLOG);
}

static void a_line_that_is_not_understood_is_refused_by_its_number(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {
        "command\n",
        "command notify\n",
        "file\n",
        "file a\n",
        "file /a /b\n",
        "syslog now\n",
        "mail root\n",
        "Command /a\n",
        "file /a\\\n\xff",
        "command /a 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2\n",
        "syslog\nsyslog\nsyslog\nsyslog\nsyslog\nsyslog\nsyslog\nsyslog\nsyslog\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct places p;
        struct err err = {0};
        if (deliver_read(&f->arena, str_from(wrong[i]), &p, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_int_equal(err.id, 1115);
    }
}

static void only_the_commands_of_the_places_may_be_started(void **state)
{
    struct fixture *f = *state;
    struct places p;
    static const char *const none[] = {NULL};
    static const char *const some[] = {"LD_PRELOAD=x", NULL};
    static const char *const right[] = {"timeout", "60", "/bin/notify", "-x", NULL};
    static const char *const more[] = {"timeout", "60", "/bin/notify", "-x", "-y", NULL};
    static const char *const other[] = {"timeout", "60", "/bin/sh", NULL};
    static const char *const path[] = {"timeout", "60", "/var/log/a", NULL};
    assert_true(
        deliver_read(&f->arena, STR("command /bin/notify -x\nfile /var/log/a\n"), &p, &f->err));
    struct child c = {.program = "/usr/bin/timeout", .arguments = right, .environment = none};
    assert_false(deliver_may_start(&c));
    deliver_allow(&p);
    assert_true(deliver_may_start(&c));
    c.environment = some;
    assert_false(deliver_may_start(&c));
    c.environment = none;
    c.arguments = more;
    assert_false(deliver_may_start(&c));
    c.arguments = other;
    assert_false(deliver_may_start(&c));
    c.arguments = path;
    assert_false(deliver_may_start(&c));
    c.arguments = right;
    c.program = "/bin/notify";
    assert_false(deliver_may_start(&c));
}

static struct str content_of(struct fixture *f, const char *name)
{
    struct str content = {0};
    struct err err = {0};
    (void)file_read(&f->arena, arena_printf(&f->arena, "%s/%s", f->folder, name), &content, &err);
    return content;
}

/* The lines of alerts.conf, with a %s for the folder, then the alerts of the list. */
static bool told(struct fixture *f, const char *lines)
{
    struct buf text = {.arena = &f->arena};
    struct places p;
    const struct alert **list;
    struct str rest = str_from(lines);
    while (rest.len > 0) {
        size_t at = str_search(rest, STR("%s"));
        buf_add(&text, str_slice(rest, 0, at));
        if (at < rest.len)
            buf_text(&text, f->folder);
        rest = str_slice(rest, at + 2, rest.len);
    }
    f->err = (struct err){0};
    assert_true(deliver_read(&f->arena, buf_str(&text), &p, &f->err));
    size_t count = alerts_due(&f->list, &f->arena, &list);
    return deliver_all(&f->arena, &p, list, count, &f->err);
}

static void a_command_gets_the_alerts_and_a_file_gets_them_appended(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged_key(f, "h1", USD(8), USD(8), NOW), 1);
    assert_int_equal(judged_key(f, "h2", USD(9), USD(9), NOW), 1);
    assert_true(told(f, "command /usr/bin/tee %s/by-command\nfile %s/by-file\n"));
    struct str once = content_of(f, "by-command");
    assert_true(str_starts(once, STR("{\"alert\":\"")));
    assert_true(str_eq(once, content_of(f, "by-file")));
    struct str first, second;
    assert_true(str_cut(once, '\n', &first, &second));
    assert_true(second.len > 0 && second.at[second.len - 1] == '\n');
    assert_true(told(f, "file %s/by-file\n"));
    assert_int_equal(content_of(f, "by-file").len, 2 * once.len);
}

static void a_place_that_fails_is_named_and_the_others_are_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judged(f, USD(8), NOW), 1);
    assert_false(told(f, "command /bin/false\nfile %s/after\n"));
    assert_int_equal(f->err.kind, ERR_SYSTEM);
    assert_int_equal(f->err.id, 1116);
    assert_true(strstr(f->err.text, "/bin/false") != NULL);
    assert_true(content_of(f, "after").len > 0);
    assert_false(told(f, "command /nonexistent/notify\n"));
    assert_false(told(f, "file %s/no/folder\n"));
    assert_int_equal(f->err.id, 1116);
    assert_false(told(f, "file %s\n"));
}

int main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON(a_threshold_is_reached_at_its_very_amount),
        ON(the_amount_of_a_threshold_is_rounded_up),
        ON(a_crossing_is_noticed_once_in_its_window),
        ON(day_and_month_are_told_apart),
        ON(another_key_is_another_alert_even_by_the_same_name),
        ON(without_a_cap_a_hash_or_figures_there_is_nothing_to_alert),
        ON(yesterdays_figures_alert_nothing_today),
        ON(the_highest_of_several_thresholds_is_told_and_all_are_done),
        ON(what_was_not_delivered_stays_due_when_its_window_is_over),
        ON(what_was_told_is_forgotten_long_after_its_window),
        ON(acknowledging_by_name_by_id_or_all),
        ON(what_is_written_is_read_again),
        ON(a_name_cannot_break_the_file),
        ON(a_damaged_file_is_refused_by_its_line),
        ON(an_alert_says_all_that_a_reader_needs),
        ON(places_are_read_from_their_lines),
        ON(a_line_that_is_not_understood_is_refused_by_its_number),
        ON(only_the_commands_of_the_places_may_be_started),
        ON(a_command_gets_the_alerts_and_a_file_gets_them_appended),
        ON(a_place_that_fails_is_named_and_the_others_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
