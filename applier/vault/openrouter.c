/* openrouter: one loop that sends, waits and sends again; the calls say what an answer means. */
#include "applier/vault/openrouter.h"
#include "applier/vault/backoff.h"
#include "common/sys.h"
#include "common/text.h"

#include <stdio.h>

enum { OK = 200, CREATED = 201, NOT_FOUND = 404, SLICE_MS = 200, PATH_ROOM = 512 };

enum repeating { REPEAT_SAFE, REPEAT_CREATES };

struct call {
    struct transport_request q;
    enum repeating repeating;
    struct arena scratch; /* wipes; answers and bodies */
    struct transport_answer answer;
};

/* ---- one attempt ---- */

enum attempt { DONE, AGAIN, NO_MORE, UNKNOWN };

static const char *server_said(struct call *c)
{
    const char *said = answer_says(&c->scratch, c->answer.body);
    return said[0] ? arena_printf(&c->scratch, " (%s)", said) : "";
}

static enum attempt refused(struct call *c, struct err *err)
{
    unsigned status = c->answer.status;
    const char *said = server_said(c);
    switch (status) {
    case 401:
        err_set(err, ERR_REMOTE_REFUSED, 1060, "OpenRouter does not accept the management key%s",
                said);
        err_hint(err, "a retry does not help: see whether the key was revoked or belongs to "
                      "another account");
        break;
    case 402:
    case 403:
        err_set(err, ERR_REMOTE_REFUSED, 1061, "OpenRouter forbids it, status %u%s", status, said);
        err_hint(err, "a retry does not help: the key may be no management key, or its account is "
                      "over a limit");
        break;
    default:
        err_set(err, ERR_REMOTE_REFUSED, 1062, "OpenRouter refuses it, status %u%s", status, said);
        err_hint(err, "a retry does not help");
        break;
    }
    return NO_MORE;
}

/* What the status says of one attempt; 404 is left to the call. */
static enum attempt judge(struct call *c, struct err *err)
{
    switch (c->answer.status) {
    case OK:
    case CREATED:
    case NOT_FOUND:
        return DONE;
    case 429:
        err_set(err, ERR_REMOTE_LIMIT, 1065, "OpenRouter has had too many requests%s",
                server_said(c));
        if (c->answer.retry_after)
            err_hint(err, "a retry helps after %llu s", (unsigned long long)c->answer.retry_after);
        err_hint(err, "a retry helps later");
        return AGAIN;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
        err_set(err, ERR_REMOTE, 1063, "OpenRouter has a fault of its own, status %u%s",
                c->answer.status, server_said(c));
        err_hint(err, "a retry can help later");
        return c->repeating == REPEAT_CREATES ? UNKNOWN : AGAIN;
    default:
        return refused(c, err);
    }
}

static enum attempt attempt(struct openrouter *o, struct call *c, struct err *err)
{
    switch (o->transport->ops->send(o->transport, &c->scratch, &c->q, &c->answer, err)) {
    case TRANSPORT_ANSWERED:
        return judge(c, err);
    case TRANSPORT_NOT_SENT:
        err_hint(err, "a retry can help: see whether this host reaches the network");
        return AGAIN;
    case TRANSPORT_LOST:
        err_hint(err, "a retry can help");
        if (c->repeating == REPEAT_CREATES)
            return UNKNOWN;
        return err->kind > ERR_SIGNAL ? NO_MORE : AGAIN;
    case TRANSPORT_REFUSED:
        break;
    }
    /* The answer, not the request, may have been what was refused. */
    return c->repeating == REPEAT_CREATES && err->id == 1055 ? UNKNOWN : NO_MORE;
}

/* ---- all attempts ---- */

static bool stopped(const struct openrouter *o, struct err *err)
{
    int number = o->transport->stop ? (int)*o->transport->stop : 0;
    if (number == 0)
        return false;
    *err = (struct err){0};
    err_set(err, ERR_SIGNAL + number, 1053, "stopped by signal %d", number);
    return true;
}

static bool wait_for(struct openrouter *o, const struct call *c, unsigned tries, struct err *why)
{
    uint32_t chance = 0;
    uint64_t ms;
    if (sys->random(&chance, sizeof chance) != 0)
        chance = 0; /* no worse than a fixed wait */
    if (!backoff_wait(tries, c->answer.retry_after, chance, &ms))
        return false;
    if (o->waiting)
        o->waiting(o->context, ms, why);
    while (ms > 0 && !stopped(o, why)) {
        unsigned slice = ms < SLICE_MS ? (unsigned)ms : SLICE_MS;
        sys->sleep_ms(slice);
        ms -= slice;
    }
    return !stopped(o, why);
}

