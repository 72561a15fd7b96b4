/*
 * Backslash commands of psql: which database a script goes on with, and which commands bring rows,
 * or decide whether others do. Commands known to do neither are stepped over; any other is reported
 * as unread, by name (S1).
 * Source: psql's command.c; arguments: psqlscanslash.l; connection strings: libpq's fe-connect.c.
 */
#include "formats/dump/sql_parts.h"

/* ---- arguments ---- */

/* The quoted part that starts text; gives back its length with both quotes. */
static size_t quoted_part(struct buf *into, struct str text)
{
    unsigned char quote = text.at[0];
    size_t at = 1;
    for (; at < text.len; at++) {
        unsigned char c = text.at[at];
        if (c == quote) {
            if (at + 1 == text.len || text.at[at + 1] != quote)
                return at + 1;
            at++;
        } else if (c == '\\' && quote == '\'' && at + 1 < text.len) {
            at++; /* psql's C-like escapes; for names only \' and \\ matter */
        }
        buf_byte(into, text.at[at]);
    }
    return at;
}

/* Takes one argument off *rest. False: there is none. */
static bool argument(struct sql_reader *r, struct str *rest, struct str *value)
{
    struct str text = str_trim(*rest);
    struct buf into = {.arena = &r->arena};
    size_t at = 0;
    while (at < text.len && !ascii_space(text.at[at]) && text.at[at] != '\\') {
        if (text.at[at] == '"' || text.at[at] == '\'')
            at += quoted_part(&into, str_slice(text, at, text.len));
        else
            buf_byte(&into, text.at[at++]);
    }
    *value = buf_str(&into);
    *rest = str_slice(text, at, text.len);
    return at > 0;
}

/* ---- \connect ---- */

/* One value of a connection string: plain up to white space, or in ' with \ escapes. */
static struct str conninfo_value(struct sql_reader *r, struct str *rest)
{
    struct buf value = {.arena = &r->arena};
    struct str text = str_trim(*rest);
    bool quoted = text.len && text.at[0] == '\'';
    size_t at = quoted;
    for (; at < text.len; at++) {
        unsigned char c = text.at[at];
        if (quoted ? c == '\'' : ascii_space(c))
            break;
        if (c == '\\' && at + 1 < text.len)
            at++;
        buf_byte(&value, text.at[at]);
    }
    *rest = str_slice(text, at + 1, text.len);
    return buf_str(&value);
}

/* key = value pairs; false: no dbname among them. */
static bool conninfo_database(struct sql_reader *r, struct str text, struct str *database)
{
    bool found = false;
    struct str key;
    while (str_cut(text, '=', &key, &text)) {
        struct str value = conninfo_value(r, &text);
        if (str_eq(str_trim(key), STR("dbname"))) {
            *database = value;
            found = true;
        }
    }
    return found;
}

