/* sync_command: `lean_vault sync`: list, judge, write, carry out, alert, report. */
#include "applier/vault/alert_file.h"
#include "applier/vault/commands.h"
#include "applier/vault/session.h"
#include "applier/vault/show_figures.h"
#include "applier/vault/sync.h"
#include "common/sys.h"
#include "common/text.h"

struct round {
    struct cli *cli;
    struct vault_file *f;
    struct openrouter *api;
    struct sync_key *keys;
    size_t count;
    int64_t now;
    size_t raised, told, pending; /* alerts */
};

/* ---- what OpenRouter says ---- */

static const struct remote_key *listed(const struct remote_key *keys, size_t count, struct str hash)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(keys[i].hash, hash))
            return &keys[i];
    return NULL;
}

/* One that the list lacks is asked for by its hash: absence from a list proves nothing. */
static void look(struct round *r, struct sync_key *k, const struct remote_key *found)
{
    struct remote_key asked;
    if (!remote_hash_is(k->entry->id)) {
        k->action = SYNC_NO_HASH;
        return;
    }
    if (!found) {
        switch (openrouter_get(r->api, r->cli->arena, k->entry->id, &asked, &k->why)) {
        case REMOTE_THERE:
            found = &asked;
            break;
        case REMOTE_GONE:
            k->action = SYNC_GONE;
            return;
        case REMOTE_FAILED:
        case REMOTE_UNKNOWN:
            k->action = SYNC_FAILED;
            return;
        }
    }
    sync_judge(k, found, r->now);
}

static bool look_at_all(struct round *r, struct err *err)
{
    struct vault *v = &r->f->vault;
    struct remote_key *remote;
    size_t remote_count;
    if (!openrouter_list(r->api, r->cli->arena, &remote, &remote_count, err))
        return false;
    r->keys = ARENA_ARRAY(r->cli->arena, v->count, struct sync_key);
    for (size_t i = 0; i < v->count; i++) {
        struct vault_entry *e = &v->entries[i];
        if (str_eq(e->name, STR(VAULT_MANAGEMENT_KEY)))
            continue;
        r->keys[r->count] = (struct sync_key){.entry = e, .limit_before = MONEY_NONE};
        look(r, &r->keys[r->count++], listed(remote, remote_count, e->id));
    }
    return true;
}

/* ---- what is kept ---- */

static bool store(struct round *r, struct err *err)
{
    struct txn_result result;
    struct str *names = ARENA_ARRAY(r->cli->arena, r->count, struct str);
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->keys[i].news)
            names[count++] = r->keys[i].entry->name;
        r->keys[i].news = false;
    }
    if (count == 0)
        return true;
    const struct vault_change change = {.purpose = "sync", .names = names, .name_count = count};
    bool done = vault_change(r->f, &change, &result, err);
    say_warnings(r->cli, &result.warnings);
    return done;
}

static bool carry_out(struct round *r, struct err *err)
{
    for (size_t i = 0; i < r->count; i++) {
        struct sync_key *k = &r->keys[i];
        sync_carry_out(k, r->api, r->cli->arena);
        if (k->step.clear_record && k->action != SYNC_FAILED && k->action != SYNC_GONE) {
            k->entry->limits.disabled = UTC_NONE;
            k->news = true;
        }
    }
    return store(r, err);
}

static bool alert(struct round *r, struct err *err)
{
    struct alerts list;
    size_t added;
    const struct alert **due;
    if (!alert_file_read(r->f->dir, r->cli->arena, &list, err))
        return false;
    for (size_t i = 0; i < r->count; i++) {
        const struct vault_entry *e = r->keys[i].entry;
        const struct alert_subject s = {e->name, e->id, &e->limits, &e->usage};
        if (r->keys[i].action == SYNC_GONE)
            continue;
        if (!alerts_judge(&list, &s, r->now, &added, err))
            return false;
        r->raised += added;
    }
    bool done = alert_file_tell(r->cli, r->f->dir, &list, &r->told, err);
    r->pending = alerts_due(&list, r->cli->arena, &due);
    return done;
}

/* ---- what is said ---- */

static int64_t limit_now(const struct sync_key *k)
{
    return k->target.verdict == LIMIT_SEND && k->action != SYNC_FAILED ? k->target.limit
                                                                       : k->limit_before;
}

