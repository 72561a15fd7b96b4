/* pyclass: the statements of a class body that say what its table and columns are. */
#include "analyzer/pyscan.h"
#include "common/model_name.h"

/* Arguments of Column that are neither a name nor a type (sqlalchemy/sql/schema.py, SchemaItem). */
static bool is_schema_item(struct str name)
{
    static const char *const items[] = {
        "ForeignKey", "Sequence",         "Identity",     "Computed",      "CheckConstraint",
        "Constraint", "UniqueConstraint", "FetchedValue", "ColumnDefault", "DefaultClause"};
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        if (str_eq(name, str_from(items[i])))
            return true;
    return false;
}

static bool is_none(struct py_span s)
{
    s = py_strip(s);
    return s.count == 1 && py_is_name(&s.at[0], "None");
}

static uint32_t line_of(struct py_span s, uint32_t otherwise)
{
    return s.count ? s.at[0].line : otherwise;
}

/* The value of an expression that names something; a note when it cannot be read. */
static struct py_value named(struct py_body *b, struct py_span s, uint32_t line, const char *what)
{
    struct py_value v = {.known = PY_UNREADABLE, .line = line_of(s, line)};
    struct str text;
    if (is_none(s)) {
        v.known = PY_NONE;
    } else if (py_text(b->scratch, s, &text) && text.len > 0) {
        v.known = PY_LITERAL;
        v.text = py_keep(b, text, v.line);
    } else {
        py_note(b->arena, b->module, v.line, "%s of %.*s is not a literal", what,
                STR_ARG(b->class_->name));
    }
    return v;
}

static struct py_column *find_column(struct py_class *c, struct str attr)
{
    for (struct py_column *col = c->columns; col; col = col->next)
        if (str_eq(col->attr, attr))
            return col;
    return NULL;
}

/* The attribute's entry: a second assignment replaces the first, as in Python. */
static struct py_column *column_entry(struct py_body *b, struct str attr, uint32_t line)
{
    struct py_class *c = b->class_;
    struct py_column *col = find_column(c, attr);
    if (!col) {
        if (c->column_count == PY_COLUMNS_MAX) {
            py_note(b->arena, b->module, line,
                    "%.*s has more than %d columns; this one is not read", STR_ARG(c->name),
                    PY_COLUMNS_MAX);
            return NULL;
        }
        col = ARENA_NEW(b->arena, struct py_column);
        if (c->last_column)
            c->last_column->next = col;
        else
            c->columns = col;
        c->last_column = col;
        c->column_count++;
    }
    *col = (struct py_column){.next = col->next, .attr = py_keep(b, attr, line), .line = line};
    return col;
}

static void set_type(struct py_body *b, struct py_column *col, struct py_span type)
{
    if (type.count == 0)
        return;
    if (col->type.len == 0)
        col->type = py_shown(b->arena, type);
    col->encrypted |= py_mentions(type, STR("Encrypted"));
}

/* The first arguments of Column by place, and whether *args hides what comes before them. */
struct column_arguments {
    struct py_span at[2];
    size_t count;
    bool hidden;
};

static struct column_arguments column_arguments(struct py_span arguments)
{
    struct column_arguments out = {.count = 0};
    struct py_argument arg;
    while (out.count < 2 && py_next_argument(&arguments, &arg)) {
        if (arg.keyword.len || arg.stars == 2 || arg.value.count == 0)
            continue;
        if (arg.stars == 1) {
            struct str callee;
            struct py_span inside;
            bool certain = out.count > 0 && (py_strip(out.at[0]).at[0].kind == PY_STRING ||
                                             py_call(out.at[0], &callee, &inside));
            out.hidden = !certain;
            break;
        }
        out.at[out.count++] = py_strip(arg.value).count ? py_strip(arg.value) : arg.value;
    }
    return out;
}

/*
 * Column([name,] [type,] *schema_items, **options). A first argument that is no literal is the
 * type, unless something follows that can only be a type itself: then it is a name we cannot read.
 */
