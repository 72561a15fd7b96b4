/* fernet_token: two nested base64url decoders that keep the first twelve inner digits. */
#include "formats/envelope/fernet_token.h"

enum { PAD_MOST = 2 };

static void feed_inner(struct fernet_token *t, unsigned char byte)
{
    if (byte == '=') {
        t->inner_pad++;
    } else if (base64url_value[byte] > 63 || t->inner_pad) {
        t->alien = true;
    } else {
        if (t->inner < FERNET_INNER_HEAD)
            t->head[t->inner] = byte;
        t->inner++;
    }
}

/* 0x80 and the time from the first raw bytes. */
static bool head_time(const unsigned char head[FERNET_HEAD], int64_t *time)
{
    uint64_t seconds = 0;
    for (size_t i = 1; i < FERNET_HEAD; i++) /* compilers make this one load and a byte swap */
        seconds = seconds << 8 | head[i];
    *time = seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds;
    return head[0] == 0x80;
}

static bool inner_head_time(const struct fernet_token *t, int64_t *time)
{
    unsigned char raw[FERNET_HEAD];
    if (t->inner < FERNET_INNER_HEAD)
        return false;
    for (size_t i = 0; i < 3; i++) {
        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++)
            group = group << 6 | base64url_value[t->head[4 * i + k]];
        raw[3 * i] = (unsigned char)(group >> 16);
        raw[3 * i + 1] = (unsigned char)(group >> 8 & 0xff);
        raw[3 * i + 2] = (unsigned char)(group & 0xff);
    }
    return head_time(raw, time);
}

void fernet_token_feed(struct fernet_token *t, unsigned char byte)
{
    if (t->alien)
        return;
    unsigned value = base64url_value[byte];
    if (byte == '=') {
        t->outer_pad += t->outer_pad <= PAD_MOST;
    } else if (value > 63 || t->outer_pad) {
        t->alien = true;
    } else {
        t->group = t->group << 6 | value;
        if (++t->outer % 4)
            return;
        feed_inner(t, (unsigned char)(t->group >> 16 & 0xff));
        feed_inner(t, (unsigned char)(t->group >> 8 & 0xff));
        feed_inner(t, (unsigned char)(t->group & 0xff));
        t->group = 0;
        int64_t unused;
        if (t->outer == FERNET_OUTER_HEAD && !inner_head_time(t, &unused))
            t->alien = true; /* nothing that follows can make it a token */
    }
}

/* `digits` and `pad` make up groups of four with at least two digits. */
static bool padding_is_exact(uint64_t digits, unsigned pad)
{
    return digits % 4 != 1 && pad == (4 - digits % 4) % 4;
}

static bool raw_length_is_legal(uint64_t inner, unsigned inner_pad)
{
    if (!padding_is_exact(inner, inner_pad))
        return false;
    uint64_t raw = inner / 4 * 3 + (inner % 4 ? inner % 4 - 1 : 0);
    return raw > FERNET_RAW_LEAST && (raw - FERNET_RAW_LEAST) % FERNET_RAW_BLOCK == 0;
}

enum fernet_shape fernet_token_close(struct fernet_token *t, int64_t *time)
{
    bool exact = padding_is_exact(t->outer, t->outer_pad);
    if (exact && t->outer % 4 == 2) {
        feed_inner(t, (unsigned char)(t->group >> 4 & 0xff));
    } else if (exact && t->outer % 4 == 3) {
        feed_inner(t, (unsigned char)(t->group >> 10 & 0xff));
        feed_inner(t, (unsigned char)(t->group >> 2 & 0xff));
    }
    bool begins = inner_head_time(t, time);
    if (!begins)
        *time = UTC_NONE;
    if (t->alien)
        return FERNET_ALIEN;
    if (!exact || !raw_length_is_legal(t->inner, t->inner_pad))
        return FERNET_CUT;
    return begins ? FERNET_VALID : FERNET_ALIEN;
}

bool fernet_token_is_valid(const struct simd_ops *simd, struct str s, int64_t *time)
{
    if (s.len < FERNET_OUTER_LEAST || s.len % 4)
        return false;
    unsigned outer = s.at[s.len - 1] == '='; /* sums, not branches: lengths are unpredictable */
    outer += outer & (s.at[s.len - 2] == '=');
    size_t token = s.len / 4 * 3 - outer;
    /* Of the lengths that so many inner digits can stand for, one at most is legal. */
    size_t inner = (token / 4 * 3 - FERNET_RAW_LEAST) % FERNET_RAW_BLOCK;
    unsigned char head[FERNET_HEAD];
    return token % 4 == 0 && inner <= PAD_MOST &&
           simd->base64_twice(s, outer, (unsigned)inner, head) && head_time(head, time);
}
