/* report_store: the schema, its description, and the rows of a report. */
#include "common/report_store.h"
#include "common/report_form.h"
#include "common/report_schema.h"
#include "common/text.h"

#include <stdio.h>

/* One table being filled: values are bound from left to right. */
struct rows {
    struct db_query *insert;
    int next; /* parameter */
    struct arena *arena;
    struct err *err;
    bool failed;
};

struct store {
    struct db *db;
    const struct report *r;
    struct arena *arena;
    struct err *err;
};

static struct rows rows_open(const struct store *s, const char *table)
{
    struct buf sql = {.arena = s->arena};
    report_schema_insert(&sql, report_relation(table));
    struct rows rows = {.arena = s->arena, .err = s->err, .next = 1};
    rows.insert = db_prepare(s->db, arena_text(s->arena, buf_str(&sql)), s->err);
    rows.failed = !rows.insert;
    return rows;
}

static bool rows_close(struct rows *rows)
{
    db_finish(rows->insert);
    return !rows->failed;
}

static void put_text(struct rows *rows, struct str s)
{
    if (s.len > DB_CELL_MAX / 2 && !rows->failed) {
        err_set(rows->err, ERR_CORRUPT, 455, "write the report: a text of %zu bytes, from \"%s\"",
                s.len, text_shown(rows->arena, str_slice(s, 0, 40)));
        rows->failed = true;
    }
    if (!rows->failed)
        db_bind_text(rows->insert, rows->next++, s);
}

static void put_word(struct rows *rows, const char *word)
{
    put_text(rows, str_from(word));
}

static void put_integer(struct rows *rows, int64_t n)
{
    if (!rows->failed)
        db_bind_integer(rows->insert, rows->next++, n);
}

/* The seal has refused what does not fit. */
static void put_count(struct rows *rows, uint64_t n)
{
    put_integer(rows, (int64_t)n);
}

static void put_time(struct rows *rows, int64_t t)
{
    if (t != UTC_NONE)
        put_integer(rows, t);
    else if (!rows->failed)
        db_bind_null(rows->insert, rows->next++);
}

static void put_row(struct rows *rows)
{
    if (!rows->failed)
        rows->failed = !db_run(rows->insert, rows->err);
    rows->next = 1;
}

/* ---- schema ---- */

static bool create_schema(const struct store *s)
{
    size_t count;
    const struct report_relation *relations = report_relations(&count);
    char pragmas[96];
    for (size_t i = 0; i < count; i++) {
        struct buf sql = {.arena = s->arena};
        report_schema_create(&sql, &relations[i]);
        if (!db_exec(s->db, arena_text(s->arena, buf_str(&sql)), s->err))
            return false;
    }
    (void)snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                   (int)REPORT_APPLICATION_ID, (int)REPORT_SCHEMA_VERSION);
    return db_exec(s->db, pragmas, s->err);
}

static void put_doc(struct rows *rows, const char *relation, const char *column, const char *means)
{
    put_word(rows, relation);
    put_word(rows, column);
    put_word(rows, means);
    put_row(rows);
}

static bool store_doc(const struct store *s)
{
    size_t count;
    const struct report_relation *relations = report_relations(&count);
    struct rows rows = rows_open(s, "_doc");
    for (size_t i = 0; i < count; i++) {
        const struct report_relation *r = &relations[i];
        put_doc(&rows, r->name, "", r->means);
        if (r->kind == RELATION_ITEMS) {
            put_doc(&rows, r->name, "item", "name of the item");
            put_doc(&rows, r->name, "value", "its value, see the rows item:NAME here");
        }
        for (size_t f = 0; f < r->field_count; f++) {
            const char *name = r->fields[f].name;
            if (r->kind == RELATION_ITEMS)
                name = arena_printf(s->arena, "item:%s", name);
            put_doc(&rows, r->name, name, r->fields[f].means);
        }
    }
    return rows_close(&rows);
}

/* ---- rows, in the order of report_schema.c ---- */

