#include "client/tools/key_scan.h"

#include <memory>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "channels/io/drive.h"
#include "client/client_connection.h"
#include "transport/negotiation.h"

namespace glassh {
namespace {

using tcp = asio::ip::tcp;

std::shared_ptr<const ClientConnectionSettings> settings_for(const KeyQuestion& question) {
  auto settings = std::make_shared<ClientConnectionSettings>();
  settings->transport.kex.role = Role::client;
  settings->transport.kex.proposal = default_proposal();
  settings->transport.kex.proposal.host_key = question.algorithms;
  return settings;
}

// One address. Its timer keeps it alive, so it is always in a shared_ptr.
class Probe : public std::enable_shared_from_this<Probe> {
 public:
  Probe(const asio::any_io_executor& executor, const KeyQuestion& question, Rng& rng, TraceSink* trace)
      : executor_(executor),
        socket_(executor),
        timer_(executor),
        timeout_(question.timeout),
        connection_(settings_for(question), rng, trace) {}

  static asio::awaitable<ScannedKey> run(std::shared_ptr<Probe> probe, tcp::endpoint endpoint) {
    probe->start_timer();
    boost::system::error_code error;
    co_await probe->socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error && !probe->timed_out_) {
      probe->result_.text = error.message();
    } else if (!error && !probe->timed_out_) {
      co_await probe->talk();
    }
    probe->timer_.cancel();
    co_return std::move(probe->result_);
  }

  // For Drive. The reply's signature is right, or there would be no event. The key is not accepted: the scan ends here.
  void on(const HostKeyOffered& event) {
    result_.key = PublicKey::decode(event.host_key);
    result_.end = ScanEnd::answered;
    leave("only the host key was wanted");
  }
  void on(const Disconnected& event) {
    if (timed_out_ || result_.key) return;
    result_.text = event.description;
    if (event.by_peer) {
      result_.end = ScanEnd::closed;
    } else {
      result_.end =
          event.reason == DisconnectReason::key_exchange_failed ? ScanEnd::not_this_type : ScanEnd::protocol_error;
    }
  }
  template <class OtherEvent>
  void on(const OtherEvent&) {}

 private:
  asio::awaitable<void> talk() {
    boost::system::error_code error;
    socket_.set_option(tcp::no_delay(true), error);
    Drive<ClientConnection> drive(executor_, connection_, Fd(socket_.release()));
    drive_ = &drive;
    co_await drive.run(*this);
    drive_ = nullptr;
    result_.server_version = connection_.transport().peer_version();
  }

  void start_timer() {
    timer_.expires_after(timeout_);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->time_is_up();
    });
  }

  void time_is_up() {
    if (result_.key) return;
    timed_out_ = true;
    result_.end = ScanEnd::timed_out;
    result_.text = "timed out";
    if (drive_ != nullptr) {
      leave("this took too long");
    } else {
      boost::system::error_code ignored;
      socket_.close(ignored);
    }
  }

  void leave(std::string_view description) {
    connection_.disconnect(DisconnectReason::by_application, description);
    drive_->wake();
  }

  const asio::any_io_executor executor_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  const std::chrono::seconds timeout_;
  ClientConnection connection_;
  Drive<ClientConnection>* drive_ = nullptr;  // while talk() runs
  ScannedKey result_;
  bool timed_out_ = false;
};

}  // namespace

asio::awaitable<ScannedKey> scan_host_key(asio::any_io_executor executor, KeyQuestion question, Rng& rng,
                                          TraceSink* trace) {
  tcp::resolver resolver(executor);
  boost::system::error_code error;
  const std::string port = std::to_string(question.port);
  tcp::resolver::results_type addresses;
  if (question.family == AddressFamily::any) {
    addresses = co_await resolver.async_resolve(question.host, port, asio::redirect_error(asio::use_awaitable, error));
  } else {
    addresses = co_await resolver.async_resolve(question.family == AddressFamily::inet ? tcp::v4() : tcp::v6(),
                                                question.host, port, asio::redirect_error(asio::use_awaitable, error));
  }
  ScannedKey last;
  if (error) {
    last.end = ScanEnd::unresolved;
    last.text = error.message();
  }
  for (const auto& address : addresses) {
    last = co_await Probe::run(std::make_shared<Probe>(executor, question, rng, trace), address.endpoint());
    if (!last.server_version.empty()) break;
  }
  co_return last;
}

}  // namespace glassh
