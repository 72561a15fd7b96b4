/* simd_avx2: the steps for processors with AVX2, 32 bytes at a time. */
#include "common/simd_parts.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt,pclmul")))

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

/* struct simd_needles in registers. */
struct needles {
    __m256i low[SIMD_NEEDLE], high[SIMD_NEEDLE];
    const struct simd_needles *all;
};

/* What 64 bytes are read with for their needles, and how many that takes. */
enum { NEEDLE_BYTES = SIMD_BLOCK + SIMD_NEEDLE - 1 };

AVX2 static inline struct needles load_needles(const struct simd_needles *from)
{
    struct needles n = {.all = from};
    for (size_t k = 0; k < SIMD_NEEDLE; k++) {
        n.low[k] = _mm256_broadcastsi128_si256(
            _mm_loadu_si128((const __m128i *)(const void *)from->low[k]));
        n.high[k] = _mm256_broadcastsi128_si256(
            _mm_loadu_si128((const __m128i *)(const void *)from->high[k]));
    }
    return n;
}

/* All ones where no needle may begin; 35 bytes are read. A shuffle gives 0 for what is no ASCII. */
AVX2 static inline __m256i no_needle(const unsigned char *at, const struct needles *n)
{
    __m256i groups = _mm256_set1_epi8(-1);
    for (size_t k = 0; k < SIMD_NEEDLE; k++) {
        __m256i bytes = load(at + k);
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
        __m256i here = _mm256_and_si256(_mm256_shuffle_epi8(n->low[k], bytes),
                                        _mm256_shuffle_epi8(n->high[k], high));
        groups = _mm256_and_si256(groups, here);
    }
    return _mm256_cmpeq_epi8(groups, _mm256_setzero_si256());
}

/* NEEDLE_BYTES are read. */
AVX2 static inline uint64_t needles_at(const unsigned char *at, const struct needles *n)
{
    return simd_needle_filter(n->all, at, ~bits(no_needle(at, n), no_needle(at + 32, n)));
}

/* NEEDLE_BYTES are read. */
AVX2 static inline struct simd_masks avx2_masks(const unsigned char *at, const struct needles *n,
                                                uint64_t *carry)
{
    __m256i low = load(at);
    __m256i high = load(at + 32);
    struct simd_masks m = {.tab = bits(equal(low, '\t'), equal(high, '\t')),
                           .newline = bits(equal(low, '\n'), equal(high, '\n')),
                           .mark = bits(equal(low, '\\'), equal(high, '\\')) | needles_at(at, n)};
    uint64_t separators = m.tab | m.newline;
    uint64_t cr = bits(equal(low, '\r'), equal(high, '\r'));
    m.mark |= (separators | cr) & (separators << 1 | *carry);
    *carry = separators >> 63;
    return m;
}

AVX2 static size_t avx2_copy_masks(const unsigned char *at, const unsigned char *end, size_t most,
                                   const struct simd_needles *needles, uint64_t *carry,
                                   struct simd_masks *into)
{
    const struct needles n = load_needles(needles);
    size_t b = 0;
    uint64_t separator = *carry;
    for (uint64_t mark = 0; b < most && end - at >= NEEDLE_BYTES && !mark; b++, at += SIMD_BLOCK) {
        into[b] = avx2_masks(at, &n, &separator);
        mark = into[b].mark;
    }
    *carry = separator;
    if (b == most || (b > 0 && into[b - 1].mark))
        return b;
    return b + simd_scalar.copy_masks(at, end, most - b, needles, carry, into + b);
}

/* Multiplying without carries by all ones adds up, in each bit, all bits up to it. */
AVX2 static inline uint64_t parity_so_far(uint64_t x)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* What is needed to cut; 64 bytes are read. */
AVX2 static inline struct csv_bytes avx2_csv_quotes(const unsigned char *at,
                                                    const struct simd_csv *how)
{
    __m256i low = load(at);
    __m256i high = load(at + 32);
    uint64_t quote = bits(equal(low, how->quote), equal(high, how->quote));
    struct csv_bytes b = {.delimiter =
                              bits(equal(low, how->delimiter), equal(high, how->delimiter)),
                          .newline = bits(equal(low, '\n'), equal(high, '\n')),
                          .quote = how->quote ? quote : 0};
    b.parity = parity_so_far(b.quote);
    return b;
}

