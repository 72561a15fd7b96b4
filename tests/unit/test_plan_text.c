/* The plan as text: one form, read back exactly, showing no secret; show, diff and verify. */
#include "applier/plan_parts.h"
#include "common/file.h"
#include "tests/unit/plan_sample.h"

static struct sample s;

/* A plan with an entry of every kind in its text. */
static void make_rich(void)
{
    sample_good(&s);
    sample_file(&s, "/srv/b/odd \"name\"\n.env", 6, "v6");
    struct report *r = &s.reports[0];
    r->tables[0].columns[0].future_times = 1;
    sample_use(r, "", 3, UTC_NONE);
    struct report_input *input = report_add_input(r);
    input->server_version = STR("15.4 (Debian)");
    input->digest = STR("sha256:00");
    s.in.conditions = (struct conditions){
        .window = {STR("2026-11-22T22:00:00-03:00/PT4H"), 1795395600, 1795410000},
        .approvals = 2,
        .signers_path = STR("/etc/odd \"name\"\n"),
        .signers = {{1}},
        .revoked_path = STR("/etc/revoked"),
        .planner = STR("ana"),
        .has_policy = true,
        .policy = {{2}},
        .has_retain_until = true,
        .retain_until = 1800000000};
    struct report_table *t =
        sample_table(r, "t\xc3\xa4\xe2\x80\xaeg.x\n  remove v6", COVERAGE_DATA);
    (void)sample_other_use(r, t, "c\"1\\", "v5", 2);
    struct report_job *j = report_add_job(r);
    j->id = STR("7");
    j->model_path = STR("app.models:User");
    j->column_name = STR("secret");
    j->status = STR("failed");
    j->target_version = STR("v4");
    j->processed = 4;
    j->total_records = 9;
    j->errors = -1;
    sample_use(sample_retained(&s, sample_now + 400 * DAY), "v1", 5, sample_now - 50 * DAY);
    sample_use(sample_retained(&s, UTC_NONE), "v2", 5, sample_now - 500 * DAY);
    sample_accept(&s, "unversioned@public.users.secret=9:because \"old\"");
    s.in.keep_versions = 2;
    assert_true(sample_make(&s));
    assert_false(plan_is_blocked(&s.plan));
    sample_edit(&s);
}

static void make_blocked(void)
{
    sample_good(&s);
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    sample_use(&s.reports[0], "v9", 3, UTC_NONE);
    (void)sample_table(&s.reports[0], "audit", COVERAGE_NO_DATA);
    struct str databases[] = {STR("app"), STR("billing")};
    s.in.databases = databases;
    s.in.database_count = 2;
    s.reports[0].complete = false;
    s.in.max_age = PLAN_NO_MAX_AGE;
    assert_true(sample_make(&s));
    assert_true(plan_is_blocked(&s.plan));
}

static bool reads(struct str text, struct arena *a, struct err *err)
{
    struct plan again;
    memset(err, 0, sizeof *err);
    if (!plan_read(text, a, &again, err)) {
        assert_int_equal(err->kind, ERR_CORRUPT);
        assert_non_null(err_lookup(err->id));
        return false;
    }
    struct buf b = {.arena = a};
    plan_write(&again, &b);
    assert_true(str_eq(buf_str(&b), text));
    return true;
}

static void round_trips(void)
{
    struct arena a = {0};
    struct err err;
    if (!reads(sample_text(&s), &a, &err))
        fail_msg("%s\n%.*s", err.text, STR_ARG(sample_text(&s)));
    arena_free(&a);
    arena_free(&s.a);
}

static void a_plan_with_everything_reads_back(void **state)
{
    (void)state;
    make_rich();
    round_trips();
}

static void conditions_stand_in_the_text_as_they_were_given(void **state)
{
    (void)state;
    make_rich();
    struct str text = sample_text(&s);
    assert_true(holds(text, "\n  window 2026-11-23T01:00:00Z to 2026-11-23T05:00:00Z given "
                            "\"2026-11-22T22:00:00-03:00/PT4H\"\n"));
    assert_true(holds(text, "\n    inputs digested sha256\n"));
    assert_true(holds(text, "\n  retain-until 2027-01-15T08:00:00Z\n"));
    assert_true(holds(text, "\n  planner \"ana\"\n"));
    assert_true(holds(text, "\n  revoked at \"/etc/revoked\"\n"));
    s.reports[0].inputs[0].digest = STR("xxh3-128:00");
    s.in.conditions = (struct conditions){0};
    assert_true(sample_make(&s));
    assert_false(holds(sample_text(&s), "conditions:"));
    assert_false(holds(sample_text(&s), "digested"));
    arena_free(&s.a);
}

