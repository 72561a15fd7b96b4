/*
 * show_text: a report in a screenful.
 *
 * The order is that of the questions a person has: can I rely on it, of when and where is it, which
 * key versions does the data use, what stands in the way, what was not seen, what do I type next.
 */
#include "analyzer/render/show_page.h"
#include "common/text.h"

#include <stdlib.h>

enum { DAY = 86400, PLAN_AGE_WARN = DAY, PLAN_AGE_MAX = 7 * DAY }; /* S6 */

/* ---- verdict and evidence ---- */

static void show_verdict(struct show_page *p)
{
    const struct report *r = p->r;
    if (!r->complete) {
        page_inked(p, INK_BAD, "INCOMPLETE");
        buf_text(p->out, ": part of the input was not read; keyretire plan refuses this report\n");
    } else if (r->partial) {
        page_inked(p, INK_WARN, "COMPLETE, PARTIAL INPUT");
        buf_text(p->out, ": all of the input was read, but it is not the whole database\n");
    } else {
        page_inked(p, INK_GOOD, "COMPLETE");
        buf_text(p->out, ": all of the input was read\n");
    }
    if (r->row_security)
        buf_text(p->out, "The dump was made with row_security on and may lack rows.\n");
    buf_text(p->out, r->verified ? "Values were checked with the keys of the env file.\n"
                                 : "LABELS ONLY: no value was proven with a key.\n");
}

static void show_data_time(struct show_page *p)
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
static size_t join_names(struct show_page *p, struct str *names, size_t count, struct buf *joined)
{
    size_t different = 0;
    if (count > 1)
        qsort(names, count, sizeof *names, order_names);
    for (size_t i = 0; i < count; i++) {
        if (names[i].len == 0 || (i > 0 && str_eq(names[i - 1], names[i])))
            continue;
        if (different++ < SHOW_LIST_MAX)
            page_part(joined, names[i], ", ");
    }
    if (different > SHOW_LIST_MAX)
        buf_printf(joined, " and %s more", page_count(p, different - SHOW_LIST_MAX));
    return different;
}

static void show_databases(struct show_page *p)
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

static void show_env(struct show_page *p)
{
    const struct report *r = p->r;
    if (r->active_version.len == 0) {
        buf_text(p->out, "  active      not known: no env file was read (--env-file)\n");
        return;
    }
    buf_text(p->out, "  active      ");
    text_visible(p->out, r->active_version);
    buf_printf(p->out, ", of %s in the env file\n",
               page_counted(p, r->version_count, "version", "versions"));
}

static void show_inputs(struct show_page *p)
{
    static const char *const names[] = {"input", "kind", "stored", "decoded", "records", ""};
    const struct report *r = p->r;
    struct table t = {.arena = p->arena, .indent = 4};
    size_t shown = r->input_count < SHOW_LIST_MAX ? r->input_count : SHOW_LIST_MAX;
    char text[32];
    page_headings(&t, names, sizeof names / sizeof names[0]);
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
    page_more(p, shown, r->input_count, "inputs");
}

static void show_evidence(struct show_page *p)
{
    const struct report *r = p->r;
    char time[UTC_TEXT];
    page_heading(p, "Evidence");
    buf_text(p->out, "  report      ");
    text_visible(p->out, str_from(p->path));
    buf_printf(p->out, ", made %s by keycensus ", utc_text(r->created, time));
    text_visible(p->out, r->program_version);
    buf_byte(p->out, '\n');
    show_data_time(p);
    show_databases(p);
    show_env(p);
    buf_printf(p->out, "  read        %s, %s, %s\n",
               page_counted(p, r->table_count, "table", "tables"),
               page_counted(p, r->rows, "row", "rows"), page_counted(p, r->cells, "cell", "cells"));
    buf_printf(p->out, "  digest      %.*s\n", STR_ARG(r->content_digest));
    show_inputs(p);
}

/* ---- findings, coverage, jobs ---- */

