#include "httpd/status_tables.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "httpd/module_hooks.hpp"

namespace bayeux::httpd {
namespace {

using store::Kind;

void begin_row(Html& html, std::string_view name) {
    html.raw("<tr><th scope=\"row\">").text(name).raw("</th>");
}

// Trouble, if there is any.
void trouble(Html& html, std::uint64_t value) {
    html.element("td", value == 0 ? "zero" : "hot", shown_count(value));
}

// A bar of so many thousandths.
void bar(Html& html, std::uint64_t value, std::uint64_t most) {
    const std::uint64_t width = most == 0 ? 0 : value * 1000 / most;
    html.raw("<td class=\"bars\"><svg class=\"bar\" viewBox=\"0 0 1000 6\" ");
    html.raw("preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect height=\"6\" width=\"");
    html.raw(std::to_string(width)).raw("\"/></svg></td>");
}

void row_of_times(Html& html, std::string_view name, const Durations& times) {
    begin_row(html, name);
    for (const double share : {0.5, 0.99, 0.999}) {
        html.cell(shown_time(times.percentile(share)));
    }
    html.cell(shown_time(times.longest_ns)).raw("</tr>\n");
}

}  // namespace

void show_transports(Html& html, const StatusFigures& figures) {
    std::uint64_t most = 1;
    for (const broker::Transport transport : kShownTransports) {
        most = std::max(most, figures.loops.held_by(transport));
    }
    html.begin_card("", "Transports", "connects held, streams open");
    html.begin_table({"", "", "now", "delivered"});
    for (const broker::Transport transport : kShownTransports) {
        begin_row(html, transport_name(transport));
        bar(html, figures.loops.held_by(transport), most);
        html.number(figures.loops.held_by(transport));
        html.number(figures.store.counters.delivered[static_cast<std::size_t>(transport)]);
        html.raw("</tr>\n");
    }
    begin_row(html, "not connected yet");
    html.raw("<td></td><td></td>").number(figures.store.counters.delivered[0]).raw("</tr>\n");
    html.end_table().end_card();
}

void show_totals(Html& html, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    const store::Counters& counters = stats.counters;
    const Named rows[] = {
        {"", "channels", stats.count(Kind::kChannel)},
        {"", "subscriptions", stats.count(Kind::kSubscription)},
        {"", "present", stats.count(Kind::kMember)},
        {"", "connections", figures.loops.connections},
        {"", "sessions created", counters.sessions_created},
        {"", "sessions ended", counters.sessions_ended},
        {"", "of them expired", counters.sessions_expired},
        {"", "messages published", counters.published},
        {"", "put into queues", counters.queued},
        {"", "requests by the fast lane", figures.loops.fast},
        {"", "service calls done", figures.calls.done},
    };
    html.begin_card("w3", "In all", "since the store was made");
    html.begin_table({"", ""});
    for (const Named& row : rows) {
        begin_row(html, row.label);
        html.number(row.value).raw("</tr>\n");
    }
    html.end_table().end_card();
}

void show_refusals(Html& html, const StatusFigures& figures) {
    const store::Counters& counters = figures.store.counters;
    html.begin_card("w4", "Refusals and failures");
    html.begin_table({"", ""});
    for (const Named& refusal : figures.refusals()) {
        begin_row(html, refusal.label);
        html.number(refusal.value).raw("</tr>\n");
    }
    const Named troubles[] = {
        {"", "sessions ended by a full queue", counters.overflow_disconnects},
        {"", "messages dropped by a full queue", counters.dropped_oldest + counters.dropped_newest},
        {"", "service calls failed or refused", figures.calls.failed + figures.calls.refused},
        {"", "children that were killed", counters.dead_children},
        {"", "repairs of the store", counters.repairs},
    };
    for (const Named& one : troubles) {
        begin_row(html, one.label);
        trouble(html, one.value);
        html.raw("</tr>\n");
    }
    html.end_table().end_card();
}

void show_memory(Html& html, const StatusFigures& figures) {
    const store::StoreStats& stats = figures.store;
    // The largest kinds have colours of their own.
    constexpr std::size_t kColoured = 5;
    std::vector<Named> parts{{"", "own tables", stats.fixed_bytes()}};
    std::uint64_t others = 0;
    const std::vector<Named> kinds = figures.memory();
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (i < kColoured) {
            parts.push_back(kinds[i]);
        } else {
            others += kinds[i].value;
        }
    }
    parts.push_back({"", "users, presence, others", others});
    parts.push_back({"", "spare, of these kinds", stats.spare_bytes()});
    html.begin_card("w12", "Shared memory",
                    shown_bytes(stats.free_bytes()) + " of " + shown_bytes(stats.size) + " free");
    html.raw("<svg class=\"memory\" viewBox=\"0 0 100000 10\" preserveAspectRatio=\"none\" ");
    html.raw("role=\"img\" aria-label=\"Shares of the memory, as in the table\">");
    std::uint64_t x = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::uint64_t width = stats.size == 0 ? 0 : parts[i].value * 100000 / stats.size;
        html.raw("<rect class=\"k").raw(std::to_string(i)).raw("\" height=\"10\" x=\"");
        html.raw(std::to_string(x)).raw("\" width=\"").raw(std::to_string(width)).raw("\"/>");
        x += width;
    }
    html.raw("</svg>\n<ul class=\"legend\">\n");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        html.raw("<li><svg class=\"key\" viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"k");
        html.raw(std::to_string(i)).raw("\" width=\"1\" height=\"1\"/></svg>");
        html.element("span", "", parts[i].label).element("b", "", shown_bytes(parts[i].value));
        html.raw("</li>\n");
    }
    html.raw("</ul>\n").end_card();
}

