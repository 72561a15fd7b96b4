/*
 * txn: one transaction from the first lock to END.
 *
 * Invariants. Each line of code below keeps them; each crash test breaks the power between two.
 *
 *   1. Nothing of a target changes before its old image is in a durable, verified backup (BACKUP).
 *   2. Nothing of a target changes before the decision is durable (COMMIT), and COMMIT is written
 *      only when every new image is staged, synced and read back, every old digest still holds, and
 *      the caller's conditions hold.
 *   3. A record is synced before the next one is written and before the step that it announces. A
 *      failed write or fsync ends the journal: nothing is appended to it any more.
 *   4. Success is reported only when SWAPPED is durable: every name exchanged, every folder synced,
 *      every digest checked once more.
 *   5. A staging name is removed only after SWAPPED, when its old image is no longer needed, or
 *      once the live name is old again. So (old, nothing) says "taken back" even where no UNDO
 *      could be written, and recovery never goes forward from there.
 *   6. END is written only when no staging name is left. A journal without END is the one reason
 *      for recovery to act, and it has all that recovery needs.
 *   7. A foreign edit is never overwritten: before the exchange its digest stops us, after it the
 *      edit goes back in force, and later it is kept aside (retire.h).
 *   8. Undo is durable when UNDO is, or END, or the removal of every staging name. With none of
 *      them it has failed, and that is said (ERR_STUCK), for COMMIT may be what the disk remembers.
 *   9. An act that is no file is in force, reversibly, before the files are; it becomes final
 * behind REVOKE, which is written only when every file is new, durable and cleaned.
 *
 * States, and the function that makes each transition:
 *
 *                 open_targets, begin       save, stage           decide            swap
 *     (nothing) ----------------> BEGUN ---------------> STAGED ---------> DECIDED -------.
 *         |                         |                       |                |            |
 *         | refused: 4 5 6 11 13    | failed: 8             | stale,         | failed: 8  | SWAPPED
 *         |                         | signal: 128+n         | window: 5 14   |            v
 *         |                         '-----------.-----------'                |        ALL NEW
 *         |                                     | abandon                take_back        |
 *         |                                     v                            v            | finish
 *         '- - - - - - - - - - - - - - ->   ALL OLD   <----------------------'            v
 *                                           END aborted                             END committed
 *
 * Behind BEGIN a step that runs out of memory is one that failed (survive.h).
 */
#include "applier/txn.h"
#include "applier/audit.h"
#include "applier/backup.h"
#include "applier/survive.h"
#include "applier/txn_parts.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

volatile sig_atomic_t txn_interrupted;

struct run {
    struct state *state;
    struct arena *a;     /* the caller's: texts, results */
    struct arena wiping; /* images and archive */
    const struct txn_request *request;
    struct txn_result *result;
    struct folder *folders;
    struct part_file *files;
    size_t count; /* files that are open */
    struct begin begin;
    struct journal journal;
    const char *closed_by;
    struct survival survival;
    bool begun;
    bool commit_tried; /* COMMIT may be on the disk, whatever its fsync said */
};

static struct participant *part(struct run *r, size_t i)
{
    return &r->files[i].base;
}

static struct participant *act(struct run *r)
{
    return r->request->act;
}

/* ---- before BEGIN ---- */

static bool check_request(struct run *r, struct err *err)
{
    const struct txn_request *q = r->request;
    if (!r->state->recovered || r->state->use != STATE_CHANGE) {
        err_set(err, ERR_INTERNAL, 760, "a transaction without recovery before it");
        return false;
    }
    if (q->target_count == 0 || q->target_count > TXN_TARGETS_MAX ||
        q->version_count > TXN_NAMES_MAX || q->kept_count > TXN_NAMES_MAX) {
        err_set(err, ERR_REFUSED, 766, "a transaction has 1 to %d files and at most %d names",
                TXN_TARGETS_MAX, TXN_NAMES_MAX);
        return false;
    }
    for (size_t i = 0; i < q->target_count; i++) {
        const struct txn_target *t = &q->targets[i];
        struct sha256 digest;
        if (!crypto_sha256(t->image, &digest, err))
            return false;
        if (t->path[0] != '/' || sha256_eq(&t->before, &t->after) || t->image.len > FILE_MAX ||
            !sha256_eq(&digest, &t->after) || (i == 0 && t->keeping == TXN_NOT_ARCHIVED)) {
            err_set(err, ERR_INTERNAL, 760, "the new image of %s is not the one that was planned",
                    text_shown(r->a, str_from(t->path)));
            return false;
        }
    }
    return true;
}

