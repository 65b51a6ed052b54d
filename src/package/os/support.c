#include "package/distro.h"

#include <string.h>

#include "os/support_table.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

/* CentOS Stream calls itself centos; only its name tells it from CentOS Linux, which ended long before. */
static const char *id_of(const struct vl_distro *distro)
{
    bool stream = distro->pretty_name && strstr(distro->pretty_name, "CentOS Stream");
    return stream ? "centos-stream" : distro->id;
}

static bool version_matches(struct vl_span version, struct vl_span row)
{
    if (vl_span_eq_str(row, "*"))
        return true;
    if (version.len == 0)
        return false;
    if (!vl_span_ends_with(row, ".*"))
        return vl_span_eq(version, row);
    row = vl_span_slice(row, 0, row.len - 2);
    return vl_span_eq(vl_span_slice(version, 0, row.len), row) &&
           (version.len == row.len || version.ptr[row.len] == '.');
}

static const struct os_support_row *find(const struct vl_distro *distro)
{
    const char *id = id_of(distro);
    struct vl_span version = vl_span_str(distro->version_id), codename = vl_span_str(distro->codename);
    for (size_t i = 0; id && *id && i < os_support_n_rows; i++) {
        const struct os_support_row *row = &os_support_rows[i];
        if (strcmp(row->id, id) != 0)
            continue;
        if (version_matches(version, vl_span_str(row->version)))
            return row;
        /* testing before its release has the name and no number yet */
        if (version.len == 0 && codename.len && vl_span_eq_str(codename, row->codename))
            return row;
    }
    return NULL;
}

int vl_distro_support(struct vl_distro *distro, int64_t now_ms)
{
    const struct os_support_row *row = find(distro);
    int64_t standard = row ? row->standard_ms : distro->support_ends_ms;
    int64_t extended = row ? row->extended_ms : 0;
    distro->support_ends_ms = standard;
    distro->extended_ends_ms = extended;
    if (!row && standard == 0)
        distro->support = VL_SUPPORT_UNKNOWN;
    else if (standard == 0 || now_ms < standard + DAY_MS)
        distro->support = VL_SUPPORT_STANDARD;
    else if (extended && now_ms < extended + DAY_MS)
        distro->support = VL_SUPPORT_EXTENDED;
    else
        distro->support = VL_SUPPORT_ENDED;
    return distro->support != VL_SUPPORT_UNKNOWN;
}
