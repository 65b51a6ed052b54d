/* A component of an SBOM as one of our packages. Sources: package-url/purl-spec (types and qualifiers);
 * Syft's and Trivy's qualifiers "upstream" and "epoch"; Docker Scout's "os_name", "os_version". */
#include "artifact/sbom.h"

#include "os/rpm_source.h"
#include "text_util.h"

/* Types that say what was scanned, not what is in it. */
static bool is_container_type(const char *type)
{
    return strcmp(type, "oci") == 0 || strcmp(type, "docker") == 0;
}

static enum vl_ecosystem ecosystem_of(const struct vl_purl *purl)
{
    /* Several of our ecosystems are written as generic. */
    if (strcmp(purl->type, "generic") == 0)
        return VL_ECO_GENERIC;
    return vl_ecosystem_from_purl_type(vl_span_str(purl->type));
}

/* As the ecosystem writes it; the inverse of vl_package_set_purl(). */
static char *full_name(const struct vl_purl *purl, enum vl_ecosystem eco, struct vl_arena *arena)
{
    const char *ns = purl->namespace;
    switch (eco) {
    case VL_ECO_NPM:
    case VL_ECO_GO:
    case VL_ECO_COMPOSER:
    case VL_ECO_SWIFT:
    case VL_ECO_HEX:
    case VL_ECO_KUBERNETES:
        return ns ? vl_arena_printf(arena, "%s/%s", ns, purl->name) : vl_arena_strdup(arena, purl->name);
    case VL_ECO_MAVEN:
        return ns ? vl_arena_printf(arena, "%s:%s", ns, purl->name) : vl_arena_strdup(arena, purl->name);
    case VL_ECO_VSCODE:
        return ns ? vl_arena_printf(arena, "%s.%s", ns, purl->name) : vl_arena_strdup(arena, purl->name);
    case VL_ECO_GITHUB_ACTIONS:
    case VL_ECO_COCOAPODS:
        return vl_arena_printf(arena, "%s%s%s%s%s", ns ? ns : "", ns ? "/" : "", purl->name,
            purl->subpath ? "/" : "", purl->subpath ? purl->subpath : "");
    default:
        return vl_arena_strdup(arena, purl->name);
    }
}

/* Some types fold names to lower case in the URL; the component may still have the spelling of its
 * ecosystem ("github.com/BurntSushi/toml"). */
static const char *spell(char *name, const struct sbom_component *c, struct vl_arena *arena)
{
    struct vl_span ours = vl_span_str(name);
    if (vl_span_eq_nocase(ours, c->name))
        return vl_arena_dup_span(arena, c->name);
    if (c->group.len && ours.len == c->group.len + 1 + c->name.len &&
        vl_span_eq_nocase(vl_span_slice(ours, 0, c->group.len), c->group) &&
        vl_span_eq_nocase(vl_span_slice(ours, c->group.len + 1, ours.len), c->name)) {
        memcpy(name, c->group.ptr, c->group.len);
        memcpy(name + c->group.len + 1, c->name.ptr, c->name.len);
    }
    return name;
}

static bool has_epoch(struct vl_span version)
{
    size_t colon = vl_span_find_char(version, ':');
    uint64_t n;
    return colon != SIZE_MAX && vl_span_to_u64(vl_span_slice(version, 0, colon), &n);
}

static bool is_zero(struct vl_span number)
{
    return number.len == 0 || vl_span_eq_str(number, "0");
}

/* [epoch:]version[-release] */
static const char *join_version(
    struct vl_span epoch, struct vl_span version, struct vl_span release, struct vl_arena *arena)
{
    bool with_epoch = !is_zero(epoch) && !has_epoch(version);
    if (!with_epoch && release.len == 0)
        return vl_arena_dup_span(arena, version);
    return vl_arena_printf(arena, "%.*s%s%.*s%s%.*s", VL_SPAN_FMT(with_epoch ? epoch : VL_SPAN_EMPTY),
        with_epoch ? ":" : "", VL_SPAN_FMT(version), release.len ? "-" : "", VL_SPAN_FMT(release));
}

static const char *version_of(
    const struct vl_purl *purl, enum vl_ecosystem eco, const struct sbom_component *c, struct vl_arena *arena)
{
    struct vl_span version = purl->version ? vl_span_str(purl->version) : c->version;
    struct vl_span epoch = vl_span_str(vl_purl_qualifier(purl, "epoch"));
    if (eco == VL_ECO_GO && PKG_STARTS(version, "v"))
        version = vl_span_slice(version, 1, version.len);
    if (eco == VL_ECO_GO && PKG_STARTS(version, "(devel)"))
        version = VL_SPAN_EMPTY;
    if (!vl_ecosystem_info(eco)->distribution)
        return vl_arena_dup_span(arena, version);
    if (has_epoch(c->version) && !has_epoch(version) && vl_span_ends_with(c->version, purl->version))
        version = c->version; /* the component has the epoch, the URL has not */
    return join_version(epoch.len ? epoch : c->epoch, version, VL_SPAN_EMPTY, arena);
}

