/* audit: every edited, removed, added or cut line is seen; nothing is written twice. */
#define _GNU_SOURCE
#include "applier/audit.h"
#include "common/sys.h"
#include "tests/crash/fault.h"
#include "tests/crash/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 4 };

static struct world w;
static struct err err;

/* Alternately applied and taken back, so that each is a transaction of its own. */
static void turn_round(void)
{
    for (size_t i = 0; i < w.count; i++) {
        struct sha256 digest = w.targets[i].before;
        struct str image = w.targets[i].image;
        w.targets[i].before = w.targets[i].after;
        w.targets[i].after = digest;
        w.targets[i].image = w.old[i];
        w.old[i] = image;
    }
}

static int make(void **unused)
{
    (void)unused;
    world_make(&w, 2);
    err = (struct err){0};
    fault = (struct fault){0};
    for (size_t i = 0; i < LINES; i++) {
        assert_int_equal(world_apply(&w, &err), 0);
        turn_round();
    }
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    sys = &sys_linux;
    world_free(&w);
    return 0;
}

static const char *log_path(void)
{
    return world_path(&w, "state/audit.log");
}

static struct str log_bytes(void)
{
    static unsigned char room[1 << 16];
    FILE *f = fopen(log_path(), "r");
    assert_non_null(f);
    size_t n = fread(room, 1, sizeof room, f);
    fclose(f);
    return str_make(room, n);
}

