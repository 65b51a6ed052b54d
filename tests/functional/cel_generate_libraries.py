"""Random calls of Kubernetes' CEL libraries with texts that almost fit: a seed gives the same rows everywhere."""
import json
import random

IPS = ["10.0.0.1", "192.168.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0",
       "ff02::1", "2001:db8::abcd", "2001:DB8:0:0:1:0:0:1", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "01.2.3.4", "1.2.3", "1..2.3", "256.1.1.1",
       "12345::", "1:2:3:4:5:6:7", "::1::2", "1:", "", "%", "g::1", "1.2.3.é"]
VERSIONS = ["1.0.0", "0.1.0-alpha.1", "v1.2.3", "1.0", "01.01.01", "1", "", "1.2.3-", "1.2.3+a..b", "1.2.3-01", "1.2.3-0a", "1.2.3-rc.1+build.5",
            "99999999999999999999.0.0", "1.2.x", "1.2.3.4", "1.0-alpha", "1.2.3-alpha.beta", "1.2.3-10", "1.2.3-2", "18446744073709551615.0.0"]
FORMATS = ["dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix", "dns1123SubdomainPrefix",
           "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime"]
CLAUSES = ["%s", "%d", "%f", "%e", "%b", "%x", "%X", "%o", "%%", "%.0f", "%.2f", "%.10f", "%.300f", "%.3e", "%.14e", "%.0e", "%z", "%", "%.", "a",
           "é", "%.3s", "%.40000f", "%.65536f", "%.d"]
VALUES = ["1", "-5", "7u", "1.5", "1e21", "123456789.125", "1.0/0.0", "0.0/0.0", "'a'", "'h\\u00e9\\n'", "b'ab'", "b'\\xff'", "true", "null",
          "[1,2]", "[1.5]", "['x']", "{'b':1,'a':2}", "duration('90m')", "timestamp('2020-01-01T00:00:00Z')", "type(1)", "quantity('1')",
          "optional.of(1)", "'NaN'", "'Infinity'", "{1:'a',20:'b'}", "[type('a')]", "x.s", "x.d", "x.m"]
PATTERNS = ["[0-9]+", "[0-9]*", "", "a*", "^", "$", "(?m)^", "\\\\b", "\\\\B", "\\\\w+", "(a|ab)(c|bcd)*", "a*?", "b|", "(?i)abc", "\\\\pL+", ".",
            "(?P<n>a)", "(", "a**", "[z-a]", "\\\\d{1,2}", "x{1001}"]
TEXTS = ["abc 123 def 456", "", "aaa", "a,b,,c", "héllo wörld", "foo.bar", "AbC", "👑x👑", " \\u00a0x\\t", "a\\\"b\\\\c"]
URL_PARTS = list("abAZ09/:?#[]@!$&'()*+,;=%%%.-_~ é") + ["%41", "%2f", "%e9", "%25", "//", "http://", "[::1]", "%zz", "&a=b", ":80", "u:p@"]


