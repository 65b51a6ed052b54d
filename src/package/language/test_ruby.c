/* Gemfile.lock as Bundler writes it, gemspecs as RubyGems installs them and as its guide shows them. */

/* tests: ruby_gemfile_lock.c ruby_gemspec.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "test_listing.h"

static void test_gemfile_lock(void **state)
{
    (void)state;
    assert_listing("gem/gemfile-lock", "app/Gemfile.lock",
        "GIT\n  remote: https://example.org/x.git\n  revision: 0123\n  specs:\n    x (1.0)\n      rack (>= "
        "1)\n\n"
        "PATH\n  remote: .\n  specs:\n    mine (0.1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n"
        "    nokogiri (1.13.3-x86_64-linux)\n      racc (~> 1.4)\n    nokogiri (1.13.3)\n    racc "
        "(1.6.0.pre.1)\n\n"
        "PLATFORMS\n  ruby\n\nDEPENDENCIES\n  x!\n\nCHECKSUMS\n  racc (1.6.0) sha256=00\n\nBUNDLED WITH\n   "
        "2.2.28\n",
        "gem x 1.0\ngem mine 0.1.0 M\ngem nokogiri 1.13.3\ngem racc 1.6.0.pre.1");
    assert_listing("gem/gemfile-lock", "gems.locked", "", "");
    assert_listing("gem/gemfile-lock", "Gemfile.lock", "GEM\n<<<<<<< HEAD\n", "error");
    assert_listing("gem/gemfile-lock", "Gemfile.lock", "    a (1)\nGEM\n", "error");
}

static void test_installed(void **state)
{
    (void)state;
    struct listing l;
    listing_read(&l, "gem/specification", "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
        0,
        VL_SPAN_LIT(
            "# -*- encoding: utf-8 -*-\n# stub: json 2.6.1 ruby lib\n\nGem::Specification.new do |s|\n"
            "  s.name = \"json\".freeze\n  s.version = \"2.6.1\"\n\n  s.required_ruby_version = \">= 2\"\n"
            "  s.licenses = [\"Ruby\".freeze, %q<BSD-2-Clause>]\nend\n"));
    assert_int_equal(l.status, 0);
    assert_string_equal(listing_text(&l), "gem json 2.6.1");
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 0);
    assert_int_equal(p->n_licenses, 2);
    assert_string_equal(p->licenses[1], "BSD-2-Clause");
    listing_done(&l);
    const char *path = "specifications/a-1.gemspec";
    assert_listing("gem/specification", path, "", "");
    assert_listing("gem/specification", path, "Gem::Specification.new do |s|\n s.name = 'a'\nend\n", "error");
    assert_listing(
        "gem/specification", path, "Gem::Specification.new do |s|\n s.version = '1'\nend\n", "error");
}

static const char *version_rb;

static int read_other(void *user, const char *path, size_t max, struct vl_arena *arena,
    struct vl_span *ret_content, struct vl_err *err)
{
    (void)user, (void)max, (void)arena;
    if (!version_rb || strcmp(path, "app/lib/foo/version.rb") != 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no such file", path);
    *ret_content = vl_span_str(version_rb);
    return 0;
}

static void check_source(const char *require, const char *version, const char *file, const char *expected)
{
    struct listing l;
    char text[1024];
    struct vl_package_others others = {.read = read_other};
    listing_read(&l, "gem/gemspec", "app/foo.gemspec", 0, VL_SPAN_LIT(""));
    snprintf(text, sizeof(text),
        "%s\nspec = Gem::Specification.new do |spec|\n  spec.name = 'foo'\n  spec.version = %s\nend\n",
        require, version);
    struct vl_package_file with = {
        .path = "app/foo.gemspec", .content = vl_span_str(text), .others = &others};
    version_rb = file;
    int r = vl_package_parser_by_name("gem/gemspec")->parse(&with, &l.sink, &l.err);
    assert_int_equal(r < 0, expected == NULL);
    if (expected)
        assert_string_equal(listing_text(&l), expected);
    listing_done(&l);
}

static void test_source(void **state)
{
    (void)state;
    const char *file = "module Foo\n  # VERSION = '0'\n  VERSION = \"1.2.3\".freeze\nend\n";
    const char *found = "gem foo 1.2.3 M";
    check_source("", "\"4.5\"", NULL, "gem foo 4.5 M");
    check_source("require_relative 'lib/foo/version'", "Foo::VERSION", file, found);
    check_source("require_relative \"lib/foo/version.rb\"", "Foo::VERSION.dup", file, found);
    check_source("require 'foo/version'", "Foo::VERSION", file, found);
    check_source("require_relative File.join(\n  'lib',\n  'foo', 'version')", "Foo::VERSION", file, found);
    check_source("require File.expand_path('../lib/foo/version', __FILE__)", "Foo::VERSION", file, found);
    check_source("require_relative 'lib/foo/version'", "Foo::OTHER", file, NULL);
    check_source("require_relative 'lib/foo/version'", "Foo::VERSION", NULL, NULL);
    check_source("require_relative 'lib/foo/version'", "Foo.version", file, NULL);
    check_source("require_relative '../../../etc/passwd'", "Foo::VERSION", file, NULL);
    assert_listing("gem/gemspec", "foo.gemspec",
        "VERSION = '1.0'\nGem::Specification.new do |s|\n  s.name = 'foo'\n  s.version = VERSION\nend\n",
        "gem foo 1.0 M");
    /* One file of a layer alone: the name is known, the version is not. */
    assert_listing("gem/gemspec", "foo.gemspec",
        "Gem::Specification.new do |s|\n  s.name = 'foo'\n  s.version = Foo::VERSION\nend\n", "gem foo - M");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemfile_lock),
        cmocka_unit_test(test_installed),
        cmocka_unit_test(test_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
