#include "respond/channel.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/json.h"
#include "inventory/repo_registry.h"
#include "net/http_client.h"
#include "respond/mail.h"
#include "respond/repo_recipient.h"

#define KEY_BYTES 24 /* of one that is made here */
#define HOST_MAX  255

struct reading {
    const char *kind;
    const struct vl_doc_node *config;
    const char *secret;
    const struct vl_channel_secret *before;
    struct vl_arena *arena;
    struct vl_channel_config *ret;
    struct vl_json *json;
};

static const char *const kinds[] = {"mail", "webhook", "slack", "teams", "syslog"};

bool vl_channel_kind_is(const char *kind)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

int vl_channel_host_check(struct vl_span host, const char *field, struct vl_err *err)
{
    char text[HOST_MAX + 16];
    struct vl_err why = VL_ERR_INIT;
    size_t colon = vl_span_find_char(host, ':');
    bool six = colon != SIZE_MAX && colon != vl_span_rfind_char(host, ':') && host.ptr[0] != '[';
    if (host.len > 0 && host.len <= HOST_MAX) {
        (void)snprintf(text, sizeof(text), six ? "[%.*s]" : "%.*s", VL_SPAN_FMT(host));
        for (char *p = text; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p - 'A' + 'a');
        if (vl_registry_host_check(vl_span_str(text), &why) >= 0)
            return 0;
    }
    return vl_err_set(err, VL_ERR_INVALID,
        "/%s: the host must be a name or an address, and none that is link-local, unspecified or multicast",
        field);
}

static int only(const struct vl_doc_node *config, const char *const *fields, struct vl_err *err)
{
    for (const struct vl_doc_node *m = vl_doc_first(config); m; m = vl_doc_next(m)) {
        bool known = false;
        for (const char *const *f = fields; *f; f++)
            known |= vl_span_eq_str(vl_doc_key(m), *f);
        if (!known)
            return vl_err_set(
                err, VL_ERR_INVALID, "/config/%.*s: there is no such field", VL_SPAN_FMT(vl_doc_key(m)));
    }
    return 0;
}

static int no_secret(const struct reading *r, struct vl_err *err)
{
    return r->secret ? vl_err_set(err, VL_ERR_UNSUPPORTED, "/secret: a channel of kind %s has none", r->kind)
                     : 0;
}

/* --- mail --- */

