/* proof: HMAC by midstates, which key fits, and what that makes of a token. */
#include "formats/envelope/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs setjmp.h and stdarg.h first */
#include <cmocka.h>

static void from_hex(const char *hex, unsigned char *into)
{
    for (size_t i = 0; hex[2 * i]; i++)
        into[i] = (unsigned char)((unsigned)ascii_hex((unsigned char)hex[2 * i]) << 4 |
                                  (unsigned)ascii_hex((unsigned char)hex[2 * i + 1]));
}

static bool hmac_is(struct str key, struct str message, const char *hex)
{
    struct err err = {0};
    struct hmac_key ready;
    unsigned char mac[SHA256_BYTES];
    from_hex(hex, mac);
    assert_true(crypto_hmac_key(key, &ready, &err));
    bool is = crypto_hmac_is(&ready, message, mac);
    mac[SHA256_BYTES - 1] ^= 1;
    assert_false(crypto_hmac_is(&ready, message, mac));
    return is;
}

/* RFC 4231, test cases 1 to 4 */
static void hmac_is_that_of_the_rfc(void **state)
{
    (void)state;
    unsigned char key[25];
    unsigned char text[50];
    memset(key, 0x0b, 20);
    assert_true(hmac_is(str_make(key, 20), STR("Hi There"),
                        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
    assert_true(hmac_is(STR("Jefe"), STR("what do ya want for nothing?"),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    memset(key, 0xaa, 20);
    memset(text, 0xdd, 50);
    assert_true(hmac_is(str_make(key, 20), str_make(text, 50),
                        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"));
    for (unsigned char i = 0; i < 25; i++)
        key[i] = i + 1;
    memset(text, 0xcd, 50);
    assert_true(hmac_is(str_make(key, 25), str_make(text, 50),
                        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"));
}

static void a_key_longer_than_a_block_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    struct hmac_key ready;
    unsigned char key[65] = {0};
    assert_false(crypto_hmac_key(str_make(key, sizeof key), &ready, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

/* ---- four keys, all bytes 1, 2, 3, 4; names a, b, c, d ---- */

struct four {
    struct arena arena;
    struct key_names known;
    struct proof_keys proof;
};

static void make_four(struct four *f, enum proof_material material)
{
    static const struct str names[] = {{(const unsigned char *)"a", 1},
                                       {(const unsigned char *)"b", 1},
                                       {(const unsigned char *)"c", 1},
                                       {(const unsigned char *)"d", 1}};
    struct err err = {0};
    struct secret derived[4];
    *f = (struct four){.arena.wipe = true};
    for (unsigned i = 0; i < 4; i++)
        memset(derived[i].derived, (int)i + 1, SECRET_DERIVED);
    assert_true(key_names_make(&f->arena, names, 4, &f->known, &err));
    assert_true(proof_keys_make(&f->arena, derived, 4, 2, material, &f->proof, &err));
}

/* Python: hmac.new(bytes([n]) * 16, b"message of %d" % n, "sha256") */
static const char *const macs[] = {
    "f98f897887f4b6a1f191e6f5aaaae64f1670c321174d3a464665aa88591b3b01",
    "2675b00aa452d57e9f5a25f144f26b813c685ba64cc12116984c3a2e4b234007",
    "6b3cd6b327eb954200b29318e759bf54993d924861c194131d4976fe4a6e87e7",
    "8f2cda21fbdc70c873408e261a33e35c8bc3a0602d284c6a545304d01e1ab91f",
};

static void the_key_that_made_a_message_is_found_under_any_hint(void **state)
{
    (void)state;
    struct four f;
    make_four(&f, PROOF_MAC_HALF);
    for (size_t i = 0; i < 4; i++) {
        unsigned char mac[SHA256_BYTES];
        char text[16];
        (void)snprintf(text, sizeof text, "message of %zu", i + 1);
        from_hex(macs[i], mac);
        for (size_t hint = 0; hint < 6; hint++)
            assert_int_equal(proof_hmac(&f.proof, hint, str_from(text), mac), i);
        assert_true(proof_hmac(&f.proof, i, STR("another message"), mac) == PROOF_ORPHAN);
    }
    arena_free(&f.arena);
}

struct trace {
    const struct proof_keys *proof;
    size_t fits;
    char tried[8];
};

static bool note(const struct proof_key *key, const void *value)
{
    struct trace *t = *(struct trace *const *)value;
    size_t index = (size_t)(key - t->proof->keys);
    size_t n = strlen(t->tried);
    t->tried[n] = (char)('a' + index);
    return index == t->fits;
}

static const char *order(const struct proof_keys *proof, size_t hint, size_t fits)
{
    static struct trace t;
    struct trace *at = &t;
    t = (struct trace){.proof = proof, .fits = fits};
    size_t found = proof_find(proof, hint, note, &at);
    assert_true(found == (fits < proof->count ? fits : PROOF_ORPHAN));
    return t.tried;
}

static void keys_are_tried_hint_active_others(void **state)
{
    (void)state;
    struct four f;
    make_four(&f, PROOF_MAC_HALF);
    assert_string_equal(order(&f.proof, 3, 9), "dcab");
    assert_string_equal(order(&f.proof, 2, 9), "cabd");
    assert_string_equal(order(&f.proof, 4, 9), "cabd");
    assert_string_equal(order(&f.proof, 3, 2), "dc");
    assert_string_equal(order(&f.proof, 3, 3), "d");
    f.proof.active = f.proof.count;
    assert_string_equal(order(&f.proof, 1, 9), "bacd");
    arena_free(&f.arena);
}

static void the_mac_half_alone_holds_nothing_of_the_cipher_half(void **state)
{
    (void)state;
    static const unsigned char nothing[PROOF_HALF] = {0};
    struct four f;
    make_four(&f, PROOF_MAC_HALF);
    assert_memory_equal(f.proof.keys[1].bytes + PROOF_HALF, nothing, PROOF_HALF);
    arena_free(&f.arena);
    make_four(&f, PROOF_WHOLE_KEY);
    assert_memory_not_equal(f.proof.keys[1].bytes + PROOF_HALF, nothing, PROOF_HALF);
    arena_free(&f.arena);
}

/* ---- what a proof makes of a token ---- */

static enum value_class token(const struct four *f, struct verdict *v, enum use_kind kind,
                              const char *name, size_t proof)
{
    const struct reading r = {.known = &f->known, .proof = &f->proof, .time_limit = 1000};
    verdict_open(v);
    return verdict_token(v, &r, kind, str_from(name), 7, proof);
}

static void assert_uses(const struct verdict *v, const char *expected)
{
    char text[64] = "";
    for (size_t i = 0; i < v->use_count; i++) {
        const struct key_use *u = &v->uses[i];
        assert_int_equal(u->oldest, 7);
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof text - n, "%s%c%s", i ? " " : "",
                       u->kind == USE_KNOWN     ? (char)('a' + u->known)
                       : u->kind == USE_UNKNOWN ? (char)u->name[0]
                                                : '-',
                       u->basis == BASIS_PROVEN ? "!" : "?");
    }
    assert_string_equal(text, expected);
}

static void claimed_and_proven_version_are_both_in_use(void **state)
{
    (void)state;
    struct four f;
    struct verdict v;
    make_four(&f, PROOF_MAC_HALF);
    assert_int_equal(token(&f, &v, USE_UNKNOWN, "B", 1), CLASS_VERIFIED);
    assert_uses(&v, "b!");
    assert_int_equal(token(&f, &v, USE_UNKNOWN, "b", 3), CLASS_MISLABELLED);
    assert_uses(&v, "b? d!");
    assert_int_equal(token(&f, &v, USE_BARE, "", 0), CLASS_LEGACY_VERIFIED);
    assert_uses(&v, "a!");
    assert_int_equal(token(&f, &v, USE_BARE, "", PROOF_ORPHAN), CLASS_ORPHAN);
    assert_uses(&v, "-?");
    assert_int_equal(token(&f, &v, USE_UNKNOWN, "b", PROOF_ORPHAN), CLASS_ORPHAN);
    assert_uses(&v, "b?");
    arena_free(&f.arena);
}

static void a_name_that_the_keyring_lacks_is_an_orphan_whatever_fits(void **state)
{
    (void)state;
    struct four f;
    struct verdict v;
    make_four(&f, PROOF_MAC_HALF);
    assert_int_equal(token(&f, &v, USE_UNKNOWN, "x", 0), CLASS_ORPHAN);
    assert_uses(&v, "x? a!");
    assert_int_equal(token(&f, &v, USE_UNKNOWN, "x", PROOF_ORPHAN), CLASS_ORPHAN);
    assert_uses(&v, "x?");
    arena_free(&f.arena);
}

static void what_was_not_tried_stays_a_claim(void **state)
{
    (void)state;
    struct four f;
    struct verdict v;
    make_four(&f, PROOF_MAC_HALF);
    assert_int_equal(token(&f, &v, USE_UNKNOWN, "b", PROOF_UNTRIED), CLASS_HINTED);
    assert_uses(&v, "b?");
    assert_int_equal(token(&f, &v, USE_BARE, "", PROOF_UNTRIED), CLASS_UNVERSIONED);
    assert_uses(&v, "-?");
    arena_free(&f.arena);
}

static void a_token_of_the_future_counts_once_as_such(void **state)
{
    (void)state;
    struct four f;
    struct verdict v;
    make_four(&f, PROOF_MAC_HALF);
    const struct reading r = {.known = &f.known, .proof = &f.proof, .time_limit = 6};
    verdict_open(&v);
    assert_int_equal(verdict_token(&v, &r, USE_UNKNOWN, STR("b"), 7, 3), CLASS_MISLABELLED);
    assert_int_equal(v.future, 1);
    assert_int_equal(v.uses[0].newest, UTC_NONE);
    assert_int_equal(v.uses[1].newest, UTC_NONE);
    arena_free(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_is_that_of_the_rfc),
        cmocka_unit_test(a_key_longer_than_a_block_is_refused),
        cmocka_unit_test(the_key_that_made_a_message_is_found_under_any_hint),
        cmocka_unit_test(keys_are_tried_hint_active_others),
        cmocka_unit_test(the_mac_half_alone_holds_nothing_of_the_cipher_half),
        cmocka_unit_test(claimed_and_proven_version_are_both_in_use),
        cmocka_unit_test(a_name_that_the_keyring_lacks_is_an_orphan_whatever_fits),
        cmocka_unit_test(what_was_not_tried_stays_a_claim),
        cmocka_unit_test(a_token_of_the_future_counts_once_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
