/*
 * archive_blocks: the data of a custom archive, block by block, in one forward pass.
 *
 * A block is the number of its entry and a stream of bytes cut into chunks, compressed as a whole;
 * a block of large objects holds one such stream an object. Offsets in the table of contents are
 * not needed: every chunk says how long it is, so a block that is not wanted is stepped over
 * without decoding it.
 *
 *     struct archive_blocks blocks = archive_blocks_behind(&toc, limits);
 *     struct archive_block block;
 *     enum pull p;
 *     while ((p = archive_block_next(&blocks, &block, err)) == PULL_OK) {
 *         struct source *text = archive_block_source(&blocks, err);        once, or not at all
 *         ...read it to its end: that is where its checksum is...
 *         source_close(text);
 *     }
 *     PULL_END: the archive ends where a block may begin
 *
 * and in a block of large objects, before each source: archive_object_next(&blocks, &oid, err).
 *
 * What was not read of a block is stepped over by the next archive_block_next, also where its
 * stream could not be decoded. Once the archive itself is broken, it says so again. Ownership: a
 * source borrows the blocks and must be closed before the next call. Errors: ERR_INCOMPLETE 380,
 * ERR_CORRUPT 381, and those of the decoders. Memory: a chunk may say that it is 1 GB long; it is
 * never held. Threads: one at a time; but blocks can be decoded side by side, each from a window of
 * its own that begins at the block's offset, while another steps over the chunks
 * (archive_blocks_at). Source: pg_backup_custom.c, _PrintTocData, _skipData, _LoadLOs;
 * compress_io.c.
 */
#ifndef FORMATS_DUMP_ARCHIVE_BLOCKS_H
#define FORMATS_DUMP_ARCHIVE_BLOCKS_H

#include "formats/dump/archive_toc.h"
#include "formats/stream/stream.h"

enum archive_block_kind { ARCHIVE_DATA = 1, ARCHIVE_LARGE_OBJECTS = 3 };

struct archive_block {
    enum archive_block_kind kind;
    int64_t id;      /* of the entry */
    uint64_t offset; /* of the block's first byte */
};

struct archive_blocks {
    struct window *window;
    unsigned int_size;
    enum archive_compression compression;
    struct stream_limits limits;

    struct archive_block block; /* the present one */
    bool inside;                /* its end was not read yet */
    bool in_stream;             /* the same of its stream of chunks, or of its object's */
    uint64_t left;              /* of the present chunk */
    struct err why;             /* the archive itself is broken, so no block can follow */
};

/* The table of contents was read to its end. */
struct archive_blocks archive_blocks_behind(const struct archive_toc *t,
                                            const struct stream_limits *limits);
/* The same blocks from another window, which begins at one of them. */
struct archive_blocks archive_blocks_at(const struct archive_blocks *b, struct window *w);
enum pull archive_block_next(struct archive_blocks *b, struct archive_block *block,
                             struct err *err);
/* END: there is no more in this block. */
enum pull archive_object_next(struct archive_blocks *b, int64_t *oid, struct err *err);
/* The decoded bytes. NULL: err is set. */
struct source *archive_block_source(struct archive_blocks *b, struct err *err);

#endif
