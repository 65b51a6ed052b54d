/* Channels: /api/v1/channels. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "respond/deliver.h"
#include "respond/repo_channel.h"
#include "respond/repo_delivery.h"
#include "respond/repo_outbox.h"
#include "respond/repo_recipient.h"
#include "routes.h"

#define SCOPE_LIST_MAX 100
#define PATTERN_MAX    256
#define TOPICS_DEFAULT "[\"finding\",\"scan_error\",\"alert\",\"exemption\",\"digest\"]"

static void write_channel(struct vl_json *json, const struct vl_channel *c)
{
    vl_json_member_int(json, "id", c->id);
    vl_json_member_str(json, "name", c->name);
    vl_json_member_str(json, "kind", c->kind);
    vl_api_stored(json, "config", vl_span_str(c->config));
    vl_json_member_bool(json, "hasSecret", c->secret.len > 0);
    vl_json_member_str(json, "minSeverity", vl_notify_severity_name(c->min_severity));
    vl_api_stored(json, "topics", vl_span_str(c->topics));
    vl_api_stored(json, "scope", vl_span_str(c->scope));
    vl_json_member_bool(json, "enabled", c->enabled);
    /* Of a contact: it is changed there. */
    vl_json_member_bool(json, "ofContact", strchr(c->name, ':') != NULL);
    vl_json_member_int(json, "shed", c->shed);
    vl_api_time(json, "created", c->created);
    vl_api_time(json, "lastOk", c->last_ok);
    vl_api_str(json, "lastError", c->last_error);
}

static int channels_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_channel *channels = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_channel_list(conn, request->environment.id, request->arena, &channels, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n && vl_api_item(&page); i++) {
        write_channel(&page.json, &channels[i]);
        vl_api_item_end(&page, NULL);
    }
    return vl_api_list_end(&page, (int64_t)n, err);
}

static int load(struct vl_request *request, struct vl_channel *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t id;
    int r = vl_request_id(request, 0, "channel", &id, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_channel_get(conn, request->environment.id, id, request->arena, ret, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such channel") : r;
}

static int answer(
    struct vl_request *request, int64_t id, unsigned status, const char *made_key, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_channel channel;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_channel_get(conn, request->environment.id, id, request->arena, &channel, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such channel");
    vl_request_json(request, status, &json);
    write_channel(&json, &channel);
    vl_json_member_str(&json, "secret", made_key); /* this once */
    return vl_request_json_end(&json, err);
}

static int channel_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_channel channel;
    int r = load(request, &channel, err);
    if (r >= 0)
        r = answer(request, channel.id, 200, NULL, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

/* --- what comes in --- */

struct change {
    struct vl_request *request;
    struct vl_channel channel;
    struct vl_channel_secret before;
    const char *made_key;
    bool found;
};

static int check_name(const char *name, struct vl_err *err)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!vl_char_is_digit(name[i]) && !vl_char_is_letter(name[i]) && (i == 0 || !strchr(" ._-", name[i])))
            return vl_err_set(err, VL_ERR_INVALID,
                "/name: must begin with a letter or digit and have letters, digits, spaces and . _ - only");
    return 0;
}

static int stored(
    struct vl_request *request, const struct vl_doc_node *node, const char **ret, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, VL_CHANNEL_CONFIG_MAX);
    vl_json_init(&json, &out, false);
    vl_api_node(&json, node);
    *ret = vl_arena_dup_span(request->arena, vl_buf_span(&out));
    int r = vl_json_check(&json, "the request", err);
    return r < 0 ? r : vl_arena_check(request->arena, "the request", err);
}

static int read_topics(struct change *c, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(c->request->body, "topics");
    size_t i = 0;
    if (!list)
        return 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY) || vl_doc_size(list) == 0 || vl_doc_size(list) > VL_NOTIFY_TEST)
        return vl_err_set(err, VL_ERR_INVALID, "/topics: must be a list of topics");
    for (const struct vl_doc_node *t = vl_doc_first(list); t; t = vl_doc_next(t), i++) {
        enum vl_notify_topic topic;
        if (!vl_notify_topic_parse(vl_doc_span(t), &topic) || topic == VL_NOTIFY_TEST)
            return vl_err_set(err, VL_ERR_INVALID,
                "/topics/%zu: is none of finding, scan_error, alert, exemption, digest", i);
    }
    return stored(c->request, list, &c->channel.topics, err);
}

