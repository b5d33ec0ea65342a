// A core, a handler or a callback that throws ends its own connection, in order: the handler that waits is cancelled,
// the hub is finished, run() throws, and the loop that serves the others goes on.
#include <array>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <boost/asio/co_spawn.hpp>

#include "channels/io/drive.h"
#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::PlainCore;
using test::QuestionAsked;

enum class Place { none, set_now, next_event, space, filled, ready, written, next_deadline, disconnect };

// Throws at one place from the moment it is told to: once, or each time.
class FaultyCore : public PlainCore {
 public:
  using PlainCore::PlainCore;

  void break_at(Place place, bool for_ever) {
    place_ = place;
    for_ever_ = for_ever;
  }

  void set_now(TimePoint now) {
    fail_at(Place::set_now);
    PlainCore::set_now(now);
  }
  std::optional<Event> next_event() {
    fail_at(Place::next_event);
    return PlainCore::next_event();
  }
  MutableBytes space() {
    fail_at(Place::space);
    return PlainCore::space();
  }
  void filled(std::size_t size) {
    PlainCore::filled(size);
    fail_at(Place::filled);
  }
  const std::vector<Bytes>& ready() {
    fail_at(Place::ready);
    return PlainCore::ready();
  }
  void written(std::size_t size) {
    PlainCore::written(size);
    fail_at(Place::written);
  }
  std::optional<TimePoint> next_deadline() {
    fail_at(Place::next_deadline);
    return PlainCore::next_deadline();
  }
  void disconnect(DisconnectReason reason, std::string_view text) {
    fail_at(Place::disconnect);
    PlainCore::disconnect(reason, text);
  }

 private:
  void fail_at(Place place) {
    if (place != place_) return;
    if (!for_ever_) place_ = Place::none;
    throw std::length_error("no room for the answer");
  }

  Place place_ = Place::none;
  bool for_ever_ = false;
};

// One connection with a FaultyCore, a peer that may talk to it, and the other work of the loop.
struct Faulty {
  Faulty() : Faulty(make_socket_pair()) {}

  void on(const GlobalRequested&) {
    if (at_request) at_request();
  }
  asio::awaitable<void> on(const QuestionAsked&) {
    waits = true;
    const Leaving leaving{waits};
    co_await test::wait_for_ever(cancelled);
  }
  template <class Other>
  void on(const Other&) {}

  void peer_sends(const auto& say) {
    say(peer_core);
    for (const Bytes bytes : peer_core.ready()) EXPECT_GT(::send(peer.get(), bytes.data(), bytes.size(), 0), 0);
    peer_core.written(peer_core.backlog());
  }
  bool run_until(const auto& condition) { return test::run_until(io, condition); }
  // Behind our last words, if there are any; or a reset, if we left something unread.
  bool peer_sees_the_end() const {
    test::read_all(peer.get());
    char byte = 0;
    return ::recv(peer.get(), &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
  }

  struct Leaving {
    bool& flag;
    ~Leaving() { flag = false; }
  };

  asio::io_context io{1};
  Fd peer;
  PlainCore peer_core{ChannelLimits{}};
  FaultyCore core{ChannelLimits{}};
  Drive<FaultyCore> drive;
  std::function<void()> at_request;
  bool waits = false, cancelled = false, finished = false, waited_at_the_end = false;
  std::exception_ptr failure;

 private:
  explicit Faulty(SocketPair sockets)
      : peer(std::move(sockets.second)), drive(io.get_executor(), core, std::move(sockets.first)) {
    asio::co_spawn(io, drive.run(*this), [this](const std::exception_ptr& error) {
      finished = true;
      failure = error;
      waited_at_the_end = waits;
    });
    test::run_dry(io);
  }
};

constexpr std::array all_places = {Place::set_now, Place::next_event, Place::space,         Place::filled,
                                   Place::ready,   Place::written,    Place::next_deadline, Place::disconnect};

TEST(DriveFailures, ACoreThatThrowsEndsItsConnectionAndNotTheLoop) {
  for (const Place place : all_places) {
    for (const bool for_ever : {false, true}) {
      SCOPED_TRACE(static_cast<int>(place) * 2 + for_ever);
      Faulty end;
      if (place == Place::disconnect || place == Place::ready)
        end.at_request = [] { throw std::runtime_error("a bug"); };
      end.core.break_at(place, for_ever);
      end.peer_sends([](PlainCore& core) { core.channels().send_global("hello", false); });
      ASSERT_TRUE(end.run_until([&] { return end.finished; }));
      EXPECT_TRUE(end.failure != nullptr);
      EXPECT_TRUE(end.drive.hub()->over());
      EXPECT_TRUE(end.peer_sees_the_end());
    }
  }
}

TEST(DriveFailures, TheHandlerThatWaitsHasEndedWhenRunThrows) {
  for (const bool for_ever : {false, true}) {
    for (const Place place : {Place::set_now, Place::ready, Place::next_deadline, Place::disconnect}) {
      SCOPED_TRACE(static_cast<int>(place) * 2 + for_ever);
      Faulty end;
      end.peer_sends([](PlainCore& core) { core.ask(); });
      ASSERT_TRUE(end.run_until([&] { return end.waits; }));
      end.core.break_at(place, for_ever);
      end.drive.hub()->fail(std::make_exception_ptr(std::runtime_error("a bug elsewhere")));
      ASSERT_TRUE(end.run_until([&] { return end.finished; }));
      EXPECT_TRUE(end.cancelled);
      EXPECT_FALSE(end.waited_at_the_end);
      EXPECT_TRUE(end.drive.hub()->over());
    }
  }
}

TEST(DriveFailures, ThePeerIsToldIfTheCoreStillCan) {
  Faulty end;
  end.core.break_at(Place::next_event, false);
  end.peer_sends([](PlainCore& core) { core.channels().send_global("hello", false); });
  ASSERT_TRUE(end.run_until([&] { return end.finished; }));
  EXPECT_NE(test::read_all(end.peer.get()).find("internal error"), std::string::npos);
}

// An exception of a timer, an accept or the end of a process has no drive on its stack.
TEST(DriveFailures, AnExceptionUnderGuardEndsTheConnection) {
  Faulty end;
  asio::post(end.io, [hub = end.drive.hub()] { hub->guard([] { throw std::runtime_error("a bug in a callback"); }); });
  ASSERT_TRUE(end.run_until([&] { return end.finished; }));
  ASSERT_TRUE(end.failure != nullptr);
  EXPECT_THROW(std::rethrow_exception(end.failure), std::runtime_error);
}

TEST(DriveFailures, AProtocolErrorUnderGuardIsThePeersFault) {
  Faulty end;
  end.drive.hub()->guard([] { throw ProtocolError("too many requests"); });
  ASSERT_TRUE(end.run_until([&] { return end.finished; }));
  EXPECT_TRUE(end.failure == nullptr);
  EXPECT_NE(test::read_all(end.peer.get()).find("too many requests"), std::string::npos);
}

}  // namespace
}  // namespace glassh
