/* Users, clients and their roles; the audit log: /api/v1/users, /api/v1/audit. For owners over all
 * environments. */
#include <string.h>

#include "api.h"
#include "identity/oidc_claims.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "identity/repo_user.h"
#include "inventory/label.h"
#include "inventory/repo_registry.h"
#include "net/crypt.h"
#include "routes.h"

#define WORD_MAX   32
#define LINES_STEP 1000 /* rows of a read, where all are asked for as lines */

/* --- what is answered --- */

static const char *some(const char *text)
{
    return text && *text ? text : NULL;
}

static int write_user(struct vl_store_conn *conn, struct vl_request *request, struct vl_json *json,
    const struct vl_user *user, struct vl_err *err)
{
    struct vl_role_binding *bindings = NULL;
    size_t n = 0;
    int r = vl_repo_role_bindings(conn, user->id, request->arena, &bindings, &n, err);
    if (r < 0)
        return r;
    vl_json_member_int(json, "id", user->id);
    vl_json_member_str(json, "name", user->name);
    vl_json_member_str(json, "kind", user->kind == VL_PRINCIPAL_USER ? "user" : "client");
    vl_json_member_bool(json, "disabled", user->disabled);
    vl_api_time(json, "created", user->created);
    vl_api_array(json, "roles");
    for (size_t i = 0; i < n; i++) {
        vl_json_object(json);
        vl_api_str(json, "environment", bindings[i].environment);
        vl_json_member_str(json, "role", vl_role_name(bindings[i].role));
        vl_api_str(json, "registry", bindings[i].registry);
        vl_api_str(json, "label", some(bindings[i].label));
        vl_api_str(json, "cluster", some(bindings[i].cluster));
        vl_api_str(json, "namespace", some(bindings[i].name_space));
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    return 0;
}

static int answer(struct vl_request *request, unsigned status, int64_t id, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_user user;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_user_get(conn, id, request->arena, &user, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such user");
    vl_request_json(request, status, &json);
    r = write_user(conn, request, &json, &user, err);
    return r < 0 ? r : vl_request_json_end(&json, err);
}

static int users_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_user *users = NULL;
    struct vl_api_page page;
    int64_t total = 0;
    size_t n = 0;
    int r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_user_list(
            conn, page.resumed ? page.keys[0].text : "", page.fetch, request->arena, &users, &n, err);
    for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
        const struct vl_api_key key = {.text = users[i].name};
        r = write_user(conn, request, &page.json, &users[i], err);
        vl_api_item_end(&page, &key);
    }
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_user_count(conn, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

static int user_get(struct vl_request *request, struct vl_err *err)
{
    int64_t id = 0;
    int r = vl_request_id(request, 0, "user", &id, err);
    return r < 0 ? r : answer(request, 200, id, err);
}

/* --- what is asked for --- */

struct change {
    struct vl_request *request;
    int64_t id;
    const char *name;
    enum vl_principal_kind kind;
    bool has_role, has_disabled, disabled;
    enum vl_role role;
    const char *where;    /* GUID or name of an environment; NULL: all */
    const char *registry; /* name or id of one in it; NULL: none */
    struct vl_role_scope scope;
    char hash[VL_CRYPT_HASH_TEXT];
};

static bool has(const struct vl_request *request, const char *field)
{
    return vl_doc_get(request->body, field) != NULL;
}

static int read_password(struct change *c, bool required, struct vl_err *err)
{
    const char *password = NULL;
    int r = vl_request_text(c->request, "password", required, VL_CRYPT_PASSWORD_MAX, &password, err);
    if (r < 0 || !password)
        return r;
    if (c->kind == VL_PRINCIPAL_CLIENT)
        return vl_err_set(err, VL_ERR_INVALID, "/password: a client has tokens, no password");
    if (strlen(password) < VL_USER_PASSWORD_MIN)
        return vl_err_set(
            err, VL_ERR_INVALID, "/password: must have at least %d characters", VL_USER_PASSWORD_MIN);
    return vl_crypt_password_hash(vl_span_str(password), c->hash, err);
}

/* An empty text is no way to say "everywhere": it comes of a variable that was never set. */
static int optional(
    const struct change *c, const char *field, size_t max, const char **ret, struct vl_err *err)
{
    int r = vl_request_text(c->request, field, false, max, ret, err);
    if (r >= 0 && *ret && **ret == '\0')
        return vl_err_set(err, VL_ERR_INVALID, "/%s: is empty", field);
    return r;
}

/* The word for the part of an environment that is asked for; NULL: none. */
static const char *part_of(const struct change *c)
{
    static const char *const words[] = {NULL, "registry", "label", "cluster"};
    return words[c->scope.kind];
}

static int check_place(const char *field, const char *name, struct vl_err *err)
{
    return !name || vl_role_is_place(vl_span_str(name))
               ? 0
               : vl_err_set(err, VL_ERR_INVALID, "/%s: is no name of a %s", field, field);
}

/* One part at most: a registry, all with a label, or a cluster with or without a namespace. */
static int read_part(struct change *c, struct vl_err *err)
{
    struct vl_role_scope *s = &c->scope;
    int r = optional(c, "registry", VL_REGISTRY_NAME_MAX, &c->registry, err);
    if (r >= 0)
        r = optional(c, "label", VL_LABEL_TEXT_MAX, &s->label, err);
    if (r >= 0)
        r = optional(c, "cluster", VL_ROLE_CLUSTER_MAX, &s->cluster, err);
    if (r >= 0)
        r = optional(c, "namespace", VL_ROLE_NAMESPACE_MAX, &s->name_space, err);
    if (r >= 0)
        r = check_place("cluster", s->cluster, err);
    if (r >= 0)
        r = check_place("namespace", s->name_space, err);
    if (r < 0)
        return r;
    if ((c->registry != NULL) + (s->label != NULL) + (s->cluster != NULL) > 1)
        return vl_err_set(err, VL_ERR_INVALID,
            "/%s: a role holds in a registry, in those with a label, or in a cluster",
            s->cluster ? "cluster" : "label");
    if (s->label && !vl_label_is(vl_span_str(s->label)))
        return vl_err_set(err, VL_ERR_INVALID, "/label: must be NAME=VALUE, as registries bear it");
    if (s->name_space && !s->cluster)
        return vl_err_set(err, VL_ERR_INVALID, "/cluster: is missing: which one is the namespace in?");
    s->kind = c->registry  ? VL_ROLE_REGISTRY
              : s->label   ? VL_ROLE_LABEL
              : s->cluster ? VL_ROLE_CLUSTER
                           : VL_ROLE_WHOLE;
    return 0;
}

/* `none` takes a role away; it is no role to begin with. */
static int read_role(struct change *c, bool required, struct vl_err *err)
{
    const char *role = NULL;
    int r = vl_request_text(c->request, "role", required, WORD_MAX, &role, err);
    if (r >= 0)
        r = optional(c, "environment", VL_ENVIRONMENT_NAME_MAX, &c->where, err);
    if (r >= 0)
        r = read_part(c, err);
    if (r < 0)
        return r;
    c->has_role = role != NULL;
    const char *part = part_of(c);
    if (part && !role)
        return vl_err_set(err, VL_ERR_INVALID, "/role: is missing beside the %s", part);
    if (!role && c->where)
        return vl_err_set(err, VL_ERR_INVALID, "/role: is missing beside the environment");
    bool none = role && strcmp(role, "none") == 0;
    if (role && (none ? required : !vl_role_parse(vl_span_str(role), &c->role)))
        return vl_err_set(err, VL_ERR_INVALID, "/role: is none of reader, admin, owner");
    if (part && !c->where)
        return vl_err_set(err, VL_ERR_INVALID, "/environment: is missing: which one is the %s in?", part);
    if (part && c->role == VL_ROLE_OWNER)
        return vl_err_set(
            err, VL_ERR_INVALID, "/role: a part of an environment has readers and admins, no owners");
    return 0;
}

/* By its name, else by its id: people have either before them. */
static int find_registry(
    struct vl_store_conn *conn, const struct change *c, int64_t environment, int64_t *ret, struct vl_err *err)
{
    struct vl_registry registry;
    uint64_t id = 0;
    int r = vl_repo_registry_named(conn, environment, c->registry, ret, err);
    if (r == 0 && vl_span_to_u64(vl_span_str(c->registry), &id) && id <= INT64_MAX) {
        *ret = (int64_t)id;
        r = vl_repo_registry_get(conn, environment, *ret, c->request->arena, &registry, err);
    }
    if (r == 0)
        return vl_err_set(err, VL_ERR_INVALID, "/registry: there is no registry \"%s\" in it", c->registry);
    return r;
}

static int set_role(struct vl_store_conn *conn, const struct change *c, struct vl_err *err)
{
    struct vl_environment environment = {0};
    struct vl_role_scope scope = c->scope;
    int r = 1;
    if (!c->has_role)
        return 0;
    if (c->where)
        r = vl_repo_environment_find(conn, vl_span_str(c->where), c->request->arena, &environment, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_INVALID, "/environment: there is no environment \"%s\"", c->where);
    if (r >= 0 && c->registry)
        r = find_registry(conn, c, environment.id, &scope.registry, err);
    if (r < 0)
        return r;
    scope.environment = environment.id;
    return c->role == VL_ROLE_NONE ? vl_repo_role_remove(conn, c->id, &scope, err)
                                   : vl_repo_role_bind(conn, c->id, &scope, c->role, err);
}

/* Whoever takes away the last one could not give it back. */
static int owner_is_left(struct vl_store_conn *conn, struct vl_err *err)
{
    int64_t owners = 0;
    int r = vl_repo_owners(conn, &owners, err);
    if (r >= 0 && owners == 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "this is the last owner over all environments");
    return r;
}

/* --- changes --- */

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int64_t count = 0;
    int r = vl_repo_user_count(conn, &count, err);
    if (r >= 0 && count >= VL_USERS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "there are %d users already", VL_USERS_MAX);
    if (r >= 0)
        r = vl_repo_principal_add(conn, c->kind, c->name, *c->hash ? c->hash : NULL, &c->id, err);
    if (r >= 0)
        r = set_role(conn, c, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "user.add", c->name, vl_role_name(c->role), err);
}

/* What roles cannot be bound to is refused, never passed over. */
static int refuse_unbuilt(struct vl_request *request, struct vl_err *err)
{
    if (!vl_doc_get(request->body, "repository"))
        return 0;
    return vl_err_set(err, VL_ERR_UNSUPPORTED,
        "/repository: this release binds roles to environments, registries, labels of registries, clusters "
        "and namespaces");
}

static int user_add(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {
        "name", "password", "kind", "role", "environment", "registry", "label", "cluster", "namespace", NULL};
    struct change c = {.request = request, .kind = VL_PRINCIPAL_USER};
    const char *kind = NULL;
    int r = refuse_unbuilt(request, err);
    if (r >= 0)
        r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_name(request, "name", true, VL_USER_NAME_MAX, &c.name, err);
    if (r >= 0)
        r = vl_request_text(request, "kind", false, WORD_MAX, &kind, err);
    if (r < 0)
        return r;
    if (vl_span_starts_with(vl_span_str(c.name), VL_OIDC_PREFIX))
        return vl_err_set(err, VL_ERR_INVALID,
            "/name: \"" VL_OIDC_PREFIX "\" is for those whom an identity provider vouches for");
    if (kind && strcmp(kind, "client") == 0)
        c.kind = VL_PRINCIPAL_CLIENT;
    else if (kind && strcmp(kind, "user") != 0)
        return vl_err_set(err, VL_ERR_INVALID, "/kind: is neither user nor client");
    r = read_role(&c, true, err);
    if (r >= 0)
        r = read_password(&c, c.kind == VL_PRINCIPAL_USER, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, add_write, &c, err);
    explicit_bzero(c.hash, sizeof(c.hash));
    return r < 0 ? r : answer(request, 201, c.id, err);
}

/* What was changed, in words, for the audit log. */
static const char *told(const struct change *c)
{
    const char *part = c->has_role ? part_of(c) : NULL;
    const char *name = c->registry ? c->registry : c->scope.label ? c->scope.label : c->scope.cluster;
    return vl_arena_printf(c->request->arena, "%s%s%s%s%s%s%s%s%s%s%s",
        !c->has_disabled ? ""
        : c->disabled    ? "locked "
                         : "unlocked ",
        *c->hash ? "password " : "", c->has_role ? vl_role_name(c->role) : "",
        c->has_role && c->where ? " in " : "", c->has_role && c->where ? c->where : "", part ? ", " : "",
        part ? part : "", part ? " " : "", part ? name : "",
        part && c->scope.name_space ? ", namespace " : "",
        part && c->scope.name_space ? c->scope.name_space : "");
}

static int change_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = c->has_disabled ? vl_repo_user_disable(conn, c->id, c->disabled, err) : 0;
    if (r >= 0 && *c->hash)
        r = vl_repo_user_password(conn, c->id, c->hash, err);
    if (r >= 0)
        r = set_role(conn, c, err);
    if (r >= 0)
        r = owner_is_left(conn, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "user.set", c->name, told(c), err);
}