static int check_scope(const struct vl_doc_node *scope, struct vl_err *err)
{
    const struct vl_doc_node *registries = vl_doc_get(scope, "registries");
    const struct vl_doc_node *repositories = vl_doc_get(scope, "repositories");
    size_t i = 0;
    int64_t id;
    for (const struct vl_doc_node *m = vl_doc_first(scope); m; m = vl_doc_next(m))
        if ((m != registries && m != repositories) || !vl_doc_is(m, VL_DOC_ARRAY) ||
            vl_doc_size(m) > SCOPE_LIST_MAX)
            return vl_err_set(err, VL_ERR_INVALID,
                "/scope/%.*s: must be registries or repositories, a list of at most %d",
                VL_SPAN_FMT(vl_doc_key(m)), SCOPE_LIST_MAX);
    for (const struct vl_doc_node *r = vl_doc_first(registries); r; r = vl_doc_next(r), i++)
        if (!vl_doc_int(r, &id) || id < 1)
            return vl_err_set(err, VL_ERR_INVALID, "/scope/registries/%zu: must be the id of a registry", i);
    i = 0;
    for (const struct vl_doc_node *r = vl_doc_first(repositories); r; r = vl_doc_next(r), i++)
        if (vl_doc_span(r).len == 0 || vl_doc_span(r).len > PATTERN_MAX)
            return vl_err_set(err, VL_ERR_INVALID,
                "/scope/repositories/%zu: must be the name of a repository, or its begin and a star", i);
    return 0;
}

static int read_scope(struct change *c, struct vl_err *err)
{
    const struct vl_doc_node *scope = vl_doc_get(c->request->body, "scope");
    if (!scope)
        return 0;
    if (vl_doc_is(scope, VL_DOC_NULL)) {
        c->channel.scope = NULL;
        return 0;
    }
    if (!vl_doc_is(scope, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "/scope: must be an object");
    int r = check_scope(scope, err);
    return r < 0 ? r : stored(c->request, scope, &c->channel.scope, err);
}

static int read_config(
    struct change *c, const struct vl_doc_node *config, const char *secret, struct vl_err *err)
{
    struct vl_request *request = c->request;
    struct vl_buf sealed VL_CLEANUP(vl_buf_done);
    struct vl_channel_config made;
    vl_buf_init(&sealed, VL_CHANNEL_CONFIG_MAX);
    int r = vl_channel_config_read(c->channel.kind, config, secret, &c->before, request->arena, &made, err);
    if (r >= 0)
        r = vl_channel_seal(request->app->data.seal_key, &made.secret, &sealed, err);
    if (r < 0)
        return r;
    c->channel.config = made.shown;
    c->channel.secret = (struct vl_span){vl_arena_dup_span(request->arena, vl_buf_span(&sealed)), sealed.len};
    c->made_key = made.made_key ? made.secret.key : NULL;
    return vl_arena_check(request->arena, "the request", err);
}

/* Members that are not there leave the channel as it is. */
static int read_change(struct change *c, struct vl_err *err)
{
    struct vl_request *request = c->request;
    const char *name = NULL, *severity = NULL, *secret = NULL;
    const struct vl_doc_node *config = vl_doc_get(request->body, "config");
    int r = vl_request_text(request, "name", c->channel.id == 0, VL_CHANNEL_NAME_MAX, &name, err);
    if (r >= 0 && name)
        r = check_name(name, err);
    if (r >= 0)
        r = vl_request_text(request, "minSeverity", false, 32, &severity, err);
    if (r >= 0)
        r = vl_request_text(request, "secret", false, VL_CHANNEL_URL_MAX, &secret, err);
    if (r >= 0)
        r = vl_request_bool(request, "enabled", c->channel.enabled, &c->channel.enabled, err);
    if (r >= 0)
        r = read_topics(c, err);
    if (r >= 0)
        r = read_scope(c, err);
    if (r < 0)
        return r;
    c->channel.name = name ? name : c->channel.name;
    if (severity && !vl_notify_severity_parse(vl_span_str(severity), &c->channel.min_severity))
        return vl_err_set(
            err, VL_ERR_INVALID, "/minSeverity: is none of critical, high, medium, low, informational");
    if (!config && !secret && c->channel.id)
        return 0;
    if (config)
        return read_config(c, config, secret, err);
    /* Another secret for what was configured before. */
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    r = vl_doc_parse(
        vl_span_str(c->channel.id ? c->channel.config : "null"), VL_DOC_JSON, "config", &doc, err);
    return r < 0 ? r : read_config(c, vl_doc_root(doc), secret, err);
}

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_channel_add(conn, &c->channel, &c->channel.id, err);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request, "channel.add", c->channel.name, c->channel.kind, err);
}

static int channel_add(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {
        "name", "kind", "config", "secret", "minSeverity", "topics", "scope", "enabled", NULL};
    struct change c = {.request = request,
        .channel = {.environment = request->environment.id,
            .min_severity = VL_SEVERITY_HIGH,
            .topics = TOPICS_DEFAULT,
            .enabled = true}};
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "kind", true, 32, &c.channel.kind, err);
    if (r < 0)
        return r;
    if (!vl_channel_kind_is(c.channel.kind))
        return vl_err_set(err, VL_ERR_INVALID, "/kind: is none of mail, webhook, slack, teams, syslog");
    r = read_change(&c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, add_write, &c, err);
    return r < 0 ? r : answer(request, c.channel.id, 201, c.made_key, err);
}

static int set_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_channel_set(conn, &c->channel, err);
    if (r <= 0)
        return r;
    c->found = true;
    int64_t next;
    r = c->channel.enabled ? vl_repo_outbox_next(conn, c->channel.id, &next, err) : 0;
    if (r > 0) /* what waited while it was switched off */
        r = vl_outbox_job(conn, c->channel.id, next, err);
    if (r < 0)
        return r;
    return vl_request_audit(conn, c->request, "channel.set", c->channel.name, c->channel.kind, err);
}

