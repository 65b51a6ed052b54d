#include "identity/oidc_claims.h"

#include <string.h>

#include "base/text.h"
#include "inventory/label.h"
#include "inventory/repo_registry.h"
#include "net/crypt.h"

#define SECONDS_MAX 1e11 /* of a time: the year 5138 */

/* The audience must be us; where there are several, the token must have been made for us (azp). */
static int check_audience(const struct vl_doc_node *claims, const char *client, struct vl_err *err)
{
    const struct vl_doc_node *aud = vl_doc_get(claims, "aud"), *azp = vl_doc_get(claims, "azp");
    bool ours = vl_doc_is(aud, VL_DOC_STRING) && vl_span_eq_str(vl_doc_span(aud), client);
    bool several = vl_doc_is(aud, VL_DOC_ARRAY) && vl_doc_size(aud) > 1;
    if (vl_doc_is(aud, VL_DOC_ARRAY)) {
        for (const struct vl_doc_node *n = vl_doc_first(aud); n; n = vl_doc_next(n))
            ours |= vl_doc_is(n, VL_DOC_STRING) && vl_span_eq_str(vl_doc_span(n), client);
    }
    if (!ours)
        return vl_err_set(err, VL_ERR_AUTH, "the token is for another audience (aud)");
    if ((azp || several) && !vl_span_eq_str(vl_doc_span(azp), client))
        return vl_err_set(err, VL_ERR_AUTH, "the token was made for another client (azp)");
    return 0;
}

/* Seconds since 1970; false: absent or no time. */
static bool time_of(const struct vl_doc_node *claims, const char *name, double *ret)
{
    double value;
    if (!vl_doc_number(vl_doc_get(claims, name), &value) || !(value >= 0 && value < SECONDS_MAX))
        return false;
    *ret = value;
    return true;
}

static int check_times(const struct vl_doc_node *claims, int64_t now_ms, struct vl_err *err)
{
    double now = (double)now_ms / 1000, exp, iat, nbf;
    if (!time_of(claims, "exp", &exp) || now >= exp + VL_OIDC_LEEWAY_S)
        return vl_err_set(err, VL_ERR_AUTH, "the token has ended (exp)");
    if (!time_of(claims, "iat", &iat) || iat > now + VL_OIDC_LEEWAY_S)
        return vl_err_set(err, VL_ERR_AUTH, "the token was made in the future, or does not say when (iat)");
    if (now > iat + VL_OIDC_AGE_S + VL_OIDC_LEEWAY_S)
        return vl_err_set(err, VL_ERR_AUTH, "the token was made too long ago (iat)");
    if (vl_doc_get(claims, "nbf") && (!time_of(claims, "nbf", &nbf) || nbf > now + VL_OIDC_LEEWAY_S))
        return vl_err_set(err, VL_ERR_AUTH, "the token is not valid yet (nbf)");
    return 0;
}

int vl_oidc_claims_check(
    const struct vl_doc_node *claims, const struct vl_oidc_expected *expected, struct vl_err *err)
{
    struct vl_span sub = vl_doc_get_str(claims, "sub");
    if (!vl_span_eq_str(vl_doc_get_str(claims, "iss"), expected->issuer))
        return vl_err_set(err, VL_ERR_AUTH, "the token is of another issuer (iss)");
    int r = check_audience(claims, expected->client_id, err);
    if (r >= 0)
        r = check_times(claims, expected->now_ms, err);
    if (r < 0)
        return r;
    if (*expected->nonce == '\0' ||
        !vl_crypt_equal(vl_doc_get_str(claims, "nonce"), vl_span_str(expected->nonce)))
        return vl_err_set(err, VL_ERR_AUTH, "the token is of another login (nonce)");
    if (sub.len == 0 || sub.len > VL_OIDC_SUB_MAX || memchr(sub.ptr, '\0', sub.len))
        return vl_err_set(
            err, VL_ERR_AUTH, "the token does not say who it is about (sub: 1 to %d bytes)", VL_OIDC_SUB_MAX);
    return 0;
}

static bool is_shown(struct vl_span name)
{
    return name.len > 0 && name.len <= VL_OIDC_NAME_MAX && vl_utf8_valid(name) &&
           vl_span_trim(name).len == name.len && !vl_span_has_control(name);
}

