/* Java archives, nested ones too. Sources: Maven Archiver (META-INF/maven/GROUP/ARTIFACT/pom.properties),
 * JAR File Specification; nested jars as Spring Boot ("The Executable Jar Format") and war files have them.
 */
#include "artifact/jar.h"

#include "artifact/parsers.h"
#include "codec/digest.h"
#include "codec/zip.h"
#include "language/pom.h"
#include "text_util.h"

#define JAR_DEPTH_MAX  16                     /* archives in archives */
#define JAR_INNER_MAX  (128UL * 1024 * 1024)  /* bytes of one nested archive */
#define JAR_ALIVE_MAX  (192UL * 1024 * 1024)  /* of those that are open in each other */
#define JAR_TOTAL_MAX  (1024UL * 1024 * 1024) /* of all of them and what is read beside */
#define JAR_TEXT_MAX   (4UL * 1024 * 1024)    /* pom.properties, pom.xml, MANIFEST.MF */
#define JAR_INNERS_MAX 100000
#define JAR_POMS_MAX   100000
#define JAR_PATH_MAX   8192

struct walk {
    struct vl_package_sink *sink;
    uint64_t total; /* bytes unpacked */
    uint64_t alive; /* of these in memory */
    size_t inners;
    bool exhausted; /* a limit of the whole is reached: no going on */
};

/* One archive. */
struct jar {
    struct walk *walk;
    const char *path; /* "a.jar!BOOT-INF/lib/b.jar" */
    struct vl_span content;
    unsigned depth;
    struct vl_vec found; /* struct jar_coordinates by pom.properties */
    struct vl_vec poms;  /* struct jar_coordinates by pom.xml */
    struct vl_span manifest;
    bool has_code; /* classes or nested archives: something that could have coordinates */
    bool has_inner;
};

static int read_jar(
    struct walk *walk, const char *path, struct vl_span content, unsigned depth, struct vl_err *err);

static int read_entry(
    struct jar *jar, struct vl_zip *zip, uint64_t size, size_t max, struct vl_buf *out, struct vl_err *err)
{
    if (size > max)
        return vl_err_set(err, VL_ERR_LIMIT, "an entry of %llu bytes is too large", (unsigned long long)size);
    jar->walk->exhausted = jar->walk->total + size > JAR_TOTAL_MAX;
    if (jar->walk->exhausted)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %lu bytes in nested archives", JAR_TOTAL_MAX);
    jar->walk->total += size;
    return vl_zip_read(zip, out, err);
}

/* "key=value" or "key: value" lines; java.util.Properties' escapes do not occur in coordinates. */
static struct jar_coordinates parse_properties(struct vl_span text, struct vl_arena *arena)
{
    struct jar_coordinates c = {0};
    struct vl_span line;
    while (vl_span_split_line(&text, &line)) {
        line = vl_span_trim(line);
        size_t at = vl_span_find_char(line, '=');
        at = at == SIZE_MAX ? vl_span_find_char(line, ':') : at;
        if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == '!' || at == SIZE_MAX)
            continue;
        struct vl_span key = vl_span_trim(vl_span_slice(line, 0, at));
        struct vl_span value = vl_span_trim(vl_span_slice(line, at + 1, line.len));
        struct vl_span *field = PKG_IS(key, "groupId")      ? &c.group
                                : PKG_IS(key, "artifactId") ? &c.artifact
                                : PKG_IS(key, "version")    ? &c.version
                                                            : NULL;
        char *copy = field ? vl_arena_dup_span(arena, value) : NULL;
        if (copy)
            *field = vl_span_str(copy);
    }
    return c;
}

static bool is_whole(const struct jar_coordinates *c)
{
    return c->group.len && c->artifact.len && c->version.len &&
           vl_span_find(c->version, VL_SPAN_LIT("${")) == SIZE_MAX &&
           vl_span_find_char(c->group, ' ') == SIZE_MAX && vl_span_find_char(c->artifact, ' ') == SIZE_MAX;
}

static int keep(struct vl_vec *list, const struct jar_coordinates *c, struct vl_err *err)
{
    if (!is_whole(c))
        return 0;
    for (size_t i = 0; i < list->len && i < 1000; i++) {
        const struct jar_coordinates *k = vl_vec_at(list, i);
        if (vl_span_eq(k->artifact, c->artifact) && vl_span_eq(k->group, c->group) &&
            vl_span_eq(k->version, c->version))
            return 0;
    }
    struct jar_coordinates *slot = vl_vec_push(list, "poms", err);
    if (!slot)
        return err->err;
    *slot = *c;
    return 0;
}

