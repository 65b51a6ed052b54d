/* vallum verify: harmless probes of each part of a server, each failure with its cure. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "codec/json.h"
#include "command.h"
#include "remote/client.h"
#include "remote/commands.h"
#include "remote/view.h"

#define LIST_MAX      (4UL * 1024 * 1024)
#define URL_MAX_BYTES 4096
#define TIME_BYTES    64
#define SCAN_SECONDS  120
#define ALERT_SECONDS 15
#define OLDEST_MS     600000LL /* a job that is due longer than this does not move */

enum { KEY_ALERT = 8900, KEY_MAIL, KEY_SCAN };

struct settings {
    struct vl_cli_common common;
    struct vl_cli_view view;
    struct vl_cli_server server;
    bool alert, mail, scan;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (vl_cli_view_option(&s->view, key, arg, state) || vl_cli_server_option(&s->server, key, arg))
        return 0;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case KEY_ALERT:
        s->alert = true;
        return 0;
    case KEY_MAIL:
        s->mail = true;
        return 0;
    case KEY_SCAN:
        s->scan = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The probes and what they found: {part, status, message, cure}. */
struct verify {
    const struct settings *s;
    struct vl_cli_client *client;
    struct vl_json json;
    unsigned failed;
};

enum outcome { GOOD, BAD, SKIPPED };

VL_PRINTF(5, 6)
static void tell(
    struct verify *v, const char *part, enum outcome outcome, const char *cure, const char *fmt, ...)
{
    static const char *const words[] = {"ok", "fails", "skipped"};
    char text[VL_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    v->failed += outcome == BAD;
    vl_json_object(&v->json);
    vl_json_member_str(&v->json, "part", part);
    vl_json_member_str(&v->json, "status", words[outcome]);
    vl_json_member_str(&v->json, "message", text);
    vl_json_key(&v->json, "cure");
    vl_json_str(&v->json, outcome == GOOD ? NULL : cure);
    vl_json_object_end(&v->json);
}

/* A call whose failure is an outcome. NULL: told. */
static struct vl_doc *ask(
    struct verify *v, const char *part, const char *method, const char *path, bool scoped, const char *body)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    struct vl_err own = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    vl_buf_init(&url, URL_MAX_BYTES);
    vl_buf_append_str(&url, path);
    if (scoped)
        vl_cli_url_param(&url, "environment", vl_cli_client_environment(v->client));
    int r = vl_buf_check(&url, "the address", &own);
    if (r >= 0)
        r = vl_cli_client_call(v->client, method, vl_buf_str(&url), vl_span_str(body), &doc, &own);
    if (r >= 0)
        return doc;
    bool role = own.code == VL_ERR_AUTH;
    tell(v, part, role ? SKIPPED : BAD,
        role ? "a token with the role that it needs" : "see the log of vallumd", "%s", own.msg);
    return NULL;
}

static void probe_login(struct verify *v, const struct vl_doc_node *me)
{
    struct vl_span version = vl_doc_get_str(me, "version");
    tell(v, "server", GOOD, NULL, "%s answers%s%.*s", vl_cli_client_server(v->client),
        version.len ? ", version " : "", VL_SPAN_FMT(version));
    tell(v, "login", GOOD, NULL, "%.*s, role %.*s", VL_SPAN_FMT(vl_doc_get_str(me, "name")),
        VL_SPAN_FMT(vl_doc_get_str(me, "role")));
}

/* What the server itself knows: its checks. Advisories are told with their day. */
static void probe_health(struct verify *v)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = ask(v, "health", "GET", "/health", false, NULL);
    if (!doc)
        return;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span date = vl_doc_get_str(vl_doc_get(root, "advisories"), "date");
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "checks")); n; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name");
        bool advisories = vl_span_eq_str(name, "advisories");
        tell(v, name.len ? name.ptr : "check", vl_doc_bool(vl_doc_get(n, "ok")) ? GOOD : BAD,
            vl_doc_get_str(n, "cure").ptr, "%.*s%s%.*s", VL_SPAN_FMT(vl_doc_get_str(n, "message")),
            advisories && date.len ? "; the oldest is of " : "",
            VL_SPAN_FMT(advisories ? date : VL_SPAN_EMPTY));
    }
}

