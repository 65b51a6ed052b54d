"""What readers of ours give beside what other programs read in the same files: for test_other_readers_debian.

other_readers.py FETCHED WORK: FETCHED is what scripts/setup.sh fetched of Debian's archive, WORK an empty folder. Prints
each difference in one line, and "foreign: reader/NAME passed/total" for every reader. The files are of other projects, or
written by the real program; what is right is asked of another program, never worked out here.
"""
import ast
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap

VALLUM = os.environ["VALLUM"]
FETCHED, WORK = (os.path.abspath(p) for p in sys.argv[1:3])
GO_SUMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_readers_go")


class Missing(Exception):
    """What a reader's cases need is not here."""


class Reader:
    def __init__(self, name):
        self.name, self.passed, self.total = name, 0, 0

    def case(self, label, theirs, ours):
        """One case: two sets (or two mappings) that should be the same."""
        if isinstance(theirs, dict):
            theirs, ours = set(theirs.items()), set(ours.items())
        self.total += 1
        self.passed += theirs == ours
        for what, rows in (("only the other program says", theirs - ours), ("only we say", ours - theirs)):
            for row in sorted(rows, key=str):
                print(f"differs: reader/{self.name}: {label}: {what} {row}")


def run(*argv, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True, **more).stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb" if isinstance(text, bytes) else "w") as f:
        f.write(text)
    return path


def packages(target):
    return json.loads(run(VALLUM, "packages", "--no-cache", target))


