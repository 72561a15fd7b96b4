/* help: short help, long help and the man page, all from the option table. */
#include "common/cli/cli.h"

const struct cli_option cli_common_options[] = {
    {CLI_HELP, "help-short", 'h', NULL, "short help"},
    {CLI_LONG_HELP, "help", 0, NULL, "long help, with examples first"},
    {CLI_VERSION, "version", 0, NULL, "print the version"},
    {CLI_MAN_PAGE, "man-page", 0, NULL, "print the man page's source"},
    {CLI_QUIET, "quiet", 'q', NULL, "say nothing but warnings and errors"},
    {CLI_VERBOSE, "verbose", 'v', NULL, "say more"},
    {CLI_FORMAT, "format", 0, "text|json|csv", "form of the output"},
    {CLI_JSON, "json", 0, NULL, "short for --format json"},
    {CLI_OUTPUT, "output", 'o', "FILE", "write there, atomically, instead of to standard output"},
    {CLI_OVERWRITE, "overwrite", 0, NULL, "let -o replace an existing file"},
    {CLI_COLOR, "color", 0, "auto|always|never", "colours; NO_COLOR is honoured"},
    {CLI_PROGRESS, "progress", 0, "auto|bar|line|json|none", "how progress is shown"},
    {CLI_NO_INPUT, "no-input", 0, NULL, "never ask; a question counts as answered no"},
    {CLI_LOG_FILE, "log-file", 0, "FILE", "append what is said to a file too"},
    {0},
};

/* cli.md; the same list for all programs of the toolchain. */
static const char *const exit_lines[] = {
    "0",     "done, complete",
    "1",     "internal error",
    "2",     "usage",
    "3",     "finished, but the input was incomplete",
    "4",     "refused by a safety rule",
    "5",     "stale: data too old, or something changed since",
    "6",     "not found: model, table, column, file, key",
    "7",     "answered no, or no answer possible",
    "8",     "failed, everything restored",
    "9",     "failed and not fully restored; the journal is named",
    "10",    "changes or findings pending (--detailed-exitcode)",
    "11",    "locked by another process",
    "12",    "corrupt or unsupported input",
    "13",    "system error before anything changed",
    "14",    "outside the change window",
    "128+N", "ended by signal N before anything was decided",
    NULL,
};

enum { HELP_WIDTH = 80, HELP_INDENT = 30, COMMAND_INDENT = 18 };

