/* flask_py: statements of a Python file sorted into entries, code, and what cannot be known. */
#include "formats/keyring/flask_py.h"
#include "common/buf.h"
#include "formats/keyring/flask_names.h"
#include "formats/python/pytoken.h"

struct reader {
    struct arena *a;
    struct str content;
    struct bindings *all;
    struct flask_lines lines;
    struct err *err;
    const struct py_token *tokens; /* of the statement at hand */
    size_t count;
    size_t at;      /* the token that is next */
    size_t done;    /* bytes that stand in a binding or before one */
    size_t leader;  /* index of the member at hand's leader; SIZE_MAX: none yet */
    size_t entries; /* `NAME = 'literal'` seen */
    bool has_keys;  /* the dictionary was there */
};

static bool refuse(struct reader *r, int id, const char *text, size_t line)
{
    if (!err_is(r->err))
        r->all->bad_line = line;
    err_set(r->err, id == 518 ? ERR_CORRUPT : ERR_REFUSED, id, "%s", text);
    return false;
}

static bool no_literal(struct reader *r)
{
    const struct py_token *t = &r->tokens[r->at < r->count ? r->at : r->count - 1];
    return refuse(r, 516, "an entry of the keyring is no plain literal", t->line);
}

static size_t token_start(const struct reader *r, size_t i)
{
    return (size_t)(r->tokens[i].text.at - r->content.at);
}

static size_t token_end(const struct reader *r, size_t i)
{
    return token_start(r, i) + r->tokens[i].text.len;
}

static bool next_is_op(const struct reader *r, const char *op)
{
    return r->at < r->count && py_is_op(&r->tokens[r->at], op);
}

static bool take_op(struct reader *r, const char *op)
{
    bool is = next_is_op(r, op);
    r->at += is;
    return is;
}

/* One string, or several in a row, which Python joins. */
static bool take_string(struct reader *r, struct str *value, struct span *raw)
{
    struct buf joined = {.arena = r->a};
    size_t first = r->at;
    struct str part;
    while (r->at < r->count && r->tokens[r->at].kind == PY_STRING) {
        if (!py_string_value(r->a, &r->tokens[r->at], &part))
            return no_literal(r);
        buf_add(&joined, part);
        r->at++;
    }
    if (r->at == first)
        return no_literal(r);
    *value = buf_str(&joined);
    *raw = (struct span){token_start(r, first), token_end(r, r->at - 1)};
    return true;
}

/* A field that is not ours may hold any simple literal. */
static bool take_other(struct reader *r)
{
    struct str ignored;
    struct span raw;
    const struct py_token *t = &r->tokens[r->at];
    if (r->at < r->count && (t->kind == PY_NUMBER || py_is_name(t, "None") ||
                             py_is_name(t, "True") || py_is_name(t, "False"))) {
        r->at++;
        return true;
    }
    return take_string(r, &ignored, &raw);
}

static bool add_entry(struct reader *r, struct str name, struct str value, struct span raw,
                      struct binding **added)
{
    if (r->all->count >= FLASK_PY_BINDINGS_MAX) {
        err_set(r->err, ERR_CORRUPT, 500, "the file has more than %d entries",
                FLASK_PY_BINDINGS_MAX);
        return false;
    }
    struct binding *b = bindings_add(r->a, r->all);
    *b = (struct binding){.kind = BINDING_ENTRY, .has_value = true, .key = name, .value = value};
    b->value_raw = raw;
    b->lines = 1;
    *added = b;
    return true;
}

/* 'key': '...' inside the dictionary of a version. */
static bool take_field(struct reader *r, struct str version)
{
    struct str field, value;
    struct span raw;
    struct binding *b;
    uint32_t line = r->tokens[r->at < r->count ? r->at : r->count - 1].line;
    if (!take_string(r, &field, &raw) || !take_op(r, ":"))
        return no_literal(r);
    struct str name = flask_entry_name(r->a, field, version);
    if (name.len == 0)
        return take_other(r);
    if (!take_string(r, &value, &raw) || !add_entry(r, name, value, raw, &b))
        return no_literal(r);
    b->member = MEMBER_LOOSE;
    b->line = line;
    if (r->leader == SIZE_MAX)
        r->leader = r->all->count - 1;
    return true;
}

/* 'v1': {...} and the comma behind it. */
static bool take_version(struct reader *r)
{
    struct str version;
    struct span body;
    size_t first = r->at;
    if (!take_string(r, &version, &body) || !take_op(r, ":") || !take_op(r, "{"))
        return no_literal(r);
    flask_add_gap(r->a, &r->lines, (struct span){r->done, body.start}, '#', r->all);
    r->leader = SIZE_MAX;
    while (!next_is_op(r, "}")) {
        if (!take_field(r, version))
            return false;
        if (!take_op(r, ",") && !next_is_op(r, "}"))
            return no_literal(r);
    }
    body.end = token_end(r, r->at++);
    if (r->leader == SIZE_MAX)
        return refuse(r, 516, "a version without a key", r->tokens[first].line);
    size_t end = take_op(r, ",") ? token_end(r, r->at - 1) : body.end;
    if (end == body.end && !next_is_op(r, "}"))
        return no_literal(r);
    struct span whole = flask_member_span(r->content, body, end, '#');
    flask_close_member(r->all, r->leader, whole, body);
    r->done = whole.end;
    return true;
}

