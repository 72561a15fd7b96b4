/*
 * Every system call of a transaction fails, once and for ever, and every one is the last one before
 * kill -9. The oracles are those of commit-protocol.md: all old or all new, reported means durable,
 * nothing staged is left after recovery, a second recovery does nothing, no key is seen anywhere.
 */
#define _GNU_SOURCE
#include "applier/audit.h"
#include "applier/backup.h"
#include "applier/txn.h"
#include "common/sys.h"
#include "tests/crash/fault.h"
#include "tests/crash/world.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS_MAX = 5000 };

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *list = opendir("/proc/self/fd");
    assert_non_null(list);
    while (readdir(list))
        n++;
    closedir(list);
    return n;
}

static void assert_no_canary(const struct world *w, const struct err *err)
{
    assert_null(strstr(err->text, CANARY));
    assert_null(strstr(err->hint, CANARY));
    for (size_t i = 0; i < w->result.warnings.count; i++)
        assert_null(strstr(w->result.warnings.at[i], CANARY));
    assert_false(world_canary_below(w, "state/txn"));
    assert_false(world_canary_below(w, "state/audit.log"));
}

/* The log holds, and every backup is whole, whatever happened. */
static void assert_records_hold(struct world *w)
{
    struct state state;
    struct err err = {0};
    struct txn_notes notes = {0};
    struct str *names;
    size_t lines, count;
    assert_true(state_open(&state, &w->options, STATE_READ, &w->a, &err));
    if (!audit_verify(&state, &w->a, &lines, &notes, &err))
        fail_msg("audit: %s", err.text);
    assert_true(backup_names(&state, &w->a, &names, &count, &err));
    for (size_t i = 0; i < count; i++) {
        struct backup b;
        if (!backup_read(&state, arena_text(&w->a, names[i]), &w->images, &b, &err) ||
            !backup_verify(&state, &b, &w->a, &notes, &err))
            fail_msg("backup: %s", err.text);
    }
    if (world_all(w, WORLD_NEW))
        assert_true(count > 0);
    state_close(&state);
}