int vl_oidc_claims_who(const struct vl_doc_node *claims, struct vl_arena *arena, const char **ret_subject,
    const char **ret_name, struct vl_err *err)
{
    const struct vl_doc_node *verified = vl_doc_get(claims, "email_verified");
    struct vl_span iss = vl_doc_get_str(claims, "iss"), sub = vl_doc_get_str(claims, "sub");
    struct vl_span name = vl_doc_get_str(claims, "preferred_username");
    if (!is_shown(name))
        name = verified && !vl_doc_bool(verified) ? VL_SPAN_EMPTY : vl_doc_get_str(claims, "email");
    if (!is_shown(name))
        name = sub;
    if (!is_shown(name))
        return vl_err_set(err, VL_ERR_AUTH, "the token has no name that can be shown");
    const char *subject = vl_arena_printf(arena, "%.*s %.*s", VL_SPAN_FMT(iss), VL_SPAN_FMT(sub));
    const char *text = vl_arena_printf(arena, VL_OIDC_PREFIX "%.*s", VL_SPAN_FMT(name));
    int r = vl_arena_check(arena, "the login", err);
    if (r < 0)
        return r;
    *ret_subject = subject;
    *ret_name = text;
    return 0;
}

/* A part of a pointer: ~1 is "/", ~0 is "~". False where it is too long to be a member of ours. */
static bool unescape(struct vl_span part, char *out, size_t size, struct vl_span *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < part.len; i++) {
        char c = (char)part.ptr[i];
        bool escaped = c == '~' && i + 1 < part.len && (part.ptr[i + 1] == '0' || part.ptr[i + 1] == '1');
        if (escaped)
            c = part.ptr[++i] == '1' ? '/' : '~';
        if (n == size)
            return false;
        out[n++] = c;
    }
    *ret = (struct vl_span){out, n};
    return true;
}

const struct vl_doc_node *vl_oidc_claims_groups(const struct vl_doc_node *claims, const char *name)
{
    const struct vl_doc_node *node = vl_doc_get(claims, name);
    bool pointer = *name == '/';
    struct vl_span rest = vl_span_str(pointer ? name + 1 : name), part;
    if (node || *name == '\0')
        return node;
    node = claims;
    for (int depth = 0; node && vl_span_split(&rest, pointer ? '/' : '.', &part); depth++) {
        char text[VL_OIDC_NAME_MAX];
        if (depth == VL_OIDC_CLAIM_DEPTH || !vl_doc_is(node, VL_DOC_OBJECT) ||
            (pointer && !unescape(part, text, sizeof(text), &part)))
            return NULL;
        node = vl_doc_get_span(node, part);
    }
    return node;
}

static bool in_groups(const struct vl_doc_node *groups, struct vl_span group)
{
    if (vl_doc_is(groups, VL_DOC_STRING))
        return vl_span_eq(vl_doc_span(groups), group);
    if (!vl_doc_is(groups, VL_DOC_ARRAY))
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(groups); n; n = vl_doc_next(n)) {
        if (vl_doc_is(n, VL_DOC_STRING) && vl_span_eq(vl_doc_span(n), group))
            return true;
    }
    return false;
}

/* One entry of oidc_roles; spans of it. */
struct entry {
    struct vl_span group, environment, part; /* the last two empty where there is none */
    enum vl_role_part_kind kind;
    enum vl_role role;
};

static const struct {
    struct vl_span mark;
    enum vl_role_part_kind kind;
} parts[] = {{VL_SPAN_LIT("/registry:"), VL_ROLE_REGISTRY}, {VL_SPAN_LIT("/label:"), VL_ROLE_LABEL},
    {VL_SPAN_LIT("/cluster:"), VL_ROLE_CLUSTER}};

/* "GROUP=role[@environment]" */
static bool read_whole(struct vl_span text, struct entry *ret)
{
    size_t equals = vl_span_rfind_char(text, '=');
    if (equals == SIZE_MAX)
        return false;
    struct vl_span role = vl_span_trim(vl_span_slice(text, equals + 1, text.len));
    size_t at = vl_span_find_char(role, '@');
    *ret = (struct entry){.group = vl_span_trim(vl_span_slice(text, 0, equals))};
    if (at != SIZE_MAX) {
        ret->environment = vl_span_slice(role, at + 1, role.len);
        role = vl_span_slice(role, 0, at);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        if (vl_span_find(ret->environment, parts[i].mark) != SIZE_MAX)
            return false; /* a part of nothing, or of a part */
    }
    return ret->group.len > 0 && (at == SIZE_MAX || ret->environment.len > 0) &&
           vl_role_parse(role, &ret->role);
}

