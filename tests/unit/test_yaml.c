/*
 * yaml: which nodes are entries in each form, what leaves with a version, and what is refused.
 * Random files are compared with PyYAML in tests/e2e/yaml_property.t.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/keyring/config_form.h"
#include "formats/keyring/yaml.h"
#include "tests/unit/keyring_case.h"

#include <stdio.h>

#define ACTIVE "ACTIVE_ENCRYPTION_VERSION: v2\n"
#define V1     "  v1:\n    key: \"one\" # k\n    salt: 'a0'\n"
#define V2     "  v2: {key: two, salt: a1}\n"
#define SECRET "apiVersion: v1\nkind: Secret\n"

static bool read_text(const char *text)
{
    struct str content = str_from(text);
    return keyring_load(&arena, config_form(&arena, STR("c.yml"), content), "c.yml", content, &kr,
                        &err);
}

static void load(const char *text)
{
    if (!read_text(text))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
}

static void assert_refused(const char *text, int kind, int id, size_t line)
{
    char place[32];
    err = (struct err){0};
    (void)snprintf(place, sizeof place, "c.yml, line %zu", line);
    if (read_text(text))
        fail_msg("taken:\n%s", text);
    if (err.kind != kind || err.id != id || strcmp(err.place, place) != 0)
        fail_msg("%s\n%d/%d %s: %s", text, err.kind, err.id, err.place, err.text);
    assert_true(err.hint[0]);
    assert_non_null(err_lookup(id));
}

static void assert_left(const char *text, const char *left)
{
    struct str gone = STR("v1");
    load(text);
    if (!keyring_remove(&arena, &kr, &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after, left);
}

static void assert_back(const char *text, const char *archived, const char *wanted)
{
    struct str gone = STR("v1");
    load(text);
    if (!keyring_insert(&arena, &kr, str_from(archived), &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after, wanted);
}

/* ---- Flask ---- */

static void every_scalar_style_is_read(void **state)
{
    (void)state;
    load(ACTIVE "ENCRYPTION_KEYS:\n  v2:\n    key: >-\n      fol\n      ded\n    salt: |\n"
                "      li\n      ne\n  'v1': {\"key\": 'it''s', salt: \"\\u00e7\\n\"}\n"
                "  v3:\n    key: plain\n      text\n    salt: zz\n");
    assert_int_equal(kr.version_count, 3);
    assert_int_equal(kr.active, 1);
    assert_str(kr.versions[0].key->value, "it's");
    assert_str(kr.versions[0].salt->value, "\xC3\xA7\n");
    assert_str(kr.versions[1].key->value, "fol ded");
    assert_str(kr.versions[1].salt->value, "li\nne\n");
    assert_str(kr.versions[2].key->value, "plain text");
    assert_true(kr.syntax->is_flask);
}

static void a_block_leaves_with_its_lines(void **state)
{
    (void)state;
    assert_left("# top\n" ACTIVE "ENCRYPTION_KEYS:\n  # one\n" V1 "  # two\n" V2 "X: 1\n",
                "# top\n" ACTIVE "ENCRYPTION_KEYS:\n  # one\n  # two\n" V2 "X: 1\n");
    assert_left("ENCRYPTION_KEYS:\n" V2 V1 ACTIVE, "ENCRYPTION_KEYS:\n" V2 ACTIVE);
    assert_left("ENCRYPTION_KEYS__v1: |\n  one\n\n  more\nENCRYPTION_SALT__v1: a0\n"
                "ENCRYPTION_KEYS__v2: two\nENCRYPTION_SALT__v2: a1\n" ACTIVE,
                "ENCRYPTION_KEYS__v2: two\nENCRYPTION_SALT__v2: a1\n" ACTIVE);
    assert_left("\xEF\xBB\xBF---\r\n\"ENCRYPTION_KEYS__v1\" : one\r\nENCRYPTION_SALT__v1: a0\r\n"
                "ENCRYPTION_KEYS__v2: \xC3\xA7\r\nENCRYPTION_SALT__v2: a1\r\n"
                "ACTIVE_ENCRYPTION_VERSION: v2\r\n...\r\n",
                "\xEF\xBB\xBF---\r\nENCRYPTION_KEYS__v2: \xC3\xA7\r\nENCRYPTION_SALT__v2: a1\r\n"
                "ACTIVE_ENCRYPTION_VERSION: v2\r\n...\r\n");
}