static bool open_target(struct run *r, const struct txn_target *t, struct err *err)
{
    char *path, *name;
    file_split(r->a, t->path, &path, &name);
    unsigned timeout = r->state->lock_timeout_ms;
    struct folder *folder =
        part_folder_open(&r->folders, path, FOLDER_CHECK, timeout, r->a, &r->result->warnings, err);
    if (!folder)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        if (r->files[i].folder == folder && strcmp(r->files[i].name, name) == 0) {
            err_set(err, ERR_REFUSED, 766, "%s is named twice",
                    text_shown(r->a, str_from(t->path)));
            return false;
        }
    }
    const struct part_spec spec = {.path = t->path,
                                   .before = t->before,
                                   .after = t->after,
                                   .size_after = t->image.len,
                                   .image = t->image,
                                   .lock_timeout_ms = timeout};
    if (!part_file_open(&r->files[r->count], folder, &spec, r->a, &r->wiping, err))
        return false;
    r->count++;
    return true;
}

static bool open_targets(struct run *r, struct err *err)
{
    r->files = ARENA_ARRAY(r->a, r->request->target_count, struct part_file);
    for (size_t i = 0; i < r->request->target_count; i++)
        if (!open_target(r, &r->request->targets[i], err))
            return false;
    return true;
}

static bool fill_begin(struct run *r, struct err *err)
{
    const struct txn_request *q = r->request;
    struct begin *b = &r->begin;
    *b = (struct begin){.operation = q->operation,
                        .has_plan = q->has_plan,
                        .plan = q->plan,
                        .time = r->result->started,
                        .backup_folder = str_from(r->state->backup_path),
                        .target_count = r->count,
                        .versions = (struct str *)q->versions,
                        .version_count = q->version_count,
                        .kept = (struct str *)q->kept,
                        .kept_count = q->kept_count,
                        .approvals = q->approvals,
                        .has_policy = q->has_policy,
                        .policy = q->policy,
                        .window = q->window,
                        .has_retain_until = q->has_retain_until,
                        .retain_until = q->retain_until,
                        .act_note = q->act_note};
    if (q->reverses)
        memcpy(b->reverses, q->reverses, TXID_HEX);
    b->targets = ARENA_ARRAY(r->a, r->count, struct begin_target);
    for (size_t i = 0; i < r->count; i++)
        b->targets[i] = (struct begin_target){.path = str_from(q->targets[i].path),
                                              .before = q->targets[i].before,
                                              .form = q->targets[i].form,
                                              .keeping = q->targets[i].keeping,
                                              .after = q->targets[i].after,
                                              .size_before = r->files[i].old_image.len,
                                              .size_after = q->targets[i].image.len};
    who_ask(r->a, &b->who);
    r->closed_by = who_text(r->a, &b->who);
    if (sys->random(b->random, sizeof b->random) != 0) {
        err_set(err, ERR_SYSTEM, 767, "the system gave no random bytes");
        return false;
    }
    return audit_head(r->state->dir, r->a, b->audit_head, err);
}

static bool begin(struct run *r, struct err *err)
{
    struct buf text = {.arena = r->a};
    char txid[TXID_HEX + 1];
    if (!fill_begin(r, err))
        return false;
    begin_write(&text, &r->begin);
    if (!begin_txid(buf_str(&text), txid, err))
        return false;
    for (size_t i = 0; i < r->count; i++)
        part_file_name(&r->files[i], txid);
    if (!journal_create(&r->journal, r->state->txn_dir, txid, buf_str(&text), r->a, err))
        return false;
    r->begun = true;
    r->result->outcome = TXN_OPEN;
    memcpy(r->result->txid, txid, sizeof txid);
    return true;
}

/* ---- up to COMMIT ---- */

static bool not_interrupted(struct err *err)
{
    int number = (int)txn_interrupted;
    if (number == 0)
        return true;
    err_set(err, ERR_SIGNAL + number, 762, "stopped by signal %d before anything was changed",
            number);
    return false;
}

