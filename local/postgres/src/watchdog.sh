# Stops the server when the owning process is gone, however it went.
#
# Standard input is a pipe whose only writing end the owner holds; nothing is ever written.
# Arguments: the server's process id, then what to remove when it has stopped.
trap '' HUP INT TERM
pid=$1
shift

# A stopped server that no one has waited for is still listed, in state Z.
alive() {
    kill -0 "$pid" 2>/dev/null || return 1
    state=
    [ -r "/proc/$pid/stat" ] && read -r _ _ state _ 2>/dev/null <"/proc/$pid/stat"
    [ "$state" != Z ]
}

# Sends a signal, then waits for some tenths of a second.
stop() {
    alive || return 0
    kill "-$1" "$pid" 2>/dev/null
    left=$2
    while alive && [ "$left" -gt 0 ]; do
        sleep 0.1
        left=$((left - 1))
    done
}

while read -r _; do :; done
stop INT 60
stop QUIT 20
stop KILL 10
[ "$#" -eq 0 ] || rm -rf -- "$@"
