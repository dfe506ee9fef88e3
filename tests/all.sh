#!/usr/bin/env bash
# Everything that must hold before a change lands, on a machine with rustup, python3 and pip.
#
#   tests/all.sh
#
# Real data sets are used where FOREWARN_DATA names their folder; tests that need them say so when
# they are skipped. Property tests draw the same cases every time, so that a commit that passed passes;
# PROPTEST_RNG_SEED=<a number> draws others. The last line is "N passed, M failed"; the exit code is
# not 0 when any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-1}"
root=$PWD
venv=$root/target/python-venv
log=$root/target/all.log
passed=0
failed=0
failures=()

# step NAME COMMAND...: runs it, shows its output, adds up the tests that it reports.
step() {
  local name=$1 status tests broken
  shift
  printf '\n==> %s\n' "$name"
  local start=$SECONDS
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  # "test result: ok. 12 passed; 0 failed" by cargo, "12 passed, 1 failed in 3s" by pytest.
  tests=$(grep -aoE '[0-9]+ passed' "$log" | awk '{sum += $1} END {print sum + 0}')
  broken=$(grep -aoE '[0-9]+ (failed|errors?)' "$log" | awk '{sum += $1} END {print sum + 0}')
  passed=$((passed + tests))
  if [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + (broken > 0 ? broken : 1)))
    failures+=("$name")
  fi
  printf '<== %s: exit %s, %s s\n' "$name" "$status" "$((SECONDS - start))"
}

docs() { RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features; }

# The crate must build with the oldest compiler it promises. Where that is not installed, clippy's
# incompatible_msrv lint (a part of the clippy step) and the dependencies' own promises stand in.
oldest_compiler() {
  local oldest
  oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  python3 tests/dependencies.py --rust-version "$oldest" || return 1
  if rustup toolchain list 2>/dev/null | grep -q "^$oldest"; then
    cargo "+$oldest" check --all-features --target-dir target/oldest
  else
    echo "compiler $oldest is not installed: checked by lint and by the dependencies' promises"
  fi
}

# Who needs one module builds it alone.
one_module() {
  local module
  for module in "" alert boost breaker compare engine forest threshold trend; do
    cargo clippy --no-default-features --features "$module" -- -D warnings || return 1
  done
}

# Each example with what a first-time reader would type; a picture must be a complete SVG.
examples() {
  local picture=target/anomalies.svg
  cargo run --release --example detect_anomalies -- --output "$picture" || return 1
  check_picture "$picture" || return 1
  predicts 0.8 0.05 || return 1
  alerts "$picture" 0.9 0.7 || return 1
  # The simulated logs: settings beside the peers' defaults, a full disk, a bad canary, three shifts.
  draws 'resilience4j .*[0-9]' "$picture" optimize_breaker || return 1
  draws 'full|exhausted' "$picture" forecast_exhaustion || return 1
  draws 'roll back' "$picture" judge_canary || return 1
  draws 'cpu' "$picture" watch_drift || return 1
  # The main job, within a service, and line by line.
  reports 0.6 || return 1
  cargo run --release --example watch_service | tee target/said.txt || return 1
  grep -q '^failure_probability{pump="pump 7"} 0' target/said.txt || { echo "no metrics served"; return 1; }
  cargo run --release --example stream_stdin -- --demo | tee target/said.txt || return 1
  grep -q 'act now' target/said.txt || { echo "nothing to be done in 500 hours"; return 1; }
  # A column that is not there is named, with those that are.
  local said
  said=$(cargo run --release --example predict_failures -- datasets/fleet.csv --label failed 2>&1) && return 1
  grep -F 'column "failed": is not in the header, which has ["time", "machine"' <<<"$said" || return 1
  said=$(cargo run --release --example predictive_maintenance -- --telemetry datasets/fleet.csv --time when 2>&1) && return 1
  grep -F 'column "when": is not in the header' <<<"$said" || return 1
  if [ -z "${FOREWARN_DATA:-}" ]; then
    echo "SKIPPED: the examples on real data, FOREWARN_DATA is not set"
    return 0
  fi
  cargo run --release --example detect_anomalies -- \
    "$FOREWARN_DATA/adbench/shuttle.csv.gz" --label anomaly --output "$picture" | tee target/shuttle.txt || return 1
  check_picture "$picture" || return 1
  awk '/ROC AUC/ {for (i = 1; i <= NF; i++) if ($i + 0 > 0) {found = 1; if ($i < 0.99) exit 1; exit 0}} END {if (!found) exit 1}' target/shuttle.txt || { echo "ROC AUC below 0.99"; return 1; }
  cargo run --release --example detect_anomalies -- \
    "$FOREWARN_DATA/nab/realKnownCause/machine_temperature_system_failure.csv.gz" --output "$picture" || return 1
  check_picture "$picture" || return 1
  alerts "$picture" 0.7 0.8 "$FOREWARN_DATA/kpi/00_test.csv.gz" --label anomaly || return 1
  predicts 0.97 0.01 "$FOREWARN_DATA/ai4i2020.csv.gz" \
    --label 'Machine failure' --exclude TWF,HDF,PWF,OSF,RNF || return 1
  predicts 0.9 0.01 "$FOREWARN_DATA/backblaze/ST4000DM000_last_day_all_q_normalised.csv.gz" \
    --label failure --exclude date,serial_number,model || return 1
  predicts 0.999 0.01 "$FOREWARN_DATA/azure_pdm_events_3h.csv.gz" \
    --label y --group machineID --time t --gap 86400 --exclude ttf_h
}

