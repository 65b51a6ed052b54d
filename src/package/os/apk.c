/* apk's installed database. Source: apk-tools' own documentation of the format (apk-v2, "Installed
 * database"): records of "K:value" lines ended by an empty line; F: opens a folder whose files follow as R:.
 */
#include "apk.h"

#include "license.h"
#include "owned.h"
#include "path.h"

struct record {
    struct vl_span name, version, arch, origin, license, maintainer, folder;
    struct os_owned owned;
};

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {"lib/apk/db/installed", "usr/lib/apk/db/installed", NULL};
    return os_path_match_any(file->path, places);
}

static int finish(struct record *record, const struct vl_package_file *file, struct vl_package_sink *sink,
    struct vl_err *err)
{
    int r = 0;
    if (record->name.len && record->version.len) {
        struct vl_package *p =
            vl_package_sink_add(sink, VL_ECO_APK, record->name, record->version, file->path, err);
        if (!p)
            return err->err;
        if (record->arch.len)
            p->arch = vl_arena_dup_span(sink->arena, record->arch);
        if (record->origin.len && !vl_span_eq(record->origin, record->name))
            p->source_name = vl_arena_dup_span(sink->arena, record->origin);
        if (record->maintainer.len)
            p->vendor = vl_arena_dup_span(sink->arena, record->maintainer);
        r = os_set_license(p, record->license, sink->arena, file->path, err);
        if (r >= 0)
            r = os_owned_flush(&record->owned, record->name, record->arch, sink, file->path, err);
    }
    os_owned_clear(&record->owned);
    record->name = record->version = record->arch = record->origin = VL_SPAN_EMPTY;
    record->license = record->maintainer = record->folder = VL_SPAN_EMPTY;
    return r;
}

static void take_line(struct record *record, char key, struct vl_span value)
{
    switch (key) {
    case 'P':
        record->name = value;
        break;
    case 'V':
        record->version = value;
        break;
    case 'A':
        record->arch = value;
        break;
    case 'o':
        record->origin = value;
        break;
    case 'L':
        record->license = value;
        break;
    case 'm':
        record->maintainer = value;
        break;
    case 'F':
        record->folder = value;
        break;
    case 'R':
        os_owned_add_joined(&record->owned, record->folder, value);
        break;
    default:
        break;
    }
}

static int parse_records(struct record *record, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    uint32_t number = 0;
    while (vl_span_split_line(&rest, &line)) {
        number++;
        if (line.len == 0) {
            int r = finish(record, file, sink, err);
            if (r < 0)
                return r;
            continue;
        }
        size_t colon = vl_span_find_char(line, ':');
        if (colon == SIZE_MAX)
            return vl_err_set(
                err, VL_ERR_INVALID, "%s: line %u is not \"K:value\"", file->path, (unsigned)number);
        if (colon == 1) /* longer keys are none that apk knows */
            take_line(record, line.ptr[0], vl_span_trim(vl_span_slice(line, 2, line.len)));
    }
    return finish(record, file, sink, err);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct record record = {0};
    os_owned_init(&record.owned);
    int r = parse_records(&record, file, sink, err);
    os_owned_done(&record.owned);
    return r;
}

const struct vl_package_parser os_parser_apk = {"apk", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