static void probe_queue(struct verify *v)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = ask(v, "queue", "GET", "/jobs/summary", false, NULL);
    int64_t ms = 0;
    if (!doc)
        return;
    struct vl_span oldest = vl_doc_get_str(vl_doc_root(doc), "oldestDue");
    bool stuck = vl_time_parse(oldest, &ms) && vl_time_now_ms() - ms > OLDEST_MS;
    tell(v, "queue", stuck ? BAD : GOOD, "'vallum job list' tells what waits; see the log of vallumd",
        "%s%.*s", oldest.len ? "the oldest job that could run waits since " : "nothing that could run waits",
        VL_SPAN_FMT(oldest));
}

static void probe_registries(struct verify *v)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = ask(v, "registries", "GET", "/registries", true, NULL);
    if (!doc)
        return;
    const struct vl_doc_node *items = vl_doc_get(vl_doc_root(doc), "items");
    if (!vl_doc_size(items))
        tell(v, "registries", SKIPPED, "vallum registry add NAME HOST", "none is connected");
    for (const struct vl_doc_node *n = vl_doc_first(items); n; n = vl_doc_next(n)) {
        char path[128], part[128];
        (void)snprintf(
            path, sizeof(path), "/registries/%.*s/test", VL_SPAN_FMT(vl_doc_text(vl_doc_get(n, "id"))));
        (void)snprintf(part, sizeof(part), "registry %.*s", VL_SPAN_FMT(vl_doc_get_str(n, "name")));
        struct vl_doc *answer VL_CLEANUP(vl_doc_cleanup) = ask(v, part, "POST", path, true, NULL);
        if (!answer)
            continue;
        /* The message has its own cure. */
        tell(v, part, vl_doc_bool(vl_doc_get(vl_doc_root(answer), "ok")) ? GOOD : BAD,
            "'vallum registry update' sets login, certificate and host", "%.*s",
            VL_SPAN_FMT(vl_doc_get_str(vl_doc_root(answer), "message")));
    }
}

static void probe_images(struct verify *v)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) =
        ask(v, "scans", "GET", "/images?state=Scan%20error&limit=1", true, NULL);
    int64_t n = 0;
    if (!doc)
        return;
    (void)vl_doc_int(vl_doc_get(vl_doc_get(vl_doc_root(doc), "total"), "value"), &n);
    n = n ? n : (int64_t)vl_doc_size(vl_doc_get(vl_doc_root(doc), "items"));
    tell(v, "scans", n ? BAD : GOOD, "vallum image list --state 'Scan error' -o json tells the reasons",
        n ? "%lld images could not be scanned" : "no scan ended with an error", (long long)n);
}

static void probe_outbox(struct verify *v)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) =
        ask(v, "outbox", "GET", "/outbox?state=dead&limit=1", true, NULL);
    if (!doc)
        return;
    size_t n = vl_doc_size(vl_doc_get(vl_doc_root(doc), "items"));
    tell(v, "outbox", n ? BAD : GOOD, "'vallum outbox list --state dead' tells why; 'vallum outbox retry ID'",
        "%s", n ? "messages to people were given up" : "no message was given up");
}

/* --- probes that leave something: asked for one by one --- */