/* The targets of BEGIN that go into the archive, and their images. */
static struct begin archived(struct run *r, struct str *images)
{
    struct begin b = r->begin;
    b.targets = ARENA_ARRAY(r->a, r->count, struct begin_target);
    b.target_count = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->begin.targets[i].keeping == TXN_NOT_ARCHIVED)
            continue;
        images[b.target_count] = r->files[i].old_image;
        b.targets[b.target_count++] = r->begin.targets[i];
    }
    return b;
}

static bool save(struct run *r, struct err *err)
{
    struct backup made;
    struct str *images = ARENA_ARRAY(&r->wiping, r->count, struct str);
    struct begin what = archived(r, images);
    if (!backup_write(r->state, &what, r->result->txid, images, r->request->seal_to, &r->wiping,
                      &made, err))
        return false;
    r->result->backup_file = arena_text(r->a, str_from(made.path));
    if (r->state->images == STATE_ENCRYPTED_IMAGES) {
        /* it tells no more than the files did */
    } else if (made.sealed) {
        txn_note(&r->result->warnings, r->a,
                 "the backup %s is sealed: a one-time key opened it, and that the recipients' own "
                 "keys do was not tried; keyretire backups verify --identity FILE tries one",
                 made.path);
    } else {
        txn_note(&r->result->warnings, r->a,
                 "the backup %s holds every key of the old files in clear", made.path);
    }
    return journal_add(&r->journal, RECORD_BACKUP, txn_backup_body(r->a, made.path, &made.digest),
                       err);
}

static bool stage(struct run *r, struct err *err)
{
    for (size_t i = 0; i < r->count; i++) {
        if (!not_interrupted(err))
            return false;
        if (!part(r, i)->ops->prepare(part(r, i), err)) {
            err_context(err, "prepare %s", part(r, i)->name);
            return false;
        }
    }
    return !act(r) || (not_interrupted(err) && act(r)->ops->prepare(act(r), err));
}

static bool decide(struct run *r, struct err *err)
{
    const struct txn_request *q = r->request;
    for (size_t i = 0; i < r->count; i++)
        if (!part(r, i)->ops->unchanged(part(r, i), err))
            return false;
    if (act(r) && !act(r)->ops->unchanged(act(r), err))
        return false;
    if (!not_interrupted(err) || (q->still_allowed && !q->still_allowed(q->context, err)))
        return false;
    r->commit_tried = true;
    return journal_add(&r->journal, RECORD_COMMIT, txn_time_body(r->a), err);
}

/* ---- after COMMIT ---- */

static bool swap(void *context, struct err *err)
{
    struct run *r = context;
    if (act(r) && !act(r)->ops->commit(act(r), err))
        return false;
    for (size_t i = 0; i < r->count; i++) {
        if (!part(r, i)->ops->commit(part(r, i), err)) {
            err_context(err, "commit %s", part(r, i)->name);
            return false;
        }
    }
    for (size_t i = 0; i < r->count; i++)
        if (!part(r, i)->ops->settle(part(r, i), err))
            return false;
    for (size_t i = 0; i < r->count; i++) {
        enum part_state state;
        if (!part(r, i)->ops->look(part(r, i), &state, err))
            return false;
        if (state != PART_NEW_OLD) {
            err_set(err, ERR_STALE, 743, "%s was changed by somebody else during the transaction",
                    part(r, i)->name);
            return false;
        }
    }
    return journal_add(&r->journal, RECORD_SWAPPED, txn_time_body(r->a), err);
}

/* END, then the audit line. Failing here loses nothing: the next changing command does it. */
static void close_with(struct run *r, enum txn_outcome outcome, bool *ended)
{
    struct err failed = {0};
    const char *closed_by = txn_closed_by(r->a, r->closed_by, &r->begin.window);
    *ended = txn_close(&r->journal, outcome, closed_by, r->a, &failed);
    if (*ended) {
        r->result->outcome = outcome;
        r->result->finished = sys->now();
        if (txn_audit(r->state, &r->journal, r->a, &failed))
            return;
    }
    txn_note(&r->result->warnings, r->a, "%s; run %s", failed.text, r->state->recover_with);
}

