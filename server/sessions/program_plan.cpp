#include "server/sessions/program_plan.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/sessions/environment.h"

namespace glassh {
namespace {

constexpr std::string_view no_internal_sftp = "internal-sftp is not done yet; give the path of a program";
bool is_internal_sftp(std::string_view command) { return command.starts_with("internal-sftp"); }

EnvironmentSources environment_sources(const SessionWishes& wishes, const SessionContext& context,
                                       SessionFiles& files) {
  EnvironmentSources sources;
  sources.complaints = std::move(files.complaints);
  sources.from_client = wishes.environment();
  sources.from_keys = context.permissions.environment;
  sources.from_keys.insert(sources.from_keys.end(), files.environment.begin(), files.environment.end());
  sources.from_config = context.config->set_env;
  sources.auth_info_file = context.auth_info_file;
  sources.agent_socket = wishes.agent_socket();
  if (wishes.display()) sources.display = wishes.display()->display();
  if (wishes.terminal()) {
    sources.terminal = wishes.terminal()->path();
    sources.term = wishes.term();
  }
  return sources;
}

Preparation preparation(const SessionWishes& wishes, const SessionContext& context, SessionFiles files,
                        const std::vector<std::string>& environment) {
  Preparation before;
  before.greeting = std::move(files.greeting);
  before.program = std::move(files.rc);
  if (before.program) before.program->environment = environment;
  const std::string& xauth = context.config->xauth_location;
  if (wishes.display()) add_cookie(before, *wishes.display(), xauth, context.account, environment);
  if (before.program) before.program->open_files = context.open_files;
  return before;
}

}  // namespace

std::optional<ProgramWish> subsystem_wish(std::string_view name, const SessionContext& context) {
  const SubsystemCommand* const subsystem = context.config->subsystem(name);
  std::string_view problem;
  if (subsystem == nullptr) {
    problem = "subsystem not found";
  } else if (!context.permissions.forced_command && is_internal_sftp(subsystem->command)) {
    problem = no_internal_sftp;
  }
  if (!problem.empty()) {
    context.log.info("subsystem request for {} by user {} failed, {}", escaped(name), context.account.name, problem);
    return std::nullopt;
  }
  return ProgramWish{.kind = fmt::format("subsystem '{}'", escaped(name)),
                     .idles_as = fmt::format("session:subsystem:{}", name),
                     .command = subsystem->command,
                     .subsystem = true};
}

// Only a login shell on a terminal greets.
SessionFilesWanted session_files_wanted(const ProgramWish& wish, const SessionWishes& wishes,
                                        const SessionContext& context) {
  const ServerConfig& config = *context.config;
  SessionFilesWanted wanted{.config = context.config, .account = context.account};
  wanted.login_files = context.login_files;
  wanted.greets = wishes.terminal() && !wish.command && !context.permissions.forced_command;
  wanted.user_rc =
      config.permit_user_rc && context.permissions.user_rc && config.force_command.empty() && !wish.subsystem;
  return wanted;
}

std::optional<ProgramPlan> plan_program(ProgramWish wish, const SessionWishes& wishes, const SessionContext& context,
                                        SessionFiles files) {
  // RFC 4254 section 6.5 [4254-6.5-2] and past vulnerability 10: whatever was asked for, a shell and a subsystem
  // included, the forced command is what runs.
  const SessionPermissions& permissions = context.permissions;
  EnvironmentSources sources = environment_sources(wishes, context, files);
  if (permissions.forced_command) {
    wish.kind = fmt::format("forced-command ({}) '{}'", permissions.forced_by, escaped(*permissions.forced_command));
    sources.original_command = std::exchange(wish.command, permissions.forced_command);
    if (is_internal_sftp(*wish.command)) {
      context.log.info("{} for user {} failed, {}", wish.kind, context.account.name, no_internal_sftp);
      return std::nullopt;
    }
  }
  ProgramPlan plan;
  plan.program =
      shell_request(context.account, wish.command, session_environment(context.account, context.addresses, sources));
  plan.program.open_files = context.open_files;
  plan.program.complaints = std::move(sources.complaints);
  plan.before = preparation(wishes, context, std::move(files), plan.program.environment);
  plan.terminal = wishes.terminal();
  plan.takes_signals = !wish.subsystem && !permissions.forced_command;
  plan.kind = std::move(wish.kind);
  plan.command = std::move(wish.command);
  return plan;
}

}  // namespace glassh
