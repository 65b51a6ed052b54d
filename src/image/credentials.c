#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/doc.h"

#define FILE_MAX     (4UL * 1024 * 1024)
#define ANSWER_MAX   (256UL * 1024)
#define NAME_MAX_LEN 64
#define END_MS       5000LL
#define HUB_SERVER   "https://index.docker.io/v1/"
#define TOKEN_USER   "<token>" /* a helper's word for: the secret is an identity token */

static struct vl_span without_slashes(struct vl_span key)
{
    while (vl_span_ends_with(key, "/"))
        key.len--;
    return key;
}

/* "https://index.docker.io/v1/" -> "docker.io", "https://host:5000/v2/" -> "host:5000"; paths stay. */
static struct vl_span normal_key(struct vl_span key)
{
    static const char *const schemes[] = {"https://", "http://"};
    static const char *const versions[] = {"/v1", "/v2"};
    for (size_t i = 0; i < VL_ARRAY_LEN(schemes); i++)
        if (vl_span_starts_with(key, schemes[i]))
            key = vl_span_slice(key, strlen(schemes[i]), key.len);
    key = without_slashes(key);
    for (size_t i = 0; i < VL_ARRAY_LEN(versions); i++)
        if (vl_span_ends_with(key, versions[i]))
            key = without_slashes(vl_span_slice(key, 0, key.len - strlen(versions[i])));
    if (vl_span_eq_str(key, "index.docker.io") || vl_span_eq_str(key, "registry-1.docker.io"))
        key = VL_SPAN_LIT("docker.io");
    return key;
}

/* How closely a key of auths names the repository: its length where it is the host or a path above. */
static size_t closeness(struct vl_span key, const char *registry, const char *repository)
{
    size_t host = strlen(registry);
    key = normal_key(key);
    if (!vl_span_starts_with(key, registry))
        return 0;
    if (key.len == host)
        return host;
    struct vl_span path = vl_span_slice(key, host + 1, key.len);
    if (key.ptr[host] != '/' || !vl_span_eq(vl_span_slice(vl_span_str(repository), 0, path.len), path))
        return 0;
    return repository[path.len] == '\0' || repository[path.len] == '/' ? key.len : 0;
}

bool vl_credentials_decode(struct vl_span auth, struct vl_arena *arena, struct vl_credentials *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf plain;
    vl_buf_init(&plain, FILE_MAX);
    if (!vl_base64_decode(vl_span_trim(auth), &plain) || plain.failed)
        return false;
    struct vl_span text = vl_buf_span(&plain);
    size_t colon = vl_span_find_char(text, ':');
    if (colon == SIZE_MAX || colon == 0)
        return false;
    struct vl_span password = vl_span_slice(text, colon + 1, text.len);
    while (password.len && password.ptr[password.len - 1] == '\0')
        password.len--; /* docker pads with NUL */
    ret->username = vl_arena_dup_span(arena, vl_span_slice(text, 0, colon));
    ret->password = vl_arena_dup_span(arena, password);
    return ret->username && ret->password;
}

static const char *member(const struct vl_doc_node *node, const char *key, struct vl_arena *arena)
{
    struct vl_span s = vl_doc_get_str(node, key);
    return s.len ? vl_arena_dup_span(arena, s) : NULL;
}

/* False where the entry holds nothing, as beside a credential store; what cannot be read is hinted at. */
static bool take_entry(const struct vl_doc_node *entry, struct vl_arena *arena, struct vl_credentials *ret)
{
    struct vl_credentials c = {0};
    struct vl_span auth = vl_doc_get_str(entry, "auth");
    if (!auth.len || !vl_credentials_decode(auth, arena, &c)) {
        if (auth.len)
            ret->hint = vl_arena_printf(arena, "the \"auth\" of '%.*s' is no user:password in base64",
                VL_SPAN_FMT(vl_span_slice(vl_doc_key(entry), 0, 200)));
        c.username = member(entry, "username", arena);
        c.password = member(entry, "password", arena);
        if (!c.username || !c.password)
            c.username = c.password = NULL;
    }
    c.identity_token = member(entry, "identitytoken", arena);
    c.registry_token = member(entry, "registrytoken", arena);
    if (!c.username && !c.identity_token && !c.registry_token)
        return false;
    *ret = c;
    return true;
}

