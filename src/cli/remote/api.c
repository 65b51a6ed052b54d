#include "remote/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "codec/doc_write.h"
#include "remote/follow.h"

#define ARENA_MAX     (64UL * 1024 * 1024)
#define URL_MAX       8192
#define BODY_MAX      (4UL * 1024 * 1024)
#define KNOWN_MAX     600 /* bytes of names in a message */
#define WATCH_SECONDS 2
#define WATCH_POLLS   15 /* before another try to follow */
#define HOUR_MS       3600000LL
#define SPAN_MAX      36500U

static const struct vl_api_field *field_of(const struct vl_api_command *what, int key, size_t *ret_index)
{
    for (size_t i = 0; what->fields && what->fields[i].key; i++) {
        if (what->fields[i].key == key) {
            *ret_index = i;
            return &what->fields[i];
        }
    }
    return NULL;
}

static bool is_list(const struct vl_api_field *field)
{
    return field->type == VL_API_LIST || field->type == VL_API_LABELS;
}

/* Which of the lists a field has: they are counted in the order of the fields. */
static size_t list_index(const struct vl_api_command *what, size_t field)
{
    size_t n = 0;
    for (size_t i = 0; i < field; i++)
        n += is_list(&what->fields[i]);
    return n;
}

const char *vl_api_value(const struct vl_api_call *call, int key)
{
    size_t i = 0;
    return field_of(call->what, key, &i) ? call->values[i] : NULL;
}

void vl_api_set(struct vl_api_call *call, int key, const char *value)
{
    size_t i = 0;
    if (field_of(call->what, key, &i))
        call->values[i] = value;
}

static void check_required(const struct vl_api_call *call, struct argp_state *state)
{
    const struct vl_api_command *what = call->common.command->api;
    for (size_t i = 0; what->fields && what->fields[i].key; i++) {
        if (what->fields[i].required && !call->values[i])
            argp_error(state, "%s is needed", what->fields[i].what);
    }
}

/* An empty one is no label: --labels '' takes all away. */
static void check_labels(
    const struct vl_api_field *field, const struct vl_cli_list *list, struct argp_state *state)
{
    for (size_t i = 0; i < list->len; i++) {
        if (list->items[i][0] != '\0' && !strchr(list->items[i], '='))
            argp_error(state, "%s: '%s' is not NAME=VALUE", field->what, list->items[i]);
    }
}

static void take(struct vl_api_call *call, size_t index, char *arg, struct argp_state *state)
{
    const struct vl_api_command *what = call->common.command->api;
    const struct vl_api_field *field = &what->fields[index];
    if (is_list(field))
        vl_cli_list_add(&call->lists[list_index(what, index)], state, arg, true);
    if (field->type == VL_API_LABELS)
        check_labels(field, &call->lists[list_index(what, index)], state);
    if (field->type == VL_API_NUMBER)
        (void)vl_cli_number(state, field->what + (*field->what == '-' ? 2 : 0), arg, INT64_MAX);
    call->values[index] = arg ? arg : "";
}

error_t vl_api_parse(int key, char *arg, struct argp_state *state)
{
    struct vl_api_call *call = state->input;
    size_t index = 0;
    if (key == ARGP_KEY_INIT) {
        vl_cli_common_init(state);
        return 0;
    }
    if (key == ARGP_KEY_ARG)
        key = VL_API_ARG + (int)call->n_args++;
    if (key == ARGP_KEY_END) {
        if (!call->common.from_settings)
            check_required(call, state);
        return 0;
    }
    if (key == VL_API_KEY_WATCH) {
        call->watch = true;
        return 0;
    }
    if (field_of(call->common.command->api, key, &index)) {
        /* What says what is to be changed stands on the command line, not in a file of settings. */
        if (!call->common.from_settings)
            take(call, index, arg, state);
        return 0;
    }
    if (vl_cli_view_option(&call->view, key, arg, state) || vl_cli_server_option(&call->server, key, arg))
        return 0;
    if (key >= VL_API_ARG && key < VL_API_ARG + VL_API_ARGS_MAX)
        argp_error(state, "'%s' is one argument too many", arg);
    return ARGP_ERR_UNKNOWN;
}

