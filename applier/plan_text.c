/*
 * plan_text: the plan as canonical text, which is what is reviewed and signed.
 *
 *     keyretire plan 1
 *     LABELS ONLY: no value was proven
 *
 *     verdict: remove v1 v2
 *     active: v6
 *     expires: 2026-11-28T16:00:00Z
 *
 *     evidence:
 *       live sha256:... rows 412 inputs 1
 *         data 2026-11-21T16:00:00Z from header
 *     ...
 *
 * A section is a word with a colon; its entries are indented by two spaces and theirs by four; the
 * words of a line are those of plan_word.h. Lines that begin with # are sentences that follow from
 * the rest; plan_read.c checks that they do. UTF-8, LF line ends, no blank at a line's end.
 */
#include "applier/conditions.h"
#include "applier/plan_prose.h"
#include "applier/plan_word.h"

#include <inttypes.h>

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void write_names(struct buf *b, const char *name, const struct str *names, size_t count)
{
    if (count == 0)
        return;
    buf_printf(b, "  %s", name);
    for (size_t i = 0; i < count; i++) {
        buf_byte(b, ' ');
        word_write(b, names[i]);
    }
    buf_byte(b, '\n');
}

static void write_accepted(struct buf *b, const struct plan *p)
{
    if (p->accepted_count == 0)
        return;
    buf_text(b, "\naccepted:\n");
    for (size_t i = 0; i < p->accepted_count; i++) {
        const struct acceptance *a = &p->accepted[i];
        buf_text(b, "  ");
        word_write(b, a->code);
        buf_printf(b, " most %" PRIu64 " seen %" PRIu64 " at ", a->limit, a->seen);
        word_quote(b, a->place);
        buf_text(b, " because ");
        word_quote(b, a->reason);
        buf_byte(b, '\n');
    }
}

static void write_options(struct buf *b, const struct plan *p)
{
    buf_printf(b, "\noptions:\n  keep-versions %" PRId64 "\n", p->keep_versions);
    if (p->max_age == PLAN_NO_MAX_AGE)
        buf_text(b, "  max-report-age none\n");
    else
        buf_printf(b, "  max-report-age %" PRId64 " seconds\n", p->max_age);
    buf_printf(b, "  kdf-iterations %u\n", p->kdf_iterations);
    if (p->census.count)
        buf_printf(b, "  min-clean-census %" PRIu64 " interval %" PRId64 " seconds\n",
                   p->census.count, p->census.interval);
    write_names(b, "protect", p->protect, p->protect_count);
    write_names(b, "only", p->only, p->only_count);
    write_names(b, "order", p->order, p->order_count);
    write_names(b, "databases", p->databases, p->database_count);
    if (p->has_inventory)
        buf_printf(b, "  inventory %" PRIu64 " tables\n", p->inventory_count);
}

static void write_evidence(struct buf *b, const struct plan_evidence *e)
{
    buf_printf(b, "  %s ", evidence_kind_name(e->kind));
    word_write(b, e->digest);
    buf_printf(b, " rows %" PRIu64 " inputs %" PRIu64 "\n    data ", e->rows, e->inputs);
    word_write_time(b, e->data_time);
    buf_text(b, " from ");
    word_write(b, e->data_time_source);
    buf_byte(b, '\n');
    for (size_t i = 0; i < e->database_count; i++) {
        buf_text(b, "    database ");
        word_write(b, e->databases[i]);
        buf_byte(b, '\n');
    }
    if (e->server.len) {
        buf_text(b, "    server ");
        word_write(b, e->server);
        buf_byte(b, '\n');
    }
    buf_printf(b, "    complete %s partial %s jobs %s\n", yes_no(e->complete), yes_no(e->partial),
               e->jobs_known ? "known" : "unknown");
    if (e->sha256_inputs)
        buf_text(b, "    inputs digested sha256\n");
    if (e->clean)
        buf_text(b, "    census clean\n");
    if (e->verified)
        buf_printf(b, "    proven %" PRIu64 " of %" PRIu64 " values\n", e->proven, e->values);
    else
        buf_printf(b, "    labels only for %" PRIu64 " values\n", e->values);
    if (e->kind == EVIDENCE_RETAINED) {
        buf_text(b, "    kept until ");
        word_write_time(b, e->kept_until);
        buf_byte(b, '\n');
    }
}

