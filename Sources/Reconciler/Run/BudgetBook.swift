public import Basics
internal import Diff
public import HTTPClient
public import Store

/// The budgets of this process: one for each credential, however many drivers use it.
public final class BudgetBook: Sendable {
    private let store: Store?
    private let time: any TimeSource
    private let holder: String
    private let budgets = Locked<[String: (provider: String, budget: RequestBudget)]>([:])

    /// - Parameters:
    ///   - store: where the processes that use the same credentials meet; nil when this is the only one.
    ///   - time: measures the windows.
    ///   - holder: tells this process from others.
    public init(store: Store?, time: any TimeSource, holder: String = LeaseHolder.current()) {
        self.store = store
        self.time = time
        self.holder = holder
    }

    /// The budget of a credential, the same at each call.
    public func budget(
        provider: String, credential: Secret, _ configuration: RequestBudgetConfiguration
    ) -> RequestBudget {
        let name = StoreBudgetShare.name(provider: provider, credential: credential)
        return budgets.withLock { budgets in
            if let known = budgets[name] { return known.budget }
            let share = store.map { StoreBudgetShare(store: $0, name: name, time: time) }
            let budget = RequestBudget(configuration, time: time, share: share, holder: holder)
            budgets[name] = (provider, budget)
            return budget
        }
    }

    /// Gives back what is reserved and not used, before the store is closed.
    public func giveBack() async {
        for known in budgets.withLock({ Array($0.values) }) { await known.budget.giveBack() }
    }

    /// How long the budgets stretch a plan's requests, by provider; those that are free at once are there with zero.
    ///
    /// A pass that runs by itself leaves people their share of each window, and so waits longer than one by hand.
    public func waits(for requests: [String: Int], in trigger: RunTrigger) -> [String: Duration] {
        let priority = ChangeCause.unappliedCommit.priority(in: trigger)
        var waits: [String: Duration] = [:]
        for (provider, count) in requests {
            waits[provider] = budgets(of: provider).map { $0.wait(for: count, priority) }.max() ?? .zero
        }
        return waits
    }

    /// How the budgets of a provider's credentials stand.
    public func standing(of provider: String) -> [RequestBudgetSnapshot] {
        budgets(of: provider).map { $0.snapshot() }
    }

    /// The wait for a rate limit that lasts longest, by provider; none of those for which nothing waits.
    func waiting() -> [String: RequestBudgetWait] {
        let known = budgets.withLock { Array($0.values) }
        return known.reduce(into: [:]) { waits, known in
            guard let wait = known.budget.waiting(), wait.until > waits[known.provider]?.until ?? .zero else { return }
            waits[known.provider] = wait
        }
    }

    /// How all budgets stand, by provider.
    func standings() -> [String: [RequestBudgetSnapshot]] {
        Dictionary(grouping: budgets.withLock { Array($0.values) }, by: \.provider).mapValues { known in
            known.map { $0.budget.snapshot() }
        }
    }

    private func budgets(of provider: String) -> [RequestBudget] {
        budgets.withLock { $0.values.filter { $0.provider == provider } }.map(\.budget)
    }
}
