/* What to do about a finding, in the order of its worth: newer base image, Dockerfile line, manifest change,
 * or since when it is known that there is no fix. */
#include <errno.h>
#include <string.h>

#include "base/time.h"
#include "remedy_impl.h"
#include "version/version.h"

/* --- arguments --- */

static bool is_plain(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || strchr("@/._+:=,-", c) != NULL;
}

static bool is_quotable(char c)
{
    return strchr("~^!<>", c) != NULL;
}

void vl_remedy_no_command(struct vl_remedy_run *run)
{
    run->command.failed = -EINVAL;
}

void vl_remedy_words(struct vl_remedy_run *run, const char *words)
{
    vl_buf_append_str(&run->command, words);
}

void vl_remedy_arg(struct vl_remedy_run *run, const char *const *parts, size_t n)
{
    bool quote = false;
    bool good = n > 0 && parts[0] && parts[0][0] && parts[0][0] != '-';
    for (size_t i = 0; i < n && good; i++) {
        good = parts[i] != NULL;
        for (const char *c = parts[i]; good && *c; c++) {
            quote = quote || !is_plain(*c);
            good = is_plain(*c) || is_quotable(*c);
        }
    }
    if (!good) {
        vl_remedy_no_command(run);
        return;
    }
    char last = run->command.len ? run->command.ptr[run->command.len - 1] : ' ';
    if (last != ' ' && last != '=')
        vl_buf_append_char(&run->command, ' ');
    if (quote)
        vl_buf_append_char(&run->command, '\'');
    for (size_t i = 0; i < n; i++)
        vl_buf_append_str(&run->command, parts[i]);
    if (quote)
        vl_buf_append_char(&run->command, '\'');
}

/* --- what is in the target --- */

bool vl_remedy_has(const struct vl_remedy_run *run, const char *name)
{
    return vl_map_get(&run->names, vl_span_str(name)) != NULL;
}

bool vl_remedy_in_document(const struct vl_remedy_run *run, const struct vl_package *package)
{
    static const char *const ends[] = {".json", ".spdx", ".xml", ".yaml", ".yml", ".toml", ".lock"};
    if (!package->path || run->result->inventory->target.kind == VL_TARGET_SBOM)
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(ends); i++) {
        if (vl_span_ends_with(vl_span_str(package->path), ends[i]))
            return true;
    }
    return false;
}

static int index_distribution(struct vl_remedy_run *run, uint32_t i, struct vl_err *err)
{
    const struct vl_package *p = &run->first[i];
    struct vl_map_slot *slot;
    bool added;
    int r = vl_map_put(&run->names, vl_span_str(p->name), &slot, &added, err);
    if (r < 0)
        return r;
    slot->value.num = i;
    r = vl_map_put(&run->heads, vl_span_str(p->source_name ? p->source_name : p->name), &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        slot->value.num = i;
        return 0;
    }
    uint32_t head = (uint32_t)slot->value.num;
    run->groups[i].head = head;
    run->groups[i].next = run->groups[head].next;
    run->groups[head].next = i;
    return 0;
}

static int index_packages(struct vl_remedy_run *run, struct vl_err *err)
{
    const struct vl_vec *packages = &run->result->inventory->packages;
    run->first = packages->items;
    run->n_packages = packages->len;
    run->groups = vl_arena_array(run->arena, packages->len, sizeof(*run->groups));
    if (!run->groups)
        return vl_arena_check(run->arena, "remedies", err);
    for (uint32_t i = 0; i < packages->len; i++) {
        const struct vl_package *p = &run->first[i];
        run->groups[i] = (struct vl_remedy_group){VL_REMEDY_END, i, NULL};
        if (vl_ecosystem_info(p->ecosystem)->distribution && vl_remedy_in_document(run, p))
            continue;
        if (vl_ecosystem_info(p->ecosystem)->distribution) {
            int r = index_distribution(run, i, err);
            if (r < 0)
                return r;
        } else if ((p->ecosystem == VL_ECO_PYPI && strcmp(p->name, "pip") == 0) ||
                   (p->ecosystem == VL_ECO_NPM && strcmp(p->name, "npm") == 0)) {
            const struct vl_package **tool = vl_vec_push(&run->tools, "package managers", err);
            if (!tool)
                return err->err;
            *tool = p;
        }
    }
    return 0;
}

