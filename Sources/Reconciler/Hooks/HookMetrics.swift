public import Basics
import Store

extension Metrics {
    /// Declares what is measured of hooks.
    public func declareHookMetrics() {
        declare("reconciler_hook_deliveries_total", .counter, "Posts of providers: kept, repeated, refused, unkept.")
        declare(
            "reconciler_hook_answer_seconds", .histogram, "Time from a delivery's last byte to its answer.",
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5])
        declare("reconciler_hook_settled_total", .counter, "Deliveries that were worked on, by what came of them.")
        declare("reconciler_hook_queue_depth", .gauge, "Deliveries that wait to be worked on, by provider.")
        declare("reconciler_hook_queue_age_seconds", .gauge, "Age of the oldest delivery that waits.")
        declare("reconciler_hook_dead", .gauge, "Deliveries that are given up, by provider.")
        declare("reconciler_hook_mirror_total", .counter, "Work items and mail events by what became of their rows.")
        declare("reconciler_hook_polls_total", .counter, "Lists that were read to repair missed deliveries.")
    }

    /// Shows how many deliveries wait.
    func show(_ queue: DeliveryQueue, now: Timestamp) {
        for provider in HookProvider.allCases {
            set(
                "reconciler_hook_queue_depth", Double(queue.waiting[provider.rawValue] ?? 0),
                ["provider": provider.rawValue])
            set("reconciler_hook_dead", Double(queue.dead[provider.rawValue] ?? 0), ["provider": provider.rawValue])
        }
        let age = queue.oldest.map { max(.zero, now - $0) } ?? .zero
        set("reconciler_hook_queue_age_seconds", age.inSeconds)
    }
}
