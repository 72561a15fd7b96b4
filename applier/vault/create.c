/* create: the note is on the disk before the POST, and again, with the hash, right behind it. */
#include "applier/vault/create.h"
#include "applier/vault/settle.h"
#include "common/text.h"

/* Nobody knows whether there is a key: found by its name, it is revoked, for its value is lost. */
static void clear_up(struct session *s, const struct intent *note, struct err *err)
{
    struct err why = *err;
    struct err failed = {0};
    *err = (struct err){0};
    err_set(err, why.kind > ERR_SIGNAL ? why.kind : ERR_REMOTE, 1064,
            "whether the key was made is not known: %s", why.text);
    switch (settle_one(s, note, &failed)) {
    case SETTLED_REVOKED:
        err_hint(err, "it had been made, and is revoked: a retry can help");
        break;
    case SETTLED_NONE:
    case SETTLED_KEPT:
        err_hint(err, "it had not been made: a retry can help");
        break;
    case SETTLED_WAITS:
    case SETTLED_FAILED:
        err_hint(err,
                 "a retry can help; if a key named \"%s\" appears, the next change or "
                 "lean_vault doctor revokes it",
                 text_shown(s->cli->arena, note->remote_name));
        break;
    }
}

bool create_begin(struct session *s, struct str name, const struct remote_change *change,
                  struct created *c, struct err *err)
{
    struct remote_change asked = *change;
    struct err unused = {0};
    struct openrouter *api = session_api(s, err);
    *c = (struct created){0};
    if (!api || !intent_begin(&s->file, name, &c->note, err))
        return false;
    asked.name = c->note.remote_name;
    switch (openrouter_create(api, s->cli->arena, &s->secrets, &asked, &c->key, &c->value, err)) {
    case REMOTE_THERE:
        break;
    case REMOTE_GONE:
    case REMOTE_FAILED:
        (void)intent_end(&s->file, &c->note, &unused); /* left behind, it is settled later */
        return false;
    case REMOTE_UNKNOWN:
        clear_up(s, &c->note, err);
        return false;
    }
    c->hash = c->key.hash;
    if (intent_made(&s->file, &c->note, c->hash, err))
        return true;
    create_end(s, c, TXN_NOTHING);
    return false;
}

void create_end(struct session *s, const struct created *c, enum txn_outcome outcome)
{
    struct err failed = {0};
    if (outcome == TXN_OPEN)
        return; /* recovery decides what the vault holds, and then the note is looked at */
    if (outcome == TXN_COMMITTED) {
        if (!intent_end(&s->file, &c->note, &failed))
            cli_warn(s->cli, "%s; the next change does it", failed.text);
        return;
    }
    if (s->api.transport)
        s->api.transport->stop = NULL; /* who asks to stop gets a vault without loose ends */
    if (settle_one(s, &c->note, &failed) == SETTLED_REVOKED)
        cli_say(s->cli, "the new key was revoked again");
    else
        cli_warn(s->cli,
                 "the new key (hash %s) could not be revoked (%s); the next change or lean_vault "
                 "doctor does it",
                 text_shown(s->cli->arena, c->hash), failed.text);
}
