/* When an archive may end: what counts as another copy of a key. */
#include "applier/custody.h"
#include "formats/keyring/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NOW = 1000, ARCHIVES = 3 };

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (const unsigned char *)(literal), sizeof(literal) - 1                                      \
    }

static const struct binding values[] = {{.value = TEXT("one")}, {.value = TEXT("other")}};
static const struct key_version one = {.key = &values[0], .salt_bytes = TEXT("a")};
static const struct key_version other = {.key = &values[1], .salt_bytes = TEXT("a")};
static const struct key_version salted = {.key = &values[0], .salt_bytes = TEXT("b")};

/* The first archive holds `held` as v1, a dump that is kept needs v1; may it end? */
static bool may_end(const struct key_version *held[2], const struct key_version *elsewhere[2])
{
    struct arena arena = {0};
    struct err err = {0};
    struct custody_key keys[4];
    struct custody_need need = {.version = STR("v1"), .records = 1, .until = UTC_NONE, .dump = "d"};
    const struct custody_need *needs[] = {&need};
    struct custody_archive archives[ARCHIVES] = {
        {.name = "first", .readable = true, .needs = needs, .need_count = 1, .keys = keys},
        {.name = "second", .readable = true, .keys = keys + 2},
        {.name = "third", .readable = true, .keys = keys + 3}};
    const struct custody c = {.archives = archives, .count = ARCHIVES};
    for (size_t i = 0; i < 2; i++) {
        if (held[i])
            keys[archives[0].key_count++] = (struct custody_key){STR("v1"), held[i]};
        if (elsewhere[i])
            archives[1 + i].keys[archives[1 + i].key_count++] =
                (struct custody_key){STR("v1"), elsewhere[i]};
    }
    bool may = custody_may_end(&c, &archives[0], NOW, NOW - 1, &arena, &err);
    if (!may)
        assert_int_equal(err.id, 822);
    arena_free(&arena);
    return may;
}

#define HELD(...) ((const struct key_version *[2]){__VA_ARGS__})

static void same_key_and_salt_elsewhere_is_a_copy(void **state)
{
    (void)state;
    assert_true(may_end(HELD(&one), HELD(&one)));
    assert_true(may_end(HELD(&one), HELD(&other, &one)));
}

static void another_key_or_salt_of_that_name_is_none(void **state)
{
    (void)state;
    assert_false(may_end(HELD(&one), HELD(NULL)));
    assert_false(may_end(HELD(&one), HELD(&other)));
    assert_false(may_end(HELD(&one), HELD(&salted)));
}

static void of_two_keys_of_one_name_each_needs_a_copy(void **state)
{
    (void)state;
    assert_false(may_end(HELD(&one, &other), HELD(&one)));
    assert_false(may_end(HELD(&one, &other), HELD(&other)));
    assert_true(may_end(HELD(&one, &other), HELD(&one, &other)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_key_and_salt_elsewhere_is_a_copy),
        cmocka_unit_test(another_key_or_salt_of_that_name_is_none),
        cmocka_unit_test(of_two_keys_of_one_name_each_needs_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
