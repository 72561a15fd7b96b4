/*
 * sql: the events of a PostgreSQL script, as far as they tell which rows stand where.
 *
 * A script is pulled event by event. Statements that neither define a table nor bring or change
 * rows are stepped over; what would, but is not read in this version, comes as SQL_EVENT_UNREAD, so
 * that nothing unread counts as nothing (S1).
 *
 *     struct sql_reader r;
 *     sql_open(&r, &window);
 *     struct sql_event e;
 *     while (sql_next(&r, &e, err)) {
 *         if (e.kind == SQL_EVENT_END)
 *             break;                                 whole, but look at e.end: a trailer may lack
 *         if (e.kind == SQL_EVENT_COPY)
 *             ...consume the rows from the window, the line \. included, or do nothing:
 *             sql_next then skips them...
 *         if (e.kind == SQL_EVENT_INSERT)
 *             ...read sql_insert_rows(&r, ...) to its end, or do nothing...
 *         if (e.kind == SQL_EVENT_OBJECT)
 *             ...the same with sql_object_bytes(&r)...
 *     }
 *     sql_close(&r);
 *
 * Rows: at SQL_EVENT_COPY the window stands at the first byte of the first row. The caller moves it
 * (window_skip, window_give_back) to the byte behind the line that ends the rows.
 * Ownership: strings and arrays of an event live in the reader until the next sql_next. The reader
 * borrows the window.
 * Errors: the stream ends inside a statement, string, comment or rows: ERR_INCOMPLETE 310-312. An
 * encoding that cannot be read byte by byte: ERR_CORRUPT 313. Each with line and byte.
 * Limits: memory grows with the largest single CREATE TABLE or COPY (SQL_COLUMNS_MAX,
 * SQL_EVENTS_MAX), never with the script.
 * Source: PostgreSQL's scan.l, gram.y (CopyStmt, CreateStmt), psqlscan.l, psqlscanslash.l, psql's
 * copy.c; pg_dump.c, pg_dumpall.c, pg_backup_archiver.c (RestoreArchive).
 */
#ifndef FORMATS_DUMP_SQL_H
#define FORMATS_DUMP_SQL_H

#include "common/utc.h"
#include "formats/dump/insert.h"
#include "formats/dump/large_object.h"
#include "formats/dump/sql_lex.h"

enum { SQL_COLUMNS_MAX = 8192, SQL_EVENTS_MAX = 16384, SQL_NAME_MAX = 512 };

enum sql_event_kind {
    SQL_EVENT_END,
    SQL_EVENT_DATABASE,  /* database: what follows belongs to it */
    SQL_EVENT_TABLE,     /* schema, name, relation, columns */
    SQL_EVENT_REFERENCE, /* schema, name -> to_schema, to_name, reference */
    SQL_EVENT_COPY,      /* schema, name, columns; the window stands at the rows */
    SQL_EVENT_INSERT,    /* schema, name, columns; its rows are to be had from sql_insert_rows */
    SQL_EVENT_OBJECT,    /* a large object; its bytes are to be had from sql_object_bytes */
    SQL_EVENT_UNREAD,    /* what, count; schema and name when known */
    SQL_EVENT_FACT       /* fact, text, time */
};

enum sql_relation {
    SQL_TABLE,
    SQL_PARTITIONED, /* a root: its rows are in its partitions */
    SQL_FOREIGN,
    SQL_VIEW,
    SQL_MATERIALIZED_VIEW
};

enum sql_reference {
    SQL_FOREIGN_KEY,
    SQL_PARTITION_OF, /* from the partition to its root, by either statement */
    SQL_INHERITS
};

enum sql_fact {
    SQL_FACT_HEADER,         /* "-- PostgreSQL database dump" */
    SQL_FACT_TRAILER,        /* "... dump complete" */
    SQL_FACT_CLUSTER_HEADER, /* pg_dumpall's */
    SQL_FACT_CLUSTER_TRAILER,
    SQL_FACT_SERVER_VERSION, /* text: "15.14 (Debian ...)" */
    SQL_FACT_DUMP_VERSION,   /* text: pg_dump's own */
    SQL_FACT_STARTED,        /* text as it stands; time, or UTC_NONE when its zone is not known */
    SQL_FACT_COMPLETED,      /* the same */
    SQL_FACT_ROW_SECURITY,   /* SET row_security = on (S2) */
    SQL_FACT_ENCODING,       /* text: client_encoding */
    SQL_FACT_WHERE,          /* mysqldump --where: only some rows of a table are there (S2) */
    SQL_FACT_DATA_OF,        /* schema, name: the rows of that table follow, if it has any */
    SQL_FACT_THROUGH_ROOT    /* schema, name: a partition whose rows the COPY of its root brings */
};

struct sql_column {
    struct str name;
    bool generated; /* GENERATED ALWAYS AS (...): in no COPY */
    bool computed;  /* MySQL, the same: rows have it or leave it out */
};

/* Headers and trailers of pg_dump (one a database) and pg_dumpall, counted over the script. */
struct sql_end {
    uint64_t headers, trailers;
    uint64_t cluster_headers, cluster_trailers;
    /* Some header has no trailer, or a transaction or lock no end: the dump was cut off (S1). */
    bool truncated;
    bool in_transaction;                 /* it is that no COMMIT or UNLOCK came */
    uint64_t header_offset, header_line; /* of the first such header, or of that BEGIN or LOCK */
    struct str header_database;          /* its database when known */
};

