/* fernet_proof: tokens of known keys, in every place and way that a cell can be read. */
#include "tests/unit/fernet_cells.h"
#include "tests/unit/proof_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs setjmp.h and stdarg.h first */
#include <cmocka.h>

static struct three_keys keys;

static int open_keys(void **state)
{
    (void)state;
    return three_keys_open(&keys, PROOF_MAC_HALF) ? 0 : -1;
}

static int close_keys(void **state)
{
    (void)state;
    arena_free(&keys.arena);
    return 0;
}

/* "v2? v3!" for v2 claimed and v3 proven. */
static void describe(const struct verdict *v, char *into, size_t room)
{
    size_t n = (size_t)snprintf(into, room, "%s", value_class_name(v->class));
    for (size_t i = 0; i < v->use_count && n < room; i++) {
        const struct key_use *u = &v->uses[i];
        struct str name = u->kind == USE_KNOWN     ? keys.known.names[u->known]
                          : u->kind == USE_UNKNOWN ? str_make(u->name, u->len)
                          : u->kind == USE_BARE    ? STR("bare")
                                                   : STR("other");
        n += (size_t)snprintf(into + n, room - n, " %.*s%s", STR_ARG(name),
                              u->basis == BASIS_PROVEN ? "!" : "?");
    }
}

static void assert_said(const struct verdict *v, const char *expected)
{
    char text[256];
    describe(v, text, sizeof text);
    assert_string_equal(text, expected);
    assert_true(v->counted);
}

static void in_pieces(struct str cell, size_t piece, struct verdict *v)
{
    static struct fernet_stream s;
    fernet_stream_open(&s, &keys.reading, v);
    for (size_t at = 0; at < cell.len; at += piece)
        fernet_stream_feed(&s, str_slice(cell, at, at + piece));
    fernet_stream_close(&s);
}

/* Whole, in pieces, and as the bytes of a bytea. */
static void assert_cell(const char *cell, const char *expected)
{
    struct arena a = {0};
    struct str whole = str_from(cell);
    struct str hex = {arena_alloc(&a, 2 + 2 * whole.len), 2 + 2 * whole.len};
    char *to = (char *)hex.at;
    struct verdict v;
    envelope_versioned_fernet.classify(&envelope_versioned_fernet, &keys.reading, whole, &v);
    assert_said(&v, expected);
    for (size_t piece = 1; piece < 12; piece++) {
        in_pieces(whole, piece, &v);
        assert_said(&v, expected);
    }
    in_pieces(whole, whole.len, &v);
    assert_said(&v, expected);
    to[0] = '\\';
    to[1] = 'x';
    for (size_t i = 0; i < whole.len; i++) {
        to[2 + 2 * i] = "0123456789abcdef"[whole.at[i] >> 4];
        to[3 + 2 * i] = "0123456789abcdef"[whole.at[i] & 15];
    }
    in_pieces(hex, 7, &v);
    assert_said(&v, expected);
    envelope_versioned_fernet.classify(&envelope_versioned_fernet, &keys.reading, hex, &v);
    assert_said(&v, expected);
    arena_free(&a);
}

static void a_true_label_is_verified(void **state)
{
    (void)state;
    assert_cell("v1:" PROVEN_V1, "verified v1!");
    assert_cell("v2:" PROVEN_V2, "verified v2!");
    assert_cell("V2:" PROVEN_V2_EMPTY, "verified v2!");
    assert_cell("v3:" PROVEN_V3, "verified v3!");
}

static void a_value_without_label_is_attributed(void **state)
{
    (void)state;
    assert_cell(PROVEN_V1, "legacy-verified v1!");
    assert_cell(PROVEN_V2_EMPTY, "legacy-verified v2!");
    assert_cell(PROVEN_V3, "legacy-verified v3!");
}

static void a_lying_label_counts_for_both_versions(void **state)
{
    (void)state;
    assert_cell("v1:" PROVEN_V2, "mislabelled v1? v2!");
    assert_cell("v3:" PROVEN_V1, "mislabelled v3? v1!");
}

static void what_no_key_made_is_an_orphan(void **state)
{
    (void)state;
    assert_cell("v2:" PROVEN_BY_NOBODY, "orphan v2?");
    assert_cell(PROVEN_BY_NOBODY, "orphan bare?");
}

static void a_label_that_the_keyring_lacks_is_an_orphan(void **state)
{
    (void)state;
    assert_cell("v9:" PROVEN_V2, "orphan v9? v2!");
    assert_cell("v9:" PROVEN_BY_NOBODY, "orphan v9?");
    assert_cell("a-longer-name:" PROVEN_V1, "orphan a-longer-name? v1!");
}

