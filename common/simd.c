/* simd: the steps in plain C, and the choice between the forms. */
#include "common/simd_parts.h"

#define NO 0xff
const unsigned char base64url_value[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 00 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 10 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, /* 20: - */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO, /* 30: digits */
    NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, /* 40: A */
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63, /* 50: P, _ */
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* 60: a */
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO, /* 70: p */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 80 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 90 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* a0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* b0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* c0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* d0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* e0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* f0 */
};
#undef NO

void simd_needle_add(struct simd_needles *n, unsigned group, size_t place, unsigned char byte)
{
    n->low[place][byte & 15] |= (unsigned char)(1u << group);
    n->high[place][byte >> 4 & 7] |= (unsigned char)(1u << group);
}

void simd_needle_text(struct simd_needles *n, const unsigned char *bytes)
{
    unsigned hash = simd_text_hash(bytes);
    n->texts[hash / 64] |= (uint64_t)1 << hash % 64;
}

void simd_needles_seal(struct simd_needles *n)
{
    for (size_t k = 0; k < SIMD_NEEDLE; k++)
        for (size_t c = 0; c < 128; c++)
            n->byte[k][c] = n->low[k][c & 15] & n->high[k][c >> 4];
}

/* Of the n bytes at `at`, behind which `left` - n more can be seen. */
static struct simd_masks scalar_masks(const unsigned char *at, size_t n, size_t left,
                                      const struct simd_needles *needles, uint64_t *carry)
{
    struct simd_masks m = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = (uint64_t)1 << i;
        unsigned char c = at[i];
        if (c == '\t')
            m.tab |= bit;
        if (c == '\n')
            m.newline |= bit;
        bool empty = *carry && (c == '\t' || c == '\n' || c == '\r');
        if (c == '\\' || empty || simd_needle_at(needles, at + i, left - i))
            m.mark |= bit;
        *carry = c == '\t' || c == '\n';
    }
    return m;
}

static size_t scalar_copy_masks(const unsigned char *at, const unsigned char *end, size_t most,
                                const struct simd_needles *needles, uint64_t *carry,
                                struct simd_masks *into)
{
    for (size_t b = 0; b < most; b++) {
        size_t left = (size_t)(end - at);
        size_t n = left < SIMD_BLOCK ? left : SIMD_BLOCK;
        into[b] = scalar_masks(at, n, left, needles, carry);
        if (into[b].mark)
            return b + 1;
        at += n;
    }
    return most;
}

/* Bit i: is the number of bits from 0 to i odd? */
static uint64_t parity_so_far(uint64_t x)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        x ^= x << shift;
    return x;
}

/* Without the needles. */
static struct csv_bytes scalar_csv_bytes(const unsigned char *at, size_t n, unsigned char after,
                                         const struct simd_csv *how)
{
    struct csv_bytes b = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = (uint64_t)1 << i;
        unsigned char c = at[i];
        unsigned char next = i + 1 < n ? at[i + 1] : after;
        bool quote = how->quote && c == how->quote;
        b.delimiter |= c == how->delimiter ? bit : 0;
        b.newline |= c == '\n' ? bit : 0;
        b.quote |= quote ? bit : 0;
        b.start |= (quote && next == how->quote) || c == how->null || c == '\r' ? bit : 0;
    }
    b.parity = parity_so_far(b.quote);
    return b;
}

static size_t scalar_csv_masks(const unsigned char *at, const unsigned char *end, size_t most,
                               const struct simd_csv *how, struct simd_csv_state *state,
                               struct simd_masks *into)
{
    for (size_t k = 0; k < most; k++) {
        size_t left = (size_t)(end - at);
        size_t n = left < SIMD_BLOCK ? left : SIMD_BLOCK;
        struct csv_bytes b = scalar_csv_bytes(at, n, left > SIMD_BLOCK ? at[SIMD_BLOCK] : 0, how);
        for (size_t i = 0; i < n; i++)
            b.needle |= (uint64_t)simd_needle_at(how->needles, at + i, left - i) << i;
        into[k] = csv_block(&b, state);
        if (into[k].mark)
            return k + 1;
        at += n;
    }
    return most;
}