static bool store_whole(const struct store *s)
{
    const struct report *r = s->r;
    struct sha256 everything;
    if (!report_digest(r, FORM_EVERYTHING, &everything, s->err))
        return false;
    char hex[SHA256_HEX + 1];
    sha256_hex(&everything, hex);
    struct rows rows = rows_open(s, "_report");
    put_integer(&rows, r->complete);
    put_integer(&rows, r->partial);
    put_integer(&rows, r->jobs_known);
    put_integer(&rows, r->verified);
    put_integer(&rows, r->row_security);
    put_text(&rows, r->active_version);
    put_time(&rows, r->data_time);
    put_text(&rows, r->data_time_source);
    put_text(&rows, r->program_version);
    put_time(&rows, r->created);
    put_count(&rows, r->rows);
    put_count(&rows, r->cells);
    put_text(&rows, r->content_digest);
    put_word(&rows, arena_printf(s->arena, "sha256:%s", hex));
    put_row(&rows);
    return rows_close(&rows);
}

static bool store_versions(const struct store *s)
{
    struct rows rows = rows_open(s, "_version");
    for (size_t i = 0; i < s->r->version_count; i++) {
        put_count(&rows, i + 1);
        put_text(&rows, s->r->versions[i].name);
        put_word(&rows, s->r->versions[i].fingerprint.hex);
        put_row(&rows);
    }
    return rows_close(&rows);
}

static bool store_tables(const struct store *s)
{
    struct rows rows = rows_open(s, "_table");
    for (size_t i = 0; i < s->r->table_count; i++) {
        const struct report_table *t = &s->r->tables[i];
        put_count(&rows, i + 1);
        put_text(&rows, t->database);
        put_text(&rows, t->schema);
        put_text(&rows, t->name);
        put_word(&rows, table_kind_name(t->kind));
        put_word(&rows, coverage_state_name(t->state));
        put_text(&rows, t->note);
        put_count(&rows, t->records);
        put_row(&rows);
    }
    return rows_close(&rows);
}

static void put_column(struct rows *rows, uint64_t id, uint64_t table_id,
                       const struct report_column *c)
{
    put_count(rows, id);
    put_count(rows, table_id);
    put_text(rows, c->name);
    put_text(rows, c->envelope);
    put_count(rows, c->records);
    put_count(rows, c->nulls);
    put_integer(rows, c->declared);
    put_integer(rows, c->has_classes);
    put_count(rows, c->key_records);
    put_count(rows, c->future_times);
    put_row(rows);
}

static void put_classes(struct rows *rows, uint64_t *id, uint64_t column_id,
                        const struct report_column *c)
{
    for (size_t k = 0; k < CLASS_COUNT; k++) {
        if (c->classes[k] == 0)
            continue;
        put_count(rows, ++*id);
        put_count(rows, column_id);
        put_word(rows, value_class_name((enum value_class)k));
        put_count(rows, c->classes[k]);
        put_row(rows);
    }
}

static void put_usages(struct rows *rows, uint64_t *id, uint64_t column_id,
                       const struct report_column *c)
{
    for (size_t u = 0; u < c->usage_count; u++) {
        put_count(rows, ++*id);
        put_count(rows, column_id);
        put_text(rows, c->usages[u].version);
        put_word(rows, usage_basis_name(c->usages[u].basis));
        put_count(rows, c->usages[u].records);
        put_time(rows, c->usages[u].oldest);
        put_time(rows, c->usages[u].newest);
        put_row(rows);
    }
}

static bool store_columns(const struct store *s)
{
    struct rows columns = rows_open(s, "_column");
    struct rows classes = rows_open(s, "_class");
    struct rows usages = rows_open(s, "_usage");
    uint64_t column_id = 0;
    uint64_t class_id = 0;
    uint64_t usage_id = 0;
    for (size_t i = 0; i < s->r->table_count; i++) {
        const struct report_table *t = &s->r->tables[i];
        for (size_t c = 0; c < t->column_count; c++) {
            put_column(&columns, ++column_id, i + 1, &t->columns[c]);
            put_classes(&classes, &class_id, column_id, &t->columns[c]);
            put_usages(&usages, &usage_id, column_id, &t->columns[c]);
        }
    }
    bool done = rows_close(&columns);
    done = rows_close(&classes) && done;
    return rows_close(&usages) && done;
}