static bool starts_with_name(const struct column_arguments *args)
{
    if (args->count == 0)
        return false;
    if (args->at[0].at[0].kind == PY_STRING || is_none(args->at[0]))
        return true;
    return args->count > 1 && !is_schema_item(py_last_name(args->at[0])) &&
           !is_schema_item(py_last_name(args->at[1]));
}

static void read_column(struct py_body *b, struct py_column *col, struct py_span arguments)
{
    struct py_span value;
    struct column_arguments args = column_arguments(arguments);
    bool named_first = starts_with_name(&args);
    size_t type_at = named_first ? 1 : 0;
    col->primary_key = py_keyword(arguments, "primary_key", &value) && value.count == 1 &&
                       py_is_name(&value.at[0], "True");
    if (args.hidden)
        col->name = named(b, (struct py_span){0}, col->line, "a column name");
    else if (named_first)
        col->name = named(b, args.at[0], col->line, "a column name");
    else if (py_keyword(arguments, "name", &value))
        col->name = named(b, value, col->line, "a column name");
    if (col->name.known == PY_NONE)
        col->name.known = PY_ABSENT;
    if (py_keyword(arguments, "type_", &value))
        set_type(b, col, value);
    else if (type_at < args.count && !is_schema_item(py_last_name(args.at[type_at])))
        set_type(b, col, args.at[type_at]);
}

static bool is_column_callee(struct str name)
{
    return str_eq(name, STR("Column")) || str_eq(name, STR("mapped_column"));
}

/* Finds the Column call inside deferred(...) and column_property(...). */
static bool column_call(struct py_span value, struct py_span *arguments)
{
    struct str callee;
    struct py_argument first;
    for (int wraps = 0; wraps < 4; wraps++) {
        if (!py_call(py_strip(value), &callee, arguments))
            return false;
        if (is_column_callee(callee))
            return true;
        struct py_span rest = *arguments;
        if ((!str_eq(callee, STR("deferred")) && !str_eq(callee, STR("column_property"))) ||
            !py_next_argument(&rest, &first))
            return false;
        value = first.value;
    }
    return false;
}

/* The inside of Mapped[...]; DynamicMapped and the like are relationships and do not count. */
static bool mapped_type(struct py_span annotation, struct py_span *inside)
{
    size_t n = py_dotted(annotation);
    if (n == 0 || n >= annotation.count || !py_is_op(&annotation.at[n], "[") ||
        !str_eq(annotation.at[n - 1].text, STR("Mapped")))
        return false;
    size_t end = py_close(annotation, n);
    *inside = (struct py_span){annotation.at + n + 1, end > n + 2 ? end - n - 2 : 0};
    return true;
}

/* The type of an annotation, which may stand in quotes: Mapped["EncryptedStr"]. */
static void set_mapped_type(struct py_body *b, struct py_column *col, struct py_span inside)
{
    struct str quoted;
    if (!py_text(b->scratch, inside, &quoted)) {
        set_type(b, col, inside);
        return;
    }
    col->encrypted |= str_search(quoted, STR("Encrypted")) < quoted.len;
    if (col->type.len == 0 && model_name_is_identifier(quoted))
        col->type = py_keep(b, quoted, col->line);
}

static void add_alias(struct py_body *b, const struct py_token *attr, struct str target)
{
    struct py_class *c = b->class_;
    for (struct py_alias *known = c->aliases; known; known = known->next)
        if (str_eq(known->attr, attr->text)) {
            if (!str_eq(known->target, target))
                known->target = STR("");
            return;
        }
    if (c->alias_count == PY_ALIASES_MAX) {
        py_note(b->arena, b->module, attr->line,
                "%.*s has more than %d properties; one is not read", STR_ARG(c->name),
                PY_ALIASES_MAX);
        return;
    }
    struct py_alias *alias = ARENA_NEW(b->arena, struct py_alias);
    *alias = (struct py_alias){.attr = py_keep(b, attr->text, attr->line),
                               .target = py_keep(b, target, attr->line),
                               .line = attr->line};
    if (c->last_alias)
        c->last_alias->next = alias;
    else
        c->aliases = alias;
    c->last_alias = alias;
    c->alias_count++;
}

