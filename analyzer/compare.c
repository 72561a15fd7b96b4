/*
 * compare: facts of two reports, sorted and walked side by side. Which facts a report has is in
 * compare_facts.c.
 */
#include "analyzer/compare_facts.h"

#include <stdlib.h>

const char *change_subject_name(enum change_subject s)
{
    static const char *const names[CHANGE_SUBJECT_COUNT] = {
        [CHANGE_REPORT] = "report",   [CHANGE_KEY] = "key",         [CHANGE_TABLE] = "table",
        [CHANGE_COLUMN] = "column",   [CHANGE_VERSION] = "version", [CHANGE_CLASS] = "class",
        [CHANGE_JOB] = "job",         [CHANGE_SPEND] = "spend",     [CHANGE_DECLARED] = "declared",
        [CHANGE_FINDING] = "finding",
    };
    return s < CHANGE_SUBJECT_COUNT ? names[s] : "";
}

const char *change_note_name(enum change_note n)
{
    static const char *const names[CHANGE_NOTE_COUNT] = {
        [CHANGE_PLAIN] = "",
        [CHANGE_STALE_WRITER] = "stale-writer",
        [CHANGE_LESS_SEEN] = "less-seen",
        [CHANGE_NEW_PLACE] = "new-ciphertext",
    };
    return n < CHANGE_NOTE_COUNT ? names[n] : "";
}

static uint64_t count_of(const struct cell *c)
{
    return c->kind == CELL_COUNT ? c->as.count : 0;
}

bool change_difference(const struct change *c, int64_t *difference)
{
    if (c->before.kind != CELL_COUNT && c->after.kind != CELL_COUNT)
        return false;
    uint64_t was = count_of(&c->before), is = count_of(&c->after);
    *difference = is >= was ? (int64_t)(is - was) : -(int64_t)(was - is);
    return true;
}

/* ---- what a change means ---- */

struct comparing {
    const struct report *before, *after;
    struct arena *arena;
    struct fact_list old, new;
    struct comparison *into;
    size_t room;
    int64_t active_start; /* first value of the newer report's active version, in either report */
};

/* When the first value was written with this version. */
static int64_t first_write(const struct report *r, struct str version)
{
    int64_t first = UTC_NONE;
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++) {
            const struct report_column *column = &r->tables[t].columns[c];
            for (size_t i = 0; i < column->usage_count; i++) {
                int64_t oldest = column->usages[i].oldest;
                if (oldest != UTC_NONE && str_eq(column->usages[i].version, version) &&
                    (first == UTC_NONE || oldest < first))
                    first = oldest;
            }
        }
    return first;
}

static int64_t active_start(const struct report *before, const struct report *after)
{
    if (after->active_version.len == 0)
        return UTC_NONE;
    int64_t was = first_write(before, after->active_version);
    int64_t is = first_write(after, after->active_version);
    return was == UTC_NONE || (is != UTC_NONE && is < was) ? is : was;
}

/*
 * While the active version changed between the reports, the one before it grew until then: only the
 * times of its values can tell a stale writer. Nor did values grow in a table that was not there.
 */
static bool is_stale_writer(const struct comparing *g, const struct change *c, const struct fact *f)
{
    struct str active = g->after->active_version;
    int64_t newest, more;
    if (active.len == 0 || c->name.len == 0 || str_eq(c->name, active))
        return false;
    if (strcmp(c->property, FACT_NEWEST) == 0)
        return c->after.kind == CELL_TEXT && utc_parse(c->after.as.text, &newest) &&
               g->active_start != UTC_NONE && newest > g->active_start;
    bool was_active = str_eq(c->name, g->before->active_version);
    return strcmp(c->property, FACT_RECORDS) == 0 && !was_active && change_difference(c, &more) &&
           more > 0 && facts_have_table(&g->old, f);
}

static bool is_text(const struct cell *c, const char *text)
{
    return c->kind == CELL_TEXT && str_eq(c->as.text, str_from(text));
}

