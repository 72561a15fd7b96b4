/*
 * accept_parse: the words of --accept, --tables, --order, --only and --protect.
 *
 * Names in places are quoted as in SQL: "odd.name", with "" for a quote.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

/* ---- names in places: SQL's quoting ---- */

static bool is_plain_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_alpha(s.at[i]) && !ascii_digit(s.at[i]) && !strchr("_$-", s.at[i]))
            return false;
    return s.len > 0 && memchr(s.at, 0, s.len) == NULL;
}

static void write_name(struct buf *b, struct str s)
{
    if (is_plain_name(s)) {
        buf_add(b, s);
        return;
    }
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"')
            buf_byte(b, '"');
        buf_byte(b, s.at[i]);
    }
    buf_byte(b, '"');
}

struct str acceptance_place(struct planning *p, const struct plan_blocker *b)
{
    struct buf raw = {.arena = p->a}, text = {.arena = p->a};
    const struct plan_column_name *at = &b->at;
    if (at->table.len == 0)
        write_name(&raw, at->database.len ? at->database : b->version);
    if (at->table.len == 0 && at->database.len == 0 && b->version.len == 0)
        return STR("");
    if (at->table.len && at->schema.len) {
        write_name(&raw, at->schema);
        buf_byte(&raw, '.');
    }
    if (at->table.len)
        write_name(&raw, at->table);
    if (at->table.len && at->column.len) {
        buf_byte(&raw, '.');
        write_name(&raw, at->column);
    }
    text_visible(&text, buf_str(&raw));
    return buf_str(&text);
}

/* One name up to a byte of `ends` or the end; false for an unfinished quote or an empty name. */
static bool read_name(struct arena *a, struct str *rest, const char *ends, struct str *name)
{
    struct buf b = {.arena = a};
    size_t i = 0;
    if (rest->len && rest->at[0] == '"') {
        for (i = 1; i < rest->len; i++) {
            if (rest->at[i] == '"' && (i + 1 == rest->len || rest->at[i + 1] != '"'))
                break;
            i += rest->at[i] == '"';
            buf_byte(&b, rest->at[i]);
        }
        if (i++ >= rest->len)
            return false;
    } else {
        while (i < rest->len && rest->at[i] && !strchr(ends, rest->at[i]))
            buf_byte(&b, rest->at[i++]);
    }
    *rest = str_slice(*rest, i, rest->len);
    *name = buf_str(&b);
    return name->len > 0;
}

