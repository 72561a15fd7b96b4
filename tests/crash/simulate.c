/*
 * simulate: every legal crash state of every shape of transaction, recovered by the real code.
 *
 *     simulate             a short run for `make check`
 *     simulate --full      all of it, for `make crash`
 *     simulate --full 3    the shapes of three files only, in one process (for a debugger, or gcov)
 *     simulate --mutants   each fsync, rename, removal and record left out in turn
 *
 * Two processes share the shapes. Speaks TAP; the figures are comments. 0: nothing was violated.
 */
#define _GNU_SOURCE
#include "tests/crash/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 2 };

#ifdef __SANITIZE_ADDRESS__ /* several times slower; release tries the rest */
enum { SHORT_FILES = 2, SHORT_RECOVERIES = 3000 };
#else
enum { SHORT_FILES = 3, SHORT_RECOVERIES = 10000 };
#endif
enum { FULL_RECOVERIES = 1000000 };
enum extent { SHORT, FULL };

/* Of these every call fails, however many files there are; of larger other ones every n-th. */
static bool is_plainest(const struct sim_shape *shape)
{
    return shape->layout == OWN_FOLDERS && shape->past == FIRST_RUN &&
           shape->operation == TXN_APPLY;
}

static void simulate(const struct sim_shape *shape, enum extent extent, struct sim_figures *figures)
{
    struct sim m;
    struct err err = {0};
    bool small = shape->files <= 2;
    sim_start(&m, shape, figures);
    m.chance = shape->files;
    m.states_most = extent == FULL ? 512 : 32;
    m.depth = extent == FULL && small ? 2 : 1;
    m.scenario = "no fault";
    int code = sim_run(&m, &err);
    if (code != 0)
        sim_violation(&m, "it fails: %s", err.text);
    sim_power(&m, m.run, 0, (struct sim_told){TOLD_NOTHING, code}, 0);
    sim_kill(&m, m.run, 0, code);
    m.depth = extent == FULL && small ? 1 : 0;
    m.nested_every = 5;
    if (extent == FULL) {
        unsigned long n = (unsigned long)shape->files;
        bool every = n == 1 || (n <= 3 && is_plainest(shape));
        sim_faults(&m, n <= 3 || is_plainest(shape) ? 1 : n);
        sim_errnos(&m, every ? 1 : 20 * n);
        sim_recovery_faults(&m, n == 1 ? 1 : 4 * n);
        sim_foreign(&m, n == 1 ? 1 : 3 * n);
    } else {
        sim_faults(&m, small ? 3 : 41);
        sim_errnos(&m, small ? 40 : 301);
        sim_recovery_faults(&m, small ? 31 : 199);
        sim_foreign(&m, small ? 17 : 101);
    }
    bool starves = extent == FULL ? shape->past == FIRST_RUN && shape->layout == OWN_FOLDERS
                                  : shape->files == 1;
    if (starves)
        sim_allocations(&m);
    sim_end(&m);
}

static size_t only_files; /* 0: any number */

static bool is_tried(const struct sim_shape *shape, enum extent extent)
{
    if (only_files && shape->files != only_files)
        return false;
    if (shape->files == 1 && shape->layout != OWN_FOLDERS)
        return false; /* one folder is one folder */
    if (extent == FULL)
        return true;
    return shape->past == FIRST_RUN && shape->operation != TXN_RESTORE &&
           (shape->files <= SHORT_FILES || (shape->files == 8 && shape->operation == TXN_APPLY));
}

/* Every second shape is this worker's. */
static void work(unsigned worker, enum extent extent, struct sim_figures *figures)
{
    unsigned n = 0;
    for (size_t files = SIM_FILES; files > 0; files--)
        for (int layout = 0; layout <= TWO_FOLDERS; layout++)
            for (int past = 0; past <= LATER_RUN; past++)
                for (int operation = 0; operation <= TXN_RESTORE; operation++) {
                    const struct sim_shape shape = {files, (enum sim_layout)layout,
                                                    (enum sim_past)past,
                                                    (enum txn_operation)operation};
                    if (is_tried(&shape, extent) && n++ % WORKERS == worker) {
                        figures->shapes++;
                        simulate(&shape, extent, figures);
                    }
                }
}

static void add(struct sim_figures *sum, const struct sim_figures *f)
{
    sum->shapes += f->shapes;
    sum->transactions += f->transactions;
    sum->points += f->points;
    sum->states += f->states;
    sum->sampled += f->sampled;
    sum->recoveries += f->recoveries;
    sum->nested += f->nested;
    sum->faults += f->faults;
    sum->foreign += f->foreign;
    sum->allocations += f->allocations;
    sum->stuck += f->stuck;
    sum->violations += f->violations;
}

static void show(const struct sim_figures *f, double seconds)
{
    printf("# %lu shapes, %lu transactions, %lu moments of a crash (%lu with a sample of the "
           "states), %lu legal states of the disk\n",
           f->shapes, f->transactions, f->points, f->sampled, f->states);
    printf("# %lu recoveries: %lu of interrupted recoveries, %lu with a foreign edit (%lu stuck)\n",
           f->recoveries, f->nested, f->foreign, f->stuck);
    printf("# %lu calls and %lu allocations that failed; %lu violations; %.0f seconds\n", f->faults,
           f->allocations, f->violations, seconds);
}

static int run_all(enum extent extent)
{
    struct timespec start, end;
    struct sim_figures sum = {0};
    size_t size = WORKERS * sizeof sum;
    struct sim_figures *shared =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[WORKERS];
    bool died = shared == MAP_FAILED;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    (void)fflush(stdout);
    for (unsigned i = 0; only_files && i < WORKERS && !died; i++) {
        work(i, extent, &shared[i]);
        add(&sum, &shared[i]);
    }
    for (unsigned i = 0; !only_files && i < WORKERS && !died; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            work(i, extent, &shared[i]);
            (void)fflush(stdout);
            _exit(0);
        }
        died = children[i] < 0;
    }
    for (unsigned i = 0; !only_files && i < WORKERS && !died; i++) {
        int status;
        died |= waitpid(children[i], &status, 0) < 0 || status != 0;
        add(&sum, &shared[i]);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    show(&sum, (double)(end.tv_sec - start.tv_sec));
    printf("%s 1 - every crash state of every shape is recovered\n",
           sum.violations || died ? "not ok" : "ok");
    unsigned long least = only_files ? 1 : extent == FULL ? FULL_RECOVERIES : SHORT_RECOVERIES;
    printf("%s 2 - %lu recoveries\n", sum.recoveries >= least ? "ok" : "not ok", sum.recoveries);
    printf("1..2\n");
    return sum.violations || died || sum.recoveries < least;
}

int main(int argc, char **argv)
{
    struct sim_figures figures = {0};
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && strcmp(argv[1], "--mutants") == 0) {
        unsigned long tried = sim_mutants(&figures);
        printf("# %lu left out one by one, noticed by %lu violations\n", tried, figures.violations);
        return 0;
    }
    only_files = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    return run_all(argc > 1 && strcmp(argv[1], "--full") == 0 ? FULL : SHORT);
}
