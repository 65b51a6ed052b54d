#include "rpm_header.h"

#include "base/reader.h"
#include "base/vec.h"

#define ENTRY_SIZE 16U

enum { TYPE_INT16 = 3, TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRING_ARRAY = 8, TYPE_I18N = 9 };

enum {
    TAG_NAME = 1000,
    TAG_VERSION = 1001,
    TAG_RELEASE = 1002,
    TAG_EPOCH = 1003,
    TAG_VENDOR = 1011,
    TAG_LICENSE = 1014,
    TAG_ARCH = 1022,
    TAG_OLD_FILE_NAMES = 1027,
    TAG_FILE_MODES = 1030,
    TAG_FILE_FLAGS = 1037,
    TAG_SOURCE_RPM = 1044,
    TAG_DIR_INDEXES = 1116,
    TAG_BASE_NAMES = 1117,
    TAG_DIR_NAMES = 1118,
    TAG_MODULARITY_LABEL = 5096,
};

#define MODE_TYPE_MASK 0170000U
#define MODE_FOLDER    0040000U
#define FLAG_GHOST     (1U << 6)

struct entry {
    uint32_t tag, type, offset, count;
};

/* From the value's offset up to the end of the data; what follows belongs to others. */
static struct vl_span value_at(struct vl_span data, const struct entry *e)
{
    return vl_span_slice(data, e->offset, data.len);
}

static struct vl_span string_at(struct vl_span data, const struct entry *e)
{
    if (e->type != TYPE_STRING && e->type != TYPE_I18N && e->type != TYPE_STRING_ARRAY)
        return VL_SPAN_EMPTY;
    struct vl_reader r = vl_reader_new(value_at(data, e));
    return vl_reader_cstr(&r);
}

/* `width` bytes a number; empty where the type or the room is wrong. */
static struct vl_span numbers_at(struct vl_span data, const struct entry *e, uint32_t type, size_t width)
{
    struct vl_span v = value_at(data, e);
    if (e->type != type || e->count > v.len / width)
        return VL_SPAN_EMPTY;
    return vl_span_slice(v, 0, e->count * width);
}

/* What we look for, found or not. A tag that stands twice counts once, as the last: looking at each would let
 * a header ask for the same long string thousands of times. */
enum {
    F_NAME,
    F_VERSION,
    F_RELEASE,
    F_EPOCH,
    F_VENDOR,
    F_LICENSE,
    F_ARCH,
    F_OLD_NAMES,
    F_MODES,
    F_FLAGS,
    F_SOURCE_RPM,
    F_DIR_INDEXES,
    F_BASE_NAMES,
    F_DIR_NAMES,
    F_MODULE,
    F_COUNT
};

static const uint32_t wanted[F_COUNT] = {TAG_NAME, TAG_VERSION, TAG_RELEASE, TAG_EPOCH, TAG_VENDOR,
    TAG_LICENSE, TAG_ARCH, TAG_OLD_FILE_NAMES, TAG_FILE_MODES, TAG_FILE_FLAGS, TAG_SOURCE_RPM,
    TAG_DIR_INDEXES, TAG_BASE_NAMES, TAG_DIR_NAMES, TAG_MODULARITY_LABEL};

static struct vl_span strings_at(struct vl_span data, const struct entry *e, uint32_t *ret_n)
{
    if (e->type != TYPE_STRING_ARRAY && e->type != TYPE_STRING)
        return VL_SPAN_EMPTY;
    *ret_n = e->count;
    return value_at(data, e);
}

static void fill(struct os_rpm_header *h, struct vl_span data, const struct entry *e)
{
    h->name = string_at(data, &e[F_NAME]);
    h->version = string_at(data, &e[F_VERSION]);
    h->release = string_at(data, &e[F_RELEASE]);
    h->vendor = string_at(data, &e[F_VENDOR]);
    h->license = string_at(data, &e[F_LICENSE]);
    h->arch = string_at(data, &e[F_ARCH]);
    h->source_rpm = string_at(data, &e[F_SOURCE_RPM]);
    h->module = string_at(data, &e[F_MODULE]);
    struct vl_reader epoch = vl_reader_new(numbers_at(data, &e[F_EPOCH], TYPE_INT32, 4));
    h->epoch = vl_reader_u32be(&epoch);
    h->modes = numbers_at(data, &e[F_MODES], TYPE_INT16, 2);
    h->flags = numbers_at(data, &e[F_FLAGS], TYPE_INT32, 4);
    h->dir_indexes = numbers_at(data, &e[F_DIR_INDEXES], TYPE_INT32, 4);
    h->old_names = strings_at(data, &e[F_OLD_NAMES], &h->n_old_names);
    h->base_names = strings_at(data, &e[F_BASE_NAMES], &h->n_base_names);
    h->dir_names = strings_at(data, &e[F_DIR_NAMES], &h->n_dir_names);
}

