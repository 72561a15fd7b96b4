/*
 * report_sample: a small report with one of everything, for the tests of the report and of show.
 *
 * Two databases; in shop a declared column whose values use v2, v3 and none, in crm one that nobody
 * declared. The figures are chosen so that every sum can be done by hand:
 *
 *     shop public.users   100 records
 *         id              100 records, nothing recognised
 *         totp            hinted 80, unversioned 5, malformed 1, plaintext 2, null 10, empty 2
 *                         v3 60, v2 21, '' 5, and of the v2 ones 4 proven to be v3
 *                         so 86 use a key: v3 is 100*60/86 of them
 *     crm  sales.leads     50 records
 *         note            hinted 3, plaintext 47;  v1 1, (other) 2;  3 use a key
 *     shop public.logs    no-data;  public.gone  referenced-but-absent;  public.tmp  skipped
 */
#ifndef TESTS_UNIT_REPORT_SAMPLE_H
#define TESTS_UNIT_REPORT_SAMPLE_H

#include "common/report.h"

enum { T_2026_01_01 = 1767225600, T_2026_11_20 = 1795132800 }; /* date -ud 2026-11-20 +%s */

static inline void sample_usage(struct report *r, struct report_column *c, struct str version,
                                enum usage_basis basis, uint64_t records, int64_t oldest,
                                int64_t newest)
{
    struct report_usage *u = report_add_usage(r, c, version, basis);
    u->records = records;
    u->oldest = oldest;
    u->newest = newest;
}

static inline struct report_table *sample_table(struct report *r, struct str database,
                                                struct str schema, struct str name,
                                                enum coverage_state state, uint64_t records)
{
    struct report_table *t = report_add_table(r);
    t->database = database;
    t->schema = schema;
    t->name = name;
    t->state = state;
    t->records = records;
    return t;
}

static inline void sample_users(struct report *r)
{
    struct report_table *t =
        sample_table(r, STR("shop"), STR("public"), STR("users"), COVERAGE_DATA, 100);
    struct report_column *c = report_add_column(r, t, STR("totp"));
    c->envelope = STR("versioned-fernet");
    c->records = 100;
    c->nulls = 10;
    c->declared = true;
    c->has_classes = true;
    c->future_times = 3;
    c->classes[CLASS_HINTED] = 80;
    c->classes[CLASS_UNVERSIONED] = 5;
    c->classes[CLASS_MALFORMED] = 1;
    c->classes[CLASS_PLAINTEXT] = 2;
    c->classes[CLASS_NULL] = 10;
    c->classes[CLASS_EMPTY] = 2;
    sample_usage(r, c, STR("v3"), BASIS_PROVEN, 4, UTC_NONE, UTC_NONE);
    sample_usage(r, c, STR("v3"), BASIS_HINT, 60, T_2026_01_01, T_2026_11_20 - 1);
    sample_usage(r, c, STR(""), BASIS_HINT, 5, T_2026_01_01 + 61, T_2026_01_01 + 61);
    sample_usage(r, c, STR("v2"), BASIS_HINT, 21, 0, T_2026_01_01);
    c = report_add_column(r, t, STR("id"));
    c->records = 100;
}

static inline void sample_leads(struct report *r)
{
    struct report_table *t =
        sample_table(r, STR("crm"), STR("sales"), STR("leads"), COVERAGE_DATA, 50);
    struct report_column *c = report_add_column(r, t, STR("note"));
    c->envelope = STR("versioned-fernet");
    c->records = 50;
    c->has_classes = true;
    c->classes[CLASS_HINTED] = 3;
    c->classes[CLASS_PLAINTEXT] = 47;
    sample_usage(r, c, STR("v1"), BASIS_HINT, 1, T_2026_01_01, T_2026_01_01);
    sample_usage(r, c, STR(VERSION_OTHER), BASIS_HINT, 2, UTC_NONE, UTC_NONE);
}

static inline void sample_rest(struct report *r)
{
    struct report_table *t =
        sample_table(r, STR("shop"), STR("public"), STR("tmp"), COVERAGE_SKIPPED, 0);
    t->note = STR("--exclude-table");
    t = sample_table(r, STR("shop"), STR("public"), STR("logs"), COVERAGE_NO_DATA, 0);
    t->kind = TABLE_PARTITIONED;
    t->note = STR("defined without its data block");
    (void)sample_table(r, STR("shop"), STR("public"), STR("gone"), COVERAGE_ABSENT, 0);

    struct report_input *in = report_add_input(r);
    *in = (struct report_input){.path = STR("shop.sql.gz"),
                                .kind = STR("gzip+plain-sql"),
                                .bytes = 1000,
                                .decoded_bytes = 5000,
                                .records = 100,
                                .digest = STR("xxh3-128:00112233445566778899aabbccddeeff"),
                                .complete = true,
                                .data_time = T_2026_11_20,
                                .data_time_source = STR("header"),
                                .server_version = STR("15.4")};
    in = report_add_input(r);
    in->path = STR("crm.csv");
    in->kind = STR("csv");
    in->records = 50;
    in->note = STR("mtime is all there is");

    struct report_job *j = report_add_job(r);
    *j = (struct report_job){.database = STR("shop"),
                             .id = STR("7"),
                             .model_path = STR("app.models:User"),
                             .column_name = STR("totp"),
                             .target_version = STR("v3"),
                             .status = STR("failed"),
                             .processed = 40,
                             .total_records = 100,
                             .errors = 2,
                             .dry_run = true,
                             .updated_at = STR("2026-11-19 08:00:00")};
}

static inline void sample_findings(struct report *r)
{
    struct report_finding *f = report_add_finding(r, SEVERITY_WARNING, STR("undeclared-column"),
                                                  &r->tables[1], STR("note"));
    f->message = STR("values that use a key in a column that was not declared");
    f->record_count = 3;
    f = report_add_finding(r, SEVERITY_ERROR, STR("plaintext"), &r->tables[0], STR("totp"));
    f->message = STR("plain text in a declared column");
    f->record_count = 2;
    struct report_declared *d = report_add_declared(r);
    *d = (struct report_declared){.model = STR("app.models:User"),
                                  .schema = STR("public"),
                                  .table = STR("users"),
                                  .attribute = STR("otp"),
                                  .column = STR("totp"),
                                  .resolved_by = STR("map")};
}

/* Filled, not sealed. */
static inline struct report sample_report(struct arena *arena)
{
    struct report r = {.arena = arena,
                       .complete = true,
                       .partial = true,
                       .jobs_known = true,
                       .active_version = STR("v3"),
                       .data_time = T_2026_11_20,
                       .data_time_source = STR("header"),
                       .program_version = STR("0.1.0"),
                       .created = T_2026_11_20 + 3600};
    sample_users(&r);
    sample_leads(&r);
    sample_findings(&r);
    sample_rest(&r);
    (void)report_add_version(&r, STR("v3"));
    (void)report_add_version(&r, STR("v10"));
    (void)report_add_version(&r, STR("v1"));
    (void)report_add_version(&r, STR("v2"));
    return r;
}

#endif
