#include "auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/doc.h"

#define TOKENS_MAX      16
#define TOKEN_BYTES_MAX (64UL * 1024)
#define ANSWER_MAX      (256UL * 1024)
#define ARENA_MAX       (4UL * 1024 * 1024)
#define DEFAULT_SECONDS                                                                                  \
    60                   /* of a token that does not say how long it lives; none lives shorter ("token") \
                          */
#define EARLY_SECONDS 10 /* a token is given up so long before its end */
#define CLIENT_ID     "vallum"

struct token {
    char *scope; /* owned, as is value */
    char *value;
    int64_t until_us; /* monotonic */
};

struct vl_auth {
    pthread_mutex_t lock; /* of all below */
    const char *registry;
    struct vl_credentials credentials;
    const char *user_token;
    bool plain_allowed; /* a token server may be asked without TLS */
    bool use_basic;     /* the registry wants Basic */
    char *refresh;      /* ACR: what the user's token was exchanged for; owned */
    struct token tokens[TOKENS_MAX];
    size_t n_tokens;
};

/* ---- challenges ---- */

/* token or quoted-string; *s is moved behind it. */
static struct vl_span take_value(struct vl_span *s, struct vl_arena *arena)
{
    size_t i = 0;
    if (s->len && s->ptr[0] == '"') {
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, VL_HTTP_HEADERS_MAX);
        for (i = 1; i < s->len && s->ptr[i] != '"'; i++) {
            if (s->ptr[i] == '\\' && i + 1 < s->len)
                i++;
            vl_buf_append_char(&text, s->ptr[i]);
        }
        *s = vl_span_slice(*s, i + 1, s->len);
        return vl_span_str(vl_arena_dup_span(arena, vl_buf_span(&text)));
    }
    while (i < s->len && !strchr(", \t", s->ptr[i]))
        i++;
    struct vl_span value = vl_span_slice(*s, 0, i);
    *s = vl_span_slice(*s, i, s->len);
    return vl_span_str(vl_arena_dup_span(arena, value));
}

static struct vl_span skip_separators(struct vl_span s)
{
    while (s.len && strchr(", \t", s.ptr[0]))
        s = vl_span_slice(s, 1, s.len);
    return s;
}

/* "Bearer realm="…", service="…", Basic realm="…"": a word without "=" behind it begins the next challenge.
 */
static void parse_header(struct vl_span s, struct vl_arena *arena, struct vl_challenge *c)
{
    bool in_bearer = false;
    for (s = skip_separators(s); s.len; s = skip_separators(s)) {
        size_t n = 0;
        while (n < s.len && !strchr(" \t=,", s.ptr[n]))
            n++;
        struct vl_span word = vl_span_slice(s, 0, n);
        s = vl_span_slice(s, n, s.len);
        if (!s.len || s.ptr[0] != '=') {
            in_bearer = vl_span_eq_nocase(word, VL_SPAN_LIT("Bearer")) && !c->bearer;
            c->bearer = c->bearer || in_bearer;
            c->basic = c->basic || vl_span_eq_nocase(word, VL_SPAN_LIT("Basic"));
            continue;
        }
        s = vl_span_slice(s, 1, s.len);
        struct vl_span value = take_value(&s, arena);
        const char **to = vl_span_eq_nocase(word, VL_SPAN_LIT("realm"))     ? &c->realm
                          : vl_span_eq_nocase(word, VL_SPAN_LIT("service")) ? &c->service
                          : vl_span_eq_nocase(word, VL_SPAN_LIT("scope"))   ? &c->scope
                                                                            : NULL;
        if (in_bearer && to && !*to)
            *to = value.ptr;
    }
}

int vl_challenge_parse(const struct vl_http_response *response, struct vl_arena *arena,
    struct vl_challenge *ret, struct vl_err *err)
{
    struct vl_challenge c = {0};
    for (size_t i = 0; i < response->n_headers; i++)
        if (strcmp(response->headers[i].name, "www-authenticate") == 0)
            parse_header(vl_span_str(response->headers[i].value), arena, &c);
    if (c.bearer && !c.realm)
        c.bearer = false;
    int r = vl_arena_check(arena, "challenge of the registry", err);
    if (r == 0)
        *ret = c;
    return r;
}

