/*
 * sim_judge: recoveries of interrupted runs, and what must hold after each.
 *
 * Oracles (commit-protocol.md): all old or all new; what was reported is so; a valid backup before
 * any new byte; nothing staged is left; owner, mode and attributes as they were; the audit chain
 * holds; a second recovery changes nothing.
 */
#include "applier/audit.h"
#include "applier/backup.h"
#include "tests/crash/sim.h"

#include <stdio.h>
#include <stdlib.h>

struct place { /* where the power goes */
    struct sim *m;
    int told;
    unsigned inside;
    size_t at;
    const char *model;
};

/* ---- states met before ---- */

static bool seen_before(struct sim_seen *seen, uint64_t key)
{
    key |= 1;
    if (seen->count * 2 >= seen->room) {
        struct sim_seen wider = {.room = seen->room ? seen->room * 2 : 4096};
        wider.at = calloc(wider.room, sizeof *wider.at);
        if (!wider.at)
            abort();
        for (size_t i = 0; i < seen->room; i++)
            if (seen->at[i])
                (void)seen_before(&wider, seen->at[i]);
        free(seen->at);
        *seen = wider;
    }
    size_t i = (key >> 7) % seen->room;
    for (; seen->at[i]; i = (i + 1) % seen->room)
        if (seen->at[i] == key)
            return true;
    seen->at[i] = key;
    seen->count++;
    return false;
}

/* ---- the parts of the verdict ---- */

static bool archive_is_good(struct sim *m, struct str archive)
{
    struct backup b;
    struct err err = {0};
    if (!backup_parse(archive, &m->scratch, &b, &err) || b.target_count != m->shape.files)
        return false;
    for (size_t i = 0; i < m->shape.files; i++)
        if (!str_eq(b.targets[i].image, m->from[i]))
            return false;
    return true;
}

/* One archive at least holds every image of before. */
bool sim_has_backup(struct sim *m, const struct disk_state *s)
{
    int folder = disk_walk(s, "/var/keyretire/backups");
    for (int i = 0; i < s->entry_count; i++) {
        const struct disk_entry *e = &s->entries[i];
        if (e->folder != folder || str_ends(str_from(e->name->text), STR(".tmp")))
            continue;
        uint64_t sum = s->nodes[e->node].sum;
        for (size_t k = 0; k < m->good_backups; k++)
            if (m->good_backup[k] == sum)
                return true;
        if (!archive_is_good(m, s->nodes[e->node].bytes))
            continue;
        if (m->good_backups < sizeof m->good_backup / sizeof m->good_backup[0])
            m->good_backup[m->good_backups++] = sum;
        return true;
    }
    return false;
}

static bool same_meta(const struct sim *m, const struct disk_state *s)
{
    for (size_t i = 0; i < m->shape.files; i++) {
        const struct disk_node *n =
            &s->nodes[disk_find(s, disk_walk(s, m->folders[i]), m->names[i])];
        const struct disk_node *must = &m->meta[i];
        if (n->mode != must->mode || n->uid != must->uid || n->gid != must->gid ||
            n->attribute != must->attribute)
            return false;
    }
    return true;
}

static bool audit_holds(struct sim *m)
{
    static const struct state_options options = {.state_dir = "/var/keyretire"};
    struct state state;
    struct err err = {0};
    struct txn_notes notes = {0};
    size_t lines;
    bool holds = state_open(&state, &options, STATE_READ, &m->scratch, &err) &&
                 audit_verify(&state, &m->scratch, &lines, &notes, &err) && notes.count == 0;
    state_close(&state);
    return holds;
}

static bool changed_since(const struct disk *d, size_t from)
{
    for (size_t i = from; i < d->op_count; i++)
        if (d->ops[i].kind != OP_SYNC)
            return true;
    return false;
}

const char *sim_verdict(struct sim *m, struct disk *d, int told, struct err *err)
{
    static char text[1200];
    m->figures->recoveries++;
    if (sim_recover(m, err) != 0) {
        (void)snprintf(text, sizeof text, "recovery failed: %s", err->text);
        return text;
    }
    bool all_new = sim_all(m, &d->now, SIM_TO);
    if (!all_new && !sim_all(m, &d->now, SIM_FROM))
        return "torn: neither all old nor all new";
    const char *litter = sim_litter(&d->now);
    if (litter) {
        (void)snprintf(text, sizeof text, "%s is left", litter);
        return text;
    }
    if (told == TOLD_DONE && !all_new)
        return "a reported success is lost";
    if (told > 0 && told != ERR_STUCK && all_new)
        return "a reported undo came back";
    if (!same_meta(m, &d->now))
        return "owner, mode or attributes changed";
    if (!audit_holds(m))
        return "the audit log does not hold";
    size_t ops = d->op_count;
    if (sim_recover(m, err) != 0 || m->recovery.count || changed_since(d, ops))
        return "a second recovery did something";
    d->op_count = ops;
    return NULL;
}

