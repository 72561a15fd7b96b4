/*
 * report: what a census found, and its SQLite file.
 *
 * The one thing that passes between keycensus, which writes it, and keyretire, which plans from it.
 * In memory it is plain data; in the file it is base tables, the views that cli.md fixes, and a
 * `_doc` table that describes every table and column. The schema is written once, in
 * report_schema.c.
 *
 *     struct report r = {.arena = &run};
 *     ...fill...
 *     report_seal(&r);                                    sorts, totals, content digest
 *     report_write("report.db", &r, FILE_KEEP, err);    one transaction, then renamed into place
 *
 *     struct report r;
 *     report_read("report.db", &run, &r, err);            checks application_id, schema, digest
 *
 * Ownership: everything a report points to lives in its arena.
 * Units: times are unix seconds (utc.h), UTC_NONE when unknown. Versions are lower-cased.
 * Secrets: a report holds no cell text (S5), no key, and no more than fingerprints of keys (S10).
 * Determinism: after report_seal every list is sorted by its names, so equal findings give equal
 * bytes of the canonical form and one content digest, whatever the threads, blocks or compression.
 */
#ifndef COMMON_REPORT_H
#define COMMON_REPORT_H

#include "common/arena.h"
#include "common/crypto.h"
#include "common/file.h"
#include "common/secret.h"
#include "common/utc.h"

/*
 * safety.md S4. The order is the order of rows in a report. The first four are of values that were
 * tried with keys; hinted and unversioned are what remains, or all of them in an unverified report.
 */
enum value_class {
    CLASS_VERIFIED,        /* the key that it names made it */
    CLASS_LEGACY_VERIFIED, /* names no key; a key of the keyring made it */
    CLASS_MISLABELLED,     /* another key of the keyring than the one it names made it */
    CLASS_ORPHAN,          /* no key of the keyring made it, or the one it names is not there */
    CLASS_HINTED,
    CLASS_UNVERSIONED,
    CLASS_TRUNCATED,
    CLASS_MALFORMED,
    CLASS_PLAINTEXT,
    CLASS_NULL,
    CLASS_EMPTY,
    CLASS_VERIFIED_EMBEDDED, /* inside a larger cell; full weight in the plan */
    CLASS_LEGACY_VERIFIED_EMBEDDED,
    CLASS_MISLABELLED_EMBEDDED,
    CLASS_ORPHAN_EMBEDDED,
    CLASS_HINTED_EMBEDDED,
    CLASS_UNVERSIONED_EMBEDDED,
    CLASS_TRUNCATED_EMBEDDED,
    CLASS_COUNT
};
/* "hinted", ..., "hinted-embedded". */
const char *value_class_name(enum value_class c);

enum usage_basis { BASIS_HINT, BASIS_PROVEN };
const char *usage_basis_name(enum usage_basis b);

/* Names that are no version of ours are counted together under these (S5). */
#define VERSION_OTHER "(other)"
#define VERSION_MORE  "(more)"
/* In a version of another envelope than the keyring's, behind its name: "vault-transit:v3". */
#define VERSION_FOREIGN ':'
enum { USAGE_UNKNOWN_MAX = 1024 }; /* distinct unknown names a column */

/* One version in one column. */
struct report_usage {
    struct str version; /* '' = value without a version */
    enum usage_basis basis;
    uint64_t records;
    int64_t oldest; /* token write times not after the data time; UTC_NONE = none readable */
    int64_t newest;
};

struct report_column {
    struct str name;
    struct str envelope; /* "versioned-fernet", or empty: nothing recognised */
    uint64_t records;    /* every row, NULLs included */
    uint64_t nulls;
    bool declared;
    bool has_classes; /* declared, or a value counted: then the classes add up to records */
    uint64_t classes[CLASS_COUNT];
    uint64_t future_times; /* tokens dated after the data; used for nothing (S9) */
    uint64_t key_records;  /* that use a key: what percentages are of; 0: report_seal adds it up */
    struct report_usage *usages;
    size_t usage_count, usage_room;
};

/* safety.md S2 */
enum coverage_state {
    COVERAGE_DATA,
    COVERAGE_NO_DATA,
    COVERAGE_ABSENT, /* referenced-but-absent */
    COVERAGE_SKIPPED,
    COVERAGE_UNKNOWN,
    COVERAGE_COUNT
};
const char *coverage_state_name(enum coverage_state s);

/* What the catalogue calls it; partitioned roots, views and foreign tables hold no rows of their
 * own. */
enum table_kind { TABLE_ORDINARY, TABLE_PARTITIONED, TABLE_VIEW, TABLE_FOREIGN, TABLE_UNKNOWN };
const char *table_kind_name(enum table_kind k);

struct report_table {
    struct str database; /* '' when the dump does not say */
    struct str schema;   /* '' for CSV */
    struct str name;
    enum table_kind kind;
    enum coverage_state state;
    struct str note; /* why, in a few words; may be empty */
    uint64_t records;
    struct report_column *columns; /* in the order of the data, at most one of a name */
    size_t column_count;
    size_t column_room;
};

struct report_input {
    struct str path;
    struct str kind; /* "plain-sql", "csv", "gzip+plain-sql", "tar", ... outermost first */
    uint64_t bytes;  /* as stored */
    uint64_t decoded_bytes;
    uint64_t records;
    struct str digest; /* "xxh3-128:..." or "sha256:..." of the stored bytes; '' of a folder, and
                          when not read to the end */
    bool complete;
    struct str note;
    int64_t data_time;
    struct str data_time_source; /* "header" "option" "mtime" */
    struct str server_version;   /* from the dump, '' unknown */
};

