/* simd_avx512: the steps for processors with AVX-512 and VBMI, 64 bytes at a time. */
#include "common/simd_parts.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512                                                                                     \
    __attribute__((                                                                                \
        target("avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi,bmi2,popcnt,lzcnt,pclmul")))

AVX512 static inline __mmask64 equal_64(__m512i bytes, unsigned char c)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)c));
}

static inline uint64_t lowest_64(size_t n)
{
    return n < 64 ? ((uint64_t)1 << n) - 1 : UINT64_MAX;
}

/* 64 bytes and the 64 that begin with the second of them; what is not there counts as zero. */
struct block_64 {
    __m512i bytes, next;
};

AVX512 static inline struct block_64 load_64(const unsigned char *at, size_t left)
{
    if (__builtin_expect(left > SIMD_BLOCK, 1))
        return (struct block_64){_mm512_loadu_si512(at), _mm512_loadu_si512(at + 1)};
    return (struct block_64){_mm512_maskz_loadu_epi8(lowest_64(left), at),
                             _mm512_maskz_loadu_epi8(lowest_64(left - 1), at + 1)};
}

/* 64 bytes; what is not there counts as zero. */
AVX512 static inline __m512i bytes_64(const unsigned char *at, size_t left)
{
    return left >= SIMD_BLOCK ? _mm512_loadu_si512(at)
                              : _mm512_maskz_loadu_epi8(lowest_64(left), at);
}

/* The groups that take the bytes `place` behind each of 64. */
AVX512 static inline __m512i groups_64(const unsigned char *at, size_t left, size_t place,
                                       const struct simd_needles *n)
{
    __m512i bytes = bytes_64(at + place, left > place ? left - place : 0);
    __m512i low = _mm512_loadu_si512(n->byte[place]);
    __m512i high = _mm512_loadu_si512(n->byte[place] + 64);
    return _mm512_maskz_permutex2var_epi8(~_mm512_movepi8_mask(bytes), low, bytes, high);
}

/* Where a needle may begin in 64 bytes. Written out: a loop would not stay in registers. */
AVX512 static inline uint64_t needles_in_64(const unsigned char *at, size_t left,
                                            const struct simd_needles *n)
{
    _Static_assert(SIMD_NEEDLE == 4, "four places");
    __m512i first = _mm512_and_si512(groups_64(at, left, 0, n), groups_64(at, left, 1, n));
    __m512i rest = _mm512_and_si512(groups_64(at, left, 2, n), groups_64(at, left, 3, n));
    uint64_t hits = _mm512_test_epi8_mask(first, rest);
    return __builtin_expect(hits != 0, 0) ? simd_needle_filter(n, at, hits) : 0;
}

AVX512 static size_t avx512_copy_masks(const unsigned char *at, const unsigned char *end,
                                       size_t most, const struct simd_needles *needles,
                                       uint64_t *carry, struct simd_masks *into)
{
    uint64_t separator = *carry;
    size_t n = 0;
    for (uint64_t mark = 0; n < most && !mark; n++, at += SIMD_BLOCK) {
        size_t left = (size_t)(end - at);
        __m512i bytes = bytes_64(at, left);
        uint64_t tab = equal_64(bytes, '\t');
        uint64_t newline = equal_64(bytes, '\n');
        uint64_t separators = tab | newline;
        uint64_t empty = (separators | equal_64(bytes, '\r')) & (separators << 1 | separator);
        mark = equal_64(bytes, '\\') | needles_in_64(at, left, needles) | empty;
        into[n] = (struct simd_masks){tab, newline, mark};
        separator = separators >> ((left < SIMD_BLOCK ? left : SIMD_BLOCK) - 1);
    }
    *carry = separator;
    return n;
}

/* Multiplying without carries by all ones adds up, in each bit, all bits up to it. */
AVX512 static inline uint64_t parity_so_far(uint64_t x)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* What is needed to cut. */
AVX512 static inline struct csv_bytes csv_quotes_64(__m512i bytes, const struct simd_csv *how)
{
    struct csv_bytes b = {.delimiter = equal_64(bytes, how->delimiter),
                          .newline = equal_64(bytes, '\n'),
                          .quote = how->quote ? equal_64(bytes, how->quote) : 0};
    b.parity = parity_so_far(b.quote);
    return b;
}

