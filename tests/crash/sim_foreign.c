/*
 * sim_foreign: somebody who knows nothing of us edits a target in the middle of it.
 *
 * The edit is synced by its maker and must never be lost: it is the live file, or it stands beside
 * it and the transaction is stuck until a person has looked. The other files are all old or all
 * new.
 */
#include "tests/crash/fault.h"
#include "tests/crash/sim.h"

#include <stdio.h>
#include <stdlib.h>

enum edit { IN_PLACE, BY_RENAME, HELD_OPEN, EDITS };
static const char *const edit_names[] = {"in place", "by rename", "through a descriptor"};

static struct editor {
    struct sim *m;
    struct disk *d;
    enum edit how;
    size_t file;
    unsigned long at, write_at; /* calls before which it acts */
    int fd;                     /* HELD_OPEN: open from `at` on */
    size_t done_after;          /* operations after which the edit is durable; 0: not yet */
} editor;

static const char text[] = "EDITED=by somebody\n";

static void write_through(const struct sys_ops *calls, int fd)
{
    (void)calls->ftruncate(fd, 0);
    (void)calls->lseek(fd, 0, SEEK_SET);
    (void)calls->write(fd, text, sizeof text - 1);
    (void)calls->fsync(fd);
}

static void edit_by_rename(const struct sys_ops *calls, const char *path)
{
    char fresh[128];
    struct stat st;
    (void)snprintf(fresh, sizeof fresh, "%s.swp", path);
    int fd = calls->openat(AT_FDCWD, fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || calls->fstatat(AT_FDCWD, path, &st, 0) != 0)
        abort();
    write_through(calls, fd);
    (void)calls->fchown(fd, st.st_uid, st.st_gid);
    (void)calls->fchmod(fd, st.st_mode & 07777);
    (void)calls->fsync(fd);
    (void)calls->close(fd);
    (void)calls->renameat2(AT_FDCWD, fresh, AT_FDCWD, path, 0);
    int folder = calls->openat(AT_FDCWD, editor.m->folders[editor.file], O_RDONLY, 0);
    (void)calls->fsync(folder);
    (void)calls->close(folder);
}

static void edit_now(const char *call, unsigned long number)
{
    const struct sys_ops *calls = disk_table(editor.d);
    const char *path = editor.m->targets[editor.file].path;
    (void)call;
    if (number == editor.at && editor.how == BY_RENAME) {
        edit_by_rename(calls, path);
        editor.done_after = editor.d->op_count;
    } else if (number == editor.at) {
        editor.fd = calls->openat(AT_FDCWD, path, O_WRONLY, 0);
    }
    if (number == editor.write_at && editor.fd >= 0) {
        write_through(calls, editor.fd);
        (void)calls->close(editor.fd);
        editor.fd = -1;
        editor.done_after = editor.d->op_count;
    }
}

static bool is_edit(struct str bytes)
{
    return str_eq(bytes, str_make(text, sizeof text - 1));
}

static bool is_kept(const struct disk_state *s)
{
    int folder = disk_walk(s, editor.m->folders[editor.file]);
    for (int i = 0; i < s->entry_count; i++)
        if (s->entries[i].folder == folder && is_edit(s->nodes[s->entries[i].node].bytes))
            return true;
    return false;
}

static bool is_live(const struct disk_state *s)
{
    int node = disk_walk(s, editor.m->targets[editor.file].path);
    return node >= 0 && is_edit(s->nodes[node].bytes);
}

static bool others_agree(const struct disk_state *s)
{
    enum sim_content first = SIM_OTHER;
    for (size_t i = 0; i < editor.m->shape.files; i++) {
        if (i == editor.file)
            continue;
        enum sim_content c = sim_look(editor.m, s, i);
        if (first == SIM_OTHER)
            first = c;
        if (c != first || c == SIM_OTHER || c == SIM_MISSING)
            return false;
    }
    return true;
}

/*
 * An edit that the exchange took out goes back in force, and so does everything else, wherever the
 * process is killed. Any other may be in the way of both images; then a person has to look.
 */
static bool exchanged_within(size_t from, size_t to)
{
    const struct disk *run = editor.m->run;
    for (size_t i = from; i < to; i++)
        if (run->ops[i].kind == OP_EXCHANGE && run->ops[i].name == editor.m->names[editor.file])
            return true;
    return false;
}

