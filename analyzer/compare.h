/*
 * compare: what differs between two reports.
 *
 * The one idea: a report is a set of facts, each a place, a property and a value; both sets are
 * sorted by place and property and walked side by side. So the answer does not depend on the order
 * of anything in the files, nor on the layout of the file a report was read from.
 *
 *     struct comparison c;
 *     compare_reports(&old, &new, &run, &c);
 *     for (size_t i = 0; i < c.count; i++) ... c.changes[i] ...
 *
 * What a report found is compared, not who made it: two censuses of equal content differ in
 * nothing, though their dumps are of different times. Columns that hold no ciphertext stand out
 * only when they come or go in a table that both reports have.
 *
 * A report that names no database is compared with one of a single database as if it were of that.
 *
 * A version that is not the active one and grew, or was written with after the active one came into
 * use, is marked: some process still encrypts with an old configuration (S9).
 *
 * Ownership: changes live in the arena and borrow their texts from the two reports, which must be
 * sealed or read. Pure: no file, no clock.
 */
#ifndef ANALYZER_COMPARE_H
#define ANALYZER_COMPARE_H

#include "common/report.h"
#include "common/table.h"

/* What a change is about, in the order in which changes stand. */
enum change_subject {
    CHANGE_REPORT,   /* status, active version and the like; no place */
    CHANGE_KEY,      /* a version of the env file */
    CHANGE_TABLE,    /* coverage (S2) and rows */
    CHANGE_COLUMN,   /* what is recognised in it */
    CHANGE_VERSION,  /* a key version in a column */
    CHANGE_CLASS,    /* a class of values in a column (S4) */
    CHANGE_JOB,      /* a re-encryption job */
    CHANGE_SPEND,    /* a key of OpenRouter */
    CHANGE_DECLARED, /* the declared scope */
    CHANGE_FINDING,
    CHANGE_SUBJECT_COUNT
};
/* "report", "key", "table", ... */
const char *change_subject_name(enum change_subject s);

enum change_note {
    CHANGE_PLAIN,
    CHANGE_STALE_WRITER, /* a version that is not active is still written with */
    CHANGE_LESS_SEEN,    /* the newer report saw less: rows of a table, a ciphertext column */
    CHANGE_NEW_PLACE,    /* ciphertext where the older report had none */
    CHANGE_NOTE_COUNT
};
/* "", "stale-writer", "less-seen", "new-ciphertext" */
const char *change_note_name(enum change_note n);

struct change {
    enum change_subject subject;
    struct str database, schema, table, column; /* as much of it as the subject has */
    struct str name;           /* a version, a class, a job, a code, ...; may be '' */
    const char *property;      /* "records", "state", "newest", ... */
    struct cell before, after; /* CELL_NULL: not in that report */
    enum change_note note;
};

struct comparison {
    struct change *changes;
    size_t count;
    size_t notes[CHANGE_NOTE_COUNT]; /* how many changes have each */
};

void compare_reports(const struct report *before, const struct report *after, struct arena *a,
                     struct comparison *into);

/* How far a count went up or down; a count that is not there is 0. False: no count. */
bool change_difference(const struct change *c, int64_t *difference);

#endif
