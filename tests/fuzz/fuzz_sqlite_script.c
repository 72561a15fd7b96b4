/*
 * Any bytes as a script of SQLite: events and rows are the same in whatever pieces the bytes come
 * and go, and the reader always ends.
 */
#include "tests/fuzz/script_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    same_in_pieces(data, size, sql_open_sqlite);
    return 0;
}