/* What must hold once a recovery without faults has run. Gives back what the files are. */
static enum world_content assert_recovered(struct world *w, const char *what)
{
    struct err err = {0};
    if (world_recover(w, &err) != 0)
        fail_msg("%s: recovery: %s (%s)", what, err.text, err.place);
    bool all_new = world_all(w, WORLD_NEW);
    if (!all_new && !world_all(w, WORLD_OLD))
        fail_msg("%s: torn", what);
    for (size_t i = 0; i < w->count; i++) {
        struct stat st;
        assert_int_equal(stat(w->targets[i].path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
    }
    if (world_names(w, ".new") || world_names(w, ".conflict") || world_names(w, ".tmp") ||
        world_names(w, ".end"))
        fail_msg("%s: something staged is left", what);
    uint64_t before = world_fingerprint(w);
    assert_int_equal(world_recover(w, &err), 0);
    assert_int_equal(w->recovery.count, 0);
    if (world_fingerprint(w) != before)
        fail_msg("%s: a second recovery changed something", what);
    assert_records_hold(w);
    return all_new ? WORLD_NEW : WORLD_OLD;
}

/* ---- every call fails ---- */

static bool is_one_of(int code, const int *codes)
{
    for (; *codes >= 0; codes++)
        if (code == *codes)
            return true;
    return false;
}

/* Gives back whether the fault was reached at all. */
static bool one_fault(size_t files, struct fault f, const char *errname)
{
    static const int before[] = {ERR_SYSTEM, ERR_REFUSED, ERR_NOT_FOUND, ERR_LOCKED, -1};
    char what[128];
    struct world w;
    struct err err = {0};
    world_make(&w, files);
    unsigned descriptors = open_descriptors();
    fault_install();
    fault = f;
    int code = world_apply(&w, &err);
    bool reached = fault.seen >= f.at;
    fault = (struct fault){0};
    sys = &sys_linux;
    (void)snprintf(what, sizeof what, "%zu files, call %lu %s%s: exit %d, %.60s", files, f.at,
                   errname, f.forever ? " for ever" : "", code, err.text);
    if (open_descriptors() != descriptors)
        fail_msg("%s: a descriptor was not closed", what);
    assert_no_canary(&w, &err);
    bool all_old = world_all(&w, WORLD_OLD);
    bool all_new = world_all(&w, WORLD_NEW);
    if (code == 0 && !all_new)
        fail_msg("%s: not all new", what);
    if (code == ERR_RESTORED && !all_old)
        fail_msg("%s: not all old", what);
    if (code != 0 && code != ERR_RESTORED && code != ERR_STUCK) {
        if (!is_one_of(code, before) || w.result.txid[0])
            fail_msg("%s: not an exit code of a failure before BEGIN", what);
        if (!all_old)
            fail_msg("%s: changed before BEGIN", what);
    }
    if (code == ERR_STUCK && !f.forever)
        fail_msg("%s: one failure must always be undone", what);
    if (err.kind && !err.id)
        fail_msg("%s: no id", what);
    enum world_content now = assert_recovered(&w, what);
    if (code == 0 && now != WORLD_NEW)
        fail_msg("%s: a reported success was lost", what);
    if (code != 0 && code != ERR_STUCK && now != WORLD_OLD)
        fail_msg("%s: a reported undo came back", what);
    world_free(&w);
    return reached;
}

static void fail_every_call(size_t files, int errnum, const char *errname, bool forever)
{
    unsigned long n = 1;
    while (one_fault(files, (struct fault){.at = n, .errnum = errnum, .forever = forever}, errname))
        assert_true(++n < CALLS_MAX);
    assert_true(n > 100); /* or nothing was tested */
    print_message("# %zu files: %lu calls failed with %s%s\n", files, n - 1, errname,
                  forever ? " for ever" : "");
}

static void every_call_fails_once_with_eio(void **unused)
{
    (void)unused;
    fail_every_call(3, EIO, "EIO", false);
}

static void every_call_fails_once_with_enospc(void **unused)
{
    (void)unused;
    fail_every_call(3, ENOSPC, "ENOSPC", false);
}

static void every_call_fails_once_with_eperm(void **unused)
{
    (void)unused;
    fail_every_call(3, EPERM, "EPERM", false);
}

static void every_call_and_all_after_it_fail(void **unused)
{
    (void)unused;
    fail_every_call(3, EIO, "EIO", true);
    fail_every_call(1, ENOSPC, "ENOSPC", true);
}

/* One kind of call fails for ever from its k-th use on: a full disk, a disk that no longer syncs.
 */
static void one_kind_of_call_fails_for_ever(void **unused)
{
    (void)unused;
    static const struct {
        const char *call;
        int errnum;
    } kinds[] = {{"fsync", EIO},     {"write", ENOSPC}, {"renameat2", EIO}, {"unlinkat", EPERM},
                 {"openat", EMFILE}, {"lease", EIO},    {"flock", EIO},     {"pread", EIO}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        unsigned long n = 1;
        while (one_fault(
            2,
            (struct fault){
                .call = kinds[k].call, .at = n, .errnum = kinds[k].errnum, .forever = true},
            kinds[k].call))
            n++;
        assert_true(n > 1);
    }
}

/* ---- kill -9 at every call ---- */

/* The child does `act` and dies at the n-th call; true when it got that far. */
static bool killed_at(struct world *w, unsigned long n, int (*act)(struct world *, struct err *),
                      int *code)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err err = {0};
        fault_install();
        fault = (struct fault){.at = n, .die = true};
        _exit(act(w, &err));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return WIFSIGNALED(status);
}

static void kill_at_every_call(size_t files)
{
    unsigned long n = 0;
    unsigned committed = 0;
    for (bool killed = true; killed;) {
        char what[64];
        struct world w;
        int code;
        world_make(&w, files);
        killed = killed_at(&w, ++n, world_apply, &code);
        (void)snprintf(what, sizeof what, "%zu files, killed at call %lu", files, n);
        bool some_new = false;
        for (size_t i = 0; i < files; i++)
            some_new |= world_look(&w, i) == WORLD_NEW;
        committed += assert_recovered(&w, what) == WORLD_NEW;
        if (some_new) /* an exchange was seen, so the decision was durable */
            assert_true(world_all(&w, WORLD_NEW));
        if (!killed)
            assert_int_equal(code, 0);
        world_free(&w);
    }
    assert_true(n > 100 && committed > 10 && committed < n);
    print_message("# %zu files: killed at %lu calls, %u times all new\n", files, n - 1, committed);
}

static void kill_at_every_call_of_one_file(void **unused)
{
    (void)unused;
    kill_at_every_call(1);
}

static void kill_at_every_call_of_three_files(void **unused)
{
    (void)unused;
    kill_at_every_call(3);
}

/* Calls after which the interrupted states differ: each record, each exchange, each removal. */
static const char *const turning[] = {"fsync", "renameat2", "unlinkat", "openat"};

/* Killed in the apply, killed again at every call of the recovery, recovered. */
static void kill_at_every_call_of_recovery(void **unused)
{
#ifdef __SANITIZE_ADDRESS__
    enum { STRIDE = 11 }; /* each fork copies the shadow memory; release tries the rest */
#else
    enum { STRIDE = 3 };
#endif
    (void)unused;
    unsigned long pairs = 0;
    for (size_t t = 0; t < sizeof turning / sizeof turning[0]; t++) {
        bool reached = true;
        for (unsigned long k = 1; reached; k++) {
            bool again = true;
            for (unsigned long n = 1; again; n += STRIDE) {
                char what[96];
                struct world w;
                int code, status;
                world_make(&w, 2);
                pid_t child = fork();
                assert_true(child >= 0);
                if (child == 0) {
                    struct err err = {0};
                    fault_install();
                    fault = (struct fault){.call = turning[t], .at = k, .die = true};
                    _exit(world_apply(&w, &err));
                }
                assert_int_equal(waitpid(child, &status, 0), child);
                reached = WIFSIGNALED(status);
                again = reached && killed_at(&w, n, world_recover, &code);
                (void)snprintf(what, sizeof what, "killed at %s %lu, recovery at call %lu",
                               turning[t], k, n);
                (void)assert_recovered(&w, what);
                pairs++;
                world_free(&w);
            }
        }
    }
    assert_true(pairs > 1500 / STRIDE);
    print_message("# %lu recoveries of a killed recovery\n", pairs);
}

/* A recovery in which a call fails stays recoverable. */
static void every_call_of_recovery_fails_once(void **unused)
{
    (void)unused;
    for (unsigned long k = 1; k <= 40; k += 3) {
        bool reached = true;
        for (unsigned long n = 1; reached; n++) {
            char what[96];
            struct world w;
            struct err err = {0};
            int status;
            world_make(&w, 2);
            pid_t child = fork();
            if (child == 0) {
                fault_install();
                fault = (struct fault){.call = "fsync", .at = k, .die = true};
                _exit(world_apply(&w, &err));
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            unsigned descriptors = open_descriptors();
            fault_install();
            fault = (struct fault){.at = n, .errnum = EIO};
            (void)world_recover(&w, &err);
            reached = fault.seen >= n;
            fault = (struct fault){0};
            sys = &sys_linux;
            (void)snprintf(what, sizeof what, "killed at fsync %lu, recovery fails at %lu", k, n);
            if (open_descriptors() != descriptors)
                fail_msg("%s: a descriptor was not closed", what);
            (void)assert_recovered(&w, what);
            world_free(&w);
        }
        if (k > 25)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_once_with_eio),
        cmocka_unit_test(every_call_fails_once_with_enospc),
        cmocka_unit_test(every_call_fails_once_with_eperm),
        cmocka_unit_test(every_call_and_all_after_it_fail),
        cmocka_unit_test(one_kind_of_call_fails_for_ever),
        cmocka_unit_test(kill_at_every_call_of_one_file),
        cmocka_unit_test(kill_at_every_call_of_three_files),
        cmocka_unit_test(kill_at_every_call_of_recovery),
        cmocka_unit_test(every_call_of_recovery_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
