/* Coverage (S2), declared scope (S3) and columns that come in pieces. */
#include "analyzer/catalogue.h"
#include "analyzer/columns.h"
#include "analyzer/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka needs those first */
#include <cmocka.h>

static struct arena arena;
static struct report report;
static struct catalogue catalogue;
static struct err err;

static int open_all(void **state)
{
    (void)state;
    err = (struct err){0};
    arena = (struct arena){0};
    report = (struct report){.arena = &arena, .complete = true};
    catalogue_open(&catalogue, &report);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct catalogue_entry *table(const char *schema, const char *name)
{
    return catalogue_table(&catalogue,
                           (struct table_name){STR("db"), str_from(schema), str_from(name)});
}

static void define(struct catalogue_entry *e, enum table_kind kind)
{
    const struct str columns[] = {STR("id"), STR("secret")};
    catalogue_define(&catalogue, e, kind, columns, 2);
}

/* Rows of all its columns came by. */
static void bring_rows(struct catalogue_entry *e, uint64_t records)
{
    struct report_table *t = catalogue_report(&catalogue, e);
    catalogue_rows(&catalogue, e);
    t->records = records;
    for (size_t i = t->column_count; i < e->column_count; i++)
        (void)report_add_column(&report, t, e->columns[i]);
}

static enum coverage_state state_of(const struct catalogue_entry *e)
{
    return catalogue_report(&catalogue, e)->state;
}

static void a_table_is_found_again_by_its_whole_name(void **state)
{
    (void)state;
    struct catalogue_entry *e = table("public", "users");
    assert_ptr_equal(table("public", "users"), e);
    assert_ptr_not_equal(table("other", "users"), e);
    assert_int_equal(report.table_count, 2);
}

static void thousands_of_tables_are_all_found_again(void **state)
{
    (void)state;
    struct catalogue_entry *first[5000];
    char name[32];
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "t%d", i);
        first[i] = table("s", name);
    }
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "t%d", i);
        assert_ptr_equal(table("s", name), first[i]);
    }
    assert_int_equal(report.table_count, 5000);
}

static void every_way_a_table_can_be_covered_has_its_state(void **state)
{
    (void)state;
    struct catalogue_entry *data = table("p", "data");
    struct catalogue_entry *empty = table("p", "no_data");
    struct catalogue_entry *absent = table("p", "absent"); /* a foreign key names it, no more */
    struct catalogue_entry *skipped = table("p", "skipped");
    struct catalogue_entry *unread = table("p", "unread");
    define(data, TABLE_ORDINARY);
    define(empty, TABLE_ORDINARY);
    define(skipped, TABLE_ORDINARY);
    define(unread, TABLE_ORDINARY);
    data->has_rows = true;
    skipped->skipped = true;
    catalogue_unread(unread, STR("INSERT"), 3);
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(data), COVERAGE_DATA);
    assert_int_equal(state_of(empty), COVERAGE_NO_DATA);
    assert_int_equal(state_of(absent), COVERAGE_ABSENT);
    assert_int_equal(state_of(skipped), COVERAGE_SKIPPED);
    assert_int_equal(state_of(unread), COVERAGE_UNKNOWN);
    assert_true(report.partial);
}

static void a_text_with_rows_withholds_what_it_only_defines(void **state)
{
    (void)state;
    struct catalogue_entry *users = table("p", "users");
    struct catalogue_entry *other = table("p", "other");
    define(users, TABLE_ORDINARY);
    catalogue_rows(&catalogue, users);
    catalogue_end_text(&catalogue);
    define(users, TABLE_ORDINARY);
    define(other, TABLE_ORDINARY);
    catalogue_rows(&catalogue, other);
    catalogue_end_text(&catalogue);
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(users), COVERAGE_NO_DATA);
    assert_int_equal(state_of(other), COVERAGE_DATA);
    assert_true(report.partial);
}

static void a_text_of_definitions_alone_withholds_nothing(void **state)
{
    (void)state;
    struct catalogue_entry *users = table("p", "users");
    define(users, TABLE_ORDINARY);
    catalogue_end_text(&catalogue);
    catalogue_rows(&catalogue, users);
    catalogue_end_text(&catalogue);
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(users), COVERAGE_DATA);
    assert_false(report.partial);
}

static void a_table_stays_one_whatever_else_has_its_name(void **state)
{
    (void)state;
    struct catalogue_entry *users = table("p", "users");
    define(users, TABLE_ORDINARY);
    define(users, TABLE_VIEW);
    catalogue_rows(&catalogue, table("p", "other"));
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(users), COVERAGE_NO_DATA);
    assert_true(report.partial);
}

