# Starts a command. Sourced by the scripts in bin, which say which:
#
#   tool     name of the command
#   main     its main class, in the module io.nydus4j.cli
#   heap     its largest Java heap
#   young    the size of that heap's young generation; then it starts small and grows as it must. May be unset
#   large    subcommands that hold whole images in memory, for which the heap may be much larger; may be unset
#   compile  "quick" for short commands (only the first compiler), "full" for long work, or a list of subcommands that
#            are long work
#
# What a user may set: NYDUS4J_JAVA_OPTS (more JVM options, such as -Xmx1g), NYDUS4J_AOT (off: neither use nor make a
# start-up cache; wait: make it before the command starts), NYDUS4J_JDK_PLACES (see jdk.sh), JAVA_HOME, XDG_CACHE_HOME.
#
# In a checkout the commands are built at first use and again when a source changed; in a package lib holds them. All
# that is written goes to the cache folder. On the usual way, with everything made, this file starts at most two short
# processes before it becomes java: keep it so.


fail() {
    printf '%s: %s\n' "$tool" "$*" >&2
    exit 1
}

root=$(cd -P -- "${here:?}/.." && pwd) || exit 1
. "$root/libexec/jdk.sh"

# Java would open its own files in the place of standard streams that are closed, and end when a command reads one.
{ : 9<&0; } 2>/dev/null || exec </dev/null
{ : 9>&1; } 2>/dev/null || exec >/dev/null
{ : 9>&2; } || exec 2>/dev/null

