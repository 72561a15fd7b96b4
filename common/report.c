/* report: lists that grow, names of the enums, and the seal. */
#include "common/report.h"
#include "common/report_form.h"
#include "common/text.h"

#include <stdlib.h>

/* ---- names ---- */

const char *value_class_name(enum value_class c)
{
    static const char *const names[CLASS_COUNT] = {
        [CLASS_VERIFIED] = "verified",
        [CLASS_LEGACY_VERIFIED] = "legacy-verified",
        [CLASS_MISLABELLED] = "mislabelled",
        [CLASS_ORPHAN] = "orphan",
        [CLASS_HINTED] = "hinted",
        [CLASS_UNVERSIONED] = "unversioned",
        [CLASS_TRUNCATED] = "truncated",
        [CLASS_MALFORMED] = "malformed",
        [CLASS_PLAINTEXT] = "plaintext",
        [CLASS_NULL] = "null",
        [CLASS_EMPTY] = "empty",
        [CLASS_VERIFIED_EMBEDDED] = "verified-embedded",
        [CLASS_LEGACY_VERIFIED_EMBEDDED] = "legacy-verified-embedded",
        [CLASS_MISLABELLED_EMBEDDED] = "mislabelled-embedded",
        [CLASS_ORPHAN_EMBEDDED] = "orphan-embedded",
        [CLASS_HINTED_EMBEDDED] = "hinted-embedded",
        [CLASS_UNVERSIONED_EMBEDDED] = "unversioned-embedded",
        [CLASS_TRUNCATED_EMBEDDED] = "truncated-embedded",
    };
    return names[c];
}

const char *usage_basis_name(enum usage_basis b)
{
    return b == BASIS_HINT ? "hint" : "proven";
}

const char *coverage_state_name(enum coverage_state s)
{
    static const char *const names[COVERAGE_COUNT] = {
        [COVERAGE_DATA] = "data",
        [COVERAGE_NO_DATA] = "no-data",
        [COVERAGE_ABSENT] = "referenced-but-absent",
        [COVERAGE_SKIPPED] = "skipped",
        [COVERAGE_UNKNOWN] = "unknown",
    };
    return names[s];
}

const char *table_kind_name(enum table_kind k)
{
    static const char *const names[] = {
        [TABLE_ORDINARY] = "table",  [TABLE_PARTITIONED] = "partitioned-table",
        [TABLE_VIEW] = "view",       [TABLE_FOREIGN] = "foreign-table",
        [TABLE_UNKNOWN] = "unknown",
    };
    return names[k];
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {
        [SEVERITY_ERROR] = "error",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_INFO] = "info",
    };
    return names[s];
}

/* ---- appending ---- */

struct report_table *report_add_table(struct report *r)
{
    r->tables = arena_grow(r->arena, r->tables, r->table_count, &r->table_room, sizeof *r->tables);
    return &r->tables[r->table_count++];
}

struct report_column *report_add_column(struct report *r, struct report_table *t, struct str name)
{
    t->columns =
        arena_grow(r->arena, t->columns, t->column_count, &t->column_room, sizeof *t->columns);
    struct report_column *c = &t->columns[t->column_count++];
    c->name = name;
    return c;
}

struct report_usage *report_add_usage(struct report *r, struct report_column *c, struct str version,
                                      enum usage_basis basis)
{
    c->usages = arena_grow(r->arena, c->usages, c->usage_count, &c->usage_room, sizeof *c->usages);
    struct report_usage *u = &c->usages[c->usage_count++];
    *u = (struct report_usage){version, basis, 0, UTC_NONE, UTC_NONE};
    return u;
}

struct report_version *report_add_version(struct report *r, struct str name)
{
    r->versions =
        arena_grow(r->arena, r->versions, r->version_count, &r->version_room, sizeof *r->versions);
    struct report_version *v = &r->versions[r->version_count++];
    v->name = name;
    return v;
}

struct report_input *report_add_input(struct report *r)
{
    r->inputs = arena_grow(r->arena, r->inputs, r->input_count, &r->input_room, sizeof *r->inputs);
    struct report_input *in = &r->inputs[r->input_count++];
    in->data_time = UTC_NONE;
    return in;
}

struct report_job *report_add_job(struct report *r)
{
    r->jobs = arena_grow(r->arena, r->jobs, r->job_count, &r->job_room, sizeof *r->jobs);
    return &r->jobs[r->job_count++];
}

