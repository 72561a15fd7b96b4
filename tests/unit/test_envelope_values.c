/* values of other envelopes: their classes, alone, inside larger cells, cut and broken. */
#include "formats/envelope/sealed.h"
#include "formats/envelope/template.h"
#include "formats/envelope/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { CELL_ROOM = 4096 };

static const struct key_names nobody;
static struct reading reading = {.known = &nobody, .time_limit = INT64_MAX};
static struct verdict v;

static int set_up(void **state)
{
    (void)state;
    reading.simd = simd_best();
    return 0;
}

static void classify(const struct envelope *e, struct str cell)
{
    e->classify(e, &reading, cell, &v);
}

/* "v3" of an unknown name, "-" of none, "?" of an odd one; of the i-th use. */
static const char *use(size_t i)
{
    static char text[ENVELOPE_NAME_MAX + 1];
    const struct key_use *u = &v.uses[i];
    if (i >= v.use_count)
        return "no use";
    if (u->kind == USE_BARE || u->kind == USE_OTHER)
        return u->kind == USE_BARE ? "-" : "?";
    (void)snprintf(text, sizeof text, "%.*s", u->len, (const char *)u->name);
    return text;
}

static void expect(const struct envelope *e, const char *cell, enum value_class class,
                   const char *version)
{
    classify(e, str_from(cell));
    if (v.class != class || v.use_count != 1 || !v.counted || strcmp(use(0), version) != 0)
        fail_msg("%s: %.80s: %s, %zu uses, %s", e->name, cell, value_class_name(v.class),
                 v.use_count, use(0));
}

static void expect_plain(const struct envelope *e, const char *cell)
{
    classify(e, str_from(cell));
    if (v.class != CLASS_PLAINTEXT || v.use_count != 0 || v.counted)
        fail_msg("%s: %.80s: %s", e->name, cell, value_class_name(v.class));
}

/* ---- what holds for all of them ---- */

static void every_vector_of_every_envelope_holds(void **state)
{
    (void)state;
    struct err err = {0};
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    assert_true(envelope_self_test(&err));
    assert_true(count >= 16);
    for (size_t i = 0; i < count; i++) {
        assert_true(all[i]->vector_count > 0);
        for (size_t k = 0; k < all[i]->vector_count; k++)
            assert_true(strlen(all[i]->vectors[k].made_with) > 0);
        /* a proof that is promised is shown, and no other */
        bool promised = (all[i]->caps & (ENVELOPE_PROVEN | ENVELOPE_PROVEN_HALF)) != 0;
        assert_int_equal(promised, all[i]->verify && all[i]->vectors[0].key.len > 0);
    }
}

static void a_vector_that_is_wrong_is_told(void **state)
{
    (void)state;
    struct envelope_vector x = envelope_fernet.vectors[0];
    assert_true(envelope_vector_holds(&envelope_fernet, &x));
    x.time++;
    assert_false(envelope_vector_holds(&envelope_fernet, &x));
    x = envelope_fernet.vectors[0];
    x.class = CLASS_HINTED;
    assert_false(envelope_vector_holds(&envelope_fernet, &x));
    x = envelope_fernet.vectors[0];
    x.version = "v1";
    assert_false(envelope_vector_holds(&envelope_fernet, &x));
    x = envelope_fernet.vectors[0];
    x.key = envelope_fernet.vectors[1].key;
    assert_false(envelope_vector_holds(&envelope_fernet, &x));
}

static void an_envelope_is_found_by_its_name(void **state)
{
    (void)state;
    assert_ptr_equal(envelope_find(STR("47ng")), &envelope_cloak_47ng);
    assert_ptr_equal(envelope_find(STR("versioned-fernet")), &envelope_versioned_fernet);
    assert_null(envelope_find(STR("47")));
    assert_null(envelope_find(STR("")));
}

static enum value_class embedded(enum value_class class)
{
    return class == CLASS_HINTED ? CLASS_HINTED_EMBEDDED : CLASS_UNVERSIONED_EMBEDDED;
}

/* Those that have a constant, but ours, which test_versioned_fernet.c is about. */
static bool is_found_anywhere(const struct envelope *e)
{
    return e->constant_count > 0 && e != &envelope_versioned_fernet;
}

