#include "purl_types.h"

#include <string.h>

/* A type that is not listed follows the general rules only. Required namespaces are enforced where no package
 * can be without; the definitions also demand one of golang, deb, rpm, apk and maven, but "golang/stdlib" and
 * packages of an unknown distribution or without a group are in every tool's documents, and refusing them
 * would lose packages. */
static const struct {
    const char *type;
    unsigned rules;
} types[] = {
    {"alpm", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"apk", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"bazel", VL_PURL_NS_PROHIBITED},
    {"bitbucket", VL_PURL_NS_REQUIRED | VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"bitnami", VL_PURL_NS_PROHIBITED | VL_PURL_NAME_LOWER},
    {"brew", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"cargo", VL_PURL_NS_PROHIBITED},
    {"chrome-extension", VL_PURL_NS_PROHIBITED | VL_PURL_NAME_LOWER},
    {"cocoapods", VL_PURL_NS_PROHIBITED},
    {"composer", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"conda", VL_PURL_NS_PROHIBITED},
    {"cran", VL_PURL_NS_PROHIBITED},
    {"deb", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"gem", VL_PURL_NS_PROHIBITED},
    {"github", VL_PURL_NS_REQUIRED | VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"githubactions", VL_PURL_NS_REQUIRED | VL_PURL_NS_LOWER},
    {"golang", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"hackage", VL_PURL_NS_PROHIBITED},
    {"hex", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"huggingface", VL_PURL_VERSION_LOWER},
    {"julia", VL_PURL_NS_PROHIBITED},
    {"luarocks", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"mlflow", VL_PURL_NS_PROHIBITED},
    {"npm", VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"nuget", VL_PURL_NS_PROHIBITED},
    {"oci", VL_PURL_NS_PROHIBITED | VL_PURL_NAME_LOWER | VL_PURL_VERSION_LOWER},
    {"opam", VL_PURL_NS_PROHIBITED},
    {"otp", VL_PURL_NS_PROHIBITED | VL_PURL_NAME_LOWER},
    {"pub", VL_PURL_NS_PROHIBITED | VL_PURL_NAME_LOWER | VL_PURL_NAME_UNDERSCORE},
    {"pypi", VL_PURL_NS_PROHIBITED | VL_PURL_NAME_LOWER | VL_PURL_VERSION_LOWER | VL_PURL_NAME_PEP503},
    {"qpkg", VL_PURL_NS_LOWER},
    {"rpm", VL_PURL_NS_LOWER},
    {"swift", VL_PURL_NS_REQUIRED},
    {"vcpkg", VL_PURL_NS_PROHIBITED},
    {"vscode-extension", VL_PURL_NS_REQUIRED | VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER},
    {"yocto", VL_PURL_NS_LOWER},
};

static unsigned rules_of(const char *type)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(types); i++) {
        if (strcmp(types[i].type, type) == 0)
            return types[i].rules;
    }
    return 0;
}

