internal import Basics
internal import CGit2
import Glibc

/// What libgit2 asks and tells during a fetch; one thread uses it.
final class FetchCallbacks {
    let request: FetchRequest
    let address: GitAddress
    /// An instant of the monotonic clock.
    let end: Duration
    private let knownHosts: KnownHosts
    /// Why a callback refused; it says more than what libgit2 makes of the refusal.
    private(set) var fault: GitFault?
    private(set) var receivedObjects = 0
    private(set) var receivedBytes = 0
    private var hasOfferedCredential = false

    init(_ request: FetchRequest, _ address: GitAddress, end: Duration) {
        self.request = request
        self.address = address
        self.end = end
        knownHosts = KnownHosts(request.knownHosts)
    }

    /// The callbacks, with an unretained pointer to this object: it has to outlive their use.
    func table() -> git_remote_callbacks {
        var table = git_remote_callbacks()
        git_remote_init_callbacks(&table, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        table.payload = Unmanaged.passUnretained(self).toOpaque()
        table.sideband_progress = { _, _, payload in FetchCallbacks.from(payload)?.goOn() ?? -1 }
        table.transfer_progress = { progress, payload in
            guard let state = FetchCallbacks.from(payload), let progress else { return -1 }
            state.receivedObjects = Int(progress.pointee.received_objects)
            state.receivedBytes = progress.pointee.received_bytes
            return state.goOn()
        }
        table.credentials = { out, url, user, allowed, payload in
            FetchCallbacks.from(payload)?.credential(
                out, url.map { String(cString: $0) }, user.map { String(cString: $0) }, allowed) ?? -1
        }
        table.certificate_check = { certificate, isValid, _, payload in
            FetchCallbacks.from(payload)?.checkCertificate(certificate, isValid != 0) ?? -1
        }
        return table
    }

    private static func from(_ payload: UnsafeMutableRawPointer?) -> FetchCallbacks? {
        payload.map { Unmanaged<FetchCallbacks>.fromOpaque($0).takeUnretainedValue() }
    }

    private func goOn() -> CInt {
        guard SystemTime().uptime >= end else { return 0 }
        return refuse(.deadline(address, .download, request.deadline))
    }

    private func refuse(_ fault: GitFault) -> CInt {
        self.fault = fault
        return GIT_EUSER.rawValue
    }

    /// Forgets what an earlier connection of the same fetch came to.
    func beginConnection() {
        fault = nil
        hasOfferedCredential = false
    }

    /// Remembers why the fetch can't go on.
    func fail(_ fault: GitFault) { self.fault = fault }

    // MARK: Credentials

    private func credential(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ url: String?, _ userInURL: String?,
        _ allowed: UInt32
    ) -> CInt {
        func allows(_ type: git_credential_t) -> Bool { allowed & type.rawValue != 0 }
        let user = request.user ?? userInURL ?? address.user ?? "git"
        if allows(GIT_CREDENTIAL_USERNAME) { return git_credential_username_new(out, user) }
        guard isSameServer(url) else {
            return refuse(
                GitFault(
                    .wrongCredential, "the remote redirects to another server, which is not shown the credential",
                    place: address.display, hint: "give the address that it leads to: curl -sSI \(address.display)"))
        }
        guard !hasOfferedCredential else { return refuse(wrongCredential) }
        hasOfferedCredential = true
        if allows(GIT_CREDENTIAL_USERPASS_PLAINTEXT), let token = request.token {
            guard case .http(let secure) = address.kind, secure || isLoopback else { return refuse(plainTextToken) }
            return token.reveal { git_credential_userpass_plaintext_new(out, user, $0) }
        }
        if allows(GIT_CREDENTIAL_SSH_KEY) {
            if let key = request.key {
                return key.reveal { key in
                    guard let passphrase = request.passphrase else {
                        return git_credential_ssh_key_memory_new(out, user, nil, key, nil)
                    }
                    return passphrase.reveal { git_credential_ssh_key_memory_new(out, user, nil, key, $0) }
                }
            }
            if request.hasAgent { return git_credential_ssh_key_from_agent(out, user) }
        }
        return refuse(
            GitFault(
                .wrongCredential, "the remote wants a credential and none of the kind it takes was given",
                place: address.display,
                hint: address.kind == .ssh
                    ? "give the repository an ssh key: file:/path/of/key"
                    : "give the repository a user name and a token: env:NAME or file:/path"))
    }

    /// After a redirect libgit2 asks on behalf of the server that it was led to.
    private func isSameServer(_ url: String?) -> Bool {
        guard case .http(let isSecure) = address.kind else { return true }
        guard let url, let asking = try? GitAddress(url, currentDirectory: "/"),
            case .http(let asksSecurely) = asking.kind
        else { return false }
        if isSecure, !asksSecurely { return false }
        return asking.host.lowercased() == address.host.lowercased()
            && (asking.effectivePort == address.effectivePort || asksSecurely && !isSecure && asking.port == nil)
    }

    private var isLoopback: Bool { ["localhost", "127.0.0.1", "::1"].contains(address.host) }

    private var plainTextToken: GitFault {
        GitFault(
            .wrongCredential, "a token is not sent over http://, where everybody on the way can read it",
            place: address.display, hint: "use https://")
    }

    var wrongCredential: GitFault {
        GitFault(
            .wrongCredential, "the remote refused the credential", place: address.display,
            hint: address.kind == .ssh
                ? sshHint : "see whether the token is still valid and may read this repository, then renew it")
    }

    private var sshHint: String {
        let key = request.key.map { $0.reveal { PrivateKeyText($0) } }
        let file = request.keyFile?.shellQuoted ?? "KEY"
        let test =
            "ssh \(request.key == nil ? "" : "-i \(file) -o IdentitiesOnly=yes ")-p \(address.effectivePort) "
            + "\(address.user ?? "git")@\(address.host)"
        let remark =
            switch key?.isRSA {
            case true?: "; this is an RSA key, which current servers refuse from libssh2: use ed25519"
            case false?: ""
            case nil: "; RSA keys are refused by current servers, use ed25519"
            }
        return (key?.form == .locked ? "see whether the passphrase opens the key: ssh-keygen -y -f \(file); then " : "")
            + "see whether the key opens the host: \(test)\(remark)"
    }

    // MARK: Certificates and host keys

    private func checkCertificate(_ certificate: UnsafeMutablePointer<git_cert>?, _ isValid: Bool) -> CInt {
        guard let certificate else { return -1 }
        guard certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            guard !isValid else { return 0 }
            return refuse(.certificate(address))
        }
        let shown = UnsafeRawPointer(certificate).assumingMemoryBound(to: git_cert_hostkey.self).pointee
        guard shown.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0, let start = shown.hostkey else {
            return refuse(
                GitFault(.hostKeyUnknown, "the host's key can't be read", place: address.display, hint: address.probe))
        }
        let key = [UInt8](UnsafeRawBufferPointer(start: start, count: shown.hostkey_len))
        return checkHostKey(key)
    }

