/*
 * keyring: what is a keyring, what is refused and with which exit code, and edits. The vectors are
 * those of the format's description; salts and checksums can be had from Python's hashlib.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "tests/unit/keyring_case.h"

#include <stdio.h>

#define KEY1  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define SALT1 "oKGio6SlpqeoqaqrrK2urw=="
#define HASH1 "503563c1bda45327ff4617750a06bd8143fcd4e7929934b7cf1e826c1ba60c90"
#define KEY2  "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
#define SALT2 "sLGys7S1tre4ubq7vL2-vw=="
#define HASH2 "9f52527783ea1185acd5d4dcf1bf91b707add104b6a1c467598743246ed7ae26"
#define KEY3  "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="
#define SALT3 "wMHCw8TFxsfIycrLzM3Ozw=="
#define HASH3 "d4f376ea1200f6ee38e9d24177b882cf10532899277b7eb4b6e68fa13eeaf5fe"

#define ACTIVE2 "ACTIVE_ENCRYPTION_VERSION=\"v2\"\n"
#define V1      "ENCRYPTION_KEYS__v1=\"" KEY1 "\"\nENCRYPTION_SALT__v1=\"" SALT1 "\"\n"
#define V2      "ENCRYPTION_KEYS__v2=\"" KEY2 "\"\nENCRYPTION_SALT__v2=\"" SALT2 "\"\n"
#define V3      "ENCRYPTION_KEYS__v3=\"" KEY3 "\"\nENCRYPTION_SALT__v3=\"" SALT3 "\"\n"

/* The checksummed file of the format's description, and what is left of it without v1. */
#define SEALED_V1                                                                                  \
    "ENCRYPTION_KEYS__v1=\"k\\\"q\\\\x\"\n"                                                        \
    "ENCRYPTION_SALT__v1=\"bXktc2FsdA==\"\n"                                                       \
    "ENCRYPTION_SALT_HASH__v1=\"add390c719927cecbedfe1c0eceae7a93d8f97663f23b3a3aac73537054fe2c8"  \
    "\"\n"
#define SEALED_V2                                                                                  \
    "ENCRYPTION_KEYS__v2=\"k2\"\n"                                                                 \
    "ENCRYPTION_SALT__v2=\"MDEyMzQ1Njc4OWFiY2RlZg==\"\n"                                           \
    "ENCRYPTION_SALT_HASH__v2=\"9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f"  \
    "\"\n"
#define SEAL_BOTH "d4f4b1c3213229036ad5b76e196f4c028c9eeb3ed956796c8ad47d0156992d69"
#define SEAL_V2   "a03dad2ff06623e39479026bdbe5d00be347d244e865f7bf1cb3b5c19d6d8bb0"
#define SEAL(hex) "ENCRYPTION_ENV_CHECKSUM='" hex "' # seal\n"

static bool load(const char *text)
{
    err = (struct err){0};
    return keyring_load(&arena, &keyring_dotenv, ".env", str_from(text), &kr, &err);
}

static void assert_loads(const char *text)
{
    bool loaded = load(text);
    if (!loaded)
        print_message("# %s: %s\n", err.place, err.text);
    assert_true(loaded);
}

static void assert_error(int kind, int id, const char *place)
{
    if (err.kind != kind || err.id != id || strcmp(err.place, place) != 0)
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_non_null(err_lookup(id));
    if (id != 500)
        assert_true(err.hint[0]);
}

/* Line 0: the file as a whole. */
static void assert_refused(const char *text, int kind, int id, size_t line)
{
    char place[32] = ".env";
    if (line)
        (void)snprintf(place, sizeof place, ".env, line %zu", line);
    assert_false(load(text));
    assert_error(kind, id, place);
}

static bool remove_from(const char *text, const char *versions)
{
    struct str names[8];
    size_t n = 0;
    struct str rest = str_from(versions);
    assert_loads(text);
    while (rest.len)
        str_cut(rest, ',', &names[n++], &rest);
    return keyring_remove(&arena, &kr, names, n, &edit, &err);
}

static void assert_done(bool done)
{
    if (!done)
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
}

static bool insert_into(const char *text, const char *archived, const char *version)
{
    struct str name = str_from(version);
    assert_loads(text);
    return keyring_insert(&arena, &kr, str_from(archived), &name, 1, &edit, &err);
}

/* ---- salts, checksum, derivation ---- */