static void a_whole_dump_with_a_view_and_a_partitioned_root_is_not_partial(void **state)
{
    (void)state;
    struct catalogue_entry *data = table("p", "data");
    define(data, TABLE_ORDINARY);
    data->has_rows = true;
    define(table("p", "root"), TABLE_PARTITIONED);
    define(table("p", "look"), TABLE_VIEW);
    catalogue_settle(&catalogue);
    assert_false(report.partial);
}

static void what_is_not_read_is_named_and_is_no_more_than_what_it_is(void **state)
{
    (void)state;
    struct catalogue_entry *same = table("p", "same");
    struct catalogue_entry *mixed = table("p", "mixed");
    define(same, TABLE_ORDINARY);
    define(mixed, TABLE_ORDINARY);
    catalogue_unread(same, STR("UPDATE"), 2);
    catalogue_unread(same, STR("UPDATE"), 1);
    catalogue_unread(mixed, STR("UPDATE"), 2);
    catalogue_unread(mixed, STR("TRUNCATE"), 1);
    catalogue_unread(mixed, STR("TRUNCATE"), 1);
    catalogue_settle(&catalogue);
    assert_true(
        str_eq(catalogue_report(&catalogue, same)->note, STR("3 UPDATE not read in this version")));
    assert_true(str_eq(catalogue_report(&catalogue, mixed)->note,
                       STR("4 statements or parts of several kinds not read in this version")));
}

static void a_column_that_the_rows_leave_out_is_not_known_to_be_empty(void **state)
{
    (void)state;
    struct catalogue_entry *e = table("p", "users");
    struct catalogue_entry *none = table("p", "no_rows");
    define(e, TABLE_ORDINARY);
    define(none, TABLE_ORDINARY);
    bring_rows(e, 3);
    bring_rows(none, 0);
    catalogue_report(&catalogue, e)->column_count = 1; /* id alone */
    catalogue_report(&catalogue, none)->column_count = 1;
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(e), COVERAGE_UNKNOWN);
    assert_true(str_eq(catalogue_report(&catalogue, e)->note,
                       STR("its rows leave out the column \"secret\"")));
    assert_int_equal(catalogue_report(&catalogue, e)->column_count, 2);
    assert_int_equal(state_of(none), COVERAGE_DATA); /* of no rows nothing is left out */
    assert_true(report.partial);
}

static void the_tables_above_one_are_named_once_each(void **state)
{
    (void)state;
    struct catalogue_entry *above[CATALOGUE_ANCESTORS_MAX];
    struct catalogue_entry *leaf = table("p", "leaf");
    struct catalogue_entry *left = table("p", "left");
    struct catalogue_entry *right = table("p", "right");
    struct catalogue_entry *root = table("p", "root");
    assert_int_equal(catalogue_ancestors(leaf, above), 0);
    assert_true(catalogue_inherit(&catalogue, leaf, left));
    assert_true(catalogue_inherit(&catalogue, leaf, right));
    assert_false(catalogue_inherit(&catalogue, leaf, left));
    assert_true(catalogue_inherit(&catalogue, left, root));
    assert_true(catalogue_inherit(&catalogue, right, root));
    assert_true(catalogue_inherit(&catalogue, root, leaf)); /* a circle, from a script that lies */
    assert_int_equal(catalogue_ancestors(leaf, above), 3);
    assert_ptr_equal(above[2], root);
}

static void more_tables_above_one_than_are_followed_are_noticed(void **state)
{
    (void)state;
    struct catalogue_entry *above[CATALOGUE_ANCESTORS_MAX];
    struct catalogue_entry *at = table("p", "leaf");
    char name[32];
    for (int i = 0; i <= CATALOGUE_ANCESTORS_MAX; i++) {
        struct catalogue_entry *next;
        (void)snprintf(name, sizeof name, "t%d", i);
        next = table("p", name);
        assert_true(catalogue_inherit(&catalogue, at, next));
        assert_int_equal(catalogue_ancestors(table("p", "leaf"), above),
                         i < CATALOGUE_ANCESTORS_MAX ? (size_t)i + 1 : SIZE_MAX);
        at = next;
    }
}

static void rows_without_any_definition_are_a_partial_input(void **state)
{
    (void)state;
    table("", "users")->has_rows = true;
    catalogue_settle(&catalogue);
    assert_true(report.partial);
}

