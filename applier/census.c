/*
 * census: which reports are clean censuses, which of them are earlier ones of the same databases,
 * and whether there are enough (--min-clean-census).
 *
 * An earlier census adds what it saw to the versions in use (S7), and proves nothing of today: its
 * tables are not coverage and its age does not count, so that two dumps a week apart can be asked
 * for where no report may be older than that.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CENSUSES_MAX = 1000 };

bool census_parse(struct str text, struct census_demand *into)
{
    struct str count, interval;
    *into = (struct census_demand){0};
    if (!str_cut(text, ':', &count, &interval))
        return str_to_u64(count, &into->count) && into->count >= 1 && into->count <= CENSUSES_MAX;
    return str_to_u64(count, &into->count) && into->count >= 1 && into->count <= CENSUSES_MAX &&
           utc_parse_duration(interval, &into->interval);
}

/* ---- one report ---- */

/* Values whose key the report does not know: what a blocker would be made of. */
static bool has_doubtful_values(struct planning *p, const struct report_column *c)
{
    static const enum value_class doubtful[] = {
        CLASS_ORPHAN,    CLASS_ORPHAN_EMBEDDED,    CLASS_UNVERSIONED, CLASS_UNVERSIONED_EMBEDDED,
        CLASS_TRUNCATED, CLASS_TRUNCATED_EMBEDDED, CLASS_MALFORMED};
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++)
        if (c->classes[doubtful[i]])
            return true;
    for (size_t i = 0; i < c->usage_count; i++) {
        struct str version = planning_version(p, c->usages[i].version);
        if (c->usages[i].records == 0 || (version.len == 0 && c->has_classes))
            continue; /* the classes say what values without a version are */
        if (planning_find(p, version) == p->plan->version_count)
            return true;
    }
    return c->declared && c->classes[CLASS_PLAINTEXT] > 0;
}

static bool is_clean(struct planning *p, const struct report *r)
{
    if (!r->complete || r->partial || r->row_security || plan_time(r->data_time) == UTC_NONE)
        return false;
    for (size_t t = 0; t < r->table_count; t++) {
        if (r->tables[t].state == COVERAGE_SKIPPED)
            return false;
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            if (has_doubtful_values(p, &r->tables[t].columns[c]))
                return false;
    }
    return true;
}

/* ---- several ---- */

static bool has_database(const struct report *r, struct str name)
{
    for (size_t i = 0; i < r->table_count; i++)
        if (str_eq(r->tables[i].database, name))
            return true;
    return false;
}

static bool within(const struct report *r, const struct report *other)
{
    for (size_t i = 0; i < r->table_count; i++)
        if (!has_database(other, r->tables[i].database))
            return false;
    return true;
}

static bool has_input(const struct report *r, struct str digest)
{
    for (size_t i = 0; i < r->input_count; i++)
        if (str_eq(r->inputs[i].digest, digest))
            return true;
    return false;
}

/* One dump under two times, by its name or by --dump-time, is one census. */
static bool same_bytes(const struct report *r, const struct report *other)
{
    size_t digests = 0;
    for (size_t i = 0; i < r->input_count; i++) {
        if (r->inputs[i].digest.len == 0)
            continue;
        if (!has_input(other, r->inputs[i].digest))
            return false;
        digests++;
    }
    return digests > 0;
}

void census_mark(struct planning *p)
{
    const struct plan_input *in = p->in;
    p->marks = ARENA_ARRAY(p->a, in->report_count, struct census_mark);
    if (in->census.count == 0)
        return;
    for (size_t i = 0; i < in->report_count; i++)
        p->marks[i].clean = is_clean(p, in->reports[i].report);
    for (size_t i = 0; i < in->report_count; i++) {
        const struct report *r = in->reports[i].report;
        bool repeats = false;
        for (size_t k = 0; k < in->report_count; k++) {
            const struct report *other = in->reports[k].report;
            if (k == i || !p->marks[k].clean || other->data_time <= r->data_time)
                continue;
            repeats |= same_bytes(r, other);
            p->marks[i].earlier |= p->marks[i].clean && within(r, other) && within(other, r);
        }
        p->marks[i].repeats = repeats;
    }
    for (size_t i = 0; i < in->report_count; i++)
        p->marks[i].clean &= !p->marks[i].repeats;
}

/* ---- enough? From the plan alone. ---- */

static bool evidence_has(const struct plan_evidence *e, struct str database)
{
    for (size_t i = 0; i < e->database_count; i++)
        if (str_eq(e->databases[i], database))
            return true;
    return e->database_count == 0 && database.len == 0;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Clean censuses of one database, each the interval or more after the one before. */
static uint64_t censuses_of(const struct plan *plan, struct str database, int64_t interval)
{
    int64_t *times = ARENA_ARRAY(plan->arena, plan->evidence_count, int64_t);
    size_t n = 0;
    uint64_t count = 0;
    for (size_t i = 0; i < plan->evidence_count; i++) {
        const struct plan_evidence *e = &plan->evidence[i];
        if (e->kind != EVIDENCE_RETAINED && e->clean && evidence_has(e, database))
            times[n++] = e->data_time;
    }
    if (n)
        qsort(times, n, sizeof times[0], compare_times);
    int64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (count > 0 && (times[i] == last || times[i] - last < interval))
            continue;
        last = times[i];
        count++;
    }
    return count;
}

static bool database_lacks(const struct plan *plan, struct str database,
                           const struct census_demand *d, struct census_lack *lack)
{
    *lack = (struct census_lack){.database = database};
    lack->found = censuses_of(plan, database, d->interval);
    return lack->found < d->count;
}

bool census_lacks(const struct plan *plan, const struct census_demand *d, struct census_lack *lack)
{
    for (size_t i = 0; d->count > 0 && i < plan->evidence_count; i++) {
        const struct plan_evidence *e = &plan->evidence[i];
        if (e->kind == EVIDENCE_RETAINED)
            continue;
        if (e->database_count == 0 && database_lacks(plan, STR(""), d, lack))
            return true;
        for (size_t k = 0; k < e->database_count; k++)
            if (database_lacks(plan, e->databases[k], d, lack))
                return true;
    }
    return false;
}

bool census_check(const struct planning *p, struct err *err)
{
    const struct census_demand *d = &p->in->census;
    struct census_lack lack;
    char apart[32];
    if (!census_lacks(p->plan, d, &lack))
        return true;
    err_set(err, ERR_REFUSED, 632,
            "%" PRIu64 " clean census%s wanted%s%s, and there %s %" PRIu64 "%s%s", d->count,
            d->count == 1 ? " is" : "es are", d->interval ? ", each later by " : "",
            d->interval ? utc_age(d->interval, apart) : "", lack.found == 1 ? "is" : "are",
            lack.found, lack.database.len ? " of database " : "",
            lack.database.len ? text_shown(p->a, lack.database) : "");
    err_hint(err, "add --report for each dump of the same databases; clean is a complete census of "
                  "the whole database without a value whose key is not known");
    return false;
}
