#include "identity/oidc.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "identity/oidc_claims.h"
#include "identity/oidc_text.h"
#include "net/crypt.h"
#include "net/http_client.h"
#include "net/jwt.h"

#define WELL_KNOWN   "/.well-known/openid-configuration"
#define CONTEXT      "oidc-login"
#define ARENA_MAX    (1024UL * 1024)
#define COOKIE_MAX   4096
#define ADDRESS_MAX  8192
#define REQUEST_MAX  (32UL * 1024)
#define STATE_LENGTH (VL_OIDC_STATE_TEXT - 1)

/* What the provider says of itself. */
struct provider {
    struct vl_arena *arena; /* owns the texts */
    const char *authorize, *token;
    struct vl_jwks *keys;
    bool post;  /* the secret goes into the body: the header is not taken */
    int64_t at; /* monotonic ms */
};

struct vl_oidc {
    const struct vl_server_config *config;
    char shown[256];
    pthread_mutex_t lock;     /* of what follows */
    struct provider provider; /* arena NULL: not asked yet */
    int64_t failed_at;        /* monotonic ms; 0: it did not fail */
    struct vl_err failure;
};

/* --- settings --- */

static int check_settings(const struct vl_server_config *c, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf secret VL_CLEANUP(vl_buf_done);
    struct vl_oidc_grants grants;
    vl_buf_init(&secret, VL_OIDC_SECRET_MAX);
    if (!arena)
        return vl_err_nomem(err);
    if (!vl_oidc_url_is(vl_span_str(c->oidc_issuer)) || strchr(c->oidc_issuer, '?'))
        return vl_err_set(
            err, VL_ERR_USAGE, "oidc_issuer: \"%s\" is no https address without a query", c->oidc_issuer);
    if (!c->oidc_client_id || !c->oidc_roles)
        return vl_err_set(err, VL_ERR_USAGE, "oidc_issuer: %s is missing",
            c->oidc_client_id ? "oidc_roles" : "oidc_client_id");
    if (c->oidc_redirect && !vl_oidc_url_is(vl_span_str(c->oidc_redirect)))
        return vl_err_set(err, VL_ERR_USAGE, "oidc_redirect: \"%s\" is no https address", c->oidc_redirect);
    if (c->oidc_client_secret_file) {
        int r = vl_file_read(c->oidc_client_secret_file, VL_OIDC_SECRET_MAX, &secret, err);
        if (secret.len > 0)
            explicit_bzero(secret.ptr, secret.len);
        if (r < 0)
            return vl_err_wrap(err, "oidc_client_secret_file");
    }
    return vl_oidc_grants(c->oidc_roles, NULL, arena, &grants, err);
}

int vl_oidc_new(const struct vl_server_config *config, struct vl_oidc **ret, struct vl_err *err)
{
    *ret = NULL;
    if (!config->oidc_issuer) {
        bool others = config->oidc_client_id || config->oidc_client_secret_file || config->oidc_redirect ||
                      config->oidc_ca_file || config->oidc_groups_claim || config->oidc_roles ||
                      config->oidc_name;
        return others ? vl_err_set(
                            err, VL_ERR_USAGE, "oidc_issuer is missing: the other oidc_ settings do nothing")
                      : 0;
    }
    int r = check_settings(config, err);
    if (r < 0)
        return r;
    struct vl_oidc *oidc = calloc(1, sizeof(*oidc));
    if (!oidc)
        return vl_err_nomem(err);
    oidc->config = config;
    (void)pthread_mutex_init(&oidc->lock, NULL);
    struct vl_span host = vl_span_slice(vl_span_str(config->oidc_issuer), strlen("https://"), SIZE_MAX);
    host = vl_span_slice(host, 0, vl_span_find_char(host, '/'));
    struct vl_span shown = config->oidc_name ? vl_span_str(config->oidc_name) : host;
    shown = vl_span_slice(shown, 0, sizeof(oidc->shown) - 1);
    memcpy(oidc->shown, shown.ptr, shown.len);
    *ret = oidc;
    return 0;
}

static void provider_done(struct provider *p)
{
    vl_jwks_free(p->keys);
    vl_arena_free(p->arena);
    *p = (struct provider){0};
}

void vl_oidc_free(struct vl_oidc *oidc)
{
    if (!oidc)
        return;
    provider_done(&oidc->provider);
    (void)pthread_mutex_destroy(&oidc->lock);
    free(oidc);
}

