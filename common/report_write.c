/*
 * report_write: a report file, written beside its place and renamed into it.
 *
 * SQLite writes the temporary file itself; it was created by us, exclusively, so that nothing of
 * anybody else's is opened, and it is synced by us before it gets its name.
 */
#include "common/file.h"
#include "common/report_store.h"
#include "common/sys.h"

#include <errno.h>

struct target {
    const char *path;
    char *folder;
    char *name;
    char *temporary; /* in folder */
    char *temporary_path;
    int dir;
    bool created;
};

static bool target_refused(const char *path, enum file_existing existing, int dir, const char *name,
                           struct err *err)
{
    struct stat st;
    if (sys->fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            err_sys(err, ERR_SYSTEM, 102, errno, "look at %s", path);
        return errno != ENOENT;
    }
    if (existing == FILE_KEEP)
        return !file_in_the_way(path, err);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
        err_set(err, ERR_USAGE, 106, "write %s: is not a regular file", path);
        return true;
    }
    return false;
}

static bool target_open(struct target *t, const char *path, enum file_existing existing,
                        struct arena *arena, struct err *err)
{
    uint32_t chance = 0;
    *t = (struct target){.path = path, .dir = -1};
    file_split(arena, path, &t->folder, &t->name);
    if (strcmp(path, "-") == 0 || t->name[0] == 0) {
        err_set(err, ERR_USAGE, 457, "write %s: a report needs a file", path[0] ? path : "\"\"");
        err_hint(err, "give a path, such as -o report.db");
        return false;
    }
    t->dir = sys->openat(AT_FDCWD, t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (t->dir < 0) {
        err_sys(err, ERR_SYSTEM, 103, errno, "open the folder of %s", path);
        return false;
    }
    if (target_refused(path, existing, t->dir, t->name, err))
        return false;
    if (sys->random(&chance, sizeof chance) != 0) {
        err_sys(err, ERR_SYSTEM, 104, errno, "write %s: no random number", path);
        return false;
    }
    t->temporary = arena_printf(arena, ".%.200s.%08x.tmp", t->name, chance);
    t->temporary_path = arena_printf(arena, "%s/%s", t->folder, t->temporary);
    int fd = sys->openat(t->dir, t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 104, errno, "create %s", path);
        return false;
    }
    t->created = true;
    (void)sys->close(fd); /* nothing was written through it */
    return true;
}

/* Safe at any stage; what went wrong is already in err. */
static void target_close(struct target *t)
{
    if (t->created)
        (void)sys->unlinkat(t->dir, t->temporary, 0);
    if (t->dir >= 0)
        (void)sys->close(t->dir);
}

static bool target_fill(const struct target *t, const struct report *r, struct arena *arena,
                        struct err *err)
{
    struct db *db = db_create(t->temporary_path, t->path, arena, err);
    bool done = db && report_store(db, r, err);
    return db_close(db, err) && done;
}

static bool target_sync(const struct target *t, struct err *err)
{
    int fd = sys->openat(t->dir, t->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
    bool done = fd >= 0 && sys->fsync(fd) == 0;
    if (!done)
        err_sys(err, ERR_SYSTEM, 104, errno, "fsync %s", t->path);
    if (fd >= 0 && sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 104, errno, "close %s", t->path);
        done = false;
    }
    return done;
}

bool report_check_target(const char *path, enum file_existing existing, struct err *err)
{
    struct arena scratch = {0};
    struct target t;
    bool done = target_open(&t, path, existing, &scratch, err);
    target_close(&t);
    arena_free(&scratch);
    return done;
}

bool report_write(const char *path, const struct report *r, enum file_existing existing,
                  struct err *err)
{
    struct arena scratch = {0};
    struct target t;
    bool done = target_open(&t, path, existing, &scratch, err) &&
                target_fill(&t, r, &scratch, err) && target_sync(&t, err) &&
                file_give_name(t.dir, t.temporary, t.name, existing, t.path, err);
    t.created = t.created && !done; /* it has its name: no longer ours to remove */
    target_close(&t);
    arena_free(&scratch);
    return done;
}