static enum change_note note_of(const struct comparing *g, const struct change *c,
                                const struct fact *f)
{
    const char *data = coverage_state_name(COVERAGE_DATA);
    if (c->subject == CHANGE_VERSION && is_stale_writer(g, c, f))
        return CHANGE_STALE_WRITER;
    if (c->subject == CHANGE_TABLE && strcmp(c->property, FACT_STATE) == 0 &&
        is_text(&c->before, data) && !is_text(&c->after, data))
        return CHANGE_LESS_SEEN;
    if (c->subject != CHANGE_COLUMN || strcmp(c->property, FACT_HOLDS) != 0)
        return CHANGE_PLAIN;
    bool had = c->before.kind == CELL_TEXT && !is_text(&c->before, FACT_NOTHING);
    bool has = c->after.kind == CELL_TEXT && !is_text(&c->after, FACT_NOTHING);
    if (had == has)
        return CHANGE_PLAIN;
    return has ? CHANGE_NEW_PLACE : CHANGE_LESS_SEEN;
}

/* ---- side by side ---- */

static void add_change(struct comparing *g, const struct fact *before, const struct fact *after)
{
    const struct fact *f = after ? after : before;
    struct comparison *into = g->into;
    struct change c = {.subject = f->subject,
                       .database = f->database,
                       .schema = f->schema,
                       .table = f->table,
                       .column = f->column,
                       .name = f->name,
                       .property = f->property};
    if (before)
        c.before = before->value;
    if (after)
        c.after = after->value;
    c.note = note_of(g, &c, f);
    into->notes[c.note]++;
    into->changes =
        arena_grow(g->arena, into->changes, into->count, &g->room, sizeof into->changes[0]);
    into->changes[into->count++] = c;
}

/* A column without ciphertext says nothing of its own where its whole table came or went. */
static bool goes_without_saying(const struct fact *f, const struct fact_list *other)
{
    return f->subject == CHANGE_COLUMN && f->is_plain && !facts_have_table(other, f);
}

static void add_removed(struct comparing *g, const struct fact *was)
{
    if (!goes_without_saying(was, &g->new))
        add_change(g, was, NULL);
}

static void add_added(struct comparing *g, const struct fact *is)
{
    if (!goes_without_saying(is, &g->old))
        add_change(g, NULL, is);
}

static void walk(struct comparing *g)
{
    const struct fact_list *old = &g->old, *new = &g->new;
    size_t i = 0, k = 0;
    while (i < old->count || k < new->count) {
        int order = i == old->count   ? 1
                    : k == new->count ? -1
                                      : fact_order(&old->at[i], &new->at[k]);
        if (order < 0) {
            add_removed(g, &old->at[i++]);
        } else if (order > 0) {
            add_added(g, &new->at[k++]);
        } else {
            if (!fact_same_value(&old->at[i], &new->at[k]))
                add_change(g, &old->at[i], &new->at[k]);
            i++;
            k++;
        }
    }
}

/* A dump that does not name its database is compared with one of a single database as of that. */
static void gather(struct comparing *g)
{
    struct str old, new;
    bool one = facts_database(g->before, &old) && facts_database(g->after, &new);
    facts_of(g->before, one && old.len == 0 ? new : STR(""), g->arena, &g->old);
    facts_of(g->after, one && new.len == 0 ? old : STR(""), g->arena, &g->new);
}

void compare_reports(const struct report *before, const struct report *after, struct arena *a,
                     struct comparison *into)
{
    *into = (struct comparison){0};
    struct comparing g = {.before = before,
                          .after = after,
                          .arena = a,
                          .into = into,
                          .active_start = active_start(before, after)};
    gather(&g);
    walk(&g);
    if (into->count > 0 || str_eq(before->content_digest, after->content_digest))
        return;
    struct fact was = {.property = "content_digest"}, is = was;
    was.value = (struct cell){.kind = CELL_TEXT, .as.text = before->content_digest};
    is.value = (struct cell){.kind = CELL_TEXT, .as.text = after->content_digest};
    add_change(&g, &was, &is);
}
