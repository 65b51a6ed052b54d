/* .trivyignore.yaml and the "ignore" list of .grype.yaml. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/doc.h"
#include "ignore.h"
#include "pattern/regex.h"

/* --- Trivy --- */

static int trivy_member(
    struct vl_ignore_file *file, const struct vl_doc_node *n, struct vl_ignore_rule *rule, struct vl_err *err)
{
    struct vl_span key = vl_doc_key(n);
    if (vl_span_eq_str(key, "id"))
        return vl_ignore_text(file, n, &rule->id, err);
    if (vl_span_eq_str(key, "paths"))
        return vl_ignore_paths(file, n, rule, err);
    if (vl_span_eq_str(key, "purls"))
        return vl_ignore_purls(file, n, rule, err);
    if (vl_span_eq_str(key, "expired_at"))
        return vl_ignore_date(file, vl_doc_text(n), vl_doc_line(n), rule, err);
    if (vl_span_eq_str(key, "statement"))
        return vl_ignore_text(file, n, &rule->reason, err);
    return vl_ignore_error(file, vl_doc_line(n), err,
        "only id, paths, purls, expired_at and statement are known here, not", key);
}

static int trivy_rule(
    struct vl_ignore_file *file, const struct vl_doc_node *entry, unsigned kind, struct vl_err *err)
{
    struct vl_ignore_rule *rule = vl_ignore_rule_new(file, vl_doc_line(entry), err);
    if (!rule)
        return err->err;
    rule->kinds = kind;
    for (const struct vl_doc_node *n = vl_doc_first(entry); n; n = vl_doc_next(n)) {
        int r = trivy_member(file, n, rule, err);
        if (r < 0)
            return r;
    }
    if (!rule->id)
        return vl_ignore_error(file, vl_doc_line(entry), err, "an entry needs an id", VL_SPAN_EMPTY);
    return vl_ignore_rule_done(file, rule, err);
}

