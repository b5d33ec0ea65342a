// x11-req of a session: RFC 4254 section 6.3.1.
#include <filesystem>

#include "test/server/sessions/session_fixture.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct SessionX11Test : test::SessionTest {
  SessionX11Test() {
    config.x11_forwarding = true;
    config.x11_display_offset = 40000;
    config.permit_user_rc = true;
    home.write("xauth", "#!/bin/sh\necho \"$*\" > ~/arguments\ncat > ~/input\necho from xauth >&2\n");
    std::filesystem::permissions(home.path("xauth"), std::filesystem::perms::owner_all);
    config.xauth_location = home.path("xauth");
    context->config = std::make_shared<ServerConfig>(config);
    context->permissions.x11_forwarding = true;
    context->forward_x11 = [this](X11Wish wish) {
      return X11Forwarding::create(hub, channels, users, config, std::move(wish), lines.log);
    };
  }
  void ask(std::string_view cookie = "c0ffee", std::string_view protocol = "MIT-MAGIC-COOKIE-1") {
    request(msg::X11Req{false, protocol, {bytes_of(cookie)}, 1});
  }
  // For a program that waits for a line.
  void let_go_on() { receive(msg::ChannelData{0, bytes_of("go\n")}); }

  ChannelUsers users;
};

TEST_F(SessionX11Test, TheProgramFindsADisplayAndXauthIsToldItsCookieBefore) {
  ask();
  request(msg::Exec{"echo $DISPLAY; cat input arguments"});
  run_to_close();
  ASSERT_THAT(output, StartsWith("localhost:"));
  const std::string name = output.substr(10, output.find('\n') - 10);
  EXPECT_EQ(output.substr(11 + name.size()),
            "remove unix:" + name + "\nadd unix:" + name + " MIT-MAGIC-COOKIE-1 c0ffee\n-q -\n");
  EXPECT_THAT(name, testing::EndsWith(".1"));
  EXPECT_EQ(error, "from xauth\n");
  EXPECT_TRUE(order.starts_with("SS")) << order;
}

TEST_F(SessionX11Test, AnRcFileGetsTheCookieInsteadOfXauth) {
  std::filesystem::create_directory(home.path(".ssh"));
  home.write(".ssh/rc", "read protocol cookie; echo \"$protocol $cookie $DISPLAY\" > ~/seen\n");
  ask();
  request(msg::Exec{"cat seen; echo $DISPLAY; ls"});
  run_to_close();
  EXPECT_THAT(output, StartsWith("MIT-MAGIC-COOKIE-1 c0ffee localhost:"));
  EXPECT_THAT(output, testing::Not(HasSubstr("arguments")));
}

// Past vulnerability 84: what `restrict`, DisableForwarding and X11Forwarding take away does not come back by asking.
TEST_F(SessionX11Test, WhatIsNotPermittedIsNotMade) {
  context->permissions.x11_forwarding = false;
  ask();
  request(msg::Exec{"echo ${DISPLAY-none}"});
  run_to_close();
  EXPECT_EQ(output, "none\n");
  EXPECT_TRUE(order.starts_with("FS")) << order;
}

TEST_F(SessionX11Test, WithoutXauthThereIsNoDisplay) {
  config.xauth_location = home.path("nothing");
  context->config = std::make_shared<ServerConfig>(config);
  ask();
  request(msg::Exec{"echo ${DISPLAY-none}"});
  run_to_close();
  EXPECT_EQ(output, "none\n");
  EXPECT_THAT(lines.text(), HasSubstr("there is no xauth program"));
}

// RFC 4254 section 6.3.1 [4254-6.3.1-4]; past vulnerability 90 (CVE-2016-3115)
TEST_F(SessionX11Test, ACookieThatXauthCouldTakeForACommandIsRefused) {
  ask("c0ffee\nsource /etc/shadow");
  ask("c0ffee", "MIT\nextract /etc/passwd :0");
  ask("coffee");
  ask("");
  ask();
  ask();  // once is enough
  request(msg::Exec{"read go; cat input | wc -l"});
  request(msg::X11Req{false, "MIT-MAGIC-COOKIE-1", {bytes_of("00")}, 0});  // too late
  let_go_on();
  run_to_close();
  EXPECT_EQ(output, "2\n");
  EXPECT_TRUE(order.starts_with("FFFFSFSF")) << order;
}

// RFC 4254 section 6.3.1 [4254-6.3.1-2]
TEST_F(SessionX11Test, TheDisplayGoesWithTheSession) {
  std::weak_ptr<X11Forwarding> made;
  context->forward_x11 = [this, &made](X11Wish wish) {
    const auto display = X11Forwarding::create(hub, channels, users, config, std::move(wish), lines.log);
    made = display;
    return display;
  };
  ask();
  request(msg::Exec{"read go"});
  EXPECT_FALSE(made.expired());
  let_go_on();
  run_to_close();
  EXPECT_TRUE(made.expired());
}

// RFC 4254 section 6.3.1: the search may try a thousand ports, so a client must not have it done again and again.
TEST_F(SessionX11Test, ADisplayIsSoughtOnceForEachSessionAlsoIfThereIsNone) {
  int sought = 0;
  context->forward_x11 = [&sought](const X11Wish&) {
    ++sought;
    return std::shared_ptr<X11Forwarding>();
  };
  ask();
  ask();
  ask("beef");
  EXPECT_EQ(order, "FFF");
  EXPECT_EQ(sought, 1);
  EXPECT_THAT(lines.text(), HasSubstr("no X11 forwarding: it is too late, or has been asked before"));
  request(msg::Exec{"echo ${DISPLAY-none}"});
  run_to_close();
  EXPECT_EQ(output, "none\n");
}

TEST_F(SessionX11Test, TheDisplayGoesWithAClientThatClosesBeforeAnythingRan) {
  std::weak_ptr<X11Forwarding> made;
  context->forward_x11 = [this, &made](X11Wish wish) {
    const auto display = X11Forwarding::create(hub, channels, users, config, std::move(wish), lines.log);
    made = display;
    return display;
  };
  ask();
  EXPECT_FALSE(made.expired());
  receive(msg::ChannelClose{0});
  EXPECT_TRUE(made.expired());
}

}  // namespace
}  // namespace glassh
