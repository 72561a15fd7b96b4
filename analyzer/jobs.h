/*
 * jobs: the re-encryption jobs that stand in the data, for the report (S8, K6.4).
 *
 * The application keeps its jobs in the table `reencrypt_jobs`; a key version that an unfinished
 * one is still writing to must not be removed. These rows are the only cells whose text goes into a
 * report, and of them only the columns of the view `jobs`.
 *
 *     struct job_reader j;
 *     jobs_open(&j, &report, database, columns, count);
 *     for (each record)  jobs_record(&j, fields, is_null, count);      decoded values
 *     if (!jobs_close(&j, table)) ...                                  some were not kept: S1
 *
 * Columns are found by name, in any order; missing ones stay empty, 0 or false. Target versions and
 * states are lower-cased. Time stamps of PostgreSQL become YYYY-MM-DDTHH:MM:SSZ, those without a
 * zone being taken as UTC; any other text stays as it stands. A flag that cannot be read counts as
 * a dry run, which keeps the target: the careful side.
 *
 * Limits: JOB_TEXT_MAX bytes a text, beyond which it is replaced by JOB_TOO_LONG; JOBS_MAX jobs a
 * report. Both, and values that cannot be read, are findings, `jobs-unread` and `jobs-odd`.
 * Errors: none. Ownership: texts are copied into the report's arena.
 * Source: formats.md, section 2.
 */
#ifndef ANALYZER_JOBS_H
#define ANALYZER_JOBS_H

#include "common/report.h"

enum { JOBS_MAX = 10000, JOB_TEXT_MAX = 256 };

#define JOB_TOO_LONG "(too long)"

enum job_field {
    JOB_ID,
    JOB_MODEL_PATH,
    JOB_COLUMN_NAME,
    JOB_TARGET_VERSION,
    JOB_STATUS,
    JOB_PROCESSED,
    JOB_TOTAL_RECORDS,
    JOB_ERRORS,
    JOB_DRY_RUN,
    JOB_UPDATED_AT,
    JOB_FIELDS
};

struct job_reader {
    struct report *report;
    struct str database;
    size_t index[JOB_FIELDS]; /* of the column; SIZE_MAX: there is none */
    uint64_t not_kept;        /* records beyond JOBS_MAX */
    uint64_t too_long;        /* texts */
    uint64_t odd;             /* numbers and flags that could not be read */
};

/* True for the name of the jobs table, whatever its schema. */
bool jobs_is_table(struct str table);
void jobs_open(struct job_reader *j, struct report *report, struct str database,
               const struct str *columns, size_t count);
void jobs_record(struct job_reader *j, const struct str *fields, const bool *is_null, size_t count);
/* Writes the findings. False: a job or its target is not in the report. */
bool jobs_close(struct job_reader *j, const struct report_table *table);

#endif