static int of_contact(const struct vl_channel *channel, struct vl_err *err)
{
    return strchr(channel->name, ':') ? vl_err_set(err, VL_ERR_CONFLICT,
                                            "the channel is that of a contact: change it in /api/v1/contacts")
                                      : 0;
}

static int channel_set(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {
        "name", "kind", "config", "secret", "minSeverity", "topics", "scope", "enabled", NULL};
    struct change c = {.request = request};
    const char *kind = NULL;
    int r = load(request, &c.channel, err);
    if (r >= 0)
        r = of_contact(&c.channel, err);
    if (r >= 0)
        r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "kind", false, 32, &kind, err);
    if (r >= 0 && kind && strcmp(kind, c.channel.kind) != 0)
        return vl_err_set(err, VL_ERR_INVALID, "/kind: cannot be changed: make another channel");
    if (r >= 0)
        r = vl_channel_open(request->app->data.seal_key, c.channel.secret, request->arena, &c.before, err);
    if (r >= 0)
        r = read_change(&c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, set_write, &c, err);
    if (r < 0)
        return r;
    if (!c.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such channel");
    return answer(request, c.channel.id, 200, c.made_key, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_channel_remove(conn, c->channel.environment, c->channel.id, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "channel.remove", c->channel.name, NULL, err);
}

static int channel_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = load(request, &c.channel, err);
    if (r >= 0)
        r = of_contact(&c.channel, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

/* --- the test button --- */

struct result {
    struct vl_request *request;
    const struct vl_channel *channel;
    const char *error; /* NULL: it went well */
};

static int result_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct result *t = user;
    int r = vl_repo_channel_result(conn, t->channel, t->error, err);
    return r < 0 ? r
                 : vl_request_audit(
                       conn, t->request, "channel.test", t->channel->name, t->error ? t->error : "ok", err);
}

static int recipients(struct vl_request *request, const struct vl_channel *channel, const char *const **ret,
    size_t *ret_n, struct vl_err *err)
{
    static const char *const nobody[] = {""};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    *ret = nobody;
    *ret_n = 1;
    if (strcmp(channel->kind, "mail") != 0)
        return 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_recipients(conn, channel->environment, channel->config, request->arena, ret, ret_n, err);
    if (r >= 0 && *ret_n == 0)
        return vl_err_set(err, VL_ERR_USAGE, "the channel has no recipients");
    return r;
}

static int send_test(struct vl_request *request, const struct vl_channel *channel, const char **ret_message,
    struct vl_err *err)
{
    char guid[VL_GUID_TEXT];
    const char *const *to = NULL;
    size_t n = 0;
    const struct vl_notify_fact facts[] = {{"Channel", channel->name}, {"Asked for by", request->who.name}};
    int r = vl_guid_new(guid, err);
    const struct vl_notify_event event = {.topic = VL_NOTIFY_TEST,
        .severity = VL_SEVERITY_NEGLIGIBLE,
        .title = "Test of a channel",
        .text = "Somebody pressed the test button. Nothing has happened, and nothing is to be done.",
        .object = "/settings?tab=channels",
        .facts = facts,
        .n_facts = VL_ARRAY_LEN(facts),
        .at = vl_time_now_ms(),
        .id = guid,
        .environment = request->environment.name,
        .environment_id = request->environment.guid,
        .base_url = vl_deliver_base_url(request->app, request->arena)};
    if (r >= 0)
        r = recipients(request, channel, &to, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        const struct vl_delivery delivery = {
            .app = request->app, .channel = channel, .event = &event, .address = to[i]};
        r = vl_deliver(&delivery, request->arena, ret_message, err);
        if (r < 0 && to[i][0])
            r = vl_err_wrap(err, "%s", to[i]);
    }
    return r;
}

static int channel_test(struct vl_request *request, struct vl_err *err)
{
    struct vl_channel channel;
    struct vl_json json;
    struct vl_err why = VL_ERR_INIT;
    const char *message = "";
    int r = load(request, &channel, err);
    if (r < 0)
        return r;
    struct result t = {.request = request, .channel = &channel};
    if (send_test(request, &channel, &message, &why) < 0)
        t.error = message = why.msg;
    r = vl_store_write(request->app->store, result_write, &t, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_json_member_bool(&json, "ok", t.error == NULL);
    vl_json_member_str(&json, "message", message);
    return vl_request_json_end(&json, err);
}

const struct vl_route vl_routes_channel[] = {
    {"GET", "/api/v1/channels", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, channels_list},
    {"POST", "/api/v1/channels", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, channel_add},
    {"GET", "/api/v1/channels/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, channel_get},
    {"PATCH", "/api/v1/channels/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, channel_set},
    {"DELETE", "/api/v1/channels/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_NONE, channel_remove},
    {"POST", "/api/v1/channels/{}/test", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_OPTIONAL, channel_test},
    {0},
};
