/* purge: decide durably, unlink, write down, close. */
#include "applier/purge.h"
#include "applier/audit.h"
#include "applier/txn_parts.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

struct purging {
    struct state *state;
    struct arena *a;
    struct journal *journal;
    struct begin begin;
    const char *folder, *name; /* of the archive */
    const char *closed_by;
    const char *record_file;
};

/* ---- the archive ---- */

enum presence { IS_THERE, IS_GONE };

static int open_folder(const struct purging *p, struct err *err)
{
    int fd = sys->openat(AT_FDCWD, p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        err_sys(err, ERR_SYSTEM, 825, errno, "open the backup folder %s", p->folder);
    return fd;
}

static bool check_content(const struct purging *p, int fd, struct err *err)
{
    struct arena wiping = {.wipe = true};
    struct stat st;
    struct str bytes;
    struct sha256 digest;
    bool done =
        file_read_fd(&wiping, fd, p->name, &bytes, err) && crypto_sha256(bytes, &digest, err);
    arena_free(&wiping);
    if (!done)
        return false;
    if (!sha256_eq(&digest, &p->begin.targets[0].before)) {
        err_set(err, ERR_STUCK, 827, "%s is not the archive that was to be destroyed", p->name);
        err_hint(err, "nothing was touched; move the file aside and run keyretire recover");
        return false;
    }
    if (sys->fstat(fd, &st) != 0) {
        err_sys(err, ERR_SYSTEM, 825, errno, "stat the backup %s", p->name);
        return false;
    }
    if (st.st_nlink == 1)
        return true;
    err_set(err, ERR_REFUSED, 824, "%s has %lu names: destroying one leaves the others", p->name,
            (unsigned long)st.st_nlink);
    return false;
}

static bool look(const struct purging *p, int dir, enum presence *presence, struct err *err)
{
    int fd = sys->openat(dir, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    *presence = fd < 0 && errno == ENOENT ? IS_GONE : IS_THERE;
    if (*presence == IS_GONE)
        return true;
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 825, errno, "open the backup %s", p->name);
        return false;
    }
    bool done = check_content(p, fd, err);
    (void)sys->close(fd); /* read-only */
    return done;
}

/* Idempotent: one that is gone already was unlinked before a crash, and its folder is synced now.
 * *touched: the name went, so there is no way back. */
static bool destroy(const struct purging *p, bool *touched, struct err *err)
{
    enum presence presence;
    int dir = open_folder(p, err);
    if (dir < 0)
        return false;
    bool done = look(p, dir, &presence, err);
    *touched = done && presence == IS_GONE;
    if (done && presence == IS_THERE) {
        done = sys->unlinkat(dir, p->name, 0) == 0;
        *touched = done;
        if (!done)
            err_sys(err, ERR_SYSTEM, 825, errno, "remove the backup %s", p->name);
    }
    if (done && sys->fsync(dir) != 0) {
        err_sys(err, ERR_SYSTEM, 825, errno, "fsync the backup folder %s", p->folder);
        done = false;
    }
    (void)sys->close(dir); /* read-only */
    return done;
}

/* ---- the record of it ---- */

static struct str decided_at(const struct purging *p)
{
    const struct record *r = history_find(&p->journal->history, RECORD_COMMIT);
    struct str body = r ? r->body : STR("");
    struct str time;
    return line_word(&body, "time", &time) ? time : STR("unknown");
}

static struct str record_text(const struct purging *p)
{
    struct buf b = {.arena = p->a};
    const struct begin *begin = &p->begin;
    buf_printf(&b, "keyretire destruction record 1\ntransaction %s\ndecided %.*s\nby ",
               p->journal->txid, STR_ARG(decided_at(p)));
    text_visible(&b, str_from(who_text(p->a, &begin->who)));
    buf_text(&b, "\narchive ");
    text_visible(&b, begin->targets[0].path);
    buf_text(&b, "\nsha256 ");
    line_digest(&b, &begin->targets[0].before);
    buf_printf(&b, "\nbytes %llu\n", (unsigned long long)begin->targets[0].size_before);
    for (size_t i = 0; i < begin->version_count; i++) {
        buf_text(&b, "version ");
        text_visible(&b, begin->versions[i]);
        buf_byte(&b, '\n');
    }
    buf_text(&b, "\nWhat may remain elsewhere, and is yours to look for:\n"
                 "- freed blocks of this disk, snapshots of its file system, backups of this host\n"
                 "- copies of the archive that were made by other means, on this host or another\n"
                 "- other archives of keyretire that hold the same versions: keyretire backups "
                 "list\n"
                 "- configuration files that hold them, here, on other hosts, in images and in "
                 "secret stores\n"
                 "- the memory of processes that were started with these keys\n");
    return buf_str(&b);
}

