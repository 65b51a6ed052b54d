#include "respond/deliver.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/peer.h"
#include "net/smtp.h"
#include "respond/mail_settings.h"
#include "respond/syslog.h"
#include "respond/webhook.h"

#define ANSWER_SHOWN 300
#define HOOK_TIMEOUT 20000L /* ms: the whole exchange */
#define HOOK_CONNECT 10000L
#define ANSWER_MAX   65536

const char *vl_deliver_base_url(const struct vl_server_app *app, struct vl_arena *arena)
{
    const struct vl_server_config *c = app->config;
    const char *host = c->n_names > 0 ? c->names[0] : c->address;
    if (!host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        host = "localhost";
    bool six = strchr(host, ':') != NULL;
    unsigned port = app->http ? vl_http_server_port(app->http) : c->port;
    return vl_arena_printf(arena, "https://%s%s%s:%u/ui", six ? "[" : "", host, six ? "]" : "", port);
}

/* What is left of a failure where the peer itself has answered. */
static int answered(int r, struct vl_err *err)
{
    if (r < 0)
        err->err = -EAGAIN;
    return r < 0 ? -EAGAIN : r;
}

static const char *shown(struct vl_arena *arena, struct vl_span answer)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 4 * ANSWER_SHOWN);
    vl_text_append_printable(&out, vl_span_slice(answer, 0, ANSWER_SHOWN));
    return vl_arena_dup_span(arena, vl_buf_span(&out));
}

/* --- mail --- */

static int settings_of(
    const struct vl_delivery *d, struct vl_arena *arena, struct vl_mail_settings *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(d->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_mail_settings_get(conn, d->app->data.seal_key, arena, ret, err);
    if (r == 0)
        return vl_err_set(
            err, VL_ERR_USAGE, "no mail server is set: an owner sets it with PUT /api/v1/settings/mail");
    return r < 0 ? r : 0;
}

static int by_mail(
    const struct vl_delivery *d, struct vl_arena *arena, const char **ret_answer, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_buf answer VL_CLEANUP(vl_buf_done);
    struct vl_mail_settings s = {0};
    vl_buf_init(&text, VL_MAIL_MAX);
    vl_buf_init(&answer, VL_SMTP_ANSWER_MAX);
    int r = settings_of(d, arena, &s, err);
    if (r < 0)
        return r;
    const char *domain = s.from ? strchr(s.from, '@') : NULL;
    domain = domain ? domain + 1 : "localhost";
    const struct vl_mail mail = {.from = s.from,
        .to = d->address,
        .domain = domain,
        .event = d->event,
        .held = d->held,
        .n_held = d->n_held,
        .total_held = d->total_held,
        .now = vl_time_now_ms()};
    r = vl_mail_write(&mail, &text, err);
    if (r < 0)
        return r;
    const struct vl_smtp_server server = {.host = s.host,
        .port = (uint16_t)s.port,
        .username = s.username,
        .password = s.password,
        .ca_pem = s.ca_pem,
        .hello = domain};
    r = vl_smtp_send(&server, s.from, d->address, vl_buf_span(&text), &answer, err);
    if (r >= 0)
        *ret_answer = shown(arena, vl_buf_span(&answer));
    return r;
}

/* --- webhooks --- */

static int keep(struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    struct vl_buf *to = user;
    if (to->len < ANSWER_SHOWN)
        vl_buf_append_span(to, vl_span_slice(piece, 0, ANSWER_SHOWN));
    return 0;
}

static const char *ca_of(const struct vl_channel *channel, struct vl_arena *arena)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err ignored = VL_ERR_INIT;
    if (vl_doc_parse(vl_span_str(channel->config), VL_DOC_JSON, "config", &doc, &ignored) < 0)
        return NULL;
    struct vl_span pem = vl_doc_get_str(vl_doc_root(doc), "caPem");
    return pem.len ? vl_arena_dup_span(arena, pem) : NULL;
}

static int post(const struct vl_delivery *d, const char *url, const struct vl_http_header *headers, size_t n,
    struct vl_span body, struct vl_arena *arena, const char **ret_answer, struct vl_err *err)
{
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    struct vl_http_response response VL_CLEANUP(vl_http_response_done) = {0};
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    const struct vl_http_options options = {.ca_pem = ca_of(d->channel, arena),
        .connect_timeout_ms = HOOK_CONNECT,
        .total_timeout_ms = HOOK_TIMEOUT};
    vl_buf_init(&said, 4096 + ANSWER_SHOWN);
    int r = vl_http_client_new(&options, &client, err);
    if (r < 0)
        return r;
    const struct vl_http_request request = {.method = "POST",
        .url = url,
        .headers = headers,
        .n_headers = n,
        .body = body,
        .body_fd = -1,
        .max_bytes = ANSWER_MAX,
        .no_redirects = true};
    r = vl_http_perform(client, &request, keep, &said, &said, &response, err);
    if (r < 0)
        return r;
    if (response.status >= 400)
        return answered(vl_http_status_error(&response, vl_buf_span(&said), err), err);
    if (response.status >= 300)
        return answered(vl_err_set(err, VL_ERR_UNREACHABLE,
                            "answers with status %ld: redirects are not followed", response.status),
            err);
    *ret_answer = vl_arena_printf(arena, "status %ld %s", response.status, shown(arena, vl_buf_span(&said)));
    return 0;
}

