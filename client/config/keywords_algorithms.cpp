// The keywords about algorithms and keys: what is offered in a key exchange, and when keys are renewed.
#include "client/config/keywords.h"

namespace glassh {
namespace {

template <std::vector<std::string> ClientConfig::*member, AlgorithmSet AlgorithmNames::*names>
void read_algorithms(ClientCall& call) {
  call.config.*member = choose_algorithms(call.words[0], call.keyword, call.supported.*names, call.notes);
}

template <std::vector<std::string> ClientConfig::*member>
PrintedValues print_algorithms(const ClientConfig& config) {
  return {join_names(config.*member)};
}

template <std::vector<std::string> ClientConfig::*member, AlgorithmSet AlgorithmNames::*names>
void use_ours(ClientConfig& config, const AlgorithmNames& supported) {
  const std::vector<std::string_view>& defaults = (supported.*names).defaults;
  (config.*member).assign(defaults.begin(), defaults.end());
}

template <std::vector<std::string> ClientConfig::*member, AlgorithmSet AlgorithmNames::*names>
constexpr ClientKeyword::Value algorithms{read_algorithms<member, names>, print_algorithms<member>,
                                          use_ours<member, names>};

void read_host_key_algorithms(ClientCall& call) {
  read_algorithms<&ClientConfig::host_key_algorithms, &AlgorithmNames::signatures>(call);
  // "+" and "-" change what there is to choose from, but state no preference.
  call.config.host_key_algorithms_given = call.words[0].front() != '+' && call.words[0].front() != '-';
}

// Unlike other keywords, this one knows neither true nor false in OpenSSH.
constexpr Choices<bool, 2> compression_words{{{{"yes", true}, {"no", false}}}, "yes or no"};

void read_rekey_limit(ClientCall& call) {
  const RekeyLimit standard;
  const RekeyWords said = parse_rekey_limit(call.words, {standard.bytes, standard.time});
  call.config.rekey_limit = {said.bytes, said.time};
}

PrintedValues print_rekey_limit(const ClientConfig& config) {
  return {fmt::format("{} {}", config.rekey_limit.bytes, config.rekey_limit.time.count())};
}

using Names = AlgorithmNames;
using Config = ClientConfig;

constexpr ClientKeyword table[] = {
    {.name = "Ciphers", .value = algorithms<&Config::ciphers, &Names::ciphers>, .order = 420},
    {.name = "MACs", .value = algorithms<&Config::macs, &Names::macs>, .order = 520},
    {.name = "KexAlgorithms", .value = algorithms<&Config::kex_algorithms, &Names::kex>, .order = 480},
    {.name = "HostKeyAlgorithms",
     .value = {read_host_key_algorithms, print_algorithms<&Config::host_key_algorithms>,
               use_ours<&Config::host_key_algorithms, &Names::signatures>},
     .order = 430},
    {.name = "PubkeyAcceptedAlgorithms",
     .old_names = "PubkeyAcceptedKeyTypes",
     .value = algorithms<&Config::pubkey_accepted_algorithms, &Names::signatures>,
     .order = 540},
    {.name = "RequiredRSASize", .value = count<&Config::required_rsa_size>, .order = 390},
    {.name = "Compression", .value = choice<&Config::compression, compression_words>, .order = 90},
    {.name = "RekeyLimit", .words = {1, 2}, .value = {read_rekey_limit, print_rekey_limit}, .order = 730},
};

}  // namespace

std::span<const ClientKeyword> algorithm_client_keywords() { return table; }

}  // namespace glassh
