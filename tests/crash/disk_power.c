/*
 * disk_power: what a disk may hold after the power went.
 *
 * The operations before the crash are gone through once: what an fsync made durable is applied, the
 * rest is pending. Each pending thing is a choice with a number of options; a legal state is one
 * option of every choice.
 */
#include "common/hash.h"
#include "tests/crash/disk.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHOICES = 64, CONTENTS = 24 };

/* Names and modes: the first `options - 1` of these operations reach the disk. */
struct chain {
    const struct disk_op *ops[DISK_ENTRIES];
    unsigned count;
};

/* Bytes of one file: one of these. */
struct contents {
    int node;
    struct str bytes[CONTENTS];
    uint64_t sum[CONTENTS];
    unsigned count;
};

struct choice {
    struct chain *chain; /* or */
    struct contents *contents;
    unsigned options, chosen;
};

struct power {
    const struct disk *d;
    enum disk_model model;
    struct disk_state durable;
    size_t pending[DISK_OPS]; /* indices of operations */
    size_t pending_count;
    struct choice choices[CHOICES];
    size_t choice_count;
    struct chain chains[CHOICES];
    size_t chain_count;
    struct contents contents[CHOICES];
    size_t contents_count;
};

static _Noreturn void full(const char *what)
{
    fprintf(stderr, "disk: a crash point has more %s than there is room for\n", what);
    abort();
}

static bool is_meta(const struct disk_op *op)
{
    return op->kind != OP_BYTES;
}

/* ---- what is durable, what is pending ---- */

/*
 * After a failed fsync the pages of a file count as clean: a second one makes nothing durable,
 * unless something was written to it in between (fsync(2), NOTES). Names and modes are in the
 * journal of the file system: it shuts down, or a later fsync commits them.
 */
static bool flushes(const struct power *p, int node, size_t failed_at)
{
    if (p->d->base.nodes[node].folder)
        return true;
    for (size_t i = 0; i < p->pending_count; i++)
        if (p->d->ops[p->pending[i]].node == node && p->pending[i] > failed_at)
            return true;
    return false;
}

static void flush(struct power *p, int node, bool all_meta)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->pending_count; i++) {
        const struct disk_op *op = &p->d->ops[p->pending[i]];
        if (op->node == node || (all_meta && is_meta(op)))
            disk_apply(&p->durable, op);
        else
            p->pending[kept++] = p->pending[i];
    }
    p->pending_count = kept;
}

static void fold(struct power *p, size_t k)
{
    size_t failed[DISK_NODES] = {0}; /* index + 1 of the last failed fsync */
    p->durable = p->d->base;
    p->pending_count = 0;
    for (size_t i = 0; i < k; i++) {
        const struct disk_op *op = &p->d->ops[i];
        if (op->kind == OP_SYNC_FAILED)
            failed[op->node] = i + 1;
        else if (op->kind != OP_SYNC)
            p->pending[p->pending_count++] = i;
        else if (!failed[op->node] || flushes(p, op->node, failed[op->node] - 1))
            flush(p, op->node, p->model == DISK_ORDERED);
    }
}

/* ---- choices ---- */

static struct choice *add_choice(struct power *p)
{
    if (p->choice_count == CHOICES)
        full("choices");
    struct choice *c = &p->choices[p->choice_count++];
    *c = (struct choice){0};
    return c;
}

/* The chain in which an operation stands: all of them, its node's, or one of its own. */
static struct chain *chain_for(struct power *p, const struct disk_op *op)
{
    for (size_t i = 0; p->model != DISK_WEAK && i < p->chain_count; i++) {
        const struct disk_op *first = p->chains[i].ops[0];
        if (p->model == DISK_ORDERED || first->node == op->node)
            return &p->chains[i];
    }
    if (p->chain_count == CHOICES)
        full("chains");
    struct chain *c = &p->chains[p->chain_count++];
    c->count = 0;
    add_choice(p)->chain = c;
    return c;
}

static void add_content(struct contents *c, struct str bytes)
{
    uint64_t sum = hash_xxh3_64(bytes, 0);
    for (unsigned i = 0; i < c->count; i++)
        if (c->sum[i] == sum)
            return;
    if (c->count == CONTENTS)
        full("contents of a file");
    c->bytes[c->count] = bytes;
    c->sum[c->count++] = sum;
}

/* `whole` with zeros in [from, to). */
static struct str holed(struct arena *a, struct str whole, size_t from, size_t to)
{
    unsigned char *at = arena_alloc(a, whole.len);
    memcpy(at, whole.at, whole.len);
    memset(at + from, 0, to - from);
    return str_make(at, whole.len);
}

/* What an append may leave: a part of it, its length without its bytes, or both. */
static void add_append(struct contents *c, struct arena *a, struct str before, struct str after,
                       const struct disk_op *next)
{
    size_t half = before.len + (after.len - before.len + 1) / 2;
    add_content(c, str_make(after.at, half));
    add_content(c, holed(a, after, before.len, after.len));
    add_content(c, holed(a, after, half, after.len));
    if (next && next->bytes.len > after.len) /* the later write alone */
        add_content(c, holed(a, next->bytes, before.len, after.len));
    add_content(c, after);
}

static bool extends(struct str before, struct str after)
{
    return after.len > before.len &&
           (before.len == 0 || memcmp(before.at, after.at, before.len) == 0);
}

