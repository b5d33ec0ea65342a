// The keywords that glasshd does not support yet. If ignoring a keyword would take a protection away, it is refused. If
// a user only loses a function, the log says so. Otherwise every value passes.
#include "server/config/keywords.h"

namespace glassh {
namespace {

constexpr std::string_view no_certificates = "certificates are not accepted yet, whatever signed them";
constexpr std::string_view no_gssapi = "GSSAPI is not done yet";
constexpr std::string_view no_kerberos = "Kerberos is not done yet";
constexpr std::string_view no_tunnels = "tunnels are not forwarded yet";
constexpr std::string_view obsolete = "OpenSSH has retired it";
constexpr std::string_view one_process = "glasshd is one program";

constexpr ServerKeyword table[] = {
    // Logins: users and methods.
    {.name = "RefuseConnection",
     .below_match = true,
     .unsupported = refused("no", "ignoring it would let in whom it shuts out")},
    {.name = "RevokedKeys",
     .below_match = true,
     .unsupported = refused("none", "ignoring it would let in holders of revoked keys")},
    {.name = "AuthorizedPrincipalsCommand", .below_match = true, .unsupported = ignored("none", no_certificates)},
    {.name = "AuthorizedPrincipalsCommandUser", .below_match = true, .unsupported = no_effect},
    {.name = "AuthorizedPrincipalsFile", .below_match = true, .unsupported = ignored("none", no_certificates)},
    {.name = "TrustedUserCAKeys", .below_match = true, .unsupported = ignored("none", no_certificates)},
    {.name = "CASignatureAlgorithms", .below_match = true, .unsupported = no_effect},
    {.name = "PubkeyAuthOptions",
     .below_match = true,
     .unsupported = no_effect},  // it narrows FIDO keys only, and those are not accepted
    {.name = "UsePAM", .unsupported = ignored("no", "PAM is not done yet, and needs root")},
    {.name = "HostbasedAuthentication",
     .below_match = true,
     .unsupported = ignored("no", "host-based authentication is not done yet")},
    {.name = "HostbasedAcceptedAlgorithms", .below_match = true, .unsupported = no_effect},
    {.name = "HostbasedAcceptedKeyTypes", .below_match = true, .unsupported = no_effect},
    {.name = "HostbasedUsesNameFromPacketOnly", .below_match = true, .unsupported = no_effect},
    {.name = "IgnoreRhosts", .below_match = true, .unsupported = no_effect},
    {.name = "IgnoreUserKnownHosts", .unsupported = no_effect},
    {.name = "GSSAPIAuthentication", .below_match = true, .unsupported = ignored("no", no_gssapi)},
    {.name = "GSSAPIKeyExchange", .unsupported = ignored("no", no_gssapi)},
    {.name = "GSSAPICleanupCredentials", .unsupported = no_effect},
    {.name = "GSSAPIDelegateCredentials", .unsupported = no_effect},
    {.name = "GSSAPIStrictAcceptorCheck", .unsupported = no_effect},
    {.name = "GSSAPIStoreCredentialsOnRekey", .unsupported = no_effect},
    {.name = "GSSAPIKexAlgorithms", .unsupported = no_effect},
    {.name = "KerberosAuthentication", .below_match = true, .unsupported = ignored("no", no_kerberos)},
    {.name = "KerberosGetAFSToken", .unsupported = no_effect},
    {.name = "KerberosOrLocalPasswd", .unsupported = no_effect},
    {.name = "KerberosTicketCleanup", .unsupported = no_effect},

    // The limits of a session.
    {.name = "ChrootDirectory",
     .below_match = true,
     .unsupported = refused("none", "ignoring it would show the whole file system")},
    {.name = "RDomain", .below_match = true, .unsupported = refused("", "sessions would use the wrong routing table")},

    // Forwarding that is not supported.
    {.name = "PermitTunnel", .below_match = true, .unsupported = ignored("no", no_tunnels)},

    // The connection and the daemon.
    {.name = "HostCertificate",
     .unsupported = ignored("none", "host certificates are not done yet, the plain key is offered")},
    {.name = "HostKeyAgent", .unsupported = refused("none", "host keys that only the agent holds could not sign")},
    {.name = "UseDNS", .unsupported = ignored("no", "names of clients are not looked up")},
    {.name = "DebianBanner", .unsupported = no_effect},
    {.name = "FingerprintHash", .unsupported = ignored("sha256", "the log has SHA256 fingerprints")},
    {.name = "LogVerbose",
     .below_match = true,
     .unsupported = ignored("none", "LogLevel and --trace are what there is")},
    {.name = "SecurityKeyProvider", .unsupported = ignored("internal", "security keys are not done yet")},
    {.name = "SshdSessionPath", .unsupported = ignored("", one_process)},
    {.name = "SshdAuthPath", .unsupported = ignored("", one_process)},

    // Retired: OpenSSH accepts these and does nothing.
    {.name = "Protocol", .unsupported = ignored("2", "there is version 2 only")},
    {.name = "UsePrivilegeSeparation", .unsupported = ignored("", obsolete)},
    {.name = "UseLogin", .unsupported = ignored("no", obsolete)},
    {.name = "KeyRegenerationInterval", .unsupported = ignored("", obsolete)},
    {.name = "ServerKeyBits", .unsupported = ignored("", obsolete)},
    {.name = "RSAAuthentication", .below_match = true, .unsupported = ignored("", obsolete)},
    {.name = "RhostsRSAAuthentication", .below_match = true, .unsupported = ignored("no", obsolete)},
    {.name = "RhostsAuthentication", .unsupported = ignored("no", obsolete)},
    {.name = "VerifyReverseMapping", .unsupported = ignored("", obsolete)},
    {.name = "ReverseMappingCheck", .unsupported = ignored("", obsolete)},
    {.name = "PAMAuthenticationViaKbdInt", .unsupported = ignored("no", obsolete)},
    {.name = "AuthorizedKeysFile2", .below_match = true, .unsupported = ignored("", obsolete)},
};

}  // namespace

std::span<const ServerKeyword> unsupported_keywords() { return table; }

}  // namespace glassh