int vl_api_time(const char *text, bool back, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    char formatted[VL_TIME_TEXT_MAX];
    struct vl_span s = vl_span_str(text);
    uint64_t n = 0;
    int64_t ms = 0;
    char unit = s.len ? s.ptr[s.len - 1] : '\0';
    int64_t hours = unit == 'h' ? 1 : unit == 'd' ? 24 : unit == 'w' ? 168 : 0;
    if (hours && vl_span_to_u64(vl_span_slice(s, 0, s.len - 1), &n) && n <= SPAN_MAX)
        ms = vl_time_now_ms() + (back ? -1 : 1) * (int64_t)n * hours * HOUR_MS;
    else if (!vl_time_parse(s, &ms))
        return vl_err_set(
            err, VL_ERR_USAGE, "'%s' is no time: 2027-01-31, 2027-01-31T12:00:00Z, 90d, 12h", text);
    *ret = vl_arena_strdup(arena, vl_time_format(ms, formatted));
    return *ret ? 0 : vl_err_nomem(err);
}

static int read_file(struct vl_api_call *call, const char *path, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_API_FILE_MAX);
    int r = vl_file_read(path, VL_API_FILE_MAX, &text, err);
    if (r < 0)
        return r;
    *ret = vl_arena_dup_span(call->arena, vl_buf_span(&text));
    return *ret ? 0 : vl_err_nomem(err);
}

/* The value of a text field as it is sent. */
static int text_of(struct vl_api_call *call, const struct vl_api_field *field, const char *value,
    const char **ret, struct vl_err *err)
{
    int r = 0;
    *ret = value;
    if (field->type == VL_API_FILE)
        r = read_file(call, value, ret, err);
    else if (field->type == VL_API_SECRET)
        r = vl_cli_read_secret(value, call->arena, ret, err);
    else if (field->type == VL_API_DATE || field->type == VL_API_SINCE)
        r = vl_api_time(value, field->type == VL_API_SINCE, call->arena, ret, err);
    return r < 0 ? vl_err_wrap(err, "%s", field->what) : 0;
}

static void write_labels(const struct vl_cli_list *list, struct vl_json *json)
{
    vl_json_object(json);
    for (size_t i = 0; i < list->len; i++) {
        struct vl_span one = vl_span_str(list->items[i]);
        size_t at = vl_span_find_char(one, '=');
        if (at == SIZE_MAX)
            continue;
        vl_json_key_span(json, vl_span_slice(one, 0, at));
        vl_json_span(json, vl_span_slice(one, at + 1, one.len));
    }
    vl_json_object_end(json);
}

static int write_value(struct vl_api_call *call, size_t index, struct vl_json *json, struct vl_err *err)
{
    const struct vl_api_field *field = &call->what->fields[index];
    const struct vl_cli_list *list;
    const char *text = NULL;
    uint64_t number = 0;
    int r = 0;
    switch (field->type) {
    case VL_API_TRUE:
    case VL_API_FALSE:
        vl_json_bool(json, field->type == VL_API_TRUE);
        break;
    case VL_API_NUMBER:
        (void)vl_span_to_u64(vl_span_str(call->values[index]), &number);
        vl_json_uint(json, number);
        break;
    case VL_API_LIST:
        list = &call->lists[list_index(call->what, index)];
        vl_json_array(json);
        for (size_t i = 0; i < list->len; i++)
            vl_json_str(json, list->items[i]);
        vl_json_array_end(json);
        break;
    case VL_API_LABELS:
        write_labels(&call->lists[list_index(call->what, index)], json);
        break;
    case VL_API_TEXT:
    case VL_API_FILE:
    case VL_API_SECRET:
    case VL_API_DATE:
    case VL_API_SINCE:
    default:
        r = text_of(call, field, call->values[index], &text, err);
        vl_json_str(json, text);
        break;
    }
    return r;
}

int vl_api_body(struct vl_api_call *call, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json json;
    struct vl_span inside = VL_SPAN_EMPTY; /* the member whose members are being written */
    int r = 0;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    for (size_t i = 0; call->what->fields && call->what->fields[i].key && r >= 0; i++) {
        const struct vl_api_field *field = &call->what->fields[i];
        if (field->place != VL_API_BODY || !call->values[i])
            continue;
        struct vl_span name = vl_span_str(field->to);
        size_t dot = vl_span_find_char(name, '.');
        struct vl_span outer = dot == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(name, 0, dot);
        if (inside.len && !vl_span_eq(inside, outer))
            vl_json_object_end(&json);
        if (outer.len && !vl_span_eq(inside, outer)) {
            vl_json_key_span(&json, outer);
            vl_json_object(&json);
        }
        inside = outer;
        vl_json_key_span(&json, outer.len ? vl_span_slice(name, dot + 1, name.len) : name);
        r = write_value(call, i, &json, err);
    }
    if (r < 0)
        return r;
    if (inside.len)
        vl_json_object_end(&json);
    vl_json_object_end(&json);
    return vl_json_check(&json, "the request", err);
}

