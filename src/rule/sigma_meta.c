#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/time.h"
#include "sigma_impl.h"

#define TEXTS_MAX      10000
#define OUTPUT_BYTES   8192
#define TAG_FIELDS_MAX 32

int vl_sigma_texts(const struct vl_doc_node *node, const char *what, struct vl_arena *arena,
    const char *const **ret, uint32_t *ret_n, struct vl_err *err)
{
    *ret = NULL;
    *ret_n = 0;
    if (node == NULL || vl_doc_type(node) == VL_DOC_NULL)
        return 0;
    bool list = vl_doc_is(node, VL_DOC_ARRAY);
    size_t n = list ? vl_doc_size(node) : 1;
    if (n > TEXTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s has more than %d items", what, TEXTS_MAX);
    const char **texts = vl_arena_array(arena, n + 1, sizeof(char *));
    if (texts == NULL)
        return vl_err_nomem(err);
    uint32_t k = 0;
    for (const struct vl_doc_node *item = list ? vl_doc_first(node) : node; item != NULL;
        item = list ? vl_doc_next(item) : NULL) {
        if (vl_doc_is(item, VL_DOC_ARRAY) || vl_doc_is(item, VL_DOC_OBJECT))
            return vl_err_set(err, VL_ERR_INVALID, "%s is a list of texts", what);
        texts[k] = vl_arena_dup_span(arena, vl_doc_text(item));
        if (texts[k++] == NULL)
            return vl_err_nomem(err);
    }
    *ret = texts;
    *ret_n = k;
    return 0;
}

static int text_member(const struct vl_doc_node *root, const char *key, struct vl_arena *arena,
    const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(root, key);
    *ret = NULL;
    if (node == NULL || vl_doc_type(node) == VL_DOC_NULL)
        return 0;
    if (vl_doc_is(node, VL_DOC_ARRAY) || vl_doc_is(node, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s is a text", key);
    *ret = vl_arena_dup_span(arena, vl_doc_text(node));
    return *ret == NULL ? vl_err_nomem(err) : 0;
}

int vl_sigma_logsource_read(const struct vl_doc_node *node, struct vl_arena *arena,
    struct vl_sigma_logsource *ret, struct vl_err *err)
{
    if (node == NULL)
        return vl_err_set(err, VL_ERR_INVALID, "logsource is missing");
    if (!vl_doc_is(node, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "logsource is a map of product, category and service");
    int r = text_member(node, "product", arena, &ret->product, err);
    if (r == 0)
        r = text_member(node, "category", arena, &ret->category, err);
    if (r == 0)
        r = text_member(node, "service", arena, &ret->service, err);
    if (r == 0 && ret->product == NULL && ret->category == NULL && ret->service == NULL)
        return vl_err_set(err, VL_ERR_INVALID, "logsource has neither product, category nor service");
    return r;
}

static const struct {
    const char *level, *severity;
    enum vl_rule_priority priority;
} levels[] = {
    {"critical", "High", VL_RULE_CRITICAL},
    {"high", "High", VL_RULE_ERROR},
    {"medium", "Medium", VL_RULE_WARNING},
    {"low", "Low", VL_RULE_NOTICE},
    {"informational", "Informational", VL_RULE_INFORMATIONAL},
};

/* As the schema has them; a rule of another status may not be what it seems. */
static int check_status(const char *status, struct vl_err *err)
{
    static const char *const names[] = {"stable", "test", "experimental", "deprecated", "unsupported"};
    for (size_t i = 0; status != NULL && i < VL_ARRAY_LEN(names); i++)
        if (vl_span_eq_nocase(vl_span_str(status), vl_span_str(names[i])))
            return 0;
    return status == NULL
               ? 0
               : vl_err_set(err, VL_ERR_INVALID,
                     "status is stable, test, experimental, deprecated or unsupported, not %s", status);
}

/* "2026-11-28", or with slashes and single digits as the first Sigma wrote it; a time may follow. */
static bool is_day(struct vl_span text)
{
    static const size_t digits[] = {4, 2, 2}; /* at most */
    uint64_t parts[VL_ARRAY_LEN(digits)] = {0};
    char iso[16];
    int64_t ms;
    size_t at = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(digits); i++) {
        size_t from = at;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
            at++;
        if (at - from > digits[i] || !vl_span_to_u64(vl_span_slice(text, from, at), &parts[i]))
            return false;
        if (i < 2 && (at == text.len || (text.ptr[at] != '-' && text.ptr[at] != '/')))
            return false;
        at += i < 2;
    }
    (void)snprintf(
        iso, sizeof(iso), "%04u-%02u-%02u", (unsigned)parts[0], (unsigned)parts[1], (unsigned)parts[2]);
    return vl_time_parse(vl_span_str(iso), &ms) &&
           (at == text.len || text.ptr[at] == 'T' || text.ptr[at] == ' ');
}

static int check_date(const struct vl_doc_node *root, const char *key, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(root, key);
    struct vl_span text = vl_doc_text(node);
    if (node == NULL || vl_doc_is(node, VL_DOC_NULL) || is_day(text))
        return 0;
    return vl_err_set(err, VL_ERR_INVALID, "%s is a day like 2026-11-28, not %.*s", key, VL_SPAN_FMT(text));
}

/* "attack.privilege-escalation": PrivilegeEscalation; "attack.t1059.004": T1059.004. */
static int mitre_of(
    struct vl_span tag, struct vl_arena *arena, char **ret_tactic, char **ret_technique, struct vl_err *err)
{
    *ret_tactic = *ret_technique = NULL;
    if (!vl_span_starts_with(tag, "attack.") || tag.len < 8)
        return 0;
    tag = vl_span_slice(tag, 7, tag.len);
    bool technique =
        tag.len > 1 && (tag.ptr[0] == 't' || tag.ptr[0] == 'T') && tag.ptr[1] >= '0' && tag.ptr[1] <= '9';
    bool other = tag.len > 1 && strchr("gsGS", tag.ptr[0]) != NULL && tag.ptr[1] >= '0' && tag.ptr[1] <= '9';
    if (other) /* groups and software */
        return 0;
    char *text = vl_arena_dup_span(arena, tag);
    if (text == NULL)
        return vl_err_nomem(err);
    size_t n = 0;
    bool upper = true;
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.ptr[i];
        if (!technique && (c == '-' || c == '_')) {
            upper = true;
            continue;
        }
        text[n++] = (char)(upper && c >= 'a' && c <= 'z' ? c - 32 : c);
        upper = false;
    }
    text[n] = '\0';
    *(technique ? ret_technique : ret_tactic) = text;
    return 0;
}

static int alert_of(const struct vl_rule *rule, const char *severity, struct vl_arena *arena,
    struct vl_rule_alert **ret, struct vl_err *err)
{
    struct vl_rule_alert *alert = vl_arena_alloc(arena, sizeof(*alert));
    const char **tactics = vl_arena_array(arena, rule->n_tags + 1, sizeof(char *));
    const char **techniques = vl_arena_array(arena, rule->n_tags + 1, sizeof(char *));
    if (alert == NULL || tactics == NULL || techniques == NULL)
        return vl_err_nomem(err);
    for (uint32_t i = 0; i < rule->n_tags; i++) {
        char *tactic, *technique;
        int r = mitre_of(vl_span_str(rule->tags[i]), arena, &tactic, &technique, err);
        if (r < 0)
            return r;
        if (tactic != NULL)
            tactics[alert->n_tactics++] = tactic;
        if (technique != NULL)
            techniques[alert->n_techniques++] = technique;
    }
    alert->severity = severity;
    alert->mitre_tactics = tactics;
    alert->mitre_techniques = techniques;
    *ret = alert;
    return 0;
}

/* What an analyst wants to see first of an event of this source. */
static const char *output_fields(const struct vl_sigma_source *source)
{
    if (source == NULL)
        return "";
    if (source->source == VL_EVENT_K8S_AUDIT)
        return " (user=%ka.user.name verb=%ka.verb resource=%ka.target.resource name=%ka.target.name "
               "ns=%ka.target.namespace uri=%ka.uri)";
    return " (event=%evt.type user=%user.name process=%proc.name exe=%proc.exepath command=%proc.cmdline "
           "parent=%proc.pname file=%fd.name container=%container.id)";
}

/* A field name that an output text can hold. */
static bool is_plain_field(struct vl_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok = vl_char_is_letter(c) || vl_char_is_digit(c) || c == '.' || c == '_';
        if (!ok)
            return false;
    }
    return name.len > 0 && name.ptr[name.len - 1] != '.';
}

static int output_of(const struct vl_doc_node *root, const struct vl_sigma_source *source, const char *title,
    struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, OUTPUT_BYTES);
    for (const char *c = title; *c != '\0'; c++)
        vl_buf_append_char(&text, *c == '%' || *c == '\n' ? ' ' : *c); /* % would be a field */
    vl_buf_append_str(&text, output_fields(source));
    const struct vl_doc_node *fields = vl_doc_get(root, "fields");
    if (source == NULL && vl_doc_is(fields, VL_DOC_ARRAY)) {
        unsigned n = 0;
        for (const struct vl_doc_node *f = vl_doc_first(fields); f != NULL && n < TAG_FIELDS_MAX;
            f = vl_doc_next(f))
            if (is_plain_field(vl_doc_text(f)))
                vl_buf_printf(&text, "%s%.*s=%%%.*s", n++ == 0 ? " (" : " ", VL_SPAN_FMT(vl_doc_text(f)),
                    VL_SPAN_FMT(vl_doc_text(f)));
        if (n > 0)
            vl_buf_append_char(&text, ')');
    }
    int r = vl_buf_check(&text, "the title and the fields", err);
    if (r < 0)
        return r;
    *ret = vl_arena_dup_span(arena, vl_buf_span(&text));
    return *ret == NULL ? vl_err_nomem(err) : 0;
}

