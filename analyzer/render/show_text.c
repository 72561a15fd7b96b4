/*
 * show_text: a report in a screenful.
 *
 * The order is that of the questions a person has: can I rely on it, of when and where is it, which
 * key versions does the data use, what stands in the way, what was not seen, what do I type next.
 */
#include "analyzer/render/show.h"
#include "common/text.h"

#include <stdlib.h>

enum { DAY = 86400, PLAN_AGE_WARN = DAY, PLAN_AGE_MAX = 7 * DAY }; /* S6 */

struct page {
    struct buf *out;
    struct arena *arena;
    const struct report *r;
    const char *path;
    const struct show_style *style;
    bool several_databases;
};

/* ---- words ---- */

enum ink { INK_GOOD, INK_BAD, INK_WARN, INK_BOLD };

static void add_inked(struct page *p, enum ink ink, const char *text)
{
    static const char *const codes[] = {
        [INK_GOOD] = "\033[1;32m",
        [INK_BAD] = "\033[1;31m",
        [INK_WARN] = "\033[1;33m",
        [INK_BOLD] = "\033[1m",
    };
    bool ansi = p->style->colour == SHOW_ANSI;
    buf_printf(p->out, "%s%s%s", ansi ? codes[ink] : "", text, ansi ? "\033[0m" : "");
}

static void add_heading(struct page *p, const char *title)
{
    buf_byte(p->out, '\n');
    add_inked(p, INK_BOLD, title);
    buf_byte(p->out, '\n');
}

static const char *count_text(struct page *p, uint64_t n)
{
    char digits[32];
    return arena_printf(p->arena, "%s", text_count(n, digits));
}

/* "1 table", "12 tables" */
static const char *counted(struct page *p, uint64_t n, const char *one, const char *many)
{
    return arena_printf(p->arena, "%s %s", count_text(p, n), n == 1 ? one : many);
}

static void add_part(struct buf *b, struct str part, const char *separator)
{
    if (part.len == 0)
        return;
    if (b->len)
        buf_text(b, separator);
    text_visible(b, part);
}

/* "public.users.totp", with the database in front where the report has several. */
static struct str place(struct page *p, struct str database, struct str schema, struct str table,
                        struct str column)
{
    struct buf b = {.arena = p->arena};
    add_part(&b, schema, ".");
    add_part(&b, table, ".");
    add_part(&b, column, ".");
    if (!p->several_databases || database.len == 0)
        return buf_str(&b);
    struct buf whole = {.arena = p->arena};
    text_visible(&whole, database);
    if (b.len)
        buf_text(&whole, ": ");
    buf_add(&whole, buf_str(&b));
    return buf_str(&whole);
}

static struct str version_text(struct str version)
{
    return version.len ? version : STR("(no version)");
}

static void add_more(struct page *p, size_t shown, size_t all, const char *view)
{
    if (all > shown)
        buf_printf(p->out, "  ... and %s more: SELECT * FROM %s\n", count_text(p, all - shown),
                   view);
}

/* For the shell: quoted unless it is plain. */
static void add_shell_word(struct buf *b, struct str word)
{
    bool plain = word.len > 0;
    for (size_t i = 0; i < word.len; i++)
        plain &= ascii_alpha(word.at[i]) || ascii_digit(word.at[i]) ||
                 (word.at[i] && strchr("._-/+:@%", word.at[i]) != NULL);
    if (plain) {
        buf_add(b, word);
        return;
    }
    buf_byte(b, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] == '\'')
            buf_text(b, "'\\'");
        buf_byte(b, word.at[i]);
    }
    buf_byte(b, '\'');
}

/* ---- versions of all columns together ---- */

struct version_total {
    struct str name;
    uint64_t records; /* values that name it or were proven to use it */
    size_t columns;
    int64_t newest;
};

struct totals {
    struct version_total *items;
    size_t count, room;
    uint64_t key_records;
};

