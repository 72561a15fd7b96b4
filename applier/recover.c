/*
 * recover: what an interrupted transaction left, finished or taken back.
 *
 * For every journal without END: make durable what was read, look at every target, decide, act,
 * write END. Each step may be killed and is repeated by the next recovery.
 *
 *     records                    what the targets say                              direction
 *     no COMMIT                  anything                                          UNSTAGE
 *     COMMIT                     (old,new) (new,old) (new,-)                       FORWARD
 *     COMMIT                     also (old,-), (other,-): taken back, or a         BACK
 *                                person decided; (new,other): an edit was taken
 *                                out; a conflict kept by an undo
 *     COMMIT, UNDO               all but (new,-)                                   BACK
 *     COMMIT, SWAPPED            all but (old,-)                                   FORWARD
 *     COMMIT, SWAPPED            (old,-), none cleaned: SWAPPED was on the disk    BACK
 *                                although its fsync failed, and was undone
 *     any with COMMIT            anything else                                     STUCK, untouched
 *     REVOKE                     not asked: the files were done with before it     ACT
 *
 * An act besides the files (participant.h) goes the way that they go. Behind REVOKE only its finish
 * is left; where that fails again with a remote error, it is pending and nothing waits for it.
 *
 * The journal of a purge has no targets of this kind: purge.h says what becomes of it.
 */
#include "applier/audit.h"
#include "applier/backup.h"
#include "applier/purge.h"
#include "applier/txn_parts.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

enum direction { GO_UNSTAGE, GO_FORWARD, GO_BACK, GO_STUCK, GO_ACT };

struct recovering {
    struct state *state;
    struct arena *a;
    struct journal journal;
    struct txn_info info;
    struct begin begin;
    struct folder *folders;
    struct part_file *files;
    struct participant *act; /* NULL: none */
    enum part_state *states;
    size_t count;
    struct txn_notes *notes;
    const char *closed_by;
};

static struct participant *part(struct recovering *r, size_t i)
{
    return &r->files[i].base;
}

/* ---- look and decide ---- */

static bool open_files(struct recovering *r, struct err *err)
{
    const struct begin *b = &r->begin;
    unsigned timeout = r->state->lock_timeout_ms;
    r->files = ARENA_ARRAY(r->a, b->target_count, struct part_file);
    r->states = ARENA_ARRAY(r->a, b->target_count, enum part_state);
    for (; r->count < b->target_count; r->count++) {
        const struct begin_target *t = &b->targets[r->count];
        char *path, *name;
        const struct part_spec spec = {.path = arena_text(r->a, t->path),
                                       .before = t->before,
                                       .after = t->after,
                                       .size_after = t->size_after,
                                       .lock_timeout_ms = timeout};
        file_split(r->a, spec.path, &path, &name);
        struct folder *folder =
            part_folder_open(&r->folders, path, FOLDER_RECOVER, timeout, r->a, r->notes, err);
        if (!folder)
            return false;
        bool opened =
            part_file_recover(&r->files[r->count], folder, &spec, r->journal.txid, r->a, err);
        if (!opened) {
            part(r, r->count)->ops->release(part(r, r->count));
            return false;
        }
    }
    return true;
}

static bool open_act(struct recovering *r, struct err *err)
{
    const struct state *s = r->state;
    if (r->begin.act_note.len == 0)
        return true;
    if (s->act_open)
        return s->act_open(s->act_context, r->begin.act_note, &r->act, err);
    /* Behind REVOKE nothing waits for it. */
    err_set(err, journal_has(&r->journal, RECORD_REVOKE) ? ERR_DISAGREE : ERR_STUCK, 1000,
            "it did more than change files, and this program cannot finish that");
    err_hint(err, "run %s", s->recover_with);
    return false;
}

static size_t count_of(const struct recovering *r, enum part_state wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->states[i] == wanted;
    return n;
}

