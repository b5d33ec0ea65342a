// The keywords that say who the server is: known_hosts files, and what happens to keys that are not there.
#include "client/config/keywords.h"

namespace glassh {
namespace {

std::vector<std::string> known_hosts_files(ClientCall& call) {
  for (const auto& path : call.words) {
    check_path(path);
    if (equal_ignoring_case(path, "none") && call.words.size() > 1) {
      throw ConfigError("'none' stands alone");
    }
  }
  return equal_ignoring_case(call.words[0], "none") ? std::vector<std::string>() : call.words;
}

void read_user_files(ClientCall& call) { call.draft.user_known_hosts_files = known_hosts_files(call); }

void read_global_files(ClientCall& call) { call.draft.global_known_hosts_files = known_hosts_files(call); }

template <std::vector<std::string> ClientConfig::*member>
PrintedValues print_files(const ClientConfig& config) {
  return {text_or_none(joined(config.*member))};
}

void read_host_key_alias(ClientCall& call) { call.config.host_key_alias = lower_case(call.words[0]); }

PrintedValues print_host_key_alias(const ClientConfig& config) { return print_given(config.host_key_alias); }

constexpr Choices<StrictHostKeyChecking, 7> strictness{{{{"true", StrictHostKeyChecking::yes},
                                                         {"yes", StrictHostKeyChecking::yes},
                                                         {"false", StrictHostKeyChecking::no},
                                                         {"no", StrictHostKeyChecking::no},
                                                         {"off", StrictHostKeyChecking::no},
                                                         {"ask", StrictHostKeyChecking::ask},
                                                         {"accept-new", StrictHostKeyChecking::accept_new}}},
                                                       "yes, no, ask or accept-new"};

constexpr Choices<UpdateHostKeys, 5> update_words{{{{"true", UpdateHostKeys::yes},
                                                    {"yes", UpdateHostKeys::yes},
                                                    {"false", UpdateHostKeys::no},
                                                    {"no", UpdateHostKeys::no},
                                                    {"ask", UpdateHostKeys::ask}}},
                                                  "yes, no or ask"};

constexpr Choices<HashName, 2> fingerprint_hashes{{{{"SHA256", HashName::sha256}, {"MD5", HashName::md5}}},
                                                  "sha256 or md5"};

using Config = ClientConfig;

constexpr ClientKeyword table[] = {
    {.name = "UserKnownHostsFile",
     .words = {1, many},
     .value = {read_user_files, print_files<&Config::user_known_hosts_files>},
     .order = 630},
    {.name = "GlobalKnownHostsFile",
     .words = {1, many},
     .value = {read_global_files, print_files<&Config::global_known_hosts_files>},
     .order = 620},
    {.name = "HostKeyAlias", .value = {read_host_key_alias, print_host_key_alias}, .order = 440},
    {.name = "StrictHostKeyChecking", .value = choice<&Config::strict_host_key_checking, strictness>, .order = 280},
    {.name = "HashKnownHosts", .value = flag<&Config::hash_known_hosts>, .order = 160},
    {.name = "CheckHostIP", .value = flag<&Config::check_host_ip>, .order = 80},
    {.name = "UpdateHostKeys", .value = choice<&Config::update_host_keys, update_words>, .order = 310},
    {.name = "VisualHostKey", .value = flag<&Config::visual_host_key>, .order = 300},
    {.name = "FingerprintHash", .value = choice<&Config::fingerprint_hash, fingerprint_hashes>, .order = 120},
    {.name = "NoHostAuthenticationForLocalhost",
     .value = flag<&Config::no_host_authentication_for_localhost>,
     .order = 190},
};

}  // namespace

std::span<const ClientKeyword> host_key_client_keywords() { return table; }

}  // namespace glassh
