"""One line a field of what a device sends: why, and what it is, in English and French."""

from collections.abc import Mapping

from protos.privacy.purposes import Purpose, Said

EXCHANGE, SECRET, RECOGNISE = Purpose.EXCHANGE, Purpose.SECRET, Purpose.RECOGNISE
COMPARE, INVENTORY, POSTURE = Purpose.COMPARE, Purpose.INVENTORY, Purpose.POSTURE
PERSON, EXPLAIN = Purpose.PERSON, Purpose.EXPLAIN

Line = tuple[Purpose, str, str]

REQUESTS: Mapping[str, Line] = {
    "EnrollRequest.token": (SECRET, "the token of the enrollment string", "le jeton d’inscription"),
    "EnrollRequest.csr": (
        SECRET,
        "a public key made on this device, signed by its private key",
        "une clé publique faite sur cet appareil, signée par sa clé privée",
    ),
    "EnrollRequest.agent_version": (INVENTORY, "the agent's version", "la version de l’agent"),
    "RenewCertificateRequest.csr": (
        SECRET,
        "a new public key, for a new certificate",
        "une nouvelle clé publique, pour un nouveau certificat",
    ),
    "CheckInRequest.answer_version": (
        EXCHANGE,
        "which answer this device already holds",
        "quelle réponse cet appareil a déjà",
    ),
    "Report.sequence": (EXCHANGE, "the report's number", "le numéro du rapport"),
    "Report.observed_at": (
        EXCHANGE,
        "when the device was looked at, by its clock",
        "quand l’appareil a été observé, à son horloge",
    ),
    "Report.posture": (
        POSTURE,
        "the bytes that hold all that follows",
        "les octets qui contiennent tout ce qui suit",
    ),
    "Unchanged.sequence": (EXCHANGE, "the message's number", "le numéro du message"),
    "Unchanged.observed_at": (
        EXCHANGE,
        "when it was seen that nothing has changed",
        "quand il a été vu que rien n’a changé",
    ),
    "Unchanged.digest": (
        EXCHANGE,
        "a hash of the report that still holds",
        "l’empreinte du rapport qui vaut toujours",
    ),
    "CommandReport.id": (EXCHANGE, "which command", "quelle commande"),
    "CommandReport.outcome": (EXCHANGE, "what became of it", "ce qu’elle est devenue"),
    "CommandReport.because": (EXCHANGE, "why, in a sentence", "pourquoi, en une phrase"),
    "UpdateReport.version": (
        EXCHANGE,
        "which release of the agent was taken",
        "quelle version de l’agent a été prise",
    ),
    "UpdateReport.outcome": (EXCHANGE, "what became of it", "ce qu’elle est devenue"),
    "UpdateReport.because": (EXCHANGE, "why, in a sentence", "pourquoi, en une phrase"),
    "Posture.agent_version": (INVENTORY, "the agent's version", "la version de l’agent"),
}

