/*
 * evidence: is this report fit to be planned from, and what is it?
 *
 * What is wrong with a whole report is an error here and gives no plan: too old, made with another
 * keyring, or of unknown age (S6, S10). Retained reports describe old backups, so none of that is
 * asked of them.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

#include <inttypes.h>

enum { CLOCK_SLACK = 24 * 3600 }; /* a data time may be local time without a zone */

static bool check_age(const struct plan_input *in, const struct plan_source *s, struct err *err)
{
    int64_t data_time = plan_time(s->report->data_time);
    if (data_time == UTC_NONE) {
        if (in->max_age == PLAN_NO_MAX_AGE)
            return true;
        err_set(err, ERR_STALE, 621, "the age of the data in %s is not known", s->path);
        err_hint(err, "scan again with --dump-time, or plan with --max-report-age none");
        return false;
    }
    char age[32], limit[32], when[UTC_TEXT];
    (void)utc_text(data_time, when);
    if (data_time > in->now && data_time - in->now > CLOCK_SLACK) {
        err_set(err, ERR_STALE, 622, "the data in %s is dated %s, which is in the future", s->path,
                when);
        err_hint(err, "check --dump-time and the clock of this machine");
        return false;
    }
    if (in->max_age == PLAN_NO_MAX_AGE || data_time >= in->now ||
        in->now - data_time <= in->max_age)
        return true;
    err_set(err, ERR_STALE, 620, "the data in %s is from %s, %s old; the limit is %s", s->path,
            when, utc_age(in->now - data_time, age), utc_age(in->max_age, limit));
    err_hint(err, "make a new dump and scan it, or raise --max-report-age");
    return false;
}

static bool report_names(const struct report *r, struct str name)
{
    for (size_t i = 0; i < r->version_count; i++)
        if (str_eq_nocase(r->versions[i].name, name))
            return true;
    return false;
}

/* The report was made with this file's versions, or with those of all files together. */
static bool names_match_file(const struct report *r, const struct plan_file *f)
{
    size_t common = 0;
    for (size_t i = 0; i < f->key_count; i++)
        common += report_names(r, f->keys[i].name);
    return common == f->key_count && common == r->version_count;
}

static bool names_match(const struct planning *p, const struct report *r)
{
    for (size_t i = 0; i < p->in->file_count; i++)
        if (names_match_file(r, &p->in->files[i]))
            return true;
    for (size_t i = 0; i < p->plan->version_count; i++)
        if (!report_names(r, p->plan->versions[i].name))
            return false;
    return r->version_count == p->plan->version_count;
}

static bool is_key_of(const struct planning *p, const struct report_version *v, size_t version)
{
    return strcmp(v->fingerprint.hex, p->plan->versions[version].fingerprint.hex) == 0;
}

static bool other_key(struct planning *p, const struct plan_source *s,
                      const struct report_version *v, struct err *err)
{
    err_set(err, ERR_STALE, 624,
            "the key of version \"%s\" is not the one that %s was verified with",
            text_shown(p->a, v->name), s->path);
    err_hint(err, "scan again with the present configuration and the same --kdf-iterations");
    return false;
}

static bool check_fingerprints(struct planning *p, const struct plan_source *s, struct err *err)
{
    for (size_t i = 0; i < s->report->version_count; i++) {
        const struct report_version *v = &s->report->versions[i];
        size_t at = planning_find(p, planning_version(p, v->name));
        if (at == p->plan->version_count || !is_key_of(p, v, at))
            return other_key(p, s, v, err);
    }
    return true;
}

/* A version that left the files since is an archive's; of one that stayed, the key must have, too.
 */
static bool check_retained(struct planning *p, const struct plan_source *s, struct err *err)
{
    for (size_t i = 0; s->report->verified && i < s->report->version_count; i++) {
        const struct report_version *v = &s->report->versions[i];
        size_t at = planning_find(p, planning_version(p, v->name));
        if (at == p->plan->version_count || is_key_of(p, v, at))
            continue;
        return other_key(p, s, v, err);
    }
    return true;
}

static bool check_keyring(struct planning *p, const struct plan_source *s, struct err *err)
{
    const struct report *r = s->report;
    struct str active = planning_version(p, r->active_version);
    if (active.len && !str_eq(active, p->plan->active)) {
        err_set(err, ERR_STALE, 623,
                "%s was made with active version \"%s\"; the configuration now has \"%s\"", s->path,
                text_shown(p->a, active), text_shown(p->a, p->plan->active));
        err_hint(err, "scan a new dump with the present configuration");
        return false;
    }
    if (r->version_count > 0 && !names_match(p, r)) {
        err_set(err, ERR_STALE, 623,
                "%s was made with other key versions than the configuration now has", s->path);
        err_hint(err, "scan a new dump with the present configuration");
        return false;
    }
    return !r->verified || check_fingerprints(p, s, err);
}

