/*
 * model_table: a class's table, by the rules of declarative inheritance.
 *
 * Its own __tablename__ or __table__; else that of a mixin or abstract base; else, below a mapped
 * class and without a primary key of its own, that class's table (single-table inheritance); else
 * the naming rule (flask_sqlalchemy/model.py, should_set_tablename and __table_cls__) or
 * SQLModel's, the name in lower case (sqlmodel/main.py). A class that neither holds for shows no
 * table.
 */
#include "analyzer/model_index.h"
#include "common/text.h"

/* Bases outside the source that never make a class declarative. */
static bool is_plain_base(struct str text)
{
    static const char *const plain[] = {"object",   "ABC",  "Generic",
                                        "Protocol", "Enum", "TypedDict"};
    struct str name = dotted_last(text);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (str_eq(name, str_from(plain[i])))
            return true;
    return str_ends(name, STR("Mixin"));
}

/* Does a base outside the source make it declarative (db.Model, a declarative Base)? */
static bool is_declarative(struct model_index *ix, struct py_class *c)
{
    struct lineage line;
    class_lineage(ix, c, &line);
    if (line.cut)
        return true; /* class_table says what is wrong */
    for (size_t i = 0; i < line.count; i++)
        for (size_t b = 0; b < line.of[i]->base_count; b++) {
            const struct py_base *base = &line.of[i]->bases[b];
            if (!base->found && !is_plain_base(base->text))
                return true;
        }
    return false;
}

/* A base of SQLModel: only a class with table=True has a table. */
static bool is_sqlmodel(const struct lineage *line)
{
    for (size_t i = 0; i < line->count; i++)
        for (size_t b = 0; b < line->of[i]->base_count; b++)
            if (!line->of[i]->bases[b].found &&
                str_eq(dotted_last(line->of[i]->bases[b].text), STR("SQLModel")))
                return true;
    return false;
}

/* A base that the naming rule holds for: db.Model, or a class that calls itself a model. */
static bool names_itself(const struct lineage *line)
{
    for (size_t i = 0; i < line->count; i++)
        for (size_t b = 0; b < line->of[i]->base_count; b++)
            if (!line->of[i]->bases[b].found && str_ends(line->of[i]->bases[b].text, STR("Model")))
                return true;
    return false;
}

/* `class Base(DeclarativeBase)` is the root of models and none itself. */
static bool is_root(const struct py_class *c)
{
    for (size_t b = 0; b < c->base_count; b++) {
        struct str name = dotted_last(c->bases[b].text);
        if (!c->bases[b].found &&
            (str_eq(name, STR("DeclarativeBase")) || str_eq(name, STR("DeclarativeBaseNoMeta"))))
            return true;
    }
    return false;
}

bool class_is_mapped(struct model_index *ix, struct py_class *c)
{
    struct lineage line;
    if (c->abstract || !is_declarative(ix, c) || is_root(c))
        return false;
    class_lineage(ix, c, &line);
    if (is_sqlmodel(&line))
        return c->table_model;
    for (size_t i = 0; i < line.count; i++)
        if (line.of[i]->columns || line.of[i]->table.known != PY_ABSENT)
            return true;
    return line.cut;
}

/* What decides the table of a class. */
struct decision {
    const struct py_value *stated; /* a table name */
    struct py_class *base;         /* the nearest mapped base */
    bool own_key;                  /* a primary key before that base */
};

static bool has_primary_key(const struct py_class *c)
{
    for (const struct py_column *col = c->columns; col; col = col->next)
        if (col->primary_key)
            return true;
    return false;
}

/*
 * A mixin's declared __tablename__ is computed anew for every subclass, so it reaches past a mapped
 * base; that it does is the usual surprise with such mixins (SQLAlchemy, "Mixing in ...").
 */
static const struct py_value *computed_name(const struct lineage *line, const struct py_class *base)
{
    bool past = false;
    for (size_t i = 0; i < line->count; i++) {
        const struct py_value *table = &line->of[i]->table;
        past |= line->of[i] == base;
        if (past && table->known != PY_ABSENT) {
            bool computed = line->of[i] != base &&
                            (table->known == PY_LOWER_NAME || table->known == PY_UNREADABLE);
            return computed ? table : NULL;
        }
    }
    return NULL;
}

