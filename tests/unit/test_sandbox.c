/*
 * Tests of sandbox: what is refused, and what must go on working. There is no way back out of it,
 * so each behaviour is tried in a child process, whose exit status tells what came of it.
 */
#define _GNU_SOURCE
#include "common/sandbox.h"
#include "common/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WENT_THROUGH = 0, NO_SECCOMP = 201, NO_LANDLOCK = 202 };

struct place {
    char folder[64], input[96], output[96], elsewhere[96];
};

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
    static struct place p;
    (void)snprintf(p.folder, sizeof p.folder, "/tmp/test_sandbox.XXXXXX");
    assert_non_null(mkdtemp(p.folder));
    (void)snprintf(p.input, sizeof p.input, "%s/input", p.folder);
    (void)snprintf(p.output, sizeof p.output, "%s/out", p.folder);
    (void)snprintf(p.elsewhere, sizeof p.elsewhere, "%s/elsewhere", p.folder);
    make_file(p.input);
    make_file(p.elsewhere);
    assert_int_equal(mkdir(p.output, 0700), 0);
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    const struct place *p = *state;
    char made[128];
    (void)snprintf(made, sizeof made, "%s/report", p->output);
    (void)unlink(made);
    (void)unlink(p->input);
    (void)unlink(p->elsewhere);
    (void)rmdir(p->output);
    return rmdir(p->folder);
}

/* errno after an act in the sandbox, or WENT_THROUGH. */
typedef int act(const struct place *p);

static int inside(const struct place *p, act *a, enum sandbox_part needed_files)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const char *inputs[] = {p->input};
        const char *outputs[] = {p->output};
        struct sandbox s = {
            .readable = inputs, .readable_count = 1, .writable = outputs, .writable_count = 1};
        struct sandbox_state got;
        sandbox_enter(&s, &got);
        if (got.calls == SANDBOX_OFF)
            _exit(NO_SECCOMP);
        if (needed_files == SANDBOX_ON && got.files == SANDBOX_OFF)
            _exit(NO_LANDLOCK);
        _exit(a(p));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), NO_SECCOMP);
    return WEXITSTATUS(status);
}

static int outcome(long result)
{
    return result < 0 ? errno : WENT_THROUGH;
}

static int internet_socket(const struct place *p)
{
    (void)p;
    return outcome(socket(AF_INET, SOCK_STREAM, 0));
}
static int local_socket(const struct place *p)
{
    (void)p;
    return outcome(socket(AF_UNIX, SOCK_DGRAM, 0));
}
static int socket_pair(const struct place *p)
{
    int pair[2];
    (void)p;
    return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}
static void no_socket_can_be_made(void **state)
{
    assert_int_equal(inside(*state, internet_socket, SANDBOX_OFF), EPERM);
    assert_int_equal(inside(*state, local_socket, SANDBOX_OFF), EPERM);
    assert_int_equal(inside(*state, socket_pair, SANDBOX_OFF), EPERM);
}

static int run_program(const struct place *p)
{
    char *const words[] = {(char *)(uintptr_t) "/bin/true", NULL};
    (void)p;
    return outcome(execv("/bin/true", words));
}
static int run_descriptor(const struct place *p)
{
    char *const words[] = {(char *)(uintptr_t) "true", NULL};
    (void)p;
    return outcome(syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, words + 1, 0));
}
static void no_program_can_be_run(void **state)
{
    assert_int_equal(inside(*state, run_program, SANDBOX_OFF), EPERM);
    assert_int_equal(inside(*state, run_descriptor, SANDBOX_OFF), EPERM);
}

static int ring(const struct place *p)
{
    (void)p;
    return outcome(syscall(SYS_io_uring_setup, 1, NULL));
}
#if !defined(__SANITIZE_ADDRESS__)
static int new_process(const struct place *p)
{
    (void)p;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return outcome(child);
}
static int unknown_call(const struct place *p)
{
    (void)p;
    return outcome(syscall(SYS_clone3, NULL, 0));
}
static int type_into_terminal(const struct place *p)
{
    (void)p;
    return outcome(ioctl(0, TIOCSTI, "x"));
}
#endif
static void ways_around_are_shut(void **state)
{
    assert_int_equal(inside(*state, ring, SANDBOX_OFF), EPERM);
#if !defined(__SANITIZE_ADDRESS__) /* its leak checker makes calls of its own choice */
    assert_int_equal(inside(*state, new_process, SANDBOX_OFF), EPERM);
    assert_int_equal(inside(*state, unknown_call, SANDBOX_OFF), ENOSYS);
    assert_int_equal(inside(*state, type_into_terminal, SANDBOX_OFF), ENOSYS);
#endif
}