/* postgresql://user@host:port/DATABASE?... */
static bool uri_database(struct sql_reader *r, struct str uri, struct str *database)
{
    struct str rest = str_slice(uri, str_search(uri, STR("//")) + 2, uri.len);
    struct str host;
    if (!str_cut(rest, '/', &host, &rest))
        return false;
    rest = str_slice(rest, 0, str_find(rest, '?'));
    struct buf name = {.arena = &r->arena};
    for (size_t i = 0; i < rest.len; i++) {
        int high = rest.at[i] == '%' && i + 2 < rest.len ? ascii_hex(rest.at[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(rest.at[i + 2]) : -1;
        if (low >= 0)
            i += 2;
        buf_byte(&name, low >= 0 ? (unsigned char)(high * 16 + low) : rest.at[i]);
    }
    *database = buf_str(&name);
    return rest.len > 0;
}

/* \connect [-reuse-previous=on|off] [ dbname | - | conninfo ] ... */
static bool connect_to(struct sql_reader *r, struct str rest, struct err *err)
{
    struct str first;
    bool some = argument(r, &rest, &first);
    if (some && str_starts(first, STR("-reuse-previous=")))
        some = argument(r, &rest, &first);
    struct str database = sql_kept(&r->database);
    if (some && (str_starts(first, STR("postgres://")) || str_starts(first, STR("postgresql://"))))
        (void)uri_database(r, first, &database);
    else if (some && str_find(first, '=') < first.len)
        (void)conninfo_database(r, first, &database);
    else if (some && !str_eq(first, STR("-")))
        database = first;
    return sql_connected(r, database, err);
}

/* ---- the other commands ---- */

/* They bring no rows, skip nothing and change nothing that matters for reading. */
static bool is_harmless(struct str command)
{
    static const char *const list[] = {
        "\\restrict", "\\unrestrict", "\\echo",       "\\qecho",     "\\warn",   "\\set",
        "\\unset",    "\\pset",       "\\timing",     "\\a",         "\\C",      "\\cd",
        "\\conninfo", "\\copyright",  "\\errverbose", "\\f",         "\\getenv", "\\setenv",
        "\\h",        "\\help",       "\\H",          "\\l",         "\\list",   "\\o",
        "\\out",      "\\p",          "\\print",      "\\password",  "\\prompt", "\\s",
        "\\sf",       "\\sv",         "\\t",          "\\T",         "\\w",      "\\write",
        "\\x",        "\\z",          "\\?",          "\\\\",        "\\else",   "\\endif",
        "\\html",     "\\lo_list",    "\\lo_export",  "\\lo_unlink", "\\q",      "\\quit"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (str_eq(command, str_from(list[i])))
            return true;
    return str_starts(command, STR("\\d"));
}

/* They send or drop the statement that stands before them, like a semicolon. */
static bool ends_statement(struct str command)
{
    static const char *const list[] = {"\\g", "\\gx",    "\\gdesc",        "\\gset", "\\gexec",
                                       "\\;", "\\watch", "\\crosstabview", "\\r",    "\\reset"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (str_eq(command, str_from(list[i])))
            return true;
    return false;
}

/* Those of the above that do no more than that. */
static bool only_sends(struct str command)
{
    return ends_statement(command) && !str_eq(command, STR("\\gset")) &&
           !str_eq(command, STR("\\gexec"));
}

/*
 * \copy table [(columns)] from ...: the table, as a name of its own is cut from the line. What is
 * copied out brings nothing.
 */
static bool copy_command(struct sql_reader *r, struct str rest, struct err *err)
{
    struct str table;
    struct str word;
    struct str probe = rest;
    bool out = false;
    bool in = false;
    while (!in && !out && argument(r, &probe, &word)) {
        in = str_eq_nocase(word, STR("from"));
        out = str_eq_nocase(word, STR("to"));
    }
    if (out && !in)
        return true;
    if (!argument(r, &rest, &table))
        table = STR("");
    struct str schema = STR("");
    struct str name;
    table = str_slice(table, 0, str_find(table, '('));
    if (str_cut(table, '.', &schema, &name))
        return sql_unread(r, STR("\\copy"), schema, str_slice(name, 0, SQL_NAME_MAX), err);
    return sql_unread(r, STR("\\copy"), arena_copy(&r->arena, sql_kept(&r->path)),
                      str_slice(table, 0, SQL_NAME_MAX), err);
}

/* Only names of psql's: any other may be a cell that strayed out of its rows (S5). */
static struct str shown_command(struct str command)
{
    static const char *const list[] = {"\\i",  "\\ir",   "\\include", "\\include_relative",
                                       "\\.",  "\\gset", "\\gexec",   "\\if",
                                       "\\!",  "\\elif", "\\bind",    "\\lo_import",
                                       "\\e",  "\\edit", "\\parse",   "\\bind_named",
                                       "\\ef", "\\ev"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (str_eq(command, str_from(list[i])))
            return str_from(list[i]);
    return STR("unknown backslash command");
}

bool sql_meta(struct sql_reader *r, struct err *err)
{
    struct str line = arena_copy(&r->arena, r->token.text);
    size_t length = 1;
    while (length < line.len && !ascii_space(line.at[length]) && line.at[length] != '\\')
        length++;
    if (line.len == 2 && line.at[1] == '\\')
        length = 2;
    struct str command = str_slice(line, 0, length);
    struct str rest = str_slice(line, length, line.len);
    if (ends_statement(command))
        r->ended = true;
    if (is_harmless(command) || only_sends(command))
        return true;
    if (str_eq(command, STR("\\connect")) || str_eq(command, STR("\\c")))
        return connect_to(r, rest, err);
    struct str value;
    if (str_eq(command, STR("\\encoding")))
        return !argument(r, &rest, &value) || sql_set_encoding(r, value, err);
    if (str_eq(command, STR("\\copy")))
        return copy_command(r, rest, err);
    return sql_unread(r, shown_command(command), STR(""), STR(""), err);
}
