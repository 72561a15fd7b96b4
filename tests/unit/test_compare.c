/* Tests of compare: which changes two reports have, what is marked, and that order plays no part.
 */
#include "analyzer/compare.h"
#include "analyzer/render/diff.h"
#include "tests/unit/report_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct err err;
    struct report before, after;
    struct comparison c;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->before = sample_report(&f->arena);
    f->after = sample_report(&f->arena);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    free(f);
    return 0;
}

static void compare(struct fixture *f)
{
    assert_true(report_seal(&f->before, &f->err));
    assert_true(report_seal(&f->after, &f->err));
    compare_reports(&f->before, &f->after, &f->arena, &f->c);
}

/* "version public.users.totp v2 records 21>30", a line each. */
static const char *told(struct fixture *f)
{
    struct buf b = {.arena = &f->arena};
    for (size_t i = 0; i < f->c.count; i++) {
        const struct change *c = &f->c.changes[i];
        const struct cell *sides[] = {&c->before, &c->after};
        buf_printf(&b, "%s %.*s.%.*s.%.*s %.*s %s ", change_subject_name(c->subject),
                   STR_ARG(c->schema), STR_ARG(c->table), STR_ARG(c->column), STR_ARG(c->name),
                   c->property);
        for (size_t k = 0; k < 2; k++) {
            if (sides[k]->kind == CELL_COUNT)
                buf_printf(&b, "%llu", (unsigned long long)sides[k]->as.count);
            else if (sides[k]->kind == CELL_TEXT)
                buf_add(&b, sides[k]->as.text);
            buf_text(&b, k ? "" : ">");
        }
        buf_printf(&b, "%s%s\n", c->note ? " " : "", change_note_name(c->note));
    }
    return arena_text(&f->arena, buf_str(&b));
}

static struct report_column *column_of(struct report *r, const char *table, const char *name)
{
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            if (str_eq(r->tables[t].name, str_from(table)) &&
                str_eq(r->tables[t].columns[c].name, str_from(name)))
                return &r->tables[t].columns[c];
    fail_msg("no column %s.%s", table, name);
    return NULL;
}

static struct report_usage *usage_of(struct report_column *c, const char *version,
                                     enum usage_basis basis)
{
    for (size_t i = 0; i < c->usage_count; i++)
        if (str_eq(c->usages[i].version, str_from(version)) && c->usages[i].basis == basis)
            return &c->usages[i];
    fail_msg("no version %s", version);
    return NULL;
}

static void equal_findings_differ_in_nothing(void **state)
{
    struct fixture *f = *state;
    f->after.data_time += 86400; /* of another dump, at another time, by another program */
    f->after.created += 86400;
    f->after.program_version = STR("9.9");
    compare(f);
    assert_string_equal(told(f), "");
    assert_int_equal(f->c.count, 0);
}

static void growth_of_a_version_that_is_not_active_is_a_stale_writer(void **state)
{
    struct fixture *f = *state;
    f->before.active_version = f->after.active_version = STR("v3");
    usage_of(column_of(&f->after, "users", "totp"), "v2", BASIS_HINT)->records = 30;
    usage_of(column_of(&f->after, "users", "totp"), "v3", BASIS_HINT)->records = 70;
    compare(f);
    assert_non_null(strstr(told(f), "version public.users.totp v2 records 21>30 stale-writer\n"));
    assert_non_null(strstr(told(f), "version public.users.totp v3 records 60>70\n"));
    assert_int_equal(f->c.notes[CHANGE_STALE_WRITER], 1);
}

static void a_version_that_shrinks_or_was_active_then_is_none(void **state)
{
    struct fixture *f = *state;
    f->before.active_version = STR("v2"); /* v3 became active between the two */
    f->after.active_version = STR("v3");
    usage_of(column_of(&f->after, "users", "totp"), "v2", BASIS_HINT)->records = 30;
    usage_of(column_of(&f->after, "leads", "note"), "v1", BASIS_HINT)->records = 0;
    compare(f);
    assert_int_equal(f->c.notes[CHANGE_STALE_WRITER], 0);
    assert_non_null(strstr(told(f), "version public.users.totp v2 records 21>30\n"));
    assert_non_null(strstr(told(f), "report ..  active_version v2>v3\n"));
}

