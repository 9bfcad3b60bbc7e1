import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

/// The inventory that others read: `ops.do_droplets`, `ops.do_databases`, `ops.do_firewalls`.
extension Pass {
    private static let ingested: [ResourceKind] = [.droplet, .databaseCluster, .firewall]

    /// Keeps what this pass has seen and made, and once an hour also what no document speaks of.
    ///
    /// It is for people and for the console, and nothing is decided by it: should it fail, the pass has done its work.
    mutating func keepInventory() async {
        guard let observed, let driver = reconciler.drivers.first(where: { $0.provider == "digitalocean" }),
            !(driver is UnconfiguredDriver)
        else { return }
        do {
            var kinds = Self.ingested.compactMap { observed.kinds[$0]?.after(applied.left) }
            let missing = Self.ingested.filter { observed.kinds[$0] == nil }
            if !missing.isEmpty, try await reconciler.store.isIngestDue(at: reconciler.time.now) {
                let context = reconciler.context(of: run.id, options.trigger == .manual ? .person : .resync)
                kinds += await driver.observe(ObserveRequest(kinds: Set(missing)), context)
            }
            guard !kinds.isEmpty else { return }
            let report = try await reconciler.store.ingest(
                kinds, runID: run.id, trigger: options.trigger, startedAt: startedAt, at: reconciler.time.now)
            if report.changed + report.vanished > 0 {
                note(
                    "inventory",
                    [
                        "provider": "digitalocean", "changed": .int(Int64(report.changed)),
                        "vanished": .int(Int64(report.vanished)),
                    ])
            }
        } catch {
            reconciler.log.warning("the inventory could not be kept", ["run.id": run.id, "fault": "\(error)"])
        }
    }

    private static func concernsIntegrations(_ extent: UnknownScope.Extent) -> Bool {
        switch extent {
        case .kind(let kind): kind == .integration
        case .resource(let key): key.kind == .integration
        case .everything: true
        case .environment, .environments: false
        }
    }

    /// Keeps the catalogue of integrations for the console, unless a part of it could not be read.
    func keepCatalogue() async {
        // An index that vanished or that has a fault says nothing of the integrations that it lacks.
        guard let desired, let revision = run.revision, !desired.integrations.isEmpty,
            !desired.unknown.contains(where: { Self.concernsIntegrations($0.extent) })
        else { return }
        do {
            try await reconciler.store.keepIntegrations(desired.integrations, revision: revision)
        } catch {
            reconciler.log.warning("the catalogue could not be kept", ["run.id": run.id, "fault": "\(error)"])
        }
    }
}

extension ObservedState {
    /// The same with what the steps since have made and changed, and without what they have taken away.
    func after(_ left: [ResourceKey: ObservedResource?]) -> ObservedState {
        guard !left.isEmpty else { return self }
        var touched: [ResourceKind: [ResourceKey: ObservedResource?]] = [:]
        for (key, object) in left { touched[key.kind, default: [:]].updateValue(object, forKey: key) }
        return ObservedState(kinds.values.map { kind in touched[kind.kind].map(kind.after) ?? kind })
    }
}

extension ObservedKind {
    /// The same with what the steps since have made and changed, and without what they have taken away.
    func after(_ left: [ResourceKey: ObservedResource?]) -> ObservedKind {
        let own = left.filter { $0.key.kind == kind }
        guard !own.isEmpty else { return self }
        let made = own.values.compactMap { $0 }
        let ids = Set(made.map(\.providerID))
        let kept = resources.filter { own[$0.key] == nil && !ids.contains($0.providerID) }
        return ObservedKind(
            kind: kind, completeness: completeness, gaps: gaps, resources: kept + made, isAside: isAside)
    }
}