def root_packages(root):
    """Of a root file system that may have no os-release, by which `packages` would know it. 5: no advisories."""
    r = subprocess.run([VALLUM, "scan", "rootfs", "--packages-only", "-o", "json", root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if r.returncode not in (0, 5):
        raise subprocess.CalledProcessError(r.returncode, r.args, r.stdout, r.stderr)
    return json.loads(r.stdout)


def deb(name):
    """A Debian package unpacked; its file name tells the version."""
    found = glob.glob(os.path.join(FETCHED, f"{name}_*.deb"))
    if not found:
        raise Missing(f"the Debian package {name} was not fetched")
    folder = os.path.join(WORK, "deb", name)
    if not os.path.isdir(folder):
        os.makedirs(folder)
        run("dpkg-deb", "-x", found[0], folder)
    return folder


def source(name):
    """The upstream archive of a Debian source package, unpacked."""
    found = glob.glob(os.path.join(FETCHED, f"{name}_*.orig.tar.*"))
    if not found:
        raise Missing(f"the source of {name} was not fetched")
    folder = os.path.join(WORK, "source", name)
    if not os.path.isdir(folder):
        os.makedirs(folder)
        run("tar", "-x", "-f", found[0], "-C", folder, "--strip-components=1")
    return folder


def upstream(name):
    """Upstream's part of the version of a fetched package. "3.1.7+really3.1.2" is 3.1.2 (Debian's wiki, "Epoch")."""
    version = run("dpkg-deb", "-f", glob.glob(os.path.join(FETCHED, f"{name}_*.deb"))[0], "Version").strip()
    version = version.split(":", 1)[-1].rsplit("-", 1)[0]
    return re.split(r"[+~](?:dfsg|ds|repack)", version.split("+really")[-1])[0]


# --- composer ---


def composer_installed(r):
    for folder, program in ((deb("icinga-php-library") + "/usr/share/icinga-php/ipl", "the library"),
                            (deb("icinga-php-thirdparty") + "/usr/share/icinga-php/vendor", "the third parties")):
        composer_case(r, program, folder)
    composer_case(r, "as composer installs it", composer_project())


def composer_case(r, label, folder):
    """composer says of the folder what is installed, and what of it --no-dev would leave out; both versions as upstream wrote them."""
    def ask(*more):
        shown = json.loads(run("composer", "show", "--no-plugins", "--format=json", *more, cwd=folder, env=dict(os.environ, COMPOSER_ALLOW_SUPERUSER="1")))
        return {(p["name"], p["version"].split(" ")[0]) for p in shown.get("installed", [])}
    everything, product = ask(), ask("--no-dev")
    ours = packages(os.path.join(folder, "vendor"))["packages"]
    ours = [p for p in ours if p["path"].endswith("composer/installed.json")]
    r.case(label, {(n, v, (n, v) not in product) for n, v in everything}, {(p["name"], p["version"], "dev" in p["flags"]) for p in ours})


def composer_project():
    """Composer installs the library's packages anew, every other one for development: what it writes then has both kinds. The
    library's own record says what they are and need; they are taken from its folder."""
    folder, vendor = os.path.join(WORK, "composer"), deb("icinga-php-library") + "/usr/share/icinga-php/ipl/vendor/"
    with open(vendor + "composer/installed.json") as f:
        known = json.load(f)["packages"]
    keep = ("name", "version", "type", "require", "license", "provide", "replace", "description")
    repository = [dict({k: p[k] for k in keep if k in p}, dist={"type": "path", "url": vendor + p["name"]}) for p in known if os.path.isdir(vendor + p["name"])]
    names = sorted(p["name"] for p in repository)
    project = {"name": "a/b", "require": {n: "*" for n in names[::2]}, "require-dev": {n: "*" for n in names[1::2]},
               "minimum-stability": "dev", "config": {"allow-plugins": False},
               "repositories": [{"type": "package", "package": repository}, {"packagist.org": False}]}
    write(os.path.join(folder, "composer.json"), json.dumps(project))
    run("composer", "install", "--no-plugins", "--no-scripts", "--no-interaction", "--ignore-platform-reqs", "-q", cwd=folder,
        env=dict(os.environ, COMPOSER_ALLOW_SUPERUSER="1", COMPOSER_DISABLE_NETWORK="1"))
    return folder


# --- distributions ---


def texts_of_cloud_init():
    """The files of distributions that cloud-init's tests hold: constants of a Python file, which is not run."""
    with open(source("cloud-init") + "/tests/unittests/test_util.py") as f:
        tree = ast.parse(f.read())
    texts = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            dedented = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dedent"
            value = value.args[0] if dedented else value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[node.targets[0].id] = textwrap.dedent(value.value) if dedented else value.value
    return texts


def mock_data():
    """getos' mock data: files by path, and what its authors expect."""
    path = os.path.join(FETCHED, "getos/tests/mockdata.json")
    if not os.path.exists(path):
        raise Missing("npm's package getos was not fetched")
    with open(path) as f:
        return [m for m in json.load(f) if m.get("file")]


def root_with(files):
    root = os.path.join(WORK, "root")
    shutil.rmtree(root, ignore_errors=True)
    for path, text in files.items():
        write(root + path, text)
    return root


def distribution(root):
    d = root_packages(root)["distribution"] or {}
    return {k: d.get(k) or "" for k in ("id", "version", "codename", "name")}


def os_release(r):
    """What a shell makes of the file, as os-release(5) has it. A codename only where the file tells one: ours is else taken of
    VERSION, which no rule of the format does."""
    texts = {k: v for k, v in texts_of_cloud_init().items() if k.startswith("OS_RELEASE_")}
    texts.update({m["desc"]: m["file"]["/etc/os-release"] for m in mock_data() if "/etc/os-release" in m["file"]})
    with open(deb("base-files") + "/usr/lib/os-release") as f:
        texts["base-files"] = f.read()
    for label, text in sorted(texts.items()):
        root = root_with({"/etc/os-release": text})
        shell = '. "$1"; printf "%s\\n" "${ID-linux}" "${VERSION_ID-}" "${VERSION_CODENAME-}" "${PRETTY_NAME-$NAME}"'
        values = run("env", "-i", "sh", "-c", shell, "sh", root + "/etc/os-release").split("\n")
        theirs = dict(zip(("id", "version", "codename", "name"), values))
        theirs["id"] = theirs["id"].lower()  # the format demands it; a file that does not obey is read all the same
        ours = distribution(root)
        if not theirs["codename"]:
            ours["codename"] = ""
        r.case(label, theirs, ours)


# cloud-init's own reader of the file, which prints what it makes of it.
CLOUD_INIT = "import json, sys; from cloudinit import util; print(json.dumps(util._parse_redhat_release(sys.argv[1])))"


def release_files(r):
    """cloud-init and getos, each on the files of its own tests. cloud-init's names of distributions are os-release's but for
    Red Hat and MIRACLE LINUX (its tests hold the os-release of that too); for Virtuozzo, whose file has no codename, it makes one
    up."""
    for label, text in sorted(texts_of_cloud_init().items()):
        if not label.startswith("REDHAT_RELEASE_"):
            continue
        root = root_with({"/etc/redhat-release": text})
        said = json.loads(run(sys.executable, "-c", CLOUD_INIT, root + "/etc/redhat-release", env=dict(os.environ, PYTHONPATH=source("cloud-init"))))
        theirs = {"id": {"redhat": "rhel", "miracle": "miraclelinux"}.get(said["ID"], said["ID"]), "version": said["VERSION_ID"], "codename": said["VERSION_CODENAME"]}
        if "virtuozzo" in theirs["id"]:
            theirs["codename"] = ""
        release_case(r, label, theirs, root)
    for m in mock_data():
        files = {k: v for k, v in m["file"].items() if k != "/etc/os-release"}
        if not files or "release" not in m["expected"]:
            continue
        root = root_with(files)
        release_case(r, m["desc"], {k: m["expected"][f] for k, f in (("version", "release"), ("codename", "codename")) if f in m["expected"]}, root)


def release_case(r, label, theirs, root):
    """Codenames without regard to case: getos and the file itself do not agree in it. getos reads no PATCHLEVEL of SuSE-release."""
    ours = {k: v for k, v in distribution(root).items() if k in theirs}
    if os.path.exists(root + "/etc/SuSE-release"):
        ours["version"] = ours["version"].split(".")[0]
    r.case(label, {k: v.lower() for k, v in theirs.items()}, {k: v.lower() for k, v in ours.items()})


def windows_registry(r):
    """libguestfs' hive of a Windows that is none. Of its values it has no build: the version is the two numbers."""
    hive = source("libguestfs") + "/test-data/phony-guests/windows-software"
    def value(name):
        return run("hivexget", hive, "Microsoft\\Windows NT\\CurrentVersion", name).strip()
    with open(hive, "rb") as f:
        root = root_with({"/Windows/System32/config/SOFTWARE": f.read()})
    r.case("windows-software", {"id": "windows", "version": value("CurrentVersion"), "codename": "", "name": value("ProductName")}, distribution(root))


# --- languages ---


def go_sum(r):
    """Go's own reader of the file, built out of the toolchain's source with a main function. A module whose archive has no sum
    gave its go.mod alone and is no part of a build."""
    goroot = run("go", "env", "GOROOT").strip()
    real = os.path.realpath(os.path.join(goroot, "src"))
    over = {"Replace": {f"{top}/cmd/go/internal/{into}": f"{GO_SUMS}/{name}" for top in {os.path.join(goroot, "src"), real}
                        for into, name in (("sums/main.go", "main.txt"), ("modfetch/read_sums.go", "modfetch.txt"))}}
    write(os.path.join(WORK, "overlay.json"), json.dumps(over))
    program = os.path.join(WORK, "sums")
    run("go", "build", "-overlay", os.path.join(WORK, "overlay.json"), "-o", program, "cmd/go/internal/sums", cwd=os.path.join(goroot, "src/cmd"),
        env=dict(os.environ, GOCACHE=os.path.join(WORK, "gocache"), GOFLAGS="", GOPROXY="off"))
    for package in sorted(glob.glob(os.path.join(FETCHED, "golang-*-dev_*.deb"))):
        name = os.path.basename(package).split("_")[0]
        for path in sorted(glob.glob(deb(name) + "/usr/share/gocode/src/**/go.sum", recursive=True)):
            rows = [line.split("\t") for line in run(program, path).splitlines()]
            ours = packages(path)["packages"]
            r.case(path.split("/src/")[1], {(m, v[1:]) for _, m, v in rows if not v.endswith("/go.mod")}, {(p["name"], p["version"]) for p in ours})


REBAR = """
[File] = init:get_plain_arguments(), {ok, Terms} = file:consult(File),
Locks = case Terms of [] -> []; [{_, L} | _] -> L; [L | _] -> L end,
[case Lock of
  {_, {pkg, Name, Version}, _} -> io:format("pkg ~s ~s~n", [Name, Version]);
  {_, {pkg, Name, Version, _}, _} -> io:format("pkg ~s ~s~n", [Name, Version]);
  {_, {pkg, Name, Version, _, _}, _} -> io:format("pkg ~s ~s~n", [Name, Version]);
  {Name, Other, _} -> io:format("~s ~s -~n", [element(1, Other), Name])
end || Lock <- Locks], halt().
"""


def rebar_lock(r):
    """Erlang reads the terms. What is no package of Hex (git) is left out: the file names no version of it."""
    for name in ("rabbitmq-server", "erlang-idna", "erlang-cf", "erlang-getopt"):
        folder = source(name)
        for path in sorted(glob.glob(folder + "/**/rebar.lock", recursive=True)):
            rows = [line.split() for line in run("erl", "-noshell", "-eval", REBAR, "-extra", path).splitlines()]
            ours = packages(path)["packages"]
            theirs = {(n, v) for kind, n, v in rows if kind == "pkg"}
            others = {n for kind, n, _ in rows if kind != "pkg"}
            r.case(os.path.relpath(path, folder), theirs, {(p["name"], p["version"]) for p in ours if p["name"] not in others})


def java_release(r):
    """The same Java tells of itself."""
    home = glob.glob(deb(java_package()) + "/usr/lib/jvm/java-*")[0]
    for folder, _, names in os.walk(home):  # into /etc, where the package's own files are not installed
        for path in (os.path.join(folder, n) for n in names):
            if os.path.islink(path) and os.readlink(path).startswith("/etc/"):
                target = deb(java_package()) + os.readlink(path)
                os.unlink(path)
                os.symlink(target, path)
    said = subprocess.run([home + "/bin/java", "-XshowSettings:properties", "-version"], stderr=subprocess.PIPE, text=True, check=True).stderr
    said = dict(re.findall(r"^ *(java\.\S+) = (.*)$", said, re.M))
    root = os.path.join(WORK, "java-root")
    with open(home + "/release") as f:
        write(os.path.join(root, "usr/lib/jvm", os.path.basename(home), "release"), f.read())
    r.case("release", {(said["java.runtime.name"].split()[0].lower(), said["java.version"])}, {(p["name"], p["version"]) for p in root_packages(root)["packages"]})


def java_package():
    found = sorted(glob.glob(os.path.join(FETCHED, "openjdk-*-jre-headless_*.deb")))
    if not found:
        raise Missing("no openjdk-*-jre-headless was fetched")
    return os.path.basename(found[-1]).split("_")[0]


def php(code, *argv):
    return run("php", "-r", code, "--", *argv).strip()


def wordpress(r):
    path = deb("wordpress") + "/usr/share/wordpress/wp-includes/version.php"
    said = php('require $argv[1]; echo $wp_version;', path)
    if said != upstream("wordpress"):
        raise Missing(f"the package's version is not what its file says: {said}")
    r.case("version.php", {("wordpress", said)}, {(p["name"], p["version"]) for p in wordpress_of("wordpress", "version.php")})


def wordpress_of(name, base):
    return [p for p in root_packages(deb(name))["packages"] if os.path.basename(p["path"]) == base]


# get_plugin_data() itself needs a database; it is get_file_data() with these names of fields.
PLUGIN = """define('ABSPATH', $argv[1] . '/'); define('WPINC', 'wp-includes'); define('KB_IN_BYTES', 1024);
require ABSPATH . 'wp-includes/plugin.php'; require ABSPATH . 'wp-includes/functions.php';
$d = get_file_data($argv[2], array('Name' => 'Plugin Name', 'Version' => 'Version'), 'plugin');
echo json_encode(array($d['Name'], $d['Version']));"""


def wordpress_plugin(r):
    """WordPress' own reader, of every file that it would take for a plugin: those in the folder itself and one below."""
    wp = deb("wordpress") + "/usr/share/wordpress"
    for name in ("wordpress", "wordpress-xrds-simple", "wordpress-plugin-http-authentication"):
        plugins = deb(name) + "/usr/share/wordpress/wp-content/plugins/"
        for path in sorted(glob.glob(plugins + "*.php") + glob.glob(plugins + "*/*.php")):
            title, version = json.loads(php(PLUGIN, wp, path))
            theirs = {(title, version)} if title and version else set()
            base = os.path.relpath(path, deb(name))
            ours = {(p["name"], p["version"]) for p in wordpress_of(name, os.path.basename(path)) if p["path"] == base}
            if theirs or ours:  # most files of a plugin have no header
                r.case(base, theirs, ours)


# --- programs ---

# Debian package, file in it, what we call it. Not here, for Debian's build has not the text that the program's own build leaves:
# ruby and node (thin programs before a library, which is here), redis-server (a link to a program of another name), erlexec.
PROGRAMS = (
    ("libnode*", "usr/lib/*/libnode.so.*", "node"), ("libpython3*", "usr/lib/*/libpython3.*.so.1.0", "python"),
    ("python3.*-minimal", "usr/bin/python3.*", "python"), ("pypy3-lib", "usr/lib/*/libpypy*-c.so", "pypy"), ("perl-base", "usr/bin/perl", "perl"),
    ("perl-base", "usr/bin/perl5*", "perl"), ("libruby3*", "usr/lib/*/libruby-3*.so.3.?.?", "ruby"), ("php8*-cli", "usr/bin/php8.*", "php"),
    ("php8*-cgi", "usr/bin/php-cgi8.*", "php"), ("libphp8*-embed", "usr/lib/libphp8*.so", "php"), ("nginx", "usr/sbin/nginx", "nginx"),
    ("apache2-bin", "usr/sbin/apache2", "httpd"), ("lighttpd", "usr/sbin/lighttpd", "lighttpd"), ("haproxy", "usr/sbin/haproxy", "haproxy"),
    ("varnish", "usr/sbin/varnishd", "varnish"), ("memcached", "usr/bin/memcached", "memcached"), ("postgresql-client-??", "usr/lib/postgresql/*/bin/psql", "postgresql"), ("mariadb-server-core", "usr/sbin/mariadbd", "mariadb"),
    ("mariadb-client-core", "usr/bin/mariadb", "mariadb"), ("openssl", "usr/bin/openssl", "openssl"), ("libssl3*", "usr/lib/*/libcrypto.so.3", "openssl"),
    ("busybox", "bin/busybox", "busybox"), ("busybox", "usr/bin/busybox", "busybox"), ("bash", "bin/bash", "bash"), ("bash", "usr/bin/bash", "bash"),
    ("curl", "usr/bin/curl", "curl"), ("libcurl4*", "usr/lib/*/libcurl.so.4.*", "curl"), ("git", "usr/bin/git", "git"),
)


def binary(r):
    """Each program alone in a root, that no package manager tells of it. Debian's version of the package is the answer; it has
    not Ruby's patch level ("3.1.2p20"), which is left out."""
    for pattern, place, name in PROGRAMS:
        for found in sorted(glob.glob(os.path.join(FETCHED, pattern + "_*.deb"))):
            package = os.path.basename(found).split("_")[0]
            for path in sorted(glob.glob(os.path.join(deb(package), place))):
                if os.path.islink(path):
                    continue
                root = os.path.join(WORK, "program")
                shutil.rmtree(root, ignore_errors=True)
                into = os.path.join(root, "opt", os.path.basename(path))
                os.makedirs(os.path.dirname(into))
                shutil.copy(path, into)
                ours = root_packages(root)["packages"]
                r.case(f"{package} {os.path.relpath(path, deb(package))}", {(name, upstream(package))},
                       {(p["name"], re.sub(r"p\d+$", "", p["version"]) if name == "ruby" else p["version"]) for p in ours})
    go_programs(r)


# --- distributions' databases ---

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(40)
LISTS = 300       # packages of the machine that are tried
LIST_FILES = 400  # of a package; larger ones cost time and tell no more


def dpkg_root():
    """A root with Debian's merged /usr, and this machine's packages by name."""
    root = root_with({"/usr/lib/os-release": "ID=debian\nVERSION_ID=12\n"})
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(os.path.join(root, "usr", name), exist_ok=True)
        os.symlink("usr/" + name, os.path.join(root, name))
    names = run("dpkg-query", "-W", "-f", "${db:Status-Status}\t${binary:Package}\n").splitlines()
    return root, sorted(n.split("\t")[1] for n in names if n.startswith("installed\t"))


def dpkg_list(r):
    """An executable that no package owns and no classifier knows is listed as unidentified. So: a root where every file that
    dpkg -L names is an executable, once without the lists and twice with every other one of them. Folders are no files of ours;
    of what dpkg -L tells of diversions nothing is there, for the root has no diversions. A path that is not listed without the
    lists (another reader takes it, a link leads out of the root) cannot tell, and is left out."""
    root, names = dpkg_root()
    info, lists = os.path.join(root, "var/lib/dpkg/info"), {}
    os.makedirs(info)
    shutil.copy("/var/lib/dpkg/status", os.path.join(root, "var/lib/dpkg/status"))
    for name in names[:: max(1, len(names) // LISTS)]:
        for path in glob.glob(f"/var/lib/dpkg/info/{glob.escape(name)}.list"):
            shutil.copy(path, info)
            lists[name] = os.path.join(info, os.path.basename(path))
    answers = run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-L", *lists).split("\n\n")  # an empty line between two packages
    owned = {name: {os.path.normpath(p) for p in said.splitlines() if p.startswith("/") and not os.path.isdir(p)}
             for name, said in zip(lists, answers, strict=True)}
    places = {}
    for name, paths in owned.items():
        for path in paths if len(paths) <= LIST_FILES else ():
            real = os.path.join(os.path.realpath(root + os.path.dirname(path)), os.path.basename(path))
            inside = real.startswith(os.path.realpath(root) + "/") and not os.path.lexists(real)
            if inside and not any(os.path.isfile(p) for p in parents(real)):  # what was a link to a folder is a file by now
                write(real, ELF)
                os.chmod(real, 0o755)
                places.setdefault(name, set()).add(os.path.relpath(real, os.path.realpath(root)))
    owned_cases(r, root, places, {name: lists[name] for name in places})


def owned_cases(r, root, places, lists):
    """What stands in a list is owned, and nothing else is: every other list there, then the others."""
    for path in lists.values():
        os.rename(path, path + ".away")
    bare, names = unidentified(root), sorted(lists)
    for mine, others in ((names[::2], names[1::2]), (names[1::2], names[::2])):
        for name in mine:
            os.rename(lists[name] + ".away", lists[name])
        found = unidentified(root)
        for name in mine:
            os.rename(lists[name], lists[name] + ".away")
            if places[name] & bare:
                r.case(name, set(), places[name] & found)
        rest = set().union(*(places[n] for n in others)) - set().union(*(places[n] for n in mine))
        if rest & bare - found:
            r.case("packages without a list", rest & bare, rest & found)


def parents(path):
    while len(path) > 1:
        path = os.path.dirname(path)
        yield path


def unidentified(root):
    return {u["location"]["path"] for u in root_packages(root)["unidentified"]}


def dpkg_copyright(r):
    """python3-debian reads the machine-readable files of this machine. Left out: what it will not read; a "short name" of more
    than 64 bytes, which is prose in the wrong place and which we do not take; files with more than 64 names."""
    from debian import copyright as debian_copyright
    import logging
    logging.disable(logging.CRITICAL)
    root, names = dpkg_root()
    theirs = {}
    for name in (n.split(":")[0] for n in names):
        path = f"/usr/share/doc/{name}/copyright"
        if name in theirs or not os.path.isfile(path):
            continue
        with open(path, "rb") as f:
            content = f.read()
        try:
            c = debian_copyright.Copyright(content.decode("utf-8").splitlines(True), strict=False)
            licenses = [c.header.license] + [p.license for p in c.all_paragraphs() if p is not c.header]
        except (debian_copyright.Error, ValueError):
            continue
        said = {x.synopsis.strip() for x in licenses if x and x.synopsis.strip()}
        said = {s for s in said if len(s.encode()) <= 64}
        if said and len(said) <= 64:
            theirs[name] = said
            write(root + path, content)
    status = run("dpkg-query", "-W", "-f", "Package: ${Package}\nStatus: install ok installed\nVersion: ${Version}\nArchitecture: ${Architecture}\n\n")
    write(root + "/var/lib/dpkg/status", status)
    ours = {}
    for p in root_packages(root)["packages"]:
        ours.setdefault(p["name"], set()).update(p["licenses"])
    for name, said in sorted(theirs.items()):
        r.case(name, said, ours.get(name, set()))


FEDORA = "var/lib/rpm/rpmdb.sqlite"
# What the image build of Azure Linux asks rpm for.
MANIFEST = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{INSTALLTIME}\\t%{BUILDTIME}\\t%{VENDOR}\\t%{EPOCH}\\t%{SIZE}\\t%{ARCH}\\t%{EPOCHNUM}\\t%{SOURCERPM}\\n"


def fedora():
    """The database of a Fedora 33 with glibc, which libguestfs tests with."""
    root = root_with({"/usr/lib/os-release": "ID=fedora\nVERSION_ID=33\n"})
    script = run("xz", "-dc", source("libguestfs") + "/test-data/phony-guests/fedora-db.sql.xz")
    os.makedirs(os.path.join(root, "var/lib/rpm"))
    db = sqlite3.connect(os.path.join(root, FEDORA))
    db.executescript(script)
    db.close()
    return root


def rpm(root, *argv):
    return run("rpm", "--dbpath", os.path.join(root, "var/lib/rpm"), *argv)


def rpm_manifest(r):
    root = fedora()
    text = rpm(root, "-qa", "--qf", MANIFEST)
    rows = [line.split("|") for line in rpm(root, "-qa", "--qf", "%{NAME}|%{EVR}|%{ARCH}|%{VENDOR}\\n").splitlines()]
    root = root_with({"/usr/lib/os-release": "ID=azurelinux\nVERSION_ID=3.0\n", "/var/lib/rpmmanifest/container-manifest-2": text})
    ours = {p["name"]: (p["version"], p.get("arch"), p.get("vendor")) for p in root_packages(root)["packages"]}
    for name, version, arch, vendor in rows:
        if name == "gpg-pubkey":  # no package: a key
            continue
        none = lambda v: None if v == "(none)" else v
        r.case(name, {(version, none(arch), none(vendor))}, {ours[name]} if name in ours else set())


def rpm_wal(r):
    """We do not read the log; we say that there is one which matters. It does where rpm itself answers otherwise without it."""
    root = fedora()
    database, log = os.path.join(root, FEDORA), os.path.join(root, FEDORA + "-wal")
    rpm(root, "-qa")
    name = rpm(root, "-qa", "--qf", "%{NAME}\\n").split()[0]
    for label, change in (("nothing changed", None), ("a package removed", ("-e", "--justdb", "--nodeps", "--noscripts", name))):
        reader = sqlite3.connect(database)
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM Packages").fetchall()  # as long as this is open, the log stays
        if change:
            rpm(root, *change)
        pair = {"/usr/lib/os-release": b"ID=fedora\nVERSION_ID=33\n"}
        for path in (database, log):
            if os.path.exists(path):
                with open(path, "rb") as f:
                    pair["/" + os.path.relpath(path, root)] = f.read()
        reader.close()
        copy = os.path.join(WORK, "wal")
        answers = []
        for leave in ("", "-wal"):
            shutil.rmtree(copy, ignore_errors=True)
            for path, text in pair.items():
                if not (leave and path.endswith(leave)):
                    write(copy + path, text)
            ours = root_packages(copy) if not leave else None
            if ours:
                noted = any("-wal" in json.dumps(n) for n in ours["notes"])
            answers.append(set(rpm(copy, "-qa").split()))
        r.case(label, {answers[0] != answers[1]}, {noted})


def pacman_files(r):
    """pacman installs the files of Debian packages and says which files it has of them. Folders are no files of ours: pacman
    writes them with a slash at the end. What is owned shows as with dpkg -L."""
    root = root_with({"/usr/lib/os-release": "ID=arch\n"})
    database, conf = root + "/var/lib/pacman", write(os.path.join(WORK, "pacman.conf"), "[options]\nSigLevel = Never\nLocalFileSigLevel = Never\nArchitecture = auto\n")
    os.makedirs(database)
    tool = ("pacman", "--config", conf, "--root", root, "--dbpath", database, "--noconfirm")
    names = ("bash", "curl", "icinga-php-library", "nginx", "perl-base", "php-composer-semver", "wordpress-xrds-simple")
    for name in names:
        folder = os.path.join(WORK, "pacman", name)
        shutil.copytree(deb(name), folder, symlinks=True)
        for below, _, files in os.walk(folder):
            for path in (os.path.join(below, f) for f in files):
                if not os.path.islink(path):
                    os.unlink(path)
                    write(path, ELF)
                    os.chmod(path, 0o755)
        write(folder + "/.PKGINFO", f"pkgname = {name}\npkgver = {upstream(name)}-1\npkgdesc = {name}\narch = any\nsize = 1\n")
        package = os.path.join(WORK, f"{name}.pkg.tar")
        run("tar", "-c", "-f", package, "-C", folder, ".PKGINFO", *sorted(n for n in os.listdir(folder) if n != ".PKGINFO"))
        run(*tool, "-U", "--hookdir", WORK, package)
    owned = {name: set(run(*tool, "-Ql", name).splitlines()) for name in names}
    owned = {name: {line.split(" ", 1)[1] for line in lines if not line.endswith("/")} for name, lines in owned.items()}
    owned = {name: {os.path.relpath(p, root) if p.startswith(root) else p.lstrip("/") for p in paths} for name, paths in owned.items()}
    lists = {name: glob.glob(f"{database}/local/{name}-{upstream(name)}-1/files")[0] for name in names}
    owned_cases(r, root, owned, lists)


def go_modules(text):
    """Of what `go version -m` prints of one program: its modules with their versions, a published replacement in the place of what
    it replaces. Where a folder replaces a module, "(devel)", the module's own line stands; "(devel)" itself is no version. Not the program's own module, of which
    Go often knows no release and we take what the linker was told."""
    found, last = {}, None
    for line in text.splitlines()[1:]:
        words = line.split("\t")[1:]
        if words[0] == "=>" and words[2].startswith("v"):
            found.pop(last)
        if words[0] == "dep" or (words[0] == "=>" and words[2].startswith("v")):
            last = words[1]
            found[last] = words[2].removeprefix("v").replace("(devel)", "")
    return set(found.items())


def go_programs(r):
    """Go's programs among the machine's: what Go itself reads in them. The toolchain's name is the library's version, but for what
    its builder put behind it ("go1.25-20250209-RC00")."""
    for folder in ("/usr/bin", *sorted(glob.glob("/usr/lib/go-*/bin"))):
        for line in run("go", "version", folder).splitlines():
            path, toolchain = line.rsplit(": ", 1)
            if os.path.islink(path):
                continue
            root = os.path.join(WORK, "program")
            shutil.rmtree(root, ignore_errors=True)
            os.makedirs(os.path.join(root, "opt"))
            shutil.copy(path, os.path.join(root, "opt"))
            said = run("go", "version", "-m", path)
            own = {line.split("\t")[2] for line in said.splitlines() if line.startswith("\tmod\t")}
            theirs = go_modules(said) | {("stdlib", re.sub("^go|-.*", "", toolchain.split()[0]))}
            ours = {(p["name"], p["version"] or "") for p in root_packages(root)["packages"] if p["name"] not in own}
            r.case(f"Go: {path}", theirs, ours)


READERS = (("composer/installed", composer_installed), ("os-release", os_release), ("os/release-files", release_files), ("windows/registry", windows_registry),
           ("go/sum", go_sum), ("dpkg/list", dpkg_list), ("dpkg/copyright", dpkg_copyright), ("java/release", java_release), ("rpm/wal", rpm_wal),
           ("rpm/manifest", rpm_manifest), ("pacman/files", pacman_files), ("wordpress", wordpress), ("wordpress/plugin", wordpress_plugin), ("binary", binary),
           ("hex/rebar-lock", rebar_lock))


def main():
    failed = False
    for name, cases in READERS:
        if len(sys.argv) > 3 and name not in sys.argv[3:]:
            continue
        r, why = Reader(name), ""
        try:
            cases(r)
        except Missing as e:
            why = str(e)
        except FileNotFoundError as e:
            why = f"not installed, or not where it was: {e.filename}"
        except ImportError as e:
            why = str(e)
        except subprocess.CalledProcessError as e:
            why = f"{' '.join(map(str, e.cmd))[:300]}: status {e.returncode}: {(e.stderr or '').strip()[-600:]}"
        if why:
            print(f"cannot run: reader/{name}: {why}")
        print(f"foreign: reader/{name} {r.passed}/{r.total}", flush=True)
        failed |= bool(why) or r.passed != r.total or r.total == 0
    return failed


sys.exit(main())
