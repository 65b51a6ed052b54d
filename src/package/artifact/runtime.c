/* Text files by which programs without a package manager tell their version: "release" of a Java home
 * (OpenJDK's make/ReleaseFile.gmk), wp-includes/version.php of WordPress, the headers of its plugins
 * (developer.wordpress.org, "Header Requirements"). */
#include "artifact/parsers.h"
#include "text_util.h"

#define PLUGIN_HEAD (8UL * 1024)
#define FILE_MAX    (256UL * 1024)

/* KEY="value" */
static struct vl_span shell_value(struct vl_span text, const char *key)
{
    struct vl_span line;
    while (vl_span_split_line(&text, &line)) {
        size_t at = vl_span_find_char(line, '=');
        if (at != SIZE_MAX && vl_span_eq_str(vl_span_slice(line, 0, at), key))
            return pkg_unquote(vl_span_trim(vl_span_slice(line, at + 1, line.len)));
    }
    return VL_SPAN_EMPTY;
}

static int parse_java(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span text = vl_span_slice(file->content, 0, FILE_MAX);
    struct vl_span version = shell_value(text, "JAVA_VERSION");
    struct vl_span maker = shell_value(text, "IMPLEMENTOR"), graal = shell_value(text, "GRAALVM_VERSION");
    if (version.len == 0)
        return 0; /* some other product's file of this name */
    /* Oracle's own builds of Java 8 name no maker, but say that they are sold */
    bool oracle = vl_span_eq_str(maker, "Oracle Corporation") ||
                  (maker.len == 0 && vl_span_eq_str(shell_value(text, "BUILD_TYPE"), "commercial"));
    struct vl_span name = graal.len ? VL_SPAN_LIT("graalvm")
                          : oracle  ? VL_SPAN_LIT("jdk")
                          : vl_span_eq_str(maker, "International Business Machines Corporation")
                              ? VL_SPAN_LIT("semeru")
                              : VL_SPAN_LIT("openjdk");
    return pkg_add(sink, VL_ECO_GENERIC, name, version, 0, 0, file, err) ? 0 : err->err;
}

static bool wants_java(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "release") && file->size <= FILE_MAX && vl_span_str(file->path).len > 7 &&
           (strstr(file->path, "jdk") || strstr(file->path, "java") || strstr(file->path, "jre") ||
               strstr(file->path, "jvm") || strstr(file->path, "graal") || strstr(file->path, "corretto"));
}

const struct vl_package_parser pkg_parser_java_release = {
    .name = "java/release",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_java,
    .parse = parse_java,
};

/* $wp_version = '6.4.1'; */
static int parse_wordpress(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span text = vl_span_slice(file->content, 0, FILE_MAX), line;
    while (vl_span_split_line(&text, &line)) {
        size_t at = vl_span_find_char(line, '=');
        if (!PKG_STARTS(line, "$wp_version") || at == SIZE_MAX)
            continue;
        struct vl_span value = vl_span_trim(vl_span_slice(line, at + 1, vl_span_find_char(line, ';')));
        value = pkg_unquote(value);
        if (value.len && value.ptr[0] >= '0' && value.ptr[0] <= '9' &&
            vl_span_find_char(value, ' ') == SIZE_MAX)
            return pkg_add(sink, VL_ECO_GENERIC, VL_SPAN_LIT("wordpress"), value, 0, 0, file, err) ? 0
                                                                                                   : err->err;
    }
    return 0;
}

static bool wants_wordpress(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "version.php") && pkg_in_folder(file, "wp-includes");
}

const struct vl_package_parser pkg_parser_wordpress = {
    .name = "wordpress",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_wordpress,
    .parse = parse_wordpress,
};

/* "Plugin Name: …" in the comment at the head of the file, of which WordPress reads 8 KiB (get_file_data()).
 */
static struct vl_span header_field(struct vl_span text, const char *field)
{
    struct vl_span line;
    size_t len = strlen(field);
    while (vl_span_split_line(&text, &line)) {
        line = vl_span_trim(PKG_STARTS(line, "<?php") ? vl_span_slice(line, 5, line.len) : line);
        while (line.len && strchr(" \t/*#@", line.ptr[0]))
            line = vl_span_slice(line, 1, line.len);
        if (line.len < len || !vl_span_eq_nocase(vl_span_slice(line, 0, len), vl_span_str(field)))
            continue;
        struct vl_span value = vl_span_slice(line, len, line.len);
        size_t end = vl_span_find(value, VL_SPAN_LIT("*/"));
        return vl_span_trim(vl_span_slice(value, 0, end));
    }
    return VL_SPAN_EMPTY;
}

static int parse_plugin(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span head = vl_span_slice(file->content, 0, PLUGIN_HEAD);
    struct vl_span name = header_field(head, "Plugin Name:"), version = header_field(head, "Version:");
    if (name.len == 0 || version.len == 0)
        return 0;
    return pkg_add(sink, VL_ECO_GENERIC, name, version, 0, 0, file, err) ? 0 : err->err;
}

/* "wp-content/plugins/akismet/akismet.php", "wp-content/plugins/hello.php" */
static bool wants_plugin(const struct vl_package_file *file)
{
    static const char *const folders[] = {"wp-content/plugins/", "wp-content/mu-plugins/"};
    struct vl_span path = vl_span_str(file->path);
    if (!PKG_ENDS(path, ".php"))
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(folders); i++) {
        size_t at = vl_span_find(path, vl_span_str(folders[i]));
        if (at == SIZE_MAX || (at && path.ptr[at - 1] != '/'))
            continue;
        struct vl_span rest = vl_span_slice(path, at + strlen(folders[i]), path.len);
        size_t slash = vl_span_find_char(rest, '/');
        return slash == SIZE_MAX ||
               vl_span_find_char(vl_span_slice(rest, slash + 1, rest.len), '/') == SIZE_MAX;
    }
    return false;
}

const struct vl_package_parser pkg_parser_wordpress_plugin = {
    .name = "wordpress/plugin",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_plugin,
    .parse = parse_plugin,
};