static void salts_decode_as_the_application_decodes_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *hex;
    } vectors[] = {
        {"73616c74", "73616c74"},
        {"salt", "b1a96d"},
        {"my-salt", "6d792d73616c74"},
        {"s1", "7331"},
        {"bXktc2FsdA==", "6d792d73616c74"},
        {"abcdef", "abcdef"},
        {"ab!c=", "69b7"},
        {"", ""},
        /* What bytes.fromhex and base64.urlsafe_b64decode of Python 3.11 make of these. */
        {"AB cd  ", "00171d"},
        {" ab\tcd\n ", "abcd"},
        {" ab\tcd ", "69b71d"},
        {"ab  cd", "abcd"},
        {"a bc d", "69b71d"},
        {"ab=c=", "69b7"},
        {"YWJj====ZZ", "59574a6a3d3d3d3d5a5a"},
        {"YWI=junk", "6162"},
        {"YW==YW==", "61"},
        {"!!!", ""},
        {"-_-_", "fbffbf"},
        {"+/+/", "fbffbf"},
        {"YW=JjYW=", "59573d4a6a59573d"},
        {"abcde", "6162636465"},
        {"YWJjZ", "59574a6a5a"},
        {"YWJjZA", "59574a6a5a41"},
        {"YWJjZA=", "59574a6a5a413d"},
        {"=YWJj", "616263"},
        {"A", "41"},
        {"AB=", "41423d"},
        {"\303\251YWJj", "616263"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char hex[64] = "";
        struct str salt = salt_decode(&arena, str_from(vectors[i].text));
        for (size_t b = 0; b < salt.len; b++)
            (void)snprintf(hex + b * 2, 3, "%02x", salt.at[b]);
        assert_string_equal(hex, vectors[i].hex);
    }
}

static void checksum_covers_parsed_values_in_order_of_names(void **state)
{
    (void)state;
    char hex[SHA256_HEX + 1];
    assert_loads(ACTIVE2 SEALED_V2 SEALED_V1 "LONE\n# c\n" SEAL(SEAL_BOTH));
    assert_true(keyring_checksum(&arena, &kr.bindings, 0, hex, &err));
    assert_string_equal(hex, SEAL_BOTH);
    assert_loads(ACTIVE2 SEALED_V2);
    assert_true(keyring_checksum(&arena, &kr.bindings, 0, hex, &err));
    assert_string_equal(hex, SEAL_V2);
}

static void of_a_repeated_name_the_last_is_summed(void **state)
{
    (void)state;
    /* sha256(b"A=2") */
    char hex[SHA256_HEX + 1];
    struct bindings all = {0};
    assert_true(dotenv_parse(&arena, STR("B=x\nA=1\nA=2\nB\n"), &all, &err));
    assert_true(keyring_checksum(&arena, &all, 0, hex, &err));
    assert_string_equal(hex, "fb86eaa732eae3d22187a250e693c909fc511ff108dd78c54c4117ea94569b4f");
}

static void versions_derive_to_the_keys_of_the_format(void **state)
{
    (void)state;
    static const unsigned char first[3][4] = {
        {0xaf, 0xb5, 0x71, 0xe4}, {0x98, 0xa5, 0x20, 0x5c}, {0x35, 0x97, 0xd6, 0x83}};
    static const unsigned char last[3][4] = {
        {0x05, 0xd2, 0xec, 0x70}, {0x47, 0x6f, 0x40, 0xff}, {0x8d, 0x05, 0x58, 0xc1}};
    assert_loads(ACTIVE2 V1 V2 V3);
    for (size_t i = 0; i < 3; i++) {
        struct secret s;
        assert_true(keyring_derive(&kr.versions[i], KEYRING_ITERATIONS, &s, &err));
        assert_memory_equal(s.derived, first[i], 4);
        assert_memory_equal(s.derived + 28, last[i], 4);
        secret_free(&s);
    }
}

static void fingerprints_are_of_the_derived_key(void **state)
{
    (void)state;
    /* sha256(b"keyretire-fp-v1" + derived)[:16], from hashlib */
    assert_loads(ACTIVE2 V1 V2 V3);
    assert_true(keyring_fingerprints(&kr, KEYRING_ITERATIONS, &err));
    assert_string_equal(kr.versions[0].fingerprint.hex, "7c318188c54221a6");
    assert_string_equal(kr.versions[1].fingerprint.hex, "591a37ad10a20693");
    assert_string_equal(kr.versions[2].fingerprint.hex, "ccf6509dee2591ca");
}

static void s12_files_must_agree_on_active_version_and_keys(void **state)
{
    (void)state;
    struct keyring other;
    assert_loads(ACTIVE2 V1 V2);
    other = kr;
    assert_loads(ACTIVE2 V2 V3);
    assert_true(keyring_agree(&kr, &other, &err));
    assert_loads("ACTIVE_ENCRYPTION_VERSION=v1\n" V1 V2);
    assert_false(keyring_agree(&kr, &other, &err));
    assert_error(ERR_REFUSED, 526, ".env, line 1");
    assert_loads(ACTIVE2 V2 "ENCRYPTION_KEYS__V1=" KEY3 "\nENCRYPTION_SALT__v1=" SALT1 "\n");
    assert_false(keyring_agree(&kr, &other, &err));
    assert_error(ERR_REFUSED, 526, ".env, line 2");
}

/* ---- what is a keyring ---- */

