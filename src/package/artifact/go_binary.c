/* Build info that Go's linker writes. Source: Go's debug/buildinfo (layout) and runtime/debug,
 * "BuildInfo.String" (lines). */
#include "artifact/binary.h"

#include "base/reader.h"
#include "text_util.h"

#define MAGIC       "\xff Go buildinf:"
#define MAGIC_LEN   14
#define HEADER_LEN  32
#define ALIGN       16
#define SEARCH_MAX  (16UL * 1024 * 1024) /* bytes of a data section that are searched for the magic */
#define TEXT_MAX    (16UL * 1024 * 1024) /* module text */
#define GO_NAME_MAX 256
#define FLAG_BIG    1U
#define FLAG_INLINE 2U
#define FRAME       16 /* bytes around the module text, which mark it for Go's own tools */
#define MODULES_MAX 100000
#define LINE_WORDS  4

struct build_info {
    struct vl_span go;      /* "go1.21.5" */
    struct vl_span modules; /* lines */
};

struct module {
    struct vl_span path, version;
};

/* The first one at a multiple of 16 in the section. */
static bool find_magic(struct vl_span section, struct vl_span *ret)
{
    size_t at = 0;
    struct vl_span magic = {MAGIC, MAGIC_LEN};
    section = vl_span_slice(section, 0, SEARCH_MAX);
    for (;;) {
        size_t hit = vl_span_find(vl_span_slice(section, at, section.len), magic);
        if (hit == SIZE_MAX)
            return false;
        at += hit;
        if (at % ALIGN == 0 && section.len - at >= HEADER_LEN) {
            *ret = vl_span_slice(section, at, section.len);
            return true;
        }
        at++;
    }
}

/* An ELF or Mach-O file whose section table tells no place for it has none: the whole file is searched only
 * where the table itself is cut off. */
static bool find_blob(const struct vl_object_file *object, struct vl_span *ret)
{
    struct vl_span section;
    static const char *const names[] = {".go.buildinfo", "__go_buildinfo"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (vl_object_section(object, names[i], &section, NULL))
            return find_magic(section, ret);
    }
    if (object->kind == VL_OBJECT_PE)
        return vl_object_section(object, ".data", &section, NULL) && find_magic(section, ret);
    if (object->n_sections == 0 && object->kind == VL_OBJECT_ELF)
        return find_magic(object->data, ret);
    return false;
}

/* A string header of Go: address and length. */
static bool string_at(
    const struct vl_object_file *object, uint64_t address, bool big, bool wide, struct vl_span *ret)
{
    struct vl_span header, text = VL_SPAN_EMPTY;
    if (address == 0 || !vl_object_at(object, address, &header))
        return false;
    struct vl_reader r = vl_reader_new(header);
    uint64_t at, len;
    if (wide) {
        at = big ? vl_reader_u64be(&r) : vl_reader_u64le(&r);
        len = big ? vl_reader_u64be(&r) : vl_reader_u64le(&r);
    } else {
        at = big ? vl_reader_u32be(&r) : vl_reader_u32le(&r);
        len = big ? vl_reader_u32be(&r) : vl_reader_u32le(&r);
    }
    if (!vl_reader_ok(&r) || len > TEXT_MAX)
        return false;
    if (len && (!vl_object_at(object, at, &text) || text.len < len))
        return false;
    *ret = vl_span_slice(text, 0, (size_t)len);
    return true;
}

static bool read_pointers(const struct vl_object_file *object, struct vl_span blob, struct build_info *ret)
{
    struct vl_reader r = vl_reader_new(blob);
    vl_reader_skip(&r, MAGIC_LEN);
    bool wide = vl_reader_u8(&r) == 8;
    bool big = vl_reader_u8(&r) & FLAG_BIG;
    uint64_t addresses[2];
    for (size_t i = 0; i < 2; i++) {
        if (wide)
            addresses[i] = big ? vl_reader_u64be(&r) : vl_reader_u64le(&r);
        else
            addresses[i] = big ? vl_reader_u32be(&r) : vl_reader_u32le(&r);
    }
    if (!vl_reader_ok(&r) || !string_at(object, addresses[0], big, wide, &ret->go))
        return false;
    if (!string_at(object, addresses[1], big, wide, &ret->modules))
        ret->modules = VL_SPAN_EMPTY; /* built outside of module mode */
    return true;
}

