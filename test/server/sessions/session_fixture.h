// A session of the server on a channel without a connection around it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <unistd.h>

#include "proto/messages_session.h"
#include "server/sessions/session.h"
#include "test/server/log_lines.h"
#include "test/support/patience.h"
#include "test/support/plain_packets.h"
#include "test/support/temporary_directory.h"

namespace glassh::test {

// What the client sends is handed in, what it would get is read from the packets.
struct SessionTest : testing::Test {
  SessionTest() {
    std::signal(SIGPIPE, SIG_IGN);
    config.subsystems = {{"echo", "echo subsystem; exit 6"}, {"sftp", "internal-sftp -l INFO"}, {"cat", "cat; exit 2"}};
    config.accept_env = {"LANG", "GLASSH_*"};
    SocketPair sockets = make_socket_pair();
    other_end = std::move(sockets.second);
    hub = std::make_shared<Hub>(io.get_executor(), std::move(sockets.first), Fd());
    receive(msg::ChannelOpen{"session", 77, 1 << 20, 32768, {}});
    channels.accept_open(0);
    out.take();
    context = std::make_shared<SessionContext>(SessionContext{
        std::make_shared<ServerConfig>(config), account, lines.log, 0, {"192.0.2.1", 50000, "192.0.2.2", 22}, true});
    session = Session::create(hub->channel(channels, 0), context);
  }
  ~SessionTest() override {
    session->end();
    hub->finish();
    io.restart();
    io.run_for(patience);  // until the program is reaped
  }

  template <class M>
  void receive(const M& message) {
    const auto payload = encode(message);
    auto event = channels.on_payload(payload);
    if (!event) return;
    if (auto* request = std::get_if<ChannelRequested>(&*event)) {
      const std::ptrdiff_t before = answers();
      try {
        session->on(*request);
      } catch (...) {
        failure = std::current_exception();
      }
      if (request->want_reply && waits_for_answers && failure == nullptr) {
        run_until([&] { return answers() > before || channels.find(0) == nullptr; });
      }
      io.restart();
      io.poll();
    }
    if (auto* data = std::get_if<DataArrived>(&*event)) session->on(*data);
    if (auto* eof = std::get_if<EofArrived>(&*event)) session->on(*eof);
    if (auto* close = std::get_if<CloseArrived>(&*event)) session->on(*close);
  }
  template <class Tail>
  void request(const Tail& tail, bool want_reply = true) {
    const auto details = encode(tail);
    receive(msg::ChannelRequest{0, Tail::name, want_reply, Rest{details}});
  }

  std::ptrdiff_t answers() {
    collect();
    return std::count(order.begin(), order.end(), 'S') + std::count(order.begin(), order.end(), 'F');
  }

  // What the client has got until now goes into the members below.
  void collect() {
    for (const auto& payload : out.take()) {
      switch (payload[0]) {
        case message_number::channel_success:
          order += "S";
          break;
        case message_number::channel_failure:
          order += "F";
          break;
        case message_number::channel_eof:
          order += "E";
          break;
        case message_number::channel_close:
          order += "C";
          break;
        case message_number::channel_window_adjust:
          break;
        case message_number::channel_data:
          if (!order.ends_with("d")) order += "d";
          output += text_of(decode<msg::ChannelData>(payload).data);
          break;
        case message_number::channel_extended_data: {
          const auto data = decode<msg::ChannelExtendedData>(payload);
          EXPECT_EQ(data.data_type_code, 1u);
          error += text_of(data.data);
          break;
        }
        case message_number::channel_request:
          on_request(decode<msg::ChannelRequest>(payload));
          break;
        default:
          order += "?";
      }
    }
  }
  void on_request(const msg::ChannelRequest& message) {
    EXPECT_FALSE(message.want_reply);
    order += "R";
    requests.push_back(std::string(message.request_type));
    if (message.request_type == msg::ExitStatus::name) {
      status = decode<msg::ExitStatus>(message.type_specific_data.bytes).exit_status;
    } else if (message.request_type == msg::ExitSignal::name) {
      const auto signal = decode<msg::ExitSignal>(message.type_specific_data.bytes);
      signal_name = signal.signal_name;
      core_dumped = signal.core_dumped;
    }
  }

  template <class Condition>
  void run_until(Condition condition) {
    ASSERT_TRUE(test::run_until(io, std::move(condition), [this] {
      hub->offer_room();
      collect();
    }));
  }
  void run_to_close() {
    run_until([&] { return order.ends_with("C"); });
  }

  LogLines lines;
  TemporaryDirectory home;
  ServerConfig config;
  Account account{"ann", ::geteuid(), ::getegid(), home.path(), "/bin/sh"};
  asio::io_context io;
  PlainWriter out;
  Channels channels{out.writer, ChannelLimits{}, 4, nullptr};
  Fd other_end;
  std::shared_ptr<Hub> hub;
  std::shared_ptr<SessionContext> context;
  std::shared_ptr<Session> session;
  std::exception_ptr failure;
  bool waits_for_answers = true;  // before anything else comes from the client

  std::string order;  // S F d E C R: what came, in order
  std::string output, error;
  std::vector<std::string> requests;
  std::optional<std::uint32_t> status;
  std::string signal_name;
  bool core_dumped = false;
};

}  // namespace glassh::test
