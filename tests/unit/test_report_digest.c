/* Tests of the canonical form and the content digest of a report. */
#include "common/report_form.h"
#include "tests/unit/report_fixture.h"

/* ---- the digest ---- */

static const char *sample_digest(struct fixture *f, void (*change)(struct report *))
{
    struct report r = sample_report(&f->arena);
    if (change)
        change(&r);
    assert_fine(&f->err, report_seal(&r, &f->err));
    return arena_text(&f->arena, r.content_digest);
}

#define CHANGE(name, statement)                                                                    \
    static void name(struct report *r)                                                             \
    {                                                                                              \
        statement;                                                                                 \
    }

CHANGE(complete, r->complete = false)
CHANGE(partial, r->partial = false)
CHANGE(jobs_known, r->jobs_known = false)
CHANGE(verified, r->verified = true)
CHANGE(row_security, r->row_security = true)
CHANGE(active, r->active_version = STR("v2"))
CHANGE(version_name, r->versions[0].name = STR("v4"))
CHANGE(fingerprint, memcpy(r->versions[0].fingerprint.hex, "0123456789abcdef", 16))
CHANGE(version_gone, r->version_count--)
CHANGE(table_database, r->tables[0].database = STR("x"))
CHANGE(table_schema, r->tables[0].schema = STR("x"))
CHANGE(table_name, r->tables[0].name = STR("x"))
CHANGE(table_kind, r->tables[0].kind = TABLE_FOREIGN)
CHANGE(table_state, r->tables[0].state = COVERAGE_UNKNOWN)
CHANGE(table_records, r->tables[0].records++)
CHANGE(table_gone, r->table_count--)
CHANGE(column_name, r->tables[0].columns[0].name = STR("x"))
CHANGE(column_envelope, r->tables[0].columns[0].envelope = STR("x"))
CHANGE(column_records, r->tables[0].columns[0].records++)
CHANGE(column_nulls, r->tables[0].columns[0].nulls++)
CHANGE(column_declared, r->tables[0].columns[0].declared = false)
CHANGE(column_has_classes, r->tables[0].columns[0].has_classes = false)
CHANGE(column_future, r->tables[0].columns[0].future_times++)
CHANGE(column_key_records, r->tables[0].columns[0].key_records = 1)
CHANGE(column_gone, r->tables[0].column_count--)
CHANGE(class_count, r->tables[0].columns[0].classes[CLASS_EMPTY]++)
CHANGE(class_moved, r->tables[0].columns[0].classes[CLASS_EMPTY]--;
       r->tables[0].columns[0].classes[CLASS_NULL]++)
CHANGE(usage_version, r->tables[0].columns[0].usages[0].version = STR("x"))
CHANGE(usage_basis, r->tables[0].columns[0].usages[3].basis = BASIS_PROVEN)
CHANGE(usage_records, r->tables[0].columns[0].usages[0].records++)
CHANGE(usage_oldest, r->tables[0].columns[0].usages[0].oldest = 5)
CHANGE(usage_newest, r->tables[0].columns[0].usages[0].newest = 5)
CHANGE(usage_gone, r->tables[0].columns[0].usage_count--)
CHANGE(job_database, r->jobs[0].database = STR("x"))
CHANGE(job_id, r->jobs[0].id = STR("x"))
CHANGE(job_model, r->jobs[0].model_path = STR("x"))
CHANGE(job_column, r->jobs[0].column_name = STR("x"))
CHANGE(job_target, r->jobs[0].target_version = STR("x"))
CHANGE(job_status, r->jobs[0].status = STR("x"))
CHANGE(job_processed, r->jobs[0].processed = -1)
CHANGE(job_total, r->jobs[0].total_records++)
CHANGE(job_errors, r->jobs[0].errors++)
CHANGE(job_dry_run, r->jobs[0].dry_run = false)
CHANGE(job_updated, r->jobs[0].updated_at = STR("x"))
CHANGE(job_gone, r->job_count--)
CHANGE(declared_model, r->declared[0].model = STR("x"))
CHANGE(declared_schema, r->declared[0].schema = STR("x"))
CHANGE(declared_table, r->declared[0].table = STR("x"))
CHANGE(declared_attribute, r->declared[0].attribute = STR("x"))
CHANGE(declared_column, r->declared[0].column = STR("x"))
CHANGE(declared_by, r->declared[0].resolved_by = STR("x"))
CHANGE(declared_gone, r->declared_count--)
CHANGE(finding_severity, r->findings[0].severity = SEVERITY_INFO)
CHANGE(finding_code, r->findings[0].code = STR("x"))
CHANGE(finding_database, r->findings[0].database = STR("x"))
CHANGE(finding_schema, r->findings[0].schema = STR("x"))
CHANGE(finding_table, r->findings[0].table = STR("x"))
CHANGE(finding_column, r->findings[0].column = STR("x"))
CHANGE(finding_count, r->findings[0].record_count++)
CHANGE(finding_gone, r->finding_count--)

