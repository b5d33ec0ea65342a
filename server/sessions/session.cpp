#include "server/sessions/session.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "channels/io/socket_options.h"
#include "proto/messages_session.h"
#include "server/sessions/process_program.h"
#include "server/sessions/signal_names.h"

namespace glassh {

namespace {
// While a program starts. Clients tell how large their window is, over and over; more than this only some that want to
// do harm.
constexpr std::size_t most_kept_requests = 256;
constexpr std::size_t most_kept_request_bytes = 256UL * 1024;
}  // namespace

std::shared_ptr<Session> Session::create(ChannelRef channel, std::shared_ptr<const SessionContext> context) {
  return std::make_shared<Session>(std::move(channel), std::move(context));
}

Session::Session(ChannelRef channel, std::shared_ptr<const SessionContext> context)
    : ChannelUser(std::move(channel)), context_(std::move(context)), wishes_(this->channel(), context_) {}

// ---- requests

void Session::on(const ChannelRequested& request) {
  if (stage_ == Stage::starting) return keep(request);
  carry_out(request);
}

// RFC 4254 section 5.4: answers come in the order of the requests.
void Session::keep(const ChannelRequested& request) {
  kept_request_bytes_ += request.details.size();
  if (kept_requests_.size() < most_kept_requests && kept_request_bytes_ <= most_kept_request_bytes) {
    kept_requests_.push_back({std::string(request.type), request.want_reply, copy_of(request.details)});
    return;
  }
  context_->log.info("session {}: closed, there are too many requests while its program starts", channel().id());
  if (Channel* const open = channel().get()) open->close();
  hang_up();
}

void Session::carry_out_kept() {
  while (stage_ != Stage::starting && !kept_requests_.empty()) {
    const KeptRequest request = std::move(kept_requests_.front());
    kept_requests_.pop_front();
    kept_request_bytes_ -= request.details.size();
    carry_out({channel().id(), request.type, request.want_reply, request.details});
  }
}

void Session::carry_out(const ChannelRequested& request) {
  if (request.type == msg::Exec::name) {
    const auto exec = decode<msg::Exec>(request.details);
    if (!context_->takes(exec, channel().id())) return answer(request, false);
    start({.kind = "command", .idles_as = "session:command", .command = std::string(exec.command)}, request);
  } else if (request.type == msg::Shell::name) {
    decode<msg::Shell>(request.details);
    start({.kind = "shell", .idles_as = "session:shell"}, request);
  } else if (request.type == msg::Subsystem::name) {
    const auto subsystem = decode<msg::Subsystem>(request.details);
    if (!context_->takes(subsystem, channel().id())) return answer(request, false);
    auto wish = subsystem_wish(subsystem.subsystem_name, *context_);
    if (!wish) return answer(request, false);
    start(std::move(*wish), request);
  } else if (request.type == msg::Env::name) {
    answer(request, wishes_.on_environment(request.details));
  } else if (request.type == msg::PtyReq::name) {
    answer(request, wishes_.on_terminal_wanted(request.details));
  } else if (request.type == msg::WindowChange::name) {
    answer(request, on_window_change(request.details));
  } else if (request.type == msg::Break::name) {
    answer(request, on_break(request.details));
  } else if (request.type == msg::Signal::name) {
    answer(request, on_signal(request.details));
  } else if (request.type == msg::Eow::name) {
    on_end_of_write();
    answer(request, true);
  } else if (request.type == msg::AuthAgentReq::name) {
    answer(request, wishes_.on_agent_wanted());
  } else if (request.type == msg::X11Req::name) {
    answer(request, wishes_.on_display_wanted(request.details));
  } else {
    // RFC 4254 section 5.4 [4254-5.4-2]: we do not know it. Keepalives, too, get an answer.
    context_->log.debug("session {}: request {} refused", channel().id(), escaped(request.type));
    answer(request, false);
  }
}

// RFC 4254 section 6.7 [4254-6.7-2]: clients want no answer, and get none then. Without a program the kernel only
// stores the size.
bool Session::on_window_change(Bytes details) {
  const auto change = decode<msg::WindowChange>(details);
  const TerminalSize size = {change.terminal_width_columns, change.terminal_height_rows, change.terminal_width_pixels,
                             change.terminal_height_pixels};
  if (program_) return program_->resize(size);
  if (wishes_.terminal()) wishes_.terminal()->resize(size);
  return wishes_.terminal() != nullptr;
}

// RFC 4335 section 3 [4335-3-3] [4335-3-4] [4335-3-5]: SUCCESS if there was a break of any kind. Its length means
// nothing to a pseudo-terminal [4335-3-1]. Without a program there is nothing to interrupt, so that is refused.
bool Session::on_break(Bytes details) {
  decode<msg::Break>(details);
  return program_ && program_->send_break();
}

// RFC 4254 section 6.9 [4254-6.9-2]: clients want no answer, and get none then. It goes to the whole process group, as
// a terminal's would. A client that may only run a forced command or a subsystem may not signal it, as with sshd.
bool Session::on_signal(Bytes details) {
  const auto signal = decode<msg::Signal>(details);
  if (!context_->takes(signal, channel().id())) return false;
  const auto number = signal_number(signal.signal_name);
  if (!number || stage_ != Stage::running) {
    context_->log.verbose("session {}: signal {} not delivered", channel().id(), escaped(signal.signal_name));
    return false;
  }
  if (!takes_signals_) {
    context_->log.info("session {}: signal {} refused to a forced command or a subsystem", channel().id(),
                       escaped(signal.signal_name));
    return false;
  }
  program_->signal(*number);
  return true;
}

// OpenSSH PROTOCOL section 2.1: the client does not read what the program writes.
void Session::on_end_of_write() {
  if (program_) return program_->end_output();
  wishes_.drop_terminal();
}

void Session::answer(bool want_reply, bool success) {
  if (!want_reply) return;
  if (Channel* const open = channel().get()) open->answer_request(success);
}

// ---- the program

void Session::start(ProgramWish wish, const ChannelRequested& request) {
  // RFC 4254 section 6.5 [4254-6.5-1]: one program per channel. A NUL would cut the command short.
  if (stage_ != Stage::before || (wish.command && wish.command->find('\0') != std::string::npos)) {
    return answer(request, false);
  }
  stage_ = Stage::starting;
  channel().hub()->spawn(begin(shared_from_this(), std::move(wish), request.want_reply));
}

asio::awaitable<void> Session::begin(std::shared_ptr<Session> self, ProgramWish wish, bool want_reply) {
  const std::string idles_as = wish.idles_as;
  const bool started = co_await self->try_to_start(std::move(wish));
  if (self->stage_ != Stage::starting) co_return;  // hung up meanwhile
  if (started) {
    self->on_started(idles_as, want_reply);
  } else {
    self->on_not_started(want_reply);
  }
  self->carry_out_kept();
  self->channel().hub()->wake();
}

asio::awaitable<bool> Session::try_to_start(ProgramWish wish) {
  std::string kind = wish.kind;
  try {
    const auto read = [wanted = session_files_wanted(wish, wishes_, *context_)] { return read_session_files(wanted); };
    SessionFiles files = co_await call_slowly(context_->slow, SlowKind::files, read);
    if (stage_ == Stage::over) co_return false;
    auto plan = plan_program(std::move(wish), wishes_, *context_, std::move(files));
    if (!plan) co_return false;
    kind = plan->kind;
    log_start(*plan);
    set_connection_type(*plan);
    takes_signals_ = plan->takes_signals;
    program_ = make_program(std::move(*plan));
    co_await program_->start();
    co_return true;
  } catch (const std::system_error& error) {
    if (stage_ == Stage::over) co_return false;
    // The log says once a minute that there are none.
    const bool told = out_of_descriptors(error.code().value()) && channel().hub()->allowance().on_refused();
    if (!told) {
      context_->log.print(context_->failure_level(), "session {}: cannot start {}: {}", channel().id(), kind,
                          error.what());
    }
  }
  co_return false;
}

// From here on nothing fails, so the answer is right; and it is ahead of the output.
void Session::on_started(const std::string& idles_as, bool want_reply) {
  stage_ = Stage::running;
  wishes_.close();
  answer(want_reply, true);
  if (const auto data = take_kept_data(); !data.empty()) program_->write(data);
  const Channel* const open = channel().get();
  if (open != nullptr && open->eof_received()) program_->end_input();  // it came before there was a program
  channel().watch_idle_as(idles_as);
}

void Session::on_not_started(bool want_reply) {
  stage_ = Stage::before;
  program_.reset();
  answer(want_reply, false);
  if (Channel* const open = channel().get()) open->consumed(take_kept_data().size());
}

void Session::keep(Bytes data) {
  channel().hub()->allowance().keep(data.size());
  kept_data_.insert(kept_data_.end(), data.begin(), data.end());
}

std::vector<std::uint8_t> Session::take_kept_data() {
  if (!kept_data_.empty()) channel().hub()->allowance().let_go(kept_data_.size());
  return std::exchange(kept_data_, {});
}

void Session::log_start(const ProgramPlan& plan) const {
  const PeerAddresses& addresses = context_->addresses;
  context_->log.verbose("Starting session: {}{} for {} from {} port {} id {}", plan.kind,
                        plan.terminal ? " on " + plan.terminal->line() : std::string(), context_->account.name,
                        addresses.remote_host, addresses.remote_port, channel().id());
}

// sshd_config(5), IPQoS: the connection is what its last session is.
void Session::set_connection_type(const ProgramPlan& plan) const {
  const IpQos& qos = context_->config->ip_qos;
  const std::optional<std::uint8_t> type = plan.terminal || wishes_.display() ? qos.interactive : qos.bulk;
  if (type) set_service_type(channel().hub()->output().number(), *type);
}

std::shared_ptr<Program> Session::make_program(ProgramPlan plan) {
  const std::weak_ptr<ProgramObserver> observer = weak_from_this();
  if (context_->builtin) {
    if (auto program = context_->builtin(plan, channel(), observer)) return program;
  }
  return ProcessProgram::create(channel(), context_, std::move(plan), observer);
}

// OpenSSH PROTOCOL section 2.1: the program reads no more. Other peers would take the request for a surprise.
void Session::on_input_broken() {
  Channel* const open = channel().get();
  if (open == nullptr || !context_->peer_is_openssh || open->eof_received()) return;
  open->request(msg::Eow{}, false);
  channel().hub()->wake();
}

// RFC 4254 section 6.10 [4254-6.10-1]: the client learns how the program ended.
void Session::on_program_end(const ProgramEnd& end) {
  Channel* const open = channel().get();
  if (open == nullptr) return;
  if (end.signal == 0) {
    open->request(msg::ExitStatus{end.exit_status}, false);
  } else {
    const std::string name = signal_name(end.signal);
    const std::string text = fmt::format("killed by signal {}", end.signal);
    open->request(msg::ExitSignal{name, end.core_dumped, text, ""}, false);
  }
  channel().hub()->wake();
}

// RFC 4254 section 6.10 [4254-6.10-3]: CLOSE comes after the exit status. EOF does as well: a client that has said EOF
// answers ours with CLOSE, and then the status could not be sent any more.
void Session::on_program_finished() {
  stage_ = Stage::over;
  if (Channel* const open = channel().get()) {
    open->send_eof();
    open->close();
  }
  context_->log.verbose("Close session: user {} from {} port {} id {}", context_->account.name,
                        context_->addresses.remote_host, context_->addresses.remote_port, channel().id());
  wishes_.drop_display();
  channel().hub()->wake();
}

// ---- the peer's side

void Session::on(const DataArrived& data) {
  if (stage_ == Stage::starting && data.extended_type == 0) return keep(data.data);
  if (program_ && data.extended_type == 0) return program_->write(data.data);
  // Nothing runs yet, or it is a stream that no program has.
  if (Channel* const open = channel().get()) open->consumed(data.data.size());
}

void Session::on(const EofArrived&) {
  if (stage_ == Stage::running) program_->end_input();
}

void Session::on(const CloseArrived&) { hang_up(); }

void Session::end() { hang_up(); }

void Session::hang_up() {
  if (std::exchange(stage_, Stage::over) == Stage::over) return;
  kept_requests_.clear();
  take_kept_data();
  wishes_.close();
  wishes_.drop_display();
  if (program_) program_->hang_up();
}

}  // namespace glassh
