/*
 * archive_toc: header and table of contents of a pg_dump archive, entry by entry.
 *
 * A custom archive begins with it; in directory and tar format it is the file toc.dat.
 *
 *     struct archive_toc toc;
 *     archive_toc_open(&toc, &window);
 *     if (archive_toc_header(&toc, err))
 *         while (archive_toc_next(&toc, &entry, err))
 *             ...entry.desc, entry.copy...
 *     if (!err_is(err)) ...                        all entries were read; in a custom archive the
 *     archive_toc_close(&toc);                     window stands at its first block
 *
 * Ownership: strings of the header live until archive_toc_close, those of an entry until the next
 * archive_toc_next. The window is borrowed.
 * Errors: ERR_INCOMPLETE 380 where the archive ends too early, ERR_CORRUPT 381 and 382; each with
 * the byte.
 * Limits: a statement is kept up to ARCHIVE_TEXT_MAX and a name up to ARCHIVE_NAME_MAX bytes.
 * Memory does not grow with the table of contents: what is not asked for is passed over, and a
 * length is believed only as its bytes come.
 * Source: pg_backup_archiver.c, ReadHead, ReadToc, ReadInt, ReadStr, ReadOffset;
 * pg_backup_archiver.h, K_VERS_*; pg_backup_custom.c, pg_backup_directory.c, pg_backup_tar.c,
 * _ReadExtraToc.
 */
#ifndef FORMATS_DUMP_ARCHIVE_TOC_H
#define FORMATS_DUMP_ARCHIVE_TOC_H

#include "common/arena.h"
#include "common/utc.h"
#include "formats/dump/window.h"

/* The tag of a function names the types of all its arguments. */
enum { ARCHIVE_TEXT_MAX = 16 * 1024 * 1024, ARCHIVE_NAME_MAX = 64 * 1024 };

/* Minor versions of archive 1.x. */
enum {
    ARCHIVE_OLDEST = 10,
    ARCHIVE_SECTIONS = 11,
    ARCHIVE_ACCESS_METHODS = 14,
    ARCHIVE_ALGORITHMS = 15,
    ARCHIVE_RELATION_KINDS = 16,
    ARCHIVE_NEWEST = 16
};

enum archive_format {
    ARCHIVE_CUSTOM = 1, /* the data follows in blocks */
    ARCHIVE_FILES = 3   /* it stands in files beside: directory and tar */
};

enum archive_compression { ARCHIVE_NONE, ARCHIVE_ZLIB, ARCHIVE_LZ4, ARCHIVE_ZSTD };

struct archive_header {
    unsigned minor, revision;       /* of version 1.minor */
    unsigned int_size, offset_size; /* bytes of a number */
    enum archive_format format;
    enum archive_compression compression; /* of the blocks; files tell their own */
    int64_t local_time; /* of the dump's begin, as though its zone were UTC; UTC_NONE */
    struct str database, server_version, dump_version;
    uint64_t entries;
};

struct archive_entry {
    int64_t id;
    bool has_data;     /* a block or a file of it is due */
    bool offset_known; /* custom: of its block */
    uint64_t offset;
    struct str tag, desc, schema;
    struct str defn; /* of a kind that defines or refers to tables or large objects, or is about the
                        session */
    struct str copy; /* '' when there is none: the data is INSERTs */
    struct str file; /* ARCHIVE_FILES: without the suffix of its compression */
};

struct archive_toc {
    struct window *window;
    struct arena header_memory, memory; /* of the entry */
    struct arena_mark start;
    struct archive_header header;
    uint64_t read; /* entries so far */
};

void archive_toc_open(struct archive_toc *t, struct window *w);
void archive_toc_close(struct archive_toc *t);
/* At the very first byte. */
bool archive_toc_header(struct archive_toc *t, struct err *err);
/* False: there are no more, or err is set. */
bool archive_toc_next(struct archive_toc *t, struct archive_entry *e, struct err *err);

/* ---- shared with archive_blocks.c ---- */

/* Makes n bytes (few) visible. False with ERR_INCOMPLETE 380, or what the source says. */
bool archive_need(struct window *w, size_t n, struct err *err);
bool archive_byte(struct window *w, unsigned *value, struct err *err);
/* A sign and int_size bytes; beyond 32 bits it is damage. */
bool archive_int(struct window *w, unsigned int_size, int64_t *value, struct err *err);
/* ERR_CORRUPT 381 at that byte. */
bool archive_damaged(const struct window *w, uint64_t offset, const char *what, struct err *err);

#endif
