// Runs a program as a user, without a shell, and returns its output: AuthorizedKeysCommand.
//
// The program's path is absolute, and only root and the user who runs glasshd may change it or a directory above it.
// The program has no input, no descriptor of ours, "/" as its directory, an environment of a few names, and exactly the
// groups of its user (past vulnerability 87). Its output and its time are limited; a program that exceeds a limit is
// killed with its process group.
//
//   const RunResult run = co_await run_as(executor, slow, std::move(request));  if (run.problem.empty()) …
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channels/io/slow_calls.h"
#include "server/account.h"

namespace glassh {

struct RunRequest {
  std::vector<std::string> arguments;  // [0] is the path; at least one
  Account user;                        // another than our own only if we are root
  std::size_t output_limit = 1024 * 1024;
  std::chrono::milliseconds time_limit{30'000};
};
struct RunResult {
  std::string output;   // standard output; empty if there is a problem
  std::string problem;  // why its output is not to be used: "exited with status 1"; empty: nothing
};
// `slow` starts it; null: this process itself.
boost::asio::awaitable<RunResult> run_as(boost::asio::any_io_executor executor, std::shared_ptr<SlowCaller> slow,
                                         RunRequest request);

}  // namespace glassh
