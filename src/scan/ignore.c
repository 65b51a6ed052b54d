/* The set of rules: our own format and .trivyignore. */
#include "ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/time.h"
#include "codec/doc.h"
#include "pattern/regex.h"

#define ARENA_MAX (256UL * 1024 * 1024)
#define ID_MAX    256U
#define REGEX_MAX 20000U

/* --- the set --- */

int vl_ignores_new(struct vl_ignores **ret, struct vl_err *err)
{
    struct vl_ignores *set = calloc(1, sizeof(*set));
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    if (!set || !arena) {
        free(set);
        vl_arena_free(arena);
        return vl_err_nomem(err);
    }
    set->arena = arena;
    set->broad = UINT32_MAX;
    vl_vec_init(&set->rules, sizeof(struct vl_ignore_rule), VL_IGNORE_RULES_MAX);
    vl_map_init(&set->by_id, VL_IGNORE_RULES_MAX);
    vl_vec_init(&set->regexes, sizeof(struct vl_regex *), REGEX_MAX);
    *ret = set;
    return 0;
}

void vl_ignores_free(struct vl_ignores *set)
{
    if (!set)
        return;
    struct vl_regex **regexes = set->regexes.items;
    for (size_t i = 0; i < set->regexes.len; i++)
        vl_regex_free(regexes[i]);
    vl_vec_done(&set->regexes);
    vl_vec_done(&set->rules);
    vl_map_done(&set->by_id);
    vl_arena_free(set->arena);
    free(set);
}

void vl_ignores_cleanup(struct vl_ignores **ignores)
{
    vl_ignores_free(*ignores);
    *ignores = NULL;
}

int vl_ignore_error(
    struct vl_ignore_file *file, uint32_t line, struct vl_err *err, const char *message, struct vl_span word)
{
    return vl_err_set(err, VL_ERR_INVALID, "%s:%u: %s%s%.*s%s", file->name, (unsigned)line, message,
        word.len ? " \"" : "", VL_SPAN_FMT(vl_span_slice(word, 0, 120)), word.len ? "\"" : "");
}

struct vl_ignore_rule *vl_ignore_rule_new(struct vl_ignore_file *file, uint32_t line, struct vl_err *err)
{
    struct vl_ignore_rule *rule = vl_vec_push(&file->set->rules, "ignore rules", err);
    if (!rule)
        return NULL;
    rule->kinds = VL_IGNORE_VULN;
    rule->next = UINT32_MAX;
    rule->where = vl_arena_printf(file->set->arena, "%s:%u", file->name, (unsigned)line);
    return rule;
}

static bool lower(const char *text, char ret[ID_MAX], struct vl_span *ret_span)
{
    size_t n = strlen(text);
    if (n >= ID_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        ret[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    *ret_span = (struct vl_span){ret, n};
    return true;
}

int vl_ignore_rule_done(struct vl_ignore_file *file, struct vl_ignore_rule *rule, struct vl_err *err)
{
    struct vl_ignores *set = file->set;
    uint32_t number = (uint32_t)(rule - (struct vl_ignore_rule *)set->rules.items);
    char copy[ID_MAX];
    struct vl_span key;
    if (!rule->label)
        rule->label = rule->id ? rule->id : "*";
    int r = vl_arena_check(set->arena, file->name, err);
    if (r < 0)
        return r;
    if (!rule->id) {
        if (++set->n_broad > VL_IGNORE_BROAD_MAX)
            return vl_err_set(
                err, VL_ERR_LIMIT, "%s: more than %u rules without an id", rule->where, VL_IGNORE_BROAD_MAX);
        rule->next = set->broad;
        set->broad = number;
        return 0;
    }
    if (!lower(rule->id, copy, &key))
        return vl_err_set(err, VL_ERR_LIMIT, "%s: an id of more than %u bytes", rule->where, ID_MAX - 1);
    struct vl_map_slot *slot;
    bool added;
    char *kept = vl_arena_dup_span(set->arena, key);
    if (!kept)
        return vl_arena_check(set->arena, file->name, err);
    r = vl_map_put(&set->by_id, (struct vl_span){kept, key.len}, &slot, &added, err);
    if (r < 0)
        return r;
    rule->next = added ? UINT32_MAX : (uint32_t)slot->value.num;
    slot->value.num = number;
    return 0;
}

/* --- values of documents --- */

int vl_ignore_text(
    struct vl_ignore_file *file, const struct vl_doc_node *node, const char **ret, struct vl_err *err)
{
    struct vl_span text = vl_doc_text(node);
    if (vl_doc_is(node, VL_DOC_ARRAY) || vl_doc_is(node, VL_DOC_OBJECT) || text.len == 0)
        return vl_ignore_error(file, vl_doc_line(node), err, "a text is wanted for", vl_doc_key(node));
    *ret = vl_arena_dup_span(file->set->arena, text);
    return *ret ? 0 : vl_arena_check(file->set->arena, file->name, err);
}

static size_t list_size(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_ARRAY) ? vl_doc_size(node) : 1;
}

static const struct vl_doc_node *list_first(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_ARRAY) ? vl_doc_first(node) : node;
}

