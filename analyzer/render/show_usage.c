/* show_usage: the key versions that the data uses, in all columns and in each. */
#include "analyzer/render/show_page.h"
#include "common/text.h"

#include <stdlib.h>

static struct str version_text(struct str version)
{
    return version.len ? version : STR("(no version)");
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

static struct version_total *add_total(struct show_page *p, struct totals *all, struct str name)
{
    all->items = arena_grow(p->arena, all->items, all->count, &all->room, sizeof *all->items);
    all->items[all->count] = (struct version_total){name, 0, 0, UTC_NONE};
    return &all->items[all->count++];
}

static void add_column_totals(struct show_page *p, struct totals *all,
                              const struct report_column *c)
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

static struct totals total_versions(struct show_page *p)
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

static void add_time(struct show_page *p, struct table *t, int64_t time)
{
    char text[UTC_TEXT];
    if (time == UTC_NONE)
        table_null(t);
    else
        table_text(t, arena_copy(p->arena, str_from(utc_text(time, text))));
}

void show_versions(struct show_page *p)
{
    static const char *const names[] = {"version", "records", "%", "columns", "newest write", ""};
    struct totals all = total_versions(p);
    page_heading(p, "Key versions, all columns");
    if (all.count == 0) {
        buf_text(p->out, "  no value that uses a key was seen\n");
        return;
    }
    struct table t = {.arena = p->arena, .indent = 2};
    page_headings(&t, names, sizeof names / sizeof names[0]);
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
static void add_blocking(struct show_page *p, const struct report_column *c)
{
    static const enum value_class blocking[] = {CLASS_ORPHAN,
                                                CLASS_UNVERSIONED,
                                                CLASS_TRUNCATED,
                                                CLASS_MALFORMED,
                                                CLASS_PLAINTEXT,
                                                CLASS_ORPHAN_EMBEDDED,
                                                CLASS_UNVERSIONED_EMBEDDED,
                                                CLASS_TRUNCATED_EMBEDDED};
    struct buf b = {.arena = p->arena};
    for (size_t i = 0; i < sizeof blocking / sizeof blocking[0]; i++) {
        enum value_class class = blocking[i];
        if (c->classes[class] == 0 || (class == CLASS_PLAINTEXT && !c->declared))
            continue;
        buf_printf(&b, "%s%s %s", b.len ? ", " : "", page_count(p, c->classes[class]),
                   value_class_name(class));
    }
    uint64_t unknown = 0;
    for (size_t i = 0; i < c->usage_count; i++)
        if (is_unknown(p->r, c->usages[i].version))
            unknown = saturated(unknown, c->usages[i].records);
    if (unknown)
        buf_printf(&b, "%s%s under names that no key has", b.len ? ", " : "",
                   page_count(p, unknown));
    if (b.len == 0)
        return;
    buf_text(p->out, "    ");
    page_inked(p, INK_WARN, "blocks");
    buf_printf(p->out, ": %.*s\n", STR_ARG(buf_str(&b)));
}

static void show_column(struct show_page *p, const struct report_table *table,
                        const struct report_column *c)
{
    static const char *const names[] = {"version",      "records",      "%", "basis",
                                        "oldest write", "newest write", ""};
    struct str name = page_place(p, table->database, table->schema, table->name, c->name);
    buf_printf(p->out, "  %.*s%s: %s, %s with a key, %s null\n", STR_ARG(name),
               c->declared ? " (declared)" : "", page_counted(p, c->records, "record", "records"),
               page_count(p, c->key_records), page_count(p, c->nulls));
    struct table t = {.arena = p->arena, .indent = 4};
    page_headings(&t, names, sizeof names / sizeof names[0]);
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
                   page_counted(p, c->future_times, "token is", "tokens are"));
}

void show_columns(struct show_page *p)
{
    size_t shown = 0;
    size_t all = 0;
    page_heading(p, "Columns with key versions, and declared columns");
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
    page_more(p, shown, all, "key_usage");
}
