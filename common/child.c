/* child: its input, output and files are files in memory. */
#include "common/child_parts.h"
#include "common/file.h"
#include "common/sys.h"

#include <errno.h>

enum { STANDARD = 3, FDS_MAX = STANDARD + CHILD_FILES_MAX };

/* A file in memory that holds these bytes, to be read from its beginning; or -1. */
static int memory_of(struct str bytes, struct err *err)
{
    int fd = sys->memory_file("keyretire");
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 160, errno, "make a file in memory");
        return -1;
    }
    if (!file_write_all(fd, bytes, "a file in memory", err)) {
        (void)sys->close(fd);
        return -1;
    }
    if (sys->lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_sys(err, ERR_SYSTEM, 160, errno, "rewind a file in memory");
    (void)sys->close(fd);
    return -1;
}

static bool make_files(const struct child *c, int *fds, size_t *count, struct err *err)
{
    const struct str nothing = {0};
    for (*count = 0; *count < STANDARD + c->file_count; (*count)++) {
        struct str bytes = *count == 0         ? c->input
                           : *count < STANDARD ? nothing
                                               : c->files[*count - STANDARD];
        fds[*count] = memory_of(bytes, err);
        if (fds[*count] < 0)
            return false;
    }
    return true;
}

/* The child wrote through the same description, so its place is at the end. */
static bool take(struct arena *a, int fd, struct str *into, struct err *err)
{
    if (sys->lseek(fd, 0, SEEK_SET) != 0) {
        err_sys(err, ERR_SYSTEM, 160, errno, "rewind a file in memory");
        return false;
    }
    return file_read_fd(a, fd, "what a program wrote", into, err);
}

static bool run(struct arena *a, const struct child *c, const int *fds, size_t count,
                struct child_result *r, struct err *err)
{
    static const char *const nothing[] = {NULL};
    pid_t pid =
        sys->spawn(c->program, c->arguments, c->environment ? c->environment : nothing, fds, count);
    if (pid < 0) {
        err_sys(err, ERR_SYSTEM, 160, errno, "start %s", c->program);
        return false;
    }
    r->status = sys->wait_child(pid);
    if (r->status < 0) {
        err_sys(err, ERR_SYSTEM, 160, errno, "wait for %s", c->program);
        return false;
    }
    if (r->status == CHILD_NOT_STARTED) {
        err_set(err, ERR_SYSTEM, 160, "%s cannot be started", c->program);
        err_hint(err, "install it; Debian has it in the package %s",
                 c->package ? c->package : "openssh-client");
        return false;
    }
    return take(a, fds[1], &r->out, err) && take(a, fds[2], &r->talk, err);
}

bool child_run_here(struct arena *a, const struct child *c, struct child_result *r, struct err *err)
{
    int fds[FDS_MAX];
    size_t count;
    *r = (struct child_result){0};
    bool done = make_files(c, fds, &count, err) && run(a, c, fds, count, r, err);
    for (size_t i = 0; i < count; i++)
        (void)sys->close(fds[i]); /* memory: nothing can be lost here */
    return done;
}