/* What is written of a rule as it is. */
static int read_texts(struct vl_arena *arena, const struct vl_doc_node *root, struct vl_rule *rule,
    const char **ret_level, const char **ret_status, struct vl_err *err)
{
    int r = text_member(root, "id", arena, &rule->id, err);
    if (r == 0)
        r = text_member(root, "name", arena, &rule->alias, err);
    if (r == 0)
        r = text_member(root, "description", arena, &rule->description, err);
    if (r == 0)
        r = text_member(root, "level", arena, ret_level, err);
    if (r == 0)
        r = text_member(root, "status", arena, ret_status, err);
    if (r == 0)
        r = vl_sigma_texts(vl_doc_get(root, "tags"), "tags", arena, &rule->tags, &rule->n_tags, err);
    if (r == 0)
        r = check_status(*ret_status, err);
    if (r == 0)
        r = check_date(root, "date", err);
    return r < 0 ? r : check_date(root, "modified", err);
}

static int level_of(const char *level, struct vl_rule *rule, const char **ret_severity, struct vl_err *err)
{
    rule->priority = VL_RULE_NOTICE;
    *ret_severity = "Informational";
    for (size_t i = 0; level != NULL && i < VL_ARRAY_LEN(levels); i++) {
        if (vl_span_eq_nocase(vl_span_str(level), vl_span_str(levels[i].level))) {
            rule->priority = levels[i].priority;
            *ret_severity = levels[i].severity;
            return 0;
        }
    }
    return level == NULL ? 0
                         : vl_err_set(err, VL_ERR_INVALID,
                               "level is critical, high, medium, low or informational, not %s", level);
}

