/*
 * analysis: the state of one run of analyze, shared by its parts and by nobody else.
 *
 * analyze.c walks the inputs; analyze_sql.c, analyze_csv.c, analyze_json.c and analyze_archive.c
 * read what is in them; what they all need is in analysis.c, below them. A struct table_rows ties
 * the rows that are being scanned to where their counts go; after the pool has drained they are
 * added to the report.
 */
#ifndef ANALYZER_ANALYSIS_H
#define ANALYZER_ANALYSIS_H

#include "analyzer/analyze.h"
#include "analyzer/input.h"
#include "analyzer/pool.h"
#include "analyzer/spend.h"
#include "formats/dump/hole.h"

#include <stdatomic.h>

enum { TEXT_WINDOW = 4 * 1024 * 1024 }; /* bytes a reader may need to see at once */

/* Rows of one table in one place of one input. */
struct table_rows {
    struct table_rows *next;
    struct catalogue_entry *entry;
    struct scan_layout layout;
    struct table_scan *scan;
    struct str *columns;
    const char *place; /* of the header, for messages */
    bool apart;        /* cells of records that are counted elsewhere */
    /* INSERT: the values that are no field, by position in a row (insert.h) */
    const bool *left_out;
    size_t left_out_count;
};

struct analysis {
    const struct analyze_options *options;
    struct arena *arena; /* the report's */
    struct report *report;
    struct analyze_outcome *outcome;
    struct catalogue catalogue;
    struct scope scope;
    struct key_names known;
    struct constants constants; /* of all envelopes there are */
    struct pool *pool;

    struct spend *spend; /* NULL: no activity export was met */

    bool timed; /* an input told the report's time of data, or that it has none */

    /* the input at hand */
    struct input *input;
    uint64_t bytes_before; /* stored bytes of the inputs that are done */
    struct str server_version;
    int64_t data_time; /* the oldest of its texts: evidence is as old as its oldest part (S6) */
    const char *data_time_source;    /* NULL: none of them has one yet */
    uint64_t texts;                  /* found in it so far */
    uint64_t decoded_bytes, records; /* of them */
    bool incomplete;                 /* something of it was not read (S1) */
    bool refused;                    /* it is of a kind that is not read: no report */

    /* the text at hand */
    const struct input_text *text;
    struct window *window;
    struct hole *hole; /* in the text that the window shows */
    struct str database;
    int64_t header_time;   /* of the dump being read in it, or UTC_NONE */
    int64_t header_latest; /* it began then at the latest: where its zone is not known, later */
    uint64_t block_bytes;  /* decoded out of it, in a layer of its own */
    bool text_incomplete;
    const char *text_note;
    struct table_rows *rows;    /* scanned and not yet added up; newest first */
    struct table_rows *objects; /* of them, the large objects */

    /* Rows that jobs of the pool read, for the progress line. */
    struct {
        bool passing;         /* over such rows, since the input's byte `from` */
        uint64_t from, total; /* bytes that were passed */
        _Atomic uint64_t read;
    } apart;

    struct archive_jobs *files;     /* of a folder, left to jobs; their texts have not ended */
    struct archive_job *left;       /* the text at hand is one of them */
    struct archive_folder *folders; /* archives in directory or tar format, of the input at hand */
    bool folders_sought;            /* all of them are known */
    struct str too_early;           /* prefix of a file that was not taken for one of theirs */
};

/* The input is as old as the oldest of what it holds; an unknown time may be older than any. */
void analysis_note_time(struct analysis *a);
/* A dump says when it was begun: at `earliest`, and not after `latest`. */
void analysis_dump_began(struct analysis *a, int64_t earliest, int64_t latest);
/* What follows is of another dump, whose time is not known yet. */
void analysis_dump_ended(struct analysis *a);
/* The same by a clock whose zone is not told; UTC_NONE: it says nothing. */
void analysis_dump_began_somewhere(struct analysis *a, int64_t local);

/*
 * Opens the rows of a table: layout, declared columns, scan. NULL with err set when a declared
 * column is missing. `columns` live in the arena.
 */
struct table_rows *analysis_rows(struct analysis *a, struct catalogue_entry *entry,
                                 enum scan_format format, const struct csv_dialect *dialect,
                                 struct str *columns, size_t count, const char *place,
                                 struct err *err);
/*
 * The same for COPY text whose columns are not all known yet: what of them is declared is flagged,
 * and nothing is missed.
 */
