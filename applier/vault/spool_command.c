/*
 * spool_command: `lean_vault spool run DIR`: on the host with network.
 *
 * For each request: its signature, its text, its time; then OpenRouter is asked, name and hash are
 * shown, and the question is put. Only then it is written down as used, and carried out.
 */
#include "applier/approval.h"
#include "applier/vault/session.h"
#include "applier/vault/spool_folder.h"
#include "common/sys.h"
#include "common/text.h"

struct spool_run {
    struct cli *cli;
    struct session s;
    struct openrouter *api;
    struct approval_lists lists;
    const char *spool;
    size_t shown; /* in the JSON list */
};

static bool is_signed(struct spool_run *r, const char *id, struct str text, struct err *err)
{
    struct approval a = {0};
    struct str signature;
    if (!spool_load(r->cli->arena, r->spool, id, SPOOL_SIGNATURE, &signature, err) ||
        !approval_verify(r->cli->arena, &r->lists, text, signature, &a, err))
        return false;
    if (a.verdict == APPROVAL_GOOD)
        return true;
    err_set(err, ERR_REFUSED, 1158, "its signature does not count: %s", a.why);
    err_hint(err,
             "nothing was sent; ssh-keygen -Y sign -n %s makes signatures, and "
             "--allowed-signers lists who may",
             SPOOL_NAMESPACE);
    return false;
}

static bool read_request(struct spool_run *r, const char *id, struct spool_request *q,
                         struct err *err)
{
    struct str text;
    if (!spool_load(r->cli->arena, r->spool, id, SPOOL_REQUEST, &text, err) ||
        !is_signed(r, id, text, err) || !spool_request_read(r->cli->arena, text, q, err))
        return false;
    if (strcmp(q->id, id) != 0) {
        err_set(err, ERR_REFUSED, 1158, "the file has another name than its request");
        return false;
    }
    return spool_request_valid(q, sys->now(), err);
}

static bool ask(struct spool_run *r, const struct spool_request *q, const struct remote_key *key,
                struct err *err)
{
    struct buf b = {.arena = r->cli->arena};
    char money[MONEY_TEXT], made[UTC_TEXT];
    buf_text(&b, "revoke ");
    text_visible(&b, q->name);
    buf_printf(&b, ", hash %.*s, asked for at %s", STR_ARG(q->hash), utc_text(q->created, made));
    cli_say(r->cli, "%.*s", STR_ARG(buf_str(&b)));
    if (key)
        cli_say(r->cli, "  at OpenRouter: name \"%s\", label %s, %s, spent today %s USD",
                text_shown(r->cli->arena, key->name), text_shown(r->cli->arena, key->label),
                key->disabled == REMOTE_YES ? "disabled" : "enabled",
                money_text(key->usage_daily, money));
    else
        cli_say(r->cli, "  at OpenRouter: already revoked");
    return cli_flag(r->cli, OPT_FORCE) || cli_ask(r->cli, "Carry out this request? [yes/no]", err);
}

/* Disabled first, which can be taken back; then deleted. */
static bool revoke(struct spool_run *r, const struct spool_request *q, struct spool_answer *w,
                   struct err *err)
{
    struct err why = {0};
    switch (openrouter_disable(r->api, q->hash, err)) {
    case REMOTE_THERE:
        break;
    case REMOTE_GONE:
        w->result = SPOOL_GONE;
        return true;
    case REMOTE_FAILED:
    case REMOTE_UNKNOWN:
        return false;
    }
    w->result = SPOOL_DELETED;
    if (openrouter_delete(r->api, q->hash, &why) != REMOTE_GONE) {
        w->result = SPOOL_DISABLED;
        w->why = str_from(text_shown(r->cli->arena, str_from(why.text)));
        w->why = str_slice(w->why, 0, SPOOL_SAID_MAX / 2);
    }
    return true;
}