static struct vl_remedy_group *head_of(const struct vl_remedy_run *run, const struct vl_package *p)
{
    if (p < run->first || p >= run->first + run->n_packages)
        return NULL;
    return &run->groups[run->groups[p - run->first].head];
}

static void find_targets(struct vl_remedy_run *run)
{
    const struct vl_finding *f = run->result->findings.items;
    for (size_t i = 0; i < run->result->findings.len; i++, f++) {
        struct vl_remedy_group *head = head_of(run, f->package);
        if (!head || !f->fixed_version || f->state == VL_FIX_PAID || f->status != VL_FINDING_OPEN)
            continue;
        const struct vl_version_scheme *scheme =
            vl_version_scheme(vl_span_str(vl_ecosystem_info(f->package->ecosystem)->scheme));
        if (!head->target ||
            vl_version_order(scheme, vl_span_str(f->fixed_version), vl_span_str(head->target)) > 0)
            head->target = f->fixed_version;
    }
}

const char *vl_remedy_target(const struct vl_remedy_run *run, const struct vl_finding *finding)
{
    const struct vl_remedy_group *head = head_of(run, finding->package);
    return head && head->target ? head->target : finding->fixed_version;
}

/* The same words for all findings of a group, so that reports tell them once: which version fixed one of them
 * stands in the finding. */
void vl_remedy_say_upgrade(struct vl_remedy_run *run, const struct vl_finding *finding, const char *what)
{
    vl_buf_printf(&run->text, "Upgrade %s to %s or later", what, vl_remedy_target(run, finding));
}

/* --- words where there is no fix --- */

static const char *distro_title(const struct vl_distro *distro)
{
    return distro->pretty_name[0] ? distro->pretty_name : distro->id[0] ? distro->id : "the distribution";
}

static const char *vendor_words(const struct vl_remedy_run *run, const struct vl_finding *f)
{
    if (!vl_ecosystem_info(f->package->ecosystem)->distribution)
        return "its maintainers";
    return distro_title(&run->result->inventory->distro);
}

static void say_known_since(struct vl_remedy_run *run, const struct vl_finding *f)
{
    char date[VL_TIME_TEXT_MAX];
    bool first = run->text.len == 0;
    if (f->published_ms)
        vl_buf_printf(&run->text, "%s since %s, no fix yet", first ? "Known" : "known",
            vl_time_format_date(f->published_ms, date));
    else
        vl_buf_append_str(&run->text, first ? "No fix yet" : "no fix yet");
}

static enum vl_remedy_kind without_fix(struct vl_remedy_run *run, const struct vl_finding *f)
{
    vl_remedy_no_command(run);
    switch (f->state) {
    case VL_FIX_WONT:
        vl_buf_printf(&run->text, "%s will not fix it in this release", vendor_words(run, f));
        break;
    case VL_FIX_DEFERRED:
        vl_buf_printf(&run->text, "%s has put off the fix: ", vendor_words(run, f));
        say_known_since(run, f);
        break;
    case VL_FIX_INVESTIGATING:
        vl_buf_printf(&run->text, "%s still looks into it: ", vendor_words(run, f));
        say_known_since(run, f);
        break;
    default:
        say_known_since(run, f);
    }
    return VL_REMEDY_NONE;
}

/* Its mirrors move or vanish with its support, so that no command is promised to work. */
static enum vl_remedy_kind upgrade_os(struct vl_remedy_run *run, const struct vl_finding *f)
{
    const struct vl_distro *distro = &run->result->inventory->distro;
    int64_t ended = distro->extended_ends_ms ? distro->extended_ends_ms : distro->support_ends_ms;
    char date[VL_TIME_TEXT_MAX];
    vl_remedy_no_command(run);
    vl_buf_printf(&run->text, "%s gets no security fixes any more", distro_title(distro));
    if (ended)
        vl_buf_printf(&run->text, " (support ended %s)", vl_time_format_date(ended, date));
    vl_buf_append_str(&run->text, ": move to a release that is supported");
    if (f->fixed_version)
        vl_buf_printf(&run->text, "; the last fix for %s was %s", f->package->name, vl_remedy_target(run, f));
    return VL_REMEDY_UPGRADE_OS;
}