static void log_write(struct str bytes)
{
    FILE *f = fopen(log_path(), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

static bool verifies(size_t *lines, struct txn_notes *notes)
{
    struct state state;
    err = (struct err){0};
    *notes = (struct txn_notes){0};
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    bool good = audit_verify(&state, &w.a, lines, notes, &err);
    state_close(&state);
    return good;
}

static void a_line_names_who_what_and_when(void **unused)
{
    (void)unused;
    struct str rest = log_bytes();
    struct str line;
    char text[64], host[256] = "";
    assert_true(str_line(&rest, &line));
    assert_true(str_eq(audit_field(&w.a, line, "seq"), STR("1")));
    assert_true(str_eq(audit_field(&w.a, line, "operation"), STR("apply")));
    assert_true(str_eq(audit_field(&w.a, line, "outcome"), STR("committed")));
    assert_true(str_eq(audit_field(&w.a, line, "versions"), STR("v1 v2")));
    (void)snprintf(text, sizeof text, "%ld", (long)getpid());
    assert_true(str_eq(audit_field(&w.a, line, "process"), str_from(text)));
    (void)snprintf(text, sizeof text, "%ld", (long)geteuid());
    assert_true(str_eq(audit_field(&w.a, line, "uid"), str_from(text)));
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    assert_true(str_eq(audit_field(&w.a, line, "host"), str_from(host)));
    assert_true(str_starts(audit_field(&w.a, line, "program"), STR("keyretire ")));
    assert_int_equal(audit_field(&w.a, line, "backup").at[0], '/');
    assert_int_equal(audit_field(&w.a, line, "nothing").len, 0);
}

/* Another implementation walks the chain. */
static void python_agrees_with_the_chain(void **unused)
{
    (void)unused;
    world_write(world_path(&w, "chain.py"),
                "import hashlib,json,sys\n"
                "prev='0'*64\n"
                "for n,line in enumerate(open(sys.argv[1],'rb'),1):\n"
                "    line=line.rstrip(b'\\n'); o=json.loads(line)\n"
                "    body=line[:line.rindex(b',\"hash\":')]\n"
                "    assert o['seq']==n and o['prev']==prev\n"
                "    assert o['hash']==hashlib.sha256(body).hexdigest()\n"
                "    prev=o['hash']\n"
                "assert n==4\n");
    assert_int_equal(system(arena_printf(&w.a, "/usr/bin/python3 '%s' '%s'",
                                         world_path(&w, "chain.py"), log_path())),
                     0);
}

static void an_untouched_log_verifies(void **unused)
{
    (void)unused;
    size_t lines;
    struct txn_notes notes;
    assert_true(verifies(&lines, &notes));
    assert_int_equal(lines, LINES);
    assert_int_equal(notes.count, 0);
}

static void every_changed_byte_is_seen(void **unused)
{
    (void)unused;
    struct str good = arena_copy(&w.a, log_bytes());
    unsigned char *bytes = arena_alloc(&w.a, good.len);
    for (size_t i = 0; i + 1 < good.len; i++) {
        struct audit_lines lines;
        struct arena scratch = {0};
        err = (struct err){0};
        memcpy(bytes, good.at, good.len);
        bytes[i] ^= 1;
        bool parsed = audit_parse(str_make(bytes, good.len), &scratch, &lines, &err);
        assert_true(!parsed || lines.torn); /* a newline that became another byte */
        arena_free(&scratch);
    }
}

static void every_removed_line_is_seen(void **unused)
{
    (void)unused;
    struct str good = arena_copy(&w.a, log_bytes());
    for (size_t gone = 0; gone < LINES; gone++) {
        struct buf b = {.arena = &w.a};
        struct str rest = good;
        struct str line;
        size_t lines;
        struct txn_notes notes;
        for (size_t i = 0; str_line(&rest, &line); i++) {
            if (i == gone)
                continue;
            buf_add(&b, line);
            buf_byte(&b, '\n');
        }
        log_write(buf_str(&b));
        if (gone + 1 < LINES) {
            assert_false(verifies(&lines, &notes));
            assert_int_equal(err.kind, ERR_CORRUPT);
        } else { /* the last one may not have been written yet: said, and written again */
            assert_true(verifies(&lines, &notes));
            assert_int_equal(notes.count, 1);
        }
    }
}

static void a_cut_tail_contradicts_the_journals(void **unused)
{
    (void)unused;
    struct str good = log_bytes();
    size_t lines;
    struct txn_notes notes;
    log_write(str_slice(good, 0, str_find(good, '\n') + 1));
    assert_false(verifies(&lines, &notes));
    assert_int_equal(err.id, 854);
    assert_int_equal(unlink(log_path()), 0);
    assert_false(verifies(&lines, &notes));
}

static void a_torn_last_line_is_cut_and_written_again(void **unused)
{
    (void)unused;
    struct str good = arena_copy(&w.a, log_bytes());
    size_t lines;
    struct txn_notes notes;
    log_write(str_slice(good, 0, good.len - 40));
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(verifies(&lines, &notes));
    assert_int_equal(lines, LINES);
    assert_true(str_eq(log_bytes(), good));
    /* Zeros, as delayed allocation leaves them. */
    unsigned char *bytes = arena_alloc(&w.a, good.len);
    memcpy(bytes, good.at, good.len);
    memset(bytes + good.len - 60, 0, 59);
    log_write(str_make(bytes, good.len));
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(str_eq(log_bytes(), good));
}

static void nothing_is_written_twice(void **unused)
{
    (void)unused;
    struct str before = arena_copy(&w.a, log_bytes());
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(str_eq(log_bytes(), before));
}

static void a_line_that_could_not_be_written_comes_with_the_next_command(void **unused)
{
    (void)unused;
    size_t lines;
    struct txn_notes notes;
    unsigned long n = 1;
    bool missed = false;
    /* The write of the audit line is the last one of the transaction. */
    for (; !missed; n++) {
        struct world again;
        world_make(&again, 1);
        fault_install();
        fault = (struct fault){.call = "write", .at = n, .errnum = ENOSPC, .forever = true};
        err = (struct err){0};
        int code = world_apply(&again, &err);
        bool reached = fault.seen >= n;
        fault = (struct fault){0};
        sys = &sys_linux;
        missed = code == 0 && reached && again.result.outcome == TXN_COMMITTED &&
                 again.result.finished != UTC_NONE;
        if (missed) {
            bool said = false;
            for (size_t i = 0; i < again.result.warnings.count; i++)
                said |= strstr(again.result.warnings.at[i], "audit log") != NULL;
            assert_true(said);
            struct world kept = w;
            w = again;
            assert_int_equal(world_recover(&w, &err), 0);
            assert_true(verifies(&lines, &notes));
            assert_int_equal(lines, 1);
            again = w;
            w = kept;
        }
        assert_true(reached);
        world_free(&again);
    }
}

static void an_aborted_transaction_has_its_line(void **unused)
{
    (void)unused;
    size_t lines;
    struct txn_notes notes;
    fault_install();
    fault = (struct fault){.call = "fchown", .at = 1, .errnum = EPERM};
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    fault = (struct fault){0};
    assert_true(verifies(&lines, &notes));
    assert_int_equal(lines, LINES + 1);
    struct str rest = log_bytes();
    struct str line;
    for (size_t i = 0; i < LINES + 1; i++)
        assert_true(str_line(&rest, &line));
    assert_true(str_eq(audit_field(&w.a, line, "outcome"), STR("aborted")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_names_who_what_and_when),
        TEST(python_agrees_with_the_chain),
        TEST(an_untouched_log_verifies),
        TEST(every_changed_byte_is_seen),
        TEST(every_removed_line_is_seen),
        TEST(a_cut_tail_contradicts_the_journals),
        TEST(a_torn_last_line_is_cut_and_written_again),
        TEST(nothing_is_written_twice),
        TEST(a_line_that_could_not_be_written_comes_with_the_next_command),
        TEST(an_aborted_transaction_has_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
