/*
 * mapfile: the user's own word on which table a model is, and which column an attribute.
 *
 *     app.models.user:User = auth.users          # [schema.]table
 *     app.models.user:User.otp = otp_secret_enc
 *     app.models.audit.Log = "Audit Log"         double quotes where a name has dots, blanks or #
 */
#include "analyzer/model_index.h"
#include "common/buf.h"
#include "common/file.h"
#include "common/text.h"

#include <stdlib.h>

/* One file being read; says where in its errors. */
struct map_reader {
    struct model_index *ix;
    const char *path;
    struct str file;
    uint32_t line;
};

static bool malformed(const struct map_reader *r, const char *what, struct err *err)
{
    err_set(err, ERR_USAGE, 408, "%s", what);
    err_place(err, "%s, line %u", r->path, (unsigned)r->line);
    err_hint(err, "a line is pkg.mod:Class = [schema.]table or pkg.mod:Class.attr = column");
    return false;
}

static struct str without_comment(struct str line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] == '"')
            quoted = !quoted;
        else if (line.at[i] == '#' && !quoted)
            return str_slice(line, 0, i);
    }
    return line;
}

/* The inside of "quotes", "" standing for one quote; gives back the length taken, 0 unclosed. */
static size_t quoted_name(struct buf *b, struct str s)
{
    for (size_t i = 1; i < s.len; i++) {
        bool quote = s.at[i] == '"';
        if (quote && (i + 1 >= s.len || s.at[i + 1] != '"'))
            return i + 1;
        if (quote)
            i++;
        buf_byte(b, s.at[i]);
    }
    return 0;
}

/* Takes one SQL name off: quoted, or plain up to a dot or blank. */
static bool take_name(struct arena *a, struct str *rest, struct str *name)
{
    struct buf b = {.arena = a};
    size_t taken = 0;
    if (rest->len && rest->at[0] == '"') {
        taken = quoted_name(&b, *rest);
    } else {
        while (taken < rest->len && rest->at[taken] != '.' && rest->at[taken] != '"' &&
               !ascii_space(rest->at[taken]))
            buf_byte(&b, rest->at[taken++]);
    }
    *rest = str_slice(*rest, taken, rest->len);
    *name = buf_str(&b);
    return taken > 0 && b.len > 0;
}

bool model_table_name(struct arena *a, struct str text, struct str *schema, struct str *name)
{
    if (!take_name(a, &text, name))
        return false;
    if (schema && text.len && text.at[0] == '.') {
        *schema = *name;
        text = str_slice(text, 1, text.len);
        if (!take_name(a, &text, name))
            return false;
    }
    return text.len == 0;
}

static bool starts_upper(struct str s)
{
    return s.len && s.at[0] >= 'A' && s.at[0] <= 'Z';
}

/* pkg.mod:Class, pkg.mod:Class.attr or pkg.mod.Class. */
static bool read_key(const struct map_reader *r, struct str key, struct map_line *out,
                     struct err *err)
{
    struct str module;
    struct str inside;
    struct str attr = STR("");
    struct model_name name;
    bool colon = str_cut(key, ':', &module, &inside);
    if (colon) {
        struct str class_name;
        if (str_cut(inside, '.', &class_name, &attr) && !model_name_is_identifier(attr))
            return malformed(r, "the attribute is not a Python name", err);
        key = str_slice(key, 0, module.len + 1 + class_name.len);
    }
    if (!model_name_parse(key, &name, err)) {
        err_place(err, "%s, line %u", r->path, (unsigned)r->line);
        return false;
    }
    if (!colon) { /* a.b.User.email: is `email` a class, or an attribute of User? */
        size_t at = name.module.len;
        while (at > 0 && name.module.at[at - 1] != '.')
            at--;
        if (starts_upper(str_slice(name.module, at, name.module.len)))
            return malformed(r, "with dots alone it is unclear which part is the class", err);
    }
    out->spec = model_name_text(r->ix->arena, name);
    out->attr = arena_copy(r->ix->arena, attr);
    return true;
}

static bool read_line(const struct map_reader *r, struct str line, struct err *err)
{
    struct model_index *ix = r->ix;
    struct str key;
    struct str value;
    struct map_line out = {.file = r->file, .line = r->line};
    line = str_trim(without_comment(line));
    if (line.len == 0)
        return true;
    if (!str_cut(line, '=', &key, &value))
        return malformed(r, "a line without \"=\"", err);
    if (!read_key(r, str_trim(key), &out, err))
        return false;
    struct str *schema = out.attr.len ? NULL : &out.schema;
    if (!model_table_name(ix->arena, str_trim(value), schema, &out.name))
        return malformed(r, "the right side is not one name", err);
    if (ix->line_count >= MODEL_MAP_LINES) {
        err_set(err, ERR_USAGE, 409, "%s: more than %d lines", r->path, MODEL_MAP_LINES);
        return false;
    }
    ix->lines = arena_grow(ix->arena, ix->lines, ix->line_count, &ix->line_room, sizeof *ix->lines);
    ix->lines[ix->line_count++] = out;
    return true;
}

static int by_key(const void *left, const void *right)
{
    const struct map_line *a = left;
    const struct map_line *b = right;
    int order = str_cmp(a->spec, b->spec);
    return order ? order : str_cmp(a->attr, b->attr);
}

/* Two lines for one name must say the same. */
static bool sort_lines(struct model_index *ix, struct err *err)
{
    if (ix->line_count)
        qsort(ix->lines, ix->line_count, sizeof *ix->lines, by_key);
    for (size_t i = 1; i < ix->line_count; i++) {
        const struct map_line *a = &ix->lines[i - 1];
        const struct map_line *b = &ix->lines[i];
        if (by_key(a, b) != 0 || (str_eq(a->schema, b->schema) && str_eq(a->name, b->name)))
            continue;
        if (a->line > b->line) {
            a = &ix->lines[i];
            b = &ix->lines[i - 1];
        }
        struct arena scratch = {0};
        err_set(err, ERR_USAGE, 408, "%s is mapped twice, differently",
                text_shown(&scratch, a->spec));
        err_place(err, "%.*s, line %u, and %.*s, line %u", STR_ARG(a->file), (unsigned)a->line,
                  STR_ARG(b->file), (unsigned)b->line);
        err_hint(err, "remove the line that is wrong");
        arena_free(&scratch);
        return false;
    }
    return true;
}

bool map_read(struct model_index *ix, const char *path, struct str content, struct err *err)
{
    struct str line;
    struct map_reader r = {.ix = ix, .path = path, .file = arena_copy(ix->arena, str_from(path))};
    if (content.len > MODEL_MAP_BYTES) {
        err_set(err, ERR_USAGE, 409, "%s: larger than %d bytes", path, MODEL_MAP_BYTES);
        return false;
    }
    if (str_starts(content, STR("\xEF\xBB\xBF")))
        content = str_slice(content, 3, content.len);
    while (str_line(&content, &line)) {
        r.line++;
        if (!read_line(&r, line, err))
            return false;
    }
    return sort_lines(ix, err);
}

bool model_index_map(struct model_index *ix, const char *path, struct err *err)
{
    struct arena bytes = {0};
    struct str content;
    bool done = file_read(&bytes, path, &content, err) && map_read(ix, path, content, err);
    arena_free(&bytes);
    return done;
}

const struct map_line *map_find(const struct model_index *ix, struct str spec, struct str attr)
{
    struct map_line key = {.spec = spec, .attr = attr};
    if (ix->line_count == 0)
        return NULL;
    return bsearch(&key, ix->lines, ix->line_count, sizeof key, by_key);
}
