/* analyze_objects: large objects, of archives and of scripts. */
#include "analyzer/analysis.h"

static struct table_name objects_name(const struct analysis *a)
{
    return (struct table_name){a->database, STR("pg_catalog"), STR("pg_largeobject")};
}

struct catalogue_entry *analysis_objects_entry(struct analysis *a)
{
    static const struct str data = {(const unsigned char *)"data", 4};
    struct catalogue_entry *entry = catalogue_table(&a->catalogue, objects_name(a));
    struct str *columns = ARENA_NEW(a->arena, struct str);
    *columns = data;
    catalogue_define(&a->catalogue, entry, TABLE_ORDINARY, columns, 1);
    return entry;
}

bool analysis_objects_excluded(struct analysis *a)
{
    if (!scope_is_excluded(&a->scope, objects_name(a)))
        return false;
    catalogue_table(&a->catalogue, objects_name(a))->skipped = true;
    return true;
}

/* One layout and one tally for all of them, until they are added up. */
static struct table_rows *objects_rows(struct analysis *a, struct err *err)
{
    struct catalogue_entry *entry = catalogue_table(&a->catalogue, objects_name(a));
    if (a->objects && a->objects->entry == entry)
        return a->objects;
    (void)analysis_objects_entry(a);
    a->objects = analysis_rows(a, entry, SCAN_BYTES, NULL, entry->columns, 1,
                               arena_printf(a->arena, "%s, large objects", a->text->path), err);
    return a->objects;
}

bool analysis_object(struct analysis *a, struct err *err)
{
    const struct table_rows *rows = objects_rows(a, err);
    return rows && value_scan(a->pool, rows->scan, a->window, err);
}