AVX512 static size_t avx512_csv_masks(const unsigned char *at, const unsigned char *end,
                                      size_t most, const struct simd_csv *how,
                                      struct simd_csv_state *state, struct simd_masks *into)
{
    size_t n = 0;
    for (uint64_t mark = 0; n < most && !mark; n++, at += SIMD_BLOCK) {
        size_t left = (size_t)(end - at);
        struct block_64 block = load_64(at, left);
        struct csv_bytes b = csv_quotes_64(block.bytes, how);
        b.needle = needles_in_64(at, left, how->needles);
        b.start = equal_64(block.bytes, how->null) | equal_64(block.bytes, '\r') |
                  (b.quote & equal_64(block.next, how->quote));
        into[n] = csv_block(&b, state);
        mark = into[n].mark;
    }
    return n;
}

AVX512 static bool avx512_csv_cut(struct str s, const struct simd_csv *how,
                                  struct simd_csv_state *state, struct simd_csv_cut *found)
{
    struct csv_cutting c = csv_cut_begin(state);
    uint64_t odd = 0;
    size_t i = 0;
    for (; i + SIMD_BLOCK <= s.len; i += SIMD_BLOCK) {
        struct csv_bytes b = csv_quotes_64(_mm512_loadu_si512(s.at + i), how);
        odd |= csv_block_cut(&b, s, SIMD_BLOCK, i, &c);
    }
    if (i < s.len) {
        __m512i bytes = _mm512_maskz_loadu_epi8(lowest_64(s.len - i), s.at + i);
        struct csv_bytes b = csv_quotes_64(bytes, how);
        odd |= csv_block_cut(&b, s, s.len - i, i, &c);
    }
    csv_cut_end(&c, state, found);
    return odd == 0;
}

AVX512 static size_t avx512_find_either(struct str s, unsigned char a, unsigned char b)
{
    size_t i = 0;
    for (; i < s.len; i += SIMD_BLOCK) {
        __m512i bytes = _mm512_maskz_loadu_epi8(lowest_64(s.len - i), s.at + i);
        uint64_t hit = (equal_64(bytes, a) | equal_64(bytes, b)) & lowest_64(s.len - i);
        if (hit)
            return i + (size_t)__builtin_ctzll(hit);
    }
    return s.len;
}

AVX512 static size_t avx512_find_needle(struct str s, const struct simd_needles *needles)
{
    for (size_t i = 0; i < s.len; i += SIMD_BLOCK) {
        uint64_t hit = needles_in_64(s.at + i, s.len - i, needles);
        if (hit)
            return i + (size_t)__builtin_ctzll(hit);
    }
    return s.len;
}

AVX512 static size_t avx512_find_end_line(struct str s, uint64_t *newlines)
{
    uint64_t lines = 0;
    uint64_t behind = 1; /* 1: the byte before the block was a newline, or nothing */
    size_t i = 0;
    for (; i + SIMD_BLOCK < s.len; i += SIMD_BLOCK) {
        __m512i bytes = _mm512_loadu_si512(s.at + i);
        uint64_t newline = equal_64(bytes, '\n');
        uint64_t begins = (newline << 1 | behind) & equal_64(bytes, '\\');
        if (__builtin_expect(begins != 0, 0) &&
            (begins & equal_64(_mm512_loadu_si512(s.at + i + 1), '.')))
            break;
        lines += (uint64_t)__builtin_popcountll(newline);
        behind = newline >> 63;
    }
    *newlines += lines;
    return simd_end_line_rest(s, i, newlines);
}

AVX512 static size_t avx512_count(struct str s, unsigned char byte)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i += SIMD_BLOCK) {
        uint64_t there = lowest_64(s.len - i);
        __m512i bytes = _mm512_maskz_loadu_epi8(there, s.at + i);
        n += (size_t)__builtin_popcountll(equal_64(bytes, byte) & there);
    }
    return n;
}

