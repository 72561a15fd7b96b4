/*
 * Any bytes as a Python file: limits hold, lines are in order, no literal of a type is shown, CRLF
 * reads as LF does, and every class found resolves to a table or to an error that says why.
 */
#include "analyzer/model_index.h"
#include "common/buf.h"
#include "formats/python/pytoken.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_tokens(struct arena *a, struct str source)
{
    struct py_lexer lx;
    struct py_line line;
    const unsigned char *at = source.at;
    uint32_t last = 0;
    py_lexer_open(&lx, a, source);
    while (py_next_line(&lx, &line)) {
        must(line.count > 0 && line.count <= PY_LINE_TOKENS_MAX);
        for (size_t i = 0; i < line.count; i++) {
            const struct py_token *t = &line.tokens[i];
            must(t->text.len > 0 && t->text.at >= at);
            at = t->text.at + t->text.len;
            must(at <= source.at + source.len);
            must(t->line >= last);
            last = t->line;
        }
    }
    must(lx.at == source.len);
}

static void check_class(const struct py_class *c, uint32_t lines)
{
    size_t columns = 0;
    must(c->name.len > 0 && c->name.len <= PY_NAME_MAX && c->line >= 1 && c->line <= lines);
    must(c->base_count <= PY_BASES_MAX);
    must(c->table.known != PY_LITERAL || (c->table.text.len && c->table.text.len <= PY_NAME_MAX));
    for (const struct py_column *col = c->columns; col; col = col->next, columns++) {
        must(col->attr.len > 0 && col->line >= 1 && col->line <= lines);
        must(col->name.known != PY_LITERAL || col->name.text.len > 0);
        must(str_find(col->type, '"') == col->type.len);
    }
    must(columns == c->column_count && columns <= PY_COLUMNS_MAX);
}

static void same_value(struct py_value a, struct py_value b)
{
    must(a.known == b.known && a.line == b.line && str_eq(a.text, b.text));
}

static void same_modules(const struct py_module *a, const struct py_module *b)
{
    const struct py_class *d = b->classes;
    must(a->class_count == b->class_count && a->import_count == b->import_count);
    must(a->note_count == b->note_count);
    for (const struct py_class *c = a->classes; c; c = c->next, d = d->next) {
        const struct py_column *y = d->columns;
        must(str_eq(c->name, d->name) && c->line == d->line && c->abstract == d->abstract);
        must(c->column_count == d->column_count && c->alias_count == d->alias_count);
        same_value(c->table, d->table);
        same_value(c->schema, d->schema);
        for (const struct py_column *x = c->columns; x; x = x->next, y = y->next) {
            must(str_eq(x->attr, y->attr) && str_eq(x->type, y->type) && x->line == y->line);
            must(x->encrypted == y->encrypted);
            same_value(x->name, y->name);
        }
    }
}

static void check_crlf(struct arena *a, struct str source, const struct py_module *m)
{
    struct buf crlf = {.arena = a};
    if (str_find(source, '\r') < source.len)
        return;
    for (size_t i = 0; i < source.len; i++) {
        if (source.at[i] == '\n')
            buf_byte(&crlf, '\r');
        buf_byte(&crlf, source.at[i]);
    }
    same_modules(m, py_scan(a, STR("m.py"), buf_str(&crlf)));
}

static void check_model(struct model_index *ix, const struct py_class *c)
{
    struct err err = {0};
    struct model_table t;
    struct model_column column;
    struct str spec = class_spec(ix, c);
    if (model_resolve(ix, spec, &t, &err)) {
        must(t.table.len > 0 && !err_is(&err));
        must(model_column(ix, spec, STR("x"), &column, &err) ? column.column.len > 0
                                                             : err.id == 413 || err.id == 414);
    } else {
        must(err.id == 401 || err.id == 409 || err.id == 415 || (err.id >= 404 && err.id <= 407));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str source = str_make(data, size);
    struct model_index *ix = model_index_new(&a);
    struct model_listing listing;
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n' || data[i] == '\r';
    check_tokens(&a, source);
    struct py_module *m = py_scan(&a, STR("m.py"), source);
    for (const struct py_class *c = m->classes; c; c = c->next)
        check_class(c, lines);
    check_crlf(&a, source, m);
    m->dotted = STR("m");
    m->package = STR("");
    ix->modules = &m;
    ix->module_count = 1;
    ix->has_source = true;
    model_list(ix, &listing);
    for (size_t i = 0; i < listing.row_count; i++)
        must(listing.rows[i].line <= lines);
    size_t tried = 0;
    for (const struct py_class *c = m->classes; c && tried < 50; c = c->next, tried++)
        check_model(ix, c);
    arena_free(&a);
    return 0;
}
