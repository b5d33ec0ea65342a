// glasshd's table of keywords, and the kinds of values that several of its rows share. config/keyword.h has the type of
// a row.
//
// The rows are in keywords*.cpp, by subject. They only read words into a ServerConfig and print them; server/login/,
// server/sessions/ and server/forwarding/ decide what the values mean.
//
//   const ServerKeyword* keyword = find_server_keyword("PermitTTY");  keyword->value.read(call);
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/keyword.h"
#include "server/config/server_config.h"

namespace glassh {

// The words of a line, and where they go. `config` is the configuration, or one to throw away if an earlier value
// counts: later values are checked all the same.
struct ServerCall {
  std::string_view keyword;
  const std::vector<std::string>& words;  // as many as allowed, none empty
  ServerConfig& config;
  bool first;  // no line of this keyword counted before, in the global part or in the blocks that apply
  const AlgorithmNames& supported;
  std::vector<ConfigNote>& notes;
};

// Returns all rows, in the order of `sshd -T`.
const std::vector<const ServerKeyword*>& server_keywords();
// Returns the row with this name or old name, or nullptr if neither glasshd nor OpenSSH knows the keyword.
const ServerKeyword* find_server_keyword(std::string_view keyword);

std::span<const ServerKeyword> connection_keywords();   // keywords.cpp
std::span<const ServerKeyword> algorithm_keywords();    // keywords_algorithms.cpp
std::span<const ServerKeyword> access_keywords();       // keywords_access.cpp
std::span<const ServerKeyword> session_keywords();      // keywords_session.cpp
std::span<const ServerKeyword> forwarding_keywords();   // keywords_forwarding.cpp
std::span<const ServerKeyword> limit_keywords();        // keywords_limits.cpp
std::span<const ServerKeyword> unsupported_keywords();  // keywords_unsupported.cpp

// --- Kinds of values ------------------------------------------------------------------------------------------------

std::string word_or_none(const ServerCall& call);       // empty for "none"
std::uint32_t time_in_seconds(const ServerCall& call);  // throws ConfigError

template <bool ServerConfig::*member>
constexpr ServerKeyword::Value flag{
    [](ServerCall& call) { call.config.*member = yes_or_no(call.words[0]); },
    [](const ServerConfig& config) { return PrintedValues{yes_no_text(config.*member)}; }};

template <std::uint32_t ServerConfig::*member>
PrintedValues print_count(const ServerConfig& config) {
  return {std::to_string(config.*member)};
}

template <std::uint32_t ServerConfig::*member>
constexpr ServerKeyword::Value count{[](ServerCall& call) { call.config.*member = number(call.words[0]); },
                                     print_count<member>};

template <std::uint32_t ServerConfig::*member>
constexpr ServerKeyword::Value seconds{[](ServerCall& call) { call.config.*member = time_in_seconds(call); },
                                       print_count<member>};

template <auto member, const auto& choices>
constexpr ServerKeyword::Value choice{
    [](ServerCall& call) { call.config.*member = choices.read(call.words[0]); },
    [](const ServerConfig& config) { return PrintedValues{choices.print(config.*member)}; }};

template <std::string ServerConfig::*member>
PrintedValues print_text(const ServerConfig& config) {
  return {text_or_none(config.*member)};
}

template <std::string ServerConfig::*member>
constexpr ServerKeyword::Value text{[](ServerCall& call) { call.config.*member = word_or_none(call); },
                                    print_text<member>};

// Prints a line for each text.
template <std::vector<std::string> ServerConfig::*member>
PrintedValues print_list(const ServerConfig& config) {
  return config.*member;
}

}  // namespace glassh
