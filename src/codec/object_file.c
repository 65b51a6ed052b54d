#include "codec/object_file.h"

#include <string.h>

#include "base/reader.h"

/* ELF: System V ABI chapter 4. */
#define ELF_CLASS_64      2
#define ELF_BIG           2
#define ELF_NOBITS        8
#define ELF_LOAD          1
#define ELF_NAMES_ELSE    0xffffU /* the number stands in section 0 */
#define ELF_SEGMENTS_ELSE 0xffffU

/* PE/COFF specification, sections 2 to 5. */
#define PE_LFANEW_AT     0x3c
#define PE_HEADER_BYTES  24
#define PE_SECTION_BYTES 40
#define PE_SYMBOL_BYTES  18
#define PE_OPTIONAL_32   0x10b
#define PE_OPTIONAL_64   0x20b
#define PE_NAME_BYTES    8

/* Mach-O: loader.h and fat.h of Apple's headers. */
#define MACHO_64         0xfeedfacfU
#define MACHO_32         0xfeedfaceU
#define MACHO_64_SWAPPED 0xcffaedfeU
#define MACHO_32_SWAPPED 0xcefaedfeU
#define MACHO_FAT        0xcafebabeU
#define MACHO_FAT_64     0xcafebabfU
#define MACHO_FAT_MAX    42 /* a Java class has its version there, which began at 45 */
#define MACHO_CPU_64     0x01000000U
#define MACHO_SEGMENT    1
#define MACHO_SEGMENT_64 0x19
#define MACHO_ZEROFILL   1
#define MACHO_NAME_BYTES 16

/* A cursor that knows byte order and word size. */
struct cursor {
    struct vl_reader r;
    bool big, wide;
};

static struct cursor cursor_at(const struct vl_object_file *o, uint64_t at)
{
    struct cursor c = {vl_reader_new(o->data), o->big_endian, o->is_64};
    vl_reader_seek(&c.r, at > o->data.len ? SIZE_MAX : (size_t)at);
    return c;
}

static uint16_t half(struct cursor *c)
{
    return c->big ? vl_reader_u16be(&c->r) : vl_reader_u16le(&c->r);
}

static uint32_t word(struct cursor *c)
{
    return c->big ? vl_reader_u32be(&c->r) : vl_reader_u32le(&c->r);
}

static uint64_t address(struct cursor *c)
{
    return !c->wide ? word(c) : c->big ? vl_reader_u64be(&c->r) : vl_reader_u64le(&c->r);
}

/* A section or segment, as its header says. */
struct region {
    struct vl_span name;
    uint64_t address, at, size; /* at, size: in the file */
    bool is_segment;            /* maps addresses (a PE section does both) */
    bool is_section;
};

/* Sees every region until it returns true. */
struct visitor {
    bool (*visit)(struct visitor *v, const struct region *region);
    const char *name;
    uint64_t address;
    struct region found;
};

/* `n` headers of `bytes` each lie in the file. */
static bool table_fits(const struct vl_object_file *o, uint64_t at, uint64_t n, uint64_t bytes)
{
    return at <= o->data.len && (n == 0 || (bytes && n <= (o->data.len - at) / bytes));
}

static bool elf_section(const struct vl_object_file *o, uint32_t index, struct region *ret)
{
    struct cursor c = cursor_at(o, o->sections_at + (uint64_t)index * o->section_bytes);
    uint32_t name = word(&c);
    uint32_t type = word(&c);
    (void)address(&c); /* flags */
    *ret = (struct region){.address = address(&c), .is_section = true};
    ret->at = address(&c);
    ret->size = type == ELF_NOBITS ? 0 : address(&c);
    if (name < o->names_len) {
        struct vl_reader names =
            vl_reader_new(vl_span_slice(o->data, (size_t)o->names_at, (size_t)(o->names_at + o->names_len)));
        vl_reader_seek(&names, name);
        ret->name = vl_reader_cstr(&names);
    }
    return vl_reader_ok(&c.r);
}

static bool elf_segment(const struct vl_object_file *o, uint32_t index, struct region *ret)
{
    struct cursor c = cursor_at(o, o->segments_at + (uint64_t)index * o->segment_bytes);
    *ret = (struct region){.is_segment = word(&c) == ELF_LOAD};
    if (c.wide)
        (void)word(&c); /* flags */
    ret->at = address(&c);
    ret->address = address(&c);
    (void)address(&c); /* physical */
    ret->size = address(&c);
    return vl_reader_ok(&c.r);
}

static bool walk_elf(const struct vl_object_file *o, struct visitor *v)
{
    struct region region;
    for (uint32_t i = 0; i < o->n_sections; i++) {
        if (elf_section(o, i, &region) && v->visit(v, &region))
            return true;
    }
    for (uint32_t i = 0; i < o->n_segments; i++) {
        if (elf_segment(o, i, &region) && v->visit(v, &region))
            return true;
    }
    return false;
}