static void the_form_of_a_file_reads_back(void **state)
{
    struct arena a = {0};
    struct err err;
    struct plan again;
    (void)state;
    make_rich();
    s.plan.targets[1].form = STR("flask-py");
    struct str text = sample_text(&s);
    err = (struct err){0};
    assert_true(holds(text, "    form flask-py\n"));
    assert_true(plan_read(text, &a, &again, &err));
    assert_true(str_eq(again.targets[0].form, PLAN_FORM_DEFAULT));
    assert_true(str_eq(again.targets[1].form, STR("flask-py")));
    arena_free(&a);
    arena_free(&s.a);
}

static void a_blocked_plan_reads_back(void **state)
{
    (void)state;
    make_blocked();
    round_trips();
}

static void a_plan_with_nothing_to_remove_reads_back(void **state)
{
    (void)state;
    sample_good(&s);
    s.in.keep_versions = 9;
    assert_true(sample_make(&s));
    assert_true(holds(sample_text(&s), "verdict: nothing to remove\n"));
    round_trips();
}

/* ---- one form ---- */

static void the_order_of_inputs_does_not_matter(void **state)
{
    (void)state;
    struct str texts[2];
    struct sample both[2];
    for (int turn = 0; turn < 2; turn++) {
        struct sample *x = &both[turn];
        sample_empty(x);
        sample_file(x, turn ? "/a/.env" : "/b/.env", 6, "v6");
        sample_file(x, turn ? "/b/.env" : "/a/.env", 6, "v6");
        struct sha256 swap = x->files[0].digest;
        x->files[0].digest = turn ? x->files[1].digest : swap;
        x->files[1].digest = turn ? swap : x->files[1].digest;
        for (int i = 0; i < 3; i++)
            (void)sample_report(x);
        for (int i = 0; i < 3; i++) {
            struct report *r = &x->reports[turn ? 2 - i : i];
            sample_use(r, "v6", 10u + (unsigned)i, sample_now - 40 * DAY);
            sample_use(r, i == 1 ? "v2" : "v9", 3, sample_now - 90 * DAY);
            (void)sample_table(r, i == 2 ? "audit" : "other", COVERAGE_NO_DATA);
            r->jobs_known = i == 0;
        }
        sample_accept(x, turn ? "partial-input@public.other:b" : "orphan:a");
        sample_accept(x, turn ? "orphan:a" : "partial-input@public.other:b");
        assert_true(sample_make(x));
        texts[turn] = sample_text(x);
    }
    assert_true(str_eq(texts[0], texts[1]));
    arena_free(&both[0].a);
    arena_free(&both[1].a);
}

static void the_clock_and_the_report_path_are_not_in_the_text(void **state)
{
    (void)state;
    sample_good(&s);
    assert_true(sample_make(&s));
    struct str first = sample_text(&s);
    s.in.now += 2 * DAY;
    s.live_sources[0].path = "/elsewhere/other.db";
    assert_true(sample_make(&s));
    assert_true(str_eq(sample_text(&s), first));
    struct plan_id id;
    struct err err = {0};
    assert_true(plan_identify(first, &id, &err));
    assert_int_equal(strlen(id.hex), SHA256_HEX);
    arena_free(&s.a);
}

static void an_unverified_plan_opens_with_labels_only(void **state)
{
    (void)state;
    sample_good(&s);
    assert_true(sample_make(&s));
    assert_true(
        str_starts(sample_text(&s), STR("keyretire plan 1\nLABELS ONLY: no value was proven\n")));
    s.reports[0].verified = true;
    assert_true(sample_make(&s));
    assert_false(holds(sample_text(&s), "LABELS ONLY"));
    arena_free(&s.a);
}

static void names_cannot_make_lines_or_turn_them_around(void **state)
{
    (void)state;
    make_rich();
    struct str text = sample_text(&s), line;
    assert_false(holds(text, "\xe2\x80\xae"));
    assert_true(holds(text, "public.\"t\xc3\xa4\\xe2\\x80\\xaeg.x\\x0a  remove v6\""));
    while (str_line(&text, &line))
        assert_false(str_eq(line, STR("  remove v6")));
    arena_free(&s.a);
}

/* ---- every other text is refused ---- */

static void every_truncation_is_refused(void **state)
{
    (void)state;
    make_rich();
    struct str text = sample_text(&s);
    struct arena a = {0};
    struct err err;
    for (size_t n = 0; n < text.len; n++) {
        if (reads(str_slice(text, 0, n), &a, &err))
            fail_msg("read when cut at %zu of %zu", n, text.len);
        arena_free(&a);
    }
    arena_free(&s.a);
}