static void a_member_leaves_with_its_comma(void **state)
{
    (void)state;
    assert_left(ACTIVE "ENCRYPTION_KEYS: {v1: {key: a, salt: a0}, v2: {key: b, salt: a1}}\n",
                ACTIVE "ENCRYPTION_KEYS: {v2: {key: b, salt: a1}}\n");
    assert_left(ACTIVE "ENCRYPTION_KEYS: {v2: {key: b, salt: a1}, # two\n"
                       "  v1: {key: a, salt: a0} # one\n  }\n",
                ACTIVE "ENCRYPTION_KEYS: {v2: {key: b, salt: a1}, # two\n  }\n");
}

static void versions_come_back_as_they_stood(void **state)
{
    (void)state;
    assert_back(ACTIVE "ENCRYPTION_KEYS:\n" V2 "LATER: 1", ACTIVE "ENCRYPTION_KEYS:\n" V2 V1,
                ACTIVE "ENCRYPTION_KEYS:\n" V1 V2 "LATER: 1");
    assert_back("ENCRYPTION_KEYS__v2: b\nENCRYPTION_SALT__v2: a1\nLATER: 1\n" ACTIVE,
                "ENCRYPTION_KEYS__v1: a\nENCRYPTION_KEYS__v2: b\nENCRYPTION_SALT__v1: a0\n"
                "ENCRYPTION_SALT__v2: a1\n" ACTIVE,
                "ENCRYPTION_KEYS__v2: b\nENCRYPTION_KEYS__v1: a\nENCRYPTION_SALT__v2: a1\n"
                "ENCRYPTION_SALT__v1: a0\nLATER: 1\n" ACTIVE);
}

/* Without v1's lines the empty line would be a part of the text before it. */
static void an_edit_that_would_change_another_value_is_refused(void **state)
{
    static const char text[] = ACTIVE "ENCRYPTION_KEYS__v2: b\nENCRYPTION_SALT__v2: a1\n"
                                      "ENCRYPTION_KEYS__v1: a\nA: |%s\n  x\n"
                                      "ENCRYPTION_SALT__v1: a0\n\nB: 1\n";
    struct str gone = STR("v1");
    char file[512];
    (void)state;
    (void)snprintf(file, sizeof file, text, "");
    load(file);
    assert_true(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    (void)snprintf(file, sizeof file, text, "+");
    load(file);
    assert_false(keyring_remove(&arena, &kr, &gone, 1, &edit, &err));
    assert_int_equal(err.id, 523);
    assert_string_equal(err.place, "c.yml, line 5");
}

static void marks_on_an_entry_or_around_it_are_refused(void **state)
{
    (void)state;
    assert_refused(ACTIVE "ENCRYPTION_KEYS: &k\n" V2, ERR_REFUSED, 528, 2);
    assert_refused(ACTIVE "X: &k {key: b, salt: a1}\nENCRYPTION_KEYS:\n  v2: *k\n", ERR_REFUSED,
                   528, 4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n  v2:\n    key: !!str b\n    salt: a1\n", ERR_REFUSED,
                   528, 4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "  <<: {v1: {}}\n", ERR_REFUSED, 528, 4);
    assert_refused("&r\n" ACTIVE "ENCRYPTION_KEYS:\n" V2, ERR_REFUSED, 528, 1);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n  v2:\n    &a key: b\n    salt: a1\n", ERR_REFUSED,
                   528, 4);
    load("A: &k [1]\nB: *k\nC: !!str 1\n" ACTIVE "ENCRYPTION_KEYS:\n" V2);
}

static void what_a_reader_may_take_for_no_string_is_refused(void **state)
{
    static const char *const bad[] = {"12",    "1_000", "0x1F", "0o17", "1e5",        "1.5",
                                      "true",  "No",    "~",    "null", "2001-12-14", "12:30:45",
                                      ".inf",  "-.INF", "+1",   "[a]",  "{a: b}",     "",
                                      "1E+10", "-0b11", "y",    "=",    "0b1",        ".5"};
    static const char *const good[] = {"a1", "1a", "0g", "12-a", "yes!", "\"12\"", "'true'", "-x"};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text,
                       ACTIVE "ENCRYPTION_KEYS:\n  v2:\n    key: %s\n"
                              "    salt: a1\n",
                       bad[i]);
        assert_refused(text, ERR_REFUSED, 516, 4);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        (void)snprintf(text, sizeof text,
                       ACTIVE "ENCRYPTION_KEYS:\n  v2:\n    key: %s\n"
                              "    salt: a1\n",
                       good[i]);
        load(text);
    }
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n  2: {key: a, salt: a1}\n", ERR_REFUSED, 516, 3);
}

