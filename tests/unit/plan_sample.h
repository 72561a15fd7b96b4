/* plan_sample: reports and configuration files for the tests of the plan, built in memory. */
#ifndef TESTS_UNIT_PLAN_SAMPLE_H
#define TESTS_UNIT_PLAN_SAMPLE_H

#include "applier/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define DAY ((int64_t)24 * 3600)

enum { SAMPLE_MAX = 8, SAMPLE_KEYS = 16 };

static const int64_t sample_now = 1795190400; /* 2026-11-20T16:00:00Z */

struct sample {
    struct arena a;
    struct report reports[SAMPLE_MAX], retained[SAMPLE_MAX];
    struct plan_source live_sources[SAMPLE_MAX], retained_sources[SAMPLE_MAX];
    struct plan_file files[SAMPLE_MAX];
    struct plan_key keys[SAMPLE_MAX][SAMPLE_KEYS];
    struct acceptance accepted[8];
    struct plan_input in;
    struct plan plan;
    struct err err;
};

static inline struct fingerprint sample_fingerprint(unsigned n)
{
    struct fingerprint f;
    (void)snprintf(f.hex, sizeof f.hex, "%016x", n);
    return f;
}

/* A report of public.users with column secret, declared, data one hour old. */
static inline void sample_fill(struct report *r, struct arena *a)
{
    *r = (struct report){.arena = a,
                         .complete = true,
                         .jobs_known = true,
                         .data_time = sample_now - 3600,
                         .data_time_source = STR("header")};
    struct report_table *t = report_add_table(r);
    t->database = STR("app");
    t->schema = STR("public");
    t->name = STR("users");
    t->state = COVERAGE_DATA;
    struct report_column *c = report_add_column(r, t, STR("secret"));
    c->envelope = STR("versioned-fernet");
    c->declared = c->has_classes = true;
}

static inline struct report_column *sample_column(struct report *r)
{
    return &r->tables[0].columns[0];
}

/* `records` values of a version ("" for none), written on one day. */
static inline void sample_use(struct report *r, const char *version, uint64_t records,
                              int64_t written)
{
    struct report_column *c = sample_column(r);
    struct report_usage *u = report_add_usage(r, c, str_from(version), BASIS_HINT);
    u->records = records;
    u->oldest = u->newest = written;
    c->records += records;
    r->tables[0].records += records;
    c->classes[version[0] ? CLASS_HINTED : CLASS_UNVERSIONED] += records;
}

/* A table beside public.users, in the state given. */
static inline struct report_table *sample_table(struct report *r, const char *name,
                                                enum coverage_state state)
{
    struct report_table *t = report_add_table(r);
    t->database = STR("app");
    t->schema = STR("public");
    t->name = str_from(name);
    t->state = state;
    return t;
}

/* Values of a version in another column. */
static inline struct report_column *sample_other_use(struct report *r, struct report_table *t,
                                                     const char *column, const char *version,
                                                     uint64_t records)
{
    struct report_column *c = report_add_column(r, t, str_from(column));
    struct report_usage *u = report_add_usage(r, c, str_from(version), BASIS_HINT);
    u->records = c->records = t->records = records;
    c->envelope = STR("versioned-fernet");
    c->has_classes = true;
    c->classes[CLASS_HINTED] = records;
    return c;
}

/* A file with versions v1..vN. */
static inline void sample_file(struct sample *s, const char *path, unsigned versions,
                               const char *active)
{
    size_t f = s->in.file_count++;
    for (unsigned i = 0; i < versions; i++)
        s->keys[f][i] = (struct plan_key){.name = str_from(arena_printf(&s->a, "v%u", i + 1)),
                                          .fingerprint = sample_fingerprint(i + 1)};
    s->files[f] = (struct plan_file){.path = str_from(path),
                                     .bytes = 800,
                                     .active = str_from(active),
                                     .keys = s->keys[f],
                                     .key_count = versions};
    memset(s->files[f].digest.bytes, (int)(f + 1), SHA256_BYTES);
}

static inline struct report *sample_report(struct sample *s)
{
    size_t i = s->in.report_count++;
    sample_fill(&s->reports[i], &s->a);
    s->live_sources[i] =
        (struct plan_source){.path = "r.db", .report = &s->reports[i], .kept_until = UTC_NONE};
    return &s->reports[i];
}

static inline struct report *sample_retained(struct sample *s, int64_t kept_until)
{
    size_t i = s->in.retained_count++;
    sample_fill(&s->retained[i], &s->a);
    s->retained_sources[i] =
        (struct plan_source){.path = "old.db", .report = &s->retained[i], .kept_until = kept_until};
    return &s->retained[i];
}

