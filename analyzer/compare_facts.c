/*
 * compare_facts: which facts a report has.
 *
 * Everything that its content digest covers has its fact here, or goes with one: compare.c says
 * `content_digest` where two digests differ and no fact does.
 */
#include "analyzer/compare_facts.h"

#include <stdlib.h>

/* ---- order ---- */

static int place_order(const struct fact *a, const struct fact *b)
{
    int order = str_cmp(a->database, b->database);
    if (order == 0)
        order = str_cmp(a->schema, b->schema);
    if (order == 0)
        order = str_cmp(a->table, b->table);
    return order;
}

int fact_order(const struct fact *a, const struct fact *b)
{
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    int order = place_order(a, b);
    if (order == 0)
        order = str_cmp(a->column, b->column);
    if (order == 0)
        order = str_cmp(a->name, b->name);
    return order ? order : strcmp(a->property, b->property);
}

static int value_order(const struct cell *a, const struct cell *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == CELL_TEXT)
        return str_cmp(a->as.text, b->as.text);
    return (a->as.count > b->as.count) - (a->as.count < b->as.count);
}

bool fact_same_value(const struct fact *a, const struct fact *b)
{
    return value_order(&a->value, &b->value) == 0;
}

/* Facts of one key, as two jobs of one id, in the order of their values. */
static int order_all(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int order = fact_order(x, y);
    return order ? order : value_order(&x->value, &y->value);
}

bool facts_have_table(const struct fact_list *list, const struct fact *f)
{
    size_t low = 0, high = list->count;
    struct fact wanted = *f;
    wanted.subject = CHANGE_TABLE;
    wanted.column = wanted.name = STR("");
    wanted.property = FACT_STATE;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = fact_order(&list->at[middle], &wanted);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* ---- adding ---- */

static struct fact *add(struct fact_list *l, const struct fact *like, const char *property)
{
    l->at = arena_grow(l->arena, l->at, l->count, &l->room, sizeof l->at[0]);
    struct fact *f = &l->at[l->count++];
    *f = *like;
    f->property = property;
    return f;
}

static void add_count(struct fact_list *l, const struct fact *like, const char *property,
                      uint64_t n)
{
    add(l, like, property)->value = (struct cell){.kind = CELL_COUNT, .as.count = n};
}

static void add_text(struct fact_list *l, const struct fact *like, const char *property,
                     struct str text)
{
    add(l, like, property)->value = (struct cell){.kind = CELL_TEXT, .as.text = text};
}

static void add_word(struct fact_list *l, const struct fact *like, const char *property,
                     const char *word)
{
    add_text(l, like, property, str_from(word));
}

static void add_flag(struct fact_list *l, const struct fact *like, const char *property, bool yes)
{
    add_word(l, like, property, yes ? "yes" : "no");
}

static void add_time(struct fact_list *l, const struct fact *like, const char *property, int64_t t)
{
    char text[UTC_TEXT];
    if (t != UTC_NONE)
        add_text(l, like, property, arena_copy(l->arena, str_from(utc_text(t, text))));
}

/* ---- the whole ---- */

bool facts_database(const struct report *r, struct str *database)
{
    *database = STR("");
    for (size_t i = 0; i < r->table_count; i++) {
        if (i > 0 && !str_eq(r->tables[i].database, *database))
            return false;
        *database = r->tables[i].database;
    }
    return true;
}

static void whole(struct fact_list *l, const struct report *r)
{
    struct fact like = {.subject = CHANGE_REPORT};
    add_word(l, &like, "status", r->complete ? "complete" : "incomplete");
    add_text(l, &like, "active_version", r->active_version);
    add_flag(l, &like, "partial", r->partial);
    add_flag(l, &like, "verified", r->verified);
    add_flag(l, &like, "row_security", r->row_security);
    add_word(l, &like, "jobs", r->jobs_known ? "known" : "unknown");
    struct str database;
    if (facts_database(r, &database) && database.len > 0)
        add_text(l, &like, "database", database);
    like.subject = CHANGE_KEY;
    for (size_t i = 0; i < r->version_count; i++) {
        like.name = r->versions[i].name;
        add_word(l, &like, "fingerprint", r->versions[i].fingerprint.hex);
    }
}

/* ---- tables ---- */

static void versions(struct fact_list *l, const struct fact *at, const struct report_column *c)
{
    struct fact like = *at;
    like.subject = CHANGE_VERSION;
    for (size_t i = 0; i < c->usage_count; i++) {
        const struct report_usage *u = &c->usages[i];
        bool proven = u->basis == BASIS_PROVEN;
        like.name = u->version;
        add_count(l, &like, proven ? "proven" : FACT_RECORDS, u->records);
        add_time(l, &like, proven ? "proven-oldest" : "oldest", u->oldest);
        add_time(l, &like, proven ? "proven-newest" : FACT_NEWEST, u->newest);
    }
}

static void classes(struct fact_list *l, const struct fact *at, const struct report_column *c)
{
    struct fact like = *at;
    like.subject = CHANGE_CLASS;
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        like.name = str_from(value_class_name((enum value_class)i));
        if (c->classes[i])
            add_count(l, &like, FACT_RECORDS, c->classes[i]);
    }
}