static struct decision decide(struct model_index *ix, const struct lineage *line)
{
    struct decision d = {0};
    bool none = false; /* __tablename__ = None ends the search for a name */
    for (size_t i = 0; i < line->count && !d.base; i++) {
        struct py_class *c = line->of[i];
        if (i > 0 && class_is_mapped(ix, c)) {
            d.base = c;
            continue;
        }
        d.own_key |= has_primary_key(c);
        if (!d.stated && !none && c->table.known != PY_ABSENT) {
            none = c->table.known == PY_NONE;
            d.stated = none ? NULL : &c->table;
        }
    }
    if (none)
        d.own_key = false;
    else if (!d.stated && d.base)
        d.stated = computed_name(line, d.base);
    return d;
}

/* The first schema stated by the class, its mixins and abstract bases; then by any metadata. */
static struct str find_schema(struct model_index *ix, const struct lineage *line)
{
    const struct py_value *stated = NULL;
    for (size_t i = 0; i < line->count && !stated; i++)
        if (line->of[i]->schema.known != PY_ABSENT && (i == 0 || !class_is_mapped(ix, line->of[i])))
            stated = &line->of[i]->schema;
    for (size_t i = 0; i < line->count && !stated; i++)
        if (line->of[i]->metadata_schema.known != PY_ABSENT)
            stated = &line->of[i]->metadata_schema;
    return stated && stated->known == PY_LITERAL ? stated->text : STR("");
}

static bool no_table(const struct py_class *c, int id, const char *why, uint32_t line,
                     struct err *err)
{
    struct arena scratch = {0};
    err_set(err, id == 409 ? ERR_USAGE : ERR_NOT_FOUND, id, "the class %s %s",
            text_shown(&scratch, c->name), why);
    err_place(err, "%s, line %u", text_shown(&scratch, c->module->path), (unsigned)line);
    err_hint(err, id == 406 ? "name the model that has the table, a subclass of it"
                            : "name its table in a file for --map");
    arena_free(&scratch);
    return false;
}

/* The name of `c` by what was stated, or by the rule. */
static bool name_table(struct model_index *ix, const struct lineage *line, const struct decision *d,
                       struct model_table *out, struct err *err)
{
    const struct py_class *c = line->of[0];
    out->file = c->module->path;
    out->line = d->stated ? d->stated->line : c->line;
    out->how = MODEL_BY_SOURCE;
    if (!d->stated) {
        out->how = MODEL_BY_RULE;
        if (is_sqlmodel(line)) {
            out->table = arena_lower(ix->arena, class_last_name(c));
            return true;
        }
        if (!names_itself(line))
            return no_table(c, 415, "shows no table", out->line, err);
        return model_name_table(ix->arena, c->name, &out->table, err);
    }
    if (d->stated->known == PY_UNREADABLE)
        return no_table(c, 405, "names its table by an expression that is not a literal", out->line,
                        err);
    out->table = d->stated->known == PY_LOWER_NAME ? arena_lower(ix->arena, class_last_name(c))
                                                   : d->stated->text;
    return true;
}

bool class_table(struct model_index *ix, struct py_class *c, struct model_table *out,
                 struct py_class **owner, struct err *err)
{
    struct lineage line;
    *out = (struct model_table){.spec = class_spec(ix, c)};
    for (int step = 0; step < MODEL_ANCESTORS_MAX; step++) {
        class_lineage(ix, c, &line);
        if (line.cut)
            return no_table(c, 409, "has more base classes than are followed", c->line, err);
        if (c->abstract || is_root(c) || (is_sqlmodel(&line) && !c->table_model))
            return no_table(c, 406, "is abstract and has no table", c->line, err);
        struct decision d = decide(ix, &line);
        if (!d.stated && d.base && !d.own_key) {
            c = d.base;
            continue;
        }
        *owner = c;
        out->schema = find_schema(ix, &line);
        return name_table(ix, &line, &d, out, err);
    }
    return no_table(c, 406, "has no table of its own", c->line, err);
}
