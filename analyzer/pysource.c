/* pysource: logical lines to blocks, classes and imports. */
#include "analyzer/pysource.h"
#include "analyzer/pyscan.h"

#include <stdarg.h>
#include <stdio.h>

/* What a method means to the class it stands in. */
enum method { METHOD_PLAIN, METHOD_DECLARED, METHOD_PROPERTY };

enum place { PLACE_MODULE, PLACE_CLASS, PLACE_METHOD };

/* A block of lines that are indented deeper than its header. `if` and `try` keep their place. */
struct block {
    enum place place;
    size_t indent; /* of the header */
    struct py_class *class_;
    enum method method;
    struct py_token name; /* of the method */
    size_t method_at;     /* where the method's own block stands: it counts the returns */
    size_t returns;
};

struct scanner {
    struct arena *arena;   /* for what stays */
    struct arena *scratch; /* emptied after every line */
    struct py_module *module;
    struct block blocks[PY_BLOCKS_MAX]; /* [0] is the module */
    size_t depth;
    enum method decorated; /* by the decorators just read */
    bool too_deep;         /* within a block beyond the limit: its lines are passed over */
    size_t too_deep_indent;
};

void py_note(struct arena *a, struct py_module *m, uint32_t line, const char *format, ...)
{
    if (m->note_count > PY_NOTES_MAX)
        return;
    char text[512] = "more was not understood than is listed here";
    if (m->note_count++ < PY_NOTES_MAX) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
    }
    struct py_note *note = ARENA_NEW(a, struct py_note);
    *note = (struct py_note){.line = line, .text = arena_copy(a, str_from(text))};
    if (m->last_note)
        m->last_note->next = note;
    else
        m->notes = note;
    m->last_note = note;
}

struct str py_keep(struct py_body *b, struct str name, uint32_t line)
{
    if (name.len > PY_NAME_MAX)
        py_note(b->arena, b->module, line, "a name of more than %d bytes was cut", PY_NAME_MAX);
    return arena_copy(b->arena, str_slice(name, 0, PY_NAME_MAX));
}

static struct py_body body_of(struct scanner *sc, struct py_class *c)
{
    return (struct py_body){
        .arena = sc->arena, .scratch = sc->scratch, .module = sc->module, .class_ = c};
}

static struct block *top(struct scanner *sc)
{
    return &sc->blocks[sc->depth];
}

static bool push_block(struct scanner *sc, struct block b, uint32_t line)
{
    if (sc->depth + 1 == PY_BLOCKS_MAX) {
        sc->too_deep = true;
        sc->too_deep_indent = b.indent;
        py_note(sc->arena, sc->module, line, "a block nested deeper than %d is not read",
                PY_BLOCKS_MAX);
        return false;
    }
    sc->blocks[++sc->depth] = b;
    return true;
}

/* imports */

static void add_import(struct scanner *sc, struct str local, struct str module, struct str name,
                       uint32_t line)
{
    struct py_module *m = sc->module;
    struct py_body b = body_of(sc, NULL);
    if (m->import_count == PY_IMPORTS_MAX) {
        py_note(sc->arena, m, line, "more than %d imports; one is not followed", PY_IMPORTS_MAX);
        return;
    }
    m->imports =
        arena_grow(sc->arena, m->imports, m->import_count, &m->import_room, sizeof *m->imports);
    m->imports[m->import_count++] = (struct py_import){.local = py_keep(&b, local, line),
                                                       .module = py_keep(&b, module, line),
                                                       .name = py_keep(&b, name, line)};
}

/* `x as y` behind the first `taken` tokens: the name it has here. */
static bool renamed(struct py_span s, size_t taken, struct str *local)
{
    if (taken + 1 >= s.count || !py_is_name(&s.at[taken], "as"))
        return false;
    *local = s.at[taken + 1].text;
    return true;
}

/* import a.b, c.d as e */
static void scan_import(struct scanner *sc, struct py_span s)
{
    struct py_argument arg;
    struct py_span rest = py_skip(s, 1);
    while (py_next_argument(&rest, &arg)) {
        size_t n = py_dotted(arg.value);
        struct str local;
        if (n == 0)
            continue;
        uint32_t line = arg.value.at[0].line;
        if (renamed(arg.value, n, &local))
            add_import(sc, local, py_dotted_text(sc->scratch, arg.value), STR(""), line);
        else
            add_import(sc, arg.value.at[0].text, arg.value.at[0].text, STR(""), line);
    }
}