void vl_oidc_cleanup(struct vl_oidc **oidc)
{
    vl_oidc_free(*oidc);
}

const char *vl_oidc_shown(const struct vl_oidc *oidc)
{
    return oidc->shown;
}

/* --- what the browser keeps --- */

int vl_oidc_begin(const char *redirect, struct vl_oidc_login *ret, struct vl_err *err)
{
    struct vl_oidc_login login = {.redirect = redirect, .expires = vl_time_now_ms() + VL_OIDC_LOGIN_MS};
    int r = vl_crypt_random_text(login.state, STATE_LENGTH, err);
    if (r >= 0)
        r = vl_crypt_random_text(login.nonce, STATE_LENGTH, err);
    if (r >= 0)
        r = vl_crypt_random_text(login.verifier, VL_OIDC_SECRET_TEXT - 1, err);
    if (r >= 0)
        *ret = login;
    return r;
}

int vl_oidc_seal(const struct vl_oidc_login *login, const uint8_t *key, struct vl_arena *arena,
    const char **ret, struct vl_err *err)
{
    struct vl_buf sealed VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&sealed, COOKIE_MAX);
    vl_buf_init(&text, COOKIE_MAX);
    vl_buf_printf(&text, "%s\n%s\n%s\n%lld\n%s", login->state, login->nonce, login->verifier,
        (long long)login->expires, login->redirect);
    int r = vl_buf_check(&text, "the login", err);
    if (r >= 0)
        r = vl_crypt_seal(key, VL_SPAN_LIT(CONTEXT), vl_buf_span(&text), &sealed, err);
    vl_buf_clear(&text);
    if (r >= 0) {
        vl_base64url_encode(vl_buf_span(&sealed), &text);
        r = vl_buf_check(&text, "the login", err);
    }
    const char *value = r >= 0 ? vl_arena_strdup(arena, vl_buf_str(&text)) : NULL;
    if (r >= 0)
        r = vl_arena_check(arena, "the login", err);
    if (r >= 0)
        *ret = value;
    return r;
}

static bool take_line(struct vl_span *rest, char *ret, size_t size)
{
    struct vl_span line;
    if (!vl_span_split(rest, '\n', &line) || line.len != size - 1)
        return false;
    memcpy(ret, line.ptr, line.len);
    ret[line.len] = '\0';
    return true;
}

int vl_oidc_open(const char *cookie, const uint8_t *key, int64_t now_ms, struct vl_arena *arena,
    struct vl_oidc_login *ret, struct vl_err *err)
{
    struct vl_buf sealed VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    struct vl_oidc_login login = {0};
    struct vl_span expires;
    uint64_t end;
    vl_buf_init(&sealed, COOKIE_MAX);
    vl_buf_init(&text, COOKIE_MAX);
    bool good = cookie && vl_base64_decode(vl_span_str(cookie), &sealed) && !sealed.failed &&
                vl_crypt_open(key, VL_SPAN_LIT(CONTEXT), vl_buf_span(&sealed), &text, err) >= 0;
    struct vl_span rest = vl_buf_span(&text);
    good = good && take_line(&rest, login.state, sizeof(login.state)) &&
           take_line(&rest, login.nonce, sizeof(login.nonce)) &&
           take_line(&rest, login.verifier, sizeof(login.verifier)) && vl_span_split(&rest, '\n', &expires) &&
           vl_span_to_u64(expires, &end) && (uint64_t)now_ms < end;
    if (!good)
        return vl_err_set(err, VL_ERR_INVALID,
            "this login was begun in another browser, or more than ten minutes ago: begin again");
    login.redirect = vl_arena_dup_span(arena, rest);
    int r = vl_arena_check(arena, "the login", err);
    if (r >= 0)
        *ret = login;
    return r;
}

/* --- asking the provider --- */

static int64_t now_monotonic(void)
{
    return vl_time_monotonic_us() / 1000;
}

static int take(struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    vl_buf_append_span(user, piece);
    return vl_buf_check(user, "the answer", err);
}

