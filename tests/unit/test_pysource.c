/*
 * Tests of the scanner of Python source: lines, literals, classes, columns, hostile bytes.
 *
 * The values of literals are what python3 (3.11) gives for the same text, by ast.literal_eval; the
 * structure of classes was compared with python3's ast over its standard library when the scanner
 * was written.
 */
#include "analyzer/pyexpr.h"
#include "analyzer/pysource.h"
#include "common/buf.h"
#include "formats/python/pytoken.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena memory;

static int release(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

static void assert_str(struct str got, const char *wanted)
{
    assert_string_equal(arena_text(&memory, got), wanted);
}

static struct py_module *scan(const char *source)
{
    return py_scan(&memory, STR("m.py"), str_from(source));
}

static struct py_class *class_named(struct py_module *m, const char *name)
{
    for (struct py_class *c = m->classes; c; c = c->next)
        if (str_eq(c->name, str_from(name)))
            return c;
    fail_msg("no class %s", name);
    return NULL;
}

static struct py_column *column_of(struct py_class *c, const char *attr)
{
    for (struct py_column *col = c->columns; col; col = col->next)
        if (str_eq(col->attr, str_from(attr)))
            return col;
    return NULL;
}

static const char *note_text(struct py_module *m, size_t at)
{
    struct py_note *n = m->notes;
    while (n && at-- > 0)
        n = n->next;
    return n ? arena_text(&memory, n->text) : "";
}

static struct py_column *only_column(const char *statement)
{
    struct py_module *m = scan(arena_printf(&memory, "class A(db.Model):\n    %s\n", statement));
    assert_non_null(m->classes);
    assert_int_equal(m->classes->column_count, 1);
    return m->classes->columns;
}

/* lines and literals */

static void brackets_and_backslashes_join_lines(void **state)
{
    (void)state;
    struct py_lexer lx;
    struct py_line line;
    py_lexer_open(&lx, &memory,
                  STR("a = (1,  # note\n\n 2)\nb = \\\n  3\n\n# only a comment\n  c\n"));
    assert_true(py_next_line(&lx, &line));
    assert_int_equal(line.line, 1);
    assert_int_equal(line.count, 7);
    assert_true(py_next_line(&lx, &line));
    assert_int_equal(line.line, 4);
    assert_int_equal(line.count, 3);
    assert_true(py_next_line(&lx, &line));
    assert_int_equal(line.line, 8);
    assert_int_equal(line.indent, 2);
    assert_false(py_next_line(&lx, &line));
}

static void line_ends_of_every_kind_count_the_same(void **state)
{
    (void)state;
    static const char *const sources[] = {"a\n'''x\ny'''\nb", "a\r\n'''x\r\ny'''\r\nb",
                                          "a\r'''x\ry'''\rb"};
    for (size_t i = 0; i < 3; i++) {
        struct py_lexer lx;
        struct py_line line;
        struct str value;
        py_lexer_open(&lx, &memory, str_from(sources[i]));
        assert_true(py_next_line(&lx, &line));
        assert_true(py_next_line(&lx, &line));
        assert_int_equal(line.line, 2);
        assert_true(py_string_value(&memory, &line.tokens[0], &value));
        assert_str(value, "x\ny");
        assert_true(py_next_line(&lx, &line));
        assert_int_equal(line.line, 4);
    }
}

static void tabs_indent_to_multiples_of_eight(void **state)
{
    (void)state;
    struct py_lexer lx;
    struct py_line line;
    py_lexer_open(&lx, &memory, STR("\ta\n   \tb\n    \t c\n"));
    assert_true(py_next_line(&lx, &line));
    assert_int_equal(line.indent, 8);
    assert_true(py_next_line(&lx, &line));
    assert_int_equal(line.indent, 8);
    assert_true(py_next_line(&lx, &line));
    assert_int_equal(line.indent, 9);
}

static bool literal(const char *source, struct str *value)
{
    struct py_lexer lx;
    struct py_line line;
    py_lexer_open(&lx, &memory, str_from(source));
    assert_true(py_next_line(&lx, &line));
    return py_text(&memory, (struct py_span){line.tokens, line.count}, value);
}

static void literals_have_the_value_that_python_gives_them(void **state)
{
    (void)state;
    static const struct {
        const char *source, *value;
    } cases[] = {{"'a'", "a"},
                 {"\"it's\"", "it's"},
                 {"'''a'b''c'''", "a'b''c"},
                 {"\"\"\"a\"b\"\"\"", "a\"b"},
                 {"''", ""},
                 {"''''''", ""},
                 {"'a' 'b'\"c\"", "abc"},
                 {"('a'\n 'b')", "ab"},
                 {"'a' + \"b\"", "ab"},
                 {"r'a\\n'", "a\\n"},
                 {"R\"\\\"\"", "\\\""},
                 {"u'a'", "a"},
                 {"f'a'", "a"},
                 {"F'{{x}}'", "{x}"},
                 {"rf'\\d'", "\\d"},
                 {"'\\x41\\u00e7\\U0001F511'", "A\xC3\xA7\xF0\x9F\x94\x91"},
                 {"'\\101\\7'", "A\a"},
                 {"'\\t\\n\\\\\\'\\\"'", "\t\n\\'\""},
                 {"'\\q'", "\\q"},
                 {"'a\\\nb'", "ab"},
                 {"'a\\\r\nb'", "ab"},
                 {"'#'", "#"},
                 {"'caf\xC3\xA9'", "caf\xC3\xA9"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str value;
        assert_true(literal(cases[i].source, &value));
        assert_str(value, cases[i].value);
    }
}

static void what_only_a_run_would_tell_is_no_literal(void **state)
{
    (void)state;
    static const char *const sources[] = {"f'{x}'",        "f'a{x}b'",  "'a' + b",    "b'a'",
                                          "rb'a'",         "NAME",      "'a' % b",    "'a'.lower()",
                                          "'\\N{BULLET}'", "'\\ud800'", "'a",         "'''a",
                                          "'a' +",         "1",         "('a', 'b')", "t'a'"};
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct str value;
        if (literal(sources[i], &value))
            fail_msg("%s was taken for a literal", sources[i]);
    }
}

/* classes */

static void classes_are_found_at_any_nesting(void **state)
{
    (void)state;
    struct py_module *m = scan("class A: pass\n"
                               "if x:\n"
                               "    class B(A):\n"
                               "        class C: x = 1\n"
                               "        y = 2\n"
                               "def f():\n"
                               "    class D(a.b.E, metaclass=M): pass\n"
                               "class G[T](Base[T], f(x), *more): pass\n"
                               "'class H: pass'\n"
                               "# class I: pass\n");
    assert_int_equal(m->class_count, 5);
    assert_int_equal(class_named(m, "B")->line, 3);
    assert_str(class_named(m, "B")->bases[0].text, "A");
    assert_int_equal(class_named(m, "B.C")->line, 4);
    assert_int_equal(class_named(m, "D")->base_count, 1);
    assert_str(class_named(m, "D")->bases[0].text, "a.b.E");
    struct py_class *g = class_named(m, "G");
    assert_int_equal(g->base_count, 3);
    assert_str(g->bases[0].text, "Base");
    assert_int_equal(g->bases[1].text.len, 0);
    assert_int_equal(g->bases[2].text.len, 0);
}

static void table_names_are_taken_from_the_class_body_only(void **state)
{
    (void)state;
    struct py_module *m = scan("__tablename__ = 'module'\n"
                               "class A(Base):\n"
                               "    def f(self):\n"
                               "        __tablename__ = 'local'\n"
                               "    class Inner:\n"
                               "        __tablename__ = 'inner'\n"
                               "    if True:\n"
                               "        __tablename__ = 'right'\n"
                               "__tablename__ = 'after'\n"
                               "class B(Base): __tablename__ = 'b'; __abstract__ = True\n");
    assert_str(class_named(m, "A")->table.text, "right");
    assert_int_equal(class_named(m, "A")->table.line, 8);
    assert_str(class_named(m, "A.Inner")->table.text, "inner");
    assert_str(class_named(m, "B")->table.text, "b");
    assert_true(class_named(m, "B")->abstract);
}

static void a_docstring_is_no_source(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    '''\n"
                               "    __tablename__ = 'wrong'\n"
                               "    x = Column('wrong', Encrypted)\n"
                               "    '''\n"
                               "    y = \"__tablename__ = 'wrong'\"\n");
    assert_int_equal(m->classes->table.known, PY_ABSENT);
    assert_int_equal(m->classes->column_count, 0);
}