/* Words of `text` from column `at`, wrapped at HELP_WIDTH with an indent. */
static void wrap(struct buf *b, const char *text, size_t at, size_t indent)
{
    struct str rest = str_from(text);
    struct str word;
    bool first = true;
    while (rest.len) {
        str_cut(rest, ' ', &word, &rest);
        if (!first && at + 1 + word.len > HELP_WIDTH) {
            buf_printf(b, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        buf_printf(b, "%s%.*s", first ? "" : " ", STR_ARG(word));
        at += word.len + !first;
        first = false;
    }
    buf_byte(b, '\n');
}

static void option_line(struct buf *b, const struct cli_option *o, bool reserved)
{
    size_t start = b->len;
    if (o->letter && o->id != CLI_HELP)
        buf_printf(b, "  -%c, --%s", o->letter, o->name);
    else if (o->id == CLI_HELP)
        buf_text(b, "  -h");
    else
        buf_printf(b, "      --%s", o->name);
    if (o->arg)
        buf_printf(b, " %s", o->arg);
    size_t used = b->len - start;
    if (used + 2 > HELP_INDENT) {
        buf_printf(b, "\n%*s", HELP_INDENT, "");
    } else {
        buf_printf(b, "%*s", (int)(HELP_INDENT - used), "");
    }
    if (reserved)
        buf_text(b, "(not in this version)\n");
    else
        wrap(b, o->help, HELP_INDENT, HELP_INDENT);
}

static bool reserved_option(const struct cli_command *c, int id)
{
    for (const int *r = c->reserved; r && *r; r++)
        if (*r == id)
            return true;
    return false;
}

static void option_lines(struct buf *b, const struct cli_command *c)
{
    if (!c || !c->options)
        return;
    buf_text(b, "\nOptions:\n");
    for (const struct cli_option *o = c->options; o->name; o++)
        option_line(b, o, reserved_option(c, o->id));
}

static void common_lines(struct buf *b)
{
    buf_text(b, "\nCommon options:\n");
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if (o->id != CLI_MAN_PAGE)
            option_line(b, o, false);
}

static void command_lines(struct buf *b, const struct cli_program *p)
{
    buf_text(b, "\nCommands:\n");
    for (const struct cli_command *c = p->commands; c->name; c++)
        if (c->readiness == CLI_READY) {
            buf_printf(b, "  %-15s ", c->name);
            wrap(b, c->summary, COMMAND_INDENT, COMMAND_INDENT);
        }
    bool any = false;
    for (const struct cli_command *c = p->commands; c->name; c++) {
        if (c->readiness != CLI_RESERVED)
            continue;
        buf_printf(b, "%s%s", any ? " " : "  not in this version: ", c->name);
        any = true;
    }
    buf_text(b, any ? "\n" : "");
}

static void usage_line(struct buf *b, const struct cli_program *p, const struct cli_command *c)
{
    if (c)
        buf_printf(b, "usage: %s %s%s%s\n", p->name, c->name, *c->arguments ? " " : "",
                   c->arguments);
    else
        buf_printf(b, "usage: %s COMMAND ...\n", p->name);
}

void cli_help_short(struct buf *b, const struct cli_program *p, const struct cli_command *c)
{
    buf_printf(b, "%s\n", c ? c->summary : p->summary);
    usage_line(b, p, c);
    if (c)
        option_lines(b, c);
    else
        command_lines(b, p);
    buf_printf(b, "\n%s%s%s --help says more.\n", p->name, c ? " " : "", c ? c->name : "");
}

static void example_lines(struct buf *b, const char *const *examples)
{
    if (!examples)
        return;
    buf_text(b, "Examples:\n");
    for (const char *const *e = examples; *e; e += 2)
        buf_printf(b, "  # %s\n  %s\n", e[0], e[1]);
    buf_byte(b, '\n');
}

static void paragraphs(struct buf *b, const char *text)
{
    struct str rest = text ? str_from(text) : STR("");
    struct str line;
    if (text)
        buf_byte(b, '\n');
    while (rest.len) {
        str_cut(rest, '\n', &line, &rest);
        wrap(b, arena_text(b->arena, line), 0, 0);
    }
}

static void exit_status_lines(struct buf *b, const struct cli_program *p)
{
    const char *const *const lists[] = {exit_lines, p->exits};
    buf_text(b, "\nExit status:\n");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (const char *const *e = lists[i]; e && *e; e += 2)
            buf_printf(b, "  %-6s %s\n", e[0], e[1]);
}

void cli_help_long(struct buf *b, const struct cli_program *p, const struct cli_command *c)
{
    const char *summary = c ? c->summary : p->summary;
    wrap(b,
         c ? arena_printf(b->arena, "%s %s - %s", p->name, c->name, summary)
           : arena_printf(b->arena, "%s - %s", p->name, summary),
         0, 0);
    buf_byte(b, '\n');
    example_lines(b, c ? c->examples : p->examples);
    usage_line(b, p, c);
    paragraphs(b, c ? c->text : p->text);
    if (c)
        option_lines(b, c);
    else
        command_lines(b, p);
    common_lines(b);
    exit_status_lines(b, p);
}

/* Text for roff: a leading dot or quote, backslashes and hyphens are escaped. */
static void roff(struct buf *b, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            buf_text(b, "\\&");
        if (*text == '\\')
            buf_text(b, "\\e");
        else if (*text == '-')
            buf_text(b, "\\-");
        else
            buf_byte(b, (unsigned char)*text);
        line_start = *text == '\n';
    }
}

static void roff_paragraphs(struct buf *b, const char *text)
{
    struct str rest = text ? str_from(text) : STR("");
    while (rest.len) {
        size_t end = str_search(rest, STR("\n\n"));
        buf_text(b, ".PP\n");
        roff(b, arena_text(b->arena, str_slice(rest, 0, end)));
        buf_byte(b, '\n');
        rest = str_slice(rest, end + 2, rest.len);
    }
}

static void roff_options(struct buf *b, const struct cli_option *o, const struct cli_command *c)
{
    for (; o && o->name; o++) {
        if (o->id == CLI_MAN_PAGE)
            continue;
        buf_text(b, ".TP\n\\fB");
        if (o->letter)
            buf_printf(b, "\\-%c", o->letter);
        if (o->id != CLI_HELP) {
            buf_text(b, o->letter ? "\\fR, \\fB\\-\\-" : "\\-\\-");
            roff(b, o->name);
        }
        buf_text(b, "\\fR");
        if (o->arg) {
            buf_text(b, " \\fI");
            roff(b, o->arg);
            buf_text(b, "\\fR");
        }
        buf_byte(b, '\n');
        roff(b, c && reserved_option(c, o->id) ? "Not in this version." : o->help);
        buf_byte(b, '\n');
    }
}

static void roff_examples(struct buf *b, const char *const *examples)
{
    for (const char *const *e = examples; e && *e; e += 2) {
        buf_text(b, ".PP\n");
        roff(b, e[0]);
        buf_text(b, ":\n.PP\n.nf\n.RS\n");
        roff(b, e[1]);
        buf_text(b, "\n.RE\n.fi\n");
    }
}

static void roff_command(struct buf *b, const struct cli_program *p, const struct cli_command *c)
{
    if (c->readiness == CLI_RESERVED)
        return;
    buf_printf(b, ".SS %s\n.B %s %s\n", c->name, p->name, c->name);
    roff(b, c->arguments);
    buf_text(b, "\n.PP\n");
    roff(b, c->summary);
    buf_text(b, ".\n");
    roff_paragraphs(b, c->text);
    roff_options(b, c->options, c);
    roff_examples(b, c->examples);
}

static void roff_exits(struct buf *b, const char *const *lines)
{
    for (const char *const *e = lines; e && *e; e += 2) {
        buf_printf(b, ".TP\n\\fB%s\\fR\n", e[0]);
        roff(b, e[1]);
        buf_byte(b, '\n');
    }
}

static void roff_reserved(struct buf *b, const struct cli_program *p)
{
    bool any = false;
    for (const struct cli_command *c = p->commands; c->name; c++) {
        if (c->readiness != CLI_RESERVED)
            continue;
        buf_text(b, any ? " " : ".PP\nReserved, not in this version: ");
        roff(b, c->name);
        any = true;
    }
    buf_text(b, any ? ".\n" : "");
}

void cli_man_page(struct buf *b, const struct cli_program *p)
{
    buf_printf(b, ".\\\" Made by `%s --man-page`; change the option table, not this file.\n",
               p->name);
    buf_printf(b, ".TH %s 1 \"\" \"keyretire %s\"\n.SH NAME\n%s \\- ", p->name, KEYRETIRE_VERSION,
               p->name);
    roff(b, p->summary);
    buf_printf(b, "\n.SH SYNOPSIS\n.B %s\n.I COMMAND\n[options] ...\n.SH DESCRIPTION\n", p->name);
    roff_paragraphs(b, p->text);
    buf_text(b, ".SH EXAMPLES\n");
    roff_examples(b, p->examples);
    buf_text(b, ".SH COMMANDS\n");
    for (const struct cli_command *c = p->commands; c->name; c++)
        roff_command(b, p, c);
    roff_reserved(b, p);
    buf_text(b, ".SH COMMON OPTIONS\n");
    roff_options(b, cli_common_options, NULL);
    buf_text(b, ".SH EXIT STATUS\n");
    roff_exits(b, exit_lines);
    roff_exits(b, p->exits);
    if (p->files)
        buf_text(b, ".SH FILES\n");
    for (const char *const *f = p->files; f && *f; f += 2) {
        buf_text(b, ".TP\n.I ");
        roff(b, f[0]);
        buf_byte(b, '\n');
        roff(b, f[1]);
        buf_byte(b, '\n');
    }
}
