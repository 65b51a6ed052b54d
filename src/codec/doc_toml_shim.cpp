#include "doc_toml_shim.h"

#include <algorithm>
#include <cstdio>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

namespace
{

doc_toml_place place_of(const toml::source_position &p)
{
    return {p.line, p.column};
}

bool is_before(const toml::source_position &a, const toml::source_position &b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

int walk(const toml::node &node, const doc_toml_sink &sink);

/* toml++ keeps members sorted by name; readers of lock files want them as written. */
int walk_table(const toml::table &table, const doc_toml_sink &sink)
{
    std::vector<std::pair<const toml::key *, const toml::node *>> members;
    members.reserve(table.size());
    for (const auto &member : table)
        members.emplace_back(&member.first, &member.second);
    std::sort(members.begin(), members.end(), [](const auto &a, const auto &b) {
        const toml::source_position &x = a.first->source().begin, &y = b.first->source().begin;
        return is_before(x, y) || (!is_before(y, x) && a.first->str() < b.first->str());
    });
    int r = sink.open(sink.user, true, place_of(table.source().begin));
    for (const auto &member : members) {
        const std::string_view name = member.first->str();
        if (r >= 0)
            r = sink.key(sink.user, name.data(), name.size(), place_of(member.first->source().begin));
        if (r >= 0)
            r = walk(*member.second, sink);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sink.close(sink.user);
}

int walk_array(const toml::array &array, const doc_toml_sink &sink)
{
    int r = sink.open(sink.user, false, place_of(array.source().begin));
    for (const toml::node &item : array) {
        if (r >= 0)
            r = walk(item, sink);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sink.close(sink.user);
}

template <typename T> std::string spelled(const T &value)
{
    std::ostringstream out;
    out << value;
    return out.str();
}

int walk_scalar(const toml::node &node, const doc_toml_sink &sink)
{
    doc_toml_scalar scalar = {};
    std::string text;
    scalar.begin = place_of(node.source().begin);
    scalar.end = place_of(node.source().end);
    if (const auto *s = node.as_string()) {
        scalar.kind = DOC_TOML_STRING;
        text = s->get();
    } else if (const auto *i = node.as_integer()) {
        scalar.kind = DOC_TOML_INTEGER;
        scalar.integer = i->get();
        text = std::to_string(i->get());
    } else if (const auto *f = node.as_floating_point()) {
        scalar.kind = DOC_TOML_FLOAT;
        text = spelled(toml::value<double>(f->get()));
    } else if (const auto *b = node.as_boolean()) {
        scalar.kind = DOC_TOML_BOOLEAN;
        text = b->get() ? "true" : "false";
    } else {
        scalar.kind = DOC_TOML_DATE;
        if (const auto *d = node.as_date())
            text = spelled(d->get());
        else if (const auto *t = node.as_time())
            text = spelled(t->get());
        else if (const auto *both = node.as_date_time())
            text = spelled(both->get());
    }
    scalar.text = text.data();
    scalar.len = text.size();
    return sink.scalar(sink.user, &scalar);
}

int walk(const toml::node &node, const doc_toml_sink &sink)
{
    if (const toml::table *table = node.as_table())
        return walk_table(*table, sink);
    if (const toml::array *array = node.as_array())
        return walk_array(*array, sink);
    return walk_scalar(node, sink);
}

} // namespace

int doc_toml_read(const char *bytes, size_t len, const doc_toml_sink *sink, doc_toml_problem *ret_problem)
{
    try {
        const toml::table table = toml::parse(std::string_view(bytes, len));
        return walk_table(table, *sink);
    } catch (const toml::parse_error &e) {
        const std::string_view what = e.description();
        std::snprintf(ret_problem->text, sizeof(ret_problem->text), "%.*s",
            static_cast<int>(std::min(what.size(), sizeof(ret_problem->text))), what.data());
        ret_problem->place = place_of(e.source().begin);
        return DOC_TOML_SYNTAX;
    } catch (const std::bad_alloc &) {
        return DOC_TOML_NOMEM;
    } catch (const std::exception &e) {
        std::snprintf(ret_problem->text, sizeof(ret_problem->text), "%s", e.what());
        ret_problem->place = {0, 0};
        return DOC_TOML_SYNTAX;
    }
}
