/* tests: webhook.c webhook_distribution.c webhook_acr.c webhook_harbor.c webhook_dockerhub.c webhook_ecr.c
 *        webhook_gar.c
 *
 * Bodies in the forms that the vendors publish (the addresses stand in webhook.h), as corpus/webhook has
 * them. Times were worked out with date(1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "inventory/webhook.h"

#define A64   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HELLO "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf"

static struct vl_doc *doc;
static struct vl_webhook_list list;

static int read_text(struct vl_span text, struct vl_err *err)
{
    vl_doc_free(doc);
    doc = NULL;
    vl_webhook_list_done(&list);
    vl_webhook_list_init(&list);
    if (vl_doc_parse(text, VL_DOC_JSON, "body", &doc, err) < 0)
        fail_msg("%s", err->msg);
    return vl_webhook_parse(vl_doc_root(doc), &list, err);
}

static void read_file(const char *name)
{
    char path[512];
    const char *source = getenv("VALLUM_CHECKOUT");
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, 1 << 20);
    (void)snprintf(
        path, sizeof(path), "%s/src/server/inventory/corpus/webhook/%s.json", source ? source : ".", name);
    if (vl_file_read(path, 1 << 20, &bytes, &err) < 0 || read_text(vl_buf_span(&bytes), &err) < 0)
        fail_msg("%s: %s", path, err.msg);
}

static void expect(size_t i, enum vl_webhook_action action, enum vl_webhook_what what, const char *repository,
    const char *digest, const char *tag, int64_t at)
{
    const struct vl_webhook_event *e = vl_vec_at(&list.events, i);
    assert_non_null(e);
    assert_int_equal(e->action, action);
    assert_int_equal(e->what, what);
    assert_true(vl_span_eq_str(e->repository, repository));
    assert_true(vl_span_eq_str(e->digest, digest));
    assert_true(vl_span_eq_str(e->tag, tag));
    assert_int_equal(e->at, at);
}

static void test_distribution(void **state)
{
    (void)state;
    read_file("distribution");
    assert_int_equal(list.events.len, 3);
    assert_int_equal(list.ignored, 1); /* a blob */
    expect(0, VL_WEBHOOK_PULL, VL_WEBHOOK_MANIFEST, "hello-world", HELLO, "latest", 1457563466402);
    expect(1, VL_WEBHOOK_PUSH, VL_WEBHOOK_INDEX, "team/app",
        "sha256:0123456789012345678901234567890123456789012345678901234567890123", "1.0", 1457534668000);
    expect(2, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, "hello-world", HELLO, "", 1457534669000);
}

static void test_own_pulls(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_true(
        read_text(VL_SPAN_LIT("{\"events\":[{\"action\":\"pull\",\"target\":{\"mediaType\":"
                              "\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"" HELLO
                              "\",\"repository\":\"a\"},\"request\":{\"useragent\":\"vallum/0.1.0\"}}]}"),
            &err) >= 0);
    assert_int_equal(list.events.len, 0);
    assert_int_equal(list.ignored, 1);
}

static void test_acr(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static const char digest[] = "sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d";
    read_file("acr");
    assert_int_equal(list.events.len, 1);
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_MANIFEST, "hello-world", digest, "v1", 1510937521343);
    read_file("acr_delete");
    assert_int_equal(list.events.len, 1);
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_MANIFEST, "hello-world", digest, "", 1510937693657);
    read_file("ping");
    assert_int_equal(list.events.len, 0);
    assert_int_equal(list.ignored, 1);
    /* A chart has an action and a media type of its own. */
    assert_true(
        read_text(VL_SPAN_LIT("{\"action\":\"chart_push\",\"target\":{\"mediaType\":"
                              "\"application/vnd.acr.helm.chart\",\"repository\":\"repo1\",\"tag\":\"1\","
                              "\"name\":\"wordpress\"}}"),
            &err) >= 0);
    assert_int_equal(list.events.len, 0);
    assert_int_equal(list.ignored, 1);
}

static void test_harbor(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static const char digest[] = "sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4";
    read_file("harbor");
    assert_int_equal(list.events.len, 2);
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_UNKNOWN, "a/alpine", digest, "", 1680501893000);
    expect(1, VL_WEBHOOK_PUSH, VL_WEBHOOK_UNKNOWN, "a/alpine", digest, "3.17", 1680501893000);
    read_file("harbor_cloud");
    assert_int_equal(list.events.len, 1);
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, "a/alpine", digest, "3.17", 1680501893000);
    assert_true(read_text(VL_SPAN_LIT("{\"type\":\"QUOTA_EXCEED\",\"event_data\":{}}"), &err) >= 0);
    assert_int_equal(list.ignored, 1);
}

