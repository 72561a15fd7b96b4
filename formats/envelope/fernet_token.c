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

static uint64_t be64(const unsigned char *at)
{
    return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 |
           (uint64_t)at[3] << 32 | (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 |
           (uint64_t)at[6] << 8 | (uint64_t)at[7];
}

/* 0x80 and the time from the first raw bytes. */
static bool head_time(const unsigned char head[FERNET_HEAD], int64_t *time)
{
    uint64_t seconds = be64(head + 1);
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
    unsigned value = base64url_value[byte];
    if (byte == '=') { /* a run of digits ends with it, alien or not */
        t->outer_pad += t->outer_pad <= PAD_MOST;
    } else if (t->alien) {
        return;
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

/* How many '=' stand at s[at], two at most. Sums, not branches: lengths are unpredictable. */
static size_t equals_at(struct str s, size_t at)
{
    unsigned first = at < s.len && s.at[at] == '=';
    unsigned second = at + 1 < s.len && s.at[at + 1] == '=';
    return first + (first & second);
}

size_t fernet_token_length(const struct simd_ops *simd, struct str s, int64_t *time)
{
    struct simd_base64 found;
    if (!simd->base64_twice(s, &found))
        return 0;
    size_t pad = (4 - found.outer % 4) % 4;
    size_t raw = (found.inner + found.inner_pad) / 4 * 3 - found.inner_pad;
    bool legal = raw > FERNET_RAW_LEAST && (raw - FERNET_RAW_LEAST) % FERNET_RAW_BLOCK == 0;
    bool right = legal && equals_at(s, found.outer) >= pad && head_time(found.head, time);
    return right ? found.outer + pad : 0;
}
