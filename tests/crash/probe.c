/*
 * probe: keyretire that tries what its sandbox forbids, right before anything that it prints.
 *
 * Linked into build/VARIANT/crash/keyretire-probe only. TEST_PROBE names a folder that no command
 * has to do with. Each time, a line each goes to standard error: what was tried, and the name of
 * the error or "done".
 */
#define _GNU_SOURCE
#include "common/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *folder;

static void tell(const char *what, long result)
{
    char line[128];
    int n = snprintf(line, sizeof line, "probe: %s %s\n", what,
                     result < 0 ? strerrorname_np(errno) : "done");
    if (write(2, line, (size_t)n) != n)
        abort();
}

static long try_path(const char *name, int flags)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

/* A process that could be made must not go on as a second keyretire. */
static long try_fork(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child;
}

static long try_exec(void)
{
    char *const words[] = {(char *)(uintptr_t) "/bin/true", NULL};
    return execv(words[0], words);
}

static void probe(void)
{
    tell("internet", socket(AF_INET, SOCK_STREAM, 0));
    tell("local", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("fork", try_fork());
    tell("read", try_path("there", O_RDONLY));
    tell("write", try_path("there", O_WRONLY));
    tell("create", try_path("new", O_WRONLY | O_CREAT));
    tell("exec", try_exec()); /* the last: where it works, nothing of us is left */
}

static ssize_t probing_write(int fd, const void *from, size_t n)
{
    if (fd == 1 && folder)
        probe();
    return sys_linux.write(fd, from, n);
}

__attribute__((constructor)) static void install(void)
{
    static struct sys_ops table;
    folder = getenv("TEST_PROBE");
    table = sys_linux;
    table.write = probing_write;
    sys = &table;
}