static int on_text(struct jar *jar, struct vl_zip *zip, const struct vl_zip_entry *entry, struct vl_span base,
    struct vl_err *err)
{
    struct vl_arena *arena = jar->walk->sink->arena;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, JAR_TEXT_MAX);
    int r = read_entry(jar, zip, entry->size, JAR_TEXT_MAX, &text, err);
    if (r < 0)
        return r;
    struct jar_coordinates c = {0};
    if (PKG_IS(base, "MANIFEST.MF")) {
        char *copy = vl_arena_dup_span(arena, vl_buf_span(&text));
        jar->manifest = copy ? (struct vl_span){copy, text.len} : VL_SPAN_EMPTY;
    } else if (PKG_IS(base, "pom.properties")) {
        c = parse_properties(vl_buf_span(&text), arena);
        r = keep(&jar->found, &c, err);
    } else if (vl_pom_coordinates(vl_buf_span(&text), arena, &c.group, &c.artifact, &c.version) >= 0) {
        r = keep(&jar->poms, &c, err);
    }
    return r < 0 ? r : vl_arena_check(arena, jar->path, err);
}

static int on_inner(struct jar *jar, struct vl_zip *zip, const struct vl_zip_entry *entry, struct vl_err *err)
{
    struct walk *walk = jar->walk;
    VL_CLEANUP(vl_buf_done) struct vl_buf content;
    vl_buf_init(&content, JAR_INNER_MAX);
    walk->exhausted = ++walk->inners > JAR_INNERS_MAX;
    if (walk->exhausted)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d nested archives", JAR_INNERS_MAX);
    if (strlen(jar->path) + strlen(entry->path) > JAR_PATH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a path of more than %d bytes", JAR_PATH_MAX);
    if (walk->alive + entry->size > JAR_ALIVE_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %lu bytes of archives in each other", entry->path,
            JAR_ALIVE_MAX);
    const char *path = vl_arena_printf(walk->sink->arena, "%s!%s", jar->path, entry->path);
    if (!path)
        return vl_arena_check(walk->sink->arena, jar->path, err);
    int r = read_entry(jar, zip, entry->size, JAR_INNER_MAX, &content, err);
    if (r < 0)
        return vl_err_wrap(err, "%s", entry->path);
    uint64_t before = walk->alive;
    walk->alive += content.len;
    r = read_jar(walk, path, vl_buf_span(&content), jar->depth + 1, err);
    walk->alive = before;
    return r;
}

static int on_entry(struct jar *jar, struct vl_zip *zip, const struct vl_zip_entry *entry, struct vl_err *err)
{
    struct vl_span path = vl_span_str(entry->path);
    size_t slash = vl_span_rfind_char(path, '/');
    struct vl_span base = slash == SIZE_MAX ? path : vl_span_slice(path, slash + 1, path.len);
    if (PKG_ENDS(base, ".class"))
        jar->has_code = true;
    if (PKG_IS(base, "pom.properties") || vl_span_eq_nocase(path, VL_SPAN_LIT("META-INF/MANIFEST.MF")) ||
        (PKG_IS(base, "pom.xml") && PKG_STARTS(path, "META-INF/maven/")))
        return on_text(jar, zip, entry, base, err);
    if (!jar_is_archive(base))
        return 0;
    jar->has_inner = true;
    int r = on_inner(jar, zip, entry, err);
    if (r < 0 && err->code != VL_ERR_MEMORY && !jar->walk->exhausted) {
        vl_notes_add_err(jar->walk->sink->notes, jar->path, err);
        r = 0; /* the other archives still count */
    }
    return r;
}

/* A shaded jar lists what was put into it; its own coordinates are those its name has. A single listing is
 * its own whatever the name ("app.jar"), but not where name and manifest tell something else ("guice.jar",
 * which lists cglib alone). */
static bool is_own(const struct jar *jar, const struct jar_coordinates *c, bool single)
{
    struct vl_span stem = jar_stem(vl_span_str(jar->path));
    return single ||
           (stem.len >= c->artifact.len && memcmp(stem.ptr, c->artifact.ptr, c->artifact.len) == 0 &&
               (stem.len == c->artifact.len || stem.ptr[c->artifact.len] == '-' ||
                   stem.ptr[c->artifact.len] == '_'));
}

static int add(struct jar *jar, const struct jar_coordinates *c, bool own, struct vl_err *err)
{
    struct vl_package_sink *sink = jar->walk->sink;
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, JAR_TEXT_MAX);
    vl_buf_append_span(&name, c->group);
    vl_buf_append_char(&name, ':');
    vl_buf_append_span(&name, c->artifact);
    struct vl_package *p =
        vl_package_sink_add(sink, VL_ECO_MAVEN, vl_buf_span(&name), c->version, jar->path, err);
    if (!p)
        return err->err;
    p->flags = !own || jar->depth ? VL_PACKAGE_BUNDLED : 0U;
    if (own) {
        struct vl_digest digest;
        char text[VL_DIGEST_TEXT_MAX];
        vl_digest_compute(VL_DIGEST_SHA1, jar->content, &digest);
        p->digest = vl_arena_strdup(sink->arena, vl_digest_format(&digest, text));
    }
    return vl_arena_check(sink->arena, jar->path, err);
}

