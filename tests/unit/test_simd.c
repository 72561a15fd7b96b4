/* simd: the vector forms against the plain ones, on random bytes in buffers of exact size. */
#include "common/simd.h"
#include "tests/unit/fernet_cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 700 };

/*
 * Bytes of which most are special, or fewer of them with `rare` 1 to 3, in memory that ends where
 * they end: ASan sees any overrun.
 */
static unsigned char *random_bytes(uint64_t *seed, size_t n, unsigned rare)
{
    static const char special[] = "\t\n\\Z05aA.xN\r\t\n";
    unsigned char *bytes = malloc(n ? n : 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) {
        uint64_t r = cell_random(seed);
        if ((r >> 32 & 63) < rare * 21)
            bytes[i] = 'y';
        else if (r % 3)
            bytes[i] = (unsigned char)special[r / 3 % (sizeof special - 1)];
        else
            bytes[i] = (unsigned char)(r >> 8);
    }
    return bytes;
}

/* Of each group, the bytes of each place: what the random bytes hold now and then. */
static const char *const sets[][SIMD_NEEDLE] = {{"Z", "0", "05aAZ.xN", "Z05aA.xN"},
                                                {"5", "aA", "Z05aA.xN", "05aAZ."},
                                                {"xN", "Nx", "Z5", "."},
                                                {"y", "y", "y", "!~"},
                                                {"~", " ", "!", "0"}};
enum { SETS = sizeof sets / sizeof *sets };
/* And of what the sets take, what is looked for. */
static const char *const needle_texts[] = {"Z00Z", "Z055", "Z0aA", "Z0.x", "5aZ0", "5AN.",
                                           "5AxA", "xN5.", "NxZ.", "yyy!", "~ !0"};

static const struct simd_needles *some_needles(void)
{
    static struct simd_needles n;
    static bool made;
    for (unsigned g = 0; !made && g < SETS; g++)
        for (size_t k = 0; k < SIMD_NEEDLE; k++)
            for (const char *c = sets[g][k]; *c; c++)
                simd_needle_add(&n, g, k, (unsigned char)*c);
    for (size_t t = 0; !made && t < sizeof needle_texts / sizeof *needle_texts; t++)
        simd_needle_text(&n, (const unsigned char *)needle_texts[t]);
    simd_needles_seal(&n);
    made = true;
    return &n;
}

/* Does one of them begin here, in any case of its letters? */
static bool begins_needle(struct str rest)
{
    for (size_t t = 0; t < sizeof needle_texts / sizeof *needle_texts; t++)
        if (rest.len >= SIMD_NEEDLE &&
            str_eq_nocase(str_make(rest.at, SIMD_NEEDLE), str_from(needle_texts[t])))
            return true;
    return false;
}

/* By the words of the header: ASCII, its low nibble that of one of them, and its high nibble. */
static bool is_in_set(const char *set, unsigned char byte)
{
    bool low = false;
    bool high = false;
    for (; *set; set++) {
        low |= (*set & 15) == (byte & 15);
        high |= *set >> 4 == byte >> 4;
    }
    return low && high && byte < 128;
}

static bool may_begin_needle(struct str rest)
{
    bool any = false;
    for (size_t g = 0; g < SETS && !any; g++) {
        any = rest.len >= SIMD_NEEDLE;
        for (size_t k = 0; k < SIMD_NEEDLE && any; k++)
            any = is_in_set(sets[g][k], rest.at[k]);
    }
    return any;
}

/* All masks of the bytes, by as many calls as it takes; gives back the last carry. */
static uint64_t copy_masks(const struct simd_ops *simd, struct str s, uint64_t carry,
                           struct simd_masks *into)
{
    size_t blocks = (s.len + SIMD_BLOCK - 1) / SIMD_BLOCK;
    for (size_t b = 0; b < blocks;) {
        size_t n = simd->copy_masks(s.at + b * SIMD_BLOCK, s.at + s.len, blocks - b, some_needles(),
                                    &carry, into + b);
        assert_in_range(n, 1, blocks - b);
        for (size_t i = 0; i + 1 < n; i++)
            assert_int_equal(into[b + i].mark, 0); /* it stops at the first mark */
        b += n;
        assert_true(b == blocks || into[b - 1].mark != 0);
    }
    return carry;
}

