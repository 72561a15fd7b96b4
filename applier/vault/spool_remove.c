/*
 * spool_remove: `lean_vault remove KEY --spool DIR`: on a host without network.
 *
 * Twice the same command: first it writes a signed request into the spool, and the key stays in the
 * vault; when the spool came back with the answer that the key is deleted, it leaves the vault.
 * Nothing vouches for an answer, so a tombstone keeps the hash until doctor has asked OpenRouter.
 */
#include "applier/approval.h"
#include "applier/vault/answer.h"
#include "applier/vault/commands.h"
#include "applier/vault/spool_folder.h"
#include "common/sys.h"
#include "common/text.h"

struct spooling {
    struct cli *cli;
    struct vault_file f;
    struct vault_entry *entry;
    const char *spool;
};

/* What was spooled of this key before; the latest that is of use. */
struct earlier {
    struct spool_request request;
    struct spool_answer answer;
    bool waits, answered;
};

static bool take_answer(struct spooling *s, const struct spool_request *q, struct earlier *e,
                        struct err *err)
{
    struct arena *a = s->cli->arena;
    struct err missing = {0};
    struct str text;
    if (!spool_load(a, s->spool, q->id, SPOOL_ANSWER, &text, &missing)) {
        if (missing.kind != ERR_NOT_FOUND) {
            *err = missing;
            return false;
        }
        missing = (struct err){0};
        e->waits = spool_request_valid(q, sys->now(), &missing);
        e->request = e->waits ? *q : e->request;
        return true;
    }
    if (!spool_answer_read(a, text, &e->answer, err)) {
        err_place(err, "%s", spool_path(a, s->spool, q->id, SPOOL_ANSWER));
        return false;
    }
    e->answered = strcmp(e->answer.id, q->id) == 0 && str_eq(e->answer.hash, q->hash);
    e->request = *q;
    return true;
}

static bool look_back(struct spooling *s, struct earlier *e, struct err *err)
{
    struct arena *a = s->cli->arena;
    struct str *ids, text;
    size_t count;
    *e = (struct earlier){0};
    if (!spool_requests(a, s->spool, &ids, &count, err))
        return false;
    for (size_t i = 0; i < count && !e->answered; i++) {
        struct spool_request q;
        struct err wrong = {0};
        const char *id = arena_text(a, ids[i]);
        if (!spool_load(a, s->spool, id, SPOOL_REQUEST, &text, &wrong) ||
            !spool_request_read(a, text, &q, &wrong)) {
            cli_warn(s->cli, "%s: %s", spool_path(a, s->spool, id, SPOOL_REQUEST), wrong.text);
            continue;
        }
        if (strcmp(q.id, id) == 0 && str_eq(q.hash, s->entry->id) && !take_answer(s, &q, e, err))
            return false;
    }
    return true;
}

static void print(struct spooling *s, const struct spool_request *q, const char *result)
{
    struct buf *b = &s->cli->out;
    const char *path = spool_path(s->cli->arena, s->spool, q->id, SPOOL_REQUEST);
    char expires[UTC_TEXT];
    if (s->cli->format == TABLE_JSON) {
        buf_text(b, "{\"key\":");
        text_json(b, s->entry->name);
        buf_text(b, ",\"hash\":");
        text_json(b, q->hash);
        buf_printf(b, ",\"result\":\"%s\",\"request\":", result);
        text_json(b, str_from(path));
        buf_printf(b, ",\"expires\":\"%s\"}\n", utc_text(q->expires, expires));
        return;
    }
    buf_printf(b, "%s: %s\n", result, text_shown(s->cli->arena, str_from(path)));
    buf_printf(b, "carry the spool to a host with network before %s: lean_vault spool run DIR\n",
               utc_text(q->expires, expires));
}

/* ---- there ---- */

static bool confirm(struct spooling *s, struct err *err)
{
    struct buf *b = &s->cli->out;
    const struct usage *u = &s->entry->usage;
    char money[MONEY_TEXT], age[32];
    if (s->cli->format == TABLE_TEXT) {
        buf_text(b, "remove ");
        text_visible(b, s->entry->name);
        buf_printf(b, "\n  hash: %s\n", text_shown(s->cli->arena, s->entry->id));
        if (u->as_of != UTC_NONE)
            buf_printf(b, "  spent that day: %s USD, as of %s ago\n", money_text(u->day, money),
                       utc_age(sys->now() - u->as_of, age));
        buf_text(b, "  it stays in the vault until the answer is back; whatever uses it stops "
                    "working when the request is carried out, for good\n");
    }
    if (cli_flag(s->cli, OPT_FORCE))
        return true;
    return (s->cli->format != TABLE_TEXT || cli_flush(s->cli, err)) &&
           cli_ask(s->cli, "Write the request to revoke this key? [yes/no]", err);
}

