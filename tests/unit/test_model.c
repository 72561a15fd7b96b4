/*
 * Tests of model resolution: names, map files, source trees, inheritance, columns, hints.
 *
 * The application under tests/data/models is a small Flask project; what its tables and columns are
 * was worked out by hand from SQLAlchemy's and Flask-SQLAlchemy's rules. The names by the rule are
 * those of python3's re with the expression of flask_sqlalchemy/model.py.
 */
#include "analyzer/model.h"
#include "analyzer/model_index.h"
#include "common/buf.h"
#include "common/scope_hints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena memory;
static struct model_index *ix;
static struct err err;
static char folder[64];

static int start(void **state)
{
    (void)state;
    err = (struct err){0};
    ix = model_index_new(&memory);
    (void)snprintf(folder, sizeof folder, "/tmp/test_model.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    int status = system(arena_printf(&memory, "rm -rf %s", folder));
    arena_free(&memory);
    return status;
}

static void assert_str(struct str got, const char *wanted)
{
    assert_string_equal(arena_text(&memory, got), wanted);
}

/* Writes folder/name, with the folders on its way. */
static void put(const char *name, const char *content)
{
    char *path = arena_printf(&memory, "%s/%s", folder, name);
    for (char *at = path + strlen(folder) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        (void)mkdir(path, 0700);
        *at = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, strlen(content), f), strlen(content));
    assert_int_equal(fclose(f), 0);
}

static const char *at_folder(const char *name)
{
    return arena_printf(&memory, "%s/%s", folder, name);
}

static void read_source(const char *path)
{
    if (!model_index_source(ix, path, &err))
        fail_msg("%s", err.text);
}

static void read_sample(void)
{
    read_source("tests/data/models");
}

static void assert_table(const char *spec, const char *schema, const char *table,
                         enum model_how how)
{
    struct model_table t;
    struct err e = {0};
    if (!model_resolve(ix, str_from(spec), &t, &e))
        fail_msg("%s: %s", spec, e.text);
    assert_str(t.schema, schema);
    assert_str(t.table, table);
    assert_int_equal(t.how, how);
}

static void assert_column(const char *spec, const char *attr, const char *column,
                          enum model_column_how how)
{
    struct model_column c;
    struct err e = {0};
    if (!model_column(ix, str_from(spec), str_from(attr), &c, &e))
        fail_msg("%s.%s: %s", spec, attr, e.text);
    assert_str(c.column, column);
    assert_int_equal(c.how, how);
}

static void assert_no_table(const char *spec, int kind, int id)
{
    struct model_table t;
    err = (struct err){0};
    assert_false(model_resolve(ix, str_from(spec), &t, &err));
    assert_int_equal(err.kind, kind);
    assert_int_equal(err.id, id);
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* names */

static void the_naming_rule_is_that_of_flask_sqlalchemy(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"User", "user"},
        {"UserProfile", "user_profile"},
        {"HTTPServer", "http_server"},
        {"OAuth2Token", "o_auth2_token"},
        {"ABC", "abc"},
        {"A", "a"},
        {"AB", "ab"},
        {"Ab", "ab"},
        {"aB", "a_b"},
        {"APIKey2FA", "api_key2_fa"},
        {"XMLHttpRequest", "xml_http_request"},
        {"User2", "user2"},
        {"User2A", "user2_a"},
        {"Us3rX", "us3r_x"},
        {"_Private", "private"},
        {"_PrivateModel", "private_model"},
        {"__X", "x"},
        {"user_profile", "user_profile"},
        {"User_Profile", "user__profile"},
        {"UserPROFILE", "user_profile"},
        {"IOError", "io_error"},
        {"X509Cert", "x509_cert"},
        {"Model1B2c", "model1_b2c"},
        {"aBC", "a_bc"},
        {"ABc", "a_bc"},
        {"A1b", "a1b"},
        {"\xC3\x81rea\xC3\x9Atil", "\xC3\xA1rea\xC3\xBAtil"},
        {"A\xC3\xA7\xC3\xA3oLegal", "a\xC3\xA7\xC3\xA3o_legal"},
        {"Usu\xC3\xA1rio\xC3\x89pico", "usu\xC3\xA1rio\xC3\xA9pico"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str table;
        assert_true(model_name_table(&memory, str_from(cases[i][0]), &table, &err));
        assert_str(table, cases[i][1]);
    }
}

static void the_naming_rule_is_not_guessed_for_other_alphabets(void **state)
{
    (void)state;
    struct str table;
    assert_false(model_name_table(&memory, STR("\xD0\x96\xD1\x83\xD0\xBA"), &table, &err));
    assert_int_equal(err.id, 407);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    err = (struct err){0};
    assert_false(model_name_table(&memory, STR("__"), &table, &err));
    assert_int_equal(err.id, 407);
}

