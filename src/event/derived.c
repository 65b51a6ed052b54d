/* Recorded events seldom have every field: an alert of Falco's brings those of its output, a test those that
 * somebody thought of. What others say without doubt is read from them. What is only likely is not: an
 * argument of a command line may have blanks in it, a number of an argument needs the table of the call.
 * Source of the fields' meaning: falcosecurity/libs, `falco --list`. */
#include "derived.h"

#include <stdlib.h>
#include <string.h>

#define ERRNO_END 4096

struct derive {
    const struct vl_doc_node *fields;
    const struct vl_field *field;
    struct vl_span arg;
    struct vl_arena *scratch;
    struct vl_event_value *ret;
};

static struct vl_span text(const struct derive *d, const char *name)
{
    const struct vl_doc_node *node = vl_doc_get(d->fields, name);
    return vl_doc_is(node, VL_DOC_STRING) ? vl_doc_span(node) : VL_SPAN_EMPTY;
}

static bool is_there(const struct derive *d, const char *name)
{
    const struct vl_doc_node *node = vl_doc_get(d->fields, name);
    return node && !vl_doc_is(node, VL_DOC_NULL);
}

static bool number(const struct derive *d, const char *name, int64_t *ret)
{
    struct vl_event_value value;
    read_typed(vl_doc_get(d->fields, name), VL_FIELD_INT, d->scratch, &value);
    *ret = value.as.i;
    return value.kind == VL_VALUE_INT;
}

/* The other field under this one's type. */
static void same(const struct derive *d, const char *from)
{
    read_typed(vl_doc_get(d->fields, from), (enum vl_field_type)d->field->type, d->scratch, d->ret);
}

static void joined(const struct derive *d, struct vl_span a, const char *between, struct vl_span b)
{
    const char *whole = vl_arena_printf(d->scratch, "%.*s%s%.*s", VL_SPAN_FMT(a), between, VL_SPAN_FMT(b));
    if (whole)
        read_string(vl_span_str(whole), d->ret);
}

/* Whether a text of words with '|' between has the word. */
static bool has_flag(struct vl_span flags, const char *flag)
{
    struct vl_span word;
    while (vl_span_split(&flags, '|', &word))
        if (vl_span_eq_str(vl_span_trim(word), flag))
            return true;
    return false;
}

/* --- results --- */

static int errno_of(struct vl_span name)
{
    for (int e = 1; e < ERRNO_END && name.len > 1 && name.ptr[0] == 'E'; e++) {
        const char *known = strerrorname_np(e);
        if (known && vl_span_eq_str(name, known))
            return e;
    }
    return 0;
}

static void raw_result(const struct derive *d)
{
    int e = errno_of(text(d, "evt.res"));
    if (is_there(d, "evt.rawarg.res"))
        same(d, "evt.rawarg.res");
    else if (e)
        *d->ret = (struct vl_event_value){.kind = VL_VALUE_INT, .as.i = -(int64_t)e};
}

static void result(const struct derive *d)
{
    int64_t raw;
    if (!number(d, "evt.rawres", &raw))
        return;
    const char *name = raw < 0 && raw > -ERRNO_END ? strerrorname_np((int)-raw) : NULL;
    if (raw >= 0)
        read_string(VL_SPAN_LIT("SUCCESS"), d->ret);
    else if (name)
        read_string(vl_span_str(name), d->ret);
}

/* 1 failed, 0 did not, -1 nobody said. */
static int failed(const struct derive *d)
{
    int64_t raw;
    struct vl_span name = text(d, "evt.res");
    if (number(d, "evt.rawres", &raw))
        return raw < 0;
    return name.len ? !vl_span_eq_str(name, "SUCCESS") : -1;
}

static void has_failed(const struct derive *d)
{
    int f = failed(d);
    if (f >= 0)
        read_bool(f, d->ret);
}

static void error_count(const struct derive *d)
{
    if (failed(d) == 1)
        read_uint(1, d->ret);
}

static void one(const struct derive *d)
{
    read_uint(1, d->ret);
}

static void direction(const struct derive *d)
{
    read_string(VL_SPAN_LIT("<"), d->ret);
}

