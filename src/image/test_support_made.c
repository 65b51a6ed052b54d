#include "test_made.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test_support.h"

static void add_filler(struct vl_buf *tar, size_t bytes)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    uint64_t x = 88172645463325252ULL; /* xorshift */
    vl_buf_init(&text, bytes + 8);
    while (text.len < bytes) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        vl_buf_append_u64le(&text, x);
    }
    support_tar_add(tar, "app/filler.bin", '0', NULL, vl_buf_span(&text));
}

void made_put_blob(const struct made *m, const char *digest, struct vl_span bytes)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "blobs/sha256/%s", digest + 7);
    support_write(m->folder, path, bytes);
}

void made_config(struct made *m, const char *os, const char *arch)
{
    vl_buf_clear(&m->config);
    vl_buf_printf(&m->config,
        "{\"created\":\"2026-01-02T03:04:05Z\",\"architecture\":\"%s\",\"os\":\"%s\",\"variant\":\"\","
        "\"config\":{},"
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]},\"history\":["
        "{\"created\":\"2026-01-01T00:00:00Z\",\"created_by\":\"ADD base\"},"
        "{\"created_by\":\"ENV A=b\",\"empty_layer\":true},"
        "{\"created_by\":\"/bin/sh -c #(nop)  CMD [\\\"bash\\\"]\",\"empty_layer\":true},"
        "{\"created\":\"2026-01-02T00:00:00Z\",\"created_by\":\"COPY app\"}]}",
        arch, os, m->diff_id[0], m->diff_id[1]);
    support_digest(vl_buf_span(&m->config), m->config_digest);
    vl_buf_clear(&m->manifest);
    vl_buf_printf(&m->manifest,
        "{\"schemaVersion\":2,\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST "\",\"config\":{\"mediaType\":"
        "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":["
        "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"%s\",\"size\":%zu},"
        "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}],"
        "\"annotations\":{\"org.opencontainers.image.base.name\":\"docker.io/library/debian:12\"}}",
        m->config_digest, m->config.len, m->digest[0], m->blob[0].len, m->digest[1], m->blob[1].len);
    support_digest(vl_buf_span(&m->manifest), m->manifest_digest);
}

void made_new(struct made *m, size_t filler)
{
    *m = (struct made){0};
    support_folder(m->folder);
    vl_buf_init(&m->config, MADE_TEXT_MAX);
    vl_buf_init(&m->manifest, MADE_TEXT_MAX);
    for (int i = 0; i < 2; i++) {
        vl_buf_init(&m->tar[i], 65536 + 2 * filler);
        vl_buf_init(&m->blob[i], 65536 + 2 * filler);
        support_tar_file(&m->tar[i], i ? "app/package.json" : "etc/os-release", i ? "{}" : "ID=debian\n");
        if (i && filler)
            add_filler(&m->tar[i], filler);
        support_tar_end(&m->tar[i]);
        if (i == 0)
            support_gzip(vl_buf_span(&m->tar[i]), &m->blob[i]);
        else
            vl_buf_append_span(&m->blob[i], vl_buf_span(&m->tar[i]));
        support_digest(vl_buf_span(&m->tar[i]), m->diff_id[i]);
        support_digest(vl_buf_span(&m->blob[i]), m->digest[i]);
        made_put_blob(m, m->digest[i], vl_buf_span(&m->blob[i]));
    }
    made_config(m, "linux", "amd64");
    made_put_blob(m, m->config_digest, vl_buf_span(&m->config));
    made_put_blob(m, m->manifest_digest, vl_buf_span(&m->manifest));
}

void made_done(struct made *m)
{
    support_remove(m->folder);
    for (int i = 0; i < 2; i++) {
        vl_buf_done(&m->tar[i]);
        vl_buf_done(&m->blob[i]);
    }
    vl_buf_done(&m->config);
    vl_buf_done(&m->manifest);
}

void made_put_text(const struct made *m, const char *path, const char *format, ...)
{
    char text[MADE_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    support_write(m->folder, path, vl_span_str(text));
}

void made_put_index(const struct made *m, const char *more)
{
    made_put_text(m, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    made_put_text(m, "index.json",
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST
        "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"org.opencontainers.image.ref.name\":\"1.0\"}}%"
        "s]}",
        m->manifest_digest, m->manifest.len, more);
}
