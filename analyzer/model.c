/* model: map first, then source, then the naming rule. */
#include "analyzer/model.h"
#include "analyzer/model_index.h"
#include "common/text.h"

#include <stdlib.h>

enum { HINT_MODELS = 3 };

const char *model_how_name(enum model_how how)
{
    static const char *const names[] = {
        [MODEL_BY_MAP] = "map", [MODEL_BY_SOURCE] = "source", [MODEL_BY_RULE] = "naming-rule"};
    return names[how];
}

struct model_index *model_index_new(struct arena *a)
{
    struct model_index *ix = ARENA_NEW(a, struct model_index);
    ix->arena = a;
    return ix;
}

static bool unknown_model(struct model_index *ix, struct model_name name, struct err *err)
{
    struct arena scratch = {0};
    struct str best[HINT_MODELS];
    err_set(err, ERR_NOT_FOUND, 402, "the model %s is not in the source folder %s",
            text_shown(&scratch, model_name_text(&scratch, name)),
            text_shown(&scratch, ix->folder));
    size_t found = model_nearest(ix, name, best, HINT_MODELS);
    struct buf b = {.arena = &scratch};
    for (size_t i = 0; i < found; i++)
        buf_printf(&b, "%s\"%s\"",
                   i == 0           ? ""
                   : i + 1 == found ? " or "
                                    : ", ",
                   text_shown(&scratch, str_slice(best[i], 0, 200)));
    if (found)
        err_hint(err, "did you mean %.*s?", STR_ARG(buf_str(&b)));
    else
        err_hint(err, "keycensus models %s lists the models that were found",
                 text_shown(&scratch, ix->folder));
    arena_free(&scratch);
    return false;
}

/* The user's word stands above all others. */
static void take_line(struct model_table *t, const struct map_line *line)
{
    t->schema = line->schema;
    t->table = line->name;
    t->how = MODEL_BY_MAP;
    t->file = line->file;
    t->line = line->line;
}

bool model_resolve(struct model_index *ix, struct str spec, struct model_table *out,
                   struct err *err)
{
    struct model_name name;
    struct model_table t = {0};
    struct py_class *owner;
    if (!model_name_parse(spec, &name, err))
        return false;
    struct str text = model_name_text(ix->arena, name);
    const struct map_line *line = map_find(ix, text, STR(""));
    if (line) {
        take_line(&t, line);
    } else if (ix->has_source) {
        struct py_class *c = model_find_class(ix, name, err);
        if (!c)
            return err_is(err) ? false : unknown_model(ix, name, err);
        if (!class_table(ix, c, &t, &owner, err))
            return false;
    } else {
        t.how = MODEL_BY_RULE;
        if (!model_name_table(ix->arena, name.class_name, &t.table, err))
            return false;
    }
    t.spec = text;
    *out = t;
    return true;
}

/* The classes whose columns are of one class alone: its lineage without that of its mapped base. */
struct own_part {
    struct lineage line;
    struct py_class *base; /* the nearest mapped base, or NULL */
};

static void own_part(struct model_index *ix, struct py_class *c, struct own_part *out)
{
    struct lineage inherited;
    class_lineage(ix, c, &out->line);
    out->base = NULL;
    for (size_t i = 1; i < out->line.count && !out->base; i++)
        if (class_is_mapped(ix, out->line.of[i]))
            out->base = out->line.of[i];
    if (!out->base)
        return;
    class_lineage(ix, out->base, &inherited);
    size_t kept = 0;
    for (size_t i = 0; i < out->line.count; i++) {
        bool theirs = false;
        for (size_t k = 0; k < inherited.count; k++)
            theirs |= inherited.of[k] == out->line.of[i];
        if (!theirs)
            out->line.of[kept++] = out->line.of[i];
    }
    out->line.count = kept;
}

/* The column of an attribute, the nearest class first. */
static const struct py_column *by_attribute(const struct lineage *line, struct str attr,
                                            const struct py_class **of)
{
    for (size_t i = 0; i < line->count; i++)
        for (const struct py_column *c = line->of[i]->columns; c; c = c->next)
            if (str_eq(c->attr, attr)) {
                *of = line->of[i];
                return c;
            }
    return NULL;
}

static struct str database_name(const struct py_column *c)
{
    if (c->name.known == PY_UNREADABLE)
        return STR("");
    return c->name.known == PY_LITERAL ? c->name.text : c->attr;
}