/* Letters with a decimal number behind them, and nothing else. */
static bool numbered(struct str version, struct str *letters, uint64_t *number)
{
    size_t n = 0;
    while (n < version.len && !ascii_digit(version.at[n]))
        n++;
    *letters = str_slice(version, 0, n);
    return str_to_u64(str_slice(version, n, version.len), number);
}

/* v9 before v10; names that are no numbered ones follow those with the same letters. */
static int compare_versions(struct str a, struct str b)
{
    struct str left;
    struct str right;
    uint64_t left_number = UINT64_MAX;
    uint64_t right_number = UINT64_MAX;
    bool left_numbered = numbered(a, &left, &left_number);
    bool right_numbered = numbered(b, &right, &right_number);
    int order = str_cmp(left, right);
    if (order != 0)
        return order;
    if (left_numbered != right_numbered)
        return left_numbered ? -1 : 1;
    if (left_numbered && left_number != right_number)
        return left_number < right_number ? -1 : 1;
    return str_cmp(a, b);
}

static int order_totals(const void *left, const void *right)
{
    const struct version_total *a = left;
    const struct version_total *b = right;
    return compare_versions(a->name, b->name);
}

/* A report that was made up may hold any counts. */
static uint64_t saturated(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static struct version_total *add_total(struct page *p, struct totals *all, struct str name)
{
    all->items = arena_grow(p->arena, all->items, all->count, &all->room, sizeof *all->items);
    all->items[all->count] = (struct version_total){name, 0, 0, UTC_NONE};
    return &all->items[all->count++];
}

static void add_column_totals(struct page *p, struct totals *all, const struct report_column *c)
{
    all->key_records = saturated(all->key_records, c->key_records);
    for (size_t u = 0; u < c->usage_count; u++) {
        struct version_total *total = add_total(p, all, c->usages[u].version);
        total->records = c->usages[u].records;
        total->newest = c->usages[u].newest;
        /* hint and proven rows of one version stand together and are one column */
        total->columns = u == 0 || !str_eq(c->usages[u - 1].version, c->usages[u].version);
    }
}

/* Entries of one name, which stand together, become one. */
static void merge_totals(struct totals *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct version_total *next = &all->items[i];
        struct version_total *last = kept ? &all->items[kept - 1] : NULL;
        if (!last || !str_eq(last->name, next->name)) {
            all->items[kept++] = *next;
            continue;
        }
        last->records = saturated(last->records, next->records);
        last->columns += next->columns;
        if (next->newest > last->newest) /* UTC_NONE is the smallest */
            last->newest = next->newest;
    }
    all->count = kept;
}

static struct totals total_versions(struct page *p)
{
    const struct report *r = p->r;
    struct totals all = {0};
    for (size_t i = 0; i < r->version_count; i++)
        (void)add_total(p, &all, r->versions[i].name);
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            add_column_totals(p, &all, &r->tables[t].columns[c]);
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, order_totals);
    merge_totals(&all);
    return all;
}

static bool in_env_file(const struct report *r, struct str version)
{
    for (size_t i = 0; i < r->version_count; i++)
        if (str_eq(r->versions[i].name, version))
            return true;
    return false;
}

/* A name that no key has: always for the collective ones, else only when the env file was read. */
static bool is_unknown(const struct report *r, struct str version)
{
    if (str_eq(version, STR(VERSION_OTHER)) || str_eq(version, STR(VERSION_MORE)))
        return true;
    return version.len && r->version_count && !in_env_file(r, version);
}

