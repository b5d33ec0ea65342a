#include "server/moduli_file.h"

#include <algorithm>

#include "config/small_file.h"
#include "crypto/kex/kex_method.h"
#include "crypto/kex/moduli.h"

namespace glassh {

namespace {

constexpr std::size_t largest_file = std::size_t{16} << 20;  // OpenSSH's own has half a megabyte
constexpr std::size_t most_problems_logged = 10;

}  // namespace

std::shared_ptr<const std::vector<DhGroup>> read_moduli_file(const ServerConfig& config, const Log& log) {
  const auto& kex = config.kex_algorithms;
  if (std::find(kex.begin(), kex.end(), group_exchange_name) == kex.end()) return nullptr;
  Moduli moduli;
  try {
    moduli = parse_moduli(text_of(read_small_file(config.moduli_file, largest_file).content.reveal()));
  } catch (const FileError& error) {
    log.info("ModuliFile: {}; group exchange has RFC 3526's groups only", error.what());
    return nullptr;
  }
  const std::size_t shown = std::min(moduli.problems.size(), most_problems_logged);
  for (std::size_t i = 0; i < shown; ++i) log.error("ModuliFile: {}: {}", config.moduli_file, moduli.problems[i]);
  if (moduli.problems.size() > shown) {
    log.error("ModuliFile: {}: and {} more such lines", config.moduli_file, moduli.problems.size() - shown);
  }
  log.debug("ModuliFile: {} groups in {}", moduli.groups.size(), config.moduli_file);
  if (moduli.groups.empty()) {
    log.info("ModuliFile: no group in {} can be used; group exchange has RFC 3526's groups only", config.moduli_file);
    return nullptr;
  }
  return std::make_shared<const std::vector<DhGroup>>(std::move(moduli.groups));
}

}  // namespace glassh
