/*
 * sim: transactions and recoveries of the real code over a disk in memory, and what must hold.
 *
 * One simulation has one shape: so many files, in these folders, with or without a past, changed by
 * this operation. It runs the transaction, then recovers every state that a power loss or a kill
 * may leave, and every state that a power loss inside that recovery may leave, and so on.
 *
 *     sim_start(&m, &shape, &figures);
 *     int code = sim_run(&m, &err);                   sys is the disk's, or a table around it
 *     sim_power(&m, m.run, 0, (struct sim_told){TOLD_NOTHING, code}, 0);     every legal state
 *     sim_kill(&m, m.run, 0, code);
 *     sim_end(&m);
 *
 * A violation is counted in figures and printed with all that is needed to see it again.
 * Ownership: texts and contents in the simulation's arenas. Threads: one. Times: the disk's clock.
 */
#ifndef TESTS_CRASH_SIM_H
#define TESTS_CRASH_SIM_H

#include "applier/txn.h"
#include "tests/crash/disk.h"

enum {
    SIM_FILES = 8,
    SIM_DEPTH = 2, /* recoveries of interrupted recoveries */
    SIM_SHOWN = 10 /* violations that are printed */
};

enum sim_layout { ONE_FOLDER, OWN_FOLDERS, TWO_FOLDERS };
enum sim_past { FIRST_RUN, LATER_RUN };

struct sim_shape {
    size_t files;
    enum sim_layout layout;
    enum sim_past past;
    enum txn_operation operation;
};

struct sim_figures {
    unsigned long shapes;
    unsigned long transactions; /* runs of txn_run */
    unsigned long points;       /* moments at which the power went or the process was killed */
    unsigned long states;       /* legal states that were built */
    unsigned long sampled;      /* moments of which only a sample of the states was taken */
    unsigned long recoveries;   /* of power-loss states that were not met before, and of kills */
    unsigned long nested;       /* of these, of an interrupted recovery */
    unsigned long faults, foreign, allocations;
    unsigned long stuck; /* where it is allowed */
    unsigned long violations;
};

/* What the caller was told before the power went. */
enum { TOLD_NOTHING = -1, TOLD_DONE = 0 /* else the exit code */ };
struct sim_told {
    int before, at_end; /* of the run */
};

struct sim_seen {
    uint64_t *at;
    size_t room, count;
};

struct sim {
    struct sim_shape shape;
    const char *scenario; /* for messages */
    struct arena texts, bytes, scratch;
    struct txn_target targets[SIM_FILES];
    struct str from[SIM_FILES], to[SIM_FILES];
    const struct label *names[SIM_FILES];
    const char *folders[SIM_FILES];
    struct disk_node meta[SIM_FILES]; /* owner, mode and attribute that must stay */
    struct txn_request request;
    struct txn_result result;
    struct txn_recovery recovery;
    struct disk_state start;
    struct disk *run;                    /* of the transaction */
    struct disk *recover[SIM_DEPTH + 1]; /* of the recoveries */
    struct sim_seen seen;
    uint64_t good_backup[64]; /* sums of archives that were proven */
    size_t good_backups;
    uint64_t chance;
    unsigned past;              /* transactions before the start */
    unsigned long states_most;  /* of one crash point */
    unsigned depth;             /* interruptions of interrupted recoveries, up to SIM_DEPTH */
    unsigned long nested_every; /* every which recovery is interrupted itself */
    bool quiet;                 /* violations are counted, not printed */
    enum disk_lie lie;          /* told to every recovery of a transaction */
    unsigned long lie_at;
    void (*lie_told)(const struct disk *d);
    struct sim_figures *figures;
};

void sim_start(struct sim *m, const struct sim_shape *shape, struct sim_figures *figures);
void sim_end(struct sim *m);

/* A fresh run of the transaction from the shape's start. */
void sim_reset(struct sim *m);
int sim_run(struct sim *m, struct err *err);
int sim_recover(struct sim *m, struct err *err);

enum sim_content { SIM_FROM, SIM_TO, SIM_OTHER, SIM_MISSING };
enum sim_content sim_look(const struct sim *m, const struct disk_state *s, size_t file);
bool sim_all(const struct sim *m, const struct disk_state *s, enum sim_content content);
/* A name that only an unfinished transaction has, or NULL. */
const char *sim_litter(const struct disk_state *s);

/* Recovers what disk d (the one in use) holds, twice, and judges it; NULL: all is well. */
const char *sim_verdict(struct sim *m, struct disk *d, int told, struct err *err);
/* One archive at least holds every image of before. */
bool sim_has_backup(struct sim *m, const struct disk_state *s);

/* Recoveries of what a power loss after `first` operations and later may leave; `inside` so many
 * recoveries that were interrupted themselves. */
void sim_power(struct sim *m, const struct disk *d, size_t first, struct sim_told told,
               unsigned inside);
/* The same for kill -9, with the power lost inside or after the recovery. */
void sim_kill(struct sim *m, const struct disk *d, size_t first, int told);

/* ---- scenarios, each over every call of the run; every `step`-th of them ---- */

/* Each call fails once with EIO, and the power goes anywhere after it. */
void sim_faults(struct sim *m, unsigned long step);
/* Each call fails with each of ten errnos, once and for ever; the exit code says what is true. */
void sim_errnos(struct sim *m, unsigned long step);
/* Each call of a recovery fails, from each state that a kill left. */
void sim_recovery_faults(struct sim *m, unsigned long step);
/* Each allocation fails, of ours and of the libraries. */
void sim_allocations(struct sim *m);
/* Somebody edits a target before each call. */
void sim_foreign(struct sim *m, unsigned long step);

/*
 * Every fsync, rename, removal and record is left out in turn. Prints a line for each, "noticed: "
 * or "redundant: ", and gives back how many were tried.
 */
unsigned long sim_mutants(struct sim_figures *figures);

void sim_violation(struct sim *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *sim_shape_text(const struct sim_shape *shape, char into[96]);

#endif
