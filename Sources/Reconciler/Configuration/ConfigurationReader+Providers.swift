import Basics

extension ConfigurationReader {
    /// Every provider's account, as far as it is configured.
    func providers() throws(ConfigurationFault) -> [String: Configuration.Provider] {
        var providers: [String: Configuration.Provider] = [:]
        for account in ProviderAccount.all { providers[account.name] = try provider(account) }
        return providers
    }

    private func provider(_ account: ProviderAccount) throws(ConfigurationFault) -> Configuration.Provider {
        let prefix = "providers.\(account.name)"
        var secrets: [String: SecretReference] = [:]
        for secret in account.secrets {
            secrets[secret.key] = try reference("\(prefix).\(secret.key)") ?? .environment(secret.variable)
        }
        var options: [String: String] = [:]
        for option in account.options {
            if let value = try text("\(prefix).\(option.key)") ?? option.fallback { options[option.key] = value }
        }
        return Configuration.Provider(
            name: account.name, secrets: secrets,
            credential: account.secrets.first { !$0.isOptional }.flatMap { secrets[$0.key] },
            apiURL: try address(account, prefix), options: options)
    }

    private func address(_ account: ProviderAccount, _ prefix: String) throws(ConfigurationFault) -> String {
        guard let address = account.address else { return "" }
        let key = "\(prefix).\(address.key)"
        guard let url = try text(key) ?? address.fallback else { return "" }
        let host = url.range(of: "://").map { url[$0.upperBound...].prefix { $0 != "/" } } ?? ""
        let isPlain = url.utf8.allSatisfy { $0 > 32 && $0 < 127 } && !url.contains("?") && !url.contains("#")
        if account.name == "docker" {
            let isSocket = url.hasPrefix("unix:///") && url.utf8.count > 8
            guard isPlain, isSocket || url.hasPrefix("tcp://") && !host.isEmpty, !url.contains("@") else {
                throw fault(
                    "CONF-0009", "the address of \(account.title) can't be \(url)", key,
                    hint: "Write unix:///var/run/docker.sock or tcp://HOST:2376.")
            }
            return url
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), !host.isEmpty, !host.hasPrefix(":"), isPlain else {
            throw fault(
                "CONF-0009", "the address of \(account.title)'s API can't be \(url)", key,
                hint: "Write https://HOST, or http://127.0.0.1:PORT for a simulator on this machine.")
        }
        guard !host.contains("@") else {
            let secret = account.secrets.first?.key ?? "token"
            throw fault(
                "CONF-0006", "the address of \(account.title)'s API holds a credential", key,
                hint: "Take it out; the \(secret) is named by reference: \(prefix).\(secret): env:NAME.")
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}