/* What stands before the part must be an entry that names an environment: so a group may be called
 * "/shop/label:x". */
static bool read_entry(struct vl_span text, struct entry *ret)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        size_t from = 0, found;
        while ((found = vl_span_find(vl_span_slice(text, from, text.len), parts[i].mark)) != SIZE_MAX) {
            size_t after = from + found + parts[i].mark.len;
            if (read_whole(vl_span_slice(text, 0, from + found), ret) && ret->environment.len > 0) {
                ret->kind = parts[i].kind;
                ret->part = vl_span_trim(vl_span_slice(text, after, text.len));
                return true;
            }
            from = after;
        }
    }
    return read_whole(text, ret);
}

static int read_grant(
    const struct entry *e, struct vl_arena *arena, struct vl_oidc_grant *ret, struct vl_err *err)
{
    struct vl_span rest = e->part, cluster = VL_SPAN_EMPTY;
    bool good = true;
    *ret = (struct vl_oidc_grant){.scope.kind = e->kind, .role = e->role};
    ret->environment = e->environment.len ? vl_arena_dup_span(arena, e->environment) : NULL;
    if (e->kind == VL_ROLE_REGISTRY) {
        good = e->part.len > 0 && e->part.len <= VL_REGISTRY_NAME_MAX;
        ret->registry = vl_arena_dup_span(arena, e->part);
    } else if (e->kind == VL_ROLE_LABEL) {
        good = vl_label_is(e->part);
        ret->scope.label = vl_arena_dup_span(arena, e->part);
    } else if (e->kind == VL_ROLE_CLUSTER) {
        bool more = vl_span_find_char(rest, '/') != SIZE_MAX;
        (void)vl_span_split(&rest, '/', &cluster);
        good = vl_role_is_place(cluster) && (!more || vl_role_is_place(rest));
        ret->scope.cluster = vl_arena_dup_span(arena, cluster);
        ret->scope.name_space = more ? vl_arena_dup_span(arena, rest) : NULL;
    }
    if (!good)
        return vl_err_set(err, VL_ERR_USAGE, "oidc_roles: \"%.*s\" is no name of a part of an environment",
            VL_SPAN_FMT(vl_span_slice(e->part, 0, 100)));
    if (e->kind != VL_ROLE_WHOLE && e->role == VL_ROLE_OWNER)
        return vl_err_set(err, VL_ERR_USAGE,
            "oidc_roles: \"%.*s\": a part of an environment has readers and admins, no owners",
            VL_SPAN_FMT(vl_span_slice(e->part, 0, 100)));
    return 0;
}

int vl_oidc_grants(const char *mapping, const struct vl_doc_node *groups, struct vl_arena *arena,
    struct vl_oidc_grants *ret, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(mapping), text;
    size_t entries = 0;
    *ret = (struct vl_oidc_grants){.list = vl_arena_array(arena, VL_OIDC_GRANTS_MAX, sizeof(*ret->list))};
    while (ret->list && vl_span_split(&rest, ',', &text)) {
        struct entry e;
        struct vl_oidc_grant grant;
        if (!read_entry(text, &e))
            return vl_err_set(err, VL_ERR_USAGE,
                "oidc_roles: \"%.*s\" is not of the form GROUP=reader|admin|owner[@ENVIRONMENT[/PART]]",
                VL_SPAN_FMT(vl_span_slice(text, 0, 100)));
        if (++entries > VL_OIDC_GRANTS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "oidc_roles: more than %d", VL_OIDC_GRANTS_MAX);
        int r = read_grant(&e, arena, &grant, err);
        if (r < 0)
            return r;
        ret->parts |= e.kind != VL_ROLE_WHOLE;
        if (in_groups(groups, e.group))
            ret->list[ret->n++] = grant;
    }
    return vl_arena_check(arena, "oidc_roles", err);
}
