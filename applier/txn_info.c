/* txn_info: transactions as their journals tell them; the small record bodies. */
#include "applier/audit.h"
#include "applier/txn_parts.h"
#include "common/sys.h"
#include "common/text.h"

#include <stdlib.h>

const char *txn_operation_name(enum txn_operation operation)
{
    static const char *const names[] = {"apply", "rollback", "restore", "purge", "vault"};
    return names[operation];
}

const char *txn_outcome_name(enum txn_outcome outcome)
{
    static const char *const names[] = {"nothing", "open", "committed", "aborted"};
    return names[outcome];
}

/* ---- record bodies ---- */

static void add_word(struct buf *b, const char *word, struct str value)
{
    buf_printf(b, "%s ", word);
    line_escape(b, value);
    buf_byte(b, '\n');
}

struct str txn_time_body(struct arena *a)
{
    char utc[UTC_TEXT];
    return str_from(arena_printf(a, "time %s\n", utc_text(sys->now(), utc)));
}

struct str txn_undo_body(struct arena *a, const char *reason)
{
    struct buf b = {.arena = a};
    add_word(&b, "reason", str_from(reason));
    return buf_str(&b);
}

struct str txn_backup_body(struct arena *a, const char *path, const struct sha256 *digest)
{
    struct buf b = {.arena = a};
    char hex[SHA256_HEX + 1];
    sha256_hex(digest, hex);
    add_word(&b, "file", str_from(path));
    buf_printf(&b, "digest %s\n", hex);
    return buf_str(&b);
}

static struct str end_body(struct arena *a, enum txn_outcome outcome, const char *closed_by)
{
    struct buf b = {.arena = a};
    char utc[UTC_TEXT];
    buf_printf(&b, "outcome %s\ntime %s\n", txn_outcome_name(outcome), utc_text(sys->now(), utc));
    add_word(&b, "closed-by", str_from(closed_by));
    return buf_str(&b);
}

struct end {
    enum txn_outcome outcome;
    int64_t time;
    const char *closed_by;
};

static bool end_read(struct arena *a, struct str body, struct end *end)
{
    struct str outcome, time, closed_by, plain;
    if (!line_word(&body, "outcome", &outcome) || !line_word(&body, "time", &time) ||
        !line_word(&body, "closed-by", &closed_by) || body.len != 0 ||
        !utc_parse(time, &end->time) || !line_unescape(a, closed_by, &plain))
        return false;
    end->closed_by = arena_text(a, plain);
    end->outcome = str_eq(outcome, STR("committed")) ? TXN_COMMITTED : TXN_ABORTED;
    return end->outcome == TXN_COMMITTED || str_eq(outcome, STR("aborted"));
}

static bool backup_body_read(struct arena *a, struct str body, struct txn_info *info)
{
    struct str file, digest, plain;
    if (!line_word(&body, "file", &file) || !line_word(&body, "digest", &digest) || body.len != 0 ||
        !line_unescape(a, file, &plain) || plain.len == 0)
        return false;
    info->backup_file = arena_text(a, plain);
    return sha256_from_hex(digest, &info->backup_digest);
}

/* ---- one journal ---- */

static void info_copy(struct arena *a, const struct begin *b, struct txn_info *info)
{
    info->operation = b->operation;
    info->has_plan = b->has_plan;
    info->plan = b->plan;
    info->reverses = b->reverses[0] ? arena_text(a, str_from(b->reverses)) : NULL;
    info->approvals = b->approvals;
    info->started = b->time;
    info->target_count = b->target_count;
    info->targets = ARENA_ARRAY(a, b->target_count, struct txn_target);
    for (size_t i = 0; i < b->target_count; i++)
        info->targets[i] = (struct txn_target){.path = arena_text(a, b->targets[i].path),
                                               .before = b->targets[i].before,
                                               .after = b->targets[i].after};
    info->versions = b->versions;
    info->version_count = b->version_count;
    info->kept = b->kept;
    info->kept_count = b->kept_count;
    info->has_retain_until = b->has_retain_until;
    info->retain_until = b->retain_until;
    info->act_note = b->act_note;
    info->has_policy = b->has_policy;
    info->policy = b->policy;
    info->user = who_text(a, &b->who);
    info->backup_folder = arena_text(a, b->backup_folder);
    memcpy(info->audit_head, b->audit_head, sizeof info->audit_head);
}

bool txn_info_from(const struct journal *j, const char *folder, struct arena *a,
                   struct txn_info *info, struct begin *begin, struct err *err)
{
    const struct history *h = &j->history;
    const struct record *backup = history_find(h, RECORD_BACKUP);
    const struct record *closed = history_find(h, RECORD_END);
    char txid[TXID_HEX + 1];
    struct end end = {.outcome = TXN_OPEN, .time = UTC_NONE};
    *info = (struct txn_info){0};
    info->journal = arena_printf(a, "%s/%s", folder, j->name);
    memcpy(info->txid, j->txid, sizeof info->txid);
    if (!begin_txid(h->at[0].body, txid, err) || !begin_read(a, h->at[0].body, begin, err))
        goto fail;
    if (strcmp(txid, j->txid) != 0) {
        err_set(err, ERR_CORRUPT, 704, "its BEGIN record is of transaction %s", txid);
        goto fail;
    }
    if ((backup && !backup_body_read(a, backup->body, info)) ||
        (closed && !end_read(a, closed->body, &end))) {
        err_set(err, ERR_CORRUPT, 703, "its %s record does not read", closed ? "END" : "BACKUP");
        goto fail;
    }
    info_copy(a, begin, info);
    info->step = record_type_name(h->at[h->count - 1].type);
    info->outcome = end.outcome;
    info->finished = end.time;
    return true;
fail:
    err_context(err, "journal %s", info->journal);
    return false;
}

