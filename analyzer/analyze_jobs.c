/* analyze_jobs: the rows of reencrypt_jobs, decoded from a copy and handed to the job reader. */
#include "analyzer/analysis.h"
#include "analyzer/jobs.h"
#include "analyzer/records.h"

bool analysis_is_jobs_table(struct str name)
{
    return jobs_is_table(name);
}

bool analysis_jobs(struct analysis *a, const struct table_rows *rows, struct str bytes,
                   enum rows_end end, struct err *err)
{
    struct window w;
    struct records r;
    struct record rec;
    struct job_reader jobs;
    struct arena scratch = {0};
    struct source *src = source_memory(bytes, 0, err);
    if (!src)
        return false;
    if (!window_open(&w, src, RECORDS_RECORD_MAX, err)) {
        source_close(src);
        return false;
    }
    records_open(&r, &w, &rows->layout, end, &scratch);
    jobs_open(&jobs, a->report, a->database, rows->columns, rows->layout.columns);
    while (records_next(&r, &rec, err))
        jobs_record(&jobs, rec.fields, rec.nulls, rec.count);
    a->report->jobs_known = true;
    if (!jobs_close(&jobs, catalogue_report(&a->catalogue, rows->entry)))
        analysis_unread(a, rows->entry, "re-encryption jobs that the report does not hold", 1);
    window_close(&w);
    source_close(src);
    arena_free(&scratch);
    return !err_is(err);
}
