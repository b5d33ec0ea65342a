#include "server/connection_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "channels/io/socket_options.h"

namespace glassh {

// Asio opens a context's descriptors for the first object that waits for something. That is now and not at the first
// connection, which may come when there is no descriptor left.
ConnectionThread::ConnectionThread(const Log& log) : log_(log), io_(1), work_(io_.get_executor()) {
  const asio::steady_timer opens_them(io_);
}

void ConnectionThread::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {
      log_.error("internal error: {}", error.what());
    } catch (...) {
      log_.error("internal error");
    }
  }
}

void ConnectionThread::take(std::shared_ptr<const ServerContext> context, Accepted accepted, std::uint64_t number,
                            Fd output) {
  asio::post(io_, [this, context = std::move(context), accepted = std::move(accepted), number,
                   output = std::move(output)]() mutable {
    ++serving_;
    asio::co_spawn(io_, serve(std::move(context), std::move(accepted), number, std::move(output)), asio::detached);
  });
}

void ConnectionThread::drain() {
  asio::post(io_, [this] {
    draining_ = true;
    stop_if_idle();
  });
}

void ConnectionThread::shut_down() {
  asio::post(io_, [this] {
    for (AcceptedConnection* connection : connections_) connection->shut_down();
  });
}

// One of those that shut_down() tells.
struct ConnectionThread::Listed {
  Listed(std::unordered_set<AcceptedConnection*>& list, AcceptedConnection& connection)
      : all(list), own(*list.insert(&connection).first) {}
  ~Listed() { all.erase(own); }
  std::unordered_set<AcceptedConnection*>& all;
  AcceptedConnection* const own;
};

asio::awaitable<void> ConnectionThread::serve(std::shared_ptr<const ServerContext> context, Accepted accepted,
                                              std::uint64_t number, Fd output) {
  try {
    prepare_connection(accepted.socket.get(), context->config.tcp_keep_alive);
    AcceptedConnection connection(context, number, io_.get_executor(), std::move(accepted), std::move(output));
    const Listed listed(connections_, connection);
    co_await connection.run();
  } catch (const std::exception& error) {
    log_.error("cannot serve a connection: {}", error.what());
  } catch (...) {
    log_.error("cannot serve a connection");
  }
  --serving_;
  stop_if_idle();
}

// Programs that ignored their hangup are left alone, and do not keep us.
void ConnectionThread::stop_if_idle() {
  if (draining_ && serving_ == 0) io_.stop();
}

}  // namespace glassh
