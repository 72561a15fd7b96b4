/*
 * sim_faults: calls and allocations that fail, in a transaction and in a recovery.
 *
 * What must be true of an exit code (commit-protocol.md, "What must be proven"): before BEGIN
 * nothing was changed; 8 is all old; 0 is all new; 9 only when undoing failed too, which takes more
 * than one failure.
 */
#define _GNU_SOURCE
#include "tests/crash/fault.h"
#include "tests/crash/sim.h"
#include "tests/crash/starve.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

enum { CALLS_MAX = 20000, ALLOCATIONS_MAX = 20000 };

static struct disk *struck; /* whose call fails */
static size_t struck_after; /* operations that were done by then */

static void note_place(const char *call, unsigned long number)
{
    (void)call;
    if (number == fault.at)
        struck_after = struck->op_count;
}

/* The pages of a failed fsync count as clean from then on (disk_power.c). */
static void note_failed_fsync(int fd)
{
    int node = struck->fds[fd - DISK_FD_FIRST].node;
    if (struck->op_count < DISK_OPS)
        struck->ops[struck->op_count++] = (struct disk_op){.kind = OP_SYNC_FAILED, .node = node};
}

static void arm(struct disk *d, struct fault f)
{
    struck = d;
    struck_after = d->op_count;
    fault_install_over(disk_table(d));
    f.before = note_place;
    f.fsync_failed = note_failed_fsync;
    fault = f;
}

/* Whether the fault was reached. */
static bool disarm(void)
{
    bool reached = fault.seen >= fault.at;
    fault = (struct fault){0};
    sys = disk_table(struck);
    return reached;
}

/* ---- exit codes ---- */

/* What the exit code says must be true of the files as they are now. */
static const char *lie_of(const struct sim *m, int code, bool forever, bool allocation)
{
    const struct disk_state *now = &m->run->now;
    bool all_old = sim_all(m, now, SIM_FROM);
    bool before_begin =
        code == ERR_SYSTEM || code == ERR_REFUSED || code == ERR_NOT_FOUND || code == ERR_LOCKED;
    if (code == 0)
        return sim_all(m, now, SIM_TO) ? NULL : "exit 0 and not all new";
    if (code == ERR_RESTORED)
        return all_old ? NULL : "exit 8 and not all old";
    if (code == ERR_STUCK)
        return forever ? NULL : "exit 9 after one failure";
    if (!before_begin && !(allocation && code == ERR_INTERNAL))
        return "an exit code that no failure has";
    if (m->result.txid[0])
        return "the exit code of a failure before BEGIN after it";
    return all_old ? NULL : "changed before BEGIN";
}

static void check_code(struct sim *m, unsigned long n, int errnum, bool forever,
                       const struct err *err)
{
    const char *lie = lie_of(m, err->kind, forever, false);
    if (lie)
        sim_violation(m, "call %lu fails (errno %d%s): %s: %s", n, errnum,
                      forever ? ", for ever" : "", lie, err->text);
    if (err->kind && !err->id)
        sim_violation(m, "call %lu fails (errno %d): an error without an id", n, errnum);
}

/* ---- a failing call, and the power after it ---- */

void sim_faults(struct sim *m, unsigned long step)
{
    bool reached = true;
    m->scenario = "a call fails once";
    for (unsigned long n = 1 + m->chance % step; reached && n < CALLS_MAX; n += step) {
        struct err err = {0};
        struct arena_mark bytes = arena_mark(&m->bytes);
        struct arena_mark scratch = arena_mark(&m->scratch);
        sim_reset(m);
        arm(m->run, (struct fault){.at = n, .errnum = EIO});
        int code = sim_run(m, &err);
        reached = disarm();
        arena_reset(&m->scratch, scratch);
        m->figures->faults += reached;
        check_code(m, n, EIO, false, &err);
        if (reached) {
            sim_power(m, m->run, struck_after, (struct sim_told){TOLD_NOTHING, code}, 0);
            sim_kill(m, m->run, m->run->op_count, code);
        }
        arena_reset(&m->bytes, bytes);
    }
}

static void one_errno(struct sim *m, unsigned long n, int errnum, bool forever, bool *reached)
{
    struct err err = {0};
    struct arena_mark bytes = arena_mark(&m->bytes);
    struct arena_mark scratch = arena_mark(&m->scratch);
    sim_reset(m);
    arm(m->run, (struct fault){.at = n, .errnum = errnum, .forever = forever});
    int code = sim_run(m, &err);
    *reached = disarm();
    m->figures->faults += *reached;
    check_code(m, n, errnum, forever, &err);
    disk_close_all(m->run);
    err = (struct err){0};
    const char *why = sim_verdict(m, m->run, code, &err);
    if (why)
        sim_violation(m, "call %lu fails (errno %d%s), told %d: %s", n, errnum,
                      forever ? ", for ever" : "", code, why);
    arena_reset(&m->scratch, scratch);
    arena_reset(&m->bytes, bytes);
}

