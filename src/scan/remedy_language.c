/* Remedies for packages of languages, by the file that names them. Commands are for the project that the file
 * belongs to; a line of a Dockerfile only where the tool is in the image. */
#include <string.h>

#include "remedy_impl.h"

struct change {
    struct vl_remedy_run *run;
    const struct vl_finding *f;
    const struct vl_package *p;
    const char *path; /* "" where unknown */
    const char *base; /* file name in it */
    const char *target;
    bool direct; /* as far as the file tells */
};

typedef void write_change(struct change *c);

static void in_file(struct change *c)
{
    if (c->p->line)
        vl_buf_printf(&c->run->text, " in %s line %u", c->path, (unsigned)c->p->line);
    else if (c->path[0])
        vl_buf_printf(&c->run->text, " in %s", c->path);
}

/* Most managers: one command with the name, and perhaps the version glued to it. */
static void command(struct change *c, const char *words, const char *glue)
{
    vl_remedy_words(c->run, words);
    if (glue)
        VL_REMEDY_ARG(c->run, c->p->name, glue, c->target);
    else
        VL_REMEDY_ARG(c->run, c->p->name);
}

static void say(struct change *c, const char *words)
{
    vl_buf_append_str(&c->run->text, words);
}

/* --- npm and its relatives --- */

static void npm_lock(struct change *c)
{
    if (c->direct) {
        command(c, c->p->flags & VL_PACKAGE_DEV ? "npm install --save-dev" : "npm install", "@");
        return;
    }
    vl_buf_printf(&c->run->text,
        ", a dependency of a dependency; where its parents hold it back: \"overrides\": {\"%s\": \"%s\"} in "
        "package.json",
        c->p->name, c->target);
    command(c, "npm update", NULL);
}

static void pinned(struct change *c, const char *before, const char *after, const char *then)
{
    vl_buf_printf(
        &c->run->text, ": write %s{\"%s\": \"%s\"}%s in package.json", before, c->p->name, c->target, after);
    vl_remedy_words(c->run, then);
}

/* yarn.lock does not tell what is direct: resolutions work for both, in every version of Yarn. */
static void yarn_lock(struct change *c)
{
    pinned(c, "\"resolutions\": ", "", "yarn install");
}

static void pnpm_lock(struct change *c)
{
    pinned(c, "\"pnpm\": {\"overrides\": ", "}", "pnpm install");
}

static void bun_lock(struct change *c)
{
    pinned(c, "\"overrides\": ", "", "bun install");
}

static void node_modules(struct change *c)
{
    const char *modules = strstr(c->path, "node_modules/");
    if (strstr(c->path, "node_modules/npm/node_modules/")) {
        say(c, ": it is a part of npm, which comes with Node.js: take a newer Node.js or npm");
        vl_remedy_no_command(c->run);
        return;
    }
    bool global = vl_span_starts_with(vl_span_str(c->path), "usr/local/lib/node_modules/") ||
                  vl_span_starts_with(vl_span_str(c->path), "usr/lib/node_modules/");
    bool nested = modules && strstr(modules + 1, "/node_modules/");
    if (global || nested) {
        say(c, nested ? ", which another package brought along" : ", which is installed for all");
        vl_remedy_no_command(c->run);
        return;
    }
    say(c, ", in the project that this was built from");
    command(c, "npm install", "@");
}

/* --- Python --- */

static void requirements(struct change *c)
{
    vl_buf_printf(&c->run->text, ": write %s==%s there", c->p->name, c->target);
    command(c, "pip install", "==");
}

static void pipfile(struct change *c)
{
    command(c, "pipenv install", "==");
}

static void poetry(struct change *c)
{
    say(c, "; a direct dependency also needs the new version in pyproject.toml");
    command(c, "poetry update", NULL);
}

static void uv(struct change *c)
{
    command(c, "uv lock --upgrade-package", "==");
}

static void pdm(struct change *c)
{
    command(c, "pdm update", NULL);
}

/* "opt/venv" of "opt/venv/lib/python3.11/site-packages/x.dist-info/METADATA". */
static struct vl_span prefix_of(const char *path)
{
    const char *lib = path ? strstr(path, "lib/python") : NULL;
    if (!lib || (lib != path && lib[-1] != '/'))
        return VL_SPAN_EMPTY;
    return (struct vl_span){path, lib == path ? 0 : (size_t)(lib - path - 1)};
}

