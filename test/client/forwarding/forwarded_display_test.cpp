// The client's side of X11 forwarding, with a listening socket as the X server and a script as xauth(1).
#include "client/forwarding/forwarded_display.h"

#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/private_socket.h"
#include "channels/io/tcp_connector.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "test/support/patience.h"
#include "test/support/plain_packets.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::HasSubstr;

constexpr std::string_view real_hex = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

class ForwardedDisplayTest : public testing::Test {
 protected:
  ForwardedDisplayTest() {
    std::signal(SIGPIPE, SIG_IGN);
    log_.use_file(home_.path("log"));
    SocketPair sockets = make_socket_pair();
    other_end_ = std::move(sockets.second);
    hub_ = std::make_shared<Hub>(io_.get_executor(), std::move(sockets.first), Fd());
    x_server_ = listen_at(look_up_here("127.0.0.1", 0, AF_INET).addresses.at(0));
    display_text_ = fmt::format("127.0.0.1:{}.2", own_endpoint(x_server_.get()).port - 6000);
    config_.forward_x11 = true;
    config_.xauth_location = script(
        fmt::format("echo \"$*\" >> {}\necho 'desk/unix:1  MIT-MAGIC-COOKIE-1  {}'\n", home_.path("asked"), real_hex));
    // The session, whose channel has the number 0.
    channels_.open("session");
    receive(msg::ChannelOpenConfirmation{0, 7, 1000, 1000, {}});
    out_.take();
  }
  ~ForwardedDisplayTest() override {
    users_.end();
    hub_->finish();
    run();
  }

  std::string script(const std::string& text) {
    home_.write("xauth", "#!/bin/sh\n" + text);
    std::filesystem::permissions(home_.path("xauth"), std::filesystem::perms::owner_all);
    return home_.path("xauth");
  }
  void make(std::optional<std::string> display) {
    forwarded_ = std::make_shared<ForwardedDisplay>(hub_, users_, config_, std::move(display), rng_, log_);
    forwarded_->now = [this] { return clock_; };
  }
  // Asks for X11 with that cookie, and keeps it as bytes.
  bool offer() {
    make(display_text_);
    if (!forwarded_->offer(channels_.at(0))) return false;
    const auto request = out_.take_only<msg::ChannelRequest>();
    EXPECT_EQ(request.request_type, "x11-req");
    EXPECT_TRUE(request.want_reply);
    const auto details = decode<msg::X11Req>(request.type_specific_data.bytes);
    EXPECT_FALSE(details.single_connection);
    EXPECT_EQ(details.x11_authentication_protocol, "MIT-MAGIC-COOKIE-1");
    EXPECT_EQ(details.x11_screen_number, 2u);
    const auto cookie = parse_x11_cookie("x", text_of(details.x11_authentication_cookie.bytes));
    EXPECT_TRUE(cookie);
    fake_ = text_of(cookie->data.reveal());
    return true;
  }
  void run() { test::run_dry(io_, std::chrono::milliseconds(1)); }
  template <class M>
  void receive(const M& message) {
    const auto payload = encode(message);
    if (const auto event = channels_.on_payload(payload)) {
      std::visit(
          [&](const auto& each) {
            if constexpr (requires { users_.route(each); }) users_.route(each);
            if constexpr (requires { forwarded_->open(channels_, each); }) taken_ = forwarded_->open(channels_, each);
          },
          *event);
    }
    run();
  }
  // The server opens a channel of that type: the number of what we say to that. `reason_` is the refusal's.
  std::uint8_t open(std::string_view type = "x11") {
    const auto details = encode(msg::X11Open{"192.0.2.9", 40000});
    receive(msg::ChannelOpen{type, 70, 1000, 1000, Rest{details}});
    EXPECT_TRUE(!taken_ || test::run_until(io_, [this] { return out_.writer.backlog() > 0; }));
    const auto sent = out_.take();
    if (sent.size() != 1) return 0;
    if (sent[0][0] == msg::ChannelOpenConfirmation::number) {
      channel_ = decode<msg::ChannelOpenConfirmation>(sent[0]).sender_channel;
    } else {
      reason_ = decode<msg::ChannelOpenFailure>(sent[0]).reason_code;
    }
    return sent[0][0];
  }
  std::string setup_with(std::string_view cookie) {
    return std::string("B\0\0\x0b\0\0\0\x12\0\x10\0\0", 12) + "MIT-MAGIC-COOKIE-1" + std::string(2, '\0') +
           std::string(cookie);
  }
  Fd accept() {
    EXPECT_TRUE(test::run_until_readable(io_, x_server_.get()));
    return accept_connection(x_server_.get());
  }
  std::string read(const Fd& socket) {
    EXPECT_TRUE(test::run_until_readable(io_, socket.get()));
    char text[200];
    const ssize_t size = ::recv(socket.get(), text, sizeof text, MSG_DONTWAIT);
    return size >= 0 ? std::string(text, static_cast<std::size_t>(size)) : std::strerror(errno);
  }