/* The values of base64url digits; 0xff for other bytes below 0x80. */
AVX512 static inline __m512i values_64(__m512i bytes)
{
    __m512i low = _mm512_loadu_si512(base64url_value);
    __m512i high = _mm512_loadu_si512(base64url_value + 64);
    return _mm512_permutex2var_epi8(low, bytes, high);
}

AVX512 static inline uint64_t not_digits_64(__m512i bytes, __m512i values)
{
    return _mm512_movepi8_mask(_mm512_or_si512(values, bytes));
}

/* What 64 values stand for, in the first 48 bytes; behind them the first one again. */
AVX512 static inline __m512i decode_64(__m512i values)
{
    const __m512i pick = _mm512_set_epi8(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 60, 61, 62,
                                         56, 57, 58, 52, 53, 54, 48, 49, 50, 44, 45, 46, 40, 41, 42,
                                         36, 37, 38, 32, 33, 34, 28, 29, 30, 24, 25, 26, 20, 21, 22,
                                         16, 17, 18, 12, 13, 14, 8, 9, 10, 4, 5, 6, 0, 1, 2);
    __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
    __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
    return _mm512_permutexvar_epi8(pick, groups);
}

/* Collects in *wrong the bytes that are no digits, whose values are given. */
AVX512 static inline void collect_64(__m512i bytes, __m512i values, __m512i *wrong)
{
    *wrong = _mm512_or_si512(*wrong, _mm512_or_si512(bytes, values));
}

/* 64 digits that stand for 48: gives back the latter. */
AVX512 static inline __m512i twice_64(__m512i values, __m512i *wrong)
{
    __m512i text = decode_64(values);
    collect_64(text, values_64(text), wrong);
    return text;
}

AVX512 static bool avx512_base64_twice(struct str s, struct simd_base64 *found)
{
    __m512i first = _mm512_setzero_si512();
    __m512i wrong = first;
    __m512i values;
    uint64_t not_digits;
    size_t i = 0;
    if (s.len <= SIMD_SHORT)
        return false;
    for (; i < SIMD_SHORT; i += SIMD_BLOCK) {
        __m512i bytes = _mm512_loadu_si512(s.at + i);
        values = values_64(bytes);
        collect_64(bytes, values, &wrong);
        __m512i text = twice_64(values, &wrong);
        if (i == 0)
            first = text;
    }
    for (;; i += SIMD_BLOCK) {
        __m512i bytes = _mm512_maskz_loadu_epi8(lowest_64(s.len - i), s.at + i);
        values = values_64(bytes);
        not_digits = not_digits_64(bytes, values);
        size_t next = i + SIMD_BLOCK;
        if (not_digits || next >= s.len || base64url_value[s.at[next]] > 63)
            break;
        (void)twice_64(values, &wrong);
    }
    unsigned n = not_digits ? (unsigned)__builtin_ctzll(not_digits) : SIMD_BLOCK;
    if (i + n == SIMD_SHORT || _mm512_movepi8_mask(wrong))
        return false;
    __m512i text = decode_64(_mm512_maskz_mov_epi8(lowest_64(n), values));
    __m512i twice = decode_64(values_64(first));
    _mm_storeu_si128((__m128i *)(void *)found->head, _mm512_castsi512_si128(twice));
    return simd_base64_end(found, i, n, lowest_64(n * 3 / 4), not_digits_64(text, values_64(text)),
                           equal_64(text, '='));
}

const struct simd_ops simd_avx512 = {
    .name = "avx512",
    .copy_masks = avx512_copy_masks,
    .csv_masks = avx512_csv_masks,
    .csv_cut = avx512_csv_cut,
    .find_either = avx512_find_either,
    .find_needle = avx512_find_needle,
    .find_end_line = avx512_find_end_line,
    .count = avx512_count,
    .base64_twice = avx512_base64_twice,
};
#endif
