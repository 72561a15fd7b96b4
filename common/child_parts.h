/* child_parts: between child.c, which starts children, and child_keeper.c, which asks it to. */
#ifndef COMMON_CHILD_PARTS_H
#define COMMON_CHILD_PARTS_H

#include "common/child.h"

/* Starts the child from this very process. */
bool child_run_here(struct arena *a, const struct child *c, struct child_result *r,
                    struct err *err);

#endif
