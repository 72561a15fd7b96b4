/* alerts_command: `lean_vault alerts list|test|ack`. */
#include "applier/vault/alert_file.h"
#include "applier/vault/commands.h"
#include "applier/vault/show_figures.h"
#include "common/sys.h"
#include "common/text.h"

static void list_json(struct buf *b, const struct alerts *list)
{
    buf_text(b, "{\"alerts\":[");
    for (size_t i = 0; i < list->count; i++) {
        buf_text(b, i ? ",\n" : "\n");
        alert_json(&list->at[i], b);
    }
    buf_text(b, list->count ? "\n]}\n" : "]}\n");
}

static void list_table(struct cli *cli, const struct alerts *list)
{
    static const char *const headings[] = {"alert", "key",   "window", "threshold", "spent",
                                           "limit", "as_of", "raised", "state",     "delivered"};
    struct table t = {.arena = cli->arena};
    char label[WINDOW_LABEL];
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < list->count; i++) {
        const struct alert *a = &list->at[i];
        table_text(&t, str_from(a->id));
        table_text(&t, a->name);
        table_text(&t, arena_copy(t.arena, str_from(window_label(a->window, a->start, label))));
        money_cell(&t, (int64_t)a->threshold);
        money_cell(&t, a->spent);
        money_cell(&t, a->cap);
        time_cell(&t, a->as_of);
        time_cell(&t, a->raised);
        table_text(&t, str_from(alert_state(a)));
        time_cell(&t, a->delivered);
    }
    if (list->count == 0 && cli->format == TABLE_TEXT)
        buf_text(&cli->out, "no alerts\n");
    else
        table_write(&cli->out, &t, cli->format);
}

static bool list_alerts(struct cli *cli, struct err *err)
{
    struct vault_file f;
    struct alerts list;
    if (!open_vault(cli, &f, VAULT_LOOK, err))
        return false;
    bool done = alert_file_read(f.dir, cli->arena, &list, err);
    if (done && cli->format == TABLE_JSON)
        list_json(&cli->out, &list);
    else if (done)
        list_table(cli, &list);
    vault_close(&f);
    return done;
}

/* An alert of nobody, to every place: is somebody told? Nothing is recorded. */
static bool test_alerts(struct cli *cli, struct err *err)
{
    struct vault_file f;
    struct places places;
    int64_t now = sys->now();
    const struct alert alert = {.id = "00000000",
                                .key = STR("test"),
                                .name = STR("test"),
                                .window = WINDOW_DAY,
                                .start = window_start(WINDOW_DAY, now),
                                .threshold = THRESHOLD_DEFAULT,
                                .spent = INT64_C(8) * MONEY_DOLLAR,
                                .cap = INT64_C(10) * MONEY_DOLLAR,
                                .as_of = now,
                                .raised = now,
                                .delivered = UTC_NONE,
                                .acknowledged = UTC_NONE};
    const struct alert *due[] = {&alert};
    if (!open_vault(cli, &f, VAULT_LOOK, err))
        return false;
    bool done =
        alert_places_read(f.dir, cli->arena, &places, err) && alert_tell(cli, f.dir, due, 1, err);
    if (done && places.count == 0)
        cli_say(cli, "there is no %s/" ALERT_PLACES ": alerts go to standard error", f.dir);
    for (size_t i = 0; done && i < places.count; i++)
        buf_printf(&cli->out, "told: %s\n", place_name(cli->arena, &places.at[i]));
    vault_close(&f);
    return done;
}

static bool acknowledge(struct cli *cli, struct err *err)
{
    struct vault_file f;
    struct alerts list;
    struct str which = STR("");
    size_t news = 0;
    if (cli->argument_count > 1)
        which = str_from(cli->arguments[1]);
    if (!open_vault(cli, &f, VAULT_CHANGE, err))
        return false;
    bool done = alert_file_read(f.dir, cli->arena, &list, err);
    if (done) {
        news = alerts_acknowledge(&list, which, sys->now());
        done = news == 0 || alert_file_write(f.dir, &list, err);
    }
    if (done && news == 0 && which.len > 0) {
        err_set(err, ERR_NOT_FOUND, 1118, "no alert of \"%s\" waits to be acknowledged",
                text_shown(cli->arena, which));
        err_hint(err, "lean_vault alerts list names alerts and keys");
        done = false;
    }
    if (done && cli->format == TABLE_JSON)
        buf_printf(&cli->out, "{\"acknowledged\":%zu}\n", news);
    else if (done)
        buf_printf(&cli->out, "acknowledged: %zu\n", news);
    vault_close(&f);
    return done;
}

bool command_alerts(struct cli *cli, struct err *err)
{
    struct str verb = str_from(cli->arguments[0]);
    if (str_eq(verb, STR("ack")))
        return acknowledge(cli, err);
    if (cli->argument_count == 1 && str_eq(verb, STR("list")))
        return list_alerts(cli, err);
    if (cli->argument_count == 1 && str_eq(verb, STR("test")))
        return test_alerts(cli, err);
    err_set(err, ERR_USAGE, 1119, "alerts takes list, test, or ack with an alert or a key");
    return false;
}
