/* A small database built, opened, matched, described, searched, damaged.
 * tests: build.c build_ids.c build_rows.c build_text.c build_windows.c db.c db_lookup.c describe.c match.c
 * tests: coverage.c search.c verify.c windows.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisory/build.h"
#include "base/file.h"
#include "feed/parse.h"
#include "record.h"

struct fixture {
    char path[64];
    struct vl_arena *arena;
    struct vl_advisory_db *db;
};

static void put(struct vl_advisory_builder *b, const char *name, vl_feed_parse_fn *parse,
    const char *ecosystem, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_arena *arena = vl_arena_new(16UL << 20);
    struct vl_advisory_feed feed = {.name = name, .title = name, .url = "https://example.com/"};
    struct vl_feed_context context = {name, ecosystem, arena};
    assert_int_equal(vl_advisory_builder_begin(b, &feed, &err), 0);
    if (parse(vl_span_str(text), name, &context, vl_advisory_builder_sink(b), &err) < 0)
        fail_msg("%s: %s", name, err.msg);
    vl_advisory_builder_end(b, 1700000000000);
    vl_arena_free(arena);
}

#define OSV(id, aliases, eco, name, events)                                                                  \
    "{\"id\":\"" id "\",\"aliases\":[" aliases "],\"summary\":\"Title of " id "\",\"details\":\"Details.\"," \
    "\"references\":[{\"url\":\"https://example.com/" id                                                     \
    "\"}],\"affected\":[{\"package\":{\"ecosystem\":\"" eco "\",\"name\":\"" name                            \
    "\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]}]}"
#define FROM(v)  "{\"introduced\":\"" v "\"}"
#define FIXED(v) ",{\"fixed\":\"" v "\"}"

#define WESNG                                                                                    \
    "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\"," \
    "\"Severity\","                                                                              \
    "\"Impact\",\"Supersedes\",\"Exploits\"\n"
#define KB(cve, kb, old)                                                         \
    "\"20240101\",\"" cve "\",\"" kb                                             \
    "\",\"A Windows title\",\"Windows Server 2022 (Server Core installation)\"," \
    "\"\",\"Important\",\"\",\"" old "\",\n"

static void build_at(const char *path)
{
    struct vl_advisory_builder *b;
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_build_stats stats;
    assert_int_equal(vl_advisory_builder_new(NULL, &b, &err), 0);
    put(b, "debian", vl_feed_parse_debian_tracker, NULL,
        "{\"zlib\":{\"CVE-2022-37434\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\",\"fixed_"
        "version\":"
        "\"1:1.2.11.dfsg-4.1\",\"urgency\":\"medium\"},\"bullseye\":{\"status\":\"resolved\",\"fixed_"
        "version\":"
        "\"1:1.2.11.dfsg-2\"}}},\"CVE-2023-45853\":{\"releases\":{\"bookworm\":{\"status\":\"open\","
        "\"urgency\":"
        "\"unimportant\"}}}}}");
    put(b, "debian-dsa", vl_feed_parse_debian_list, NULL,
        "[01 Sep 2022] DSA-5218-1 zlib - security update\n\t{CVE-2022-37434 CVE-2022-99999}\n"
        "\t[bullseye] - zlib 1:1.2.11.dfsg-2+deb11u2\n");
    put(b, "osv/npm", vl_feed_parse_osv, NULL,
        OSV("GHSA-jf85-cpcp-j695", "\"CVE-2019-10744\"", "npm", "lodash", FROM("0") FIXED("4.17.12")));
    put(b, "osv/npm2", vl_feed_parse_osv, NULL,
        OSV("GHSA-two1-two1-two1", "\"CVE-2020-1111\",\"CVE-2020-2222\"", "npm", "lodash",
            FROM("4.0.0") FIXED("4.17.20")));
    put(b, "nswg", vl_feed_parse_nodejs_security_wg, NULL,
        "{\"id\":1065,\"module_name\":\"lodash\",\"cves\":[\"CVE-2019-10744\"],\"vulnerable_versions\":\"<4."
        "17.11\","
        "\"cvss_vector\":\"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H\"}");
    put(b, "osv/PyPI", vl_feed_parse_osv, NULL,
        OSV("PYSEC-1", "\"CVE-2021-0001\"", "PyPI", "My_Pkg", FROM("1.0") ",{\"last_affected\":\"1.5\"}"));
    put(b, "osv/Alma", vl_feed_parse_osv, NULL,
        "{\"id\":\"ALSA-2023:1\",\"summary\":\"Important: nodejs:18 update\",\"related\":[\"CVE-2023-0001\","
        "\"CVE-2023-0002\"],\"affected\":[{\"package\":{\"ecosystem\":\"AlmaLinux:9\",\"name\":\"nodejs\"},"
        "\"ranges\":["
        "{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1:18.14.2-2.module_el9.1.0+"
        "1\"}]}]}]}");
    put(b, "osv/Ubuntu", vl_feed_parse_osv, NULL,
        "{\"id\":\"UBUNTU-CVE-2022-37434\",\"upstream\":[\"CVE-2022-37434\"],\"affected\":[{\"package\":{"
        "\"ecosystem\":"
        "\"Ubuntu:Pro:16.04:LTS\",\"name\":\"zlib\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":["
        "{\"introduced\":\"0\"},{\"fixed\":\"1:1.2.8.dfsg-2ubuntu4.3+esm2\"}]}]}]}");
    put(b, "windows", vl_feed_parse_wesng, NULL,
        WESNG KB("CVE-2024-0001", "5001", "") KB("CVE-2024-0002", "5002", "5001")
            KB("CVE-2024-0003", "5003", "5002") KB("CVE-2024-0001", "5003", "5002"));
    put(b, "kev", vl_feed_parse_kev, NULL,
        "{\"vulnerabilities\":[{\"cveID\":\"CVE-2022-37434\",\"dateAdded\":\"2023-01-10\",\"dueDate\":\"2023-"
        "01-31\","
        "\"knownRansomwareCampaignUse\":\"Known\"},{\"cveID\":\"CVE-2000-0001\",\"dateAdded\":\"2023-01-10\"}"
        "]}");
    put(b, "epss", vl_feed_parse_epss, NULL,
        "cve,epss,percentile\nCVE-2022-37434,0.90000,0.99000\nCVE-1999-0001,0.1,0.1\n");
    int r = vl_advisory_builder_finish(b, path, &stats, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(stats.windows_rows, 4);
    vl_advisory_builder_free(b);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct vl_err err = VL_ERR_INIT;
    snprintf(f->path, sizeof(f->path), "/tmp/vallum-test-db-%ld.vadb", (long)getpid());
    build_at(f->path);
    f->arena = vl_arena_new(64UL << 20);
    int r = vl_advisory_db_open(f->path, &f->db, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", err.msg);
    *state = f;
    return r;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    vl_advisory_db_close(f->db);
    vl_arena_free(f->arena);
    unlink(f->path);
    free(f);
    return 0;
}

static const struct vl_distro bookworm = {
    "debian", "", "12", "bookworm", "", "", "", VL_SUPPORT_STANDARD, 0, 0};
static const struct vl_distro bullseye = {
    "debian", "", "11", "bullseye", "", "", "", VL_SUPPORT_STANDARD, 0, 0};
static const struct vl_distro alma9 = {"almalinux", "", "9.3", "", "", "", "", VL_SUPPORT_STANDARD, 0, 0};
static const struct vl_distro xenial = {"ubuntu", "", "16.04", "", "", "", "", VL_SUPPORT_EXTENDED, 0, 0};
static const struct vl_distro windows = {
    "windows", "", "10.0.20348.1", "", "", "", "", VL_SUPPORT_STANDARD, 0, 0};

/* "ID fix state" for each match, sorted by the order of matching, joined by "; ". */
static const char *matched(struct fixture *f, const struct vl_distro *distro, struct vl_package package,
    const char *const *updates, size_t n_updates)
{
    struct vl_advisory_matcher *m;
    struct vl_err err = VL_ERR_INIT;
    struct vl_vec matches;
    struct vl_buf text;
    vl_buf_init(&text, 65536);
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 1000);
    assert_int_equal(vl_advisory_matcher_new(f->db, distro, &m, &err), 0);
    vl_advisory_matcher_set_updates(m, updates, n_updates);
    for (int round = 0; round < 2; round++) { /* the second answer comes from the cache */
        matches.len = 0;
        vl_buf_clear(&text);
        if (vl_advisory_match(m, &package, f->arena, &matches, &err) < 0)
            fail_msg("%s", err.msg);
        for (size_t i = 0; i < matches.len; i++) {
            const struct vl_advisory_match *match = vl_vec_at(&matches, i);
            struct vl_finding finding = {0};
            if (vl_advisory_describe(f->db, match->record, distro, f->arena, &finding, &err) < 0)
                fail_msg("%s", err.msg);
            vl_buf_printf(&text, "%s%s %s %s", i ? "; " : "", finding.id,
                match->fixed_version ? match->fixed_version : "-", vl_fix_state_name(match->state));
        }
    }
    const char *copy = vl_arena_strdup(f->arena, vl_buf_str(&text));
    vl_advisory_matcher_free(m);
    vl_vec_done(&matches);
    vl_buf_done(&text);
    return copy;
}

