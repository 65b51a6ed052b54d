/* tests: registry_list.c
 * Against a small server whose answers are those of the distribution-spec ("Listing Tags": Link headers,
 * relative and absolute; GET /v2/_catalog), and against it misbehaving. test_registry.c has the real one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "image/registry_list.h"
#include "test_support.h"

/* By the first part of the repository's name; what "base/…" answers is the catalogue of that server. */
static const char program[] =
    "import http.server, json, sys, threading\n"
    "SIGNED = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',\n"
    " 'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': 'sha256:' + '1'*64, "
    "'size': 1},\n"
    " 'layers': [{'mediaType': 'application/vnd.dev.cosign.simplesigning.v1+json', 'digest': 'sha256:' + "
    "'2'*64, "
    "'size': 1}]}\n"
    "IMAGE = dict(SIGNED, layers=[{'mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip', 'digest': "
    "'sha256:' "
    "+ '3'*64, 'size': 1}])\n"
    "CHART = dict(IMAGE, config={'mediaType': 'application/vnd.cncf.helm.config.v1+json', 'digest': "
    "'sha256:' + "
    "'4'*64, 'size': 1})\n"
    "def entry(n, os, arch, **more):\n"
    "  return dict(mediaType=IMAGE['mediaType'], digest='sha256:' + n * 64, size=1, platform=dict(os=os, "
    "architecture=arch, **more))\n"
    "INDEX = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json', 'manifests': [\n"
    " entry('5', 'linux', 'arm64', variant='v8'), entry('6', 'unknown', 'unknown'),\n"
    " entry('7', 'windows', 'amd64', **{'os.version': '10.0.20348.2113'})]}\n"
    "MANY = {'schemaVersion': 2, 'mediaType': INDEX['mediaType'], 'manifests': [entry('8', 'linux', "
    "'amd64')] * 70}\n"
    "MANIFESTS = {'signed': SIGNED, 'image': IMAGE, 'chart': CHART, 'index': INDEX, 'many': MANY,\n"
    " 'old': {'schemaVersion': 1, 'fsLayers': []}}\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "  protocol_version = 'HTTP/1.1'\n"
    "  def log_message(self, *a): pass\n"
    "  def say(self, status, body, **headers):\n"
    "    body = body if isinstance(body, bytes) else json.dumps(body).encode()\n"
    "    self.send_response(status)\n"
    "    self.send_header('Content-Length', str(len(body)))\n"
    "    for k, v in headers.items(): self.send_header(k.replace('_', '-'), v)\n"
    "    self.end_headers()\n"
    "    self.wfile.write(body)\n"
    "  def do_GET(self):\n"
    "    p, _, q = self.path.partition('?')\n"
    "    p = p[len('/v2/'):]\n"
    "    if p == '_catalog' and 'last' not in q:\n"
    "      return self.say(200, {'repositories': ['shop/b', 'shop/a']}, "
    "Link='</v2/_catalog?last=shop%2Fb&n=2>; "
    "rel=\"next\"')\n"
    "    if p == '_catalog': return self.say(200, {'repositories': ['shop/c', 'shop/a']})\n"
    "    name, _, rest = p.partition('/')\n"
    "    if rest.startswith('manifests/'):\n"
    "      m = MANIFESTS.get(rest[len('manifests/'):])\n"
    "      return self.say(200, m, Content_Type=m.get('mediaType', 'application/json')) if m else "
    "self.say(404, {})\n"
    "    if name == 'pages':\n"
    "      at = int(q.partition('last=')[2].partition('&')[0] or 0)\n"
    "      more = {'Link': '<http://elsewhere.invalid/v2/pages/tags/list?last=%d&n=1>; rel=\"next\"' % (at + "
    "1)} if "
    "at < 4 else {}\n"
    "      return self.say(200, {'name': name, 'tags': ['v%d' % at]}, **more)\n"
    "    if name == 'none': return self.say(200, {'name': name, 'tags': None})\n"
    "    if name == 'circle': return self.say(200, {'tags': []}, Link='</v2/circle/tags/list?last=x>; "
    "rel=\"next\"')\n"
    "    if name == 'script': return self.say(200, {'tags': ['<script>']})\n"
    "    if name == 'path': return self.say(200, {'tags': ['../../etc']})\n"
    "    if name == 'html': return self.say(200, b'<html>', Content_Type='text/html')\n"
    "    if name == 'wrong': return self.say(200, {'names': []})\n"
    "    if name == 'number': return self.say(200, {'tags': [1]})\n"
    "    self.say(404, {'errors': [{'code': 'NAME_UNKNOWN', 'message': 'repository name not known to "
    "registry'}]})\n"
    "s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)\n"
    "threading.Thread(target=s.serve_forever, daemon=True).start()\n"
    "print(s.server_address[1], flush=True)\n"
    "sys.stdin.read()\n";

static struct support_server server;
static char host[64];
static const struct vl_image_options anonymous = {.auth_file = "/dev/null", .pause_ms = 20};

struct asked {
    struct vl_arena *arena;
    const char *const *names;
    size_t n;
    struct vl_registry_entry entry;
    struct vl_err err;
};

