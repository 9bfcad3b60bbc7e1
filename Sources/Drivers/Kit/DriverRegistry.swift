public import DesiredState
public import Diff

/// The drivers of a run, one a provider.
public struct DriverRegistry: Sendable {
    /// Sorted by provider.
    public let drivers: [any Driver]

    /// - Parameter drivers: of several drivers of one provider the first counts.
    public init(_ drivers: [any Driver]) {
        var seen: Set<String> = []
        self.drivers = drivers.filter { seen.insert($0.provider).inserted }
            .sorted { $0.provider.precedesByBytes($1.provider) }
    }

    /// The driver of a provider.
    public subscript(provider: String) -> (any Driver)? { drivers.first { $0.provider == provider } }

    /// The driver that owns a kind.
    public func driver(for kind: ResourceKind) -> (any Driver)? {
        drivers.first { driver in driver.schemas.contains { $0.kind == kind } }
    }

    /// Every schema by its kind.
    public var schemas: [ResourceKind: KindSchema] {
        Dictionary(drivers.flatMap(\.schemas).map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Driver versions by provider, for the fingerprint of a plan.
    public var versions: [String: String] {
        Dictionary(drivers.map { ($0.provider, $0.version) }, uniquingKeysWith: { first, _ in first })
    }
}
