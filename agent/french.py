"""What the agent says, in French: every text that `agent.language` knows, and no other."""

TEXTS = {
    # status
    "compliant": "conforme",
    "not compliant": "non conforme",
    "unknown": "inconnu",
    "stale": "sans nouvelles récentes",
    "severity low": "gravité faible",
    "severity medium": "gravité moyenne",
    "severity high": "gravité élevée",
    "severity critical": "gravité critique",
    "to fix": "à corriger",
    "not seen": "pas vu",
    "in order": "en ordre",
    "not asked": "non demandé",
    "waived": "dérogation",
    "collector": "collecteur",
    "device": "appareil",
    "last check-in": "dernier envoi",
    "since then": "depuis",
    "compliance": "conformité",
    "answer": "réponse",
    "unsent": "en attente",
    "never": "jamais",
    "no answer yet; to ask: muster-agent report": (
        "pas encore de réponse ; pour la demander : muster-agent report"
    ),
    "received %(when)s": "reçue %(when)s",
    "%(state)s (policy %(version)s, judged %(at)s)": (
        "%(state)s (politique %(version)s, évaluée %(at)s)"
    ),
    "%(num)s thing to fix": "%(num)s chose à corriger",
    "%(num)s things to fix": "%(num)s choses à corriger",
    "%(num)s report waits to be sent": "%(num)s rapport attend d’être envoyé",
    "%(num)s reports wait to be sent": "%(num)s rapports attendent d’être envoyés",
    "%(num)s older one was dropped to make room": (
        "%(num)s plus ancien a été supprimé pour faire de la place"
    ),
    "%(num)s older ones were dropped to make room": (
        "%(num)s plus anciens ont été supprimés pour faire de la place"
    ),
    "nothing to do until %(at)s: waived": "rien à faire jusqu’au %(at)s : dérogation",
    "what to do: %(words)s": "que faire : %(words)s",
    "what to do after that: %(words)s": "que faire ensuite : %(words)s",
    "was waived until %(at)s": "dérogation jusqu’au %(at)s, terminée",
    "rule: %(id)s": "règle : %(id)s",
    "it counts against this device: fix it now": (
        "cela compte pour cet appareil : à corriger maintenant"
    ),
    "it counts since %(at)s: fix it now": "cela compte depuis le %(at)s : à corriger maintenant",
    "fix it by %(at)s, %(left)s from now": "à corriger avant le %(at)s, dans %(left)s",
    "since %(at)s": "depuis le %(at)s",
    "unlisted (%(code)s)": "non répertorié (%(code)s)",
    "%(time)s ago": "il y a %(time)s",
    "%(time)s in the future": "%(time)s dans le futur",
    # receipt
    "nothing was sent yet": "rien n’a encore été envoyé",
    # notices
    "%(num)s thing to fix on this device": "%(num)s chose à corriger sur cet appareil",
    "%(num)s things to fix on this device": "%(num)s choses à corriger sur cet appareil",
    "and %(num)s more": "et %(num)s de plus",
    "Not so now: %(title)s": "Pas le cas actuellement : %(title)s",
    "Not so now: %(title)s (fix by %(day)s)": (
        "Pas le cas actuellement : %(title)s (à corriger avant le %(day)s)"
    ),
    "What to do: muster-agent status": "Que faire : muster-agent status",
    "Muster can tell you here": "Muster peut vous prévenir ici",
    "This is a test.": "Ceci est un essai.",
    # durations
    "%(num)s days": "%(num)s jours",
    "%(num)s hours": "%(num)s heures",
    "%(num)s minutes": "%(num)s minutes",
    "%(num)s second": "%(num)s seconde",
    "%(num)s seconds": "%(num)s secondes",
}