static void masks_of_all_forms_are_equal(void **state)
{
    (void)state;
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    uint64_t seed = 1;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = 1 + cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n, round % 4);
        struct simd_masks a[16] = {0};
        uint64_t carry = copy_masks(&simd_scalar, str_make(bytes, n), round & 1, a);
        for (size_t k = 1; k < kinds; k++) {
            struct simd_masks b[16] = {0};
            assert_int_equal(copy_masks(all[k], str_make(bytes, n), round & 1, b), carry);
            assert_memory_equal(a, b, sizeof a);
        }
        free(bytes);
    }
}

static struct simd_csv_state csv_masks(const struct simd_ops *simd, struct str s,
                                       const struct simd_csv *how, struct simd_masks *into)
{
    struct simd_csv with = *how;
    struct simd_csv_state csv = {.separator = 1};
    with.needles = some_needles();
    how = &with;
    size_t blocks = (s.len + SIMD_BLOCK - 1) / SIMD_BLOCK;
    for (size_t b = 0; b < blocks;) {
        size_t n =
            simd->csv_masks(s.at + b * SIMD_BLOCK, s.at + s.len, blocks - b, how, &csv, into + b);
        assert_in_range(n, 1, blocks - b);
        for (size_t i = 0; i + 1 < n; i++)
            assert_int_equal(into[b + i].mark, 0);
        b += n;
        assert_true(b == blocks || into[b - 1].mark != 0);
    }
    return csv;
}

static const struct simd_csv hows[] = {{.delimiter = '\t', .quote = 'Z', .null = '\t'},
                                       {.delimiter = '\t', .quote = '\\', .null = 'N'},
                                       {.delimiter = 'x', .quote = 0, .null = 'x'},
                                       {.delimiter = '.', .quote = '\\', .null = '5'}};

static void csv_masks_of_all_forms_are_equal(void **state)
{
    (void)state;
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    uint64_t seed = 9;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = 1 + cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n, round / 4 % 4);
        struct simd_masks a[16] = {0};
        struct simd_csv_state last =
            csv_masks(&simd_scalar, str_make(bytes, n), &hows[round % 4], a);
        for (size_t k = 1; k < kinds; k++) {
            struct simd_masks b[16] = {0};
            struct simd_csv_state same = csv_masks(all[k], str_make(bytes, n), &hows[round % 4], b);
            assert_memory_equal(a, b, sizeof a);
            assert_memory_equal(&last, &same, sizeof last);
        }
        free(bytes);
    }
}

