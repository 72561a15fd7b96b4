/* container: libarchive's tar and zip readers, driven by the blocks of a source. */
#include "formats/stream/container.h"
#include "common/text.h"
#include "formats/stream/container_end.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>

enum {
    CONTAINER_INPUT = 512 * 1024,
    /* libarchive may hold one longest local header, and that header be looked for before it */
    CONTAINER_BACK = 320 * 1024,
    TAR_BLOCK = 512,
    ZIP_STORED = 0,
    ZIP_DEFLATED = 8
};

struct container {
    struct intake in;
    enum stream_kind kind;
    struct archive *archive;
    locale_t names;          /* 0 where there is no C.UTF-8: such names are then "" */
    size_t given;            /* bytes of the intake that libarchive has in hand */
    uint64_t turn;           /* of container_next; a member of an earlier turn is over */
    bool taken;              /* the present entry's source was given out */
    struct member_list seen; /* zip only */
    struct container_entry entry;
    enum pull settled;
    struct err failure;
};

struct member {
    struct source base;
    struct container *container;
    uint64_t turn;
    uint64_t given;
    enum pull settled;
    struct err failure;
};

/* archive_read_callback: gives the next block; the one before stays where it is until now. */
static la_ssize_t give_block(struct archive *a, void *data, const void **block)
{
    struct container *c = data;
    intake_use(&c->in, c->given);
    c->given = 0;
    enum pull p = intake_want(&c->in, 1, &c->failure);
    if (p == PULL_FAILED) {
        archive_set_error(a, EIO, "the source below failed");
        return ARCHIVE_FATAL;
    }
    *block = c->in.at;
    c->given = c->in.left;
    return (la_ssize_t)c->given;
}

static uint64_t library_position(const struct container *c)
{
    int64_t at = archive_filter_bytes(c->archive, -1);
    return at < 0 ? 0 : (uint64_t)at;
}

/*
 * Tells why libarchive failed. That the input has ended does not mean that it is cut off: the end
 * of a small one is seen at once. So either all of it was used up, or libarchive says so, or says
 * nothing, as it does where less than a zip signature is left.
 */
static enum pull library_failed(struct container *c)
{
    if (err_is(&c->failure))
        return PULL_FAILED;
    const char *text = archive_error_string(c->archive);
    struct str reason = str_from(text ? text : "no reason given");
    struct arena scratch = {0};
    const char *shown = text_shown(&scratch, reason);
    uint64_t least = c->kind == STREAM_TAR ? TAR_BLOCK : ZIP_LOCAL;
    bool cut = !text || str_search(reason, STR("runcated")) < reason.len || c->in.read < least ||
               library_position(c) >= c->in.read;
    if (c->in.ended && cut)
        container_cut(&c->in, stream_name(c->kind), "in a member or its header", &c->failure);
    else
        container_damaged(&c->in, stream_name(c->kind), shown, &c->failure);
    arena_free(&scratch);
    return PULL_FAILED;
}

struct container *container_open(struct source *below, enum stream_kind kind, struct err *err)
{
    if (!below)
        return NULL;
    struct container *c = calloc(1, sizeof *c);
    if (!c) {
        source_close(below);
        err_set(err, ERR_SYSTEM, 101, "no memory");
        return NULL;
    }
    c->kind = kind;
    c->names = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!intake_open(&c->in, below, CONTAINER_INPUT, CONTAINER_BACK, err)) {
        container_close(c);
        return NULL;
    }
    c->archive = archive_read_new();
    if (!c->archive) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        container_close(c);
        return NULL;
    }
    int supported = kind == STREAM_TAR ? archive_read_support_format_tar(c->archive)
                                       : archive_read_support_format_zip_streamable(c->archive);
    if (supported != ARCHIVE_OK ||
        archive_read_open(c->archive, c, NULL, give_block, NULL) != ARCHIVE_OK) {
        (void)library_failed(c);
        if (!err_is(err))
            *err = c->failure;
        container_close(c);
        return NULL;
    }
    return c;
}