static void read_synonym(struct py_body *b, const struct py_token *attr, struct py_span arguments)
{
    struct py_argument arg;
    struct py_span rest = arguments;
    struct py_span value;
    struct str target;
    if (!py_keyword(arguments, "name", &value)) {
        bool first = py_next_argument(&rest, &arg) && arg.keyword.len == 0 && arg.stars == 0;
        value = first ? arg.value : (struct py_span){0};
    }
    bool literal = py_text(b->scratch, value, &target) && target.len;
    add_alias(b, attr, literal ? target : STR(""));
    if (!literal)
        py_note(b->arena, b->module, attr->line, "the synonym %.*s.%.*s names no literal attribute",
                STR_ARG(b->class_->name), STR_ARG(attr->text));
}

/* {'schema': 'x', ...}, the inside of the braces. */
static void read_table_dict(struct py_body *b, struct py_span inside, uint32_t line)
{
    struct py_argument entry;
    struct str key;
    while (py_next_argument(&inside, &entry)) {
        size_t colon = py_find_op(entry.value, ":");
        if (entry.stars == 2) {
            py_note(b->arena, b->module, line, "__table_args__ of %.*s takes in another dictionary",
                    STR_ARG(b->class_->name));
            continue;
        }
        if (colon < entry.value.count &&
            py_text(b->scratch, (struct py_span){entry.value.at, colon}, &key) &&
            str_eq(key, STR("schema")))
            b->class_->schema = named(b, py_skip(entry.value, colon + 1), line, "the schema");
    }
}

/* A dictionary, dict(...), or a tuple whose last element is one (declarative table configuration).
 */
static void read_table_args(struct py_body *b, struct py_span value, uint32_t line)
{
    struct py_span inside = py_strip(value);
    struct py_span last = inside;
    struct py_argument arg;
    bool braces = inside.count && py_is_op(&inside.at[0], "{");
    if (!braces && py_find_op(inside, ",") < inside.count)
        for (struct py_span rest = inside; py_next_argument(&rest, &arg);)
            if (arg.value.count && arg.stars == 0 && arg.keyword.len == 0)
                last = py_strip(arg.value);
    struct str callee;
    struct py_span options;
    struct py_span schema;
    if (last.count && py_is_op(&last.at[0], "{")) {
        size_t end = py_close(last, 0);
        read_table_dict(b, (struct py_span){last.at + 1, end > 2 ? end - 2 : 0}, line);
    } else if (py_call(last, &callee, &options) && str_eq(callee, STR("dict"))) {
        if (py_keyword(options, "schema", &schema))
            b->class_->schema = named(b, schema, line, "the schema");
    } else if (inside.count && last.at == inside.at && last.count == inside.count &&
               !is_none(value)) {
        py_note(b->arena, b->module, line, "__table_args__ of %.*s is not written out",
                STR_ARG(b->class_->name));
    }
}

/* __table__ = Table("name", metadata, Column(...), ..., schema="x") */
static void read_table_object(struct py_body *b, struct py_span value, uint32_t line)
{
    struct str callee;
    struct py_span arguments;
    struct py_argument arg;
    if (!py_call(py_strip(value), &callee, &arguments) || !str_eq(callee, STR("Table"))) {
        b->class_->table = named(b, (struct py_span){0}, line, "__table__");
        return;
    }
    struct py_span rest = arguments;
    for (size_t i = 0; py_next_argument(&rest, &arg); i++) {
        struct py_span column;
        struct str name;
        if (i == 0)
            b->class_->table = named(b, arg.value, line, "the table name");
        else if (str_eq(arg.keyword, STR("schema")))
            b->class_->schema = named(b, arg.value, line, "the schema");
        else if (column_call(arg.value, &column)) {
            struct py_argument first;
            struct py_span inner = column;
            uint32_t at = line_of(arg.value, line);
            struct py_column *col = NULL;
            if (py_next_argument(&inner, &first) && py_text(b->scratch, first.value, &name) &&
                name.len)
                col = column_entry(b, name, at);
            if (col)
                read_column(b, col, column);
        }
    }
}

static void read_metadata(struct py_body *b, struct py_span value, uint32_t line)
{
    struct str callee;
    struct py_span arguments;
    struct py_span schema;
    if (py_call(py_strip(value), &callee, &arguments) && str_eq(callee, STR("MetaData")) &&
        py_keyword(arguments, "schema", &schema))
        b->class_->metadata_schema = named(b, schema, line, "the schema of the metadata");
}

