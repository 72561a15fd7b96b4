/*
 * plan: what may leave the configuration, why, and what stands against it.
 *
 * The one idea: a plan is a pure function of reports, configuration files and options to plain
 * data, and its text is the thing that is reviewed, signed and applied. The text holds nothing that
 * depends on the clock, on chance or on the order in which inputs were named, so equal inputs give
 * equal bytes; and it is complete, so show, diff and verify need nothing but the plan file.
 *
 *     struct plan plan;
 *     plan_make(&input, &run, &plan, err)               false: no plan; usage, disagreeing files,
 *                                                       stale evidence
 *     plan_edit(&plan, keyrings, count, &keys, err)     the new image of every file
 *     plan_write(&plan, &text);                         canonical text; write it even when blocked
 *     plan_identify(buf_str(&text), &id, err)           SHA-256 of the text
 *     exit with plan_is_blocked(&plan) ? ERR_REFUSED : 0
 *
 *     plan_read(text, &run, &plan, err)                 refuses every byte plan_write would not
 * write plan_show(&out, &plan, &id, PLAN_TEXT, now);
 *
 * Blockers and errors: what evidence lacks (safety.md S16) becomes a blocker inside the plan, which
 * then keeps every version; what makes a plan meaningless is an error and there is no plan.
 *
 * Ownership: everything a plan points to lives in the arena it was made or read with.
 * Units: times are unix seconds, UTC_NONE unknown; counts are values (cells or embedded tokens).
 * Versions are lower-cased everywhere.
 * Secrets: a plan holds fingerprints and masked lines, never a byte of a value (S15).
 * Errors: ids 600-699.
 * Limits: PLAN_*_MAX below.
 */
#ifndef APPLIER_PLAN_H
#define APPLIER_PLAN_H

#include "applier/change_window.h"
#include "common/buf.h"
#include "common/report.h"
#include "formats/keyring/keyring.h"

enum {
    PLAN_TEXT_MAX = 64 * 1024 * 1024, /* bytes of a plan's text */
    PLAN_LIST_MAX = 1000 * 1000,      /* entries of any list in a plan */
    PLAN_TARGETS_MAX = 1024,          /* configuration files */
    PLAN_ID_HEX = 16,                 /* digits shown of a plan's id */
    PLAN_KEEP_DEFAULT = 3             /* K2.1 */
};
#define PLAN_MAX_AGE_DEFAULT ((int64_t)7 * 24 * 3600)
#define PLAN_AGE_WARNING     ((int64_t)24 * 3600)
#define PLAN_CRITICAL_WRITE  ((int64_t)90 * 24 * 3600) /* S17 */
#define PLAN_NO_MAX_AGE      ((int64_t)-1)             /* --max-report-age none */

/* ---- the keep rule (requirements.md) ---- */

/* The first that fits, in this order. */
enum keep_reason {
    KEEP_ACTIVE,
    KEEP_IN_USE,
    KEEP_STAGED,
    KEEP_JOB_TARGET,
    KEEP_PROTECTED,
    KEEP_UNORDERED,
    KEEP_RECENT,
    KEEP_NOT_SELECTED, /* removable, but --only did not name it */
    KEEP_BLOCKED,      /* removable, but the plan is blocked */
    KEEP_NOT,          /* removed */
    KEEP_REASON_COUNT
};
const char *keep_reason_name(enum keep_reason r);

/* ---- what goes in ---- */

/* One version of one configuration file. */
struct plan_key {
    struct str name;
    struct fingerprint fingerprint; /* of its derived key; the caller derives */
};

/* One configuration file, as its keyring reads it. */
struct plan_file {
    struct str path; /* absolute, symbolic links resolved */
    struct sha256 digest;
    uint64_t bytes;
    struct str form;   /* name of its syntax */
    struct str active; /* as the application resolves it; '' when it cannot */
    const struct plan_key *keys;
    size_t key_count;
    bool needs_proof; /* its keys have no names in stored values: only a MAC tells which is whose */
    const struct str *remarks; /* warnings about the file ("is tracked by git") that go into the
                                  plan; without bytes of values */
    size_t remark_count;
};

struct plan_source {
    const char *path; /* of the report file: for messages only, not part of the plan */
    const struct report *report;
    int64_t kept_until; /* retained: when that backup is destroyed; UTC_NONE not known */
};