static void column(struct fact_list *l, const struct fact *table, const struct report_column *c)
{
    struct fact like = *table;
    bool ciphertext = c->envelope.len > 0 || c->usage_count > 0;
    like.subject = CHANGE_COLUMN;
    like.column = c->name;
    like.is_plain = !ciphertext && !c->declared;
    if (!ciphertext)
        add_word(l, &like, FACT_HOLDS, FACT_NOTHING);
    else
        add_text(l, &like, FACT_HOLDS, c->envelope.len ? c->envelope : STR("ciphertext"));
    if (c->declared)
        add_word(l, &like, "declared", "yes");
    if (c->future_times)
        add_count(l, &like, "future_times", c->future_times);
    versions(l, &like, c);
    classes(l, &like, c);
}

static void tables(struct fact_list *l, const struct report *r)
{
    for (size_t i = 0; i < r->table_count; i++) {
        const struct report_table *t = &r->tables[i];
        struct fact like = {.subject = CHANGE_TABLE,
                            .database = t->database,
                            .schema = t->schema,
                            .table = t->name};
        add_word(l, &like, FACT_STATE, coverage_state_name(t->state));
        add_word(l, &like, "kind", table_kind_name(t->kind));
        add_count(l, &like, FACT_RECORDS, t->records);
        for (size_t c = 0; c < t->column_count; c++)
            column(l, &like, &t->columns[c]);
    }
}

/* ---- the rest ---- */

static uint64_t not_negative(int64_t n)
{
    return n > 0 ? (uint64_t)n : 0;
}

static void jobs(struct fact_list *l, const struct report *r)
{
    for (size_t i = 0; i < r->job_count; i++) {
        const struct report_job *j = &r->jobs[i];
        struct fact like = {.subject = CHANGE_JOB, .database = j->database, .name = j->id};
        add_text(l, &like, "model_path", j->model_path);
        add_text(l, &like, "column_name", j->column_name);
        add_text(l, &like, "target_version", j->target_version);
        add_text(l, &like, "status", j->status);
        add_count(l, &like, "processed", not_negative(j->processed));
        add_count(l, &like, "total_records", not_negative(j->total_records));
        add_count(l, &like, "errors", not_negative(j->errors));
        add_flag(l, &like, "dry_run", j->dry_run);
        add_text(l, &like, "updated_at", j->updated_at);
    }
}

/* Days of one key are added up. */
static void spend(struct fact_list *l, const struct report *r)
{
    for (size_t i = 0; i < r->spend_count; i++) {
        const struct report_spend *s = &r->spends[i];
        struct fact like = {.subject = CHANGE_SPEND, .name = s->key_name};
        add_count(l, &like, "generations", s->generations);
        add_count(l, &like, "micro_dollars", not_negative(s->micros));
        add_count(l, &like, "byok_micro_dollars", not_negative(s->byok_micros));
    }
}

static void declared(struct fact_list *l, const struct report *r)
{
    for (size_t i = 0; i < r->declared_count; i++) {
        const struct report_declared *d = &r->declared[i];
        struct fact like = {.subject = CHANGE_DECLARED,
                            .schema = d->schema,
                            .table = d->table,
                            .column = d->column,
                            .name = d->model};
        add_text(l, &like, "attribute", d->attribute);
        add_text(l, &like, "resolved_by", d->resolved_by);
    }
}

static void findings(struct fact_list *l, const struct report *r)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct report_finding *f = &r->findings[i];
        struct fact like = {.subject = CHANGE_FINDING,
                            .database = f->database,
                            .schema = f->schema,
                            .table = f->table,
                            .column = f->column,
                            .name = f->code};
        add_count(l, &like, severity_name(f->severity), f->record_count);
    }
}

static void join_counts(struct fact_list *l)
{
    size_t left = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct fact *last = left ? &l->at[left - 1] : NULL;
        const struct fact *f = &l->at[i];
        if (!last || last->value.kind != CELL_COUNT || f->value.kind != CELL_COUNT ||
            fact_order(last, f) != 0)
            l->at[left++] = *f;
        else if (f->value.as.count > (uint64_t)INT64_MAX - last->value.as.count)
            last->value.as.count = INT64_MAX; /* no report can say more */
        else
            last->value.as.count += f->value.as.count;
    }
    l->count = left;
}

/* What is about a table, or a job, that the report gives no database to. */
static void name_database(struct fact_list *l, struct str database)
{
    for (size_t i = 0; i < l->count; i++) {
        struct fact *f = &l->at[i];
        bool placed =
            (f->table.len > 0 && f->subject != CHANGE_DECLARED) || f->subject == CHANGE_JOB;
        if (placed && f->database.len == 0)
            f->database = database;
    }
}

void facts_of(const struct report *r, struct str database, struct arena *a, struct fact_list *into)
{
    *into = (struct fact_list){.arena = a};
    whole(into, r);
    tables(into, r);
    jobs(into, r);
    spend(into, r);
    declared(into, r);
    findings(into, r);
    name_database(into, database);
    qsort(into->at, into->count, sizeof into->at[0], order_all); /* never empty: the whole's */
    join_counts(into);
}
