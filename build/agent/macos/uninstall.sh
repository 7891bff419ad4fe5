#!/bin/sh
# Removes the agent from this Mac, with its key, its reports and its log. Run it as root:
#   sudo sh /Library/Muster/uninstall.sh
# The device stays in the collector, with its history, until somebody retires it there.
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH
if [ "$(id -u)" != 0 ]; then
	echo "muster: run this as root: sudo sh /Library/Muster/uninstall.sh" >&2
	exit 2
fi
for job in org.muster.agent org.muster.update; do
	launchctl bootout "system/$job" 2>/dev/null || true
	rm -f "/Library/LaunchDaemons/$job.plist"
done
if [ -d /var/lib/muster-agent ] && [ ! -L /var/lib/muster-agent ]; then
	rm -rf /var/lib/muster-agent
fi
rm -f /Library/LaunchAgents/org.muster.notify.plist
if [ -d "/Library/Application Support/MusterShown" ] && [ ! -L "/Library/Application Support/MusterShown" ]; then
	rm -rf "/Library/Application Support/MusterShown"
fi
rm -rf /Library/Logs/Muster
rm -f /etc/newsyslog.d/muster.conf /etc/paths.d/muster
pkgutil --forget org.muster.agent >/dev/null 2>&1 || true
rm -rf /Library/Muster
