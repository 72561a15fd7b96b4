/* simd: plain C first, then the same for AVX2, then what AVX-512 does better. */
#include "common/simd.h"

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

/* Four base64url bytes as three; false when one is none. */
static bool decode_group(const unsigned char *four, unsigned char three[3])
{
    uint32_t group = 0;
    unsigned legal = 0;
    for (size_t i = 0; i < 4; i++) {
        legal |= base64url_value[four[i]];
        group = group << 6 | (base64url_value[four[i]] & 63);
    }
    three[0] = (unsigned char)(group >> 16);
    three[1] = (unsigned char)(group >> 8 & 0xff);
    three[2] = (unsigned char)(group & 0xff);
    return legal < 64;
}

static struct simd_masks scalar_masks(const unsigned char *at, size_t n, unsigned char next,
                                      uint64_t *carry)
{
    struct simd_masks m = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = (uint64_t)1 << i;
        unsigned char c = at[i];
        unsigned char after = i + 1 < n ? at[i + 1] : next;
        if (c == '\t')
            m.tab |= bit;
        if (c == '\n')
            m.newline |= bit;
        if (c == '\\' || ((c == '\t' || c == '\n') && *carry) || (c == 'Z' && after == '0') ||
            (c == '5' && (after | 0x20) == 'a'))
            m.mark |= bit;
        *carry = c == '\t' || c == '\n';
    }
    return m;
}

static void scalar_copy_masks(const unsigned char *at, const unsigned char *end, size_t blocks,
                              uint64_t *carry, struct simd_masks *into)
{
    for (size_t b = 0; b < blocks; b++) {
        size_t left = (size_t)(end - at);
        size_t n = left < SIMD_BLOCK ? left : SIMD_BLOCK;
        into[b] = scalar_masks(at, n, left > SIMD_BLOCK ? at[SIMD_BLOCK] : 0, carry);
        at += n;
    }
}

/* Where the bytes of a block are; bits beyond its end are 0. */
struct csv_bytes {
    uint64_t delimiter, newline, quote;
    uint64_t two_quotes; /* a quote before another */
    uint64_t null, constant;
};

/* Bit i: is the number of bits from 0 to i odd? */
static inline uint64_t parity_so_far(uint64_t x)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        x ^= x << shift;
    return x;
}

/* The masks of a block from where its bytes are. */
static inline bool csv_block(const struct csv_bytes *b, struct simd_csv_state *state,
                             struct simd_masks *into)
{
    uint64_t inside = parity_so_far(b->quote) ^ state->inside;
    uint64_t separators = (b->delimiter | b->newline) & ~inside;
    uint64_t starts = separators << 1 | state->separator;
    uint64_t behind_quote = b->quote << 1 | state->quote;
    into->tab = b->delimiter & ~inside;
    into->newline = b->newline & ~inside;
    into->mark = b->constant | (starts & (separators | b->null | b->two_quotes));
    state->separator = separators >> 63;
    state->quote = b->quote >> 63;
    state->inside = inside >> 63 ? UINT64_MAX : 0;
    return (b->quote & inside & ~(starts | behind_quote)) == 0;
}