/* "name", "name@version", or the name of a source rpm. */
static void read_upstream(struct sbom_component *c, struct vl_span upstream)
{
    if (upstream.len == 0 || c->source_name.len || c->source_rpm.len)
        return;
    if (vl_span_ends_with(upstream, ".rpm")) {
        c->source_rpm = upstream;
        return;
    }
    size_t at = vl_span_rfind_char(upstream, '@');
    c->source_name = vl_span_slice(upstream, 0, at);
    if (at != SIZE_MAX && c->source_version.len == 0)
        c->source_version = vl_span_slice(upstream, at + 1, upstream.len);
}

static void set_source(struct vl_package *p, const struct sbom_component *c, struct vl_arena *arena)
{
    struct vl_span version = vl_span_str(p->version);
    if (c->source_name.len && !vl_span_eq_str(c->source_name, p->name))
        p->source_name = vl_arena_dup_span(arena, c->source_name);
    if (c->source_version.len) {
        const char *v = join_version(c->source_epoch, c->source_version, c->source_release, arena);
        p->source_version = v && strcmp(v, p->version) != 0 ? v : NULL;
    }
    if (c->source_name.len == 0 && c->source_rpm.len) {
        uint64_t epoch = 0;
        if (has_epoch(version)) {
            size_t colon = vl_span_find_char(version, ':');
            if (!vl_span_to_u64(vl_span_slice(version, 0, colon), &epoch) || epoch > UINT32_MAX)
                epoch = 0;
            version = vl_span_slice(version, colon + 1, version.len);
        }
        os_rpm_set_source(p, c->source_rpm, version, (uint32_t)epoch, arena);
    }
}

static const char *copy_or_null(struct vl_arena *arena, struct vl_span s)
{
    return s.len ? vl_arena_dup_span(arena, s) : NULL;
}

static int set_licenses(
    struct sbom *sbom, struct vl_package *p, const struct sbom_component *c, struct vl_err *err)
{
    if (c->n_licenses == 0)
        return 0;
    const char **list = vl_arena_array(sbom->arena, c->n_licenses, sizeof(*list));
    for (uint32_t i = 0; list && i < c->n_licenses; i++) {
        struct vl_map_slot *slot = vl_map_get(&sbom->licenses, sbom->license_texts[i]);
        if (!slot) {
            char *copy = vl_arena_dup_span(sbom->arena, sbom->license_texts[i]);
            if (!copy)
                break;
            int r = vl_map_put(&sbom->licenses, vl_span_str(copy), &slot, NULL, err);
            if (r < 0)
                return r;
            slot->value.ptr = copy;
        }
        list[i] = slot->value.ptr;
    }
    p->licenses = list;
    p->n_licenses = c->n_licenses;
    return vl_arena_check(sbom->arena, sbom->name, err);
}

static const char *digest_of(
    const struct sbom_component *c, const struct vl_package *p, struct vl_arena *arena)
{
    if (c->digest.len)
        return vl_arena_dup_span(arena, c->digest);
    bool wanted = c->ecosystem.len || p->ecosystem == VL_ECO_MAVEN;
    if (wanted && c->sha1.len)
        return vl_arena_printf(arena, "sha1:%.*s", VL_SPAN_FMT(c->sha1));
    if (c->ecosystem.len && c->sha256.len)
        return vl_arena_printf(arena, "sha256:%.*s", VL_SPAN_FMT(c->sha256));
    return NULL;
}

static struct vl_span clean_path(struct vl_span path)
{
    while (PKG_STARTS(path, "/") || PKG_STARTS(path, "./"))
        path = vl_span_slice(path, path.ptr[0] == '/' ? 1 : 2, path.len);
    return path;
}

/* Fields that every kind of component has. */
static int set_common(
    struct sbom *sbom, struct vl_package *p, const struct sbom_component *c, struct vl_err *err)
{
    struct vl_arena *arena = sbom->arena;
    struct vl_span path = clean_path(c->path);
    p->flags = c->flags;
    p->line = c->line;
    p->owner = VL_PACKAGE_NONE;
    p->path = path.len && sbom->inventory ? vl_arena_dup_span(arena, path) : sbom->path;
    p->vendor = copy_or_null(arena, c->vendor);
    p->module = copy_or_null(arena, c->module);
    p->digest = digest_of(c, p, arena);
    int r = sbom_layer(sbom, c->layer_diff_id, c->layer_digest, &p->layer, err);
    if (r >= 0)
        r = set_licenses(sbom, p, c, err);
    return r < 0 ? r : vl_arena_check(arena, sbom->name, err);
}