/* ---- state ---- */

struct vl_auth *vl_auth_new(
    const char *registry, const struct vl_credentials *credentials, const char *token, bool plain_allowed)
{
    struct vl_auth *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    if (pthread_mutex_init(&a->lock, NULL) != 0) {
        free(a);
        return NULL;
    }
    a->registry = registry;
    a->credentials = *credentials;
    a->user_token = token;
    a->plain_allowed = plain_allowed;
    return a;
}

static void token_done(struct token *t)
{
    free(t->scope);
    free(t->value);
    *t = (struct token){0};
}

void vl_auth_free(struct vl_auth *auth)
{
    if (!auth)
        return;
    for (size_t i = 0; i < auth->n_tokens; i++)
        token_done(&auth->tokens[i]);
    free(auth->refresh);
    pthread_mutex_destroy(&auth->lock);
    free(auth);
}

static int store_token(
    struct vl_auth *a, const char *scope, struct vl_span value, int64_t seconds, struct vl_err *err)
{
    struct token *t = NULL;
    char *own_scope = strdup(scope);
    char *own_value = own_scope ? strndup(value.ptr, value.len) : NULL;
    if (!own_value) {
        free(own_scope);
        return vl_err_nomem(err);
    }
    for (size_t i = 0; i < a->n_tokens && !t; i++)
        if (strcmp(a->tokens[i].scope, scope) == 0)
            t = &a->tokens[i];
    if (!t)
        t = a->n_tokens < TOKENS_MAX ? &a->tokens[a->n_tokens++] : &a->tokens[0];
    token_done(t);
    t->scope = own_scope;
    t->value = own_value;
    seconds = seconds > EARLY_SECONDS * 2 ? seconds - EARLY_SECONDS : seconds / 2;
    t->until_us = vl_time_monotonic_us() + seconds * 1000000;
    return 0;
}

static const struct token *find_token(const struct vl_auth *a, const char *scope)
{
    int64_t now = vl_time_monotonic_us();
    for (size_t i = 0; i < a->n_tokens; i++)
        if (strcmp(a->tokens[i].scope, scope) == 0 && a->tokens[i].until_us > now)
            return &a->tokens[i];
    return NULL;
}

static const char *basic_header(const struct vl_credentials *c, struct vl_arena *arena)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf plain;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&plain, TOKEN_BYTES_MAX);
    vl_buf_init(&text, 2 * TOKEN_BYTES_MAX);
    vl_buf_printf(&plain, "%s:%s", c->username, c->password);
    vl_buf_append_str(&text, "Basic ");
    vl_base64_encode(vl_buf_span(&plain), &text);
    return plain.failed || text.failed ? NULL : vl_arena_strdup(arena, vl_buf_str(&text));
}

/* What the user's own token is, as its claims say (it is not ours to verify). */
enum user_token_kind {
    TOKEN_BEARER,  /* goes to the registry as it is */
    TOKEN_REFRESH, /* of ACR: buys access tokens */
    TOKEN_ENTRA,   /* of Microsoft Entra ID: to be exchanged for the one above */
};

static enum user_token_kind judge_token(const char *token)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf claims;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_span rest = vl_span_str(token);
    struct vl_span part;
    vl_buf_init(&claims, TOKEN_BYTES_MAX);
    if (!vl_span_split(&rest, '.', &part) || !vl_span_split(&rest, '.', &part) ||
        !vl_base64_decode(part, &claims) ||
        vl_doc_parse(vl_buf_span(&claims), VL_DOC_JSON, "token", &doc, &ignored) < 0)
        return TOKEN_BEARER;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span issuer = vl_doc_get_str(root, "iss");
    if (vl_span_eq_str(vl_doc_get_str(root, "grant_type"), "refresh_token"))
        return TOKEN_REFRESH;
    return vl_span_find(issuer, VL_SPAN_LIT("sts.windows.net")) != SIZE_MAX ||
                   vl_span_find(issuer, VL_SPAN_LIT("login.microsoftonline.")) != SIZE_MAX
               ? TOKEN_ENTRA
               : TOKEN_BEARER;
}

