/* approval and child: how people are counted; what a child is given and gives back. */
#include "applier/approval.h"
#include "common/child.h"
#include "common/sandbox.h"
#include "common/sys.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* ---- the keeper of children ---- */

static bool asks_ssh_keygen(const char *const *arguments, const char *setting)
{
    const char *const environment[] = {setting, NULL};
    const struct child c = {
        .program = "/usr/bin/ssh-keygen", .arguments = arguments, .environment = environment};
    return approval_may_ask(&c);
}

static void the_keeper_runs_the_four_questions_to_ssh_keygen_alone(void **unused)
{
    (void)unused;
    static const char *const sign[] = {"ssh-keygen", "-Y", "sign", "-n", "x", "-f", "key", NULL};
    static const char *const verify[] = {"ssh-keygen", "-Y", "verify", "-n", "x",  "-I", "ana",
                                         "-s",         "a",  "-f",     "b",  "-r", "c",  NULL};
    static const char *const make[] = {"ssh-keygen", "-t", "ed25519", "-f", "key", NULL};
    static const char *const load[] = {"ssh-keygen", "-Y", "sign", "-w", "evil.so", NULL};
    static const char *const option[] = {"ssh-keygen", "-Y", "verify", "-O", "x", NULL};
    static const char *const half[] = {"ssh-keygen", "-Y", "verify", "-n", NULL};
    static const char *const write[] = {"ssh-keygen", "-Y", "sign", "-n", "x", "file", NULL};
    static const char *const short_one[] = {"ssh-keygen", "-Y", NULL};
    assert_true(asks_ssh_keygen(sign, NULL));
    assert_true(asks_ssh_keygen(sign, "SSH_AUTH_SOCK=/run/agent"));
    assert_true(asks_ssh_keygen(verify, NULL));
    assert_false(asks_ssh_keygen(make, NULL));
    assert_false(asks_ssh_keygen(load, NULL));
    assert_false(asks_ssh_keygen(option, NULL));
    assert_false(asks_ssh_keygen(half, NULL));
    assert_false(asks_ssh_keygen(write, NULL));
    assert_false(asks_ssh_keygen(short_one, NULL));
    assert_false(asks_ssh_keygen(sign, "LD_PRELOAD=/tmp/evil.so"));
    const char *const environment[] = {NULL};
    const struct child other = {
        .program = "/bin/sh", .arguments = sign, .environment = environment};
    assert_false(approval_may_ask(&other));
}

static bool is_cat(const struct child *c)
{
    return strcmp(c->program, "/bin/cat") == 0;
}

/* In a process of its own, which shuts itself in: 0, or the number of what went wrong. */
static int ask_the_keeper(void)
{
    static child_rule *const rules[] = {is_cat, NULL};
    static const char *const cat[] = {"cat", "-", CHILD_FILE_2, CHILD_FILE_1, NULL};
    static const char *const sh[] = {"sh", "-c", "exit 0", NULL};
    const struct child allowed = {.program = "/bin/cat",
                                  .arguments = cat,
                                  .input = STR("in "),
                                  .files = {STR("one"), STR("two ")},
                                  .file_count = 2};
    const struct child other = {.program = "/bin/sh", .arguments = sh};
    struct sandbox_state got = {0};
    struct child_result r;
    if (!child_keep(rules, &err))
        return 1;
    sandbox_limit_calls(SANDBOX_CHANGES, &got);
    if (!child_run(&a, &allowed, &r, &err) || r.status != 0 || !str_eq(r.out, STR("in two one")))
        return 2;
    if (child_run(&a, &other, &r, &err) || err.id != 161)
        return 3;
    err = (struct err){0};
    if (!child_run(&a, &allowed, &r, &err) || !str_eq(r.out, STR("in two one")))
        return 4; /* a refusal ends nothing */
    return 0;
}

static void the_keeper_starts_for_a_process_that_is_shut_in_what_a_rule_knows(void **unused)
{
    (void)unused;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(ask_the_keeper());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void serve_nobody(int in, int out)
{
    (void)in;
    (void)out;
}
static int helper_that_dies(void (*serve)(int in, int out), int *to, int *from)
{
    (void)serve;
    return sys_linux.helper(serve_nobody, to, from);
}

static int ask_a_dead_keeper(void)
{
    static child_rule *const rules[] = {is_cat, NULL};
    static const char *const cat[] = {"cat", NULL};
    const struct child c = {.program = "/bin/cat", .arguments = cat, .input = STR("in")};
    struct sys_ops table = sys_linux;
    struct child_result r;
    table.helper = helper_that_dies;
    sys = &table;
    (void)signal(SIGPIPE, SIG_IGN);
    if (!child_keep(rules, &err) || child_run(&a, &c, &r, &err))
        return 1;
    return err.kind == ERR_SYSTEM ? 0 : 2;
}

static void a_keeper_that_is_gone_is_an_error(void **unused)
{
    (void)unused;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(ask_a_dead_keeper());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
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
        cmocka_unit_test(the_keeper_runs_the_four_questions_to_ssh_keygen_alone),
        cmocka_unit_test_teardown(the_keeper_starts_for_a_process_that_is_shut_in_what_a_rule_knows,
                                  tear_down),
        cmocka_unit_test_teardown(a_keeper_that_is_gone_is_an_error, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
