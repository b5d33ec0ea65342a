// glassh's table of keywords, and the kinds of values that several of its rows share. config/keyword.h has the type of
// a row.
//
// The rows are in keywords*.cpp, by subject. They read words into a draft, and print the ClientConfig that finish()
// made of it.
//
//   const ClientKeyword* keyword = find_client_keyword("BatchMode");  keyword->value.read(call);
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/config/client_config.h"
#include "config/keyword.h"

namespace glassh {

// The words of a line, and where they go. `draft` is the reader's, or one to throw away if the Host block does not
// match or an earlier value counts: the line is checked all the same.
struct ClientCall {
  std::string_view keyword;
  const std::vector<std::string>& words;  // as many as allowed, none empty
  ClientDraft& draft;
  ClientConfig& config;  // draft.config
  const AlgorithmNames& supported;
  std::vector<ConfigNote>& notes;
};

// Returns all rows, in the order of `ssh -G`.
const std::vector<const ClientKeyword*>& client_keywords();
// Returns the row with this name or old name, or nullptr if neither glassh nor OpenSSH knows the keyword.
const ClientKeyword* find_client_keyword(std::string_view keyword);

std::span<const ClientKeyword> connection_client_keywords();   // keywords.cpp
std::span<const ClientKeyword> algorithm_client_keywords();    // keywords_algorithms.cpp
std::span<const ClientKeyword> host_key_client_keywords();     // keywords_host_keys.cpp
std::span<const ClientKeyword> login_client_keywords();        // keywords_login.cpp
std::span<const ClientKeyword> session_client_keywords();      // keywords_session.cpp
std::span<const ClientKeyword> forwarding_client_keywords();   // keywords_forwarding.cpp
std::span<const ClientKeyword> canonical_client_keywords();    // keywords_canonical.cpp
std::span<const ClientKeyword> unsupported_client_keywords();  // keywords_unsupported.cpp

// --- Kinds of values ------------------------------------------------------------------------------------------------

// The letters of the tokens that are allowed. Tokens are expanded later; check_tokens() refuses an unknown token now,
// so that the error has file and line.
constexpr std::string_view path_tokens = "CdhijkLlnpru";
constexpr std::string_view local_command_tokens = "CdhijkLlnpruT";
void check_tokens(std::string_view text, std::string_view letters, bool environment);
void check_path(const std::string& path);
std::string word_or_none(const ClientCall& call);  // returns an empty text for "none"
// Prints a line, or none for an empty text.
PrintedValues print_given(const std::string& text);
PrintedValues print_given(const std::optional<std::string>& text);

template <bool ClientConfig::*member>
constexpr ClientKeyword::Value flag{
    [](ClientCall& call) { call.config.*member = yes_or_no(call.words[0]); },
    [](const ClientConfig& config) { return PrintedValues{yes_no_text(config.*member)}; }};

template <std::uint32_t ClientConfig::*member>
PrintedValues print_count(const ClientConfig& config) {
  return {std::to_string(config.*member)};
}

template <std::uint32_t ClientConfig::*member>
constexpr ClientKeyword::Value count{[](ClientCall& call) { call.config.*member = number(call.words[0]); },
                                     print_count<member>};

template <auto member, const auto& choices>
constexpr ClientKeyword::Value choice{
    [](ClientCall& call) { call.config.*member = choices.read(call.words[0]); },
    [](const ClientConfig& config) { return PrintedValues{choices.print(config.*member)}; }};

template <std::string ClientConfig::*member>
constexpr ClientKeyword::Value text{[](ClientCall& call) { call.config.*member = call.words[0]; },
                                    [](const ClientConfig& config) { return print_given(config.*member); }};

}  // namespace glassh
