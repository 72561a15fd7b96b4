/* show_commands: list, get, version: what the vault holds. */
#include "applier/vault/commands.h"
#include "applier/vault/show_figures.h"
#include "common/sys.h"
#include "common/text.h"

#ifndef KEYRETIRE_VERSION
#define KEYRETIRE_VERSION "unknown"
#endif

bool command_version(struct cli *cli, struct err *err)
{
    (void)err;
    if (cli->format == TABLE_JSON)
        buf_text(&cli->out, "{\"name\":\"lean_vault\",\"version\":\"" KEYRETIRE_VERSION "\"}\n");
    else
        buf_text(&cli->out, "lean_vault " KEYRETIRE_VERSION "\n");
    return true;
}

/* ---- list ---- */

static void json_entry(struct buf *b, const struct vault_entry *e, int64_t now)
{
    char text[MONEY_TEXT];
    const struct limits *l = &e->limits;
    bool known = e->usage.as_of != UTC_NONE;
    buf_text(b, "{\"name\":");
    text_json(b, e->name);
    buf_text(b, ",\"hash\":");
    if (e->id.len > 0)
        text_json(b, e->id);
    else
        buf_text(b, "null");
    json_money(b, "monthly_limit", l->monthly);
    json_money(b, "daily_limit", l->daily);
    buf_text(b, ",\"alert_thresholds\":[");
    for (size_t i = 0; i < l->threshold_count; i++)
        buf_printf(b, "%s%s", i ? "," : "", money_text(l->thresholds[i], text));
    buf_byte(b, ']');
    json_time(b, "disabled_by_us", l->disabled);
    json_money(b, "month_spend", known ? e->usage.month : MONEY_NONE);
    json_money(b, "day_spend", known ? e->usage.day : MONEY_NONE);
    json_time(b, "as_of", e->usage.as_of);
    if (known)
        buf_printf(b, ",\"age_seconds\":%lld}", (long long)(now - e->usage.as_of));
    else
        buf_text(b, ",\"age_seconds\":null}");
}

static void list_json(struct buf *b, const struct vault *v, int64_t now)
{
    bool any = false;
    buf_text(b, "{\"keys\":[");
    for (size_t i = 0; i < v->count; i++) {
        if (str_eq(v->entries[i].name, STR(VAULT_MANAGEMENT_KEY)))
            continue;
        buf_text(b, any ? ",\n" : "\n");
        json_entry(b, &v->entries[i], now);
        any = true;
    }
    buf_text(b, any ? "\n]}\n" : "]}\n");
}

static void list_table(struct cli *cli, const struct vault *v, int64_t now)
{
    static const char *const headings[] = {
        "name", "hash", "monthly_limit", "daily_limit", "month_spend", "day_spend", "as_of", "age"};
    struct table t = {.arena = cli->arena};
    char utc[UTC_TEXT], age[32];
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < v->count; i++) {
        const struct vault_entry *e = &v->entries[i];
        bool known = e->usage.as_of != UTC_NONE;
        if (str_eq(e->name, STR(VAULT_MANAGEMENT_KEY)))
            continue;
        table_text(&t, arena_copy(cli->arena, e->name));
        table_text(&t, arena_copy(cli->arena, e->id));
        money_cell(&t, e->limits.monthly);
        money_cell(&t, e->limits.daily);
        money_cell(&t, known ? e->usage.month : MONEY_NONE);
        money_cell(&t, known ? e->usage.day : MONEY_NONE);
        table_text(&t, arena_copy(cli->arena, str_from(utc_text(e->usage.as_of, utc))));
        if (known)
            table_text(&t, arena_copy(cli->arena, str_from(utc_age(now - e->usage.as_of, age))));
        else
            table_null(&t);
    }
    if (table_rows(&t) == 0 && cli->format == TABLE_TEXT)
        buf_text(&cli->out, "no key yet: lean_vault add NAME makes one\n");
    else
        table_write(&cli->out, &t, cli->format);
}

bool command_list(struct cli *cli, struct err *err)
{
    struct vault_file f;
    if (!open_vault(cli, &f, VAULT_LOOK, err))
        return false;
    int64_t now = sys->now();
    if (cli->format == TABLE_JSON)
        list_json(&cli->out, &f.vault, now);
    else
        list_table(cli, &f.vault, now);
    vault_close(&f);
    return true;
}

/* ---- get ---- */

/* The one command that shows a value: from wiped memory straight to where it was asked for. */
static bool give(struct cli *cli, struct vault_file *f, struct str value, struct err *err)
{
    struct buf text = {.arena = &f->secrets};
    buf_add(&text, value);
    buf_byte(&text, '\n');
    if (cli->output)
        return file_replace(cli->output, buf_str(&text), 0600, cli->existing, err);
    cli->out = text;
    return cli_flush(cli, err);
}

bool command_get(struct cli *cli, struct err *err)
{
    struct vault_file f;
    struct vault_entry *e;
    struct str value;
    if (!open_vault(cli, &f, VAULT_LOOK, err))
        return false;
    bool done = vault_entry_of(&f, cli->arguments[0], &e, err) && vault_value(&f, e, &value, err) &&
                give(cli, &f, value, err);
    cli->out = (struct buf){.arena = cli->arena};
    vault_close(&f);
    return done;
}