/* Every file is new and clean: from here there is no way back for the act either. */
static bool finish_act(struct run *r, struct err *err)
{
    return journal_add(&r->journal, RECORD_REVOKE, txn_time_body(r->a), err) &&
           act(r)->ops->finish(act(r), &r->result->warnings, err);
}

static bool clean_up(void *context, struct err *err)
{
    struct run *r = context;
    struct err first = {0};
    bool stuck = false;
    bool ended = false;
    r->result->outcome = TXN_COMMITTED;
    for (size_t i = 0; i < r->count; i++) {
        struct err failed = {0};
        if (part(r, i)->ops->finish(part(r, i), &r->result->warnings, &failed))
            continue;
        if (!err_is(&first) || (failed.kind == ERR_STUCK && !stuck))
            first = failed;
        stuck |= failed.kind == ERR_STUCK;
    }
    if (!err_is(&first) && (!act(r) || finish_act(r, &first))) {
        close_with(r, TXN_COMMITTED, &ended);
        return true;
    }
    r->result->outcome = TXN_OPEN;
    if (!stuck && !act(r)) {
        txn_note(&r->result->warnings, r->a,
                 "every file is changed, but the clean-up failed (%s); run %s", first.text,
                 r->state->recover_with);
        r->result->outcome = TXN_COMMITTED;
        return true;
    }
    *err = first;
    if (!stuck && !err_is_remote(err)) /* disabled, not deleted: the files are ahead of the act */
        err->kind = ERR_DISAGREE;
    if (!stuck)
        err_hint(err, "the rest is done by the next change, or by %s", r->state->recover_with);
    err_place(err, "transaction %s, committed; journal %s/txn/%s", r->result->txid, r->state->path,
              r->journal.name);
    return false;
}

static bool note_no_memory(void *context, struct err *err)
{
    struct run *r = context;
    (void)err;
    txn_note(&r->result->warnings, r->a,
             "every file is changed, but the clean-up had no memory; run %s",
             r->state->recover_with);
    return true;
}

/* SWAPPED is durable: whatever is missing now, every file is new and stays so. */
static bool finish(struct run *r, struct err *err)
{
    struct err unsaid = {0};
    enum survived end = survive(&r->survival, clean_up, r, err);
    if (end != STEP_NO_MEMORY)
        return end == STEP_DONE;
    r->result->outcome = act(r) ? TXN_OPEN : TXN_COMMITTED;
    if (act(r)) {
        err->kind = ERR_DISAGREE;
        err_hint(err, "the rest is done by the next change, or by %s", r->state->recover_with);
        return false;
    }
    *err = (struct err){0};
    (void)survive(&r->survival, note_no_memory, r, &unsaid);
    return true;
}

/* ---- the way back ---- */

/* The exit code of a failure that was undone: a rule or a signal keeps its own. */
static void restored(struct run *r, struct err *err, bool ended)
{
    if ((r->commit_tried && !err_is_remote(err)) || err->kind == ERR_SYSTEM ||
        err->kind == ERR_CORRUPT || err->kind == ERR_LOCKED || err->kind == ERR_INTERNAL)
        err->kind = ERR_RESTORED;
    err_place(err, "transaction %s", r->result->txid);
    err_hint(err, "every file is as it was before");
    if (!ended)
        txn_note(&r->result->warnings, r->a,
                 "every file is as it was, but the clean-up of transaction %s is not complete; run "
                 "%s",
                 r->result->txid, r->state->recover_with);
}

static void stuck(struct run *r, struct err *err, const struct err *undo)
{
    struct err cause = *err;
    *err = (struct err){0};
    err_set(err, err_is_remote(undo) ? ERR_DISAGREE : ERR_STUCK, 761,
            "%s; undoing it failed too: %s", cause.text, undo->text);
    err_place(err, "transaction %s, journal %s/txn/%s", r->result->txid, r->state->path,
              r->journal.name);
    if (undo->hint[0])
        err_hint(err, "%s", undo->hint);
    err_hint(err, "repair the cause and run %s", r->state->recover_with);
}

