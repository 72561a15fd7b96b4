/*
 * survive: a step that runs out of memory comes back as one that failed.
 *
 * Memory that cannot be had ends the process (arena.h), and before BEGIN that is right: nothing was
 * done. Behind BEGIN it would leave a transaction half done under an exit status that says nothing
 * was changed, where it can still be undone. So the steps of a transaction run in here; what they
 * had is given up as it is, for the transaction ends and the process with it. A reserve, taken
 * before BEGIN and freed when memory runs out, is for the way back.
 *
 *     struct survival s;
 *     if (!survive_prepare(&s, err)) ...
 *     switch (survive(&s, step, context, err)) ...
 *     survive_release(&s);
 *
 * Errors: 101. Threads: one step at a time in a process; it may start none.
 */
#ifndef APPLIER_SURVIVE_H
#define APPLIER_SURVIVE_H

#include "common/err.h"

enum { SURVIVE_RESERVE = 1024 * 1024 };

struct survival {
    void *reserve;
};

enum survived {
    STEP_DONE,
    STEP_FAILED,
    STEP_NO_MEMORY /* err says so, unless it was set before */
};

bool survive_prepare(struct survival *s, struct err *err);
enum survived survive(struct survival *s, bool (*step)(void *context, struct err *err),
                      void *context, struct err *err);
void survive_release(struct survival *s);

#endif