static inline void sample_accept(struct sample *s, const char *text)
{
    struct err err = {0};
    size_t i = s->in.accept_count++;
    assert_true(acceptance_parse(str_from(text), &s->a, &s->accepted[i], &err));
}

/* Nothing but the defaults: no file, no report. */
static inline void sample_empty(struct sample *s)
{
    memset(s, 0, sizeof *s);
    s->in = (struct plan_input){.reports = s->live_sources,
                                .retained = s->retained_sources,
                                .files = s->files,
                                .accept = s->accepted,
                                .keep_versions = PLAN_KEEP_DEFAULT,
                                .max_age = PLAN_MAX_AGE_DEFAULT,
                                .kdf_iterations = 100000,
                                .now = sample_now};
}

/* v1..v6 with v6 active and in use: a plan without any blocker that removes v1..v3. */
static inline struct report *sample_good(struct sample *s)
{
    sample_empty(s);
    sample_file(s, "/srv/app/.env.crypto", 6, "v6");
    struct report *r = sample_report(s);
    sample_use(r, "v6", 412, sample_now - 10 * DAY);
    return r;
}

static inline bool sample_make(struct sample *s)
{
    struct err err = {0};
    for (size_t i = 0; i < s->in.report_count; i++)
        assert_true(report_seal(&s->reports[i], &err));
    for (size_t i = 0; i < s->in.retained_count; i++)
        assert_true(report_seal(&s->retained[i], &err));
    memset(&s->err, 0, sizeof s->err);
    return plan_make(&s->in, &s->a, &s->plan, &s->err);
}

/* "v1 v2": those that leave, oldest first. */
static inline const char *sample_removed(struct sample *s)
{
    struct buf b = {.arena = &s->a};
    for (size_t i = 0; i < s->plan.version_count; i++)
        if (s->plan.versions[i].reason == KEEP_NOT)
            buf_printf(&b, "%s%.*s", b.len ? " " : "", STR_ARG(s->plan.versions[i].name));
    return arena_text(&s->a, buf_str(&b));
}

static inline const struct plan_version *sample_version(struct sample *s, const char *name)
{
    const struct plan_version *v = NULL;
    assert_true(plan_find_version(&s->plan, str_from(name), &v));
    return v;
}

/* The only blocker, which must have this code. */
static inline const struct plan_blocker *sample_blocker(struct sample *s, const char *code)
{
    assert_true(sample_make(s));
    for (size_t i = 0; i < s->plan.blocker_count; i++)
        if (!str_eq(s->plan.blockers[i].code, str_from(code)))
            fail_msg("unexpected blocker %.*s: %.*s", STR_ARG(s->plan.blockers[i].code),
                     STR_ARG(s->plan.blockers[i].message));
    assert_int_equal(s->plan.blocker_count, 1);
    assert_string_equal(sample_removed(s), "");
    assert_true(s->plan.blockers[0].message.len > 0 && s->plan.blockers[0].resolve.len > 0);
    return &s->plan.blockers[0];
}

static inline bool sample_warns(struct sample *s, const char *code)
{
    for (size_t i = 0; i < s->plan.warning_count; i++)
        if (str_eq(s->plan.warnings[i].code, str_from(code)))
            return true;
    return false;
}

/* New images, as plan_edit would set them, for plans that are not edited by a keyring. */
static inline void sample_edit(struct sample *s)
{
    static const struct edit_line lines[] = {
        {EDIT_CONTEXT, EDIT_COMMENT, 1, "", 20},
        {EDIT_REMOVED, EDIT_ENTRY, 2, "ENCRYPTION_KEYS__v1", 44},
        {EDIT_CHANGED, EDIT_ENTRY, 9, "ENCRYPTION_ENV_CHECKSUM", 64}};
    for (size_t i = 0; i < s->plan.target_count; i++) {
        struct plan_target *t = &s->plan.targets[i];
        if (t->removed_count == 0)
            continue;
        memset(t->after.bytes, 0xa0 + (int)i, SHA256_BYTES);
        t->bytes_after = 500;
        t->lines = ARENA_ARRAY(&s->a, 3, struct edit_line);
        memcpy(t->lines, lines, sizeof lines);
        t->line_count = 3;
    }
}

static inline struct str sample_text(struct sample *s)
{
    struct buf b = {.arena = &s->a};
    plan_write(&s->plan, &b);
    return buf_str(&b);
}

static inline bool holds(struct str text, const char *part)
{
    return str_search(text, str_from(part)) < text.len;
}

#endif
