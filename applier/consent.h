/*
 * consent: whether a plan has the approvals that it asks for.
 *
 * The one idea: the signatures are read once and judged as often as it matters, at the start and
 * right before COMMIT, each time with the lists of allowed and revoked signers as they are then.
 *
 *     struct consent c = {.arena = &run, .plan = &plan, .text = text};
 *     consent_read(&c, "plan.txt", sig_files, sig_count, err)     plan.txt.*.sig, and those named
 *     consent_check(&c, err)                                      ERR_REFUSED, CONSENT_TOO_FEW
 *     consent_lines(&c)                                           for BEGIN and the audit log
 *
 * A signature beside the plan that does not count is passed over and said (c.notes); one that was
 * named and is no signature of this plan is ERR_CORRUPT 943. The list of allowed signers must be
 * the very one that the plan was made with (941); the list of revoked keys is taken as it is now.
 */
#ifndef APPLIER_CONSENT_H
#define APPLIER_CONSENT_H

#include "applier/approval.h"
#include "applier/plan.h"
#include "applier/txn.h"

enum { CONSENT_TOO_FEW = 940 }; /* the id of the error that more approvals resolve */

struct consent {
    struct arena *arena;
    const struct plan *plan;
    struct str text;    /* of the plan */
    struct str seal_to; /* who can open the backup; '' for one in clear */
    struct approval approvals[APPROVALS_MAX];
    struct str signatures[APPROVALS_MAX];
    bool named[APPROVALS_MAX];         /* by --sig */
    const char *unread[APPROVALS_MAX]; /* why it could not be read; NULL: it was */
    size_t count;
    struct txn_notes notes; /* of the last check: what does not count, and why */
};

bool consent_read(struct consent *c, const char *plan_path, const char *const *named,
                  size_t named_count, struct err *err);
/* True when the plan asks for none. */
bool consent_check(struct consent *c, struct err *err);
/* "alice SHA256:..." a line, of those that count; '' when none was asked for. */
struct str consent_lines(const struct consent *c);

/* The path of the signature that NAME makes; ERR_USAGE 945 when the name is none. */
const char *consent_path(struct arena *a, const char *plan_path, const char *name, struct err *err);

#endif
