#include "remote/contexts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "remote/yaml_out.h"

#define FILE_MAX (1024UL * 1024)

static const struct member {
    const char *name;
    size_t offset;
    bool required;
} members[] = {
    {"name", offsetof(struct vl_cli_context, name), true},
    {"server", offsetof(struct vl_cli_context, server), true},
    {"fingerprint", offsetof(struct vl_cli_context, fingerprint), false},
    {"user", offsetof(struct vl_cli_context, user), false},
    {"environment", offsetof(struct vl_cli_context, environment), false},
    {"expires", offsetof(struct vl_cli_context, expires), false},
    {"token", offsetof(struct vl_cli_context, token), false},
    {"ca", offsetof(struct vl_cli_context, ca), false},
};

static const char **member_of(struct vl_cli_context *context, const struct member *m)
{
    return (const char **)(void *)((char *)context + m->offset);
}

static int find_path(char path[4096], struct vl_err *err)
{
    const char *own = getenv("VALLUM_CONTEXTS");
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n = -1;
    if (own && *own)
        n = snprintf(path, 4096, "%s", own);
    else if (base && *base == '/')
        n = snprintf(path, 4096, "%s/vallum/contexts.yaml", base);
    else if (home && *home == '/')
        n = snprintf(path, 4096, "%s/.config/vallum/contexts.yaml", home);
    if (n < 0 || n >= 4096)
        return vl_err_set(err, VL_ERR_USAGE, "there is no place for contexts: set HOME or VALLUM_CONTEXTS");
    return 0;
}

static int take_context(struct vl_cli_contexts *contexts, const struct vl_doc_node *node, struct vl_err *err)
{
    if (contexts->n == VL_CLI_CONTEXTS_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: more than %d contexts", contexts->path, VL_CLI_CONTEXTS_MAX);
    struct vl_cli_context *c = &contexts->items[contexts->n];
    *c = (struct vl_cli_context){0};
    for (size_t i = 0; i < VL_ARRAY_LEN(members); i++) {
        struct vl_span text = vl_doc_get_str(node, members[i].name);
        if (text.len)
            *member_of(c, &members[i]) = vl_arena_dup_span(contexts->arena, text);
        else if (members[i].required)
            return vl_err_set(err, VL_ERR_USAGE, "%s:%u: a context needs \"%s\"", contexts->path,
                vl_doc_line(node), members[i].name);
    }
    contexts->n++;
    return vl_arena_check(contexts->arena, "contexts", err);
}

static int parse(struct vl_cli_contexts *contexts, struct vl_span text, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(text, VL_DOC_YAML, contexts->path, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span current = vl_doc_get_str(root, "current");
    if (current.len)
        contexts->current = vl_arena_dup_span(contexts->arena, current);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "contexts")); n && r >= 0;
        n = vl_doc_next(n))
        r = take_context(contexts, n, err);
    return r;
}

int vl_cli_contexts_load(struct vl_arena *arena, struct vl_cli_contexts *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct stat st;
    vl_buf_init(&text, FILE_MAX);
    *ret = (struct vl_cli_contexts){.arena = arena};
    int r = find_path(ret->path, err);
    if (r < 0)
        return r;
    VL_CLEANUP(vl_file_close) int fd = open(ret->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "%s", ret->path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0 || st.st_uid != geteuid())
        return vl_err_set(err, VL_ERR_USAGE,
            "%s: holds tokens and must belong to you alone: chmod 600 it, and revoke its tokens if others "
            "read it",
            ret->path);
    r = vl_file_read_fd(fd, ret->path, FILE_MAX, &text, err);
    if (r >= 0)
        r = parse(ret, vl_buf_span(&text), err);
    if (r < 0 && err->code != VL_ERR_MEMORY)
        err->code = VL_ERR_USAGE;
    return r < 0 ? r : 0;
}

struct vl_cli_context *vl_cli_context_find(struct vl_cli_contexts *contexts, const char *name)
{
    name = name ? name : contexts->current;
    for (size_t i = 0; name && i < contexts->n; i++)
        if (strcmp(contexts->items[i].name, name) == 0)
            return &contexts->items[i];
    return NULL;
}

int vl_cli_context_put(
    struct vl_cli_contexts *contexts, const char *name, struct vl_cli_context **ret, struct vl_err *err)
{
    *ret = vl_cli_context_find(contexts, name);
    if (*ret)
        return 0;
    if (contexts->n == VL_CLI_CONTEXTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d contexts: remove one", VL_CLI_CONTEXTS_MAX);
    *ret = &contexts->items[contexts->n++];
    **ret = (struct vl_cli_context){.name = vl_arena_strdup(contexts->arena, name)};
    return vl_arena_check(contexts->arena, "contexts", err);
}

void vl_cli_contexts_forget(struct vl_cli_contexts *contexts, struct vl_cli_context *context)
{
    size_t at = (size_t)(context - contexts->items);
    if (contexts->current && strcmp(contexts->current, context->name) == 0)
        contexts->current = NULL;
    memmove(context, context + 1, (contexts->n - at - 1) * sizeof(*context));
    contexts->n--;
}

int vl_cli_contexts_save(const struct vl_cli_contexts *contexts, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf yaml;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_json json;
    char folder[4096];
    vl_buf_init(&text, FILE_MAX);
    vl_buf_init(&yaml, FILE_MAX);
    vl_json_init(&json, &text, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "current", contexts->current);
    vl_json_key(&json, "contexts");
    vl_json_array(&json);
    for (size_t i = 0; i < contexts->n; i++) {
        struct vl_cli_context c = contexts->items[i];
        vl_json_object(&json);
        for (size_t k = 0; k < VL_ARRAY_LEN(members); k++)
            vl_json_member_str(&json, members[k].name, *member_of(&c, &members[k]));
        vl_json_object_end(&json);
    }
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    int r = vl_json_check(&json, contexts->path, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, contexts->path, &doc, err);
    if (r < 0)
        return r;
    vl_buf_append_str(
        &yaml, "# Written by `vallum login` and `vallum context`. Holds tokens: keep it to yourself.\n");
    vl_cli_yaml(vl_doc_root(doc), &yaml);
    r = vl_buf_check(&yaml, contexts->path, err);
    (void)snprintf(folder, sizeof(folder), "%s", contexts->path);
    char *slash = strrchr(folder, '/');
    if (r >= 0 && slash && slash != folder) {
        *slash = '\0';
        r = vl_file_make_dirs(folder, 0700, err);
    }
    return r < 0 ? r : vl_file_replace(contexts->path, 0600, vl_buf_span(&yaml), err);
}