static void a_changed_byte_is_refused_or_another_plan(void **state)
{
    (void)state;
    make_rich();
    struct str text = sample_text(&s);
    unsigned char *changed = arena_alloc(&s.a, text.len);
    struct arena a = {0};
    struct err err;
    size_t refused = 0, tried = 0;
    for (size_t i = 0; i < text.len; i++) {
        static const unsigned char others[] = {' ', '"', '0', 0xff};
        for (size_t k = 0; k < sizeof others; k++) {
            memcpy(changed, text.at, text.len);
            if (changed[i] == others[k])
                continue;
            changed[i] = others[k];
            tried++;
            refused += !reads(str_make(changed, text.len), &a, &err);
            arena_free(&a);
        }
    }
    /* What is still read are digits of counts and letters of names. */
    assert_true(refused > tried * 3 / 4);
    arena_free(&s.a);
}

static struct str replaced(struct str text, const char *from, const char *to)
{
    size_t at = str_search(text, str_from(from));
    assert_true(at < text.len);
    struct buf b = {.arena = &s.a};
    buf_add(&b, str_slice(text, 0, at));
    buf_text(&b, to);
    buf_add(&b, str_slice(text, at + strlen(from), text.len));
    return buf_str(&b);
}

static void texts_in_another_form_are_refused(void **state)
{
    (void)state;
    make_rich();
    struct str text = sample_text(&s);
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"active: v6\n", "active: v6 \n"},
        {"active: v6\n", "active: v6\r\n"},
        {"active: v6\n", "active: \"v6\"\n"},
        {"active: v6\n", "active: v6\nactive: v6\n"},
        {"\noptions:\n", "\n\noptions:\n"},
        {"  keep-versions 2\n", "  keep-versions 02\n"},
        {"  keep-versions 2\n", "  kdf-iterations 100000\n  keep-versions 2\n"},
        {"  keep-versions 2\n", ""},
        {"  keep-versions 2\n", "   keep-versions 2\n"},
        {"verdict: remove v1 v2", "verdict: remove v1"},
        {"expires: 2026-", "expires: 2036-"},
        {"# undo:\n", "# undo: none\n"},
        {"end\n", "end\nend\n"},
        {"end\n", "end"},
        {"LABELS ONLY: no value was proven\n", ""},
        {"    labels only for 417 values\n", "    proven 417 of 417 values\n"},
        {"  remove v1 values 0 ", "  keep v1 recent values 0 "},
        {"  remove v1 values 0 ", "  remove v1 values 1 "},
        {"because \"because", "because \"because\\x20"},
        {"  file \"/srv/app/.env.crypto\"\n", "  file /srv/app/.env.crypto\n"},
        {"end\n", "evidence:\n    database x\nend\n"},
        {"\ntargets:\n", "\nevidence:\n    database x\n\ntargets:\n"},
        {"    removes v1 v2", "    removes v2 v1"},
    };
    struct arena a = {0};
    struct err err;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct str other = replaced(text, changes[i].from, changes[i].to);
        if (reads(other, &a, &err))
            fail_msg("read with %s", changes[i].to);
        arena_free(&a);
    }
    arena_free(&s.a);
}

static void a_list_that_is_too_long_is_an_error_of_its_own(void **state)
{
    (void)state;
    sample_good(&s);
    struct str *names = ARENA_ARRAY(&s.a, KEYRING_VERSIONS_MAX + 1, struct str);
    for (size_t i = 0; i <= KEYRING_VERSIONS_MAX; i++)
        names[i] = str_from(arena_printf(&s.a, "v%zu", i + 1));
    struct arena a = {0};
    struct err err;
    s.in.order = names;
    s.in.order_count = KEYRING_VERSIONS_MAX;
    assert_true(sample_make(&s));
    sample_edit(&s);
    assert_true(reads(sample_text(&s), &a, &err));
    s.in.order_count++;
    assert_true(sample_make(&s));
    sample_edit(&s);
    assert_false(reads(sample_text(&s), &a, &err));
    assert_int_equal(err.id, 655);
    assert_non_null(strstr(err.text, "4096"));
    arena_free(&a);
    arena_free(&s.a);
}

static void the_line_that_differs_is_named(void **state)
{
    (void)state;
    make_rich();
    struct arena a = {0};
    struct err err;
    assert_false(reads(replaced(sample_text(&s), "active: v6\n", "active: v6 \n"), &a, &err));
    assert_non_null(strstr(err.text, "line 5 "));
    arena_free(&a);
    arena_free(&s.a);
}

static void other_files_and_later_plans_are_told_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err;
    assert_false(reads(STR(""), &a, &err));
    assert_int_equal(err.id, 653);
    assert_false(reads(STR("ENCRYPTION_KEYS__v1=x\n"), &a, &err));
    assert_int_equal(err.id, 653);
    assert_false(reads(STR("keyretire plan 2\n"), &a, &err));
    assert_int_equal(err.id, 651);
    arena_free(&a);
}