/* cls.__name__.lower(), the usual declared __tablename__ of a mixin. */
static bool is_lower_name(struct py_span s)
{
    static const char *const words[] = {".", "__name__", ".", "lower", "(", ")"};
    s = py_strip(s);
    if (s.count != 1 + sizeof words / sizeof words[0] || s.at[0].kind != PY_NAME)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!str_eq(s.at[i + 1].text, str_from(words[i])))
            return false;
    return true;
}

/* The names that declarative gives a meaning to; false for any other attribute. */
static bool assign_special(struct py_body *b, const struct py_token *attr, struct py_span value)
{
    struct py_class *c = b->class_;
    if (py_is_name(attr, "__tablename__")) {
        if (is_lower_name(value))
            c->table = (struct py_value){.known = PY_LOWER_NAME, .line = attr->line};
        else
            c->table = named(b, value, attr->line, "__tablename__");
    } else if (py_is_name(attr, "__abstract__")) {
        c->abstract = value.count == 1 && py_is_name(&value.at[0], "True");
    } else if (py_is_name(attr, "__table_args__")) {
        read_table_args(b, value, attr->line);
    } else if (py_is_name(attr, "__table__")) {
        read_table_object(b, value, attr->line);
    } else if (py_is_name(attr, "metadata")) {
        read_metadata(b, value, attr->line);
    } else {
        return false;
    }
    return true;
}

void pyclass_unclear(struct py_body *b, const struct py_token *attr)
{
    struct py_class *c = b->class_;
    struct py_value unclear = {.known = PY_UNREADABLE, .line = attr->line};
    struct py_column *col = find_column(c, attr->text);
    if (py_is_name(attr, "__tablename__"))
        c->table = unclear;
    else if (py_is_name(attr, "__table_args__"))
        c->schema = unclear;
    else if (col)
        col->name = unclear;
    else
        return;
    py_note(b->arena, b->module, attr->line, "%.*s.%.*s returns more than one value",
            STR_ARG(c->name), STR_ARG(attr->text));
}

/* Something that looks like a factory for columns and is none we can read. */
static bool is_odd_column(struct str callee)
{
    return str_ends(callee, STR("Column")) || str_ends(callee, STR("_column")) ||
           str_search(callee, STR("ncrypted")) < callee.len;
}

/* A column inside an annotation, Annotated[str, mapped_column("otp")], that has a name there. */
static bool names_column(struct py_span annotation)
{
    struct str callee;
    struct py_span arguments;
    struct py_span value;
    for (; annotation.count; annotation = py_skip(annotation, 1)) {
        if (!py_call(annotation, &callee, &arguments))
            continue;
        if (str_eq(callee, STR("Field")) && py_mentions(arguments, STR("sa_column")))
            return true;
        struct column_arguments args = column_arguments(arguments);
        if (is_column_callee(callee) &&
            (args.hidden || starts_with_name(&args) || py_keyword(arguments, "name", &value)))
            return true;
    }
    return false;
}

/* The name in sa_column_kwargs={"name": "otp"}. */
static struct py_value name_of_options(struct py_body *b, struct py_span options, uint32_t line)
{
    struct py_value name = {.known = PY_UNREADABLE, .line = line};
    struct py_span inside = py_strip(options);
    struct py_argument entry;
    struct str key;
    if (inside.count < 2 || !py_is_op(&inside.at[0], "{") || py_close(inside, 0) != inside.count)
        return name;
    inside = (struct py_span){inside.at + 1, inside.count - 2};
    name.known = PY_ABSENT;
    while (name.known != PY_UNREADABLE && py_next_argument(&inside, &entry)) {
        size_t colon = py_find_op(entry.value, ":");
        if (colon == entry.value.count ||
            !py_text(b->scratch, (struct py_span){entry.value.at, colon}, &key))
            name.known = entry.value.count ? PY_UNREADABLE : name.known;
        else if (str_eq(key, STR("name")))
            name = named(b, py_skip(entry.value, colon + 1), line, "a column name");
    }
    return name;
}

