/*
 * sql_parts: what the files of the script reader share. Not for others: they include sql.h.
 *
 * sql.c              the queue of events, tokens of one statement, where a statement ends, rows
 * sql_nested.c       a statement that has swallowed another
 * sql_comment.c      what comments tell: headers, trailers, versions, times
 * sql_meta.c         psql's backslash commands
 * sql_transaction.c  BEGIN and COMMIT, LOCK and UNLOCK
 * sql_session.c      SET and its relatives: search_path, client_encoding, ...
 * sql_table.c        CREATE and ALTER TABLE, views
 * sql_copy.c         COPY
 * sql_insert.c       INSERT
 * sql_object.c       large objects
 * sql_other.c        which statement it is; those that are not read
 * mysql*.c           the same for MySQL (mysql_parts.h)
 * sqlite.c           the same for SQLite
 */
#ifndef FORMATS_DUMP_SQL_PARTS_H
#define FORMATS_DUMP_SQL_PARTS_H

#include "common/buf.h"
#include "formats/dump/sql.h"

/* Takes the next token of the statement; behind its end, r->ended and SQL_TOKEN_END. */
bool sql_advance(struct sql_reader *r, struct err *err);
/* Goes to the end of the statement. */
bool sql_finish_statement(struct sql_reader *r, struct err *err);

bool sql_is_word(const struct sql_reader *r, const char *word);
bool sql_is_one_of(const struct sql_reader *r, const char *const *words, size_t count);
bool sql_is_mark(const struct sql_reader *r, char mark);
bool sql_is_name(const struct sql_reader *r); /* WORD or NAME */
/* If the present token is that word, takes it. False only on an error; *was says whether it was. */
bool sql_take_word(struct sql_reader *r, const char *word, bool *was, struct err *err);
/* Goes behind IF EXISTS or IF NOT EXISTS, where it stands. */
bool sql_pass_if_exists(struct sql_reader *r, struct err *err);
/*
 * A name with or without its schema, copied to the reader's arena, and the token behind it. No name
 * here: *name is empty.
 */
bool sql_table_name(struct sql_reader *r, struct str *schema, struct str *name, struct err *err);
/* One identifier; no longer than SQL_NAME_MAX. */
bool sql_identifier(struct sql_reader *r, struct str *name, struct err *err);

/* A new event at the end of the queue, with the statement's place. NULL: too many, err is set. */
struct sql_event *sql_emit(struct sql_reader *r, enum sql_event_kind kind, struct err *err);
bool sql_emit_fact(struct sql_reader *r, enum sql_fact fact, struct str text, struct err *err);
/* `time` and `local` as in struct sql_event. */
bool sql_emit_time(struct sql_reader *r, enum sql_fact fact, struct str text, int64_t time,
                   int64_t local, struct err *err);
bool sql_emit_reference(struct sql_reader *r, enum sql_reference reference, struct str schema,
                        struct str name, struct str to_schema, struct str to_name, struct err *err);
/* Counts one more statement or command that is not read. */
bool sql_unread(struct sql_reader *r, struct str what, struct str schema, struct str name,
                struct err *err);
bool sql_unread_many(struct sql_reader *r, struct str what, uint64_t count, struct str schema,
                     struct str name, struct err *err);

/* Names of columns, growing in the reader's arena. */
struct sql_columns {
    struct sql_column *at;
    size_t count, room;
};
/* The present token, a name, as one more of them; the token behind it. */
bool sql_add_column(struct sql_reader *r, struct sql_columns *list, struct err *err);

/* Rows of the system's own tables are none of the user's, but for large objects. */
bool sql_is_system_table(struct str schema, struct str name);

void sql_keep(struct sql_kept *kept, struct str s);
static inline struct str sql_kept(const struct sql_kept *kept)
{
    return str_make(kept->bytes, kept->len);
}

/* sql_nested.c: takes the present token into account; at the end, says what was found */
void sql_nested_follow(struct sql_nested *n, const struct sql_reader *r);
bool sql_nested_end(struct sql_reader *r, struct err *err);
/* sql_transaction.c: *was: it begins or ends one, or is known to bring nothing all the same */
bool sql_transaction(struct sql_reader *r, bool *was, struct err *err);
void sql_note_lock(struct sql_reader *r);
void sql_note_unlock(struct sql_reader *r);
void sql_note_open_transaction(struct sql_reader *r); /* at the end of the script */
/* sql_comment.c */
bool sql_comment(struct sql_reader *r, struct err *err);
bool sql_header(struct sql_reader *r, struct err *err);
bool sql_trailer(struct sql_reader *r, struct err *err);
int64_t sql_local_time(struct str text); /* "2024-05-01 10:00:00"; UTC_NONE */
void sql_note_open_headers(struct sql_reader *r);
/* sql_meta.c: the present token. Sets r->ended where the command ends a statement. */
bool sql_meta(struct sql_reader *r, struct err *err);
/* sql_session.c */
bool sql_set(struct sql_reader *r, struct err *err);
bool sql_reset(struct sql_reader *r, struct err *err);
bool sql_set_config(struct sql_reader *r, struct err *err); /* at the opening parenthesis */
bool sql_set_encoding(struct sql_reader *r, struct str name, struct err *err);
/* What follows belongs to this database; in a new session, or in the same. */
bool sql_connected(struct sql_reader *r, struct str database, struct err *err);
bool sql_use_database(struct sql_reader *r, struct str database, struct err *err);
/* sql_table.c, sql_copy.c, sql_other.c: the present token is the statement's first word */
bool sql_create(struct sql_reader *r, struct err *err);
bool sql_alter(struct sql_reader *r, struct err *err);
bool sql_copy(struct sql_reader *r, struct err *err);
bool sql_insert(struct sql_reader *r, struct err *err);
/* mysql.c, mysql_comment.c: the same of MySQL */
bool mysql_statement(struct sql_reader *r, struct err *err);
bool mysql_comment(struct sql_reader *r, struct err *err);
/* sqlite.c: the same of SQLite, but for comments */
bool sqlite_statement(struct sql_reader *r, struct err *err);
bool sql_statement(struct sql_reader *r, struct err *err);
/* At an INSERT's first word: what follows it is seen, as far as a run of statements can go. */
bool sql_view_head(struct sql_reader *r, struct err *err);
/* At its opening parenthesis; leaves the token behind the closing one. *plain: only names in it. */
bool sql_column_list(struct sql_reader *r, struct sql_columns *list, bool *plain, struct err *err);
/* At VALUES: the event; what follows is for sql_insert_rows. */
struct sql_event *sql_emit_insert(struct sql_reader *r, struct str word, struct str schema,
                                  struct str name, const struct sql_columns *list, struct err *err);
/* Reads an INSERT whose values are due to its end. */
bool sql_end_insert(struct sql_reader *r, struct err *err);
/* sql_object.c: at SELECT: emits a large object if it begins one; the same for its end */
bool sql_object(struct sql_reader *r, bool *was, struct err *err);
bool sql_end_object(struct sql_reader *r, struct err *err);

#endif
