#!/bin/sh
# Makes Checkpoints/simile-tiny.h5, the model that this repository ships; README.md says from what.
# usage: make.sh TEACHER STS_FOLDER NLI_FILE SICK_TEST OUTPUT_FOLDER   (SIMILE names the program, SEED the seed)
set -eu
[ $# = 5 ] || { sed -n 3p "$0" >&2; exit 64; }
teacher=$1 sts=$2 nli=$3 sick=$4 output=$5
here=$(dirname "$0") simile=${SIMILE:-simile} seed=${SEED:-42}
tab=$(printf '\t')
mkdir -p "$output"

# Sentences of SNLI, MultiNLI and its counterfactual revisions, and of the STS benchmark's training set: each once, and none
# that the figures below are measured on.
{ cut -f 6,7 "$sts/sts-dev.csv" "$sts/sts-test.csv"; tail -n +2 "$sick" | cut -f 2,3; } |
  tr "$tab" '\n' | tr -d '\r' > "$output/held-out.txt"
{ cut -f 6,7 "$sts/sts-train.csv"; grep -v "${tab}xnli" "$nli" | cut -f 2,3; } |
  tr "$tab" '\n' | tr -d '\r' |
  awk 'NR == FNR { seen[$0] = 1; next } NF && !seen[$0]++' "$output/held-out.txt" - > "$output/sentences.txt"

"$simile" student "$teacher" "$output/start.h5" --hidden-size 256 --layers 2 --heads 4 \
  --texts "$output/sentences.txt" --vocabulary-size 8000 --seed "$seed"
"$simile" train --recipe "$here/distil.yaml" --model "$output/start.h5" --teacher "$teacher" --seed "$seed" \
  --train "$output/sentences.txt" --dev "$sts/sts-dev.csv" --test "$sts/sts-test.csv" --output "$output/distil"
"$simile" train --recipe "$here/sts.yaml" --model "$output/distil/model" --seed "$seed" \
  --train "$sts/sts-train.csv" --dev "$sts/sts-dev.csv" --test "$sts/sts-test.csv" --output "$output/sts"
"$simile" import "$output/sts/model" "$output/simile-tiny.h5" --type f16
"$simile" evaluate "$output/simile-tiny.h5" --data "$sts/sts-test.csv"
"$simile" evaluate "$output/simile-tiny.h5" --data "$sick"