static bool names_item(const struct vl_doc_node *item, struct vl_span by, const char *wanted, bool blind)
{
    struct vl_span member;
    while (vl_span_split(&by, '|', &member)) {
        struct vl_span text = vl_doc_text(vl_doc_get_span(item, member));
        if (text.len && (blind ? vl_span_eq_nocase(text, vl_span_str(wanted)) : vl_span_eq_str(text, wanted)))
            return true;
    }
    return false;
}

static int not_found(
    const struct vl_doc_node *list, struct vl_span by, const char *wanted, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf known;
    struct vl_span first;
    vl_buf_init(&known, KNOWN_MAX);
    (void)vl_span_split(&by, '|', &first);
    for (const struct vl_doc_node *n = vl_doc_first(list); n && known.len < KNOWN_MAX / 2; n = vl_doc_next(n))
        vl_buf_printf(&known, "%s%.*s",
            known.len ? ", " : "; there are: ", VL_SPAN_FMT(vl_doc_text(vl_doc_get_span(n, first))));
    return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no '%s'%s", wanted, vl_buf_str(&known));
}

int vl_api_find(struct vl_api_call *call, const char *list, const char *by, const char *wanted,
    const char *member, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    const struct vl_doc_node *found = NULL;
    vl_buf_init(&url, URL_MAX);
    vl_buf_append_str(&url, list);
    if (call->what->scoped)
        vl_cli_url_param(&url, "environment", vl_cli_client_environment(call->client));
    int r = vl_buf_check(&url, "the address", err);
    if (r >= 0)
        r = vl_cli_client_list(call->client, vl_buf_str(&url), 0, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *items = vl_doc_root(doc);
    for (int blind = 0; blind < 2 && !found; blind++) {
        for (const struct vl_doc_node *n = vl_doc_first(items); n && !found; n = vl_doc_next(n))
            found = names_item(n, vl_span_str(by), wanted, blind) ? n : NULL;
    }
    if (!found)
        return not_found(items, vl_span_str(by), wanted, err);
    *ret = vl_arena_dup_span(call->arena, vl_doc_text(vl_doc_get(found, member)));
    return *ret ? 0 : vl_err_nomem(err);
}

/* The name that people wrote becomes the id that the path takes. */
static int look_up(struct vl_api_call *call, const char *wanted, const char **ret, struct vl_err *err)
{
    struct vl_span by = vl_span_str(call->what->lookup_by);
    struct vl_span names;
    (void)vl_span_split(&by, '>', &names);
    const char *text = vl_arena_dup_span(call->arena, names);
    return text ? vl_api_find(call, call->what->lookup, text, wanted, by.len ? by.ptr : "id", ret, err)
                : vl_err_nomem(err);
}

/* Values of the path in the order of the fields. */
static int fill_path(struct vl_api_call *call, const char *path, struct vl_buf *out, struct vl_err *err)
{
    bool first = true;
    size_t field = 0;
    int r = 0;
    for (const char *c = path; *c && r >= 0; c++) {
        if (strncmp(c, "{}", 2) != 0) {
            vl_buf_append_char(out, *c);
            continue;
        }
        c++;
        while (call->what->fields[field].key && call->what->fields[field].place != VL_API_PATH)
            field++;
        const char *value = call->values[field++];
        if (!value || !*value)
            return vl_err_set(err, VL_ERR_USAGE, "%s is needed", call->what->fields[field - 1].what);
        if (first && call->what->lookup)
            r = look_up(call, value, &value, err);
        first = false;
        vl_cli_url_escape(out, vl_span_str(value));
    }
    return r;
}

int vl_api_url(struct vl_api_call *call, const char *path, struct vl_buf *out, struct vl_err *err)
{
    const char *text = NULL;
    int r = fill_path(call, path ? path : call->what->path, out, err);
    if (call->what->scoped)
        vl_cli_url_param(out, "environment", vl_cli_client_environment(call->client));
    for (size_t i = 0; call->what->fields && call->what->fields[i].key && r >= 0; i++) {
        const struct vl_api_field *field = &call->what->fields[i];
        if (field->place != VL_API_QUERY || !call->values[i])
            continue;
        bool flag = field->type == VL_API_TRUE || field->type == VL_API_FALSE;
        text = field->type == VL_API_TRUE ? "true" : "false";
        if (!flag)
            r = text_of(call, field, call->values[i], &text, err);
        vl_cli_url_param(out, field->to, text);
    }
    return r < 0 ? r : vl_buf_check(out, "the address", err);
}

int vl_api_ask(struct vl_api_call *call, struct vl_doc **ret_answer, struct vl_err *err)
{
    const struct vl_api_command *what = call->what;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    vl_buf_init(&url, URL_MAX);
    vl_buf_init(&body, BODY_MAX);
    *ret_answer = NULL;
    int r = vl_api_url(call, NULL, &url, err);
    if (r < 0)
        return r;
    if (what->list)
        return vl_cli_client_list(call->client, vl_buf_str(&url), 0, ret_answer, err);
    if (strcmp(what->method, "GET") != 0 && strcmp(what->method, "DELETE") != 0)
        r = vl_api_body(call, &body, err);
    if (r >= 0 && vl_span_eq_str(vl_buf_span(&body), "{}") && strcmp(what->method, "POST") == 0)
        vl_buf_clear(&body);
    return r < 0 ? r
                 : vl_cli_client_call(
                       call->client, what->method, vl_buf_str(&url), vl_buf_span(&body), ret_answer, err);
}

int vl_api_print(const struct vl_api_call *call, const struct vl_doc_node *answer, struct vl_err *err)
{
    return vl_cli_view_print(&call->view, answer, call->what->columns, err);
}

static int print_if_new(
    struct vl_api_call *call, const struct vl_doc_node *answer, struct vl_buf *before, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf now;
    vl_buf_init(&now, before->max);
    int r = vl_cli_view_write(&call->view, answer, call->what->columns, &now, err);
    if (r < 0 || vl_span_eq(vl_buf_span(&now), vl_buf_span(before)))
        return r;
    if (before->len && isatty(STDOUT_FILENO))
        (void)fputs("\033[H\033[J", stdout);
    vl_buf_clear(before);
    vl_buf_append_span(before, vl_buf_span(&now));
    r = vl_cli_answer(&now, err);
    return r < 0 ? r : vl_cli_answers_done(err);
}

struct watching {
    struct vl_api_call *call;
    const char *url;
    bool list;
    struct vl_buf before; /* what was shown last */
    int status;           /* once it is settled */
};

/* 1: it is settled. */
static int look(void *user, struct vl_err *err)
{
    struct watching *w = user;
    struct vl_api_call *call = w->call;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = w->list ? vl_cli_client_list(call->client, w->url, 0, &doc, err)
                    : vl_cli_client_call(call->client, "GET", w->url, VL_SPAN_EMPTY, &doc, err);
    if (r >= 0)
        r = print_if_new(call, vl_doc_root(doc), &w->before, err);
    if (r < 0 || !call->what->settled || !call->what->settled(call, vl_doc_root(doc)))
        return r < 0 ? r : 0;
    w->status = call->what->status ? call->what->status(vl_doc_root(doc)) : VL_EXIT_OK;
    return 1;
}

/* The server tells what changes. Where it cannot (too many streams are open, something between us holds them
 * back) it is asked every two seconds, and now and then whether it can again. */
int vl_api_watch(struct vl_api_call *call, const char *url, bool list, struct vl_err *err)
{
    struct watching w = {.call = call, .url = url, .list = list, .status = VL_EXIT_OK};
    bool followed = false;
    int r = 0;
    vl_buf_init(&w.before, VL_CLI_ANSWER_MAX);
    while (r == 0) {
        r = vl_cli_follow(call->client, look, &w, &followed, err);
        for (int i = 0; r == 0 && i < WATCH_POLLS; i++) {
            r = look(&w, err);
            if (r == 0)
                (void)sleep(WATCH_SECONDS);
        }
    }
    vl_buf_done(&w.before);
    return r < 0 ? r : w.status;
}

static int run_plain(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_api_ask(call, &doc, err);
    if (r < 0)
        return r;
    if (!doc) {
        if (!call->common.quiet && call->what->said)
            (void)fprintf(stderr, "%s\n", call->what->said);
        return VL_EXIT_OK;
    }
    r = vl_api_print(call, vl_doc_root(doc), err);
    if (r >= 0 && call->what->status)
        return call->what->status(vl_doc_root(doc));
    return r < 0 ? r : VL_EXIT_OK;
}

static int run_watch(struct vl_api_call *call, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, URL_MAX);
    int r = vl_api_url(call, NULL, &url, err);
    return r < 0 ? r : vl_api_watch(call, vl_buf_str(&url), call->what->list, err);
}

int vl_api_go(struct vl_api_call *call, struct vl_err *err)
{
    return call->watch ? run_watch(call, err) : run_plain(call, err);
}

int vl_api_run(void *settings, struct vl_err *err)
{
    struct vl_api_call *call = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    if (!arena)
        return vl_err_nomem(err);
    call->arena = arena;
    call->what = call->common.command->api;
    int r = vl_cli_client_open(&call->server, &client, err);
    if (r < 0)
        return r;
    call->client = client;
    r = call->what->run ? call->what->run(call, err) : vl_api_go(call, err);
    call->client = NULL;
    call->arena = NULL;
    return r;
}