static void a_write_after_the_active_version_began_is_a_stale_writer(void **state)
{
    struct fixture *f = *state;
    f->before.active_version = STR("v2");
    f->after.active_version = STR("v3"); /* first written with on 2026-01-01T00:00:00Z */
    usage_of(column_of(&f->after, "users", "totp"), "v2", BASIS_HINT)->newest = T_2026_01_01 + 1;
    compare(f);
    assert_string_equal(
        told(f), "report ..  active_version v2>v3\n"
                 "version public.users.totp v2 newest 2026-01-01T00:00:00Z>2026-01-01T00:00:01Z "
                 "stale-writer\n");
    /* At the very second it began, nobody wrote after it. */
    usage_of(column_of(&f->before, "users", "totp"), "v2", BASIS_HINT)->newest = T_2026_01_01 - 1;
    usage_of(column_of(&f->after, "users", "totp"), "v2", BASIS_HINT)->newest = T_2026_01_01;
    compare(f);
    assert_int_equal(f->c.notes[CHANGE_STALE_WRITER], 0);
}

static void without_an_active_version_nobody_is_a_stale_writer(void **state)
{
    struct fixture *f = *state;
    f->before.active_version = f->after.active_version = STR("");
    usage_of(column_of(&f->after, "users", "totp"), "v2", BASIS_HINT)->records = 30;
    compare(f);
    assert_int_equal(f->c.notes[CHANGE_STALE_WRITER], 0);
    assert_int_equal(f->c.count, 1);
}

static void a_table_without_its_rows_is_less_seen(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->after.table_count; i++)
        if (str_eq(f->after.tables[i].name, STR("users"))) {
            f->after.tables[i].state = COVERAGE_NO_DATA;
            f->after.tables[i].records = 0;
            f->after.tables[i].column_count = 0;
        }
    compare(f);
    const char *text = told(f);
    assert_non_null(strstr(text, "table public.users.  state data>no-data less-seen\n"));
    assert_non_null(strstr(text, "table public.users.  records 100>0\n"));
    assert_non_null(strstr(text, "column public.users.totp  holds versioned-fernet> less-seen\n"));
    assert_non_null(strstr(text, "version public.users.totp v2 records 21>\n"));
    assert_non_null(strstr(text, "version public.users.totp v3 proven 4>\n"));
    assert_non_null(strstr(text, "class public.users.totp plaintext records 2>\n"));
    /* The table is still in the report, so that its other column is missed as well. */
    assert_non_null(strstr(text, "column public.users.id  holds no ciphertext>\n"));
}

static void of_a_new_table_only_ciphertext_is_told(void **state)
{
    struct fixture *f = *state;
    struct report_table *t =
        sample_table(&f->after, STR("shop"), STR("public"), STR("cards"), COVERAGE_DATA, 7);
    (void)report_add_column(&f->after, t, STR("id"));
    struct report_column *c = report_add_column(&f->after, t, STR("pan"));
    c->envelope = STR("versioned-fernet");
    c->records = 7;
    c->has_classes = true;
    c->classes[CLASS_HINTED] = 7;
    sample_usage(&f->after, c, STR("v1"), BASIS_HINT, 7, UTC_NONE, UTC_NONE);
    f->before.active_version = f->after.active_version = STR("v3");
    compare(f);
    assert_string_equal(told(f), "table public.cards.  kind >table\n"
                                 "table public.cards.  records >7\n"
                                 "table public.cards.  state >data\n"
                                 "column public.cards.pan  holds >versioned-fernet new-ciphertext\n"
                                 "version public.cards.pan v1 records >7\n"
                                 "class public.cards.pan hinted records >7\n");
}

static void jobs_findings_keys_and_scope_are_told(void **state)
{
    struct fixture *f = *state;
    struct report_job *j = report_add_job(&f->before);
    *j = (struct report_job){.id = STR("77"), .status = STR("running"), .processed = 5};
    j = report_add_job(&f->after);
    *j = (struct report_job){.id = STR("77"), .status = STR("finished"), .processed = 9};
    report_add_finding(&f->after, SEVERITY_WARNING, STR("large-object"), NULL, STR(""))
        ->record_count = 2;
    (void)report_add_version(&f->after, STR("v9"));
    struct report_declared *d = report_add_declared(&f->after);
    *d = (struct report_declared){
        .model = STR("a:B"), .table = STR("b"), .column = STR("c"), .attribute = STR("_c")};
    compare(f);
    assert_string_equal(told(f), "key .. v9 fingerprint >\n"
                                 "job .. 77 processed 5>9\n"
                                 "job .. 77 status running>finished\n"
                                 "declared .b.c a:B attribute >_c\n"
                                 "declared .b.c a:B resolved_by >\n"
                                 "finding .. large-object warning >2\n");
}