static enum vl_remedy_kind remove_malware(struct vl_remedy_run *run, const struct vl_finding *f)
{
    const struct vl_package *p = f->package;
    vl_buf_printf(&run->text, "%s %s is malware: remove it and replace every secret that it could read",
        p->name, p->version);
    bool direct = (p->flags & VL_PACKAGE_LOCKED) && !(p->flags & VL_PACKAGE_INDIRECT);
    if (direct && p->ecosystem == VL_ECO_NPM && p->path && strstr(p->path, "package-lock.json")) {
        vl_remedy_words(run, "npm uninstall ");
        VL_REMEDY_ARG(run, p->name);
    } else {
        vl_remedy_no_command(run);
    }
    return VL_REMEDY_MANIFEST;
}

static enum vl_remedy_kind write_remedy(struct vl_remedy_run *run, const struct vl_finding *f)
{
    const struct vl_distro *distro = &run->result->inventory->distro;
    bool distribution = vl_ecosystem_info(f->package->ecosystem)->distribution;
    if (f->malicious)
        return remove_malware(run, f);
    if (distribution && f->package->ecosystem != VL_ECO_WINDOWS &&
        (f->state == VL_FIX_END_OF_LIFE || distro->support == VL_SUPPORT_ENDED))
        return upgrade_os(run, f);
    if (f->state == VL_FIX_PAID) {
        vl_remedy_no_command(run);
        vl_buf_printf(
            &run->text, "%s is fixed in a paid channel of %s only", f->package->name, distro_title(distro));
        if (f->fixed_version)
            vl_buf_printf(&run->text, " (%s)", f->fixed_version);
        return VL_REMEDY_NONE;
    }
    if (!f->fixed_version)
        return without_fix(run, f);
    return distribution ? vl_remedy_os(run, f) : vl_remedy_language(run, f);
}

static int remedy_one(struct vl_remedy_run *run, struct vl_finding *f, struct vl_err *err)
{
    vl_buf_clear(&run->text);
    vl_buf_clear(&run->command);
    run->text.failed = run->command.failed = 0;
    f->remedy = (struct vl_remedy){0};
    f->remedy.kind = write_remedy(run, f);
    vl_buf_append_char(&run->text, '.'); /* reports put the command behind it */
    int r = vl_buf_check(&run->text, "a remedy", err);
    if (r < 0)
        return vl_err_wrap(err, "%s in %s", f->id, f->package->name);
    f->remedy.text = vl_arena_strdup(run->arena, vl_buf_str(&run->text));
    if (!run->command.failed && run->command.len)
        f->remedy.command = vl_arena_strdup(run->arena, vl_buf_str(&run->command));
    return vl_arena_check(run->arena, "remedies", err);
}

static void run_done(struct vl_remedy_run *run)
{
    vl_map_done(&run->names);
    vl_map_done(&run->heads);
    vl_vec_done(&run->tools);
    vl_buf_done(&run->text);
    vl_buf_done(&run->command);
}

int vl_scan_remedies(struct vl_scan_result *result, struct vl_err *err)
{
    VL_CLEANUP(run_done) struct vl_remedy_run run = {.result = result, .arena = result->arena};
    enum vl_target_kind kind = result->inventory->target.kind;
    run.dockerfile = kind == VL_TARGET_IMAGE || kind == VL_TARGET_SBOM;
    vl_map_init(&run.names, VL_INVENTORY_PACKAGES_MAX);
    vl_map_init(&run.heads, VL_INVENTORY_PACKAGES_MAX);
    vl_vec_init(&run.tools, sizeof(const struct vl_package *), VL_INVENTORY_PACKAGES_MAX);
    vl_buf_init(&run.text, VL_REMEDY_TEXT_MAX);
    vl_buf_init(&run.command, VL_REMEDY_COMMAND_MAX);
    if (result->findings.len == 0)
        return 0;
    int r = index_packages(&run, err);
    if (r < 0)
        return r;
    find_targets(&run);
    struct vl_finding *findings = result->findings.items;
    for (size_t i = 0; i < result->findings.len; i++) {
        r = remedy_one(&run, &findings[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}
