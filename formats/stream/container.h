/*
 * container: the members of a tar or zip, one after another, from a source.
 *
 * One forward pass: nothing is sought, nothing is extracted, and libarchive sees only the bytes of
 * the source. What it does not check is checked here, so that an archive that lost members never
 * looks whole: a tar must end with its two zero blocks, a zip with a central directory that lists
 * exactly the members that were seen.
 *
 *     struct container *c = container_open(src, kind, err);      NULL: err is set, src is closed
 *     struct container_entry e;
 *     enum pull p;
 *     while ((p = container_next(c, &e, err)) == PULL_OK) {
 *         if (!wanted(e.path))
 *             continue;                                          an entry not read is skipped
 *         struct source *member = container_entry_source(c, err);
 *         ...read it to its end...
 *         source_close(member);
 *     }
 *     container_close(c);                                        PULL_END: every member was seen
 *
 * Ownership: the container owns the source. An entry's path is valid until the next
 * container_next, its source reads nothing after that and must be closed before the container.
 * Errors: ERR_INCOMPLETE for an archive that is cut off; ERR_CORRUPT for a wrong checksum, header
 * or length, for members that are missing, and for an entry that cannot be read, by its name. Both
 * END and FAILED repeat.
 * Names are hostile text: they may be absolute, hold `..`, control characters or nothing at all.
 * Checksums: zip has one for each member that is read to its end; tar has none but in its headers.
 * Threads: one at a time. During container_next the thread's locale is C.UTF-8, for the names.
 * Sources: pax(1) of POSIX.1-2008, tar(5) of libarchive, APPNOTE.TXT 6.3.10.
 */
#ifndef FORMATS_STREAM_CONTAINER_H
#define FORMATS_STREAM_CONTAINER_H

#include "formats/stream/stream.h"

struct container;

enum container_entry_kind {
    CONTAINER_FILE,
    CONTAINER_FOLDER,
    CONTAINER_LINK, /* a symbolic link: what it points to may be nowhere in the archive */
    CONTAINER_OTHER /* a hard link to a member before it, or a device: it has no bytes of its own */
};

struct container_entry {
    struct str path; /* as stored */
    enum container_entry_kind kind;
    bool size_known; /* a zip made in a pipe says it behind the data */
    uint64_t size;
    const char *unreadable; /* NULL, or why its bytes cannot be had: "encrypted" */
};

/* `kind` is STREAM_TAR or STREAM_ZIP. */
struct container *container_open(struct source *below, enum stream_kind kind, struct err *err);
enum pull container_next(struct container *c, struct container_entry *entry, struct err *err);
/* The bytes of the present entry; once for each. For `unreadable` ones: ERR_CORRUPT, by name. */
struct source *container_entry_source(struct container *c, struct err *err);
void container_close(struct container *c);

#endif