/* One --accept CODE[@place][=COUNT]:REASON. */
struct acceptance {
    struct str code;
    struct str
        place; /* canonical "schema.table.column", "schema.table", a version; '' everywhere */
    struct str parts[3];
    size_t part_count;
    bool limited;   /* =COUNT was given */
    uint64_t limit; /* at most; in a finished plan always set: COUNT, or what was seen */
    uint64_t seen;  /* in a finished plan: the values it covers */
    struct str reason;
};
/* "unversioned@public.users.secret=3:legacy rows". ERR_USAGE 610. Names with . = : in "". */
bool acceptance_parse(struct str text, struct arena *a, struct acceptance *into, struct err *err);

/* Schema '' stands for "not said" and matches any. */
struct plan_table_name {
    struct str schema, table;
};
/* The lines of a --tables file: [schema.]table, "" quoting, # comments. ERR_USAGE 613 with line. */
bool plan_inventory_parse(struct str text, struct arena *a, struct plan_table_name **into,
                          size_t *count, struct err *err);
/* The lines of an --order file, oldest first, lower-cased. ERR_USAGE 614 with line. */
bool plan_order_parse(struct str text, struct arena *a, struct str **into, size_t *count,
                      struct err *err);
/* The names of --only and --protect: comma separated, lower-cased. ERR_USAGE 615. */
bool plan_names_parse(struct str text, struct arena *a, struct str **into, size_t *count,
                      struct err *err);

struct plan_column_name {
    struct str database, schema, table, column;
};

struct plan_write_time {
    struct str version;
    int64_t oldest, newest;
};

/* What the last applied plan of each of the files had seen; zeroed when there is none. */
struct plan_previous {
    const struct plan_column_name *tables; /* column '' */
    size_t table_count;
    const struct plan_column_name *columns; /* that hold ciphertext */
    size_t column_count;
    const struct plan_column_name *declared;
    size_t declared_count;
    const struct str *databases;
    size_t database_count;
    const struct plan_write_time *writes;
    size_t write_count;
    bool lost; /* the text of one of those plans is gone, and with it what it had seen */
};

/* The --model and --column of cleanup-keys, resolved by the caller. */
struct plan_scope {
    struct str model; /* for messages */
    struct str schema, table, column;
};
/* A schema that is not known, as that of a CSV file, matches any. */
static inline bool plan_scope_is(const struct plan_scope *s, struct str schema, struct str table)
{
    return str_eq(s->table, table) &&
           (s->schema.len == 0 || schema.len == 0 || str_eq(s->schema, schema));
}

/* What must hold at apply, beside the evidence; conditions.h. */
struct conditions {
    struct change_window window;
    uint64_t approvals;      /* people who must approve; 0: none is asked for */
    struct str signers_path; /* the list of who may, absolute; with its digest */
    struct sha256 signers;
    struct str revoked_path; /* the list of revoked keys, absolute, or '' */
    struct str planner;      /* who made the plan and does not count as an approver, or '' */
    bool has_policy;         /* the plan was made under a policy (policy.h), with this digest */
    struct sha256 policy;
    bool has_retain_until; /* the backup of the old files is not destroyed before */
    int64_t retain_until;
};

/* --min-clean-census COUNT[:INTERVAL]: so many clean censuses of each database, and how far apart.
 */
struct census_demand {
    uint64_t count;   /* 0: none is asked for */
    int64_t interval; /* seconds between the times of their data, at least; 0: any later one */
};
/* "2", "2:7d". */
bool census_parse(struct str text, struct census_demand *into);

struct plan_input {
    const struct plan_source *reports; /* live */
    size_t report_count;
    const struct plan_source *retained;
    size_t retained_count;
    const struct plan_file *files;
    size_t file_count;

    int64_t keep_versions; /* < 1 is ERR_USAGE (K2.3) */
    int64_t max_age;       /* seconds, or PLAN_NO_MAX_AGE */
    const struct str *protect;
    size_t protect_count;
    const struct str *only; /* none: everything that the rule lets go */
    size_t only_count;
    const struct str *order; /* oldest first; none: by number */
    size_t order_count;
    const struct acceptance *accept;
    size_t accept_count;
    const struct plan_table_name *inventory; /* --tables */
    size_t inventory_count;
    bool has_inventory;
    const struct str *databases; /* --databases; none: those of `previous` */
    size_t database_count;
    const struct plan_scope *scope; /* NULL but for cleanup-keys */
    unsigned kdf_iterations;
    struct census_demand census;
    struct conditions conditions;
    struct plan_previous previous;
    int64_t now; /* decides only whether the data is too old; never part of the plan */
};