static int set_purl_text(
    struct sbom *sbom, struct vl_package *p, const struct vl_purl *purl, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_PURL_MAX);
    if (vl_purl_format(purl, &text, err) < 0) {
        vl_err_clear(err); /* the package is good without */
        return 0;
    }
    p->purl = vl_arena_dup_span(sbom->arena, vl_buf_span(&text));
    return vl_arena_check(sbom->arena, sbom->name, err);
}

/* What we wrote ourselves comes back as it was. */
static int add_own(
    struct sbom *sbom, const struct sbom_component *c, const struct vl_purl *purl, struct vl_err *err)
{
    struct vl_arena *arena = sbom->arena;
    enum vl_ecosystem eco = vl_ecosystem_from_name(c->ecosystem);
    struct vl_package *p = vl_vec_push(sbom->packages, "packages", err);
    if (!p)
        return err->err;
    p->ecosystem = eco;
    p->name = c->group.len ? vl_arena_printf(arena, "%.*s:%.*s", VL_SPAN_FMT(c->group), VL_SPAN_FMT(c->name))
                           : vl_arena_dup_span(arena, c->name);
    p->version = vl_arena_dup_span(arena, c->version);
    p->source_name = copy_or_null(arena, c->source_name);
    p->source_version = copy_or_null(arena, c->source_version);
    p->arch = copy_or_null(arena, c->arch);
    if (c->owner.len) {
        struct sbom_owner *owner = vl_vec_push(&sbom->owners, "owners", err);
        if (!owner)
            return err->err;
        *owner = (struct sbom_owner){sbom->packages->len - 1, vl_arena_dup_span(arena, c->owner)};
    }
    int r = purl ? set_purl_text(sbom, p, purl, err) : 0;
    return r < 0 ? r : set_common(sbom, p, c, err);
}

int sbom_settle_owners(struct sbom *sbom, struct vl_err *err)
{
    struct vl_map_slot *slot;
    VL_CLEANUP(vl_map_done) struct vl_map names;
    vl_map_init(&names, VL_INVENTORY_PACKAGES_MAX);
    for (size_t i = 0; sbom->owners.len && i < sbom->packages->len; i++) {
        const struct vl_package *p = vl_vec_at(sbom->packages, i);
        bool added;
        if (!vl_ecosystem_info(p->ecosystem)->distribution)
            continue;
        int r = vl_map_put(&names, vl_span_str(p->name), &slot, &added, err);
        if (r < 0)
            return r;
        slot->value.num = added ? i : slot->value.num;
    }
    for (size_t i = 0; i < sbom->owners.len; i++) {
        const struct sbom_owner *owner = vl_vec_at(&sbom->owners, i);
        struct vl_package *p = vl_vec_at(sbom->packages, owner->package);
        slot = vl_map_get(&names, vl_span_str(owner->name));
        if (p && slot)
            p->owner = (uint32_t)slot->value.num;
    }
    return 0;
}

static void note_unmatched(struct sbom *sbom, struct vl_span name)
{
    if (!sbom->first_unmatched)
        sbom->first_unmatched = vl_arena_dup_span(sbom->arena, vl_span_slice(name, 0, 200));
}

void sbom_count_unmatched(struct sbom *sbom, struct vl_span name)
{
    sbom->without_purl++;
    note_unmatched(sbom, name);
}

/* In the list, so that it is seen, but of no ecosystem, so that nothing can be said of it. */
static int add_unmatched(
    struct sbom *sbom, const struct sbom_component *c, const struct vl_purl *purl, struct vl_err *err)
{
    struct vl_span name = purl ? vl_span_str(purl->name) : c->name;
    struct vl_span version = purl && purl->version ? vl_span_str(purl->version) : c->version;
    note_unmatched(sbom, name);
    if (version.len == 0 || name.len == 0)
        return 0;
    struct vl_package *p = vl_vec_push(sbom->packages, "packages", err);
    if (!p)
        return err->err;
    p->name = vl_arena_dup_span(sbom->arena, name);
    p->version = vl_arena_dup_span(sbom->arena, version);
    int r = purl ? set_purl_text(sbom, p, purl, err) : 0;
    return r < 0 ? r : set_common(sbom, p, c, err);
}

static void read_distro(struct vl_span text, struct sbom_system *system)
{
    static const char *const rolling[] = {
        "opensuse-tumbleweed", "opensuse-leap", "bellsoft-hardened-containers"};
    size_t dash = vl_span_rfind_char(text, '-');
    for (size_t i = 0; i < VL_ARRAY_LEN(rolling); i++) {
        if (vl_span_eq_str(text, rolling[i]))
            dash = SIZE_MAX;
    }
    system->id = vl_span_slice(text, 0, dash);
    struct vl_span rest = dash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(text, dash + 1, text.len);
    bool number = rest.len && rest.ptr[0] >= '0' && rest.ptr[0] <= '9';
    *(number || vl_span_eq_str(rest, "edge") ? &system->version : &system->codename) = rest;
}