static void names_that_are_expressions_are_noted_with_their_line(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    __tablename__ = f'{prefix}_a'\n"
                               "    __table_args__ = {'schema': SCHEMA}\n"
                               "    x = Column(NAME, String)\n"
                               "    y = Column('a' + b, String)\n"
                               "    z = Column(*args)\n"
                               "    w = synonym(target)\n");
    struct py_class *a = m->classes;
    assert_int_equal(a->table.known, PY_UNREADABLE);
    assert_int_equal(a->table.line, 2);
    assert_int_equal(a->schema.known, PY_UNREADABLE);
    assert_int_equal(column_of(a, "x")->name.known, PY_UNREADABLE);
    assert_int_equal(column_of(a, "y")->name.known, PY_UNREADABLE);
    assert_int_equal(column_of(a, "z")->name.known, PY_UNREADABLE);
    assert_int_equal(a->alias_count, 1);
    assert_int_equal(a->aliases->target.len, 0);
    assert_int_equal(m->note_count, 6);
    assert_int_equal(m->notes->line, 2);
    assert_string_equal(note_text(m, 0), "__tablename__ of A is not a literal");
}

static void schemas_are_read_from_every_form_of_table_args(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "{'schema': 's'}",
        "{\"extend_existing\": True, 'schema': (\"s\"),}",
        "(Index('i', 'a'), {'schema': 's'})",
        "(Index('i', postgresql_where=x == {1: 2}),\n  {'comment': 'c: no', 'schema': 's'},)",
        "({'schema': 's'},)",
        "dict(schema='s', comment='c')",
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct py_module *m = scan(arena_printf(
            &memory, "class A(Base):\n    __table_args__ = %s\n    x = 1\n", forms[i]));
        assert_int_equal(m->classes->schema.known, PY_LITERAL);
        assert_str(m->classes->schema.text, "s");
        assert_int_equal(m->note_count, 0);
    }
}

