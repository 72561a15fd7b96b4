/* plan_show: what the two files of the display have in common; others use plan.h. */
#ifndef APPLIER_PLAN_SHOW_H
#define APPLIER_PLAN_SHOW_H

#include "applier/plan.h"

void plan_show_json(struct buf *out, const struct plan *p, const struct plan_id *id, int64_t now);
void plan_show_csv(struct buf *out, const struct plan *p);
/* A line "old-data: ..." when the data is more than a day old, else nothing. */
void plan_age_warning(struct buf *b, const struct plan *p, int64_t now);

#endif
