/*
 * What a script says about its session: search_path, client_encoding, standard_conforming_strings,
 * row_security, and the database it is connected to.
 */
#include "formats/dump/sql_parts.h"

#include "common/text.h"

/* ---- search_path ---- */

/*
 * Takes one schema of a search_path into account; the first that may hold the user's tables wins.
 * Which schemas exist is not followed: what pg_dump writes names one, and pg_catalog at most.
 */
static void path_entry(struct sql_reader *r, struct str schema, bool *found)
{
    if (*found || !schema.len || str_eq(schema, STR("$user")) || str_starts(schema, STR("pg_")) ||
        str_eq(schema, STR("information_schema")))
        return;
    *found = true;
    sql_keep(&r->path, schema);
}

static void path_reset(struct sql_reader *r)
{
    sql_keep(&r->path, STR("public"));
}

/* The text form of a list, as set_config takes it: names with or without double quotes. */
static void path_from_text(struct sql_reader *r, struct str text)
{
    bool found = false;
    path_reset(r);
    while (text.len) {
        struct str item = str_trim(text);
        if (item.len && item.at[0] == '"') {
            struct buf name = {.arena = &r->arena};
            size_t at = 1;
            for (; at < item.len; at++) {
                if (item.at[at] == '"' && ++at < item.len && item.at[at] != '"')
                    break;
                if (at < item.len)
                    buf_byte(&name, item.at[at]);
            }
            path_entry(r, buf_str(&name), &found);
            text = str_slice(item, at, item.len);
            (void)str_cut(text, ',', &item, &text);
        } else {
            (void)str_cut(item, ',', &item, &text);
            path_entry(r, arena_lower(&r->arena, str_trim(item)), &found);
        }
    }
}

/* SET search_path = a, "b", 'c': the present token is the first value. */
static bool path_from_list(struct sql_reader *r, struct err *err)
{
    bool found = false;
    path_reset(r);
    for (; !r->ended;) {
        bool value = sql_is_name(r) || r->token.kind == SQL_TOKEN_STRING;
        if (value && !sql_is_word(r, "default"))
            path_entry(r, r->token.text, &found);
        if (!sql_advance(r, err))
            return false;
    }
    return true;
}

/* ---- client_encoding ---- */

/* Lower case without anything but letters and digits, as the server compares the names. */
static struct str encoding_key(struct sql_reader *r, struct str name)
{
    struct buf key = {.arena = &r->arena};
    for (size_t i = 0; i < name.len; i++)
        if (ascii_alpha(name.at[i]) || ascii_digit(name.at[i]))
            buf_byte(&key, ascii_lower(name.at[i]));
    return buf_str(&key);
}

/* encnames.c: those in which a byte behind a lead byte may be a backslash. */
static bool is_unsafe_encoding(struct str key)
{
    static const char *const list[] = {
        "sjis", "shiftjis", "mskanji",    "win932",  "windows932", "shiftjis2004",
        "big5", "win950",   "windows950", "gbk",     "win936",     "windows936",
        "uhc",  "win949",   "windows949", "gb18030", "johab"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (str_eq(key, str_from(list[i])))
            return true;
    return false;
}

bool sql_set_encoding(struct sql_reader *r, struct str name, struct err *err)
{
    if (is_unsafe_encoding(encoding_key(r, name))) {
        err_set(err, ERR_CORRUPT, 313,
                "client_encoding is %s, in which half of a character can look like a backslash",
                text_shown(&r->arena, str_slice(name, 0, 40)));
        window_place(r->lexer.window, r->offset, r->line, err);
        err_hint(err, "make the dump with pg_dump --encoding=UTF8");
        return false;
    }
    return sql_emit_fact(r, SQL_FACT_ENCODING, name, err);
}

/* ---- settings ---- */

static bool is_on(struct str value)
{
    return str_eq_nocase(value, STR("on")) || str_eq_nocase(value, STR("true")) ||
           str_eq_nocase(value, STR("yes")) || str_eq(value, STR("1"));
}

/* A setting that has one value. `name` is in the arena, `value` may be the present token's. */
static bool setting(struct sql_reader *r, struct str name, struct str value, struct err *err)
{
    if (str_eq(name, STR("client_encoding")))
        return sql_set_encoding(r, value, err);
    if (str_eq(name, STR("standard_conforming_strings")))
        r->lexer.backslashes = !is_on(value) && !str_eq_nocase(value, STR("default"));
    if (str_eq(name, STR("row_security")) && is_on(value))
        return sql_emit_fact(r, SQL_FACT_ROW_SECURITY, value, err);
    return true;
}

/* SET SCHEMA 'x' and SET NAMES 'x' have no TO; the word was taken. */
static bool set_short_form(struct sql_reader *r, struct str name, struct err *err)
{
    if (r->token.kind != SQL_TOKEN_STRING && !sql_is_word(r, "default"))
        return true;
    if (str_eq(name, STR("schema")))
        return path_from_list(r, err);
    return sql_set_encoding(r, r->token.text, err);
}

bool sql_set(struct sql_reader *r, struct err *err)
{
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "session", &was, err) ||
        !sql_take_word(r, "local", &was, err))
        return false;
    if (!sql_is_name(r))
        return true;
    struct str name;
    if (!sql_identifier(r, &name, err))
        return false;
    if (str_eq(name, STR("schema")) || str_eq(name, STR("names")))
        return set_short_form(r, name, err);
    if (!sql_is_word(r, "to") && !sql_is_mark(r, '='))
        return true;
    if (!sql_advance(r, err))
        return false;
    if (str_eq(name, STR("search_path")))
        return path_from_list(r, err);
    return r->ended || setting(r, name, r->token.text, err);
}

bool sql_reset(struct sql_reader *r, struct err *err)
{
    if (!sql_advance(r, err))
        return false;
    bool all = sql_is_word(r, "all");
    if (all || sql_is_word(r, "search_path"))
        path_reset(r);
    if (all || sql_is_word(r, "standard_conforming_strings"))
        r->lexer.backslashes = false;
    return true;
}

bool sql_set_config(struct sql_reader *r, struct err *err)
{
    if (!sql_advance(r, err))
        return false;
    if (r->token.kind != SQL_TOKEN_STRING)
        return true;
    struct str name = arena_lower(&r->arena, r->token.text);
    if (!sql_advance(r, err))
        return false;
    if (!sql_is_mark(r, ','))
        return true;
    if (!sql_advance(r, err))
        return false;
    if (r->token.kind != SQL_TOKEN_STRING)
        return true;
    if (str_eq(name, STR("search_path"))) {
        path_from_text(r, r->token.text);
        return true;
    }
    return setting(r, name, r->token.text, err);
}

/* ---- the database ---- */

bool sql_use_database(struct sql_reader *r, struct str database, struct err *err)
{
    if (str_eq(sql_kept(&r->database), str_slice(database, 0, SQL_NAME_MAX)))
        return true;
    struct sql_event *e = sql_emit(r, SQL_EVENT_DATABASE, err);
    if (!e)
        return false;
    sql_keep(&r->database, database);
    e->database = arena_copy(&r->arena, sql_kept(&r->database));
    if (r->header_open)
        r->header_database = r->database;
    return true;
}

bool sql_connected(struct sql_reader *r, struct str database, struct err *err)
{
    path_reset(r);
    r->lexer.backslashes = false;
    return sql_use_database(r, database, err);
}
