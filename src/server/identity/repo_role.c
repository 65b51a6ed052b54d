/* tests: identity/test_sight.c, identity/test_route_user.c, identity/test_oidc.c */
#include "identity/repo_role.h"

#include <string.h>

#include "base/vec.h"
#include "inventory/label.h"

static const struct vl_store_sql sql_bind = {
    "INSERT INTO role_binding (principal_id, environment_id, role, registry_id) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (principal_id, environment_id, registry_id) DO UPDATE SET role = excluded.role",
    NULL};
static const struct vl_store_sql sql_bind_part = {
    "INSERT INTO role_part (principal_id, environment_id, role, label, cluster, namespace) VALUES ($1, $2, "
    "$3, $4, lower($5), $6) ON CONFLICT (principal_id, environment_id, label, cluster, namespace) DO UPDATE "
    "SET role = excluded.role",
    NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM role_binding WHERE principal_id = $1 AND environment_id = $2 AND registry_id = $3", NULL};
static const struct vl_store_sql sql_remove_part = {
    "DELETE FROM role_part WHERE principal_id = $1 AND environment_id = $2 AND label = $3 AND cluster = "
    "lower($4) AND namespace = $5",
    NULL};
static const struct vl_store_sql sql_remove_all = {
    "DELETE FROM role_binding WHERE principal_id = $1 AND (registry_id = 0 OR $2 <> 0)", NULL};
static const struct vl_store_sql sql_remove_parts = {"DELETE FROM role_part WHERE principal_id = $1", NULL};
static const struct vl_store_sql sql_registry_gone = {
    "DELETE FROM role_binding WHERE registry_id = $1 AND registry_id > 0", NULL};
static const struct vl_store_sql sql_get = {"SELECT max(role) FROM role_binding WHERE principal_id = $1 "
                                            "AND (environment_id = $2 OR environment_id = 0) AND "
                                            "registry_id = 0",
    NULL};
/* A cluster has no row of its own that could stand for it: the role's does, negative, so that it is no
 * registry's. */
#define OF_REGISTRIES                                                                                    \
    "SELECT b.registry_id AS part_id, b.role, '', '' FROM role_binding b WHERE b.principal_id = $1 AND " \
    "b.environment_id = $2 AND b.registry_id > 0 "
#define OF_LABELS(condition)                                                              \
    "SELECT g.id, p.role, '', '' FROM role_part p JOIN registry g ON g.environment_id = " \
    "p.environment_id AND " condition                                                     \
    " WHERE p.principal_id = $1 AND p.environment_id = $2 AND p.label <> '' "
#define OF_CLUSTERS                                                                                \
    "SELECT -p.id, p.role, p.cluster, p.namespace FROM role_part p WHERE p.principal_id = $1 AND " \
    "p.environment_id = $2 AND p.cluster <> '' "
#define PARTS(has)                                                                            \
    OF_REGISTRIES "UNION ALL " OF_LABELS(has("g.labels", "p.label")) "UNION ALL " OF_CLUSTERS \
                                                                     "ORDER BY 1 LIMIT $3"
static const struct vl_store_sql sql_parts = {PARTS(VL_LABELS_HAVE_SQLITE), PARTS(VL_LABELS_HAVE_POSTGRESQL)};
static const struct vl_store_sql sql_bindings = {
    "SELECT e.guid, b.role, r.name, b.label, b.cluster, b.namespace FROM (SELECT environment_id, role, "
    "registry_id, '' AS label, '' AS cluster, '' AS namespace FROM role_binding WHERE principal_id = $1 "
    "UNION ALL SELECT environment_id, role, 0, label, cluster, namespace FROM role_part WHERE principal_id = "
    "$1) b LEFT JOIN environment e ON e.id = b.environment_id LEFT JOIN registry r ON r.id = b.registry_id "
    "WHERE (b.environment_id = 0 OR e.id IS NOT NULL) AND (b.registry_id = 0 OR r.id IS NOT NULL) ORDER BY "
    "b.environment_id, b.cluster, b.namespace, b.label, b.registry_id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_owners = {
    "SELECT count(*) FROM principal p JOIN role_binding b ON b.principal_id = p.id WHERE p.disabled = 0 AND "
    "b.environment_id = 0 AND b.registry_id = 0 AND b.role = $1",
    NULL};

/* --- changes --- */

bool vl_role_is_place(struct vl_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!vl_char_is_letter(c) && !vl_char_is_digit(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return name.len > 0 && name.len <= VL_ROLE_CLUSTER_MAX;
}

static const char *text(const char *value)
{
    return value ? value : "";
}

static bool is_part(const struct vl_role_scope *scope)
{
    return scope->kind == VL_ROLE_LABEL || scope->kind == VL_ROLE_CLUSTER;
}

/* What says the scope, beginning with parameter `at`. */
static void bind_scope(struct vl_stmt *stmt, int at, const struct vl_role_scope *scope)
{
    if (!is_part(scope)) {
        vl_stmt_int(stmt, at, scope->registry);
        return;
    }
    vl_stmt_str(stmt, at, text(scope->label));
    vl_stmt_str(stmt, at + 1, text(scope->cluster));
    vl_stmt_str(stmt, at + 2, text(scope->name_space));
}

int vl_repo_role_bind(struct vl_store_conn *conn, int64_t principal, const struct vl_role_scope *scope,
    enum vl_role role, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, is_part(scope) ? &sql_bind_part : &sql_bind, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, scope->environment);
    vl_stmt_int(stmt, 3, role);
    bind_scope(stmt, 4, scope);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_role_set(
    struct vl_store_conn *conn, int64_t principal, int64_t environment, enum vl_role role, struct vl_err *err)
{
    const struct vl_role_scope scope = {.environment = environment};
    return vl_repo_role_bind(conn, principal, &scope, role, err);
}

int vl_repo_role_remove(
    struct vl_store_conn *conn, int64_t principal, const struct vl_role_scope *scope, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, is_part(scope) ? &sql_remove_part : &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, scope->environment);
    bind_scope(stmt, 3, scope);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_role_remove_all(struct vl_store_conn *conn, int64_t principal, bool parts, struct vl_err *err)
{
    struct vl_stmt *all VL_CLEANUP(vl_stmt_cleanup) = NULL, *of_parts VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_remove_all, &all, err);
    if (r < 0)
        return r;
    vl_stmt_int(all, 1, principal);
    vl_stmt_int(all, 2, parts);
    r = vl_stmt_run(all, NULL, err);
    if (r < 0 || !parts)
        return r;
    r = vl_stmt_begin(conn, &sql_remove_parts, &of_parts, err);
    if (r < 0)
        return r;
    vl_stmt_int(of_parts, 1, principal);
    return vl_stmt_run(of_parts, NULL, err);
}

int vl_repo_role_registry_gone(struct vl_store_conn *conn, int64_t registry, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_registry_gone, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, registry);
    return vl_stmt_run(stmt, NULL, err);
}

