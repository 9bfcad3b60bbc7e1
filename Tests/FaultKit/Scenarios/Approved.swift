import Basics
import Diff
import Formats
import Store

extension Scenario {
    /// A machine is to be replaced: the plan waits, a person approves it, and the next pass does it.
    static let approved = Scenario(
        name: "approved",
        inputs: [
            .push("another image", Wish(image: "ubuntu-22-04-x64")),
            Input("approve") { world, work in try await approve(world, work) },
        ],
        // This repository has no history: who sees the commit before finds that the wish was taken back, and with it what was
        // approved. One with a history tells that the commit is older (`StoredApprovalTests`).
        excluded: [.staleSource])

    /// A plan is approved, and the wish moves before anybody could act on it: nothing may come of the approval.
    static let approvedTooLate = Scenario(
        name: "approved-too-late",
        inputs: [
            .push("another image", Wish(image: "ubuntu-22-04-x64")),
            Input("approve and change") { world, work in
                world.repository.push(Wish(size: "s-2vcpu-4gb", image: "debian-12-x64").tree)
                // Where no pass has planned it, nobody can approve it any more.
                do { try await approve(world, work) } catch is NotYet {}
            },
        ],
        // Who sees the commit before sees exactly what was approved.
        excluded: [.staleSource])

    /// As the command does it: from the document that the store kept.
    private static func approve(_ world: Installation, _ work: Work) async throws {
        for run in try await work.store.runs(limit: 5) {
            guard let document = try await work.store.plan(ofRun: run.id) else { continue }
            let waiting = try PlanDocument.parse(document).changes.filter { change in
                change.verdict == .needsApproval
                    && change.attributes.contains { $0.after?.stringValue == "ubuntu-22-04-x64" }
            }
            guard !waiting.isEmpty else { continue }
            _ = try await work.store.grant(
                waiting.map { change in
                    ApprovalRecord(
                        runID: run.id, key: change.key, action: change.action.rawValue, change: change.approvalDigest,
                        approvedBy: "ada", createdAt: world.time.now, expiresAt: world.time.now + .hours(8))
                })
            return
        }
        throw NotYet()
    }
}