/* Before COMMIT no live file was touched: what was staged goes. */
static void abandon(struct run *r, struct err *err)
{
    struct err failed = {0};
    bool ended = false;
    bool clean = backup_sweep(&r->begin, r->result->txid, r->a, &failed);
    for (size_t i = 0; i < r->count; i++)
        clean &= part(r, i)->ops->unstage(part(r, i), &failed);
    if (act(r))
        clean &= act(r)->ops->unstage(act(r), &failed);
    if (clean)
        close_with(r, TXN_ABORTED, &ended);
    restored(r, err, ended);
}

/*
 * After COMMIT. UNDO goes first, so that a crash in the middle of this, with a foreign edit half
 * put back, finds recovery going the same way. Where the journal is broken the removal of the
 * staging names takes its place (invariants 5 and 8).
 */
static void take_back(struct run *r, struct err *err)
{
    struct err failed = {0};
    struct err undo = {0};
    bool ended = false;
    bool back = true;
    bool clean = true;
    bool decided = !r->journal.broken &&
                   journal_add(&r->journal, RECORD_UNDO, txn_undo_body(r->a, err->text), &failed);
    for (size_t i = r->count; i-- > 0;)
        back &= part(r, i)->ops->rollback(part(r, i), &undo);
    if (act(r))
        back &= act(r)->ops->rollback(act(r), &undo);
    for (size_t i = 0; back && i < r->count; i++)
        clean &= part(r, i)->ops->discard(part(r, i), &r->result->warnings, &undo);
    if (back && act(r))
        clean &= act(r)->ops->discard(act(r), &r->result->warnings, &undo);
    if (back && clean)
        close_with(r, TXN_ABORTED, &ended);
    if (back && undo.kind != ERR_STUCK && (decided || clean || ended))
        restored(r, err, ended);
    else
        stuck(r, err, err_is(&undo) ? &undo : &failed);
}

struct way_back {
    struct run *r;
    struct err *cause;
};

static bool way_back(void *context, struct err *err)
{
    const struct way_back *w = context;
    (void)err;
    if (w->r->commit_tried)
        take_back(w->r, w->cause);
    else
        abandon(w->r, w->cause);
    return true;
}

/* Memory that runs out again leaves it to recovery. */
static void go_back(struct run *r, struct err *err)
{
    struct way_back w = {r, err};
    struct err undo = {0};
    if (survive(&r->survival, way_back, &w, &undo) == STEP_NO_MEMORY)
        stuck(r, err, &undo);
}

/* ---- the whole ---- */

static bool up_to_commit(void *context, struct err *err)
{
    struct run *r = context;
    return save(r, err) && stage(r, err) && decide(r, err);
}

/* A step that ran out of memory may have been inside the journal. */
static bool passes(struct run *r, bool (*step)(void *context, struct err *err), struct err *err)
{
    enum survived end = survive(&r->survival, step, r, err);
    if (end == STEP_NO_MEMORY)
        journal_interrupted(&r->journal);
    return end == STEP_DONE;
}

static void release(struct run *r)
{
    for (size_t i = 0; i < r->count; i++)
        part(r, i)->ops->release(part(r, i));
    if (act(r))
        act(r)->ops->release(act(r));
    part_folders_close(r->folders);
    if (r->begun)
        journal_release(&r->journal);
    survive_release(&r->survival);
    arena_free(&r->wiping);
}

static bool go(struct run *r, struct err *err)
{
    if (!check_request(r, err) || !open_targets(r, err) || !state_backups(r->state, err) ||
        !not_interrupted(err) || !survive_prepare(&r->survival, err) || !begin(r, err))
        return false;
    if (passes(r, up_to_commit, err) && passes(r, swap, err))
        return finish(r, err);
    go_back(r, err);
    return false;
}

bool txn_run(struct state *state, struct arena *a, const struct txn_request *request,
             struct txn_result *result, struct err *err)
{
    struct run r = {
        .state = state, .a = a, .wiping = {.wipe = true}, .request = request, .result = result};
    bool putting_back = request->operation != TXN_APPLY;
    *result = (struct txn_result){.started = sys->now(), .finished = UTC_NONE};
    result->versions_before = request->kept_count + (putting_back ? 0 : request->version_count);
    result->versions_after = request->kept_count + (putting_back ? request->version_count : 0);
    bool done = go(&r, err);
    state->recovered = result->outcome != TXN_OPEN;
    release(&r);
    return done;
}
