#include "postgresql_backup.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"

#define ARENA_MAX (1024UL * 1024)
#define ENV_MAX   64

/* The connection's settings as libpq's own variables: a password never stands among the arguments, which
 * every user of the machine can read. */
struct settings {
    struct vl_arena *arena;
    const char *env[ENV_MAX];
    size_t n;
    const char *database;
};

static int take(struct settings *s, const PQconninfoOption *options, struct vl_err *err)
{
    static const char *const kept[] = {"PATH", "HOME", "LANG", "TZ"};
    for (size_t i = 0; i < VL_ARRAY_LEN(kept); i++) {
        const char *value = getenv(kept[i]);
        if (value)
            s->env[s->n++] = vl_arena_printf(s->arena, "%s=%s", kept[i], value);
    }
    for (const PQconninfoOption *o = options; o && o->keyword; o++) {
        if (!o->val || !o->val[0])
            continue;
        if (strcmp(o->keyword, "dbname") == 0)
            s->database = vl_arena_strdup(s->arena, o->val);
        if (!o->envvar)
            continue;
        if (s->n + 1 == ENV_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "the database's URL has more than %d settings", ENV_MAX);
        s->env[s->n++] = vl_arena_printf(s->arena, "%s=%s", o->envvar, o->val);
    }
    return vl_arena_check(s->arena, "the database's settings", err);
}

static int run(const struct settings *s, const char *const *argv, const char *path, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done), said VL_CLEANUP(vl_buf_done);
    struct vl_process_options options = {
        .argv = argv, .env = s->env, .output_fd = -1, .seconds = STORE_PG_BACKUP_SECONDS};
    int status = 0;
    vl_buf_init(&out, 65536);
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    int r = vl_process_run(&options, &out, &said, &status, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND)
        return vl_err_wrap(err, "%s: install PostgreSQL's client programs", path);
    if (r < 0 || status == 0)
        return r;
    struct vl_span rest = vl_buf_span(&said), line = VL_SPAN_LIT("it says nothing");
    (void)vl_span_split_line(&rest, &line);
    return vl_err_set(err, VL_ERR_UNREACHABLE, "%s: %s failed: %.*s", path, argv[0], VL_SPAN_FMT(line));
}

int store_pg_backup(struct vl_store_conn *conn, const char *path, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct settings s = {.arena = arena};
    PQconninfoOption *options = arena ? PQconninfo(store_pg_handle(conn)) : NULL;
    const char *const argv[] = {
        "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", path, NULL};
    int r = options ? take(&s, options, err) : vl_err_nomem(err);
    PQconninfoFree(options);
    return r < 0 ? r : run(&s, argv, path, err);
}

int store_pg_restore(const char *url, const char *path, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct settings s = {.arena = arena};
    char *why = NULL;
    PQconninfoOption *options = arena ? PQconninfoParse(url, &why) : NULL;
    int r = options ? take(&s, options, err)
                    : vl_err_set(err, VL_ERR_USAGE, "the database's URL is wrong: %s", why ? why : "");
    PQfreemem(why);
    PQconninfoFree(options);
    if (r < 0)
        return r;
    /* One transaction: what is there already makes it fail, and then nothing was changed. */
    const char *const argv[] = {"pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
        "--single-transaction", "--dbname", s.database ? s.database : "", "--", path, NULL};
    return run(&s, argv, path, err);
}
