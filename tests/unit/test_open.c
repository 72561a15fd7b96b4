/* Tests of SYS_NO_LINKS: paths that were resolved before, and links that came since. */
#define _XOPEN_SOURCE 700
#include "common/sys.h"

#include <errno.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int errno_of(const char *path)
{
    int fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | SYS_NO_LINKS, 0);
    if (fd < 0)
        return errno;
    return sys->close(fd);
}

/* Folder a, file a/f, link l -> a, link a/g -> f. 0, or the number of what went wrong. */
static int look_through_links(void)
{
    char before[4096];
    char folder[] = "/tmp/test_open.XXXXXX";
    int wrong = 0;
    if (!getcwd(before, sizeof before) || !mkdtemp(folder) || chdir(folder) != 0 ||
        mkdir("a", 0700) != 0 || symlink("a", "l") != 0 || symlink("f", "a/g") != 0 ||
        close(open("a/f", O_WRONLY | O_CREAT, 0600)) != 0)
        return 1;
    char inside[64], through[64];
    (void)snprintf(inside, sizeof inside, "%s/a/f", folder);
    (void)snprintf(through, sizeof through, "%s/l/f", folder);
    const struct {
        const char *path;
        int why;
    } cases[] = {{inside, 0},    {through, ELOOP},      {"a/f", 0},         {"a//f", 0},
                 {"a", 0},       {"a/./f", 0},          {"a/../a/f", 0},    {"l", ELOOP},
                 {"l/f", ELOOP}, {"a/g", ELOOP},        {"a/none", ENOENT}, {"none/f", ENOENT},
                 {"/", 0},       {"a/f/more", ENOTDIR}, {"l/../a/f", ELOOP}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (errno_of(cases[i].path) != cases[i].why)
            wrong = (int)i + 10;
    (void)unlink("a/g");
    (void)unlink("a/f");
    (void)unlink("l");
    (void)rmdir("a");
    return chdir(before) != 0 || rmdir(folder) != 0 ? 2 : wrong;
}

static void a_path_without_links_is_opened_and_one_with_a_link_is_not(void **unused)
{
    (void)unused;
    assert_int_equal(look_through_links(), 0);
}

/* As a kernel before 5.6, or a container that has not heard of openat2, answers. */
static int look_without_openat2(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0) != 0 ||
        seccomp_load(filter) != 0)
        return 3;
    seccomp_release(filter);
    return look_through_links();
}

static void it_is_the_same_where_the_kernel_cannot_look_for_links(void **unused)
{
    (void)unused;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(look_without_openat2());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_without_links_is_opened_and_one_with_a_link_is_not),
        cmocka_unit_test(it_is_the_same_where_the_kernel_cannot_look_for_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
