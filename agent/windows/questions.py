"""The CIM classes the checks may ask for: a closed list, each answered by `questions.ps1`.

A question's name is the name of its class; its rows hold the listed properties and nothing else.
A property that a method answers is named after the method (`GetProtectionStatus`), and has the
method's own value; where the method's ReturnValue is not 0 the property is absent and
`<method>.ReturnValue` holds it.
"""

QUESTIONS: dict[str, tuple[str, ...]] = {
    # root\cimv2\Security\MicrosoftVolumeEncryption, with its methods; needs elevation
    "Win32_EncryptableVolume": (
        "DeviceID",
        "DriveLetter",
        "VolumeType",
        "GetProtectionStatus",
        "GetConversionStatus",  # ConversionStatus
        "EncryptionPercentage",  # GetConversionStatus's second answer
        "EncryptionFlags",  # and its third: bit 0 is "used space only"
        "GetLockStatus",
        "GetEncryptionMethod",
        "KeyProtectorTypes",  # a list of numbers, one a protector
        "GetSuspendCount",
    ),
    # root\cimv2
    "Win32_Volume": (
        "DeviceID",
        "DriveLetter",
        "Name",
        "DriveType",
        "FileSystem",
        "Label",
        "BootVolume",
        "SystemVolume",
        "Capacity",
    ),
    "Win32_OperatingSystem": (
        "Caption",
        "Version",
        "BuildNumber",
        "ProductType",
        "OperatingSystemSKU",
        "OSArchitecture",
        "LastBootUpTime",
    ),
    "Win32_ComputerSystem": (
        "Name",
        "DNSHostName",
        "Manufacturer",
        "Model",
        "TotalPhysicalMemory",
        "HypervisorPresent",
        "PCSystemType",
        "PartOfDomain",
        "DomainRole",
    ),
    "Win32_ComputerSystemProduct": ("UUID", "IdentifyingNumber", "Vendor", "Name", "Version"),
    "Win32_BIOS": (
        "SerialNumber",
        "SMBIOSPresent",
        "Manufacturer",
        "SMBIOSBIOSVersion",
        "BIOSVersion",
    ),
    "Win32_BaseBoard": ("SerialNumber", "Manufacturer", "Product"),
    "Win32_SystemEnclosure": ("ChassisTypes", "SerialNumber"),
    "Win32_Processor": ("Name", "NumberOfCores", "Architecture"),
    "Win32_Service": ("Name", "State", "StartMode", "PathName"),
    "Win32_NetworkAdapter": ("MACAddress", "PhysicalAdapter", "PNPDeviceID"),
    "Win32_DiskDrive": ("Model", "SerialNumber", "MediaType", "InterfaceType", "Size"),
    # root\Microsoft\Windows\Storage
    "MSFT_PhysicalDisk": ("FriendlyName", "Model", "SerialNumber", "MediaType", "BusType", "Size"),
    "MSFT_Disk": ("Number", "BusType", "IsBoot", "SerialNumber"),
    "MSFT_Partition": ("AccessPaths", "DiskNumber", "GptType", "MbrType"),
    # root\StandardCimv2, the ActiveStore: what is in force after GPO and MDM
    "MSFT_NetFirewallProfile": (
        "Name",
        "Enabled",
        "DefaultInboundAction",
        "AllowInboundRules",
        "AllowLocalFirewallRules",
        "DisabledInterfaceAliases",
    ),
    "MSFT_NetConnectionProfile": ("InterfaceAlias", "NetworkCategory"),
    # root\SecurityCenter2; not on servers
    "AntiVirusProduct": (
        "displayName",
        "instanceGuid",
        "productState",
        "timestamp",
        "pathToSignedProductExe",
        "pathToSignedReportingExe",
    ),
    "FirewallProduct": ("displayName", "instanceGuid", "productState", "pathToSignedProductExe"),
    # root\Microsoft\Windows\Defender
    "MSFT_MpComputerStatus": (
        "AMRunningMode",
        "AMServiceEnabled",
        "AMProductVersion",
        "AMEngineVersion",
        "AntivirusEnabled",
        "RealTimeProtectionEnabled",
        "OnAccessProtectionEnabled",
        "AntivirusSignatureAge",
        "AntivirusSignatureLastUpdated",
        "AntivirusSignatureVersion",
        "DefenderSignaturesOutOfDate",
        "IsTamperProtected",
        "IsVirtualMachine",
    ),
    # not CIM but COM, in the same process: Windows Update's cached search, and its own account
    "Microsoft.Update.Searcher": (
        "Title",
        "KBArticleIDs",
        "MsrcSeverity",
        "CategoryIDs",
        "RebootRequired",
        "BrowseOnly",
    ),
    "Microsoft.Update.AutoUpdate": (
        "LastSearchSuccessDate",
        "LastInstallationSuccessDate",
        "RebootRequired",
    ),
}
