#include "identity/login.h"

#include "base/time.h"
#include "net/crypt.h"
#include "router.h"

/* Who waits: the name, and the address. One alone would let an attacker lock out others, or try every name.
 */
struct keys {
    const char *key[2];
};

static int keys_of(const struct vl_login *login, struct keys *ret, struct vl_err *err)
{
    ret->key[0] = vl_arena_printf(login->arena, "name:%s", login->name);
    ret->key[1] = vl_arena_printf(login->arena, "peer:%s", login->peer);
    return vl_arena_check(login->arena, "the request", err);
}

static int wait_of(
    const struct vl_login *login, const struct keys *keys, int64_t now, int64_t *ret_ms, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t longest = 0;
    int r = vl_store_read(login->app->store, &conn, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(keys->key) && r >= 0; i++) {
        int64_t wait = 0;
        r = vl_repo_login_wait(conn, keys->key[i], now, &wait, err);
        longest = wait > longest ? wait : longest;
    }
    *ret_ms = longest;
    return r;
}

static int fits(
    const struct vl_login *login, const char *password, struct vl_principal *ret, struct vl_err *err)
{
    /* An unknown name takes as long as a wrong password. */
    static const char nobody[] = "pbkdf2-sha256$600000$00000000000000000000000000000000$"
                                 "0000000000000000000000000000000000000000000000000000000000000000";
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_principal who = {0};
    const char *hash = NULL;
    int r = vl_store_read(login->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_principal_by_name(conn, login->name, login->arena, &who, &hash, err);
    if (r < 0)
        return r;
    vl_store_read_done(conn); /* the hash takes a while */
    conn = NULL;
    bool good = vl_crypt_password_fits(vl_span_str(password), hash ? hash : nobody) && hash;
    if (!good || (login->kind && (int)who.kind != login->kind))
        return 0;
    *ret = who;
    return 1;
}

struct failure {
    const struct vl_login *login;
    const struct keys *keys;
    int64_t now;
};

static int failed_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct failure *f = user;
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(f->keys->key) && r >= 0; i++)
        r = vl_repo_login_failed(conn, f->keys->key[i], f->now, err);
    return r < 0 ? r
                 : vl_repo_audit(
                       conn, f->login->name, f->login->peer, 0, "login.failed", f->login->name, NULL, err);
}

int vl_login_check(const struct vl_login *login, const char *password, struct vl_principal *ret,
    int64_t *ret_wait_ms, struct vl_err *err)
{
    struct keys keys;
    int64_t now = vl_time_now_ms();
    *ret_wait_ms = 0;
    int r = keys_of(login, &keys, err);
    if (r >= 0)
        r = wait_of(login, &keys, now, ret_wait_ms, err);
    if (r < 0 || *ret_wait_ms > 0)
        return r < 0 ? r : 0;
    r = fits(login, password, ret, err);
    if (r != 0)
        return r;
    struct failure f = {.login = login, .keys = &keys, .now = now};
    return vl_store_write(login->app->store, failed_write, &f, err);
}

int vl_login_done(
    struct vl_store_conn *conn, const struct vl_login *login, const char *how, struct vl_err *err)
{
    struct keys keys;
    int r = keys_of(login, &keys, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(keys.key) && r >= 0; i++)
        r = vl_repo_login_good(conn, keys.key[i], err);
    return r < 0 ? r : vl_repo_audit(conn, login->name, login->peer, 0, how, login->name, NULL, err);
}

void vl_login_cookie(struct vl_http_reply *reply, struct vl_arena *arena, const char *token, int64_t lasts_ms)
{
    vl_http_reply_header(reply, "Set-Cookie",
        vl_arena_printf(arena,
            VL_SESSION_COOKIE "=%s; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Strict", token,
            (long long)(lasts_ms / 1000)));
}