static enum direction choose(const struct recovering *r)
{
    bool swapped = journal_has(&r->journal, RECORD_SWAPPED);
    size_t untouchable = count_of(r, PART_STRANGE);
    size_t cleaned = count_of(r, PART_NEW_NONE);
    if (!journal_has(&r->journal, RECORD_COMMIT))
        return GO_UNSTAGE;
    if (untouchable)
        return GO_STUCK;
    if (journal_has(&r->journal, RECORD_UNDO))
        return cleaned ? GO_STUCK : GO_BACK;
    if (count_of(r, PART_OTHER_NEW))
        return GO_STUCK;
    if (swapped)
        return count_of(r, PART_OLD_NONE) && !cleaned ? GO_BACK : GO_FORWARD;
    size_t taken_back = count_of(r, PART_OLD_NONE) + count_of(r, PART_OTHER_NONE) +
                        count_of(r, PART_NEW_OTHER) + count_of(r, PART_CONFLICT);
    if (!taken_back)
        return GO_FORWARD;
    return cleaned ? GO_STUCK : GO_BACK;
}

static bool look(struct recovering *r, struct err *err)
{
    for (size_t i = 0; i < r->count; i++)
        if (!part(r, i)->ops->look(part(r, i), &r->states[i], err))
            return false;
    return true;
}

/* A target that could not be looked at, its folder perhaps: what the journal knows of it. */
static void describe_unseen(struct recovering *r, const struct begin_target *t)
{
    char old[SHA256_HEX + 1], fresh[SHA256_HEX + 1];
    const char *path = text_shown(r->a, t->path);
    sha256_hex(&t->before, old);
    sha256_hex(&t->after, fresh);
    txn_note(r->notes, r->a, "%s: not looked at; the transaction was to replace %s by %s", path,
             old, fresh);
    if (r->info.backup_file)
        txn_note(r->notes, r->a,
                 "the file with the first of these digests is in %s (tar -tf, -xOf; age -d first "
                 "where it is sealed)",
                 text_shown(r->a, str_from(r->info.backup_file)));
    txn_note(r->notes, r->a,
             "choices for %s: bring back what is missing (mount or rename its folder) and run "
             "keyretire recover; or, when it is gone for good, make the folder again, put a file "
             "with one of these two digests there, and run keyretire recover",
             path);
}

static void describe(struct recovering *r)
{
    for (size_t i = 0; i < r->count; i++) {
        bool settled = r->states[i] == PART_OLD_NEW || r->states[i] == PART_NEW_OLD ||
                       r->states[i] == PART_OLD_NONE || r->states[i] == PART_NEW_NONE;
        if (!settled)
            part_file_describe(&r->files[i], r->states[i], r->notes);
    }
    for (size_t i = r->count; i < r->begin.target_count; i++)
        describe_unseen(r, &r->begin.targets[i]);
    txn_note(r->notes, r->a, "transaction %s is stuck; its journal is %s", r->info.txid,
             r->info.journal);
}

/* ---- act ---- */

/* What was decided inside the window is finished outside it too; the record says so. */
static bool close_with(struct recovering *r, enum txn_outcome outcome, struct err *err)
{
    const char *closed_by = txn_closed_by(r->a, r->closed_by, &r->begin.window);
    if (outcome == TXN_COMMITTED && closed_by != r->closed_by)
        txn_note(r->notes, r->a, "transaction %s is finished outside its change window",
                 r->info.txid);
    return txn_close(&r->journal, outcome, closed_by, r->a, err);
}

static bool unstage(struct recovering *r, struct err *err)
{
    for (size_t i = 0; i < r->count; i++)
        if (!part(r, i)->ops->unstage(part(r, i), err))
            return false;
    if (r->act && !r->act->ops->unstage(r->act, err))
        return false;
    return close_with(r, TXN_ABORTED, err);
}

static bool go_back(struct recovering *r, struct err *err)
{
    if (!journal_has(&r->journal, RECORD_UNDO) &&
        !journal_add(&r->journal, RECORD_UNDO, txn_undo_body(r->a, "found by recovery"), err))
        return false;
    for (size_t i = r->count; i-- > 0;)
        if (!part(r, i)->ops->rollback(part(r, i), err))
            return false;
    if (r->act && !r->act->ops->rollback(r->act, err))
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (!part(r, i)->ops->discard(part(r, i), r->notes, err))
            return false;
    if (r->act && !r->act->ops->discard(r->act, r->notes, err))
        return false;
    return close_with(r, TXN_ABORTED, err);
}

static bool exchange_all(struct recovering *r, struct err *err)
{
    if (r->act && !r->act->ops->commit(r->act, err))
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (!part(r, i)->ops->commit(part(r, i), err) || !part(r, i)->ops->settle(part(r, i), err))
            return false;
    return journal_add(&r->journal, RECORD_SWAPPED, txn_time_body(r->a), err);
}