static const struct vl_doc_node *list_next(const struct vl_doc_node *list, const struct vl_doc_node *item)
{
    return vl_doc_is(list, VL_DOC_ARRAY) ? vl_doc_next(item) : NULL;
}

static int check_list(struct vl_ignore_file *file, const struct vl_doc_node *node, struct vl_err *err)
{
    if (list_size(node) > VL_IGNORE_LIST_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s:%u: more than %u entries", file->name,
            (unsigned)vl_doc_line(node), VL_IGNORE_LIST_MAX);
    return 0;
}

int vl_ignore_paths(struct vl_ignore_file *file, const struct vl_doc_node *node, struct vl_ignore_rule *rule,
    struct vl_err *err)
{
    int r = check_list(file, node, err);
    if (r < 0)
        return r;
    rule->paths = vl_arena_array(file->set->arena, list_size(node) + 1, sizeof(*rule->paths));
    if (!rule->paths)
        return vl_arena_check(file->set->arena, file->name, err);
    for (const struct vl_doc_node *n = list_first(node); n; n = list_next(node, n)) {
        const char *text = "";
        r = vl_ignore_text(file, n, &text, err);
        if (r < 0)
            return r;
        if (strlen(text) > VL_SELECT_GLOB_MAX)
            return vl_ignore_error(file, vl_doc_line(n), err, "a path is too long:", vl_span_str(text));
        rule->paths[rule->n_paths++] = vl_span_str(text);
    }
    return 0;
}

int vl_ignore_purls(struct vl_ignore_file *file, const struct vl_doc_node *node, struct vl_ignore_rule *rule,
    struct vl_err *err)
{
    int r = check_list(file, node, err);
    if (r < 0)
        return r;
    rule->purls = vl_arena_array(file->set->arena, list_size(node) + 1, sizeof(*rule->purls));
    if (!rule->purls)
        return vl_arena_check(file->set->arena, file->name, err);
    for (const struct vl_doc_node *n = list_first(node); n; n = list_next(node, n)) {
        const char *text = "";
        r = vl_ignore_text(file, n, &text, err);
        if (r == 0)
            r = vl_purl_parse(vl_span_str(text), file->set->arena, &rule->purls[rule->n_purls], err);
        if (r < 0)
            return vl_err_wrap(err, "%s:%u", file->name, (unsigned)vl_doc_line(n));
        vl_select_drop_upstream(&rule->purls[rule->n_purls++]);
    }
    return 0;
}

int vl_ignore_date(struct vl_ignore_file *file, struct vl_span text, uint32_t line,
    struct vl_ignore_rule *rule, struct vl_err *err)
{
    if (!vl_time_parse(text, &rule->expires_ms))
        return vl_ignore_error(file, line, err, "no date as 2027-01-31:", text);
    if (rule->expires_ms == 0)
        rule->expires_ms = 1; /* 0 stands for none */
    return 0;
}

