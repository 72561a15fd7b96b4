/* simd: the vector forms against the plain ones, on random bytes in buffers of exact size. */
#include "common/simd.h"
#include "tests/unit/fernet_cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 700 };

/* Bytes of which most are special, in memory that ends where they end: ASan sees any overrun. */
static unsigned char *random_bytes(uint64_t *seed, size_t n)
{
    static const char special[] = "\t\n\\Z05aA.xN\t\n";
    unsigned char *bytes = malloc(n ? n : 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) {
        uint64_t r = cell_random(seed);
        bytes[i] =
            r % 3 ? (unsigned char)special[r / 3 % (sizeof special - 1)] : (unsigned char)(r >> 8);
    }
    return bytes;
}

static void masks_of_all_forms_are_equal(void **state)
{
    (void)state;
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    uint64_t seed = 1;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = 1 + cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n);
        struct simd_masks a[16] = {0};
        uint64_t carry_a = round & 1;
        size_t blocks = (n + SIMD_BLOCK - 1) / SIMD_BLOCK;
        simd_scalar.copy_masks(bytes, bytes + n, blocks, &carry_a, a);
        for (size_t k = 1; k < kinds; k++) {
            struct simd_masks b[16] = {0};
            uint64_t carry_b = round & 1;
            all[k]->copy_masks(bytes, bytes + n, blocks, &carry_b, b);
            assert_memory_equal(a, b, sizeof a);
            assert_int_equal(carry_a, carry_b);
        }
        free(bytes);
    }
}

static void csv_masks_of_all_forms_are_equal(void **state)
{
    (void)state;
    static const struct simd_csv hows[] = {
        {'\t', 'Z', '\t'}, {'\t', '\\', 'N'}, {'x', 0, 'x'}, {'.', '\\', '5'}};
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    uint64_t seed = 9;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = 1 + cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n);
        const struct simd_csv *how = &hows[round % 4];
        struct simd_masks a[16] = {0};
        struct simd_csv_state state_a = {.separator = 1};
        size_t blocks = (n + SIMD_BLOCK - 1) / SIMD_BLOCK;
        bool even = simd_scalar.csv_masks(bytes, bytes + n, blocks, how, &state_a, a);
        for (size_t k = 1; k < kinds; k++) {
            struct simd_masks b[16] = {0};
            struct simd_csv_state state_b = {.separator = 1};
            assert_int_equal(all[k]->csv_masks(bytes, bytes + n, blocks, how, &state_b, b), even);
            assert_memory_equal(a, b, sizeof a);
            assert_memory_equal(&state_a, &state_b, sizeof state_a);
        }
        free(bytes);
    }
}

/* Byte by byte: is it in quotes, and what then is it. */
static void csv_masks_leave_out_what_is_quoted(void **state)
{
    (void)state;
    static const char text[] = "a,\"b,\n\"\"c\",,\"\"\nNULL,5a,\"Z0\",\"\",Z\n,\"\n,,\",x,N\n";
    static const char tabs[] = " ,        ,, ";
    const struct simd_csv how = {',', '"', 'N'};
    struct simd_masks m[2] = {0};
    struct simd_csv_state csv = {.separator = 1};
    const unsigned char *at = (const unsigned char *)text;
    size_t n = sizeof text - 1;
    assert_true(simd_best()->csv_masks(at, at + n, 1, &how, &csv, m));
    assert_true(n < 64);
    assert_int_equal(csv.inside, 0);
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        inside ^= text[i] == '"';
        assert_int_equal(m[0].tab >> i & 1, !inside && text[i] == ',');
        assert_int_equal(m[0].newline >> i & 1, !inside && text[i] == '\n');
    }
    for (size_t i = 0; i + 1 < sizeof tabs; i++)
        assert_int_equal(m[0].tab >> i & 1, tabs[i] == ',');
    csv = (struct simd_csv_state){.separator = 1};
    at = (const unsigned char *)"a,5\" pipe\n";
    assert_false(simd_best()->csv_masks(at, at + 11, 1, &how, &csv, m));
}

/* Byte by byte from what the header says a mask is. */
static void masks_are_what_they_say(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (unsigned round = 0; round < 5000; round++) {
        size_t n = 1 + cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n);
        struct simd_masks m[16] = {0};
        uint64_t carry = 1;
        simd_best()->copy_masks(bytes, bytes + n, (n + SIMD_BLOCK - 1) / SIMD_BLOCK, &carry, m);
        for (size_t i = 0; i < n; i++) {
            const struct simd_masks *block = &m[i / SIMD_BLOCK];
            unsigned char c = bytes[i];
            unsigned char next = i + 1 < n ? bytes[i + 1] : 0;
            bool begins = i == 0 || bytes[i - 1] == '\t' || bytes[i - 1] == '\n';
            bool separator = c == '\t' || c == '\n';
            bool mark = c == '\\' || (separator && begins) || (c == 'Z' && next == '0') ||
                        (c == '5' && (next == 'a' || next == 'A'));
            assert_int_equal(block->tab >> i % SIMD_BLOCK & 1, c == '\t');
            assert_int_equal(block->newline >> i % SIMD_BLOCK & 1, c == '\n');
            assert_int_equal(block->mark >> i % SIMD_BLOCK & 1, mark);
        }
        free(bytes);
    }
}