static void write_coverage(struct buf *b, const struct plan *p)
{
    buf_text(b, "\ncoverage:\n");
    plan_coverage_counts(b, p, "# ");
    for (size_t i = 0; i < p->table_count; i++) {
        const struct plan_table *t = &p->tables[i];
        buf_printf(b, "  table %s %s %" PRIu64 " ", coverage_state_name(t->state),
                   table_kind_name(t->kind), t->records);
        word_write_place(b, &t->at);
        buf_byte(b, '\n');
    }
    for (size_t i = 0; i < p->column_count; i++) {
        const struct plan_column *c = &p->columns[i];
        buf_printf(b, "  column %s %" PRIu64 " ", c->declared ? "declared" : "undeclared",
                   c->values);
        word_write_place(b, &c->at);
        buf_byte(b, '\n');
    }
}

static void write_version(struct buf *b, const struct plan_version *v)
{
    buf_text(b, v->reason == KEEP_NOT ? "  remove " : "  keep ");
    word_write(b, v->name);
    if (v->reason != KEEP_NOT)
        buf_printf(b, " %s", keep_reason_name(v->reason));
    buf_printf(b, " values %" PRIu64 " fingerprint ", v->records);
    word_write(b, str_from(v->fingerprint.hex));
    buf_byte(b, '\n');
    if (v->oldest != UTC_NONE || v->newest != UTC_NONE) {
        buf_text(b, "    written ");
        word_write_time(b, v->oldest);
        buf_text(b, " to ");
        word_write_time(b, v->newest);
        buf_byte(b, '\n');
    }
    for (size_t i = 0; i < v->use_count; i++) {
        buf_printf(b, "    values %" PRIu64 " in ", v->uses[i].records);
        word_write_place(b, &v->uses[i].at);
        buf_byte(b, '\n');
    }
    if (v->retained_records) {
        buf_printf(b, "    retained %" PRIu64 " destroy-not-before ", v->retained_records);
        word_write_time(b, v->kept_until);
        buf_byte(b, '\n');
    }
    if (v->critical == 0)
        return;
    buf_text(b, "    critical");
    for (unsigned bit = 0; critical_name(bit); bit++)
        if (v->critical & 1u << bit)
            buf_printf(b, " %s", critical_name(bit));
    buf_byte(b, '\n');
}

static void write_job(struct buf *b, const struct plan_job *j)
{
    buf_text(b, "  job ");
    word_write(b, j->database);
    buf_byte(b, ' ');
    word_write(b, j->id);
    buf_text(b, " of ");
    word_write(b, j->model_path);
    buf_byte(b, ' ');
    word_write(b, j->column_name);
    buf_text(b, " target ");
    word_write(b, j->target);
    buf_text(b, " status ");
    word_write(b, j->status);
    buf_printf(b,
               " done %" PRId64 " of %" PRId64 " errors %" PRId64 " dry-run %s keeps-target %s\n",
               j->processed, j->total, j->errors, yes_no(j->dry_run), yes_no(j->keeps_target));
}

static void write_blockers(struct buf *b, const struct plan *p)
{
    if (p->blocker_count)
        buf_text(b, "\nblockers:\n");
    for (size_t i = 0; i < p->blocker_count; i++) {
        const struct plan_blocker *x = &p->blockers[i];
        buf_text(b, "  ");
        word_write(b, x->code);
        buf_printf(b, " %" PRIu64 " version ", x->count);
        word_write(b, x->version);
        buf_text(b, " at ");
        word_write_place(b, &x->at);
        buf_text(b, "\n    seen ");
        word_quote(b, x->message);
        buf_text(b, "\n    resolve ");
        word_quote(b, x->resolve);
        buf_byte(b, '\n');
    }
}

