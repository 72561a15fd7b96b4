/*
 * intake: the input buffer of a decoder or container.
 *
 * It owns the source below and keeps some bytes that were used already, so that a library which
 * reads ahead can be stepped back: at[-intake_behind(in)..0) stays readable.
 *
 *     if (!intake_open(&in, below, room, back, err)) ...          `below` is closed
 *     enum pull p = intake_want(&in, 46, err);                    OK: in.left >= 46
 *     ...in.at[0..46)...   intake_use(&in, 46);
 *     intake_close(&in);
 *
 * Private to formats/stream.
 */
#ifndef FORMATS_STREAM_INTAKE_H
#define FORMATS_STREAM_INTAKE_H

#include "common/source.h"

struct intake {
    struct source *below;
    unsigned char *buffer; /* back + room bytes */
    size_t room;
    size_t back;
    const unsigned char *at; /* input not used yet */
    size_t left;
    uint64_t read; /* bytes taken from below so far */
    bool ended;    /* below is at its end */
};

bool intake_open(struct intake *in, struct source *below, size_t room, size_t back,
                 struct err *err);
/* Safe on zeroed memory. */
void intake_close(struct intake *in);
/* OK: left >= n. END: fewer are left and no more will come. n is at most `room`. */
enum pull intake_want(struct intake *in, size_t n, struct err *err);

static inline void intake_use(struct intake *in, size_t n)
{
    in->at += n;
    in->left -= n;
}

/* Where `at` stands in the source below. */
static inline uint64_t intake_position(const struct intake *in)
{
    return in->read - in->left;
}

/* Bytes before `at` that are still there. */
static inline size_t intake_behind(const struct intake *in)
{
    uint64_t used = intake_position(in);
    size_t kept = (size_t)(in->at - in->buffer);
    return used < kept ? (size_t)used : kept;
}

/* n is at most intake_behind. */
static inline void intake_step_back(struct intake *in, size_t n)
{
    in->at -= n;
    in->left += n;
}

#endif
