/*
 * Any bytes as an SQLite file: nothing is read that is not there, nothing runs for ever, and rows
 * of a sound file are the same into whatever room they go.
 */
#include "analyzer/sqlite_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MOST = 256 * 1024, TEXT_MOST = 1024 * 1024 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* As much of a table's text as fits; how much that is. */
static size_t read_table(struct sqlite_file *f, const struct sqlite_table *t, size_t room,
                         unsigned char *into, struct err *err)
{
    size_t len = 0;
    struct sqlite_rows *rows = sqlite_rows_open(f, t, err);
    while (rows && len < TEXT_MOST) {
        size_t got = 0;
        size_t n = room < TEXT_MOST - len ? room : TEXT_MOST - len;
        if (source_read(sqlite_rows_source(rows), into + len, n, &got, err) != PULL_OK)
            break;
        must(got > 0 && got <= n);
        len += got;
    }
    sqlite_rows_close(rows);
    return len;
}

static void read_all(const char *path, struct str head)
{
    static unsigned char one[TEXT_MOST];
    static unsigned char two[TEXT_MOST];
    struct arena a = {0};
    struct sqlite_file f;
    struct err err = {0};
    bool open = sqlite_open(&f, path, head, &a, &err);
    bool listed = open && sqlite_tables(&f, &err);
    struct err checked = {0}; /* of a damaged page SQLite says now this and now that */
    bool sound = listed && sqlite_check(&f, &checked);
    for (size_t i = 0; listed && i < f.table_count && i < 8; i++) {
        struct str *names;
        size_t count;
        if (f.tables[i].kind != SQLITE_TABLE)
            continue;
        (void)sqlite_references(&f, &f.tables[i], &names, &count, &err);
        struct err first = {0};
        struct err second = {0};
        size_t len = read_table(&f, &f.tables[i], TEXT_MOST, one, &first);
        size_t same = read_table(&f, &f.tables[i], 7, two, &second);
        must(!sound || (len == same && memcmp(one, two, len) == 0 && first.id == second.id));
    }
    sqlite_close(&f);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (size > FILE_MOST)
        return 0;
    (void)snprintf(path, sizeof path, "/dev/shm/fuzz_sqlite.%ld", (long)getpid());
    FILE *file = fopen(path, "wb");
    must(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    read_all(path, str_make(data, size < 100 ? size : 100));
    (void)remove(path);
    return 0;
}
