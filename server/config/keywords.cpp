// The keywords that glasshd does not do yet. Ask of each: if it is ignored, does somebody lose a protection? Refuse.
// Does somebody miss a function? Say so in the log. Does nobody? Let every value pass.
#include "server/config/keywords.h"

#include <array>

#include "config/patterns.h"

namespace glassh {
namespace {

constexpr auto note = Otherwise::note;
constexpr auto refuse = Otherwise::refuse;

constexpr std::string_view no_certificates = "certificates are not accepted yet, whatever signed them";
constexpr std::string_view no_gssapi = "GSSAPI is not done yet";
constexpr std::string_view no_kerberos = "Kerberos is not done yet";
constexpr std::string_view no_tunnels = "tunnels are not forwarded yet";
constexpr std::string_view obsolete = "OpenSSH has retired it";
constexpr std::string_view one_process = "glasshd is one program";

constexpr std::array table{
    // Who may log in, and how.
    ForeignKeyword{"RefuseConnection", "no", refuse, "ignoring it would let in whom it shuts out"},
    ForeignKeyword{"RevokedKeys", "none", refuse, "ignoring it would let in holders of revoked keys"},
    ForeignKeyword{"AuthorizedPrincipalsCommand", "none", note, no_certificates},
    ForeignKeyword{"AuthorizedPrincipalsCommandUser", "*"},
    ForeignKeyword{"AuthorizedPrincipalsFile", "none", note, no_certificates},
    ForeignKeyword{"TrustedUserCAKeys", "none", note, no_certificates},
    ForeignKeyword{"CASignatureAlgorithms", "*"},
    ForeignKeyword{"PubkeyAuthOptions", "*"},  // it narrows FIDO keys only, and those are not accepted
    ForeignKeyword{"UsePAM", "no", note, "PAM is not done yet, and needs root"},
    ForeignKeyword{"HostbasedAuthentication", "no", note, "host-based authentication is not done yet"},
    ForeignKeyword{"HostbasedAcceptedAlgorithms", "*"},
    ForeignKeyword{"HostbasedAcceptedKeyTypes", "*"},
    ForeignKeyword{"HostbasedUsesNameFromPacketOnly", "*"},
    ForeignKeyword{"IgnoreRhosts", "*"},
    ForeignKeyword{"IgnoreUserKnownHosts", "*"},
    ForeignKeyword{"GSSAPIAuthentication", "no", note, no_gssapi},
    ForeignKeyword{"GSSAPIKeyExchange", "no", note, no_gssapi},
    ForeignKeyword{"GSSAPICleanupCredentials", "*"},
    ForeignKeyword{"GSSAPIDelegateCredentials", "*"},
    ForeignKeyword{"GSSAPIStrictAcceptorCheck", "*"},
    ForeignKeyword{"GSSAPIStoreCredentialsOnRekey", "*"},
    ForeignKeyword{"GSSAPIKexAlgorithms", "*"},
    ForeignKeyword{"KerberosAuthentication", "no", note, no_kerberos},
    ForeignKeyword{"KerberosGetAFSToken", "*"},
    ForeignKeyword{"KerberosOrLocalPasswd", "*"},
    ForeignKeyword{"KerberosTicketCleanup", "*"},

    // What a session may do.
    ForeignKeyword{"ChrootDirectory", "none", refuse, "ignoring it would show the whole file system"},
    ForeignKeyword{"RDomain", "", refuse, "sessions would use the wrong routing table"},

    // Forwarding that is not done yet.
    ForeignKeyword{"PermitTunnel", "no", note, no_tunnels},

    // The connection and the daemon.
    ForeignKeyword{"HostCertificate", "none", note, "host certificates are not done yet, the plain key is offered"},
    ForeignKeyword{"HostKeyAgent", "none", refuse, "host keys that only the agent holds could not sign"},
    ForeignKeyword{"UseDNS", "no", note, "names of clients are not looked up"},
    ForeignKeyword{"DebianBanner", "*"},
    ForeignKeyword{"FingerprintHash", "sha256", note, "the log has SHA256 fingerprints"},
    ForeignKeyword{"LogVerbose", "none", note, "LogLevel and --trace are what there is"},
    ForeignKeyword{"SecurityKeyProvider", "internal", note, "security keys are not done yet"},
    ForeignKeyword{"SshdSessionPath", "", note, one_process},
    ForeignKeyword{"SshdAuthPath", "", note, one_process},

    // Retired: OpenSSH accepts these and does nothing.
    ForeignKeyword{"Protocol", "2", note, "there is version 2 only"},
    ForeignKeyword{"UsePrivilegeSeparation", "", note, obsolete},
    ForeignKeyword{"UseLogin", "no", note, obsolete},
    ForeignKeyword{"KeyRegenerationInterval", "", note, obsolete},
    ForeignKeyword{"ServerKeyBits", "", note, obsolete},
    ForeignKeyword{"RSAAuthentication", "", note, obsolete},
    ForeignKeyword{"RhostsRSAAuthentication", "no", note, obsolete},
    ForeignKeyword{"RhostsAuthentication", "no", note, obsolete},
    ForeignKeyword{"VerifyReverseMapping", "", note, obsolete},
    ForeignKeyword{"ReverseMappingCheck", "", note, obsolete},
    ForeignKeyword{"PAMAuthenticationViaKbdInt", "no", note, obsolete},
    ForeignKeyword{"AuthorizedKeysFile2", "", note, obsolete},
};

}  // namespace

std::span<const ForeignKeyword> foreign_server_keywords() { return table; }

// As OpenSSH 9.2's, whose manual lists them, with their other spellings; Subsystem and RefuseConnection are newer, and
// PasswordFile is ours.
bool may_stand_below_match(std::string_view keyword) {
  constexpr std::string_view names =
      "acceptenv,allowagentforwarding,allowgroups,allowstreamlocalforwarding,allowtcpforwarding,allowusers"
      ",authenticationmethods,authorizedkeyscommand,authorizedkeyscommanduser,authorizedkeysfile"
      ",authorizedkeysfile2,authorizedprincipalscommand,authorizedprincipalscommanduser"
      ",authorizedprincipalsfile,banner,casignaturealgorithms,challengeresponseauthentication"
      ",channeltimeout,chrootdirectory,clientalivecountmax,clientaliveinterval,denygroups,denyusers"
      ",disableforwarding,exposeauthinfo,forcecommand,gssapiauthentication,gatewayports"
      ",hostbasedacceptedalgorithms,hostbasedacceptedkeytypes,hostbasedauthentication"
      ",hostbasedusesnamefrompacketonly,ipqos,ignorerhosts,kbdinteractiveauthentication"
      ",kerberosauthentication,loglevel,logverbose,maxauthtries,maxsessions,passwordauthentication,passwordfile"
      ",permitemptypasswords,permitlisten,permitopen,permitrootlogin,permittty,permittunnel,permituserrc"
      ",pubkeyacceptedalgorithms,pubkeyacceptedkeytypes,pubkeyauthoptions,pubkeyauthentication,rdomain"
      ",rsaauthentication,refuseconnection,rekeylimit,requiredrsasize,revokedkeys,rhostsrsaauthentication"
      ",setenv,skeyauthentication,streamlocalbindmask,streamlocalbindunlink,subsystem,trustedusercakeys"
      ",unusedconnectiontimeout,x11displayoffset,x11forwarding,x11uselocalhost";
  return match_pattern_list(lower_case(keyword), names) == PatternMatch::match;
}

}  // namespace glassh
