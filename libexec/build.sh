# Builds the commands of a checkout into the cache folder. Sourced by launch.sh when there is something to build; it
# sets root, store, jdk, tool and fail.

# Prints how far the build is, from Maven's output. On a terminal only.
show_progress() {
    local line step
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        if [[ -t 2 && $line == '[INFO] Building '*'['*/*']' ]]; then
            step=${line##*'['}
            line=${line#'[INFO] Building nydus4j '}
            line=${line%% *}
            # The first is the parent of all, which has only a version.
            [[ $line != [0-9]* ]] || line=
            printf '\r\e[Knydus4j: building (%s) %s' "${step%']'}" "$line" >&2
        fi
    done 3>"$store/build.log"
    [[ ! -t 2 ]] || printf '\r\e[K' >&2
}

# Builds, under a lock, and sets app; another process may have done it meanwhile. Prints why and returns 1 if it fails.
build_app() {
    [[ -w $store ]] || fail "cannot write to $store, where the commands would be built: set XDG_CACHE_HOME"
    exec 9>>"$store/lock" || return 1
    if command -v flock >/dev/null && ! flock -n 9; then
        echo "nydus4j: another process is building the commands, waiting for it" >&2
        flock 9
    fi
    if find_app; then
        exec 9>&-
        return 0
    fi
    local reason="first use, a minute or two"
    [[ ! -e $store/current ]] || reason="sources changed"
    if [[ -t 2 ]]; then
        printf 'nydus4j: building the commands (%s)' "$reason" >&2
    else
        echo "nydus4j: building the commands ($reason)" >&2
    fi

    local work=$store/build new repository=()
    new=app-$(date +%Y%m%d-%H%M%S)-$$
    rm -rf -- "$work/lib" "$store"/new-*
    mkdir -p -- "$work" && : >"$store/stamp" || return 1
    # Maven keeps what it fetches in the home folder: mvnw goes by HOME, Java by the user's entry in the password
    # file. A user who cannot write there gets a place here.
    local homes home
    homes=("${HOME:-/}" "$(unset HOME && echo ~)")
    for home in "${homes[@]}"; do
        if ! { [[ -w $home/.m2 ]] || mkdir -p -- "$home/.m2" 2>/dev/null; }; then
            export MAVEN_USER_HOME=$cache/m2
            repository=("-Dmaven.repo.local=$cache/m2/repository")
        fi
    done
    (cd -- "$root" && JAVA_HOME=$jdk sh ./mvnw -B -ntp -Dquick "-Dapp.directory=$work" "${repository[@]}" \
        -pl cli -am package </dev/null 2>&1) | show_progress
    if [[ ${PIPESTATUS[0]} != 0 ]]; then
        grep -E -m 12 'ERROR|^Error|cannot|Cannot|rror:' "$store/build.log" >&2 || tail -n 12 -- "$store/build.log" >&2
        echo "$tool: the commands could not be built; all that was said is in $store/build.log" >&2
        return 1
    fi

    # A folder of its own for each build: running commands keep theirs.
    local next=$store/new-$$ jar
    mkdir -p -- "$next/lib" || return 1
    cp -- "$work"/lib/*.jar "$work"/nydus4j-cli/nydus4j-cli-*.jar "$next/lib/" || return 1
    for jar in "$next"/lib/*.jar; do
        [[ $jar == *-tests.jar ]] || printf '%s\n' "${jar##*/}"
    done >"$next/modules" || return 1
    mv -- "$store/stamp" "$next/stamp" && mv -- "$next" "$store/$new" || return 1
    printf '%s\n' "$new" >"$store/current.new" && mv -f -- "$store/current.new" "$store/current" || return 1
    app=$store/$new

    local old=("$store"/app-*)
    while ((${#old[@]} > 3)); do
        rm -rf -- "${old[0]}"
        old=("${old[@]:1}")
    done
    exec 9>&-
}
