/* Which statement is about which finding. */
#include <string.h>

#include "scan/purl_match.h"
#include "vex.h"
#include "vex_graph.h"

#define ID_MAX        256U
#define SCRATCH_BYTES (16UL * 1024 * 1024)

struct judge {
    const struct vl_vex *vex;
    struct vl_scan_result *result;
    struct vl_arena *scratch;
    struct vl_vec hosts; /* const struct vl_package *: projects, binaries and archives that others lie in */
    bool listed;
    struct vl_vex_graph graph;
};

/* --- is it this target? --- */

static struct vl_span repository_of(struct vl_span reference, struct vl_span *ret_tag)
{
    reference = vl_span_slice(reference, 0, vl_span_find_char(reference, '@'));
    size_t slash = vl_span_rfind_char(reference, '/');
    size_t colon = vl_span_rfind_char(reference, ':');
    *ret_tag = VL_SPAN_EMPTY;
    if (colon == SIZE_MAX || (slash != SIZE_MAX && colon < slash))
        return reference;
    *ret_tag = vl_span_slice(reference, colon + 1, reference.len);
    return vl_span_slice(reference, 0, colon);
}

/* "index.docker.io" and "docker.io" are one registry. */
static struct vl_span registry_name(struct vl_span text)
{
    return vl_span_starts_with(text, "index.docker.io/") || vl_span_eq_str(text, "index.docker.io")
               ? vl_span_slice(text, 6, text.len)
               : text;
}

/* repository_url is written with and without the name: "docker.io/library" and "docker.io/library/debian". */
static bool is_repository(struct vl_span url, struct vl_span repository)
{
    url = registry_name(url);
    repository = registry_name(repository);
    if (vl_span_eq_nocase(url, repository))
        return true;
    size_t slash = vl_span_rfind_char(repository, '/');
    return slash != SIZE_MAX && vl_span_eq_nocase(url, vl_span_slice(repository, 0, slash));
}

static bool is_reference(const struct vl_purl *purl, const char *reference)
{
    struct vl_span tag;
    struct vl_span repository = repository_of(vl_span_str(reference), &tag);
    size_t slash = vl_span_rfind_char(repository, '/');
    struct vl_span name =
        slash == SIZE_MAX ? repository : vl_span_slice(repository, slash + 1, repository.len);
    const char *url = vl_purl_qualifier(purl, "repository_url");
    const char *wanted = vl_purl_qualifier(purl, "tag");
    if (!vl_span_eq_nocase(name, vl_span_str(purl->name)))
        return false;
    if (url && !is_repository(vl_span_str(url), repository))
        return false;
    return !wanted || vl_span_eq_str(tag, wanted);
}

static bool is_digest(const struct vl_target *t, const char *digest)
{
    return (t->digest && strcmp(t->digest, digest) == 0) || (t->image_id && strcmp(t->image_id, digest) == 0);
}

/* A digest tells an image whatever it is called; without one, its name does. */
static bool is_image(const struct vl_purl *purl, const struct vl_target *t)
{
    const char *arch = vl_purl_qualifier(purl, "arch");
    if (arch && t->arch && strcmp(arch, t->arch) != 0)
        return false;
    if (purl->version)
        return is_digest(t, purl->version);
    if (t->reference && is_reference(purl, t->reference))
        return true;
    for (size_t i = 0; i < t->n_tags; i++) {
        if (is_reference(purl, t->tags[i]))
            return true;
    }
    return !t->reference && t->n_tags == 0 && t->name && is_reference(purl, t->name);
}

/* Vendor, product and version of "cpe:/o:redhat:enterprise_linux:9::baseos" and "cpe:2.3:o:…". */
static void cpe_core(struct vl_span cpe, struct vl_span ret[3])
{
    struct vl_span rest = vl_span_starts_with(cpe, "cpe:2.3:") ? vl_span_slice(cpe, 8, cpe.len)
                          : vl_span_starts_with(cpe, "cpe:/")  ? vl_span_slice(cpe, 5, cpe.len)
                                                               : VL_SPAN_EMPTY;
    struct vl_span kind = VL_SPAN_EMPTY;
    bool given = vl_span_split(&rest, ':', &kind);
    for (size_t i = 0; i < 3; i++) {
        if (!given || !vl_span_split(&rest, ':', &ret[i]))
            ret[i] = VL_SPAN_EMPTY;
    }
}

