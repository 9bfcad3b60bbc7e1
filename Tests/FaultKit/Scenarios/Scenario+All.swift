extension Scenario {
    /// Every scenario: a new one is a file beside this, and a line here.
    static let all: [Scenario] = [
        created, guarded, adopted, branch, branchClosed, pullRequest, changed, replaced, thrice, expired, extended,
        approved,
        approvedTooLate,
        rotated,
        moved, damaged, switchedOff, switchedOffLate, twoServices, sharded, handedOver, issues, scheduled, told,
    ]

    static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