/* The pip that serves the same place: another one would install beside it. */
static bool has_pip(const struct change *c, struct vl_span prefix)
{
    const struct vl_package *const *tools = c->run->tools.items;
    for (size_t i = 0; i < c->run->tools.len; i++) {
        if (tools[i]->ecosystem == VL_ECO_PYPI && !(tools[i]->flags & VL_PACKAGE_OS_OWNED) &&
            vl_span_eq(prefix_of(tools[i]->path), prefix))
            return true;
    }
    return false;
}

/* From Debian 12 and Ubuntu 23.04 on the distribution's pip asks for leave to install beside its own packages
 * (PEP 668). */
static bool asks_for_leave(const struct vl_distro *distro)
{
    struct vl_span rest = vl_span_str(distro->version_id);
    struct vl_span part = VL_SPAN_EMPTY;
    uint64_t major = 0;
    bool given = vl_span_split(&rest, '.', &part) && vl_span_to_u64(part, &major);
    return given && ((strcmp(distro->id, "debian") == 0 && major >= 12) ||
                        (strcmp(distro->id, "ubuntu") == 0 && major >= 23));
}

/* Debian's pip installs into usr/local/lib/pythonX.Y/dist-packages. */
static bool debian_pip(struct change *c, struct vl_span prefix)
{
    if (!vl_span_eq_str(prefix, "usr/local") || !strstr(c->path, "/dist-packages/") ||
        !vl_remedy_has(c->run, "python3-pip"))
        return false;
    vl_remedy_words(c->run, c->run->dockerfile ? "RUN " : "");
    vl_remedy_words(c->run, "pip install --no-cache-dir");
    if (asks_for_leave(&c->run->result->inventory->distro))
        vl_remedy_words(c->run, " --break-system-packages");
    VL_REMEDY_ARG(c->run, c->p->name, ">=", c->target);
    return true;
}

static void site_packages(struct change *c)
{
    struct vl_span prefix = prefix_of(c->path);
    if (c->path &&
        strstr(c->path, "lib/python3/dist-packages/")) { /* Debian's own place, which pip must leave alone */
        say(c, ", which a package of the distribution brought: upgrade that");
        vl_remedy_no_command(c->run);
        return;
    }
    if (debian_pip(c, prefix))
        return;
    if (prefix.len == 0 || !has_pip(c, prefix)) {
        say(c, ": there is no pip for it here, so change what it was built from");
        vl_remedy_no_command(c->run);
        return;
    }
    char *tool = vl_span_eq_str(prefix, "usr/local") || vl_span_eq_str(prefix, "usr")
                     ? vl_arena_strdup(c->run->arena, "pip")
                     : vl_arena_printf(c->run->arena, "/%.*s/bin/pip", VL_SPAN_FMT(prefix));
    vl_remedy_words(c->run, c->run->dockerfile ? "RUN " : "");
    VL_REMEDY_ARG(c->run, tool);
    vl_remedy_words(c->run, " install --no-cache-dir");
    VL_REMEDY_ARG(c->run, c->p->name, ">=", c->target);
}

/* --- Go --- */

static bool is_stdlib(const struct vl_package *p)
{
    return p->ecosystem == VL_ECO_GO && strcmp(p->name, "stdlib") == 0;
}

static void go_mod(struct change *c)
{
    if (is_stdlib(c->p)) {
        vl_remedy_words(c->run, "go get");
        VL_REMEDY_ARG(c->run, "toolchain@go", c->target);
        return;
    }
    vl_remedy_words(c->run, "go get");
    VL_REMEDY_ARG(c->run, c->p->name, c->target[0] == 'v' ? "@" : "@v", c->target);
    vl_remedy_words(c->run, " && go mod tidy");
}

/* --- Java --- */

static void pom(struct change *c)
{
    vl_buf_printf(&c->run->text, ": set <version>%s</version>", c->target);
    vl_remedy_words(c->run, "mvn versions:use-dep-version -DforceVersion=true -Dincludes=");
    VL_REMEDY_ARG(c->run, c->p->name);
    vl_remedy_words(c->run, " -DdepVersion=");
    VL_REMEDY_ARG(c->run, c->target);
}

static void gradle(struct change *c)
{
    vl_buf_printf(&c->run->text, ": write '%s:%s' in build.gradle", c->p->name, c->target);
    command(c, "gradle dependencies --update-locks", NULL);
}

/* --- the others --- */

