/*
 * remove: a key leaves the vault and is revoked at OpenRouter.
 *
 * Found in the vault, asked for at OpenRouter, shown, confirmed; then disable -> vault -> delete in
 * one transaction, whose act is the revocation (part_remote.h). A key that was revoked before is
 * taken out of the vault. --local-only sends nothing and leaves a tombstone with the hash.
 *
 * The question is asked while no lock is held; what was found is found out again behind it.
 */
#include "applier/vault/part_remote.h"
#include "applier/vault/session.h"
#include "common/sys.h"
#include "common/text.h"

enum removal_way { REMOVE_BOTH, REMOVE_LOCALLY };

struct removal {
    struct cli *cli;
    struct session s;
    enum removal_way way;
    struct str name, hash; /* in the run arena */
    struct remote_key key; /* of OpenRouter; where it was found */
    enum remote_outcome found;
    int64_t asked_at; /* when OpenRouter said so */
};

/* ---- what will happen ---- */

static void show_money(struct buf *out, const char *what, int64_t amount, const char *rest)
{
    char text[MONEY_TEXT];
    if (amount != MONEY_NONE)
        buf_printf(out, "  %s: %s USD%s\n", what, money_text(amount, text), rest);
}

static void show_caps(struct buf *out, const struct limits *l)
{
    show_money(out, "monthly limit", l->monthly, "");
    show_money(out, "daily limit", l->daily, "");
}

/* Spend that is not known counts as spend. */
static bool in_use(const struct removal *r)
{
    return r->found == REMOTE_THERE && r->key.usage_daily != 0;
}

static void show_remote(const struct removal *r, struct buf *out)
{
    char age[32], utc[UTC_TEXT];
    const char *reset = limit_reset_name(r->key.reset);
    buf_text(out, "  at OpenRouter: name \"");
    text_visible(out, r->key.name);
    buf_text(out, "\", label ");
    text_visible(out, r->key.label);
    buf_printf(out, ", %s\n", r->key.disabled == REMOTE_YES ? "disabled" : "enabled");
    show_money(out, "limit at OpenRouter", r->key.limit,
               reset ? arena_printf(r->cli->arena, ", reset %s", reset) : "");
    if (r->key.usage_daily == MONEY_NONE)
        buf_text(out, "  spent today: not known; counted as STILL IN USE\n");
    else
        show_money(out, "spent today", r->key.usage_daily,
                   arena_printf(r->cli->arena, ", as of %s (%s ago)%s", utc_text(r->asked_at, utc),
                                utc_age(sys->now() - r->asked_at, age),
                                in_use(r) ? ": STILL IN USE" : ""));
}

static void show_removal(const struct removal *r, const struct vault_entry *e)
{
    struct buf *out = &r->cli->out;
    if (r->cli->format != TABLE_TEXT)
        return;
    buf_text(out, "remove ");
    text_visible(out, r->name);
    buf_text(out, "\n  hash: ");
    text_visible(out, r->hash.len ? r->hash : STR("none"));
    buf_byte(out, '\n');
    show_caps(out, &e->limits);
    if (r->way == REMOVE_LOCALLY) {
        buf_printf(out, "  it stays alive at OpenRouter; %s\n",
                   r->hash.len ? "a tombstone in the vault keeps its hash"
                               : "the vault does not know its hash");
        return;
    }
    if (r->found == REMOTE_GONE) {
        buf_text(out, "  at OpenRouter: already revoked\n  it is taken out of the vault\n");
        return;
    }
    show_remote(r, out);
    buf_text(out, "  it is disabled, taken out of the vault, and deleted at OpenRouter: whatever "
                  "uses it stops working, for good\n");
}

/* The entry, and what OpenRouter has of it. */
static bool find_out(struct removal *r, struct vault_entry **e, struct err *err)
{
    const char *name = r->cli->arguments[0];
    bool known = r->way == REMOVE_LOCALLY ? vault_entry_of(&r->s.file, name, e, err)
                                          : session_entry(&r->s, name, e, err);
    if (!known)
        return false;
    r->name = arena_copy(r->cli->arena, (*e)->name);
    r->hash = arena_copy(r->cli->arena, (*e)->id);
    if (r->way == REMOVE_LOCALLY)
        return true;
    struct openrouter *api = session_api(&r->s, err);
    if (!api)
        return false;
    r->found = openrouter_get(api, r->cli->arena, r->hash, &r->key, err);
    r->asked_at = sys->now();
    if (r->found != REMOTE_FAILED)
        return true;
    err_context(err, "remove %s", text_shown(r->cli->arena, r->name));
    cli_say(r->cli, "nothing was changed; --local-only takes the key out of the vault and leaves "
                    "it alive, on record");
    return false;
}

static bool look(struct removal *r, enum vault_use use, struct err *err)
{
    struct vault_entry *e;
    if (!session_open(&r->s, r->cli, use, err))
        return false;
    bool done = find_out(r, &e, err);
    if (done)
        show_removal(r, e);
    session_close(&r->s);
    return done;
}

