#include "client/tools/key_scan.h"

#include <memory>

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "test/client/scripted_server.h"

namespace glassh {
namespace {

using tcp = asio::ip::tcp;

// What a listener on 127.0.0.1 does with the first connection that it accepts.
using Host = std::function<void(tcp::socket)>;

class KeyScanTest : public testing::Test {
 protected:
  ScannedKey scan(std::vector<std::string> algorithms, Host host, const std::string& address = "127.0.0.1",
                  bool listening = true, std::chrono::seconds timeout = std::chrono::seconds(60)) {
    tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    KeyQuestion question{address, acceptor.local_endpoint().port(), AddressFamily::inet, std::move(algorithms),
                         timeout};
    if (listening) {
      acceptor.async_accept([&host](boost::system::error_code error, tcp::socket socket) {
        if (!error) host(std::move(socket));
      });
    } else {
      acceptor.close();
    }
    ScannedKey result;
    asio::co_spawn(io_, scan_host_key(io_.get_executor(), std::move(question), rng_, nullptr),
                   [&](std::exception_ptr error, ScannedKey got) {
                     EXPECT_FALSE(error);
                     result = std::move(got);
                     boost::system::error_code ignored;
                     acceptor.close(ignored);
                   });
    io_.run();
    return result;
  }

  Host serving() {
    return [this](tcp::socket socket) {
      server_.emplace(io_.get_executor(), Fd(socket.release()), ScriptedServerSettings{});
    };
  }

  asio::io_context io_{1};
  SystemRng rng_;
  std::optional<ScriptedServer> server_;
};

// [4253-8-8] keeps: the signature has been verified, and nothing follows it.
TEST_F(KeyScanTest, TheKeyIsTheOneThatTheServerProved) {
  const ScannedKey got = scan({"ssh-ed25519"}, serving());
  ASSERT_EQ(got.end, ScanEnd::answered) << got.text;
  EXPECT_TRUE(*got.key == server_->host_key());
  EXPECT_EQ(got.server_version, "SSH-2.0-OpenSSH_9.9");
  ASSERT_TRUE(server_->disconnected());
  EXPECT_EQ(server_->disconnected()->reason, DisconnectReason::by_application) << "it never tried to log in";
}

TEST_F(KeyScanTest, AServerWithoutAKeyOfThatTypeHasNone) {
  const ScannedKey got = scan({"rsa-sha2-512", "rsa-sha2-256"}, serving());
  EXPECT_EQ(got.end, ScanEnd::not_this_type) << got.text;
  EXPECT_FALSE(got.key);
  EXPECT_EQ(got.server_version, "SSH-2.0-OpenSSH_9.9");
}

TEST_F(KeyScanTest, OtherEndsHaveTheirReasons) {
  EXPECT_EQ(scan({"ssh-ed25519"}, {}, "127.0.0.1", false).end, ScanEnd::unreachable);
  io_.restart();
  EXPECT_EQ(scan({"ssh-ed25519"}, {}, "::1").end, ScanEnd::unresolved) << "only IPv4 was asked for";
  io_.restart();
  EXPECT_EQ(scan({"ssh-ed25519"}, [](tcp::socket) {}).end, ScanEnd::closed);
  io_.restart();
  std::optional<tcp::socket> silent;
  const ScannedKey late = scan(
      {"ssh-ed25519"}, [&silent](tcp::socket socket) { silent = std::move(socket); }, "127.0.0.1", true,
      std::chrono::seconds(1));
  EXPECT_EQ(late.end, ScanEnd::timed_out);
  EXPECT_EQ(late.server_version, "");
  io_.restart();
  const ScannedKey wrong = scan(
      {"ssh-ed25519"}, [](tcp::socket socket) { asio::write(socket, asio::buffer(std::string("SSH-1.5-old\r\n"))); });
  EXPECT_EQ(wrong.end, ScanEnd::protocol_error) << wrong.text;
  EXPECT_FALSE(wrong.key);
}

}  // namespace
}  // namespace glassh