static void finding_and_counting_agree(void **state)
{
    (void)state;
    static const unsigned char wanted[] = "\t\n\\.Zqx";
    uint64_t seed = 3;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n);
        if (round % 2)
            memset(bytes, 'y', n - n / 8);
        struct str s = str_make(bytes, n);
        unsigned char a = wanted[cell_random(&seed) % 7];
        unsigned char b = wanted[cell_random(&seed) % 7];
        size_t either = 0;
        while (either < n && bytes[either] != a && bytes[either] != b)
            either++;
        size_t pair = 0;
        while (pair + 1 < n && (bytes[pair] != a || bytes[pair + 1] != b))
            pair++;
        pair = pair + 1 < n ? pair : n;
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            count += bytes[i] == a;
        size_t newlines = 0;
        for (size_t i = 0; i < pair; i++)
            newlines += bytes[i] == '\n';
        const struct simd_ops *all[SIMD_KINDS];
        size_t kinds = simd_all(all);
        for (size_t i = 0; i < kinds; i++) {
            assert_int_equal(all[i]->find_either(s, a, b), either);
            uint64_t lines = 1;
            assert_int_equal(all[i]->find_pair(s, a, b, &lines), pair);
            assert_int_equal(lines, 1 + newlines);
            assert_int_equal(all[i]->count(s, a), count);
        }
        free(bytes);
    }
}

static void long_runs_of_hits_are_counted(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    unsigned char *bytes = malloc(MANY);
    assert_non_null(bytes);
    memset(bytes, '\n', MANY);
    assert_int_equal(simd_best()->count(str_make(bytes, MANY), '\n'), MANY);
    assert_int_equal(simd_best()->count(str_make(bytes, MANY), 'x'), 0);
    free(bytes);
}

/* '=' that base64 puts behind n bytes. */
static unsigned padding_of(size_t n)
{
    return (unsigned)((3 - n % 3) % 3);
}

/* Every byte value in every place of a value: both forms say the same, and what is said is right.
 */
static void base64_of_base64_is_told_alike(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    for (unsigned blocks = 1; blocks <= 9; blocks++) {
        char value[CELL_MAX];
        size_t raw = 57 + 16 * (size_t)blocks;
        unsigned inner = padding_of(raw);
        unsigned outer = padding_of((raw + 2) / 3 * 4);
        (void)cell_value(value, "", blocks, 1700000000, blocks);
        struct str s = str_from(value);
        for (size_t at = 0; at < s.len; at++) {
            char kept = value[at];
            for (unsigned c = 1; c < 256; c++) {
                unsigned char heads[2][9] = {{0}};
                value[at] = (char)c;
                bool plain = simd_scalar.base64_twice(s, outer, inner, heads[0]);
                for (size_t k = 1; k < kinds; k++) {
                    assert_int_equal(plain, all[k]->base64_twice(s, outer, inner, heads[1]));
                    if (plain)
                        assert_memory_equal(heads[0], heads[1], 9);
                }
                if (value[at] == kept)
                    assert_true(plain);
                else if (!strchr(digits, (int)c))
                    assert_false(plain);
            }
            value[at] = kept;
        }
        unsigned char head[9];
        assert_true(simd_best()->base64_twice(s, outer, inner, head));
        assert_int_equal(head[0], 0x80);
        assert_memory_equal(head + 1, "\0\0\0\0\x65\x53\xf1\x00", 8);
    }
}

static void base64_with_other_padding_is_refused(void **state)
{
    (void)state;
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    for (unsigned blocks = 1; blocks <= 6; blocks++) {
        char value[CELL_MAX];
        unsigned char head[9];
        size_t raw = 57 + 16 * (size_t)blocks;
        (void)cell_value(value, "", blocks, 1700000000, blocks);
        for (unsigned i = 0; i < 9; i++) {
            unsigned outer = i % 3;
            unsigned inner = i / 3;
            bool right = inner == padding_of(raw) && outer == padding_of((raw + 2) / 3 * 4);
            for (size_t k = 0; k < kinds; k++)
                assert_int_equal(all[k]->base64_twice(str_from(value), outer, inner, head), right);
        }
    }
}

static void the_alphabet_is_that_of_rfc_4648(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned legal = 0;
    for (unsigned c = 0; c < 256; c++)
        legal += base64url_value[c] < 64;
    assert_int_equal(legal, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(base64url_value[(unsigned char)digits[i]], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_of_all_forms_are_equal),
        cmocka_unit_test(masks_are_what_they_say),
        cmocka_unit_test(csv_masks_of_all_forms_are_equal),
        cmocka_unit_test(csv_masks_leave_out_what_is_quoted),
        cmocka_unit_test(finding_and_counting_agree),
        cmocka_unit_test(long_runs_of_hits_are_counted),
        cmocka_unit_test(base64_of_base64_is_told_alike),
        cmocka_unit_test(base64_with_other_padding_is_refused),
        cmocka_unit_test(the_alphabet_is_that_of_rfc_4648),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