static int read_mail(struct reading *r, struct vl_err *err)
{
    static const char *const fields[] = {"to", NULL};
    const struct vl_doc_node *to = vl_doc_get(r->config, "to");
    size_t n = vl_doc_size(to), i = 0;
    int bad = only(r->config, fields, err);
    if (bad >= 0)
        bad = no_secret(r, err);
    if (bad < 0)
        return bad;
    if (!vl_doc_is(to, VL_DOC_ARRAY) || n == 0 || n > VL_MAIL_ADDRESSES_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/config/to: must be a list of 1 to %d addresses", VL_MAIL_ADDRESSES_MAX);
    vl_json_key(r->json, "to");
    vl_json_array(r->json);
    for (const struct vl_doc_node *a = vl_doc_first(to); a; a = vl_doc_next(a), i++) {
        if (!vl_mail_address_is(vl_doc_span(a)))
            return vl_err_set(err, VL_ERR_INVALID, "/config/to/%zu: is no address of mail", i);
        vl_json_span(r->json, vl_doc_span(a));
    }
    vl_json_array_end(r->json);
    return 0;
}

static int read_ca(struct reading *r, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(r->config, "caPem");
    struct vl_span pem = vl_doc_span(node);
    if (!node || vl_doc_is(node, VL_DOC_NULL))
        return 0;
    if (pem.len > VL_CHANNEL_CA_MAX ||
        vl_span_find(pem, VL_SPAN_LIT("-----BEGIN CERTIFICATE-----")) == SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID,
            "/config/caPem: must be certificates in PEM form, at most %lu bytes", VL_CHANNEL_CA_MAX);
    vl_json_key(r->json, "caPem");
    vl_json_span(r->json, pem);
    return 0;
}

/* --- webhooks --- */

/* Between "//" and the next of "/?#". */
static struct vl_span authority_of(struct vl_span url)
{
    size_t from = vl_span_find(url, VL_SPAN_LIT("//")), n = 0;
    struct vl_span rest = vl_span_slice(url, from == SIZE_MAX ? url.len : from + 2, url.len);
    while (n < rest.len && !strchr("/?#", rest.ptr[n]))
        n++;
    return vl_span_slice(rest, 0, n);
}

static int check_url(const char *url, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_span u = vl_span_str(url), authority = authority_of(u);
    bool https = vl_span_starts_with(u, "https://"), http = vl_span_starts_with(u, "http://");
    if (u.len > VL_CHANNEL_URL_MAX || (!https && !http) || authority.len == 0 || authority.len > HOST_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/config/url: must be a URL of https, at most %d bytes", VL_CHANNEL_URL_MAX);
    for (size_t i = 0; i < u.len; i++)
        if (u.ptr[i] <= ' ' || u.ptr[i] > '~' || u.ptr[i] == '"' || u.ptr[i] == '<' || u.ptr[i] == '\\')
            return vl_err_set(err, VL_ERR_INVALID, "/config/url: holds what no URL may hold");
    if (vl_span_find_char(authority, '@') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/config/url: must have neither user nor password");
    int r = vl_channel_host_check(authority, "config/url", err);
    if (r < 0)
        return r;
    const char *host = vl_arena_dup_span(arena, authority);
    if (http && (!host || !vl_http_is_loopback(host)))
        return vl_err_set(err, VL_ERR_INVALID, "/config/url: must be https (http only to this machine)");
    return 0;
}

/* What is shown of a URL: of Slack's and Teams' the path is the secret, of others the query may be. */
static const char *shown_url(const char *kind, const char *url, struct vl_arena *arena)
{
    struct vl_span u = vl_span_str(url);
    if (strcmp(kind, "webhook") == 0) {
        size_t at = vl_span_find_char(u, '?');
        return at == SIZE_MAX ? url : vl_arena_printf(arena, "%.*s?…", (int)at, url);
    }
    struct vl_span authority = authority_of(u);
    return vl_arena_printf(arena, "%.*s/…", (int)(authority.ptr + authority.len - u.ptr), url);
}

static int read_key(struct reading *r, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    char bytes[KEY_BYTES];
    size_t n = r->secret ? strlen(r->secret) : 0;
    vl_buf_init(&text, VL_CHANNEL_KEY_MAX);
    if (r->secret) {
        bool encoded = vl_span_starts_with(vl_span_str(r->secret), "whsec_");
        if (n < VL_CHANNEL_KEY_MIN || n > VL_CHANNEL_KEY_MAX ||
            (encoded && !vl_base64_decode(vl_span_str(r->secret + 6), &text)))
            return vl_err_set(err, VL_ERR_INVALID,
                "/secret: must have %d to %d bytes, Base64 behind \"whsec_\"", VL_CHANNEL_KEY_MIN,
                VL_CHANNEL_KEY_MAX);
        r->ret->secret.key = r->secret;
        return 0;
    }
    if (r->before && r->before->key) {
        r->ret->secret.key = r->before->key;
        return 0;
    }
    int bad = vl_crypt_random(bytes, sizeof(bytes), err);
    if (bad < 0)
        return bad;
    vl_buf_append_str(&text, "whsec_");
    vl_base64_encode((struct vl_span){bytes, sizeof(bytes)}, &text);
    r->ret->secret.key = vl_arena_dup_span(r->arena, vl_buf_span(&text));
    r->ret->made_key = true;
    return vl_arena_check(r->arena, "a secret", err);
}

static int read_hook(struct reading *r, struct vl_err *err)
{
    static const char *const fields[] = {"url", "caPem", NULL};
    bool generic = strcmp(r->kind, "webhook") == 0;
    struct vl_span given = vl_doc_get_str(r->config, "url");
    const char *url = given.len ? vl_arena_dup_span(r->arena, given) : NULL;
    const char *old = r->before ? r->before->url : NULL;
    int bad = only(r->config, fields, err);
    if (bad < 0)
        return bad;
    if (!generic && r->secret)
        url = r->secret; /* it is the same thing */
    if (old && (!url || strcmp(url, shown_url(r->kind, old, r->arena)) == 0))
        url = old;
    if (!url)
        return vl_err_set(err, VL_ERR_INVALID, "/config/url: is missing");
    bad = check_url(url, r->arena, err);
    if (bad >= 0 && generic)
        bad = read_key(r, err);
    if (bad < 0)
        return bad;
    r->ret->secret.url = url;
    vl_json_member_str(r->json, "url", shown_url(r->kind, url, r->arena));
    return read_ca(r, err);
}

/* --- syslog --- */

static int read_syslog(struct reading *r, struct vl_err *err)
{
    static const char *const fields[] = {"host", "port", "transport", "caPem", NULL};
    static const struct {
        const char *name;
        int64_t port; /* RFC 5425, 6587 (601 is of RFC 3195, the usual one), 5426 */
    } transports[] = {{"tls", 6514}, {"tcp", 601}, {"udp", 514}};
    struct vl_span host = vl_doc_get_str(r->config, "host");
    struct vl_span name = vl_doc_get_str(r->config, "transport");
    const struct vl_doc_node *port_node = vl_doc_get(r->config, "port");
    size_t t = 0;
    int64_t port = 0;
    int bad = only(r->config, fields, err);
    if (bad >= 0)
        bad = no_secret(r, err);
    if (bad < 0)
        return bad;
    bad = vl_span_starts_with(host, "[")
              ? vl_err_set(err, VL_ERR_INVALID, "/config/host: must be without brackets")
              : vl_channel_host_check(host, "config/host", err);
    if (bad < 0)
        return bad;
    while (name.len > 0 && t < VL_ARRAY_LEN(transports) && !vl_span_eq_str(name, transports[t].name))
        t++;
    if (t == VL_ARRAY_LEN(transports))
        return vl_err_set(err, VL_ERR_INVALID, "/config/transport: is none of tls, tcp, udp");
    if (!port_node)
        port = transports[t].port;
    else if (!vl_doc_int(port_node, &port) || port < 1 || port > 65535)
        return vl_err_set(err, VL_ERR_INVALID, "/config/port: must be a number from 1 to 65535");
    vl_json_key(r->json, "host");
    vl_json_span(r->json, host);
    vl_json_member_int(r->json, "port", port);
    vl_json_member_str(r->json, "transport", transports[t].name);
    return read_ca(r, err);
}

int vl_channel_config_read(const char *kind, const struct vl_doc_node *config, const char *secret,
    const struct vl_channel_secret *before, struct vl_arena *arena, struct vl_channel_config *ret,
    struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    struct reading r = {.kind = kind,
        .config = config,
        .secret = secret,
        .before = before,
        .arena = arena,
        .ret = ret,
        .json = &json};
    vl_buf_init(&out, VL_CHANNEL_CONFIG_MAX);
    *ret = (struct vl_channel_config){0};
    if (!vl_doc_is(config, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "/config: must be an object");
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    int bad = strcmp(kind, "mail") == 0     ? read_mail(&r, err)
              : strcmp(kind, "syslog") == 0 ? read_syslog(&r, err)
                                            : read_hook(&r, err);
    if (bad < 0)
        return bad;
    vl_json_object_end(&json);
    ret->shown = vl_arena_dup_span(arena, vl_buf_span(&out));
    bad = vl_json_check(&json, "/config", err);
    return bad < 0 ? bad : vl_arena_check(arena, "a channel", err);
}

/* --- the seal --- */

int vl_channel_seal(const uint8_t key[VL_CRYPT_KEY_BYTES], const struct vl_channel_secret *secret,
    struct vl_buf *out, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&text, VL_CHANNEL_CONFIG_MAX);
    if (!secret->url && !secret->key)
        return 0;
    vl_json_init(&json, &text, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "url", secret->url);
    vl_json_member_str(&json, "key", secret->key);
    vl_json_object_end(&json);
    int r = vl_json_check(&json, "a secret", err);
    if (r >= 0)
        r = vl_crypt_seal(key, VL_SPAN_LIT(VL_CHANNEL_CONTEXT), vl_buf_span(&text), out, err);
    if (text.ptr)
        explicit_bzero(text.ptr, text.len);
    return r;
}

int vl_channel_open(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span sealed, struct vl_arena *arena,
    struct vl_channel_secret *ret, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_buf_init(&text, VL_CHANNEL_CONFIG_MAX);
    *ret = (struct vl_channel_secret){0};
    if (sealed.len == 0)
        return 0;
    int r = vl_crypt_open(key, VL_SPAN_LIT(VL_CHANNEL_CONTEXT), sealed, &text, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "secret of a channel", &doc, err);
    if (text.ptr)
        explicit_bzero(text.ptr, text.len);
    if (r < 0)
        return r;
    struct vl_span url = vl_doc_get_str(vl_doc_root(doc), "url"),
                   word = vl_doc_get_str(vl_doc_root(doc), "key");
    ret->url = url.len ? vl_arena_dup_span(arena, url) : NULL;
    ret->key = word.len ? vl_arena_dup_span(arena, word) : NULL;
    return vl_arena_check(arena, "a secret", err);
}
