import Basics
import DesiredState
import Diff
import Drivers
import HTTPClient
import Store

extension Reconciler {
    /// Holds whom the credentials lead to against whom they led to before.
    ///
    /// Only those are asked of which something is wanted, remembered or open.
    ///
    /// - Returns: the same reconciler, but that a provider shows nothing whose credential leads elsewhere, or doesn't tell.
    /// - Throws: `StoreFault`.
    func weighAccounts(
        _ desired: DesiredState, _ inventory: Inventory, open: [JournalEntry] = [], runID: String,
        priority: RequestPriority = .person, _ grounds: inout Grounds
    ) async throws(StoreFault) -> Reconciler {
        var kinds = Set(desired.resources.lazy.map(\.key.kind))
        kinds.formUnion(inventory.entries.lazy.map(\.key.kind))
        kinds.formUnion(open.lazy.map(\.key.kind))
        let concerned = Set(kinds.map(\.provider))
        let telling = drivers.compactMap { $0 as? any AccountTelling }.filter { concerned.contains($0.provider) }
        guard !telling.isEmpty else { return self }
        let context = context(of: runID, priority)
        let answers = await telling.mapBounded(limit: min(telling.count, concurrency)) { await $0.account(context) }
        var reasons: [String: String] = [:]
        for (driver, answer) in zip(telling, answers) {
            switch answer {
            case .success(let account?): grounds.found.accounts[driver.provider] = account
            case .success(nil): grounds.found.untold.insert(driver.provider)
            case .failure(let fault):
                // Where nothing is remembered there is nothing to hold it against.
                guard grounds.remembered.accounts[driver.provider] != nil else { continue }
                reasons[driver.provider] = "whom its credential leads to couldn't be read: \(fault.reason)"
                grounds.silences.append("\(driver.provider): \(fault.reason)")
            }
        }
        if let departure = try await grounds.weigh(.accounts, store) {
            for driver in telling {
                if let doubt = departure.doubt(of: driver.provider) { reasons[driver.provider] = doubt }
            }
        }
        return reasons.isEmpty ? self : withholding(reasons)
    }
}

extension Pass {
    /// Weighs what is left to weigh before anything is observed, and says what is another than it was.
    mutating func stand(
        on grounds: inout Grounds, _ desired: DesiredState, _ inventory: Inventory, _ open: [JournalEntry],
        _ priority: RequestPriority
    ) async throws {
        reconciler = try await reconciler.weighAccounts(
            desired, inventory, open: open, runID: run.id, priority: priority, &grounds)
        tellDepartures(grounds)
        self.grounds = grounds
    }
}