/* The column whose database name this is, unless a nearer class has put another in its place. */
static const struct py_column *by_database_name(const struct lineage *line, struct str name,
                                                const struct py_class **of)
{
    for (size_t i = 0; i < line->count; i++)
        for (const struct py_column *c = line->of[i]->columns; c; c = c->next)
            if (str_eq(database_name(c), name) && by_attribute(line, c->attr, of) == c) {
                *of = line->of[i];
                return c;
            }
    return NULL;
}

static const struct py_alias *find_alias(const struct lineage *line, struct str attr,
                                         const struct py_class **of)
{
    for (size_t i = 0; i < line->count; i++)
        for (const struct py_alias *a = line->of[i]->aliases; a; a = a->next)
            if (str_eq(a->attr, attr)) {
                *of = line->of[i];
                return a;
            }
    return NULL;
}

static const struct py_column *find_column(const struct lineage *line, struct str attr,
                                           const struct py_class **of, enum model_column_how *how)
{
    *how = COLUMN_IS_DATABASE;
    const struct py_column *c = by_database_name(line, attr, of);
    if (c)
        return c;
    *how = COLUMN_BY_ATTRIBUTE;
    return by_attribute(line, attr, of);
}

static bool unclear_column(const struct py_class *of, struct str attr, uint32_t line,
                           struct err *err)
{
    struct arena scratch = {0};
    err_set(err, ERR_NOT_FOUND, 414, "the column of %s.%s is not named by a literal",
            text_shown(&scratch, of->name), text_shown(&scratch, attr));
    err_place(err, "%s, line %u", text_shown(&scratch, of->module->path), (unsigned)line);
    err_hint(err, "declare the database column with --table and --column, or name it in a file for "
                  "--map");
    arena_free(&scratch);
    return false;
}

static bool take_column(struct model_index *ix, const struct py_column *c,
                        const struct py_class *of, enum model_column_how how,
                        struct model_column *out, struct err *err)
{
    *out = (struct model_column){.column = arena_copy(ix->arena, database_name(c)),
                                 .how = how,
                                 .encrypted = c->encrypted,
                                 .file = of->module->path,
                                 .line = c->line};
    return out->column.len > 0 || unclear_column(of, c->attr, c->line, err);
}

static bool column_of_base(struct model_index *ix, struct py_class *base, struct str attr,
                           struct err *err)
{
    struct arena scratch = {0};
    err_set(err, ERR_NOT_FOUND, 413, "the attribute %s belongs to the table of a base class",
            text_shown(&scratch, attr));
    err_hint(err, "declare it with --model %s", text_shown(&scratch, class_spec(ix, base)));
    arena_free(&scratch);
    return false;
}

/*
 * Looks in the class, then, in single-table inheritance, in the base whose table it shares. A
 * mapped base with another table (joined inheritance) is looked into only to say so.
 */
static bool column_of_class(struct model_index *ix, struct py_class *c, struct str attr,
                            struct model_column *out, struct err *err)
{
    struct model_table table;
    struct py_class *owner = NULL;
    struct own_part part;
    struct lineage whole;
    struct err none = {0};
    enum model_column_how how;
    const struct py_class *of = NULL;
    class_lineage(ix, c, &whole);
    const struct py_class *set_by = NULL;
    const struct py_alias *alias = find_alias(&whole, attr, &set_by);
    if (!class_table(ix, c, &table, &owner, &none))
        owner = c; /* the map may name the table of a class whose source does not */
    for (int level = 0; level < MODEL_ANCESTORS_MAX; level++) {
        own_part(ix, c, &part);
        const struct py_column *col = find_column(&part.line, attr, &of, &how);
        if (!col && alias && alias->target.len) {
            how = COLUMN_BY_ATTRIBUTE;
            col = by_attribute(&part.line, alias->target, &of);
        }
        if (col)
            return take_column(ix, col, of, how, out, err);
        if (!part.base)
            break;
        if (c == owner) {
            class_lineage(ix, part.base, &whole);
            if (find_column(&whole, attr, &of, &how))
                return column_of_base(ix, part.base, attr, err);
            break;
        }
        c = part.base;
    }
    if (alias)
        return unclear_column(set_by, attr, alias->line, err);
    *out = (struct model_column){.column = arena_copy(ix->arena, attr), .how = COLUMN_SAME_NAME};
    return true;
}