/* One question; the status. */
static int ask(const struct vl_oidc *oidc, const struct vl_http_request *request, struct vl_buf *out,
    long *ret_status, struct vl_err *err)
{
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    struct vl_http_response response VL_CLEANUP(vl_http_response_done) = {0};
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    const struct vl_http_options options = {.ca_file = oidc->config->oidc_ca_file,
        .connect_timeout_ms = VL_OIDC_TIMEOUT_MS,
        .stall_timeout_ms = VL_OIDC_TIMEOUT_MS,
        .total_timeout_ms = VL_OIDC_TIMEOUT_MS};
    vl_buf_init(&said, 8192);
    int r = vl_http_client_new(&options, &client, err);
    if (r >= 0)
        r = vl_http_perform(client, request, take, out, &said, &response, err);
    if (r < 0)
        return r;
    if (response.status >= 400) {
        vl_buf_clear(out);
        vl_buf_append_span(out, vl_buf_span(&said));
    }
    *ret_status = response.status;
    return 0;
}

static int get_json(const struct vl_oidc *oidc, const char *url, struct vl_buf *out, struct vl_err *err)
{
    static const struct vl_http_header accept[] = {{"Accept", "application/json"}};
    const struct vl_http_request request = {.url = url,
        .headers = accept,
        .n_headers = 1,
        .body_fd = -1,
        .max_bytes = VL_OIDC_ANSWER_MAX,
        .no_redirects = true};
    long status = 0;
    int r = ask(oidc, &request, out, &status, err);
    if (r >= 0 && status != 200)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "%s answered %ld", url, status);
    return r;
}

static const char *endpoint(
    const struct vl_doc_node *root, const char *name, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_span url = vl_doc_get_str(root, name);
    const char *copy = vl_oidc_url_is(url) ? vl_arena_dup_span(arena, url) : NULL;
    if (!copy && vl_err_set(err, VL_ERR_INVALID, "the provider's %s is no https address", name) < 0)
        return NULL;
    return copy;
}

/* OpenID Connect Discovery §3: without the list it is the header. */
static bool takes_post_only(const struct vl_doc_node *root)
{
    const struct vl_doc_node *list = vl_doc_get(root, "token_endpoint_auth_methods_supported");
    bool basic = !list, post = false;
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        basic |= vl_span_eq_str(vl_doc_span(n), "client_secret_basic");
        post |= vl_span_eq_str(vl_doc_span(n), "client_secret_post");
    }
    return post && !basic;
}

/* `p` is done by the caller where this fails. */
static int discover(const struct vl_oidc *oidc, struct provider *p, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_span issuer = vl_span_str(oidc->config->oidc_issuer), base = issuer;
    vl_buf_init(&text, VL_OIDC_ANSWER_MAX);
    p->arena = vl_arena_new(ARENA_MAX);
    if (!p->arena)
        return vl_err_nomem(err);
    if (vl_span_ends_with(base, "/"))
        base = vl_span_slice(base, 0, base.len - 1);
    const char *url = vl_arena_printf(p->arena, "%.*s" WELL_KNOWN, VL_SPAN_FMT(base));
    int r = vl_arena_check(p->arena, "the provider", err);
    if (r >= 0)
        r = get_json(oidc, url, &text, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON_LOOSE, url, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_span_eq(vl_doc_get_str(root, "issuer"), issuer))
        return vl_err_set(err, VL_ERR_INVALID, "%s is of the issuer \"%.*s\"", url,
            VL_SPAN_FMT(vl_span_slice(vl_doc_get_str(root, "issuer"), 0, 200)));
    const char *keys = endpoint(root, "jwks_uri", p->arena, err);
    p->authorize = keys ? endpoint(root, "authorization_endpoint", p->arena, err) : NULL;
    p->token = p->authorize ? endpoint(root, "token_endpoint", p->arena, err) : NULL;
    p->post = takes_post_only(root);
    if (!p->token)
        return err->err < 0 ? err->err : -EINVAL;
    vl_buf_clear(&text);
    r = get_json(oidc, keys, &text, err);
    return r < 0 ? r : vl_jwks_parse(vl_buf_span(&text), &p->keys, err);
}

/* With the lock: what is kept is new enough, or asked for. One that does not answer is not asked by every
 * call: each would hold a thread until its time is over. */
static int refresh(struct vl_oidc *oidc, bool anew, struct vl_err *err)
{
    int64_t now = now_monotonic();
    if (!anew && oidc->provider.arena && now - oidc->provider.at < VL_OIDC_KEPT_MS)
        return 0;
    if (oidc->failed_at && now - oidc->failed_at < VL_OIDC_FAILED_MS) {
        *err = oidc->failure;
        return err->err;
    }
    struct provider p = {.at = now};
    int r = discover(oidc, &p, err);
    if (r < 0) {
        provider_done(&p);
        err->code = VL_ERR_UNREACHABLE; /* whatever is wrong with it, it is not the caller's */
        oidc->failed_at = now_monotonic();
        oidc->failure = *err;
        return r;
    }
    provider_done(&oidc->provider);
    oidc->provider = p;
    oidc->failed_at = 0;
    return 0;
}

