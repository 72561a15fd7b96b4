/*
 * The power goes between any two changing calls of a transaction, of its undo and of its recovery;
 * every legal state of the disk is recovered. And every fsync is left out once: that must be seen.
 */
#define _GNU_SOURCE
#include "applier/backup.h"
#include "common/buf.h"
#include "common/sys.h"
#include "tests/crash/fault.h"
#include "tests/crash/power.h"
#include "tests/crash/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__ /* each fork copies the shadow memory; release tries the rest */
enum { FILES_MOST = 2, FSYNC_STEP = 5, INNER_STRIDE = 29 };
#else
enum { FILES_MOST = 4, FSYNC_STEP = 1, INNER_STRIDE = 7 };
#endif

enum violation { HOLDS, NOT_RECOVERED, TORN, LITTER, LOST, CAME_BACK, RESTLESS, NO_BACKUP, DIED };
static const char *const violations[] = {"",
                                         "recovery failed",
                                         "torn",
                                         "something staged is left",
                                         "a reported success is lost",
                                         "a reported undo came back",
                                         "a second recovery did something",
                                         "new files without a backup",
                                         "the process died"};

/* Shared with the processes that are forked. */
static struct shared {
    unsigned long states, nested;
    unsigned long fsyncs; /* of the whole transaction */
    int violation;
    unsigned long at, inner;
    char said[512]; /* by a recovery that failed */
    int reported;   /* exit code that was reported before the power went; -1 none */
} * shared;

static struct world w;
static unsigned long inner_stride; /* 0: no crash inside recovery */
static struct fault scenario;

/* ---- what must hold in a state ---- */

/* Every old image comes out of the one backup there is. */
static bool backup_is_whole(void)
{
    struct state state;
    struct err err = {0};
    struct backup b;
    struct str *names;
    size_t count = 0;
    bool whole = state_open(&state, &w.options, STATE_READ, &w.a, &err) &&
                 backup_names(&state, &w.a, &names, &count, &err) && count == 1 &&
                 backup_read(&state, arena_text(&w.a, names[0]), &w.images, &b, &err) &&
                 b.target_count == w.count;
    for (size_t i = 0; whole && i < w.count; i++)
        whole = str_eq(b.targets[i].image, w.old[i]);
    state_close(&state);
    return whole;
}

static enum violation judge(int reported)
{
    struct err err = {0};
    bool was_new = false;
    for (size_t i = 0; i < w.count; i++)
        was_new |= world_look(&w, i) == WORLD_NEW;
    if (was_new && !backup_is_whole())
        return NO_BACKUP;
    if (world_recover(&w, &err) != 0) {
        int n = snprintf(shared->said, sizeof shared->said, "%s", err.text);
        for (size_t i = 0; i < w.recovery.notes.count && n > 0 && n < 500; i++)
            n += snprintf(shared->said + n, sizeof shared->said - (size_t)n, "; %s",
                          w.recovery.notes.at[i]);
        return NOT_RECOVERED;
    }
    bool all_new = world_all(&w, WORLD_NEW);
    if (!all_new && !world_all(&w, WORLD_OLD))
        return TORN;
    if (world_names(&w, ".new") || world_names(&w, ".conflict") || world_names(&w, ".end") ||
        world_names(&w, ".tmp"))
        return LITTER;
    if (reported == 0 && !all_new)
        return LOST;
    if (reported > 0 && reported != ERR_STUCK && all_new)
        return CAME_BACK;
    uint64_t before = world_fingerprint(&w);
    if (world_recover(&w, &err) != 0 || w.recovery.count || world_fingerprint(&w) != before)
        return RESTLESS;
    return HOLDS;
}

/* Runs in a process of its own, so that every state is met by fresh memory. */
static enum violation in_child(enum violation (*run)(void))
{
    int status;
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0)
        _exit((int)run());
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return DIED;
    return (enum violation)WEXITSTATUS(status);
}

static enum violation judge_reported(void)
{
    return judge(shared->reported);
}

static bool each_inner_state(void *unused)
{
    (void)unused;
    shared->nested++;
    shared->violation = (int)in_child(judge_reported);
    return shared->violation == HOLDS;
}

static void crash_inside_recovery(void)
{
    (void)power_crash(each_inner_state, NULL);
    _exit(shared->violation);
}

static unsigned long inner_at;

static enum violation recover_until(void)
{
    struct err err = {0};
    sys = &sys_linux;
    power_install(w.root);
    power.crash_at = inner_at;
    power.crash = crash_inside_recovery;
    (void)world_recover(&w, &err);
    sys = &sys_linux;
    return (enum violation)100; /* the crash point was not reached */
}

/* The state below root is kept aside and put back before each inner crash point. */
static void save_or_load(const char *what)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   what[0] == 's' ? "rm -rf '%s.saved' && cp -a '%s' '%s.saved'"
                                  : "rm -rf '%s'/* && cp -a '%s.saved'/. '%s/'",
                   w.root, w.root, w.root);
    if (system(command) != 0)
        abort();
}

static bool each_state(void *unused)
{
    (void)unused;
    shared->states++;
    if (inner_stride) {
        save_or_load("save");
        for (inner_at = 1;; inner_at += inner_stride) {
            enum violation v = in_child(recover_until);
            shared->inner = inner_at;
            if (v == (enum violation)100)
                break;
            if (v != HOLDS)
                return shared->violation = (int)v, false;
            save_or_load("load");
        }
        shared->inner = 0;
        save_or_load("load");
    }
    shared->violation = (int)in_child(judge_reported);
    return shared->violation == HOLDS;
}

