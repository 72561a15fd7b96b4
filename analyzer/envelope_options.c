/* envelope_options: parsing --envelope, and finding the columns that it names. */
#include "analyzer/envelope_options.h"
#include "common/buf.h"
#include "formats/envelope/template.h"

void envelope_options_open(struct envelope_options *o, struct arena *arena)
{
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    *o = (struct envelope_options){0};
    for (size_t i = 0; i < count; i++) {
        o->list = arena_grow(arena, o->list, o->count, &o->room, sizeof *o->list);
        o->list[o->count++] = all[i];
    }
}

static bool is_template(struct str text)
{
    return str_starts(text, STR("text:"));
}

static bool add_template(struct envelope_options *o, struct arena *arena, struct str text,
                         const struct envelope **made, struct err *err)
{
    if (!template_make(arena, text, made, err))
        return false;
    o->list = arena_grow(arena, o->list, o->count, &o->room, sizeof *o->list);
    o->list[o->count++] = *made;
    return true;
}

static bool find_envelope(struct envelope_options *o, struct arena *arena, struct str name,
                          const struct envelope **found, struct err *err)
{
    if (is_template(name))
        return add_template(o, arena, name, found, err);
    *found = envelope_find(name);
    if (*found)
        return true;
    struct buf names = {.arena = arena};
    for (size_t i = 0; i < o->count; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", o->list[i]->name);
    err_set(err, ERR_NOT_FOUND, 443, "no form of ciphertext is called \"%.*s\"", STR_ARG(name));
    err_hint(err, "there are: %.*s; or text:prefix{id}separator", STR_ARG(buf_str(&names)));
    return false;
}

/* Parted at its last dot, and what is before that at its first. */
static bool parse_column(struct str text, struct named_column *into)
{
    size_t dot = text.len;
    while (dot > 0 && text.at[dot - 1] != '.')
        dot--;
    if (dot < 2 || dot == text.len)
        return false;
    struct str table = str_slice(text, 0, dot - 1);
    into->column = str_slice(text, dot, text.len);
    if (!str_cut(table, '.', &into->table.schema, &into->table.table))
        into->table = (struct scope_table){STR(""), table};
    return into->table.table.len > 0;
}

static bool usage(struct err *err)
{
    err_set(err, ERR_USAGE, 442, "--envelope takes table.column=NAME or text:prefix{id}separator");
    err_hint(err, "keycensus selftest lists the names; a column that holds such values without "
                  "saying so is told by --envelope alone");
    return false;
}

bool envelope_options_add(struct envelope_options *o, struct report *r, struct str text,
                          struct err *err)
{
    struct named_column c = {0};
    struct str column;
    struct str name;
    if (is_template(text)) {
        if (!add_template(o, r->arena, text, &c.envelope, err))
            return false;
        return c.envelope->constant_count > 0 || usage(err);
    }
    if (!str_cut(text, '=', &column, &name) || !parse_column(column, &c))
        return usage(err);
    if (!find_envelope(o, r->arena, name, &c.envelope, err))
        return false;
    o->columns =
        arena_grow(r->arena, o->columns, o->column_count, &o->column_room, sizeof *o->columns);
    o->columns[o->column_count++] = c;
    struct report_declared *d = report_add_declared(r);
    d->schema = c.table.schema;
    d->table = c.table.table;
    d->attribute = d->column = c.column;
    d->resolved_by = STR("table");
    return true;
}

const struct envelope *const *envelope_options_match(const struct envelope_options *o,
                                                     struct arena *arena, struct table_name name,
                                                     const struct str *columns, size_t count,
                                                     const struct envelope *const *known)
{
    const struct envelope **set = NULL;
    for (size_t i = 0; i < o->column_count; i++) {
        const struct named_column *n = &o->columns[i];
        if (!scope_names(n->table.schema, n->table.table, name))
            continue;
        for (size_t c = 0; c < count; c++) {
            if (!str_eq(columns[c], n->column))
                continue;
            if (!set)
                set = ARENA_ARRAY(arena, count, const struct envelope *);
            set[c] = n->envelope;
        }
    }
    for (size_t c = 0; set && known && c < count; c++)
        set[c] = set[c] ? set[c] : known[c];
    return set ? set : known;
}