static const char *version_state(const struct report *r, struct str version, uint64_t records)
{
    if (version.len == 0)
        return "any key could be theirs";
    if (r->active_version.len && str_eq(version, r->active_version))
        return records ? "active" : "active, not seen";
    if (is_unknown(r, version))
        return r->version_count ? "not in the env file" : "no name of a version";
    return records ? "in use" : "not seen";
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void add_time(struct page *p, struct table *t, int64_t time)
{
    char text[UTC_TEXT];
    if (time == UTC_NONE)
        table_null(t);
    else
        table_text(t, arena_copy(p->arena, str_from(utc_text(time, text))));
}

static void add_headings(struct table *t, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_heading(t, names[i]);
}

static void show_versions(struct page *p)
{
    static const char *const names[] = {"version", "records", "%", "columns", "newest write", ""};
    struct totals all = total_versions(p);
    add_heading(p, "Key versions, all columns");
    if (all.count == 0) {
        buf_text(p->out, "  no value that uses a key was seen\n");
        return;
    }
    struct table t = {.arena = p->arena, .indent = 2};
    add_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < all.count; i++) {
        const struct version_total *v = &all.items[i];
        table_text(&t, version_text(v->name));
        table_count(&t, v->records);
        table_real(&t, percent(v->records, all.key_records));
        table_count(&t, v->columns);
        add_time(p, &t, v->newest);
        table_text(&t, str_from(version_state(p->r, v->name, v->records)));
    }
    table_write(p->out, &t, TABLE_TEXT);
}

/* ---- columns ---- */

/* What plan refuses until it is accepted (S4, S16). */
static void add_blocking(struct page *p, const struct report_column *c)
{
    static const enum value_class blocking[] = {
        CLASS_UNVERSIONED,          CLASS_TRUNCATED,         CLASS_MALFORMED, CLASS_PLAINTEXT,
        CLASS_UNVERSIONED_EMBEDDED, CLASS_TRUNCATED_EMBEDDED};
    struct buf b = {.arena = p->arena};
    for (size_t i = 0; i < sizeof blocking / sizeof blocking[0]; i++) {
        enum value_class class = blocking[i];
        if (c->classes[class] == 0 || (class == CLASS_PLAINTEXT && !c->declared))
            continue;
        buf_printf(&b, "%s%s %s", b.len ? ", " : "", count_text(p, c->classes[class]),
                   value_class_name(class));
    }
    uint64_t unknown = 0;
    for (size_t i = 0; i < c->usage_count; i++)
        if (is_unknown(p->r, c->usages[i].version))
            unknown = saturated(unknown, c->usages[i].records);
    if (unknown)
        buf_printf(&b, "%s%s under names that no key has", b.len ? ", " : "",
                   count_text(p, unknown));
    if (b.len == 0)
        return;
    buf_text(p->out, "    ");
    add_inked(p, INK_WARN, "blocks");
    buf_printf(p->out, ": %.*s\n", STR_ARG(buf_str(&b)));
}

static void show_column(struct page *p, const struct report_table *table,
                        const struct report_column *c)
{
    static const char *const names[] = {"version",      "records",      "%", "basis",
                                        "oldest write", "newest write", ""};
    struct str name = place(p, table->database, table->schema, table->name, c->name);
    buf_printf(p->out, "  %.*s%s: %s, %s with a key, %s null\n", STR_ARG(name),
               c->declared ? " (declared)" : "", counted(p, c->records, "record", "records"),
               count_text(p, c->key_records), count_text(p, c->nulls));
    struct table t = {.arena = p->arena, .indent = 4};
    add_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < c->usage_count; i++) {
        const struct report_usage *u = &c->usages[i];
        bool active = p->r->active_version.len && str_eq(u->version, p->r->active_version);
        table_text(&t, version_text(u->version));
        table_count(&t, u->records);
        table_real(&t, percent(u->records, c->key_records));
        table_text(&t, str_from(usage_basis_name(u->basis)));
        add_time(p, &t, u->oldest);
        add_time(p, &t, u->newest);
        table_text(&t, active ? STR("active") : STR(""));
    }
    if (c->usage_count)
        table_write(p->out, &t, TABLE_TEXT);
    add_blocking(p, c);
    if (c->future_times)
        buf_printf(p->out, "    %s dated after the data; the times are not used\n",
                   counted(p, c->future_times, "token is", "tokens are"));
}

