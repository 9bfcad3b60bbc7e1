import Basics
import DesiredState
import Testing

/// Each fault is told once, at its line, and makes nothing unknown but what it touches.
@Suite struct FaultTests {
    @Test(
        arguments: FaultCase.policies + FaultCase.inventory + FaultCase.records + FaultCase.environments
            + FaultCase.runtimes
            + FaultCase.catalogues + FaultCase.files + FaultCase.platforms + FaultCase.secrets + FaultCase.mail
            + FaultCase.names
            + FaultCase.chores + FaultCase.contracts)
    func aFaultStaysWhereItIs(_ fault: FaultCase) {
        let state = fault.state
        let found = state.diagnostics.map { diagnostic in
            "\(diagnostic.severity.rawValue) \(diagnostic.code) "
                + (diagnostic.mark.map { "\($0.line):\($0.column)" } ?? "-")
        }
        #expect(found == fault.faults, "\(state.diagnostics.map(\.message))")
        #expect(state.scopes == fault.scopes)
        #expect(state.diagnostics.allSatisfy { $0.hint?.isEmpty == false })
        // What is unknown names a diagnostic that is there, or a missing configuration.
        let codes = Set(state.diagnostics.map(\.code) + ["SSOT-0041", "SSOT-0042"])
        #expect(state.unknown.allSatisfy { codes.contains($0.code) })
    }
}
