/*
 * doctor_remote: whether OpenRouter and the vault agree.
 *
 * A list of keys is a first look only: what it lacks is asked for by its hash before anything is
 * said or done, and what the vault does not hold is never touched, for it may be another vault's.
 */
#include "applier/vault/doctor.h"
#include "applier/vault/part_remote.h"
#include "applier/vault/session.h"
#include "common/sys.h"
#include "common/text.h"

struct listed {
    struct remote_key *at;
    size_t count;
};

static const struct remote_key *key_of(const struct listed *l, struct str hash)
{
    for (size_t i = 0; i < l->count; i++)
        if (str_eq(l->at[i].hash, hash))
            return &l->at[i];
    return NULL;
}

/* THERE, GONE or FAILED; asked for by its hash where the list lacks it. */
static enum remote_outcome is_there(struct session *s, const struct listed *l, struct str hash,
                                    struct err *err)
{
    struct remote_key key;
    if (key_of(l, hash))
        return REMOTE_THERE;
    return openrouter_get(&s->api, s->cli->arena, hash, &key, err);
}

/* ---- the keys of the vault ---- */

static bool check_entries(struct session *s, const struct listed *l, struct findings *found,
                          struct err *err)
{
    const struct vault *v = &s->file.vault;
    for (size_t i = 0; i < v->count; i++) {
        const struct vault_entry *e = &v->entries[i];
        const struct remote_key *k = key_of(l, e->id);
        if (!remote_hash_is(e->id))
            continue; /* the local half says so */
        if (k && k->disabled == REMOTE_YES && e->limits.disabled == UTC_NONE)
            finding(found, FINDING_NOTE, 0, "disabled", e->name,
                    "the key is disabled at OpenRouter, and not by its limits",
                    "enable it in the settings of openrouter.ai, or lean_vault remove it");
        switch (is_there(s, l, e->id, err)) {
        case REMOTE_THERE:
            break;
        case REMOTE_GONE:
            finding(found, FINDING_ERROR, ERR_DISAGREE, "revoked", e->name,
                    arena_printf(s->cli->arena, "OpenRouter has no such key any more: hash %.*s",
                                 STR_ARG(e->id)),
                    "lean_vault rotate gives it a new value, lean_vault remove takes it out");
            break;
        case REMOTE_FAILED:
        case REMOTE_UNKNOWN:
            return false;
        }
    }
    return true;
}

/* ---- tombstones ---- */

/* True when it is to be revoked now. Without a person or --force nothing is. */
static bool may_revoke(struct session *s, const struct vault_tombstone *t)
{
    struct err no = {0};
    if (cli_flag(s->cli, OPT_FORCE))
        return true;
    if (!cli_has_person(s->cli))
        return false;
    return cli_ask(s->cli,
                   arena_printf(s->cli->arena,
                                "The key %s was taken out of the vault and is alive at OpenRouter "
                                "(hash %s). Revoke it? [yes/no]",
                                text_shown(s->cli->arena, t->name),
                                text_shown(s->cli->arena, t->id)),
                   &no);
}

/* GONE when the tombstone has done its duty. */
static enum remote_outcome look_at(struct session *s, const struct listed *l,
                                   const struct vault_tombstone *t, struct findings *found,
                                   struct err *err)
{
    struct arena *a = s->cli->arena;
    const char *hash = text_shown(a, t->id);
    enum remote_outcome outcome = remote_hash_is(t->id) ? is_there(s, l, t->id, err) : REMOTE_THERE;
    if (outcome == REMOTE_THERE && remote_hash_is(t->id) && may_revoke(s, t)) {
        if (!remote_revoke(&s->api, a, t->id, err))
            return REMOTE_FAILED;
        finding(found, FINDING_NOTE, 0, "tombstone", t->name,
                arena_printf(a, "the key is now revoked: hash %s", hash), "nothing is left to do");
        return REMOTE_GONE;
    }
    if (outcome == REMOTE_THERE)
        finding(found, FINDING_ERROR, ERR_DISAGREE, "tombstone", t->name,
                arena_printf(a, "taken out of the vault and alive at OpenRouter: hash %s", hash),
                "lean_vault doctor --force revokes it");
    else if (outcome == REMOTE_GONE)
        finding(found, FINDING_NOTE, 0, "tombstone", t->name,
                arena_printf(a, "the key is revoked: hash %s", hash), "nothing is left to do");
    return outcome;
}