class Libraries:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def pick(self, *choices):
        return self.r.choice(choices)

    def one(self, choices):
        return self.r.choice(choices)

    def letters(self, alphabet, most):
        return "".join(self.r.choice(alphabet) for _ in range(self.r.randrange(most + 1)))

    def quantity(self):
        r = self.r
        number = "".join(r.choice("0123456789") for _ in range(self.pick(1, 1, 2, 3, 5, 8, 14, 18, 19, 25)))
        if r.random() < 0.4:
            number += "." + "".join(r.choice("0123456789") for _ in range(self.pick(0, 1, 2, 3, 6, 9, 12)))
        suffix = self.pick("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", f"e{r.randint(-30, 60)}", "E3", "e+3", "x")
        return f"quantity('{self.pick('', '', '-', '+')}{number}{suffix}')"

    def quantities(self):
        a, b = self.quantity(), self.quantity()
        return self.pick(a, f"{a}.add({b})", f"{a}.sub({b})", f"{a}.compareTo({b})", f"{a} == {b}", f"{a}.isLessThan({b})", f"sign({a})",
                         f"{a}.isInteger()", f"{a}.asInteger()", f"{a}.asApproximateFloat()", f"{a}.add({b}).add(1)", f"{a}.sub(x.i).asApproximateFloat()",
                         f"[{a}].map(q, [q.add({b}), q, q.sub(7)])", f"{a} == {b}.add(0)", f"[{a}] == [{b}.add(1)]", f"isQuantity({a[9:-1]})",
                         f"[{a}].all(q, q.compareTo({b}) < 0 && q.isInteger())", f"{a} in [{b}, {a}]")

    def addresses(self):
        ip, net = "'" + self.one(IPS) + "'", f"'{self.one(IPS)}/{self.pick('0', '8', '9', '16', '24', '32', '33', '64', '127', '128', '00', '', 'x')}'"
        other = f"'{self.one(IPS)}/{self.r.randrange(40)}'"
        if self.r.random() < 0.4:
            ip = "'" + ".".join(str(self.r.randrange(256)) for _ in range(4)) + "'" if self.r.random() < 0.5 else \
                "'" + ":".join(f"{self.r.randrange(65536):x}" if self.r.random() < 0.5 else "0" for _ in range(8)) + "'"
        test = self.pick("isUnspecified", "isLoopback", "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast", "family")
        return self.pick(f"ip({ip})", f"isIP({ip})", f"ip.isCanonical({ip})", f"string(ip({ip}))", f"ip({ip}).{test}()", f"cidr({net})", f"isCIDR({net})",
                         f"cidr({net}).masked()", f"cidr({net}).ip()", f"cidr({net}).prefixLength()", f"string(cidr({net}))",
                         f"cidr({net}).containsIP({ip})", f"cidr({net}).containsIP(ip({ip}))", f"cidr({net}).containsCIDR({other})",
                         f"cidr({net}).containsCIDR(cidr({other}))", f"ip({ip}) == ip('{self.one(IPS)}')", f"cidr({net}) == cidr({other})",
                         f"ip({ip}) == x.a", f"dyn(cidr({net})).containsIP(dyn({ip}))", f"[ip({ip})] == [x.a]")

    def versions(self):
        a, b = self.one(VERSIONS), self.one(VERSIONS)
        flag = self.pick("", ", true", ", false")
        return self.pick(f"semver('{a}'{flag})", f"isSemver('{a}'{flag})", f"semver('{a}'{flag}).{self.pick('major', 'minor', 'patch')}()",
                         f"semver('{a}'{flag}).{self.pick('compareTo', 'isLessThan', 'isGreaterThan')}(semver('{b}', true))",
                         f"semver('{a}') == semver('{b}'{flag})", f"semver('{self.letters('012.-+av', 9)}'{flag})")

    def links(self):
        text = self.pick("http://", "https://", "/", "x://", "http://h/", "") + "".join(self.one(URL_PARTS) for _ in range(self.r.randrange(9)))
        text = text.replace("'", "\\'")
        return self.pick("url('%s')", "url('%s')", "isURL('%s')", "url('%s').getHost()", "url('%s').getHostname()", "url('%s').getPort()",
                         "url('%s').getEscapedPath()", "url('%s').getScheme()", "url('%s').getQuery()", "url('%s') == url(x.s)").replace("%s", text)

    def formats(self):
        name = self.one(FORMATS)
        text = self.pick(self.letters("ab-.A_1/ é", 12), "x" * self.pick(63, 64, 253, 254), "2021-01-01T" + self.letters("0123456789:.+-zZtT", 14),
                         f"{self.r.randrange(2500):04}-{self.r.randrange(14):02}-{self.r.randrange(33):02}", self.letters("aA0+/=-", 9))
        return self.pick(f"format.{name}().validate('{text}')", f"format.{name}() == format.{self.one(FORMATS)}()",
                         f"format.named('{self.pick(name, text)}').hasValue()", f"format.named('{name}').value().validate('{text}')")

    def printing(self):
        clauses = "".join(self.one(CLAUSES) for _ in range(self.r.randrange(1, 4)))
        values = ",".join(f"dyn({self.one(VALUES)})" for _ in range(self.r.randrange(4)))
        number = repr(self.pick(self.r.uniform(-1, 1), self.r.uniform(-1e6, 1e6), 10.0 ** self.r.randint(-300, 300) * self.r.uniform(1, 10)))
        if self.r.random() < 0.3:
            return f"['%f|%e|%s|%.{self.r.randrange(20)}f|%.{self.r.randrange(20)}e'].map(f, f.format([{', '.join([number] * 5)}]))"
        return self.pick(f"['{clauses}'].map(f, f.format([{values}]))", f"'{clauses}'.format([{values}])")

    def searching(self):
        text, pattern = '"' + self.one(TEXTS) + '"', '"' + self.one(PATTERNS) + '"'
        return self.pick(f"{text}.find({pattern})", f"{text}.findAll({pattern})", f"{text}.findAll({pattern}, {self.r.randint(-1, 3)})",
                         f"[{pattern}].map(p, {text}.findAll(p))", f"[{pattern}].map(p, {text}.matches(p))", f"{text}.matches({pattern})")

    def texts(self):
        a, b, n, m = '"' + self.one(TEXTS) + '"', self.pick("''", "'a'", "','", "'é'", "'aa'", "x.s", "'👑'"), self.r.randint(-1, 9), self.r.randint(-1, 9)
        return self.pick(f"{a}.charAt({n})", f"{a}.indexOf({b})", f"{a}.indexOf({b}, {n})", f"{a}.lastIndexOf({b})", f"{a}.lastIndexOf({b}, {n})",
                         f"{a}.replace({b}, {self.pick(b, chr(39) + 'xyz' + chr(39))})", f"{a}.replace({b}, 'é', {n})", f"{a}.split({b})",
                         f"{a}.split({b}, {n})", f"{a}.substring({n})", f"{a}.substring({n}, {m})", f"{a}.trim()", f"strings.quote({a})",
                         f"{a}.lowerAscii()", f"{a}.upperAscii()", f"{a}.split({b}).join({a})", f"[{a}, x.s].join()", f"x.t.join({b})", f"x.a.join({b})")

    def items(self, kind):
        values = {"i": lambda: str(self.r.randint(-5, 20)), "s": lambda: "'" + self.letters("abc", 3) + "'", "b": lambda: self.pick("true", "false"),
                  "d": lambda: self.pick("1.5", "0.25", "-2.0", "1e3", "0.0/0.0")}
        return "[" + ", ".join(values[kind]() for _ in range(self.pick(0, 1, 2, 3, 5, 8, 12, 13, 20, 50, 51, 70))) + "]"

    def lists(self):
        kind = self.pick("i", "s", "d", "b")
        a, b, n, m = self.items(kind), self.items(kind), self.r.randrange(90), self.r.randrange(1, 9)
        return self.pick(f"{a}.sort()", f"{a}.distinct()", f"{a}.reverse()", f"{a}.slice({n % 9}, {m})", f"{a}.isSorted()", f"{a}.min()", f"{a}.max()",
                         f"{self.items('i')}.sum()", f"[{a}, {b}].flatten()", f"[[{a}], [{b}]].flatten({n % 4})", f"sets.contains({a}, {b})",
                         f"sets.equivalent({a}, {b})", f"sets.intersects({a}, {b})", f"lists.range({n}).sortBy(e, e % {m})", f"{a}.indexOf({b}[0])",
                         f"lists.range({n}).sortBy(e, (e * 7919) % {m * 5})", f"{a}.lastIndexOf(x.a)", f"x.a.{self.pick('max', 'min', 'sum', 'sort')}()",
                         f"{self.pick('x.l', 'x.t', 'x.a')}.sortBy(e, {self.pick('e', '-1', 'string(e)')})", f"x.a.{self.pick('flatten', 'isSorted')}()")

    def row(self):
        return self.pick(self.quantities, self.addresses, self.versions, self.links, self.formats, self.printing, self.searching, self.texts, self.lists)()

    def variable(self):
        return {"a": self.pick(1, "a", None, [1, 2.5, "x"], ["b", "a"], [[1], [2]], {"k": 1}, [], [3, 1, 2]), "i": self.pick(0, 7, -3), "d": self.pick(1.5, -0.25),
                "s": self.pick("", "abc", "10.0.0.1", "1Gi", "é"), "l": [self.r.randrange(5) for _ in range(self.r.randrange(5))],
                "t": [self.pick("a", "b", "") for _ in range(self.r.randrange(4))], "m": {"p": 1}}


def rows(seed, count):
    made = Libraries(seed)
    for i in range(count):
        yield {"id": i, "expr": made.row(), "vars": {"x": made.variable()}}


if __name__ == "__main__":
    for row in rows(1, 20):
        print(json.dumps(row, ensure_ascii=False))
