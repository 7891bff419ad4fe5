"""Why a field is sent, with the ground, the time it is kept and who sees it: a closed set.

What stands here is what the collector does as shipped. A company's own record of processing
decides; it may shorten the time (`device forget`) and narrow who sees it (roles), not the purpose.
"""

from dataclasses import dataclass
from enum import Enum

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Said:
    """One text in every language."""

    en: str
    fr: str

    def in_language(self, language: str) -> str:
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Terms:
    purpose: Said
    basis: Said
    kept: Said
    seen_by: Said


SECURITY = Said(
    "Legitimate interest in the security of the network and of what is stored on devices"
    " (GDPR Art. 6(1)(f), recital 49; Art. 32)",
    "Intérêt légitime : sécurité du réseau et des données des appareils"
    " (RGPD art. 6-1-f, considérant 49 ; art. 32)",
)
UNTIL_FORGOTTEN = Said(
    "Until the device is forgotten; in evidence packs made meanwhile, nine months at the collector",
    "Jusqu’à l’oubli de l’appareil ; dans les dossiers de preuves faits entre-temps, neuf mois au"
    " collecteur",
)
ALL_ROLES = Said(
    "Viewer (auditor), helpdesk, admin and owner of the collector",
    "Lecteur (auditeur), assistance, administrateur et propriétaire du collecteur",
)


class Purpose(Enum):
    """`Terms` by why a field is sent."""

    EXCHANGE = Terms(
        Said(
            "Deliver each report once, and answer it",
            "Livrer chaque rapport une fois, et y répondre",
        ),
        SECURITY,
        Said(
            "With the device's last report; a command's outcome as long as the device",
            "Avec le dernier rapport de l’appareil ; l’issue d’une commande, autant que l’appareil",
        ),
        ALL_ROLES,
    )
    SECRET = Terms(
        Said("Admit this device, and only it", "Admettre cet appareil, et lui seul"),
        SECURITY,
        Said(
            "Not kept: the token as a hash, of the request the public key in the certificate",
            "Non conservé : le jeton haché ; de la demande, la clé publique dans le certificat",
        ),
        Said("Nobody", "Personne"),
    )
    RECOGNISE = Terms(
        Said(
            "Tell devices apart, and recognise one after a re-installation",
            "Distinguer les appareils, et en reconnaître un après réinstallation",
        ),
        SECURITY,
        UNTIL_FORGOTTEN,
        ALL_ROLES,
    )
    COMPARE = Terms(
        Said(
            "Recognise a copied disk or a moved one, by comparing hashes",
            "Reconnaître un disque copié ou déplacé, en comparant des empreintes",
        ),
        SECURITY,
        UNTIL_FORGOTTEN,
        Said(
            "Nobody: hashed on the device, compared by the collector",
            "Personne : haché sur l’appareil, comparé par le collecteur",
        ),
    )
    INVENTORY = Terms(
        Said(
            "Know which devices there are, and what applies to them",
            "Savoir quels appareils existent, et ce qui s’y applique",
        ),
        SECURITY,
        UNTIL_FORGOTTEN,
        ALL_ROLES,
    )
    POSTURE = Terms(
        Said(
            "Judge whether the device meets the security policy",
            "Juger si l’appareil respecte la politique de sécurité",
        ),
        SECURITY,
        UNTIL_FORGOTTEN,
        ALL_ROLES,
    )
    PERSON = Terms(
        Said(
            "Judge a setting that each person has of their own, and help them with it",
            "Juger un réglage propre à chaque personne, et l’aider",
        ),
        SECURITY,
        UNTIL_FORGOTTEN,
        Said(
            "Helpdesk, admin and owner; a viewer reads “(somebody)” in place of the name",
            "Assistance, administrateur, propriétaire ; un lecteur lit « (quelqu’un) » à la place"
            " du nom",
        ),
    )
    EXPLAIN = Terms(
        Said(
            "Show what a verdict rests on, or why something could not be seen",
            "Montrer sur quoi repose un verdict, ou pourquoi une chose n’a pas été vue",
        ),
        SECURITY,
        UNTIL_FORGOTTEN,
        Said(
            "Viewer (names of people replaced), helpdesk, admin and owner of the collector",
            "Lecteur (noms de personnes remplacés), assistance, administrateur, propriétaire",
        ),
    )
