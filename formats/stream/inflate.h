/*
 * inflate: the seam between the gzip and zlib decoders and the libraries that decode DEFLATE.
 *
 * inflate.c reads headers and trailers and checks sums and lengths; a backend only turns raw
 * DEFLATE (RFC 1951) into bytes and sums them. inflate_source takes ISA-L; tests take each by name
 * and require the same bytes and the same verdict from both. zlib refuses an incomplete set of
 * codes when it reads it, ISA-L only when such a code is used: damage there may be told by one as
 * damage and by the other as a stream that is cut off, never as an end. What is decoded before the
 * damage depends on neither pieces nor room, but for one case: ISA-L's vector code tells a distance
 * that is too far back up to one copy (258 bytes) late.
 *
 * Private to formats/stream and its tests.
 */
#ifndef FORMATS_STREAM_INFLATE_H
#define FORMATS_STREAM_INFLATE_H

#include "common/source.h"

enum inflate_result {
    INFLATE_MORE, /* wants more input or more room */
    INFLATE_DONE, /* the last block ended; run->in is the first byte behind it */
    INFLATE_BAD   /* not DEFLATE; run->why says in which way */
};

/* What one call works on; the backend advances it. */
struct inflate_run {
    const unsigned char *in; /* at DONE it may be up to DECODER_BACK bytes before where it began */
    size_t in_len;
    unsigned char *out;
    size_t out_len;
    const char *why;
};

struct inflate_backend {
    const char *name;
    void *(*open)(void); /* NULL: no memory */
    void (*reset)(void *state);
    enum inflate_result (*run)(void *state, struct inflate_run *run);
    uint32_t (*crc)(uint32_t sum, const unsigned char *at, size_t len);   /* RFC 1952 section 8 */
    uint32_t (*adler)(uint32_t sum, const unsigned char *at, size_t len); /* RFC 1950 section 8 */
    void (*close)(void *state);
};

extern const struct inflate_backend inflate_isal;
extern const struct inflate_backend inflate_zlib;

struct source *inflate_source_by(const struct inflate_backend *backend, struct source *below,
                                 struct err *err);
struct source *zlib_source_by(const struct inflate_backend *backend, struct source *below,
                              struct err *err);

#endif