static void versions_are_sorted_and_lower_case(void **state)
{
    (void)state;
    assert_loads("ACTIVE_ENCRYPTION_VERSION=\" 'V10' \"\nENCRYPTION_KEYS__V10=k\n"
                 "ENCRYPTION_SALT__v10=s\n" V2 V1);
    assert_int_equal(kr.version_count, 3);
    assert_str(kr.versions[0].name, "v1");
    assert_str(kr.versions[1].name, "v10");
    assert_str(kr.versions[2].name, "v2");
    assert_int_equal(kr.active, 1);
    assert_ptr_equal(keyring_find(&kr, STR("V1")), &kr.versions[0]);
    assert_null(keyring_find(&kr, STR("v")));
}

static void a_version_is_everything_behind_the_first_double_underscore(void **state)
{
    (void)state;
    assert_loads("ENCRYPTION_KEYS__a__b=k\nENCRYPTION_SALT__a__b=s\n"
                 "MY_ENCRYPTION_KEYS__v1=x\nencryption_keys__v2=x\nENCRYPTION_KEYS_v3=x\n");
    assert_int_equal(kr.version_count, 1);
    assert_str(kr.versions[0].name, "a__b");
}

static void the_only_version_is_active_by_itself(void **state)
{
    (void)state;
    assert_loads(V1);
    assert_int_equal(kr.active, 0);
    assert_null(kr.active_entry);
    assert_loads("ACTIVE_ENCRYPTION_VERSION=\"''\"\n" V1);
    assert_int_equal(kr.active, 0);
}

static void entries_inside_a_quoted_value_are_text(void **state)
{
    (void)state;
    assert_loads("NOTE=\"\nENCRYPTION_KEYS__v9=fake\n\"\n" V1);
    assert_int_equal(kr.version_count, 1);
}

static void empty_files_and_files_without_keys_are_corrupt(void **state)
{
    (void)state;
    assert_refused("", ERR_CORRUPT, 501, 0);
    assert_refused(" \r\n\t", ERR_CORRUPT, 501, 0);
    assert_refused("A=1\n", ERR_CORRUPT, 502, 0);
    assert_refused("#" V1 "", ERR_CORRUPT, 502, 0);
    assert_refused("N='" V1 "'\n", ERR_CORRUPT, 502, 0);
}

static void bytes_that_are_no_text_are_corrupt(void **state)
{
    (void)state;
    assert_false(load(V1 "\n# caf\xe9\n"));
    assert_error(ERR_CORRUPT, 503, ".env, line 4, byte 120");
    err = (struct err){0};
    assert_false(
        keyring_load(&arena, &keyring_dotenv, ".env", STR("A=1\r\nB=\0\r\n" V1), &kr, &err));
    assert_error(ERR_CORRUPT, 503, ".env, line 2, byte 7");
}

static void half_a_version_is_refused(void **state)
{
    (void)state;
    assert_refused(ACTIVE2 V2 "ENCRYPTION_KEYS__v1=k\n", ERR_REFUSED, 506, 4);
    assert_refused(ACTIVE2 V2 "ENCRYPTION_SALT__v1=k\n", ERR_REFUSED, 506, 4);
    assert_refused(ACTIVE2 V2 "ENCRYPTION_SALT_HASH__v1=" HASH1 "\n", ERR_REFUSED, 506, 4);
    assert_non_null(strstr(err.text, "ENCRYPTION_SALT_HASH__v1 has no ENCRYPTION_KEYS__v1"));
}

static void a_managed_name_stands_once(void **state)
{
    (void)state;
    assert_refused(V1 V1, ERR_REFUSED, 507, 3);
    assert_refused(V1 "ENCRYPTION_SALT__V1=x\n", ERR_REFUSED, 507, 3);
    assert_refused(V1 ACTIVE2 ACTIVE2, ERR_REFUSED, 507, 4);
    assert_refused(V1 SEAL(HASH1) SEAL(HASH1), ERR_REFUSED, 507, 4);
    assert_non_null(strstr(err.text, "line 3"));
}

static void active_version_must_be_there(void **state)
{
    (void)state;
    assert_refused(V1 V2, ERR_REFUSED, 508, 0);
    assert_refused(V1 V2 "ACTIVE_ENCRYPTION_VERSION=\n", ERR_REFUSED, 508, 5);
    assert_refused(ACTIVE2 V1, ERR_REFUSED, 509, 1);
    assert_refused(ACTIVE2 V1 V3, ERR_REFUSED, 509, 1);
    assert_string_equal(err.hint, "the versions of this file are v1, v3");
    assert_refused("ACTIVE_ENCRYPTION_VERSION=v1\nENCRYPTION_KEYS__v10=k\n"
                   "ENCRYPTION_SALT__v10=s\n",
                   ERR_REFUSED, 509, 1);
}