static void a_value_inside_a_larger_cell_is_embedded(void **state)
{
    (void)state;
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    char cell[CELL_ROOM];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; is_found_anywhere(all[i]) && k < all[i]->vector_count; k++) {
            const struct envelope_vector *x = &all[i]->vectors[k];
            if (x->cell[0] == '\\')
                continue; /* a bytea literal is a cell of its own */
            (void)snprintf(cell, sizeof cell, "<a b=\"c\">%s", x->cell);
            assert_true(all[i]->sniff(all[i], str_from(cell)));
            expect(all[i], cell, embedded(x->class), *x->version ? x->version : "-");
        }
}

static void of_a_value_that_is_cut_anywhere_nothing_is_lost(void **state)
{
    (void)state;
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    for (size_t i = 0; i < count; i++) {
        const struct envelope_vector *x = &all[i]->vectors[0];
        size_t len = strlen(x->cell);
        /* Rails' is taken for one when 24 digits of its payload are there; the smallest JSON is
         * nothing yet. */
        size_t from = all[i] == &envelope_rails   ? 6 + 24
                      : is_found_anywhere(all[i]) ? all[i]->constants[0].len
                                                  : len;
        if (all[i] == &envelope_cloak || all[i] == &envelope_aspnet)
            from = 8; /* the constant in base64 */
        for (size_t n = from; n < len; n++) {
            classify(all[i], str_make(x->cell, n));
            bool told = v.counted && v.use_count >= 1;
            if (!told || v.class == CLASS_PLAINTEXT)
                fail_msg("%s cut to %zu: %s", all[i]->name, n, value_class_name(v.class));
        }
    }
}

static void a_verdict_does_not_depend_on_what_stands_behind_the_cell(void **state)
{
    (void)state;
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all[i]->vector_count; k++) {
            struct str cell = str_from(all[i]->vectors[k].cell);
            unsigned char exact[CELL_ROOM]; /* the sanitizer sees a read behind it */
            assert_true(cell.len < sizeof exact);
            unsigned char *end = exact + sizeof exact - cell.len;
            memcpy(end, cell.at, cell.len);
            classify(all[i], str_make(end, cell.len));
            assert_int_equal(v.class, all[i]->vectors[k].class);
        }
}

static void plain_text_is_plain_to_all(void **state)
{
    (void)state;
    static const char *const texts[] = {"hello, world", "{\"p\":\"x\"}", "{\"p\":1,\"h\":2}",
                                        "{\"h\":{}}",   "vault:vampire", "gAAAA",
                                        "eyJpdi",       "k8s:en",        "v1.aesgcm25",
                                        "ENIGMAv1x"};
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; all[i] != &envelope_key_id && k < sizeof texts / sizeof *texts; k++)
            expect_plain(all[i], texts[k]);
}

static void an_empty_cell_is_empty(void **state)
{
    (void)state;
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    for (size_t i = 0; i < count; i++) {
        classify(all[i], STR(""));
        assert_int_equal(v.class, CLASS_EMPTY);
        assert_int_equal(v.use_count, 0);
    }
}

/* ---- one envelope each ---- */

#define B64_28 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==" /* 28 bytes: an empty plaintext */

static void vault_transit(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_vault_transit;
    expect(e, "vault:v12:" B64_28, CLASS_HINTED, "v12");
    expect(e, "vault:v12:AAEC", CLASS_TRUNCATED, "v12");
    expect(e, "vault:v12:", CLASS_TRUNCATED, "v12");
    expect(e, "vault:v12", CLASS_TRUNCATED, "v12");
    expect(e, "vault:v12:#", CLASS_MALFORMED, "v12");
    expect(e, "vault:v12:" B64_28 "=", CLASS_TRUNCATED, "v12");
    expect(e, "vault:v1:" B64_28 " and more", CLASS_HINTED_EMBEDDED, "v1");
    expect_plain(e, "vault:v:" B64_28);
    expect_plain(e, "vault:v12345678901:" B64_28);
    expect_plain(e, "VAULT:v1:" B64_28);
}

