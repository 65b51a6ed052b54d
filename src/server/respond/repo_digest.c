#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/vec.h"
#include "posture/repo_assessment.h"
#include "posture/repo_score.h"
#include "respond/digest.h"
#include "watch/repo_watch.h"

#define DAY_MS    (24LL * 3600 * 1000)
#define FACTS_MAX (VL_DIGEST_NAMED + 8)
#define PER_CENT  100.0

static const struct vl_store_sql sql_ending = {"SELECT count(*) FROM exemption WHERE environment_id = $1 AND "
                                               "state = 2 AND expires > $2 AND expires <= $3",
    NULL};
static const struct vl_store_sql sql_asked = {
    "SELECT count(*) FROM exemption WHERE environment_id = $1 AND state = 1", NULL};
static const struct vl_store_sql sql_dead = {
    "SELECT count(*) FROM outbox WHERE environment_id = $1 AND state = 3 AND created > $2", NULL};
static const struct vl_store_sql sql_held = {
    "SELECT count(*) FROM outbox WHERE environment_id = $1 AND state = 4", NULL};
static const struct vl_store_sql sql_alerts = {
    "SELECT count(*) FROM alert WHERE environment_id = $1 AND status IN (1, 2)", NULL};

struct making {
    struct vl_store_conn *conn;
    int64_t environment, since, now;
    struct vl_arena *arena;
    struct vl_notify_fact *facts;
    size_t n_facts;
    bool worth; /* there is something to say */
    uint64_t open;
};

static void fact(struct making *m, const char *name, const char *value)
{
    if (m->n_facts < FACTS_MAX)
        m->facts[m->n_facts++] = (struct vl_notify_fact){name, value};
}

/* A count that is said where it is not 0. `params`: how many of since, now, then the statement takes. */
static int counted(struct making *m, const struct vl_store_sql *sql, const int64_t *params, size_t n,
    const char *name, const char *what, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(m->conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, m->environment);
    for (size_t i = 0; i < n; i++)
        vl_stmt_int(stmt, (int)i + 2, params[i]);
    r = vl_stmt_step(stmt, err);
    int64_t count = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    if (r >= 0 && count > 0) {
        fact(m, name, vl_arena_printf(m->arena, "%lld %s", (long long)count, what));
        m->worth = true;
    }
    return r < 0 ? r : 0;
}

/* --- recommendations --- */

struct open_one {
    const struct vl_posture_assessment *what;
    uint64_t unhealthy;
    int64_t findings;
};

/* Severe ones first, then those that concern more. */
static bool before(const struct open_one *a, const struct open_one *b)
{
    if (a->what->severity != b->what->severity)
        return a->what->severity > b->what->severity;
    return a->unhealthy > b->unhealthy;
}

static void keep(struct open_one *list, size_t *n, const struct open_one *one)
{
    size_t at = *n;
    if (at == VL_DIGEST_NAMED && !before(one, &list[at - 1]))
        return;
    at = at == VL_DIGEST_NAMED ? at - 1 : at;
    while (at > 0 && before(one, &list[at - 1])) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = *one;
    *n = *n < VL_DIGEST_NAMED ? *n + 1 : *n;
}

static int recommendations(struct making *m, struct vl_err *err)
{
    struct open_one list[VL_DIGEST_NAMED];
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < vl_posture_n_assessments && r >= 0; i++) {
        const struct vl_posture_assessment *what = &vl_posture_assessments[i];
        struct vl_assessment_sums sums = {0};
        if (what->detector == VL_DETECTOR_NONE)
            continue;
        r = vl_repo_assessment_sums(m->conn, m->environment, what, &sums, err);
        if (r < 0 || sums.counts.unhealthy == 0)
            continue;
        m->open++;
        const struct open_one one = {what, sums.counts.unhealthy, sums.findings};
        keep(list, &n, &one);
    }
    for (size_t i = 0; i < n && r >= 0; i++)
        fact(m, list[i].what->name,
            vl_arena_printf(m->arena, "%s; %llu to be looked at%s", vl_severity_name(list[i].what->severity),
                (unsigned long long)list[i].unhealthy,
                list[i].findings > 0
                    ? vl_arena_printf(m->arena, ", %lld open findings", (long long)list[i].findings)
                    : ""));
    m->worth |= m->open > 0;
    return r;
}

/* --- score --- */