int vl_oidc_authorize(struct vl_oidc *oidc, const struct vl_oidc_login *login, struct vl_arena *arena,
    const char **ret_url, struct vl_err *err)
{
    struct vl_buf url VL_CLEANUP(vl_buf_done), challenge VL_CLEANUP(vl_buf_done);
    struct vl_digest digest;
    vl_buf_init(&url, ADDRESS_MAX);
    vl_buf_init(&challenge, 128);
    vl_digest_compute(VL_DIGEST_SHA256, vl_span_str(login->verifier), &digest);
    vl_base64url_encode((struct vl_span){(const char *)digest.bytes, 32}, &challenge);
    pthread_mutex_lock(&oidc->lock);
    int r = refresh(oidc, false, err);
    if (r >= 0)
        vl_buf_append_str(&url, oidc->provider.authorize);
    pthread_mutex_unlock(&oidc->lock);
    if (r < 0)
        return r;
    vl_oidc_param(&url, strchr(vl_buf_str(&url), '?') ? '&' : '?', "response_type", "code");
    vl_oidc_param(&url, '&', "client_id", oidc->config->oidc_client_id);
    vl_oidc_param(&url, '&', "redirect_uri", login->redirect);
    vl_oidc_param(&url, '&', "scope", "openid profile email");
    vl_oidc_param(&url, '&', "state", login->state);
    vl_oidc_param(&url, '&', "nonce", login->nonce);
    vl_oidc_param(&url, '&', "code_challenge", vl_buf_str(&challenge));
    vl_oidc_param(&url, '&', "code_challenge_method", "S256");
    r = vl_buf_check(&url, "the provider's address", err);
    const char *copy = r >= 0 ? vl_arena_strdup(arena, vl_buf_str(&url)) : NULL;
    if (r >= 0)
        r = vl_arena_check(arena, "the provider's address", err);
    if (r >= 0)
        *ret_url = copy;
    return r;
}

/* --- the code --- */

/* RFC 6749 §2.3.1: id and secret are encoded as in a form, then put together. */
static int add_secret(const struct vl_oidc *oidc, bool post, struct vl_buf *body,
    struct vl_buf *authorization, struct vl_err *err)
{
    struct vl_buf secret VL_CLEANUP(vl_buf_done), pair VL_CLEANUP(vl_buf_done);
    vl_buf_init(&secret, VL_OIDC_SECRET_MAX);
    vl_buf_init(&pair, REQUEST_MAX);
    if (!oidc->config->oidc_client_secret_file) {
        vl_oidc_param(body, '&', "client_id", oidc->config->oidc_client_id);
        return 0;
    }
    int r = vl_file_read(oidc->config->oidc_client_secret_file, VL_OIDC_SECRET_MAX, &secret, err);
    if (r < 0)
        return r;
    while (secret.len > 0 && vl_char_is_blank(secret.ptr[secret.len - 1]))
        vl_buf_truncate(&secret, secret.len - 1);
    if (post) {
        vl_oidc_param(body, '&', "client_id", oidc->config->oidc_client_id);
        vl_oidc_param(body, '&', "client_secret", vl_buf_str(&secret));
    } else {
        vl_oidc_param(&pair, 0, "", oidc->config->oidc_client_id);
        vl_oidc_param(&pair, ':', "", vl_buf_str(&secret));
        vl_buf_append_str(authorization, "Basic ");
        vl_base64_encode(vl_buf_span(&pair), authorization);
    }
    r = vl_buf_check(&pair, "the client's secret", err);
    if (secret.ptr)
        explicit_bzero(secret.ptr, secret.cap);
    return r < 0 ? r : vl_buf_check(authorization, "the client's secret", err);
}