    private func checkHostKey(_ key: [UInt8]) -> CInt {
        let (host, port) = (address.host, address.effectivePort)
        let name = KnownHosts.name(host: host, port: port)
        let file = request.knownHostsFile
        let fingerprint = KnownHosts.fingerprint(key)
        switch knownHosts.verdict(host: host, port: port, key: key) {
        case .known:
            return 0
        case .unknown:
            if let newHosts = request.newHostsFile, let line = KnownHosts.line(host: host, port: port, key: key) {
                return append(line, to: newHosts) ? 0 : refuse(.notWritable(newHosts, errno))
            }
            return refuse(
                GitFault(
                    .hostKeyUnknown, "the key of \(name) is not in known_hosts; it is \(fingerprint)",
                    place: address.display,
                    hint: "ssh-keyscan -p \(port) \(host) >> \(file)" + GitFault.comparison))
        case .changed, .revoked:
            return refuse(
                GitFault(
                    .hostKeyChanged,
                    "the key of \(name) is not the one in known_hosts; it is \(fingerprint): "
                        + "somebody may be in between, or the host has a new key",
                    place: address.display,
                    hint: "ask the host's owner; if the key is new: ssh-keygen -f \(file) -R \(name.shellQuoted) && "
                        + "ssh-keyscan -p \(port) \(host) >> \(file)"))
        }
    }

    private func append(_ line: String, to file: String) -> Bool {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(line.utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count
    }
}

extension GitFault {
    static func certificate(_ address: GitAddress) -> GitFault {
        GitFault(
            .certificateRefused,
            "the certificate of \(address.host) is not valid for it, or nobody trusted vouches for it",
            place: address.display,
            hint: "openssl s_client -connect \(address.host):\(address.effectivePort) -servername \(address.host); "
                + "name an authority of your own with SSL_CERT_FILE=/path")
    }
}
