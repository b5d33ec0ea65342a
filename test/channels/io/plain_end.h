// One end of a connection without a transport: Channels over plain packets, driven by Drive. Two of them over a
// socketpair show what the rim does with real descriptors.
//
//   PlainPair pair;  pair.left.on_data = …;  pair.run_until([&] { return done; });
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/drive.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "crypto/rng.h"
#include "proto/messages_transport.h"
#include "test/support/patience.h"

namespace glassh::test {

// For a handler that waits: any message that is not about channels.
struct QuestionAsked {};

// What Drive asks of a connection, and no more.
class PlainCore {
 public:
  using Event = std::variant<QuestionAsked, ChannelOpenWanted, ChannelOpened, ChannelOpenRefused, DataArrived,
                             EofArrived, CloseArrived, ChannelRequested, ChannelRequestAnswered, GlobalRequested,
                             GlobalRequestAnswered, Disconnected>;

  explicit PlainCore(const ChannelLimits& limits) : channels_(writer_, limits, 1000, nullptr) {}

  MutableBytes space() { return reader_.space(); }
  void filled(std::size_t size) { reader_.filled(size); }
  void end_of_input() { end_of_input_ = true; }
  const std::vector<Bytes>& ready() { return writer_.ready(); }
  void written(std::size_t size) { writer_.written(size); }
  std::size_t backlog() const { return writer_.backlog(); }
  bool waiting() const { return question_open_; }
  void set_now(TimePoint now) { now_ = now; }
  void begin_turn(const Transport::Turn&) {}
  bool paused() const { return false; }
  std::optional<TimePoint> next_deadline() const { return deadline_; }
  bool closed() const { return closed_; }

  std::optional<Event> next_event() {
    if (closed_) return std::nullopt;
    if (deadline_ && now_ >= *deadline_) return end({DisconnectReason::by_application, "time is up", false});
    try {
      while (!waiting()) {
        const auto payload = reader_.next_payload();
        if (!payload) break;
        if ((*payload)[0] == msg::Ignore::number) {
          question_open_ = true;
          return QuestionAsked{};
        }
        if ((*payload)[0] == msg::Disconnect::number) return end({DisconnectReason::by_application, "", true});
        if (auto event = channels_.on_payload(*payload)) {
          return std::visit([](const auto& each) { return Event(each); }, *event);
        }
      }
    } catch (const ProtocolError& error) {
      disconnect(error.reason(), error.what());
      return Disconnected{error.reason(), error.what(), false};
    }
    if (end_of_input_ && !waiting()) return end({DisconnectReason::connection_lost, "hung up", true});
    return std::nullopt;
  }

  void disconnect(DisconnectReason reason, std::string_view text) {
    if (closed_) return;
    writer_.send(msg::Disconnect{static_cast<std::uint32_t>(reason), text, ""});
    closed_ = true;
  }
  void ask() { writer_.send(msg::Ignore{}); }  // the peer gets QuestionAsked
  void answer() { question_open_ = false; }
  void set_deadline(TimePoint deadline) { deadline_ = deadline; }

  Channels& channels() { return channels_; }
  PacketReader& reader() { return reader_; }
  PacketWriter& writer() { return writer_; }

 private:
  Event end(Disconnected disconnected) {
    closed_ = true;
    return disconnected;
  }

  SeededRng rng_{1};
  PacketWriter writer_{rng_};
  PacketReader reader_;
  Channels channels_;
  TimePoint now_{};
  std::optional<TimePoint> deadline_;
  bool question_open_ = false;
  bool end_of_input_ = false;
  bool closed_ = false;
};

// Accepts every channel, and does what the test hangs on it.
struct PlainEnd {
  PlainEnd(asio::io_context& io, Fd socket, const ChannelLimits& limits)
      : core(limits), drive(io.get_executor(), core, std::move(socket)) {
    asio::co_spawn(io, drive.run(*this), [this](const std::exception_ptr& error) {
      finished = true;
      failure = error;
    });
  }