static bool is_cpe_of(const char *cpe, const struct vl_distro *distro)
{
    struct vl_span a[3];
    struct vl_span b[3];
    cpe_core(vl_span_str(cpe), a);
    cpe_core(vl_span_str(distro->cpe_name), b);
    if (a[0].len == 0 || a[1].len == 0 || !vl_span_eq_nocase(a[0], b[0]) || !vl_span_eq_nocase(a[1], b[1]))
        return false;
    /* a minor release belongs to its major one */
    return a[2].len == 0 || vl_span_eq(a[2], b[2]) ||
           (b[2].len > a[2].len && vl_span_eq(vl_span_slice(b[2], 0, a[2].len), a[2]) &&
               b[2].ptr[a[2].len] == '.');
}

bool vl_vex_is_target(const struct vl_vex_product *p, const struct vl_inventory *inventory)
{
    const struct vl_target *t = &inventory->target;
    if (p->purl && (strcmp(p->purl->type, "oci") == 0 || strcmp(p->purl->type, "docker") == 0))
        return is_image(p->purl, t);
    if (p->purl)
        return false; /* a package: see below */
    if (p->hash && is_digest(t, p->hash))
        return true;
    if (p->cpe && is_cpe_of(p->cpe, &inventory->distro))
        return true;
    const char *names[] = {t->name, t->reference, t->digest};
    for (size_t i = 0; p->text && i < VL_ARRAY_LEN(names); i++) {
        if (names[i] && strcmp(names[i], p->text) == 0)
            return true;
    }
    for (size_t i = 0; p->text && i < t->n_tags; i++) {
        if (strcmp(t->tags[i], p->text) == 0)
            return true;
    }
    return false;
}

/* --- is it this package? --- */

static bool is_named(struct judge *j, const struct vl_purl *pattern, const struct vl_package *p)
{
    vl_arena_reset(j->scratch);
    return vl_scan_purl_matches_parsed(pattern, p, j->scratch);
}

static bool is_part(struct judge *j, const struct vl_vex_product *product, const struct vl_package *p)
{
    for (size_t i = 0; i < product->n_parts; i++) {
        if (is_named(j, product->parts[i], p))
            return true;
    }
    return false;
}

static void list_hosts(struct judge *j)
{
    const struct vl_vec *packages = &j->result->inventory->packages;
    j->listed = true;
    for (size_t i = 0; i < packages->len; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        bool archive = p->ecosystem == VL_ECO_MAVEN && p->path && !strchr(p->path, '!');
        struct vl_err none = VL_ERR_INIT;
        if (!(p->flags & VL_PACKAGE_MAIN) && !archive)
            continue;
        const struct vl_package **host = vl_vec_push(&j->hosts, "hosts", &none);
        if (!host)
            return; /* what is not listed sets nothing aside */
        *host = p;
    }
}

/* Whether the package lies in the host: the same file for a project or binary, inside the archive otherwise.
 */
static bool lies_in(const struct vl_package *p, const struct vl_package *host)
{
    if (p == host || !p->path || !host->path)
        return false;
    size_t n = strlen(host->path);
    if (strncmp(p->path, host->path, n) != 0)
        return false;
    return p->path[n] == '!' || (p->path[n] == 0 && (host->flags & VL_PACKAGE_MAIN));
}

static bool in_product(struct judge *j, const struct vl_purl *product, const struct vl_package *p)
{
    if (!j->listed)
        list_hosts(j);
    const struct vl_package *const *hosts = j->hosts.items;
    bool sbom = j->result->inventory->target.kind == VL_TARGET_SBOM;
    for (size_t i = 0; i < j->hosts.len; i++) {
        /* an SBOM without paths is about one project */
        bool whole = sbom && (hosts[i]->flags & VL_PACKAGE_MAIN) && !hosts[i]->path && hosts[i] != p;
        if ((whole || lies_in(p, hosts[i])) && is_named(j, product, hosts[i]))
            return true;
    }
    return false;
}

static bool is_about(struct judge *j, const struct vl_vex_product *product, const struct vl_package *p)
{
    if (vl_vex_is_target(product, j->result->inventory))
        return product->has_parts ? is_part(j, product, p) : true;
    if (!product->purl)
        return false;
    if (product->has_parts)
        return is_part(j, product, p) && in_product(j, product->purl, p);
    return is_named(j, product->purl, p) || in_product(j, product->purl, p);
}

/* What a statement says of a product holds for what is only there because of it. */
struct through {
    struct judge *judge;
    const struct vl_vex_statement *statement;
    const struct vl_package *package;
};

static bool is_product(const struct vl_package *q, void *user)
{
    const struct through *t = user;
    for (size_t i = 0; i < t->statement->n_products; i++) {
        const struct vl_vex_product *product = &t->statement->products[i];
        if (product->purl && is_named(t->judge, product->purl, q) &&
            (!product->has_parts || is_part(t->judge, product, t->package)))
            return true;
    }
    return false;
}