static void two_values_in_a_cell_use_both_keys(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_vault_transit;
    classify(e, STR("[\"vault:v1:" B64_28 "\", \"vault:v2:" B64_28 "\"]"));
    assert_int_equal(v.class, CLASS_HINTED_EMBEDDED);
    assert_int_equal(v.use_count, 2);
    assert_string_equal(use(0), "v1");
    assert_string_equal(use(1), "v2");
    /* the second one begins where the digits of the first seem to go on */
    classify(e, STR("vault:v1:"
                    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGwAvault:v2:" B64_28));
    assert_int_equal(v.use_count, 2);
    assert_string_equal(use(1), "v2");
    /* one is whole and the other cut */
    classify(e, STR("vault:v1:" B64_28 ",vault:v2:AAEC,"));
    assert_int_equal(v.class, CLASS_TRUNCATED_EMBEDDED);
    assert_int_equal(v.use_count, 2);
}

static void a_cell_made_to_be_slow_is_refused_and_not_read_for_ever(void **state)
{
    (void)state;
    static unsigned char cell[1 << 20];
    for (size_t i = 0; i < sizeof cell; i++) /* the base64 constant again and again */
        cell[i] = (unsigned char)"CfDJ8"[i % 5];
    cell[0] = ' ';
    classify(&envelope_aspnet, str_make(cell, sizeof cell));
    assert_true(v.counted);
    assert_int_equal(v.class, CLASS_TRUNCATED_EMBEDDED);
    assert_string_equal(use(v.use_count - 1), "?");
}

static void laravel(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_laravel;
    /* {"iv":"AAAA","value":"AAAA","mac":""}: neither a MAC nor a tag */
    expect(e, "eyJpdiI6IkFBQUEiLCJ2YWx1ZSI6IkFBQUEiLCJtYWMiOiIifQ==", CLASS_MALFORMED, "-");
    /* {"iv":1}: some other JSON that begins so */
    expect_plain(e, "eyJpdiI6MX0=");
}

static void the_escaped_slashes_of_old_laravel_are_read(void **state)
{
    (void)state;
    /* made with hashlib and hmac of python3: key 32 bytes 'k', iv "//8=", value "AA//" in JSON as
     * "AA\/\/", mac over "//8=" + "AA//" */
    static const char cell[] =
        "eyJpdiI6IlwvXC84PSIsInZhbHVlIjoiQUFcL1wvIiwibWFjIjoiZGU0N2IxODEyZTZjYjhkZGMwN2M1NDNiMzZkN2"
        "QzYTMwOTc2MThkMWQzZWRhNGVjYTg0YzU1NjJjNTM5YzQyNSJ9";
    expect(&envelope_laravel, cell, CLASS_UNVERSIONED, "-");
    assert_true(envelope_laravel.verify(&envelope_laravel, STR("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"),
                                        str_from(cell)));
}

#define RAILS_P  "\"p\":\"855ECOHfvfswq2IlYaLv6g==\""
#define RAILS_IV "\"iv\":\"RvNx/DwoEL/j0spa\""
#define RAILS_AT "\"at\":\"db1QFbbtzzXCJzKr4HnfLA==\""

static void rails(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_rails;
    expect(e, "{" RAILS_P ",\"h\":{" RAILS_AT "," RAILS_IV "}}", CLASS_UNVERSIONED, "-");
    expect(e, "{" RAILS_P ",\"h\":{" RAILS_AT "," RAILS_IV ",\"i\":\"YWJjZA==\"}}", CLASS_HINTED,
           "abcd");
    expect(e, "{" RAILS_P ",\"h\":{" RAILS_AT "," RAILS_IV ",\"c\":true,\"i\":\"#\"}}",
           CLASS_HINTED, "?");
    expect(e, "{" RAILS_P ",\"h\":{" RAILS_AT "}}", CLASS_MALFORMED, "-"); /* no iv */
    expect(e, "[{" RAILS_P ",\"h\":{" RAILS_AT "," RAILS_IV "}}]", CLASS_UNVERSIONED_EMBEDDED, "-");
    /* in a JSON text in a JSON text */
    expect(e,
           "{\"a\":\"{\\\"p\\\":\\\"855ECOHfvfswq2IlYaLv6g==\\\",\\\"h\\\":{\\\"iv\\\":"
           "\\\"RvNx/DwoEL/j0spa\\\",\\\"at\\\":\\\"db1QFbbtzzXCJzKr4HnfLA==\\\",\\\"i\\\":"
           "\\\"YWJjZA==\\\"}}\"}",
           CLASS_HINTED_EMBEDDED, "abcd");
    expect_plain(e, "{\"p\":\"a person\",\"h\":{\"iv\":\"Roman four\"}}");
}

static void an_id_that_two_keys_share_uses_both(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct err err = {0};
    const struct str names[] = {STR("first"), STR("second"), STR("third")};
    struct key_names known;
    struct key_id list[] = {{STR("abcd"), 2}, {STR("ffff"), 1}, {STR("abcd"), 0}};
    struct key_ids ids;
    assert_true(key_names_make(&arena, names, 3, &known, &err));
    key_ids_make(list, 3, &ids);
    reading.known = &known;
    reading.ids = &ids;
    classify(&envelope_rails,
             STR("{" RAILS_P ",\"h\":{" RAILS_AT "," RAILS_IV ",\"i\":\"YWJjZA==\"}}"));
    assert_int_equal(v.class, CLASS_HINTED);
    assert_int_equal(v.use_count, 2);
    assert_int_equal(v.uses[0].kind, USE_KNOWN);
    assert_int_equal(v.uses[0].known, 0);
    assert_int_equal(v.uses[1].known, 2);
    /* an id of no key is a version that the keyring lacks */
    classify(&envelope_vault_transit, STR("vault:v3:" B64_28));
    assert_int_equal(v.use_count, 1);
    assert_int_equal(v.uses[0].kind, USE_UNKNOWN);
    reading.ids = NULL;
    reading.known = &nobody;
    arena_free(&arena);
}

static void cloak(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_cloak;
    /* 01 02 "k1" and 16 bytes */
    expect(e, "\\x01026b31000102030405060708090a0b0c0d0e0f", CLASS_HINTED, "k1");
    expect(e, "\\x01026b31000102030405060708090a0b0c0d0e", CLASS_TRUNCATED, "k1");
    /* 01 82 0080 and a tag of 128 bytes, which no version is: 128 times 'a', then 16 bytes */
    char cell[CELL_ROOM] = "\\x01820080";
    for (size_t i = 0; i < 128; i++)
        strcat(cell, "61");
    strcat(cell, "000102030405060708090a0b0c0d0e0f");
    expect(e, cell, CLASS_HINTED, "?");
    expect_plain(e, "\\x0100000102030405060708090a0b0c0d0e0f"); /* no tag */
    /* as the bytes that they are */
    static const unsigned char bytes[] = {1, 2, 'k', '1', 0,  1,  2,  3,  4,  5,
                                          6, 7, 8,   9,   10, 11, 12, 13, 14, 15};
    classify(e, str_make(bytes, sizeof bytes));
    assert_int_equal(v.class, CLASS_HINTED);
    assert_string_equal(use(0), "k1");
}

static void a_value_of_cloak_reads_as_one_of_tink_too(void **state)
{
    (void)state;
    const char *cell = envelope_cloak.vectors[0].cell; /* 01 0A 41 45 53: id 0x0A414553 */
    expect(&envelope_tink, cell, CLASS_HINTED, "172049747");
    expect(&envelope_cloak, cell, CLASS_HINTED, "aes.gcm.v1");
}

static void tink(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_tink;
    expect(e, "\\x01ffffffff000102030405060708090a0b0c0d0e0f", CLASS_HINTED, "4294967295");
    expect(e, "\\x0000000001000102030405060708090a0b0c0d0e0f", CLASS_HINTED, "1");
    expect(e, "\\x01ffffffff00", CLASS_TRUNCATED, "4294967295");
    expect_plain(e, "\\x02ffffffff000102030405060708090a0b0c0d0e0f");
}

static void the_47ng_form(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_cloak_47ng;
    expect(e, "v1.aesgcm256.AB12cd34.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA==", CLASS_HINTED,
           "ab12cd34");
    expect(e, "v1.aesgcm256.ab12cd34.AAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA==", CLASS_MALFORMED,
           "ab12cd34");
    expect(e, "v1.aesgcm256.ab12cd3x.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA==", CLASS_MALFORMED,
           "?");
}

static void kubernetes(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_kubernetes;
    expect(e, "k8s:enc:kms:v2:plugin-1:0123456789abcdef", CLASS_HINTED, "plugin-1");
    expect(e, "k8s:enc:secretbox:v1:k:0123456789abcdef", CLASS_HINTED, "k");
    expect(e, "k8s:enc:aesgcm:v1:k:", CLASS_TRUNCATED, "k");
    expect(e, "k8s:enc:aesgcm:v1::0123456789abcdef", CLASS_HINTED, "?");
    expect(e, "k8s:enc:aesgcm:v1", CLASS_TRUNCATED, "?");
}

static void magento(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_magento;
    expect(e, "17:3:" B64_28, CLASS_HINTED, "17");
    expect(e, "0:2:0123456789abcdef0123456789abcdef:" B64_28, CLASS_HINTED, "0");
    expect(e, "2:" B64_28, CLASS_HINTED, "0"); /* cipher 2 and the first key */
    expect(e, "17:3:AAEC", CLASS_TRUNCATED, "17");
    expect_plain(e, "12345:3:" B64_28);
    expect_plain(e, ":3:" B64_28);
}

static void aspnet(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_aspnet;
    /* 09f0c9f0, the GUID 00112233-4455-6677-8899-aabbccddeeff as .NET writes it, 28 bytes */
    expect(e,
           "\\x09f0c9f033221100554477668899aabbccddeeff"
           "000102030405060708090a0b0c0d0e0f101112131415161718191a1b",
           CLASS_HINTED, "00112233445566778899aabbccddeeff");
    expect(e, "CfDJ8A", CLASS_TRUNCATED, "?");
    expect_plain(e, "\\x09f0c9f133221100554477668899aabbccddeeff"); /* version 1 */
}

static void pg_enigma(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_pg_enigma;
#define PGP "-----BEGIN PGP MESSAGE-----\n\nwYwDy31d\n=IPIc\n-----END PGP MESSAGE-----\n"
    expect(e, "ENIGMAv100000020\n" PGP, CLASS_HINTED, "20");
    expect(e, "ENIGMAv100000000\n" PGP, CLASS_HINTED, "0");
    expect(e, "ENIGMAv100000020\n" PGP "x", CLASS_HINTED_EMBEDDED, "20");
    expect(e, "ENIGMAv100000020\n-----BEGIN PGP MESSAGE-----\nwYwD", CLASS_TRUNCATED, "20");
    expect(e, "ENIGMAv100000020x", CLASS_MALFORMED, "20");
    expect(e, "ENIGMAv10000", CLASS_TRUNCATED, "?");
}

static void bytes_of_an_aead_have_no_name(void **state)
{
    (void)state;
    expect(&envelope_aead, B64_28, CLASS_UNVERSIONED, "-");
    expect_plain(&envelope_aead, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBka"); /* 27 bytes */
    expect_plain(&envelope_lockbox, B64_28);                              /* never empty */
    expect(&envelope_lockbox, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=", CLASS_UNVERSIONED, "-");
    expect(&envelope_attr_encrypted, "AAECAwQFBgcICQoL\nDA0ODxA=\n", CLASS_UNVERSIONED, "-");
    expect_plain(&envelope_attr_encrypted, "AAECAwQFBgcICQoL\nDA0ODw==\n"); /* 16 bytes */
    /* UTF-8 is text; what is none is bytes */
    expect_plain(&envelope_aead, "\xc3\xa9t\xc3\xa9, a long enough text that is no ciphertext");
    expect(&envelope_aead, "\xff, and the twenty-seven bytes", CLASS_UNVERSIONED, "-");
}

static void lockbox_derives_a_key_for_each_attribute(void **state)
{
    (void)state;
    struct err err = {0};
    unsigned char master[32];
    unsigned char key[LOCKBOX_KEY];
    for (size_t i = 0; i < sizeof master; i++)
        master[i] = (unsigned char)(192 + i);
    /* users.email_ciphertext: the key of the vector, which lockbox 1.3.0 derived */
    assert_true(lockbox_attribute_key(str_make(master, 32), STR("users"), STR("email_ciphertext"),
                                      key, &err));
    assert_memory_equal(key, envelope_lockbox.vectors[0].key.at, 32);
    assert_false(lockbox_attribute_key(str_make(master, 32), STR("users"), STR(""), key, &err));
    assert_int_equal(err.id, 459);
}

static void a_key_id_is_read_whatever_it_is(void **state)
{
    (void)state;
    const struct envelope *e = &envelope_key_id;
    expect(e, "Key-7", CLASS_HINTED, "key-7");
    expect(e, " 42\n", CLASS_HINTED, "42");
    expect(e, "00112233-4455-6677-8899-AABBCCDDEEFF", CLASS_HINTED,
           "00112233445566778899aabbccddeeff");
    expect(e, "my key", CLASS_MALFORMED, "?");
    expect(e, "a-name-of-thirty-three-characters", CLASS_MALFORMED, "?");
}

/* ---- templates ---- */

static const struct envelope *made(struct arena *arena, const char *text)
{
    const struct envelope *e = NULL;
    struct err err = {0};
    assert_true(template_make(arena, str_from(text), &e, &err));
    return e;
}

static void a_template_reads_its_id(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct envelope *e = made(&arena, "text:enc_{id}$");
    assert_int_equal(e->constant_count, 1);
    assert_true(str_eq(e->constants[0], STR("enc_")));
    assert_false(e->caps & ENVELOPE_DECLARED);
    expect(e, "enc_k2$abc", CLASS_HINTED, "k2");
    expect(e, "enc_k2$", CLASS_TRUNCATED, "k2");
    expect(e, "enc_k2", CLASS_TRUNCATED, "?");
    expect(e, "enc_k 2$abc", CLASS_MALFORMED, "?");
    expect(e, "x enc_k2$abc", CLASS_HINTED_EMBEDDED, "k2");
    expect_plain(e, "enc-k2$abc");
    e = made(&arena, "text:{id}:");
    assert_int_equal(e->constant_count, 0);
    assert_true(e->caps & ENVELOPE_DECLARED);
    expect(e, "k2:abc", CLASS_HINTED, "k2");
    expect_plain(e, "no id here: abc");
    expect_plain(e, "abc");
    arena_free(&arena);
}

static void a_template_that_cannot_work_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int id;
    } cases[] = {{"text:enc_$", 460},    {"enc_{id}$", 460},
                 {"text:enc_{id}", 461}, {"text:enc_{id}x", 461},
                 {"text:{id}.", 461},    {"text:a{id}:{id}", 461},
                 {"text:", 460},         {"", 460}};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct envelope *e = NULL;
        struct err err = {0};
        assert_false(template_make(&arena, str_from(cases[i].text), &e, &err));
        assert_int_equal(err.id, cases[i].id);
        assert_int_equal(err.kind, ERR_USAGE);
    }
    arena_free(&arena);
}

/* ---- proofs ---- */

static void a_changed_value_is_not_proven(void **state)
{
    (void)state;
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    char cell[CELL_ROOM];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; all[i]->verify && k < all[i]->vector_count; k++) {
            const struct envelope_vector *x = &all[i]->vectors[k];
            size_t len = strlen(x->cell);
            assert_true(all[i]->verify(all[i], x->key, str_from(x->cell)));
            assert_false(all[i]->verify(all[i], str_slice(x->key, 0, 15), str_from(x->cell)));
            assert_false(all[i]->verify(all[i], x->key, str_make(x->cell, len - 4)));
            assert_false(all[i]->verify(all[i], x->key, STR("")));
            (void)snprintf(cell, sizeof cell, "%sA", x->cell);
            assert_false(all[i]->verify(all[i], x->key, str_from(cell)));
        }
}

