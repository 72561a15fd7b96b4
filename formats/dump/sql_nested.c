/*
 * A statement inside of one that holds none. A semicolon that got lost makes one statement of two,
 * and what the second defines or brings would go unread (S1). INSERT INTO, REPLACE INTO and CREATE
 * TABLE stand in no other statement but in those that say by their first words that they may hold
 * one.
 */
#include "formats/dump/sql_parts.h"

/* So far a statement tells what it creates: CREATE OR REPLACE DEFINER = a@b PROCEDURE ... */
enum { OPENING_WORDS = 8 };

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* By the first word; of CREATE and ALTER by what they make. */
static void look_for_holder(struct sql_nested *n, const struct sql_reader *r)
{
    static const char *const verbs[] = {"insert", "replace", "merge",   "select", "values",
                                        "with",   "explain", "prepare", "do",     "declare",
                                        "call",   "execute", "copy",    "show"};
    static const char *const holders[] = {"function", "procedure", "trigger",
                                          "rule",     "event",     "package"};
    static const char *const others[] = {"table", "index", "view", "sequence", "type", "domain"};
    if (n->words == 0) {
        n->holds = sql_is_one_of(r, verbs, COUNT_OF(verbs));
        n->opens = sql_is_word(r, "create") || sql_is_word(r, "alter");
    } else if (n->opens) {
        n->holds = sql_is_one_of(r, holders, COUNT_OF(holders));
        n->opens =
            !n->holds && !sql_is_one_of(r, others, COUNT_OF(others)) && n->words < OPENING_WORDS;
    }
    n->words++;
}

void sql_nested_follow(struct sql_nested *n, const struct sql_reader *r)
{
    static const char *const between[] = {"ignore", "delayed", "low_priority", "high_priority",
                                          "or",     "replace", "unlogged"};
    bool into = n->behind == SQL_NESTED_INSERT && sql_is_word(r, "into");
    bool table = n->behind == SQL_NESTED_CREATE && sql_is_word(r, "table");
    bool first = n->words == 0;
    if (r->token.kind == SQL_TOKEN_WORD && (first || n->opens))
        look_for_holder(n, r);
    else if (sql_is_mark(r, '('))
        n->opens = false;
    if (!first && !n->holds && (into || table))
        n->found = n->behind;
    if (sql_is_word(r, "create"))
        n->behind = first ? SQL_NESTED_NONE : SQL_NESTED_CREATE;
    else if (sql_is_word(r, "insert") || (!n->behind && sql_is_word(r, "replace")))
        n->behind = SQL_NESTED_INSERT;
    else if (!n->behind || !sql_is_one_of(r, between, COUNT_OF(between)))
        n->behind = SQL_NESTED_NONE;
}

bool sql_nested_end(struct sql_reader *r, struct err *err)
{
    enum sql_nested_kind found = r->nested.found;
    r->nested = (struct sql_nested){0};
    if (found == SQL_NESTED_NONE)
        return true;
    struct str what = found == SQL_NESTED_CREATE ? STR("CREATE TABLE inside of another statement")
                                                 : STR("INSERT inside of another statement");
    return sql_unread(r, what, STR(""), STR(""), err);
}
