/* retire: lease, digest, unlink; or keep aside. */
#include "applier/retire.h"
#include "applier/part_file.h"
#include "applier/stage.h"
#include "common/sys.h"

#include <errno.h>
#include <sys/file.h>

enum { LEASE_ATTEMPTS = 10, LEASE_STEP_MS = 50 };

enum lease_answer { LEASE_GRANTED, LEASE_BUSY, LEASE_UNKNOWN, LEASE_FAILED };

/* Without leases on this file system, or on a file of somebody else, the last digest stands alone.
 */
static enum lease_answer ask_lease(int fd)
{
    for (int i = 0;; i++) {
        if (sys->lease(fd, SYS_LEASE_WRITE) == 0)
            return LEASE_GRANTED;
        if (errno == EINVAL || errno == EOPNOTSUPP || errno == EACCES || errno == ENOLCK ||
            errno == ENOSYS)
            return LEASE_UNKNOWN;
        if (errno != EAGAIN && errno != EBUSY)
            return LEASE_FAILED;
        if (i == LEASE_ATTEMPTS)
            return LEASE_BUSY;
        sys->sleep_ms(LEASE_STEP_MS);
    }
}

static bool keep_aside(const struct retire *r, int fd, const char *why, struct err *err)
{
    bool aside = strcmp(r->name, r->conflict_name) == 0;
    if (!aside && sys->renameat2(r->folder, r->name, r->folder, r->conflict_name,
                                 SYS_RENAME_NOREPLACE) != 0) {
        err_sys(err, ERR_SYSTEM, 747, errno, "rename %s to %s", r->name, r->conflict_name);
        return false;
    }
    int mode = sys->fchmod(fd, 0600);
    err_set(err, ERR_STUCK, 744, "%s: %s, so it is kept as %s%s", r->path, why, r->conflict_name,
            mode == 0 ? "" : " (its mode could not be set to 0600)");
    err_hint(err,
             "compare it with %s, carry over what is missing, remove %s, and run keyretire recover",
             r->path, r->conflict_name);
    return false;
}

/* The name must still be the inode that was digested: the unlink goes by name. */
static bool names_inode(const struct retire *r, int fd)
{
    struct stat by_name, by_fd;
    return sys->fstatat(r->folder, r->name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           sys->fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
           by_name.st_ino == by_fd.st_ino;
}

bool retire_file(const struct retire *r, int *fd, struct txn_notes *notes, struct err *err)
{
    struct sha256 last;
    /* Whoever waits for our lock on it may go on and close it; the live name is locked by its own.
     */
    (void)sys->flock(*fd, LOCK_UN);
    enum lease_answer lease = ask_lease(*fd);
    if (lease == LEASE_FAILED) {
        err_sys(err, ERR_SYSTEM, 747, errno, "lease %s", r->name);
        return false;
    }
    if (lease == LEASE_BUSY)
        return keep_aside(r, *fd, "another process still has the replaced file open", err);
    if (lease == LEASE_UNKNOWN)
        txn_note(notes, r->a,
                 "%s: no write lease to be had here; that nobody writes to the replaced file was "
                 "checked by its last digest alone",
                 r->path);
    bool done = digest_fd(*fd, r->name, &last, err);
    if (done && !sha256_eq(&last, &r->expected)) {
        done = keep_aside(r, *fd, "the replaced file was written to after the exchange", err);
    } else if (done && !names_inode(r, *fd)) {
        err_set(err, ERR_SYSTEM, 747, "remove %s: it was replaced by another file", r->name);
        done = false;
    } else if (done && sys->unlinkat(r->folder, r->name, 0) != 0) {
        err_sys(err, ERR_SYSTEM, 747, errno, "remove %s", r->name);
        done = false;
    }
    if (done) {
        (void)sys->close(*fd); /* gone from the folder; the lease goes with it */
        *fd = -1;
    } else if (lease == LEASE_GRANTED) {
        (void)sys->lease(*fd, SYS_LEASE_NONE);
    }
    return done;
}
