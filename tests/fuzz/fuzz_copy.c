/*
 * Any bytes as a COPY text record: fields add up to the record, a value is never longer than its
 * field, decoding in place gives the same, and escaping a value again reads as that value.
 */
#include "formats/dump/copy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELD_MAX = 64 * 1024 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_field(struct str raw)
{
    static unsigned char first[FIELD_MAX], second[FIELD_MAX], third[2 * FIELD_MAX];
    size_t len = 0;
    bool value = copy_unescape(raw, first, &len);
    must(value != copy_is_null(raw));
    if (!value)
        return;
    must(len <= raw.len);
    memcpy(second, raw.at, raw.len);
    size_t again = 0;
    must(copy_unescape(str_make(second, raw.len), second, &again));
    must(str_eq(str_make(first, len), str_make(second, again)));
    size_t escaped = 0;
    for (size_t i = 0; i < len; i++) {
        if (first[i] == '\\' || first[i] == '\t' || first[i] == '\n')
            third[escaped++] = '\\';
        third[escaped++] = first[i] == '\t' ? 't' : first[i] == '\n' ? 'n' : first[i];
    }
    must(copy_unescape(str_make(third, escaped), second, &again));
    must(str_eq(str_make(first, len), str_make(second, again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FIELD_MAX)
        return 0;
    struct copy_fields f = copy_fields(str_make(data, size));
    struct str raw;
    size_t sum = 0;
    size_t count = 0;
    for (; copy_next(&f, &raw); count++) {
        sum += raw.len;
        check_field(raw);
    }
    must(count >= 1 && sum + count - 1 == size);
    return 0;
}
