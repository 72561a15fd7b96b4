/* part_remote: every step may be repeated, and a key that is gone is no failure of any. */
#include "applier/vault/part_remote.h"
#include "common/text.h"

enum { DELETE_ATTEMPTS = 3 };

static struct part_remote *self(struct participant *p)
{
    return (struct part_remote *)p;
}

static bool prepare(struct participant *base, struct err *err)
{
    struct part_remote *p = self(base);
    struct remote_key key;
    return openrouter_get(p->api, p->arena, p->hash, &key, err) != REMOTE_FAILED;
}

static bool unchanged(struct participant *base, struct err *err)
{
    (void)base, (void)err;
    return true;
}

/* Behind COMMIT a signal waits for END. */
static struct part_remote *decided(struct participant *base)
{
    struct part_remote *p = self(base);
    p->api->transport->stop = NULL;
    return p;
}

static bool commit(struct participant *base, struct err *err)
{
    struct part_remote *p = decided(base);
    return p->way == REVOKE_AFTER || p->was_disabled == REMOTE_YES ||
           openrouter_disable(p->api, p->hash, err) != REMOTE_FAILED;
}

static bool rollback(struct participant *base, struct err *err)
{
    struct part_remote *p = decided(base);
    return p->way == REVOKE_AFTER || p->was_disabled == REMOTE_YES ||
           openrouter_enable(p->api, p->hash, err) != REMOTE_FAILED;
}

bool remote_revoke(struct openrouter *api, struct arena *a, struct str hash, struct err *err)
{
    for (unsigned i = 0; i < DELETE_ATTEMPTS; i++) {
        struct remote_key key;
        if (openrouter_delete(api, hash, err) == REMOTE_FAILED)
            return false;
        switch (openrouter_get(api, a, hash, &key, err)) {
        case REMOTE_GONE:
            return true;
        case REMOTE_THERE:
            break;
        case REMOTE_FAILED:
        case REMOTE_UNKNOWN:
            return false;
        }
    }
    err_set(err, ERR_DISAGREE, 1074, "OpenRouter says that the key is deleted, and still has it");
    err_hint(err, "a retry can help later");
    return false;
}

static bool finish(struct participant *base, struct txn_notes *notes, struct err *err)
{
    struct part_remote *p = decided(base);
    (void)notes;
    return remote_revoke(p->api, p->arena, p->hash, err);
}

static bool unstage(struct participant *base, struct err *err)
{
    (void)base, (void)err;
    return true; /* prepare only looked */
}

static bool discard(struct participant *base, struct txn_notes *notes, struct err *err)
{
    (void)base, (void)notes, (void)err;
    return true;
}

static void release(struct participant *base)
{
    (void)base; /* all of it is borrowed */
}

void part_remote_make(struct part_remote *p, struct openrouter *api, struct arena *a,
                      struct str hash, enum revoke_way way, enum remote_flag was_disabled)
{
    static const struct participant_ops ops = {.prepare = prepare,
                                               .unchanged = unchanged,
                                               .commit = commit,
                                               .rollback = rollback,
                                               .finish = finish,
                                               .unstage = unstage,
                                               .discard = discard,
                                               .release = release};
    *p = (struct part_remote){.base = {.ops = &ops, .name = "the key at OpenRouter"},
                              .api = api,
                              .arena = a,
                              .hash = hash,
                              .way = way,
                              .was_disabled = was_disabled};
}

/* "revoke HASH disables|after enabled|disabled" */
struct str part_remote_note(const struct part_remote *p, struct arena *a)
{
    return str_from(arena_printf(a, "revoke %.*s %s %s", STR_ARG(p->hash),
                                 p->way == REVOKE_AFTER ? "after" : "disables",
                                 p->was_disabled == REMOTE_YES ? "disabled" : "enabled"));
}

bool part_remote_read(struct part_remote *p, struct openrouter *api, struct arena *a,
                      struct str note, struct err *err)
{
    struct str verb, hash, way, was, rest = note;
    str_cut(rest, ' ', &verb, &rest);
    str_cut(rest, ' ', &hash, &rest);
    str_cut(rest, ' ', &way, &was);
    bool after = str_eq(way, STR("after"));
    bool disabled = str_eq(was, STR("disabled"));
    if (!str_eq(verb, STR("revoke")) || !remote_hash_is(hash) ||
        !(after || str_eq(way, STR("disables"))) || !(disabled || str_eq(was, STR("enabled")))) {
        err_set(err, ERR_CORRUPT, 1073, "the journal notes an act that is not known: %s",
                text_shown(a, note));
        return false;
    }
    part_remote_make(p, api, a, arena_copy(a, hash), after ? REVOKE_AFTER : REVOKE_DISABLES,
                     disabled ? REMOTE_YES : REMOTE_NO);
    return true;
}
