/*
 * power: what a disk may hold after the power went, made real below a folder.
 *
 * The one idea: two states are kept apart, what the kernel shows and what was made durable. fsync
 * of a file makes its bytes durable, fsync of a folder its names. At a crash point every legal mix
 * is built in place, and a fresh process recovers in it. The model is the weakest one: each changed
 * name (a target and its staging name count as one, for an exchange is atomic) and each unsynced
 * file may or may not have reached the disk, alone; an unsynced file may be whole, torn, zeros or
 * empty. A journaled file system allows a part of these.
 *
 *     power_install(root);                  the present state is durable; sys is wrapped
 *     power.crash_at = 17; power.crash = f; before the 17th changing call f is called
 *     power_crash(recovered, context);      calls back once for each legal state, built below root
 *
 * power.skip_fsync = k lies about the k-th fsync: it reports success and makes nothing durable.
 * Everything is in one process; the callback forks. Limits are those of the small worlds of tests.
 */
#ifndef TESTS_CRASH_POWER_H
#define TESTS_CRASH_POWER_H

#include <stdbool.h>

struct power {
    unsigned long changes; /* changing calls so far */
    unsigned long fsyncs;
    unsigned long crash_at; /* 0: never */
    unsigned long skip_fsync;
    void (*crash)(void); /* does not return */
};

extern struct power power;

void power_install(const char *root);
/* Number of states built. `each` returns false to stop. */
unsigned power_crash(bool (*each)(void *context), void *context);

#endif
