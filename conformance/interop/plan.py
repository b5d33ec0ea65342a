"""Which logins are tried: not each combination, but each algorithm that both sides have, one axis at a time over a base.

Also the last and the middle of every list together, so that not every algorithm is only seen in the company of the first.
"""

import dataclasses

from interop.kexinit import AXES, Lists
from peers.cases import expect

USER_KEYS = {"ed25519": ("ssh-ed25519",), "ecdsa": ("ecdsa-sha2-nistp256",), "rsa": ("rsa-sha2-512", "rsa-sha2-256")}
HOST_KEY_KINDS = {"ssh-ed25519": "ed25519", "ecdsa-sha2-nistp256": "ecdsa", "ecdsa-sha2-nistp384": "ecdsa384",
                  "ecdsa-sha2-nistp521": "ecdsa521", "rsa-sha2-512": "rsa", "rsa-sha2-256": "rsa"}
NO_COMPRESSION = "none"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One login. Who changes the keys in its middle: "us", "peer" or "nobody"."""

    kex: str
    host_key: str
    cipher: str
    mac: str  # what we offer; with an AEAD cipher it is not used
    compression: str
    user_key: str = "ed25519"
    rekey: str = "us"
    back: tuple = ()  # cipher and MAC from the server to the client, where they are others

    def directions(self):
        """Cipher and MAC to the server, cipher and MAC back."""
        return (self.cipher, self.mac, *(self.back or (self.cipher, self.mac)))

    def __str__(self):
        return " ".join((self.kex, self.host_key, self.cipher, self.mac, self.compression, *self.back))


@dataclasses.dataclass(frozen=True)
class Attempt:
    axis: str  # the row of the table, and what is said there
    value: str
    choice: Choice


def our_lists(run):
    """run("-Q", what) is glassh's answer."""
    queries = {"kex": "kex", "host_key": "HostKeyAlgorithms", "cipher": "cipher", "mac": "mac",
               "compression": "compression"}
    return Lists("glassh", **{axis: tuple(run("-Q", query)) for axis, query in queries.items()})


def attempts(ours, theirs, aead, peer_can_rekey, talks_during_rekey, has_directions, mixes_aead):
    """A peer that talks during rekeys is only asked for one where that is what is tried. One that has directions can be
    told to offer other algorithms for each, but an AEAD cipher for one of them only if it mixes these with others.
    """
    common = {axis: [name for name in getattr(ours, axis) if name in getattr(theirs, axis)] for axis in AXES}
    for axis, names in common.items():
        expect(names, f"{axis}: nothing in common with the peer, which offers {', '.join(getattr(theirs, axis))}")
    # Most logins are about something else, so they take a key exchange that is quick in every peer, if it is there.
    common["kex"].sort(key=lambda name: not name.startswith("curve25519-"))
    counters = [name for name in common["cipher"] if name not in aead]
    base = Choice(*(common[axis][0] for axis in AXES[:4]), NO_COMPRESSION,
                  rekey="nobody" if talks_during_rekey else "us")
    with_mac = dataclasses.replace(base, cipher=counters[0]) if counters else base

    # The longer the cipher's key, the larger is the group in a group exchange; some peers take minutes for 8192 bits.
    shortest = min(common["cipher"], key=lambda name: "aes128" not in name)
    ciphers = {name: shortest if "-exchange-" in name else base.cipher for name in common["kex"]}
    found = [Attempt("kex", name, dataclasses.replace(base, kex=name, cipher=ciphers[name])) for name in common["kex"]]
    found += [Attempt("host key", name, dataclasses.replace(base, host_key=name)) for name in common["host_key"]]
    found += [Attempt("cipher", name, dataclasses.replace(base, cipher=name)) for name in common["cipher"]]
    found += [Attempt("MAC", name, dataclasses.replace(with_mac, mac=name)) for name in common["mac"] if counters]
    found += [Attempt("compression", name, dataclasses.replace(base, compression=name))
              for name in common["compression"]]
    found += [Attempt("user key", kind, dataclasses.replace(base, user_key=kind)) for kind, names in USER_KEYS.items()
              if any(name in theirs.host_key for name in names)]
    found.append(Attempt("rekey", "by us", dataclasses.replace(base, rekey="us")))
    if peer_can_rekey:
        found += [Attempt("rekey", "by the peer", dataclasses.replace(base, rekey="peer")),
                  Attempt("rekey", "by the peer, MAC", dataclasses.replace(with_mac, rekey="peer"))]

    last = Choice(*(common[axis][-1] for axis in AXES[:2]), (counters or common["cipher"])[-1], common["mac"][-1],
                  common["compression"][-1], rekey=base.rekey)
    middle = Choice(*(common[axis][len(common[axis]) // 2] for axis in AXES), rekey=base.rekey)
    found += [Attempt("mixed", "the last of each", last), Attempt("mixed", "the middle of each", middle)]
    # RFC 5647 section 5.1 as OpenSSH amends it: with an AEAD cipher no common MAC is needed.
    only_ours = [name for name in ours.mac if name not in theirs.mac]
    with_aead = [name for name in common["cipher"] if name in aead]
    if only_ours and with_aead:
        choice = dataclasses.replace(base, cipher=with_aead[0], mac=only_ours[0])
        found.append(Attempt("mixed", "AEAD and no common MAC", choice))
    if has_directions:
        other = (with_aead if with_aead and mixes_aead else counters)[-1]
        there = dataclasses.replace(with_mac, mac=common["mac"][-1], back=(other, common["mac"][0]))
        back = dataclasses.replace(base, cipher=other, mac=common["mac"][0], back=(with_mac.cipher, common["mac"][-1]))
        found += [Attempt("mixed", "other algorithms each way", there), Attempt("mixed", "the same, swapped", back)]
    return found
