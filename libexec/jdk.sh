# Finds a JDK. Sourced by the launchers and by bin/test: defines find_jdk, which starts no process on the usual way.
#
# A JDK is judged by its "release" file: 25.0.3 or later, since earlier ones corrupt pinned arrays (JDK-8377811).
# NYDUS4J_JDK_PLACES, a colon-separated list of folders or patterns, replaces the usual places.

# Sets jdk and jdk_id if the folder $1 holds a JDK that is new enough.
# With $2 = compiler it must be able to build, too.
jdk_fits() {
    local home=$1 key value version= vendor= runtime=
    [[ -x $home/bin/java && -r $home/release ]] || return 1
    [[ ${2-} != compiler || -x $home/bin/javac ]] || return 1
    while IFS='=' read -r key value; do
        value=${value%$'\r'}
        value=${value#\"} value=${value%\"}
        case $key in
        JAVA_VERSION) version=$value ;;
        IMPLEMENTOR) vendor=$value ;;
        JAVA_RUNTIME_VERSION) runtime=$value ;;
        esac
    done <"$home/release"
    # 25.0.3, 25.0.3.1, 26 and 26-ea are possible.
    version=${version%%[-+]*}.0.0
    local major=${version%%.*} rest=${version#*.}
    local minor=${rest%%.*} patch=${rest#*.}
    patch=${patch%%.*}
    [[ $major$minor$patch =~ ^[0-9]+$ ]] || return 1
    ((10#$major > 25 || (10#$major == 25 && (10#$minor > 0 || 10#$patch >= 3)))) || return 1
    jdk=$home
    jdk_id=${runtime:-$version}-$vendor
    jdk_id=${jdk_id//[^A-Za-z0-9.+_-]/_}
}

# Sets jdk (a folder) and jdk_id (a name for exactly this JDK), or prints one sentence and returns 1.
# The first that fits of JAVA_HOME, the java on PATH, the usual places. With $1 = compiler: must have javac.
find_jdk() {
    jdk= jdk_id=
    if [[ -n ${JAVA_HOME-} ]] && jdk_fits "${JAVA_HOME%/}" "${1-}"; then
        return 0
    fi
    local home places found patterns IFS=:
    if [[ -n ${NYDUS4J_JDK_PLACES-} ]]; then
        patterns=($NYDUS4J_JDK_PLACES)
        places=("${patterns[@]}")
    else
        places=(/usr/lib/jvm/* /opt/* /opt/*/* "${HOME:-/nonexistent}"/.sdkman/candidates/java/*
            "${HOME:-/nonexistent}"/.jdks/* /usr/java/* /usr/local/*
            /Library/Java/JavaVirtualMachines/*/Contents/Home)
    fi
    found=
    for home in $PATH; do
        if [[ -x $home/java && ! -d $home/java ]]; then
            found=$home/java
            break
        fi
    done
    unset IFS
    if [[ -n $found ]]; then
        # Which of the places PATH means is seen without a process; readlink is for all others.
        for home in "${places[@]}"; do
            if [[ $found -ef $home/bin/java ]]; then
                jdk_fits "$home" "${1-}" && return 0
                found=
                break
            fi
        done
        if [[ -n $found ]]; then
            found=$(readlink -f -- "$found" 2>/dev/null) || found=
            [[ -n $found ]] && jdk_fits "${found%/bin/java}" "${1-}" && return 0
        fi
    fi
    for home in "${places[@]}"; do
        jdk_fits "$home" "${1-}" && return 0
    done
    echo "nydus4j needs a JDK 25 (25.0.3 or later), and there is none in JAVA_HOME, on PATH or in the usual places:" \
        "install Temurin 25, or set JAVA_HOME to one." >&2
    return 1
}