static bool read_info(const struct vl_object_file *object, struct vl_span blob, struct build_info *ret)
{
    *ret = (struct build_info){0};
    if ((unsigned char)blob.ptr[MAGIC_LEN + 1] & FLAG_INLINE) {
        struct vl_reader r = vl_reader_new(vl_span_slice(blob, HEADER_LEN, blob.len));
        ret->go = vl_reader_lstr(&r);
        ret->modules = vl_reader_lstr(&r);
        if (!vl_reader_ok(&r))
            return false;
    } else if (!read_pointers(object, blob, ret)) {
        return false;
    }
    struct vl_span m = ret->modules;
    if (m.len > 2 * FRAME && m.ptr[m.len - FRAME - 1] == '\n')
        ret->modules = vl_span_slice(m, FRAME, m.len - FRAME);
    else
        ret->modules = VL_SPAN_EMPTY;
    return ret->go.len > 0 && ret->go.len < GO_NAME_MAX && m.len <= TEXT_MAX;
}

/* Modules are tagged v1.2.3; advisories say 1.2.3. */
static struct vl_span bare_version(struct vl_span version)
{
    if (PKG_IS(version, "(devel)"))
        return VL_SPAN_EMPTY;
    return PKG_STARTS(version, "v") ? vl_span_slice(version, 1, version.len) : version;
}

/* "go1.21.5 X:nocoverageredesign", "go1.21.5-custom", "devel go1.19-1234 Thu …": the release, or nothing for
 * a development build. */
static struct vl_span go_release(struct vl_span name)
{
    size_t end = 2;
    if (!PKG_STARTS(name, "go"))
        return VL_SPAN_EMPTY;
    while (end < name.len && name.ptr[end] != ' ' && name.ptr[end] != '-' && name.ptr[end] != '+')
        end++;
    return vl_span_slice(name, 2, end);
}

static bool looks_like_version(struct vl_span v)
{
    v = PKG_STARTS(v, "v") ? vl_span_slice(v, 1, v.len) : v;
    size_t dots = 0;
    for (size_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.ptr[i];
        dots += c == '.';
        if (c <= ' ' || c == '"' || c == '\'' || c > '~')
            return false;
    }
    return dots >= 1 && v.ptr[0] >= '0' && v.ptr[0] <= '9';
}

/* Whether the variable of a `-X` is the version of the main module: "main.version",
 * "github.com/o/m/internal/build.Version". */
static bool names_main_version(struct vl_span variable, struct vl_span module)
{
    size_t dot = vl_span_rfind_char(variable, '.');
    if (dot == SIZE_MAX)
        return false;
    struct vl_span package = vl_span_slice(variable, 0, dot);
    struct vl_span name = vl_span_slice(variable, dot + 1, variable.len);
    static const char *const names[] = {
        "version", "buildversion", "appversion", "gitversion", "currentversion", "gittag", "tag"};
    bool ours =
        vl_span_eq_str(package, "main") ||
        (module.len && package.len >= module.len && memcmp(package.ptr, module.ptr, module.len) == 0 &&
            (package.len == module.len || package.ptr[module.len] == '/'));
    for (size_t i = 0; ours && i < VL_ARRAY_LEN(names); i++) {
        if (vl_span_eq_nocase(name, vl_span_str(names[i])))
            return true;
    }
    return false;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '\\';
}

static struct vl_span without_quotes(struct vl_span word)
{
    while (word.len && is_quote(word.ptr[0]))
        word = vl_span_slice(word, 1, word.len);
    return word;
}

/* The version that the linker was told with -X, empty where none is. `line` is the value of a "build" line:
 * -ldflags="-s -w -X main.version=v1.2.3", quoted as Go quotes where it has spaces. */
