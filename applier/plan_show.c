/*
 * plan_show: a plan for the person who reviews it, in the order of safety.md "What a reviewer
 * sees".
 *
 * Only the age of the data is worked out here, from `now`; everything else is in the plan.
 */
#include "applier/plan_show.h"
#include "applier/conditions.h"
#include "applier/plan_prose.h"

#include "common/table.h"
#include "common/text.h"

#include <inttypes.h>

static void write_accepted(struct buf *b, const struct plan *p)
{
    char seen[32], limit[32];
    for (size_t i = 0; i < p->accepted_count; i++) {
        const struct acceptance *a = &p->accepted[i];
        buf_text(b, "  ");
        text_visible(b, a->code);
        buf_text(b, a->place.len ? " at " : " everywhere");
        text_visible(b, a->place);
        buf_printf(b, ": %s found, at most %s accepted: ", text_count(a->seen, seen),
                   text_count(a->limit, limit));
        text_visible(b, a->reason);
        buf_byte(b, '\n');
    }
}

static void write_verdict(struct buf *b, const struct plan *p, const struct plan_id *id)
{
    plan_proof(b, p);
    buf_printf(b, "plan %.*s\nverdict: ", PLAN_ID_HEX, id->hex);
    plan_verdict(b, p);
    buf_text(b, "\nactive:  ");
    text_visible(b, p->active);
    buf_byte(b, '\n');
    if (p->accepted_count)
        buf_printf(b, "rests on %zu acceptance%s, listed below\n", p->accepted_count,
                   p->accepted_count == 1 ? "" : "s");
    if (p->blocker_count)
        buf_text(b, "\nBlockers\n");
    for (size_t i = 0; i < p->blocker_count; i++) {
        buf_text(b, "  ");
        text_visible(b, p->blockers[i].code);
        buf_text(b, ": ");
        text_visible(b, p->blockers[i].message);
        buf_text(b, "\n    resolve: ");
        text_visible(b, p->blockers[i].resolve);
        buf_byte(b, '\n');
    }
}

/* ---- evidence ---- */

void plan_age_warning(struct buf *b, const struct plan *p, int64_t now)
{
    char when[UTC_TEXT], age[32];
    if (p->data_time == UTC_NONE || now <= p->data_time || now - p->data_time <= PLAN_AGE_WARNING)
        return;
    buf_printf(b,
               "old-data: the oldest data is from %s, %s ago: what was written since is not in "
               "it\n",
               utc_text(p->data_time, when), utc_age(now - p->data_time, age));
}

static void write_data_time(struct buf *b, const struct plan *p, const struct plan_evidence *e,
                            int64_t now)
{
    char when[UTC_TEXT], age[32], until[UTC_TEXT];
    if (e->data_time == UTC_NONE) {
        buf_text(b, "    data of unknown age\n");
        return;
    }
    buf_printf(b, "    data of %s (", utc_text(e->data_time, when));
    text_visible(b, e->data_time_source);
    buf_printf(b, "), %s old", utc_age(now > e->data_time ? now - e->data_time : 0, age));
    if (e->kind == EVIDENCE_LIVE && p->expires != UTC_NONE)
        buf_printf(b, "; the plan expires %s", utc_text(p->expires, until));
    buf_byte(b, '\n');
}