static void table_args_without_a_schema_state_none(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n    __table_args__ = (Index('schema'),)\n"
                               "class B(Base):\n    __table_args__ = {'x': {'schema': 'no'}}\n"
                               "class C(Base):\n    __table_args__ = A.__table_args__ + (B,)\n"
                               "class D(Base):\n    __table_args__ = {**COMMON}\n");
    for (struct py_class *c = m->classes; c; c = c->next)
        assert_int_equal(c->schema.known, PY_ABSENT);
    assert_int_equal(m->note_count, 2); /* C and D may state one that is not seen */
}

static void a_table_object_gives_name_schema_and_columns(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    __table__ = sa.Table('t', metadata,\n"
                               "        Column('id', Integer, primary_key=True),\n"
                               "        Column('x', EncryptedText),\n"
                               "        schema='s')\n"
                               "class B(Base):\n"
                               "    __table__ = other\n");
    struct py_class *a = class_named(m, "A");
    assert_str(a->table.text, "t");
    assert_str(a->schema.text, "s");
    assert_int_equal(a->column_count, 2);
    assert_true(column_of(a, "x")->encrypted);
    assert_int_equal(column_of(a, "x")->line, 4);
    assert_int_equal(class_named(m, "B")->table.known, PY_UNREADABLE);
}

/* columns */

