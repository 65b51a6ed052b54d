/* Which files are worth looking into for secrets. */
#include <string.h>
#include <sys/stat.h>

#include "secret.h"

#define HEAD_PROBE 1024

static bool contains(struct vl_span s, const char *part)
{
    return vl_span_find(s, vl_span_str(part)) != SIZE_MAX;
}

/* Brought by packages, the same for everybody: documentation, translations, indexes with hashes. */
static bool is_distribution_text(struct vl_span path)
{
    static const char *const starts[] = {"usr/share/doc/", "usr/share/man/", "usr/share/info/",
        "usr/share/locale/", "usr/share/zoneinfo/", "usr/share/i18n/", "usr/share/licenses/",
        "usr/share/common-licenses/", "usr/share/ca-certificates/", "usr/share/perl", "usr/share/icons/",
        "usr/share/fonts/", "usr/share/vim/", "usr/share/mime/", "usr/share/bash-completion/",
        "usr/share/zsh/", "usr/include/", "usr/lib/python3", "usr/lib/python2", "usr/lib/locale/",
        "usr/share/terminfo/", "usr/local/share/man/", "usr/local/include/", "var/lib/dpkg/", "var/lib/apt/",
        "var/cache/", "var/lib/rpm/", "lib/apk/db/", "usr/lib/sysimage/", "etc/ssl/certs/", "proc/", "sys/",
        "dev/"};
    if (contains(path, "/share/doc/") || contains(path, "/share/man/"))
        return true;
    /* What people installed below the interpreter's folder is theirs. */
    if (contains(path, "/site-packages/") || contains(path, "/dist-packages/"))
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(starts); i++) {
        if (vl_span_starts_with(path, starts[i]))
            return true;
    }
    return false;
}

/* Tests of installed libraries come with made-up keys. */
static bool is_library_test(struct vl_span path)
{
    static const char *const homes[] = {"node_modules/", "/site-packages/", "/dist-packages/", "/gems/",
        "/pkg/mod/", "/.cargo/registry/", "/vendor/", "lib/python", "usr/lib/", "usr/share/",
        "usr/local/lib/", "usr/local/go/"};
    static const char *const tests[] = {"/test/", "/tests/", "/testdata/", "/__tests__/", "/spec/", "/specs/",
        "/fixtures/", "/examples/", "/example/", "/docs/", "/doc/", "/testing/", "/mocks/", "/benchmark/"};
    bool library = false;
    for (size_t i = 0; i < VL_ARRAY_LEN(homes) && !library; i++)
        library = contains(path, homes[i]);
    for (size_t i = 0; i < VL_ARRAY_LEN(tests) && library; i++) {
        if (contains(path, tests[i]))
            return true;
    }
    return false;
}

/* Hashes look like keys; descriptions of packages have examples. */
static bool is_lock_file(struct vl_span name)
{
    static const char *const names[] = {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock",
        "pnpm-lock.yaml", "bun.lock", "poetry.lock", "Pipfile.lock", "uv.lock", "pdm.lock", "Cargo.lock",
        "go.sum", "composer.lock", "Gemfile.lock", "mix.lock", "pubspec.lock", "Podfile.lock",
        "Package.resolved", "gradle.lockfile", "conan.lock", "flake.lock", "RECORD", "installed.json",
        "SHA256SUMS", "md5sums", ".package-lock.json", "METADATA", "PKG-INFO", "deno.lock"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (vl_span_eq_str(name, names[i]))
            return true;
    }
    return vl_span_ends_with(name, ".lock.json"); /* packages.lock.json, packages.PROJECT.lock.json */
}

/* By name, for what the first bytes do not tell. */
static bool is_other_kind(struct vl_span name)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".svg", ".webp", ".woff",
        ".woff2", ".ttf", ".otf", ".eot", ".pdf", ".zip", ".gz", ".xz", ".bz2", ".zst", ".tar", ".jar",
        ".whl", ".so", ".a", ".o", ".pyc", ".class", ".wasm", ".mo", ".po", ".gmo", ".ttc", ".mp3", ".mp4",
        ".css", ".scss", ".less", ".map", ".html.gz", ".sum", ".asc", ".sig", ".crt", ".pub", ".md", ".rst",
        ".pot", ".d.ts", ".h", ".hpp", ".woff2"};
    for (size_t i = 0; i < VL_ARRAY_LEN(ends); i++) {
        if (vl_span_ends_with(name, ends[i]))
            return true;
    }
    return false;
}

bool vl_secret_wants(const char *path, uint32_t mode, uint64_t size, struct vl_span head)
{
    if ((mode & S_IFMT) != 0 && !S_ISREG(mode))
        return false;
    if (size == 0 || size > VL_SECRET_FILE_MAX)
        return false;
    struct vl_span p = vl_span_str(path);
    while (vl_span_starts_with(p, "/"))
        p = vl_span_slice(p, 1, p.len);
    size_t slash = vl_span_rfind_char(p, '/');
    struct vl_span name = slash == SIZE_MAX ? p : vl_span_slice(p, slash + 1, p.len);
    if (is_distribution_text(p) || is_library_test(p) || is_lock_file(name) || is_other_kind(name))
        return false;
    struct vl_span probe = vl_span_slice(head, 0, HEAD_PROBE);
    return probe.len == 0 || memchr(probe.ptr, '\0', probe.len) == NULL;
}