/* from ..a.b import c, d as e;  from .a import * */
static void scan_from(struct scanner *sc, struct py_span s)
{
    size_t at = 1;
    while (at < s.count && s.at[at].kind == PY_OP && s.at[at].text.at[0] == '.')
        at++;
    struct str dots = {.len = 0};
    if (at > 1) {
        char *text = arena_alloc(sc->scratch, at);
        memset(text, '.', at - 1);
        dots = str_make(text, at - 1);
    }
    struct py_span rest = py_skip(s, at);
    struct str path = STR("");
    if (rest.count && !py_is_name(&rest.at[0], "import")) {
        path = py_dotted_text(sc->scratch, rest);
        rest = py_skip(rest, py_dotted(rest));
    }
    if (rest.count < 2 || !py_is_name(&rest.at[0], "import") || dots.len + path.len == 0)
        return;
    struct str module =
        str_from(arena_printf(sc->scratch, "%.*s%.*s", STR_ARG(dots), STR_ARG(path)));
    rest = py_strip(py_skip(rest, 1));
    struct py_argument arg;
    while (py_next_argument(&rest, &arg)) {
        if (arg.stars == 1)
            add_import(sc, STR(""), module, STR("*"), s.at[0].line);
        if (arg.value.count == 0 || arg.value.at[0].kind != PY_NAME)
            continue;
        struct str local = arg.value.at[0].text;
        (void)renamed(arg.value, 1, &local);
        add_import(sc, local, module, arg.value.at[0].text, arg.value.at[0].line);
    }
}

/* statements */

/* `name = value`, `name: annotation`, `name: annotation = value` in the body of a class. */
static void scan_assignment(struct scanner *sc, struct py_span s)
{
    struct py_body b = body_of(sc, top(sc)->class_);
    if (s.count < 3 || s.at[0].kind != PY_NAME)
        return;
    struct py_span annotation = {0};
    struct py_span value = {0};
    if (py_is_op(&s.at[1], "=")) {
        value = py_skip(s, 2);
    } else if (py_is_op(&s.at[1], ":")) {
        annotation = py_skip(s, 2);
        size_t equals = py_find_op(annotation, "=");
        value = py_skip(annotation, equals + 1);
        annotation.count = equals;
    } else {
        return;
    }
    pyclass_assign(&b, &s.at[0], annotation, value);
}

static void scan_return(struct scanner *sc, struct py_span value)
{
    struct block *method = top(sc);
    struct py_body b = body_of(sc, method->class_);
    if (method->method == METHOD_PROPERTY)
        pyclass_property(&b, &method->name, value);
    else if (method->method == METHOD_DECLARED && sc->blocks[method->method_at].returns++ > 0)
        pyclass_unclear(&b, &method->name);
    else if (method->method == METHOD_DECLARED && value.count)
        pyclass_assign(&b, &method->name, (struct py_span){0}, value);
}

/* What maps a class from outside of its body is said, so that nobody looks for the reason. */
static void note_imperative(struct scanner *sc, struct py_span s)
{
    struct str callee;
    struct py_span arguments;
    if (py_call(s, &callee, &arguments) &&
        (str_eq(callee, STR("map_imperatively")) || str_eq(callee, STR("mapper"))))
        py_note(sc->arena, sc->module, s.at[0].line,
                "%.*s(...) maps a class; an imperative mapping is not read", STR_ARG(callee));
}

static void scan_statement(struct scanner *sc, struct py_span s)
{
    if (s.count == 0)
        return;
    if (py_is_name(&s.at[0], "import"))
        scan_import(sc, s);
    else if (py_is_name(&s.at[0], "from"))
        scan_from(sc, s);
    else if (top(sc)->place == PLACE_CLASS)
        scan_assignment(sc, s);
    else if (top(sc)->place == PLACE_METHOD && py_is_name(&s.at[0], "return"))
        scan_return(sc, py_skip(s, 1));
    else
        note_imperative(sc, s);
}

