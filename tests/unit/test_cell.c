/* cell, constants, unwrap: constants in every form are found, and cells judged, in any split. */
#include "formats/envelope/cell.h"
#include "tests/unit/fernet_cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define VAULT "vault:v3:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w=="
#define FERNET                                                                                     \
    "gAAAAABlU_EADWD01F95xHbjn--oIRQ0AIsJqbcC_digqjiACGnaQsjd6wgPD-0rf1oDiHcTPr-WTCFrQnPntj4nwHYF" \
    "RRy3nngJ54ip4_1dpW1gTDkr-c0="
#define TOKEN                                                                                      \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91" \
    "cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9"

enum { ROOM = 3 * CELL_VIEW };

static struct arena run;
static struct key_names known;
static struct constants constants;
static struct reading reading;
static struct cell *cell;
static unsigned char *text;

static int set_up(void **state)
{
    (void)state;
    const struct str names[] = {STR("v1"), STR("v3")};
    struct err err = {0};
    size_t count;
    const struct envelope *const *list = envelopes(&count);
    cell = malloc(sizeof *cell);
    text = malloc(ROOM);
    reading = (struct reading){
        .known = &known, .constants = &constants, .simd = simd_best(), .time_limit = INT64_MAX};
    return cell && text && key_names_make(&run, names, 2, &known, &err) &&
                   constants_make(&run, list, count, &constants, &err)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(text);
    free(cell);
    arena_free(&run);
    return 0;
}

/* ---- foreign ways to write a text ---- */

static size_t write_base64(const unsigned char *from, size_t n, unsigned char *into,
                           const char *alphabet)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i += 3) {
        unsigned long group = (unsigned long)from[i] << 16;
        group |= i + 1 < n ? (unsigned long)from[i + 1] << 8 : 0;
        group |= i + 2 < n ? from[i + 2] : 0;
        for (size_t k = 0; k < 4; k++)
            into[out++] = i + k > n ? '=' : (unsigned char)alphabet[group >> (18 - 6 * k) & 63];
    }
    return out;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char standard[] = LETTERS "+/";
static const char for_urls[] = LETTERS "-_";

static size_t write_hex(const unsigned char *from, size_t n, unsigned char *into,
                        const char *digits)
{
    for (size_t i = 0; i < n; i++) {
        into[2 * i] = (unsigned char)digits[from[i] >> 4];
        into[2 * i + 1] = (unsigned char)digits[from[i] & 15];
    }
    return 2 * n;
}

static const char lower_hex[] = "0123456789abcdef";
static const char upper_hex[] = "0123456789ABCDEF";

/* ---- verdicts as text ---- */

static const char *told(const struct verdict *v)
{
    static char line[4096];
    int n = snprintf(line, sizeof line, "%s%s", value_class_name(v->class),
                     v->counted ? "" : " uncounted");
    for (size_t i = 0; i < v->use_count && n < (int)sizeof line; i++) {
        const struct key_use *u = &v->uses[i];
        struct str name = u->kind == USE_KNOWN ? known.names[u->known] : str_make(u->name, u->len);
        n +=
            snprintf(line + n, sizeof line - (size_t)n, " %s%s%.*s", u->owner ? u->owner->name : "",
                     u->owner ? ":" : "", STR_ARG(u->kind == USE_BARE ? STR("bare") : name));
    }
    return line;
}

static const char *judged_as(struct str s, const struct envelope *named, size_t piece)
{
    cell_open(cell, &reading);
    for (size_t at = 0; at < s.len; at += piece)
        cell_feed(cell, str_slice(s, at, at + piece < s.len ? at + piece : s.len));
    cell_close(cell, named);
    return told(&cell->verdict);
}

static const char *judged(const char *s)
{
    return judged_as(str_from(s), NULL, SIZE_MAX / 2);
}

static void values_of_other_envelopes_are_told(void **state)
{
    (void)state;
    assert_string_equal(judged(VAULT), "hinted vault-transit:v3");
    assert_string_equal(judged("{\"a\": \"" VAULT "\"}"), "hinted-embedded vault-transit:v3");
    assert_string_equal(judged(FERNET), "unversioned bare");
    assert_string_equal(judged("<x>" FERNET "</x>"), "unversioned-embedded bare");
    assert_string_equal(judged("v1:" TOKEN), "hinted v1");
    assert_string_equal(judged("nothing: at all"), "plaintext uncounted");
    assert_string_equal(judged(""), "empty uncounted");
}

