#!/usr/bin/env bash
# Makes the start-up (AOT) cache of one command by a training run. Run by launch.sh; never says a word, for nothing
# but speed depends on it.
#
#   train.sh [--later] ROOT TOOL MAIN JDK CACHE JVM-OPTIONS...
#
# --later: in the background, at the lowest priority, a moment after the command that asked for it has started.

if [[ $1 == --later ]]; then
    shift
    # Descriptors that the command was given are not ours to keep open.
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd < 3 || fd == 255)) || eval "exec $fd>&-"
    done
    cd /
    if command -v setsid >/dev/null && command -v nice >/dev/null; then
        sleep 2
        exec setsid nice -n 19 bash "${BASH_SOURCE[0]}" "$@"
    fi
fi
exec </dev/null >/dev/null 2>&1

root=$1 tool=$2 main=$3 jdk=$4 aot=$5
shift 5

exec 9>>"$aot.lock" || exit 0
if command -v flock >/dev/null; then
    # One training at a time: whoever comes meanwhile leaves it to the one that runs.
    flock -n 9 || { [[ ${NYDUS4J_AOT-} == wait ]] && flock 9; } || exit 0
fi
[[ ! -r $aot ]] || exit 0

work=$(mktemp -d "${aot%/*}/training-XXXXXX") || exit 0
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM

# A tree to build images from: text, bytes that do not compress, links, folders. It is as large as it takes for Java
# to know which methods long work needs: with what it learns here it compiles those at once, and as they should be.
tree=$work/tree out=$work/out
mnt=$work/mnt
mkdir -p "$tree/a/b/c" "$tree/empty" "$tree/many" "$out" "$mnt"
cp -- "$root"/libexec/*.sh "$tree/a/"
head -c 60000000 "$jdk/lib/modules" >"$tree/a/b/large"
for ((i = 0; i < 2000; i++)); do
    printf '%*s\n' $((i * 8)) "$i" >"$tree/many/$i"
done
head -c 5000 /dev/urandom >"$tree/a/b/c/random"
ln -s ../a/b/large "$tree/empty/link"
ln -- "$tree/a/b/large" "$tree/hard"

commands=()
while read -r name line; do
    [[ $name == "$tool:" ]] || continue
    line=${line//%tree/$tree}
    line=${line//%mnt/$mnt}
    commands+=("${line//%out/$out}")
done <"$root/libexec/training"

# A daemon is trained by its work: an image to mount, and somebody who looks at each mount and ends it.
if [[ $tool == nydusd ]]; then
    timeout 60 "$jdk/bin/java" "$@" -m io.nydus4j.cli/io.nydus4j.cli.image.NydusImage \
        create -t dir-rafs -B "$out/v6.boot" -D "$out" "$tree" 9>&-
    # Registries that ask for a token: the way to the first byte must be known, too. Java's own tools make the certificate.
    "$jdk/bin/keytool" -genkeypair -alias training -keyalg EC -dname CN=127.0.0.1 -ext san=ip:127.0.0.1 -storetype PKCS12 \
        -keystore "$work/keys" -storepass training 9>&-
    "$jdk/bin/keytool" -exportcert -rfc -alias training -keystore "$work/keys" -storepass training -file "$work/certificate" 9>&-
    exec 8< <(exec "$jdk/bin/java" "$@" -m io.nydus4j.cli/io.nydus4j.cli.TrainingRegistry "$out" "$work/keys" training 9>&-)
    registry=$!
    read -r -t 60 plain secure <&8
    # configuration NAME BACKEND: its cache starts empty.
    configuration() {
        cat >"$out/$1.json" <<END
{
  "version": 2,
  "backend": $2,
  "cache": {"type": "filecache", "filecache": {"work_dir": "$out/cache-$1"}},
  "rafs": {"mode": "direct", "enable_xattr": true}
}
END
    }
    account='"repo": "training", "auth": "dHJhaW5pbmc6dHJhaW5pbmc="'
    configuration config "{\"type\": \"localfs\", \"localfs\": {\"dir\": \"$out\"}}"
    configuration http "{\"type\": \"registry\", \"registry\": {\"scheme\": \"http\", \"host\": \"127.0.0.1:$plain\", $account}}"
    configuration https "{\"type\": \"registry\", \"registry\": {\"scheme\": \"https\", \"host\": \"127.0.0.1:$secure\", $account, \"ca_cert_files\": [\"$work/certificate\"]}}"
    (
        for _ in {1..900}; do
            sleep 0.1
            mountpoint -q -- "$mnt" || continue
            ls -lR -- "$mnt"
            find "$mnt" -type f -exec cat {} +
            find "$mnt" -type f -exec cat {} +
            umount -- "$mnt" || fusermount3 -u -- "$mnt"
        done
    ) 9>&- &
    visitor=$!
    trap 'kill "$visitor" "$registry"; umount -l -- "$mnt"; rm -rf -- "$work"' EXIT
fi

# In two steps: doing both at once, Java hands its options to the second as one line, which blanks in paths break.
timeout 120 "$jdk/bin/java" "$@" -XX:AOTMode=record -XX:AOTConfiguration="$work/profile" \
    -m io.nydus4j.cli/io.nydus4j.cli.Training "$main" "${commands[@]}" 9>&- \
    && timeout 120 "$jdk/bin/java" "$@" -XX:AOTMode=create -XX:AOTConfiguration="$work/profile" \
        -XX:AOTCache="$work/cache" -m io.nydus4j.cli/io.nydus4j.cli.Training 9>&-
if [[ -s $work/cache ]]; then
    mv -f -- "$work/cache" "$aot"
else
    : >"$aot.failed"
fi
