/* Exemptions as OpenVEX 0.2.0 (openvex/spec, OPENVEX-SPEC.md), and back. Pure; what is read is a stranger's.
 *
 *   mitigated   not_affected, inline_mitigations_already_exist, the justification as impact_statement
 *   waiver      affected, the justification as action_statement
 *
 * Who reads such a document elsewhere must not take it for more than it says: an exemption that holds for a
 * registry, repository or resource alone names a product of ours, which nobody else knows. What OpenVEX has
 * no member for (category, expiry, scope) stands in status_notes after "vallum-exemption: ", as JSON. An
 * exemption without a vulnerability cannot be written as a statement. */
#ifndef VL_SERVER_VEX_EXEMPTION_H
#define VL_SERVER_VEX_EXEMPTION_H

#include "codec/doc.h"
#include "codec/json.h"
#include "posture/repo_exemption.h"

#define VL_VEX_IMPORT_MAX 1000 /* statements of one document */

/* The whole document, as the members of an object that the caller has opened. *ret_left_out: those that
 * OpenVEX has no form for; the document says so, too. */
void vl_vex_write(const struct vl_environment *environment, const struct vl_exemption *list, size_t n,
    const char *id, int64_t now_ms, struct vl_json *json, size_t *ret_left_out);

struct vl_vex_import {
    struct vl_exemption
        *items; /* registry_name and resource_id are what to look up; guid NULL: none was given */
    size_t n_items;
    struct vl_vex_skipped {
        size_t statement; /* from 0 */
        const char *why;
    } *skipped;
    size_t n_skipped;
};
/* One exemption for each product and part of a statement that is understood. VL_ERR_INVALID where it is no
 * OpenVEX document. */
VL_MUST_CHECK int vl_vex_read(const struct vl_doc_node *root, int64_t now_ms, struct vl_arena *arena,
    struct vl_vex_import *ret, struct vl_err *err);

#endif