/* One temporary name, so that what a killed process left is written over. */
static bool store_record(struct purging *p, int dir, struct err *err)
{
    const char *temporary = arena_printf(p->a, ".%s.tmp", p->journal->txid);
    const char *name = arena_printf(p->a, "%s.txt", p->journal->txid);
    int fd =
        sys->openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 826, errno, "create %s", p->record_file);
        return false;
    }
    bool done = file_write_all(fd, record_text(p), p->record_file, err);
    if (done && sys->fsync(fd) != 0) {
        err_sys(err, ERR_SYSTEM, 826, errno, "fsync %s", p->record_file);
        done = false;
    }
    if (sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 826, errno, "close %s", p->record_file);
        done = false;
    }
    return done && file_give_name(dir, temporary, name, FILE_OVERWRITE, p->record_file, err);
}

static bool write_record(struct purging *p, struct err *err)
{
    const struct state *s = p->state;
    p->record_file = arena_printf(p->a, "%s/destroyed/%s.txt", s->path, p->journal->txid);
    if (sys->mkdirat(s->dir, "destroyed", 0700) != 0 && errno != EEXIST) {
        err_sys(err, ERR_SYSTEM, 826, errno, "make the folder %s/destroyed", s->path);
        return false;
    }
    if (sys->fsync(s->dir) != 0) { /* also when another was killed right after making it */
        err_sys(err, ERR_SYSTEM, 826, errno, "fsync the folder %s", s->path);
        return false;
    }
    int dir = sys->openat(s->dir, "destroyed", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (dir < 0) {
        err_sys(err, ERR_SYSTEM, 826, errno, "open the folder %s/destroyed", s->path);
        return false;
    }
    bool done = store_record(p, dir, err);
    (void)sys->close(dir); /* read-only */
    return done;
}

/* ---- a purge ---- */

static bool begin(struct purging *p, const struct purge_request *q, struct txn_result *result,
                  struct err *err)
{
    struct buf text = {.arena = p->a};
    struct begin *b = &p->begin;
    struct stat st;
    char txid[TXID_HEX + 1];
    *b = (struct begin){.operation = TXN_PURGE,
                        .time = result->started,
                        .backup_folder = str_from(p->folder),
                        .targets = ARENA_NEW(p->a, struct begin_target),
                        .target_count = 1,
                        .versions = (struct str *)q->versions,
                        .version_count = q->version_count};
    if (sys->fstatat(p->state->backup_dir, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        err_sys(err, ERR_SYSTEM, 825, errno, "stat the backup %s", p->name);
        return false;
    }
    b->targets[0] =
        (struct begin_target){.path = str_from(arena_printf(p->a, "%s/%s", p->folder, p->name)),
                              .before = q->digest,
                              .size_before = (uint64_t)st.st_size};
    who_ask(p->a, &b->who);
    p->closed_by = who_text(p->a, &b->who);
    if (sys->random(b->random, sizeof b->random) != 0) {
        err_set(err, ERR_SYSTEM, 767, "the system gave no random bytes");
        return false;
    }
    if (!audit_head(p->state->dir, p->a, b->audit_head, err))
        return false;
    begin_write(&text, b);
    if (!begin_txid(buf_str(&text), txid, err) ||
        !journal_create(p->journal, p->state->txn_dir, txid, buf_str(&text), p->a, err))
        return false;
    memcpy(result->txid, txid, sizeof txid);
    result->outcome = TXN_OPEN;
    return true;
}

/* Everything that may still speak against it, then the decision. */
static bool decide(struct purging *p, bool *tried, struct err *err)
{
    enum presence presence;
    int dir = open_folder(p, err);
    if (dir < 0)
        return false;
    bool done = look(p, dir, &presence, err);
    (void)sys->close(dir); /* read-only */
    if (done && presence == IS_GONE) {
        err_set(err, ERR_STALE, 827, "%s went away meanwhile", p->name);
        done = false;
    }
    if (done && txn_interrupted) {
        err_set(err, ERR_SIGNAL + (int)txn_interrupted, 762,
                "stopped by signal %d before anything was changed", (int)txn_interrupted);
        done = false;
    }
    const struct begin_target *t = &p->begin.targets[0];
    done = done && journal_add(p->journal, RECORD_BACKUP,
                               txn_backup_body(p->a, arena_text(p->a, t->path), &t->before), err);
    *tried = done;
    return done && journal_add(p->journal, RECORD_COMMIT, txn_time_body(p->a), err);
}

static void close_with(struct purging *p, enum txn_outcome outcome, struct txn_result *result)
{
    struct err failed = {0};
    if (txn_close(p->journal, outcome, p->closed_by, p->a, &failed)) {
        result->outcome = outcome;
        result->finished = sys->now();
        if (txn_audit(p->state, p->journal, p->a, &failed))
            return;
    }
    txn_note(&result->warnings, p->a, "%s; run keyretire recover", failed.text);
}

/* Nothing went: whatever the disk remembers of a COMMIT, END says otherwise, or nobody knows. */
static void abandon(struct purging *p, bool decided, struct txn_result *result, struct err *err)
{
    struct err failed = {0};
    if (decided && !p->journal->broken)
        (void)journal_add(p->journal, RECORD_UNDO, txn_undo_body(p->a, err->text), &failed);
    close_with(p, TXN_ABORTED, result);
    err_place(err, "transaction %s", result->txid);
    if (decided && result->outcome == TXN_OPEN) {
        err->kind = ERR_STUCK;
        err_hint(err, "the archive is there, and keyretire recover may yet destroy it");
        return;
    }
    if (decided || err->kind == ERR_SYSTEM || err->kind == ERR_CORRUPT)
        err->kind = ERR_RESTORED;
    err_hint(err, "the archive was not destroyed");
}

/* The name is gone. What is left is to say so, and the next command can do that as well. */
static bool finish(struct purging *p, struct txn_result *result, struct err *err)
{
    struct err failed = {0};
    if (!journal_has(p->journal, RECORD_SWAPPED) &&
        !journal_add(p->journal, RECORD_SWAPPED, txn_time_body(p->a), &failed)) {
        *err = failed;
        return false;
    }
    if (!write_record(p, err))
        return false;
    result->record_file = p->record_file;
    return true;
}

static bool go(struct purging *p, const struct purge_request *q, struct txn_result *result,
               struct err *err)
{
    bool decided = false, touched = false;
    if (!begin(p, q, result, err))
        return false;
    if (!decide(p, &decided, err)) {
        abandon(p, decided, result, err);
        return false;
    }
    if (!destroy(p, &touched, err)) {
        if (!touched) {
            abandon(p, true, result, err);
            return false;
        }
        err->kind = ERR_STUCK; /* gone, and the disk did not confirm it */
        err_place(err, "transaction %s", result->txid);
        err_hint(err, "repair the cause and run keyretire recover");
        return false;
    }
    struct err late = {0};
    if (finish(p, result, &late)) {
        close_with(p, TXN_COMMITTED, result);
        return true;
    }
    txn_note(&result->warnings, p->a,
             "the archive is destroyed, but not all is written down (%s); "
             "run keyretire recover",
             late.text);
    return true;
}

bool purge_run(struct state *state, struct arena *a, const struct purge_request *request,
               struct txn_result *result, struct err *err)
{
    struct journal journal = {.fd = -1};
    struct purging p = {.state = state,
                        .a = a,
                        .journal = &journal,
                        .folder = state->backup_path,
                        .name = request->name};
    *result = (struct txn_result){.started = sys->now(), .finished = UTC_NONE};
    if (!state->recovered || state->use != STATE_CHANGE) {
        err_set(err, ERR_INTERNAL, 760, "a transaction without recovery before it");
        return false;
    }
    bool done = state_backups(state, err) && go(&p, request, result, err);
    state->recovered = result->outcome != TXN_OPEN;
    if (result->txid[0])
        journal_release(&journal);
    return done;
}

/* ---- after a crash ---- */

bool purge_is(const struct journal *j, struct arena *a)
{
    struct begin b;
    struct err unread = {0};
    return j->history.count > 0 && begin_read(a, j->history.at[0].body, &b, &unread) &&
           b.operation == TXN_PURGE;
}

static bool recover_decided(struct purging *p, struct err *err)
{
    struct txn_result unsaid = {0};
    bool touched;
    return destroy(p, &touched, err) && finish(p, &unsaid, err) &&
           txn_close(p->journal, TXN_COMMITTED, p->closed_by, p->a, err);
}

bool purge_recover(struct state *state, struct journal *j, struct arena *a, struct txn_notes *notes,
                   enum txn_recovered *how, struct err *err)
{
    struct purging p = {.state = state, .a = a, .journal = j};
    struct txn_info info;
    struct who who;
    char *folder, *name;
    *how = TXN_STUCK;
    if (!txn_info_from(j, arena_printf(a, "%s/txn", state->path), a, &info, &p.begin, err))
        return false;
    file_split(a, arena_text(a, p.begin.targets[0].path), &folder, &name);
    p.folder = folder;
    p.name = name;
    who_ask(a, &who);
    p.closed_by = arena_printf(a, "%s, by recovery", who_text(a, &who));
    bool forward = journal_has(j, RECORD_COMMIT) && !journal_has(j, RECORD_UNDO);
    if (forward ? !recover_decided(&p, err) : !txn_close(j, TXN_ABORTED, p.closed_by, a, err))
        return false;
    *how = forward ? TXN_FINISHED : TXN_TAKEN_BACK;
    txn_note(notes, a, "transaction %s of %s %s", info.txid, info.user,
             forward ? "was decided and is now finished: the archive is destroyed"
                     : "was interrupted before its decision: the archive was not destroyed");
    return true;
}
