public import Basics
import HTTPClient
import Store

extension Metrics {
    /// Declares what stands at an instant: queues, budgets, leases, journal, times to live.
    func declareStandingMetrics() {
        declare("reconciler_queue_depth", .gauge, "Requests to providers that wait for their budget, by priority.")
        declare("reconciler_queue_age_seconds", .gauge, "How long the oldest of them waits, by priority.")
        declare("reconciler_budget_limit", .gauge, "Requests that a provider's longest window grants, all credentials.")
        declare("reconciler_budget_remaining", .gauge, "What is left of them, by provider.")
        declare("reconciler_budget_in_flight", .gauge, "Requests under way, by provider.")
        declare("reconciler_budget_granted_total", .counter, "Requests that a budget has granted, by provider.")
        declare("reconciler_budget_waits_total", .counter, "Requests that had to wait for it, by provider.")
        declare("reconciler_budget_wait_seconds_total", .counter, "How long they waited together, by provider.")
        declare("reconciler_budget_refusals_total", .counter, "Answers of 429 that came in spite of it, by provider.")
        declare("reconciler_lease_held", .gauge, "Whether a pass of this process holds a lease: 1 or 0, by lease.")
        declare("reconciler_lease_expiry_timestamp_seconds", .gauge, "When a lease that somebody holds ends, by lease.")
        declare("reconciler_lease_refusals_total", .counter, "Passes that found another process at work.")
        declare("reconciler_journal_open_steps", .gauge, "Steps of which nobody knows yet whether they happened.")
        declare("reconciler_journal_oldest_open_age_seconds", .gauge, "Age of the oldest of them; 0 where none is.")
        declare(
            "reconciler_drift_oldest_age_seconds", .gauge,
            "Age of the oldest difference that is neither expected nor a provider's own form.")
        declare(
            "reconciler_ttl_next_expiry_timestamp_seconds", .gauge, "When the next environment reaches its end.")
        declare("reconciler_ttl_overdue_environments", .gauge, "Environments past their end that still own something.")
        declare("reconciler_consecutive_failures", .gauge, "Failed passes in a row.")
        declare("reconciler_next_pass_timestamp_seconds", .gauge, "When the next pass begins by itself.")
        declare("reconciler_retention_last_timestamp_seconds", .gauge, "When this process last cut what is old.")
        declare("reconciler_store_readable", .gauge, "Whether the store answered after the last pass: 1 or 0.")
    }

    /// Shows how the store stands.
    func show(_ standing: StoreStanding, now: Timestamp) {
        func age(_ instant: Timestamp?) -> Double { instant.map { max(.zero, now - $0).inSeconds } ?? 0 }
        set("reconciler_journal_open_steps", Double(standing.openSteps))
        set("reconciler_journal_oldest_open_age_seconds", age(standing.oldestOpenStep))
        set("reconciler_drift_oldest_age_seconds", age(standing.oldestDrift))
        set("reconciler_ttl_overdue_environments", Double(standing.overdueEnvironments))
        clear("reconciler_ttl_next_expiry_timestamp_seconds")
        if let next = standing.nextExpiry {
            set("reconciler_ttl_next_expiry_timestamp_seconds", Double(next.seconds))
        }
        clear("reconciler_lease_expiry_timestamp_seconds")
        for lease in standing.leases where lease.expiresAt > now && !lease.holder.isEmpty {
            set("reconciler_lease_expiry_timestamp_seconds", Double(lease.expiresAt.seconds), ["lease": lease.name])
        }
    }
}

extension BudgetBook {
    /// Shows at each reading of the metrics how the budgets stand, and who waits for them.
    public func show(in metrics: Metrics) {
        metrics.beforeExposition { [self] metrics in
            var waiting: [RequestPriority: (count: Int, age: Duration)] = [:]
            for (provider, standings) in standings() {
                func sum(_ name: String, _ value: (RequestBudgetSnapshot) -> Double) {
                    metrics.set("reconciler_budget_\(name)", standings.map(value).reduce(0, +), ["provider": provider])
                }
                sum("limit") { Double($0.limit) }
                sum("remaining") { Double($0.remaining) }
                sum("in_flight") { Double($0.inFlight) }
                sum("granted_total") { Double($0.granted) }
                sum("waits_total") { Double($0.waits) }
                sum("wait_seconds_total") { $0.waited.inSeconds }
                sum("refusals_total") { Double($0.refusals) }
                for standing in standings {
                    for (priority, queue) in standing.queues {
                        let sofar = waiting[priority] ?? (0, .zero)
                        waiting[priority] = (sofar.count + queue.count, max(sofar.age, queue.oldest))
                    }
                }
            }
            for priority in RequestPriority.allCases {
                let label = String(describing: priority)
                metrics.set("reconciler_queue_depth", Double(waiting[priority]?.count ?? 0), ["priority": label])
                metrics.set(
                    "reconciler_queue_age_seconds", (waiting[priority]?.age ?? .zero).inSeconds, ["priority": label])
            }
        }
    }
}

extension Duration {
    var inSeconds: Double { Double(microseconds) / 1_000_000 }
}
