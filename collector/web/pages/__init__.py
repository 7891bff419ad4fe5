"""A page is a module: PATH, METHODS, PERMISSION, a frozen Context for one template, page()."""

from collector.web.pages import app, device, devices, factor, healthz, login, logout, setup

PAGES = (login, factor, app, setup, logout, healthz, devices, device)