  asio::io_context io_{1};
  TemporaryDirectory home_;
  ClientConfig config_;
  ClientLog log_{LogLevel::debug2};
  SeededRng rng_{9};
  test::PlainWriter out_;
  Channels channels_{out_.writer, {}, 1000, nullptr};
  ChannelUsers users_;
  Fd other_end_;
  std::shared_ptr<Hub> hub_;
  Fd x_server_;
  std::string display_text_;
  std::shared_ptr<ForwardedDisplay> forwarded_;
  std::string fake_;
  std::chrono::steady_clock::time_point clock_{};
  bool taken_ = false;
  std::uint32_t channel_ = 0, reason_ = 0;
};

// RFC 4254 section 6.3.1 [4254-6.3.1-1], RFC 4251 section 9.5.3 [4251-9.5.3-3]
TEST_F(ForwardedDisplayTest, TheDisplayGetsTheRealCookieAndTheServerNever) {
  ASSERT_TRUE(offer());
  EXPECT_NE(hex(bytes_of(fake_)), real_hex);
  ASSERT_EQ(open(), msg::ChannelOpenConfirmation::number);
  const Fd x = accept();
  ASSERT_TRUE(x);
  const std::string setup = setup_with(fake_) + "and more";
  receive(msg::ChannelData{channel_, bytes_of(setup).first(20)});
  pollfd told{x.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&told, 1, 0), 0) << "nothing before it is known to be right";
  receive(msg::ChannelData{channel_, bytes_of(setup).subspan(20)});
  const std::string real(text_of(parse_x11_cookie("x", real_hex)->data.reveal()));
  EXPECT_EQ(read(x), setup_with(real) + "and more");
  ASSERT_EQ(::send(x.get(), "welcome", 7, 0), 7);
  ASSERT_TRUE(test::run_until(io_, [this] { return out_.writer.backlog() > 0; }));
  EXPECT_EQ(text_of(out_.take_only<msg::ChannelData>().data), "welcome");
  EXPECT_EQ(channels_.at(channel_).window_from_peer().available() + setup.size(), 2u * 1024 * 1024);
}

// RFC 4254 section 6.3.1 [4254-6.3.1-1]
TEST_F(ForwardedDisplayTest, WhoDoesNotShowTheFakeCookieGetsNowhere) {
  ASSERT_TRUE(offer());
  const std::string real(text_of(parse_x11_cookie("x", real_hex)->data.reveal()));
  for (const std::string& sent : {setup_with(std::string(16, 'x')), setup_with(real), std::string("hello server")}) {
    ASSERT_EQ(open(), msg::ChannelOpenConfirmation::number);
    const Fd x = accept();
    ASSERT_TRUE(x);
    receive(msg::ChannelData{channel_, bytes_of(sent)});
    EXPECT_EQ(read(x), "");  // closed, and nothing came
    EXPECT_EQ(out_.take_only<msg::ChannelClose>().recipient_channel, 70u);
    receive(msg::ChannelClose{channel_});
  }
  EXPECT_THAT(home_.read("log"), HasSubstr("X11 connection rejected because of wrong authentication."));
  EXPECT_EQ(users_.count(), 0u);
}

// RFC 4254 section 6.3.2 [4254-6.3.2-2]
TEST_F(ForwardedDisplayTest, WithoutARequestOfOursEveryOpenIsRefused) {
  make(display_text_);
  EXPECT_EQ(open(), msg::ChannelOpenFailure::number);
  EXPECT_EQ(reason_, 1u);  // administratively prohibited
  EXPECT_FALSE(accept_connection(x_server_.get()));
  EXPECT_THAT(home_.read("log"), HasSubstr("Warning: ssh server tried X11 forwarding.\n"));
  // Of another type: somebody else's to answer.
  EXPECT_EQ(open("forwarded-tcpip"), 0);
  EXPECT_FALSE(taken_);
}

// RFC 4254 section 6.3.2 [4254-6.3.2-1]
TEST_F(ForwardedDisplayTest, ADisplayThatIsNotThereIsARefusal) {
  ASSERT_TRUE(offer());
  bool said = false;
  forwarded_->on_refused = [&] { said = !forwarded_->connecting(); };
  x_server_.close();
  const auto details = encode(msg::X11Open{"192.0.2.9", 40000});
  const auto payload = encode(msg::ChannelOpen{"x11", 70, 1000, 1000, Rest{details}});
  EXPECT_TRUE(forwarded_->open(channels_, std::get<ChannelOpenWanted>(*channels_.on_payload(payload))));
  EXPECT_TRUE(forwarded_->connecting());
  ASSERT_TRUE(test::run_until(io_, [this] { return out_.writer.backlog() > 0; }));
  EXPECT_EQ(out_.take_only<msg::ChannelOpenFailure>().reason_code, 2u);  // connect failed
  EXPECT_TRUE(said);
}