static void wrong_digests_are_corrupt(void **state)
{
    (void)state;
    assert_loads(V1 "ENCRYPTION_SALT_HASH__v1=" HASH1 "\n");
    assert_refused(V1 "ENCRYPTION_SALT_HASH__v1=" HASH2 "\n", ERR_CORRUPT, 505, 3);
    assert_refused(ACTIVE2 SEALED_V1 SEALED_V2 SEAL(SEAL_V2), ERR_CORRUPT, 504, 8);
    assert_refused(ACTIVE2 SEALED_V1 SEALED_V2 "ENCRYPTION_ENV_CHECKSUM=\n", ERR_CORRUPT, 504, 8);
}

static void a_missing_entry_is_named_before_the_checksum_it_broke(void **state)
{
    (void)state;
    assert_refused(ACTIVE2 "ENCRYPTION_KEYS__v1=k\n" SEALED_V2 SEAL(SEAL_BOTH), ERR_REFUSED, 506,
                   2);
}

static void s12_values_under_a_checksum_must_not_depend_on_the_environment(void **state)
{
    (void)state;
    assert_loads(V1 "HOME_DIR=${HOME}\n");
    assert_refused(V1 "HOME_DIR=${HOME}\n" SEAL(HASH1), ERR_REFUSED, 510, 3);
    assert_refused("ENCRYPTION_KEYS__v1=${SECRET}\nENCRYPTION_SALT__v1=s\n", ERR_REFUSED, 510, 1);
    assert_loads("SECRET=x\nENCRYPTION_KEYS__v1=${SECRET}\nENCRYPTION_SALT__v1=s\n");
}

static void flask_forms_are_refused_with_their_line(void **state)
{
    (void)state;
    assert_refused(V1 "FLASK_ENCRYPTION_KEYS=v1\n", ERR_REFUSED, 511, 3);
    assert_refused(V1 "FLASK_ENCRYPTION_KEYS__v1='{}'\n", ERR_REFUSED, 511, 3);
    assert_refused(V1 "FLASK_ENCRYPTION_KEYS__v1__note=x\n", ERR_REFUSED, 511, 3);
    assert_refused(V1 "FLASK_ENCRYPTION_KEYS__v1__key=1234\n", ERR_REFUSED, 511, 3);
    assert_refused(V1 "FLASK_ENCRYPTION_SALT__v1=00\n", ERR_REFUSED, 511, 3);
    assert_loads(V1 "FLASK_ENV=production\n");
}

static void entries_that_the_application_skips_are_refused(void **state)
{
    (void)state;
    assert_refused(V1 "ENCRYPTION_KEYS__v2=\"k\n", ERR_REFUSED, 512, 3);
    assert_refused(V1 "A=\"x\n export ENCRYPTION_KEYS__v2=\"k\"\n", ERR_REFUSED, 512, 4);
    assert_loads(V1 "A=\"x\n");
}

static void names_that_are_no_versions_are_refused(void **state)
{
    (void)state;
    assert_refused("ENCRYPTION_KEYS__=k\n", ERR_REFUSED, 513, 1);
    assert_refused("ENCRYPTION_KEYS__v1:x=k\n", ERR_REFUSED, 513, 1);
    assert_refused("ENCRYPTION_SALT__v\xc3\xa9=k\n", ERR_REFUSED, 513, 1);
    assert_refused("ENCRYPTION_KEYS__012345678901234567890123456789012=k\n", ERR_REFUSED, 513, 1);
    assert_loads("ENCRYPTION_KEYS__01234567890123456789012345678901=k\n"
                 "ENCRYPTION_SALT__01234567890123456789012345678901=k\n");
}

static void a_byte_order_mark_before_an_entry_is_refused(void **state)
{
    (void)state;
    assert_refused("\xEF\xBB\xBF" V1, ERR_REFUSED, 514, 1);
    assert_loads("\xEF\xBB\xBF# comment\n" V1);
}

static void entries_without_a_value_are_refused(void **state)
{
    (void)state;
    assert_refused("ENCRYPTION_KEYS__v1\nENCRYPTION_SALT__v1=s\n", ERR_REFUSED, 515, 1);
    assert_refused("ENCRYPTION_KEYS__v1=''\nENCRYPTION_SALT__v1=s\n", ERR_REFUSED, 515, 1);
    assert_refused("ENCRYPTION_KEYS__v1=k\nENCRYPTION_SALT__v1\n", ERR_REFUSED, 515, 2);
    assert_loads("ENCRYPTION_KEYS__v1=k\nENCRYPTION_SALT__v1=\n");
}

/* ---- removal ---- */

static void removal_takes_the_three_entries_and_renews_the_checksum(void **state)
{
    (void)state;
    assert_done(remove_from(
        "# head\n" ACTIVE2 SEALED_V1 "A=1\n" SEALED_V2
        "\n" SEAL("5a61162f579e7f9ca6df468dd64a53cd8b48c2bd16d12ba63718a4eee00f10ad") "B",
        "V1"));
    assert_str(edit.after,
               "# head\n" ACTIVE2 "A=1\n" SEALED_V2
               "\n" SEAL("06584f83aca1e523226c0f4e455a8d0781ab42b7239517e999111af4272fa594") "B");
    assert_done(remove_from(ACTIVE2 SEALED_V1 SEALED_V2 SEAL(SEAL_BOTH), "v1"));
    assert_str(edit.after, ACTIVE2 SEALED_V2 SEAL(SEAL_V2));
}

