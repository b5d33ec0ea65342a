#include "client/agent/agent_server.h"

#include <cerrno>
#include <ctime>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "channels/io/private_socket.h"

namespace glassh {

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds out_of_descriptors_pause{200};

}  // namespace

AgentServer::AgentServer(const asio::any_io_executor& executor, Fd listener, Agent& agent, const Asker& asker, Log log)
    : executor_(executor),
      listener_(Descriptor::own(executor, std::move(listener))),
      agent_(agent),
      asker_(asker),
      log_(std::move(log)),
      lifetime_timer_(executor) {}

AgentTime AgentServer::now() {
  timespec time{};
  if (::clock_gettime(CLOCK_BOOTTIME, &time) < 0) throw std::system_error(errno, std::generic_category(), "clock");
  return AgentTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

asio::awaitable<void> AgentServer::run() {
  while (true) {
    co_await listener_.readable();
    while (Fd peer = accept_connection(listener_.number())) {
      const auto user = peer_user_id(peer.get());
      if (user && (*user == 0 || *user == ::geteuid())) {
        asio::co_spawn(executor_, serve(std::move(peer)), asio::detached);
      } else {
        log(fmt::format("a connection of user {} is refused", user ? std::to_string(*user) : "unknown"));
      }
    }
    if (errno == EMFILE || errno == ENFILE) {
      log("no descriptors left: waiting for connections to end");
      co_await wait_until(now() + out_of_descriptors_pause);
    } else if (errno != EAGAIN) {
      throw std::system_error(errno, std::generic_category(), "accept");
    }
  }
}

// ----------------------------------------------------------------------------------------------------------------
// one connection

asio::awaitable<void> AgentServer::serve(Fd peer) {
  Descriptor socket = Descriptor::own(executor_, std::move(peer));
  AgentFrames frames;
  AgentConnection session(agent_);
  try {
    while (true) {
      const bool is_there = co_await serve_what_is_there(socket, frames, session);
      if (!is_there) co_return;
      const IoResult got = socket.read(frames.space());
      frames.filled(got.size);
      if (got.would_block()) {
        co_await socket.readable();
      } else if (got.size == 0) {
        if (frames.in_message()) log("a connection ended in the middle of a request");
        co_return;
      }
    }
  } catch (const ProtocolError& error) {  // a length that cannot be: nothing after it has a meaning
    log(error.what());
  }
}

// False when the other end is gone.
asio::awaitable<bool> AgentServer::serve_what_is_there(Descriptor& socket, AgentFrames& frames,
                                                       AgentConnection& session) {
  while (const auto payload = frames.next()) {
    AgentReply reply = co_await answer(session, SecretBytes(*payload));
    watch_lifetimes();
    const bool sent = co_await send(socket, std::move(reply));
    if (!sent) co_return false;
  }
  co_return true;
}

asio::awaitable<AgentReply> AgentServer::answer(AgentConnection& session, SecretBytes request) {
  while (true) {
    AgentAnswer answer = session.on_request(request.reveal(), now());
    if (auto* const reply = std::get_if<AgentReply>(&answer)) co_return std::move(*reply);
    if (const auto* const wait = std::get_if<WaitWanted>(&answer)) {
      co_await wait_until(wait->until);
      continue;
    }
    const bool yes = co_await confirm(std::move(std::get<ConfirmationWanted>(answer).question));
    agent_.set_now(now());  // the key's time may have ended while we asked
    co_return session.confirmed(yes);
  }
}

asio::awaitable<bool> AgentServer::confirm(std::string question) {
  if (asking_) {
    asio::steady_timer turn(executor_, asio::steady_timer::time_point::max());
    waiting_to_ask_.push_back(&turn);
    co_await turn.async_wait(quietly);
  }
  asking_ = true;
  bool yes = false;
  try {
    yes = co_await asker_.permits(executor_, std::move(question), Question::Where::window);
  } catch (const std::exception& error) {  // no descriptors left, for one. The next one in the queue has its turn still
    log(fmt::format("the user cannot be asked: {}", error.what()));
  }
  log(yes ? "use of the key was permitted" : "use of the key was not permitted");
  if (waiting_to_ask_.empty()) {
    asking_ = false;
  } else {  // asking_ stays: it is the next one's turn
    waiting_to_ask_.front()->cancel();
    waiting_to_ask_.pop_front();
  }
  co_return yes;
}

asio::awaitable<bool> AgentServer::send(Descriptor& socket, AgentReply reply) {
  std::array<std::uint8_t, 4> length{};
  put_u32(length.data(), static_cast<std::uint32_t>(reply.payload.size()));
  reply.payload.insert(reply.payload.begin(), length.begin(), length.end());
  Bytes left = reply.payload;
  while (!left.empty()) {
    const IoResult put = socket.write(left);
    if (put.failed()) co_return false;
    left = left.subspan(put.size);
    if (put.would_block()) co_await socket.writable();
  }
  co_return true;
}

// ----------------------------------------------------------------------------------------------------------------
// time

asio::awaitable<void> AgentServer::wait_until(AgentTime time) {
  asio::steady_timer timer(executor_, time - now());
  co_await timer.async_wait(quietly);
}

// A key whose time is over leaves the memory at that time, not only when a client asks for it.
void AgentServer::watch_lifetimes() {
  const auto deadline = agent_.next_deadline();
  if (!deadline) return;
  lifetime_timer_.expires_after(*deadline - now());
  lifetime_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // set anew
    agent_.set_now(now());
    watch_lifetimes();
  });
}

void AgentServer::log(const std::string& text) const {
  if (log_) log_(text);
}

}  // namespace glassh
