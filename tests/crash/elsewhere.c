/*
 * elsewhere: the machine's /etc/keyretire in another place, for tests of the policy.
 *
 * Linked into build/VARIANT/crash/keyretire-elsewhere only; keyretire itself knows one place.
 * TEST_ETC names the folder that stands for /etc.
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

__attribute__((constructor)) static void install(void)
{
    static struct sys_ops table;
    table = sys_linux;
    table.openat = elsewhere_openat;
    sys = &table;
}
