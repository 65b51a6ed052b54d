#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_support.h"

static void read_file(const char *path, struct vl_buf *out)
{
    char block[65536];
    FILE *f = fopen(path, "r");
    vl_buf_init(out, VL_REPORT_MAX);
    for (size_t n; f && (n = fread(block, 1, sizeof(block), f)) > 0;)
        vl_buf_append(out, block, n);
    if (f)
        fclose(f);
}

void assert_golden(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options, const char *name)
{
    char path[4096];
    VL_CLEANUP(vl_buf_done) struct vl_buf got, want;
    const char *source = getenv("VALLUM_CHECKOUT");
    snprintf(path, sizeof(path), "%s/src/report/golden/%s", source ? source : ".", name);
    render(result, format, options, &got);
    const char *mode = getenv("VALLUM_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(vl_buf_str(&got), 1, got.len, f), got.len);
        assert_int_equal(fclose(f), 0);
    }
    read_file(path, &want);
    if (strcmp(vl_buf_str(&got), vl_buf_str(&want)) != 0)
        fail_msg("%s differs; this is what the report says now:\n%s", path, vl_buf_str(&got));
}
