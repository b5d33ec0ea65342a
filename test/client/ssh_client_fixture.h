// A whole SshClient against a scripted server, with files as its standard streams and its log.
//
//   struct MyTest : SshClientTest {};  TEST_F(MyTest, …) { const Result result = run({.script = …}); }
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "auth/our_algorithms.h"
#include "client/ssh_client.h"
#include "crypto/key_files/key_file.h"
#include "proto/messages_connection.h"
#include "test/client/scripted_server.h"
#include "test/support/temporary_directory.h"

namespace glassh {

// Puts other files in the place of this process's standard streams, for as long as it lives.
class StandardStreams {
 public:
  explicit StandardStreams(const std::array<int, 3>& others) {
    std::fflush(nullptr);
    for (int fd = 0; fd < 3; ++fd) {
      saved_[fd] = Fd::duplicate(fd);
      EXPECT_EQ(::dup2(others[fd], fd), fd);
    }
  }
  ~StandardStreams() {
    for (int fd = 0; fd < 3; ++fd) ::dup2(saved_[fd].get(), fd);
  }

 private:
  std::array<Fd, 3> saved_;
};

// Accepts the session with plenty of room and says yes to the program; then `then` goes on.
using Then = std::function<bool(PacketWriter&)>;
inline std::function<bool(PacketWriter&, Bytes)> after_start(Then then) {
  return [then](PacketWriter& writer, Bytes payload) {
    if (payload.empty()) return true;
    if (payload[0] == message_number::channel_open) {
      const auto open = decode<msg::ChannelOpen>(payload);
      writer.send(msg::ChannelOpenConfirmation{open.sender_channel, 5, 1 << 20, 1 << 15, {}});
    } else if (payload[0] == message_number::channel_request) {
      const auto request = decode<msg::ChannelRequest>(payload);
      if (!request.want_reply) return true;
      writer.send(msg::ChannelSuccess{0});
      return then(writer);
    }
    return true;
  };
}

class SshClientTest : public testing::Test {
 protected:
  struct Result {
    int status = -1;
    std::string out, err, log;
    std::optional<Disconnected> disconnected;  // what the server was told
  };

  SshClientTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as both programs do
    const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng_);
    save_private_key(home_.path("id"), key, "", rng_, IfExists::refuse);
    config_.original_host = config_.host_name = "example.com";
    config_.user = "ada";
    config_.identity_files = {home_.path("id")};
    config_.identity_files_given = true;
    config_.batch_mode = true;
    config_.preferred_authentications = {"publickey", "keyboard-interactive", "password"};
    config_.strict_host_key_checking = StrictHostKeyChecking::no;
    for (const auto& [list, names] :
         {std::pair{&config_.kex_algorithms, our_algorithm_names(Role::client).kex.defaults},
          std::pair{&config_.ciphers, our_algorithm_names(Role::client).ciphers.defaults},
          std::pair{&config_.macs, our_algorithm_names(Role::client).macs.defaults},
          std::pair{&config_.host_key_algorithms, our_algorithm_names(Role::client).signatures.defaults},
          std::pair{&config_.pubkey_accepted_algorithms, our_algorithm_names(Role::client).signatures.defaults}}) {
      list->assign(names.begin(), names.end());
    }
    home_.write("in", "");
    home_.write("out", "");
    home_.write("err", "");
  }

  // Runs the client against a server with that script; `meanwhile` gets the client before it starts.
  Result run(ScriptedServerSettings settings, const std::string& command = "command",
             const std::function<void(SshClient&)>& meanwhile = {}) {
    home_.write("log", "");
    ClientLog log(log_level_);
    log.use_file(home_.path("log"));
    const Fd in(in_ ? in_.release() : ::open(home_.path("in").c_str(), O_RDONLY | O_CLOEXEC));
    const Fd out(out_ ? out_.release() : ::open(home_.path("out").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    const Fd err(::open(home_.path("err").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    Result result;
    {
      const StandardStreams streams({in.get(), out.get(), err.get()});
      asio::io_context io;
      SocketPair sockets = make_socket_pair();
      const ScriptedServer server(io.get_executor(), std::move(sockets.first), std::move(settings));
      SshClient client(io.get_executor(), config_,
                       session_wish(config_, command, has_terminal_, environment_of_this_process()),
                       ServerStream(std::move(sockets.second), "192.0.2.1", 22), Asker({}, {}, terminal_), log, rng_,
                       nullptr, {}, {});
      if (meanwhile) meanwhile(client);
      asio::co_spawn(io, client.run(), [&](std::exception_ptr error, int status) {
        EXPECT_FALSE(error);
        result.status = status;
      });
      while (result.status < 0) {
        io.run_one_for(std::chrono::milliseconds(20));
        if (meanwhile_) meanwhile_();
      }
      while (io.poll() > 0) continue;  // what the client said last arrives
      result.disconnected = server.disconnected();
    }
    result.out = home_.read("out");
    result.err = home_.read("err");
    result.log = home_.read("log");
    return result;
  }
  Result run_after_start(Then then) { return run({.script = after_start(std::move(then))}); }

  TemporaryDirectory home_;
  SeededRng rng_{5};
  ClientConfig config_;
  LogLevel log_level_ = LogLevel::info;
  bool has_terminal_ = false;
  Fd in_;   // instead of the file "in"
  Fd out_;  // instead of the file "out"
  std::string terminal_ = "/nonexistent/tty";
  std::function<void()> meanwhile_;  // called again and again while the client runs
};

}  // namespace glassh
