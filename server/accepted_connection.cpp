#include "server/accepted_connection.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "server/arriving_connection.h"
#include "server/served_connection.h"

namespace glassh {

namespace {

std::function<void(std::string_view)> with_label(std::function<void(std::string_view)> write, std::string label) {
  return [write = std::move(write), label = std::move(label)](std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
      out += label;
      out += lines.substr(0, end);
      lines.remove_prefix(end);
    }
    write(out);
  };
}

// Each connection's lines but the first one's begin with its number; a trace of a single connection needs none.
std::unique_ptr<TraceWriter> trace_writer(const ServerContext& context, std::uint64_t number,
                                          const PeerAddresses& addresses) {
  if (!context.trace) return nullptr;
  auto write = number <= 1 ? context.trace : with_label(context.trace, fmt::format("[{}] ", number));
  auto writer = std::make_unique<TraceWriter>(TraceWriter::Side::server, std::move(write), context.trace_style);
  writer->note("connection", fmt::format("from {}", text_of_peer(addresses)));
  return writer;
}

}  // namespace

AcceptedConnection::AcceptedConnection(std::shared_ptr<const ServerContext> context, std::uint64_t number,
                                       const asio::any_io_executor& executor, Accepted accepted, Fd output)
    : context_(std::move(context)),
      trace_(trace_writer(*context_, number, accepted.addresses)),
      core_(context_->settings, context_->rng, trace_.get()),
      drive_(executor, core_, std::move(accepted.socket), std::move(output)),
      record_(context_->keeper.arrived({accepted.addresses, std::move(accepted.place), trace_.get()})),
      parts_{*context_, std::move(accepted.addresses), core_, drive_, *record_} {}

asio::awaitable<void> AcceptedConnection::run() {
  const PeerAddresses& addresses = parts_.addresses;
  context_->log.verbose("Connection from {} on {} port {}", text_of_peer(addresses), addresses.local_host,
                        addresses.local_port);
  std::optional<Welcome> welcome = co_await arrive();
  if (welcome) co_await serve(std::move(*welcome));
}

asio::awaitable<std::optional<Welcome>> AcceptedConnection::arrive() {
  ArrivingConnection arriving(parts_);
  try {
    co_await drive_.run(arriving);
  } catch (const std::exception& error) {
    context_->log.error("{}: ended by an error of ours: {}", arriving.who(), error.what());
    arriving.leave(SourcePenalty::crash);
    co_return std::nullopt;
  }
  if (!drive_.relieved()) co_return std::nullopt;
  co_return arriving.take_welcome();
}

asio::awaitable<void> AcceptedConnection::serve(Welcome welcome) {
  ServedConnection served(parts_, std::move(welcome));
  try {
    co_await served.begin();
  } catch (...) {
    drive_.hub()->fail(std::current_exception());  // thrown by run(), after the peer has been told
  }
  try {
    co_await drive_.run(served);
  } catch (const std::exception& error) {
    context_->log.error("{}: ended by an error of ours: {}", served.who(), error.what());
  }
  served.end();
}

void AcceptedConnection::shut_down() {
  parts_.shutting_down = true;
  core_.disconnect(DisconnectReason::by_application, "the server is shutting down");
  drive_.wake();
}

}  // namespace glassh