void container_close(struct container *c)
{
    if (!c)
        return;
    if (c->archive)
        (void)archive_read_free(c->archive);
    if (c->names)
        freelocale(c->names);
    intake_close(&c->in);
    free(c);
}

/* Names are converted to the thread's locale, so that has to be one that holds every name. */
static int next_header(struct container *c, struct archive_entry **e)
{
    locale_t before = c->names ? uselocale(c->names) : (locale_t)0;
    int r = archive_read_next_header(c->archive, e);
    if (c->names)
        (void)uselocale(before);
    return r;
}

/* A warning about a name that is no UTF-8 leaves everything else right; any other is a failure. */
static bool only_a_name(const struct container *c)
{
    const char *text = archive_error_string(c->archive);
    struct str reason = str_from(text ? text : "");
    return str_search(reason, STR("converted from")) < reason.len;
}

/* The input from `position` on; NULL when the intake has it no more. `len` is what is in memory. */
static const unsigned char *input_at(const struct container *c, uint64_t position, size_t *len)
{
    uint64_t here = intake_position(&c->in);
    if (position > c->in.read || position + intake_behind(&c->in) < here)
        return NULL;
    *len = (size_t)(c->in.read - position);
    return position < here ? c->in.at - (size_t)(here - position)
                           : c->in.at + (size_t)(position - here);
}

/*
 * Finds the local header that libarchive has just read: it ends where libarchive stands, and begins
 * where it began to look or, when a data descriptor was left over, a little later.
 */
static enum pull note_zip_member(struct container *c)
{
    int64_t from = archive_read_header_position(c->archive);
    uint64_t to = library_position(c);
    size_t len = 0;
    const unsigned char *at = input_at(c, from < 0 ? 0 : (uint64_t)from, &len);
    for (uint64_t l = (uint64_t)from; at && l + ZIP_LOCAL <= to && len >= ZIP_LOCAL;
         l++, at++, len--) {
        if (memcmp(at, "PK\x03\x04", 4) != 0)
            continue;
        size_t name = (size_t)little_endian(at + 26, 2);
        size_t extra = (size_t)little_endian(at + 28, 2);
        if (l + ZIP_LOCAL + name + extra != to || len < ZIP_LOCAL + name)
            continue;
        struct zip_member m = zip_local_header(at);
        m.offset = l;
        zip_member_add(&c->seen, &m);
        if (!c->entry.size_known && m.method != ZIP_STORED && m.method != ZIP_DEFLATED)
            c->entry.unreadable = "packed by a rare method without its length";
        return PULL_OK;
    }
    return container_damaged(&c->in, "zip", "a member's header cannot be found again", &c->failure);
}

static enum container_entry_kind entry_kind(struct archive_entry *e)
{
    if (archive_entry_hardlink(e))
        return CONTAINER_OTHER;
    if (archive_entry_filetype(e) == AE_IFREG)
        return CONTAINER_FILE;
    if (archive_entry_filetype(e) == AE_IFLNK)
        return CONTAINER_LINK;
    return archive_entry_filetype(e) == AE_IFDIR ? CONTAINER_FOLDER : CONTAINER_OTHER;
}

static void describe(struct container *c, struct archive_entry *e)
{
    const char *path = archive_entry_pathname(e);
    int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : -1;
    c->entry = (struct container_entry){
        .path = str_from(path ? path : ""),
        .kind = entry_kind(e),
        .size_known = size >= 0,
        .size = size >= 0 ? (uint64_t)size : 0,
    };
    if (archive_entry_is_encrypted(e))
        c->entry.unreadable = "encrypted";
    else if (archive_entry_sparse_count(e) > 0)
        c->entry.unreadable = "a sparse file";
    c->taken = false;
}