struct report_finding *report_add_finding(struct report *r, enum severity severity, struct str code,
                                          const struct report_table *t, struct str column)
{
    r->findings =
        arena_grow(r->arena, r->findings, r->finding_count, &r->finding_room, sizeof *r->findings);
    struct report_finding *f = &r->findings[r->finding_count++];
    f->severity = severity;
    f->code = code;
    f->column = column;
    if (t) {
        f->database = t->database;
        f->schema = t->schema;
        f->table = t->name;
    }
    return f;
}

struct report_spend *report_add_spend(struct report *r)
{
    r->spends = arena_grow(r->arena, r->spends, r->spend_count, &r->spend_room, sizeof *r->spends);
    return &r->spends[r->spend_count++];
}

struct report_declared *report_add_declared(struct report *r)
{
    r->declared = arena_grow(r->arena, r->declared, r->declared_count, &r->declared_room,
                             sizeof *r->declared);
    return &r->declared[r->declared_count++];
}

/* ---- text that SQLite can hold ---- */

/* True when it had to be replaced. */
static bool make_storable(struct report *r, struct str *s)
{
    if (text_is_utf8(*s) && str_find(*s, 0) == s->len)
        return false;
    struct buf b = {.arena = r->arena};
    text_visible(&b, *s);
    *s = buf_str(&b);
    return true;
}

static void say_escaped(struct report *r, const struct report_table *t, struct str column)
{
    struct report_finding *f = report_add_finding(r, SEVERITY_INFO, STR("escaped-name"), t, column);
    f->message = column.len ? STR("the column's name is no valid text and stands escaped here")
                            : STR("the table's name is no valid text and stands escaped here");
    f->record_count = 1;
}

static void make_table_storable(struct report *r, struct report_table *t)
{
    bool escaped = make_storable(r, &t->database);
    escaped |= make_storable(r, &t->schema);
    escaped |= make_storable(r, &t->name);
    (void)make_storable(r, &t->note);
    if (escaped)
        say_escaped(r, t, STR(""));
    for (size_t i = 0; i < t->column_count; i++) {
        struct report_column *c = &t->columns[i];
        (void)make_storable(r, &c->envelope);
        for (size_t u = 0; u < c->usage_count; u++)
            (void)make_storable(r, &c->usages[u].version);
        if (make_storable(r, &c->name))
            say_escaped(r, t, c->name);
    }
}

static void make_all_storable(struct report *r)
{
    for (size_t i = 0; i < r->table_count; i++)
        make_table_storable(r, &r->tables[i]);
    struct str *whole[] = {&r->active_version, &r->data_time_source, &r->program_version};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        (void)make_storable(r, whole[i]);
    for (size_t i = 0; i < r->version_count; i++)
        (void)make_storable(r, &r->versions[i].name);
    for (size_t i = 0; i < r->input_count; i++) {
        struct report_input *in = &r->inputs[i];
        struct str *texts[] = {
            &in->path,          &in->kind, &in->digest, &in->note, &in->data_time_source,
            &in->server_version};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            (void)make_storable(r, texts[k]);
    }
    for (size_t i = 0; i < r->job_count; i++) {
        struct report_job *j = &r->jobs[i];
        struct str *texts[] = {&j->database,       &j->id,     &j->model_path, &j->column_name,
                               &j->target_version, &j->status, &j->updated_at};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            (void)make_storable(r, texts[k]);
    }
    for (size_t i = 0; i < r->spend_count; i++)
        (void)make_storable(r, &r->spends[i].key_name);
    for (size_t i = 0; i < r->finding_count; i++) {
        struct report_finding *f = &r->findings[i];
        struct str *texts[] = {&f->code,  &f->database, &f->schema,
                               &f->table, &f->column,   &f->message};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            (void)make_storable(r, texts[k]);
    }
    for (size_t i = 0; i < r->declared_count; i++) {
        struct report_declared *d = &r->declared[i];
        struct str *texts[] = {&d->model,     &d->schema, &d->table,
                               &d->attribute, &d->column, &d->resolved_by};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            (void)make_storable(r, texts[k]);
    }
}

/* ---- order ---- */

/* Compares pairs of names until two differ. */
static int compare_names(const struct str *const *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int order = str_cmp(*pairs[2 * i], *pairs[2 * i + 1]);
        if (order != 0)
            return order;
    }
    return 0;
}