static const char *bearer(const char *value, struct vl_arena *arena)
{
    return vl_arena_printf(arena, "Bearer %s", value);
}

int vl_auth_header(
    struct vl_auth *auth, const char *scope, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    const char *header = NULL;
    bool any = true;
    pthread_mutex_lock(&auth->lock);
    const struct token *t = find_token(auth, scope);
    if (t)
        header = bearer(t->value, arena);
    else if (auth->use_basic && auth->credentials.username)
        header = basic_header(&auth->credentials, arena);
    else if (auth->user_token && judge_token(auth->user_token) == TOKEN_BEARER)
        header = bearer(auth->user_token, arena);
    else if (auth->credentials.registry_token)
        header = bearer(auth->credentials.registry_token, arena);
    else
        any = false;
    pthread_mutex_unlock(&auth->lock);
    if (any && !header)
        return vl_err_nomem(err);
    *ret = header;
    return 0;
}

/* ---- token servers ---- */

static void append_encoded(struct vl_buf *out, const char *s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool plain = vl_char_is_letter(c) || vl_char_is_digit(c) || strchr("-._~", c);
        if (plain) {
            vl_buf_append_char(out, (char)c);
        } else {
            vl_buf_append_char(out, '%');
            vl_buf_append_char(out, digits[c >> 4]);
            vl_buf_append_char(out, digits[c & 15]);
        }
    }
}

static void append_field(struct vl_buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    if (out->len && !strchr("?&", out->ptr[out->len - 1]))
        vl_buf_append_char(out, '&');
    vl_buf_append_str(out, name);
    vl_buf_append_char(out, '=');
    append_encoded(out, value);
}

/* "repository:a:pull repository:b:pull" are two scopes. */
static void append_scopes(struct vl_buf *out, const char *scopes)
{
    struct vl_span rest = vl_span_str(scopes);
    struct vl_span one;
    while (vl_span_split(&rest, ' ', &one)) {
        char text[1024];
        if (one.len == 0 || one.len >= sizeof(text))
            continue;
        memcpy(text, one.ptr, one.len);
        text[one.len] = '\0';
        append_field(out, "scope", text);
    }
}

static int collect(
    struct vl_span piece, const struct vl_http_response *response VL_UNUSED, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    vl_buf_append_span(out, piece);
    return vl_buf_check(out, "answer of the token server", err);
}

/* One exchange with a token server; the answer is a JSON object. */
static int ask_server(struct vl_http_client *client, const char *url, struct vl_span form,
    const char *authorization, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    const struct vl_http_header type = {"Content-Type", "application/x-www-form-urlencoded"};
    vl_buf_init(&body, ANSWER_MAX);
    vl_buf_init(&said, 4096);
    struct vl_http_request q = {
        .url = url, .authorization = authorization, .max_bytes = ANSWER_MAX, .body_fd = -1};
    if (form.len) {
        q.method = "POST";
        q.body = form;
        q.headers = &type;
        q.n_headers = 1;
        q.no_redirects = true; /* the form holds a secret, which must not follow to another host */
    }
    int r = vl_http_perform(client, &q, collect, &body, &said, &response, err);
    if (r >= 0 && response.status != 200)
        r = vl_http_status_error(&response, vl_buf_span(&said), err);
    if (r < 0)
        return vl_err_wrap(err, "token server");
    return vl_doc_parse(vl_buf_span(&body), VL_DOC_JSON, "answer of the token server", ret, err);
}