/* A sentence that is worded anew makes signed plans unreadable: it needs another first line. */
static void plans_of_the_first_kind_are_read_for_ever(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct str text;
    assert_true(file_read(&a, "tests/data/plan/plan_1.txt", &text, &err));
    if (!reads(text, &a, &err))
        fail_msg("%s", err.text);
    arena_free(&a);
}

/* Two reports of users, the second without its data; an inventory answers for that. */
static void make_twins(const char *database)
{
    static const struct plan_table_name users = {{NULL, 0}, {(const unsigned char *)"users", 5}};
    struct report *full = sample_good(&s);
    struct report *bare = sample_report(&s);
    bare->tables[0].state = COVERAGE_NO_DATA;
    full->tables[0].database = bare->tables[0].database = str_from(database);
    s.in.inventory = &users;
    s.in.inventory_count = 1;
    s.in.has_inventory = true;
    assert_true(sample_make(&s));
    sample_edit(&s);
}

static void what_an_unnamed_report_lacks_is_shown_beside_what_another_has(void **state)
{
    (void)state;
    make_twins("");
    assert_true(holds(sample_text(&s), "# 2 tables defined, 1 with data, 1 without data,"));
    assert_true(holds(sample_text(&s), "  table no-data table 0 \"\" public.users\n"));
    round_trips();
    make_twins("app");
    assert_true(holds(sample_text(&s), "# 1 table defined, 1 with data, 0 without data,"));
    round_trips();
}

/* ---- plans that contradict themselves ---- */

/* The plan is refused, and for this reason. */
static void contradicts(const char *sentence)
{
    struct arena a = {0};
    struct err err;
    assert_false(reads(sample_text(&s), &a, &err));
    if (!strstr(err.text, sentence))
        fail_msg("refused, but: %s", err.text);
    arena_free(&a);
    arena_free(&s.a);
}

static struct plan_version *version(const char *name)
{
    for (size_t i = 0; i < s.plan.version_count; i++)
        if (str_eq(s.plan.versions[i].name, str_from(name)))
            return &s.plan.versions[i];
    fail_msg("no version %s", name);
    return NULL;
}

static void removing_the_active_version_contradicts(void **state)
{
    (void)state;
    make_rich();
    version("v6")->reason = KEEP_NOT;
    contradicts("active or in use");
}

static void removing_a_version_in_use_contradicts(void **state)
{
    (void)state;
    make_rich();
    version("v5")->reason = KEEP_NOT;
    s.plan.targets[0].removed[1] = STR("v5");
    contradicts("active or in use");
}

static void removing_while_blocked_contradicts(void **state)
{
    (void)state;
    make_blocked();
    version("v1")->reason = KEEP_NOT;
    contradicts("blocked and removes");
}

static void a_file_that_loses_a_kept_version_contradicts(void **state)
{
    (void)state;
    make_rich();
    s.plan.targets[0].removed[0] = STR("v6");
    contradicts("contradicts itself");
}

static void a_change_without_a_removed_version_contradicts(void **state)
{
    (void)state;
    make_rich();
    s.plan.targets[1].removed_count = 0;
    s.plan.targets[1].line_count = 0;
    contradicts("contradicts itself");
}

static void a_file_of_an_unknown_form_contradicts(void **state)
{
    (void)state;
    make_rich();
    s.plan.targets[0].form = STR("toml");
    contradicts("contradicts itself");
}

static void a_version_that_stands_twice_contradicts(void **state)
{
    (void)state;
    make_rich();
    s.plan.versions[1] = s.plan.versions[0];
    contradicts("stands in it twice");
}

/* A careful hand: the version leaves in the decision, in the verdict and in the file. */
static void removes_too(const char *name)
{
    struct plan_target *t = &s.plan.targets[0];
    struct str *removed = ARENA_ARRAY(&s.a, t->removed_count + 1, struct str);
    for (size_t i = 0; i < t->removed_count; i++)
        removed[i] = t->removed[i];
    removed[t->removed_count++] = str_from(name);
    t->removed = removed;
    version(name)->reason = KEEP_NOT;
    assert_true(plan_sort(&s.plan, &s.err));
}

static void a_version_that_leaves_a_file_twice_contradicts(void **state)
{
    (void)state;
    make_rich();
    removes_too("v1");
    contradicts("leaves a file twice");
}

static void a_version_that_leaves_no_file_contradicts(void **state)
{
    (void)state;
    make_rich();
    for (size_t i = 0; i < s.plan.target_count; i++)
        s.plan.targets[i].removed_count = 1; /* v2 goes nowhere */
    contradicts("leaves no file");
}

static void values_that_do_not_add_up_contradict(void **state)
{
    (void)state;
    make_rich();
    version("v5")->uses[0].records++;
    contradicts("do not add up");
}