/* --- ours --- */

static int own_member(
    struct vl_ignore_file *file, const struct vl_doc_node *n, struct vl_ignore_rule *rule, struct vl_err *err)
{
    static const struct {
        const char *key;
        unsigned kind;
    } ids[] = {{"id", VL_IGNORE_VULN}, {"secret", VL_IGNORE_SECRET}, {"license", VL_IGNORE_LICENSE}};
    struct vl_span key = vl_doc_key(n);
    for (size_t i = 0; i < VL_ARRAY_LEN(ids); i++) {
        if (!vl_span_eq_str(key, ids[i].key))
            continue;
        if (rule->id)
            return vl_ignore_error(
                file, vl_doc_line(n), err, "one of id, secret and license is enough, not also", key);
        rule->kinds = ids[i].kind;
        return vl_ignore_text(file, n, &rule->id, err);
    }
    if (vl_span_eq_str(key, "purl"))
        return vl_ignore_purls(file, n, rule, err);
    if (vl_span_eq_str(key, "path"))
        return vl_ignore_paths(file, n, rule, err);
    if (vl_span_eq_str(key, "expires"))
        return vl_ignore_date(file, vl_doc_text(n), vl_doc_line(n), rule, err);
    if (vl_span_eq_str(key, "reason"))
        return vl_ignore_text(file, n, &rule->reason, err);
    return vl_ignore_error(file, vl_doc_line(n), err,
        "only id, secret, license, purl, path, expires and reason are known here, not", key);
}

static int own_rule(struct vl_ignore_file *file, const struct vl_doc_node *entry, struct vl_err *err)
{
    struct vl_ignore_rule *rule = vl_ignore_rule_new(file, vl_doc_line(entry), err);
    if (!rule)
        return err->err;
    if (!vl_doc_is(entry, VL_DOC_OBJECT))
        return vl_ignore_error(
            file, vl_doc_line(entry), err, "an entry with id, purl or path is wanted", VL_SPAN_EMPTY);
    for (const struct vl_doc_node *n = vl_doc_first(entry); n; n = vl_doc_next(n)) {
        int r = own_member(file, n, rule, err);
        if (r < 0)
            return r;
    }
    if (!rule->id && rule->n_purls + rule->n_paths == 0)
        return vl_ignore_error(
            file, vl_doc_line(entry), err, "an entry needs id, purl or path", VL_SPAN_EMPTY);
    if (!rule->id)
        rule->label = rule->n_purls ? vl_arena_dup_span(file->set->arena,
                                          vl_doc_text(list_first(vl_doc_get(entry, "purl"))))
                                    : rule->paths[0].ptr;
    return vl_ignore_rule_done(file, rule, err);
}

static int parse_own(struct vl_ignore_file *file, const struct vl_doc_node *root, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(root); n; n = vl_doc_next(n)) {
        if (!vl_span_eq_str(vl_doc_key(n), "ignores") && !vl_span_eq_str(vl_doc_key(n), "version"))
            return vl_ignore_error(
                file, vl_doc_line(n), err, "only version and ignores are known here, not", vl_doc_key(n));
    }
    const struct vl_doc_node *version = vl_doc_get(root, "version");
    if (version && !vl_span_eq_str(vl_doc_text(version), "1"))
        return vl_ignore_error(
            file, vl_doc_line(version), err, "version 1 is known, not", vl_doc_text(version));
    const struct vl_doc_node *list = vl_doc_get(root, "ignores");
    if (!vl_doc_is(list, VL_DOC_ARRAY) && !vl_doc_is(list, VL_DOC_NULL))
        return vl_ignore_error(file, vl_doc_line(list), err, "ignores is a list", VL_SPAN_EMPTY);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        int r = own_rule(file, n, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- .trivyignore --- */

static int text_line(struct vl_ignore_file *file, struct vl_span line, uint32_t number, struct vl_err *err)
{
    size_t hash = vl_span_find_char(line, '#');
    struct vl_span comment =
        vl_span_trim(vl_span_slice(line, hash == SIZE_MAX ? line.len : hash + 1, line.len));
    struct vl_span rest = vl_span_trim(vl_span_slice(line, 0, hash));
    struct vl_span word;
    if (rest.len == 0)
        return 0;
    struct vl_ignore_rule *rule = vl_ignore_rule_new(file, number, err);
    if (!rule)
        return err->err;
    rule->kinds = VL_IGNORE_VULN | VL_IGNORE_SECRET | VL_IGNORE_LICENSE;
    for (size_t i = 0; rest.len; i++, rest = vl_span_trim(rest)) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != ' ' && rest.ptr[n] != '\t')
            n++;
        word = vl_span_slice(rest, 0, n);
        rest = vl_span_slice(rest, n, rest.len);
        int r = 0;
        if (i == 0)
            rule->id = vl_arena_dup_span(file->set->arena, word);
        else if (vl_span_starts_with(word, "exp:"))
            r = vl_ignore_date(file, vl_span_slice(word, 4, word.len), number, rule, err);
        else
            r = vl_ignore_error(file, number, err, "only exp:DATE may follow an id, not", word);
        if (r < 0)
            return r;
    }
    if (comment.len)
        rule->reason = vl_arena_dup_span(file->set->arena, comment);
    return vl_ignore_rule_done(file, rule, err);
}