static void cargo_lock(struct change *c)
{
    command(c, "cargo update -p", NULL);
    vl_remedy_words(c->run, " --precise");
    VL_REMEDY_ARG(c->run, c->target);
}

static void gem_lock(struct change *c)
{
    command(c, "bundle update", NULL);
    vl_remedy_words(c->run, " --conservative");
}

static void gem_installed(struct change *c)
{
    if (strstr(c->path, "specifications/default/")) {
        say(c, ": it comes with Ruby itself, so take a newer Ruby");
        vl_remedy_no_command(c->run);
        return;
    }
    say(c, ", in the Gemfile that this was built from");
    gem_lock(c);
}

static void composer(struct change *c)
{
    command(c, "composer update", NULL);
    vl_remedy_words(c->run, " --with");
    VL_REMEDY_ARG(c->run, c->p->name, ":", c->target);
}

static void dotnet_add(struct change *c)
{
    command(c, "dotnet add package", NULL);
    vl_remedy_words(c->run, " --version");
    VL_REMEDY_ARG(c->run, c->target);
}

static void nuget_deps(struct change *c)
{
    if (strstr(c->path, "dotnet/shared/") || strstr(c->path, "dotnet/sdk/")) {
        say(c, ": it is a part of .NET itself, so take a newer .NET runtime or base image");
        vl_remedy_no_command(c->run);
        return;
    }
    say(c, ", in the project that this was built from");
    dotnet_add(c);
}

static void nuget_config(struct change *c)
{
    vl_remedy_words(c->run, "nuget update packages.config -Id");
    VL_REMEDY_ARG(c->run, c->p->name);
    vl_remedy_words(c->run, " -Version");
    VL_REMEDY_ARG(c->run, c->target);
}

static void paket(struct change *c)
{
    command(c, "paket update", NULL);
    vl_remedy_words(c->run, " --version");
    VL_REMEDY_ARG(c->run, c->target);
}

static void pub(struct change *c)
{
    command(c, "dart pub upgrade", NULL);
}

static void mix(struct change *c)
{
    command(c, "mix deps.update", NULL);
}

static void swift(struct change *c)
{
    const char *slash = strrchr(c->p->name, '/');
    vl_remedy_words(c->run, "swift package resolve");
    VL_REMEDY_ARG(c->run, slash ? slash + 1 : c->p->name);
    vl_remedy_words(c->run, " --version");
    VL_REMEDY_ARG(c->run, c->target);
}

static void pod(struct change *c)
{
    command(c, "pod update", NULL);
}

static void words_only(struct change *c)
{
    vl_remedy_no_command(c->run);
}

/* --- which file is which --- */

static const struct file {
    enum vl_ecosystem eco;
    const char *name;  /* of the file, or how it ends */
    write_change *how; /* NULL: words only */
} files[] = {
    {VL_ECO_NPM, "package-lock.json", npm_lock},
    {VL_ECO_NPM, "npm-shrinkwrap.json", npm_lock},
    {VL_ECO_NPM, "yarn.lock", yarn_lock},
    {VL_ECO_NPM, "pnpm-lock.yaml", pnpm_lock},
    {VL_ECO_NPM, "bun.lock", bun_lock},
    {VL_ECO_NPM, "package.json", node_modules},
    {VL_ECO_PYPI, "Pipfile.lock", pipfile},
    {VL_ECO_PYPI, "poetry.lock", poetry},
    {VL_ECO_PYPI, "uv.lock", uv},
    {VL_ECO_PYPI, "pdm.lock", pdm},
    {VL_ECO_PYPI, ".txt", requirements},
    {VL_ECO_PYPI, ".in", requirements},
    {VL_ECO_PYPI, "METADATA", site_packages},
    {VL_ECO_PYPI, "PKG-INFO", site_packages},
    {VL_ECO_PYPI, ".egg-info", site_packages},
    {VL_ECO_GO, "go.mod", go_mod},
    {VL_ECO_GO, "modules.txt", go_mod},
    {VL_ECO_GO, "go.sum", go_mod},
    {VL_ECO_MAVEN, "pom.xml", pom},
    {VL_ECO_MAVEN, ".lockfile", gradle},
    {VL_ECO_CARGO, "Cargo.lock", cargo_lock},
    {VL_ECO_GEM, "Gemfile.lock", gem_lock},
    {VL_ECO_GEM, "gems.locked", gem_lock},
    {VL_ECO_GEM, ".gemspec", gem_installed},
    {VL_ECO_COMPOSER, "composer.lock", composer},
    {VL_ECO_COMPOSER, "installed.json", composer},
    {VL_ECO_NUGET, ".lock.json", dotnet_add},
    {VL_ECO_NUGET, ".csproj", dotnet_add},
    {VL_ECO_NUGET, ".deps.json", nuget_deps},
    {VL_ECO_NUGET, "packages.config", nuget_config},
    {VL_ECO_NUGET, "paket.lock", paket},
    {VL_ECO_PUB, "pubspec.lock", pub},
    {VL_ECO_HEX, "mix.lock", mix},
    {VL_ECO_SWIFT, "Package.resolved", swift},
    {VL_ECO_COCOAPODS, "Podfile.lock", pod},
};