static void one_table_that_nothing_defines_makes_an_input_partial(void **state)
{
    (void)state;
    struct catalogue_entry *data = table("p", "data");
    define(data, TABLE_ORDINARY);
    bring_rows(data, 1);
    bring_rows(table("p", "stray"), 1);
    catalogue_settle(&catalogue);
    assert_true(report.partial);
}

static void what_is_not_read_of_a_table_with_rows_is_a_note(void **state)
{
    (void)state;
    struct catalogue_entry *e = table("p", "users");
    define(e, TABLE_ORDINARY);
    bring_rows(e, 1);
    catalogue_unread(e, STR("INSERT"), 2);
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(e), COVERAGE_DATA);
    assert_true(
        str_eq(catalogue_report(&catalogue, e)->note, STR("2 INSERT not read in this version")));
}

static void row_security_makes_an_input_partial(void **state)
{
    (void)state;
    struct catalogue_entry *data = table("p", "data");
    define(data, TABLE_ORDINARY);
    data->has_rows = true;
    report.row_security = true;
    catalogue_settle(&catalogue);
    assert_true(report.partial);
}

static void a_text_that_broke_off_leaves_its_tables_unknown(void **state)
{
    (void)state;
    struct catalogue_entry *here = table("p", "a"), *behind = table("p", "b");
    struct catalogue_entry *view = table("p", "v"), *other = table("q", "a");
    define(here, TABLE_ORDINARY);
    define(behind, TABLE_ORDINARY);
    define(view, TABLE_VIEW);
    catalogue_rows(&catalogue, here);
    catalogue_break_text(&catalogue);
    catalogue_end_text(&catalogue);
    define(behind, TABLE_ORDINARY); /* rows in another text do not bring back what is lost */
    define(other, TABLE_ORDINARY);
    catalogue_rows(&catalogue, behind);
    catalogue_end_text(&catalogue);
    catalogue_settle(&catalogue);
    assert_int_equal(state_of(here), COVERAGE_DATA);
    assert_int_equal(state_of(behind), COVERAGE_UNKNOWN);
    assert_int_equal(state_of(view), COVERAGE_DATA);
    assert_int_equal(state_of(other), COVERAGE_NO_DATA);
    assert_true(report.partial);
}

static void a_table_without_rows_shows_its_columns_all_the_same(void **state)
{
    (void)state;
    struct catalogue_entry *e = table("p", "no_data");
    define(e, TABLE_ORDINARY);
    catalogue_settle(&catalogue);
    const struct report_table *t = catalogue_report(&catalogue, e);
    assert_int_equal(t->column_count, 2);
    assert_true(str_eq(t->columns[1].name, STR("secret")));
    assert_int_equal(t->columns[1].records, 0);
}

/* ---- scope ---- */

static void declare(const char *schema, const char *name, const char *column)
{
    struct report_declared *d = report_add_declared(&report);
    d->schema = str_from(schema);
    d->table = str_from(name);
    d->column = str_from(column);
    d->attribute = d->column;
    d->resolved_by = STR("table");
}

static bool come_by(struct scope *s, const char *schema, const char *name, const bool **flags)
{
    const struct str columns[] = {STR("id"), STR("secret")};
    struct table_name n = {STR("db"), str_from(schema), str_from(name)};
    (void)table(schema, name);
    return scope_match(s, n, columns, 2, "here", flags, &err);
}

static void a_declared_column_is_marked_in_every_schema_it_may_mean(void **state)
{
    (void)state;
    struct scope s;
    const bool *flags;
    declare("", "users", "secret");
    scope_open(&s, &report, NULL, 0);
    assert_true(come_by(&s, "a", "users", &flags));
    assert_true(flags && !flags[0] && flags[1]);
    assert_true(come_by(&s, "b", "users", &flags));
    assert_true(flags && flags[1]);
    assert_true(come_by(&s, "a", "other", &flags));
    assert_null(flags);
    assert_true(scope_check(&s, &err));
    declare("a", "files", "secret");
    scope_open(&s, &report, NULL, 0);
    assert_true(come_by(&s, "", "files", &flags)); /* CSV knows no schema */
    assert_true(flags && flags[1]);
}

static void a_column_missing_from_the_very_table_ends_the_scan_at_once(void **state)
{
    (void)state;
    struct scope s;
    const bool *flags;
    declare("a", "users", "secert");
    scope_open(&s, &report, NULL, 0);
    assert_false(come_by(&s, "a", "users", &flags));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(err.id, 412);
    assert_non_null(strstr(err.hint, "secret"));
    assert_string_equal(err.place, "here");
}

