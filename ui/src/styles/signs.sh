#!/bin/sh
# Makes inter-signs-wght.woff2 of Inter 4.1 (OFL 1.1, from the npm package inter-ui): the arrows
# and marks that the window shows, in all weights. Needs npm and Python's fonttools with brotli.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent inter-ui@4.1.1
tar xzf inter-ui-4.1.1.tgz
pyftsubset package/variable/InterVariable.woff2 --output-file=signs.ttf --layout-features= \
  --unicodes=2190,2192,2197,21A9,21B5,2318,25A0,25C6,25CB,25CF,26A0,2713,2717
fonttools varLib.instancer --quiet -o signs-wght.ttf signs.ttf opsz=14
fonttools ttLib.woff2 compress -o "$here/inter-signs-wght.woff2" signs-wght.ttf