static void removal_adds_no_checksum(void **state)
{
    (void)state;
    assert_done(remove_from(ACTIVE2 V1 V2 V3, "v1,v3"));
    assert_str(edit.after, ACTIVE2 V2);
}

static void removal_matches_the_whole_version(void **state)
{
    (void)state;
    assert_done(remove_from(ACTIVE2 V2 V1 "ENCRYPTION_KEYS__v10=a\nENCRYPTION_SALT__v10=b\n"
                                          "MY_ENCRYPTION_KEYS__v1=c\n",
                            "v1"));
    assert_str(edit.after, ACTIVE2 V2 "ENCRYPTION_KEYS__v10=a\nENCRYPTION_SALT__v10=b\n"
                                      "MY_ENCRYPTION_KEYS__v1=c\n");
}

static void removal_keeps_line_ends_spacing_and_text(void **state)
{
    (void)state;
    assert_done(remove_from("NOTE=\"a\r\nENCRYPTION_KEYS__v1=fake\r\n\"\r\n\r\n"
                            "  export ENCRYPTION_KEYS__v1 = k # c\r\n\r\n"
                            "ENCRYPTION_KEYS__v2='l'\r\nENCRYPTION_SALT__v2='l'\r\n" ACTIVE2
                            "ENCRYPTION_SALT__v1='s\r\nt'",
                            "v1"));
    assert_str(edit.after, "NOTE=\"a\r\nENCRYPTION_KEYS__v1=fake\r\n\"\r\n\r\n\r\n"
                           "ENCRYPTION_KEYS__v2='l'\r\nENCRYPTION_SALT__v2='l'\r\n" ACTIVE2);
}

static void removal_of_nothing_changes_nothing(void **state)
{
    (void)state;
    assert_done(remove_from(ACTIVE2 SEALED_V1 SEALED_V2 SEAL(SEAL_BOTH), ""));
    assert_str(edit.after, ACTIVE2 SEALED_V1 SEALED_V2 SEAL(SEAL_BOTH));
    assert_int_equal(edit.line_count, 0);
}

static void k1_4_the_active_version_is_never_removed(void **state)
{
    (void)state;
    assert_false(remove_from(ACTIVE2 V1 V2, "v1,V2"));
    assert_error(ERR_REFUSED, 520, ".env, line 4");
    assert_false(remove_from(V1, "v1"));
    assert_error(ERR_REFUSED, 520, ".env, line 1");
}

static void an_unknown_version_is_not_found(void **state)
{
    (void)state;
    assert_false(remove_from(ACTIVE2 V1 V2, "v10"));
    assert_error(ERR_NOT_FOUND, 521, ".env");
    assert_string_equal(err.text, "version v10 is not in the file");
    assert_string_equal(err.hint, "the versions of this file are v1, v2");
}

static void s12_a_surviving_reference_is_refused(void **state)
{
    (void)state;
    assert_false(remove_from(ACTIVE2 V1 V2 "OLD='x${ENCRYPTION_KEYS__v1}'\n", "v1"));
    assert_error(ERR_REFUSED, 522, ".env, line 6");
    assert_false(remove_from(ACTIVE2 V1 V2 "OLD=${ENCRYPTION_SALT__v1:-gone}\n", "v1"));
    assert_error(ERR_REFUSED, 522, ".env, line 6");
    /* A removed entry may refer to another removed one. */
    assert_done(remove_from(ACTIVE2 V2 "ENCRYPTION_SALT__v1=" SALT1 "\n"
                                       "ENCRYPTION_KEYS__v1=${ENCRYPTION_SALT__v1}\n",
                            "v1"));
}

static void s12_references_are_found_in_files_that_lack_the_version(void **state)
{
    (void)state;
    struct str gone = STR("v1");
    assert_loads(ACTIVE2 V2 "OLD=${ENCRYPTION_KEYS__V1}\n");
    assert_false(keyring_no_reference(&arena, &kr, &gone, 1, &err));
    assert_error(ERR_REFUSED, 522, ".env, line 4");
    gone = STR("v3");
    err = (struct err){0};
    assert_true(keyring_no_reference(&arena, &kr, &gone, 1, &err));
}

static void a_checksum_put_together_from_values_is_refused(void **state)
{
    (void)state;
    assert_false(remove_from("S=" SEAL_BOTH "\n" V1, "v1"));
    err = (struct err){0};
    assert_false(remove_from(ACTIVE2 V1 V2
                             "H=af\nENCRYPTION_ENV_CHECKSUM=${H}"
                             "8bea2e741a6d2289cb6a40fe5b3f063c67c2b76e33ab65d2810e478fb632ba\n",
                             "v1"));
    assert_error(ERR_REFUSED, 524, ".env, line 7");
}