static void an_acceptance_of_more_than_was_accepted_contradicts(void **state)
{
    (void)state;
    make_rich();
    s.plan.accepted[0].limit = s.plan.accepted[0].seen - 1;
    contradicts("covers what it may not");
}

static const char against_rule[] = "against its own uses, jobs and options";

static void removing_what_the_number_asks_for_contradicts(void **state)
{
    (void)state;
    sample_good(&s);
    assert_true(sample_make(&s));
    sample_edit(&s);
    assert_string_equal(sample_removed(&s), "v1 v2 v3");
    removes_too("v4");
    contradicts(against_rule);
}

static void removing_a_staged_version_contradicts(void **state)
{
    (void)state;
    sample_empty(&s);
    sample_file(&s, "/e", 6, "v5");
    sample_use(sample_report(&s), "v5", 4, sample_now - 40 * DAY);
    s.in.keep_versions = 1;
    assert_true(sample_make(&s));
    sample_edit(&s);
    removes_too("v6");
    contradicts(against_rule);
}

static struct report_job *add_job(const char *status)
{
    struct report_job *j = report_add_job(&s.reports[0]);
    j->id = STR("7");
    j->status = str_from(status);
    j->target_version = STR("v2");
    return j;
}

static void removing_the_target_of_a_job_contradicts(void **state)
{
    (void)state;
    sample_good(&s);
    add_job("running");
    assert_true(sample_make(&s));
    sample_edit(&s);
    removes_too("v2");
    contradicts(against_rule);
}

static void a_running_job_that_keeps_nothing_contradicts(void **state)
{
    (void)state;
    sample_good(&s);
    add_job("running");
    assert_true(sample_make(&s));
    sample_edit(&s);
    removes_too("v2");
    s.plan.jobs[0].keeps_target = false;
    version("v2")->critical = CRITICAL_JOB;
    contradicts("does not keep its target");
}

static void removing_a_protected_version_contradicts(void **state)
{
    (void)state;
    static const struct str protect[] = {{(const unsigned char *)"v1", 2}};
    sample_good(&s);
    s.in.protect = protect;
    s.in.protect_count = 1;
    assert_true(sample_make(&s));
    sample_edit(&s);
    removes_too("v1");
    contradicts(against_rule);
}

static void removing_what_only_does_not_name_contradicts(void **state)
{
    (void)state;
    static const struct str only[] = {{(const unsigned char *)"v1", 2}};
    sample_good(&s);
    s.in.only = only;
    s.in.only_count = 1;
    assert_true(sample_make(&s));
    sample_edit(&s);
    assert_string_equal(sample_removed(&s), "v1");
    removes_too("v2");
    contradicts(against_rule);
}

static void removing_a_version_of_unknown_age_contradicts(void **state)
{
    (void)state;
    sample_good(&s);
    s.keys[0][0].name = STR("v1-old");
    assert_true(sample_make(&s));
    sample_edit(&s);
    removes_too("v1-old");
    contradicts(against_rule);
}

static void hiding_that_a_version_is_critical_contradicts(void **state)
{
    (void)state;
    make_rich();
    assert_true(version("v1")->critical != 0);
    version("v1")->critical = 0;
    contradicts("hides that a removal is critical");
}

static void what_was_accepted_cannot_be_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *sentence;
    } gaps[] = {{"incomplete-report:x", "a report is incomplete"},
                {"partial-input:x", "a table lacks its data"},
                {"stale-writer:x", "still written with"},
                {"active-unseen:x", "no value of the active version"}};
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        struct arena a = {0};
        struct err err;
        struct report *r = sample_good(&s);
        r->complete = i != 0;
        if (i == 1)
            (void)sample_table(r, "audit", COVERAGE_NO_DATA);
        if (i == 2)
            sample_use(sample_retained(&s, UTC_NONE), "v1", 1, sample_now - 2 * DAY);
        if (i == 3)
            sample_column(r)->usages[0].version = STR("v5");
        sample_accept(&s, gaps[i].accept);
        assert_true(sample_make(&s));
        sample_edit(&s);
        assert_true(reads(sample_text(&s), &a, &err));
        assert_int_equal(s.plan.accepted_count, 1);
        s.plan.accepted_count = 0;
        for (size_t v = 0; v < s.plan.version_count; v++)
            s.plan.versions[v].critical &= ~(unsigned)CRITICAL_ACCEPTANCE;
        arena_free(&a);
        contradicts(gaps[i].sentence);
    }
}

/* ---- show ---- */

static struct str shown(enum plan_format format, int64_t now)
{
    struct plan_id id;
    struct err err = {0};
    struct buf b = {.arena = &s.a};
    assert_true(plan_identify(sample_text(&s), &id, &err));
    plan_show(&b, &s.plan, &id, format, now);
    return buf_str(&b);
}