static write_change *change_for(const struct vl_package *p, const char *base)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        if (files[i].eco == p->ecosystem &&
            (files[i].name[0] == '.' ? vl_span_ends_with(vl_span_str(base), files[i].name)
                                     : strcmp(base, files[i].name) == 0))
            return files[i].how;
    }
    return NULL;
}

/* --- compiled in, packed in --- */

static bool is_archive(const char *base)
{
    static const char *const ends[] = {".jar", ".war", ".ear", ".par", ".hpi", ".jpi", ".nar", ".aar"};
    for (size_t i = 0; i < VL_ARRAY_LEN(ends); i++) {
        if (vl_span_ends_with(vl_span_str(base), ends[i]))
            return true;
    }
    return false;
}

static enum vl_remedy_kind replace_jar(struct change *c)
{
    const char *inner = strchr(c->path, '!');
    vl_remedy_no_command(c->run);
    if (inner)
        vl_buf_printf(&c->run->text, "Replace %.*s by one that holds %s %s or later", (int)(inner - c->path),
            c->path, c->p->name, c->target);
    else if (c->p->flags & VL_PACKAGE_BUNDLED)
        vl_buf_printf(
            &c->run->text, "Replace %s by a build with %s %s or later", c->path, c->p->name, c->target);
    else
        vl_buf_printf(
            &c->run->text, "Replace %s by version %s or later of %s", c->path, c->target, c->p->name);
    return VL_REMEDY_REPLACE_FILE;
}

static enum vl_remedy_kind rebuild_binary(struct change *c)
{
    vl_remedy_no_command(c->run);
    if (c->p->flags & VL_PACKAGE_MAIN)
        vl_buf_printf(
            &c->run->text, "Replace %s by version %s or later of %s", c->path, c->target, c->p->name);
    else if (is_stdlib(c->p))
        vl_buf_printf(&c->run->text, "Build %s with Go %s or later, or replace it by a release that is",
            c->path, c->target);
    else
        vl_buf_printf(&c->run->text, "Build %s with %s %s%s or later, or replace it by a release that is",
            c->path, c->p->name, c->p->ecosystem == VL_ECO_GO && c->target[0] != 'v' ? "v" : "", c->target);
    return VL_REMEDY_REPLACE_FILE;
}

enum vl_remedy_kind vl_remedy_language(struct vl_remedy_run *run, const struct vl_finding *f)
{
    const struct vl_package *p = f->package;
    const char *path = p->path ? p->path : "";
    const char *slash = strrchr(path, '/');
    struct change c = {.run = run,
        .f = f,
        .p = p,
        .path = path,
        .base = slash ? slash + 1 : path,
        .target = vl_remedy_target(run, f),
        .direct = !(p->flags & VL_PACKAGE_INDIRECT)};
    const char *inner = strrchr(c.base, '!');
    write_change *how = change_for(p, inner ? inner + 1 : c.base);
    if (p->ecosystem == VL_ECO_MAVEN && path[0] && (is_archive(c.base) || strchr(path, '!')))
        return replace_jar(&c);
    bool compiled = p->ecosystem == VL_ECO_GO || p->ecosystem == VL_ECO_CARGO;
    if (!how && path[0] && compiled && !vl_remedy_in_document(run, p))
        return rebuild_binary(&c);
    if (is_stdlib(p))
        vl_buf_printf(&run->text, "Build with Go %s or later", c.target);
    else
        vl_remedy_say_upgrade(run, f, p->name);
    in_file(&c);
    (how ? how : words_only)(&c);
    return how == site_packages && !run->command.failed ? VL_REMEDY_DOCKERFILE : VL_REMEDY_MANIFEST;
}
