/*
 * plan_entry: the lines of a plan's sections, read into the plan.
 *
 * Lenient on purpose: plan_read.c compares what comes out with the text. What is checked here is
 * only what must hold to build the plan: known words, numbers that fit, lists that are not endless.
 *
 *     struct plan_reading r = {.plan = plan, .arena = arena};
 *     plan_section(&r, "evidence:"), then plan_entry(&r, line) for each indented line
 */
#ifndef APPLIER_PLAN_ENTRY_H
#define APPLIER_PLAN_ENTRY_H

#include "applier/plan.h"

struct plan_reading {
    struct plan *plan;
    struct arena *arena;
    size_t section;
    size_t room, other_room; /* of the section's lists */
    size_t sub_room;         /* of the list that grows inside the newest entry */
    size_t limit;            /* entries that the list which is full may have; 0 none is */
};

/* False: the line opens no section. */
bool plan_section(struct plan_reading *r, struct str line);
/* A line with its indentation. False: it cannot be read. */
bool plan_entry(struct plan_reading *r, struct str line);

#endif