static void note_lie(const struct sim *m, const struct disk *d)
{
    if (d->lie != LIE_NONE && d->lie_seen >= d->lie_at)
        m->lie_told(d);
}

/* The first recovery alone: the ones after it have to make good what it left out. */
static void lie_once(const struct sim *m, struct disk *d, unsigned inside)
{
    d->lie = inside ? LIE_NONE : m->lie;
    d->lie_at = m->lie_at;
    d->lie_seen = 0;
}

/* ---- power ---- */

static void judge(struct place *p, const struct disk_state *s)
{
    struct sim *m = p->m;
    struct disk *d = m->recover[p->inside];
    struct err err = {0};
    struct arena_mark bytes = arena_mark(&m->bytes);
    struct arena_mark scratch = arena_mark(&m->scratch);
    disk_start(d, s, &m->bytes);
    sys = disk_table(d);
    lie_once(m, d, p->inside);
    bool some_new = false;
    for (size_t i = 0; i < m->shape.files; i++)
        some_new |= sim_look(m, s, i) == SIM_TO;
    const char *why = some_new && !sim_has_backup(m, s) ? "new files without a backup"
                                                        : sim_verdict(m, d, p->told, &err);
    m->figures->nested += p->inside > 0;
    note_lie(m, d);
    arena_reset(&m->scratch, scratch);
    if (why)
        sim_violation(m, "power lost after %zu operations (%s), told %d%s: %s", p->at, p->model,
                      p->told, p->inside ? ", inside a recovery" : "", why);
    else if (p->inside < m->depth && m->figures->recoveries % m->nested_every == 0)
        sim_power(
            m, d, 0,
            (struct sim_told){p->told, sim_all(m, &d->now, SIM_TO) ? TOLD_DONE : ERR_RESTORED},
            p->inside + 1);
    arena_reset(&m->bytes, bytes);
}

static bool each_state(void *context, const struct disk_state *s)
{
    struct place *p = context;
    int told = p->told > 0 && p->told != ERR_STUCK ? 1 : p->told;
    uint64_t key = disk_hash(s) * 31 + (uint64_t)(told + 2) * 8 + p->inside;
    if (!seen_before(&p->m->seen, key * UINT64_C(0x9e3779b97f4a7c15)))
        judge(p, s);
    return true;
}

void sim_power(struct sim *m, const struct disk *d, size_t first, struct sim_told told,
               unsigned inside)
{
    const struct disk_limits limits = {.most = m->states_most,
                                       .chance = &m->chance,
                                       .made = &m->figures->states,
                                       .sampled = &m->figures->sampled};
    for (size_t k = first; k <= d->op_count; k++) {
        m->figures->points++;
        for (int model = 0; model < DISK_MODELS; model++) {
            struct arena_mark mark = arena_mark(&m->bytes);
            struct place p = {.m = m,
                              .told = k == d->op_count ? told.at_end : told.before,
                              .inside = inside,
                              .at = k,
                              .model = disk_model_names[model]};
            (void)disk_crash(d, k, (enum disk_model)model, &limits, each_state, &p);
            arena_reset(&m->bytes, mark);
        }
    }
}

/* ---- kill ---- */

void sim_kill(struct sim *m, const struct disk *d, size_t first, int told)
{
    struct disk *e = malloc(sizeof *e);
    if (!e)
        abort();
    for (size_t k = first; k <= d->op_count; k++) {
        struct err err = {0};
        struct arena_mark bytes = arena_mark(&m->bytes);
        struct arena_mark scratch = arena_mark(&m->scratch);
        m->figures->points++;
        *e = *d;
        e->op_count = k;
        disk_at(d, k, &e->now);
        disk_close_all(e);
        sys = disk_table(e);
        lie_once(m, e, 0);
        bool some_new = false;
        for (size_t i = 0; i < m->shape.files; i++)
            some_new |= sim_look(m, &e->now, i) == SIM_TO;
        int heard = k == d->op_count ? told : TOLD_NOTHING;
        const char *why = some_new && !sim_has_backup(m, &e->now) ? "new files without a backup"
                                                                  : sim_verdict(m, e, heard, &err);
        note_lie(m, e);
        arena_reset(&m->scratch, scratch);
        if (why)
            sim_violation(m, "killed after %zu operations, told %d: %s", k, heard, why);
        else
            sim_power(
                m, e, k,
                (struct sim_told){heard, sim_all(m, &e->now, SIM_TO) ? TOLD_DONE : ERR_RESTORED},
                1);
        arena_reset(&m->bytes, bytes);
    }
    free(e);
}
