/* Settings of the whole server: /api/v1/settings/mail. */
#include <string.h>

#include "api.h"
#include "net/smtp.h"
#include "respond/channel.h"
#include "respond/mail.h"
#include "respond/mail_settings.h"
#include "routes.h"

#define HOST_MAX 255
#define USER_MAX 256

static int mail_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_mail_settings s = {0};
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_mail_settings_get(conn, request->app->data.seal_key, request->arena, &s, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "no mail server is set");
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_json_member_str(&json, "host", s.host);
    vl_json_member_int(&json, "port", s.port);
    vl_api_str(&json, "username", s.username);
    vl_json_member_bool(&json, "hasPassword", s.password != NULL);
    vl_json_member_str(&json, "from", s.from);
    vl_api_str(&json, "caPem", s.ca_pem);
    vl_json_member_str(&json, "startTls", "required");
    return vl_request_json_end(&json, err);
}

struct change {
    struct vl_request *request;
    struct vl_mail_settings settings;
    bool keep_password, keep_ca;
};

static int set_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_mail_settings before = {0};
    const uint8_t *key = c->request->app->data.seal_key;
    int r = vl_repo_mail_settings_get(conn, key, c->request->arena, &before, err);
    /* A password is kept for the server that it was given for, never sent to another one. */
    bool same = r > 0 && strcmp(before.host, c->settings.host) == 0;
    if (same && c->keep_password)
        c->settings.password = before.password;
    if (same && c->keep_ca)
        c->settings.ca_pem = before.ca_pem;
    if (r >= 0)
        r = vl_repo_mail_settings_set(conn, key, &c->settings, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "setting.set", "mail", c->settings.host, err);
}

static int check(const struct vl_mail_settings *s, const char *start_tls, struct vl_err *err)
{
    int r = vl_channel_host_check(vl_span_str(s->host), "host", err);
    if (r < 0)
        return r;
    if (!vl_mail_address_is(vl_span_str(s->from)))
        return vl_err_set(err, VL_ERR_INVALID, "/from: is no address of mail");
    if (start_tls && strcmp(start_tls, "required") != 0)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "/startTls: mail is sent over TLS only");
    if (s->ca_pem && !strstr(s->ca_pem, "-----BEGIN CERTIFICATE-----"))
        return vl_err_set(err, VL_ERR_INVALID, "/caPem: must be certificates in PEM form");
    if (s->password && !s->username)
        return vl_err_set(err, VL_ERR_INVALID, "/username: is missing beside the password");
    return 0;
}

static int mail_set(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {
        "host", "port", "username", "password", "hasPassword", "from", "caPem", "startTls", NULL};
    struct change c = {.request = request};
    const char *start_tls = NULL;
    bool has = false;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "host", true, HOST_MAX, &c.settings.host, err);
    if (r >= 0)
        r = vl_request_int(request, "port", VL_SMTP_PORT, 1, 65535, &c.settings.port, err);
    if (r >= 0)
        r = vl_request_text(request, "username", false, USER_MAX, &c.settings.username, err);
    if (r >= 0)
        r = vl_request_text(request, "password", false, VL_CRYPT_PASSWORD_MAX, &c.settings.password, err);
    if (r >= 0)
        r = vl_request_bool(request, "hasPassword", true, &has, err);
    if (r >= 0)
        r = vl_request_text(request, "from", true, VL_MAIL_ADDRESS_MAX, &c.settings.from, err);
    if (r >= 0)
        r = vl_request_text(request, "caPem", false, 64UL * 1024, &c.settings.ca_pem, err);
    if (r >= 0)
        r = vl_request_text(request, "startTls", false, 32, &start_tls, err);
    if (r >= 0)
        r = check(&c.settings, start_tls, err);
    if (r < 0)
        return r;
    c.keep_ca = vl_doc_get(request->body, "caPem") == NULL; /* null takes it away */
    c.keep_password = !c.settings.password && c.settings.username && has;
    r = vl_store_write(request->app->store, set_write, &c, err);
    return r < 0 ? r : mail_get(request, err);
}

const struct vl_route vl_routes_setting[] = {
    {"GET", "/api/v1/settings/mail", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_NONE, mail_get},
    {"PUT", "/api/v1/settings/mail", VL_ROLE_OWNER, VL_SCOPE_SERVER, VL_BODY_JSON, mail_set},
    {0},
};
