"""A page is a module: PATH, METHODS, PERMISSION, a frozen Context for one template, page()."""

from collector.web.pages import (
    account,
    app,
    codes,
    confirm,
    device,
    devices,
    end_sessions,
    factor,
    healthz,
    login,
    logout,
    new_app,
    new_passkey,
    passkey,
    passkey_login,
    password,
    people,
    person,
    review,
    setup,
    sign_review,
    tokens,
)

PAGES = (
    *(login, passkey_login, factor, app, setup, logout, healthz),
    *(devices, device),
    *(account, password, end_sessions, new_app, codes, confirm, new_passkey, passkey, tokens),
    *(people, person, review, sign_review),
)