#define MATCH(distro, ...) matched(f, distro, (struct vl_package){__VA_ARGS__}, NULL, 0)

static void test_match_distribution(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_DEB, .name = "zlib1g",
                            .version = "1:1.2.11.dfsg-4", .source_name = "zlib"),
        "CVE-2022-37434 1:1.2.11.dfsg-4.1 fixed; CVE-2023-45853 - not_fixed");
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_DEB, .name = "zlib1g",
                            .version = "1:1.2.13.dfsg-1", .source_name = "zlib"),
        "CVE-2023-45853 - not_fixed");
    /* the binary package's own version is not the source's */
    assert_string_equal(
        MATCH(&bookworm, .ecosystem = VL_ECO_DEB, .name = "zlib1g", .version = "1:1.2.11.dfsg-4+b1",
            .source_name = "zlib", .source_version = "1:1.2.11.dfsg-4.1"),
        "CVE-2023-45853 - not_fixed");
    /* the tracker calls it fixed: the older DSA of the same vendor does not reopen it, but tells of another
     */
    assert_string_equal(
        MATCH(&bullseye, .ecosystem = VL_ECO_DEB, .name = "zlib", .version = "1:1.2.11.dfsg-2+deb11u1"),
        "CVE-2022-99999 1:1.2.11.dfsg-2+deb11u2 fixed");
    assert_string_equal(
        MATCH(&xenial, .ecosystem = VL_ECO_DEB, .name = "zlib", .version = "1:1.2.8.dfsg-2ubuntu4"),
        "CVE-2022-37434 1:1.2.8.dfsg-2ubuntu4.3+esm2 fixed_paid");
    assert_string_equal(MATCH(&alma9, .ecosystem = VL_ECO_DEB, .name = "zlib", .version = "1"), "");
}

