#include "client/forwarding/x11_display.h"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace glassh {
namespace {

std::string parsed(std::string_view text) {
  const auto display = X11Display::parse(text);
  if (!display) return "none";
  return fmt::format("{}|{}|{}|{}", display->host, display->number, display->screen, display->authority_name());
}

TEST(X11Display, IsAHostANumberAndAScreen) {
  EXPECT_EQ(parsed(":0"), "|0|0|:0");
  EXPECT_EQ(parsed(":12.3"), "|12|3|:12.3");
  EXPECT_EQ(parsed("unix:7.0"), "|7|0|unix:7.0");
  EXPECT_EQ(parsed("desk.example.org:1"), "desk.example.org|1|0|desk.example.org:1");
  EXPECT_EQ(parsed("192.0.2.1:10.1"), "192.0.2.1|10|1|192.0.2.1:10.1");
  EXPECT_EQ(parsed("[2001:db8::1]:2"), "2001:db8::1|2|0|[2001:db8::1]:2");
  EXPECT_EQ(parsed(":59535"), "|59535|0|:59535");
  // What is forwarded to this machine is in xauth's list under another name.
  EXPECT_EQ(parsed("localhost:10.0"), "localhost|10|0|unix:10.0");
}

TEST(X11Display, WhatIsNoDisplayIsNone) {
  for (const char* text : {"",        "0",     "host",   ":",      ":x",           ":1.",     ":1.x",
                           ":1x",     ":-1",   ":1.0.0", ":59536", ":99999999999", "a b:0",   "a;b:0",
                           "$(id):0", "a\n:0", "`a`:0",  "-q:0",   "host:0\t",     "\"a\":0", "a&:0"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(X11Display, OneThatIsNotThereIsAProblemInWords) {
  asio::io_context io;
  X11Connection result;
  // TCP port 6000 + 0 of an address that no machine has.
  asio::co_spawn(io, connect_to_display(io.get_executor(), *X11Display::parse("255.255.255.255:0")),
                 [&](const std::exception_ptr& failure, X11Connection got) {
                   EXPECT_FALSE(failure);
                   result = std::move(got);
                 });
  io.run();
  EXPECT_FALSE(result.socket);
  EXPECT_NE(result.problem, "");
}

}  // namespace
}  // namespace glassh