static int parse_text(struct vl_ignore_file *file, struct vl_span bytes, struct vl_err *err)
{
    struct vl_span line;
    int r = 0;
    for (uint32_t number = 1; r == 0 && vl_span_split_line(&bytes, &line); number++)
        r = text_line(file, line, number, err);
    return r;
}

/* --- which format --- */

/* The first line that says something is "key:", "---", "{" or "- " in YAML and JSON, an id in .trivyignore.
 */
static bool is_document(struct vl_span bytes)
{
    struct vl_span line;
    while (vl_span_split_line(&bytes, &line)) {
        line = vl_span_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (strchr("{[", line.ptr[0]) || vl_span_starts_with(line, "- ") ||
            vl_span_starts_with(line, "---") || vl_span_starts_with(line, "%YAML"))
            return true;
        size_t end = 0;
        while (end < line.len && line.ptr[end] != ' ' && line.ptr[end] != '\t')
            end++;
        return line.ptr[end - 1] == ':';
    }
    return false;
}

static struct vl_span without_mark(struct vl_span bytes)
{
    return vl_span_starts_with(bytes, "\xef\xbb\xbf") ? vl_span_slice(bytes, 3, bytes.len) : bytes;
}

int vl_ignores_parse(struct vl_ignores *set, struct vl_span bytes, const char *name, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_ignore_file file = {set, name};
    bytes = without_mark(bytes);
    if (bytes.len > VL_IGNORE_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s has more than %lu bytes", name, VL_IGNORE_BYTES_MAX);
    if (!is_document(bytes))
        return parse_text(&file, bytes, err);
    int r = vl_doc_parse(bytes, VL_DOC_YAML, name, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (vl_doc_get(root, "ignores"))
        return parse_own(&file, root, err);
    if (vl_doc_get(root, "ignore"))
        return vl_ignore_parse_grype(&file, root, err);
    static const char *const trivy[] = {"vulnerabilities", "secrets", "licenses", "misconfigurations"};
    for (size_t i = 0; i < VL_ARRAY_LEN(trivy); i++) {
        if (vl_doc_get(root, trivy[i]))
            return vl_ignore_parse_trivy(&file, root, err);
    }
    return vl_err_set(err, VL_ERR_INVALID,
        "%s is no ignore file: it has none of ignores (ours), vulnerabilities (.trivyignore.yaml) and ignore "
        "(.grype.yaml)",
        name);
}

int vl_ignores_load(struct vl_ignores *set, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_IGNORE_BYTES_MAX);
    int r = vl_file_read(path, VL_IGNORE_BYTES_MAX, &bytes, err);
    return r < 0 ? r : vl_ignores_parse(set, vl_buf_span(&bytes), path, err);
}
