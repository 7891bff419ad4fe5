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


def _session_of_alice(shell: str, desktop: str, service: str) -> str:
    """alice, and a unit that opens her session as a display manager's PAM `service` would.

    `shell` is the name that `sleep` runs under.
    """
    return f"""{ALICE}
mkdir -p /tmp/keys /home/alice/.config/dconf /usr/share/wayland-sessions
cat > /usr/share/wayland-sessions/{desktop}.desktop <<'SESSION'
[Desktop Entry]
Name={desktop}
Exec={shell}
DesktopNames={desktop}
SESSION
cp /bin/sleep /usr/local/bin/{shell}
cat > /etc/pam.d/{service} <<'PAM'
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
PAMName={service}
Environment=XDG_SESSION_TYPE=wayland XDG_SESSION_CLASS=user XDG_SESSION_DESKTOP={desktop}
Environment=XDG_CURRENT_DESKTOP={desktop}
ExecStart=/usr/local/bin/{shell} infinity
UNIT
"""


GNOME = (
    _session_of_alice("gnome-shell", "GNOME", "gdm-password")
    + """
cat > /tmp/keys/alice <<'KEYS'
[org/gnome/desktop/session]
idle-delay=uint32 240
[org/gnome/desktop/screensaver]
lock-enabled=true
lock-delay=uint32 30
KEYS
dconf compile /home/alice/.config/dconf/user /tmp/keys
chown -R alice: /home/alice/.config
"""
)
KDE = (
    _session_of_alice("kwin_wayland", "KDE", "sddm")
    + """
printf '[Daemon]\\nAutolock=false\\nTimeout=5\\n' > /home/alice/.config/kscreenlockerrc
chown -R alice: /home/alice/.config
"""
)
"""What the agent reads of a desktop without a display: alice's own settings and her logind session,
opened by PAM under the name of the display manager's service. The program that is called as the
desktop's shell is `sleep`.
"""

UNATTENDED = """
cat > /etc/apt/apt.conf.d/20auto-upgrades <<'SETTINGS'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
SETTINGS
"""


def clamav_database(age_days: int) -> str:
    """An order: a database of one signature, built when it was so long ago; then ClamAV starts.

    There is no network to the real signatures and no key to sign with, so it is an unsigned
    `daily.cud` of `sigtool --unsigned`. It is built under another time of day, because the build
    time stands in the header and once more inside, and clamd refuses a file where they differ.
    """
    return f"""set -e; cd $(mktemp -d); echo test > COPYING
echo 44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test > daily.hdb
export SIGNDUSER=test
faketime -f -{age_days}d \\
  sigtool --unsigned --datadir=. --cvd-version=27000 --build=daily.cud --flevel=90
install -o clamav -g clamav -m 644 daily.cud /var/lib/clamav/daily.cud
systemctl start clamav-daemon
{_until("test -S /run/clamav/clamd.ctl")}
mkdir -p $(sed -n 's/^ExecStart=.*--move=//p' /lib/systemd/system/clamav-clamonacc.service)
systemctl start clamav-clamonacc
{_until("cat /proc/$(pidof clamonacc)/fdinfo/* | grep -q '^fanotify ino'")}
systemctl is-active clamav-daemon clamav-clamonacc
"""


def _until(command: str) -> str:
    """Waits for at most a minute, and says what it waited for in vain."""
    return (
        f"n=0; until {command} 2>/dev/null; do n=$((n+1)); test $n -lt 60 || "
        f"{{ systemctl status 'clamav*' --no-pager; exit 1; }}; sleep 1; done"
    )