static void show_prints_in_the_order_a_reviewer_needs(void **state)
{
    (void)state;
    make_rich();
    struct str text = shown(PLAN_TEXT, sample_now);
    static const char *const order[] = {
        "LABELS ONLY: no value was proven\nplan ",
        "verdict: remove v1 v2\nactive:  v6\n",
        "rests on 1 acceptance",
        "\nEvidence\n",
        "\nCoverage\n",
        "\nVersions\n",
        "\nAcceptances\n",
        "because \"old\"",
        "\nImpact\n",
        "2 of 6 versions leave, 2 of 2 files change, 2 lines go, 2 change",
        "0 of 417 values name or need a removed version",
        "\nCritical versions\n",
        "CRITICAL v1 was written with",
        "\nNot seen\n",
        "queues",
        "\nUndo\n",
        "keyretire rollback TXID",
    };
    size_t from = 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct str rest = str_slice(text, from, text.len);
        size_t at = str_search(rest, str_from(order[i]));
        if (at == rest.len)
            fail_msg("missing or out of order: %s\n%.*s", order[i], STR_ARG(text));
        from += at;
    }
    assert_true(holds(text, "app public.users.secret: 415 values, declared"));
    assert_true(holds(text, "server 15.4 (Debian)"));
    assert_true(holds(text, "future-time"));
    arena_free(&s.a);
}

static void old_data_warns_at_the_time_of_showing(void **state)
{
    (void)state;
    sample_good(&s);
    assert_true(sample_make(&s));
    assert_false(holds(shown(PLAN_TEXT, sample_now), "old-data"));
    assert_true(holds(shown(PLAN_TEXT, sample_now + DAY), "old-data"));
    assert_true(holds(shown(PLAN_JSON, sample_now + DAY), "old-data"));
    arena_free(&s.a);
}

static void json_has_the_shape_that_scripts_rely_on(void **state)
{
    (void)state;
    sample_empty(&s);
    sample_file(&s, "/e", 2, "v2");
    struct report *r = sample_report(&s);
    sample_use(r, "v2", 3, UTC_NONE);
    sample_use(r, "", 1, UTC_NONE);
    s.in.keep_versions = 1;
    sample_accept(&s, "unversioned:x");
    report_add_job(r)->status = STR("finished");
    r->version_count = 2;
    r->versions = ARENA_ARRAY(&s.a, 2, struct report_version);
    r->versions[0].name = STR("v1");
    r->versions[1].name = STR("v2");
    assert_true(sample_make(&s));
    struct str json = shown(PLAN_JSON, sample_now);
    const char *expected =
        "\"active\":\"v2\",\"versions\":["
        "{\"version\":\"v1\",\"record_count\":0,\"percentage\":0.0,\"is_active\":false,"
        "\"is_removable\":true},"
        "{\"version\":\"v2\",\"record_count\":3,\"percentage\":75.0,\"is_active\":true,"
        "\"is_removable\":false}],"
        "\"keep\":[{\"version\":\"v2\",\"reason\":\"active\",\"record_count\":3}],"
        "\"remove\":[{\"version\":\"v1\",\"fingerprint\":\"0000000000000001\"}],"
        "\"blockers\":[],\"warnings\":[\"accepted: unversioned, 1 found: x\",";
    if (!holds(json, expected))
        fail_msg("%.*s", STR_ARG(json));
    assert_true(str_starts(json, STR("{\"plan_id\":\"")));
    assert_true(holds(json, "\"targets\":[{\"path\":\"/e\",\"sha256_before\":\"0101010101"));
    assert_true(str_ends(json, STR("\"}]}\n")));
    arena_free(&s.a);
}

static void json_names_blockers_by_code(void **state)
{
    (void)state;
    make_blocked();
    struct str json = shown(PLAN_JSON, sample_now);
    assert_true(holds(json, "{\"code\":\"incomplete-report\",\"message\":\""));
    assert_true(holds(json, "\"remove\":[]"));
    assert_true(holds(json, "\"reason\":\"blocked\""));
    arena_free(&s.a);
}

static void csv_has_a_line_for_each_version(void **state)
{
    (void)state;
    sample_good(&s);
    assert_true(sample_make(&s));
    struct str csv = shown(PLAN_CSV, sample_now), line;
    size_t lines = 0;
    while (str_line(&csv, &line))
        lines++;
    assert_int_equal(lines, 7);
    arena_free(&s.a);
}

/* ---- verify ---- */

static bool verifies(struct plan_facts *facts, struct str *text)
{
    struct buf b = {.arena = &s.a};
    memset(&s.err, 0, sizeof s.err);
    bool good = plan_verify(&b, &s.plan, facts, &s.err);
    *text = buf_str(&b);
    return good;
}

