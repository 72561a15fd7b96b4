/*
 * conditions: what must hold when a plan is applied, beside its evidence.
 *
 * They stand in the plan's text, in a section of their own that is left out when there are none, so
 * they are reviewed and signed with the rest:
 *
 *     conditions:
 *       policy sha256:...
 *       approvals 2 by sha256:... at "/etc/keyretire/allowed_signers"
 *       revoked at "/etc/keyretire/revoked_keys"
 *       planner "ana"
 *       retain-until 2027-11-23T00:00:00Z
 *       window 2026-11-23T01:00:00Z to 2026-11-23T05:00:00Z given "2026-11-22T22:00:00-03:00/PT4H"
 *
 * Ownership: texts live in the arena of the plan.
 */
#ifndef APPLIER_CONDITIONS_H
#define APPLIER_CONDITIONS_H

#include "applier/change_window.h"
#include "applier/plan_word.h"

/* ---- in the text ---- */
void conditions_write(struct buf *text, const struct conditions *c);
/* One entry of the section. False: it cannot be read. */
bool conditions_read(struct word_reader *w, struct conditions *c);
/* What cannot be true of conditions that keyretire wrote, or NULL: a sentence. */
const char *conditions_contradiction(const struct conditions *c);

/* ---- for people and programs ---- */
/* Nothing when there are none. */
void conditions_show(struct buf *out, const struct conditions *c);
/* `,"approvals":...,"window":...,"retain_until":...` for show --json. */
void conditions_json(struct buf *out, const struct conditions *c);

#endif
