/*
 * probe: a program that tries what its sandbox forbids, right before anything that it prints.
 *
 * Linked into build/VARIANT/crash/keyretire-probe and keycensus-probe only. TEST_PROBE names a
 * folder that no command has to do with. Each time, a line each goes to standard error: what was
 * tried, and the name of the error or "done".
 */
#define _GNU_SOURCE
#include "common/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *folder;
static int maps = -1; /* of this process; opened before the sandbox closes */

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
    char program[] = "/bin/true";
    char *const words[] = {program, NULL};
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

/* ---- what is left in memory ---- */

static size_t count_in(const unsigned char *at, size_t n, const char *canary)
{
    size_t len = strlen(canary), count = 0;
    for (size_t i = 0; i + len <= n; i++) {
        size_t k = 0;
        while (k < len && at[i + k] == (unsigned char)(canary[k] - 1))
            k++;
        count += k == len;
    }
    return count;
}

/* "7f12-7f34 rw-p 00000000 00:00 0      [heap]" */
static void search_mapping(const char *line, const char *canary)
{
    char *end;
    char text[256];
    unsigned long from = strtoul(line, &end, 16);
    unsigned long to = strtoul(end + 1, &end, 16);
    const unsigned char *at;
    const char *name = strpbrk(line, "[/");
    if (end[1] != 'r' || strstr(line, "[v"))
        return;
    memcpy(&at, &from, sizeof at);
    size_t found = count_in(at, to - from, canary);
    int n = found ? snprintf(text, sizeof text, "memory: %zu in %s", found,
                             name ? name : "pages of its own\n")
                  : 0;
    if (n > 0 && write(2, text, (size_t)n) != n)
        abort();
}

__attribute__((destructor)) static void search_memory(void)
{
    static char line[512];
    const char *canary = getenv("TEST_CANARY");
    size_t len = 0;
    if (!canary)
        return;
    while (maps >= 0 && len + 1 < sizeof line && read(maps, line + len, 1) == 1)
        if (line[len++] == '\n') {
            line[len] = 0;
            search_mapping(line, canary);
            len = 0;
        }
    static const char done[] = "memory: searched\n";
    if (write(2, done, sizeof done - 1) < 0)
        abort();
}

__attribute__((constructor)) static void install(void)
{
    static struct sys_ops table;
    folder = getenv("TEST_PROBE");
    if (getenv("TEST_CANARY"))
        maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    table = sys_linux;
    table.write = probing_write;
    sys = &table;
}