/* ENCRYPTION_KEYS = {...}: the statement up to its brace, the versions, and what is left. */
static bool take_keys(struct reader *r, struct span statement)
{
    if (r->has_keys)
        return refuse(r, 507, "ENCRYPTION_KEYS is assigned twice", r->tokens[0].line);
    r->has_keys = true;
    if (!take_op(r, "{"))
        return no_literal(r);
    flask_add_gap(r->a, &r->lines, (struct span){statement.start, token_end(r, r->at - 1)}, '#',
                  r->all);
    r->done = token_end(r, r->at - 1);
    while (!next_is_op(r, "}"))
        if (!take_version(r))
            return false;
    r->at++;
    if (r->at < r->count)
        return no_literal(r);
    flask_add_gap(r->a, &r->lines, (struct span){r->done, statement.end}, '#', r->all);
    return true;
}

/* NAME = 'literal' */
static bool take_single(struct reader *r, struct span statement)
{
    struct str value;
    struct span raw;
    struct binding *b;
    struct str name = r->tokens[0].text;
    if (str_starts(name, STR("ENCRYPTION_ENV_CHECKSUM")) || str_starts(name, STR("FLASK_")))
        return refuse(r, 516, "a name that has no meaning in a Flask configuration",
                      r->tokens[0].line);
    if (!take_string(r, &value, &raw))
        return false;
    if (r->at < r->count)
        return no_literal(r);
    if (!add_entry(r, name, value, raw, &b))
        return false;
    r->entries += !str_eq(name, STR("ACTIVE_ENCRYPTION_VERSION"));
    b->entry = statement;
    b->line = r->tokens[0].line;
    b->lines = flask_line_at(&r->lines, raw.end) - b->line + 1;
    return true;
}

/* ---- what may not stand in the file ---- */

/* Names through which code can set names that it does not name. */
static const char *const blind[] = {"exec",         "eval",        "execfile",    "globals",
                                    "locals",       "vars",        "setattr",     "compile",
                                    "__dict__",     "_getframe",   "delattr",     "__import__",
                                    "__builtins__", "__setattr__", "__delattr__", "inspect"};

static bool is_blind(struct str name)
{
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
        if (str_eq(name, str_from(blind[i])))
            return true;
    return false;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] >= 0x80)
            return false;
    return true;
}

static bool is_format(const struct py_token *t)
{
    for (size_t i = 0; t->text.at[i] != '"' && t->text.at[i] != '\''; i++)
        if (ascii_lower(t->text.at[i]) == 'f' || ascii_lower(t->text.at[i]) == 't')
            return true;
    return false;
}

/*
 * A format string runs what stands in its braces. Since 3.12 the fields may hold the quote that the
 * string is in: then it does not end where it used to, and its braces are left open.
 */
static bool check_format(struct reader *r, const struct py_token *t)
{
    size_t depth = 0;
    for (size_t i = 0; i < t->text.len; i++) {
        unsigned char c = t->text.at[i];
        bool twin = depth == 0 && i + 1 < t->text.len && t->text.at[i + 1] == c;
        if (c != '{' && c != '}')
            continue;
        if (twin)
            i++;
        else if (c == '{')
            depth++;
        else if (depth-- == 0)
            return refuse(r, 517, "a format string that cannot be followed", t->line);
    }
    if (depth)
        return refuse(r, 517, "a format string that cannot be followed", t->line);
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
        if (str_search(t->text, str_from(blind[i])) < t->text.len)
            return refuse(r, 517, "code that can set names without naming them", t->line);
    return true;
}

static bool check_token(struct reader *r, size_t i, bool is_documentation)
{
    const struct py_token *t = &r->tokens[i];
    if (t->kind == PY_STRING && is_format(t) && !check_format(r, t))
        return false;
    if (t->kind == PY_STRING && !is_documentation && flask_names_in(t->text))
        return refuse(r, 516, "a string names an entry of the keyring", t->line);
    if (t->kind == PY_NAME && flask_name_is_ours(t->text))
        return refuse(r, 516, "an entry of the keyring stands in code that is no plain assignment",
                      t->line);
    if (t->kind == PY_NAME && is_blind(t->text))
        return refuse(r, 517, "code that can set names without naming them", t->line);
    if (t->kind == PY_NAME && !is_ascii(t->text)) /* Python takes NFKC forms for one name */
        return refuse(r, 517, "a name in letters beyond ASCII", t->line);
    if (i && py_is_op(t, "*") && py_is_name(t - 1, "import"))
        return refuse(r, 517, "import * can set any name", t->line);
    return true;
}

