"""What the helpdesk sees: pages made on the server, over HTTPS, without any script."""