/* NEEDLE_BYTES are read. */
AVX2 static inline struct csv_bytes
avx2_csv_bytes(const unsigned char *at, const struct simd_csv *how, const struct needles *n)
{
    __m256i low = load(at);
    __m256i high = load(at + 32);
    struct csv_bytes b = avx2_csv_quotes(at, how);
    b.start = bits(equal(low, how->null), equal(high, how->null)) |
              bits(equal(low, '\r'), equal(high, '\r'));
    b.needle = needles_at(at, n);
    uint64_t next_is_quote = b.quote >> 1 | (uint64_t)(at[SIMD_BLOCK] == how->quote) << 63;
    b.start |= b.quote & next_is_quote;
    return b;
}

AVX2 static size_t avx2_csv_masks(const unsigned char *at, const unsigned char *end, size_t most,
                                  const struct simd_csv *how, struct simd_csv_state *state,
                                  struct simd_masks *into)
{
    const struct needles n = load_needles(how->needles);
    size_t k = 0;
    for (uint64_t mark = 0; k < most && end - at >= NEEDLE_BYTES && !mark; k++, at += SIMD_BLOCK) {
        struct csv_bytes b = avx2_csv_bytes(at, how, &n);
        into[k] = csv_block(&b, state);
        mark = into[k].mark;
    }
    if (k == most || (k > 0 && into[k - 1].mark))
        return k;
    return k + simd_scalar.csv_masks(at, end, most - k, how, state, into + k);
}

AVX2 static bool avx2_csv_cut(struct str s, const struct simd_csv *how,
                              struct simd_csv_state *state, struct simd_csv_cut *found)
{
    struct csv_cutting c = csv_cut_begin(state);
    uint64_t odd = 0;
    size_t i = 0;
    for (; i + SIMD_BLOCK <= s.len; i += SIMD_BLOCK) {
        struct csv_bytes b = avx2_csv_quotes(s.at + i, how);
        odd |= csv_block_cut(&b, s, SIMD_BLOCK, i, &c);
    }
    struct simd_csv_cut rest = {0};
    csv_cut_end(&c, state, found);
    bool even = simd_scalar.csv_cut(str_slice(s, i, s.len), how, state, &rest);
    found->newlines += rest.newlines;
    found->end = rest.end ? i + rest.end : found->end;
    return even && odd == 0;
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
    return i + simd_scalar.find_either(str_slice(s, i, s.len), a, b);
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
    return total + simd_scalar.count(str_slice(s, i, s.len), byte);
}

AVX2 static size_t avx2_find_needle(struct str s, const struct simd_needles *needles)
{
    const struct needles n = load_needles(needles);
    size_t i = 0;
    for (; i + NEEDLE_BYTES <= s.len; i += SIMD_BLOCK) {
        uint64_t hit = needles_at(s.at + i, &n);
        if (hit)
            return i + (size_t)__builtin_ctzll(hit);
    }
    return i + simd_scalar.find_needle(str_slice(s, i, s.len), needles);
}