# predicts ROC_AUC CALIBRATION ARGUMENT...: the example must do as well on its test rows, with a
# better log loss than the base rate and than any single column, and draw it.
predicts() {
  local least=$1 most=$2 picture=target/failures.svg said=target/predict_failures.txt
  shift 2
  cargo run --release --example predict_failures -- "$@" --output "$picture" | tee "$said" || return 1
  check_picture "$picture" || return 1
  awk -v least="$least" -v most="$most" '
    / for every row | alone  / && NF >= 6 && !loss {baselines++; if (!best || $(NF - 2) < best) best = $(NF - 2)}
    /^all columns, calibrated/ {area = $(NF - 4); loss = $(NF - 2); error = $NF}
    END {exit !(baselines == 2 && loss > 0 && loss < best && area >= least && error <= most)}
  ' "$said" || { echo "ROC AUC below $least, calibration error above $most, or no better than a baseline"; return 1; }
}

# reports AVERAGE_PRECISION ARGUMENT...: the engine does as well on what it held back, and its report is
# a whole page that loads nothing.
reports() {
  local least=$1 page=target/report.html picture=target/machine.svg said=target/predictive_maintenance.txt
  shift
  cargo run --release --example predictive_maintenance -- "$@" --output "$page" --draw "$picture" | tee "$said" || return 1
  check_picture "$picture" || return 1
  check_page "$page" || return 1
  awk -v least="$least" '/^  together/ {found = $3 >= least} END {exit !found}' "$said" ||
    { echo "average precision below $least"; return 1; }
}

# alerts PICTURE PRECISION RECALL ARGUMENTS...: the example's alerts are that right, on the half of
# the file that nothing was learned from.
alerts() {
  local picture=$1 precision=$2 recall=$3
  shift 3
  cargo run --release --example tune_thresholds -- --output "$picture" "$@" | tee target/alerts.txt || return 1
  check_picture "$picture" || return 1
  awk -v precision="$precision" -v recall="$recall" '/without them/ {
    gsub(",", ""); found = 1
    for (i = 1; i < NF; i++) {if ($i == "precision" && $(i + 1) < precision) exit 1; if ($i == "recall" && $(i + 1) < recall) exit 1}
  } END {if (!found) exit 1}' target/alerts.txt || { echo "precision or recall is too low"; return 1; }
}

# draws PATTERN PICTURE EXAMPLE: the example says something like the pattern, and draws.
draws() {
  cargo run --release --example "$3" -- --output "$2" | tee target/said.txt || return 1
  grep -Eiq "$1" target/said.txt || { echo "$3 does not say $1"; return 1; }
  check_picture "$2"
}

check_picture() {
  python3 - "$1" <<'PY'
import sys, xml.dom.minidom
text = open(sys.argv[1]).read()
xml.dom.minidom.parseString(text)
sys.exit("a coordinate is NaN" if "NaN" in text or "inf" in text else 0)
PY
}

check_page() {
  python3 - "$1" <<'PY'
import sys
from html.parser import HTMLParser

class Page(HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        assert tag != "script" and not {"src", "href"} & {name for name, _ in attributes}, tag
        self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_startendtag(self, tag, attributes):
        pass

text = open(sys.argv[1]).read()
page = Page()
page.feed(text)
page.close()
assert not page.open, page.open
assert "://" not in text and "NaN" not in text and len(text) < 1_000_000
PY
}

wheel() {
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || return 1
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    -r python/tests/requirements.txt || return 1
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps ./python
}

python_style() {
  local ruff="$venv/bin/ruff"
  "$ruff" check python benches/peers tests && "$ruff" format --check python benches/peers
}

mkdir -p target
step 'formatting' cargo fmt --all --check
step 'lints' cargo clippy --workspace --all-targets --all-features -- -D warnings
step 'lints, no features' cargo clippy --no-default-features --features full --all-targets -- -D warnings
step 'lints, one module at a time' one_module
step 'documentation' docs
step 'licences of dependencies' python3 tests/dependencies.py --licences --most 30
step 'oldest compiler' oldest_compiler
step 'tests, all features' cargo test --all-features --no-fail-fast
step 'tests, no features' cargo test --no-default-features --features full --no-fail-fast
step 'tests, no modules' cargo test --no-default-features --no-fail-fast
step 'tests of the data sets' cargo test -p forewarn-datasets
step 'examples' examples
step 'benchmarks build' cargo bench --no-run
step 'wheel' wheel
# Checks the stubs and types too, with stubtest and mypy --strict.
step 'Python tests' "$venv/bin/python" -m pytest -q python/tests
step 'Python style' python_style

if [ "$failed" -gt 0 ]; then
  printf '\nfailed: %s\n' "${failures[@]}"
fi
printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
