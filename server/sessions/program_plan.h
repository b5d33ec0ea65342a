// From what a client asks to be run to what is run instead: the forced command, the environment, what comes before it.
//
// RFC 4254 sections 6.4 and 6.5, sshd_config(5). A ProgramPlan lives from the request until its program has started.
// Job: to hold everything that the start of a program needs, so that it can be handed on.
//
//   const SessionFilesWanted wanted = session_files_wanted(wish, wishes, context);  …
//   const auto plan = plan_program(std::move(wish), wishes, context, std::move(files));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/sessions/preparation.h"
#include "server/sessions/process.h"
#include "server/sessions/pty.h"
#include "server/sessions/session_context.h"
#include "server/sessions/session_wishes.h"

namespace glassh {

// The client's wish for a program.
struct ProgramWish {
  std::string kind;                         // for the log
  std::string idles_as;                     // for ChannelTimeout
  std::optional<std::string> command = {};  // nullopt: a login shell
  bool subsystem = false;
};

struct ProgramPlan {
  std::string kind;                         // for the log
  std::optional<std::string> command = {};  // nullopt: a login shell
  bool takes_signals = false;               // from the client
  SpawnRequest program = {};
  Preparation before = {};
  std::shared_ptr<Pty> terminal = {};  // null: three pipes
};

// The wish for a subsystem, as the configuration has it. Returns nullopt, and says why to the log, if there is none.
std::optional<ProgramWish> subsystem_wish(std::string_view name, const SessionContext& context);

// The files to read before the plan is made.
SessionFilesWanted session_files_wanted(const ProgramWish& wish, const SessionWishes& wishes,
                                        const SessionContext& context);

// Returns nullopt, and says why to the log, if the command that is forced cannot be run.
std::optional<ProgramPlan> plan_program(ProgramWish wish, const SessionWishes& wishes, const SessionContext& context,
                                        SessionFiles files);

}  // namespace glassh