static void s13_verification_sees_every_kind_of_difference(void **state)
{
    (void)state;
    const char *before = ACTIVE2 V1 "A=1\n" V2 "# c\n";
    struct str gone = STR("v1");
    static const struct {
        const char *after;
        int id;
    } edits[] = {
        {ACTIVE2 "A=1\n" V2 "# c\n", 0},
        {ACTIVE2 V2 "# c\n", 523},              /* one line too many is gone */
        {ACTIVE2 "A=2\n" V2 "# c\n", 523},      /* another value */
        {ACTIVE2 "A='1'\n" V2 "# c\n", 523},    /* the same value, other bytes */
        {ACTIVE2 "A=1\n" V2 "# d\n", 523},      /* a comment */
        {ACTIVE2 "A=1\n" V2 "# c\nB=2\n", 523}, /* something more */
        {ACTIVE2 V1 "A=1\n" V2 "# c\n", 523},   /* nothing is gone */
        {"A=1\n" V2 "# c\n", 523},              /* the active version's name */
        {ACTIVE2 "A=1\n# c\n", 523},            /* the active version */
        {ACTIVE2 "A=\"1\n" V2 "# c\n", 523},    /* a quote that swallows a key */
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        err = (struct err){0};
        bool good = keyring_verify_removal(&arena, &keyring_dotenv, ".env", str_from(before),
                                           str_from(edits[i].after), &gone, 1, &err);
        assert_int_equal(good, edits[i].id == 0);
        assert_int_equal(err.id, edits[i].id);
        assert_int_equal(err.kind, good ? ERR_NONE : ERR_REFUSED);
    }
}

static void s13_a_checksum_must_be_renewed_and_nothing_else_about_it(void **state)
{
    (void)state;
    struct str before = STR(ACTIVE2 SEALED_V1 SEALED_V2 SEAL(SEAL_BOTH));
    struct str gone = STR("v1");
    assert_true(keyring_verify_removal(&arena, &keyring_dotenv, ".env", before,
                                       STR(ACTIVE2 SEALED_V2 SEAL(SEAL_V2)), &gone, 1, &err));
    assert_false(keyring_verify_removal(&arena, &keyring_dotenv, ".env", before,
                                        STR(ACTIVE2 SEALED_V2 SEAL(SEAL_BOTH)), &gone, 1, &err));
    err = (struct err){0};
    assert_false(keyring_verify_removal(&arena, &keyring_dotenv, ".env", before,
                                        STR(ACTIVE2 SEALED_V2), &gone, 1, &err));
    err = (struct err){0};
    assert_false(keyring_verify_removal(
        &arena, &keyring_dotenv, ".env", before,
        STR(ACTIVE2 SEALED_V2 "ENCRYPTION_ENV_CHECKSUM=\"" SEAL_V2 "\"\n"), &gone, 1, &err));
    assert_int_equal(err.id, 523);
}

/* ---- insertion ---- */

static void insertion_brings_the_entries_back_byte_for_byte(void **state)
{
    (void)state;
    assert_done(insert_into(ACTIVE2 SEALED_V2 SEAL(SEAL_V2),
                            ACTIVE2 SEALED_V1 SEALED_V2 SEAL(SEAL_BOTH), "v1"));
    assert_str(edit.after,
               ACTIVE2 "ENCRYPTION_KEYS__v2=\"k2\"\n"
                       "ENCRYPTION_KEYS__v1=\"k\\\"q\\\\x\"\n"
                       "ENCRYPTION_SALT__v2=\"MDEyMzQ1Njc4OWFiY2RlZg==\"\n"
                       "ENCRYPTION_SALT__v1=\"bXktc2FsdA==\"\n"
                       "ENCRYPTION_SALT_HASH__v2=\"9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c2"
                       "8b548e564176929f\"\n"
                       "ENCRYPTION_SALT_HASH__v1=\"add390c719927cecbedfe1c0eceae7a93d8f97663f23b3a3"
                       "aac73537054fe2c8\"\n" SEAL(SEAL_BOTH));
}

static void insertion_finishes_an_unfinished_last_line(void **state)
{
    (void)state;
    assert_done(insert_into(ACTIVE2 "ENCRYPTION_SALT__v2=s\nENCRYPTION_KEYS__v2=k",
                            ACTIVE2 V2 "ENCRYPTION_KEYS__v1=a\nENCRYPTION_SALT__v1=b", "v1"));
    assert_str(edit.after, ACTIVE2 "ENCRYPTION_SALT__v2=s\nENCRYPTION_SALT__v1=b\n"
                                   "ENCRYPTION_KEYS__v2=k\nENCRYPTION_KEYS__v1=a\n");
}

