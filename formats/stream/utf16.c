/*
 * utf16_source: text in UTF-16 as UTF-8.
 *
 * Windows shells write it when a dump is redirected to a file. Every unit must be read: a surrogate
 * without its other half is damage, and an input that ends inside a character was cut off. A byte
 * order mark at the start is no text and is left out.
 */
#include "common/text.h"
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

#include <inttypes.h>

enum { FOREIGN_SURE = 32 /* units in a row */ };

/* Bytes. */
static const size_t UNIT = 2;
static const size_t PAIR = 4;

struct utf16 {
    struct decoder frame;
    unsigned low;          /* which byte of a unit is the low one: 0 or 1 */
    bool begun;            /* the place of a byte order mark is behind */
    unsigned foreign;      /* units of the run in which both bytes are ASCII's, */
    unsigned before;       /* its last one */
    uint64_t foreign_from; /* and where it begins */
    size_t queued;         /* bytes of a character that had no room, from `next` on */
    size_t next;
    unsigned char queue[TEXT_UTF8_MOST];
};

static unsigned unit_at(const struct utf16 *u, const unsigned char *at)
{
    return at[u->low] | (unsigned)at[1 - u->low] << 8;
}

/* Plain ASCII, four units at a time: most of a dump. Gives back the bytes written. */
static size_t run_of_ascii(struct utf16 *u, unsigned char *into, size_t room)
{
    struct intake *in = &u->frame.in;
    unsigned high = 1 - u->low;
    size_t n = 0;
    while (n + 4 <= room && in->left >= 4 * UNIT) {
        const unsigned char *at = in->at;
        unsigned low = (unsigned)at[u->low] | at[u->low + 2] | at[u->low + 4] | at[u->low + 6];
        if (low >= 0x80 || at[high] || at[high + 2] || at[high + 4] || at[high + 6])
            break;
        for (size_t i = 0; i < 4; i++)
            into[n + i] = at[u->low + i * UNIT];
        n += 4;
        intake_use(in, 4 * UNIT);
        u->foreign = 0;
    }
    return n;
}

static bool is_ascii_text(unsigned byte)
{
    return (byte >= ' ' && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Is the unit ahead one too many that reads as two bytes of ASCII? */
static bool is_foreign(struct utf16 *u, unsigned c)
{
    if (!is_ascii_text(c & 0xff) || !is_ascii_text(c >> 8)) {
        u->foreign = 0;
        return false;
    }
    if (u->foreign == 0)
        u->foreign_from = intake_position(&u->frame.in);
    if (u->foreign == 0 || c != u->before)
        u->foreign++;
    u->before = c;
    return u->foreign >= FOREIGN_SURE;
}

static enum pull refuse_foreign(struct utf16 *u)
{
    struct err *err = &u->frame.failure;
    err_set(err, ERR_CORRUPT, 206,
            "bytes that are not UTF-16 stand in a UTF-16 text, from byte %" PRIu64,
            u->foreign_from);
    err_hint(err, "something was added to the file in another encoding, as >> does; make the dump "
                  "again, or scan what was added as a file of its own");
    return PULL_FAILED;
}

/* One character into the queue. */
static enum pull next_character(struct utf16 *u)
{
    struct decoder *d = &u->frame;
    enum pull p = decoder_want(d, UNIT);
    if (p != PULL_OK)
        return p == PULL_END && d->in.left > 0 ? decoder_cut(d, "inside a character") : p;
    unsigned c = unit_at(u, d->in.at);
    size_t len = UNIT;
    if (is_foreign(u, c))
        return refuse_foreign(u);
    if (c >= 0xdc00 && c < 0xe000)
        return decoder_damaged(d, "the second half of a surrogate pair without its first");
    if (c >= 0xd800 && c < 0xdc00) {
        p = decoder_want(d, PAIR);
        if (p != PULL_OK)
            return p == PULL_END ? decoder_cut(d, "inside a character") : p;
        unsigned second = unit_at(u, d->in.at + UNIT);
        if (second < 0xdc00 || second >= 0xe000)
            return decoder_damaged(d, "the first half of a surrogate pair without its second");
        c = 0x10000 + ((c - 0xd800) << 10) + (second - 0xdc00);
        len = PAIR;
    }
    intake_use(&d->in, len);
    bool mark = c == 0xfeff && !u->begun;
    u->begun = true;
    u->next = 0;
    u->queued = mark ? 0 : text_utf8_put(c, u->queue);
    return PULL_OK;
}

static enum pull utf16_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct utf16 *u = (struct utf16 *)d;
    while (*got < room) {
        if (u->queued > 0) {
            into[(*got)++] = u->queue[u->next++];
            u->queued--;
            continue;
        }
        if (*got > 0 && d->in.left < UNIT)
            return PULL_OK; /* what is there goes out before more is waited for */
        if (u->begun)
            *got += run_of_ascii(u, into + *got, room - *got);
        if (*got == room || (*got > 0 && d->in.left < UNIT))
            return PULL_OK;
        enum pull p = next_character(u);
        if (p != PULL_OK)
            return p;
    }
    return PULL_OK;
}

static void utf16_release(struct decoder *d)
{
    (void)d; /* no library holds anything */
}

struct source *utf16_source(struct source *below, enum stream_kind kind, struct err *err)
{
    static const struct decoder_ops ops = {
        .name = "UTF-16", .step = utf16_step, .release = utf16_release};
    struct utf16 *u = decoder_open(sizeof *u, &ops, below, err);
    if (!u)
        return NULL;
    u->low = kind == STREAM_UTF16BE;
    return &u->frame.base;
}