static void half_a_key_proves_a_fernet_token(void **state)
{
    (void)state;
    const struct envelope_vector *x = &envelope_fernet.vectors[0];
    assert_true(
        envelope_fernet.verify(&envelope_fernet, str_slice(x->key, 0, 16), str_from(x->cell)));
    assert_false(
        envelope_fernet.verify(&envelope_fernet, str_slice(x->key, 16, 32), str_from(x->cell)));
}

/* Longer than what is checked at a time: python3 cryptography 48.0.0, php-illuminate 8.83.26. */
static void a_long_value_is_proven_in_pieces(void **state)
{
    (void)state;
    static const char aead[] =
        "AAECAwQFBgcICQoLdDMpA5Tk65soCCr7WJ/IYEF4/B/K+AmzIM5sS+EyD/"
        "jr3Vy88JhsyDgtKsoYfjzFoRoK6sNG1OO5X9HBwMLh7E5KODiW/kt1arW0PzTNmuvM6Y5XPDNXQ/"
        "4Yv6WHj3Pf6tU+/T1FEZpm5S6wVPV/"
        "6nsF+P9LWz6ra6xaV6NuH9Ih514PBZKAErBvMYjYU1En5B+hqKy+TPj0+"
        "XQnqKnFpcnzomkxtlS8Pa7UKEv01TEjQuw2/"
        "l2Fy8pkQf79aXHh1EnJzInBKGU4tWQ44uC5CYvLH9HHpSrWdewYERSyygJoZ7NJ3KQiTf9q5YR9lUtYOy+4FK/"
        "0ap5QC0ys/2MnmWLs46L9AQ6xIobT/0UCS0N5/jgXIqa83/"
        "CiCKy8wPA5idPEpsX7TW5qGYFMh33Y24NVj5Ywst0JTwCWl0++"
        "EnXD5w3w05zhe8IahziY16ylUgcTJsRzWNg67ADtmCSe+V4mLIrVhEthbkQ/Q1V5mjTqkuOSWoTb5HM97EjktLNQ/"
        "Rn2aLFtloczjWb4H5B9eS9txLz4D2hCvwIQc7DVppjqUqmemQuVUMb5rOktGVurtKD/qVl4ri/"
        "k1X3zG1UxwUzzFk09Z0bb+9xy9R4jAA9dYGy2JIaSrA5VmiPIzhvzjbheky6G3wH0RU7ZmEv8yJzQpWNVbOlglfe/"
        "6PW3vGeQ7k9hhVe7lDE/zbyPpou9UHkR8p3tE1XAyvcdZloyFbgzSHcQnnT9kwJMyGWh/"
        "ISmdJepFsUVpTgsONcpRmM8Rvz2ZUB7rmZduv+"
        "2D4fS8fUyNqIdJch9HifMDz4ubzX8eXFW5wZMUkHGLo0q5Vso6zntYxzBI9ImbAfulOG+V8ivG74m7/"
        "fI7Hi1NbJLOiDNe+"
        "0szoL43uMIs1IJdSLOUw6lO5wqdZ0PYJKiiZdzTAjX1RIaXkxV1TW4djJ1C4udhkPlV4cbuVZsYIu7ATBHaie5EpTD"
        "1Rz7FmqUZtzClicupa+DtKwF/m4f79DlSSRRbsELrrh/fPYhMCigmh/"
        "vEOUbEFxciAWLTBqiMjCaPJqJnxvEHNX9vRoLzgpEDdwWN1nIA48UPlYaHzIWT/"
        "VQD1tUsWGOTHRVCSZXjyssCpu410EPiFun1cpTIjXDC+tDmeApbJm+"
        "wE90YKPSiZxDSq18Z3SUfw4u6Va6rIK4wueKKNAmZISLagb8JebrjNi6rUPi0k+lqqX0dlkjK/w5p/"
        "cZLNj8h+0FNl9R5RSA51qyUwmPlMocqd4jcKxtLABm/"
        "ochGRNbctNujOUyKJwGvg0irfZDY0Lu8ddk2Ej56QpKPzPU2v+WNOu4MQnVt6XI9iWVaeW7UqSEznqcHawzdQD+"
        "l5B4cyMyWmhRgJrbYk8R+4wXNxrbP7rVm44dB4tN6bqcUgVil7INaGWGBuXuIkIrupOyiimMKGu8/"
        "5kiClAEU8l9lG+JImZWwLx70EjqAkYw7nTLME74Jk67+pS/"
        "lMdKQeEZs7Jnd5iZ7kOw0MJq5o42U3B+Tm6OGc3uCN8=";
    static const char laravel_cell[] =
        "eyJpdiI6IkNsZnhxRmFVQ0VjUlN3TGRKU2N3S0E9PSIsInZhbHVlIjoianFVamF5Qktta2RwUmI1K1lQSjlLMFd4N1"
        "Y0Rjh2QTl2T2pJYjFUL1l4WmRaRjArV1VadkRBaW1hemhDeFVyeE1tRjNmVlNKT1o4b0hQZlpMeHhwZU9mZHJxam9V"
        "YXZlOFRJTm92QUhvSWRFaGRXSVVOQm9qM1F6M3c2QVF3T0xBS2Q0cktuaDdOMGlhZjFHa2k5OGZ0cDNIODIwTjZLdz"
        "VCMEU5ZS9DUk1EWk90Wjl2aWEzQ3dIeHY1SjZFTmlGRDhVM1RlRUpKaG5NdGt3aFhoY1R5ejVQdGtRTjRndHQrWjla"
        "WUxGK1p2a2FyVS9mSzMyeGs0QUhuSFJRNk85bkt4S000SE00enYwcXpabmplNHNHbWN1Sms4WW04a29vU3Z4cUNJck"
        "FMMEozUUxSWHVTN2VVVS9JbERSREMyRnkvSkhmRlNTcERocnpybzFhT2FNWVVMR04yRjgzdU44ZkN5ekg5VjZEYW5T"
        "V0xhODJaemRaUml2ZTFOc2RGVHU5Q1k0OFgydDcwS01La0RHVThaNDlTVEtsaXhXUlQyVkRkVldVYnNnK3J1MGczMG"
        "JaRitoNkpiNGNDTTNaMStmVEVWUXR2NnpqOHNxK3pXSmd0WUVWajFFalNRVGxLUWdRUm9peWxCSkl0TkxxMC8vblly"
        "VFpIZldIQ1BzQXpPcDFoY05rNnFrRGRVQXFDU2dzK3IzN2FtNTVWSitMcGRaaUpoeGg2TnpraTh1dGNabDBpaDJiSW"
        "8xV2FsTmR2ek1lUXZHSm5PUzZZUUZKZTVVMGI2RXZrSE9rbXpUUWluRmR1TWUvaWFjc2o2ZlE3R0UxQXd1cW0vUk9u"
        "Wlk4dXpMVWNaZnpIc1lsL1BzSnVJQWlCaVlkeWc9PSIsIm1hYyI6ImMzNDBhODUwZDkzZGNkNmQ2MmJlYjAzNmRjNj"
        "hlOTJlNjAxZjhjOGM3YjA5MzRkN2FkMmEzOTQxZjFkNGZmNjAiLCJ0YWciOiIifQ==";
    char changed[sizeof aead];
    expect(&envelope_aead, aead, CLASS_UNVERSIONED, "-");
    assert_true(envelope_aead.verify(&envelope_aead, envelope_aead.vectors[0].key, str_from(aead)));
    memcpy(changed, aead, sizeof aead);
    changed[1000] = changed[1000] == 'A' ? 'B' : 'A';
    assert_false(
        envelope_aead.verify(&envelope_aead, envelope_aead.vectors[0].key, str_from(changed)));
    expect(&envelope_laravel, laravel_cell, CLASS_UNVERSIONED, "-");
    assert_true(envelope_laravel.verify(&envelope_laravel, envelope_laravel.vectors[0].key,
                                        str_from(laravel_cell)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_every_envelope_holds),
        cmocka_unit_test(a_vector_that_is_wrong_is_told),
        cmocka_unit_test(an_envelope_is_found_by_its_name),
        cmocka_unit_test(a_value_inside_a_larger_cell_is_embedded),
        cmocka_unit_test(of_a_value_that_is_cut_anywhere_nothing_is_lost),
        cmocka_unit_test(a_verdict_does_not_depend_on_what_stands_behind_the_cell),
        cmocka_unit_test(plain_text_is_plain_to_all),
        cmocka_unit_test(an_empty_cell_is_empty),
        cmocka_unit_test(vault_transit),
        cmocka_unit_test(two_values_in_a_cell_use_both_keys),
        cmocka_unit_test(a_cell_made_to_be_slow_is_refused_and_not_read_for_ever),
        cmocka_unit_test(laravel),
        cmocka_unit_test(the_escaped_slashes_of_old_laravel_are_read),
        cmocka_unit_test(rails),
        cmocka_unit_test(an_id_that_two_keys_share_uses_both),
        cmocka_unit_test(cloak),
        cmocka_unit_test(a_value_of_cloak_reads_as_one_of_tink_too),
        cmocka_unit_test(tink),
        cmocka_unit_test(the_47ng_form),
        cmocka_unit_test(kubernetes),
        cmocka_unit_test(magento),
        cmocka_unit_test(aspnet),
        cmocka_unit_test(pg_enigma),
        cmocka_unit_test(bytes_of_an_aead_have_no_name),
        cmocka_unit_test(lockbox_derives_a_key_for_each_attribute),
        cmocka_unit_test(a_key_id_is_read_whatever_it_is),
        cmocka_unit_test(a_template_reads_its_id),
        cmocka_unit_test(a_template_that_cannot_work_is_refused),
        cmocka_unit_test(a_changed_value_is_not_proven),
        cmocka_unit_test(a_long_value_is_proven_in_pieces),
        cmocka_unit_test(half_a_key_proves_a_fernet_token),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
