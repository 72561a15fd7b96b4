/*
 * plan_prose: the sentences that a plan's text and its display have in common.
 *
 * They follow from the plan alone. plan_read compares them, so a sentence that is worded anew is a
 * new kind of plan ("keyretire plan 2"). Each function writes whole lines, every one of them behind
 * `indent`, so that the text can carry them as comments ("# ").
 */
#ifndef APPLIER_PLAN_PROSE_H
#define APPLIER_PLAN_PROSE_H

#include "applier/plan.h"

#define PLAN_LABELS_ONLY "LABELS ONLY: no value was proven"
#define PLAN_PROVEN      "PROVEN: "

/* Some live report is unverified (S10). */
bool plan_labels_only(const struct plan *p);
/* The line that a plan opens with: that, or how many of the live values were proven. */
void plan_proof(struct buf *b, const struct plan *p);
/* "remove v1 v2", "blocked", "nothing to remove": one word list, no line end. */
void plan_verdict(struct buf *b, const struct plan *p);
/* "14 tables defined, 12 with data, ..." */
void plan_coverage_counts(struct buf *b, const struct plan *p, const char *indent);
/* K3.4 */
void plan_impact(struct buf *b, const struct plan *p, const char *indent);
/* S17, a line for each reason of each version. */
void plan_critical(struct buf *b, const struct plan *p, const char *indent);
void plan_not_seen(struct buf *b, const struct plan *p, const char *indent);
void plan_undo(struct buf *b, const struct plan *p, const char *indent);

/* "newest-below-active", ...; NULL after the last of the four. */
const char *critical_name(size_t bit);

#endif