static void a_column_missing_in_one_schema_may_be_in_another(void **state)
{
    (void)state;
    const bool *flags;
    const struct str other[] = {STR("id")};
    struct table_name n = {STR("db"), STR("a"), STR("users")};
    declare("", "users", "secret");
    for (int before = 0; before < 2; before++) {
        struct scope s;
        scope_open(&s, &report, NULL, 0);
        if (before)
            assert_true(come_by(&s, "b", "users", &flags));
        assert_true(scope_match(&s, n, other, 1, "there", &flags, &err));
        assert_null(flags);
        if (!before)
            assert_true(come_by(&s, "b", "users", &flags));
        assert_true(scope_check(&s, &err));
    }
}

static void what_never_came_by_is_named_with_the_nearest(void **state)
{
    (void)state;
    struct scope s;
    const bool *flags;
    declare("", "user", "");
    scope_open(&s, &report, NULL, 0);
    assert_true(come_by(&s, "public", "users", &flags));
    assert_false(scope_check(&s, &err));
    assert_int_equal(err.id, 411);
    assert_non_null(strstr(err.hint, "users"));
}

static void what_is_declared_of_a_table_above_is_declared_below(void **state)
{
    (void)state;
    struct scope s;
    const bool *flags;
    const struct str columns[] = {STR("id"), STR("secret")};
    const struct table_name root = {STR("db"), STR("a"), STR("root")};
    declare("a", "root", "secret");
    declare("", "part", "id");
    scope_open(&s, &report, NULL, 0);
    assert_true(come_by(&s, "a", "part", &flags));
    assert_true(flags && flags[0] && !flags[1]);
    flags = scope_inherit(&s, root, columns, 2, flags);
    assert_true(flags && flags[0] && flags[1]);
    assert_null(
        scope_inherit(&s, (struct table_name){STR("db"), STR("b"), STR("root")}, columns, 2, NULL));
    assert_true(scope_declares(&s, root));
    assert_false(scope_declares(&s, (struct table_name){STR("db"), STR("b"), STR("root")}));
}

static void only_the_named_table_is_excluded(void **state)
{
    (void)state;
    struct scope s;
    const struct scope_table out[] = {{STR("a"), STR("log")}, {STR(""), STR("trace")}};
    scope_open(&s, &report, out, 2);
    assert_true(scope_is_excluded(&s, (struct table_name){STR(""), STR("a"), STR("log")}));
    assert_false(scope_is_excluded(&s, (struct table_name){STR(""), STR("b"), STR("log")}));
    assert_true(scope_is_excluded(&s, (struct table_name){STR(""), STR("b"), STR("trace")}));
    assert_false(scope_is_excluded(&s, (struct table_name){STR(""), STR("a"), STR("logs")}));
}

/* ---- columns ---- */

static struct report_usage use(const char *version, uint64_t n, int64_t oldest, int64_t newest)
{
    return (struct report_usage){str_from(version), BASIS_HINT, n, oldest, newest};
}

static void counts_add_up_and_times_widen(void **state)
{
    (void)state;
    struct key_names known;
    const struct str names[] = {STR("v1"), STR("v2")};
    struct report_usage one[] = {use("v1", 3, 100, 200)};
    struct report_usage two[] = {use("v1", 4, 50, 150), use("v2", 1, UTC_NONE, UTC_NONE)};
    struct report_column a = {.records = 5, .nulls = 2, .usages = one, .usage_count = 1};
    struct report_column b = {
        .records = 6, .nulls = 1, .declared = true, .usages = two, .usage_count = 2};
    a.classes[CLASS_HINTED] = a.key_records = 3;
    b.classes[CLASS_HINTED] = b.key_records = 5;
    a.future_times = 1;
    b.future_times = 2;
    assert_true(key_names_make(&arena, names, 2, &known, &err));
    column_merge(&arena, &a, &b, &known);
    assert_int_equal(a.records, 11);
    assert_int_equal(a.nulls, 3);
    assert_true(a.declared);
    assert_int_equal(a.classes[CLASS_HINTED], 8);
    assert_int_equal(a.key_records, 8);
    assert_int_equal(a.future_times, 3);
    assert_int_equal(a.usage_count, 2);
    assert_true(str_eq(a.usages[0].version, STR("v1")));
    assert_int_equal(a.usages[0].records, 7);
    assert_int_equal(a.usages[0].oldest, 50);
    assert_int_equal(a.usages[0].newest, 200);
    assert_true(a.usages[1].newest == UTC_NONE);
}

