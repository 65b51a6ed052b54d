/* .NET assemblies that tell name and version in their version resource. Sources: PE/COFF specification,
 * "Optional Header Data Directories" (CLR runtime header) and ".rsrc"; Windows' VS_VERSIONINFO,
 * StringFileInfo, StringTable and String structures. */
#include "artifact/binary.h"

#include "base/reader.h"
#include "text_util.h"

#define LFANEW_AT       0x3c
#define HEADER_BYTES    24 /* signature and COFF header */
#define MAGIC_32        0x10b
#define MAGIC_64        0x20b
#define DIRECTORIES_32  96
#define DIRECTORIES_64  112
#define DIRECTORY_BYTES 8
#define DIRECTORY_CLR   14
#define STRINGS_MAX     200
#define TABLES_MAX      50
#define TEXT_MAX        512 /* UTF-16 units of one key or value */
#define RESOURCES_MAX   (64UL * 1024 * 1024)

bool art_pe_is_managed(const struct vl_object_file *object)
{
    struct vl_reader r = vl_reader_new(object->data);
    if (object->kind != VL_OBJECT_PE)
        return false;
    vl_reader_seek(&r, LFANEW_AT);
    size_t header = vl_reader_u32le(&r);
    vl_reader_seek(&r, header);
    vl_reader_skip(&r, HEADER_BYTES);
    uint16_t magic = vl_reader_u16le(&r);
    size_t at = magic == MAGIC_64 ? DIRECTORIES_64 : DIRECTORIES_32;
    if (magic != MAGIC_64 && magic != MAGIC_32)
        return false;
    vl_reader_seek(&r, header);
    vl_reader_skip(&r, HEADER_BYTES + at - 4);
    uint32_t n = vl_reader_u32le(&r);
    vl_reader_skip(&r, (size_t)DIRECTORY_CLR * DIRECTORY_BYTES);
    uint32_t address = vl_reader_u32le(&r);
    return vl_reader_ok(&r) && n > DIRECTORY_CLR && address != 0;
}

/* A block of a version resource: three words, a key in UTF-16, and what follows, each at a multiple of four
 * from the beginning of the resource. */
struct block {
    char key[64];
    struct vl_span value; /* of value_len bytes */
    struct vl_span children;
};

/* ASCII of UTF-16 up to NUL; other characters become '?', names and versions have none. */
static size_t read_text(struct vl_reader *r, size_t units, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < units && vl_reader_ok(r); i++) {
        uint16_t c = vl_reader_u16le(r);
        if (c == 0)
            break;
        if (len + 1 < size)
            out[len++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    out[len] = '\0';
    return len;
}

static size_t aligned(size_t at)
{
    return (at + 3) & ~(size_t)3;
}

/* Takes the next block off *rest. */
static bool next_block(struct vl_span *rest, struct block *ret)
{
    struct vl_reader r = vl_reader_new(*rest);
    size_t len = vl_reader_u16le(&r), value_len = vl_reader_u16le(&r);
    bool text = vl_reader_u16le(&r) == 1;
    (void)read_text(&r, TEXT_MAX, ret->key, sizeof(ret->key));
    size_t value = aligned(r.pos);
    size_t value_bytes = text ? value_len * 2 : value_len;
    if (!vl_reader_ok(&r) || len < r.pos || len > rest->len)
        return false;
    struct vl_span whole = vl_span_slice(*rest, 0, len);
    ret->value = vl_span_slice(whole, value, value + value_bytes);
    ret->children = vl_span_slice(whole, aligned(value + (text ? 0 : value_bytes)), whole.len);
    *rest = vl_span_slice(*rest, aligned(len), rest->len);
    return true;
}

struct strings {
    char name[TEXT_MAX], original[TEXT_MAX], product_version[TEXT_MAX];
};

static void keep_string(const struct block *b, struct strings *s)
{
    struct vl_reader r = vl_reader_new(b->value);
    char *field = strcmp(b->key, "InternalName") == 0       ? s->name
                  : strcmp(b->key, "OriginalFilename") == 0 ? s->original
                  : strcmp(b->key, "ProductVersion") == 0   ? s->product_version
                                                            : NULL;
    if (field && !*field) {
        size_t units = b->value.len / 2;
        (void)read_text(&r, units < TEXT_MAX - 1 ? units : TEXT_MAX - 1, field, TEXT_MAX);
    }
}

/* StringFileInfo, its tables (one a language), their strings. */
static bool read_strings(struct vl_span resources, struct strings *ret)
{
    static const char mark[] = "S\0t\0r\0i\0n\0g\0F\0i\0l\0e\0I\0n\0f\0o\0";
    struct vl_span needle = {mark, sizeof(mark)}; /* with the second byte of the NUL behind */
    struct block info, table, string;
    size_t hit = vl_span_find(vl_span_slice(resources, 0, RESOURCES_MAX), needle);
    if (hit == SIZE_MAX || hit < 6)
        return false;
    struct vl_span rest = vl_span_slice(resources, hit - 6, resources.len);
    if (!next_block(&rest, &info))
        return false;
    for (size_t i = 0; i < TABLES_MAX && next_block(&info.children, &table); i++) {
        for (size_t k = 0; k < STRINGS_MAX && next_block(&table.children, &string); k++)
            keep_string(&string, ret);
    }
    return true;
}

/* "13.0.1+ae9fe44e" is what a NuGet package of that version is built with; "4.8.4084.0" and words are
 * versions of products. */
static struct vl_span package_version(const char *text)
{
    struct vl_span v = vl_span_trim(vl_span_str(text));
    size_t dots = 0;
    v = vl_span_slice(v, 0, vl_span_find_char(v, '+'));
    for (size_t i = 0; i < v.len && v.ptr[i] != '-'; i++) {
        bool digit = v.ptr[i] >= '0' && v.ptr[i] <= '9';
        dots += v.ptr[i] == '.';
        if (!digit && v.ptr[i] != '.')
            return VL_SPAN_EMPTY;
    }
    return dots == 2 && vl_span_find_char(v, ' ') == SIZE_MAX ? v : VL_SPAN_EMPTY;
}

/* Parts of Windows, of the shared framework and of the SDK, whose own manifests list them. */
static bool is_of_system(const char *path)
{
    static const char *const folders[] = {
        "Windows/", "shared/Microsoft.", "dotnet/sdk", "dotnet/packs/", "Reference Assemblies/"};
    for (size_t i = 0; i < VL_ARRAY_LEN(folders); i++) {
        if (strstr(path, folders[i]))
            return true;
    }
    return false;
}

/* Ids of NuGet: letters, digits, ".-_". */
static bool is_package_id(struct vl_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(vl_char_is_digit(c) || vl_char_is_letter(c) || c == '.' || c == '-' || c == '_'))
            return false;
    }
    return name.len > 0;
}

int art_pe_read(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span resources;
    struct strings s = {0};
    if (!art_pe_is_managed(object) || is_of_system(file->path) ||
        !vl_object_section(object, ".rsrc", &resources, NULL) || !read_strings(resources, &s))
        return 0;
    struct vl_span name = vl_span_str(*s.name ? s.name : s.original);
    struct vl_span version = package_version(s.product_version);
    if (!PKG_ENDS(name, ".dll") || PKG_ENDS(name, ".resources.dll") || version.len == 0)
        return 0;
    name = vl_span_slice(name, 0, name.len - 4);
    if (!is_package_id(name))
        return 0;
    return pkg_add(sink, VL_ECO_NUGET, name, version, 0, 0, file, err) ? 1 : err->err;
}
