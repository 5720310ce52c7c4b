#!/usr/bin/env bash
# watched.sh COMMAND...: runs tests, and after half an hour ends them and names those that have begun and not ended.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Lines are written one by one: what a buffer holds is lost when a program is ended.
timeout --kill-after 10 "${LIMIT:-1800}" stdbuf -oL "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$SECONDS" -ge "${LIMIT:-1800}" ]; then
    echo "after ${LIMIT:-1800} seconds these have not ended:"
    awk '/^◇ Test (run|case) / { next }
        /^◇ Test .* started\.$/ { sub(/^◇ Test /, ""); sub(/ started\.$/, ""); running[$0]++ }
        /^(✔|✘|➜) Test .* (passed|failed|skipped)/ {
            sub(/^(✔|✘|➜) Test /, ""); sub(/ (with [0-9]+ test cases )?(passed|failed|skipped).*/, ""); running[$0]--
        }
        END { for (name in running) if (running[name] > 0) print "    " name }' "$log"
fi
exit "$status"
