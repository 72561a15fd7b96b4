/* plan_prose: what a plan says of itself in sentences. */
#include "applier/plan_prose.h"

#include "applier/plan_parts.h"

#include "common/text.h"

#include <inttypes.h>

enum { CRITICAL_BITS = 4 };

const char *critical_name(size_t bit)
{
    static const char *const names[CRITICAL_BITS] = {"newest-below-active", "recent-write", "job",
                                                     "acceptance"};
    return bit < CRITICAL_BITS ? names[bit] : NULL;
}

bool plan_labels_only(const struct plan *p)
{
    for (size_t i = 0; i < p->evidence_count; i++)
        if (p->evidence[i].kind != EVIDENCE_RETAINED && !p->evidence[i].verified)
            return true;
    return false;
}

void plan_proof(struct buf *b, const struct plan *p)
{
    uint64_t values = 0, proven = 0;
    if (plan_labels_only(p)) {
        buf_text(b, PLAN_LABELS_ONLY "\n");
        return;
    }
    for (size_t i = 0; i < p->evidence_count; i++) {
        if (p->evidence[i].kind != EVIDENCE_LIVE)
            continue;
        values = count_add(values, p->evidence[i].values);
        proven = count_add(proven, p->evidence[i].proven);
    }
    buf_printf(b, PLAN_PROVEN "%" PRIu64 " of %" PRIu64 " values\n", proven, values);
}

void plan_verdict(struct buf *b, const struct plan *p)
{
    if (plan_is_blocked(p)) {
        buf_text(b, "blocked");
        return;
    }
    if (plan_removed_count(p) == 0) {
        buf_text(b, "nothing to remove");
        return;
    }
    buf_text(b, "remove");
    for (size_t i = 0; i < p->version_count; i++)
        if (p->versions[i].reason == KEEP_NOT) {
            buf_byte(b, ' ');
            text_visible(b, p->versions[i].name);
        }
}

/* ---- coverage ---- */

static size_t tables_in(const struct plan *p, enum coverage_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < p->table_count; i++)
        n += p->tables[i].state == state;
    return n;
}

void plan_coverage_counts(struct buf *b, const struct plan *p, const char *indent)
{
    size_t absent = tables_in(p, COVERAGE_ABSENT);
    size_t with_values = 0;
    for (size_t i = 0; i < p->column_count; i++)
        with_values += p->columns[i].values > 0;
    buf_printf(b, "%s%zu table%s defined, %zu with data, %zu without data, %zu absent, %zu skipped",
               indent, p->table_count - absent, text_plural(p->table_count - absent),
               tables_in(p, COVERAGE_DATA), tables_in(p, COVERAGE_NO_DATA), absent,
               tables_in(p, COVERAGE_SKIPPED));
    if (tables_in(p, COVERAGE_UNKNOWN))
        buf_printf(b, ", %zu unknown", tables_in(p, COVERAGE_UNKNOWN));
    buf_printf(b, "; %zu ciphertext column%s\n", with_values, text_plural(with_values));
    if (p->has_inventory)
        buf_printf(b, "%scompared with an inventory of %" PRIu64 " table%s\n", indent,
                   p->inventory_count, text_plural(p->inventory_count));
}

/* ---- impact (K3.4) ---- */

static size_t lines_marked(const struct plan *p, enum edit_mark mark)
{
    size_t n = 0;
    for (size_t t = 0; t < p->target_count; t++)
        for (size_t i = 0; i < p->targets[t].line_count; i++)
            n += p->targets[t].lines[i].mark == mark;
    return n;
}

/* Values that were accepted though nobody knows which key they need. */
static uint64_t accepted_unknown(const struct plan *p)
{
    uint64_t n = 0;
    for (size_t i = 0; i < p->accepted_count; i++) {
        struct str code = p->accepted[i].code;
        if (str_eq(code, STR("unversioned")) || str_eq(code, STR("truncated")) ||
            str_eq(code, STR("malformed")))
            n = count_add(n, p->accepted[i].seen);
    }
    return n;
}