/* Each in its turn; those that are done with leave the vault together, in one change. */
static bool check_tombstones(struct session *s, const struct listed *l, struct findings *found,
                             struct err *err)
{
    struct vault *v = &s->file.vault;
    struct txn_result result = {0};
    struct str *names = ARENA_ARRAY(s->cli->arena, v->tombstone_count + 1, struct str);
    size_t gone = 0;
    bool done = true;
    for (size_t i = 0; done && i < v->tombstone_count;) {
        struct vault_tombstone *t = &v->tombstones[i];
        switch (look_at(s, l, t, found, err)) {
        case REMOTE_GONE:
            names[gone++] = arena_copy(s->cli->arena, t->name);
            vault_exhume(v, t);
            break;
        case REMOTE_THERE:
            i++;
            break;
        case REMOTE_FAILED:
        case REMOTE_UNKNOWN:
            done = false;
            break;
        }
    }
    if (gone == 0)
        return done;
    struct err failed = {0};
    const struct vault_change change = {.purpose = "doctor", .names = names, .name_count = gone};
    if (!vault_change(&s->file, &change, &result, &failed)) {
        if (done)
            *err = failed;
        done = false;
    }
    say_warnings(s->cli, &result.warnings);
    return done;
}

/* ---- keys that no vault holds ---- */

static bool is_known(struct session *s, struct str hash, const struct intent *notes, size_t count,
                     struct str name)
{
    const struct vault *v = &s->file.vault;
    for (size_t i = 0; i < v->count; i++)
        if (str_eq(v->entries[i].id, hash))
            return true;
    for (size_t i = 0; i < v->tombstone_count; i++)
        if (str_eq(v->tombstones[i].id, hash))
            return true;
    for (size_t i = 0; i < count; i++)
        if (str_eq(notes[i].remote_name, name))
            return true;
    return false;
}

/* A key with our mark is one that lean_vault made; any other is only said to be there. */
static void check_orphans(struct session *s, const struct listed *l, struct findings *found)
{
    struct intent *notes;
    size_t count;
    struct err unread = {0};
    struct arena *a = s->cli->arena;
    if (!intents_read(&s->file, &notes, &count, &unread))
        finding(found, FINDING_ERROR, ERR_CORRUPT, "intent", STR(VAULT_INTENTS), unread.text,
                unread.hint);
    for (size_t i = 0; i < count; i++)
        if (notes[i].remote_name.len)
            finding(found, FINDING_WARNING, 0, "intent", notes[i].key,
                    arena_printf(a, "a creation was interrupted; its name is \"%s\"",
                                 text_shown(a, notes[i].remote_name)),
                    "later changes look again");
    for (size_t i = 0; i < l->count; i++) {
        const struct remote_key *k = &l->at[i];
        struct str key;
        bool ours = remote_name_key(k->name, &key);
        if (is_known(s, k->hash, notes, count, k->name))
            continue;
        finding(found, ours ? FINDING_WARNING : FINDING_NOTE, 0, "orphan", k->name,
                arena_printf(a, "%s, and this vault does not hold it: hash %s",
                             ours ? "lean_vault made it" : "it is alive at OpenRouter",
                             text_shown(a, k->hash)),
                "if no other vault or host has it, revoke it in the settings of openrouter.ai");
    }
}

bool doctor_remote(struct session *s, struct findings *found, struct err *err)
{
    struct listed l = {0};
    if (!session_api(s, err) || !openrouter_list(&s->api, s->cli->arena, &l.at, &l.count, err) ||
        !check_entries(s, &l, found, err))
        return false;
    check_orphans(s, &l, found);
    return check_tombstones(s, &l, found, err);
}
