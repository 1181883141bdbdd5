# Keeps a daemon running. Sourced by launch.sh for `nydusd --respawn`.

# Runs a command until it ends by itself or is told to end. When it dies of a signal it is run again at once, and what it
# served waits meanwhile; one that dies again and again at its start is given a second in between. Once a daemon has died,
# one that fails to take over (exit code 1) is tried again, too, ten times.
respawn() {
    local child='' status stop='' quick=0 failed=0 died='' began
    trap 'stop=yes; [[ -z $child ]] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
    while :; do
        began=$SECONDS
        "$@" &
        child=$!
        [[ -z $stop ]] || kill -TERM "$child" 2>/dev/null
        while :; do
            wait "$child" && status=0 || status=$?
            # A signal to this shell ends the wait, not the daemon.
            [[ -n $stop ]] && kill -0 "$child" 2>/dev/null || break
        done
        if [[ -n $stop ]]; then
            wait "$child" 2>/dev/null && exit 0 || status=$?
            # Told to end, it ends well.
            ((status == 127 || status > 128)) && exit 0
            exit "$status"
        fi
        if ((status > 128)); then
            died=yes failed=0
        elif [[ -n $died ]] && ((status == 1 && failed < 10)); then
            ((failed += 1))
        else
            exit "$status"
        fi
        printf '%s: the daemon died (%s); starting it again\n' "$tool" "$status" >&2
        ((SECONDS - began < 2)) && ((quick += 1)) || quick=0
        ((quick < 5 && failed == 0)) || sleep 1
    done
}
