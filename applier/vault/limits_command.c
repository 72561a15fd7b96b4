/* limits_command: `lean_vault update-limits KEY`: the vault first, then OpenRouter. */
#include "applier/vault/commands.h"
#include "applier/vault/session.h"
#include "applier/vault/show_figures.h"
#include "applier/vault/sync.h"
#include "common/sys.h"
#include "common/text.h"

/* What OpenRouter has to be told when the last limit is taken away: none. */
static void drop_limit(struct sync_key *k, const struct remote_limit *there)
{
    if (there->limit == MONEY_NONE && there->reset == RESET_NEVER)
        return;
    k->step.send_limit = true;
    k->target = (struct limit_target){.limit = MONEY_NONE, .reset = RESET_NEVER};
    k->action = k->step.enable ? SYNC_ENABLED : SYNC_LIMITED;
}

static bool remote_now(struct vault_entry *e, struct openrouter *api, struct arena *a,
                       struct remote_key *key, struct err *err)
{
    const char *name = text_shown(a, e->name);
    switch (openrouter_get(api, a, e->id, key, err)) {
    case REMOTE_THERE:
        return true;
    case REMOTE_GONE:
        err_set(err, ERR_DISAGREE, 1122, "OpenRouter does not know %s: it was revoked", name);
        err_hint(err, "lean_vault remove takes it out of the vault");
        return false;
    case REMOTE_FAILED:
    case REMOTE_UNKNOWN:
        break;
    }
    err_context(err, "%s: nothing was changed", name);
    return false;
}

static bool store(struct cli *cli, struct vault_file *f, const struct vault_entry *e,
                  struct err *err)
{
    struct txn_result result;
    const struct vault_change change = {
        .purpose = "update-limits", .names = &e->name, .name_count = 1};
    bool done = vault_change(f, &change, &result, err);
    say_warnings(cli, &result.warnings);
    return done;
}

static void show(struct cli *cli, const struct sync_key *k, int64_t now)
{
    const struct limits *l = &k->entry->limits;
    struct buf *b = &cli->out;
    char one[MONEY_TEXT], other[MONEY_TEXT];
    if (cli->format == TABLE_JSON) {
        buf_text(b, "{\"name\":");
        text_json(b, k->entry->name);
        buf_printf(b, ",\"action\":\"%s\"", sync_action_name(k->action));
        json_money(b, "monthly_limit", l->monthly);
        json_money(b, "daily_limit", l->daily);
        json_money(b, "remote_limit",
                   k->target.verdict == LIMIT_SEND ? k->target.limit : MONEY_NONE);
        json_usage(b, l, &k->entry->usage);
        json_age(b, k->entry->usage.as_of, now);
        buf_text(b, "}\n");
        return;
    }
    text_visible(b, k->entry->name);
    buf_printf(b, ": monthly limit %s, daily limit %s\n", money_text(l->monthly, one),
               money_text(l->daily, other));
    if (k->target.verdict == LIMIT_SEND)
        buf_printf(b, "at OpenRouter: %s, reset %s (%s)\n", money_text(k->target.limit, one),
                   limit_reset_name(k->target.reset), sync_action_name(k->action));
    else
        buf_printf(b, "at OpenRouter: %s\n",
                   k->target.verdict == LIMIT_DISABLE ? "disabled, as nothing is left"
                                                      : "no limit");
}

/* Behind the vault: what fails here is what sync will do. */
static bool carry_out(struct cli *cli, struct vault_file *f, struct sync_key *k,
                      struct openrouter *api, struct err *err)
{
    sync_carry_out(k, api, cli->arena);
    if (k->action == SYNC_FAILED || k->action == SYNC_GONE) {
        *err = k->why;
        if (k->action == SYNC_GONE)
            err_set(err, ERR_DISAGREE, 1122, "OpenRouter does not know the key any more");
        err_context(err, "the vault has the new limits, OpenRouter not yet (lean_vault sync)");
        return false;
    }
    if (!k->step.clear_record)
        return true;
    k->entry->limits.disabled = UTC_NONE;
    return store(cli, f, k->entry, err);
}

static bool update(struct cli *cli, struct vault_file *f, struct vault_entry *e,
                   struct openrouter *api, struct err *err)
{
    struct remote_key remote;
    struct sync_key k = {.entry = e};
    int64_t now = sys->now();
    bool had = limits_any(&e->limits);
    bool any;
    if (!remote_now(e, api, cli->arena, &remote, err) || !option_limits(cli, &e->limits, &any, err))
        return false;
    struct remote_limit there = sync_remote(&remote);
    sync_judge(&k, &remote, now);
    if (k.action == SYNC_NO_FIGURES) {
        err_set(err, ERR_REMOTE_REFUSED, 1123, "OpenRouter does not say what the key has spent");
        err_hint(err, "without its spend of the month no limit can be worked out; nothing was "
                      "changed");
        return false;
    }
    if (had && !limits_any(&e->limits))
        drop_limit(&k, &there);
    if (!store(cli, f, e, err))
        return false;
    cli->stands = true;
    if (!carry_out(cli, f, &k, api, err))
        return false;
    show(cli, &k, now);
    return true;
}

bool command_update_limits(struct cli *cli, struct err *err)
{
    struct session s;
    struct vault_entry *e;
    struct openrouter *api;
    struct limits asked = LIMITS_NONE;
    bool any;
    if (!option_limits(cli, &asked, &any, err))
        return false;
    if (!any) {
        err_set(err, ERR_USAGE, 1124, "nothing to change");
        err_hint(err, "give --monthly-limit, --daily-limit or --alert-threshold");
        return false;
    }
    if (!session_open(&s, cli, VAULT_CHANGE, err))
        return false;
    bool done = session_entry(&s, cli->arguments[0], &e, err) &&
                (api = session_api(&s, err)) != NULL && update(cli, &s.file, e, api, err);
    session_close(&s);
    return done;
}
