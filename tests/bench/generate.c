/*
 * generate: dumps of any size for measuring, the same bytes for the same options.
 *
 *     generate [--shape wide|narrow] [--format sql|copy|csv] [--rows N] [--versions N] > FILE
 *     generate --field BYTES [--format sql|copy|csv|insert] > FILE
 *
 * wide    8 columns, two of them encrypted: id, email, name, secret, created, note, token, flags
 * narrow  6 columns of small numbers
 * field   2 columns and three records: a value of v1, a text of at least so many bytes, one of v2
 * sql     a pg_dump script with one table; copy: its rows alone; csv: with a header, quoted text;
 *         insert: the script as pg_dump --inserts writes it
 *
 * 2,500,000 wide rows are about 1 GB. Values have the structure of real ones and random bytes
 * inside: nothing can be decrypted, and only --verify would notice.
 */
#include "tests/unit/fernet_cells.h"

#include <stdlib.h>

enum format { FORMAT_SQL, FORMAT_COPY, FORMAT_CSV, FORMAT_INSERT };

struct options {
    int narrow;
    enum format format;
    unsigned long rows;
    unsigned long field; /* bytes; 0: no such shape */
    unsigned versions;
};

/* Values are drawn from a pool: making each afresh would take longer than the scan. */
enum { POOL = 4096, POOL_VALUE = 320 };
static char values[POOL][POOL_VALUE];

static void fill_pool(unsigned versions, uint64_t *seed)
{
    for (unsigned i = 0; i < POOL; i++) {
        char prefix[32];
        char value[CELL_MAX];
        unsigned version = 1 + (unsigned)(cell_random(seed) % versions);
        uint64_t time = 1600000000 + 10000000 * (uint64_t)version + cell_random(seed) % 9000000;
        (void)snprintf(prefix, sizeof prefix, "v%u:", version);
        (void)cell_value(value, prefix, 1 + (unsigned)(cell_random(seed) % 3), time, i);
        (void)snprintf(values[i], POOL_VALUE, "%.*s", POOL_VALUE - 1, value);
    }
}

static const char *a_value(uint64_t *seed, const char *null)
{
    uint64_t r = cell_random(seed);
    return r % 16 == 0 ? null : values[r / 16 % POOL];
}

static void wide_row(const struct options *o, unsigned long id, uint64_t *seed)
{
    static const char *const words[] = {"lorem", "ipsum", "dolor", "sit",   "amet", "consectetur",
                                        "elit",  "sed",   "magna", "nulla", "quis", "velit"};
    const char *w[6];
    uint64_t r = cell_random(seed);
    for (unsigned i = 0; i < 6; i++)
        w[i] = words[(r >> 6 * i) % 12];
    int day = (int)(r >> 40) % 28 + 1;
    if (o->format == FORMAT_CSV)
        (void)printf("%lu,%s.%lu@example.org,\"%s, %s\",%s,2026-01-%02d 10:00:00,"
                     "\"%s \"\"%s\"\" %s %s\",%s,%u\n",
                     id, w[0], id, w[1], w[2], a_value(seed, ""), day, w[3], w[4], w[5], w[0],
                     a_value(seed, ""), (unsigned)(r >> 50) % 9);
    else
        (void)printf("%lu\t%s.%lu@example.org\t%s %s\t%s\t2026-01-%02d 10:00:00\t"
                     "%s %s %s %s\t%s\t%u\n",
                     id, w[0], id, w[1], w[2], a_value(seed, "\\N"), day, w[3], w[4], w[5], w[0],
                     a_value(seed, "\\N"), (unsigned)(r >> 50) % 9);
}

static void narrow_row(const struct options *o, unsigned long id, uint64_t *seed)
{
    uint64_t r = cell_random(seed);
    char c = o->format == FORMAT_CSV ? ',' : '\t';
    (void)printf("%lu%c%u%c%u%c%u%c%u%c%u\n", id, c, (unsigned)r % 100, c, (unsigned)(r >> 8) % 10,
                 c, (unsigned)(r >> 16) % 1000, c, (unsigned)(r >> 24) % 10, c,
                 (unsigned)(r >> 32) % 100);
}

static void repeat(const char *text, unsigned long bytes)
{
    size_t len = strlen(text);
    for (unsigned long done = 0; done < bytes; done += len)
        (void)fwrite(text, 1, len, stdout);
}

/* What stands around the three fields. */
struct record_form {
    const char *begin, *end;
    const char *text; /* of the long one, with what is escaped in this format */
};

