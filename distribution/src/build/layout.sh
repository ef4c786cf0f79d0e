#!/bin/sh
# Lays a distribution out beside its runtime: layout.sh CHECKOUT DIRECTORY
set -eu
checkout=$1
target=$2
built=$checkout/launcher/target
rm -rf "$target/launcher" "$target/lib" "$target/systemd" "$target/docs"
mkdir -p "$target/launcher" "$target/lib" "$target/systemd"
cp "$checkout/launcher/culvert" "$target/launcher/"
cp "$built/culvert-launcher.jar" "$target/lib/"
cp -R "$built/lib" "$built/bundles" "$built/modules" "$built/kit" "$built/release-key.pem" "$target/lib/"
cp "$checkout/distribution/src/systemd/culvert.service" "$target/systemd/"
cp "$checkout/README.md" "$checkout/LICENSE" "$target/"
cp -R "$checkout/distribution/src/docs" "$target/docs"
cp -R "$checkout/web-admin/docs/target/site" "$target/docs/site"
mkdir -p "$target/docs/grafana"
cp "$checkout/web-admin/watch/src/main/resources/io/culvert/web/watch/culvert-dashboard.json" "$target/docs/grafana/"