/* Byte by byte, in two pieces: where the last record ends, the lines, and whether quotes count. */
static void csv_is_cut_where_its_last_record_ends(void **state)
{
    (void)state;
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    uint64_t seed = 11;
    unsigned even = 0;
    for (unsigned round = 0; round < 40000; round++) {
        const struct simd_csv *how = &hows[round % 4];
        size_t n = cell_random(&seed) % (round % 3 ? 20 : ROOM);
        unsigned char *bytes = random_bytes(&seed, n, round / 4 % 4);
        size_t split = n ? cell_random(&seed) % n : 0;
        size_t ends[2] = {0, 0};
        uint64_t lines = 0;
        bool inside = false;
        bool right = true;
        for (size_t i = 0; i < n; i++) {
            unsigned char before = i ? bytes[i - 1] : '\n';
            bool quote = how->quote && bytes[i] == how->quote;
            bool may_open = before == '\n' || before == how->delimiter || before == how->quote;
            bool behind = how->quote && i && before == how->quote && !inside && !quote &&
                          bytes[i] != how->delimiter && bytes[i] != '\n' && bytes[i] != '\r';
            right = right && (!quote || inside || may_open) && !behind;
            inside ^= quote;
            lines += bytes[i] == '\n';
            if (bytes[i] == '\n' && !inside)
                ends[i >= split] = i + 1 - (i >= split ? split : 0);
        }
        for (size_t k = 0; k < kinds; k++) {
            struct simd_csv_state csv = {.separator = 1};
            struct simd_csv_cut first = {0};
            struct simd_csv_cut second = {0};
            struct str s = str_make(bytes, n);
            bool is = all[k]->csv_cut(str_slice(s, 0, split), how, &csv, &first);
            is = all[k]->csv_cut(str_slice(s, split, n), how, &csv, &second) && is;
            assert_int_equal(is, right);
            if (!right)
                continue;
            even++;
            assert_int_equal(csv.inside != 0, inside);
            assert_int_equal(first.newlines + second.newlines, lines);
            assert_int_equal(first.end, ends[0]);
            assert_int_equal(second.end, ends[1]);
        }
        free(bytes);
    }
    assert_in_range(even, 10000, 120000);
}

/* Byte by byte: is it in quotes, and what then is it. */
static void csv_masks_leave_out_what_is_quoted(void **state)
{
    (void)state;
    static const char text[] = "a,\"b,\n\"\"c\",,\"\"\nNULL,5a,\"Z0\",\"\",Z\n,\"\n,,\",x,N\n";
    static const char tabs[] = " ,        ,, ";
    const struct simd_csv how = {.delimiter = ',', .quote = '"', .null = 'N'};
    struct simd_masks m[2] = {0};
    size_t n = sizeof text - 1;
    struct simd_csv_state csv =
        csv_masks(simd_best(), str_make((const unsigned char *)text, n), &how, m);
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
}

/* Byte by byte from what the header says a mask is. */
static void masks_are_what_they_say(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (unsigned round = 0; round < 5000; round++) {
        size_t n = 1 + cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n, round % 4);
        struct simd_masks m[16] = {0};
        (void)copy_masks(simd_best(), str_make(bytes, n), 1, m);
        for (size_t i = 0; i < n; i++) {
            const struct simd_masks *block = &m[i / SIMD_BLOCK];
            unsigned char c = bytes[i];
            bool begins = i == 0 || bytes[i - 1] == '\t' || bytes[i - 1] == '\n';
            bool ends = c == '\t' || c == '\n' || c == '\r';
            bool other = c == '\\' || (ends && begins);
            struct str rest = str_make(bytes + i, n - i);
            assert_int_equal(block->tab >> i % SIMD_BLOCK & 1, c == '\t');
            assert_int_equal(block->newline >> i % SIMD_BLOCK & 1, c == '\n');
            if (other || !may_begin_needle(rest))
                assert_int_equal(block->mark >> i % SIMD_BLOCK & 1, other);
            else if (begins_needle(rest))
                assert_int_equal(block->mark >> i % SIMD_BLOCK & 1, 1);
        }
        free(bytes);
    }
}

static void bits_are_deposited_in_their_order(void **state)
{
    (void)state;
    uint64_t seed = 5;
    if (simd_best() == &simd_scalar)
        return; /* for loops of the vector forms only */
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t from = cell_random(&seed);
        uint64_t to = cell_random(&seed) & cell_random(&seed);
        uint64_t into = 0;
        for (unsigned i = 0, k = 0; i < 64; i++)
            if (to >> i & 1)
                into |= (from >> k++ & 1) << i;
        assert_int_equal(simd_deposit(from, to), into);
    }
}