int vl_ignore_parse_trivy(struct vl_ignore_file *file, const struct vl_doc_node *root, struct vl_err *err)
{
    static const struct {
        const char *key;
        unsigned kind; /* 0: findings that we do not have */
    } lists[] = {{"vulnerabilities", VL_IGNORE_VULN}, {"secrets", VL_IGNORE_SECRET},
        {"licenses", VL_IGNORE_LICENSE}, {"misconfigurations", 0}};
    for (const struct vl_doc_node *list = vl_doc_first(root); list; list = vl_doc_next(list)) {
        size_t i = 0;
        while (i < VL_ARRAY_LEN(lists) && !vl_span_eq_str(vl_doc_key(list), lists[i].key))
            i++;
        if (i == VL_ARRAY_LEN(lists))
            return vl_ignore_error(file, vl_doc_line(list), err,
                "only vulnerabilities, secrets, licenses and misconfigurations are known here, not",
                vl_doc_key(list));
        for (const struct vl_doc_node *n = vl_doc_first(list); n && lists[i].kind; n = vl_doc_next(n)) {
            int r = trivy_rule(file, n, lists[i].kind, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* --- Grype --- */

/* A name is an expression for the whole name. */
static int grype_regex(
    struct vl_ignore_file *file, const struct vl_doc_node *n, struct vl_regex **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_regex_cleanup) struct vl_regex *regex = NULL;
    const char *text;
    int r = vl_ignore_text(file, n, &text, err);
    if (r == 0)
        r = vl_regex_new(vl_span_str(text), false, &regex, err);
    if (r < 0)
        return vl_err_wrap(err, "%s:%u", file->name, (unsigned)vl_doc_line(n));
    struct vl_regex **slot = vl_vec_push(&file->set->regexes, "expressions of ignore rules", err);
    if (!slot)
        return err->err;
    *ret = *slot = regex;
    regex = NULL;
    return 0;
}

static int grype_package(struct vl_ignore_file *file, const struct vl_doc_node *package,
    struct vl_ignore_rule *rule, struct vl_err *err)
{
    struct vl_ignore_grype *g = rule->grype;
    for (const struct vl_doc_node *n = vl_doc_first(package); n; n = vl_doc_next(n)) {
        struct vl_span key = vl_doc_key(n);
        int r;
        if (vl_span_eq_str(key, "name"))
            r = grype_regex(file, n, &g->name, err);
        else if (vl_span_eq_str(key, "upstream-name"))
            r = grype_regex(file, n, &g->upstream, err);
        else if (vl_span_eq_str(key, "version"))
            r = vl_ignore_text(file, n, &g->version, err);
        else if (vl_span_eq_str(key, "language"))
            r = vl_ignore_text(file, n, &g->language, err);
        else if (vl_span_eq_str(key, "type"))
            r = vl_ignore_text(file, n, &g->type, err);
        else if (vl_span_eq_str(key, "location"))
            r = vl_ignore_paths(file, n, rule, err);
        else
            r = vl_ignore_error(file, vl_doc_line(n), err, "this is not known of a package:", key);
        if (r < 0)
            return r;
        rule->label = rule->label ? rule->label : vl_arena_dup_span(file->set->arena, vl_doc_text(n));
    }
    return 0;
}

static int grype_member(
    struct vl_ignore_file *file, const struct vl_doc_node *n, struct vl_ignore_rule *rule, struct vl_err *err)
{
    struct vl_ignore_grype *g = rule->grype;
    const struct {
        const char *key;
        const char **where;
    } texts[] = {{"vulnerability", &rule->id}, {"reason", &rule->reason}, {"namespace", &g->namespace},
        {"fix-state", &g->fix_state}, {"vex-status", &g->vex_status},
        {"vex-justification", &g->vex_justification}, {"match-type", &g->match_type}};
    struct vl_span key = vl_doc_key(n);
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        if (vl_span_eq_str(key, texts[i].key))
            return vl_ignore_text(file, n, texts[i].where, err);
    }
    if (vl_span_eq_str(key, "package"))
        return grype_package(file, n, rule, err);
    if (vl_span_eq_str(key, "include-aliases"))
        return 0; /* findings carry all their ids: any of them is meant */
    return vl_ignore_error(file, vl_doc_line(n), err, "this is not known of a rule:", key);
}

static bool names_nothing(const struct vl_ignore_rule *rule)
{
    const struct vl_ignore_grype *g = rule->grype;
    return !rule->id && rule->n_paths == 0 && !g->namespace && !g->fix_state && !g->name && !g->upstream &&
           !g->version && !g->language && !g->type && !g->vex_status && !g->vex_justification &&
           !g->match_type;
}

static int grype_rule(struct vl_ignore_file *file, const struct vl_doc_node *entry, struct vl_err *err)
{
    struct vl_ignore_rule *rule = vl_ignore_rule_new(file, vl_doc_line(entry), err);
    if (!rule)
        return err->err;
    rule->grype = vl_arena_alloc(file->set->arena, sizeof(*rule->grype));
    if (!rule->grype)
        return vl_arena_check(file->set->arena, file->name, err);
    for (const struct vl_doc_node *n = vl_doc_first(entry); n; n = vl_doc_next(n)) {
        int r = grype_member(file, n, rule, err);
        if (r < 0)
            return r;
    }
    const struct vl_ignore_grype *g = rule->grype;
    if (names_nothing(rule))
        return vl_ignore_error(file, vl_doc_line(entry), err, "a rule that names nothing", VL_SPAN_EMPTY);
    if (!rule->label && !rule->id)
        rule->label = g->vex_status ? g->vex_status : g->fix_state ? g->fix_state : g->namespace;
    return vl_ignore_rule_done(file, rule, err);
}

/* Other keys of a .grype.yaml are its configuration and say nothing about findings. */
int vl_ignore_parse_grype(struct vl_ignore_file *file, const struct vl_doc_node *root, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(root, "ignore");
    if (!vl_doc_is(list, VL_DOC_ARRAY) && !vl_doc_is(list, VL_DOC_NULL))
        return vl_ignore_error(file, vl_doc_line(list), err, "ignore is a list", VL_SPAN_EMPTY);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        int r = grype_rule(file, n, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- what Grype's words mean here --- */

static const struct {
    enum vl_ecosystem eco;
    const char *type, *language; /* NULL: has none */
} grype_words[] = {
    {VL_ECO_DEB, "deb", NULL},
    {VL_ECO_APK, "apk", NULL},
    {VL_ECO_RPM, "rpm", NULL},
    {VL_ECO_ALPM, "alpm", NULL},
    {VL_ECO_PORTAGE, "portage", NULL},
    {VL_ECO_NPM, "npm", "javascript"},
    {VL_ECO_PYPI, "python", "python"},
    {VL_ECO_GO, "go-module", "go"},
    {VL_ECO_MAVEN, "java-archive", "java"},
    {VL_ECO_MAVEN, "jenkins-plugin", "java"},
    {VL_ECO_NUGET, "dotnet", "dotnet"},
    {VL_ECO_CARGO, "rust-crate", "rust"},
    {VL_ECO_GEM, "gem", "ruby"},
    {VL_ECO_COMPOSER, "php-composer", "php"},
    {VL_ECO_PUB, "dart-pub", "dart"},
    {VL_ECO_HEX, "hex", "elixir"},
    {VL_ECO_CONAN, "conan", "c++"},
    {VL_ECO_SWIFT, "swift", "swift"},
    {VL_ECO_COCOAPODS, "pod", "swift"},
    {VL_ECO_CRAN, "R-package", "R"},
    {VL_ECO_HACKAGE, "hackage", "haskell"},
    {VL_ECO_CONDA, "conda", "python"},
    {VL_ECO_GITHUB_ACTIONS, "github-action", NULL},
    {VL_ECO_WINDOWS, "msrc-kb", NULL},
};

static bool is_type(const struct vl_package *p, const char *type)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(grype_words); i++) {
        if (grype_words[i].eco == p->ecosystem && strcmp(grype_words[i].type, type) == 0)
            return true;
    }
    return false;
}

static bool is_language(const struct vl_package *p, struct vl_span language)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(grype_words); i++) {
        if (grype_words[i].eco == p->ecosystem && grype_words[i].language &&
            vl_span_eq_nocase(language, vl_span_str(grype_words[i].language)))
            return true;
    }
    return false;
}