void sim_errnos(struct sim *m, unsigned long step)
{
    static const int errnos[] = {EIO,    ENOSPC, EPERM,  EACCES, EROFS,
                                 EDQUOT, EINVAL, ENOMEM, EMFILE, ENOSYS};
    m->scenario = "a call fails with an errno";
    for (size_t e = 0; e < sizeof errnos / sizeof errnos[0]; e++) {
        bool reached = true;
        for (unsigned long n = 1 + (e + m->chance) % step; reached && n < CALLS_MAX; n += step)
            for (int forever = 0; forever < 2; forever++)
                one_errno(m, n, errnos[e], forever != 0, &reached);
    }
}

/* ---- a failing call in a recovery ---- */

/* The state after k operations, recovered with a fault and then without one. */
static bool one_recovery_fault(struct sim *m, const struct disk *run, size_t k, unsigned long n,
                               bool forever)
{
    struct err err = {0};
    struct disk_state state;
    struct disk *d = m->recover[0];
    struct arena_mark bytes = arena_mark(&m->bytes);
    struct arena_mark scratch = arena_mark(&m->scratch);
    disk_at(run, k, &state);
    disk_start(d, &state, &m->bytes);
    arm(d, (struct fault){.at = n, .errnum = EIO, .forever = forever});
    (void)sim_recover(m, &err);
    bool reached = disarm();
    m->figures->faults += reached;
    m->figures->recoveries++;
    disk_close_all(d);
    err = (struct err){0};
    const char *why = sim_verdict(m, d, TOLD_NOTHING, &err);
    if (why)
        sim_violation(m, "killed after %zu operations, call %lu of the recovery fails%s: %s", k, n,
                      forever ? " for ever" : "", why);
    arena_reset(&m->scratch, scratch);
    arena_reset(&m->bytes, bytes);
    return reached;
}

void sim_recovery_faults(struct sim *m, unsigned long step)
{
    struct err err = {0};
    struct arena_mark bytes = arena_mark(&m->bytes);
    m->scenario = "a call of a recovery fails";
    sim_reset(m);
    (void)sim_run(m, &err);
    for (size_t k = 0; k <= m->run->op_count; k++) {
        bool reached = true;
        for (unsigned long n = 1 + k % step; reached && n < CALLS_MAX; n += step)
            for (int forever = 0; forever < 2; forever++)
                reached = one_recovery_fault(m, m->run, k, n, forever != 0);
    }
    arena_reset(&m->bytes, bytes);
}

/* ---- memory ---- */

static sigjmp_buf died;
static bool died_in_arena; /* our own end of a process without memory: exit 13 */

static void die(size_t wanted)
{
    (void)wanted;
    died_in_arena = true;
    siglongjmp(died, 1);
}

static void die_in_library(void)
{
    siglongjmp(died, 1);
}

/*
 * libarchive 3.6 writes through the pointer that it did not get, which ends the process like a
 * kill. In our own code that would be a mistake, so the place counts.
 */
static void on_fault(int number, siginfo_t *info, void *context)
{
    extern const char __executable_start, etext;
#ifdef __x86_64__
    const ucontext_t *at = context;
    uintptr_t pc = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
    if (pc < (uintptr_t)&__executable_start || pc >= (uintptr_t)&etext)
        siglongjmp(died, 1);
#endif
    (void)info, (void)context;
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static bool one_allocation(struct sim *m, unsigned long n)
{
    static struct err err; /* static: read after a longjmp */
    static int code;
    err = (struct err){0};
    sim_reset(m);
    arena_out_of_memory = die;
    starve_exit = die_in_library;
    died_in_arena = false;
    starve_at(n);
    if (sigsetjmp(died, 1) == 0)
        code = sim_run(m, &err);
    else
        code = TOLD_NOTHING; /* the process ended: like a kill */
    bool reached = starve_end() >= n;
    m->figures->allocations += reached;
    const char *lie = code == TOLD_NOTHING ? NULL : lie_of(m, code, false, true);
    if (lie)
        sim_violation(m, "allocation %lu fails: %s: %s", n, lie, err.text);
    if (died_in_arena && m->result.txid[0])
        sim_violation(m, "allocation %lu fails: exit 13 after BEGIN", n);
    disk_close_all(m->run);
    err = (struct err){0};
    const char *why = sim_verdict(m, m->run, code, &err);
    if (why)
        sim_violation(m, "allocation %lu fails, told %d: %s", n, code, why);
    return reached;
}

void sim_allocations(struct sim *m)
{
    struct sigaction before;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    m->scenario = "an allocation fails";
    (void)sigaction(SIGSEGV, &action, &before);
    int talk = dup(2); /* libarchive says on standard error that it gives up */
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(nowhere, 2);
    struct arena bytes = m->bytes;
    for (unsigned long n = 1; n < ALLOCATIONS_MAX; n++) {
        /* What was there before stays; what a dead run had is given up with its arenas. */
        m->bytes = m->scratch = (struct arena){0};
        bool reached = one_allocation(m, n);
        arena_free(&m->bytes);
        arena_free(&m->scratch);
        if (!reached)
            break;
    }
    (void)sigaction(SIGSEGV, &before, NULL);
    (void)dup2(talk, 2);
    (void)close(talk);
    (void)close(nowhere);
    m->bytes = bytes;
    m->scratch = (struct arena){0};
}
