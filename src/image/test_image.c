/* tests: image.c, load.c, oci_layout.c, archive.c, files.c, manifest.c, platform.c, containerd_store.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/digest.h"
#include "image/image.h"
#include "manifest.h"
#include "test_made.h"
#include "test_support.h"

static int open_as(
    const struct made *m, const char *format, const char *platform, struct vl_image **ret, struct vl_err *err)
{
    char name[1024];
    const struct vl_image_options options = {.platform = platform};
    vl_err_clear(err);
    const char *at = strchr(format, '%');
    (void)snprintf(name, sizeof(name), "%.*s%s%s", (int)(at - format), format, m->folder, at + 1);
    return vl_image_open(name, &options, ret, err);
}

static void assert_opens(const struct made *m, const char *format, bool with_blobs)
{
    struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (open_as(m, format, NULL, &image, &err) < 0)
        fail_msg("%s: %s", format, err.msg);
    struct vl_inventory *inv = vl_inventory_new();
    assert_int_equal(vl_image_describe(image, inv, &err), 0);
    assert_string_equal(inv->target.os, "linux");
    assert_string_equal(inv->target.arch, "amd64");
    assert_string_equal(inv->target.image_id, m->config_digest);
    assert_int_equal(inv->target.created_ms, 1767323045000); /* date -d 2026-01-02T03:04:05Z +%s */
    assert_int_equal(vl_image_layer_count(image), 2);
    const struct vl_layer *second = vl_vec_at(&inv->layers, 1);
    assert_string_equal(second->created_by, "COPY app");
    assert_false(second->ends_image);
    assert_true(((const struct vl_layer *)vl_vec_at(&inv->layers, 0))->ends_image);
    for (size_t i = 0; i < 2; i++) {
        int fd = -1;
        uint64_t offset = 0, length = 0;
        char bytes[65536];
        assert_string_equal(vl_image_layer_diff_id(image, i), m->diff_id[i]);
        assert_false(vl_image_layer_foreign(image, i));
        assert_true(vl_image_layer_region(image, i, &fd, &offset, &length));
        const struct vl_buf *want = with_blobs ? &m->blob[i] : &m->tar[i];
        assert_int_equal(length, want->len);
        assert_int_equal(pread(fd, bytes, length, (off_t)offset), length);
        assert_memory_equal(bytes, want->ptr, length);
        if (with_blobs)
            assert_string_equal(vl_image_layer_digest(image, i), m->digest[i]);
    }
    assert_true(vl_image_layer_fetch(image, 0, -1, &err) < 0);
    vl_inventory_free(inv);
    vl_image_free(image);
}

static void assert_fails(const struct made *m, const char *format, enum vl_err_code code, const char *words)
{
    struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (open_as(m, format, NULL, &image, &err) == 0)
        fail_msg("%s opens", format);
    if (err.code != code || !strstr(err.msg, words))
        fail_msg("%s: code %d, %s", format, err.code, err.msg);
}

static void test_layout(void **state)
{
    (void)state;
    struct made m;
    made_new(&m, 0);
    made_put_index(&m, "");
    assert_opens(&m, "oci:%", true);
    assert_opens(&m, "%", true);
    assert_opens(&m, "oci:%:1.0", true);
    assert_opens(&m, "%:1.0", true);
    assert_fails(&m, "oci:%:2.0", VL_ERR_NOT_FOUND, "there is 1.0");
    assert_fails(&m, "oci:%x", VL_ERR_NOT_FOUND, "no such file");
    /* a second image: which one? */
    char more[1024];
    (void)snprintf(more, sizeof(more),
        ",{\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST
        "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"org.opencontainers.image.ref.name\":\"other\","
        "\"io.containerd.image.name\":\"docker.io/shop/orders:2.0\"}}",
        m.manifest_digest, m.manifest.len);
    made_put_index(&m, more);
    assert_fails(&m, "oci:%", VL_ERR_USAGE, "holds 2 images");
    assert_opens(&m, "oci:%:1.0", true);
    assert_opens(&m, "oci:%:other", true);
    assert_opens(&m, "oci:%:shop/orders:2.0", true);
    made_done(&m);
}

