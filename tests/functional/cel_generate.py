"""Random expressions of the Kubernetes profile with objects to evaluate them on: a seed gives the same rows everywhere."""
import json
import random


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names = []  # variables of comprehensions in scope: (name, kind)

    def pick(self, *choices):
        return self.r.choice(choices)

    # --- objects ---

    def scalar(self):
        return self.pick(0, 1, -1, 2, 7, 42, 9223372036854775807, -9223372036854775808, 1.5, -0.5, 0.0, 1e300, True, False, None, "", "a", "ab",
                         "b", "héllo", "👑", "10", "1.5", "true", "1h", "2024-01-01T00:00:00Z", "^a+$", "10.0.0.1", "1Gi", "x" * 30)

    def json(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.4:
            return self.scalar()
        if kind < 0.65:
            return [self.json(depth - 1) for _ in range(self.r.randrange(4))]
        return {self.pick("a", "b", "c", "k", "n", "s"): self.json(depth - 1) for _ in range(self.r.randrange(4))}

    def object(self):
        return {"a": self.json(3), "b": self.json(2), "i": self.pick(0, 1, 2, -3, 5, 100), "s": self.pick("", "abc", "a,b,c", "héllo wörld", "x" * 40),
                "l": [self.pick(1, 2, 3, 3, 5) for _ in range(self.r.randrange(5))],
                "t": [self.pick("a", "b", "abc", "") for _ in range(self.r.randrange(5))],
                "m": {k: self.r.randrange(5) for k in ("p", "q", "r")[:self.r.randrange(4)]}, "f": self.pick(True, False), "d": self.pick(1.5, 2.0, -0.25)}

    # --- expressions ---

    def any(self, d):
        return getattr(self, self.pick("int", "string", "bool", "double", "list", "map", "dyn", "uint", "time"))(d)

    def dyn(self, d):
        if self.names and self.r.random() < 0.4:
            return self.pick(*self.names)
        if d <= 0:
            return "x." + self.pick("a", "b", "i", "s", "l", "t", "m", "f", "d", "none")
        form = self.r.randrange(12)
        if form == 0:
            return f"x.{self.pick('a', 'b', 'm')}.{self.pick('a', 'b', 'c', 'p', 'q')}"
        if form == 1:
            return f"x.a[{self.any(d - 1)}]"
        if form == 2:
            return f"x.{self.pick('l', 't', 'a')}[{self.int(d - 1)}]"
        if form == 3:
            return f"({self.bool(d - 1)} ? {self.dyn(d - 1)} : {self.dyn(d - 1)})"
        if form == 4:
            return f"dyn({self.any(d - 1)})"
        if form == 5:
            return f"x.?{self.pick('a', 'b', 'm')}.?{self.pick('a', 'b', 'p')}.orValue({self.dyn(d - 1)})"
        if form == 6:
            return f"({self.dyn(d - 1)} {self.pick('+', '-', '*', '/', '%')} {self.any(d - 1)})"
        if form == 7:
            return f"({self.bool(d - 1)} ? x.a : x.b).{self.pick('a', 'b', 'c')}"
        if form == 8:
            return f"-{self.dyn(d - 1)}"
        if form == 9:
            return f"x[?'{self.pick('a', 'none', 'm')}']" + self.pick(".optMap(v, v)", ".orValue(1)", ".hasValue()", "", ".value()", "[?0]")
        return "x." + self.pick("a", "b", "i", "s", "l", "t", "m", "f", "d")

    # --- libraries ---

    def quoted(self, *texts):
        return "'" + self.pick(*texts) + "'" if self.r.random() < 0.8 else "x.s"

    def address(self):
        return self.quoted("10.0.0.1", "192.168.1.255", "::1", "fe80::1", "2001:db8::ABCD", "224.0.0.1", "1.2.3", "::ffff:1.2.3.4", "127.0.0.1",
                           "01.2.3.4", "fe80::1%eth0", "0.0.0.0", "::", "ff02::1", "")

    def network(self):
        return self.quoted("10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32", "10.0.0.1/33", "10.0.0.1", "::/0", "0.0.0.0/0", "fe80::/10", "10.1.2.3/16")

    def quantity(self):
        return self.quoted("1", "1Gi", "500m", "1.5", "0.1Ki", "1e3", "12E", "-1k", "1Mi", "abc", "", "1.", ".5", "1Kb", "100000000000000000000", "0")

    def version(self):
        return self.quoted("1.0.0", "1.2.3-beta.1", "v1.2.3", "1.2", "01.2.3", "1.2.3+build", "2.0.0-alpha", "1.2.3-beta.11", "", "1.2.3.4")

    def link(self):
        return self.quoted("https://example.com:80/path?k=a&k=b#f", "http://[::1]:8080/", "/path/x", "example.com", "https://u:p@h/a%20b", "http://a b/",
                           "https://example.com", "?q=1", "ftp://x/;y", "http://x:y/")

    def library_bool(self, d):
        form = self.r.randrange(13)
        if form == 0:
            return f"isIP({self.address()})"
        if form == 1:
            return f"ip({self.address()}).{self.pick('isLoopback', 'isUnspecified', 'isLinkLocalUnicast', 'isLinkLocalMulticast', 'isGlobalUnicast')}()"
        if form == 2:
            return f"isCIDR({self.network()})"
        if form == 3:
            return f"cidr({self.network()}).containsIP({self.pick('{}', 'ip({})').format(self.address())})"
        if form == 4:
            return f"cidr({self.network()}).containsCIDR({self.pick('{}', 'cidr({})').format(self.network())})"
        if form == 5:
            return f"isQuantity({self.quantity()})"
        if form == 6:
            return f"quantity({self.quantity()}).{self.pick('isGreaterThan', 'isLessThan')}(quantity({self.quantity()}))"
        if form == 7:
            return f"(quantity({self.quantity()}) == quantity({self.quantity()}))"
        if form == 8:
            return f"isSemver({self.version()}{self.pick('', ', true', ', false')})"
        if form == 9:
            return f"semver({self.version()}).{self.pick('isGreaterThan', 'isLessThan')}(semver({self.version()}))"
        if form == 10:
            return f"isURL({self.link()})"
        if form == 11:
            return f"sets.{self.pick('contains', 'equivalent', 'intersects')}({self.pick(self.ints, self.list)(d)}, {self.pick(self.ints, self.list)(d)})"
        return f"{self.pick(self.ints, self.strings)(d)}.isSorted()"

    def library_string(self, d):
        form = self.r.randrange(8)
        if form == 0:
            return f"url({self.link()}).{self.pick('getScheme', 'getHost', 'getHostname', 'getPort', 'getEscapedPath')}()"
        if form == 1:
            return f"string({self.pick('ip', 'cidr')}({self.pick(self.address, self.network)()}))"
        if form == 2:
            return f"'{self.pick('%s', '%d', '%.2f', '%x', '%X', '%b', '%o', '%e', '%s %s', '%%', '%5d', '%')}'.format([{self.any(d)}])"
        if form == 3:
            return f"format.{self.pick('dns1123Label', 'qualifiedName', 'uri', 'uuid', 'date', 'byte', 'datetime', 'labelValue')}()" \
                   f".validate({self.quoted('abc', 'A_b', 'a.b/c', 'YWJj', '2024-01-01', '-x', '')}).orValue(['none']).join(';')"
        if form == 4:
            return f"{self.string(d)}.split({self.string(d)}, {self.int(0)}).join('|')"
        if form == 5:
            return f"{self.string(d)}.replace({self.string(d)}, {self.string(d)}, {self.int(0)})"
        if form == 6:
            return f"{self.string(d)}.substring({self.int(0)}, {self.int(0)})"
        return f"{self.string(d)}.findAll({self.pattern()}{self.pick('', ', 1', ', -1', ', 0')}).join(',')"

    def library_int(self, d):
        form = self.r.randrange(9)
        if form == 0:
            return f"ip({self.address()}).family()"
        if form == 1:
            return f"cidr({self.network()}).prefixLength()"
        if form == 2:
            return f"quantity({self.quantity()}).{self.pick('asInteger', 'sign')}()"
        if form == 3:
            return f"quantity({self.quantity()}).compareTo(quantity({self.quantity()}).{self.pick('add', 'sub')}({self.pick('1', 'quantity(' + chr(39) + '1k' + chr(39) + ')')}))"
        if form == 4:
            return f"semver({self.version()}).{self.pick('major', 'minor', 'patch')}()"
        if form == 5:
            return f"{self.string(d)}.lastIndexOf({self.string(d)}{self.pick('', ', 1', ', -1')})"
        if form == 6:
            return f"{self.pick(self.ints, self.strings)(d)}.{self.pick('indexOf', 'lastIndexOf')}({self.pick(self.int, self.string)(0)})"
        if form == 7:
            return f"timestamp('2024-03-10T09:59:59.25Z').{self.pick('getHours', 'getDayOfWeek', 'getDayOfYear', 'getDate', 'getMonth', 'getMilliseconds')}" \
                   f"({self.quoted('UTC', 'America/New_York', 'Asia/Kolkata', '+09:30', '-00:30', '', 'No/Where', '24:00', 'Europe/Berlin')})"
        return f"lists.range({self.pick('3', '0', '5')}).sum()"

    def library_list(self, d):
        form = self.r.randrange(7)
        if form == 0:
            return f"{self.list(d)}.{self.pick('distinct', 'reverse', 'flatten')}()"
        if form == 1:
            return f"{self.list(d)}.slice({self.int(0)}, {self.int(0)})"
        if form == 2:
            return f"{self.pick(self.ints, self.strings)(d)}.sort()"
        if form == 3:
            return f"{self.pick(self.ints, self.strings)(d)}.sortBy(e, {self.pick('e', '-1', 'string(e)', 'size(string(e))')})"
        if form == 4:
            return f"{self.list(d)}.flatten({self.int(0)})"
        if form == 5:
            return f"lists.range({self.pick('3', '0', '-1', 'x.i')})"
        return f"{self.list(d)}.{self.pick('first', 'last')}().orValue(x.b) == 1 ? [1] : []"

    def int(self, d):
        if d > 0 and self.r.random() < 0.08:
            return self.library_int(d - 1)
        if d <= 0 or self.r.random() < 0.25:
            return self.pick("0", "1", "2", "-1", "3", "10", "9223372036854775807", "x.i", "x.i", "size(x.l)")
        form = self.r.randrange(11)
        if form < 3:
            return f"({self.int(d - 1)} {self.pick('+', '-', '*', '/', '%')} {self.int(d - 1)})"
        if form == 3:
            return f"size({self.pick(self.string, self.list, self.map, self.dyn)(d - 1)})"
        if form == 4:
            return f"int({self.any(d - 1)})"
        if form == 5:
            return f"{self.string(d - 1)}.size()"
        if form == 6:
            return f"({self.bool(d - 1)} ? {self.int(d - 1)} : {self.int(d - 1)})"
        if form == 7:
            return f"{self.string(d - 1)}.indexOf({self.string(d - 1)})"
        if form == 8:
            return f"{self.ints(d - 1)}.{self.pick('sum()', 'max()', 'min()')}"
        if form == 9:
            return f"{self.time(d - 1)}.{self.pick('getHours()', 'getMinutes()', 'getFullYear()', 'getSeconds()', 'getMilliseconds()')}"
        return "-" + self.int(d - 1)

    def uint(self, d):
        if d <= 0:
            return self.pick("0u", "1u", "7u", "18446744073709551615u")
        return self.pick(f"uint({self.any(d - 1)})", f"({self.uint(d - 1)} {self.pick('+', '-', '*', '/', '%')} {self.uint(d - 1)})")

    def double(self, d):
        if d <= 0:
            return self.pick("1.5", "0.0", "-2.25", "1e10", "x.d")
        return self.pick(f"double({self.any(d - 1)})", f"({self.double(d - 1)} {self.pick('+', '-', '*', '/')} {self.double(d - 1)})")

    def time(self, d):
        if self.r.random() < 0.5:
            return self.pick("timestamp('2024-02-29T12:30:45.5Z')", "timestamp('2009-02-13T23:31:30+05:30')", "timestamp(x.s)",
                             f"timestamp({self.int(d - 1)})", f"(timestamp('2024-01-01T00:00:00Z') + {self.duration(d - 1)})")
        return self.duration(d)

    def duration(self, d):
        if d <= 0:
            return self.pick("duration('1h')", "duration('-90m1.5s')", "duration('0')", "duration(x.s)")
        return f"({self.duration(d - 1)} {self.pick('+', '-')} {self.duration(d - 1)})"

    def string(self, d):
        if d > 0 and self.r.random() < 0.08:
            return self.library_string(d - 1)
        if d <= 0 or self.r.random() < 0.25:
            return self.pick("''", "'a'", "'abc'", "'héllo'", "'👑x'", "x.s", "x.s", "'a,b'", "'ABC'")
        form = self.r.randrange(10)
        if form < 2:
            return f"({self.string(d - 1)} + {self.string(d - 1)})"
        if form == 2:
            return f"string({self.any(d - 1)})"
        if form == 3:
            return f"{self.string(d - 1)}.{self.pick('lowerAscii()', 'upperAscii()', 'trim()')}"
        if form == 4:
            return f"{self.string(d - 1)}.replace({self.string(d - 2)}, {self.string(d - 2)})"
        if form == 5:
            return f"{self.string(d - 1)}.substring({self.int(d - 2)})"
        if form == 6:
            return f"{self.strings(d - 1)}.join({self.string(d - 2)})"
        if form == 7:
            return f"({self.bool(d - 1)} ? {self.string(d - 1)} : {self.string(d - 1)})"
        if form == 8:
            return f"{self.string(d - 1)}.charAt({self.int(d - 2)})"
        return f"{self.string(d - 1)}.find({self.pattern()})"

    def pattern(self):
        return self.pick("'a+'", "'^[a-z]*$'", "'h.llo'", "'b|c'", "x.s", "'\\\\\\\\d+'")

    def bool(self, d):
        if d > 0 and self.r.random() < 0.1:
            return self.library_bool(d - 1)
        if d <= 0 or self.r.random() < 0.15:
            return self.pick("true", "false", "x.f", "has(x.a)", "has(x.none)", "has(x.a.b)", "x.i > 1")
        form = self.r.randrange(18)
        if form < 2:
            return f"({self.bool(d - 1)} && {self.bool(d - 1)})"
        if form < 4:
            return f"({self.bool(d - 1)} || {self.bool(d - 1)})"
        if form == 4:
            return f"!{self.bool(d - 1)}"
        if form == 5:
            return f"({self.int(d - 1)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {self.int(d - 1)})"
        if form == 6:
            return f"({self.dyn(d - 1)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {self.any(d - 1)})"
        if form == 7:
            return f"({self.string(d - 1)} {self.pick('<', '==', '!=', '>=')} {self.string(d - 1)})"
        if form == 8:
            return f"{self.string(d - 1)}.{self.pick('contains', 'startsWith', 'endsWith')}({self.string(d - 1)})"
        if form == 9:
            return f"{self.string(d - 1)}.matches({self.pattern()})"
        if form == 10:
            return f"({self.any(d - 1)} in {self.pick(self.list, self.map, self.dyn)(d - 1)})"
        if form == 11:
            return f"({self.pick(self.int, self.string)(d - 1)} in [{self.pick('1, 2, 3', chr(39) + 'a' + chr(39) + ', ' + chr(39) + 'abc' + chr(39), '')}])"
        if form in (12, 13, 14):
            return self.loop(self.pick("all", "exists", "exists_one"), d)
        if form == 15:
            return f"(type({self.any(d - 1)}) == {self.pick('int', 'string', 'type(x.a)', 'list')})"
        if form == 16:
            return f"x.{self.pick('a', 'b')}.{self.pick('a', 'b')} {self.pick('==', '!=')} null"
        return f"bool({self.any(d - 1)})"

    def source(self, d):
        return self.pick("x.l", "x.t", "x.m", "x.a", "x.b", self.list(d - 1))

    def loop(self, macro, d):
        name = self.pick("e", "v", "w")
        source = self.source(d)
        self.names.append(name)
        body = self.bool(d - 1)
        if self.r.random() < 0.5:
            body = f"{name} {self.pick('==', '!=', '>', '<', 'in')} {self.pick(self.any, self.dyn)(d - 1)}"
        self.names.pop()
        return f"{source}.{macro}({name}, {body})"

    def ints(self, d):
        if d <= 0:
            return self.pick("x.l", "[1, 2, 3]", "[]", "[x.i, 1, 5]")
        return self.pick(f"[{self.int(d - 1)}, {self.int(d - 1)}]", f"({self.ints(d - 1)} + {self.ints(d - 1)})", "x.l")

    def strings(self, d):
        if d <= 0:
            return self.pick("x.t", "['a', 'b']", "[x.s, 'q']", "'a,b,c'.split(',')")
        return self.pick(f"[{self.string(d - 1)}, {self.string(d - 1)}]", f"{self.string(d - 1)}.split({self.string(d - 1)})", "x.t")

    def list(self, d):
        if d > 0 and self.r.random() < 0.1:
            return f"({self.library_list(d - 1)})"
        if d <= 0:
            return self.pick("x.l", "x.t", "[]", "[1, 2]", "['a']")
        form = self.r.randrange(7)
        name = self.pick("e", "v", "w")
        if form == 0:
            return self.ints(d)
        if form == 1:
            return self.strings(d)
        if form == 2:
            return f"[{self.dyn(d - 1)}, {self.dyn(d - 1)}]"
        source = self.source(d)
        self.names.append(name)
        body = self.any(d - 1)
        test = self.bool(d - 1)
        self.names.pop()
        if form == 3:
            return f"{source}.filter({name}, {test})"
        if form == 4:
            return f"{source}.map({name}, {test}, {body})"
        if form == 5:
            return f"{source}.transformList(i, {name}, {body})"
        return f"{source}.map({name}, {body})"

    def map(self, d):
        if d <= 0:
            return self.pick("x.m", "{}", "{'a': 1}", "{1: 'b'}", "x.a")
        return self.pick(f"{{'a': {self.any(d - 1)}, 'b': {self.dyn(d - 1)}}}", f"{{{self.string(d - 1)}: {self.int(d - 1)}}}",
                         f"{self.source(d)}.transformMap(k, v, {self.pick('v', 'k', self.int(d - 1))})", f"{{?'a': x.?{self.pick('a', 'none', 'm')}}}")


def rows(seed, n):
    g = Generator(seed)
    for i in range(n):
        yield {"id": i, "expr": g.any(g.r.randrange(1, 5)), "vars": {"x": g.object()}}


if __name__ == "__main__":
    import sys
    for row in rows(int(sys.argv[1]), int(sys.argv[2])):
        print(json.dumps(row, ensure_ascii=False))