/* DONE with the answer, NO_MORE or UNKNOWN with err. */
static enum attempt perform(struct openrouter *o, struct call *c, struct err *err)
{
    c->scratch = (struct arena){.wipe = true};
    for (unsigned tries = 1;; tries++) {
        struct err failed = {0};
        c->answer = (struct transport_answer){0};
        enum attempt a = attempt(o, c, &failed);
        if (a == AGAIN && tries <= o->retries && wait_for(o, c, tries, &failed))
            continue;
        if (a != DONE) {
            if (tries > 1)
                err_context(&failed, "after %u attempts", tries);
            *err = failed;
        }
        return a == AGAIN ? NO_MORE : a;
    }
}

/* ---- calls of one key ---- */

/* "/keys/HASH"; false with ERR_REFUSED for what is no hash: that path would be another's. */
static bool key_path(struct str hash, char path[PATH_ROOM], struct err *err)
{
    if (!remote_hash_is(hash)) {
        err_set(err, ERR_REFUSED, 1059, "this is no hash of a key at OpenRouter");
        err_hint(err, "nothing was sent; without its hash a key is revoked in the settings of "
                      "openrouter.ai");
        return false;
    }
    snprintf(path, PATH_ROOM, "/keys/%.*s", STR_ARG(hash));
    return true;
}

/* `key` may be NULL: what the answer says of it is not read. */
static enum remote_outcome one_key(struct openrouter *o, struct arena *a, struct call *c,
                                   struct remote_key *key, struct err *err)
{
    enum remote_outcome outcome = REMOTE_FAILED;
    if (perform(o, c, err) != DONE)
        outcome = REMOTE_FAILED;
    else if (c->answer.status == NOT_FOUND)
        outcome = REMOTE_GONE;
    else if (!key || answer_key(a, c->answer.body, key, err))
        outcome = REMOTE_THERE;
    arena_free(&c->scratch);
    return outcome;
}

enum remote_outcome openrouter_get(struct openrouter *o, struct arena *a, struct str hash,
                                   struct remote_key *key, struct err *err)
{
    char path[PATH_ROOM];
    struct call c = {.q = {.method = "GET", .path = path}};
    enum remote_outcome outcome = REMOTE_FAILED;
    if (!key_path(hash, path, err))
        return REMOTE_FAILED;
    outcome = one_key(o, a, &c, key, err);
    if (outcome == REMOTE_THERE && !str_eq(key->hash, hash)) {
        err_set(err, ERR_REMOTE_REFUSED, 1058, "OpenRouter answered with another key");
        err_hint(err, "a retry does not help; look at what --endpoint names");
        return REMOTE_FAILED;
    }
    return outcome;
}

enum remote_outcome openrouter_patch(struct openrouter *o, struct arena *a, struct str hash,
                                     const struct remote_change *change, struct remote_key *key,
                                     struct err *err)
{
    char path[PATH_ROOM];
    struct call c = {.q = {.method = "PATCH", .path = path, .body = change_json(a, change)}};
    return key_path(hash, path, err) ? one_key(o, a, &c, key, err) : REMOTE_FAILED;
}

static enum remote_outcome set_disabled(struct openrouter *o, struct str hash,
                                        enum remote_flag disabled, struct err *err)
{
    struct arena a = {0};
    const struct remote_change change = {.disabled = disabled, .expires = UTC_NONE};
    enum remote_outcome outcome = openrouter_patch(o, &a, hash, &change, NULL, err);
    arena_free(&a);
    return outcome;
}

enum remote_outcome openrouter_disable(struct openrouter *o, struct str hash, struct err *err)
{
    return set_disabled(o, hash, REMOTE_YES, err);
}

enum remote_outcome openrouter_enable(struct openrouter *o, struct str hash, struct err *err)
{
    return set_disabled(o, hash, REMOTE_NO, err);
}

enum remote_outcome openrouter_delete(struct openrouter *o, struct str hash, struct err *err)
{
    char path[PATH_ROOM];
    struct call c = {.q = {.method = "DELETE", .path = path}};
    enum remote_outcome outcome = REMOTE_FAILED;
    if (!key_path(hash, path, err))
        return REMOTE_FAILED;
    if (perform(o, &c, err) == DONE &&
        (c.answer.status == NOT_FOUND || answer_deleted(c.answer.body, err)))
        outcome = REMOTE_GONE;
    arena_free(&c.scratch);
    return outcome;
}