static void test_match_modules(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        MATCH(&alma9, .ecosystem = VL_ECO_RPM, .name = "nodejs", .version = "1:18.12.1-1.module_el9.1.0+1",
            .module = "nodejs:18:9010020221009:rhel9"),
        "CVE-2023-0001 1:18.14.2-2.module_el9.1.0+1 fixed; CVE-2023-0002 1:18.14.2-2.module_el9.1.0+1 fixed");
    assert_string_equal(
        MATCH(&alma9, .ecosystem = VL_ECO_RPM, .name = "nodejs", .version = "1:16.18.1-1.module_el9.1.0+1",
            .module = "nodejs:16:9010020221009:rhel9"),
        "");
    assert_string_equal(MATCH(&alma9, .ecosystem = VL_ECO_RPM, .name = "nodejs", .version = "1:16.0-1.el9",
                            .vendor = "NodeSource"),
        "");
}

static void test_match_languages(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_NPM, .name = "lodash", .version = "4.17.10"),
        "CVE-2019-10744 4.17.12 fixed; CVE-2020-1111 4.17.20 fixed; CVE-2020-2222 4.17.20 fixed");
    assert_string_equal(
        MATCH(&bookworm, .ecosystem = VL_ECO_NPM, .name = "lodash", .version = "4.17.20"), "");
    assert_string_equal(MATCH(NULL, .ecosystem = VL_ECO_NPM, .name = "Lodash", .version = "4.17.10"), "");
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_PYPI, .name = "my.PKG", .version = "1.5"),
        "CVE-2021-0001 - not_fixed");
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_PYPI, .name = "my-pkg", .version = "1.5.1"), "");
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_NPM, .name = "lodash", .version = "^4.17.10",
                            .flags = VL_PACKAGE_RANGE),
        "");
    assert_string_equal(MATCH(&bookworm, .ecosystem = VL_ECO_NPM, .name = "lodash", .version = ""), "");
}