static bool confirm(struct removal *r, struct err *err)
{
    struct cli *cli = r->cli;
    if (!cli_flush(cli, err))
        return false;
    if (in_use(r))
        return cli_ask_text(cli,
                            arena_printf(cli->arena,
                                         "It is still in use. Type its name, %s, to "
                                         "revoke it all the same:",
                                         text_shown(cli->arena, r->name)),
                            arena_text(cli->arena, r->name), err);
    return cli_ask(cli, "Remove this key? [yes/no]", err);
}

/* ---- doing it ---- */

static bool as_it_was(const struct removal *r, struct str hash, bool was_in_use, struct err *err)
{
    if (str_eq(r->hash, hash) && (was_in_use || !in_use(r)))
        return true;
    err_set(err, ERR_STALE, 1077, "%s changed while the question stood: %s",
            text_shown(r->cli->arena, r->name),
            str_eq(r->hash, hash) ? "it is in use now" : "it is another key now");
    err_hint(err, "nothing was changed; run the command again");
    return false;
}

static bool take_out(struct removal *r, struct vault_entry *e, struct txn_result *result,
                     struct err *err)
{
    struct part_remote revoke;
    struct vault_change change = {.purpose = "remove", .names = &r->name, .name_count = 1};
    if (r->way == REMOVE_BOTH && r->found == REMOTE_THERE) {
        part_remote_make(&revoke, &r->s.api, r->cli->arena, r->hash, REVOKE_DISABLES,
                         r->key.disabled);
        change.act = &revoke.base;
        change.act_note = part_remote_note(&revoke, r->cli->arena);
    }
    vault_drop(&r->s.file.vault, e);
    if (r->way == REMOVE_LOCALLY && r->hash.len)
        vault_bury(&r->s.file.vault, r->name, r->hash, sys->now());
    bool done = vault_change(&r->s.file, &change, result, err);
    r->cli->stands = done;
    say_warnings(r->cli, &result->warnings);
    if (!done)
        err_context(err, "remove %s", text_shown(r->cli->arena, r->name));
    return done;
}

static void print_removed(const struct removal *r, const char *txid)
{
    struct cli *cli = r->cli;
    const char *how = r->way == REMOVE_LOCALLY  ? "local-only"
                      : r->found == REMOTE_GONE ? "already-revoked"
                                                : "revoked";
    if (cli->format == TABLE_JSON) {
        buf_text(&cli->out, "{\"key\":");
        text_json(&cli->out, r->name);
        buf_text(&cli->out, ",\"hash\":");
        text_json(&cli->out, r->hash);
        buf_printf(&cli->out, ",\"result\":\"%s\",\"dry_run\":%s,\"txid\":", how,
                   txid ? "false" : "true");
        if (txid)
            buf_printf(&cli->out, "\"%s\"}\n", txid);
        else
            buf_text(&cli->out, "null}\n");
        return;
    }
    if (!txid) {
        buf_text(&cli->out, "dry run: nothing was changed\n");
        return;
    }
    buf_text(&cli->out, "removed ");
    text_visible(&cli->out, r->name);
    buf_printf(&cli->out, ", transaction %s\n", txid);
    if (r->way == REMOVE_LOCALLY)
        cli_say(cli, "the key is alive at OpenRouter; lean_vault doctor lists it");
    else if (r->found == REMOTE_GONE)
        cli_say(cli, "note: it had been revoked at OpenRouter already");
}

static bool change_it(struct removal *r, bool asked, struct err *err)
{
    struct txn_result result = {0};
    struct vault_entry *e;
    struct str hash = r->hash;
    bool was_in_use = in_use(r);
    if (!session_open(&r->s, r->cli, VAULT_CHANGE, err))
        return false;
    bool done = find_out(r, &e, err);
    if (done && asked)
        done = as_it_was(r, hash, was_in_use, err);
    if (done && !asked)
        show_removal(r, e);
    done = done && take_out(r, e, &result, err);
    if (done)
        print_removed(r, result.txid);
    session_close(&r->s);
    return done;
}

bool command_remove(struct cli *cli, struct err *err)
{
    struct removal r = {.cli = cli,
                        .way = cli_flag(cli, OPT_LOCAL_ONLY) ? REMOVE_LOCALLY : REMOVE_BOTH};
    if (cli_value(cli, OPT_SPOOL))
        return remove_by_spool(cli, err);
    if (cli_flag(cli, OPT_DRY_RUN)) {
        bool seen = look(&r, VAULT_LOOK, err);
        if (seen)
            print_removed(&r, NULL);
        return seen;
    }
    bool asked = !cli_flag(cli, OPT_FORCE);
    if (asked && !(look(&r, VAULT_CHANGE, err) && confirm(&r, err)))
        return false;
    return change_it(&r, asked, err);
}
