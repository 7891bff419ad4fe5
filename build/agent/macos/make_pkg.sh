#!/bin/sh
# Makes the installer package from a bundle that was built on this Mac:
#   build/agent/macos/make_pkg.sh BUNDLE VERSION OUT.pkg
# Signed where the environment names the identities, and then notarised where it names a profile:
#   APPLICATION_IDENTITY="Developer ID Application: ..."  every program of the bundle
#   INSTALLER_IDENTITY="Developer ID Installer: ..."      the package
#   NOTARY_PROFILE=NAME                                   as kept by `xcrun notarytool store-credentials`
# Runs on macOS only: pkgbuild, productbuild and codesign are Apple's.
set -eu
if [ $# -ne 3 ]; then
	echo "make_pkg: give BUNDLE VERSION OUT.pkg" >&2
	exit 2
fi
bundle=$1 version=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
if ! [ -x "$bundle/muster-agent" ]; then
	echo "make_pkg: $bundle holds no muster-agent: build the bundle first" >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

mkdir -p "$root/Library/Muster/launchd" "$root/Library/LaunchAgents" "$root/etc/newsyslog.d" \
	"$root/etc/paths.d"
cp "$here/org.muster.notify.plist" "$root/Library/LaunchAgents/"
cp -R "$bundle" "$root/Library/Muster/agent"
cp "$here/org.muster.agent.plist" "$here/org.muster.agent.connected.plist" \
	"$here/org.muster.update.plist" "$root/Library/Muster/launchd/"
cp "$here/uninstall.sh" "$root/Library/Muster/uninstall.sh"
cp "$here/newsyslog.conf" "$root/etc/newsyslog.d/muster.conf"
echo /Library/Muster/agent >"$root/etc/paths.d/muster"
chmod -R u=rwX,go=rX "$root"
plutil -lint -s "$root"/Library/Muster/launchd/*.plist

if [ -n "${APPLICATION_IDENTITY:-}" ]; then
	find "$root/Library/Muster/agent" -type f \( -name '*.so' -o -name '*.dylib' -o -name Python \) \
		-exec codesign --force --timestamp --options runtime --sign "$APPLICATION_IDENTITY" {} +
	codesign --force --timestamp --options runtime --sign "$APPLICATION_IDENTITY" \
		--entitlements "$here/entitlements.plist" "$root/Library/Muster/agent/muster-agent"
fi
pkgbuild --root "$root" --scripts "$here/scripts" --identifier org.muster.agent \
	--version "$version" --ownership recommended --install-location / "$work/agent.pkg"
if [ -n "${INSTALLER_IDENTITY:-}" ]; then
	productbuild --distribution "$here/distribution.xml" --package-path "$work" \
		--sign "$INSTALLER_IDENTITY" "$work/out.pkg"
else
	productbuild --distribution "$here/distribution.xml" --package-path "$work" "$work/out.pkg"
fi
if [ -n "${NOTARY_PROFILE:-}" ]; then
	xcrun notarytool submit "$work/out.pkg" --keychain-profile "$NOTARY_PROFILE" --wait
	xcrun stapler staple "$work/out.pkg"
fi
mv "$work/out.pkg" "$out"
