#include "admin.h"

#include <stdio.h>
#include <unistd.h>

#include "app.h"
#include "backup.h"
#include "base/file.h"
#include "base/time.h"
#include "codec/json.h"
#include "identity/client.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"

#define DAY_MS   (24 * 60 * 60 * 1000LL)
#define DAYS_MAX 3650

struct new_token {
    struct vl_token token;
    char text[VL_TOKEN_TEXT];
    int64_t id;
};

/* A client of that name holds the tokens that are made here. */
static int token_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct new_token *t = user;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(65536);
    struct vl_principal who = {0};
    const char *hash = NULL;
    int r =
        arena ? vl_repo_principal_by_name(conn, t->token.name, arena, &who, &hash, err) : vl_err_nomem(err);
    if (r == 0)
        r = vl_repo_principal_add(conn, VL_PRINCIPAL_CLIENT, t->token.name, NULL, &who.id, err);
    else if (r > 0 && who.kind != VL_PRINCIPAL_CLIENT)
        return vl_err_set(err, VL_ERR_CONFLICT, "\"%s\" is a user: give another --name", t->token.name);
    if (r >= 0)
        r = vl_repo_role_set(conn, who.id, 0, t->token.role, err);
    if (r >= 0)
        r = vl_repo_token_add(conn, who.id, &t->token, t->text, &t->id, err);
    return r < 0 ? r
                 : vl_repo_audit(
                       conn, "vallumd", "", 0, "token.add", t->token.name, vl_role_name(t->token.role), err);
}

static int print_token(const struct new_token *t, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, 4096);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "token", t->text);
    vl_json_member_int(&json, "id", t->id);
    vl_json_member_str(&json, "name", t->token.name);
    vl_json_member_str(&json, "role", vl_role_name(t->token.role));
    vl_json_member_time(&json, "expires", t->token.expires);
    vl_json_object_end(&json);
    int r = vl_json_check(&json, "the answer", err);
    vl_buf_append_char(&out, '\n');
    return r < 0 ? r : vl_file_write_fd(STDOUT_FILENO, "standard output", vl_buf_span(&out), err);
}

int vl_admin_create_token(const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_server_app app;
    struct new_token t = {.token = {.name = "admin-token", .role = VL_ROLE_NONE}};
    const char *role = call->role, *days_text = call->days;
    uint64_t days = 90;
    bool first;
    if (!role || !vl_role_parse(vl_span_str(role), &t.token.role))
        return vl_err_set(err, VL_ERR_USAGE, "--role takes reader, admin or owner");
    if (days_text && (!vl_span_to_u64(vl_span_str(days_text), &days) || days == 0 || days > DAYS_MAX))
        return vl_err_set(err, VL_ERR_USAGE, "--days takes a whole number from 1 to %d", DAYS_MAX);
    if (call->name)
        t.token.name = call->name;
    t.token.expires = vl_time_now_ms() + (int64_t)days * DAY_MS;
    int r = vl_server_app_open(&app, call->config, arena, &first, err);
    if (r >= 0)
        r = vl_store_write(app.store, token_write, &t, err);
    vl_server_app_close(&app, 0);
    return r < 0 ? r : print_token(&t, err);
}

int vl_admin_create_client(const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_server_app app;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    enum vl_role role;
    bool first;
    vl_buf_init(&out, 4096);
    if (!call->role || !vl_role_parse(vl_span_str(call->role), &role))
        return vl_err_set(err, VL_ERR_USAGE, "--role takes reader, admin or owner");
    int r = vl_server_app_open(&app, call->config, arena, &first, err);
    if (r >= 0)
        r = vl_client_create(app.store, role, call->name, &out, err);
    vl_server_app_close(&app, 0);
    return r < 0 ? r : vl_file_write_fd(STDOUT_FILENO, "standard output", vl_buf_span(&out), err);
}

int vl_admin_backup(const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err)
{
    uint64_t bytes = 0;
    if (!call->argument)
        return vl_err_set(err, VL_ERR_USAGE, "backup: name the folder that it goes into");
    int r = vl_server_backup(call->config, call->argument, !call->without_keys, arena, &bytes, err);
    if (r >= 0)
        (void)fprintf(stderr, "backed up into %s (%llu bytes)%s\n", call->argument, (unsigned long long)bytes,
            call->without_keys ? "; without the keys, its secrets cannot be read" : "");
    return r;
}

int vl_admin_restore(const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err)
{
    bool keys = false;
    if (!call->argument)
        return vl_err_set(err, VL_ERR_USAGE, "restore: name the folder of the backup");
    int r = vl_server_restore(call->config, call->argument, arena, &keys, err);
    if (r >= 0)
        (void)fprintf(stderr, "restored into %s%s\n", call->config->data,
            keys ? "" : "; the backup has no keys: secrets of registries and channels must be given again");
    return r;
}
