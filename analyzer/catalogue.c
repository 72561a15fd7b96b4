/* catalogue: a hash table of the report's tables, and the rules of S2. */
#include "analyzer/catalogue.h"
#include "common/buf.h"
#include "common/hash.h"
#include "common/text.h"

enum { CHAINS_FIRST = 256, COMPARED_MAX = 4 * 1024 * 1024 /* names with names */ };

static uint64_t name_hash(struct table_name n)
{
    return hash_xxh3_64(n.name, hash_xxh3_64(n.schema, hash_xxh3_64(n.database, 0)));
}

static bool name_is(const struct report_table *t, struct table_name n)
{
    return str_eq(t->name, n.name) && str_eq(t->schema, n.schema) &&
           str_eq(t->database, n.database);
}

static void begin_text(struct catalogue *c)
{
    c->text = (struct catalogue_text){.number = ++c->texts};
}

void catalogue_open(struct catalogue *c, struct report *report)
{
    *c = (struct catalogue){.report = report, .chain_count = CHAINS_FIRST};
    begin_text(c);
    c->chains = ARENA_ARRAY(report->arena, c->chain_count, struct catalogue_entry *);
}

struct report_table *catalogue_report(struct catalogue *c, const struct catalogue_entry *e)
{
    return &c->report->tables[e->table];
}

struct report_column *catalogue_column(const struct report_table *t, struct str name)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (str_eq(t->columns[i].name, name))
            return &t->columns[i];
    return NULL;
}

struct table_name catalogue_name(const struct catalogue *c, const struct catalogue_entry *e)
{
    const struct report_table *t = &c->report->tables[e->table];
    return (struct table_name){t->database, t->schema, t->name};
}

struct str table_name_shown(struct arena *a, struct table_name name)
{
    struct buf b = {.arena = a};
    text_visible(&b, name.schema);
    if (name.schema.len)
        buf_byte(&b, '.');
    text_visible(&b, name.name);
    return buf_str(&b);
}

static void widen(struct catalogue *c)
{
    c->chain_count *= 4;
    c->chains = ARENA_ARRAY(c->report->arena, c->chain_count, struct catalogue_entry *);
    for (size_t i = 0; i < c->count; i++) {
        struct catalogue_entry *e = c->entries[i];
        size_t slot = name_hash(catalogue_name(c, e)) & (c->chain_count - 1);
        e->next = c->chains[slot];
        c->chains[slot] = e;
    }
}

struct catalogue_entry *catalogue_find(const struct catalogue *c, struct table_name name)
{
    struct catalogue_entry *e = c->chains[name_hash(name) & (c->chain_count - 1)];
    while (e && !name_is(&c->report->tables[e->table], name))
        e = e->next;
    return e;
}

struct catalogue_entry *catalogue_table(struct catalogue *c, struct table_name name)
{
    struct catalogue_entry *known = catalogue_find(c, name);
    if (known)
        return known;
    struct arena *a = c->report->arena;
    size_t slot = name_hash(name) & (c->chain_count - 1);
    struct catalogue_entry *fresh = ARENA_NEW(a, struct catalogue_entry);
    struct report_table *t = report_add_table(c->report);
    t->database = arena_copy(a, name.database);
    t->schema = arena_copy(a, name.schema);
    t->name = arena_copy(a, name.name);
    t->kind = TABLE_UNKNOWN;
    fresh->table = c->report->table_count - 1;
    fresh->next = c->chains[slot];
    c->chains[slot] = fresh;
    c->entries = arena_grow(a, c->entries, c->count, &c->entry_room, sizeof *c->entries);
    c->entries[c->count++] = fresh;
    if (c->count > c->chain_count)
        widen(c);
    return fresh;
}

/* Rows are due only from tables that hold them. */
static bool holds_rows(enum table_kind kind)
{
    return kind == TABLE_ORDINARY || kind == TABLE_UNKNOWN;
}

void catalogue_define(struct catalogue *c, struct catalogue_entry *e, enum table_kind kind,
                      const struct str *columns, size_t count)
{
    struct arena *a = c->report->arena;
    struct report_table *t = catalogue_report(c, e);
    if (!e->defined || !holds_rows(t->kind))
        t->kind = kind;
    e->defined = c->text.defines = true;
    e->defined_in = c->text.number;
    e->columns = ARENA_ARRAY(a, count, struct str);
    e->column_count = count;
    e->positions = NULL;
    e->computed = NULL;
    for (size_t i = 0; i < count; i++)
        e->columns[i] = arena_copy(a, columns[i]);
}

/* Positions as they are put together. */
struct position_list {
    struct str *names;
    bool *generated;
    size_t count;
};

