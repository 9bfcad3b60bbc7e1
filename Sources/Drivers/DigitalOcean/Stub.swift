internal import Basics
public import DesiredState
public import Diff
public import Drivers

extension DigitalOceanDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        request.kinds.sorted().map {
            ObservedKind(kind: $0, completeness: .unknown(reason: "not written yet"), resources: [])
        }
    }

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        .failed(notYet)
    }

    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome { .unknown(notYet) }

    private var notYet: ProviderFault {
        ProviderFault(
            provider: provider, operation: "", code: "DO-0000", message: "not written yet", place: nil,
            disposition: .stop)
    }
}