static void probe_mail(struct verify *v)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = ask(v, "mail", "GET", "/channels", true, NULL);
    unsigned n = 0;
    if (!doc)
        return;
    for (const struct vl_doc_node *c = vl_doc_first(vl_doc_get(vl_doc_root(doc), "items")); c;
        c = vl_doc_next(c)) {
        char path[128], part[128];
        if (!vl_span_eq_str(vl_doc_get_str(c, "kind"), "mail"))
            continue;
        n++;
        (void)snprintf(
            path, sizeof(path), "/channels/%.*s/test", VL_SPAN_FMT(vl_doc_text(vl_doc_get(c, "id"))));
        (void)snprintf(part, sizeof(part), "mail %.*s", VL_SPAN_FMT(vl_doc_get_str(c, "name")));
        struct vl_doc *answer VL_CLEANUP(vl_doc_cleanup) = ask(v, part, "POST", path, true, NULL);
        if (answer)
            tell(v, part, vl_doc_bool(vl_doc_get(vl_doc_root(answer), "ok")) ? GOOD : BAD,
                "an owner sets the mail server: vallum mail-server set --host NAME --from ADDRESS", "%.*s",
                VL_SPAN_FMT(vl_doc_get_str(vl_doc_root(answer), "message")));
    }
    if (!n)
        tell(v, "mail", BAD, "vallum security contact create --emails ADDRESS", "nobody is told by mail");
}

/* Walks the sample alerts that are active and younger than `after`: how many, and the youngest's time. With
 * `dismiss` they are dismissed. -1: told. */
static int sample_alerts(struct verify *v, const char *after, bool dismiss, char youngest[TIME_BYTES])
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) =
        ask(v, "test alert", "GET", "/alerts?status=active&limit=1000", true, NULL);
    int n = 0;
    if (!doc)
        return -1;
    for (const struct vl_doc_node *a = vl_doc_first(vl_doc_get(vl_doc_root(doc), "items")); a;
        a = vl_doc_next(a)) {
        struct vl_span created = vl_doc_get_str(a, "created");
        char path[192];
        if (!vl_doc_bool(vl_doc_get(a, "simulated")) || vl_span_cmp(created, vl_span_str(after)) <= 0)
            continue;
        n++;
        if (youngest && vl_span_cmp(created, vl_span_str(youngest)) > 0)
            (void)snprintf(youngest, TIME_BYTES, "%.*s", VL_SPAN_FMT(created));
        if (!dismiss)
            continue;
        (void)snprintf(path, sizeof(path), "/alerts/%.*s", VL_SPAN_FMT(vl_doc_get_str(a, "id")));
        struct vl_doc *done VL_CLEANUP(vl_doc_cleanup) =
            ask(v, "test alert", "PATCH", path, true, "{\"status\":\"dismissed\"}");
        if (!done)
            return -1;
    }
    return n;
}

/* Makes sample alerts, sees them, and dismisses them. */
static void probe_alert(struct verify *v)
{
    char before[TIME_BYTES] = "";
    int n = sample_alerts(v, "", false, before);
    struct vl_doc *made VL_CLEANUP(vl_doc_cleanup) =
        n < 0 ? NULL
              : ask(v, "test alert", "POST", "/alerts/simulate", true, "{\"bundles\":[\"VirtualMachines\"]}");
    if (!made)
        return;
    n = 0;
    for (int i = 0; i < ALERT_SECONDS && n == 0; i++) {
        n = sample_alerts(v, before, false, NULL);
        if (n == 0)
            (void)sleep(1);
    }
    if (n > 0)
        n = sample_alerts(v, before, true, NULL);
    if (n == 0)
        tell(v, "test alert", BAD, "see the log of vallumd", "the sample alerts do not appear");
    else if (n > 0)
        tell(v, "test alert", GOOD, NULL,
            "%d sample alerts appeared and were dismissed; channels that take alerts were told", n);
}

/* Scans an image again that is known already, the cheapest whole way through fetcher, indexer and database.
 */