/* The user whom the path names. */
static int find(struct change *c, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_user user;
    int r = vl_request_id(c->request, 0, "user", &c->id, err);
    if (r >= 0)
        r = vl_request_read(c->request, &conn, err);
    if (r >= 0)
        r = vl_repo_user_get(conn, c->id, c->request->arena, &user, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such user");
    c->name = user.name;
    c->kind = user.kind;
    return 0;
}

static int user_change(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {
        "disabled", "password", "role", "environment", "registry", "label", "cluster", "namespace", NULL};
    struct change c = {.request = request};
    int r = find(&c, err);
    if (r >= 0)
        r = refuse_unbuilt(request, err);
    if (r >= 0)
        r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_bool(request, "disabled", false, &c.disabled, err);
    c.has_disabled = has(request, "disabled");
    if (r >= 0)
        r = read_role(&c, false, err);
    if (r >= 0)
        r = read_password(&c, false, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, change_write, &c, err);
    explicit_bzero(c.hash, sizeof(c.hash));
    return r < 0 ? r : answer(request, 200, c.id, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_user_remove(conn, c->id, err);
    if (r >= 0)
        r = owner_is_left(conn, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "user.remove", c->name, NULL, err);
}

static int user_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = find(&c, err);
    if (r >= 0 && c.id == request->who.id)
        return vl_err_set(err, VL_ERR_CONFLICT, "nobody removes himself: another owner can");
    if (r >= 0)
        r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

/* --- the audit log --- */

static void write_entry(struct vl_json *json, const struct vl_audit_entry *e)
{
    vl_json_member_int(json, "id", e->id);
    vl_api_time(json, "at", e->at);
    vl_json_member_str(json, "who", e->who);
    vl_api_span(json, "peer", vl_span_str(e->peer));
    vl_api_str(json, "environment", e->environment);
    vl_json_member_str(json, "action", e->action);
    vl_api_span(json, "object", vl_span_str(e->object));
    vl_api_span(json, "detail", vl_span_str(e->detail));
}

static int audit_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_api_page page;
    int64_t total = 0;
    size_t n = 0;
    int r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    int64_t before = page.resumed ? page.keys[0].number : INT64_MAX;
    int64_t step = page.fetch < LINES_STEP ? page.fetch : LINES_STEP + 1;
    do {
        struct vl_audit_entry *entries = NULL;
        r = vl_repo_audit_list(conn, before, step, request->arena, &entries, &n, err);
        for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
            const struct vl_api_key key = {.number = entries[i].id};
            write_entry(&page.json, &entries[i]);
            vl_api_item_end(&page, &key);
            before = entries[i].id;
        }
    } while (r >= 0 && page.ndjson && n > 0 && !page.more);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_audit_count(conn, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

const struct vl_route vl_routes_user[] = {
    {"GET", "/api/v1/users", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, users_list},
    {"POST", "/api/v1/users", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_JSON, user_add},
    {"GET", "/api/v1/users/{}", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, user_get},
    {"PATCH", "/api/v1/users/{}", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_JSON, user_change},
    {"DELETE", "/api/v1/users/{}", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, user_remove},
    {"GET", "/api/v1/audit", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, audit_list},
    {0},
};