static void test_match_windows(void **state)
{
    struct fixture *f = *state;
    struct vl_package p = {.ecosystem = VL_ECO_WINDOWS, .name = "windows", .version = "10.0.20348.1"};
    static const char *const middle[] = {"KB5002"};
    static const char *const all[] = {"KB5003"};
    static const char *const none[] = {"KB1"};
    /* 5003 replaces 5002 replaces 5001: it is what one installs */
    assert_string_equal(matched(f, &windows, p, none, 1),
        "CVE-2024-0001 KB5003 fixed; CVE-2024-0002 KB5003 fixed; CVE-2024-0003 KB5003 fixed");
    assert_string_equal(matched(f, &windows, p, middle, 1), "CVE-2024-0003 KB5003 fixed");
    assert_string_equal(matched(f, &windows, p, all, 1), "");
}

static void test_coverage(void **state)
{
    struct fixture *f = *state;
    struct vl_advisory_matcher *m;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_coverage_row *row;
    struct vl_package deb = {.ecosystem = VL_ECO_DEB, .name = "x", .version = "1"};
    struct vl_package gem = {.ecosystem = VL_ECO_GEM, .name = "x", .version = "1"};
    struct vl_package win = {.ecosystem = VL_ECO_WINDOWS, .name = "windows", .version = "10.0.20348.1"};
    assert_int_equal(vl_advisory_matcher_new(f->db, &bookworm, &m, &err), 0);
    assert_int_equal(vl_advisory_coverage(m, &deb, &row, &err), 0);
    assert_int_equal(vl_advisory_coverage(m, &deb, &row, &err), 0);
    assert_string_equal(row->ecosystem, "debian:12");
    assert_string_equal(row->source, "debian");
    assert_true(row->has_data && !row->starter && row->packages == 2 && row->records == 2);
    assert_int_equal(row->data_ms, 1700000000000);
    assert_int_equal(vl_advisory_coverage(m, &gem, &row, &err), 0);
    assert_true(!row->has_data && strcmp(row->ecosystem, "gem") == 0);
    assert_int_equal(vl_advisory_matcher_reset(m, &windows, &err), 0);
    assert_int_equal(vl_advisory_coverage(m, &win, &row, &err), 0);
    assert_false(row->has_data); /* nothing tells what is installed */
    struct vl_distro ended = {"debian", "", "7", "", "", "", "", VL_SUPPORT_ENDED, 0, 0};
    assert_int_equal(vl_advisory_matcher_reset(m, &ended, &err), 0);
    assert_int_equal(vl_advisory_coverage(m, &deb, &row, &err), 0);
    assert_true(!row->has_data && strcmp(row->ecosystem, "debian:7") == 0);
    vl_advisory_matcher_free(m);
}

static uint32_t record_of(struct fixture *f, const char *id);

static void test_describe(void **state)
{
    struct fixture *f = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_finding d = {0};
    assert_int_equal(
        vl_advisory_describe(f->db, record_of(f, "cve-2022-37434"), NULL, f->arena, &d, &err), 0);
    assert_string_equal(d.id, "CVE-2022-37434");
    assert_string_equal(d.severity_source, "debian");
    assert_int_equal(d.severity, VL_SEVERITY_MEDIUM);
    assert_true(d.has_epss && d.epss == 0.9);
    assert_non_null(d.kev);
    assert_true(d.kev->ransomware && d.kev->due_ms == 1675123200000); /* 2023-01-31 */
    assert_int_equal(d.n_aliases, 2);
    assert_string_equal(d.aliases[0], "DSA-5218-1");
    assert_string_equal(d.aliases[1], "UBUNTU-CVE-2022-37434");
    memset(&d, 0, sizeof(d));
    assert_int_equal(
        vl_advisory_describe(f->db, record_of(f, "GHSA-jf85-cpcp-j695"), NULL, f->arena, &d, &err), 0);
    assert_string_equal(d.id, "CVE-2019-10744");
    assert_string_equal(d.title, "Title of GHSA-jf85-cpcp-j695");
    assert_string_equal(d.source, "osv/npm");
    assert_int_equal(d.n_aliases, 2); /* GHSA and NSWG are one vulnerability through the CVE */
    assert_int_equal(d.n_references, 1);
    assert_int_equal(d.n_cvss, 1);
    assert_true(d.cvss[0].version == 30);
    assert_int_equal(d.kev, NULL);
}

