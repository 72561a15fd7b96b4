/* world: made with plain C library calls, so that no fault of a test reaches it. */
#define _GNU_SOURCE
#include "tests/crash/world.h"
#include "common/hash.h"
#include "common/sys.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

void world_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    must(f && fputs(text, f) >= 0 && fclose(f) == 0, path);
}

const char *world_path(struct world *w, const char *below)
{
    return arena_printf(&w->a, "%s/%s", w->root, below);
}

static void digest(struct str s, struct sha256 *into)
{
    struct err err = {0};
    must(crypto_sha256(s, into, &err), "sha256");
}

void world_make(struct world *w, size_t files)
{
    static const struct str versions[] = {{(const unsigned char *)"v1", 2},
                                          {(const unsigned char *)"v2", 2}};
    static const struct str kept[] = {{(const unsigned char *)"v3", 2}};
    *w = (struct world){.images = {.wipe = true}, .count = files};
    (void)snprintf(w->root, sizeof w->root, "%s/keyretire-test-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(w->root) != NULL, "mkdtemp");
    must(mkdir(world_path(w, "a"), 0755) == 0 && mkdir(world_path(w, "b"), 0755) == 0, "mkdir");
    for (size_t i = 0; i < files; i++) {
        const char *path = arena_printf(&w->a, "%s/%s/.env%zu", w->root, i % 3 == 2 ? "b" : "a", i);
        const char *old = arena_printf(&w->images, "A%zu=1\nKEYS_v1=%s-%zu\n", i, CANARY, i);
        const char *fresh = arena_printf(&w->images, "A%zu=1\n# no %s\n", i, CANARY);
        world_write(path, old);
        must(chmod(path, 0640) == 0, "chmod");
        struct txn_target *t = &w->targets[i];
        w->old[i] = str_from(old);
        t->path = path;
        t->image = str_from(fresh);
        digest(w->old[i], &t->before);
        digest(t->image, &t->after);
    }
    w->options.state_dir = world_path(w, "state");
    w->request = (struct txn_request){.operation = TXN_APPLY,
                                      .has_plan = true,
                                      .targets = w->targets,
                                      .target_count = files,
                                      .versions = versions,
                                      .version_count = 2,
                                      .kept = kept,
                                      .kept_count = 1};
    memset(w->request.plan.bytes, 7, sizeof w->request.plan.bytes);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

void world_free(struct world *w)
{
    must(nftw(w->root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "remove the world");
    arena_free(&w->a);
    arena_free(&w->images);
}

int world_apply(struct world *w, struct err *err)
{
    struct state state;
    struct txn_recovery recovery;
    if (!state_open(&state, &w->options, STATE_CHANGE, &w->a, err))
        return err->kind;
    if (txn_recover(&state, &w->a, &recovery, err))
        (void)txn_run(&state, &w->a, &w->request, &w->result, err);
    state_close(&state);
    return err->kind;
}

int world_recover(struct world *w, struct err *err)
{
    struct state state;
    if (!state_open(&state, &w->options, STATE_CHANGE, &w->a, err))
        return err->kind;
    (void)txn_recover(&state, &w->a, &w->recovery, err);
    state_close(&state);
    return err->kind;
}

static struct str content(const char *path, unsigned char *room, size_t size)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return str_make(NULL, 0);
    size_t n = fread(room, 1, size, f);
    fclose(f);
    return str_make(room, n);
}

enum world_content world_look(const struct world *w, size_t file)
{
    unsigned char room[4096];
    struct str now = content(w->targets[file].path, room, sizeof room);
    if (!now.at)
        return WORLD_MISSING;
    return str_eq(now, w->old[file])             ? WORLD_OLD
           : str_eq(now, w->targets[file].image) ? WORLD_NEW
                                                 : WORLD_OTHER;
}

bool world_all(const struct world *w, enum world_content wanted)
{
    for (size_t i = 0; i < w->count; i++)
        if (world_look(w, i) != wanted)
            return false;
    return true;
}

/* nftw has no argument for its callback. */
static struct {
    const char *ending;
    unsigned names;
    uint64_t sum;
    bool canary;
} walk;

static int visit(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    static unsigned char room[1 << 20];
    struct str name = str_from(path + where->base);
    if (walk.ending && str_ends(name, str_from(walk.ending)))
        walk.names++;
    if (str_eq(name, STR("lock")))
        return 0;
    struct str bytes = kind == FTW_F ? content(path, room, sizeof room) : str_make("", 0);
    uint64_t one = hash_xxh3_64(str_from(path), hash_xxh3_64(bytes, st->st_mode));
    walk.sum += one; /* the order of a folder does not count */
    walk.canary |= str_search(bytes, STR(CANARY)) < bytes.len;
    return 0;
}

static void walk_below(const struct world *w, const char *below, const char *ending)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s%s%s", w->root, below ? "/" : "", below ? below : "");
    memset(&walk, 0, sizeof walk);
    walk.ending = ending;
    (void)nftw(path, visit, 16, FTW_PHYS);
}

unsigned world_names(const struct world *w, const char *ending)
{
    walk_below(w, NULL, ending);
    return walk.names;
}

uint64_t world_fingerprint(const struct world *w)
{
    walk_below(w, NULL, NULL);
    return walk.sum;
}

bool world_canary_below(const struct world *w, const char *below)
{
    walk_below(w, below, NULL);
    return walk.canary;
}
