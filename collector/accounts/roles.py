"""Who may do what, in one table: the pages, the API, the command list and the docs all read it.

Least privilege: a role holds what its work needs and nothing because it is "higher". An owner
looks after people and the log; what the helpdesk does to devices is not theirs unless listed.
"""

from enum import StrEnum

from collector.translation import marked


class Permission(StrEnum):
    """One thing somebody may do. Every route names exactly one."""

    OWN_ACCOUNT = marked("change one's own password, factors, sessions and tokens")
    SEE_DEVICES = marked("see devices, findings and evidence")
    SEE_PEOPLE = marked("see whose device it is and the names of accounts on it")
    SEE_HARDWARE_IDS = marked("see serial numbers")
    SEE_POLICY = marked("see the policy and its versions")
    EXPORT = marked("take exports")
    ASK_FOR_CHECK = marked("ask a device for a check now")
    LOCK_SCREEN = marked("lock a device's screen")
    CHANGE_DEVICES = marked("set owner and groups, release from quarantine")
    MANAGE_PEOPLE = marked("import and forget people who own devices, make and remove groups")
    RETIRE_DEVICES = marked("retire and forget devices, say that one is another installed anew")
    REQUEST_WAIVER = marked("request a waiver")
    APPROVE_WAIVER = marked("approve and end waivers")
    ENROLL = marked("make and revoke enrollment strings")
    CHANGE_POLICY = marked("apply a policy")
    CHANGE_SETTINGS = marked("change the collector's settings")
    SEE_INCIDENTS = marked("see incidents and their analysis")
    HANDLE_INCIDENTS = marked("open, note and close incidents")
    SEE_AUDIT = marked("read, verify and export the audit log")
    REVIEW_AUDIT = marked("sign the weekly review of the audit log")
    MANAGE_ACCOUNTS = marked("add, change and disable accounts")
    REVIEW_ACCOUNTS = marked("sign the yearly review of authorisations")


class Role(StrEnum):
    VIEWER = "viewer"
    HELPDESK = "helpdesk"
    ADMIN = "admin"
    OWNER = "owner"


_LOOK = frozenset({Permission.OWN_ACCOUNT, Permission.SEE_DEVICES, Permission.SEE_POLICY})

ROLES: dict[Role, frozenset[Permission]] = {
    # The auditor: reads everything that is evidence, changes nothing.
    Role.VIEWER: _LOOK
    | {
        Permission.SEE_HARDWARE_IDS,
        Permission.EXPORT,
        Permission.SEE_AUDIT,
        Permission.SEE_INCIDENTS,
    },
    # Works through the devices that fall short, with the person on the phone.
    Role.HELPDESK: _LOOK
    | {
        Permission.SEE_PEOPLE,
        Permission.SEE_HARDWARE_IDS,
        Permission.ASK_FOR_CHECK,
        Permission.LOCK_SCREEN,
        Permission.CHANGE_DEVICES,
        Permission.REQUEST_WAIVER,
    },
    # Runs the fleet: enrollment, policy, waivers, settings, incidents.
    Role.ADMIN: _LOOK
    | {
        Permission.SEE_PEOPLE,
        Permission.SEE_HARDWARE_IDS,
        Permission.EXPORT,
        Permission.ASK_FOR_CHECK,
        Permission.LOCK_SCREEN,
        Permission.CHANGE_DEVICES,
        Permission.MANAGE_PEOPLE,
        Permission.RETIRE_DEVICES,
        Permission.REQUEST_WAIVER,
        Permission.APPROVE_WAIVER,
        Permission.ENROLL,
        Permission.CHANGE_POLICY,
        Permission.CHANGE_SETTINGS,
        Permission.SEE_INCIDENTS,
        Permission.HANDLE_INCIDENTS,
    },
    # Answers for the collector: people, the log, and all that an admin does.
    Role.OWNER: frozenset(Permission),
}

CHANGING: frozenset[Permission] = frozenset(Permission) - {
    Permission.OWN_ACCOUNT,
    Permission.SEE_DEVICES,
    Permission.SEE_PEOPLE,
    Permission.SEE_HARDWARE_IDS,
    Permission.SEE_POLICY,
    Permission.EXPORT,
    Permission.SEE_AUDIT,
    Permission.SEE_INCIDENTS,
}
"""Permissions that change something. Roles that hold one renew their passwords."""


def may(role: Role, permission: Permission) -> bool:
    return permission in ROLES[role]


def changes_something(role: Role) -> bool:
    """Whether the role's password must be renewed (CNIL 2022-100, for privileged accounts)."""
    return bool(ROLES[role] & CHANGING)
