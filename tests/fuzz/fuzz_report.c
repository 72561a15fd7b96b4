/*
 * Any bytes as a report file: nothing is read that is not there, a refusal says that the file is
 * damaged or none of ours, and a file that reads gives the same twice, with its digests right.
 */
#include "common/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MOST = 512 * 1024 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool read_once(const char *path, struct arena *a, struct report *r, struct err *err)
{
    bool done = report_read(path, a, r, err);
    must(done != err_is(err));
    must(done || err->kind == ERR_CORRUPT);
    return done;
}

/* What planning takes from it may be walked through: names of some length, ids that exist. */
static size_t walk(const struct report *r)
{
    size_t bytes = 0;
    for (size_t t = 0; t < r->table_count; t++) {
        const struct report_table *table = &r->tables[t];
        bytes += table->name.len;
        for (size_t c = 0; c < table->column_count; c++) {
            const struct report_column *column = &table->columns[c];
            bytes += column->name.len;
            for (size_t u = 0; u < column->usage_count; u++)
                bytes += column->usages[u].version.len;
        }
    }
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct arena a = {0};
    struct report one, two;
    struct err first = {0}, second = {0};
    if (size > FILE_MOST)
        return 0;
    (void)snprintf(path, sizeof path, "/dev/shm/fuzz_report.%ld", (long)getpid());
    FILE *file = fopen(path, "wb");
    must(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    bool read = read_once(path, &a, &one, &first);
    must(read == read_once(path, &a, &two, &second) && first.id == second.id);
    if (read)
        must(walk(&one) == walk(&two) && one.complete == two.complete);
    (void)remove(path);
    arena_free(&a);
    return 0;
}
