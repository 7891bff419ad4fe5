"""Log in with an OpenID provider: who somebody is there, and what that allows here."""
