#include "hive.h"

#include "base/reader.h"

#define BASE_BLOCK       4096U
#define CELL_NONE        UINT32_MAX
#define KEY_NAME_LATIN1  0x20U
#define VALUE_NAME_ASCII 0x01U
#define DATA_INLINE      0x80000000U
#define KEY_HEADER       76U
#define VALUE_HEADER     20U

enum { REG_SZ = 1, REG_EXPAND_SZ = 2, REG_DWORD = 4 };

static uint16_t u16(struct vl_span s, size_t at)
{
    struct vl_reader r = vl_reader_new(vl_span_slice(s, at, s.len));
    return vl_reader_u16le(&r);
}

static uint32_t u32(struct vl_span s, size_t at)
{
    struct vl_reader r = vl_reader_new(vl_span_slice(s, at, s.len));
    return vl_reader_u32le(&r);
}

/* The content of the used cell at an offset from the first bin; empty where there is none. */
static struct vl_span cell_at(struct os_hive *hive, uint32_t offset)
{
    if (offset == CELL_NONE || hive->cells_left == 0)
        return VL_SPAN_EMPTY;
    hive->cells_left--;
    size_t at = BASE_BLOCK + (size_t)offset;
    uint32_t raw = u32(hive->data, at);
    size_t size = raw & DATA_INLINE ? (size_t)(0U - raw) : 0; /* negative: in use */
    if (at > hive->data.len || size < 8 || size > hive->data.len - at)
        return VL_SPAN_EMPTY;
    return vl_span_slice(hive->data, at + 4, at + size);
}

static bool is_cell(struct vl_span cell, const char *sign)
{
    return cell.len >= 2 && vl_span_starts_with(cell, sign);
}

static struct vl_span key_cell(struct os_hive *hive, uint32_t key)
{
    struct vl_span cell = cell_at(hive, key);
    return is_cell(cell, "nk") && cell.len >= KEY_HEADER ? cell : VL_SPAN_EMPTY;
}

int os_hive_open(struct vl_span data, struct os_hive *ret_hive, struct vl_err *err)
{
    struct os_hive hive = {.data = data, .cells_left = OS_HIVE_CELLS_MAX};
    if (data.len < BASE_BLOCK || !vl_span_starts_with(data, "regf"))
        return vl_err_set(err, VL_ERR_INVALID, "no registry hive");
    hive.root = u32(data, 36);
    if (key_cell(&hive, hive.root).len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "registry hive without a root key");
    *ret_hive = hive;
    return 0;
}

static size_t put_rune(char *out, size_t room, uint32_t rune)
{
    uint8_t bytes[4];
    size_t n = 0;
    if (rune < 0x80) {
        bytes[n++] = (uint8_t)rune;
    } else if (rune < 0x800) {
        bytes[n++] = (uint8_t)(0xc0 | rune >> 6);
    } else if (rune < 0x10000) {
        bytes[n++] = (uint8_t)(0xe0 | rune >> 12);
        bytes[n++] = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
    } else {
        bytes[n++] = (uint8_t)(0xf0 | rune >> 18);
        bytes[n++] = (uint8_t)(0x80 | (rune >> 12 & 0x3f));
        bytes[n++] = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
    }
    if (rune >= 0x80)
        bytes[n++] = (uint8_t)(0x80 | (rune & 0x3f));
    if (n > room)
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)bytes[i];
    return n;
}

/* Up to the first zero; a half pair becomes U+FFFD. Returns the bytes written. */
static size_t from_utf16(struct vl_span s, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i + 1 < s.len; i += 2) {
        uint32_t rune = u16(s, i);
        if (rune == 0)
            break;
        if (rune >= 0xd800 && rune < 0xe000) {
            uint32_t low = u16(s, i + 2);
            bool pair = rune < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            rune = pair ? 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            i += pair ? 2 : 0;
        }
        size_t n = put_rune(out + len, room - len, rune);
        if (n == 0)
            break;
        len += n;
    }
    return len;
}

static size_t from_latin1(struct vl_span s, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        size_t n = put_rune(out + len, room - len, (uint8_t)s.ptr[i]);
        if (n == 0)
            break;
        len += n;
    }
    return len;
}

static struct vl_span name_of(struct vl_span raw, bool narrow, char buf[OS_HIVE_NAME_MAX])
{
    size_t len = narrow ? from_latin1(raw, buf, OS_HIVE_NAME_MAX) : from_utf16(raw, buf, OS_HIVE_NAME_MAX);
    return (struct vl_span){buf, len};
}

static struct vl_span key_name(struct vl_span cell, char buf[OS_HIVE_NAME_MAX])
{
    struct vl_span raw = vl_span_slice(cell, KEY_HEADER, KEY_HEADER + (size_t)u16(cell, 72));
    return name_of(raw, u16(cell, 2) & KEY_NAME_LATIN1, buf);
}

/* Walks one list of children ("lf", "lh", "li"). 1 when `each` ends the walk by a positive return. */
struct walk {
    int (*each)(struct os_hive *hive, uint32_t child, struct vl_span name, void *user, struct vl_err *err);
    void *user;
};