bool model_column(struct model_index *ix, struct str spec, struct str attr,
                  struct model_column *out, struct err *err)
{
    struct model_name name;
    if (!model_name_parse(spec, &name, err))
        return false;
    struct str text = model_name_text(ix->arena, name);
    const struct map_line *line = map_find(ix, text, attr);
    if (line && attr.len) {
        *out = (struct model_column){
            .column = line->name, .how = COLUMN_BY_MAP, .file = line->file, .line = line->line};
        return true;
    }
    struct err found = {0};
    struct py_class *c = model_find_class(ix, name, &found);
    if (c)
        return column_of_class(ix, c, attr, out, err);
    if (err_is(&found) && !map_find(ix, text, STR(""))) {
        (void)model_find_class(ix, name, err);
        return false;
    }
    *out = (struct model_column){.column = arena_copy(ix->arena, attr), .how = COLUMN_SAME_NAME};
    return true;
}

/* listing */

static struct model_row *add_row(struct model_index *ix, struct model_listing *out,
                                 const struct model_table *t)
{
    out->rows = arena_grow(ix->arena, out->rows, out->row_count, &out->row_room, sizeof *out->rows);
    struct model_row *row = &out->rows[out->row_count++];
    *row = (struct model_row){.model = *t};
    return row;
}

static void list_note(struct model_index *ix, struct model_listing *out, const struct py_class *c,
                      const char *text)
{
    out->notes =
        arena_grow(ix->arena, out->notes, out->note_count, &out->note_room, sizeof *out->notes);
    out->notes[out->note_count++] =
        (struct model_note){.file = c->module->path, .line = c->line, .text = str_from(text)};
}

static void list_columns(struct model_index *ix, struct py_class *c, const struct model_table *t,
                         struct model_listing *out)
{
    struct own_part part;
    const struct py_class *of;
    size_t before = out->row_count;
    own_part(ix, c, &part);
    for (size_t i = 0; i < part.line.count; i++)
        for (const struct py_column *col = part.line.of[i]->columns; col; col = col->next) {
            if (by_attribute(&part.line, col->attr, &of) != col)
                continue;
            struct model_row *row = add_row(ix, out, t);
            row->attr = col->attr;
            const struct map_line *map = map_find(ix, t->spec, col->attr);
            row->column = map ? map->name : database_name(col);
            row->type = col->type;
            row->encrypted = col->encrypted;
            row->file = part.line.of[i]->module->path;
            row->line = col->line;
        }
    if (out->row_count == before) {
        struct model_row *row = add_row(ix, out, t);
        row->file = c->module->path;
        row->line = c->line;
    }
}

static void list_class(struct model_index *ix, struct py_class *c, struct model_listing *out)
{
    struct model_table t;
    struct py_class *owner;
    struct err why = {0};
    if (!class_is_mapped(ix, c))
        return;
    if (!class_table(ix, c, &t, &owner, &why)) {
        t.table = STR("");
        if (why.id != 405) /* that one has its note from the scanner */
            list_note(ix, out, c, arena_printf(ix->arena, "%s", why.text));
    }
    const struct map_line *line = map_find(ix, t.spec, STR(""));
    if (line)
        take_line(&t, line);
    list_columns(ix, c, &t, out);
}

static int by_path(const void *left, const void *right)
{
    const struct py_module *a = *(struct py_module *const *)left;
    const struct py_module *b = *(struct py_module *const *)right;
    return str_cmp(a->path, b->path);
}

static int by_place(const void *left, const void *right)
{
    const struct model_note *a = left;
    const struct model_note *b = right;
    int order = str_cmp(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    return order ? order : str_cmp(a->text, b->text);
}

void model_list(struct model_index *ix, struct model_listing *out)
{
    *out = (struct model_listing){0};
    struct py_module **modules = ARENA_ARRAY(ix->arena, ix->module_count, struct py_module *);
    for (size_t i = 0; i < ix->module_count; i++)
        modules[i] = ix->modules[i];
    if (ix->module_count)
        qsort(modules, ix->module_count, sizeof *modules, by_path);
    for (size_t i = 0; i < ix->module_count; i++)
        for (struct py_class *c = modules[i]->classes; c; c = c->next)
            list_class(ix, c, out);
    for (size_t i = 0; i < ix->note_count; i++) {
        out->notes =
            arena_grow(ix->arena, out->notes, out->note_count, &out->note_room, sizeof *out->notes);
        out->notes[out->note_count++] = ix->notes[i];
    }
    if (out->note_count)
        qsort(out->notes, out->note_count, sizeof *out->notes, by_place);
}