void plan_impact(struct buf *b, const struct plan *p, const char *indent)
{
    size_t files = 0;
    uint64_t values = 0, named = 0;
    for (size_t i = 0; i < p->target_count; i++)
        files += !sha256_eq(&p->targets[i].before, &p->targets[i].after);
    for (size_t i = 0; i < p->evidence_count; i++)
        if (p->evidence[i].kind == EVIDENCE_LIVE)
            values = count_add(values, p->evidence[i].values);
    for (size_t i = 0; i < p->version_count; i++)
        if (p->versions[i].reason == KEEP_NOT)
            named = count_add(named, p->versions[i].records);
    buf_printf(b, "%s%zu of %zu versions leave, %zu of %zu files change, %zu lines go", indent,
               plan_removed_count(p), p->version_count, files, p->target_count,
               lines_marked(p, EDIT_REMOVED));
    if (lines_marked(p, EDIT_CHANGED))
        buf_printf(b, ", %zu change", lines_marked(p, EDIT_CHANGED));
    buf_printf(b, "\n%s%" PRIu64 " of %" PRIu64 " values name or need a removed version\n", indent,
               named, values);
    if (accepted_unknown(p))
        buf_printf(b,
                   "%s%" PRIu64 " accepted values name no readable version: they may need one of "
                   "them\n",
                   indent, accepted_unknown(p));
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        char until[UTC_TEXT];
        if (v->reason != KEEP_NOT || v->retained_records == 0)
            continue;
        buf_text(b, indent);
        text_visible(b, v->name);
        buf_printf(b,
                   ": %" PRIu64 " values of stored backups need it; its archive must not be "
                   "destroyed before %s\n",
                   v->retained_records,
                   v->kept_until_known ? utc_text(v->kept_until, until) : "those backups are");
    }
}

/* ---- critical versions (S17) ---- */

static void critical_line(struct buf *b, const struct plan_version *v, unsigned bit,
                          const char *indent)
{
    char written[UTC_TEXT];
    buf_printf(b, "%sCRITICAL ", indent);
    text_visible(b, v->name);
    switch (bit) {
    case CRITICAL_NEWEST_BELOW:
        buf_text(b, " is the newest version below the active one: with it goes the way back\n");
        break;
    case CRITICAL_RECENT_WRITE:
        buf_printf(b, " was written with on %s, within 90 days of the data\n",
                   utc_text(v->newest, written));
        break;
    case CRITICAL_JOB:
        buf_text(b, " is the target of a re-encryption job\n");
        break;
    default:
        buf_text(b, " leaves only because of an acceptance: what was accepted may need it\n");
        break;
    }
}

void plan_critical(struct buf *b, const struct plan *p, const char *indent)
{
    for (size_t i = 0; i < p->version_count; i++)
        for (unsigned bit = 0; bit < CRITICAL_BITS; bit++)
            if (p->versions[i].critical & 1u << bit)
                critical_line(b, &p->versions[i], 1u << bit, indent);
}

/* ---- what nobody looked at ---- */

void plan_not_seen(struct buf *b, const struct plan *p, const char *indent)
{
    static const char *const places[] = {
        "caches, queues and sessions that hold encrypted values",
        "files and object stores outside the database",
        "databases that no report is about",
        "backups older than the reports (give those that are kept with --retained)",
        "copies of the configuration on other hosts, in images and in secret stores",
        "what was written after the data time of the reports",
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        buf_printf(b, "%s%s\n", indent, places[i]);
    if (plan_labels_only(p))
        buf_printf(b, "%swhether a value was made with the key that its label names\n", indent);
}

void plan_undo(struct buf *b, const struct plan *p, const char *indent)
{
    if (plan_removed_count(p) > 0)
        buf_printf(b, "%skeyretire rollback TXID   (apply prints the TXID)\n", indent);
    else
        buf_printf(b, "%snothing changes, so there is nothing to undo\n", indent);
}
