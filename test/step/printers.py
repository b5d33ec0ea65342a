# gdb printers for what a key exchange is made of: name-lists, mpints, bytes, digests, secrets, stages; and the command
# `packet EXPRESSION`, which names a payload's message and dumps it. Loaded by step.gdb; or by hand: source test/step/printers.py
import gdb
import gdb.printing

MESSAGES = {
    1: "DISCONNECT", 2: "IGNORE", 3: "UNIMPLEMENTED", 4: "DEBUG", 5: "SERVICE_REQUEST", 6: "SERVICE_ACCEPT", 7: "EXT_INFO",
    20: "KEXINIT", 21: "NEWKEYS", 30: "KEX_ECDH_INIT", 31: "KEX_ECDH_REPLY", 50: "USERAUTH_REQUEST", 51: "USERAUTH_FAILURE",
    52: "USERAUTH_SUCCESS", 53: "USERAUTH_BANNER", 60: "USERAUTH_PK_OK", 80: "GLOBAL_REQUEST", 81: "REQUEST_SUCCESS",
    82: "REQUEST_FAILURE", 90: "CHANNEL_OPEN", 91: "CHANNEL_OPEN_CONFIRMATION", 92: "CHANNEL_OPEN_FAILURE",
    93: "CHANNEL_WINDOW_ADJUST", 94: "CHANNEL_DATA", 95: "CHANNEL_EXTENDED_DATA", 96: "CHANNEL_EOF", 97: "CHANNEL_CLOSE",
    98: "CHANNEL_REQUEST", 99: "CHANNEL_SUCCESS", 100: "CHANNEL_FAILURE", 192: "PING", 193: "PONG",
}


def memory(pointer, size):
    # A variable that is declared but not reached yet holds anything; gdb would ask for terabytes and die.
    if not 0 <= size <= 1 << 20:
        raise gdb.MemoryError("not yet initialised")
    return bytes(gdb.selected_inferior().read_memory(int(pointer), size)) if size else b""


def span_bytes(span):
    extent = span["_M_extent"]
    return memory(span["_M_ptr"], int(extent["_M_extent_value"]))


def vector_bytes(vector):
    begin = vector["_M_impl"]["_M_start"]
    return memory(begin, int(vector["_M_impl"]["_M_finish"]) - int(begin))


def bytes_of(value):
    value = value.referenced_value() if value.type.code == gdb.TYPE_CODE_REF else value
    text = str(value.type.strip_typedefs().unqualified())
    if "span<" in text:
        return span_bytes(value)
    if "vector<" in text:
        return vector_bytes(value)
    raise gdb.GdbError("neither a span nor a vector of bytes: %s" % text)


def shortened(data):
    return "%d bytes: %s%s" % (len(data), data[:32].hex(), "…" if len(data) > 32 else "")


class NameListPrinter:
    def __init__(self, value):
        self.text = value["text"]

    def to_string(self):
        names = memory(self.text["_M_str"], int(self.text["_M_len"])).decode("ascii", "replace")
        return "name-list: " + (names.replace(",", ", ") or "(empty)")


class MpintPrinter:
    def __init__(self, value):
        self.magnitude = span_bytes(value["magnitude"])

    def to_string(self):
        number = int.from_bytes(self.magnitude, "big")
        return "mpint of %d bits: 0x%x" % (number.bit_length(), number)


class BytesPrinter:
    def __init__(self, value):
        self.data = span_bytes(value)

    def to_string(self):
        return shortened(self.data)


class DigestPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return shortened(memory(self.value["bytes_"].address, int(self.value["size_"])))


class SecretPrinter:
    def __init__(self, value):
        self.size = int(value["size_"])

    def to_string(self):
        return "(secret, %d bytes; look with reveal())" % self.size


class StagePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        for field in self.value.type.fields():
            if field.enumval == int(self.value):
                return field.name.split("::")[-1].replace("_", " ")
        return str(int(self.value))


def build():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("glassh")
    printers.add_printer("NameList", "^glassh::NameList$", NameListPrinter)
    printers.add_printer("Mpint", "^glassh::Mpint$", MpintPrinter)
    printers.add_printer("Bytes", "^std::span<(unsigned char const|unsigned char|const unsigned char), 18446744073709551615(ul|UL)?>$",
                         BytesPrinter)
    printers.add_printer("Digest", "^glassh::Digest$", DigestPrinter)
    printers.add_printer("SecretBytes", "^glassh::SecretBytes$", SecretPrinter)
    printers.add_printer("Stage", "^glassh::(KeyExchange::Stage|Phase|Channel::Stage)$", StagePrinter)
    return printers


class Packet(gdb.Command):
    """packet EXPRESSION: the message that a payload (Bytes or std::vector of bytes) holds, and its bytes."""

    def __init__(self):
        super().__init__("packet", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        data = bytes_of(gdb.parse_and_eval(argument))
        if not data:
            print("no bytes")
            return
        print("SSH_MSG_%s (%d), %d bytes" % (MESSAGES.get(data[0], "?"), data[0], len(data)))
        for at in range(0, len(data), 16):
            row = data[at:at + 16]
            text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
            print("  %4d  %-47s  %s" % (at, row.hex(" "), text))


# At the program itself: there it is asked before the standard library's printer for spans.
gdb.printing.register_pretty_printer(gdb.objfiles()[0] if gdb.objfiles() else None, build(), replace=True)
Packet()