static void verify_says_what_changed(void **state)
{
    (void)state;
    make_rich();
    struct plan_fact now[2] = {{true, s.plan.targets[0].before}, {true, s.plan.targets[1].before}};
    struct plan_facts facts = {.targets = now, .now = sample_now};
    struct str text;
    assert_true(verifies(&facts, &text));
    now[0].digest.bytes[0] ^= 1;
    assert_false(verifies(&facts, &text));
    assert_int_equal(s.err.kind, ERR_STALE);
    assert_int_equal(s.err.id, 662);
    assert_true(holds(text, "changed    /srv/app/.env.crypto"));
    now[0].present = false;
    assert_false(verifies(&facts, &text));
    assert_true(holds(text, "missing    /srv/app/.env.crypto"));
    now[0] = (struct plan_fact){true, s.plan.targets[0].after};
    assert_false(verifies(&facts, &text));
    assert_true(holds(text, "applied    /srv/app/.env.crypto"));
    arena_free(&s.a);
}

static void verify_refuses_spent_and_expired_plans(void **state)
{
    (void)state;
    make_rich();
    struct plan_fact now[2] = {{true, s.plan.targets[0].before}, {true, s.plan.targets[1].before}};
    struct plan_facts facts = {.targets = now, .now = s.plan.expires};
    struct str text;
    assert_true(verifies(&facts, &text));
    facts.now++;
    assert_false(verifies(&facts, &text));
    assert_int_equal(s.err.id, 661);
    facts.spent_by = STR("0123456789abcdef");
    assert_false(verifies(&facts, &text));
    assert_int_equal(s.err.id, 660);
    assert_non_null(strstr(s.err.text, "0123456789abcdef"));
    arena_free(&s.a);
}

static void a_plan_remembers_what_it_had_seen(void **state)
{
    (void)state;
    make_rich();
    struct plan_previous was = plan_remember(&s.plan, &s.a);
    assert_int_equal(was.table_count, 2);
    assert_int_equal(was.column_count, 2);
    assert_int_equal(was.declared_count, 1);
    assert_int_equal(was.write_count, 6);
    struct sample next;
    sample_empty(&next);
    sample_file(&next, "/srv/app/.env.crypto", 6, "v6");
    sample_use(sample_report(&next), "v6", 1, sample_now - 10 * DAY);
    next.in.previous = was;
    assert_true(sample_make(&next));
    assert_int_equal(next.plan.blocker_count, 1);
    assert_true(str_eq(next.plan.blockers[0].code, STR("partial-input")));
    arena_free(&next.a);
    arena_free(&s.a);
}

/* ---- a real file: the edit, and the canary (S15) ---- */

#define ENTRY(n)                                                                                   \
    "# canary-comment-" #n "\nENCRYPTION_KEYS__v" #n "=\"canary-key-" #n "\"\n"                    \
    "ENCRYPTION_SALT__v" #n "=\"canary-salt-" #n "!\"\n"

static const char env_file[] = "ACTIVE_ENCRYPTION_VERSION=\"v3\"\n" ENTRY(1) ENTRY(2)
    ENTRY(3) "OTHER_CANARY=\"canary-other\" # canary-trailing\n";

static void no_canary(struct str text)
{
    if (holds(text, "canary-"))
        fail_msg("a value is shown:\n%.*s", STR_ARG(text));
}

static void no_output_of_a_plan_holds_a_byte_of_a_value(void **state)
{
    (void)state;
    struct arena keys = {.wipe = true};
    struct keyring kr;
    struct err err = {0};
    sample_empty(&s);
    assert_true(keyring_load(&keys, &keyring_dotenv, "e", str_from(env_file), &kr, &err));
    assert_true(keyring_fingerprints(&kr, 1, &err));
    assert_true(plan_file_of(&kr, "/srv/.env.crypto", &s.a, &s.files[0], &err));
    s.in.file_count = 1;
    s.in.keep_versions = 1;
    sample_use(sample_report(&s), "v3", 8, sample_now - DAY);
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v1 v2");
    struct plan_keyring with = {STR("/srv/.env.crypto"), &kr};
    assert_true(plan_edit(&s.plan, &with, 1, &keys, &err));
    const struct plan_target *t = &s.plan.targets[0];
    assert_false(sha256_eq(&t->before, &t->after));
    assert_true(t->bytes_after < t->bytes_before && t->line_count >= 4);
    struct buf diff = {.arena = &s.a};
    plan_diff(&diff, &s.plan);
    assert_true(holds(buf_str(&diff), "ENCRYPTION_KEYS__v1=<masked, 12 chars>"));
    assert_false(holds(buf_str(&diff), "- line 7  ENCRYPTION_KEYS__v3"));
    no_canary(buf_str(&diff));
    no_canary(sample_text(&s));
    no_canary(shown(PLAN_TEXT, sample_now));
    no_canary(shown(PLAN_JSON, sample_now));
    no_canary(shown(PLAN_CSV, sample_now));
    arena_free(&keys);
    round_trips();
}

