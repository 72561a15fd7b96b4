/* usage_command: `lean_vault get-usage [KEY]` and `lean_vault usage`. */
#include "applier/vault/alerts.h"
#include "applier/vault/commands.h"
#include "applier/vault/session.h"
#include "applier/vault/show_figures.h"
#include "applier/vault/spend_report.h"
#include "applier/vault/sync.h"
#include "common/sys.h"
#include "common/text.h"

/* One line of the answer. */
struct figure {
    struct vault_entry *entry;
    struct usage usage;
    const char *source; /* "openrouter", "cache", "report" */
    bool gone;
};

struct asked {
    struct cli *cli;
    struct session session;
    struct vault_file *f; /* its */
    struct figure *at;
    size_t count;
    int64_t now;
    uint32_t fail_at; /* 0: not given */
};

/* ---- where figures come from ---- */

/* The keys that are asked about, with what the vault remembers. */
static bool from_cache(struct asked *q, struct err *err)
{
    struct vault *v = &q->f->vault;
    struct vault_entry *only = NULL;
    if (q->cli->argument_count > 0 && !vault_entry_of(q->f, q->cli->arguments[0], &only, err))
        return false;
    q->at = ARENA_ARRAY(q->cli->arena, v->count, struct figure);
    for (size_t i = 0; i < v->count; i++) {
        struct vault_entry *e = &v->entries[i];
        if (only ? e == only : !str_eq(e->name, STR(VAULT_MANAGEMENT_KEY)))
            q->at[q->count++] = (struct figure){.entry = e, .usage = e->usage, .source = "cache"};
    }
    return true;
}

static bool ask_one(struct asked *q, struct openrouter *api, struct figure *g, struct err *err)
{
    struct remote_key key;
    if (!remote_hash_is(g->entry->id))
        return true;
    switch (openrouter_get(api, q->cli->arena, g->entry->id, &key, err)) {
    case REMOTE_THERE:
        break;
    case REMOTE_GONE:
        g->gone = true;
        q->cli->status = ERR_DISAGREE;
        cli_warn(q->cli, "%s: OpenRouter does not know it: it was revoked (lean_vault doctor)",
                 text_shown(q->cli->arena, g->entry->name));
        return true;
    case REMOTE_FAILED:
    case REMOTE_UNKNOWN:
        err_context(err, "%s", text_shown(q->cli->arena, g->entry->name));
        return false;
    }
    struct usage said = sync_figures(&key, q->now);
    if (said.as_of == UTC_NONE)
        return true;
    g->usage = usage_merge(&g->entry->usage, &said);
    g->entry->usage = g->usage;
    g->source = "openrouter";
    return true;
}

/* What was learned is kept for --cached. */
static bool remember(struct asked *q, struct err *err)
{
    struct txn_result result;
    struct str *names = ARENA_ARRAY(q->cli->arena, q->count, struct str);
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->at[i].source, "openrouter") == 0)
            names[count++] = q->at[i].entry->name;
    if (count == 0)
        return true;
    const struct vault_change change = {
        .purpose = "get-usage", .names = names, .name_count = count};
    bool done = vault_change(q->f, &change, &result, err);
    say_warnings(q->cli, &result.warnings);
    return done;
}

static bool from_openrouter(struct asked *q, struct err *err)
{
    struct openrouter *api;
    if (!from_cache(q, err) || !(api = session_api(&q->session, err)))
        return false;
    for (size_t i = 0; i < q->count; i++)
        if (!ask_one(q, api, &q->at[i], err))
            return false;
    return remember(q, err);
}

static bool from_report(struct asked *q, const char *path, struct err *err)
{
    struct spend_report report;
    if (!from_cache(q, err) || !spend_report_read(path, q->cli->arena, &report, err))
        return false;
    for (size_t i = 0; i < q->count; i++) {
        q->at[i].source = "report";
        q->at[i].usage = spend_report_of(&report, q->at[i].entry->name);
    }
    if (!report.complete) {
        cli_warn(q->cli, "the report is incomplete: more may have been spent than it says");
        q->cli->status = ERR_INCOMPLETE;
    }
    return true;
}

/* ---- what is said ---- */

static void show_json(struct asked *q)
{
    struct buf *b = &q->cli->out;
    buf_text(b, "{\"keys\":[");
    for (size_t i = 0; i < q->count; i++) {
        const struct figure *g = &q->at[i];
        buf_text(b, i ? ",\n{\"name\":" : "\n{\"name\":");
        text_json(b, g->entry->name);
        buf_printf(b, ",\"source\":\"%s\",\"revoked\":%s", g->source, g->gone ? "true" : "false");
        json_money(b, "monthly_limit", g->entry->limits.monthly);
        json_money(b, "daily_limit", g->entry->limits.daily);
        json_usage(b, &g->entry->limits, &g->usage);
        json_age(b, g->usage.as_of, q->now);
        buf_byte(b, '}');
    }
    buf_text(b, q->count ? "\n]}\n" : "]}\n");
}