/* --- reading --- */

/* What a token takes away from the role of its owner. */
static enum vl_role with_token(const struct vl_principal *principal, int64_t role)
{
    return (enum vl_role)(principal->token_id && role > principal->token_role ? principal->token_role : role);
}

int vl_repo_role_get(struct vl_store_conn *conn, const struct vl_principal *principal, int64_t environment,
    enum vl_role *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (principal->token_environment && principal->token_environment != environment) {
        *ret = VL_ROLE_NONE;
        return 0;
    }
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal->id);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret = with_token(principal, r > 0 ? vl_stmt_get_int(stmt, 0) : 0);
    return 0;
}

int vl_repo_role_parts(struct vl_store_conn *conn, const struct vl_principal *principal, int64_t environment,
    struct vl_arena *arena, struct vl_role_part **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_role_part *list = NULL;
    size_t n = 0;
    *ret = NULL;
    *ret_n = 0;
    if (principal->token_environment && principal->token_environment != environment)
        return 0;
    int r = vl_stmt_begin(conn, &sql_parts, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal->id);
    vl_stmt_int(stmt, 2, environment);
    vl_stmt_int(stmt, 3, VL_ROLE_PARTS_MAX + 1);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        if (n == VL_ROLE_PARTS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT,
                "\"%s\" has roles in more than %d parts of an environment: one in the whole of it, or a "
                "label, is what is meant",
                principal->name, VL_ROLE_PARTS_MAX);
        if (!list)
            list = vl_arena_array(arena, VL_ROLE_PARTS_MAX, sizeof(*list));
        if (!list)
            return vl_arena_check(arena, "roles", err);
        list[n++] = (struct vl_role_part){.id = vl_stmt_get_int(stmt, 0),
            .role = with_token(principal, vl_stmt_get_int(stmt, 1)),
            .cluster = vl_stmt_copy(stmt, 2, arena),
            .name_space = vl_stmt_copy(stmt, 3, arena)};
    }
    if (r >= 0)
        r = vl_arena_check(arena, "roles", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_role_bindings(struct vl_store_conn *conn, int64_t principal, struct vl_arena *arena,
    struct vl_role_binding **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec found VL_CLEANUP(vl_vec_done);
    vl_vec_init(&found, sizeof(struct vl_role_binding), VL_ROLE_BINDINGS_MAX);
    int r = vl_stmt_begin(conn, &sql_bindings, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, VL_ROLE_BINDINGS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_role_binding *one = vl_vec_push(&found, "roles", err);
        if (!one)
            return err->err;
        *one = (struct vl_role_binding){.environment = vl_stmt_copy(stmt, 0, arena),
            .role = (enum vl_role)vl_stmt_get_int(stmt, 1),
            .registry = vl_stmt_copy(stmt, 2, arena),
            .label = vl_stmt_copy(stmt, 3, arena),
            .cluster = vl_stmt_copy(stmt, 4, arena),
            .name_space = vl_stmt_copy(stmt, 5, arena)};
    }
    struct vl_role_binding *list = vl_arena_array(arena, found.len + 1, sizeof(*list));
    if (r >= 0)
        r = vl_arena_check(arena, "roles", err);
    if (r < 0)
        return r;
    if (found.len > 0)
        memcpy(list, found.items, found.len * sizeof(*list));
    *ret = list;
    *ret_n = found.len;
    return 0;
}

int vl_repo_owners(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_owners, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, VL_ROLE_OWNER);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}