static void crash(void)
{
    shared->at = power.changes;
    fault = (struct fault){0}; /* the machine that comes up again is whole */
    (void)power_crash(each_state, NULL);
    _exit(0);
}

/* ---- one whole enumeration ---- */

/* Gives back the first violation; *points is the number of crash points. */
static enum violation enumerate(size_t files, unsigned long skip_fsync, unsigned long *points)
{
    bool more = true;
    shared->violation = HOLDS;
    *points = 0;
    for (unsigned long at = 1; more && shared->violation == HOLDS; at++) {
        int status;
        world_make(&w, files);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            struct err err = {0};
            shared->reported = -1;
            fault_install();
            fault = scenario;
            power_install(w.root);
            power.crash_at = at;
            power.skip_fsync = skip_fsync;
            power.crash = crash;
            shared->reported = world_apply(&w, &err);
            fault = (struct fault){0};
            if (power.fsyncs > shared->fsyncs)
                shared->fsyncs = power.fsyncs;
            crash(); /* after the answer */
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        more = shared->reported == -1;
        ++*points;
        world_free(&w);
        if (inner_stride) {
            char command[256];
            (void)snprintf(command, sizeof command, "rm -rf '%s.saved'", w.root);
            assert_int_equal(system(command), 0);
        }
    }
    return (enum violation)shared->violation;
}

static void assert_holds(size_t files, struct fault f, const char *what)
{
    unsigned long points;
    unsigned long before = shared->states + shared->nested;
    scenario = f;
    if (enumerate(files, 0, &points) != HOLDS)
        fail_msg("%s, %zu files: %s, power lost at change %lu (recovery: %lu), reported %d: %s",
                 what, files, violations[shared->violation], shared->at, shared->inner,
                 shared->reported, shared->said);
    print_message("# %s, %zu files: %lu crash points, %lu states recovered\n", what, files, points,
                  shared->states + shared->nested - before);
    scenario = (struct fault){0};
}

static int share(void **unused)
{
    (void)unused;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED;
}

static void power_loss_during_apply(void **unused)
{
    (void)unused;
    for (size_t files = 1; files <= FILES_MOST; files++)
        assert_holds(files, (struct fault){0}, "apply");
}

/* What makes the transaction turn round: each is undone, and the undo is cut off everywhere. */
static void power_loss_during_undo(void **unused)
{
    (void)unused;
    static const struct fault faults[] = {{.call = "renameat2", .at = 3, .errnum = EIO},
                                          {.call = "renameat2", .at = 4, .errnum = EIO},
                                          {.call = "fchown", .at = 2, .errnum = EPERM}};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        assert_holds(3, faults[i], "undo");
}

/* Each fsync fails once: what it was to make durable may or may not be, and the undo must hold. */
static void power_loss_after_a_failed_fsync(void **unused)
{
    (void)unused;
    for (unsigned long n = 1; n <= 24; n += FSYNC_STEP)
        assert_holds(2, (struct fault){.call = "fsync", .at = n, .errnum = EIO}, "failed fsync");
}

static void power_loss_inside_recovery(void **unused)
{
    (void)unused;
    inner_stride = INNER_STRIDE;
    assert_holds(2, (struct fault){0}, "apply and recovery");
    assert_holds(2, (struct fault){.call = "renameat2", .at = 3, .errnum = EIO},
                 "undo and recovery");
    inner_stride = 0;
}

/*
 * A lie of the disk about any one fsync of a transaction of one file must be seen, unless another
 * covers it: 2 the state folder with its txn (3 is the same folder, with its backups); 8 BACKUP
 * (COMMIT is the same file); 10 the folder of the staged file (without that name the target is
 * (old,-), which goes back); 12 the folder after the exchange, and 13 SWAPPED (recovery goes
 * forward from COMMIT, and nothing is reported before 14); 15 to 18 END and the audit line
 * (recovery writes them again).
 */
static void every_fsync_is_needed_or_covered(void **unused)
{
    (void)unused;
    struct arena a = {0};
    struct buf covered = {.arena = &a};
    unsigned long points;
    unsigned long k = 1;
    shared->fsyncs = 0;
    assert_int_equal(enumerate(1, 0, &points), HOLDS); /* also counts them */
    for (; k <= shared->fsyncs; k++)
        if (enumerate(1, k, &points) == HOLDS)
            buf_printf(&covered, " %lu", k);
    shared->violation = HOLDS;
    print_message("# %lu fsyncs left out one by one; covered by another:%.*s\n", k - 1,
                  STR_ARG(buf_str(&covered)));
    assert_int_equal(k - 1, 18);
    assert_true(str_eq(buf_str(&covered), STR(" 2 8 10 12 13 15 16 17 18")));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_loss_during_apply),
        cmocka_unit_test(power_loss_during_undo),
        cmocka_unit_test(power_loss_after_a_failed_fsync),
        cmocka_unit_test(power_loss_inside_recovery),
        cmocka_unit_test(every_fsync_is_needed_or_covered),
    };
    return cmocka_run_group_tests(tests, share, NULL);
}
