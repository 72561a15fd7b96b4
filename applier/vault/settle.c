/* settle: by hash, else by name; the note goes last. */
#include "applier/vault/settle.h"
#include "applier/vault/part_remote.h"
#include "common/sys.h"
#include "common/text.h"

static bool vault_has(const struct vault *v, struct str hash)
{
    for (size_t i = 0; i < v->count; i++)
        if (str_eq(v->entries[i].id, hash))
            return true;
    return false;
}

/* Every key of that name: there is one, unless somebody gave another the same on purpose. */
static enum settled revoke_by_name(struct session *s, struct openrouter *api,
                                   const struct intent *it, struct err *err)
{
    struct remote_key *keys;
    size_t count;
    enum settled settled = SETTLED_WAITS;
    if (!openrouter_list(api, s->cli->arena, &keys, &count, err))
        return SETTLED_FAILED;
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(keys[i].name, it->remote_name) || vault_has(&s->file.vault, keys[i].hash))
            continue;
        if (!remote_revoke(api, s->cli->arena, keys[i].hash, err))
            return SETTLED_FAILED;
        settled = SETTLED_REVOKED;
    }
    /* A clock that was set back makes it wait, never forget. */
    if (settled == SETTLED_WAITS && sys->now() - it->begun > SETTLE_SECONDS)
        settled = SETTLED_NONE;
    return settled;
}

static enum settled find_out(struct session *s, const struct intent *it, struct err *err)
{
    if (it->hash.len && vault_has(&s->file.vault, it->hash))
        return SETTLED_KEPT;
    struct openrouter *api = session_api(s, err);
    if (!api)
        return SETTLED_FAILED;
    if (!it->hash.len)
        return revoke_by_name(s, api, it, err);
    return remote_revoke(api, s->cli->arena, it->hash, err) ? SETTLED_REVOKED : SETTLED_FAILED;
}

enum settled settle_one(struct session *s, const struct intent *it, struct err *err)
{
    enum settled settled = find_out(s, it, err);
    if (settled == SETTLED_WAITS || settled == SETTLED_FAILED)
        return settled;
    return intent_end(&s->file, it, err) ? settled : SETTLED_FAILED;
}

static void say(struct session *s, const struct intent *it, enum settled settled,
                const struct err *failed)
{
    const char *key = text_shown(s->cli->arena, it->key);
    switch (settled) {
    case SETTLED_KEPT:
        break;
    case SETTLED_REVOKED:
        cli_say(s->cli, "recovery: a new key for %s was not in the vault and is revoked", key);
        break;
    case SETTLED_NONE:
        cli_say(s->cli, "recovery: a new key for %s never came to be", key);
        break;
    case SETTLED_WAITS:
        cli_warn(s->cli,
                 "a new key for %s may have been made and is not listed (yet); its name is \"%s\", "
                 "and later commands look again",
                 key, text_shown(s->cli->arena, it->remote_name));
        break;
    case SETTLED_FAILED:
        cli_warn(s->cli,
                 "a new key for %s may live at OpenRouter under the name \"%s\"; it could not be "
                 "revoked now (%s); later commands and lean_vault doctor try again",
                 key, text_shown(s->cli->arena, it->remote_name), failed->text);
        break;
    }
}

void settle_intents(struct session *s)
{
    struct intent *list;
    size_t count;
    struct err unread = {0};
    bool reachable = true;
    if (!intents_read(&s->file, &list, &count, &unread))
        cli_warn(s->cli, "%s", unread.text);
    for (size_t i = 0; i < count && reachable; i++) {
        struct err failed = {0};
        if (list[i].remote_name.len == 0)
            continue; /* the one that could not be read */
        enum settled settled = settle_one(s, &list[i], &failed);
        say(s, &list[i], settled, &failed);
        reachable = settled != SETTLED_FAILED;
    }
}

void settle_say_pending(struct session *s)
{
    struct intent *list;
    size_t count;
    struct err unread = {0};
    if (!intents_read(&s->file, &list, &count, &unread))
        cli_warn(s->cli, "%s", unread.text);
    for (size_t i = 0; i < count; i++)
        cli_warn(s->cli, "a creation of a key for %s was interrupted; the next change settles it",
                 text_shown(s->cli->arena, list[i].key));
}
