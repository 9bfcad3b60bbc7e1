import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

/// What a service can't look after for the lack of a credential, and another of its store can.
extension Service {
    private static let lacksKey = "service.lacks"

    /// The kinds that the last commit wants and that nobody looks after here.
    private var lacking: Set<String> {
        var absent = Set(reconciler.silent.keys)
        for driver in reconciler.drivers where driver is UnconfiguredDriver {
            absent.formUnion(driver.schemas.map(\.kind))
        }
        guard !absent.isEmpty, let desired = reconciler.latestDesired else { return [] }
        return Set(desired.resources.lazy.map(\.key.kind).filter(absent.contains).map(\.name))
    }

    /// Says what is lacking here, and whether a service is there that lacks less of it, and nothing else.
    ///
    /// Of two that each lack something else none has less: both keep their share.
    func lacksMoreThanOthers() async throws(StoreFault) -> Bool {
        let (holder, lacking) = (reconciler.holder, lacking)
        let known = Self.lacks(try await reconciler.store.bookmark(Self.lacksKey))
        if lacking.isEmpty, known[holder]?.isEmpty == true { return false }
        let standing = try await reconciler.store.shardStanding()
        if known[holder] != lacking {
            let services = Set(standing.services.map(\.holder))
            try await reconciler.store.changeBookmark(Self.lacksKey) { stored in
                var all = Self.lacks(stored).filter { services.contains($0.key) }
                all[holder] = lacking
                var value = Value.Object()
                for (service, kinds) in all.sorted(by: { $0.key.precedesByBytes($1.key) }) {
                    value[service] = .strings(kinds.sorted { $0.precedesByBytes($1) })
                }
                return .object(value)
            }
        }
        guard !lacking.isEmpty else { return false }
        return standing.present(seenFrom: holder).contains { service in
            service.holder != holder && service.failures < Self.failuresToTell
                && known[service.holder]?.isStrictSubset(of: lacking) == true
        }
    }

    private static func lacks(_ value: Value?) -> [String: Set<String>] {
        var lacks: [String: Set<String>] = [:]
        for member in value?.objectValue?.members ?? [] {
            lacks[member.name] = Set((member.value.listValue ?? []).compactMap(\.stringValue))
        }
        return lacks
    }
}