static void show_findings(struct show_page *p)
{
    const struct report *r = p->r;
    uint64_t of[SEVERITY_INFO + 1] = {0};
    if (r->finding_count == 0) {
        page_heading(p, "Findings: none");
        return;
    }
    for (size_t i = 0; i < r->finding_count; i++)
        of[r->findings[i].severity]++;
    page_heading(p, arena_printf(p->arena, "Findings: %s, %s, %s",
                                 page_counted(p, of[SEVERITY_ERROR], "error", "errors"),
                                 page_counted(p, of[SEVERITY_WARNING], "warning", "warnings"),
                                 page_counted(p, of[SEVERITY_INFO], "note", "notes")));
    size_t shown = r->finding_count < SHOW_LIST_MAX ? r->finding_count : SHOW_LIST_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct report_finding *f = &r->findings[i];
        struct str where = page_place(p, f->database, f->schema, f->table, f->column);
        buf_text(p->out, "  ");
        page_inked(p,
                   f->severity == SEVERITY_ERROR     ? INK_BAD
                   : f->severity == SEVERITY_WARNING ? INK_WARN
                                                     : INK_BOLD,
                   severity_name(f->severity));
        buf_byte(p->out, ' ');
        text_visible(p->out, f->code);
        buf_printf(p->out, "%s%.*s: ", where.len ? " " : "", STR_ARG(where));
        text_visible(p->out, f->message);
        if (f->record_count)
            buf_printf(p->out, " (%s)", page_count(p, f->record_count));
        buf_byte(p->out, '\n');
    }
    page_more(p, shown, r->finding_count, "findings");
}

static void show_coverage(struct show_page *p)
{
    const struct report *r = p->r;
    uint64_t of[COVERAGE_COUNT] = {0};
    size_t shown = 0;
    size_t all = 0;
    for (size_t i = 0; i < r->table_count; i++)
        of[r->tables[i].state]++;
    struct buf title = {.arena = p->arena};
    buf_printf(&title, "Coverage: %s", page_counted(p, r->table_count, "table", "tables"));
    for (size_t s = 0; s < COVERAGE_COUNT; s++)
        if (of[s])
            buf_printf(&title, ", %s %s", page_count(p, of[s]),
                       coverage_state_name((enum coverage_state)s));
    page_heading(p, arena_text(p->arena, buf_str(&title)));
    struct table t = {.arena = p->arena, .indent = 2};
    static const char *const names[] = {"table", "state", "kind", ""};
    page_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < r->table_count; i++) {
        const struct report_table *table = &r->tables[i];
        if (table->state == COVERAGE_DATA || all++ >= SHOW_LIST_MAX)
            continue;
        table_text(&t, page_place(p, table->database, table->schema, table->name, STR("")));
        table_text(&t, str_from(coverage_state_name(table->state)));
        table_text(&t, str_from(table_kind_name(table->kind)));
        table_text(&t, table->note);
        shown++;
    }
    if (shown)
        table_write(p->out, &t, TABLE_TEXT);
    page_more(p, shown, all, "coverage");
}

static void show_jobs(struct show_page *p)
{
    static const char *const names[] = {"job",  "model", "column", "target",
                                        "done", "of",    "errors", "status"};
    const struct report *r = p->r;
    if (!r->jobs_known) {
        page_heading(p, "Re-encryption jobs: unknown");
        buf_text(p->out, "  the data has no reencrypt_jobs table\n");
        return;
    }
    if (r->job_count == 0) {
        page_heading(p, "Re-encryption jobs: none");
        return;
    }
    page_heading(p, arena_printf(p->arena, "Re-encryption jobs: %s", page_count(p, r->job_count)));
    struct table t = {.arena = p->arena, .indent = 2};
    size_t shown = r->job_count < SHOW_LIST_MAX ? r->job_count : SHOW_LIST_MAX;
    page_headings(&t, names, sizeof names / sizeof names[0]);
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
    page_more(p, shown, r->job_count, "jobs");
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

static void show_next(struct show_page *p)
{
    page_heading(p, "Next");
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
    struct show_page page = {.out = out, .arena = out->arena, .r = r, .path = path, .style = style};
    show_verdict(&page);
    show_evidence(&page);
    show_versions(&page);
    show_columns(&page);
    show_findings(&page);
    show_coverage(&page);
    show_jobs(&page);
    show_spend(&page);
    show_next(&page);
}
