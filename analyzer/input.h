/*
 * input: one INPUT of the command line, unpacked layer by layer down to texts.
 *
 * A dump may be plain, compressed, a member of an archive, or several of these one in another. Each
 * layer is told by its bytes; whatever is at the bottom is handed to a visitor, one text after the
 * other, in the order in which they stand in the input. The folder of a pg_dump archive is walked
 * like a tar: its toc.dat first, then its files by name.
 *
 *     static bool visit(void *context, struct input_text *text, struct err *err)
 *     {
 *         ...read text->source to its end...
 *     }
 *     struct input in;
 *     if (input_open(&in, path, &limits, &run, err))
 *         done = input_walk(&in, visit, err);
 *     input_close(&in);
 *
 * Errors: a damaged or cut input fails with what the layer says (ERR_CORRUPT, ERR_INCOMPLETE); what
 * was visited before stays visited, and the caller decides what that is worth.
 * Ownership: the text and its source live during the visit; strings live in the arena given.
 * Limits: INPUT_LAYERS of compression and containers in one another, INPUT_ENTRIES in a container.
 */
#ifndef ANALYZER_INPUT_H
#define ANALYZER_INPUT_H

#include "common/arena.h"
#include "common/source.h"
#include "formats/stream/stream.h"

enum { INPUT_LAYERS = 8, INPUT_ENTRIES = 1000000 };

/* Of one input, all its members and layers. */
struct input_limits {
    enum meter_kind digest; /* of what is stored */
    uint64_t max_window;    /* bytes of history that zstd and xz may ask for */
    /*
     * All texts together that were packed in some way, and so all blocks of an archive, come to no
     * more; nor do all layers of one depth together. 0: no limit.
     */
    uint64_t max_decoded_bytes;
};

struct input_text {
    const char *path;           /* "dump.tar:db/users.csv"; names of members escaped */
    struct str name;            /* last part of the file's or member's name */
    const char *packing;        /* "", "gzip", "zip+zstd": outermost first */
    struct source *source;      /* the decoded bytes */
    bool member;                /* of a container or folder */
    bool claimed;               /* its claim said that it is INPUT_AS_IT_IS */
    uint64_t size;              /* of the file or member as stored; 0 unknown */
    const struct meter *stored; /* of the file or member */
};

/* How a member is to be read: by what its bytes look like, or as they are, but for the compression
 * that its name tells: data of an archive may look like anything. */
enum input_claim { INPUT_BY_ITS_BYTES, INPUT_AS_IT_IS };
typedef enum input_claim (*input_claimer)(void *context, const struct input_text *text);

struct input {
    struct arena *arena;
    const char *path;
    struct input_limits limits;
    /* With max_decoded_bytes: of the texts together, and of each depth of layers above them. */
    struct stream_budget texts, layers[INPUT_LAYERS + 2];
    struct source *bottom; /* the stored bytes, metered; NULL once a layer took it over */
    struct meter stored;
    int file; /* its descriptor until it is closed: what it holds can be read at any place; or -1 */
    uint64_t size;  /* of the file; 0 for a pipe */
    int64_t mtime;  /* UTC_NONE for a pipe */
    bool standard;  /* it is standard input */
    bool container; /* a tar or zip stands at the top, or it is a folder */
    bool folder;
    const char *packing; /* of the whole, as far as it was seen */
    uint64_t entries;
    const char *link; /* the first symbolic link among its members, or NULL */

    /* set by the caller between open and walk */
    source_watch watch;  /* NULL: nobody */
    input_claimer claim; /* NULL: every member by its bytes */
    void *context;       /* of both, and of the visitor */
};

typedef bool (*input_visitor)(void *context, struct input_text *text, struct err *err);

/* "-" is standard input. A file that cannot be read, and a folder without a toc.dat, is refused. */
bool input_open(struct input *in, const char *path, const struct input_limits *limits,
                struct arena *arena, struct err *err);
/* For what a reader unpacks by itself: the same memory, and what is left of the texts' bytes. */
struct stream_limits input_text_limits(struct input *in);
/* A file of a folder, as the walk opens it. NULL without an error: it is none. `size` may be NULL.
 */
struct source *input_open_file(const char *path, uint64_t *size, struct err *err);
bool input_walk(struct input *in, input_visitor visit, struct err *err);
void input_close(struct input *in);

/* Is the text the very bytes of a file named by the input, and not those of a pipe? */
bool input_is_plain(const struct input *in, const struct input_text *text);

/*
 * What table a file's name says: "users.2026.csv.gz" is of "users", "public.users.csv" of "users"
 * in the schema "public". A name that starts with a dot keeps it.
 */
struct input_table {
    struct str schema, table; /* of the name's bytes */
};
struct input_table input_table(struct str name);
/* Its path without the name at the end: what the files of an archive have in common. */
struct str input_folder(const struct input_text *text);

#endif