static void an_entry_without_others_of_its_role_comes_behind_the_last_of_any(void **state)
{
    (void)state;
    assert_done(insert_into(ACTIVE2 V2 "OTHER=1\n",
                            ACTIVE2 V2 V1 "ENCRYPTION_SALT_HASH__v1=" HASH1 "\n", "v1"));
    /* Salt and salt hash have one place and come in the order of the archive. */
    assert_str(edit.after,
               ACTIVE2 "ENCRYPTION_KEYS__v2=\"" KEY2 "\"\nENCRYPTION_KEYS__v1=\"" KEY1
                       "\"\nENCRYPTION_SALT__v2=\"" SALT2 "\"\nENCRYPTION_SALT__v1=\"" SALT1
                       "\"\nENCRYPTION_SALT_HASH__v1=" HASH1 "\nOTHER=1\n");
}

static void insertion_of_what_is_there_changes_nothing(void **state)
{
    (void)state;
    assert_done(insert_into(ACTIVE2 V1 V2, ACTIVE2 V2 V1, "v1"));
    assert_str(edit.after, ACTIVE2 V1 V2);
}

static void insertion_over_another_value_is_refused(void **state)
{
    (void)state;
    assert_false(insert_into(ACTIVE2 "ENCRYPTION_KEYS__V1=other\nENCRYPTION_SALT__V1=s\n" V2,
                             ACTIVE2 V1 V2, "v1"));
    assert_error(ERR_REFUSED, 525, ".env, line 2");
}

static void insertion_of_what_the_archive_lacks_is_not_found(void **state)
{
    (void)state;
    assert_false(insert_into(ACTIVE2 V2, ACTIVE2 V1 V2, "v3"));
    assert_error(ERR_NOT_FOUND, 521, ".env in the archive");
}

static void s13_insertion_that_would_read_differently_is_refused(void **state)
{
    (void)state;
    /* The archived key took its text from an entry that has another value now. */
    assert_false(insert_into(
        "P=new\n" ACTIVE2 V2,
        "P=old\n" ACTIVE2 V2 "ENCRYPTION_KEYS__v1=${P}\nENCRYPTION_SALT__v1=s\n", "v1"));
    assert_error(ERR_REFUSED, 523, ".env, line 4");
    /* The open quote before it would now find an end. */
    assert_false(insert_into("A=\"open\nENCRYPTION_KEYS__v2=k\nENCRYPTION_SALT__v2=s\n",
                             ACTIVE2 V1 V2, "v1"));
    assert_error(ERR_REFUSED, 523, err.place);
}

/* ---- S15 ---- */

static void the_masked_diff_names_lines_and_lengths(void **state)
{
    (void)state;
    struct buf out = {.arena = &arena};
    assert_done(remove_from("# Atualizado em 2024-05-01 10:00\n" ACTIVE2 SEALED_V1 SEALED_V2
                            "CITY=\"S\xc3\xa3o Paulo\"\n" SEAL(
                                "cb50a1b802381c8867a7f612324933dbb763d378824074d39b09ffc5b01b419f"),
                            "v1"));
    keyring_edit_show(&out, &edit);
    assert_str(buf_str(&out), "  line 1  <comment, masked, 32 chars>\n"
                              "  line 2  ACTIVE_ENCRYPTION_VERSION=<masked, 2 chars>\n"
                              "- line 3  ENCRYPTION_KEYS__v1=<masked, 5 chars>\n"
                              "- line 4  ENCRYPTION_SALT__v1=<masked, 12 chars>\n"
                              "- line 5  ENCRYPTION_SALT_HASH__v1=<masked, 64 chars>\n"
                              "  line 6  ENCRYPTION_KEYS__v2=<masked, 2 chars>\n"
                              "  line 7  ENCRYPTION_SALT__v2=<masked, 24 chars>\n"
                              "  line 8  ENCRYPTION_SALT_HASH__v2=<masked, 64 chars>\n"
                              "  line 9  CITY=<masked, 9 chars>\n"
                              "~ line 10  ENCRYPTION_ENV_CHECKSUM=<masked, 64 chars>\n");
}

static void names_in_a_broken_file_are_masked_too(void **state)
{
    (void)state;
    struct buf out = {.arena = &arena};
    /* A value that was cut into lines: its pieces look like names. */
    assert_done(remove_from(ACTIVE2 V2 "CERT=MIIC\nCANARYONE\nCANARYTWO==\n" V1, "v1"));
    keyring_edit_show(&out, &edit);
    assert_int_equal(str_search(buf_str(&out), STR("CANARY")), out.len);
    assert_true(str_search(buf_str(&out), STR("line 5  <unread, masked, 9 chars>")) < out.len);
    assert_true(str_search(buf_str(&out), STR("line 6  <entry, masked, 1 chars>")) < out.len);
}

