/* part_file: checks, staging, exchange and clean-up of one file. */
#include "applier/part_file.h"
#include "applier/lock.h"
#include "applier/mounts.h"
#include "applier/retire.h"
#include "applier/stage.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

static struct part_file *of(struct participant *p)
{
    return (struct part_file *)p;
}

static void drop(int *fd)
{
    if (*fd >= 0)
        (void)sys->close(*fd); /* read-only */
    *fd = -1;
}

static bool sync_folder(struct part_file *f, struct err *err)
{
    if (sys->fsync(f->folder->fd) == 0)
        return true;
    err_sys(err, ERR_SYSTEM, 748, errno, "fsync the folder %s", f->folder->path);
    return false;
}

/* ---- what is there ---- */

/*
 * The digest of what a name holds now. The descriptor kept for the name stays while the name is
 * still that inode; an editor that replaces files by rename puts another one there. Something that
 * is no plain file has a digest that nothing has.
 */
static bool look_at(struct part_file *f, const char *name, int *fd, bool *there,
                    struct sha256 *digest, struct err *err)
{
    struct stat by_name, by_fd;
    *digest = (struct sha256){0};
    *there = sys->fstatat(f->folder->fd, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*there && errno == ENOENT) {
        drop(fd);
        return true;
    }
    if (!*there) {
        err_sys(err, ERR_SYSTEM, 746, errno, "stat %s", name);
        return false;
    }
    if (!S_ISREG(by_name.st_mode))
        return true;
    bool same = *fd >= 0 && sys->fstat(*fd, &by_fd) == 0 && by_fd.st_dev == by_name.st_dev &&
                by_fd.st_ino == by_name.st_ino;
    if (!same) {
        drop(fd);
        *fd = sys->openat(f->folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
        if (*fd < 0) {
            err_sys(err, ERR_SYSTEM, 746, errno, "open %s", name);
            return false;
        }
    }
    return digest_fd(*fd, name, digest, err);
}

enum { IS_NONE, IS_OLD, IS_NEW, IS_OTHER };

static int kind_of(const struct part_file *f, bool there, const struct sha256 *digest)
{
    if (!there)
        return IS_NONE;
    return sha256_eq(digest, &f->before)  ? IS_OLD
           : sha256_eq(digest, &f->after) ? IS_NEW
                                          : IS_OTHER;
}

static bool file_look(struct participant *p, enum part_state *state, struct err *err)
{
    static const enum part_state table[4][4] = {
        /* live      staged: none      old            new            other */
        [IS_NONE] = {PART_STRANGE, PART_STRANGE, PART_STRANGE, PART_STRANGE},
        [IS_OLD] = {PART_OLD_NONE, PART_STRANGE, PART_OLD_NEW, PART_STRANGE},
        [IS_NEW] = {PART_NEW_NONE, PART_NEW_OLD, PART_STRANGE, PART_NEW_OTHER},
        [IS_OTHER] = {PART_OTHER_NONE, PART_STRANGE, PART_OTHER_NEW, PART_STRANGE},
    };
    struct part_file *f = of(p);
    int aside = -1;
    bool done =
        look_at(f, f->name, &f->live_fd, &f->live_there, &f->live_digest, err) &&
        look_at(f, f->staged_name, &f->staged_fd, &f->staged_there, &f->staged_digest, err) &&
        look_at(f, f->conflict_name, &aside, &f->conflict_there, &f->conflict_digest, err);
    drop(&aside);
    if (!done)
        return false;
    *state = table[kind_of(f, f->live_there, &f->live_digest)]
                  [kind_of(f, f->staged_there, &f->staged_digest)];
    if (f->conflict_there)
        *state = f->staged_there ? PART_STRANGE : PART_CONFLICT;
    return true;
}

void part_file_describe(const struct part_file *f, enum part_state state, struct txn_notes *notes)
{
    char live[SHA256_HEX + 1], other[SHA256_HEX + 1], old[SHA256_HEX + 1], fresh[SHA256_HEX + 1];
    const char *path = text_shown(f->a, str_from(f->base.name));
    sha256_hex(&f->live_digest, live);
    sha256_hex(&f->before, old);
    sha256_hex(&f->after, fresh);
    bool aside = state == PART_CONFLICT;
    bool there = aside ? f->conflict_there : f->staged_there;
    const char *name = text_shown(f->a, str_from(aside ? f->conflict_name : f->staged_name));
    sha256_hex(aside ? &f->conflict_digest : &f->staged_digest, other);
    txn_note(notes, f->a, "%s: sha256 %s", path, f->live_there ? live : "(missing)");
    txn_note(notes, f->a, "%s beside it: sha256 %s", name, there ? other : "(missing)");
    txn_note(notes, f->a, "the transaction was to replace %s by %s", old, fresh);
    if (aside)
        txn_note(notes, f->a,
                 "choices for %s: carry over what %s has and the file lacks, remove %s, and run "
                 "keyretire recover; or wait until no process has it open, and run it again",
                 path, name, name);
    else
        txn_note(
            notes, f->a,
            "choices for %s: put back the content with one of these two digests (the old one is "
            "in the backup) and run keyretire recover; or, when the file is right as it is, "
            "remove %s and run keyretire recover",
            path, name);
}

static bool strange(struct part_file *f, enum part_state state, struct err *err)
{
    err_set(err, ERR_STUCK, 745, "%s is neither the old nor the new file of transaction %s%s",
            f->base.name, f->txid,
            state == PART_CONFLICT ? ", or its conflict is not settled" : "");
    err_hint(err, "keyretire recover prints the digests and the choices");
    return false;
}

/* ---- opening ---- */

static const struct participant_ops part_file_ops;

static void start(struct part_file *f, struct folder *folder, const struct part_spec *spec,
                  struct arena *a)
{
    char *path, *name;
    file_split(a, spec->path, &path, &name);
    *f = (struct part_file){.base = {.ops = &part_file_ops, .name = spec->path},
                            .folder = folder,
                            .a = a,
                            .name = name,
                            .before = spec->before,
                            .after = spec->after,
                            .size_after = spec->size_after,
                            .image = spec->image,
                            .lock_timeout_ms = spec->lock_timeout_ms,
                            .untouched = true,
                            .live_fd = -1,
                            .staged_fd = -1};
}

/* Still the inode that was opened: somebody may have replaced it while we waited for its lock. */
static bool still_named(struct part_file *f, struct err *err)
{
    struct stat by_name, by_fd;
    if (sys->fstatat(f->folder->fd, f->name, &by_name, AT_SYMLINK_NOFOLLOW) != 0 ||
        sys->fstat(f->live_fd, &by_fd) != 0) {
        err_sys(err, ERR_SYSTEM, 746, errno, "stat %s", f->base.name);
        return false;
    }
    if (by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino)
        return true;
    err_set(err, ERR_STALE, 738, "%s was replaced by somebody else", f->base.name);
    return false;
}

static bool digest_is_before(struct part_file *f, struct err *err)
{
    struct sha256 found;
    if (!digest_fd(f->live_fd, f->base.name, &found, err))
        return false;
    if (sha256_eq(&found, &f->before))
        return still_named(f, err);
    err_set(err, ERR_STALE, 738, "%s changed since it was planned",
            text_shown(f->a, str_from(f->base.name)));
    err_hint(err, "plan again");
    return false;
}

bool part_file_open(struct part_file *f, struct folder *folder, const struct part_spec *spec,
                    struct arena *a, struct arena *wiping, struct err *err)
{
    start(f, folder, spec, a);
    const char *shown = text_shown(a, str_from(spec->path));
    if (part_check_open(f, &f->live_fd, err) && part_check_inode(f, f->live_fd, err) &&
        mounts_check(spec->path, folder->st.st_dev, MOUNTS_OURS, a, err) &&
        part_check_stages(f, err) && lock_flock(f->live_fd, spec->lock_timeout_ms, shown, err) &&
        digest_is_before(f, err) &&
        file_read_fd(wiping, f->live_fd, spec->path, &f->old_image, err))
        return true;
    drop(&f->live_fd);
    return false;
}

void part_file_name(struct part_file *f, const char *txid)
{
    f->txid = arena_text(f->a, str_from(txid));
    f->staged_name = arena_printf(f->a, "%s.%s.new", f->name, txid);
    f->conflict_name = arena_printf(f->a, "%s.%s.conflict", f->name, txid);
}

bool part_file_recover(struct part_file *f, struct folder *folder, const struct part_spec *spec,
                       const char *txid, struct arena *a, struct err *err)
{
    enum part_state unused;
    start(f, folder, spec, a);
    part_file_name(f, txid);
    f->untouched = false;
    const char *shown = text_shown(a, str_from(spec->path));
    return file_look(&f->base, &unused, err) &&
           (f->live_fd < 0 || lock_flock(f->live_fd, spec->lock_timeout_ms, shown, err)) &&
           (f->staged_fd < 0 || lock_flock(f->staged_fd, spec->lock_timeout_ms, shown, err));
}

/* ---- the operations ---- */

static bool file_prepare(struct participant *p, struct err *err)
{
    struct part_file *f = of(p);
    f->untouched = false;
    return stage_write(f->folder->fd, f->staged_name, f->live_fd, f->image, err) &&
           stage_matches(f->folder->fd, f->staged_name, f->live_fd, &f->after, &f->staged_fd,
                         err) &&
           lock_flock(f->staged_fd, 0, f->staged_name, err) && sync_folder(f, err);
}

/* Owner, mode, ACL and attributes of the file that is in force and of the one beside it. */
static bool same_metadata(struct part_file *f, struct err *err)
{
    return stage_same_metadata(f->live_fd, f->staged_fd, f->base.name, ERR_STALE, err);
}

static bool file_unchanged(struct participant *p, struct err *err)
{
    struct part_file *f = of(p);
    return digest_is_before(f, err) && part_check_inode(f, f->live_fd, err) &&
           same_metadata(f, err);
}

/* One call of the kernel: at no moment is the live name missing. The descriptors change places. */
static bool exchange(struct part_file *f, struct err *err)
{
    if (sys->renameat2(f->folder->fd, f->staged_name, f->folder->fd, f->name,
                       SYS_RENAME_EXCHANGE) != 0) {
        int why = errno;
        err_sys(err, ERR_SYSTEM, 742, why, "exchange %s and %s", f->base.name, f->staged_name);
        if (why == EINVAL || why == ENOSYS)
            err_hint(err, "this file system cannot exchange two names");
        return false;
    }
    int fd = f->live_fd;
    f->live_fd = f->staged_fd;
    f->staged_fd = fd;
    return true;
}

/*
 * A chmod that comes after the staging would end with the old inode, so it is looked for on both
 * sides of the exchange and taken back like an edit. What it says of the new file is then lost, if
 * somebody was quick enough to change that one; the error tells them.
 */
static bool swap(struct part_file *f, enum part_state *state, struct err *err)
{
    return same_metadata(f, err) && exchange(f, err) && file_look(&f->base, state, err) &&
           (*state != PART_NEW_OLD || same_metadata(f, err));
}

static bool file_commit(struct participant *p, struct err *err)
{
    struct part_file *f = of(p);
    enum part_state state;
    if (!file_look(p, &state, err))
        return false;
    if (state == PART_OLD_NEW && !swap(f, &state, err))
        return false;
    if (state == PART_NEW_OLD || state == PART_NEW_NONE)
        return true;
    err_set(err, ERR_STALE, 743, "%s was changed by somebody else during the transaction",
            f->base.name);
    return false;
}

static bool file_settle(struct participant *p, struct err *err)
{
    return sync_folder(of(p), err);
}

static bool file_rollback(struct participant *p, struct err *err)
{
    struct part_file *f = of(p);
    enum part_state state;
    if (f->untouched)
        return true;
    if (!file_look(p, &state, err))
        return false;
    if (state == PART_NEW_OLD || state == PART_NEW_OTHER) {
        if (!exchange(f, err) || !file_look(p, &state, err))
            return false;
        if (state != PART_OLD_NEW && state != PART_OTHER_NEW) {
            /* The live file was edited between look and exchange: that edit goes back in force. */
            if (exchange(f, err))
                (void)file_look(p, &state, err);
            return strange(f, state, err);
        }
    }
    if (state != PART_OLD_NEW && state != PART_OTHER_NEW && state != PART_OLD_NONE &&
        state != PART_OTHER_NONE)
        return strange(f, state, err);
    return sync_folder(f, err);
}

/* Removes the staged or the conflict file, whose content must be `expected`. */
static bool retire(struct part_file *f, const char *name, int *fd, const struct sha256 *expected,
                   struct txn_notes *notes, struct err *err)
{
    const struct retire r = {.folder = f->folder->fd,
                             .path = f->base.name,
                             .name = name,
                             .conflict_name = f->conflict_name,
                             .expected = *expected,
                             .a = f->a};
    bool done = retire_file(&r, fd, notes, err);
    return sync_folder(f, err) && done;
}

static bool retire_conflict(struct part_file *f, const struct sha256 *expected,
                            struct txn_notes *notes, struct err *err)
{
    int fd = -1;
    bool done = look_at(f, f->conflict_name, &fd, &f->conflict_there, &f->conflict_digest, err);
    if (done && fd < 0)
        done = strange(f, PART_CONFLICT, err);
    done = done && retire(f, f->conflict_name, &fd, expected, notes, err);
    drop(&fd);
    return done;
}

/* The new file is in force, and whoever changed it since wanted that: said, not taken back. */
static void note_metadata(struct part_file *f, struct txn_notes *notes)
{
    struct err differ = {0};
    if (!same_metadata(f, &differ) && differ.kind == ERR_STALE)
        txn_note(notes, f->a,
                 "%s: its owner, mode or attributes differ from those of the file it replaced; "
                 "look whether they are as they should be",
                 f->base.name);
}

static bool file_finish(struct participant *p, struct txn_notes *notes, struct err *err)
{
    struct part_file *f = of(p);
    enum part_state state;
    if (!file_look(p, &state, err))
        return false;
    if (state == PART_CONFLICT)
        return retire_conflict(f, &f->before, notes, err);
    if (state == PART_NEW_OLD)
        note_metadata(f, notes);
    if (state == PART_NEW_OLD || state == PART_NEW_OTHER)
        return retire(f, f->staged_name, &f->staged_fd, &f->before, notes, err);
    if (state == PART_NEW_NONE || state == PART_OTHER_NONE || state == PART_OLD_NONE)
        return sync_folder(f, err);
    return strange(f, state, err);
}

static bool file_discard(struct participant *p, struct txn_notes *notes, struct err *err)
{
    struct part_file *f = of(p);
    enum part_state state;
    if (f->untouched)
        return true;
    if (!file_look(p, &state, err))
        return false;
    if (state == PART_CONFLICT)
        return retire_conflict(f, &f->after, notes, err);
    if (state == PART_OLD_NEW || state == PART_OTHER_NEW)
        return retire(f, f->staged_name, &f->staged_fd, &f->after, notes, err);
    if (state == PART_OLD_NONE || state == PART_OTHER_NONE)
        return sync_folder(f, err);
    return strange(f, state, err);
}

/*
 * Without COMMIT the staging name was made by us alone, under a name that holds 64 bits of chance:
 * it is ours whatever part of the image reached the disk before the power went. One that is longer
 * than the image, or no plain file, is nobody's guess.
 */
static bool file_unstage(struct participant *p, struct err *err)
{
    struct part_file *f = of(p);
    struct stat st;
    if (f->untouched)
        return true;
    drop(&f->staged_fd);
    if (sys->fstatat(f->folder->fd, f->staged_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return sync_folder(f, err);
        err_sys(err, ERR_SYSTEM, 747, errno, "stat %s", f->staged_name);
        return false;
    }
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || (uint64_t)st.st_size > f->size_after)
        return strange(f, PART_STRANGE, err);
    if (sys->unlinkat(f->folder->fd, f->staged_name, 0) != 0) {
        err_sys(err, ERR_SYSTEM, 747, errno, "remove %s", f->staged_name);
        return false;
    }
    return sync_folder(f, err);
}

static void file_release(struct participant *p)
{
    drop(&of(p)->live_fd);
    drop(&of(p)->staged_fd);
}

static const struct participant_ops part_file_ops = {
    .prepare = file_prepare,
    .unchanged = file_unchanged,
    .commit = file_commit,
    .settle = file_settle,
    .rollback = file_rollback,
    .finish = file_finish,
    .unstage = file_unstage,
    .discard = file_discard,
    .look = file_look,
    .release = file_release,
};
