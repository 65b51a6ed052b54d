/* Kyverno's image references: image("ghcr.io/a/b:1").registry(). Source: github.com/kyverno/sdk
 * cel/libs/image, github.com/google/go-containerregistry pkg/name (behaviour, weak validation). */
#include <string.h>

#include "lib_support.h"

#define REGISTRY_DEFAULT "index.docker.io"
#define REGISTRY_ALIAS   "docker.io"
#define NAMESPACE        "library/"
#define REFERENCE_MAX    4096 /* bytes of a text that is read as a reference */

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct image {
    const struct vl_cel_opaque_ops *ops;
    struct vl_span original, registry, repository; /* the latter as it is written */
    bool is_library;                               /* the repository stands in library/ */
    struct vl_span tag;                            /* empty with a digest */
    struct vl_span digest;                         /* "sha256:…", or empty */
};

static bool image_equal(const void *a, const void *b)
{
    const struct image *x = a, *y = b;
    return x->is_library == y->is_library && vl_span_eq(x->registry, y->registry) &&
           vl_span_eq(x->repository, y->repository) && vl_span_eq(x->tag, y->tag) &&
           vl_span_eq(x->digest, y->digest);
}

static void image_text(const void *payload, struct vl_buf *out)
{
    vl_buf_append_span(out, ((const struct image *)payload)->original);
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "kyverno.Image", .equal = image_equal, .text = image_text};

static bool only(struct vl_span text, const char *set, size_t min, size_t max)
{
    if (text.len < min || text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!text.ptr[i] || !strchr(set, text.ptr[i]))
            return false;
    return true;
}

/* What may stand as the authority of a URL: a host, and a port of digits. */
static bool read_registry(struct vl_span text, struct vl_span *ret)
{
    size_t colon = vl_span_rfind_char(text, ':');
    if (!text.len || vl_span_eq_str(text, REGISTRY_ALIAS)) {
        *ret = VL_SPAN_LIT(REGISTRY_DEFAULT);
        return true;
    }
    if (!only(text, LOWER UPPER DIGITS ".-_~:[]", 1, REFERENCE_MAX) ||
        (colon != SIZE_MAX &&
            !only(vl_span_slice(text, colon + 1, text.len), DIGITS "]:" LOWER, 0, REFERENCE_MAX)))
        return false;
    if (colon != SIZE_MAX && text.ptr[0] != '[' &&
        !only(vl_span_slice(text, colon + 1, text.len), DIGITS, 0, 16))
        return false;
    *ret = text;
    return true;
}

static bool read_repository(struct vl_span text, struct image *image)
{
    size_t slash = vl_span_find_char(text, '/');
    struct vl_span first = slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(text, 0, slash);
    struct vl_span registry = VL_SPAN_EMPTY;
    bool is_host = vl_span_find_char(first, '.') != SIZE_MAX || vl_span_find_char(first, ':') != SIZE_MAX ||
                   vl_span_eq_str(first, "localhost");
    if (slash != SIZE_MAX && is_host) {
        registry = first;
        text = vl_span_slice(text, slash + 1, text.len);
    }
    image->repository = text;
    if (!only(text, LOWER DIGITS "_-./", 2, 255) || !read_registry(registry, &image->registry))
        return false;
    image->is_library =
        vl_span_eq_str(image->registry, REGISTRY_DEFAULT) && vl_span_find_char(text, '/') == SIZE_MAX;
    return true;
}

static bool read_tag(struct vl_span text, struct image *image)
{
    size_t colon = vl_span_rfind_char(text, ':');
    image->tag = VL_SPAN_LIT("latest");
    if (colon != SIZE_MAX && vl_span_find_char(vl_span_slice(text, colon, text.len), '/') == SIZE_MAX) {
        image->tag = vl_span_slice(text, colon + 1, text.len);
        if (!only(image->tag, LOWER UPPER DIGITS "_-.", 1, 128))
            return false;
        text = vl_span_slice(text, 0, colon);
    }
    return read_repository(text, image);
}

static bool read_digest(struct vl_span text, struct image *image)
{
    size_t at = vl_span_find_char(text, '@');
    if (at == SIZE_MAX)
        return false;
    struct vl_span digest = vl_span_slice(text, at + 1, text.len);
    struct vl_span base = vl_span_slice(text, 0, at);
    if (!vl_span_starts_with(digest, "sha256:") ||
        !only(vl_span_slice(digest, 7, digest.len), DIGITS "abcdef", 64, 64))
        return false;
    if (!read_tag(base, image) && !read_repository(base, image))
        return false;
    image->tag = VL_SPAN_EMPTY;
    image->digest = digest;
    return true;
}