/* Numbers that do not fit the header stand in section 0. */
static void elf_extended_numbers(
    struct vl_object_file *o, uint32_t n_sections, uint32_t names, uint32_t n_segments, uint32_t *ret_names)
{
    struct cursor c = cursor_at(o, o->sections_at);
    vl_reader_skip(&c.r, o->is_64 ? 32 : 20);
    uint64_t size = address(&c);
    uint32_t link = word(&c), info = word(&c);
    bool there = o->sections_at && vl_reader_ok(&c.r);
    o->n_sections = n_sections ? n_sections : there && size <= UINT32_MAX ? (uint32_t)size : 0;
    *ret_names = names == ELF_NAMES_ELSE && there ? link : names;
    o->n_segments = n_segments == ELF_SEGMENTS_ELSE && there ? info : n_segments;
}

static void elf_find_names(struct vl_object_file *o, uint32_t index)
{
    struct region names;
    if (index >= o->n_sections || !elf_section(o, index, &names) || !table_fits(o, names.at, names.size, 1))
        return;
    o->names_at = names.at;
    o->names_len = names.size;
}

static int open_elf(struct vl_object_file *o, struct vl_err *err)
{
    if (o->data.len > 6) {
        o->is_64 = o->data.ptr[4] == ELF_CLASS_64;
        o->big_endian = o->data.ptr[5] == ELF_BIG;
    }
    struct cursor c = cursor_at(o, 18);
    o->machine = half(&c);
    (void)word(&c);    /* version */
    (void)address(&c); /* entry */
    o->segments_at = address(&c);
    o->sections_at = address(&c);
    (void)word(&c); /* flags */
    (void)half(&c); /* size of this header */
    o->segment_bytes = half(&c);
    uint32_t n_segments = half(&c);
    o->section_bytes = half(&c);
    uint32_t n_sections = half(&c), names = half(&c);
    if (!vl_reader_ok(&c.r))
        return vl_err_set(err, VL_ERR_INVALID, "ELF: the header ends early");
    elf_extended_numbers(o, n_sections, names, n_segments, &names);
    if (o->sections_at == 0 || o->section_bytes < (o->is_64 ? 64 : 40) ||
        !table_fits(o, o->sections_at, o->n_sections, o->section_bytes))
        o->n_sections = 0;
    if (o->segments_at == 0 || o->segment_bytes < (o->is_64 ? 56 : 32) ||
        !table_fits(o, o->segments_at, o->n_segments, o->segment_bytes))
        o->n_segments = 0;
    elf_find_names(o, names);
    return 0;
}

/* Eight bytes, or "/" and the decimal place of a longer name in the string table (GNU and LLVM tools). */
static struct vl_span pe_name(const struct vl_object_file *o, struct vl_span field)
{
    uint64_t at;
    struct vl_span name = vl_span_slice(field, 0, vl_span_find_char(field, '\0'));
    if (!vl_span_starts_with(name, "/") || !vl_span_to_u64(vl_span_slice(name, 1, name.len), &at) ||
        at >= o->names_len)
        return name;
    struct vl_reader r =
        vl_reader_new(vl_span_slice(o->data, (size_t)o->names_at, (size_t)(o->names_at + o->names_len)));
    vl_reader_seek(&r, (size_t)at);
    struct vl_span longer = vl_reader_cstr(&r);
    return vl_reader_ok(&r) ? longer : name;
}

static bool walk_pe(const struct vl_object_file *o, struct visitor *v)
{
    struct cursor c = cursor_at(o, o->sections_at);
    for (uint32_t i = 0; i < o->n_sections; i++) {
        struct region region = {.is_section = true, .is_segment = true};
        region.name = pe_name(o, vl_reader_take(&c.r, PE_NAME_BYTES));
        uint32_t in_memory = word(&c);
        region.address = o->base + word(&c);
        uint32_t stored = word(&c);
        /* Stored is rounded up to the alignment of the file; images of some linkers leave the other 0. */
        region.size = in_memory && in_memory < stored ? in_memory : stored;
        region.at = word(&c);
        vl_reader_skip(&c.r, 16);
        if (vl_reader_ok(&c.r) && v->visit(v, &region))
            return true;
    }
    return false;
}

