/*
 * progress: one line that says how far, how fast, how long still.
 *
 * The worker moves counters; progress decides when to print. `total` 0 means unknown (a pipe): then
 * there is a rate but no percentage and no ETA.
 *
 *     struct progress p;
 *     progress_open(&p, cli, "scan dump.sql.gz", size);
 *     ...  progress_tick(&p, bytes, records);      cheap; prints at most ten times a second
 *     progress_close(&p);
 *
 * SIGUSR1 prints one line whatever the mode, even with --quiet. Standard error only.
 */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include "common/cli/cli.h"

struct progress {
    struct cli *cli;
    const char *what;
    uint64_t total; /* bytes as stored; 0 unknown */
    uint64_t bytes; /* of them done */
    uint64_t records;
    uint64_t started_ns;
    uint64_t printed_ns;
    enum cli_progress mode; /* never PROGRESS_AUTO */
    bool bar_shown;
};

void progress_open(struct progress *p, struct cli *cli, const char *what, uint64_t total);
void progress_tick(struct progress *p, uint64_t bytes, uint64_t records);
/* Takes a bar away, so that the next line of talk starts clean. */
void progress_close(struct progress *p);

#endif
