# Stops at the first handler of the key exchange. See docs/STEPPING.md.
set breakpoint pending on
set confirm off
set print frame-arguments scalars
set print entry-values no
source test/step/printers.py
skip -gfi /usr/include/*
skip -gfi /usr/include/c++/*/*
skip -gfi /usr/include/c++/*/*/*
python
# Behind the prologue, where the arguments are in their places: the first line below the function's own.
def stop_in(function):
    start = gdb.decode_line("glassh::KeyExchange::" + function)[1][0]
    below = [entry for entry in start.symtab.linetable() if entry.pc > start.pc and entry.line > start.line]
    gdb.Breakpoint("%s:%d" % (start.symtab.fullname(), min(below, key=lambda entry: entry.pc).line))
for handler in ("on_kexinit", "on_init", "provide_signature", "on_reply", "accept_host_key", "on_newkeys"):
    stop_in(handler)
end
run