/* --- opening --- */

static bool is_open(const struct derive *d)
{
    static const char *const types[] = {"open", "openat", "openat2", "open_by_handle_at"};
    for (size_t i = 0; i < VL_ARRAY_LEN(types); i++)
        if (vl_span_eq_str(text(d, "evt.type"), types[i]))
            return is_there(d, "evt.arg.flags");
    return false;
}

static void opens_to_read(const struct derive *d)
{
    struct vl_span flags = text(d, "evt.arg.flags");
    if (is_open(d))
        read_bool(has_flag(flags, "O_RDONLY") || has_flag(flags, "O_RDWR"), d->ret);
}

static void opens_to_write(const struct derive *d)
{
    struct vl_span flags = text(d, "evt.arg.flags");
    if (is_open(d))
        read_bool(has_flag(flags, "O_WRONLY") || has_flag(flags, "O_RDWR"), d->ret);
}

static void creates(const struct derive *d)
{
    if (is_open(d))
        read_bool(has_flag(text(d, "evt.arg.flags"), "O_F_CREATED"), d->ret);
}

/* --- descriptors --- */

static const struct {
    const char *type, *letter;
} descriptor_types[] = {
    {"file", "f"},
    {"directory", "d"},
    {"ipv4", "4"},
    {"ipv6", "6"},
    {"unix", "u"},
    {"pipe", "p"},
    {"event", "e"},
    {"signalfd", "s"},
    {"eventpoll", "l"},
    {"inotify", "i"},
    {"timerfd", "t"},
    {"netlink", "n"},
    {"bpf", "b"},
    {"io_uring", "r"},
    {"memfd", "m"},
    {"pidfd", "P"},
};

static void descriptor_letter(const struct derive *d)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(descriptor_types); i++)
        if (vl_span_eq_str(text(d, "fd.type"), descriptor_types[i].type))
            read_string(vl_span_str(descriptor_types[i].letter), d->ret);
}

static void descriptor_type(const struct derive *d)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(descriptor_types); i++)
        if (vl_span_eq_str(text(d, "fd.typechar"), descriptor_types[i].letter))
            read_string(vl_span_str(descriptor_types[i].type), d->ret);
}

/* The letter as written, or as the type says it; empty: unknown. */
static struct vl_span letter(const struct derive *d)
{
    struct vl_event_value value;
    struct derive other = *d;
    other.ret = &value;
    read_missing(&value);
    if (text(d, "fd.typechar").len)
        return text(d, "fd.typechar");
    descriptor_letter(&other);
    return value.kind == VL_VALUE_STRING ? value.as.string : VL_SPAN_EMPTY;
}

/* fd.name may be written in its two forms: the first is as the program wrote it. */
static struct vl_span fd_name(const struct derive *d)
{
    const struct vl_doc_node *node = vl_doc_get(d->fields, "fd.name");
    return vl_doc_span(vl_doc_is(node, VL_DOC_ARRAY) ? vl_doc_first(node) : node);
}

static void cut_name(const struct derive *d)
{
    struct vl_span name = fd_name(d), kind = letter(d);
    size_t slash = vl_span_rfind_char(name, '/');
    if (slash == SIZE_MAX || name.ptr[0] != '/' || (kind.len && !vl_span_eq_str(kind, "f")))
        return;
    if (strcmp(d->field->name, "fd.directory") == 0)
        read_string(vl_span_slice(name, 0, slash ? slash : 1), d->ret);
    else
        read_string(vl_span_slice(name, slash + 1, SIZE_MAX), d->ret);
}

static bool is_address(struct vl_span s)
{
    size_t dots = 0, colons = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        dots += c == '.';
        colons += c == ':';
        if (c != '.' && c != ':' && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
            return false;
    }
    return dots == 3 || colons >= 2;
}