static int walk_list(struct os_hive *hive, struct vl_span list, const struct walk *walk, struct vl_err *err)
{
    size_t width = is_cell(list, "lf") || is_cell(list, "lh") ? 8 : is_cell(list, "li") ? 4 : 0;
    size_t n = u16(list, 2);
    if (width == 0 || list.len < 4 + n * width)
        return vl_err_set(err, VL_ERR_INVALID, "registry hive: damaged list of keys");
    for (size_t i = 0; i < n; i++) {
        char buf[OS_HIVE_NAME_MAX];
        uint32_t child = u32(list, 4 + i * width);
        struct vl_span cell = key_cell(hive, child);
        if (cell.len == 0)
            return vl_err_set(err, hive->cells_left ? VL_ERR_INVALID : VL_ERR_LIMIT,
                hive->cells_left ? "registry hive: damaged key" : "registry hive: more than %d cells",
                OS_HIVE_CELLS_MAX);
        int r = walk->each(hive, child, key_name(cell, buf), walk->user, err);
        if (r != 0)
            return r;
    }
    return 0;
}

static int walk_children(struct os_hive *hive, uint32_t key, const struct walk *walk, struct vl_err *err)
{
    struct vl_span cell = key_cell(hive, key);
    if (u32(cell, 20) == 0)
        return 0;
    struct vl_span list = cell_at(hive, u32(cell, 28));
    if (!is_cell(list, "ri"))
        return walk_list(hive, list, walk, err);
    size_t n = u16(list, 2);
    if (list.len < 4 + n * 4)
        return vl_err_set(err, VL_ERR_INVALID, "registry hive: damaged list of keys");
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) /* lists of lists do not nest */
        r = walk_list(hive, cell_at(hive, u32(list, 4 + i * 4)), walk, err);
    return r;
}

int os_hive_each(struct os_hive *hive, uint32_t key,
    int (*each)(struct os_hive *hive, uint32_t child, struct vl_span name, void *user, struct vl_err *err),
    void *user, struct vl_err *err)
{
    const struct walk walk = {each, user};
    int r = walk_children(hive, key, &walk, err);
    return r < 0 ? r : 0;
}

struct search {
    struct vl_span name;
    uint32_t found;
};

static int is_wanted(
    struct os_hive *hive, uint32_t child, struct vl_span name, void *user, struct vl_err *err)
{
    (void)hive;
    (void)err;
    struct search *search = user;
    if (!vl_span_eq_nocase(name, search->name))
        return 0;
    search->found = child;
    return 1;
}

int os_hive_find(struct os_hive *hive, const char *path, uint32_t *ret_key, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(path), part;
    uint32_t key = hive->root;
    while (vl_span_split(&rest, '\\', &part)) {
        struct search search = {.name = part};
        const struct walk walk = {is_wanted, &search};
        int r = walk_children(hive, key, &walk, err);
        if (r != 1)
            return r;
        key = search.found;
    }
    *ret_key = key;
    return 1;
}

/* The value's data; empty where absent or too long. */
static struct vl_span value_data(struct os_hive *hive, uint32_t key, const char *name, uint32_t *ret_type)
{
    struct vl_span cell = key_cell(hive, key), list = VL_SPAN_EMPTY;
    uint32_t n = u32(cell, 36);
    if (n)
        list = cell_at(hive, u32(cell, 40));
    for (size_t i = 0; i < n && i < list.len / 4; i++) {
        char buf[OS_HIVE_NAME_MAX];
        struct vl_span vk = cell_at(hive, u32(list, i * 4));
        if (!is_cell(vk, "vk") || vk.len < VALUE_HEADER)
            continue;
        struct vl_span raw = vl_span_slice(vk, VALUE_HEADER, VALUE_HEADER + (size_t)u16(vk, 2));
        if (!vl_span_eq_nocase(name_of(raw, u16(vk, 16) & VALUE_NAME_ASCII, buf), vl_span_str(name)))
            continue;
        uint32_t size = u32(vk, 4);
        *ret_type = u32(vk, 12);
        if (size & DATA_INLINE)
            return (size & ~DATA_INLINE) <= 4 ? vl_span_slice(vk, 8, 8 + (size & ~DATA_INLINE))
                                              : VL_SPAN_EMPTY;
        struct vl_span data = cell_at(hive, u32(vk, 8));
        return size <= OS_HIVE_STRING_MAX && size <= data.len ? vl_span_slice(data, 0, size) : VL_SPAN_EMPTY;
    }
    return VL_SPAN_EMPTY;
}

const char *os_hive_string(struct os_hive *hive, uint32_t key, const char *name, struct vl_arena *arena)
{
    uint32_t type = 0;
    struct vl_span data = value_data(hive, key, name, &type);
    if (data.len == 0 || (type != REG_SZ && type != REG_EXPAND_SZ))
        return NULL;
    size_t room = data.len / 2 * 3; /* a unit becomes at most three bytes, a pair four */
    char *text = vl_arena_alloc(arena, room + 1);
    if (text)
        text[from_utf16(data, text, room)] = '\0';
    return text;
}

bool os_hive_number(struct os_hive *hive, uint32_t key, const char *name, uint32_t *ret)
{
    uint32_t type = 0;
    struct vl_span data = value_data(hive, key, name, &type);
    if (type != REG_DWORD || data.len != 4)
        return false;
    *ret = u32(data, 0);
    return true;
}
