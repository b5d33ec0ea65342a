// The keywords that glassh does not do yet. Ask of each: if it is ignored, is the connection weaker, or another one
// than asked for? Refuse. Does somebody miss a function? Say so in the log. Does nobody? Let every value pass.
#include "client/config/keywords.h"

#include <array>

namespace glassh {
namespace {

constexpr auto note = Otherwise::note;
constexpr auto refuse = Otherwise::refuse;
constexpr auto verbose = LogLevel::verbose;

constexpr std::string_view no_certificates = "certificates are not done yet";
constexpr std::string_view no_gssapi = "GSSAPI is not done yet";
constexpr std::string_view no_sharing = "connections are not shared yet, each is new";
constexpr std::string_view other_way = "the connection would take another way than asked for";
constexpr std::string_view obsolete = "OpenSSH has retired it";

constexpr std::array table{
    // Which way the connection goes, and to whom.
    ForeignKeyword{"ProxyUseFdpass", "no", refuse, other_way},
    ForeignKeyword{"RefuseConnection", "", refuse, "it says not to connect"},

    // Who the server is.
    ForeignKeyword{"RevokedHostKeys", "none", refuse, "revoked host keys would be accepted"},
    ForeignKeyword{"KnownHostsCommand", "none", refuse, "host keys that only it knows, or revokes, would be unknown"},
    ForeignKeyword{"VerifyHostKeyDNS", "no,false", note, "DNS is not asked; unknown keys are questions as usual"},
    ForeignKeyword{"CASignatureAlgorithms", "*"},  // there are no certificates to check
    ForeignKeyword{"WarnWeakCrypto", "*"},         // what it warns of does not exist here

    // Who the user is.
    ForeignKeyword{"HostbasedAuthentication", "no,false", note, "host-based authentication is not done yet", verbose},
    ForeignKeyword{"HostbasedAcceptedAlgorithms", "*"},
    ForeignKeyword{"HostbasedKeyTypes", "*"},
    ForeignKeyword{"EnableSSHKeysign", "*"},
    ForeignKeyword{"GSSAPIAuthentication", "no,false", note, no_gssapi, verbose},
    ForeignKeyword{"GSSAPIKeyExchange", "no,false", note, no_gssapi, verbose},
    ForeignKeyword{"GSSAPIClientIdentity", "*"},
    ForeignKeyword{"GSSAPIDelegateCredentials", "*"},
    ForeignKeyword{"GSSAPIRenewalForcesRekey", "*"},
    ForeignKeyword{"GSSAPIServerIdentity", "*"},
    ForeignKeyword{"GSSAPITrustDns", "*"},
    ForeignKeyword{"GSSAPIKexAlgorithms", "*"},
    ForeignKeyword{"UseKeychain", "*"},
    ForeignKeyword{"CertificateFile", "none", note, no_certificates},
    ForeignKeyword{"PKCS11Provider", "none", note, "PKCS#11 is not done yet"},
    ForeignKeyword{"SmartcardDevice", "none", note, "PKCS#11 is not done yet"},
    ForeignKeyword{"SecurityKeyProvider", "internal", note, "security keys are not done yet", verbose},

    // Sessions and forwarding.
    ForeignKeyword{"Tunnel", "no,false", refuse, "no tunnel would be made"},
    ForeignKeyword{"TunnelDevice", "*"},
    ForeignKeyword{"ObscureKeystrokeTiming", "*"},  // there are no terminals to type at
    ForeignKeyword{"ChannelTimeout", "none", note, "idle channels stay open"},
    ForeignKeyword{"ControlMaster", "no,false", note, no_sharing, verbose},
    ForeignKeyword{"ControlPath", "none", note, no_sharing, verbose},
    ForeignKeyword{"ControlPersist", "no,false", note, no_sharing, verbose},
    ForeignKeyword{"LogVerbose", "none", note, "LogLevel and --trace are what there is"},
    ForeignKeyword{"SyslogFacility", "*"},
    ForeignKeyword{"VersionAddendum", "none", note, "nothing is added to our version", verbose},

    // Retired: OpenSSH accepts these and does nothing.
    ForeignKeyword{"Protocol", "2", note, "there is version 2 only"},
    ForeignKeyword{"Cipher", "", note, obsolete, verbose},
    ForeignKeyword{"CompressionLevel", "", note, obsolete, verbose},
    ForeignKeyword{"FallBackToRsh", "", note, obsolete, verbose},
    ForeignKeyword{"UseRsh", "", note, obsolete, verbose},
    ForeignKeyword{"UseRoaming", "", note, obsolete, verbose},
    ForeignKeyword{"UsePrivilegedPort", "", note, obsolete, verbose},
    ForeignKeyword{"RSAAuthentication", "", note, obsolete, verbose},
    ForeignKeyword{"RhostsAuthentication", "", note, obsolete, verbose},
    ForeignKeyword{"RhostsRSAAuthentication", "", note, obsolete, verbose},
    ForeignKeyword{"GlobalKnownHostsFile2", "", note, obsolete, verbose},
    ForeignKeyword{"UserKnownHostsFile2", "", note, obsolete, verbose},
};

}  // namespace

std::span<const ForeignKeyword> foreign_client_keywords() { return table; }

bool takes_raw_rest(std::string_view keyword) {
  return keyword == "proxycommand" || keyword == "remotecommand" || keyword == "localcommand" ||
         keyword == "knownhostscommand";
}

}  // namespace glassh
