#include "identity/oidc_claims.h"

#include <string.h>

#include "base/text.h"
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
    bool good = name.len > 0 && name.len <= VL_OIDC_NAME_MAX && vl_utf8_valid(name) &&
                vl_span_trim(name).len == name.len;
    for (size_t i = 0; i < name.len; i++)
        good &= (unsigned char)name.ptr[i] >= 0x20 && name.ptr[i] != 0x7f;
    return good;
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

int vl_oidc_grants(const char *mapping, const struct vl_doc_node *groups, struct vl_arena *arena,
    struct vl_oidc_grant **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(mapping), part;
    struct vl_oidc_grant *list = vl_arena_array(arena, VL_OIDC_GRANTS_MAX, sizeof(*list));
    size_t n = 0, entries = 0;
    while (list && vl_span_split(&rest, ',', &part)) {
        size_t equals = vl_span_rfind_char(part, '=');
        struct vl_span group = vl_span_trim(vl_span_slice(part, 0, equals)), where = VL_SPAN_EMPTY;
        struct vl_span role =
            vl_span_trim(vl_span_slice(part, equals == SIZE_MAX ? part.len : equals + 1, part.len));
        struct vl_oidc_grant grant = {0};
        size_t at = vl_span_find_char(role, '@');
        if (at != SIZE_MAX) {
            where = vl_span_slice(role, at + 1, role.len);
            role = vl_span_slice(role, 0, at);
        }
        if (equals == SIZE_MAX || group.len == 0 || (at != SIZE_MAX && where.len == 0) ||
            !vl_role_parse(role, &grant.role))
            return vl_err_set(err, VL_ERR_USAGE,
                "oidc_roles: \"%.*s\" is not of the form GROUP=reader|admin|owner[@ENVIRONMENT]",
                VL_SPAN_FMT(vl_span_slice(part, 0, 100)));
        if (++entries > VL_OIDC_GRANTS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "oidc_roles: more than %d", VL_OIDC_GRANTS_MAX);
        if (!in_groups(groups, group))
            continue;
        grant.environment = where.len ? vl_arena_dup_span(arena, where) : NULL;
        list[n++] = grant;
    }
    int r = vl_arena_check(arena, "oidc_roles", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}
