/* Bar: 17 Pod Security policies on a parsed pod, compiled once (docs/design, bars). Prints JSON lines: a
 * policy with its nanoseconds, then the sums. Usage: bench-cel POLICIES.jsonl POD.json [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "cel/cel.h"

#define POLICIES_MAX  64
#define VARIABLES_MAX 8
#define FILE_MAX      (16UL * 1024 * 1024)

struct policy {
    char name[64];
    struct vl_cel_env *env;
    struct vl_cel_program *variables[VARIABLES_MAX];
    unsigned n_variables;
    struct vl_cel_program *expression;
    double ns;
    uint64_t cost;
};

struct bench {
    struct policy policies[POLICIES_MAX];
    unsigned n;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compile(struct policy *p, const struct vl_doc_node *row, struct vl_err *err)
{
    const struct vl_cel_env_options options = {0};
    const struct vl_doc_node *variables = vl_doc_get(row, "variables");
    (void)snprintf(p->name, sizeof(p->name), "%.*s", VL_SPAN_FMT(vl_doc_get_str(row, "name")));
    int r = vl_cel_env_new(&options, &p->env, err);
    if (r >= 0)
        r = vl_cel_env_variable(p->env, "object", "dyn", err);
    for (const struct vl_doc_node *v = vl_doc_first(variables); v && r >= 0; v = vl_doc_next(v)) {
        char name[128];
        if (p->n_variables == VARIABLES_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "too many variables");
        r = vl_cel_compile(p->env, vl_doc_get_str(v, "expression"), &p->variables[p->n_variables], err);
        (void)snprintf(name, sizeof(name), "variables.%.*s", VL_SPAN_FMT(vl_doc_get_str(v, "name")));
        if (r >= 0)
            r = vl_cel_env_variable(p->env, name, vl_cel_program_type(p->variables[p->n_variables++]), err);
    }
    return r < 0 ? r : vl_cel_compile(p->env, vl_doc_get_str(row, "expression"), &p->expression, err);
}

static int add_policy(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct bench *b = user;
    int r = b->n < POLICIES_MAX ? compile(&b->policies[b->n++], vl_doc_root(doc), err)
                                : vl_err_set(err, VL_ERR_LIMIT, "too many policies");
    vl_doc_free(doc);
    return r;
}

static int evaluate(struct vl_cel_run *run, struct policy *p, struct vl_cel_value object, struct vl_err *err)
{
    struct vl_cel_value value;
    vl_cel_run_reset(run, VL_CEL_COST_POLICY_MAX);
    vl_cel_bind(run, 0, object);
    for (unsigned i = 0; i < p->n_variables; i++)
        vl_cel_bind_lazy(run, 1 + i, p->variables[i]);
    int r = vl_cel_eval(run, p->expression, &value, &p->cost, err);
    if (r >= 0 && (value.kind != VL_CEL_BOOL || !value.as.boolean))
        return vl_err_set(err, VL_ERR_INVALID, "%s does not hold: %s", p->name,
            value.kind == VL_CEL_ERROR ? value.as.error->message : "false");
    return r;
}

static int measure(struct bench *b, struct vl_cel_value object, unsigned rounds, struct vl_err *err)
{
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = NULL;
    double sum = 0;
    int r = vl_cel_run_new(&run, err);
    for (unsigned i = 0; i < b->n && r >= 0; i++) {
        struct policy *p = &b->policies[i];
        r = evaluate(run, p, object, err);
        double start = now();
        for (unsigned k = 0; k < rounds && r >= 0; k++)
            r = evaluate(run, p, object, err);
        p->ns = (now() - start) / rounds;
        sum += p->ns;
        printf(
            "{\"policy\":\"%s\",\"ns\":%.0f,\"cost\":%llu}\n", p->name, p->ns, (unsigned long long)p->cost);
    }
    printf("{\"policies\":%u,\"microseconds\":%.2f}\n", b->n, sum / 1000);
    return r;
}

static int run_all(char **argv, unsigned rounds, struct vl_err *err)
{
    static struct bench b;
    struct vl_buf policies VL_CLEANUP(vl_buf_done), pod VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_buf_init(&policies, FILE_MAX);
    vl_buf_init(&pod, FILE_MAX);
    int r = vl_file_read(argv[1], FILE_MAX, &policies, err);
    if (r >= 0)
        r = vl_file_read(argv[2], FILE_MAX, &pod, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&pod), VL_DOC_JSON, argv[2], &doc, err);
    double start = now();
    if (r >= 0)
        r = vl_doc_parse_stream(vl_buf_span(&policies), VL_DOC_JSON, argv[1], add_policy, &b, err);
    printf("{\"compile_ms\":%.3f}\n", (now() - start) / 1e6);
    return r < 0 ? r : measure(&b, vl_cel_from_doc(vl_doc_root(doc)), rounds, err);
}

int main(int argc, char **argv)
{
    struct vl_err err = VL_ERR_INIT;
    if (argc < 3) {
        fprintf(stderr, "usage: %s POLICIES.jsonl POD.json [ROUNDS]\n", argv[0]);
        return 3;
    }
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20000;
    if (run_all(argv, rounds ? rounds : 1, &err) < 0) {
        fprintf(stderr, "error: %s\n", err.msg);
        return 1;
    }
    return 0;
}