// RFC 4254 section 11 [4254-11-1]
TEST_F(ForwardedDisplayTest, AServerWithAnotherKeyGetsNoDisplay) {
  make(display_text_);
  forwarded_->forbid();
  EXPECT_FALSE(forwarded_->offer(channels_.at(0)));
  EXPECT_TRUE(out_.take().empty());
  EXPECT_EQ(home_.read("log"), "X11 forwarding is disabled to avoid man-in-the-middle attacks.\n");
}

TEST_F(ForwardedDisplayTest, WithoutADisplayOrTheWishNothingIsAsked) {
  make(std::nullopt);
  EXPECT_FALSE(forwarded_->offer(channels_.at(0)));
  EXPECT_THAT(home_.read("log"), HasSubstr("X11 forwarding requested but DISPLAY not set"));
  make("$(reboot):0");
  EXPECT_FALSE(forwarded_->offer(channels_.at(0)));
  EXPECT_THAT(home_.read("log"), HasSubstr("DISPLAY \"$(reboot):0\" invalid; disabling X11 forwarding"));
  config_.forward_x11 = false;
  make(display_text_);
  EXPECT_FALSE(forwarded_->offer(channels_.at(0)));
  EXPECT_TRUE(out_.take().empty());
}

TEST_F(ForwardedDisplayTest, ATrustedServerWithoutACookieGetsAMadeUpOne) {
  for (const std::string text : {"exit 1", "echo nothing for you", "echo 'a b zz'", "kill -9 $$"}) {
    config_.xauth_location = script(text);
    ASSERT_TRUE(offer()) << text;
    EXPECT_EQ(fake_.size(), 16u);
  }
  config_.xauth_location = "/nonexistent";
  ASSERT_TRUE(offer());
  EXPECT_THAT(home_.read("log"), HasSubstr("Warning: No xauth data; using fake authentication data"));
}

TEST_F(ForwardedDisplayTest, AnUntrustedServerGetsACookieOfItsOwnOrNone) {
  config_.forward_x11_trusted = false;
  ASSERT_TRUE(offer());
  const std::string asked = home_.read("asked");
  EXPECT_THAT(asked,
              HasSubstr("/xauthfile generate " + display_text_ + " MIT-MAGIC-COOKIE-1 untrusted timeout 1260\n"));
  EXPECT_THAT(asked, HasSubstr("/xauthfile list " + display_text_ + "\n"));
  const std::string directory = asked.substr(3, asked.find("/xauthfile") - 3);
  EXPECT_FALSE(std::filesystem::exists(directory)) << directory;
  EXPECT_EQ(open(), msg::ChannelOpenConfirmation::number);

  config_.xauth_location = script("exit 1");
  EXPECT_FALSE(offer());
  EXPECT_THAT(home_.read("log"),
              HasSubstr("Warning: untrusted X11 forwarding setup failed: xauth key data not generated\n"));
}

TEST_F(ForwardedDisplayTest, AnUntrustedServerIsLetInForATimeOnly) {
  config_.forward_x11_trusted = false;
  ASSERT_TRUE(offer());
  clock_ += std::chrono::seconds(1199);
  ASSERT_EQ(open(), msg::ChannelOpenConfirmation::number);
  clock_ += std::chrono::seconds(1);
  EXPECT_EQ(open(), msg::ChannelOpenFailure::number);
  EXPECT_EQ(reason_, 1u);
  EXPECT_THAT(home_.read("log"), HasSubstr("Rejected X11 connection after ForwardX11Timeout expired"));
}

// Past vulnerability 64: many open and close at any stage, in any order.
TEST_F(ForwardedDisplayTest, AStormOfOpensAndClosesLeavesNothingBehind) {
  ASSERT_TRUE(offer());
  const std::string setup = setup_with(fake_);
  const auto details = encode(msg::X11Open{"192.0.2.9", 40000});
  for (std::uint32_t i = 0; i < 100; ++i) {
    if (open() != msg::ChannelOpenConfirmation::number) FAIL() << i;
    if (i % 4 >= 1) receive(msg::ChannelData{channel_, bytes_of(setup).first(i % setup.size())});
    if (i % 4 >= 2) receive(msg::ChannelEof{channel_});
    const Fd x = accept();
    ASSERT_TRUE(x);
    // A channel that is closed before the display has been reached.
    receive(msg::ChannelOpen{"x11", 71, 1000, 1000, Rest{details}});
    receive(msg::ChannelClose{channel_});
    EXPECT_EQ(read(x), "");
    for (const auto& payload : out_.take()) {
      if (payload[0] != msg::ChannelOpenConfirmation::number) continue;
      receive(msg::ChannelClose{decode<msg::ChannelOpenConfirmation>(payload).sender_channel});
    }
    const Fd second = accept();
    EXPECT_EQ(read(second), "");
    out_.take();
  }
  EXPECT_EQ(users_.count(), 0u);
  EXPECT_LE(channels_.count(), 2u);  // the session, and perhaps the last, which is buried with the next message
}

}  // namespace
}  // namespace glassh