/* The signature first: a request without one is refused, a signature without a request is nothing.
 */
static bool write_request(struct spooling *s, struct err *err)
{
    struct arena *a = s->cli->arena;
    const char *key = cli_value(s->cli, OPT_KEY);
    struct buf text = {.arena = a};
    struct spool_request q;
    struct str signature;
    if (!key) {
        err_set(err, ERR_USAGE, 1157, "--key is needed: requests are signed");
        err_hint(err, "lean_vault remove KEY --spool DIR --key ~/.ssh/id_ed25519");
        return false;
    }
    if (!confirm(s, err) || !spool_request_make(&q, s->entry->name, s->entry->id, sys->now(), err))
        return false;
    spool_request_write(&q, &text);
    if (!approval_sign_in(a, SPOOL_NAMESPACE, key, buf_str(&text), &signature, err) ||
        !file_replace(spool_path(a, s->spool, q.id, SPOOL_SIGNATURE), signature, 0666, FILE_KEEP,
                      err) ||
        !file_replace(spool_path(a, s->spool, q.id, SPOOL_REQUEST), buf_str(&text), 0666, FILE_KEEP,
                      err))
        return false;
    s->cli->stands = true;
    print(s, &q, "spooled");
    return true;
}

/* ---- and back ---- */

static bool finish(struct spooling *s, const struct earlier *e, struct err *err)
{
    struct arena *a = s->cli->arena;
    struct str name = arena_copy(a, s->entry->name);
    struct str hash = arena_copy(a, s->entry->id);
    const struct vault_change change = {.purpose = "remove", .names = &name, .name_count = 1};
    struct txn_result result;
    if (e->answer.result == SPOOL_DISABLED) {
        err_set(err, ERR_DISAGREE, 1159, "the key is disabled and not deleted: %s",
                text_shown(a, e->answer.why));
        err_hint(err, "it stays in the vault; take %s out of the spool and make a new request",
                 spool_path(a, s->spool, e->request.id, SPOOL_REQUEST));
        return false;
    }
    vault_drop(&s->f.vault, s->entry);
    vault_bury(&s->f.vault, name, hash, sys->now());
    bool done = vault_change(&s->f, &change, &result, err);
    say_warnings(s->cli, &result.warnings);
    if (!done)
        return false;
    s->cli->stands = true;
    struct vault_entry gone = {.name = name};
    s->entry = &gone;
    if (s->cli->format == TABLE_JSON)
        print(s, &e->request, "revoked");
    else
        buf_printf(&s->cli->out, "removed %s, transaction %s\n", text_shown(a, name), result.txid);
    s->entry = NULL;
    cli_say(s->cli, "a tombstone keeps its hash until lean_vault doctor has asked OpenRouter");
    return true;
}

static bool spool(struct spooling *s, struct err *err)
{
    struct earlier e;
    if (!vault_entry_of(&s->f, s->cli->arguments[0], &s->entry, err))
        return false;
    if (!remote_hash_is(s->entry->id)) {
        err_set(err, ERR_REFUSED, 1157, "the vault does not know the key's hash");
        err_hint(err, "nothing can be asked of OpenRouter; lean_vault remove --local-only takes "
                      "the entry out");
        return false;
    }
    if (!look_back(s, &e, err))
        return false;
    if (e.answered)
        return finish(s, &e, err);
    if (e.waits) {
        print(s, &e.request, "waiting");
        return true;
    }
    return write_request(s, err);
}

bool remove_by_spool(struct cli *cli, struct err *err)
{
    struct spooling s = {.cli = cli, .spool = cli_value(cli, OPT_SPOOL)};
    if (cli_flag(cli, OPT_LOCAL_ONLY) || cli_flag(cli, OPT_DRY_RUN)) {
        err_set(err, ERR_USAGE, 1157, "--spool goes with neither --local-only nor --dry-run");
        return false;
    }
    if (!open_vault(cli, &s.f, VAULT_CHANGE, err))
        return false;
    bool done = spool(&s, err);
    vault_close(&s.f);
    return done;
}
