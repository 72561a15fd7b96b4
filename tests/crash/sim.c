/* sim: worlds, runs and looks. What must hold after a recovery is judged in sim_judge.c. */
#include "tests/crash/sim.h"
#include "tests/crash/world.h"

#include <stdio.h>
#include <stdlib.h>

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

const char *sim_shape_text(const struct sim_shape *shape, char into[96])
{
    static const char *const layouts[] = {"in one folder", "each in its own folder",
                                          "in two folders"};
    static const char *const pasts[] = {"first run", "later run"};
    (void)snprintf(into, 96, "%s, %zu file%s %s, %s", txn_operation_name(shape->operation),
                   shape->files, shape->files == 1 ? "" : "s", layouts[shape->layout],
                   pasts[shape->past]);
    return into;
}

void sim_violation(struct sim *m, const char *format, ...)
{
    char shape[96];
    va_list args;
    if (++m->figures->violations > SIM_SHOWN || m->quiet)
        return;
    printf("# VIOLATION: %s; %s: ", sim_shape_text(&m->shape, shape), m->scenario);
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* ---- the world ---- */

static void digest(struct str s, struct sha256 *into)
{
    struct err err = {0};
    if (!crypto_sha256(s, into, &err))
        abort();
}

static void make_world(struct sim *m)
{
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct disk_state *s = &m->start;
    s->node_count = s->entry_count = 0;
    int root = disk_make_folder(s, -1, "/", 0755);
    int top = disk_make_folder(s, root, "t", 0755);
    (void)disk_make_folder(s, root, "var", 0755);
    int folders[SIM_FILES];
    for (size_t i = 0; i < SIM_FILES; i++)
        folders[i] = disk_make_folder(s, top, letters[i], 0755);
    for (size_t i = 0; i < m->shape.files; i++) {
        size_t in = m->shape.layout == ONE_FOLDER ? 0 : m->shape.layout == OWN_FOLDERS ? i : i % 2;
        const char *name = arena_printf(&m->texts, ".env%zu", i);
        const char *old = arena_printf(&m->texts, "A%zu=1\nKEYS_v1=%s-%zu\n", i, CANARY, i);
        const char *fresh = arena_printf(&m->texts, "A%zu=1\n# no %s\n", i, CANARY);
        int node = disk_make_file(s, folders[in], name, i % 2 ? 0600 : 0640, str_from(old));
        s->nodes[node].uid = (uid_t)(i % 3);
        s->nodes[node].gid = (gid_t)(i % 2);
        s->nodes[node].attribute = i % 4 == 0 ? 9 : 0;
        m->meta[i] = s->nodes[node];
        m->names[i] = disk_label(name);
        m->folders[i] = arena_printf(&m->texts, "/t/%s", letters[in]);
        m->from[i] = str_from(old);
        m->to[i] = str_from(fresh);
        struct txn_target *t = &m->targets[i];
        t->path = arena_printf(&m->texts, "%s/%s", m->folders[i], name);
    }
}

static void set_images(struct sim *m)
{
    for (size_t i = 0; i < m->shape.files; i++) {
        struct txn_target *t = &m->targets[i];
        t->image = m->to[i];
        digest(m->from[i], &t->before);
        digest(m->to[i], &t->after);
    }
}

static void turn_round(struct sim *m)
{
    for (size_t i = 0; i < m->shape.files; i++) {
        struct str from = m->from[i];
        m->from[i] = m->to[i];
        m->to[i] = from;
    }
    set_images(m);
    m->request.operation = m->request.operation == TXN_APPLY ? TXN_ROLLBACK : TXN_APPLY;
    m->request.has_plan = m->request.operation == TXN_APPLY;
    m->request.reverses =
        m->request.has_plan ? NULL : arena_text(&m->texts, str_from(m->result.txid));
}

/* One transaction of the past; its end is the start. */
static void go_through(struct sim *m)
{
    struct err err = {0};
    sim_reset(m);
    m->past++;
    if (sim_run(m, &err) != 0 || !sim_all(m, &m->run->now, SIM_TO)) {
        printf("Bail out! a transaction without a fault failed: %s\n", err.text);
        abort();
    }
    m->start = m->run->now;
    turn_round(m);
}

void sim_start(struct sim *m, const struct sim_shape *shape, struct sim_figures *figures)
{
    static const struct str versions[] = {{(const unsigned char *)"v1", 2},
                                          {(const unsigned char *)"v2", 2}};
    static const struct str kept[] = {{(const unsigned char *)"v3", 2}};
    *m = (struct sim){.shape = *shape,
                      .scenario = "setting up",
                      .figures = figures,
                      .states_most = 512,
                      .nested_every = 1,
                      .chance = 1};
    m->run = must(malloc(sizeof *m->run));
    for (size_t i = 0; i <= SIM_DEPTH; i++)
        m->recover[i] = must(malloc(sizeof *m->recover[i]));
    make_world(m);
    m->request = (struct txn_request){.operation = TXN_APPLY,
                                      .has_plan = true,
                                      .targets = m->targets,
                                      .target_count = shape->files,
                                      .versions = versions,
                                      .version_count = 2,
                                      .kept = kept,
                                      .kept_count = 1};
    memset(m->request.plan.bytes, 7, sizeof m->request.plan.bytes);
    set_images(m);
    if (shape->past == LATER_RUN) {
        go_through(m);
        go_through(m);
    }
    if (shape->operation != TXN_APPLY)
        go_through(m);
    if (shape->operation == TXN_RESTORE)
        m->request.operation = TXN_RESTORE;
    sim_reset(m);
}

void sim_end(struct sim *m)
{
    free(m->run);
    for (size_t i = 0; i <= SIM_DEPTH; i++)
        free(m->recover[i]);
    free(m->seen.at);
    arena_free(&m->texts);
    arena_free(&m->bytes);
    arena_free(&m->scratch);
}

/* Contents of the start may stand in the arena of runs before: they are kept by never resetting it
 * while there is a past. */
void sim_reset(struct sim *m)
{
    disk_start(m->run, &m->start, &m->bytes);
    m->run->chance =
        1000 + m->past; /* one id for one transaction, or no state would be met twice */
    sys = disk_table(m->run);
}

/* ---- runs ---- */

static const struct state_options options = {.state_dir = "/var/keyretire"};

int sim_run(struct sim *m, struct err *err)
{
    struct state state;
    struct txn_recovery recovery;
    m->figures->transactions++;
    m->result = (struct txn_result){0};
    if (!state_open(&state, &options, STATE_CHANGE, &m->scratch, err))
        return err->kind;
    if (txn_recover(&state, &m->scratch, &recovery, err))
        (void)txn_run(&state, &m->scratch, &m->request, &m->result, err);
    state_close(&state);
    return err->kind;
}

int sim_recover(struct sim *m, struct err *err)
{
    struct state state;
    m->recovery = (struct txn_recovery){0};
    if (!state_open(&state, &options, STATE_CHANGE, &m->scratch, err))
        return err->kind;
    (void)txn_recover(&state, &m->scratch, &m->recovery, err);
    state_close(&state);
    return err->kind;
}

/* ---- looks ---- */

enum sim_content sim_look(const struct sim *m, const struct disk_state *s, size_t file)
{
    int folder = disk_walk(s, m->folders[file]);
    int node = folder < 0 ? -1 : disk_find(s, folder, m->names[file]);
    if (node < 0)
        return SIM_MISSING;
    struct str now = s->nodes[node].bytes;
    return str_eq(now, m->from[file]) ? SIM_FROM : str_eq(now, m->to[file]) ? SIM_TO : SIM_OTHER;
}

bool sim_all(const struct sim *m, const struct disk_state *s, enum sim_content content)
{
    for (size_t i = 0; i < m->shape.files; i++)
        if (sim_look(m, s, i) != content)
            return false;
    return true;
}

const char *sim_litter(const struct disk_state *s)
{
    static const char *const endings[] = {".new", ".conflict", ".end", ".tmp"};
    for (int i = 0; i < s->entry_count; i++)
        for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++)
            if (str_ends(str_from(s->entries[i].name->text), str_from(endings[e])))
                return s->entries[i].name->text;
    return NULL;
}