/* One end of "10.0.0.1:5000->1.2.3.4:443", "::1:5000->2001:db8::1:443". */
static bool end_of(const struct derive *d, bool server, struct vl_span *ret_ip, struct vl_span *ret_port)
{
    struct vl_span name = fd_name(d), kind = letter(d);
    uint64_t port;
    size_t arrow = vl_span_find(name, VL_SPAN_LIT("->"));
    if (arrow == SIZE_MAX || (kind.len && !vl_span_eq_str(kind, "4") && !vl_span_eq_str(kind, "6")))
        return false;
    struct vl_span end = server ? vl_span_slice(name, arrow + 2, SIZE_MAX) : vl_span_slice(name, 0, arrow);
    size_t colon = vl_span_rfind_char(end, ':');
    if (colon == SIZE_MAX)
        return false;
    *ret_ip = vl_span_slice(end, 0, colon);
    *ret_port = vl_span_slice(end, colon + 1, SIZE_MAX);
    return is_address(*ret_ip) && vl_span_to_u64(*ret_port, &port) && port <= UINT16_MAX;
}

/* fd.cip, fd.sport …: written, or an end of the name. Local and remote are known with fd.is_server. */
static void socket_end(const struct derive *d)
{
    static const char *const written[2][2] = {{"fd.cip", "fd.sip"}, {"fd.cport", "fd.sport"}};
    struct vl_span ip, port;
    struct vl_event_value is_server;
    char side = d->field->name[3];
    bool wants_port = strstr(d->field->name, "port") != NULL, server = side == 's';
    uint64_t n;
    if (side == 'l' || side == 'r') {
        read_typed(vl_doc_get(d->fields, "fd.is_server"), VL_FIELD_BOOL, d->scratch, &is_server);
        if (is_server.kind != VL_VALUE_BOOL)
            return;
        server = (side == 'l') == is_server.as.boolean;
    }
    const char *from = written[wants_port][server];
    if (is_there(d, from)) {
        same(d, from);
    } else if (end_of(d, server, &ip, &port)) {
        if (!wants_port)
            read_string(ip, d->ret);
        else if (vl_span_to_u64(port, &n))
            read_uint(n, d->ret);
    }
}

static void socket_family(const struct derive *d)
{
    struct vl_span kind = letter(d);
    if (vl_span_eq_str(kind, "4") || vl_span_eq_str(kind, "6"))
        read_string(VL_SPAN_LIT("ip"), d->ret);
    else if (vl_span_eq_str(kind, "u"))
        read_string(VL_SPAN_LIT("unix"), d->ret);
}

static void in_container(const struct derive *d)
{
    struct vl_event_value part;
    struct derive other = *d;
    other.ret = &part;
    if (!text(d, "container.id").len)
        return;
    if (strcmp(d->field->name, "fd.containername") == 0) {
        joined(d, text(d, "container.id"), ":", fd_name(d));
        return;
    }
    struct vl_field directory = *d->field;
    directory.name = "fd.directory";
    other.field = &directory;
    read_missing(&part);
    cut_name(&other);
    if (part.kind == VL_VALUE_STRING)
        joined(d, text(d, "container.id"), ":", part.as.string);
}

/* Linux' own numbering, as in the kernel's new_encode_dev(). */
static void device(const struct derive *d)
{
    int64_t dev;
    if (!number(d, "fd.dev", &dev) || dev < 0)
        return;
    uint64_t u = (uint64_t)dev;
    if (strcmp(d->field->name, "fd.dev.major") == 0)
        read_uint((u & 0xfff00) >> 8, d->ret);
    else
        read_uint((u & 0xff) | ((u >> 12) & 0xfff00), d->ret);
}

/* The thread's number and the descriptor's, one behind the other. */
static void descriptor_uid(const struct derive *d)
{
    int64_t tid, fd;
    if (!number(d, "thread.tid", &tid) || !number(d, "fd.num", &fd))
        return;
    const char *uid = vl_arena_printf(d->scratch, "%lld%lld", (long long)tid, (long long)fd);
    if (uid)
        read_string(vl_span_str(uid), d->ret);
}

/* --- processes --- */

/* The name of a program may have blanks itself: only its own name in front is taken off. */
static void arguments(const struct derive *d)
{
    struct vl_span line = text(d, "proc.cmdline"), name = text(d, "proc.name");
    if (d->arg.len || !name.len || line.len < name.len || memcmp(line.ptr, name.ptr, name.len) != 0)
        return;
    struct vl_span rest = vl_span_slice(line, name.len, SIZE_MAX);
    if (rest.len == 0 || rest.ptr[0] == ' ')
        read_string(vl_span_slice(rest, 1, SIZE_MAX), d->ret);
}

