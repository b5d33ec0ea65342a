// User authentication: requests and their answers, and the part of a request that depends on its method.
//
// RFC 4252, RFC 4256 (keyboard-interactive), OpenSSH PROTOCOL section 3.1 (host-bound public keys). A struct without a
// number is a tail: what UserauthRequest::method_fields holds for the method called `name`. Numbers 60 and 61 belong
// to the method of the last request. The *SignedData structs are what a signature covers; they never travel.
//
//   if (request.method_name == msg::PublicKeyRequest::name)
//     tail = decode<msg::PublicKeyRequest>(request.method_fields.bytes);
#pragma once

#include <vector>

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh::msg {

struct UserauthRequest {
  static constexpr std::uint8_t number = message_number::userauth_request;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_REQUEST";
  static constexpr std::string_view section = "RFC 4252 section 5";

  std::string_view user_name = {};
  std::string_view service_name = {};
  std::string_view method_name = {};
  Rest method_fields = {};

  static void fields(auto& self, auto& field) {
    field("user_name", self.user_name);
    field("service_name", self.service_name);
    field("method_name", self.method_name);
    field("method_fields", self.method_fields);
  }
};

struct UserauthFailure {
  static constexpr std::uint8_t number = message_number::userauth_failure;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_FAILURE";
  static constexpr std::string_view section = "RFC 4252 section 5.1";

  NameList authentications_that_can_continue = {};
  bool partial_success = false;

  static void fields(auto& self, auto& field) {
    field("authentications_that_can_continue", self.authentications_that_can_continue);
    field("partial_success", self.partial_success);
  }
};

struct UserauthSuccess {
  static constexpr std::uint8_t number = message_number::userauth_success;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_SUCCESS";
  static constexpr std::string_view section = "RFC 4252 section 5.1";

  static void fields(auto&, auto&) {}
};

struct UserauthBanner {
  static constexpr std::uint8_t number = message_number::userauth_banner;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_BANNER";
  static constexpr std::string_view section = "RFC 4252 section 5.4";

  std::string_view message = {};
  std::string_view language_tag = {};

  static void fields(auto& self, auto& field) {
    field("message", self.message);
    field("language_tag", self.language_tag);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// none

struct NoneRequest {
  static constexpr std::string_view name = "none";
  static constexpr std::string_view section = "RFC 4252 section 5.2";

  static void fields(auto&, auto&) {}
};

// ----------------------------------------------------------------------------------------------------------------
// publickey

struct PublicKeyRequest {
  static constexpr std::string_view name = "publickey";
  static constexpr std::string_view section = "RFC 4252 section 7";

  bool has_signature = false;  // without one it asks whether a signature by this key would do
  std::string_view algorithm = {};
  Bytes public_key = {};
  Bytes signature = {};  // only if has_signature

  static void fields(auto& self, auto& field) {
    field("has_signature", self.has_signature);
    field("algorithm", self.algorithm);
    field("public_key", self.public_key);
    if (self.has_signature) field("signature", self.signature);
  }
};

struct PublicKeyHostboundRequest {
  static constexpr std::string_view name = "publickey-hostbound-v00@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 3.1";

  bool has_signature = false;
  std::string_view algorithm = {};
  Bytes public_key = {};
  Bytes server_host_key = {};
  Bytes signature = {};  // only if has_signature

  static void fields(auto& self, auto& field) {
    field("has_signature", self.has_signature);
    field("algorithm", self.algorithm);
    field("public_key", self.public_key);
    field("server_host_key", self.server_host_key);
    if (self.has_signature) field("signature", self.signature);
  }
};

// RFC 4252 section 7 [4252-7-13]: the signature covers the session identifier and the request up to the signature.
// With method_name "publickey-hostbound-v00@openssh.com" that request has a server_host_key.
struct PublicKeySignedData {
  static constexpr std::string_view name = "publickey signed data";
  static constexpr std::string_view section = "RFC 4252 section 7";

  Bytes session_identifier = {};
  std::uint8_t request_number = message_number::userauth_request;
  std::string_view user_name = {};
  std::string_view service_name = {};
  std::string_view method_name = PublicKeyRequest::name;
  bool has_signature = true;
  std::string_view algorithm = {};
  Bytes public_key = {};
  Bytes server_host_key = {};  // only for the host-bound method

  static void fields(auto& self, auto& field) {
    field("session_identifier", self.session_identifier);
    field("request_number", self.request_number);
    field("user_name", self.user_name);
    field("service_name", self.service_name);
    field("method_name", self.method_name);
    field("has_signature", self.has_signature);
    field("algorithm", self.algorithm);
    field("public_key", self.public_key);
    if (self.method_name == PublicKeyHostboundRequest::name) field("server_host_key", self.server_host_key);
  }
};

struct UserauthPkOk {
  static constexpr std::uint8_t number = message_number::userauth_pk_ok;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_PK_OK";
  static constexpr std::string_view section = "RFC 4252 section 7";

  std::string_view algorithm = {};  // both from the request
  Bytes public_key = {};

  static void fields(auto& self, auto& field) {
    field("algorithm", self.algorithm);
    field("public_key", self.public_key);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// password

struct PasswordRequest {
  static constexpr std::string_view name = "password";
  static constexpr std::string_view section = "RFC 4252 section 8";

  bool change = false;
  Hidden password = {};      // the old one, if this is a change
  Hidden new_password = {};  // only if this is a change

  static void fields(auto& self, auto& field) {
    field("change", self.change);
    field("password", self.password);
    if (self.change) field("new_password", self.new_password);
  }
};

struct UserauthPasswdChangereq {
  static constexpr std::uint8_t number = message_number::userauth_passwd_changereq;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_PASSWD_CHANGEREQ";
  static constexpr std::string_view section = "RFC 4252 section 8";

  std::string_view prompt = {};
  std::string_view language_tag = {};

  static void fields(auto& self, auto& field) {
    field("prompt", self.prompt);
    field("language_tag", self.language_tag);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// keyboard-interactive

struct KeyboardInteractiveRequest {
  static constexpr std::string_view name = "keyboard-interactive";
  static constexpr std::string_view section = "RFC 4256 section 3.1";

  std::string_view language_tag = {};
  std::string_view submethods = {};

  static void fields(auto& self, auto& field) {
    field("language_tag", self.language_tag);
    field("submethods", self.submethods);
  }
};

struct Prompt {
  std::string_view prompt = {};
  bool echo = false;

  static void fields(auto& self, auto& field) {
    field("prompt", self.prompt);
    field("echo", self.echo);
  }
};

struct UserauthInfoRequest {
  static constexpr std::uint8_t number = message_number::userauth_info_request;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_INFO_REQUEST";
  static constexpr std::string_view section = "RFC 4256 section 3.2";

  std::string_view request_name = {};  // the RFC's `name`, which here is the message's own
  std::string_view instruction = {};
  std::string_view language_tag = {};
  std::vector<Prompt> prompts = {};

  static void fields(auto& self, auto& field) {
    field("name", self.request_name);
    field("instruction", self.instruction);
    field("language_tag", self.language_tag);
    field("prompts", self.prompts);
  }
};

struct Response {
  Hidden response = {};

  static void fields(auto& self, auto& field) { field("response", self.response); }
};

struct UserauthInfoResponse {
  static constexpr std::uint8_t number = message_number::userauth_info_response;
  static constexpr std::string_view name = "SSH_MSG_USERAUTH_INFO_RESPONSE";
  static constexpr std::string_view section = "RFC 4256 section 3.4";

  std::vector<Response> responses = {};

  static void fields(auto& self, auto& field) { field("responses", self.responses); }
};

// ----------------------------------------------------------------------------------------------------------------
// hostbased

struct HostbasedRequest {
  static constexpr std::string_view name = "hostbased";
  static constexpr std::string_view section = "RFC 4252 section 9";

  std::string_view algorithm = {};  // of the client's host key
  Bytes host_key = {};              // the client host's public key and certificates
  std::string_view client_host_name = {};
  std::string_view client_user_name = {};
  Bytes signature = {};

  static void fields(auto& self, auto& field) {
    field("algorithm", self.algorithm);
    field("host_key", self.host_key);
    field("client_host_name", self.client_host_name);
    field("client_user_name", self.client_user_name);
    field("signature", self.signature);
  }
};

// RFC 4252 section 9 [4252-9-3]: what the client host's key signs.
struct HostbasedSignedData {
  static constexpr std::string_view name = "hostbased signed data";
  static constexpr std::string_view section = "RFC 4252 section 9";

  Bytes session_identifier = {};
  std::uint8_t request_number = message_number::userauth_request;
  std::string_view user_name = {};
  std::string_view service_name = {};
  std::string_view method_name = HostbasedRequest::name;
  std::string_view algorithm = {};
  Bytes host_key = {};
  std::string_view client_host_name = {};
  std::string_view client_user_name = {};

  static void fields(auto& self, auto& field) {
    field("session_identifier", self.session_identifier);
    field("request_number", self.request_number);
    field("user_name", self.user_name);
    field("service_name", self.service_name);
    field("method_name", self.method_name);
    field("algorithm", self.algorithm);
    field("host_key", self.host_key);
    field("client_host_name", self.client_host_name);
    field("client_user_name", self.client_user_name);
  }
};

}  // namespace glassh::msg