struct seen {
    struct vl_buf text;
    uint32_t record;
};

static int see(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
    struct vl_err *err)
{
    struct seen *s = user;
    (void)err;
    if (s->text.len == 0)
        s->record = record;
    vl_buf_printf(&s->text, "%s/%s %s\n", space, package, ranges);
    return 0;
}

static uint32_t record_of(struct fixture *f, const char *id)
{
    struct seen s = {0};
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&s.text, 65536);
    assert_int_equal(vl_advisory_search(f->db, vl_span_str(id), see, &s, &err), 0);
    assert_true(s.text.len > 0);
    vl_buf_done(&s.text);
    return s.record;
}

static void search_is(struct fixture *f, const char *text, const char *expected)
{
    struct seen s = {0};
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&s.text, 65536);
    assert_int_equal(vl_advisory_search(f->db, vl_span_str(text), see, &s, &err), 0);
    assert_string_equal(vl_buf_str(&s.text), expected);
    vl_buf_done(&s.text);
}

static void test_search(void **state)
{
    struct fixture *f = *state;
    search_is(f, "CVE-2021-0001", "pypi/my-pkg >=1.0 <=1.5 (not_fixed)\n");
    search_is(f, "ghsa-JF85-cpcp-J695", "npm/lodash <4.17.12\nnpm/lodash <4.17.11\n");
    search_is(f, "pkg:pypi/My.Pkg@1.0", "pypi/my-pkg >=1.0 <=1.5 (not_fixed)\n");
    search_is(f, "pkg:deb/debian/zlib?arch=amd64",
        "debian:11/zlib <1:1.2.11.dfsg-2\ndebian:11/zlib <1:1.2.11.dfsg-2+deb11u2\n"
        "debian:11/zlib <1:1.2.11.dfsg-2+deb11u2\ndebian:12/zlib <1:1.2.11.dfsg-4.1\ndebian:12/zlib * "
        "(not_fixed)\n");
    search_is(f, "CVE-2000-0001", "");
    search_is(f, "CVE-1999-0001", "");
    search_is(f, "nothing at all", "");
    struct vl_err err = VL_ERR_INIT;
    struct seen s = {0};
    assert_true(vl_advisory_search(f->db, VL_SPAN_LIT("pkg:nope"), see, &s, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
}

static void test_feeds_and_verify(void **state)
{
    struct fixture *f = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_feed feed;
    assert_int_equal(vl_advisory_db_feed_count(f->db), 11);
    assert_int_equal(vl_advisory_db_feed(f->db, 0, f->arena, &feed, &err), 0);
    assert_string_equal(feed.name, "debian");
    assert_int_equal(feed.records, 2);
    assert_memory_equal(feed.digest, "sha256:", 7);
    assert_memory_equal(vl_advisory_db_digest(f->db), "sha256:", 7);
    if (vl_advisory_db_verify(f->db, &err) < 0)
        fail_msg("%s", err.msg);
}

static void test_same_bytes(void **state)
{
    struct fixture *f = *state;
    char other[80];
    struct vl_buf a;
    struct vl_buf b;
    struct vl_err err = VL_ERR_INIT;
    snprintf(other, sizeof(other), "%s.again", f->path);
    build_at(other);
    vl_buf_init(&a, 64UL << 20);
    vl_buf_init(&b, 64UL << 20);
    assert_int_equal(vl_file_read(f->path, a.max, &a, &err), 0);
    assert_int_equal(vl_file_read(other, b.max, &b, &err), 0);
    assert_true(vl_span_eq(vl_buf_span(&a), vl_buf_span(&b)));
    unlink(other);
    vl_buf_done(&a);
    vl_buf_done(&b);
}

/* A flipped bit anywhere, or a cut, is a clear error or changes nothing; never a crash. */
static void test_damage(void **state)
{
    struct fixture *f = *state;
    char other[80];
    struct vl_buf a;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&a, 64UL << 20);
    snprintf(other, sizeof(other), "%s.bad", f->path);
    assert_int_equal(vl_file_read(f->path, a.max, &a, &err), 0);
    unsigned refused = 0;
    for (size_t i = 0; i < a.len; i += a.len / 97 + 1) {
        struct vl_advisory_db *db = NULL;
        vl_err_clear(&err);
        a.ptr[i] = (char)(a.ptr[i] ^ 0x10);
        assert_int_equal(vl_file_replace(other, 0644, vl_buf_span(&a), &err), 0);
        int r = vl_advisory_db_open(other, &db, &err);
        if (r == 0)
            r = vl_advisory_db_verify(db, &err);
        refused += r < 0;
        if (r < 0)
            assert_true(
                err.code == VL_ERR_CORRUPT || err.code == VL_ERR_UNSUPPORTED || err.code == VL_ERR_INVALID);
        vl_advisory_db_close(db);
        a.ptr[i] = (char)(a.ptr[i] ^ 0x10);
    }
    assert_true(refused >= 90);
    for (size_t i = 0; i < a.len; i += a.len / 13 + 1) {
        struct vl_advisory_db *db = NULL;
        vl_err_clear(&err);
        assert_int_equal(vl_file_replace(other, 0644, vl_span_slice(vl_buf_span(&a), 0, i), &err), 0);
        assert_true(vl_advisory_db_open(other, &db, &err) < 0);
        assert_non_null(strstr(err.msg, other));
    }
    unlink(other);
    vl_buf_done(&a);
}

static int64_t date_of(const char *documents[], size_t n, int64_t fallback_ms)
{
    char path[64];
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_builder *b;
    struct vl_advisory_db *db;
    struct vl_advisory_feed feed = {.name = "osv/Go", .title = "OSV Go", .url = ""};
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_feed_context context = {"osv/Go", NULL, arena};
    snprintf(path, sizeof(path), "/tmp/vallum-test-date-%ld.vadb", (long)getpid());
    assert_int_equal(vl_advisory_builder_new(NULL, &b, &err), 0);
    assert_int_equal(vl_advisory_builder_begin(b, &feed, &err), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(
            vl_feed_parse_osv(vl_span_str(documents[i]), "x", &context, vl_advisory_builder_sink(b), &err),
            0);
    vl_advisory_builder_end(b, fallback_ms);
    assert_int_equal(vl_advisory_builder_finish(b, path, NULL, &err), 0);
    vl_advisory_builder_free(b);
    assert_int_equal(vl_advisory_db_open(path, &db, &err), 0);
    assert_int_equal(vl_advisory_db_feed(db, 0, arena, &feed, &err), 0);
    vl_advisory_db_close(db);
    vl_arena_free(arena);
    unlink(path);
    return feed.data_ms;
}

/* Go's repository leaves most dates to the server that exports it: "0001-01-01". */
static void test_dates(void **state)
{
    (void)state;
#define DATED(id, day)                                               \
    "{\"id\":\"" id "\",\"modified\":\"" day                         \
    "T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"Go\"," \
    "\"name\":\"a\"},\"versions\":[\"1\"]}]}"
    const char *few[] = {
        DATED("GO-1", "0001-01-01"), DATED("GO-2", "2022-12-14"), DATED("GO-3", "0001-01-01")};
    const char *most[] = {
        DATED("GO-1", "0001-01-01"), DATED("GO-2", "2022-12-14"), DATED("GO-3", "2022-12-13")};
    assert_int_equal(date_of(few, 3, 1787356800000), 1787356800000); /* 2026-08-22 */
    assert_int_equal(date_of(few, 3, 5), 1670976000000);             /* 2022-12-14 */
    assert_int_equal(date_of(most, 3, 1787356800000), 1670976000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match_distribution),
        cmocka_unit_test(test_match_modules),
        cmocka_unit_test(test_match_languages),
        cmocka_unit_test(test_match_windows),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_feeds_and_verify),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
