# Answers every question of questions.py in one process: a line of JSON each, the costly ones last.
# Nothing is changed and nothing is taken from outside. The line "end" says that none is missing.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$mode = "$($ExecutionContext.SessionState.LanguageMode)"
$full = $mode -eq 'FullLanguage'
if ($full) { [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding $false }

function Say($answer) {
    $line = ConvertTo-Json -Compress -Depth 6 -InputObject $answer
    if ($full) { [Console]::Out.WriteLine($line) } else { $line }
}

function Code($failure) {
    if ("$($failure.FullyQualifiedErrorId)" -match '0x[0-9A-Fa-f]{8}') { return $Matches[0] }
    $inner = $failure.Exception
    while ($inner.InnerException) { $inner = $inner.InnerException }
    '0x{0:X8}' -f $inner.HResult
}

function Ask($question, $way) {
    try {
        $rows = @(& $way)
        Say @{ question = $question; rows = $rows }
    } catch {
        $about = @{ id = "$($_.FullyQualifiedErrorId)"; hresult = (Code $_); message = "$($_.Exception.Message)" }
        Say @{ question = $question; error = $about }
    }
}

function Instances($namespace, $class, $properties) {
    Get-CimInstance -Namespace $namespace -ClassName $class -OperationTimeoutSec 8 |
        Select-Object -Property $properties
}

function Call($volume, $method, $arguments, $row, $answers) {
    try {
        $said = Invoke-CimMethod -InputObject $volume -MethodName $method -Arguments $arguments -OperationTimeoutSec 8
        if ($said.ReturnValue -eq 0) {
            foreach ($name in $answers.Keys) { $row[$name] = $said.($answers[$name]) }
            return
        }
        $row["$method.ReturnValue"] = $said.ReturnValue
    } catch {
        $row["$method.ReturnValue"] = Code $_
    }
}

function Protectors($volume, $row) {
    $ids = @{}
    Call $volume 'GetKeyProtectors' @{ KeyProtectorType = [uint32]0 } $ids @{ all = 'VolumeKeyProtectorID' }
    if (-not $ids.ContainsKey('all')) { $row['GetKeyProtectors.ReturnValue'] = $ids['GetKeyProtectors.ReturnValue']; return }
    $types = @()
    foreach ($id in @($ids['all'] | Where-Object { $_ })) {
        $one = @{}
        Call $volume 'GetKeyProtectorType' @{ VolumeKeyProtectorID = $id } $one @{ type = 'KeyProtectorType' }
        if (-not $one.ContainsKey('type')) { $row['GetKeyProtectorType.ReturnValue'] = $one['GetKeyProtectorType.ReturnValue']; return }
        $types += $one['type']
    }
    $row['KeyProtectorTypes'] = $types
}

function Volumes {
    $namespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'
    foreach ($volume in @(Get-CimInstance -Namespace $namespace -ClassName Win32_EncryptableVolume -OperationTimeoutSec 8)) {
        $row = @{ DeviceID = $volume.DeviceID; DriveLetter = $volume.DriveLetter; VolumeType = $volume.VolumeType }
        Call $volume 'GetProtectionStatus' @{} $row @{ GetProtectionStatus = 'ProtectionStatus' }
        Call $volume 'GetConversionStatus' @{} $row @{ GetConversionStatus = 'ConversionStatus'; EncryptionPercentage = 'EncryptionPercentage'; EncryptionFlags = 'EncryptionFlags' }
        Call $volume 'GetLockStatus' @{} $row @{ GetLockStatus = 'LockStatus' }
        Call $volume 'GetEncryptionMethod' @{} $row @{ GetEncryptionMethod = 'EncryptionMethod' }
        Call $volume 'GetSuspendCount' @{} $row @{ GetSuspendCount = 'SuspendCount' }
        Protectors $volume $row
        $row
    }
}

function Updates {
    $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
    $searcher.Online = $false
    $found = $searcher.Search("IsInstalled=0 and IsHidden=0 and Type='Software'")
    if ($found.ResultCode -ne 2) { throw "the search ended with result code $($found.ResultCode)" }
    foreach ($update in $found.Updates) {
        @{
            Title = $update.Title
            KBArticleIDs = @($update.KBArticleIDs | ForEach-Object { "$_" })
            MsrcSeverity = $update.MsrcSeverity
            CategoryIDs = @($update.Categories | ForEach-Object { "$($_.CategoryID)" })
            RebootRequired = $update.RebootRequired
            BrowseOnly = $update.BrowseOnly
        }
    }
}

# Windows Update's times are UTC and do not say so.
function Utc($time) { if ($time) { '{0:s}Z' -f $time } }

function AutoUpdate {
    $results = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results
    @{
        LastSearchSuccessDate = Utc $results.LastSearchSuccessDate
        LastInstallationSuccessDate = Utc $results.LastInstallationSuccessDate
        RebootRequired = (New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired
    }
}

$classes = @(
    @('root/cimv2', 'Win32_OperatingSystem', @('Caption', 'Version', 'BuildNumber', 'ProductType', 'OperatingSystemSKU', 'OSArchitecture', 'LastBootUpTime')),
    @('root/cimv2', 'Win32_ComputerSystem', @('Name', 'DNSHostName', 'Manufacturer', 'Model', 'TotalPhysicalMemory', 'HypervisorPresent', 'PCSystemType', 'PartOfDomain', 'DomainRole')),
    @('root/cimv2', 'Win32_ComputerSystemProduct', @('UUID', 'IdentifyingNumber', 'Vendor', 'Name', 'Version')),
    @('root/cimv2', 'Win32_BIOS', @('SerialNumber', 'SMBIOSPresent', 'Manufacturer', 'SMBIOSBIOSVersion', 'BIOSVersion')),
    @('root/cimv2', 'Win32_BaseBoard', @('SerialNumber', 'Manufacturer', 'Product')),
    @('root/cimv2', 'Win32_SystemEnclosure', @('ChassisTypes', 'SerialNumber')),
    @('root/cimv2', 'Win32_Processor', @('Name', 'NumberOfCores', 'Architecture')),
    @('root/cimv2', 'Win32_Volume', @('DeviceID', 'DriveLetter', 'Name', 'DriveType', 'FileSystem', 'Label', 'BootVolume', 'SystemVolume', 'Capacity')),
    @('root/SecurityCenter2', 'AntiVirusProduct', @('displayName', 'instanceGuid', 'productState', 'timestamp', 'pathToSignedProductExe', 'pathToSignedReportingExe')),
    @('root/SecurityCenter2', 'FirewallProduct', @('displayName', 'instanceGuid', 'productState', 'pathToSignedProductExe')),
    @('root/Microsoft/Windows/Defender', 'MSFT_MpComputerStatus', @('AMRunningMode', 'AMServiceEnabled', 'AMProductVersion', 'AMEngineVersion', 'AntivirusEnabled', 'RealTimeProtectionEnabled', 'OnAccessProtectionEnabled', 'AntivirusSignatureAge', 'AntivirusSignatureLastUpdated', 'AntivirusSignatureVersion', 'DefenderSignaturesOutOfDate', 'IsTamperProtected', 'IsVirtualMachine')),
    @('root/cimv2', 'Win32_Service', @('Name', 'State', 'StartMode', 'PathName')),
    @('root/StandardCimv2', 'MSFT_NetConnectionProfile', @('InterfaceAlias', 'NetworkCategory')),
    @('root/Microsoft/Windows/Storage', 'MSFT_PhysicalDisk', @('FriendlyName', 'Model', 'SerialNumber', 'MediaType', 'BusType', 'Size')),
    @('root/Microsoft/Windows/Storage', 'MSFT_Disk', @('Number', 'BusType', 'IsBoot', 'SerialNumber')),
    @('root/Microsoft/Windows/Storage', 'MSFT_Partition', @('AccessPaths', 'DiskNumber', 'GptType', 'MbrType')),
    @('root/cimv2', 'Win32_DiskDrive', @('Model', 'SerialNumber', 'MediaType', 'InterfaceType', 'Size')),
    @('root/cimv2', 'Win32_NetworkAdapter', @('MACAddress', 'PhysicalAdapter', 'PNPDeviceID'))
)

Say @{ question = 'start'; language = $mode }
Ask 'Win32_EncryptableVolume' { Volumes }
foreach ($class in $classes) { Ask $class[1] { Instances $class[0] $class[1] $class[2] } }
Ask 'MSFT_NetFirewallProfile' {
    Get-NetFirewallProfile -PolicyStore ActiveStore |
        Select-Object -Property @('Name', 'Enabled', 'DefaultInboundAction', 'AllowInboundRules', 'AllowLocalFirewallRules', 'DisabledInterfaceAliases')
}
foreach ($question in @('Microsoft.Update.AutoUpdate', 'Microsoft.Update.Searcher')) {
    if (-not $full) { Say @{ question = $question; error = @{ id = $mode; hresult = ''; message = 'no COM objects' } } }
    elseif ($question -like '*AutoUpdate') { Ask $question { AutoUpdate } }
    else { Ask $question { Updates } }
}
Say @{ question = 'end' }