static bool find_in_auths(const struct vl_doc_node *auths, const char *registry, const char *repository,
    struct vl_arena *arena, struct vl_credentials *ret)
{
    const struct vl_doc_node *best = NULL;
    size_t best_len = 0;
    for (const struct vl_doc_node *n = vl_doc_first(auths); n; n = vl_doc_next(n)) {
        size_t len = closeness(vl_doc_key(n), registry, repository);
        if (len > best_len) {
            best_len = len;
            best = n;
        }
    }
    return best && take_entry(best, arena, ret);
}

/* Of a helper, which docker finds in PATH as docker-credential-NAME. */
static bool valid_helper(struct vl_span name)
{
    if (name.len == 0 || name.len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(vl_char_is_letter(c) || vl_char_is_digit(c) || strchr("-_.", c)))
            return false;
    }
    return true;
}

/* Its output, until it ends or the time is over. */
static int read_answer(int fd, const char *program, struct vl_buf *out, struct vl_err *err)
{
    int64_t end = vl_time_monotonic_us() + VL_CREDENTIAL_HELPER_MS * 1000LL;
    char buf[4096];
    for (;;) {
        int64_t left = (end - vl_time_monotonic_us()) / 1000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return vl_err_set(err, VL_ERR_UNREACHABLE, "%s: no answer within %d s", program,
                VL_CREDENTIAL_HELPER_MS / 1000);
        ssize_t n = read(fd, buf, sizeof(buf));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "%s: read", program);
        if (n == 0)
            return vl_buf_check(out, program, err);
        vl_buf_append(out, buf, (size_t)n);
    }
}

struct helper {
    pid_t pid;
    int in, out; /* our ends */
};