static void a_file_that_changed_since_it_was_planned_is_stale(void **state)
{
    (void)state;
    struct arena keys = {.wipe = true};
    struct keyring kr;
    struct err err = {0};
    sample_empty(&s);
    assert_true(keyring_load(&keys, &keyring_dotenv, "e", str_from(env_file), &kr, &err));
    assert_true(keyring_fingerprints(&kr, 1, &err));
    assert_true(plan_file_of(&kr, "/srv/.env.crypto", &s.a, &s.files[0], &err));
    s.files[0].digest.bytes[0] ^= 1;
    s.in.file_count = 1;
    s.in.keep_versions = 1;
    sample_use(sample_report(&s), "v3", 8, sample_now - DAY);
    assert_true(sample_make(&s));
    struct plan_keyring with = {STR("/srv/.env.crypto"), &kr};
    assert_false(plan_edit(&s.plan, &with, 1, &keys, &err));
    assert_int_equal(err.kind, ERR_STALE);
    arena_free(&keys);
    arena_free(&s.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_with_everything_reads_back),
        cmocka_unit_test(conditions_stand_in_the_text_as_they_were_given),
        cmocka_unit_test(a_blocked_plan_reads_back),
        cmocka_unit_test(a_plan_with_nothing_to_remove_reads_back),
        cmocka_unit_test(the_order_of_inputs_does_not_matter),
        cmocka_unit_test(the_clock_and_the_report_path_are_not_in_the_text),
        cmocka_unit_test(an_unverified_plan_opens_with_labels_only),
        cmocka_unit_test(names_cannot_make_lines_or_turn_them_around),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_changed_byte_is_refused_or_another_plan),
        cmocka_unit_test(texts_in_another_form_are_refused),
        cmocka_unit_test(what_an_unnamed_report_lacks_is_shown_beside_what_another_has),
        cmocka_unit_test(a_list_that_is_too_long_is_an_error_of_its_own),
        cmocka_unit_test(the_line_that_differs_is_named),
        cmocka_unit_test(other_files_and_later_plans_are_told_apart),
        cmocka_unit_test(plans_of_the_first_kind_are_read_for_ever),
        cmocka_unit_test(removing_the_active_version_contradicts),
        cmocka_unit_test(removing_a_version_in_use_contradicts),
        cmocka_unit_test(removing_while_blocked_contradicts),
        cmocka_unit_test(a_file_that_loses_a_kept_version_contradicts),
        cmocka_unit_test(a_change_without_a_removed_version_contradicts),
        cmocka_unit_test(a_file_of_an_unknown_form_contradicts),
        cmocka_unit_test(the_form_of_a_file_reads_back),
        cmocka_unit_test(a_version_that_stands_twice_contradicts),
        cmocka_unit_test(a_version_that_leaves_a_file_twice_contradicts),
        cmocka_unit_test(a_version_that_leaves_no_file_contradicts),
        cmocka_unit_test(values_that_do_not_add_up_contradict),
        cmocka_unit_test(an_acceptance_of_more_than_was_accepted_contradicts),
        cmocka_unit_test(removing_what_the_number_asks_for_contradicts),
        cmocka_unit_test(removing_a_staged_version_contradicts),
        cmocka_unit_test(removing_the_target_of_a_job_contradicts),
        cmocka_unit_test(a_running_job_that_keeps_nothing_contradicts),
        cmocka_unit_test(removing_a_protected_version_contradicts),
        cmocka_unit_test(removing_what_only_does_not_name_contradicts),
        cmocka_unit_test(removing_a_version_of_unknown_age_contradicts),
        cmocka_unit_test(hiding_that_a_version_is_critical_contradicts),
        cmocka_unit_test(what_was_accepted_cannot_be_left_out),
        cmocka_unit_test(show_prints_in_the_order_a_reviewer_needs),
        cmocka_unit_test(old_data_warns_at_the_time_of_showing),
        cmocka_unit_test(json_has_the_shape_that_scripts_rely_on),
        cmocka_unit_test(json_names_blockers_by_code),
        cmocka_unit_test(csv_has_a_line_for_each_version),
        cmocka_unit_test(verify_says_what_changed),
        cmocka_unit_test(verify_refuses_spent_and_expired_plans),
        cmocka_unit_test(a_plan_remembers_what_it_had_seen),
        cmocka_unit_test(no_output_of_a_plan_holds_a_byte_of_a_value),
        cmocka_unit_test(a_file_that_changed_since_it_was_planned_is_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
