/*
 * Any bytes as a map file: either an error with a place, or lines that are whole names, in order,
 * each found again under its own key.
 */
#include "analyzer/model_index.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err err = {0};
    struct model_index *ix = model_index_new(&a);
    if (!map_read(ix, "m.map", str_make(data, size), &err)) {
        must(err.id == 401 || err.id == 408);
        must(err.place[0] != 0 && err.hint[0] != 0);
        arena_free(&a);
        return 0;
    }
    for (size_t i = 0; i < ix->line_count; i++) {
        const struct map_line *l = &ix->lines[i];
        struct model_name name;
        must(l->name.len > 0 && l->line > 0);
        must(l->attr.len == 0 || (l->schema.len == 0 && model_name_is_identifier(l->attr)));
        must(model_name_parse(l->spec, &name, &err));
        const struct map_line *found = map_find(ix, l->spec, l->attr);
        must(found && str_eq(found->name, l->name) && str_eq(found->schema, l->schema));
    }
    arena_free(&a);
    return 0;
}