static void names_that_stand_twice_or_elsewhere_are_refused(void **state)
{
    (void)state;
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "  v2: {key: b, salt: a1}\n", ERR_REFUSED, 507,
                   4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "  V2: {key: b, salt: a1}\n", ERR_REFUSED, 507,
                   4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 ACTIVE, ERR_REFUSED, 507, 4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "X:\n  ENCRYPTION_KEYS: {}\n", ERR_REFUSED, 516,
                   5);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "X: text ENCRYPTION_SALT__v1\n", ERR_REFUSED, 516,
                   4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "ENCRYPTION_KEYS__v1: a\n", ERR_REFUSED, 516, 2);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "---\n" ACTIVE, ERR_REFUSED, 516, 1);
}

static void what_is_no_yaml_is_corrupt(void **state)
{
    (void)state;
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "X: [1\n", ERR_CORRUPT, 518, 5);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "\tX: 1\n", ERR_CORRUPT, 518, 4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "X: a: b\n", ERR_CORRUPT, 518, 4);
    assert_refused(ACTIVE "ENCRYPTION_KEYS:\n" V2 "X: a\xC2\x85 b\n", ERR_REFUSED, 527, 4);
    char deep[256] = ACTIVE "X: ";
    memset(deep + strlen(deep), '[', 100);
    assert_refused(deep, ERR_CORRUPT, 518, 2);
}

/* ---- Kubernetes; base64 by hand: `printf one | base64` ---- */

#define DATA                                                                                       \
    "  ACTIVE_ENCRYPTION_VERSION: djI=\n  ENCRYPTION_KEYS__v2: dHdv\n"                             \
    "  ENCRYPTION_SALT__v2: \"YTE=\"\n"

static void a_secret_loses_a_version_from_data_and_string_data(void **state)
{
    (void)state;
    assert_left(SECRET "data:\n  ENCRYPTION_KEYS__v1: b25l\n" DATA
                       "stringData:\n  ENCRYPTION_SALT__v1: a0\n  OTHER: x\n---\nkind: Pod\n",
                SECRET "data:\n" DATA "stringData:\n  OTHER: x\n---\nkind: Pod\n");
    assert_str(kr.versions[0].key->value, "one");
    assert_string_equal(kr.syntax->name, "kubernetes");
    assert_false(kr.syntax->is_flask);
    assert_left("{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\n"
                "  \"ACTIVE_ENCRYPTION_VERSION\": \"djI=\",\n  \"ENCRYPTION_KEYS__v2\": \"dHdv\",\n"
                "  \"ENCRYPTION_SALT__v2\": \"YTE=\",\n  \"ENCRYPTION_SALT__v1\": \"YTA=\",\n"
                "  \"ENCRYPTION_KEYS__v1\": \"b25l\"\n}}\n",
                "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\n"
                "  \"ACTIVE_ENCRYPTION_VERSION\": \"djI=\",\n  \"ENCRYPTION_KEYS__v2\": \"dHdv\",\n"
                "  \"ENCRYPTION_SALT__v2\": \"YTE=\"\n}}\n");
}

#define ENV_LEFT                                                                                   \
    "    ACTIVE_ENCRYPTION_VERSION=v2\n\n    # two\n    ENCRYPTION_KEYS__v2=two\n"                 \
    "    ENCRYPTION_SALT__v2=a1\n"

static void an_env_file_in_a_block_loses_whole_lines(void **state)
{
    (void)state;
    assert_left(SECRET "stringData:\n  env: |\n    ENCRYPTION_KEYS__v1='one'\n" ENV_LEFT
                       "    export ENCRYPTION_SALT__v1=a0 # c\n  A: b\n",
                SECRET "stringData:\n  env: |\n" ENV_LEFT "  A: b\n");
    assert_int_equal(kr.versions[1].key->line, 9);
    assert_back(SECRET "stringData:\n  env: |-\n" ENV_LEFT "  A: b\n",
                SECRET "stringData:\n  env: |-\n" ENV_LEFT
                       "    ENCRYPTION_KEYS__v1=one\n    ENCRYPTION_SALT__v1=a0\n  A: b\n",
                SECRET "stringData:\n  env: |-\n    ACTIVE_ENCRYPTION_VERSION=v2\n\n    # two\n"
                       "    ENCRYPTION_KEYS__v2=two\n    ENCRYPTION_KEYS__v1=one\n"
                       "    ENCRYPTION_SALT__v2=a1\n    ENCRYPTION_SALT__v1=a0\n  A: b\n");
}