/* The provider's answer to the code, as it came. */
static int exchange(const struct vl_oidc *oidc, const struct vl_oidc_login *login, const char *code,
    const char *token_url, bool post, struct vl_doc **ret, struct vl_err *err)
{
    static const struct vl_http_header headers[] = {
        {"Accept", "application/json"}, {"Content-Type", "application/x-www-form-urlencoded"}};
    struct vl_buf body VL_CLEANUP(vl_buf_done), authorization VL_CLEANUP(vl_buf_done),
        out VL_CLEANUP(vl_buf_done);
    long status = 0;
    vl_buf_init(&body, REQUEST_MAX);
    vl_buf_init(&authorization, REQUEST_MAX);
    vl_buf_init(&out, VL_OIDC_ANSWER_MAX);
    vl_oidc_param(&body, 0, "grant_type", "authorization_code");
    vl_oidc_param(&body, '&', "code", code);
    vl_oidc_param(&body, '&', "redirect_uri", login->redirect);
    vl_oidc_param(&body, '&', "code_verifier", login->verifier);
    int r = add_secret(oidc, post, &body, &authorization, err);
    if (r >= 0)
        r = vl_buf_check(&body, "the question", err);
    if (r < 0)
        return r;
    const struct vl_http_request request = {.method = "POST",
        .url = token_url,
        .headers = headers,
        .n_headers = VL_ARRAY_LEN(headers),
        .body = vl_buf_span(&body),
        .body_fd = -1,
        .authorization = authorization.len ? vl_buf_str(&authorization) : NULL,
        .max_bytes = VL_OIDC_ANSWER_MAX,
        .no_redirects = true};
    r = ask(oidc, &request, &out, &status, err);
    if (r >= 0 && status != 200 && status != 400 && status != 401)
        r = vl_err_set(err, VL_ERR_UNREACHABLE, "%s answered %ld", token_url, status);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON_LOOSE, "the provider's answer", ret, err);
    if (r < 0) {
        err->code = VL_ERR_UNREACHABLE;
        return r;
    }
    if (status == 200)
        return 0;
    struct vl_span why = vl_span_slice(vl_doc_get_str(vl_doc_root(*ret), "error"), 0, 100);
    return vl_err_set(err, VL_ERR_AUTH, "the identity provider refused the code (%.*s)", VL_SPAN_FMT(why));
}

/* With the lock. A key that is not known may be new: the set is read once more. */
static int verify(struct vl_oidc *oidc, struct vl_span token, struct vl_doc **ret_claims, struct vl_err *err)
{
    int r = refresh(oidc, false, err);
    if (r >= 0)
        r = vl_jwt_verify(oidc->provider.keys, token, ret_claims, err);
    if (r >= 0 || err->code != VL_ERR_NOT_FOUND)
        return r;
    vl_err_clear(err);
    r = refresh(oidc, true, err);
    if (r >= 0)
        r = vl_jwt_verify(oidc->provider.keys, token, ret_claims, err);
    return r;
}

int vl_oidc_redeem(struct vl_oidc *oidc, const struct vl_oidc_login *login, const char *code, int64_t now_ms,
    struct vl_doc **ret_claims, struct vl_err *err)
{
    struct vl_doc *answer VL_CLEANUP(vl_doc_cleanup) = NULL, *claims VL_CLEANUP(vl_doc_cleanup) = NULL;
    char token_url[2064] = "";
    bool post = false;
    pthread_mutex_lock(&oidc->lock);
    int r = refresh(oidc, false, err);
    if (r >= 0) {
        struct vl_span url = vl_span_slice(vl_span_str(oidc->provider.token), 0, sizeof(token_url) - 1);
        memcpy(token_url, url.ptr, url.len);
        post = oidc->provider.post;
    }
    pthread_mutex_unlock(&oidc->lock);
    if (r >= 0)
        r = exchange(oidc, login, code, token_url, post, &answer, err);
    if (r < 0)
        return r;
    struct vl_span token = vl_doc_get_str(vl_doc_root(answer), "id_token");
    pthread_mutex_lock(&oidc->lock);
    r = verify(oidc, token, &claims, err);
    pthread_mutex_unlock(&oidc->lock);
    if (r < 0) {
        if (err->code != VL_ERR_UNREACHABLE)
            err->code = VL_ERR_AUTH; /* one answer to all that is wrong with a token */
        return r;
    }
    const struct vl_oidc_expected expected = {.issuer = oidc->config->oidc_issuer,
        .client_id = oidc->config->oidc_client_id,
        .nonce = login->nonce,
        .now_ms = now_ms};
    r = vl_oidc_claims_check(vl_doc_root(claims), &expected, err);
    if (r < 0)
        return r;
    *ret_claims = claims;
    claims = NULL;
    return 0;
}
