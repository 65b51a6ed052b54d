/* Whole images that others made, taken apart and assembled: the packages another scanner lists for an image
 * (trivy-packages-NAME.json.golden beside NAME.tar.gz), and which files of which layer are left by layer
 * rules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assemble.h"
#include "base/file.h"
#include "codec/doc.h"
#include "image/image.h"
#include "indexer.h"

#define SCALIBR(name) "images/scalibr/" name ".tar"
#define GOLDEN_MAX    (64UL * 1024 * 1024)

/* Regular files of the image and the layers whose content they show. */
static const struct {
    const char *image;
    const char *files;
} rules[] = {
    {SCALIBR("layerscanning_image_testdata_basic"), "larger-sample.txt@1 sample.txt@0 "},
    {SCALIBR("layerscanning_image_testdata_multiple-files"), "dir1/bar.txt@1 dir1/baz.txt@1 foo.txt@0 "},
    {SCALIBR("layerscanning_image_testdata_overwrite-file"), "sample.txt@1 "},
    {SCALIBR("layerscanning_image_testdata_single-file"), "foo.txt@0 "},
    {SCALIBR("layerscanning_image_testdata_symlink-depth-exceeded"), "dir1/sample.txt@0 "},
    {SCALIBR("unpack_testdata_basic"), "larger-sample.txt@1 sample.txt@0 "},
    {SCALIBR("unpack_testdata_dangling-symlinks"), ""},
    {SCALIBR("unpack_testdata_permissions"), "sample.txt@0 "},
    {SCALIBR("unpack_testdata_symlinks"), "dir1/sample.txt@0 "},
};

struct taken {
    struct vl_image *image;
    struct vl_layer_index *layers[VL_INVENTORY_LAYERS_MAX];
    size_t n;
    struct vl_inventory *inventory;
    struct vl_err err;
};

static void taken_done(struct taken *t)
{
    for (size_t i = 0; i < t->n; i++)
        vl_layer_index_free(t->layers[i]);
    vl_inventory_free(t->inventory);
    vl_image_free(t->image);
}

static int index_image(struct taken *t, const char *path)
{
    static const struct vl_index_options options = {VL_PACKAGE_SCOPE_INSTALLED, VL_SCAN_VULN};
    t->inventory = vl_inventory_new();
    if (!t->inventory)
        return vl_err_nomem(&t->err);
    int r = vl_image_open(path, NULL, &t->image, &t->err);
    if (r >= 0)
        r = vl_image_describe(t->image, t->inventory, &t->err);
    for (size_t i = 0; r >= 0 && i < vl_image_layer_count(t->image); i++) {
        int fd = -1;
        uint64_t offset = 0, length = 0;
        if (!vl_image_layer_region(t->image, i, &fd, &offset, &length))
            return vl_err_set(&t->err, VL_ERR_UNSUPPORTED, "no local layer");
        r = vl_index_layer_region(fd, offset, length, path, &options, &t->layers[t->n], &t->err);
        t->n += r >= 0;
    }
    return r;
}

/* Stands in for a parser that wants every file. */
static int add_files(struct taken *t)
{
    for (size_t k = 0; k < t->n; k++) { /* another version in each, else it would be the same package */
        struct vl_layer_index *index = t->layers[k];
        for (size_t i = 0; i < index->paths.entries.len; i++) {
            const struct vl_layer_path *e = vl_vec_at(&index->paths.entries, i);
            if (e->kind == VL_LAYER_PATH_FILE &&
                !vl_package_sink_add(&index->sink, VL_ECO_GENERIC, vl_span_str(e->path),
                    vl_span_str(k ? "upper" : "base"), vl_arena_printf(index->arena, "%s", e->path), &t->err))
                return t->err.err;
        }
    }
    return 0;
}

static bool rule_passes(const char *shared, size_t row)
{
    char path[2048];
    struct taken t = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    vl_buf_init(&got, 65536);
    (void)snprintf(path, sizeof(path), "%s/cases/%s", shared, rules[row].image);
    int r = index_image(&t, path);
    if (r >= 0)
        r = add_files(&t);
    if (r >= 0)
        r = vl_scan_assemble(t.layers, t.n, t.inventory, &t.err);
    for (size_t i = 0; r >= 0 && i < t.inventory->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&t.inventory->packages, i);
        vl_buf_printf(&got, "%s@%u ", p->path, p->layer);
    }
    /* The same name and version above is the same package for its layer: told apart by where it is visible.
     */
    bool ok = r >= 0 && strcmp(vl_buf_str(&got), rules[row].files) == 0 && !t.inventory->notes.partial;
    if (!ok)
        printf("fails: %s: %s%s\n", rules[row].image, vl_buf_str(&got), t.err.msg);
    taken_done(&t);
    return ok;
}

static bool has_licenses(const struct vl_package *p, const struct vl_doc_node *licenses)
{
    for (const struct vl_doc_node *n = vl_doc_first(licenses); n; n = vl_doc_next(n)) {
        bool found = false;
        for (uint32_t i = 0; i < p->n_licenses; i++)
            found = found || vl_span_find(vl_span_str(p->licenses[i]), vl_doc_span(n)) != SIZE_MAX;
        if (!found)
            return false;
    }
    return true;
}

static bool same(const struct vl_package *p, const struct vl_doc_node *want)
{
    const char *source = p->source_name ? p->source_name : p->name;
    const char *source_version = p->source_version ? p->source_version : p->version;
    return vl_span_eq_str(vl_doc_get_str(want, "Name"), p->name) &&
           vl_span_eq_str(vl_doc_get_str(want, "Version"), p->version) &&
           vl_span_eq_str(vl_doc_get_str(want, "Arch"), p->arch ? p->arch : "") &&
           vl_span_eq_str(vl_doc_get_str(want, "SrcName"), source) &&
           vl_span_eq_str(vl_doc_get_str(want, "SrcVersion"), source_version);
}

