/* scope_hints: nearest names for tables and columns that are not there. */
#include "common/scope_hints.h"
#include "common/text.h"

enum {
    HINT_NEAREST = 3, /* names offered as "did you mean" */
    HINT_LISTED = 6,  /* names listed when none is near */
    HINT_NAME = 80,   /* bytes of a name that a message shows */
    HINT_MATCHES = 16 /* nearest table names looked at, for their schemas */
};

static const char *shown(struct arena *a, struct str name)
{
    const char *text = text_shown(a, str_slice(name, 0, HINT_NAME));
    return name.len > HINT_NAME ? arena_printf(a, "%s...", text) : text;
}

static const char *shown_table(struct arena *a, struct scope_table t)
{
    if (t.schema.len == 0)
        return shown(a, t.table);
    return arena_printf(a, "%s.%s", shown(a, t.schema), shown(a, t.table));
}

/* "a" -> `"a"`; two -> `"a" or "b"`; three -> `"a", "b" or "c"`. */
static const char *alternatives(struct arena *a, const char *const *names, size_t count)
{
    struct buf b = {.arena = a};
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s\"%s\"", i == 0 ? "" : i + 1 == count ? " or " : ", ", names[i]);
    return arena_text(a, buf_str(&b));
}

/* The column that differs from the name only by case and leading underscores, if one alone does. */
static bool same_property(struct str wanted, const struct str *candidates, size_t count,
                          struct str *column)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(text_property(wanted), text_property(candidates[i]))) {
            *column = candidates[i];
            found++;
        }
    return found == 1;
}

static void hint_columns(struct err *err, struct arena *a, const struct str *names, size_t count)
{
    struct buf b = {.arena = a};
    size_t listed = count < HINT_LISTED ? count : HINT_LISTED;
    for (size_t i = 0; i < listed; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", shown(a, names[i]));
    if (count > listed)
        buf_printf(&b, ", ... (%zu in all)", count);
    err_hint(err, "its columns are: %s", arena_text(a, buf_str(&b)));
}

void scope_unknown_column(struct err *err, struct str table, struct str wanted,
                          const struct str *candidates, size_t count)
{
    struct arena a = {0};
    err_set(err, ERR_NOT_FOUND, 412, "column \"%s\" is not in table %s", shown(&a, wanted),
            shown(&a, table));
    struct str column;
    struct str best[HINT_NEAREST];
    const char *names[HINT_NEAREST];
    size_t found = 0;
    if (same_property(wanted, candidates, count, &column)) {
        bool prefixed = column.len != wanted.len;
        err_hint(err, "did you mean \"%s\"?%s", shown(&a, column),
                 prefixed ? " --column takes the database column, not the Python property"
                          : " names are compared letter by letter, capitals too");
        goto out;
    }
    found = text_nearest(wanted, candidates, count, best, HINT_NEAREST);
    for (size_t i = 0; i < found; i++)
        names[i] = shown(&a, best[i]);
    if (found)
        err_hint(err, "did you mean %s?", alternatives(&a, names, found));
    else if (count)
        hint_columns(err, &a, candidates, count);
    else
        err_hint(err, "the input names no column of this table");
out:
    arena_free(&a);
}

static bool names_same_table(struct scope_table a, struct scope_table b)
{
    return str_eq(a.table, b.table) && str_eq(a.schema, b.schema);
}

/* Adds the table unless it is there already; false when the list is full. */
static bool offer(struct scope_table *offers, size_t *count, struct scope_table t)
{
    for (size_t i = 0; i < *count; i++)
        if (names_same_table(offers[i], t))
            return true;
    if (*count == HINT_NEAREST)
        return false;
    offers[(*count)++] = t;
    return true;
}

/* The same name in another schema first, then near names in any schema. */
static size_t near_tables(struct arena *a, struct scope_table wanted,
                          const struct scope_table *candidates, size_t count,
                          struct scope_table offers[HINT_NEAREST])
{
    size_t found = 0;
    struct str *names = ARENA_ARRAY(a, count, struct str);
    for (size_t i = 0; i < count; i++) {
        names[i] = candidates[i].table;
        if (str_eq(candidates[i].table, wanted.table))
            (void)offer(offers, &found, candidates[i]);
    }
    struct str best[HINT_MATCHES];
    size_t near_count = text_nearest(wanted.table, names, count, best, HINT_MATCHES);
    for (size_t b = 0; b < near_count; b++)
        for (size_t i = 0; i < count; i++)
            if (candidates[i].table.at == best[b].at && candidates[i].table.len == best[b].len &&
                !offer(offers, &found, candidates[i]))
                return found;
    return found;
}

void scope_unknown_table(struct err *err, struct scope_table wanted,
                         const struct scope_table *candidates, size_t count)
{
    struct arena a = {0};
    err_set(err, ERR_NOT_FOUND, 411, "table %s is not in the input", shown_table(&a, wanted));
    struct scope_table offers[HINT_NEAREST];
    const char *names[HINT_NEAREST];
    size_t found = near_tables(&a, wanted, candidates, count, offers);
    for (size_t i = 0; i < found; i++)
        names[i] = shown_table(&a, offers[i]);
    if (found && str_eq(offers[0].table, wanted.table))
        err_hint(err, "did you mean %s? the schema is another", alternatives(&a, names, found));
    else if (found)
        err_hint(err, "did you mean %s?", alternatives(&a, names, found));
    else if (count)
        err_hint(err, "the input has %zu tables; keycensus inspect lists them", count);
    else
        err_hint(err, "the input names no table at all: is it the dump you meant?");
    arena_free(&a);
}
