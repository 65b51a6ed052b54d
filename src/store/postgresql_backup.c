#include "postgresql_backup.h"

#include "base/process.h"

#define ARENA_MAX (1024UL * 1024)

static int run(
    const struct store_pg_settings *s, const char *const *argv, const char *path, struct vl_err *err)
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
    struct store_pg_settings s;
    const char *const argv[] = {
        "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", path, NULL};
    int r = arena ? store_pg_settings_of(conn, arena, &s, err) : vl_err_nomem(err);
    return r < 0 ? r : run(&s, argv, path, err);
}

int store_pg_restore(const char *url, const char *path, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct store_pg_settings s;
    int r = arena ? store_pg_settings_parse(url, arena, &s, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    /* One transaction: what is there already makes it fail, and then nothing was changed. */
    const char *const argv[] = {"pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
        "--single-transaction", "--dbname", s.database ? s.database : "", "--", path, NULL};
    return run(&s, argv, path, err);
}