static void digest_changes_with_everything_that_was_found(void **state)
{
    static void (*const changes[])(struct report *) = {
        complete,           partial,          jobs_known,
        verified,           row_security,     active,
        version_name,       fingerprint,      version_gone,
        table_database,     table_schema,     table_name,
        table_kind,         table_state,      table_records,
        table_gone,         column_name,      column_envelope,
        column_records,     column_nulls,     column_declared,
        column_has_classes, column_future,    column_key_records,
        column_gone,        class_count,      class_moved,
        usage_version,      usage_basis,      usage_records,
        usage_oldest,       usage_newest,     usage_gone,
        job_database,       job_id,           job_model,
        job_column,         job_target,       job_status,
        job_processed,      job_total,        job_errors,
        job_dry_run,        job_updated,      job_gone,
        declared_model,     declared_schema,  declared_table,
        declared_attribute, declared_column,  declared_by,
        declared_gone,      finding_severity, finding_code,
        finding_database,   finding_schema,   finding_table,
        finding_column,     finding_count,    finding_gone};
    enum { COUNT = sizeof changes / sizeof changes[0] };
    struct fixture *f = *state;
    const char *digests[COUNT + 1];
    digests[COUNT] = sample_digest(f, NULL);
    for (size_t i = 0; i < COUNT; i++)
        digests[i] = sample_digest(f, changes[i]);
    for (size_t i = 0; i <= COUNT; i++)
        for (size_t k = i + 1; k <= COUNT; k++)
            assert_string_not_equal(digests[i], digests[k]);
}

CHANGE(created, r->created = 1)
CHANGE(program, r->program_version = STR("9"))
CHANGE(data_time, r->data_time = 1)
CHANGE(data_time_source, r->data_time_source = STR("mtime"))
CHANGE(input_path, r->inputs[0].path = STR("elsewhere"))
CHANGE(input_kind, r->inputs[0].kind = STR("plain-sql"))
CHANGE(input_bytes, r->inputs[0].bytes = 1; r->inputs[0].decoded_bytes = 2)
CHANGE(input_digest, r->inputs[0].digest = STR("x"))
CHANGE(input_gone, r->input_count--)
CHANGE(finding_message, r->findings[0].message = STR("in other words"))
CHANGE(table_note, r->tables[0].note = STR("in other words"))

static void digest_leaves_out_who_found_it_where_and_when(void **state)
{
    static void (*const changes[])(struct report *) = {
        created,     program,      data_time,  data_time_source, input_path, input_kind,
        input_bytes, input_digest, input_gone, finding_message,  table_note};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_string_equal(sample_digest(f, changes[i]), sample_digest(f, NULL));
}

/* The same findings, gathered in another order. */
static void reversed(struct report *r)
{
#define REVERSE(type, items, count)                                                                \
    for (size_t i = 0; i < (count) / 2; i++) {                                                     \
        type kept = (items)[i];                                                                    \
        (items)[i] = (items)[(count)-1 - i];                                                       \
        (items)[(count)-1 - i] = kept;                                                             \
    }
    for (size_t t = 0; t < r->table_count; t++) {
        struct report_table *table = &r->tables[t];
        for (size_t c = 0; c < table->column_count; c++)
            REVERSE(struct report_usage, table->columns[c].usages, table->columns[c].usage_count)
        REVERSE(struct report_column, table->columns, table->column_count)
    }
    REVERSE(struct report_table, r->tables, r->table_count)
    REVERSE(struct report_version, r->versions, r->version_count)
    REVERSE(struct report_input, r->inputs, r->input_count)
    REVERSE(struct report_finding, r->findings, r->finding_count)
}

static void digest_does_not_depend_on_the_order_of_gathering(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(sample_digest(f, reversed), sample_digest(f, NULL));
}

static void canonical_form_is_the_one_that_is_documented(void **state)
{
    static const char expected[] = "keycensus-content 1\n"
                                   "status complete 0 0 0 0\n"
                                   "active 2:v3,\n"
                                   "version 2:v3, 0:,\n"
                                   "table 4:shop, 0:, 5:users, table data 7\n"
                                   "column 1:a, 0:, 7 0 0 0 0 0\n"
                                   "column 1:b, 16:versioned-fernet, 7 1 1 1 6 2\n"
                                   "class hinted 6\n"
                                   "class null 1\n"
                                   "usage 2:v3, hint 6 1700000000 -\n"
                                   "end\n";
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .complete = true, .active_version = STR("v3")};
    (void)report_add_version(&r, STR("v3"));
    struct report_table *t = sample_table(&r, STR("shop"), STR(""), STR("users"), COVERAGE_DATA, 7);
    struct report_column *c = report_add_column(&r, t, STR("b"));
    *c = (struct report_column){.name = STR("b"),
                                .envelope = STR("versioned-fernet"),
                                .records = 7,
                                .nulls = 1,
                                .declared = true,
                                .has_classes = true,
                                .future_times = 2};
    c->classes[CLASS_HINTED] = 6;
    c->classes[CLASS_NULL] = 1;
    sample_usage(&r, c, STR("v3"), BASIS_HINT, 6, 1700000000, UTC_NONE);
    report_add_column(&r, t, STR("a"))->records = 7;
    assert_fine(&f->err, report_seal(&r, &f->err));
    struct buf form = {.arena = &f->arena};
    assert_fine(&f->err, report_form(&r, FORM_CONTENT, &form, &f->err));
    assert_string_equal(arena_text(&f->arena, buf_str(&form)), expected);
    FILE *out = fopen(f->path, "w");
    assert_non_null(out);
    assert_true(fputs(expected, out) >= 0);
    assert_int_equal(fclose(out), 0);
    const char *sum = shell("sha256sum '%s' | cut -c1-64", f->path);
    assert_string_equal(arena_text(&f->arena, str_slice(r.content_digest, 7, 71)), sum);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(digest_changes_with_everything_that_was_found),
        TEST(digest_leaves_out_who_found_it_where_and_when),
        TEST(digest_does_not_depend_on_the_order_of_gathering),
        TEST(canonical_form_is_the_one_that_is_documented),
    };
    return cmocka_run_group_tests_name("report_digest", tests, NULL, NULL);
}
