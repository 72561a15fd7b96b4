/* plan_json: a plan for programs: the object of cli.md `show --json`, and the versions as CSV. */
#include "applier/conditions.h"
#include "applier/plan_show.h"

#include "common/table.h"
#include "common/text.h"

#include <inttypes.h>

/* Of all values that the live reports counted. */
static double percentage(const struct plan *p, uint64_t records)
{
    double all = 0;
    for (size_t i = 0; i < p->evidence_count; i++)
        if (p->evidence[i].kind == EVIDENCE_LIVE)
            all += (double)p->evidence[i].values;
    return all > 0 ? 100.0 * (double)records / all : 0.0;
}

/* Key of an object's member: a comma before all but the first. */
static void key(struct buf *b, const char *name)
{
    if (b->len && b->at[b->len - 1] != '{')
        buf_byte(b, ',');
    buf_printf(b, "\"%s\":", name);
}

static void text(struct buf *b, const char *name, struct str value)
{
    key(b, name);
    text_json(b, value);
}

static void versions(struct buf *b, const struct plan *p)
{
    key(b, "versions");
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        const struct cell share = {.kind = CELL_REAL, .as.real = percentage(p, v->records)};
        buf_text(b, i ? ",{" : "[{");
        text(b, "version", v->name);
        key(b, "record_count");
        buf_printf(b, "%" PRIu64, v->records);
        key(b, "percentage");
        cell_json(b, &share);
        key(b, "is_active");
        buf_text(b, v->reason == KEEP_ACTIVE ? "true" : "false");
        key(b, "is_removable");
        buf_text(b, v->reason == KEEP_NOT ? "true}" : "false}");
    }
    buf_text(b, p->version_count ? "]" : "[]");
}

static void decisions(struct buf *b, const struct plan *p)
{
    bool first = true;
    key(b, "keep");
    buf_byte(b, '[');
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        if (v->reason == KEEP_NOT)
            continue;
        buf_text(b, first ? "{" : ",{");
        first = false;
        text(b, "version", v->name);
        text(b, "reason", str_from(keep_reason_name(v->reason)));
        key(b, "record_count");
        buf_printf(b, "%" PRIu64 "}", v->records);
    }
    buf_byte(b, ']');
    key(b, "remove");
    buf_byte(b, '[');
    first = true;
    for (size_t i = 0; i < p->version_count; i++) {
        if (p->versions[i].reason != KEEP_NOT)
            continue;
        buf_text(b, first ? "{" : ",{");
        first = false;
        text(b, "version", p->versions[i].name);
        text(b, "fingerprint", str_from(p->versions[i].fingerprint.hex));
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void blockers(struct buf *b, const struct plan *p)
{
    key(b, "blockers");
    buf_byte(b, '[');
    for (size_t i = 0; i < p->blocker_count; i++) {
        const struct plan_blocker *x = &p->blockers[i];
        buf_text(b, i ? ",{" : "{");
        text(b, "code", x->code);
        text(b, "message",
             str_from(arena_printf(b->arena, "%.*s; resolve: %.*s", STR_ARG(x->message),
                                   STR_ARG(x->resolve))));
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

/* Strings, "code: what was seen"; critical versions and acceptances are among them. */
static void warnings(struct buf *b, const struct plan *p, int64_t now)
{
    struct buf lines = {.arena = b->arena};
    for (size_t i = 0; i < p->accepted_count; i++) {
        const struct acceptance *a = &p->accepted[i];
        buf_text(&lines, "accepted: ");
        text_visible(&lines, a->code);
        buf_text(&lines, a->place.len ? "@" : "");
        text_visible(&lines, a->place);
        buf_printf(&lines, ", %" PRIu64 " found: ", a->seen);
        text_visible(&lines, a->reason);
        buf_byte(&lines, '\n');
    }
    for (size_t i = 0; i < p->warning_count; i++) {
        text_visible(&lines, p->warnings[i].code);
        buf_text(&lines, ": ");
        text_visible(&lines, p->warnings[i].message);
        buf_byte(&lines, '\n');
    }
    plan_age_warning(&lines, p, now);
    plan_show_critical(&lines, p);
    struct str rest = buf_str(&lines), line;
    key(b, "warnings");
    buf_byte(b, '[');
    for (bool first = true; str_line(&rest, &line); first = false) {
        buf_text(b, first ? "" : ",");
        text_json(b, line);
    }
    buf_byte(b, ']');
}

static void targets(struct buf *b, const struct plan *p)
{
    char hex[SHA256_HEX + 1];
    key(b, "targets");
    buf_byte(b, '[');
    for (size_t i = 0; i < p->target_count; i++) {
        buf_text(b, i ? ",{" : "{");
        text(b, "path", p->targets[i].path);
        sha256_hex(&p->targets[i].before, hex);
        text(b, "sha256_before", str_from(hex));
        sha256_hex(&p->targets[i].after, hex);
        text(b, "sha256_after", str_from(hex));
        text(b, "form", p->targets[i].form);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

void plan_show_json(struct buf *out, const struct plan *p, const struct plan_id *id, int64_t now)
{
    buf_byte(out, '{');
    text(out, "plan_id", str_make(id->hex, PLAN_ID_HEX));
    text(out, "active", p->active);
    versions(out, p);
    decisions(out, p);
    blockers(out, p);
    warnings(out, p, now);
    conditions_json(out, &p->conditions);
    targets(out, p);
    buf_text(out, "}\n");
}

void plan_show_csv(struct buf *out, const struct plan *p)
{
    struct table t = {.arena = out->arena};
    static const char *const headings[] = {"version",   "record_count", "percentage",
                                           "is_active", "is_removable", "reason"};
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        table_text(&t, v->name);
        table_count(&t, v->records);
        table_real(&t, percentage(p, v->records));
        table_boolean(&t, v->reason == KEEP_ACTIVE);
        table_boolean(&t, v->reason == KEEP_NOT);
        table_text(&t, str_from(keep_reason_name(v->reason)));
    }
    table_write(out, &t, TABLE_CSV);
}