/* Both directions of one pair say the same with the sides exchanged. */
static void the_other_way_round_is_the_same_with_the_sides_exchanged(void **state)
{
    struct fixture *f = *state;
    struct comparison back;
    usage_of(column_of(&f->after, "users", "totp"), "v2", BASIS_HINT)->records = 30;
    f->after.tables[0].records += 5;
    f->after.complete = false;
    (void)report_add_version(&f->after, STR("v9"));
    compare(f);
    compare_reports(&f->after, &f->before, &f->arena, &back);
    assert_int_equal(f->c.count, 4);
    assert_int_equal(back.count, f->c.count);
    for (size_t i = 0; i < back.count; i++) {
        int64_t one, other;
        assert_string_equal(back.changes[i].property, f->c.changes[i].property);
        assert_int_equal(back.changes[i].before.kind, f->c.changes[i].after.kind);
        if (change_difference(&f->c.changes[i], &one)) {
            assert_true(change_difference(&back.changes[i], &other));
            assert_int_equal(one, -other);
        }
    }
}

static void the_order_of_a_report_plays_no_part(void **state)
{
    struct fixture *f = *state;
    compare(f); /* sealed: in its order */
    struct report_table first = f->after.tables[0];
    f->after.tables[0] = f->after.tables[f->after.table_count - 1];
    f->after.tables[f->after.table_count - 1] = first;
    struct report_column *c = column_of(&f->after, "users", "totp");
    struct report_usage usage = c->usages[0];
    c->usages[0] = c->usages[c->usage_count - 1];
    c->usages[c->usage_count - 1] = usage;
    compare_reports(&f->before, &f->after, &f->arena, &f->c);
    assert_string_equal(told(f), "");
}

static void an_unnamed_database_is_that_of_the_other_report(void **state)
{
    struct fixture *f = *state;
    f->before = (struct report){.arena = &f->arena, .complete = true};
    f->after = f->before;
    (void)sample_table(&f->before, STR(""), STR("public"), STR("users"), COVERAGE_DATA, 7);
    (void)sample_table(&f->after, STR("shop"), STR("public"), STR("users"), COVERAGE_DATA, 8);
    compare(f);
    assert_string_equal(told(f), "report ..  database >shop\n"
                                 "table public.users.  records 7>8\n");
    /* With several there is no telling which. */
    (void)sample_table(&f->after, STR("crm"), STR("public"), STR("leads"), COVERAGE_DATA, 1);
    compare(f);
    assert_non_null(strstr(told(f), "table public.users.  records 7>\n"));
}

static void a_difference_that_no_fact_tells_is_told_by_the_digests(void **state)
{
    struct fixture *f = *state;
    column_of(&f->after, "users", "id")->nulls = 4;
    compare(f);
    assert_int_equal(f->c.count, 1);
    assert_string_equal(f->c.changes[0].property, "content_digest");
}

static void a_difference_is_only_of_counts(void **state)
{
    struct change c = {.before = {.kind = CELL_TEXT}, .after = {.kind = CELL_TEXT}};
    int64_t n;
    (void)state;
    assert_false(change_difference(&c, &n));
    c.before = (struct cell){.kind = CELL_COUNT, .as.count = INT64_MAX};
    c.after = (struct cell){.kind = CELL_NULL};
    assert_true(change_difference(&c, &n));
    assert_true(n == -INT64_MAX);
}

static void names_are_shown_without_their_control_characters(void **state)
{
    struct fixture *f = *state;
    struct buf out = {.arena = &f->arena};
    struct diff_sides sides = {"a\033[2J.db", "b.db", &f->before, &f->after};
    struct report_table *t = sample_table(&f->after, STR("d\033[1mb"), STR("public"),
                                          STR("evil\033[31m"), COVERAGE_DATA, 1);
    (void)t;
    compare(f);
    diff_write(&out, &sides, &f->c, TABLE_TEXT);
    assert_int_equal(str_find(buf_str(&out), '\033'), out.len);
    assert_true(str_search(buf_str(&out), STR("evil")) < out.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(equal_findings_differ_in_nothing),
        TEST(growth_of_a_version_that_is_not_active_is_a_stale_writer),
        TEST(a_version_that_shrinks_or_was_active_then_is_none),
        TEST(a_write_after_the_active_version_began_is_a_stale_writer),
        TEST(without_an_active_version_nobody_is_a_stale_writer),
        TEST(a_table_without_its_rows_is_less_seen),
        TEST(of_a_new_table_only_ciphertext_is_told),
        TEST(jobs_findings_keys_and_scope_are_told),
        TEST(the_other_way_round_is_the_same_with_the_sides_exchanged),
        TEST(the_order_of_a_report_plays_no_part),
        TEST(an_unnamed_database_is_that_of_the_other_report),
        TEST(a_difference_that_no_fact_tells_is_told_by_the_digests),
        TEST(a_difference_is_only_of_counts),
        TEST(names_are_shown_without_their_control_characters),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
