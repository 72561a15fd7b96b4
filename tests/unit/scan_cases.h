/*
 * scan_cases: random rows that are awkward to scan, and tallies as text so that they compare.
 */
#ifndef TESTS_UNIT_SCAN_CASES_H
#define TESTS_UNIT_SCAN_CASES_H

#include "analyzer/scan.h"
#include "common/buf.h"
#include "tests/unit/fernet_cells.h"

enum { CASE_TIME = 1700000000, CASE_LIMIT = 1800000000 };

static inline void case_column(struct buf *out, const struct report_column *c, uint64_t leaks)
{
    buf_printf(out, "records %llu nulls %llu", (unsigned long long)c->records,
               (unsigned long long)c->nulls);
    if (!c->has_classes) {
        buf_text(out, "\n");
        return;
    }
    buf_printf(out, " leaks %llu future %llu keys %llu classes", (unsigned long long)leaks,
               (unsigned long long)c->future_times, (unsigned long long)c->key_records);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (c->classes[i] > 0)
            buf_printf(out, " %s %llu", value_class_name((enum value_class)i),
                       (unsigned long long)c->classes[i]);
    buf_text(out, "\n");
    for (size_t i = 0; i < c->usage_count; i++) {
        const struct report_usage *u = &c->usages[i];
        buf_printf(out, "  %.*s%s %llu %lld %lld\n", STR_ARG(u->version),
                   u->basis == BASIS_PROVEN ? " proven" : "", (unsigned long long)u->records,
                   (long long)u->oldest, (long long)u->newest);
    }
}

static inline const char *case_tally(struct tally *t, struct arena *arena)
{
    struct buf out = {.arena = arena};
    buf_printf(&out, "records %llu ragged %llu beyond %llu\n", (unsigned long long)t->records,
               (unsigned long long)t->ragged, (unsigned long long)t->beyond);
    for (size_t i = 0; i < t->layout->columns; i++) {
        struct report_column c = {0};
        tally_report(t, i, arena, &c);
        case_column(&out, &c, tally_leaks(t, i));
    }
    return arena_text(arena, buf_str(&out));
}

/* A decoded value: ordinary, empty, or one that counts. */
static inline size_t case_value(uint64_t *seed, char into[CELL_MAX])
{
    static const char *const plain[] = {"",
                                        "",
                                        "7",
                                        "v1:a\\b",
                                        "vimeo:\n",
                                        "Z",
                                        "Z0",
                                        "5",
                                        "5a",
                                        "a b",
                                        "v1:",
                                        "v1:x",
                                        "vimeo:a",
                                        "Z0FBQUF",
                                        "back\\slash",
                                        "tab\there",
                                        "line\n",
                                        "\\N",
                                        "\\x",
                                        "\\x6162",
                                        "x\rx",
                                        "quote\"d",
                                        "5A3046",
                                        "\r",
                                        "Z0FBQUFB",
                                        "v9:Z0FBQUFB",
                                        "\\",
                                        "N",
                                        "\"",
                                        "5a30464251554642",
                                        "Z0FBQUFB Z0FBQUFB",
                                        ",",
                                        ";",
                                        "{v1:Z0FBQUFB}"};
    char token[CELL_MAX];
    uint64_t choice = cell_random(seed) % 10;
    if (choice < 6)
        return (size_t)snprintf(into, CELL_MAX, "%s",
                                plain[cell_random(seed) % (sizeof plain / sizeof *plain)]);
    if (choice == 6) { /* filler, so that values fall everywhere in a block of 64 bytes */
        size_t n = cell_random(seed) % 90;
        memset(into, 'z', n);
        return n;
    }
    static const char *const prefixes[] = {"v1:", "v2:", "V1:", "", "new:", "v1", " v1:"};
    (void)cell_value(token, prefixes[cell_random(seed) % 7], 1 + (unsigned)(choice & 1),
                     CASE_TIME + cell_random(seed) % 3 * 100000000, cell_random(seed) % 50);
    if (choice == 9)
        return (size_t)snprintf(into, CELL_MAX, "[%.200s]", token);
    size_t len = strlen(token);
    if (cell_random(seed) % 8 == 0)
        len -= cell_random(seed) % len;
    memcpy(into, token, len);
    return len;
}

/* The value as COPY text; now and then with escapes that nobody needs. */
static inline void case_copy_field(uint64_t *seed, struct buf *out, const char *value, size_t len)
{
    bool odd = cell_random(seed) % 6 == 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c == '\\')
            buf_text(out, "\\\\");
        else if (c == '\t')
            buf_text(out, odd ? "\\x9" : "\\t");
        else if (c == '\n')
            buf_text(out, odd ? "\\12" : "\\n");
        else if (c == '\r')
            buf_text(out, "\\r");
        else if (odd && cell_random(seed) % 5 == 0)
            buf_printf(out, cell_random(seed) % 2 ? "\\x%02x" : "\\%03o", c);
        else if (odd && cell_random(seed) % 5 == 0 && !strchr("bfnrtvxN01234567.", c))
            buf_printf(out, "\\%c", c);
        else
            buf_byte(out, c);
    }
}

/* Rows of COPY text; some ragged when asked for. */
static inline struct str case_copy_rows(uint64_t *seed, struct arena *arena, size_t columns,
                                        size_t records, bool ragged, bool crlf)
{
    struct buf out = {.arena = arena};
    for (size_t r = 0; r < records; r++) {
        size_t fields = columns;
        if (ragged && cell_random(seed) % 10 == 0)
            fields = 1 + cell_random(seed) % (columns + 2);
        for (size_t i = 0; i < fields; i++) {
            char value[CELL_MAX];
            if (i)
                buf_byte(&out, '\t');
            if (cell_random(seed) % 5 == 0)
                buf_text(&out, "\\N");
            else
                case_copy_field(seed, &out, value, case_value(seed, value));
        }
        buf_text(&out, crlf ? "\r\n" : "\n");
    }
    return buf_str(&out);
}

#endif
