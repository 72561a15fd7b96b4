/*
 * inspect_parts: what the files of `keycensus inspect` share; private to them.
 *
 * inspect_command.c  the command, scripts and CSV
 * inspect_archive.c  archives of pg_dump, by their table of contents alone
 */
#ifndef ANALYZER_INSPECT_PARTS_H
#define ANALYZER_INSPECT_PARTS_H

#include "analyzer/commands.h"
#include "analyzer/input.h"
#include "formats/dump/window.h"

struct inspect_folder; /* a toc.dat whose files stand beside it */

struct inspect {
    struct cli *cli;
    struct table texts;  /* one row a text */
    struct table tables; /* one row a table with rows */
    const struct input_text *text;
    struct window *window;
    struct err unread; /* the first text of a kind that is not read */

    const struct input *input;
    struct inspect_folder *folders; /* of the input at hand */
    bool folders_sought;
};

/* A size or a number of columns that cannot be known without decoding. */
#define INSPECT_UNKNOWN UINT64_MAX

void inspect_table_row(struct inspect *s, const char *path, struct str database, struct str schema,
                       struct str name, uint64_t columns, uint64_t bytes, const char *note);
/* At PGDMP. */
bool inspect_archive(struct inspect *s, struct err *err);
/* Which members are files of an archive; they are not read. */
enum input_claim inspect_claim(void *inspect, const struct input_text *text);
void inspect_claimed(struct inspect *s, const struct input_text *text);
/* At the end of the input: what was listed and is not there. */
void inspect_folders_end(struct inspect *s);

#endif
