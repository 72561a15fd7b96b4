/* approval and child: how people are counted; what a child is given and gives back. */
#include "applier/approval.h"
#include "common/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- people ---- */

static struct approval good(const char *key, const char *one, const char *other)
{
    struct approval p = {.verdict = APPROVAL_GOOD, .key = str_from(key)};
    p.principals[p.principal_count++] = str_from(one);
    if (other)
        p.principals[p.principal_count++] = str_from(other);
    return p;
}

static void people_are_distinct_by_key_and_by_principal(void **unused)
{
    (void)unused;
    struct approval list[4] = {good("k1", "ana", NULL), good("k2", "rui", NULL)};
    assert_int_equal(approval_people(list, 0), 0);
    assert_int_equal(approval_people(list, 1), 1);
    assert_int_equal(approval_people(list, 2), 2);
    list[2] = good("k1", "eva", NULL); /* ana's key under another name */
    assert_int_equal(approval_people(list, 3), 2);
    list[3] = good("k3", "RUI", NULL); /* another key of rui's */
    assert_int_equal(approval_people(list, 4), 2);
}

static void a_chain_of_shared_principals_is_one_person(void **unused)
{
    (void)unused;
    struct approval list[4] = {good("k1", "a", NULL), good("k2", "c", NULL), good("k3", "d", NULL),
                               good("k4", "a", "c")};
    assert_int_equal(approval_people(list, 3), 3);
    assert_int_equal(approval_people(list, 4), 2);
    list[2] = good("k3", "a", "d");
    list[3] = good("k4", "c", "d");
    assert_int_equal(approval_people(list, 4), 1);
}

static void only_good_signatures_count_and_join(void **unused)
{
    (void)unused;
    struct approval list[3] = {good("k1", "a", NULL), good("k2", "b", NULL), good("k3", "a", "b")};
    list[2].verdict = APPROVAL_NOT_ALLOWED;
    assert_int_equal(approval_people(list, 3), 2);
    list[0].verdict = APPROVAL_BAD;
    assert_int_equal(approval_people(list, 3), 1);
}

/* ---- child ---- */

static struct arena a;
static struct err err;

static int tear_down(void **unused)
{
    (void)unused;
    arena_free(&a);
    err = (struct err){0};
    return 0;
}

static struct child_result ran(const struct child *c)
{
    struct child_result r;
    assert_true(child_run(&a, c, &r, &err));
    return r;
}

static struct child shell(const char *script)
{
    const char **arguments = ARENA_ARRAY(&a, 4, const char *);
    arguments[0] = "sh";
    arguments[1] = "-c";
    arguments[2] = script;
    arguments[3] = NULL;
    return (struct child){.program = "/bin/sh", .arguments = arguments};
}

static void a_child_reads_its_input_and_its_files(void **unused)
{
    (void)unused;
    struct child c = shell("/bin/cat; /bin/cat " CHILD_FILE_2 " " CHILD_FILE_1 "; echo talk >&2");
    c.input = STR("input ");
    c.files[0] = STR("one\n");
    c.files[1] = STR("two ");
    c.file_count = 2;
    struct child_result r = ran(&c);
    assert_int_equal(r.status, 0);
    assert_true(str_eq(r.out, STR("input two one\n")));
    assert_true(str_eq(r.talk, STR("talk\n")));
}

static void a_child_has_no_other_descriptor_and_no_environment(void **unused)
{
    (void)unused;
    struct child c = shell("cd /proc/self/fd; echo *; exec /usr/bin/env");
    struct child_result r = ran(&c);
    struct str rest = r.out, line;
    assert_true(str_line(&rest, &line));
    /* The shell itself opens the folder that it lists. */
    assert_true(str_eq(line, STR("0 1 2")) || str_eq(line, STR("0 1 2 3")));
    while (str_line(&rest, &line)) /* what the shell sets itself */
        assert_true(str_starts(line, STR("PWD=")) || str_starts(line, STR("OLDPWD=")) ||
                    str_starts(line, STR("_=")) || str_starts(line, STR("SHLVL=")));
    static const char *const environment[] = {"ONE=1", NULL};
    static const char *const arguments[] = {"env", NULL};
    struct child e = {
        .program = "/usr/bin/env", .arguments = arguments, .environment = environment};
    r = ran(&e);
    assert_true(str_eq(r.out, STR("ONE=1\n")));
}

static void a_status_and_a_signal_are_told(void **unused)
{
    (void)unused;
    struct child c = shell("exit 3");
    assert_int_equal(ran(&c).status, 3);
    c = shell("kill -TERM $$");
    assert_int_equal(ran(&c).status, 128 + 15);
}

static void a_program_that_is_not_there_is_an_error(void **unused)
{
    (void)unused;
    static const char *const arguments[] = {"x", NULL};
    struct child c = {.program = "/nonexistent/x", .arguments = arguments};
    struct child_result r;
    assert_false(child_run(&a, &c, &r, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_int_equal(err.id, 160);
}

static void input_and_output_of_some_size_go_through(void **unused)
{
    (void)unused;
    enum { SIZE = 3 * 1024 * 1024 };
    unsigned char *bytes = arena_alloc(&a, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 31 >> 3);
    struct child c = shell("exec /bin/cat");
    c.input = str_make(bytes, SIZE);
    struct child_result r = ran(&c);
    assert_true(str_eq(r.out, c.input));
}

static void a_child_that_writes_without_end_is_stopped(void **unused)
{
    (void)unused;
    struct child c = shell("exec /bin/cat /dev/zero");
    struct child_result r = ran(&c);
    assert_int_not_equal(r.status, 0);
    assert_true(r.out.len <= 16 * 1024 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_distinct_by_key_and_by_principal),
        cmocka_unit_test(a_chain_of_shared_principals_is_one_person),
        cmocka_unit_test(only_good_signatures_count_and_join),
        cmocka_unit_test_teardown(a_child_reads_its_input_and_its_files, tear_down),
        cmocka_unit_test_teardown(a_child_has_no_other_descriptor_and_no_environment, tear_down),
        cmocka_unit_test_teardown(a_status_and_a_signal_are_told, tear_down),
        cmocka_unit_test_teardown(a_program_that_is_not_there_is_an_error, tear_down),
        cmocka_unit_test_teardown(input_and_output_of_some_size_go_through, tear_down),
        cmocka_unit_test_teardown(a_child_that_writes_without_end_is_stopped, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
