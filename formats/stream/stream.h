/*
 * stream: what an input is packed in, and the sources that unpack it.
 *
 * A name proves nothing, so the first bytes decide. Each layer is a source over the source below;
 * a dump in a .gz in a .zip is three of them. All decoders keep the promise of source.h: PULL_END
 * only when the stream's own trailer says that it is whole.
 *
 *     struct stream_limits limits = stream_limits_default();
 *     struct str head;
 *     src = source_peeked(src, STREAM_SNIFF, &head, err);
 *     enum stream_kind kind = src ? stream_sniff(head) : STREAM_NONE;
 *     if (stream_is_compression(kind))
 *         src = stream_source(kind, src, &limits, err);      NULL: err is set, src is closed
 *     else if (kind != STREAM_NONE)
 *         container = container_open(src, kind, err);        container.h
 *
 * Ownership: a constructor takes `below` over at once. When it fails it has closed it, so a caller
 * has one path; given NULL it gives NULL, so constructors can be nested.
 * Errors: ERR_INCOMPLETE when the bytes below end too early, ERR_CORRUPT when they are damaged, not
 * supported or beyond a limit; texts name the byte of the layer below. A failure of the layer below
 * is passed on as it is.
 * Threads: one at a time for each source; none share anything.
 * Limits: a decoder holds 256 KiB of input and its library's window.
 * Sources: RFC 1952 (gzip), RFC 1950 (zlib), RFC 8878 (zstd), lz4_Frame_format.md,
 * xz-file-format.txt 1.2.0, bzip2's format as documented in its decompress.c; RFC 2781 (UTF-16);
 * pax(5) and APPNOTE.TXT 6.3 for the containers.
 */
#ifndef FORMATS_STREAM_STREAM_H
#define FORMATS_STREAM_STREAM_H

#include "common/source.h"

enum stream_kind {
    STREAM_NONE, /* none of the others: text, an archive of pg_dump, anything */
    STREAM_GZIP,
    STREAM_ZSTD,
    STREAM_LZ4,
    STREAM_XZ,
    STREAM_BZIP2,
    STREAM_UTF16LE, /* text as Windows shells write it; gives UTF-8 */
    STREAM_UTF16BE,
    STREAM_TAR,
    STREAM_ZIP
};

/* Bytes that stream_sniff wants to see; fewer are a shorter file. */
enum { STREAM_SNIFF = 4096 };

/* How many bytes may come out: of all sources together that draw on it. Several of them may lie one
 * upon another; one thread at a time. */
struct stream_budget {
    uint64_t most;
    uint64_t left;
};

struct stream_limits {
    uint64_t max_window;          /* bytes of history that zstd and xz may ask for */
    struct stream_budget *budget; /* of the output; NULL: no limit */
};

/* Window 128 MiB, no limit of the output. */
struct stream_limits stream_limits_default(void);

enum stream_kind stream_sniff(struct str head);
/* "gzip", "tar", ...; "none" for STREAM_NONE. */
const char *stream_name(enum stream_kind kind);
/* One stream of bytes in another, UTF-16 included, as against a container with named entries. */
bool stream_is_compression(enum stream_kind kind);

/* By kind, within the budget. ERR_INTERNAL for what is no compression. */
struct source *stream_source(enum stream_kind kind, struct source *below,
                             const struct stream_limits *limits, struct err *err);

/* Members one after another and zero bytes behind the last are fine, other bytes there are not. */
struct source *inflate_source(struct source *below, const struct stream_limits *limits,
                              struct err *err);
/* One stream of RFC 1950 and nothing behind it: what a block of a pg_dump archive holds. It has no
 * signature to be told by. */
struct source *zlib_source(struct source *below, const struct stream_limits *limits,
                           struct err *err);
/* Frames and skippable frames one after another. */
struct source *zstd_source(struct source *below, const struct stream_limits *limits,
                           struct err *err);
struct source *lz4_source(struct source *below, const struct stream_limits *limits,
                          struct err *err);
/* Streams one after another, with stream padding. */
struct source *xz_source(struct source *below, const struct stream_limits *limits, struct err *err);
struct source *bzip2_source(struct source *below, const struct stream_limits *limits,
                            struct err *err);

/* STREAM_UTF16LE or STREAM_UTF16BE; with a byte order mark or without. */
struct source *utf16_source(struct source *below, enum stream_kind kind, struct err *err);

/* Passes on what the budget has left; the byte after that is an error that names
 * --max-decoded-bytes. NULL for a budget is no limit. */
struct source *bounded_source(struct source *below, struct stream_budget *budget, struct err *err);

/*
 * Reads up to `want` bytes ahead and gives them again to the reader. `head` shows them and is valid
 * until the first read or the close. A failure after the first byte is kept back until the bytes
 * before it were read, so that nothing readable is lost.
 */
struct source *source_peeked(struct source *below, size_t want, struct str *head, struct err *err);

#endif
