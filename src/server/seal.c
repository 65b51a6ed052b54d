/* tests: test_app.c */
#include "seal.h"

#include "base/text.h"
#include "respond/mail_settings.h"

#define NAME      "seal"
#define PROBE     "vallum"
#define PROBE_MAX 256
#define ARENA_MAX 8192

/* What another server that starts at the same time left there stays. */
static int leave(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_server_app *app = user;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf sealed VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    const char *there = NULL;
    vl_buf_init(&sealed, PROBE_MAX);
    vl_buf_init(&text, 2 * PROBE_MAX);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_repo_setting_get(conn, 0, NAME, arena, &there, err);
    if (r != 0)
        return r < 0 ? r : 0;
    r = vl_crypt_seal(app->data.seal_key, VL_SPAN_LIT(NAME), VL_SPAN_LIT(PROBE), &sealed, err);
    if (r < 0)
        return r;
    vl_base64_encode(vl_buf_span(&sealed), &text);
    r = vl_buf_check(&text, "the seal", err);
    return r < 0 ? r : vl_repo_setting_set(conn, 0, NAME, vl_buf_span(&text), err);
}

static int read_probe(struct vl_server_app *app, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(app->store, &conn, err);
    return r < 0 ? r : vl_repo_setting_get(conn, 0, NAME, arena, ret, err);
}

int vl_server_seal_check(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf sealed VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    struct vl_err why = VL_ERR_INIT;
    const char *encoded = NULL;
    vl_buf_init(&sealed, PROBE_MAX);
    vl_buf_init(&text, PROBE_MAX);
    if (!arena)
        return vl_err_nomem(err);
    int r = read_probe(app, arena, &encoded, err);
    if (r == 0)
        r = vl_store_write(app->store, leave, app, err);
    if (r >= 0 && !encoded)
        r = read_probe(app, arena, &encoded, err);
    if (r < 0)
        return r;
    if (!encoded || !vl_base64_decode(vl_span_str(encoded), &sealed) ||
        vl_crypt_open(app->data.seal_key, VL_SPAN_LIT(NAME), vl_buf_span(&sealed), &text, &why) < 0)
        return vl_err_set(err, VL_ERR_USAGE,
            "the secrets in the database are sealed with another key than %s/seal.key: copy that file from "
            "the data folder, or the backup, of the server that the database belongs to",
            app->data.folder);
    return 0;
}