static void finding_and_counting_agree(void **state)
{
    (void)state;
    static const unsigned char wanted[] = "\t\n\\.Zqx";
    uint64_t seed = 3;
    unsigned end_lines = 0;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = cell_random(&seed) % ROOM;
        unsigned char *bytes = random_bytes(&seed, n, 0);
        if (round % 2)
            memset(bytes, 'y', n - n / 8);
        struct str s = str_make(bytes, n);
        unsigned char a = wanted[cell_random(&seed) % 7];
        unsigned char b = wanted[cell_random(&seed) % 7];
        size_t either = 0;
        while (either < n && bytes[either] != a && bytes[either] != b)
            either++;
        size_t needle = 0;
        for (struct str rest = s; needle < n && !(may_begin_needle(rest) && begins_needle(rest));
             needle++)
            rest = str_slice(s, needle + 1, n);
        size_t told = simd_scalar.find_needle(s, some_needles());
        assert_true(told <= needle && (told == n || may_begin_needle(str_slice(s, told, n))));
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            count += bytes[i] == a;
        size_t end_line = 0;
        size_t newlines = 0;
        for (; end_line < n; end_line++) {
            if (end_line + 1 < n && bytes[end_line] == '\\' && bytes[end_line + 1] == '.' &&
                (end_line == 0 || bytes[end_line - 1] == '\n'))
                break;
            newlines += bytes[end_line] == '\n';
        }
        end_lines += end_line < n;
        const struct simd_ops *all[SIMD_KINDS];
        size_t kinds = simd_all(all);
        for (size_t i = 0; i < kinds; i++) {
            assert_int_equal(all[i]->find_either(s, a, b), either);
            uint64_t lines = 1;
            assert_int_equal(all[i]->find_needle(s, some_needles()), told);
            assert_int_equal(all[i]->find_end_line(s, &lines), end_line);
            assert_int_equal(lines, 1 + newlines);
            assert_int_equal(all[i]->count(s, a), count);
        }
        free(bytes);
    }
    assert_in_range(end_lines, 500, 19000);
}