static bool scalar_csv_cut(struct str s, const struct simd_csv *how, struct simd_csv_state *state,
                           struct simd_csv_cut *found)
{
    struct csv_cutting c = csv_cut_begin(state);
    uint64_t odd = 0;
    for (size_t i = 0; i < s.len; i += SIMD_BLOCK) {
        size_t n = s.len - i < SIMD_BLOCK ? s.len - i : SIMD_BLOCK;
        struct csv_bytes b = scalar_csv_bytes(s.at + i, n, 0, how);
        odd |= csv_block_cut(&b, s, n, i, &c);
    }
    csv_cut_end(&c, state, found);
    return odd == 0;
}

static size_t scalar_find_either(struct str s, unsigned char a, unsigned char b)
{
    size_t i = 0;
    while (i < s.len && s.at[i] != a && s.at[i] != b)
        i++;
    return i;
}

static size_t scalar_count(struct str s, unsigned char byte)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.at[i] == byte;
    return n;
}

static size_t scalar_find_needle(struct str s, const struct simd_needles *needles)
{
    size_t i = 0;
    while (i < s.len && !simd_needle_at(needles, s.at + i, s.len - i))
        i++;
    return i;
}

static size_t scalar_find_end_line(struct str s, uint64_t *newlines)
{
    return simd_end_line_rest(s, 0, newlines);
}

/* Byte i of what base64url digits stand for. */
static unsigned char decoded_byte(const unsigned char *digits, size_t i)
{
    const unsigned char *at = digits + i / 3 * 4 + i % 3;
    unsigned pair = (unsigned)base64url_value[at[0]] << 6 | base64url_value[at[1]];
    return (unsigned char)(pair >> (4 - 2 * (i % 3)) & 0xff);
}

bool simd_base64_rest(struct str s, struct simd_base64 *found)
{
    unsigned char head[SIMD_HEAD / 3 * 4] = {0};
    size_t outer = 0;
    while (outer < s.len && base64url_value[s.at[outer]] < 64)
        outer++;
    size_t bytes = outer * 3 / 4;
    size_t inner = 0;
    for (; inner < bytes; inner++) {
        unsigned char digit = decoded_byte(s.at, inner);
        if (base64url_value[digit] > 63)
            break;
        if (inner < sizeof head)
            head[inner] = digit;
    }
    if (bytes % 4 != 0 || bytes - inner > SIMD_PAD_MOST)
        return false;
    for (size_t i = inner; i < bytes; i++)
        if (decoded_byte(s.at, i) != '=')
            return false;
    found->outer = outer;
    found->inner = inner;
    found->inner_pad = (unsigned)(bytes - inner);
    for (size_t i = 0; inner >= sizeof head && i < SIMD_HEAD; i++)
        found->head[i] = decoded_byte(head, i);
    return true;
}

static bool scalar_base64_twice(struct str s, struct simd_base64 *found)
{
    return simd_base64_rest(s, found) && found->outer > SIMD_SHORT;
}

const struct simd_ops simd_scalar = {
    .name = "scalar",
    .copy_masks = scalar_copy_masks,
    .csv_masks = scalar_csv_masks,
    .csv_cut = scalar_csv_cut,
    .find_either = scalar_find_either,
    .find_needle = scalar_find_needle,
    .find_end_line = scalar_find_end_line,
    .count = scalar_count,
    .base64_twice = scalar_base64_twice,
};

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("pclmul");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi");
}

size_t simd_all(const struct simd_ops *into[SIMD_KINDS])
{
    size_t n = 0;
    into[n++] = &simd_scalar;
    if (has_avx2())
        into[n++] = &simd_avx2;
    if (has_avx512())
        into[n++] = &simd_avx512;
    return n;
}
#else
size_t simd_all(const struct simd_ops *into[SIMD_KINDS])
{
    into[0] = &simd_scalar;
    return 1;
}
#endif

const struct simd_ops *simd_best(void)
{
    const struct simd_ops *all[SIMD_KINDS];
    return all[simd_all(all) - 1];
}
