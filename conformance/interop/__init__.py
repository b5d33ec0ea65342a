"""What interop_test.py is made of: what a peer can do, what is tried with it, and what came of it.

    kexinit.py    what both sides have: the peer is asked, by a key exchange that is not gone through with
    plan.py       which logins are tried
    ours.py       our half of a login, and what our trace says was negotiated
    programs.py   peers that are programs: OpenSSH, dropbear, PuTTY's plink
    libraries.py  peers that are libraries, each with a small program <name>_peer.* around it, and what those are told
    table.py      the table at the end
"""
