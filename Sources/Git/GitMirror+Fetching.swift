internal import Basics
import Glibc

extension GitMirror {
    /// Brings branches and tags to what the remote has; what the remote dropped is dropped here too.
    ///
    /// Rewritten history is an event in the report and no error. Nothing but `refs/heads/*` and `refs/tags/*` is
    /// fetched. A copy that is broken is cloned anew once.
    ///
    /// - Parameter deadline: after which a child process is killed, whatever the remote does.
    /// - Returns: what changed.
    /// - Throws: `GitFault`; what was read before can still be read.
    public func fetch(deadline: Duration) async throws(GitFault) -> GitFetchReport {
        let address = try address.get()
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(cacheDirectory)
        } catch {
            throw .notWritable(cacheDirectory, error.errno)
        }
        let request = try request(address, deadline: deadline)
        // The library makes files of its own.
        defer { FileSystem.takeOwner(below: cacheDirectory) }
        let report: GitFetchReport
        switch (address.kind, transport.executable) {
        case (.local, _), (_, nil):
            report = try await pool.run { () throws(GitFault) in try FetchJob(request, address) { _ in }.run() }
        case (_, let executable?):
            report = try await fetchInChild(executable, request, address)
        }
        tell(report)
        return report
    }

    private func fetchInChild(
        _ executable: String, _ request: FetchRequest, _ address: GitAddress
    ) async throws(GitFault) -> GitFetchReport {
        let time = SystemTime()
        let start = time.uptime
        let outcome = await ChildProcess.run(
            executable, [GitFetchHelper.subcommand], environment: childEnvironment(request),
            input: request.encoded(), outputLimit: 64 << 20, deadline: request.deadline)
        let answer = FetchAnswer(outcome.output, duration: time.uptime - start)
        if let result = answer.result { return try result.get() }
        if outcome.timedOut {
            if answer.stage == .lock { throw .busy(request.directory + ".lock") }
            throw .deadline(address, answer.stage, request.deadline)
        }
        if outcome.cancelled {
            throw GitFault(.cancelled, "the fetch was cancelled", place: address.display)
        }
        if let number = outcome.spawnError {
            throw GitFault(
                .helperFailed, "the process that fetches can't be started: \(String(cString: strerror(number)))",
                place: executable, hint: "see that the program is still there: ls -l \(executable.shellQuoted)")
        }
        let ending = outcome.signal.map { "by signal \($0)" } ?? "with status \(outcome.status ?? -1)"
        let said = address.redact(String(decoding: outcome.errorOutput.prefix(400), as: UTF8.self)).trimmed
        throw GitFault(
            .helperFailed,
            "the process that fetches ended \(ending) and gave no answer" + (said.isEmpty ? "" : ": \(said)"),
            place: address.display, hint: "see whether git can fetch it: \(address.probe)")
    }

    /// Everything that the network part needs; secrets are looked up now and forgotten with the request.
    private func request(_ address: GitAddress, deadline: Duration) throws(GitFault) -> FetchRequest {
        var request = FetchRequest(
            url: address.connect, directory: directory, home: directory + ".home", deadline: deadline)
        switch credential?.kind {
        case .token(let user, let token)?:
            request.user = user
            request.token = try value(of: token, "token")
        case .sshKey(let key, let passphrase)?:
            // OpenSSL's reader wants the newline at the end that a reference's value doesn't keep.
            let text = try value(of: key, "ssh key")
            request.key = text.reveal { Secret($0 + "\n") }
            if case .file(let path) = key { request.keyFile = path }
            if let passphrase { request.passphrase = try value(of: passphrase, "passphrase of the ssh key") }
            let fault = text.reveal {
                GitFault.unusableKey(
                    PrivateKeyText($0), at: key, hasPassphrase: passphrase != nil,
                    setting: credential?.setting.map { $0 + "." } ?? "", place: displayURL)
            }
            if address.kind == .ssh, let fault { throw fault }
        case GitCredential.Kind.none?, nil:
            request.hasAgent = environment["SSH_AUTH_SOCK"] != nil
        }
        guard address.kind == .ssh else { return request }
        let own = cacheDirectory + "/known_hosts"
        let file = credential?.knownHosts ?? environment["HOME"].map { $0 + "/.ssh/known_hosts" }
        let lists = [file, "/etc/ssh/ssh_known_hosts", own].compactMap { $0 }
        request.knownHosts = lists.compactMap { try? FileSystem.read($0, limit: 8 << 20) }
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        request.knownHostsFile = file?.shellQuoted ?? request.knownHostsFile
        if credential?.acceptsNewHosts == true { request.newHostsFile = own }
        return request
    }

    private func value(of reference: SecretReference, _ what: String) throws(GitFault) -> Secret {
        if let value = reference.resolve(in: environment) { return value }
        let hint =
            switch reference {
            case .environment(let name): "set \(name) in the environment of this program"
            case .file(let path): "put it into \(path), readable by this user only: chmod 600 \(path.shellQuoted)"
            }
        throw GitFault(
            .credentialMissing, "the \(what) at \(reference) is missing or empty", place: displayURL, hint: hint)
    }

    /// A few variables that say how to get out of this machine, and nothing else.
    private func childEnvironment(_ request: FetchRequest) -> [String: String] {
        var result = ["HOME": request.home, "PATH": "/usr/bin:/bin"]
        for name in [
            "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE",
            "SSL_CERT_DIR", "LD_LIBRARY_PATH",
        ] { result[name] = environment[name] }
        if request.hasAgent { result["SSH_AUTH_SOCK"] = environment["SSH_AUTH_SOCK"] }
        return result
    }

    private func tell(_ report: GitFetchReport) {
        if report.isRecloned {
            log.warning(
                "the git cache was broken and was cloned anew", ["git.url": displayURL, "git.cache": directory])
        }
        if report.isBorrowing {
            log.warning("the git source lacks objects and is read in place", ["git.url": displayURL])
        }
        for change in report.forced {
            log.warning(
                "git history was rewritten",
                [
                    "git.url": displayURL, "git.\(change.kind.rawValue)": change.name, "git.old": change.old ?? "",
                    "git.new": change.new ?? "",
                ])
        }
    }
}