static void add_contents(struct power *p, size_t first)
{
    int node = p->d->ops[p->pending[first]].node;
    const struct disk_op *ops[DISK_ENTRIES];
    unsigned count = 0;
    for (size_t i = first; i < p->pending_count; i++) {
        const struct disk_op *op = &p->d->ops[p->pending[i]];
        if (op->kind == OP_BYTES && op->node == node && count < DISK_ENTRIES)
            ops[count++] = op;
    }
    struct contents *c = &p->contents[p->contents_count++];
    *c = (struct contents){.node = node};
    struct str before = p->durable.nodes[node].bytes;
    add_content(c, before);
    for (unsigned i = 0; i < count; i++) {
        struct str after = ops[i]->bytes;
        if (extends(before, after))
            add_append(c, p->d->arena, before, after, i + 1 < count ? ops[i + 1] : NULL);
        else
            add_content(c, after);
        before = after;
    }
    struct choice *choice = add_choice(p);
    choice->contents = c;
    choice->options = c->count;
}

/* Whether the node has a name in any state: bytes of a removed file do not matter. */
static bool has_name(const struct power *p, int node)
{
    for (int i = 0; i < p->durable.entry_count; i++)
        if (p->durable.entries[i].node == node)
            return true;
    for (size_t i = 0; i < p->pending_count; i++) {
        const struct disk_op *op = &p->d->ops[p->pending[i]];
        if ((op->kind == OP_PUT || op->kind == OP_MOVE) && op->target == node)
            return true;
    }
    return false;
}

static bool seen_contents(const struct power *p, int node)
{
    for (size_t i = 0; i < p->contents_count; i++)
        if (p->contents[i].node == node)
            return true;
    return false;
}

static void collect(struct power *p)
{
    p->choice_count = p->chain_count = p->contents_count = 0;
    for (size_t i = 0; i < p->pending_count; i++) {
        const struct disk_op *op = &p->d->ops[p->pending[i]];
        if (op->kind == OP_META && !has_name(p, op->node))
            continue;
        if (is_meta(op)) {
            struct chain *c = chain_for(p, op);
            if (c->count == DISK_ENTRIES)
                full("names");
            c->ops[c->count++] = op;
        } else if (!seen_contents(p, op->node) && has_name(p, op->node)) {
            add_contents(p, i);
        }
    }
    for (size_t i = 0; i < p->choice_count; i++)
        if (p->choices[i].chain)
            p->choices[i].options = p->choices[i].chain->count + 1;
}

/* ---- states ---- */

static bool is_chosen(const struct power *p, const struct disk_op *op)
{
    for (size_t c = 0; c < p->choice_count; c++) {
        const struct choice *choice = &p->choices[c];
        for (unsigned n = 0; choice->chain && n < choice->chosen; n++)
            if (choice->chain->ops[n] == op)
                return true;
    }
    return false;
}

/* The names and modes of all chains in the order in which they were made; then the bytes. */
static void build(const struct power *p, struct disk_state *s)
{
    *s = p->durable;
    for (size_t i = 0; i < p->pending_count; i++) {
        const struct disk_op *op = &p->d->ops[p->pending[i]];
        if (is_meta(op) && is_chosen(p, op))
            disk_apply(s, op);
    }
    for (size_t c = 0; c < p->choice_count; c++) {
        const struct choice *choice = &p->choices[c];
        if (!choice->contents)
            continue;
        struct disk_node *n = &s->nodes[choice->contents->node];
        n->bytes = choice->contents->bytes[choice->chosen];
        n->sum = choice->contents->sum[choice->chosen];
    }
}

static bool next_state(struct power *p)
{
    for (size_t i = 0; i < p->choice_count; i++) {
        if (++p->choices[i].chosen < p->choices[i].options)
            return true;
        p->choices[i].chosen = 0;
    }
    return false;
}

/* The first is nothing, the second everything that is pending; then chance. */
static void sample_state(struct power *p, unsigned long n, uint64_t *chance)
{
    for (size_t i = 0; i < p->choice_count; i++) {
        struct choice *c = &p->choices[i];
        c->chosen = n == 0   ? 0
                    : n == 1 ? c->options - 1
                             : (unsigned)(disk_random(chance) % c->options);
    }
}

bool disk_crash(const struct disk *d, size_t k, enum disk_model model,
                const struct disk_limits *limits,
                bool (*each)(void *context, const struct disk_state *state), void *context)
{
    struct power *p = malloc(sizeof *p);
    struct disk_state *s = malloc(sizeof *s);
    if (!p || !s)
        full("memory");
    p->d = d;
    p->model = model;
    fold(p, k);
    collect(p);
    unsigned long states = 1;
    for (size_t i = 0; i < p->choice_count && states <= limits->most; i++)
        states *= p->choices[i].options;
    bool all = states <= limits->most;
    bool going = true;
    if (!all)
        ++*limits->sampled;
    for (unsigned long n = 0; going && n < (all ? states : limits->most); n++) {
        if (!all)
            sample_state(p, n, limits->chance);
        build(p, s);
        ++*limits->made;
        going = each(context, s);
        if (all)
            (void)next_state(p);
    }
    free(s);
    free(p);
    return going;
}