/* ---- what comes out ---- */

struct plan_use { /* of one version in one column, over all live reports */
    struct plan_column_name at;
    uint64_t records;
};

enum critical { /* S17, as bits */
                CRITICAL_NEWEST_BELOW = 1,
                CRITICAL_RECENT_WRITE = 2,
                CRITICAL_JOB = 4,
                CRITICAL_ACCEPTANCE = 8
};

struct plan_version {
    struct str name;
    enum keep_reason reason;
    uint64_t records;       /* values that name or need it, in live reports */
    int64_t oldest, newest; /* write times, over every report */
    struct fingerprint fingerprint;
    unsigned critical; /* bits of enum critical; only of removed versions */
    struct plan_use *uses;
    size_t use_count;
    uint64_t retained_records; /* in retained reports: the archive must be kept for them ... */
    bool kept_until_known;     /* ... until kept_until, or while the backups exist */
    int64_t kept_until;
};

enum evidence_kind {
    EVIDENCE_LIVE,
    EVIDENCE_EARLIER, /* a clean census of what a later one is of too: only adds versions in use */
    EVIDENCE_RETAINED
};

/* "live", "earlier", "retained" */
const char *evidence_kind_name(enum evidence_kind k);

struct plan_evidence {
    enum evidence_kind kind;
    struct str digest; /* the report's content digest */
    struct str *databases;
    size_t database_count;
    struct str server; /* '' unknown */
    int64_t data_time;
    struct str data_time_source;
    bool complete, partial, verified, jobs_known;
    bool sha256_inputs; /* every input has a SHA-256 */
    bool clean;         /* counts as a clean census; only with --min-clean-census */
    uint64_t inputs, rows;
    uint64_t values, proven; /* values counted; of them with a proven key */
    int64_t kept_until;
};

struct plan_table {
    struct plan_column_name at; /* column '' */
    enum table_kind kind;
    enum coverage_state state;
    uint64_t records;
};

struct plan_column {
    struct plan_column_name at;
    uint64_t values;
    bool declared;
};

struct plan_job {
    struct str database, id, model_path, column_name, target, status;
    int64_t processed, total, errors;
    bool dry_run;
    bool keeps_target; /* not cleanly finished (S8) */
};

struct plan_blocker {
    struct str code;
    struct plan_column_name at; /* as much of it as the code has */
    struct str version;
    uint64_t count;
    struct str message;
    struct str resolve; /* the one command or acceptance that resolves it */
};

/* What a blocker's code means and how it is resolved, for `explain`; NULL for an unknown code. */
struct plan_code {
    const char *code, *title, *meaning;
};
const struct plan_code *plan_code_lookup(struct str code);
enum { PLAN_CODE_MAX = 16 };
size_t plan_code_names(struct str names[PLAN_CODE_MAX]); /* how many */

struct plan_warning {
    struct str code;
    struct str message;
};

/* What a target is whose form the text does not give. */
#define PLAN_FORM_DEFAULT STR("python-dotenv")

/* The masked diff is the keyring's own: place, name and length, never a byte of a value. */
struct plan_target {
    struct str path;
    struct str form; /* name of its syntax */
    struct sha256 before,
        after; /* equal: the file stays as it is and is no part of a transaction */
    uint64_t bytes_before, bytes_after;
    struct str *removed; /* versions that leave this file */
    size_t removed_count;
    struct edit_line *lines;
    size_t line_count;
};

struct plan {
    struct arena *arena;
    struct str active;
    struct plan_version *versions; /* oldest first; unordered ones last, by name */
    size_t version_count;
    struct plan_evidence *evidence;
    size_t evidence_count;
    struct plan_table *tables;
    size_t table_count;
    struct plan_column *columns; /* that hold ciphertext or are declared */
    size_t column_count;
    struct plan_job *jobs;
    size_t job_count;
    struct acceptance *accepted;
    size_t accepted_count;
    struct plan_blocker *blockers;
    size_t blocker_count;
    struct plan_warning *warnings;
    size_t warning_count;
    struct plan_target *targets;
    size_t target_count;