const char *txn_closed_by(struct arena *a, const char *closed_by,
                          const struct change_window *window)
{
    int64_t now = sys->now();
    if (!change_window_is(window) || (now >= window->start && now < window->end))
        return closed_by;
    return arena_printf(a, "%s, outside the change window", closed_by);
}

bool txn_close(struct journal *j, enum txn_outcome outcome, const char *closed_by, struct arena *a,
               struct err *err)
{
    return journal_close(j, end_body(a, outcome, closed_by), err);
}

bool txn_audit(const struct state *state, const struct journal *j, struct arena *a, struct err *err)
{
    struct txn_info info;
    struct begin begin;
    struct end end;
    const struct record *closed = history_find(&j->history, RECORD_END);
    if (!closed || !end_read(a, closed->body, &end))
        return true; /* open, or refused by txn_info_from before */
    if (!txn_info_from(j, "txn", a, &info, &begin, err))
        return false;
    const struct audit_event event = {.txid = j->txid,
                                      .begin = &begin,
                                      .outcome = txn_outcome_name(end.outcome),
                                      .backup_file = info.backup_file,
                                      .closed_by = end.closed_by,
                                      .time = end.time};
    return audit_add(state->dir, a, &event, err);
}

/* ---- all of them ---- */

static int by_start(const void *x, const void *y)
{
    const struct txn_info *a = x, *b = y;
    if (a->started != b->started)
        return a->started < b->started ? -1 : 1;
    return strcmp(a->txid, b->txid);
}

bool txn_list_read(const struct state *state, struct arena *a, struct txn_list *list,
                   struct err *err)
{
    struct str *ids;
    size_t count;
    *list = (struct txn_list){0};
    if (state->txn_dir < 0)
        return true;
    if (!journal_names(state->txn_dir, a, &ids, &count, err))
        return false;
    const char *folder = arena_printf(a, "%s/txn", state->path);
    for (size_t i = 0; i < count; i++) {
        struct journal j;
        struct begin begin;
        if (!journal_open(&j, state->txn_dir, arena_text(a, ids[i]), a, err))
            return false;
        journal_release(&j);
        if (j.history.count == 0)
            continue; /* its BEGIN never became durable: nothing was begun */
        list->at = arena_grow(a, list->at, list->count, &list->room, sizeof *list->at);
        if (!txn_info_from(&j, folder, a, &list->at[list->count], &begin, err))
            return false;
        list->count++;
    }
    if (list->count)
        qsort(list->at, list->count, sizeof *list->at, by_start);
    return true;
}

bool txn_find(const struct state *state, struct arena *a, const char *txid, struct txn_info *info,
              struct err *err)
{
    struct txn_list list;
    size_t n = strlen(txid);
    size_t matches = 0;
    if (!txn_list_read(state, a, &list, err))
        return false;
    for (size_t i = 0; n >= TXID_PREFIX_MIN && i < list.count; i++) {
        if (strncmp(list.at[i].txid, txid, n) != 0)
            continue;
        *info = list.at[i];
        matches++;
    }
    if (matches == 1)
        return true;
    const char *shown = text_shown(a, str_from(txid));
    if (matches > 1)
        err_set(err, ERR_USAGE, 764, "%s names %zu transactions", shown, matches);
    else
        err_set(err, ERR_NOT_FOUND, 763, "no transaction %s in %s", shown, state->path);
    err_hint(err, "keyretire status and keyretire log name them");
    return false;
}

/* Who took it back; NULL: it stands. */
static const struct txn_info *reversal_of(const struct txn_list *list, const struct txn_info *t)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].reverses && strcmp(list->at[i].reverses, t->txid) == 0 &&
            list->at[i].outcome == TXN_COMMITTED)
            return &list->at[i];
    return NULL;
}

bool txn_not_spent(const struct state *state, struct arena *a, const struct sha256 *plan,
                   struct err *err)
{
    struct txn_list list;
    if (!txn_list_read(state, a, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const struct txn_info *t = &list.at[i];
        if (!t->has_plan || !sha256_eq(&t->plan, plan) || t->outcome == TXN_ABORTED)
            continue;
        err_set(err, ERR_STALE, 765, "this plan was already %s, by transaction %s",
                t->outcome == TXN_COMMITTED ? "applied" : "begun", t->txid);
        const struct txn_info *back = reversal_of(&list, t);
        if (back)
            err_hint(err,
                     "it was taken back by %s; the same reports and files make the same plan, so "
                     "make a new dump, scan it and plan again",
                     back->txid);
        else
            err_hint(err, "make a new plan; keyretire rollback %s undoes that one", t->txid);
        return false;
    }
    return true;
}
