/*
 * report_schema: the tables and views of a report file, and the words that describe them.
 *
 * One list says for every relation and column its name, how it is made and what it means; the
 * CREATE statements, the `_doc` table and the reader's check that a file has exactly our tables all
 * come from it. Only report_*.c need this.
 *
 * Base tables begin with `_` and hold what was found, each fact once; ids count from 1 without a
 * gap, in the order of the report. The views are what people and scripts read (cli.md).
 * Layouts: 1 as it began; 2 has the spend of OpenRouter's keys. A base table never changes: another
 * is added, so that a file of any layout can be read.
 * Needs SQLite 3.26: no STRICT, no generated columns, no window functions.
 */
#ifndef COMMON_REPORT_SCHEMA_H
#define COMMON_REPORT_SCHEMA_H

#include "common/buf.h"

enum {
    REPORT_APPLICATION_ID = 0x4B435245, /* "KCRE", bytes 68-71 of the file, big-endian */
    REPORT_SCHEMA_VERSION = 2           /* user_version, bytes 60-63 */
};

struct report_field {
    const char *name;
    const char *made; /* table: type and constraints; view: expression; summary: its value */
    const char *means;
};

enum relation_kind { RELATION_TABLE, RELATION_VIEW, RELATION_ITEMS };

struct report_relation {
    const char *name;
    enum relation_kind kind; /* RELATION_ITEMS: the view summary, a row for each field */
    const char *from;        /* of views: FROM, WHERE and ORDER BY */
    const char *means;
    const struct report_field *fields;
    size_t field_count;
    unsigned since; /* the first layout that has it */
};

const struct report_relation *report_relations(size_t *count);
/* NULL when there is none. */
const struct report_relation *report_relation(const char *name);

/* "CREATE TABLE _column(...)", exactly as it stands in sqlite_master.sql of a report. */
void report_schema_create(struct buf *b, const struct report_relation *r);
/* "INSERT INTO _column VALUES(?,?,...)" */
void report_schema_insert(struct buf *b, const struct report_relation *r);
/* "SELECT a,b,... FROM _column ORDER BY rowid", in the order of the list. */
void report_schema_select(struct buf *b, const struct report_relation *r);

#endif