static int take_token(struct vl_auth *a, const char *key, const struct vl_doc_node *root, struct vl_err *err)
{
    int64_t seconds = DEFAULT_SECONDS;
    struct vl_span value = vl_doc_get_str(root, "token");
    value = value.len ? value : vl_doc_get_str(root, "access_token");
    if (!value.len || value.len > TOKEN_BYTES_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "token server: answers without a token");
    (void)vl_doc_int(vl_doc_get(root, "expires_in"), &seconds);
    seconds = seconds < DEFAULT_SECONDS ? DEFAULT_SECONDS : seconds > 86400 ? 86400 : seconds;
    return store_token(a, key, value, seconds, err);
}

/* What one round of asking needs. */
struct asking {
    struct vl_auth *auth;
    struct vl_http_client *client;
    const struct vl_challenge *challenge;
    const char *scope; /* as the registry asks for it */
    const char *key;   /* as our requests name it */
    struct vl_arena *arena;
};

/* GET realm?service=…&scope=…, with Basic where there are credentials. */
static int get_token(const struct asking *q, struct vl_err *err)
{
    const struct vl_credentials *c = &q->auth->credentials;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, TOKEN_BYTES_MAX);
    vl_buf_append_str(&url, q->challenge->realm);
    vl_buf_append_char(&url, strchr(q->challenge->realm, '?') ? '&' : '?');
    append_field(&url, "service", q->challenge->service);
    append_scopes(&url, q->scope);
    if (c->username)
        append_field(&url, "account", c->username);
    const char *basic = c->username ? basic_header(c, q->arena) : NULL;
    int r = vl_buf_check(&url, "URL of the token server", err);
    if (r == 0)
        r = ask_server(q->client, vl_buf_str(&url), VL_SPAN_EMPTY, basic, &doc, err);
    return r < 0 ? r : take_token(q->auth, q->key, vl_doc_root(doc), err);
}

/* POST realm, grant_type=refresh_token. */
static int refresh_token(const struct asking *q, const char *refresh, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf form;
    vl_buf_init(&form, 4 * TOKEN_BYTES_MAX);
    append_field(&form, "grant_type", "refresh_token");
    append_field(&form, "service", q->challenge->service ? q->challenge->service : q->auth->registry);
    append_field(&form, "scope", q->scope);
    append_field(&form, "client_id", CLIENT_ID);
    append_field(&form, "refresh_token", refresh);
    int r = vl_buf_check(&form, "form for the token server", err);
    if (r == 0)
        r = ask_server(q->client, q->challenge->realm, vl_buf_span(&form), NULL, &doc, err);
    return r < 0 ? r : take_token(q->auth, q->key, vl_doc_root(doc), err);
}

/* POST /oauth2/exchange beside the token end point: a token of Entra ID for a refresh token of the registry.
 */
static int exchange_token(const struct asking *q, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf form;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&form, 4 * TOKEN_BYTES_MAX);
    vl_buf_init(&url, TOKEN_BYTES_MAX);
    struct vl_span realm = vl_span_str(q->challenge->realm);
    size_t path = vl_span_find(realm, VL_SPAN_LIT("/oauth2/token"));
    if (path == SIZE_MAX)
        return vl_err_set(err, VL_ERR_AUTH,
            "%s: a token of Microsoft Entra ID was given, but the registry does not exchange such tokens",
            q->auth->registry);
    vl_buf_append_span(&url, vl_span_slice(realm, 0, path));
    vl_buf_append_str(&url, "/oauth2/exchange");
    append_field(&form, "grant_type", "access_token");
    append_field(&form, "service", q->challenge->service ? q->challenge->service : q->auth->registry);
    append_field(&form, "access_token", q->auth->user_token);
    int r = vl_buf_check(&form, "form for the token server", err);
    if (r == 0)
        r = ask_server(q->client, vl_buf_str(&url), vl_buf_span(&form), NULL, &doc, err);
    if (r < 0)
        return r;
    struct vl_span value = vl_doc_get_str(vl_doc_root(doc), "refresh_token");
    if (!value.len || value.len > TOKEN_BYTES_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "%s: /oauth2/exchange answers without a refresh token", q->auth->registry);
    q->auth->refresh = strndup(value.ptr, value.len);
    return q->auth->refresh ? 0 : vl_err_nomem(err);
}

