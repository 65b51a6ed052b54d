/* Packages of an rpm database. */
#include "rpm.h"

#include "license.h"
#include "owned.h"
#include "path.h"
#include "rpm_db.h"
#include "rpm_header.h"
#include "rpm_source.h"

struct context {
    const struct vl_package_file *file;
    struct vl_package_sink *sink;
    struct os_owned owned;
};

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {"var/lib/rpm/Packages", "var/lib/rpm/Packages.db",
        "var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db",
        "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/Packages", "usr/share/rpm/Packages.db",
        "usr/share/rpm/rpmdb.sqlite", NULL};
    return os_path_match_any(file->path, places);
}

static void add_file(struct vl_span folder, struct vl_span name, void *user)
{
    os_owned_add_joined(user, folder, name);
}

/* rpm itself writes "(none)" where there is nothing. */
static const char *text(struct vl_span value, struct vl_arena *arena)
{
    return value.len && !vl_span_eq_str(value, "(none)") ? vl_arena_dup_span(arena, value) : NULL;
}

static int add_package(struct context *c, const struct os_rpm_header *h, struct vl_err *err)
{
    struct vl_arena *arena = c->sink->arena;
    const char *version =
        vl_arena_printf(arena, "%.*s-%.*s", VL_SPAN_FMT(h->version), VL_SPAN_FMT(h->release));
    const char *full =
        h->epoch && version ? vl_arena_printf(arena, "%u:%s", (unsigned)h->epoch, version) : version;
    struct vl_package *p =
        vl_package_sink_add(c->sink, VL_ECO_RPM, h->name, vl_span_str(full), c->file->path, err);
    if (!p)
        return err->err;
    p->arch = text(h->arch, arena);
    p->vendor = text(h->vendor, arena);
    p->module = text(h->module, arena);
    os_rpm_set_source(p, h->source_rpm, vl_span_str(version), h->epoch, arena);
    return os_set_license(p, h->license, arena, c->file->path, err);
}

static int each_header(struct vl_span blob, void *user, struct vl_err *err)
{
    struct context *c = user;
    struct os_rpm_header h;
    int r = os_rpm_header_parse(blob, &h, err);
    if (r < 0) {
        vl_notes_add_err(c->sink->notes, c->file->path, err);
        return 0; /* the other packages are still good */
    }
    if (vl_span_eq_str(h.name, "gpg-pubkey")) /* a key in a package's clothes */
        return 0;
    r = add_package(c, &h, err);
    if (r < 0)
        return r;
    os_owned_clear(&c->owned);
    r = os_rpm_header_files(&h, add_file, &c->owned, err);
    if (r < 0)
        vl_notes_add_err(c->sink->notes, c->file->path, err);
    return os_owned_flush(&c->owned, h.name, h.arch, c->sink, c->file->path, err);
}

static const struct {
    bool (*is)(struct vl_span data);
    int (*read)(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err);
} stores[] = {
    {os_rpm_sqlite_is, os_rpm_sqlite_read},
    {os_rpm_ndb_is, os_rpm_ndb_read},
    {os_rpm_bdb_is, os_rpm_bdb_read},
};

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct context context = {.file = file, .sink = sink};
    const struct os_rpm_each each = {each_header, &context};
    for (size_t i = 0; i < VL_ARRAY_LEN(stores); i++) {
        if (!stores[i].is(file->content))
            continue;
        os_owned_init(&context.owned);
        int r = stores[i].read(file->content, &each, err);
        os_owned_done(&context.owned);
        return r < 0 ? vl_err_wrap(err, "%s", file->path) : 0;
    }
    return vl_err_set(err, VL_ERR_INVALID, "%s: neither Berkeley DB, ndb nor SQLite", file->path);
}

/* Changes that were not yet written back into the database are in its write-ahead log. */
static bool wants_wal(const struct vl_package_file *file)
{
    static const char *const places[] = {"var/lib/rpm/rpmdb.sqlite-wal",
        "usr/lib/sysimage/rpm/rpmdb.sqlite-wal", "usr/share/rpm/rpmdb.sqlite-wal", NULL};
    return os_path_match_any(file->path, places);
}

#define WAL_HEADER 32U /* a log without any frame */

static int parse_wal(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    (void)err;
    if (file->content.len > WAL_HEADER)
        vl_notes_add(sink->notes, VL_NOTE_PARTIAL, VL_ERR_UNSUPPORTED, file->path,
            "holds changes that the database itself does not have yet; they are not read "
            "(close the database in the build, for example with \"rpm --rebuilddb\")");
    return 0;
}

const struct vl_package_parser os_parser_rpm = {"rpm", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
const struct vl_package_parser os_parser_rpm_wal = {
    "rpm/wal", VL_PACKAGE_SCOPE_INSTALLED, wants_wal, parse_wal};