static void columns_are_named_by_their_first_literal_or_keyword(void **state)
{
    (void)state;
    static const struct {
        const char *statement, *attr, *name, *type;
    } cases[] = {
        {"x = db.Column('c', db.String(80), index=True)", "x", "c", "db.String(80)"},
        {"x = Column(String)", "x", NULL, "String"},
        {"x = sa.Column(ForeignKey('a.b'))", "x", NULL, ""},
        {"x = sa.Column(Integer, ForeignKey('a.b'), primary_key=True)", "x", NULL, "Integer"},
        {"x = Column(Integer, sa.Identity(start=1))", "x", NULL, "Integer"},
        {"x = mapped_column(name='c', type_=Text)", "x", "c", "Text"},
        {"x = mapped_column()", "x", NULL, ""},
        {"x: Mapped[str] = mapped_column('c')", "x", "c", "str"},
        {"x: Mapped[t.Optional[str]] = mapped_column('c', String(9), nullable=True)", "x", "c",
         "String(9)"},
        {"x: orm.Mapped[int]", "x", NULL, "int"},
        {"x: Mapped['EncryptedStr']", "x", NULL, "EncryptedStr"},
        {"x = orm.deferred(Column('c', Text))", "x", "c", "Text"},
        {"x = column_property(db.Column('c' \"d\", Text))", "x", "cd", "Text"},
        {"x = (\n        Column('c', Text)\n    )", "x", "c", "Text"},
        {"x = Column(None, ForeignKey('a.b'))", "x", NULL, ""},
        {"x = Column('c', EncryptedType(String, 'secret key', AesEngine))", "x", "c",
         "EncryptedType(String, '...', AesEngine)"},
        {"x = Column('c', String, default=lambda: f('y', 2), server_default='{')", "x", "c",
         "String"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct py_column *c = only_column(cases[i].statement);
        assert_str(c->attr, cases[i].attr);
        assert_int_equal(c->name.known, cases[i].name ? PY_LITERAL : PY_ABSENT);
        if (cases[i].name)
            assert_str(c->name.text, cases[i].name);
        assert_str(c->type, cases[i].type);
    }
}

static void encrypted_types_are_recognised_by_name(void **state)
{
    (void)state;
    static const char *const yes[] = {"x = Column(EncryptedString)",
                                      "x = Column('c', EncryptedText())",
                                      "x = Column(su.StringEncryptedType(sa.Unicode, key))",
                                      "x: Mapped[EncryptedStr] = mapped_column()",
                                      "x: Mapped[\"EncryptedStr\"]",
                                      "x = Column(MutableDict.as_mutable(EncryptedJSON))"};
    static const char *const no[] = {"x = Column(String, doc='Encrypted')",
                                     "x = Column('Encrypted', String)",
                                     "x = Column(String, default=Encrypted)"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(only_column(yes[i])->encrypted);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(only_column(no[i])->encrypted);
}

static void the_last_assignment_of_an_attribute_counts(void **state)
{
    (void)state;
    struct py_column *c = only_column("x = Column('a', Text, primary_key=True)\n"
                                      "    x = Column('b', EncryptedText)");
    assert_str(c->name.text, "b");
    assert_true(c->encrypted);
    assert_false(c->primary_key);
}

static void relationships_and_other_calls_are_no_columns(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    a: Mapped[List['B']] = relationship('B')\n"
                               "    b = db.relationship('B')\n"
                               "    c: ClassVar[int] = 3\n"
                               "    d: int\n"
                               "    e = f(Column('x', Text))\n"
                               "    a.b = Column('x', Text)\n"
                               "    g == Column('x', Text)\n"
                               "    g += Column('x', Text)\n");
    assert_int_equal(m->classes->column_count, 0);
}

static void a_factory_that_may_make_columns_is_noted(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n    x = encrypted_column('y')\n");
    assert_int_equal(m->classes->column_count, 0);
    assert_string_equal(note_text(m, 0),
                        "A.x = encrypted_column(...) may be a column; it is not read");
}

static void declared_attributes_are_columns_of_the_mixin(void **state)
{
    (void)state;
    struct py_module *m = scan("class M:\n"
                               "    @declared_attr\n"
                               "    def x(cls):\n"
                               "        '''doc'''\n"
                               "        return Column('c', EncryptedText)\n"
                               "    @declared_attr.directive\n"
                               "    def __tablename__(cls): return cls.__name__.lower()\n"
                               "    @orm.declared_attr\n"
                               "    def two(cls):\n"
                               "        if cls.wide:\n"
                               "            return Column('wide', Text)\n"
                               "        return Column('narrow', Text)\n"
                               "    def plain(cls):\n"
                               "        return Column('no', Text)\n");
    struct py_class *c = m->classes;
    assert_int_equal(c->column_count, 2);
    assert_str(column_of(c, "x")->name.text, "c");
    assert_int_equal(c->table.known, PY_LOWER_NAME);
    assert_int_equal(column_of(c, "two")->name.known, PY_UNREADABLE);
    assert_string_equal(note_text(m, 0), "M.two returns more than one value");
}

static void properties_and_synonyms_stand_for_their_column(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    _otp = Column(EncryptedText)\n"
                               "    __pin = Column(EncryptedText)\n"
                               "    @hybrid_property\n"
                               "    def otp(self):\n"
                               "        return self._otp\n"
                               "    @otp.expression\n"
                               "    def otp(cls):\n"
                               "        return cls.other\n"
                               "    @property\n"
                               "    def pin(self) -> str:\n"
                               "        return decrypt(self.__pin, self.key)\n"
                               "    @property\n"
                               "    def adult(self): return self.age > 17\n"
                               "    @property\n"
                               "    def either(self):\n"
                               "        if self.a:\n"
                               "            return self.a\n"
                               "        return self.b\n"
                               "    code = synonym('_otp', descriptor=x)\n");
    struct py_alias *a = m->classes->aliases;
    assert_int_equal(m->classes->alias_count, 4);
    assert_str(a->attr, "otp");
    assert_str(a->target, "_otp");
    assert_str(a->next->attr, "pin");
    assert_str(a->next->target, "__pin");
    assert_str(a->next->next->attr, "either");
    assert_int_equal(a->next->next->target.len, 0); /* more than one: none is guessed */
    assert_str(a->next->next->next->attr, "code");
}