struct table_rows *analysis_rows_so_far(struct analysis *a, struct catalogue_entry *entry,
                                        struct str *columns, size_t count, const char *place);
/* Records of the table lack the column: NULLs of it. */
void analysis_add_nulls(struct analysis *a, struct catalogue_entry *entry, struct str column,
                        uint64_t count);
/* The table's rows are rows of `parent`, too: what is declared of that is declared of it. */
void analysis_inherit(struct analysis *a, struct catalogue_entry *entry,
                      struct catalogue_entry *parent);
/*
 * Rows of COPY text opened before in this text, with the same columns: rows that come again and
 * again between those of other tables are opened once. NULL: none.
 */
struct table_rows *analysis_rows_again(struct analysis *a, const struct catalogue_entry *entry,
                                       const struct str *columns, size_t count);
/* Waits for the scans and adds them to the report. */
void analysis_fold(struct analysis *a);
/* Makes the text at hand incomplete, with a finding. */
void analysis_unread(struct analysis *a, const struct catalogue_entry *entry, const char *message,
                     uint64_t count);
/* At the end of a text: false with ERR_INCOMPLETE when blocks of it were never written (S1). */
bool analysis_no_hole(const struct analysis *a, struct err *err);
bool analysis_is_no_hole(const struct hole *hole, const char *path, struct err *err);
/* Keeps an error as a problem of the outcome; clears it. */
void analysis_problem(struct analysis *a, struct err *problem);
/* Scans the rows that the window stands at; those of re-encryption jobs are read as well (S8). */
bool analysis_scan(struct analysis *a, const struct table_rows *rows, enum rows_end end,
                   struct err *err);
/* Says in the error of reading them which rows they are. */
void analysis_rows_failed(struct analysis *a, const struct table_rows *rows, struct err *err);
/*
 * The rows of a table that another syntax than COPY brings: `text` gives them as COPY text
 * (formats/dump/copy_text.h), and they are scanned as such. The source stays the caller's. Errors
 * of its own must carry their place in the input.
 */
bool analysis_copy_text(struct analysis *a, const struct table_rows *rows, struct source *text,
                        struct err *err);

/*
 * Large objects: each is searched for the constant bytes of the envelopes, as one record of column
 * data of pg_catalog.pg_largeobject, where the server keeps them. a->window shows the bytes of one.
 */
bool analysis_object(struct analysis *a, struct err *err);
/* They are left out by --exclude-table. */
/* Their place in the catalogue, defined. */
struct catalogue_entry *analysis_objects_entry(struct analysis *a);
bool analysis_objects_excluded(struct analysis *a);

/* The table that a text without a name of its own is of: that of its file, or its folder. */
struct table_name analysis_text_table(const struct analysis *a);
/* In place of rows_scan: the rows of OpenRouter's activity export. */
bool analysis_activity(struct analysis *a, const struct table_rows *rows,
                       const struct activity_columns *columns, struct err *err);

bool analyze_sql(struct analysis *a, struct err *err);
bool analyze_mysql(struct analysis *a, struct err *err);
bool analyze_sqlite_script(struct analysis *a, struct err *err);
/* A file of COPY ... (FORMAT binary). */
bool analyze_pgcopy(struct analysis *a, struct err *err);

/* SQL that an archive holds in pieces. */
enum sql_part_kind {
    SQL_PART_DEFINITION, /* of a table, a reference, or the session; no rows */
    SQL_PART_COPY,       /* one COPY; its rows stand elsewhere, for the caller to read */
    SQL_PART_ROWS        /* INSERTs; a->window is `statements` */
};
struct sql_part {
    enum sql_part_kind kind;
    struct window *statements;
    struct str schema;                 /* that unqualified names take */
    struct catalogue_entry *partition; /* whose rows these are, whatever table takes them */
    bool backslashes;                  /* in and out: standard_conforming_strings is off */
    bool found;                        /* out: it told something */
    struct table_rows *rows;           /* out, of the COPY: opened; NULL: not to be read */
};
bool analyze_sql_part(struct analysis *a, struct sql_part *part, struct err *err);
bool analyze_archive(struct analysis *a, struct err *err);

bool analyze_csv(struct analysis *a, struct err *err);
bool analyze_json(struct analysis *a, struct err *err);
/* The text is the whole of a file that can be read at any place (input_is_plain). */
bool analyze_sqlite(struct analysis *a, struct err *err);

#endif