static bool applies(struct judge *j, const struct vl_vex_statement *s, const struct vl_package *p)
{
    bool version = s->n_versions == 0;
    for (size_t i = 0; i < s->n_versions && !version; i++)
        version = vl_span_eq_str(s->versions[i], p->version);
    for (size_t i = 0; version && i < s->n_products; i++) {
        if (is_about(j, &s->products[i], p))
            return true;
    }
    struct through through = {j, s, p};
    return version && vl_vex_graph_only_through(&j->graph, p, is_product, &through);
}

/* --- the last word --- */

static const struct vl_vex_statement *later(
    const struct vl_vex_statement *have, const struct vl_vex_statement *more)
{
    if (!have)
        return more;
    return more->at_ms > have->at_ms || (more->at_ms == have->at_ms && more > have) ? more : have;
}

static const struct vl_vex_statement *last_word(
    struct judge *j, const char *id, const struct vl_package *p, const struct vl_vex_statement *have)
{
    char key[ID_MAX];
    size_t n = id ? strlen(id) : 0;
    if (n == 0 || n >= sizeof(key))
        return have;
    for (size_t i = 0; i < n; i++)
        key[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] + 32) : id[i];
    const struct vl_map_slot *slot = vl_map_get(&j->vex->by_id, (struct vl_span){key, n});
    const struct vl_vex_name *names = j->vex->names.items;
    const struct vl_vex_statement *statements = j->vex->statements.items;
    uint32_t at = slot ? (uint32_t)slot->value.num : UINT32_MAX;
    for (; at != UINT32_MAX; at = names[at].next) {
        const struct vl_vex_statement *s = &statements[names[at].statement];
        if (later(have, s) == s && applies(j, s, p))
            have = s;
    }
    return have;
}

static const char *reason_of(struct vl_scan_result *result, const struct vl_vex_statement *s)
{
    const char *said = s->status == VL_VEX_FIXED ? "fixed" : "not affected";
    return vl_arena_printf(result->arena, "%s%s%s%s%s (%s)", said, s->justification ? ": " : "",
        s->justification ? s->justification : "", s->words ? ": " : "", s->words ? s->words : "",
        s->document);
}

static void judge_one(struct judge *j, struct vl_finding *f, struct vl_vex_verdict *verdict)
{
    const struct vl_vex_statement *s = last_word(j, f->id, f->package, NULL);
    for (size_t i = 0; i < f->n_aliases; i++)
        s = last_word(j, f->aliases[i], f->package, s);
    if (!s)
        return;
    *verdict = (struct vl_vex_verdict){s->status, s->justification};
    if (f->status == VL_FINDING_OPEN && (s->status == VL_VEX_NOT_AFFECTED || s->status == VL_VEX_FIXED)) {
        f->status = VL_FINDING_VEX;
        f->status_reason = reason_of(j->result, s);
    }
}

static void judge_done(struct judge *j)
{
    vl_vec_done(&j->hosts);
    vl_vex_graph_done(&j->graph);
    vl_arena_free(j->scratch);
}

int vl_vex_apply(const struct vl_vex *vex, struct vl_scan_result *result, struct vl_vex_verdict *verdicts,
    struct vl_err *err)
{
    VL_CLEANUP(judge_done)
    struct judge j = {.vex = vex, .result = result, .scratch = vl_arena_new(SCRATCH_BYTES)};
    vl_vec_init(&j.hosts, sizeof(const struct vl_package *), VL_INVENTORY_PACKAGES_MAX);
    if (!j.scratch)
        return vl_err_nomem(err);
    int r = vl_vex_graph_init(&j.graph, result->inventory, err);
    if (r < 0)
        return r;
    struct vl_finding *f = result->findings.items;
    for (size_t i = 0; i < result->findings.len; i++) {
        verdicts[i] = (struct vl_vex_verdict){VL_VEX_NONE, NULL};
        judge_one(&j, &f[i], &verdicts[i]);
    }
    if (j.graph.visited > VL_VEX_WALK_MAX)
        vl_notes_add(&result->inventory->notes, VL_NOTE_INFO, VL_ERR_LIMIT, "VEX",
            "who depends on whom was not followed any further after %u steps", VL_VEX_WALK_MAX);
    if (vex->unknown)
        vl_notes_add(&result->inventory->notes, VL_NOTE_INFO, VL_ERR_NONE, "VEX",
            "%llu products of the statements are named by nothing that we can look for",
            (unsigned long long)vex->unknown);
    return vl_arena_check(result->arena, "VEX", err);
}