/* Puts the intake where the end is due: for tar the place where a header was looked for. */
static enum pull check_end(struct container *c)
{
    uint64_t here = intake_position(&c->in);
    int64_t header = archive_read_header_position(c->archive);
    uint64_t end = c->kind == STREAM_TAR && header >= 0 ? (uint64_t)header : library_position(c);
    size_t len = 0;
    if (!input_at(c, end, &len))
        return container_damaged(&c->in, stream_name(c->kind), "its end cannot be found again",
                                 &c->failure);
    if (end < here)
        intake_step_back(&c->in, (size_t)(here - end));
    else
        intake_use(&c->in, (size_t)(end - here));
    c->given = 0;
    return c->kind == STREAM_TAR ? tar_end(&c->in, &c->failure)
                                 : zip_end(&c->in, &c->seen, &c->failure);
}

static enum pull next_entry(struct container *c)
{
    struct archive_entry *e = NULL;
    c->turn++;
    int r = next_header(c, &e);
    if (err_is(&c->failure))
        return PULL_FAILED; /* the source below; libarchive may take that for an end */
    if (r == ARCHIVE_EOF)
        return check_end(c);
    if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && only_a_name(c)))
        return library_failed(c);
    describe(c, e);
    return c->kind == STREAM_ZIP ? note_zip_member(c) : PULL_OK;
}

enum pull container_next(struct container *c, struct container_entry *entry, struct err *err)
{
    if (c->settled == PULL_OK)
        c->settled = next_entry(c);
    if (c->settled == PULL_FAILED && !err_is(err))
        *err = c->failure;
    if (c->settled == PULL_OK)
        *entry = c->entry;
    return c->settled;
}

/* A member that fails is the end of its container: what follows it may not be where it seems. */
static enum pull read_member(struct member *m, unsigned char *into, size_t room, size_t *got)
{
    struct container *c = m->container;
    if (m->turn != c->turn) {
        err_set(&m->failure, ERR_INTERNAL, 214, "a member of an archive was read too late");
        return PULL_FAILED;
    }
    if (c->settled == PULL_OK) {
        la_ssize_t n = archive_read_data(c->archive, into, room);
        if (n > 0) {
            *got = (size_t)n;
            m->given += *got;
            return PULL_OK;
        }
        if (n == 0 && !err_is(&c->failure) && (!c->entry.size_known || m->given == c->entry.size))
            return PULL_END;
        c->settled = n < 0 || err_is(&c->failure)
                         ? library_failed(c)
                         : container_damaged(&c->in, stream_name(c->kind),
                                             "a member has another length than its header says",
                                             &c->failure);
    }
    m->failure = c->failure;
    return PULL_FAILED;
}

static enum pull member_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct member *m = (struct member *)base;
    *got = 0;
    if (m->settled == PULL_OK)
        m->settled = read_member(m, into, room, got);
    if (m->settled == PULL_FAILED && !err_is(err))
        *err = m->failure;
    return m->settled;
}

static void member_close(struct source *base)
{
    free(base); /* the container skips what was not read */
}

struct source *container_entry_source(struct container *c, struct err *err)
{
    static const struct source_ops ops = {.read = member_read, .close = member_close};
    if (c->turn == 0 || c->settled != PULL_OK || c->taken) {
        err_set(err, ERR_INTERNAL, 214, "there is no member of the archive to read");
        return NULL;
    }
    if (c->entry.unreadable) {
        struct arena scratch = {0};
        err_set(err, ERR_CORRUPT, 213, "member %s of the %s archive cannot be read: it is %s",
                text_shown(&scratch, c->entry.path), stream_name(c->kind), c->entry.unreadable);
        err_hint(err, "unpack the archive with its own tool and give the file itself");
        arena_free(&scratch);
        return NULL;
    }
    struct member *m = calloc(1, sizeof *m);
    if (!m) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        return NULL;
    }
    c->taken = true;
    m->base.ops = &ops;
    m->container = c;
    m->turn = c->turn;
    return &m->base;
}
