/*
 * world: a small machine for one test: a few configuration files, a state folder, a transaction.
 *
 *     struct world w;
 *     world_make(&w, 3);                two files in one folder and one in another, old images
 *     int code = world_apply(&w, &err); runs the transaction; exit code as a program would give
 *     int code = world_recover(&w, &err);
 *     world_free(&w);
 *
 * Every image holds CANARY, which must never be seen in a journal, log, error or note (S15).
 */
#ifndef TESTS_CRASH_WORLD_H
#define TESTS_CRASH_WORLD_H

#include "applier/txn.h"

#define CANARY "c4n4ry-0f-4-k3y"

enum { WORLD_FILES_MAX = 8 };

enum world_content { WORLD_OLD, WORLD_NEW, WORLD_OTHER, WORLD_MISSING };

struct world {
    char root[64];
    struct arena a;
    struct arena images;
    size_t count;
    struct txn_target targets[WORLD_FILES_MAX];
    struct str old[WORLD_FILES_MAX];
    struct state_options options;
    struct txn_request request;
    struct txn_result result;     /* of the last world_apply */
    struct txn_recovery recovery; /* of the last world_recover */
};

void world_make(struct world *w, size_t files);
void world_free(struct world *w);

int world_apply(struct world *w, struct err *err);
int world_recover(struct world *w, struct err *err);

enum world_content world_look(const struct world *w, size_t file);
bool world_all(const struct world *w, enum world_content content);
/* Number of files below root whose name ends so. */
unsigned world_names(const struct world *w, const char *ending);
/* One digest over every name, mode and content below root, but not the lock file. */
uint64_t world_fingerprint(const struct world *w);
/* Whether any file below `below` (NULL: root) holds CANARY. */
bool world_canary_below(const struct world *w, const char *below);
void world_write(const char *path, const char *text);
const char *world_path(struct world *w, const char *below);

#endif
