"""Each role holds what its work needs; these are the lines that must never be crossed."""

import pytest

from collector.accounts.roles import CHANGING, ROLES, Permission, Role, changes_something, may


def test_every_role_is_in_the_table() -> None:
    assert set(ROLES) == set(Role)


def test_a_viewer_changes_nothing() -> None:
    assert not ROLES[Role.VIEWER] & CHANGING
    assert not changes_something(Role.VIEWER)


@pytest.mark.parametrize("role", [Role.HELPDESK, Role.ADMIN, Role.OWNER])
def test_whoever_changes_something_renews_the_password(role: Role) -> None:
    assert changes_something(role)


@pytest.mark.parametrize(
    "permission",
    [
        Permission.MANAGE_ACCOUNTS,
        Permission.REVIEW_ACCOUNTS,
        Permission.REVIEW_AUDIT,
    ],
)
def test_only_an_owner_rules_over_people_and_their_traces(permission: Permission) -> None:
    assert [role for role in Role if may(role, permission)] == [Role.OWNER]


@pytest.mark.parametrize(
    "permission", [Permission.APPROVE_WAIVER, Permission.RETIRE_DEVICES, Permission.CHANGE_POLICY]
)
def test_the_helpdesk_neither_excuses_nor_removes_nor_sets_the_bar(permission: Permission) -> None:
    assert not may(Role.HELPDESK, permission)


def test_everybody_looks_after_the_own_account() -> None:
    assert all(may(role, Permission.OWN_ACCOUNT) for role in Role)