static bool scalar_csv_masks(const unsigned char *at, const unsigned char *end, size_t blocks,
                             const struct simd_csv *how, struct simd_csv_state *state,
                             struct simd_masks *into)
{
    bool even = true;
    for (size_t k = 0; k < blocks; k++) {
        struct csv_bytes b = {0};
        for (size_t i = 0; i < SIMD_BLOCK && at < end; i++, at++) {
            uint64_t bit = (uint64_t)1 << i;
            unsigned char next = at + 1 < end ? at[1] : 0;
            bool quote = how->quote && *at == how->quote;
            b.delimiter |= *at == how->delimiter ? bit : 0;
            b.newline |= *at == '\n' ? bit : 0;
            b.quote |= quote ? bit : 0;
            b.two_quotes |= quote && next == how->quote ? bit : 0;
            b.null |= *at == how->null ? bit : 0;
            bool constant = (*at == 'Z' && next == '0') || (*at == '5' && (next | 0x20) == 'a');
            b.constant |= constant ? bit : 0;
        }
        even &= csv_block(&b, state, &into[k]);
    }
    return even;
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

static size_t scalar_find_pair(struct str s, unsigned char a, unsigned char b, uint64_t *newlines)
{
    size_t i = 0;
    while (i + 1 < s.len && (s.at[i] != a || s.at[i + 1] != b))
        i++;
    if (i + 1 >= s.len)
        i = s.len;
    *newlines += scalar_count(str_slice(s, 0, i), '\n');
    return i;
}

/* The last four bytes, `pad` of which must be '=' and none else. */
static bool decode_last(const unsigned char *four, unsigned pad, unsigned char three[3])
{
    unsigned char digits[4];
    memcpy(digits, four, sizeof digits);
    for (size_t i = 4 - pad; i < 4; i++) {
        if (digits[i] != '=')
            return false;
        digits[i] = 'A';
    }
    return decode_group(digits, three);
}

static bool scalar_base64_twice(struct str s, unsigned outer, unsigned inner, unsigned char head[9])
{
    size_t count = s.len / 4 * 3 - outer; /* bytes of the inner text */
    unsigned char digits[12] = {0};       /* all are set: s is a whole token */
    for (size_t i = 0; i < s.len; i += 4) {
        unsigned char three[3];
        bool last = i + 4 == s.len;
        if (!(last ? decode_last(s.at + i, outer, three) : decode_group(s.at + i, three)))
            return false;
        for (size_t k = 0, at = i / 4 * 3; k < 3 && at < count; k++, at++) {
            bool padding = at >= count - inner;
            if (padding ? three[k] != '=' : base64url_value[three[k]] > 63)
                return false;
        }
        if (i < 16)
            memcpy(digits + i / 4 * 3, three, 3);
    }
    for (size_t i = 0; i < 3; i++)
        (void)decode_group(digits + 4 * i, head + 3 * i);
    return true;
}

const struct simd_ops simd_scalar = {
    .name = "scalar",
    .copy_masks = scalar_copy_masks,
    .csv_masks = scalar_csv_masks,
    .find_either = scalar_find_either,
    .find_pair = scalar_find_pair,
    .count = scalar_count,
    .base64_twice = scalar_base64_twice,
};

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))

AVX2 static inline __m256i load(const unsigned char *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

AVX2 static inline __m256i equal(__m256i bytes, unsigned char c)
{
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)c));
}

AVX2 static inline uint64_t bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

/* The first of a pair that begins a constant; `next` is one byte further. */
AVX2 static inline __m256i constants(__m256i bytes, __m256i next)
{
    __m256i text = _mm256_and_si256(equal(bytes, 'Z'), equal(next, '0'));
    __m256i lower = _mm256_or_si256(next, _mm256_set1_epi8(0x20));
    __m256i hex = _mm256_and_si256(equal(bytes, '5'), equal(lower, 'a'));
    return _mm256_or_si256(text, hex);
}

AVX2 static inline __m256i marks(__m256i bytes, __m256i next)
{
    return _mm256_or_si256(equal(bytes, '\\'), constants(bytes, next));
}

/* 65 bytes are read. */
AVX2 static inline struct simd_masks avx2_masks(const unsigned char *at, uint64_t *carry)
{
    __m256i low = load(at);
    __m256i high = load(at + 32);
    struct simd_masks m = {.tab = bits(equal(low, '\t'), equal(high, '\t')),
                           .newline = bits(equal(low, '\n'), equal(high, '\n')),
                           .mark = bits(marks(low, load(at + 1)), marks(high, load(at + 33)))};
    uint64_t separators = m.tab | m.newline;
    m.mark |= separators & (separators << 1 | *carry);
    *carry = separators >> 63;
    return m;
}

AVX2 static void avx2_copy_masks(const unsigned char *at, const unsigned char *end, size_t blocks,
                                 uint64_t *carry, struct simd_masks *into)
{
    size_t b = 0;
    uint64_t separator = *carry;
    for (; b < blocks && end - at > SIMD_BLOCK; b++) {
        into[b] = avx2_masks(at, &separator);
        at += SIMD_BLOCK;
    }
    *carry = separator;
    if (b < blocks)
        scalar_copy_masks(at, end, blocks - b, carry, into + b);
}

/* 65 bytes are read. */
AVX2 static inline struct csv_bytes avx2_csv_bytes(const unsigned char *at,
                                                   const struct simd_csv *how)
{
    __m256i low = load(at);
    __m256i high = load(at + 32);
    __m256i low_next = load(at + 1);
    __m256i high_next = load(at + 33);
    uint64_t quotes = how->quote ? UINT64_MAX : 0;
    struct csv_bytes b = {.delimiter =
                              bits(equal(low, how->delimiter), equal(high, how->delimiter)),
                          .newline = bits(equal(low, '\n'), equal(high, '\n')),
                          .quote = quotes & bits(equal(low, how->quote), equal(high, how->quote)),
                          .null = bits(equal(low, how->null), equal(high, how->null)),
                          .constant = bits(constants(low, low_next), constants(high, high_next))};
    uint64_t next_is_quote = b.quote >> 1 | (uint64_t)(at[SIMD_BLOCK] == how->quote) << 63;
    b.two_quotes = b.quote & next_is_quote;
    return b;
}