static void of_too_many_unknown_names_the_smallest_stay(void **state)
{
    (void)state;
    struct key_names known;
    const struct str names[] = {STR("zz")};
    struct report_column all = {0};
    assert_true(key_names_make(&arena, names, 1, &known, &err));
    /* 1,500 unknown names in two halves that interleave, and the known one behind them all. */
    for (int half = 0; half < 2; half++) {
        struct report_usage *list = ARENA_ARRAY(&arena, 751, struct report_usage);
        for (int i = 0; i < 750; i++)
            list[i] = use(arena_printf(&arena, "n%04d", i * 2 + half), 2, 1, 1);
        list[750] = use("zz", 5, 1, 1);
        struct report_column part = {.usages = list, .usage_count = 751};
        column_merge(&arena, &all, &part, &known);
    }
    assert_int_equal(all.usage_count, USAGE_UNKNOWN_MAX + 2);
    uint64_t more = 0;
    for (size_t i = 0; i < all.usage_count; i++) {
        if (str_eq(all.usages[i].version, STR(VERSION_MORE)))
            more = all.usages[i].records;
        if (str_eq(all.usages[i].version, STR("zz")))
            assert_int_equal(all.usages[i].records, 10);
        assert_false(str_eq(all.usages[i].version, STR("n1024")));
    }
    assert_int_equal(more, (1500 - USAGE_UNKNOWN_MAX) * 2);
}

static void findings_name_what_blocks_a_plan(void **state)
{
    (void)state;
    struct key_names known;
    const struct str names[] = {STR("v1")};
    struct catalogue_entry *e = table("p", "t");
    struct report_usage uses[] = {use("v9", 4, UTC_NONE, UTC_NONE)};
    struct report_column c = {.name = STR("secret"),
                              .declared = true,
                              .has_classes = true,
                              .usages = uses,
                              .usage_count = 1,
                              .future_times = 2};
    c.classes[CLASS_PLAINTEXT] = 7;
    c.classes[CLASS_TRUNCATED] = 1;
    c.classes[CLASS_UNVERSIONED_EMBEDDED] = 3;
    report.versions = ARENA_ARRAY(&arena, 1, struct report_version);
    report.versions[0].name = names[0];
    report.version_count = 1;
    assert_true(key_names_make(&arena, names, 1, &known, &err));
    column_findings(&report, catalogue_report(&catalogue, e), &c, &known);
    static const struct {
        const char *code;
        uint64_t count;
    } expected[] = {{"plaintext", 7},
                    {"unversioned", 3},
                    {"truncated", 1},
                    {"future-time", 2},
                    {"unknown-version", 4}};
    assert_int_equal(report.finding_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(str_eq(report.findings[i].code, str_from(expected[i].code)));
        assert_int_equal(report.findings[i].record_count, expected[i].count);
        assert_true(str_eq(report.findings[i].column, STR("secret")));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        TEST(a_table_is_found_again_by_its_whole_name),
        TEST(thousands_of_tables_are_all_found_again),
        TEST(every_way_a_table_can_be_covered_has_its_state),
        TEST(a_text_with_rows_withholds_what_it_only_defines),
        TEST(a_text_of_definitions_alone_withholds_nothing),
        TEST(a_table_stays_one_whatever_else_has_its_name),
        TEST(a_whole_dump_with_a_view_and_a_partitioned_root_is_not_partial),
        TEST(what_is_not_read_is_named_and_is_no_more_than_what_it_is),
        TEST(a_column_that_the_rows_leave_out_is_not_known_to_be_empty),
        TEST(the_tables_above_one_are_named_once_each),
        TEST(more_tables_above_one_than_are_followed_are_noticed),
        TEST(rows_without_any_definition_are_a_partial_input),
        TEST(one_table_that_nothing_defines_makes_an_input_partial),
        TEST(what_is_not_read_of_a_table_with_rows_is_a_note),
        TEST(row_security_makes_an_input_partial),
        TEST(a_text_that_broke_off_leaves_its_tables_unknown),
        TEST(a_table_without_rows_shows_its_columns_all_the_same),
        TEST(a_declared_column_is_marked_in_every_schema_it_may_mean),
        TEST(a_column_missing_from_the_very_table_ends_the_scan_at_once),
        TEST(a_column_missing_in_one_schema_may_be_in_another),
        TEST(what_never_came_by_is_named_with_the_nearest),
        TEST(what_is_declared_of_a_table_above_is_declared_below),
        TEST(only_the_named_table_is_excluded),
        TEST(counts_add_up_and_times_widen),
        TEST(of_too_many_unknown_names_the_smallest_stay),
        TEST(findings_name_what_blocks_a_plan),
    };
#undef TEST
    return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