static int open_pe(struct vl_object_file *o, struct vl_err *err)
{
    struct cursor c = cursor_at(o, PE_LFANEW_AT);
    uint64_t header = word(&c);
    c = cursor_at(o, header);
    struct vl_span magic = vl_reader_take(&c.r, 4);
    o->machine = half(&c);
    o->n_sections = half(&c);
    (void)word(&c); /* time */
    uint64_t symbols = word(&c), n_symbols = word(&c);
    uint16_t optional_bytes = half(&c);
    (void)half(&c); /* characteristics */
    uint16_t kind = half(&c);
    if (!vl_reader_ok(&c.r) || magic.len != 4 || memcmp(magic.ptr, "PE\0", 4) != 0 ||
        (kind != PE_OPTIONAL_32 && kind != PE_OPTIONAL_64))
        return vl_err_set(
            err, VL_ERR_INVALID, "PE: the header is damaged, or this is a program for DOS alone");
    o->is_64 = kind == PE_OPTIONAL_64;
    vl_reader_skip(&c.r, o->is_64 ? 22 : 26);
    c.wide = o->is_64;
    o->base = address(&c);
    o->sections_at = header + PE_HEADER_BYTES + optional_bytes;
    o->section_bytes = PE_SECTION_BYTES;
    if (!vl_reader_ok(&c.r))
        return vl_err_set(err, VL_ERR_INVALID, "PE: the header ends early");
    if (!table_fits(o, o->sections_at, o->n_sections, PE_SECTION_BYTES))
        o->n_sections = 0;
    uint64_t names = symbols + n_symbols * PE_SYMBOL_BYTES;
    struct cursor length = cursor_at(o, names);
    uint32_t len = word(&length);
    if (symbols && vl_reader_ok(&length.r) && table_fits(o, names, len, 1)) {
        o->names_at = names;
        o->names_len = len;
    }
    return 0;
}

static struct vl_span macho_name(struct cursor *c)
{
    struct vl_span field = vl_reader_take(&c->r, MACHO_NAME_BYTES);
    return vl_span_slice(field, 0, vl_span_find_char(field, '\0'));
}

static bool walk_macho_sections(struct cursor *c, uint32_t n, struct visitor *v)
{
    for (uint32_t i = 0; i < n && vl_reader_ok(&c->r); i++) {
        struct region region = {.name = macho_name(c), .is_section = true};
        (void)macho_name(c); /* of its segment */
        region.address = address(c);
        region.size = address(c);
        region.at = word(c);
        vl_reader_skip(&c->r, 12);
        if ((word(c) & 0xff) == MACHO_ZEROFILL)
            region.size = 0;
        vl_reader_skip(&c->r, c->wide ? 12 : 8);
        if (vl_reader_ok(&c->r) && v->visit(v, &region))
            return true;
    }
    return false;
}

static bool walk_macho(const struct vl_object_file *o, struct visitor *v)
{
    uint64_t at = o->sections_at;
    for (uint32_t i = 0; i < o->n_sections; i++) {
        struct cursor c = cursor_at(o, at);
        uint32_t command = word(&c), bytes = word(&c);
        if (!vl_reader_ok(&c.r) || bytes < 8)
            return false;
        at += bytes;
        if (command != (o->is_64 ? MACHO_SEGMENT_64 : MACHO_SEGMENT))
            continue;
        struct region segment = {.name = macho_name(&c), .is_segment = true};
        segment.address = address(&c);
        (void)address(&c); /* size in memory */
        segment.at = address(&c);
        segment.size = address(&c);
        vl_reader_skip(&c.r, 8);
        uint32_t n = word(&c);
        (void)word(&c); /* flags */
        if (vl_reader_ok(&c.r) && (v->visit(v, &segment) || walk_macho_sections(&c, n, v)))
            return true;
    }
    return false;
}

static int open_macho_thin(struct vl_object_file *o, struct vl_err *err)
{
    struct vl_reader r = vl_reader_new(o->data);
    uint32_t magic = vl_reader_u32be(&r);
    o->big_endian = magic == MACHO_64 || magic == MACHO_32;
    o->is_64 = magic == MACHO_64 || magic == MACHO_64_SWAPPED;
    if (!o->big_endian && magic != MACHO_64_SWAPPED && magic != MACHO_32_SWAPPED)
        return vl_err_set(err, VL_ERR_INVALID, "Mach-O: the header is damaged");
    struct cursor c = cursor_at(o, 4);
    o->machine = (uint16_t)word(&c);
    (void)word(&c); /* subtype */
    (void)word(&c); /* kind of file */
    o->n_sections = word(&c);
    uint32_t bytes = word(&c);
    o->sections_at = o->is_64 ? 32 : 28;
    if (!vl_reader_ok(&c.r) || !table_fits(o, o->sections_at, bytes, 1) || o->n_sections > bytes / 8)
        return vl_err_set(err, VL_ERR_INVALID, "Mach-O: the header is damaged or ends early");
    return 0;
}