static void show_table(struct asked *q)
{
    static const char *const headings[] = {"name", "month",     "month_spend", "monthly_limit",
                                           "day",  "day_spend", "daily_limit", "as_of",
                                           "age",  "source"};
    struct table t = {.arena = q->cli->arena};
    char label[WINDOW_LABEL];
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < q->count; i++) {
        const struct figure *g = &q->at[i];
        const struct usage *u = &g->usage;
        bool known = u->as_of != UTC_NONE;
        table_text(&t, arena_copy(t.arena, g->entry->name));
        table_text(&t, arena_copy(t.arena, str_from(window_label(WINDOW_MONTH, u->as_of, label))));
        money_cell(&t, known ? u->month : MONEY_NONE);
        money_cell(&t, g->entry->limits.monthly);
        table_text(&t, arena_copy(t.arena, str_from(window_label(WINDOW_DAY, u->as_of, label))));
        money_cell(&t, known ? u->day : MONEY_NONE);
        money_cell(&t, g->entry->limits.daily);
        time_cell(&t, u->as_of);
        age_cell(&t, u->as_of, q->now);
        table_text(&t, str_from(g->gone ? "revoked" : g->source));
    }
    if (q->count == 0 && q->cli->format == TABLE_TEXT)
        buf_text(&q->cli->out, "no key in the vault\n");
    else
        table_write(&q->cli->out, &t, q->cli->format);
}

/* ---- --fail-at ---- */

static bool option_fail_at(struct asked *q, struct err *err)
{
    const char *given = cli_value(q->cli, OPT_FAIL_AT);
    int64_t share = 0;
    if (!given)
        return true;
    if (!money_parse(str_from(given), &share) || share <= 0 || share > THRESHOLD_WHOLE) {
        err_set(err, ERR_USAGE, 1125, "--fail-at takes a share of a limit, such as 0.8");
        return false;
    }
    q->fail_at = (uint32_t)share;
    return true;
}

static void judge(struct asked *q)
{
    for (size_t i = 0; q->fail_at && i < q->count; i++) {
        const struct figure *g = &q->at[i];
        const struct limits *l = &g->entry->limits;
        struct usage seen = usage_at(&g->usage, q->now);
        const char *name = text_shown(q->cli->arena, g->entry->name);
        if (limits_any(l) && !g->gone && seen.as_of == UTC_NONE) {
            cli_warn(q->cli, "%s: nothing is known of what it spent", name);
            q->cli->status = q->cli->status ? q->cli->status : ERR_STALE;
        }
        for (int w = 0; w < WINDOW_COUNT && seen.as_of != UTC_NONE; w++) {
            int64_t cap = limits_cap(l, (enum window)w);
            if (cap == MONEY_NONE ||
                usage_spent(&seen, (enum window)w) < threshold_amount(cap, q->fail_at))
                continue;
            cli_warn(q->cli, "%s: %s of its limit of the %s is spent", name,
                     cli_value(q->cli, OPT_FAIL_AT), window_name((enum window)w));
            q->cli->status = ERR_THRESHOLD;
        }
    }
}

bool command_get_usage(struct cli *cli, struct err *err)
{
    struct asked q = {.cli = cli, .now = sys->now()};
    const char *report = cli_value(cli, OPT_REPORT);
    bool cached = cli_flag(cli, OPT_CACHED);
    if (!option_fail_at(&q, err))
        return false;
    if (report && cached) {
        err_set(err, ERR_USAGE, 1126, "--cached and --report are two sources: give one");
        return false;
    }
    if (!session_open(&q.session, cli, report || cached ? VAULT_LOOK : VAULT_CHANGE, err))
        return false;
    q.f = &q.session.file;
    bool done = report   ? from_report(&q, report, err)
                : cached ? from_cache(&q, err)
                         : from_openrouter(&q, err);
    if (done) {
        judge(&q);
        if (cli->format == TABLE_JSON)
            show_json(&q);
        else
            show_table(&q);
    }
    session_close(&q.session);
    return done;
}

/* ---- the account ---- */

/* 0 of 0 is no balance: the account pays another way. */
static void show_credits(struct cli *cli, const struct remote_credits *c, int64_t now)
{
    bool balance = c->total != 0 || c->used != 0;
    int64_t left = balance ? c->total - c->used : MONEY_NONE;
    struct buf *b = &cli->out;
    char text[MONEY_TEXT], time[UTC_TEXT];
    if (cli->format == TABLE_JSON) {
        buf_printf(b, "{\"total_credits\":%s", money_text(c->total, text));
        json_money(b, "total_usage", c->used);
        json_money(b, "remaining", left);
        json_age(b, now, now);
        buf_text(b, "}\n");
        return;
    }
    buf_printf(b, "credits bought  %s\n", money_text(c->total, text));
    buf_printf(b, "credits used    %s\n", money_text(c->used, text));
    if (balance)
        buf_printf(b, "left            %s\n", money_text(left, text));
    else
        buf_text(b, "left            not known: 0 of 0 is no balance\n");
    buf_printf(b, "as of           %s (0 s ago)\n", utc_text(now, time));
}

bool command_usage(struct cli *cli, struct err *err)
{
    struct session s;
    struct openrouter *api;
    struct remote_credits credits;
    if (!session_open(&s, cli, VAULT_LOOK, err))
        return false;
    bool done = (api = session_api(&s, err)) != NULL && openrouter_credits(api, &credits, err);
    if (done)
        show_credits(cli, &credits, sys->now());
    session_close(&s);
    return done;
}