    /* options, as they were used */
    int64_t keep_versions, max_age;
    unsigned kdf_iterations;
    struct census_demand census;
    struct str *protect, *only, *order, *databases;
    size_t protect_count, only_count, order_count, database_count;
    bool has_inventory;
    uint64_t inventory_count;
    struct conditions conditions;

    int64_t data_time; /* the oldest of the live reports' */
    int64_t expires;   /* data_time + max_age; UTC_NONE never */
};

/* False: the plan has as many clean censuses of every database as are wanted. */
struct census_lack {
    struct str database; /* '' when it is not known */
    uint64_t found;
};
bool census_lacks(const struct plan *plan, const struct census_demand *d, struct census_lack *lack);

bool plan_make(const struct plan_input *in, struct arena *a, struct plan *plan, struct err *err);

/*
 * Works the new image of every target out of its keyring, found by its path: digest, size and
 * masked diff; refuses what the keyring refuses (S12, S13), also for files that stay as they are.
 * The images are not kept; `keys` is an arena with .wipe set.
 */
struct plan_keyring {
    struct str path; /* as in struct plan_file */
    const struct keyring *keyring;
};
bool plan_edit(struct plan *plan, const struct plan_keyring *keyrings, size_t count,
               struct arena *keys, struct err *err);
/* A file as plan input, from its keyring with fingerprints; plain names and digests, no key. */
bool plan_file_of(const struct keyring *kr, const char *path, struct arena *a,
                  struct plan_file *file, struct err *err);

static inline bool plan_is_blocked(const struct plan *p)
{
    return p->blocker_count > 0;
}
/* How many versions leave. 0 without blockers is a good plan with nothing to do. */
size_t plan_removed_count(const struct plan *p);
/* "v1 v2": what a person types to confirm the removal of critical versions; NULL when none is. */
const char *plan_critical_list(const struct plan *p, struct arena *a);
/* False: not a version of this plan. */
bool plan_find_version(const struct plan *p, struct str name, const struct plan_version **found);
/* What a later plan remembers of this one; and of several, when its files were in several. */
struct plan_previous plan_remember(const struct plan *p, struct arena *a);
void plan_previous_join(struct plan_previous *into, const struct plan_previous *more,
                        struct arena *a);
/*
 * The plan may have been made where nothing of this was known. ERR_REFUSED 663: what was seen then
 * is missing in it, or says that a version it removes is still written with, and nothing in it
 * accepts that. A plan that was made with this history holds.
 */
bool plan_recalls(const struct plan *p, const struct plan_previous *previous, struct arena *a,
                  struct err *err);

/* ---- the text ---- */

struct plan_id {
    struct sha256 digest;
    char hex[SHA256_HEX + 1]; /* shown by its first PLAN_ID_HEX digits */
};

void plan_write(const struct plan *p, struct buf *text);
/* ERR_CORRUPT 650 with the line, for every text that plan_write would not have written. */
bool plan_read(struct str text, struct arena *a, struct plan *p, struct err *err);
bool plan_identify(struct str text, struct plan_id *id, struct err *err);
/* Which facts of two texts differ, a line each, the first two dozen; how many do. */
size_t plan_changes(struct buf *out, struct str before, struct str after);

/* ---- for people and programs ---- */

enum plan_format { PLAN_TEXT, PLAN_JSON, PLAN_CSV };
/* In the order of safety.md "What a reviewer sees". `now` gives the data's age. */
void plan_show(struct buf *out, const struct plan *p, const struct plan_id *id,
               enum plan_format format, int64_t now);
/* The masked diff of every target. */
void plan_diff(struct buf *out, const struct plan *p);
/* The warnings of the critical versions (S17), for the question before apply; nothing without. */
void plan_show_critical(struct buf *out, const struct plan *p);

/* What is true of a target now. */
struct plan_fact {
    bool present;
    struct sha256 digest; /* when present */
};
struct plan_facts {
    const struct plan_fact *targets; /* in the order of plan->targets */
    struct str spent_by;             /* TXID that committed this plan, or '' */
    int64_t now;
};
/*
 * Writes what changed since, one line each, or that nothing did. ERR_STALE: a target changed, the
 * plan is spent (660) or expired (661). A plan with blockers verifies like any other.
 */
bool plan_verify(struct buf *out, const struct plan *p, const struct plan_facts *facts,
                 struct err *err);

#endif
