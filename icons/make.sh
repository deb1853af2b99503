#!/bin/sh
# Renders every size from icon.svg. Needs rsvg-convert, ImageMagick and png2icns
# (Debian: librsvg2-bin imagemagick icnsutils); the results are committed, so a build needs none.
set -eu
cd "$(dirname "$0")"
render() { rsvg-convert --width "$1" --height "$1" --output "$2" icon.svg; }
for size in 16 32 48 64 128 256 512; do render "$size" "${size}x${size}.png"; done
cp 256x256.png '128x128@2x.png'
cp 512x512.png icon.png
work=$(mktemp -d)
render 24 "$work/24.png"
convert 16x16.png "$work/24.png" 32x32.png 48x48.png 64x64.png 256x256.png icon.ico
png2icns icon.icns 16x16.png 32x32.png 48x48.png 128x128.png 256x256.png 512x512.png > /dev/null
rm -r "$work"