static void probe_scan(struct verify *v)
{
    char path[256], state[64] = "";
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) =
        ask(v, "scan", "GET", "/images?state=Completed&limit=1", true, NULL);
    if (!doc)
        return;
    const struct vl_doc_node *image = vl_doc_first(vl_doc_get(vl_doc_root(doc), "items"));
    struct vl_span digest = vl_doc_get_str(image, "digest");
    struct vl_span before = vl_doc_get_str(image, "completedAt");
    if (!digest.len) {
        tell(v, "scan", SKIPPED, "push an image", "no image is scanned yet");
        return;
    }
    (void)snprintf(path, sizeof(path), "/images/%.*s/scan", VL_SPAN_FMT(digest));
    struct vl_doc *asked VL_CLEANUP(vl_doc_cleanup) = ask(v, "scan", "POST", path, true, NULL);
    (void)snprintf(path, sizeof(path), "/images/%.*s", VL_SPAN_FMT(digest));
    for (int i = 0; asked && i < SCAN_SECONDS; i++) {
        struct vl_doc *now VL_CLEANUP(vl_doc_cleanup) = ask(v, "scan", "GET", path, true, NULL);
        if (!now)
            return;
        struct vl_span done = vl_doc_get_str(vl_doc_root(now), "completedAt");
        (void)snprintf(state, sizeof(state), "%.*s", VL_SPAN_FMT(vl_doc_get_str(vl_doc_root(now), "state")));
        if (strcmp(state, "Scan error") == 0 || (done.len && !vl_span_eq(done, before)))
            break;
        (void)sleep(1);
        if (i + 1 == SCAN_SECONDS)
            (void)snprintf(state, sizeof(state), "not done after %d s", SCAN_SECONDS);
    }
    if (asked)
        tell(v, "scan", strcmp(state, "Completed") == 0 ? GOOD : BAD,
            "vallum image show DIGEST -o json tells the reason", "%.*s: %s", VL_SPAN_FMT(digest), state);
}

static int probe(struct verify *v, struct vl_err *err)
{
    struct vl_doc *me VL_CLEANUP(vl_doc_cleanup) = NULL;
    /* Without these two there is nothing to probe. */
    int r = vl_cli_client_call(v->client, "GET", "/me", VL_SPAN_EMPTY, &me, err);
    if (r < 0)
        return r;
    probe_login(v, vl_doc_root(me));
    probe_health(v);
    probe_queue(v);
    probe_registries(v);
    probe_images(v);
    probe_outbox(v);
    if (v->s->scan)
        probe_scan(v);
    if (v->s->alert)
        probe_alert(v);
    if (v->s->mail)
        probe_mail(v);
    return 0;
}

static int run(void *settings, struct vl_err *err)
{
    static const struct vl_cli_column columns[] = {
        {"Part", "part"}, {"Status", "status"}, {"Message", "message"}, {"Cure", "cure"}, {0}};
    const struct settings *s = settings;
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, LIST_MAX);
    int r = vl_cli_client_open(&s->server, &client, err);
    if (r < 0)
        return r;
    struct verify v = {.s = s, .client = client};
    vl_json_init(&v.json, &text, false);
    vl_json_array(&v.json);
    r = probe(&v, err);
    vl_json_array_end(&v.json);
    if (r >= 0)
        r = vl_json_check(&v.json, "the probes", err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "the probes", &doc, err);
    if (r >= 0)
        r = vl_cli_view_print(&s->view, vl_doc_root(doc), columns, err);
    if (r < 0)
        return r;
    return v.failed ? VL_EXIT_FAILS : VL_EXIT_OK;
}

static const struct argp_option options[] = {
    {"scan", KEY_SCAN, NULL, 0, "Scan one known image again and wait for it", 1},
    {"alert", KEY_ALERT, NULL, 0, "Make a sample alert, see it, dismiss it; channels are told", 1},
    {"mail", KEY_MAIL, NULL, 0, "Send a test mail to every mail channel", 1},
    VL_CLI_VIEW_OPTIONS,
    VL_CLI_SERVER_OPTIONS,
    VL_CLI_ENVIRONMENT_OPTIONS,
    {0},
};

const struct vl_command vl_cli_verify = {
    .words = "verify",
    .summary = "does everything work? with the cure where not",
    .argp = {.options = options,
        .parser = parse,
        .doc = "Probes each part of the server: login, advisories, queue, registries, scans, messages; with "
               "--scan, --alert "
               "and --mail also those that leave a trace. Each failure says what cures it."
               "\v"
               "Exit status: 0 all is well, 2 something fails, 4 not logged in or unreachable.\n\n"
               "Example: vallum verify --scan",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
    .remote = true,
};