static void show_json(struct round *r)
{
    struct buf *b = &r->cli->out;
    char time[UTC_TEXT];
    buf_printf(b, "{\"time\":\"%s\",\"keys\":[", utc_text(r->now, time));
    for (size_t i = 0; i < r->count; i++) {
        const struct sync_key *k = &r->keys[i];
        buf_text(b, i ? ",\n{\"name\":" : "\n{\"name\":");
        text_json(b, k->entry->name);
        buf_printf(b, ",\"action\":\"%s\"", sync_action_name(k->action));
        json_money(b, "limit_before", k->limit_before);
        json_money(b, "limit", limit_now(k));
        json_usage(b, &k->entry->limits, &k->entry->usage);
        json_age(b, k->entry->usage.as_of, r->now);
        json_time(b, "disabled_by_us", k->entry->limits.disabled);
        buf_text(b, ",\"error\":");
        if (err_is(&k->why))
            text_json(b, str_from(k->why.text));
        else
            buf_text(b, "null");
        buf_byte(b, '}');
    }
    buf_printf(b, "%s],\"alerts\":{\"raised\":%zu,\"delivered\":%zu,\"pending\":%zu}}\n",
               r->count ? "\n" : "", r->raised, r->told, r->pending);
}

static void show_table(struct round *r)
{
    static const char *const headings[] = {"name",        "action",     "limit_before",
                                           "limit",       "month_left", "day_spend",
                                           "month_spend", "as_of",      "age"};
    struct table t = {.arena = r->cli->arena};
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < r->count; i++) {
        const struct sync_key *k = &r->keys[i];
        const struct usage *u = &k->entry->usage;
        bool known = u->as_of != UTC_NONE;
        table_text(&t, arena_copy(t.arena, k->entry->name));
        table_text(&t, str_from(sync_action_name(k->action)));
        money_cell(&t, k->limit_before);
        money_cell(&t, limit_now(k));
        money_cell(&t, known ? limits_left(&k->entry->limits, u, WINDOW_MONTH) : MONEY_NONE);
        money_cell(&t, known ? u->day : MONEY_NONE);
        money_cell(&t, known ? u->month : MONEY_NONE);
        time_cell(&t, u->as_of);
        age_cell(&t, u->as_of, r->now);
    }
    if (r->count == 0 && r->cli->format == TABLE_TEXT)
        buf_text(&r->cli->out, "no key in the vault\n");
    else
        table_write(&r->cli->out, &t, r->cli->format);
}

/* The exit status of what went wrong with single keys, which ended nothing. */
static void judge_round(struct round *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct sync_key *k = &r->keys[i];
        const char *name = text_shown(r->cli->arena, k->entry->name);
        if (k->action == SYNC_FAILED) {
            cli_warn(r->cli, "%s: %s", name, k->why.text);
            if (r->cli->status == 0)
                r->cli->status = k->why.kind;
        }
        if (k->action == SYNC_GONE)
            cli_warn(r->cli, "%s: OpenRouter does not know it: it was revoked (lean_vault doctor)",
                     name);
        if (k->action == SYNC_NO_FIGURES)
            cli_warn(r->cli, "%s: OpenRouter does not say what it spent: its limit stays", name);
        if ((k->action == SYNC_GONE || k->action == SYNC_NO_FIGURES) && r->cli->status == 0)
            r->cli->status = ERR_DISAGREE;
    }
}

/* Each part is tried, whatever became of the one before: a full disk must not keep alerts back. */
static bool run(struct round *r, struct err *err)
{
    struct err alert_err = {0};
    if (!look_at_all(r, err))
        return false;
    bool done = store(r, err) && carry_out(r, err);
    bool told = alert(r, &alert_err);
    if (done && !told)
        *err = alert_err;
    else if (!told)
        cli_print_error(r->cli, &alert_err);
    if (r->cli->format == TABLE_JSON && done && told)
        show_json(r);
    else if (r->cli->format != TABLE_JSON)
        show_table(r);
    judge_round(r);
    return done && told;
}

bool command_sync(struct cli *cli, struct err *err)
{
    struct session s;
    struct round r = {.cli = cli, .f = &s.file, .now = sys->now()};
    if (!session_open(&s, cli, VAULT_CHANGE, err))
        return false;
    r.api = session_api(&s, err);
    bool done = r.api && run(&r, err);
    session_close(&s);
    return done;
}