/* Several programs in one file, each for a processor. */
static int open_macho_fat(struct vl_object_file *o, bool wide, struct vl_err *err)
{
    o->big_endian = true;
    o->is_64 = wide;
    struct cursor c = cursor_at(o, 4);
    uint32_t n = word(&c);
    struct vl_span chosen = VL_SPAN_EMPTY;
    bool found_64 = false;
    for (uint32_t i = 0; i < n && i < MACHO_FAT_MAX && !found_64; i++) {
        uint32_t cpu = word(&c);
        (void)word(&c); /* subtype */
        uint64_t at = address(&c), size = address(&c);
        vl_reader_skip(&c.r, wide ? 8 : 4);
        if (!vl_reader_ok(&c.r) || !table_fits(o, at, size, 1))
            return vl_err_set(err, VL_ERR_INVALID, "Mach-O: a part lies outside the file");
        found_64 = cpu & MACHO_CPU_64;
        if (found_64 || !chosen.len)
            chosen = vl_span_slice(o->data, (size_t)at, (size_t)(at + size));
    }
    o->data = chosen;
    return open_macho_thin(o, err);
}

static uint32_t magic_of(struct vl_span head)
{
    struct vl_reader r = vl_reader_new(head);
    return vl_reader_u32be(&r);
}

enum vl_object_kind vl_object_kind_detect(struct vl_span head)
{
    if (head.len >= 4 && memcmp(head.ptr,
                             "\x7f"
                             "ELF",
                             4) == 0)
        return VL_OBJECT_ELF;
    if (head.len >= 2 && memcmp(head.ptr, "MZ", 2) == 0)
        return VL_OBJECT_PE;
    switch (magic_of(head)) {
    case MACHO_64:
    case MACHO_32:
    case MACHO_64_SWAPPED:
    case MACHO_32_SWAPPED:
        return VL_OBJECT_MACHO;
    case MACHO_FAT:
    case MACHO_FAT_64:
        return head.len < 8 || magic_of(vl_span_slice(head, 4, 8)) <= MACHO_FAT_MAX ? VL_OBJECT_MACHO
                                                                                    : VL_OBJECT_NONE;
    default:
        return VL_OBJECT_NONE;
    }
}

int vl_object_open(struct vl_span data, struct vl_object_file *ret, struct vl_err *err)
{
    struct vl_object_file o = {.kind = vl_object_kind_detect(data), .data = data};
    uint32_t magic = magic_of(data);
    int r;
    switch (o.kind) {
    case VL_OBJECT_ELF:
        r = open_elf(&o, err);
        break;
    case VL_OBJECT_PE:
        r = open_pe(&o, err);
        break;
    case VL_OBJECT_MACHO:
        r = magic == MACHO_FAT || magic == MACHO_FAT_64 ? open_macho_fat(&o, magic == MACHO_FAT_64, err)
                                                        : open_macho_thin(&o, err);
        break;
    case VL_OBJECT_NONE:
    default:
        r = vl_err_set(err, VL_ERR_INVALID, "neither ELF nor PE nor Mach-O");
    }
    if (r == 0)
        *ret = o;
    return r;
}

static bool walk(const struct vl_object_file *o, struct visitor *v)
{
    switch (o->kind) {
    case VL_OBJECT_ELF:
        return walk_elf(o, v);
    case VL_OBJECT_PE:
        return walk_pe(o, v);
    case VL_OBJECT_MACHO:
        return walk_macho(o, v);
    case VL_OBJECT_NONE:
    default:
        return false;
    }
}

static bool visit_name(struct visitor *v, const struct region *region)
{
    if (!region->is_section || !vl_span_eq_str(region->name, v->name))
        return false;
    v->found = *region;
    return true;
}

bool vl_object_section(
    const struct vl_object_file *object, const char *name, struct vl_span *ret_content, uint64_t *ret_address)
{
    struct visitor v = {.visit = visit_name, .name = name};
    if (!walk(object, &v) || v.found.size == 0 || !table_fits(object, v.found.at, v.found.size, 1))
        return false;
    *ret_content = vl_span_slice(object->data, (size_t)v.found.at, (size_t)(v.found.at + v.found.size));
    if (ret_address)
        *ret_address = v.found.address;
    return true;
}

static bool visit_address(struct visitor *v, const struct region *region)
{
    if (!region->is_segment || v->address < region->address || v->address - region->address >= region->size)
        return false;
    v->found = *region;
    return true;
}

bool vl_object_at(const struct vl_object_file *object, uint64_t address_in, struct vl_span *ret)
{
    struct visitor v = {.visit = visit_address, .address = address_in};
    if (!walk(object, &v) || !table_fits(object, v.found.at, v.found.size, 1))
        return false;
    uint64_t from = address_in - v.found.address;
    *ret = vl_span_slice(object->data, (size_t)(v.found.at + from), (size_t)(v.found.at + v.found.size));
    return true;
}
