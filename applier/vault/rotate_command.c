/*
 * rotate: a new value for a key, with the limits that it has; the old one is revoked last.
 *
 * Both values work until the new one is in the vault. The revocation is the act of that
 * transaction: whatever happens behind it, it is finished.
 */
#include "applier/vault/create.h"
#include "applier/vault/part_remote.h"
#include "common/sys.h"
#include "common/text.h"

struct rotation {
    struct session s;
    struct str name;
    struct str old_hash;
    struct remote_key old;
    enum remote_outcome found; /* THERE or GONE */
    struct created created;
    struct txn_result result;
};

/* The limit that OpenRouter has; of a key that is gone, what our caps come to. */
static struct remote_change limits_to_keep(const struct rotation *r, const struct vault_entry *e)
{
    struct remote_change change = {.expires = UTC_NONE};
    if (r->found == REMOTE_THERE) {
        change.has_limit = r->old.limit != MONEY_NONE;
        change.limit = r->old.limit;
        change.reset = r->old.reset;
        if (r->old.expires != UTC_NONE && r->old.expires > sys->now())
            change.expires = r->old.expires;
        return change;
    }
    const struct limit_target t = limits_target(&e->limits, &e->usage, sys->now());
    change.has_limit = t.verdict == LIMIT_SEND;
    change.limit = t.limit;
    change.reset = t.reset;
    return change;
}

/* A key that may not spend stays one that may not. */
static bool as_disabled_as_before(struct rotation *r, struct err *err)
{
    return r->found != REMOTE_THERE || r->old.disabled != REMOTE_YES ||
           openrouter_disable(&r->s.api, r->created.hash, err) == REMOTE_THERE;
}

static bool swap_in(struct rotation *r, struct vault_entry *e, struct err *err)
{
    struct part_remote revoke;
    struct vault_change change = {.purpose = "rotate", .names = &r->name, .name_count = 1};
    part_remote_make(&revoke, &r->s.api, r->s.cli->arena, r->old_hash, REVOKE_AFTER,
                     r->old.disabled);
    if (r->found == REMOTE_THERE) {
        change.act = &revoke.base;
        change.act_note = part_remote_note(&revoke, r->s.cli->arena);
    }
    e->id = r->created.hash;
    return vault_set_value(&r->s.file, e, r->created.value, err) &&
           vault_change(&r->s.file, &change, &r->result, err);
}

static void print_rotated(struct cli *cli, const struct rotation *r)
{
    struct buf *out = &cli->out;
    const char *old = r->found == REMOTE_GONE ? "already-revoked" : "revoked";
    if (cli->format == TABLE_JSON) {
        buf_text(out, "{\"key\":");
        text_json(out, r->name);
        buf_text(out, ",\"hash\":");
        text_json(out, r->created.hash);
        buf_text(out, ",\"old_hash\":");
        text_json(out, r->old_hash);
        buf_printf(out, ",\"old\":\"%s\",\"txid\":\"%s\"}\n", old, r->result.txid);
        return;
    }
    buf_text(out, "rotated ");
    text_visible(out, r->name);
    buf_text(out, ", hash ");
    text_visible(out, r->created.hash);
    buf_printf(out, "; the old key %s\n",
               r->found == REMOTE_GONE ? "was revoked already" : "is revoked");
}

static bool rotate(struct rotation *r, struct err *err)
{
    struct cli *cli = r->s.cli;
    struct vault_entry *e;
    struct openrouter *api;
    if (!session_entry(&r->s, cli->arguments[0], &e, err) || !(api = session_api(&r->s, err)))
        return false;
    r->name = e->name;
    r->old_hash = e->id;
    r->found = openrouter_get(api, cli->arena, e->id, &r->old, err);
    if (r->found == REMOTE_FAILED)
        return false;
    const struct remote_change change = limits_to_keep(r, e);
    if (!create_begin(&r->s, r->name, &change, &r->created, err))
        return false;
    bool done = as_disabled_as_before(r, err) && swap_in(r, e, err);
    cli->stands = done;
    say_warnings(cli, &r->result.warnings);
    create_end(&r->s, &r->created, r->result.outcome);
    return done;
}

bool command_rotate(struct cli *cli, struct err *err)
{
    struct rotation r = {0};
    if (!session_open(&r.s, cli, VAULT_CHANGE, err))
        return false;
    bool done = rotate(&r, err);
    if (done)
        print_rotated(cli, &r);
    session_close(&r.s);
    return done;
}