/* printf 'ACTIVE_ENCRYPTION_VERSION=v2\nENCRYPTION_KEYS__v1=one\nENCRYPTION_SALT__v1=a0\n...' |
 * base64 -w 60, with v1 and without. */
static void an_env_file_in_base64_is_wrapped_as_it_was(void **state)
{
    (void)state;
    assert_left(SECRET "data:\n  env: |\n"
                       "    QUNUSVZFX0VOQ1JZUFRJT05fVkVSU0lPTj12MgpFTkNSWVBUSU9OX0tFWVNf\n"
                       "    X3YxPW9uZQpFTkNSWVBUSU9OX1NBTFRfX3YxPWEwCkVOQ1JZUFRJT05fS0VZ\n"
                       "    U19fdjI9dHdvCkVOQ1JZUFRJT05fU0FMVF9fdjI9YTEK\n"
                       "  A: YTE=\n",
                SECRET "data:\n  env: |\n"
                       "    QUNUSVZFX0VOQ1JZUFRJT05fVkVSU0lPTj12MgpFTkNSWVBUSU9OX0tFWVNf\n"
                       "    X3YyPXR3bwpFTkNSWVBUSU9OX1NBTFRfX3YyPWExCg==\n"
                       "  A: YTE=\n");
}

static void a_secret_that_cannot_be_edited_is_refused(void **state)
{
    (void)state;
    assert_refused(SECRET "data:\n" DATA "  ENCRYPTION_KEYS__v1: b25\n", ERR_REFUSED, 516, 7);
    assert_refused(SECRET "data:\n" DATA "  ENCRYPTION_KEYS__v1: AAA=\n", ERR_REFUSED, 516, 7);
    assert_refused(SECRET "data:\n" DATA "stringData:\n  ENCRYPTION_KEYS__v2: two\n", ERR_REFUSED,
                   507, 8);
    assert_refused(SECRET "data:\n" DATA "stringData:\n  env: \"ENCRYPTION_KEYS__v1=a\\nB=1\"\n",
                   ERR_REFUSED, 516, 8);
    assert_refused(SECRET "data:\n" DATA "---\nkind: ConfigMap\ndata:\n  ENCRYPTION_KEYS__v1: a\n",
                   ERR_REFUSED, 516, 10);
    assert_refused(SECRET "data:\n" DATA "stringData:\n  c.py: |\n    ENCRYPTION_KEYS = {}\n",
                   ERR_REFUSED, 516, 8);
    assert_refused(SECRET "data: &d\n" DATA, ERR_REFUSED, 528, 3);
}

/* ---- Compose ---- */

#define LIST2                                                                                      \
    "      - ACTIVE_ENCRYPTION_VERSION=v2\n      - ENCRYPTION_KEYS__v2=two\n"                      \
    "      - ENCRYPTION_SALT__v2=a1\n"
#define MAP2                                                                                       \
    "      ACTIVE_ENCRYPTION_VERSION: v2\n      ENCRYPTION_KEYS__v2: two\n"                        \
    "      ENCRYPTION_SALT__v2: a1\n"
#define WEB    "services:\n  web:\n    environment:\n"
#define WORKER "  worker:\n    <<: *c\n    environment:\n"
#define COMMON "x-c: &c {image: a}\n"

static void a_version_leaves_every_service(void **state)
{
    (void)state;
    assert_left(COMMON WEB "      - \"ENCRYPTION_KEYS__v1=one\" # c\n" LIST2
                           "      - ENCRYPTION_SALT__v1=a0\n      - LAST\n" WORKER
                           "      ENCRYPTION_SALT__v1: a0\n" MAP2
                           "      ENCRYPTION_KEYS__v1: 'one'\n",
                COMMON WEB LIST2 "      - LAST\n" WORKER MAP2);
    assert_int_equal(kr.versions[0].place_count, 2);
    assert_string_equal(kr.syntax->name, "compose");
}

static void services_that_disagree_are_refused(void **state)
{
    (void)state;
    assert_refused(COMMON WEB LIST2 WORKER "      ACTIVE_ENCRYPTION_VERSION: v2\n"
                                           "      ENCRYPTION_KEYS__v2: other\n"
                                           "      ENCRYPTION_SALT__v2: a1\n",
                   ERR_REFUSED, 526, 12);
    assert_refused(WEB MAP2 "      ENCRYPTION_KEYS__v1: a$X\n      ENCRYPTION_SALT__v1: a1\n",
                   ERR_REFUSED, 510, 7);
    assert_refused(WEB LIST2 "      - ENCRYPTION_KEYS__v1\n", ERR_REFUSED, 515, 7);
    assert_refused(WEB MAP2 "      <<: {A: b}\n", ERR_REFUSED, 528, 7);
    assert_refused("services:\n  web: &w\n    environment:\n" MAP2, ERR_REFUSED, 528, 2);
    assert_refused("x: {ENCRYPTION_KEYS__v1: a}\n" WEB MAP2, ERR_REFUSED, 516, 1);
}

