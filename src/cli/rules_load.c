#include "rules_load.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#define SNIPPET_MAX 160 /* bytes of a line that are shown */
#define FOLDERS_MAX 16  /* folders in folders */
#define TOLD_MAX    50  /* errors on standard error */

static int load_file(struct vl_ruleset *set, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_RULE_FILE_MAX);
    int r = vl_file_read(path, VL_RULE_FILE_MAX, &text, err);
    return r < 0 ? r : vl_ruleset_add(set, vl_buf_span(&text), strcmp(path, "-") == 0 ? "stdin" : path, err);
}

/* --- folders: the rule files below, in the order of their names --- */

static bool is_rule_file(const char *name)
{
    struct vl_span span = vl_span_str(name);
    return vl_span_ends_with(span, ".yaml") || vl_span_ends_with(span, ".yml");
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int load_path(
    struct vl_ruleset *set, const char *path, bool named, unsigned depth, struct vl_err *err);

static int load_folder(struct vl_ruleset *set, const char *path, unsigned depth, struct vl_err *err)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, is_shown, alphasort);
    int r = n < 0 ? vl_err_sys(err, errno, "%s", path) : 0;
    if (r >= 0 && depth > FOLDERS_MAX)
        r = vl_err_set(err, VL_ERR_LIMIT, "%s: folders are nested more than %d deep", path, FOLDERS_MAX);
    for (int i = 0; i < n; i++) {
        char inner[PATH_MAX];
        int length = snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        if (r >= 0 && length >= 0 && (size_t)length < sizeof(inner))
            r = load_path(set, inner, false, depth + 1, err);
        else if (r >= 0)
            r = vl_err_set(err, VL_ERR_LIMIT, "%s: a path is too long", path);
        free(entries[i]);
    }
    free(entries);
    return r;
}

/* `named`: by the user, whatever its ending. */
static int load_path(struct vl_ruleset *set, const char *path, bool named, unsigned depth, struct vl_err *err)
{
    struct stat st;
    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return load_folder(set, path, depth, err);
    return named || is_rule_file(path) ? load_file(set, path, err) : 0;
}

int vl_cli_rules_load(const struct vl_cli_list *files, struct vl_ruleset *set, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < files->len && r >= 0; i++) {
        uint32_t before = vl_ruleset_files(set);
        r = load_path(set, files->items[i], true, 0, err);
        if (r >= 0 && vl_ruleset_files(set) == before)
            r = vl_err_set(
                err, VL_ERR_NOT_FOUND, "%s: no rule files (.yaml, .yml) are below", files->items[i]);
    }
    return r < 0 ? r : vl_ruleset_finish(set, err);
}

struct vl_rules_counts vl_cli_rules_counts(const struct vl_ruleset *set)
{
    struct vl_rules_counts counts = {.errors = vl_ruleset_errors(set), .warnings = vl_ruleset_warnings(set)};
    for (uint32_t i = 0; i < vl_ruleset_size(set); i++) {
        const struct vl_rule *rule = vl_ruleset_at(set, i);
        if (rule->silent || rule->twin)
            continue;
        counts.rules++;
        counts.skipped += rule->skipped;
        counts.enabled += rule->enabled && !rule->skipped;
    }
    return counts;
}

const char *vl_cli_rules_form(enum vl_rule_form form)
{
    static const char *const names[] = {[VL_RULE_FALCO] = "falco",
        [VL_RULE_SIGMA] = "sigma",
        [VL_RULE_NATIVE] = "native",
        [VL_RULE_CONFIG] = "falco.yaml"};
    return (size_t)form < VL_ARRAY_LEN(names) ? names[form] : "falco";
}

/* --- problems --- */

static bool find_file(const struct vl_ruleset *set, const char *name, struct vl_span *ret)
{
    struct vl_rule_file file;
    for (uint32_t i = 0; vl_ruleset_file(set, i, &file); i++)
        if (strcmp(file.name, name) == 0) {
            *ret = file.text;
            return true;
        }
    return false;
}

static struct vl_span line_of(
    const struct vl_ruleset *set, const struct vl_rule_problem *problem, struct vl_rules_cursor *cursor)
{
    struct vl_span line = VL_SPAN_EMPTY;
    if (!problem->file || !problem->line)
        return line;
    if (!cursor->file || strcmp(cursor->file, problem->file) != 0) {
        *cursor = (struct vl_rules_cursor){.file = problem->file};
        if (!find_file(set, problem->file, &cursor->text))
            return line;
        cursor->rest = cursor->text;
    }
    if (problem->line <= cursor->line) {
        cursor->line = 0;
        cursor->rest = cursor->text;
    }
    struct vl_span before = cursor->rest;
    for (; cursor->line < problem->line; cursor->line++) {
        before = cursor->rest;
        if (!vl_span_split_line(&cursor->rest, &line))
            return VL_SPAN_EMPTY;
    }
    cursor->rest = before; /* the next problem may be on the same line */
    cursor->line--;
    return line;
}

