/* Sources: JAR File Specification, "JAR Manifest"; OSGi Core release 8, 3.2.1 (Bundle-SymbolicName); Maven's
 * repository layout (ARTIFACT-VERSION.jar); Ivy's module revision ids (ORG#NAME;REVISION), which Gradle's
 * plug-ins write as Implementation-Title; maven-hpi-plugin's manifest entries. */
#include "artifact/jar.h"

#include "text_util.h"

#define VALUE_MAX 4096 /* bytes of one manifest value */

static bool is_name_char(char c)
{
    return vl_char_is_digit(c) || vl_char_is_letter(c) || c == '.' || c == '-' || c == '_';
}

static bool is_version_char(char c)
{
    return is_name_char(c) || c == '+' || c == '~';
}

static bool is_version(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_version_char(s.ptr[i]))
            return false;
    }
    return s.len > 0 && vl_char_is_digit(s.ptr[0]);
}

bool jar_is_archive(struct vl_span path)
{
    static const char *const endings[] = {
        ".jar", ".war", ".ear", ".par", ".sar", ".nar", ".hpi", ".jpi", ".lpkg", ".jmod"};
    size_t dot = vl_span_rfind_char(path, '.');
    if (dot == SIZE_MAX || path.len - dot > 5)
        return false;
    struct vl_span ending = vl_span_slice(path, dot, path.len);
    for (size_t i = 0; i < VL_ARRAY_LEN(endings); i++) {
        if (vl_span_eq_nocase(ending, vl_span_str(endings[i])))
            return true;
    }
    return false;
}

struct vl_span jar_stem(struct vl_span path)
{
    size_t slash = vl_span_rfind_char(path, '/');
    struct vl_span base = slash == SIZE_MAX ? path : vl_span_slice(path, slash + 1, path.len);
    size_t bang = vl_span_rfind_char(base, '!');
    base = bang == SIZE_MAX ? base : vl_span_slice(base, bang + 1, base.len);
    return jar_is_archive(base) ? vl_span_slice(base, 0, vl_span_rfind_char(base, '.')) : base;
}

/* A version may begin with a word: "rc4", "r12", "build1.2.3". */
static bool begins_version(struct vl_span s)
{
    static const char *const words[] = {"", "r", "rc", "build"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        size_t n = strlen(words[i]);
        if (s.len <= n || memcmp(s.ptr, words[i], n) != 0 || !vl_char_is_digit(s.ptr[n]))
            continue;
        if (n == 0)
            return true;
        /* "rc1asd" is a part of the name */
        for (size_t k = n; k < s.len && s.ptr[k] != '-'; k++) {
            if (!vl_char_is_digit(s.ptr[k]) && s.ptr[k] != '.')
                return false;
        }
        return true;
    }
    return false;
}

bool jar_split_name(struct vl_span base, struct vl_span *ret_artifact, struct vl_span *ret_version)
{
    struct vl_span stem = jar_stem(base);
    for (size_t i = 1; i + 1 < stem.len; i++) {
        char c = stem.ptr[i];
        struct vl_span rest = vl_span_slice(stem, i + 1, stem.len);
        if ((c != '-' && c != '_' && c != '.') || !begins_version(rest))
            continue;
        /* "scala-2.13" has no version in "scala", but "log4j-1.2-api-2.17.0" has it behind "api-". */
        size_t dash = vl_span_find_char(rest, '-');
        struct vl_span after = dash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, dash + 1, rest.len);
        size_t last = vl_span_rfind_char(after, '-');
        struct vl_span tail = last == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(after, last + 1, after.len);
        bool word = after.len && after.ptr[0] >= 'a' && after.ptr[0] <= 'z';
        if (word && tail.len && vl_char_is_digit(tail.ptr[0]) && vl_span_find_char(tail, '.') != SIZE_MAX)
            continue;
        for (size_t k = 0; k < rest.len; k++) {
            if (!is_version_char(rest.ptr[k]))
                return false;
        }
        *ret_artifact = vl_span_slice(stem, 0, i);
        *ret_version = rest;
        return true;
    }
    return false;
}

const char *jar_group_of(struct vl_span artifact)
{
    const char *group = NULL;
    size_t best = 0;
    for (size_t i = 0; i < jar_n_groups; i++) {
        struct vl_span row = vl_span_str(jar_groups[i].artifact);
        if (vl_span_eq(row, artifact))
            return jar_groups[i].group;
        bool open = row.len && row.ptr[row.len - 1] == '*';
        size_t front = open ? row.len - 1 : 0;
        if (open && row.len > best &&
            vl_span_eq(vl_span_slice(row, 0, front), vl_span_slice(artifact, 0, front))) {
            best = row.len;
            group = jar_groups[i].group;
        }
    }
    return group;
}

/* One attribute of the main section, with its folded lines joined. */
static struct vl_span attribute(struct vl_span manifest, const char *name, struct vl_arena *arena)
{
    struct vl_span key, value;
    while (pkg_header_next(&manifest, &key, &value)) {
        if (!vl_span_eq_nocase(key, vl_span_str(name)))
            continue;
        if (value.len > VALUE_MAX)
            return VL_SPAN_EMPTY;
        if (vl_span_find_char(value, '\n') == SIZE_MAX)
            return vl_span_trim(value);
        char *joined = vl_arena_alloc(arena, value.len + 1);
        size_t len = 0;
        for (size_t i = 0; joined && i < value.len; i++) {
            bool fold = value.ptr[i] == '\n' && i + 1 < value.len && value.ptr[i + 1] == ' ';
            if (value.ptr[i] != '\r' && value.ptr[i] != '\n')
                joined[len++] = value.ptr[i];
            i += fold ? 1U : 0U;
        }
        return joined ? vl_span_trim((struct vl_span){joined, len}) : VL_SPAN_EMPTY;
    }
    return VL_SPAN_EMPTY;
}