/* "github:language:python", "debian:distro:debian:12"; "nvd:cpe" is data that we do not match by. */
static bool is_namespace(const struct vl_scan_result *result, const struct vl_finding *f, const char *text)
{
    struct vl_span rest = vl_span_str(text);
    struct vl_span part[4] = {0};
    size_t n = 0;
    while (n < VL_ARRAY_LEN(part) && vl_span_split(&rest, ':', &part[n]))
        n++;
    bool distribution = vl_ecosystem_info(f->package->ecosystem)->distribution;
    if (n >= 3 && vl_span_eq_str(part[1], "language"))
        return !distribution && is_language(f->package, part[2]);
    if (n < 3 || !vl_span_eq_str(part[1], "distro") || !distribution)
        return false;
    const struct vl_distro *d = &result->inventory->distro;
    struct vl_span id = vl_span_eq_str(part[2], "redhat") ? VL_SPAN_LIT("rhel") : part[2];
    struct vl_span version = vl_span_str(d->version_id);
    if (!vl_span_eq_str(id, d->id))
        return false;
    return n < 4 ||
           (version.len >= part[3].len && vl_span_eq(vl_span_slice(version, 0, part[3].len), part[3]) &&
               (version.len == part[3].len || version.ptr[part[3].len] == '.'));
}

static bool is_fix_state(const struct vl_finding *f, const char *text)
{
    const char *state = f->fixed_version                                            ? "fixed"
                        : f->state == VL_FIX_WONT || f->state == VL_FIX_END_OF_LIFE ? "wont-fix"
                        : f->state == VL_FIX_UNKNOWN                                ? "unknown"
                                                                                    : "not-fixed";
    return strcmp(state, text) == 0;
}

/* Distribution packages that are matched through the name of their source. */
static bool is_match_type(const struct vl_finding *f, const char *text)
{
    bool indirect = f->package->source_name && strcmp(f->package->source_name, f->package->name) != 0;
    return strcmp(text, indirect ? "exact-indirect-match" : "exact-direct-match") == 0;
}

static bool is_upstream(const struct vl_ignore_grype *g, const struct vl_package *p)
{
    return p->source_name && vl_regex_full_match(g->upstream, vl_span_str(p->source_name));
}

static bool vex_agrees(const struct vl_ignore_grype *g, const struct vl_vex_verdict *verdict)
{
    if (g->vex_status && (!verdict || strcmp(g->vex_status, vl_vex_status_name(verdict->status)) != 0))
        return false;
    return !g->vex_justification ||
           (verdict && verdict->justification && strcmp(verdict->justification, g->vex_justification) == 0);
}

bool vl_ignore_grype_agrees(const struct vl_ignore_grype *g, const struct vl_scan_result *result,
    const struct vl_finding *f, const struct vl_vex_verdict *verdict)
{
    const struct vl_package *p = f->package;
    if (g->name && !vl_regex_full_match(g->name, vl_span_str(p->name)))
        return false;
    if (g->upstream && !is_upstream(g, p))
        return false;
    if (g->version && strcmp(g->version, p->version) != 0)
        return false;
    if (g->language && !is_language(p, vl_span_str(g->language)))
        return false;
    if (g->type && !is_type(p, g->type))
        return false;
    if (g->namespace && !is_namespace(result, f, g->namespace))
        return false;
    if (g->fix_state && !is_fix_state(f, g->fix_state))
        return false;
    return (!g->match_type || is_match_type(f, g->match_type)) && vex_agrees(g, verdict);
}