/*
 * SQLModel's Field(sa_column=Column(...)), Field(sa_column_kwargs={...}), Field(sa_type=...). False
 * for any other: its column has the attribute's name, if it is one (sqlmodel/main.py,
 * get_column_from_field).
 */
static bool read_field(struct py_body *b, const struct py_token *attr, struct py_span value)
{
    struct str callee;
    struct py_span fields;
    struct py_span part;
    struct py_span column;
    if (!py_call(py_strip(value), &callee, &fields) || !str_eq(callee, STR("Field")))
        return false;
    bool whole = py_keyword(fields, "sa_column", &part);
    if (!whole && !py_mentions(fields, STR("sa_column_kwargs")) &&
        !py_mentions(fields, STR("sa_type")))
        return true;
    struct py_column *col = column_entry(b, attr->text, attr->line);
    if (!col)
        return true;
    if (whole && column_call(part, &column))
        read_column(b, col, column);
    else if (whole)
        col->name = named(b, (struct py_span){0}, attr->line, "a column name");
    else if (py_keyword(fields, "sa_column_kwargs", &part))
        col->name = name_of_options(b, part, attr->line);
    if (py_keyword(fields, "sa_type", &part))
        set_type(b, col, part);
    return true;
}

/* An attribute that is set to something else: were it declared, its column would not be known. */
static void set_unread(struct py_body *b, const struct py_token *attr, struct py_span value)
{
    struct str callee;
    struct py_span arguments;
    add_alias(b, attr, STR(""));
    if (py_call(py_strip(value), &callee, &arguments) && is_odd_column(callee))
        py_note(b->arena, b->module, attr->line,
                "%.*s.%.*s = %.*s(...) may be a column; it is not read", STR_ARG(b->class_->name),
                STR_ARG(attr->text), STR_ARG(callee));
}

static void read_mapped(struct py_body *b, const struct py_token *attr, struct py_span annotation,
                        const struct py_span *arguments)
{
    struct py_span inside = {0};
    struct py_column *col = column_entry(b, attr->text, attr->line);
    if (!col)
        return;
    if (arguments)
        read_column(b, col, *arguments);
    if (mapped_type(annotation, &inside))
        set_mapped_type(b, col, inside);
    if (col->name.known == PY_ABSENT && names_column(inside))
        col->name = named(b, (struct py_span){0}, attr->line, "a column name");
}

void pyclass_assign(struct py_body *b, const struct py_token *attr, struct py_span annotation,
                    struct py_span value)
{
    struct py_span arguments;
    struct py_span inside;
    struct str callee;
    if (value.count && assign_special(b, attr, value))
        return;
    if (value.count == 0) {
        if (mapped_type(annotation, &inside))
            read_mapped(b, attr, annotation, NULL);
        else if (names_column(annotation))
            set_unread(b, attr, value);
    } else if (column_call(value, &arguments)) {
        read_mapped(b, attr, annotation, &arguments);
    } else if (py_call(py_strip(value), &callee, &arguments) && str_eq(callee, STR("synonym"))) {
        read_synonym(b, attr, arguments);
    } else if (!read_field(b, attr, value)) {
        set_unread(b, attr, value);
    }
}

/*
 * Exactly `return self.x`, or an expression over self.x where x is the property's own name behind
 * underscores: decrypt(self._otp_secret) in otp_secret.
 */
void pyclass_property(struct py_body *b, const struct py_token *attr, struct py_span value)
{
    value = py_strip(value);
    for (size_t i = 0; i + 2 < value.count; i++) {
        if ((!py_is_name(&value.at[i], "self") && !py_is_name(&value.at[i], "cls")) ||
            !py_is_op(&value.at[i + 1], ".") || value.at[i + 2].kind != PY_NAME)
            continue;
        struct str target = value.at[i + 2].text;
        bool behind = target.len > attr->text.len && target.at[0] == '_' &&
                      str_ends(target, attr->text) &&
                      str_find(str_slice(target, 0, target.len - attr->text.len), '_') == 0;
        if (value.count == 3 || behind) {
            add_alias(b, attr, target);
            return;
        }
    }
}
