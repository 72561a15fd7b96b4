/* report_form: what a digest of a report is over. The form is defined in report_form.h. */
#include "common/report_form.h"

#include <stdlib.h>

/* Text gathers here and goes to the digest in pieces, so the form is never in memory as a whole. */
enum { FORM_PIECE = 64 * 1024 };

struct form {
    struct buf text;
    struct sha256_stream *digest; /* NULL: the text is what is wanted */
    struct arena scratch;         /* sorting the columns of one table */
    bool too_large;
    bool failed;
    struct err *err;
};

static void form_word(struct form *f, const char *word)
{
    buf_byte(&f->text, ' ');
    buf_text(&f->text, word);
}

static void form_number(struct form *f, uint64_t n)
{
    f->too_large |= n > INT64_MAX;
    buf_printf(&f->text, " %llu", (unsigned long long)n);
}

static void form_signed(struct form *f, int64_t n)
{
    buf_printf(&f->text, " %lld", (long long)n);
}

static void form_time(struct form *f, int64_t t)
{
    if (t == UTC_NONE)
        form_word(f, "-");
    else
        form_signed(f, t);
}

static void form_text(struct form *f, struct str s)
{
    buf_printf(&f->text, " %zu:", s.len);
    buf_add(&f->text, s);
    buf_byte(&f->text, ',');
}

static void form_line(struct form *f, const char *word)
{
    buf_text(&f->text, word);
}

static void form_end(struct form *f)
{
    buf_byte(&f->text, '\n');
    if (!f->digest || f->failed || f->text.len < FORM_PIECE)
        return;
    f->failed = !sha256_add(f->digest, buf_str(&f->text), f->err);
    f->text.len = 0;
}

static void form_column(struct form *f, const struct report_column *c)
{
    form_line(f, "column");
    form_text(f, c->name);
    form_text(f, c->envelope);
    form_number(f, c->records);
    form_number(f, c->nulls);
    form_number(f, c->declared);
    form_number(f, c->has_classes);
    form_number(f, c->key_records);
    form_number(f, c->future_times);
    form_end(f);
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (c->classes[i] == 0)
            continue;
        form_line(f, "class");
        form_word(f, value_class_name((enum value_class)i));
        form_number(f, c->classes[i]);
        form_end(f);
    }
    for (size_t i = 0; i < c->usage_count; i++) {
        const struct report_usage *u = &c->usages[i];
        form_line(f, "usage");
        form_text(f, u->version);
        form_word(f, usage_basis_name(u->basis));
        form_number(f, u->records);
        form_time(f, u->oldest);
        form_time(f, u->newest);
        form_end(f);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct report_column *const *left = a;
    const struct report_column *const *right = b;
    return str_cmp((*left)->name, (*right)->name);
}

const struct report_column **report_columns_by_name(struct arena *a, const struct report_table *t)
{
    const struct report_column **sorted =
        ARENA_ARRAY(a, t->column_count, const struct report_column *);
    for (size_t i = 0; i < t->column_count; i++)
        sorted[i] = &t->columns[i];
    if (t->column_count > 1)
        qsort(sorted, t->column_count, sizeof(const struct report_column *), by_name);
    return sorted;
}

static void form_table(struct form *f, const struct report_table *t)
{
    form_line(f, "table");
    form_text(f, t->database);
    form_text(f, t->schema);
    form_text(f, t->name);
    form_word(f, table_kind_name(t->kind));
    form_word(f, coverage_state_name(t->state));
    form_number(f, t->records);
    form_end(f);
    struct arena_mark mark = arena_mark(&f->scratch);
    const struct report_column **sorted = report_columns_by_name(&f->scratch, t);
    for (size_t i = 0; i < t->column_count; i++)
        form_column(f, sorted[i]);
    arena_reset(&f->scratch, mark);
}

static void form_job(struct form *f, const struct report_job *j)
{
    form_line(f, "job");
    form_text(f, j->database);
    form_text(f, j->id);
    form_text(f, j->model_path);
    form_text(f, j->column_name);
    form_text(f, j->target_version);
    form_text(f, j->status);
    form_signed(f, j->processed);
    form_signed(f, j->total_records);
    form_signed(f, j->errors);
    form_number(f, j->dry_run);
    form_text(f, j->updated_at);
    form_end(f);
}

static void form_spend(struct form *f, const struct report_spend *s)
{
    form_line(f, "spend");
    form_text(f, s->key_name);
    form_time(f, s->day);
    form_number(f, s->generations);
    form_signed(f, s->micros);
    form_signed(f, s->byok_micros);
    form_end(f);
}