static bool carry_out(struct spool_run *r, const struct spool_request *q, struct spool_answer *w,
                      struct err *err)
{
    struct arena *a = r->cli->arena;
    struct remote_key key;
    struct buf text = {.arena = a};
    enum remote_outcome found = openrouter_get(r->api, a, q->hash, &key, err);
    if (found == REMOTE_FAILED || found == REMOTE_UNKNOWN)
        return false;
    *w = (struct spool_answer){.hash = q->hash, .result = SPOOL_GONE};
    memcpy(w->id, q->id, sizeof w->id);
    if (!ask(r, q, found == REMOTE_THERE ? &key : NULL, err) ||
        !spool_use(a, r->s.file.dir, q->id, err) ||
        (found == REMOTE_THERE && !revoke(r, q, w, err)))
        return false;
    r->cli->stands = true;
    w->time = sys->now();
    spool_answer_write(w, &text);
    return file_replace(spool_path(a, r->spool, q->id, SPOOL_ANSWER), buf_str(&text), 0666,
                        FILE_KEEP, err);
}

static void report(struct spool_run *r, const char *id, const struct spool_request *q,
                   const char *result, const struct err *why)
{
    struct buf *b = &r->cli->out;
    if (r->cli->format == TABLE_JSON) {
        buf_printf(b, "%s{\"id\":\"%s\",\"name\":", r->shown++ ? ",\n" : "\n", id);
        text_json(b, q->name);
        buf_text(b, ",\"hash\":");
        text_json(b, q->hash);
        buf_printf(b, ",\"result\":\"%s\",\"error\":", result);
        if (err_is(why))
            text_json(b, str_from(why->text));
        else
            buf_text(b, "null");
        buf_byte(b, '}');
    } else {
        buf_printf(b, "%s: %s %.*s\n", id, result, STR_ARG(q->name));
    }
}

/* One that fails does not keep the others back; the first failure is the exit status. */
static void run_one(struct spool_run *r, const char *id)
{
    struct arena *a = r->cli->arena;
    struct spool_request q = {0};
    struct spool_answer w = {0};
    struct err err = {0};
    struct str answer;
    struct err unanswered = {0};
    if (spool_load(a, r->spool, id, SPOOL_ANSWER, &answer, &unanswered)) {
        cli_say(r->cli, "%s: answered already", id);
        return;
    }
    bool done = read_request(r, id, &q, &err) && carry_out(r, &q, &w, &err);
    if (!done)
        cli_print_error(r->cli, &err);
    report(r, id, &q, done ? spool_result_name(w.result) : "refused", &err);
    int status = done ? (w.result == SPOOL_DISABLED ? ERR_DISAGREE : 0) : err.kind;
    if (r->cli->status == 0)
        r->cli->status = status;
}

static bool run(struct spool_run *r, struct err *err)
{
    struct str *ids;
    size_t count;
    if (!spool_requests(r->cli->arena, r->spool, &ids, &count, err))
        return false;
    if (r->cli->format == TABLE_JSON)
        buf_text(&r->cli->out, "{\"requests\":[");
    for (size_t i = 0; i < count; i++)
        run_one(r, arena_text(r->cli->arena, ids[i]));
    if (r->cli->format == TABLE_JSON)
        buf_text(&r->cli->out, r->shown ? "\n]}\n" : "]}\n");
    else if (count == 0)
        buf_text(&r->cli->out, "no request in the spool\n");
    return true;
}

const char *spool_of(const struct cli *cli)
{
    return cli_value(cli, OPT_SPOOL)  ? cli_value(cli, OPT_SPOOL)
           : cli->argument_count == 2 ? cli->arguments[1]
                                      : NULL;
}

bool command_spool(struct cli *cli, struct err *err)
{
    struct spool_run r = {.cli = cli, .lists = {.space = SPOOL_NAMESPACE}, .spool = spool_of(cli)};
    const char *signers = cli_value(cli, OPT_ALLOWED_SIGNERS);
    if (strcmp(cli->arguments[0], "run") != 0 || !r.spool || !signers) {
        err_set(err, ERR_USAGE, 1157, "spool run takes the spool's folder and --allowed-signers");
        err_hint(err, "lean_vault spool run DIR --allowed-signers FILE");
        return false;
    }
    if (!file_read(cli->arena, signers, &r.lists.signers, err) ||
        !session_open(&r.s, cli, VAULT_CHANGE, err))
        return false;
    r.api = session_api(&r.s, err);
    bool done = r.api && run(&r, err);
    session_close(&r.s);
    return done;
}