static void imports_keep_the_name_they_have_here(void **state)
{
    (void)state;
    struct py_module *m = scan("import a.b, c.d as e\n"
                               "from .x import (F as G,  # note\n"
                               "                H,)\n"
                               "from .. import y\n"
                               "from z.w import *\n"
                               "try:\n    from q import r\nexcept ImportError: import s\n"
                               "yield from t\n");
    static const struct {
        const char *local, *module, *name;
    } wanted[] = {{"a", "a", ""},   {"e", "c.d", ""}, {"G", ".x", "F"}, {"H", ".x", "H"},
                  {"y", "..", "y"}, {"", "z.w", "*"}, {"r", "q", "r"},  {"s", "s", ""}};
    assert_int_equal(m->import_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < m->import_count; i++) {
        assert_str(m->imports[i].local, wanted[i].local);
        assert_str(m->imports[i].module, wanted[i].module);
        assert_str(m->imports[i].name, wanted[i].name);
    }
}

/* hostile source */

static void an_unclosed_bracket_ends_at_the_next_class(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    x = Column('a', (String\n"
                               "    y = 1\n"
                               "class B(Base):\n"
                               "    __tablename__ = 'b'\n");
    assert_int_equal(m->class_count, 2);
    assert_str(class_named(m, "B")->table.text, "b");
    assert_string_equal(note_text(m, 0),
                        "a bracket without its end; what follows it may be missing");
    assert_int_equal(m->notes->line, 2);
}

static void an_unterminated_string_ends_with_its_line(void **state)
{
    (void)state;
    struct py_module *m = scan("class A(Base):\n"
                               "    __tablename__ = 'a\n"
                               "    x = Column('b', String)\n");
    assert_int_equal(m->classes->table.known, PY_UNREADABLE);
    assert_str(column_of(m->classes, "x")->name.text, "b");
    m = scan("class A(Base):\n    x = 1\n    '''\nclass B: pass\n");
    assert_int_equal(m->class_count, 1);
    assert_int_equal(m->notes->line, 3);
}

static void a_file_with_nul_bytes_is_not_read_and_said_so(void **state)
{
    (void)state;
    struct py_module *m = py_scan(&memory, STR("m.py"), STR("class A:\0 pass\n"));
    assert_int_equal(m->class_count, 0);
    assert_int_equal(m->note_count, 1);
}

static void bytes_that_are_no_utf8_pass_through(void **state)
{
    (void)state;
    struct py_module *m = scan("\xEF\xBB\xBF"
                               "class Caf\xE9(Base):\n    __tablename__ = 'caf\xE9'\n");
    assert_str(m->classes->name, "Caf\xE9");
    assert_str(m->classes->table.text, "caf\xE9");
}

/* `count` copies of `piece` between two texts. */
static struct str repeated(const char *before, const char *piece, size_t count, const char *after)
{
    size_t step = strlen(piece);
    char *text = arena_alloc(&memory, strlen(before) + step * count + strlen(after) + 1);
    size_t at = strlen(before);
    memcpy(text, before, at);
    for (size_t i = 0; i < count; i++, at += step)
        memcpy(text + at, piece, step);
    memcpy(text + at, after, strlen(after));
    return str_make(text, at + strlen(after));
}

static void deep_nesting_is_bounded(void **state)
{
    (void)state;
    struct py_module *m =
        py_scan(&memory, STR("m.py"),
                repeated("class A(Base):\n    x = ", "(", 500000, "\nclass B(Base): y = 1\n"));
    assert_int_equal(m->class_count, 2);
    m = py_scan(&memory, STR("m.py"),
                repeated("class A(Base):\n    x = Column(", "((", 30000, "))\n"));
    assert_int_equal(m->class_count, 1);

    struct buf b = {.arena = &memory};
    for (int depth = 0; depth < 300; depth++)
        buf_printf(&b, "%*sclass C%d:\n", depth, "", depth);
    buf_printf(&b, "%*s__tablename__ = 'deep'\nclass Last: __tablename__ = 'last'\n", 300, "");
    m = py_scan(&memory, STR("m.py"), buf_str(&b));
    assert_int_equal(m->class_count, PY_BLOCKS_MAX + 1);
    assert_str(class_named(m, "Last")->table.text, "last");
    for (struct py_class *c = m->classes; c; c = c->next)
        assert_false(c->table.known == PY_LITERAL && str_eq(c->table.text, STR("deep")));
    assert_true(m->note_count >= 1);
}

static void a_line_of_a_megabyte_is_bounded(void **state)
{
    (void)state;
    struct py_module *m =
        py_scan(&memory, STR("m.py"), repeated("x = [", "1,", 524288, "]\nclass A(Base): pass\n"));
    assert_int_equal(m->class_count, 1);
    assert_string_equal(note_text(m, 0), "a statement too long to be read whole");
    m = py_scan(&memory, STR("m.py"),
                repeated("class A(Base):\n    __tablename__ = '", "x", 1048576, "'\n"));
    assert_int_equal(m->classes->table.text.len, PY_NAME_MAX);
    assert_int_equal(m->note_count, 1);
}

static void too_many_columns_are_noted_once_kept_in_bounds(void **state)
{
    (void)state;
    struct buf b = {.arena = &memory};
    buf_text(&b, "class A(Base):\n");
    for (int i = 0; i < PY_COLUMNS_MAX + 3; i++)
        buf_printf(&b, "    c%d = Column(Text)\n", i);
    struct py_module *m = py_scan(&memory, STR("m.py"), buf_str(&b));
    assert_int_equal(m->classes->column_count, PY_COLUMNS_MAX);
    assert_int_equal(m->note_count, 3);
}

static void notes_are_bounded(void **state)
{
    (void)state;
    struct py_module *m =
        py_scan(&memory, STR("m.py"), repeated("", "class A(f()): x\n", 2000, ""));
    assert_string_equal(note_text(m, PY_NOTES_MAX), "more was not understood than is listed here");
    assert_null(m->last_note->next);
    assert_string_equal(note_text(m, PY_NOTES_MAX + 1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(brackets_and_backslashes_join_lines, release),
        cmocka_unit_test_teardown(line_ends_of_every_kind_count_the_same, release),
        cmocka_unit_test_teardown(tabs_indent_to_multiples_of_eight, release),
        cmocka_unit_test_teardown(literals_have_the_value_that_python_gives_them, release),
        cmocka_unit_test_teardown(what_only_a_run_would_tell_is_no_literal, release),
        cmocka_unit_test_teardown(classes_are_found_at_any_nesting, release),
        cmocka_unit_test_teardown(table_names_are_taken_from_the_class_body_only, release),
        cmocka_unit_test_teardown(a_docstring_is_no_source, release),
        cmocka_unit_test_teardown(names_that_are_expressions_are_noted_with_their_line, release),
        cmocka_unit_test_teardown(schemas_are_read_from_every_form_of_table_args, release),
        cmocka_unit_test_teardown(table_args_without_a_schema_state_none, release),
        cmocka_unit_test_teardown(a_table_object_gives_name_schema_and_columns, release),
        cmocka_unit_test_teardown(columns_are_named_by_their_first_literal_or_keyword, release),
        cmocka_unit_test_teardown(encrypted_types_are_recognised_by_name, release),
        cmocka_unit_test_teardown(the_last_assignment_of_an_attribute_counts, release),
        cmocka_unit_test_teardown(relationships_and_other_calls_are_no_columns, release),
        cmocka_unit_test_teardown(a_factory_that_may_make_columns_is_noted, release),
        cmocka_unit_test_teardown(declared_attributes_are_columns_of_the_mixin, release),
        cmocka_unit_test_teardown(properties_and_synonyms_stand_for_their_column, release),
        cmocka_unit_test_teardown(imports_keep_the_name_they_have_here, release),
        cmocka_unit_test_teardown(an_unclosed_bracket_ends_at_the_next_class, release),
        cmocka_unit_test_teardown(an_unterminated_string_ends_with_its_line, release),
        cmocka_unit_test_teardown(a_file_with_nul_bytes_is_not_read_and_said_so, release),
        cmocka_unit_test_teardown(bytes_that_are_no_utf8_pass_through, release),
        cmocka_unit_test_teardown(deep_nesting_is_bounded, release),
        cmocka_unit_test_teardown(a_line_of_a_megabyte_is_bounded, release),
        cmocka_unit_test_teardown(too_many_columns_are_noted_once_kept_in_bounds, release),
        cmocka_unit_test_teardown(notes_are_bounded, release),
    };
    return cmocka_run_group_tests_name("pysource", tests, NULL, NULL);
}