DEVICE: Mapping[str, Line] = {
    "Inventory.hostname": (RECOGNISE, "the computer's name", "le nom de l’ordinateur"),
    "Inventory.platform": (INVENTORY, "Linux, macOS or Windows", "Linux, macOS ou Windows"),
    "Inventory.form_factor": (
        INVENTORY,
        "laptop, desktop, virtual machine, …",
        "portable, fixe, machine virtuelle…",
    ),
    "Inventory.manufacturer": (INVENTORY, "the maker", "le fabricant"),
    "Inventory.model": (INVENTORY, "the model", "le modèle"),
    "Inventory.serial": (RECOGNISE, "the serial number", "le numéro de série"),
    "Inventory.os_id": (
        INVENTORY,
        "the operating system, in one word",
        "le système d’exploitation, en un mot",
    ),
    "Inventory.os_name": (INVENTORY, "its name", "son nom"),
    "Inventory.os_version": (INVENTORY, "its version", "sa version"),
    "Inventory.os_build": (INVENTORY, "its build or kernel", "sa révision ou son noyau"),
    "Inventory.os_edition": (INVENTORY, "its edition", "son édition"),
    "Inventory.architecture": (
        INVENTORY,
        "the kind of processor",
        "le type de processeur",
    ),
    "Inventory.cpu": (INVENTORY, "the processor's name", "le nom du processeur"),
    "Inventory.cpu_cores": (INVENTORY, "its number of cores", "son nombre de cœurs"),
    "Inventory.memory_bytes": (INVENTORY, "the size of its memory", "la taille de sa mémoire"),
    "Inventory.virtualization": (
        INVENTORY,
        "in what it is virtual, if it is",
        "sous quoi il est virtuel, s’il l’est",
    ),
    "Disk.model": (INVENTORY, "a disk's model", "le modèle d’un disque"),
    "Disk.size_bytes": (INVENTORY, "its size", "sa taille"),
    "Disk.rotational": (INVENTORY, "whether it turns", "s’il tourne"),
    "Disk.removable": (INVENTORY, "whether it can be taken out", "s’il est amovible"),
    "HardwareFingerprint.board": (
        COMPARE,
        "a hash of the main board's number",
        "l’empreinte du numéro de la carte mère",
    ),
    "HardwareFingerprint.serial": (
        COMPARE,
        "a hash of the serial number",
        "l’empreinte du numéro de série",
    ),
    "HardwareFingerprint.network": (
        COMPARE,
        "a hash of one network card's address",
        "l’empreinte de l’adresse d’une carte réseau",
    ),
    "HardwareFingerprint.install": (
        COMPARE,
        "a hash of the installation's number",
        "l’empreinte du numéro de l’installation",
    ),
    "HardwareFingerprint.disk": (
        COMPARE,
        "a hash of the system disk's number",
        "l’empreinte du numéro du disque système",
    ),
}

