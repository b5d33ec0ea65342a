// The keywords about algorithms and keys: what is offered in a key exchange, and when keys are renewed.
#include "server/config/keywords.h"

namespace glassh {
namespace {

template <std::vector<std::string> ServerConfig::*member, AlgorithmSet AlgorithmNames::*names>
void use_ours(ServerConfig& config, const AlgorithmNames& supported) {
  const std::vector<std::string_view>& defaults = (supported.*names).defaults;
  (config.*member).assign(defaults.begin(), defaults.end());
}

template <std::vector<std::string> ServerConfig::*member, AlgorithmSet AlgorithmNames::*names>
constexpr ServerKeyword::Value algorithms{
    [](ServerCall& call) {
      call.config.*member = choose_algorithms(call.words[0], call.keyword, call.supported.*names, call.notes);
    },
    [](const ServerConfig& config) { return PrintedValues{join_names(config.*member)}; }, use_ours<member, names>};

// "delayed" dates from the time when "yes" compressed before the login, too.
constexpr Choices<bool, 3> compression_words{{{{"yes", true}, {"delayed", true}, {"no", false}}}, "yes, delayed or no"};

void read_rekey_limit(ServerCall& call) {
  const RekeyLimit standard;
  const RekeyWords said = parse_rekey_limit(call.words, {standard.bytes, standard.time});
  call.config.rekey_limit = {said.bytes, said.time};
}

PrintedValues print_rekey_limit(const ServerConfig& config) {
  return {fmt::format("{} {}", config.rekey_limit.bytes, config.rekey_limit.time.count())};
}

using Names = AlgorithmNames;
using Config = ServerConfig;

constexpr ServerKeyword table[] = {
    {.name = "Ciphers", .value = algorithms<&Config::ciphers, &Names::ciphers>, .order = 370},
    {.name = "MACs", .value = algorithms<&Config::macs, &Names::macs>, .order = 380},
    {.name = "KexAlgorithms", .value = algorithms<&Config::kex_algorithms, &Names::kex>, .order = 440},
    {.name = "HostKeyAlgorithms", .value = algorithms<&Config::host_key_algorithms, &Names::signatures>, .order = 450},
    {.name = "PubkeyAcceptedAlgorithms",
     .old_names = "PubkeyAcceptedKeyTypes",
     .below_match = true,
     .value = algorithms<&Config::pubkey_accepted_algorithms, &Names::signatures>,
     .order = 460},
    {.name = "RequiredRSASize", .below_match = true, .value = count<&Config::required_rsa_size>, .order = 100},
    {.name = "Compression", .value = choice<&Config::compression, compression_words>, .order = 260},
    {.name = "RekeyLimit",
     .words = {1, 2},
     .below_match = true,
     .value = {read_rekey_limit, print_rekey_limit},
     .order = 660},
    {.name = "ModuliFile",
     .value = {[](ServerCall& call) { call.config.moduli_file = call.words[0]; }, print_text<&Config::moduli_file>},
     .order = 350},
};

}  // namespace

std::span<const ServerKeyword> algorithm_keywords() { return table; }

}  // namespace glassh
