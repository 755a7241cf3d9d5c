// text/event-stream (Server-Sent Events) as Faye's client reads it, and the chunks of HTTP/1.1 in
// which a stream without end is sent. Pure functions, any thread.
#ifndef BAYEUX_PROTOCOL_EVENT_STREAM_HPP
#define BAYEUX_PROTOCOL_EVENT_STREAM_HPP

#include <string>
#include <string_view>

namespace bayeux::protocol {

inline constexpr std::string_view kEventStreamType = "text/event-stream";

// Appends the beginning of a stream: how long a client waits, in ms, before it connects again.
void append_stream_start(std::string& out);
// Appends one Bayeux message as an event, an array of one. The message is JSON and may have line
// breaks between its tokens; those stay.
void append_stream_event(std::string& out, std::string_view message);
// Appends a comment: it keeps proxies from giving the connection up, and shows that it is alive.
void append_stream_comment(std::string& out);

// Appends `data` as one chunk; nothing if it is empty, for an empty chunk is the last.
void append_chunk(std::string& out, std::string_view data);
// Appends the end of the body, without trailers.
void append_last_chunk(std::string& out);

}  // namespace bayeux::protocol

#endif
