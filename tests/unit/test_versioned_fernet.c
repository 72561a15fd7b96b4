/* versioned_fernet: every class of S4, every vector, and one verdict for any split. */
#include "formats/envelope/versioned_fernet.h"
#include "tests/unit/fernet_cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TIME = 1700000000, LIMIT = 1800000000 };

static struct arena arena;
static struct key_names known;
static struct reading reading = {.known = &known, .time_limit = LIMIT};

static int set_up(void **state)
{
    (void)state;
    const struct str names[] = {STR("v2"), STR("V1"), STR("v10"), STR("prod key"), STR("v1")};
    struct err err = {0};
    reading.simd = simd_best();
    return key_names_make(&arena, names, 5, &known, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct verdict classify(const char *cell)
{
    static struct verdict v;
    envelope_versioned_fernet.classify(&envelope_versioned_fernet, &reading, str_from(cell), &v);
    return v;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names a verdict counts, sorted: "(other),-,new?,v1". */
static const char *uses(const struct verdict *v)
{
    const char *names[ENVELOPE_USES_MAX + 2];
    const char *text = "";
    for (size_t i = 0; i < v->use_count; i++) {
        const struct key_use *u = &v->uses[i];
        const char *const fixed[] = {
            [USE_BARE] = "-", [USE_OTHER] = VERSION_OTHER, [USE_MORE] = VERSION_MORE};
        if (u->kind == USE_KNOWN)
            names[i] = arena_text(&arena, known.names[u->known]);
        else if (u->kind == USE_UNKNOWN)
            names[i] = arena_printf(&arena, "%.*s?", u->len, (const char *)u->name);
        else
            names[i] = fixed[u->kind];
    }
    qsort(names, v->use_count, sizeof *names, by_text);
    for (size_t i = 0; i < v->use_count; i++)
        text = arena_printf(&arena, "%s%s%s", text, i ? "," : "", names[i]);
    return text;
}

static void expect(const char *cell, enum value_class class, const char *names)
{
    struct verdict v = classify(cell);
    if (v.class != class || strcmp(uses(&v), names) != 0)
        fail_msg("%.60s...: %s %s, wanted %s %s", cell, value_class_name(v.class), uses(&v),
                 value_class_name(class), names);
}

/* The value cut to its first n bytes after the prefix. */
static const char *cut(const char *value, size_t n)
{
    static char text[CELL_MAX];
    const char *colon = strchr(value, ':');
    size_t prefix = colon ? (size_t)(colon - value) + 1 : 0;
    (void)snprintf(text, sizeof text, "%.*s", (int)(prefix + n), value);
    return text;
}

static const char *join(const char *a, const char *b, const char *c)
{
    return arena_printf(&arena, "%s%s%s", a, b, c);
}

static void every_vector_is_recognised(void **state)
{
    (void)state;
    struct err err = {0};
    assert_true(envelope_self_test(&err));
    assert_int_equal(err.kind, ERR_NONE);
}

/* formats.md: token 100, 120, ...; outer 136, 160, 188, 220, 248, 272 for 1 to 6 blocks. */
static void values_of_any_length_are_hinted(void **state)
{
    (void)state;
    static const size_t outer[] = {136, 160, 188, 220, 248, 272};
    char value[CELL_MAX];
    for (unsigned n = 1; n <= 40; n++) {
        (void)cell_value(value, "v2:", n, TIME, n);
        if (n <= 6)
            assert_int_equal(strlen(value) - 3, outer[n - 1]);
        expect(value, CLASS_HINTED, "v2");
        const struct simd_ops *all[SIMD_KINDS];
        struct reading r = reading;
        struct fernet_value fast;
        for (size_t k = simd_all(all); k > 0; k--) {
            r.simd = all[k - 1];
            assert_int_equal(fernet_value(&r, str_from(value), &fast), strlen(value));
            assert_int_equal(fast.time, TIME);
        }
        struct verdict v = classify(value);
        assert_true(v.counted);
        assert_int_equal(v.uses[0].oldest, TIME);
        assert_int_equal(v.uses[0].newest, TIME);
    }
}

static void names_compare_lower_cased(void **state)
{
    (void)state;
    char value[CELL_MAX];
    expect(cell_value(value, "V1:", 2, TIME, 1), CLASS_HINTED, "v1");
    expect(cell_value(value, "V10:", 2, TIME, 1), CLASS_HINTED, "v10");
    expect(cell_value(value, "Unheard-Of_1.2:", 2, TIME, 1), CLASS_HINTED, "unheard-of_1.2?");
}

static void a_name_of_the_keyring_fits_whatever_its_bytes(void **state)
{
    (void)state;
    char value[CELL_MAX];
    expect(cell_value(value, "prod key:", 2, TIME, 1), CLASS_HINTED, "prod key");
    expect(cell_value(value, "Prod Key:", 2, TIME, 1), CLASS_HINTED, "prod key");
    expect(cell_value(value, "test key:", 2, TIME, 1), CLASS_MALFORMED, "(other)");
}

static void a_name_is_at_most_32_bytes(void **state)
{
    (void)state;
    char value[CELL_MAX];
    expect(cell_value(value, "abcdefghijklmnopqrstuvwxyz012345:", 1, TIME, 1), CLASS_HINTED,
           "abcdefghijklmnopqrstuvwxyz012345?");
    expect(cell_value(value, "abcdefghijklmnopqrstuvwxyz0123456:", 1, TIME, 1), CLASS_MALFORMED,
           "(other)");
}

static void a_bare_token_is_unversioned(void **state)
{
    (void)state;
    char value[CELL_MAX];
    expect(cell_value(value, "", 2, TIME, 1), CLASS_UNVERSIONED, "-");
}

static void nothing_is_trimmed(void **state)
{
    (void)state;
    char value[CELL_MAX];
    expect(cell_value(value, " v1:", 2, TIME, 1), CLASS_MALFORMED, "(other)");
    expect(cell_value(value, "\"v1:", 2, TIME, 1), CLASS_MALFORMED, "(other)");
    expect(cell_value(value, ":", 2, TIME, 1), CLASS_MALFORMED, "(other)");
    expect(join(cell_value(value, "v1:", 2, TIME, 1), " ", ""), CLASS_MALFORMED, "v1");
    expect(join(cell_value(value, "v1:", 2, TIME, 1), "\n", ""), CLASS_MALFORMED, "v1");
}

static void a_cut_payload_is_truncated_and_its_hint_is_in_use(void **state)
{
    (void)state;
    char value[CELL_MAX];
    (void)cell_value(value, "v1:", 6, TIME, 1);
    for (size_t n = 8; n < 272; n++)
        expect(cut(value, n), CLASS_TRUNCATED, "v1");
    (void)cell_value(value, "", 6, TIME, 1);
    for (size_t n = 8; n < 272; n++)
        expect(cut(value, n), CLASS_TRUNCATED, "-");
    expect(cut(cell_value(value, "v77:", 6, TIME, 1), 100), CLASS_TRUNCATED, "v77?");
    expect(cut(cell_value(value, " v1:", 6, TIME, 1), 100), CLASS_TRUNCATED, "(other)");
}

static void the_time_of_a_cut_value_is_read_where_it_is_there(void **state)
{
    (void)state;
    char value[CELL_MAX];
    (void)cell_value(value, "v1:", 6, TIME, 1);
    struct verdict v = classify(cut(value, 16));
    assert_int_equal(v.uses[0].oldest, TIME);
    v = classify(cut(value, 15));
    assert_int_equal(v.uses[0].oldest, UTC_NONE);
}

/* Padding is required and exact, in both layers. */
static void wrong_padding_is_no_legal_length(void **state)
{
    (void)state;
    char value[CELL_MAX];
    expect(join(cell_value(value, "v1:", 2, TIME, 1), "=", ""), CLASS_TRUNCATED, "v1");
    (void)cell_value(value, "v1:", 1, TIME, 1);
    assert_string_equal(value + strlen(value) - 2, "==");
    value[strlen(value) - 1] = 0;
    expect(value, CLASS_TRUNCATED, "v1");
    value[strlen(value) - 1] = 0;
    expect(value, CLASS_TRUNCATED, "v1");
}

static void an_alien_byte_in_a_payload_is_malformed(void **state)
{
    (void)state;
    static const char aliens[] = "+/.,:;\" \x80\xff\x01=";
    char value[CELL_MAX];
    for (size_t at = 8; at < 160; at += 7) {
        for (size_t i = 0; i + 1 < sizeof aliens; i++) {
            (void)cell_value(value, "v1:", 2, TIME, 1);
            value[3 + at] = aliens[i];
            expect(value, CLASS_MALFORMED, "v1");
        }
    }
}

/* Base64 of a token that is itself in the standard alphabet: the application cannot read it. */
static void an_inner_token_in_the_standard_alphabet_is_malformed(void **state)
{
    (void)state;
    char token[] = "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD72-YYtyWXnoAwFitww_5QMSIoXhMJ61jCHOurbwtfFdwQE"
                   "k9ZJRC2oPkb5bE11xyWgrUD0-rB09GAykgQLo4UY=";
    char value[CELL_MAX] = "v1:";
    (void)cell_base64((const unsigned char *)token, strlen(token), value + 3);
    expect(value, CLASS_HINTED, "v1");
    for (char *c = token; *c; c++)
        *c = *c == '_' ? '/' : *c == '-' ? '+' : *c;
    (void)cell_base64((const unsigned char *)token, strlen(token), value + 3);
    expect(value, CLASS_MALFORMED, "v1");
}

static void a_version_name_before_anything_else_is_malformed(void **state)
{
    (void)state;
    expect("v1:abc", CLASS_MALFORMED, "v1");
    expect("V2:", CLASS_MALFORMED, "v2");
    expect("v99:abc", CLASS_MALFORMED, "v99?");
    expect("prod key:abc", CLASS_MALFORMED, "prod key");
    expect("v1:Z0FBQUF", CLASS_MALFORMED, "v1");
}

static void any_other_text_is_plaintext(void **state)
{
    (void)state;
    expect("vimeo:abc", CLASS_PLAINTEXT, "");
    expect("hello", CLASS_PLAINTEXT, "");
    expect("v1", CLASS_PLAINTEXT, "");
    expect("v:abc", CLASS_PLAINTEXT, "");
    expect("http://x", CLASS_PLAINTEXT, "");
    expect("\\x6162", CLASS_PLAINTEXT, "");
    expect("Z0FBQUF", CLASS_PLAINTEXT, "");
    expect(" ", CLASS_PLAINTEXT, "");
    expect("", CLASS_EMPTY, "");
    expect("\\x", CLASS_EMPTY, "");
}

/* The application took any text with a leading v and a ':' for its own and stored it as it was. */
static void leaks_are_told_apart(void **state)
{
    (void)state;
    assert_true(classify("vimeo:abc").leak);
    assert_true(classify("v :").leak);
    assert_false(classify("Vimeo:abc").leak);
    assert_false(classify("video").leak);
    assert_false(classify("v1:abc").leak);
    assert_false(classify("http://v").leak);
}

static void only_the_constant_counts_in_undeclared_columns(void **state)
{
    (void)state;
    char value[CELL_MAX];
    assert_false(classify("v1:abc").counted);
    assert_false(classify("vimeo:abc").counted);
    assert_true(classify("v1:Z0FBQUFB").counted);
    assert_true(classify("x Z0FBQUFB").counted);
    assert_true(classify("5A30464251554642").counted);
    /* Valid by its structure, but dated so late that it lacks the constant. */
    struct verdict v = classify(cell_value(value, "v1:", 2, (uint64_t)1 << 40, 1));
    assert_int_equal(v.class, CLASS_HINTED);
    assert_false(v.counted);
    assert_int_equal(v.future, 1);
}

static void values_inside_other_text_are_embedded(void **state)
{
    (void)state;
    char a[CELL_MAX];
    char b[CELL_MAX];
    const char *v1 = cell_value(a, "v1:", 2, TIME, 1);
    const char *v2 = cell_value(b, "v2:", 3, TIME + 5, 2);
    expect(join("{\"otp\": \"", v1, "\"}"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("[\"", v1, "\"]"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("{", join(v1, ",", v2), "}"), CLASS_HINTED_EMBEDDED, "v1,v2");
    expect(join(v1, ",", v2), CLASS_MALFORMED, "v1,v2");
    expect(join("{", join(v1, ",", v1), "}"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("\"", v1, "\""), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("see ", v1, " there"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("a: ", v1, ""), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("[\"", v1 + 3, "\"]"), CLASS_UNVERSIONED_EMBEDDED, "-");
    expect(join("[\"x/", v1, "\"]"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("[\"new-", v1, "\"]"), CLASS_HINTED_EMBEDDED, "new-v1?");
    expect(join("[\":", v1 + 3, "\"]"), CLASS_UNVERSIONED_EMBEDDED, "-");
    expect(join(v1 + 3, ":", "abc"), CLASS_UNVERSIONED_EMBEDDED, "-");
    expect(join("v2:", v1, ""), CLASS_MALFORMED, "v1,v2");
}

/* A ':' ends the name wherever it stands, so that what follows it is no whole value. */
static void the_first_colon_of_a_long_text_is_seen(void **state)
{
    (void)state;
    char text[2 * CELL_MAX];
    char value[CELL_MAX];
    const char *v2 = cell_value(value, "v2:", 2, TIME, 1);
    static const struct {
        size_t before, behind;
    } cases[] = {{300, 300}, {255, 400}, {700, 0}, {700, 127}, {700, 128}, {700, 129}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(text, sizeof text, "%0*d x:%0*d %s", (int)cases[i].before, 0,
                       (int)cases[i].behind + 1, 0, v2);
        expect(text, CLASS_HINTED_EMBEDDED, "v2");
    }
    (void)snprintf(text, sizeof text, "%0300d x%0300d %s", 0, 0, v2 + 3);
    expect(text, CLASS_UNVERSIONED_EMBEDDED, "-");
}

/* Its padding ends it, be it damaged before that or not. */
static void a_token_behind_the_padding_of_another_is_one_of_its_own(void **state)
{
    (void)state;
    char value[CELL_MAX];
    const char *v2 = cell_value(value, "v2:", 2, TIME, 1);
    expect(join("v1:Z0FBQUFBAAAAAAAAAAAAAAAAAAAA==", v2 + 3, ""), CLASS_MALFORMED, "-,v1");
    expect(join("v1:Z0FBQUFBAAAAAAAAAAAAAAAAAAAA=", v2, ""), CLASS_MALFORMED, "v1,v2");
}

/* Z0FBQUFB and 5a30... fit a name, and begin a token all the same. */
static void a_constant_in_a_name_is_a_token(void **state)
{
    (void)state;
    char value[CELL_MAX];
    const char *v2 = cell_value(value, "v2:", 2, TIME, 1);
    expect(join("Z0FBQUFB:", v2 + 3, ""), CLASS_HINTED, "-,z0fbqufb?");
    expect(join("5a30464251554642:", v2 + 3, ""), CLASS_HINTED, "-,5a30464251554642?");
    expect(join("x5A30464251554642y:", v2 + 3, ""), CLASS_HINTED, "-,x5a30464251554642y?");
}

/* Twice in hexadecimal is not looked for: the scan passes over such cells (scan_copy.c). */
static void hexadecimal_within_bytea_is_text(void **state)
{
    (void)state;
    expect("\\x35613330343634323531353534363432", CLASS_PLAINTEXT, "");
    expect("\\x5a30464251554642", CLASS_TRUNCATED, "-");
}

static void the_worst_of_several_embedded_values_wins(void **state)
{
    (void)state;
    char a[CELL_MAX];
    char b[CELL_MAX];
    const char *v1 = cell_value(a, "v1:", 2, TIME, 1);
    const char *v2 = cell_value(b, "v2:", 3, TIME, 2);
    expect(join("[", join(v1, ",", v2 + 3), "]"), CLASS_UNVERSIONED_EMBEDDED, "-,v1");
    expect(join("[", join(v1, ",", cut(v2, 50)), "]"), CLASS_TRUNCATED_EMBEDDED, "v1,v2");
    expect(join("[", join(cut(v2, 50), ",", v1 + 3), "]"), CLASS_TRUNCATED_EMBEDDED, "-,v2");
    expect("[\"v9:Z0FBQUFB\"]", CLASS_TRUNCATED_EMBEDDED, "v9?");
}

static void times_of_one_version_span_its_tokens(void **state)
{
    (void)state;
    char a[CELL_MAX];
    char b[CELL_MAX];
    (void)cell_value(a, "v1:", 2, TIME + 9, 1);
    (void)cell_value(b, "v1:", 2, TIME, 2);
    struct verdict v = classify(join("[", join(a, ",", b), "]"));
    assert_int_equal(v.use_count, 1);
    assert_int_equal(v.uses[0].oldest, TIME);
    assert_int_equal(v.uses[0].newest, TIME + 9);
}

static void future_times_are_counted_and_not_used(void **state)
{
    (void)state;
    char value[CELL_MAX];
    struct verdict v = classify(cell_value(value, "v1:", 2, LIMIT, 1));
    assert_int_equal(v.future, 0);
    assert_int_equal(v.uses[0].newest, LIMIT);
    v = classify(cell_value(value, "v1:", 2, LIMIT + 1, 1));
    assert_int_equal(v.future, 1);
    assert_int_equal(v.uses[0].newest, UTC_NONE);
    assert_int_equal(v.uses[0].oldest, UTC_NONE);
}

static const char *hex(const char *text, const char *digits)
{
    static char into[4 * CELL_MAX];
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        into[2 * i] = digits[(unsigned char)text[i] >> 4];
        into[2 * i + 1] = digits[(unsigned char)text[i] & 15];
    }
    into[2 * n] = 0;
    return into;
}

static void bytea_is_classified_as_the_bytes_it_stands_for(void **state)
{
    (void)state;
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";
    char value[CELL_MAX];
    (void)cell_value(value, "v1:", 2, TIME, 1);
    expect(join("\\x", hex(value, lower), ""), CLASS_HINTED, "v1");
    expect(join("\\x", hex(value, upper), ""), CLASS_HINTED, "v1");
    expect(join("\\x", hex(value + 3, lower), ""), CLASS_UNVERSIONED, "-");
    expect(join("\\x", hex(cut(value, 99), lower), ""), CLASS_TRUNCATED, "v1");
    expect(join("\\x", hex(join("[", value, "]"), lower), ""), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("\\x", hex("v1:abc", lower), ""), CLASS_MALFORMED, "v1");
}

static void hexadecimal_constants_are_found_in_any_text(void **state)
{
    (void)state;
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";
    char value[CELL_MAX];
    (void)cell_value(value, "v1:", 2, TIME, 1);
    expect(join("x'", hex(value, upper), "'"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("0x", hex(value, lower), ""), CLASS_HINTED_EMBEDDED, "v1");
    expect(hex(value, lower), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("0", hex(value, lower), ""), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("x'", hex(value + 3, lower), "'"), CLASS_UNVERSIONED_EMBEDDED, "-");
    expect(join("x'", hex(join("{", value, "}"), lower), "'"), CLASS_HINTED_EMBEDDED, "v1");
    expect(join("x'", hex(cut(value, 40), lower), "'"), CLASS_TRUNCATED_EMBEDDED, "v1");
    expect(join("\\x", hex(value, lower), "g"), CLASS_HINTED_EMBEDDED, "v1");
}

static void names_beyond_the_limit_of_a_cell_are_one_more(void **state)
{
    (void)state;
    static char cell[200 * 32];
    size_t at = 1;
    cell[0] = ':';
    for (unsigned i = 0; i < 200; i++)
        at += (size_t)snprintf(cell + at, sizeof cell - at, "[n%03u:Z0FBQUFB]", i % 100);
    struct verdict v = classify(cell);
    assert_int_equal(v.use_count, ENVELOPE_USES_MAX + 1);
    assert_int_equal(v.uses[ENVELOPE_USES_MAX].kind, USE_MORE);
    assert_memory_equal(v.uses[0].name, "n000", 4);
    assert_memory_equal(v.uses[ENVELOPE_USES_MAX - 1].name, "n063", 4);
}

/* ---- properties ---- */

static void assert_same(const struct verdict *a, const struct verdict *b, const char *cell)
{
    bool same = a->class == b->class && a->counted == b->counted && a->leak == b->leak &&
                a->future == b->future && a->use_count == b->use_count;
    for (size_t i = 0; same && i < a->use_count; i++) {
        const struct key_use *x = &a->uses[i];
        const struct key_use *y = &b->uses[i];
        same = x->kind == y->kind && x->known == y->known && x->len == y->len &&
               memcmp(x->name, y->name, x->len) == 0 && x->oldest == y->oldest &&
               x->newest == y->newest;
    }
    if (!same)
        fail_msg("verdicts differ on %s", cell);
}

/* A text of parts that matter, some of them damaged. */
static size_t random_cell(uint64_t *seed, char *into, size_t room)
{
    static const char *const parts[] = {"v1:",      "v2:",
                                        "V10:",     "x:",
                                        "Z0FBQUFB", "Z0FB",
                                        "QUFB",     "=",
                                        "==",       "5a30464251",
                                        "554642",   "\\x",
                                        ":",        "\"",
                                        "{",        "prod key:",
                                        "a b",      "76313a",
                                        ",",        "\xff",
                                        "v99:",     "longer-than-any-name-may-ever-be"};
    size_t at = 0;
    size_t count = cell_random(seed) % 6;
    for (size_t i = 0; i <= count; i++) {
        char value[CELL_MAX];
        const char *part = parts[cell_random(seed) % (sizeof parts / sizeof *parts)];
        uint64_t choice = cell_random(seed) % 8;
        if (choice < 3) {
            (void)cell_value(value, choice == 0 ? "v1:" : "", 1 + (unsigned)(choice % 4),
                             TIME + choice, cell_random(seed));
            if (cell_random(seed) % 3 == 0)
                value[cell_random(seed) % strlen(value)] = (char)cell_random(seed);
            if (cell_random(seed) % 3 == 0)
                value[cell_random(seed) % strlen(value)] = 0;
            part = value;
        } else if (choice == 4 && cell_random(seed) % 4 == 0) { /* long enough to be skipped */
            size_t n = cell_random(seed) % 900;
            memset(value, " aZ5"[cell_random(seed) % 4], n);
            value[n] = 0;
            part = value;
        } else if (choice == 3) {
            (void)cell_value(value, "v2:", 1, TIME, cell_random(seed));
            part = hex(value, "0123456789abcdef");
        }
        at += (size_t)snprintf(into + at, room - at, "%s", part);
    }
    return at;
}

static void a_stream_gives_the_same_verdict_for_any_split(void **state)
{
    (void)state;
    static char cell[64 * 1024];
    static struct fernet_stream stream;
    static struct verdict split;
    uint64_t seed = 42;
    for (unsigned round = 0; round < 4000; round++) {
        size_t len = random_cell(&seed, cell, sizeof cell);
        struct verdict whole = classify(cell);
        fernet_stream_open(&stream, &reading, &split);
        for (size_t at = 0; at < len;) {
            size_t n = 1 + cell_random(&seed) % (round % 2 ? 3 : 200);
            n = n < len - at ? n : len - at;
            fernet_stream_feed(&stream, str_make(cell + at, n));
            at += n;
        }
        fernet_stream_close(&stream);
        assert_same(&whole, &split, cell);
    }
}

/* In every form, behind text that is left out, parted anywhere. */
static void a_constant_behind_long_text_is_found_however_it_is_parted(void **state)
{
    (void)state;
    enum { LONG = 700 };
    static char spaces[LONG + 1];
    char value[CELL_MAX];
    memset(spaces, ' ', LONG);
    spaces[0] = ':'; /* what stands before the first is a name */
    (void)cell_value(value, "v1:", 1, TIME, 1);
    for (unsigned form = 0; form < 3; form++) {
        const char *end = form == 0   ? value
                          : form == 1 ? hex(value, "0123456789abcdef")
                                      : hex(value, "0123456789ABCDEF");
        static char cell[LONG + 4 * CELL_MAX];
        size_t len = (size_t)snprintf(cell, sizeof cell, "%s%s", spaces, end);
        expect(cell, CLASS_HINTED_EMBEDDED, "v1");
        struct verdict whole = classify(cell);
        for (size_t at = LONG - 8; at < LONG + 60; at++) {
            static struct fernet_stream stream;
            struct verdict parted;
            fernet_stream_open(&stream, &reading, &parted);
            fernet_stream_feed(&stream, str_make(cell, at));
            fernet_stream_feed(&stream, str_make(cell + at, len - at));
            fernet_stream_close(&stream);
            assert_same(&whole, &parted, cell);
        }
    }
}

/* Is it the one of the use, in whatever case? */
static bool is_name(const struct key_use *use, struct str name)
{
    struct str lower =
        use->kind == USE_KNOWN ? reading.known->names[use->known] : str_make(use->name, use->len);
    return str_eq_nocase(name, lower);
}

static void the_fast_way_agrees_with_the_careful_one(void **state)
{
    (void)state;
    static char cell[64 * 1024];
    struct reading plain = reading;
    plain.simd = &simd_scalar;
    uint64_t seed = 7;
    unsigned fast = 0;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = random_cell(&seed, cell, sizeof cell);
        struct fernet_value value;
        struct fernet_value again;
        struct verdict v;
        struct fernet_stream stream;
        size_t taken = fernet_value(&reading, str_make(cell, len), &value);
        assert_int_equal(taken, fernet_value(&plain, str_make(cell, len), &again));
        bool is = taken == len && len > 0;
        fernet_stream_open(&stream, &reading, &v);
        fernet_stream_feed(&stream, str_make(cell, len));
        fernet_stream_close(&stream);
        bool plain_name = cell[0] != '\\' && !strchr(cell, ' '); /* no bytea, not "prod key" */
        bool usual = v.use_count == 1 && v.counted && plain_name &&
                     (v.class == CLASS_HINTED || v.class == CLASS_UNVERSIONED);
        assert_int_equal(is, usual);
        if (!is)
            continue;
        fast++;
        assert_int_equal(value.name.len == 0, v.class == CLASS_UNVERSIONED);
        assert_int_equal(value.time, v.uses[0].oldest);
        assert_int_equal(value.time, again.time);
        if (value.name.len > 0)
            assert_true(is_name(&v.uses[0], value.name));
    }
    assert_in_range(fast, 500, 20000);
}

static void sniff_never_misses_what_classify_counts(void **state)
{
    (void)state;
    static char cell[64 * 1024];
    uint64_t seed = 99;
    for (unsigned round = 0; round < 4000; round++) {
        size_t len = random_cell(&seed, cell, sizeof cell);
        if (classify(cell).counted && cell[0] != '\\')
            assert_true(
                envelope_versioned_fernet.sniff(&envelope_versioned_fernet, str_make(cell, len)));
    }
}

static void key_names_are_found_lower_cased_and_refused_when_unusable(void **state)
{
    (void)state;
    struct err err = {0};
    struct key_names names;
    assert_int_equal(known.count, 4);
    assert_true(str_eq(known.names[0], STR("prod key")));
    assert_int_equal(key_names_find(&known, STR("v10")), 2);
    assert_int_equal(key_names_find(&known, STR("v3")), known.count);
    assert_int_equal(key_names_find(&known, STR("")), known.count);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    struct str name = str_make(longest, KEY_NAME_MAX);
    assert_true(key_names_make(&arena, &name, 1, &names, &err));
    assert_int_equal(key_names_find(&names, name), 0);
    name.len++;
    assert_false(key_names_make(&arena, &name, 1, &names, &err));
    assert_int_equal(err.id, 330);
    err = (struct err){0};
    name.len = 0;
    assert_false(key_names_make(&arena, &name, 1, &names, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
}

static void many_key_names_are_all_found(void **state)
{
    (void)state;
    struct err err = {0};
    struct key_names names;
    static struct str list[3000];
    for (unsigned i = 0; i < 3000; i++)
        list[i] = str_from(arena_printf(&arena, i % 2 ? "v%u" : "production-key-%u", i));
    assert_true(key_names_make(&arena, list, 3000, &names, &err));
    assert_int_equal(names.count, 3000);
    for (unsigned i = 0; i < 3000; i++)
        assert_true(str_eq(names.names[key_names_find(&names, list[i])], list[i]));
    assert_int_equal(key_names_find(&names, STR("v0")), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_recognised),
        cmocka_unit_test(values_of_any_length_are_hinted),
        cmocka_unit_test(names_compare_lower_cased),
        cmocka_unit_test(a_name_of_the_keyring_fits_whatever_its_bytes),
        cmocka_unit_test(a_name_is_at_most_32_bytes),
        cmocka_unit_test(a_bare_token_is_unversioned),
        cmocka_unit_test(nothing_is_trimmed),
        cmocka_unit_test(a_cut_payload_is_truncated_and_its_hint_is_in_use),
        cmocka_unit_test(the_time_of_a_cut_value_is_read_where_it_is_there),
        cmocka_unit_test(wrong_padding_is_no_legal_length),
        cmocka_unit_test(an_alien_byte_in_a_payload_is_malformed),
        cmocka_unit_test(an_inner_token_in_the_standard_alphabet_is_malformed),
        cmocka_unit_test(a_version_name_before_anything_else_is_malformed),
        cmocka_unit_test(any_other_text_is_plaintext),
        cmocka_unit_test(leaks_are_told_apart),
        cmocka_unit_test(only_the_constant_counts_in_undeclared_columns),
        cmocka_unit_test(values_inside_other_text_are_embedded),
        cmocka_unit_test(the_first_colon_of_a_long_text_is_seen),
        cmocka_unit_test(a_token_behind_the_padding_of_another_is_one_of_its_own),
        cmocka_unit_test(a_constant_in_a_name_is_a_token),
        cmocka_unit_test(hexadecimal_within_bytea_is_text),
        cmocka_unit_test(the_worst_of_several_embedded_values_wins),
        cmocka_unit_test(times_of_one_version_span_its_tokens),
        cmocka_unit_test(future_times_are_counted_and_not_used),
        cmocka_unit_test(bytea_is_classified_as_the_bytes_it_stands_for),
        cmocka_unit_test(hexadecimal_constants_are_found_in_any_text),
        cmocka_unit_test(names_beyond_the_limit_of_a_cell_are_one_more),
        cmocka_unit_test(a_stream_gives_the_same_verdict_for_any_split),
        cmocka_unit_test(a_constant_behind_long_text_is_found_however_it_is_parted),
        cmocka_unit_test(the_fast_way_agrees_with_the_careful_one),
        cmocka_unit_test(sniff_never_misses_what_classify_counts),
        cmocka_unit_test(key_names_are_found_lower_cased_and_refused_when_unusable),
        cmocka_unit_test(many_key_names_are_all_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
