"""Pieces that laptops are made of: scripts that run in the new system before it is written."""

UFW_ON = "sed -i s/ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf\n"

NFTABLES_DROP = """
cat > /etc/nftables.conf <<'RULES'
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop
    iif lo accept
    meta l4proto { icmp, ipv6-icmp } accept
  }
  chain forward { type filter hook forward priority filter; policy drop; }
  chain output { type filter hook output priority filter; policy accept; }
}
RULES
systemctl enable nftables
"""

CLAMAV = """
cat >> /etc/clamav/clamd.conf <<'SETTINGS'
OnAccessIncludePath /home
OnAccessExcludeUname clamav
SETTINGS
mkdir -p /etc/systemd/system/clamav-daemon.service.d
cat > /etc/systemd/system/clamav-daemon.service.d/unsigned.conf <<'DROPIN'
[Unit]
ConditionPathExistsGlob=
DROPIN
systemctl disable clamav-daemon clamav-freshclam clamav-clamonacc
systemctl mask clamav-freshclam
"""
"""Debian's units; only the condition for a signed database is lifted."""

ALICE = "useradd --create-home --shell /bin/bash alice\n"

GNOME = (
    ALICE
    + """
mkdir -p /usr/share/wayland-sessions /tmp/keys /home/alice/.config/dconf
cat > /usr/share/wayland-sessions/gnome.desktop <<'SESSION'
[Desktop Entry]
Name=GNOME
Exec=gnome-session
DesktopNames=GNOME
SESSION
cat > /tmp/keys/alice <<'KEYS'
[org/gnome/desktop/session]
idle-delay=uint32 240
[org/gnome/desktop/screensaver]
lock-enabled=true
lock-delay=uint32 30
KEYS
dconf compile /home/alice/.config/dconf/user /tmp/keys
chown -R alice: /home/alice/.config
cp /bin/sleep /usr/local/bin/gnome-shell
cat > /etc/pam.d/gdm-password <<'PAM'
auth required pam_permit.so
account required pam_permit.so
session required pam_unix.so
session required pam_systemd.so
PAM
cat > /etc/systemd/system/alice-session.service <<'UNIT'
[Unit]
After=systemd-logind.service dbus.service
[Service]
User=alice
PAMName=gdm-password
Environment=XDG_SESSION_TYPE=wayland XDG_SESSION_CLASS=user XDG_SESSION_DESKTOP=gnome
Environment=XDG_CURRENT_DESKTOP=GNOME
ExecStart=/usr/local/bin/gnome-shell infinity
UNIT
"""
)
"""What the agent reads of GNOME without a display: alice's dconf database and her logind session,
opened by PAM under the name of GDM's service. The program called gnome-shell is `sleep`.
"""

UNATTENDED = """
cat > /etc/apt/apt.conf.d/20auto-upgrades <<'SETTINGS'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
SETTINGS
"""


def clamav_database(age_days: int) -> str:
    """An order: a database of one signature whose header says it was built so long ago.

    There is no network to the real signatures and no key to sign with, so it is an unsigned
    `daily.cud` of `sigtool --unsigned`, its header dated back.
    """
    return f"""set -e; mkdir -p /var/quarantine; cd $(mktemp -d); echo test > COPYING
echo 44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test > daily.hdb
SIGNDUSER=test sigtool --unsigned --datadir=. --cvd-version=27000 --build=daily.cud --flevel=90
python3 - <<'AGE'
import time
at = time.time() - {age_days} * 86400
content = open("daily.cud", "rb").read()
fields = content[:512].decode().split(":")
fields[1] = time.strftime("%d %b %Y %H-%M +0000", time.gmtime(at))
fields[8] = str(int(at))
head = ":".join(fields).encode().ljust(512)
open("/var/lib/clamav/daily.cud", "wb").write(head + content[512:])
AGE
chown clamav: /var/lib/clamav/daily.cud
systemctl start clamav-daemon
timeout 60 sh -c 'until test -S /run/clamav/clamd.ctl; do sleep 1; done'
systemctl start clamav-clamonacc; sleep 5; systemctl is-active clamav-daemon clamav-clamonacc
"""
