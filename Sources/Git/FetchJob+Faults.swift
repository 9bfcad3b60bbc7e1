internal import Basics
internal import CGit2

extension FetchJob {
    /// Makes sense of what the library said, with the address and the stage in mind.
    func fault(of error: LibraryError) -> GitFault {
        if let fault = callbacks.fault { return fault }
        let said = address.redact(error.message)
        func fault(_ cause: GitFault.Cause, _ message: String, hint: String) -> GitFault {
            GitFault(cause, message, place: address.display, hint: hint)
        }
        let message = said.lowercased()
        if message.contains("no space left") || message.contains("read-only file system")
            || (message.contains(request.directory.lowercased())
                && ["permission denied", "failed to create", "failed to make", "failed to open"].contains(
                    where: message.contains))
        {
            return .notWritable(request.directory, said)
        }
        switch address.kind {
        case .local(let path):
            guard stage == .connect else { break }
            return localFault(path, said)
        case .http:
            if let fault = httpFault(error, message) { return fault }
        case .ssh:
            if let fault = sshFault(error, message) { return fault }
        }
        if stage == .write
            || error.isFrom(GIT_ERROR_ODB, GIT_ERROR_ZLIB, GIT_ERROR_OBJECT, GIT_ERROR_TREE, GIT_ERROR_REFERENCE)
        {
            return GitFault(
                .cacheCorrupted, "the repository's cache can't be used: \(said)", place: request.directory,
                hint:
                    "it is cloned anew at the next fetch; if that doesn't help: rm -r \(request.directory.shellQuoted)")
        }
        return fault(.unreachable, "the fetch failed: \(said)", hint: address.probe)
    }

    private func localFault(_ path: String, _ said: String) -> GitFault {
        if !FileSystem.exists(path) {
            return GitFault(
                .notARepository, "there is nothing at this path", place: path,
                hint: "name the directory of a git repository, or an address such as https://host/path.git")
        }
        if !FileSystem.isDirectory(path) {
            return GitFault(
                .notARepository, "this is a file and not a repository", place: path,
                hint: "if it is a bundle: git clone --mirror \(path.shellQuoted) ssot.git")
        }
        if said.contains("objectformat") || said.contains("object format") {
            return GitFault(
                .notARepository, "this repository names its objects by SHA-256, which is not supported", place: path,
                hint: "make a copy that uses SHA-1: git fast-export --all into a new repository")
        }
        if let top = repositoryTop(above: path), path.hasPrefix(top + "/") {
            return GitFault(
                .notARepository, "this directory is inside a repository and not its top", place: path,
                hint: "the repository begins at \(top): name that, and \(path.dropFirst(top.count + 1)) as a root")
        }
        return GitFault(
            .notARepository, "this directory can't be read as a git repository: \(said)", place: path,
            hint: "see what git says: git -C \(path.shellQuoted) rev-parse --git-dir")
    }

    private func repositoryTop(above path: String) -> String? {
        var opened: OpaquePointer?
        guard git_repository_open_ext(&opened, path, 0, nil) == 0 else { return nil }
        defer { git_repository_free(opened) }
        return git_repository_workdir(opened).map { String(cString: $0) }.map { text in
            text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }

    private func httpFault(_ error: LibraryError, _ message: String) -> GitFault? {
        let probe = "curl -sSI \((address.display + "/info/refs?service=git-upload-pack").shellQuoted)"
        func fault(_ cause: GitFault.Cause, _ text: String, hint: String) -> GitFault {
            GitFault(cause, text, place: address.display, hint: hint)
        }
        if let code = message.split(separator: " ").last.flatMap({ Int($0) }), message.contains("status code") {
            switch code {
            case 401, 403:
                return fault(
                    .wrongCredential, "the remote answers \(code): the credential is wrong or may not read this",
                    hint: callbacks.wrongCredential.hint ?? probe)
            case 404, 410:
                return fault(
                    .notARepository,
                    "the remote answers \(code): there is no such repository, or the credential may not see it",
                    hint: "look at the address and at the credential: \(probe)")
            default:
                return fault(.unreachable, "the remote answers \(code)", hint: probe)
            }
        }
        if error.status == GIT_ECERTIFICATE.rawValue || message.contains("certificate") { return .certificate(address) }
        if error.status == GIT_EAUTH.rawValue || message.contains("authentication") { return callbacks.wrongCredential }
        if message.contains("invalid content-type") || message.contains("invalid content type") {
            return fault(
                .notARepository, "the remote answers with a page and not as a git server",
                hint: "look at the address: \(probe)")
        }
        if error.isFrom(GIT_ERROR_NET, GIT_ERROR_HTTP, GIT_ERROR_OS, GIT_ERROR_SSL) {
            return fault(.unreachable, "the remote can't be reached: \(address.redact(error.message))", hint: probe)
        }
        return nil
    }

    private func sshFault(_ error: LibraryError, _ message: String) -> GitFault? {
        let probe = address.probe
        if message.contains("does not appear to be a git repository") || message.contains("not found")
            || message.contains("does not exist") || message.contains("no such file")
        {
            return GitFault(
                .notARepository, "the remote has no such repository: \(address.redact(error.message))",
                place: address.display, hint: "look at the path in the address: \(probe)")
        }
        if message.contains("failed to resolve") || message.contains("failed to connect") {
            return GitFault(
                .unreachable, "the remote can't be reached: \(address.redact(error.message))", place: address.display,
                hint: "nc -vz \(address.host) \(address.effectivePort)")
        }
        if error.status == GIT_EAUTH.rawValue || message.contains("authenticat") || message.contains("callback")
            || message.contains("unable to extract public key") || message.contains("private key")
        {
            // Where libssh2 has no words, the library's end with a colon.
            let said = address.redact(error.message)
            return GitFault(
                .wrongCredential,
                "the remote refused the key, or the key can't be used: \(said.hasSuffix(":") ? said.dropLast() : said[...])",
                place: address.display, hint: callbacks.wrongCredential.hint)
        }
        if message.contains("hostkey") {
            return GitFault(
                .hostKeyUnknown, "the host shows no key of a kind that is in known_hosts", place: address.display,
                hint: "ssh-keyscan -p \(address.effectivePort) \(address.host) >> \(request.knownHostsFile)"
                    + GitFault.comparison)
        }
        if error.isKeyExchange { return keyExchangeFault }
        if error.isFrom(GIT_ERROR_NET, GIT_ERROR_SSH, GIT_ERROR_OS) {
            return GitFault(
                .unreachable, "the connection failed: \(address.redact(error.message))", place: address.display,
                hint: probe)
        }
        return nil
    }
}