static int score(struct making *m, const char **ret_title, struct vl_err *err)
{
    struct vl_score_state state;
    struct vl_score_day *days = NULL;
    size_t n = 0;
    char text[VL_SCORE_TEXT_MAX];
    int r = vl_repo_score_get(m->conn, m->environment, &state, err);
    if (r >= 0)
        r = vl_repo_score_history(m->conn, m->environment, "", m->since / DAY_MS, m->arena, &days, &n, err);
    if (r < 0)
        return r;
    if (state.score.maximum <= 0) { /* no percentage where nothing is assessed */
        *ret_title = "the score is not assessed";
        fact(m, "Secure score", "not assessed: no image has a verdict yet");
        return 0;
    }
    const char *was =
        n > 0 && days[0].maximum > 0 && days[0].day < m->now / DAY_MS
            ? vl_arena_printf(m->arena, ", a week ago %.0f %%", PER_CENT * days[0].current / days[0].maximum)
            : "";
    double now = PER_CENT * state.score.current / state.score.maximum;
    fact(m, "Secure score",
        vl_arena_printf(m->arena, "%.0f %%%s (%s)", now, was, vl_score_text(&state, text)));
    *ret_title = vl_arena_printf(m->arena, "secure score %.0f %%", now);
    return 0;
}

/* --- what came --- */

static int news(struct making *m, const char **ret_text, struct vl_err *err)
{
    struct vl_news n = {0};
    struct vl_sight sight = {0};
    int r = vl_repo_news(m->conn, m->environment, m->since, &n, err);
    if (r >= 0)
        r = vl_repo_sight(m->conn, m->environment, m->since, m->arena, &sight, err);
    if (r < 0)
        return r;
    m->worth |= n.findings > 0 || n.alerts > 0;
    *ret_text = vl_arena_printf(m->arena,
        "In the last week %lld findings came, %lld of them critical; %lld images were new, and %lld alerts.",
        (long long)n.findings, (long long)n.critical, (long long)sight.fresh, (long long)n.alerts);
    int64_t errors = sight.by_state[VL_IMAGE_ERROR];
    if (errors > 0 || sight.failing > 0) {
        m->worth = true;
        fact(m, "Not seen",
            vl_arena_printf(m->arena, "%lld images whose scan failed, %lld registries that do not answer",
                (long long)errors, (long long)sight.failing));
    }
    return 0;
}

int vl_digest_make(struct vl_store_conn *conn, int64_t environment, int64_t since, int64_t now,
    struct vl_arena *arena, struct vl_notify_event *ret, struct vl_err *err)
{
    struct making m = {.conn = conn,
        .environment = environment,
        .since = since,
        .now = now,
        .arena = arena,
        .facts = vl_arena_array(arena, FACTS_MAX, sizeof(*m.facts))};
    const char *title = NULL, *text = NULL;
    const int64_t ends[] = {now, now + VL_DIGEST_ENDS_DAYS * DAY_MS};
    if (!m.facts)
        return vl_arena_check(arena, "a digest", err);
    int r = score(&m, &title, err);
    if (r >= 0)
        r = recommendations(&m, err);
    if (r >= 0)
        r = news(&m, &text, err);
    if (r >= 0)
        r = counted(&m, &sql_alerts, NULL, 0, "Open alerts", "active or in progress", err);
    if (r >= 0)
        r = counted(&m, &sql_ending, ends, 2, "Exemptions that end", "within two weeks", err);
    if (r >= 0)
        r = counted(&m, &sql_asked, NULL, 0, "Exemptions asked for", "wait for approval", err);
    if (r >= 0)
        r = counted(&m, &sql_dead, &since, 1, "Messages not delivered", "given up in the last week", err);
    if (r >= 0)
        r = counted(&m, &sql_held, NULL, 0, "Mails held back", "by the limit of mails a day", err);
    if (r < 0 || !m.worth)
        return r < 0 ? r : 0;
    *ret = (struct vl_notify_event){.topic = VL_NOTIFY_DIGEST,
        .severity = VL_SEVERITY_NEGLIGIBLE,
        .title = vl_arena_printf(
            arena, "Review recommendations: %llu open, %s", (unsigned long long)m.open, title),
        .text = text,
        .object = "/recommendations",
        .facts = m.facts,
        .n_facts = m.n_facts,
        .at = now};
    r = vl_arena_check(arena, "a digest", err);
    return r < 0 ? r : 1;
}
