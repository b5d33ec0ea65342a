#include "server/sessions/process_program.h"

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "channels/io/signal.h"
#include "proto/messages_session.h"

namespace glassh {

namespace {
constexpr std::size_t descriptors_before = 4;  // of a program that runs before: its input, a terminal, its end
}  // namespace

std::shared_ptr<ProcessProgram> ProcessProgram::create(ChannelRef channel,
                                                       std::shared_ptr<const SessionContext> context, ProgramPlan plan,
                                                       std::weak_ptr<ProgramObserver> observer) {
  return std::make_shared<ProcessProgram>(std::move(channel), std::move(context), std::move(plan), std::move(observer));
}

ProcessProgram::ProcessProgram(ChannelRef channel, std::shared_ptr<const SessionContext> context, ProgramPlan plan,
                               std::weak_ptr<ProgramObserver> observer)
    : channel_(std::move(channel)),
      context_(std::move(context)),
      observer_(std::move(observer)),
      request_(std::move(plan.program)),
      before_(std::move(plan.before)),
      terminal_(std::move(plan.terminal)) {}

// ---- its start

asio::awaitable<void> ProcessProgram::start() {
  const std::shared_ptr<ProcessProgram> self = shared_from_this();
  Streams streams = open_streams();
  const bool at_once = before_.empty();
  if (at_once) {
    co_await launch();
  } else {
    co_await find_program();
  }
  if (over_) co_return;  // hung up meanwhile
  connect(std::move(streams));
  if (!at_once) channel_.hub()->spawn(prepare(self));
}

asio::awaitable<void> ProcessProgram::find_program() {
  const auto look = [path = request_.program] { return ::access(path.c_str(), X_OK) < 0 ? errno : 0; };
  const int error = co_await call_slowly(context_->slow, SlowKind::files, look);
  if (error != 0) throw std::system_error(error, std::generic_category(), request_.program);
}

// RFC 4254 section 6.5 [4254-6.5-4]: the program's input and output are the channel's.
ProcessProgram::Streams ProcessProgram::open_streams() {
  const asio::any_io_executor& executor = channel_.hub()->executor();
  DescriptorClaim claim = channel_.hub()->allowance().claim(terminal_ ? 2 : 7);
  claim_for_process_ = claim.take(1);
  if (terminal_) {
    Fd master = terminal_->master();
    master.stands_for(std::move(claim));
    SplitDescriptor directions = Descriptor::split(executor, std::move(master));
    return {std::move(directions.writing), std::move(directions.reading), {}};
  }
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe error = make_pipe();
  for (Pipe* const pipe : {&in, &out, &error}) {
    pipe->read_end.stands_for(claim.take(1));
    pipe->write_end.stands_for(claim.take(1));
  }
  ends_ = {std::move(in.read_end), std::move(out.write_end), std::move(error.write_end)};
  return {Descriptor::own(executor, std::move(in.write_end)), Descriptor::own(executor, std::move(out.read_end)),
          Descriptor::own(executor, std::move(error.read_end))};
}

ProgramEnds ProcessProgram::program_ends() const {
  if (!terminal_) return {ends_.input.get(), ends_.output.get(), ends_.error.get()};
  const int terminal = terminal_->terminal().get();
  return {terminal, terminal, terminal, terminal_->path()};
}

void ProcessProgram::connect(Streams streams) {
  input_ = Sink::create(channel_, std::move(streams.input));
  input_->on_broken = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_input_broken();
  };
  read_output(output_, std::move(streams.output), 0);
  error_.ended = !streams.error.is_open();
  if (streams.error.is_open()) read_output(error_, std::move(streams.error), extended_data_type::standard_error);
}

asio::awaitable<void> ProcessProgram::launch() {
  const ProgramEnds ends = program_ends();  // named: GCC 12 destroys it twice if it is a part of the next expression
  const auto process = co_await context_->starter->start(request_, ends);
  take(process);
  ends_ = {};
  if (terminal_) {
    terminal_->release_terminal();
    record_login();
  }
  process->when_ended(
      [self = shared_from_this()](const ProgramEnd& end) { self->channel_.hub()->guard([&] { self->on_exit(end); }); });
}

void ProcessProgram::on_launch_failed(const std::string& why) {
  ends_ = {};
  if (over_) return;  // its session has ended
  context_->log.error("session {}: cannot start {}: {}", channel_.id(), request_.program, why);
  end_ = ProgramEnd{.exit_status = 255};
  // The end of its streams is the program's end, and the session's.
  if (terminal_) terminal_->release_terminal();
  finish_if_done();
}

// It may come when it is not wanted any more.
void ProcessProgram::take(std::shared_ptr<StartedProcess> process) {
  process_ = std::move(process);
  if (!over_) return;
  process_->signal_group(SIGHUP);
  process_->signal_group(SIGCONT);
}

void ProcessProgram::record_login() {
  if (!context_->login_files || !context_->records_logins) return;
  const Account& account = context_->account;
  login_record_ = LoginRecord(
      *context_->login_files,
      LoginEntry{terminal_->line(), account.name, account.uid, process_->number(), context_->addresses.remote_host},
      context_->log);
}

// ---- what comes before the process

asio::awaitable<void> ProcessProgram::prepare(std::shared_ptr<ProcessProgram> self) {
  try {
    const DescriptorClaim claim = self->channel_.hub()->allowance().claim(descriptors_before);
    co_await self->greet(std::move(self->before_.greeting));
    if (self->before_.program && !self->over_) co_await self->run_before();
  } catch (const std::system_error& error) {
    self->context_->log.print(self->context_->failure_level(), "session {}: before the program: {}",
                              self->channel_.id(), error.what());
  }
  if (self->over_) {
    self->ends_ = {};
    co_return;
  }
  try {
    co_await self->launch();
  } catch (const std::system_error& error) {
    self->on_launch_failed(error.what());
  }
}

