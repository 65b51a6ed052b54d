/* Versions: the engine's must be at least what is asked, of the same major number; of a plugin and its
 * alternatives one must be there. A plugin that is not ours brings a source that is not ours, whose rules are
 * skipped with a warning of their own, so that its absence is no error. */
#include "falco_version.h"

#include <string.h>

#define ALTERNATIVES_MAX 64

struct version {
    uint64_t parts[3];
};

/* What we do in place of a plugin, by the version whose fields we know. */
static const struct rs_plugin own_plugins[] = {
    {"container", "0.6.0"},
    {"k8saudit", "0.18.0"},
    {"json", "0.7.3"},
};

/* "x.y.z", with what SemVer lets follow. */
static bool parse_version(struct vl_span text, struct version *ret)
{
    struct vl_span rest = text;
    size_t end = 0;
    while (end < text.len && text.ptr[end] != '-' && text.ptr[end] != '+')
        end++;
    rest = vl_span_slice(text, 0, end);
    for (int i = 0; i < 3; i++) {
        struct vl_span part;
        if (!vl_span_split(&rest, '.', &part) || !vl_span_to_u64(part, &ret->parts[i]) ||
            ret->parts[i] > UINT32_MAX)
            return false;
    }
    return rest.len == 0;
}

static bool satisfies(const struct version *have, const struct version *wanted)
{
    if (have->parts[0] != wanted->parts[0])
        return false;
    if (have->parts[1] != wanted->parts[1])
        return have->parts[1] > wanted->parts[1];
    return have->parts[2] >= wanted->parts[2];
}

void fv_engine(const struct fd_item *item)
{
    struct vl_span text = VL_SPAN_EMPTY;
    struct version wanted = {0}, own = {0};
    uint64_t number;
    if (!fd_text(item, "required_engine_version", false, &text))
        return;
    (void)parse_version(VL_SPAN_LIT(VL_RULE_ENGINE_VERSION), &own);
    if (vl_span_to_u64(text, &number) && number <= UINT32_MAX) {
        wanted.parts[1] = number;
    } else if (!parse_version(text, &wanted)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &item->place, "required_engine_version", NULL,
            "Unable to parse engine version '%.*s' as a semver string. Expected \"x.y.z\" semver format.",
            VL_SPAN_FMT(text));
        return;
    }
    if (!satisfies(&own, &wanted))
        rs_tell(item->set, true, RS_ERR_VALIDATE, &item->place, "required_engine_version", NULL,
            "Rules require engine version %llu.%llu.%llu, but engine version is %s",
            (unsigned long long)wanted.parts[0], (unsigned long long)wanted.parts[1],
            (unsigned long long)wanted.parts[2], VL_RULE_ENGINE_VERSION);
}

/* --- plugins --- */

struct requirement {
    const char *name;
    struct vl_span version;
};

static bool read_requirement(
    const struct fd_item *item, const struct requirement *all, size_t n, struct requirement *ret)
{
    struct version version;
    if (!fd_name(item, "name", &ret->name) || !fd_text(item, "version", false, &ret->version))
        return false;
    if (!parse_version(ret->version, &version)) {
        rs_tell(item->set, true, RS_ERR_VALIDATE, &item->place, item->label, "\"x.y.z\"",
            "Invalid required version '%.*s' for plugin '%s'", VL_SPAN_FMT(ret->version), ret->name);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].name, ret->name) == 0) {
            rs_tell(item->set, true, RS_ERR_VALIDATE, &item->place, item->label, NULL,
                "Defined multiple alternative version requirements for plugin '%s'", ret->name);
            return false;
        }
    return true;
}

/* 1 satisfied, 0 not there, -1 there in another version. */
static int judge(const struct vl_ruleset *set, const struct requirement *wanted)
{
    const struct rs_plugin *plugins = set->plugins_told ? set->plugins.items : own_plugins;
    size_t n = set->plugins_told ? set->plugins.len : VL_ARRAY_LEN(own_plugins);
    struct version have = {0}, version = {0};
    for (size_t i = 0; i < n; i++)
        if (strcmp(plugins[i].name, wanted->name) == 0)
            return parse_version(vl_span_str(plugins[i].version), &have) &&
                           parse_version(wanted->version, &version) && satisfies(&have, &version)
                       ? 1
                       : -1;
    return 0;
}

static void judge_all(const struct fd_item *item, const struct requirement *all, size_t n)
{
    bool other_version = false;
    for (size_t i = 0; i < n; i++) {
        int verdict = judge(item->set, &all[i]);
        if (verdict > 0)
            return;
        other_version |= verdict < 0;
    }
    rs_tell(item->set, other_version || item->set->plugins_told,
        other_version ? RS_ERR_VALIDATE : RS_UNKNOWN_PLUGIN, &item->place, item->label, NULL,
        "Plugin requirement not satisfied: %s %.*s%s", all[0].name, VL_SPAN_FMT(all[0].version),
        n > 1 ? " or an alternative" : "");
}

static void read_plugin(struct fd_item *item)
{
    struct requirement all[ALTERNATIVES_MAX];
    size_t n = 0;
    const struct vl_doc_node *others = vl_doc_get(item->node, "alternatives");
    if (!vl_doc_is(item->node, VL_DOC_OBJECT)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &item->place, item->label, NULL,
            "Plugin version must be a mapping");
        return;
    }
    if (!read_requirement(item, all, n, &all[n]))
        return;
    n++;
    if (others && !vl_doc_is(others, VL_DOC_ARRAY)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &item->place, item->label, NULL,
            "Value of plugin version alternatives must be a sequence");
        return;
    }
    for (const struct vl_doc_node *other = vl_doc_first(others); other; other = vl_doc_next(other)) {
        struct fd_item inner = fd_item(item->set, item->source, other, item->label);
        if (!vl_doc_is(other, VL_DOC_OBJECT) || n >= ALTERNATIVES_MAX) {
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &inner.place, item->label, NULL,
                n >= ALTERNATIVES_MAX ? "more than 64 alternatives"
                                      : "Plugin version alternative must be a mapping");
            return;
        }
        if (!read_requirement(&inner, all, n, &all[n]))
            return;
        n++;
    }
    judge_all(item, all, n);
}

void fv_plugins(const struct fd_item *item)
{
    const struct vl_doc_node *value = vl_doc_get(item->node, "required_plugin_versions");
    struct rs_place place = rs_place_of(item->source, value);
    if (!vl_doc_is(value, VL_DOC_ARRAY)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, "required_plugin_versions", NULL,
            "Value of required_plugin_versions must be a sequence");
        return;
    }
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n)) {
        struct fd_item plugin = fd_item(item->set, item->source, n, "required_plugin_versions");
        read_plugin(&plugin);
    }
}
