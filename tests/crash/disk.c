/* disk: states, names and operations. The calls are in disk_calls.c, the power in disk_power.c. */
#include "tests/crash/disk.h"
#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum { LABELS = 1 << 16 };

const char *const disk_model_names[DISK_MODELS] = {"ordered", "prefix", "weak"};

static _Noreturn void full(const char *what)
{
    fprintf(stderr, "disk: more %s than it has room for\n", what);
    abort();
}

uint64_t disk_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

const struct label *disk_label(const char *text)
{
    static struct label *known[LABELS];
    static size_t count;
    uint64_t hash = hash_xxh3_64(str_from(text), 1);
    size_t i = hash % LABELS;
    for (; known[i]; i = (i + 1) % LABELS)
        if (known[i]->hash == hash && strcmp(known[i]->text, text) == 0)
            return known[i];
    size_t n = strlen(text) + 1;
    if (++count > LABELS / 2)
        full("names");
    known[i] = malloc(sizeof **known + n);
    if (!known[i])
        full("memory");
    known[i]->hash = hash;
    memcpy(known[i]->text, text, n);
    return known[i];
}

/* ---- names ---- */

static struct disk_entry *entry_of(struct disk_state *s, int folder, const struct label *name)
{
    for (int i = 0; i < s->entry_count; i++)
        if (s->entries[i].name == name && s->entries[i].folder == folder)
            return &s->entries[i];
    return NULL;
}

int disk_find(const struct disk_state *s, int folder, const struct label *name)
{
    for (int i = 0; i < s->entry_count; i++)
        if (s->entries[i].name == name && s->entries[i].folder == folder)
            return s->entries[i].node;
    return -1;
}

static void put(struct disk_state *s, int folder, const struct label *name, int node)
{
    struct disk_entry *e = entry_of(s, folder, name);
    if (!e) {
        if (s->entry_count == DISK_ENTRIES)
            full("entries");
        e = &s->entries[s->entry_count++];
    }
    *e = (struct disk_entry){name, folder, node};
}

static void drop(struct disk_state *s, int folder, const struct label *name)
{
    struct disk_entry *e = entry_of(s, folder, name);
    if (!e)
        return;
    memmove(e, e + 1, (size_t)(s->entries + s->entry_count - (e + 1)) * sizeof *e);
    s->entry_count--;
}

/* A part of a log may lack the operation that made a name: then there is nothing to exchange. */
static void exchange(struct disk_state *s, int folder, const struct label *x, const struct label *y)
{
    int at_x = disk_find(s, folder, x);
    int at_y = disk_find(s, folder, y);
    if (at_y >= 0)
        put(s, folder, x, at_y);
    else
        drop(s, folder, x);
    if (at_x >= 0)
        put(s, folder, y, at_x);
    else
        drop(s, folder, y);
}

static void change_meta(struct disk_node *n, const struct disk_op *op)
{
    if (op->field == META_OWNER) {
        n->uid = op->meta.uid;
        n->gid = op->meta.gid;
    } else if (op->field == META_MODE) {
        n->mode = op->meta.mode;
    } else {
        n->attribute = op->meta.attribute;
    }
}

void disk_apply(struct disk_state *s, const struct disk_op *op)
{
    switch (op->kind) {
    case OP_PUT:
        put(s, op->node, op->name, op->target);
        break;
    case OP_MOVE:
        if (disk_find(s, op->node, op->other) == op->target)
            drop(s, op->node, op->other);
        put(s, op->node, op->name, op->target);
        break;
    case OP_EXCHANGE:
        exchange(s, op->node, op->name, op->other);
        break;
    case OP_DROP:
        drop(s, op->node, op->name);
        break;
    case OP_BYTES:
        s->nodes[op->node].bytes = op->bytes;
        s->nodes[op->node].sum = op->sum;
        break;
    case OP_META:
        change_meta(&s->nodes[op->node], op);
        break;
    case OP_SYNC:
    case OP_SYNC_FAILED:
        break;
    }
}

/* ---- worlds ---- */

static int add_node(struct disk_state *s, const struct disk_node *n)
{
    if (s->node_count == DISK_NODES)
        full("nodes");
    s->nodes[s->node_count] = *n;
    return s->node_count++;
}

int disk_make_folder(struct disk_state *s, int parent, const char *name, mode_t mode)
{
    struct disk_node n = {.folder = true, .mode = S_IFDIR | mode, .path = 7};
    if (parent >= 0)
        n.path = hash_xxh3_64(str_from(name), s->nodes[parent].path);
    int node = add_node(s, &n);
    if (parent >= 0)
        put(s, parent, disk_label(name), node);
    return node;
}

int disk_make_file(struct disk_state *s, int folder, const char *name, mode_t mode,
                   struct str bytes)
{
    const struct disk_node n = {.mode = S_IFREG | mode,
                                .quiet = strcmp(name, "lock") == 0,
                                .bytes = bytes,
                                .sum = hash_xxh3_64(bytes, 0)};
    int node = add_node(s, &n);
    put(s, folder, disk_label(name), node);
    return node;
}

int disk_walk(const struct disk_state *s, const char *path)
{
    int at = 0;
    char part[256];
    while (*path) {
        size_t n = strcspn(path, "/");
        if (n >= sizeof part)
            return -1;
        if (n && !(n == 1 && path[0] == '.')) {
            memcpy(part, path, n);
            part[n] = 0;
            if (!s->nodes[at].folder)
                return -1;
            at = disk_find(s, at, disk_label(part));
            if (at < 0)
                return -1;
        }
        path += n + (path[n] == '/');
    }
    return at;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 31)) * UINT64_C(0x7fb5d329728ea185);
    return x ^ (x >> 29);
}

/* The order of entries and the numbers of nodes do not count. */
uint64_t disk_hash(const struct disk_state *s)
{
    uint64_t sum = 0;
    for (int i = 0; i < s->entry_count; i++) {
        const struct disk_entry *e = &s->entries[i];
        const struct disk_node *n = &s->nodes[e->node];
        uint64_t meta = ((uint64_t)n->mode << 40) ^ ((uint64_t)n->uid << 20) ^ n->gid ^
                        ((uint64_t)n->attribute << 52);
        uint64_t content = n->folder || n->quiet ? 3 : n->sum;
        sum += mix(mix(e->name->hash ^ s->nodes[e->folder].path) + mix(content + mix(meta)));
    }
    return sum;
}

/* ---- the log ---- */

void disk_start(struct disk *d, const struct disk_state *state, struct arena *a)
{
    d->base = *state;
    d->now = *state;
    d->op_count = 0;
    d->arena = a;
    d->chance = 42;
    d->clock = 1790000000;
    d->lie = LIE_NONE;
    disk_close_all(d);
}

void disk_close_all(struct disk *d)
{
    memset(d->fds, 0, sizeof d->fds);
}

/* A node that the run made stands in base too, empty and without a name (disk_calls.c). */
void disk_at(const struct disk *d, size_t k, struct disk_state *state)
{
    *state = d->base;
    for (size_t i = 0; i < k; i++)
        disk_apply(state, &d->ops[i]);
}
