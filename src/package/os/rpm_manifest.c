/* Azure Linux and Mariner distroless images keep no database but the output of `rpm -qa`. Source: their image
 * build (toolkit, "cleanup rpm database" step). container-manifest-1 has the same packages in the short form,
 * always beside this one, and is left alone. */
#include "rpm.h"

#include "path.h"
#include "rpm_source.h"

enum { NAME, VERSION, INSTALLED, BUILT, VENDOR, EPOCH, SIZE, ARCH, EPOCH_NUMBER, SOURCE_RPM, COLUMNS };

static bool wants(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/rpmmanifest/container-manifest-2");
}

static int add(const struct vl_span *v, const struct vl_package_file *file, struct vl_package_sink *sink,
    struct vl_err *err)
{
    uint64_t epoch = 0;
    (void)vl_span_to_u64(v[EPOCH_NUMBER], &epoch); /* "(none)" is no epoch */
    const char *full = epoch
                           ? vl_arena_printf(sink->arena, "%u:%.*s", (unsigned)epoch, VL_SPAN_FMT(v[VERSION]))
                           : vl_arena_dup_span(sink->arena, v[VERSION]);
    struct vl_package *p = vl_package_sink_add(sink, VL_ECO_RPM, v[NAME], vl_span_str(full), file->path, err);
    if (!p)
        return err->err;
    if (v[ARCH].len && !vl_span_eq_str(v[ARCH], "(none)"))
        p->arch = vl_arena_dup_span(sink->arena, v[ARCH]);
    if (v[VENDOR].len && !vl_span_eq_str(v[VENDOR], "(none)"))
        p->vendor = vl_arena_dup_span(sink->arena, v[VENDOR]);
    os_rpm_set_source(p, v[SOURCE_RPM], v[VERSION], (uint32_t)epoch, sink->arena);
    return vl_arena_check(sink->arena, file->path, err);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    for (unsigned number = 1; vl_span_split_line(&rest, &line); number++) {
        struct vl_span v[COLUMNS], left = line;
        size_t n = 0;
        if (vl_span_trim(line).len == 0)
            continue;
        while (n < COLUMNS && vl_span_split(&left, '\t', &v[n]))
            n++;
        if (n < COLUMNS || v[NAME].len == 0 || v[VERSION].len == 0)
            return vl_err_set(err, VL_ERR_INVALID, "%s: line %u has %zu columns instead of %d", file->path,
                number, n, COLUMNS);
        if (vl_span_eq_str(v[NAME], "gpg-pubkey"))
            continue;
        int r = add(v, file, sink, err);
        if (r < 0)
            return r;
    }
    return 0;
}

const struct vl_package_parser os_parser_rpm_manifest = {
    "rpm/manifest", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