static bool finish_act(struct recovering *r, struct err *err)
{
    if (!r->act)
        return true;
    return (journal_has(&r->journal, RECORD_REVOKE) ||
            journal_add(&r->journal, RECORD_REVOKE, txn_time_body(r->a), err)) &&
           r->act->ops->finish(r->act, r->notes, err);
}

static bool go_forward(struct recovering *r, enum direction *went, struct err *err)
{
    if (!journal_has(&r->journal, RECORD_SWAPPED)) {
        struct err failed = {0};
        if (!exchange_all(r, &failed)) {
            if (failed.kind != ERR_STALE)
                return *err = failed, false;
            *went = GO_BACK; /* an edit raced this very exchange: the one reason to turn round */
            return go_back(r, err);
        }
    }
    bool done = true;
    for (size_t i = 0; i < r->count; i++) {
        if (r->states[i] == PART_OLD_NEW) /* SWAPPED was written, and somebody exchanged back */
            done &= part(r, i)->ops->commit(part(r, i), err) &&
                    part(r, i)->ops->settle(part(r, i), err);
        done &= part(r, i)->ops->finish(part(r, i), r->notes, err);
    }
    return done && finish_act(r, err) && close_with(r, TXN_COMMITTED, err);
}

static bool act(struct recovering *r, enum direction *direction, struct err *err)
{
    if (!backup_sweep(&r->begin, r->journal.txid, r->a, err))
        return false;
    switch (*direction) {
    case GO_UNSTAGE:
        return unstage(r, err);
    case GO_FORWARD:
        return go_forward(r, direction, err);
    case GO_BACK:
        return go_back(r, err);
    case GO_ACT:
        return finish_act(r, err) && close_with(r, TXN_COMMITTED, err);
    case GO_STUCK:
        break;
    }
    err_set(err, ERR_STUCK, 768, "transaction %s is stuck: nothing was touched", r->info.txid);
    return false;
}

/* ---- one journal ---- */

static void remember(struct txn_recovery *recovery, struct arena *a, const char *txid,
                     enum txn_recovered how)
{
    recovery->at =
        arena_grow(a, recovery->at, recovery->count, &recovery->room, sizeof *recovery->at);
    struct txn_recovered_one *one = &recovery->at[recovery->count++];
    memcpy(one->txid, txid, sizeof one->txid);
    one->how = how;
}

/* What could not be finished stays as it is and is stuck; a lock or damage keeps its own code. */
static void explain(struct recovering *r, struct err *err)
{
    if (err->kind != ERR_LOCKED && err->kind != ERR_CORRUPT && !err_is_remote(err))
        err->kind = ERR_STUCK;
    err_context(err, "recover transaction %s", r->journal.txid);
    err_place(err, "journal %s/txn/%s", r->state->path, r->journal.name);
    err_hint(err, "its notes say what was seen; repair the cause and run %s",
             r->state->recover_with);
}

/* Its files are done with, and a later recovery tries the rest again: nobody has to wait. */
static bool leave_pending(struct recovering *r, struct txn_recovery *recovery, struct err *err)
{
    txn_note(r->notes, r->a, "transaction %s changed the files, but the rest failed again: %s",
             r->info.txid, err->text);
    if (!err_is(&recovery->act_failed))
        recovery->act_failed = *err;
    *err = (struct err){0};
    remember(recovery, r->a, r->journal.txid, TXN_ACT_PENDING);
    return true;
}

