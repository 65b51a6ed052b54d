/* os-release. Source: os-release(5): shell-like assignments, quoted or not, one a line. */
#include "release.h"

#include <string.h>

#include "base/time.h"
#include "path.h"

#define VALUE_MAX 1024 /* bytes of one value that are kept */

enum {
    ID,
    ID_LIKE,
    VERSION_ID,
    CODENAME,
    PRETTY_NAME,
    VARIANT_ID,
    CPE_NAME,
    VERSION,
    NAME,
    SUPPORT_END,
    VALUES
};

static const char *const keys[VALUES] = {"ID", "ID_LIKE", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME",
    "VARIANT_ID", "CPE_NAME", "VERSION", "NAME", "SUPPORT_END"};

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {"etc/os-release", "usr/lib/os-release",
        /* Ubuntu Core and Bottlerocket keep the system's root apart */
        "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release",
        "aarch64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release", NULL};
    return os_path_match_any(file->path, places);
}

/* Undoes shell quoting; what a shell would expand stays as it is. */
static char *unquote(struct vl_span text, struct vl_arena *arena)
{
    char value[VALUE_MAX];
    size_t len = 0;
    char quote = '\0';
    for (size_t i = 0; i < text.len && len < sizeof(value); i++) {
        char c = text.ptr[i];
        if (c == '\\' && quote != '\'' && i + 1 < text.len) {
            value[len++] = text.ptr[++i];
        } else if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? '\0' : c;
        } else {
            value[len++] = c;
        }
    }
    return vl_arena_dup_span(arena, vl_span_trim((struct vl_span){value, len}));
}

static void to_lower(char *s)
{
    for (; *s; s++) {
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s + ('a' - 'A'));
    }
}

/* Releases before VERSION_CODENAME: "8 (jessie)", "14.04.6 LTS, Trusty Tahr". */
static char *codename_of_version(const char *version, struct vl_arena *arena)
{
    struct vl_span v = vl_span_str(version);
    size_t open = vl_span_find_char(v, '('), comma = vl_span_find_char(v, ',');
    size_t from = open != SIZE_MAX ? open : comma;
    if (from == SIZE_MAX)
        return vl_arena_strdup(arena, "");
    v = vl_span_slice(v, from + 1, v.len);
    v = vl_span_trim(vl_span_slice(v, 0, vl_span_find_char(v, ')')));
    char *name = vl_arena_dup_span(arena, vl_span_slice(v, 0, vl_span_find_char(v, ' ')));
    if (name)
        to_lower(name);
    return name;
}

static bool has_codenames(const char *id)
{
    static const char *const ids[] = {"debian", "ubuntu", "raspbian"};
    for (size_t i = 0; i < VL_ARRAY_LEN(ids); i++) {
        if (strcmp(id, ids[i]) == 0)
            return true;
    }
    return false;
}

static void read_values(struct vl_span rest, struct vl_arena *arena, char **values)
{
    struct vl_span line;
    while (vl_span_split_line(&rest, &line)) {
        line = vl_span_trim(line);
        size_t eq = vl_span_find_char(line, '=');
        if (eq == SIZE_MAX || line.ptr[0] == '#')
            continue;
        struct vl_span key = vl_span_trim(vl_span_slice(line, 0, eq));
        for (size_t i = 0; i < VALUES; i++) {
            if (vl_span_eq_str(key, keys[i]))
                values[i] = unquote(vl_span_trim(vl_span_slice(line, eq + 1, line.len)), arena);
        }
    }
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    char *values[VALUES] = {NULL};
    read_values(file->content, sink->arena, values);
    if (!values[ID] && !values[NAME] && !values[PRETTY_NAME])
        return vl_err_set(err, VL_ERR_INVALID, "%s: names no distribution", file->path);
    char *id = values[ID] && *values[ID] ? values[ID] : vl_arena_strdup(sink->arena, "linux");
    if (id)
        to_lower(id); /* os-release(5) demands it; not all obey */
    if (id && !values[CODENAME] && values[VERSION] && has_codenames(id))
        values[CODENAME] = codename_of_version(values[VERSION], sink->arena);
    int r = vl_arena_check(sink->arena, file->path, err);
    if (r < 0)
        return r;
    struct vl_distro distro = {
        .id = id,
        .id_like = values[ID_LIKE],
        .version_id = values[VERSION_ID],
        .codename = values[CODENAME],
        .pretty_name = values[PRETTY_NAME] ? values[PRETTY_NAME] : values[NAME],
        .variant_id = values[VARIANT_ID],
        .cpe_name = values[CPE_NAME],
    };
    if (values[SUPPORT_END] && !vl_time_parse(vl_span_str(values[SUPPORT_END]), &distro.support_ends_ms))
        distro.support_ends_ms = 0;
    bool in_etc = vl_span_starts_with(vl_span_str(file->path), "etc/");
    return os_release_offer(sink, &distro, in_etc ? OS_RANK_ETC : OS_RANK_USR_LIB, file->path, err);
}

const struct vl_package_parser os_parser_os_release = {
    "os-release", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