static void show_columns(struct page *p)
{
    size_t shown = 0;
    size_t all = 0;
    add_heading(p, "Columns with key versions, and declared columns");
    for (size_t t = 0; t < p->r->table_count; t++) {
        const struct report_table *table = &p->r->tables[t];
        for (size_t c = 0; c < table->column_count; c++) {
            const struct report_column *column = &table->columns[c];
            if (!column->has_classes && !column->declared && column->usage_count == 0)
                continue;
            if (all++ < SHOW_LIST_MAX) {
                show_column(p, table, column);
                shown++;
            }
        }
    }
    if (all == 0)
        buf_text(p->out, "  none\n");
    add_more(p, shown, all, "key_usage");
}

/* ---- verdict and evidence ---- */

static void show_verdict(struct page *p)
{
    const struct report *r = p->r;
    if (!r->complete) {
        add_inked(p, INK_BAD, "INCOMPLETE");
        buf_text(p->out, ": part of the input was not read; keyretire plan refuses this report\n");
    } else if (r->partial) {
        add_inked(p, INK_WARN, "COMPLETE, PARTIAL INPUT");
        buf_text(p->out, ": all of the input was read, but it is not the whole database\n");
    } else {
        add_inked(p, INK_GOOD, "COMPLETE");
        buf_text(p->out, ": all of the input was read\n");
    }
    if (r->row_security)
        buf_text(p->out, "The dump was made with row_security on and may lack rows.\n");
    buf_text(p->out, r->verified ? "Values were checked with the keys of the env file.\n"
                                 : "LABELS ONLY: no value was proven with a key.\n");
}

static void show_data_time(struct page *p)
{
    const struct report *r = p->r;
    char time[UTC_TEXT];
    char age[32];
    if (r->data_time == UTC_NONE) {
        buf_text(p->out, "  data time   not known: scan with --dump-time\n");
        return;
    }
    buf_printf(p->out, "  data time   %s (", utc_text(r->data_time, time));
    text_visible(p->out, r->data_time_source);
    if (r->data_time > p->style->now) {
        buf_text(p->out, "), later than the clock of this machine\n");
        return;
    }
    uint64_t apart = (uint64_t)p->style->now - (uint64_t)r->data_time;
    int64_t old = apart > INT64_MAX ? INT64_MAX : (int64_t)apart;
    buf_printf(p->out, "), %s old", utc_age(old, age));
    if (old > PLAN_AGE_MAX)
        buf_text(p->out, ": too old for keyretire plan, which takes 7 days");
    else if (old > PLAN_AGE_WARN)
        buf_text(p->out, ": keyretire plan will warn");
    buf_byte(p->out, '\n');
}