static void test_dockerhub(void **state)
{
    (void)state;
    read_file("dockerhub");
    assert_int_equal(list.events.len, 1);
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_UNKNOWN, "svendowideit/testhook", "", "latest", 1417566161000);
}

/* The published event of a push, with the media types that newer ones have, and that of a deletion. */
static void test_ecr(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    read_file("ecr");
    assert_int_equal(list.events.len, 1);
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_UNKNOWN, "my-repository-name", HELLO, "latest", 1573869274000);
    const struct vl_webhook_event *e = vl_vec_at(&list.events, 0);
    static const struct {
        const char *host;
        bool about;
    } hosts[] = {
        {"123456789012.dkr.ecr.us-west-2.amazonaws.com", true},
        {"123456789012.dkr.ecr.us-west-2.amazonaws.com:443", true},
        {"123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", true},
        {"123456789012.dkr-ecr.us-west-2.on.aws", true},
        {"123456789012.dkr.ecr.us-west-1.amazonaws.com", false},
        {"123456789013.dkr.ecr.us-west-2.amazonaws.com", false},
        {"registry.example:5000", true}, /* a name of their own for it */
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(hosts); i++) {
        if (vl_webhook_is_about(e, vl_span_str(hosts[i].host)) != hosts[i].about)
            fail_msg("%s", hosts[i].host);
    }
    read_file("ecr_index");
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_INDEX, "team/app", HELLO, "", 1700000000000);
    read_file("ecr_delete"); /* other tags may hold the image */
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, "my-repository-name", "", "latest", 1573869274000);
#define ECR(type, detail) "{\"source\":\"aws.ecr\",\"detail-type\":\"" type "\",\"detail\":{" detail "}}"
#define PUSHED(more)        \
    ECR("ECR Image Action", \
        "\"action-type\":\"PUSH\",\"repository-name\":\"a\",\"image-digest\":\"" HELLO "\"" more)
    assert_true(read_text(VL_SPAN_LIT(ECR("ECR Image Action",
                              "\"result\":\"SUCCESS\",\"action-type\":\"DELETE\",\"repository-name\":\"a\","
                              "\"image-digest\":\"" HELLO "\"")),
                    &err) >= 0);
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, "a", HELLO, "", 0);
    static const char *const ignored[] = {PUSHED(""), PUSHED(",\"result\":\"FAILURE\""),
        PUSHED(",\"result\":\"SUCCESS\",\"manifest-media-type\":\"application/vnd.example\""),
        ECR("ECR Image Scan", "\"scan-status\":\"COMPLETE\""),
        ECR("ECR Image Action", "\"result\":\"SUCCESS\",\"action-type\":\"PULL\""),
        ECR("ECR Image Action",
            "\"result\":\"SUCCESS\",\"action-type\":\"PUSH\",\"repository-name\":7,\"image-digest\":[]")};
    for (size_t i = 0; i < VL_ARRAY_LEN(ignored); i++) {
        if (read_text(vl_span_str(ignored[i]), &err) < 0 || list.events.len != 0 || list.ignored != 1)
            fail_msg("%s: %s", ignored[i], err.msg);
    }
    assert_true(read_text(VL_SPAN_LIT("{\"source\":\"aws.ec2\",\"detail\":{}}"), &err) < 0);
    assert_true(read_text(VL_SPAN_LIT("{\"source\":\"aws.ecr\",\"detail\":7}"), &err) < 0);
}

/* `data` as a message of Pub/Sub. */
static int read_message(const char *data, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done), packed VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 1 << 20);
    vl_buf_init(&packed, 1 << 20);
    vl_base64_encode(vl_span_str(data), &packed);
    vl_buf_printf(&text, "{\"message\":{\"data\":\"%s\"},\"subscription\":\"projects/p/subscriptions/s\"}",
        vl_buf_str(&packed));
    return read_text(vl_buf_span(&text), err);
}