static void what_is_cut_is_tried_with_nothing(void **state)
{
    (void)state;
    char cell[] = "v2:" PROVEN_V2;
    cell[sizeof cell - 6] = 0;
    assert_cell(cell, "truncated v2?");
}

static void a_token_behind_another_prefix_is_malformed_and_its_key_in_use(void **state)
{
    (void)state;
    assert_cell("enc v1:" PROVEN_V1, "malformed other? v1!");
    assert_cell("v1:" PROVEN_V1 " and more", "malformed v1!");
}

static void tokens_in_a_larger_cell_are_proven_one_by_one(void **state)
{
    (void)state;
    assert_cell("{\"a\": \"v1:" PROVEN_V1 "\"}", "verified-embedded v1!");
    assert_cell("{\"a\": \"v1:" PROVEN_V1 "\", \"b\": \"v3:" PROVEN_V3 "\"}",
                "verified-embedded v1! v3!");
    assert_cell("{\"a\": \"" PROVEN_V2 "\", \"b\": \"v3:" PROVEN_V3 "\"}",
                "legacy-verified-embedded v2! v3!");
    assert_cell("{\"a\": \"v1:" PROVEN_V2 "\", \"b\": \"" PROVEN_V3 "\"}",
                "mislabelled-embedded v1? v2! v3!");
    assert_cell("{\"a\": \"v1:" PROVEN_BY_NOBODY "\", \"b\": \"v3:" PROVEN_V3 "\"}",
                "orphan-embedded v1? v3!");
}

static void a_cell_is_as_bad_as_its_worst_token(void **state)
{
    (void)state;
    assert_cell("{\"a\": \"v1:" PROVEN_BY_NOBODY "\", \"v2:Z0FBQUFBcut\"}",
                "orphan-embedded v1? v2?");
    assert_cell("{\"a\": \"v1:" PROVEN_V2 "\", \"v2:Z0FBQUFBcut\"}",
                "truncated-embedded v1? v2! v2?");
}

/* A valid token of no key. */
static struct str long_token(struct arena *a, size_t blocks)
{
    size_t n = 57 + 16 * blocks;
    unsigned char *raw = arena_alloc(a, n);
    char *inner = arena_alloc(a, n * 2);
    char *outer = arena_alloc(a, n * 3);
    raw[0] = 0x80;
    raw[5] = 0x65;
    return str_make(outer,
                    cell_base64((const unsigned char *)inner, cell_base64(raw, n, inner), outer));
}

static void a_token_beyond_the_limit_stays_a_claim_however_it_is_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct verdict v;
    struct str fits = {NULL, 0};
    struct str beyond = {NULL, 0};
    for (size_t blocks = 2200; beyond.len <= FERNET_PROVEN_MOST; blocks++) {
        fits = beyond;
        beyond = long_token(&a, blocks);
    }
    assert_in_range(fits.len, FERNET_PROVEN_MOST - 64, FERNET_PROVEN_MOST);
    for (size_t piece = 1000; piece <= 100000; piece *= 10) {
        in_pieces(fits, piece, &v);
        assert_said(&v, "orphan bare?");
        in_pieces(beyond, piece, &v);
        assert_said(&v, "unversioned bare?");
    }
    envelope_versioned_fernet.classify(&envelope_versioned_fernet, &keys.reading, fits, &v);
    assert_said(&v, "orphan bare?");
    envelope_versioned_fernet.classify(&envelope_versioned_fernet, &keys.reading, beyond, &v);
    assert_said(&v, "unversioned bare?");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_true_label_is_verified),
        cmocka_unit_test(a_value_without_label_is_attributed),
        cmocka_unit_test(a_lying_label_counts_for_both_versions),
        cmocka_unit_test(what_no_key_made_is_an_orphan),
        cmocka_unit_test(a_label_that_the_keyring_lacks_is_an_orphan),
        cmocka_unit_test(what_is_cut_is_tried_with_nothing),
        cmocka_unit_test(a_token_behind_another_prefix_is_malformed_and_its_key_in_use),
        cmocka_unit_test(tokens_in_a_larger_cell_are_proven_one_by_one),
        cmocka_unit_test(a_cell_is_as_bad_as_its_worst_token),
        cmocka_unit_test(a_token_beyond_the_limit_stays_a_claim_however_it_is_read),
    };
    return cmocka_run_group_tests(tests, open_keys, close_keys);
}