/* The message of an error names the URL up to its query: of Slack and Teams the path is the secret. */
static int without_secret(const struct vl_delivery *d, int r, struct vl_err *err)
{
    if (r < 0 && strcmp(d->channel->kind, "webhook") != 0) {
        const struct vl_err why = *err;
        const char *rest = strstr(why.msg, ": ");
        int kept = why.err;
        r = vl_err_set(err, why.code, "%s%s", d->channel->kind, rest ? rest : ": was not reached");
        err->err = kept;
    }
    return r;
}

static int by_webhook(
    const struct vl_delivery *d, struct vl_arena *arena, const char **ret_answer, struct vl_err *err)
{
    struct vl_buf body VL_CLEANUP(vl_buf_done);
    struct vl_channel_secret secret;
    char signature[VL_WEBHOOK_SIGNATURE_MAX] = "";
    bool slack = strcmp(d->channel->kind, "slack") == 0, generic = strcmp(d->channel->kind, "webhook") == 0;
    int64_t seconds = vl_time_now_ms() / 1000;
    vl_buf_init(&body, slack || generic ? VL_WEBHOOK_BODY_MAX : VL_TEAMS_BODY_MAX);
    int r = vl_channel_open(d->app->data.seal_key, d->channel->secret, arena, &secret, err);
    if (r >= 0 && !secret.url)
        return vl_err_set(err, VL_ERR_USAGE, "the channel has no URL");
    if (r >= 0)
        r = generic ? vl_webhook_write(d->event, &body, err)
            : slack ? vl_slack_write(d->event, &body, err)
                    : vl_teams_write(d->event, &body, err);
    if (r >= 0 && generic && secret.key)
        r = vl_webhook_sign(
            vl_span_str(secret.key), d->event->id, seconds, vl_buf_span(&body), signature, err);
    if (r < 0)
        return r;
    const struct vl_http_header headers[] = {{"Content-Type", "application/json"},
        {"webhook-id", d->event->id},
        {"webhook-timestamp", vl_arena_printf(arena, "%lld", (long long)seconds)},
        {"webhook-signature", signature}};
    r = vl_arena_check(arena, "a webhook", err);
    if (r < 0)
        return r;
    r = post(d, secret.url, headers, generic ? VL_ARRAY_LEN(headers) : 1, vl_buf_span(&body), arena,
        ret_answer, err);
    return without_secret(d, r, err);
}

/* --- syslog --- */

static int by_syslog(
    const struct vl_delivery *d, struct vl_arena *arena, const char **ret_answer, struct vl_err *err)
{
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    struct vl_buf framed VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    bool closed = false;
    int64_t port = 0;
    vl_buf_init(&message, VL_SYSLOG_MAX);
    vl_buf_init(&framed, VL_SYSLOG_MAX + 16);
    int r = vl_doc_parse(vl_span_str(d->channel->config), VL_DOC_JSON, "config", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *config = vl_doc_root(doc);
    struct vl_span transport = vl_doc_get_str(config, "transport");
    (void)vl_doc_int(vl_doc_get(config, "port"), &port);
    const struct vl_peer peer = {.host = vl_arena_dup_span(arena, vl_doc_get_str(config, "host")),
        .port = (uint16_t)port,
        .transport = vl_span_eq_str(transport, "tls")   ? VL_PEER_TLS
                     : vl_span_eq_str(transport, "tcp") ? VL_PEER_TCP
                                                        : VL_PEER_UDP,
        .ca_pem = ca_of(d->channel, arena)};
    const char *name = d->app->config->n_names > 0 ? d->app->config->names[0] : "vallum";
    r = vl_arena_check(arena, "a message", err);
    if (r >= 0)
        r = vl_syslog_write(d->event, name, &message, err);
    if (r >= 0)
        r = vl_syslog_frame(vl_buf_span(&message), &framed, err);
    if (r >= 0)
        r = vl_peer_send(
            &peer, vl_buf_span(peer.transport == VL_PEER_UDP ? &message : &framed), &closed, err);
    if (r < 0)
        return r;
    *ret_answer = peer.transport == VL_PEER_UDP ? "sent as a datagram: whether it arrived nobody says"
                  : closed                      ? "sent, and the peer has read it"
                                                : "sent; the peer keeps its end open";
    return 0;
}

int vl_deliver(
    const struct vl_delivery *delivery, struct vl_arena *arena, const char **ret_answer, struct vl_err *err)
{
    const char *kind = delivery->channel->kind;
    *ret_answer = "";
    if (strcmp(kind, "mail") == 0)
        return by_mail(delivery, arena, ret_answer, err);
    if (strcmp(kind, "syslog") == 0)
        return by_syslog(delivery, arena, ret_answer, err);
    return by_webhook(delivery, arena, ret_answer, err);
}