static void with_arguments(const struct derive *d, const char *head)
{
    struct vl_span args = text(d, "proc.args");
    if (text(d, head).len && is_there(d, "proc.args"))
        joined(d, text(d, head), args.len ? " " : "", args);
}

static void command_line(const struct derive *d)
{
    with_arguments(d, "proc.name");
}

static void exe_line(const struct derive *d)
{
    struct vl_event_value args;
    struct derive other = *d;
    other.ret = &args;
    read_missing(&args);
    if (is_there(d, "proc.args"))
        with_arguments(d, "proc.exe");
    else if (text(d, "proc.exe").len) {
        arguments(&other);
        if (args.kind == VL_VALUE_STRING)
            joined(d, text(d, "proc.exe"), args.as.string.len ? " " : "", args.as.string);
    }
}

static bool is_name_char(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Where " NAME=" begins in an environment, behind `from`; its length where there is none. */
static size_t next_variable(struct vl_span env, size_t from)
{
    for (size_t i = from; i < env.len; i++) {
        size_t end = i + 1;
        if (env.ptr[i] != ' ')
            continue;
        while (end < env.len && is_name_char(env.ptr[end]))
            end++;
        if (end > i + 1 && end < env.len && env.ptr[end] == '=')
            return i;
    }
    return env.len;
}

/* proc.env[HOME] from "A=1 HOME=/root B=2". */
static void environment(const struct derive *d)
{
    struct vl_span env = text(d, "proc.env");
    size_t end;
    for (size_t at = 0; at < env.len && d->arg.len; at = end + 1) {
        end = next_variable(env, at);
        struct vl_span one = vl_span_slice(env, at, end);
        if (one.len > d->arg.len && one.ptr[d->arg.len] == '=' &&
            memcmp(one.ptr, d->arg.ptr, d->arg.len) == 0) {
            read_string(vl_span_slice(one, d->arg.len + 1, SIZE_MAX), d->ret);
            return;
        }
    }
}

static const struct {
    const char *field, *a, *b;
} equal_numbers[] = {
    {"proc.is_pgid_leader", "proc.pgid", "proc.pid"},
    {"proc.is_sid_leader", "proc.sid", "proc.vpid"},
    {"proc.is_vpgid_leader", "proc.vpgid", "proc.vpid"},
    {"thread.ismain", "thread.tid", "proc.pid"},
};

static void leads(const struct derive *d)
{
    int64_t a, b;
    for (size_t i = 0; i < VL_ARRAY_LEN(equal_numbers); i++)
        if (strcmp(d->field->name, equal_numbers[i].field) == 0 && number(d, equal_numbers[i].a, &a) &&
            number(d, equal_numbers[i].b, &b))
            read_bool(a == b, d->ret);
}

/* --- containers and paths --- */

static void container_name(const struct derive *d)
{
    if (vl_span_eq_str(text(d, "container.id"), "host"))
        read_string(VL_SPAN_LIT("host"), d->ret);
}

/* "registry:5000/app:1.2@sha256:…": the part in front of tag and digest, or the tag. */
static void image_part(const struct derive *d)
{
    struct vl_span image = text(d, "container.image");
    image = vl_span_slice(image, 0, vl_span_find_char(image, '@'));
    size_t colon = vl_span_rfind_char(image, ':'), slash = vl_span_rfind_char(image, '/');
    bool tagged = colon != SIZE_MAX && (slash == SIZE_MAX || colon > slash);
    if (!image.len)
        return;
    if (strcmp(d->field->name, "container.image.repository") == 0)
        read_string(vl_span_slice(image, 0, tagged ? colon : SIZE_MAX), d->ret);
    else if (tagged)
        read_string(vl_span_slice(image, colon + 1, SIZE_MAX), d->ret);
}

/* The path of a call, where it is a whole one. */
static void path_of(const struct derive *d, const char *const *from, size_t n)
{
    for (size_t i = 0; i < n && d->ret->kind == VL_VALUE_MISSING; i++)
        if (vl_span_starts_with(text(d, from[i]), "/"))
            same(d, from[i]);
}

static void path_name(const struct derive *d)
{
    static const char *const from[] = {"evt.arg.path", "evt.arg.name", "evt.arg.filename"};
    if (!d->arg.len)
        path_of(d, from, VL_ARRAY_LEN(from));
}

static void path_source(const struct derive *d)
{
    static const char *const from[] = {"evt.arg.oldpath"};
    path_of(d, from, 1);
}

static void path_target(const struct derive *d)
{
    static const char *const from[] = {"evt.arg.newpath"};
    path_of(d, from, 1);
}

/* --- all of them --- */

static void by_other_name(const struct derive *d)
{
    static const struct {
        const char *field, *from;
    } names[] = {
        {"evt.info", "evt.args"},
        {"fd.nameraw", "fd.name"},
        {"proc.exepath", "proc.aexepath[0]"},
        {"proc.pcmdline", "proc.acmdline[1]"},
        {"proc.pexe", "proc.aexe[1]"},
        {"proc.pexepath", "proc.aexepath[1]"},
        {"proc.pname", "proc.aname[1]"},
        {"proc.ppid", "proc.apid[1]"},
        {"syscall.type", "evt.type"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        if (strcmp(names[i].field, d->field->name) == 0)
            same(d, names[i].from);
}

struct rule {
    const char *field;
    void (*derive)(const struct derive *d);
};

static const struct rule rules[] = {
    /* in the order of the names */
    {"container.image.repository", image_part},
    {"container.image.tag", image_part},
    {"container.name", container_name},
    {"evt.abspath", path_name},
    {"evt.count", one},
    {"evt.count.error", error_count},
    {"evt.dir", direction},
    {"evt.failed", has_failed},
    {"evt.info", by_other_name},
    {"evt.is_open_create", creates},
    {"evt.is_open_read", opens_to_read},
    {"evt.is_open_write", opens_to_write},
    {"evt.rawres", raw_result},
    {"evt.res", result},
    {"fd.cip", socket_end},
    {"fd.cnet", socket_end},
    {"fd.containerdirectory", in_container},
    {"fd.containername", in_container},
    {"fd.cport", socket_end},
    {"fd.dev.major", device},
    {"fd.dev.minor", device},
    {"fd.directory", cut_name},
    {"fd.filename", cut_name},
    {"fd.lip", socket_end},
    {"fd.lnet", socket_end},
    {"fd.lport", socket_end},
    {"fd.nameraw", by_other_name},
    {"fd.rip", socket_end},
    {"fd.rnet", socket_end},
    {"fd.rport", socket_end},
    {"fd.sip", socket_end},
    {"fd.snet", socket_end},
    {"fd.sockfamily", socket_family},
    {"fd.sport", socket_end},
    {"fd.type", descriptor_type},
    {"fd.typechar", descriptor_letter},
    {"fd.uid", descriptor_uid},
    {"fs.path.name", path_name},
    {"fs.path.source", path_source},
    {"fs.path.target", path_target},
    {"proc.args", arguments},
    {"proc.cmdline", command_line},
    {"proc.env", environment},
    {"proc.exeline", exe_line},
    {"proc.exepath", by_other_name},
    {"proc.is_pgid_leader", leads},
    {"proc.is_sid_leader", leads},
    {"proc.is_vpgid_leader", leads},
    {"proc.pcmdline", by_other_name},
    {"proc.pexe", by_other_name},
    {"proc.pexepath", by_other_name},
    {"proc.pname", by_other_name},
    {"proc.ppid", by_other_name},
    {"syscall.type", by_other_name},
    {"thread.ismain", leads},
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, ((const struct rule *)b)->field);
}

void derived_read(const struct vl_doc_node *fields, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct rule *rule = bsearch(field->name, rules, VL_ARRAY_LEN(rules), sizeof(*rules), by_name);
    struct derive d = {.fields = fields, .field = field, .arg = arg, .scratch = scratch, .ret = ret};
    if (rule)
        rule->derive(&d);
}
