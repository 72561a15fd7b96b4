/*
 * decoder: the frame that the decoders of this folder share.
 *
 * It holds the intake and makes END and FAILED stick. A decoder embeds it first and writes one
 * function that moves a step:
 *
 *     static enum pull gzip_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
 *     {
 *         while (*got == 0) {
 *             enum pull p = decoder_fill(d);           more input when there is none left
 *             if (p == PULL_END)
 *                 return at_boundary ? PULL_END : decoder_cut(d, "in a block");
 *             if (p == PULL_FAILED)
 *                 return PULL_FAILED;
 *             ...decode from d->in.at[0..d->in.left), then intake_use(&d->in, used)...
 *         }
 *         return PULL_OK;
 *     }
 *
 * A step may bring bytes and the end or a failure at once; the frame gives the bytes out first.
 * Errors: steps report into d->failure, which the frame hands to every caller that comes.
 * Private to formats/stream.
 */
#ifndef FORMATS_STREAM_DECODER_H
#define FORMATS_STREAM_DECODER_H

#include "formats/stream/intake.h"

enum { DECODER_INPUT = 256 * 1024, DECODER_BACK = 8 };

struct decoder;

struct decoder_ops {
    const char *name; /* of the format, for errors */
    enum pull (*step)(struct decoder *d, unsigned char *into, size_t room, size_t *got);
    void (*release)(struct decoder *d); /* what the library holds; safe on half-built state */
};

struct decoder {
    struct source base;
    const struct decoder_ops *ops;
    struct intake in;
    enum pull settled; /* PULL_OK while running */
    struct err failure;
};

/* `size` bytes, zeroed, that begin with a struct decoder. NULL: err is set and `below` is closed.
 */
void *decoder_open(size_t size, const struct decoder_ops *ops, struct source *below,
                   struct err *err);
/* For constructors whose library refused: sets "no memory", closes everything, gives NULL. */
struct source *decoder_no_memory(struct decoder *d, struct err *err);

/* OK: in.left > 0. END: the source below is at its end and nothing is left. */
enum pull decoder_fill(struct decoder *d);
/* intake_want into d->failure; n is at most DECODER_INPUT. */
enum pull decoder_want(struct decoder *d, size_t n);

/*
 * Whether what is left begins a frame, or could when more came: one with this magic, or one of the
 * skippable frames 184D2A5? that zstd and lz4 share.
 */
bool decoder_begins_frame(const struct decoder *d, uint32_t magic);

/* Both set the failure and give PULL_FAILED. `where` and `what` are phrases: "in a block". */
enum pull decoder_cut(struct decoder *d, const char *where);
enum pull decoder_damaged(struct decoder *d, const char *what);
/* Bytes follow the last frame that are no frame. */
enum pull decoder_trailing(struct decoder *d);
/* The stream asks for more memory than the limit; both in bytes. */
enum pull decoder_window(struct decoder *d, uint64_t wanted, uint64_t limit);

#endif
