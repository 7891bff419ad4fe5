"""Pieces that laptops are made of: scripts that run in the new system before it is written."""

LEGACY = """
update-alternatives --set iptables /usr/sbin/iptables-legacy
update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy
"""
"""Debian's kernel of user-mode Linux filters IPv4 and IPv6 through x_tables only: its nf_tables is
built without those families. The programs of the older kind write to x_tables.
"""

FIREWALLD = (
    LEGACY
    + """
sed -i s/^FirewallBackend=.*/FirewallBackend=iptables/ /etc/firewalld/firewalld.conf
systemctl enable firewalld
"""
)

UFW_OFF = LEGACY
UFW_ON = LEGACY + "sed -i s/ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf\n"

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
    `daily.cud` in the form that `sigtool --unsigned` writes: a header of 512 bytes, then a tar.
    """
    return f"""python3 - <<'MAKE'
import gzip, hashlib, io, tarfile, time
at = time.time() - {age_days} * 86400
inner = io.BytesIO()
with tarfile.open(fileobj=inner, mode="w", format=tarfile.USTAR_FORMAT) as tar:
    for name, body in (("COPYING", b"test"), ("daily.hdb",
            b"44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test\\n")):
        one = tarfile.TarInfo(name); one.size = len(body); tar.addfile(one, io.BytesIO(body))
body = gzip.compress(inner.getvalue())
built = time.strftime("%d %b %Y %H-%M +0000", time.gmtime(at))
digest = hashlib.md5(body).hexdigest()
head = f"ClamAV-VDB:{{built}}:27000:1:90:{{digest}}:unsigned:test:{{int(at)}}"
open("/var/lib/clamav/daily.cud", "wb").write(head.encode().ljust(512) + body)
MAKE
chown clamav: /var/lib/clamav/daily.cud
systemctl start clamav-daemon
for second in $(seq 60); do test -S /run/clamav/clamd.ctl && break; sleep 1; done
systemctl start clamav-clamonacc; sleep 5; systemctl status clamav-daemon clamav-clamonacc
"""