static bool was_taken_out(size_t k)
{
    return !exchanged_within(0, editor.done_after) && exchanged_within(editor.done_after, k);
}

/* Recovers disk d as it is. */
static void recover_and_look(struct disk *d, bool is_kill, size_t k)
{
    struct sim *m = editor.m;
    struct err err = {0};
    disk_close_all(d);
    sys = disk_table(d);
    m->figures->foreign++;
    m->figures->recoveries++;
    int code = sim_recover(m, &err);
    const char *why = NULL;
    if (code != 0 && code != ERR_STUCK)
        why = err.text;
    else if (!is_kept(&d->now))
        why = "the edit is lost";
    else if (code == ERR_STUCK && is_kill && was_taken_out(k))
        why = "stuck, for an edit that the exchange took out";
    else if (code == 0 && !is_live(&d->now))
        why = "the edit is not in force";
    else if (code == 0 && !others_agree(&d->now))
        why = "the other files are torn";
    else if (code == 0 && sim_litter(&d->now))
        why = sim_litter(&d->now);
    m->figures->stuck += code == ERR_STUCK;
    if (why)
        sim_violation(m, "file %zu edited %s before call %lu (written at %lu), %s %zu: %s",
                      editor.file, edit_names[editor.how], editor.at, editor.write_at,
                      is_kill ? "killed after" : "power lost after", k, why);
}

static bool power_state(void *context, const struct disk_state *s)
{
    struct sim *m = editor.m;
    struct disk *d = m->recover[0];
    struct arena_mark bytes = arena_mark(&m->bytes);
    struct arena_mark scratch = arena_mark(&m->scratch);
    disk_start(d, s, &m->bytes);
    recover_and_look(d, false, *(const size_t *)context);
    arena_reset(&m->scratch, scratch);
    arena_reset(&m->bytes, bytes);
    return true;
}

/* Kills and power losses after the edit, every few operations. */
static void crash_after(struct sim *m)
{
    struct disk *e = m->recover[1];
    const struct disk_limits limits = {.most = 8,
                                       .chance = &m->chance,
                                       .made = &m->figures->states,
                                       .sampled = &m->figures->sampled};
    for (size_t k = editor.done_after; k <= m->run->op_count; k += 1 + m->run->op_count / 24) {
        struct arena_mark bytes = arena_mark(&m->bytes);
        struct arena_mark scratch = arena_mark(&m->scratch);
        struct disk_state state;
        m->figures->points++;
        disk_at(m->run, k, &state);
        disk_start(e, &state, &m->bytes);
        recover_and_look(e, true, k);
        arena_reset(&m->scratch, scratch);
        (void)disk_crash(m->run, k, DISK_WEAK, &limits, power_state, &k);
        arena_reset(&m->bytes, bytes);
    }
}

static bool one_edit(struct sim *m, unsigned long at, enum edit how)
{
    struct err err = {0};
    struct arena_mark bytes = arena_mark(&m->bytes);
    struct arena_mark scratch = arena_mark(&m->scratch);
    sim_reset(m);
    editor = (struct editor){.m = m,
                             .d = m->run,
                             .how = how,
                             .file = disk_random(&m->chance) % m->shape.files,
                             .at = at,
                             .write_at = at,
                             .fd = -1};
    if (how == HELD_OPEN)
        editor.write_at += 1 + disk_random(&m->chance) % 150;
    fault_install_over(disk_table(m->run));
    fault = (struct fault){.before = edit_now};
    int code = sim_run(m, &err);
    bool reached = fault.total >= editor.write_at;
    fault = (struct fault){0};
    arena_reset(&m->scratch, scratch);
    if (editor.done_after) {
        if (!is_kept(&m->run->now))
            sim_violation(m, "file %zu edited %s before call %lu, exit %d: the edit is lost",
                          editor.file, edit_names[how], at, code);
        crash_after(m);
    }
    arena_reset(&m->bytes, bytes);
    return reached || fault.total >= at;
}

void sim_foreign(struct sim *m, unsigned long step)
{
    struct err err = {0};
    m->scenario = "somebody edits a target";
    sim_reset(m);
    fault_install_over(disk_table(m->run));
    fault = (struct fault){0};
    (void)sim_run(m, &err);
    unsigned long calls = fault.total;
    for (unsigned long at = 1 + m->chance % step; at <= calls; at += step)
        for (int how = 0; how < EDITS; how++)
            (void)one_edit(m, at, (enum edit)how);
}