static bool store_inputs(const struct store *s)
{
    struct rows rows = rows_open(s, "_input");
    for (size_t i = 0; i < s->r->input_count; i++) {
        const struct report_input *in = &s->r->inputs[i];
        put_count(&rows, i + 1);
        put_text(&rows, in->path);
        put_text(&rows, in->kind);
        put_count(&rows, in->bytes);
        put_count(&rows, in->decoded_bytes);
        put_count(&rows, in->records);
        put_text(&rows, in->digest);
        put_integer(&rows, in->complete);
        put_text(&rows, in->note);
        put_time(&rows, in->data_time);
        put_text(&rows, in->data_time_source);
        put_text(&rows, in->server_version);
        put_row(&rows);
    }
    return rows_close(&rows);
}

static bool store_jobs(const struct store *s)
{
    struct rows rows = rows_open(s, "_job");
    for (size_t i = 0; i < s->r->job_count; i++) {
        const struct report_job *j = &s->r->jobs[i];
        put_count(&rows, i + 1);
        put_text(&rows, j->database);
        put_text(&rows, j->id);
        put_text(&rows, j->model_path);
        put_text(&rows, j->column_name);
        put_text(&rows, j->target_version);
        put_text(&rows, j->status);
        put_integer(&rows, j->processed);
        put_integer(&rows, j->total_records);
        put_integer(&rows, j->errors);
        put_integer(&rows, j->dry_run);
        put_text(&rows, j->updated_at);
        put_row(&rows);
    }
    return rows_close(&rows);
}

static bool store_spends(const struct store *s)
{
    struct rows rows = rows_open(s, "_spend");
    for (size_t i = 0; i < s->r->spend_count; i++) {
        const struct report_spend *spend = &s->r->spends[i];
        put_count(&rows, i + 1);
        put_text(&rows, spend->key_name);
        put_integer(&rows, spend->day);
        put_count(&rows, spend->generations);
        put_integer(&rows, spend->micros);
        put_integer(&rows, spend->byok_micros);
        put_row(&rows);
    }
    return rows_close(&rows);
}

static bool store_findings(const struct store *s)
{
    struct rows rows = rows_open(s, "_finding");
    for (size_t i = 0; i < s->r->finding_count; i++) {
        const struct report_finding *f = &s->r->findings[i];
        put_count(&rows, i + 1);
        put_word(&rows, severity_name(f->severity));
        put_text(&rows, f->code);
        put_text(&rows, f->database);
        put_text(&rows, f->schema);
        put_text(&rows, f->table);
        put_text(&rows, f->column);
        put_text(&rows, f->message);
        put_count(&rows, f->record_count);
        put_row(&rows);
    }
    return rows_close(&rows);
}

static bool store_declared(const struct store *s)
{
    struct rows rows = rows_open(s, "_declared");
    for (size_t i = 0; i < s->r->declared_count; i++) {
        const struct report_declared *d = &s->r->declared[i];
        put_count(&rows, i + 1);
        put_text(&rows, d->model);
        put_text(&rows, d->schema);
        put_text(&rows, d->table);
        put_text(&rows, d->attribute);
        put_text(&rows, d->column);
        put_text(&rows, d->resolved_by);
        put_row(&rows);
    }
    return rows_close(&rows);
}

bool report_store(struct db *db, const struct report *r, struct err *err)
{
    static bool (*const parts[])(const struct store *) = {
        create_schema, store_doc,  store_whole,  store_versions, store_tables,  store_columns,
        store_inputs,  store_jobs, store_spends, store_findings, store_declared};
    struct arena scratch = {0};
    struct store s = {.db = db, .r = r, .arena = &scratch, .err = err};
    bool done = r->content_digest.len > 0;
    if (!done)
        err_set(err, ERR_INTERNAL, 458, "write the report: it is not sealed");
    done = done && db_exec(db, "BEGIN", err);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && done; i++)
        done = parts[i](&s);
    done = done && db_exec(db, "COMMIT", err);
    arena_free(&scratch);
    return done;
}