# Sets cache to the folder for all we keep, store to this installation's part of it.
find_cache() {
    local base key=${root//\//%}
    ((${#key} <= 200)) || key=${key: -150}%$(cksum <<<"$key" | tr ' ' -)
    for base in "${XDG_CACHE_HOME-}" "${HOME:+$HOME/.cache}" /var/cache; do
        [[ $base == /* ]] || continue
        cache=$base/nydus4j store=$cache/$key
        if [[ -w $store || -r $store/current ]] || mkdir -p -- "$store" 2>/dev/null; then
            return
        fi
    done
    # Nobody else may have made this one: what lies there is run.
    cache=${TMPDIR:-/tmp}/nydus4j-$UID store=$cache/$key
    [[ -d $cache ]] || mkdir -m 700 -- "$cache" 2>/dev/null
    if [[ -L $cache || ! -O $cache ]] || ! mkdir -p -- "$store" 2>/dev/null; then
        fail "no folder to build in: set XDG_CACHE_HOME to one that you may write to"
    fi
}

# Sets app to the folder with lib, or returns 1 if it is missing or older than a source.
find_app() {
    local build changed sources=()
    [[ -r $store/current ]] || return 1
    read -r build <"$store/current" || return 1
    app=$store/$build
    [[ -r $app/modules && -r $app/stamp ]] || return 1
    for changed in "$root"/*/pom.xml; do
        [[ $changed == */bench/pom.xml ]] || sources+=("$changed" "${changed%pom.xml}src/main")
    done
    # Change times, unlike modification times, also tell of a file put back or moved in.
    changed=$(find "$root/pom.xml" "$root/.mvn" "${sources[@]}" -cnewer "$app/stamp" -print -quit 2>/dev/null)
    [[ -z $changed ]]
}

# The heap, the collector (first) and all else that an AOT cache must find as it was when it was made.
java_options() {
    options=(-XX:+UseSerialGC -XX:-UsePerfData "-Xmx$heap" "-Xlog:disable"
        --enable-native-access=io.nydus4j.linux,aircompressor.v3,org.xerial.sqlitejdbc --sun-misc-unsafe-memory-access=allow
        -p "$modules")
    # A heap that the user makes smaller would not take these.
    [[ -z ${young-} || ${NYDUS4J_JAVA_OPTS-} == *-Xmx* ]] || options+=(-Xms64m "-Xmn$young")
    # Ten times the usual thresholds of the second compiler: commands last seconds, and the first seconds of a daemon count,
    # so it gets only what is hotter. In the training, too, or it would learn to compile more at once.
    options+=(-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000
        -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000)
}

find_cache
if [[ -r $root/lib/modules ]]; then
    # A package. Its build's name keeps start-up caches of different versions apart.
    app=$root
    read -r build <"$root/lib/build" || build=unknown
    aot_folder=$store/aot-$build
    if [[ -x $root/runtime/bin/java ]]; then
        jdk_fits "$root/runtime" || fail "the runtime of this package is broken: install it anew"
    else
        find_jdk || exit 1
    fi
    modules=$root/lib/modules
else
    find_jdk compiler || exit 1
    if ! find_app; then
        . "$root/libexec/build.sh"
        build_app || exit 1
    fi
    aot_folder=$app/aot
    modules=$app/modules
fi
# bin/package only wants them built.
[[ $tool != package ]] || return 0
# The file names the jars, one a line.
mapfile -t jars <"$modules"
modules=
for jar in "${jars[@]}"; do
    modules+=${modules:+:}$app/lib/$jar
done

java_options
aot=$aot_folder/$tool-$jdk_id.aot
if [[ ${NYDUS4J_AOT-} != off ]]; then
    # Training that failed, perhaps for the machine was busy, is tried again after an hour.
    if [[ ! -r $aot ]] && { [[ ! -e $aot.failed ]] || [[ -n $(find "$aot.failed" -mmin +60 2>/dev/null) ]]; } \
        && { [[ -d $aot_folder ]] || mkdir -p -- "$aot_folder" 2>/dev/null; } && [[ -w $aot_folder ]]; then
        if [[ ${NYDUS4J_AOT-} == wait ]]; then
            bash "$root/libexec/train.sh" "$root" "$tool" "$main" "$jdk" "$aot" "${options[@]}"
        else
            # The inner shell ends at once, so that java gets no child it does not know of.
            (bash "$root/libexec/train.sh" --later "$root" "$tool" "$main" "$jdk" "$aot" "${options[@]}" \
                </dev/null >/dev/null 2>&1 &)
        fi
    fi
    [[ ! -r $aot ]] || options+=("-XX:AOTCache=$aot")
fi

# The codecs and SQLite unpack their native part; /tmp may forbid to run what lies there.
if [[ -d $cache/tmp ]] || mkdir -p -- "$cache/tmp" 2>/dev/null; then
    [[ ! -w $cache/tmp ]] || options+=("-Daircompressor.tmpdir=$cache/tmp" "-Dorg.sqlite.tmpdir=$cache/tmp")
fi
quick=
case $compile in
quick) quick=yes ;;
full) ;;
*)
    quick=yes
    for argument; do
        # Options may stand before the subcommand; their values are not taken for one of ours.
        if [[ $argument != -* && " $compile " == *" $argument "* ]]; then
            quick=
            break
        fi
    done
    ;;
esac
[[ -z $quick ]] || options+=(-XX:TieredStopAtLevel=1)
for argument; do
    if [[ $argument != -* && " ${large-} " == *" $argument "* && ${NYDUS4J_JAVA_OPTS-} != *-Xmx* ]]; then
        # What is read lives until the end: a large young generation saves copying it. The old one needs room at the start
        # for what the start-up cache holds.
        options+=(-Xms768m -Xmx2g -Xmn640m)
        # Its loops over all names are run once: they are to be compiled before half of that is over.
        options+=(-XX:Tier3BackEdgeThreshold=2000)
        break
    fi
done
read -ra more <<<"${NYDUS4J_JAVA_OPTS-}" || :
# Java refuses two collectors; the user's counts.
[[ ${NYDUS4J_JAVA_OPTS-} != *-XX:+Use*GC* ]] || options=("${options[@]:1}")
# Without this Java could not tell apart arguments that are not ASCII.
case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
'' | C | POSIX) export LC_ALL=C.UTF-8 ;;
esac
# Progress is for terminals, and the shell knows at no cost; `nydus` starts other commands.
export NYDUS4J_HOME=$root NYDUS4J_STDERR_TTY=0
[[ ! -t 2 ]] || NYDUS4J_STDERR_TTY=1
if [[ $tool == nydusd ]]; then
    for argument; do
        [[ $argument == --respawn ]] || continue
        . "$root/libexec/respawn.sh"
        respawn "$jdk/bin/java" "${options[@]}" "${more[@]}" -m "io.nydus4j.cli/$main" "$@"
    done
fi
exec "$jdk/bin/java" "${options[@]}" "${more[@]}" -m "io.nydus4j.cli/$main" "$@"
