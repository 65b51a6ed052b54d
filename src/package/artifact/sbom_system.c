/* The distribution as other tools name it, as its own os-release does. Sources: Trivy's
 * pkg/fanal/types OS families; purl-spec, namespaces of rpm. */
#include "artifact/sbom.h"

#include "text_util.h"

static const struct {
    const char *word, *id;
} names[] = {
    {"redhat", "rhel"},
    {"red hat enterprise linux", "rhel"},
    {"amazon", "amzn"},
    {"oracle", "ol"},
    {"alma", "almalinux"},
    {"rockylinux", "rocky"},
    {"cbl-mariner", "mariner"},
    {"azure", "azurelinux"},
    {"suse linux enterprise server", "sles"},
    {"suse", "sles"},
    {"slem", "sle-micro"},
    {"opensuse.leap", "opensuse-leap"},
    {"opensuse.tumbleweed", "opensuse-tumbleweed"},
    {"openeuler", "openEuler"},
};

static const char *id_of(struct vl_span word, struct vl_arena *arena)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (vl_span_eq_nocase(word, vl_span_str(names[i].word)))
            return names[i].id;
    }
    char *id = vl_arena_dup_span(arena, word);
    for (size_t i = 0; id && id[i]; i++) {
        if (id[i] >= 'A' && id[i] <= 'Z')
            id[i] = (char)(id[i] - 'A' + 'a');
    }
    return id;
}

/* "12.4" of debian_version is release 12; "2 (Karoo)" is Amazon Linux 2; "trixie/sid" is a code name. */
static void set_release(const char *id, struct sbom_system *s)
{
    s->version = vl_span_slice(s->version, 0, vl_span_find_char(s->version, ' '));
    bool number = s->version.len && s->version.ptr[0] >= '0' && s->version.ptr[0] <= '9';
    if (s->version.len && !number && strcmp(id, "debian") == 0) {
        s->codename = vl_span_slice(s->version, 0, vl_span_find_char(s->version, '/'));
        s->version = VL_SPAN_EMPTY;
    }
    bool amazon = strcmp(id, "amzn") == 0 && !PKG_STARTS(s->version, "201");
    size_t dot = vl_span_find_char(s->version, '.');
    if (strcmp(id, "debian") == 0 || amazon)
        s->version = vl_span_slice(s->version, 0, dot);
    if (strcmp(id, "ubuntu") == 0 && dot != SIZE_MAX) { /* "22.04.2" */
        struct vl_span rest = vl_span_slice(s->version, dot + 1, s->version.len);
        size_t second = vl_span_find_char(rest, '.');
        s->version = second == SIZE_MAX ? s->version : vl_span_slice(s->version, 0, dot + 1 + second);
    }
}

int sbom_set_system(struct sbom *sbom, const struct sbom_system *system, struct vl_err *err)
{
    struct sbom_system s = *system;
    if (!sbom->inventory || s.id.len == 0)
        return 0;
    struct vl_distro *d = &sbom->inventory->distro;
    struct vl_arena *arena = sbom->arena;
    if (s.id.len > SBOM_TEXT_MAX || s.version.len > SBOM_TEXT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "the operating system's name is too long");
    sbom->has_system = true;
    d->id = s.exact ? vl_arena_dup_span(arena, s.id) : id_of(s.id, arena);
    if (!d->id)
        d->id = "";
    if (!s.exact)
        set_release(d->id, &s);
    int r = sbom_set_text(sbom, &d->version_id, s.version, err);
    if (r >= 0)
        r = sbom_set_text(sbom, &d->codename, s.codename, err);
    if (r >= 0)
        r = sbom_set_text(sbom, &d->pretty_name, s.pretty_name, err);
    if (r >= 0)
        r = sbom_set_text(sbom, &d->id_like, s.id_like, err);
    if (r >= 0)
        r = sbom_set_text(sbom, &d->variant_id, s.variant_id, err);
    if (r >= 0)
        r = sbom_set_text(sbom, &d->cpe_name, s.cpe_name, err);
    return r < 0 ? r : vl_arena_check(arena, sbom->name, err);
}
