public import Basics
public import DesiredState
public import Formats

extension GateResult {
    /// The result as JSON, with everything that was found.
    public var value: Value {
        .object([
            "gate": .string(name), "title": .string(title), "verdict": .string(verdict.rawValue),
            "exit_status": .int(Int64(exitStatus)), "why": .string(why), "codes": .strings(codes),
            "required_at": .strings(requiredAt.map(\.description)),
            "findings": .list(findings.map { PlanDocument.json($0) }),
        ])
    }
}

extension Sequence<GateResult> {
    /// How many passed, failed, are unknown and were not asked:
    /// `{"pass": 3, "fail": 1, "unknown": 2, "not_asked": 0}`.
    public var summary: Value {
        var counts = Value.Object()
        for verdict in GateResult.Verdict.allCases {
            counts[verdict.rawValue] = .int(Int64(self.count { $0.verdict == verdict }))
        }
        return .object(counts)
    }

    /// What was found, for a report beside the lines of a change: what has a place there, and every violation.
    public var annotations: [Diagnostic] {
        flatMap(\.findings).filter { $0.mark != nil || $0.severity == .error }.sorted()
    }
}
