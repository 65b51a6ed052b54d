/* A verdict: what one policy, check or admission rule says of one object. Reports, the gate and the posture
 * scanner read it. Texts are lent by the evaluation that made it (policy/policy.h tells for how long).
 *
 * A verdict tells what it rests on (object hash, check version, data date), so that two verdicts that differ
 * can be explained: an injected sidecar is another object, newer data another check. */
#ifndef VL_MODEL_VERDICT_H
#define VL_MODEL_VERDICT_H

#include "model/severity.h"

/* Stored by number: append only. */
enum vl_verdict_outcome {
    VL_VERDICT_NOT_APPLICABLE = 0, /* the policy is not about this object */
    VL_VERDICT_PASS,
    VL_VERDICT_FAIL,
    VL_VERDICT_ERROR,  /* it could not be evaluated; `allowed` then says what failurePolicy makes of that */
    VL_VERDICT_EXEMPT, /* it fails, and an exemption in force says that this is known */
    VL_VERDICT_COUNT
};

/* "skip", "pass", "fail", "error", "exempt"; never NULL. */
const char *vl_verdict_outcome_name(enum vl_verdict_outcome outcome);

/* What the cluster does where a policy fails; several at once. */
enum vl_verdict_action {
    VL_VERDICT_DENY = 1,
    VL_VERDICT_WARN = 2,
    VL_VERDICT_AUDIT = 4,
};

/* One validation of the policy (a check has one). */
struct vl_verdict_decision {
    const char *rule;                /* its name, or "validations[0]" */
    enum vl_verdict_outcome outcome; /* PASS, FAIL or ERROR */
    bool allowed;                    /* an error that failurePolicy ignores is allowed */
    const char *message;             /* NULL where it passed */
    const char *reason;              /* "Invalid", "Forbidden" …; NULL where it passed or is an error */
};

/* A field of the object that has to do with the failure. */
struct vl_verdict_field {
    const char *path;      /* "spec.containers[0].securityContext.privileged", from the object's root */
    uint32_t line, column; /* in the object's file, 1-based; 0 where not known */
    bool missing;          /* the field is not there: the place is that of the nearest parent */
};

struct vl_verdict_annotation {
    const char *key; /* "POLICY/KEY", as an audit event carries it */
    const char *value;
};

struct vl_verdict {
    enum vl_verdict_outcome outcome;
    bool allowed;     /* false: some validation says no. What follows from that is `actions` */
    unsigned actions; /* of enum vl_verdict_action, as the policy or its binding has them */

    /* The policy. */
    const char *policy;         /* metadata.name, or the id of a check */
    const char *policy_kind;    /* "ValidatingAdmissionPolicy", "Check", "ClusterPolicy" … */
    const char *policy_version; /* of a check; else the hash of the policy document */
    const char *rule;           /* of a policy with several; else the first validation that fails; or NULL */
    const char *binding;        /* NULL: none, evaluated as if bound to everything */
    const char *params;         /* "NAMESPACE/NAME" of the parameter object, or NULL */
    const char *title;          /* NULL where the document has none */
    const char *message; /* of the first validation that fails; why, where it does not apply; or NULL */
    const char *reason;
    enum vl_severity severity;
    const char *data_date;   /* of what the check rests on; or NULL */
    const char *policy_file; /* or NULL */
    uint32_t policy_line;

    /* The object. */
    const char *api_version, *kind, *namespace_name, *name; /* "" where it has none */
    const char *object_hash;                                /* "sha256:…" (kube/object.h) */
    const char *object_file;                                /* or NULL */
    uint32_t object_line;
    const char *evaluated_as; /* "spec.template": its pod template was seen as a Pod; NULL: itself */

    const struct vl_verdict_decision *decisions;
    uint32_t n_decisions;
    const struct vl_verdict_field *fields;
    uint32_t n_fields;
    const struct vl_verdict_annotation *annotations;
    uint32_t n_annotations;
    const char *const *remediation; /* steps */
    uint32_t n_remediation;
    const char *fix; /* JSON: a patch (RFC 6902) or an apply configuration; NULL: none */
    bool fix_is_patch;
    const char *exemption;     /* its name, where outcome is EXEMPT */
    const char *justification; /* likewise */
    const char *const *notes;  /* what was assumed: "namespace 'x' is not known: taken as without labels" */
    uint32_t n_notes;
    uint64_t cost; /* CEL cost of all its expressions */
};

#endif