static int start_helper(const char *program, struct helper *h)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int in[2];
    int out[2];
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)"get", NULL};
    if (pipe2(in, O_CLOEXEC) < 0)
        return errno;
    if (pipe2(out, O_CLOEXEC) < 0) {
        int e = errno;
        close(in[0]);
        close(in[1]);
        return e;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t pipes = none;
    sigaddset(&pipes, SIGPIPE); /* which we ignore; a helper expects to die of it */
    posix_spawnattr_setsigdefault(&attributes, &pipes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int e = posix_spawnp(&h->pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    h->in = in[1];
    h->out = out[0];
    if (e) {
        close(h->in);
        close(h->out);
    }
    return e;
}

/* One that has closed its output has a moment to end; it has said all that it could. */
static int wait_helper(pid_t pid, bool kill_it)
{
    int status = 0;
    int64_t end = vl_time_monotonic_us() + END_MS * 1000;
    const struct timespec pause = {.tv_nsec = 5000000};
    while (!kill_it && vl_time_monotonic_us() < end) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return status;
        if (ended < 0 && errno != EINTR)
            return -1;
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int take_answer(const struct vl_buf *answer, const char *program, struct vl_arena *arena,
    struct vl_credentials *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(vl_buf_span(answer), VL_DOC_JSON, program, &doc, err);
    if (r < 0)
        return r;
    const char *user = member(vl_doc_root(doc), "Username", arena);
    const char *secret = member(vl_doc_root(doc), "Secret", arena);
    if (!secret)
        return 0;
    if (user && strcmp(user, TOKEN_USER) == 0) {
        ret->identity_token = secret;
    } else {
        ret->username = user ? user : "";
        ret->password = secret;
    }
    return 0;
}

/* A helper that is not installed, or knows nothing, leaves us without credentials, which may be enough. */
static int ask_helper(struct vl_span name, const char *registry, struct vl_arena *arena,
    struct vl_credentials *ret, struct vl_err *err)
{
    struct helper h = {.in = -1, .out = -1};
    VL_CLEANUP(vl_buf_done) struct vl_buf answer;
    vl_buf_init(&answer, ANSWER_MAX);
    if (!valid_helper(name))
        return vl_err_set(err, VL_ERR_INVALID, "credential helper '%.*s': not a name", VL_SPAN_FMT(name));
    const char *program = vl_arena_printf(arena, "docker-credential-%.*s", VL_SPAN_FMT(name));
    if (!program)
        return vl_err_nomem(err);
    int e = start_helper(program, &h);
    if (e) {
        ret->hint = vl_arena_printf(arena, "%s cannot be run: %s", program, strerror(e));
        return 0;
    }
    const char *server = strcmp(registry, "docker.io") == 0 ? HUB_SERVER : registry;
    struct vl_err ignored = VL_ERR_INIT; /* one that reads nothing may still answer */
    (void)!vl_file_write_fd(h.in, program, vl_span_str(server), &ignored);
    close(h.in);
    int r = read_answer(h.out, program, &answer, err);
    close(h.out);
    int status = wait_helper(h.pid, r < 0);
    if (r < 0)
        return r;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ret->hint = vl_arena_printf(arena, "%s has no credentials for %s", program, registry);
        return 0;
    }
    return take_answer(&answer, program, arena, ret, err);
}

static bool has_any(const struct vl_credentials *c)
{
    return c->username || c->identity_token || c->registry_token;
}

static int look_in(const struct vl_doc_node *root, const char *registry, const char *repository,
    struct vl_arena *arena, struct vl_credentials *ret, struct vl_err *err)
{
    const struct vl_doc_node *helpers = vl_doc_get(root, "credHelpers");
    struct vl_span store = vl_doc_get_str(root, "credsStore");
    for (const struct vl_doc_node *n = vl_doc_first(helpers); n; n = vl_doc_next(n))
        if (vl_span_eq_str(normal_key(vl_doc_key(n)), registry))
            return ask_helper(vl_doc_span(n), registry, arena, ret, err);
    if (store.len) {
        int r = ask_helper(store, registry, arena, ret, err);
        if (r < 0 || has_any(ret))
            return r;
    }
    (void)find_in_auths(vl_doc_get(root, "auths"), registry, repository, arena, ret);
    return 0;
}

static int look_in_file(const char *path, bool must_exist, const char *registry, const char *repository,
    struct vl_arena *arena, struct vl_credentials *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    vl_buf_init(&text, FILE_MAX);
    if (!must_exist && access(path, R_OK) < 0)
        return 0;
    int r = vl_file_read(path, FILE_MAX, &text, err);
    if (r == 0 && vl_span_trim(vl_buf_span(&text)).len == 0)
        return 0;
    if (r == 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, path, &doc, err);
    return r < 0 ? r : look_in(vl_doc_root(doc), registry, repository, arena, ret, err);
}

/* The i-th place to look, or NULL where it is not set; false behind the last. */
static bool place(size_t i, struct vl_arena *arena, const char **ret)
{
    static const struct {
        const char *variable, *suffix;
    } places[] = {
        {"DOCKER_CONFIG", "/config.json"},
        {"HOME", "/.docker/config.json"},
        {"REGISTRY_AUTH_FILE", ""},
        {"XDG_RUNTIME_DIR", "/containers/auth.json"},
        {"HOME", "/.config/containers/auth.json"},
    };
    if (i >= VL_ARRAY_LEN(places))
        return false;
    const char *value = getenv(places[i].variable);
    bool replaced = i == 1 && getenv("DOCKER_CONFIG"); /* docker looks in one of the two only */
    *ret = value && *value && !replaced ? vl_arena_printf(arena, "%s%s", value, places[i].suffix) : NULL;
    return true;
}

int vl_credentials_find(const char *file, const char *registry, const char *repository,
    struct vl_arena *arena, struct vl_credentials *ret, struct vl_err *err)
{
    struct vl_credentials c = {0};
    const char *path = NULL;
    int r = 0;
    if (file)
        r = look_in_file(file, true, registry, repository, arena, &c, err);
    for (size_t i = 0; !file && r == 0 && !has_any(&c) && place(i, arena, &path); i++)
        if (path)
            r = look_in_file(path, false, registry, repository, arena, &c, err);
    if (r == 0)
        r = vl_arena_check(arena, "credentials", err);
    if (r == 0)
        *ret = c;
    return r;
}