/* "com.acme.tools": at least two parts, of the characters that groups have. */
static bool is_group(struct vl_span s)
{
    if (s.len < 3 || vl_span_find_char(s, '.') == SIZE_MAX || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.ptr[i]) || (i == 0 && !((s.ptr[0] | 0x20) >= 'a' && (s.ptr[0] | 0x20) <= 'z')))
            return false;
    }
    return true;
}

static bool is_artifact(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

/* "org.elasticsearch#server;8.14.3" */
static bool from_ivy_id(struct vl_span title, struct jar_coordinates *ret)
{
    size_t hash = vl_span_find_char(title, '#'), semi = vl_span_find_char(title, ';');
    if (hash == SIZE_MAX || semi == SIZE_MAX || semi < hash)
        return false;
    *ret = (struct jar_coordinates){vl_span_slice(title, 0, hash), vl_span_slice(title, hash + 1, semi),
        vl_span_slice(title, semi + 1, title.len)};
    return is_group(ret->group) && is_artifact(ret->artifact) && is_version(ret->version);
}

/* Plugins of Jenkins, by what maven-hpi-plugin writes. */
static bool from_jenkins(struct vl_span manifest, struct vl_arena *arena, struct jar_coordinates *ret)
{
    struct vl_span version = attribute(manifest, "Plugin-Version", arena);
    struct vl_span group = attribute(manifest, "Group-Id", arena);
    *ret = (struct jar_coordinates){group.len ? group : VL_SPAN_LIT("org.jenkins-ci.plugins"),
        attribute(manifest, "Short-Name", arena),
        vl_span_slice(version, 0, vl_span_find_char(version, ' '))}; /* "1.2-SNAPSHOT (private-…)" */
    return is_group(ret->group) && is_artifact(ret->artifact) && is_version(ret->version);
}

/* "com.google.guava.failureaccess" of failureaccess-1.0.1.jar: what stands before the artifact. */
static struct vl_span group_of_symbolic(struct vl_span symbolic, struct vl_span artifact)
{
    symbolic = vl_span_trim(vl_span_slice(symbolic, 0, vl_span_find_char(symbolic, ';')));
    if (symbolic.len < artifact.len + 2)
        return VL_SPAN_EMPTY;
    size_t cut = symbolic.len - artifact.len;
    struct vl_span tail = vl_span_slice(symbolic, cut, symbolic.len);
    return vl_span_eq(tail, artifact) && symbolic.ptr[cut - 1] == '.' ? vl_span_slice(symbolic, 0, cut - 1)
                                                                      : VL_SPAN_EMPTY;
}

static struct vl_span manifest_version(struct vl_span manifest, struct vl_arena *arena)
{
    static const char *const names[] = {"Implementation-Version", "Bundle-Version", "Specification-Version"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        struct vl_span v = attribute(manifest, names[i], arena);
        /* "1.4 1855 April 22 2006" begins with it. */
        v = vl_span_slice(v, 0, vl_span_find_char(v, ' '));
        if (is_version(v))
            return v;
    }
    return VL_SPAN_EMPTY;
}

/* "log4j-1.2-1.2.17.jar", as Debian names the jars of a branch: what the manifest says is the version. */
static struct vl_span without_branch(struct vl_span version, struct vl_span manifest, struct vl_arena *arena)
{
    struct vl_span told = manifest_version(manifest, arena);
    if (told.len == 0 || version.len < told.len + 2)
        return version;
    struct vl_span branch = vl_span_slice(version, 0, version.len - told.len - 1);
    struct vl_span tail = vl_span_slice(version, branch.len + 1, version.len);
    bool is_branch = version.ptr[branch.len] == '-' && branch.len < told.len &&
                     memcmp(told.ptr, branch.ptr, branch.len) == 0 && told.ptr[branch.len] == '.';
    return is_branch && vl_span_eq(tail, told) ? told : version;
}

bool jar_guess(
    struct vl_span path, struct vl_span manifest, struct vl_arena *arena, struct jar_coordinates *ret)
{
    struct jar_coordinates c = {0};
    struct vl_span title = attribute(manifest, "Implementation-Title", arena);
    if (from_ivy_id(title, ret) || from_jenkins(manifest, arena, ret))
        return true;
    if (!jar_split_name(path, &c.artifact, &c.version)) {
        c.artifact = jar_stem(path);
        c.version = manifest_version(manifest, arena);
        /* "app.jar" with a title that the table knows ("log4j-core"). */
        if (!jar_group_of(c.artifact) && is_artifact(title) && jar_group_of(title))
            c.artifact = title;
    } else {
        c.version = without_branch(c.version, manifest, arena);
    }
    if (!is_artifact(c.artifact) || c.version.len == 0)
        return false;
    c.group = vl_span_str(jar_group_of(c.artifact));
    if (c.group.len == 0)
        c.group = group_of_symbolic(attribute(manifest, "Bundle-SymbolicName", arena), c.artifact);
    if (c.group.len == 0)
        c.group = attribute(manifest, "Implementation-Vendor-Id", arena);
    if (!is_group(c.group) && !jar_group_of(c.artifact))
        return false;
    *ret = c;
    return true;
}