static void a_model_is_written_with_a_colon_or_with_dots(void **state)
{
    (void)state;
    struct model_name name;
    assert_true(model_name_parse(STR("app.models.user:User"), &name, &err));
    assert_str(name.module, "app.models.user");
    assert_str(name.class_name, "User");
    assert_true(model_name_parse(STR("app.models.user.User"), &name, &err));
    assert_str(name.module, "app.models.user");
    assert_str(model_name_text(&memory, name), "app.models.user:User");
    assert_true(model_name_parse(STR("m:Outer.Inner"), &name, &err));
    assert_str(name.class_name, "Outer.Inner");
}

static void a_text_that_names_no_model_is_a_usage_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "User", ":",     "a:",    ":B",   "a.",
                                      ".B",   "a..B", "a:b:C", "a b:C", "a:1C", "a-b:C",
                                      "a:B ", "a:B.", "a/b:C", "a:B\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct model_name name;
        err = (struct err){0};
        if (model_name_parse(str_from(bad[i]), &name, &err))
            fail_msg("\"%s\" was taken for a model", bad[i]);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_int_equal(err.id, 401);
    }
    assert_no_table("User", ERR_USAGE, 401);
}

static void without_map_and_source_the_rule_decides(void **state)
{
    (void)state;
    assert_table("app.models:UserProfile", "", "user_profile", MODEL_BY_RULE);
    assert_table("app.models.UserProfile", "", "user_profile", MODEL_BY_RULE);
    assert_column("app.models:UserProfile", "otp", "otp", COLUMN_SAME_NAME);
}

/* map */

static void a_map_names_tables_and_columns(void **state)
{
    (void)state;
    assert_true(model_index_map(ix, "tests/data/models/models.map", &err));
    assert_table("app.models.user:Dynamic", "", "somewhere_things", MODEL_BY_MAP);
    assert_column("app.models.user:Dynamic", "secret", "somewhere_secret", COLUMN_BY_MAP);
    assert_table("ext.plugin:Thing", "ext", "Odd Table #1", MODEL_BY_MAP);
    assert_table("ext.plugin.Thing", "ext", "Odd Table #1", MODEL_BY_MAP);
    assert_column("ext.plugin:Thing", "value", "odd.column", COLUMN_BY_MAP);
    assert_column("ext.plugin:Thing", "other", "other", COLUMN_SAME_NAME);
}

static void the_map_wins_over_the_source(void **state)
{
    (void)state;
    put("m.map", "app.models.user:User = other.accounts\napp.models.user:User.phone=p\n");
    assert_true(model_index_map(ix, at_folder("m.map"), &err));
    read_sample();
    assert_table("app.models.user:User", "other", "accounts", MODEL_BY_MAP);
    assert_column("app.models.user:User", "phone", "p", COLUMN_BY_MAP);
    assert_column("app.models.user:User", "username", "nome", COLUMN_BY_ATTRIBUTE);
}

static void a_map_reads_crlf_a_bom_and_quotes(void **state)
{
    (void)state;
    put("m.map", "\xEF\xBB\xBF# head\r\n\r\na:B = \"x\"\"y\".\"t.#\" # tail\r\na:C=t");
    assert_true(model_index_map(ix, at_folder("m.map"), &err));
    assert_table("a:B", "x\"y", "t.#", MODEL_BY_MAP);
    assert_table("a:C", "", "t", MODEL_BY_MAP);
}

static void a_malformed_map_names_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a:B",          "a:B =",    "= t",       "B = t",      "a:B = s.t.u",
        "a:B = s.",     "a:B = .t", "a:B = \"t", "a:B = t u",  "a:B.c = s.t",
        "a:B.c.d = t",  "a:B. = t", "a.B.c = t", "a:B = \"\"", "a:B = t\na:B = u",
        "a:B = \"x\"y",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct model_index *one = model_index_new(&memory);
        put("m.map", arena_printf(&memory, "# first\n%s\n", bad[i]));
        err = (struct err){0};
        if (model_index_map(one, at_folder("m.map"), &err))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_contains(err.place, "line 2");
    }
}

static void a_line_said_twice_is_no_contradiction(void **state)
{
    (void)state;
    put("m.map", "a:B = t\na.B = t\n");
    assert_true(model_index_map(ix, at_folder("m.map"), &err));
    assert_table("a:B", "", "t", MODEL_BY_MAP);
}

