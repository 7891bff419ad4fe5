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
    # what was sent, what was seen
    "request": "demande",
    "sent": "envoyé",
    "result": "résultat",
    "content": "contenu",
    "inventory": "inventaire",
    "sequence": "numéro",
    "%(length)s bytes, SHA-256 %(digest)s…": "%(length)s octets, SHA-256 %(digest)s…",
    "That report is no longer kept on this device.": (
        "Ce rapport n’est plus conservé sur cet appareil."
    ),
    "the report in force, sent %(at)s": "le rapport en vigueur, envoyé le %(at)s",
    "cannot be taken apart; see --raw": "illisible ; voir --raw",
    "every field: muster-agent receipt --json": "tous les champs : muster-agent receipt --json",
    "nothing has changed since the report with SHA-256 %(digest)s…": (
        "rien n’a changé depuis le rapport de SHA-256 %(digest)s…"
    ),
    "sequence %(number)s": "numéro %(number)s",
    "a request for a new certificate: a public key and its signature": (
        "une demande de certificat : une clé publique et sa signature"
    ),
    "encrypted": "chiffré",
    "plain": "en clair",
    "partly encrypted": "chiffré en partie",
    "encrypted, key in clear": "chiffré, clé en clair",
    "in memory only": "en mémoire seulement",
    "protection unknown": "protection inconnue",
    "no volumes": "aucun volume",
    "home directories encrypted on their own: %(count)s": (
        "dossiers personnels chiffrés seuls : %(count)s"
    ),
    "inbound blocked": "trafic entrant bloqué",
    "inbound allowed": "trafic entrant permis",
    "inbound unknown": "trafic entrant : inconnu",
    "no part of it was seen": "rien n’en a été vu",
    "open: %(ports)s": "ouverts : %(ports)s",
    "%(protocol)s %(ports)s from %(source)s (%(scope)s)": (
        "%(protocol)s %(ports)s depuis %(source)s (%(scope)s)"
    ),
    "%(name)s not in use": "%(name)s hors service",
    "none of the products we know is installed": "aucun des produits connus n’est installé",
    "running": "en marche",
    "not running": "arrêté",
    "running or not: unknown": "en marche ou non : inconnu",
    "real-time on": "temps réel actif",
    "real-time off": "temps réel inactif",
    "real-time unknown": "temps réel inconnu",
    "definitions of %(day)s": "définitions du %(day)s",
    "definitions in the maker's cloud": "définitions chez l’éditeur",
    "definitions current": "définitions à jour",
    "definitions old": "définitions anciennes",
    "no person's settings were seen": "aucun réglage de personne n’a été vu",
    "%(who)s: unknown": "%(who)s : inconnu",
    "%(who)s: does not lock by itself": "%(who)s : ne se verrouille pas seul",
    "%(who)s: locks by itself, after an unknown time": (
        "%(who)s : se verrouille seul, après un temps inconnu"
    ),
    "%(who)s: locks after %(after)s": "%(who)s : se verrouille après %(after)s",
    "%(who)s: locks after %(after)s at the latest": (
        "%(who)s : se verrouille après %(after)s au plus tard"
    ),
    "the user cannot change it": "la personne ne peut pas le changer",
    "an unknown number": "un nombre inconnu",
    "%(pending)s pending, security: %(count)s": "%(pending)s en attente, sécurité : %(count)s",
    "as known on %(day)s": "tel que connu le %(day)s",
    "restart required": "redémarrage nécessaire",
    "supported until %(day)s": "maintenu jusqu’au %(day)s",
    "%(names)s and %(count)s more": "%(names)s et %(count)s de plus",
    "security updates: %(names)s": "mises à jour de sécurité : %(names)s",
    "unknown (%(reason)s)": "inconnu (%(reason)s)",
    "not applicable: %(why)s": "sans objet : %(why)s",
    "nothing observed": "rien d’observé",
    "observed": "observé",
    "not seen: %(field)s (%(reason)s): %(detail)s": "pas vu : %(field)s (%(reason)s) : %(detail)s",
    "reason %(code)s": "raison %(code)s",
    "unspecified": "non précisé",
    "tool missing": "outil absent",
    "permission denied": "accès refusé",
    "timed out": "délai dépassé",
    "tool failed": "échec de l’outil",
    "unparsable": "réponse illisible",
    "too large": "trop volumineux",
    "no user session": "aucune session",
    "conflicting sources": "sources contradictoires",
    "not implemented": "non prévu",
    "not recorded": "non enregistré",
    "sandboxed": "l’agent est confiné",
    "no data": "aucune donnée",
    "internal": "défaut de l’agent",
    # durations
    "%(num)s days": "%(num)s jours",
    "%(num)s hours": "%(num)s heures",
    "%(num)s minutes": "%(num)s minutes",
    "%(num)s second": "%(num)s seconde",
    "%(num)s seconds": "%(num)s secondes",
}
