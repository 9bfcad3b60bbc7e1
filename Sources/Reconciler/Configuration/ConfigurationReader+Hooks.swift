import Basics

extension ConfigurationReader {
    /// What is said of the hooks of providers.
    ///
    /// A reference that is named counts, wherever it leads; the variable that a provider's other tools know counts only
    /// where it is set.
    func readHooks(into configuration: inout Configuration) throws(ConfigurationFault) {
        for provider in HookProvider.allCases {
            var reference = try reference("hooks.\(provider.rawValue)")
            // The one that hooks which we create sign with.
            if reference == nil, provider == .github {
                reference = try self.reference("providers.github.webhook_secret")
            }
            if reference == nil, environment[provider.variable]?.isEmpty == false {
                reference = .environment(provider.variable)
            }
            configuration.hookSecrets[provider] = reference
        }
        if let interval = try duration("hooks.poll_interval", at: 60...86_400) {
            configuration.hookPollInterval = interval
        }
        guard let names = try text("hooks.repositories") else { return }
        for name in names.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) {
            guard name.split(separator: "/", omittingEmptySubsequences: false).count == 2, !name.hasPrefix("/"),
                !name.hasSuffix("/")
            else {
                throw fault(
                    "CONF-0014", "\(name) is no name of a GitHub repository", "hooks.repositories",
                    hint: "Write owner/name, and commas between several.")
            }
            configuration.hookRepositories.append(name)
        }
    }
}