static void a_version_of_another_envelope_is_none_of_the_keyring(void **state)
{
    (void)state; /* the keyring has a v3 */
    (void)judged(VAULT);
    assert_int_equal(cell->verdict.uses[0].kind, USE_UNKNOWN);
    assert_ptr_equal(cell->verdict.uses[0].owner, &envelope_vault_transit);
    (void)judged("v3:" TOKEN);
    assert_int_equal(cell->verdict.uses[0].kind, USE_KNOWN);
}

static void all_that_a_cell_holds_is_in_use(void **state)
{
    (void)state;
    assert_string_equal(judged("[\"v1:" TOKEN "\", \"" VAULT "\"]"),
                        "hinted-embedded v1 vault-transit:v3");
    assert_string_equal(judged("{\"a\":\"" FERNET "\",\"b\":\"" VAULT "\"}"),
                        "unversioned-embedded bare vault-transit:v3");
    /* the harder class of the two */
    assert_string_equal(judged("{\"a\":\"v1:" TOKEN "\",\"b\":\"" FERNET "\"}"),
                        "unversioned-embedded v1 bare");
}

static void what_a_column_names_judges_every_cell_of_it(void **state)
{
    (void)state;
    assert_string_equal(judged_as(STR(VAULT), &envelope_vault_transit, 1),
                        "hinted vault-transit:v3");
    assert_string_equal(judged_as(STR("abc"), &envelope_vault_transit, 1), "plaintext uncounted");
    assert_string_equal(judged_as(STR("v1:" TOKEN), &envelope_vault_transit, 1), "hinted v1");
}

static void quotes_and_slashes_of_json_part_no_value(void **state)
{
    (void)state;
    assert_string_equal(judged("{\"a\": \"{\\\"b\\\": \\\"" VAULT "\\\"}\"}"),
                        "hinted-embedded vault-transit:v3");
    assert_string_equal(judged("{\"a\":\"vault:v2:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHn"
                               "SeDX9vy\\/7w==\"}"),
                        "hinted-embedded vault-transit:v2");
}

/* Behind 0 to 5 bytes, so in all looks of base64. */
static void digits_are_looked_into(void **state)
{
    (void)state;
    static const char *const values[] = {VAULT, FERNET, "v1:" TOKEN};
    static const char *const uses[] = {"hinted-embedded vault-transit:v3",
                                       "unversioned-embedded bare", "hinted-embedded v1"};
    for (size_t i = 0; i < 3; i++)
        for (size_t before = 0; before < 6; before++) {
            if (i == 1 && before % 3 == 0)
                continue; /* base64 of a token at its begin is the application's own form */
            unsigned char inner[400];
            int n = snprintf((char *)inner, sizeof inner, "%.*s%s%s", (int)before,
                             "{ \"\" :", values[i], before ? " \"" : "");
            size_t len = write_base64(inner, (size_t)n, text, before % 2 ? standard : for_urls);
            assert_string_equal(judged_as(str_make(text, len), NULL, 7), uses[i]);
            text[0] = '"';
            len = 1 + write_hex(inner, (size_t)n, text + 1, before % 2 ? lower_hex : upper_hex);
            assert_string_equal(judged_as(str_make(text, len), NULL, 7), uses[i]);
        }
}

static void bytes_of_postgresql_are_what_they_stand_for(void **state)
{
    (void)state;
    text[0] = '\\';
    text[1] = 'x';
    size_t len = 2 + write_hex((const unsigned char *)VAULT, sizeof VAULT - 1, text + 2, lower_hex);
    assert_string_equal(judged_as(str_make(text, len), NULL, 3), "hinted vault-transit:v3");
}

static void base64_in_lines_is_read_across_them(void **state)
{
    (void)state;
    unsigned char digits[400];
    size_t n =
        write_base64((const unsigned char *)"x: " VAULT, 3 + sizeof VAULT - 1, digits, standard);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (i % 20 == 0 && i > 0)
            text[len++] = '\n';
        text[len++] = digits[i];
    }
    assert_string_equal(judged_as(str_make(text, len), NULL, 11),
                        "hinted-embedded vault-transit:v3");
}