static void form_declared(struct form *f, const struct report_declared *d)
{
    form_line(f, "declared");
    form_text(f, d->model);
    form_text(f, d->schema);
    form_text(f, d->table);
    form_text(f, d->attribute);
    form_text(f, d->column);
    form_text(f, d->resolved_by);
    form_end(f);
}

static void form_finding(struct form *f, const struct report_finding *g)
{
    form_line(f, "finding");
    form_word(f, severity_name(g->severity));
    form_text(f, g->code);
    form_text(f, g->database);
    form_text(f, g->schema);
    form_text(f, g->table);
    form_text(f, g->column);
    form_number(f, g->record_count);
    form_end(f);
}

static void form_content(struct form *f, const struct report *r)
{
    form_line(f, r->spend_count ? "keycensus-content 2" : "keycensus-content 1");
    form_end(f);
    form_line(f, "status");
    form_word(f, r->complete ? "complete" : "incomplete");
    form_number(f, r->partial);
    form_number(f, r->jobs_known);
    form_number(f, r->verified);
    form_number(f, r->row_security);
    form_end(f);
    form_line(f, "active");
    form_text(f, r->active_version);
    form_end(f);
    for (size_t i = 0; i < r->version_count; i++) {
        form_line(f, "version");
        form_text(f, r->versions[i].name);
        form_text(f, str_from(r->versions[i].fingerprint.hex));
        form_end(f);
    }
    for (size_t i = 0; i < r->table_count && !f->failed; i++)
        form_table(f, &r->tables[i]);
    for (size_t i = 0; i < r->job_count; i++)
        form_job(f, &r->jobs[i]);
    for (size_t i = 0; i < r->spend_count; i++)
        form_spend(f, &r->spends[i]);
    for (size_t i = 0; i < r->declared_count; i++)
        form_declared(f, &r->declared[i]);
    for (size_t i = 0; i < r->finding_count; i++)
        form_finding(f, &r->findings[i]);
    form_line(f, "end");
    form_end(f);
}

static void form_input(struct form *f, const struct report_input *in)
{
    form_line(f, "input");
    form_text(f, in->path);
    form_text(f, in->kind);
    form_number(f, in->bytes);
    form_number(f, in->decoded_bytes);
    form_number(f, in->records);
    form_text(f, in->digest);
    form_number(f, in->complete);
    form_text(f, in->note);
    form_time(f, in->data_time);
    form_text(f, in->data_time_source);
    form_text(f, in->server_version);
    form_end(f);
}

static void form_rest(struct form *f, const struct report *r)
{
    form_line(f, "made");
    form_time(f, r->data_time);
    form_text(f, r->data_time_source);
    form_text(f, r->program_version);
    form_time(f, r->created);
    form_number(f, r->rows);
    form_number(f, r->cells);
    form_end(f);
    for (size_t i = 0; i < r->input_count; i++)
        form_input(f, &r->inputs[i]);
    for (size_t i = 0; i < r->table_count && !f->failed; i++) {
        form_line(f, "order");
        form_text(f, r->tables[i].note);
        for (size_t c = 0; c < r->tables[i].column_count; c++)
            form_text(f, r->tables[i].columns[c].name);
        form_end(f);
    }
    for (size_t i = 0; i < r->finding_count; i++) {
        form_line(f, "message");
        form_text(f, r->findings[i].message);
        form_end(f);
    }
    form_line(f, "end");
    form_end(f);
}

static bool form_write(struct form *f, const struct report *r, enum form_scope scope)
{
    form_content(f, r);
    if (scope == FORM_EVERYTHING)
        form_rest(f, r);
    arena_free(&f->scratch);
    if (f->too_large)
        err_set(f->err, ERR_CORRUPT, 456, "a count of the report is larger than %lld",
                (long long)INT64_MAX);
    return !f->too_large && !f->failed;
}

bool report_form(const struct report *r, enum form_scope scope, struct buf *b, struct err *err)
{
    struct form f = {.text = *b, .err = err};
    bool done = form_write(&f, r, scope);
    *b = f.text;
    return done;
}

bool report_digest(const struct report *r, enum form_scope scope, struct sha256 *digest,
                   struct err *err)
{
    struct arena text = {0};
    struct form f = {.text = {.arena = &text}, .err = err, .digest = sha256_open(err)};
    if (!f.digest)
        return false;
    bool done = form_write(&f, r, scope) && sha256_add(f.digest, buf_str(&f.text), err);
    done = sha256_close(f.digest, digest, err) && done;
    arena_free(&text);
    return done;
}
