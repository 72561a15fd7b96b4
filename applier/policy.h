/*
 * policy: what the machine's owner demands of every change, whoever asks for it.
 *
 * The one idea: who requests a change must not choose its rules. The policy is a file of root's at
 * a place that is compiled in; no option and no variable names another one. It sets minima: options
 * may ask for more, never for less. Its digest stands in the plan, so that a change of it voids the
 * plan and its approvals, and in the audit log.
 *
 *     # /etc/keyretire/policy
 *     approvals 2
 *     allowed-signers /etc/keyretire/allowed_signers
 *     revoked /etc/keyretire/revoked_keys
 *     exclude-planner yes          who made the plan does not count among its approvers
 *     max-report-age 2d
 *     verified-reports yes         every live report was scanned with the keys
 *     sha256-inputs yes            and its inputs digested: keycensus scan --sha256
 *     clean-census 2:7d            so many clean censuses, so far apart (--min-clean-census);
 *                                  yes: each live report is complete, of the whole database
 *     sealed-backups yes           apply, rollback and restore need --encrypt-to
 *     accept unversioned partial-input     which blockers may be accepted; `accept none`
 *
 * exclude-planner goes by the login name that plan saw, or who was behind sudo, held against the
 * principals of the signers, with or without their @host. It stands in the text that they sign; who
 * logs in under two names, or rewrites the text, is for them to notice.
 *
 * Each line is left out where nothing is demanded, and stands once. A word that is not known
 * refuses everything: a newer policy is not half obeyed.
 *
 *     policy_load(&run, &policy, err)               none there: present is false
 *     policy_tighten(&policy, &run, &in, age, err)  the options of plan
 *     policy_allows(&policy, &plan, err)            when planned, when applied, and at COMMIT
 *
 * The policy, its lists and their folders belong to root and nobody else may write to them (950).
 * Errors: ids 950-959. Ownership: the arena's. Limits: POLICY_BYTES_MAX.
 */
#ifndef APPLIER_POLICY_H
#define APPLIER_POLICY_H

#include "applier/plan.h"

#ifndef KEYRETIRE_POLICY_FOLDER
#define KEYRETIRE_POLICY_FOLDER "/etc/keyretire"
#endif
#define KEYRETIRE_POLICY KEYRETIRE_POLICY_FOLDER "/policy"

enum { POLICY_BYTES_MAX = 64 * 1024 };

struct policy {
    bool present;
    struct sha256 digest;
    uint64_t approvals;
    struct str signers_path, revoked_path; /* absolute, or '' */
    struct sha256 signers;                 /* by policy_load */
    int64_t max_age;                       /* seconds, or PLAN_NO_MAX_AGE */
    bool exclude_planner, verified_reports, sha256_inputs, clean_census, sealed_backups;
    struct census_demand census; /* beside clean_census; count 0: how many is not said */
    bool limits_acceptances;
    struct str *accept; /* codes */
    size_t accept_count;
};

bool policy_load(struct arena *a, struct policy *p, struct err *err);
/* Pure; ERR_CORRUPT 951 with the line. */
bool policy_parse(struct str text, struct arena *a, struct policy *p, struct err *err);

enum policy_age { POLICY_AGE_DEFAULT, POLICY_AGE_GIVEN };
/* ERR_REFUSED 952: an option asks for less. */
bool policy_tighten(const struct policy *p, struct arena *a, struct plan_input *in,
                    enum policy_age age, struct err *err);
/* ERR_REFUSED 952: a backup in clear, where one sealed to recipients is demanded. */
bool policy_seals(const struct policy *p, struct str seal_to, struct err *err);
/* ERR_REFUSED 952, 953; ERR_STALE 953: another policy than the plan was made under. */
bool policy_allows(const struct policy *p, const struct plan *plan, struct err *err);

#endif
