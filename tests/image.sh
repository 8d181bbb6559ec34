#!/usr/bin/env bash
# Builds the image and tests it as a user would: its size, its user, a read-only root, whether and how fast it becomes ready and
# serves, and how it stops.
# Needs docker, curl and python3. RUST_IMAGE and RUNTIME_IMAGE override the base images of the Dockerfile. IMAGE names an existing
# image to test instead of building one. Without Docker or a base image, it tests nothing, and fails only if REQUIRE_DOCKER is set.
set -euo pipefail
cd "$(dirname "$0")/.."

not_tested() {
  echo "NOT TESTED: $*, so the image was neither built nor run" >&2
  [ -z "${REQUIRE_DOCKER:-}" ]
  exit
}
docker info >/dev/null 2>&1 || not_tested "no Docker engine answers"
base() { sed -n "s/^ARG $1=//p" Dockerfile; }
if [ -z "${IMAGE:-}" ]; then
  for needed in "${RUST_IMAGE:-$(base RUST_IMAGE)}" "${RUNTIME_IMAGE:-$(base RUNTIME_IMAGE)}"; do
    docker image inspect "$needed" >/dev/null 2>&1 || docker pull --quiet "$needed" >/dev/null || not_tested "$needed can't be pulled"
  done
fi

fail() {
  echo "tests/image.sh: $*" >&2
  [ -z "$container" ] || docker logs "$container" >&2
  exit 1
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

image=${IMAGE:-flash:under-test}
container=
folder=$(mktemp -d)
trap '[ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null; rm -rf "$folder"' EXIT

if [ -z "${IMAGE:-}" ]; then
  docker build --quiet --tag "$image" --build-arg "REVISION=$(git rev-parse HEAD)" \
    ${RUST_IMAGE:+--build-arg "RUST_IMAGE=$RUST_IMAGE"} ${RUNTIME_IMAGE:+--build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE"} .
fi

# Its properties.
of_image() { docker image inspect --format "$1" "$image"; }
[ "$(of_image '{{.Config.User}}')" = 65532:65532 ] || fail "its user is $(of_image '{{.Config.User}}')"
[ "$(of_image '{{json .Config.Healthcheck.Test}}')" = '["CMD","/usr/bin/flash","healthcheck"]' ] || fail "it has no health check"
[ -n "$(of_image '{{index .Config.Labels "org.opencontainers.image.version"}}')" ] || fail "it does not say its version"
revision=$(of_image '{{index .Config.Labels "org.opencontainers.image.revision"}}')
docker run --rm "$image" --version | grep -qF "(${revision:0:12})" || fail "flash --version does not say the commit $revision"
if docker run --rm --entrypoint sh "$image" -c true 2>"$folder/shell"; then fail "it has a shell"; fi

# Without FLASH_ANONYMOUS it refuses to start, and says why.
if docker run --rm "$image" 2>"$folder/refusal"; then fail "it starts without FLASH_ANONYMOUS"; fi
grep -q -- '--anonymous' "$folder/refusal" || fail "it does not say why it does not start: $(cat "$folder/refusal")"

# As restricted as in Kubernetes' standard "restricted", and only its volume is writable.
port=$(free_port)
container=$(docker create --read-only --cap-drop ALL --security-opt no-new-privileges --env FLASH_ANONYMOUS=read \
  --publish "127.0.0.1:$port:3000" "$image")
docker cp "$container:/usr/bin/flash" "$folder/flash"
total=$(of_image '{{.Size}}') ours=$(stat --format %s "$folder/flash")
echo "the image has $((total / 1000)) kB, of which $((ours / 1000)) kB are Flash"
[ "$total" -lt 45000000 ] || fail "the image is larger than 45 MB"
[ "$ours" -lt 20300000 ] || fail "Flash is larger than 20.3 MB"

docker start "$container" >/dev/null
ready() { docker exec "$container" /usr/bin/flash healthcheck 2>"$folder/unhealthy"; }
until_ready() {
  for _ in $(seq 100); do
    ready && return
    sleep 0.1
  done
  fail "it doesn't become ready: $(cat "$folder/unhealthy")"
}
until_ready
[ "$(docker top "$container" -o pid,uid,comm | awk 'NR > 1 { print $2, $3 }')" = "65532 flash" ] || fail "it runs as $(docker top "$container")"
address=http://127.0.0.1:$port
# The first key, as docs/deploy.md makes it.
key=$(docker exec "$container" flash clients add me)
upload() { curl --silent --show-error --output "$folder/created" --write-out '%{http_code}' -H 'Content-Type: text/csv' --data-binary @tests/data/people.csv "$@" "$address/datasets?name=people"; }
[ "$(upload)" = 401 ] || fail "anyone may write: $(cat "$folder/created")"
[ "$(upload -H "Authorization: Bearer $key")" = 201 ] || fail "the key is not taken: $(cat "$folder/created")"
rows() { curl --silent --show-error --fail -H 'Accept: text/csv' "$address/datasets/people"; }
rows | cmp - tests/data/people.csv || fail "it doesn't return the CSV that was uploaded"

# It stops cleanly, and keeps its data over a restart.
docker stop --time 60 "$container" >/dev/null
code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
[ "$code" = 0 ] || fail "it ended with $code"
docker logs "$container" 2>&1 | grep -q 'stopped' || fail "it does not say that it stopped"
docker start "$container" >/dev/null
until_ready
rows | cmp - tests/data/people.csv || fail "it lost its data"
# The time from the start of its process to the first answer, without Docker's networks.
docker rm --force --volumes "$container" >/dev/null
port=$(free_port)
container=$(docker create --network host --env "FLASH_LISTEN=127.0.0.1:$port" --env FLASH_ADMIN_LISTEN=127.0.0.1:0 "$image")
python3 - "$port" "$container" <<'PYTHON'
import datetime, http.client, subprocess, sys, time

port, container = int(sys.argv[1]), sys.argv[2]
starting = subprocess.Popen(["docker", "start", container], stdout=subprocess.DEVNULL)
deadline = time.monotonic() + 60
while True:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/datasets")
        if connection.getresponse().status == 200:
            break
    except (OSError, http.client.HTTPException):
        pass
    if time.monotonic() > deadline:
        sys.exit("it does not answer within 60 seconds")
    time.sleep(0.001)
answered = datetime.datetime.now(datetime.timezone.utc)
starting.wait()
form = "{{.State.StartedAt}}"
started = subprocess.check_output(["docker", "inspect", "--format", form, container], text=True).strip()
started = datetime.datetime.fromisoformat(started[:26].rstrip("Z") + "+00:00")
print(f"the first 200 came {(answered - started).total_seconds() * 1000:.0f} ms after the container's start")
PYTHON
echo "the image passes"
