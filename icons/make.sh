#!/bin/sh
# Renders every size from icon.svg. Needs rsvg-convert, ImageMagick and png2icns
# (Debian: librsvg2-bin imagemagick icnsutils).
set -eu
cd "$(dirname "$0")"
render() { rsvg-convert --width "$1" --height "$1" --output "$2" icon.svg; }
render 32 32x32.png
render 128 128x128.png
render 256 128x128@2x.png
render 512 icon.png
work=$(mktemp -d)
for size in 16 24 32 48 64 128 256 512; do render "$size" "$work/$size.png"; done
convert "$work/16.png" "$work/24.png" "$work/32.png" "$work/48.png" "$work/64.png" "$work/256.png" icon.ico
png2icns icon.icns "$work/16.png" "$work/32.png" "$work/48.png" "$work/128.png" "$work/256.png" "$work/512.png" > /dev/null
rm -r "$work"