AVX2 static bool avx2_csv_masks(const unsigned char *at, const unsigned char *end, size_t blocks,
                                const struct simd_csv *how, struct simd_csv_state *state,
                                struct simd_masks *into)
{
    bool even = true;
    size_t k = 0;
    for (; k < blocks && end - at > SIMD_BLOCK; k++, at += SIMD_BLOCK) {
        struct csv_bytes b = avx2_csv_bytes(at, how);
        even &= csv_block(&b, state, &into[k]);
    }
    return scalar_csv_masks(at, end, blocks - k, how, state, into + k) && even;
}

AVX2 static size_t avx2_find_either(struct str s, unsigned char a, unsigned char b)
{
    size_t i = 0;
    for (; i + 32 <= s.len; i += 32) {
        __m256i bytes = load(s.at + i);
        __m256i hit = _mm256_or_si256(equal(bytes, a), equal(bytes, b));
        uint32_t mask = (uint32_t)_mm256_movemask_epi8(hit);
        if (mask)
            return i + (size_t)__builtin_ctz(mask);
    }
    return i + scalar_find_either(str_slice(s, i, s.len), a, b);
}

AVX2 static inline size_t sum_bytes(__m256i sums)
{
    sums = _mm256_sad_epu8(sums, _mm256_setzero_si256());
    __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (size_t)_mm_extract_epi64(half, 0) + (size_t)_mm_extract_epi64(half, 1);
}

/* Each byte of the sums takes 255 hits before they are added up. */
enum { SUM_MOST = 255 };

AVX2 static size_t avx2_count(struct str s, unsigned char byte)
{
    size_t total = 0;
    size_t i = 0;
    while (i + 32 <= s.len) {
        __m256i sums = _mm256_setzero_si256();
        for (unsigned k = 0; k < SUM_MOST && i + 32 <= s.len; k++, i += 32)
            sums = _mm256_sub_epi8(sums, equal(load(s.at + i), byte));
        total += sum_bytes(sums);
    }
    return total + scalar_count(str_slice(s, i, s.len), byte);
}

/* 33 bytes are read. */
AVX2 static inline __m256i pairs_at(const unsigned char *at, unsigned char a, unsigned char b)
{
    return _mm256_and_si256(equal(load(at), a), equal(load(at + 1), b));
}

AVX2 static size_t avx2_find_pair(struct str s, unsigned char a, unsigned char b,
                                  uint64_t *newlines)
{
    size_t i = 0;
    while (i + 65 <= s.len) {
        __m256i sums = _mm256_setzero_si256();
        __m256i hit = sums;
        for (unsigned k = 0; k < SUM_MOST / 2 && i + 65 <= s.len; k++, i += 64) {
            hit = _mm256_or_si256(pairs_at(s.at + i, a, b), pairs_at(s.at + i + 32, a, b));
            if (!_mm256_testz_si256(hit, hit))
                break;
            sums = _mm256_sub_epi8(sums, equal(load(s.at + i), '\n'));
            sums = _mm256_sub_epi8(sums, equal(load(s.at + i + 32), '\n'));
        }
        *newlines += sum_bytes(sums);
        if (!_mm256_testz_si256(hit, hit))
            break;
    }
    return i + scalar_find_pair(str_slice(s, i, s.len), a, b, newlines);
}

/*
 * Base64 by nibbles (W. Mula, "Base64 decoding with SIMD instructions"), with the tables of the
 * URL alphabet: high nibbles 2 (-), 3 (digits), 4 and 6 (A, a), 5 (P, _), 7 (p) are classes, and
 * the low nibble says for which of them it is a digit of the alphabet.
 */
AVX2 static inline __m256i high_nibbles(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/* All ones where a byte is none of the alphabet. */
AVX2 static inline __m256i not_base64url(__m256i bytes, __m256i high)
{
    const __m256i low_classes =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(2 + 8 + 16, 2 + 4 + 8 + 16, 30, 30, 30, 30, 30,
                                                  30, 30, 30, 4 + 8 + 16, 4, 4, 4 + 1, 4, 4 + 8));
    const __m256i high_classes =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0));
    __m256i low = _mm256_and_si256(bytes, _mm256_set1_epi8(15));
    __m256i common = _mm256_and_si256(_mm256_shuffle_epi8(low_classes, low),
                                      _mm256_shuffle_epi8(high_classes, high));
    return _mm256_cmpeq_epi8(common, _mm256_setzero_si256());
}