/* Cells longer than a view: every named version, wherever it falls, and in any split. */
static void long_cells_are_judged_alike_in_any_split(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (unsigned round = 0; round < 60; round++) {
        size_t len = CELL_VIEW + cell_random(&seed) % (ROOM - CELL_VIEW);
        memset(text, 'y', len);
        size_t at = cell_random(&seed) % (len - sizeof VAULT);
        if (round % 3 == 0) /* across the end of the first part */
            at = CELL_VIEW - cell_random(&seed) % (sizeof VAULT + 8);
        if (at + sizeof VAULT > len)
            continue;
        memcpy(text + at, " " VAULT, sizeof VAULT);
        char first[200];
        (void)snprintf(first, sizeof first, "%s",
                       judged_as(str_make(text, len), NULL, SIZE_MAX / 2));
        assert_string_equal(first, "hinted-embedded vault-transit:v3");
        assert_string_equal(judged_as(str_make(text, len), NULL, 1 + cell_random(&seed) % 9000),
                            first);
    }
}

/* ---- constants ---- */

static bool form_found(struct str s)
{
    for (size_t at = 0; at < s.len; at++) {
        at += reading.simd->find_needle(str_slice(s, at, s.len), &constants.needles);
        if (at < s.len && constants_begin(&constants, str_slice(s, at, s.len)))
            return true;
    }
    return false;
}

/* A constant anywhere in random bytes, as it is or wrapped: one of its forms is found in them. */
static void constants_are_found_wherever_and_however_they_stand(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (unsigned round = 0; round < 4000; round++) {
        const struct envelope *e =
            constants.envelopes[cell_random(&seed) % constants.envelope_count];
        unsigned char inner[300];
        size_t n = 100 + cell_random(&seed) % 100;
        if (e->constant_count == 0)
            continue;
        struct str constant = e->constants[cell_random(&seed) % e->constant_count];
        for (size_t i = 0; i < n; i++)
            inner[i] = (unsigned char)(' ' + cell_random(&seed) % 90);
        memcpy(inner + cell_random(&seed) % (n - constant.len), constant.at, constant.len);
        bool is_text = true;
        for (size_t i = 0; i < constant.len; i++)
            is_text = is_text && constant.at[i] >= ' ' && constant.at[i] < 127;
        size_t len = n;
        memcpy(text, inner, n);
        if (constant.len < 5) /* too short for base64: ASP.NET's has a text of its own */
            continue;
        if (round % 5 == 1)
            len = write_hex(inner, n, text, lower_hex);
        else if (round % 5 == 2)
            len = write_hex(inner, n, text, upper_hex);
        else if (round % 5 == 3)
            len = write_base64(inner, n, text, standard);
        else if (round % 5 == 4)
            len = write_base64(inner, n, text, for_urls);
        else if (!is_text)
            continue;
        assert_true(form_found(str_make(text, len)));
    }
}

static void needles_single_out_little_of_other_data(void **state)
{
    (void)state;
    uint64_t seed = 5;
    static const char *const kinds[] = {LETTERS "+/", "0123456789abcdef", "0123456789-: .",
                                        "etaoin shrdlu,. cmfwyp vbgkjqxz"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t hits = 0;
        for (size_t i = 0; i < ROOM; i++)
            text[i] = (unsigned char)kinds[k][cell_random(&seed) % strlen(kinds[k])];
        for (size_t at = 0; at < ROOM; at++, hits++)
            at += reading.simd->find_needle(str_make(text + at, ROOM - at), &constants.needles);
        assert_in_range(hits, 0, ROOM / 500);
    }
}

static void constants_that_stand_everywhere_are_refused(void **state)
{
    (void)state;
    static const struct str two = {(const unsigned char *)"v:", 2};
    static const struct envelope weak = {.name = "weak", .constants = &two, .constant_count = 1};
    const struct envelope *const list[] = {&envelope_versioned_fernet, &weak};
    struct constants c;
    struct err err = {0};
    assert_false(constants_make(&run, list, 2, &c, &err));
    assert_int_equal(err.id, 441);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_other_envelopes_are_told),
        cmocka_unit_test(a_version_of_another_envelope_is_none_of_the_keyring),
        cmocka_unit_test(all_that_a_cell_holds_is_in_use),
        cmocka_unit_test(what_a_column_names_judges_every_cell_of_it),
        cmocka_unit_test(quotes_and_slashes_of_json_part_no_value),
        cmocka_unit_test(digits_are_looked_into),
        cmocka_unit_test(bytes_of_postgresql_are_what_they_stand_for),
        cmocka_unit_test(base64_in_lines_is_read_across_them),
        cmocka_unit_test(long_cells_are_judged_alike_in_any_split),
        cmocka_unit_test(constants_are_found_wherever_and_however_they_stand),
        cmocka_unit_test(needles_single_out_little_of_other_data),
        cmocka_unit_test(constants_that_stand_everywhere_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
