/* Maven artifacts in MODULE.bazel and WORKSPACE, and the lock file maven_install.json. Sources: bazel.build
 * "External dependencies", bazel-contrib/rules_jvm_external README.
 *
 * The files are Starlark. What lists artifacts in practice are texts, lists, names and "+": that much is
 * evaluated, the rest is read over. */
#include "language/project_parsers.h"

#include "language/starlark.h"
#include "text_util.h"

#define REPOSITORY "rules_jvm_external"

/* Emits what calls of rules_jvm_external name. */
struct bazel {
    struct pkg_unique unique;
    struct vl_arena *arena;
};

/* "group:artifact:version", "group:artifact:packaging[:classifier]:version", "group:artifact". */
static int add_coordinate(struct bazel *bazel, struct vl_span text, uint32_t line, struct vl_err *err)
{
    size_t first = vl_span_find_char(text, ':');
    if (first == SIZE_MAX || first == 0)
        return 0;
    size_t second = vl_span_find_char(vl_span_slice(text, first + 1, SIZE_MAX), ':');
    struct vl_span name = vl_span_slice(text, 0, second == SIZE_MAX ? SIZE_MAX : first + 1 + second);
    struct vl_span version =
        second == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(text, vl_span_rfind_char(text, ':') + 1, SIZE_MAX);
    return pkg_unique_add(&bazel->unique, name, version, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, line, NULL, err);
}

static struct vl_span text_argument(const struct star_call *call, const char *name, size_t position)
{
    const struct star_value *value = star_argument(call, name, position);
    return value && value->kind == STAR_TEXT ? value->text : VL_SPAN_EMPTY;
}

static int add_list(struct bazel *bazel, const struct star_value *list, uint32_t line, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; list && list->kind == STAR_LIST && i < list->n_items && r == 0; i++) {
        if (list->items[i].kind == STAR_TEXT)
            r = add_coordinate(bazel, list->items[i].text, line, err);
    }
    return r;
}

/* maven.artifact(group, artifact, version): in MODULE.bazel a statement of its own, in WORKSPACE an item of a
 * list. */
static int on_artifact(
    struct bazel *bazel, const struct star_call *call, struct star_value *ret, struct vl_err *err)
{
    struct vl_span group = text_argument(call, "group", 0), artifact = text_argument(call, "artifact", 1);
    struct vl_span version = text_argument(call, "version", 2);
    if (group.len == 0 || artifact.len == 0)
        return 0;
    const char *text = vl_arena_printf(bazel->arena, "%.*s:%.*s%s%.*s", VL_SPAN_FMT(group),
        VL_SPAN_FMT(artifact), version.len ? ":" : "", VL_SPAN_FMT(version));
    if (!text)
        return vl_arena_check(bazel->arena, "MODULE.bazel", err);
    *ret = (struct star_value){.kind = STAR_TEXT, .text = vl_span_str(text)};
    return add_coordinate(bazel, ret->text, call->line, err);
}

static bool is_from_rules(struct vl_span label)
{
    return vl_span_find(label, VL_SPAN_LIT(REPOSITORY)) != SIZE_MAX && PKG_STARTS(label, "@") &&
           vl_span_find_char(label, '/') != SIZE_MAX &&
           (PKG_STARTS(label, "@" REPOSITORY "//") || PKG_STARTS(label, "@@" REPOSITORY));
}

static int on_call(void *user, const struct star_call *call, struct star_value *ret, struct vl_err *err)
{
    struct bazel *bazel = user;
    bool ours = call->callee->kind == STAR_FOREIGN && is_from_rules(call->callee->text);
    if (PKG_IS(call->name, "use_extension")) {
        struct vl_span label = text_argument(call, "extension_bzl_file", 0);
        *ret = (struct star_value){.kind = STAR_FOREIGN, .text = label};
        return 0;
    }
    if (!ours)
        return 0;
    if (PKG_IS(call->name, "artifact"))
        return on_artifact(bazel, call, ret, err);
    if (!PKG_IS(call->name, "install") && vl_span_find(call->name, VL_SPAN_LIT("maven_install")) == SIZE_MAX)
        return 0;
    int r = add_list(bazel, star_argument(call, "artifacts", SIZE_MAX), call->line, err);
    return r == 0 ? add_list(bazel, star_argument(call, "boms", SIZE_MAX), call->line, err) : r;
}

static int parse_module(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct bazel bazel = {.arena = sink->arena};
    pkg_unique_init(&bazel.unique, sink, file, VL_ECO_MAVEN);
    int r = star_run(file->content, file->path, sink->arena, on_call, &bazel, err);
    pkg_unique_done(&bazel.unique);
    return r;
}

static bool wants_module(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_IS(base, "MODULE.bazel") || PKG_IS(base, "WORKSPACE") || PKG_IS(base, "WORKSPACE.bazel") ||
           PKG_IS(base, "WORKSPACE.bzlmod") || PKG_ENDS(base, ".MODULE.bazel");
}

const struct vl_package_parser pkg_parser_java_bazel_module = {
    .name = "java/bazel",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_module,
    .parse = parse_module,
};

/* Version 2: "artifacts": {"group:artifact[:type[:classifier]]": {"version": …}}. */
static int add_artifacts(struct bazel *bazel, const struct vl_doc_node *artifacts, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(artifacts); n; n = vl_doc_next(n)) {
        struct vl_span key = vl_doc_key(n), version = vl_doc_get_str(n, "version");
        size_t first = vl_span_find_char(key, ':');
        size_t second =
            first == SIZE_MAX ? SIZE_MAX : vl_span_find_char(vl_span_slice(key, first + 1, SIZE_MAX), ':');
        struct vl_span name = vl_span_slice(key, 0, second == SIZE_MAX ? SIZE_MAX : first + 1 + second);
        if (first == SIZE_MAX)
            continue;
        int r = pkg_unique_add(
            &bazel->unique, name, version, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, vl_doc_line(n), NULL, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Version 1: a list with "coord". */
static int add_dependencies(struct bazel *bazel, const struct vl_doc_node *dependencies, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(dependencies); n; n = vl_doc_next(n)) {
        int r = add_coordinate(bazel, vl_doc_get_str(n, "coord"), vl_doc_line(n), err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_install(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct bazel bazel = {.arena = sink->arena};
    pkg_unique_init(&bazel.unique, sink, file, VL_ECO_MAVEN);
    r = add_artifacts(&bazel, vl_doc_get(root, "artifacts"), err);
    if (r == 0)
        r = add_dependencies(&bazel, vl_doc_get(vl_doc_get(root, "dependency_tree"), "dependencies"), err);
    pkg_unique_done(&bazel.unique);
    return r;
}

static bool wants_install(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), "maven_install.json");
}

const struct vl_package_parser pkg_parser_java_maven_install = {
    .name = "java/maven-install",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_install,
    .parse = parse_install,
};
