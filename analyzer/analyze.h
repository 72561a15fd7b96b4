/*
 * analyze: options -> the pipeline, wired by hand -> a report.
 *
 *     input -> (inflate | zstd | container ...) -> sniff -> sql | csv -> batches -> scan -> tally
 *
 *     struct analyze_options o = {...};
 *     struct report r = {.arena = &run};
 *     struct analyze_outcome outcome;
 *     if (!analyze(&o, &r, &outcome, err)) ...         nothing to report: usage, not found, system
 *     ...report_write; outcome.problems say why it is incomplete...
 *
 * The report's declared pairs, keyring names and active version are the caller's to fill in before.
 * Errors: those that make a report pointless stop the run. Damage and unread data do not: they mark
 * the report incomplete by name (S1), and each is one problem of the outcome.
 */
#ifndef ANALYZER_ANALYZE_H
#define ANALYZER_ANALYZE_H

#include "analyzer/envelope_options.h"
#include "analyzer/input.h"
#include "analyzer/scope.h"
#include "common/report.h"
#include "formats/dump/csv.h"
#include "formats/envelope/proof.h"

struct analyze_options {
    const char *const *inputs; /* paths; "-" is standard input */
    size_t input_count;
    unsigned threads;  /* 0: as many as there are processors */
    size_t block_size; /* bytes; 0: the default */
    struct input_limits limits;
    struct csv_options csv;
    bool table_from_path;           /* a CSV's table is the folder's name, not the file's */
    int64_t dump_time;              /* --dump-time, or UTC_NONE */
    const struct proof_keys *proof; /* one for each of the report's versions; NULL: labels only */
    const struct scope_table *excluded;
    size_t excluded_count;
    struct envelope_options envelopes;
    /* Called now and then with the stored bytes read and the records scanned so far; false with err
     * set stops the run. */
    bool (*watch)(void *context, uint64_t bytes, uint64_t records, struct err *err);
    void *watch_context;
};

enum { PROBLEMS_MAX = 64 };

struct analyze_outcome {
    struct err *problems; /* ERR_INCOMPLETE or ERR_CORRUPT */
    size_t problem_count; /* at most PROBLEMS_MAX are kept */
    size_t problem_room;
    int status; /* 0, ERR_INCOMPLETE or ERR_CORRUPT, the worst of them */
};

bool analyze(const struct analyze_options *o, struct report *r, struct analyze_outcome *outcome,
             struct err *err);

#endif
