/* JSON as the claims of an ID token: first as they come, then with the texts that are ours put right, so that
 * what lies behind them is reached; its member "map" as the setting that gives roles, and its member "claim"
 * as the one that says where the groups are. */
#include <stdlib.h>
#include <string.h>

#include "identity/oidc_claims.h"
#include "identity/oidc_text.h"

static void use_grants(const struct vl_oidc_grants *grants)
{
    if (grants->n > VL_OIDC_GRANTS_MAX)
        abort();
    for (size_t i = 0; i < grants->n; i++) {
        const struct vl_oidc_grant *g = &grants->list[i];
        bool part = g->scope.kind != VL_ROLE_WHOLE;
        if (g->role == VL_ROLE_NONE ||
            (part && (!grants->parts || !g->environment || g->role == VL_ROLE_OWNER)) ||
            (g->registry != NULL) != (g->scope.kind == VL_ROLE_REGISTRY) ||
            (g->scope.label != NULL) != (g->scope.kind == VL_ROLE_LABEL) ||
            (g->scope.cluster != NULL) != (g->scope.kind == VL_ROLE_CLUSTER) ||
            (g->scope.name_space && !g->scope.cluster))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_say_why(int r, struct vl_err *err)
{
    if (r < 0 && err->msg[0] == '\0')
        abort();
    vl_err_clear(err);
}

static const char *text_of(
    const struct vl_doc_node *claims, const char *name, const char *absent, struct vl_arena *arena)
{
    const char *text = vl_arena_dup_span(arena, vl_doc_get_str(claims, name));
    return text && *text ? text : absent;
}

static void use_texts(const char *text)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1UL << 20);
    vl_oidc_param(&out, '?', "name", text);
    vl_oidc_param(&out, 0, "", text);
    for (size_t i = 0; i < out.len; i++)
        if (out.ptr[i] <= ' ' || out.ptr[i] > '~')
            abort(); /* it stands in an address */
    if (vl_oidc_url_is(vl_span_str(text)) && strchr(text, '#'))
        abort();
    if (vl_oidc_host_is(vl_span_str(text)) && strchr(text, '/'))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (!arena ||
        vl_doc_parse((struct vl_span){(const char *)data, size}, VL_DOC_JSON, "claims", &doc, &err) < 0)
        return 0;
    const struct vl_doc_node *claims = vl_doc_root(doc);
    struct vl_oidc_expected expected = {"https://idp.example", "vallum", "n-0S6_WzA2Mj", 1764288000000};
    must_say_why(vl_oidc_claims_check(claims, &expected, &err), &err);
    expected.issuer = text_of(claims, "iss", expected.issuer, arena);
    expected.nonce = text_of(claims, "nonce", expected.nonce, arena);
    must_say_why(vl_oidc_claims_check(claims, &expected, &err), &err);
    const char *subject = NULL, *name = NULL;
    int r = vl_oidc_claims_who(claims, arena, &subject, &name, &err);
    if (r >= 0 && (!subject || strncmp(name, VL_OIDC_PREFIX, strlen(VL_OIDC_PREFIX)) != 0))
        abort();
    must_say_why(r, &err);
    struct vl_oidc_grants grants = {0};
    const struct vl_doc_node *groups =
        vl_oidc_claims_groups(claims, text_of(claims, "claim", "groups", arena));
    r = vl_oidc_grants(text_of(claims, "map", "", arena), groups, arena, &grants, &err);
    if (r >= 0)
        use_grants(&grants);
    must_say_why(r, &err);
    use_texts(text_of(claims, "url", "", arena));
    return 0;
}