/* At each byte, behind lines that begin with another backslash and a `\\.` within a line. */
static void the_end_line_is_found_wherever_it_begins(void **state)
{
    (void)state;
    enum { LONG = 300 };
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    for (size_t at = 0; at + 1 < LONG; at++) {
        unsigned char bytes[LONG];
        uint64_t before = 0;
        for (size_t i = 0; i < LONG; i++)
            bytes[i] = (unsigned char)"\n\\Nx\\."[i % 6];
        if (at > 0)
            bytes[at - 1] = '\n';
        bytes[at] = '\\';
        bytes[at + 1] = '.';
        for (size_t i = 0; i < at; i++)
            before += bytes[i] == '\n';
        for (size_t k = 0; k < kinds; k++) {
            uint64_t lines = 0;
            assert_int_equal(all[k]->find_end_line(str_make(bytes, LONG), &lines), at);
            assert_int_equal(lines, before);
            assert_int_equal(all[k]->find_end_line(str_make(bytes, at + 1), &lines), at + 1);
        }
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

/* The same result of all forms; gives back the plain one's. */
static bool twice(struct str s, struct simd_base64 *found)
{
    const struct simd_ops *all[SIMD_KINDS];
    size_t kinds = simd_all(all);
    memset(found, 0, sizeof *found);
    bool is = simd_scalar.base64_twice(s, found);
    for (size_t k = 1; k < kinds; k++) {
        struct simd_base64 other = {0};
        assert_int_equal(all[k]->base64_twice(s, &other), is);
        if (!is)
            continue;
        assert_int_equal(other.outer, found->outer);
        assert_int_equal(other.inner, found->inner);
        assert_int_equal(other.inner_pad, found->inner_pad);
        assert_memory_equal(other.head, found->head, 9);
    }
    return is;
}

/* '=' that base64 puts behind n bytes. */
static unsigned padding_of(size_t n)
{
    return (unsigned)((3 - n % 3) % 3);
}

/* By what it is made of: n raw bytes, encoded and encoded again, with anything behind it. */
static void base64_of_base64_is_measured(void **state)
{
    (void)state;
    static const char *const behind[] = {
        "",         "\t", "\n", ":abcdefghijklmnopqrstuvwxyz0123456789",
        "\xc1\xc2", "=",  "\"", "\r\nZ0FBQUFB"};
    uint64_t seed = 21;
    for (size_t n = 0; n < 400; n++) {
        unsigned char raw[400];
        char once[CELL_MAX];
        char whole[CELL_MAX];
        struct simd_base64 found;
        for (size_t i = 0; i < n; i++)
            raw[i] = (unsigned char)cell_random(&seed);
        size_t inner = cell_base64(raw, n, once);
        size_t outer = cell_base64((unsigned char *)once, inner, whole);
        (void)snprintf(whole + outer, sizeof whole - outer, "%s", behind[n % 8]);
        size_t len = strlen(whole);
        unsigned char *exact = malloc(len ? len : 1); /* ASan sees any overrun */
        assert_non_null(exact);
        memcpy(exact, whole, len);
        bool is = twice(str_make(exact, len), &found);
        assert_int_equal(is, outer - padding_of(inner) > SIMD_SHORT);
        free(exact);
        if (!is)
            continue;
        assert_int_equal(found.outer, outer - padding_of(inner));
        assert_int_equal(found.inner, inner - padding_of(n));
        assert_int_equal(found.inner_pad, padding_of(n));
        assert_memory_equal(found.head, raw, 9);
    }
}

/* Every byte value in every place of a value: all forms say the same, and what is said is right. */
static void base64_of_base64_is_told_alike(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (unsigned blocks = 1; blocks <= 9; blocks++) {
        char value[CELL_MAX];
        struct simd_base64 right;
        struct simd_base64 found;
        (void)cell_value(value, "", blocks, 1700000000, blocks);
        struct str s = str_from(value);
        assert_true(twice(s, &right));
        assert_memory_equal(right.head, "\x80\0\0\0\0\x65\x53\xf1\x00", 9);
        for (size_t at = 0; at < s.len; at++) {
            char kept = value[at];
            for (unsigned c = 1; c < 256; c++) {
                value[at] = (char)c;
                bool is = twice(s, &found);
                if (!strchr(digits, (int)c) && at < right.outer && is)
                    assert_int_equal(found.outer, at);
            }
            value[at] = kept;
        }
    }
}

/* No digit may follow the inner padding, nor a third '='. */
static void inner_padding_is_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *once;
        bool right;
    } cases[] = {{"QUJD", true}, {"QUI=", true},       {"QQ==", true},    {"QQ===", false},
                 {"Q=Q", false}, {"QQ=A", false},      {"=", false},      {"===", false},
                 {"Q Q", false}, {"QUJDQUJD=", false}, {"QUJDQU==", true}};
    for (size_t before = 96; before < 296; before += 4)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            char once[400];
            char whole[800];
            struct simd_base64 found;
            memset(once, 'A', before);
            (void)snprintf(once + before, sizeof once - before, "%s", cases[i].once);
            (void)cell_base64((unsigned char *)once, strlen(once), whole);
            assert_int_equal(twice(str_from(whole), &found), cases[i].right);
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
        cmocka_unit_test(csv_is_cut_where_its_last_record_ends),
        cmocka_unit_test(bits_are_deposited_in_their_order),
        cmocka_unit_test(csv_masks_leave_out_what_is_quoted),
        cmocka_unit_test(finding_and_counting_agree),
        cmocka_unit_test(the_end_line_is_found_wherever_it_begins),
        cmocka_unit_test(long_runs_of_hits_are_counted),
        cmocka_unit_test(base64_of_base64_is_measured),
        cmocka_unit_test(base64_of_base64_is_told_alike),
        cmocka_unit_test(inner_padding_is_the_end),
        cmocka_unit_test(the_alphabet_is_that_of_rfc_4648),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