enum remote_outcome openrouter_create(struct openrouter *o, struct arena *a, struct arena *wiping,
                                      const struct remote_change *change, struct remote_key *key,
                                      struct str *value, struct err *err)
{
    struct call c = {
        .q = {.method = "POST", .path = "/keys", .body = change_json(a, change)},
        .repeating = REPEAT_CREATES,
    };
    enum remote_outcome outcome = REMOTE_UNKNOWN;
    enum attempt sent = perform(o, &c, err);
    if (sent == DONE && c.answer.status == NOT_FOUND) {
        refused(&c, err);
        outcome = REMOTE_FAILED;
    } else if (sent == DONE) {
        if (answer_made(a, wiping, c.answer.body, key, value, err))
            outcome = REMOTE_THERE;
    } else if (sent == NO_MORE) {
        outcome = REMOTE_FAILED;
    }
    arena_free(&c.scratch);
    return outcome;
}

/* ---- the others ---- */

/* True with the answer in c->answer, to be read and then freed with c->scratch. */
static bool fetched(struct openrouter *o, struct call *c, struct err *err)
{
    if (perform(o, c, err) != DONE)
        return false;
    if (c->answer.status != NOT_FOUND)
        return true;
    refused(c, err);
    return false;
}

struct listing {
    struct remote_key *keys;
    size_t count, room;
};

/* Adds those that are new: keys that are made or deleted meanwhile shift the pages. */
static size_t add_new(struct listing *l, struct arena *a, const struct remote_key *page, size_t n)
{
    size_t before = l->count;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < before && !str_eq(l->keys[k].hash, page[i].hash))
            k++;
        if (k < before)
            continue;
        l->keys = arena_grow(a, l->keys, l->count, &l->room, sizeof *l->keys);
        l->keys[l->count++] = page[i];
    }
    return l->count - before;
}

bool openrouter_list(struct openrouter *o, struct arena *a, struct remote_key **keys, size_t *count,
                     struct err *err)
{
    struct listing all = {0};
    size_t seen = 0; /* keys of all pages */
    for (unsigned page = 0; page < OPENROUTER_PAGES; page++) {
        char path[PATH_ROOM];
        struct remote_key *found = NULL;
        size_t n = 0;
        snprintf(path, sizeof path, "/keys?offset=%zu&include_disabled=true", seen);
        struct call c = {.q = {.method = "GET", .path = path}};
        bool read = fetched(o, &c, err) && answer_keys(a, c.answer.body, &found, &n, err);
        arena_free(&c.scratch);
        if (!read)
            return false;
        seen += n;
        if (add_new(&all, a, found, n) == 0 || n < OPENROUTER_PAGE) {
            *keys = all.keys;
            *count = all.count;
            return true;
        }
    }
    err_set(err, ERR_REMOTE_REFUSED, 1058, "OpenRouter lists more than %d keys",
            OPENROUTER_PAGE * OPENROUTER_PAGES);
    return false;
}

bool openrouter_credits(struct openrouter *o, struct remote_credits *credits, struct err *err)
{
    struct call c = {.q = {.method = "GET", .path = "/credits"}};
    bool read = fetched(o, &c, err) && answer_credits(c.answer.body, credits, err);
    arena_free(&c.scratch);
    return read;
}

static bool date_is(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (i == 4 || i == 7 ? s.at[i] != '-' : !ascii_digit(s.at[i]))
            return false;
    return s.len == 10;
}

bool openrouter_activity(struct openrouter *o, struct arena *a, struct str hash, struct str date,
                         struct remote_activity **rows, size_t *count, struct err *err)
{
    char path[PATH_ROOM];
    struct call c = {.q = {.method = "GET", .path = path}};
    char unused[PATH_ROOM];
    if (!key_path(hash, unused, err))
        return false;
    snprintf(path, sizeof path, "/activity?api_key_hash=%.*s%s%.*s", STR_ARG(hash),
             date_is(date) ? "&date=" : "", date_is(date) ? (int)date.len : 0,
             (const char *)date.at);
    bool read = fetched(o, &c, err) && answer_activity(a, c.answer.body, rows, count, err);
    arena_free(&c.scratch);
    return read;
}
