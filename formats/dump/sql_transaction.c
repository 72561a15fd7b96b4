/*
 * Transactions that a script begins. One that is open where the script ends was cut off before its
 * COMMIT; whoever restores it would lose the rows (S1). Some dumps have no other trailer.
 * Source: gram.y, TransactionStmt; sql_yacc.yy, begin_stmt, start, commit, rollback.
 */
#include "formats/dump/sql_parts.h"

static void begin(struct sql_reader *r)
{
    if (r->transaction.open)
        return;
    r->transaction.open = true;
    r->transaction.offset = r->offset;
    r->transaction.line = r->line;
}

/* ROLLBACK TO a savepoint ends nothing; AND CHAIN begins the next one at once. */
static bool end(struct sql_reader *r, struct err *err)
{
    bool chained = false;
    bool to = false;
    while (!r->ended) {
        bool no = sql_is_word(r, "no");
        if (!sql_advance(r, err))
            return false;
        chained = chained || (!no && sql_is_word(r, "chain"));
        to = to || sql_is_word(r, "to");
    }
    if (!to)
        r->transaction.open = false;
    if (chained)
        begin(r);
    return true;
}

bool sql_transaction(struct sql_reader *r, bool *was, struct err *err)
{
    static const char *const ends[] = {"commit", "rollback", "end", "abort"};
    size_t end_count = r->lexer.mysql ? 2 : 4; /* END ends other things there */
    bool start = sql_is_word(r, "start");
    bool prepare = sql_is_word(r, "prepare") && !r->lexer.mysql;
    *was = true;
    if (sql_is_word(r, "begin")) {
        begin(r);
        return true;
    }
    if (sql_is_one_of(r, ends, end_count))
        return end(r, err);
    *was = start || prepare;
    if (!*was || !sql_advance(r, err))
        return !*was;
    if (start && sql_is_word(r, "transaction"))
        begin(r);
    else if (prepare && sql_is_word(r, "transaction"))
        r->transaction.open = false;
    return true;
}

void sql_note_open_transaction(struct sql_reader *r)
{
    if (!r->transaction.open || r->end.truncated)
        return;
    r->end.truncated = r->end.in_transaction = true;
    r->end.header_offset = r->transaction.offset;
    r->end.header_line = r->transaction.line;
    r->end_database.len = 0;
}