static int order_names(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The different non-empty names among `count`, joined; gives back how many there are. */
static size_t join_names(struct page *p, struct str *names, size_t count, struct buf *joined)
{
    size_t different = 0;
    if (count > 1)
        qsort(names, count, sizeof *names, order_names);
    for (size_t i = 0; i < count; i++) {
        if (names[i].len == 0 || (i > 0 && str_eq(names[i - 1], names[i])))
            continue;
        if (different++ < SHOW_LIST_MAX)
            add_part(joined, names[i], ", ");
    }
    if (different > SHOW_LIST_MAX)
        buf_printf(joined, " and %s more", count_text(p, different - SHOW_LIST_MAX));
    return different;
}

static void show_databases(struct page *p)
{
    const struct report *r = p->r;
    struct buf databases = {.arena = p->arena};
    struct buf servers = {.arena = p->arena};
    struct str *names = ARENA_ARRAY(p->arena, r->table_count, struct str);
    struct str *versions = ARENA_ARRAY(p->arena, r->input_count, struct str);
    for (size_t i = 0; i < r->table_count; i++)
        names[i] = r->tables[i].database;
    for (size_t i = 0; i < r->input_count; i++)
        versions[i] = r->inputs[i].server_version;
    p->several_databases = join_names(p, names, r->table_count, &databases) > 1;
    (void)join_names(p, versions, r->input_count, &servers);
    buf_printf(p->out, "  databases   %.*s\n",
               STR_ARG(databases.len ? buf_str(&databases) : STR("not named in the data")));
    if (servers.len)
        buf_printf(p->out, "  server      %.*s\n", STR_ARG(buf_str(&servers)));
}

static void show_env(struct page *p)
{
    const struct report *r = p->r;
    if (r->active_version.len == 0) {
        buf_text(p->out, "  active      not known: no env file was read (--env-file)\n");
        return;
    }
    buf_text(p->out, "  active      ");
    text_visible(p->out, r->active_version);
    buf_printf(p->out, ", of %s in the env file\n",
               counted(p, r->version_count, "version", "versions"));
}

static void show_inputs(struct page *p)
{
    static const char *const names[] = {"input", "kind", "stored", "decoded", "records", ""};
    const struct report *r = p->r;
    struct table t = {.arena = p->arena, .indent = 4};
    size_t shown = r->input_count < SHOW_LIST_MAX ? r->input_count : SHOW_LIST_MAX;
    char text[32];
    add_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < shown; i++) {
        const struct report_input *in = &r->inputs[i];
        table_text(&t, in->path);
        table_text(&t, in->kind);
        table_text(&t, arena_copy(p->arena, str_from(text_bytes(in->bytes, text))));
        table_text(&t, arena_copy(p->arena, str_from(text_bytes(in->decoded_bytes, text))));
        table_count(&t, in->records);
        table_text(&t, !in->complete ? str_from(arena_printf(p->arena, "INCOMPLETE %s",
                                                             text_shown(p->arena, in->note)))
                                     : in->note);
    }
    if (shown)
        table_write(p->out, &t, TABLE_TEXT);
    add_more(p, shown, r->input_count, "inputs");
}

static void show_evidence(struct page *p)
{
    const struct report *r = p->r;
    char time[UTC_TEXT];
    add_heading(p, "Evidence");
    buf_text(p->out, "  report      ");
    text_visible(p->out, str_from(p->path));
    buf_printf(p->out, ", made %s by keycensus ", utc_text(r->created, time));
    text_visible(p->out, r->program_version);
    buf_byte(p->out, '\n');
    show_data_time(p);
    show_databases(p);
    show_env(p);
    buf_printf(p->out, "  read        %s, %s, %s\n", counted(p, r->table_count, "table", "tables"),
               counted(p, r->rows, "row", "rows"), counted(p, r->cells, "cell", "cells"));
    buf_printf(p->out, "  digest      %.*s\n", STR_ARG(r->content_digest));
    show_inputs(p);
}

/* ---- findings, coverage, jobs ---- */

static void show_findings(struct page *p)
{
    const struct report *r = p->r;
    uint64_t of[SEVERITY_INFO + 1] = {0};
    if (r->finding_count == 0) {
        add_heading(p, "Findings: none");
        return;
    }
    for (size_t i = 0; i < r->finding_count; i++)
        of[r->findings[i].severity]++;
    add_heading(p, arena_printf(p->arena, "Findings: %s, %s, %s",
                                counted(p, of[SEVERITY_ERROR], "error", "errors"),
                                counted(p, of[SEVERITY_WARNING], "warning", "warnings"),
                                counted(p, of[SEVERITY_INFO], "note", "notes")));
    size_t shown = r->finding_count < SHOW_LIST_MAX ? r->finding_count : SHOW_LIST_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct report_finding *f = &r->findings[i];
        struct str where = place(p, f->database, f->schema, f->table, f->column);
        buf_text(p->out, "  ");
        add_inked(p,
                  f->severity == SEVERITY_ERROR     ? INK_BAD
                  : f->severity == SEVERITY_WARNING ? INK_WARN
                                                    : INK_BOLD,
                  severity_name(f->severity));
        buf_byte(p->out, ' ');
        text_visible(p->out, f->code);
        buf_printf(p->out, "%s%.*s: ", where.len ? " " : "", STR_ARG(where));
        text_visible(p->out, f->message);
        if (f->record_count)
            buf_printf(p->out, " (%s)", count_text(p, f->record_count));
        buf_byte(p->out, '\n');
    }
    add_more(p, shown, r->finding_count, "findings");
}