/* 16 bytes of the alphabet become 12 in each half; the last 4 of a half become zero. */
AVX2 static inline __m256i decode(__m256i bytes, __m256i high)
{
    const __m256i shift = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    __m256i underscore = _mm256_and_si256(equal(bytes, '_'), _mm256_set1_epi8(33));
    __m256i values =
        _mm256_add_epi8(bytes, _mm256_add_epi8(_mm256_shuffle_epi8(shift, high), underscore));
    __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    return _mm256_shuffle_epi8(groups, order);
}

/* Bit i of an inner text of 24 bytes, where decode has put it: 12 bytes in each half. */
static inline uint32_t spread(uint32_t bits_of_24)
{
    return (bits_of_24 & 0xfff) | bits_of_24 >> 12 << 16;
}

static inline uint32_t lowest(unsigned n)
{
    return ((uint32_t)1 << n) - 1;
}

/* The last 32 bytes, with both paddings. */
AVX2 static bool last_is_base64_twice(const unsigned char *at, unsigned outer, unsigned inner)
{
    __m256i bytes = load(at);
    __m256i padding = equal(bytes, '=');
    if ((uint32_t)_mm256_movemask_epi8(padding) != (outer ? UINT32_MAX << (32 - outer) : 0))
        return false;
    bytes = _mm256_blendv_epi8(bytes, _mm256_set1_epi8('A'), padding);
    __m256i high = high_nibbles(bytes);
    __m256i wrong = not_base64url(bytes, high);
    __m256i text = decode(bytes, high);
    uint32_t alien = (uint32_t)_mm256_movemask_epi8(not_base64url(text, high_nibbles(text)));
    uint32_t equals = (uint32_t)_mm256_movemask_epi8(equal(text, '='));
    uint32_t digits = lowest(24 - outer - inner);
    uint32_t pad = lowest(24 - outer) & ~digits;
    return _mm256_testz_si256(wrong, wrong) && (alien & spread(digits)) == 0 &&
           (equals & spread(pad)) == spread(pad);
}

AVX2 static bool avx2_base64_twice(struct str s, unsigned outer, unsigned inner,
                                   unsigned char head[9])
{
    const __m256i used = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0));
    __m256i wrong = _mm256_setzero_si256();
    __m256i first = wrong;
    size_t last = s.len - 32;
    for (size_t i = 0; i < last; i += 32) {
        /* clear of the paddings, which the last step looks at; it overlaps then */
        __m256i bytes = load(s.at + (i < last - 8 ? i : last - 8));
        __m256i high = high_nibbles(bytes);
        __m256i text = decode(bytes, high);
        __m256i alien = not_base64url(text, high_nibbles(text));
        wrong = _mm256_or_si256(wrong, not_base64url(bytes, high));
        wrong = _mm256_or_si256(wrong, _mm256_and_si256(alien, used));
        if (i == 0)
            first = text;
    }
    if (!_mm256_testz_si256(wrong, wrong) || !last_is_base64_twice(s.at + last, outer, inner))
        return false;
    unsigned char raw[16];
    __m256i twice = decode(first, high_nibbles(first));
    _mm_storeu_si128((__m128i *)(void *)raw, _mm256_castsi256_si128(twice));
    memcpy(head, raw, 9);
    return true;
}

static const struct simd_ops ops_avx2 = {
    .name = "avx2",
    .copy_masks = avx2_copy_masks,
    .csv_masks = avx2_csv_masks,
    .find_either = avx2_find_either,
    .find_pair = avx2_find_pair,
    .count = avx2_count,
    .base64_twice = avx2_base64_twice,
};

#define AVX512                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi,bmi2,popcnt,lzcnt")))

AVX512 static inline __mmask64 equal_64(__m512i bytes, unsigned char c)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)c));
}

static inline uint64_t lowest_64(size_t n)
{
    return n < 64 ? ((uint64_t)1 << n) - 1 : UINT64_MAX;
}

