/*
 * Transactions that a script begins, and locks that it takes. One that is open where the script
 * ends was cut off before its COMMIT, and whoever restores it would lose the rows; the same of the
 * lock that mysqldump holds while it writes a table (S1). Some dumps have no other trailer.
 * Source: gram.y, TransactionStmt; sql_yacc.yy, begin_stmt, start, commit, rollback, lock, unlock.
 */
#include "formats/dump/sql_parts.h"

static void note_begun(struct sql_reader *r, struct sql_begun *what)
{
    if (what->is)
        return;
    *what = (struct sql_begun){true, r->offset, r->line};
}

static void begin(struct sql_reader *r)
{
    note_begun(r, &r->transaction);
}

void sql_note_lock(struct sql_reader *r)
{
    note_begun(r, &r->lock);
}

void sql_note_unlock(struct sql_reader *r)
{
    r->lock.is = false;
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
        r->transaction.is = false;
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
        r->transaction.is = false;
    return true;
}

void sql_note_open_transaction(struct sql_reader *r)
{
    const struct sql_begun *what = r->transaction.is ? &r->transaction : &r->lock;
    if (!what->is || r->end.truncated)
        return;
    r->end.truncated = r->end.in_transaction = true;
    r->end.header_offset = what->offset;
    r->end.header_line = what->line;
    r->end_database.len = 0;
}