struct run {
    struct vl_buf wrong; /* wrong-cases.tsv: "NAME TAB ID TAB why TAB source" */
    size_t passed, excused, total;
};

static bool is_excused(const struct run *run, const char *image, struct vl_span id)
{
    struct vl_span rest = vl_buf_span(&run->wrong), line, field;
    while (vl_span_split_line(&rest, &line)) {
        if (vl_span_split(&line, '\t', &field) && vl_span_eq_str(field, image) &&
            vl_span_split(&line, '\t', &field) && vl_span_eq(field, id))
            return true;
    }
    return false;
}

/* Licences are words of different lists in different scanners ("GPL2", "GPL-2.0-only"): only shown. */
static void check_packages(struct run *run, const struct taken *t, const char *image,
    const struct vl_doc_node *golden, size_t *ret_licenses)
{
    for (const struct vl_doc_node *n = vl_doc_first(golden); n; n = vl_doc_next(n)) {
        bool found = false;
        for (size_t i = 0; i < t->inventory->packages.len && !found; i++) {
            const struct vl_package *p = vl_vec_at(&t->inventory->packages, i);
            found = same(p, n);
            *ret_licenses += found && has_licenses(p, vl_doc_get(n, "Licenses"));
        }
        run->passed += found;
        bool excused = !found && is_excused(run, image, vl_doc_get_str(n, "ID"));
        run->excused += excused;
        if (!found)
            printf("%s: no %.*s\n", excused ? "wrong case" : "FAILED", VL_SPAN_FMT(vl_doc_get_str(n, "ID")));
    }
}

/* One case a package that is listed, and one that nothing else is. */
static void check_golden(struct run *run, const char *golden_path)
{
    static const char begin[] = "trivy-packages-", end[] = ".json.golden";
    struct taken t = {0};
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    size_t listed = 0;
    char image[2048], word[256];
    const char *name = strstr(golden_path, begin);
    size_t folder = (size_t)(name - golden_path), len = strlen(name) - strlen(begin) - strlen(end);
    (void)snprintf(
        image, sizeof(image), "%.*s%.*s.tar.gz", (int)folder, golden_path, (int)len, name + strlen(begin));
    (void)snprintf(word, sizeof(word), "%.*s", (int)len, name + strlen(begin));
    vl_buf_init(&text, GOLDEN_MAX);
    int r = vl_file_read(golden_path, GOLDEN_MAX, &text, &t.err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, golden_path, &doc, &t.err);
    size_t rows = r < 0 ? 0 : vl_doc_size(vl_doc_root(doc)), licenses = 0;
    run->total += rows + 1;
    if (r >= 0)
        r = index_image(&t, image);
    if (r >= 0)
        r = vl_scan_assemble(t.layers, t.n, t.inventory, &t.err);
    if (r < 0) {
        printf("fails: %s: %s\n", image, t.err.msg);
    } else {
        check_packages(run, &t, word, vl_doc_root(doc), &licenses);
        /* What else is in the image (a version told by a binary itself) is not what that list is of. */
        for (size_t i = 0; i < t.inventory->packages.len; i++) {
            const struct vl_package *p = vl_vec_at(&t.inventory->packages, i);
            bool distribution = vl_ecosystem_info(p->ecosystem)->distribution;
            listed += distribution;
            if (!distribution)
                printf("beside them: %s%s\n", p->purl, p->flags & VL_PACKAGE_OS_OWNED ? ", owned" : "");
        }
        bool all = listed == rows && !t.inventory->notes.partial;
        run->passed += all;
        if (!all)
            printf("fails: %s: %zu packages, not %zu\n", image, listed, rows);
        printf("%s: %s %s, licences of %zu/%zu as there, %zu unidentified\n", image, t.inventory->distro.id,
            t.inventory->distro.version_id, licenses, rows, t.inventory->unidentified.len);
    }
    taken_done(&t);
}

static const char *shared;

static void test_images(void **state)
{
    (void)state;
    char path[2048];
    const char *source = getenv("VALLUM_CHECKOUT");
    struct run run = {.total = VL_ARRAY_LEN(rules)};
    struct vl_err err = VL_ERR_INIT;
    glob_t found = {0};
    vl_buf_init(&run.wrong, GOLDEN_MAX);
    (void)snprintf(path, sizeof(path), "%s/src/scan/wrong-cases.tsv", source ? source : ".");
    if (vl_file_read(path, GOLDEN_MAX, &run.wrong, &err) < 0)
        vl_err_clear(&err); /* no list: no case is wrong */
    for (size_t i = 0; i < VL_ARRAY_LEN(rules); i++)
        run.passed += rule_passes(shared, i);
    (void)snprintf(path, sizeof(path), "%s/cases/images/trivy-packages-*.json.golden", shared);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_golden(&run, found.gl_pathv[i]);
    globfree(&found);
    vl_buf_done(&run.wrong);
    print_message("foreign: scan/layers %zu/%zu\n", run.passed, run.total);
    assert_int_equal(run.passed + run.excused, run.total);
}

int main(void)
{
    char fallback[1024];
    const char *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(fallback, sizeof(fallback), "%s/../shared", source ? source : ".");
    shared = getenv("VALLUM_SHARED") ? getenv("VALLUM_SHARED") : fallback;
    if (access(shared, R_OK) < 0) {
        printf("skipped: no folder %s with the cases of other projects (set VALLUM_SHARED)\n", shared);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_images)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