static void show_coverage(struct page *p)
{
    const struct report *r = p->r;
    uint64_t of[COVERAGE_COUNT] = {0};
    size_t shown = 0;
    size_t all = 0;
    for (size_t i = 0; i < r->table_count; i++)
        of[r->tables[i].state]++;
    struct buf title = {.arena = p->arena};
    buf_printf(&title, "Coverage: %s", counted(p, r->table_count, "table", "tables"));
    for (size_t s = 0; s < COVERAGE_COUNT; s++)
        if (of[s])
            buf_printf(&title, ", %s %s", count_text(p, of[s]),
                       coverage_state_name((enum coverage_state)s));
    add_heading(p, arena_text(p->arena, buf_str(&title)));
    struct table t = {.arena = p->arena, .indent = 2};
    static const char *const names[] = {"table", "state", "kind", ""};
    add_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < r->table_count; i++) {
        const struct report_table *table = &r->tables[i];
        if (table->state == COVERAGE_DATA || all++ >= SHOW_LIST_MAX)
            continue;
        table_text(&t, place(p, table->database, table->schema, table->name, STR("")));
        table_text(&t, str_from(coverage_state_name(table->state)));
        table_text(&t, str_from(table_kind_name(table->kind)));
        table_text(&t, table->note);
        shown++;
    }
    if (shown)
        table_write(p->out, &t, TABLE_TEXT);
    add_more(p, shown, all, "coverage");
}

static void show_jobs(struct page *p)
{
    static const char *const names[] = {"job",  "model", "column", "target",
                                        "done", "of",    "errors", "status"};
    const struct report *r = p->r;
    if (!r->jobs_known) {
        add_heading(p, "Re-encryption jobs: unknown");
        buf_text(p->out, "  the data has no reencrypt_jobs table\n");
        return;
    }
    if (r->job_count == 0) {
        add_heading(p, "Re-encryption jobs: none");
        return;
    }
    add_heading(p, arena_printf(p->arena, "Re-encryption jobs: %s", count_text(p, r->job_count)));
    struct table t = {.arena = p->arena, .indent = 2};
    size_t shown = r->job_count < SHOW_LIST_MAX ? r->job_count : SHOW_LIST_MAX;
    add_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < shown; i++) {
        const struct report_job *j = &r->jobs[i];
        table_text(&t, j->id);
        table_text(&t, j->model_path);
        table_text(&t, j->column_name);
        table_text(&t, j->target_version);
        table_integer(&t, j->processed);
        table_integer(&t, j->total_records);
        table_integer(&t, j->errors);
        table_text(&t, str_from(arena_printf(p->arena, "%s%s", text_shown(p->arena, j->status),
                                             j->dry_run ? " (dry run)" : "")));
    }
    table_write(p->out, &t, TABLE_TEXT);
    add_more(p, shown, r->job_count, "jobs");
}

static void show_next(struct page *p)
{
    add_heading(p, "Next");
    if (!p->r->complete) {
        buf_text(p->out, "  make the export again where the findings say, and scan it\n");
        return;
    }
    buf_text(p->out, "  keyretire plan --report ");
    struct buf word = {.arena = p->arena};
    add_shell_word(&word, str_from(p->path));
    text_visible(p->out, buf_str(&word));
    buf_text(p->out, " --env-file FILE -o plan.txt");
    if (p->r->partial)
        buf_text(p->out, " --tables FILE");
    buf_byte(p->out, '\n');
}

void show_text(struct buf *out, const struct report *r, const char *path,
               const struct show_style *style)
{
    struct page page = {.out = out, .arena = out->arena, .r = r, .path = path, .style = style};
    show_verdict(&page);
    show_evidence(&page);
    show_versions(&page);
    show_columns(&page);
    show_findings(&page);
    show_coverage(&page);
    show_jobs(&page);
    show_next(&page);
}