// As the terminal shows it. Should it be full, then until the client has taken some.
asio::awaitable<void> ProcessProgram::greet(std::string text) {
  if (text.empty() || !terminal_) co_return;  // the client may have closed the channel meanwhile
  Descriptor terminal = Descriptor::own(channel_.hub()->executor(), Fd::duplicate(terminal_->terminal().get()));
  Bytes rest = bytes_of(text);
  while (!rest.empty()) {
    const IoResult put = terminal.write(rest);
    if (put.failed()) co_return;
    rest = rest.subspan(put.size);
    if (put.would_block()) co_await terminal.writable();
  }
}

// On the terminal, but without controlling it: the end of a program that does would hang it up.
asio::awaitable<void> ProcessProgram::run_before() {
  struct Progress {
    explicit Progress(const asio::any_io_executor& executor) : changed(executor) {}
    Signal changed;
    bool over = false;
  };
  const asio::any_io_executor& executor = channel_.hub()->executor();
  Pipe input = make_pipe();
  Descriptor writing = Descriptor::own(executor, std::move(input.write_end));
  if (writing.write(bytes_of(before_.input)).size < before_.input.size()) {
    throw std::system_error(ENOBUFS, std::generic_category(), "write to a new pipe");
  }
  writing.close();
  const Fd terminal = terminal_ ? terminal_->open_terminal() : Fd();
  const int output = terminal_ ? terminal.get() : ends_.output.get();
  const int error = terminal_ ? terminal.get() : ends_.error.get();
  const ProgramEnds ends{input.read_end.get(), output, error};
  const auto process = co_await context_->starter->start(*before_.program, ends);
  take(process);
  const auto progress = std::make_shared<Progress>(channel_.hub()->executor());
  process->when_ended([progress](const ProgramEnd&) {
    progress->over = true;
    progress->changed.raise();
  });
  while (!progress->over) co_await progress->changed.wait();
  process_.reset();
}

// ---- its input

void ProcessProgram::write(Bytes data) { input_->write(data); }

void ProcessProgram::end_input() { input_->end(); }

void ProcessProgram::on_input_broken() {
  if (const auto observer = observer_.lock()) observer->on_input_broken();
}

// ---- its output and its end

void ProcessProgram::read_output(Output& output, Descriptor descriptor, std::uint32_t extended_type) {
  const auto ended = [weak = weak_from_this(), which = &output] {
    const auto self = weak.lock();
    if (!self) return;
    which->ended = true;
    self->finish_if_done();
  };
  const auto emptied = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->end_ && !self->over_ && !self->output_may_come()) self->report_end();
  };
  output.descriptor = descriptor.number();
  output.source = Source::start(channel_, std::move(descriptor),
                                {.extended_type = extended_type, .ended = ended, .emptied = emptied});
}

// It learns that from SIGPIPE. A terminal has one end for both ways, and its own way to say so: it hangs up.
void ProcessProgram::end_output() {
  for (Output* output : {&output_, &error_}) {
    if (output->source) output->source->stop();
    output->ended = true;
  }
  if (terminal_) input_->stop();
  release_terminal();
  finish_if_done();
}

void ProcessProgram::on_exit(const ProgramEnd& end) {
  end_ = end;
  if (over_) return process_.reset();
  if (!output_may_come()) report_end();
  finish_if_done();
}

// Whether the process left something in its pipes that is not sent yet. What others with the same pipes may still write
// does not count.
bool ProcessProgram::output_may_come() const {
  for (const Output* output : {&output_, &error_}) {
    int waiting = 0;
    if (output->ended || !output->source->running()) continue;
    if (::ioctl(output->descriptor, FIONREAD, &waiting) < 0 || waiting > 0) return true;
  }
  return false;
}

void ProcessProgram::report_end() {
  if (std::exchange(end_reported_, true)) return;
  if (const auto observer = observer_.lock()) observer->on_program_end(*end_);
}

void ProcessProgram::finish_if_done() {
  if (over_ || !end_ || !output_.ended || !error_.ended) return;
  report_end();
  over_ = true;
  if (const auto observer = observer_.lock()) observer->on_program_finished();
  input_->stop();
  release_terminal();
  process_.reset();
  channel_.hub()->wake();
}

// With its last copy the terminal hangs up.
void ProcessProgram::release_terminal() {
  login_record_.end();
  terminal_.reset();
}

// ---- what the client does to it

void ProcessProgram::signal(int number) {
  if (process_) process_->signal_group(number);
}

bool ProcessProgram::resize(const TerminalSize& size) {
  if (terminal_) terminal_->resize(size);
  return terminal_ != nullptr;
}

bool ProcessProgram::send_break() { return terminal_ && process_ && terminal_->send_break(); }

void ProcessProgram::hang_up() {
  if (over_) return;
  over_ = true;
  signal(SIGHUP);
  signal(SIGCONT);  // one that is stopped gets it too
  if (input_ && terminal_) {
    input_->stop();  // a terminal hangs up when its last descriptor is closed
  } else if (input_) {
    input_->leave();
  }
  for (const Output* output : {&output_, &error_}) {
    if (output->source) output->source->stop();
  }
  release_terminal();
  if (end_) process_.reset();
}

}  // namespace glassh
