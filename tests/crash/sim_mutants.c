/*
 * sim_mutants: what if this line were missing? Each fsync, rename, removal and record is left out
 * in turn, and the simulation has to notice.
 *
 * The calls of a run are known from its log: its k-th fsync makes this or that durable. A record is
 * left out by the linker's --wrap: journal_add and journal_close do nothing for it. What nothing
 * notices is redundant; tests/crash/REDUNDANT lists those and says why.
 */
#include "applier/journal.h"
#include "tests/crash/fault.h"
#include "tests/crash/sim.h"

#include <errno.h>
#include <stdio.h>

enum { MUTANT_FILES = 2, RECOVERY_CALLS = 16 };

static int left_out; /* enum record_type; 0: none */

bool __real_journal_add(struct journal *j, enum record_type type, struct str body, struct err *err);
bool __wrap_journal_add(struct journal *j, enum record_type type, struct str body, struct err *err);
bool __real_journal_close(struct journal *j, struct str end, struct err *err);
bool __wrap_journal_close(struct journal *j, struct str end, struct err *err);

bool __wrap_journal_add(struct journal *j, enum record_type type, struct str body, struct err *err)
{
    return (int)type == left_out || __real_journal_add(j, type, body, err);
}

bool __wrap_journal_close(struct journal *j, struct str end, struct err *err)
{
    return left_out == RECORD_END || __real_journal_close(j, end, err);
}

/* ---- names ---- */

static const char *name_of(const struct disk_state *s, int node, char into[64])
{
    static const struct {
        const char *ending, *called;
    } kinds[] = {{".journal", "the journal"},
                 {".end", "the closed journal"},
                 {".new", "a staged file"},
                 {".tmp", "the backup"},
                 {"audit.log", "the audit log"}};
    for (int i = 0; i < s->entry_count; i++) {
        if (s->entries[i].node != node)
            continue;
        const char *name = s->entries[i].name->text;
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (str_ends(str_from(name), str_from(kinds[k].ending)))
                return kinds[k].called;
        (void)snprintf(into, 64, s->nodes[node].folder ? "the folder %s" : "%s", name);
        return into;
    }
    return "?";
}

static bool is_about(enum disk_lie lie, enum disk_op_kind kind)
{
    return lie == LIE_SYNC     ? kind == OP_SYNC
           : lie == LIE_RENAME ? kind == OP_MOVE || kind == OP_EXCHANGE
                               : kind == OP_DROP;
}

/* What the n-th such operation of a log was about; NULL: there is none. */
static const char *about(const struct disk *d, enum disk_lie lie, unsigned long n, char into[128])
{
    static const char *const verbs[] = {"", "fsync of", "rename to", "removal of"};
    for (size_t i = 0; i < d->op_count; i++) {
        char room[64];
        struct disk_state s;
        const struct disk_op *op = &d->ops[i];
        if (!is_about(lie, op->kind) || --n)
            continue;
        disk_at(d, i, &s);
        int node = op->kind == OP_DROP   ? disk_find(&s, op->node, op->name)
                   : op->kind == OP_SYNC ? op->node
                                         : op->target;
        (void)snprintf(into, 128, "%s %s", verbs[lie],
                       op->kind == OP_EXCHANGE ? "the live name (exchange)"
                                               : name_of(&s, node, room));
        return into;
    }
    return NULL;
}

/* ---- one mutant ---- */

enum course { PLAIN, UNDONE, COURSES };
static const char *const course_names[] = {"apply", "undo"};

/* The transaction; on the way back when its second exchange fails. */
static int run_course(struct sim *m, enum course course, enum disk_lie lie, unsigned long at,
                      int *why)
{
    struct err err = {0};
    sim_reset(m);
    m->run->lie = lie;
    m->run->lie_at = at;
    m->run->lie_seen = 0;
    fault_install_over(disk_table(m->run));
    fault = (struct fault){0};
    if (course == UNDONE)
        fault = (struct fault){.call = "renameat2", .at = 3, .errnum = EIO};
    int code = sim_run(m, &err);
    fault = (struct fault){0};
    sys = disk_table(m->run);
    *why = err.id;
    return code;
}

static unsigned long tried;

