/* tests: release.c os_release.c old_release.c. The files are those of the distributions' own images. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/test_os_support.h"

static const struct {
    const char *path, *content, *id, *version, *codename;
} rows[] = {
    {"etc/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n"
        "VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
        "debian", "12", "bookworm"},
    {"usr/lib/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 8 (jessie)\"\nVERSION_ID=\"8\"\nVERSION=\"8 (jessie)\"\nID=debian\n",
        "debian", "8", "jessie"},
    {"etc/os-release",
        "NAME=\"Ubuntu\"\nVERSION=\"14.04.6 LTS, Trusty "
        "Tahr\"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"14.04\"\n",
        "ubuntu", "14.04", "trusty"},
    {"etc/os-release", "NAME='Alpine Linux'\r\nID=alpine\r\nVERSION_ID=3.18.4\r\n", "alpine", "3.18.4", ""},
    {"etc/os-release", "# comment\nNAME=\"Red Hat \\\"EL\\\"\"\nID=\"rhel\"\nVERSION_ID=\"9.3\"\n", "rhel",
        "9.3", ""},
    {"etc/os-release", "NAME=Own\n", "linux", "", ""},
    {"etc/alpine-release", "3.10.2\n", "alpine", "3.10.2", ""},
    {"etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n", "centos", "7.9.2009", "Core"},
    {"etc/centos-release", "CentOS release 6.10 (Final)\n", "centos", "6.10", "Final"},
    {"etc/redhat-release", "Red Hat Enterprise Linux Server release 7.9 (Maipo)\n", "rhel", "7.9", "Maipo"},
    {"etc/redhat-release", "EuroLinux release 8.4 (Vaduz) \n", "eurolinux", "8.4", "Vaduz"},
    {"etc/redhat-release", "MIRACLE LINUX release 8.4 (Peony)\n", "miraclelinux", "8.4", "Peony"},
    {"etc/redhat-release", "Virtuozzo Linux release 8\n", "virtuozzo", "8", ""},
    {"etc/redhat-release", "Red Hat Enterprise Linux CoreOS release 4.12", "rhcos", "4.12", ""},
    {"etc/sl-release", "Scientific Linux release 6.10 (Carbon)\n", "scientific", "6.10", "Carbon"},
    {"etc/oracle-release", "Oracle Linux Server release 8.9\n", "ol", "8.9", ""},
    {"etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn", "2018.03", ""},
    {"etc/photon-release", "VMware Photon OS 4.0\nPHOTON_BUILD_NUMBER=1526e30ba\n", "photon", "4.0", ""},
    {"etc/mariner-release", "CBL-Mariner 2.0.20230630\nMARINER_BUILD_NUMBER=x\n", "mariner", "2.0.20230630",
        ""},
    {"etc/lsb-release",
        "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=20.04\nDISTRIB_CODENAME=focal\nDISTRIB_DESCRIPTION=\"Ubuntu "
        "20.04.6 LTS\"\n",
        "ubuntu", "20.04", "focal"},
    {"etc/lsb-release", "DISTRIB_ID=LinuxMint\nDISTRIB_RELEASE=18\nDISTRIB_CODENAME=sarah\n", "linuxmint",
        "18", "sarah"},
    {"etc/lsb-release", "DISTRIB_ID=ManjaroLinux\nDISTRIB_RELEASE=17.1.10\nDISTRIB_CODENAME=Hakoila\n",
        "manjaro", "17.1.10", "Hakoila"},
    {"etc/lsb-release", "DISTRIB_ID=neon\nDISTRIB_RELEASE=18.04\nDISTRIB_CODENAME=bionic\n", "neon", "18.04",
        "bionic"},
    {"etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n", "sles",
        "11.4", ""},
    {"etc/debian_version", "7.11\n", "debian", "7", ""},
    {"etc/debian_version", "trixie/sid\n", "debian", "", "trixie"},
    {"etc/arch-release", "", "arch", "", ""},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct os_test t;
        os_test_init(&t);
        bool modern = strstr(rows[i].path, "/os-release") != NULL;
        assert_int_equal(
            os_test_parse_str(&t, modern ? "os-release" : "os/release-files", rows[i].path, rows[i].content),
            0);
        assert_true(t.sink.has_distro);
        assert_string_equal(t.sink.distro.id, rows[i].id);
        assert_string_equal(t.sink.distro.version_id, rows[i].version);
        assert_string_equal(t.sink.distro.codename, rows[i].codename);
        assert_non_null(t.sink.distro.cpe_name);
        os_test_done(&t);
    }
}

static void offer(struct os_test *t, const char *path, const char *content)
{
    bool modern = strstr(path, "/os-release") != NULL;
    assert_int_equal(os_test_parse_str(t, modern ? "os-release" : "os/release-files", path, content), 0);
}

static void test_ranks(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    /* an Oracle image carries redhat-release too; a Debian derivative carries debian_version */
    offer(&t, "etc/oracle-release", "Oracle Linux Server release 7.9\n");
    offer(&t, "etc/redhat-release", "Red Hat Enterprise Linux Server release 7.9 (Maipo)\n");
    assert_string_equal(t.sink.distro.id, "ol");
    offer(&t, "usr/lib/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n");
    offer(&t, "etc/debian_version", "13.1\n");
    assert_string_equal(t.sink.distro.id, "debian");
    assert_string_equal(t.sink.distro.version_id, "13"); /* a gap that a lower source of the same id fills */
    assert_string_equal(t.sink.distro.pretty_name, "Debian GNU/Linux forky/sid");
    offer(&t, "etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\n");
    assert_string_equal(t.sink.distro.id, "ubuntu");
    offer(&t, "usr/lib/os-release", "ID=debian\nVERSION_ID=12\nVARIANT_ID=x\n");
    assert_string_equal(t.sink.distro.version_id, "24.04");
    assert_string_equal(t.sink.distro.variant_id, "");
    os_test_done(&t);
}

static void test_support_end(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    offer(&t, "usr/lib/os-release", "ID=fedora\nVERSION_ID=44\nSUPPORT_END=2027-05-19\n");
    offer(&t, "etc/os-release", "ID=fedora\nVERSION_ID=44\nSUPPORT_END=soon\n");
    assert_int_equal(t.sink.distro.support_ends_ms, 1810684800000); /* date -ud 2027-05-19 +%s */
    os_test_done(&t);
}

static void test_unknown(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    offer(&t, "etc/system-release", "Some other release 4\n");
    assert_false(t.sink.has_distro);
    assert_true(os_test_parse_str(&t, "os-release", "etc/os-release",
                    "\x7f"
                    "ELF") < 0);
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_support_end),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