AVX2 static size_t avx2_find_end_line(struct str s, uint64_t *newlines)
{
    uint64_t lines = 0;
    uint64_t behind = 1; /* 1: the byte before the block was a newline, or nothing */
    size_t i = 0;
    for (; i + SIMD_BLOCK < s.len; i += SIMD_BLOCK) {
        __m256i low = load(s.at + i);
        __m256i high = load(s.at + i + 32);
        uint64_t newline = bits(equal(low, '\n'), equal(high, '\n'));
        uint64_t begins = (newline << 1 | behind) & bits(equal(low, '\\'), equal(high, '\\'));
        if (__builtin_expect(begins != 0, 0) &&
            (begins & bits(equal(load(s.at + i + 1), '.'), equal(load(s.at + i + 33), '.'))))
            break;
        lines += (uint64_t)__builtin_popcountll(newline);
        behind = newline >> 63;
    }
    *newlines += lines;
    return simd_end_line_rest(s, i, newlines);
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

/* 32 bytes, and the 24 that they stand for as digits: 12 in each half. */
struct twice_32 {
    __m256i text;
    uint32_t not_digits; /* bytes that are none */
    uint32_t alien;      /* of the 24 */
};

static inline uint32_t lowest_32(unsigned n)
{
    return n < 32 ? ((uint32_t)1 << n) - 1 : UINT32_MAX;
}

/* Bits of 12 bytes in each half as those of 24 in a row. */
static inline uint32_t joined(uint32_t halves)
{
    return (halves & 0xfff) | (halves >> 16 & 0xfff) << 12;
}

AVX2 static inline struct twice_32 decode_32(__m256i bytes)
{
    __m256i high = high_nibbles(bytes);
    __m256i text = decode(bytes, high);
    return (struct twice_32){
        .text = text,
        .not_digits = (uint32_t)_mm256_movemask_epi8(not_base64url(bytes, high)),
        .alien = joined((uint32_t)_mm256_movemask_epi8(not_base64url(text, high_nibbles(text))))};
}

/* The first n bytes, and digits of the value 0 behind them. */
AVX2 static inline __m256i first_bytes(__m256i bytes, unsigned n)
{
    static const unsigned char window[64] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                             255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                             255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    return _mm256_blendv_epi8(_mm256_set1_epi8('A'), bytes, load(window + 32 - n));
}

/* The block that the digits end in, or the padding behind the inner ones. */
AVX2 static bool end_of_twice(__m256i bytes, const struct twice_32 *block, size_t before,
                              struct simd_base64 *found)
{
    unsigned n = block->not_digits ? (unsigned)__builtin_ctz(block->not_digits) : 32;
    struct twice_32 last = decode_32(first_bytes(bytes, n));
    uint32_t equals = joined((uint32_t)_mm256_movemask_epi8(equal(last.text, '=')));
    return simd_base64_end(found, before, n, lowest_32(n * 3 / 4), last.alien, equals);
}

AVX2 static bool avx2_base64_twice(struct str s, struct simd_base64 *found)
{
    struct twice_32 block = decode_32(_mm256_set1_epi8('A'));
    __m256i first = block.text;
    uint32_t wrong = 0;
    size_t i = 0;
    if (s.len <= SIMD_SHORT)
        return false;
    for (; i < SIMD_SHORT; i += 32) {
        block = decode_32(load(s.at + i));
        wrong |= block.not_digits | block.alien;
        if (i == 0)
            first = block.text;
    }
    if (wrong)
        return false;
    for (; i + 32 <= s.len; i += 32) {
        block = decode_32(load(s.at + i));
        if (block.not_digits | block.alien)
            break;
    }
    bool right;
    if (i + 32 <= s.len) {
        bool more = !block.not_digits && i + 32 < s.len && base64url_value[s.at[i + 32]] < 64;
        right = end_of_twice(load(s.at + i), &block, i, found) && !more;
    } else {
        right = simd_base64_rest(str_slice(s, i, s.len), found);
        found->outer += i;
        found->inner += i / 4 * 3;
    }
    __m256i twice = decode(first, high_nibbles(first));
    _mm_storeu_si128((__m128i *)(void *)found->head, _mm256_castsi256_si128(twice));
    return right && found->outer > SIMD_SHORT;
}

const struct simd_ops simd_avx2 = {
    .name = "avx2",
    .copy_masks = avx2_copy_masks,
    .csv_masks = avx2_csv_masks,
    .csv_cut = avx2_csv_cut,
    .find_either = avx2_find_either,
    .find_needle = avx2_find_needle,
    .find_end_line = avx2_find_end_line,
    .count = avx2_count,
    .base64_twice = avx2_base64_twice,
};
#endif