/* Strings alone have no effect, and may speak of our names. */
static bool is_documentation(const struct reader *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->tokens[i].kind != PY_STRING || is_format(&r->tokens[i]))
            return false;
    return true;
}

static bool take_code(struct reader *r, struct span statement)
{
    bool quiet = is_documentation(r);
    for (size_t i = 0; i < r->count; i++)
        if (!check_token(r, i, quiet))
            return false;
    if (r->all->count >= FLASK_PY_BINDINGS_MAX) {
        err_set(r->err, ERR_CORRUPT, 500, "the file has more than %d statements",
                FLASK_PY_BINDINGS_MAX);
        return false;
    }
    struct binding *b = bindings_add(r->a, r->all);
    b->kind = BINDING_CODE;
    b->entry = statement;
    b->line = r->tokens[0].line;
    b->lines = flask_line_at(&r->lines, token_end(r, r->count - 1)) - b->line + 1;
    return true;
}

/* Between statements stand comments and blank lines. */
static bool take_statement(struct reader *r, const struct py_line *line, size_t end)
{
    struct span statement = {(size_t)(line->tokens[0].text.at - r->content.at), end};
    while (statement.start > r->done && r->content.at[statement.start - 1] != '\n' &&
           r->content.at[statement.start - 1] != '\r')
        statement.start--;
    r->tokens = line->tokens;
    r->count = line->count;
    r->at = 0;
    if (line->damage != PY_WHOLE)
        return refuse(r, 518, "a string or bracket is not closed", line->damage_line);
    flask_add_gap(r->a, &r->lines, (struct span){r->done, statement.start}, '#', r->all);
    r->done = statement.start;
    bool ours = line->indent == 0 && r->count > 2 && r->tokens[0].kind == PY_NAME &&
                flask_name_is_ours(r->tokens[0].text) && py_is_op(&r->tokens[1], "=");
    r->at = 2;
    bool is_keys = ours && str_eq(r->tokens[0].text, FLASK_KEYS);
    bool done = is_keys ? take_keys(r, statement)
                : ours  ? take_single(r, statement)
                        : take_code(r, statement);
    r->done = end;
    if (done && r->has_keys && r->entries)
        return refuse(r, 516, "two forms of the keyring in one file", r->tokens[0].line);
    return done;
}

/* The encoding that a line names behind "coding:" or "coding=", as PEP 263 looks for it. */
static bool names_other_encoding(struct str line)
{
    size_t mark = str_find(line, '#');
    for (struct str rest = str_slice(line, mark, line.len);;) {
        size_t at = str_search(rest, STR("coding"));
        if (at == rest.len)
            return false;
        rest = str_slice(rest, at + 6, rest.len);
        if (rest.len == 0 || (rest.at[0] != ':' && rest.at[0] != '='))
            continue;
        struct str name = str_trim(str_slice(rest, 1, rest.len));
        size_t len = 0;
        while (len < name.len && (ascii_alpha(name.at[len]) || ascii_digit(name.at[len]) ||
                                  name.at[len] == '-' || name.at[len] == '_'))
            len++;
        name = str_slice(name, 0, len);
        return !str_eq_nocase(name, STR("utf-8")) && !str_eq_nocase(name, STR("utf8"));
    }
}

/* Only a comment on one of the first two lines counts. */
static bool check_encoding(struct reader *r)
{
    struct str rest = r->content;
    struct str line;
    for (size_t n = 1; n <= 2 && str_line(&rest, &line); n++)
        if (names_other_encoding(line))
            return refuse(r, 518, "the file names another encoding than UTF-8", n);
    return true;
}

bool flask_py_parse(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct reader r = {.a = a, .content = content, .all = all, .err = err};
    struct py_lexer lexer;
    struct py_line line;
    r.lines = (struct flask_lines){content, 0, 1};
    if (content.len > FLASK_PY_CONTENT_MAX) {
        err_set(err, ERR_CORRUPT, 500, "the file is larger than %d bytes", FLASK_PY_CONTENT_MAX);
        return false;
    }
    if (!check_encoding(&r))
        return false;
    py_lexer_open(&lexer, a, content);
    r.done = lexer.at;
    while (py_next_line(&lexer, &line))
        if (!take_statement(&r, &line, lexer.at))
            return false;
    flask_add_gap(a, &r.lines, (struct span){r.done, content.len}, '#', all);
    return true;
}

const struct keyring_syntax keyring_flask_py = {
    .name = "flask-py", .is_flask = true, .load = flask_py_parse, .edit = bindings_edit};