/* `repository` NULL: the catalogue; `reference` NULL: its tags. */
static int ask(struct asked *a, const char *repository, const char *reference)
{
    VL_CLEANUP(vl_registry_list_cleanup) struct vl_registry_list *list = NULL;
    *a = (struct asked){.arena = vl_arena_new(1UL << 20)};
    int r = vl_registry_list_open(host, repository, &anonymous, &list, &a->err);
    if (r < 0)
        return r;
    return !repository ? vl_registry_list_catalogue(list, a->arena, &a->names, &a->n, &a->err)
           : reference ? vl_registry_list_entry(list, reference, a->arena, &a->entry, &a->err)
                       : vl_registry_list_tags(list, a->arena, &a->names, &a->n, &a->err);
}

static void test_catalogue(void **state)
{
    (void)state;
    struct asked a;
    if (ask(&a, NULL, NULL) < 0)
        fail_msg("%s", a.err.msg);
    assert_int_equal(a.n, 3); /* sorted, each once, from two pages */
    assert_string_equal(a.names[0], "shop/a");
    assert_string_equal(a.names[1], "shop/b");
    assert_string_equal(a.names[2], "shop/c");
    vl_arena_free(a.arena);
}

static void test_tags(void **state)
{
    (void)state;
    struct asked a;
    if (ask(&a, "pages", NULL) < 0)
        fail_msg("%s", a.err.msg);
    assert_int_equal(a.n, 5); /* the other host of the link was not followed */
    assert_string_equal(a.names[4], "v4");
    vl_arena_free(a.arena);
    assert_int_equal(ask(&a, "none", NULL), 0);
    assert_int_equal(a.n, 0);
    vl_arena_free(a.arena);
    assert_int_equal(ask(&a, "circle", NULL), 0);
    assert_int_equal(a.n, 0);
    vl_arena_free(a.arena);
}

static void test_answers_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *repository;
        enum vl_err_code code;
        const char *says;
    } rows[] = {
        {"gone", VL_ERR_NOT_FOUND, "NAME_UNKNOWN"},
        {"script", VL_ERR_INVALID, "cannot be a name"},
        {"path", VL_ERR_INVALID, "cannot be a name"},
        {"number", VL_ERR_INVALID, "cannot be a name"},
        {"html", VL_ERR_INVALID, "html"},
        {"wrong", VL_ERR_INVALID, "no list of tags"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct asked a;
        assert_true(ask(&a, rows[i].repository, NULL) < 0);
        assert_int_equal(a.err.code, rows[i].code);
        if (!strstr(a.err.msg, rows[i].says))
            fail_msg("%s: %s", rows[i].repository, a.err.msg);
        vl_arena_free(a.arena);
    }
}

static void test_entries(void **state)
{
    (void)state;
    struct asked a;
    static const struct {
        const char *reference;
        bool is_index, is_image;
    } rows[] = {{"image", false, true}, {"signed", false, false}, {"chart", false, false},
        {"index", true, false}, {"old", false, false}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (ask(&a, "any", rows[i].reference) < 0)
            fail_msg("%s: %s", rows[i].reference, a.err.msg);
        assert_int_equal(a.entry.is_image, rows[i].is_image);
        assert_int_equal(a.entry.is_index, rows[i].is_index);
        assert_int_equal(strlen(a.entry.digest), 71);
        vl_arena_free(a.arena);
    }
    assert_int_equal(ask(&a, "any", "index"), 0);
    assert_int_equal(a.entry.n_platforms, 2); /* unknown/unknown is an attestation */
    assert_string_equal(a.entry.platforms[0].platform, "linux/arm64/v8");
    assert_string_equal(a.entry.platforms[1].platform, "windows/amd64:10.0.20348.2113");
    vl_arena_free(a.arena);
    assert_int_equal(ask(&a, "any", "many"), 0);
    assert_int_equal(a.entry.n_platforms, 64);
    assert_int_equal(a.entry.n_left_out, 6);
    vl_arena_free(a.arena);
    assert_true(ask(&a, "any", "nothing") < 0);
    assert_int_equal(a.err.code, VL_ERR_NOT_FOUND);
    vl_arena_free(a.arena);
}

static void test_hosts(void **state)
{
    (void)state;
    struct vl_registry_list *list = NULL;
    static const char *const wrong[] = {"shop", "", "a/b.example", "http://a.example", "a.example@sha256:1"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_err err = VL_ERR_INIT;
        assert_true(vl_registry_list_open(wrong[i], NULL, &anonymous, &list, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
}

int main(void)
{
    static const char *const argv[] = {"python3", "-c", program, NULL};
    (void)signal(SIGPIPE, SIG_IGN);
    if (!support_server_start(&server, argv)) {
        (void)printf("skipped: needs python3\n");
        return 77;
    }
    (void)snprintf(host, sizeof(host), "127.0.0.1:%.10s", server.line);
    host[strcspn(host, "\r\n")] = '\0';
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_hosts),
    };
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    support_server_stop(&server);
    return status;
}