static void *thread(void *done)
{
    *(bool *)done = true;
    return NULL;
}
static int make_thread(const struct place *p)
{
    pthread_t t;
    bool done = false;
    (void)p;
    int wrong = pthread_create(&t, NULL, thread, &done);
    if (!wrong)
        wrong = pthread_join(t, NULL);
    return wrong ? wrong : done ? WENT_THROUGH : ECHILD;
}
static void *socket_in_thread(void *why)
{
    *(int *)why = internet_socket(NULL);
    return NULL;
}
static int thread_makes_socket(const struct place *p)
{
    pthread_t t;
    int why = 0;
    (void)p;
    int wrong = pthread_create(&t, NULL, socket_in_thread, &why);
    if (!wrong)
        wrong = pthread_join(t, NULL);
    return wrong ? wrong : why;
}
static void threads_are_made_and_are_inside_as_well(void **state)
{
    assert_int_equal(inside(*state, make_thread, SANDBOX_OFF), WENT_THROUGH);
    assert_int_equal(inside(*state, thread_makes_socket, SANDBOX_OFF), EPERM);
}

static int read_input(const struct place *p)
{
    char byte;
    int fd = open(p->input, O_RDONLY);
    return fd < 0 ? errno : read(fd, &byte, 1) == 1 && byte == 'x' ? WENT_THROUGH : EIO;
}
static int write_report(const struct place *p)
{
    char staged[128];
    char made[128];
    (void)snprintf(staged, sizeof staged, "%s/.staged", p->output);
    (void)snprintf(made, sizeof made, "%s/report", p->output);
    int fd = open(staged, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, "y", 1) != 1 || fsync(fd) != 0 || close(fd) != 0)
        return errno;
    return outcome(rename(staged, made));
}
static void the_input_is_read_and_the_report_written(void **state)
{
    const struct place *p = *state;
    struct stat st;
    char made[128];
    assert_int_equal(inside(p, read_input, SANDBOX_OFF), WENT_THROUGH);
    assert_int_equal(inside(p, write_report, SANDBOX_OFF), WENT_THROUGH);
    (void)snprintf(made, sizeof made, "%s/report", p->output);
    assert_int_equal(stat(made, &st), 0);
    assert_int_equal(st.st_size, 1);
}

/* Without Landlock the kernel has no such protection, and there is nothing to show. */
static void refused_file(const struct place *p, act *a)
{
    int why = inside(p, a, SANDBOX_ON);
    if (why == NO_LANDLOCK)
        print_message("# this kernel has no Landlock\n");
    else
        assert_int_equal(why, EACCES);
}
static int read_elsewhere(const struct place *p)
{
    return outcome(open(p->elsewhere, O_RDONLY));
}
static int write_input(const struct place *p)
{
    return outcome(open(p->input, O_WRONLY));
}
static int remove_input(const struct place *p)
{
    return outcome(unlink(p->input));
}
static int make_elsewhere(const struct place *p)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/new", p->folder);
    return outcome(open(path, O_WRONLY | O_CREAT, 0600));
}
static void other_files_are_out_of_reach(void **state)
{
    refused_file(*state, read_elsewhere);
    refused_file(*state, write_input);
    refused_file(*state, remove_input);
    refused_file(*state, make_elsewhere);
}

/* One folder cannot be opened just now: whatever the reason, it must not be shut for ever. */
static int refused_openat(int dir, const char *path, int flags, mode_t mode)
{
    if (strstr(path, "/out")) {
        errno = ENOSPC;
        return -1;
    }
    return sys_linux.openat(dir, path, flags, mode);
}
static int open_later(const struct place *p)
{
    char made[128];
    (void)snprintf(made, sizeof made, "%s/report", p->output);
    return outcome(open(made, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}
static void a_folder_that_does_not_open_just_now_is_not_shut(void **state)
{
    struct sys_ops faulty = sys_linux;
    faulty.openat = refused_openat;
    sys = &faulty;
    int why = inside(*state, open_later, SANDBOX_OFF);
    sys = &sys_linux;
    assert_int_equal(why, WENT_THROUGH);
}

static void a_missing_input_is_left_to_who_opens_it(void **state)
{
    struct place p = *(struct place *)*state;
    (void)snprintf(p.input, sizeof p.input, "%s/missing", p.folder);
    assert_int_equal(inside(&p, read_input, SANDBOX_OFF), ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_socket_can_be_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_program_can_be_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ways_around_are_shut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_are_made_and_are_inside_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_input_is_read_and_the_report_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(other_files_are_out_of_reach, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_does_not_open_just_now_is_not_shut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_missing_input_is_left_to_who_opens_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
