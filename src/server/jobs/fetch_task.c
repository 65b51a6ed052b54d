#include <string.h>

#include "codec/doc.h"
#include "codec/json.h"
#include "jobs/fetch_wire.h"

int vl_fetch_task_write(const struct vl_fetch_task *task, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "task", task->task);
    vl_json_member_str(&json, "host", task->registry.host);
    vl_json_member_str(&json, "kind", task->registry.kind);
    vl_json_member_str(&json, "username", task->registry.username);
    vl_json_member_str(&json, "password", task->registry.password);
    vl_json_member_str(&json, "ca", task->registry.ca_pem);
    vl_json_member_bool(&json, "insecure", task->registry.insecure);
    vl_json_member_str(&json, "repository", task->repository);
    vl_json_member_str(&json, "digest", task->digest);
    vl_json_member_str(&json, "cache", task->cache_dir);
    vl_json_key(&json, "references");
    vl_json_array(&json);
    for (size_t i = 0; i < task->n_references; i++)
        vl_json_str(&json, task->references[i]);
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    return vl_json_check(&json, "a task for the fetcher", err);
}

/* NULL where it is not there. */
static const char *text(const struct vl_doc_node *root, const char *key, struct vl_arena *arena)
{
    const struct vl_doc_node *node = vl_doc_get(root, key);
    return vl_doc_is(node, VL_DOC_STRING) ? vl_arena_dup_span(arena, vl_doc_span(node)) : NULL;
}

int vl_fetch_task_read(
    struct vl_span json, struct vl_arena *arena, struct vl_fetch_task *ret, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = vl_doc_parse(json, VL_DOC_JSON, "the fetcher's task", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *list = vl_doc_get(root, "references");
    struct vl_fetch_task t = {
        .task = text(root, "task", arena),
        .registry = {.host = text(root, "host", arena),
            .kind = text(root, "kind", arena),
            .username = text(root, "username", arena),
            .password = text(root, "password", arena),
            .ca_pem = text(root, "ca", arena),
            .insecure = vl_doc_bool(vl_doc_get(root, "insecure"))},
        .repository = text(root, "repository", arena),
        .digest = text(root, "digest", arena),
        .cache_dir = text(root, "cache", arena),
    };
    const char **references = vl_arena_array(arena, vl_doc_size(list) + 1, sizeof(*references));
    for (const struct vl_doc_node *i = vl_doc_first(list); i && references; i = vl_doc_next(i))
        references[t.n_references++] = vl_arena_dup_span(arena, vl_doc_span(i));
    t.references = references;
    r = vl_arena_check(arena, "the fetcher's task", err);
    if (r >= 0 && (!t.task || !t.registry.host || !t.registry.kind))
        r = vl_err_set(err, VL_ERR_USAGE, "the fetcher's task: no task, host or kind");
    if (r >= 0 && strcmp(t.task, "catalogue") != 0 && !t.repository)
        r = vl_err_set(err, VL_ERR_USAGE, "the fetcher's task: no repository");
    if (r >= 0 && strcmp(t.task, "scan") == 0 && !t.digest)
        r = vl_err_set(err, VL_ERR_USAGE, "the fetcher's task: no digest");
    if (r >= 0)
        *ret = t;
    return r;
}