#define GAR "us-east1-docker.pkg.dev/my-project/my-repo/hello-world"
static void test_gar(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static const char name[] = "my-project/my-repo/hello-world";
    read_file("gar");
    assert_int_equal(list.events.len, 1);
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_UNKNOWN, name, HELLO, "1.1", 1614345235749);
    const struct vl_webhook_event *e = vl_vec_at(&list.events, 0);
    assert_true(vl_webhook_is_about(e, VL_SPAN_LIT("us-east1-docker.pkg.dev")));
    assert_false(
        vl_webhook_is_about(e, VL_SPAN_LIT("europe-west1-docker.pkg.dev"))); /* one topic a project */
    assert_false(vl_webhook_is_about(e, VL_SPAN_LIT("gcr.io")));
    assert_true(vl_webhook_is_about(e, VL_SPAN_LIT("images.example")));
    /* A subscription "without the wrapper". */
    assert_true(
        read_text(VL_SPAN_LIT("{\"action\":\"INSERT\",\"digest\":\"" GAR "@" HELLO "\"}"), &err) >= 0);
    expect(0, VL_WEBHOOK_PUSH, VL_WEBHOOK_UNKNOWN, name, HELLO, "", 0);
    assert_true(read_message("{\"action\":\"DELETE\",\"tag\":\"" GAR ":1.1\"}", &err) >= 0);
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, name, "", "1.1", 0);
    assert_true(read_message("{\"action\":\"DELETE\",\"digest\":\"" GAR "@" HELLO "\"}", &err) >= 0);
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, name, HELLO, "", 0);
    assert_true(read_message("{\"action\":\"DELETE\",\"digest\":\"" GAR "@" HELLO "\",\"tag\":\"" GAR ":1\"}",
                    &err) >= 0);
    expect(0, VL_WEBHOOK_DELETE, VL_WEBHOOK_UNKNOWN, name, "", "1", 0);
}

static void test_gar_strange(void **state)
{
    (void)state;
    struct vl_buf big VL_CLEANUP(vl_buf_done);
    static const char *const ignored[] = {"{", "[]", "7", "{}", "{\"action\":\"INSERT\"}",
        "{\"action\":\"UPDATE\",\"tag\":\"" GAR ":1\"}", "{\"action\":\"INSERT\",\"tag\":\"hello:1\"}",
        "{\"action\":\"INSERT\",\"tag\":\"/a:1\"}", "{\"action\":\"INSERT\",\"tag\":\"" GAR "\"}",
        "{\"action\":\"INSERT\",\"digest\":\"" GAR "@sha256:1\"}",
        "{\"action\":\"INSERT\",\"digest\":\"" GAR "@" HELLO "\",\"tag\":\"" GAR "2:1\"}",
        "{\"action\":\"INSERT\",\"digest\":\"" GAR "@" HELLO "\",\"tag\":\"x.pkg.dev/my-project/my-repo/"
        "hello-world:1\"}",
        "{\"action\":\"INSERT\",\"tag\":\"h/../x:1\"}", "{\"action\":7,\"tag\":{}}"};
    struct vl_err err = VL_ERR_INIT;
    for (size_t i = 0; i < VL_ARRAY_LEN(ignored); i++) {
        if (read_message(ignored[i], &err) < 0 || list.events.len != 0 || list.ignored != 1)
            fail_msg("%s: %s", ignored[i], err.msg);
    }
    static const char *const broken[] = {"\"data\":\"%%%\"", "\"data\":7", "\"messageId\":\"1\""};
    for (size_t i = 0; i < VL_ARRAY_LEN(broken); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "{\"message\":{%s},\"subscription\":\"s\"}", broken[i]);
        assert_true(read_text(vl_span_str(text), &err) >= 0);
        assert_int_equal(list.ignored, 1);
    }
    vl_buf_init(&big, 1 << 20);
    vl_buf_append_str(&big, "{\"action\":\"INSERT\",\"tag\":\"" GAR ":1\",\"x\":\"");
    for (int i = 0; i < 10000; i++)
        vl_buf_append_str(&big, "too long");
    vl_buf_append_str(&big, "\"}");
    assert_true(read_message(vl_buf_str(&big), &err) >= 0);
    assert_int_equal(list.ignored, 1);
    assert_true(read_text(VL_SPAN_LIT("{\"message\":{\"data\":\"e30=\"}}"), &err) < 0); /* nobody's */
    assert_true(read_text(VL_SPAN_LIT("{\"message\":7,\"subscription\":\"s\"}"), &err) < 0);
}

