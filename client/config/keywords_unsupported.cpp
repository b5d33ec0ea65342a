// The keywords that glassh does not support yet. If ignoring a keyword makes the connection weaker, or another one than
// the user asked for, it is refused. If the user only loses a function, the log says so. Otherwise every value passes.
#include "client/config/keywords.h"

namespace glassh {
namespace {

constexpr auto verbose = LogLevel::verbose;
constexpr std::string_view no_certificates = "certificates are not done yet";
constexpr std::string_view no_gssapi = "GSSAPI is not done yet";
constexpr std::string_view no_sharing = "connections are not shared yet, each is new";
constexpr std::string_view other_way = "the connection would take another way than asked for";
constexpr std::string_view obsolete = "OpenSSH has retired it";

constexpr ClientKeyword table[] = {
    // Which way the connection goes, and to whom.
    {.name = "ProxyUseFdpass", .unsupported = refused("no", other_way)},
    {.name = "RefuseConnection", .unsupported = refused("", "it says not to connect")},

    // The identity of the server.
    {.name = "RevokedHostKeys", .unsupported = refused("none", "revoked host keys would be accepted")},
    {.name = "KnownHostsCommand",
     .raw = true,
     .unsupported = refused("none", "host keys that only it knows, or revokes, would be unknown")},
    {.name = "VerifyHostKeyDNS",
     .unsupported = ignored("no,false", "DNS is not asked; unknown keys are questions as usual")},
    {.name = "CASignatureAlgorithms", .unsupported = no_effect},  // there are no certificates to check
    {.name = "WarnWeakCrypto", .unsupported = no_effect},         // what it warns of does not exist here

    // The identity of the user.
    {.name = "HostbasedAuthentication",
     .unsupported = ignored("no,false", "host-based authentication is not done yet", verbose)},
    {.name = "HostbasedAcceptedAlgorithms", .unsupported = no_effect},
    {.name = "HostbasedKeyTypes", .unsupported = no_effect},
    {.name = "EnableSSHKeysign", .unsupported = no_effect},
    {.name = "GSSAPIAuthentication", .unsupported = ignored("no,false", no_gssapi, verbose)},
    {.name = "GSSAPIKeyExchange", .unsupported = ignored("no,false", no_gssapi, verbose)},
    {.name = "GSSAPIClientIdentity", .unsupported = no_effect},
    {.name = "GSSAPIDelegateCredentials", .unsupported = no_effect},
    {.name = "GSSAPIRenewalForcesRekey", .unsupported = no_effect},
    {.name = "GSSAPIServerIdentity", .unsupported = no_effect},
    {.name = "GSSAPITrustDns", .unsupported = no_effect},
    {.name = "GSSAPIKexAlgorithms", .unsupported = no_effect},
    {.name = "UseKeychain", .unsupported = no_effect},
    {.name = "CertificateFile", .unsupported = ignored("none", no_certificates)},
    {.name = "PKCS11Provider", .unsupported = ignored("none", "PKCS#11 is not done yet")},
    {.name = "SmartcardDevice", .unsupported = ignored("none", "PKCS#11 is not done yet")},
    {.name = "SecurityKeyProvider", .unsupported = ignored("internal", "security keys are not done yet", verbose)},

    // Sessions and forwarding.
    {.name = "Tunnel", .unsupported = refused("no,false", "no tunnel would be made")},
    {.name = "TunnelDevice", .unsupported = no_effect},
    {.name = "ObscureKeystrokeTiming", .unsupported = no_effect},  // there are no terminals to type at
    {.name = "ChannelTimeout", .unsupported = ignored("none", "idle channels stay open")},
    {.name = "ControlMaster", .unsupported = ignored("no,false", no_sharing, verbose)},
    {.name = "ControlPath", .unsupported = ignored("none", no_sharing, verbose)},
    {.name = "ControlPersist", .unsupported = ignored("no,false", no_sharing, verbose)},
    {.name = "LogVerbose", .unsupported = ignored("none", "LogLevel and --trace are what there is")},
    {.name = "SyslogFacility", .unsupported = no_effect},
    {.name = "VersionAddendum", .unsupported = ignored("none", "nothing is added to our version", verbose)},

    // Retired: OpenSSH accepts these and does nothing.
    {.name = "Protocol", .unsupported = ignored("2", "there is version 2 only")},
    {.name = "Cipher", .unsupported = ignored("", obsolete, verbose)},
    {.name = "CompressionLevel", .unsupported = ignored("", obsolete, verbose)},
    {.name = "FallBackToRsh", .unsupported = ignored("", obsolete, verbose)},
    {.name = "UseRsh", .unsupported = ignored("", obsolete, verbose)},
    {.name = "UseRoaming", .unsupported = ignored("", obsolete, verbose)},
    {.name = "UsePrivilegedPort", .unsupported = ignored("", obsolete, verbose)},
    {.name = "RSAAuthentication", .unsupported = ignored("", obsolete, verbose)},
    {.name = "RhostsAuthentication", .unsupported = ignored("", obsolete, verbose)},
    {.name = "RhostsRSAAuthentication", .unsupported = ignored("", obsolete, verbose)},
    {.name = "GlobalKnownHostsFile2", .unsupported = ignored("", obsolete, verbose)},
    {.name = "UserKnownHostsFile2", .unsupported = ignored("", obsolete, verbose)},
};

}  // namespace

std::span<const ClientKeyword> unsupported_client_keywords() { return table; }

}  // namespace glassh
