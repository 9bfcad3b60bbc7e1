internal import Basics

extension LibraryError {
    /// Whether host and library found no common ground before anybody showed a key; a broken connection is told so too.
    var isKeyExchange: Bool { message.lowercased().contains("unable to exchange encryption keys") }
}

extension FetchJob {
    private var knownKinds: [String] {
        KnownHosts(request.knownHosts).kinds(host: address.host, port: address.effectivePort)
    }

    /// The kind to ask for when the host doesn't offer the best one that is known of it; nil when there is none.
    var nextHostKeyKind: String? {
        guard let offer = hostKeyOffer, let best = knownKinds.first, !offer.kinds.contains(best) else { return nil }
        return knownKinds.first { KnownHosts.usableKinds.contains($0) && offer.kinds.contains($0) }
    }

    /// Why no key was exchanged, as far as the host's offer tells it.
    var keyExchangeFault: GitFault {
        let (host, port) = (address.host, address.effectivePort)
        let name = KnownHosts.name(host: host, port: port)
        func fault(_ cause: GitFault.Cause, _ message: String, hint: String) -> GitFault {
            GitFault(cause, message, place: address.display, hint: hint)
        }
        guard let offer = hostKeyOffer else {
            return fault(
                .unreachable, "the connection broke before \(name) showed a key",
                hint: "see whether it shows one: ssh-keyscan -p \(port) \(host)")
        }
        let shown = offer.kinds.joined(separator: ", ")
        let usable = KnownHosts.usableKinds.filter(offer.kinds.contains)
        let known = knownKinds
        if usable.isEmpty {
            let able = KnownHosts.usableKinds.joined(separator: ", ")
            return fault(
                .hostKeyUnknown,
                "\(name) offers host keys of kinds that libssh2 here can't check: it offers \(shown); "
                    + "libssh2 can check \(able)" + (offer.hasModernRSA ? ", of RSA only that with SHA-1" : ""),
                hint: "let the host's owner add an ed25519 key (on the host: ssh-keygen -A, then restart sshd), "
                    + "or use https://")
        }
        if !known.isEmpty, !known.contains(where: usable.contains) {
            var types: [String] = []
            for kind in usable {
                let type = kind == "ssh-ed25519" ? "ed25519" : kind == "ssh-rsa" ? "rsa" : "ecdsa"
                if types.last != type { types.append(type) }
            }
            let isRSA = known.contains("ssh-rsa") && offer.hasModernRSA
            return fault(
                .hostKeyUnknown,
                "known_hosts has no key of \(name) of a kind that can be used: known_hosts has "
                    + known.joined(separator: ", ") + ", the host offers \(shown)"
                    + (isRSA ? "; libssh2 here takes RSA keys only with SHA-1 (ssh-rsa), which this host refuses" : ""),
                hint: "ssh-keyscan -t \(types.joined(separator: ",")) -p \(port) \(host) >> \(request.knownHostsFile)"
                    + GitFault.comparison)
        }
        return fault(
            .unreachable,
            "\(name) and libssh2 here have no key exchange, cipher or MAC in common, or the connection broke",
            hint: "see what the host offers: ssh -vv -p \(port) \(address.user ?? "git")@\(host)")
    }
}

extension GitFault {
    /// What follows a command that takes a key on trust.
    static let comparison = "  # then compare the fingerprint with the one that the host's owner names"
}