int os_rpm_header_parse(struct vl_span blob, struct os_rpm_header *ret_header, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(blob);
    struct os_rpm_header header = {0};
    struct entry found[F_COUNT] = {0}; /* type 0 reads as absent */
    uint32_t n_tags = vl_reader_u32be(&r), n_data = vl_reader_u32be(&r);
    if (n_tags > OS_RPM_TAGS_MAX || n_data > OS_RPM_HEADER_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "rpm header: %u tags with %u bytes of data are too many",
            (unsigned)n_tags, (unsigned)n_data);
    struct vl_reader index = vl_reader_new(vl_reader_take(&r, (size_t)n_tags * ENTRY_SIZE));
    struct vl_span data = vl_reader_take(&r, n_data);
    if (!vl_reader_ok(&r))
        return vl_err_set(err, VL_ERR_INVALID,
            "rpm header: ends early (%zu bytes for %u tags and %u bytes of data)", blob.len, (unsigned)n_tags,
            (unsigned)n_data);
    for (uint32_t i = 0; i < n_tags; i++) {
        struct entry e = {.tag = vl_reader_u32be(&index)};
        e.type = vl_reader_u32be(&index);
        e.offset = vl_reader_u32be(&index);
        e.count = vl_reader_u32be(&index);
        for (size_t f = 0; f < F_COUNT; f++) {
            if (wanted[f] == e.tag && e.offset < data.len)
                found[f] = e;
        }
    }
    fill(&header, data, found);
    if (header.name.len == 0 || header.version.len == 0 || header.release.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "rpm header: without name, version or release");
    *ret_header = header;
    return 0;
}

/* Number `i` of a list of modes or flags; 0 where the list is absent or short. */
static uint32_t number_of(struct vl_span list, uint32_t i, size_t width)
{
    struct vl_reader r = vl_reader_new(vl_span_slice(list, (size_t)i * width, list.len));
    return width == 2 ? vl_reader_u16be(&r) : vl_reader_u32be(&r);
}

static bool is_brought(const struct os_rpm_header *h, uint32_t i)
{
    return (number_of(h->modes, i, 2) & MODE_TYPE_MASK) != MODE_FOLDER &&
           !(number_of(h->flags, i, 4) & FLAG_GHOST);
}

static int read_folders(const struct os_rpm_header *h, struct vl_vec *folders, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(h->dir_names);
    for (uint32_t i = 0; i < h->n_dir_names; i++) {
        struct vl_span name = vl_reader_cstr(&r);
        if (!vl_reader_ok(&r))
            return vl_err_set(err, VL_ERR_INVALID, "rpm header: list of folders ends early");
        struct vl_span *slot = vl_vec_push(folders, "folders of an rpm package", err);
        if (!slot)
            return err->err;
        *slot = name;
    }
    return 0;
}

int os_rpm_header_files(const struct os_rpm_header *h,
    void (*each)(struct vl_span folder, struct vl_span name, void *user), void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec folders;
    vl_vec_init(&folders, sizeof(struct vl_span), OS_RPM_FILES_MAX);
    bool old = h->n_base_names == 0; /* packages built by rpm 3 have whole paths */
    uint32_t n = old ? h->n_old_names : h->n_base_names;
    if (n > OS_RPM_FILES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "rpm header: more than %u files", OS_RPM_FILES_MAX);
    int r = old ? 0 : read_folders(h, &folders, err);
    if (r < 0)
        return r;
    struct vl_reader names = vl_reader_new(old ? h->old_names : h->base_names);
    struct vl_reader indexes = vl_reader_new(h->dir_indexes);
    for (uint32_t i = 0; i < n; i++) {
        struct vl_span name = vl_reader_cstr(&names);
        const struct vl_span *folder = old ? NULL : vl_vec_at(&folders, vl_reader_u32be(&indexes));
        if (!vl_reader_ok(&names) || !vl_reader_ok(&indexes) || (!old && !folder))
            return vl_err_set(err, VL_ERR_INVALID, "rpm header: list of files ends early");
        if (is_brought(h, i))
            each(folder ? *folder : VL_SPAN_EMPTY, name, user);
    }
    return 0;
}