/* One or more statements between semicolons. */
static void scan_statements(struct scanner *sc, struct py_span s)
{
    while (s.count) {
        size_t end = py_find_op(s, ";");
        scan_statement(sc, (struct py_span){s.at, end});
        s = py_skip(s, end + 1);
    }
}

/* headers */

static void read_bases(struct scanner *sc, struct py_class *c, struct py_span arguments)
{
    struct py_argument arg;
    struct py_body b = body_of(sc, c);
    c->bases = ARENA_ARRAY(sc->arena, PY_BASES_MAX, struct py_base);
    while (py_next_argument(&arguments, &arg)) {
        if (str_eq(arg.keyword, STR("table")))
            c->table_model = arg.value.count == 1 && py_is_name(&arg.value.at[0], "True");
        if (arg.keyword.len || arg.value.count == 0)
            continue;
        if (c->base_count == PY_BASES_MAX) {
            py_note(sc->arena, sc->module, c->line, "%.*s has more than %d bases", STR_ARG(c->name),
                    PY_BASES_MAX);
            return;
        }
        size_t n = py_dotted(arg.value);
        bool plain = arg.stars == 0 && n > 0 &&
                     (n == arg.value.count || (py_is_op(&arg.value.at[n], "[") &&
                                               py_close(arg.value, n) == arg.value.count));
        if (!plain)
            py_note(sc->arena, sc->module, c->line, "a base class of %.*s is not a plain name",
                    STR_ARG(c->name));
        c->bases[c->base_count++].text =
            plain ? py_keep(&b, py_dotted_text(sc->scratch, arg.value), c->line) : STR("");
    }
}

static struct py_class *add_class(struct scanner *sc, const struct py_token *name)
{
    struct py_module *m = sc->module;
    const struct block *around = top(sc);
    if (m->class_count == PY_CLASSES_MAX) {
        py_note(sc->arena, m, name->line, "more than %d classes; one is not read", PY_CLASSES_MAX);
        return NULL;
    }
    struct py_class *c = ARENA_NEW(sc->arena, struct py_class);
    struct py_body b = body_of(sc, c);
    struct str full = name->text;
    if (around->place == PLACE_CLASS && around->class_->name.len < PY_NAME_MAX)
        full = str_from(arena_printf(sc->scratch, "%.*s.%.*s", STR_ARG(around->class_->name),
                                     STR_ARG(str_slice(name->text, 0, PY_NAME_MAX))));
    c->module = m;
    c->line = name->line;
    c->name = py_keep(&b, full, name->line);
    if (m->last_class)
        m->last_class->next = c;
    else
        m->classes = c;
    m->last_class = c;
    m->class_count++;
    return c;
}

/* class Name[T](Base, metaclass=M): ... */
static void open_class(struct scanner *sc, const struct py_line *line, struct py_span s)
{
    if (s.count < 2 || s.at[1].kind != PY_NAME)
        return;
    struct py_class *c = add_class(sc, &s.at[1]);
    /* Beyond the limit the body must not land in the class around it: it is read as a method. */
    struct block body = {
        .place = c ? PLACE_CLASS : PLACE_METHOD, .indent = line->indent, .class_ = c};
    if (!push_block(sc, body, line->line) || !c)
        return;
    struct py_span rest = py_skip(s, 2);
    if (rest.count && py_is_op(&rest.at[0], "["))
        rest = py_skip(rest, py_close(rest, 0));
    if (rest.count && py_is_op(&rest.at[0], "(")) {
        size_t end = py_close(rest, 0);
        bool closed = py_is_op(&rest.at[end - 1], ")") && end > 1;
        read_bases(sc, c, (struct py_span){rest.at + 1, end - 1 - (closed ? 1 : 0)});
        rest = py_skip(rest, end);
    }
    size_t colon = py_find_op(rest, ":");
    scan_statements(sc, py_skip(rest, colon + 1));
}

