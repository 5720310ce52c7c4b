#!/usr/bin/env bash
# build.sh VERSION: builds README's program against a repository that has the working tree under the tag VERSION, and
# runs it. All packages come from the clones in .build/repositories, so that no network is asked.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD
folder=$here/.build/consumer
rm -rf "$folder"/{Simile,search,mirrors,security}
mkdir -p "$folder"/{Simile,mirrors,search/Sources/search,search/.swiftpm/configuration}

# What git still lists though it was removed is left out.
git ls-files -z --cached --others --exclude-standard \
    | tar -c --null --ignore-failed-read --files-from - | tar -x -C "$folder/Simile"
git -C "$folder/Simile" init -q
git -C "$folder/Simile" add .
git -C "$folder/Simile" -c user.name=test -c user.email=test@localhost -c commit.gpgsign=false commit -q -m "The working tree"
git -C "$folder/Simile" -c tag.gpgSign=false tag "$1"

# The nth block of Swift in README: its manifest is the first, its program the second.
block() { awk -v n="$1" '/^```swift$/ { i++; next } /^```$/ { if (i == n) exit; next } i == n' README.md; }
block 1 | sed "s|https://github.com/ORGANISATION/Simile|file://$folder/Simile|" > "$folder/search/Package.swift"
block 2 | sed "s|Checkpoints/all-MiniLM-L6-v2|Checkpoints/simile-tiny.h5|; s|\"fine-tuned\"|\"$folder/fine-tuned\"|" \
    > "$folder/search/Sources/search/main.swift"

# A mirror has the name of its package, which the manifests of others know it by.
swift package resolve
mirrors=()
for clone in .build/repositories/*; do
    name=$(basename "$clone")
    ln -sfn "$here/$clone" "$folder/mirrors/${name%-*}"
    mirrors+=("{\"original\": \"$(git -C "$clone" config remote.origin.url)\", \"mirror\": \"file://$folder/mirrors/${name%-*}\"}")
done
(IFS=,; echo "{\"version\": 1, \"object\": [${mirrors[*]}]}") > "$folder/search/.swiftpm/configuration/mirrors.json"

# The tag is another commit each time: what the package manager knows of the last one's is not to be trusted.
swift build --package-path "$folder/search" --scratch-path "$folder/build" --security-path "$folder/security" \
    --disable-dependency-cache
rm -rf "$folder/fine-tuned"
"$folder/build/debug/search"