static void a_missing_map_is_not_found(void **state)
{
    (void)state;
    assert_false(model_index_map(ix, at_folder("none"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* source */

static void tables_come_from_the_source(void **state)
{
    (void)state;
    read_sample();
    assert_table("app.models.user:User", "auth", "usuarios", MODEL_BY_SOURCE);
    assert_table("app.models.user:UserProfile", "core", "user_profile", MODEL_BY_RULE);
    assert_table("app.models.audit:AuditLog", "", "auditlog", MODEL_BY_SOURCE);
    assert_table("app.models.audit:HTTPServer", "", "http_server", MODEL_BY_RULE);
    assert_table("app.models.billing:Invoice", "billing", "invoices", MODEL_BY_SOURCE);
    assert_table("app.models.billing:OAuth2Token", "", "o_auth2_token", MODEL_BY_RULE);
    assert_table("app.legacy.old:User", "legacy", "old_users", MODEL_BY_SOURCE);
}

static void the_place_is_told(void **state)
{
    (void)state;
    struct model_table t;
    read_sample();
    assert_true(model_resolve(ix, STR("app.models.user.User"), &t, &err));
    assert_str(t.spec, "app.models.user:User");
    assert_str(t.file, "tests/data/models/app/models/user.py");
    assert_int_equal(t.line, 27);
}

static void single_table_inheritance_shares_the_table_of_the_base(void **state)
{
    (void)state;
    read_sample();
    assert_table("app.models.billing:Payment", "core", "payment", MODEL_BY_RULE);
    assert_table("app.models.billing:PixPayment", "core", "payment", MODEL_BY_RULE);
    assert_column("app.models.billing:PixPayment", "pan", "card_pan", COLUMN_BY_ATTRIBUTE);
    assert_column("app.models.billing:PixPayment", "pix_key", "pix_key", COLUMN_IS_DATABASE);
    assert_column("app.models.billing:PixPayment", "updated_at", "modified", COLUMN_BY_ATTRIBUTE);
}

static void joined_inheritance_has_its_own_table_and_columns(void **state)
{
    (void)state;
    struct model_column c;
    read_sample();
    assert_table("app.models.billing:BoletoPayment", "core", "boleto_payments", MODEL_BY_SOURCE);
    assert_column("app.models.billing:BoletoPayment", "line", "line", COLUMN_IS_DATABASE);
    assert_false(model_column(ix, STR("app.models.billing:BoletoPayment"), STR("pan"), &c, &err));
    assert_int_equal(err.id, 413);
    assert_contains(err.hint, "--model app.models.billing:Payment");
}

static void mixins_bring_columns_and_properties_find_theirs(void **state)
{
    (void)state;
    read_sample();
    assert_column("app.models.user:UserProfile", "note", "note_enc", COLUMN_BY_ATTRIBUTE);
    assert_column("app.models.user:UserProfile", "note_enc", "note_enc", COLUMN_IS_DATABASE);
    assert_column("app.models.user:UserProfile", "id", "id", COLUMN_IS_DATABASE);
    assert_column("app.models.user:User", "otp_secret", "_otp_secret", COLUMN_BY_ATTRIBUTE);
    assert_column("app.models.user:User", "telephone", "phone_enc", COLUMN_BY_ATTRIBUTE);
    assert_column("app.models.user:User", "recovery", "recovery_codes", COLUMN_BY_ATTRIBUTE);
    assert_column("app.models.user:User", "is_adult", "is_adult", COLUMN_SAME_NAME);
    assert_column("app.models.user:User", "not_a_column", "not_a_column", COLUMN_SAME_NAME);
}

static void a_database_column_is_taken_before_an_attribute(void **state)
{
    (void)state;
    put("m.py", "class A(db.Model):\n    a = Column('b', Text)\n    b = Column('a', Text)\n");
    read_source(folder);
    assert_column("m:A", "a", "a", COLUMN_IS_DATABASE);
    assert_column("m:A", "b", "b", COLUMN_IS_DATABASE);
}

static void names_by_expression_are_errors_with_their_place(void **state)
{
    (void)state;
    struct model_column c;
    read_sample();
    assert_no_table("app.models.user:Dynamic", ERR_NOT_FOUND, 405);
    assert_contains(err.place, "tests/data/models/app/models/user.py, line 77");
    assert_contains(err.hint, "--map");
    err = (struct err){0};
    assert_false(model_column(ix, STR("app.models.user:Dynamic"), STR("secret"), &c, &err));
    assert_int_equal(err.id, 414);
    assert_contains(err.place, "line 79");
}

static void abstract_classes_have_no_table(void **state)
{
    (void)state;
    read_sample();
    assert_no_table("app.models.mixins:BaseModel", ERR_NOT_FOUND, 406);
    assert_no_table("app.legacy.old:Base", ERR_NOT_FOUND, 406);
}

static void imports_and_star_imports_are_followed(void **state)
{
    (void)state;
    read_sample();
    assert_table("app.models:User", "auth", "usuarios", MODEL_BY_SOURCE);
    assert_table("app.models:CardPayment", "core", "payment", MODEL_BY_RULE);
    assert_table("app.models:AuditLog", "", "auditlog", MODEL_BY_SOURCE);
    assert_column("app.models:User", "phone", "phone_enc", COLUMN_BY_ATTRIBUTE);
}

static void import_loops_come_to_an_end(void **state)
{
    (void)state;
    put("a.py", "from b import *\nfrom c import *\nclass X(Y): pass\n");
    put("b.py", "from a import *\nfrom c import *\nclass Y(X): pass\n");
    put("c.py", "from a import *\nfrom b import *\nfrom a import Z\n");
    read_source(folder);
    assert_no_table("a:Z", ERR_NOT_FOUND, 402);
    assert_no_table("a:X", ERR_NOT_FOUND, 415);
}

static void an_unknown_class_gets_the_nearest_names(void **state)
{
    (void)state;
    read_sample();
    assert_no_table("app.models.user:Usr", ERR_NOT_FOUND, 402);
    assert_string_equal(err.text, "the model app.models.user:Usr is not in the source folder "
                                  "tests/data/models");
    assert_string_equal(err.hint,
                        "did you mean \"app.models.user:User\" or \"app.legacy.old:User\"?");
    assert_no_table("app.modles.user:UserProfile", ERR_NOT_FOUND, 402);
    assert_contains(err.hint, "\"app.models.user:UserProfile\"");
    assert_no_table("app.models.user:Zzzzzzzzzzzz", ERR_NOT_FOUND, 402);
    assert_contains(err.hint, "keycensus models");
}

static void the_folder_may_be_the_package_or_hold_it_deeper(void **state)
{
    (void)state;
    put("proj/src/shop/models/user.py", "class U(db.Model): __tablename__ = 'right'\n");
    put("proj/src/shop/models/__init__.py", "from .user import U as V\n");
    put("proj/src/shop/__init__.py", "class Top(db.Model): __tablename__ = 'top'\n");
    put("proj/src/other/user.py", "class U(db.Model): __tablename__ = 'wrong'\n");
    static const char *const sources[] = {"proj", "proj/src", "proj/src/shop"};
    for (size_t i = 0; i < 3; i++) {
        ix = model_index_new(&memory);
        read_source(at_folder(sources[i]));
        assert_table("shop.models.user:U", "", "right", MODEL_BY_SOURCE);
        assert_table("shop.models:V", "", "right", MODEL_BY_SOURCE);
        assert_table("shop:Top", "", "top", MODEL_BY_SOURCE);
    }
}

static void two_classes_that_fit_equally_are_named_both(void **state)
{
    (void)state;
    put("one/app/models.py", "\nclass U(db.Model): pass\n");
    put("two/app/models.py", "class U(db.Model): pass\n");
    read_source(folder);
    assert_no_table("app.models:U", ERR_USAGE, 404);
    assert_contains(err.place, "one/app/models.py:2 and ");
    assert_contains(err.place, "two/app/models.py:1");
    assert_table("two.app.models:U", "", "u", MODEL_BY_RULE);
    put("m.map", "app.models:U = u\n");
    err = (struct err){0};
    assert_true(model_index_map(ix, at_folder("m.map"), &err));
    assert_table("app.models:U", "", "u", MODEL_BY_MAP);
    assert_column("app.models:U", "x", "x", COLUMN_SAME_NAME);
}

static void an_exact_module_wins_over_a_longer_one(void **state)
{
    (void)state;
    put("app/models.py", "class U(db.Model): __tablename__ = 'right'\n");
    put("tests/app/models.py", "class U(db.Model): __tablename__ = 'wrong'\n");
    read_source(folder);
    assert_table("app.models:U", "", "right", MODEL_BY_SOURCE);
}

static void a_base_of_the_same_name_is_the_imported_one(void **state)
{
    (void)state;
    put("base.py", "class User(db.Model):\n    __tablename__ = 'people'\n"
                   "    id = Column(Integer, primary_key=True)\n");
    put("mine.py", "from base import User\nclass User(User):\n    x = Column(Text)\n");
    put("dotted.py", "import base as b\nclass Other(b.User): pass\n");
    read_source(folder);
    assert_table("mine:User", "", "people", MODEL_BY_SOURCE);
    assert_table("dotted:Other", "", "people", MODEL_BY_SOURCE);
}

static void a_subclass_with_its_own_key_has_its_own_table(void **state)
{
    (void)state;
    put("m.py", "class A(db.Model):\n    id = Column(Integer, primary_key=True)\n"
                "class SubThing(A):\n    id = Column(ForeignKey('a.id'), primary_key=True)\n"
                "class None_(A):\n    __tablename__ = None\n");
    read_source(folder);
    assert_table("m:SubThing", "", "sub_thing", MODEL_BY_RULE);
    assert_table("m:None_", "", "a", MODEL_BY_RULE);
}

static void a_computed_name_of_a_mixin_reaches_every_subclass(void **state)
{
    (void)state;
    put("m.py", "class N:\n    @declared_attr\n    def __tablename__(cls):\n"
                "        return cls.__name__.lower()\n"
                "class Person(N, Base):\n    id = Column(Integer, primary_key=True)\n"
                "class FieldAgent(Person):\n    id = Column(ForeignKey('p'), primary_key=True)\n");
    read_source(folder);
    assert_table("m:Person", "", "person", MODEL_BY_SOURCE);
    assert_table("m:FieldAgent", "", "fieldagent", MODEL_BY_SOURCE);
}

static void what_is_no_source_is_passed_over(void **state)
{
    (void)state;
    put("app.py", "class A(db.Model): pass\n");
    put(".hidden/app.py", "class A(db.Model): pass\n");
    put("node_modules/app.py", "class A(db.Model): pass\n");
    put("__pycache__/app.py", "class A(db.Model): pass\n");
    put("venv/app.py", "class A(db.Model): pass\n");
    put("py/pyvenv.cfg", "");
    put("py/lib/app.py", "class A(db.Model): pass\n");
    put("notes.txt", "class A(db.Model): pass\n");
    assert_int_equal(symlink(folder, at_folder("loop")), 0);
    assert_int_equal(symlink("app.py", at_folder("link.py")), 0);
    assert_int_equal(mkfifo(at_folder("pipe.py"), 0600), 0);
    read_source(folder);
    assert_int_equal(ix->module_count, 1);
    assert_int_equal(ix->note_count, 2); /* the link and the pipe */
    assert_table("app:A", "", "a", MODEL_BY_RULE);
}

static void a_folder_too_deep_and_a_file_too_large_are_noted(void **state)
{
    (void)state;
    struct buf deep = {.arena = &memory};
    for (int i = 0; i <= MODEL_DEPTH_MAX; i++)
        buf_text(&deep, "d/");
    buf_text(&deep, "deep.py");
    put("top.py", "class A(db.Model): pass\n");
    put(arena_text(&memory, buf_str(&deep)), "class B(db.Model): pass\n");
    put("large.py", "class C(db.Model): pass\n");
    assert_int_equal(truncate(at_folder("large.py"), MODEL_FILE_BYTES + 1), 0);
    read_source(folder);
    assert_int_equal(ix->module_count, 1);
    assert_int_equal(ix->note_count, 2);
}

static void a_source_that_is_no_folder_is_not_found(void **state)
{
    (void)state;
    put("file.py", "x = 1\n");
    assert_false(model_index_source(ix, at_folder("none"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(err.id, 403);
    err = (struct err){0};
    assert_false(model_index_source(ix, at_folder("file.py"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    put("empty/readme", "");
    err = (struct err){0};
    assert_false(model_index_source(ix, at_folder("empty"), &err));
    assert_int_equal(err.id, 403);
}

static void a_chain_of_bases_too_long_is_said_so(void **state)
{
    (void)state;
    struct model_listing l;
    struct buf b = {.arena = &memory};
    buf_text(&b, "class C0(db.Model):\n    id = Column(Integer, primary_key=True)\n");
    for (int i = 1; i <= MODEL_ANCESTORS_MAX; i++)
        buf_printf(&b, "class C%d(C%d): pass\n", i, i - 1);
    put("m.py", arena_text(&memory, buf_str(&b)));
    read_source(folder);
    assert_table(arena_printf(&memory, "m:C%d", MODEL_ANCESTORS_MAX - 1), "", "c0", MODEL_BY_RULE);
    assert_no_table(arena_printf(&memory, "m:C%d", MODEL_ANCESTORS_MAX), ERR_USAGE, 409);
    model_list(ix, &l);
    assert_int_equal(l.note_count, 1);
    assert_contains(arena_text(&memory, l.notes[0].text), "more base classes than are followed");
}

/* what is seen and not understood */

static void assert_unclear(const char *spec, const char *attr)
{
    struct model_column c;
    err = (struct err){0};
    if (model_column(ix, str_from(spec), str_from(attr), &c, &err))
        fail_msg("%s.%s was taken for %.*s", spec, attr, STR_ARG(c.column));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(err.id, 414);
    assert_contains(err.place, "m.py, line ");
    assert_contains(err.hint, "--map");
    assert_contains(err.hint, "--table");
}

static void an_attribute_that_is_seen_and_not_understood_is_no_column_of_its_name(void **state)
{
    (void)state;
    put("m.py", "class A(db.Model):\n"
                "    made = EncryptedColumn('made_enc')\n"
                "    called = secret('called_enc')\n"
                "    other = COLUMNS['other']\n"
                "    mapped: Mapped[str] = secret('mapped_enc')\n"
                "    inner: Mapped[Annotated[str, mapped_column('inner_enc')]]\n"
                "    bare: Annotated[str, Field(sa_column=Column('bare_enc'))]\n"
                "    alias = synonym(target)\n"
                "    @property\n"
                "    def either(self):\n"
                "        if self.x: return self.x\n"
                "        return self.y\n"
                "class B(A): pass\n");
    read_source(folder);
    static const char *const attrs[] = {"made",  "called", "other", "mapped",
                                        "inner", "bare",   "alias", "either"};
    for (size_t i = 0; i < sizeof attrs / sizeof attrs[0]; i++) {
        assert_unclear("m:A", attrs[i]);
        assert_unclear("m:B", attrs[i]);
    }
    /* what the source does not name at all is a column of the database, or an error of the scan */
    assert_column("m:A", "unseen", "unseen", COLUMN_SAME_NAME);
    put("m.map", "m:A.made = made_enc\n");
    err = (struct err){0};
    assert_true(model_index_map(ix, at_folder("m.map"), &err));
    assert_column("m:A", "made", "made_enc", COLUMN_BY_MAP);
}

static void an_annotation_may_hold_a_column_without_a_name(void **state)
{
    (void)state;
    put("m.py", "class A(db.Model):\n"
                "    x: Mapped[Annotated[str, mapped_column(EncryptedText)]]\n"
                "    y: Mapped[Annotated[str, mapped_column('z')]] = mapped_column('y_enc')\n");
    read_source(folder);
    assert_column("m:A", "x", "x", COLUMN_IS_DATABASE);
    assert_column("m:A", "y", "y_enc", COLUMN_BY_ATTRIBUTE);
}

static void a_class_that_is_mapped_elsewhere_has_no_table_by_rule(void **state)
{
    (void)state;
    struct model_listing l;
    put("m.py", "class Plain:\n    pass\n"
                "registry.map_imperatively(Plain, table)\n"
                "mapper(Plain, table)\n"
                "class Lib(lib.Base):\n    x = Column(Text)\n");
    read_source(folder);
    assert_no_table("m:Plain", ERR_NOT_FOUND, 415);
    assert_contains(err.hint, "--map");
    assert_contains(err.place, "m.py, line 1");
    assert_no_table("m:Lib", ERR_NOT_FOUND, 415);
    model_list(ix, &l);
    assert_int_equal(l.note_count, 3);
    assert_int_equal(l.notes[0].line, 3);
    assert_contains(arena_text(&memory, l.notes[0].text), "map_imperatively");
    assert_int_equal(l.notes[1].line, 4);
    put("m.map", "m:Plain = people\n");
    err = (struct err){0};
    assert_true(model_index_map(ix, at_folder("m.map"), &err));
    assert_table("m:Plain", "", "people", MODEL_BY_MAP);
}

/* sqlmodel/main.py: SQLModelMetaclass, get_column_from_field; __tablename__ is declared. */
static void sqlmodel_has_its_own_rules(void **state)
{
    (void)state;
    put("m.py", "class UserBase(SQLModel):\n"
                "    otp: str = Field(sa_column=Column('otp_enc', EncryptedText))\n"
                "    pin: str = Field(default=None, sa_column_kwargs={'name': 'pin_enc'})\n"
                "    key: str = Field(sa_type=EncryptedText)\n"
                "    odd: str = Field(sa_column=make('odd_enc'))\n"
                "    kwargs: str = Field(sa_column_kwargs=KWARGS)\n"
                "    name: str = Field(max_length=20)\n"
                "class UserProfile(UserBase, table=True):\n"
                "    id: int | None = Field(default=None, primary_key=True)\n"
                "class Named(SQLModel, table=True):\n"
                "    __tablename__ = 'people'\n"
                "    same: str = Field(sa_column=Column(EncryptedText))\n");
    read_source(folder);
    assert_table("m:UserProfile", "", "userprofile", MODEL_BY_RULE);
    assert_table("m:Named", "", "people", MODEL_BY_SOURCE);
    assert_no_table("m:UserBase", ERR_NOT_FOUND, 406);
    assert_column("m:UserProfile", "otp", "otp_enc", COLUMN_BY_ATTRIBUTE);
    assert_column("m:UserProfile", "pin", "pin_enc", COLUMN_BY_ATTRIBUTE);
    assert_column("m:UserProfile", "key", "key", COLUMN_IS_DATABASE);
    assert_column("m:UserProfile", "name", "name", COLUMN_SAME_NAME);
    assert_column("m:Named", "same", "same", COLUMN_IS_DATABASE);
    assert_unclear("m:UserProfile", "odd");
    assert_unclear("m:UserProfile", "kwargs");
}

/* listing */

static const struct model_row *row_of(const struct model_listing *l, const char *spec,
                                      const char *attr)
{
    for (size_t i = 0; i < l->row_count; i++)
        if (str_eq(l->rows[i].model.spec, str_from(spec)) &&
            str_eq(l->rows[i].attr, str_from(attr)))
            return &l->rows[i];
    return NULL;
}

static void the_listing_has_every_model_and_no_mixin(void **state)
{
    (void)state;
    struct model_listing l;
    read_sample();
    model_list(ix, &l);
    const struct model_row *otp = row_of(&l, "app.models.user:User", "_otp_secret");
    assert_non_null(otp);
    assert_true(otp->encrypted);
    assert_str(otp->model.schema, "auth");
    assert_str(otp->type, "EncryptedString(255)");
    assert_int_equal(otp->line, 37);
    assert_non_null(row_of(&l, "app.models.user:UserProfile", "note"));
    assert_null(row_of(&l, "app.models.billing:PixPayment", "pan"));
    assert_null(row_of(&l, "app.models.billing:BoletoPayment", "pan"));
    for (size_t i = 0; i < l.row_count; i++) {
        assert_false(str_ends(l.rows[i].model.spec, STR("Mixin")));
        assert_false(str_ends(l.rows[i].model.spec, STR("BaseModel")));
        assert_int_equal(str_search(l.rows[i].type, STR("literal-key")), l.rows[i].type.len);
    }
    /* 2 old, 2 + 2 audit, 5 + 1 + 2 + 2 + 2 billing, 10 + 7 + 2 user */
    assert_int_equal(l.row_count, 37);
    assert_int_equal(l.note_count, 2);
    assert_int_equal(l.notes[0].line, 77);
    assert_int_equal(l.notes[1].line, 79);
}

static void encrypted_columns_are_told_by_their_type(void **state)
{
    (void)state;
    static const char *const wanted[] = {"secret", "payload",      "pan",         "pix_key",
                                         "tax_id", "access_token", "_otp_secret", "recovery",
                                         "phone",  "token",        "note",        "secret"};
    struct model_listing l;
    read_sample();
    assert_true(model_index_map(ix, "tests/data/models/models.map", &err));
    model_list(ix, &l);
    size_t kept = 0;
    for (size_t i = 0; i < l.row_count; i++)
        if (l.rows[i].encrypted)
            l.rows[kept++] = l.rows[i];
    l.row_count = kept;
    assert_int_equal(l.row_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < l.row_count; i++)
        assert_str(l.rows[i].attr, wanted[i]);
    assert_str(l.rows[11].model.table, "somewhere_things");
    assert_str(l.rows[11].column, "somewhere_secret");
    assert_int_equal(l.rows[11].model.how, MODEL_BY_MAP);
}

static void a_model_whose_table_cannot_be_known_has_none(void **state)
{
    (void)state;
    struct model_listing l;
    put("m.py", "from lib import Base\nclass A(Base):\n    x = Column(EncryptedText)\n"
                "class B(db.Model):\n    __tablename__ = 'b'\n");
    read_source(folder);
    model_list(ix, &l);
    assert_int_equal(l.row_count, 2);
    assert_int_equal(l.rows[0].model.table.len, 0);
    assert_int_equal(l.rows[1].attr.len, 0); /* a model without columns has a row too */
    assert_str(l.rows[1].model.table, "b");
    assert_str(l.notes[0].text, "the class A shows no table");
}

/* hints */

static void an_unknown_column_that_is_a_property_is_told_apart(void **state)
{
    (void)state;
    struct str columns[] = {STR("id"), STR("_otp_secret"), STR("otp_sent")};
    scope_unknown_column(&err, STR("public.usuarios"), STR("otp_secret"), columns, 3);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(err.id, 412);
    assert_string_equal(err.text, "column \"otp_secret\" is not in table public.usuarios");
    assert_string_equal(err.hint, "did you mean \"_otp_secret\"? --column takes the database "
                                  "column, not the Python property");
}

static void an_unknown_column_gets_the_nearest_names(void **state)
{
    (void)state;
    struct str columns[] = {STR("id"), STR("email"), STR("emails"), STR("phone")};
    scope_unknown_column(&err, STR("t"), STR("emial"), columns, 4);
    assert_contains(err.hint, "did you mean \"email\"");
    err = (struct err){0};
    scope_unknown_column(&err, STR("t"), STR("Email"), columns, 2);
    assert_contains(err.hint, "did you mean \"email\"? names are compared letter by letter");
    err = (struct err){0};
    scope_unknown_column(&err, STR("t"), STR("zzzzzzzz"), columns, 4);
    assert_string_equal(err.hint, "its columns are: id, email, emails, phone");
    err = (struct err){0};
    scope_unknown_column(&err, STR("t"), STR("x"), columns, 0);
    assert_string_equal(err.hint, "the input names no column of this table");
}

static void an_unknown_table_gets_the_nearest_names(void **state)
{
    (void)state;
    struct scope_table tables[] = {{STR("public"), STR("usuarios")},
                                   {STR("audit"), STR("log")},
                                   {STR("public"), STR("orders")}};
    scope_unknown_table(&err, (struct scope_table){STR("public"), STR("log")}, tables, 3);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(err.id, 411);
    assert_string_equal(err.text, "table public.log is not in the input");
    assert_string_equal(err.hint, "did you mean \"audit.log\"? the schema is another");
    err = (struct err){0};
    scope_unknown_table(&err, (struct scope_table){STR(""), STR("usuario")}, tables, 3);
    assert_string_equal(err.text, "table usuario is not in the input");
    assert_string_equal(err.hint, "did you mean \"public.usuarios\"?");
    err = (struct err){0};
    scope_unknown_table(&err, (struct scope_table){STR(""), STR("qqqqqqq")}, tables, 3);
    assert_contains(err.hint, "keycensus inspect");
    err = (struct err){0};
    scope_unknown_table(&err, (struct scope_table){STR(""), STR("q")}, tables, 0);
    assert_contains(err.hint, "no table at all");
}

static void names_in_errors_cannot_move_the_cursor(void **state)
{
    (void)state;
    struct str columns[] = {STR("a\x1b[2Jb")};
    scope_unknown_column(&err, STR("t\n"), STR("a\x1b[2Jc"), columns, 1);
    assert_null(strchr(err.text, '\x1b'));
    assert_null(strchr(err.text, '\n'));
    assert_null(strchr(err.hint, '\x1b'));
}

#define MODEL_TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MODEL_TEST(the_naming_rule_is_that_of_flask_sqlalchemy),
        MODEL_TEST(the_naming_rule_is_not_guessed_for_other_alphabets),
        MODEL_TEST(a_model_is_written_with_a_colon_or_with_dots),
        MODEL_TEST(a_text_that_names_no_model_is_a_usage_error),
        MODEL_TEST(without_map_and_source_the_rule_decides),
        MODEL_TEST(a_map_names_tables_and_columns),
        MODEL_TEST(the_map_wins_over_the_source),
        MODEL_TEST(a_map_reads_crlf_a_bom_and_quotes),
        MODEL_TEST(a_malformed_map_names_its_line),
        MODEL_TEST(a_line_said_twice_is_no_contradiction),
        MODEL_TEST(a_missing_map_is_not_found),
        MODEL_TEST(tables_come_from_the_source),
        MODEL_TEST(the_place_is_told),
        MODEL_TEST(single_table_inheritance_shares_the_table_of_the_base),
        MODEL_TEST(joined_inheritance_has_its_own_table_and_columns),
        MODEL_TEST(mixins_bring_columns_and_properties_find_theirs),
        MODEL_TEST(a_database_column_is_taken_before_an_attribute),
        MODEL_TEST(names_by_expression_are_errors_with_their_place),
        MODEL_TEST(abstract_classes_have_no_table),
        MODEL_TEST(imports_and_star_imports_are_followed),
        MODEL_TEST(import_loops_come_to_an_end),
        MODEL_TEST(an_unknown_class_gets_the_nearest_names),
        MODEL_TEST(the_folder_may_be_the_package_or_hold_it_deeper),
        MODEL_TEST(two_classes_that_fit_equally_are_named_both),
        MODEL_TEST(an_exact_module_wins_over_a_longer_one),
        MODEL_TEST(a_base_of_the_same_name_is_the_imported_one),
        MODEL_TEST(a_subclass_with_its_own_key_has_its_own_table),
        MODEL_TEST(a_computed_name_of_a_mixin_reaches_every_subclass),
        MODEL_TEST(what_is_no_source_is_passed_over),
        MODEL_TEST(a_folder_too_deep_and_a_file_too_large_are_noted),
        MODEL_TEST(a_source_that_is_no_folder_is_not_found),
        MODEL_TEST(a_chain_of_bases_too_long_is_said_so),
        MODEL_TEST(the_listing_has_every_model_and_no_mixin),
        MODEL_TEST(an_attribute_that_is_seen_and_not_understood_is_no_column_of_its_name),
        MODEL_TEST(an_annotation_may_hold_a_column_without_a_name),
        MODEL_TEST(a_class_that_is_mapped_elsewhere_has_no_table_by_rule),
        MODEL_TEST(sqlmodel_has_its_own_rules),
        MODEL_TEST(encrypted_columns_are_told_by_their_type),
        MODEL_TEST(a_model_whose_table_cannot_be_known_has_none),
        MODEL_TEST(an_unknown_column_that_is_a_property_is_told_apart),
        MODEL_TEST(an_unknown_column_gets_the_nearest_names),
        MODEL_TEST(an_unknown_table_gets_the_nearest_names),
        MODEL_TEST(names_in_errors_cannot_move_the_cursor),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
