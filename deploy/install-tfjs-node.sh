#!/usr/bin/env bash
# Installs @tensorflow/tfjs-node, the optional native backend for training, without the download of its own installer
# (a host that many networks do not reach): the package comes from npm, libtensorflow out of the tensorflow-cpu wheel of PyPI,
# and the addon is compiled here. package.json and the lock file stay as they are.
#
#   deploy/install-tfjs-node.sh [folder that holds package.json]      (default: this checkout)
#
# PLUMBLINE_CACHE      where the wheel and the compiled addon are kept (default ~/.cache/plumbline)
# PLUMBLINE_TENSORFLOW version of the wheel (default below)
# Exit status: 0 installed and proved, 3 something is missing on this machine, 1 anything else.
set -euo pipefail

package=@tensorflow/tfjs-node
package_version=4.22.0
tensorflow_version=${PLUMBLINE_TENSORFLOW:-2.15.1}
project=$(cd "${1:-"$(dirname "${BASH_SOURCE[0]}")/.."}" && pwd)
cache=${PLUMBLINE_CACHE:-$HOME/.cache/plumbline}/tensorflow
module=$project/node_modules/$package

say() { echo "install-tfjs-node: $*"; }
missing() { say "$*" >&2; exit 3; }

check_machine() {
  [ "$(uname -s) $(uname -m)" = 'Linux x86_64' ] || missing 'works on Linux x86_64 only'
  local tool
  for tool in node npm g++ make python3 unzip; do
    command -v "$tool" > /dev/null || missing "needs $tool"
  done
}

# The package with its dependencies, in a folder of its own in the cache, all install scripts off. npm will not add it to the
# project without saving it: an optional peer that is absent counts as installed.
fetch_package() {
  local target=$1
  [ -f "$target/complete" ] && return
  rm -rf "$target"
  mkdir -p "$target"
  echo '{"private": true}' > "$target/package.json"
  (cd "$target" && npm install --no-save --no-audit --no-fund --ignore-scripts --package-lock=false --loglevel=error \
    "$package@$package_version" > /dev/null)
  touch "$target/complete"
}

# libtensorflow lies in the wheel as libtensorflow_cc; no Python of it is ever run, so the Python tag does not matter.
fetch_wheel() {
  mkdir -p "$cache"
  compgen -G "$cache/tensorflow_cpu-$tensorflow_version-*.whl" > /dev/null ||
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
      --dest "$cache" "tensorflow-cpu==$tensorflow_version"
  compgen -G "$cache/tensorflow_cpu-$tensorflow_version-*.whl" | head -n 1
}

# Libraries and C headers, unpacked once into the cache.
unpack_wheel() {
  local wheel=$1 target=$2 part status=0
  [ -f "$target/complete" ] && return
  part=$(mktemp -d "$cache/unpack.XXXXXX")
  # Status 11 of unzip: a pattern matched nothing; where headers lie differs from version to version.
  unzip -q "$wheel" 'tensorflow/libtensorflow_cc.so.2' 'tensorflow/libtensorflow_framework.so.2' \
    'tensorflow/include/tensorflow/c/*' 'tensorflow/include/tensorflow/core/platform/*' 'tensorflow/include/tsl/*' \
    'tensorflow/include/tensorflow/tsl/*' 'tensorflow/include/xla/tsl/*' -d "$part" 2> /dev/null || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 11 ] || { say "cannot unpack $wheel" >&2; exit 1; }
  rm -rf "$target"
  mkdir -p "$target/lib"
  mv "$part/tensorflow/include" "$target/include"
  mv "$part"/tensorflow/libtensorflow_*.so.2 "$target/lib/"
  rm -rf "$part"
  # The linker asks for the first name, the package's own installer looks for the second, the loader for the third.
  ln -s libtensorflow_cc.so.2 "$target/lib/libtensorflow.so"
  ln -s libtensorflow_cc.so.2 "$target/lib/libtensorflow.so.2.9.1"
  ln -s libtensorflow_framework.so.2 "$target/lib/libtensorflow_framework.so"
  touch "$target/complete"
}

# Compiles against the headers of the node that runs, where it brings them; otherwise node-gyp fetches them.
compile_addon() {
  local built=$1 prefix gyp installer log=$cache/build.log
  prefix=$(dirname "$(dirname "$(node -p process.execPath)")")
  if [ -f "$prefix/include/node/node_api.h" ]; then export npm_config_nodedir=$prefix; fi
  gyp=$(dirname "$(realpath "$(command -v npm)")")/../node_modules/node-gyp/bin/node-gyp.js
  if [ -f "$gyp" ]; then npm_config_node_gyp=$(realpath "$gyp") && export npm_config_node_gyp; fi
  installer=$(cd "$built" && node -p "require.resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp')")
  say "compiling the addon, log in $log"
  (cd "$built" && node "$installer" install --build-from-source) > "$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
}

# The built package into the project, its dependencies beneath it: nothing that is there is touched, and deleting the one
# folder undoes it. Where the project has the same TensorFlow package, that one is used: two cores would not share tensors.
place() {
  local from=$1 name
  rm -rf "$module"
  mkdir -p "$(dirname "$module")"
  cp -a "$from/node_modules/$package" "$module"
  mkdir -p "$module/node_modules"
  cp -a "$from/node_modules/." "$module/node_modules/"
  rm -rf "$module/node_modules/$package" "$module/node_modules/.package-lock.json"
  for name in tfjs-core tfjs-backend-cpu; do
    if [ -d "$project/node_modules/@tensorflow/$name" ]; then rm -rf "$module/node_modules/@tensorflow/$name"; fi
  done
}

# A product of two matrices on the native backend.
prove() {
  (cd "$project" && TF_CPP_MIN_LOG_LEVEL=2 node --input-type=module -e '
    import { createRequire } from "node:module"
    const util = createRequire(process.cwd() + "/package.json")("node:util")
    util.isNullOrUndefined ??= (value) => value === null || value === undefined
    util.isArray ??= Array.isArray
    const tf = createRequire(process.cwd() + "/package.json")("@tensorflow/tfjs-node")
    const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).arraySync().flat().join()
    if (tf.getBackend() !== "tensorflow" || product !== "19,22,43,50") throw new Error(`${tf.getBackend()}: ${product}`)
    console.log("install-tfjs-node: proved, libtensorflow " + tf.backend().binding.TF_Version)')
}

main() {
  check_machine
  [ -f "$project/package.json" ] || missing "no package.json in $project"
  mkdir -p "$cache"
  local wheel unpacked=$cache/$tensorflow_version fetched built
  fetched=$cache/package-$package_version-$tensorflow_version-$(node -p 'process.version')
  built=$fetched/node_modules/$package
  fetch_package "$fetched"
  if [ ! -f "$fetched/compiled" ]; then
    wheel=$(fetch_wheel)
    unpack_wheel "$wheel" "$unpacked"
    rm -rf "$built/deps"
    ln -s "$unpacked" "$built/deps"
    compile_addon "$built"
    touch "$fetched/compiled"
  fi
  place "$fetched"
  prove
}

main
