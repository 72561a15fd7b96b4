/*
 * catalogue: which tables there should be, and which of them brought rows (S2).
 *
 * A script defines tables, refers to tables, brings rows of tables and holds rows that are not read
 * here. The catalogue keeps one entry a table over all inputs and, at the end, gives each its
 * coverage state. The tables themselves are those of the report, found by their index.
 *
 *     struct catalogue c;
 *     catalogue_open(&c, &report);
 *     struct catalogue_entry *t = catalogue_table(&c, (struct table_name){db, schema, name});
 *     catalogue_define(&c, t, ...);  catalogue_rows(&c, t);
 *     ...at the end of each text: catalogue_end_text(&c);
 *     catalogue_settle(&c);         states, notes, findings, report->partial
 *
 * Two texts may be dumps of two databases that neither of them names, so that their tables of one
 * name fall together. The rows in one of them must not hide that the other leaves them out: a text
 * that holds rows and defines a table without its rows withholds them. A text of definitions alone
 * withholds nothing: its rows come in another.
 *
 * A partition's rows are rows of its root as well, and a child's those of what it inherits from:
 * who declares a column of the one means all of them. catalogue_ancestors names them.
 *
 * Ownership: everything lives in the report's arena; entries do not move.
 * Limits: CATALOGUE_ANCESTORS_MAX tables above one.
 */
#ifndef ANALYZER_CATALOGUE_H
#define ANALYZER_CATALOGUE_H

#include "common/report.h"

struct table_name {
    struct str database, schema, name;
};

/* schema.table for people, what is not printable escaped; '' for no schema. */
struct str table_name_shown(struct arena *a, struct table_name name);

enum { CATALOGUE_ANCESTORS_MAX = 64 };

struct catalogue_entry;

/* A table that another's rows are rows of, too. */
struct catalogue_parent {
    struct catalogue_parent *next;
    struct catalogue_entry *of;
};

struct catalogue_entry {
    size_t table;        /* index in report->tables */
    bool defined;        /* a CREATE of some kind was seen */
    bool has_rows;       /* its rows were read, be it none */
    bool skipped;        /* left out by --exclude-table */
    bool through_root;   /* a partition whose rows the COPY of its root brought */
    bool withheld;       /* some text has rows, defines it, and has none of it */
    bool unreached;      /* its rows, or some of them, stand where an input broke off */
    uint64_t defined_in; /* number of the last text that did; 0: none */
    uint64_t rows_in;
    uint64_t unread; /* what brings rows and is not read in this version */
    struct str unread_what;
    struct str *columns; /* of its definition, those that hold data */
    size_t column_count;
    /* All columns in their order, and which are generated; NULL: the definition does not tell. */
    const struct str *positions;
    const bool *generated;
    size_t position_count, inherited_count; /* the inherited ones are the first */
    const bool *computed;             /* which of its columns rows may leave out; NULL: none */
    struct catalogue_parent *parents; /* its partitioned root, or what it inherits from */
    struct catalogue_entry *next;     /* in its hash chain */
};

struct catalogue {
    struct report *report;
    struct catalogue_entry **chains;
    size_t chain_count; /* a power of two */
    size_t count;
    struct catalogue_entry **entries; /* by table index */
    size_t entry_room;
    uint64_t texts; /* the last number given out */
    struct catalogue_text {
        uint64_t number;
        bool defines, has_rows; /* anything */
    } text;                     /* the one at hand */
};

void catalogue_open(struct catalogue *c, struct report *report);
/* The entry of a table; NULL when there is none. */
struct catalogue_entry *catalogue_find(const struct catalogue *c, struct table_name name);
/* The same, made with its report table when it is new. */
struct catalogue_entry *catalogue_table(struct catalogue *c, struct table_name name);
struct table_name catalogue_name(const struct catalogue *c, const struct catalogue_entry *e);
struct report_table *catalogue_report(struct catalogue *c, const struct catalogue_entry *e);
/* A column that rows brought; NULL when there is none. */
struct report_column *catalogue_column(const struct report_table *t, struct str name);
/* A table that holds rows stays one, whatever a later text calls by its name. */
void catalogue_define(struct catalogue *c, struct catalogue_entry *e, enum table_kind kind,
                      const struct str *columns, size_t count);
/* Behind catalogue_define: its whole list, generated columns included, but for inherited ones. */
void catalogue_positions(struct catalogue *c, struct catalogue_entry *e, const struct str *names,
                         const bool *generated, size_t count);
/*
 * Behind both: of each of the columns as they were given there, whether it is computed from others,
 * so that rows may leave it out and lose nothing.
 */
void catalogue_computed(struct catalogue *c, struct catalogue_entry *e, const bool *computed,
                        size_t count);
/* Behind catalogue_positions: the table has the columns of another too, before its own. */
void catalogue_inherit_columns(struct catalogue *c, struct catalogue_entry *e,
                               const struct catalogue_entry *from);
/* Its rows are rows of `parent`, too. False: that was known. */
bool catalogue_inherit(struct catalogue *c, struct catalogue_entry *e,
                       struct catalogue_entry *parent);
/* All tables above it into `out`; gives back how many there are, SIZE_MAX beyond the limit. */
size_t catalogue_ancestors(struct catalogue_entry *e,
                           struct catalogue_entry *out[CATALOGUE_ANCESTORS_MAX]);
/* Rows of the table are read, be it none. */
void catalogue_rows(struct catalogue *c, struct catalogue_entry *e);
/* Something that brings or changes rows of it is not read; `what` is borrowed. */
void catalogue_unread(struct catalogue_entry *e, struct str what, uint64_t count);
void catalogue_end_text(struct catalogue *c);
/* Before its end: the text broke off. What it defines and brought no rows of is unknown (S2). */
void catalogue_break_text(struct catalogue *c);
/*
 * A text may stand in several files with others between them: it is left, and gone on with later.
 * It ends when it is at hand and catalogue_end_text is called.
 */
struct catalogue_text catalogue_leave_text(struct catalogue *c);
void catalogue_resume_text(struct catalogue *c, struct catalogue_text text);
/* Sets every table's state and note, the findings that follow from them, and report->partial. */
void catalogue_settle(struct catalogue *c);

#endif