static bool recover_open(struct recovering *r, struct txn_recovery *recovery, struct err *err)
{
    static const char *const said[] = {
        [GO_UNSTAGE] = "was interrupted before its decision and is taken back: every file is old",
        [GO_FORWARD] = "was decided and is now finished: every file is new",
        [GO_BACK] = "is taken back: every file is old, or as somebody edited it",
        [GO_ACT] = "was decided and is now finished: every file is new"};
    enum direction direction = GO_STUCK;
    struct who who;
    who_ask(r->a, &who);
    r->closed_by = arena_printf(r->a, "%s, by recovery", who_text(r->a, &who));
    bool done = journal_sync(&r->journal, err) &&
                txn_info_from(&r->journal, arena_printf(r->a, "%s/txn", r->state->path), r->a,
                              &r->info, &r->begin, err) &&
                open_act(r, err);
    bool files_done = journal_has(&r->journal, RECORD_REVOKE);
    if (done && !files_done)
        done = open_files(r, err) && look(r, err);
    if (done) {
        direction = files_done ? GO_ACT : choose(r);
        done = act(r, &direction, err);
    }
    if (!done && err_is_remote(err) && journal_has(&r->journal, RECORD_REVOKE))
        return leave_pending(r, recovery, err);
    if (!done) {
        struct err unseen = {0};
        bool unopened = r->count < r->begin.target_count && err->kind != ERR_LOCKED;
        if ((err->kind == ERR_STUCK || unopened) && look(r, &unseen))
            describe(r);
        explain(r, err);
    } else {
        txn_note(r->notes, r->a, "transaction %s of %s %s", r->info.txid, r->info.user,
                 said[direction]);
    }
    bool forward = direction == GO_FORWARD || direction == GO_ACT;
    remember(recovery, r->a, r->journal.txid,
             !done     ? TXN_STUCK
             : forward ? TXN_FINISHED
                       : TXN_TAKEN_BACK);
    return done;
}

static bool recover_files(struct recovering *r, struct txn_recovery *recovery, struct err *err)
{
    bool done = recover_open(r, recovery, err);
    for (size_t i = 0; i < r->count; i++)
        part(r, i)->ops->release(part(r, i));
    if (r->act)
        r->act->ops->release(r->act);
    part_folders_close(r->folders);
    return done;
}

/* A purge has no files to look at: its archive is there, or gone. */
static bool recover_purge(struct recovering *r, struct txn_recovery *recovery, struct err *err)
{
    enum txn_recovered how = TXN_STUCK;
    bool done = journal_sync(&r->journal, err) &&
                purge_recover(r->state, &r->journal, r->a, r->notes, &how, err);
    if (!done)
        explain(r, err);
    remember(recovery, r->a, r->journal.txid, how);
    return done;
}

/* True when the journal is closed or gone. */
static bool recover_one(struct state *state, struct arena *a, const char *txid,
                        struct txn_recovery *recovery, struct err *err)
{
    struct recovering r = {.state = state, .a = a, .notes = &recovery->notes};
    bool done;
    if (!journal_open(&r.journal, state->txn_dir, txid, a, err))
        return false;
    if (r.journal.history.count == 0)
        done = journal_forget(&r.journal, err);
    else if (journal_has(&r.journal, RECORD_END))
        done = true;
    else if (purge_is(&r.journal, a))
        done = recover_purge(&r, recovery, err);
    else
        done = recover_files(&r, recovery, err);
    journal_release(&r.journal);
    return done;
}

/* ---- all ---- */

/* Lines that a closed transaction did not get to write, oldest first. */
static bool complete_audit(struct state *state, struct arena *a, struct err *err)
{
    struct audit_lines lines;
    struct txn_list list;
    if (!audit_read(state, a, &lines, err) || !txn_list_read(state, a, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        struct journal j;
        if (list.at[i].outcome == TXN_OPEN || audit_has(&lines, list.at[i].txid))
            continue;
        if (!journal_open(&j, state->txn_dir, list.at[i].txid, a, err))
            return false;
        journal_release(&j);
        if (!txn_audit(state, &j, a, err))
            return false;
    }
    return true;
}

bool txn_recover(struct state *state, struct arena *a, struct txn_recovery *recovery,
                 struct err *err)
{
    struct str *ids;
    size_t count;
    *recovery = (struct txn_recovery){0};
    state->recovered = false;
    if (!journal_sweep(state->txn_dir, a, err) ||
        !journal_names(state->txn_dir, a, &ids, &count, err))
        return false;
    bool done = true;
    for (size_t i = 0; i < count; i++) {
        struct err failed = {0};
        done &= recover_one(state, a, arena_text(a, ids[i]), recovery, &failed);
        if (!err_is(err))
            *err = failed;
    }
    /* An END that was renamed and not yet durable is so before anything is built on it. */
    if (count && sys->fsync(state->txn_dir) != 0) {
        err_set(err, ERR_SYSTEM, 711, "fsync the folder of the journals in %s", state->path);
        done = false;
    }
    done = done && complete_audit(state, a, err);
    state->recovered = done;
    return done;
}