bool evidence_check(struct planning *p, struct err *err)
{
    for (size_t i = 0; i < p->in->report_count; i++)
        if ((!p->marks[i].earlier && !check_age(p->in, &p->in->reports[i], err)) ||
            !check_keyring(p, &p->in->reports[i], err))
            return false;
    for (size_t i = 0; i < p->in->retained_count; i++)
        if (!check_retained(p, &p->in->retained[i], err))
            return false;
    return true;
}

/* ---- what it is ---- */

const char *evidence_kind_name(enum evidence_kind k)
{
    if (k == EVIDENCE_LIVE)
        return "live";
    return k == EVIDENCE_EARLIER ? "earlier" : "retained";
}

static void add_database(struct planning *p, struct plan_evidence *e, size_t *room,
                         struct str database)
{
    if (database.len == 0)
        return;
    for (size_t i = e->database_count; i > 0; i--)
        if (str_eq(e->databases[i - 1], database))
            return;
    e->databases = arena_grow(p->a, e->databases, e->database_count, room, sizeof e->databases[0]);
    e->databases[e->database_count++] = arena_copy(p->a, database);
}

static void count_values(struct plan_evidence *e, const struct report_column *c)
{
    e->values = count_add(e->values, report_values(c));
    e->proven = count_add(e->proven, report_proven(c));
}

static struct str server_of(struct planning *p, const struct report *r)
{
    for (size_t i = 0; i < r->input_count; i++)
        if (r->inputs[i].server_version.len)
            return arena_copy(p->a, r->inputs[i].server_version);
    return STR("");
}

/* A folder has no bytes of its own: its files are inputs beside it. */
static bool digested_sha256(const struct report *r)
{
    size_t files = 0;
    for (size_t i = 0; i < r->input_count; i++) {
        bool folder = str_eq(r->inputs[i].kind, STR("folder"));
        if (!folder && !str_starts(r->inputs[i].digest, STR("sha256:")))
            return false;
        files += !folder;
    }
    return files > 0;
}

static void describe(struct planning *p, const struct plan_source *s, enum evidence_kind kind)
{
    struct plan *plan = p->plan;
    const struct report *r = s->report;
    plan->evidence = arena_grow(p->a, plan->evidence, plan->evidence_count, &p->evidence_room,
                                sizeof plan->evidence[0]);
    struct plan_evidence *e = &plan->evidence[plan->evidence_count++];
    *e = (struct plan_evidence){.kind = kind,
                                .digest = arena_copy(p->a, r->content_digest),
                                .server = server_of(p, r),
                                .data_time = plan_time(r->data_time),
                                .data_time_source = arena_copy(p->a, r->data_time_source),
                                .complete = r->complete,
                                .partial = r->partial || r->row_security,
                                .verified = r->verified,
                                .sha256_inputs = digested_sha256(r),
                                .jobs_known = r->jobs_known,
                                .inputs = r->input_count,
                                .rows = r->rows,
                                .kept_until = plan_time(s->kept_until)};
    if (kind != EVIDENCE_RETAINED)
        e->kept_until = UTC_NONE;
    size_t room = 0;
    for (size_t t = 0; t < r->table_count; t++) {
        add_database(p, e, &room, r->tables[t].database);
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            count_values(e, &r->tables[t].columns[c]);
    }
    if (kind == EVIDENCE_LIVE && !r->complete)
        planning_block(p, "incomplete-report", (struct plan_column_name){0}, 1)->message =
            str_from(arena_printf(p->a, "%s: the scan did not reach the end of its input",
                                  planning_report_name(p, r)));
    if (kind != EVIDENCE_RETAINED && r->version_count == 0)
        planning_warn(p, "no-keyring",
                      "%s was made without --env-file: it cannot be compared with the "
                      "configuration",
                      planning_report_name(p, r));
    if (kind == EVIDENCE_RETAINED && !r->complete)
        planning_warn(p, "retained-incomplete",
                      "%s of a stored backup is incomplete: other versions may be in it",
                      planning_report_name(p, r));
}

void evidence_describe(struct planning *p)
{
    for (size_t i = 0; i < p->in->report_count; i++) {
        const struct census_mark *m = &p->marks[i];
        describe(p, &p->in->reports[i], m->earlier ? EVIDENCE_EARLIER : EVIDENCE_LIVE);
        p->plan->evidence[p->plan->evidence_count - 1].clean = m->clean;
    }
    for (size_t i = 0; i < p->in->retained_count; i++)
        describe(p, &p->in->retained[i], EVIDENCE_RETAINED);
}
