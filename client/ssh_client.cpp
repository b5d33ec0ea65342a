#include "client/ssh_client.h"

#include <utility>

#include "client/connection_settings.h"
#include "client/login_phase.h"

namespace glassh {

namespace {

// Returns an empty function if no person can be asked. `asker` must outlive it.
AskUser question_asker(const asio::any_io_executor& executor, const ClientConfig& config, const Asker& asker) {
  if (config.batch_mode || !asker.can_ask()) return {};
  return [executor, &asker](std::string question) { return asker.ask_openly(executor, std::move(question)); };
}

}  // namespace

SshClient::SshClient(const asio::any_io_executor& executor, const ClientConfig& config, SessionWish wish,
                     ServerStream stream, Asker asker, ClientLog& log, Rng& rng, TraceSink* trace, KeyLog key_log,
                     Deadline deadline)
    : config_(config),
      wish_(std::move(wish)),
      stream_(std::move(stream)),
      asker_(std::move(asker)),
      host_key_check_(config, stream_.address(), log, rng, question_asker(executor, config, asker_)),
      connection_(connection_settings(config, host_key_check_.algorithms(), std::move(key_log)), rng, trace),
      drive_(executor, connection_, stream_.release()),
      parts_{executor, config_, log, rng, asker_, stream_.text(), host_key_check_, connection_, drive_.hub()},
      phase_(std::make_shared<LoginPhase>(parts_, deadline)) {}

asio::awaitable<int> SshClient::run() {
  phase_->start();
  co_await drive_.run(*this);
  co_return co_await phase_->finish();
}

// The login phase ends in here, and the user's keys with it.
void SshClient::on(const AuthenticationSucceeded& event) {
  phase_->on(event);
  const auto service = std::make_shared<ServicePhase>(parts_, wish_);
  phase_ = service;
  phase_->start();
  if (on_login) on_login(*service);
}

}  // namespace glassh
