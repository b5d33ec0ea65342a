// The limits of the strings in requests and opens.
#include "channels/request_limits.h"

#include <gtest/gtest.h>

#include "proto/messages_forward.h"
#include "proto/messages_session.h"

namespace glassh {
namespace {

// Fills each string with as many bytes as it may have, and `more` beside.
struct Fill {
  std::size_t more = 0;
  std::vector<std::string> texts = std::vector<std::string>(8);
  std::size_t used = 0;

  const std::string& text(std::string_view field) {
    return texts.at(used++) = std::string(longest_string(field) + more, 'x');
  }
  void operator()(std::string_view field, std::string_view& value) { value = text(field); }
  void operator()(std::string_view field, Bytes& value) { value = bytes_of(text(field)); }
  void operator()(std::string_view field, Hidden& value) { value = Hidden{bytes_of(text(field))}; }
  template <class Number>
  void operator()(std::string_view, Number&) {}
};

template <class Message>
std::string filled(std::size_t more) {
  Fill fill{more};
  Message message;
  Message::fields(message, fill);
  return over_limit(message);
}

template <class Message>
void expect_limit() {
  EXPECT_EQ(filled<Message>(0), "");
  EXPECT_TRUE(filled<Message>(1).starts_with(std::string(Message::name) + ": ")) << Message::name;
}
template <class... Messages>
void expect_limits() {
  (expect_limit<Messages>(), ...);
}

TEST(RequestLimits, EachStringMayBeAsLongAsItsLimitAndNoLonger) {
  expect_limits<msg::PtyReq, msg::X11Req, msg::Env, msg::Exec, msg::Subsystem, msg::Signal, msg::ExitSignal,
                msg::X11Open, msg::TcpipForward, msg::CancelTcpipForward, msg::ForwardedTcpip, msg::DirectTcpip,
                msg::StreamlocalForward, msg::CancelStreamlocalForward, msg::ForwardedStreamlocal,
                msg::DirectStreamlocal>();
}

TEST(RequestLimits, TheTextNamesTheFieldAndTheLimit) {
  const std::string host(1025, 'a');
  EXPECT_EQ(over_limit(msg::DirectTcpip{host, 22, "192.0.2.1", 1}),
            "direct-tcpip: host_to_connect has 1025 bytes; at most 1024 are taken");
  EXPECT_EQ(over_limit(msg::DirectTcpip{"a", 22, host, 1}),
            "direct-tcpip: originator_IP_address has 1025 bytes; at most 1024 are taken");
}

TEST(RequestLimits, NamesHave64Bytes) {  // [4251-6-6] [4251-6-11] keeps and breaks
  const std::string name(65, 'A');
  EXPECT_EQ(over_limit(msg::Signal{std::string_view(name).substr(1)}), "");
  EXPECT_EQ(over_limit(msg::Signal{name}), "signal: signal_name has 65 bytes; at most 64 are taken");
  EXPECT_EQ(over_limit(msg::Subsystem{name}), "subsystem: subsystem_name has 65 bytes; at most 64 are taken");
}

// A longer path cannot be opened, and a longer command cannot be executed.
TEST(RequestLimits, PathsAndCommandsAreAsLongAsTheSystemTakes) {
  EXPECT_EQ(longest_string("socket_path"), 4095U);
  EXPECT_EQ(longest_string("command"), 131071U);
}

}  // namespace
}  // namespace glassh