int vl_sigma_meta(struct vl_arena *arena, const struct vl_doc_node *root, const char *file,
    const struct vl_sigma_source *source, struct vl_rule *rule, struct vl_err *err)
{
    int r = text_member(root, "title", arena, &rule->name, err);
    if (r < 0)
        return r;
    if (rule->name == NULL || rule->name[0] == '\0')
        return vl_err_set(err, VL_ERR_INVALID, "title is missing");
    const char *level = NULL, *status = NULL, *severity = NULL;
    r = read_texts(arena, root, rule, &level, &status, err);
    if (r == 0)
        r = level_of(level, rule, &severity, err);
    if (r < 0)
        return r;
    rule->form = VL_RULE_SIGMA;
    rule->enabled =
        status == NULL || (strcasecmp(status, "deprecated") != 0 && strcasecmp(status, "unsupported") != 0);
    rule->source = source != NULL ? source->source : VL_EVENT_LOG;
    rule->source_name = source == NULL ? "log" : source->source == VL_EVENT_SYSCALL ? "syscall" : "k8s_audit";
    rule->file = file;
    rule->line = vl_doc_line(root);
    r = output_of(root, source, rule->name, arena, &rule->output, err);
    if (r < 0)
        return r;
    struct vl_rule_alert *alert = NULL;
    r = alert_of(rule, severity, arena, &alert, err);
    rule->alert = alert;
    return r;
}