void show_times(Html& html, const StatusFigures& figures) {
    html.begin_card("", "Times");
    html.begin_table({"", "median", "99 %", "99.9 %", "longest"});
    row_of_times(html, "store's lock, held", figures.store.hold_times);
    row_of_times(html, "turn of a loop", figures.loops.turns);
    html.end_table();
    html.raw(
        "<p class=\"note\">What comes in waits for its loop at most as long as a turn takes. ");
    html.raw("Of sixteen one is timed, since the store was made.</p>\n");
    html.end_card();
}

void show_children(Html& html, const StatusFigures& figures) {
    html.begin_card("w12", "Children", shown_count(figures.children.size()) + " serve");
    html.begin_table({"process", "connections", "websocket", "eventsource", "long-polling",
                      "callback-polling", "calls", "calls waiting", "turn, median", "99 %",
                      "longest"});
    for (const ChildRow& child : figures.children) {
        begin_row(html, std::to_string(child.pid));
        html.number(child.loop.connections);
        for (const broker::Transport transport : kShownTransports) {
            html.number(child.loop.held_by(transport));
        }
        html.number(child.calls.running).number(child.calls.waiting);
        html.cell(shown_time(child.loop.turns.percentile(0.5)));
        html.cell(shown_time(child.loop.turns.percentile(0.99)));
        html.cell(shown_time(child.loop.turns.longest_ns)).raw("</tr>\n");
    }
    html.end_table().end_card();
}

void show_channels(Html& html, const store::Survey& survey) {
    const auto table = [&](std::string_view title, const auto& channels) {
        html.begin_card("w4", title, survey.complete ? "" : "of a part of the store");
        html.begin_table({"channel", "subscribers", "messages"});
        for (const store::LargeChannel& channel : channels) {
            html.raw("<tr><td class=\"name\" title=\"").text(channel.text()).raw("\">");
            html.text(channel.text()).raw("</td>").number(channel.subscribers);
            html.number(channel.published).raw("</tr>\n");
        }
        html.end_table();
        if (channels.size() == 0) {
            html.element("p", "note", "none");
        }
        html.end_card();
    };
    table("Most subscribers", survey.crowded);
    table("Most messages", survey.busy);
}

void show_slow_sessions(Html& html, const store::Survey& survey) {
    html.begin_card("w4", "Slowest consumers", survey.complete ? "" : "of a part of the store");
    html.begin_table({"session", "transport", "", "waiting", "bytes"});
    for (const store::SlowSession& session : survey.slow) {
        html.raw("<tr>").element("td", "id", session.short_id() + "\xe2\x80\xa6");
        html.cell(transport_name(session.transport)).cell(session.waiting ? "" : "away");
        html.number(session.events).cell(shown_bytes(session.bytes)).raw("</tr>\n");
    }
    html.end_table();
    if (survey.slow.size() == 0) {
        html.element("p", "note", "nobody keeps messages waiting");
    }
    html.end_card();
}

}  // namespace bayeux::httpd