static int compare_counts(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_signed(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

#define COMPARE(...)                                                                               \
    compare_names((const struct str *const[]){__VA_ARGS__},                                        \
                  sizeof((const struct str *const[]){__VA_ARGS__}) / sizeof(struct str *) / 2)
#define BOTH(field) &a->field, &b->field

static int order_tables(const void *left, const void *right)
{
    const struct report_table *a = left;
    const struct report_table *b = right;
    return COMPARE(BOTH(database), BOTH(schema), BOTH(name));
}

static int order_usages(const void *left, const void *right)
{
    const struct report_usage *a = left;
    const struct report_usage *b = right;
    int order = str_cmp(a->version, b->version);
    return order ? order : (int)a->basis - (int)b->basis;
}

static int order_versions(const void *left, const void *right)
{
    const struct report_version *a = left;
    const struct report_version *b = right;
    return str_cmp(a->name, b->name);
}

static int order_inputs(const void *left, const void *right)
{
    const struct report_input *a = left;
    const struct report_input *b = right;
    int order = COMPARE(BOTH(path), BOTH(kind), BOTH(digest), BOTH(note));
    return order ? order : compare_counts(a->bytes, b->bytes);
}

static int order_jobs(const void *left, const void *right)
{
    const struct report_job *a = left;
    const struct report_job *b = right;
    int order = COMPARE(BOTH(database), BOTH(id), BOTH(model_path), BOTH(column_name),
                        BOTH(target_version), BOTH(status), BOTH(updated_at));
    if (order == 0)
        order = compare_signed(a->processed, b->processed);
    if (order == 0)
        order = compare_signed(a->total_records, b->total_records);
    if (order == 0)
        order = compare_signed(a->errors, b->errors);
    return order ? order : (int)a->dry_run - (int)b->dry_run;
}

static int order_spends(const void *left, const void *right)
{
    const struct report_spend *a = left;
    const struct report_spend *b = right;
    int order = str_cmp(a->key_name, b->key_name);
    return order ? order : compare_signed(a->day, b->day);
}

static int order_findings(const void *left, const void *right)
{
    const struct report_finding *a = left;
    const struct report_finding *b = right;
    if (a->severity != b->severity)
        return a->severity < b->severity ? -1 : 1;
    int order = COMPARE(BOTH(code), BOTH(database), BOTH(schema), BOTH(table), BOTH(column));
    if (order == 0)
        order = compare_counts(a->record_count, b->record_count);
    return order ? order : str_cmp(a->message, b->message);
}

static int order_declared(const void *left, const void *right)
{
    const struct report_declared *a = left;
    const struct report_declared *b = right;
    return COMPARE(BOTH(model), BOTH(schema), BOTH(table), BOTH(attribute), BOTH(column),
                   BOTH(resolved_by));
}

static void sort(void *items, size_t count, size_t size, int (*order)(const void *, const void *))
{
    if (count > 1)
        qsort(items, count, size, order);
}

static void sort_all(struct report *r)
{
    sort(r->tables, r->table_count, sizeof *r->tables, order_tables);
    sort(r->versions, r->version_count, sizeof *r->versions, order_versions);
    sort(r->inputs, r->input_count, sizeof *r->inputs, order_inputs);
    sort(r->jobs, r->job_count, sizeof *r->jobs, order_jobs);
    sort(r->spends, r->spend_count, sizeof *r->spends, order_spends);
    sort(r->findings, r->finding_count, sizeof *r->findings, order_findings);
    sort(r->declared, r->declared_count, sizeof *r->declared, order_declared);
    for (size_t i = 0; i < r->table_count; i++) {
        struct report_table *t = &r->tables[i];
        for (size_t c = 0; c < t->column_count; c++)
            sort(t->columns[c].usages, t->columns[c].usage_count, sizeof *t->columns[c].usages,
                 order_usages);
    }
}

/* ---- sums and checks ---- */

/* Saturates: a sum that does not fit is refused when the form is written. */
static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t sum_of_classes(const struct report_column *c, const enum value_class *classes,
                               size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = add(sum, c->classes[classes[i]]);
    return sum;
}

#define SUM_OF(column, classes) sum_of_classes(column, classes, sizeof(classes) / sizeof *(classes))

uint64_t report_proven(const struct report_column *c)
{
    static const enum value_class proven[] = {
        CLASS_VERIFIED,          CLASS_LEGACY_VERIFIED,          CLASS_MISLABELLED,
        CLASS_VERIFIED_EMBEDDED, CLASS_LEGACY_VERIFIED_EMBEDDED, CLASS_MISLABELLED_EMBEDDED};
    return SUM_OF(c, proven);
}

uint64_t report_orphans(const struct report_column *c)
{
    return add(c->classes[CLASS_ORPHAN], c->classes[CLASS_ORPHAN_EMBEDDED]);
}

/*
 * A value names a key at most once, so where nothing was proven the hint rows count each value that
 * uses a key once. One that was proven has a row `proven`, and a hint row besides when its label
 * lies; one that embeds several tokens has more. There the classes, which count values, say it.
 */
uint64_t report_values(const struct report_column *c)
{
    static const enum value_class claimed[] = {CLASS_HINTED, CLASS_UNVERSIONED, CLASS_TRUNCATED,
                                               CLASS_MALFORMED};
    static const enum value_class embedded[] = {CLASS_HINTED_EMBEDDED, CLASS_UNVERSIONED_EMBEDDED,
                                                CLASS_TRUNCATED_EMBEDDED};
    uint64_t hints = 0;
    if (c->key_records)
        return c->key_records;
    for (size_t i = 0; i < c->usage_count; i++)
        if (c->usages[i].basis == BASIS_HINT)
            hints = add(hints, c->usages[i].records);
    uint64_t finer = add(add(report_proven(c), report_orphans(c)), SUM_OF(c, embedded));
    return finer ? add(finer, SUM_OF(c, claimed)) : hints;
}

static bool twice(struct report *r, const char *what, struct str name, struct err *err)
{
    err_set(err, ERR_CORRUPT, 454, "the report has two %s named %s", what,
            text_shown(r->arena, name));
    return false;
}

static bool check_column(struct report *r, const struct report_column *c, struct err *err)
{
    for (size_t i = 1; i < c->usage_count; i++)
        if (order_usages(&c->usages[i - 1], &c->usages[i]) == 0)
            return twice(r, "usages of one version", c->usages[i].version, err);
    return true;
}

static bool check_columns(struct report *r, const struct report_table *t, struct err *err)
{
    struct arena scratch = {0};
    const struct report_column **sorted = report_columns_by_name(&scratch, t);
    bool fine = true;
    for (size_t i = 0; i < t->column_count && fine; i++) {
        fine = check_column(r, sorted[i], err);
        if (fine && i > 0 && str_eq(sorted[i - 1]->name, sorted[i]->name))
            fine = twice(r, "columns", sorted[i]->name, err);
    }
    arena_free(&scratch);
    if (!fine)
        err_place(err, "table %s", text_shown(r->arena, t->name));
    return fine;
}

static bool check_names(struct report *r, struct err *err)
{
    for (size_t i = 1; i < r->table_count; i++)
        if (order_tables(&r->tables[i - 1], &r->tables[i]) == 0)
            return twice(r, "tables", r->tables[i].name, err);
    for (size_t i = 1; i < r->version_count; i++)
        if (str_eq(r->versions[i - 1].name, r->versions[i].name))
            return twice(r, "key versions", r->versions[i].name, err);
    for (size_t i = 1; i < r->spend_count; i++)
        if (order_spends(&r->spends[i - 1], &r->spends[i]) == 0)
            return twice(r, "days of spend of a key", r->spends[i].key_name, err);
    for (size_t i = 0; i < r->table_count; i++)
        if (!check_columns(r, &r->tables[i], err))
            return false;
    return true;
}

static void add_up(struct report *r)
{
    r->rows = 0;
    r->cells = 0;
    for (size_t i = 0; i < r->table_count; i++) {
        struct report_table *t = &r->tables[i];
        r->rows = add(r->rows, t->records);
        for (size_t c = 0; c < t->column_count; c++) {
            r->cells = add(r->cells, t->columns[c].records);
            t->columns[c].key_records = report_values(&t->columns[c]);
        }
    }
}

/* So that the months of a view add up in SQLite, too. */
static bool sums_fit(const struct report *r, struct err *err)
{
    int64_t micros = 0;
    int64_t byok = 0;
    for (size_t i = 0; i < r->spend_count; i++) {
        const struct report_spend *s = &r->spends[i];
        if (s->micros < 0 || s->byok_micros < 0 || s->micros > INT64_MAX - micros ||
            s->byok_micros > INT64_MAX - byok) {
            err_set(err, ERR_CORRUPT, 456, "the report's spend does not add up to a number");
            return false;
        }
        micros += s->micros;
        byok += s->byok_micros;
    }
    return true;
}

bool report_seal(struct report *r, struct err *err)
{
    make_all_storable(r);
    sort_all(r);
    add_up(r);
    if (!check_names(r, err))
        return false;
    if (!sums_fit(r, err))
        return false;
    if (r->rows > INT64_MAX || r->cells > INT64_MAX) {
        err_set(err, ERR_CORRUPT, 456, "the report's records add up to more than %lld",
                (long long)INT64_MAX);
        return false;
    }
    struct sha256 digest;
    if (!report_digest(r, FORM_CONTENT, &digest, err))
        return false;
    char hex[SHA256_HEX + 1];
    sha256_hex(&digest, hex);
    r->content_digest = str_from(arena_printf(r->arena, "sha256:%s", hex));
    return true;
}