/* An index in the index, with platforms, an attestation and one broken entry that nobody asks for. */
static void test_platforms(void **state)
{
    (void)state;
    struct made m;
    made_new(&m, 0);
    char index[4096], digest[VL_DIGEST_TEXT_MAX];
    static const char zeros[] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    (void)snprintf(index, sizeof(index),
        "{\"schemaVersion\":2,\"mediaType\":\"" VL_MEDIA_DOCKER_LIST "\",\"manifests\":["
        "{\"mediaType\":\"x\",\"digest\":\"%s\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":"
        "\"s390x\"}},"
        "{\"mediaType\":\"x\",\"digest\":\"%s\",\"size\":1,\"platform\":{\"os\":\"unknown\",\"architecture\":"
        "\"unknown\"},"
        "\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}},"
        "{\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST
        "\",\"digest\":\"%s\",\"size\":%zu,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}",
        zeros, zeros, m.manifest_digest, m.manifest.len);
    support_digest(vl_span_str(index), digest);
    made_put_blob(&m, digest, vl_span_str(index));
    made_put_text(&m, "index.json",
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" VL_MEDIA_OCI_INDEX
        "\",\"digest\":\"%s\",\"size\":%zu}]}",
        digest, strlen(index));
    struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(open_as(&m, "oci:%", "linux/amd64", &image, &err), 0);
    vl_image_free(image);
    assert_int_equal(open_as(&m, "oci:%", "x86_64", &image, &err), 0);
    vl_image_free(image);
    assert_true(open_as(&m, "oci:%", "linux/ppc64le", &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "linux/s390x, linux/amd64"));
    assert_true(open_as(&m, "oci:%", "a/b/c/d", &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
    /* one image, for another platform than asked for */
    made_put_index(&m, "");
    assert_true(open_as(&m, "oci:%", "linux/arm64", &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    made_done(&m);
}

static void test_platform_match(void **state)
{
    (void)state;
    static const struct {
        const char *want, *best, *among[4];
    } cases[] = {
        {"linux/arm/v7", "linux/arm/v7", {"linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64"}},
        {"linux/arm/v6", "linux/arm/v6", {"linux/arm/v5", "linux/arm/v6", "linux/arm/v7"}},
        {"linux/arm/v6", "linux/arm/v5", {"linux/arm/v5", "linux/arm/v7"}},
        {"linux/arm/v5", NULL, {"linux/arm/v6", "linux/arm/v7"}},
        {"linux/arm", "linux/arm/v7", {"linux/arm/v6", "linux/arm/v7"}},
        {"armhf", "linux/arm/v7", {"linux/arm/v6", "linux/arm/v7"}},
        {"linux/arm64/v8", "linux/arm64", {"linux/arm64", "linux/amd64"}},
        {"linux/arm64", "linux/arm64/v8", {"linux/arm64/v8", "linux/amd64"}},
        {"aarch64", "linux/arm64", {"linux/arm64", "windows/arm64"}},
        {"linux/amd64/v3", "linux/amd64/v2", {"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}},
        {"linux/amd64", "linux/amd64", {"linux/amd64/v2", "linux/amd64"}},
        {"linux/amd64", NULL, {"linux/amd64/v2", "windows/amd64"}},
        {"windows/amd64", "windows/amd64", {"linux/amd64", "windows/amd64"}},
        {"linux/386", "linux/386", {"linux/386", "linux/amd64"}},
    };
    struct vl_err err = VL_ERR_INIT;
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_arena *arena = vl_arena_new(65536);
        struct vl_platform want;
        const char *best = NULL;
        unsigned most = 0;
        assert_int_equal(vl_platform_parse(cases[i].want, arena, &want, &err), 0);
        for (size_t k = 0; k < 4 && cases[i].among[k]; k++) {
            struct vl_span rest = vl_span_str(cases[i].among[k]), part[3] = {{0}};
            for (size_t p = 0; p < 3 && vl_span_split(&rest, '/', &part[p]); p++)
                ;
            const struct vl_platform have = {vl_arena_dup_span(arena, part[0]),
                vl_arena_dup_span(arena, part[1]), part[2].len ? vl_arena_dup_span(arena, part[2]) : NULL};
            unsigned match = vl_platform_match(&want, &have);
            if (match > most) {
                most = match;
                best = cases[i].among[k];
            }
        }
        if (best != cases[i].best && (!best || !cases[i].best || strcmp(best, cases[i].best) != 0))
            fail_msg("%s: %s", cases[i].want, best ? best : "none");
        vl_arena_free(arena);
    }
}

static void damage(const struct made *m, const char *digest, struct vl_span bytes)
{
    made_put_blob(m, digest, bytes);
}

static void test_damaged_layout(void **state)
{
    (void)state;
    struct made m;
    made_new(&m, 0);
    assert_fails(&m, "oci:%", VL_ERR_NOT_FOUND, "index.json");
    made_put_index(&m, "");
    damage(&m, m.manifest_digest, VL_SPAN_LIT("{}"));
    assert_fails(&m, "oci:%", VL_ERR_CORRUPT, "digest");
    made_put_blob(&m, m.manifest_digest, vl_buf_span(&m.manifest));
    damage(&m, m.config_digest, VL_SPAN_LIT("{}"));
    assert_fails(&m, "oci:%", VL_ERR_CORRUPT, "descriptor");
    made_put_blob(&m, m.config_digest, vl_buf_span(&m.config));
    damage(&m, m.digest[1], VL_SPAN_LIT("short"));
    assert_fails(&m, "oci:%", VL_ERR_CORRUPT, "the manifest says");
    made_put_blob(&m, m.digest[1], vl_buf_span(&m.blob[1]));
    assert_opens(&m, "oci:%", true);

    /* a layer that is a pipe, a device, or away */
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/blobs/sha256/%s", m.folder, m.digest[1] + 7);
    unlink(path);
    assert_fails(&m, "oci:%", VL_ERR_NOT_FOUND, m.digest[1] + 7);
    assert_int_equal(mkfifo(path, 0644), 0);
    assert_fails(&m, "oci:%", VL_ERR_INVALID, "no regular file");
    unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_fails(&m, "oci:%", VL_ERR_INVALID, "no regular file");

    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "{",
        "{\"schemaVersion\":2}",
        "{\"schemaVersion\":2,\"manifests\":{}}",
        "{\"schemaVersion\":2,\"manifests\":[]}",
        "{\"schemaVersion\":2,\"manifests\":[{}]}",
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:../../../etc/passwd\",\"size\":1}]}",
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\",\"size\":-1}]}",
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\",\"size\":99999999999999999999}]}",
        "{\"schemaVersion\":3,\"manifests\":[]}",
        "{\"schemaVersion\":2,\"schemaVersion\":2,\"manifests\":[]}",
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        struct vl_image *image = NULL;
        struct vl_err err = VL_ERR_INIT;
        made_put_text(&m, "index.json", "%s", bad[i]);
        if (open_as(&m, "oci:%", NULL, &image, &err) == 0)
            fail_msg("opens: %s", bad[i]);
        assert_true(err.code != VL_ERR_NONE && err.code != VL_ERR_SYSTEM);
    }
    made_put_text(&m, "oci-layout", "{\"imageLayoutVersion\":\"9.0.0\"}");
    assert_fails(&m, "oci:%", VL_ERR_UNSUPPORTED, "9.0.0");
    made_done(&m);
}

/* An index that contains itself cannot be made, since its digest is part of it; a long chain can. */
static void test_deep_index(void **state)
{
    (void)state;
    struct made m;
    made_new(&m, 0);
    char digest[VL_DIGEST_TEXT_MAX], text[1024];
    size_t size = m.manifest.len;
    memcpy(digest, m.manifest_digest, sizeof(digest));
    for (int i = 0; i < 10; i++) {
        (void)snprintf(text, sizeof(text),
            "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\",\"size\":%zu}]}", digest, size);
        support_digest(vl_span_str(text), digest);
        size = strlen(text);
        made_put_blob(&m, digest, vl_span_str(text));
    }
    made_put_text(&m, "index.json", "%s", text);
    assert_fails(&m, "oci:%", VL_ERR_LIMIT, "deep");
    made_done(&m);
}

static void add_to_tar(struct vl_buf *tar, const char *path, const struct vl_buf *content)
{
    support_tar_add(tar, path, '0', NULL, vl_buf_span(content));
}

/* docker save until 24: ID/layer.tar, with links where layers repeat. */
static void make_old_archive(const struct made *m, struct vl_buf *tar, const char *repo_tags)
{
    char name[1024];
    struct vl_buf text;
    vl_buf_init(&text, MADE_TEXT_MAX);
    add_to_tar(tar, "real/layer.tar", &m->tar[0]);
    support_tar_add(tar, "aaa/layer.tar", '2', "../real/layer.tar", VL_SPAN_EMPTY);
    add_to_tar(tar, "bbb/layer.tar", &m->tar[1]);
    (void)snprintf(name, sizeof(name), "%s.json", m->config_digest + 7);
    add_to_tar(tar, name, &m->config);
    vl_buf_printf(&text,
        "[{\"Config\":\"%s\",\"RepoTags\":%s,\"Layers\":[\"aaa/layer.tar\",\"bbb/layer.tar\"]}]", name,
        repo_tags);
    add_to_tar(tar, "manifest.json", &text);
    support_tar_end(tar);
    vl_buf_done(&text);
}

static void test_docker_archive(void **state)
{
    (void)state;
    struct made m;
    struct vl_buf tar, packed;
    made_new(&m, 0);
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    vl_buf_init(&packed, 1UL * 1024 * 1024);
    make_old_archive(&m, &tar, "[\"localhost:5000/shop/orders:1.0\",\"debian:12\"]");
    support_write(m.folder, "old.tar", vl_buf_span(&tar));
    assert_opens(&m, "docker-archive:%/old.tar", false);
    assert_opens(&m, "%/old.tar", false);
    assert_opens(&m, "%/old.tar:1.0", false);
    assert_opens(&m, "%/old.tar:localhost:5000/shop/orders:1.0", false);
    assert_opens(&m, "%/old.tar:docker.io/library/debian:12", false);
    assert_fails(&m, "%/old.tar:nope", VL_ERR_NOT_FOUND, "localhost:5000/shop/orders:1.0");
    support_gzip(vl_buf_span(&tar), &packed);
    support_write(m.folder, "old.tar.gz", vl_buf_span(&packed));
    assert_opens(&m, "docker-archive:%/old.tar.gz", false);

    vl_buf_clear(&tar);
    make_old_archive(&m, &tar, "null");
    support_write(m.folder, "untagged.tar", vl_buf_span(&tar));
    assert_opens(&m, "%/untagged.tar", false);
    /* cut, and cut inside the last layer */
    support_write(m.folder, "cut.tar", vl_span_slice(vl_buf_span(&tar), 0, 3000));
    assert_fails(&m, "%/cut.tar", VL_ERR_INVALID, "cut.tar");
    support_write(m.folder, "none.tar", VL_SPAN_LIT("not a tar at all"));
    assert_fails(&m, "%/none.tar", VL_ERR_INVALID, "none.tar");
    vl_buf_done(&tar);
    vl_buf_done(&packed);
    made_done(&m);
}

/* The layout that docker writes since 25, and podman's oci-archive. */
static void test_oci_archive(void **state)
{
    (void)state;
    struct made m;
    struct vl_buf tar, text;
    char name[1024];
    made_new(&m, 0);
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    vl_buf_init(&text, MADE_TEXT_MAX);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof(name), "blobs/sha256/%s", m.digest[i] + 7);
        add_to_tar(&tar, name, &m.blob[i]);
    }
    (void)snprintf(name, sizeof(name), "blobs/sha256/%s", m.config_digest + 7);
    add_to_tar(&tar, name, &m.config);
    (void)snprintf(name, sizeof(name), "blobs/sha256/%s", m.manifest_digest + 7);
    add_to_tar(&tar, name, &m.manifest);
    vl_buf_printf(&text, "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\",\"size\":%zu}]}",
        m.manifest_digest, m.manifest.len);
    add_to_tar(&tar, "./index.json", &text);
    size_t without_manifest = tar.len;
    support_tar_end(&tar);
    support_write(m.folder, "oci.tar", vl_buf_span(&tar));
    assert_opens(&m, "oci-archive:%/oci.tar", true);
    assert_opens(&m, "%/oci.tar", true);

    vl_buf_truncate(&tar, without_manifest);
    vl_buf_clear(&text);
    vl_buf_printf(&text,
        "[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"blobs/sha256/%s\",\"blobs/"
        "sha256/%s\"]}]",
        m.config_digest + 7, m.digest[0] + 7, m.digest[1] + 7);
    add_to_tar(&tar, "manifest.json", &text);
    support_tar_end(&tar);
    support_write(m.folder, "new.tar", vl_buf_span(&tar));
    struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(open_as(&m, "%/new.tar", NULL, &image, &err), 0);
    assert_int_equal(vl_image_layer_count(image), 2);
    vl_image_free(image);
    vl_buf_done(&tar);
    vl_buf_done(&text);
    made_done(&m);
}

static void test_hostile_archive(void **state)
{
    (void)state;
    static const struct {
        const char *manifest;
        enum vl_err_code code;
    } cases[] = {
        {"[]", VL_ERR_USAGE},
        {"{}", VL_ERR_INVALID},
        {"[{}]", VL_ERR_INVALID},
        {"[{\"Config\":\"../../../etc/passwd\",\"Layers\":[]}]", VL_ERR_INVALID},
        {"[{\"Config\":\"/etc/passwd\",\"Layers\":[]}]", VL_ERR_NOT_FOUND},
        {"[{\"Config\":\"circle\",\"Layers\":[]}]", VL_ERR_INVALID},
        {"[{\"Config\":\"out\",\"Layers\":[]}]", VL_ERR_NOT_FOUND},
        {"[{\"Config\":\"config\",\"Layers\":[\"a\",\"b\",\"c\"]}]", VL_ERR_INVALID},
        {"[{\"Config\":\"config\",\"Layers\":[1,2]}]", VL_ERR_INVALID},
        {"[{\"Config\":\"config\",\"Layers\":[\"circle\",\"config\"]}]", VL_ERR_INVALID},
    };
    struct made m;
    made_new(&m, 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_buf tar;
        vl_buf_init(&tar, 1UL * 1024 * 1024);
        support_tar_file(&tar, "manifest.json", cases[i].manifest);
        support_tar_add(&tar, "circle", '2', "circle2", VL_SPAN_EMPTY);
        support_tar_add(&tar, "circle2", '2', "circle", VL_SPAN_EMPTY);
        support_tar_add(&tar, "out", '2', "../../etc/passwd", VL_SPAN_EMPTY);
        support_tar_add(&tar, "manifest.json/dev", '3', NULL, VL_SPAN_EMPTY);
        add_to_tar(&tar, "config", &m.config);
        support_tar_end(&tar);
        support_write(m.folder, "h.tar", vl_buf_span(&tar));
        assert_fails(&m, "%/h.tar", cases[i].code, "");
        vl_buf_done(&tar);
    }
    /* a configuration whose name is another digest */
    struct vl_buf tar;
    vl_buf_init(&tar, 1UL * 1024 * 1024);
    support_tar_file(
        &tar, "blobs/sha256/0000000000000000000000000000000000000000000000000000000000000000", "{}");
    support_tar_file(&tar, "manifest.json",
        "[{\"Config\":\"blobs/sha256/"
        "0000000000000000000000000000000000000000000000000000000000000000\",\"Layers\":[]}]");
    support_write(m.folder, "h.tar", vl_buf_span(&tar));
    assert_fails(&m, "%/h.tar", VL_ERR_CORRUPT, "digest");
    vl_buf_done(&tar);
    made_done(&m);
}

static int parse(const char *text, const char *type, struct vl_err *err)
{
    struct vl_manifest m;
    struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    vl_err_clear(err);
    vl_manifest_init(&m);
    int r = vl_manifest_parse(vl_span_str(text), type, "test", arena, &m, err);
    vl_manifest_done(&m);
    vl_arena_free(arena);
    return r;
}

static void test_manifests(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_true(parse("{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "push it again"));
    /* a document that is both (CVE-2021-41190) */
    assert_true(parse("{\"schemaVersion\":2,\"manifests\":[],\"config\":{},\"layers\":[]}",
                    VL_MEDIA_OCI_INDEX, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_true(parse("{\"schemaVersion\":2,\"mediaType\":\"application/x\"}", NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);

    struct vl_buf many;
    vl_buf_init(&many, 16UL * 1024 * 1024);
    vl_buf_append_str(&many,
        "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\"},\"layers\":[");
    for (int i = 0; i < 2000; i++)
        vl_buf_printf(&many, "%s{\"digest\":\"sha256:%064d\",\"size\":1}", i ? "," : "", i);
    vl_buf_append_str(&many, "]}");
    assert_true(parse(vl_buf_str(&many), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_buf_done(&many);
}

static void test_containerd(void **state)
{
    (void)state;
    struct made m;
    made_new(&m, 0);
    char content[256], blobs[256], name[1024];
    /* the content store is laid out as a layout's blobs */
    (void)snprintf(content, sizeof(content), "%s/io.containerd.content.v1.content", m.folder);
    (void)snprintf(blobs, sizeof(blobs), "%s/blobs", m.folder);
    assert_int_equal(mkdir(content, 0755), 0);
    assert_int_equal(symlink(blobs, strcat(content, "/blobs")), 0);
    const struct vl_image_options options = {.containerd_root = m.folder};
    struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(name, sizeof(name), "containerd:%s", m.manifest_digest);
    assert_int_equal(vl_image_open(name, &options, &image, &err), 0);
    assert_int_equal(vl_image_layer_count(image), 2);
    vl_image_free(image);
    const struct vl_image_options nowhere = {.containerd_root = "/nonexistent"};
    assert_true(vl_image_open(name, &nowhere, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    made_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_platforms),
        cmocka_unit_test(test_platform_match),
        cmocka_unit_test(test_damaged_layout),
        cmocka_unit_test(test_deep_index),
        cmocka_unit_test(test_docker_archive),
        cmocka_unit_test(test_oci_archive),
        cmocka_unit_test(test_hostile_archive),
        cmocka_unit_test(test_manifests),
        cmocka_unit_test(test_containerd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
