/* Which statement of MySQL it is, and what it says of the session. */
#include "formats/dump/mysql_parts.h"

#include "common/text.h"

/* ---- names ---- */

bool mysql_table_name(struct sql_reader *r, struct str *name, struct err *err)
{
    struct str database;
    if (!sql_table_name(r, &database, name, err))
        return false;
    if (!database.len || str_eq(database, sql_kept(&r->database)))
        return true;
    if (r->database.len == 0)
        return sql_use_database(r, database, err);
    *name = STR("");
    return true;
}

/* ---- the session ---- */

static bool use(struct sql_reader *r, struct err *err)
{
    struct str database;
    if (!sql_advance(r, err))
        return false;
    if (!sql_is_name(r))
        return sql_unread(r, STR("USE"), STR(""), STR(""), err);
    if (!sql_identifier(r, &database, err) || !sql_use_database(r, database, err))
        return false;
    /* mysql takes it without a semicolon, too: what follows would be swallowed with it */
    return r->ended || sql_unread(r, STR("USE without a semicolon"), STR(""), STR(""), err);
}

/* Those in which a byte behind a lead byte may be a backslash or a quote. */
static bool encoding(struct sql_reader *r, struct err *err)
{
    static const char *const unsafe[] = {"sjis", "cp932", "big5", "gbk", "gb18030"};
    struct str name = r->token.text;
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
        if (!str_eq_nocase(name, str_from(unsafe[i])))
            continue;
        err_set(err, ERR_CORRUPT, 313,
                "the character set is %s, in which half of a character can look like a backslash",
                unsafe[i]);
        window_place(r->lexer.window, r->offset, r->line, err);
        err_hint(err, "make the dump with mysqldump --default-character-set=utf8mb4");
        return false;
    }
    return sql_is_mark(r, '@') || sql_emit_fact(r, SQL_FACT_ENCODING, name, err);
}

static bool mode_has(struct str modes, const char *mode)
{
    struct str one;
    bool more = true;
    while (more) {
        more = str_cut(modes, ',', &one, &modes);
        if (str_eq_nocase(str_trim(one), str_from(mode)))
            return true;
    }
    return false;
}

/* sql_mode = 'A,B', or = @saved: what it was when that was set. */
static void sql_mode(struct sql_reader *r)
{
    if (r->token.kind == SQL_TOKEN_STRING) {
        r->lexer.backslashes = !mode_has(r->token.text, "NO_BACKSLASH_ESCAPES");
        r->lexer.ansi_quotes =
            mode_has(r->token.text, "ANSI_QUOTES") || mode_has(r->token.text, "ANSI");
    } else if (sql_is_mark(r, '@')) {
        r->lexer.backslashes = !r->saved_plain;
        r->lexer.ansi_quotes = r->saved_ansi;
    }
}

/* Behind `SET ... name =`, at its value. */
static bool assignment(struct sql_reader *r, struct str name, bool user_variable, struct err *err)
{
    if (user_variable) { /* @old = @@sql_mode */
        while (sql_is_mark(r, '@'))
            if (!sql_advance(r, err))
                return false;
        if (sql_is_word(r, "sql_mode")) {
            r->saved_plain = !r->lexer.backslashes;
            r->saved_ansi = r->lexer.ansi_quotes;
        }
        return true;
    }
    if (str_eq(name, STR("sql_mode")))
        sql_mode(r);
    if (str_eq(name, STR("character_set_client")))
        return encoding(r, err);
    return true;
}

/* SET NAMES x; SET [GLOBAL | SESSION] a = 1, @b = 2, @@c = 3 */
static bool set(struct sql_reader *r, struct err *err)
{
    if (!sql_advance(r, err))
        return false;
    if (sql_is_word(r, "names") || sql_is_word(r, "character") || sql_is_word(r, "charset")) {
        bool two = sql_is_word(r, "character");
        if (!sql_advance(r, err) || (two && !sql_advance(r, err)))
            return false;
        return r->ended || encoding(r, err);
    }
    unsigned ats = 0;
    struct sql_kept name = {0};
    while (!r->ended) {
        bool value = sql_is_mark(r, '=');
        if (sql_is_mark(r, ','))
            ats = 0;
        ats += sql_is_mark(r, '@');
        if (sql_is_name(r))
            sql_keep(&name, r->token.text);
        if (!sql_advance(r, err))
            return false;
        if (value && !r->ended && !assignment(r, sql_kept(&name), ats == 1, err))
            return false;
    }
    return true;
}