struct sql_event {
    enum sql_event_kind kind;
    uint64_t offset, line; /* where its statement, comment or command starts */
    struct str database;   /* present database; '' until the script names one */
    struct str schema, name;
    enum sql_relation relation;
    bool temporary; /* CREATE TEMP TABLE */
    /* TABLE: as far as the statement lists them; COPY, INSERT: in row order */
    struct sql_column *columns;
    size_t column_count;
    bool columns_known; /* TABLE: the list is the whole table; COPY, INSERT: there is a list */
    bool inherits; /* TABLE: whole but for the columns of what it INHERITS or is PARTITION_OF */
    bool defaults; /* INSERT: DEFAULT VALUES, one row */
    bool crlf;     /* COPY: the line ends in CRLF, so the rows most likely do too */
    enum sql_reference reference;
    struct str to_schema, to_name;
    struct str what; /* UNREAD: "INSERT", "\\copy", "COPY ... FROM a file", ... */
    uint64_t count;  /* UNREAD: how many in a row of the same kind and table */
    enum sql_fact fact;
    struct str text;
    int64_t time;  /* STARTED, COMPLETED: exact, or UTC_NONE when the zone is not known */
    int64_t local; /* the same as though its zone were UTC; UTC_NONE when it cannot be read */
    struct sql_end end;
};

struct sql_queued; /* an event that waits; private to sql.c */

/* A name kept from statement to statement, in memory that does not grow. */
struct sql_kept {
    size_t len;
    unsigned char bytes[SQL_NAME_MAX];
};

/* How a statement goes on behind its first word, as it stands there. */
struct sql_head {
    uint64_t offset;
    size_t len;
    unsigned char bytes[INSERT_HEAD_MAX];
};

/* Whether the statement at hand has swallowed another one; sql_nested.c. */
enum sql_nested_kind { SQL_NESTED_NONE, SQL_NESTED_INSERT, SQL_NESTED_CREATE };
struct sql_nested {
    unsigned words;              /* seen, as far as they are of its opening */
    bool opens;                  /* CREATE or ALTER, and of what is not told yet */
    bool holds;                  /* it may hold another statement */
    enum sql_nested_kind behind; /* what the last words begin */
    enum sql_nested_kind found;
};

/* What a script begins and has to end. */
struct sql_begun {
    bool is;
    uint64_t offset, line; /* where it begins */
};

struct sql_reader {
    struct sql_lexer lexer;
    struct sql_token token; /* the present one; SQL_TOKEN_END behind the statement's last */
    struct arena arena;     /* events of the statement at hand */
    struct arena_mark arena_start;
    struct sql_queued *first, *last;
    size_t queued;
    struct sql_kept database, path;         /* path: the schema that unqualified names take */
    struct sql_kept data_schema, data_name; /* of the latest "Data for Name:" */
    bool saved_plain, saved_ansi;           /* MySQL: sql_mode when it was last saved */

    /* the statement at hand */
    bool inside;     /* it has a token */
    bool ended;      /* its last token was taken */
    bool variable;   /* it takes a value from a psql variable */
    uint64_t depth;  /* of parentheses */
    uint64_t blocks; /* of BEGIN ATOMIC and of CASE in it */
    unsigned words;  /* how many of the first four it has had */
    unsigned char initials[4];
    struct sql_nested nested;
    uint64_t offset, line;

    /* a run of equal unread statements */
    uint64_t unread;
    uint64_t unread_offset, unread_line;
    struct sql_kept unread_what, unread_schema, unread_name;

    /* INSERT */
    bool values_due; /* its rows were not read to their end yet */
    struct insert_rows insert;
    struct sql_kept insert_schema, insert_name;
    struct sql_head head;

    bool object_due; /* the bytes of an object were not read to their end yet */
    struct large_object object;

    bool rows_due; /* the window stands at the rows of a COPY, or the caller took them */
    uint64_t rows_offset, rows_line;
    struct sql_end end;
    struct sql_kept end_database;
    struct sql_kept header_database;
    bool header_open, cluster_open;
    uint64_t header_offset, header_line, cluster_offset, cluster_line;
    struct sql_begun transaction, lock;
    bool finished;
};

void sql_open(struct sql_reader *r, struct window *w);
/* A script of mysqldump or mariadb-dump, or of their clients. */
void sql_open_mysql(struct sql_reader *r, struct window *w);
/* What the shell of SQLite writes for .dump, and Python's iterdump. */
void sql_open_sqlite(struct sql_reader *r, struct window *w);
/* For statements taken out of a session: the schema that unqualified names take, and whether
 * standard_conforming_strings is off. Before the first sql_next. */
void sql_in_session(struct sql_reader *r, struct str schema, bool backslashes);
void sql_close(struct sql_reader *r);
/* False: err is set. After SQL_EVENT_END every further call gives it again. */
bool sql_next(struct sql_reader *r, struct sql_event *e, struct err *err);
/*
 * At SQL_EVENT_INSERT: the rows of it, and of the statements behind it that differ in their values
 * only, as COPY text (insert.h). left_out tells the generated columns, by position in the rows.
 * What of them is not read comes as SQL_EVENT_UNREAD behind them. The source is the reader's.
 */
struct source *sql_insert_rows(struct sql_reader *r, const bool *left_out, size_t count);
/*
 * At SQL_EVENT_OBJECT: the bytes of the large object. What of it is not read comes as
 * SQL_EVENT_UNREAD behind them. The source is the reader's.
 */
struct source *sql_object_bytes(struct sql_reader *r);
/* Skips the rows of a COPY up to and with the line that ends them; those of an INSERT, an object.
 */
bool sql_skip_rows(struct sql_reader *r, struct err *err);
/* For a caller that read the rows itself and met the end of the stream in them: ERR_INCOMPLETE 312.
 */
void sql_rows_cut_off(const struct sql_reader *r, struct err *err);

#endif