/* ASCII only: no package manager of a lower-casing type allows other letters. */
static const char *lower(const char *s, struct vl_arena *arena)
{
    char *copy = s ? vl_arena_strdup(arena, s) : NULL;
    for (char *p = copy; p && *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    return copy;
}

static const char *pep503(const char *s, struct vl_arena *arena)
{
    char *copy = vl_arena_strdup(arena, s);
    size_t n = 0;
    for (const char *p = s; copy && *p; p++) {
        bool dash = *p == '-' || *p == '_' || *p == '.';
        if (!dash || n == 0 || copy[n - 1] != '-')
            copy[n++] = dash ? '-' : *p;
    }
    if (copy)
        copy[n] = '\0';
    return copy;
}

static const char *underscores(const char *s, struct vl_arena *arena)
{
    char *copy = vl_arena_strdup(arena, s);
    for (char *p = copy; p && *p; p++)
        *p = *p == '-' ? '_' : *p;
    return copy;
}

/* Databricks' model names ignore case, Azure ML's do not; git hosts that ignore case are known by name. */
static unsigned rules_of_host(const struct vl_purl *purl)
{
    const char *url = vl_purl_qualifier(purl, "repository_url");
    if (strcmp(purl->type, "mlflow") == 0 && url && strstr(url, "databricks"))
        return VL_PURL_NAME_LOWER;
    struct vl_span space = vl_span_str(purl->namespace);
    if (strcmp(purl->type, "git") == 0 &&
        (vl_span_starts_with(space, "github") || vl_span_starts_with(space, "bitbucket")))
        return VL_PURL_NS_LOWER | VL_PURL_NAME_LOWER;
    return 0;
}

static int check_chrome_extension(const struct vl_purl *purl, struct vl_err *err)
{
    if (strlen(purl->name) != 32 || strspn(purl->name, "abcdefghijklmnop") != 32)
        return vl_err_set(err, VL_ERR_INVALID,
            "package URL: the id of a Chrome extension has 32 letters from a to p, not '%s'", purl->name);
    unsigned parts = 0;
    for (struct vl_span rest = vl_span_str(purl->version), part; vl_span_split(&rest, '.', &part); parts++) {
        uint64_t number;
        if (!vl_span_to_u64(part, &number) || parts == 4)
            return vl_err_set(err, VL_ERR_INVALID,
                "package URL: the version of a Chrome extension is one to four numbers, not '%s'",
                purl->version);
    }
    return 0;
}

static int check_special(const struct vl_purl *purl, struct vl_err *err)
{
    static const struct {
        const char *type, *key;
    } required[] = {{"julia", "uuid"}, {"swid", "tag_id"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(required); i++) {
        if (strcmp(purl->type, required[i].type) == 0 && !vl_purl_qualifier(purl, required[i].key))
            return vl_err_set(err, VL_ERR_INVALID, "package URL: type %s needs the qualifier '%s'",
                purl->type, required[i].key);
    }
    if (strcmp(purl->type, "cpan") == 0 && strstr(purl->name, "::"))
        return vl_err_set(err, VL_ERR_INVALID,
            "package URL: '%s' is a module; type cpan names distributions (URI-PackageURL)", purl->name);
    return strcmp(purl->type, "chrome-extension") == 0 ? check_chrome_extension(purl, err) : 0;
}

bool vl_purl_name_is_path(struct vl_span type)
{
    return vl_span_eq_nocase(type, VL_SPAN_LIT("git"));
}

int vl_purl_apply_type(struct vl_purl *purl, struct vl_arena *arena, struct vl_err *err)
{
    unsigned rules = rules_of(purl->type) | rules_of_host(purl);
    if (purl->namespace && (rules & VL_PURL_NS_PROHIBITED))
        return vl_err_set(err, VL_ERR_INVALID, "package URL: type %s has no namespace, but '%s' is given",
            purl->type, purl->namespace);
    if (!purl->namespace && (rules & VL_PURL_NS_REQUIRED))
        return vl_err_set(err, VL_ERR_INVALID, "package URL: type %s needs a namespace before the name '%s'",
            purl->type, purl->name);
    if (rules & VL_PURL_NS_LOWER)
        purl->namespace = lower(purl->namespace, arena);
    if (rules & VL_PURL_NAME_LOWER)
        purl->name = lower(purl->name, arena);
    if (rules & VL_PURL_VERSION_LOWER)
        purl->version = lower(purl->version, arena);
    int r = vl_arena_check(arena, "package URL", err);
    if (r < 0)
        return r;
    if (rules & VL_PURL_NAME_PEP503)
        purl->name = pep503(purl->name, arena);
    if (rules & VL_PURL_NAME_UNDERSCORE)
        purl->name = underscores(purl->name, arena);
    r = vl_arena_check(arena, "package URL", err);
    return r < 0 ? r : check_special(purl, err);
}
