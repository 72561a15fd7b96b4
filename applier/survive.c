/* survive: a jump out of the arena's handler. */
#include "applier/survive.h"

#include "common/arena.h"

#include <setjmp.h>
#include <stdlib.h>

static jmp_buf no_memory; /* of the one step that runs */

static _Noreturn void jump_out(size_t wanted)
{
    (void)wanted;
    longjmp(no_memory, 1);
}

bool survive_prepare(struct survival *s, struct err *err)
{
    s->reserve = malloc(SURVIVE_RESERVE);
    if (!s->reserve)
        err_set(err, ERR_SYSTEM, 101, "no memory");
    return s->reserve != NULL;
}

void survive_release(struct survival *s)
{
    free(s->reserve);
    s->reserve = NULL;
}

enum survived survive(struct survival *s, bool (*step)(void *context, struct err *err),
                      void *context, struct err *err)
{
    void (*const before)(size_t) = arena_out_of_memory;
    if (setjmp(no_memory) == 0) {
        arena_out_of_memory = jump_out;
        bool done = step(context, err);
        arena_out_of_memory = before;
        return done ? STEP_DONE : STEP_FAILED;
    }
    arena_out_of_memory = before;
    survive_release(s);
    err_set(err, ERR_SYSTEM, 101, "no memory");
    return STEP_NO_MEMORY;
}
