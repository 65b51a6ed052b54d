#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "respond/mail_settings.h"

#define VALUE_MAX (256UL * 1024)
#define CONTEXT   "setting.mail" /* of the seal */

static const struct vl_store_sql sql_get = {
    "SELECT value FROM setting WHERE environment_id = $1 AND name = $2", NULL};
static const struct vl_store_sql sql_set = {
    "INSERT INTO setting (environment_id, name, value, changed) VALUES ($1, $2, $3, $4) ON CONFLICT "
    "(environment_id, name) DO UPDATE SET value = excluded.value, changed = excluded.changed",
    NULL};

int vl_repo_setting_get(struct vl_store_conn *conn, int64_t environment, const char *name,
    struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret = vl_stmt_copy(stmt, 0, arena);
    r = vl_arena_check(arena, "a setting", err);
    return r < 0 ? r : 1;
}

int vl_repo_setting_set(struct vl_store_conn *conn, int64_t environment, const char *name,
    struct vl_span value, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    vl_stmt_text(stmt, 3, value);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    return vl_stmt_run(stmt, NULL, err);
}

static const char *text_of(const struct vl_doc_node *node, const char *key, struct vl_arena *arena)
{
    struct vl_span text = vl_doc_get_str(node, key);
    return text.len ? vl_arena_dup_span(arena, text) : NULL;
}

static int open_password(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span encoded,
    struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_buf sealed VL_CLEANUP(vl_buf_done);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&sealed, VALUE_MAX);
    vl_buf_init(&text, VL_CRYPT_PASSWORD_MAX);
    if (encoded.len == 0)
        return 0;
    if (!vl_base64_decode(encoded, &sealed))
        return vl_err_set(err, VL_ERR_CORRUPT, "the password of the mail server is damaged");
    int r = vl_crypt_open(key, VL_SPAN_LIT(CONTEXT), vl_buf_span(&sealed), &text, err);
    if (r >= 0)
        *ret = vl_arena_dup_span(arena, vl_buf_span(&text));
    if (text.ptr)
        explicit_bzero(text.ptr, text.len);
    return r;
}

int vl_repo_mail_settings_get(struct vl_store_conn *conn, const uint8_t key[VL_CRYPT_KEY_BYTES],
    struct vl_arena *arena, struct vl_mail_settings *ret, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    const char *text = NULL;
    int r = vl_repo_setting_get(conn, 0, "mail", arena, &text, err);
    if (r <= 0)
        return r;
    r = vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "setting mail", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *node = vl_doc_root(doc);
    *ret = (struct vl_mail_settings){.host = text_of(node, "host", arena),
        .username = text_of(node, "username", arena),
        .from = text_of(node, "from", arena),
        .ca_pem = text_of(node, "caPem", arena)};
    (void)vl_doc_int(vl_doc_get(node, "port"), &ret->port);
    r = open_password(key, vl_doc_get_str(node, "password"), arena, &ret->password, err);
    if (r >= 0)
        r = vl_arena_check(arena, "a setting", err);
    return r < 0 ? r : 1;
}

int vl_repo_mail_settings_set(struct vl_store_conn *conn, const uint8_t key[VL_CRYPT_KEY_BYTES],
    const struct vl_mail_settings *settings, struct vl_err *err)
{
    struct vl_buf value VL_CLEANUP(vl_buf_done);
    struct vl_buf sealed VL_CLEANUP(vl_buf_done);
    struct vl_buf encoded VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&value, VALUE_MAX);
    vl_buf_init(&sealed, VALUE_MAX);
    vl_buf_init(&encoded, VALUE_MAX);
    int r = 0;
    if (settings->password)
        r = vl_crypt_seal(key, VL_SPAN_LIT(CONTEXT), vl_span_str(settings->password), &sealed, err);
    if (r < 0)
        return r;
    vl_base64_encode(vl_buf_span(&sealed), &encoded);
    vl_json_init(&json, &value, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "host", settings->host);
    vl_json_member_int(&json, "port", settings->port);
    vl_json_member_str(&json, "username", settings->username);
    vl_json_member_str(&json, "from", settings->from);
    vl_json_member_str(&json, "caPem", settings->ca_pem);
    if (settings->password)
        vl_json_member_str(&json, "password", vl_buf_str(&encoded));
    vl_json_object_end(&json);
    r = vl_json_check(&json, "a setting", err);
    return r < 0 ? r : vl_repo_setting_set(conn, 0, "mail", vl_buf_span(&value), err);
}
