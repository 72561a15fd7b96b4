/* session: the API is opened at the first request, by recovery or by the command. */
#include "applier/vault/session.h"
#include "applier/vault/http.h"
#include "applier/vault/part_remote.h"
#include "applier/vault/settle.h"
#include "common/text.h"

#include "common/sys.h"

static void say_waiting(void *context, uint64_t ms, const struct err *why)
{
    struct session *s = context;
    cli_detail(s->cli, "%s; again in %llu.%llu s", why->text, (unsigned long long)(ms / 1000),
               (unsigned long long)(ms % 1000 / 100));
}

static bool read_options(const struct session *s, struct http_options *options, unsigned *retries,
                         struct err *err)
{
    const char *given = cli_value(s->cli, OPT_TIMEOUT);
    const char *endpoint = cli_value(s->cli, OPT_ENDPOINT);
    int64_t seconds = OPENROUTER_TIMEOUT_S;
    uint64_t n = OPENROUTER_RETRIES;
    if (given && (!utc_parse_duration(str_from(given), &seconds) || seconds < 1 ||
                  seconds > SESSION_TIMEOUT_MOST_S)) {
        err_set(err, ERR_USAGE, 1070, "--timeout takes a duration from 1s to 10m");
        return false;
    }
    if (!cli_number(s->cli, OPT_RETRIES, 0, SESSION_RETRIES_MOST, &n, err))
        return false;
    *retries = (unsigned)n;
    options->timeout_s = (unsigned)seconds;
    options->endpoint = endpoint ? endpoint : HTTP_ENDPOINT;
    options->ca_file = cli_value(s->cli, OPT_CA_FILE);
    return http_endpoint_check(options->endpoint, err);
}

/*
 * The key stands in the vault. Recovery asks before the vault was read for the command, so it is
 * read here for itself: old or new, it holds the same key.
 */
static bool read_management_key(struct session *s, struct str *key, struct err *err)
{
    if (s->open) {
        struct str opened;
        bool done = vault_management_key(&s->file, &opened, err);
        if (done)
            *key = arena_copy(&s->secrets, opened);
        return done;
    }
    struct vault_file look;
    const struct vault_place place = {.dir = cli_value(s->cli, OPT_VAULT_DIR)};
    struct str opened;
    if (!vault_open(&look, &place, VAULT_LOOK, s->cli->arena, err))
        return false;
    bool done = vault_management_key(&look, &opened, err);
    if (done)
        *key = arena_copy(&s->secrets, opened);
    vault_close(&look);
    return done;
}

struct openrouter *session_api(struct session *s, struct err *err)
{
    struct http_options options = {0};
    unsigned retries;
    if (s->api.transport)
        return &s->api;
    if (!read_options(s, &options, &retries, err) || !read_management_key(s, &options.key, err))
        return NULL;
    struct transport *t = http_open(&options, &s->secrets, err);
    if (!t)
        return NULL;
    t->stop = &cli_stop_signal;
    s->api = (struct openrouter){
        .transport = t, .retries = retries, .waiting = say_waiting, .context = s};
    return &s->api;
}

/* For recovery: the act that a journal notes. */
static bool open_act(void *context, struct str note, struct participant **act, struct err *err)
{
    struct session *s = context;
    struct openrouter *api = session_api(s, err);
    struct part_remote *p = ARENA_NEW(s->cli->arena, struct part_remote);
    if (!api || !part_remote_read(p, api, s->cli->arena, note, err))
        return false;
    *act = &p->base;
    return true;
}

bool session_open(struct session *s, struct cli *cli, enum vault_use use, struct err *err)
{
    struct http_options options = {0};
    unsigned retries;
    *s = (struct session){.cli = cli, .secrets = {.wipe = true}};
    if (!read_options(s, &options, &retries, err) ||
        !open_vault_with(cli, &s->file, use, open_act, s, err)) {
        session_close(s);
        return false;
    }
    s->open = true;
    if (s->api.transport)
        s->api.transport->stop = &cli_stop_signal; /* recovery did not heed it */
    if (use == VAULT_CHANGE)
        settle_intents(s);
    else
        settle_say_pending(s);
    return true;
}

void session_close(struct session *s)
{
    if (s->api.transport)
        s->api.transport->ops->close(s->api.transport);
    s->api.transport = NULL;
    if (s->open)
        vault_close(&s->file);
    s->open = false;
    arena_free(&s->secrets);
}

bool session_entry(struct session *s, const char *name, struct vault_entry **e, struct err *err)
{
    if (!vault_entry_of(&s->file, name, e, err))
        return false;
    if (remote_hash_is((*e)->id))
        return true;
    err_set(err, ERR_REFUSED, 1075, "the vault does not know by which hash OpenRouter has \"%s\"",
            text_shown(s->cli->arena, (*e)->name));
    err_hint(err, "nothing was sent and a retry does not help: revoke it in the settings of "
                  "openrouter.ai, then take it out with lean_vault remove --local-only");
    return false;
}