  void on(const ChannelOpenWanted& event) {
    core.channels().accept_open(event.channel);
    if (on_open) on_open(event.channel);
  }
  void on(const ChannelOpened& event) {
    if (on_open) on_open(event.channel);
  }
  void on(const DataArrived& event) {
    if (on_data) return on_data(event);
    if (const auto sink = sinks.find(event.channel); sink != sinks.end()) {
      sink->second->write(event.data);
    } else {
      received[event.channel].append(text_of(event.data));
      core.channels().at(event.channel).consumed(event.data.size());
    }
  }
  void on(const EofArrived& event) {
    eofs.insert(event.channel);
    if (on_eof) on_eof();
    if (const auto sink = sinks.find(event.channel); sink != sinks.end()) sink->second->end();
  }
  void on(const CloseArrived& event) {
    closes.insert(event.channel);
    if (on_close) on_close(event.channel);
  }
  void on(const ChannelRequested& event) {
    if (on_request) on_request(event);
  }
  void on(const ChannelRequestAnswered& event) {
    if (on_answer) on_answer(event.success);
  }
  asio::awaitable<void> on(const QuestionAsked&) {
    struct Waiting {
      bool& flag;
      ~Waiting() { flag = false; }
    } const waiting{handler_waits = true};
    ++questions;
    if (on_question) co_await on_question();
    core.answer();
    ++answers;
  }
  void on(const Disconnected& event) {
    EXPECT_FALSE(handler_waits) << "what it looks at has been replaced";
    disconnected.push_back(event);
  }
  template <class Other>
  void on(const Other&) {}

  ChannelRef channel(std::uint32_t id) { return drive.hub()->channel(core.channels(), id); }
  // A pipe whose bytes go into the channel: the end to write to.
  Fd pipe_in(std::uint32_t id, SourceSettings settings = {}) {
    Pipe pipe = make_pipe();
    sources[id] = Source::start(channel(id), Descriptor::own(drive.hub()->executor(), std::move(pipe.read_end)),
                                std::move(settings));
    return std::move(pipe.write_end);
  }
  // A pipe that gets what arrives on the channel: the end to read from.
  Fd pipe_out(std::uint32_t id) {
    Pipe pipe = make_pipe();
    sinks[id] = Sink::create(channel(id), Descriptor::own(drive.hub()->executor(), std::move(pipe.write_end)));
    return std::move(pipe.read_end);
  }

  std::function<void(std::uint32_t)> on_open, on_close;
  std::function<void(const DataArrived&)> on_data;  // instead of a sink
  std::function<void()> on_eof;
  std::function<void(const ChannelRequested&)> on_request;
  std::function<void(bool)> on_answer;
  std::function<asio::awaitable<void>()> on_question;
  std::map<std::uint32_t, std::shared_ptr<Source>> sources;
  std::map<std::uint32_t, std::shared_ptr<Sink>> sinks;
  std::map<std::uint32_t, std::string> received;
  std::set<std::uint32_t> eofs, closes;
  std::vector<Disconnected> disconnected;
  int questions = 0, answers = 0;
  bool handler_waits = false;
  bool finished = false;
  std::exception_ptr failure;
  PlainCore core;
  Drive<PlainCore> drive;
};

class PlainPair {
 public:
  explicit PlainPair(const ChannelLimits& limits = {}) : PlainPair(limits, make_socket_pair()) {}

  // Nothing here takes long; a test that does has hung.
  template <class Condition>
  bool run_until(Condition condition) {
    return test::run_until(io, std::move(condition));
  }
  void run_dry() { test::run_dry(io); }
  std::uint32_t open_channel() {
    const std::uint32_t id = left.core.channels().open("test");
    left.drive.wake();
    run_until([&] { return left.core.channels().at(id).open(); });
    return id;
  }

  asio::io_context io{1};
  PlainEnd left, right;

 private:
  PlainPair(const ChannelLimits& limits, SocketPair sockets)
      : left(io, std::move(sockets.first), limits), right(io, std::move(sockets.second), limits) {
    std::signal(SIGPIPE, SIG_IGN);
  }
};

// The other side of a pipe, as a process would use it, without blocking.
inline std::string read_all(int fd) {
  std::string text;
  std::vector<char> space(64 * 1024);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  while (true) {
    const ssize_t got = ::read(fd, space.data(), space.size());
    if (got <= 0) return text;
    text.append(space.data(), static_cast<std::size_t>(got));
  }
}
inline bool at_end(int fd) {
  char byte = 0;
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return ::read(fd, &byte, 1) == 0;
}
// As much as goes; how much that was.
inline std::size_t write_some(int fd, std::string_view text) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  const ssize_t put = ::write(fd, text.data(), text.size());
  return put > 0 ? static_cast<std::size_t>(put) : 0;
}

inline Bytes zeros_of(std::size_t size) {
  static const std::vector<std::uint8_t> zeros(64 * 1024);
  return Bytes(zeros).first(size);
}

// Ends only by being cancelled.
inline asio::awaitable<void> wait_for_ever(bool& cancelled) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  try {
    co_await timer.async_wait(asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    cancelled = true;
    throw;
  }
}

// Text whose every part tells where it is from.
inline std::string numbered_text(std::size_t size, std::uint64_t seed = 1) {
  std::string text(size, '\0');
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u;
  for (char& c : text) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(state >> 56);
  }
  return text;
}

}  // namespace glassh::test