static bool read_reference(struct vl_span text, struct image *image)
{
    *image = (struct image){.ops = &ops, .original = text};
    if (text.len > REFERENCE_MAX)
        return false;
    return read_tag(text, image) || read_digest(text, image);
}

static struct vl_cel_value to_image(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct image *image = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*image));
    if (!image)
        return vl_cel_no_room(run);
    struct vl_span text = vl_cel_span(args[0]);
    if (!read_reference(text, image))
        return vl_cel_fail(
            run, "could not parse reference: %.*s", VL_SPAN_FMT(vl_span_slice(text, 0, REFERENCE_MAX)));
    return vl_cel_opaque(VL_CEL_IMAGE, image);
}

static struct vl_cel_value is_image(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    struct image image;
    return vl_cel_bool(read_reference(vl_cel_span(args[0]), &image));
}

static const struct image *of(struct vl_cel_value value)
{
    return value.kind == VL_CEL_OPAQUE && value.opaque == VL_CEL_IMAGE ? value.as.payload : NULL;
}

static struct vl_cel_value contains_digest(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    return image ? vl_cel_bool(image->digest.len > 0) : vl_cel_no_overload(run);
}

static struct vl_cel_value registry(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    return image ? vl_cel_string(image->registry) : vl_cel_no_overload(run);
}

static struct vl_cel_value put_together(struct vl_cel_run *run, const char *front, struct vl_span text)
{
    size_t n = strlen(front);
    char *room = vl_cel_text_room(run, n + text.len);
    if (!room)
        return vl_cel_no_room(run);
    memcpy(room, front, n);
    if (text.len)
        memcpy(room + n, text.ptr, text.len);
    return vl_cel_text_made(room, n + text.len);
}

static struct vl_cel_value repository(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    if (!image)
        return vl_cel_no_overload(run);
    return image->is_library ? put_together(run, NAMESPACE, image->repository)
                             : vl_cel_string(image->repository);
}

static struct vl_cel_value tag(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    return image ? vl_cel_string(image->tag) : vl_cel_no_overload(run);
}

static struct vl_cel_value digest(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    return image ? vl_cel_string(image->digest) : vl_cel_no_overload(run);
}

static struct vl_span identifier_of(const struct image *image)
{
    return image->digest.len ? image->digest : image->tag;
}

static struct vl_cel_value identifier(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    return image ? vl_cel_string(identifier_of(image)) : vl_cel_no_overload(run);
}

/* What of the reference stands behind the length of its full repository; upstream counts so even where the
 * reference does not begin with it. */
static struct vl_cel_value with_separator(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct image *image = of(args[0]);
    if (!image)
        return vl_cel_no_overload(run);
    size_t full =
        image->registry.len + 1 + image->repository.len + (image->is_library ? strlen(NAMESPACE) : 0);
    if (image->original.len > full)
        return vl_cel_string(vl_span_slice(image->original, full, image->original.len));
    return put_together(run, ":", identifier_of(image));
}

#define STRING &vl_cel_t_string
#define IMAGE  &vl_cel_t_image
#define ONE(ident, text, is_member, takes, gives)               \
    static const struct vl_cel_overload ident##_overloads[] = { \
        {.id = (text), .member = (is_member), .n_args = 1, .args = {takes}, .result = gives, .call = ident}}
ONE(to_image, "string_to_image", false, STRING, IMAGE);
ONE(is_image, "is_image_string", false, STRING, &vl_cel_t_bool);
ONE(contains_digest, "image_contains_digest", true, IMAGE, &vl_cel_t_bool);
ONE(registry, "image_registry", true, IMAGE, STRING);
ONE(repository, "image_repository", true, IMAGE, STRING);
ONE(identifier, "image_identifier", true, IMAGE, STRING);
ONE(with_separator, "image_identifier_with_separator", true, IMAGE, STRING);
ONE(tag, "image_tag", true, IMAGE, STRING);
ONE(digest, "image_digest", true, IMAGE, STRING);

static const struct vl_cel_function functions[] = {
    {"image", to_image_overloads, 1},
    {"parseImageReference", to_image_overloads, 1},
    {"isImage", is_image_overloads, 1},
    {"containsDigest", contains_digest_overloads, 1},
    {"registry", registry_overloads, 1},
    {"repository", repository_overloads, 1},
    {"identifier", identifier_overloads, 1},
    {"identifierWithSeparator", with_separator_overloads, 1},
    {"tag", tag_overloads, 1},
    {"digest", digest_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_kyverno_image = {
    .name = "kyverno.image", .functions = functions, .n = VL_ARRAY_LEN(functions), .kyverno = true};