/* The token that the user gave for this registry goes to no other host: Azure's registries hand out their
 * tokens themselves. */
static bool is_own_host(const struct asking *q)
{
    struct vl_span realm = vl_span_str(q->challenge->realm);
    size_t scheme = vl_span_find(realm, VL_SPAN_LIT("://"));
    if (scheme == SIZE_MAX)
        return false;
    realm = vl_span_slice(realm, scheme + 3, realm.len);
    realm = vl_span_slice(realm, 0, vl_span_find_char(realm, '/'));
    return vl_span_eq_nocase(realm, vl_span_str(q->auth->registry));
}

static int ask_bearer(const struct asking *q, struct vl_err *err)
{
    struct vl_auth *a = q->auth;
    bool plain = strncmp(q->challenge->realm, "https://", 8) != 0;
    if (plain && !a->plain_allowed)
        return vl_err_set(err, VL_ERR_AUTH, "%s: wants a token from '%.200s', which is not https: refused",
            a->registry, q->challenge->realm);
    if (a->user_token) {
        enum user_token_kind kind = judge_token(a->user_token);
        if (kind == TOKEN_BEARER)
            return vl_err_set(err, VL_ERR_AUTH, "%s: refuses the token that was given", a->registry);
        if (!is_own_host(q))
            return vl_err_set(err, VL_ERR_AUTH,
                "%s: wants the token that was given for it sent to '%.200s': refused", a->registry,
                q->challenge->realm);
        int r = kind == TOKEN_ENTRA && !a->refresh ? exchange_token(q, err) : 0;
        return r < 0 ? r : refresh_token(q, kind == TOKEN_ENTRA ? a->refresh : a->user_token, err);
    }
    if (a->credentials.identity_token)
        return refresh_token(q, a->credentials.identity_token, err);
    return get_token(q, err);
}

static int refused(const struct vl_auth *a, struct vl_err *err)
{
    const struct vl_credentials *c = &a->credentials;
    if (a->user_token || c->username || c->identity_token || c->registry_token)
        return vl_err_set(err, VL_ERR_AUTH, "%s: refuses the credentials it was given", a->registry);
    return vl_err_set(err, VL_ERR_AUTH,
        "%s: wants credentials, and there are none%s%s; log in with `docker login %s` or give user name and "
        "password",
        a->registry, c->hint ? ": " : "", c->hint ? c->hint : "", a->registry);
}

static int answer(const struct asking *q, const char *used, struct vl_err *err)
{
    struct vl_auth *a = q->auth;
    const struct token *newer = find_token(a, q->key);
    if (newer && used) {
        const char *header = bearer(newer->value, q->arena);
        if (header && strcmp(header, used) != 0)
            return 0;
    } else if (newer) {
        return 0;
    }
    if (q->challenge->bearer) {
        int r = ask_bearer(q, err);
        if (r < 0 && err->code == VL_ERR_AUTH && a->credentials.hint)
            r = vl_err_wrap(err, "%s", a->credentials.hint);
        return r;
    }
    if (q->challenge->basic && a->credentials.username && (!used || strncmp(used, "Basic ", 6) != 0)) {
        a->use_basic = true;
        return 0;
    }
    return refused(a, err);
}

int vl_auth_answer(struct vl_auth *auth, struct vl_http_client *client, const char *scope, const char *used,
    const struct vl_http_response *response, struct vl_err *err)
{
    struct vl_challenge challenge = {0};
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_challenge_parse(response, arena, &challenge, err);
    if (r == 0) {
        const struct asking q = {
            .auth = auth,
            .client = client,
            .challenge = &challenge,
            .scope = challenge.scope ? challenge.scope : scope,
            .key = scope,
            .arena = arena,
        };
        /* Held while the server is asked: threads that pull layers wait for one token instead of getting one
         * each. */
        pthread_mutex_lock(&auth->lock);
        r = answer(&q, used, err);
        pthread_mutex_unlock(&auth->lock);
    }
    vl_arena_free(arena);
    return r;
}