static void result(bool noticed, const char *when, const char *what, unsigned long n)
{
    tried++;
    printf("%s: %s, %s %lu\n", noticed ? "noticed" : "redundant", when, what, n);
}

static void forget_states(struct sim *m)
{
    m->seen.count = 0;
    if (m->seen.room)
        memset(m->seen.at, 0, m->seen.room * sizeof *m->seen.at);
}

static void try_run_lie(struct sim *m, enum course course, enum disk_lie lie)
{
    static struct disk log;
    int right_why, why;
    int right = run_course(m, course, LIE_NONE, 0, &right_why);
    log = *m->run;
    for (unsigned long n = 1;; n++) {
        char what[128];
        const char *about_it = about(&log, lie, n, what);
        if (!about_it)
            return;
        unsigned long before = m->figures->violations;
        int code = run_course(m, course, lie, n, &why);
        bool differs = code != right || why != right_why;
        m->run->lie = LIE_NONE;
        if (!differs) {
            sim_power(m, m->run, 0, (struct sim_told){TOLD_NOTHING, code}, 0);
            sim_kill(m, m->run, 0, code);
        }
        result(differs || m->figures->violations > before, course_names[course], about_it, n);
        forget_states(m);
    }
}

/* What the calls were about that were left out of recoveries; they differ from state to state. */
static char told_of[256];

static void remember_lie(const struct disk *d)
{
    char room[64];
    const char *name = name_of(&d->now, d->lie_node, room);
    size_t used = strlen(told_of);
    if (!strstr(told_of, name))
        (void)snprintf(told_of + used, sizeof told_of - used, "%s%s", used ? ", " : "", name);
}

/* The n-th such call of every first recovery of what this course leaves. */
static void try_recovery_lie(struct sim *m, enum course course, enum disk_lie lie)
{
    static const char *const verbs[] = {"", "fsync", "rename", "removal"};
    for (unsigned long n = 1; n <= RECOVERY_CALLS; n++) {
        char when[64], what[300];
        int why;
        unsigned long before = m->figures->violations;
        int code = run_course(m, course, LIE_NONE, 0, &why);
        told_of[0] = 0;
        m->lie_told = remember_lie;
        m->lie = lie;
        m->lie_at = n;
        sim_power(m, m->run, 0, (struct sim_told){TOLD_NOTHING, code}, 0);
        sim_kill(m, m->run, 0, code);
        m->lie = LIE_NONE;
        (void)snprintf(when, sizeof when, "recovery of %s", course_names[course]);
        (void)snprintf(what, sizeof what, "%s (%s)", verbs[lie], told_of);
        if (told_of[0])
            result(m->figures->violations > before, when, what, n);
        forget_states(m);
    }
}

static void try_record(struct sim *m, enum record_type type)
{
    unsigned long before = m->figures->violations;
    bool failed = false;
    left_out = (int)type;
    for (int course = 0; course < COURSES; course++) {
        int why;
        int code = run_course(m, (enum course)course, LIE_NONE, 0, &why);
        failed |= code != (course == PLAIN ? 0 : ERR_RESTORED);
        sim_power(m, m->run, 0, (struct sim_told){TOLD_NOTHING, code}, 0);
        sim_kill(m, m->run, 0, code);
    }
    sim_faults(m, 1);
    sim_foreign(m, 3);
    left_out = 0;
    result(failed || m->figures->violations > before, "the record", record_type_name(type), 1);
    forget_states(m);
}

unsigned long sim_mutants(struct sim_figures *figures)
{
    static const enum record_type records[] = {RECORD_BACKUP, RECORD_COMMIT, RECORD_UNDO,
                                               RECORD_SWAPPED, RECORD_END};
    const struct sim_shape shape = {MUTANT_FILES, OWN_FOLDERS, FIRST_RUN, TXN_APPLY};
    struct sim m;
    sim_start(&m, &shape, figures);
    m.scenario = "something is left out";
    m.quiet = true;
    m.depth = 1;
    for (int course = 0; course < COURSES; course++) {
        for (int lie = LIE_SYNC; lie <= LIE_REMOVE; lie++) {
            try_run_lie(&m, (enum course)course, (enum disk_lie)lie);
            try_recovery_lie(&m, (enum course)course, (enum disk_lie)lie);
        }
    }
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        try_record(&m, records[i]);
    sim_end(&m);
    return tried;
}
