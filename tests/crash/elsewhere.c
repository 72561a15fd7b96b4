/*
 * elsewhere: the machine's /etc/keyretire and its tools in other places, for tests of the policy
 * and of tools that are missing.
 *
 * Linked into build/VARIANT/crash/keyretire-elsewhere only; keyretire itself knows one place.
 * TEST_ETC names the folder that stands for /etc, TEST_BIN the one that stands for /usr/bin.
 */
#include "common/sys.h"

#include <stdio.h>
#include <stdlib.h>

static int elsewhere_openat(int dir, const char *path, int flags, mode_t mode)
{
    static const char place[] = "/etc/keyretire";
    char other[4096];
    const char *etc = getenv("TEST_ETC");
    if (etc && strncmp(path, place, sizeof place - 1) == 0) {
        (void)snprintf(other, sizeof other, "%s%s", etc, path + sizeof "/etc" - 1);
        path = other;
    }
    return sys_linux.openat(dir, path, flags, mode);
}

static pid_t elsewhere_spawn(const char *path, const char *const *arguments,
                             const char *const *environment, const int *fds, size_t fd_count)
{
    static const char place[] = "/usr/bin/";
    char other[4096];
    const char *bin = getenv("TEST_BIN");
    if (bin && strncmp(path, place, sizeof place - 1) == 0) {
        (void)snprintf(other, sizeof other, "%s/%s", bin, path + sizeof place - 1);
        path = other;
    }
    return sys_linux.spawn(path, arguments, environment, fds, fd_count);
}

__attribute__((constructor)) static void install(void)
{
    static struct sys_ops table;
    table = sys_linux;
    table.openat = elsewhere_openat;
    table.spawn = elsewhere_spawn;
    sys = &table;
}