static void open_method(struct scanner *sc, const struct py_line *line, struct py_span s)
{
    const struct block *around = top(sc);
    bool of_class = around->place == PLACE_CLASS && s.count > 1 && s.at[1].kind == PY_NAME;
    struct block method = {.place = PLACE_METHOD, .indent = line->indent};
    if (of_class) {
        method.class_ = around->class_;
        method.method = sc->decorated;
        method.name = s.at[1];
        method.method_at = sc->depth + 1;
    }
    if (!push_block(sc, method, line->line))
        return;
    size_t colon = py_find_op(s, ":");
    scan_statements(sc, py_skip(s, colon + 1));
}

/* @declared_attr, @declared_attr.directive, @property, @hybrid_property, @sa.orm.declared_attr */
static void read_decorator(struct scanner *sc, struct py_span s)
{
    size_t n = py_dotted(s);
    for (size_t i = 0; i < n; i += 2) {
        struct str name = s.at[i].text;
        bool last = i + 1 >= n;
        if (str_eq(name, STR("declared_attr")))
            sc->decorated = METHOD_DECLARED;
        else if (last && (str_eq(name, STR("property")) || str_eq(name, STR("hybrid_property")) ||
                          str_eq(name, STR("cached_property"))))
            sc->decorated = METHOD_PROPERTY;
    }
}

/* `if X: statement` on one line: what stands behind the colon. */
static struct py_span inline_body(struct py_span s)
{
    static const char *const words[] = {"if",      "elif", "else", "try",  "except",
                                        "finally", "for",  "with", "while"};
    for (size_t i = 0; s.count && i < sizeof words / sizeof words[0]; i++)
        if (py_is_name(&s.at[0], words[i]))
            return py_skip(s, py_find_op(s, ":") + 1);
    return s;
}

static void scan_line(struct scanner *sc, const struct py_line *line)
{
    struct py_span s = {line->tokens, line->count};
    if (sc->too_deep && line->indent > sc->too_deep_indent)
        return;
    sc->too_deep = false;
    while (sc->depth > 0 && top(sc)->indent >= line->indent)
        sc->depth--;
    if (py_is_op(&s.at[0], "@")) {
        read_decorator(sc, py_skip(s, 1));
        return;
    }
    if (py_is_name(&s.at[0], "async"))
        s = py_skip(s, 1);
    if (s.count && py_is_name(&s.at[0], "class")) {
        open_class(sc, line, s);
    } else if (s.count && py_is_name(&s.at[0], "def")) {
        open_method(sc, line, s);
    } else if (s.count && py_is_op(&s.at[s.count - 1], ":")) {
        struct block same = *top(sc);
        same.indent = line->indent;
        (void)push_block(sc, same, line->line);
    } else {
        scan_statements(sc, inline_body(s));
    }
    sc->decorated = METHOD_PLAIN;
}

static void note_damage(struct scanner *sc, const struct py_line *line)
{
    static const char *const texts[] = {
        [PY_OPEN_STRING] = "a string without its end; what follows it may be missing",
        [PY_OPEN_BRACKET] = "a bracket without its end; what follows it may be missing",
        [PY_LONG_LINE] = "a statement too long to be read whole"};
    if (line->damage != PY_WHOLE)
        py_note(sc->arena, sc->module, line->damage_line, "%s", texts[line->damage]);
}

struct py_module *py_scan(struct arena *a, struct str path, struct str source)
{
    struct arena tokens = {0};
    struct arena scratch = {0};
    struct py_module *m = ARENA_NEW(a, struct py_module);
    struct scanner *sc = ARENA_NEW(&tokens, struct scanner);
    struct py_lexer lx;
    struct py_line line;
    m->path = arena_copy(a, path);
    sc->arena = a;
    sc->scratch = &scratch;
    sc->module = m;
    (void)arena_alloc(&scratch, 1); /* keeps the first block through the resets below */
    struct arena_mark empty = arena_mark(&scratch);
    if (str_find(source, 0) < source.len) {
        py_note(a, m, 0, "holds NUL bytes: binary or UTF-16, not read as Python");
    } else {
        py_lexer_open(&lx, &tokens, source);
        while (py_next_line(&lx, &line)) {
            note_damage(sc, &line);
            scan_line(sc, &line);
            arena_reset(&scratch, empty);
        }
    }
    arena_free(&scratch);
    arena_free(&tokens);
    return m;
}