/* The line around the column, which is given as a distance from its start in code points. */
static void write_snippet(struct vl_buf *out, struct vl_span line, uint32_t column)
{
    uint32_t at = 0;
    uint32_t points = 1;
    while (at < line.len && points < column) {
        at++;
        if (at < line.len && ((unsigned char)line.ptr[at] & 0xC0) != 0x80)
            points++;
    }
    size_t from = at > SNIPPET_MAX / 2 ? at - SNIPPET_MAX / 2 : 0;
    while (from < at && ((unsigned char)line.ptr[from] & 0xC0) == 0x80)
        from++;
    size_t end = from + SNIPPET_MAX < line.len ? from + SNIPPET_MAX : line.len;
    while (end > from && end < line.len && ((unsigned char)line.ptr[end] & 0xC0) == 0x80)
        end--;
    vl_buf_append_str(out, "    ");
    vl_text_append_printable(out, vl_span_slice(line, from, end));
    vl_buf_append_str(out, "\n    ");
    for (size_t i = from; i < at; i++)
        if (((unsigned char)line.ptr[i] & 0xC0) != 0x80)
            vl_buf_append_char(out, ' ');
    vl_buf_append_str(out, "^\n");
}

void vl_cli_rules_problem(const struct vl_ruleset *set, const struct vl_rule_problem *problem,
    struct vl_rules_cursor *cursor, struct vl_buf *out)
{
    struct vl_span line = line_of(set, problem, cursor);
    if (problem->file)
        vl_text_append_printable(out, vl_span_str(problem->file));
    if (problem->line)
        vl_buf_printf(out, ":%u:%u", problem->line, problem->column);
    vl_buf_printf(out, "%s%s: ", problem->file ? ": " : "", problem->is_error ? "error" : "warning");
    if (problem->item) {
        vl_text_append_printable(out, vl_span_str(problem->item));
        vl_buf_append_str(out, ": ");
    }
    vl_text_append_printable(out, vl_span_str(problem->message));
    vl_buf_printf(out, " [%s]\n", problem->code);
    if (line.len)
        write_snippet(out, line, problem->column);
    if (problem->hint) {
        vl_buf_append_str(out, "    hint: ");
        vl_text_append_printable(out, vl_span_str(problem->hint));
        vl_buf_append_char(out, '\n');
    }
}

static void problem_json(struct vl_json *json, const struct vl_ruleset *set,
    const struct vl_rule_problem *problem, struct vl_rules_cursor *cursor)
{
    vl_json_object(json);
    vl_json_member_str(json, "code", problem->code);
    vl_json_member_str(json, "message", problem->message);
    vl_json_member_str(json, "item", problem->item);
    vl_json_member_str(json, "file", problem->file);
    if (problem->line) {
        vl_json_member_int(json, "line", problem->line);
        vl_json_member_int(json, "column", problem->column);
    }
    vl_json_member_str(json, "hint", problem->hint);
    struct vl_span line = line_of(set, problem, cursor);
    if (line.len) {
        vl_json_key(json, "snippet");
        vl_json_span(json, vl_span_slice(line, 0, 4UL * SNIPPET_MAX));
    }
    vl_json_object_end(json);
}

void vl_cli_rules_problems_json(struct vl_json *json, const struct vl_ruleset *set)
{
    struct vl_rules_cursor cursor = {0};
    for (int errors = 1; errors >= 0; errors--) {
        vl_json_key(json, errors ? "errors" : "warnings");
        vl_json_array(json);
        for (uint32_t i = 0; i < vl_ruleset_problems(set); i++)
            if (vl_ruleset_problem(set, i)->is_error == (errors == 1))
                problem_json(json, set, vl_ruleset_problem(set, i), &cursor);
        vl_json_array_end(json);
    }
}

bool vl_cli_rules_good(const struct vl_ruleset *set)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_rules_cursor cursor = {0};
    unsigned told = 0;
    vl_buf_init(&out, 16UL * 1024 * 1024);
    if (!vl_ruleset_errors(set))
        return true;
    for (uint32_t i = 0; i < vl_ruleset_problems(set) && told < TOLD_MAX; i++)
        if (vl_ruleset_problem(set, i)->is_error) {
            vl_cli_rules_problem(set, vl_ruleset_problem(set, i), &cursor, &out);
            told++;
        }
    (void)fputs(vl_buf_str(&out), stderr);
    if (told < vl_ruleset_errors(set))
        (void)fprintf(stderr, "… and %u more errors\n", vl_ruleset_errors(set) - told);
    return false;
}