static bool take(struct str *rest, char byte)
{
    if (rest->len == 0 || rest->at[0] != (unsigned char)byte)
        return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

static bool read_place(struct arena *a, struct str *rest, struct acceptance *into)
{
    do {
        if (into->part_count == 3 || !read_name(a, rest, ".=:\"", &into->parts[into->part_count]))
            return false;
        into->part_count++;
    } while (take(rest, '.'));
    struct buf place = {.arena = a};
    for (size_t i = 0; i < into->part_count; i++) {
        if (i)
            buf_byte(&place, '.');
        write_name(&place, into->parts[i]);
    }
    into->place = buf_str(&place);
    return true;
}

static bool read_limit(struct str *rest, struct acceptance *into)
{
    size_t n = 0;
    while (n < rest->len && ascii_digit(rest->at[n]))
        n++;
    into->limited = true;
    if (!str_to_u64(str_slice(*rest, 0, n), &into->limit) || into->limit == 0)
        return false;
    *rest = str_slice(*rest, n, rest->len);
    return true;
}

static size_t code_length(struct str s)
{
    size_t n = 0;
    while (n < s.len && s.at[n] != '@' && s.at[n] != '=' && s.at[n] != ':')
        n++;
    return n;
}

static bool parse(struct str text, struct arena *a, struct acceptance *into)
{
    size_t n = code_length(text);
    struct str rest = str_slice(text, n, text.len);
    into->code = arena_copy(a, str_slice(text, 0, n));
    if (take(&rest, '@') && !read_place(a, &rest, into))
        return false;
    if (take(&rest, '=') && !read_limit(&rest, into))
        return false;
    if (!take(&rest, ':'))
        return false;
    into->reason = arena_copy(a, str_trim(rest));
    return into->reason.len > 0;
}

bool acceptance_parse(struct str text, struct arena *a, struct acceptance *into, struct err *err)
{
    *into = (struct acceptance){0};
    if (!parse(text, a, into)) {
        err_set(err, ERR_USAGE, 610, "--accept \"%s\" is not CODE[@place][=COUNT]:REASON",
                text_shown(a, text));
        err_hint(err, "for example --accept unversioned@public.users.secret=3:\"test accounts\"; "
                      "names with a dot stand in double quotes, and the reason is not empty");
        return false;
    }
    if (plan_code_lookup(into->code))
        return true;
    struct str known[PLAN_CODE_MAX], best[1];
    size_t count = plan_code_names(known);
    err_set(err, ERR_USAGE, 611, "--accept: there is no blocker code \"%s\"",
            text_shown(a, into->code));
    if (text_nearest(into->code, known, count, best, 1))
        err_hint(err, "did you mean %.*s?", STR_ARG(best[0]));
    return false;
}

/* ---- lists of names on lines ---- */

static struct str without_comment(struct str line)
{
    line = str_trim(line);
    return line.len && line.at[0] == '#' ? STR("") : line;
}

bool plan_inventory_parse(struct str text, struct arena *a, struct plan_table_name **into,
                          size_t *count, struct err *err)
{
    size_t room = 0, number = 0;
    struct str line;
    *into = NULL;
    *count = 0;
    while (str_line(&text, &line)) {
        number++;
        struct str rest = without_comment(line), first, second = STR("");
        if (rest.len == 0)
            continue;
        bool good = read_name(a, &rest, ".\"", &first);
        bool qualified = good && take(&rest, '.');
        if (!good || (qualified && !read_name(a, &rest, ".\"", &second)) || rest.len ||
            *count == PLAN_LIST_MAX) {
            err_set(err, ERR_USAGE, 613, "line %zu is not [schema.]table", number);
            err_hint(err, "one table a line; names with a dot stand in double quotes");
            return false;
        }
        *into = arena_grow(a, *into, *count, &room, sizeof **into);
        (*into)[(*count)++] = qualified ? (struct plan_table_name){first, second}
                                        : (struct plan_table_name){STR(""), first};
    }
    return true;
}

static bool add_name(struct arena *a, struct str name, struct str **into, size_t *count,
                     size_t *room)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq_nocase((*into)[i], name))
            return false;
    *into = arena_grow(a, *into, *count, room, sizeof **into);
    (*into)[(*count)++] = arena_lower(a, name);
    return true;
}

bool plan_order_parse(struct str text, struct arena *a, struct str **into, size_t *count,
                      struct err *err)
{
    size_t room = 0, number = 0;
    struct str line;
    *into = NULL;
    *count = 0;
    while (str_line(&text, &line)) {
        number++;
        line = without_comment(line);
        if (line.len == 0)
            continue;
        if (*count == KEYRING_VERSIONS_MAX || !add_name(a, line, into, count, &room)) {
            err_set(err, ERR_USAGE, 614, "line %zu: version %s stands there twice", number,
                    text_shown(a, line));
            return false;
        }
    }
    if (*count > 0)
        return true;
    err_set(err, ERR_USAGE, 614, "the order file names no version");
    return false;
}

bool plan_names_parse(struct str text, struct arena *a, struct str **into, size_t *count,
                      struct err *err)
{
    size_t room = 0;
    *into = NULL;
    *count = 0;
    for (bool more = true; more;) {
        struct str name;
        more = str_cut(text, ',', &name, &text);
        name = str_trim(name);
        if (name.len == 0 || *count == KEYRING_VERSIONS_MAX) {
            err_set(err, ERR_USAGE, 615, "a list of versions is v1,v2,...: one is empty");
            return false;
        }
        (void)add_name(a, name, into, count, &room);
    }
    return true;
}