static void write_evidence(struct buf *b, const struct plan *p, const struct plan_evidence *e,
                           int64_t now)
{
    char values[32], proven[32], rows[32], until[UTC_TEXT];
    buf_printf(b, "  %s report ", evidence_kind_name(e->kind));
    text_visible(b, e->digest);
    buf_text(b, "\n    database ");
    for (size_t i = 0; i < e->database_count; i++) {
        buf_text(b, i ? ", " : "");
        text_visible(b, e->databases[i]);
    }
    buf_text(b, e->database_count ? "; server " : "(its name is not in the dump); server ");
    text_visible(b, e->server.len ? e->server : STR("unknown"));
    buf_byte(b, '\n');
    write_data_time(b, p, e, now);
    buf_printf(b, "    %s%s, %" PRIu64 " input%s, %s row%s, jobs: %s\n",
               e->complete ? "complete" : "INCOMPLETE", e->partial ? ", partial input" : "",
               e->inputs, text_plural(e->inputs), text_count(e->rows, rows), text_plural(e->rows),
               e->jobs_known ? "known" : "unknown");
    if (e->verified)
        buf_printf(b, "    %s of %s values proven\n", text_count(e->proven, proven),
                   text_count(e->values, values));
    else
        buf_printf(b, "    labels only: %s value%s, none proven\n", text_count(e->values, values),
                   text_plural(e->values));
    if (e->clean)
        buf_text(b, "    a clean census\n");
    if (e->kind == EVIDENCE_RETAINED)
        buf_printf(b, "    kept until %s\n",
                   e->kept_until == UTC_NONE ? "an unknown time" : utc_text(e->kept_until, until));
}

/* ---- coverage ---- */

/* "app public.users.secret", without what is not known. */
static void write_name(struct buf *b, const struct plan_column_name *at)
{
    const struct str parts[] = {at->schema, at->table, at->column};
    text_visible(b, at->database);
    const char *between = at->database.len ? " " : "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].len == 0)
            continue;
        buf_text(b, between);
        text_visible(b, parts[i]);
        between = ".";
    }
}

static void write_coverage(struct buf *b, const struct plan *p)
{
    char values[32];
    buf_text(b, "\nCoverage\n");
    plan_coverage_counts(b, p, "  ");
    for (size_t i = 0; i < p->table_count; i++) {
        if (p->tables[i].state == COVERAGE_DATA)
            continue;
        buf_printf(b, "  %s: ", coverage_state_name(p->tables[i].state));
        write_name(b, &p->tables[i].at);
        if (p->tables[i].kind != TABLE_ORDINARY)
            buf_printf(b, " (%s)", table_kind_name(p->tables[i].kind));
        buf_byte(b, '\n');
    }
    for (size_t i = 0; i < p->column_count; i++) {
        buf_text(b, "  column ");
        write_name(b, &p->columns[i].at);
        buf_printf(b, ": %s value%s, %s\n", text_count(p->columns[i].values, values),
                   text_plural(p->columns[i].values),
                   p->columns[i].declared ? "declared" : "not declared");
    }
}

/* ---- versions ---- */

static void write_versions(struct buf *b, const struct plan *p)
{
    char when[UTC_TEXT], values[32];
    struct table t = {.arena = b->arena, .indent = 2};
    static const char *const headings[] = {"version", "decision",     "reason",
                                           "values",  "newest write", "fingerprint"};
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        table_text(&t, str_from(text_shown(b->arena, v->name)));
        table_text(&t, v->reason == KEEP_NOT ? STR("REMOVE") : STR("keep"));
        table_text(&t, str_from(v->reason == KEEP_NOT ? "unused" : keep_reason_name(v->reason)));
        table_count(&t, v->records);
        if (v->newest == UTC_NONE)
            table_null(&t);
        else
            table_text(&t, arena_copy(b->arena, str_from(utc_text(v->newest, when))));
        table_text(&t, str_from(v->fingerprint.hex));
    }
    buf_text(b, "\nVersions\n");
    table_write(b, &t, TABLE_TEXT);
    for (size_t i = 0; i < p->version_count; i++)
        for (size_t k = 0; k < p->versions[i].use_count; k++) {
            buf_text(b, "  ");
            text_visible(b, p->versions[i].name);
            buf_printf(b, ": %s value%s in ", text_count(p->versions[i].uses[k].records, values),
                       text_plural(p->versions[i].uses[k].records));
            write_name(b, &p->versions[i].uses[k].at);
            buf_byte(b, '\n');
        }
}

/* ---- the rest ---- */

void plan_show_critical(struct buf *out, const struct plan *p)
{
    plan_critical(out, p, "");
}