struct report_job {
    struct str database;
    struct str id, model_path, column_name, target_version, status;
    int64_t processed, total_records, errors;
    bool dry_run;
    struct str updated_at; /* as it stands in the dump */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO };
const char *severity_name(enum severity s);

struct report_finding {
    enum severity severity;
    struct str code; /* "undeclared-column", "plaintext", "future-time", "incomplete", ... */
    struct str database, schema, table, column; /* empty where it is about the whole */
    struct str message;
    uint64_t record_count;
};

/* What a key of OpenRouter cost in a day, from its activity export. Money is micro-dollars. */
struct report_spend {
    struct str key_name; /* as the export names it; may be empty */
    int64_t day;         /* its first second, UTC */
    uint64_t generations;
    int64_t micros;      /* paid to OpenRouter */
    int64_t byok_micros; /* at other providers, with keys of one's own */
};

/* A pair of the declared scope, with the words of the command line that declared it. */
struct report_declared {
    struct str model; /* "pkg.mod:Class", or empty for --table */
    struct str schema, table;
    struct str attribute;   /* as given; the property's name in Python */
    struct str column;      /* the database column */
    struct str resolved_by; /* "map" "source" "naming-rule" "table" */
};

struct report_version {
    struct str name;
    struct fingerprint fingerprint; /* empty in an unverified report */
};

struct report {
    struct arena *arena;
    bool complete;                   /* S1 */
    bool partial;                    /* S2: coverage is not the whole database */
    bool jobs_known;                 /* a reencrypt_jobs table was in the data (S8) */
    bool verified;                   /* S10 */
    bool row_security;               /* SET row_security = on was seen (S2) */
    struct str active_version;       /* '' when no env file was read */
    struct report_version *versions; /* of the env file; none when it was not read */
    size_t version_count, version_room;
    int64_t data_time; /* the oldest of the inputs' */
    struct str data_time_source;
    struct str program_version;
    int64_t created; /* when the report was made: not part of the digest */

    struct report_table *tables;
    size_t table_count, table_room;
    struct report_input *inputs;
    size_t input_count, input_room;
    struct report_job *jobs;
    size_t job_count, job_room;
    struct report_spend *spends; /* one of a key and a day; their sums fit an int64_t */
    size_t spend_count, spend_room;
    struct report_finding *findings;
    size_t finding_count, finding_room;
    struct report_declared *declared;
    size_t declared_count, declared_room;

    /* by report_seal */
    uint64_t rows, cells;
    struct str content_digest; /* "sha256:..." of the canonical form */
};

/*
 * Appending, with the list grown in the report's arena. The entry comes zeroed, its times UTC_NONE;
 * the pointer is good until the next entry of the same list.
 */
struct report_table *report_add_table(struct report *r);
struct report_column *report_add_column(struct report *r, struct report_table *t, struct str name);
struct report_input *report_add_input(struct report *r);
struct report_job *report_add_job(struct report *r);
struct report_finding *report_add_finding(struct report *r, enum severity severity, struct str code,
                                          const struct report_table *t, struct str column);
struct report_spend *report_add_spend(struct report *r);
struct report_declared *report_add_declared(struct report *r);
struct report_usage *report_add_usage(struct report *r, struct report_column *c, struct str version,
                                      enum usage_basis basis);
struct report_version *report_add_version(struct report *r, struct str name);

/* Values of the column that use a key: key_records, or what the rest adds up to. */
uint64_t report_values(const struct report_column *c);
/* Of these, those that a key of the keyring is proven to have made, and those that none made. */
uint64_t report_proven(const struct report_column *c);
uint64_t report_orphans(const struct report_column *c);

/*
 * Sorts all lists, sums up, sets content_digest. Text that is no valid UTF-8 or holds a NUL is
 * replaced by its text_visible form; where that is a name, finding "escaped-name" says so. Two
 * tables of one name, or two columns in one table, are an error: the caller merges them.
 */
bool report_seal(struct report *r, struct err *err);

/* Before a long scan: would report_write have a place to write to? Leaves nothing behind. */
bool report_check_target(const char *path, enum file_existing existing, struct err *err);
/*
 * Atomic: written beside the target, synced, renamed. A failure leaves nothing behind and the old
 * file as it was. An existing file with FILE_KEEP is ERR_USAGE 105.
 */
bool report_write(const char *path, const struct report *r, enum file_existing existing,
                  struct err *err);
/*
 * Reads and checks: not a report or damaged, ERR_CORRUPT; schema newer than ours, ERR_CORRUPT with
 * a hint; missing, ERR_NOT_FOUND. The content digest is computed again and must agree.
 */
bool report_read(const char *path, struct arena *arena, struct report *r, struct err *err);

/*
 * The rows of a view of cli.md ("key_usage") of a sealed report, with the view's own columns and
 * values, as they would stand in its file.
 *
 *     struct report_views *v = report_views_open(r, arena, err);
 *     struct table t = {.arena = arena};
 *     report_view(v, "key_usage", &t, err);
 *     report_views_close(v);
 */
struct report_views;
struct table;
struct report_views *report_views_open(const struct report *r, struct arena *arena,
                                       struct err *err);
bool report_view(struct report_views *v, const char *view, struct table *t, struct err *err);
void report_views_close(struct report_views *v);

#endif