static void the_form_is_told_by_name_or_bytes(void **state)
{
    (void)state;
    assert_ptr_equal(config_form(&arena, STR("a"), STR("# c\nkey: 1\n")), &keyring_flask_yaml);
    assert_ptr_equal(config_form(&arena, STR("a.YML"), STR("{}")), &keyring_flask_yaml);
    assert_ptr_equal(config_form(&arena, STR("a"), STR("x: int = 1\n")), &keyring_flask_py);
    assert_ptr_equal(config_form(&arena, STR("a"), STR("try:\n  X = 1\n")), &keyring_flask_py);
    assert_ptr_equal(config_form(&arena, STR("a"), STR("---\nservices: {}\n")), &keyring_compose);
    assert_ptr_equal(
        config_form(&arena, STR("a"), STR("{\"kind\": \"Secret\", \"apiVersion\": \"v1\"}")),
        &keyring_secret_yaml);
    assert_ptr_equal(keyring_syntax_find(STR("kubernetes")), &keyring_secret_yaml);
    assert_ptr_equal(keyring_syntax_find(STR("compose")), &keyring_compose);
    assert_ptr_equal(keyring_syntax_find(STR("flask-yaml")), &keyring_flask_yaml);
}

static void files_of_other_tools_are_refused_by_name(void **state)
{
    const struct {
        const char *tool;
        struct str head;
    } files[] = {
        {"ansible-vault", STR("$ANSIBLE_VAULT;1.1;AES256\n3361\n")},
        {"age", STR("age-encryption.org/v1\n-> X25519 a\n")},
        {"age", STR("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n")},
        {"gpg", STR("-----BEGIN PGP MESSAGE-----\n\nhQ\n")},
        {"gpg", STR("\x85\x01\x0c\x03\x11\x22\x33")},
        {"gpg", STR("\x8c\x0d\x04\x09\x03\x08\x11")},
        {"git-crypt", STR("\0GITCRYPT\0\x01\x02")},
        {"sops", STR("ENCRYPTION_KEYS__v1=ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\n"
                     "sops_mac=ENC[AES256_GCM,data:AA==]\n")},
        {"sops", STR("a: ENC[AES256_GCM,data:AA==,iv:AA==]\nsops:\n    version: 3.8.1\n")},
        {"kubeseal", STR("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n")},
        {"kubeseal", STR("{\n  \"kind\": \"SealedSecret\",\n")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        err = (struct err){0};
        assert_false(keyring_load(&arena, &keyring_dotenv, "c.yml", files[i].head, &kr, &err));
        if (err.id != 529 || err.kind != ERR_CORRUPT || !strstr(err.text, files[i].tool))
            fail_msg("%s: %d %s", files[i].tool, err.id, err.text);
        assert_true(err.hint[0]);
        assert_string_equal(err.place, "c.yml");
    }
    err = (struct err){0};
    assert_false(config_is_sealed(STR("# SealedSecret\nkind: Secret\n"), &err));
    assert_false(config_is_sealed(STR("\xC3\xA7=1\nA=1\n"), &err));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_scalar_style_is_read),
        TEST(a_block_leaves_with_its_lines),
        TEST(a_member_leaves_with_its_comma),
        TEST(versions_come_back_as_they_stood),
        TEST(an_edit_that_would_change_another_value_is_refused),
        TEST(marks_on_an_entry_or_around_it_are_refused),
        TEST(what_a_reader_may_take_for_no_string_is_refused),
        TEST(names_that_stand_twice_or_elsewhere_are_refused),
        TEST(what_is_no_yaml_is_corrupt),
        TEST(a_secret_loses_a_version_from_data_and_string_data),
        TEST(an_env_file_in_a_block_loses_whole_lines),
        TEST(an_env_file_in_base64_is_wrapped_as_it_was),
        TEST(a_secret_that_cannot_be_edited_is_refused),
        TEST(a_version_leaves_every_service),
        TEST(services_that_disagree_are_refused),
        TEST(the_form_is_told_by_name_or_bytes),
        TEST(files_of_other_tools_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
