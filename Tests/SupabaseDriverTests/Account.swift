import Basics
import DesiredState
import Drivers
import Formats
import HTTPClient
import Simulator
import SimulatorKit
import SupabaseDriver

typealias Account = SimulatedAccount<SupabaseDriver>

extension SimulatedAccount<SupabaseDriver> {
    static var token: String { "canary-sbp-token-51" }
    static var value: String { "canary-secret-value-8c" }
    static var project: String { "abcdefghijklmnopqrst" }

    convenience init(
        _ document: Value = .null, budget: RequestBudgetConfiguration = .unlimited,
        change: (inout SimulatorOptions) -> Void = { _ in }
    ) throws {
        try self.init("supabase", token: Account.token, document, change: change) { transport, time in
            SupabaseDriver(
                token: Secret(Account.token), organization: "simulated", baseURL: "http://supabase.test",
                transport: transport, budget: RequestBudget(budget, time: time),
                time: time, random: RandomSource(seed: 5)
            ) { reference in
                reference == .environment("API_KEY") ? Secret(Account.value) : nil
            }
        }
    }
}

/// A wanted resource.
func wanted(
    _ kind: ResourceKind, _ name: String, _ attributes: KeyValuePairs<String, Value> = [:], in project: String? = nil
) -> DesiredResource {
    .wanting(
        kind, name, attributes.map { ($0.key, $0.value) },
        dependsOn: project.map { [ResourceKey(.supabaseProject, $0)] } ?? [])
}
