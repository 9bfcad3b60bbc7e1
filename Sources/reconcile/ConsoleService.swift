import Basics
import ConsoleAccess
import ConsolePages
import DesiredState
import Reconciler
import Store

/// The console of `reconcile run`, put together.
enum ConsoleService {
    static func pages(
        _ composition: Composition, _ service: Service, _ knowledge: Knowledge, _ access: AccessControl,
        _ schedules: ScheduleService, _ environment: [String: String]
    ) -> ConsolePages {
        let configuration = composition.configuration
        return ConsolePages(
            access: access, store: composition.store, evidence: composition.reconciler.evidence,
            reconciler: composition.reconciler,
            knowledge: knowledge, facts: facts(configuration, composition.store.place, environment),
            metrics: composition.metrics, time: SystemTime()
        ) {
            let status = service.currentStatus
            var loop = ConsoleFacts.Loop()
            loop.isRunning = status.isRunning
            loop.passes = status.passes
            loop.failures = status.failures
            loop.nextPassAt = status.nextPassAt
            loop.lastFault = status.lastFault.map { "\($0.code): \($0.message)" }
            return loop
        } schedules: {
            schedules.jobs()
        }
    }

    /// What the settings page shows: no value of a secret, only whether its reference leads to one.
    private static func facts(
        _ configuration: Configuration, _ place: String, _ environment: [String: String]
    ) -> ConsoleFacts {
        var facts = ConsoleFacts()
        facts.address = "\(configuration.listenAddress):\(configuration.listenPort)"
        facts.storePlace = place
        facts.providers = configuration.providers.keys.sorted { $0.precedesByBytes($1) }
        let desired = [
            ("repository", configuration.ssot.map { GitAddressText.shown($0.url) } ?? "none"),
            ("ref", configuration.ref),
            ("roots", configuration.roots.joined(separator: ", ")),
            ("application", configuration.application.map { GitAddressText.shown($0.url) } ?? "none"),
        ]
        let running = [
            ("listen", facts.address), ("address", configuration.address ?? "none"),
            ("interval", configuration.interval.shortText),
            ("concurrency", "\(configuration.concurrency)"), ("store", place),
            ("state directory", configuration.stateDirectory),
        ]
        facts.settings += desired.map { ConsoleFacts.Setting("Desired state", $0.0, $0.1) }
        facts.settings += running.map { ConsoleFacts.Setting("This service", $0.0, $0.1) }
        var references: [(String, SecretReference?)] = [("hook_secret", configuration.hookSecret)]
        if let tls = configuration.tls {
            facts.scheme = "https"
            facts.settings.append(ConsoleFacts.Setting("This service", "certificate", tls.certificate))
            references.append(("tls.key", tls.key))
        }
        for name in facts.providers {
            guard let provider = configuration.providers[name] else { continue }
            facts.settings.append(ConsoleFacts.Setting("Providers", name, provider.apiURL))
            references.append((name, provider.credential))
            for (key, reference) in provider.secrets.sorted(by: { $0.key.precedesByBytes($1.key) })
            where reference != provider.credential {
                references.append(("\(name) \(key)", reference))
            }
        }
        for (provider, reference) in configuration.hookSecrets.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            references.append(("hooks.\(provider.rawValue)", reference))
        }
        facts.secrets = references.map { name, reference in
            ConsoleFacts.Presence(
                name, reference: reference.map { "\($0)" }, isPresent: reference?.resolve(in: environment) != nil)
        }
        return facts
    }
}

/// Addresses of repositories, fit to be shown.
enum GitAddressText {
    /// Without a user and a password.
    static func shown(_ address: String) -> String {
        guard let scheme = address.firstRange(of: "://") else { return address }
        let rest = address[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        guard let at = host.lastIndex(of: "@") else { return address }
        return String(address[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }
}