static void write_warnings(struct buf *b, const struct plan *p)
{
    if (p->warning_count)
        buf_text(b, "\nwarnings:\n");
    for (size_t i = 0; i < p->warning_count; i++) {
        buf_text(b, "  ");
        word_write(b, p->warnings[i].code);
        buf_byte(b, ' ');
        word_quote(b, p->warnings[i].message);
        buf_byte(b, '\n');
    }
}

static void write_image(struct buf *b, const char *name, const struct sha256 *digest,
                        uint64_t bytes)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(digest, hex);
    buf_printf(b, "    %s sha256:%s bytes %" PRIu64 "\n", name, hex, bytes);
}

static void write_line(struct buf *b, const struct edit_line *l)
{
    static const char marks[] = {
        [EDIT_CONTEXT] = '=', [EDIT_REMOVED] = '-', [EDIT_CHANGED] = '~', [EDIT_ADDED] = '+'};
    static const char *const kinds[] = {[EDIT_ENTRY] = "entry",
                                        [EDIT_COMMENT] = "comment",
                                        [EDIT_SKIPPED] = "skipped",
                                        [EDIT_CODE] = "code"};
    buf_printf(b, "    %c line %zu %s ", marks[l->mark], l->line, kinds[l->kind]);
    word_write(b, str_from(l->name));
    buf_printf(b, " <masked, %zu chars>\n", l->chars);
}

static void write_target(struct buf *b, const struct plan_target *t)
{
    buf_text(b, "  file ");
    word_quote(b, t->path);
    buf_byte(b, '\n');
    if (t->form.len && !str_eq(t->form, PLAN_FORM_DEFAULT)) {
        buf_text(b, "    form ");
        word_write(b, t->form);
        buf_byte(b, '\n');
    }
    write_image(b, "before", &t->before, t->bytes_before);
    write_image(b, "after", &t->after, t->bytes_after);
    if (t->removed_count) {
        buf_text(b, "  ");
        write_names(b, "removes", t->removed, t->removed_count);
    }
    for (size_t i = 0; i < t->line_count; i++)
        write_line(b, &t->lines[i]);
}

static void write_head(struct buf *b, const struct plan *p)
{
    buf_text(b, "keyretire plan 1\n");
    plan_proof(b, p);
    buf_text(b, "\nverdict: ");
    plan_verdict(b, p);
    buf_text(b, "\nactive: ");
    word_write(b, p->active);
    buf_text(b, "\nexpires: ");
    if (p->expires == UTC_NONE)
        buf_text(b, "never");
    else
        word_write_time(b, p->expires);
    buf_byte(b, '\n');
}

void plan_write(const struct plan *p, struct buf *text)
{
    write_head(text, p);
    write_accepted(text, p);
    write_blockers(text, p);
    write_options(text, p);
    conditions_write(text, &p->conditions);
    buf_text(text, "\nevidence:\n");
    for (size_t i = 0; i < p->evidence_count; i++)
        write_evidence(text, &p->evidence[i]);
    write_coverage(text, p);
    buf_text(text, "\nversions:\n");
    for (size_t i = 0; i < p->version_count; i++)
        write_version(text, &p->versions[i]);
    if (p->job_count)
        buf_text(text, "\njobs:\n");
    for (size_t i = 0; i < p->job_count; i++)
        write_job(text, &p->jobs[i]);
    write_warnings(text, p);
    buf_text(text, "\ntargets:\n");
    for (size_t i = 0; i < p->target_count; i++)
        write_target(text, &p->targets[i]);
    buf_text(text, "\n# impact:\n");
    plan_impact(text, p, "#   ");
    plan_critical(text, p, "#   ");
    buf_text(text, "# not seen:\n");
    plan_not_seen(text, p, "#   ");
    buf_text(text, "# undo:\n");
    plan_undo(text, p, "#   ");
    buf_text(text, "end\n");
}

bool plan_identify(struct str text, struct plan_id *id, struct err *err)
{
    if (!crypto_sha256(text, &id->digest, err))
        return false;
    sha256_hex(&id->digest, id->hex);
    return true;
}