static int unidentified(struct jar *jar, struct vl_err *err)
{
    struct vl_package_unidentified *u = vl_vec_push(&jar->walk->sink->unidentified, jar->path, err);
    if (!u)
        return err->err;
    u->path = vl_arena_strdup(jar->walk->sink->arena, jar->path);
    u->kind = "jar without coordinates";
    return vl_arena_check(jar->walk->sink->arena, jar->path, err);
}

static int identify(struct jar *jar, struct vl_err *err)
{
    struct vl_arena *arena = jar->walk->sink->arena;
    struct vl_vec *list = jar->found.len ? &jar->found : &jar->poms;
    struct jar_coordinates guess;
    bool guessed = jar_guess(vl_span_str(jar->path), jar->manifest, arena, &guess);
    bool any_own = false;
    int r = vl_arena_check(arena, jar->path, err);
    for (size_t i = 0; i < list->len && r >= 0; i++) {
        const struct jar_coordinates *c = vl_vec_at(list, i);
        bool own = is_own(jar, c, list->len == 1 && !guessed);
        any_own |= own;
        r = add(jar, c, own, err);
    }
    if (r < 0 || any_own)
        return r;
    if (guessed)
        return add(jar, &guess, true, err);
    return jar->has_code && list->len == 0 ? unidentified(jar, err) : 0;
}

static int read_jar(
    struct walk *walk, const char *path, struct vl_span content, unsigned depth, struct vl_err *err)
{
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = NULL;
    const struct vl_zip_entry *entry;
    struct jar jar = {.walk = walk, .path = path, .content = content, .depth = depth};
    walk->exhausted = depth > JAR_DEPTH_MAX;
    if (walk->exhausted)
        return vl_err_set(err, VL_ERR_LIMIT, "archives nested deeper than %d", JAR_DEPTH_MAX);
    vl_vec_init(&jar.found, sizeof(struct jar_coordinates), JAR_POMS_MAX);
    vl_vec_init(&jar.poms, sizeof(struct jar_coordinates), JAR_POMS_MAX);
    int r = vl_zip_open(content, path, &zip, err);
    while (r >= 0 && (r = vl_zip_next(zip, &entry, err)) == 1) {
        if (!entry->is_dir)
            r = on_entry(&jar, zip, entry, err);
    }
    if (r >= 0) {
        r = identify(&jar, err);
    } else {
        struct vl_err second = VL_ERR_INIT;
        int q = identify(&jar, &second); /* what was seen before the error */
        (void)q;
    }
    vl_vec_done(&jar.found);
    vl_vec_done(&jar.poms);
    return r;
}

static int parse_jar(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct walk walk = {.sink = sink};
    int r = read_jar(&walk, file->path, file->content, 0, err);
    bool named = strncmp(err->msg, file->path, strlen(file->path)) == 0;
    return r < 0 && !named ? vl_err_wrap(err, "%s", file->path) : r;
}

static bool wants_jar(const struct vl_package_file *file)
{
    return jar_is_archive(pkg_base(file));
}

const struct vl_package_parser pkg_parser_java_archive = {
    .name = "java/archive",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_jar,
    .parse = parse_jar,
};