static void test_strange(void **state)
{
    (void)state;
    static const char *const nobodys[] = {"{}", "[]", "null", "7", "{\"events\":{}}", "{\"action\":\"push\"}",
        "{\"type\":\"PUSH_ARTIFACT\"}", "{\"push_data\":{}}", "{\"push_data\":1,\"repository\":2}"};
    static const char *const ignored[] = {"{\"events\":[7]}", "{\"events\":[{\"action\":\"push\"}]}",
        "{\"action\":\"push\",\"target\":{\"mediaType\":\"application/"
        "vnd.oci.image.index.v1+json\",\"repository\":"
        "\"../x\",\"digest\":\"" HELLO "\"}}",
        "{\"action\":\"push\",\"target\":{\"mediaType\":\"application/"
        "vnd.oci.image.index.v1+json\",\"repository\":"
        "\"a\"}}",
        "{\"action\":\"push\",\"target\":{\"mediaType\":\"application/"
        "vnd.oci.image.index.v1+json\",\"repository\":"
        "\"a\",\"digest\":\"sha256:1\"}}",
        /* a signature's tag, as cosign writes it */
        "{\"action\":\"push\",\"target\":{\"mediaType\":\"application/"
        "vnd.oci.image.manifest.v1+json\",\"repository\":"
        "\"a\",\"digest\":\"" HELLO "\",\"tag\":\"sha256-" A64 ".sig\"}}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(nobodys); i++) {
        struct vl_err err = VL_ERR_INIT;
        if (read_text(vl_span_str(nobodys[i]), &err) >= 0)
            fail_msg("%s was taken", nobodys[i]);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(ignored); i++) {
        struct vl_err err = VL_ERR_INIT;
        assert_true(read_text(vl_span_str(ignored[i]), &err) >= 0);
        assert_int_equal(list.events.len, 0);
        assert_int_equal(list.ignored, 1);
    }
}

/* Examples and counter-examples of the grammars. */
static void test_grammars(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a", "library/debian", "a.b", "a_b", "a__b", "a-b", "a---b", "a/b/c", "0/1"};
    static const char *const bad[] = {"", "A", "a//b", "/a", "a/", "a..b", "a___b", "-a", "a-", ".a", "a.",
        "a b", "a/../b", "a:b", "a@b", "\xc3\xa4"};
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++)
        assert_true(vl_webhook_is_repository(vl_span_str(good[i])));
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_false(vl_webhook_is_repository(vl_span_str(bad[i])));
    assert_true(vl_webhook_is_tag(VL_SPAN_LIT("v1.0_x-Y")));
    assert_true(vl_webhook_is_tag(VL_SPAN_LIT("_")));
    assert_false(vl_webhook_is_tag(VL_SPAN_LIT(".a")));
    assert_false(vl_webhook_is_tag(VL_SPAN_LIT("-a")));
    assert_false(vl_webhook_is_tag(VL_SPAN_LIT("a/b")));
    assert_false(vl_webhook_is_tag(VL_SPAN_LIT("")));
    assert_true(vl_webhook_is_digest(VL_SPAN_LIT("sha256:" A64)));
    assert_true(vl_webhook_is_digest(VL_SPAN_LIT("sha512:" A64 A64)));
    assert_false(vl_webhook_is_digest(VL_SPAN_LIT("sha256:" A64 "a")));
    assert_false(vl_webhook_is_digest(VL_SPAN_LIT("sha256:" A64 A64)));
    assert_false(vl_webhook_is_digest(VL_SPAN_LIT("sha1:" A64)));
    assert_true(vl_webhook_is_attached(VL_SPAN_LIT("sha256-" A64)));
    assert_true(vl_webhook_is_attached(VL_SPAN_LIT("sha256-" A64 ".att")));
    assert_false(vl_webhook_is_attached(VL_SPAN_LIT("sha256-1")));
}

static void test_too_many(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 16 << 20);
    vl_buf_append_str(&text, "{\"events\":[");
    for (int i = 0; i <= VL_WEBHOOK_EVENTS_MAX; i++)
        vl_buf_printf(&text, "%s{\"action\":\"delete\",\"target\":{\"repository\":\"a\",\"digest\":\"%s\"}}",
            i ? "," : "", HELLO);
    vl_buf_append_str(&text, "]}");
    assert_true(read_text(vl_buf_span(&text), &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_own_pulls),
        cmocka_unit_test(test_acr),
        cmocka_unit_test(test_harbor),
        cmocka_unit_test(test_dockerhub),
        cmocka_unit_test(test_ecr),
        cmocka_unit_test(test_gar),
        cmocka_unit_test(test_gar_strange),
        cmocka_unit_test(test_strange),
        cmocka_unit_test(test_grammars),
        cmocka_unit_test(test_too_many),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vl_doc_free(doc);
    vl_webhook_list_done(&list);
    return failed;
}