static struct position_list new_positions(struct catalogue *c, size_t most)
{
    struct arena *a = c->report->arena;
    return (struct position_list){ARENA_ARRAY(a, most + 1, struct str),
                                  ARENA_ARRAY(a, most + 1, bool), 0};
}

/* A column that both have is one, where the first has it. */
static void add_position(struct position_list *list, struct str name, bool generated)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->names[i], name))
            return;
    list->names[list->count] = name;
    list->generated[list->count++] = generated;
}

/* The columns that hold data are those of all positions that are not generated. */
static void set_positions(struct catalogue *c, struct catalogue_entry *e,
                          const struct position_list *list)
{
    e->positions = list->names;
    e->generated = list->generated;
    e->position_count = list->count;
    e->columns = ARENA_ARRAY(c->report->arena, list->count + 1, struct str);
    e->column_count = 0;
    e->computed = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (!list->generated[i])
            e->columns[e->column_count++] = list->names[i];
}

void catalogue_positions(struct catalogue *c, struct catalogue_entry *e, const struct str *names,
                         const bool *generated, size_t count)
{
    struct position_list list = new_positions(c, count);
    for (size_t i = 0; i < count; i++) {
        list.names[i] = arena_copy(c->report->arena, names[i]);
        list.generated[i] = generated[i];
    }
    list.count = count;
    e->inherited_count = 0;
    set_positions(c, e, &list);
}

void catalogue_computed(struct catalogue *c, struct catalogue_entry *e, const bool *computed,
                        size_t count)
{
    bool *copy = ARENA_ARRAY(c->report->arena, count + 1, bool);
    if (count != e->column_count)
        return;
    for (size_t i = 0; i < count; i++)
        copy[i] = computed[i];
    e->computed = copy;
}

void catalogue_inherit_columns(struct catalogue *c, struct catalogue_entry *e,
                               const struct catalogue_entry *from)
{
    if (!e->positions || !from->positions ||
        e->position_count > COMPARED_MAX / (from->position_count + 1)) {
        e->positions = NULL;
        return;
    }
    struct position_list list = new_positions(c, e->position_count + from->position_count);
    for (size_t i = 0; i < e->inherited_count; i++)
        add_position(&list, e->positions[i], e->generated[i]);
    for (size_t i = 0; i < from->position_count; i++)
        add_position(&list, from->positions[i], from->generated[i]);
    size_t inherited = list.count;
    for (size_t i = e->inherited_count; i < e->position_count; i++)
        add_position(&list, e->positions[i], e->generated[i]);
    e->inherited_count = inherited;
    set_positions(c, e, &list);
}

bool catalogue_inherit(struct catalogue *c, struct catalogue_entry *e,
                       struct catalogue_entry *parent)
{
    for (const struct catalogue_parent *p = e->parents; p; p = p->next)
        if (p->of == parent)
            return false;
    struct catalogue_parent *link = ARENA_NEW(c->report->arena, struct catalogue_parent);
    *link = (struct catalogue_parent){e->parents, parent};
    e->parents = link;
    return true;
}

static bool is_among(struct catalogue_entry *const *list, size_t count,
                     const struct catalogue_entry *e)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == e)
            return true;
    return false;
}

/* Level by level; what was met already is passed over, so a circle ends. */
size_t catalogue_ancestors(struct catalogue_entry *e,
                           struct catalogue_entry *out[CATALOGUE_ANCESTORS_MAX])
{
    size_t count = 0;
    struct catalogue_entry *at = e;
    for (size_t next = 0; at; at = next < count ? out[next++] : NULL)
        for (const struct catalogue_parent *p = at->parents; p; p = p->next) {
            if (p->of == e || is_among(out, count, p->of))
                continue;
            if (count == CATALOGUE_ANCESTORS_MAX)
                return SIZE_MAX;
            out[count++] = p->of;
        }
    return count;
}

void catalogue_rows(struct catalogue *c, struct catalogue_entry *e)
{
    e->has_rows = c->text.has_rows = true;
    e->rows_in = c->text.number;
}

void catalogue_unread(struct catalogue_entry *e, struct str what, uint64_t count)
{
    if (e->unread > 0 && !str_eq(e->unread_what, what))
        what = STR("statements or parts of several kinds");
    e->unread_what = what;
    e->unread += count;
}

/* The text at hand defines it, and brought no rows of it. */
static bool lacks_rows(struct catalogue *c, const struct catalogue_entry *e)
{
    bool due = e->defined_in == c->text.number && holds_rows(catalogue_report(c, e)->kind);
    return due && e->rows_in != c->text.number && !e->skipped && !e->through_root;
}

void catalogue_break_text(struct catalogue *c)
{
    for (size_t i = 0; c->text.defines && i < c->count; i++)
        if (lacks_rows(c, c->entries[i]))
            c->entries[i]->unreached = true;
}