/* `left` bytes are there, at least one; no others are touched. */
AVX512 static inline struct simd_masks avx512_masks(const unsigned char *at, size_t left,
                                                    uint64_t *carry)
{
    __m512i bytes = _mm512_maskz_loadu_epi8(lowest_64(left), at);
    __m512i next = _mm512_maskz_loadu_epi8(lowest_64(left - 1), at + 1);
    __m512i lower = _mm512_or_si512(next, _mm512_set1_epi8(0x20));
    __mmask64 text = _mm512_mask_cmpeq_epi8_mask(equal_64(bytes, 'Z'), next, _mm512_set1_epi8('0'));
    __mmask64 hex = _mm512_mask_cmpeq_epi8_mask(equal_64(bytes, '5'), lower, _mm512_set1_epi8('a'));
    struct simd_masks m = {.tab = equal_64(bytes, '\t'), .newline = equal_64(bytes, '\n')};
    uint64_t separators = m.tab | m.newline;
    m.mark = equal_64(bytes, '\\') | text | hex | (separators & (separators << 1 | *carry));
    *carry = left < SIMD_BLOCK ? separators >> (left - 1) : separators >> 63;
    return m;
}

AVX512 static void avx512_copy_masks(const unsigned char *at, const unsigned char *end,
                                     size_t blocks, uint64_t *carry, struct simd_masks *into)
{
    uint64_t separator = *carry;
    for (size_t b = 0; b < blocks; b++, at += SIMD_BLOCK)
        into[b] = avx512_masks(at, (size_t)(end - at), &separator);
    *carry = separator;
}

/* What 64 bytes of base64url stand for, in the first 48; *wrong collects bytes of another kind. */
AVX512 static inline __m512i decode_64(__m512i bytes, __m512i *wrong)
{
    const __m512i pick = _mm512_set_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60, 61, 62,
                                         56, 57, 58, 52, 53, 54, 48, 49, 50, 44, 45, 46, 40, 41, 42,
                                         36, 37, 38, 32, 33, 34, 28, 29, 30, 24, 25, 26, 20, 21, 22,
                                         16, 17, 18, 12, 13, 14, 8, 9, 10, 4, 5, 6, 0, 1, 2);
    __m512i low = _mm512_loadu_si512(base64url_value);
    __m512i high = _mm512_loadu_si512(base64url_value + 64);
    __m512i values = _mm512_permutex2var_epi8(low, bytes, high);
    *wrong = _mm512_or_si512(*wrong, _mm512_or_si512(values, bytes));
    __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
    __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
    return _mm512_permutexvar_epi8(pick, groups);
}

/* The bytes that are none of the alphabet. */
AVX512 static inline uint64_t alien_64(__m512i text)
{
    __m512i low = _mm512_loadu_si512(base64url_value);
    __m512i high = _mm512_loadu_si512(base64url_value + 64);
    __m512i values = _mm512_permutex2var_epi8(low, text, high);
    return _mm512_movepi8_mask(_mm512_or_si512(values, text));
}

AVX512 static bool avx512_base64_twice(struct str s, unsigned outer, unsigned inner,
                                       unsigned char head[9])
{
    __m512i wrong = _mm512_setzero_si512();
    __m512i unused = wrong;
    __m512i first = wrong;
    uint64_t alien = 0;
    size_t last = s.len - 64;
    for (size_t i = 0; i < last; i += 64) {
        /* as in avx2_base64_twice */
        __m512i text = decode_64(_mm512_loadu_si512(s.at + (i < last - 8 ? i : last - 8)), &wrong);
        alien |= alien_64(text) & lowest_64(48);
        if (i == 0)
            first = text;
    }
    __m512i bytes = _mm512_loadu_si512(s.at + last);
    __mmask64 padding = equal_64(bytes, '=');
    bytes = _mm512_mask_mov_epi8(bytes, padding, _mm512_set1_epi8('A'));
    __m512i text = decode_64(bytes, &wrong);
    uint64_t digits = lowest_64(48 - outer - inner);
    uint64_t pad = lowest_64(48 - outer) & ~digits;
    alien |= alien_64(text) & digits;
    if (padding != ~lowest_64(64 - outer) || (equal_64(text, '=') & pad) != pad ||
        (alien | _mm512_movepi8_mask(wrong)) != 0)
        return false;
    unsigned char raw[16];
    __m512i twice = decode_64(first, &unused);
    _mm_storeu_si128((__m128i *)(void *)raw, _mm512_castsi512_si128(twice));
    memcpy(head, raw, 9);
    return true;
}

static const struct simd_ops ops_avx512 = {
    .name = "avx512",
    .copy_masks = avx512_copy_masks,
    .csv_masks = avx2_csv_masks,
    .find_either = avx2_find_either,
    .find_pair = avx2_find_pair,
    .count = avx2_count,
    .base64_twice = avx512_base64_twice,
};

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
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
        into[n++] = &ops_avx2;
    if (has_avx512())
        into[n++] = &ops_avx512;
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
