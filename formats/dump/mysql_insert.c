/*
 * INSERT and REPLACE of MySQL up to the values, which insert.h reads. What brings rows in another
 * way is reported as unread.
 * Source: sql_yacc.yy, insert, replace; mysqldump.c, dump_table.
 */
#include "formats/dump/mysql_parts.h"

static bool pass_words(struct sql_reader *r, const char *const *words, size_t count,
                       struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        bool was = false;
        if (!sql_take_word(r, words[i], &was, err))
            return false;
    }
    return true;
}

bool mysql_insert(struct sql_reader *r, struct err *err)
{
    static const char *const options[] = {"low_priority", "high_priority", "delayed", "ignore",
                                          "into"};
    struct str word = sql_is_word(r, "insert") ? STR("insert") : STR("replace");
    struct sql_columns list = {0};
    struct str name;
    bool plain = true;
    if (!sql_view_head(r, err) || !sql_advance(r, err) ||
        !pass_words(r, options, sizeof options / sizeof options[0], err) ||
        !mysql_table_name(r, &name, err))
        return false;
    if (!name.len)
        return sql_unread(r, STR("INSERT into another database"), STR(""), STR(""), err);
    if (r->lexer.delimiter_length)
        return sql_unread(r, STR("INSERT behind DELIMITER"), STR(""), name, err);
    if (sql_is_mark(r, '(') && !sql_column_list(r, &list, &plain, err))
        return false;
    if (plain && (sql_is_word(r, "values") || sql_is_word(r, "value")) && !r->lexer.executed)
        return sql_emit_insert(r, word, STR(""), name, &list, err) != NULL;
    return sql_unread(r, STR("INSERT ... SELECT or SET"), STR(""), name, err);
}