static struct vl_span version_of_flags(struct vl_span line, struct vl_span module)
{
    struct vl_span word;
    bool next_is_x = false;
    while (pkg_word(&line, &word)) {
        word = without_quotes(word);
        if (PKG_STARTS(word, "-ldflags=")) /* "-ldflags=\"-X …" */
            word = vl_span_slice(word, sizeof("-ldflags=") - 1, word.len);
        word = without_quotes(word);
        if (PKG_STARTS(word, "-X=") || PKG_STARTS(word, "-X")) {
            next_is_x = true;
            word = vl_span_slice(word, PKG_STARTS(word, "-X=") ? 3 : 2, word.len);
            if (word.len == 0)
                continue;
        }
        size_t equals = vl_span_find_char(word, '=');
        if (!next_is_x || equals == SIZE_MAX)
            continue;
        next_is_x = false;
        while (word.len > equals + 1 && is_quote(word.ptr[word.len - 1]))
            word.len--;
        struct vl_span value = vl_span_slice(word, equals + 1, word.len);
        if (names_main_version(vl_span_slice(word, 0, equals), module) && looks_like_version(value))
            return bare_version(value);
    }
    return VL_SPAN_EMPTY;
}

static struct module module_of(const struct vl_span words[LINE_WORDS])
{
    return (struct module){words[1], bare_version(words[2])};
}

static int add_module(const struct vl_package_file *file, struct module m, unsigned flags,
    struct vl_package_sink *sink, struct vl_err *err)
{
    if (m.path.len == 0)
        return 0;
    return pkg_add(sink, VL_ECO_GO, m.path, m.version, flags, 0, file, err) ? 0 : err->err;
}

/* A replacement by a folder has no version: the module it stands for is the better name. */
static bool is_folder(const struct vl_span words[LINE_WORDS])
{
    return words[2].len == 0 || PKG_STARTS(words[1], "./") || PKG_STARTS(words[1], "../") ||
           PKG_STARTS(words[1], "/");
}

static size_t split_line(struct vl_span line, struct vl_span words[LINE_WORDS])
{
    size_t n = 0;
    for (size_t i = 0; i < LINE_WORDS; i++)
        words[i] = VL_SPAN_EMPTY;
    while (n < LINE_WORDS && vl_span_split(&line, '\t', &words[n]))
        n++;
    return n;
}

static int read_modules(
    const struct vl_package_file *file, struct vl_span text, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span line, words[LINE_WORDS], flags_version = VL_SPAN_EMPTY;
    struct module main = {0}, dep = {0};
    size_t n_modules = 0;
    int r = 0;
    while (r == 0 && vl_span_split_line(&text, &line)) {
        if (split_line(line, words) < 2)
            continue;
        if (PKG_IS(words[0], "mod")) {
            main = module_of(words);
        } else if (PKG_IS(words[0], "dep")) {
            if (++n_modules > MODULES_MAX)
                return vl_err_set(err, VL_ERR_LIMIT, "more than %d modules", MODULES_MAX);
            r = add_module(file, dep, 0, sink, err);
            dep = module_of(words);
        } else if (PKG_IS(words[0], "=>")) {
            if (!is_folder(words))
                *(dep.path.len ? &dep : &main) = module_of(words);
        } else if (PKG_IS(words[0], "build") && vl_span_find(words[1], VL_SPAN_LIT("-ldflags")) == 0) {
            flags_version = version_of_flags(words[1], main.path);
        }
    }
    if (r == 0)
        r = add_module(file, dep, 0, sink, err);
    /* v0.0.0-TIME-COMMIT is what a clone without tags gives: no release, and older than any. */
    if (main.version.len == 0 || PKG_STARTS(main.version, "0.0.0-"))
        main.version = flags_version;
    return r < 0 ? r : add_module(file, main, VL_PACKAGE_MAIN, sink, err);
}

int art_go_read(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span blob;
    struct build_info info;
    if (!find_blob(object, &blob))
        return 0;
    if (!read_info(object, blob, &info))
        return vl_err_set(err, VL_ERR_INVALID, "damaged Go build info");
    int r = add_module(file, (struct module){VL_SPAN_LIT("stdlib"), go_release(info.go)}, 0, sink, err);
    if (r >= 0)
        r = read_modules(file, info.modules, sink, err);
    return r < 0 ? r : 1;
}

bool art_go_looks_like(const struct vl_object_file *object)
{
    struct vl_span section;
    return vl_object_section(object, ".gopclntab", &section, NULL) ||
           vl_object_section(object, "__gopclntab", &section, NULL) ||
           vl_object_section(object, ".note.go.buildid", &section, NULL);
}
