/*
 * plan_parts: what the parts of plan_make share. Only plan*.c, accept.c, evidence.c, rules*.c need
 * it.
 *
 *     plan.c        the order of the steps; options, files, targets
 *     evidence.c    reports that may not be used at all (ERR_STALE), and what each of them is
 *     census.c      clean censuses, earlier ones, and whether there are enough
 *     gather.c      uses, write times, tables, columns and jobs of all reports, added up
 *     rules.c       blockers and warnings from values and versions
 *     rules_coverage.c   blockers from tables, databases and inventories
 *     accept.c      which blockers the acceptances cover; accept_parse.c reads the options
 *     decide.c      reasons and critical versions (S17), from what the plan says
 *     select.c      the same put into the plan; --only, --protect, the scope of cleanup-keys
 *     keep.c order.c     the keep rule and the order of versions
 *     plan_sort.c   canonical order, and the figures that follow from others
 *     plan_check.c  what holds in every plan
 *     recall.c      the same history, asked once more of a plan that is applied
 *     conditions.c  what must hold at apply: policy, approvals, change window
 *     plan_changes.c   what differs between two texts
 *     plan_text.c plan_read.c plan_word.c plan_prose.c   the text
 */
#ifndef APPLIER_PLAN_PARTS_H
#define APPLIER_PLAN_PARTS_H

#include "applier/plan.h"

/* What --min-clean-census makes of a report. */
struct census_mark {
    bool clean, earlier; /* earlier: clean, and a later clean one is of the same databases */
    bool repeats;        /* has the bytes of a later one */
};

/* A plan in the making. Versions are sorted by name until plan_sort. */
struct planning {
    const struct plan_input *in;
    struct plan *plan;
    struct arena *a;
    size_t *use_rooms;         /* room of each version's uses, by index */
    size_t active;             /* index */
    uint64_t active_proven;    /* values of the active version whose MAC was checked */
    struct census_mark *marks; /* of each report */
    size_t evidence_room, table_room, column_room, job_room, blocker_room, warning_room;
};

/* ---- lists ---- */
struct plan_warning *planning_warn(struct planning *p, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct plan_blocker *planning_block(struct planning *p, const char *code,
                                    struct plan_column_name at, uint64_t count);
/* Index of a version by its lower-cased name, or version_count. */
size_t planning_find(const struct planning *p, struct str name);
/* Version names as everything compares them. */
struct str planning_version(struct planning *p, struct str name);
/* A time that can be printed, else UTC_NONE. */
int64_t plan_time(int64_t t);
/* Short name of a report for messages inside the plan: "report 3f2a...". */
const char *planning_report_name(struct planning *p, const struct report *r);

int plan_compare_places(const struct plan_column_name *a, const struct plan_column_name *b);
/* By place, then by state. */
int plan_compare_tables(const struct plan_table *a, const struct plan_table *b);

/* For qsort, and to tell equal ones. */
int plan_compare_blockers(const void *a, const void *b);
int plan_compare_warnings(const void *a, const void *b);

/* Counts come from files: a sum that does not fit stays at the top and never becomes small. */
static inline uint64_t count_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* "public.users.secret" or a version, as --accept takes it; '' for a blocker without a place. */
struct str acceptance_place(struct planning *p, const struct plan_blocker *b);

/* ---- the steps ---- */
/* Which reports are clean, and which of them are earlier ones; before evidence_check. */
void census_mark(struct planning *p);
/* ERR_REFUSED 632: too few clean censuses. */
bool census_check(const struct planning *p, struct err *err);
bool evidence_check(struct planning *p, struct err *err);
void evidence_describe(struct planning *p);
void gather_all(struct planning *p);
/* Names of --only and --protect against the files; the scope against the reports. */
bool select_names(struct planning *p, struct err *err);
bool scope_check(const struct planning *p, struct err *err);
void rules_values(struct planning *p);
void rules_versions(struct planning *p);
void rules_jobs(struct planning *p);
void rules_coverage(struct planning *p);
/* Two parts of it: what was there when the last plan was applied; the databases of a list. */
void rules_previous(struct planning *p);
void rules_databases(struct planning *p, const struct str *names, size_t count);
/* The keep rule; what --only left out; versions that --only may not name (605). */
bool select_versions(struct planning *p, struct err *err);
bool select_critical(struct planning *p, struct err *err);
/* After select_versions: candidates that somebody still writes with. */
void rules_stale_writers(struct planning *p);
/* Takes the blockers that acceptances cover out of the plan. */
void accept_apply(struct planning *p);
/* Sorted, equal blockers of values joined, messages composed. */
void rules_compose(struct planning *p);

/* ---- decisions, from the plan alone ---- */
/* The reason of each version, KEEP_NOT for what may go; blockers are not looked at. */
bool decide_reasons(const struct plan *plan, enum keep_reason *reasons, struct err *err);
/* Bits of enum critical, of the versions whose reason is KEEP_NOT. */
bool decide_critical(const struct plan *plan, unsigned *critical, struct err *err);
/* Written with after the active version came into use (S9). */
bool decide_is_stale(const struct plan *plan, const struct plan_version *v);
/* Whether a list of version names holds this one, in any case. */
bool version_is_named(const struct str *names, size_t count, struct str name);
/* Finished without an error and for real; every status that is not known counts as unfinished. */
bool job_is_clean(struct str status, int64_t errors, bool dry_run);
/* Rows of its own that may be missing: the state says so, and the kind has any. */
bool coverage_lacks_data(enum coverage_state state, enum table_kind kind);

/* What cannot be true of a plan that plan_make made, or NULL: a sentence. */
const char *plan_contradiction(const struct plan *p);

/* Sorts every list; sets data_time and expires. False: no order of the versions is known. */
bool plan_sort(struct plan *plan, struct err *err);

#endif
