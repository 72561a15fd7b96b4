/* source: a plain file, whose bytes are read, or fetched side by side and passed. */
#include "common/source.h"
#include "common/sys.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka needs the four above first */
#include <cmocka.h>

/* Bytes of a file that were fetched elsewhere count as read, in the meter and its digest as well.
 */
static void what_is_passed_is_not_read_again(void **state)
{
    (void)state;
    struct err e = {0};
    struct meter read_all = {0};
    struct meter passed = {0};
    unsigned char into[8];
    size_t got = 0;
    uint64_t at = 0;
    char path[] = "/tmp/test_source.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(pwrite(fd, "abcdefg", 7, 0), 7);
    struct source *all = source_metered(source_from(fd, 0, path, &e), &read_all, &e);
    assert_int_equal(source_read_full(all, into, sizeof into, &got, &e), PULL_END);
    source_close(all);
    struct source *s = source_metered(source_file(fd, path, &e), &passed, &e);
    assert_int_equal(source_read(s, into, 2, &got, &e), PULL_OK);
    assert_int_equal(source_place(s, &at), fd);
    assert_int_equal(at, 2);
    assert_true(source_pass(s, STR("cde"), PASS_BY_HELPER, &e));
    assert_int_equal(source_place(s, &at), fd);
    assert_int_equal(at, 5);
    assert_int_equal(passed.bytes, 5);
    assert_int_equal(source_read_full(s, into, sizeof into, &got, &e), PULL_END);
    assert_true(str_eq(str_make(into, got), STR("fg")));
    assert_int_equal(source_place(s, &at), -1);
    assert_int_equal(passed.bytes, 7);
    assert_string_equal(passed.digest, read_all.digest);
    source_close(s);
    assert_int_equal(unlink(path), 0);
}

static unsigned interruptions;

static ssize_t interrupted_pread(int fd, void *into, size_t n, off_t at)
{
    (void)fd;
    (void)into;
    (void)n;
    (void)at;
    interruptions++;
    errno = EINTR;
    return -1;
}

static bool goes_on_twice(void *context, struct err *err)
{
    unsigned *asked = context;
    if (++*asked <= 2)
        return true;
    err_set(err, ERR_SYSTEM, 101, "stopped");
    return false;
}

/* Once before the read, then at each interruption. */
static void a_file_whose_read_is_interrupted_asks_whether_to_go_on(void **state)
{
    (void)state;
    struct err e = {0};
    struct sys_ops ops = sys_linux;
    unsigned asked = 0;
    unsigned char into[8];
    size_t got = 0;
    int fd = dup(0);
    assert_true(fd >= 0);
    struct source *s = source_watched(source_file(fd, "file", &e), goes_on_twice, &asked, &e);
    ops.pread = interrupted_pread;
    interruptions = 0;
    sys = &ops;
    enum pull p = source_read(s, into, sizeof into, &got, &e);
    sys = &sys_linux;
    assert_int_equal(p, PULL_FAILED);
    assert_string_equal(e.text, "stopped");
    assert_int_equal(interruptions, 2);
    source_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_passed_is_not_read_again),
        cmocka_unit_test(a_file_whose_read_is_interrupted_asks_whether_to_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
