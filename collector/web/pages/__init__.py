"""A page is a module: PATH, METHODS, a frozen Context handed whole to one template, page()."""

from collector.web.pages import device, devices, healthz, login, logout

PAGES = (login, logout, healthz, devices, device)