void catalogue_end_text(struct catalogue *c)
{
    for (size_t i = 0; c->text.defines && c->text.has_rows && i < c->count; i++)
        if (lacks_rows(c, c->entries[i]))
            c->entries[i]->withheld = true;
    begin_text(c);
}

struct catalogue_text catalogue_leave_text(struct catalogue *c)
{
    struct catalogue_text left = c->text;
    begin_text(c);
    return left;
}

void catalogue_resume_text(struct catalogue *c, struct catalogue_text text)
{
    c->text = text;
}

static void note(struct report_table *t, const char *text)
{
    t->note = str_from(text);
}

static void settle_unread(struct catalogue *c, struct catalogue_entry *e, struct report_table *t)
{
    struct buf b = {.arena = c->report->arena};
    buf_printf(&b, "%llu %.*s not read in this version", (unsigned long long)e->unread,
               STR_ARG(e->unread_what));
    t->note = buf_str(&b);
    if (!e->has_rows)
        t->state = COVERAGE_UNKNOWN;
}

static void settle_one(struct catalogue *c, struct catalogue_entry *e)
{
    struct report_table *t = catalogue_report(c, e);
    if (e->unreached) {
        t->state = COVERAGE_UNKNOWN;
        note(t, "its input broke off before the end of its rows");
    } else if (e->has_rows && e->withheld) {
        t->state = COVERAGE_NO_DATA;
        note(t, "one input defines it without its data, another has rows of a table of that name");
    } else if (e->has_rows) {
        t->state = COVERAGE_DATA;
        if (!e->defined)
            note(t, "not defined in the input");
    } else if (e->skipped) {
        t->state = COVERAGE_SKIPPED;
        note(t, "left out by --exclude-table");
    } else if (e->through_root && e->defined) {
        t->state = COVERAGE_DATA;
        note(t, "partition: its rows were loaded through its root");
    } else if (!e->defined) {
        t->state = COVERAGE_ABSENT;
        note(t, "referenced, neither defined nor with data");
    } else if (t->kind == TABLE_PARTITIONED) {
        t->state = COVERAGE_DATA;
        note(t, "partitioned: its rows are in its partitions");
    } else if (t->kind == TABLE_FOREIGN) {
        t->state = COVERAGE_UNKNOWN;
        note(t, "foreign table: its rows are on another server");
    } else if (t->kind == TABLE_VIEW) {
        t->state = COVERAGE_DATA;
        note(t, "view: its rows are those of its tables");
    } else {
        t->state = COVERAGE_NO_DATA;
        note(t, "defined without its data");
    }
    if (e->unread)
        settle_unread(c, e, t);
}

static bool is_partial(const struct catalogue_entry *e, const struct report_table *t)
{
    if (t->state == COVERAGE_SKIPPED || !holds_rows(t->kind))
        return false;
    return t->state != COVERAGE_DATA || !e->defined;
}

/* A column that the definition has and no rows brought. What it holds is not known (S1). */
static void leave_out(struct catalogue *c, struct report_table *t, struct str column)
{
    (void)report_add_column(c->report, t, column);
    if (t->records == 0 || t->state != COVERAGE_DATA)
        return;
    struct buf b = {.arena = c->report->arena};
    buf_text(&b, "its rows leave out the column \"");
    text_visible(&b, column);
    buf_byte(&b, '"');
    t->state = COVERAGE_UNKNOWN;
    t->note = buf_str(&b);
}

/* Every column of a definition stands in the report, with or without rows. */
static void add_defined_columns(struct catalogue *c, const struct catalogue_entry *e)
{
    struct report_table *t = catalogue_report(c, e);
    for (size_t i = 0; t->kind != TABLE_VIEW && i < e->column_count; i++)
        if (!(e->computed && e->computed[i]) && !catalogue_column(t, e->columns[i]))
            leave_out(c, t, e->columns[i]);
}

void catalogue_settle(struct catalogue *c)
{
    uint64_t defined = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct catalogue_entry *e = c->entries[i];
        settle_one(c, e);
        add_defined_columns(c, e);
        struct report_table *t = catalogue_report(c, e);
        c->report->partial |= is_partial(e, t);
        defined += e->defined;
        if (t->state == COVERAGE_NO_DATA || t->state == COVERAGE_ABSENT) {
            struct report_finding *f = report_add_finding(
                c->report, SEVERITY_WARNING,
                t->state == COVERAGE_NO_DATA ? STR("no-data") : STR("referenced-but-absent"), t,
                STR(""));
            f->message = t->note;
        }
        if (t->kind == TABLE_FOREIGN) {
            struct report_finding *f =
                report_add_finding(c->report, SEVERITY_INFO, STR("foreign-table"), t, STR(""));
            f->message = t->note;
        }
    }
    c->report->partial |= defined == 0 || c->report->row_security;
}
