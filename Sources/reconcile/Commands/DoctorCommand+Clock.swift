import Basics
import Reconciler
import Store

extension DoctorCommand {
    /// Whether leases can be judged by this machine's clock, and whether one was written by a clock that was wrong; nothing
    /// where the store is a file of this machine.
    static func clock(_ configuration: Configuration, _ store: Store?) async -> [Check] {
        // What is wrong with the store was told already.
        guard let store, let lead = try? await store.clockLead() else { return [] }
        var checks: [Check] = []
        do throws(StoreFault) {
            try await store.confirmClock(lasting: configuration.lease)
            checks.append(
                Check(
                    name: "clock", state: .ok,
                    detail: lead == .zero ? "that of the store's server" : "\(distance(lead)) the store's server",
                    remedy: nil))
        } catch {
            // By a clock that is wrong nothing can be said of leases.
            return [
                Check(name: "clock", state: .failed, detail: "\(error.code): \(error.message)", remedy: error.hint)
            ]
        }
        let now = SystemTime().now
        for lease in (try? await store.shardStanding().leases) ?? [] {
            let rest = lease.expiresAt - now
            // One that ends later than that counts as over.
            guard rest > configuration.lease + .minutes(1), rest <= .days(1) else { continue }
            checks.append(
                Check(
                    name: "lease \(lease.name)", state: .warning,
                    detail:
                        "held by \(lease.holder) for another \(rest.shortText), longer than lease (\(configuration.lease.shortText)): "
                        + "a clock that was ahead wrote it, or that process has another lease",
                    remedy:
                        "Once that process is surely gone: update ops.leases set holder = '', expires_at = now(), "
                        + "token = token + 1 where name = '\(lease.name)'"))
        }
        return checks
    }

    private static func distance(_ lead: Duration) -> String {
        lead < .zero ? "\((.zero - lead).shortText) behind" : "\(lead.shortText) ahead of"
    }

    /// Whether a login at one service is one at all of them; nil where there is only one.
    static func signingKey(_ configuration: Configuration, _ store: Store?) async -> Check? {
        guard configuration.access.signingKey == nil, let services = try? await store?.shardStanding().shares(),
            services.count > 1
        else { return nil }
        return Check(
            name: "logins", state: .warning,
            detail:
                "\(services.count) services share the store, and access.signing_key is not set here: a login at one may be "
                + "refused by the others",
            remedy:
                "Give all of them the same: openssl rand -hex 32 > FILE; chmod 600 FILE; access.signing_key: 'file:FILE'"
        )
    }
}