static void field_rows(const struct options *o)
{
    static const struct record_form forms[] = {
        [FORMAT_SQL] = {"\t", "\n", "lorem ipsum dolor sit amet, consectetur\\n"},
        [FORMAT_COPY] = {"\t", "\n", "lorem ipsum dolor sit amet, consectetur\\n"},
        [FORMAT_CSV] = {",\"", "\"\n", "lorem \"\"ipsum\"\" dolor sit amet,\nconsectetur "},
        [FORMAT_INSERT] = {", '", "');\n", "lorem ''ipsum'' dolor sit amet, consectetur\n"},
    };
    const struct record_form *form = &forms[o->format];
    for (unsigned id = 1; id <= 3; id++) {
        char value[CELL_MAX];
        char prefix[16];
        (void)snprintf(prefix, sizeof prefix, "v%u:", (id + 1) / 2);
        (void)printf("%s%u%s",
                     o->format == FORMAT_INSERT ? "INSERT INTO public.items VALUES (" : "", id,
                     form->begin);
        if (id == 2)
            repeat(form->text, o->field);
        else
            (void)fputs(cell_value(value, prefix, 1, 1700000000, id), stdout);
        (void)fputs(form->end, stdout);
    }
}

static const char *const field_columns = "id, body";
static const char *const wide_columns = "id, email, name, secret, created, note, token, flags";
static const char *const narrow_columns = "id, a, b, c, d, e";

static const char *columns_of(const struct options *o)
{
    return o->field ? field_columns : o->narrow ? narrow_columns : wide_columns;
}

static void script_begin(const struct options *o)
{
    (void)printf("--\n-- PostgreSQL database dump\n--\n\n"
                 "-- Dumped from database version 15.14\n-- Dumped by pg_dump version 15.14\n\n"
                 "-- Started on 2026-11-20 10:00:00 UTC\n\n"
                 "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n");
    if (o->field)
        (void)printf("CREATE TABLE public.items (id bigint, body text);\n\n");
    else if (o->narrow)
        (void)printf("CREATE TABLE public.items (id bigint, a integer, b integer, c integer, "
                     "d integer, e integer);\n\n");
    else
        (void)printf("CREATE TABLE public.items (id bigint, email text, name text, secret text, "
                     "created timestamp, note text, token text, flags integer);\n\n");
    if (o->format == FORMAT_SQL)
        (void)printf("COPY public.items (%s) FROM stdin;\n", columns_of(o));
}

static void header(const struct options *o)
{
    for (const char *c = columns_of(o); *c; c++)
        if (*c != ' ')
            (void)putchar(*c);
    (void)putchar('\n');
}

static void table_rows(const struct options *o)
{
    uint64_t seed = 20261121;
    fill_pool(o->versions, &seed);
    for (unsigned long id = 1; id <= o->rows; id++)
        (o->narrow ? narrow_row : wide_row)(o, id, &seed);
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: generate [--shape wide|narrow] [--format sql|copy|csv] "
                          "[--rows N] [--versions N]\n"
                          "       generate --field BYTES [--format sql|copy|csv|insert]\n");
    return 2;
}

static int option(struct options *o, const char *name, const char *value)
{
    static const char *const formats[] = {"sql", "copy", "csv", "insert"};
    if (strcmp(name, "--shape") == 0) {
        o->narrow = strcmp(value, "narrow") == 0;
        return o->narrow || strcmp(value, "wide") == 0;
    }
    if (strcmp(name, "--rows") == 0)
        return (o->rows = strtoul(value, NULL, 10)) > 0;
    if (strcmp(name, "--field") == 0)
        return (o->field = strtoul(value, NULL, 10)) > 0;
    if (strcmp(name, "--versions") == 0)
        return (o->versions = (unsigned)strtoul(value, NULL, 10)) > 0;
    for (unsigned i = 0; i < 4 && strcmp(name, "--format") == 0; i++) {
        if (strcmp(value, formats[i]) == 0) {
            o->format = (enum format)i;
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.format = FORMAT_SQL, .rows = 2500000, .versions = 6};
    static char room[1 << 20];
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !option(&o, argv[i], argv[i + 1]))
            return usage();
    if (o.format == FORMAT_INSERT && o.field == 0)
        return usage();
    (void)setvbuf(stdout, room, _IOFBF, sizeof room);
    if (o.format == FORMAT_SQL || o.format == FORMAT_INSERT)
        script_begin(&o);
    else if (o.format == FORMAT_CSV)
        header(&o);
    if (o.field)
        field_rows(&o);
    else
        table_rows(&o);
    if (o.format == FORMAT_SQL)
        (void)printf("\\.\n\n");
    if (o.format == FORMAT_SQL || o.format == FORMAT_INSERT)
        (void)printf("\n-- Completed on 2026-11-20 10:00:09 UTC\n\n"
                     "--\n-- PostgreSQL database dump complete\n--\n\n");
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
