#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "test_foreign_support.h"

/* Files beside the case's: the folder of `real_path` stands for that of the mapped path. */
struct beside {
    const char *real_path;
    const char *path;
};

static int read_beside(void *user, const char *path, size_t max, struct vl_arena *arena,
    struct vl_span *ret_content, struct vl_err *err)
{
    const struct beside *b = user;
    char real[4096];
    const char *real_slash = strrchr(b->real_path, '/'), *slash = strrchr(b->path, '/');
    size_t folder = slash ? (size_t)(slash + 1 - b->path) : 0;
    if (strncmp(path, b->path, folder) != 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s is not beside %s", path, b->path);
    snprintf(real, sizeof(real), "%.*s/%s", (int)(real_slash - b->real_path), b->real_path, path + folder);
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, max);
    int r = vl_file_read(real, max, &buf, err);
    if (r < 0)
        return r;
    char *copy = vl_arena_dup_span(arena, vl_buf_span(&buf));
    if (!copy)
        return vl_arena_check(arena, path, err);
    *ret_content = (struct vl_span){copy, buf.len};
    return 0;
}

static int run_with_others(const struct vl_package_parser *parser, const struct vl_package_file *file,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    struct beside beside = {.real_path = real_path, .path = file->path};
    struct vl_package_others others = {.read = read_beside, .user = &beside};
    struct vl_package_file with = *file;
    with.others = &others;
    return parser->parse(&with, sink, err);
}

#define JS "language/javascript/"
#define PY "language/python/"

/* Not installed metadata, by its name: nobody may want it. */
static int run_unwanted(const struct vl_package_parser *parser, const struct vl_package_file *file,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    (void)parser, (void)file, (void)sink;
    struct vl_package_file ask = {.path = strstr(real_path, "testdata/")};
    return ask.path && !vl_package_parser_for(&ask, ~0U)
               ? 0
               : vl_err_set(err, VL_ERR_INVALID, "%s is wanted by some parser", real_path);
}

static const struct foreign_kind kinds[] = {
    {JS "packagejson", "undici", "npm/package-json", "app/node_modules/undici/package.json", 0, NULL},
    {JS "packagejson", NULL, "npm/package-json", "app/package.json", 0, NULL},
    {JS "packagelockjson", NULL, "npm/package-lock", "app/package-lock.json", 0, NULL},
    {JS "yarnlock", NULL, "npm/yarn-lock", "app/yarn.lock", 0, NULL},
    {JS "pnpmlock", NULL, "npm/pnpm-lock", "app/pnpm-lock.yaml", 0, NULL},
    {JS "bunlock", NULL, "npm/bun-lock", "app/bun.lock", 0, NULL},
    {JS "vsix", NULL, "vscode/vsix", "ext/%s", 0, NULL},
    {JS "denojson", NULL, "deno/json", "app/deno.json", 0, NULL},
    {JS "denotssource", NULL, "deno/source", "app/main.ts", 0, NULL},
    {PY "requirements", NULL, "pypi/requirements", "requirements.txt", 0, run_with_others},
    {PY "condameta", NULL, "conda/meta", "conda-meta/%s.json", 0, NULL},
    {PY "pdmlock", NULL, "pypi/pdm-lock", "app/pdm.lock", 0, NULL},
    {PY "pipfilelock", NULL, "pypi/pipfile-lock", "app/Pipfile.lock", 0, NULL},
    {PY "poetrylock", NULL, "pypi/poetry-lock", "app/poetry.lock", 0, NULL},
    {PY "pylock", NULL, "pypi/pylock", "app/pylock.toml", 0, NULL},
    {PY "pyprojecttoml", NULL, "pypi/pyproject", "app/pyproject.toml", 0, NULL},
    {PY "setup", NULL, "pypi/setup", "app/setup.py", 0, NULL},
    {PY "uvlock", NULL, "pypi/uv-lock", "app/uv.lock", 0, NULL},
    {PY "wheelegg", ".egg", "pypi/egg", "lib/%s", 0, NULL},
    {PY "wheelegg", ".whl", "pypi/wheel", "dist/%s", 0, NULL},
    {PY "wheelegg", NULL, "pypi/metadata", "lib/x.dist-info/METADATA", 0, NULL},
    {"language/ruby/gemfilelock", NULL, "gem/gemfile-lock", "app/Gemfile.lock", 0, NULL},
    {"language/ruby/gemspec", "rss-0.2.9", "gem/specification", "specifications/%s", 0, NULL},
    {"language/ruby/gemspec", "yaml-0.2.1", "gem/specification", "specifications/%s", 0, NULL},
    {"language/ruby/gemspec", NULL, "gem/gemspec", "app/%s", 0, run_with_others},
    {"language/php/composerlock", NULL, "composer/lock", "app/composer.lock", 0, NULL},
    {"language/rust/cargolock", NULL, "cargo/lock", "app/Cargo.lock", 0, NULL},
    {"language/rust/cargotoml", NULL, "cargo/toml", "app/Cargo.toml", 0, NULL},
    {"language/haskell/cabal", NULL, "hackage/cabal-freeze", "app/cabal.project.freeze", 0, NULL},
    {"language/haskell/stacklock", NULL, "hackage/stack-lock", "app/stack.yaml.lock", 0, NULL},
    {"language/julia/manifesttoml", NULL, "julia/manifest", "app/Manifest.toml", 0, NULL},
    {"language/ocaml/opam", NULL, "opam/install", "home/u/.opam/4.14/.opam-switch/install", 0, NULL},
    {"language/perl/cpan", ".yml", "cpan/meta", "root/.cpan/build/X-1/META.json", 0, run_unwanted},
    {"language/perl/cpan", NULL, "cpan/meta", "root/.cpan/build/X-1/META.json", 0, NULL},
    {"misc/githubactions", NULL, "github/actions", ".github/workflows/%s", 0, NULL},
    {"runtime/mise", NULL, "tools/mise", "app/mise.toml", 0, NULL},
    {"runtime/nodejs/nvm", NULL, "tools/versions", "app/.nvmrc", 0, NULL},
    {"runtime/nodejs/nodeversion", NULL, "tools/versions", "app/.node-version", 0, NULL},
};

int main(void)
{
    return foreign_run(kinds, VL_ARRAY_LEN(kinds));
}