static void assert_no_canary(void)
{
    const char *texts[] = {err.text, err.place, err.hint};
    assert_true(err_is(&err));
    for (size_t i = 0; i < 3; i++)
        if (strstr(texts[i], "CANARY"))
            fail_msg("%s", texts[i]);
}

static void s15_no_message_holds_a_value(void **state)
{
    (void)state;
    static const char *const files[] = {
        "ENCRYPTION_KEYS__v1=CANARY\n",
        "ENCRYPTION_SALT__v1=CANARY\n",
        "ENCRYPTION_KEYS__v1:CANARY=\nENCRYPTION_SALT__v1=CANARY\n",
        "ENCRYPTION_KEYS__v1 CANARY\n",
        "ENCRYPTION_KEYS__v1=\"CANARY\n",
        "ENCRYPTION_KEYS__v1=CANARY\nENCRYPTION_KEYS__v1=CANARY\n",
        "ENCRYPTION_KEYS__v1=CANARY\nENCRYPTION_SALT__v1=CANARY\nENCRYPTION_SALT_HASH__v1=CANARY\n",
        "ENCRYPTION_KEYS__v1=CANARY\nENCRYPTION_SALT__v1=CANARY\nENCRYPTION_ENV_CHECKSUM=CANARY\n",
        "ACTIVE_ENCRYPTION_VERSION=CANARY\n" V1,
        "ACTIVE_ENCRYPTION_VERSION=${CANARY}\n" V1,
        "FLASK_ENCRYPTION_KEYS__v1__keyCANARY=CANARY\n" V1,
        "CANARY=${CANARY}\nCANARY\n" V1 SEAL(HASH1),
        "# CANARY\nCANARY\n",
        "CANARY \xff CANARY\n",
        "\357\273\277ENCRYPTION_KEYS__v1=CANARY\n",
        "A=\"CANARY\nENCRYPTION_KEYS__v1=\"CANARY\"\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_false(load(files[i]));
        assert_no_canary();
    }
    assert_false(remove_from(ACTIVE2 V1 V2 "CANARY\nCANARY=CANARY${ENCRYPTION_KEYS__v1}\n", "v1"));
    assert_no_canary();
    assert_false(insert_into(ACTIVE2 "ENCRYPTION_KEYS__v1=CANARY\nENCRYPTION_SALT__v1=CANARY\n" V2,
                             ACTIVE2 V1 V2, "v1"));
    assert_no_canary();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(salts_decode_as_the_application_decodes_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(checksum_covers_parsed_values_in_order_of_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(of_a_repeated_name_the_last_is_summed, setup, teardown),
        cmocka_unit_test_setup_teardown(versions_derive_to_the_keys_of_the_format, setup, teardown),
        cmocka_unit_test_setup_teardown(fingerprints_are_of_the_derived_key, setup, teardown),
        cmocka_unit_test_setup_teardown(s12_files_must_agree_on_active_version_and_keys, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(versions_are_sorted_and_lower_case, setup, teardown),
        cmocka_unit_test_setup_teardown(a_version_is_everything_behind_the_first_double_underscore,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_only_version_is_active_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_inside_a_quoted_value_are_text, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_files_and_files_without_keys_are_corrupt, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(half_a_version_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_managed_name_stands_once, setup, teardown),
        cmocka_unit_test_setup_teardown(active_version_must_be_there, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_digests_are_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_entry_is_named_before_the_checksum_it_broke,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            s12_values_under_a_checksum_must_not_depend_on_the_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(flask_forms_are_refused_with_their_line, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_that_the_application_skips_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_that_are_no_versions_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_byte_order_mark_before_an_entry_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(entries_without_a_value_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(removal_takes_the_three_entries_and_renews_the_checksum,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(removal_adds_no_checksum, setup, teardown),
        cmocka_unit_test_setup_teardown(removal_matches_the_whole_version, setup, teardown),
        cmocka_unit_test_setup_teardown(removal_keeps_line_ends_spacing_and_text, setup, teardown),
        cmocka_unit_test_setup_teardown(removal_of_nothing_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(k1_4_the_active_version_is_never_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_version_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(s12_a_surviving_reference_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(s12_references_are_found_in_files_that_lack_the_version,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_checksum_put_together_from_values_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(s13_verification_sees_every_kind_of_difference, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(s13_a_checksum_must_be_renewed_and_nothing_else_about_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(insertion_brings_the_entries_back_byte_for_byte, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(insertion_finishes_an_unfinished_last_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            an_entry_without_others_of_its_role_comes_behind_the_last_of_any, setup, teardown),
        cmocka_unit_test_setup_teardown(insertion_of_what_is_there_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(insertion_over_another_value_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(insertion_of_what_the_archive_lacks_is_not_found, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(s13_insertion_that_would_read_differently_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_masked_diff_names_lines_and_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(names_in_a_broken_file_are_masked_too, setup, teardown),
        cmocka_unit_test_setup_teardown(s15_no_message_holds_a_value, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
