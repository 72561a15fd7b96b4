/*
 * disk: a file system in memory behind sys, which knows what a power loss may leave of it.
 *
 * The one idea: nothing is ever executed twice to be interrupted. A run writes down each operation
 * that changes something and each fsync; from that log follows what every kill -9 leaves (the
 * operations before it, page cache and all) and everything that every loss of power may leave (what
 * was synced, and any legal part of the rest). A recovery costs microseconds: no system call.
 *
 *     disk_start(&d, &state, &arena);       the state is durable, the log is empty
 *     sys = disk_table(&d);                 or under tests/crash/fault.h, for failing calls
 *     ...run the code...
 *     for (k = 0; k <= d.op_count; k++) {
 *         disk_at(&d, k, &state);           what kill -9 leaves after k operations
 *         disk_crash(&d, k, DISK_WEAK, &limits, each, context);      what a power loss may leave
 *     }
 *
 * Ownership: contents live in the arena given, and so does what disk_crash makes.
 * Limits: those below; more aborts. Threads: one. Semantics are those of Linux as far as the
 * applier asks for them: one folder a rename, exclusive locks, write leases, one attribute a file.
 */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include "common/arena.h"
#include "common/sys.h"

enum {
    DISK_NODES = 192,   /* that ever were, in one run and the runs before it */
    DISK_ENTRIES = 96,  /* names at one moment */
    DISK_OPS = 1024,    /* of one run */
    DISK_OPEN = 64,     /* descriptors at one moment */
    DISK_FD_FIRST = 100 /* so that a descriptor of the machine is told apart */
};

/* What reaches the disk without an fsync, and in which order. */
enum disk_model {
    DISK_ORDERED, /* a metadata journal: names and modes in their order, and any fsync commits them
                     all; bytes of files alone */
    DISK_PREFIX,  /* each folder's names in their order, each file's modes in theirs; an fsync is
                     for its own file or folder only */
    DISK_WEAK,    /* each name, mode and write alone, in any order; writes torn, or zeros */
    DISK_MODELS
};
extern const char *const disk_model_names[DISK_MODELS];

struct label { /* a name, the same pointer for the same text */
    uint64_t hash;
    char text[];
};

struct disk_node {
    bool folder;
    bool quiet; /* the lock file: its bytes say nothing */
    mode_t mode;
    uid_t uid;
    gid_t gid;
    unsigned attribute; /* value of the one extended attribute; 0: none */
    uint64_t path;      /* of a folder, hashed */
    struct str bytes;
    uint64_t sum; /* of bytes */
};

struct disk_entry {
    const struct label *name;
    int folder, node;
};

struct disk_state {
    struct disk_node nodes[DISK_NODES];
    struct disk_entry entries[DISK_ENTRIES];
    int node_count, entry_count;
};

enum disk_op_kind {
    OP_PUT,      /* name to node; takes what had the name before away */
    OP_MOVE,     /* other to name, over what is there */
    OP_EXCHANGE, /* other and name */
    OP_DROP,     /* name */
    OP_BYTES,    /* content */
    OP_META,     /* owner, mode or attribute */
    OP_SYNC,
    OP_SYNC_FAILED
};

enum disk_field { META_OWNER, META_MODE, META_ATTRIBUTE };

struct disk_op {
    enum disk_op_kind kind;
    int node;   /* whose fsync makes it durable: a folder for names */
    int target; /* of a name */
    const struct label *name, *other;
    struct str bytes; /* all of the content after it */
    uint64_t sum;
    struct disk_node meta; /* after it */
    enum disk_field field;
};

struct disk_fd {
    bool open, locked, leased, writes;
    int node;
    off_t at;
};

/* The n-th fsync, rename or removal is reported as done and is not: what a line less would do. */
enum disk_lie { LIE_NONE, LIE_SYNC, LIE_RENAME, LIE_REMOVE };

struct disk {
    struct disk_state base; /* durable at the start */
    struct disk_state now;  /* what the processes see */
    struct disk_op ops[DISK_OPS];
    size_t op_count;
    struct disk_fd fds[DISK_OPEN];
    struct arena *arena;
    uint64_t chance;
    int64_t clock; /* unix seconds */
    enum disk_lie lie;
    unsigned long lie_at, lie_seen;
    int lie_node; /* what it was about */
};

void disk_start(struct disk *d, const struct disk_state *state, struct arena *a);
/* The table of the disk in use, which is d from now on. */
const struct sys_ops *disk_table(struct disk *d);
/* All descriptors are gone: a process ended. */
void disk_close_all(struct disk *d);

/* The visible state after the first k operations. */
void disk_at(const struct disk *d, size_t k, struct disk_state *state);

struct disk_limits {
    unsigned long most;     /* states of one crash point; beyond it a sample is taken */
    uint64_t *chance;       /* of the sample */
    unsigned long *made;    /* counted here */
    unsigned long *sampled; /* crash points of which only a sample was taken */
};
/* Each legal state once or more; `each` returns false to stop, and so does this then. */
bool disk_crash(const struct disk *d, size_t k, enum disk_model model,
                const struct disk_limits *limits,
                bool (*each)(void *context, const struct disk_state *state), void *context);

/* ---- for worlds and oracles: no operation is logged ---- */

const struct label *disk_label(const char *text);
int disk_make_folder(struct disk_state *s, int parent, const char *name, mode_t mode);
int disk_make_file(struct disk_state *s, int folder, const char *name, mode_t mode,
                   struct str bytes);
/* -1: no such thing. */
int disk_find(const struct disk_state *s, int folder, const struct label *name);
int disk_walk(const struct disk_state *s, const char *path);
/* Equal for equal trees. */
uint64_t disk_hash(const struct disk_state *s);

/* What a state becomes by an operation. */
void disk_apply(struct disk_state *s, const struct disk_op *op);
uint64_t disk_random(uint64_t *state); /* splitmix64 */

#endif