const char *plan_critical_list(const struct plan *p, struct arena *a)
{
    struct buf b = {.arena = a};
    for (size_t i = 0; i < p->version_count; i++) {
        if (p->versions[i].critical == 0)
            continue;
        buf_text(&b, b.len ? " " : "");
        text_visible(&b, p->versions[i].name);
    }
    return b.len ? arena_text(a, buf_str(&b)) : NULL;
}

static void write_warnings(struct buf *b, const struct plan *p, int64_t now)
{
    struct buf age = {.arena = b->arena};
    plan_age_warning(&age, p, now);
    if (p->warning_count || age.len)
        buf_text(b, "\nWarnings\n");
    if (age.len) {
        buf_text(b, "  ");
        buf_add(b, buf_str(&age));
    }
    for (size_t i = 0; i < p->warning_count; i++) {
        buf_text(b, "  ");
        text_visible(b, p->warnings[i].code);
        buf_text(b, ": ");
        text_visible(b, p->warnings[i].message);
        buf_byte(b, '\n');
    }
}

static void write_targets(struct buf *b, const struct plan *p)
{
    for (size_t i = 0; i < p->target_count; i++) {
        const struct plan_target *t = &p->targets[i];
        buf_text(b, "  ");
        text_visible(b, t->path);
        if (!str_eq(t->form, PLAN_FORM_DEFAULT))
            buf_printf(b, " (%.*s)", STR_ARG(t->form));
        if (t->removed_count == 0)
            buf_text(b, ": stays as it is\n");
        else
            buf_printf(b, ": %zu version%s to leave, %" PRIu64 " -> %" PRIu64 " bytes\n",
                       t->removed_count, text_plural(t->removed_count), t->bytes_before,
                       t->bytes_after);
    }
}

static void show_text(struct buf *b, const struct plan *p, const struct plan_id *id, int64_t now)
{
    write_verdict(b, p, id);
    conditions_show(b, &p->conditions);
    buf_text(b, "\nEvidence\n");
    for (size_t i = 0; i < p->evidence_count; i++)
        write_evidence(b, p, &p->evidence[i], now);
    write_coverage(b, p);
    write_versions(b, p);
    if (p->accepted_count)
        buf_text(b, "\nAcceptances\n");
    write_accepted(b, p);
    write_warnings(b, p, now);
    buf_text(b, "\nImpact\n");
    plan_impact(b, p, "  ");
    write_targets(b, p);
    if (plan_critical_list(p, b->arena))
        buf_text(b, "\nCritical versions\n");
    plan_critical(b, p, "  ");
    buf_text(b, "\nNot seen\n");
    plan_not_seen(b, p, "  ");
    buf_text(b, "\nUndo\n");
    plan_undo(b, p, "  ");
}

void plan_show(struct buf *out, const struct plan *p, const struct plan_id *id,
               enum plan_format format, int64_t now)
{
    switch (format) {
    case PLAN_JSON:
        plan_show_json(out, p, id, now);
        break;
    case PLAN_CSV:
        plan_show_csv(out, p);
        break;
    case PLAN_TEXT:
        show_text(out, p, id, now);
        break;
    }
}

void plan_diff(struct buf *out, const struct plan *p)
{
    char before[SHA256_HEX + 1], after[SHA256_HEX + 1];
    for (size_t i = 0; i < p->target_count; i++) {
        const struct plan_target *t = &p->targets[i];
        const struct keyring_edit edit = {.lines = t->lines, .line_count = t->line_count};
        sha256_hex(&t->before, before);
        sha256_hex(&t->after, after);
        const char *path = text_shown(out->arena, t->path);
        if (t->removed_count == 0) {
            buf_printf(out, "%s%s stays as it is\n", i ? "\n" : "", path);
            continue;
        }
        buf_printf(out, "%s--- %s sha256:%s\n+++ %s sha256:%s\n", i ? "\n" : "", path, before, path,
                   after);
        keyring_edit_show(out, &edit);
    }
}