OBSERVATIONS: Mapping[str, Line] = {
    "Observation.signal": (POSTURE, "what was looked at", "ce qui a été observé"),
    "Unknown.reason": (EXPLAIN, "why nothing could be seen", "pourquoi rien n’a pu être vu"),
    "Unknown.detail": (EXPLAIN, "the same, in a sentence", "la même chose, en une phrase"),
    "NotApplicable.because": (
        EXPLAIN,
        "why it cannot exist on this device",
        "pourquoi cela ne peut exister sur cet appareil",
    ),
    "Evidence.source": (
        EXPLAIN,
        "the file or command that was asked",
        "le fichier ou la commande interrogés",
    ),
    "Evidence.said": (EXPLAIN, "what it answered, shortened", "sa réponse, abrégée"),
    "Gap.field": (EXPLAIN, "a part that could not be seen", "une partie qui n’a pu être vue"),
    "Gap.reason": (EXPLAIN, "why not", "pourquoi"),
    "Gap.detail": (EXPLAIN, "the same, in a sentence", "la même chose, en une phrase"),
    "DiskEncryption.encrypted_homes": (
        POSTURE,
        "how many home folders are encrypted alone: a count",
        "combien de dossiers personnels sont chiffrés seuls : un nombre",
    ),
    "Volume.name": (POSTURE, "where a volume is mounted", "où un volume est monté"),
    "Volume.device": (POSTURE, "the disk behind it", "le disque derrière"),
    "Volume.filesystem": (POSTURE, "its file system", "son système de fichiers"),
    "Volume.role": (POSTURE, "system, data, swap, …", "système, données, échange…"),
    "Volume.protection": (POSTURE, "whether it is encrypted", "s’il est chiffré"),
    "Volume.method": (POSTURE, "how", "comment"),
    "Volume.remarks": (POSTURE, "what weakens it", "ce qui l’affaiblit"),
    "FirewallScope.name": (POSTURE, "a part of the firewall", "une partie du pare-feu"),
    "FirewallScope.in_use": (POSTURE, "whether it is in use", "si elle est en service"),
    "FirewallScope.inbound": (
        POSTURE,
        "whether it blocks inbound traffic",
        "si elle bloque le trafic entrant",
    ),
    "FirewallOpening.protocol": (
        POSTURE,
        "an open port: TCP or UDP",
        "un port ouvert : TCP ou UDP",
    ),
    "FirewallOpening.ports": (POSTURE, "its number", "son numéro"),
    "FirewallOpening.source": (POSTURE, "for whom it is open", "pour qui il est ouvert"),
    "FirewallOpening.scope": (POSTURE, "in which part", "dans quelle partie"),
    "FirewallManager.name": (POSTURE, "what manages the firewall", "ce qui gère le pare-feu"),
    "FirewallManager.state": (POSTURE, "what that says of itself", "ce qu’il dit de lui-même"),
    "AntivirusProduct.name": (POSTURE, "an antivirus", "un antivirus"),
    "AntivirusProduct.version": (POSTURE, "its version", "sa version"),
    "AntivirusProduct.running": (POSTURE, "whether it runs", "s’il fonctionne"),
    "AntivirusProduct.real_time": (
        POSTURE,
        "whether it examines files as they are used",
        "s’il examine les fichiers dès leur utilisation",
    ),
    "AntivirusProduct.definitions_at": (
        POSTURE,
        "when its definitions were made",
        "quand ses définitions ont été faites",
    ),
    "AntivirusProduct.definitions_version": (POSTURE, "their version", "leur version"),
    "AntivirusProduct.definitions_in_cloud": (
        POSTURE,
        "whether they are with its maker only",
        "si elles sont chez l’éditeur seulement",
    ),
    "AntivirusProduct.definitions_current": (
        POSTURE,
        "whether the system calls them current",
        "si le système les dit à jour",
    ),
    "AntivirusProduct.remarks": (POSTURE, "what limits it", "ce qui le limite"),
    "UserScreenLock.user": (PERSON, "an account's name", "le nom d’un compte"),
    "UserScreenLock.desktop": (PERSON, "its desktop", "son bureau"),
    "UserScreenLock.in_session": (
        PERSON,
        "whether that person is logged in",
        "si cette personne est connectée",
    ),
    "UserScreenLock.locks": (
        PERSON,
        "whether the screen locks by itself",
        "si l’écran se verrouille seul",
    ),
    "UserScreenLock.idle_seconds": (
        PERSON,
        "after how long without input",
        "après combien de temps sans activité",
    ),
    "UserScreenLock.lock_delay_seconds": (
        PERSON,
        "how long until the password is asked",
        "après combien de temps le mot de passe est demandé",
    ),
    "UserScreenLock.enforced": (
        PERSON,
        "whether the person can change it",
        "si la personne peut le changer",
    ),
    "UserScreenLock.source": (PERSON, "where that was read", "où cela a été lu"),
    "UserScreenLock.may_lock_sooner": (
        PERSON,
        "whether it may lock sooner",
        "s’il peut se verrouiller plus tôt",
    ),
    "OsUpdates.source": (POSTURE, "what brings updates", "ce qui apporte les mises à jour"),
    "OsUpdates.pending": (POSTURE, "how many wait", "combien attendent"),
    "OsUpdates.pending_security": (
        POSTURE,
        "how many of them are for security",
        "combien concernent la sécurité",
    ),
    "OsUpdates.index_at": (
        POSTURE,
        "how old that knowledge is",
        "de quand date cette connaissance",
    ),
    "OsUpdates.restart_required": (
        POSTURE,
        "whether a restart is due",
        "si un redémarrage est attendu",
    ),
    "OsUpdates.support_ends_on": (
        POSTURE,
        "when support of the system ends",
        "quand finit le support du système",
    ),
    "OsUpdates.extended_support_ends_on": (
        POSTURE,
        "when extended support ends",
        "quand finit le support étendu",
    ),
    "OsUpdates.last_upgrade_at": (
        POSTURE,
        "when updates were last installed",
        "quand des mises à jour ont été installées",
    ),
    "PendingUpdate.name": (POSTURE, "an update that waits", "une mise à jour qui attend"),
    "PendingUpdate.installed": (POSTURE, "the installed version", "la version installée"),
    "PendingUpdate.candidate": (POSTURE, "the version that waits", "la version qui attend"),
    "PendingUpdate.security": (
        POSTURE,
        "whether it is for security",
        "si elle concerne la sécurité",
    ),
    "PendingUpdate.severity": (
        POSTURE,
        "how grave its maker calls it",
        "la gravité selon l’éditeur",
    ),
}


def entries() -> dict[str, tuple[Purpose, Said]]:
    """Every entry by "Message.field"."""
    lines = {**REQUESTS, **DEVICE, **OBSERVATIONS}
    return {name: (purpose, Said(en, fr)) for name, (purpose, en, fr) in lines.items()}
