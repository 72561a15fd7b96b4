/* analyze_jobs: the rows of reencrypt_jobs, whose cells are read and not only counted (S8). */
#include "analyzer/analysis.h"
#include "analyzer/jobs.h"
#include "analyzer/records.h"

static bool read_jobs(struct analysis *a, const struct table_rows *rows, enum rows_end end,
                      struct err *err)
{
    struct records r;
    struct record rec;
    struct job_reader jobs;
    struct arena scratch = {0};
    records_open(&r, a->pool, rows->scan, a->window, end, &scratch);
    jobs_open(&jobs, a->report, a->database, rows->columns, rows->layout.columns);
    while (records_next(&r, &rec, err))
        jobs_record(&jobs, rec.fields, rec.nulls, rec.count);
    if (!jobs_close(&jobs, catalogue_report(&a->catalogue, rows->entry)))
        analysis_unread(a, rows->entry, "re-encryption jobs that the report does not hold", 1);
    arena_free(&scratch);
    return !err_is(err);
}

bool analysis_scan(struct analysis *a, const struct table_rows *rows, enum rows_end end,
                   struct err *err)
{
    if (jobs_is_table(catalogue_report(&a->catalogue, rows->entry)->name))
        return read_jobs(a, rows, end, err);
    return rows_scan(a->pool, rows->scan, a->window, end, err);
}
