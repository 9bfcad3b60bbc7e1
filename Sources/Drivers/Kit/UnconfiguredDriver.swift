internal import Basics
public import DesiredState
public import Diff

/// Stands in for a provider that can't be reached for want of a credential, or whose credential may lead to another's account:
/// all its kinds are unknown, never absent.
public struct UnconfiguredDriver: Driver {
    public let provider: String
    public let schemas: [KindSchema]
    /// What is missing, and how to give it.
    public let reason: String

    public init(provider: String, schemas: [KindSchema], reason: String) {
        self.provider = provider
        self.schemas = schemas
        self.reason = reason
    }

    public var version: String { "unconfigured" }

    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        schemas.map(\.kind).filter(request.kinds.contains).sorted().map {
            ObservedKind(kind: $0, completeness: .unknown(reason: reason), resources: [])
        }
    }

    public func steps(for change: PlannedChange) -> [Step] { [] }

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        .failed(fault(step.operation))
    }

    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome { .unknown(fault("look")) }

    private func fault(_ operation: String) -> ProviderFault {
        ProviderFault(
            provider: provider, operation: operation, code: "PROVIDER-0001",
            message: "the provider has no credential: \(reason)", place: nil,
            hint: "set the credential and run `reconcile doctor`", disposition: .stop)
    }
}