/* Where no component is the operating system, the packages' URLs tell it. */
static int set_distro(struct sbom *sbom, const struct vl_purl *purl, struct vl_err *err)
{
    struct sbom_system system = {0};
    const struct vl_distro *known = &sbom->inventory->distro;
    if (sbom->has_system || *known->version_id || *known->codename)
        return 0;
    const char *distro = vl_purl_qualifier(purl, "distro"), *name = vl_purl_qualifier(purl, "os_name");
    if (name) {
        system.id = vl_span_str(name);
        system.version = vl_span_str(vl_purl_qualifier(purl, "os_version"));
        system.codename = vl_span_str(vl_purl_qualifier(purl, "os_distro"));
    } else if (distro && (strchr(distro, '-') || !purl->namespace)) {
        read_distro(vl_span_str(distro), &system);
    } else {
        /* "distro=bookworm", or the namespace alone */
        system.id = vl_span_str(purl->namespace);
        system.codename = vl_span_str(distro);
        if (distro && distro[0] >= '0' && distro[0] <= '9')
            system.version = system.codename, system.codename = VL_SPAN_EMPTY;
    }
    if (system.id.len == 0)
        return 0;
    int r = sbom_set_system(sbom, &system, err);
    sbom->has_system = false;
    return r;
}

static int add_known(struct sbom *sbom, struct sbom_component *c, const struct vl_purl *purl,
    enum vl_ecosystem eco, struct vl_err *err)
{
    struct vl_arena *arena = sbom->arena;
    bool distribution = vl_ecosystem_info(eco)->distribution;
    if (distribution && !sbom->inventory) {
        sbom->of_distribution++;
        return 0;
    }
    struct vl_package *p = vl_vec_push(sbom->packages, "packages", err);
    if (!p)
        return err->err;
    p->ecosystem = eco;
    char *name = full_name(purl, eco, arena);
    /* Bitnami's documents call a component by its title ("GEOS"), its advisories by the URL's name */
    bool titled = eco == VL_ECO_GENERIC || eco == VL_ECO_BITNAMI;
    p->name = name && !titled ? spell(name, c, arena) : name;
    p->version = version_of(purl, eco, c, arena);
    if (!p->name || !p->version)
        return vl_arena_check(arena, sbom->name, err);
    if (distribution) {
        struct vl_span arch = vl_span_str(vl_purl_qualifier(purl, "arch"));
        p->arch = copy_or_null(arena, arch.len ? arch : c->arch);
        read_upstream(c, vl_span_str(vl_purl_qualifier(purl, "upstream")));
        if (c->module.len == 0)
            c->module = vl_span_str(vl_purl_qualifier(purl, "rpmmod"));
        set_source(p, c, arena);
        if (eco == VL_ECO_PORTAGE && purl->namespace)
            p->source_name = vl_arena_printf(arena, "%s/%s", purl->namespace, purl->name);
    } else {
        c->vendor = c->module = VL_SPAN_EMPTY;
    }
    int r = set_purl_text(sbom, p, purl, err);
    if (r >= 0)
        r = set_common(sbom, p, c, err);
    return r < 0 || !distribution ? r : set_distro(sbom, purl, err);
}

int sbom_add(struct sbom *sbom, const struct sbom_component *component, struct vl_err *err)
{
    struct sbom_component c = *component;
    struct vl_purl purl;
    bool parsed = false;
    vl_arena_reset(sbom->scratch);
    if (c.purl.len) {
        int r = vl_purl_parse(c.purl, sbom->scratch, &purl, err);
        if (r < 0 && err->code == VL_ERR_MEMORY)
            return r;
        parsed = r >= 0;
        vl_err_clear(err);
    }
    if (c.ecosystem.len && vl_ecosystem_from_name(c.ecosystem) != VL_ECO_NONE)
        return add_own(sbom, &c, parsed ? &purl : NULL, err);
    if (!parsed) {
        *(c.purl.len ? &sbom->unknown_purl : &sbom->without_purl) += 1;
        return add_unmatched(sbom, &c, NULL, err);
    }
    if (is_container_type(purl.type))
        return 0;
    enum vl_ecosystem eco = ecosystem_of(&purl);
    if (eco == VL_ECO_NONE) {
        sbom->unknown_purl++;
        return add_unmatched(sbom, &c, &purl, err);
    }
    return add_known(sbom, &c, &purl, eco, err);
}