/* DELIMITER, a command of the client: the rest of its line. */
static bool delimiter(struct sql_reader *r, struct err *err)
{
    struct window *w = r->lexer.window;
    while (str_find(window_rest(w), '\n') == window_rest(w).len &&
           window_rest(w).len <= SQL_TOKEN_KEPT)
        if (!window_more(w, err))
            break;
    size_t line = str_find(window_rest(w), '\n');
    struct str text = str_trim(str_slice(window_rest(w), 0, line));
    if (w->state == PULL_FAILED && err_is(err))
        return false;
    if (text.len == 0 || text.len > SQL_DELIMITER_MAX) {
        err_set(err, ERR_CORRUPT, 314, "a DELIMITER of %zu bytes", text.len);
        window_place(w, r->offset, r->line, err);
        return false;
    }
    r->lexer.delimiter_length = str_eq(text, STR(";")) ? 0 : text.len;
    memcpy(r->lexer.delimiter, text.at, text.len);
    window_skip(w, line);
    r->ended = true;
    return true;
}

/* ---- which statement it is ---- */

/* Statements that bring no row and change none. DROP stands before any data in a dump. */
static bool brings_nothing(const struct sql_reader *r)
{
    static const char *const list[] = {
        "analyze", "change", "check",   "checksum",  "describe", "drop",     "explain",
        "flush",   "grant",  "install", "kill",      "lock",     "optimize", "purge",
        "repair",  "reset",  "revoke",  "savepoint", "show",     "stop",     "release"};
    return sql_is_one_of(r, list, sizeof list / sizeof list[0]);
}

/* LOCK TABLES `t` WRITE: the rows of that table follow, be it none. */
static bool lock_tables(struct sql_reader *r, struct err *err)
{
    bool was = false;
    struct str name;
    if (!sql_advance(r, err) || !sql_take_word(r, "tables", &was, err))
        return false;
    if (!was || !sql_is_name(r))
        return true;
    if (!mysql_table_name(r, &name, err))
        return false;
    if (!sql_is_word(r, "write"))
        return true;
    sql_note_lock(r);
    if (!name.len)
        return true;
    struct sql_event *e = sql_emit(r, SQL_EVENT_FACT, err);
    if (!e)
        return false;
    e->fact = SQL_FACT_DATA_OF;
    e->schema = STR("");
    e->name = name;
    return true;
}

static bool unread(struct sql_reader *r, const char *what, struct err *err)
{
    return sql_unread(r, str_from(what), STR(""), STR(""), err);
}

/* UPDATE t, DELETE FROM t, TRUNCATE [TABLE] t. */
static bool unread_with_table(struct sql_reader *r, const char *what, struct err *err)
{
    bool was = false;
    struct str name;
    if (!sql_advance(r, err) || !sql_take_word(r, "from", &was, err) ||
        !sql_take_word(r, "table", &was, err) || !mysql_table_name(r, &name, err))
        return false;
    return sql_unread(r, str_from(what), STR(""), name, err);
}

/* DO SETVAL(...) and SELECT SETVAL(...) set a sequence; SELECT ... INTO @x a variable. */
static bool query(struct sql_reader *r, const char *what, struct err *err)
{
    bool select = sql_is_word(r, "select");
    bool known = false;
    if (!sql_advance(r, err))
        return false;
    known = sql_is_word(r, "setval") || (select && sql_is_word(r, "coalesce"));
    return known || unread(r, what, err);
}

bool mysql_statement(struct sql_reader *r, struct err *err)
{
    if (sql_is_word(r, "delimiter"))
        return delimiter(r, err);
    if (sql_is_word(r, "insert") || sql_is_word(r, "replace"))
        return mysql_insert(r, err);
    if (sql_is_word(r, "create"))
        return mysql_create(r, err);
    if (sql_is_word(r, "alter"))
        return mysql_alter(r, err);
    if (sql_is_word(r, "set"))
        return set(r, err);
    if (sql_is_word(r, "use"))
        return use(r, err);
    if (sql_is_word(r, "lock"))
        return lock_tables(r, err);
    if (sql_is_word(r, "unlock")) {
        sql_note_unlock(r);
        return true;
    }
    if (sql_is_word(r, "update"))
        return unread_with_table(r, "UPDATE", err);
    if (sql_is_word(r, "delete"))
        return unread_with_table(r, "DELETE", err);
    if (sql_is_word(r, "truncate"))
        return unread_with_table(r, "TRUNCATE", err);
    if (sql_is_word(r, "load"))
        return unread(r, "LOAD", err);
    if (sql_is_word(r, "call"))
        return unread(r, "CALL", err);
    if (sql_is_word(r, "select"))
        return query(r, "SELECT", err);
    if (sql_is_word(r, "do"))
        return query(r, "DO", err);
    bool transaction = false;
    if (!sql_transaction(r, &transaction, err))
        return false;
    /* not by its first word: that may be a cell that strayed out of its row (S5) */
    return transaction || brings_nothing(r) || unread(r, "unknown statement", err);
}
